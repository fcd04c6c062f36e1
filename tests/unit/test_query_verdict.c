#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/comparekit.h"

/* Deaths: HARM, by which fewer is better too. */
static int setup(void **state)
{
	struct indexkit *k;

	comparekit_setup(state);
	k = *state;
	indexkit_record(k, HARM, "Deaths", "");
	indexkit_fact(k, HARM, "shape", "proportion");
	indexkit_fact(k, HARM, "direction", "decrease");
	indexkit_fact(k, HARM, "type", "outcome");
	return 0;
}

static void put(struct indexkit *k, const char *ref, const char *measure,
		double step, unsigned seed)
{
	struct series s = comparekit_years(step, seed);

	comparekit_put(k, ref, measure, &s);
	series_release(&s);
}

static struct derived ask(struct indexkit *k)
{
	struct derived d;

	assert_int_equal(query_derived(k->x, TROLLEY, indexkit_day(TODAY), &d,
				       &k->msg),
			 WEALD_OK);
	return d;
}

/* The only region, by what it found. */
static void assert_found(struct indexkit *k, const char *verdict,
			 const char *result)
{
	struct derived d = ask(k);

	assert_int_equal(d.tried, 1);
	assert_int_equal(d.uses_n, 1);
	assert_string_equal(d.uses[0].verdict, verdict);
	assert_string_equal(d.uses[0].result_ref, result);
	assert_int_equal(d.improved, strcmp(verdict, "improved") == 0);
	assert_int_equal(d.unclear, strcmp(verdict, "unclear") == 0);
	assert_int_equal(d.worse, strcmp(verdict, "worse") == 0);
	assert_int_equal(d.no_verdict, strcmp(verdict, "no-verdict") == 0);
	derived_release(&d);
}

/* What `compare` says of the only region by @measure, to the last bit. */
static void assert_as_compared(struct indexkit *k, const char *measure)
{
	struct comparisons c = comparekit_ask(k);
	struct derived d = ask(k);
	struct effect e = { .ratio = 0 };
	size_t i;

	for (i = 0; i < c.n; i++) {
		if (strcmp(c.list[i].measure, measure) == 0) {
			e = c.list[i].regions[0].own_trend;
		}
	}
	assert_true(e.ratio > 0);
	assert_same(d.uses[0].ratio, e.ratio);
	assert_same(d.uses[0].low, e.low);
	assert_same(d.uses[0].high, e.high);
	derived_release(&d);
	comparisons_release(&c);
}

/* ---- several measures ---- */

/* More deaths are not made good by a first dose in time. */
static void query_derived__hides_no_harm(void **state)
{
	struct indexkit *k = *state;
	struct hit hit;

	put(k, "a/evidence/deaths", HARM, 2.0, 1);
	put(k, "a/evidence/late", LATE, 0.5, 2);
	assert_found(k, "worse", "a/evidence/deaths");
	assert_as_compared(k, HARM);
	assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg), WEALD_OK);
	assert_int_equal(hit.tried, 1);
	assert_int_equal(hit.improved, 0);
	assert_string_equal(hit.maturity, "tested-once");
	hit_release(&hit);
}

/* Whichever came first, and whether it is evidence or with an adoption. */
static void query_derived__hides_no_harm_of_an_adoption(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;

	put(k, "a/evidence/late", LATE, 0.5, 2);
	put(k, "a/adoption/use", HARM, 2.0, 1);
	assert_found(k, "worse", "a/adoption/use");
	assert_int_equal(query_adoptions(k->x, TROLLEY, indexkit_day(TODAY),
					 &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.list[0].use.verdict, "worse");
	adoption_rows_release(&rows);
}

static void query_derived__names_the_first_harm(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 2.0, 1);
	put(k, "a/evidence/deaths", HARM, 1.9, 2);
	assert_found(k, "worse", "a/evidence/deaths");
}

static void query_derived__takes_better_before_unclear(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 0.5, 2);
	put(k, "a/evidence/deaths", HARM, 1.0, 1);
	assert_found(k, "improved", "a/evidence/late");
	assert_as_compared(k, LATE);
}

static void query_derived__judges_by_no_balancing_measure(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 1.0, 1);
	put(k, "a/evidence/deaths", HARM, 2.0, 2);
	indexkit_fact(k, HARM, "type", "balancing");
	assert_found(k, "unclear", "a/evidence/late");
	indexkit_fact(k, LATE, "direction", "increase");
	assert_found(k, "no-verdict", "a/evidence/deaths");
}

