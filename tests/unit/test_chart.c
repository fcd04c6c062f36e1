#include "store/evidence/chart.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/chartkit.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool out_of_memory;

void *__wrap_malloc(size_t size)
{
	return out_of_memory ? NULL : __real_malloc(size);
}

/* ---- helpers -------------------------------------------------------------
 */

/* A letter a point: "-" common, O, T, 2, S; small where it goes down. */
static void assert_signals(const struct chart *c, const char *expected)
{
	static const char letters[2][6] = { "-ot2s", "-OT2S" };
	char got[SERIES_ROWS_MAX + 1];
	size_t i;

	for (i = 0; i < c->n; i++) {
		got[i] = letters[c->points[i].above][c->points[i].signal];
	}
	got[i] = '\0';
	assert_string_equal(got, expected);
}

/* ---- names ---------------------------------------------------------------
 */

static void names__are_those_of_the_codes(void **state)
{
	static const char *const names[CHART_TYPES_N] = {
		"xmr", "run", "p", "pp", "u", "up", "c", "g", "t",
	};
	enum chart_type type;
	unsigned i;

	(void)state;
	for (i = 0; i < CHART_TYPES_N; i++) {
		assert_string_equal(chart_type_name((enum chart_type)i),
				    names[i]);
		assert_true(chart_type_of(names[i], &type));
		assert_int_equal(type, i);
	}
	assert_false(chart_type_of("auto", &type));
	assert_false(chart_type_of("", &type));
	assert_string_equal(chart_state_name(CHART_UNFIT), "unfit");
	assert_string_equal(chart_state_name(CHART_FULL), "full");
	assert_string_equal(chart_signal_name(CHART_SHIFT), "shift");
	assert_string_equal(chart_variation_name(CHART_VARIATION_NEITHER),
			    "neither");
	assert_string_equal(chart_assurance_name(CHART_ASSURANCE_HIT_OR_MISS),
			    "hit-or-miss");
	assert_true(chart_per_usual(EFFECT_PROPORTION) == 100);
	assert_true(chart_per_usual(EFFECT_RATE) == 1);
}

static void chart_rules_of__knows_sets_by_name(void **state)
{
	static const double six[] = { 1, 2, 1, 2, 3, 4, 5, 6, 3, 2, 4, 2 };
	struct chart_how how = chartkit_plain();
	struct chart c;

	(void)state;
	assert_int_equal(chart_rules_of("mdc-7")->shift, 7);
	assert_int_equal(chart_rules_of("mdc-7")->trend, 7);
	assert_int_equal(chart_rules_of("8-6")->shift, 8);
	assert_int_equal(chart_rules_of("8-6")->trend, 6);
	assert_null(chart_rules_of("mdc"));
	assert_null(chart_rules_of(""));

	chartkit_chart(six, 12, &how, &c);
	assert_string_equal(c.rules.name, CHART_RULES);
	assert_signals(&c, "------------");
	chart_release(&c);
	how.rules = chart_rules_of("6-6");
	chartkit_chart(six, 12, &how, &c);
	assert_string_equal(c.rules.name, "6-6");
	assert_signals(&c, "--TTTTTT----");
	chart_release(&c);
}

/* ---- rules ---------------------------------------------------------------
 */

static void rules__have_their_order(void **state)
{
	/* all on one side, rising, the last two near a limit, one outside */
	static const double up[] = { 10, 11, 10, 11, 10, 11, 10,   11,   10,
				     11, 10, 11, 12, 13, 14, 14.5, 14.6, 19 };
	struct chart_how how = chartkit_plain();
	struct chart c;

	(void)state;
	how.fix_after = 12;
	chartkit_chart(up, 18, &how, &c);
	/* 10.5 -/+ 2.66: from 13.16 on outside */
	assert_signals(&c, "----------TTTTOOOO");
	chart_release(&c);
}

