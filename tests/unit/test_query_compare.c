#include "store/index/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/evidence/controlled.h"
#include "store/index/compare_private.h"
#include "tests/unit/comparekit.h"

/* ---- one region ---- */

static void compare__takes_one_region_as_it_is(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(0.5, 1);
	struct comparisons c;
	const struct comparison *one;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	one = &c.list[0];
	assert_string_equal(one->intervention, TROLLEY);
	assert_string_equal(one->intervention_title, "Sepsis trolley");
	assert_string_equal(one->measure, LATE);
	assert_string_equal(one->undesired, "a first dose that is late");
	assert_true(one->judged);
	assert_int_equal(one->regions_n, 1);
	assert_int_equal(one->estimates_n, 1);
	assert_int_equal(one->pool.state, POOL_ONE);
	assert_effect_of(&one->regions[0].own_trend, &s);
	assert_int_equal(one->regions[0].own_trend.months_before, 12);
	assert_true(one->regions[0].before_after.ratio > 0);
	assert_string_equal(one->regions[0].sources[0].ref, "a/evidence/x");
	assert_int_equal(one->regions[0].sources[0].version, 1);
	assert_same(one->ratio, one->regions[0].own_trend.ratio);
	assert_same(one->high, one->regions[0].own_trend.high);
	assert_int_equal(one->certainty.level, one->regions[0].certainty.level);
	assert_int_equal(one->certainty.start, CERTAINTY_LOW);
	comparisons_release(&c);
	series_release(&s);
}

static void compare__takes_an_adoption_for_evidence(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/adoption/x", 0.5, 1);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.list[0].estimates_n, 1);
	comparisons_release(&c);
	indexkit_sql(k, "DELETE FROM fact WHERE name = 'start'");
	c = comparekit_ask(k);
	assert_int_equal(c.n, 0);
	assert_int_equal(c.without_n, 1);
	assert_string_equal(c.without[0], TROLLEY);
	comparisons_release(&c);
}

static void compare__takes_an_adoption_without_design_for_a_series(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/adoption/x", 0.5, 1);
	comparekit_late(k, "b/evidence/x", 0.5, 2);
	indexkit_sql(k, "DELETE FROM fact WHERE name = 'design'");
	c = comparekit_ask(k);
	assert_string_equal(c.list[0].regions[0].design, "its");
	assert_string_equal(c.list[0].regions[1].design, "");
	assert_int_equal(c.list[0].regions[1].certainty.start,
			 CERTAINTY_VERY_LOW);
	comparisons_release(&c);
}

static void compare__says_why_there_is_no_estimate(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_series(
		&(struct figures_plan){ START_MONTH, 12, 3, 40, 0.5, 1 });
	struct comparisons c;

	comparekit_put(k, "a/evidence/x", LATE, &s);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.list[0].estimates_n, 0);
	assert_int_equal(c.list[0].regions[0].own_trend.state,
			 EFFECT_TOO_EARLY);
	assert_int_equal(c.list[0].regions[0].own_trend.months_after, 3);
	assert_int_equal(c.list[0].certainty.level, CERTAINTY_NONE);
	assert_int_equal(c.list[0].regions[0].certainty.level, CERTAINTY_NONE);
	assert_int_equal(c.list[0].pool.state, POOL_NONE);
	comparisons_release(&c);
	series_release(&s);
}

static void compare__reads_what_biases_a_result(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		unsigned flag;
	} facts[] = {
		{ "fidelity.percent", "49", BIAS_FIDELITY_LOW },
		{ "measure_changed", "yes", BIAS_MEASURE_CHANGED },
		{ "measure_changed", "true", BIAS_MEASURE_CHANGED },
		{ "other_changes", "some", BIAS_OTHER_CHANGES_UNKNOWN },
	};
	struct indexkit *k = *state;
	struct comparisons c;
	size_t i;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].bias, 0);
	comparisons_release(&c);
	for (i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		indexkit_fact(k, "a/evidence/x", facts[i].name, facts[i].value);
		c = comparekit_ask(k);
		assert_true((c.list[0].regions[0].bias & facts[i].flag) != 0);
		assert_true(
			comparekit_has_step(&c.list[0].certainty, STEP_BIAS));
		comparisons_release(&c);
	}
	indexkit_fact(k, "a/evidence/x", "other_changes_could_explain", "no");
	c = comparekit_ask(k);
	assert_false((c.list[0].regions[0].bias &
		      (BIAS_OTHER_CHANGES_UNKNOWN |
		       BIAS_OTHER_CHANGES_EXPLAIN)) != 0);
	comparisons_release(&c);
	indexkit_fact(k, "a/evidence/x", "other_changes_could_explain", "true");
	c = comparekit_ask(k);
	assert_true((c.list[0].regions[0].bias & BIAS_OTHER_CHANGES_EXPLAIN) !=
		    0);
	comparisons_release(&c);
	indexkit_sql(k, "DELETE FROM fact WHERE name = 'fidelity.percent'");
	c = comparekit_ask(k);
	assert_true((c.list[0].regions[0].bias & BIAS_FIDELITY_UNKNOWN) != 0);
	comparisons_release(&c);
}

