/*
 * Git's object ids, computed by libgit2 with collision-detecting SHA-1.
 *
 * The one object_id_fn of the program (proto/objectid.h). The caller has
 * called git_libgit2_init(); after that it is thread-safe.
 */
#ifndef WEALD_STORE_FEED_OBJECTID_H
#define WEALD_STORE_FEED_OBJECTID_H

#include "proto/objectid.h"

/*
 * The id alone: the content is not checked to be a valid object of @type.
 * WEALD_OK, WEALD_CRYPTO (an attack on SHA-1 was seen) or WEALD_NOMEM.
 */
int object_id(enum object_type type, const void *data, size_t len,
	      uint8_t out_id[OBJECT_ID_BYTES]);

#endif
