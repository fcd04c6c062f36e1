/*
 * The guard over any bytes, as a text, a table, a record, a name and a note:
 * it says the same each time, within its bounds, and shows no more than three
 * digits of what it saw.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "store/record/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_seen(const char *seen)
{
	size_t digits = 0;
	size_t i;

	for (i = 0; seen[i] != '\0'; i++) {
		assert(i < GUARD_SEEN_BYTES - 1);
		assert(seen[i] >= ' ' && seen[i] <= '~');
		digits += seen[i] >= '0' && seen[i] <= '9';
	}
	assert(digits <= 3);
}

static void check_report(const struct guard_report *report, size_t size)
{
	const bool is_whole =
		report->left_out_blocks + report->left_out_warnings == 0;
	enum guard_verdict worst = GUARD_PASS;
	unsigned kinds = 0;
	size_t i;

	assert(!report->no_memory);
	assert(report->n <= GUARD_FINDINGS_MAX);
	for (i = 0; i < report->n; i++) {
		const struct guard_finding *f = &report->list[i];

		assert(f->verdict == GUARD_WARN || f->verdict == GUARD_BLOCK);
		assert(f->kind < GUARD_KINDS_N);
		assert(f->line <= size + 1);
		check_seen(f->seen);
		worst = f->verdict > worst ? f->verdict : worst;
		kinds |= 1u << f->kind;
	}
	/* what is left out changes no verdict, and hides a block behind no
	 * warning */
	assert(worst == report->verdict);
	assert(is_whole ? kinds == report->kinds
			: report->n == GUARD_FINDINGS_MAX);
	assert((kinds & ~report->kinds) == 0);
	for (i = 0; report->left_out_blocks > 0 && i < report->n; i++) {
		assert(report->list[i].verdict == GUARD_BLOCK);
	}
}

static void check_same(const struct guard_report *a,
		       const struct guard_report *b)
{
	size_t i;

	assert(a->n == b->n && a->verdict == b->verdict &&
	       a->kinds == b->kinds);
	for (i = 0; i < a->n; i++) {
		assert(a->list[i].kind == b->list[i].kind &&
		       a->list[i].line == b->list[i].line &&
		       strcmp(a->list[i].seen, b->list[i].seen) == 0);
	}
}

/* What an override names covers every warning, and no block. */
static void check_override(const struct guard_report *report)
{
	struct buf note;
	unsigned kinds = 0;
	bool is_there;
	int r;

	buf_init(&note, NOTE_BYTES_MAX);
	r = guard_override_format(report, "Safety lead", "looked", &note, NULL);
	assert(r == WEALD_OK);
	is_there = guard_override_read(buf_span(&note), &kinds);
	assert(is_there && kinds == report->kinds);
	assert(guard_is_covered(report, buf_span(&note)) ==
	       (report->verdict != GUARD_BLOCK));
	buf_release(&note);
}

static void check_text(struct span text, const char *file, unsigned flags)
{
	struct guard_report first = { .n = 0 };
	struct guard_report second = { .n = 0 };

	guard_text(text, file, 1, flags, &first);
	check_report(&first, text.len);
	guard_text(text, file, 1, flags, &second);
	check_same(&first, &second);
	check_override(&first);
	guard_release(&second);
	guard_release(&first);
}

static void check_record(struct span text)
{
	struct record_file files[] = {
		{ span_of("record.md"), text },
		{ span_of("data.csv"), text },
		{ { text.data, text.len > 100 ? 100 : text.len }, text },
	};
	struct guard_input in = {
		.files = files,
		.files_n = 3,
		.slug = files[2].name,
		.summary = text,
		.note = text,
		.flags = GUARD_STRICT,
	};
	struct guard_report report = { .n = 0 };
	struct problems problems = { .n = 0 };
	struct record *record = NULL;
	unsigned kinds = 0;

	(void)record_parse(text, &record, &problems);
	in.record = record;
	guard_record(&in, &report);
	check_report(&report, text.len);
	(void)guard_override_read(text, &kinds);
	guard_release(&report);
	record_free(record);
	problems_release(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };

	check_text(text, "record.md", 0);
	check_text(text, "data.csv", GUARD_STRICT);
	check_text(text, "contact", GUARD_CONTACT | GUARD_STRICT);
	check_record(text);
	return 0;
}
