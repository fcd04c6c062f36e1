#include "store/evidence/anhoej.h"

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
#include <jansson.h>

#include "tests/unit/chartkit.h"

/* ---- bounds --------------------------------------------------------------
 */

static void anhoej_bounds__are_those_of_the_table(void **state)
{
	char line[100];
	FILE *f = fopen(CHARTKIT_DATA "anhoej-bounds.csv", "r");
	size_t run;
	size_t crossings;
	size_t useful;
	size_t rows = 0;

	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f) != NULL) {
		/* NOLINTNEXTLINE(cert-err34-c): a file of our own */
		assert_int_equal(sscanf(line, "%zu,%zu,%zu", &useful, &run,
					&crossings),
				 3);
		assert_int_equal(useful, rows + 5);
		assert_int_equal(anhoej_run_max(useful), run);
		assert_int_equal(anhoej_crossings_min(useful), crossings);
		rows++;
	}
	(void)fclose(f);
	assert_int_equal(rows, 96);
}

/*
 * The distribution in another way: Pascal's triangle, row by row, of shares of
 * 2^-tries. The large terms, which alone count, keep their digits.
 */
static void anhoej_crossings_min__is_the_quantile_up_to_1200(void **state)
{
	static double row[ANHOEJ_VALUES_MAX + 1];
	double upto;
	size_t tries;
	size_t k;

	(void)state;
	memset(row, 0, sizeof row);
	row[0] = 1;
	for (tries = 1; tries < ANHOEJ_VALUES_MAX; tries++) {
		for (k = tries; k > 0; k--) {
			row[k] = (row[k] + row[k - 1]) / 2;
		}
		row[0] /= 2;
		upto = row[0];
		for (k = 0; upto < 0.05; k++) {
			upto += row[k + 1];
		}
		assert_int_equal(anhoej_crossings_min(tries + 1), k);
	}
}

static void anhoej_run_max__rounds_the_logarithm(void **state)
{
	(void)state;
	assert_int_equal(anhoej_run_max(2), 4);
	assert_int_equal(anhoej_run_max(3), 5); /* log2 is 1.58 */
	assert_int_equal(anhoej_run_max(11), 6);
	assert_int_equal(anhoej_run_max(12), 7);
	assert_int_equal(anhoej_run_max(1200), 13);
}

/* ---- series --------------------------------------------------------------
 */

static void check_case(const json_t *o)
{
	double values[ANHOEJ_VALUES_MAX];
	struct anhoej a;
	json_t *value;
	json_t *y;
	size_t n;
	size_t i;

	y = json_object_get(o, "y");
	n = json_array_size(y);
	assert_int_equal(n, (size_t)chartkit_number(o, "n_obs"));
	json_array_foreach(y, i, value)
	{
		values[i] = json_number_value(value);
	}
	anhoej(values, n, &a);
	chartkit_assert_close(a.median, chartkit_number(o, "median"), 1e-12);
	assert_int_equal(a.useful, (size_t)chartkit_number(o, "n_useful"));
	assert_int_equal(a.signal, chartkit_bool(o, "runs_signal"));
	if (json_is_null(json_object_get(o, "longest_run"))) {
		assert_false(a.known);
		assert_true(a.longest_run == 0 && a.crossings == 0);
		assert_true(a.longest_run_max == 0 && a.crossings_min == 0);
		return;
	}
	assert_true(a.known);
	assert_int_equal(a.longest_run,
			 (size_t)chartkit_number(o, "longest_run"));
	assert_int_equal(a.longest_run_max,
			 (size_t)chartkit_number(o, "longest_run_max"));
	assert_int_equal(a.crossings,
			 (size_t)chartkit_number(o, "n_crossings"));
	assert_int_equal(a.crossings_min,
			 (size_t)chartkit_number(o, "n_crossings_min"));
}

static void anhoej__agrees_on_short_series(void **state)
{
	json_t *o = chartkit_expected("anhoej-edge-cases");
	json_t *one;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(o, "cases")), 8);
	json_array_foreach(json_object_get(o, "cases"), i, one)
	{
		check_case(one);
	}
	json_decref(o);
}

