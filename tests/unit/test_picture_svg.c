/*
 * The writer of SVG, and the places of ticks and labels.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/picture/axis.h"
#include "daemon/picture/svg.h"

/* What @text becomes as an element; the caller frees it. */
static char *written(const char *text)
{
	const struct svg_text how = { .size = 10 };
	struct buf out;
	struct svg s;

	buf_init(&out, 1u << 20);
	svg_draw(&s, &out);
	svg_write(&s, &how, text);
	assert_int_equal(s.err, WEALD_OK);
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	return (char *)out.data;
}

static void assert_written(const char *text, const char *expected)
{
	char *element = written(text);
	char whole[256];

	(void)snprintf(whole, sizeof whole,
		       "<text x=\"0\" y=\"0\" font-size=\"10\">%s</text>\n",
		       expected);
	assert_string_equal(element, whole);
	free(element);
}

static void write_escapes_what_is_markup(void **state)
{
	(void)state;
	assert_written("<script>alert('\"&\")</script>",
		       "&lt;script&gt;alert(&#39;&quot;&amp;&quot;)&lt;"
		       "/script&gt;");
	assert_written("]]>", "]]&gt;");
}

static void write_leaves_out_what_xml_has_no_place_for(void **state)
{
	(void)state;
	assert_written("a\001\033[31mb\177c\xc2\x85"
		       "d\xef\xbf\xbe"
		       "e\xef\xbb\xbf"
		       "f",
		       "a[31mb"
		       "cdef");
	/* overrides and isolates of direction, zero widths, soft hyphens */
	assert_written("a\xe2\x80\xae"
		       "b\xe2\x81\xa7"
		       "c\xe2\x80\x8b"
		       "d\xc2\xad"
		       "e",
		       "abcde");
	assert_written("a\xff\xc0\x80z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
					 "z");
}

static void write_makes_one_space_of_white_space(void **state)
{
	(void)state;
	assert_written(" \n a\t\r\n  b\xe2\x80\xa8 c", "a b c");
}

static void write_stacks_two_marks_at_most(void **state)
{
	(void)state;
	assert_written("e\xcc\x81\xcc\x82\xcc\x83\xcc\x84!",
		       "e\xcc\x81\xcc\x82!");
	/* none at the start, where there is nothing to stand on */
	assert_written("\xcc\x81x", "x");
}

static void width_is_of_what_is_shown(void **state)
{
	(void)state;
	assert_true(svg_width("", 10, false) == 0);
	assert_true(svg_width("\xe2\x80\xae\001", 10, false) == 0);
	assert_true(fabs(svg_width("W", 100, false) - 99) < 0.01);
	assert_true(fabs(svg_width("W", 100, true) - 111) < 0.01);
	assert_true(svg_width("a", 10, true) > svg_width("a", 10, false));
	/* the whole phrase that is one character takes its room */
	assert_true(svg_width("\xef\xb7\xbd", 10, false) > 100);
}

static void write_cut_ends_in_an_ellipsis(void **state)
{
	const struct svg_text how = { .size = 10 };
	struct buf out;
	struct svg s;
	const char *end;

	(void)state;
	buf_init(&out, 4096);
	svg_draw(&s, &out);
	svg_write_cut(&s, &how, 60, "one two three four five");
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	end = strstr((const char *)out.data, "\xe2\x80\xa6</text>");
	assert_non_null(end);
	assert_null(strstr((const char *)out.data, "three"));
	buf_clear(&out);
	svg_write_cut(&s, &how, 600, "one two");
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	assert_non_null(strstr((const char *)out.data, ">one two</text>"));
	buf_release(&out);
}

static size_t count(const char *in, const char *what)
{
	size_t n = 0;

	for (in = strstr(in, what); in != NULL; in = strstr(in + 1, what)) {
		n++;
	}
	return n;
}

