#include "proto/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

/* One entry in MessagePack: at most 1 + 34 + 9 + 9 + 22 bytes. */
#define ENTRY_BYTES_MAX 75u
#define ENTRY_FIELDS    4u

enum clock_order clock_compare(const struct clock_entry *a,
			       const struct clock_entry *b)
{
	if (a->epoch != b->epoch) {
		return a->epoch < b->epoch ? CLOCK_BEHIND : CLOCK_AHEAD;
	}
	if (a->seq != b->seq) {
		return a->seq < b->seq ? CLOCK_BEHIND : CLOCK_AHEAD;
	}
	return memcmp(a->commit, b->commit, sizeof a->commit) == 0
		       ? CLOCK_SAME
		       : CLOCK_FORKED;
}

void clock_release(struct clock *c)
{
	free(c->entries);
	*c = (struct clock){ .entries = NULL };
}

/* Where @feed is, or where it would be put; says which. */
static bool find_place(const struct clock *c, const uint8_t feed[SHA256_BYTES],
		       size_t *out_at)
{
	size_t low = 0;
	size_t high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(c->entries[mid].feed, feed, SHA256_BYTES);

		if (order == 0) {
			*out_at = mid;
			return true;
		}
		if (order < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	*out_at = low;
	return false;
}

const struct clock_entry *clock_find(const struct clock *c,
				     const uint8_t feed[SHA256_BYTES])
{
	size_t at;

	return find_place(c, feed, &at) ? &c->entries[at] : NULL;
}

/* Make room for @n entries in all. */
static int clock_reserve(struct clock *c, size_t n)
{
	struct clock_entry *entries;
	size_t cap = c->cap < 16 ? 16 : c->cap;

	if (n > CLOCK_FEEDS_MAX) {
		return WEALD_TOOBIG;
	}
	if (n <= c->cap) {
		return WEALD_OK;
	}
	while (cap < n) {
		cap *= 2;
	}
	entries = realloc(c->entries, cap * sizeof *entries);
	if (entries == NULL) {
		return WEALD_NOMEM;
	}
	c->entries = entries;
	c->cap = cap;
	return WEALD_OK;
}

int clock_set(struct clock *c, const struct clock_entry *entry)
{
	struct clock_entry copy = *entry; /* it may stand in @c */
	size_t at;
	int r;

	if (find_place(c, copy.feed, &at)) {
		c->entries[at] = copy;
		return WEALD_OK;
	}
	r = clock_reserve(c, c->n + 1);
	if (r != WEALD_OK) {
		return r;
	}
	memmove(&c->entries[at + 1], &c->entries[at],
		(c->n - at) * sizeof c->entries[0]);
	c->entries[at] = copy;
	c->n++;
	return WEALD_OK;
}

void clock_remove(struct clock *c, const uint8_t feed[SHA256_BYTES])
{
	size_t at;

	if (!find_place(c, feed, &at)) {
		return;
	}
	c->n--;
	memmove(&c->entries[at], &c->entries[at + 1],
		(c->n - at) * sizeof c->entries[0]);
}

int clock_check_entries(const struct clock_entry *entries, size_t n,
			struct weald_msg *msg)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (entries[i].seq == 0 || entries[i].seq > UINT_MAX_VALUE ||
		    entries[i].epoch > UINT_MAX_VALUE) {
			msg_set(msg, "entry %zu: epoch or seq out of range", i);
			return WEALD_MALFORMED;
		}
		if (i > 0 && memcmp(entries[i - 1].feed, entries[i].feed,
				    SHA256_BYTES) >= 0) {
			msg_set(msg, "entry %zu: not sorted by feed", i);
			return WEALD_MALFORMED;
		}
	}
	return WEALD_OK;
}

int clock_append(struct clock *c, const struct clock_entry *entries, size_t n,
		 struct weald_msg *msg)
{
	int r;

