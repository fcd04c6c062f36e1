#include "store/evidence/chart_private.h"

#include <assert.h>
#include <math.h>

#include "store/evidence/anhoej.h"

/* XmR: 3 / d2 of two points, as tables have it. */
#define XMR_FACTOR 2.66
/* Mean moving range over standard deviation, of two points: d2. */
#define MOVING_D2 1.128
/* Times the mean moving range: the upper limit of moving ranges, D4. */
#define MOVING_MAX 3.267
/* y^(1/3.6) makes exponential times nearly normal (Nelson 1994). */
#define TIME_POWER 3.6

/* Centre and limits of one point. */
struct limits {
	double centre;
	double lower;
	double near_lower;
	double near_upper;
	double upper;
};

/* ---- sums ----------------------------------------------------------------
 * A mean of equal figures has to be that figure, or the rule of points on one
 * side of it would see signals in the last digit. So a sum is two numbers, the
 * second what rounding the first has lost (Knuth, The Art of Computer
 * Programming 2, 4.2.2, theorem B).
 */

struct sum {
	double high;
	double low;
};

static void sum_add(struct sum *s, double x)
{
	const double high = s->high + x;
	const double part = high - s->high;

	s->low += (s->high - (high - part)) + (x - part);
	s->high = high;
}

static double sum_value(const struct sum *s)
{
	return s->high + s->low;
}

static double sum_mean(const struct sum *s, size_t n)
{
	const double mean = s->high / (double)n;
	const double rest = fma(-mean, (double)n, s->high);

	return mean + (rest + s->low) / (double)n;
}

/* ---- moving ranges -------------------------------------------------------
 */

/*
 * The mean of the moving ranges of @n values; screened, of those below 3.267
 * times that mean. 0 for fewer than 2 values.
 */
static double moving_range(const double *values, size_t n, bool screened)
{
	struct sum sum = { 0, 0 };
	double mean;
	double range;
	size_t used = 0;
	size_t i;

	if (n < 2) {
		return 0;
	}
	for (i = 1; i < n; i++) {
		sum_add(&sum, fabs(values[i] - values[i - 1]));
	}
	mean = sum_mean(&sum, n - 1);
	if (!screened) {
		return mean;
	}
	sum = (struct sum){ 0, 0 };
	for (i = 1; i < n; i++) {
		range = fabs(values[i] - values[i - 1]);
		if (range < MOVING_MAX * mean) {
			sum_add(&sum, range);
			used++;
		}
	}
	/* none is below where all are 0 */
	return used == 0 ? 0 : sum_mean(&sum, used);
}

/* ---- the formulas --------------------------------------------------------
 */

static double mean_value(const struct chart_group *g)
{
	struct sum sum = { 0, 0 };
	size_t i;

	for (i = 0; i < g->basis; i++) {
		sum_add(&sum, g->points[i].value);
	}
	return sum_mean(&sum, g->basis);
}

/* All events of all that they are of: the centre of p, p', u and u'. */
static double overall(const struct chart_group *g)
{
	struct sum events = { 0, 0 };
	struct sum sizes = { 0, 0 };
	size_t i;

	for (i = 0; i < g->basis; i++) {
		sum_add(&events, g->points[i].numerator);
		sum_add(&sizes, g->points[i].size);
	}
	return sum_value(&events) / sum_value(&sizes);
}

/* @centre -/+ @reach, near limits at two thirds. */
static struct limits limits_about(double centre, double reach)
{
	struct limits l;

	l.centre = centre;
	l.lower = centre - reach;
	l.upper = centre + reach;
	l.near_lower = centre - 2 * reach / 3;
	l.near_upper = centre + 2 * reach / 3;
	return l;
}

static double within(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static void limits_clamp(struct limits *l, double low, double high)
{
	l->lower = within(l->lower, low, high);
	l->near_lower = within(l->near_lower, low, high);
	l->near_upper = within(l->near_upper, low, high);
	l->upper = within(l->upper, low, high);
}

static void point_limits(struct chart_point *p, const struct limits *l)
{
	p->has_limits = true;
	p->centre = l->centre;
	p->lower = l->lower;
	p->near_lower = l->near_lower;
	p->near_upper = l->near_upper;
	p->upper = l->upper;
}

static void same_limits(const struct chart_group *g, const struct limits *l)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		point_limits(&g->points[i], l);
	}
}

static void xmr(const struct chart_group *g, bool screened)
{
	double values[SERIES_ROWS_MAX];
	struct limits l;
	size_t i;

	for (i = 0; i < g->basis; i++) {
		values[i] = g->points[i].value;
	}
	l = limits_about(mean_value(g),
			 XMR_FACTOR * moving_range(values, g->basis, screened));
	same_limits(g, &l);
}

