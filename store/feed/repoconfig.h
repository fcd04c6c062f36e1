/*
 * The configuration of a feed's repository, git's file "config": what weald
 * keeps there for stock git, and its own mark of a narrow feed.
 *
 * A narrow feed is what git calls a partial clone: objects that its promisor
 * packs name may be absent. The promisor is a remote that nobody can reach:
 * git would ask it for what is absent, and weald fetches contents by itself.
 * extensions.partialClone is never set, libgit2 refuses it.
 */
#ifndef WEALD_STORE_FEED_REPOCONFIG_H
#define WEALD_STORE_FEED_REPOCONFIG_H

#include <stdbool.h>

#include "proto/err.h"

/* Is the repository @dir marked as narrow? Codes of libgit2 and store/fs.h. */
int repoconfig_is_narrow(const char *dir, bool *out, struct weald_msg *msg);

/*
 * Mark the repository @dir as narrow, or take the mark away; durable when this
 * returns. What else stands in the configuration stays. Needs the lock.
 */
int repoconfig_set_narrow(const char *dir, bool narrow, struct weald_msg *msg);

/* Let git look for the keys of signers in the file @path. Needs the lock. */
int repoconfig_set_signers(const char *dir, const char *path,
			   struct weald_msg *msg);

#endif
