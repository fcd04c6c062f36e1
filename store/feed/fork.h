/*
 * Forks of a stored feed: is what a peer holds another line, and who proves
 * it? The answers to the engine's JUDGE_FORK and CHECK_PROOF (proto/gossip.h).
 *
 * Only what is durable is compared. Reads at most three updates each; blocks
 * on the disk.
 */
#ifndef WEALD_STORE_FEED_FORK_H
#define WEALD_STORE_FEED_FORK_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/forkproof.h"
#include "proto/gossip.h"
#include "store/feed/feed.h"

/*
 * Compare an update that does not follow our line with what is here.
 *
 * @envelope     encoded; it passed envelope_check()
 * @out_verdict  GOSSIP_FORK_NONE     it is held, follows our head, is of
 *                                    another feed or epoch, or signed by a key
 *                                    that could not sign here: no accusation
 *               GOSSIP_FORK_EARLIER  the lines part before it: the peer's
 *                                    update *@out_seq has to be judged next
 *               GOSSIP_FORK_PROVEN   @out_proof was checked and judged; the
 *                                    feed is disputed from *@out_seq, or
 *                                    where that is 0 not at all: a later grant
 *                                    confirmed our line
 * @out_seq      0 with NONE
 * @out_proof    the proof is appended with PROVEN, and nothing else; needs a
 *               maximum of FORKPROOF_BYTES_MAX
 *
 * The codes of envelope_decode() and update_decode() where it is not valid
 * after all; WEALD_CORRUPT, WEALD_NOMEM.
 */
int feed_judge_fork(const struct feed *f, struct span envelope,
		    enum gossip_verdict *out_verdict, uint64_t *out_seq,
		    struct buf *out_proof, struct weald_msg *msg);

/*
 * Does @proof prove that the key of this feed was used twice?
 *
 * @out_seq  from where on the feed is disputed; 0: nothing is, since a later
 *           grant confirmed our line. On WEALD_OK, and as the proof claims it
 *           on the three codes that say where our line differs
 *
 *   WEALD_SEQ_GAP     the fork lies beyond what is here: to be asked again
 *                     when the feed has grown; the proof may be good
 *   WEALD_FEED_OTHER  a proof about another feed
 *   WEALD_PREV_OTHER, WEALD_PARENT_OTHER
 *                     the lines part from another history than ours: it may
 *                     be good for those who hold that one
 *   and the codes of forkproof_decode(), forkproof_check() and
 *   forkproof_judge(): it proves nothing
 *   WEALD_CORRUPT, WEALD_NOMEM  we failed
 */
int feed_check_proof(const struct feed *f, struct span proof, uint64_t *out_seq,
		     struct weald_msg *msg);

#endif
