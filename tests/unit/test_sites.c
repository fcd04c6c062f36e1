#include "store/evidence/sites.h"

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

static bool out_of_memory;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return out_of_memory ? NULL : __real_calloc(n, size);
}

#define SITES 3u

struct region {
	struct made sites[SITES];
	const struct series *pointers[SITES];
};

/* Two years of three sites; the second month of the second year is one of
 * transition. */
static void region_make(struct region *r, uint64_t *seed)
{
	size_t i;
	int32_t k;

	memset(r, 0, sizeof *r);
	for (i = 0; i < SITES; i++) {
		for (k = 0; k < 24; k++) {
			made_add(&r->sites[i],
				 row_of(k, random_below(seed, 30),
					50 + random_below(seed, 50),
					k < 12    ? SERIES_BEFORE
					: k == 12 ? SERIES_TRANSITION
						  : SERIES_AFTER));
		}
		r->pointers[i] = &r->sites[i].series;
	}
}

static void sites_add__adds_month_by_month(void **state)
{
	static struct region r;
	struct series sum;
	uint64_t seed = 3;
	size_t k;

	(void)state;
	region_make(&r, &seed);
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_OK);
	assert_int_equal(sum.n, 24);
	assert_true(sum.has_phase && !sum.by_event);
	for (k = 0; k < 24; k++) {
		assert_int_equal(sum.rows[k].month, k);
		assert_int_equal(sum.rows[k].day, 1);
		assert_false(sum.rows[k].missing);
		assert_int_equal(sum.rows[k].phase, r.sites[0].rows[k].phase);
		assert_true(sum.rows[k].numerator ==
			    r.sites[0].rows[k].numerator +
				    r.sites[1].rows[k].numerator +
				    r.sites[2].rows[k].numerator);
		assert_true(sum.rows[k].denominator ==
			    r.sites[0].rows[k].denominator +
				    r.sites[1].rows[k].denominator +
				    r.sites[2].rows[k].denominator);
	}
	series_release(&sum);

	/* a count is of nothing, however many sites */
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_COUNT, &sum),
			 WEALD_OK);
	assert_true(sum.rows[0].denominator == 1);
	series_release(&sum);

	/* one site is itself */
	assert_int_equal(sites_add(r.pointers, 1, EFFECT_RATE, &sum), WEALD_OK);
	assert_int_equal(sum.n, 24);
	assert_true(sum.rows[5].numerator == r.sites[0].rows[5].numerator);
	series_release(&sum);
}

static void sites_add__leaves_out_what_one_has_not(void **state)
{
	static struct region r;
	struct series sum;
	uint64_t seed = 3;

	(void)state;
	region_make(&r, &seed);
	r.sites[0].rows[2].missing = true;
	r.sites[1].rows[3].missing = true;
	r.sites[2].rows[4].month = 70;
	/* began a month later: what lies between is transition */
	r.sites[1].rows[13].phase = SERIES_TRANSITION;
	r.sites[1].rows[11].phase = SERIES_AFTER;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_OK);
	assert_int_equal(sum.n, 21);
	assert_int_equal(sum.rows[1].month, 1);
	assert_int_equal(sum.rows[2].month, 5);
	assert_int_equal(sum.rows[10].month, 13);
	assert_int_equal(sum.rows[10].phase, SERIES_TRANSITION);
	assert_int_equal(sum.rows[8].month, 11);
	assert_int_equal(sum.rows[8].phase, SERIES_TRANSITION);
	assert_int_equal(sum.rows[11].phase, SERIES_AFTER);
	series_release(&sum);

	r.sites[1].series.n = 0;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_OK);
	assert_int_equal(sum.n, 0);
	series_release(&sum);
}

/* Figures whose sum depends on the order in which they are added. */
static void sites_add__is_the_same_in_any_order(void **state)
{
	static struct region r;
	const struct series *first;
	struct series expected;
	struct series sum;
	uint64_t seed = 7;
	int k;

	(void)state;
	for (k = 0; k < 50; k++) {
		region_make(&r, &seed);
		r.sites[0].rows[k % 24].numerator = 1e15;
		r.sites[1].rows[k % 24].numerator = 0.06;
		r.sites[2].rows[k % 24].numerator = 0.06;
		/* two that cannot be, in one month */
		r.sites[0].rows[3].denominator = 0;
		r.sites[1].rows[3].denominator = -1;
		r.sites[2].rows[4].numerator = (double)NAN;
		r.sites[1].rows[4].numerator = -2;
		assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE,
					   &expected),
				 WEALD_OK);
		made_shuffle(&r.sites[0], &seed);
		made_shuffle(&r.sites[2], &seed);
		first = r.pointers[0];
		r.pointers[0] = r.pointers[k % 3];
		r.pointers[k % 3] = first;
		assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE,
					   &sum),
				 WEALD_OK);
		assert_int_equal(sum.n, expected.n);
		assert_memory_equal(sum.rows, expected.rows,
				    sum.n * sizeof *sum.rows);
		series_release(&sum);
		series_release(&expected);
	}
}

