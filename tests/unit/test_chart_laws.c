/*
 * What must hold for the chart of any series: what changes nothing, what is
 * mirrored, that all numbers are finite, and how often chance alone signals.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "store/evidence/chart.h"
#include "tests/unit/chartkit.h"

/* ---- what changes nothing ------------------------------------------------
 */

/* Charts that differ in the unit alone, by @factor. */
static void assert_scaled(const struct chart *a, const struct chart *b,
			  double factor)
{
	const struct chart_point *p;
	const struct chart_point *q;
	size_t i;

	assert_int_equal(a->state, b->state);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->groups, b->groups);
	assert_int_equal(a->variation, b->variation);
	assert_int_equal(a->high, b->high);
	chartkit_assert_close(b->anhoej.median, a->anhoej.median * factor,
			      1e-12);
	assert_int_equal(a->anhoej.useful, b->anhoej.useful);
	assert_int_equal(a->anhoej.crossings, b->anhoej.crossings);
	assert_int_equal(a->anhoej.longest_run, b->anhoej.longest_run);
	for (i = 0; i < a->n; i++) {
		p = &a->points[i];
		q = &b->points[i];
		assert_int_equal(p->month, q->month);
		assert_int_equal(p->side, q->side);
		assert_int_equal(p->near, q->near);
		assert_int_equal(p->signal, q->signal);
		assert_int_equal(p->above, q->above);
		assert_int_equal(p->has_limits, q->has_limits);
		chartkit_assert_close(q->value, p->value * factor, 1e-12);
		chartkit_assert_close(q->centre, p->centre * factor, 1e-9);
		chartkit_assert_close(q->upper, p->upper * factor, 1e-9);
		/* what nearly cancels has fewer digits */
		assert_true(fabs(q->lower - p->lower * factor) <=
			    1e-9 * fabs(q->upper));
	}
}

/* Plausible figures of any shape: few and many events, steps, ties. */
static void make_plausible(struct chartkit *k, uint64_t *seed)
{
	const unsigned n = 1 + chartkit_below(seed, 60);
	const unsigned start = chartkit_below(seed, 60);
	const unsigned events = 1 + chartkit_below(seed, 40);
	const unsigned step = chartkit_below(seed, 30);
	unsigned i;

	chartkit_clear(k);
	for (i = 0; i < n; i++) {
		chartkit_add(k, (int32_t)i,
			     chartkit_below(seed, events) +
				     (i < start ? 0 : step),
			     70 + chartkit_below(seed, 4),
			     i < start        ? SERIES_BEFORE
			     : i == start + 1 ? SERIES_TRANSITION
					      : SERIES_AFTER);
	}
}

static void swap_rows(struct chartkit *k, size_t i, size_t j)
{
	const struct series_row row = k->rows[i];

	k->rows[i] = k->rows[j];
	k->rows[j] = row;
}

static void chart_make__does_not_mind_the_order_of_rows(void **state)
{
	struct chart_how how = { .screened = true, .rebase_at_start = true };
	struct chartkit k;
	struct chart a;
	struct chart b;
	uint64_t seed = 3;
	size_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 500; round++) {
		make_plausible(&k, &seed);
		how.shape = (enum effect_shape)(round % EFFECT_SHAPES_N);
		how.type = round % 2 == 0 ? CHART_XMR : CHART_AUTO;
		for (i = 0; i < k.series.n; i++) {
			/* some with the same month, or the same day too */
			k.rows[i].month /= (int32_t)(1 + round % 3);
			k.rows[i].day = 1 + (int32_t)(i % (1 + round % 4));
		}
		chartkit_make(&k, &how, &a);
		for (i = k.series.n - 1; i > 0; i--) {
			swap_rows(&k, i, chartkit_below(&seed, (unsigned)i));
		}
		chartkit_make(&k, &how, &b);
		assert_int_equal(a.n, b.n);
		assert_int_equal(a.state, b.state);
		assert_int_equal(a.variation, b.variation);
		assert_memory_equal(&a.anhoej, &b.anhoej, sizeof a.anhoej);
		if (a.n > 0) {
			assert_memory_equal(a.points, b.points,
					    a.n * sizeof *a.points);
		}
		chart_release(&a);
		chart_release(&b);
	}
}

