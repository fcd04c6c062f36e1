#include "proto/receipt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp.h"
#include "proto/sshsig.h"

#define FIELDS 6u

void receipt_release(struct receipt *r)
{
	clock_release(&r->clock);
	*r = (struct receipt){ .counter = 0 };
}

uint64_t receipt_next_counter(uint64_t last, uint64_t now)
{
	return last >= now ? last + 1 : now;
}

/* The rules of the numbers, the same for both directions. */
static int check_numbers(uint64_t counter, uint64_t time, struct weald_msg *msg)
{
	if (counter < 1 || counter > UINT_MAX_VALUE) {
		msg_set(msg, "receipt: the counter is out of range");
		return WEALD_INVALID;
	}
	if (time < TIME_MIN || time > TIME_MAX) {
		msg_set(msg, "receipt: the time is out of range");
		return WEALD_TIME;
	}
	return WEALD_OK;
}

int receipt_encode(const struct receipt *r, struct buf *out)
{
	struct mp_writer w;
	int err;

	err = check_numbers(r->counter, r->time, NULL);
	if (err != WEALD_OK) {
		return err;
	}
	mp_writer_begin(&w, out);
	mp_put_array(&w, FIELDS);
	mp_put_uint(&w, RECEIPT_FORMAT);
	mp_put_bin(&w, r->feed, sizeof r->feed);
	mp_put_bin(&w, r->node, sizeof r->node);
	mp_put_uint(&w, r->counter);
	mp_put_uint(&w, r->time);
	clock_put_entries(&w, r->clock.entries, r->clock.n);
	return mp_writer_end(&w);
}

int receipt_sign(const struct receipt *r, const struct ed25519_signer *signer,
		 struct buf *out, uint8_t out_sig[SIG_BYTES])
{
	size_t start = out->len;
	struct span statement;
	int err;

	assert(memcmp(ed25519_signer_key(signer), r->node, sizeof r->node) ==
	       0);
	err = receipt_encode(r, out);
	if (err != WEALD_OK) {
		return err;
	}
	statement = (struct span){ out->data + start, out->len - start };
	err = sshsig_sign(signer, RECEIPT_NAMESPACE, statement, out_sig);
	if (err != WEALD_OK) {
		out->len = start;
	}
	return err;
}

static int decode_clock(const msgpack_object *o, struct receipt *out,
			struct weald_msg *msg)
{
	size_t n;

	if (o->type != MSGPACK_OBJECT_ARRAY) {
		msg_set(msg, "receipt: the clock is not an array");
		return WEALD_MALFORMED;
	}
	n = o->via.array.size;
	if (n > CLOCK_FEEDS_MAX) {
		msg_set(msg, "receipt: %zu feeds, the most is %u", n,
			CLOCK_FEEDS_MAX);
		return WEALD_TOOBIG;
	}
	if (n == 0) {
		return WEALD_OK;
	}
	out->clock.entries = calloc(n, sizeof *out->clock.entries);
	if (out->clock.entries == NULL) {
		msg_set(msg, "%s", err_text(WEALD_NOMEM));
		return WEALD_NOMEM;
	}
	out->clock.cap = n;
	return clock_get_entries(o, out->clock.entries, n, &out->clock.n, msg);
}

static int decode_root(const msgpack_object *root, struct receipt *out,
		       struct weald_msg *msg)
{
	const msgpack_object *f;
	uint64_t format;
	int r;

	if (root->type != MSGPACK_OBJECT_ARRAY || root->via.array.size == 0 ||
	    !mp_get_uint(&root->via.array.ptr[0], &format)) {
		msg_set(msg, "receipt: does not begin with [format");
		return WEALD_MALFORMED;
	}
	if (format != RECEIPT_FORMAT) {
		msg_set(msg, "receipt: of format %llu, which is not known here",
			(unsigned long long)format);
		return WEALD_FORMAT;
	}
	if (!mp_get_array(root, FIELDS, &f) ||
	    !mp_get_bytes(&f[1], out->feed, sizeof out->feed) ||
	    !mp_get_bytes(&f[2], out->node, sizeof out->node) ||
	    !mp_get_uint(&f[3], &out->counter) ||
	    !mp_get_uint(&f[4], &out->time)) {
		msg_set(msg, "receipt: not [1, feed, node, counter, time, "
			     "clock]");
		return WEALD_MALFORMED;
	}
	r = check_numbers(out->counter, out->time, msg);
	return r == WEALD_OK ? decode_clock(&f[5], out, msg) : r;
}

int receipt_decode(struct span statement, struct receipt *out,
		   struct weald_msg *msg)
{
	static const struct mp_limits limits = {
		.depth = 3, .elements = 7 + CLOCK_FEEDS_MAX * 5
	};
	struct receipt receipt = { .counter = 0 };
	struct mp_doc doc;
	int r;

	if (statement.len > RECEIPT_BYTES_MAX) {
		msg_set(msg, "receipt: %zu bytes, the most is %u",
			statement.len, RECEIPT_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = mp_open(&doc, statement, &limits, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "receipt");
		return r;
	}
	r = decode_root(mp_root(&doc), &receipt, msg);
	mp_close(&doc);
	if (r != WEALD_OK) {
		receipt_release(&receipt);
		return r;
	}
	*out = receipt;
	return WEALD_OK;
}

int receipt_verify(struct span statement, const uint8_t sig[SIG_BYTES],
		   struct receipt *out, struct weald_msg *msg)
{
	struct receipt receipt;
	int r;

	r = receipt_decode(statement, &receipt, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = sshsig_verify(receipt.node, RECEIPT_NAMESPACE, statement, sig, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "receipt");
		receipt_release(&receipt);
		return r;
	}
	*out = receipt;
	return WEALD_OK;
}

static bool same_statement(const struct receipt *a, const struct receipt *b)
{
	size_t i;

	if (memcmp(a->feed, b->feed, sizeof a->feed) != 0 ||
	    a->time != b->time || a->clock.n != b->clock.n) {
		return false;
	}
	for (i = 0; i < a->clock.n; i++) {
		const struct clock_entry *x = &a->clock.entries[i];
		const struct clock_entry *y = &b->clock.entries[i];

		if (memcmp(x->feed, y->feed, sizeof x->feed) != 0 ||
		    clock_compare(x, y) != CLOCK_SAME) {
			return false;
		}
	}
	return true;
}

enum receipt_order receipt_compare(const struct receipt *a,
				   const struct receipt *b)
{
	assert(memcmp(a->node, b->node, sizeof a->node) == 0);
	if (a->counter != b->counter) {
		return a->counter < b->counter ? RECEIPT_OLDER : RECEIPT_NEWER;
	}
	return same_statement(a, b) ? RECEIPT_SAME : RECEIPT_CLASH;
}

const struct clock_entry *receipt_falls_back(const struct receipt *older,
					     const struct receipt *newer)
{
	struct clock_pairs p = { &older->clock, &newer->clock, 0, 0 };
	const struct clock_entry *then;
	const struct clock_entry *now;
	enum clock_order order;

	while (clock_next_pair(&p, &then, &now)) {
		if (then == NULL || now == NULL) {
			continue;
		}
		order = clock_compare(now, then);
		if (order == CLOCK_BEHIND || order == CLOCK_FORKED) {
			return now;
		}
	}
	return NULL;
}
