/*
 * Blobs: bytes that several owners share, freed by the last of them.
 *
 * The count is a plain number: all holders of a blob live in one thread. A
 * worker on another thread may read the bytes for as long as a holder in that
 * one thread keeps its reference for it.
 */
#ifndef WEALD_PROTO_BLOB_H
#define WEALD_PROTO_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

struct blob {
	size_t refs;
	size_t len;
	uint8_t data[]; /* len bytes; never changed once shared */
};

/* A copy of @bytes with one reference, the caller's. NULL: no memory. */
struct blob *blob_new(struct span bytes);
/* One reference more; returns @b, which may be NULL. */
struct blob *blob_ref(struct blob *b);
/* Give one reference back; takes NULL. */
void blob_unref(struct blob *b);
struct span blob_span(const struct blob *b);

#endif
