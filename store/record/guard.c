#include "store/record/guard.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/guard_private.h"

/* A masked text never shows more digits of what it masks. */
#define SEEN_CHARS_MAX (GUARD_SEEN_BYTES - 1u)

static const struct {
	const char *name;
	const char *advice;
} kinds[] = {
#define GUARD_X(code, name, advice) { name, advice },
	GUARD_KINDS(GUARD_X)
#undef GUARD_X
};

const char *guard_kind_name(enum guard_kind kind)
{
	assert(kind < GUARD_KINDS_N);
	return kinds[kind].name;
}

const char *guard_kind_advice(enum guard_kind kind)
{
	assert(kind < GUARD_KINDS_N);
	return kinds[kind].advice;
}

static bool is_same(const struct guard_finding *a,
		    const struct guard_finding *b, size_t line_span)
{
	return a->kind == b->kind && a->part == b->part && a->line >= b->line &&
	       a->line <= b->line + line_span &&
	       strcmp(a->seen, b->seen) == 0 && strcmp(a->file, b->file) == 0;
}

static struct guard_finding *find_same(const struct guard_report *report,
				       const struct guard_finding *f,
				       size_t line_span)
{
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (is_same(&report->list[i], f, line_span)) {
			return &report->list[i];
		}
	}
	return NULL;
}

static void no_memory(struct guard_report *report)
{
	report->no_memory = true;
	report->verdict = GUARD_BLOCK;
}

static bool make_room(struct guard_report *report)
{
	struct guard_finding *list;
	size_t cap;

	if (report->list != NULL && report->n < report->cap) {
		return true;
	}
	cap = report->cap == 0 ? 8 : report->cap * 2;
	if (cap > GUARD_FINDINGS_MAX) {
		cap = GUARD_FINDINGS_MAX;
	}
	list = realloc(report->list, cap * sizeof *list);
	if (list == NULL) {
		no_memory(report);
		return false;
	}
	report->list = list;
	report->cap = cap;
	return true;
}

static void leave_out(struct guard_report *report, enum guard_verdict verdict)
{
	if (verdict == GUARD_BLOCK) {
		report->left_out_blocks++;
	} else {
		report->left_out_warnings++;
	}
	report->left_out++;
}

/* The list is full: a block takes the place of the last warning. */
static void add_to_full(struct guard_report *report,
			const struct guard_finding *finding)
{
	size_t i = finding->verdict == GUARD_BLOCK ? report->n : 0;

	assert(report->list != NULL);
	while (i > 0 && report->list[i - 1].verdict == GUARD_BLOCK) {
		i--;
	}
	if (i == 0) {
		leave_out(report, finding->verdict);
		return;
	}
	leave_out(report, GUARD_WARN);
	memmove(&report->list[i - 1], &report->list[i],
		(report->n - i) * sizeof report->list[0]);
	report->list[report->n - 1] = *finding;
}

void guard_report_add(struct guard_report *report,
		      const struct guard_finding *finding, size_t line_span)
{
	struct guard_finding *same = find_same(report, finding, line_span);

	if (finding->verdict > report->verdict) {
		report->verdict = finding->verdict;
	}
	report->kinds |= 1u << finding->kind;
	if (same != NULL) {
		if (finding->verdict > same->verdict) {
			same->verdict = finding->verdict;
		}
		return;
	}
	if (report->n == GUARD_FINDINGS_MAX) {
		add_to_full(report, finding);
	} else if (make_room(report)) {
		report->list[report->n] = *finding;
		report->n++;
	}
}

/* What was seen, without what it says; runs of spaces as one. */
static void mask(const struct guard_doc *doc, size_t from, size_t clear,
		 size_t to, char out[GUARD_SEEN_BYTES])
{
	size_t n = 0;
	size_t i;
	char c;

	for (i = from; i < to && n < SEEN_CHARS_MAX; i++) {
		c = doc->text[i] == '\n' ? ' ' : doc->text[i];
		if (c == ' ' && n > 0 && out[n - 1] == ' ') {
			continue;
		}
		if (i >= clear && guard_is_alnum(c)) {
			c = '*';
		} else if ((unsigned char)c < 0x20) {
			c = '*';
		}
		out[n] = c;
		n++;
	}
	out[n] = '\0';
}

void guard_add(struct guard_doc *doc, enum guard_kind kind,
	       enum guard_verdict verdict, size_t from, size_t clear, size_t to)
{
	struct guard_finding f = {
		.part = doc->part,
		.verdict = verdict,
		.kind = kind,
	};

	assert(from <= clear && clear <= to && to <= doc->n);
	f.line = guard_line(doc, from);
	text_escape(doc->file, strlen(doc->file), f.file, sizeof f.file);
	mask(doc, from, clear, to, f.seen);
	guard_report_add(doc->report, &f, doc->line_span);
}

void guard_add_seen(struct guard_report *report, enum guard_kind kind,
		    enum guard_verdict verdict, const char *file, size_t line,
		    const char *seen)
{
	struct guard_finding f = {
		.part = GUARD_PART_FILE,
		.verdict = verdict,
		.kind = kind,
		.line = line,
	};

	text_escape(file, strlen(file), f.file, sizeof f.file);
	(void)snprintf(f.seen, sizeof f.seen, "%s", seen);
	guard_report_add(report, &f, 0);
}

bool guard_is_csv(const char *file)
{
	size_t n = strlen(file);

	return n >= 4 && strcmp(file + n - 4, ".csv") == 0;
}

/* A record.md that is no UTF-8 is not published at all: nothing to confirm. */
static bool is_record(const struct guard_doc *doc)
{
	return doc->part == GUARD_PART_FILE &&
	       (doc->flags & GUARD_IN_NAME) == 0 &&
	       strcmp(doc->file, RECORD_FILE) == 0;
}

static void scan_folded(struct guard_doc *doc)
{
	if (!doc->is_utf8 && !is_record(doc)) {
		guard_add(doc, GUARD_UNREADABLE, GUARD_WARN, doc->bad_at,
			  doc->bad_at, doc->bad_at);
	}
	if (!doc->is_utf8 && doc->has_controls) {
		/* no text at all: chance would find things in it */
		return;
	}
	if (doc->has_digit) {
		guard_scan_nhs(doc);
		guard_scan_references(doc);
		guard_scan_phones(doc);
		guard_scan_postcodes(doc);
		guard_scan_dates(doc);
		guard_scan_ages(doc);
	}
	guard_scan_emails(doc);
	guard_scan_names(doc);
}

void guard_scan(const struct guard_source *source, struct guard_report *out)
{
	struct guard_doc doc = {
		.part = source->part,
		.file = source->file,
		.first_line = source->first_line,
		.line_span = source->line_span,
		.flags = source->flags,
		.contact_from = source->contact_from,
		.contact_to = source->contact_to,
		.report = out,
	};

	if ((doc.flags & GUARD_IN_NAME) == 0 && guard_is_csv(source->file)) {
		doc.flags |= GUARD_IN_TABLE;
	}
	if (guard_doc_fold(&doc, source->text) != WEALD_OK) {
		no_memory(out);
		return;
	}
	scan_folded(&doc);
	guard_doc_release(&doc);
}

void guard_text(struct span text, const char *file, size_t first_line,
		unsigned flags, struct guard_report *out)
{
	struct guard_source source = {
		.text = text,
		.file = file,
		.first_line = first_line,
		.flags = flags & (GUARD_CONTACT | GUARD_STRICT),
	};

	guard_scan(&source, out);
}

void guard_release(struct guard_report *report)
{
	free(report->list);
	*report = (struct guard_report){ .n = 0 };
}
