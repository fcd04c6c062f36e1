#include "store/evidence/effect.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "proto/err.h"
#include "store/evidence/distribution.h"
#include "store/evidence/regression.h"

/* Months that an estimate needs (docs/EVIDENCE.md, "How much is enough"). */
#define FULL_BEFORE_MIN  12u
#define FULL_AFTER_MIN   10u
#define SHORT_BEFORE_MIN 8u
#define SHORT_AFTER_MIN  6u

#define DAYS_A_MONTH 30.4375

/* Columns of the regression. */
enum column { ONE, AFTER, TIME, SINE, COSINE };
#define COLUMNS_PLAIN  2u
#define COLUMNS_TREND  3u
#define COLUMNS_SEASON 5u

/* To both periods, where one has no events (docs/EVIDENCE.md, "No events"). */
#define HALF_AN_EVENT 0.5

/* No series that means anything comes near: a ratio beyond has run off. */
#define RATIO_MAX 1e9
/* A logarithm this near 0 is nothing but rounding: the ratio is 1. */
#define ROUNDING 1e-12
/*
 * Squared residuals that are this small a share of what they are residuals of
 * are what rounding leaves of a fit: nine digits agree.
 */
#define ROUNDING_SQUARED 1e-18

/* The rows that are used, with what their sums say. */
struct points {
	struct regression_row rows[SERIES_ROWS_MAX];
	int32_t months[SERIES_ROWS_MAX];
	size_t n;
	double events[2]; /* sum of y before and after */
	double sizes[2];
	size_t months_n[2];
	size_t rows_n[2];
	enum effect_shape shape;
	enum effect_state
		state; /* of collecting them: EFFECT_FULL, or why not */
	bool half_added;
	/* Student's t by the number of columns, where its df is not 0 */
	struct {
		size_t df;
		double t;
	} quantiles[REGRESSION_COLUMNS_MAX + 1];
};

/* ---- which rows are used -------------------------------------------------
 */

static int compare_double(double a, double b)
{
	return (a > b) - (a < b);
}

/* By time; what is the same there, so that any order of rows gives one. */
static int compare_rows(const struct series_row *a, const struct series_row *b)
{
	int order;

	if (a->month != b->month) {
		return a->month < b->month ? -1 : 1;
	}
	if (a->day != b->day) {
		return a->day < b->day ? -1 : 1;
	}
	if (a->phase != b->phase) {
		return a->phase < b->phase ? -1 : 1;
	}
	order = compare_double(a->numerator, b->numerator);
	return order != 0 ? order
			  : compare_double(a->denominator, b->denominator);
}

/*
 * The rows by time. They nearly always are already, and then this is one walk;
 * insertion, as nothing may be allocated.
 */
static void sort_rows(const struct series *s, uint16_t order[SERIES_ROWS_MAX])
{
	size_t i;
	size_t k;

	for (i = 0; i < s->n; i++) {
		for (k = i; k > 0 && compare_rows(&s->rows[i],
						  &s->rows[order[k - 1]]) < 0;
		     k--) {
			order[k] = order[k - 1];
		}
		order[k] = (uint16_t)i;
	}
}

enum effect_state effect_row_state(const struct series_row *row,
				   enum effect_shape shape, bool *out_used)
{
	*out_used = false;
	if (!isfinite(row->numerator) || !isfinite(row->denominator)) {
		return EFFECT_NO_FIT;
	}
	if (shape != EFFECT_MEAN && row->numerator < 0) {
		return EFFECT_NO_FIT;
	}
	if (shape == EFFECT_COUNT || shape == EFFECT_TIME_BETWEEN) {
		*out_used = true;
		return EFFECT_FULL;
	}
	if (row->denominator <= 0) {
		/* nobody was at risk, and nothing happened: it says nothing */
		return row->numerator == 0 ? EFFECT_FULL
					   : EFFECT_NO_DENOMINATOR;
	}
	if (shape == EFFECT_PROPORTION && row->numerator > row->denominator) {
		return EFFECT_OVER;
	}
	*out_used = true;
	return EFFECT_FULL;
}

