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
#include <jansson.h>

#include "tests/unit/effectkit.h"

/* ---- helpers -------------------------------------------------------------
 */

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

static void made_read_sicily(struct made *m)
{
	char line[200];
	double aces;
	double pop;
	FILE *f = fopen(EFFECTKIT_DATA "its-01-sicily.csv", "r");
	int ban;
	int month;
	int year;

	memset(m, 0, sizeof *m);
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f) != NULL) {
		/* NOLINTNEXTLINE(cert-err34-c): a file of our own */
		assert_int_equal(sscanf(line, "%d,%d,%lf,%*d,%d,%*f,%lf", &year,
					&month, &aces, &ban, &pop),
				 5);
		made_add(m, row_of((year - 1970) * 12 + month - 1, aces, pop,
				   ban != 0 ? SERIES_AFTER : SERIES_BEFORE));
	}
	(void)fclose(f);
	assert_int_equal(m->series.n, 59);
}

static void assert_as(const struct effect *e, const json_t *expected)
{
	assert_int_equal(e->state, EFFECT_FULL);
	assert_close(e->log_ratio, expected_number(expected, "log_rr"), 1e-9);
	assert_close(e->ratio, expected_number(expected, "rr"), 1e-9);
	assert_close(e->low, expected_item(expected, "ci", 0), 1e-8);
	assert_close(e->high, expected_item(expected, "ci", 1), 1e-8);
	assert_close(e->phi, expected_number(expected, "phi_used"), 1e-8);
	assert_close(sqrt(e->variance), expected_number(expected, "se"), 1e-8);
	assert_int_equal(e->df, (size_t)expected_number(expected, "df"));
}

static void assert_same(const struct effect *a, const struct effect *b,
			double relative)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->months_before, b->months_before);
	assert_int_equal(a->months_after, b->months_after);
	assert_int_equal(a->df, b->df);
	assert_close(a->ratio, b->ratio, relative);
	assert_close(a->low, b->low, relative);
	assert_close(a->high, b->high, relative);
	assert_close(a->phi, b->phi, relative);
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

typedef void effect_fn(const struct series *s, enum effect_shape shape,
		       struct effect *out);
static effect_fn *const all_fns[] = { effect_own_trend, effect_season,
				      effect_before_after };
#define FNS_N (sizeof all_fns / sizeof *all_fns)

/* ---- against others' results ---------------------------------------------
 */

static void effect_own_trend__agrees_with_the_published_example(void **state)
{
	json_t *o = expected_read("its-01-sicily");
	const json_t *model;
	const json_t *ban;
	struct made m;
	struct effect e;

	(void)state;
	model = json_object_get(json_object_get(o, "models"),
				"quasipoisson_step");
	ban = json_object_get(model, "smokban");
	assert_non_null(ban);
	made_read_sicily(&m);
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_close(e.ratio, expected_number(ban, "rr"), 1e-10);
	assert_close(e.low, expected_item(ban, "ci_t", 0), 1e-10);
	assert_close(e.high, expected_item(ban, "ci_t", 1), 1e-10);
	assert_close(e.phi, expected_number(model, "dispersion"), 1e-10);
	assert_close(sqrt(e.variance),
		     expected_number(json_object_get(model, "se"), "smokban"),
		     1e-10);
	assert_int_equal(e.df, 56);
	assert_int_equal(e.months_before, 36);
	assert_int_equal(e.months_after, 23);
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);
	json_decref(o);
}

