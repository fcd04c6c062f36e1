/*
 * What a key that was used twice leads to.
 *
 * A fork is noticed by who is behind: the next update does not name the last
 * one here, or a peer's commit differs at our seq. The driver compares, and may
 * ask for earlier updates of that peer until the lines meet; the proof then
 * goes to all peers. From the seq on that it proves the feed takes no further
 * updates; what comes before is still taken, so that all agree on it.
 *
 * A proof that is judged too early, by a node that is behind, is asked for
 * again when it is not: a want that goes past the fork is answered with it. One
 * about a line that is not ours says that the lines part earlier: that is
 * looked into, so that all come to the lowest seq.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

/* What costs us a proof to be checked, and a fork that is none. */
#define PROOF_POINTS   5u
#define NO_FORK_POINTS 20u

void gossip_fork_suspect(struct gossip *g, struct gossip_feed *f, uint64_t seq,
			 struct gossip_peer *p, struct blob *envelope)
{
	struct gossip_effect *e;

	/* an update that is not stored yet may be the wrong one: later */
	if (f->judging || f->tip.seq != f->head.seq ||
	    seq > gossip_feed_limit(f)) {
		gossip_count_add(g, GOSSIP_WHY_REPLAY);
		if (!f->judging && f->fork_peer == p->id) {
			gossip_fork_timeout(g, f);
		}
		return;
	}
	e = gossip_effect_add(g, GOSSIP_JUDGE_FORK);
	if (e == NULL) {
		return;
	}
	memcpy(e->judge_fork.feed, f->id, sizeof(f->id));
	e->judge_fork.seq = seq;
	e->judge_fork.envelope = gossip_scrap_blob(g, envelope);
	f->judging = true;
	f->fork_peer = p->id;
	f->fork_seq = 0;
	f->fork_until = NEVER;
}

/*
 * Ask @p for its update of @seq, to compare. False: it answers another want.
 * With its contents or without, the update's header tells.
 */
static bool fork_ask(struct gossip *g, struct gossip_feed *f,
		     struct gossip_peer *p, uint64_t seq)
{
	struct gossip_link *l = &p->links[f->slot];

	if (l->asked || seq == 0 || seq > gossip_feed_limit(f)) {
		return false;
	}
	gossip_want_send(g, f, p, seq, seq, 1);
	l->differs = 0;
	f->fork_peer = p->id;
	f->fork_seq = seq;
	f->fork_until = g->now + GOSSIP_ASK_MS;
	gossip_feed_set_busy(g, f);
	return true;
}

void gossip_fork_look(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_peer *p;
	size_t i;

	if (f->judging || f->fork_peer != 0 || !gossip_feed_awake(g, f)) {
		return;
	}
	for (i = 0; i < g->peers_n; i++) {
		p = g->peers[i];
		if (p->ready && f->head.seq > 0 &&
		    p->links[f->slot].differs == f->head.seq &&
		    fork_ask(g, f, p, f->head.seq)) {
			return;
		}
	}
}

void gossip_fork_timeout(struct gossip *g, struct gossip_feed *f)
{
	f->fork_peer = 0;
	f->fork_until = NEVER;
	gossip_fork_look(g, f);
}

static void proof_send(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p)
{
	struct frame *frame;

	if (!p->ready || f->proof == NULL) {
		return;
	}
	frame = gossip_send_add(g, p, FRAME_FORK_PROOF, f->proof->len + 64);
	if (frame == NULL) {
		return;
	}
	memcpy(frame->fork_proof.feed, f->id, sizeof(f->id));
	frame->fork_proof.proof = blob_span(gossip_scrap_blob(g, f->proof));
}

void gossip_fork_tell(struct gossip *g, struct gossip_feed *f, uint32_t except)
{
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->id != except) {
			proof_send(g, f, g->peers[i]);
		}
	}
}

void gossip_fork_warn(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t to)
{
	if (f->disputed_from != 0 && to >= f->disputed_from &&
	    p->unsent < GOSSIP_LIVE_BYTES_MAX) {
		proof_send(g, f, p);
	}
}

/* A want that goes past the fork is answered with the proof, too. */
void gossip_fork_ask_proofs(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_link *l;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		if (g->peers[i]->ready && l->proof_seq != 0 && !l->asked &&
		    l->proof_seq <= f->head.seq + 1) {
			l->proof_seq = 0;
			gossip_want_send(g, f, g->peers[i], f->head.seq + 1,
					 UINT_MAX_VALUE, 1);
		}
	}
}

void gossip_fork_greet(struct gossip *g, struct gossip_peer *p)
{
	size_t i;

	for (i = 0; i < g->feeds_n; i++) {
		proof_send(g, g->feeds[i], p);
	}
}

/*
 * @proof, a reference that is taken, is good: keep it and tell all but one. One
 * proof a feed is enough, unless a later one shows that the lines part earlier.
 */
static void fork_keep(struct gossip *g, struct gossip_feed *f, uint64_t seq,
		      struct blob *proof, uint32_t except)
{
	bool lower = seq != 0 && seq <= gossip_feed_limit(f);

