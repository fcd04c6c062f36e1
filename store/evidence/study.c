#include "store/evidence/study.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One more is the start. */
#define REBASES_MAX (CHART_REBASES_MAX - 1u)
#define PER_MAX     1e6

/* ---- the measure ---------------------------------------------------------
 */

static const char *const shapes[EFFECT_SHAPES_N] = {
	[EFFECT_RATE] = "rate",
	[EFFECT_PROPORTION] = "proportion",
	[EFFECT_COUNT] = "count",
	[EFFECT_MEAN] = "mean",
	[EFFECT_TIME_BETWEEN] = "time-between",
};

static const char *const directions[] = {
	[CHART_DECREASE] = "decrease",
	[CHART_INCREASE] = "increase",
	[CHART_NEUTRAL] = "neutral",
};
#define DIRECTIONS_N (sizeof directions / sizeof directions[0])

bool study_shape_of(const char *code, enum effect_shape *out)
{
	size_t i;

	for (i = 0; i < EFFECT_SHAPES_N; i++) {
		if (strcmp(shapes[i], code) == 0) {
			*out = (enum effect_shape)i;
			return true;
		}
	}
	return false;
}

bool study_direction_of(const char *code, enum chart_direction *out)
{
	size_t i;

	for (i = 0; i < DIRECTIONS_N; i++) {
		if (strcmp(directions[i], code) == 0) {
			*out = (enum chart_direction)i;
			return true;
		}
	}
	return false;
}

const char *study_shape_name(enum effect_shape shape)
{
	return shapes[shape];
}

const char *study_direction_name(enum chart_direction direction)
{
	return directions[direction];
}

bool study_counts_undesired(const struct study_measure *m)
{
	return m->direction == CHART_DECREASE ||
	       (m->direction == CHART_INCREASE &&
		m->shape == EFFECT_TIME_BETWEEN);
}

bool study_is_judged(const struct study_measure *m)
{
	return !m->balancing && study_counts_undesired(m);
}

/* A number of the record; false where it is none. */
static bool number_of(const struct record *r, const char *field, double *out)
{
	const struct value *v = record_get(r, field);
	double number;

	if (v == NULL || v->type != VALUE_TEXT || !v->valid) {
		return false;
	}
	number = strtod(v->text, NULL);
	if (!isfinite(number)) {
		return false;
	}
	*out = number;
	return true;
}

bool study_measure_of(const struct record *measure, struct study_measure *out)
{
	struct study_measure m = { .chart = CHART_AUTO };
	double per = 0;

	if (measure == NULL || measure->kind == NULL ||
	    strcmp(measure->kind->name, "measure") != 0 ||
	    !study_shape_of(record_text(measure, "shape"), &m.shape)) {
		return false;
	}
	/* as the index has it: fewer is better where nothing is said */
	(void)study_direction_of(record_text(measure, "direction"),
				 &m.direction);
	(void)chart_type_of(record_text(measure, "chart"), &m.chart);
	m.balancing = strcmp(record_text(measure, "type"), "balancing") == 0;
	m.has_target = number_of(measure, "target", &m.target);
	if (number_of(measure, "per", &per) && per > 0 && per <= PER_MAX) {
		m.per = per;
	}
	*out = m;
	return true;
}

void study_measure_run(const struct series *s, struct study_measure *out)
{
	double values[SERIES_ROWS_MAX];
	double median;
	size_t n = 0;
	size_t i;

	*out = (struct study_measure){ .shape = EFFECT_RATE,
				       .direction = CHART_NEUTRAL,
				       .chart = CHART_RUN,
				       .per = 1,
				       .run_only = true };
	for (i = 0; i < s->n && n < SERIES_ROWS_MAX; i++) {
		if (!s->rows[i].missing && s->rows[i].denominator > 0) {
			values[n++] =
				s->rows[i].numerator / s->rows[i].denominator;
		}
	}
	median = anhoej_median(values, n);
	while (median > 0 && median * out->per < 1 && out->per < PER_MAX) {
		out->per *= out->per < 100 ? 100 : 10;
	}
}

