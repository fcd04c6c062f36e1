/*
 * Chart: statistical process control (SPC) as Making Data Count does it.
 *
 * From a series to points, centre lines, limits and signals. Limits of the XmR
 * chart: mean -/+ 2.66 times the average moving range, near limits at two
 * thirds of that; moving ranges of 3.267 times their average or more are left
 * out once where @screened. Other charts: p, p', u, u', c, g, t and run, by
 * the formulas of qicharts2 (docs/EVIDENCE.md, "Charts"). Rules of the set
 * that is named in the result: by default CHART_RULES, "mdc-7".
 *
 * Limits are computed of numerator / size and multiplied by `per` at the end,
 * and figures that agree to twelve digits are taken for equal, so that the unit
 * that is shown changes no signal.
 *
 * Pure: no clock, no I/O. Rows may stand in any order. All numbers of a result
 * are finite. Reference: NHSRplotthedots 0.2.2 and qicharts2 0.8.1;
 * tests/data/charts holds what they say.
 */
#ifndef WEALD_STORE_EVIDENCE_CHART_H
#define WEALD_STORE_EVIDENCE_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/evidence/anhoej.h"
#include "store/evidence/effect.h"
#include "store/record/series.h"

/* codes chart */
enum chart_type {
	CHART_XMR,
	CHART_RUN, /* median only, no limits */
	CHART_P,
	CHART_PP, /* p', Laney */
	CHART_U,
	CHART_UP, /* u', Laney */
	CHART_C,
	CHART_G,
	CHART_T,
	CHART_AUTO /* what chart_choose() says */
};
#define CHART_TYPES_N 9u /* without CHART_AUTO */
/* "xmr", "run", "pp" ...; and the other way: false for no such type. */
const char *chart_type_name(enum chart_type type);
bool chart_type_of(const char *name, enum chart_type *out);

/* What is better; codes direction. Increase, decrease, neither. */
enum chart_direction { CHART_DECREASE, CHART_INCREASE, CHART_NEUTRAL };

/* How long patterns must be: names in docs/EVIDENCE.md. */
struct chart_rules {
	const char *name;
	size_t shift;
	size_t trend;
};
#define CHART_RULES "mdc-7"
/* NULL where there is no such set. */
const struct chart_rules *chart_rules_of(const char *name);

/* A point's label: the first of these that it has. */
enum chart_signal {
	CHART_COMMON, /* common cause: nothing stands out */
	CHART_OUTSIDE,
	CHART_TREND,
	CHART_TWO_IN_THREE,
	CHART_SHIFT
};

struct chart_point {
	int32_t month; /* months since 1970-01, as series_row's */
	int32_t day;
	size_t group; /* between rebases, from 0 */
	double value; /* in the chart's unit: numerator * per / size */
	double numerator;
	double size; /* what the value is of; 1 where of nothing */
	enum series_phase phase;
	bool trial; /* its group is too short for more than trial limits */
	int side;   /* of the centre: 1 above, 0 on it, -1 below */
	bool near;  /* beyond a near limit, and not outside */
	/* not of run charts, nor where they rest on fewer than 2 points: then
	 * the four limits are the centre, and there is no signal */
	bool has_limits;
	/* lower <= near_lower <= centre <= near_upper <= upper */
	double centre;
	double lower;
	double upper;
	double near_lower; /* two thirds of the way */
	double near_upper;
	enum chart_signal signal;
	bool above; /* of a signal: to which side it goes; a trend, upwards */
};

/* Fewer points in a group, or limits fixed from fewer, are trial limits. */
#define CHART_GROUP_MIN 13u
#define CHART_FIXED_MIN 12u

/* Why there is no chart, or how far it goes. */
enum chart_state {
	CHART_FULL,
	CHART_TRIAL,   /* a point has trial limits: chart_point.trial */
	CHART_TOO_FEW, /* no 2 points of a group: no limits, no signals */
	/* without points: */
	CHART_NO_DENOMINATOR, /* a month with events of nothing */
	CHART_OVER,           /* a proportion above 1 */
	CHART_NO_VALUE,       /* a figure that cannot be */
	CHART_UNFIT           /* no chart of this type for this shape */
};

