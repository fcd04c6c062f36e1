/*
 * What the parts of chart share: chart.c takes the points and says what they
 * come to, chart_limits.c computes the limits of a group, chart_rules.c the
 * signals in it. All three work on points per 1; chart.c multiplies at the end.
 */
#ifndef WEALD_STORE_EVIDENCE_CHART_PRIVATE_H
#define WEALD_STORE_EVIDENCE_CHART_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/evidence/chart.h"

/* Figures beyond are refused, so that nothing computed of them can overflow. */
#define CHART_FIGURE_MAX 1e60
#define CHART_SIZE_MIN   1e-60
#define CHART_PER_MAX    1e12

/* The points between two rebases. */
struct chart_group {
	struct chart_point *points;
	size_t n;     /* at least 1 */
	size_t basis; /* the limits are computed of the first so many, <= n */
	/* differences up to this are rounding, not differences */
	double rounding;
};

/* Fill in centre, limits, has_limits of every point. */
void chart_group_limits(const struct chart_group *g, enum chart_type type,
			bool screened);

/* Fill in side, near, signal, above. The limits are there. */
void chart_group_rules(const struct chart_group *g,
		       const struct chart_rules *rules);

#endif