static void compare__shows_what_a_person_judged_beside_it(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;
	enum certainty before;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	c = comparekit_ask(k);
	before = c.list[0].certainty.level;
	assert_string_equal(c.list[0].regions[0].judged, "");
	comparisons_release(&c);
	indexkit_fact(k, "a/evidence/x", "judged_certainty", "high");
	indexkit_fact(k, "a/evidence/x", "judged_by", "Lead");
	indexkit_fact(k, "a/evidence/x", "judged_reason", "we saw it");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].certainty.level, before);
	assert_string_equal(c.list[0].regions[0].judged, "high");
	assert_string_equal(c.list[0].regions[0].judged_by, "Lead");
	assert_string_equal(c.list[0].regions[0].judged_reason, "we saw it");
	comparisons_release(&c);
}

/* ---- several regions ---- */

static void compare__lists_two_without_pooling_them(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "b/evidence/x", 0.5, 2);
	comparekit_late(k, "a/evidence/x", 0.6, 1);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions_n, 2);
	assert_int_equal(c.list[0].estimates_n, 2);
	assert_string_equal(c.list[0].regions[0].region, "a");
	assert_int_equal(c.list[0].pool.state, POOL_TWO);
	assert_int_equal(c.list[0].certainty.level, CERTAINTY_NONE);
	assert_true(c.list[0].regions[0].certainty.level != CERTAINTY_NONE);
	assert_same(c.list[0].ratio, 0);
	comparisons_release(&c);
}

static void compare__pools_from_three_on(void **state)
{
	struct indexkit *k = *state;
	struct pool_input in[3];
	struct comparisons c;
	struct pool want;
	double weights[3];
	size_t i;

	comparekit_late(k, "c/evidence/x", 0.7, 3);
	comparekit_late(k, "a/adoption/x", 0.6, 1);
	comparekit_late(k, "b/evidence/x", 0.5, 2);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].pool.state, POOL_OK);
	assert_int_equal(c.list[0].pool.k, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(c.list[0].regions[i].region[0], 'a' + i);
		in[i].y = c.list[0].regions[i].own_trend.log_ratio;
		in[i].v = c.list[0].regions[i].own_trend.variance;
	}
	pool(in, 3, &want, weights);
	assert_same(c.list[0].pool.ratio, want.ratio);
	assert_same(c.list[0].ratio, want.ratio);
	assert_same(c.list[0].low, want.low);
	assert_same(c.list[0].high, want.high);
	for (i = 0; i < 3; i++) {
		assert_same(c.list[0].regions[i].weight, weights[i]);
	}
	assert_true(c.list[0].certainty.level != CERTAINTY_NONE);
	comparisons_release(&c);
}

static void compare__leaves_out_of_the_pool_what_gives_nothing(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_series(
		&(struct figures_plan){ START_MONTH, 12, 3, 40, 0.5, 9 });
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.6, 1);
	comparekit_put(k, "b/evidence/x", LATE, &s);
	comparekit_late(k, "c/evidence/x", 0.7, 3);
	comparekit_late(k, "d/evidence/x", 0.7, 4);
	comparekit_late(k, "e/evidence/x", 0.7, 5);
	/* no variance: its weight would be without end */
	indexkit_sql(k, "UPDATE effect SET variance = 0 WHERE record = %lld",
		     comparekit_id(k, "e/evidence/x"));
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions_n, 5);
	assert_int_equal(c.list[0].estimates_n, 3);
	assert_int_equal(c.list[0].pool.state, POOL_OK);
	assert_false(c.list[0].regions[1].pooled);
	assert_false(c.list[0].regions[4].pooled);
	assert_same(c.list[0].regions[1].weight, 0);
	comparisons_release(&c);
	series_release(&s);
}

