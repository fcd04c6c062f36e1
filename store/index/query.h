/*
 * Questions to the index. Each is answered in milliseconds at 100,000 records,
 * from one consistent moment; none touches git.
 *
 * Strings of answers end in NUL, are others' text (escape them before they
 * reach a terminal) and belong to the answer: *_release() frees it, and takes
 * zeroed ones. Lists are in the order that is said, the same on every node.
 * @today: days since 1970, given by the caller, for what depends on it.
 *
 *   WEALD_CORRUPT, WEALD_IO  the index: `weald reindex`
 *   WEALD_NOMEM
 */
#ifndef WEALD_STORE_INDEX_QUERY_H
#define WEALD_STORE_INDEX_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/index/index.h"
#include "store/index/schema.h"

#define QUERY_ROWS_MAX 10000u

/* ---- one record ----------------------------------------------------------
 */

/* A record as lists show it. */
struct hit {
	char *ref; /* region/kind/slug */
	char *region;
	char *kind;
	char *title; /* "" where nothing of it may be shown */
	uint64_t version;
	uint64_t last; /* larger where the latest version is not shown */
	enum index_state last_state; /* of that: why it is not */
	uint64_t time;
	bool known;
	bool example;
	bool withdrawn;     /* by its own region: by its author, its status, or
			       a withdrawal record that names `version` */
	char *withdrawn_by; /* ref of the gravest withdrawal record, of any
			       region, that names `version`; ""; where it is
			       not withdrawn, another region warns of it */
	char *level;        /* of that: "stop-now" ...; "" */
	bool ours;       /* an adoption of this region uses it and, where it is
			    withdrawn, has not acknowledged that */
	char *matched;   /* search: the line that matched, plain */
	char *maturity;  /* of interventions: derived; else "" */
	size_t tried;    /* of interventions: regions, as below */
	size_t improved; /* of these */
	double score;    /* search, fixed: larger is better */
};

struct hits {
	struct hit *list;
	size_t n;
	size_t total;    /* more than n where the list was cut */
	char *corrected; /* search: what was searched for instead, or NULL */
};
void hits_release(struct hits *h);

/* WEALD_NOTFOUND. */
int query_record(struct index *x, const char *ref, struct hit *out,
		 struct weald_msg *msg);
void hit_release(struct hit *h);

/* A fact of the record ("stage"), or "" where it has none; caller frees. */
int query_fact(struct index *x, const char *ref, const char *name, char **out,
	       struct weald_msg *msg);

/* A version of a record, the newest first. */
struct version_row {
	uint64_t version;
	uint64_t seq;
	uint64_t time;
	char action[24];
	char *summary;
	enum index_state state;
	char *why; /* kinds of the guard */
	bool override;
};
struct version_rows {
	struct version_row *list;
	size_t n;
};
int query_versions(struct index *x, const char *ref, struct version_rows *out,
		   struct weald_msg *msg);
void version_rows_release(struct version_rows *v);

/*
 * Links, both ways: what the record refers to (rel as there; the target may
 * not have arrived: its title is "" and version 0), and what refers to it.
 * Out first, then in; by rel, then ref.
 */
struct linked {
	bool incoming;
	char *rel;
	char *ref;
	uint64_t version; /* that is meant; 0: the latest */
	bool there;
	struct hit hit; /* of the other end, where it is there */
};
struct links {
	struct linked *list;
	size_t n;
};
int query_links(struct index *x, const char *ref, struct links *out,
		struct weald_msg *msg);
void links_release(struct links *l);

/* ---- derived facts -------------------------------------------------------
 */

/* A region's use of an intervention: its adoption and its results. */
struct use {
	char *region;
	char *adoption; /* ref; "" where it has only evidence */
	char *title;
	char *stage;           /* "" */
	char *started;         /* date as typed; "" */
	char *sites;           /* "3 of 5" using of planned; "" */
	uint64_t version_seen; /* 0: not said */
	char *next_review;
	char *result_ref; /* of the newest record that the numbers are of */
	char *verdict;    /* improved, unclear, worse, too-early, not-reported,
			     pending (younger than 12 months); no-verdict: the
			     measure counts what is wanted or balances, so a
			     ratio says nothing of good or bad; no-events:
			     numbers, but no events to make a ratio of */
	double ratio;     /* own-trend; 0 where there is none */
	double low;
	double high;
	bool overdue;      /* older than 12 months, no usable series */
	bool review_due;   /* next_review has passed */
	bool acknowledged; /* the withdrawal of what it uses */
	bool own;
};

/*
 * What follows from all records that are linked to an intervention. One result
 * a region, from all its records: several by one measure are made one as
 * query_compare() does; over its measures that can be judged it is worse where
 * any is worse, else improved where any is, else unclear; only without these
 * no-verdict or no-events. Of several measures that say the same the first by
 * ref is shown. One adoption: of several, the newest that has not stopped. What
 * its region withdrew does not count.
 *
 * A region has tried it that has an adoption which is beyond considering and
 * planning, or any evidence: tried is the sum of improved, unclear, worse,
 * no_verdict, not_reported and pending.
 */
