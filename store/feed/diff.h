/*
 * Diff: what is different between two texts, line by line.
 *
 * By libgit2's xdiff, so that it reads as git's own. No file and no feed is
 * touched. Bytes that are no text are compared as lines all the same.
 */
#ifndef WEALD_STORE_FEED_DIFF_H
#define WEALD_STORE_FEED_DIFF_H

#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"

enum diff_op { DIFF_SAME, DIFF_REMOVED, DIFF_ADDED };

struct diff_line {
	enum diff_op op;
	size_t old_line;  /* from 1; 0 of one that was added */
	size_t new_line;  /* from 1; 0 of one that was removed */
	struct span text; /* without its line feed; borrowed for the call */
};

/* So many lines that are the same, where the whole text is wanted. */
#define DIFF_WHOLE 0x7fffffffu

typedef int diff_line_fn(void *ctx, const struct diff_line *line);

/*
 * Call @each for every line of @after and @before that is different, and for
 * @context lines around these, in order: of one place what was removed comes
 * before what was added. Nothing where the texts are the same but for a line
 * feed at their end. Stops at the first code of @each that is not WEALD_OK, and
 * returns it.
 *
 *   WEALD_TOOBIG  over CONTENT_BYTES_MAX
 *   WEALD_NOMEM
 */
int diff_texts(struct span before, struct span after, unsigned context,
	       diff_line_fn *each, void *ctx, struct weald_msg *msg);

#endif