static void anhoej__says_nothing_of_too_few(void **state)
{
	static const double few[] = { 4, 4, 4, 7 };
	static double many[ANHOEJ_VALUES_MAX + 1];
	struct anhoej a;

	(void)state;
	anhoej(NULL, 0, &a);
	assert_false(a.known || a.signal);
	assert_true(a.median == 0 && a.useful == 0);
	/* one alone is off the median: there is nothing to cross */
	anhoej(few, 4, &a);
	assert_false(a.known || a.signal);
	assert_true(a.median == 4);
	assert_int_equal(a.useful, 1);
	assert_int_equal(a.longest_run, 0);
	many[7] = 1;
	many[8] = 1;
	anhoej(many, ANHOEJ_VALUES_MAX, &a);
	assert_true(a.known);
	anhoej(many, ANHOEJ_VALUES_MAX + 1, &a);
	assert_false(a.known);
}

static void anhoej_about__takes_another_centre(void **state)
{
	static const double values[] = { 1, 2, 3, 10 };
	struct anhoej a;

	(void)state;
	anhoej_about(values, 4, 4, &a);
	assert_true(a.median == 4);
	assert_int_equal(a.useful, 4);
	assert_int_equal(a.longest_run, 3);
	assert_int_equal(a.crossings, 1);
}

static void anhoej__is_the_same_backwards_and_upside_down(void **state)
{
	double values[60];
	double other[60];
	struct anhoej a;
	struct anhoej b;
	uint64_t seed = 11;
	size_t signals = 0;
	size_t round;
	size_t n;
	size_t i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		n = 1 + chartkit_below(&seed, 60);
		for (i = 0; i < n; i++) {
			values[i] = chartkit_below(&seed, 12) +
				    (i > n / 2 ? (double)(round % 4) : 0);
		}
		anhoej(values, n, &a);
		for (i = 0; i < n; i++) {
			other[i] = 1000 - values[n - 1 - i];
		}
		anhoej(other, n, &b);
		assert_true(a.median == 1000 - b.median);
		b.median = a.median;
		assert_memory_equal(&a, &b, sizeof a);
		signals += a.signal;
	}
	assert_true(signals > 100 && signals < 1900);
}

/* Of 24 months in which nothing happens; docs/EVIDENCE.md, "Rules". */
static void anhoej__cries_wolf_in_three_of_a_hundred_series(void **state)
{
	double values[24];
	struct anhoej a;
	uint64_t seed = 5;
	size_t signals = 0;
	size_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < 24; i++) {
			values[i] = chartkit_normal(&seed);
		}
		anhoej(values, 24, &a);
		signals += a.signal;
	}
	/* 0.028, and four standard errors */
	assert_true(fabs((double)signals / 20000 - 0.028) < 0.005);
}

static void anhoej_median__bears_any_figures(void **state)
{
	double most[] = { DBL_MAX, DBL_MAX };
	double both[] = { DBL_MAX, -DBL_MAX };
	double least[] = { 5e-324, 5e-324, 0 };
	double five[] = { 3, 1, 5, 4, 2 };

	(void)state;
	assert_true(anhoej_median(NULL, 0) == 0);
	assert_true(anhoej_median(five, 1) == 3);
	assert_true(anhoej_median(five, 2) == 2);
	assert_true(anhoej_median(five, 5) == 3);
	assert_true(anhoej_median(most, 2) == DBL_MAX);
	assert_true(anhoej_median(both, 2) == 0);
	assert_true(anhoej_median(least, 3) == 5e-324);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anhoej_bounds__are_those_of_the_table),
		cmocka_unit_test(
			anhoej_crossings_min__is_the_quantile_up_to_1200),
		cmocka_unit_test(anhoej_run_max__rounds_the_logarithm),
		cmocka_unit_test(anhoej__agrees_on_short_series),
		cmocka_unit_test(anhoej__says_nothing_of_too_few),
		cmocka_unit_test(anhoej_about__takes_another_centre),
		cmocka_unit_test(anhoej__is_the_same_backwards_and_upside_down),
		cmocka_unit_test(
			anhoej__cries_wolf_in_three_of_a_hundred_series),
		cmocka_unit_test(anhoej_median__bears_any_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
