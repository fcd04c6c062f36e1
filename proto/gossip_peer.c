/*
 * Peers. Both sides say hello with a digest of their clock, then the clock
 * itself unless the digests are equal; after that a peer is ready. What it
 * sends is verified in parallel and taken in the order in which it came.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_ENTRY_WIRE 80u

struct gossip_peer *gossip_peer_find(const struct gossip *g, uint32_t id)
{
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->id == id) {
			return g->peers[i];
		}
	}
	return NULL;
}

static void links_init(struct gossip_link *l, size_t n)
{
	size_t i;

	memset(l, 0, n * sizeof(*l));
	for (i = 0; i < n; i++) {
		l[i].eager = true;
	}
}

static bool links_grow(struct gossip *g, struct gossip_peer *p)
{
	size_t n = g->feeds_cap;
	struct gossip_link *grown;

	if (p->links_n >= n) {
		return true;
	}
	grown = realloc(p->links, n * sizeof(*grown));
	if (grown == NULL) {
		g->nomem = true;
		return false;
	}
	links_init(&grown[p->links_n], n - p->links_n);
	p->links = grown;
	p->links_n = n;
	return true;
}

void gossip_peers_grow(struct gossip *g)
{
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		links_grow(g, g->peers[i]);
	}
}

/* ---- coming and going ----------------------------------------------------
 */

static void drop_effect(struct gossip *g, uint32_t peer, enum gossip_reason why,
			int err)
{
	struct gossip_effect *e = gossip_effect_add(g, GOSSIP_DROP_PEER);

	gossip_count_add(g, why);
	if (e == NULL) {
		return;
	}
	e->drop_peer.peer = peer;
	e->drop_peer.reason = why;
	e->drop_peer.err = err;
	e->drop_peer.back_off = why != GOSSIP_WHY_DUPLICATE &&
				why != GOSSIP_WHY_SILENT &&
				why != GOSSIP_WHY_PEERS_FULL;
}

/* What it sent and is being verified is as if it had not come. */
static void checks_forget(struct gossip *g, struct gossip_peer *p)
{
	const struct gossip_check *c;
	size_t i;

	for (i = 0; i < p->checks_n; i++) {
		c = &p->checks[p->checks_at + i];
		if (c->taken) {
			continue;
		}
		if (c->charged) {
			gossip_quota_return(g->feeds[c->slot],
					    c->envelope->len);
		}
		g->feeds[c->slot]->verifying_bytes -= c->envelope->len;
		g->feeds[c->slot]->ask_anew = true;
		g->checks_bytes -= c->envelope->len;
		blob_unref(c->envelope);
	}
	free(p->checks);
}

void gossip_peer_forget(struct gossip *g, struct gossip_peer *p)
{
	uint32_t id = p->id;
	size_t i;

	for (i = 0; g->peers[i] != p; i++) {
	}
	g->peers_n--;
	memmove(&g->peers[i], &g->peers[i + 1],
		(g->peers_n - i) * sizeof(struct gossip_peer *));
	checks_forget(g, p);
	clock_release(&p->snapshot);
	clock_release(&p->others);
	clock_release(&p->heard);
	free(p->links);
	free(p);
	for (i = 0; i < g->feeds_n; i++) {
		if (g->feeds[i]->fork_peer == id) {
			gossip_fork_timeout(g, g->feeds[i]);
		}
		if (g->feeds[i]->asking && g->feeds[i]->ask_peer == id) {
			gossip_catchup_stop(g, g->feeds[i]);
		}
		if (g->feeds[i]->pushed_by == id) {
			gossip_tree_orphaned(g, g->feeds[i]);
		}
	}
	g->ask_more = true;
}

void gossip_peer_drop(struct gossip *g, struct gossip_peer *p,
		      enum gossip_reason why, int err)
{
	drop_effect(g, p->id, why, err);
	gossip_peer_forget(g, p);
}

