/*
 * Catching up. A feed has one want open at a time, for GOSSIP_CREDIT_BYTES; as
 * soon as its end has come the next is sent, while what came is verified and
 * stored. At most GOSSIP_ASKS_MAX feeds have one.
 *
 * Serving: one READ at a time for each peer, its feeds in turn, and only while
 * little is unsent: so live updates pass, and memory is bounded.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

/* ---- asking --------------------------------------------------------------
 */

void gossip_catchup_stop(struct gossip *g, struct gossip_feed *f)
{
	if (f->asking) {
		assert(g->asks_n > 0);
		f->asking = false;
		g->asks_n--;
		g->ask_more = true;
	}
}

/* What the next want begins with. */
static uint64_t ask_from(const struct gossip_feed *f)
{
	if (f->verifying_bytes > 0 && f->ask_next > f->tip.seq &&
	    !f->ask_anew) {
		return f->ask_next; /* what comes before it is being verified */
	}
	return f->tip.seq + 1;
}

/* Is @a a better one to ask than @b? By lot where they are equal. */
static bool is_better(struct gossip *g, const struct gossip_link *a,
		      const struct gossip_link *b)
{
	if (a->doubts != b->doubts) {
		return a->doubts < b->doubts;
	}
	return a->has != b->has ? a->has > b->has : gossip_random(g) % 2 == 0;
}

/*
 * Was not asked in vain, then holds the most. Who says to hold more than it
 * gives comes last, so that it cannot keep us from those who give.
 */
static struct gossip_peer *ask_choose(struct gossip *g,
				      const struct gossip_feed *f,
				      uint64_t from)
{
	struct gossip_peer *best = NULL;
	struct gossip_peer *p;
	const struct gossip_link *l;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		p = g->peers[i];
		l = &p->links[f->slot];
		if (!p->ready || gossip_link_gives(g, f, l) < from ||
		    l->asked) {
			continue;
		}
		if (best == NULL || is_better(g, l, &best->links[f->slot])) {
			best = p;
		}
	}
	return best;
}

void gossip_want_send(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t from, uint64_t to,
		      uint64_t credit)
{
	struct frame *frame = gossip_send_add(g, p, FRAME_WANT, 80);

	if (frame == NULL) {
		return;
	}
	p->links[f->slot].owed = credit;
	p->links[f->slot].asked = true;
	memcpy(frame->want.feed, f->id, sizeof(f->id));
	frame->want.epoch = f->tip.epoch;
	frame->want.from = from;
	frame->want.to = to;
	frame->want.credit = credit;
	frame->want.fill = f->policy == GOSSIP_FOLLOW_NARROW
				   ? FRAME_FILL_HEADERS
				   : FRAME_FILL_ALL;
	p->links[f->slot].fill_asked = (uint8_t)frame->want.fill;
}

void gossip_catchup_ask(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_peer *p;
	uint64_t from = ask_from(f);
	uint64_t to = gossip_feed_limit(f);

	if (f->asking || !gossip_feed_open(g, f) || from > to ||
	    f->waits_bytes + f->verifying_bytes > 2 * GOSSIP_CREDIT_BYTES) {
		return;
	}
	p = ask_choose(g, f, from);
	if (p == NULL) {
		return;
	}
	if (g->asks_n >= GOSSIP_ASKS_MAX) {
		return; /* its turn comes when a place is free */
	}
	if (to > gossip_link_gives(g, f, &p->links[f->slot])) {
		to = gossip_link_gives(g, f, &p->links[f->slot]);
	}
	gossip_want_send(g, f, p, from, to, GOSSIP_CREDIT_BYTES);
	g->asks_n++;
	f->asking = true;
	f->ask_anew = false;
	f->ask_peer = p->id;
	f->ask_next = from;
	f->ask_to = to;
	f->ask_left = GOSSIP_CREDIT_BYTES;
	f->ask_at = g->now + GOSSIP_ASK_MS;
	f->ask_until = g->now + GOSSIP_ASK_WHOLE_MS;
	gossip_feed_set_busy(g, f);
}

