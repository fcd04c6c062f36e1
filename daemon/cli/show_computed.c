/*
 * What the numbers of a record come to, computed here and not typed by anybody:
 * beside what its region says of them. Of an intervention, what regions found
 * of it, in a line for each measure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/compare.h"
#include "daemon/cli/json.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/show.h"
#include "store/evidence/number.h"

#define COMPUTED_BYTES 240u
#define LINE_BYTES     4096u
#define INDENT         22u
#define LABEL          "computed              "
#define NO_LABEL       "                      "

static const struct {
	const char *state;
	const char *words;
} states[] = {
	{ "too-early", "too early to say" },
	{ "no-denominator", "nothing: numbers are without what they are of" },
	{ "over", "nothing: a number is larger than what it is of" },
	{ "no-events", "no ratio: none counted before, or none after" },
	{ "no-scatter", "nothing: the figures do not vary at all" },
	{ "no-fit", "nothing: no trend fits the numbers" },
	{ "no-measure", "nothing yet: its measure is not here" },
};

static const char *verdict_words(const char *verdict)
{
	return strcmp(verdict, "no-verdict") == 0
		       ? "the measure counts what is wanted, or watches for "
			 "harm elsewhere, so no verdict"
		       : verdict;
}

static void words_of(const struct estimate *e, char out[COMPUTED_BYTES])
{
	char ratio[NUMBER_TEXT_BYTES];
	char low[NUMBER_TEXT_BYTES];
	char high[NUMBER_TEXT_BYTES];
	size_t i;

	if (e->ratio > 0) {
		number_text(e->ratio, NUMBER_SENTENCE, ratio);
		number_text(e->low, NUMBER_SENTENCE, low);
		number_text(e->high, NUMBER_SENTENCE, high);
		snprintf(out, COMPUTED_BYTES,
			 "ratio %s (95%% interval %s to %s): %s", ratio, low,
			 high, verdict_words(e->verdict));
		return;
	}
	snprintf(out, COMPUTED_BYTES, "nothing");
	for (i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(states[i].state, e->state) == 0) {
			snprintf(out, COMPUTED_BYTES, "%s", states[i].words);
		}
	}
}

/* ---- of evidence and adoptions ---- */

/*
 * What goes with it. That the index cannot be read has been said where it was
 * opened: then there is nothing here.
 */
static int compared_of(const struct showing *s, struct compared *out,
		       bool *out_there)
{
	struct weald_msg msg;
	int r = query_compared(s->index, s->whole, out, out_there, &msg);

	if (r != WEALD_OK) {
		*out_there = false;
	}
	return r == WEALD_NOMEM ? r : WEALD_OK;
}

static int print_plain(const struct showing *s, const struct effect *plain)
{
	char range[COMPARE_RANGE_BYTES];

	if (!(plain->ratio > 0)) {
		return WEALD_OK;
	}
	compare_range(plain->ratio, plain->low, plain->high, NUMBER_SENTENCE,
		      range);
	return prose_say(s->width, NO_LABEL, INDENT,
			 "after over before %s, not allowing for trend", range);
}

static int print_controlled(const struct showing *s, const struct compared *c)
{
	char range[COMPARE_RANGE_BYTES];
	int r = WEALD_OK;

	if (c->controlled.ratio > 0) {
		compare_range(c->controlled.ratio, c->controlled.low,
			      c->controlled.high, NUMBER_SENTENCE, range);
		r = prose_say(s->width, NO_LABEL, INDENT,
			      "beside %zu that had not adopted it %s",
			      c->comparators[COMPARATOR_USED], range);
	}
	return r == WEALD_OK ? compare_say_others(s->width, NO_LABEL, INDENT, c)
			     : r;
}

static int print_certainty(const struct showing *s,
			   const struct certainty_result *c)
{
	size_t i;
	int r = WEALD_OK;

	if (c->level == CERTAINTY_NONE) {
		return WEALD_OK;
	}
	r = prose_say(s->width, NO_LABEL, INDENT, "certainty %s, because",
		      certainty_words(c->level));
	for (i = 0; r == WEALD_OK && i < c->reasons_n; i++) {
		r = prose_say(s->width, NO_LABEL "- ", INDENT + 2, "%s",
			      c->reasons[i].words);
	}
	return r;
}

static int print_more(const struct showing *s, const struct compared *c)
{
	int r = prose_say(s->width, NO_LABEL, INDENT,
			  "%zu months before, %zu after%s",
			  c->own_trend.months_before, c->own_trend.months_after,
			  c->own_trend.half_added
				  ? "; half an event added to both, as one of "
				    "the two had none"
				  : "");

	r = r == WEALD_OK ? print_plain(s, &c->before_after) : r;
	r = r == WEALD_OK ? print_controlled(s, c) : r;
	return r == WEALD_OK ? print_certainty(s, &c->certainty) : r;
}

static int show_estimate(const struct showing *s)
{
	char words[COMPUTED_BYTES];
	struct compared c = { .region = NULL };
	bool there = false;
	int r;

	words_of(&s->estimate, words);
	r = prose_say(s->width, LABEL, INDENT, "%s (" EFFECT_ENGINE ")", words);
	if (r == WEALD_OK) {
		r = compared_of(s, &c, &there);
	}
	if (r == WEALD_OK && there) {
		r = print_more(s, &c);
	}
	compared_release(&c);
	return r;
}

/* ---- of an intervention ---- */

