/*
 * Object ids: git's SHA-1 names of blobs, trees and commits.
 *
 * The core does not compute SHA-1 itself: git ids are taken with collision
 * detection, which libgit2 has and OpenSSL has not. Whoever calls a function
 * that needs ids passes one of these.
 */
#ifndef WEALD_PROTO_OBJECTID_H
#define WEALD_PROTO_OBJECTID_H

#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3 };

/*
 * The id of the object of @type with the content @data of @len bytes: SHA-1
 * over "<type> <len>\0" and the content. Pure and thread-safe. WEALD_OK or
 * WEALD_CRYPTO (an attack on SHA-1 was seen, or the library failed).
 */
typedef int object_id_fn(enum object_type type, const void *data, size_t len,
			 uint8_t out_id[OBJECT_ID_BYTES]);

#endif
