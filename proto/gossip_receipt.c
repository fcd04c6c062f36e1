/*
 * Receipts. A while after a change the driver signs what is held, and the
 * receipt goes to all peers; each node passes on a receipt that is newer than
 * the last of its node, once it is checked. The while is one period for each
 * 16 regions, so that their number does not multiply their cost.
 *
 * A receipt is small news: a peer whose queue is long does not get it.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS_PER_PERIOD 16u
/* A node that runs is heard many times in this; keys of old are not. */
#define STALE_MS UINT64_C(3600000)

static uint64_t period(const struct gossip *g, uint64_t ms)
{
	return ms * (1 + g->clock.n / REGIONS_PER_PERIOD);
}

static uint64_t receipt_delay(struct gossip *g)
{
	uint64_t ms = period(g, g->config.receipt_ms);

	return ms + gossip_random(g) % (ms / 4 + 1);
}

void gossip_receipt_soon(struct gossip *g)
{
	uint64_t at;

	if (g->config.receipt_ms == 0 || g->receipt_signing) {
		return;
	}
	at = g->now + receipt_delay(g);
	if (at < g->receipt_at) {
		g->receipt_at = at;
	}
}

void gossip_receipt_timeout(struct gossip *g)
{
	struct gossip_effect *e;
	struct clock_entry *copy;

	if (g->receipt_at > g->now) {
		return;
	}
	g->receipt_at = NEVER;
	if (g->config.receipt_idle_ms != 0) {
		g->receipt_at = g->now + g->config.receipt_idle_ms;
	}
	if (g->clock.n == 0 || g->receipt_signing) {
		return;
	}
	copy = gossip_scrap_alloc(g, g->clock.n, sizeof(*copy));
	e = gossip_effect_add(g, GOSSIP_SIGN_RECEIPT);
	if (copy == NULL || e == NULL) {
		return;
	}
	memcpy(copy, g->clock.entries, g->clock.n * sizeof(*copy));
	e->sign_receipt.entries = copy;
	e->sign_receipt.n = g->clock.n;
	g->receipt_signing = true;
}

static void send_receipt(struct gossip *g, struct gossip_peer *p,
			 const struct gossip_known *k)
{
	struct frame *f;

	if (!p->ready || p->unsent >= GOSSIP_LIVE_BYTES_MAX) {
		return;
	}
	f = gossip_send_add(g, p, FRAME_RECEIPT, k->statement->len + 96);
	if (f == NULL) {
		return;
	}
	f->receipt.statement = blob_span(gossip_scrap_blob(g, k->statement));
	memcpy(f->receipt.sig, k->sig, sizeof(k->sig));
}

void gossip_receipt_greet(struct gossip *g, struct gossip_peer *p)
{
	size_t i;

	for (i = 0; i < g->known_n; i++) {
		send_receipt(g, p, &g->known[i]);
	}
}

static struct gossip_known *known_find(struct gossip *g, const uint8_t *node)
{
	size_t i;

	for (i = 0; i < g->known_n; i++) {
		if (memcmp(g->known[i].node, node, PUBKEY_BYTES) == 0) {
			return &g->known[i];
		}
	}
	return NULL;
}

static struct gossip_known *known_add(struct gossip *g, const uint8_t *node)
{
	size_t cap = g->known_cap == 0 ? 16 : g->known_cap * 2;
	struct gossip_known *grown;

	if (g->known_n == GOSSIP_RECEIPTS_MAX) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPTS_FULL);
		return NULL;
	}
	if (g->known_n == g->known_cap) {
		grown = realloc(g->known, cap * sizeof(*grown));
		if (grown == NULL) {
			g->nomem = true;
			return NULL;
		}
		g->known = grown;
		g->known_cap = cap;
	}
	grown = &g->known[g->known_n++];
	memset(grown, 0, sizeof(*grown));
	memcpy(grown->node, node, PUBKEY_BYTES);
	return grown;
}

static size_t known_size(const struct gossip_known *k)
{
	return k->statement == NULL
		       ? 0
		       : k->statement->len + k->n * sizeof(*k->entries);
}

/* Forget the nodes that are heard no more: others need the room. */
static void known_drop_stale(struct gossip *g)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < g->known_n; i++) {
		if (g->now - g->known[i].at_ms < STALE_MS) {
			g->known[kept++] = g->known[i];
			continue;
		}
		g->known_bytes -= known_size(&g->known[i]);
		free(g->known[i].entries);
		blob_unref(g->known[i].statement);
	}
	g->known_n = kept;
}

/* Keep a receipt and pass it on. @statement: a reference that is taken. */
static void receipt_keep(struct gossip *g, const struct gossip_known *fresh,
			 struct blob *statement, uint32_t from)
{
	struct gossip_known *k = known_find(g, fresh->node);
	struct clock_entry *copy;
	size_t bytes;
	size_t i;

	if (k != NULL && k->counter >= fresh->counter) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPT_OLD);
		blob_unref(statement);
		return;
	}
	if (k != NULL && from != 0 &&
	    g->now - k->at_ms < period(g, GOSSIP_RECEIPT_NODE_MS)) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPT_OFTEN);
		blob_unref(statement);
		return;
	}
	bytes = statement->len + fresh->n * sizeof(*copy);
	if (k == NULL && (g->known_n == GOSSIP_RECEIPTS_MAX ||
			  g->known_bytes + bytes > GOSSIP_RECEIPT_BYTES_MAX)) {
		known_drop_stale(g);
	}
	if (g->known_bytes + bytes >
	    GOSSIP_RECEIPT_BYTES_MAX + (k == NULL ? 0 : known_size(k))) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPTS_FULL);
		blob_unref(statement);
		return;
	}
	copy = calloc(fresh->n + 1, sizeof(*copy));
	if (k == NULL && copy != NULL) {
		k = known_add(g, fresh->node);
	}
	if (k == NULL || copy == NULL) {
		g->nomem = g->nomem || copy == NULL;
		free(copy);
		blob_unref(statement);
		return;
	}
	if (fresh->n > 0) {
		memcpy(copy, fresh->entries, fresh->n * sizeof(*copy));
	}
	g->known_bytes -= known_size(k);
	free(k->entries);
	blob_unref(k->statement);
	*k = *fresh;
	k->at_ms = g->now;
	k->entries = copy;
	k->statement = statement; /* transferred */
	g->known_bytes += known_size(k);
	for (i = 0; i < g->peers_n; i++) {
		if (g->peers[i]->id != from) {
			send_receipt(g, g->peers[i], k);
		}
	}
}

