#include "store/index/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/indexkit.h"

#define TROLLEY      "lead/intervention/trolley"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int setup(void **state)
{
	struct indexkit *k = malloc(sizeof *k);

	assert_non_null(k);
	indexkit_make(k);
	indexkit_record(k, TROLLEY, "Sepsis trolley", "a sealed trolley");
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	indexkit_remove(*state);
	free(*state);
	return 0;
}

/* As it is on the 23rd of November 2026. */
static struct derived ask(struct indexkit *k, const char *ref)
{
	struct derived d;

	assert_int_equal(query_derived(k->x, ref, indexkit_day("2026-11-23"),
				       &d, &k->msg),
			 WEALD_OK);
	return d;
}

static void assert_counts(struct indexkit *k, size_t tried, size_t improved,
			  size_t unclear, size_t worse, size_t not_reported,
			  size_t pending)
{
	struct derived d = ask(k, TROLLEY);

	assert_int_equal(d.tried, tried);
	assert_int_equal(d.improved, improved);
	assert_int_equal(d.unclear, unclear);
	assert_int_equal(d.worse, worse);
	assert_int_equal(d.not_reported, not_reported);
	assert_int_equal(d.pending, pending);
	derived_release(&d);
}

static void assert_maturity(struct indexkit *k, const char *want)
{
	struct derived d = ask(k, TROLLEY);
	struct hit hit;

	assert_string_equal(d.maturity, want);
	derived_release(&d);
	/* lists say the same */
	assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg), WEALD_OK);
	assert_string_equal(hit.maturity, want);
	hit_release(&hit);
}

static void assert_verdict(struct indexkit *k, const char *region,
			   const char *want)
{
	struct derived d = ask(k, TROLLEY);
	size_t i;

	for (i = 0; i < d.uses_n; i++) {
		if (strcmp(d.uses[i].region, region) == 0) {
			assert_string_equal(d.uses[i].verdict, want);
			break;
		}
	}
	assert_true(i < d.uses_n);
	derived_release(&d);
}

/* ---- verdicts ---- */

static void query_derived__finds_interventions_only(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_record(k, "a/problem/late", "Late", "");
	assert_int_equal(query_derived(k->x, "a/problem/late", 0, &d, &k->msg),
			 WEALD_NOTFOUND);
	assert_string_equal(k->msg.text,
			    "there is no intervention a/problem/late here");
	assert_int_equal(query_derived(k->x, "a/intervention/none", 0, &d,
				       NULL),
			 WEALD_NOTFOUND);
}

static void query_derived__is_an_idea_until_somebody_tries(void **state)
{
	struct indexkit *k = *state;

	assert_counts(k, 0, 0, 0, 0, 0, 0);
	assert_maturity(k, "idea");
}

static void query_derived__judges_by_the_interval(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.99);
	indexkit_evidence(k, "b", TROLLEY, 0.7, 0.5, 1.0);
	indexkit_evidence(k, "c", TROLLEY, 1.2, 1.0, 1.5);
	indexkit_evidence(k, "d", TROLLEY, 1.2, 1.01, 1.5);
	assert_verdict(k, "a", "improved");
	assert_verdict(k, "b", "unclear");
	assert_verdict(k, "c", "unclear");
	assert_verdict(k, "d", "worse");
	assert_counts(k, 4, 1, 2, 1, 0, 0);
	assert_maturity(k, "improved-once");
}

static void query_derived__heeds_no_typed_conclusion(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.9, 0.6, 1.4);
	indexkit_fact(k, "a/evidence/result", "conclusion", "improved");
	assert_verdict(k, "a", "unclear");
	assert_maturity(k, "tested-once");
}

static void query_derived__takes_a_short_series_for_an_estimate(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_sql(k, "UPDATE effect SET state = 'short'");
	assert_verdict(k, "a", "improved");
}

static void query_derived__waits_for_the_measure(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_sql(k, "DELETE FROM record WHERE kind = 'measure'");
	assert_verdict(k, "a", "pending");
	assert_counts(k, 1, 0, 0, 0, 0, 1);
	assert_maturity(k, "idea");
}

static void query_derived__says_too_early(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "a", TROLLEY, "testing", "2026-08-01");
	indexkit_evidence(k, "a", TROLLEY, 0, 0, 0);
	indexkit_sql(k, "UPDATE effect SET state = 'too-early'");
	assert_verdict(k, "a", "too-early");
	assert_counts(k, 1, 0, 0, 0, 0, 1);
}

