/*
 * The two icons of a chart: variation, what its latest point says, and
 * assurance, how its last limits stand to a target.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/evidence/chart.h"
#include "tests/unit/chartkit.h"

static void variation__is_that_of_the_latest_point(void **state)
{
	static const struct {
		double last;
		enum chart_direction direction;
		enum chart_variation variation;
		bool high;
	} cases[] = {
		{ 90, CHART_DECREASE, CHART_VARIATION_CONCERN, true },
		{ 90, CHART_INCREASE, CHART_VARIATION_IMPROVEMENT, true },
		{ 90, CHART_NEUTRAL, CHART_VARIATION_NEITHER, true },
		{ 1, CHART_DECREASE, CHART_VARIATION_IMPROVEMENT, false },
		{ 1, CHART_INCREASE, CHART_VARIATION_CONCERN, false },
		{ 1, CHART_NEUTRAL, CHART_VARIATION_NEITHER, false },
		{ 50, CHART_DECREASE, CHART_VARIATION_COMMON, false },
		{ 50, CHART_NEUTRAL, CHART_VARIATION_COMMON, false },
	};
	struct chart_how how = chartkit_plain();
	double values[20];
	struct chart c;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (k = 0; k < 19; k++) {
			values[k] = 49 + (double)(k % 3);
		}
		values[5] = 70; /* long ago */
		values[6] = 30;
		values[19] = cases[i].last;
		how.direction = cases[i].direction;
		how.fix_after = 0;
		how.screened = true;
		chartkit_chart(values, 20, &how, &c);
		assert_int_equal(c.points[5].signal, CHART_OUTSIDE);
		assert_int_equal(c.variation, cases[i].variation);
		assert_int_equal(c.high, cases[i].high);
		assert_int_equal(c.assurance, CHART_ASSURANCE_NONE);
		chart_release(&c);
	}
}

/* A trend has the direction in which it goes, also below the centre. */
static void variation__of_a_trend_is_where_it_goes(void **state)
{
	static const double rising[] = { 9, 1, 9, 1, 9, 1,   9,   1,   9,  9,
					 9, 9, 1, 2, 3, 3.5, 3.8, 3.9, 4.0 };
	struct chart_how how = chartkit_plain();
	struct chart c;

	(void)state;
	how.direction = CHART_INCREASE;
	chartkit_chart(rising, 19, &how, &c);
	assert_int_equal(c.points[18].side, -1);
	assert_int_equal(c.points[18].signal, CHART_TREND);
	assert_int_equal(c.variation, CHART_VARIATION_IMPROVEMENT);
	assert_true(c.high);
	chart_release(&c);
}

static void variation__of_time_between_is_better_when_longer(void **state)
{
	struct chart_how how = { .type = CHART_T,
				 .shape = EFFECT_TIME_BETWEEN,
				 .has_target = true,
				 .target = 0.001 };
	double values[20];
	struct chart c;
	unsigned direction;
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		values[i] = 20 + (double)(i % 3);
	}
	values[19] = 500;
	for (direction = 0; direction <= CHART_NEUTRAL; direction++) {
		how.direction = (enum chart_direction)direction;
		how.screened = true;
		chartkit_chart(values, 20, &how, &c);
		assert_int_equal(c.variation,
				 direction == CHART_NEUTRAL
					 ? CHART_VARIATION_NEITHER
					 : CHART_VARIATION_IMPROVEMENT);
		assert_int_equal(c.assurance, direction == CHART_NEUTRAL
						      ? CHART_ASSURANCE_NONE
						      : CHART_ASSURANCE_PASS);
		chart_release(&c);
	}
}

