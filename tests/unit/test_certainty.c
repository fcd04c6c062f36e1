#include "store/evidence/certainty.h"

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

/* ---- helpers -------------------------------------------------------------
 */

#define REGIONS_MAX 8u

/* What is judged, with the regions it points to. */
struct judged {
	struct certainty_region regions[REGIONS_MAX];
	struct certainty_input in;
	struct certainty_result out;
};

/* One region, sure enough for nothing to go down. */
static void judged_one(struct judged *j, const char *design)
{
	memset(j, 0, sizeof *j);
	j->regions[0].design = design;
	j->regions[0].start = certainty_start(design);
	j->regions[0].weight = 1;
	j->regions[0].ratio = 0.7;
	j->in.regions = j->regions;
	j->in.regions_n = 1;
	j->in.ratio = 0.7;
	j->in.low = 0.6;
	j->in.high = 0.8;
}

/* @n regions with the same weight. */
static void judged_pooled(struct judged *j, const char *design, size_t n)
{
	size_t i;

	judged_one(j, design);
	for (i = 0; i < n; i++) {
		j->regions[i] = j->regions[0];
		j->regions[i].weight = 1.0 / (double)n;
	}
	j->in.regions_n = n;
	j->in.pooled = true;
}

static bool took_step(const struct judged *j, enum certainty_step step)
{
	size_t i = 0;

	while (i < j->out.reasons_n && j->out.reasons[i].step != step) {
		i++;
	}
	return i < j->out.reasons_n;
}

/* Judge, and expect just @level and, besides the start, @reason or none. */
static void assert_judged(struct judged *j, enum certainty level,
			  enum certainty_step step, const char *reason)
{
	certainty_judge(&j->in, &j->out);
	assert_int_equal(j->out.level, level);
	assert_int_equal(j->out.reasons[0].step, STEP_DESIGN);
	assert_int_equal(j->out.reasons[0].by, 0);
	if (reason == NULL) {
		assert_int_equal(j->out.reasons_n, 1);
		return;
	}
	assert_int_equal(j->out.reasons_n, 2);
	assert_int_equal(j->out.reasons[1].step, step);
	assert_string_equal(j->out.reasons[1].words, reason);
}

/* ---- where it starts -----------------------------------------------------
 */

static void certainty__starts_by_design(void **state)
{
	static const struct {
		const char *design;
		enum certainty start;
		const char *words;
	} cases[] = {
		{ "randomised", CERTAINTY_HIGH,
		  "starts at high: a randomised trial" },
		{ "stepped-wedge", CERTAINTY_HIGH,
		  "starts at high: a stepped wedge" },
		{ "its-controlled", CERTAINTY_LOW,
		  "starts at low: a time series with others to compare" },
		{ "its", CERTAINTY_LOW,
		  "starts at low: an interrupted time series" },
		{ "before-after", CERTAINTY_VERY_LOW,
		  "starts at very low: before and after only" },
		{ "after-only", CERTAINTY_VERY_LOW,
		  "starts at very low: after only" },
		{ "qualitative", CERTAINTY_VERY_LOW,
		  "starts at very low: words, not numbers" },
		{ "guess", CERTAINTY_VERY_LOW,
		  "starts at very low: a design that is not known" },
		{ NULL, CERTAINTY_VERY_LOW,
		  "starts at very low: a design that is not known" },
	};
	struct judged j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(certainty_start(cases[i].design),
				 cases[i].start);
		judged_one(&j, cases[i].design);
		assert_judged(&j, cases[i].start, STEP_DESIGN, NULL);
		assert_int_equal(j.out.start, cases[i].start);
		assert_string_equal(j.out.reasons[0].words, cases[i].words);
	}
}

