/*
 * Framekit: one frame of each type and its bytes, which another implementation
 * of MessagePack wrote, for the tests of whoever reads or writes frames.
 */
#ifndef WEALD_TESTS_FRAMEKIT_H
#define WEALD_TESTS_FRAMEKIT_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/frame.h"

#define FRAMEKIT_N 16u

/* The samples, and the lists that they point at; a test may change them. */
struct framekit {
	struct frame frames[FRAMEKIT_N];
	struct clock_entry entries[2]; /* of clock; the second of have */
	struct span envelopes[2];      /* of updates */
	uint8_t blobs[2][OBJECT_ID_BYTES];
	struct frame_content contents[2]; /* the second is absent */
};

/* All samples as they were at first. @k must not move afterwards. */
void framekit_fill(struct framekit *k);

/* The sample of @type. */
struct frame *framekit_of(struct framekit *k, enum frame_type type);

/*
 * The bytes of sample @i, its length before them, in a block that is exactly
 * as large, which the caller frees.
 */
uint8_t *framekit_bytes(size_t i, size_t *out_len);

#endif
