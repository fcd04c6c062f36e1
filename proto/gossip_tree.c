/*
 * The tree of a feed: which links are pushed, and how it is mended.
 *
 * New updates go along eager links at once. The other links are told by `have`
 * once the update is durable: one side of a link after GOSSIP_HAVE_FIRST_MS,
 * the other, if it was not told meanwhile, after GOSSIP_HAVE_SECOND_MS, so that
 * one have a link does. Which side is first depends on the feed, so that the
 * work is shared.
 *
 * Who hears of an update that does not come within GOSSIP_GRAFT_MS grafts the
 * link to one that has it; who is pushed what a push brought before prunes.
 *
 * An update may come without its contents, from who follows the feed in part.
 * To who follows it whole that is a have, and it is not pushed to such: so a
 * link that cannot bring the contents never takes the place of one that does.
 *
 * A feed that pushes more than its quota is told and fetched by want, which
 * changes no link: so the tree stands when it has calmed down.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

#define HAVE_ENTRY_WIRE 80u
#define PRUNE_AGAIN_MS  1000u

uint64_t gossip_link_known(const struct gossip_link *l)
{
	return l->has > l->sent ? l->has : l->sent;
}

uint64_t gossip_link_gives(const struct gossip *g, const struct gossip_feed *f,
			   const struct gossip_link *l)
{
	bool bare = l->bare_seq > f->tip.seq && l->bare_seq <= l->has &&
		    l->bare_until > g->now;

	return bare ? l->bare_seq - 1 : l->has;
}

uint64_t gossip_tree_heard_max(const struct gossip *g,
			       const struct gossip_feed *f)
{
	uint64_t max = 0;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->ready &&
		    g->peers[i]->links[f->slot].has > max) {
			max = g->peers[i]->links[f->slot].has;
		}
	}
	return max;
}

/* ---- pushing -------------------------------------------------------------
 */

static bool can_push(const struct gossip_peer *p, const struct gossip_link *l,
		     const struct gossip_wait *w)
{
	return p->ready && l->follows && l->eager && !l->serving &&
	       gossip_link_known(l) == w->head.seq - 1 &&
	       !(w->bare && l->fill == FRAME_FILL_ALL) &&
	       p->unsent < GOSSIP_LIVE_BYTES_MAX;
}

static void push(struct gossip *g, struct gossip_feed *f, struct gossip_peer *p,
		 const struct gossip_wait *w)
{
	struct gossip_link *l = &p->links[f->slot];
	struct blob *one[1] = { w->envelope };

	gossip_updates_send(g, p, f, FRAME_LANE_LIVE, one, 1);
	l->sent = w->head.seq;
	if (l->told < w->head.seq) {
		l->told = w->head.seq;
	}
}

void gossip_tree_push(struct gossip *g, struct gossip_feed *f,
		      struct gossip_wait *w, uint32_t except)
{
	enum gossip_quota how =
		f == g->own ? GOSSIP_QUOTA_OWN : GOSSIP_QUOTA_CATCHUP;
	struct gossip_peer *p;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		p = g->peers[i];
		if (p->id == except || !can_push(p, &p->links[f->slot], w)) {
			continue;
		}
		w->charged = w->charged ||
			     gossip_quota_take(g, f, w->envelope->len, how);
		if (!w->charged) {
			return; /* haves tell of it */
		}
		push(g, f, p, w);
	}
}

void gossip_tree_push_waiting(struct gossip *g, struct gossip_feed *f,
			      struct gossip_peer *p)
{
	struct gossip_link *l = &p->links[f->slot];
	size_t i;

	if (f == g->own) {
		return;
	}
	for (i = 0; i < f->waits_n; i++) {
		if (f->waits[i].head.seq <= f->tip.seq && f->waits[i].charged &&
		    can_push(p, l, &f->waits[i])) {
			push(g, f, p, &f->waits[i]);
		}
	}
}

/* ---- telling -------------------------------------------------------------
 */

/* Does this side of the link tell first? */
static bool tells_first(const struct gossip *g, const struct gossip_feed *f,
			const struct gossip_peer *p)
{
	bool lower = memcmp(g->config.node, p->key, sizeof(p->key)) < 0;

	return lower == ((f->id[0] & 1) == 0);
}