static int comparisons_of(const struct showing *s, struct comparisons *out)
{
	const char *const refs[] = { s->whole };
	const struct compare_ask ask = { .interventions = refs,
					 .interventions_n = 1 };
	struct weald_msg msg;
	int r = query_compare(s->index, &ask, s->today, out, &msg);

	return r == WEALD_NOMEM ? r : WEALD_OK;
}

/* "6 regions, own-trend ratio 0.78 (0.62-0.98), certainty low". */
static int add_result(const struct comparison *c, struct buf *line)
{
	char range[COMPARE_RANGE_BYTES];
	int r;

	r = buf_addf(line, ": %zu region%s", c->regions_n,
		     c->regions_n == 1 ? "" : "s");
	if (r == WEALD_OK && c->ratio > 0) {
		compare_range(c->ratio, c->low, c->high, NUMBER_SENTENCE,
			      range);
		r = buf_addf(line, ", own-trend ratio %s", range);
	} else if (r == WEALD_OK) {
		r = buf_addf(line, ", %s",
			     c->estimates_n == 0 ? compare_nothing(c)
						 : "too few to be put "
						   "together");
	}
	if (r == WEALD_OK && c->certainty.level != CERTAINTY_NONE) {
		r = buf_addf(line, ", certainty %s",
			     certainty_words(c->certainty.level));
	}
	return r;
}

static int show_comparison(const struct showing *s, const struct comparison *c,
			   bool first)
{
	struct buf line;
	int r;

	buf_init(&line, LINE_BYTES);
	r = prose_add(&line, c->measure_title[0] != '\0' ? c->measure_title
							 : c->measure);
	r = r == WEALD_OK ? add_result(c, &line) : r;
	if (r == WEALD_OK) {
		r = prose_done(s->width, first ? LABEL : NO_LABEL, INDENT + 2,
			       &line);
	}
	buf_release(&line);
	return r;
}

static int show_comparisons(const struct showing *s)
{
	struct comparisons c = { .n = 0 };
	size_t i;
	int r = comparisons_of(s, &c);

	for (i = 0; r == WEALD_OK && i < c.n; i++) {
		r = show_comparison(s, &c.list[i], i == 0);
	}
	if (r == WEALD_OK && c.n > 0) {
		r = prose_say(s->width, NO_LABEL, INDENT,
			      "weald compare %s has all of it", s->whole);
	}
	comparisons_release(&c);
	return r;
}

int show_computed(const struct showing *s)
{
	if (s->has_derived) {
		return show_comparisons(s);
	}
	return s->estimate.state[0] == '\0' ? WEALD_OK : show_estimate(s);
}

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *estimate_json(const struct showing *s)
{
	const struct estimate *e = &s->estimate;
	const bool has_ratio = e->ratio > 0;
	struct compared c = { .region = NULL };
	bool there = false;
	json_t *o = NULL;

	if (compared_of(s, &c, &there) == WEALD_OK) {
		o = json_pack(
			"{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:b, s:o,"
			" s:o, s:o, s:o}",
			"engine", EFFECT_ENGINE, "state", e->state, "verdict",
			e->verdict, "ratio",
			has_ratio ? json_number(e->ratio) : json_null(), "low",
			has_ratio ? json_number(e->low) : json_null(), "high",
			has_ratio ? json_number(e->high) : json_null(),
			"months_before", (json_int_t)c.own_trend.months_before,
			"months_after", (json_int_t)c.own_trend.months_after,
			"half_added", c.own_trend.half_added, "before_after",
			there ? compare_effect_json(&c.before_after)
			      : json_null(),
			"controlled",
			there ? compare_effect_json(&c.controlled)
			      : json_null(),
			"bias", compare_bias_json(c.bias), "certainty",
			compare_certainty_json(&c.certainty));
	}
	compared_release(&c);
	return o;
}

static json_t *comparison_json(const struct comparison *c)
{
	const bool has_ratio = c->ratio > 0;

	return json_pack("{s:o, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o}",
			 "measure", json_span(span_of(c->measure)),
			 "measure_version", (json_int_t)c->measure_version,
			 "measure_title", json_span(span_of(c->measure_title)),
			 "regions", (json_int_t)c->regions_n, "estimates",
			 (json_int_t)c->estimates_n, "ratio",
			 has_ratio ? json_number(c->ratio) : json_null(), "low",
			 has_ratio ? json_number(c->low) : json_null(), "high",
			 has_ratio ? json_number(c->high) : json_null(),
			 "certainty", compare_certainty_json(&c->certainty));
}

static json_t *comparisons_json(const struct showing *s)
{
	struct comparisons c = { .n = 0 };
	json_t *list = NULL;
	size_t i;

	if (comparisons_of(s, &c) == WEALD_OK) {
		list = json_array();
	}
	for (i = 0; list != NULL && i < c.n; i++) {
		if (json_array_append_new(list, comparison_json(&c.list[i])) !=
		    0) {
			json_decref(list);
			list = NULL;
		}
	}
	comparisons_release(&c);
	return list == NULL ? NULL
			    : json_pack("{s:s, s:o}", "engine", EFFECT_ENGINE,
					"comparisons", list);
}

json_t *show_computed_json(const struct showing *s)
{
	if (s->has_derived) {
		return comparisons_json(s);
	}
	return s->estimate.state[0] == '\0' ? json_null() : estimate_json(s);
}