static void send_hello(struct gossip *g, struct gossip_peer *p)
{
	struct frame *f = gossip_send_add(g, p, FRAME_HELLO, 256);

	if (f == NULL) {
		return;
	}
	f->hello.minor = FRAME_MINOR;
	memcpy(f->hello.node, g->config.node, PUBKEY_BYTES);
	memcpy(f->hello.instance, g->config.instance, FRAME_INSTANCE_BYTES);
	memcpy(f->hello.feed, g->config.feed, SHA256_BYTES);
	f->hello.software = g->config.software;
	if (clock_digest(&g->clock, f->hello.clock_digest) != WEALD_OK ||
	    clock_append(&p->snapshot, g->clock.entries, g->clock.n, NULL) !=
		    WEALD_OK) {
		g->nomem = true;
	}
}

void gossip_peer_up(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_peer *p;

	assert(gossip_peer_find(g, event->peer_up.peer) == NULL);
	if (g->peers_n == GOSSIP_PEERS_MAX) {
		drop_effect(g, event->peer_up.peer, GOSSIP_WHY_PEERS_FULL,
			    WEALD_OK);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		g->nomem = true;
		return;
	}
	p->id = event->peer_up.peer;
	p->dialled = event->peer_up.dialled;
	memcpy(p->key, event->peer_up.key, sizeof(p->key));
	p->up_ms = g->now;
	p->heard_ms = g->now;
	g->peers[g->peers_n++] = p;
	if (links_grow(g, p)) {
		send_hello(g, p);
	}
}

bool gossip_peer_nuisance(struct gossip *g, struct gossip_peer *p,
			  enum gossip_reason why, unsigned points)
{
	gossip_count_add(g, why);
	if (gossip_bucket_add(g, &p->nuisance, points,
			      GOSSIP_NUISANCE_MAX + 4 * (uint64_t)g->feeds_n,
			      GOSSIP_NUISANCE_PER_S)) {
		return true;
	}
	gossip_peer_drop(g, p, GOSSIP_WHY_FLOOD, WEALD_OK);
	return false;
}

uint64_t gossip_peer_deadline(const struct gossip_peer *p)
{
	if (!p->ready) {
		return p->up_ms + GOSSIP_HELLO_MS;
	}
	if (p->paused) {
		return NEVER; /* it is we who do not listen */
	}
	if (p->pinged_ms <= p->heard_ms) {
		return p->heard_ms + GOSSIP_IDLE_MS;
	}
	return p->heard_ms + GOSSIP_DEAD_MS;
}

void gossip_peer_timeout(struct gossip *g, struct gossip_peer *p)
{
	struct frame *f;

	if (gossip_peer_deadline(p) > g->now) {
		return;
	}
	if (!p->ready) {
		gossip_peer_drop(g, p, GOSSIP_WHY_HELLO_LATE, WEALD_OK);
	} else if (p->heard_ms + GOSSIP_DEAD_MS <= g->now) {
		gossip_peer_drop(g, p, GOSSIP_WHY_SILENT, WEALD_OK);
	} else {
		f = gossip_send_add(g, p, FRAME_PING, 8);
		if (f != NULL) {
			f->ping.number = ++g->pings;
		}
		p->pinged_ms = g->now;
	}
}

/* ---- hello and clock -----------------------------------------------------
 */

static void send_clock(struct gossip *g, struct gossip_peer *p)
{
	struct clock_entry *copy;
	struct frame *f;
	size_t at = 0;
	size_t n;

	do {
		n = g->clock.n - at;
		if (n > FRAME_ENTRIES_MAX) {
			n = FRAME_ENTRIES_MAX;
		}
		copy = gossip_scrap_alloc(g, n, sizeof(*copy));
		f = gossip_send_add(g, p, FRAME_CLOCK,
				    n * CLOCK_ENTRY_WIRE + 16);
		if (copy == NULL || f == NULL) {
			return;
		}
		if (n > 0) {
			memcpy(copy, &g->clock.entries[at], n * sizeof(*copy));
		}
		at += n;
		f->clock.entries = copy;
		f->clock.n = n;
		f->clock.last = at == g->clock.n;
	} while (at < g->clock.n);
}

