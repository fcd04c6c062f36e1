/*
 * What a key that was used twice leads to, and how our own is kept from it.
 *
 * A fork is noticed by who is behind: the next update does not name the last
 * one here, or a peer's commit differs at our seq. The driver compares, and may
 * ask for earlier updates of that peer until the lines meet; the proof then
 * goes to all peers once, and the feed takes no further updates.
 *
 * The own-feed guard (signing only): it opens when all nodes of the last own
 * receipt view have said what they hold of our feed, or after GOSSIP_GUARD_MS a
 * majority of them (told); with no view, when one node has said it. Whatever it
 * says, nothing is signed while others hold more of our feed than we.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

/* ---- forks ---------------------------------------------------------------
 */

void gossip_fork_suspect(struct gossip *g, struct gossip_feed *f, uint64_t seq,
			 struct gossip_peer *p, struct blob *envelope)
{
	struct gossip_effect *e;

	/* an update that is not stored yet may be the wrong one: later */
	if (f->judging || f->tip.seq != f->head.seq ||
	    !gossip_feed_open(g, f)) {
		gossip_count_add(g, GOSSIP_WHY_REPLAY);
		if (!f->judging && f->fork_peer == p->id) {
			f->fork_peer = 0;
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
}

void gossip_fork_ask(struct gossip *g, struct gossip_feed *f,
		     struct gossip_peer *p, uint64_t seq)
{
	struct frame *frame;

	if (f->judging || (f->fork_peer != 0 && f->fork_peer != p->id) ||
	    (f->asking && f->ask_peer == p->id)) {
		return;
	}
	frame = gossip_send_add(g, p, FRAME_WANT, 80);
	if (frame == NULL) {
		return;
	}
	memcpy(frame->want.feed, f->id, sizeof(f->id));
	frame->want.epoch = f->head.epoch;
	frame->want.from = seq;
	frame->want.to = seq;
	frame->want.credit = 1; /* one update may always be sent */
	frame->want.fill = FRAME_FILL_HEADERS;
	f->fork_peer = p->id;
	f->fork_seq = seq;
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

void gossip_fork_greet(struct gossip *g, struct gossip_peer *p)
{
	size_t i;

	for (i = 0; i < g->feeds_n; i++) {
		proof_send(g, g->feeds[i], p);
	}
}

/* @proof, a reference that is taken, is good: keep it and tell all but one. */
static void fork_keep(struct gossip *g, struct gossip_feed *f, uint64_t seq,
		      struct blob *proof, uint32_t except)
{
	size_t i;

	if (f->proof != NULL) {
		/* one proof a feed is enough to stop it */
		gossip_count_add(g, GOSSIP_WHY_PROOF_OLD);
		blob_unref(proof);
		return;
	}
	f->proof = proof;
	f->fork_peer = 0;
	gossip_feed_dispute(g, f, seq);
	gossip_report_add(g, GOSSIP_WHY_FORK_FOUND, f, NULL, seq);
	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->id != except) {
			proof_send(g, f, g->peers[i]);
		}
	}
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
		break;
	case GOSSIP_FORK_EARLIER:
		if (p != NULL) {
			gossip_fork_ask(g, f, p, event->fork_judged.seq);
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
}

void gossip_fork_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame_fork_proof *proof)
{
	struct gossip_feed *f = gossip_feed_find(g, proof->feed);
	struct gossip_query *q = &g->proofs[g->proofs_n];
	struct gossip_effect *e;

	if (f == NULL || !gossip_feed_followed(f)) {
		gossip_count_add(g, GOSSIP_WHY_NOT_FOLLOWED);
		return;
	}
	if (f->proof != NULL || g->proofs_n == GOSSIP_QUERIES_MAX) {
		gossip_count_add(g, GOSSIP_WHY_PROOF_OLD);
		return;
	}
	q->blob = blob_new(proof->proof);
	e = q->blob == NULL ? NULL : gossip_effect_add(g, GOSSIP_CHECK_PROOF);
	if (e == NULL) {
		blob_unref(q->blob);
		g->nomem = true;
		return;
	}
	q->ticket = ++g->ticket;
	q->peer = p->id;
	q->slot = f->slot;
	g->proofs_n++;
	e->check_proof.ticket = q->ticket;
	memcpy(e->check_proof.feed, f->id, sizeof(f->id));
	e->check_proof.proof = gossip_scrap_blob(g, q->blob);
}

void gossip_fork_checked(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_query q;
	struct gossip_peer *p;
	size_t i = 0;

	while (i < g->proofs_n &&
	       g->proofs[i].ticket != event->proof_checked.ticket) {
		i++;
	}
	assert(i < g->proofs_n);
	q = g->proofs[i];
	g->proofs[i] = g->proofs[--g->proofs_n];
	if (event->proof_checked.err == WEALD_OK) {
		fork_keep(g, g->feeds[q.slot], event->proof_checked.seq, q.blob,
			  q.peer);
		return;
	}
	blob_unref(q.blob);
	p = gossip_peer_find(g, q.peer);
	if (p != NULL && event->proof_checked.err != WEALD_NOMEM) {
		gossip_peer_drop(g, p, GOSSIP_WHY_PROOF_BAD,
				 event->proof_checked.err);
	}
}

/* ---- the own-feed guard --------------------------------------------------
 */

static size_t view_said_n(const struct gossip *g)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < g->view_n; i++) {
		n += g->view_said[i] ? 1 : 0;
	}
	return n;
}

