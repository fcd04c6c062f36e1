/*
 * Records against their schema. Fields are tried by the vocabulary: whatever
 * it says of a field of a kind is broken once, in a sample of that kind that
 * is otherwise right, and must be refused at its line and nowhere else.
 */
#include "store/record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/recordset.h"

#define TEXT_BYTES_MAX 65536u

static struct sample_records examples;

static int load_examples(void **state)
{
	(void)state;
	sample_records_load("examples", &examples);
	return 0;
}

static int release_examples(void **state)
{
	(void)state;
	sample_records_release(&examples);
	return 0;
}

/* The same of a record with one field changed. */
static void assert_field_refused(struct span text, const char *field,
				 const char *line, const char *why)
{
	struct buf b;
	size_t at;

	buf_init(&b, TEXT_BYTES_MAX);
	at = text_with_field(text, field, line, &b);
	record_assert_one_error(buf_span(&b), line[0] == '\0' ? 1 : at, field,
				why);
	buf_release(&b);
}

static void assert_field_taken(struct span text, const char *field,
			       const char *line)
{
	struct problems p;
	struct record *r;
	struct buf b;

	buf_init(&b, TEXT_BYTES_MAX);
	(void)text_with_field(text, field, line, &b);
	record_parse_any(buf_span(&b), &r, &p);
	if (p.errors != 0) {
		problems_print(&p);
		fail_msg("\"%s\" should pass", line);
	}
	problems_release(&p);
	record_free(r);
	buf_release(&b);
}

static struct span text_of(const char *kind)
{
	const struct sample_record *r = sample_of_kind(&examples, kind);

	assert_non_null(r);
	return sample_text(r);
}

typedef void field_fn(const struct kind *kind, const struct field *f,
		      struct span text);

/* Call @each for every field of every kind, with a sample of the kind. */
static void for_all_fields(field_fn *each)
{
	const struct kind *kinds;
	struct span text;
	size_t n;
	size_t i;
	size_t k;

	kinds = vocab_kinds(&n);
	assert_int_equal(n, 9);
	for (i = 0; i < n; i++) {
		text = text_of(kinds[i].name);
		assert_true(text.len > 0);
		for (k = 0; k < kinds[i].fields_n; k++) {
			each(&kinds[i], &kinds[i].fields[k], text);
		}
	}
}

static bool is_list(const struct field *f)
{
	return f->type == FIELD_CODES || f->type == FIELD_REFS ||
	       f->type == FIELD_LIST || f->type == FIELD_MAPS;
}

/* ---- every field of every kind -------------------------------------------
 */

static size_t tried;

static void try_without(const struct kind *kind, const struct field *f,
			struct span text)
{
	(void)kind;
	if (f->need == FIELD_REQUIRED || strcmp(f->name, "kind") == 0) {
		tried++;
		assert_field_refused(text, f->name, "", "is missing; write \"");
	} else if (f->need != FIELD_REQUIRED_IF) {
		assert_field_taken(text, f->name, "");
	}
}

static void record_parse__asks_for_each_required_field(void **state)
{
	(void)state;
	tried = 0;
	for_all_fields(try_without);
	/* and the kind itself, of each */
	assert_in_range(tried, 9 * 10, 9 * 15);
}

static void try_empty(const struct kind *kind, const struct field *f,
		      struct span text)
{
	char line[128];

	(void)kind;
	(void)snprintf(line, sizeof line, "%s:", f->name);
	if (f->need == FIELD_REQUIRED || strcmp(f->name, "kind") == 0) {
		assert_field_refused(text, f->name, line, "write \"");
	} else if (f->need != FIELD_REQUIRED_IF) {
		assert_field_taken(text, f->name, line);
	}
}

static void record_parse__takes_an_empty_field_for_none(void **state)
{
	(void)state;
	for_all_fields(try_empty);
}

static void try_wrong_type(const struct kind *kind, const struct field *f,
			   struct span text)
{
	char line[128];