/* The lowest start of regions that have half of the weight between them. */
static void certainty__of_a_pool_starts_where_half_the_weight_does(void **state)
{
	struct judged j;

	(void)state;
	judged_pooled(&j, "its", 4);
	assert_judged(&j, CERTAINTY_LOW, STEP_DESIGN, NULL);
	assert_string_equal(j.out.reasons[0].words,
			    "starts at low: an interrupted time series");

	/* half is enough, in any order and however the sum is rounded */
	j.regions[1].design = "randomised";
	j.regions[1].start = CERTAINTY_HIGH;
	j.regions[3] = j.regions[1];
	assert_judged(&j, CERTAINTY_LOW, STEP_DESIGN, NULL);
	assert_string_equal(j.out.reasons[0].words,
			    "starts at low: designs no stronger than an "
			    "interrupted time series carry 50 % of the weight");
	j.regions[1].weight = 0.3;
	assert_judged(&j, CERTAINTY_HIGH, STEP_DESIGN, NULL);

	/* two low ones together, though the heaviest region is high */
	judged_pooled(&j, "before-after", 3);
	j.regions[0].design = "randomised";
	j.regions[0].start = CERTAINTY_HIGH;
	j.regions[0].weight = 0.4;
	j.regions[1].design = "its";
	j.regions[1].start = CERTAINTY_LOW;
	j.regions[1].weight = 0.25;
	j.regions[2].weight = 0.35;
	assert_judged(&j, CERTAINTY_LOW, STEP_DESIGN, NULL);
	j.regions[1].weight = 0.1;
	j.regions[2].weight = 0.5;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_DESIGN, NULL);

	/* without any weights each counts the same */
	judged_pooled(&j, "its", 3);
	j.regions[0].weight = 0;
	j.regions[1].weight = (double)NAN;
	j.regions[2].weight = -1;
	assert_judged(&j, CERTAINTY_LOW, STEP_DESIGN, NULL);
}

static void certainty__of_no_estimate_is_none(void **state)
{
	static const double bad[][3] = {
		{ 0, 0, 0 },
		{ 0.6, 0.5, 0.8 },
		{ 0.6, 0.9, 0.8 },
		{ 0.6, 0.7, (double)INFINITY },
		{ (double)NAN, 0.7, 0.8 },
		{ 0.6, (double)NAN, 0.8 },
		{ 0.6, 0.7, (double)NAN },
		{ -0.6, 0.7, 0.8 },
	};
	struct judged j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		judged_one(&j, "its");
		j.in.low = bad[i][0];
		j.in.ratio = bad[i][1];
		j.in.high = bad[i][2];
		certainty_judge(&j.in, &j.out);
		assert_int_equal(j.out.level, CERTAINTY_NONE);
		assert_int_equal(j.out.reasons_n, 0);
	}
	judged_one(&j, "its");
	j.in.regions_n = 0;
	certainty_judge(&j.in, &j.out);
	assert_int_equal(j.out.level, CERTAINTY_NONE);
}

/* ---- steps ---------------------------------------------------------------
 */

static void certainty__of_a_short_series_is_very_low(void **state)
{
	struct judged j;

	(void)state;
	judged_one(&j, "randomised");
	j.regions[0].is_short = true;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_SHORT,
		      "very low at best: few months before or after");
	assert_int_equal(j.out.reasons[1].by, -3);

	/* nor does a large effect help */
	j.in.ratio = 0.3;
	j.in.low = 0.2;
	j.in.high = 0.4;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_SHORT,
		      "very low at best: few months before or after");

	judged_pooled(&j, "its", 4);
	j.regions[0].is_short = true;
	assert_judged(&j, CERTAINTY_LOW, STEP_SHORT, NULL);
	j.regions[2].is_short = true;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_SHORT,
		      "very low at best: few months before or after in "
		      "regions with 50 % of the weight");
}