/* Only rates and proportions have figures of so many. */
static double per_of(const struct study_measure *m)
{
	const bool can =
		m->shape == EFFECT_RATE || m->shape == EFFECT_PROPORTION;

	return can && m->per > 0 ? m->per : chart_per_usual(m->shape);
}

/* ---- the phases ----------------------------------------------------------
 */

static bool has_size(enum effect_shape shape)
{
	return shape != EFFECT_COUNT && shape != EFFECT_TIME_BETWEEN;
}

static void add_row(const struct series_row *row, struct study *out)
{
	struct study_period *p = &out->periods[row->phase];
	const enum effect_shape shape = out->measure.shape;
	bool used = false;

	if (row->missing) {
		out->missing++;
		return;
	}
	if (effect_row_state(row, shape, &used) != EFFECT_FULL || !used) {
		return;
	}
	p->rows++;
	if (shape == EFFECT_TIME_BETWEEN) { /* so many events in these days */
		p->events += 1;
		p->of += row->numerator;
	} else {
		p->events += row->numerator;
		p->of += has_size(shape) ? row->denominator : 1;
	}
}

static void sum_periods(const struct series *s, struct study *out)
{
	struct study_period *p;
	size_t i;

	for (i = 0; i < s->n; i++) {
		add_row(&s->rows[i], out);
	}
	for (i = 0; i < STUDY_PHASES_N; i++) {
		p = &out->periods[i];
		if (out->measure.shape == EFFECT_TIME_BETWEEN) {
			p->has_value = p->events > 0;
			p->value = p->has_value ? p->of / p->events : 0;
		} else {
			p->has_value = p->of > 0;
			p->value = p->has_value ? p->events / p->of *
							  out->measure.per
						: 0;
		}
	}
}

/* The first month that is not before. */
static void find_start(const struct series *s, struct study *out)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->rows[i].phase != SERIES_BEFORE &&
		    (!out->has_start || s->rows[i].month < out->start_month)) {
			out->has_start = true;
			out->start_month = s->rows[i].month;
		}
	}
}

/* ---- rebases -------------------------------------------------------------
 */

static int compare_rebases(const void *a, const void *b)
{
	const struct study_rebase *x = a;
	const struct study_rebase *y = b;

	return (x->month > y->month) - (x->month < y->month);
}

/* Points of @c from @from on and before @to. */
static size_t points_between(const struct chart *c, int32_t from, int32_t to)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < c->n; i++) {
		n += c->points[i].month >= from && c->points[i].month < to;
	}
	return n;
}

/*
 * Those with enough points on each side, up to the change before and, after
 * it, up to the start or the end. @plain holds the points.
 */
static void choose_rebases(const struct chart *plain,
			   struct study_rebase *rebases, size_t n,
			   struct study *out, struct chart_how *how)
{
	int32_t from = INT32_MIN;
	int32_t month;
	int32_t to;
	size_t i;

	qsort(rebases, n, sizeof *rebases, compare_rebases);
	for (i = 0; i < n; i++) {
		month = rebases[i].month;
		if (out->has_start && month == out->start_month) {
			continue; /* it is one in any case */
		}
		if (out->has_start && out->start_month < month &&
		    out->start_month > from) {
			from = out->start_month;
		}
		to = out->has_start && out->start_month > month
			     ? out->start_month
			     : INT32_MAX;
		if (month == from) {
			continue;
		}
		if (points_between(plain, from, month) < STUDY_REBASE_POINTS ||
		    points_between(plain, month, to) < STUDY_REBASE_POINTS) {
			out->rebases_left++;
			continue;
		}
		how->rebases[how->rebases_n++] = month;
		out->rebases_n++;
		from = month;
	}
}

/* ---- the charts ----------------------------------------------------------
 */

static void make_how(const struct study *out, struct chart_how *how)
{
	*how = (struct chart_how){
		.type = out->measure.chart,
		.shape = out->measure.shape,
		.direction = out->measure.direction,
		.per = out->measure.per,
		.screened = true, /* as the peer does: docs/EVIDENCE.md */
		.has_target = out->measure.has_target,
		.target = out->measure.target,
	};
}