static bool must_tell(const struct gossip_feed *f, const struct gossip_peer *p)
{
	const struct gossip_link *l = &p->links[f->slot];

	return p->ready && !l->serving && gossip_link_known(l) < f->head.seq &&
	       l->told < f->head.seq;
}

void gossip_tree_have_soon(struct gossip *g, struct gossip_feed *f)
{
	static const uint64_t delay[2] = { GOSSIP_HAVE_FIRST_MS,
					   GOSSIP_HAVE_SECOND_MS };
	const struct gossip_peer *p;
	size_t side;
	size_t i;

	if (f->head.seq == 0 || !gossip_feed_followed(f)) {
		return;
	}
	for (i = 0; i < g->peers_n; i++) {
		p = g->peers[i];
		side = tells_first(g, f, p) ? 0 : 1;
		if (f->have_at[side] == NEVER && must_tell(f, p)) {
			f->have_at[side] = g->now + delay[side];
			gossip_feed_set_busy(g, f);
		}
	}
}

static bool must_tell_now(const struct gossip *g, const struct gossip_feed *f,
			  const struct gossip_peer *p)
{
	size_t side = tells_first(g, f, p) ? 0 : 1;

	return f->have_at[side] <= g->now && must_tell(f, p);
}

/* Entries of a frame are sorted by feed. */
static void entries_insert(struct clock_entry *entries, size_t n,
			   const struct clock_entry *e)
{
	while (n > 0 &&
	       memcmp(entries[n - 1].feed, e->feed, sizeof(e->feed)) > 0) {
		entries[n] = entries[n - 1];
		n--;
	}
	entries[n] = *e;
}

static void tell_peer(struct gossip *g, struct gossip_peer *p)
{
	struct clock_entry *entries = NULL;
	struct clock_entry e;
	struct frame *frame;
	struct gossip_feed *f;
	size_t n = 0;
	size_t i;

	for (i = 0; i < g->busy_n && n < FRAME_ENTRIES_MAX; i++) {
		f = g->feeds[g->busy[i]];
		if (!must_tell_now(g, f, p)) {
			continue;
		}
		if (entries == NULL) {
			entries = gossip_scrap_alloc(g, g->busy_n - i,
						     sizeof(*entries));
		}
		if (entries == NULL) {
			return;
		}
		memcpy(e.feed, f->id, sizeof(e.feed));
		e.epoch = f->head.epoch;
		e.seq = f->head.seq;
		memcpy(e.commit, f->head.commit, sizeof(e.commit));
		entries_insert(entries, n, &e);
		n++;
		p->links[f->slot].told = f->head.seq;
	}
	if (n == 0) {
		return;
	}
	frame = gossip_send_add(g, p, FRAME_HAVE, n * HAVE_ENTRY_WIRE + 16);
	if (frame != NULL) {
		frame->have.entries = entries;
		frame->have.n = n;
	}
}

void gossip_tree_send_haves(struct gossip *g)
{
	struct gossip_feed *f;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->ready &&
		    g->peers[i]->unsent < GOSSIP_LIVE_BYTES_MAX) {
			tell_peer(g, g->peers[i]);
		}
	}
	for (i = 0; i < g->busy_n; i++) {
		f = g->feeds[g->busy[i]];
		if (f->have_at[0] <= g->now) {
			f->have_at[0] = NEVER;
		}
		if (f->have_at[1] <= g->now) {
			f->have_at[1] = NEVER;
		}
		/* put off where a queue was full, or more than fit */
		gossip_tree_have_soon(g, f);
	}
}

/* ---- hearing -------------------------------------------------------------
 */

void gossip_tree_heard(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct clock_entry *e)
{
	struct gossip_link *l = &p->links[f->slot];

	l->follows = true;
	l->said_epoch = e->epoch;
	l->said_seq = e->seq;
	if (f->head.seq > 0 && e->epoch != f->head.epoch) {
		if (e->epoch > f->head.epoch) {
			gossip_report_add(g, GOSSIP_WHY_REISSUE_HELD, f, p,
					  e->seq);
		}
		return;
	}
	if (e->seq > l->has) {
		l->has = e->seq;
	}
	if (f == g->own) {
		gossip_guard_heard(g, p->key, e->seq);
	}
	if (e->seq == f->head.seq &&
	    memcmp(e->commit, f->head.commit, sizeof(e->commit)) != 0) {
		l->differs = e->seq;
		gossip_fork_look(g, f);
	}
}

