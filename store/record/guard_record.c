/*
 * A record whole: every file by its name and its text, the front matter both
 * as it is written and as it reads, the series by their numbers.
 */
#include <assert.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/guard_private.h"

/* A field with its name: "date_of_birth: ..." */
#define FIELD_BYTES_MAX (CONTENT_BYTES_MAX + 256u)
/* A value in longer lines is not looked for in them. */
#define LINES_BYTES_MAX 4096u

struct scan {
	const struct record *record;
	struct guard_report *out;
	unsigned flags;   /* for all of it */
	struct span text; /* of record.md; empty where it is not there */
	/* the same from the line of the value looked up last */
	struct span rest;
	size_t rest_line;
};

static void fail(struct guard_report *out)
{
	out->no_memory = true;
	out->verdict = GUARD_BLOCK;
}

static bool is_about_custody(const struct record *r)
{
	const char *const fields[] = { "topics", "settings" };
	const struct value *v;
	size_t i;
	size_t j;

	for (i = 0; i < 2; i++) {
		v = record_get(r, fields[i]);
		for (j = 0; v != NULL && j < v->n; j++) {
			if (strstr(v->items[j].text, "custody") != NULL) {
				return true;
			}
		}
	}
	return false;
}

static void scan_name(const struct scan *scan, struct span name,
		      enum guard_part part, const char *file)
{
	struct guard_source source = {
		.text = name,
		.part = part,
		.file = file,
		.flags = scan->flags | GUARD_IN_NAME,
	};

	guard_scan(&source, scan->out);
}

/* record.md as it is written: its contact field is known by its lines. */
static void scan_written(const struct scan *scan, struct span text,
			 const char *file)
{
	struct guard_source source = {
		.text = text,
		.file = file,
		.first_line = 1,
		.flags = scan->flags,
	};
	const struct value *contact;

	if (scan->record != NULL && strcmp(file, RECORD_FILE) == 0) {
		contact = record_get(scan->record, "contact");
		if (contact != NULL) {
			source.contact_from = contact->key_line;
			source.contact_to = contact->line_last;
		}
	}
	guard_scan(&source, scan->out);
}

/* The lines of record.md from @first to @last. */
static struct span find_lines(struct scan *scan, size_t first, size_t last)
{
	const uint8_t *lf;
	struct span s;
	size_t line;

	if (scan->rest_line == 0 || first < scan->rest_line) {
		scan->rest = scan->text;
		scan->rest_line = 1;
	}
	for (; scan->rest_line < first && scan->rest.len > 0;
	     scan->rest_line++) {
		lf = memchr(scan->rest.data, '\n', scan->rest.len);
		line = lf == NULL ? scan->rest.len
				  : (size_t)(lf - scan->rest.data) + 1;
		scan->rest.data += line;
		scan->rest.len -= line;
	}
	s = scan->rest;
	s.len = 0;
	for (line = first;
	     line <= last && s.len < scan->rest.len && s.len <= LINES_BYTES_MAX;
	     line++) {
		lf = memchr(s.data + s.len, '\n', scan->rest.len - s.len);
		s.len = lf == NULL ? scan->rest.len : (size_t)(lf - s.data) + 1;
	}
	return s;
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || guard_is_digit(*text)) {
			return false;
		}
	}
	return true;
}

/*
 * Was all that could be found in this text found where it is written? Where it
 * has no digit only names and mailboxes can be, and these are told by
 * themselves, not by what stands around them.
 */
static bool was_scanned(struct scan *scan, const struct value *v)
{
	const size_t n = strlen(v->text);
	const uint8_t *at;
	struct span s;

	if (!is_plain(v->text)) {
		return false;
	}
	if (n == 0) {
		return true;
	}
	s = find_lines(scan, v->line, v->line_last);
	at = s.len == 0 || s.len > LINES_BYTES_MAX
		     ? NULL
		     : memmem(s.data, s.len, v->text, n);
	return at != NULL &&
	       (at == s.data || strchr(" \"'[", (char)at[-1]) != NULL) &&
	       (at + n == s.data + s.len ||
		strchr("\r\n\"',]} ", (char)at[n]) != NULL);
}

/* One text of the front matter, as it reads, behind the name of its field. */
static void scan_text(struct scan *scan, const struct value *v, const char *key,
		      unsigned flags)
{
	struct guard_source source = {
		.file = RECORD_FILE,
		.first_line = v->line,
		.line_span = v->line_last - v->line,
		.flags = scan->flags | flags,
	};
	struct buf b;

	if (was_scanned(scan, v)) {
		return;
	}
	buf_init(&b, FIELD_BYTES_MAX);
	if ((key != NULL && (buf_add_text(&b, key) != WEALD_OK ||
			     buf_add_text(&b, ": ") != WEALD_OK)) ||
	    buf_add_text(&b, v->text) != WEALD_OK) {
		fail(scan->out);
	} else {
		source.text = buf_span(&b);
		guard_scan(&source, scan->out);
	}
	buf_release(&b);
}

/* The front matter is not deep (store/record/ryaml.h). */
static void scan_value(struct scan *scan, const struct value *v,
		       const char *key, unsigned flags)
{
	size_t i;

	if (v->type == VALUE_TEXT) {
		scan_text(scan, v, key, flags);
		return;
	}
	for (i = 0; i < v->n; i++) {
		scan_value(scan, &v->items[i],
			   v->type == VALUE_MAP ? v->items[i].key : key, flags);
	}
}

static void scan_fields(struct scan *scan)
{
	const struct value *fields = &scan->record->fields;
	const struct value *v;
	size_t i;

	for (i = 0; i < fields->n; i++) {
		v = &fields->items[i];
		scan_value(scan, v, v->key,
			   strcmp(v->key, "contact") == 0 ? GUARD_CONTACT : 0);
	}
}

static void scan_file(const struct scan *scan, const struct record_file *f)
{
	char file[PROBLEM_FILE_BYTES];

	text_escape((const char *)f->name.data, f->name.len, file, sizeof file);
	scan_name(scan, f->name, GUARD_PART_FILE, file);
	scan_written(scan, f->content, file);
	if (guard_is_csv(file)) {
		guard_scan_series(scan->record, file, f->content, scan->out);
	} else {
		guard_scan_form(file, f->content, scan->out);
	}
}

/* A summary or a note. */
static void scan_part(const struct scan *scan, struct span text,
		      enum guard_part part, const char *name)
{
	struct guard_source source = {
		.text = text,
		.part = part,
		.file = name,
		.first_line = 1,
		.flags = scan->flags,
	};

	guard_scan(&source, scan->out);
}

void guard_record(const struct guard_input *in, struct guard_report *out)
{
	struct scan scan = {
		.record = in->record,
		.out = out,
		.flags = in->flags & GUARD_STRICT,
	};
	size_t i;

	assert(in->files != NULL || in->files_n == 0);
	if (in->record != NULL && is_about_custody(in->record)) {
		scan.flags |= GUARD_IN_CUSTODY;
	}
	for (i = 0; i < in->files_n; i++) {
		scan_file(&scan, &in->files[i]);
		if (span_equal(in->files[i].name, span_of(RECORD_FILE))) {
			scan.text = in->files[i].content;
		}
	}
	if (in->record != NULL) {
		scan_fields(&scan);
	}
	scan_name(&scan, in->slug, GUARD_PART_SLUG, "slug");
	scan_part(&scan, in->summary, GUARD_PART_SUMMARY, "summary");
	scan_part(&scan, in->note, GUARD_PART_NOTE, "note");
}