static void write_block_breaks_at_words(void **state)
{
	const struct svg_text how = { .size = 10 };
	struct svg_block block = { .width = 60, .line = 12, .lines_max = 9 };
	struct buf out;
	struct svg s;

	(void)state;
	buf_init(&out, 4096);
	svg_draw(&s, &out);
	assert_int_equal(svg_write_block(&s, &how, &block,
					 "one two three four five"),
			 3);
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	assert_int_equal(count((const char *)out.data, "</text>"), 3);
	assert_non_null(strstr((const char *)out.data, ">one two</text>"));
	assert_non_null(strstr((const char *)out.data, "y=\"12\""));
	assert_non_null(strstr((const char *)out.data, ">five</text>"));
	buf_clear(&out);
	block.lines_max = 2;
	assert_int_equal(svg_write_block(&s, &how, &block,
					 "one two three four five"),
			 2);
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	assert_int_equal(count((const char *)out.data, "\xe2\x80\xa6"), 1);
	assert_int_equal(svg_write_block(NULL, &how, &block, " \n"), 0);
	/* a word that is too long for any line */
	block.lines_max = 99;
	assert_in_range(
		svg_write_block(NULL, &how, &block,
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		4, 5);
	buf_release(&out);
}

static void number_is_the_same_everywhere(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{ 0, "\"0\"" },
		{ -0.001, "\"0\"" },
		{ 1.005, "\"1" },
		{ -12.5, "\"-12.5\"" },
		{ 3.14159, "\"3.14\"" },
		{ 0.05, "\"0.05\"" },
		{ 100, "\"100\"" },
		{ (double)NAN, "\"0\"" },
		{ -(double)INFINITY, "\"0\"" },
		{ 1e300, "\"1000000\"" },
	};
	struct buf out;
	struct svg s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_init(&out, 4096);
		svg_draw(&s, &out);
		svg_circle(&s, cases[i].x, 7, 7, "");
		assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
		assert_non_null(strstr((const char *)out.data, cases[i].text));
		buf_release(&out);
	}
}

static void finish_has_title_and_description(void **state)
{
	struct svg_page page = {
		.width = 100,
		.height = 50,
		.title = "A & B",
		.text = "It shows <nothing>.",
	};
	struct buf body;
	struct buf out;
	struct svg s;
	const char *text;
	const char *id;

	(void)state;
	buf_init(&body, 4096);
	buf_init(&out, 4096);
	svg_draw(&s, &body);
	assert_int_equal(svg_finish(&s, &page, &out), WEALD_OK);
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	text = (const char *)out.data;
	assert_non_null(strstr(text, ">A &amp; B</title>"));
	assert_non_null(strstr(text, ">It shows &lt;nothing&gt;.</desc>"));
	assert_non_null(strstr(text, "role=\"img\""));
	id = strstr(text, "aria-labelledby=\"title-");
	assert_non_null(id);
	/* both names are those of the elements */
	assert_int_equal(count(text, "\"title-"), 2);
	assert_int_equal(count(text, " desc-"), 1);
	assert_int_equal(count(text, "\"desc-"), 1);
	buf_release(&body);
	buf_release(&out);
}

static void errors_stick(void **state)
{
	const struct svg_page page = { 1, 1, "", "" };
	struct buf body;
	struct buf out;
	struct svg s;

	(void)state;
	buf_init(&body, 20);
	buf_init(&out, 4096);
	svg_draw(&s, &body);
	svg_line(&s, 0, 0, 1, 1, "stroke='#000'");
	assert_int_equal(s.err, WEALD_TOOBIG);
	assert_int_equal(svg_finish(&s, &page, &out), WEALD_TOOBIG);
	buf_release(&body);
	buf_release(&out);
}

/* ---- axes ----------------------------------------------------------------
 */