/* Figures of an independent fit with 40 decimal digits. */
static void effect_season__allows_for_the_time_of_year(void **state)
{
	struct made m;
	struct effect e;

	(void)state;
	made_read_sicily(&m);
	effect_season(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_close(e.ratio, 0.8772047812643061, 1e-10);
	assert_close(e.phi, 2.414205593760793, 1e-10);
	assert_close(sqrt(e.variance), 0.02764440436170539, 1e-10);
	assert_int_equal(e.df, 54);

	/* 36 points are needed, three times round the year */
	m.series.n = 43;
	effect_season(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_SHORT);
	m.rows[1].missing = true;
	for (m.series.n = 43; m.series.n > 36; m.series.n--) {
		effect_season(&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, m.series.n > 41 ? EFFECT_SHORT
							  : EFFECT_TOO_EARLY);
	}
	made_steady(&m, 20, 15, 50);
	effect_season(&m.series, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
	made_steady(&m, 20, 16, 50);
	effect_season(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
}

static void effects__agree_with_those_of_the_examples(void **state)
{
	json_t *o = expected_read("example-series");
	enum effect_shape shape;
	const char *name;
	json_t *expected;
	struct effect e;
	struct made m;
	size_t n = 0;

	(void)state;
	json_object_foreach(json_object_get(o, "series"), name, expected)
	{
		const char *type = json_string_value(
			json_object_get(expected, "measure_type"));

		made_read(&m, name);
		assert_int_equal(m.series.n,
				 (size_t)expected_number(expected, "n"));
		if (type == NULL) { /* no intervention */
			effect_own_trend(&m.series, EFFECT_RATE, &e);
			assert_none(&e, EFFECT_TOO_EARLY);
			continue;
		}
		n++;
		shape = strcmp(type, "rate") == 0 ? EFFECT_RATE
						  : EFFECT_PROPORTION;
		effect_own_trend(&m.series, shape, &e);
		assert_as(&e, json_object_get(expected, "its_step"));
		assert_close(e.lag1,
			     expected_number(json_object_get(expected,
							     "its_step"),
					     "resid_lag1"),
			     1e-6);
		effect_before_after(&m.series, shape, &e);
		assert_as(&e, json_object_get(expected, "before_after"));
	}
	assert_int_equal(n, 12);
	json_decref(o);
}

/* The six regions whose results are pooled: what a reader is told of each. */
static void effect_own_trend__tells_the_six_sepsis_results(void **state)
{
	static const struct {
		const char *region;
		enum effect_verdict verdict;
	} regions[] = {
		{ "north-east-north-cumbria", EFFECT_IMPROVED },
		{ "south-west", EFFECT_UNCLEAR },
		{ "uclpartners", EFFECT_IMPROVED },
		{ "wessex", EFFECT_UNCLEAR },
		{ "west-midlands", EFFECT_IMPROVED },
		{ "yorkshire-humber", EFFECT_IMPROVED },
	};
	json_t *o = expected_read("example-series");
	const json_t *pooled;
	struct effect e;
	struct made m;
	char name[100];
	size_t i;

	(void)state;
	pooled = json_object_get(json_object_get(o, "pooled_sepsis"),
				 "its_step");
	for (i = 0; i < sizeof regions / sizeof *regions; i++) {
		assert_string_equal(json_string_value(json_array_get(
					    json_object_get(pooled, "regions"),
					    i)),
				    regions[i].region);
		(void)snprintf(name, sizeof name, "sepsis-late-antibiotics--%s",
			       regions[i].region);
		made_read(&m, name);
		effect_own_trend(&m.series, EFFECT_PROPORTION, &e);
		assert_close(e.log_ratio, expected_item(pooled, "log_rr", i),
			     1e-9);
		assert_close(e.variance, expected_item(pooled, "var", i), 1e-9);
		assert_int_equal(effect_verdict(&e), regions[i].verdict);
	}
	json_decref(o);
}

/* ---- states --------------------------------------------------------------
 */

static void effect__needs_enough_months(void **state)
{
	static const struct {
		unsigned before;
		unsigned after;
		enum effect_state state;
	} cases[] = {
		{ 12, 10, EFFECT_FULL },     { 60, 36, EFFECT_FULL },
		{ 11, 10, EFFECT_SHORT },    { 12, 9, EFFECT_SHORT },
		{ 8, 6, EFFECT_SHORT },      { 8, 60, EFFECT_SHORT },
		{ 7, 60, EFFECT_TOO_EARLY }, { 60, 5, EFFECT_TOO_EARLY },
		{ 24, 0, EFFECT_TOO_EARLY }, { 0, 24, EFFECT_TOO_EARLY },
		{ 0, 0, EFFECT_TOO_EARLY },
	};
	struct made m;
	struct effect e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		made_steady(&m, cases[i].before, cases[i].after, 50);
		effect_own_trend(&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, cases[i].state);
		assert_int_equal(e.months_before, cases[i].before);
		assert_int_equal(e.months_after, cases[i].after);
		if (e.state == EFFECT_TOO_EARLY) {
			assert_none(&e, EFFECT_TOO_EARLY);
		}
		effect_before_after(&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, cases[i].state);
	}
}

/* A row more of the same month is no further month. */
static void effect__counts_months_not_rows(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 40; i++) {
		made_add(&m, row_of((int32_t)(i / 4), 50 + i % 3, 1000,
				    i < 20 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
	assert_int_equal(e.months_before, 5);
	assert_int_equal(e.months_after, 5);
}

static void effect__leaves_out_transition_and_missing_months(void **state)
{
	struct effect whole;
	struct effect e;
	struct made m;

	(void)state;
	made_steady(&m, 14, 14, 50);
	m.rows[14].phase = SERIES_TRANSITION;
	m.rows[15].phase = SERIES_TRANSITION;
	m.rows[3].missing = true;
	effect_own_trend(&m.series, EFFECT_RATE, &whole);
	assert_int_equal(whole.state, EFFECT_FULL);
	assert_int_equal(whole.months_before, 13);
	assert_int_equal(whole.months_after, 12);

	/* what they say makes no difference; that they took time does */
	m.rows[14].numerator = 900;
	m.rows[15].denominator = 0;
	m.rows[3].numerator = 900;
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_memory_equal(&e, &whole, sizeof e);
	m.rows[0].month = -12;
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_true(e.ratio != whole.ratio);
}

static void effect__refuses_impossible_numbers_by_name(void **state)
{
	struct effect e;
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < FNS_N; i++) {
		made_steady(&m, 24, 24, 50);
		m.rows[5].denominator = 0;
		all_fns[i](&m.series, EFFECT_RATE, &e);
		assert_none(&e, EFFECT_NO_DENOMINATOR);
		m.rows[5].denominator = -3;
		all_fns[i](&m.series, EFFECT_PROPORTION, &e);
		assert_none(&e, EFFECT_NO_DENOMINATOR);
		all_fns[i](&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_DENOMINATOR);
		/* a count has none */
		all_fns[i](&m.series, EFFECT_COUNT, &e);
		assert_int_equal(e.state, EFFECT_FULL);

		/* nobody at risk, no event: as a month that is missing */
		m.rows[5].numerator = 0;
		all_fns[i](&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, EFFECT_FULL);
		assert_int_equal(e.months_before, 23);

		m.rows[6].numerator = 1001;
		all_fns[i](&m.series, EFFECT_PROPORTION, &e);
		assert_none(&e, EFFECT_OVER);
		all_fns[i](&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, EFFECT_FULL);

		m.rows[6].numerator = -1;
		all_fns[i](&m.series, EFFECT_RATE, &e);
		assert_none(&e, EFFECT_NO_FIT);
		m.rows[6].numerator = (double)NAN;
		all_fns[i](&m.series, EFFECT_COUNT, &e);
		assert_none(&e, EFFECT_NO_FIT);
		m.rows[6].numerator = 1;
		m.rows[6].denominator = (double)INFINITY;
		all_fns[i](&m.series, EFFECT_RATE, &e);
		assert_none(&e, EFFECT_NO_FIT);
	}
}

static void effect__has_no_ratio_without_events(void **state)
{
	struct effect e;
	struct made m;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < FNS_N; i++) {
		made_steady(&m, 24, 24, 50);
		for (k = 0; k < 24; k++) {
			m.rows[k].numerator = 0;
		}
		all_fns[i](&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_EVENTS);
		assert_int_equal(e.months_before, 24);
		for (k = 24; k < 48; k++) {
			m.rows[k].numerator = 0;
		}
		all_fns[i](&m.series, EFFECT_PROPORTION, &e);
		assert_none(&e, EFFECT_NO_EVENTS);
		assert_false(e.half_added);
		all_fns[i](&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_EVENTS);
		for (k = 0; k < 24; k++) {
			m.rows[k].numerator = 5;
		}
		all_fns[i](&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_EVENTS);
	}
}

/* Events in one month of each period only: the trend runs off. */
static void effect_own_trend__says_so_where_nothing_fits(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	made_steady(&m, 12, 12, 50);
	for (i = 0; i < 24; i++) {
		m.rows[i].numerator = i == 11 || i == 23 ? 9 : 0;
	}
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_FIT);
	effect_before_after(&m.series, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_close(e.ratio, 1, 1e-9);

	/* more rows than a record's series may have */
	m.series.n = SERIES_ROWS_MAX + 1;
	effect_own_trend(&m.series, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_FIT);
}

/* All of all, before and after: an interval would have no width. */
static void effect__of_a_full_proportion_has_no_scatter(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	made_steady(&m, 12, 12, 50);
	for (i = 0; i < 24; i++) {
		m.rows[i].denominator = 30 + i;
		m.rows[i].numerator = m.rows[i].denominator;
	}
	effect_own_trend(&m.series, EFFECT_PROPORTION, &e);
	assert_none(&e, EFFECT_NO_SCATTER);
	m.rows[5].numerator -= 1;
	effect_own_trend(&m.series, EFFECT_PROPORTION, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_int_equal(effect_verdict(&e), EFFECT_UNCLEAR);
}

/* Months of @y or @y times @step of @size: on the model, but for rounding. */
static void made_exact(struct made *m, double y, double size, double step)
{
	unsigned i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < 40; i++) {
		made_add(m, row_of((int32_t)(660 + i),
				   (y + i % 3) * (i < 20 ? 1 : step) * size,
				   (y + i % 3) * size,
				   i < 20 ? SERIES_BEFORE : SERIES_AFTER));
	}
}

/* What rounding leaves is no likeness of neighbours, whatever the unit. */
static void effect__has_no_lag1_where_months_fit_exactly(void **state)
{
	static const double units[] = { 1, 10, 0.3, 1.0 / 3, 1234.5, 1e6, 7 };
	static const enum effect_shape shapes[] = { EFFECT_RATE,
						    EFFECT_PROPORTION };
	struct effect e;
	struct made m;
	size_t i;
	size_t k;
	size_t f;

	(void)state;
	for (k = 0; k < 2 * sizeof units / sizeof *units; k++) {
		for (f = 0; f < FNS_N; f++) {
			made_exact(&m, 10, units[k / 2], 0.7);
			all_fns[f](&m.series, shapes[k % 2], &e);
			assert_int_equal(e.state, EFFECT_FULL);
			assert_close(e.ratio, 0.7, 1e-9);
			assert_true(e.lag1 == 0);
			for (i = 0; i < m.series.n; i++) {
				m.rows[i].numerator = 10 * units[k / 2];
				m.rows[i].denominator = 100 * units[k / 2];
			}
			all_fns[f](&m.series, shapes[k % 2], &e);
			assert_true(e.lag1 == 0);
			all_fns[f](&m.series, EFFECT_COUNT, &e);
			assert_int_equal(e.state, EFFECT_FULL);
			assert_true(e.lag1 == 0);
		}
	}
}

/* Equal gaps: the model of gaps fits them but for rounding. */
static void effect__has_no_lag1_of_equal_gaps(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 40; i++) {
		made_add(&m, row_of((int32_t)(660 + i), 30.1, 0,
				    i < 20 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_own_trend(&m.series, EFFECT_TIME_BETWEEN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.lag1 == 0);
}

/* Means that lie on the model would have an interval without any width. */
static void effect__of_means_needs_scatter(void **state)
{
	static const double units[] = { 1, 60, 0.1, 1.0 / 3, 1e-6, 1e6 };
	struct effect e;
	struct made m;
	size_t k;
	size_t i;

	(void)state;
	for (k = 0; k < sizeof units / sizeof *units; k++) {
		made_exact(&m, 10, 1, 0.9 * units[k]);
		for (i = 0; i < 20; i++) {
			m.rows[i].numerator *= units[k];
		}
		effect_before_after(&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_SCATTER);
		effect_own_trend(&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_SCATTER);
		assert_int_equal(effect_verdict(&e), EFFECT_UNKNOWN);
		effect_season(&m.series, EFFECT_MEAN, &e);
		assert_none(&e, EFFECT_NO_SCATTER);
		m.rows[3].numerator *= 1.01;
		effect_own_trend(&m.series, EFFECT_MEAN, &e);
		assert_int_equal(e.state, EFFECT_FULL);
		assert_true(e.variance >= EFFECT_VARIANCE_MIN);
	}
	/* on a line: with the trend there is none, without it there is */
	for (i = 0; i < m.series.n; i++) {
		m.rows[i].numerator = 100 - (double)i;
		m.rows[i].denominator = 1;
	}
	effect_own_trend(&m.series, EFFECT_MEAN, &e);
	assert_none(&e, EFFECT_NO_SCATTER);
	effect_before_after(&m.series, EFFECT_MEAN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
}

static void effect__names_its_states(void **state)
{
	static const char *const names[] = { "full",       "short",
					     "too-early",  "no-denominator",
					     "over",       "no-events",
					     "no-scatter", "no-fit" };
	size_t i;

	(void)state;
	for (i = 0; i <= EFFECT_NO_FIT; i++) {
		assert_string_equal(effect_state_name((enum effect_state)i),
				    names[i]);
	}
}

static void effect_verdict__follows_from_the_interval(void **state)
{
	struct effect e = {
		.state = EFFECT_FULL, .ratio = 0.8, .low = 0.7, .high = 0.99
	};

	(void)state;
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);
	e.state = EFFECT_SHORT;
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);
	e.high = 1;
	assert_int_equal(effect_verdict(&e), EFFECT_UNCLEAR);
	e.high = 1.2;
	assert_int_equal(effect_verdict(&e), EFFECT_UNCLEAR);
	e.low = 1;
	assert_int_equal(effect_verdict(&e), EFFECT_UNCLEAR);
	e.low = 1.01;
	assert_int_equal(effect_verdict(&e), EFFECT_WORSE);
	e.state = EFFECT_NO_FIT;
	assert_int_equal(effect_verdict(&e), EFFECT_UNKNOWN);
}

/* ---- means ---------------------------------------------------------------
 */

/* By hand: 12 months of means 40 or 44, then 12 of 30 or 34. */
static void effect_before_after__compares_means(void **state)
{
	double sd2 = 24 * 2 * 2 / 22.0;
	double variance = sd2 / 12 * (1 / (42.0 * 42) + 1 / (32.0 * 32));
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 24; i++) {
		made_add(&m,
			 row_of((int32_t)i,
				100 * ((i < 12 ? 40 : 30) + i % 2 * 4.0), 100,
				i < 12 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_before_after(&m.series, EFFECT_MEAN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_close(e.ratio, 32.0 / 42, 1e-12);
	assert_close(e.variance, variance, 1e-12);
	assert_int_equal(e.df, 22);
	/* means below 0 have no ratio */
	for (i = 0; i < 12; i++) {
		m.rows[i].numerator = -m.rows[i].numerator;
	}
	effect_before_after(&m.series, EFFECT_MEAN, &e);
	assert_none(&e, EFFECT_NO_FIT);
}

/* A fall that had begun long before is no effect; a step on top of it is. */
static void effect_own_trend__allows_for_the_trend_of_means(void **state)
{
	struct effect e;
	struct made m;
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof m);
	for (i = 0; i < 24; i++) {
		made_add(&m, row_of((int32_t)i,
				    50 * (100 - 2.0 * i + i * 7 % 5 * 0.01), 50,
				    i < 12 ? SERIES_BEFORE : SERIES_AFTER));
	}
	effect_own_trend(&m.series, EFFECT_MEAN, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.ratio > 0.999 && e.ratio < 1.001);
	assert_int_equal(effect_verdict(&e), EFFECT_UNCLEAR);
	effect_before_after(&m.series, EFFECT_MEAN, &e);
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);
	/* without the step the months after have a mean of 65 */
	for (i = 12; i < 24; i++) {
		m.rows[i].numerator -= 50 * 13.0;
	}
	effect_own_trend(&m.series, EFFECT_MEAN, &e);
	assert_true(e.ratio > 0.799 && e.ratio < 0.801);
	assert_int_equal(effect_verdict(&e), EFFECT_IMPROVED);
}

/* ---- what must hold for any series ---------------------------------------
 */

static double random_number(uint64_t *seed, bool plain)
{
	static const double odd[] = { 0,       1,           1e-300, 1e300,
				      -1,      1e-12,       1e12,   1e9,
				      0.5,     (double)NAN, 3,      1e-310,
				      HUGE_VAL };

	if (!plain && random_below(seed, 60) == 0) {
		return odd[random_below(seed, sizeof odd / sizeof *odd)];
	}
	return random_below(seed, 30);
}

/* Mostly like a real one, and now and then not at all. */
static void made_random(struct made *m, uint64_t *seed)
{
	unsigned n = random_below(seed, 60);
	unsigned change = random_below(seed, 60);
	unsigned big = random_below(seed, 3);
	bool plain = random_below(seed, 4) != 0;
	bool silent = random_below(seed, 10) == 0; /* no events after */
	bool same = random_below(seed, 15) == 0;
	unsigned i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < n; i++) {
		made_add(m, row_of((int32_t)i, random_number(seed, plain),
				   random_number(seed, plain) + big * 30,
				   i < change ? SERIES_BEFORE : SERIES_AFTER));
		if (silent && i >= change) {
			m->rows[i].numerator = 0;
		}
		if (same) {
			m->rows[i].numerator = m->rows[i].denominator = 7;
		}
		if (random_below(seed, 40) == 0) {
			m->rows[i].phase =
				(enum series_phase)random_below(seed, 3);
		}
		if (random_below(seed, 40) == 0) {
			m->rows[i].month = (int32_t)random_next(seed);
		}
		m->rows[i].missing = random_below(seed, 20) == 0;
	}
}

static void assert_sane(const struct effect *e)
{
	assert_true(e->state <= EFFECT_NO_FIT);
	if (e->state != EFFECT_FULL && e->state != EFFECT_SHORT) {
		assert_none(e, e->state);
		return;
	}
	assert_true(isfinite(e->ratio) && isfinite(e->high));
	assert_true(e->low > 0 && e->low <= e->ratio && e->ratio <= e->high);
	assert_true(isfinite(e->phi) && e->phi >= 0);
	assert_true(e->lag1 >= -1 && e->lag1 <= 1);
	assert_true(isfinite(e->log_ratio) && isfinite(e->variance));
	assert_true(e->variance >= 0 && e->df >= 1);
	assert_int_not_equal(effect_verdict(e), EFFECT_UNKNOWN);
}

/* A second or so under a sanitizer. */
static void effect__is_finite_for_any_series(void **state)
{
	uint64_t seed = 20250101;
	size_t counts[EFFECT_NO_FIT + 1] = { 0 };
	struct effect e;
	struct made m;
	unsigned k;
	size_t i;

	(void)state;
	for (k = 0; k < 100000; k++) {
		made_random(&m, &seed);
		all_fns[k % FNS_N](&m.series,
				   (enum effect_shape)(k % EFFECT_SHAPES_N),
				   &e);
		assert_sane(&e);
		counts[e.state]++;
	}
	for (i = 0; i <= EFFECT_NO_FIT; i++) {
		assert_true(counts[i] > 100); /* each was tried */
	}
}

/* A series like those that people send: 24 months and a step. */
static void made_plain(struct made *m, uint64_t *seed)
{
	unsigned i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < 24; i++) {
		made_add(m,
			 row_of((int32_t)(660 + i), 5 + random_below(seed, 30),
				100 + random_below(seed, 50),
				i < 12   ? SERIES_BEFORE
				: i < 13 ? SERIES_TRANSITION
					 : SERIES_AFTER));
	}
}

static void effect__is_the_same_in_any_order_of_rows(void **state)
{
	uint64_t seed = 7;
	struct effect mixed;
	struct effect e;
	struct made m;
	unsigned shape;
	unsigned k;
	size_t f;

	(void)state;
	for (k = 0; k < 300; k++) {
		made_plain(&m, &seed);
		f = k % FNS_N;
		shape = k % EFFECT_SHAPES_N;
		all_fns[f](&m.series, (enum effect_shape)shape, &e);
		made_shuffle(&m, &seed);
		all_fns[f](&m.series, (enum effect_shape)shape, &mixed);
		assert_memory_equal(&e, &mixed, sizeof e);
	}
}

/* Beds or thousands of beds, days or bed days: the ratio has no unit. */
static void effect__does_not_depend_on_units(void **state)
{
	uint64_t seed = 11;
	struct effect scaled;
	struct effect e;
	struct made m;
	unsigned k;
	size_t i;

	(void)state;
	for (k = 0; k < 300; k++) {
		made_plain(&m, &seed);
		effect_own_trend(&m.series, EFFECT_RATE, &e);
		assert_int_equal(e.state, EFFECT_FULL);
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].denominator *= 1234.5;
		}
		effect_own_trend(&m.series, EFFECT_RATE, &scaled);
		assert_same(&scaled, &e, 1e-9);

		effect_own_trend(&m.series, EFFECT_MEAN, &e);
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].numerator *= 60; /* minutes, seconds */
			m.rows[i].month += 7;
		}
		effect_own_trend(&m.series, EFFECT_MEAN, &scaled);
		assert_close(scaled.ratio, e.ratio, 1e-9);
		assert_close(scaled.high, e.high, 1e-9);
	}
}

