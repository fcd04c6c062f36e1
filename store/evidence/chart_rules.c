#include "store/evidence/chart_private.h"

#include <string.h>

/*
 * The named sets. Each has the same four rules: outside the limits, shift,
 * trend, and two in three as NHSRplotthedots has them; they differ in two
 * lengths alone. Sets of others that differ in more are not here.
 */
static const struct chart_rules sets[] = {
	{ CHART_RULES, 7, 7 },
	{ "6-6", 6, 6 },
	{ "8-6", 8, 6 },
};

const struct chart_rules *chart_rules_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof sets / sizeof *sets; i++) {
		if (strcmp(sets[i].name, name) == 0) {
			return &sets[i];
		}
	}
	return NULL;
}

/* 1 where @a is above @b, -1 below, 0 where they are the same. */
static int compare(const struct chart_group *g, double a, double b)
{
	if (a - b > g->rounding) {
		return 1;
	}
	return b - a > g->rounding ? -1 : 0;
}

/* A label for @p, unless it has one: the rules come in their order. */
static void label(struct chart_point *p, enum chart_signal signal, bool above)
{
	if (p->signal == CHART_COMMON) {
		p->signal = signal;
		p->above = above;
	}
}

static void label_all(struct chart_point *points, size_t n,
		      enum chart_signal signal, bool above)
{
	size_t i;

	for (i = 0; i < n; i++) {
		label(&points[i], signal, above);
	}
}

static void place(const struct chart_group *g, struct chart_point *p)
{
	const bool over = compare(g, p->value, p->upper) > 0;
	const bool outside = over || compare(g, p->value, p->lower) < 0;

	p->near = !outside && (compare(g, p->value, p->near_upper) > 0 ||
			       compare(g, p->value, p->near_lower) < 0);
	if (outside) {
		label(p, CHART_OUTSIDE, over);
	}
}

/*
 * @length points and more, each further up than the one before, or each further
 * down. Where one trend turns into another, the point between belongs to both
 * and is labelled by the later one; so the last comes first.
 */
static void trends(const struct chart_group *g, size_t length)
{
	size_t last = g->n - 1; /* of the points that go one way */
	int way = 0;            /* from the point at hand to the next */
	int step;
	size_t i;

	for (i = g->n - 1; i > 0; i--) {
		step = compare(g, g->points[i].value, g->points[i - 1].value);
		if (step != way) {
			last = i;
			way = step;
		}
		if (way != 0 && last - (i - 1) + 1 >= length) {
			label_all(&g->points[i - 1], last - (i - 1) + 1,
				  CHART_TREND, way > 0);
		}
	}
}

/* In three points on one side two that are near: the near ones. */
static void two_in_three(const struct chart_group *g)
{
	struct chart_point *p;
	size_t i;
	size_t k;

	for (i = 0; i + 2 < g->n; i++) {
		p = &g->points[i];
		if (p[0].side != p[1].side || p[0].side != p[2].side ||
		    p[0].near + p[1].near + p[2].near < 2) {
			continue;
		}
		for (k = 0; k < 3; k++) {
			if (p[k].near) {
				label(&p[k], CHART_TWO_IN_THREE, p[k].side > 0);
			}
		}
	}
}

/* @length points and more on one side of the centre; one on it is on none. */
static void shifts(const struct chart_group *g, size_t length)
{
	size_t first = 0;
	size_t i;

	for (i = 1; i <= g->n; i++) {
		if (i < g->n && g->points[i].side == g->points[first].side) {
			continue;
		}
		if (g->points[first].side != 0 && i - first >= length) {
			label_all(&g->points[first], i - first, CHART_SHIFT,
				  g->points[first].side > 0);
		}
		first = i;
	}
}

void chart_group_rules(const struct chart_group *g,
		       const struct chart_rules *rules)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		g->points[i].side =
			compare(g, g->points[i].value, g->points[i].centre);
	}
	if (!g->points[0].has_limits) {
		return; /* a run chart: Anhoej's rules judge that */
	}
	for (i = 0; i < g->n; i++) {
		place(g, &g->points[i]);
	}
	trends(g, rules->trend);
	two_in_three(g);
	shifts(g, rules->shift);
}
