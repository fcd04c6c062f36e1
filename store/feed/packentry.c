#include "store/feed/packentry.h"

#include <assert.h>
#include <string.h>

#define HEADER_BYTES_MAX 10u
/* a stored block: 1 byte, length and its complement */
#define STORED_BLOCK_BYTES 5u
#define STORED_BLOCK_MAX   65535u
#define ZLIB_HEADER_BYTES  2u
#define ADLER_BYTES        4u

void packentry_coder_release(struct packentry_coder *c)
{
	if (c->ready) {
		(void)deflateEnd(&c->z);
		c->ready = false;
	}
}

static size_t stored_bytes(size_t len)
{
	size_t blocks = len / STORED_BLOCK_MAX + 1;

	return ZLIB_HEADER_BYTES + blocks * STORED_BLOCK_BYTES + len +
	       ADLER_BYTES;
}

size_t packentry_bound(size_t len)
{
	assert(len <= PACKENTRY_BYTES_MAX);
	return HEADER_BYTES_MAX + stored_bytes(len);
}

/* Type and size: 4 bits of the size in the first byte, then 7 in each. */
static size_t put_header(enum object_type type, size_t size, uint8_t *out)
{
	size_t n = 0;
	unsigned byte = (unsigned)type << 4 | (unsigned)(size & 15);

	size >>= 4;
	while (size != 0) {
		out[n++] = (uint8_t)(byte | 0x80);
		byte = (unsigned)(size & 0x7f);
		size >>= 7;
	}
	out[n++] = (uint8_t)byte;
	return n;
}

/* zlib data of stored blocks only (RFC 1950, RFC 1951 3.2.4). */
static size_t put_stored(struct span data, uint8_t *out)
{
	uLong adler = adler32(1, data.data, (uInt)data.len);
	size_t left = data.len;
	uint8_t *at = out;
	size_t n;

	*at++ = 0x78;
	*at++ = 0x01;
	do {
		n = left < STORED_BLOCK_MAX ? left : STORED_BLOCK_MAX;
		*at++ = n == left ? 1 : 0;
		*at++ = (uint8_t)n;
		*at++ = (uint8_t)(n >> 8);
		*at++ = (uint8_t)~n;
		*at++ = (uint8_t)(~n >> 8);
		if (data.len > 0) {
			memcpy(at, data.data + (data.len - left), n);
		}
		at += n;
		left -= n;
	} while (left > 0);
	*at++ = (uint8_t)(adler >> 24);
	*at++ = (uint8_t)(adler >> 16);
	*at++ = (uint8_t)(adler >> 8);
	*at++ = (uint8_t)adler;
	return (size_t)(at - out);
}

/* zlib's pointer is not const, though it only reads. */
static Bytef *readable(const uint8_t *data)
{
	union {
		const uint8_t *in;
		Bytef *out;
	} u = { .in = data };

	return u.out;
}

/* Deflated into less than the stored form, or *@out_len is 0. */
static int put_deflated(struct packentry_coder *c, struct span data,
			uint8_t *out, size_t *out_len)
{
	size_t room = stored_bytes(data.len) - 1;
	int rc;

	if (!c->ready) {
		memset(&c->z, 0, sizeof c->z);
		if (deflateInit(&c->z, Z_BEST_SPEED) != Z_OK) {
			return WEALD_NOMEM;
		}
		c->ready = true;
	}
	rc = deflateReset(&c->z);
	assert(rc == Z_OK);
	c->z.next_in = readable(data.data);
	c->z.avail_in = (uInt)data.len;
	c->z.next_out = out;
	c->z.avail_out = (uInt)room;
	rc = deflate(&c->z, Z_FINISH);
	*out_len = rc == Z_STREAM_END ? room - c->z.avail_out : 0;
	return WEALD_OK;
}

int packentry_encode(struct packentry_coder *c, enum object_type type,
		     struct span data, uint8_t *out, size_t *out_len)
{
	size_t head;
	size_t body = 0;
	int r;

	assert(data.len <= PACKENTRY_BYTES_MAX);
	head = put_header(type, data.len, out);
	if (type == OBJECT_BLOB && data.len > 0) {
		r = put_deflated(c, data, out + head, &body);
		if (r != WEALD_OK) {
			return r;
		}
	}
	if (body == 0) {
		body = put_stored(data, out + head);
	}
	*out_len = head + body;
	return WEALD_OK;
}
