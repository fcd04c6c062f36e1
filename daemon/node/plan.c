/*
 * Whom to dial.
 *
 * Peers that were added by hand or by an invitation are dialled for ever, at
 * the addresses given and at those that their region.yaml names. Where fewer
 * sessions stand than the admin wants, nodes that the regions we follow name
 * are tried as well, one more at each look; such a one is let go again when it
 * cannot be reached.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"

#define PLAN_FIRST_MS  5000u
#define PLAN_EVERY_MS  15000u
#define PLAN_TRIES_MAX 3u
#define CANDIDATES_MAX 256u

static bool is_own_region(const struct node *n, const struct replica *r)
{
	return r == n->own;
}

/* The region.yaml entry of a node key, in a feed that is followed, or NULL. */
static const struct region_node *find_region_node(struct node *n,
						  const uint8_t *key)
{
	const struct region_node *found = NULL;
	size_t i;

	for (i = 0; found == NULL && i < n->replicas_n; i++) {
		if (n->replicas[i]->policy != GOSSIP_BLOCKED_FEED) {
			found = roster_node(n->replicas[i], key);
		}
	}
	return found;
}

static void add_address(const char **list, size_t *count, const char *address)
{
	size_t i;

	for (i = 0; i < *count; i++) {
		if (strcmp(list[i], address) == 0) {
			return;
		}
	}
	if (*count < DIAL_ADDRESSES_MAX) {
		list[(*count)++] = address;
	}
}

static void dial_member(struct node *n, const struct member_peer *p)
{
	const struct region_node *rn = find_region_node(n, p->key);
	const char *addresses[DIAL_ADDRESSES_MAX];
	struct weald_msg msg = { "" };
	char key[LOG_KEY_BYTES];
	size_t count = 0;
	size_t i;
	int r;

	for (i = 0; i < p->addresses_n; i++) {
		add_address(addresses, &count, p->addresses[i]);
	}
	for (i = 0; rn != NULL && i < rn->addresses_n; i++) {
		add_address(addresses, &count, rn->addresses[i]);
	}
	if (count == 0 || memcmp(p->key, n->key, PUBKEY_BYTES) == 0) {
		return; /* it dials us */
	}
	r = dialler_set(n->dialler, p->key, addresses, count, &msg);
	if (r != WEALD_OK) {
		log_warning("a peer cannot be dialled peer=%s error=%s: %s",
			    log_key(p->key, key), err_name(r),
			    msg_text(&msg, r));
	} else if (session_by_key(n, p->key) != NULL) {
		dialler_connected(n->dialler, p->key);
	}
}

static bool is_blocked(struct node *n, const uint8_t *key)
{
	struct replica *region;
	bool blocked;

	return roster_find(n, key, &region, &blocked) && blocked;
}

/* Targets that are no member's, and those of blocked regions, go. */
static void drop_targets(struct node *n, bool all_spare)
{
	struct dial_status st;
	size_t i = 0;

	while (dialler_status(n->dialler, i, &st)) {
		bool member = members_peer(&n->members, st.key) != NULL;
		bool spare = !member && !st.connected &&
			     (all_spare || st.tries >= PLAN_TRIES_MAX);

		if (spare || is_blocked(n, st.key)) {
			dialler_remove(n->dialler, st.key);
		} else {
			i++;
		}
	}
}

void plan_refresh(struct node *n)
{
	size_t i;

	drop_targets(n, false);
	for (i = 0; i < n->members.peers_n; i++) {
		if (!is_blocked(n, n->members.peers[i].key)) {
			dial_member(n, &n->members.peers[i]);
		}
	}
}

/* Targets that are being tried and are no session yet count as hope. */
static bool is_target(struct node *n, const uint8_t *key)
{
	struct dial_status st;

	return dialler_find(n->dialler, key, &st);
}

static size_t find_candidates(struct node *n, const struct region_node **out)
{
	const struct replica *r;
	const struct region_node *rn;
	size_t count = 0;
	size_t i;
	size_t k;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (!r->has_region || is_own_region(n, r) ||
		    (r->policy != GOSSIP_FOLLOW_WHOLE &&
		     r->policy != GOSSIP_FOLLOW_NARROW)) {
			continue;
		}
		for (k = 0; k < r->region.nodes_n; k++) {
			rn = &r->region.nodes[k];
			if (rn->addresses_n > 0 && count < CANDIDATES_MAX &&
			    memcmp(rn->key, n->key, PUBKEY_BYTES) != 0 &&
			    session_by_key(n, rn->key) == NULL &&
			    !is_target(n, rn->key)) {
				out[count++] = rn;
			}
		}
	}
	return count;
}

void plan_tick(struct node *n)
{
	const struct region_node *found[CANDIDATES_MAX];
	const struct region_node *rn;
	const char *addresses[DIAL_ADDRESSES_MAX];
	uint64_t now = node_now_ms(n);
	size_t count = 0;
	size_t i;

	if (n->dial_next_ms == 0) {
		n->dial_next_ms = now + PLAN_FIRST_MS;
	}
	if (now < n->dial_next_ms || n->stopping) {
		return;
	}
	n->dial_next_ms =
		now + PLAN_EVERY_MS + node_random(n, PLAN_EVERY_MS / 2);
	drop_targets(n, sessions_up(n) >= n->settings.connections);
	if (sessions_up(n) >= n->settings.connections) {
		return;
	}
	count = find_candidates(n, found);
	if (count == 0) {
		return;
	}
	rn = found[node_random(n, count)];
	for (i = 0; i < rn->addresses_n && i < DIAL_ADDRESSES_MAX; i++) {
		addresses[i] = rn->addresses[i];
	}
	(void)dialler_set(n->dialler, rn->key, addresses, i, NULL);
}
