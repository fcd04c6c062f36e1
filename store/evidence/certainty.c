#include "store/evidence/certainty.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "store/evidence/number.h"

/* So that half of the weight is half in whichever order it is added up. */
#define HALF          (0.5 - 1e-9)
#define LAG1_MAX      0.4
#define FIDELITY_MIN  50.0
#define I2_A_LOT      75.0
#define FEWER         0.75
#define MORE          1.25
#define WIDE          4.0
#define ADOPTIONS_MIN 5u
#define SILENT_MAX    0.4
#define LARGE_RATIO   0.5
#define LARGE_HIGH    0.67
/* Kinds of bias that a reason names; the heaviest. */
#define BIAS_NAMED 3u

static const struct {
	const char *code;
	const char *words;
} levels[] = {
	[CERTAINTY_NONE] = { "", "" },
	[CERTAINTY_VERY_LOW] = { "very-low", "very low" },
	[CERTAINTY_LOW] = { "low", "low" },
	[CERTAINTY_MODERATE] = { "moderate", "moderate" },
	[CERTAINTY_HIGH] = { "high", "high" },
};
#define LEVELS_N (sizeof levels / sizeof *levels)

static const struct design {
	const char *code;
	const char *words;
	enum certainty start;
} designs[] = {
	{ "randomised", "a randomised trial", CERTAINTY_HIGH },
	{ "stepped-wedge", "a stepped wedge", CERTAINTY_HIGH },
	{ "its-controlled", "a time series with others to compare",
	  CERTAINTY_LOW },
	{ "its", "an interrupted time series", CERTAINTY_LOW },
	{ "before-after", "before and after only", CERTAINTY_VERY_LOW },
	{ "after-only", "after only", CERTAINTY_VERY_LOW },
	{ "qualitative", "words, not numbers", CERTAINTY_VERY_LOW },
	{ "", "a design that is not known", CERTAINTY_VERY_LOW },
};
#define DESIGNS_N (sizeof designs / sizeof *designs)

static const char *const biases[BIAS_FLAGS_N] = {
	"other changes could explain the result",
	"whether other changes could explain it is not known",
	"fidelity is not known",
	"fidelity was below 50 percent",
	"the measure was changed on the way",
	"months are like the ones before them",
	"with the trend and without it the result goes opposite ways",
};

const char *certainty_name(enum certainty c)
{
	return (size_t)c < LEVELS_N ? levels[c].code : "";
}

const char *certainty_words(enum certainty c)
{
	return (size_t)c < LEVELS_N ? levels[c].words : "";
}

enum certainty certainty_of(const char *name)
{
	size_t i;

	for (i = CERTAINTY_VERY_LOW; name != NULL && i < LEVELS_N; i++) {
		if (strcmp(name, levels[i].code) == 0) {
			return (enum certainty)i;
		}
	}
	return CERTAINTY_NONE;
}

const char *certainty_step_name(enum certainty_step step)
{
	switch (step) {
	case STEP_DESIGN:
		return "design";
	case STEP_SHORT:
		return "short";
	case STEP_BIAS:
		return "bias";
	case STEP_INCONSISTENCY:
		return "inconsistency";
	case STEP_INDIRECTNESS:
		return "indirectness";
	case STEP_IMPRECISION:
		return "imprecision";
	case STEP_REPORTING:
		return "reporting";
	case STEP_LARGE_EFFECT:
		break;
	}
	return "large-effect";
}

const char *bias_words(enum bias flag)
{
	size_t i;

	for (i = 0; i < BIAS_FLAGS_N; i++) {
		if ((unsigned)flag == 1u << i) {
			return biases[i];
		}
	}
	return "";
}

/* The last of the table is for all others. */
static size_t design_index(const char *code)
{
	size_t i = 0;

	while (i < DESIGNS_N - 1 &&
	       (code == NULL || strcmp(code, designs[i].code) != 0)) {
		i++;
	}
	return i;
}

enum certainty certainty_start(const char *design)
{
	return designs[design_index(design)].start;
}