/* What the latest point says, and how it stands to a target. */
enum chart_variation {
	CHART_VARIATION_NONE, /* it has no limits: nothing can be said */
	CHART_VARIATION_COMMON,
	CHART_VARIATION_IMPROVEMENT,
	CHART_VARIATION_CONCERN,
	CHART_VARIATION_NEITHER /* a signal of a measure without direction */
};
enum chart_assurance {
	CHART_ASSURANCE_NONE, /* no target, no limits, or no direction */
	CHART_ASSURANCE_PASS, /* the target is met whatever chance does */
	CHART_ASSURANCE_FAIL,
	CHART_ASSURANCE_HIT_OR_MISS
};

#define CHART_REBASES_MAX 16u

/* How to chart; zero: XmR of a rate, screened not, per 1, decrease. */
struct chart_how {
	enum chart_type type;
	enum effect_shape shape;
	/*
	 * Of time-between either direction means that longer is better: it
	 * says of the event that it should be rarer, or of the days that there
	 * should be more.
	 */
	enum chart_direction direction;
	double per;    /* values are times this, up to 1e12; 0 is 1 */
	bool screened; /* outlying moving ranges are left out */
	/*
	 * Frozen: limits from the first so many points, whatever their phase,
	 * for all; there is one group then, and no rebase. 0: from all points
	 * of each group. For an intervention this is the number of points of
	 * phase before.
	 */
	size_t fix_after;
	/*
	 * Months since 1970-01: the first point of such a month or later begins
	 * a new group. For an intervention this is its start: months of
	 * transition are points of the new group and count for its limits, as
	 * in the peer's charts (it is only the effects that leave them out).
	 */
	int32_t rebases[CHART_REBASES_MAX];
	size_t rebases_n;
	/* the first point that is not of phase before begins one too: the same
	 * as a rebase at the start, and exact to the day of time-between */
	bool rebase_at_start;
	bool has_target;
	double target;                   /* in the chart's unit */
	const struct chart_rules *rules; /* NULL: CHART_RULES */
};

struct chart {
	enum chart_state state;
	enum chart_type type;
	struct chart_rules rules;
	struct chart_point *points; /* owned: chart_release() */
	size_t n;
	size_t groups;
	enum chart_variation variation;
	bool high; /* of a variation that is not common: H, else L */
	enum chart_assurance assurance;
	struct anhoej anhoej; /* of the whole series about its median */
};

/*
 * Chart @s: the rows that have figures, in time order; those of transition
 * too. A month with no events and nobody at risk is one without a figure. A
 * point's value is numerator / denominator of rates, proportions and means; of
 * counts and of time-between the numerator alone. Without points state says
 * why.
 *   WEALD_OK     @out owns: chart_release()
 *   WEALD_NOMEM  @out is as it was
 */
int chart_make(const struct series *s, const struct chart_how *how,
	       struct chart *out);
void chart_release(struct chart *c);

/*
 * The chart that fits the figures (docs/EVIDENCE.md, "Which chart"): XmR for
 * 10 points and more with a mean count of 5 or more; p' or u' where
 * denominators differ by more than a factor of 2; run for what is too short or
 * too rare; t for time between events, of 10 or more. Means have no count that
 * could be too small. Never CHART_AUTO.
 */
enum chart_type chart_choose(const struct series *s, enum effect_shape shape);

/*
 * Is there such a chart of such figures: xmr, run of all; p, pp of proportions;
 * u, up of rates, proportions and counts; c of counts; g of time-between and
 * counts; t of time-between. CHART_AUTO fits all.
 */
bool chart_fits(enum chart_type type, enum effect_shape shape);

/* 100 of proportions, else 1: what a measure without `per` is shown in. */
double chart_per_usual(enum effect_shape shape);

const char *chart_state_name(enum chart_state state);
const char *chart_signal_name(enum chart_signal signal);
const char *chart_variation_name(enum chart_variation variation);
const char *chart_assurance_name(enum chart_assurance assurance);

#endif