void gossip_tree_have(struct gossip *g, struct gossip_peer *p,
		      const struct frame_have *have)
{
	const struct clock_entry *e;
	struct gossip_feed *f;
	size_t i;
	int err;

	for (i = 0; i < have->n; i++) {
		e = &have->entries[i];
		f = gossip_feed_find(g, e->feed);
		if (f == NULL || !gossip_feed_followed(f)) {
			err = clock_set(&p->others, e);
			if (err == WEALD_NOMEM) {
				g->nomem = true;
			}
			continue;
		}
		gossip_tree_heard(g, f, p, e);
		if (p->links[f->slot].has > f->tip.seq) {
			gossip_tree_graft_soon(g, f);
		}
	}
}

void gossip_tree_graft_soon(struct gossip *g, struct gossip_feed *f)
{
	if (f->graft_at == NEVER && gossip_feed_open(g, f)) {
		f->graft_at = g->now + GOSSIP_GRAFT_MS;
		gossip_feed_set_busy(g, f);
	}
}

uint64_t gossip_tree_missing(const struct gossip *g,
			     const struct gossip_feed *f)
{
	uint64_t max = gossip_tree_heard_max(g, f);
	uint64_t limit = gossip_feed_limit(f);

	max = max < limit ? max : limit;
	return max > f->tip.seq ? max - f->tip.seq : 0;
}

/* ---- mending -------------------------------------------------------------
 */

/*
 * Who is grafted: has what is missing, a lazy one first, not the last one nor
 * one that was asked in vain. NULL: who has it has not got the contents.
 */
static struct gossip_peer *graft_choose(const struct gossip *g,
					const struct gossip_feed *f)
{
	struct gossip_peer *best = NULL;
	struct gossip_peer *p;
	const struct gossip_link *l;
	int best_score = -1;
	int score;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		p = g->peers[i];
		l = &p->links[f->slot];
		if (!p->ready || gossip_link_gives(g, f, l) <= f->tip.seq) {
			continue;
		}
		score = (l->eager ? 0 : 1) + (p->id == f->graft_peer ? 0 : 2) +
			(l->doubts > 0 ? 0 : 4);
		if (score > best_score) {
			best = p;
			best_score = score;
		}
	}
	return best;
}

static void graft(struct gossip *g, struct gossip_feed *f,
		  struct gossip_peer *p)
{
	struct frame *frame = gossip_send_add(g, p, FRAME_GRAFT, 64);

	if (frame == NULL) {
		return;
	}
	memcpy(frame->graft.feed, f->id, sizeof(f->id));
	frame->graft.epoch = f->tip.epoch;
	frame->graft.from = f->tip.seq + 1;
	frame->graft.fill = f->policy == GOSSIP_FOLLOW_NARROW
				    ? FRAME_FILL_HEADERS
				    : FRAME_FILL_ALL;
	p->links[f->slot].eager = true;
	p->links[f->slot].fill_asked = (uint8_t)frame->graft.fill;
	f->graft_peer = p->id;
	f->graft_n++;
}

void gossip_tree_orphaned(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_link *l;
	size_t i;

	f->pushed_by = 0;
	f->pushed_seq = 0;
	if (!gossip_feed_open(g, f)) {
		return;
	}
	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		if (g->peers[i]->ready && l->follows && !l->eager) {
			graft(g, f, g->peers[i]);
			f->graft_n = 0;
			return;
		}
	}
}

void gossip_tree_timeout(struct gossip *g, struct gossip_feed *f)
{
	uint64_t missing = gossip_tree_missing(g, f);
	struct gossip_peer *p;

	f->graft_at = NEVER;
	if (missing == 0 || !gossip_feed_open(g, f)) {
		f->graft_n = 0;
		return;
	}
	if (f->asking || f->verifying_bytes > 0) {
		f->graft_at = g->now + GOSSIP_GRAFT_MS; /* it is coming */
	} else if (missing > GOSSIP_GRAFT_SEQS_MAX || f->graft_n > 2 ||
		   f->disputed_from != 0 ||
		   !gossip_quota_has_room(g, f, missing)) {
		f->graft_n = 0;
		gossip_catchup_ask(g, f);
		f->graft_at = g->now + GOSSIP_GRAFT_AGAIN_MS;
	} else {
		p = graft_choose(g, f);
		if (p != NULL) {
			graft(g, f, p);
		}
		f->graft_at = g->now + GOSSIP_GRAFT_AGAIN_MS;
	}
	gossip_feed_set_busy(g, f);
}