void gossip_catchup_ask_all(struct gossip *g)
{
	size_t start = g->feeds_n == 0 ? 0 : gossip_random(g) % g->feeds_n;
	size_t i;

	g->ask_more = false;
	for (i = 0; i < g->feeds_n && g->asks_n < GOSSIP_ASKS_MAX; i++) {
		gossip_catchup_ask(g, g->feeds[(start + i) % g->feeds_n]);
	}
}

/* @p gave all that it was asked for, or, as it said, could have given. */
static void note_answer(struct gossip *g, struct gossip_feed *f,
			struct gossip_peer *p, bool gave)
{
	struct gossip_link *l = &p->links[f->slot];

	if (gave) {
		l->doubts = 0;
	} else if (l->doubts < UINT8_MAX) {
		l->doubts++;
	}
	if (f == g->own) {
		gossip_guard_asked(g, p, gave);
	}
}

void gossip_catchup_timeout(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_peer *p = gossip_peer_find(g, f->ask_peer);

	if (p != NULL) {
		note_answer(g, f, p, false);
	}
	gossip_catchup_stop(g, f);
	gossip_catchup_ask(g, f);
}

void gossip_catchup_progress(struct gossip *g, struct gossip_feed *f,
			     const struct gossip_peer *p, uint64_t seq,
			     size_t len)
{
	if (!f->asking || f->ask_peer != p->id || seq != f->ask_next) {
		return;
	}
	f->ask_next++;
	f->ask_left -= len < f->ask_left ? len : f->ask_left;
	f->ask_at = g->now + GOSSIP_ASK_MS;
}

/*
 * The answer to our want is complete. Where it ended before what was asked for
 * and before the credit, the peer has not got the rest after all: an honest one
 * may have passed it on and not stored it yet.
 */
static void ask_end(struct gossip *g, struct gossip_feed *f,
		    struct gossip_peer *p)
{
	struct gossip_link *l = &p->links[f->slot];

	bool gave = f->ask_next > f->ask_to || f->ask_left == 0;

	note_answer(g, f, p, gave);
	if (!gave) {
		gossip_count_add(g, GOSSIP_WHY_NOT_HELD);
	}
	if (!gave && l->has >= f->ask_next) {
		l->has = f->ask_next - 1;
	}
	gossip_catchup_stop(g, f);
}

bool gossip_catchup_arrived(struct gossip *g, struct gossip_feed *f,
			    struct gossip_peer *p,
			    const struct frame_updates *u, bool owed)
{
	struct gossip_link *l = &p->links[f->slot];

	if (!owed && !gossip_peer_nuisance(g, p, GOSSIP_WHY_UNASKED, 1)) {
		return false;
	}
	if (u->lane != FRAME_LANE_END) {
		return true;
	}
	l->owed = 0;
	l->asked = false;
	if (p->id == f->fork_peer && u->n == 0 && !f->judging) {
		gossip_fork_timeout(g, f); /* it has not got it */
	}
	if (f->asking && f->ask_peer == p->id) {
		ask_end(g, f, p);
	}
	gossip_fork_ask_proofs(g, f);
	gossip_catchup_ask(g, f);
	gossip_fork_look(g, f);
	return true;
}

/* ---- serving -------------------------------------------------------------
 */

void gossip_updates_send(struct gossip *g, struct gossip_peer *p,
			 const struct gossip_feed *f, enum frame_lane lane,
			 struct blob *const *envelopes, size_t n)
{
	struct span *spans = gossip_scrap_alloc(g, n, sizeof(*spans));
	struct frame *frame;
	size_t bytes = 64;
	size_t i;

	if (spans == NULL) {
		return;
	}
	for (i = 0; i < n; i++) {
		spans[i] = blob_span(gossip_scrap_blob(g, envelopes[i]));
		bytes += spans[i].len + 5;
	}
	frame = gossip_send_add(g, p, FRAME_UPDATES, bytes);
	if (frame == NULL) {
		return;
	}
	g->effects[g->effects_n - 1].send.fill =
		(enum frame_fill)p->links[f->slot].fill;
	memcpy(frame->updates.feed, f->id, sizeof(f->id));
	frame->updates.lane = lane;
	frame->updates.envelopes = spans;
	frame->updates.n = n;
}