static void certainty__goes_down_for_bias(void **state)
{
	struct judged j;
	unsigned i;

	(void)state;
	for (i = 0; i < BIAS_FLAGS_N; i++) {
		judged_one(&j, "its");
		j.regions[0].bias = 1u << i;
		certainty_judge(&j.in, &j.out);
		assert_int_equal(j.out.level, CERTAINTY_VERY_LOW);
		assert_int_equal(j.out.reasons[1].by, -1);
		assert_non_null(strstr(j.out.reasons[1].words,
				       bias_words((enum bias)(1u << i))));
	}
	assert_string_equal(bias_words((enum bias)0), "");
	assert_string_equal(bias_words((enum bias)3), "");

	judged_one(&j, "randomised");
	j.regions[0].bias = BIAS_OTHER_CHANGES_EXPLAIN;
	assert_judged(&j, CERTAINTY_MODERATE, STEP_BIAS,
		      "down one: open to bias: other changes could explain the "
		      "result");
	j.regions[0].bias |= BIAS_FIDELITY_UNKNOWN;
	assert_judged(&j, CERTAINTY_MODERATE, STEP_BIAS,
		      "down one: open to bias: other changes could explain the "
		      "result; fidelity is not known");
	/* all of them are one step, and have room */
	j.regions[0].bias = (1u << BIAS_FLAGS_N) - 1;
	certainty_judge(&j.in, &j.out);
	assert_int_equal(j.out.level, CERTAINTY_MODERATE);
	assert_string_equal(j.out.reasons[1].words,
			    "down one: open to bias: other changes could "
			    "explain the result; whether other changes could "
			    "explain it is not known; fidelity is not known; "
			    "and more");
}

/* Regions with a flag, any one, have to carry half of the weight. */
static void certainty__of_a_pool_goes_down_for_bias_of_half(void **state)
{
	struct judged j;

	(void)state;
	judged_pooled(&j, "its", 4);
	j.regions[0].bias = BIAS_LAG1;
	assert_judged(&j, CERTAINTY_LOW, STEP_BIAS, NULL);
	j.regions[3].bias = BIAS_OTHER_CHANGES_EXPLAIN;
	j.regions[3].weight = 0.26;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_BIAS,
		      "down one: open to bias in regions with 50 % of the "
		      "weight: other changes could explain the result; months "
		      "are like the ones before them");
	j.regions[3].weight = 0.24;
	assert_judged(&j, CERTAINTY_LOW, STEP_BIAS, NULL);
}

/* What is coded, and what follows. */
static void bias_of__reads_the_fields(void **state)
{
	const struct bias_fields fine = { .other_changes_known = true,
					  .fidelity_known = true,
					  .fidelity_percent = 50 };
	struct bias_fields f = fine;
	struct effect plain = { .state = EFFECT_FULL, .ratio = 0.8 };
	struct effect own = { .state = EFFECT_FULL, .ratio = 0.9 };

	(void)state;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
	f.other_changes_known = false;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_OTHER_CHANGES_UNKNOWN);
	f = fine;
	f.other_changes = true;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_OTHER_CHANGES_UNKNOWN);
	f.other_changes_explain_known = true;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
	f.other_changes_explain = true;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_OTHER_CHANGES_EXPLAIN);
	f = fine;
	f.fidelity_percent = 49;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_FIDELITY_LOW);
	f.fidelity_percent = (double)NAN;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_FIDELITY_UNKNOWN);
	f = fine;
	f.fidelity_known = false;
	f.measure_changed = true;
	assert_int_equal(bias_of(&f, &own, &plain),
			 BIAS_FIDELITY_UNKNOWN | BIAS_MEASURE_CHANGED);

	f = fine;
	own.lag1 = 0.4;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
	own.lag1 = -0.41;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_LAG1);
	own.lag1 = 0;
	own.ratio = 1.15;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_SIDES);
	own.ratio = 1;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
	own.ratio = 0.9;
	plain.ratio = 1.1;
	assert_int_equal(bias_of(&f, &own, &plain), BIAS_SIDES);
	plain.state = EFFECT_NO_FIT;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
	own.lag1 = 0.9;
	own.state = EFFECT_TOO_EARLY;
	assert_int_equal(bias_of(&f, &own, &plain), 0);
}

