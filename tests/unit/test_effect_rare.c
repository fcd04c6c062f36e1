/*
 * Effects of what is rare: periods without an event, and time between events.
 */
#include "store/evidence/effect.h"

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

#include "tests/unit/effectkit.h"

/* @before and @after months of @y of 1,000, and a wave so that they differ. */
static void made_steady(struct made *m, unsigned before, unsigned after,
			double y)
{
	unsigned i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < before + after; i++) {
		made_add(m, row_of((int32_t)i, y + i * 7 % 5, 1000,
				   i < before ? SERIES_BEFORE : SERIES_AFTER));
	}
}

/* Without an estimate there are no numbers. */
static void assert_none(const struct effect *e, enum effect_state state)
{
	assert_int_equal(e->state, state);
	assert_true(e->ratio == 0 && e->low == 0 && e->high == 0);
	assert_true(e->phi == 0 && e->lag1 == 0 && e->log_ratio == 0);
	assert_true(e->variance == 0 && e->df == 0);
	assert_int_equal(effect_verdict(e), EFFECT_UNKNOWN);
}

/* 12 months that add up to @y events of @n. */
static void made_sum(struct made *m, double y, double n,
		     enum series_phase phase)
{
	size_t i;

	for (i = 0; i < 12; i++) {
		made_add(m,
			 row_of((int32_t)m->series.n, y / 12, n / 12, phase));
	}
}

/* ---- no event on one side ------------------------------------------------
 */

/* The log ratio of the case @name; @y and @n, after and before, are its keys.
 */
static void assert_as_metafor(const char *name, const char *const keys[4],
			      enum effect_shape shape)
{
	json_t *o = expected_read("meta-05-edge");
	const json_t *c = json_object_get(o, name);
	struct effect e;
	struct made m;

	memset(&m, 0, sizeof m);
	made_sum(&m, expected_number(c, keys[2]), expected_number(c, keys[3]),
		 SERIES_BEFORE);
	made_sum(&m, expected_number(c, keys[0]), expected_number(c, keys[1]),
		 SERIES_AFTER);
	effect_before_after(&m.series, shape, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.half_added);
	assert_close(e.log_ratio, expected_number(c, "yi"), 1e-9);
	if (shape == EFFECT_RATE) { /* of a share, phi is that of both */
		assert_close(e.variance, expected_number(c, "vi"), 1e-9);
	}
	json_decref(o);
}

static void effect__adds_half_as_metafor_does(void **state)
{
	static const char *const risks[] = { "ai", "n1", "ci", "n2" };
	static const char *const rates[] = { "x1", "t1", "x2", "t2" };

	(void)state;
	assert_as_metafor("zero_cell_RR", risks, EFFECT_PROPORTION);
	assert_as_metafor("zero_event_IRR", rates, EFFECT_RATE);
}

/* The best result there is: 24 months of 5 of 200, then none. */
static void effect__adds_half_an_event_where_one_side_has_none(void **state)
{
	struct effect own;
	struct effect e;
	struct made m;
	size_t k;

	(void)state;
	made_steady(&m, 24, 24, 50);
	for (k = 0; k < 48; k++) {
		m.rows[k].denominator = 200;
		m.rows[k].numerator = k < 24 ? 5 : 0;
	}
	effect_before_after(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.half_added);
	assert_close(e.ratio, 0.5 / 120.5, 1e-9);
	assert_close(e.variance, 1 / 0.5 + 1 / 120.5, 1e-9);
	assert_close(e.phi, 1, 1e-12);
	assert_int_equal(e.df, 46);
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);

	/* a share's phi is at least 1 - p, of the figures as they are used */
	effect_before_after(&m.series, EFFECT_PROPORTION, &e);
	assert_close(e.ratio, 0.5 / 120.5, 1e-9);
	assert_close(e.phi, 1 - 121 / 9602.0, 1e-9);

	/* no trend before: the same, but less sure */
	effect_own_trend(&m.series, EFFECT_RATE, &own);
	assert_int_equal(own.state, EFFECT_FULL);
	assert_true(own.half_added);
	assert_true(own.ratio > 0.003 && own.ratio < 0.006);
	assert_true(own.variance > e.variance);
	assert_int_equal(effect_verdict(&own), EFFECT_IMPROVED);

	/* a fall that would have ended there by itself is none */
	for (k = 0; k < 24; k++) {
		m.rows[k].numerator = floor(40 * pow(0.8, (double)k) + 0.5);
	}
	effect_own_trend(&m.series, EFFECT_RATE, &own);
	assert_int_equal(effect_verdict(&own), EFFECT_UNCLEAR);

	/* nor are three events in two years, and then none */
	for (k = 0; k < 24; k++) {
		m.rows[k].numerator = k % 8 == 3 ? 1 : 0;
	}
	effect_own_trend(&m.series, EFFECT_RATE, &own);
	assert_int_equal(own.state, EFFECT_FULL);
	assert_int_equal(effect_verdict(&own), EFFECT_UNCLEAR);

	/* the other way round it is the inverse */
	for (k = 0; k < 48; k++) {
		m.rows[k].numerator = k < 24 ? 0 : 5;
	}
	effect_before_after(&m.series, EFFECT_RATE, &e);
	assert_true(e.half_added);
	assert_close(e.ratio, 120.5 / 0.5, 1e-9);
	assert_int_equal(effect_verdict(&e), EFFECT_WORSE);

	/* one event is enough to need none */
	m.rows[0].numerator = 1;
	effect_before_after(&m.series, EFFECT_RATE, &e);
	assert_false(e.half_added);
	assert_close(e.ratio, 120, 1e-9);
}

