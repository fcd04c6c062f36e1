#include "store/record/front.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"
#include "store/record/ryaml.h"

#define FENCE "---"

/* The front matter within a file: lines 2 to close_line - 1. */
struct fences {
	size_t yaml_at;
	size_t yaml_end;
	size_t body;
	size_t close_line;
};

/* What is being filled in, and from where. */
struct reading {
	struct ryaml *y;
	const char *name;
	struct front *front;
};

/* Take the next line off @rest, without its LF; false at the end. */
static bool take_line(struct span *rest, struct span *out_line)
{
	const uint8_t *lf;
	size_t n;

	if (rest->len == 0) {
		return false;
	}
	lf = memchr(rest->data, '\n', rest->len);
	n = lf == NULL ? rest->len : (size_t)(lf - rest->data);
	*out_line = (struct span){ rest->data, n };
	n += lf != NULL;
	rest->data += n;
	rest->len -= n;
	return true;
}

/* "---" and nothing that can be seen behind it. */
static bool is_fence(struct span line)
{
	const size_t n = sizeof FENCE - 1;
	size_t i;

	if (line.len < n || memcmp(line.data, FENCE, n) != 0) {
		return false;
	}
	for (i = n; i < line.len; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' &&
		    !(line.data[i] == '\r' && i + 1 == line.len)) {
			return false;
		}
	}
	return true;
}

static int check_utf8(struct span file, const char *name, struct weald_msg *msg)
{
	struct span line;
	size_t number = 0;

	while (take_line(&file, &line)) {
		number++;
		if (!text_is_utf8(line)) {
			msg_set(msg,
				"%s:%zu: not UTF-8; save the file as UTF-8",
				name, number);
			return WEALD_INVALID;
		}
	}
	return WEALD_OK;
}

