/*
 * The view that reports are answered from: each feed beside what connected
 * peers and receipts say of it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/report_private.h"

/* ---- our own marks -------------------------------------------------------
 * When our head came to where, so that "behind since" can be told.
 */

static void mark_add(struct node *n, uint64_t seq, uint64_t time)
{
	if (n->marks_n == NODE_MARKS_MAX) {
		memmove(&n->marks[0], &n->marks[1],
			(NODE_MARKS_MAX - 1) * sizeof(n->marks[0]));
		n->marks_n--;
	}
	n->marks[n->marks_n].seq = seq;
	n->marks[n->marks_n].time = time;
	n->marks_n++;
}

void report_own_moved(struct node *n, const struct replica_look *look)
{
	if (look->head.seq <= n->own->head.seq) {
		return;
	}
	if (n->marks_n == 0) {
		mark_add(n, n->own->head.seq, n->own->last_time);
	}
	mark_add(n, look->head.seq, look->last_time);
}

uint64_t report_behind_since(const struct report_view *v, uint64_t seq)
{
	const struct node *n = v->n;
	size_t i;

	for (i = 0; i < n->marks_n; i++) {
		if (n->marks[i].seq > seq) {
			return n->marks[i].time;
		}
	}
	return n->own->last_time;
}

bool report_is_fresh(const struct report_view *v, uint64_t seq)
{
	uint64_t since = report_behind_since(v, seq);

	return v->now_s < since + REPORT_FRESH_S;
}

/* ---- feeds ---------------------------------------------------------------
 */

static int compare_regions(const void *a, const void *b)
{
	const struct report_region *x = a;
	const struct report_region *y = b;

	return memcmp(x->r->id, y->r->id, SHA256_BYTES);
}

static int compare_names(const void *a, const void *b)
{
	const struct report_region *x = *(const struct report_region *const *)a;
	const struct report_region *y = *(const struct report_region *const *)b;

	return strcmp(x->label, y->label);
}

struct report_region *report_find(const struct report_view *v,
				  const uint8_t id[SHA256_BYTES])
{
	size_t from = 0;
	size_t to = v->regions_n;
	size_t at;
	int c;

	while (from < to) {
		at = from + (to - from) / 2;
		c = memcmp(v->regions[at].r->id, id, SHA256_BYTES);
		if (c == 0) {
			return &v->regions[at];
		}
		if (c < 0) {
			from = at + 1;
		} else {
			to = at;
		}
	}
	return NULL;
}

struct report_region *report_region_of(const struct report_view *v,
				       const uint8_t key[PUBKEY_BYTES])
{
	struct replica *r = NULL;
	bool blocked;

	if (!roster_find(v->n, key, &r, &blocked) || r == NULL) {
		return NULL;
	}
	return report_find(v, r->id);
}

static void take_region(struct report_view *v, struct report_region *g,
			struct replica *r)
{
	char hex[2 * 6 + 1];

	g->r = r;
	hex_encode(r->id, 6, hex);
	snprintf(g->label, sizeof(g->label), "%s",
		 r->name[0] != '\0' ? r->name
				    : (r->slug[0] != '\0' ? r->slug : hex));
	g->followed = !r->own && (r->policy == GOSSIP_FOLLOW_WHOLE ||
				  r->policy == GOSSIP_FOLLOW_NARROW);
	if (r->engine_knows) {
		(void)gossip_feed_status(v->n->engine, r->id, &g->st);
		g->heard_seq = g->st.heard_seq;
	}
}

/* Of a join that was refused: nothing of it is here, and nobody wants it. */
static bool is_left_over(const struct node *n, const struct replica *r)
{
	return !r->own && r->head.seq == 0 && r->open_err == WEALD_OK &&
	       r->policy == GOSSIP_NOT_FOLLOWED &&
	       members_follow(&n->members, r->id) == NULL &&
	       members_blocked(&n->members, r->id) == NULL &&
	       members_unfollowed(&n->members, r->id) == NULL;
}

