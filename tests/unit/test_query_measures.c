/*
 * What comes first of what is compared, and which measures there are.
 */
#include "store/index/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/compare_private.h"
#include "tests/unit/comparekit.h"

#define REF_BYTES 160u

/* ---- order ---- */

/* Of what is compared: "region/kind/slug by region/kind/slug". */
static void assert_order(const struct comparisons *c, const char *const *want,
			 size_t n)
{
	size_t i;

	assert_int_equal(c->n, n);
	for (i = 0; i < n; i++) {
		assert_string_equal(c->list[i].intervention, want[i]);
	}
}

/* An intervention for "lead/problem/sepsis" with one region's result. */
static void put_other(struct indexkit *k, const char *name, double ratio,
		      double low, double high)
{
	char intervention[REF_BYTES];
	char evidence[REF_BYTES];

	(void)snprintf(intervention, sizeof intervention,
		       "lead/intervention/%s", name);
	(void)snprintf(evidence, sizeof evidence, "a/evidence/%s", name);
	indexkit_record(k, intervention, name, "");
	indexkit_link(k, intervention, "problem", "lead/problem/sepsis", 0);
	comparekit_late(k, evidence, 0.5, 1);
	indexkit_sql(k,
		     "UPDATE link SET target = %Q"
		     " WHERE rel = 'intervention' AND record = %lld;"
		     "UPDATE effect SET ratio = %f, low = %f, high = %f,"
		     " plain_ratio = %f WHERE record = %lld",
		     intervention, comparekit_id(k, evidence), ratio, low, high,
		     ratio, comparekit_id(k, evidence));
}

static void compare__shows_the_surest_first(void **state)
{
	static const char *const want[] = {
		"lead/intervention/large", /* moderate */
		"lead/intervention/sure",  "lead/intervention/nearly",
		"lead/intervention/worse", "lead/intervention/unclear",
		"lead/intervention/gone",
	};
	struct indexkit *k = *state;
	struct comparisons c;

	indexkit_record(k, "lead/problem/sepsis", "Too late", "");
	put_other(k, "unclear", 0.6, 0.3, 1.3); /* very low */
	put_other(k, "worse", 1.4, 1.3, 1.5);
	put_other(k, "gone", 0.4, 0.3, 0.5);
	put_other(k, "nearly", 0.6, 0.5, 0.95);
	put_other(k, "sure", 0.7, 0.65, 0.75);
	put_other(k, "large", 0.4, 0.35, 0.6);
	indexkit_version(k, "lead/intervention/gone", "withdraw", "harm");
	c = comparekit_ask_with(k, &(struct compare_ask){
					   .problem = "lead/problem/sepsis" });
	assert_order(&c, want, sizeof want / sizeof want[0]);
	assert_true(c.list[5].withdrawn);
	comparisons_release(&c);
}

static void compare__ranks_two_by_what_holds_for_both(void **state)
{
	char names[] = "abm";
	struct comparison a = { .intervention = names,
				.measure = names + 2,
				.judged = true,
				.estimates_n = 2,
				.regions_n = 2 };
	struct comparison b = a;
	struct compared two[2] = { { .pooled = true }, { .pooled = true } };

	(void)state;
	two[0].certainty.level = CERTAINTY_LOW;
	two[0].own_trend.low = 0.5;
	two[0].own_trend.high = 0.7;
	two[1].certainty.level = CERTAINTY_VERY_LOW;
	two[1].own_trend.low = 0.5;
	two[1].own_trend.high = 0.9;
	a.regions = two;
	b.estimates_n = b.regions_n = 1;
	b.intervention = names + 1;
	b.certainty.level = CERTAINTY_VERY_LOW;
	b.low = 0.5;
	b.high = 0.8;
	assert_true(comparison_order(&a, &b) > 0);
	b.high = 0.95;
	assert_true(comparison_order(&a, &b) < 0);
	b.certainty.level = CERTAINTY_LOW;
	assert_true(comparison_order(&a, &b) > 0);
}

