/*
 * The clock: what a node durably holds, one entry a feed. It is said to each
 * peer after hello, and signed in receipts.
 *
 * docs/PROTOCOL.md, "The clock". Pure. Entries may come from the network;
 * nothing asserts on them.
 */
#ifndef WEALD_PROTO_CLOCK_H
#define WEALD_PROTO_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/mp.h"

/* Feeds in one clock: 270 times the regions there are now, and 300 KiB. */
#define CLOCK_FEEDS_MAX 4096u

/* The last update of a feed that a node holds. */
struct clock_entry {
	uint8_t feed[SHA256_BYTES];
	uint64_t epoch;
	uint64_t seq; /* 1 or more: a feed without updates has no entry */
	uint8_t commit[OBJECT_ID_BYTES];
};

/* How one entry of a feed stands to another of the same feed. */
enum clock_order {
	CLOCK_SAME,
	CLOCK_BEHIND, /* a lower epoch, or the same and a lower seq */
	CLOCK_AHEAD,
	CLOCK_FORKED /* same epoch and seq, another commit */
};

/* How @a stands to @b; their feeds are not compared. */
enum clock_order clock_compare(const struct clock_entry *a,
			       const struct clock_entry *b);

/*
 * Entries sorted by feed, no feed twice, at most CLOCK_FEEDS_MAX. All zero is
 * an empty clock. Read @entries freely; change them through the functions.
 */
struct clock {
	struct clock_entry *entries; /* n of them, room for cap */
	size_t n;
	size_t cap;
};

/* Free the entries; the clock is empty again. */
void clock_release(struct clock *c);

/* The entry of @feed, borrowed until the clock changes, or NULL. */
const struct clock_entry *clock_find(const struct clock *c,
				     const uint8_t feed[SHA256_BYTES]);

/*
 * Put @entry in the place of the one of its feed, or beside the others.
 * WEALD_TOOBIG where a new feed would be one too many, or WEALD_NOMEM; the
 * clock as it was.
 */
int clock_set(struct clock *c, const struct clock_entry *entry);

/* Take the entry of @feed out; nothing happens where there is none. */
void clock_remove(struct clock *c, const uint8_t feed[SHA256_BYTES]);

/*
 * Put @n entries of a frame behind those that are there: for a clock that
 * arrives in several frames. Copies them; on failure the clock is as it was.
 *   WEALD_MALFORMED  not sorted, also against what is there, or a feed twice
 *   WEALD_TOOBIG     more than CLOCK_FEEDS_MAX in all
 *   WEALD_NOMEM
 */
int clock_append(struct clock *c, const struct clock_entry *entries, size_t n,
		 struct weald_msg *msg);

/*
 * SHA-256 over the canonical array [[feed, epoch, seq, commit] ...]: equal
 * where two nodes hold the same. WEALD_OK, WEALD_NOMEM or WEALD_CRYPTO.
 */
int clock_digest(const struct clock *c, uint8_t out_digest[SHA256_BYTES]);

/*
 * Two clocks side by side: each call gives the next feed, in order, that is in
 * either. @out_a or @out_b is NULL where that clock has not got it; both are
 * borrowed until the clock changes. Returns false at the end. Start with all
 * zero but the two clocks.
 */
struct clock_pairs {
	const struct clock *a;
	const struct clock *b;
	size_t at_a;
	size_t at_b;
};
bool clock_next_pair(struct clock_pairs *p, const struct clock_entry **out_a,
		     const struct clock_entry **out_b);

/*
 * Are these entries sorted by feed, none twice, with seq and epoch in range?
 * WEALD_OK or WEALD_MALFORMED.
 */
int clock_check_entries(const struct clock_entry *entries, size_t n,
			struct weald_msg *msg);

/*
 * Entries as MessagePack, [[feed bin 32, epoch, seq, commit bin 20] ...], as
 * they stand in frames and receipts.
 *
 * Reading copies at most @max entries to @out, which may be written on failure
 * too, and checks them as above. WEALD_MALFORMED or WEALD_TOOBIG.
 */
void clock_put_entries(struct mp_writer *w, const struct clock_entry *entries,
		       size_t n);
int clock_get_entries(const msgpack_object *o, struct clock_entry *out,
		      size_t max, size_t *out_n, struct weald_msg *msg);

#endif