static size_t points_before(const struct chart *c)
{
	size_t n = 0;

	while (n < c->n && c->points[n].phase == SERIES_BEFORE) {
		n++;
	}
	return n;
}

/* @plain: one group, to count its points. */
static int make_charts(const struct series *s, const struct chart *plain,
		       struct study_rebase *rebases, size_t n,
		       struct study *out)
{
	struct chart_how how;
	int r = WEALD_OK;

	make_how(out, &how);
	if (out->measure.run_only) {
		return chart_make(s, &how, &out->rebased);
	}
	how.fix_after = points_before(plain);
	if (out->has_start && how.fix_after > 0) {
		r = chart_make(s, &how, &out->frozen);
	}
	if (r != WEALD_OK) {
		return r;
	}
	how.fix_after = 0;
	how.rebase_at_start = out->has_start;
	choose_rebases(plain, rebases, n, out, &how);
	return chart_make(s, &how, &out->rebased);
}

static void make_effects(const struct series *s, struct study *out)
{
	const struct effect none = { .state = EFFECT_TOO_EARLY };
	const enum effect_shape shape = out->measure.shape;

	out->own_trend = out->before_after = out->season = none;
	if (!out->measure.run_only) {
		effect_own_trend(s, shape, &out->own_trend);
		effect_before_after(s, shape, &out->before_after);
		effect_season(s, shape, &out->season);
	}
}

int study_make(const struct series *s, const struct study_measure *m,
	       const struct study_rebase *rebases, size_t rebases_n,
	       struct study *out)
{
	struct study_rebase sorted[REBASES_MAX];
	struct study made = { .measure = *m,
			      .frozen = { .state = CHART_TOO_FEW } };
	struct chart plain = { .n = 0 };
	struct chart_how how;
	int r;

	assert(rebases_n <= REBASES_MAX);
	if (rebases_n > 0) {
		memcpy(sorted, rebases, rebases_n * sizeof *sorted);
	}
	made.measure.per = per_of(m);
	if (!chart_fits(made.measure.chart, made.measure.shape)) {
		made.measure.chart = CHART_AUTO;
		made.chart_unfit = true;
	}
	find_start(s, &made);
	sum_periods(s, &made);
	make_how(&made, &how);
	r = chart_make(s, &how, &plain);
	if (r == WEALD_OK) {
		r = make_charts(s, &plain, sorted, rebases_n, &made);
	}
	chart_release(&plain);
	if (r != WEALD_OK) {
		study_release(&made);
		return r;
	}
	make_effects(s, &made);
	*out = made;
	return WEALD_OK;
}

void study_release(struct study *s)
{
	chart_release(&s->frozen);
	chart_release(&s->rebased);
}

/* The months of the dates in @record's field `rebase`. */
static size_t rebases_of(const struct record *record,
			 struct study_rebase out[REBASES_MAX])
{
	const struct value *list = record_get(record, "rebase");
	const struct value *date;
	int64_t days;
	size_t n = 0;
	size_t i;
	size_t k;

	if (list == NULL || list->type != VALUE_LIST) {
		return 0;
	}
	for (i = 0; i < list->n && n < REBASES_MAX; i++) {
		for (k = 0; k < list->items[i].n; k++) {
			date = &list->items[i].items[k];
			if (date->key != NULL && n < REBASES_MAX &&
			    strcmp(date->key, "date") == 0 && date->valid &&
			    date_parse(date->text, &days)) {
				out[n++].month = ((date->text[0] - '0') * 1000 +
						  (date->text[1] - '0') * 100 +
						  (date->text[2] - '0') * 10 +
						  (date->text[3] - '0') -
						  1970) * 12 +
						 (date->text[5] - '0') * 10 +
						 (date->text[6] - '0') - 1;
			}
		}
	}
	return n;
}

int study_record(const struct record *record, const struct series *s,
		 const struct study_measure *m, struct study *out)
{
	struct study_rebase rebases[REBASES_MAX] = { { .month = 0 } };
	const size_t n = rebases_of(record, rebases);

	return study_make(s, m, rebases, n, out);
}