static void compare__keeps_the_measures_of_one_together(void **state)
{
	static const char *const want[] = { "lead/intervention/one",
					    "lead/intervention/one",
					    "lead/intervention/two" };
	struct indexkit *k = *state;
	struct series s = comparekit_years(0.9, 3);
	struct comparisons c;

	indexkit_record(k, "lead/problem/sepsis", "Too late", "");
	indexkit_record(k, HARM, "Nurses called away", "");
	indexkit_fact(k, HARM, "shape", "proportion");
	indexkit_fact(k, HARM, "type", "balancing");
	put_other(k, "one", 0.4, 0.35, 0.6);
	put_other(k, "two", 0.7, 0.65, 0.75);
	comparekit_put(k, "b/evidence/harm", HARM, &s);
	indexkit_sql(k,
		     "UPDATE link SET target = 'lead/intervention/one'"
		     " WHERE rel = 'intervention' AND record = %lld",
		     comparekit_id(k, "b/evidence/harm"));
	c = comparekit_ask_with(k, &(struct compare_ask){
					   .problem = "lead/problem/sepsis" });
	assert_order(&c, want, sizeof want / sizeof want[0]);
	assert_string_equal(c.list[0].measure, LATE);
	assert_string_equal(c.list[1].measure, HARM);
	comparisons_release(&c);
	series_release(&s);
}

/* What is printed of it, without names. */
static void digest(const struct comparisons *c, char *out, size_t size)
{
	const struct comparison *one = &c->list[0];
	size_t used = 0;
	size_t i;

	for (i = 0; i < one->regions_n; i++) {
		used += (size_t)snprintf(out + used, size - used,
					 "%s %a %a %s %u;",
					 one->regions[i].region,
					 one->regions[i].own_trend.ratio,
					 one->regions[i].weight,
					 one->regions[i].settings,
					 one->regions[i].bias);
	}
	(void)snprintf(out + used, size - used, "%a %a %a", one->pool.ratio,
		       one->pool.tau2, one->pool.predict_high);
}

static void compare__says_the_same_whatever_came_first(void **state)
{
	static const struct {
		const char *ref;
		double step;
		unsigned seed;
	} records[] = {
		{ "a/evidence/x", 0.5, 1 }, { "b/evidence/x", 0.6, 2 },
		{ "c/evidence/x", 0.7, 3 }, { "d/evidence/x", 0.8, 4 },
		{ "e/evidence/x", 0.9, 5 }, { "e/evidence/y", 0.7, 6 },
		{ "e/evidence/z", 0.8, 7 },
	};
	const size_t n = sizeof records / sizeof records[0];
	struct indexkit *k = *state;
	struct comparisons c;
	char first[2048];
	char then[2048];
	size_t i;

	for (i = 0; i < n; i++) {
		comparekit_late(k, records[i].ref, records[i].step,
				records[i].seed);
	}
	c = comparekit_ask(k);
	digest(&c, first, sizeof first);
	comparisons_release(&c);
	/* with other ids */
	for (i = 0; i < n; i++) {
		indexkit_sql(k,
			     "DELETE FROM link WHERE record = %lld;"
			     "DELETE FROM numbers WHERE record = %lld;"
			     "DELETE FROM effect WHERE record = %lld;"
			     "DELETE FROM fact WHERE record = %lld;"
			     "DELETE FROM tag WHERE record = %lld;"
			     "DELETE FROM version WHERE record = %lld;"
			     "DELETE FROM search WHERE rowid = %lld;"
			     "DELETE FROM record WHERE id = %lld",
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref),
			     comparekit_id(k, records[i].ref));
	}
	for (i = n; i-- > 0;) {
		comparekit_late(k, records[i].ref, records[i].step,
				records[i].seed);
	}
	c = comparekit_ask(k);
	digest(&c, then, sizeof then);
	comparisons_release(&c);
	assert_string_equal(first, then);
}

/* ---- what is asked ---- */

