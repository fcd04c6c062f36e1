/*
 * The own-feed guard (signing only). It opens when all nodes of the last own
 * receipt view have said what they hold of our feed, or after GOSSIP_GUARD_MS a
 * majority of them (told); with no view, when one node has said it. Whatever it
 * says, nothing is signed while others hold more of our feed than we. Who says
 * so and gives nothing when asked holds us up a few times, and is not believed
 * any more then, also when it comes back.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

/* So often a node is believed that gave nothing. */
#define BOASTS_BELIEVED 3u

static size_t view_said_n(const struct gossip *g)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < g->view_n; i++) {
		n += g->view_said[i] ? 1 : 0;
	}
	return n;
}

/* The claim of @node, or the place for it. */
static struct gossip_claim *claim_of(struct gossip *g,
				     const uint8_t node[PUBKEY_BYTES])
{
	struct gossip_claim *c;
	size_t i;

	for (i = 0; i < g->claims_n && i < GOSSIP_CLAIMS_MAX; i++) {
		if (memcmp(g->claims[i].node, node, PUBKEY_BYTES) == 0) {
			return &g->claims[i];
		}
	}
	c = &g->claims[g->claims_n % GOSSIP_CLAIMS_MAX];
	g->claims_n++;
	memset(c, 0, sizeof(*c));
	memcpy(c->node, node, PUBKEY_BYTES);
	return c;
}

void gossip_guard_asked(struct gossip *g, const struct gossip_peer *p,
			bool gave)
{
	struct gossip_claim *c = claim_of(g, p->key);

	c->boasts = gave ? 0 : c->boasts + 1;
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
	if (seq > g->own->head.seq) {
		claim_of(g, node)->seq = seq;
	}
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

/* Is what @node says about our feed believed, for now? */
static bool is_believed(const struct gossip *g,
			const uint8_t node[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < g->claims_n && i < GOSSIP_CLAIMS_MAX; i++) {
		if (memcmp(g->claims[i].node, node, PUBKEY_BYTES) == 0) {
			return g->claims[i].boasts < BOASTS_BELIEVED;
		}
	}
	return true;
}

/* Has anybody who was not asked yet said to hold more than we? */
static bool is_claimed(const struct gossip *g)
{
	size_t i;

	for (i = 0; i < g->claims_n && i < GOSSIP_CLAIMS_MAX; i++) {
		if (g->claims[i].boasts == 0 &&
		    g->claims[i].seq > g->own->head.seq) {
			return true;
		}
	}
	return false;
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
	    (g->now < g->guard_until && is_claimed(g))) {
		return true;
	}
	for (i = 0; i < g->peers_n; i++) {
		l = &g->peers[i]->links[f->slot];
		if (g->peers[i]->ready && l->has > f->head.seq &&
		    l->doubts == 0 && is_believed(g, g->peers[i]->key)) {
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
