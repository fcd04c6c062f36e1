/*
 * What has to hold for any figures, whatever they are: of pooling, charts,
 * certainty and numbers. Laws of the effect alone stand in test_effect.c.
 */
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

#include "store/evidence/certainty.h"
#include "store/evidence/chart.h"
#include "store/evidence/controlled.h"
#include "store/evidence/number.h"
#include "store/evidence/pool.h"
#include "store/evidence/sites.h"
#include "tests/unit/effectkit.h"

#define REGIONS_MAX 12u

/* ---- helpers -------------------------------------------------------------
 */

static void inputs_make(struct pool_input *in, size_t n, uint64_t *seed)
{
	size_t i;

	for (i = 0; i < n; i++) {
		in[i].y = random_normal(seed) / 2;
		in[i].v = exp(random_normal(seed) - 3);
	}
}

/* The places of a list of @n, in an order that @seed says. */
static void order_make(size_t *order, size_t n, uint64_t *seed)
{
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		k = random_below(seed, (unsigned)i + 1);
		order[i] = order[k];
		order[k] = i;
	}
}

static void simulate(struct made *m, uint64_t *seed, double ratio)
{
	const struct simulated how = { .before = 14,
				       .after = 12,
				       .events = 25,
				       .extra = 1.5,
				       .ratio = ratio };

	made_simulate(m, seed, &how);
}

/* Figures that nobody would write, and a few that somebody may. */
static double hostile(uint64_t *seed)
{
	static const double figures[] = { 0,
					  -0.0,
					  1,
					  -1,
					  0.5,
					  3,
					  7,
					  1e-12,
					  1e-300,
					  1e300,
					  DBL_MAX,
					  -DBL_MAX,
					  1e6,
					  5e-324,
					  1e15,
					  20.7,
					  -20.7,
					  1e9,
					  (double)NAN,
					  (double)INFINITY,
					  -(double)INFINITY };

	if (random_below(seed, 3) > 0) {
		return exp(6 * random_normal(seed)) *
		       (random_below(seed, 4) == 0 ? -1 : 1);
	}
	return figures[random_below(seed, sizeof figures / sizeof *figures)];
}

/* A number as it is shown: digits, at most one point, "-" where it is none. */
static void assert_shown(double x)
{
	char text[NUMBER_TEXT_BYTES];
	unsigned decimals;

	for (decimals = 0; decimals <= 3; decimals++) {
		number_text(x, decimals, text);
		assert_true(strlen(text) < NUMBER_TEXT_BYTES);
		assert_int_equal(strspn(text, "-0123456789."), strlen(text));
		assert_null(strchr(text + 1, '-'));
		/* nothing that is below 0: "-0.00" */
		assert_true(*text != '-' || text[1] == '\0' ||
			    strpbrk(text, "123456789") != NULL);
	}
}

static void assert_interval(double low, double ratio, double high)
{
	assert_true(isfinite(low) && isfinite(ratio) && isfinite(high));
	assert_true(low > 0 && low <= ratio && ratio <= high);
	assert_shown(low);
	assert_shown(ratio);
	assert_shown(high);
}

static bool has_estimate(const struct effect *e)
{
	return e->state == EFFECT_FULL || e->state == EFFECT_SHORT;
}

static void assert_effect(const struct effect *e)
{
	assert_shown(e->phi);
	assert_shown(e->lag1);
	if (has_estimate(e)) {
		assert_interval(e->low, e->ratio, e->high);
		assert_true(isfinite(e->variance) && e->variance >= 0);
		assert_true(isfinite(e->log_ratio));
		/* whatever has an estimate can be pooled */
		assert_true(pool_can(
			&(struct pool_input){ e->log_ratio, e->variance }));
		assert_true(isfinite(e->phi) && e->phi >= 0);
		assert_true(fabs(e->lag1) <= 1 + 1e-12);
		return;
	}
	assert_true(e->ratio == 0 && e->low == 0 && e->high == 0);
	assert_true(e->log_ratio == 0 && e->variance == 0 && e->phi == 0);
}