/* What we told @p by @clock, ours. */
static void note_told(struct gossip *g, struct gossip_peer *p,
		      const struct clock *clock)
{
	const struct gossip_feed *f;
	size_t i;

	for (i = 0; i < clock->n; i++) {
		f = gossip_feed_find(g, clock->entries[i].feed);
		if (f != NULL) {
			p->links[f->slot].told = clock->entries[i].seq;
		}
	}
}

/* The peer's whole clock is known: @clock. */
static void peer_ready(struct gossip *g, struct gossip_peer *p,
		       const struct clock *clock)
{
	struct gossip_feed *f;
	size_t i;

	p->ready = true;
	for (i = 0; i < clock->n; i++) {
		f = gossip_feed_find(g, clock->entries[i].feed);
		if (f != NULL && gossip_feed_followed(f)) {
			gossip_tree_heard(g, f, p, &clock->entries[i]);
		} else if (clock_set(&p->others, &clock->entries[i]) !=
			   WEALD_OK) {
			g->nomem = true;
			return;
		}
	}
	for (i = 0; i < g->feeds_n; i++) {
		f = g->feeds[i];
		gossip_catchup_ask(g, f);
		gossip_tree_have_soon(g, f);
	}
	if (g->own != NULL) {
		gossip_guard_heard(g, p->key, p->links[g->own->slot].has);
	}
	clock_release(&p->snapshot);
	gossip_receipt_greet(g, p);
	gossip_fork_greet(g, p);
}

/* Is there another connection to the same node? False: @p was dropped. */
static bool check_double(struct gossip *g, struct gossip_peer *p)
{
	struct gossip_peer *other = NULL;
	bool keep_new;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i] != p && g->peers[i]->hello &&
		    memcmp(g->peers[i]->key, p->key, sizeof(p->key)) == 0) {
			other = g->peers[i];
		}
	}
	if (other == NULL) {
		return true;
	}
	if (memcmp(other->instance, p->instance, sizeof(p->instance)) != 0) {
		/* it started again before we saw its end, or it was cloned:
		   the newer one stays */
		gossip_report_add(g, GOSSIP_WHY_CLONED, NULL, p, other->id);
		gossip_peer_drop(g, other, GOSSIP_WHY_DUPLICATE, WEALD_OK);
		return true;
	}
	/* both sides keep the one that the lower key dialled; of two that
	   one side dialled, the newer */
	keep_new = p->dialled == other->dialled ||
		   p->dialled ==
			   (memcmp(g->config.node, p->key, sizeof(p->key)) < 0);
	gossip_peer_drop(g, keep_new ? other : p, GOSSIP_WHY_DUPLICATE,
			 WEALD_OK);
	return keep_new;
}

static void peer_hello(struct gossip *g, struct gossip_peer *p,
		       const struct frame_hello *h)
{
	uint8_t digest[SHA256_BYTES];
	struct clock same;

	if (p->hello) {
		gossip_peer_drop(g, p, GOSSIP_WHY_HELLO_TWICE, WEALD_OK);
		return;
	}
	if (memcmp(h->node, p->key, sizeof(p->key)) != 0) {
		gossip_peer_drop(g, p, GOSSIP_WHY_NODE_KEY, WEALD_OK);
		return;
	}
	if (memcmp(h->node, g->config.node, sizeof(p->key)) == 0) {
		gossip_peer_drop(g, p,
				 memcmp(h->instance, g->config.instance,
					sizeof(h->instance)) == 0
					 ? GOSSIP_WHY_SELF
					 : GOSSIP_WHY_TWIN,
				 WEALD_OK);
		return;
	}
	p->hello = true;
	memcpy(p->instance, h->instance, sizeof(p->instance));
	memcpy(p->feed, h->feed, sizeof(p->feed));
	if (!check_double(g, p)) {
		return;
	}
	if (clock_digest(&p->snapshot, digest) != WEALD_OK) {
		g->nomem = true;
		return;
	}
	if (memcmp(digest, h->clock_digest, sizeof(digest)) != 0) {
		send_clock(g, p);
		note_told(g, p, &g->clock);
		return;
	}
	note_told(g, p, &p->snapshot);
	same = p->snapshot; /* transferred */
	memset(&p->snapshot, 0, sizeof(p->snapshot));
	peer_ready(g, p, &same);
	clock_release(&same);
}

