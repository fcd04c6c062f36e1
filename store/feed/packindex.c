#include "store/feed/packindex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/feed/packread.h"

/*
 * The layout: magic and version, fanout[256], ids, CRCs, 31-bit offsets,
 * 64-bit offsets of those whose highest bit is set, the pack's checksum, the
 * index's own checksum. All numbers big-endian.
 */
#define HEADER_BYTES 8u
#define FANOUT_BYTES 1024u
#define ENTRY_BYTES  28u
#define FIXED_BYTES  (HEADER_BYTES + FANOUT_BYTES + 2u * HASHFILE_SUM_BYTES)
#define OFFSET_LARGE UINT32_C(0x80000000)
#define OFFSET_LIMIT (UINT64_C(1) << 63)

static const uint8_t magic[HEADER_BYTES] = { 0xff, 't', 'O', 'c', 0, 0, 0, 2 };

static int compare_ids(const void *a, const void *b)
{
	const struct packindex_entry *x = a;
	const struct packindex_entry *y = b;

	return memcmp(x->id, y->id, OBJECT_ID_BYTES);
}

static int compare_offsets(const void *a, const void *b)
{
	const struct packindex_entry *x = a;
	const struct packindex_entry *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

void packindex_sort_by_id(struct packindex_entry *entries, size_t n)
{
	if (n > 1) {
		qsort(entries, n, sizeof *entries, compare_ids);
	}
}

void packindex_sort_by_offset(struct packindex_entry *entries, size_t n)
{
	if (n > 1) {
		qsort(entries, n, sizeof *entries, compare_offsets);
	}
}

static void put_be32(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

static uint32_t get_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
	       (uint32_t)from[2] << 8 | from[3];
}

static int add_be32(struct hashfile *f, uint32_t v, struct weald_msg *msg)
{
	uint8_t be[4];

	put_be32(be, v);
	return hashfile_add(f, be, sizeof be, msg);
}

static int write_fanout(const struct packindex_entry *entries, size_t n,
			struct hashfile *f, struct weald_msg *msg)
{
	uint8_t fanout[FANOUT_BYTES];
	size_t done = 0;
	unsigned first;

	for (first = 0; first < 256; first++) {
		while (done < n && entries[done].id[0] <= first) {
			done++;
		}
		put_be32(fanout + (size_t)first * 4, (uint32_t)done);
	}
	assert(done == n);
	return hashfile_add(f, fanout, sizeof fanout, msg);
}

static int write_offsets(const struct packindex_entry *entries, size_t n,
			 struct hashfile *f, struct weald_msg *msg)
{
	uint32_t large = 0;
	uint8_t be[8];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < n && r == WEALD_OK; i++) {
		if (entries[i].offset < OFFSET_LARGE) {
			r = add_be32(f, (uint32_t)entries[i].offset, msg);
		} else {
			r = add_be32(f, OFFSET_LARGE | large++, msg);
		}
	}
	for (i = 0; i < n && r == WEALD_OK && large > 0; i++) {
		assert(entries[i].offset < OFFSET_LIMIT);
		if (entries[i].offset >= OFFSET_LARGE) {
			put_be32(be, (uint32_t)(entries[i].offset >> 32));
			put_be32(be + 4, (uint32_t)entries[i].offset);
			r = hashfile_add(f, be, sizeof be, msg);
		}
	}
	return r;
}

int packindex_write(const struct packindex_entry *entries, size_t n,
		    const uint8_t pack_sum[HASHFILE_SUM_BYTES],
		    struct hashfile *f, struct weald_msg *msg)
{
	size_t i;
	int r;

	assert(n < OFFSET_LARGE);
	r = hashfile_add(f, magic, sizeof magic, msg);
	if (r == WEALD_OK) {
		r = write_fanout(entries, n, f, msg);
	}
	for (i = 0; i < n && r == WEALD_OK; i++) {
		assert(i == 0 || compare_ids(&entries[i - 1], &entries[i]) < 0);
		r = hashfile_add(f, entries[i].id, OBJECT_ID_BYTES, msg);
	}
	for (i = 0; i < n && r == WEALD_OK; i++) {
		r = add_be32(f, entries[i].crc, msg);
	}
	if (r == WEALD_OK) {
		r = write_offsets(entries, n, f, msg);
	}
	if (r == WEALD_OK) {
		r = hashfile_add(f, pack_sum, HASHFILE_SUM_BYTES, msg);
	}
	return r;
}

static int corrupt(struct weald_msg *msg, const char *what)
{
	msg_set(msg, "%s", what);
	return WEALD_CORRUPT;
}

/* Checksum, magic and size; the number of objects and of 64-bit offsets. */
static int check_frame(struct span idx, size_t *out_n, size_t *out_large,
		       struct weald_msg *msg)
{
	uint8_t sum[HASHFILE_SUM_BYTES];
	size_t n;
	size_t rest;
	int r;

