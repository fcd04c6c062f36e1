/*
 * Fork proofs: two updates that show that one feed has two lines of history in
 * one epoch, so that its key was used twice (a backup that was restored, a
 * copy, a theft).
 *
 * docs/PROTOCOL.md, "Fork proofs". A proof is the canonical MessagePack array
 * [1, feed, envelope bin, envelope bin, first bin or nil, first bin or nil];
 * all contents in its envelopes are nil. The envelopes hold the two updates
 * after the last one that the lines have in common; a first is the first
 * update of the epoch of that line, where the lines do not share it and it is
 * not the update in the envelope itself.
 *
 * Verify first, accuse second: forkproof_check() needs nothing but the proof
 * and can run on any thread; forkproof_judge() asks whether those who signed
 * could sign for this feed at all. Only what passes both accuses.
 *
 * Pure. A proof may come from the network.
 */
#ifndef WEALD_PROTO_FORKPROOF_H
#define WEALD_PROTO_FORKPROOF_H

#include "proto/bytes.h"
#include "proto/envelope.h"
#include "proto/err.h"
#include "proto/identity.h"
#include "proto/limits.h"
#include "proto/objectid.h"

#define FORKPROOF_FORMAT 1u

/* One envelope without contents: payload, signature, a nil for each change. */
#define FORKPROOF_ENVELOPE_MAX (PAYLOAD_BYTES_MAX + CHANGES_MAX + 96u)
#define FORKPROOF_BYTES_MAX    (4u * FORKPROOF_ENVELOPE_MAX + 64u)

/* One of the two lines; the bytes are borrowed. */
struct forkproof_line {
	struct span envelope; /* the update after the last common one */
	struct span first;    /* len 0: shared, or that update itself */
};

struct forkproof {
	uint8_t feed[SHA256_BYTES];
	struct forkproof_line lines[2];
};

/* Append @e with all its contents absent: the form that a proof takes. */
int forkproof_add_bare(const struct envelope *e, struct buf *out);

/*
 * Append a proof to @out; the two lines may stand in any order. Not checked.
 * WEALD_TOOBIG (what @out may hold), WEALD_NOMEM.
 */
int forkproof_encode(const struct forkproof *p, struct buf *out);

/*
 * Take a proof apart; @out borrows @bytes. Exactly what forkproof_encode()
 * writes is accepted, so that one fork has one proof.
 *   WEALD_MALFORMED, WEALD_NONCANONICAL, WEALD_TOOBIG, WEALD_NOMEM
 *   WEALD_FORMAT  of a later version
 */
int forkproof_decode(struct span bytes, struct forkproof *out,
		     struct weald_msg *msg);

/* One line of a proof that was checked. */
struct forkproof_side {
	struct checked update;
	struct checked first; /* means something where has_first */
	bool has_first;
};

/* What the check found out. */
struct forkproof_facts {
	uint8_t feed[SHA256_BYTES];
	uint64_t epoch; /* in which there are two lines */
	uint64_t seq;   /* from which on the feed is disputed */
	struct forkproof_side sides[2];
};

/*
 * Check a proof by itself: every envelope as envelope_check() does and without
 * contents; all of one feed, slug and root; two different commits behind the
 * same update, and one epoch. @out borrows what @p borrows; the caller
 * releases it with forkproof_release().
 *   WEALD_FORK_PROOF  valid updates that prove nothing
 *   the codes of envelope_decode() and envelope_check()
 */
int forkproof_check(const struct forkproof *p, object_id_fn *object_id,
		    struct forkproof_facts *out, struct weald_msg *msg);
void forkproof_release(struct forkproof_facts *f);

/*
 * May both updates come next in this feed, as far as keys go? @before is the
 * identity after the update before them, seq - 1: {0} where seq is 1.
 *   WEALD_OK          the key was used twice: the feed is disputed from seq on
 *   WEALD_SEQ_GAP, WEALD_SEQ_OLD
 *                     @before is not the state before the fork
 *   WEALD_PREV_OTHER, WEALD_PARENT_OTHER
 *                     the lines part from another history than the one held
 *   any other code of identity_check()
 *                     one was signed by a stranger: nobody is accused
 */
int forkproof_judge(const struct forkproof_facts *f,
		    const struct identity *before, struct weald_msg *msg);

#endif
