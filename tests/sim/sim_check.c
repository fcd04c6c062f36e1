/*
 * What must hold: in a run that nothing grows past its bound, at its end that
 * all who can reach each other hold the same.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

/* ---- bounds -----
 */

void sim_check_bounds(struct sim *s, size_t node)
{
	const struct gossip *g = s->nodes[node].engine;
	struct gossip_feed_status status;
	struct gossip_peer_status peer;
	size_t bytes = 0;
	size_t i;

	for (i = 0; i < s->options.feeds; i++) {
		if (gossip_feed_status(g, s->feeds[i], &status) != WEALD_OK) {
			continue;
		}
		bytes += status.waiting_bytes;
		if (status.waiting_n > GOSSIP_WAIT_N_MAX + 1 ||
		    status.waiting_bytes >
			    GOSSIP_WAIT_BYTES_MAX + ENVELOPE_BYTES_MAX) {
			sim_fail(s, "node %zu: feed %zu waits too long", node,
				 i);
		}
	}
	if (bytes > GOSSIP_WAIT_BYTES_ALL_MAX) {
		sim_fail(s, "node %zu: %zu bytes wait", node, bytes);
	}
	for (i = 0; i < s->options.links; i++) {
		if (s->links[i].conn == 0 ||
		    gossip_peer_status(g, s->links[i].conn, &peer) !=
			    WEALD_OK) {
			continue;
		}
		if (peer.unsent > GOSSIP_UNSENT_BYTES_MAX ||
		    peer.verifying_n >
			    GOSSIP_VERIFY_N_MAX + FRAME_ENVELOPES_MAX ||
		    peer.verifying_bytes >
			    GOSSIP_VERIFY_BYTES_MAX + FRAME_BODY_BYTES_MAX) {
			sim_fail(s, "node %zu: a queue is over its bound",
				 node);
		}
	}
}

/* ---- at the end ----
 */

bool sim_holds_all(const struct sim *s, size_t feed)
{
	size_t i;

	for (i = 0; i < s->options.nodes; i++) {
		if (s->nodes[i].logs[feed].n < s->nodes[feed].logs[feed].n) {
			return false;
		}
	}
	return true;
}

/* An honest author that @node can reach. */
static bool is_reached(const struct sim *s, size_t feed, const size_t *far)
{
	return !hostile_is(s, feed) && far[feed] < s->options.nodes;
}

static bool is_same(const struct sim_log *a, const struct sim_log *b, size_t n)
{
	return a->n >= n && b->n >= n &&
	       (n == 0 ||
		memcmp(a->updates, b->updates, n * sizeof(*a->updates)) == 0);
}

/*
 * Headers only are left of what an author lost: who is narrow holds it, and no
 * whole node can take it.
 */
static bool is_lost(const struct sim *s, size_t whole, size_t narrow,
		    size_t feed)
{
	const struct sim_log *x = &s->nodes[whole].logs[feed];
	const struct sim_log *y = &s->nodes[narrow].logs[feed];

	return !sim_is_narrow(s, whole, feed) &&
	       sim_is_narrow(s, narrow, feed) && is_same(x, y, x->n);
}

/* Two honest nodes that reach each other, and a feed. */
static void check_pair(struct sim *s, size_t a, size_t b, size_t feed)
{
	const struct sim_log *x = &s->nodes[a].logs[feed];
	const struct sim_log *y = &s->nodes[b].logs[feed];

	if (x->disputed_from != y->disputed_from) {
		sim_fail(s,
			 "feed %zu is disputed from %zu at node %zu, from %zu "
			 "at node %zu",
			 feed, (size_t)x->disputed_from, a,
			 (size_t)y->disputed_from, b);
	} else if (x->disputed_from != 0 &&
		   !is_same(x, y, x->disputed_from - 1)) {
		sim_fail(s,
			 "feed %zu is disputed from %zu, but node %zu (%zu) "
			 "and node %zu (%zu) differ below",
			 feed, (size_t)x->disputed_from, a, x->n, b, y->n);
	} else if (x->disputed_from == 0 &&
		   (x->n != y->n || !is_same(x, y, x->n)) &&
		   !is_lost(s, a, b, feed) && !is_lost(s, b, a, feed)) {
		sim_fail(s, "of feed %zu node %zu holds %zu, node %zu %zu",
			 feed, a, x->n, b, y->n);
	}
}

bool sim_converged(struct sim *s)
{
	size_t *far = calloc(s->options.nodes, sizeof(*far));
	size_t feed;
	size_t a;
	size_t b;

	if (far == NULL) {
		abort();
	}
	for (a = 0; a < s->options.nodes && !s->failed; a++) {
		if (hostile_is(s, a)) {
			continue;
		}
		net_distances(s, a, far);
		for (feed = 0; feed < s->options.feeds; feed++) {
			for (b = 0; b < s->options.nodes; b++) {
				if (b != a && !hostile_is(s, b) &&
				    far[b] < s->options.nodes) {
					check_pair(s, a, b, feed);
				}
			}
			if (is_reached(s, feed, far) &&
			    s->nodes[feed].logs[feed].disputed_from != 0) {
				sim_fail(s, "honest feed %zu is disputed",
					 feed);
			}
		}
	}
	free(far);
	return !s->failed;
}