	if (idx.len < HEADER_BYTES) {
		return corrupt(msg, "cut short");
	}
	if (memcmp(idx.data, magic, sizeof magic) != 0) {
		msg_set(msg, "not a pack index of version 2");
		return WEALD_FORMAT;
	}
	if (idx.len < FIXED_BYTES) {
		return corrupt(msg, "cut short");
	}
	r = hashfile_sum((struct span){ idx.data, idx.len - sizeof sum }, sum);
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(idx.data + idx.len - sizeof sum, sum, sizeof sum) != 0) {
		return corrupt(msg, "the checksum is wrong");
	}
	n = get_be32(idx.data + HEADER_BYTES + FANOUT_BYTES - 4);
	rest = idx.len - FIXED_BYTES;
	if (n >= OFFSET_LARGE || n > rest / ENTRY_BYTES) {
		return corrupt(msg, "more objects than it has room for");
	}
	rest -= n * ENTRY_BYTES;
	if (rest % 8 != 0 || rest / 8 > n) {
		return corrupt(msg, "not of the size its objects take");
	}
	*out_n = n;
	*out_large = rest / 8;
	return WEALD_OK;
}

/* The parts of an index of @n objects that check_frame() found good. */
struct parts {
	size_t n;
	size_t large;
	const uint8_t *fanout;
	const uint8_t *ids;
	const uint8_t *crcs;
	const uint8_t *offsets;
	const uint8_t *larges;
};

static struct parts parts_of(struct span idx, size_t n, size_t large)
{
	struct parts p = { .n = n, .large = large };

	p.fanout = idx.data + HEADER_BYTES;
	p.ids = p.fanout + FANOUT_BYTES;
	p.crcs = p.ids + n * OBJECT_ID_BYTES;
	p.offsets = p.crcs + n * 4;
	p.larges = p.offsets + n * 4;
	return p;
}

/* The offset of object @i, below @limit. */
static int offset_at(const struct parts *p, size_t i, uint64_t limit,
		     uint64_t *out, struct weald_msg *msg)
{
	uint64_t at = get_be32(p->offsets + i * 4);

	if ((at & OFFSET_LARGE) != 0) {
		at &= ~(uint64_t)OFFSET_LARGE;
		if (at >= p->large) {
			return corrupt(msg, "a wrong large offset");
		}
		at = (uint64_t)get_be32(p->larges + at * 8) << 32 |
		     get_be32(p->larges + at * 8 + 4);
	}
	if (at >= limit) {
		return corrupt(msg, "an offset beyond the pack");
	}
	*out = at;
	return WEALD_OK;
}

/* Ids in order, and as many with each first byte as the fanout says. */
static int check_ids(const struct parts *p, struct weald_msg *msg)
{
	const uint8_t *id = p->ids;
	size_t done = 0;
	unsigned first;
	size_t i;

	for (i = 1; i < p->n; i++, id += OBJECT_ID_BYTES) {
		if (memcmp(id, id + OBJECT_ID_BYTES, OBJECT_ID_BYTES) >= 0) {
			return corrupt(msg, "the ids are not in order");
		}
	}
	for (first = 0; first < 256; first++) {
		while (done < p->n && p->ids[done * OBJECT_ID_BYTES] <= first) {
			done++;
		}
		if (get_be32(p->fanout + (size_t)first * 4) != done) {
			return corrupt(msg, "the fanout is wrong");
		}
	}
	return WEALD_OK;
}

static int read_entries(const struct parts *p, struct packindex_entry *entries,
			struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->n; i++) {
		memcpy(entries[i].id, p->ids + i * OBJECT_ID_BYTES,
		       OBJECT_ID_BYTES);
		entries[i].crc = get_be32(p->crcs + i * 4);
		r = offset_at(p, i, OFFSET_LIMIT, &entries[i].offset, msg);
	}
	return r;
}

int packindex_check(struct span idx, uint64_t limit, struct weald_msg *msg)
{
	struct parts p;
	uint64_t at;
	size_t large;
	size_t n;
	size_t i;
	int r;

	r = check_frame(idx, &n, &large, msg);
	if (r != WEALD_OK) {
		return r;
	}
	p = parts_of(idx, n, large);
	r = check_ids(&p, msg);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = offset_at(&p, i, limit, &at, msg);
		if (r == WEALD_OK && at < PACK_HEADER_BYTES) {
			r = corrupt(msg, "an offset before the first object");
		}
	}
	return r;
}

int packindex_read(struct span idx, struct packindex_entry **out, size_t *out_n,
		   uint8_t out_pack_sum[HASHFILE_SUM_BYTES],
		   struct weald_msg *msg)
{
	struct packindex_entry *entries = NULL;
	struct parts p;
	size_t large;
	size_t n;
	int r;

	r = check_frame(idx, &n, &large, msg);
	if (r != WEALD_OK) {
		return r;
	}
	p = parts_of(idx, n, large);
	r = check_ids(&p, msg);
	if (r == WEALD_OK && n > 0) {
		entries = calloc(n, sizeof *entries);
		if (entries == NULL) {
			return WEALD_NOMEM;
		}
		r = read_entries(&p, entries, msg);
	}
	if (r != WEALD_OK) {
		free(entries);
		return r;
	}
	*out = entries;
	*out_n = n;
	memcpy(out_pack_sum, idx.data + idx.len - 2 * HASHFILE_SUM_BYTES,
	       HASHFILE_SUM_BYTES);
	return WEALD_OK;
}