static void rule_of_trend__labels_a_turn_by_the_later(void **state)
{
	/* two far apart give wide limits */
	static const double turn[] = { 0, 9, 0, 9, 1, 2, 3, 4, 5,
				       6, 7, 6, 5, 4, 3, 2, 1 };
	static const double tie[] = { 0, 9, 0, 9, 1, 2, 3, 4, 5,
				      6, 7, 7, 6, 5, 4, 3, 2, 1 };
	static const double back[] = { 0, 9, 0, 9, 1, 2, 3,  4,  5,
				       6, 7, 6, 7, 8, 9, 10, 11, 12 };
	struct chart_how how = chartkit_plain();
	struct chart c;

	(void)state;
	how.fix_after = 4;
	chartkit_chart(turn, 17, &how, &c);
	assert_signals(&c, "----TTTTTTttttttt");
	chart_release(&c);
	/* between two trends: each point goes where its own goes */
	chartkit_chart(tie, 18, &how, &c);
	assert_signals(&c, "----TTTTTTTttttttt");
	chart_release(&c);
	chartkit_chart(back, 18, &how, &c);
	assert_signals(&c, "----TTTTTTTTTTTTTT");
	chart_release(&c);
}

static void rule_of_shift__ends_on_the_centre(void **state)
{
	static const double with[] = { 9,  8,  9,  8,  9,  8,  10, 9,
				       11, 12, 11, 12, 11, 12, 11 };
	static const double without[] = { 9,  8,  9,  8,  9,  8,  9.5, 9,
					  11, 12, 11, 12, 11, 12, 11 };
	struct chart_how how = chartkit_plain();
	struct chart c;

	(void)state;
	chartkit_chart(with, 15, &how, &c);
	assert_true(c.points[6].centre == 10);
	assert_int_equal(c.points[6].side, 0);
	assert_int_equal(c.points[5].side, -1);
	assert_int_equal(c.points[0].signal, CHART_COMMON);
	assert_int_equal(c.points[14].signal, CHART_SHIFT);
	chart_release(&c);
	chartkit_chart(without, 15, &how, &c);
	assert_int_equal(c.points[0].signal, CHART_SHIFT);
	assert_false(c.points[0].above);
	chart_release(&c);
}

/* What is equal is equal, however rounding took it. */
static void rules__see_no_signal_in_the_last_digit(void **state)
{
	static const double same[] = { 0.1, 0.1, 0.1, 0.1, 0.1, 0.1,
				       0.1, 0.1, 0.1, 0.1, 0.1 };
	static const double near[] = { 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3,
				       0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3 };
	struct chart_how how = chartkit_plain();
	struct chart c;
	unsigned screened;
	size_t i;
	size_t k;

	(void)state;
	for (screened = 0; screened < 2; screened++) {
		how.screened = screened != 0;
		chartkit_chart(same, 11, &how, &c);
		for (i = 0; i < c.n; i++) {
			assert_true(c.points[i].centre == 0.1);
			assert_true(c.points[i].lower == 0.1);
			assert_true(c.points[i].upper == 0.1);
			assert_int_equal(c.points[i].side, 0);
		}
		assert_int_equal(chartkit_signals(&c), 0);
		assert_false(c.anhoej.known);
		chart_release(&c);
	}
	for (k = 0; k < 2; k++) { /* more of the one, more of the other */
		chartkit_chart(&near[k], 7, &how, &c);
		for (i = 0; i < c.n; i++) {
			assert_int_equal(c.points[i].side, 0);
		}
		assert_int_equal(chartkit_signals(&c), 0);
		chart_release(&c);
	}
}

/* ---- which rows, which state ---------------------------------------------
 */

static void chart_make__leaves_out_what_says_nothing(void **state)
{
	struct chart_how how = { .shape = EFFECT_RATE };
	struct chartkit k;
	struct chart c;

	(void)state;
	chartkit_clear(&k);
	chartkit_add(&k, 0, 3, 10, SERIES_BEFORE);
	chartkit_add(&k, 1, 999, 10, SERIES_BEFORE);
	k.rows[1].missing = true;
	chartkit_add(&k, 2, 0, 0, SERIES_TRANSITION); /* nobody at risk */
	chartkit_add(&k, 3, 4, 10, SERIES_TRANSITION);
	chartkit_add(&k, 4, 0, 10, SERIES_AFTER);
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.points[1].month, 3);
	assert_int_equal(c.points[1].phase, SERIES_TRANSITION);
	assert_true(c.points[1].value == 0.4);
	assert_true(c.points[1].numerator == 4 && c.points[1].size == 10);
	assert_int_equal(c.state, CHART_TRIAL);
	chart_release(&c);
	chart_release(&c);
	chart_release(NULL);

	/* denominators of counts say nothing */
	how.shape = EFFECT_COUNT;
	how.type = CHART_C;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.n, 4);
	assert_true(c.points[2].value == 4 && c.points[2].size == 1);
	chart_release(&c);
}

