/*
 * What is different between two versions of a record: line by line and, where
 * a line was rewritten, word by word.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/show.h"
#include "proto/text.h"
#include "store/feed/diff.h"

#define CONTEXT    1u
#define LINE_BYTES (8u * CONTENT_BYTES_MAX)

struct comparing {
	struct showing *s;
	struct edition a;
	struct edition b;
	json_t *files; /* NULL: for people */
	/* of the file at hand */
	json_t *lines;
	struct buf removed; /* a run of lines, each with its line feed */
	struct buf added;
	bool any;
	size_t old_next; /* the line that follows where nothing is left out */
	size_t new_next;
};

/* ---- words ---------------------------------------------------------------
 */

/*
 * A word a line, with the blanks before it where it begins a line; an empty
 * line where a line of the text ends.
 */
static int split_words(struct span text, struct buf *out)
{
	bool begun = false; /* a word of this line is written */
	bool inside = false;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (c == '\n') {
			r = buf_add_text(out, inside ? "\n\n" : "\n");
			begun = inside = false;
		} else if (c == ' ' && begun) {
			r = inside ? buf_add_byte(out, '\n') : WEALD_OK;
			inside = false;
		} else {
			r = buf_add_byte(out, c);
			inside = true;
			begun = begun || c != ' ';
		}
	}
	return r;
}

struct wording {
	struct buf line; /* escaped */
	enum diff_op op;
	bool glued; /* no space before the next word */
	size_t same;
	size_t changed;
};

static int count_word(void *ctx, const struct diff_line *word)
{
	struct wording *w = ctx;

	if (word->text.len > 0) {
		w->same += word->op == DIFF_SAME;
		w->changed += word->op != DIFF_SAME;
	}
	return WEALD_OK;
}

static const char *const open_marks[] = { "", "[-", "{+" };
static const char *const close_marks[] = { "", "-]", "+}" };

static int switch_to(struct wording *w, enum diff_op op)
{
	int r = WEALD_OK;

	if (w->op == op) {
		return r;
	}
	r = buf_add_text(&w->line, close_marks[w->op]);
	if (r == WEALD_OK && !w->glued) {
		r = buf_add_byte(&w->line, ' ');
	}
	w->glued = true;
	w->op = op;
	return r == WEALD_OK ? buf_add_text(&w->line, open_marks[op]) : r;
}

static int add_word(void *ctx, const struct diff_line *word)
{
	struct wording *w = ctx;
	char *safe = NULL;
	int r;

	if (word->text.len == 0) { /* a line ends, in one of both or in both */
		if (word->op == DIFF_REMOVED) {
			return WEALD_OK;
		}
		r = switch_to(w, DIFF_SAME);
		w->glued = true;
		return r == WEALD_OK ? buf_add_byte(&w->line, '\n') : r;
	}
	r = switch_to(w, word->op);
	if (r == WEALD_OK && !w->glued) {
		r = buf_add_byte(&w->line, ' ');
	}
	w->glued = false;
	r = r == WEALD_OK ? out_escape(word->text, &safe) : r;
	r = r == WEALD_OK ? buf_add_text(&w->line, safe) : r;
	free(safe);
	return r;
}

/* Print escaped lines, each behind "~ ". */
static int put_marked(const struct comparing *d, struct buf *text)
{
	char *at;
	char *lf;
	struct buf line;
	int r = buf_add_byte(text, 0);

	if (r != WEALD_OK) {
		return r;
	}
	at = (char *)text->data;
	buf_init(&line, LINE_BYTES);
	while (r == WEALD_OK && *at != '\0') {
		lf = strchr(at, '\n');
		if (lf != NULL) {
			*lf = '\0';
		}
		r = buf_add_text(&line, at);
		r = r == WEALD_OK ? prose_done(d->s->width, "~ ", 4, &line) : r;
		at = lf == NULL ? at + strlen(at) : lf + 1;
	}
	buf_release(&line);
	return r;
}

/* *@out_done: most words are the same, and the run was printed so. */
static int put_words(struct comparing *d, bool *out_done)
{
	struct wording w = { .glued = true };
	struct buf a;
	struct buf b;
	int r;

	*out_done = false;
	buf_init(&a, CONTENT_BYTES_MAX);
	buf_init(&b, CONTENT_BYTES_MAX);
	buf_init(&w.line, LINE_BYTES);
	r = split_words(buf_span(&d->removed), &a);
	r = r == WEALD_OK ? split_words(buf_span(&d->added), &b) : r;
	if (r == WEALD_OK) {
		r = diff_texts(buf_span(&a), buf_span(&b), DIFF_WHOLE,
			       count_word, &w, &d->s->c->msg);
	}
	if (r == WEALD_OK && w.same >= w.changed / 2 && w.same > 0) {
		r = diff_texts(buf_span(&a), buf_span(&b), DIFF_WHOLE, add_word,
			       &w, &d->s->c->msg);
		r = r == WEALD_OK ? switch_to(&w, DIFF_SAME) : r;
		r = r == WEALD_OK ? put_marked(d, &w.line) : r;
		*out_done = true;
	}
	buf_release(&a);
	buf_release(&b);
	buf_release(&w.line);
	/* too long for words: lines will do */
	return r == WEALD_TOOBIG ? WEALD_OK : r;
}

