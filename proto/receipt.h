/*
 * Receipts: a node's signed word on what it durably holds. They say which
 * regions have an update, and show a node that went back in time.
 *
 * docs/PROTOCOL.md, "Receipts". The statement is one canonical MessagePack
 * array, [1, feed, node, counter, time, [[feed, epoch, seq, commit] ...]]; the
 * node key signs it as "ssh-keygen -Y sign -n weald-receipt" would, so that
 * stock tools can check one that was written to a file.
 *
 * Pure. A statement may come from the network.
 */
#ifndef WEALD_PROTO_RECEIPT_H
#define WEALD_PROTO_RECEIPT_H

#include "proto/bytes.h"
#include "proto/clock.h"
#include "proto/ed25519.h"
#include "proto/err.h"
#include "proto/limits.h"

#define RECEIPT_NAMESPACE "weald-receipt"
#define RECEIPT_FORMAT    1u

/* A whole clock, and what stands before it. */
#define RECEIPT_BYTES_MAX (CLOCK_FEEDS_MAX * 75u + 128u)

struct receipt {
	/* the feed of the region that the node belongs to; zero: none. That
	   the region says so too is for the caller to look up */
	uint8_t feed[SHA256_BYTES];
	uint8_t node[PUBKEY_BYTES]; /* signs the receipt */
	uint64_t counter;           /* the highest of a node is the valid one */
	uint64_t time;              /* seconds since 1970, the node's claim */
	struct clock clock;         /* owned: receipt_release() */
};

void receipt_release(struct receipt *r);

/*
 * The counter of a node's next receipt: the time in seconds, or one more than
 * the highest that the node or its peers remember of it. So a node that lost
 * its memory is heard again.
 */
uint64_t receipt_next_counter(uint64_t last, uint64_t now);

/*
 * Append the statement of @r to @out.
 *   WEALD_TIME     the time is out of range
 *   WEALD_INVALID  the counter is
 *   WEALD_TOOBIG   over what @out may hold
 *   WEALD_NOMEM
 */
int receipt_encode(const struct receipt *r, struct buf *out);

/*
 * Append the statement of @r and sign it. @signer is the node's: @r.node is
 * its key. The codes of receipt_encode() and sshsig_sign().
 */
int receipt_sign(const struct receipt *r, const struct ed25519_signer *signer,
		 struct buf *out, uint8_t out_sig[SIG_BYTES]);

/*
 * Decode a statement: exactly what receipt_encode() writes is accepted. The
 * caller releases @out.
 *   WEALD_MALFORMED, WEALD_NONCANONICAL, WEALD_TOOBIG, WEALD_NOMEM
 *   WEALD_FORMAT   of a later version
 *   WEALD_INVALID  the counter is zero
 *   WEALD_TIME     the time is out of range
 */
int receipt_decode(struct span statement, struct receipt *out,
		   struct weald_msg *msg);

/* Decode it and check its signature: these codes and sshsig_verify()'s. */
int receipt_verify(struct span statement, const uint8_t sig[SIG_BYTES],
		   struct receipt *out, struct weald_msg *msg);

enum receipt_order {
	RECEIPT_SAME,
	RECEIPT_OLDER, /* a lower counter */
	RECEIPT_NEWER,
	/* one counter, two statements: two nodes use one key */
	RECEIPT_CLASH
};

/* How @a stands to @b, both of the same node. */
enum receipt_order receipt_compare(const struct receipt *a,
				   const struct receipt *b);

/*
 * Did the node lose something between the receipts @older and @newer? The
 * first entry of @newer that is behind, or on another line than, the one in
 * @older, borrowed; or NULL. A feed that is missing in @newer does not count:
 * a node may stop following it.
 */
const struct clock_entry *receipt_falls_back(const struct receipt *older,
					     const struct receipt *newer);

#endif