static void certainty__goes_down_where_regions_differ(void **state)
{
	struct judged j;

	(void)state;
	judged_pooled(&j, "its", 3);
	j.in.i2 = 80.6;
	assert_judged(&j, CERTAINTY_LOW, STEP_INCONSISTENCY, NULL);
	j.regions[2].ratio = 1.1;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_INCONSISTENCY,
		      "down one: regions differ a lot (I2 81 %), some fewer "
		      "and some more");
	j.in.i2 = 75;
	assert_judged(&j, CERTAINTY_LOW, STEP_INCONSISTENCY, NULL);
	j.in.i2 = 0;
	j.in.differ_more = true;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_INCONSISTENCY,
		      "down one: regions differ more than the model shows, "
		      "some fewer and some more");
	j.regions[2].ratio = 0.9;
	assert_judged(&j, CERTAINTY_LOW, STEP_INCONSISTENCY, NULL);
	j.regions[2].ratio = 1.1;
	j.in.i2 = 90;
	j.in.regions_n = 2;
	assert_judged(&j, CERTAINTY_LOW, STEP_INCONSISTENCY, NULL);
}

static void certainty__goes_down_where_it_is_indirect(void **state)
{
	struct judged j;

	(void)state;
	judged_one(&j, "its");
	j.in.settings_differ = true;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_INDIRECTNESS,
		      "down one: it was tried in other settings than yours");
	j.in.balancing = true;
	assert_judged(&j, CERTAINTY_VERY_LOW, STEP_INDIRECTNESS,
		      "down one: the measure is a balancing one");
}

static void certainty__goes_down_where_the_range_is_wide(void **state)
{
	static const struct {
		double low;
		double high;
		int by;
		const char *words;
	} cases[] = {
		{ 0.76, 1.24, 0, NULL },
		{ 0.5, 0.99, 0, NULL },
		{ 1.01, 2, 0, NULL },
		{ 0.75, 1, -1,
		  "down one: the range holds no effect and 25 % fewer" },
		{ 1, 1.25, -1,
		  "down one: the range holds no effect and 25 % more" },
		{ 0.7, 1.3, -1,
		  "down one: the range holds 25 % fewer and 25 % more" },
		{ 0.5, 2, -1,
		  "down one: the range holds 25 % fewer and 25 % more" },
		{ 0.5, 2.01, -2,
		  "down two: the upper end of the range is over four times "
		  "the lower" },
		{ 0.1, 0.5, -2,
		  "down two: the upper end of the range is over four times "
		  "the lower" },
	};
	struct judged j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		judged_one(&j, "randomised");
		j.in.low = cases[i].low;
		j.in.high = cases[i].high;
		j.in.ratio = sqrt(cases[i].low * cases[i].high);
		certainty_judge(&j.in, &j.out);
		assert_int_equal(j.out.level,
				 (int)CERTAINTY_HIGH + cases[i].by);
		assert_int_equal(j.out.reasons_n, cases[i].by != 0 ? 2 : 1);
		if (cases[i].by != 0) {
			assert_int_equal(j.out.reasons[1].step,
					 STEP_IMPRECISION);
			assert_string_equal(j.out.reasons[1].words,
					    cases[i].words);
			assert_int_equal(j.out.reasons[1].by, cases[i].by);
		}
	}
}

static void certainty__goes_down_where_results_never_came(void **state)
{
	static const struct {
		size_t old;
		size_t silent;
		bool down;
	} cases[] = { { 4, 4, false },
		      { 5, 2, false },
		      { 5, 3, true },
		      { 100, 40, false },
		      { 100, 41, true } };
	struct judged j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		judged_one(&j, "its");
		j.in.adoptions_old = cases[i].old;
		j.in.adoptions_silent = cases[i].silent;
		certainty_judge(&j.in, &j.out);
		assert_int_equal(j.out.level, cases[i].down ? CERTAINTY_VERY_LOW
							    : CERTAINTY_LOW);
	}
	assert_string_equal(j.out.reasons[1].words,
			    "down one: 41 of 100 adoptions older than a year "
			    "have neither evidence nor lesson");
}

