#include "tests/unit/guardkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

/* Tests run from the root of the repository. */
#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

unsigned guard_bit(enum guard_kind kind)
{
	return 1u << kind;
}

struct guard_report guard_look(const char *text, const char *file,
			       unsigned flags)
{
	struct guard_report report = { .n = 0 };

	guard_text(span_of(text), file, 1, flags, &report);
	return report;
}

void guard_show(const struct guard_report *report, const char *text)
{
	size_t i;

	print_message("%s\n", text);
	for (i = 0; i < report->n; i++) {
		print_message("  %s:%zu: %s %s \"%s\"\n", report->list[i].file,
			      report->list[i].line,
			      report->list[i].verdict == GUARD_BLOCK ? "block"
								     : "warn",
			      guard_kind_name(report->list[i].kind),
			      report->list[i].seen);
	}
}

void guard_check_report(struct guard_report *report, enum guard_verdict verdict,
			unsigned kinds, const char *text)
{
	if (report->verdict != verdict || report->kinds != kinds) {
		guard_show(report, text);
	}
	assert_int_equal(report->verdict, verdict);
	assert_int_equal(report->kinds, kinds);
	guard_release(report);
}

static enum guard_verdict verdict_of(const char *name)
{
	if (strcmp(name, "block") == 0) {
		return GUARD_BLOCK;
	}
	if (strcmp(name, "warn") == 0) {
		return GUARD_WARN;
	}
	assert_string_equal(name, "ok");
	return GUARD_PASS;
}

unsigned guard_kind_bit(const char *name)
{
	unsigned i;

	for (i = 0; i < GUARD_KINDS_N; i++) {
		if (strcmp(guard_kind_name((enum guard_kind)i), name) == 0) {
			return 1u << i;
		}
	}
	fail_msg("no kind \"%s\"", name);
	return 0;
}

static void read_vector(const json_t *item, struct guard_vector *out)
{
	const json_t *kinds = json_object_get(item, "kinds");
	size_t i;

	*out = (struct guard_vector){
		.text = json_string_value(json_object_get(item, "text")),
		.verdict = verdict_of(
			json_string_value(json_object_get(item, "verdict"))),
	};
	if (strcmp(json_string_value(json_object_get(item, "field")),
		   "contact") == 0) {
		out->flags |= GUARD_CONTACT;
	}
	if (json_is_true(json_object_get(item, "strict"))) {
		out->flags |= GUARD_STRICT;
	}
	for (i = 0; i < json_array_size(kinds); i++) {
		out->kinds |= guard_kind_bit(
			json_string_value(json_array_get(kinds, i)));
	}
}

void guard_each_vector(guard_vector_fn *check)
{
	json_t *root =
		json_load_file(TEST_DATA_DIR "/privacy/vectors.json", 0, NULL);
	const json_t *list = json_object_get(root, "vectors");
	struct guard_vector v;
	size_t i;

	assert_non_null(root);
	assert_int_equal(json_array_size(list), 44);
	for (i = 0; i < json_array_size(list); i++) {
		read_vector(json_array_get(list, i), &v);
		check(&v);
	}
	json_decref(root);
}

void guard_look_at_record(const char *record_md, const char *csv,
			  const char *slug, unsigned flags,
			  struct guard_report *out)
{
	struct record_file files[] = {
		{ span_of("record.md"), span_of(record_md) },
		{ span_of("data.csv"), span_of(csv == NULL ? "" : csv) },
	};
	struct guard_input in = {
		.files = files,
		.files_n = csv == NULL ? 1 : 2,
		.slug = span_of(slug),
		.flags = flags & GUARD_STRICT,
	};
	struct problems problems = { .n = 0 };
	struct record *record = NULL;

	assert_int_equal(record_parse(span_of(record_md), &record, &problems),
			 WEALD_OK);
	in.record = record;
	*out = (struct guard_report){ .n = 0 };
	guard_record(&in, out);
	record_free(record);
	problems_release(&problems);
}
