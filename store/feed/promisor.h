/*
 * The marks of promisor packs: an empty file pack-<hex>.promisor beside each
 * pack of a narrow feed says to git that what the pack's objects name may be
 * absent.
 */
#ifndef WEALD_STORE_FEED_PROMISOR_H
#define WEALD_STORE_FEED_PROMISOR_H

#include "proto/err.h"

/*
 * Mark the pack @name, which need not be there yet, in the folder @dir_fd;
 * @dir is its path, for messages. Durable with the next sync of the folder.
 */
int promisor_mark(int dir_fd, const char *dir, const char *name,
		  struct weald_msg *msg);

/*
 * Mark every pack in @pack_dir, or take all marks away; durable. The caller
 * holds the lock. Codes as in store/fs.h.
 */
int promisor_mark_all(const char *pack_dir, struct weald_msg *msg);
int promisor_unmark_all(const char *pack_dir, struct weald_msg *msg);

#endif
