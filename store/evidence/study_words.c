/* What a study says, in plain words; ASCII. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/evidence/number.h"
#include "store/evidence/study.h"

/* Months that an estimate needs at the least (effect.h). */
#define SHORT_BEFORE 8u
#define SHORT_AFTER  6u

/* ---- effects -------------------------------------------------------------
 */

static const char *fewer(enum effect_shape shape)
{
	return shape == EFFECT_MEAN ? "lower" : "fewer";
}

static const char *more(enum effect_shape shape)
{
	return shape == EFFECT_MEAN ? "higher" : "more";
}

static const char *many(enum effect_shape shape)
{
	return shape == EFFECT_MEAN ? "high" : "many";
}

const char *study_of_what(enum effect_shape shape)
{
	return shape == EFFECT_TIME_BETWEEN ? " events a day" : "";
}

/* The upper end: "38 % more"; nobody reads thousands of percent. */
static void upper_words(double ratio, enum effect_shape shape, char *out,
			size_t size)
{
	if (number_is_huge(ratio)) {
		(void)snprintf(out, size, NUMBER_HUGE_TIMES " as %s",
			       many(shape));
	} else {
		(void)snprintf(out, size, "%d %% %s",
			       abs(number_percent_fewer(ratio)), more(shape));
	}
}

/* "2 % to 38 % fewer", "38 % fewer to 12 % more". */
static void range_words(const struct effect *e, enum effect_shape shape,
			char *out, size_t size)
{
	const int low = abs(number_percent_fewer(e->low));
	const int high = abs(number_percent_fewer(e->high));
	char upper[48];

	upper_words(e->high, shape, upper, sizeof upper);
	if (e->high <= 1) {
		(void)snprintf(out, size, "%d %% to %d %% %s", high, low,
			       fewer(shape));
	} else if (number_is_huge(e->low)) {
		(void)snprintf(out, size, "%s", upper);
	} else if (e->low >= 1) {
		(void)snprintf(out, size, "%d %%%s%s to %s", low,
			       number_is_huge(e->high) ? " " : "",
			       number_is_huge(e->high) ? more(shape) : "",
			       upper);
	} else {
		(void)snprintf(out, size, "%d %% %s to %s", low, fewer(shape),
			       upper);
	}
}

static const char *months_words(size_t n)
{
	return n == 1 ? "month" : "months";
}

/* Why it is too early, by what is lacking. */
static void early_words(const struct effect *e, char *out, size_t size)
{
	const bool before = e->months_before < SHORT_BEFORE;
	const bool after = e->months_after < SHORT_AFTER;

	if (before && after) {
		(void)snprintf(out, size,
			       "too early to say: %zu %s before and %zu after, "
			       "%u and %u are needed",
			       e->months_before, months_words(e->months_before),
			       e->months_after, SHORT_BEFORE, SHORT_AFTER);
	} else if (before || after) {
		(void)snprintf(out, size,
			       "too early to say: %zu %s %s, %u are needed",
			       before ? e->months_before : e->months_after,
			       months_words(before ? e->months_before
						   : e->months_after),
			       before ? "before" : "after",
			       before ? SHORT_BEFORE : SHORT_AFTER);
	} else {
		(void)snprintf(out, size,
			       "too early to say: too few events before or "
			       "after");
	}
}

static void no_estimate_words(const struct effect *e, char *out, size_t size)
{
	const char *words = "";

	switch (e->state) {
	case EFFECT_TOO_EARLY:
		early_words(e, out, size);
		return;
	case EFFECT_NO_DENOMINATOR:
		words = "no ratio: a month has events, and nobody at risk";
		break;
	case EFFECT_OVER:
		words = "no ratio: a month has more events than cases";
		break;
	case EFFECT_NO_EVENTS:
		words = "no ratio: nothing was counted before, or after";
		break;
	case EFFECT_NO_SCATTER:
		words = "no ratio: the figures do not vary at all, so nobody "
			"can say how sure a difference is";
		break;
	case EFFECT_NO_FIT:
		words = "no ratio: no trend can be fitted to these figures";
		break;
	case EFFECT_FULL:
	case EFFECT_SHORT:
		break;
	}
	(void)snprintf(out, size, "%s", words);
}