/* ---- lines ---------------------------------------------------------------
 */

static int put_plain(const struct comparing *d, const char *mark,
		     struct span text)
{
	struct span line;
	const uint8_t *lf;
	int r = WEALD_OK;

	while (r == WEALD_OK && text.len > 0) {
		lf = memchr(text.data, '\n', text.len);
		assert(lf != NULL);
		line = text;
		line.len = (size_t)(lf - text.data);
		r = prose_put(d->s->width, mark, 4, line);
		text.data = lf + 1;
		text.len -= line.len + 1;
	}
	return r;
}

/* Print the run of changed lines that has ended. */
static int end_run(struct comparing *d)
{
	bool done = false;
	int r = WEALD_OK;

	if (d->removed.len > 0 && d->added.len > 0) {
		r = put_words(d, &done);
	}
	if (r == WEALD_OK && !done) {
		r = put_plain(d, "- ", buf_span(&d->removed));
		r = r == WEALD_OK ? put_plain(d, "+ ", buf_span(&d->added)) : r;
	}
	buf_clear(&d->removed);
	buf_clear(&d->added);
	return r;
}

static int add_to_run(struct buf *run, struct span line)
{
	int r = buf_add(run, line.data, line.len);

	return r == WEALD_OK ? buf_add_byte(run, '\n') : r;
}

static int take_line(void *ctx, const struct diff_line *line)
{
	struct comparing *d = ctx;
	const bool jumped =
		(line->old_line != 0 && line->old_line != d->old_next) ||
		(line->new_line != 0 && line->new_line != d->new_next);
	int r = WEALD_OK;

	if (jumped || line->op == DIFF_SAME) {
		r = end_run(d);
	}
	if (r == WEALD_OK && jumped && d->any) {
		puts("  ...");
	}
	d->any = true;
	d->old_next = line->old_line != 0 ? line->old_line + 1 : d->old_next;
	d->new_next = line->new_line != 0 ? line->new_line + 1 : d->new_next;
	if (r != WEALD_OK) {
		return r;
	}
	if (line->op == DIFF_SAME) {
		return prose_put(d->s->width, "  ", 4, line->text);
	}
	return add_to_run(line->op == DIFF_REMOVED ? &d->removed : &d->added,
			  line->text);
}

static int take_json_line(void *ctx, const struct diff_line *line)
{
	static const char *const names[] = { "same", "removed", "added" };
	struct comparing *d = ctx;
	json_t *o = json_pack("{s:s, s:o}", "op", names[line->op], "text",
			      json_span(line->text));

	return json_array_append_new(d->lines, o) != 0 ? WEALD_NOMEM : WEALD_OK;
}

/* ---- files ---------------------------------------------------------------
 */

static bool is_text(const struct file *f)
{
	return f == NULL || text_is_utf8(buf_span(&f->content));
}

static struct span content_of(const struct file *f)
{
	return f == NULL ? span_of("") : buf_span(&f->content);
}

static const char *change_of(const struct file *a, const struct file *b)
{
	return a == NULL ? "added" : b == NULL ? "removed" : "changed";
}

static int compare_json(struct comparing *d, const char *name,
			const struct file *a, const struct file *b)
{
	json_t *o;
	int r = WEALD_OK;

	d->lines = json_array();
	if (is_text(a) && is_text(b)) {
		r = diff_texts(content_of(a), content_of(b), 0, take_json_line,
			       d, &d->s->c->msg);
	}
	o = json_pack("{s:s, s:s, s:o}", "name", name, "change",
		      change_of(a, b), "lines", d->lines);
	if (json_array_append_new(d->files, o) != 0) {
		return WEALD_NOMEM;
	}
	return r;
}

static int compare_file(struct comparing *d, const char *name,
			const struct file *a, const struct file *b)
{
	int r;

	if (a != NULL && b != NULL &&
	    span_equal(content_of(a), content_of(b))) {
		return WEALD_OK;
	}
	if (d->files != NULL) {
		return compare_json(d, name, a, b);
	}
	printf("\n%s, %s\n", name, change_of(a, b)); /* [a-z0-9._-/] */
	if (!is_text(a) || !is_text(b)) {
		return WEALD_OK;
	}
	d->any = false;
	d->old_next = d->new_next = 1;
	r = diff_texts(content_of(a), content_of(b), CONTEXT, take_line, d,
		       &d->s->c->msg);
	return r == WEALD_OK ? end_run(d) : r;
}

