/*
 * The figures of a record or a file for scripts: all numbers, in one object.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cli/evidence_private.h"
#include "daemon/cli/json.h"
#include "store/evidence/controlled.h"

/* "2024-01". */
static json_t *month_json(int32_t month)
{
	const int32_t since = 12 * 1970 + month;
	char text[16];

	(void)snprintf(text, sizeof text, "%04d-%02d", (int)(since / 12),
		       (int)(since % 12 + 1));
	return json_string(text);
}

/* A number, or null where it is none. */
static json_t *known(bool is, double v)
{
	return is ? json_number(v) : json_null();
}

static json_t *size_json(size_t n)
{
	return json_integer((json_int_t)n);
}

/* ---- charts --------------------------------------------------------------
 */

static json_t *point_json(const struct chart_point *p, bool by_event)
{
	static const char *const phases[] = { "before", "transition", "after" };
	const bool limits = p->has_limits;
	json_t *o = json_object();
	const struct {
		const char *key;
		json_t *value;
	} members[] = {
		{ "month", month_json(p->month) },
		{ "day", by_event ? json_integer(p->day) : json_null() },
		{ "group", size_json(p->group) },
		{ "phase", json_string(phases[p->phase]) },
		{ "value", json_number(p->value) },
		{ "numerator", json_number(p->numerator) },
		{ "size", json_number(p->size) },
		{ "centre", json_number(p->centre) },
		{ "lower", known(limits, p->lower) },
		{ "upper", known(limits, p->upper) },
		{ "near_lower", known(limits, p->near_lower) },
		{ "near_upper", known(limits, p->near_upper) },
		{ "trial", json_boolean(p->trial) },
		{ "signal", json_string(chart_signal_name(p->signal)) },
		{ "side", p->signal == CHART_COMMON
				  ? json_null()
				  : json_string(p->above ? "high" : "low") },
	};
	size_t i;
	int failed = 0;

	for (i = 0; i < sizeof members / sizeof members[0]; i++) {
		failed |= json_object_set_new(o, members[i].key,
					      members[i].value);
	}
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *points_json(const struct chart *c, bool by_event)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (json_array_append_new(list, point_json(&c->points[i],
							   by_event)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *chart_json(const struct chart *c, bool by_event)
{
	char variation[STUDY_WORDS_BYTES];
	char signals[STUDY_WORDS_BYTES];

	study_variation_words(c, variation);
	study_signals_words(c, signals);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:s, s:s, s:o}",
			 "state", chart_state_name(c->state), "advice",
			 study_chart_advice(c->state), "groups",
			 size_json(c->groups), "variation",
			 chart_variation_name(c->variation), "high",
			 c->variation == CHART_VARIATION_NONE ||
					 c->variation == CHART_VARIATION_COMMON
				 ? json_null()
				 : json_boolean(c->high),
			 "assurance", chart_assurance_name(c->assurance),
			 "last_point", variation, "stands_out", signals, "type",
			 chart_type_name(c->type), "points",
			 points_json(c, by_event));
}

static json_t *anhoej_json(const struct anhoej *a)
{
	char words[STUDY_WORDS_BYTES];

	study_anhoej_words(a, words);
	return json_pack("{s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:s}",
			 "known", a->known, "signal", a->signal, "median",
			 json_number(a->median), "useful",
			 (json_int_t)a->useful, "longest_run",
			 (json_int_t)a->longest_run, "longest_run_max",
			 (json_int_t)a->longest_run_max, "crossings",
			 (json_int_t)a->crossings, "crossings_min",
			 (json_int_t)a->crossings_min, "words", words);
}

static json_t *charts_json(const struct evidence_source *s)
{
	const struct study *study = &s->study;
	const bool by_event = study->measure.shape == EFFECT_TIME_BETWEEN;

	return json_pack("{s:o, s:o}", "frozen",
			 study->frozen.n > 0
				 ? chart_json(&study->frozen, by_event)
				 : json_null(),
			 "rebased", chart_json(&study->rebased, by_event));
}

/* ---- effects -------------------------------------------------------------
 */

static const char *verdict_name(const struct study_measure *m,
				const struct effect *e)
{
	static const char *const names[] = {
		[EFFECT_UNKNOWN] = "",
		[EFFECT_IMPROVED] = "improved",
		[EFFECT_UNCLEAR] = "unclear",
		[EFFECT_WORSE] = "worse",
	};
	const enum effect_verdict v = effect_verdict(e);

	return v != EFFECT_UNKNOWN && !study_is_judged(m) ? "no-verdict"
							  : names[v];
}

static json_t *effect_json(const struct study_measure *m,
			   const struct effect *e, enum study_against against)
{
	const bool is = effect_has_estimate(e);
	char sentence[STUDY_SENTENCE_BYTES];

	study_sentence_as(e, m->shape, against, sentence);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
		" s:b, s:I, s:I}",
		"state", effect_state_name(e->state), "verdict",
		verdict_name(m, e), "sentence", sentence, "advice",
		study_advice(e->state), "ratio", known(is, e->ratio), "low",
		known(is, e->low), "high", known(is, e->high), "log_ratio",
		known(is, e->log_ratio), "variance", known(is, e->variance),
		"phi", known(is, e->phi), "lag1",
		known(is && against != STUDY_CONTROLLED, e->lag1), "df",
		is ? size_json(e->df) : json_null(), "half_added",
		e->half_added, "months_before", (json_int_t)e->months_before,
		"months_after", (json_int_t)e->months_after);
}