void study_sentence_as(const struct effect *e, enum effect_shape shape,
		       enum study_against against,
		       char out[STUDY_SENTENCE_BYTES])
{
	static const char *const than[] = {
		[STUDY_TREND] = "the earlier trend would have given",
		[STUDY_BEFORE] = "before, not allowing for trend",
		[STUDY_CONTROLLED] = "regions without it would suggest",
	};
	char range[80];
	int percent;

	if (!effect_has_estimate(e)) {
		no_estimate_words(e, out, STUDY_SENTENCE_BYTES);
		return;
	}
	range_words(e, shape, range, sizeof range);
	percent = number_percent_fewer(e->ratio);
	if (percent == 0 || number_is_huge(e->ratio)) {
		(void)snprintf(out, STUDY_SENTENCE_BYTES,
			       "%sas %s%s as %s (range %s)",
			       percent == 0 ? "" : NUMBER_HUGE_TIMES " ",
			       many(shape), study_of_what(shape), than[against],
			       range);
		return;
	}
	(void)snprintf(out, STUDY_SENTENCE_BYTES,
		       "%d %% %s%s than %s (range %s)", abs(percent),
		       percent > 0 ? fewer(shape) : more(shape),
		       study_of_what(shape), than[against], range);
}

void study_sentence(const struct effect *e, char out[STUDY_SENTENCE_BYTES])
{
	study_sentence_as(e, EFFECT_RATE, STUDY_TREND, out);
}

const char *study_advice(enum effect_state state)
{
	switch (state) {
	case EFFECT_TOO_EARLY:
		return "look at the charts, and add months as they come";
	case EFFECT_NO_DENOMINATOR:
		return "put the denominator of that month right";
	case EFFECT_OVER:
		return "put the figures right, or call the measure a rate";
	case EFFECT_NO_SCATTER:
		return "are these rounded or copied?";
	case EFFECT_NO_EVENTS:
	case EFFECT_NO_FIT:
		return "look at the charts";
	case EFFECT_FULL:
	case EFFECT_SHORT:
		break;
	}
	return "";
}

/* ---- charts --------------------------------------------------------------
 */

const char *study_chart_advice(enum chart_state state)
{
	switch (state) {
	case CHART_TOO_FEW:
		return "too few figures for limits: at least two are needed, "
		       "and 12 for limits that last; add months as they come";
	case CHART_NO_DENOMINATOR:
		return "no chart: a month has events, and nobody at risk; put "
		       "its denominator right";
	case CHART_OVER:
		return "no chart: a month has more events than cases; put it "
		       "right, or call the measure a rate";
	case CHART_NO_VALUE:
		return "no chart: a figure cannot be; put it right";
	case CHART_UNFIT:
		return "no chart: this type of chart does not fit the shape "
		       "of the measure; xmr and run fit all";
	case CHART_FULL:
	case CHART_TRIAL:
		break;
	}
	return "";
}

void study_unit(const struct study_measure *m, char out[STUDY_UNIT_BYTES])
{
	char per[NUMBER_TEXT_BYTES];

	switch (m->shape) {
	case EFFECT_COUNT:
		(void)snprintf(out, STUDY_UNIT_BYTES, "a month");
		return;
	case EFFECT_MEAN:
		(void)snprintf(out, STUDY_UNIT_BYTES, "mean");
		return;
	case EFFECT_TIME_BETWEEN:
		(void)snprintf(out, STUDY_UNIT_BYTES, "days between");
		return;
	case EFFECT_RATE:
	case EFFECT_PROPORTION:
		break;
	}
	number_text(m->per, floor(m->per) == m->per ? 0 : 2, per);
	(void)snprintf(out, STUDY_UNIT_BYTES, "per %s", per);
}

unsigned study_decimals(const struct chart *c)
{
	static const double from[] = { 1000, 100, 10, 1 };
	static const unsigned decimals[] = { 0, 1, 1, 2 };
	double largest = 0;
	size_t i;

	for (i = 0; i < c->n; i++) {
		largest = fmax(largest, fabs(c->points[i].value));
	}
	for (i = 0; i < sizeof from / sizeof from[0]; i++) {
		if (largest >= from[i]) {
			return decimals[i];
		}
	}
	return largest >= 0.1 ? 3 : largest > 0 ? 4 : 0;
}