static int take_regions(struct report_view *v)
{
	struct node *n = v->n;
	size_t i;

	v->regions = calloc(n->replicas_n + 1, sizeof(*v->regions));
	v->by_name = calloc(n->replicas_n + 1, sizeof(*v->by_name));
	if (v->regions == NULL || v->by_name == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n->replicas_n; i++) {
		if (!is_left_over(n, n->replicas[i])) {
			take_region(v, &v->regions[v->regions_n],
				    n->replicas[i]);
			v->regions_n++;
		}
	}
	qsort(v->regions, v->regions_n, sizeof(*v->regions), compare_regions);
	for (i = 0; i < v->regions_n; i++) {
		v->by_name[i] = &v->regions[i];
	}
	qsort(v->by_name, v->regions_n, sizeof(*v->by_name), compare_names);
	v->own = report_find(v, n->own->id);
	assert(v->own != NULL);
	return WEALD_OK;
}

/* ---- receipts ------------------------------------------------------------
 */

const struct clock_entry *report_entry(const struct gossip_receipt *receipt,
				       const uint8_t feed[SHA256_BYTES])
{
	size_t from = 0;
	size_t to = receipt->n;
	size_t at;
	int c;

	while (from < to) {
		at = from + (to - from) / 2;
		c = memcmp(receipt->entries[at].feed, feed, SHA256_BYTES);
		if (c == 0) {
			return &receipt->entries[at];
		}
		if (c < 0) {
			from = at + 1;
		} else {
			to = at;
		}
	}
	return NULL;
}

bool report_holds_own(const struct report_view *v, const struct clock_entry *e,
		      uint64_t seq)
{
	const struct gossip_head *head = &v->n->own->head;

	if (e->epoch < head->epoch || e->seq < seq) {
		return false;
	}
	return !report_is_other_line(v, e);
}

bool report_is_other_line(const struct report_view *v,
			  const struct clock_entry *e)
{
	const struct gossip_head *head = &v->n->own->head;
	uint64_t from = report_disputed_from(v->own);

	if (e->epoch != head->epoch || e->seq < head->seq || e->seq == 0) {
		return false;
	}
	if (e->seq == head->seq) {
		return memcmp(e->commit, head->commit, sizeof(e->commit)) != 0;
	}
	/* nobody but us can go on from our head */
	return from != 0 && from <= head->seq;
}

static void hear_own(struct report_region *g, uint64_t seq, uint64_t time)
{
	if (!g->said || seq > g->said_seq ||
	    (seq == g->said_seq && time > g->said_time)) {
		g->said_seq = seq;
		g->said_time = time;
	}
	g->said = true;
}

/* The receipt @e of one of @g's nodes about our own feed. */
static void hear_own_entry(const struct report_view *v, struct report_region *g,
			   const struct clock_entry *e, uint64_t time)
{
	if (!report_is_other_line(v, e)) {
		hear_own(g, e->seq, time);
		return;
	}
	if (!g->said) {
		hear_own(g, 0, time);
	}
	g->other_seq = e->seq > g->other_seq ? e->seq : g->other_seq;
}

static void hear_entry(struct report_region *g, const struct report_word *w,
		       const struct clock_entry *e)
{
	const struct gossip_head *head = &g->r->head;
	const struct replica *teller = w->region->r;

	if (g->told_by != teller) {
		g->told_by = teller;
		g->tellers++;
	}
	if (e->epoch == head->epoch || head->seq == 0) {
		g->heard_seq = e->seq > g->heard_seq ? e->seq : g->heard_seq;
	}
	if (head->seq > 0 && g->held_by != teller &&
	    (e->epoch > head->epoch ||
	     (e->epoch == head->epoch &&
	      (e->seq > head->seq ||
	       (e->seq == head->seq &&
		memcmp(e->commit, head->commit, sizeof(e->commit)) == 0))))) {
		g->held_by = teller;
		g->holders++;
	}
}

