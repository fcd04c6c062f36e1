/*
 * The figures of a record or a file for people.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/evidence_private.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/out.h"
#include "daemon/cli/plot.h"
#include "daemon/cli/prose.h"
#include "store/evidence/controlled.h"
#include "store/evidence/number.h"

#define INDENT       16u /* of what stands beside a label */
#define SCREEN_USUAL 80u /* where there is no terminal */
#define PLOT_ROWS    13u
#define PLOT_BYTES   (1u << 20)
#define LABEL_BYTES  32u
#define SAY_BYTES    1024u
#define MONTH_BYTES  16u

struct printing {
	const struct evidence_source *s;
	const struct study *study;
	bool details;
	size_t width;  /* of prose; 0: as wide as it takes */
	size_t screen; /* of charts */
	bool utf8;
};

/* ---- lines ---------------------------------------------------------------
 */

static const char *head_of(const char *name, char out[LABEL_BYTES])
{
	(void)snprintf(out, LABEL_BYTES, "%-15s ", name);
	return out;
}

/* A label and text of others. */
static int put(const struct printing *p, const char *name, const char *text)
{
	char head[LABEL_BYTES];

	return text[0] == '\0' ? WEALD_OK
			       : prose_put(p->width, head_of(name, head),
					   INDENT, span_of(text));
}

