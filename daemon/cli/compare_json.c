/*
 * A comparison for scripts: docs/CLI.md has the keys.
 */
#include <string.h>

#include "daemon/cli/compare.h"
#include "daemon/cli/json.h"

#define SENTENCE_BYTES_MAX 8192u

static json_t *text_json(const char *text)
{
	return json_span(span_of(text));
}

static json_t *size_json(size_t n)
{
	return json_integer((json_int_t)n);
}

json_t *compare_effect_json(const struct effect *e)
{
	if (!effect_has_estimate(e)) {
		return json_null();
	}
	{
		const struct json_pair pairs[] = {
			{ "ratio", json_number(e->ratio) },
			{ "low", json_number(e->low) },
			{ "high", json_number(e->high) },
			{ "log_ratio", json_number(e->log_ratio) },
			{ "variance", json_number(e->variance) },
			{ "df", size_json(e->df) },
			{ "half_added", json_boolean(e->half_added) },
		};

		return JSON_OBJECT(pairs);
	}
}

static json_t *own_trend_json(const struct effect *e)
{
	json_t *o = compare_effect_json(e);

	if (effect_has_estimate(e) &&
	    (json_object_set_new(o, "phi", json_number(e->phi)) != 0 ||
	     json_object_set_new(o, "lag1", json_number(e->lag1)) != 0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *reasons_json(const struct certainty_result *c)
{
	json_t *list = json_array();
	const struct certainty_reason *reason;
	size_t i;

	for (i = 0; i < c->reasons_n; i++) {
		reason = &c->reasons[i];
		if (json_array_append_new(
			    list, json_pack("{s:s, s:i, s:s}", "step",
					    certainty_step_name(reason->step),
					    "by", reason->by, "words",
					    reason->words)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *compare_certainty_json(const struct certainty_result *c)
{
	return c->level == CERTAINTY_NONE
		       ? json_null()
		       : json_pack("{s:s, s:s, s:o}", "level",
				   certainty_name(c->level), "start",
				   certainty_name(c->start), "reasons",
				   reasons_json(c));
}

json_t *compare_bias_json(unsigned bias)
{
	static const char *const names[BIAS_FLAGS_N] = {
		"other-changes-explain", "other-changes-unknown",
		"fidelity-unknown",      "fidelity-low",
		"measure-changed",       "lag-1",
		"opposite-ways"
	};
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < BIAS_FLAGS_N; i++) {
		if ((bias & (1u << i)) != 0 &&
		    json_array_append_new(list, json_string(names[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *sources_json(const struct compared *c)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < c->sources_n; i++) {
		if (json_array_append_new(
			    list,
			    json_pack("{s:o, s:I}", "ref",
				      text_json(c->sources[i].ref), "version",
				      (json_int_t)c->sources[i].version)) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Codes with "," between, as a list. */
static json_t *codes_json(const char *codes)
{
	json_t *list = json_array();
	size_t n;

	while (*codes != '\0') {
		n = strcspn(codes, ",");
		if (json_array_append_new(list, json_span((struct span){
							(const uint8_t *)codes,
							n })) != 0) {
			json_decref(list);
			return NULL;
		}
		codes += n;
		codes += *codes == ',';
	}
	return list;
}

static const char *how_name(enum compared_how how)
{
	static const char *const names[] = {
		[COMPARED_ONE] = "one",
		[COMPARED_REGION] = "region-wide",
		[COMPARED_ADDED] = "added",
		[COMPARED_NEWEST] = "newest",
	};

	return names[how];
}

static json_t *judged_json(const struct compared *c)
{
	const enum certainty judged = certainty_of(c->judged);

	if (judged == CERTAINTY_NONE) {
		return json_null();
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "level",
			 certainty_name(judged), "heeded",
			 certainty_moved(c->certainty.level, judged) == judged,
			 "by", text_json(c->judged_by), "reason",
			 text_json(c->judged_reason));
}

/* Those that cannot be compared with, by the reason. */
static json_t *left_out_json(const struct compared *c)
{
	const struct json_pair pairs[] = {
		{ "unpinned", size_json(c->comparators[COMPARATOR_UNPINNED]) },
		{ "same-region", size_json(c->comparators[COMPARATOR_REGION]) },
		{ "adopted", size_json(c->comparators[COMPARATOR_ADOPTED]) },
		{ "other-measure",
		  size_json(c->comparators[COMPARATOR_MEASURE]) },
		{ "unreadable", size_json(c->comparators[COMPARATOR_SERIES]) },
		{ "newer-here", size_json(c->comparators[COMPARATOR_NEWER]) },
		{ "absent", size_json(c->comparators[COMPARATOR_ABSENT]) },
	};

	return JSON_OBJECT(pairs);
}

static json_t *region_json(const struct compared *c)
{
	const struct json_pair pairs[] = {
		{ "region", text_json(c->region) },
		{ "sources", sources_json(c) },
		{ "how", text_json(how_name(c->how)) },
		{ "same", size_json(c->same_n) },
		{ "left_out", size_json(c->left_n) },
		{ "design", text_json(c->design) },
		{ "settings", codes_json(c->settings) },
		{ "state", text_json(effect_state_name(c->own_trend.state)) },
		{ "months_before", size_json(c->own_trend.months_before) },
		{ "months_after", size_json(c->own_trend.months_after) },
		{ "own_trend", own_trend_json(&c->own_trend) },
		{ "before_after", compare_effect_json(&c->before_after) },
		{ "controlled", compare_effect_json(&c->controlled) },
		{ "comparators", size_json(c->comparators_n) },
		{ "comparators_here",
		  size_json(c->comparators[COMPARATOR_USED]) },
		{ "comparators_left_out", left_out_json(c) },
		{ "bias", compare_bias_json(c->bias) },
		{ "weight", json_number(c->weight) },
		{ "certainty", compare_certainty_json(&c->certainty) },
		{ "judged", judged_json(c) },
	};

	return JSON_OBJECT(pairs);
}

static json_t *regions_json(const struct comparison *c)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < c->regions_n; i++) {
		if (json_array_append_new(list, region_json(&c->regions[i])) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pooled_json(const struct pool *p)
{
	const bool predicts = p->has_prediction;

	if (p->state != POOL_OK) {
		return json_null();
	}
	{
		const struct json_pair pairs[] = {
			{ "k", size_json(p->k) },
			{ "ratio", json_number(p->ratio) },
			{ "low", json_number(p->low) },
			{ "high", json_number(p->high) },
			{ "log_ratio", json_number(p->mu) },
			{ "se", json_number(p->se) },
			{ "tau2", json_number(p->tau2) },
			{ "i2", json_number(p->i2) },
			{ "q", json_number(p->q) },
			{ "differ", text_json(pool_differ(p)) },
			{ "predict_low", predicts ? json_number(p->predict_low)
						  : json_null() },
			{ "predict_high", predicts
						  ? json_number(p->predict_high)
						  : json_null() },
		};

		return JSON_OBJECT(pairs);
	}
}

static json_t *sentence_json(const struct comparison *c)
{
	json_t *text = NULL;
	struct buf line;

	buf_init(&line, SENTENCE_BYTES_MAX);
	if (compare_sentence(c, &line) == WEALD_OK) {
		text = json_span(buf_span(&line));
	}
	buf_release(&line);
	return text;
}

json_t *compare_json(const struct comparison *c)
{
	const struct json_pair pairs[] = {
		{ "engine", json_string(EFFECT_ENGINE) },
		{ "intervention", text_json(c->intervention) },
		{ "intervention_title", text_json(c->intervention_title) },
		{ "intervention_version",
		  json_integer((json_int_t)c->intervention_version) },
		{ "withdrawn", json_boolean(c->withdrawn) },
		{ "withdrawn_by", text_json(c->withdrawn_by) },
		{ "level", text_json(c->level) },
		{ "example", json_boolean(c->example) },
		{ "cut", json_boolean(c->cut) },
		{ "measure", text_json(c->measure) },
		{ "measure_title", text_json(c->measure_title) },
		{ "measure_version",
		  json_integer((json_int_t)c->measure_version) },
		{ "measure_withdrawn", json_boolean(c->measure_withdrawn) },
		{ "shape", text_json(c->shape) },
		{ "direction", text_json(c->direction) },
		{ "measure_type", text_json(c->type) },
		{ "fewer_is_better", json_boolean(c->judged) },
		{ "undesired_event", text_json(c->undesired) },
		{ "regions", regions_json(c) },
		{ "estimates", size_json(c->estimates_n) },
		{ "pool_state", text_json(pool_state_name(c->pool.state)) },
		{ "pooled", pooled_json(&c->pool) },
		{ "certainty", compare_certainty_json(&c->certainty) },
		{ "adoptions_old", size_json(c->adoptions_old) },
		{ "adoptions_silent", size_json(c->adoptions_silent) },
		{ "sentence", sentence_json(c) },
	};

	return JSON_OBJECT(pairs);
}