static void assert_state(const struct chartkit *k, const struct chart_how *how,
			 enum chart_state state)
{
	struct chart c;

	chartkit_make(k, how, &c);
	assert_int_equal(c.state, state);
	if (state > CHART_TOO_FEW) {
		assert_int_equal(c.n, 0);
		assert_null(c.points);
	}
	if (state >= CHART_TOO_FEW) {
		assert_int_equal(c.variation, CHART_VARIATION_NONE);
		assert_int_equal(c.assurance, CHART_ASSURANCE_NONE);
		assert_int_equal(chartkit_signals(&c), 0);
	}
	chart_release(&c);
}

static void chart_make__names_what_is_wrong(void **state)
{
	static const double bad[] = { -1,        (double)NAN, HUGE_VAL,
				      -HUGE_VAL, DBL_MAX,     1.0001e60 };
	struct chart_how how = { .shape = EFFECT_RATE };
	struct chartkit k;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 20; i++) {
		chartkit_add(&k, (int32_t)i, (double)(i % 5), 10,
			     SERIES_BEFORE);
	}
	assert_state(&k, &how, CHART_FULL);
	k.rows[4].denominator = 0;
	assert_state(&k, &how, CHART_NO_DENOMINATOR);
	k.rows[4].denominator = -2;
	assert_state(&k, &how, CHART_NO_DENOMINATOR);
	k.rows[4].denominator = 3;
	assert_state(&k, &how, CHART_FULL);
	how.shape = EFFECT_PROPORTION;
	assert_state(&k, &how, CHART_OVER);
	how.shape = EFFECT_RATE;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		k.rows[4].numerator = bad[i];
		assert_state(&k, &how, CHART_NO_VALUE);
	}
	how.shape = EFFECT_MEAN; /* may be below 0 */
	k.rows[4].numerator = -1;
	assert_state(&k, &how, CHART_FULL);
	k.rows[4].numerator = -1e61;
	assert_state(&k, &how, CHART_NO_VALUE);
	k.rows[4].numerator = 1e60;
	assert_state(&k, &how, CHART_FULL);
	k.rows[4].denominator = 0.5;
	assert_state(&k, &how, CHART_NO_VALUE);
	k.rows[4].denominator = DBL_MIN;
	assert_state(&k, &how, CHART_NO_VALUE);
	k.rows[4].numerator = 0;
	assert_state(&k, &how, CHART_NO_VALUE);
	k.rows[4].denominator = (double)NAN;
	assert_state(&k, &how, CHART_NO_VALUE);
	k.rows[4].missing = true;
	assert_state(&k, &how, CHART_FULL);
	k.series.n = SERIES_ROWS_MAX + 1; /* not even looked at */
	assert_state(&k, &how, CHART_NO_VALUE);
}

static void chart_make__refuses_a_unit_that_is_none(void **state)
{
	static const double bad[] = { -1, (double)NAN, HUGE_VAL, 1e13 };
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 20; i++) {
		chartkit_add(&k, (int32_t)i, (double)(i % 5), 1, SERIES_BEFORE);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		how.per = bad[i];
		assert_state(&k, &how, CHART_NO_VALUE);
	}
	how.per = 1e12;
	assert_state(&k, &how, CHART_FULL);
}