/* What the last point's label means, for its side. */
static void signal_words(const struct chart *c, char *out, size_t size)
{
	const struct chart_point *last = &c->points[c->n - 1];

	switch (last->signal) {
	case CHART_OUTSIDE:
		(void)snprintf(out, size, "%s the %s limit",
			       last->above ? "above" : "below",
			       last->above ? "upper" : "lower");
		return;
	case CHART_TREND:
		(void)snprintf(out, size, "%zu or more going %s",
			       c->rules.trend, last->above ? "up" : "down");
		return;
	case CHART_TWO_IN_THREE:
		(void)snprintf(out, size, "two of three near the %s limit",
			       last->above ? "upper" : "lower");
		return;
	case CHART_SHIFT:
		(void)snprintf(out, size, "%zu or more %s the centre line",
			       c->rules.shift, last->above ? "above" : "below");
		return;
	case CHART_COMMON:
		break;
	}
	(void)snprintf(out, size, "nothing stands out");
}

void study_variation_words(const struct chart *c, char out[STUDY_WORDS_BYTES])
{
	static const char *const names[] = {
		[CHART_VARIATION_IMPROVEMENT] = "improvement",
		[CHART_VARIATION_CONCERN] = "concern",
		[CHART_VARIATION_NEITHER] = "a change, neither good nor bad",
	};
	char why[80];

	if (c->n == 0 || c->variation == CHART_VARIATION_NONE) {
		(void)snprintf(out, STUDY_WORDS_BYTES,
			       "no limits to hold it against");
		return;
	}
	signal_words(c, why, sizeof why);
	if (c->variation == CHART_VARIATION_COMMON) {
		(void)snprintf(out, STUDY_WORDS_BYTES, "common cause (%s)",
			       why);
		return;
	}
	(void)snprintf(out, STUDY_WORDS_BYTES, "%s, %s (%s)",
		       names[c->variation], c->high ? "high" : "low", why);
}

void study_assurance_words(const struct chart *c, char out[STUDY_WORDS_BYTES])
{
	const char *words = "";

	switch (c->assurance) {
	case CHART_ASSURANCE_PASS:
		words = "passes: the target is met whatever chance does";
		break;
	case CHART_ASSURANCE_FAIL:
		words = "fails: the target is missed whatever chance does";
		break;
	case CHART_ASSURANCE_HIT_OR_MISS:
		words = "hit or miss: the target is met or missed by chance";
		break;
	case CHART_ASSURANCE_NONE:
		break;
	}
	(void)snprintf(out, STUDY_WORDS_BYTES, "%s", words);
}

void study_signals_words(const struct chart *c, char out[STUDY_WORDS_BYTES])
{
	static const struct {
		enum chart_signal signal;
		const char *words;
	} kinds[] = {
		{ CHART_OUTSIDE, "outside the limits" },
		{ CHART_TREND, "in a trend" },
		{ CHART_TWO_IN_THREE, "near a limit, two in three" },
		{ CHART_SHIFT, "in a shift" },
	};
	size_t len = 0;
	size_t n;
	size_t i;
	size_t k;

	(void)snprintf(out, STUDY_WORDS_BYTES, "none");
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (k = 0, n = 0; k < c->n; k++) {
			n += c->points[k].signal == kinds[i].signal;
		}
		if (n > 0 && len < STUDY_WORDS_BYTES) {
			len += (size_t)snprintf(out + len,
						STUDY_WORDS_BYTES - len,
						"%s%zu %s", len > 0 ? ", " : "",
						n, kinds[i].words);
		}
	}
}

void study_anhoej_words(const struct anhoej *a, char out[STUDY_WORDS_BYTES])
{
	if (!a->known) {
		(void)snprintf(out, STUDY_WORDS_BYTES,
			       "nothing to say: too few points off the median");
		return;
	}
	(void)snprintf(out, STUDY_WORDS_BYTES,
		       "%s: longest run %zu (chance gives up to %zu), %zu "
		       "crossing%s (chance gives %zu or more)",
		       a->signal ? "signal" : "no signal", a->longest_run,
		       a->longest_run_max, a->crossings,
		       a->crossings == 1 ? "" : "s", a->crossings_min);
}

const char *study_verdict_words(const struct study_measure *m,
				const struct effect *e)
{
	if (!study_is_judged(m)) {
		return "";
	}
	switch (effect_verdict(e)) {
	case EFFECT_IMPROVED:
		return ": improved";
	case EFFECT_WORSE:
		return ": worse";
	case EFFECT_UNCLEAR:
		return ": unclear, an effect of this size may be chance";
	case EFFECT_UNKNOWN:
		break;
	}
	return "";
}