static void compare__never_pools_different_measures(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;
	struct series s = comparekit_years(1.5, 4);

	indexkit_record(k, HARM, "Nurses called away", "");
	indexkit_fact(k, HARM, "shape", "proportion");
	indexkit_fact(k, HARM, "direction", "decrease");
	indexkit_fact(k, HARM, "type", "balancing");
	comparekit_late(k, "a/evidence/x", 0.6, 1);
	comparekit_late(k, "b/evidence/x", 0.6, 2);
	comparekit_late(k, "c/evidence/x", 0.6, 3);
	comparekit_put(k, "a/evidence/harm", HARM, &s);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.list[0].measure, LATE);
	assert_int_equal(c.list[0].estimates_n, 3);
	assert_string_equal(c.list[1].measure, HARM);
	assert_int_equal(c.list[1].estimates_n, 1);
	assert_false(c.list[1].judged);
	assert_true(
		comparekit_has_step(&c.list[1].certainty, STEP_INDIRECTNESS));
	comparisons_release(&c);
	series_release(&s);
}

static void compare__waits_for_the_measure(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.6, 1);
	indexkit_sql(k, "UPDATE record SET ref = 'later' WHERE ref = %Q", LATE);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.list[0].measure_version, 0);
	assert_string_equal(c.list[0].shape, "");
	assert_int_equal(c.list[0].estimates_n, 0);
	assert_int_equal(c.list[0].regions_n, 1);
	comparisons_release(&c);
	indexkit_sql(k, "UPDATE record SET ref = %Q WHERE ref = 'later'", LATE);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].estimates_n, 1);
	comparisons_release(&c);
}

/* ---- several records of a region ---- */

static void compare__adds_the_sites_of_a_region(void **state)
{
	struct indexkit *k = *state;
	struct series a = comparekit_years(0.5, 1);
	struct series b = comparekit_years(0.8, 2);
	struct comparisons c;
	const struct compared *one;
	size_t i;

	comparekit_late(k, "a/evidence/north", 0.5, 1);
	comparekit_late(k, "a/evidence/east", 0.8, 2);
	for (i = 0; i < a.n; i++) {
		a.rows[i].numerator += b.rows[i].numerator;
		a.rows[i].denominator += b.rows[i].denominator;
	}
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions_n, 1);
	one = &c.list[0].regions[0];
	assert_int_equal(one->how, COMPARED_ADDED);
	assert_effect_of(&one->own_trend, &a);
	assert_int_equal(one->sources_n, 2);
	assert_string_equal(one->sources[0].ref, "a/evidence/east");
	assert_string_equal(one->sources[1].ref, "a/evidence/north");
	comparisons_release(&c);
	series_release(&a);
	series_release(&b);
}

static void compare__counts_the_weakest_of_what_it_adds(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/north", 0.5, 1);
	comparekit_late(k, "a/evidence/east", 0.8, 2);
	indexkit_fact(k, "a/evidence/north", "design", "before-after");
	indexkit_fact(k, "a/evidence/east", "fidelity.percent", "20");
	indexkit_fact(k, "a/evidence/north", "measure_changed", "yes");
	indexkit_setting(k, "a/evidence/north", "acute-ward");
	c = comparekit_ask(k);
	assert_string_equal(c.list[0].regions[0].design, "before-after");
	assert_int_equal(c.list[0].regions[0].bias &
				 (BIAS_FIDELITY_LOW | BIAS_MEASURE_CHANGED),
			 BIAS_FIDELITY_LOW | BIAS_MEASURE_CHANGED);
	assert_non_null(strstr(c.list[0].regions[0].settings, "acute-ward"));
	assert_non_null(
		strstr(c.list[0].regions[0].settings, "emergency-department"));
	comparisons_release(&c);
}

static void compare__counts_the_same_figures_once(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(0.5, 1);
	struct comparisons c;
	const struct compared *one;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	comparekit_late(k, "a/adoption/x", 0.5, 1);
	c = comparekit_ask(k);
	one = &c.list[0].regions[0];
	assert_int_equal(one->how, COMPARED_ONE);
	assert_int_equal(one->same_n, 1);
	assert_int_equal(one->left_n, 0);
	assert_effect_of(&one->own_trend, &s);
	assert_int_equal(one->sources_n, 1);
	assert_string_equal(one->sources[0].ref, "a/evidence/x");
	comparisons_release(&c);
	series_release(&s);
}

static void compare__takes_the_longer_of_one_site(void **state)
{
	struct indexkit *k = *state;
	const struct figures_plan longer = { START_MONTH, 12, 20, 40, 0.5, 1 };
	struct series s = comparekit_series(&longer);
	struct comparisons c;

	comparekit_put(k, "a/adoption/longer", LATE, &s);
	comparekit_late(k, "a/evidence/x", 0.5, 1); /* its first two years */
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].same_n, 1);
	assert_string_equal(c.list[0].regions[0].sources[0].ref,
			    "a/adoption/longer");
	assert_effect_of(&c.list[0].regions[0].own_trend, &s);
	comparisons_release(&c);
	series_release(&s);
}

