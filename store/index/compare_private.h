/*
 * Comparing from within: one region's records by one measure, made one result,
 * and what other questions need of it.
 *
 * As store/index/query_private.h: between index_begin() and index_end(), and
 * what is added to is released by its owner, also after a failure.
 */
#ifndef WEALD_STORE_INDEX_COMPARE_PRIVATE_H
#define WEALD_STORE_INDEX_COMPARE_PRIVATE_H

#include "store/index/compare.h"
#include "store/index/query_private.h"

/*
 * Of the record @r in a question: may its own region, or any, have withdrawn
 * it? Of most this is false, and the rest need not be asked.
 */
#define MAYBE_WITHDRAWN(r)                                     \
	"(" r ".withdrawn OR EXISTS (SELECT 1 FROM link w"     \
	" WHERE w.target = " r ".ref AND w.rel = 'target')"    \
	" OR EXISTS (SELECT 1 FROM fact w WHERE w.record = " r \
	".id AND w.name = 'status' AND w.value = 'withdrawn'))"

/* A record with figures of an intervention by a measure. */
struct site {
	int64_t id;
	int64_t feed;
	char *ref;
	char *region;
	uint64_t version;
	char *measure; /* ref */
	bool own;
	bool adoption; /* else evidence */
};
/* By measure, then region; in a region the newest first. */
struct sites {
	struct site *list;
	size_t n;
	bool cut; /* there are more than QUERY_ROWS_MAX */
};
/* All that its own region did not take back, of the intervention @ref. */
int sites_read(struct index *x, const char *ref, struct sites *out,
	       struct weald_msg *msg);
void sites_release(struct sites *s);
/*
 * Adoptions of the intervention @ref that began over a year ago, and those of
 * them of which nobody has heard: no figures, no evidence and no lesson of that
 * region.
 */
int sites_silent(struct index *x, const char *ref, int64_t today,
		 size_t *out_old, size_t *out_silent, struct weald_msg *msg);
/*
 * Did the region @feed withdraw its own record @ref, in that version? Then it
 * has taken back what it said.
 */
int site_taken_back(struct index *x, const char *ref, int64_t feed,
		    uint64_t version, bool *out, struct weald_msg *msg);

/* What is wanted of regions, and by which measure. */
struct compare_by {
	struct index *x;
	const char *shape;   /* code; "": nothing can be computed */
	const char *setting; /* the reader's; NULL */
	bool balancing;
	bool whole; /* settings and the controlled effect too, which take
		       several times as long */
	struct weald_msg *msg;
};
/* The result of one region from its @n records, into the zeroed @out. */
int compared_read(const struct compare_by *by, const struct site *sites,
		  size_t n, struct compared *out);
/* May a reader of @setting take it for their own? @settings: "," between. */
bool settings_share(const char *settings, const char *setting);
/* What certainty is judged by, for one region of @weight. */
struct certainty_region compared_certain(const struct compared *c,
					 double weight);

/*
 * The comparison of an intervention that comes first, for lists of
 * interventions; *@out_there is false, and @out empty, where it has none.
 */
int compare_best(struct index *x, int64_t id, int64_t today,
		 struct comparison *out, bool *out_there,
		 struct weald_msg *msg);

#endif