	(void)kind;
	(void)snprintf(line, sizeof line, "%s: %s", f->name,
		       is_list(f) || f->type == FIELD_MAP ? "word" : "[word]");
	assert_field_refused(text, f->name, line, "must be ");
	(void)snprintf(line, sizeof line, "%s: %s", f->name,
		       f->type == FIELD_MAP ? "[a]" : "{a: b}");
	assert_field_refused(text, f->name, line, "must be ");
}

static void record_parse__refuses_text_list_and_fields_for_another(void **state)
{
	(void)state;
	for_all_fields(try_wrong_type);
}

/* Values that are wrong for the type, with what is said. */
struct wrong {
	enum field_type type;
	const char *value;
	const char *why;
};

static const struct wrong wrongs[] = {
	{ FIELD_CODE, "no-such-code", "is not allowed" },
	{ FIELD_CODE, "Sepsis!", "is not allowed" },
	{ FIELD_CODES, "[no-such-code]", "is not allowed" },
	{ FIELD_REF, "somewhere", "does not name a record" },
	{ FIELD_REF, "south-west/no-kind/slug/x", "does not name a record" },
	{ FIELD_REF, "south-west/region/x@latest", "the @ stands the version" },
	{ FIELD_REF, "south-west/lesson/x@1:zz", "16 digits of 0-9 and a-f" },
	{ FIELD_REF, "lesson/x", "does not say the region" },
	{ FIELD_REFS, "[a b]", "does not name a record" },
	{ FIELD_REFS, "[wessex/evidence/x]", "must say the version" },
	{ FIELD_REFS, "[wessex/lesson/x@1]", "must be of kind" },
	{ FIELD_DATE, "2026-02-29", "not a day that exists" },
	{ FIELD_DATE, "2026-13-01", "not a day that exists" },
	{ FIELD_DATE, "2026-1-1", "not a day that exists" },
	{ FIELD_DATE, "01/02/2026", "not a day that exists" },
	{ FIELD_DATE, "2026-01", "not a day that exists" },
	{ FIELD_DATE, "2026-01-01T00:00:00", "not a day that exists" },
	{ FIELD_DATE, "1899-12-31", "not a day that exists" },
	{ FIELD_DATE, "soon", "not a day that exists" },
	{ FIELD_INT, "1.5", "not a whole number" },
	{ FIELD_INT, "1e3", "not a whole number" },
	{ FIELD_INT, "0x1f", "not a whole number" },
	{ FIELD_INT, "+1", "not a whole number" },
	{ FIELD_INT, "010", "not a whole number" },
	{ FIELD_INT, "12:30", "not a whole number" },
	{ FIELD_INT, "one", "not a whole number" },
	{ FIELD_NUM, "1e3", "not a number" },
	{ FIELD_NUM, ".nan", "not a number" },
	{ FIELD_NUM, "NaN", "not a number" },
	{ FIELD_NUM, ".inf", "not a number" },
	{ FIELD_NUM, "0x1f", "not a number" },
	{ FIELD_NUM, "\"1,000\"", "not a number" },
	{ FIELD_NUM, "4.", "not a number" },
	{ FIELD_NUM, ".5", "not a number" },
	{ FIELD_NUM, "1.2.3", "not a number" },
	{ FIELD_NUM, "123456789012345678901", "not a number" },
	{ FIELD_BOOL, "on", "neither yes nor no" },
	{ FIELD_BOOL, "off", "neither yes nor no" },
	{ FIELD_BOOL, "y", "neither yes nor no" },
	{ FIELD_BOOL, "True", "neither yes nor no" },
	{ FIELD_BOOL, "NO", "neither yes nor no" },
	{ FIELD_BOOL, "1", "neither yes nor no" },
	{ FIELD_PATH, "../data.csv", "not the name of a csv file" },
	{ FIELD_PATH, "/etc/data.csv", "not the name of a csv file" },
	{ FIELD_PATH, "data.xlsx", "not the name of a csv file" },
	{ FIELD_PATH, ".csv", "not the name of a csv file" },
	{ FIELD_PATH, "attachments/a/b.csv", "not the name of a csv file" },
	{ FIELD_PATH, "con.csv", "not the name of a csv file" },
};

