#include "proto/gossip_private.h"

/* A MessagePack unsigned integer in any form that can be one. */
static bool take_uint(struct reader *r, uint64_t *out)
{
	struct span s;
	size_t bytes;
	uint64_t v = 0;
	size_t i;

	if (reader_take(r, 1, &s) != WEALD_OK) {
		return false;
	}
	if (s.data[0] < 0x80) {
		*out = s.data[0];
		return true;
	}
	if (s.data[0] < 0xcc || s.data[0] > 0xcf) {
		return false;
	}
	bytes = (size_t)1 << (s.data[0] - 0xcc);
	if (reader_take(r, bytes, &s) != WEALD_OK) {
		return false;
	}
	for (i = 0; i < bytes; i++) {
		v = v << 8 | s.data[i];
	}
	*out = v;
	return true;
}

/* The header of an array: its count is not looked at. */
static bool skip_array(struct reader *r)
{
	struct span s;

	if (reader_take(r, 1, &s) != WEALD_OK) {
		return false;
	}
	if ((s.data[0] & 0xf0) == 0x90) {
		return true;
	}
	return s.data[0] == 0xdc && reader_take(r, 2, &s) == WEALD_OK;
}

/* A str or bin of up to 64 KiB. */
static bool take_bytes(struct reader *r, struct span *out)
{
	struct span s;
	size_t len;

	if (reader_take(r, 1, &s) != WEALD_OK) {
		return false;
	}
	if ((s.data[0] & 0xe0) == 0xa0) {
		return reader_take(r, s.data[0] & 0x1f, out) == WEALD_OK;
	}
	switch (s.data[0]) {
	case 0xc4:
	case 0xd9:
		if (reader_take(r, 1, &s) != WEALD_OK) {
			return false;
		}
		len = s.data[0];
		break;
	case 0xc5:
	case 0xda:
		if (reader_take(r, 2, &s) != WEALD_OK) {
			return false;
		}
		len = (size_t)s.data[0] << 8 | s.data[1];
		break;
	case 0xc6: /* a payload of exactly 64 KiB */
		if (reader_take(r, 4, &s) != WEALD_OK) {
			return false;
		}
		len = (size_t)s.data[0] << 24 | (size_t)s.data[1] << 16 |
		      (size_t)s.data[2] << 8 | s.data[3];
		break;
	default:
		return false;
	}
	return reader_take(r, len, out) == WEALD_OK;
}

bool gossip_peek(struct span envelope, uint64_t *out_epoch, uint64_t *out_seq)
{
	struct reader r;
	struct span s;
	uint64_t v;

	reader_init(&r, envelope);
	if (!skip_array(&r) || !take_bytes(&r, &s)) {
		return false;
	}
	/* [format, feed, slug, root, epoch, seq, ...] */
	reader_init(&r, s);
	return skip_array(&r) && take_uint(&r, &v) && take_bytes(&r, &s) &&
	       take_bytes(&r, &s) && take_bytes(&r, &s) &&
	       take_uint(&r, out_epoch) && take_uint(&r, out_seq) &&
	       *out_epoch <= UINT_MAX_VALUE && *out_seq >= 1 &&
	       *out_seq <= UINT_MAX_VALUE;
}
