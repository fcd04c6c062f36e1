#include "daemon/cli/plot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/text.h"

/* ---- helpers -------------------------------------------------------------
 */

struct made {
	struct series_row rows[SERIES_ROWS_MAX];
	struct series series;
};

/* Months of 50 and a wave; from @start on 20 fewer. */
static struct chart chart_of(struct made *m, size_t n, size_t start)
{
	struct chart_how how = { .shape = EFFECT_COUNT, .fix_after = start };
	struct chart c;
	size_t i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < n; i++) {
		m->rows[i] = (struct series_row){
			.month = (int32_t)i,
			.day = 1,
			.numerator =
				(double)(50 + i * 7 % 5) - (i < start ? 0 : 20),
			.denominator = 1,
			.phase = i < start ? SERIES_BEFORE : SERIES_AFTER,
		};
	}
	m->series = (struct series){ .rows = m->rows, .n = n };
	assert_int_equal(chart_make(&m->series, &how, &c), WEALD_OK);
	return c;
}

static char *text_of(const struct chart *c, const struct plot_how *how)
{
	struct buf out;
	char *text;

	buf_init(&out, 1u << 20);
	assert_int_equal(plot_chart(c, how, &out), WEALD_OK);
	assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
	assert_true(text_is_utf8(buf_span(&out)));
	text = strdup((const char *)out.data);
	assert_non_null(text);
	buf_release(&out);
	return text;
}

static size_t columns(const char *line, size_t bytes)
{
	struct span s = { (const uint8_t *)line, bytes };
	uint32_t rune;
	size_t n = 0;
	size_t step;

	while (s.len > 0) {
		step = text_rune(s, &rune);
		assert_true(step > 0);
		s.data += step;
		s.len -= step;
		n++;
	}
	return n;
}

/* No line is wider than @width, none ends in a blank. */
static void assert_fits(const char *text, size_t width)
{
	const char *end;

	for (; *text != '\0'; text = end + 1) {
		end = strchr(text, '\n');
		assert_non_null(end);
		if (columns(text, (size_t)(end - text)) > width) {
			print_message("%s", text);
			fail();
		}
		assert_true(end == text || end[-1] != ' ');
	}
}

/* ---- the tests -----------------------------------------------------------
 */

static void plot_chart__draws_all_that_there_is(void **state)
{
	static struct made m;
	struct chart c = chart_of(&m, 24, 12);
	const struct plot_how how = { .width = 60,
				      .height = 11,
				      .has_start = true,
				      .start_month = 12,
				      .has_target = true,
				      .target = 40 };
	char *text = text_of(&c, &how);

	(void)state;
	assert_fits(text, 60);
	assert_non_null(strstr(text, "1970-01"));
	assert_non_null(strstr(text, "^1971-01"));
	assert_non_null(strstr(text, "1971-12"));
	assert_non_null(strstr(text, "\n40.0 |===="));
	assert_non_null(strstr(text, ". limits"));
	assert_non_null(strstr(text, "- centre line"));
	assert_non_null(strstr(text, "= target"));
	assert_non_null(strstr(text, ": start"));
	assert_non_null(strstr(text, "* point"));
	assert_non_null(strstr(text, "X outside the limits"));
	assert_null(strstr(text, "T trend"));
	free(text);
	chart_release(&c);
}

static void plot_chart__draws_one_sign_a_point(void **state)
{
	static struct made m;
	struct chart c = chart_of(&m, 24, 12);
	const struct plot_how how = { .width = 80, .height = 40 };
	char *text = text_of(&c, &how);
	char *axis = strstr(text, " +--");
	size_t points = 0;
	size_t i;

	(void)state;
	assert_non_null(axis);
	*axis = '\0';
	for (i = 0; text[i] != '\0'; i++) {
		points += strchr("*XTS", text[i]) != NULL;
	}
	assert_int_equal(points, 24);
	free(text);
	chart_release(&c);
}