static void compare__takes_few_equal_months_for_chance(void **state)
{
	struct indexkit *k = *state;
	struct series a = comparekit_years(0.5, 1);
	struct series b = comparekit_years(0.5, 2);
	struct comparisons c;

	/* one differs */
	a.rows[3].numerator = b.rows[3].numerator + 1;
	comparekit_put(k, "a/evidence/x", LATE, &a);
	comparekit_put(k, "a/evidence/y", LATE, &b);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].how, COMPARED_ADDED);
	assert_int_equal(c.list[0].regions[0].same_n, 0);
	comparisons_release(&c);
	series_release(&a);
	series_release(&b);
}

/* Of @months, with an event in the fourth and the twentieth. */
static struct series rare_of(size_t months)
{
	struct series s = comparekit_series(&(struct figures_plan){
		START_MONTH, 12, months - 12, 0, 1, 1 });

	s.rows[3].numerator = 1;
	s.rows[19].numerator = 1;
	return s;
}

static void compare__takes_rare_events_for_the_same_in_every_month(void **state)
{
	struct indexkit *k = *state;
	struct series s = rare_of(24);
	struct series longer = rare_of(36);
	struct comparisons c;

	comparekit_put(k, "a/evidence/x", LATE, &s);
	comparekit_put(k, "a/adoption/x", LATE, &s);
	comparekit_put(k, "b/evidence/x", LATE, &s);
	comparekit_put(k, "b/evidence/y", LATE, &longer);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].same_n, 1);
	assert_int_equal(c.list[0].regions[1].same_n, 0);
	assert_int_equal(c.list[0].regions[1].sources_n, 2);
	comparisons_release(&c);
	series_release(&s);
	series_release(&longer);
}

static void compare__takes_the_newest_that_cannot_be_added(void **state)
{
	struct indexkit *k = *state;
	struct series old = comparekit_years(0.5, 1);
	struct series newer = comparekit_series(
		&(struct figures_plan){ START_MONTH + 60, 12, 12, 40, 0.7, 2 });
	struct series newest = comparekit_series(
		&(struct figures_plan){ START_MONTH + 120, 12, 3, 40, 0.7, 3 });
	struct comparisons c;
	const struct compared *one;

	comparekit_put(k, "a/evidence/old", LATE, &old);
	comparekit_put(k, "a/evidence/newer", LATE, &newer);
	comparekit_put(k, "a/evidence/newest", LATE,
		       &newest); /* too early to say */
	c = comparekit_ask(k);
	one = &c.list[0].regions[0];
	assert_int_equal(one->how, COMPARED_NEWEST);
	assert_int_equal(one->left_n, 2);
	assert_int_equal(one->sources_n, 1);
	assert_string_equal(one->sources[0].ref, "a/evidence/newer");
	assert_effect_of(&one->own_trend, &newer);
	comparisons_release(&c);
	series_release(&old);
	series_release(&newer);
	series_release(&newest);
}

/* Two events a month, at days of their own. */
static struct series events_of(unsigned seed)
{
	struct series s = comparekit_series(
		&(struct figures_plan){ START_MONTH, 24, 24, 40, 0.5, seed });
	size_t i;

	s.by_event = true;
	for (i = 0; i < s.n; i++) {
		s.rows[i].month = START_MONTH + (int32_t)(i / 2);
		s.rows[i].day = (int32_t)(2 + 14 * (i % 2) + seed);
		s.rows[i].denominator = 90;
	}
	return s;
}

static void compare__adds_no_single_events(void **state)
{
	struct indexkit *k = *state;
	struct series a = events_of(1);
	struct series b = events_of(2);
	struct comparisons c;

	comparekit_put(k, "a/evidence/old", LATE, &a);
	comparekit_put(k, "a/evidence/new", LATE, &b);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].how, COMPARED_NEWEST);
	assert_string_equal(c.list[0].regions[0].sources[0].ref,
			    "a/evidence/new");
	assert_effect_of(&c.list[0].regions[0].own_trend, &b);
	comparisons_release(&c);
	series_release(&a);
	series_release(&b);
}