static void query_derived__reads_time_between_either_way(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 1.0, 1);
	put(k, "a/evidence/deaths", HARM, 1.0, 2);
	indexkit_fact(k, HARM, "shape", "time-between");
	indexkit_fact(k, HARM, "direction", "increase");
	indexkit_sql(k, "UPDATE effect SET state = 'full', ratio = 2,"
			" low = 1.5, high = 3 WHERE shape = 'time-between'");
	assert_found(k, "worse", "a/evidence/deaths");
	indexkit_fact(k, HARM, "direction", "neutral");
	assert_found(k, "unclear", "a/evidence/late");
}

/* ---- several records by one measure ---- */

static void query_derived__adds_sites_as_compare_does(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/north", LATE, 1.9, 1);
	put(k, "a/evidence/east", LATE, 0.7, 2);
	assert_found(k, "worse", "a/evidence/east");
	assert_as_compared(k, LATE);
}

/* Nor does it matter what they are called, or which came first. */
static void query_derived__adds_sites_in_any_order(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/aa", LATE, 0.7, 2);
	put(k, "a/evidence/zz", LATE, 1.9, 1);
	indexkit_sql(k, "UPDATE record SET created = 1");
	assert_found(k, "worse", "a/evidence/aa");
	assert_as_compared(k, LATE);
}

static void query_derived__adds_an_adoption_to_evidence(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/north", LATE, 1.9, 1);
	put(k, "a/adoption/east", LATE, 0.7, 2);
	assert_found(k, "worse", "a/adoption/east");
	assert_as_compared(k, LATE);
}

static void query_derived__takes_the_whole_region_for_its_sites(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/all", LATE, 0.5, 1);
	indexkit_fact(k, "a/evidence/all", "scope.level", "region");
	put(k, "a/evidence/north", LATE, 1.9, 2);
	assert_found(k, "improved", "a/evidence/all");
	assert_as_compared(k, LATE);
}

static void query_derived__counts_the_same_figures_once(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 0.5, 1);
	put(k, "a/adoption/use", LATE, 0.5, 1);
	assert_found(k, "improved", "a/evidence/late");
	assert_as_compared(k, LATE);
}

/* One without a start has no periods to compare, and evidence has. */
static void query_derived__leaves_out_an_adoption_without_start(void **state)
{
	struct indexkit *k = *state;

	put(k, "a/evidence/late", LATE, 0.5, 1);
	put(k, "a/adoption/use", LATE, 1.9, 2);
	indexkit_sql(k, "DELETE FROM fact WHERE name = 'start' AND record ="
			" (SELECT id FROM record WHERE kind = 'adoption')");
	assert_found(k, "improved", "a/evidence/late");
	assert_as_compared(k, LATE);
}

/* Harm by one measure stands, however many sites are added by another. */
static void query_derived__judges_sites_and_measures(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	put(k, "a/evidence/deaths", HARM, 2.0, 3);
	put(k, "a/evidence/north", LATE, 0.5, 1);
	put(k, "a/evidence/east", LATE, 0.6, 2);
	put(k, "b/evidence/north", LATE, 0.5, 4);
	put(k, "b/evidence/east", LATE, 0.6, 5);
	d = ask(k);
	assert_int_equal(d.tried, 2);
	assert_int_equal(d.worse, 1);
	assert_int_equal(d.improved, 1);
	assert_string_equal(d.uses[0].result_ref, "a/evidence/deaths");
	assert_string_equal(d.uses[1].result_ref, "b/evidence/east");
	derived_release(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, comparekit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(query_derived__hides_no_harm),
		TEST(query_derived__hides_no_harm_of_an_adoption),
		TEST(query_derived__names_the_first_harm),
		TEST(query_derived__takes_better_before_unclear),
		TEST(query_derived__judges_by_no_balancing_measure),
		TEST(query_derived__reads_time_between_either_way),
		TEST(query_derived__adds_sites_as_compare_does),
		TEST(query_derived__adds_sites_in_any_order),
		TEST(query_derived__adds_an_adoption_to_evidence),
		TEST(query_derived__takes_the_whole_region_for_its_sites),
		TEST(query_derived__counts_the_same_figures_once),
		TEST(query_derived__leaves_out_an_adoption_without_start),
		TEST(query_derived__judges_sites_and_measures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