static void chart_fits__keeps_charts_to_their_figures(void **state)
{
	/* rate, proportion, count, mean, time between */
	static const char *const fits[CHART_TYPES_N] = {
		[CHART_XMR] = "yyyyy", [CHART_RUN] = "yyyyy",
		[CHART_P] = "-y---",   [CHART_PP] = "-y---",
		[CHART_U] = "yyy--",   [CHART_UP] = "yyy--",
		[CHART_C] = "--y--",   [CHART_G] = "--y-y",
		[CHART_T] = "----y",
	};
	struct chart_how how = { 0 };
	struct chartkit k;
	unsigned type;
	unsigned shape;
	bool fit;

	(void)state;
	chartkit_clear(&k);
	chartkit_add(&k, 0, 3, 10, SERIES_BEFORE);
	chartkit_add(&k, 1, 4, 10, SERIES_BEFORE);
	for (type = 0; type < CHART_TYPES_N; type++) {
		for (shape = 0; shape < EFFECT_SHAPES_N; shape++) {
			fit = fits[type][shape] == 'y';
			how.type = (enum chart_type)type;
			how.shape = (enum effect_shape)shape;
			assert_int_equal(chart_fits(how.type, how.shape), fit);
			assert_state(&k, &how,
				     !fit                ? CHART_UNFIT
				     : type == CHART_RUN ? CHART_FULL
							 : CHART_TRIAL);
		}
	}
	assert_true(chart_fits(CHART_AUTO, EFFECT_MEAN));
}

static void chart_make__says_where_there_are_too_few(void **state)
{
	static const double values[] = { 5, 6, 7 };
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	struct chart c;

	(void)state;
	chartkit_clear(&k);
	assert_state(&k, &how, CHART_TOO_FEW);
	chartkit_chart(values, 1, &how, &c);
	assert_int_equal(c.state, CHART_TOO_FEW);
	assert_int_equal(c.n, 1); /* there to be drawn */
	assert_false(c.points[0].has_limits);
	assert_true(c.points[0].centre == 5 && c.points[0].upper == 5);
	chart_release(&c);
	/* fixed from one, or each for itself */
	chartkit_values(&k, values, 3);
	how.fix_after = 1;
	assert_state(&k, &how, CHART_TOO_FEW);
	how.fix_after = 0;
	how.rebases[0] = 1;
	how.rebases[1] = 2;
	how.rebases_n = 2;
	assert_state(&k, &how, CHART_TOO_FEW);
	how.rebases_n = 1;
	assert_state(&k, &how, CHART_TRIAL);
	how.type = CHART_RUN;
	assert_state(&k, &how, CHART_FULL);
	k.series.n = 1;
	assert_state(&k, &how, CHART_TOO_FEW);
}

static void chart_make__calls_limits_of_few_points_trial(void **state)
{
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 25; i++) {
		chartkit_add(&k, (int32_t)i, (double)(i % 5), 1, SERIES_BEFORE);
	}
	how.rebases[0] = 13;
	how.rebases_n = 1;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.state, CHART_TRIAL);
	assert_false(c.points[12].trial);
	assert_true(c.points[13].trial);
	assert_int_equal(c.points[12].group, 0);
	assert_int_equal(c.points[13].group, 1);
	chart_release(&c);
	k.series.n = 13;
	assert_state(&k, &how, CHART_FULL);
	k.series.n = 12;
	assert_state(&k, &how, CHART_TRIAL);
	k.series.n = 13;
	how.fix_after = 12;
	assert_state(&k, &how, CHART_FULL);
	how.fix_after = 11;
	assert_state(&k, &how, CHART_TRIAL);
	how.fix_after = 100; /* more than there are: all */
	assert_state(&k, &how, CHART_FULL);
}

static void chart_make__returns_out_of_memory(void **state)
{
	const struct chart_how how = chartkit_plain();
	static const double values[] = { 5, 6, 7 };
	struct chart c = { .n = 77 };
	struct chartkit k;
	int r;

	(void)state;
	chartkit_values(&k, values, 3);
	out_of_memory = true;
	r = chart_make(&k.series, &how, &c);
	out_of_memory = false;
	assert_int_equal(r, WEALD_NOMEM);
	assert_int_equal(c.n, 77);
}

/* ---- groups --------------------------------------------------------------
 */

