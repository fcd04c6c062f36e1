/*
 * Checking the indexes of packs before libgit2 uses them: it takes the offsets
 * that stand there for true, and a bit that flipped in one makes it read
 * beyond its memory. Packs it reads with care.
 */
#ifndef WEALD_STORE_FEED_PACKCHECK_H
#define WEALD_STORE_FEED_PACKCHECK_H

#include "proto/err.h"

/*
 * Check the index of each pack in @pack_dir: checksum, size, order, and
 * offsets within the pack; and of stock git's index over several packs the
 * checksum. What vanishes meanwhile is passed over: another
 * process merges packs.
 *   WEALD_CORRUPT  @msg names the file
 *   and as in store/fs.h
 */
int packcheck_indexes(const char *pack_dir, struct weald_msg *msg);

#endif