static void try_wrong_values(const struct kind *kind, const struct field *f,
			     struct span text)
{
	char line[256];
	size_t i;

	(void)kind;
	for (i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		if (wrongs[i].type != f->type) {
			continue;
		}
		tried++;
		(void)snprintf(line, sizeof line, "%s: %s", f->name,
			       wrongs[i].value);
		assert_field_refused(text, f->name, line, wrongs[i].why);
	}
}

static void record_parse__refuses_wrong_values_of_each_type(void **state)
{
	(void)state;
	tried = 0;
	for_all_fields(try_wrong_values);
	assert_true(tried > 300);
}

/* @n times @word in one value, as a text or a list. */
static void write_many(const char *name, const char *word, size_t n,
		       bool as_list, struct buf *out)
{
	size_t i;

	buf_clear(out);
	assert_int_equal(buf_addf(out, "%s: %s", name, as_list ? "[" : ""),
			 WEALD_OK);
	for (i = 0; i < n; i++) {
		assert_int_equal(buf_addf(out, "%s%s",
					  i == 0 ? "" : (as_list ? ", " : " "),
					  word),
				 WEALD_OK);
	}
	assert_int_equal(buf_add_text(out, as_list ? "]" : ""), WEALD_OK);
	assert_int_equal(buf_add_byte(out, '\0'), WEALD_OK);
}

static void try_over_limits(const struct kind *kind, const struct field *f,
			    struct span text)
{
	const unsigned chars =
		f->chars_max == 0 ? RECORD_TEXT_CHARS_MAX : f->chars_max;
	const unsigned items =
		f->items_max == 0 ? RECORD_ITEMS_MAX : f->items_max;
	const char *line;
	struct buf b;
	struct buf word;
	unsigned i;

	(void)kind;
	buf_init(&b, TEXT_BYTES_MAX);
	buf_init(&word, TEXT_BYTES_MAX);
	if (f->type == FIELD_TEXT && f->words_max > 0) {
		write_many(f->name, "w\xc3\xb6rd", f->words_max + 1, false, &b);
		line = (const char *)b.data;
		assert_field_refused(text, f->name, line, "words; at most");
		write_many(f->name, "w\xc3\xb6rd", f->words_max, false, &b);
		assert_field_taken(text, f->name, (const char *)b.data);
	}
	if (f->type == FIELD_TEXT && strcmp(f->name, "target_versions") != 0) {
		for (i = 0; i < chars; i++) {
			assert_int_equal(buf_add_text(&word, "\xc3\xb6"),
					 WEALD_OK);
		}
		assert_int_equal(buf_add_byte(&word, '\0'), WEALD_OK);
		write_many(f->name, (const char *)word.data, 1, false, &b);
		assert_field_taken(text, f->name, (const char *)b.data);
		word.len--;
		assert_int_equal(buf_add(&word, "x", 2), WEALD_OK);
		write_many(f->name, (const char *)word.data, 1, false, &b);
		line = (const char *)b.data;
		assert_field_refused(text, f->name, line,
				     "characters; at most");
	}
	/* one that is not empty asks for another field */
	if (f->type == FIELD_LIST && strcmp(f->name, "other_changes") != 0) {
		write_many(f->name, "a", items + 1, true, &b);
		line = (const char *)b.data;
		assert_field_refused(text, f->name, line, "items; at most");
	}
	if (is_list(f) && f->items_min > 0) {
		write_many(f->name, "", 0, true, &b);
		line = (const char *)b.data;
		assert_field_refused(text, f->name, line, "is empty; write \"");
	}
	buf_release(&word);
	buf_release(&b);
}

static void record_parse__keeps_to_the_limits_of_each_field(void **state)
{
	(void)state;
	for_all_fields(try_over_limits);
}