static void compare__takes_the_whole_region_for_its_sites(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(0.8, 2);
	struct comparisons c;

	comparekit_late(k, "a/evidence/site", 0.5, 1);
	comparekit_put(k, "a/evidence/all", LATE, &s);
	indexkit_fact(k, "a/evidence/site", "scope.level", "site");
	indexkit_fact(k, "a/evidence/all", "scope.level", "region");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].how, COMPARED_REGION);
	assert_int_equal(c.list[0].regions[0].left_n, 1);
	assert_effect_of(&c.list[0].regions[0].own_trend, &s);
	comparisons_release(&c);
	/* of two such the newest: they hold the same people */
	comparekit_late(k, "a/evidence/again", 0.9, 3);
	indexkit_fact(k, "a/evidence/again", "scope.level", "region");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].how, COMPARED_REGION);
	assert_int_equal(c.list[0].regions[0].left_n, 2);
	assert_string_equal(c.list[0].regions[0].sources[0].ref,
			    "a/evidence/again");
	comparisons_release(&c);
	/* nor does one without an estimate hide what its sites say */
	indexkit_sql(k,
		     "UPDATE effect SET state = 'too-early' WHERE record IN"
		     " (%lld, %lld)",
		     comparekit_id(k, "a/evidence/again"),
		     comparekit_id(k, "a/evidence/all"));
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].how, COMPARED_ADDED);
	comparisons_release(&c);
	series_release(&s);
}

/* ---- what does not count ---- */

static void compare__leaves_out_what_its_region_took_back(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	comparekit_late(k, "b/evidence/x", 0.5, 2);
	comparekit_late(k, "c/evidence/x", 0.5, 3);
	indexkit_version(k, "a/evidence/x", "withdraw", "an error");
	indexkit_withdraw(k, "b/withdrawal/x", "b/evidence/x", "stop-now");
	/* others can only warn */
	indexkit_withdraw(k, "a/withdrawal/x", "c/evidence/x", "stop-now");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions_n, 1);
	assert_string_equal(c.list[0].regions[0].region, "c");
	comparisons_release(&c);
}

static void compare__keeps_a_withheld_intervention(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	indexkit_withhold(k, TROLLEY, "person");
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.list[0].intervention_title, "");
	assert_int_equal(c.list[0].intervention_version, 0);
	comparisons_release(&c);
}

/* ---- how sure ---- */

static void compare__asks_whether_the_setting_is_like_ours(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	c = comparekit_ask_in(k, "emergency-department");
	assert_false(
		comparekit_has_step(&c.list[0].certainty, STEP_INDIRECTNESS));
	assert_string_equal(c.list[0].regions[0].settings,
			    "emergency-department");
	comparisons_release(&c);
	/* not the beginning of a code either */
	c = comparekit_ask_in(k, "emergency");
	assert_true(
		comparekit_has_step(&c.list[0].certainty, STEP_INDIRECTNESS));
	comparisons_release(&c);
	c = comparekit_ask_in(k, "care-home");
	assert_true(
		comparekit_has_step(&c.list[0].certainty, STEP_INDIRECTNESS));
	assert_true(comparekit_has_step(&c.list[0].regions[0].certainty,
					STEP_INDIRECTNESS));
	comparisons_release(&c);
	indexkit_setting(k, "a/evidence/x", "whole-system");
	c = comparekit_ask_in(k, "care-home");
	assert_false(
		comparekit_has_step(&c.list[0].certainty, STEP_INDIRECTNESS));
	comparisons_release(&c);
}

static void adopt(struct indexkit *k, const char *region, const char *stage,
		  const char *started)
{
	indexkit_adopt(k, region, TROLLEY, stage, started);
}

static void compare__counts_adoptions_that_told_nothing(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	adopt(k, "a", "implementing", "2025-01-01"); /* evidence */
	adopt(k, "b", "embedded", "2025-01-01");
	adopt(k, "c", "stopped", "2025-01-01");
	adopt(k, "d", "implementing", "2025-01-01"); /* a lesson of it */
	adopt(k, "e", "implementing", "2025-01-01"); /* a lesson of its own */
	adopt(k, "f", "implementing", "2026-10-01"); /* not yet */
	adopt(k, "g", "planning", "2025-01-01");     /* not begun */
	indexkit_record(k, "d/lesson/x", "It did not work", "");
	indexkit_link(k, "d/lesson/x", "about", TROLLEY, 0);
	indexkit_record(k, "e/lesson/x", "It did not work", "");
	indexkit_link(k, "e/lesson/x", "about", "e/adoption/use", 0);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].adoptions_old, 5);
	assert_int_equal(c.list[0].adoptions_silent, 2);
	assert_false(comparekit_has_step(&c.list[0].certainty, STEP_REPORTING));
	comparisons_release(&c);
	indexkit_version(k, "e/lesson/x", "withdraw", "an error");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].adoptions_silent, 3);
	assert_true(comparekit_has_step(&c.list[0].certainty, STEP_REPORTING));
	/* of what one region found it says nothing */
	assert_false(comparekit_has_step(&c.list[0].regions[0].certainty,
					 STEP_REPORTING));
	comparisons_release(&c);
}