static void query_derived__sees_the_result_that_never_came(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_adopt(k, "a", TROLLEY, "implementing", "2025-11-22");
	indexkit_adopt(k, "b", TROLLEY, "implementing", "2025-11-23");
	assert_verdict(k, "a", "not-reported");
	assert_verdict(k, "b", "pending");
	assert_counts(k, 2, 0, 0, 0, 1, 1);
	d = ask(k, TROLLEY);
	assert_true(d.uses[0].overdue);
	assert_false(d.uses[1].overdue);
	derived_release(&d);
}

static void query_derived__counts_no_plans_as_tried(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_adopt(k, "a", TROLLEY, "considering", "2024-01-01");
	indexkit_adopt(k, "b", TROLLEY, "planning", "2026-11-01");
	assert_counts(k, 0, 0, 0, 0, 0, 0);
	d = ask(k, TROLLEY); /* they are there all the same */
	assert_int_equal(d.uses_n, 2);
	assert_string_equal(d.uses[0].stage, "considering");
	assert_false(d.uses[0].overdue);
	derived_release(&d);
}

static void query_derived__counts_a_region_once(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_adopt(k, "a", TROLLEY, "stopped", "2024-01-01");
	indexkit_sql(k, "UPDATE record SET ref = 'a/adoption/old'"
			" WHERE ref = 'a/adoption/use'");
	indexkit_adopt(k, "a", TROLLEY, "embedded", "2025-01-01");
	indexkit_evidence(k, "a", TROLLEY, 1.5, 1.2, 1.9);
	indexkit_sql(k, "UPDATE record SET ref = 'a/evidence/old'"
			" WHERE ref = 'a/evidence/result'");
	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	assert_counts(k, 1, 1, 0, 0, 0, 0);
	d = ask(k, TROLLEY);
	assert_int_equal(d.uses_n, 1);
	assert_string_equal(d.uses[0].adoption, "a/adoption/use");
	assert_string_equal(d.uses[0].result_ref, "a/evidence/result");
	assert_int_equal(d.implementing, 1);
	derived_release(&d);
	/* an old one that is edited stays the older one */
	indexkit_version(k, "a/evidence/old", "revise", "a typing error");
	assert_counts(k, 1, 1, 0, 0, 0, 0);
}

static void query_derived__takes_the_adoptions_own_series(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_adopt(k, "a", TROLLEY, "implementing", "2024-01-01");
	indexkit_effect(k, "a/adoption/use", 0.8, 0.6, 0.95);
	assert_verdict(k, "a", "improved");
	/* evidence goes first */
	indexkit_evidence(k, "a", TROLLEY, 1.0, 0.6, 1.4);
	d = ask(k, TROLLEY);
	assert_string_equal(d.uses[0].result_ref, "a/evidence/result");
	assert_true(d.uses[0].ratio > 0.99 && d.uses[0].ratio < 1.01);
	assert_true(d.uses[0].high > 1.39 && d.uses[0].low < 0.61);
	derived_release(&d);
}