unsigned bias_of(const struct bias_fields *f, const struct effect *own_trend,
		 const struct effect *before_after)
{
	unsigned bias = 0;

	if (f->other_changes && f->other_changes_explain) {
		bias |= BIAS_OTHER_CHANGES_EXPLAIN;
	} else if (!f->other_changes_known ||
		   (f->other_changes && !f->other_changes_explain_known)) {
		bias |= BIAS_OTHER_CHANGES_UNKNOWN;
	}
	if (!f->fidelity_known || isnan(f->fidelity_percent)) {
		bias |= BIAS_FIDELITY_UNKNOWN;
	} else if (f->fidelity_percent < FIDELITY_MIN) {
		bias |= BIAS_FIDELITY_LOW;
	}
	if (f->measure_changed) {
		bias |= BIAS_MEASURE_CHANGED;
	}
	if (effect_has_estimate(own_trend) &&
	    fabs(own_trend->lag1) > LAG1_MAX) {
		bias |= BIAS_LAG1;
	}
	if (effect_has_estimate(own_trend) &&
	    effect_has_estimate(before_after) &&
	    ((own_trend->ratio < 1 && before_after->ratio > 1) ||
	     (own_trend->ratio > 1 && before_after->ratio < 1))) {
		bias |= BIAS_SIDES;
	}
	return bias;
}

/* ---- who carries how much ------------------------------------------------
 */

/* A condition on a region, with what it compares to. */
typedef bool region_test(const struct certainty_region *r, unsigned arg);

static bool starts_at_or_below(const struct certainty_region *r, unsigned arg)
{
	return (unsigned)r->start <= arg;
}

static bool is_of_design(const struct certainty_region *r, unsigned arg)
{
	return design_index(r->design) == arg;
}

static bool has_bias(const struct certainty_region *r, unsigned arg)
{
	return (r->bias & arg) != 0;
}

static bool has_few_months(const struct certainty_region *r, unsigned arg)
{
	(void)arg;
	return r->is_short;
}

static double weight_of(const struct certainty_region *r)
{
	return r->weight > 0 && isfinite(r->weight) ? r->weight : 0;
}

/*
 * The share of the weight that the regions carry for which @test is true.
 * Where no weights are known, each carries the same.
 */
static double share_of(const struct certainty_input *in, region_test *test,
		       unsigned arg)
{
	double share = 0;
	double all = 0;
	size_t count = 0;
	size_t i;

	for (i = 0; i < in->regions_n; i++) {
		all += weight_of(&in->regions[i]);
		if (test(&in->regions[i], arg)) {
			share += weight_of(&in->regions[i]);
			count++;
		}
	}
	return all > 0 && isfinite(all) ? share / all
					: (double)count / (double)in->regions_n;
}

/* ---- reasons -------------------------------------------------------------
 */

/* Write further words of @reason, as many as there is room for. */
static void say(struct certainty_reason *reason, const char *words)
{
	size_t used = strlen(reason->words);

	(void)snprintf(reason->words + used, sizeof reason->words - used, "%s",
		       words);
}

static struct certainty_reason *reason_add(struct certainty_result *out,
					   enum certainty_step step, int by,
					   const char *words)
{
	static const struct {
		int by;
		const char *words;
	} moves[] = { { -2, "down two: " },
		      { -1, "down one: " },
		      { 1, "up one: " } };
	struct certainty_reason *reason = &out->reasons[out->reasons_n];
	size_t i;

	assert(out->reasons_n < CERTAINTY_STEPS_MAX);
	out->reasons_n++;
	reason->step = step;
	reason->by = by;
	reason->words[0] = '\0';
	for (i = 0; step != STEP_SHORT && i < sizeof moves / sizeof *moves;
	     i++) {
		if (moves[i].by == by) {
			say(reason, moves[i].words);
		}
	}
	say(reason, words);
	return reason;
}

/* " in regions with 62 % of the weight", of a pooled result only. */
static void say_share(struct certainty_reason *reason,
		      const struct certainty_input *in, double share)
{
	char percent[NUMBER_TEXT_BYTES];

	if (in->pooled) {
		number_text(100 * share, 0, percent);
		say(reason, " in regions with ");
		say(reason, percent);
		say(reason, " % of the weight");
	}
}

/*
 * The lowest start such that the regions which start there or below carry half
 * of the weight; it is named by the design that carries the most there.
 */
static void judge_design(const struct certainty_input *in,
			 struct certainty_result *out)
{
	enum certainty start = CERTAINTY_VERY_LOW;
	struct certainty_reason *reason;
	char percent[NUMBER_TEXT_BYTES];
	double most = 0;
	double share;
	size_t heaviest = DESIGNS_N - 1;
	size_t i;