static int check_file(struct span file, const char *name, struct weald_msg *msg)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };

	if (file.len > CONTENT_BYTES_MAX) {
		msg_set(msg, "%s: longer than the limit of %u bytes", name,
			CONTENT_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	if (file.len >= sizeof bom && memcmp(file.data, bom, sizeof bom) == 0) {
		msg_set(msg,
			"%s:1: begins with a byte-order mark; save the file "
			"as UTF-8 without BOM",
			name);
		return WEALD_INVALID;
	}
	return check_utf8(file, name, msg);
}

static int find_fences(struct span file, const char *name, struct fences *out,
		       struct weald_msg *msg)
{
	struct span rest = file;
	struct fences f;
	struct span line;
	int r = check_file(file, name, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (!take_line(&rest, &line) || !is_fence(line)) {
		msg_set(msg,
			"%s:1: must begin with a line \"---\", then the "
			"fields, then another \"---\"",
			name);
		return WEALD_INVALID;
	}
	f.yaml_at = file.len - rest.len;
	f.close_line = 1;
	do {
		f.yaml_end = file.len - rest.len;
		f.close_line++;
		if (!take_line(&rest, &line)) {
			msg_set(msg,
				"%s:1: the fields that begin here have no "
				"closing line \"---\"",
				name);
			return WEALD_INVALID;
		}
	} while (!is_fence(line));
	f.body = file.len - rest.len;
	*out = f;
	return WEALD_OK;
}

int front_find_body(struct span file, const char *name, size_t *out_body,
		    struct weald_msg *msg)
{
	struct fences f;
	int r = find_fences(file, name, &f, msg);

	if (r == WEALD_OK) {
		*out_body = f.body;
	}
	return r;
}

/* Read a field's value that must be a text. */
static int read_text(struct reading *rd, const char *field,
		     struct ryaml_event *out, struct weald_msg *msg)
{
	int r = ryaml_next(rd->y, out, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (out->type != RYAML_TEXT) {
		msg_set(msg, "%s:%zu: %s must be a text, not a list or fields",
			rd->name, out->line, field);
		return WEALD_INVALID;
	}
	if (out->text.len == 0) {
		msg_set(msg, "%s:%zu: %s is empty", rd->name, out->line, field);
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

static void copy_text(struct span from, char *to, size_t size)
{
	assert(from.len < size);
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
}

static int read_kind(struct reading *rd, struct weald_msg *msg)
{
	struct ryaml_event ev;
	int r = read_text(rd, "kind", &ev, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (!path_is_name(ev.text)) {
		msg_set(msg,
			"%s:%zu: kind \"%.*s\" must be a word of a-z, 0-9 and "
			"\"-\", such as intervention",
			rd->name, ev.line,
			(int)(ev.text.len > 80 ? 80 : ev.text.len),
			(const char *)ev.text.data);
		return WEALD_INVALID;
	}
	copy_text(ev.text, rd->front->kind, sizeof rd->front->kind);
	return WEALD_OK;
}

static int read_title(struct reading *rd, struct weald_msg *msg)
{
	struct ryaml_event ev;
	int r = read_text(rd, "title", &ev, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (memchr(ev.text.data, '\n', ev.text.len) != NULL) {
		msg_set(msg, "%s:%zu: title must be one line", rd->name,
			ev.line);
		return WEALD_INVALID;
	}
	r = text_check_line(ev.text, 1, FRONT_TITLE_BYTES_MAX, "title",
			    WEALD_INVALID, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "%s:%zu", rd->name, ev.line);
		return r;
	}
	copy_text(ev.text, rd->front->title, sizeof rd->front->title);
	return WEALD_OK;
}

static int add_topic(struct reading *rd, const struct ryaml_event *ev,
		     struct weald_msg *msg)
{
	struct front *f = rd->front;
	const char *why = NULL;
	size_t i;

	if (ev->type != RYAML_TEXT || !text_is_topic(ev->text)) {
		why = "must be a code of a-z, 0-9 and \"-\", such as sepsis";
	}
	for (i = 0; i < f->topics_n && why == NULL; i++) {
		if (span_equal(span_of(f->topics[i]), ev->text)) {
			why = "is given twice";
		}
	}
	if (why == NULL && f->topics_n == TOPICS_MAX) {
		why = "is one too many: at most 8 are allowed";
	}
	if (why != NULL) {
		msg_set(msg, "%s:%zu: topic \"%.*s\" %s", rd->name, ev->line,
			(int)(ev->text.len > 80 ? 80 : ev->text.len),
			ev->text.len == 0 ? "" : (const char *)ev->text.data,
			why);
		return WEALD_INVALID;
	}
	copy_text(ev->text, f->topics[f->topics_n], sizeof f->topics[0]);
	f->topics_n++;
	return WEALD_OK;
}

static int compare_topics(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int read_topics(struct reading *rd, struct weald_msg *msg)
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (ev.type != RYAML_LIST) {
		msg_set(msg,
			"%s:%zu: topics must be a list, such as "
			"topics: [sepsis]",
			rd->name, ev.line);
		return WEALD_INVALID;
	}
	for (;;) {
		r = ryaml_next(rd->y, &ev, msg);
		if (r != WEALD_OK || ev.type == RYAML_LIST_END) {
			break;
		}
		r = add_topic(rd, &ev, msg);
		if (r != WEALD_OK) {
			break;
		}
	}
	if (r == WEALD_OK) {
		qsort(rd->front->topics, rd->front->topics_n,
		      sizeof rd->front->topics[0], compare_topics);
	}
	return r;
}

typedef int field_fn(struct reading *rd, struct weald_msg *msg);

static field_fn *reader_of(struct span key)
{
	static const struct {
		const char *name;
		field_fn *read;
	} fields[] = {
		{ "kind", read_kind },
		{ "title", read_title },
		{ "topics", read_topics },
	};
	size_t i;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (span_equal(key, span_of(fields[i].name))) {
			return fields[i].read;
		}
	}
	return NULL;
}

static int read_fields(struct reading *rd, struct weald_msg *msg)
{
	struct ryaml_event ev;
	field_fn *read;
	int r = ryaml_next(rd->y, &ev, msg);

	if (r != WEALD_OK || ev.type == RYAML_END) {
		return r;
	}
	if (ev.type != RYAML_MAP) {
		msg_set(msg,
			"%s:%zu: must be fields, one \"name: value\" a line",
			rd->name, ev.line);
		return WEALD_INVALID;
	}
	for (;;) {
		r = ryaml_next(rd->y, &ev, msg);
		if (r != WEALD_OK || ev.type == RYAML_MAP_END) {
			break;
		}
		read = reader_of(ev.text);
		r = read == NULL ? ryaml_skip(rd->y, msg) : read(rd, msg);
		if (r != WEALD_OK) {
			break;
		}
	}
	/* the end, or what may not stand behind the fields */
	return r == WEALD_OK ? ryaml_next(rd->y, &ev, msg) : r;
}

static int check_complete(const struct front *f, const char *name,
			  size_t close_line, struct weald_msg *msg)
{
	const char *missing = NULL;

	if (f->kind[0] == '\0') {
		missing = "kind is missing; add a line such as "
			  "\"kind: intervention\"";
	} else if (f->title[0] == '\0') {
		missing = "title is missing; add a line such as "
			  "\"title: Sepsis trolley on every ward\"";
	}
	if (missing != NULL) {
		msg_set(msg, "%s:%zu: %s above this one", name, close_line,
			missing);
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

int front_parse(struct span file, const char *name, struct front *out,
		struct weald_msg *msg)
{
	struct front front = { .topics_n = 0 };
	struct reading rd = { .name = name, .front = &front };
	struct fences f;
	int r = find_fences(file, name, &f, msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = ryaml_open((struct span){ file.data + f.yaml_at,
				      f.yaml_end - f.yaml_at },
		       name, 2, &rd.y, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = read_fields(&rd, msg);
	if (r == WEALD_OK) {
		r = check_complete(&front, name, f.close_line, msg);
	}
	if (r == WEALD_OK) {
		front.body = f.body;
		*out = front;
	}
	ryaml_close(rd.y);
	return r;
}
