/*
 * What regions said of an intervention, and what each of them found: its
 * adoptions and its evidence, made one verdict a region.
 *
 * As store/index/query_private.h.
 */
#ifndef WEALD_STORE_INDEX_QUERY_VERDICT_H
#define WEALD_STORE_INDEX_QUERY_VERDICT_H

#include "store/index/query_private.h"

/* An adoption or a piece of evidence, with the effect of its series. */
struct trial {
	int64_t id;
	int64_t feed;
	uint64_t version;
	char *ref;
	char *region;
	char *title;
	bool own;
	bool adoption;
	struct estimate effect; /* of this record alone */
	/* of adoptions */
	char *stage;
	char *started;
	char *next_review;
	char *using;
	char *planned;
	uint64_t version_seen;
};

/* What one region's trials come to. */
struct account {
	const struct trial *list; /* those of the region, the newest first */
	size_t n;
	/* of several one that has not stopped; NULL: only evidence */
	const struct trial *adoption;
	/*
	 * What it found, and the newest record that says so; NULL: no numbers
	 * that could be reported. One record with numbers says what it says;
	 * several by one measure say what compared_read() makes of them. Of
	 * several measures the first decides, by name, that is worse; else
	 * improved; else unclear; else one without a verdict.
	 */
	const struct trial *result;
	struct estimate found;
	bool too_early; /* a series that is too short yet */
};

/* By region. */
struct trials {
	struct trial *list;
	size_t n;
	bool taken_back; /* there were others, which do not count */
	struct account *accounts;
	size_t accounts_n;
};
/* How much of them is needed. */
enum depth {
	DEPTH_STAGE, /* of its facts only the stage */
	DEPTH_FACTS, /* all that a use says */
	DEPTH_OWN    /* the same, of this region's own */
};
/* Of the intervention @ref; @out is zeroed. */
int trials_read(struct index *x, const char *ref, enum depth depth,
		struct trials *out, struct weald_msg *msg);
void trials_release(struct trials *t);

bool is_stage(const struct trial *t, const char *stage);

#endif