/* A label and a text of ours. */
static int say(const struct printing *p, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int say(const struct printing *p, const char *name, const char *fmt, ...)
{
	char head[LABEL_BYTES];
	char text[SAY_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return prose_say(p->width, head_of(name, head), INDENT, "%s", text);
}

static void month_text(int32_t month, char out[MONTH_BYTES])
{
	const int32_t since = 12 * 1970 + month;

	(void)snprintf(out, MONTH_BYTES, "%04d-%02d", (int)(since / 12),
		       (int)(since % 12 + 1));
}

/* ---- what it is ----------------------------------------------------------
 */

static int put_heading(const struct printing *p)
{
	const struct evidence_source *s = p->s;
	int r = prose_put(p->width, "", 0, span_of(s->source));

	if (r == WEALD_OK && !s->is_file) {
		r = prose_put(p->width, "", 0, span_of(s->title));
	}
	if (r == WEALD_OK && s->latest != 0) {
		r = s->latest_why[0] != '\0'
			    ? prose_say(p->width, "", 2,
					"NOT THE LATEST  version %" PRIu64
					" is %s",
					s->latest, s->latest_why)
			    : prose_say(p->width, "", 2,
					"NOT THE LATEST  there is a version "
					"%" PRIu64,
					s->latest);
	}
	if (s->shown.withdrawn) {
		puts("WITHDRAWN  by its author in this version");
	}
	if (r == WEALD_OK && s->intervention_known) {
		r = hits_print_standing(p->width,
					"the intervention: ", &s->intervention);
	}
	if (s->shown.record != NULL &&
	    record_bool(s->shown.record, "example")) {
		puts("EXAMPLE  invented: no real region, person or result");
	}
	putchar('\n');
	return r;
}

static const char *better_words(const struct study_measure *m)
{
	if (m->shape == EFFECT_TIME_BETWEEN) {
		return m->direction == CHART_NEUTRAL
			       ? "neither longer nor shorter is better"
			       : "longer is better";
	}
	switch (m->direction) {
	case CHART_INCREASE:
		return "more is better";
	case CHART_NEUTRAL:
		return "neither more nor fewer is better";
	case CHART_DECREASE:
		break;
	}
	return "fewer is better";
}

static int put_measure(const struct printing *p)
{
	const struct evidence_source *s = p->s;
	char name[REFERENCE_BYTES_MAX + 24];
	int r = WEALD_OK;

	if (s->shown.record != NULL) {
		r = put(p, "intervention",
			record_text(s->shown.record, "intervention"));
	}
	if (r != WEALD_OK || s->measure_ref[0] == '\0') {
		return r;
	}
	if (s->measure.record == NULL) {
		r = put(p, "measure", s->measure_ref);
		return r != WEALD_OK
			       ? r
			       : say(p, "",
				     "%s: without it nobody knows what the "
				     "figures mean, so that there is no effect "
				     "(weald follow takes more of a region)",
				     s->measure.state == INDEX_SHOWN
					     ? "not here"
					     : edition_state(s->measure.state));
	}
	r = put(p, "measure", record_text(s->measure.record, "title"));
	(void)snprintf(name, sizeof name, "%s@%" PRIu64, s->measure_ref,
		       s->measure.version);
	r = r == WEALD_OK ? put(p, "", name) : r;
	if (r == WEALD_OK && s->measure_named != 0) {
		r = say(p, "",
			"its record names version %" PRIu64 " of the measure",
			s->measure_named);
	}
	return r == WEALD_OK
		       ? put(p, "counted",
			     record_text(s->measure.record, "undesired_event"))
		       : r;
}

static int put_figures(const struct printing *p)
{
	const struct study_measure *m = &p->study->measure;
	char unit[STUDY_UNIT_BYTES];
	int r;

	study_unit(m, unit);
	if (!p->s->has_measure) {
		r = say(p, "figures",
			"numerator by denominator, %s; a run chart only", unit);
	} else {
		r = say(p, "figures", "%s, %s; %s%s",
			study_shape_name(m->shape), unit, better_words(m),
			m->balancing ? "; watches for harm elsewhere" : "");
	}
	if (r == WEALD_OK && p->study->chart_unfit) {
		r = say(p, "",
			"the chart that the measure asks for does not "
			"fit its shape; another was taken");
	}
	return r == WEALD_OK ? say(p, "computed by",
				   EFFECT_ENGINE ", rules %s, chart %s",
				   p->study->rebased.rules.name,
				   chart_type_name(p->study->rebased.type))
			     : r;
}

/* ---- how a file was read -------------------------------------------------
 */

static const char *separator_words(char separator)
{
	return separator == ';'   ? "semicolons"
	       : separator == ',' ? "commas"
				  : "tabs";
}

static const char *order_words(enum sheet_date_order order)
{
	return order == SHEET_DATE_DMY   ? "; dates with the day first"
	       : order == SHEET_DATE_MDY ? "; dates with the month first"
					 : "";
}

static int add_column(struct buf *line, const struct sheet *sheet,
		      enum sheet_column role, const char *what)
{
	int r;

	if (sheet->columns[role] == SIZE_MAX) {
		return WEALD_OK;
	}
	r = buf_addf(line, "%s%s: column %zu", line->len == 0 ? "" : "; ", what,
		     sheet->columns[role] + 1);
	if (r == WEALD_OK && sheet->headings[role][0] != '\0') {
		r = buf_addf(line, " \"%s\"", sheet->headings[role]);
	}
	return r;
}

/* Which column was taken for what; headings are escaped already. */
static int put_columns(const struct printing *p)
{
	const struct sheet *sheet = &p->s->sheet;
	const bool by_event = p->study->measure.shape == EFFECT_TIME_BETWEEN;
	char head[LABEL_BYTES];
	struct buf line;
	int r;

	buf_init(&line, 4096);
	r = add_column(&line, sheet, SHEET_MONTH, by_event ? "date" : "month");
	if (r == WEALD_OK) {
		r = add_column(&line, sheet, SHEET_NUMERATOR,
			       by_event ? "days since the one before"
			       : p->study->measure.shape == EFFECT_MEAN
				       ? "sum"
				       : "events");
	}
	r = r == WEALD_OK ? add_column(&line, sheet, SHEET_DENOMINATOR, "of")
			  : r;
	r = r == WEALD_OK ? add_column(&line, sheet, SHEET_PHASE, "phase") : r;
	if (r == WEALD_OK) {
		r = prose_done(p->width, head_of("", head), INDENT, &line);
	}
	buf_release(&line);
	return r;
}

static int put_reading(const struct printing *p)
{
	static const char *const encodings[] = {
		[SHEET_UTF8] = "",
		[SHEET_UTF16] = ", UTF-16",
		[SHEET_WINDOWS] = ", not UTF-8",
	};
	const struct sheet *sheet = &p->s->sheet;
	const struct series *series = &p->s->series;
	char first[MONTH_BYTES] = "";
	char last[MONTH_BYTES] = "";
	int r;

	if (!p->s->is_file) {
		return WEALD_OK;
	}
	r = say(p, "read as", "parted by %s%s%s%s%s",
		separator_words(sheet->separator), encodings[sheet->encoding],
		sheet->decimal_comma ? "; a comma before decimals" : "",
		order_words(sheet->date_order),
		sheet->has_heading ? "" : "; no headings");
	r = r == WEALD_OK ? put_columns(p) : r;
	if (r == WEALD_OK && series->n > 0) {
		month_text(series->rows[0].month, first);
		month_text(series->rows[series->n - 1].month, last);
		r = say(p, "", "%zu row%s, %s to %s", sheet->rows,
			sheet->rows == 1 ? "" : "s", first, last);
	}
	return r;
}

/* ---- the periods ---------------------------------------------------------
 */

/* What the columns of the table are called, by shape. */
static void period_columns(const struct study_measure *m, bool has_measure,
			   const char *out[4])
{
	out[0] = m->shape == EFFECT_TIME_BETWEEN ? "gaps" : "months";
	out[1] = m->shape == EFFECT_MEAN ? "sum" : "events";
	out[2] = m->shape == EFFECT_TIME_BETWEEN ? "days"
		 : m->shape == EFFECT_COUNT      ? "months"
						 : "of";
	out[3] = NULL; /* the unit */
	if (!has_measure) {
		out[1] = "numerator";
	}
}

/* A figure as it was given: without decimals that say nothing. */
static void figure_text(double v, char out[NUMBER_TEXT_BYTES])
{
	size_t len;

	number_text(v, 2, out);
	len = strlen(out);
	while (strchr(out, '.') != NULL &&
	       (out[len - 1] == '0' || out[len - 1] == '.')) {
		out[--len] = '\0';
	}
}

static void put_period(const struct printing *p, size_t phase)
{
	static const char *const names[] = { "before", "transition", "after" };
	const struct study_period *period = &p->study->periods[phase];
	const unsigned decimals = study_decimals(&p->study->rebased);
	char events[NUMBER_TEXT_BYTES];
	char of[NUMBER_TEXT_BYTES];
	char value[NUMBER_TEXT_BYTES] = "-";
	const bool alone = !p->study->has_start && phase == SERIES_BEFORE;

	if (period->rows == 0 &&
	    (phase == SERIES_TRANSITION || (phase == SERIES_AFTER && alone))) {
		return;
	}
	figure_text(period->events, events);
	figure_text(period->of, of);
	if (period->has_value) {
		number_text(period->value, decimals, value);
	}
	printf("%-10s  %6zu  %10s  %10s  %12s\n",
	       alone && !p->s->has_effect ? "all" : names[phase], period->rows,
	       events, of, value);
}

static int put_periods(const struct printing *p)
{
	const struct study_measure *m = &p->study->measure;
	char unit[STUDY_UNIT_BYTES];
	const char *columns[4];
	size_t phase;

	study_unit(m, unit);
	period_columns(m, p->s->has_measure, columns);
	printf("\n%-10s  %6s  %10s  %10s  %12s\n", "period", columns[0],
	       columns[1], columns[2], unit);
	for (phase = 0; phase < STUDY_PHASES_N; phase++) {
		if (phase == SERIES_BEFORE || p->study->has_start ||
		    p->s->has_effect) {
			put_period(p, phase);
		}
	}
	if (p->study->missing > 0) {
		printf("%zu month%s without a figure\n", p->study->missing,
		       p->study->missing == 1 ? "" : "s");
	}
	return WEALD_OK;
}

/* ---- effects -------------------------------------------------------------
 */

static int put_ratio(const struct printing *p, const struct effect *e,
		     bool has_lag1)
{
	const unsigned decimals = p->details ? NUMBER_TABLE : NUMBER_SENTENCE;
	char ratio[NUMBER_TEXT_BYTES];
	char low[NUMBER_TEXT_BYTES];
	char high[NUMBER_TEXT_BYTES];
	char phi[NUMBER_TEXT_BYTES];
	char lag1[NUMBER_TEXT_BYTES];
	int r;

	number_text(e->ratio, decimals, ratio);
	number_text(e->low, decimals, low);
	number_text(e->high, decimals, high);
	r = say(p, "", "ratio %s (95%% interval %s to %s)%s%s", ratio, low,
		high,
		e->state == EFFECT_SHORT ? "; few months, so very uncertain"
					 : "",
		e->half_added ? "; nothing was counted before or after, so "
				"half an event was added to both"
			      : "");
	if (r == WEALD_OK && p->details) {
		number_text(e->phi, NUMBER_TABLE, phi);
		number_text(e->lag1, NUMBER_TABLE, lag1);
		r = say(p, "", "phi %s%s%s, %zu degrees of freedom", phi,
			has_lag1 ? ", lag-1 " : "", has_lag1 ? lag1 : "",
			e->df);
	}
	return r;
}

static int put_effect(const struct printing *p, const char *name,
		      const struct effect *e, enum study_against against)
{
	const bool headline = against == STUDY_TREND;
	char sentence[STUDY_SENTENCE_BYTES];
	int r;

	study_sentence_as(e, p->study->measure.shape, against, sentence);
	if (effect_has_estimate(e)) {
		r = say(p, name, "%s%s", sentence,
			headline ? study_verdict_words(&p->study->measure, e)
				 : "");
		return r == WEALD_OK
			       ? put_ratio(p, e, against != STUDY_CONTROLLED)
			       : r;
	}
	return say(p, name, "%s%s%s", sentence, headline ? "; " : "",
		   headline ? study_advice(e->state) : "");
}

static int put_comparator(const struct printing *p,
			  const struct evidence_comparator *one)
{
	struct buf line;
	char head[LABEL_BYTES];
	int r;

	buf_init(&line, 4096);
	r = prose_add(&line, one->ref);
	if (r == WEALD_OK && one->state != EVIDENCE_COMPARATOR_USED) {
		r = buf_addf(&line, "  (%s)",
			     evidence_comparator_words(one->state));
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, head_of("", head), INDENT + 2, &line);
	}
	buf_release(&line);
	return r;
}

static int put_controlled(const struct printing *p)
{
	const struct evidence_source *s = p->s;
	size_t i;
	int r = WEALD_OK;

	if (s->comparators_n == 0) {
		return WEALD_OK;
	}
	if (s->controls_n >= CONTROLLED_COMPARATORS_MIN) {
		r = put_effect(p, "controlled", &s->controlled,
			       STUDY_CONTROLLED);
		r = r == WEALD_OK
			    ? say(p, "", "%zu regions%s:", s->controls_n,
				  s->adopters_known ? " that had not adopted it"
						    : "")
			    : r;
	} else {
		r = say(p, "controlled",
			"not shown: %zu region%s can be held against it, and "
			"three are needed:",
			s->controls_n, s->controls_n == 1 ? "" : "s");
	}
	for (i = 0; r == WEALD_OK && i < s->comparators_n; i++) {
		r = put_comparator(p, &s->comparators[i]);
	}
	if (r == WEALD_OK && !s->adopters_known) {
		r = say(p, "",
			"whether these regions have begun it is not known: "
			"there is no index here, or the intervention has not "
			"arrived");
	}
	return r;
}

/* Of a bare file its columns and --direction are still to choose. */
static const char *way_to_verdict(const struct printing *p)
{
	const struct study_measure *m = &p->study->measure;

	return p->s->is_file && m->shape == EFFECT_PROPORTION &&
			       m->direction == CHART_INCREASE
		       ? "; to get a verdict, count those without it (n - x) "
			 "and say --direction decrease"
		       : "";
}

static int put_effects(const struct printing *p)
{
	const struct study *study = p->study;
	int r;

	if (!p->s->has_effect) {
		return WEALD_OK;
	}
	putchar('\n');
	r = put_effect(p, "own trend", &study->own_trend, STUDY_TREND);
	if (r == WEALD_OK && !study_counts_undesired(&study->measure)) {
		r = say(p, "",
			"the measure does not count what should not "
			"happen, so a ratio is neither good nor bad%s",
			way_to_verdict(p));
	} else if (r == WEALD_OK && study->measure.balancing) {
		r = say(p, "",
			"the measure watches for harm elsewhere, so "
			"there is no verdict");
	}
	if (r == WEALD_OK && effect_has_estimate(&study->before_after)) {
		r = put_effect(p, "before/after", &study->before_after,
			       STUDY_BEFORE);
	}
	r = r == WEALD_OK ? put_controlled(p) : r;
	if (r == WEALD_OK && effect_has_estimate(&study->season)) {
		r = put_effect(p, "with the season", &study->season,
			       STUDY_TREND);
	}
	return r;
}

/* ---- certainty -----------------------------------------------------------
 */

static int put_reasons(const struct printing *p,
		       const struct certainty_result *c, size_t from)
{
	size_t i;
	int r = WEALD_OK;

	for (i = from; r == WEALD_OK && i < c->reasons_n; i++) {
		r = say(p, "", "%s", c->reasons[i].words);
	}
	return r;
}

/* What a person made of it stands beside what is computed. */
static int put_judged(const struct printing *p)
{
	const struct record *record = p->s->shown.record;
	const char *code = record_text(record, "judged_certainty");
	const enum certainty computed = p->s->certainty.level;
	const enum certainty judged = certainty_of(code);
	char head[LABEL_BYTES];
	struct buf line;
	int r;

	if (judged == CERTAINTY_NONE) {
		return WEALD_OK;
	}
	buf_init(&line, 1u << 16);
	r = buf_add_text(&line, certainty_words(judged));
	r = r == WEALD_OK ? buf_add_text(&line, ", by ") : r;
	r = r == WEALD_OK ? prose_add(&line, record_text(record, "judged_by"))
			  : r;
	r = r == WEALD_OK ? buf_add_text(&line, ": ") : r;
	r = r == WEALD_OK
		    ? prose_add(&line, record_text(record, "judged_reason"))
		    : r;
	if (r == WEALD_OK && certainty_moved(computed, judged) != judged) {
		r = buf_add_text(&line, " (more than one level away, so that "
					"the computed one stands)");
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, head_of("judged", head), INDENT,
			       &line);
	}
	buf_release(&line);
	return r;
}