struct derived {
	char maturity[24]; /* code maturity_derived */
	size_t tried;      /* regions */
	size_t improved;
	size_t unclear;
	size_t worse;
	size_t no_verdict;   /* no-verdict, no-events */
	size_t not_reported; /* adopted for over 12 months, no result */
	size_t pending;      /* for less, or too early to say */
	size_t implementing; /* regions implementing or embedded */
	bool review_passed;  /* its own review_on */
	struct use *uses;    /* by region */
	size_t uses_n;
	struct hit *failures; /* lessons no-effect, harmful, not-sustained,
				 worked-partly; evidence worse, no-change */
	size_t failures_n;
	struct hit *contradicted; /* records linked as contradicting it; both
				     the newest first */
	size_t contradicted_n;
};
/* WEALD_NOTFOUND: no such intervention. */
int query_derived(struct index *x, const char *ref, int64_t today,
		  struct derived *out, struct weald_msg *msg);
void derived_release(struct derived *d);

/*
 * What the numbers of one record come to, evidence or an adoption: its own
 * trend, by the shape that its measure says. Of several measures that give an
 * effect the first by name.
 */
struct estimate {
	char state[24];   /* effect_state_name(); "no-measure": that has not
			     arrived; "": it has no series */
	char verdict[24]; /* as of a use: improved, unclear, worse, no-verdict,
			     no-events, too-early; "" */
	double ratio;     /* 0 but for the states full and short */
	double low;
	double high;
};
/* WEALD_NOTFOUND. */
int query_effect(struct index *x, const char *ref, struct estimate *out,
		 struct weald_msg *msg);

/* ---- search and fixed ----------------------------------------------------
 */

struct search {
	const char *words; /* as typed; may be NULL or "" with a filter */
	const char *topic;
	const char *setting;
	const char *kind;
	const char *region;
	uint64_t since; /* seconds since 1970; 0: ever */
	size_t limit;   /* 0: 20; at most QUERY_ROWS_MAX */
	bool exact;     /* do not look for other spellings */
};
/*
 * Words are stemmed, stand in any order, and must all be there in some form:
 * the word, or a phrase that means the same by the vocabulary ("AKI"); small
 * words of a question count only where there are no others, and at most 16
 * words are read. The name of a region means its records too, and these first.
 *
 * Withdrawn things that this region uses come first. Then those with all words
 * in the title, in the text, those whose title means the same, and those that
 * only a topic brings. In each of these first interventions, the surest of the
 * best ones before others, then problems, then evidence, adoptions and lessons,
 * then the rest: by bm25 or, where more than 2,500 records match, the newest.
 *
 * Where nothing matches, words that are in no record are taken for the
 * beginnings of words or, where there are none, replaced by the nearest that
 * are (one or two slips away), and @out->corrected says so.
 */
int query_search(struct index *x, const struct search *s, int64_t today,
		 struct hits *out, struct weald_msg *msg);

/* "Has anyone fixed this?" */
struct comparison; /* store/index/compare.h */
struct fix {
	struct hit hit; /* an intervention */
	struct derived derived;
	/* what regions found of it, by the measure that says the surest; owned,
	   NULL: no figures */
	struct comparison *best;
	char why[16]; /* "linked" (to the problem that was named), "same
			 topic", "similar": how it was found */
};
struct fixes {
	char *problem; /* ref of the problem, "" for words */
	char *problem_title;
	struct hit *problems; /* like problems that were looked at */
	size_t problems_n;
	struct fix *list; /* surest first, as comparisons are; then those
			     without figures, the maturest first; of as sure
			     ones linked ones, how like it is; withdrawn and
			     failed ones last */
	size_t n;
	size_t total; /* at most 100 are looked at */
	char *corrected;
	char *missing; /* of words: those in no problem and no intervention,
			  ", " between; the fixes are for the others; "" */
};
struct fixed {
	const char *what; /* words, or a reference to a problem */
	bool is_ref;
	size_t limit; /* 0: 20; at most QUERY_ROWS_MAX */
};
/* WEALD_NOTFOUND: a reference to what is not there. */
int query_fixed(struct index *x, const struct fixed *q, int64_t today,
		struct fixes *out, struct weald_msg *msg);
void fixes_release(struct fixes *f);

/* ---- adoptions, withdrawals, inbox ---------------------------------------
 */

struct adoption_row {
	char *intervention; /* ref */
	char *intervention_title;
	bool withdrawn;     /* the intervention, as of a hit; and the next */
	char *withdrawn_by; /* "" */
	char *level;        /* "" */
	struct use use;
};
struct adoption_rows {
	struct adoption_row *list;
	size_t n;
	size_t total;   /* more than n where the list was cut */
	size_t overdue; /* of all that were asked for, listed or not */
};
/*
 * Of one intervention, or of all (@ref NULL); by intervention, then region.
 * Every adoption has a row: a region may have several, with the same result.
 */