static json_t *comparators_json(const struct evidence_source *s)
{
	static const char *const states[] = {
		[EVIDENCE_COMPARATOR_USED] = "used",
		[EVIDENCE_COMPARATOR_ABSENT] = "absent",
		[EVIDENCE_COMPARATOR_WITHHELD] = "withheld",
		[EVIDENCE_COMPARATOR_UNPINNED] = "unpinned",
		[EVIDENCE_COMPARATOR_REGION] = "same-region",
		[EVIDENCE_COMPARATOR_ADOPTED] = "adopted",
		[EVIDENCE_COMPARATOR_MEASURE] = "other-measure",
		[EVIDENCE_COMPARATOR_SERIES] = "unreadable",
	};
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < s->comparators_n; i++) {
		if (json_array_append_new(
			    list,
			    json_pack("{s:o, s:s}", "ref",
				      json_span(span_of(s->comparators[i].ref)),
				      "state",
				      states[s->comparators[i].state])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *effects_json(const struct evidence_source *s)
{
	const struct study_measure *m = &s->study.measure;

	if (!s->has_effect) {
		return json_null();
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "own_trend",
			 effect_json(m, &s->study.own_trend, STUDY_TREND),
			 "before_after",
			 effect_json(m, &s->study.before_after, STUDY_BEFORE),
			 "controlled",
			 s->controls_n >= CONTROLLED_COMPARATORS_MIN
				 ? effect_json(m, &s->controlled,
					       STUDY_CONTROLLED)
				 : json_null(),
			 "season",
			 effect_json(m, &s->study.season, STUDY_TREND));
}

/* ---- certainty -----------------------------------------------------------
 */

static json_t *reasons_json(const struct certainty_result *c, size_t from)
{
	json_t *list = json_array();
	size_t i;

	for (i = from; i < c->reasons_n; i++) {
		if (json_array_append_new(
			    list,
			    json_pack("{s:s, s:i, s:s}", "step",
				      certainty_step_name(c->reasons[i].step),
				      "by", c->reasons[i].by, "words",
				      c->reasons[i].words)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *bias_json(unsigned bias)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < BIAS_FLAGS_N; i++) {
		if ((bias & 1u << i) != 0 &&
		    json_array_append_new(list,
					  json_string(bias_words((enum bias)(
						  1u << i)))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *judged_json(const struct evidence_source *s)
{
	const struct record *record = s->shown.record;
	const enum certainty judged =
		certainty_of(record_text(record, "judged_certainty"));

	if (judged == CERTAINTY_NONE) {
		return json_null();
	}
	return json_pack(
		"{s:s, s:o, s:o, s:b}", "level", certainty_name(judged), "by",
		json_span(span_of(record_text(record, "judged_by"))), "reason",
		json_span(span_of(record_text(record, "judged_reason"))),
		"stands",
		certainty_moved(s->certainty.level, judged) == judged);
}

static json_t *certainty_json(const struct evidence_source *s)
{
	struct certainty_result figures;

	if (!s->has_effect) {
		return json_null();
	}
	if (s->is_file) {
		evidence_judge_figures(s, &figures);
		return json_pack("{s:n, s:o}", "level", "reasons",
				 reasons_json(&figures, 1));
	}
	return json_pack("{s:o, s:s, s:s, s:b, s:o, s:o, s:o}", "level",
			 s->certainty.level == CERTAINTY_NONE
				 ? json_null()
				 : json_string(
					   certainty_name(s->certainty.level)),
			 "start", certainty_name(s->certainty.start), "design",
			 s->design, "design_stated", s->design_stated,
			 "reasons", reasons_json(&s->certainty, 0), "bias",
			 bias_json(s->bias), "judged", judged_json(s));
}

/* ---- what it is ----------------------------------------------------------
 */

static json_t *measure_json(const struct evidence_source *s)
{
	const struct study_measure *m = &s->study.measure;
	const struct record *record = s->measure.record;
	char unit[STUDY_UNIT_BYTES];

	study_unit(m, unit);
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:o, s:s, s:o, s:b, s:b}",
		"ref", json_span(span_of(s->measure_ref)), "version",
		record == NULL ? json_null()
			       : json_integer((json_int_t)s->measure.version),
		"named",
		s->measure_named == 0
			? json_null()
			: json_integer((json_int_t)s->measure_named),
		"title",
		json_span(span_of(
			record == NULL ? "" : record_text(record, "title"))),
		"shape", s->has_measure ? study_shape_name(m->shape) : "",
		"direction",
		s->has_measure ? study_direction_name(m->direction) : "",
		"balancing", m->balancing, "per", json_number(m->per), "unit",
		unit, "target", known(m->has_target, m->target), "judged",
		s->has_measure && study_is_judged(m), "chart_unfit",
		s->study.chart_unfit);
}

static json_t *periods_json(const struct study *study)
{
	static const char *const phases[] = { "before", "transition", "after" };
	const struct study_period *p;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < STUDY_PHASES_N; i++) {
		p = &study->periods[i];
		if (json_array_append_new(
			    list,
			    json_pack("{s:s, s:I, s:o, s:o, s:o}", "phase",
				      phases[i], "rows", (json_int_t)p->rows,
				      "events", json_number(p->events), "of",
				      json_number(p->of), "value",
				      known(p->has_value, p->value))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *column_json(const struct sheet *sheet, enum sheet_column role)
{
	if (sheet->columns[role] == SIZE_MAX) {
		return json_null();
	}
	return json_pack("{s:I, s:o}", "number",
			 (json_int_t)sheet->columns[role] + 1, "heading",
			 json_span(span_of(sheet->headings[role])));
}

/* How a file was read; null of a record. */
static json_t *reading_json(const struct evidence_source *s)
{
	static const char *const encodings[] = { [SHEET_UTF8] = "utf-8",
						 [SHEET_UTF16] = "utf-16",
						 [SHEET_WINDOWS] = "other" };
	static const char *const orders[] = { [SHEET_DATE_UNKNOWN] = "",
					      [SHEET_DATE_DMY] = "dmy",
					      [SHEET_DATE_MDY] = "mdy" };
	const struct sheet *sheet = &s->sheet;
	const char separator[] = { sheet->separator, '\0' };

	if (!s->is_file) {
		return json_null();
	}
	return json_pack(
		"{s:s, s:s, s:b, s:s, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"encoding", encodings[sheet->encoding], "separator", separator,
		"decimal_comma", sheet->decimal_comma, "date_order",
		orders[sheet->date_order], "headings", sheet->has_heading,
		"rows", (json_int_t)sheet->rows, "first",
		month_json(s->series.rows[0].month), "last",
		month_json(s->series.rows[s->series.n - 1].month), "month",
		column_json(sheet, SHEET_MONTH), "numerator",
		column_json(sheet, SHEET_NUMERATOR), "denominator",
		column_json(sheet, SHEET_DENOMINATOR), "phase",
		column_json(sheet, SHEET_PHASE));
}

static void add_record(struct json_line *j, const struct evidence_source *s)
{
	const struct record *record = s->shown.record;

	json_line_text(j, "ref", s->ref);
	json_line_text(j, "kind", s->kind);
	json_line_uint(j, "version", s->shown.version);
	json_line_bool(j, "withdrawn", s->shown.withdrawn);
	json_line_bool(j, "example",
		       record != NULL && record_bool(record, "example"));
	json_line_text(j, "conclusion",
		       record == NULL ? "" : record_text(record, "conclusion"));
	json_line_text(j, "intervention",
		       record == NULL ? ""
				      : record_text(record, "intervention"));
	json_line_add(j, "intervention_withdrawn",
		      s->intervention_known
			      ? json_boolean(s->intervention.withdrawn)
			      : json_null());
	json_line_text(j, "intervention_withdrawn_by",
		       s->intervention_known ? s->intervention.withdrawn_by
					     : "");
	json_line_add(j, "latest",
		      s->latest == 0 ? json_null()
				     : json_integer((json_int_t)s->latest));
	json_line_text(j, "latest_why", s->latest_why);
}

int evidence_print_json(struct cli *c, const struct evidence_source *s)
{
	const struct study *study = &s->study;
	struct json_line j;

	(void)c;
	json_line_init(&j);
	if (!s->is_file) {
		add_record(&j, s);
	}
	json_line_text(&j, "type", "evidence");
	json_line_text(&j, "source", s->source);
	json_line_text(&j, "title", s->title);
	json_line_text(&j, "engine", EFFECT_ENGINE);
	json_line_text(&j, "rules", study->rebased.rules.name);
	json_line_add(&j, "measure", measure_json(s));
	json_line_add(&j, "read", reading_json(s));
	json_line_add(&j, "start",
		      study->has_start ? month_json(study->start_month)
				       : json_null());
	json_line_add(&j, "periods", periods_json(study));
	json_line_uint(&j, "missing", study->missing);
	json_line_uint(&j, "rebases", study->rebases_n);
	json_line_uint(&j, "rebases_left", study->rebases_left);
	json_line_add(&j, "effects", effects_json(s));
	json_line_add(&j, "comparators", comparators_json(s));
	json_line_bool(&j, "adopters_known", s->adopters_known);
	json_line_add(&j, "certainty", certainty_json(s));
	json_line_add(&j, "charts", charts_json(s));
	json_line_add(&j, "anhoej", anhoej_json(&study->rebased.anhoej));
	return json_line_print(&j);
}