static int put_certainty(const struct printing *p)
{
	const struct evidence_source *s = p->s;
	struct certainty_result figures;
	int r;

	if (!s->has_effect) {
		return WEALD_OK;
	}
	if (s->is_file) {
		evidence_judge_figures(s, &figures);
		r = say(p, "certainty",
			"not judged: of a bare file nobody knows the design, "
			"what else changed, and how far it was done%s",
			figures.reasons_n > 1 ? "; of the figures alone:" : "");
		return r == WEALD_OK ? put_reasons(p, &figures, 1) : r;
	}
	if (s->certainty.level == CERTAINTY_NONE) {
		return say(p, "certainty", "none: there is no estimate");
	}
	r = say(p, "design", "%s%s", s->design,
		s->design_stated ? "" : " (not stated)");
	r = r == WEALD_OK ? say(p, "certainty", "%s",
				certainty_words(s->certainty.level))
			  : r;
	r = r == WEALD_OK ? put_reasons(p, &s->certainty, 0) : r;
	return r == WEALD_OK ? put_judged(p) : r;
}

static int put_conclusion(const struct printing *p)
{
	const struct record *record = p->s->shown.record;
	const char *code =
		record == NULL ? "" : record_text(record, "conclusion");

	return code[0] == '\0' ? WEALD_OK
			       : put(p, "the region says",
				     hits_label("conclusion", code));
}