static void rebases__begin_groups_at_their_month(void **state)
{
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 30; i++) {
		/* every second month */
		chartkit_add(&k, (int32_t)(100 + 2 * i),
			     (double)(i % 5) + (i < 10 ? 0 : 50), 1,
			     SERIES_BEFORE);
	}
	/* before all, at the first, twice in one gap, after all: one change */
	how.rebases[0] = 7;
	how.rebases[1] = 100;
	how.rebases[2] = 119;
	how.rebases[3] = 120;
	how.rebases[4] = 900;
	how.rebases_n = 5;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.groups, 2);
	assert_int_equal(c.points[9].group, 0);
	assert_int_equal(c.points[10].group, 1);
	assert_true(c.points[9].centre == 2 && c.points[10].centre == 52);
	assert_true(c.points[10].month == 120);
	chart_release(&c);

	/* frozen: one group, whatever the dates say */
	how.fix_after = 10;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.groups, 1);
	assert_true(c.points[29].centre == 2);
	assert_int_equal(c.points[29].signal, CHART_OUTSIDE);
	chart_release(&c);
}

/* A month may have events of both sides of the start. */
static void rebase_at_start__is_exact_to_the_day(void **state)
{
	struct chart_how how = { .type = CHART_T,
				 .shape = EFFECT_TIME_BETWEEN,
				 .rebase_at_start = true };
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 30; i++) {
		chartkit_add(&k, 3, (double)(i % 5) + 1, 1,
			     i < 14 ? SERIES_BEFORE : SERIES_AFTER);
		k.rows[i].day = (int32_t)(30 - i);
		k.rows[i].phase = i < 16 ? SERIES_AFTER : SERIES_BEFORE;
	}
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.groups, 2);
	assert_int_equal(c.points[13].day, 14);
	assert_int_equal(c.points[13].group, 0);
	assert_int_equal(c.points[14].group, 1);
	chart_release(&c);
}

/* ---- limits --------------------------------------------------------------
 */

/* By the formulas with 30 decimal digits; no peer has a case of u'. */
static void limits_of_laney__follow_the_formulas(void **state)
{
	static const double x[] = { 12, 30, 9, 41, 22, 18 };
	static const double n[] = { 1000, 2500, 800, 4000, 1500, 900 };
	struct chart_how how = { .type = CHART_UP };
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 6; i++) {
		chartkit_add(&k, (int32_t)i, x[i], n[i], SERIES_BEFORE);
	}
	chartkit_make(&k, &how, &c);
	chartkit_assert_close(c.points[0].centre, 0.012336448598130841, 1e-14);
	chartkit_assert_close(c.points[0].lower, 0.0042089863571215882, 1e-13);
	chartkit_assert_close(c.points[0].upper, 0.020463910839140094, 1e-14);
	chartkit_assert_close(c.points[3].lower, 0.0082727174776262147, 1e-13);
	chartkit_assert_close(c.points[3].near_upper,
			      0.012336448598130841 +
				      2 * 0.0040637311205046264 / 3,
			      1e-13);
	chart_release(&c);

	/* u' is u where the points differ as chance has it, p' is p */
	how.type = CHART_U;
	chartkit_make(&k, &how, &c);
	chartkit_assert_close(c.points[0].lower, 0.0017994643339697918, 1e-13);
	chartkit_assert_close(c.points[3].upper, 0.017604940730211366, 1e-14);
	chart_release(&c);
	how.type = CHART_P;
	how.shape = EFFECT_PROPORTION;
	chartkit_make(&k, &how, &c);
	chartkit_assert_close(c.points[0].lower, 0.0018646605126581085, 1e-13);
	chartkit_assert_close(c.points[3].upper, 0.017572342640867207, 1e-14);
	chart_release(&c);
	how.type = CHART_PP;
	chartkit_make(&k, &how, &c);
	chartkit_assert_close(c.points[0].upper, 0.020463910839140094, 1e-14);
	chart_release(&c);
}

