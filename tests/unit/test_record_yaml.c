/*
 * How the fields of a record are written: YAML and its traps, what is kept of
 * a text that is broken, the tree and its lines; and dates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "store/record/record.h"
#include "tests/unit/recordset.h"

#define TEXT_BYTES_MAX 65536u

/* ---- YAML and its traps --------------------------------------------------
 */

/* A lesson with @line as line 8. */
static void write_lesson(const char *line, struct buf *out)
{
	buf_clear(out);
	assert_int_equal(buf_addf(out,
				  "---\n"
				  "kind: lesson\n"
				  "topics: [sepsis]\n"
				  "settings: [acute-ward]\n"
				  "about: wessex/intervention/x\n"
				  "outcome: no-effect\n"
				  "expected: less\n"
				  "%s\n"
				  "happened: the same\n"
				  "would_do_differently: nothing\n"
				  "patient_involvement: {level: none}\n"
				  "contact: {role: Lead, mailbox: a@b.nhs.uk}\n"
				  "---\nBody\n",
				  line),
			 WEALD_OK);
}

static void record_parse__takes_scalars_for_what_is_written(void **state)
{
	static const char *const texts[] = {
		"no",         "on",   "12:30", "1e3",   "0x10", "~",  "null",
		"2026-01-01", ".inf", "010",   "1_000", "yes",  "<<",
	};
	struct problems p;
	struct record *r;
	char line[128];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		(void)snprintf(line, sizeof line, "title: %s", texts[i]);
		write_lesson(line, &b);
		record_parse_any(buf_span(&b), &r, &p);
		assert_int_equal(p.n, 0);
		assert_string_equal(record_text(r, "title"), texts[i]);
		assert_true(record_get(r, "title")->valid);
		problems_release(&p);
		record_free(r);
	}
	buf_release(&b);
}

static void record_parse__refuses_what_restricted_yaml_leaves_out(void **state)
{
	static const struct {
		const char *line;
		size_t at;
		const char *why;
	} cases[] = {
		{ "title: &a b", 8, "anchors" },
		{ "title: *a", 8, "aliases" },
		{ "title: !!str b", 8, "tags" },
		{ "title: !b", 8, "tags" },
		{ "expected: more", 8, "given twice" },
		{ "title: a: b", 8, "put a text that holds \": \" in quotes" },
		{ "title: \"a", 13, "" },
		{ "\ttitle: a", 8, "" },
		{ "title: [a, b", 9, "" },
		{ "title: {a: b", 9, "" },
		{ "? title\n: a\ntitle: b", 10, "given twice" },
		{ "? [a]\n: b", 8, "the name of a field must be a text" },
		{ "title: `a`", 8, "quotes" },
		{ "title: @a", 8, "quotes" },
		{ "%YAML 1.1", 9, "" },
		{ "title: \"\\0\"", 8, "U+0000 may not stand here" },
		{ "title: \"a\\u202eb\"", 8, "U+202E may not stand here" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_lesson(cases[i].line, &b);
		record_assert_one_error(buf_span(&b), cases[i].at, "",
					cases[i].why);
	}
	buf_release(&b);
}

static void record_parse__keeps_what_stood_before_a_yaml_error(void **state)
{
	struct problems p;
	struct record *r;
	struct buf b;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	write_lesson("title: a: b", &b);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.n, 1);
	assert_string_equal(r->kind->name, "lesson");
	assert_string_equal(record_text(r, "expected"), "less");
	assert_null(record_get(r, "title"));
	assert_null(record_get(r, "happened"));
	assert_int_equal(r->body_line, 14);
	assert_int_equal(r->body.len, 5);
	problems_release(&p);
	record_free(r);

	/* what was read is checked all the same */
	write_lesson("outcom: x\ntitle: [open\n", &b);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.list[0].line, 8);
	assert_string_equal(p.list[0].field, "outcom");
	assert_null(record_get(r, "title"));
	problems_release(&p);
	record_free(r);
	buf_release(&b);
}

