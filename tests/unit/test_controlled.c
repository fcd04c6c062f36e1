#include "store/evidence/controlled.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/effectkit.h"

#define OTHERS 3u

/* A region and its comparators, with pointers as the function wants them. */
struct group {
	struct made own;
	struct made others[OTHERS];
	const struct series *pointers[OTHERS];
};

static void group_point(struct group *g)
{
	size_t i;

	for (i = 0; i < OTHERS; i++) {
		g->others[i].series.rows = g->others[i].rows;
		g->pointers[i] = &g->others[i].series;
	}
	g->own.series.rows = g->own.rows;
}

/* Two years each, @mean events of 1,000, and a transition of one month. */
static void group_make(struct group *g, uint64_t *seed, double mean)
{
	struct made *m;
	size_t i;
	int32_t k;

	memset(g, 0, sizeof *g);
	for (i = 0; i <= OTHERS; i++) {
		m = i == 0 ? &g->own : &g->others[i - 1];
		for (k = 0; k < 24; k++) {
			made_add(m, row_of(k, random_poisson(seed, mean), 1000,
					   i > 0 || k < 12 ? SERIES_BEFORE
					   : k == 12       ? SERIES_TRANSITION
							   : SERIES_AFTER));
		}
	}
	group_point(g);
}

static void group_effect(const struct group *g, enum effect_shape shape,
			 struct effect *out)
{
	effect_controlled(&g->own.series, g->pointers, OTHERS, shape, out);
}

static void assert_none(const struct effect *e, enum effect_state state)
{
	assert_int_equal(e->state, state);
	assert_true(e->ratio == 0 && e->low == 0 && e->high == 0);
	assert_true(e->phi == 0 && e->log_ratio == 0 && e->variance == 0);
	assert_true(e->df == 0 && !e->half_added);
}

/* All six regions of the examples, each with the three that did not adopt. */
static void effect_controlled__agrees_with_those_of_the_examples(void **state)
{
	static const char *const regions[] = { "north-east-north-cumbria",
					       "south-west",
					       "uclpartners",
					       "wessex",
					       "west-midlands",
					       "yorkshire-humber" };
	static struct group g;
	json_t *o = expected_read("example-series");
	const json_t *all = json_object_get(o, "series");
	const json_t *expected;
	const json_t *names;
	struct effect e;
	char name[100];
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof regions / sizeof *regions; i++) {
		(void)snprintf(name, sizeof name, "sepsis-late-antibiotics--%s",
			       regions[i]);
		expected = json_object_get(json_object_get(all, name),
					   "controlled");
		made_read(&g.own, name);
		names = json_object_get(expected, "comparators");
		assert_int_equal(json_array_size(names), OTHERS);
		for (k = 0; k < OTHERS; k++) {
			(void)snprintf(name, sizeof name,
				       "sepsis-late-antibiotics--%s",
				       json_string_value(
					       json_array_get(names, k)));
			made_read(&g.others[k], name);
		}
		group_point(&g);
		group_effect(&g, EFFECT_PROPORTION, &e);
		assert_int_equal(e.state, EFFECT_FULL);
		assert_close(e.ratio, expected_number(expected, "rr"), 1e-8);
		assert_close(e.log_ratio, expected_number(expected, "log_rr"),
			     1e-8);
		assert_close(sqrt(e.variance), expected_number(expected, "se"),
			     1e-8);
		assert_close(e.low, expected_item(expected, "ci", 0), 1e-8);
		assert_close(e.high, expected_item(expected, "ci", 1), 1e-8);
		assert_int_equal(e.df, (size_t)expected_number(expected, "df"));
		assert_true(e.lag1 == 0);
	}
	json_decref(o);
}