static int compare(struct comparing *d)
{
	const struct file *f;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < d->b.files.n; i++) {
		f = &d->b.files.list[i];
		r = compare_file(d, f->name, files_find(&d->a.files, f->name),
				 f);
	}
	for (i = 0; r == WEALD_OK && i < d->a.files.n; i++) {
		f = &d->a.files.list[i];
		if (files_find(&d->b.files, f->name) == NULL) {
			r = compare_file(d, f->name, f, NULL);
		}
	}
	return r;
}

/* ---- which versions ------------------------------------------------------
 */

static int refuse_range(struct showing *s)
{
	return cli_usage_error(s->c,
			       "%s is not two versions of it, like 1..%" PRIu64,
			       s->range, s->last);
}

/* "A..B" or "A.." */
static int parse_range(struct showing *s, uint64_t *out_a, uint64_t *out_b)
{
	const char *dots = strstr(s->range, "..");
	struct span first = { (const uint8_t *)s->range,
			      (size_t)(dots - s->range) };

	if (parse_u64(first, 1, s->last, out_a) != WEALD_OK) {
		return refuse_range(s);
	}
	if (dots[2] != '\0' &&
	    parse_u64(span_of(dots + 2), 1, s->last, out_b) != WEALD_OK) {
		return refuse_range(s);
	}
	return WEALD_OK;
}

static int load(struct comparing *d, uint64_t version, struct edition *out)
{
	const struct edition_from from = show_from(d->s);
	char why[EDITION_WHY_BYTES];
	int r = edition_load(d->s->c, &from, version, out);

	if (r == WEALD_OK && out->state != INDEX_SHOWN) {
		edition_why(out, why);
		msg_set(&d->s->c->msg, "version %" PRIu64 " is %s", version,
			why);
		return cli_fail(d->s->c, CLI_ABOUT_ASKED,
				out->state == INDEX_WITHHELD ? WEALD_PRIVACY
							     : WEALD_NOTFOUND);
	}
	return r;
}

/* The one before @version that may be shown; 0 where there is none. */
static int load_before(struct comparing *d, uint64_t version, uint64_t *out)
{
	const struct edition_from from = show_from(d->s);
	int r = edition_before(d->s->c, &from, version, &d->a);

	*out = d->a.version;
	return r;
}

static int load_both(struct comparing *d, uint64_t *out_a, uint64_t *out_b)
{
	struct showing *s = d->s;
	uint64_t a = 0;
	uint64_t b = s->shown.version;
	int r = s->range == NULL ? WEALD_OK : parse_range(s, &a, &b);

	if (r == WEALD_OK) {
		r = load(d, b, &d->b);
	}
	if (r == WEALD_OK) {
		r = s->range == NULL ? load_before(d, b, &a)
				     : load(d, a, &d->a);
	}
	*out_a = a;
	*out_b = b;
	return r;
}

static int put_json(struct comparing *d, uint64_t a, uint64_t b)
{
	struct json_line j;
	int r;

	d->files = json_array();
	r = compare(d);
	json_line_init(&j);
	json_line_text(&j, "ref", d->s->whole);
	json_line_uint(&j, "from", a);
	json_line_uint(&j, "to", b);
	json_line_add(&j, "files", d->files);
	if (r != WEALD_OK) {
		json_line_release(&j);
		return r;
	}
	return json_line_print(&j);
}

static int put_text(struct comparing *d, uint64_t a, uint64_t b)
{
	struct pager pager;
	int r;

	pager_start(&pager);
	if (a == 0) {
		printf("%s, version %" PRIu64 ", which is the first\n",
		       d->s->whole, b);
	} else {
		printf("%s, version %" PRIu64 " to %" PRIu64 "\n", d->s->whole,
		       a, b);
	}
	r = compare(d);
	r = r == WEALD_OK ? out_flush(d->s->c) : r;
	pager_end(&pager);
	return r;
}

int show_diff(struct showing *s)
{
	struct comparing d = { .s = s };
	uint64_t a;
	uint64_t b;
	int r;

	buf_init(&d.removed, CONTENT_BYTES_MAX + 1);
	buf_init(&d.added, CONTENT_BYTES_MAX + 1);
	r = load_both(&d, &a, &b);
	if (r == WEALD_OK) {
		r = s->c->json ? put_json(&d, a, b) : put_text(&d, a, b);
	}
	edition_release(&d.a);
	edition_release(&d.b);
	buf_release(&d.removed);
	buf_release(&d.added);
	return r;
}