static void query_derived__forgets_what_was_taken_back(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_evidence(k, "b", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_evidence(k, "c", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_version(k, "a/evidence/result", "withdraw", "a mistake");
	indexkit_withdraw(k, "b/withdrawal/result", "b/evidence/result",
			  "take-note");
	/* what another region says of it takes nothing back */
	indexkit_withdraw(k, "d/withdrawal/result", "c/evidence/result",
			  "stop-now");
	assert_counts(k, 1, 1, 0, 0, 0, 0);
}

/* ---- maturity ---- */

static void query_derived__is_replicated_in_two_regions(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	assert_maturity(k, "improved-once");
	indexkit_evidence(k, "b", TROLLEY, 0.9, 0.7, 1.2);
	assert_maturity(k, "improved-once");
	indexkit_evidence(k, "c", TROLLEY, 0.7, 0.5, 0.9);
	assert_maturity(k, "replicated");
}

static void query_derived__is_widely_adopted_by_five(void **state)
{
	static const char *const regions[] = { "a", "b", "c", "d", "e" };
	struct indexkit *k = *state;
	size_t i;

	for (i = 0; i < 4; i++) {
		indexkit_adopt(k, regions[i], TROLLEY,
			       i % 2 == 0 ? "implementing" : "embedded",
			       "2026-06-01");
	}
	indexkit_adopt(k, "e", TROLLEY, "testing", "2026-06-01");
	assert_maturity(k, "idea");
	indexkit_fact(k, "e/adoption/use", "stage", "embedded");
	assert_maturity(k, "widely-adopted");
}

static void query_derived__is_withdrawn_by_its_author(void **state)
{
	struct indexkit *k = *state;

	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_version(k, TROLLEY, "withdraw", "it was raided");
	assert_maturity(k, "withdrawn");
}

static void query_derived__is_withdrawn_by_its_status(void **state)
{
	struct indexkit *k = *state;

	indexkit_fact(k, TROLLEY, "status", "withdrawn");
	assert_maturity(k, "withdrawn");
}

static void query_derived__is_withdrawn_by_its_regions_record(void **state)
{
	struct indexkit *k = *state;

	indexkit_withdraw(k, "lead/withdrawal/trolley", TROLLEY, "take-note");
	assert_maturity(k, "withdrawn");
	/* of an older version only */
	indexkit_version(k, TROLLEY, "revise", "without fluids");
	indexkit_fact(k, "lead/withdrawal/trolley", "target_versions", "1");
	assert_maturity(k, "idea");
	indexkit_fact(k, "lead/withdrawal/trolley", "target_versions", "1, 2");
	assert_maturity(k, "withdrawn");
	indexkit_fact(k, "lead/withdrawal/trolley", "target_versions", "1-3");
	assert_maturity(k, "withdrawn");
	indexkit_fact(k, "lead/withdrawal/trolley", "target_versions", "3-9");
	assert_maturity(k, "idea");
	/* what is not understood may mean any */
	indexkit_fact(k, "lead/withdrawal/trolley", "target_versions",
		      "all but 2");
	assert_maturity(k, "withdrawn");
}

static void query_derived__is_not_withdrawn_by_others(void **state)
{
	struct indexkit *k = *state;
	struct hit hit;

	indexkit_withdraw(k, "a/withdrawal/trolley", TROLLEY, "stop-now");
	assert_maturity(k, "idea");
	/* but everybody is told */
	assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg), WEALD_OK);
	assert_false(hit.withdrawn);
	assert_string_equal(hit.withdrawn_by, "a/withdrawal/trolley");
	assert_string_equal(hit.level, "stop-now");
	hit_release(&hit);
}

/* ---- failures, contradictions, reviews ---- */

/* Its own region withdrew version 1; version 2 is shown. */
static void query_derived__heeds_the_version_that_is_withdrawn(void **state)
{
	struct indexkit *k = *state;
	struct hit hit;

	indexkit_version(k, TROLLEY, "revise", "better");
	indexkit_withdraw(k, "lead/withdrawal/t", TROLLEY, "stop-now");
	indexkit_fact(k, "lead/withdrawal/t", "target_versions", "1");
	assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg), WEALD_OK);
	assert_false(hit.withdrawn);
	assert_string_equal(hit.withdrawn_by, "");
	hit_release(&hit);
	indexkit_fact(k, "lead/withdrawal/t", "target_versions", "2");
	assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg), WEALD_OK);
	assert_true(hit.withdrawn);
	assert_string_equal(hit.withdrawn_by, "lead/withdrawal/t");
	hit_release(&hit);
}

/* ---- what has no verdict ---- */

