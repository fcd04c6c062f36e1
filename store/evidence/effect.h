/*
 * Effect: how much less often the undesired event happened after an
 * intervention began, in one region.
 *
 * The own-trend ratio (docs/EVIDENCE.md, "Effects"): a step in a quasi-Poisson
 * regression that allows for the region's own earlier trend,
 *
 *   log E(y_t) = log n_t + b0 + b1 * after_t + b2 * t
 *
 * over the months that are neither transition nor missing, with t the index of
 * the month, gaps kept. phi = max(Pearson chi2 / (N - 3), floor); floor 1 for
 * rates and counts, 1 - p for proportions (p: the overall share). Effect
 * exp(b1), 95 % interval exp(b1 -/+ t_(N-3, 0.975) se sqrt(phi)). Below 1 is
 * fewer.
 *
 * Pure: no clock, no I/O, and nothing is allocated (some 120 KB of stack).
 * Rows may stand in any order. All numbers of an answer are finite.
 */
#ifndef WEALD_STORE_EVIDENCE_EFFECT_H
#define WEALD_STORE_EVIDENCE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/record/series.h"

/* What is printed with a result: how it was computed. */
#define EFFECT_ENGINE "weald-evidence/1"

/* The measure's shape: codes data_shape. */
enum effect_shape {
	EFFECT_RATE,
	EFFECT_PROPORTION,
	EFFECT_COUNT, /* as a rate with denominator 1 */
	/* log ratio of the period means, delta method */
	EFFECT_MEAN,
	/* events and days of each period, as rates */
	EFFECT_TIME_BETWEEN
};
#define EFFECT_SHAPES_N 5u

/* Why there is no estimate, or how far it may be trusted. */
enum effect_state {
	/* >= 12 months before and >= 10 after; of time-between, gaps too */
	EFFECT_FULL,
	EFFECT_SHORT,     /* 8-11 before or 6-9 after: certainty very low */
	EFFECT_TOO_EARLY, /* fewer: no estimate */
	EFFECT_NO_DENOMINATOR, /* one is 0 or less in a month with events */
	EFFECT_OVER,           /* a proportion with more events than at risk */
	EFFECT_NO_EVENTS,      /* none at all; of means, none on one side */
	/* nothing varies about the model, so nobody can say how sure */
	EFFECT_NO_SCATTER,
	EFFECT_NO_FIT /* the regression does not settle */
};

/*
 * The least variance that the logarithm of a ratio has: below, it is rounding.
 * No estimate has less, and none is pooled with less.
 */
#define EFFECT_VARIANCE_MIN 1e-12

/* Without an estimate all numbers but the months are 0. */
struct effect {
	enum effect_state state; /* an estimate for FULL and SHORT only */
	/* none happened before, or none after: half an event was added to
	   both, or there would be no ratio; to be told with it */
	bool half_added;
	double ratio;
	double low; /* 95 % interval */
	double high;
	double phi; /* as used */
	/* of the Pearson residuals, -1..1; 0 where they are rounding only */
	double lag1;
	/* what pooling needs: the ratio's logarithm and its variance */
	double log_ratio;
	double variance;
	size_t df;
	/* months with numbers; of time-between, whole ones that its days make
	 */
	size_t months_before;
	size_t months_after;
};

/* Never fails: @out->state says. The same input gives the same output. */
void effect_own_trend(const struct series *s, enum effect_shape shape,
		      struct effect *out);
/*
 * The same with the season allowed for too, by one sine and cosine over the
 * year (N - 5 degrees of freedom): EFFECT_TOO_EARLY below 36 points.
 */
#define EFFECT_SEASON_POINTS_MIN 36u
void effect_season(const struct series *s, enum effect_shape shape,
		   struct effect *out);
/* The plain ratio, "not allowing for trend", N - 2 degrees of freedom. */
void effect_before_after(const struct series *s, enum effect_shape shape,
			 struct effect *out);

/*
 * Both ratios for each shape, in the order of enum effect_shape, where the
 * measure that would say which one is meant may yet come: the same digits as
 * one by one, for little more than half of the work.
 */
void effect_all_shapes(const struct series *s,
		       struct effect own_trend[EFFECT_SHAPES_N],
		       struct effect before_after[EFFECT_SHAPES_N]);

/*
 * May a row that is not missing be counted? *@out_used is false too for a month
 * that says nothing, without events and nobody at risk.
 *   EFFECT_FULL   it may
 *   EFFECT_NO_DENOMINATOR, EFFECT_OVER, EFFECT_NO_FIT   it cannot be
 */
enum effect_state effect_row_state(const struct series_row *row,
				   enum effect_shape shape, bool *out_used);

/*
 * Write ratio and interval of a logarithm, its variance and its degrees of
 * freedom. False, and nothing is written, where they are beyond all sense.
 */
bool effect_set(struct effect *e, double log_ratio, double variance, size_t df);

/* Is there an estimate? For the states full and short. */
bool effect_has_estimate(const struct effect *e);

/* "full", "too-early" ... */
const char *effect_state_name(enum effect_state state);

/*
 * What an interval says: improved wholly below 1, worse wholly above, unclear
 * where it holds 1 (records: "what people come for").
 */
enum effect_verdict {
	EFFECT_UNKNOWN, /* no estimate */
	EFFECT_IMPROVED,
	EFFECT_UNCLEAR,
	EFFECT_WORSE
};
enum effect_verdict effect_verdict(const struct effect *e);

#endif
