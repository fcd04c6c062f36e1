/*
 * Moving main: the ref's new value is written and made durable beside it, then
 * renamed over it, as git does, under git's own lock (main.lock).
 *
 * Not by libgit2: it would look the commit up, and so open every new pack, and
 * its sync of the ref could not go along with those of the pack.
 *
 * Happy path: headmove_begin(), make the objects durable, headmove_finish().
 * After begin stock git cannot move main until the end; what a killed process
 * leaves, repo_repair() removes.
 */
#ifndef WEALD_STORE_FEED_HEADMOVE_H
#define WEALD_STORE_FEED_HEADMOVE_H

#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/repo.h"

/* Zeroed memory is a move that has ended. */
struct headmove {
	char *dir; /* the folder of the ref, owned; NULL: ended */
	int dir_fd;
	int lock_fd;
};

/*
 * Take git's lock on main, and write there what it is to be: @to.
 *
 * @from  where it must be now; NULL: not there yet
 *
 * After WEALD_OK one of headmove_finish() and headmove_abort() has to follow.
 *   WEALD_DIVERGED  main is not at @from
 *   WEALD_LOCKED    a git process is moving it
 *   and as in store/fs.h
 */
int headmove_begin(const struct repo *r, const uint8_t *from,
		   const uint8_t to[OBJECT_ID_BYTES], struct headmove *out,
		   struct weald_msg *msg);

/*
 * Make the move, durably; it has ended then, whatever the code.
 *   WEALD_UNKNOWN  main has moved, but perhaps not durably
 * On every other code of store/fs.h main is where it was.
 */
int headmove_finish(struct headmove *m, struct weald_msg *msg);

/* Leave main where it is. A move that has ended is fine. */
void headmove_abort(struct headmove *m);

#endif