static void serve_start(struct gossip_peer *p, struct gossip_link *l,
			uint64_t from, uint64_t to, uint64_t credit, bool live)
{
	assert(!l->serving);
	if (p->serves_n == 0) {
		p->read_bytes = GOSSIP_READ_BYTES_MIN;
	}
	l->serving = true;
	l->serving_live = live;
	l->serve_next = from;
	l->serve_to = to;
	l->serve_credit = credit;
	p->serves_n++;
}

/* It has got what it asked for; what is newer goes after it. */
static void serve_end(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p)
{
	struct gossip_link *l = &p->links[f->slot];

	assert(p->serves_n > 0);
	l->serving = false;
	p->serves_n--;
	if (l->eager && gossip_link_known(l) >= f->head.seq) {
		gossip_tree_push_waiting(g, f, p);
	}
	gossip_tree_have_soon(g, f);
}

void gossip_catchup_want(struct gossip *g, struct gossip_peer *p,
			 const struct frame_want *want)
{
	struct gossip_feed *f = gossip_feed_find(g, want->feed);
	struct gossip_link *l;
	struct frame *frame;

	if (f == NULL || !gossip_feed_followed(f)) {
		/* we held it when it asked: it may be our change */
		frame = gossip_send_add(g, p, FRAME_UPDATES, 64);
		if (frame != NULL) {
			memcpy(frame->updates.feed, want->feed, SHA256_BYTES);
			frame->updates.lane = FRAME_LANE_END;
		}
		gossip_peer_nuisance(g, p, GOSSIP_WHY_UNASKED, 1);
		return;
	}
	l = &p->links[f->slot];
	gossip_fork_warn(g, f, p, want->to);
	if (l->serving && !l->serving_live) {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_WANT_TWICE, 1);
		return;
	}
	l->follows = true;
	l->fill = (uint8_t)want->fill;
	if (f->head.seq > 0 && want->epoch != f->head.epoch && want->from > 1) {
		gossip_count_add(g, GOSSIP_WHY_WANT_EPOCH);
		gossip_updates_send(g, p, f, FRAME_LANE_END, NULL, 0);
		return;
	}
	if (l->serving) {
		serve_end(g, f, p); /* the want takes the graft's place */
	}
	if (want->from <= l->sent && want->to >= l->sent) {
		/* what we pushed has not been taken: tell of it again */
		l->sent = want->from - 1;
		l->told = want->from - 1;
	}
	serve_start(p, l, want->from, want->to, want->credit, false);
	gossip_catchup_pump(g, p);
}

void gossip_catchup_serve_live(struct gossip *g, struct gossip_feed *f,
			       struct gossip_peer *p, uint64_t from)
{
	struct gossip_link *l = &p->links[f->slot];

	if (from <= f->head.seq) {
		serve_start(p, l, from, from + GOSSIP_GRAFT_SEQS_MAX - 1,
			    GOSSIP_READ_BYTES, true);
		gossip_catchup_pump(g, p);
		return;
	}
	l->sent = from - 1;
	gossip_tree_push_waiting(g, f, p);
}

/* The next of @p's feeds that is served. */
static struct gossip_feed *serve_next(struct gossip *g, struct gossip_peer *p)
{
	size_t i;

	for (i = 0; i < g->feeds_n; i++) {
		p->serve_at = (p->serve_at + 1) % g->feeds_n;
		if (p->links[p->serve_at].serving) {
			return g->feeds[p->serve_at];
		}
	}
	assert(false && "serves_n counts the links that are served");
	return NULL;
}