static void peer_clock(struct gossip *g, struct gossip_peer *p,
		       const struct frame_clock *c)
{
	struct clock whole;
	int err;

	if (p->ready) {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_UNASKED, 10);
		return;
	}
	err = clock_append(&p->heard, c->entries, c->n, NULL);
	if (err == WEALD_NOMEM) {
		g->nomem = true;
		return;
	}
	if (err != WEALD_OK) {
		gossip_peer_drop(g, p, GOSSIP_WHY_CLOCK_BAD, err);
		return;
	}
	if (c->last) {
		whole = p->heard; /* transferred */
		memset(&p->heard, 0, sizeof(p->heard));
		peer_ready(g, p, &whole);
		clock_release(&whole);
	}
}

/* ---- updates -------------------------------------------------------------
 */

static bool checks_room(struct gossip *g, struct gossip_peer *p)
{
	size_t cap = p->checks_cap == 0 ? 16 : p->checks_cap * 2;
	struct gossip_check *grown;

	if (p->checks_at > 0 && p->checks_at + p->checks_n == p->checks_cap) {
		memmove(p->checks, &p->checks[p->checks_at],
			p->checks_n * sizeof(*p->checks));
		p->checks_at = 0;
	}
	if (p->checks_at + p->checks_n < p->checks_cap) {
		return true;
	}
	grown = realloc(p->checks, cap * sizeof(*grown));
	if (grown == NULL) {
		g->nomem = true;
		return false;
	}
	p->checks = grown;
	p->checks_cap = cap;
	return true;
}

/* Is as much of @p's being verified as may be, or, halved, almost? */
static bool is_full(const struct gossip *g, const struct gossip_peer *p,
		    size_t part)
{
	return p->checks_n >= GOSSIP_VERIFY_N_MAX / part ||
	       p->checks_bytes >= GOSSIP_VERIFY_BYTES_MAX / part ||
	       (p->checks_n > 0 &&
		g->checks_bytes >= GOSSIP_VERIFY_BYTES_ALL_MAX / part);
}

static void set_reading(struct gossip *g, struct gossip_peer *p)
{
	struct gossip_effect *e;

	if (p->paused == is_full(g, p, p->paused ? 2 : 1)) {
		return;
	}
	e = gossip_effect_add(g, GOSSIP_READING);
	if (e == NULL) {
		return;
	}
	p->paused = !p->paused;
	p->heard_ms = g->now;
	e->reading.peer = p->id;
	e->reading.on = !p->paused;
}

/* Fewer bytes are being verified: who may be read from again? */
static void resume_reading(struct gossip *g)
{
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->paused) {
			set_reading(g, g->peers[i]);
		}
	}
}

static struct gossip_check *check_add(struct gossip *g, struct gossip_peer *p,
				      struct gossip_feed *f,
				      enum frame_lane lane,
				      struct span envelope, uint64_t seq)
{
	struct gossip_check *c;
	struct gossip_effect *e;
	struct blob *b;