/* ---- charts --------------------------------------------------------------
 */

/* The centre and the limits of each group. */
static int put_limits(const struct printing *p, const struct chart *c)
{
	const unsigned decimals = study_decimals(c);
	const struct chart_point *point;
	char centre[NUMBER_TEXT_BYTES];
	char lower[NUMBER_TEXT_BYTES];
	char upper[NUMBER_TEXT_BYTES];
	char month[MONTH_BYTES];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < c->n; i++) {
		point = &c->points[i];
		if (i > 0 && point->group == c->points[i - 1].group) {
			continue;
		}
		month_text(point->month, month);
		number_text(point->centre, decimals, centre);
		number_text(point->lower, decimals, lower);
		number_text(point->upper, decimals, upper);
		if (point->has_limits) {
			r = say(p, i == 0 ? "limits" : "",
				"from %s: centre %s, limits %s to %s%s", month,
				centre, lower, upper,
				point->trial ? " (trial)" : "");
		} else {
			r = say(p, i == 0 ? "limits" : "",
				"from %s: %s %s, no limits", month,
				c->type == CHART_RUN ? "median" : "centre",
				centre);
		}
	}
	return r;
}

static int put_last(const struct printing *p, const struct chart *c)
{
	const struct chart_point *last = &c->points[c->n - 1];
	char words[STUDY_WORDS_BYTES];
	char value[NUMBER_TEXT_BYTES];
	char month[MONTH_BYTES];
	int r;

	month_text(last->month, month);
	number_text(last->value, study_decimals(c), value);
	study_variation_words(c, words);
	r = say(p, "last point", "%s, %s: %s", month, value, words);
	study_signals_words(c, words);
	if (r == WEALD_OK && c->type != CHART_RUN) {
		r = say(p, "stands out", "%s", words);
	}
	study_assurance_words(c, words);
	if (r == WEALD_OK && words[0] != '\0') {
		number_text(p->study->measure.target, study_decimals(c), value);
		r = say(p, "target", "%s: %s", value, words);
	}
	return r;
}