static void certainty__goes_up_for_a_large_effect_alone(void **state)
{
	struct judged j;

	(void)state;
	judged_one(&j, "its");
	j.in.ratio = 0.5;
	j.in.low = 0.4;
	j.in.high = 0.67;
	assert_judged(&j, CERTAINTY_MODERATE, STEP_LARGE_EFFECT,
		      "up one: a large effect, ratio 0.50 and at most 0.67");
	j.in.high = 0.68;
	assert_judged(&j, CERTAINTY_LOW, STEP_LARGE_EFFECT, NULL);
	j.in.high = 0.67;
	j.in.ratio = 0.51;
	assert_judged(&j, CERTAINTY_LOW, STEP_LARGE_EFFECT, NULL);
	j.in.ratio = 0.5;
	j.in.balancing = true;
	certainty_judge(&j.in, &j.out);
	assert_false(took_step(&j, STEP_LARGE_EFFECT));

	/* never above high */
	judged_one(&j, "randomised");
	j.in.ratio = 0.45;
	j.in.low = 0.4;
	j.in.high = 0.5;
	certainty_judge(&j.in, &j.out);
	assert_true(took_step(&j, STEP_LARGE_EFFECT));
	assert_int_equal(j.out.level, CERTAINTY_HIGH);
}

/* Everything at once: all reasons are told, and very low is the end. */
static void certainty__never_falls_below_very_low(void **state)
{
	static const enum certainty_step steps[] = {
		STEP_DESIGN,        STEP_SHORT,        STEP_BIAS,
		STEP_INCONSISTENCY, STEP_INDIRECTNESS, STEP_IMPRECISION,
		STEP_REPORTING
	};
	static const char *const names[] = { "design",       "short",
					     "bias",         "inconsistency",
					     "indirectness", "imprecision",
					     "reporting",    "large-effect" };
	struct judged j;
	size_t i;

	(void)state;
	judged_pooled(&j, "randomised", 5);
	for (i = 0; i < 5; i++) {
		j.regions[i].bias = (1u << BIAS_FLAGS_N) - 1;
		j.regions[i].is_short = true;
		j.regions[i].ratio = i < 2 ? 0.5 : 1.5;
	}
	j.in.i2 = 99;
	j.in.settings_differ = true;
	j.in.low = 0.2;
	j.in.high = 5;
	j.in.adoptions_old = SIZE_MAX;
	j.in.adoptions_silent = SIZE_MAX;
	certainty_judge(&j.in, &j.out);
	assert_int_equal(j.out.level, CERTAINTY_VERY_LOW);
	assert_int_equal(j.out.start, CERTAINTY_HIGH);
	assert_int_equal(j.out.reasons_n, sizeof steps / sizeof *steps);
	for (i = 0; i < j.out.reasons_n; i++) {
		assert_int_equal(j.out.reasons[i].step, steps[i]);
		assert_true(strlen(j.out.reasons[i].words) > 10);
	}
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		assert_string_equal(certainty_step_name((enum certainty_step)i),
				    names[i]);
	}
}

/* ---- what a person makes of it -------------------------------------------
 */

static void certainty_moved__moves_by_one_at_most(void **state)
{
	int computed;
	int judged;

	(void)state;
	for (computed = 0; computed <= CERTAINTY_HIGH; computed++) {
		for (judged = 0; judged <= CERTAINTY_HIGH; judged++) {
			assert_int_equal(
				certainty_moved((enum certainty)computed,
						(enum certainty)judged),
				computed > 0 && judged > 0 &&
						abs(computed - judged) <= 1
					? judged
					: computed);
		}
	}
}