/* Frozen limits are of the first points in every chart. */
static void limits__freeze_in_every_chart(void **state)
{
	struct chart_how how = { 0 };
	struct chartkit k;
	struct chart whole;
	struct chart c;
	unsigned type;
	size_t i;

	(void)state;
	for (type = 0; type < CHART_TYPES_N; type++) {
		how.type = (enum chart_type)type;
		how.shape = type == CHART_G || type == CHART_T
				    ? EFFECT_TIME_BETWEEN
			    : type == CHART_C ? EFFECT_COUNT
					      : EFFECT_PROPORTION;
		chartkit_clear(&k);
		for (i = 0; i < 30; i++) {
			chartkit_add(&k, (int32_t)i,
				     (double)(i % 5) + (i < 14 ? 3 : 30), 100,
				     SERIES_BEFORE);
		}
		how.fix_after = 14;
		chartkit_make(&k, &how, &c);
		k.series.n = 14;
		how.fix_after = 0;
		chartkit_make(&k, &how, &whole);
		assert_int_equal(c.n, 30);
		for (i = 0; i < 30; i++) {
			assert_true(c.points[i].centre ==
				    whole.points[0].centre);
			assert_true(c.points[i].lower == whole.points[0].lower);
			assert_true(c.points[i].upper == whole.points[0].upper);
		}
		assert_int_equal(c.points[29].side, 1);
		chart_release(&whole);
		chart_release(&c);
	}
}

/* A proportion has no limit below 0 or above 1, nothing has events below 0. */
static void limits__stay_where_figures_can_be(void **state)
{
	struct chart_how how = { .type = CHART_P, .shape = EFFECT_PROPORTION };
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 20; i++) {
		chartkit_add(&k, (int32_t)i, (double)(19 + i % 2), 20,
			     SERIES_BEFORE);
	}
	chartkit_make(&k, &how, &c);
	assert_true(c.points[0].upper == 1);
	assert_true(c.points[0].near_upper == 1);
	assert_true(c.points[0].lower > 0.8);
	assert_int_equal(chartkit_signals(&c), 0);
	chart_release(&c);
	how.type = CHART_U;
	for (i = 0; i < 20; i++) {
		k.rows[i].numerator = (double)(i % 2);
	}
	chartkit_make(&k, &how, &c);
	assert_true(c.points[0].lower == 0);
	assert_true(c.points[0].near_lower == 0);
	assert_true(c.points[0].upper < 0.2);
	chart_release(&c);
	/* of XmR they may lie below: rules compare with what was computed */
	how.type = CHART_XMR;
	chartkit_make(&k, &how, &c);
	assert_true(c.points[0].lower < 0);
	chart_release(&c);
	/* nothing ever, or always: no room */
	for (how.type = CHART_P; how.type <= CHART_UP; how.type++) {
		for (i = 0; i < 20; i++) {
			k.rows[i].numerator = 0;
		}
		chartkit_make(&k, &how, &c);
		assert_true(c.points[3].upper == 0 && c.points[3].centre == 0);
		assert_int_equal(chartkit_signals(&c), 0);
		chart_release(&c);
		for (i = 0; i < 20; i++) {
			k.rows[i].numerator = 20;
		}
		chartkit_make(&k, &how, &c);
		assert_true(c.points[3].centre == 1);
		assert_int_equal(chartkit_signals(&c), 0);
		chart_release(&c);
	}
}

static void limits_of_t__bear_two_events_on_one_day(void **state)
{
	struct chart_how how = { .type = CHART_T,
				 .shape = EFFECT_TIME_BETWEEN };
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 20; i++) {
		chartkit_add(&k, (int32_t)i, i % 4 == 0 ? 0 : (double)(i * 5),
			     1, SERIES_BEFORE);
	}
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.state, CHART_FULL);
	assert_true(c.points[0].lower == 0 && c.points[0].centre > 0);
	assert_true(c.points[0].value == 0);
	chart_release(&c);
}

/* The larger of 13 moving ranges: 13 a / (a + 12) is 3.267 at 4.0279. */
static void limits__screen_what_is_3267_times_the_mean(void **state)
{
	static const double larger[] = { 4.027, 4.029 };
	struct chart_how how = chartkit_plain();
	double values[14];
	double reach[2];
	struct chart c;
	size_t i;
	size_t k;

	(void)state;
	how.screened = true;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 14; i++) {
			values[i] = i < 7 ? (double)(i % 2)
					  : larger[k] - (double)((i + 1) % 2);
		}
		chartkit_chart(values, 14, &how, &c);
		reach[k] = c.points[0].upper - c.points[0].centre;
		chart_release(&c);
	}
	chartkit_assert_close(reach[0], 2.66 * 16.027 / 13, 1e-12);
	chartkit_assert_close(reach[1], 2.66, 1e-12);
}