/* The entries and the feeds here are both sorted by feed id. */
static void hear_word(struct report_view *v, const struct report_word *w)
{
	const struct clock_entry *own;
	size_t at = 0;
	size_t i = 0;
	int c;

	while (i < w->receipt.n && at < v->regions_n) {
		c = memcmp(v->regions[at].r->id, w->receipt.entries[i].feed,
			   SHA256_BYTES);
		if (c == 0) {
			hear_entry(&v->regions[at], w, &w->receipt.entries[i]);
			i++;
		} else if (c < 0) {
			at++;
		} else {
			i++;
		}
	}
	own = report_entry(&w->receipt, v->n->own->id);
	if (own != NULL) {
		hear_own_entry(v, w->region, own, w->time);
	} else if (!w->region->said) {
		hear_own(w->region, 0, w->time);
	}
}

static int compare_words(const void *a, const void *b)
{
	const struct report_word *x = a;
	const struct report_word *y = b;

	if (x->region == y->region) {
		return memcmp(x->receipt.node, y->receipt.node, PUBKEY_BYTES);
	}
	return x->region < y->region ? -1 : 1;
}

static int take_words(struct report_view *v)
{
	struct gossip_receipt receipt;
	struct report_region *g;
	struct report_word *w;
	size_t n = 0;
	size_t i;

	while (gossip_receipt(v->n->engine, n, &receipt)) {
		n++;
	}
	v->words = calloc(n + 1, sizeof(*v->words));
	if (v->words == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n; i++) {
		(void)gossip_receipt(v->n->engine, i, &receipt);
		g = report_region_of(v, receipt.node);
		if (g == NULL || g->r->own ||
		    g->r->policy == GOSSIP_BLOCKED_FEED) {
			continue;
		}
		w = &v->words[v->words_n++];
		w->receipt = receipt;
		w->region = g;
		w->time = receipts_time(v->n, receipt.node);
	}
	qsort(v->words, v->words_n, sizeof(*v->words), compare_words);
	for (i = 0; i < v->words_n; i++) {
		hear_word(v, &v->words[i]);
	}
	return WEALD_OK;
}

/* ---- peers ---------------------------------------------------------------
 */

bool report_is_ready(const struct report_view *v, const struct session *s,
		     struct gossip_peer_status *out)
{
	return s->state == SESSION_PEER &&
	       gossip_peer_status(v->n->engine, s->id, out) == WEALD_OK &&
	       out->ready;
}

/*
 * What the connected ones hold of our feed is newer than their receipts; but
 * from where our feed is disputed they do not say of which line it is.
 */
static void take_peers(struct report_view *v)
{
	uint64_t disputed = report_disputed_from(v->own);
	struct gossip_peer_status st;
	struct report_region *g;
	const struct session *s;
	uint64_t epoch;
	uint64_t seq;
	bool to;
	bool from;
	size_t i;

	for (i = 0; i < v->n->sessions_n; i++) {
		s = v->n->sessions[i];
		if (!report_is_ready(v, s, &st)) {
			continue;
		}
		v->ready++;
		if (st.heard_ms > v->heard_ms) {
			v->heard_ms = st.heard_ms;
		}
		g = report_region_of(v, s->key);
		if (g == NULL) {
			continue;
		}
		g->sessions++;
		if (!g->r->own &&
		    gossip_peer_has(v->n->engine, s->id, v->n->own->id, &epoch,
				    &seq, &to, &from) &&
		    seq > 0 && epoch == v->n->own->head.epoch &&
		    (disputed == 0 || seq < disputed)) {
			hear_own(g, seq, v->now_s);
		}
	}
}

const struct report_word *report_word_of(const struct report_view *v,
					 const uint8_t node[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < v->words_n; i++) {
		if (memcmp(v->words[i].receipt.node, node, PUBKEY_BYTES) == 0) {
			return &v->words[i];
		}
	}
	return NULL;
}