	if (!checks_room(g, p)) {
		return NULL;
	}
	b = blob_new(envelope);
	e = b == NULL ? NULL : gossip_effect_add(g, GOSSIP_VERIFY);
	if (e == NULL) {
		blob_unref(b);
		g->nomem = true;
		return NULL;
	}
	c = &p->checks[p->checks_at + p->checks_n++];
	memset(c, 0, sizeof(*c));
	c->ticket = ++g->ticket;
	c->slot = f->slot;
	c->seq = seq;
	c->lane = lane;
	c->envelope = b;
	p->checks_bytes += b->len;
	g->checks_bytes += b->len;
	f->verifying_bytes += b->len;
	e->verify.ticket = c->ticket;
	e->verify.peer = p->id;
	memcpy(e->verify.feed, f->id, sizeof(f->id));
	e->verify.live = lane == FRAME_LANE_LIVE;
	e->verify.envelope = gossip_scrap_blob(g, b);
	return c;
}

/* Of what our want allows, @len bytes are there. */
static void take_owed(struct gossip_link *l, size_t len)
{
	l->owed -= len < l->owed ? len : l->owed;
}

/* Is an envelope that claims @seq worth verifying? */
static bool is_wanted(const struct gossip_peer *p, const struct gossip_feed *f,
		      uint64_t epoch, uint64_t seq)
{
	return (p->id == f->fork_peer && seq == f->fork_seq) ||
	       epoch > f->tip.epoch ||
	       (seq > f->tip.seq && seq <= gossip_feed_limit(f));
}

/* It is not. What answers a want, @owed, is no nuisance. False: dropped. */
static bool not_wanted(struct gossip *g, struct gossip_peer *p,
		       const struct gossip_feed *f, uint64_t seq, bool owed)
{
	enum gossip_reason why = seq <= f->tip.seq ? GOSSIP_WHY_REPLAY
						   : GOSSIP_WHY_FEED_DISPUTED;

	if (owed) {
		gossip_count_add(g, why);
		return true;
	}
	return gossip_peer_nuisance(g, p, why, 1);
}

/* One of the envelopes of @u. False: @p was dropped. */
static bool take_envelope(struct gossip *g, struct gossip_peer *p,
			  struct gossip_feed *f, const struct frame_updates *u,
			  struct span envelope)
{
	struct gossip_link *l = &p->links[f->slot];
	bool owed = u->lane != FRAME_LANE_LIVE && l->owed > 0;
	struct gossip_check *c;
	uint64_t epoch;
	uint64_t seq;

	if (!gossip_peek(envelope, &epoch, &seq)) {
		gossip_peer_drop(g, p, GOSSIP_WHY_UPDATE_BAD, WEALD_ENVELOPE);
		return false;
	}
	if (owed) {
		take_owed(l, envelope.len);
		gossip_catchup_progress(g, f, p, seq, envelope.len);
	}
	if (epoch <= f->tip.epoch && seq <= f->tip.seq) {
		gossip_tree_duplicate(g, f, p, seq, u->lane);
	}
	if (!is_wanted(p, f, epoch, seq)) {
		return not_wanted(g, p, f, seq, owed);
	}
	if (owed) {
		check_add(g, p, f, u->lane, envelope, seq);
		return true;
	}
	if (!gossip_quota_take(g, f, envelope.len, GOSSIP_QUOTA_PUSHED)) {
		return gossip_quota_exceeded(g, f, p, seq);
	}
	f->quota_over = false;
	c = check_add(g, p, f, u->lane, envelope, seq);
	if (c != NULL) {
		c->charged = true;
	}
	return true;
}

/* The want that was open has come to its end. */
static void want_over(struct gossip_link *l)
{
	l->owed = 0;
	l->asked = false;
}

/* Of a feed that we do not follow, or not any more: @f may be NULL. */
static void updates_unfollowed(struct gossip *g, struct gossip_peer *p,
			       struct gossip_feed *f,
			       const struct frame_updates *u)
{
	enum gossip_reason why = GOSSIP_WHY_NOT_FOLLOWED;
	struct gossip_link *l = f == NULL ? NULL : &p->links[f->slot];
	bool owed = false;
	size_t i;

	if (f != NULL && f->policy == GOSSIP_BLOCKED_FEED) {
		why = GOSSIP_WHY_BLOCKED;
	}
	if (l != NULL && u->lane != FRAME_LANE_LIVE) {
		owed = l->owed > 0;
		for (i = 0; i < u->n; i++) {
			take_owed(l, u->envelopes[i].len);
		}
	}
	if (l != NULL && u->lane == FRAME_LANE_END) {
		want_over(l);
	}
	if (owed) {
		/* we asked for it when we followed the feed */
		gossip_count_add(g, why);
		return;
	}
	if (l != NULL && l->eager) {
		gossip_tree_stop_push(g, f, p);
	}
	gossip_peer_nuisance(g, p, why, 10 + (unsigned)u->n);
}

