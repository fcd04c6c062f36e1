/*
 * A comparison in words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/compare.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/prose.h"
#include "store/evidence/number.h"
#include "store/evidence/study.h"

#define SENTENCE_BYTES_MAX 8192u

void compare_range(double ratio, double low, double high, unsigned decimals,
		   char out[COMPARE_RANGE_BYTES])
{
	char r[NUMBER_TEXT_BYTES];
	char l[NUMBER_TEXT_BYTES];
	char h[NUMBER_TEXT_BYTES];

	number_text(ratio, decimals, r);
	number_text(low, decimals, l);
	number_text(high, decimals, h);
	if (ratio > 0) {
		(void)snprintf(out, COMPARE_RANGE_BYTES, "%s (%s-%s)", r, l, h);
	} else {
		(void)snprintf(out, COMPARE_RANGE_BYTES, "%s-%s", l, h);
	}
}

const char *compare_no_estimate(enum effect_state state)
{
	switch (state) {
	case EFFECT_FULL:
	case EFFECT_SHORT:
		return "";
	case EFFECT_TOO_EARLY:
		return "too early to say";
	case EFFECT_NO_DENOMINATOR:
		return "events, but nobody at risk";
	case EFFECT_OVER:
		return "more events than cases";
	case EFFECT_NO_EVENTS:
		return "no events";
	case EFFECT_NO_SCATTER:
		return "figures do not vary";
	case EFFECT_NO_FIT:
		break;
	}
	return "no trend fits";
}

void compare_kind(const struct comparison *c, char out[COMPARE_KIND_BYTES])
{
	if (c->shape[0] == '\0') {
		(void)snprintf(out, COMPARE_KIND_BYTES,
			       "this measure has not arrived, or is withheld");
		return;
	}
	(void)snprintf(out, COMPARE_KIND_BYTES, "%.40s; %.40s; %.40s",
		       hits_label("measure_type", c->type),
		       hits_label("data_shape", c->shape),
		       hits_label("direction", c->direction));
}

/* ---- the sentence ---- */

/* A mean falls; events become fewer. */
static bool is_mean(const struct comparison *c)
{
	return strcmp(c->shape, "mean") == 0;
}

/* Before the title, which is of the days where those between are measured. */
static const char *events(const struct comparison *c)
{
	enum effect_shape shape;

	return study_shape_of(c->shape, &shape) ? study_of_what(shape) : "";
}

static const char *of_what(const struct comparison *c)
{
	return is_mean(c) || events(c)[0] != '\0' ? events(c) : " of";
}

/* "about 22 % fewer of", "52 % fewer", "no change". */
static int add_percent(const struct comparison *c, double ratio,
		       struct buf *out)
{
	const int fewer = number_percent_fewer(ratio);
	const char *word = fewer > 0 ? (is_mean(c) ? "lower" : "fewer")
				     : (is_mean(c) ? "higher" : "more");

	if (number_is_huge(ratio)) {
		return buf_addf(out, "%s as %s", NUMBER_HUGE_TIMES,
				is_mean(c) ? "high" : "many");
	}
	return fewer == 0 ? buf_add_text(out, "no change")
			  : buf_addf(out, "%d %% %s",
				     fewer < 0 ? -fewer : fewer, word);
}

static int add_title(const struct comparison *c, struct buf *out)
{
	return prose_add(out, c->measure_title[0] != '\0' ? c->measure_title
							  : c->measure);
}

/* "about 22 % fewer of: TITLE", of a measure that says what is good. */
static int add_effect(const struct comparison *c, struct buf *out)
{
	const int fewer = number_percent_fewer(c->ratio);
	int r = buf_add_text(out, ": about ");

	if (r == WEALD_OK && fewer == 0) {
		r = buf_addf(out,
			     "%s%s: ", is_mean(c) ? "the same, of" : "as many",
			     of_what(c));
	} else if (r == WEALD_OK) {
		r = add_percent(c, c->ratio, out);
		r = r == WEALD_OK ? buf_addf(out, "%s: ", of_what(c)) : r;
	}
	r = r == WEALD_OK ? add_title(c, out) : r;
	if (r == WEALD_OK && c->low <= 1 && c->high >= 1) {
		r = buf_add_text(out,
				 "; no change at all is in that range too");
	}
	return r == WEALD_OK ? buf_add_text(out, ".") : r;
}

/* Of one that does not say what is good. */
static int add_no_verdict(const struct comparison *c, struct buf *out)
{
	const char *why =
		strcmp(c->type, "balancing") == 0
			? "it watches for harm elsewhere"
		: strcmp(c->direction, "increase") == 0
			? "it counts what is wanted"
			: "it says that neither more nor less of it is better";
	int r = buf_addf(out, ", of%s: ", events(c));

	r = r == WEALD_OK ? add_title(c, out) : r;
	return r == WEALD_OK ? buf_addf(out,
					". No verdict follows from this "
					"measure: %s.",
					why)
			     : r;
}