static void assert_pool(const struct pool *p)
{
	if (p->state != POOL_OK) {
		assert_true(p->ratio == 0 && p->low == 0 && p->high == 0);
		assert_true(p->mu == 0 && p->se == 0 && p->tau2 == 0);
		assert_true(p->i2 == 0 && p->q == 0 && !p->has_prediction);
		return;
	}
	assert_interval(p->low, p->ratio, p->high);
	assert_true(isfinite(p->mu) && isfinite(p->se) && p->se > 0);
	assert_true(isfinite(p->tau2) && p->tau2 >= 0);
	assert_true(p->i2 >= 0 && p->i2 <= 100);
	assert_true(isfinite(p->q) && p->q >= 0);
	assert_int_equal(p->has_prediction, p->k >= POOL_PREDICT_MIN);
	if (p->has_prediction) {
		assert_interval(p->predict_low, p->ratio, p->predict_high);
		assert_true(p->predict_low <= p->low);
		assert_true(p->predict_high >= p->high);
	}
}

/* ---- order ---------------------------------------------------------------
 */

/* Not one bit of the result, and each region keeps its weight. */
static void pool__is_the_same_in_any_order_of_regions(void **state)
{
	struct pool_input mixed[REGIONS_MAX];
	struct pool_input in[REGIONS_MAX];
	double mixed_weights[REGIONS_MAX];
	double weights[REGIONS_MAX];
	size_t order[REGIONS_MAX];
	uint64_t seed = 3;
	struct pool expected;
	struct pool p;
	size_t i;
	size_t n;
	int k;

	(void)state;
	for (k = 0; k < 2000; k++) {
		n = 3 + random_below(&seed, REGIONS_MAX - 2);
		inputs_make(in, n, &seed);
		in[1].y = in[0].y; /* two alike but for their variance */
		pool(in, n, &expected, weights);
		assert_int_equal(expected.state, POOL_OK);
		order_make(order, n, &seed);
		for (i = 0; i < n; i++) {
			mixed[i] = in[order[i]];
		}
		pool(mixed, n, &p, mixed_weights);
		assert_memory_equal(&p, &expected, sizeof p);
		for (i = 0; i < n; i++) {
			assert_true(mixed_weights[i] == weights[order[i]]);
		}
	}
}

static void certainty__is_the_same_in_any_order_of_regions(void **state)
{
	static const char *const designs[] = { "randomised", "its",
					       "its-controlled", "before-after",
					       "other" };
	struct certainty_region mixed[REGIONS_MAX];
	struct certainty_region regions[REGIONS_MAX];
	struct certainty_input in = {
		.pooled = true, .low = 0.6, .ratio = 0.8, .high = 1.1, .i2 = 80
	};
	struct certainty_result expected;
	struct certainty_result got;
	size_t order[REGIONS_MAX];
	uint64_t seed = 5;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 2000; k++) {
		in.regions_n = 1 + random_below(&seed, REGIONS_MAX);
		for (i = 0; i < in.regions_n; i++) {
			regions[i].design = designs[random_below(&seed, 5)];
			regions[i].start = certainty_start(regions[i].design);
			regions[i].bias =
				random_below(&seed, 1u << BIAS_FLAGS_N);
			regions[i].weight = random_unit(&seed);
			regions[i].ratio = 0.5 + random_unit(&seed);
			regions[i].is_short = random_below(&seed, 2) == 0;
		}
		in.regions = regions;
		certainty_judge(&in, &expected);
		assert_true(expected.level > CERTAINTY_NONE);
		order_make(order, in.regions_n, &seed);
		for (i = 0; i < in.regions_n; i++) {
			mixed[i] = regions[order[i]];
		}
		in.regions = mixed;
		certainty_judge(&in, &got);
		assert_memory_equal(&got, &expected, sizeof got);
	}
}

/*
 * Records arrive one by one and in any order: what is pooled once all are there
 * is the same, and what was pooled on the way says nothing.
 */
static void pool__depends_on_what_is_there_and_not_on_how_it_came(void **state)
{
	static struct made series[REGIONS_MAX];
	struct pool_input in[REGIONS_MAX];
	size_t order[REGIONS_MAX];
	uint64_t seed = 7;
	struct pool expected;
	struct effect e;
	struct pool p;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < REGIONS_MAX; i++) {
		simulate(&series[i], &seed, 0.8);
		effect_own_trend(&series[i].series, EFFECT_RATE, &e);
		in[i] = (struct pool_input){ e.log_ratio, e.variance };
	}
	pool(in, REGIONS_MAX, &expected, NULL);
	for (k = 0; k < 20; k++) {
		order_make(order, REGIONS_MAX, &seed);
		for (i = 0; i < REGIONS_MAX; i++) {
			made_shuffle(&series[order[i]], &seed);
			effect_own_trend(&series[order[i]].series, EFFECT_RATE,
					 &e);
			in[i] = (struct pool_input){ e.log_ratio, e.variance };
			pool(in, i + 1, &p, NULL);
			assert_pool(&p);
		}
		assert_memory_equal(&p, &expected, sizeof p);
	}
}

