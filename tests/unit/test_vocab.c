/*
 * The vocabulary: that it is whole and fits together, how it is looked up, and
 * that docs/RECORDS.md names all of it.
 */
#include "store/record/vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/fs.h"

/* Tests run from the root of the repository. */
#define DOCS "docs/RECORDS.md"

/* ---- what stands in it ---------------------------------------------------
 */

static void vocab_kinds__are_nine_that_a_form_can_ask_for(void **state)
{
	const struct kind *kinds;
	size_t n;
	size_t i;
	size_t k;
	size_t asked;

	(void)state;
	kinds = vocab_kinds(&n);
	assert_int_equal(n, 9);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(vocab_kind(span_of(kinds[i].name)), &kinds[i]);
		assert_true(path_is_name(span_of(kinds[i].name)));
		asked = 0;
		for (k = 0; k < kinds[i].fields_n; k++) {
			asked += kinds[i].fields[k].need == FIELD_REQUIRED;
		}
		assert_in_range(asked, 9, 14);
	}
	assert_null(vocab_kind(span_of("recipe")));
	assert_null(vocab_kind(span_of("")));
}

static void assert_fields_fit(const struct field *fields, size_t n)
{
	const struct field *f;
	size_t i;

	for (i = 0; i < n; i++) {
		f = &fields[i];
		assert_ptr_equal(field_find(fields, n, span_of(f->name)), f);
		assert_true(strlen(f->prompt) > 3);
		assert_true(strlen(f->prompt) < 120);
		assert_non_null(f->standard);
		assert_non_null(f->ref_kinds);
		if (f->type == FIELD_CODE || f->type == FIELD_CODES) {
			assert_non_null(f->codes);
		}
		if (f->need == FIELD_REQUIRED_IF) {
			assert_non_null(
				field_find(fields, n, span_of(f->if_field)));
			assert_true(f->condition != FIELD_IF_NONE);
		}
		assert_int_equal(f->type == FIELD_MAP || f->type == FIELD_MAPS,
				 f->parts_n > 0);
		assert_true(f->items_max == 0 || f->items_min <= f->items_max);
		assert_true(f->min <= f->max);
		if (f->parts_n > 0) {
			assert_fields_fit(f->parts, f->parts_n);
		}
	}
}

static void vocab_kinds__have_fields_that_fit_together(void **state)
{
	static const char *const common[] = {
		"kind",
		"title",
		"topics",
		"settings",
		"patient_involvement",
		"contact",
		"sponsor_role",
		"population",
		"review_on",
		"links",
		"licence",
		"example",
	};
	const struct kind *kinds;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	kinds = vocab_kinds(&n);
	for (i = 0; i < n; i++) {
		assert_fields_fit(kinds[i].fields, kinds[i].fields_n);
		for (k = 0; k < sizeof common / sizeof common[0]; k++) {
			assert_non_null(
				kind_field(&kinds[i], span_of(common[k])));
		}
	}
}

static void vocab_kinds__differ_in_what_they_need(void **state)
{
	static const struct {
		const char *kind;
		const char *field;
		enum field_need need;
	} cases[] = {
		{ "priority", "sponsor_role", FIELD_REQUIRED },
		{ "adoption", "sponsor_role", FIELD_REQUIRED },
		{ "withdrawal", "sponsor_role", FIELD_REQUIRED },
		{ "problem", "sponsor_role", FIELD_OPTIONAL },
		{ "intervention", "sponsor_role", FIELD_OPTIONAL },
		{ "evidence", "judged_reason", FIELD_REQUIRED_IF },
		{ "evidence", "other_changes_could_explain",
		  FIELD_REQUIRED_IF },
		{ "evidence", "other_changes", FIELD_REQUIRED },
		{ "adoption", "other_changes", FIELD_OPTIONAL },
		{ "adoption", "version_seen", FIELD_AUTO },
	};
	static const struct {
		const char *kind;
		const char *list;
	} statuses[] = {
		{ "problem", "status_problem" },
		{ "priority", "status_priority" },
		{ "intervention", "status_intervention" },
		{ "measure", "status_measure" },
	};
	const struct field *f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		f = kind_field(vocab_kind(span_of(cases[i].kind)),
			       span_of(cases[i].field));
		assert_non_null(f);
		assert_int_equal(f->need, cases[i].need);
	}
	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		f = kind_field(vocab_kind(span_of(statuses[i].kind)),
			       span_of("status"));
		assert_non_null(f);
		assert_string_equal(f->codes->name, statuses[i].list);
	}
	assert_null(
		kind_field(vocab_kind(span_of("evidence")), span_of("status")));
	assert_null(
		kind_field(vocab_kind(span_of("lesson")), span_of("status")));
}