static void try_range(const struct kind *kind, const struct field *f,
		      struct span text)
{
	char line[128];

	(void)kind;
	if ((f->type != FIELD_INT && f->type != FIELD_NUM) ||
	    !(f->min < f->max)) {
		return;
	}
	(void)snprintf(line, sizeof line, "%s: %.0f", f->name, f->max);
	assert_field_taken(text, f->name, line);
	(void)snprintf(line, sizeof line, "%s: %.0f", f->name, f->min - 1);
	assert_field_refused(text, f->name, line, "out of range");
	if (f->max < 1e15) {
		(void)snprintf(line, sizeof line, "%s: %.0f", f->name,
			       f->max + 1);
		assert_field_refused(text, f->name, line, "out of range");
	}
}

static void record_parse__keeps_numbers_in_their_range(void **state)
{
	(void)state;
	for_all_fields(try_range);
}

static void try_all_codes(const struct kind *kind, const struct field *f,
			  struct span text)
{
	char line[128];
	size_t i;

	(void)kind;
	if (f->codes == NULL || strcmp(f->name, "kind") == 0) {
		return;
	}
	for (i = 0; i < f->codes->n; i++) {
		(void)snprintf(line, sizeof line,
			       f->type == FIELD_CODES ? "%s: [%s]" : "%s: %s",
			       f->name, f->codes->codes[i].code);
		if (strcmp(f->name, "checked") == 0 ||
		    strcmp(f->name, "not_checked") == 0) {
			continue; /* they must not overlap */
		}
		if (strcmp(f->name, "judged_certainty") == 0) {
			continue; /* needs its reason */
		}
		assert_field_taken(text, f->name, line);
	}
	if (f->type == FIELD_CODES && f->codes->n > 1) {
		(void)snprintf(line, sizeof line, "%s: [%s, %s]", f->name,
			       f->codes->codes[0].code,
			       f->codes->codes[0].code);
		assert_field_refused(text, f->name, line, "is given twice");
	}
}

static void record_parse__takes_every_code_once(void **state)
{
	(void)state;
	for_all_fields(try_all_codes);
}

/* ---- maps ----------------------------------------------------------------
 */

static void record_parse__looks_into_maps(void **state)
{
	struct span text = text_of("evidence");

	(void)state;
	assert_field_refused(text, "contact", "contact: {role: Lead}",
			     "is missing; write \"mailbox: ");
	assert_field_refused(text, "contact",
			     "contact: {role: Lead, mailbox: a@b.nhs.uk, "
			     "phone: 1}",
			     "no such field here");
	assert_field_refused(text, "contact",
			     "contact: {role: Lead, mail_box: a@b.nhs.uk, "
			     "mailbox: a@b.nhs.uk}",
			     "did you mean \"mailbox\"?");
	assert_field_refused(text, "fidelity",
			     "fidelity: {planned: a, actual: b, how_known: c, "
			     "percent: 101}",
			     "out of range");
	assert_field_refused(text, "scope", "scope: {level: ward}",
			     "is not allowed");
	assert_field_refused(text, "rebase",
			     "rebase: [{date: 2026-02-30, reason: a, "
			     "by_role: b}]",
			     "not a day that exists");
	assert_field_taken(text, "rebase",
			   "rebase: [{date: 2026-02-28, reason: a, "
			   "by_role: b}]");
	text = text_of("adoption");
	assert_field_refused(text, "changes",
			     "changes: [{what: a, type: other, why: b}]",
			     "is not allowed");
	assert_field_refused(text, "changes",
			     "changes: [{what: a, type: order}]",
			     "is missing; write \"why: ");
	assert_field_taken(text, "changes", "changes: []");
	text = text_of("withdrawal");
	assert_field_refused(text, "actions",
			     "actions: [{do: a, who: b, by: 2026-00}]",
			     "not a month that exists");
	assert_field_taken(text, "actions",
			   "actions: [{do: a, who: b, by: 2026-12}, "
			   "{do: a, who: b, by: 2026-12-31}]");
}

