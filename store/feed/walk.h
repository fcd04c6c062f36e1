/*
 * Walking a feed's commits from the oldest to the newest, each checked by
 * itself on several threads, and handed on in order.
 */
#ifndef WEALD_STORE_FEED_WALK_H
#define WEALD_STORE_FEED_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/envelope.h"
#include "store/feed/repo.h"

/* The commits to walk, the oldest first. */
struct walk {
	struct repo *repo; /* borrowed: where they are read from */
	uint8_t (*ids)[OBJECT_ID_BYTES];
	size_t count;
};

void walk_release(struct walk *w);

/*
 * List the commits from @head back to the one before which @stop (NULL: the
 * first of all) comes; @stop itself is not listed. Only first parents are
 * followed; a commit with two fails its check later.
 *   WEALD_DIVERGED  @stop is not among them
 *   and the codes of repo_read()
 */
int walk_list(struct repo *r, const uint8_t head[OBJECT_ID_BYTES],
	      const uint8_t *stop, struct walk *out, struct weald_msg *msg);

/* One update on the walk, borrowed for the call. */
struct walk_item {
	struct envelope envelope;
	struct checked checked;
};

/* What to read of the contents of an update's changes. */
enum walk_contents {
	WALK_NO_CONTENTS,
	WALK_CONTENTS_HERE, /* those that are there */
	WALK_CONTENTS_ALL   /* WEALD_CONTENT_ABSENT where one is not there */
};

typedef int walk_fn(void *ctx, const struct walk_item *item,
		    struct weald_msg *msg);

/*
 * Check each commit by itself (commit_parse(), envelope_check()) and hand it
 * to @each, in order, on this thread. Stops at the first that fails a check or
 * for which @each does not return WEALD_OK, and returns that code.
 *
 * @out_done   how many went through; also on failure
 */
int walk_check(const struct walk *w, enum walk_contents contents, walk_fn *each,
	       void *ctx, size_t *out_done, struct weald_msg *msg);

#endif