static void chart_make__scales_with_the_unit(void **state)
{
	static const double pers[] = { 100, 1000, 10000, 0.5 };
	struct chart_how how = { .screened = true };
	struct chartkit k;
	struct chart a;
	struct chart b;
	uint64_t seed = 7;
	size_t signals = 0;
	size_t round;
	double per;

	(void)state;
	for (round = 0; round < 1000; round++) {
		make_plausible(&k, &seed);
		how.shape = EFFECT_PROPORTION;
		how.type = (enum chart_type)(round % (CHART_UP + 1));
		how.fix_after = round % 3 == 0 ? 12 : 0;
		per = pers[round % 4];
		how.per = 1;
		chartkit_make(&k, &how, &a);
		how.per = per;
		chartkit_make(&k, &how, &b);
		assert_scaled(&a, &b, per);
		signals += chartkit_signals(&a);
		chart_release(&a);
		chart_release(&b);
	}
	assert_true(signals > 1000);
}

/* Per bed day or per 1000 bed days: of what chance alone gives, that counts. */
static void chart_make__scales_with_the_denominators(void **state)
{
	struct chart_how how = { .screened = true, .per = 1000 };
	struct chartkit k;
	struct chart a;
	struct chart b;
	uint64_t seed = 9;
	size_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 300; round++) {
		make_plausible(&k, &seed);
		chartkit_make(&k, &how, &a);
		for (i = 0; i < k.series.n; i++) {
			k.rows[i].denominator /= 1000;
		}
		chartkit_make(&k, &how, &b);
		assert_scaled(&a, &b, 1000);
		chart_release(&b);
		for (i = 0; i < k.series.n; i++) {
			k.rows[i].numerator *= 3;
			k.rows[i].denominator *= 3000;
		}
		chartkit_make(&k, &how, &b);
		assert_scaled(&a, &b, 1);
		chart_release(&a);
		chart_release(&b);
	}
}

/* ---- mirrors -------------------------------------------------------------
 */

/* Backwards: the same labels the other way round, but trends go down. */
static void assert_backwards(const struct chart *a, const struct chart *b)
{
	const struct chart_point *p;
	const struct chart_point *q;
	size_t i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		p = &a->points[i];
		q = &b->points[a->n - 1 - i];
		assert_int_equal(p->signal, q->signal);
		assert_int_equal(p->side, q->side);
		assert_int_equal(p->near, q->near);
		if (p->signal == CHART_TREND) {
			/* every one but where it turns */
			assert_true(p->above != q->above ||
				    (i > 0 && i + 1 < a->n));
		} else {
			assert_int_equal(p->above, q->above);
		}
		chartkit_assert_close(p->upper, q->upper, 1e-12);
	}
}

/* Upside down: the same labels on the other side. */
static void assert_upside_down(const struct chart *a, const struct chart *b,
			       double sum)
{
	const struct chart_point *p;
	const struct chart_point *q;
	size_t i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		p = &a->points[i];
		q = &b->points[i];
		assert_int_equal(p->signal, q->signal);
		assert_int_equal(p->side, -q->side);
		assert_int_equal(p->near, q->near);
		assert_int_equal(p->above,
				 p->signal != CHART_COMMON && !q->above);
		assert_true(fabs(p->upper + q->lower - sum) < 1e-9);
		assert_true(fabs(p->near_lower + q->near_upper - sum) < 1e-9);
	}
}

/* A random walk of integers with a pull, so that all rules fire. */
static void make_walk(struct chartkit *k, uint64_t *seed)
{
	const unsigned n = 2 + chartkit_below(seed, 60);
	int value = 100;
	int step = 1;
	unsigned i;

	chartkit_clear(k);
	for (i = 0; i < n; i++) {
		if (chartkit_below(seed, 5) == 0) {
			step = (int)chartkit_below(seed, 7) - 3;
		}
		value += step + (int)chartkit_below(seed, 5) - 2;
		chartkit_add(k, (int32_t)i, value, 1, SERIES_BEFORE);
	}
}

