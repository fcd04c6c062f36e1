/*
 * One object as an entry of a pack: header and zlib data.
 *
 * Blobs are deflated at level 1, the fastest that still looks for matches.
 * Trees and commits are stored: most of a tree is object ids and most of a
 * commit base64 of ids, keys and digests, which do not compress. Measured,
 * level 1 takes a third off either for 25 to 40 microseconds a KiB, more than
 * half of the whole cost of an update, while storing takes one. What deflate
 * does not make smaller is stored too.
 */
#ifndef WEALD_STORE_FEED_PACKENTRY_H
#define WEALD_STORE_FEED_PACKENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/objectid.h"

/* Contents of one object; zlib counts in unsigned int. */
#define PACKENTRY_BYTES_MAX (1u << 30)

/* Scratch memory for one thread: a deflate stream, made when first needed. */
struct packentry_coder {
	z_stream z;
	bool ready;
};

/* Zeroed memory is valid too. */
void packentry_coder_release(struct packentry_coder *c);

/* The most bytes that packentry_encode() writes for @len bytes. */
size_t packentry_bound(size_t len);

/*
 * Write the entry of @data (at most PACKENTRY_BYTES_MAX) to @out, which has
 * room for packentry_bound() bytes. WEALD_NOMEM.
 */
int packentry_encode(struct packentry_coder *c, enum object_type type,
		     struct span data, uint8_t *out, size_t *out_len);

#endif