int query_adoptions(struct index *x, const char *ref, int64_t today,
		    struct adoption_rows *out, struct weald_msg *msg);
/* Only those that are overdue: these alone are listed and counted. */
int query_overdue(struct index *x, const char *ref, int64_t today,
		  struct adoption_rows *out, struct weald_msg *msg);
void adoption_rows_release(struct adoption_rows *a);

/* A withdrawal of something that this region's adoptions use. */
struct alert {
	char *target; /* what was withdrawn: ref */
	char *target_title;
	char *by;     /* ref of the withdrawal record; the target itself where
			 its author withdrew it */
	char *region; /* that says so */
	char *title;
	char *level;      /* stop-now, stop-and-review, take-note; "" where the
			     author withdrew it, as grave as stop-and-review */
	char *reason;     /* code; what the author wrote */
	char *adoption;   /* our adoption of it: ref */
	uint64_t version; /* of what `by` names: this one is acknowledged */
	uint64_t time;
	bool acknowledged;
};
struct alerts {
	struct alert *list; /* stop-now first, then the newest */
	size_t n;
	size_t open; /* not acknowledged */
};
/*
 * @all: those that were acknowledged too. An adoption is affected where
 * target_versions says all, names its version_seen, or either is not known;
 * adoptions that say stopped are not. Acknowledged: one of our adoptions of
 * the target has a link `acknowledges` to the withdrawal record or, where the
 * author withdrew it, to the target: at that version or later, or at none. A
 * new version of a withdrawal record asks again.
 */
int query_alerts(struct index *x, bool all, struct alerts *out,
		 struct weald_msg *msg);
void alerts_release(struct alerts *a);

/* Up to where the inbox of this home was read, by feed. */
struct inbox_mark {
	const char *region; /* the feed's name */
	uint64_t seq;
};
struct inbox_row {
	char reason[24]; /* "withdrawn", "fix", "evidence", "topic" */
	char *about;     /* ref of the own record that makes it matter; "" */
	struct hit hit;
	bool is_new; /* no version of it that is shown had been read */
};
struct inbox {
	struct alerts alerts;   /* all open ones, read or not */
	struct inbox_row *list; /* then fixes for own problems and priorities,
				   evidence and lessons on what we use or
				   made, then followed topics; newest first */
	size_t n;
	size_t total;
};
struct inbox_ask {
	const struct inbox_mark *marks; /* feeds without one: nothing is read */
	size_t marks_n;
	/* that are followed, besides those of own problems and priorities */
	const char *const *topics;
	size_t topics_n;
	size_t limit; /* 0: 20; at most QUERY_ROWS_MAX */
};
/* Own records are never in it, and none is there twice. */
int query_inbox(struct index *x, const struct inbox_ask *ask, struct inbox *out,
		struct weald_msg *msg);
void inbox_release(struct inbox *i);

/* ---- overviews -----------------------------------------------------------
 */

struct count_row {
	char *code; /* topic or region */
	char *label;
	size_t records;
	size_t problems;
	size_t interventions;
	size_t evidence;
	size_t adoptions;
	size_t withheld;  /* regions: versions not shown */
	size_t overrides; /* regions: versions published over warnings */
	uint64_t latest;  /* time */
	bool own;
};
struct count_rows {
	struct count_row *list;
	size_t n;
};
/* All topics of the vocabulary, then others that occur, by slug. */
int query_topics(struct index *x, struct count_rows *out,
		 struct weald_msg *msg);
/* All feeds in the index, by name. */
int query_regions(struct index *x, struct count_rows *out,
		  struct weald_msg *msg);
void count_rows_release(struct count_rows *c);

/* Versions that are withheld: of @region, or of all (NULL); by ref, version. */
struct withheld_row {
	char *ref; /* of an update about the feed itself: the region */
	uint64_t version;
	uint64_t seq;
	char *why;
};
struct withheld_rows {
	struct withheld_row *list;
	size_t n;
	size_t total; /* at most 100 are listed */
};
int query_withheld(struct index *x, const char *region,
		   struct withheld_rows *out, struct weald_msg *msg);
void withheld_rows_release(struct withheld_rows *w);
/* Is update @seq of the feed @name withheld? False also where not known. */
int query_is_withheld(struct index *x, const char *name, uint64_t seq,
		      bool *out, struct weald_msg *msg);

/*
 * Own records that are due: overdue results, review_on and next_review that
 * have passed. As hits, `matched` says what is due.
 */
int query_due(struct index *x, int64_t today, struct hits *out,
	      struct weald_msg *msg);

/*
 * All records of a selection, by ref, for extracts: no words, no ranking, and
 * no bound but s->limit (0: none).
 */
int query_select(struct index *x, const struct search *s, struct hits *out,
		 struct weald_msg *msg);

#endif