static void chart_make__mirrors_what_is_mirrored(void **state)
{
	struct chart_how how = chartkit_plain();
	struct chartkit k;
	struct chart a;
	struct chart b;
	size_t signals[CHART_SHIFT + 1] = { 0 };
	uint64_t seed = 13;
	size_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 1000; round++) {
		make_walk(&k, &seed);
		how.screened = round % 2 == 0;
		chartkit_make(&k, &how, &a);
		for (i = 0; i < a.n; i++) {
			signals[a.points[i].signal]++;
		}
		for (i = 0; i < k.series.n; i++) {
			k.rows[i].numerator = 500 - k.rows[i].numerator;
		}
		chartkit_make(&k, &how, &b);
		assert_upside_down(&a, &b, 500);
		chart_release(&b);
		for (i = 0; i < k.series.n; i++) {
			k.rows[i].numerator = 500 - k.rows[i].numerator;
			k.rows[i].month = -k.rows[i].month;
		}
		chartkit_make(&k, &how, &b);
		assert_backwards(&a, &b);
		chart_release(&a);
		chart_release(&b);
	}
	for (i = 0; i <= CHART_SHIFT; i++) {
		assert_true(signals[i] > 100); /* each was tried */
	}
}

/* ---- whatever comes ------------------------------------------------------
 */

/* Figures as nobody has them, one in thirty. */
static double hostile(uint64_t *seed)
{
	static const double odd[] = { 0,           -0.0,    1e308, -1e308,
				      5e-324,      1e-60,   1e60,  1e-310,
				      1e15,        -3,      1e59,  1e-59,
				      (double)NAN, HUGE_VAL };

	if (chartkit_below(seed, 30) == 0) {
		return odd[chartkit_below(seed, sizeof odd / sizeof *odd)];
	}
	return chartkit_below(seed, 30);
}

static void make_hostile(struct chartkit *k, uint64_t *seed)
{
	const bool plain_ones = chartkit_below(seed, 3) != 0;
	unsigned n = chartkit_below(seed, 40);
	unsigned i;

	if (chartkit_below(seed, 300) == 0) {
		n = SERIES_ROWS_MAX;
	}
	chartkit_clear(k);
	for (i = 0; i < n; i++) {
		chartkit_add(k, (int32_t)i,
			     plain_ones ? chartkit_below(seed, 30)
					: hostile(seed),
			     plain_ones ? 30 + chartkit_below(seed, 60)
					: 30 + hostile(seed),
			     i < n / 2 ? SERIES_BEFORE : SERIES_AFTER);
		k->rows[i].missing = chartkit_below(seed, 20) == 0;
	}
	for (i = 0; i < n && chartkit_below(seed, 4) == 0; i++) {
		k->rows[chartkit_below(seed, n)].month =
			(int32_t)chartkit_random(seed);
		/* one that is possible, and large or small */
		k->rows[chartkit_below(seed, n)].numerator =
			ldexp(1, (int)chartkit_below(seed, 300) - 150);
		k->rows[chartkit_below(seed, n)].denominator =
			ldexp(1, (int)chartkit_below(seed, 300) - 150);
	}
}

static void make_how(struct chart_how *how, uint64_t *seed)
{
	static const double pers[] = { 0, 1, 100, 1e12, 1e-9 };
	unsigned i;

	memset(how, 0, sizeof *how);
	how->type = (enum chart_type)chartkit_below(seed, CHART_AUTO + 1);
	how->shape = (enum effect_shape)chartkit_below(seed, EFFECT_SHAPES_N);
	how->direction = (enum chart_direction)chartkit_below(seed, 3);
	how->per = pers[chartkit_below(seed, 5)];
	how->screened = chartkit_below(seed, 2) == 0;
	how->fix_after =
		chartkit_below(seed, 3) == 0 ? chartkit_below(seed, 30) : 0;
	how->rebase_at_start = chartkit_below(seed, 2) == 0;
	how->rebases_n = chartkit_below(seed, 4);
	for (i = 0; i < how->rebases_n; i++) {
		how->rebases[i] = (int32_t)chartkit_below(seed, 40);
	}
	how->has_target = chartkit_below(seed, 2) == 0;
	how->target = hostile(seed);
}