static void compare__refuses_what_is_not_there(void **state)
{
	static const char *const problem[] = { LATE };
	struct indexkit *k = *state;
	struct comparisons c;
	const char *many[COMPARE_INTERVENTIONS_MAX + 1];
	struct compare_ask ask = { .interventions = problem,
				   .interventions_n = 1 };
	size_t i;

	assert_int_equal(query_compare(k->x, &ask, 0, &c, &k->msg),
			 WEALD_NOTFOUND);
	assert_string_equal(k->msg.text,
			    "there is no intervention " LATE " here");
	ask = (struct compare_ask){ .problem = "lead/problem/none" };
	assert_int_equal(query_compare(k->x, &ask, 0, &c, &k->msg),
			 WEALD_NOTFOUND);
	assert_string_equal(k->msg.text,
			    "there is no problem lead/problem/none here");
	for (i = 0; i < COMPARE_INTERVENTIONS_MAX + 1; i++) {
		many[i] = TROLLEY;
	}
	ask = (struct compare_ask){ .interventions = many,
				    .interventions_n =
					    COMPARE_INTERVENTIONS_MAX + 1 };
	assert_int_equal(query_compare(k->x, &ask, 0, &c, &k->msg),
			 WEALD_TOOBIG);
	ask.interventions_n = COMPARE_INTERVENTIONS_MAX;
	c = comparekit_ask_with(k, &ask);
	assert_int_equal(c.without_n, 1); /* each once */
	comparisons_release(&c);
}

static void compare__knows_the_best_of_an_intervention(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(1.5, 4);
	struct comparison best;
	bool there = true;

	assert_int_equal(compare_best(k->x, comparekit_id(k, TROLLEY),
				      indexkit_day(TODAY), &best, &there,
				      &k->msg),
			 WEALD_OK);
	assert_false(there);
	comparekit_late(k, "a/evidence/x", 0.6, 1);
	indexkit_record(k, "a/measure/a", "Nurses called away", "");
	indexkit_fact(k, "a/measure/a", "shape", "proportion");
	indexkit_fact(k, "a/measure/a", "type", "balancing");
	comparekit_put(k, "a/evidence/harm", "a/measure/a", &s);
	assert_int_equal(compare_best(k->x, comparekit_id(k, TROLLEY),
				      indexkit_day(TODAY), &best, &there,
				      &k->msg),
			 WEALD_OK);
	assert_true(there);
	assert_string_equal(best.measure, LATE);
	assert_int_equal(best.estimates_n, 1);
	comparison_release(&best);
	series_release(&s);
}

/* ---- one record ---- */

static void compared__tells_of_one_record(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(0.5, 1);
	struct compared one;
	bool there = false;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	comparekit_late(k, "a/evidence/y", 0.8, 2);
	assert_int_equal(query_compared(k->x, "a/evidence/x", &one, &there,
					&k->msg),
			 WEALD_OK);
	assert_true(there);
	assert_effect_of(&one.own_trend, &s);
	assert_int_equal(one.certainty.start, CERTAINTY_LOW);
	compared_release(&one);
	assert_int_equal(query_compared(k->x, TROLLEY, &one, &there, &k->msg),
			 WEALD_OK);
	assert_false(there);
	compared_release(&one);
	assert_int_equal(query_compared(k->x, "a/evidence/none", &one, &there,
					&k->msg),
			 WEALD_NOTFOUND);
	indexkit_sql(k, "DELETE FROM record WHERE ref = %Q", LATE);
	assert_int_equal(query_compared(k->x, "a/evidence/x", &one, &there,
					&k->msg),
			 WEALD_OK);
	assert_false(there); /* its measure is not here */
	compared_release(&one);
	series_release(&s);
}

/* ---- measures ---- */

static struct measure_rows measures(struct indexkit *k, const char *topic,
				    size_t limit)
{
	struct measure_rows m;

	assert_int_equal(query_measures(k->x, topic, limit, &m, &k->msg),
			 WEALD_OK);
	return m;
}

/* A priority whose baseline is by @measure. */
static void put_baseline(struct indexkit *k, const char *ref,
			 const char *measure)
{
	struct series s = comparekit_years(1, 9);

	indexkit_record(k, ref, "We want it", "");
	indexkit_link(k, ref, "aim.measure", measure, 0);
	comparekit_numbers(k, ref, &s);
	series_release(&s);
}