static void certainty_name__goes_both_ways(void **state)
{
	static const char *const names[] = { "", "very-low", "low", "moderate",
					     "high" };
	int i;

	(void)state;
	for (i = 0; i <= CERTAINTY_HIGH; i++) {
		assert_string_equal(certainty_name((enum certainty)i),
				    names[i]);
		assert_int_equal(certainty_of(names[i]), i);
	}
	assert_string_equal(certainty_words(CERTAINTY_VERY_LOW), "very low");
	assert_string_equal(certainty_words(CERTAINTY_NONE), "");
	assert_string_equal(certainty_name((enum certainty)77), "");
	assert_string_equal(certainty_words((enum certainty)77), "");
	assert_int_equal(certainty_of("High"), CERTAINTY_NONE);
	assert_int_equal(certainty_of(NULL), CERTAINTY_NONE);
}

/* ---- order ---------------------------------------------------------------
 */

/* From what we can be surest of to what says nothing. */
static void certainty_compare__puts_the_surest_first(void **state)
{
	static const struct certainty_rank ranks[] = {
		{ CERTAINTY_HIGH, 0.85, 0.95 },
		{ CERTAINTY_HIGH, 0.9, 1.1 },
		/* a small effect, but one of which we can be sure */
		{ CERTAINTY_LOW, 0.6, 0.7 },
		{ CERTAINTY_LOW, 0.1, 0.8 },
		{ CERTAINTY_LOW, 0.5, 1.02 },
		{ CERTAINTY_LOW, 0.8, 1.4 },
		{ CERTAINTY_LOW, 1.1, 3 },
		{ CERTAINTY_LOW, 1.2, 1.3 },
		{ CERTAINTY_LOW, 0, 0 },
		{ CERTAINTY_VERY_LOW, 0.1, 0.2 },
		{ CERTAINTY_NONE, 0, 0 },
	};
	const size_t n = sizeof ranks / sizeof *ranks;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < n; i++) {
		assert_int_equal(certainty_compare(&ranks[i], &ranks[i]), 0);
		for (k = 0; k < i; k++) {
			assert_true(certainty_compare(&ranks[k], &ranks[i]) <
				    0);
			assert_true(certainty_compare(&ranks[i], &ranks[k]) >
				    0);
		}
	}
}

/* The same upper end: a lower estimate is no reason to come first. */
static void certainty_compare__does_not_see_the_estimate(void **state)
{
	const struct certainty_rank narrow = { CERTAINTY_LOW, 0.7, 0.9 };
	const struct certainty_rank wide = { CERTAINTY_LOW, 0.1, 0.9 };

	(void)state;
	assert_int_equal(certainty_compare(&narrow, &wide), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certainty__starts_by_design),
		cmocka_unit_test(
			certainty__of_a_pool_starts_where_half_the_weight_does),
		cmocka_unit_test(certainty__of_no_estimate_is_none),
		cmocka_unit_test(certainty__of_a_short_series_is_very_low),
		cmocka_unit_test(certainty__goes_down_for_bias),
		cmocka_unit_test(
			certainty__of_a_pool_goes_down_for_bias_of_half),
		cmocka_unit_test(bias_of__reads_the_fields),
		cmocka_unit_test(certainty__goes_down_where_regions_differ),
		cmocka_unit_test(certainty__goes_down_where_it_is_indirect),
		cmocka_unit_test(certainty__goes_down_where_the_range_is_wide),
		cmocka_unit_test(certainty__goes_down_where_results_never_came),
		cmocka_unit_test(certainty__goes_up_for_a_large_effect_alone),
		cmocka_unit_test(certainty__never_falls_below_very_low),
		cmocka_unit_test(certainty_moved__moves_by_one_at_most),
		cmocka_unit_test(certainty_name__goes_both_ways),
		cmocka_unit_test(certainty_compare__puts_the_surest_first),
		cmocka_unit_test(certainty_compare__does_not_see_the_estimate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
