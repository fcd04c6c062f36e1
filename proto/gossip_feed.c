/*
 * Feeds. `head` is durable; `tip` is the last update that is verified and
 * follows head without a gap; what lies between waits to be stored, in one
 * APPEND after the other; what lies beyond a gap waits for the gap to close.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where @id stands in g->order, or would have to. */
static size_t order_find(const struct gossip *g, const uint8_t *id, bool *found)
{
	size_t low = 0;
	size_t high = g->feeds_n;
	size_t mid;
	int cmp;

	*found = false;
	while (low < high) {
		mid = low + (high - low) / 2;
		cmp = memcmp(g->feeds[g->order[mid]]->id, id, SHA256_BYTES);
		if (cmp == 0) {
			*found = true;
			return mid;
		}
		if (cmp < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

struct gossip_feed *gossip_feed_find(const struct gossip *g,
				     const uint8_t id[SHA256_BYTES])
{
	bool found;
	size_t at = order_find(g, id, &found);

	return found ? g->feeds[g->order[at]] : NULL;
}

bool gossip_feed_followed(const struct gossip_feed *f)
{
	return f->policy == GOSSIP_FOLLOW_WHOLE ||
	       f->policy == GOSSIP_FOLLOW_NARROW;
}

bool gossip_feed_awake(const struct gossip *g, const struct gossip_feed *f)
{
	return gossip_feed_followed(f) &&
	       (f->hold_until == 0 || f->hold_until <= g->now);
}

uint64_t gossip_feed_limit(const struct gossip_feed *f)
{
	return f->disputed_from == 0 ? UINT64_MAX : f->disputed_from - 1;
}

bool gossip_feed_open(const struct gossip *g, const struct gossip_feed *f)
{
	return gossip_feed_awake(g, f) && f->tip.seq < gossip_feed_limit(f);
}

/* ---- the table -----------------------------------------------------------
 */

static bool feeds_grow(struct gossip *g)
{
	size_t cap = g->feeds_cap == 0 ? 16 : g->feeds_cap * 2;
	void *grown;

	if (g->feeds_n < g->feeds_cap) {
		return true;
	}
	grown = realloc(g->feeds, cap * sizeof(*g->feeds));
	if (grown == NULL) {
		return false;
	}
	g->feeds = grown;
	grown = realloc(g->order, cap * sizeof(*g->order));
	if (grown == NULL) {
		return false;
	}
	g->order = grown;
	grown = realloc(g->busy, cap * sizeof(*g->busy));
	if (grown == NULL) {
		return false;
	}
	g->busy = grown;
	g->feeds_cap = cap;
	return true;
}

static void clock_note(struct gossip *g, const struct gossip_feed *f)
{
	struct clock_entry e;

	if (f->head.seq == 0 || !gossip_feed_followed(f)) {
		clock_remove(&g->clock, f->id);
		return;
	}
	memcpy(e.feed, f->id, sizeof(e.feed));
	e.epoch = f->head.epoch;
	e.seq = f->head.seq;
	memcpy(e.commit, f->head.commit, sizeof(e.commit));
	if (clock_set(&g->clock, &e) != WEALD_OK) {
		g->nomem = true;
	}
}

static struct gossip_feed *feed_new(struct gossip *g, const uint8_t *id)
{
	bool found;
	size_t at = order_find(g, id, &found);
	struct gossip_feed *f;

	assert(!found);
	f = feeds_grow(g) ? calloc(1, sizeof(*f)) : NULL;
	if (f == NULL) {
		g->nomem = true;
		return NULL;
	}
	memcpy(f->id, id, sizeof(f->id));
	f->slot = g->feeds_n;
	f->have_at[0] = NEVER;
	f->have_at[1] = NEVER;
	f->graft_at = NEVER;
	f->expire_at = NEVER;
	f->fork_until = NEVER;
	memmove(&g->order[at + 1], &g->order[at],
		(g->feeds_n - at) * sizeof(*g->order));
	g->order[at] = f->slot;
	g->feeds[f->slot] = f;
	g->feeds_n++;
	if (memcmp(id, g->config.feed, SHA256_BYTES) == 0) {
		g->own = f;
	}
	gossip_peers_grow(g);
	return f;
}

/* Forget the waiting updates from @at to before @end. */
static void waits_remove(struct gossip *g, struct gossip_feed *f, size_t at,
			 size_t end)
{
	size_t i;

	assert(at <= end && end <= f->waits_n);
	for (i = at; i < end; i++) {
		f->waits_bytes -= f->waits[i].envelope->len;
		g->waits_bytes -= f->waits[i].envelope->len;
		blob_unref(f->waits[i].envelope);
	}
	if (end < f->waits_n) {
		memmove(&f->waits[at], &f->waits[end],
			(f->waits_n - end) * sizeof(*f->waits));
	}
	f->waits_n -= end - at;
	if (f->waits_n == 0) {
		free(f->waits);
		f->waits = NULL;
		f->waits_cap = 0;
	}
}

void gossip_feed_free(struct gossip *g, struct gossip_feed *f)
{
	waits_remove(g, f, 0, f->waits_n);
	blob_unref(f->proof);
	free(f);
}

/* What the connected peers said of a feed that is new to us. */
static void feed_recall(struct gossip *g, struct gossip_feed *f)
{
	const struct clock_entry *e;
	size_t i;

	for (i = 0; i < g->peers_n; i++) {
		if (!g->peers[i]->ready) {
			continue;
		}
		e = clock_find(&g->peers[i]->others, f->id);
		if (e != NULL) {
			gossip_tree_heard(g, f, g->peers[i], e);
			clock_remove(&g->peers[i]->others, f->id);
		}
	}
	gossip_catchup_ask(g, f);
	gossip_tree_have_soon(g, f);
}

/* A fork that was found before we started: it is known, and told, still. */
static void feed_recall_fork(struct gossip *g, struct gossip_feed *f,
			     uint64_t disputed_from, struct span proof)
{
	f->disputed_from = disputed_from;
	if (disputed_from == 0 || proof.len == 0) {
		return;
	}
	f->proof = blob_new(proof);
	if (f->proof == NULL) {
		g->nomem = true;
		return;
	}
	gossip_fork_tell(g, f, 0);
}

int gossip_feed_follow(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_feed *f = gossip_feed_find(g, event->follow.feed);
	bool fresh = f == NULL;

	if (fresh && g->feeds_n == GOSSIP_FEEDS_MAX) {
		return WEALD_TOOBIG;
	}
	if (fresh) {
		f = feed_new(g, event->follow.feed);
		if (f == NULL) {
			return WEALD_OK;
		}
		f->head = event->follow.head;
		f->tip = f->head;
		feed_recall_fork(g, f, event->follow.disputed_from,
				 event->follow.proof);
	}
	f->policy = event->follow.policy;
	clock_note(g, f);
	if (gossip_feed_followed(f)) {
		feed_recall(g, f);
	} else {
		gossip_catchup_stop(g, f);
		waits_remove(g, f, f->appending_n, f->waits_n);
		f->graft_at = NEVER;
		f->tip = f->head;
	}
	return WEALD_OK;
}

/* ---- waiting -------------------------------------------------------------
 */

static int head_compare(const struct gossip_head *a,
			const struct gossip_head *b)
{
	if (a->epoch != b->epoch) {
		return a->epoch < b->epoch ? -1 : 1;
	}
	if (a->seq != b->seq) {
		return a->seq < b->seq ? -1 : 1;
	}
	return 0;
}

/* What is farther ahead makes room for what comes before it. */
static bool waits_evict(struct gossip *g, struct gossip_feed *f,
			const struct gossip_head *head, size_t len)
{
	while (f->waits_n >= GOSSIP_WAIT_N_MAX ||
	       f->waits_bytes + len > GOSSIP_WAIT_BYTES_MAX ||
	       g->waits_bytes + len > GOSSIP_WAIT_BYTES_ALL_MAX) {
		if (f->waits_n > f->appending_n &&
		    head_compare(&f->waits[f->waits_n - 1].head, head) > 0) {
			gossip_count_add(g, GOSSIP_WHY_WAITING_FULL);
			waits_remove(g, f, f->waits_n - 1, f->waits_n);
			continue;
		}
		/* what all wait for has room if nothing is to be stored yet */
		return head->seq == f->head.seq + 1;
	}
	return true;
}

static bool waits_have_room(struct gossip *g, struct gossip_feed *f,
			    const struct gossip_head *head, size_t len)
{
	size_t cap;
	void *grown;

	if (!waits_evict(g, f, head, len)) {
		return false;
	}
	cap = f->waits_cap == 0 ? 8 : f->waits_cap * 2;
	if (f->waits_n < f->waits_cap) {
		return true;
	}
	grown = realloc(f->waits, cap * sizeof(*f->waits));
	if (grown == NULL) {
		g->nomem = true;
		return false;
	}
	f->waits = grown;
	f->waits_cap = cap;
	return true;
}

/* Where an update stands in the queue; *@same: one of its seq is there. */
static size_t waits_find(const struct gossip_feed *f,
			 const struct gossip_head *head, bool *same)
{
	size_t at = f->waits_n;
	int cmp;

	*same = false;
	while (at > 0) {
		cmp = head_compare(&f->waits[at - 1].head, head);
		if (cmp <= 0) {
			*same = cmp == 0;
			break;
		}
		at--;
	}
	return *same ? at - 1 : at;
}

/* Put @c's update into the queue. NULL: it is there, or has no room. */
static struct gossip_wait *waits_add(struct gossip *g, struct gossip_feed *f,
				     const struct gossip_peer *p,
				     const struct gossip_check *c)
{
	struct gossip_wait *w;
	bool same;
	size_t at = waits_find(f, &c->facts.head, &same);

	if (same) {
		gossip_count_add(g, GOSSIP_WHY_REPLAY);
		return NULL;
	}
	if (!waits_have_room(g, f, &c->facts.head, c->envelope->len)) {
		gossip_count_add(g, GOSSIP_WHY_WAITING_FULL);
		return NULL;
	}
	/* nothing before @at was removed to make room */
	assert(at >= f->appending_n && at <= f->waits_n);
	w = &f->waits[at];
	memmove(w + 1, w, (f->waits_n - at) * sizeof(*w));
	f->waits_n++;
	memset(w, 0, sizeof(*w));
	w->head = c->facts.head;
	memcpy(w->prev, c->facts.prev, sizeof(w->prev));
	w->envelope = blob_ref(c->envelope);
	w->since_ms = g->now;
	w->peer = p->id;
	w->granted = c->facts.granted;
	w->bare = c->facts.bare;
	w->served = c->lane != FRAME_LANE_LIVE;
	w->charged = c->charged;
	f->waits_bytes += c->envelope->len;
	g->waits_bytes += c->envelope->len;
	return w;
}

void gossip_feed_expire(struct gossip *g, struct gossip_feed *f)
{
	size_t i = f->waits_n;
	const struct gossip_wait *w;

	f->expire_at = NEVER;
	while (i > f->appending_n) {
		i--;
		w = &f->waits[i];
		if (w->head.epoch == f->tip.epoch &&
		    w->head.seq <= f->tip.seq) {
			continue; /* is about to be stored */
		}
		if (w->since_ms + GOSSIP_WAIT_MS <= g->now) {
			gossip_count_add(g, GOSSIP_WHY_WAITED_LONG);
			waits_remove(g, f, i, i + 1);
		} else if (w->since_ms + GOSSIP_WAIT_MS < f->expire_at) {
			f->expire_at = w->since_ms + GOSSIP_WAIT_MS;
			gossip_feed_set_busy(g, f);
		}
	}
}

/* ---- storing -------------------------------------------------------------
 */

static void feed_append(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_effect *e;
	struct blob **list;
	size_t bytes = 0;
	size_t n = 0;
	size_t i;

	if (f->appending_n > 0 || !gossip_feed_awake(g, f)) {
		return;
	}
	while (n < f->waits_n && n < GOSSIP_APPEND_N_MAX &&
	       f->waits[n].head.epoch == f->tip.epoch &&
	       f->waits[n].head.seq <= f->tip.seq &&
	       (n == 0 ||
		bytes + f->waits[n].envelope->len <= GOSSIP_APPEND_BYTES_MAX)) {
		bytes += f->waits[n].envelope->len;
		n++;
	}
	if (n == 0) {
		return;
	}
	list = gossip_scrap_alloc(g, n, sizeof(struct blob *));
	e = gossip_effect_add(g, GOSSIP_APPEND);
	if (list == NULL || e == NULL) {
		return;
	}
	for (i = 0; i < n; i++) {
		list[i] = gossip_scrap_blob(g, f->waits[i].envelope);
	}
	memcpy(e->append.feed, f->id, sizeof(f->id));
	e->append.envelopes = list;
	e->append.n = n;
	f->appending_n = n;
}

bool gossip_is_our_failure(int err)
{
	return err == WEALD_NOMEM || err == WEALD_IO || err == WEALD_NOSPACE ||
	       err == WEALD_LOCKED || err == WEALD_UNKNOWN ||
	       err == WEALD_CRYPTO || err == WEALD_CORRUPT;
}

/* What is not stored goes, as if it had not come, nor been sent on. */
static void feed_take_back(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_link *l;
	size_t i;

	waits_remove(g, f, 0, f->waits_n);
	f->tip = f->head;
	f->pushed_seq = 0;
	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		if (l->sent > f->head.seq) {
			l->sent = f->head.seq;
		}
		if (l->told > f->head.seq) {
			l->told = f->head.seq;
		}
	}
	gossip_catchup_stop(g, f);
}

/* It came without its contents while those were not wanted: now they are. */
static void feed_lacks(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_peer *p = gossip_peer_find(g, f->waits[0].peer);
	bool pushed = !f->waits[0].served;

	feed_take_back(g, f);
	if (p != NULL) {
		gossip_tree_bare(g, f, p, f->head.seq + 1, pushed);
	}
	gossip_catchup_ask(g, f);
}

/* The update after the head was not stored: what builds on it goes too. */
static void feed_refused(struct gossip *g, struct gossip_feed *f, int err)
{
	struct gossip_peer *guilty = NULL;

	if (f->waits_n > 0 && err == WEALD_CONTENT_ABSENT) {
		feed_lacks(g, f);
		return;
	}
	f->hold_until = g->now + GOSSIP_HOLD_MS;
	f->hold_err = err;
	gossip_feed_set_busy(g, f);
	gossip_report_add(g,
			  gossip_is_our_failure(err) ? GOSSIP_WHY_STORE_FAILED
						     : GOSSIP_WHY_FEED_HELD,
			  f, NULL, f->head.seq + 1);
	/* who only passed it on could not know; who serves it says that it
	   has stored it, which no honest node has */
	if (f->waits_n > 0 && f->waits[0].served && f != g->own &&
	    !gossip_is_our_failure(err)) {
		guilty = gossip_peer_find(g, f->waits[0].peer);
	}
	feed_take_back(g, f);
	if (guilty != NULL) {
		gossip_peer_drop(g, guilty, GOSSIP_WHY_UPDATE_REFUSED, err);
	}
}

/* The durable head is now @head. */
static void feed_set_head(struct gossip *g, struct gossip_feed *f,
			  const struct gossip_head *head)
{
	if (head_compare(head, &f->head) == 0) {
		return;
	}
	f->head = *head;
	if (head_compare(&f->tip, head) < 0) {
		f->tip = *head;
	}
	clock_note(g, f);
	gossip_tree_have_soon(g, f);
	gossip_receipt_soon(g);
	gossip_fork_ask_proofs(g, f);
}

void gossip_feed_appended(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_feed *f = gossip_feed_find(g, event->appended.feed);
	const struct gossip_head *head = &event->appended.head;
	size_t n = 0;

	if (f == NULL || f->appending_n == 0) {
		assert(false && "an APPENDED that answers no APPEND");
		return;
	}
	f->appending_n = 0;
	while (n < f->waits_n && head_compare(&f->waits[n].head, head) <= 0) {
		n++;
	}
	waits_remove(g, f, 0, n);
	feed_set_head(g, f, head);
	if (event->appended.err != WEALD_OK) {
		feed_refused(g, f, event->appended.err);
		return;
	}
	feed_append(g, f);
	gossip_catchup_ask(g, f);
	gossip_fork_look(g, f);
}

void gossip_feed_local_write(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_feed *f = g->own;
	struct gossip_wait w;

	assert(f != NULL);
	assert(event->local_write.head.seq == f->head.seq + 1);
	if (f->tip.seq != f->head.seq) {
		/* what came of our own feed meanwhile cannot follow now */
		waits_remove(g, f, f->appending_n, f->waits_n);
		f->tip = f->head;
	}
	memset(&w, 0, sizeof(w));
	w.head = event->local_write.head;
	w.envelope = event->local_write.envelope;
	feed_set_head(g, f, &w.head);
	gossip_tree_push(g, f, &w, 0);
}

/* ---- taking in -----------------------------------------------------------
 */

/*
 * Follows @head, but was signed by a key that could not? Honest nodes look at
 * this before they pass an update on, so who sent it is to blame.
 */
static bool is_strangers(const struct gossip_head *head,
			 const struct gossip_head *next, bool granted)
{
	static const uint8_t unknown[PUBKEY_BYTES];

	return head->seq > 0 && !granted &&
	       memcmp(head->key, unknown, sizeof(unknown)) != 0 &&
	       memcmp(head->key, next->key, sizeof(unknown)) != 0;
}

static void drop_stranger(struct gossip *g, struct gossip_peer *p)
{
	if (p != NULL) {
		gossip_peer_drop(g, p, GOSSIP_WHY_STRANGER, WEALD_KEY_CHANGED);
	}
}

/* The tip moves on over what waits and now has no gap before it. */
static void feed_advance(struct gossip *g, struct gossip_feed *f)
{
	uint32_t guilty = 0;
	size_t i = 0;
	struct gossip_wait *w;

	while (i < f->waits_n && (f->waits[i].head.epoch < f->tip.epoch ||
				  f->waits[i].head.seq <= f->tip.seq)) {
		i++;
	}
	for (; i < f->waits_n; i++) {
		w = &f->waits[i];
		if (w->head.seq != f->tip.seq + 1 ||
		    (f->tip.seq > 0 && w->head.epoch != f->tip.epoch)) {
			break;
		}
		if (memcmp(w->prev, f->tip.digest, sizeof(w->prev)) != 0) {
			gossip_count_add(g, GOSSIP_WHY_REPLAY);
			waits_remove(g, f, i, i + 1);
			break;
		}
		if (is_strangers(&f->tip, &w->head, w->granted)) {
			guilty = w->peer;
			waits_remove(g, f, i, i + 1);
			break;
		}
		f->tip = w->head;
		f->graft_n = 0;
		if (f != g->own) {
			gossip_tree_push(g, f, w, w->peer);
		}
	}
	if (f->waits_n > 0 && f->waits[f->waits_n - 1].head.seq > f->tip.seq &&
	    f->expire_at == NEVER) {
		f->expire_at = g->now + GOSSIP_WAIT_MS;
		gossip_feed_set_busy(g, f);
	}
	if (f->graft_at != NEVER && gossip_tree_missing(g, f) == 0) {
		f->graft_at = NEVER;
	}
	if (guilty != 0) {
		drop_stranger(g, gossip_peer_find(g, guilty));
	}
}

/* Of a new epoch nothing is known yet: what was said was about the old one. */
static void feed_new_epoch(struct gossip *g, struct gossip_feed *f)
{
	struct gossip_link *l;
	size_t i;

	blob_unref(f->proof);
	f->proof = NULL;
	f->disputed_from = 0;
	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		l->has = l->said_epoch == f->head.epoch ? l->said_seq : 0;
		l->sent = 0;
		l->told = 0;
		l->bare_seq = 0;
	}
}

void gossip_feed_moved(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_feed *f = gossip_feed_find(g, event->moved.feed);
	const struct gossip_head *head = &event->moved.head;
	uint64_t epoch;
	bool same;
	size_t at;

	assert(f != NULL);
	assert(f->appending_n == 0);
	assert(head_compare(head, &f->head) >= 0);
	if (head_compare(head, &f->head) == 0) {
		return;
	}
	epoch = f->head.epoch;
	at = waits_find(f, head, &same);
	if (head_compare(head, &f->tip) <= 0 &&
	    !(same && memcmp(f->waits[at].head.commit, head->commit,
			     sizeof(head->commit)) == 0)) {
		/* what was verified does not follow what was stored */
		waits_remove(g, f, 0, f->waits_n);
		f->tip = *head;
	} else {
		waits_remove(g, f, 0, same ? at + 1 : at);
	}
	feed_set_head(g, f, head);
	if (head->epoch != epoch) {
		feed_new_epoch(g, f);
		gossip_tree_have_soon(g, f);
	}
	feed_advance(g, f);
	feed_append(g, f);
	gossip_catchup_ask(g, f);
}

/* An update at or below the tip: the same one again, or another line? */
static void feed_old(struct gossip *g, struct gossip_feed *f,
		     struct gossip_peer *p, const struct gossip_check *c)
{
	const struct gossip_head *h = &c->facts.head;
	const struct gossip_head *ours = NULL;
	bool same;
	size_t at;

	if (h->seq == f->head.seq && h->epoch == f->head.epoch) {
		ours = &f->head;
	} else {
		at = waits_find(f, h, &same);
		ours = same ? &f->waits[at].head : NULL;
	}
	if ((ours != NULL &&
	     memcmp(ours->commit, h->commit, sizeof(h->commit)) != 0) ||
	    (p->id == f->fork_peer && h->seq == f->fork_seq)) {
		gossip_fork_suspect(g, f, h->seq, p, c->envelope);
		return;
	}
	gossip_count_add(g, GOSSIP_WHY_REPLAY);
	gossip_tree_duplicate(g, f, p, h->seq, c->lane);
}

/* A change of history: it is kept for a while, and told. */
static bool offer_epoch(struct gossip *g, struct gossip_feed *f,
			struct gossip_peer *p, const struct gossip_check *c)
{
	const struct gossip_head *h = &c->facts.head;
	bool kept;

	kept = h->epoch > f->tip.epoch && waits_add(g, f, p, c) != NULL;
	if (kept) {
		gossip_report_add(g, GOSSIP_WHY_REISSUE_HELD, f, p, h->seq);
	}
	feed_advance(g, f); /* sets the time it may wait */
	return kept;
}

/* Is it new, and neither another line's nor a stranger's? */
static bool offer_fits(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct gossip_check *c)
{
	const struct gossip_head *h = &c->facts.head;

	if (h->seq <= f->tip.seq) {
		feed_old(g, f, p, c);
		return false;
	}
	if (h->seq > gossip_feed_limit(f)) {
		gossip_count_add(g, GOSSIP_WHY_FEED_DISPUTED);
		return false;
	}
	if (h->seq != f->tip.seq + 1) {
		return true; /* looked at when the gap closes */
	}
	if (memcmp(c->facts.prev, f->tip.digest, SHA256_BYTES) != 0) {
		gossip_fork_suspect(g, f, h->seq, p, c->envelope);
		return false;
	}
	if (is_strangers(&f->tip, h, c->facts.granted)) {
		drop_stranger(g, p);
		return false;
	}
	return true;
}

bool gossip_feed_offer(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct gossip_check *c)
{
	const struct gossip_head *h = &c->facts.head;
	struct gossip_link *l = &p->links[f->slot];

	if (!gossip_feed_awake(g, f)) {
		gossip_count_add(g, GOSSIP_WHY_FEED_HELD);
		return false;
	}
	l->follows = true;
	if (h->epoch != f->tip.epoch && f->tip.seq > 0) {
		return offer_epoch(g, f, p, c);
	}
	if (h->seq > l->has) {
		l->has = h->seq;
	}
	if (!offer_fits(g, f, p, c)) {
		return false;
	}
	if (c->facts.bare && f->policy == GOSSIP_FOLLOW_WHOLE) {
		gossip_tree_bare(g, f, p, h->seq, c->lane == FRAME_LANE_LIVE);
		return false;
	}
	if (waits_add(g, f, p, c) == NULL) {
		return false;
	}
	if (c->lane == FRAME_LANE_LIVE) {
		f->pushed_seq = h->seq;
		f->pushed_by = p->id;
		l->eager = true;
	}
	feed_advance(g, f); /* may drop peers */
	feed_append(g, f);
	if (h->seq > f->tip.seq) {
		gossip_catchup_ask(g, f); /* a gap is asked for at once */
	}
	return true;
}

void gossip_feed_dispute(struct gossip *g, struct gossip_feed *f, uint64_t seq)
{
	if (f->disputed_from == 0 || seq < f->disputed_from) {
		f->disputed_from = seq;
	}
	/* what is in an APPEND was in line before the fork was known; what
	   comes before it is asked for again */
	waits_remove(g, f, f->appending_n, f->waits_n);
	f->tip = f->waits_n > 0 ? f->waits[f->waits_n - 1].head : f->head;
	f->graft_at = NEVER;
	gossip_catchup_stop(g, f);
	gossip_catchup_ask(g, f);
}