/*
 * A record that came twice counts twice if it is given twice: to leave one out
 * is the caller's. Twice the same site is the same ratio of twice the figures.
 */
static void duplicates__count_as_often_as_they_are_given(void **state)
{
	const struct series *twice[2];
	struct pool_input in[4];
	struct effect one;
	struct effect two;
	struct series sum;
	uint64_t seed = 11;
	struct made m;
	struct pool p;
	struct pool q;
	size_t i;

	(void)state;
	simulate(&m, &seed, 0.8);
	twice[0] = &m.series;
	twice[1] = &m.series;
	assert_int_equal(sites_add(twice, 2, EFFECT_RATE, &sum), WEALD_OK);
	assert_int_equal(sum.n, m.series.n);
	for (i = 0; i < sum.n; i++) {
		assert_true(sum.rows[i].numerator == 2 * m.rows[i].numerator);
		assert_true(sum.rows[i].denominator ==
			    2 * m.rows[i].denominator);
	}
	effect_own_trend(&m.series, EFFECT_RATE, &one);
	effect_own_trend(&sum, EFFECT_RATE, &two);
	assert_close(two.ratio, one.ratio, 1e-9);
	series_release(&sum);

	inputs_make(in, 3, &seed);
	in[3] = in[0];
	pool(in, 3, &p, NULL);
	pool(in, 4, &q, NULL);
	assert_int_equal(q.k, 4);
	assert_true(q.mu != p.mu);
}

/* ---- units, mirrors and sizes --------------------------------------------
 */

/* Of every 100, of every 1,000 or of 1: the same chart in other numbers. */
static void chart__signals_the_same_in_any_unit(void **state)
{
	static const double units[] = { 100, 1000, 7 };
	struct chart_how how = { .fix_after = 14 };
	uint64_t seed = 13;
	struct chart plain;
	struct chart c;
	struct made m;
	size_t signals = 0;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 300; k++) {
		simulate(&m, &seed, 0.6);
		how.per = 1;
		assert_int_equal(chart_make(&m.series, &how, &plain), WEALD_OK);
		how.per = units[k % 3];
		assert_int_equal(chart_make(&m.series, &how, &c), WEALD_OK);
		assert_int_equal(c.n, plain.n);
		assert_int_equal(c.variation, plain.variation);
		for (i = 0; i < c.n; i++) {
			assert_int_equal(c.points[i].signal,
					 plain.points[i].signal);
			signals += c.points[i].signal != CHART_COMMON;
			assert_close(c.points[i].value,
				     how.per * plain.points[i].value, 1e-12);
			assert_close(c.points[i].upper,
				     how.per * plain.points[i].upper, 1e-12);
		}
		chart_release(&plain);
		chart_release(&c);
	}
	assert_true(signals > 1000);
}

/* Read from the end: each point has its label, and a trend goes the other way.
 */
static void chart__signals_the_mirror_of_a_series_in_reverse(void **state)
{
	const struct chart_how how = { .shape = EFFECT_RATE };
	uint64_t seed = 17;
	struct chart plain;
	struct chart c;
	struct made m;
	struct made reverse;
	const struct chart_point *point;
	const struct chart_point *mirror;
	size_t trends = 0;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 400; k++) {
		simulate(&m, &seed, 0.7);
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].phase = SERIES_BEFORE;
			/* some with a long rise */
			m.rows[i].numerator += (double)(k % 4) * (double)i * 3;
		}
		made_copy(&reverse, &m);
		for (i = 0; i < m.series.n; i++) {
			reverse.rows[i].month = 5000 - m.rows[i].month;
		}
		assert_int_equal(chart_make(&m.series, &how, &plain), WEALD_OK);
		assert_int_equal(chart_make(&reverse.series, &how, &c),
				 WEALD_OK);
		assert_int_equal(c.n, plain.n);
		for (i = 0; i < c.n; i++) {
			point = &plain.points[i];
			mirror = &c.points[c.n - 1 - i];
			assert_int_equal(mirror->signal, point->signal);
			if (point->signal == CHART_TREND) {
				assert_true(mirror->above != point->above);
				trends++;
			} else if (point->signal != CHART_COMMON) {
				assert_true(mirror->above == point->above);
			}
		}
		chart_release(&plain);
		chart_release(&c);
	}
	assert_true(trends > 100);
}