static void compare__marks_half_an_event(void **state)
{
	struct indexkit *k = *state;
	struct series s = comparekit_years(0, 1);
	struct comparisons c;

	comparekit_put(k, "a/evidence/x", LATE, &s);
	c = comparekit_ask(k);
	assert_true(c.list[0].regions[0].own_trend.half_added);
	assert_true(c.list[0].regions[0].own_trend.ratio > 0);
	comparisons_release(&c);
	series_release(&s);
}

/* ---- beside others ---- */

#define OTHERS_N 3u
static const char *const others[OTHERS_N] = { "x/priority/p", "y/priority/p",
					      "z/evidence/p" };

/* Evidence of "a" that names all of them. */
static void put_others(struct indexkit *k, struct series s[OTHERS_N])
{
	size_t i;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	for (i = 0; i < OTHERS_N; i++) {
		s[i] = comparekit_years(1, 20 + (unsigned)i);
		comparekit_other(k, "a/evidence/x", others[i], &s[i]);
	}
}

static void release_others(struct series s[OTHERS_N])
{
	size_t i;

	for (i = 0; i < OTHERS_N; i++) {
		series_release(&s[i]);
	}
}

/* So many are named by "a", so many of them are in @state. */
static void assert_others(struct indexkit *k, size_t named,
			  enum comparator_state state, size_t n)
{
	struct comparisons c = comparekit_ask(k);
	const struct compared *one = &c.list[0].regions[0];

	assert_string_equal(one->region, "a");
	assert_int_equal(one->comparators_n, named);
	assert_int_equal(one->comparators[state], n);
	assert_int_equal(one->controlled.ratio > 0,
			 one->comparators[COMPARATOR_USED] >= OTHERS_N &&
				 one->comparators[COMPARATOR_NEWER] == 0 &&
				 one->comparators[COMPARATOR_ABSENT] == 0);
	comparisons_release(&c);
}

static void compare__sets_it_beside_those_that_are_named(void **state)
{
	struct indexkit *k = *state;
	struct series s[OTHERS_N];
	const struct series *list[] = { &s[0], &s[1], &s[2] };
	struct series own = comparekit_years(0.5, 1);
	struct effect want;
	struct comparisons c;

	put_others(k, s);
	effect_controlled(&own, list, OTHERS_N, EFFECT_PROPORTION, &want);
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].comparators_n, 3);
	assert_int_equal(c.list[0].regions[0].comparators[COMPARATOR_USED], 3);
	assert_true(want.ratio > 0);
	assert_same(c.list[0].regions[0].controlled.ratio, want.ratio);
	assert_same(c.list[0].regions[0].controlled.high, want.high);
	comparisons_release(&c);
	series_release(&own);
	release_others(s);
}

static void compare__waits_for_the_versions_that_are_named(void **state)
{
	struct indexkit *k = *state;
	struct series s[OTHERS_N];

	put_others(k, s);
	/* another version holds other figures */
	indexkit_version(k, others[0], "publish", "more months");
	assert_others(k, 3, COMPARATOR_USED, 2);
	assert_others(k, 3, COMPARATOR_NEWER, 1);
	/* also where three are left */
	comparekit_other(k, "a/evidence/x", "w/priority/p", &s[0]);
	indexkit_sql(k, "DELETE FROM version WHERE record = %lld",
		     comparekit_id(k, others[0]));
	assert_others(k, 4, COMPARATOR_ABSENT, 1);
	indexkit_link(k, "a/evidence/x", "comparators", "v/priority/p", 1);
	indexkit_sql(k, "DELETE FROM link WHERE target = %Q", others[1]);
	assert_others(k, 4, COMPARATOR_ABSENT, 2);
	release_others(s);
}

static void compare__leaves_out_who_is_no_comparison(void **state)
{
	struct indexkit *k = *state;
	struct series s[OTHERS_N];

	put_others(k, s);
	comparekit_other(k, "a/evidence/x", "a/priority/own", &s[0]);
	assert_others(k, 4, COMPARATOR_REGION, 1);
	comparekit_other(k, "a/evidence/x", "x/priority/q", &s[1]);
	assert_others(k, 5, COMPARATOR_REGION, 2);
	comparekit_other(k, "a/evidence/x", "n/priority/none", &s[1]);
	indexkit_sql(k, "UPDATE link SET version = 0 WHERE target = %Q",
		     "n/priority/none");
	assert_others(k, 6, COMPARATOR_UNPINNED, 1);
	comparekit_other(k, "a/evidence/x", "m/priority/p", &s[1]);
	indexkit_sql(k,
		     "UPDATE link SET target = %Q WHERE record = %lld"
		     " AND rel = 'measure'",
		     HARM, comparekit_id(k, "m/priority/p"));
	assert_others(k, 7, COMPARATOR_MEASURE, 1);
	comparekit_other(k, "a/evidence/x", "o/priority/p", &s[1]);
	indexkit_sql(k, "DELETE FROM numbers WHERE record = %lld",
		     comparekit_id(k, "o/priority/p"));
	assert_others(k, 8, COMPARATOR_SERIES, 1);
	assert_others(k, 8, COMPARATOR_USED, 3);
	release_others(s);
}

