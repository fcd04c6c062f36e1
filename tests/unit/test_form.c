/* Forms: what they ask, what is filled in, and that they read back. */
#include "store/record/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/record/record.h"

/* A form as text; the caller releases @out. */
static void write_form(const char *kind, const struct form_value *values,
		       size_t n, struct buf *out)
{
	struct form form = { .kind = vocab_kind(span_of(kind)),
			     .values = values,
			     .values_n = n };

	assert_non_null(form.kind);
	buf_init(out, FORM_BYTES_MAX);
	assert_int_equal(form_write(&form, out), WEALD_OK);
	assert_int_equal(buf_add_byte(out, '\0'), WEALD_OK);
	out->len--;
}

static bool has(const struct buf *text, const char *part)
{
	return strstr((const char *)text->data, part) != NULL;
}

/* The record that the form is; the caller frees it. */
static struct record *parse(const struct buf *text, struct problems *problems)
{
	struct record *r = NULL;

	assert_int_equal(record_parse(buf_span(text), &r, problems), WEALD_OK);
	return r;
}

/* Is there an error at the field, or in it? */
static bool is_among(const struct problems *p, const char *field)
{
	const size_t len = strlen(field);
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->list[i].level == PROBLEM_ERROR &&
		    strncmp(p->list[i].field, field, len) == 0 &&
		    strchr(".[", p->list[i].field[len]) != NULL) {
			return true;
		}
	}
	return false;
}

static void form_write__of_every_kind_is_refused_as_it_is(void **state)
{
	const struct kind *kinds;
	struct problems problems;
	struct record *r;
	struct buf text;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	kinds = vocab_kinds(&n);
	assert_int_equal(n, 9);
	for (i = 0; i < n; i++) {
		problems = (struct problems){ .n = 0 };
		write_form(kinds[i].name, NULL, 0, &text);
		r = parse(&text, &problems);
		assert_ptr_equal(r->kind, &kinds[i]);
		/* every field that must be filled in is named, and no other */
		for (k = 0; k < kinds[i].fields_n; k++) {
			const struct field *f = &kinds[i].fields[k];
			bool must = f->need == FIELD_REQUIRED &&
				    f->type != FIELD_PATH;

			assert_int_equal(is_among(&problems, f->name), must);
		}
		problems_release(&problems);
		record_free(r);
		buf_release(&text);
	}
}

static void form_write__asks_for_every_field_of_the_kind(void **state)
{
	const struct kind *kinds;
	struct buf text;
	char line[80];
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	kinds = vocab_kinds(&n);
	for (i = 0; i < n; i++) {
		write_form(kinds[i].name, NULL, 0, &text);
		for (k = 0; k < kinds[i].fields_n; k++) {
			const struct field *f = &kinds[i].fields[k];

			(void)snprintf(line, sizeof line, "\n%s%s:",
				       f->need == FIELD_REQUIRED ||
						       strcmp(f->name,
							      "kind") == 0
					       ? ""
					       : "#",
				       f->name);
			assert_true(has(&text, line));
		}
		assert_false(has(&text, "\t"));
		buf_release(&text);
	}
}

static void form_write__puts_what_must_be_there_first(void **state)
{
	struct buf text;
	const char *may;
	const char *scale;
	const char *status;

	(void)state;
	write_form("problem", NULL, 0, &text);
	may = strstr((const char *)text.data, "May be added");
	scale = strstr((const char *)text.data, "\nscale: ");
	status = strstr((const char *)text.data, "\n#status: ");
	assert_true(scale < may && may < status);
	assert_true(has(&text, "#   fatal     Fatal\n"));
	assert_true(has(&text, "\ntopics: []\n"));
	buf_release(&text);
}