/* The feed rests: what comes is asked for again when it does not. */
static void updates_asleep(struct gossip *g, struct gossip_peer *p,
			   struct gossip_feed *f, const struct frame_updates *u,
			   bool owed)
{
	struct gossip_link *l = &p->links[f->slot];
	uint64_t epoch;
	uint64_t seq;

	if (u->n > 0 && gossip_peek(u->envelopes[u->n - 1], &epoch, &seq) &&
	    epoch == f->head.epoch && seq > l->has) {
		l->has = seq;
	}
	if (u->lane == FRAME_LANE_END) {
		want_over(l);
	}
	if (owed) {
		gossip_count_add(g, GOSSIP_WHY_FEED_HELD);
	} else {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_FEED_HELD, 1);
	}
}

static void peer_updates(struct gossip *g, struct gossip_peer *p,
			 const struct frame_updates *u)
{
	struct gossip_feed *f = gossip_feed_find(g, u->feed);
	bool owed;
	size_t i;

	if (f == NULL || !gossip_feed_followed(f)) {
		updates_unfollowed(g, p, f, u);
		return;
	}
	owed = u->lane != FRAME_LANE_LIVE && p->links[f->slot].owed > 0;
	if (!gossip_feed_awake(g, f)) {
		updates_asleep(g, p, f, u, owed);
		return;
	}
	for (i = 0; i < u->n; i++) {
		if (!take_envelope(g, p, f, u, u->envelopes[i])) {
			return;
		}
	}
	if (u->lane == FRAME_LANE_LIVE ||
	    gossip_catchup_arrived(g, f, p, u, owed)) {
		set_reading(g, p);
	}
}

/* The check is done: take its update in. False: @p was dropped. */
static bool check_finish(struct gossip *g, struct gossip_peer *p,
			 struct gossip_check *check)
{
	struct gossip_check c = *check;
	struct gossip_feed *f = g->feeds[c.slot];
	uint32_t id = p->id;
	bool used = false;

	check->taken = true;
	p->checks_bytes -= c.envelope->len;
	g->checks_bytes -= c.envelope->len;
	f->verifying_bytes -= c.envelope->len;
	if (c.err == WEALD_NOMEM) {
		/* not the peer's fault: as if it had not come */
		gossip_count_add(g, GOSSIP_WHY_NO_MEMORY);
	} else if (c.err != WEALD_OK) {
		gossip_peer_drop(g, p, GOSSIP_WHY_UPDATE_BAD, c.err);
	} else if (memcmp(c.facts.feed, f->id, sizeof(f->id)) != 0 ||
		   c.facts.head.seq != c.seq) {
		gossip_peer_drop(g, p, GOSSIP_WHY_FEED_CLAIMED, WEALD_OK);
	} else if (gossip_feed_followed(f)) {
		used = gossip_feed_offer(g, f, p, &c);
	}
	if (c.charged && !used) {
		gossip_quota_return(f, c.envelope->len);
	}
	blob_unref(c.envelope);
	return gossip_peer_find(g, id) == p;
}

