/*
 * Edition: one version of a record with its files, as it may be shown. One rule
 * for all that reads records of others: the latest version is the newest one
 * that is here and that the privacy guard lets pass, whatever the index says.
 */
#ifndef WEALD_DAEMON_CLI_EDITION_H
#define WEALD_DAEMON_CLI_EDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/files.h"
#include "daemon/cli/view.h"
#include "store/feed/feed.h"
#include "store/home.h"
#include "store/index/schema.h"
#include "store/record/record.h"

/* All zero is empty. */
struct edition {
	uint64_t version;
	uint64_t seq;
	/* INDEX_SHOWN, WITHHELD or ABSENT; but for shown what follows is empty
	 */
	enum index_state state;
	char why[JUDGE_WHY_BYTES]; /* withheld: the kinds of the guard */
	bool withdrawn;            /* by its author, in this version */
	struct stored stored;
	struct files files;
	struct record *record; /* NULL where record.md cannot be read */
};

/* Where a record is; all borrowed. */
struct edition_from {
	const struct home *home;
	const struct feed *feed;
	const char *ref;  /* region/kind/slug */
	struct span path; /* in the feed */
	bool all;         /* what the guard would block too: the own one */
};

/*
 * Load @version, or the last where it is 0. Noted. edition_release() takes
 * empty ones too.
 */
int edition_load(struct cli *c, const struct edition_from *from,
		 uint64_t version, struct edition *out);
/*
 * Load the newest before @version that may be shown. @out->version is 0 where
 * there is none. Asks the index, and without one reads the feed back once.
 */
int edition_before(struct cli *c, const struct edition_from *from,
		   uint64_t version, struct edition *out);
void edition_release(struct edition *e);

/* "withheld by the privacy guard: nhs-number"; of one that is not shown. */
#define EDITION_WHY_BYTES (JUDGE_WHY_BYTES + sizeof VIEW_WITHHELD)
void edition_why(const struct edition *e, char out[EDITION_WHY_BYTES]);

/* In a sentence behind "is"; "" for INDEX_SHOWN. */
const char *edition_state(enum index_state state);

#endif
