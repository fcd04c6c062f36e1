/*
 * Verification of a feed from its git objects alone: every commit, signature,
 * tree and content, trusting no checkpoint and no index.
 */
#ifndef WEALD_STORE_FEED_VERIFY_H
#define WEALD_STORE_FEED_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/identity.h"

/* Called now and then on the caller's thread: @done of @total updates. */
typedef void verify_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct verify_result {
	struct identity identity; /* after the last update that is good */
	uint64_t total;           /* commits on main */
	bool narrow;              /* a narrow feed: contents may be absent */
	uint64_t absent;          /* changes whose content is absent */
	/* where it failed */
	/* 0 where all is good, or where the history cannot even be listed */
	uint64_t failed_seq;
	char failed_commit[2 * OBJECT_ID_BYTES + 1];
};

/*
 * Verify the feed at @dir. Any number of processes may read and one may write
 * meanwhile: what is verified is main as it was at the start. @progress may be
 * NULL. @out is filled in also where an update fails: the code of the rule it
 * breaks, and @msg says what and where.
 *
 * Of a narrow feed all that is there is verified, and what is absent counted.
 *
 * @known  other repositories, ended by NULL, whose objects count as here (a
 *         quarantine is based on them); NULL for none.
 */
int feed_verify(const char *dir, const char *const *known,
		verify_progress_fn *progress, void *ctx,
		struct verify_result *out, struct weald_msg *msg);

#endif
