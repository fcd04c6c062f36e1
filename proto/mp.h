/*
 * MessagePack, the small canonical part of it that Weald speaks: nil,
 * unsigned integers up to 2^53, str, bin and arrays, each in its shortest
 * form. No map, float, ext, boolean or negative number.
 *
 * One value has one byte string. mp_walk() looks at every header before
 * msgpack-c sees the bytes: msgpack-c reserves memory for whatever count five
 * bytes announce.
 *
 * Pure. Input comes from the network and from disk; nothing asserts on it.
 */
#ifndef WEALD_PROTO_MP_H
#define WEALD_PROTO_MP_H

#include <msgpack.h>
#include <stdbool.h>

#include "proto/bytes.h"
#include "proto/err.h"

#define MP_DEPTH_MAX 8u

struct mp_limits {
	size_t depth;    /* arrays within arrays, 1..MP_DEPTH_MAX */
	size_t elements; /* values in all, arrays counted too */
};

/*
 * Check that @s is exactly one value in canonical form within @limits.
 *   WEALD_MALFORMED     cut short, trailing bytes, or a type never used here
 *   WEALD_NONCANONICAL  a longer form than needed
 *   WEALD_TOOBIG        over @limits, or an integer over 2^53
 */
int mp_walk(struct span s, const struct mp_limits *limits,
	    struct weald_msg *msg);

/*
 * A decoded value; strings and binaries borrow the bytes it was decoded from.
 * mp_close() takes a zeroed or closed document too.
 */
struct mp_doc {
	msgpack_unpacked unpacked;
};

/* mp_walk(), then decode. Codes of mp_walk() and WEALD_NOMEM. */
int mp_open(struct mp_doc *doc, struct span s, const struct mp_limits *limits,
	    struct weald_msg *msg);
void mp_close(struct mp_doc *doc);
const msgpack_object *mp_root(const struct mp_doc *doc);

/*
 * Typed access: false where @o has another type or size. The data of an empty
 * str or bin is not NULL either.
 */
bool mp_get_array(const msgpack_object *o, size_t count,
		  const msgpack_object **out);
bool mp_get_uint(const msgpack_object *o, uint64_t *out);
bool mp_get_str(const msgpack_object *o, struct span *out);
bool mp_get_bin(const msgpack_object *o, struct span *out);
/* A bin of exactly @len bytes, copied. */
bool mp_get_bytes(const msgpack_object *o, uint8_t *out, size_t len);

/*
 * Writing, into a buffer. The first failure sticks: check mp_writer_end()
 * once, which says WEALD_TOOBIG or WEALD_NOMEM, and leaves the buffer as it
 * was at mp_writer_begin().
 */
struct mp_writer {
	msgpack_packer packer;
	struct buf *out;
	size_t start;
	int err;
};

void mp_writer_begin(struct mp_writer *w, struct buf *out);
int mp_writer_end(struct mp_writer *w);
void mp_put_nil(struct mp_writer *w);
void mp_put_array(struct mp_writer *w, size_t count);
void mp_put_uint(struct mp_writer *w, uint64_t v);
void mp_put_str(struct mp_writer *w, struct span s);
void mp_put_bin(struct mp_writer *w, const void *data, size_t len);

#endif