/* A peer's tickets ascend. */
static struct gossip_check *check_find(struct gossip *g, uint64_t ticket,
				       struct gossip_peer **out_peer)
{
	struct gossip_check *c;
	size_t low;
	size_t high;
	size_t mid;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		low = g->peers[i]->checks_at;
		high = low + g->peers[i]->checks_n;
		while (low < high) {
			mid = low + (high - low) / 2;
			c = &g->peers[i]->checks[mid];
			if (c->ticket == ticket) {
				*out_peer = g->peers[i];
				return c;
			}
			if (c->ticket < ticket) {
				low = mid + 1;
			} else {
				high = mid;
			}
		}
	}
	return NULL;
}

/* Take in what is done of a feed, in order. False: @p was dropped. */
static bool checks_finish(struct gossip *g, struct gossip_peer *p, size_t slot)
{
	struct gossip_check *c;
	size_t i;

	for (i = 0; i < p->checks_n; i++) {
		c = &p->checks[p->checks_at + i];
		if (c->slot != slot || c->taken) {
			continue;
		}
		if (!c->done) {
			break;
		}
		if (!check_finish(g, p, c)) {
			return false;
		}
	}
	while (p->checks_n > 0 && p->checks[p->checks_at].taken) {
		p->checks_at++;
		p->checks_n--;
	}
	if (p->checks_n == 0) {
		p->checks_at = 0;
	}
	return true;
}

void gossip_peer_verified(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_peer *p = NULL;
	struct gossip_check *c = check_find(g, event->verified.ticket, &p);

	if (c == NULL) {
		return; /* its peer has gone */
	}
	c->done = true;
	c->err = event->verified.err;
	c->facts = event->verified.facts;
	checks_finish(g, p, c->slot);
	resume_reading(g);
}

/* ---- frames --------------------------------------------------------------
 */

static void peer_ping(struct gossip *g, struct gossip_peer *p, uint64_t number)
{
	struct frame *f;

	if (!gossip_peer_nuisance(g, p, GOSSIP_WHY_PING, 1)) {
		return;
	}
	f = gossip_send_add(g, p, FRAME_PONG, 16);
	if (f != NULL) {
		f->ping.number = number;
	}
}

/* fnstat: switch */
static void peer_frame(struct gossip *g, struct gossip_peer *p,
		       const struct frame *f)
{
	switch (f->type) {
	case FRAME_WANT:
		gossip_catchup_want(g, p, &f->want);
		break;
	case FRAME_UPDATES:
		peer_updates(g, p, &f->updates);
		break;
	case FRAME_HAVE:
		gossip_tree_have(g, p, &f->have);
		break;
	case FRAME_GRAFT:
		gossip_tree_graft(g, p, &f->graft);
		break;
	case FRAME_PRUNE:
		gossip_tree_prune(g, p, &f->prune);
		break;
	case FRAME_RECEIPT:
		gossip_receipt_received(g, p, &f->receipt);
		break;
	case FRAME_FORK_PROOF:
		gossip_fork_received(g, p, &f->fork_proof);
		break;
	case FRAME_PING:
		peer_ping(g, p, f->ping.number);
		break;
	case FRAME_PONG:
		break;
	default:
		gossip_count_add(g, GOSSIP_WHY_FRAME_OTHER);
		break;
	}
}

void gossip_peer_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame *f)
{
	p->heard_ms = g->now;
	if (f->type != FRAME_UPDATES &&
	    !gossip_bucket_add(g, &p->frames, 1, GOSSIP_FRAMES_MAX,
			       GOSSIP_FRAMES_PER_S)) {
		gossip_peer_drop(g, p, GOSSIP_WHY_FLOOD, WEALD_OK);
	} else if (f->type == FRAME_HELLO) {
		peer_hello(g, p, &f->hello);
	} else if (!p->hello) {
		gossip_peer_drop(g, p, GOSSIP_WHY_HELLO_FIRST, WEALD_OK);
	} else if (f->type == FRAME_CLOCK) {
		peer_clock(g, p, &f->clock);
	} else if (p->ready) {
		peer_frame(g, p, f);
	} else {
		/* it was ready before us: only its clock can be late */
		gossip_peer_nuisance(g, p, GOSSIP_WHY_UNASKED, 1);
	}
}
