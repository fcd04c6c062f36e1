/*
 * Compare: interventions across regions, by one model.
 *
 * What the index holds of each region's figures is put together anew for each
 * question: one result a region (several sites of a region are added first),
 * pooled for the same intervention and the same measure, with how sure one may
 * be of it. A version that arrives changes its own row of the index, and
 * nothing else. Regions are in the order of their names and never ranked.
 *
 * As store/index/query.h has it for strings, errors and @today. The same feeds
 * give the same answer, digit by digit, on every node.
 */
#ifndef WEALD_STORE_INDEX_COMPARE_H
#define WEALD_STORE_INDEX_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/evidence/certainty.h"
#include "store/evidence/effect.h"
#include "store/evidence/pool.h"
#include "store/index/index.h"

/* A version that a result was computed from. */
struct source_row {
	char *ref;
	uint64_t version;
};

/*
 * How a region with several records came to one result. Records with the very
 * same figures are one: one with an estimate before one without, then the
 * longest counts, of equally long ones evidence before an adoption, then the
 * newest.
 */
enum compared_how {
	COMPARED_ONE, /* it has one */
	/* of several, one says that it covers the region: the newest such */
	COMPARED_REGION,
	COMPARED_ADDED, /* month by month */
	/* they cannot be added (one row an event), or have too few months in
	   common: the newest that gives an estimate counts */
	COMPARED_NEWEST
};

/* What becomes of a record that another one names to be compared with. */
enum comparator_state {
	COMPARATOR_USED,     /* it can be compared with */
	COMPARATOR_UNPINNED, /* named without a version */
	COMPARATOR_REGION,   /* of the record's own region, or of another's */
	COMPARATOR_ADOPTED,  /* its region began with it, or has evidence */
	COMPARATOR_MEASURE,  /* by another measure, or none */
	COMPARATOR_SERIES,   /* without figures that can be read */
	COMPARATOR_NEWER,    /* here is a newer version than is named ... */
	COMPARATOR_ABSENT    /* not here, or not in that version */
};
#define COMPARATOR_STATES_N 8u

/* What one region found, of one intervention by one measure. */
struct compared {
	char *region;
	struct source_row *sources; /* by ref; several where sites were added */
	size_t sources_n;
	enum compared_how how;
	size_t same_n;  /* records left out as they hold the same figures */
	size_t left_n;  /* ... for another reason, which `how` says */
	char *design;   /* the one that certainty starts lowest by */
	char *settings; /* codes, "," between */
	struct effect own_trend;
	struct effect before_after; /* not allowing for trend */
	/* beside regions that had not adopted it; only where the record names
	   three or more that can be compared with, and none of those that it
	   names is absent, or here in a newer version */
	struct effect controlled;
	size_t comparators_n;                    /* that it names */
	size_t comparators[COMPARATOR_STATES_N]; /* of them, by state */
	unsigned bias;                           /* flags of certainty.h */
	bool pooled;                             /* it counts in the pool */
	double weight; /* share of the pooled weight; 0 without */
	struct certainty_result certainty; /* of this region alone */
	char *judged;        /* code, where a person judged it; "" */
	char *judged_by;     /* role */
	char *judged_reason; /* "" */
	bool own;
};

/* One intervention by one measure. */
struct comparison {
	char *intervention;
	char *intervention_title;
	uint64_t intervention_version;
	bool withdrawn;     /* by its own region */
	char *withdrawn_by; /* of the gravest withdrawal record; "" */
	char *level;        /* of that; "" */
	bool example;       /* invented, for tests */
	/* it has more results than are looked at: only the first count */
	bool cut;
	char *measure;
	char *measure_title;
	uint64_t measure_version; /* 0: the measure has not arrived, and nothing
				     can be computed without its shape */
	bool measure_withdrawn;
	char *shape; /* codes; "" where the measure has not arrived */
	char *direction;
	char *type;
	/* fewer is better: not balancing, and direction decrease; of the time
	   between events also increase, as its ratios are of events */
	bool judged;
	char *undesired; /* undesired_event of the measure; "" */
	struct compared *regions;
	size_t regions_n;
	size_t estimates_n; /* of them with an estimate that can be pooled */
	struct pool pool;
	/* pooled; of one region's where there is one; of two none */
	struct certainty_result certainty;
	double low; /* the interval that was judged; 0 without */
	double high;
	double ratio;
	size_t adoptions_old; /* of the intervention: begun over a year ago */
	size_t adoptions_silent; /* ... in regions that have told nothing */
};
void comparison_release(struct comparison *c);

/*
 * What to look at first, below 0 where it is @a: what is withdrawn comes last;
 * then by certainty, at two regions the lower of theirs; then measures that say
 * what is good; then those that are surely worse last; then by the end of the
 * interval that is nearest 1 where it helps, at two regions the larger of
 * theirs; then by the names of intervention and measure.
 */
int comparison_order(const struct comparison *a, const struct comparison *b);
/* The same without the names: 0 where one is as sure of the one as the other.
 */
int comparison_rank(const struct comparison *a, const struct comparison *b);

struct comparisons {
	/* by intervention, the one whose best comparison comes first before
	   others; its measures together, in the same order */
	struct comparison *list;
	size_t n;
	/* interventions that were asked for and have no figures by any measure,
	   by ref */
	char **without;
	size_t without_n;
};

#define COMPARE_INTERVENTIONS_MAX 64u
/* Of one problem. */
#define COMPARE_PROBLEM_MAX 1000u
/* Records of one region by one measure that are looked at, the newest. */
#define COMPARE_SITES_MAX 64u
struct compare_ask {
	const char *const *interventions; /* refs; NULL with a problem */
	size_t interventions_n;
	/* all interventions that name this problem, directly */
	const char *problem;
	/* the reader's; NULL. A record of "whole-system" shares every one. */
	const char *setting;
};
/*
 * WEALD_NOTFOUND: what is asked for is not here; @msg names it.
 * WEALD_TOOBIG: too many were asked for.
 */
int query_compare(struct index *x, const struct compare_ask *ask, int64_t today,
		  struct comparisons *out, struct weald_msg *msg);
void comparisons_release(struct comparisons *c);

/*
 * What the figures of one record come to by itself, evidence or an adoption;
 * *@out_there is false, and @out empty, where it has none, or no measure, or
 * that has not arrived.
 *   WEALD_NOTFOUND  no such record
 */
int query_compared(struct index *x, const char *ref, struct compared *out,
		   bool *out_there, struct weald_msg *msg);
void compared_release(struct compared *c);

/* A measure, and what is reported by it. */
struct measure_row {
	char *ref;
	char *title;
	uint64_t version;
	char *type;
	char *shape;
	char *direction;
	char *undesired;
	size_t regions; /* that report figures by it: evidence, adoptions,
			   baselines of priorities */
	size_t records;
	size_t interventions; /* that have results by it */
	bool retired;         /* its status */
	bool withdrawn;
	bool example;
	bool own;
};
struct measure_rows {
	/* those in use first, then most regions, then ref */
	struct measure_row *list;
	size_t n;
	size_t total;
};
/* @topic and @limit (0: all, to QUERY_ROWS_MAX) narrow it; @topic may be NULL.
 */
int query_measures(struct index *x, const char *topic, size_t limit,
		   struct measure_rows *out, struct weald_msg *msg);
void measure_rows_release(struct measure_rows *m);

#endif