static void record_parse__finds_all_problems_at_once(void **state)
{
	static const char text[] = "---\n"
				   "kind: problem\n"
				   "title: [a]\n"
				   "topics: [sepsis, sepsis]\n"
				   "settings: [moon]\n"
				   "harm: {physical: bad}\n"
				   "incident_type: medication\n"
				   "scale: no\n"
				   "colour: red\n"
				   "example: maybe\n"
				   "---\n";
	static const size_t lines[] = { 1, 1, 1, 3, 4, 5, 6, 6, 9, 10 };
	struct problems p;
	struct record *r;
	size_t i;

	(void)state;
	record_parse_any(span_of(text), &r, &p);
	assert_int_equal(p.n, sizeof lines / sizeof lines[0]);
	for (i = 0; i < p.n; i++) {
		assert_int_equal(p.list[i].line, lines[i]);
	}
	assert_string_equal(p.list[4].field, "topics[2]");
	assert_string_equal(p.list[6].field, "harm.physical");
	assert_string_equal(p.list[7].field, "harm.psychological");
	assert_false(record_get(r, "title")->valid);
	assert_true(record_get(r, "scale")->valid);
	assert_false(record_get(r, "colour")->valid);
	problems_release(&p);
	record_free(r);
}

static void record_parse__refuses_what_has_no_front_matter(void **state)
{
	static const char *const texts[] = {
		"",
		"kind: problem\n",
		"---\n",
		"---\nkind: problem\n",
		"\n---\n",
		"\xef\xbb\xbf---\nkind: problem\n---\n",
		"---\n\xff\n---\n",
	};
	struct problems p;
	struct record *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		p = (struct problems){ .list = NULL };
		assert_int_equal(record_parse(span_of(texts[i]), &r, &p),
				 WEALD_INVALID);
		assert_null(r);
		assert_int_equal(p.errors, 1);
		assert_int_equal(p.n, 1);
		assert_true(p.list[0].line > 0);
		problems_release(&p);
	}
}

static void record_parse__takes_empty_front_matter(void **state)
{
	static const char *const texts[] = { "---\n---\n", "---\n# x\n---\n" };
	struct problems p;
	struct record *r;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		record_parse_any(span_of(texts[i]), &r, &p);
		assert_null(r->kind);
		assert_int_equal(r->fields.n, 0);
		assert_int_equal(p.n, 1);
		assert_string_equal(p.list[0].field, "kind");
		problems_release(&p);
		record_free(r);
	}
	record_parse_any(span_of("---\n- a\n---\n"), &r, &p);
	assert_null(r->kind);
	assert_string_equal(p.list[0].text.text,
			    "must be fields, one \"name: value\" a line");
	assert_int_equal(p.list[0].line, 2);
	problems_release(&p);
	record_free(r);
}

/* ---- the tree ------------------------------------------------------------
 */

static void record_parse__tells_the_lines_of_values(void **state)
{
	static const char text[] = "---\r\n"
				   "kind: lesson\r\n"
				   "title: >-\r\n"
				   "  two\r\n"
				   "  lines\r\n"
				   "topics: [sepsis,\r\n"
				   "  falls\r\n"
				   "  ]\r\n"
				   "contact:\r\n"
				   "  role: a\r\n"
				   "  mailbox: \"b\r\n"
				   "    c\"\r\n"
				   "\r\n"
				   "why:\r\n"
				   "  - people\r\n"
				   "---\r\n"
				   "Body\r\n";
	static const struct {
		const char *path;
		size_t key;
		size_t first;
		size_t last;
	} cases[] = {
		{ "kind", 2, 2, 2 },
		{ "title", 3, 3, 5 },
		{ "topics", 6, 6, 8 },
		{ "contact", 9, 10, 12 },
		{ "contact.role", 10, 10, 10 },
		{ "contact.mailbox", 11, 11, 12 },
		{ "why", 14, 15, 15 },
	};
	const struct value *v;
	struct problems p;
	struct record *r;
	size_t i;

	(void)state;
	record_parse_any(span_of(text), &r, &p);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		v = record_get(r, cases[i].path);
		assert_non_null(v);
		assert_int_equal(v->key_line, cases[i].key);
		assert_int_equal(v->line, cases[i].first);
		assert_int_equal(v->line_last, cases[i].last);
	}
	assert_string_equal(record_text(r, "title"), "two lines");
	assert_int_equal(r->body_line, 17);
	assert_int_equal(r->body.len, 6);
	assert_null(record_get(r, "contact.phone"));
	assert_null(record_get(r, "contact.role.x"));
	assert_null(record_get(r, ""));
	assert_string_equal(record_text(r, "contact"), "");
	assert_string_equal(record_text(r, "nothing"), "");
	problems_release(&p);
	record_free(r);
	record_free(NULL);
}