static int put_points(const struct printing *p, const struct chart *c)
{
	const unsigned decimals = study_decimals(c);
	const struct chart_point *point;
	char cells[4][NUMBER_TEXT_BYTES];
	char month[MONTH_BYTES];
	size_t i;

	if (!p->details) {
		return WEALD_OK;
	}
	printf("\n  %-7s  %7s  %7s  %7s  %7s  %s\n", "month", "value", "centre",
	       "lower", "upper", "stands out");
	for (i = 0; i < c->n; i++) {
		point = &c->points[i];
		month_text(point->month, month);
		number_text(point->value, decimals, cells[0]);
		number_text(point->centre, decimals, cells[1]);
		number_text(point->lower, decimals, cells[2]);
		number_text(point->upper, decimals, cells[3]);
		printf("  %-7s  %7s  %7s  %7s  %7s%s%s\n", month, cells[0],
		       cells[1], point->has_limits ? cells[2] : "-",
		       point->has_limits ? cells[3] : "-",
		       point->signal == CHART_COMMON ? "" : "  ",
		       point->signal == CHART_COMMON
			       ? ""
			       : chart_signal_name(point->signal));
	}
	return WEALD_OK;
}

static int put_plot(const struct printing *p, const struct chart *c)
{
	const struct plot_how how = {
		.width = p->screen,
		.height = PLOT_ROWS,
		.utf8 = p->utf8,
		.has_start = p->study->has_start,
		.start_month = p->study->start_month,
		.has_target = p->study->measure.has_target,
		.target = p->study->measure.target,
	};
	struct buf text;
	int r;

	buf_init(&text, PLOT_BYTES);
	r = plot_chart(c, &how, &text);
	if (r == WEALD_OK) {
		fwrite(text.data, 1, text.len, stdout);
	}
	buf_release(&text);
	return r;
}