static void serve_read(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p)
{
	struct gossip_link *l = &p->links[f->slot];
	struct gossip_effect *e = gossip_effect_add(g, GOSSIP_READ);

	if (e == NULL) {
		return;
	}
	p->read_ticket = ++g->ticket;
	p->read_slot = f->slot;
	e->read.ticket = p->read_ticket;
	memcpy(e->read.feed, f->id, sizeof(f->id));
	p->read_from = l->serve_next;
	e->read.from = l->serve_next;
	e->read.to = l->serve_next + FRAME_ENVELOPES_MAX - 1;
	if (e->read.to > l->serve_to) {
		e->read.to = l->serve_to;
	}
	if (e->read.to > f->head.seq) {
		e->read.to = f->head.seq;
	}
	e->read.bytes = l->serve_credit < p->read_bytes
				? (size_t)l->serve_credit
				: p->read_bytes;
	e->read.fill = (enum frame_fill)l->fill;
}

void gossip_catchup_pump(struct gossip *g, struct gossip_peer *p)
{
	struct gossip_feed *f;
	struct gossip_link *l;

	while (p->serves_n > 0 && p->read_ticket == 0 && !g->nomem &&
	       p->unsent < GOSSIP_CATCHUP_BYTES_MAX) {
		f = serve_next(g, p);
		l = &p->links[f->slot];
		if (l->serve_next <= f->head.seq && gossip_feed_followed(f)) {
			serve_read(g, f, p);
			return;
		}
		if (!l->serving_live) {
			gossip_updates_send(g, p, f, FRAME_LANE_END, NULL, 0);
		}
		serve_end(g, f, p);
	}
}

/*
 * A line that takes all at once gets more at a time; on one that does not, a
 * live update would have to wait for it.
 */
void gossip_catchup_sent(struct gossip *g, struct gossip_peer *p)
{
	if (p->unsent > 0) {
		p->read_bytes = GOSSIP_READ_BYTES_MIN;
	} else if (p->serves_n > 0 && p->read_bytes < GOSSIP_READ_BYTES) {
		p->read_bytes *= 2;
	}
	gossip_catchup_pump(g, p);
}

static struct gossip_peer *find_reader(const struct gossip *g, uint64_t ticket)
{
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->read_ticket == ticket) {
			return g->peers[i];
		}
	}
	return NULL;
}

/* Send what was read for @f's link, and see whether that was all. */
static void serve_send(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, struct blob *const *envelopes,
		       size_t n)
{
	struct gossip_link *l = &p->links[f->slot];
	enum frame_lane lane = FRAME_LANE_CATCH_UP;
	uint64_t bytes = 0;
	bool end;
	size_t i;

	for (i = 0; i < n; i++) {
		bytes += envelopes[i]->len;
	}
	l->serve_next += n;
	l->serve_credit -= bytes < l->serve_credit ? bytes : l->serve_credit;
	end = n == 0 || l->serve_credit == 0 || l->serve_next > l->serve_to ||
	      l->serve_next > f->head.seq;
	if (l->serving_live) {
		lane = FRAME_LANE_LIVE;
	} else if (end) {
		lane = FRAME_LANE_END;
	}
	if (lane == FRAME_LANE_END || n > 0) {
		gossip_updates_send(g, p, f, lane, envelopes, n);
	}
	if (n > 0) {
		l->sent = l->serve_next - 1;
		if (l->told < l->sent) {
			l->told = l->sent;
		}
	}
	if (end) {
		serve_end(g, f, p);
	}
}

void gossip_catchup_read_done(struct gossip *g,
			      const struct gossip_event *event)
{
	struct gossip_peer *p = find_reader(g, event->read_done.ticket);
	struct gossip_feed *f;
	struct gossip_link *l;

	if (p == NULL) {
		return; /* its peer has gone */
	}
	f = g->feeds[p->read_slot];
	l = &p->links[f->slot];
	p->read_ticket = 0;
	if (event->read_done.err != WEALD_OK) {
		gossip_report_add(g, GOSSIP_WHY_READ_FAILED, f, p,
				  p->read_from);
	}
	/* unless a want took the place of the graft that it was read for */
	if (l->serving && l->serve_next == p->read_from) {
		serve_send(g, f, p, event->read_done.envelopes,
			   event->read_done.n);
	}
	gossip_catchup_pump(g, p);
}
