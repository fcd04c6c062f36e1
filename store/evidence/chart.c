#include "store/evidence/chart.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence/chart_private.h"

/* What chart_choose() asks for. */
#define CHOOSE_POINTS_MIN 10u
#define CHOOSE_EVENTS_MIN 5.0
#define CHOOSE_SIZES_MAX  2.0

/* Figures that agree to so much are the same figure, computed another way. */
#define ROUNDING 1e-12

#define BIT(x) (1u << (unsigned)(x))

/* ---- names ---------------------------------------------------------------
 */

static const char *const type_names[] = {
	[CHART_XMR] = "xmr",   [CHART_RUN] = "run", [CHART_P] = "p",
	[CHART_PP] = "pp",     [CHART_U] = "u",     [CHART_UP] = "up",
	[CHART_C] = "c",       [CHART_G] = "g",     [CHART_T] = "t",
	[CHART_AUTO] = "auto",
};

const char *chart_type_name(enum chart_type type)
{
	return type_names[type];
}

bool chart_type_of(const char *name, enum chart_type *out)
{
	unsigned i;

	for (i = 0; i < CHART_TYPES_N; i++) {
		if (strcmp(type_names[i], name) == 0) {
			*out = (enum chart_type)i;
			return true;
		}
	}
	return false;
}

const char *chart_state_name(enum chart_state state)
{
	static const char *const names[] = {
		[CHART_FULL] = "full",
		[CHART_TRIAL] = "trial",
		[CHART_TOO_FEW] = "too-few",
		[CHART_NO_DENOMINATOR] = "no-denominator",
		[CHART_OVER] = "over",
		[CHART_NO_VALUE] = "no-value",
		[CHART_UNFIT] = "unfit",
	};

	return names[state];
}

const char *chart_signal_name(enum chart_signal signal)
{
	static const char *const names[] = {
		[CHART_COMMON] = "common",
		[CHART_OUTSIDE] = "outside",
		[CHART_TREND] = "trend",
		[CHART_TWO_IN_THREE] = "two-in-three",
		[CHART_SHIFT] = "shift",
	};

	return names[signal];
}

const char *chart_variation_name(enum chart_variation variation)
{
	static const char *const names[] = {
		[CHART_VARIATION_NONE] = "none",
		[CHART_VARIATION_COMMON] = "common",
		[CHART_VARIATION_IMPROVEMENT] = "improvement",
		[CHART_VARIATION_CONCERN] = "concern",
		[CHART_VARIATION_NEITHER] = "neither",
	};

	return names[variation];
}

const char *chart_assurance_name(enum chart_assurance assurance)
{
	static const char *const names[] = {
		[CHART_ASSURANCE_NONE] = "none",
		[CHART_ASSURANCE_PASS] = "pass",
		[CHART_ASSURANCE_FAIL] = "fail",
		[CHART_ASSURANCE_HIT_OR_MISS] = "hit-or-miss",
	};

	return names[assurance];
}

bool chart_fits(enum chart_type type, enum effect_shape shape)
{
	static const unsigned shapes[] = {
		[CHART_P] = BIT(EFFECT_PROPORTION),
		[CHART_PP] = BIT(EFFECT_PROPORTION),
		[CHART_U] = BIT(EFFECT_RATE) | BIT(EFFECT_PROPORTION) |
			    BIT(EFFECT_COUNT),
		[CHART_UP] = BIT(EFFECT_RATE) | BIT(EFFECT_PROPORTION) |
			     BIT(EFFECT_COUNT),
		[CHART_C] = BIT(EFFECT_COUNT),
		[CHART_G] = BIT(EFFECT_TIME_BETWEEN) | BIT(EFFECT_COUNT),
		[CHART_T] = BIT(EFFECT_TIME_BETWEEN),
	};

	if (type == CHART_XMR || type == CHART_RUN || type == CHART_AUTO) {
		return true;
	}
	return (shapes[type] & BIT(shape)) != 0;
}

double chart_per_usual(enum effect_shape shape)
{
	return shape == EFFECT_PROPORTION ? 100 : 1;
}

/* ---- points --------------------------------------------------------------
 */

/* Is the figure of something, its denominator? */
static bool has_size(enum effect_shape shape)
{
	return shape != EFFECT_COUNT && shape != EFFECT_TIME_BETWEEN;
}

/* A figure within what can be computed with; of means also below 0. */
static bool is_figure(double x, enum effect_shape shape)
{
	return x <= CHART_FIGURE_MAX &&
	       x >= (shape == EFFECT_MEAN ? -CHART_FIGURE_MAX : 0);
}

/*
 * The point of a row, per 1. CHART_FULL and @out_used, or what is wrong with
 * it; a row that says nothing is not used.
 */
