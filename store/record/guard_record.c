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

struct scan {
	const struct record *record;
	struct guard_report *out;
	unsigned flags; /* for all of it */
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
		      const char *file)
{
	struct guard_source source = {
		.text = name,
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

/* One text of the front matter, as it reads, behind the name of its field. */
static void scan_text(const struct scan *scan, const struct value *v,
		      const char *key, unsigned flags)
{
	struct guard_source source = {
		.file = RECORD_FILE,
		.first_line = v->line,
		.line_span = v->line_last - v->line,
		.flags = scan->flags | flags,
	};
	struct buf b;

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
static void scan_value(const struct scan *scan, const struct value *v,
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

static void scan_fields(const struct scan *scan)
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

static bool is_table(const char *file)
{
	size_t n = strlen(file);

	return n >= 4 && strcmp(file + n - 4, ".csv") == 0;
}

static void scan_file(const struct scan *scan, const struct record_file *f)
{
	char file[PROBLEM_FILE_BYTES];

	text_escape((const char *)f->name.data, f->name.len, file, sizeof file);
	scan_name(scan, f->name, file);
	scan_written(scan, f->content, file);
	if (is_table(file)) {
		guard_scan_series(scan->record, file, f->content, scan->out);
	}
}

/* A slug, a summary or a note. */
static void scan_part(const struct scan *scan, struct span text,
		      const char *name)
{
	struct guard_source source = {
		.text = text,
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
	}
	if (in->record != NULL) {
		scan_fields(&scan);
	}
	scan_name(&scan, in->slug, "slug");
	scan_part(&scan, in->summary, "summary");
	scan_part(&scan, in->note, "note");
}