static void compare__leaves_out_who_began_with_it(void **state)
{
	struct indexkit *k = *state;
	struct series s[OTHERS_N];

	put_others(k, s);
	adopt(k, "x", "planning", "2025-01-01");
	adopt(k, "y", "considering", "2025-01-01");
	assert_others(k, 3, COMPARATOR_USED, 3);
	indexkit_fact(k, "x/adoption/use", "stage", "stopped");
	assert_others(k, 3, COMPARATOR_ADOPTED, 1);
	indexkit_sql(k, "DELETE FROM fact WHERE record = %lld",
		     comparekit_id(k, "y/adoption/use"));
	assert_others(k, 3, COMPARATOR_ADOPTED, 2);
	/* evidence of it, with or without figures */
	indexkit_link(k, others[2], "intervention", TROLLEY, 0);
	assert_others(k, 3, COMPARATOR_ADOPTED, 3);
	/* of another intervention */
	indexkit_sql(k, "UPDATE link SET target = 'l/intervention/x'"
			" WHERE rel = 'intervention' AND record IN"
			" (SELECT id FROM record WHERE ref LIKE 'z/%%')");
	assert_others(k, 3, COMPARATOR_ADOPTED, 2);
	release_others(s);
}

/* ---- bounds ---- */

static void compare__bears_more_settings_than_it_lists(void **state)
{
	static const char *const refs[] = { "a/evidence/x", "a/evidence/y" };
	struct indexkit *k = *state;
	struct comparisons c;
	const char *settings;
	char code[80];
	unsigned i;

	for (i = 0; i < 2; i++) {
		comparekit_late(k, refs[i], 0.5, i + 1);
	}
	for (i = 0; i < 130; i++) {
		(void)snprintf(code, sizeof code, "s%03u%056u", i, 0);
		indexkit_setting(k, refs[i % 2], code);
	}
	c = comparekit_ask(k);
	settings = c.list[0].regions[0].settings;
	assert_in_range(strlen(settings), 4096 - 61, 4095);
	/* each as it is written, or not at all */
	assert_true(settings_share(settings, "emergency-department"));
	assert_int_equal((strlen(settings) - strlen("emergency-department")) %
				 61,
			 0);
	comparisons_release(&c);
}

static void compare__is_not_hidden_by_many_lessons(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "b/evidence/x", 0.5, 1);
	adopt(k, "c", "implementing", "2025-01-01");
	adopt(k, "a", "implementing", "2025-01-01");
	indexkit_record(k, "a/lesson/x", "It did not work", "");
	indexkit_sql(k, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
			" SELECT i + 1 FROM n WHERE i <= 10000)"
			" INSERT INTO record SELECT 100000 + i,"
			" 'a/lesson/l' || i, feed, kind, 'l' || i, path,"
			" version, last, seq, time, created, title, known,"
			" withdrawn, example, digest"
			" FROM n, record WHERE ref = 'a/lesson/x'");
	indexkit_sql(k,
		     "INSERT INTO link (record, rel, target, version)"
		     " SELECT id, 'about', %Q, 0 FROM record"
		     " WHERE kind = 'lesson'",
		     TROLLEY);
	c = comparekit_ask(k);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.list[0].estimates_n, 1);
	assert_int_equal(c.list[0].adoptions_old, 2);
	assert_int_equal(c.list[0].adoptions_silent, 1);
	assert_false(c.list[0].cut);
	comparisons_release(&c);
}

static void compare__says_that_not_all_was_looked_at(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "b/evidence/x", 0.5, 1);
	indexkit_sql(k, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
			" SELECT i + 1 FROM n WHERE i < 10000)"
			" INSERT INTO link (record, rel, target, version)"
			" SELECT id, 'measure', 'b/measure/' || i, 0"
			" FROM n, record WHERE ref = 'b/evidence/x'");
	c = comparekit_ask(k);
	assert_int_equal(c.n, 10000);
	assert_true(c.list[0].cut);
	comparisons_release(&c);
}