uint64_t report_peer_seq(const struct report_view *v, const struct session *s,
			 const struct report_word *word,
			 const struct report_region *g)
{
	const struct clock_entry *e = NULL;
	uint64_t epoch = 0;
	uint64_t seq = 0;
	bool to;
	bool from;

	if (!gossip_peer_has(v->n->engine, s->id, g->r->id, &epoch, &seq, &to,
			     &from)) {
		return 0;
	}
	if (epoch != g->r->head.epoch && g->r->head.seq > 0) {
		seq = 0; /* of another line */
	}
	if (word != NULL) {
		e = report_entry(&word->receipt, g->r->id);
	}
	if (e != NULL && e->epoch == g->r->head.epoch && e->seq > seq) {
		seq = e->seq;
	}
	return seq;
}

/* ---- the whole -----------------------------------------------------------
 */

int report_view_open(struct node *n, struct report_view *out)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->n = n;
	out->now_ms = node_now_ms(n);
	out->now_s = node_clock_s();
	r = take_regions(out);
	if (r == WEALD_OK) {
		r = take_words(out);
	}
	if (r != WEALD_OK) {
		report_view_close(out);
		return r;
	}
	take_peers(out);
	return WEALD_OK;
}

void report_view_close(struct report_view *v)
{
	free(v->regions);
	free(v->by_name);
	free(v->words);
	v->regions = NULL;
	v->by_name = NULL;
	v->words = NULL;
}

/* ---- how it stands with a feed -------------------------------------------
 */

bool report_err_is_ours(int err)
{
	return err == WEALD_NOMEM || err == WEALD_IO || err == WEALD_NOSPACE ||
	       err == WEALD_LOCKED || err == WEALD_UNKNOWN ||
	       err == WEALD_DENIED || err == WEALD_CORRUPT ||
	       err == WEALD_DIVERGED;
}

uint64_t report_disputed_from(const struct report_region *g)
{
	return g->st.disputed_from != 0 ? g->st.disputed_from
					: g->r->disputed_from;
}

const struct report_region *report_unstored(const struct report_view *v)
{
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		if (report_state(v->by_name[i]) == REPORT_STORE_FAILED) {
			return v->by_name[i];
		}
	}
	return NULL;
}

enum report_state report_state(const struct report_region *g)
{
	const struct replica *r = g->r;

	if (r->open_err != WEALD_OK) {
		return REPORT_DAMAGED;
	}
	if (r->policy == GOSSIP_BLOCKED_FEED) {
		return REPORT_BLOCKED;
	}
	if (!r->own && !g->followed) {
		return REPORT_NOT_FOLLOWED;
	}
	if (report_disputed_from(g) != 0) {
		return REPORT_DISPUTED;
	}
	if (r->refused_err != WEALD_OK && r->refused_seq == r->head.seq + 1) {
		return report_err_is_ours(r->refused_err) ? REPORT_STORE_FAILED
							  : REPORT_REFUSED;
	}
	if (g->heard_seq > r->head.seq) {
		return REPORT_CATCHING_UP;
	}
	return r->head.seq == 0 ? REPORT_EMPTY : REPORT_OK;
}

const char *report_state_name(enum report_state state)
{
	static const char *const names[] = {
		[REPORT_OK] = "ok",
		[REPORT_EMPTY] = "empty",
		[REPORT_CATCHING_UP] = "catching-up",
		[REPORT_DISPUTED] = "disputed",
		[REPORT_REFUSED] = "refused",
		[REPORT_STORE_FAILED] = "store-failed",
		[REPORT_DAMAGED] = "damaged",
		[REPORT_BLOCKED] = "blocked",
		[REPORT_NOT_FOLLOWED] = "not-followed",
	};

	return names[state];
}

bool report_is_counted(const struct report_region *g)
{
	return !g->r->own && g->r->policy != GOSSIP_BLOCKED_FEED &&
	       (g->followed || g->said);
}

bool report_follows_us(const struct report_view *v,
		       const struct report_region *g)
{
	size_t i;

	for (i = 0; i < g->r->region.follows_n; i++) {
		if (memcmp(g->r->region.follows[i].feed, v->n->own->id,
			   SHA256_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

bool report_leaves_us_out(const struct report_view *v,
			  const struct report_region *g)
{
	return g->r->has_region && !report_follows_us(v, g);
}