static void record_bool__is_true_for_yes_and_true(void **state)
{
	static const struct {
		const char *line;
		bool is;
	} cases[] = {
		{ "title: a\nexample: yes", true },
		{ "title: a\nexample: true", true },
		{ "title: a\nexample: no", false },
		{ "title: a\nexample: false", false },
		{ "title: a\nexample: null", false },
		{ "title: a\nexample:", false },
		{ "title: a", false },
	};
	struct problems p;
	struct record *r;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_lesson(cases[i].line, &b);
		record_parse_any(buf_span(&b), &r, &p);
		assert_int_equal(p.n, 0);
		assert_int_equal(record_bool(r, "example"), cases[i].is);
		problems_release(&p);
		record_free(r);
	}
	buf_release(&b);
}

static void record_parse__bounds_the_tree(void **state)
{
	struct problems p;
	struct record *r;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	assert_int_equal(buf_add_text(&b, "---\nkind: lesson\nwhy: ["),
			 WEALD_OK);
	for (i = 0; i < RECORD_VALUES_MAX; i++) {
		assert_int_equal(buf_add_text(&b, "x,"), WEALD_OK);
	}
	assert_int_equal(buf_add_text(&b, "x]\n---\n"), WEALD_OK);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.list[0].text.text, "more than 5000 values");
	assert_int_equal(r->fields.n, 1);
	problems_release(&p);
	record_free(r);

	buf_clear(&b);
	assert_int_equal(buf_add_text(&b, "---\nkind: lesson\n"), WEALD_OK);
	for (i = 0; i < 200; i++) {
		assert_int_equal(buf_addf(&b, "x%zu: y\n", i), WEALD_OK);
	}
	assert_int_equal(buf_add_text(&b, "---\n"), WEALD_OK);
	record_parse_any(buf_span(&b), &r, &p);
	assert_int_equal(p.n, PROBLEMS_MAX);
	assert_true(p.errors > 200);
	problems_release(&p);
	record_free(r);
	buf_release(&b);
}

/* ---- dates ---------------------------------------------------------------
 */

static void date_parse__knows_real_days_alone(void **state)
{
	static const struct {
		const char *text;
		int64_t days;
	} good[] = {
		{ "1970-01-01", 0 },      { "1969-12-31", -1 },
		{ "1900-01-01", -25567 }, { "2199-12-31", 84005 },
		{ "2000-02-29", 11016 },  { "2000-03-01", 11017 },
		{ "2026-01-31", 20484 },  { "2024-12-31", 20088 },
	};
	static const char *const bad[] = {
		"",           "2026",       "2026-01",     "2026-01-",
		"2026-01-1",  "2026-01-00", "2026-01-32",  "2026-02-29",
		"2100-02-29", "2026-04-31", "2026-00-01",  "2026-13-01",
		"1899-12-31", "2200-01-01", "2026-01-01 ", " 2026-01-01",
		"2026/01/01", "+026-01-01", "2026-01-0a",
	};
	int64_t days;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(date_parse(good[i].text, &days));
		assert_int_equal(days, good[i].days);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		days = 77;
		assert_false(date_parse(bad[i], &days));
		assert_int_equal(days, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			record_parse__takes_scalars_for_what_is_written),
		cmocka_unit_test(
			record_parse__refuses_what_restricted_yaml_leaves_out),
		cmocka_unit_test(
			record_parse__keeps_what_stood_before_a_yaml_error),
		cmocka_unit_test(record_parse__finds_all_problems_at_once),
		cmocka_unit_test(
			record_parse__refuses_what_has_no_front_matter),
		cmocka_unit_test(record_parse__takes_empty_front_matter),
		cmocka_unit_test(record_parse__tells_the_lines_of_values),
		cmocka_unit_test(record_bool__is_true_for_yes_and_true),
		cmocka_unit_test(record_parse__bounds_the_tree),
		cmocka_unit_test(date_parse__knows_real_days_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