static int add_prediction(const struct comparison *c, struct buf *out)
{
	char range[COMPARE_RANGE_BYTES];
	int r;

	if (!c->pool.has_prediction) {
		return WEALD_OK;
	}
	compare_range(0, c->pool.predict_low, c->pool.predict_high,
		      NUMBER_SENTENCE, range);
	r = buf_add_text(out, " The next region should expect anything from ");
	if (r != WEALD_OK || !c->judged) {
		return r == WEALD_OK ? buf_addf(out, "a ratio in the range %s.",
						range)
				     : r;
	}
	r = add_percent(c, c->pool.predict_low, out);
	r = r == WEALD_OK ? buf_add_text(out, " to ") : r;
	r = r == WEALD_OK ? add_percent(c, c->pool.predict_high, out) : r;
	return r == WEALD_OK ? buf_addf(out, " (%s).", range) : r;
}

static int add_count(const struct comparison *c, struct buf *out)
{
	int r = c->regions_n == 1
			? buf_add_text(out, "One region tried it")
			: buf_addf(out, "%zu regions tried it", c->regions_n);

	if (r == WEALD_OK && c->estimates_n < c->regions_n &&
	    c->estimates_n > 0) {
		r = buf_addf(out, ", and %zu %s figures enough for an estimate",
			     c->estimates_n,
			     c->estimates_n == 1 ? "has" : "have");
	}
	return r;
}

/* Both of two, since they are not put together. */
static int add_two(const struct comparison *c, struct buf *out)
{
	char range[COMPARE_RANGE_BYTES];
	const struct compared *one;
	bool first = true;
	size_t i;
	int r = buf_add_text(out, "; own-trend ratio ");

	for (i = 0; r == WEALD_OK && i < c->regions_n; i++) {
		one = &c->regions[i];
		if (!one->pooled) {
			continue;
		}
		compare_range(one->own_trend.ratio, one->own_trend.low,
			      one->own_trend.high, NUMBER_SENTENCE, range);
		r = buf_addf(out, "%s%s in ", first ? "" : " and ", range);
		r = r == WEALD_OK ? prose_add(out, one->region) : r;
		first = false;
	}
	r = r == WEALD_OK ? buf_addf(out, ", of%s: ", events(c)) : r;
	r = r == WEALD_OK ? add_title(c, out) : r;
	return r == WEALD_OK ? buf_add_text(out, ". Two are too few to be "
						 "put together.")
			     : r;
}

static int add_ratio(const struct comparison *c, struct buf *out)
{
	char range[COMPARE_RANGE_BYTES];
	int r;

	compare_range(c->ratio, c->low, c->high, NUMBER_SENTENCE, range);
	r = buf_addf(out, "; own-trend ratio %s", range);
	if (r == WEALD_OK) {
		r = c->judged ? add_effect(c, out) : add_no_verdict(c, out);
	}
	r = r == WEALD_OK ? add_prediction(c, out) : r;
	if (r == WEALD_OK && c->pool.state == POOL_OK) {
		r = buf_addf(out, " The regions differ %s.",
			     pool_differ(&c->pool));
	}
	return r;
}

const char *compare_nothing(const struct comparison *c)
{
	bool differ = false;
	size_t i;

	for (i = 0; i < c->regions_n; i++) {
		differ = differ || c->regions[i].own_trend.state !=
					   c->regions[0].own_trend.state;
	}
	if (differ) {
		return "no estimate, each for a reason of its own";
	}
	switch (c->regions[0].own_trend.state) {
	case EFFECT_NO_DENOMINATOR:
		return "no estimate: a month has events, and nobody at risk";
	case EFFECT_OVER:
		return "no estimate: a month has more events than cases";
	case EFFECT_NO_EVENTS:
		return "no estimate: nothing was counted before, or after";
	case EFFECT_NO_SCATTER:
		return "no estimate: the figures do not vary at all";
	case EFFECT_NO_FIT:
		return "no estimate: no trend fits";
	case EFFECT_FULL:
	case EFFECT_SHORT:
	case EFFECT_TOO_EARLY:
		break;
	}
	return "no estimate yet";
}

int compare_sentence(const struct comparison *c, struct buf *out)
{
	int r = add_count(c, out);

	if (r != WEALD_OK) {
		return r;
	}
	if (c->shape[0] == '\0') {
		return buf_add_text(out,
				    ", by a measure that has not arrived or "
				    "is withheld: nothing can be computed "
				    "yet.");
	}
	if (c->estimates_n == 0) {
		return buf_addf(out, "; %s figures give %s.",
				c->regions_n == 1 ? "its" : "their",
				compare_nothing(c));
	}
	if (c->ratio > 0) {
		return add_ratio(c, out);
	}
	return c->estimates_n == 2
		       ? add_two(c, out)
		       : buf_add_text(out, "; their results cannot be put "
					   "together.");
}