	while (start < CERTAINTY_HIGH &&
	       share_of(in, starts_at_or_below, start) < HALF) {
		start++;
	}
	for (i = 0; i < DESIGNS_N; i++) {
		share = share_of(in, is_of_design, (unsigned)i);
		if (designs[i].start == start && share > most + 1e-9) {
			most = share;
			heaviest = i;
		}
	}
	out->start = start;
	reason = reason_add(out, STEP_DESIGN, 0, "starts at ");
	say(reason, certainty_words(start));
	say(reason, ": ");
	if (most > 1 - 1e-9) {
		say(reason, designs[heaviest].words);
		return;
	}
	number_text(100 * share_of(in, starts_at_or_below, start), 0, percent);
	say(reason, "designs no stronger than ");
	say(reason, designs[heaviest].words);
	say(reason, " carry ");
	say(reason, percent);
	say(reason, " % of the weight");
}

static void judge_short(const struct certainty_input *in,
			struct certainty_result *out)
{
	double share = share_of(in, has_few_months, 0);

	if (share >= HALF) {
		say_share(reason_add(out, STEP_SHORT,
				     (int)CERTAINTY_VERY_LOW - (int)out->start,
				     "very low at best: few months before or "
				     "after"),
			  in, share);
	}
}

/* Name the heaviest kinds of bias, at most BIAS_NAMED. */
static void say_biases(struct certainty_reason *reason,
		       const struct certainty_input *in)
{
	double shares[BIAS_FLAGS_N];
	size_t kinds = 0;
	size_t heaviest;
	size_t named;
	size_t i;

	for (i = 0; i < BIAS_FLAGS_N; i++) {
		shares[i] = share_of(in, has_bias, 1u << i);
		kinds += shares[i] > 0 ? 1 : 0;
	}
	for (named = 0; named < kinds && named < BIAS_NAMED; named++) {
		heaviest = 0;
		for (i = 1; i < BIAS_FLAGS_N; i++) {
			if (shares[i] > shares[heaviest] + 1e-9) {
				heaviest = i;
			}
		}
		say(reason, named == 0 ? "" : "; ");
		say(reason, biases[heaviest]);
		shares[heaviest] = 0;
	}
	if (kinds > BIAS_NAMED) {
		say(reason, "; and more");
	}
}

static void judge_bias(const struct certainty_input *in,
		       struct certainty_result *out)
{
	const unsigned any = (1u << BIAS_FLAGS_N) - 1;
	struct certainty_reason *reason;
	double share = share_of(in, has_bias, any);

	if (share >= HALF) {
		reason = reason_add(out, STEP_BIAS, -1, "open to bias");
		say_share(reason, in, share);
		say(reason, ": ");
		say_biases(reason, in);
	}
}

static void judge_inconsistency(const struct certainty_input *in,
				struct certainty_result *out)
{
	struct certainty_reason *reason;
	char percent[NUMBER_TEXT_BYTES];
	bool fewer = false;
	bool more = false;
	size_t i;

	for (i = 0; i < in->regions_n; i++) {
		fewer = fewer || in->regions[i].ratio < 1;
		more = more || in->regions[i].ratio > 1;
	}
	if (in->regions_n < 3 || !fewer || !more) {
		return;
	}
	if (in->differ_more) {
		(void)reason_add(out, STEP_INCONSISTENCY, -1,
				 "regions differ more than the model shows, "
				 "some fewer and some more");
	} else if (in->i2 > I2_A_LOT) {
		reason = reason_add(out, STEP_INCONSISTENCY, -1,
				    "regions differ a lot (I2 ");
		number_text(in->i2, 0, percent);
		say(reason, percent);
		say(reason, " %), some fewer and some more");
	}
}

static void judge_indirectness(const struct certainty_input *in,
			       struct certainty_result *out)
{
	if (in->balancing) {
		(void)reason_add(out, STEP_INDIRECTNESS, -1,
				 "the measure is a balancing one");
	} else if (in->settings_differ) {
		(void)reason_add(out, STEP_INDIRECTNESS, -1,
				 "it was tried in other settings than yours");
	}
}