static void axis_holds_its_values(void **state)
{
	struct axis a;
	unsigned seed = 5;
	size_t i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		const double ten = pow(10, (double)(rand_r(&seed) % 60) - 30);
		const double low = (double)(rand_r(&seed) % 2000 - 1000) * ten;
		const double high =
			i % 7 == 0
				? low
				: (double)(rand_r(&seed) % 2000 - 1000) * ten;
		const size_t ticks = 2 + (size_t)(rand_r(&seed) % 10);
		const double slack = 1e-6 * (fabs(low) + fabs(high));

		axis_make(low, high, ticks, &a);
		assert_true(a.high > a.low && a.step > 0);
		assert_true(a.low <= fmin(low, high) + slack);
		assert_true(a.high >= fmax(low, high) - slack);
		assert_true((a.high - a.low) / a.step < (double)ticks + 1e-6);
		assert_in_range(a.decimals, 0, 9);
	}
}

static void axis_numbers_are_short(void **state)
{
	static const struct {
		double high;
		const char *text;
		const char *power;
	} cases[] = {
		{ 0.8, "0.8", "" },
		{ 70, "70", "" },
		{ 50000, "50,000", "" },
		{ 2500000, "2.5", "in millions" },
		{ 4e12, "4", "in units of 10^12" },
		{ 0.00004, "40", "in units of 10^-6" },
	};
	char text[AXIS_TEXT_BYTES];
	struct axis a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		axis_make(0, cases[i].high, 7, &a);
		axis_text(&a, cases[i].high, 0, text);
		assert_string_equal(text, cases[i].text);
		axis_power_words(&a, text);
		assert_string_equal(text, cases[i].power);
	}
}

static void months_have_their_names(void **state)
{
	char text[AXIS_MONTH_BYTES];

	(void)state;
	axis_month(0, text);
	assert_string_equal(text, "Jan 1970");
	axis_month(-1, text);
	assert_string_equal(text, "Dec 1969");
	axis_month(661, text);
	assert_string_equal(text, "Feb 2025");
	axis_month(INT32_MIN, text);
	axis_month(INT32_MAX, text);
	assert_int_equal(axis_months_apart(40, 39), 1);
	assert_int_equal(axis_months_apart(20, 39), 2);
	assert_int_equal(axis_months_apart(5, 39), 12);
}

static void spread_keeps_labels_apart(void **state)
{
	double at[32];
	double before[32];
	unsigned seed = 9;
	size_t n;
	size_t i;
	size_t k;

	(void)state;
	for (k = 0; k < 5000; k++) {
		n = 1 + (size_t)(rand_r(&seed) % 32);
		for (i = 0; i < n; i++) {
			at[i] = rand_r(&seed) % 400;
		}
		for (i = 1; i < n; i++) { /* ascending */
			at[i] = fmax(at[i], at[i - 1]);
		}
		memcpy(before, at, sizeof at);
		axis_spread(at, n, 12, 0, 400);
		for (i = 0; i < n; i++) {
			assert_true(at[i] >= 6 - 1e-9 && at[i] <= 394 + 1e-9);
			assert_true(i == 0 || at[i] - at[i - 1] >= 12 - 1e-9);
		}
		if (n == 1 && before[0] >= 6 && before[0] <= 394) {
			assert_true(at[0] == before[0]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_escapes_what_is_markup),
		cmocka_unit_test(write_leaves_out_what_xml_has_no_place_for),
		cmocka_unit_test(write_makes_one_space_of_white_space),
		cmocka_unit_test(write_stacks_two_marks_at_most),
		cmocka_unit_test(width_is_of_what_is_shown),
		cmocka_unit_test(write_cut_ends_in_an_ellipsis),
		cmocka_unit_test(write_block_breaks_at_words),
		cmocka_unit_test(number_is_the_same_everywhere),
		cmocka_unit_test(finish_has_title_and_description),
		cmocka_unit_test(errors_stick),
		cmocka_unit_test(axis_holds_its_values),
		cmocka_unit_test(axis_numbers_are_short),
		cmocka_unit_test(months_have_their_names),
		cmocka_unit_test(spread_keeps_labels_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
