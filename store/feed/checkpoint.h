/*
 * The checkpoint: a file beside a feed's objects with its chain as of some
 * commit point, so that opening a feed need not read and verify all of it.
 * There are two: a durable one now and then, and one that is not synced, and
 * so cheap, more often and whenever the feed is closed.
 *
 * Derived and disposable: it names the commit that it stands for and ends with
 * a SHA-256 of itself. One that is damaged, of another version, or not of
 * this history is as good as none.
 */
#ifndef WEALD_STORE_FEED_CHECKPOINT_H
#define WEALD_STORE_FEED_CHECKPOINT_H

#include <stdbool.h>

#include "store/feed/chain.h"

/* Room for a feed of several million updates. */
#define CHECKPOINT_BYTES_MAX (512u * 1024u * 1024u)

/*
 * Write @c's state to @path. Codes as in store/fs.h.
 *
 * @durable  false: not synced. It is there whole after any end of the process,
 *           but after a power cut perhaps damaged, which shows.
 */
int checkpoint_write(const char *path, const struct chain *c, bool durable,
		     struct weald_msg *msg);

/*
 * Fill in the empty chain @c from @path. WEALD_NOTFOUND where there is no
 * checkpoint that can be used; @c is empty then, as on every failure.
 */
int checkpoint_read(const char *path, struct chain *c);

#endif