static void vocab_lists__have_codes_with_labels(void **state)
{
	const struct code_list *lists;
	const struct code *code;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	lists = vocab_lists(&n);
	assert_true(n >= 35);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(vocab_codes(lists[i].name), &lists[i]);
		assert_true(lists[i].n > 0);
		for (k = 0; k < lists[i].n; k++) {
			code = &lists[i].codes[k];
			assert_ptr_equal(code_find(&lists[i],
						   span_of(code->code)),
					 code);
			assert_true(code->label[0] != '\0');
			assert_true(text_is_utf8(span_of(code->label)));
		}
		assert_null(code_find(&lists[i], span_of("no-such-code")));
		assert_null(code_find(&lists[i], span_of("")));
	}
	assert_null(vocab_codes("no_such_list"));
	assert_int_equal(vocab_codes("kinds")->n, 9);
	assert_int_equal(vocab_codes("topics")->n, 23);
	assert_int_equal(vocab_codes("settings")->n, 21);
	assert_string_equal(
		code_find(vocab_codes("settings"), span_of("nhs-111"))->label,
		"NHS 111");
}

static void vocab_topics__are_known_by_other_words(void **state)
{
	const struct topic *topics;
	size_t sensitive = 0;
	size_t n;
	size_t i;

	(void)state;
	topics = vocab_topics(&n);
	assert_int_equal(n, 23);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(vocab_topic(span_of(topics[i].slug)),
				 &topics[i]);
		assert_true(text_is_topic(span_of(topics[i].slug)));
		assert_true(topics[i].synonyms[0] != '\0');
		sensitive += topics[i].sensitive;
	}
	assert_int_equal(sensitive, 6);
	assert_true(vocab_topic(span_of("care-in-custody"))->sensitive);
	assert_true(vocab_topic(span_of("maternity-neonatal"))->sensitive);
	assert_false(vocab_topic(span_of("sepsis"))->sensitive);
	assert_null(vocab_topic(span_of("handover")));
	assert_non_null(strstr(vocab_topic(span_of("infection"))->synonyms,
			       "|c diff|"));
}

static void vocab_regions__are_fifteen_with_all_their_names(void **state)
{
	static const struct {
		const char *slug;
		const char *alias;
	} cases[] = {
		{ "south-west", "south west ahsn" },
		{ "south-london", "hin" },
		{ "north-west-coast", "innovation agency" },
		{ "uclpartners", "uclp" },
		{ "greater-manchester", "health innovation manchester" },
	};
	const struct region_name *regions;
	size_t found = 0;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	regions = vocab_regions(&n);
	assert_int_equal(n, 15);
	for (i = 0; i < n; i++) {
		assert_true(text_is_slug(span_of(regions[i].slug)));
		assert_true(regions[i].name[0] != '\0');
		for (k = 0; k < sizeof cases / sizeof cases[0]; k++) {
			found += strcmp(regions[i].slug, cases[k].slug) == 0 &&
				 (strstr(regions[i].aliases, cases[k].alias) !=
					  NULL ||
				  strcasecmp(regions[i].name, cases[k].alias) ==
					  0);
		}
	}
	assert_int_equal(found, sizeof cases / sizeof cases[0]);
}

/* ---- what was probably meant ---------------------------------------------
 */

static void code_nearest__finds_what_was_meant(void **state)
{
	static const struct {
		const char *list;
		const char *text;
		const char *code;
	} cases[] = {
		{ "topics", "AKI", "acute-kidney-injury" },
		{ "topics", "aki", "acute-kidney-injury" },
		{ "topics", "C diff", "infection" },
		{ "topics", "c_diff", "infection" },
		{ "topics", "UTI", "infection" },
		{ "topics", "NEWS2", "deterioration" },
		{ "topics", "HAPU", "pressure-ulcers" },
		{ "topics", "EPMA", "medicines-safety" },
		{ "topics", "handover", "transitions-of-care" },
		{ "topics", "spesis", "sepsis" },
		{ "topics", "fals", "falls" },
		{ "topics", "Safety in mental health", "mental-health-safety" },
		{ "settings", "acute_ward", "acute-ward" },
		{ "settings", "Care home", "care-home" },
		{ "design", "ITS", "its" },
		{ "design", "before-after ", "before-after" },
		{ "conclusion", "improvd", "improved" },
		{ "topics", "qqqqqqqq", NULL },
		{ "topics", "", NULL },
		{ "conclusion", "better", NULL },
	};
	const struct code *code;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		code = code_nearest(vocab_codes(cases[i].list),
				    span_of(cases[i].text));
		if (cases[i].code == NULL) {
			assert_null(code);
			continue;
		}
		assert_non_null(code);
		assert_string_equal(code->code, cases[i].code);
	}
}

static void code_nearest__stands_long_and_odd_texts(void **state)
{
	static uint8_t bytes[300];
	const struct code_list *topics = vocab_codes("topics");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bytes; i++) {
		bytes[i] = (uint8_t)(255 - i % 256);
	}
	for (i = 0; i <= sizeof bytes; i++) {
		assert_null(code_nearest(topics, (struct span){ bytes, i }));
	}
}