void gossip_tree_graft(struct gossip *g, struct gossip_peer *p,
		       const struct frame_graft *m)
{
	struct gossip_feed *f = gossip_feed_find(g, m->feed);
	struct gossip_link *l;

	if (f == NULL || !gossip_feed_followed(f)) {
		gossip_peer_nuisance(g, p, GOSSIP_WHY_UNASKED, 1);
		return;
	}
	l = &p->links[f->slot];
	l->follows = true;
	l->eager = true;
	l->fill = (uint8_t)m->fill;
	if (f->head.seq > 0 && m->epoch != f->head.epoch && m->from > 1) {
		gossip_count_add(g, GOSSIP_WHY_WANT_EPOCH);
		return;
	}
	if (l->serving) {
		return;
	}
	if (l->has >= m->from) {
		l->has = m->from - 1; /* it lost what it had, or we erred */
	}
	gossip_catchup_serve_live(g, f, p, m->from);
}

void gossip_tree_prune(struct gossip *g, struct gossip_peer *p,
		       const struct frame_prune *m)
{
	struct gossip_feed *f = gossip_feed_find(g, m->feed);

	if (f == NULL) {
		return;
	}
	p->links[f->slot].eager = false;
	p->links[f->slot].pruned_at = g->now;
}

void gossip_tree_stop_push(struct gossip *g, const struct gossip_feed *f,
			   struct gossip_peer *p)
{
	struct gossip_link *l = &p->links[f->slot];
	struct frame *frame = gossip_send_add(g, p, FRAME_PRUNE, 40);

	if (frame != NULL) {
		memcpy(frame->prune.feed, f->id, sizeof(f->id));
	}
	l->eager = false;
	l->pruned_at = g->now;
}

/* Unless that was done a moment ago, and this was under way. */
static void stop_push_once(struct gossip *g, const struct gossip_feed *f,
			   struct gossip_peer *p)
{
	const struct gossip_link *l = &p->links[f->slot];

	if (l->eager || g->now - l->pruned_at >= PRUNE_AGAIN_MS) {
		gossip_tree_stop_push(g, f, p);
	}
}

void gossip_tree_duplicate(struct gossip *g, struct gossip_feed *f,
			   struct gossip_peer *p, uint64_t seq,
			   enum frame_lane lane)
{
	struct gossip_link *l = &p->links[f->slot];

	l->follows = true;
	if (seq > l->has && seq <= f->tip.seq) {
		l->has = seq;
	}
	if (lane != FRAME_LANE_LIVE) {
		return;
	}
	/* only where another link's push brought it: one has to stay eager */
	if (f != g->own && (f->pushed_seq < seq || f->pushed_by == p->id)) {
		return;
	}
	stop_push_once(g, f, p);
}

/* It has not got the contents, or will not give them: not so soon again. */
static void note_bare(struct gossip *g, const struct gossip_feed *f,
		      struct gossip_link *l, uint64_t seq)
{
	if (seq < l->bare_seq || l->bare_seq <= f->tip.seq ||
	    l->bare_until <= g->now) {
		l->bare_seq = seq;
		l->bare_until = g->now + GOSSIP_BARE_MS;
	}
	if (l->doubts < UINT8_MAX) {
		l->doubts++;
	}
}

void gossip_tree_bare(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t seq, bool pushed)
{
	struct gossip_link *l = &p->links[f->slot];

	if (!pushed) {
		gossip_count_add(g, GOSSIP_WHY_NOT_HELD);
	} else if (!gossip_peer_nuisance(g, p, GOSSIP_WHY_NOT_HELD, 1)) {
		return;
	}
	/* where we asked for no contents it may have them */
	if (l->fill_asked == FRAME_FILL_ALL) {
		note_bare(g, f, l, seq);
		if (pushed) {
			stop_push_once(g, f, p);
		}
	}
	if (!pushed && f->asking && f->ask_peer == p->id) {
		gossip_catchup_stop(g, f);
	}
	if (!pushed && !f->asking) {
		f->ask_anew = true;
		gossip_catchup_ask(g, f);
	}
	gossip_tree_graft_soon(g, f);
}
