/*
 * What people change: follow, unfollow, block, unblock, peers.
 *
 * Each works on a copy of the members, which takes their place once it is
 * durable, so that a disk that is full changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/membership_private.h"
#include "proto/address.h"

int membership_commit(struct node *n, struct members *changed,
		      struct weald_msg *msg)
{
	int r = members_save(n->home, changed, msg);

	if (r != WEALD_OK) {
		members_release(changed);
		return r;
	}
	members_release(&n->members);
	n->members = *changed; /* transferred */
	node_members_changed(n);
	membership_profile_due(n);
	n->membership->introduce_due = true;
	return WEALD_OK;
}

/* The feed that @region means, which is another's. */
static int find_other(struct node *n, const char *region,
		      uint8_t out[SHA256_BYTES], const char *verb,
		      struct weald_msg *msg)
{
	int r = membership_resolve(n, region, out, msg);

	if (r == WEALD_OK &&
	    memcmp(out, home_feed_id(n->home), SHA256_BYTES) == 0) {
		msg_set(msg, "%s is the region of this node; it cannot be %s",
			home_slug(n->home), verb);
		r = WEALD_INVALID;
	}
	return r;
}

/* The lists of @to are borrowed, from what stands there or from @options. */
static void choose_contents(const struct member_follow *before,
			    const struct node_follow_options *options,
			    char **texts, struct member_follow *to)
{
	size_t i;

	if (options->whole) {
		return;
	}
	if (options->topics_n + options->kinds_n == 0) {
		if (before != NULL) {
			to->topics = before->topics;
			to->topics_n = before->topics_n;
			to->kinds = before->kinds;
			to->kinds_n = before->kinds_n;
		}
		return;
	}
	/* members_set_follow() only reads them */
	for (i = 0; i < options->topics_n; i++) {
		memcpy(&texts[i], &options->topics[i], sizeof texts[0]);
	}
	for (i = 0; i < options->kinds_n; i++) {
		memcpy(&texts[options->topics_n + i], &options->kinds[i],
		       sizeof texts[0]);
	}
	to->topics = texts;
	to->topics_n = options->topics_n;
	to->kinds = texts + options->topics_n;
	to->kinds_n = options->kinds_n;
}

int membership_set_follow(struct node *n, const uint8_t feed[SHA256_BYTES],
			  const struct node_follow_options *options,
			  struct members *m, struct weald_msg *msg)
{
	const struct member_follow *before = members_follow(m, feed);
	struct member_follow f = { .by = REGION_BY_HAND,
				   .since = node_clock_s() };
	char **texts;
	int r;