static void field_nearest__finds_what_was_meant(void **state)
{
	const struct kind *kind = vocab_kind(span_of("evidence"));
	const struct field *f;

	(void)state;
	f = field_nearest(kind->fields, kind->fields_n,
			  span_of("Other-Changes"));
	assert_string_equal(f->name, "other_changes");
	f = field_nearest(kind->fields, kind->fields_n, span_of("mesure"));
	assert_string_equal(f->name, "measure");
	assert_null(
		field_nearest(kind->fields, kind->fields_n, span_of("colour")));
	assert_null(field_nearest(kind->fields, 0, span_of("title")));
}

/* ---- the docs ------------------------------------------------------------
 */

static char *docs;

static int load_docs(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, CONTENT_BYTES_MAX);
	assert_int_equal(fs_read_file(DOCS, CONTENT_BYTES_MAX - 1, &b, NULL),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&b, '\0'), WEALD_OK);
	docs = (char *)b.data;
	return 0;
}

static int release_docs(void **state)
{
	(void)state;
	free(docs);
	return 0;
}

/* Print what is missing, so that all of it can be seen at once. */
static bool is_named(const char *section, const char *end, const char *before,
		     const char *name, const char *after)
{
	char text[160];
	const char *at;

	(void)snprintf(text, sizeof text, "%s%s%s", before, name, after);
	at = section == NULL ? NULL : strstr(section, text);
	if (at == NULL || (end != NULL && at > end)) {
		print_message("# " DOCS " does not name %s\n", text);
		return false;
	}
	return true;
}

/* The section whose title is @marks and @name; *@out_end the next's title. */
static const char *section_of(const char *marks, const char *name,
			      const char **out_end)
{
	char text[160];
	const char *at;

	(void)snprintf(text, sizeof text, "\n%s %s\n", marks, name);
	at = strstr(docs, text);
	*out_end = at == NULL ? NULL : strstr(at + 1, "\n##");
	return at;
}

/* @f stands in the table of this section, with its parts. */
static bool has_row(const char *section, const char *end, const struct field *f)
{
	bool ok = is_named(section, end, "| `", f->name, "` |");
	size_t i;

	for (i = 0; i < f->parts_n; i++) {
		ok = is_named(section, end, "`", f->parts[i].name, "`") && ok;
	}
	return ok;
}

/* A field that all kinds have alike, as the first kind has it. */
static bool is_common(const struct field *f)
{
	const struct kind *kinds;
	const struct field *other;
	size_t n;
	size_t i;

	kinds = vocab_kinds(&n);
	for (i = 0; i < n; i++) {
		other = kind_field(&kinds[i], span_of(f->name));
		if (other == NULL || other->need != f->need ||
		    strcmp(other->prompt, f->prompt) != 0) {
			return false;
		}
	}
	return true;
}

static void docs__name_every_field(void **state)
{
	const struct kind *kinds;
	const struct field *f;
	const char *section;
	const char *end;
	bool ok = true;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	kinds = vocab_kinds(&n);
	for (i = 0; i < n; i++) {
		for (k = 0; k < kinds[i].fields_n; k++) {
			f = &kinds[i].fields[k];
			/* in some kinds it must be there, in others not */
			if (is_common(f) ||
			    (strcmp(f->name, "sponsor_role") == 0 &&
			     f->need == FIELD_OPTIONAL)) {
				section = section_of("###", "Common fields",
						     &end);
			} else {
				section =
					section_of("###", kinds[i].name, &end);
			}
			ok = has_row(section, end, f) && ok;
		}
	}
	assert_true(ok);
}

static void docs__name_every_code(void **state)
{
	const struct code_list *lists;
	const char *section;
	const char *end;
	bool ok = true;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	lists = vocab_lists(&n);
	for (i = 0; i < n; i++) {
		if (strcmp(lists[i].name, "kinds") == 0) {
			continue; /* each has a section */
		}
		section = section_of("####", lists[i].name, &end);
		if (section == NULL) {
			section = section_of("###", lists[i].name, &end);
		}
		for (k = 0; k < lists[i].n; k++) {
			ok = is_named(section, end, "`", lists[i].codes[k].code,
				      "`") &&
			     ok;
			ok = is_named(section, end, "", lists[i].codes[k].label,
				      "") &&
			     ok;
		}
	}
	assert_true(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vocab_kinds__are_nine_that_a_form_can_ask_for),
		cmocka_unit_test(vocab_kinds__have_fields_that_fit_together),
		cmocka_unit_test(vocab_kinds__differ_in_what_they_need),
		cmocka_unit_test(vocab_lists__have_codes_with_labels),
		cmocka_unit_test(vocab_topics__are_known_by_other_words),
		cmocka_unit_test(
			vocab_regions__are_fifteen_with_all_their_names),
		cmocka_unit_test(code_nearest__finds_what_was_meant),
		cmocka_unit_test(code_nearest__stands_long_and_odd_texts),
		cmocka_unit_test(field_nearest__finds_what_was_meant),
		cmocka_unit_test(docs__name_every_field),
		cmocka_unit_test(docs__name_every_code),
	};

	return cmocka_run_group_tests(tests, load_docs, release_docs);
}