/* The standard deviation that chance alone gives @p: binomial or Poisson. */
static double chance(const struct chart_point *p, double centre,
		     bool proportion)
{
	const double variance = proportion ? centre * (1 - centre) : centre;

	return sqrt(variance / p->size);
}

/*
 * p and u, and with @prime p' and u' (Laney 2002): how much more the points
 * differ than chance alone makes them, by the moving ranges of z = (y - centre)
 * / sd, widens the limits or narrows them.
 */
static void by_size(const struct chart_group *g, bool proportion, bool prime,
		    bool screened)
{
	const double most = proportion ? 1 : HUGE_VAL;
	/* a sum's last digit must not make it more than all */
	const double centre = within(overall(g), 0, most);
	double z[SERIES_ROWS_MAX];
	struct limits l;
	double widen = 1;
	double sd;
	size_t i;

	for (i = 0; prime && i < g->basis; i++) {
		sd = chance(&g->points[i], centre, proportion);
		z[i] = sd > 0 ? (g->points[i].value - centre) / sd : 0;
	}
	if (prime) {
		widen = moving_range(z, g->basis, screened) / MOVING_D2;
	}
	for (i = 0; i < g->n; i++) {
		sd = chance(&g->points[i], centre, proportion);
		l = limits_about(centre, 3 * sd * widen);
		limits_clamp(&l, 0, most);
		point_limits(&g->points[i], &l);
	}
}

static void c(const struct chart_group *g)
{
	const double mean = mean_value(g);
	struct limits l = limits_about(mean, 3 * sqrt(mean));

	limits_clamp(&l, 0, HUGE_VAL);
	same_limits(g, &l);
}

static double median_value(const struct chart_group *g)
{
	double values[SERIES_ROWS_MAX];
	size_t i;

	for (i = 0; i < g->basis; i++) {
		values[i] = g->points[i].value;
	}
	return anhoej_median(values, g->basis);
}

/*
 * Geometric: so skew that half of the points lie below the median, not below
 * the mean; the limits are about the mean all the same. At least half of the
 * figures are as large as the median, so it is at most twice the mean, and the
 * upper limits are three and four times that at least.
 */
static void geometric(const struct chart_group *g)
{
	const double mean = mean_value(g);
	struct limits l = limits_about(mean, 3 * sqrt(mean * (mean + 1)));

	limits_clamp(&l, 0, HUGE_VAL);
	l.centre = median_value(g);
	same_limits(g, &l);
}

static double time_back(double x)
{
	return x > 0 ? pow(x, TIME_POWER) : 0;
}

static void time_between(const struct chart_group *g, bool screened)
{
	double values[SERIES_ROWS_MAX];
	struct sum sum = { 0, 0 };
	struct limits l;
	size_t i;

	for (i = 0; i < g->basis; i++) {
		values[i] = pow(g->points[i].value, 1 / TIME_POWER);
		sum_add(&sum, values[i]);
	}
	l = limits_about(sum_mean(&sum, g->basis),
			 3 * moving_range(values, g->basis, screened) /
				 MOVING_D2);
	l.lower = time_back(l.lower);
	l.near_lower = time_back(l.near_lower);
	l.centre = time_back(l.centre);
	l.near_upper = time_back(l.near_upper);
	l.upper = time_back(l.upper);
	same_limits(g, &l);
}

/* A centre line, and no limits. */
static void no_limits(const struct chart_group *g, double centre)
{
	const struct limits l = limits_about(centre, 0);
	size_t i;

	same_limits(g, &l);
	for (i = 0; i < g->n; i++) {
		g->points[i].has_limits = false;
	}
}

void chart_group_limits(const struct chart_group *g, enum chart_type type,
			bool screened)
{
	assert(g->n > 0 && g->basis > 0);
	assert(g->basis <= g->n && g->n <= SERIES_ROWS_MAX);
	if (type == CHART_RUN || g->basis < 2) {
		no_limits(g, median_value(g));
		return;
	}
	switch (type) {
	case CHART_XMR:
		xmr(g, screened);
		break;
	case CHART_P:
	case CHART_PP:
		by_size(g, true, type == CHART_PP, screened);
		break;
	case CHART_U:
	case CHART_UP:
		by_size(g, false, type == CHART_UP, screened);
		break;
	case CHART_C:
		c(g);
		break;
	case CHART_G:
		geometric(g);
		break;
	case CHART_T:
		time_between(g, screened);
		break;
	case CHART_RUN:
	case CHART_AUTO:
		assert(false && "not a chart with limits");
	}
}