/* ---- which chart ---------------------------------------------------------
 */

static void chart_choose__fits_the_figures(void **state)
{
	static const struct {
		size_t n;
		double events;
		double sizes[2];
		const char *types; /* of the five shapes */
	} cases[] = {
		{ 10, 5, { 100, 200 }, "xmr xmr xmr xmr t" },
		{ 9, 50, { 100, 100 }, "run run run run run" },
		{ 0, 50, { 100, 100 }, "run run run run run" },
		{ 24, 4.9, { 100, 200 }, "run run run xmr t" },
		{ 24, 5, { 100, 201 }, "up pp xmr xmr t" },
		{ 24, 0, { 100, 201 }, "run run run xmr t" },
	};
	struct chartkit k;
	char got[60];
	unsigned shape;
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		chartkit_clear(&k);
		for (j = 0; j < cases[i].n; j++) {
			chartkit_add(&k, (int32_t)j, cases[i].events,
				     cases[i].sizes[j % 2], SERIES_BEFORE);
		}
		/* a month without a figure makes no difference */
		chartkit_add(&k, 99, 9999, 1e9, SERIES_BEFORE);
		k.rows[j].missing = true;
		got[0] = '\0';
		for (shape = 0; shape < EFFECT_SHAPES_N; shape++) {
			(void)snprintf(got + strlen(got),
				       sizeof got - strlen(got), "%s%s",
				       shape == 0 ? "" : " ",
				       chart_type_name(chart_choose(
					       &k.series,
					       (enum effect_shape)shape)));
		}
		assert_string_equal(got, cases[i].types);
	}
}

static void chart_make__takes_what_fits_where_told_to(void **state)
{
	struct chart_how how = { .type = CHART_AUTO };
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 24; i++) {
		chartkit_add(&k, (int32_t)i, 9, i % 2 == 0 ? 10 : 40,
			     SERIES_BEFORE);
	}
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.type, CHART_UP);
	assert_int_equal(c.state, CHART_FULL);
	assert_true(c.points[0].upper > c.points[1].upper);
	chart_release(&c);
	k.rows[3].denominator = 0;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.state, CHART_NO_DENOMINATOR);
	assert_int_equal(c.type, CHART_XMR);
	chart_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names__are_those_of_the_codes),
		cmocka_unit_test(chart_rules_of__knows_sets_by_name),
		cmocka_unit_test(rules__have_their_order),
		cmocka_unit_test(rule_of_trend__labels_a_turn_by_the_later),
		cmocka_unit_test(rule_of_shift__ends_on_the_centre),
		cmocka_unit_test(rules__see_no_signal_in_the_last_digit),
		cmocka_unit_test(chart_make__leaves_out_what_says_nothing),
		cmocka_unit_test(chart_make__names_what_is_wrong),
		cmocka_unit_test(chart_make__refuses_a_unit_that_is_none),
		cmocka_unit_test(chart_fits__keeps_charts_to_their_figures),
		cmocka_unit_test(chart_make__says_where_there_are_too_few),
		cmocka_unit_test(chart_make__calls_limits_of_few_points_trial),
		cmocka_unit_test(chart_make__returns_out_of_memory),
		cmocka_unit_test(rebases__begin_groups_at_their_month),
		cmocka_unit_test(rebase_at_start__is_exact_to_the_day),
		cmocka_unit_test(limits_of_laney__follow_the_formulas),
		cmocka_unit_test(limits__freeze_in_every_chart),
		cmocka_unit_test(limits__stay_where_figures_can_be),
		cmocka_unit_test(limits__screen_what_is_3267_times_the_mean),
		cmocka_unit_test(limits_of_t__bear_two_events_on_one_day),
		cmocka_unit_test(chart_choose__fits_the_figures),
		cmocka_unit_test(chart_make__takes_what_fits_where_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
