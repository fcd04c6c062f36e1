/*
 * The border for libgit2: where its codes end.
 */
#ifndef WEALD_STORE_FEED_GITERR_H
#define WEALD_STORE_FEED_GITERR_H

#include "proto/err.h"

/*
 * What the failure @code of a call to libgit2 that was just made on this
 * thread means to us; its message, if it left one, goes to @msg. @code is
 * below 0. libgit2 keeps no errno: a full disk and a refused permission are
 * known by the text that strerror() gave it.
 *
 * WEALD_NOTFOUND, WEALD_EXISTS, WEALD_LOCKED, WEALD_DIVERGED (a ref has moved
 * on: GIT_EMODIFIED), WEALD_INVALID, WEALD_NOMEM, WEALD_NOSPACE,
 * WEALD_DENIED, WEALD_CORRUPT (zlib, an index or a pack that does not read),
 * WEALD_CRYPTO (SHA-1), WEALD_IO for everything else.
 */
int err_from_git(int code, struct weald_msg *msg);

#endif
