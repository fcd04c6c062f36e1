/*
 * The evidence engine on its own, for check_evidence.py: with all digits, and
 * for as many figures as are wanted in one run.
 *
 * Reads a JSON array of questions from standard input and prints the array of
 * their answers. A question is an object:
 *
 *   do      own-trend, before-after, controlled, pool or xmr
 *   shape   of the effects: rate, proportion, count
 *   rows    [[month, numerator, denominator, phase], ...]; phase 0 before, 1
 *           transition, 2 after
 *   others  of controlled: a list of rows
 *   inputs  of pool: [[log ratio, variance], ...]
 *   fix     of xmr: limits from so many points; 0 for all
 *   screened of xmr: true or false
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "store/evidence/chart.h"
#include "store/evidence/controlled.h"
#include "store/evidence/pool.h"

#define OTHERS_MAX 16u
#define INPUTS_MAX 64u

struct rows {
	struct series_row list[SERIES_ROWS_MAX];
	struct series series;
};

static void refuse(const char *why)
{
	fprintf(stderr, "evidence_tool: %s\n", why);
	exit(2);
}

static void rows_read(struct rows *r, const json_t *o)
{
	const json_t *item;
	size_t i;

	memset(r, 0, sizeof *r);
	r->series.rows = r->list;
	if (json_array_size(o) > SERIES_ROWS_MAX) {
		refuse("too many rows");
	}
	json_array_foreach(o, i, item)
	{
		struct series_row *row = &r->list[i];

		row->month =
			(int32_t)json_integer_value(json_array_get(item, 0));
		row->day = 1;
		row->numerator = json_number_value(json_array_get(item, 1));
		row->denominator = json_number_value(json_array_get(item, 2));
		row->phase = (enum series_phase)json_integer_value(
			json_array_get(item, 3));
	}
	r->series.n = json_array_size(o);
}

static const char *text(const json_t *question, const char *key)
{
	const char *value = json_string_value(json_object_get(question, key));

	return value != NULL ? value : "";
}

static enum effect_shape shape_of(const json_t *question)
{
	const char *name = text(question, "shape");

	if (strcmp(name, "proportion") == 0) {
		return EFFECT_PROPORTION;
	}
	return strcmp(name, "count") == 0 ? EFFECT_COUNT : EFFECT_RATE;
}

static json_t *effect_answer(const struct effect *e)
{
	return json_pack("{s:s s:f s:f s:f s:f s:f s:f s:f s:i}", "state",
			 effect_state_name(e->state), "ratio", e->ratio, "low",
			 e->low, "high", e->high, "phi", e->phi, "lag1",
			 e->lag1, "log_ratio", e->log_ratio, "variance",
			 e->variance, "df", (int)e->df);
}

static json_t *answer_effect(const json_t *question)
{
	static struct rows rows;
	struct effect e;

	rows_read(&rows, json_object_get(question, "rows"));
	if (strcmp(text(question, "do"), "own-trend") == 0) {
		effect_own_trend(&rows.series, shape_of(question), &e);
	} else {
		effect_before_after(&rows.series, shape_of(question), &e);
	}
	return effect_answer(&e);
}

static json_t *answer_controlled(const json_t *question)
{
	static struct rows others[OTHERS_MAX];
	static struct rows own;
	const struct series *pointers[OTHERS_MAX];
	const json_t *list = json_object_get(question, "others");
	const json_t *item;
	struct effect e;
	size_t i;

	if (json_array_size(list) > OTHERS_MAX) {
		refuse("too many others");
	}
	rows_read(&own, json_object_get(question, "rows"));
	json_array_foreach(list, i, item)
	{
		rows_read(&others[i], item);
		pointers[i] = &others[i].series;
	}
	effect_controlled(&own.series, pointers, json_array_size(list),
			  shape_of(question), &e);
	return effect_answer(&e);
}

static json_t *answer_pool(const json_t *question)
{
	const json_t *list = json_object_get(question, "inputs");
	struct pool_input in[INPUTS_MAX];
	const json_t *item;
	struct pool p;
	size_t i;

	if (json_array_size(list) > INPUTS_MAX) {
		refuse("too many inputs");
	}
	json_array_foreach(list, i, item)
	{
		in[i].y = json_number_value(json_array_get(item, 0));
		in[i].v = json_number_value(json_array_get(item, 1));
	}
	pool(in, json_array_size(list), &p, NULL);
	return json_pack("{s:s s:f s:f s:f s:f s:f s:f s:f s:f s:b s:f s:f}",
			 "state", pool_state_name(p.state), "mu", p.mu, "se",
			 p.se, "tau2", p.tau2, "i2", p.i2, "q", p.q, "ratio",
			 p.ratio, "low", p.low, "high", p.high,
			 "has_prediction", p.has_prediction, "predict_low",
			 p.predict_low, "predict_high", p.predict_high);
}

static json_t *answer_xmr(const json_t *question)
{
	static struct rows rows;
	struct chart_how how = { .type = CHART_XMR, .shape = EFFECT_RATE };
	json_t *points = json_array();
	struct chart c;
	size_t i;

	rows_read(&rows, json_object_get(question, "rows"));
	how.fix_after =
		(size_t)json_integer_value(json_object_get(question, "fix"));
	how.screened = json_is_true(json_object_get(question, "screened"));
	if (chart_make(&rows.series, &how, &c) != WEALD_OK) {
		refuse("no chart");
	}
	for (i = 0; i < c.n; i++) {
		json_array_append_new(
			points,
			json_pack("{s:f s:f s:f s:f s:s}", "value",
				  c.points[i].value, "centre",
				  c.points[i].centre, "lower",
				  c.points[i].lower, "upper", c.points[i].upper,
				  "signal",
				  chart_signal_name(c.points[i].signal)));
	}
	chart_release(&c);
	return points;
}

static json_t *answer(const json_t *question)
{
	const char *what = text(question, "do");

	if (strcmp(what, "pool") == 0) {
		return answer_pool(question);
	}
	if (strcmp(what, "xmr") == 0) {
		return answer_xmr(question);
	}
	return strcmp(what, "controlled") == 0 ? answer_controlled(question)
					       : answer_effect(question);
}

int main(void)
{
	json_t *questions = json_loadf(stdin, 0, NULL);
	json_t *answers = json_array();
	const json_t *question;
	size_t i;

	if (!json_is_array(questions)) {
		refuse("no array of questions");
	}
	json_array_foreach(questions, i, question)
	{
		json_array_append_new(answers, answer(question));
	}
	json_dumpf(answers, stdout, JSON_REAL_PRECISION(17));
	putchar('\n');
	json_decref(answers);
	json_decref(questions);
	return 0;
}