static void form_write__fills_in_what_is_given(void **state)
{
	static const struct form_value values[] = {
		{ "title", "Falls: at night, \"again\"" },
		{ "topics", "falls" },
		{ "topics", "safety-culture" },
		{ "contact.role", "Falls lead" },
		{ "contact.mailbox", "falls@example.nhs.uk" },
		{ "about", "wessex/intervention/mats@2" },
		{ "links.rel", "about" },
		{ "links.id", "wessex/problem/falls" },
		{ "links.rel", "follows" },
		{ "links.id", "wessex/lesson/mats" },
		{ "no_such_field", "x" },
	};
	struct problems problems = { .n = 0 };
	const struct value *v;
	struct record *r;
	struct buf text;

	(void)state;
	write_form("lesson", values, sizeof values / sizeof values[0], &text);
	r = parse(&text, &problems);
	assert_string_equal(record_text(r, "title"), values[0].text);
	assert_string_equal(record_text(r, "contact.role"), "Falls lead");
	assert_string_equal(record_text(r, "about"),
			    "wessex/intervention/mats@2");
	v = record_get(r, "topics");
	assert_int_equal(v->n, 2);
	assert_string_equal(v->items[1].text, "safety-culture");
	v = record_get(r, "links");
	assert_int_equal(v->n, 2);
	assert_string_equal(v->items[1].items[0].text, "follows");
	assert_string_equal(v->items[1].items[1].text, "wessex/lesson/mats");
	assert_false(has(&text, "no_such_field"));
	assert_false(is_among(&problems, "title"));
	assert_false(is_among(&problems, "links"));
	assert_true(is_among(&problems, "outcome"));
	problems_release(&problems);
	record_free(r);
	buf_release(&text);
}

static void form_write__leaves_it_to_a_person_to_say_that_nothing_is(
	void **state)
{
	struct buf text;

	(void)state;
	/* [] would say that nothing changed, and nobody has said so */
	write_form("adoption", NULL, 0, &text);
	assert_true(has(&text, "\nchanges: \n#  - what: \n"));
	assert_false(has(&text, "\nchanges: []"));
	buf_release(&text);
	write_form("evidence", NULL, 0, &text);
	assert_true(has(&text, "\nother_changes: \n#  - \n"));
	assert_true(has(&text, "\n#other_changes_could_explain: "));
	buf_release(&text);
}

static void form_write__says_when_it_is_too_big(void **state)
{
	struct form form = { .kind = vocab_kind(span_of("problem")) };
	struct buf text;

	(void)state;
	buf_init(&text, 1000);
	assert_int_equal(form_write(&form, &text), WEALD_TOOBIG);
	buf_release(&text);
}

static void form_has_series__where_the_kind_must_have_one(void **state)
{
	static const struct form_value given = { "series", "data.csv" };
	struct form form = { .kind = vocab_kind(span_of("evidence")) };

	(void)state;
	assert_true(form_has_series(&form));
	form.kind = vocab_kind(span_of("problem"));
	assert_false(form_has_series(&form));
	form.kind = vocab_kind(span_of("adoption"));
	assert_false(form_has_series(&form));
	form.values = &given;
	form.values_n = 1;
	assert_true(form_has_series(&form));
}

static void form_write_series__is_a_header(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	assert_int_equal(form_write_series(&text), WEALD_OK);
	assert_true(span_equal(buf_span(&text),
			       span_of("month,numerator,denominator\n")));
	buf_release(&text);
}

static void form_scalar__reads_back_as_it_was(void **state)
{
	static const char *const texts[] = {
		"plain",
		"a/b/c@12",
		"with: colon",
		"# not a comment",
		"a # b",
		"\"quoted\"",
		"back\\slash",
		"- item",
		"[1, 2]",
		"{a: b}",
		"*star",
		"&and",
		"!tag",
		"'single'",
		"ends in space ",
		" begins so",
		"two\nlines",
		"a, b",
		"n\xc3\xb6",
		"\xe2\x82\xac 5",
		"%directive",
		"@at",
		"`tick`",
		"| pipe",
		"> more",
		"?",
		"no",
		"1e3",
	};
	struct problems problems = { .n = 0 };
	struct record *r;
	struct buf text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		buf_init(&text, 1000);
		assert_int_equal(buf_add_text(&text, "---\nkind: problem\n"
						     "scale: "),
				 WEALD_OK);
		assert_int_equal(form_scalar(texts[i], &text), WEALD_OK);
		assert_int_equal(buf_add_text(&text, "\n---\n"), WEALD_OK);
		r = parse(&text, &problems);
		assert_string_equal(record_text(r, "scale"), texts[i]);
		record_free(r);
		buf_release(&text);
	}
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_write__of_every_kind_is_refused_as_it_is),
		cmocka_unit_test(form_write__asks_for_every_field_of_the_kind),
		cmocka_unit_test(form_write__puts_what_must_be_there_first),
		cmocka_unit_test(form_write__fills_in_what_is_given),
		cmocka_unit_test(
			form_write__leaves_it_to_a_person_to_say_that_nothing_is),
		cmocka_unit_test(form_write__says_when_it_is_too_big),
		cmocka_unit_test(form_has_series__where_the_kind_must_have_one),
		cmocka_unit_test(form_write_series__is_a_header),
		cmocka_unit_test(form_scalar__reads_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