static void measures__count_who_reports_by_them(void **state)
{
	struct indexkit *k = *state;
	struct measure_rows m;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	comparekit_late(k, "a/adoption/x", 0.5, 1);
	comparekit_late(k, "b/evidence/x", 0.5, 2);
	comparekit_late(k, "c/evidence/x", 0.5, 3);
	put_baseline(k, "d/priority/x", LATE);
	/* one that only says that it wants to count so */
	indexkit_record(k, "e/priority/x", "We want it", "");
	indexkit_link(k, "e/priority/x", "aim.measure", LATE, 0);
	indexkit_withdraw(k, "c/withdrawal/x", "c/evidence/x", "stop-now");
	m = measures(k, NULL, 0);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.list[0].ref, LATE);
	assert_string_equal(m.list[0].title, "First dose after the hour");
	assert_string_equal(m.list[0].type, "process");
	assert_string_equal(m.list[0].shape, "proportion");
	assert_string_equal(m.list[0].undesired, "a first dose that is late");
	assert_int_equal(m.list[0].regions, 3);
	assert_int_equal(m.list[0].records, 4);
	assert_int_equal(m.list[0].interventions, 1);
	measure_rows_release(&m);
}

static void measures__are_in_the_order_of_their_use(void **state)
{
	struct indexkit *k = *state;
	struct measure_rows m;

	indexkit_record(k, "z/measure/used", "Used", "");
	indexkit_record(k, "b/measure/idle", "Idle", "");
	indexkit_record(k, "a/measure/retired", "Retired", "");
	indexkit_record(k, "a/measure/gone", "Gone", "");
	indexkit_record(k, "a/measure/hidden", "Hidden", "");
	indexkit_fact(k, "a/measure/retired", "status", "retired");
	indexkit_version(k, "a/measure/gone", "withdraw", "wrong");
	indexkit_withhold(k, "a/measure/hidden", "person");
	put_baseline(k, "d/priority/x", "z/measure/used");
	put_baseline(k, "d/priority/y", "a/measure/gone");
	m = measures(k, NULL, 0);
	assert_int_equal(m.n, 5);
	assert_int_equal(m.total, 5);
	assert_string_equal(m.list[0].ref, "z/measure/used");
	assert_string_equal(m.list[1].ref, "b/measure/idle");
	assert_string_equal(m.list[2].ref, LATE);
	assert_string_equal(m.list[3].ref, "a/measure/gone");
	assert_true(m.list[3].withdrawn);
	assert_string_equal(m.list[4].ref, "a/measure/retired");
	assert_true(m.list[4].retired);
	measure_rows_release(&m);
	m = measures(k, NULL, 2);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.total, 5);
	measure_rows_release(&m);
}

static void measures__are_found_by_topic(void **state)
{
	struct indexkit *k = *state;
	struct measure_rows m;

	indexkit_record(k, "b/measure/falls", "Falls", "");
	indexkit_topic(k, "b/measure/falls", "falls");
	m = measures(k, "falls", 0);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.list[0].ref, "b/measure/falls");
	assert_int_equal(m.list[0].regions, 0);
	measure_rows_release(&m);
	m = measures(k, "sepsis", 0);
	assert_int_equal(m.n, 0);
	measure_rows_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f)                                              \
	cmocka_unit_test_setup_teardown(f, comparekit_setup, \
					comparekit_teardown)
		TEST(compare__shows_the_surest_first),
		TEST(compare__ranks_two_by_what_holds_for_both),
		TEST(compare__keeps_the_measures_of_one_together),
		TEST(compare__says_the_same_whatever_came_first),
		TEST(compare__refuses_what_is_not_there),
		TEST(compare__knows_the_best_of_an_intervention),
		TEST(compared__tells_of_one_record),
		TEST(measures__count_who_reports_by_them),
		TEST(measures__are_in_the_order_of_their_use),
		TEST(measures__are_found_by_topic),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