/* ---- beside others ---- */

/* What is left out, and why; begins with ": ", then "; ". */
static int add_left_out(const struct compared *c, struct buf *out)
{
	static const struct {
		enum comparator_state state;
		const char *words;
	} why[] = {
		{ COMPARATOR_UNPINNED, "named without a version" },
		{ COMPARATOR_REGION,
		  "of its own region, or of one that is named twice" },
		{ COMPARATOR_ADOPTED,
		  "of a region that began with it, or has evidence of it" },
		{ COMPARATOR_MEASURE, "by another measure" },
		{ COMPARATOR_SERIES, "without figures that can be read" },
		{ COMPARATOR_ABSENT,
		  "not here in the version that is named, without which "
		  "nothing is compared" },
	};
	const char *between = ": ";
	size_t n;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof why / sizeof why[0]; i++) {
		n = c->comparators[why[i].state];
		if (n > 0) {
			r = buf_addf(out, "%s%zu %s", between, n, why[i].words);
			between = "; ";
		}
	}
	n = c->comparators[COMPARATOR_NEWER];
	if (r != WEALD_OK || n == 0) {
		return r;
	}
	r = buf_addf(out,
		     "%s%zu %s a newer version here than the record names; "
		     "weald evidence ",
		     between, n, n == 1 ? "has" : "have");
	r = r == WEALD_OK ? prose_add(out, c->sources[0].ref) : r;
	return r == WEALD_OK
		       ? buf_addf(out, " compares with the %s named",
				  n == 1 ? "one that is" : "ones that are")
		       : r;
}

int compare_say_others(size_t width, const char *head, size_t indent,
		       const struct compared *c)
{
	const size_t used = c->comparators[COMPARATOR_USED];
	struct buf line;
	int r;

	if (c->comparators_n == used) {
		return WEALD_OK;
	}
	buf_init(&line, SENTENCE_BYTES_MAX);
	r = c->comparators_n == 1
		    ? buf_add_text(&line, "the record to compare with cannot "
					  "be used")
		    : buf_addf(&line,
			       "%zu of the %zu records to compare with can be "
			       "used",
			       used, c->comparators_n);
	r = r == WEALD_OK ? add_left_out(c, &line) : r;
	if (r == WEALD_OK) {
		r = prose_done(width, head, indent, &line);
	}
	buf_release(&line);
	return r;
}

/* ---- how sure ---- */

static int add_reasons(const struct certainty_result *c, struct buf *out)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < c->reasons_n; i++) {
		r = buf_addf(out, "%s%s", i == 0 ? "" : "; ",
			     c->reasons[i].words);
	}
	return r == WEALD_OK ? buf_add_text(out, ".") : r;
}

static int say_reasons(size_t width, size_t indent,
		       const struct certainty_result *c)
{
	char head[40];
	size_t i;
	int r = WEALD_OK;

	(void)snprintf(head, sizeof head, "%*s- ", (int)(indent % 32), "");
	for (i = 0; r == WEALD_OK && i < c->reasons_n; i++) {
		r = prose_say(width, head, indent + 2, "%s",
			      c->reasons[i].words);
	}
	return r;
}

static int say_certainty(size_t width, size_t indent,
			 const struct certainty_result *c, bool apart)
{
	char head[40];
	struct buf line;
	int r;

	(void)snprintf(head, sizeof head, "%*s", (int)(indent % 32), "");
	buf_init(&line, SENTENCE_BYTES_MAX);
	r = buf_addf(&line, "Certainty: %s, because%s",
		     certainty_words(c->level), apart ? "" : " ");
	if (r == WEALD_OK && !apart) {
		r = add_reasons(c, &line);
	}
	if (r == WEALD_OK) {
		r = prose_done(width, head, indent, &line);
	}
	buf_release(&line);
	return r == WEALD_OK && apart ? say_reasons(width, indent + 2, c) : r;
}

int compare_say(size_t width, size_t indent, const struct comparison *c,
		bool apart)
{
	char head[40];
	struct buf line;
	int r;

	(void)snprintf(head, sizeof head, "%*s", (int)(indent % 32), "");
	buf_init(&line, SENTENCE_BYTES_MAX);
	r = compare_sentence(c, &line);
	if (r == WEALD_OK) {
		r = prose_done(width, head, indent, &line);
	}
	buf_release(&line);
	if (r == WEALD_OK && c->certainty.level != CERTAINTY_NONE) {
		r = say_certainty(width, indent, &c->certainty, apart);
	}
	return r;
}