static void judge_imprecision(const struct certainty_input *in,
			      struct certainty_result *out)
{
	const bool fewer = in->low <= FEWER && in->high >= 1;
	const bool more = in->low <= 1 && in->high >= MORE;
	const char *words = NULL;

	if (in->high > WIDE * in->low) {
		(void)reason_add(out, STEP_IMPRECISION, -2,
				 "the upper end of the range is over four "
				 "times the lower");
		return;
	}
	if (fewer && more) {
		words = "the range holds 25 % fewer and 25 % more";
	} else if (fewer) {
		words = "the range holds no effect and 25 % fewer";
	} else if (more) {
		words = "the range holds no effect and 25 % more";
	}
	if (words != NULL) {
		(void)reason_add(out, STEP_IMPRECISION, -1, words);
	}
}

static void judge_reporting(const struct certainty_input *in,
			    struct certainty_result *out)
{
	char words[CERTAINTY_REASON_BYTES];

	if (in->adoptions_old >= ADOPTIONS_MIN &&
	    (double)in->adoptions_silent >
		    SILENT_MAX * (double)in->adoptions_old) {
		(void)snprintf(words, sizeof words,
			       "%zu of %zu adoptions older than a year have "
			       "neither evidence nor lesson",
			       in->adoptions_silent, in->adoptions_old);
		(void)reason_add(out, STEP_REPORTING, -1, words);
	}
}

static void judge_large_effect(const struct certainty_input *in,
			       struct certainty_result *out)
{
	struct certainty_reason *reason;
	char text[NUMBER_TEXT_BYTES];

	/* the start alone: nothing went down */
	if (out->reasons_n == 1 && in->ratio <= LARGE_RATIO &&
	    in->high <= LARGE_HIGH) {
		reason = reason_add(out, STEP_LARGE_EFFECT, 1,
				    "a large effect, ratio ");
		number_text(in->ratio, NUMBER_SENTENCE, text);
		say(reason, text);
		say(reason, " and at most ");
		number_text(in->high, NUMBER_SENTENCE, text);
		say(reason, text);
	}
}

void certainty_judge(const struct certainty_input *in,
		     struct certainty_result *out)
{
	int level;
	size_t i;

	memset(out, 0, sizeof *out);
	if (in->regions_n == 0 ||
	    !(in->low > 0 && in->low <= in->ratio && in->ratio <= in->high) ||
	    isinf(in->high)) {
		return;
	}
	judge_design(in, out);
	judge_short(in, out);
	judge_bias(in, out);
	judge_inconsistency(in, out);
	judge_indirectness(in, out);
	judge_imprecision(in, out);
	judge_reporting(in, out);
	judge_large_effect(in, out);
	level = (int)out->start;
	for (i = 0; i < out->reasons_n; i++) {
		level += out->reasons[i].by;
	}
	if (level < (int)CERTAINTY_VERY_LOW) {
		level = (int)CERTAINTY_VERY_LOW;
	}
	out->level = level > (int)CERTAINTY_HIGH ? CERTAINTY_HIGH
						 : (enum certainty)level;
}

enum certainty certainty_moved(enum certainty computed, enum certainty judged)
{
	int by = (int)judged - (int)computed;

	if (computed == CERTAINTY_NONE || judged == CERTAINTY_NONE || by < -1 ||
	    by > 1) {
		return computed;
	}
	return judged;
}

/* ---- order ---------------------------------------------------------------
 */

static bool rank_has_estimate(const struct certainty_rank *r)
{
	return r->low > 0 && r->high >= r->low;
}

/* Improved, unclear, worse, and last what has no estimate. */
static int rank_class(const struct certainty_rank *r)
{
	if (!rank_has_estimate(r)) {
		return 3;
	}
	if (r->high < 1) {
		return 0;
	}
	return r->low > 1 ? 2 : 1;
}

int certainty_compare(const struct certainty_rank *a,
		      const struct certainty_rank *b)
{
	const int class = rank_class(a);
	double x = class == 2 ? a->low : a->high;
	double y = class == 2 ? b->low : b->high;

	if (a->level != b->level) {
		return a->level > b->level ? -1 : 1;
	}
	if (class != rank_class(b)) {
		return class < rank_class(b) ? -1 : 1;
	}
	return class == 3 ? 0 : (x > y) - (x < y);
}