	if (f->proof != NULL && !lower) {
		gossip_count_add(g, GOSSIP_WHY_PROOF_OLD);
		blob_unref(proof);
		return;
	}
	blob_unref(f->proof);
	f->proof = proof; /* transferred */
	gossip_report_add(g, GOSSIP_WHY_FORK_FOUND, f, NULL, seq);
	gossip_fork_tell(g, f, except);
	if (lower) {
		gossip_feed_dispute(g, f, seq);
	}
	if (!f->judging && f->fork_seq > gossip_feed_limit(f)) {
		gossip_fork_timeout(g, f);
	}
}

/* What @p sent or said, and had to be compared, is no other line. */
static void fork_none(struct gossip *g, struct gossip_peer *p)
{
	if (p == NULL) {
		gossip_count_add(g, GOSSIP_WHY_NO_FORK);
		return;
	}
	gossip_peer_nuisance(g, p, GOSSIP_WHY_NO_FORK, NO_FORK_POINTS);
}

void gossip_fork_judged(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_feed *f = gossip_feed_find(g, event->fork_judged.feed);
	struct gossip_peer *p;
	struct blob *b;

	if (f == NULL || !f->judging) {
		assert(false && "a FORK_JUDGED that answers no JUDGE_FORK");
		return;
	}
	f->judging = false;
	p = gossip_peer_find(g, f->fork_peer);
	f->fork_peer = 0;
	switch (event->fork_judged.verdict) {
	case GOSSIP_FORK_NONE:
		fork_none(g, p);
		break;
	case GOSSIP_FORK_EARLIER:
		if (p != NULL && !fork_ask(g, f, p, event->fork_judged.seq)) {
			p->links[f->slot].differs = f->head.seq; /* later */
		}
		break;
	case GOSSIP_FORK_PROVEN:
		b = blob_new(event->fork_judged.proof);
		if (b == NULL) {
			g->nomem = true;
			return;
		}
		fork_keep(g, f, event->fork_judged.seq, b, 0);
		break;
	}
	gossip_fork_look(g, f);
}

void gossip_fork_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame_fork_proof *proof)
{
	struct gossip_feed *f = gossip_feed_find(g, proof->feed);
	struct gossip_query *q;
	struct gossip_effect *e;

	if (f == NULL || !gossip_feed_followed(f)) {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_NOT_FOLLOWED, 1);
		return;
	}
	if ((f->proof != NULL &&
	     span_equal(blob_span(f->proof), proof->proof)) ||
	    gossip_query_has(&g->proofs, proof->proof)) {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_PROOF_OLD, 1);
		return;
	}
	if (!gossip_peer_nuisance(g, p, GOSSIP_WHY_PROOF_NEW, PROOF_POINTS)) {
		return;
	}
	q = gossip_query_add(g, &g->proofs, p, proof->proof, GOSSIP_CHECK_PROOF,
			     &e);
	if (q == NULL) {
		p->links[f->slot].proof_seq = f->head.seq + 2; /* again */
		return;
	}
	q->slot = f->slot;
	e->check_proof.ticket = q->ticket;
	memcpy(e->check_proof.feed, f->id, sizeof(f->id));
	e->check_proof.proof = q->blob;
}

/* A proof that we could not judge: is it too early, or is it the peer? */
static void proof_failed(struct gossip *g, struct gossip_feed *f,
			 struct gossip_peer *p,
			 const struct gossip_event *event)
{
	struct gossip_link *l = &p->links[f->slot];
	uint64_t seq = event->proof_checked.seq;
	int err = event->proof_checked.err;

	if (err == WEALD_SEQ_GAP || err == WEALD_NOTFOUND ||
	    gossip_is_our_failure(err)) {
		/* what we have not got yet comes with the next head */
		l->proof_seq = seq > f->head.seq + 1 ? seq : f->head.seq + 2;
	} else if (err == WEALD_PREV_OTHER || err == WEALD_PARENT_OTHER) {
		/* an earlier fork, that we do not know of yet */
		if (f->judging || f->fork_peer != 0 || seq < 2 ||
		    seq - 1 > f->head.seq || !fork_ask(g, f, p, seq - 1)) {
			l->differs = f->head.seq;
		}
	} else if (err != WEALD_SEQ_OLD) {
		gossip_peer_drop(g, p, GOSSIP_WHY_PROOF_BAD, err);
	}
}

void gossip_fork_checked(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_query q =
		gossip_query_take(&g->proofs, event->proof_checked.ticket);
	struct gossip_feed *f = g->feeds[q.slot];
	struct gossip_peer *p;

	if (event->proof_checked.err == WEALD_OK) {
		fork_keep(g, f, event->proof_checked.seq, q.blob, q.peer);
		return;
	}
	blob_unref(q.blob);
	p = gossip_peer_find(g, q.peer);
	if (p != NULL) {
		proof_failed(g, f, p, event);
	}
}