/* Run backwards, with before and after changed: the inverse. */
static void effect__is_the_inverse_of_the_mirrored_series(void **state)
{
	static const enum effect_shape shapes[] = { EFFECT_RATE,
						    EFFECT_PROPORTION,
						    EFFECT_COUNT };
	uint64_t seed = 13;
	struct effect mirrored;
	struct effect e;
	struct made m;
	unsigned k;
	size_t i;
	size_t f;

	(void)state;
	for (k = 0; k < 300; k++) {
		made_plain(&m, &seed);
		made_add(&m, row_of(684, 9, 100, SERIES_AFTER));
		f = k % 2 * 2; /* of effects with a trend and without */
		all_fns[f](&m.series, shapes[k % 3], &e);
		assert_int_equal(e.state, EFFECT_FULL);
		for (i = 0; i < m.series.n; i++) {
			m.rows[i].month = 1000 - m.rows[i].month;
			if (m.rows[i].phase != SERIES_TRANSITION) {
				m.rows[i].phase =
					m.rows[i].phase == SERIES_AFTER
						? SERIES_BEFORE
						: SERIES_AFTER;
			}
		}
		all_fns[f](&m.series, shapes[k % 3], &mirrored);
		assert_int_equal(mirrored.state, EFFECT_FULL);
		assert_close(mirrored.ratio, 1 / e.ratio, 1e-9);
		assert_close(mirrored.low, 1 / e.high, 1e-9);
		assert_close(mirrored.high, 1 / e.low, 1e-9);
		assert_close(mirrored.phi, e.phi, 1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			effect_own_trend__agrees_with_the_published_example),
		cmocka_unit_test(effect_season__allows_for_the_time_of_year),
		cmocka_unit_test(effects__agree_with_those_of_the_examples),
		cmocka_unit_test(
			effect_own_trend__tells_the_six_sepsis_results),
		cmocka_unit_test(effect__needs_enough_months),
		cmocka_unit_test(effect__counts_months_not_rows),
		cmocka_unit_test(
			effect__leaves_out_transition_and_missing_months),
		cmocka_unit_test(effect__refuses_impossible_numbers_by_name),
		cmocka_unit_test(effect__has_no_ratio_without_events),
		cmocka_unit_test(effect_own_trend__says_so_where_nothing_fits),
		cmocka_unit_test(effect__of_a_full_proportion_has_no_scatter),
		cmocka_unit_test(effect__has_no_lag1_where_months_fit_exactly),
		cmocka_unit_test(effect__has_no_lag1_of_equal_gaps),
		cmocka_unit_test(effect__of_means_needs_scatter),
		cmocka_unit_test(effect__names_its_states),
		cmocka_unit_test(effect_verdict__follows_from_the_interval),
		cmocka_unit_test(effect_before_after__compares_means),
		cmocka_unit_test(
			effect_own_trend__allows_for_the_trend_of_means),
		cmocka_unit_test(effect__is_finite_for_any_series),
		cmocka_unit_test(effect__is_the_same_in_any_order_of_rows),
		cmocka_unit_test(effect__does_not_depend_on_units),
		cmocka_unit_test(effect__is_the_inverse_of_the_mirrored_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