void gossip_receipt_signed(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_known fresh;
	struct blob *b;

	g->receipt_signing = false;
	if (event->receipt_signed.err != WEALD_OK) {
		gossip_receipt_soon(g);
		return;
	}
	b = blob_new(event->receipt_signed.statement);
	if (b == NULL) {
		g->nomem = true;
		return;
	}
	memset(&fresh, 0, sizeof(fresh));
	memcpy(fresh.node, event->receipt_signed.node, sizeof(fresh.node));
	fresh.counter = event->receipt_signed.counter;
	memcpy(fresh.sig, event->receipt_signed.sig, sizeof(fresh.sig));
	fresh.entries = g->clock.entries;
	fresh.n = g->clock.n;
	receipt_keep(g, &fresh, b, 0);
}

/* Is it known, or being checked? */
static bool receipt_seen(const struct gossip *g, struct span statement)
{
	size_t i;

	for (i = 0; i < g->known_n; i++) {
		if (span_equal(blob_span(g->known[i].statement), statement)) {
			return true;
		}
	}
	return gossip_query_has(&g->receipts, statement);
}

void gossip_receipt_received(struct gossip *g, struct gossip_peer *p,
			     const struct frame_receipt *r)
{
	bool seen = receipt_seen(g, r->statement);
	struct gossip_query *q;
	struct gossip_effect *e;

	if (!gossip_peer_nuisance(g, p,
				  seen ? GOSSIP_WHY_RECEIPT_OLD
				       : GOSSIP_WHY_RECEIPT_NEW,
				  1) ||
	    seen) {
		return;
	}
	q = gossip_query_add(g, &g->receipts, p, r->statement,
			     GOSSIP_CHECK_RECEIPT, &e);
	if (q == NULL) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPTS_FULL);
		return;
	}
	memcpy(q->sig, r->sig, sizeof(q->sig));
	e->check_receipt.ticket = q->ticket;
	e->check_receipt.statement = q->blob;
	memcpy(e->check_receipt.sig, r->sig, sizeof(q->sig));
}

/* What a receipt says about our own feed. */
static void receipt_guard(struct gossip *g, const struct gossip_event *event)
{
	const struct clock_entry *e = event->receipt_checked.entries;
	uint64_t seq = 0;
	size_t i;

	if (g->own == NULL) {
		return;
	}
	for (i = 0; i < event->receipt_checked.n; i++) {
		if (memcmp(e[i].feed, g->own->id, SHA256_BYTES) == 0) {
			seq = e[i].seq;
		}
	}
	gossip_guard_heard(g, event->receipt_checked.node, seq);
}

void gossip_receipt_checked(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_known fresh;
	struct gossip_query q =
		gossip_query_take(&g->receipts, event->receipt_checked.ticket);
	struct gossip_peer *p;

	if (event->receipt_checked.err == WEALD_NOTFOUND) {
		gossip_count_add(g, GOSSIP_WHY_RECEIPT_STRANGE);
		blob_unref(q.blob);
		return;
	}
	if (event->receipt_checked.err != WEALD_OK) {
		p = gossip_peer_find(g, q.peer);
		if (p != NULL && event->receipt_checked.err != WEALD_NOMEM) {
			gossip_peer_drop(g, p, GOSSIP_WHY_RECEIPT_BAD,
					 event->receipt_checked.err);
		}
		blob_unref(q.blob);
		return;
	}
	receipt_guard(g, event);
	memset(&fresh, 0, sizeof(fresh));
	memcpy(fresh.node, event->receipt_checked.node, sizeof(fresh.node));
	fresh.counter = event->receipt_checked.counter;
	memcpy(fresh.sig, q.sig, sizeof(fresh.sig));
	/* receipt_keep() copies the entries */
	fresh.n = event->receipt_checked.n;
	fresh.entries =
		gossip_scrap_alloc(g, fresh.n + 1, sizeof(*fresh.entries));
	if (fresh.entries == NULL) {
		blob_unref(q.blob);
		return;
	}
	if (fresh.n > 0) {
		memcpy(fresh.entries, event->receipt_checked.entries,
		       fresh.n * sizeof(*fresh.entries));
	}
	receipt_keep(g, &fresh, q.blob, q.peer);
}

bool gossip_receipt(const struct gossip *g, size_t i,
		    struct gossip_receipt *out)
{
	const struct gossip_known *k;

	if (i >= g->known_n) {
		return false;
	}
	k = &g->known[i];
	memcpy(out->node, k->node, sizeof(out->node));
	out->counter = k->counter;
	out->entries = k->entries;
	out->n = k->n;
	out->statement = blob_span(k->statement);
	memcpy(out->sig, k->sig, sizeof(out->sig));
	return true;
}

void gossip_receipt_free(struct gossip *g)
{
	size_t i;

	for (i = 0; i < g->known_n; i++) {
		free(g->known[i].entries);
		blob_unref(g->known[i].statement);
	}
	free(g->known);
	gossip_query_free(&g->receipts);
}
