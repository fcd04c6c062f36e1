/*
 * Private to frame.c, frame_check.c, frame_encode.c and frame_decode.c: what
 * they share of a frame's form.
 */
#ifndef WEALD_PROTO_FRAME_PRIVATE_H
#define WEALD_PROTO_FRAME_PRIVATE_H

#include "proto/frame.h"
#include "proto/mp.h"

/* One more than the highest type that this version knows. */
#define FRAME_TYPES 17u

/* How many elements a frame of @type has, the type counted; 0: unknown. */
size_t frame_fields(uint64_t type);

#endif
