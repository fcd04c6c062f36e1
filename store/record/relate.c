#include "store/record/relate.h"

#include <stdbool.h>
#include <string.h>

#include "store/record/fence.h"
#include "store/record/form.h"
#include "store/record/record.h"

#define LINKS "links"

/* A text that is being edited. */
struct relating {
	struct span file;
	const char *rel;
	const char *id;
	const char *line_end; /* as the file's first line ends */
	struct buf *out;
};

/* The byte at which line @number, from 1, begins; the end where there is none.
 */
static size_t line_at(struct span file, size_t number)
{
	const uint8_t *lf;
	size_t at = 0;

	while (--number > 0 && at < file.len) {
		lf = memchr(file.data + at, '\n', file.len - at);
		at = lf == NULL ? file.len : (size_t)(lf - file.data) + 1;
	}
	return at;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* {rel: acknowledges, id: region/kind/slug@3} */
static int put_link(struct relating *e)
{
	int r = buf_add_text(e->out, "{rel: ");

	if (r == WEALD_OK) {
		r = form_scalar(e->rel, e->out);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(e->out, ", id: ");
	}
	if (r == WEALD_OK) {
		r = form_scalar(e->id, e->out);
	}
	return r == WEALD_OK ? buf_add_text(e->out, "}") : r;
}

/* The file with @before, the link and @after put in at byte @at. */
static int splice(struct relating *e, size_t at, const char *before,
		  const char *after)
{
	int r = buf_add(e->out, e->file.data, at);

	if (r == WEALD_OK) {
		r = buf_add_text(e->out, before);
	}
	if (r == WEALD_OK) {
		r = put_link(e);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(e->out, after);
	}
	return r == WEALD_OK
		       ? buf_add(e->out, e->file.data + at, e->file.len - at)
		       : r;
}

/* A line of its own at byte @at: @indent bytes of that line, "- ", the link. */
static int splice_line(struct relating *e, size_t at, size_t indent)
{
	struct buf head;
	int r;

	buf_init(&head, CONTENT_BYTES_MAX);
	r = buf_add(&head, e->file.data + at, indent);
	if (r == WEALD_OK) {
		r = buf_add(&head, "- ", sizeof "- ");
	}
	if (r == WEALD_OK) {
		r = splice(e, at, (const char *)head.data, e->line_end);
	}
	buf_release(&head);
	return r;
}

/* No such field: before the closing line. */
static int add_field(struct relating *e, size_t close_line)
{
	const char *const head =
		e->line_end[0] == '\r' ? LINKS ":\r\n  - " : LINKS ":\n  - ";

	return splice(e, line_at(e->file, close_line), head, e->line_end);
}

/* Before the first item of a block list, in a line like that one's. */
static int add_to_block(struct relating *e, const struct value *links)
{
	size_t line = links->items[0].line;
	size_t at;
	size_t dash;

	for (; line > links->key_line; line--) {
		at = line_at(e->file, line);
		dash = at;
		while (dash < e->file.len && e->file.data[dash] == ' ') {
			dash++;
		}
		if (dash < e->file.len && e->file.data[dash] == '-') {
			return splice_line(e, at, dash - at);
		}
	}
	return WEALD_INVALID;
}

/* The byte behind "links:" in its line; 0 where it is written otherwise. */
static size_t behind_key(const struct relating *e, const struct value *links)
{
	size_t at = line_at(e->file, links->key_line);
	const size_t len = sizeof LINKS - 1;
	char quote = '\0';

	if (at < e->file.len &&
	    (e->file.data[at] == '"' || e->file.data[at] == '\'')) {
		quote = (char)e->file.data[at];
		at++;
	}
	if (e->file.len - at < len + 2 ||
	    memcmp(e->file.data + at, LINKS, len) != 0) {
		return 0;
	}
	at += len;
	if (quote != '\0' && e->file.data[at++] != (uint8_t)quote) {
		return 0;
	}
	while (at < e->file.len && e->file.data[at] == ' ') {
		at++;
	}
	return at < e->file.len && e->file.data[at] == ':' ? at + 1 : 0;
}

/* Pass over blanks and comments; the byte of what comes next. */
static size_t pass_over(struct span file, size_t at)
{
	const uint8_t *lf;

	while (at < file.len) {
		if (file.data[at] == '#') {
			lf = memchr(file.data + at, '\n', file.len - at);
			at = lf == NULL ? file.len : (size_t)(lf - file.data);
		} else if (!is_blank(file.data[at])) {
			break;
		} else {
			at++;
		}
	}
	return at;
}

/* Behind the "[" of a flow list; a block list begins otherwise. */
static int add_to_list(struct relating *e, const struct value *links)
{
	size_t at = behind_key(e, links);

	if (at == 0) {
		return WEALD_INVALID;
	}
	at = pass_over(e->file, at);
	if (at < e->file.len && e->file.data[at] == '[') {
		return splice(e, at + 1, "", links->n > 0 ? ", " : "");
	}
	return links->n > 0 ? add_to_block(e, links) : WEALD_INVALID;
}

/* "links:" and nothing behind it: the next line. */
static int add_to_empty(struct relating *e, const struct value *links)
{
	size_t at = behind_key(e, links);
	size_t next = line_at(e->file, links->key_line + 1);
	const char *const head = "  - ";

	if (at == 0 || pass_over(e->file, at) < next) {
		return WEALD_INVALID; /* "", null and the like */
	}
	return splice(e, next, head, e->line_end);
}

/* How many links say the same as @e. */
static size_t count_same(const struct relating *e, const struct record *r)
{
	const struct value *links = record_get(r, LINKS);
	size_t same = 0;
	size_t n = 0;
	size_t i;
	size_t k;

	for (i = 0; links != NULL && i < links->n; i++) {
		const struct value *link = &links->items[i];

		same = 0;
		for (k = 0; link->type == VALUE_MAP && k < link->n; k++) {
			const struct value *v = &link->items[k];

			same += strcmp(v->key, "rel") == 0 &&
				strcmp(v->text, e->rel) == 0;
			same += strcmp(v->key, "id") == 0 &&
				strcmp(v->text, e->id) == 0;
		}
		n += same == 2;
	}
	return n;
}

static int edit(struct relating *e, const struct record *record,
		size_t close_line)
{
	const struct value *links = record_get(record, LINKS);

	if (links == NULL) {
		return add_field(e, close_line);
	}
	if (links->type == VALUE_LIST) {
		return add_to_list(e, links);
	}
	return links->type == VALUE_TEXT && links->text[0] == '\0'
		       ? add_to_empty(e, links)
		       : WEALD_INVALID;
}

/* Does what was written read as what was meant? */
static int check(const struct relating *e, size_t start)
{
	const struct span text = { e->out->data + start, e->out->len - start };
	struct problems unused = { .n = 0 };
	struct record *record = NULL;
	int r = record_parse(text, &record, &unused);

	if (r == WEALD_OK && count_same(e, record) != 1) {
		r = WEALD_INVALID;
	}
	record_free(record);
	problems_release(&unused);
	return r;
}

int relate_add(struct span record_md, const char *rel, const char *id,
	       struct buf *out, struct weald_msg *msg)
{
	struct relating e = {
		.file = record_md, .rel = rel, .id = id, .out = out
	};
	const size_t start = out->len;
	struct problems unused = { .n = 0 };
	struct record *record = NULL;
	struct fences fences;
	int r = fences_find(record_md, RECORD_FILE, &fences, msg);

	if (r == WEALD_OK) {
		e.line_end = fences.yaml.data - record_md.data >= 2 &&
					     fences.yaml.data[-2] == '\r'
				     ? "\r\n"
				     : "\n";
		r = record_parse(record_md, &record, &unused);
		msg_set(msg, RECORD_FILE ": the front matter cannot be read");
	}
	if (r == WEALD_OK && count_same(&e, record) > 0) {
		r = WEALD_UNCHANGED;
	}
	if (r == WEALD_OK) {
		r = edit(&e, record, fences.close_line);
		r = r == WEALD_OK ? check(&e, start) : r;
		msg_set(msg,
			RECORD_FILE ": links is written in a way that only a "
				    "person should change; add {rel: %s, id: "
				    "%s} to it with weald edit, and publish it",
			rel, id);
	}
	if (r == WEALD_OK) {
		msg_clear(msg);
	} else {
		out->len = start;
	}
	record_free(record);
	problems_release(&unused);
	return r;
}