/* A higher rate of what is wanted is not worse, and a lower not improved. */
static void query_derived__judges_no_measure_of_what_is_wanted(void **state)
{
	static const char *const facts[][2] = { { "direction", "increase" },
						{ "direction", "neutral" },
						{ "type", "balancing" } };
	struct indexkit *k = *state;
	struct estimate e;
	struct derived d;
	size_t i;

	indexkit_adopt(k, "b", TROLLEY, "testing", "2024-01-01");
	indexkit_evidence(k, "b", TROLLEY, 1.6, 1.2, 2.1);
	assert_verdict(k, "b", "worse");
	for (i = 0; i < COUNT(facts); i++) {
		indexkit_sql(k, "DELETE FROM fact WHERE name IN ('direction',"
				" 'type')");
		indexkit_fact(k, "lead/measure/late", facts[i][0], facts[i][1]);
		assert_verdict(k, "b", "no-verdict");
		d = ask(k, TROLLEY);
		assert_int_equal(d.tried, 1);
		assert_int_equal(d.no_verdict, 1);
		assert_int_equal(d.worse, 0);
		assert_int_equal(d.failures_n, 0);
		derived_release(&d);
		assert_int_equal(query_effect(k->x, "b/evidence/result", &e,
					      &k->msg),
				 WEALD_OK);
		assert_string_equal(e.verdict, "no-verdict");
	}
	indexkit_sql(k, "UPDATE effect SET ratio = 0.5, low = 0.4, high = 0.6");
	d = ask(k, TROLLEY);
	assert_int_equal(d.improved, 0);
	assert_string_equal(d.maturity, "tested-once");
	derived_release(&d);
	/* one that can be judged goes before it */
	indexkit_fact(k, "lead/measure/late", "type", "outcome");
	indexkit_fact(k, "lead/measure/late", "direction", "decrease");
	assert_verdict(k, "b", "improved");
}

/* Numbers were reported, and nothing happened any more: that is no silence. */
static void query_derived__takes_no_events_for_a_result(void **state)
{
	struct indexkit *k = *state;
	struct estimate e;
	struct derived d;

	indexkit_adopt(k, "b", TROLLEY, "testing", "2024-01-01");
	assert_verdict(k, "b", "not-reported");
	indexkit_effect(k, "b/adoption/use", 0, 0, 0);
	indexkit_sql(k, "UPDATE effect SET state = 'no-events'");
	assert_verdict(k, "b", "no-events");
	d = ask(k, TROLLEY);
	assert_int_equal(d.tried, 1);
	assert_int_equal(d.no_verdict, 1);
	assert_int_equal(d.not_reported, 0);
	assert_string_equal(d.uses[0].result_ref, "b/adoption/use");
	derived_release(&d);
	assert_int_equal(query_effect(k->x, "b/adoption/use", &e, &k->msg),
			 WEALD_OK);
	assert_string_equal(e.state, "no-events");
	assert_string_equal(e.verdict, "no-events");
}

static void query_effect__says_what_the_numbers_come_to(void **state)
{
	struct indexkit *k = *state;
	struct estimate e;

	indexkit_evidence(k, "b", TROLLEY, 1.15, 0.85, 1.54);
	assert_int_equal(query_effect(k->x, "b/evidence/result", &e, &k->msg),
			 WEALD_OK);
	assert_string_equal(e.state, "full");
	assert_string_equal(e.verdict, "unclear");
	assert_true(e.ratio > 1.14 && e.ratio < 1.16);
	assert_true(e.low > 0.84 && e.low < 0.86);
	assert_true(e.high > 1.53 && e.high < 1.55);
	/* by another shape it would say otherwise: nobody knows which is it */
	indexkit_sql(k, "UPDATE link SET target = 'z/measure/unknown'"
			" WHERE rel = 'measure'");
	assert_int_equal(query_effect(k->x, "b/evidence/result", &e, &k->msg),
			 WEALD_OK);
	assert_string_equal(e.state, "no-measure");
	assert_string_equal(e.verdict, "");
	assert_int_equal(query_effect(k->x, TROLLEY, &e, &k->msg), WEALD_OK);
	assert_string_equal(e.state, "");
	assert_int_equal(query_effect(k->x, "z/evidence/none", &e, &k->msg),
			 WEALD_NOTFOUND);
}

static void query_derived__lists_failures(void **state)
{
	static const char *const outcomes[] = {
		"worked",  "worked-partly", "no-effect",
		"harmful", "not-sustained", "not-started"
	};
	struct indexkit *k = *state;
	struct derived d;
	char ref[64];
	size_t i;

	for (i = 0; i < COUNT(outcomes); i++) {
		(void)snprintf(ref, sizeof ref, "a/lesson/%zu", i);
		indexkit_record(k, ref, outcomes[i], "");
		indexkit_link(k, ref, "about", TROLLEY, 0);
		indexkit_fact(k, ref, "outcome", outcomes[i]);
	}
	indexkit_evidence(k, "b", TROLLEY, 1.3, 1.1, 1.5);
	indexkit_evidence(k, "c", TROLLEY, 1.0, 0.7, 1.5);
	indexkit_fact(k, "c/evidence/result", "conclusion", "no-change");
	indexkit_evidence(k, "d", TROLLEY, 0.8, 0.7, 0.9);
	d = ask(k, TROLLEY);
	assert_int_equal(d.failures_n, 6);
	/* the newest first */
	assert_string_equal(d.failures[0].ref, "c/evidence/result");
	assert_string_equal(d.failures[1].ref, "b/evidence/result");
	assert_string_equal(d.failures[2].title, "not-sustained");
	assert_string_equal(d.failures[3].title, "harmful");
	assert_string_equal(d.failures[4].title, "no-effect");
	assert_string_equal(d.failures[5].title, "worked-partly");
	derived_release(&d);
}