	if (options->topics_n > MEMBERS_SELECTS_MAX ||
	    options->kinds_n > MEMBERS_SELECTS_MAX) {
		msg_set(msg, "at most %u topics and %u kinds can be chosen",
			MEMBERS_SELECTS_MAX, MEMBERS_SELECTS_MAX);
		return WEALD_TOOBIG;
	}
	texts = calloc(2 * (size_t)MEMBERS_SELECTS_MAX, sizeof *texts);
	if (texts == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(f.feed, feed, sizeof f.feed);
	membership_slug(n, feed, f.slug);
	if (before != NULL && before->by == REGION_BY_HAND) {
		f.since = before->since;
	}
	choose_contents(before, options, texts, &f);
	r = members_set_follow(m, &f, msg);
	free(texts);
	return r;
}

int node_follow(struct node *n, const char *region,
		const struct node_follow_options *options,
		struct weald_msg *msg)
{
	uint8_t feed[SHA256_BYTES];
	struct members changed;
	int r = find_other(n, region, feed, "followed", msg);

	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = membership_set_follow(n, feed, options, &changed, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	r = membership_commit(n, &changed, msg);
	if (r == WEALD_OK) {
		membership_by_hand(n, feed, NULL);
	}
	return r;
}

/* What is remembered of a feed that is blocked or unfollowed. */
static struct member_block block_of(struct node *n,
				    const uint8_t feed[SHA256_BYTES])
{
	struct member_block b = { .since = node_clock_s() };

	memcpy(b.feed, feed, sizeof b.feed);
	membership_slug(n, feed, b.slug);
	return b;
}

int node_unfollow(struct node *n, const char *region, struct weald_msg *msg)
{
	uint8_t feed[SHA256_BYTES];
	struct member_block b;
	struct members changed;
	int r = find_other(n, region, feed, "unfollowed", msg);

	if (r == WEALD_OK && members_follow(&n->members, feed) == NULL) {
		msg_set(msg, "\"%.80s\" is not followed", region);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	b = block_of(n, feed);
	r = members_set_unfollowed(&changed, &b, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}

int node_block(struct node *n, const char *region, struct weald_msg *msg)
{
	uint8_t feed[SHA256_BYTES];
	struct member_block b;
	struct members changed;
	int r = find_other(n, region, feed, "blocked", msg);

	if (r == WEALD_OK && members_blocked(&n->members, feed) != NULL) {
		return WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	b = block_of(n, feed);
	r = members_set_block(&changed, &b, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}

int node_unblock(struct node *n, const char *region, struct weald_msg *msg)
{
	uint8_t feed[SHA256_BYTES];
	struct members changed;
	int r = membership_resolve(n, region, feed, msg);

	if (r == WEALD_OK && members_blocked(&n->members, feed) == NULL) {
		msg_set(msg, "\"%.80s\" is not blocked", region);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = members_remove_block(&changed, feed);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}

static int read_key(struct node *n, const char *hex, uint8_t out[PUBKEY_BYTES],
		    struct weald_msg *msg)
{
	if (hex_decode(span_of(hex), out, PUBKEY_BYTES) != WEALD_OK) {
		msg_set(msg,
			"\"%.80s\" is no node key: 64 hex digits, the line "
			"\"node key\" of weald status there",
			hex);
		return WEALD_INVALID;
	}
	if (memcmp(out, n->key, PUBKEY_BYTES) == 0) {
		msg_set(msg, "this is the key of this node itself");
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

/* A peer as it was, with one address more, which is tried first. */
static int add_address(struct members *m, const uint8_t key[PUBKEY_BYTES],
		       const char *address, struct weald_msg *msg)
{
	const struct member_peer *before = members_peer(m, key);
	struct member_peer p = { .has_feed = false };
	char *addresses[MEMBERS_ADDRESSES_MAX];
	size_t i;

	if (before != NULL) {
		p = *before;
	}
	memcpy(p.key, key, sizeof p.key);
	p.addresses = addresses;
	p.addresses_n = 1;
	/* members_set_peer() only reads it */
	memcpy(&addresses[0], &address, sizeof addresses[0]);
	for (i = 0; before != NULL && i < before->addresses_n &&
		    p.addresses_n < MEMBERS_ADDRESSES_MAX;
	     i++) {
		if (strcmp(before->addresses[i], address) != 0) {
			addresses[p.addresses_n] = before->addresses[i];
			p.addresses_n++;
		}
	}
	return members_set_peer(m, &p, msg);
}

int node_peer_add(struct node *n, const char *address, const char *key_hex,
		  struct weald_msg *msg)
{
	uint8_t key[PUBKEY_BYTES];
	struct members changed;
	int r = read_key(n, key_hex, key, msg);

	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = add_address(&changed, key, address, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	r = membership_commit(n, &changed, msg);
	if (r == WEALD_OK) {
		membership_by_hand(n, NULL, key);
		dialler_hurry(n->dialler, key);
	}
	return r;
}

int node_peer_remove(struct node *n, const char *key_hex, struct weald_msg *msg)
{
	uint8_t key[PUBKEY_BYTES];
	struct members changed;
	int r = read_key(n, key_hex, key, msg);

	if (r == WEALD_OK && members_peer(&n->members, key) == NULL) {
		msg_set(msg, "no peer with this key was added here; nodes that "
			     "regions name are known by follow");
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = members_remove_peer(&changed, key);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}