static void points_add(struct points *p, const struct series_row *row)
{
	const enum effect_shape shape = p->shape;
	struct regression_row *point = &p->rows[p->n];
	size_t period = row->phase == SERIES_AFTER ? 1 : 0;

	point->x[ONE] = 1;
	point->x[AFTER] = (double)period;
	point->y = row->numerator;
	point->size = 1;
	if (shape == EFFECT_RATE || shape == EFFECT_PROPORTION ||
	    shape == EFFECT_MEAN) {
		point->size = row->denominator;
	}
	p->events[period] += point->y;
	p->sizes[period] += point->size;
	if (shape == EFFECT_MEAN) {
		point->y /= point->size;
	}
	if (p->n == 0 || p->months[p->n - 1] != row->month ||
	    p->rows[p->n - 1].x[AFTER] != point->x[AFTER]) {
		p->months_n[period]++;
	}
	p->rows_n[period]++;
	p->months[p->n] = row->month;
	p->n++;
}

/* The columns of time, from the middle so that they are small. */
static void points_place(struct points *p, bool season)
{
	double middle;
	double t;
	size_t i;

	if (p->n == 0) {
		return;
	}
	middle = ((double)p->months[0] + (double)p->months[p->n - 1]) / 2;
	for (i = 0; i < p->n; i++) {
		t = (double)p->months[i];
		p->rows[i].x[TIME] = t - middle;
		if (season) {
			t = (double)(p->months[i] % 12) * acos(-1) / 6;
			p->rows[i].x[SINE] = sin(t);
			p->rows[i].x[COSINE] = cos(t);
		}
	}
}

/*
 * Take the rows of @s, by time in @order, that are neither transition nor
 * missing. Of time-between a row is a gap, and the one that reaches over from
 * one phase into the next belongs to neither.
 */
static enum effect_state points_take(struct points *p, const struct series *s,
				     const uint16_t order[SERIES_ROWS_MAX])
{
	const struct series_row *last = NULL;
	const struct series_row *row;
	enum effect_state state;
	bool crosses;
	bool used;
	size_t i;

	for (i = 0; i < s->n; i++) {
		row = &s->rows[order[i]];
		crosses = last != NULL && last->phase != row->phase;
		last = row;
		if (row->missing || row->phase == SERIES_TRANSITION ||
		    (p->shape == EFFECT_TIME_BETWEEN && crosses)) {
			continue;
		}
		state = effect_row_state(row, p->shape, &used);
		if (state != EFFECT_FULL) {
			return state;
		}
		if (used) {
			points_add(p, row);
		}
	}
	return EFFECT_FULL;
}

/* ---- is it enough --------------------------------------------------------
 */