static void assert_sane_point(const struct chart_point *p)
{
	assert_true(isfinite(p->value) && isfinite(p->centre));
	assert_true(isfinite(p->lower) && isfinite(p->upper));
	assert_true(p->lower <= p->near_lower);
	assert_true(p->near_lower <= p->centre);
	assert_true(p->centre <= p->near_upper);
	assert_true(p->near_upper <= p->upper);
	assert_true(p->value != 0 || !signbit(p->value));
	assert_true(p->side >= -1 && p->side <= 1);
	assert_false(p->near && p->signal == CHART_OUTSIDE);
	assert_true(p->signal == CHART_COMMON || p->has_limits);
	assert_true(p->signal != CHART_COMMON || !p->above);
}

static void assert_sane(const struct chart *c)
{
	size_t i;

	assert_true(isfinite(c->anhoej.median));
	assert_true(c->n > 0 || c->groups == 0);
	for (i = 0; i < c->n; i++) {
		assert_sane_point(&c->points[i]);
		assert_true(i == 0 ? c->points[i].group == 0
				   : c->points[i].group -
						     c->points[i - 1].group <=
					     1);
	}
	if (c->n > 0) {
		assert_int_equal(c->points[c->n - 1].group + 1, c->groups);
	} else {
		assert_null(c->points);
		assert_int_equal(c->variation, CHART_VARIATION_NONE);
	}
}

static void chart_make__stays_finite_whatever_comes(void **state)
{
	size_t states[CHART_UNFIT + 1] = { 0 };
	size_t types[CHART_TYPES_N] = { 0 };
	struct chart_how how;
	struct chartkit k;
	struct chart c;
	uint64_t seed = 17;
	size_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 40000; round++) {
		make_hostile(&k, &seed);
		make_how(&how, &seed);
		chartkit_make(&k, &how, &c);
		assert_sane(&c);
		states[c.state]++;
		types[c.type] += c.n > 2;
		chart_release(&c);
	}
	for (i = 0; i <= CHART_UNFIT; i++) {
		assert_true(states[i] > 100); /* each was tried */
	}
	for (i = 0; i < CHART_TYPES_N; i++) {
		assert_true(types[i] > 100);
	}
}

/*
 * How often chance alone gives a signal, and how often a change of one standard
 * deviation: docs/EVIDENCE.md, "Rules". Of 5,000 series each, within four
 * standard errors.
 */
static void rules__cry_wolf_as_often_as_is_said(void **state)
{
	static const struct {
		const char *rules;
		size_t fix_after;
		double change; /* of the second twelve, in sd */
		double share;
	} cases[] = {
		{ "mdc-7", 0, 0, 0.187 },  { "mdc-7", 12, 0, 0.324 },
		{ "mdc-7", 12, 1, 0.753 }, { "mdc-7", 12, 2, 0.991 },
		{ "6-6", 0, 0, 0.306 },    { "6-6", 12, 1, 0.832 },
		{ "8-6", 0, 0, 0.176 },    { "8-6", 12, 1, 0.704 },
	};
	struct chart_how how = chartkit_plain();
	struct chart c;
	double values[24];
	uint64_t seed = 23;
	size_t signals;
	size_t round;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		how.rules = chart_rules_of(cases[i].rules);
		how.fix_after = cases[i].fix_after;
		how.screened = true;
		signals = 0;
		for (round = 0; round < 5000; round++) {
			for (k = 0; k < 24; k++) {
				values[k] = chartkit_normal(&seed) +
					    (k < 12 ? 0 : cases[i].change);
			}
			chartkit_chart(values, 24, &how, &c);
			signals += chartkit_signals(&c) > 0;
			chart_release(&c);
		}
		assert_true(
			fabs((double)signals / 5000 - cases[i].share) <
			4 * sqrt(cases[i].share * (1 - cases[i].share) / 5000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chart_make__does_not_mind_the_order_of_rows),
		cmocka_unit_test(chart_make__scales_with_the_unit),
		cmocka_unit_test(chart_make__scales_with_the_denominators),
		cmocka_unit_test(chart_make__mirrors_what_is_mirrored),
		cmocka_unit_test(chart_make__stays_finite_whatever_comes),
		cmocka_unit_test(rules__cry_wolf_as_often_as_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