static void record_parse__names_the_item_and_the_part(void **state)
{
	struct span text = text_of("adoption");
	struct problems p;
	struct record *r;
	struct buf b;
	size_t at;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	at = text_with_field(text, "changes",
			     "changes:\n"
			     "  - {what: a, type: order, why: b}\n"
			     "  - what: a\n"
			     "    type: other\n"
			     "    why: b",
			     &b);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.list[0].field, "changes[2].type");
	assert_int_equal(p.list[0].line, at + 3);
	problems_release(&p);
	record_free(r);
	buf_release(&b);
}

/* ---- rules between fields ------------------------------------------------
 */

static void record_parse__asks_for_what_follows_from_another_field(void **state)
{
	struct span text = text_of("evidence");
	struct buf b;
	size_t at;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	(void)text_with_field(text, "other_changes_could_explain", "", &b);
	(void)text_with_field(text, "other_changes_could_explain", "", &b);
	assert_field_taken(buf_span(&b), "other_changes", "other_changes: []");
	at = text_with_field(text, "judged_certainty", "judged_certainty: low",
			     &b);
	assert_true(at > 0);
	text = buf_span(&b);
	assert_field_refused(text, "judged_reason", "", "is missing");
	assert_field_refused(text, "judged_reason",
			     "judged_reason:", "is missing");
	assert_field_taken(text, "judged_reason", "judged_reason: one region");
	buf_release(&b);
	text = text_of("adoption");
	assert_field_refused(text, "measure", "", "is missing");
	assert_field_refused(text, "start", "", "is missing");
	assert_field_refused(text, "version_seen", "version_seen: 0",
			     "out of range");
}

static void record_parse__says_what_an_empty_list_may_hold(void **state)
{
	const struct span text = text_of("problem");

	(void)state;
	assert_field_refused(text, "how_known", "how_known: []",
			     "is empty; write \"how_known: [incidents | ");
	assert_field_refused(text, "topics", "topics: []",
			     "is empty; write \"topics: [..., ...]\" (");
	assert_field_refused(text, "topics", "topics: []",
			     "docs/RECORDS.md under \"topics\"");
	assert_field_refused(text, "topics", "",
			     "docs/RECORDS.md under \"topics\"");
}

static void record_parse__asks_whether_others_explain_the_result(void **state)
{
	struct buf b;
	struct buf c;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	buf_init(&c, TEXT_BYTES_MAX);
	(void)text_with_field(text_of("evidence"), "other_changes",
			      "other_changes: [a new form]", &b);
	(void)text_with_field(buf_span(&b), "other_changes_could_explain", "",
			      &c);
	record_assert_one_error(
		buf_span(&c), 1, "other_changes_could_explain",
		"is missing; write \"other_changes_could_explain: "
		"yes | no\"");
	buf_release(&c);
	buf_release(&b);
}

static void record_parse__keeps_the_rules_of_kinds(void **state)
{
	struct span text = text_of("withdrawal");

	(void)state;
	assert_field_refused(text, "replaces_national_alert",
			     "replaces_national_alert: true",
			     "Central Alerting System");
	assert_field_refused(text, "replaces_national_alert",
			     "replaces_national_alert: yes",
			     "Central Alerting System");
	assert_field_taken(text, "replaces_national_alert",
			   "replaces_national_alert: no");
	assert_field_taken(text, "target_versions", "target_versions: 1, 12");
	assert_field_refused(text, "target_versions", "target_versions: 1-3",
			     "write all, or the numbers");
	assert_field_refused(text, "target_versions", "target_versions: 1,",
			     "write all, or the numbers");
	assert_field_refused(text, "target_versions", "target_versions: ALL",
			     "write all, or the numbers");
	assert_field_refused(text, "status", "status: active",
			     "no such field here");
	text = text_of("endorsement");
	assert_field_refused(text, "not_checked", "not_checked: [cost, clear]",
			     "\"clear\" stands in checked, too");
	assert_field_refused(text, "patient_involvement",
			     "patient_involvement: {level: informed}",
			     "is missing; write \"how: ");
	assert_field_taken(text, "patient_involvement",
			   "patient_involvement: {level: none}");
	text = text_of("adoption");
	assert_field_refused(text, "ihi_progress", "ihi_progress: 3.2",
			     "write one of 0.5, 1, 1.5");
	assert_field_taken(text, "ihi_progress", "ihi_progress: 3.0");
}