/* More turned into fewer, everywhere: the inverse of the pooled ratio. */
static void pool__of_inverse_ratios_is_the_inverse(void **state)
{
	struct pool_input in[REGIONS_MAX];
	uint64_t seed = 19;
	struct pool p;
	struct pool q;
	size_t i;
	size_t n;
	int k;

	(void)state;
	for (k = 0; k < 500; k++) {
		n = 3 + random_below(&seed, REGIONS_MAX - 2);
		inputs_make(in, n, &seed);
		pool(in, n, &p, NULL);
		for (i = 0; i < n; i++) {
			in[i].y = -in[i].y;
		}
		pool(in, n, &q, NULL);
		assert_close(q.ratio, 1 / p.ratio, 1e-9);
		assert_close(q.low, 1 / p.high, 1e-9);
		assert_close(q.high, 1 / p.low, 1e-9);
		assert_close(q.tau2, p.tau2, 1e-6);
	}
}

/*
 * @times the events of @times the people: the same ratio. Its variance is
 * that of the sums over @times, times phi, and phi is what the months' scatter
 * says, @times as much, but never less than its floor.
 */
static void effect__of_larger_figures_is_as_the_formula_says(void **state)
{
	static const enum effect_shape shapes[] = { EFFECT_RATE,
						    EFFECT_PROPORTION };
	const double times = 16;
	const double huge = 1048576;
	uint64_t seed = 23;
	struct effect large;
	struct effect most;
	struct effect e;
	struct made m;
	double raw;
	size_t floors = 0;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 200; k++) {
		enum effect_shape shape = shapes[k % 2];
		double floor_is = 1;
		double events = 0;
		double size = 0;

		simulate(&m, &seed, 0.8);
		for (i = 0; i < m.series.n; i++) {
			events += m.rows[i].numerator;
			size += m.rows[i].denominator;
		}
		if (shape == EFFECT_PROPORTION) {
			floor_is = 1 - events / size;
		}
		effect_own_trend(&m.series, shape, &e);
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].numerator *= huge;
			m.rows[i].denominator *= huge;
		}
		effect_own_trend(&m.series, shape, &most);
		raw = most.phi / huge;
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].numerator *= times / huge;
			m.rows[i].denominator *= times / huge;
		}
		effect_own_trend(&m.series, shape, &large);
		assert_int_equal(large.state, EFFECT_FULL);
		assert_close(large.ratio, e.ratio, 1e-9);
		assert_close(e.phi, fmax(raw, floor_is), 1e-6);
		assert_close(large.phi, fmax(times * raw, floor_is), 1e-6);
		assert_close(large.variance,
			     e.variance / e.phi * large.phi / times, 1e-6);
		floors += raw < floor_is;
	}
	assert_true(floors > 10 && floors < 190);
}

/* ---- any figures ---------------------------------------------------------
 */

static void pool__is_finite_and_in_order_for_any_inputs(void **state)
{
	struct pool_input in[REGIONS_MAX];
	double weights[REGIONS_MAX];
	uint64_t seed = 29;
	struct pool p;
	double sum;
	size_t pooled = 0;
	size_t i;
	size_t n;
	int k;

	(void)state;
	for (k = 0; k < 30000; k++) {
		n = random_below(&seed, REGIONS_MAX + 1);
		inputs_make(in, n, &seed);
		for (i = 0; i < n; i++) {
			if (k % 3 == 0) {
				in[i].y = hostile(&seed);
			}
			if (k % 5 == 0) {
				in[i].v = fabs(hostile(&seed));
			}
			if (k % 7 == 0) {
				in[i].y = fmax(fmin(in[i].y, 20), -20);
				in[i].v = fmax(fmin(in[i].v, 1e6), 1e-12);
			}
		}
		pool(in, n, &p, weights);
		assert_pool(&p);
		assert_int_equal(p.k, n);
		if (p.state != POOL_OK) {
			continue;
		}
		pooled++;
		sum = 0;
		for (i = 0; i < n; i++) {
			assert_true(weights[i] >= 0 && weights[i] <= 1);
			sum += weights[i];
		}
		assert_close(sum, 1, 1e-9);
	}
	assert_true(pooled > 10000);
}

