/*
 * Study: what the figures of one record come to, its series and its measure
 * taken together: both charts, the effects and the second opinion.
 *
 * For an intervention there are always two charts of the one series: with the
 * limits of before frozen (did it change?) and with limits of their own from
 * the start on (is it stable now?). Who sees only the second thinks after a
 * true improvement that nothing happened. Without a start there is one chart,
 * `rebased`, and no effect.
 *
 * Pure. A function of the version of the record and of its measure alone.
 */
#ifndef WEALD_STORE_EVIDENCE_STUDY_H
#define WEALD_STORE_EVIDENCE_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/evidence/chart.h"
#include "store/evidence/effect.h"
#include "store/record/record.h"
#include "store/record/series.h"

/* What a measure says of its figures. */
struct study_measure {
	enum effect_shape shape;
	enum chart_direction direction;
	bool balancing;
	double per; /* 0: chart_per_usual() */
	enum chart_type chart;
	bool has_target;
	double target; /* in the chart's unit */
	bool run_only; /* one run chart of all months, and no effect */
};
/*
 * Of a measure's record; false where it is none or its shape is not known,
 * without which nothing can be computed.
 */
bool study_measure_of(const struct record *measure, struct study_measure *out);
/*
 * For series that no measure speaks of (lessons, withdrawals, endorsements):
 * a run chart of numerator by denominator, per 1, 100, 1000 ... so that the
 * middle value has a digit before its point.
 */
void study_measure_run(const struct series *s, struct study_measure *out);
/* Codes data_shape and direction; false for no such code. */
bool study_shape_of(const char *code, enum effect_shape *out);
bool study_direction_of(const char *code, enum chart_direction *out);
const char *study_shape_name(enum effect_shape shape);
const char *study_direction_name(enum chart_direction direction);

/*
 * Is fewer of the event better? Of time between events it is whether the
 * measure says decrease (of the event) or increase (of the days).
 */
bool study_counts_undesired(const struct study_measure *m);
/*
 * May a ratio be called better or worse? Only where fewer is better: not where
 * the measure counts what is wanted, or neither, or looks out for harm.
 */
bool study_is_judged(const struct study_measure *m);

/* The figures of one phase, all months with a figure taken together. */
struct study_period {
	size_t rows; /* months, or of time-between gaps */
	double events;
	double of;
	double value; /* in the chart's unit; 0 where there is none */
	bool has_value;
};
#define STUDY_PHASES_N 3u /* by enum series_phase */

struct study {
	struct study_measure measure; /* its `per` is above 0 here */
	bool has_start;
	int32_t start_month; /* months since 1970-01: the first not before */
	/* limits of before; without points, CHART_TOO_FEW, where there is no
	 * start, nothing before it, or a run chart only */
	struct chart frozen;
	struct chart rebased;    /* one group where there is no start */
	struct effect own_trend; /* EFFECT_TOO_EARLY where run_only */
	struct effect before_after;
	struct effect season; /* from EFFECT_SEASON_POINTS_MIN points on */
	struct study_period periods[STUDY_PHASES_N];
	size_t missing;   /* months without a figure */
	bool chart_unfit; /* the measure's chart does not fit its shape: the one
			     that fits the figures was taken */
	/* `rebase` dates that were followed, and those that were not, because
	 * fewer than STUDY_REBASE_POINTS are on one side */
	size_t rebases_n;
	size_t rebases_left;
};

#define STUDY_REBASE_POINTS 12u
/* A field `rebase`: a further change of limits, 12 points on each side. */
struct study_rebase {
	int32_t month; /* months since 1970-01 */
};

/*
 * Compute. @rebases, at most CHART_REBASES_MAX - 1, are in any order.
 *   WEALD_OK     @out owns: study_release(); states in it say what there is not
 *   WEALD_NOMEM
 */
int study_make(const struct series *s, const struct study_measure *m,
	       const struct study_rebase *rebases, size_t rebases_n,
	       struct study *out);
void study_release(struct study *s);

/*
 * The same of a record of evidence or an adoption (its rebase fields) with the
 * series that was read of it.
 */
int study_record(const struct record *record, const struct series *s,
		 const struct study_measure *m, struct study *out);

/* ---- in words ------------------------------------------------------------
 */

/* What an effect is held against. */
enum study_against {
	STUDY_TREND,     /* "than the earlier trend would have given" */
	STUDY_BEFORE,    /* "than before, not allowing for trend" */
	STUDY_CONTROLLED /* "than regions without it would suggest" */
};

/*
 * The plain sentence of an effect, ASCII: "22 % fewer than the earlier trend
 * would have given (range 2 % to 38 % fewer)"; where there is no estimate, why
 * not ("too early to say: 5 months after, 6 are needed").
 */
#define STUDY_SENTENCE_BYTES 240u
void study_sentence(const struct effect *e, char out[STUDY_SENTENCE_BYTES]);
/* The same against something else; means are "lower", counts "fewer". */
void study_sentence_as(const struct effect *e, enum effect_shape shape,
		       enum study_against against,
		       char out[STUDY_SENTENCE_BYTES]);
/*
 * Of what there are "22 % fewer", behind these words: " events a day" where the
 * figures are days between events, which go up as the events become fewer; else
 * "", since the measure's title says it.
 */
const char *study_of_what(enum effect_shape shape);
/* What to do where there is no estimate; "" where there is one. */
const char *study_advice(enum effect_state state);
/* Why there is no chart, and what to do, in a sentence; "" where there is. */
const char *study_chart_advice(enum chart_state state);

/* Of the values: "per 100", "a month", "days between"; ASCII. */
#define STUDY_UNIT_BYTES 40u
void study_unit(const struct study_measure *m, char out[STUDY_UNIT_BYTES]);
/* Decimals that fit the values of @c, 0..4: the largest has three digits. */
unsigned study_decimals(const struct chart *c);

/*
 * The last point and what it says, with a letter, so that it needs no colour:
 * "improvement, low (7 or more below the centre line)", "common cause: nothing
 * stands out". And how it stands to the target: "" without one.
 */
#define STUDY_WORDS_BYTES 160u
void study_variation_words(const struct chart *c, char out[STUDY_WORDS_BYTES]);
void study_assurance_words(const struct chart *c, char out[STUDY_WORDS_BYTES]);
/* "1 point outside the limits, 7 in a shift"; "none". */
void study_signals_words(const struct chart *c, char out[STUDY_WORDS_BYTES]);
/* The second opinion on @a. */
void study_anhoej_words(const struct anhoej *a, char out[STUDY_WORDS_BYTES]);

/*
 * What may be said after the sentence of @e, by @m: ": improved", ": unclear,
 * an effect of this size may be chance" ...; "" where there is no verdict.
 */
const char *study_verdict_words(const struct study_measure *m,
				const struct effect *e);

#endif