static void query_derived__lists_what_contradicts_it(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_record(k, "a/lesson/one", "It did nothing here", "");
	indexkit_link(k, "a/lesson/one", "contradicts", TROLLEY, 1);
	indexkit_link(k, "a/lesson/one", "contradicts", TROLLEY, 0);
	indexkit_record(k, "b/lesson/two", "Nor here", "");
	indexkit_link(k, "b/lesson/two", "follows", TROLLEY, 0);
	d = ask(k, TROLLEY);
	assert_int_equal(d.contradicted_n, 1);
	assert_string_equal(d.contradicted[0].ref, "a/lesson/one");
	derived_release(&d);
}

static void query_derived__knows_when_reviews_have_passed(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_adopt(k, "a", TROLLEY, "testing", "2026-06-01");
	indexkit_fact(k, "a/adoption/use", "next_review", "2026-11-23");
	indexkit_fact(k, TROLLEY, "review_on", "2026-11-23");
	d = ask(k, TROLLEY);
	assert_false(d.review_passed);
	assert_false(d.uses[0].review_due);
	derived_release(&d);
	indexkit_fact(k, "a/adoption/use", "next_review", "2026-11-22");
	indexkit_fact(k, TROLLEY, "review_on", "2026-11-22");
	d = ask(k, TROLLEY);
	assert_true(d.review_passed);
	assert_true(d.uses[0].review_due);
	derived_release(&d);
	indexkit_fact(k, TROLLEY, "review_on", "soon");
	d = ask(k, TROLLEY);
	assert_false(d.review_passed);
	derived_release(&d);
}

/* The story of the examples: five regions with evidence, one adoption. */
static void query_derived__tells_the_story_of_the_trolley(void **state)
{
	struct indexkit *k = *state;
	struct derived d;

	indexkit_evidence(k, "uclpartners", TROLLEY, 0.72, 0.53, 0.96);
	indexkit_evidence(k, "wessex", TROLLEY, 0.70, 0.51, 0.95);
	indexkit_evidence(k, "yorkshire-humber", TROLLEY, 0.65, 0.45, 0.93);
	indexkit_evidence(k, "north-east", TROLLEY, 0.80, 0.60, 1.07);
	indexkit_evidence(k, "south-west", TROLLEY, 1.15, 0.85, 1.54);
	indexkit_adopt(k, "west-midlands", TROLLEY, "implementing",
		       "2025-01-01");
	indexkit_effect(k, "west-midlands/adoption/use", 0.82, 0.62, 1.08);
	indexkit_fact(k, "west-midlands/adoption/use", "sites.using", "3");
	indexkit_fact(k, "west-midlands/adoption/use", "sites.planned", "5");
	assert_counts(k, 6, 3, 3, 0, 0, 0);
	assert_maturity(k, "replicated");
	d = ask(k, TROLLEY);
	assert_int_equal(d.uses_n, 6);
	assert_string_equal(d.uses[0].region, "north-east");
	assert_string_equal(d.uses[0].adoption, "");
	assert_string_equal(d.uses[3].region, "wessex");
	assert_string_equal(d.uses[4].region, "west-midlands");
	assert_string_equal(d.uses[4].sites, "3 of 5");
	assert_string_equal(d.uses[4].stage, "implementing");
	assert_string_equal(d.uses[4].verdict, "unclear");
	assert_int_equal(d.uses[4].version_seen, 1);
	derived_release(&d);
}

/* ---- adoptions ---- */