static void record_parse__wants_a_title_in_one_line(void **state)
{
	static const char *const bad[] = {
		"\" a\"", "\"a \"", "\"a\\tb\"", "\"a\\nb\"", "|\n  a\n  b",
	};
	struct span text = text_of("problem");
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(line, sizeof line, "title: %s", bad[i]);
		assert_field_refused(text, "title", line, "must be one line");
	}
	assert_field_taken(text, "title", "title: >-\n  a\n  b");
}

static void record_parse__compares_the_versions_that_are_named(void **state)
{
	static const char target[] = "target: wessex/intervention/a@2";
	struct problems p;
	struct record *r;
	struct buf b;
	struct buf c;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	buf_init(&c, TEXT_BYTES_MAX);
	(void)text_with_field(text_of("endorsement"), "target", target, &b);
	assert_field_taken(buf_span(&b), "target_version", "target_version: 2");
	assert_field_taken(buf_span(&b), "target_version", "");
	assert_field_refused(buf_span(&b), "target_version",
			     "target_version: 3", "names another version");
	(void)text_with_field(buf_span(&b), "target_version", "", &c);
	(void)text_with_field(buf_span(&c), "target",
			      "target: wessex/intervention/a", &b);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.errors, 0);
	assert_int_equal(p.warnings, 1);
	assert_string_equal(p.list[0].field, "target_version");
	problems_release(&p);
	record_free(r);
	buf_release(&c);
	buf_release(&b);
}

static void record_parse__wants_references_of_the_right_kind(void **state)
{
	(void)state;
	assert_field_refused(text_of("intervention"), "problem",
			     "problem: south-west/priority/x",
			     "names a record of kind priority; it must be of "
			     "kind problem");
	assert_field_refused(text_of("evidence"), "measure",
			     "measure: south-west/intervention/x",
			     "it must be of kind measure");
	assert_field_refused(text_of("priority"), "aim",
			     "aim: {measure: south-west/problem/x, from: 1, "
			     "to: 2, unit: x, by: 2026-12}",
			     "it must be of kind measure");
	assert_field_refused(text_of("evidence"), "comparators",
			     "comparators: [wessex/measure/x@1]",
			     "it must be of kind priority or evidence");
	assert_field_taken(text_of("evidence"), "comparators",
			   "comparators: [wessex/priority/x@1, "
			   "wessex/evidence/x@12:0123456789abcdef]");
	assert_field_taken(text_of("lesson"), "links",
			   "links: [{rel: acknowledges, id: "
			   "wessex/withdrawal/x}, {rel: about, id: "
			   "weald:0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef/lesson/x@3}]");
	assert_field_refused(text_of("lesson"), "links",
			     "links: [{rel: likes, id: wessex/lesson/x}]",
			     "write one of about, follows");
}

static void record_parse__looks_at_mailboxes(void **state)
{
	static const char *const bad[] = {
		"nobody",       "\"@nhs.uk\"",       "a@nhs",
		"a@b@nhs.uk",   "a b@nhs.uk",        "a@nhs..uk",
		"a@.nhs.uk",    "a@nhs.uk.",         "\"<a@nhs.uk>\"",
		"\"a,b@x.uk\"", "\"Team <a@x.uk>\"",
	};
	struct span text = text_of("problem");
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(line, sizeof line,
			       "contact: {role: Lead, mailbox: %s}", bad[i]);
		assert_field_refused(text, "contact", line, "is not a mailbox");
	}
	assert_field_taken(text, "contact",
			   "contact: {role: Lead, mailbox: "
			   "a.b+c@trust-x.nhs.uk}");
}