static enum chart_state point_of(const struct series_row *row,
				 enum effect_shape shape,
				 struct chart_point *out, bool *out_used)
{
	*out_used = false;
	if (row->missing) {
		return CHART_FULL;
	}
	if (!is_figure(row->numerator, shape)) {
		return CHART_NO_VALUE;
	}
	memset(out, 0, sizeof *out);
	out->month = row->month;
	out->day = row->day;
	out->phase = row->phase;
	out->numerator = row->numerator + 0.0; /* no -0 */
	out->size = 1;
	if (has_size(shape)) {
		if (!isfinite(row->denominator)) {
			return CHART_NO_VALUE;
		}
		if (row->denominator <= 0) {
			/* nobody was at risk, and nothing happened */
			return row->numerator != 0 ? CHART_NO_DENOMINATOR
						   : CHART_FULL;
		}
		out->size = row->denominator;
	}
	if (shape == EFFECT_PROPORTION && out->numerator > out->size) {
		return CHART_OVER;
	}
	out->value = out->numerator / out->size;
	if (out->size < CHART_SIZE_MIN || out->size > CHART_FIGURE_MAX ||
	    fabs(out->value) > CHART_FIGURE_MAX) {
		return CHART_NO_VALUE;
	}
	*out_used = true;
	return CHART_FULL;
}

static int compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

/* By time; what is the same there, so that any order of rows gives one. */
static int compare_points(const void *a, const void *b)
{
	const struct chart_point *x = a;
	const struct chart_point *y = b;
	int order;

	if (x->month != y->month) {
		return x->month < y->month ? -1 : 1;
	}
	if (x->day != y->day) {
		return x->day < y->day ? -1 : 1;
	}
	if (x->phase != y->phase) {
		return x->phase < y->phase ? -1 : 1;
	}
	order = compare_numbers(x->numerator, y->numerator);
	return order != 0 ? order : compare_numbers(x->size, y->size);
}

static void sort_points(struct chart_point *points, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (compare_points(&points[i - 1], &points[i]) > 0) {
			qsort(points, n, sizeof *points, compare_points);
			return;
		}
	}
}

/* The points of @s into @points, which has room; per 1, by time. */
static enum chart_state collect(const struct series *s, enum effect_shape shape,
				struct chart_point *points, size_t *out_n)
{
	enum chart_state state;
	size_t n = 0;
	size_t i;
	bool used;

	for (i = 0; i < s->n; i++) {
		state = point_of(&s->rows[i], shape, &points[n], &used);
		if (state != CHART_FULL) {
			return state;
		}
		n += used;
	}
	sort_points(points, n);
	*out_n = n;
	return CHART_FULL;
}

/* ---- groups --------------------------------------------------------------
 */

/* Does a group begin with @p, which follows @last? */
static bool begins_group(const struct chart_how *how,
			 const struct chart_point *last,
			 const struct chart_point *p)
{
	size_t i;

	if (how->fix_after > 0) {
		return false;
	}
	if (how->rebase_at_start && last->phase == SERIES_BEFORE &&
	    p->phase != SERIES_BEFORE) {
		return true;
	}
	for (i = 0; i < how->rebases_n; i++) {
		if (last->month < how->rebases[i] &&
		    how->rebases[i] <= p->month) {
			return true;
		}
	}
	return false;
}

static double largest(const struct chart_point *points, size_t n)
{
	double largest = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		largest = fmax(largest, fabs(points[i].value));
	}
	return largest;
}

/* All of the group of @n points that begins with @points[0]. */
static void chart_group(struct chart *c, const struct chart_how *how,
			struct chart_point *points, size_t n)
{
	struct chart_group g;
	bool trial;
	size_t i;

	g.points = points;
	g.n = n;
	g.basis = n;
	if (how->fix_after > 0 && how->fix_after < n) {
		g.basis = how->fix_after;
	}
	g.rounding = ROUNDING * largest(points, n);
	trial = c->type != CHART_RUN &&
		(n < CHART_GROUP_MIN || g.basis < CHART_FIXED_MIN);
	for (i = 0; i < n; i++) {
		points[i].group = c->groups;
		points[i].trial = trial;
	}
	chart_group_limits(&g, c->type, how->screened);
	chart_group_rules(&g, &c->rules);
	if (trial) {
		c->state = CHART_TRIAL;
	}
	c->groups++;
}

static void chart_groups(struct chart *c, const struct chart_how *how)
{
	size_t first = 0;
	size_t i;

	for (i = 1; i <= c->n; i++) {
		if (i == c->n ||
		    begins_group(how, &c->points[i - 1], &c->points[i])) {
			chart_group(c, how, &c->points[first], i - first);
			first = i;
		}
	}
}

/* ---- what it says --------------------------------------------------------
 */

static void second_opinion(struct chart *c)
{
	double values[SERIES_ROWS_MAX];
	size_t i;

	for (i = 0; i < c->n; i++) {
		values[i] = c->points[i].value;
	}
	anhoej(values, c->n, &c->anhoej);
}

static void to_unit(struct chart_point *p, double per)
{
	p->value = p->numerator * per / p->size;
	p->centre *= per;
	p->lower *= per;
	p->near_lower *= per;
	p->near_upper *= per;
	p->upper *= per;
}

/* Of time-between longer is better, whichever way it is put. */
static enum chart_direction better(const struct chart_how *how)
{
	if (how->shape == EFFECT_TIME_BETWEEN &&
	    how->direction == CHART_DECREASE) {
		return CHART_INCREASE;
	}
	return how->direction;
}