/* Whole months of @days; a bound so that it fits. */
static size_t whole_months(double days)
{
	double months = days / DAYS_A_MONTH;

	return months < 1e6 ? (size_t)months : 1000000u;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * A few events over many months are few figures all the same: each period
 * needs as many rows as months.
 */
static enum effect_state points_enough(const struct points *p, size_t columns,
				       const struct effect *e)
{
	const size_t before = least(e->months_before, p->rows_n[0]);
	const size_t after = least(e->months_after, p->rows_n[1]);

	if (before < SHORT_BEFORE_MIN || after < SHORT_AFTER_MIN) {
		return EFFECT_TOO_EARLY;
	}
	if (columns == COLUMNS_SEASON && p->n < EFFECT_SEASON_POINTS_MIN) {
		return EFFECT_TOO_EARLY;
	}
	if (p->events[0] == 0 || p->events[1] == 0) {
		return EFFECT_NO_EVENTS;
	}
	return before >= FULL_BEFORE_MIN && after >= FULL_AFTER_MIN
		       ? EFFECT_FULL
		       : EFFECT_SHORT;
}

/*
 * No event before or none after has no ratio, and may be the best result there
 * is. Half an event for each period, over its months as those at risk are:
 * without a trend that is the usual correction, with one the same of the
 * regression. True where it was needed.
 */
static bool points_add_half(struct points *p)
{
	size_t period;
	double half;
	size_t i;

	if (p->shape == EFFECT_MEAN || p->shape == EFFECT_TIME_BETWEEN ||
	    (p->events[0] == 0) == (p->events[1] == 0) || p->rows_n[0] == 0 ||
	    p->rows_n[1] == 0) {
		return false;
	}
	for (i = 0; i < p->n; i++) {
		period = p->rows[i].x[AFTER] > 0 ? 1 : 0;
		half = HALF_AN_EVENT * p->rows[i].size / p->sizes[period];
		p->rows[i].y += half;
		/* of a proportion to those without the event, too */
		p->rows[i].size += p->shape == EFFECT_PROPORTION ? 2 * half : 0;
	}
	for (period = 0; period < 2; period++) {
		p->events[period] += HALF_AN_EVENT;
		p->sizes[period] +=
			p->shape == EFFECT_PROPORTION ? 2 * HALF_AN_EVENT : 0;
	}
	return true;
}

/* ---- the estimate --------------------------------------------------------
 */

static enum regression_family family_of(enum effect_shape shape)
{
	switch (shape) {
	case EFFECT_MEAN:
		return REGRESSION_NORMAL;
	case EFFECT_TIME_BETWEEN:
		return REGRESSION_GAMMA;
	case EFFECT_RATE:
	case EFFECT_PROPORTION:
	case EFFECT_COUNT:
		break;
	}
	return REGRESSION_POISSON;
}

/* The least phi may be: what chance alone makes of events. */
static double phi_floor(const struct points *p)
{
	switch (p->shape) {
	case EFFECT_PROPORTION:
		return 1 - (p->events[0] + p->events[1]) /
				   (p->sizes[0] + p->sizes[1]);
	case EFFECT_MEAN:
		return 0; /* their scatter is all that is known */
	case EFFECT_RATE:
	case EFFECT_COUNT:
	case EFFECT_TIME_BETWEEN:
		break;
	}
	return 1;
}

/*
 * Are the residuals nothing but rounding? Held against what they would be if
 * nothing were fitted, in their own unit, so that the figures' changes nothing.
 */
static bool is_rounding(const struct points *p)
{
	const enum regression_family family = family_of(p->shape);
	const struct regression_row *row;
	double squares = 0;
	double all = 0;
	size_t i;

	for (i = 0; i < p->n; i++) {
		row = &p->rows[i];
		squares += row->residual * row->residual;
		all += family == REGRESSION_POISSON ? row->fitted
		       : family == REGRESSION_GAMMA
			       ? 1
			       : row->size * row->y * row->y;
	}
	return squares <= ROUNDING_SQUARED * all;
}

/* Of neighbours in time; 0 where there is no scatter. */
static double lag1(const struct points *p)
{
	double pairs = 0;
	double squares = 0;
	size_t i;

	if (is_rounding(p)) {
		return 0;
	}

	for (i = 0; i < p->n; i++) {
		squares += p->rows[i].residual * p->rows[i].residual;
		if (i > 0) {
			pairs += p->rows[i - 1].residual * p->rows[i].residual;
		}
	}
	return squares > 0 ? pairs / squares : 0;
}

/*
 * Means: the mean of the months after, over what the model without the step
 * says of the same months. The variance of its logarithm by the delta method:
 * g' V g with g = mean x / after - expected x / expected.
 */
static bool ratio_of_means(const struct points *p, const struct regression *fit,
			   size_t columns, double *out_log,
			   double *out_variance)
{
	double x[REGRESSION_COLUMNS_MAX] = { 0 };
	double g[REGRESSION_COLUMNS_MAX];
	double after = 0;
	double expected;
	double variance = 0;
	size_t i;
	size_t j;

	for (i = 0; i < p->n; i++) {
		for (j = 0; j < columns; j++) {
			x[j] += p->rows[i].x[AFTER] * p->rows[i].size *
				p->rows[i].x[j] / p->sizes[1];
		}
	}
	for (j = 0; j < columns; j++) {
		after += x[j] * fit->beta[j];
	}
	expected = after - fit->beta[AFTER];
	if (!(after > 0 && expected > 0)) {
		return false;
	}
	for (j = 0; j < columns; j++) {
		g[j] = x[j] / after - (j == AFTER ? 0 : x[j]) / expected;
	}
	for (i = 0; i < columns; i++) {
		for (j = 0; j < columns; j++) {
			variance += g[i] * fit->variance[i][j] * g[j];
		}
	}
	*out_log = log(after / expected);
	*out_variance = variance > 0 ? variance : 0;
	return true;
}

/* As effect_set(), with Student's @t of @df. */
static bool set_with(struct effect *e, double log_ratio, double variance,
		     size_t df, double t)
{
	double half = t * sqrt(variance);

	if (!(fabs(log_ratio) + half < log(RATIO_MAX))) {
		return false; /* NaN too */
	}
	if (fabs(log_ratio) < ROUNDING) {
		log_ratio = 0;
	}
	e->log_ratio = log_ratio;
	e->variance = variance;
	e->df = df;
	e->ratio = exp(log_ratio);
	e->low = exp(log_ratio - half);
	e->high = exp(log_ratio + half);
	return true;
}

bool effect_set(struct effect *e, double log_ratio, double variance, size_t df)
{
	return set_with(e, log_ratio, variance, df,
			student_quantile(0.975, (double)df));
}

/*
 * How much more the rows differ than chance makes them. Months without any
 * event do not differ: where half an event was added, the other period says.
 */
static double points_phi(const struct points *p, const struct regression *fit,
			 size_t columns)
{
	const size_t period = p->events[1] > p->events[0] ? 1 : 0;
	double chi2 = 0;
	size_t i;

	if (!p->half_added) {
		return fit->chi2 / (double)(p->n - columns);
	}
	for (i = 0; i < p->n; i++) {
		if ((p->rows[i].x[AFTER] > 0) == (period == 1)) {
			chi2 += p->rows[i].residual * p->rows[i].residual;
		}
	}
	/* the step is not among what that period's rows decide */
	return chi2 / (double)(p->rows_n[period] - (columns - 1));
}

/* Student's t of the fit; looked up but once for the same. */
static double points_t(struct points *p, size_t columns)
{
	const size_t df = p->n - columns;

	if (p->quantiles[columns].df != df) {
		p->quantiles[columns].df = df;
		p->quantiles[columns].t = student_quantile(0.975, (double)df);
	}
	return p->quantiles[columns].t;
}

/* EFFECT_FULL with an estimate, or why there is none. */
static enum effect_state points_fit(struct points *p, size_t columns,
				    struct effect *e)
{
	struct regression fit;
	double log_ratio;
	double variance;
	double phi;

	if (regression_fit(family_of(p->shape), p->rows, p->n, columns, &fit) !=
	    WEALD_OK) {
		return EFFECT_NO_FIT;
	}
	phi = fmax(points_phi(p, &fit, columns), phi_floor(p));
	log_ratio = fit.beta[AFTER];
	variance = fit.variance[AFTER][AFTER];
	if (p->shape == EFFECT_TIME_BETWEEN) {
		log_ratio = -log_ratio; /* of events, not of gaps */
	}
	if (p->shape == EFFECT_MEAN &&
	    !ratio_of_means(p, &fit, columns, &log_ratio, &variance)) {
		return EFFECT_NO_FIT;
	}
	if ((p->shape == EFFECT_MEAN && is_rounding(p)) ||
	    phi * variance < EFFECT_VARIANCE_MIN) {
		return EFFECT_NO_SCATTER;
	}
	if (!set_with(e, log_ratio, phi * variance, p->n - columns,
		      points_t(p, columns))) {
		return EFFECT_NO_FIT;
	}
	e->phi = phi;
	e->lag1 = lag1(p);
	return EFFECT_FULL;
}

/* The effect of what was collected. */
static void points_estimate(struct points *p, size_t columns,
			    struct effect *out)
{
	enum effect_state fitted = EFFECT_FULL;

	memset(out, 0, sizeof *out);
	out->state = p->state;
	out->months_before = p->months_n[0];
	out->months_after = p->months_n[1];
	if (out->state != EFFECT_FULL) {
		return;
	}
	if (p->shape == EFFECT_TIME_BETWEEN) {
		out->months_before = whole_months(p->events[0]);
		out->months_after = whole_months(p->events[1]);
	}
	out->state = points_enough(p, columns, out);
	if (effect_has_estimate(out)) {
		fitted = points_fit(p, columns, out);
	}
	if (fitted != EFFECT_FULL) {
		out->state = fitted;
	}
	out->half_added = p->half_added && (out->state == EFFECT_FULL ||
					    out->state == EFFECT_SHORT);
}

/* ---- what others call ----------------------------------------------------
 */

/* Room for all estimates of one series, with its rows by time. */
struct estimates {
	const struct series *series;
	uint16_t order[SERIES_ROWS_MAX];
	struct points points;
};

static void estimates_begin(struct estimates *e, const struct series *s)
{
	e->series = s;
	memset(e->points.quantiles, 0, sizeof e->points.quantiles);
	if (s->n <= SERIES_ROWS_MAX) {
		sort_rows(s, e->order);
	}
}

/* Collect the points as those of @shape. */
static void estimates_collect(struct estimates *e, enum effect_shape shape,
			      bool season)
{
	struct points *p = &e->points;

	p->n = 0;
	p->shape = shape;
	p->half_added = false;
	memset(p->events, 0, sizeof p->events);
	memset(p->sizes, 0, sizeof p->sizes);
	memset(p->months_n, 0, sizeof p->months_n);
	memset(p->rows_n, 0, sizeof p->rows_n);
	p->state = e->series->n > SERIES_ROWS_MAX
			   ? EFFECT_NO_FIT
			   : points_take(p, e->series, e->order);
	if (p->state == EFFECT_FULL) {
		points_place(p, season);
		p->half_added = points_add_half(p);
	}
}

static void estimate(const struct series *s, enum effect_shape shape,
		     size_t columns, struct effect *out)
{
	struct estimates e;

	estimates_begin(&e, s);
	estimates_collect(&e, shape, columns == COLUMNS_SEASON);
	points_estimate(&e.points, columns, out);
}

void effect_own_trend(const struct series *s, enum effect_shape shape,
		      struct effect *out)
{
	estimate(s, shape, COLUMNS_TREND, out);
}

void effect_season(const struct series *s, enum effect_shape shape,
		   struct effect *out)
{
	estimate(s, shape, COLUMNS_SEASON, out);
}

void effect_before_after(const struct series *s, enum effect_shape shape,
			 struct effect *out)
{
	estimate(s, shape, COLUMNS_PLAIN, out);
}

void effect_all_shapes(const struct series *s,
		       struct effect own_trend[EFFECT_SHAPES_N],
		       struct effect before_after[EFFECT_SHAPES_N])
{
	struct estimates e;
	size_t i;

	estimates_begin(&e, s);
	for (i = 0; i < EFFECT_SHAPES_N; i++) {
		estimates_collect(&e, (enum effect_shape)i, false);
		points_estimate(&e.points, COLUMNS_TREND, &own_trend[i]);
		points_estimate(&e.points, COLUMNS_PLAIN, &before_after[i]);
	}
}

bool effect_has_estimate(const struct effect *e)
{
	return e->state == EFFECT_FULL || e->state == EFFECT_SHORT;
}

const char *effect_state_name(enum effect_state state)
{
	switch (state) {
	case EFFECT_FULL:
		return "full";
	case EFFECT_SHORT:
		return "short";
	case EFFECT_TOO_EARLY:
		return "too-early";
	case EFFECT_NO_DENOMINATOR:
		return "no-denominator";
	case EFFECT_OVER:
		return "over";
	case EFFECT_NO_EVENTS:
		return "no-events";
	case EFFECT_NO_SCATTER:
		return "no-scatter";
	case EFFECT_NO_FIT:
		break;
	}
	return "no-fit";
}

enum effect_verdict effect_verdict(const struct effect *e)
{
	if (e->state != EFFECT_FULL && e->state != EFFECT_SHORT) {
		return EFFECT_UNKNOWN;
	}
	if (e->high < 1) {
		return EFFECT_IMPROVED;
	}
	return e->low > 1 ? EFFECT_WORSE : EFFECT_UNCLEAR;
}