/* ---- codes and names that are nearly right -------------------------------
 */

static void record_parse__says_what_was_probably_meant(void **state)
{
	struct span text = text_of("evidence");

	(void)state;
	assert_field_refused(text, "topics", "topics: [AKI]",
			     "did you mean \"acute-kidney-injury\"?");
	assert_field_refused(text, "topics", "topics: [C diff]",
			     "did you mean \"infection\"?");
	assert_field_refused(text, "topics", "topics: [sespis]",
			     "did you mean \"sepsis\"?");
	assert_field_refused(text, "topics", "topics: [qqq]",
			     "The 23 codes are listed in docs/RECORDS.md "
			     "under \"topics\"");
	assert_field_refused(text, "settings", "settings: [Acute Ward]",
			     "did you mean \"acute-ward\"?");
	assert_field_refused(text, "conclusion", "conclusion: better",
			     "one of improved, no-change, worse, mixed, "
			     "too-early");
	assert_field_refused(text, "conclusoin", "conclusoin: worse",
			     "did you mean \"conclusion\"?");
	assert_field_refused(text, "region", "region: wessex",
			     "no such field here; docs/RECORDS.md lists");
}

static void record_parse__needs_a_kind_that_it_knows(void **state)
{
	struct span text = text_of("problem");

	(void)state;
	assert_field_refused(text, "kind", "kind: problems",
			     "did you mean \"problem\"? Write one of problem, "
			     "priority, intervention, measure, evidence, "
			     "adoption, lesson, withdrawal, endorsement");
	assert_field_refused(text, "kind", "kind: recipe",
			     "is not allowed; write one of problem, ");
	assert_field_refused(text, "kind", "kind: [problem]", "must be a");
}

/* A "?" at the start of an item makes it a field's name in a flow list. */
static void record_parse__sees_the_question_mark_in_a_flow_list(void **state)
{
	struct span text = text_of("priority");

	(void)state;
	assert_field_refused(text, "help_wanted", "help_wanted: [? who]",
			     "must be a single value");
	assert_field_refused(text, "help_wanted", "help_wanted: [who: why]",
			     "must be a single value");
	assert_field_taken(text, "help_wanted", "help_wanted: [\"who?\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_parse__asks_for_each_required_field),
		cmocka_unit_test(record_parse__takes_an_empty_field_for_none),
		cmocka_unit_test(
			record_parse__refuses_text_list_and_fields_for_another),
		cmocka_unit_test(
			record_parse__refuses_wrong_values_of_each_type),
		cmocka_unit_test(
			record_parse__keeps_to_the_limits_of_each_field),
		cmocka_unit_test(
			record_parse__says_what_an_empty_list_may_hold),
		cmocka_unit_test(record_parse__keeps_numbers_in_their_range),
		cmocka_unit_test(record_parse__takes_every_code_once),
		cmocka_unit_test(record_parse__looks_into_maps),
		cmocka_unit_test(record_parse__names_the_item_and_the_part),
		cmocka_unit_test(
			record_parse__asks_for_what_follows_from_another_field),
		cmocka_unit_test(
			record_parse__asks_whether_others_explain_the_result),
		cmocka_unit_test(record_parse__keeps_the_rules_of_kinds),
		cmocka_unit_test(record_parse__wants_a_title_in_one_line),
		cmocka_unit_test(
			record_parse__compares_the_versions_that_are_named),
		cmocka_unit_test(
			record_parse__wants_references_of_the_right_kind),
		cmocka_unit_test(record_parse__looks_at_mailboxes),
		cmocka_unit_test(record_parse__says_what_was_probably_meant),
		cmocka_unit_test(record_parse__needs_a_kind_that_it_knows),
		cmocka_unit_test(
			record_parse__sees_the_question_mark_in_a_flow_list),
	};

	return cmocka_run_group_tests(tests, load_examples, release_examples);
}