static enum chart_variation variation(const struct chart_point *last,
				      enum chart_direction direction)
{
	if (!last->has_limits) {
		return CHART_VARIATION_NONE;
	}
	if (last->signal == CHART_COMMON) {
		return CHART_VARIATION_COMMON;
	}
	if (direction == CHART_NEUTRAL) {
		return CHART_VARIATION_NEITHER;
	}
	return last->above == (direction == CHART_INCREASE)
		       ? CHART_VARIATION_IMPROVEMENT
		       : CHART_VARIATION_CONCERN;
}

static enum chart_assurance assurance(const struct chart_point *last,
				      enum chart_direction direction,
				      double target)
{
	const double rounding =
		ROUNDING * fmax(fabs(last->lower), fabs(last->upper));
	bool over;

	if (!last->has_limits || direction == CHART_NEUTRAL ||
	    !isfinite(target)) {
		return CHART_ASSURANCE_NONE;
	}
	over = target - last->upper > rounding;
	if (!over && !(last->lower - target > rounding)) {
		return CHART_ASSURANCE_HIT_OR_MISS;
	}
	/* a target out of reach above fails what is to go up */
	return over == (direction == CHART_INCREASE) ? CHART_ASSURANCE_FAIL
						     : CHART_ASSURANCE_PASS;
}

static void conclude(struct chart *c, const struct chart_how *how, double per)
{
	const struct chart_point *last = &c->points[c->n - 1];
	const enum chart_direction direction = better(how);
	size_t i;

	second_opinion(c);
	c->anhoej.median *= per;
	for (i = 0; i < c->n; i++) {
		to_unit(&c->points[i], per);
	}
	c->variation = variation(last, direction);
	c->high = last->above;
	if (how->has_target) {
		c->assurance = assurance(last, direction, how->target);
	}
}

/* ---- charts --------------------------------------------------------------
 */

/* Two points at least; and to have limits, two of one group. */
static bool is_enough(const struct chart *c)
{
	size_t i;

	if (c->type == CHART_RUN) {
		return c->n >= 2;
	}
	for (i = 0; i < c->n; i++) {
		if (c->points[i].has_limits) {
			return true;
		}
	}
	return false;
}

/* Compute @c, whose points have room for all rows of @s. */
static enum chart_state compute(struct chart *c, const struct series *s,
				const struct chart_how *how)
{
	const double per = how->per == 0 ? 1 : how->per;
	enum chart_state state;

	if (!chart_fits(c->type, how->shape)) {
		return CHART_UNFIT;
	}
	if (s->n > SERIES_ROWS_MAX || !(per > 0) || per > CHART_PER_MAX) {
		return CHART_NO_VALUE;
	}
	state = collect(s, how->shape, c->points, &c->n);
	if (state != CHART_FULL || c->n == 0) {
		return state == CHART_FULL ? CHART_TOO_FEW : state;
	}
	chart_groups(c, how);
	conclude(c, how, per);
	return is_enough(c) ? c->state : CHART_TOO_FEW;
}

int chart_make(const struct series *s, const struct chart_how *how,
	       struct chart *out)
{
	struct chart c = { 0 };

	assert(how->rebases_n <= CHART_REBASES_MAX);
	c.type = how->type == CHART_AUTO ? chart_choose(s, how->shape)
					 : how->type;
	c.rules =
		how->rules != NULL ? *how->rules : *chart_rules_of(CHART_RULES);
	if (s->n > 0 && s->n <= SERIES_ROWS_MAX) {
		c.points = malloc(s->n * sizeof *c.points);
		if (c.points == NULL) {
			return WEALD_NOMEM;
		}
	}
	c.state = compute(&c, s, how);
	if (c.n == 0) {
		chart_release(&c);
	}
	*out = c;
	return WEALD_OK;
}

void chart_release(struct chart *c)
{
	if (c != NULL) {
		free(c->points);
		c->points = NULL;
		c->n = 0;
	}
}

/* ---- which ---------------------------------------------------------------
 */

enum chart_type chart_choose(const struct series *s, enum effect_shape shape)
{
	struct chart_point p;
	double events = 0;
	double least = HUGE_VAL;
	double most = 0;
	size_t n = 0;
	size_t i;
	bool used;

	for (i = 0; i < s->n; i++) {
		if (point_of(&s->rows[i], shape, &p, &used) != CHART_FULL) {
			return CHART_XMR; /* which will say what is wrong */
		}
		if (used) {
			n++;
			events += p.numerator;
			least = fmin(least, p.size);
			most = fmax(most, p.size);
		}
	}
	if (n < CHOOSE_POINTS_MIN) {
		return CHART_RUN;
	}
	if (shape == EFFECT_TIME_BETWEEN) {
		return CHART_T;
	}
	if (shape == EFFECT_MEAN) {
		return CHART_XMR;
	}
	if (events < CHOOSE_EVENTS_MIN * (double)n) {
		return CHART_RUN;
	}
	if (most > CHOOSE_SIZES_MAX * least) {
		return shape == EFFECT_PROPORTION ? CHART_PP : CHART_UP;
	}
	return CHART_XMR;
}