/* 3 of nobody and 5 of 100 are not 8 of 100. */
static void sites_add__hides_no_figure_that_cannot_be(void **state)
{
	static const struct {
		double numerator;
		double denominator;
		enum effect_shape shape;
		enum effect_state state;
	} cases[] = {
		{ 3, 0, EFFECT_RATE, EFFECT_NO_DENOMINATOR },
		{ 3, -5, EFFECT_MEAN, EFFECT_NO_DENOMINATOR },
		{ 9, 8, EFFECT_PROPORTION, EFFECT_OVER },
		{ 9, 8, EFFECT_RATE, EFFECT_FULL },
		{ -1, 8, EFFECT_RATE, EFFECT_NO_FIT },
		{ (double)NAN, 8, EFFECT_COUNT, EFFECT_NO_FIT },
		{ 3, (double)INFINITY, EFFECT_RATE, EFFECT_NO_FIT },
		/* nobody there, nothing happened: it adds nothing */
		{ 0, 0, EFFECT_RATE, EFFECT_FULL },
		{ 3, 0, EFFECT_COUNT, EFFECT_FULL },
	};
	static struct region r;
	struct series sum;
	struct effect e;
	uint64_t seed = 3;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		region_make(&r, &seed);
		r.sites[1].rows[5].numerator = cases[i].numerator;
		r.sites[1].rows[5].denominator = cases[i].denominator;
		assert_int_equal(sites_add(r.pointers, SITES, cases[i].shape,
					   &sum),
				 WEALD_OK);
		assert_int_equal(sum.n, 24);
		effect_before_after(&sum, cases[i].shape, &e);
		assert_int_equal(e.state, cases[i].state);
		series_release(&sum);
	}
}

static void sites_add__refuses_what_cannot_be_added(void **state)
{
	static const struct series *many[SITES_MAX + 1];
	static struct region r;
	struct series sum = { 0 };
	uint64_t seed = 3;
	size_t i;

	(void)state;
	region_make(&r, &seed);
	assert_int_equal(sites_add(r.pointers, 0, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_TIME_BETWEEN,
				   &sum),
			 WEALD_INVALID);
	for (i = 0; i < SITES_MAX + 1; i++) {
		many[i] = r.pointers[i % SITES];
	}
	assert_int_equal(sites_add(many, SITES_MAX + 1, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	assert_int_equal(sites_add(many, SITES_MAX, EFFECT_RATE, &sum),
			 WEALD_OK);
	series_release(&sum);
	r.sites[2].series.by_event = true;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	r.sites[2].series.by_event = false;
	/* a month twice, side by side and far apart */
	r.sites[2].rows[8].month = 7;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	r.sites[2].rows[8].month = 20;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	r.sites[2].rows[8].month = 8;
	r.sites[2].series.n = SERIES_ROWS_MAX + 1;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_INVALID);
	assert_null(sum.rows);
}

static void sites_add__survives_a_lack_of_memory(void **state)
{
	static struct region r;
	struct series sum = { 0 };
	uint64_t seed = 3;

	(void)state;
	region_make(&r, &seed);
	out_of_memory = true;
	assert_int_equal(sites_add(r.pointers, SITES, EFFECT_RATE, &sum),
			 WEALD_NOMEM);
	out_of_memory = false;
	assert_null(sum.rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_add__adds_month_by_month),
		cmocka_unit_test(sites_add__leaves_out_what_one_has_not),
		cmocka_unit_test(sites_add__is_the_same_in_any_order),
		cmocka_unit_test(sites_add__hides_no_figure_that_cannot_be),
		cmocka_unit_test(sites_add__refuses_what_cannot_be_added),
		cmocka_unit_test(sites_add__survives_a_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