static int put_chart(const struct printing *p, const char *title,
		     const struct chart *c)
{
	int r = prose_say(p->width, "\n", 0, "%s", title);

	if (r == WEALD_OK && c->n > 0) {
		putchar('\n');
		r = put_plot(p, c);
		putchar('\n');
	}
	if (r == WEALD_OK && study_chart_advice(c->state)[0] != '\0') {
		r = prose_say(p->width, "", 0, "%s",
			      study_chart_advice(c->state));
	}
	if (r == WEALD_OK && c->n > 0) {
		r = put_last(p, c);
		r = r == WEALD_OK ? put_limits(p, c) : r;
	}
	if (r == WEALD_OK && c->state == CHART_TRIAL) {
		r = say(p, "",
			"trial limits: they rest on fewer than %u "
			"points, and move as months come",
			CHART_GROUP_MIN);
	}
	return r == WEALD_OK && c->n > 0 ? put_points(p, c) : r;
}

static int put_rebases(const struct printing *p)
{
	const struct study *study = p->study;

	if (study->rebases_left == 0) {
		return WEALD_OK;
	}
	return say(p, "rebases",
		   "%zu of %zu not followed: fewer than %u points on one side",
		   study->rebases_left, study->rebases_left + study->rebases_n,
		   STUDY_REBASE_POINTS);
}

