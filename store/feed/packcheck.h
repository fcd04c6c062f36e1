/*
 * Checking the indexes of packs before libgit2 uses them: it takes the offsets
 * that stand there for true, and a bit that flipped in one makes it read
 * beyond its memory. Packs it reads with care.
 *
 * Every index is read whole when a repository is opened: 4 milliseconds for
 * 60,000 objects, some 10,000 updates. While it is open, those that were
 * checked already and have the same file, size and times are passed over; bits
 * that rot under an unchanged file then show at the next opening, or in
 * `weald verify`.
 */
#ifndef WEALD_STORE_FEED_PACKCHECK_H
#define WEALD_STORE_FEED_PACKCHECK_H

#include "proto/err.h"

/* What was checked; 120 bytes a pack. */
struct packcheck;

int packcheck_new(struct packcheck **out); /* gives; WEALD_NOMEM */
void packcheck_free(struct packcheck *c);  /* NULL is fine */

/*
 * Check the index of each pack in @pack_dir: checksum, size, order, and
 * offsets within the pack; and of stock git's index over several packs the
 * checksum. What vanishes meanwhile is passed over: another
 * process merges packs.
 *
 * @c  what was checked before, of the same folder; replaced by what is checked
 *     now. NULL: check all.
 *
 *   WEALD_CORRUPT  @msg names the file
 *   and as in store/fs.h
 */
int packcheck_indexes(struct packcheck *c, const char *pack_dir,
		      struct weald_msg *msg);

#endif