	r = clock_check_entries(entries, n, msg);
	if (r != WEALD_OK || n == 0) {
		return r;
	}
	if (c->n > 0 && memcmp(c->entries[c->n - 1].feed, entries[0].feed,
			       SHA256_BYTES) >= 0) {
		msg_set(msg, "entry 0: not sorted by feed");
		return WEALD_MALFORMED;
	}
	r = n > CLOCK_FEEDS_MAX ? WEALD_TOOBIG : clock_reserve(c, c->n + n);
	if (r == WEALD_TOOBIG) {
		msg_set(msg, "more than %u feeds", CLOCK_FEEDS_MAX);
	}
	if (r == WEALD_OK) {
		memcpy(&c->entries[c->n], entries, n * sizeof entries[0]);
		c->n += n;
	}
	return r;
}

int clock_digest(const struct clock *c, uint8_t out_digest[SHA256_BYTES])
{
	struct mp_writer w;
	struct buf b;
	int r;

	assert(c->n <= CLOCK_FEEDS_MAX);
	buf_init(&b, 8 + c->n * ENTRY_BYTES_MAX);
	mp_writer_begin(&w, &b);
	clock_put_entries(&w, c->entries, c->n);
	r = mp_writer_end(&w);
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&b), out_digest);
	}
	buf_release(&b);
	return r;
}

bool clock_next_pair(struct clock_pairs *p, const struct clock_entry **out_a,
		     const struct clock_entry **out_b)
{
	const struct clock_entry *a = NULL;
	const struct clock_entry *b = NULL;
	int order = 0;

	if (p->at_a < p->a->n) {
		a = &p->a->entries[p->at_a];
	}
	if (p->at_b < p->b->n) {
		b = &p->b->entries[p->at_b];
	}
	if (a == NULL && b == NULL) {
		return false;
	}
	if (a != NULL && b != NULL) {
		order = memcmp(a->feed, b->feed, SHA256_BYTES);
	}
	*out_a = order > 0 ? NULL : a;
	*out_b = order < 0 ? NULL : b;
	p->at_a += *out_a != NULL;
	p->at_b += *out_b != NULL;
	return true;
}

void clock_put_entries(struct mp_writer *w, const struct clock_entry *entries,
		       size_t n)
{
	size_t i;

	mp_put_array(w, n);
	for (i = 0; i < n; i++) {
		mp_put_array(w, ENTRY_FIELDS);
		mp_put_bin(w, entries[i].feed, SHA256_BYTES);
		mp_put_uint(w, entries[i].epoch);
		mp_put_uint(w, entries[i].seq);
		mp_put_bin(w, entries[i].commit, OBJECT_ID_BYTES);
	}
}

static bool get_entry(const msgpack_object *o, struct clock_entry *out)
{
	const msgpack_object *f;

	return mp_get_array(o, ENTRY_FIELDS, &f) &&
	       mp_get_bytes(&f[0], out->feed, sizeof out->feed) &&
	       mp_get_uint(&f[1], &out->epoch) &&
	       mp_get_uint(&f[2], &out->seq) &&
	       mp_get_bytes(&f[3], out->commit, sizeof out->commit);
}

int clock_get_entries(const msgpack_object *o, struct clock_entry *out,
		      size_t max, size_t *out_n, struct weald_msg *msg)
{
	size_t n;
	size_t i;
	int r;

	if (o->type != MSGPACK_OBJECT_ARRAY) {
		msg_set(msg, "not an array");
		return WEALD_MALFORMED;
	}
	n = o->via.array.size;
	if (n > max) {
		msg_set(msg, "%zu entries, the most is %zu", n, max);
		return WEALD_TOOBIG;
	}
	for (i = 0; i < n; i++) {
		if (!get_entry(&o->via.array.ptr[i], &out[i])) {
			msg_set(msg,
				"entry %zu is not [feed, epoch, seq, commit]",
				i);
			return WEALD_MALFORMED;
		}
	}
	r = clock_check_entries(out, n, msg);
	if (r == WEALD_OK) {
		*out_n = n;
	}
	return r;
}