/* Months without events are as even as can be, and say nothing of scatter. */
static void effect__takes_the_scatter_from_the_side_with_events(void **state)
{
	double chi2 = 0;
	struct effect e;
	struct made m;
	size_t k;

	(void)state;
	made_steady(&m, 12, 12, 50);
	for (k = 0; k < 24; k++) {
		double y = k >= 12 ? 0 : k % 2 == 0 ? 2 : 18;
		double mean = 120.5 / 12;

		m.rows[k].numerator = y;
		y += 0.5 / 12;
		chi2 += k < 12 ? (y - mean) * (y - mean) / mean : 0;
	}
	effect_before_after(&m.series, EFFECT_COUNT, &e);
	assert_true(e.half_added);
	assert_close(e.phi, chi2 / 11, 1e-9);
}

/* ---- time between --------------------------------------------------------
 */

/* A fall a month every 30 days, then one every 60: half as often. */
static void effect__compares_rates_of_time_between(void **state)
{
	static const double wave[] = { 0.4, 1.6, 1, 0.7, 1.3 };
	struct effect e;
	struct made m;
	double day = 0;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 40; i++) {
		double gap = (i < 25 ? 30 : 60) * wave[i % 5];

		day += gap;
		made_add(&m, row_of((int32_t)(day / 30.4375), gap, 1,
				    i < 25 ? SERIES_BEFORE : SERIES_AFTER));
	}
	/* the gap of the change is in neither: 24 days too short, so the
	   others are somewhat longer */
	effect_before_after(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_int_equal(e.df, 37);
	assert_close(e.ratio, (14 / (900.0 - 24)) / (25 / 750.0), 1e-10);
	/* gaps more even than chance make it no surer than chance allows */
	assert_close(e.phi, 1, 1e-12);
	assert_close(e.variance, 1 / 25.0 + 1 / 14.0, 1e-10);
	assert_int_equal(e.months_before, 24); /* 750 days */
	assert_int_equal(e.months_after, 28);
	effect_own_trend(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.ratio < 0.7);
	/* events on one day lie 0 days apart */
	m.rows[3].numerator = 0;
	effect_own_trend(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	/* too few of them, however long it took */
	m.series.n = 2;
	m.rows[0].numerator = 1000;
	m.rows[1].numerator = 1000;
	effect_own_trend(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
}

/* Four events in fifteen years are four figures, not 180 months. */
static void effect__needs_enough_gaps(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 6; i++) {
		made_add(&m, row_of(100 + 30 * (int32_t)i, 1000, 1,
				    i < 3 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_own_trend(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
	assert_int_equal(e.months_before, 98);
	assert_int_equal(e.months_after, 65);
	effect_before_after(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_none(&e, EFFECT_TOO_EARLY);

	/* of 8 before and 7 after, that of the change is in neither */
	memset(&m, 0, sizeof m);
	for (i = 0; i < 15; i++) {
		made_add(&m, row_of((int32_t)i * 3, 80 + i % 3 * 10, 1,
				    i < 8 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_before_after(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_int_equal(e.state, EFFECT_SHORT);
	m.series.n = 14;
	effect_before_after(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effect__adds_half_as_metafor_does),
		cmocka_unit_test(
			effect__adds_half_an_event_where_one_side_has_none),
		cmocka_unit_test(
			effect__takes_the_scatter_from_the_side_with_events),
		cmocka_unit_test(effect__compares_rates_of_time_between),
		cmocka_unit_test(effect__needs_enough_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