/* Months of anything, with phases in any order. */
static void hostile_series(struct made *m, uint64_t *seed)
{
	const unsigned wild = random_below(seed, 4);
	struct series_row row;
	unsigned n = 10 + random_below(seed, 30);
	unsigned i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < n; i++) {
		row = row_of((int32_t)(600 + i), random_below(seed, 40),
			     40 + random_below(seed, 40),
			     i < 14 ? SERIES_BEFORE : SERIES_AFTER);
		if (random_below(seed, 12) < wild) {
			row.numerator = fabs(hostile(seed));
		}
		if (wild == 3 && random_below(seed, 12) == 0) {
			row.denominator = hostile(seed);
			row.month = (int32_t)(random_next(seed) >> 32);
		}
		row.missing = random_below(seed, 15) == 0;
		if (random_below(seed, 20) == 0) {
			row.phase = (enum series_phase)random_below(seed, 3);
		}
		made_add(m, row);
	}
	m->series.by_event = random_below(seed, 50) == 0;
}

static void effects__are_finite_and_in_order_for_any_series(void **state)
{
	static struct made others[3];
	const struct series *pointers[3];
	struct effect own[EFFECT_SHAPES_N];
	struct effect plain[EFFECT_SHAPES_N];
	uint64_t seed = 31;
	size_t estimates = 0;
	size_t controlled = 0;
	struct effect e;
	struct made m;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < 3; i++) {
		hostile_series(&others[i], &seed);
		pointers[i] = &others[i].series;
	}
	for (k = 0; k < 8000; k++) {
		hostile_series(&m, &seed);
		effect_all_shapes(&m.series, own, plain);
		for (i = 0; i < EFFECT_SHAPES_N; i++) {
			assert_effect(&own[i]);
			assert_effect(&plain[i]);
			estimates += has_estimate(&own[i]);
		}
		i = (size_t)k % EFFECT_SHAPES_N;
		effect_own_trend(&m.series, (enum effect_shape)i, &e);
		assert_memory_equal(&e, &own[i], sizeof e);
		effect_before_after(&m.series, (enum effect_shape)i, &e);
		assert_memory_equal(&e, &plain[i], sizeof e);
		effect_controlled(&m.series, pointers, 1 + i % 3,
				  (enum effect_shape)i, &e);
		assert_effect(&e);
		controlled += has_estimate(&e);
		hostile_series(&others[k % 3], &seed);
	}
	assert_true(estimates > 10000);
	assert_true(controlled > 100);
}

static void certainty__is_a_level_for_any_input(void **state)
{
	struct certainty_region regions[3];
	struct certainty_input in = { .regions = regions };
	struct certainty_result sound;
	struct certainty_result r;
	uint64_t seed = 37;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 20000; k++) {
		in.regions_n = random_below(&seed, 4);
		for (i = 0; i < in.regions_n; i++) {
			regions[i].start =
				(enum certainty)random_below(&seed, 6);
			regions[i].design = k % 2 == 0 ? "its" : NULL;
			regions[i].bias = 0;
			regions[i].weight = hostile(&seed);
			regions[i].ratio = hostile(&seed);
			regions[i].is_short = random_below(&seed, 4) == 0;
		}
		in.low = hostile(&seed);
		in.ratio = hostile(&seed);
		in.high = hostile(&seed);
		if (k % 2 == 0) {
			in.ratio = fmin(fabs(in.ratio), 1e6) + 0.01;
			in.low = in.ratio * random_unit(&seed);
			in.high = in.ratio / (random_unit(&seed) + 0.01);
		}
		in.i2 = hostile(&seed);
		in.differ_more = random_below(&seed, 4) == 0;
		in.pooled = random_below(&seed, 2) == 0;
		in.balancing = random_below(&seed, 4) == 0;
		in.adoptions_old = (size_t)(random_next(&seed) >> 60);
		in.adoptions_silent = (size_t)(random_next(&seed) >> 60);
		certainty_judge(&in, &sound);
		/* what is biased is never surer than what is not */
		for (i = 0; i < in.regions_n; i++) {
			regions[i].bias = random_below(&seed, 128);
		}
		certainty_judge(&in, &r);
		assert_true(r.level <= sound.level);
		assert_true(r.level <= CERTAINTY_HIGH);
		assert_int_equal(r.level == CERTAINTY_NONE, r.reasons_n == 0);
		assert_true(r.reasons_n <= CERTAINTY_STEPS_MAX);
		for (i = 0; i < r.reasons_n; i++) {
			assert_non_null(memchr(r.reasons[i].words, '\0',
					       CERTAINTY_REASON_BYTES));
			assert_null(strstr(r.reasons[i].words, "nan"));
			assert_null(strstr(r.reasons[i].words, "inf"));
		}
	}
}