static void guard_open(struct gossip *g, enum gossip_reason why)
{
	g->guard_open = true;
	g->guard_at = NEVER;
	gossip_report_add(g, why, g->own, NULL, g->said_n);
}

void gossip_guard_heard(struct gossip *g, const uint8_t node[PUBKEY_BYTES],
			uint64_t seq)
{
	size_t i;

	assert(g->own != NULL);
	if (seq > g->own_heard) {
		g->own_heard = seq;
		if (seq > g->own->head.seq) {
			gossip_report_add(g, GOSSIP_WHY_OWN_AHEAD, g->own, NULL,
					  seq);
		}
	}
	for (i = 0; i < g->view_n; i++) {
		if (memcmp(g->view[i], node, PUBKEY_BYTES) == 0) {
			g->view_said[i] = true;
		}
	}
	g->said_n++;
	if (!g->guard_open && view_said_n(g) == g->view_n) {
		guard_open(g, GOSSIP_WHY_GUARD_OPEN);
	}
}

void gossip_guard_timeout(struct gossip *g)
{
	if (g->guard_at > g->now) {
		return;
	}
	g->guard_at = NEVER;
	if (g->guard_open || g->own == NULL) {
		return;
	}
	if (g->view_n > 0 && view_said_n(g) * 2 > g->view_n) {
		guard_open(g, GOSSIP_WHY_GUARD_MAJORITY);
	} else {
		g->guard_at = g->now + GOSSIP_GUARD_MS;
	}
}

/*
 * Does anybody hold more of our feed than we? A peer that does not send what
 * it says it holds, when asked, cannot keep us from signing.
 */
static bool own_behind(const struct gossip *g)
{
	const struct gossip_feed *f = g->own;
	const struct gossip_link *l;
	size_t i;

	if (f->tip.seq > f->head.seq ||
	    (g->own_heard > f->head.seq && g->now < g->guard_until)) {
		return true;
	}
	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		if (g->peers[i]->ready && l->has > f->head.seq && !l->doubted) {
			return true;
		}
	}
	return false;
}

bool gossip_may_sign(const struct gossip *g, enum gossip_guard *out_why)
{
	enum gossip_guard why = GOSSIP_SIGN_ALLOWED;

	if (g->own == NULL) {
		why = GOSSIP_SIGN_NO_FEED;
	} else if (g->own->disputed_from != 0) {
		why = GOSSIP_SIGN_DISPUTED;
	} else if (own_behind(g)) {
		why = GOSSIP_SIGN_BEHIND;
	} else if (!g->guard_open) {
		why = GOSSIP_SIGN_WAITING;
	}
	*out_why = why;
	return why == GOSSIP_SIGN_ALLOWED;
}
