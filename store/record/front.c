#include "store/record/front.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"
#include "store/record/fence.h"
#include "store/record/ryaml.h"

/* What is being filled in, and from where. */
struct reading {
	struct ryaml *y;
	const char *name;
	struct front *front;
};

int front_find_body(struct span file, const char *name, size_t *out_body,
		    struct weald_msg *msg)
{
	struct fences f;
	int r = fences_find(file, name, &f, msg);

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
	int r = fences_find(file, name, &f, msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = ryaml_open(f.yaml, name, FENCE_YAML_LINE, &rd.y, msg);
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
