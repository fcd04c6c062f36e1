/*
 * Bytes: a borrowed span, a bounded growing buffer, a bounded reader, and
 * their text forms (hex, base64).
 *
 * No input asserts here: bytes come from the network and from disk. Lengths
 * are in bytes.
 */
#ifndef WEALD_PROTO_BYTES_H
#define WEALD_PROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns; @data may be NULL where @len is 0. */
struct span {
	const uint8_t *data;
	size_t len;
};

/* A span over a C string, without its NUL. */
struct span span_of(const char *text);
bool span_equal(struct span a, struct span b);
/* Order by bytes, the shorter first where one begins the other. */
int span_compare(struct span a, struct span b);

/*
 * A buffer that grows up to @max and never past it. Zeroed memory is a valid
 * empty buffer with max 0; buf_init() sets the maximum. @data is NULL or a
 * block of @cap bytes.
 */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
};

void buf_init(struct buf *b, size_t max);
/* Free the memory; the buffer is empty again and keeps its maximum. */
void buf_release(struct buf *b);
/* Forget the bytes, keep the memory. */
void buf_clear(struct buf *b);
struct span buf_span(const struct buf *b);

/*
 * Append. On failure the buffer is as it was.
 *   WEALD_TOOBIG  it would grow past its maximum
 *   WEALD_NOMEM   no memory
 */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_text(struct buf *b, const char *text);
int buf_add_byte(struct buf *b, uint8_t byte);
int buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int buf_add_be32(struct buf *b, uint32_t v);
/* A 4-byte big-endian length and the bytes: the "string" of RFC 4251. */
int buf_add_ssh_string(struct buf *b, const void *data, size_t len);
int buf_add_hex(struct buf *b, const void *data, size_t len);
/* Base64 of RFC 4648 with padding, in one line. */
int buf_add_base64(struct buf *b, const void *data, size_t len);
/* Make room for @len bytes more without writing them. */
int buf_reserve(struct buf *b, size_t len);

/* A reader over borrowed bytes; each read moves on only on success. */
struct reader {
	const uint8_t *data;
	size_t len;
	size_t pos;
};

void reader_init(struct reader *r, struct span s);
size_t reader_left(const struct reader *r);
/* The next @len bytes, borrowed; WEALD_INCOMPLETE where fewer are left. */
int reader_take(struct reader *r, size_t len, struct span *out);
int reader_be32(struct reader *r, uint32_t *out);
int reader_ssh_string(struct reader *r, struct span *out);
/*
 * Take @text exactly; WEALD_MALFORMED where something else stands there,
 * WEALD_INCOMPLETE where fewer bytes than @text has are left.
 */
int reader_expect(struct reader *r, const char *text);
/* Up to and without the next @stop, which is taken too. */
int reader_until(struct reader *r, uint8_t stop, struct span *out);

/* @out holds 2 * @len + 1 bytes; lower case, NUL at the end. */
void hex_encode(const void *data, size_t len, char *out);
/* Exactly 2 * @len hex digits of either case, or WEALD_INVALID. */
int hex_decode(struct span text, uint8_t *out, size_t len);
/*
 * Strict base64: padding as written by the encoder, no white space, unused
 * bits zero, so that one text stands for one byte string. Appends to @out.
 *   WEALD_INVALID, WEALD_TOOBIG, WEALD_NOMEM
 */
int base64_decode(struct span text, struct buf *out);

/*
 * The whole of @text as a decimal number: digits only, no sign, no leading
 * zero but "0" itself, within @min..@max; or WEALD_INVALID.
 */
int parse_u64(struct span text, uint64_t min, uint64_t max, uint64_t *out);

#endif