static const char *rebased_title(const struct study *study)
{
	if (study->measure.run_only) {
		return "Run chart, about the middle value of all months";
	}
	return study->has_start
		       ? "Is it stable now? Limits of their own from the start "
			 "on"
		       : "Is it stable?";
}

static int put_charts(const struct printing *p)
{
	const struct study *study = p->study;
	char words[STUDY_WORDS_BYTES];
	int r = WEALD_OK;

	if (study->rebased.n == 0) {
		return prose_say(p->width, "\n", 0, "%s",
				 study_chart_advice(study->rebased.state));
	}
	if (study->frozen.n > 0) {
		r = put_chart(p, "Did it change? The limits of before, held on",
			      &study->frozen);
	}
	r = r == WEALD_OK ? put_chart(p, rebased_title(study), &study->rebased)
			  : r;
	r = r == WEALD_OK ? put_rebases(p) : r;
	study_anhoej_words(&study->rebased.anhoej, words);
	putchar('\n');
	return r == WEALD_OK
		       ? say(p, "second opinion",
			     "of all months about their median (Anhoej): %s",
			     words)
		       : r;
}

/* ---- what next -----------------------------------------------------------
 */

static int put_next(const struct printing *p)
{
	if (!p->s->is_file) {
		return WEALD_OK;
	}
	putchar('\n');
	if (!p->s->has_effect) {
		return prose_say(p->width, "Next: ", 6,
				 "say when the change began with --start DATE, "
				 "and the effect is computed. To share a "
				 "baseline: weald new priority, with these "
				 "figures in its data.csv.");
	}
	return prose_say(
		p->width, "Next: ", 6,
		"to share it, weald new measure (if no region has one like it: "
		"weald measures), then weald new evidence, with these figures "
		"in its data.csv as month,numerator,denominator. Only then is "
		"its certainty judged, and others can compare.");
}

int evidence_print_text(struct cli *c, const struct evidence_source *s,
			bool details)
{
	struct printing p = { .s = s,
			      .study = &s->study,
			      .details = details,
			      .width = prose_width(),
			      .screen = out_screen(),
			      .utf8 = plot_is_utf8() };
	int r;

	(void)c;
	if (p.screen == 0) {
		p.screen = SCREEN_USUAL;
	}
	r = put_heading(&p);
	r = r == WEALD_OK ? put_measure(&p) : r;
	r = r == WEALD_OK ? put_figures(&p) : r;
	r = r == WEALD_OK ? put_reading(&p) : r;
	r = r == WEALD_OK ? put_periods(&p) : r;
	r = r == WEALD_OK ? put_effects(&p) : r;
	r = r == WEALD_OK ? put_certainty(&p) : r;
	r = r == WEALD_OK ? put_conclusion(&p) : r;
	r = r == WEALD_OK ? put_charts(&p) : r;
	return r == WEALD_OK ? put_next(&p) : r;
}
