/*
 * The quarantine: a bare repository into which stock git fetches what somebody
 * brought, before anything of it is looked at.
 *
 * git writes every object anew into packs of its own, so no loose object and
 * no pack of a stranger is read by libgit2.
 */
#ifndef WEALD_STORE_FEED_QUARANTINE_H
#define WEALD_STORE_FEED_QUARANTINE_H

#include "proto/err.h"
#include "store/feed/repo.h"

/*
 * Fetch branch main of @source, a repository or a bundle on this machine, into
 * the new repository @dir. git runs as a child process, with no protocol but
 * plain files.
 *
 * @known  repositories whose objects need not be brought (a bundle of what is
 *         new), ended by NULL; they are also where such a bundle is based on.
 *
 *   WEALD_NOTFOUND  no such file, no branch main, or git is not installed
 *   WEALD_INVALID   git refused the source; @msg has its words
 */
int quarantine_fetch(const char *dir, const char *source,
		     const char *const *known, struct weald_msg *msg);

/*
 * Refuse the quarantine @r where an object in its packs is larger than any of
 * a feed: also one that no update names, since others can be stored as what
 * differs from it, and reading those would inflate it. Inflates nothing.
 *   WEALD_INVALID, WEALD_CORRUPT
 */
int quarantine_check(const struct repo *r, struct weald_msg *msg);

#endif