static void plot_chart__fits_whatever_the_width(void **state)
{
	static const size_t widths[] = { 0, 40, 57, 60, 80, 132, 1000 };
	static const size_t points[] = { 1, 2, 11, 24, 60, 120, 1200 };
	static struct made m;
	struct plot_how how = { .has_start = true };
	struct chart c;
	char *text;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof points / sizeof points[0]; i++) {
		c = chart_of(&m, points[i], points[i] / 2);
		how.start_month = (int32_t)points[i] / 2;
		for (k = 0; k < sizeof widths / sizeof widths[0]; k++) {
			how.width = widths[k];
			how.height = 2 * k;
			how.utf8 = k % 2 == 1;
			text = text_of(&c, &how);
			assert_fits(text, widths[k] < PLOT_WIDTH_MIN
						  ? PLOT_WIDTH_MIN
					  : widths[k] > PLOT_WIDTH_MAX
						  ? PLOT_WIDTH_MAX
						  : widths[k]);
			free(text);
		}
		chart_release(&c);
	}
}

static void plot_chart__says_what_it_leaves_out(void **state)
{
	static struct made m;
	struct chart c = chart_of(&m, 120, 60);
	struct plot_how how = { .width = 60, .height = 10 };
	char *text = text_of(&c, &how);

	(void)state;
	assert_non_null(strstr(text, "  the last 5"));
	assert_non_null(strstr(text, " of 120 points\n"));
	free(text);
	how.width = 140;
	text = text_of(&c, &how);
	assert_null(strstr(text, "the last"));
	free(text);
	chart_release(&c);
}

static void plot_chart__draws_a_flat_line_and_nothing(void **state)
{
	struct series_row rows[3] = {
		{ .month = 1, .day = 1, .denominator = 1 },
		{ .month = 2, .day = 1, .denominator = 1 },
		{ .month = 3, .day = 1, .denominator = 1 },
	};
	const struct series s = { .rows = rows, .n = 3 };
	const struct chart_how flat = { .shape = EFFECT_COUNT };
	const struct plot_how how = { .width = 60, .height = 5 };
	struct chart c = { .n = 0 };
	char *text = text_of(&c, &how);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(chart_make(&s, &flat, &c), WEALD_OK);
	text = text_of(&c, &how);
	assert_fits(text, 60);
	assert_non_null(strstr(text, "\n0 |*---*---*---\n"));
	free(text);
	chart_release(&c);
}

static void plot_is_utf8__follows_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("LC_ALL", "en_GB.UTF-8", 1), 0);
	assert_true(plot_is_utf8());
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	assert_int_equal(setenv("LANG", "en_GB.utf8", 1), 0);
	assert_false(plot_is_utf8());
	assert_int_equal(unsetenv("LC_ALL"), 0);
	assert_int_equal(unsetenv("LC_CTYPE"), 0);
	assert_true(plot_is_utf8());
	assert_int_equal(unsetenv("LANG"), 0);
	assert_false(plot_is_utf8());
}

/* Where a limit has its row. */
static void plot_chart__never_loses_the_label_of_the_target(void **state)
{
	static struct made m;
	struct chart c = chart_of(&m, 24, 24);
	struct plot_how how = { .width = 60, .height = 11, .has_target = true };
	char want[40];
	char *text;

	(void)state;
	assert_true(c.points[23].has_limits);
	how.target = c.points[23].upper - 0.2;
	text = text_of(&c, &how);
	(void)snprintf(want, sizeof want, "%.1f |==", how.target);
	if (strstr(text, want) == NULL) {
		print_message("%s\n%s", want, text);
		fail();
	}
	free(text);
	chart_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plot_chart__draws_all_that_there_is),
		cmocka_unit_test(
			plot_chart__never_loses_the_label_of_the_target),
		cmocka_unit_test(plot_chart__draws_one_sign_a_point),
		cmocka_unit_test(plot_chart__fits_whatever_the_width),
		cmocka_unit_test(plot_chart__says_what_it_leaves_out),
		cmocka_unit_test(plot_chart__draws_a_flat_line_and_nothing),
		cmocka_unit_test(plot_is_utf8__follows_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