/* What falls everywhere is no effect of this region's. */
static void effect_controlled__takes_off_what_goes_on_everywhere(void **state)
{
	static struct group g;
	struct effect plain;
	struct effect e;
	size_t i;
	size_t k;

	(void)state;
	memset(&g, 0, sizeof g);
	for (k = 0; k < 24; k++) {
		for (i = 0; i <= OTHERS; i++) {
			made_add(i == 0 ? &g.own : &g.others[i - 1],
				 row_of((int32_t)k,
					1000 * (double)(i + 1) *
						pow(0.95, (double)k),
					10000,
					i == 0 && k >= 12 ? SERIES_AFTER
							  : SERIES_BEFORE));
		}
	}
	group_point(&g);
	effect_before_after(&g.own.series, EFFECT_RATE, &plain);
	assert_true(plain.high < 0.7);
	group_effect(&g, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_close(e.ratio, 1, 1e-9);
	assert_true(e.low < 1 && e.high > 1);
	assert_true(e.variance > plain.variance);
	assert_int_equal(e.df, 2 * plain.df);
	assert_close(e.phi, plain.phi, 1e-12);
}

/* A month that one of them has not counts for none. */
static void effect_controlled__takes_the_months_of_all(void **state)
{
	static struct group without;
	static struct group g;
	uint64_t seed = 5;
	struct effect expected;
	struct effect e;
	size_t i;

	(void)state;
	group_make(&g, &seed, 40);
	without = g;
	group_point(&without);
	/* by hand: months 3, 4 and 20 are gone everywhere */
	for (i = 0; i < OTHERS; i++) {
		without.others[i].rows[3].missing = true;
		without.others[i].rows[4].missing = true;
		without.others[i].rows[20].missing = true;
	}
	without.own.rows[3].missing = true;
	without.own.rows[4].missing = true;
	without.own.rows[20].missing = true;
	group_effect(&without, EFFECT_RATE, &expected);
	assert_int_equal(expected.state, EFFECT_SHORT);
	assert_int_equal(expected.months_before, 10);
	assert_int_equal(expected.months_after, 10);

	g.own.rows[3].missing = true;
	g.others[1].rows[4].missing = true;
	/* a row that is not there, and a gap in the middle */
	g.others[2].rows[20].month = 100;
	group_effect(&g, EFFECT_RATE, &e);
	assert_memory_equal(&e, &expected, sizeof e);

	/* nobody at risk, and nothing happened: no figure */
	g.own.rows[3].missing = false;
	g.own.rows[3].numerator = 0;
	g.own.rows[3].denominator = 0;
	group_effect(&g, EFFECT_RATE, &e);
	assert_memory_equal(&e, &expected, sizeof e);
}

static void effect_controlled__is_the_same_in_any_order(void **state)
{
	static struct group mixed;
	static struct group g;
	const struct series *first;
	uint64_t seed = 9;
	struct effect expected;
	struct effect e;
	size_t i;
	int k;

	(void)state;
	for (k = 0; k < 100; k++) {
		group_make(&g, &seed, 10);
		for (i = 0; i < OTHERS; i++) {
			g.others[i].rows[k % 24].denominator = 1e9 / 3;
			g.others[i].rows[k % 24].numerator = 0.1 + (double)i;
		}
		group_effect(&g, (enum effect_shape)(k % 4), &expected);
		mixed = g;
		group_point(&mixed);
		made_shuffle(&mixed.own, &seed);
		for (i = 0; i < OTHERS; i++) {
			made_shuffle(&mixed.others[i], &seed);
			mixed.others[i].rows[0].phase = SERIES_AFTER;
		}
		first = mixed.pointers[0];
		mixed.pointers[0] = mixed.pointers[2];
		mixed.pointers[2] = first;
		group_effect(&mixed, (enum effect_shape)(k % 4), &e);
		assert_memory_equal(&e, &expected, sizeof e);
	}
}

static void effect_controlled__marks_half_events(void **state)
{
	static struct group g;
	uint64_t seed = 3;
	struct effect e;
	size_t k;

	(void)state;
	group_make(&g, &seed, 20);
	group_effect(&g, EFFECT_RATE, &e);
	assert_false(e.half_added);
	for (k = 12; k < 24; k++) {
		g.own.rows[k].numerator = 0;
	}
	group_effect(&g, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.half_added && e.ratio < 0.1 && e.ratio > 0);

	/* neither has any after: nothing can be said */
	group_make(&g, &seed, 20);
	for (k = 12; k < 24; k++) {
		g.others[0].rows[k].numerator = 0;
		g.others[1].rows[k].numerator = 0;
		g.others[2].rows[k].numerator = 0;
	}
	group_effect(&g, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	assert_true(e.half_added && e.ratio > 10);
}

static void effect_controlled__says_why_there_is_none(void **state)
{
	static struct group g;
	const struct series *many[CONTROLLED_COMPARATORS_MAX + 1];
	uint64_t seed = 3;
	struct effect e;
	size_t i;

	(void)state;
	group_make(&g, &seed, 20);
	effect_controlled(&g.own.series, NULL, 0, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
	for (i = 0; i < CONTROLLED_COMPARATORS_MAX + 1; i++) {
		many[i] = g.pointers[i % OTHERS];
	}
	effect_controlled(&g.own.series, many, CONTROLLED_COMPARATORS_MAX,
			  EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	effect_controlled(&g.own.series, many, CONTROLLED_COMPARATORS_MAX + 1,
			  EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_FIT);
	group_effect(&g, EFFECT_TIME_BETWEEN, &e);
	assert_none(&e, EFFECT_NO_FIT);
	g.others[1].series.by_event = true;
	group_effect(&g, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_FIT);

	/* a figure that cannot be is not hidden by the others' */
	group_make(&g, &seed, 20);
	g.others[2].rows[5].denominator = 0;
	g.others[2].rows[5].numerator = 3;
	group_effect(&g, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_DENOMINATOR);
	g.others[2].rows[5].denominator = 2;
	group_effect(&g, EFFECT_PROPORTION, &e);
	assert_none(&e, EFFECT_OVER);
	group_effect(&g, EFFECT_RATE, &e);
	assert_int_equal(e.state, EFFECT_FULL);
	g.own.rows[7].denominator = -1;
	group_effect(&g, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_NO_DENOMINATOR);

	/* no month in common */
	group_make(&g, &seed, 20);
	for (i = 0; i < 24; i++) {
		g.others[0].rows[i].month += 24;
	}
	group_effect(&g, EFFECT_RATE, &e);
	assert_none(&e, EFFECT_TOO_EARLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			effect_controlled__agrees_with_those_of_the_examples),
		cmocka_unit_test(
			effect_controlled__takes_off_what_goes_on_everywhere),
		cmocka_unit_test(effect_controlled__takes_the_months_of_all),
		cmocka_unit_test(effect_controlled__is_the_same_in_any_order),
		cmocka_unit_test(effect_controlled__marks_half_events),
		cmocka_unit_test(effect_controlled__says_why_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