static void query_adoptions__lists_every_adoption(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;

	indexkit_adopt(k, "b", TROLLEY, "testing", "2026-01-01");
	indexkit_adopt(k, "a", TROLLEY, "stopped", "2024-01-01");
	indexkit_evidence(k, "c", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_record(k, "a/adoption/more", "And elsewhere", "");
	indexkit_link(k, "a/adoption/more", "intervention",
		      "z/intervention/not-arrived", 2);
	assert_int_equal(query_adoptions(k->x, NULL, indexkit_day("2026-11-23"),
					 &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.total, 3);
	assert_string_equal(rows.list[0].use.adoption, "a/adoption/use");
	assert_string_equal(rows.list[0].use.verdict, "not-reported");
	assert_string_equal(rows.list[0].intervention_title, "Sepsis trolley");
	assert_string_equal(rows.list[1].use.adoption, "b/adoption/use");
	assert_string_equal(rows.list[2].intervention,
			    "z/intervention/not-arrived");
	assert_string_equal(rows.list[2].intervention_title, "");
	assert_string_equal(rows.list[2].use.stage, "");
	adoption_rows_release(&rows);
	assert_int_equal(query_adoptions(k->x, TROLLEY,
					 indexkit_day("2026-11-23"), &rows,
					 &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 2);
	adoption_rows_release(&rows);
}

static void query_adoptions__says_what_is_withdrawn(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;
	int64_t today = indexkit_day("2026-11-23");

	indexkit_adopt(k, "b", TROLLEY, "stopped", "2026-01-01");
	assert_int_equal(query_adoptions(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_false(rows.list[0].withdrawn);
	assert_string_equal(rows.list[0].withdrawn_by, "");
	adoption_rows_release(&rows);
	indexkit_withdraw(k, "b/withdrawal/trolley", TROLLEY, "take-note");
	assert_int_equal(query_adoptions(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_false(rows.list[0].withdrawn); /* another region warns */
	assert_string_equal(rows.list[0].withdrawn_by, "b/withdrawal/trolley");
	assert_string_equal(rows.list[0].level, "take-note");
	adoption_rows_release(&rows);
	indexkit_withdraw(k, "lead/withdrawal/trolley", TROLLEY, "stop-now");
	assert_int_equal(query_adoptions(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_true(rows.list[0].withdrawn);
	assert_string_equal(rows.list[0].withdrawn_by,
			    "lead/withdrawal/trolley");
	assert_string_equal(rows.list[0].level, "stop-now");
	adoption_rows_release(&rows);
}

static void query_adoptions__is_empty_without_any(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;

	assert_int_equal(query_adoptions(k->x, "a/intervention/none", 0, &rows,
					 &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 0);
	adoption_rows_release(&rows);
}

/* ---- due ---- */

static void query_overdue__lists_and_counts_these_alone(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;
	int64_t today = indexkit_day("2026-11-23");

	indexkit_adopt(k, "a", TROLLEY, "testing", "2024-01-01");
	indexkit_adopt(k, "b", TROLLEY, "testing", "2026-10-01");
	indexkit_adopt(k, "c", TROLLEY, "embedded", "2023-01-01");
	assert_int_equal(query_adoptions(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.total, 3);
	assert_int_equal(rows.overdue, 2);
	adoption_rows_release(&rows);
	assert_int_equal(query_overdue(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.total, 2);
	assert_string_equal(rows.list[0].use.region, "a");
	assert_string_equal(rows.list[1].use.region, "c");
	adoption_rows_release(&rows);
}

/* Those behind the 10,000 that are listed are counted, and found. */
static void query_overdue__reaches_behind_what_is_listed(void **state)
{
	struct indexkit *k = *state;
	struct adoption_rows rows;
	struct hits due;
	int64_t today = indexkit_day("2026-11-23");

	indexkit_adopt(k, "home", "lead/intervention/a", "testing",
		       "2026-10-01");
	indexkit_sql(
		k,
		"WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL"
		" SELECT i + 1 FROM n WHERE i < 10050)"
		" INSERT INTO record SELECT 1000 + i, 'home/adoption/m' ||"
		" i, feed, 'adoption', 'm' || i, '', 1, 1, i, i, i, 'M', 1,"
		" 0, 0, x'' FROM n, record WHERE ref = 'home/adoption/use';"
		"INSERT INTO link (record, rel, target, version)"
		" SELECT id, 'intervention', 'lead/intervention/' ||"
		" iif(id < 11040, 'a' || (id %% 9), 'z'), 0 FROM record WHERE "
		"id > 1000;"
		"INSERT INTO fact SELECT id, 'started', iif(id < 11040,"
		" '2026-10-01', '2024-01-01') FROM record WHERE id > 1000;"
		"INSERT INTO fact SELECT id, 'next_review', '2024-01-01'"
		" FROM record WHERE id > 1000");
	assert_int_equal(query_adoptions(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, QUERY_ROWS_MAX);
	assert_int_equal(rows.total, 10051);
	assert_int_equal(rows.overdue, 11);
	adoption_rows_release(&rows);
	assert_int_equal(query_overdue(k->x, NULL, today, &rows, &k->msg),
			 WEALD_OK);
	assert_int_equal(rows.n, 11);
	adoption_rows_release(&rows);
	assert_int_equal(query_due(k->x, today, &due, &k->msg), WEALD_OK);
	assert_int_equal(due.n, QUERY_ROWS_MAX);
	assert_int_equal(due.total, 10061);
	hits_release(&due);
}

static void query_due__lists_own_records(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;

	indexkit_adopt(k, "home", TROLLEY, "implementing", "2024-05-01");
	indexkit_fact(k, "home/adoption/use", "next_review", "2026-03-01");
	indexkit_adopt(k, "a", TROLLEY, "implementing", "2024-05-01");
	indexkit_record(k, "home/problem/late", "Too late", "");
	indexkit_fact(k, "home/problem/late", "review_on", "2026-11-22");
	indexkit_record(k, "home/problem/early", "Too early", "");
	indexkit_fact(k, "home/problem/early", "review_on", "2026-11-24");
	assert_int_equal(query_due(k->x, indexkit_day("2026-11-23"), &hits,
				   &k->msg),
			 WEALD_OK);
	assert_int_equal(hits.n, 3);
	assert_string_equal(hits.list[0].ref, "home/adoption/use");
	assert_string_equal(hits.list[0].matched,
			    "no result yet, started on 2024-05-01");
	assert_string_equal(hits.list[1].matched,
			    "next review was due on 2026-03-01");
	assert_string_equal(hits.list[2].ref, "home/problem/late");
	hits_release(&hits);
	/* a result settles the first */
	indexkit_evidence(k, "home", TROLLEY, 1.0, 0.9, 1.1);
	assert_int_equal(query_due(k->x, indexkit_day("2026-11-23"), &hits,
				   &k->msg),
			 WEALD_OK);
	assert_int_equal(hits.n, 2);
	hits_release(&hits);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(query_derived__finds_interventions_only),
		TEST(query_derived__is_an_idea_until_somebody_tries),
		TEST(query_derived__judges_by_the_interval),
		TEST(query_derived__heeds_no_typed_conclusion),
		TEST(query_derived__takes_a_short_series_for_an_estimate),
		TEST(query_derived__waits_for_the_measure),
		TEST(query_derived__says_too_early),
		TEST(query_derived__sees_the_result_that_never_came),
		TEST(query_derived__counts_no_plans_as_tried),
		TEST(query_derived__counts_a_region_once),
		TEST(query_derived__takes_the_adoptions_own_series),
		TEST(query_derived__forgets_what_was_taken_back),
		TEST(query_derived__is_replicated_in_two_regions),
		TEST(query_derived__is_widely_adopted_by_five),
		TEST(query_derived__is_withdrawn_by_its_author),
		TEST(query_derived__is_withdrawn_by_its_status),
		TEST(query_derived__is_withdrawn_by_its_regions_record),
		TEST(query_derived__is_not_withdrawn_by_others),
		TEST(query_derived__heeds_the_version_that_is_withdrawn),
		TEST(query_derived__judges_no_measure_of_what_is_wanted),
		TEST(query_derived__takes_no_events_for_a_result),
		TEST(query_effect__says_what_the_numbers_come_to),
		TEST(query_derived__lists_failures),
		TEST(query_derived__lists_what_contradicts_it),
		TEST(query_derived__knows_when_reviews_have_passed),
		TEST(query_derived__tells_the_story_of_the_trolley),
		TEST(query_adoptions__lists_every_adoption),
		TEST(query_adoptions__says_what_is_withdrawn),
		TEST(query_adoptions__is_empty_without_any),
		TEST(query_overdue__lists_and_counts_these_alone),
		TEST(query_overdue__reaches_behind_what_is_listed),
		TEST(query_due__lists_own_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