static void variation__is_none_without_limits(void **state)
{
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	struct chart c;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 20; i++) {
		chartkit_add(&k, (int32_t)i, i < 10 ? 1 : 8, 1, SERIES_BEFORE);
	}
	how.type = CHART_RUN;
	how.has_target = true;
	how.target = 1000;
	chartkit_make(&k, &how, &c);
	assert_true(c.points[0].centre == 4.5);
	assert_true(c.points[0].lower == 4.5 && c.points[0].upper == 4.5);
	assert_int_equal(c.points[0].side, -1);
	assert_int_equal(chartkit_signals(&c), 0);
	assert_int_equal(c.variation, CHART_VARIATION_NONE);
	assert_int_equal(c.assurance, CHART_ASSURANCE_NONE);
	assert_true(c.anhoej.signal); /* the second opinion has it */
	chart_release(&c);
	/* the last group has one point */
	how.type = CHART_XMR;
	how.rebases[0] = 19;
	how.rebases_n = 1;
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.variation, CHART_VARIATION_NONE);
	assert_int_equal(c.assurance, CHART_ASSURANCE_NONE);
	assert_int_equal(c.state, CHART_TRIAL);
	chart_release(&c);
}

static void check_target(const struct chartkit *k, struct chart_how *how,
			 double target, enum chart_assurance expected)
{
	struct chart c;

	how->has_target = true;
	how->target = target;
	chartkit_make(k, how, &c);
	assert_int_equal(c.assurance, expected);
	chart_release(&c);
}

/* Every month @percent, so that both limits are that. */
static void make_even(struct chartkit *k, unsigned percent)
{
	unsigned i;

	chartkit_clear(k);
	for (i = 1; i < 15; i++) {
		chartkit_add(k, (int32_t)i, percent * i, 100 * i,
			     SERIES_BEFORE);
	}
}

static void assurance__takes_equality_for_hit_or_miss(void **state)
{
	struct chart_how how = { .shape = EFFECT_PROPORTION, .per = 100 };
	struct chartkit k;
	unsigned percent;

	(void)state;
	for (percent = 0; percent <= 100; percent++) {
		make_even(&k, percent);
		check_target(&k, &how, percent, CHART_ASSURANCE_HIT_OR_MISS);
	}
	make_even(&k, 7);
	check_target(&k, &how, 7, CHART_ASSURANCE_HIT_OR_MISS);
	check_target(&k, &how, 7.0001, CHART_ASSURANCE_PASS);
	check_target(&k, &how, 6.9999, CHART_ASSURANCE_FAIL);
	check_target(&k, &how, (double)NAN, CHART_ASSURANCE_NONE);
	check_target(&k, &how, HUGE_VAL, CHART_ASSURANCE_NONE);
	how.direction = CHART_INCREASE;
	check_target(&k, &how, 7, CHART_ASSURANCE_HIT_OR_MISS);
	check_target(&k, &how, 7.0001, CHART_ASSURANCE_FAIL);
	check_target(&k, &how, 6.9999, CHART_ASSURANCE_PASS);
	how.direction = CHART_NEUTRAL;
	check_target(&k, &how, 9, CHART_ASSURANCE_NONE);
}

/* The last limits count, not those of before. */
static void assurance__is_of_the_last_limits(void **state)
{
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	size_t i;

	(void)state;
	chartkit_clear(&k);
	for (i = 0; i < 40; i++) {
		chartkit_add(&k, (int32_t)i,
			     (double)(i % 3) + (i < 20 ? 50 : 10), 1,
			     SERIES_BEFORE);
	}
	how.rebases[0] = 20;
	how.rebases_n = 1;
	check_target(&k, &how, 30, CHART_ASSURANCE_PASS);
	k.series.n = 20;
	check_target(&k, &how, 30, CHART_ASSURANCE_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variation__is_that_of_the_latest_point),
		cmocka_unit_test(variation__of_a_trend_is_where_it_goes),
		cmocka_unit_test(
			variation__of_time_between_is_better_when_longer),
		cmocka_unit_test(variation__is_none_without_limits),
		cmocka_unit_test(assurance__takes_equality_for_hit_or_miss),
		cmocka_unit_test(assurance__is_of_the_last_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