static void compare__prefers_what_gives_an_estimate(void **state)
{
	struct indexkit *k = *state;
	const struct figures_plan longer = { START_MONTH, 12, 20, 40, 0.5, 1 };
	struct series s = comparekit_series(&longer);
	struct comparisons c;

	comparekit_put(k, "a/evidence/longer", LATE, &s);
	comparekit_late(k, "a/adoption/x", 0.5, 1); /* its first two years */
	indexkit_sql(k, "UPDATE effect SET state = 'over' WHERE record = %lld",
		     comparekit_id(k, "a/evidence/longer"));
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].regions[0].same_n, 1);
	assert_string_equal(c.list[0].regions[0].sources[0].ref,
			    "a/adoption/x");
	assert_int_equal(c.list[0].estimates_n, 1);
	comparisons_release(&c);
	series_release(&s);
}

/* ---- what is good ---- */

static void compare__judges_days_between_either_way(void **state)
{
	static const struct {
		const char *shape;
		const char *direction;
		const char *type;
		bool judged;
	} cases[] = {
		{ "proportion", "decrease", "process", true },
		{ "proportion", "increase", "process", false },
		{ "time-between", "decrease", "process", true },
		{ "time-between", "increase", "process", true },
		{ "time-between", "neutral", "process", false },
		{ "time-between", "increase", "balancing", false },
	};
	struct indexkit *k = *state;
	struct comparisons c;
	struct estimate e;
	size_t i;

	comparekit_late(k, "a/evidence/x", 0.2, 1);
	indexkit_sql(k,
		     "UPDATE effect SET state = 'full', ratio = 0.2,"
		     " low = 0.1, high = 0.4 WHERE record = %lld",
		     comparekit_id(k, "a/evidence/x"));
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		indexkit_fact(k, LATE, "shape", cases[i].shape);
		indexkit_fact(k, LATE, "direction", cases[i].direction);
		indexkit_fact(k, LATE, "type", cases[i].type);
		c = comparekit_ask(k);
		assert_int_equal(c.list[0].judged, cases[i].judged);
		comparisons_release(&c);
		assert_int_equal(query_effect(k->x, "a/evidence/x", &e,
					      &k->msg),
				 WEALD_OK);
		assert_string_equal(e.verdict, cases[i].judged ? "improved"
							       : "no-verdict");
	}
}

static void compare__judges_nothing_without_scatter(void **state)
{
	struct indexkit *k = *state;
	struct comparisons c;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	indexkit_sql(k, "UPDATE effect SET variance = 0, low = ratio,"
			" high = ratio");
	c = comparekit_ask(k);
	assert_int_equal(c.list[0].estimates_n, 0);
	assert_true(c.list[0].regions[0].own_trend.ratio > 0);
	assert_int_equal(c.list[0].regions[0].certainty.level, CERTAINTY_NONE);
	comparisons_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f)                                              \
	cmocka_unit_test_setup_teardown(f, comparekit_setup, \
					comparekit_teardown)
		TEST(compare__takes_one_region_as_it_is),
		TEST(compare__takes_an_adoption_for_evidence),
		TEST(compare__takes_an_adoption_without_design_for_a_series),
		TEST(compare__says_why_there_is_no_estimate),
		TEST(compare__reads_what_biases_a_result),
		TEST(compare__shows_what_a_person_judged_beside_it),
		TEST(compare__lists_two_without_pooling_them),
		TEST(compare__pools_from_three_on),
		TEST(compare__leaves_out_of_the_pool_what_gives_nothing),
		TEST(compare__never_pools_different_measures),
		TEST(compare__waits_for_the_measure),
		TEST(compare__adds_the_sites_of_a_region),
		TEST(compare__counts_the_weakest_of_what_it_adds),
		TEST(compare__counts_the_same_figures_once),
		TEST(compare__takes_the_longer_of_one_site),
		TEST(compare__takes_few_equal_months_for_chance),
		TEST(compare__takes_rare_events_for_the_same_in_every_month),
		TEST(compare__takes_the_newest_that_cannot_be_added),
		TEST(compare__adds_no_single_events),
		TEST(compare__takes_the_whole_region_for_its_sites),
		TEST(compare__leaves_out_what_its_region_took_back),
		TEST(compare__keeps_a_withheld_intervention),
		TEST(compare__asks_whether_the_setting_is_like_ours),
		TEST(compare__counts_adoptions_that_told_nothing),
		TEST(compare__marks_half_an_event),
		TEST(compare__sets_it_beside_those_that_are_named),
		TEST(compare__waits_for_the_versions_that_are_named),
		TEST(compare__leaves_out_who_is_no_comparison),
		TEST(compare__leaves_out_who_began_with_it),
		TEST(compare__bears_more_settings_than_it_lists),
		TEST(compare__is_not_hidden_by_many_lessons),
		TEST(compare__says_that_not_all_was_looked_at),
		TEST(compare__prefers_what_gives_an_estimate),
		TEST(compare__judges_days_between_either_way),
		TEST(compare__judges_nothing_without_scatter),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