static void numbers__are_shown_for_any_double(void **state)
{
	uint64_t seed = 41;
	char text[NUMBER_TEXT_BYTES];
	uint64_t bits;
	double x;
	int k;

	(void)state;
	for (k = 0; k < 20000; k++) {
		bits = random_next(&seed);
		memcpy(&x, &bits, sizeof x);
		assert_shown(x);
		assert_shown(hostile(&seed));
		/* within half of the last digit, and a little */
		x = exp(3 * random_normal(&seed));
		number_text(x, 3, text);
		assert_true(fabs(strtod(text, NULL) - x) <= 0.0005 + 1e-9);
	}
}

/* ---- honesty -------------------------------------------------------------
 */

/*
 * A fall of 2 % a month and no effect at all: the own trend claims one in at
 * most 4 % of series (and three standard errors of so few), where the plain
 * ratio claims one more often than not. bench_evidence has the whole table.
 */
static void own_trend__claims_no_effect_of_a_trend(void **state)
{
	const struct simulated how = { .before = 12,
				       .after = 12,
				       .events = 30,
				       .extra = 1.5,
				       .trend = -0.02,
				       .ratio = 1 };
	const unsigned runs = 1000;
	uint64_t seed = 43;
	unsigned own = 0;
	unsigned plain = 0;
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	for (i = 0; i < runs; i++) {
		made_simulate(&m, &seed, &how);
		effect_own_trend(&m.series, EFFECT_RATE, &e);
		own += effect_verdict(&e) == EFFECT_IMPROVED;
		effect_before_after(&m.series, EFFECT_RATE, &e);
		plain += effect_verdict(&e) == EFFECT_IMPROVED;
	}
	assert_true(own <= runs * (0.04 + 3 * sqrt(0.04 * 0.96 / runs)));
	assert_true(plain > runs / 2);
}

/* And sees one that is there: five regions with a quarter fewer. */
static void pool__sees_an_effect_that_is_there(void **state)
{
	const struct simulated how = { .before = 12,
				       .after = 12,
				       .events = 30,
				       .extra = 1.5,
				       .ratio = 0.75 };
	const unsigned runs = 400;
	struct pool_input in[5];
	uint64_t seed = 47;
	unsigned claims = 0;
	struct effect e;
	struct made m;
	struct pool p;
	unsigned i;
	size_t k;

	(void)state;
	for (i = 0; i < runs; i++) {
		for (k = 0; k < 5; k++) {
			made_simulate(&m, &seed, &how);
			effect_own_trend(&m.series, EFFECT_RATE, &e);
			in[k] = (struct pool_input){ e.log_ratio, e.variance };
		}
		pool(in, 5, &p, NULL);
		assert_int_equal(p.state, POOL_OK);
		claims += p.high < 1;
	}
	assert_true(claims > runs / 2 && claims < runs * 7 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool__is_the_same_in_any_order_of_regions),
		cmocka_unit_test(
			certainty__is_the_same_in_any_order_of_regions),
		cmocka_unit_test(
			pool__depends_on_what_is_there_and_not_on_how_it_came),
		cmocka_unit_test(duplicates__count_as_often_as_they_are_given),
		cmocka_unit_test(chart__signals_the_same_in_any_unit),
		cmocka_unit_test(
			chart__signals_the_mirror_of_a_series_in_reverse),
		cmocka_unit_test(pool__of_inverse_ratios_is_the_inverse),
		cmocka_unit_test(
			effect__of_larger_figures_is_as_the_formula_says),
		cmocka_unit_test(pool__is_finite_and_in_order_for_any_inputs),
		cmocka_unit_test(
			effects__are_finite_and_in_order_for_any_series),
		cmocka_unit_test(certainty__is_a_level_for_any_input),
		cmocka_unit_test(numbers__are_shown_for_any_double),
		cmocka_unit_test(own_trend__claims_no_effect_of_a_trend),
		cmocka_unit_test(pool__sees_an_effect_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
