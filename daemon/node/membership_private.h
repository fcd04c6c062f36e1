/*
 * Between the parts of the node's membership.
 *
 *   membership.c          opening, the clock's tick, invites and joins
 *   membership_names.c    what a region is called
 *   membership_change.c   follow, unfollow, block, unblock, peers
 *   membership_profile.c  introductions, our own region.yaml
 */
#ifndef WEALD_DAEMON_NODE_MEMBERSHIP_PRIVATE_H
#define WEALD_DAEMON_NODE_MEMBERSHIP_PRIVATE_H

#include "daemon/node/node_private.h"

#define MEMBERSHIP_JOINS_MAX 16u

/* A join that has no answer yet. */
struct join {
	uint8_t key[PUBKEY_BYTES];  /* of the node that was dialled */
	uint8_t feed[SHA256_BYTES]; /* of its region */
	bool new_peer;              /* not known before: goes if refused */
	bool new_follow;
	void *ctx;
	node_done_fn *done; /* NULL: told already; kept for a late refusal */
	uint64_t deadline_ms;
	bool ended; /* told at the next tick */
	int err;
	struct weald_msg msg;
};

struct membership {
	struct join joins[MEMBERSHIP_JOINS_MAX];
	size_t joins_n;
	/* introductions: what a region says, or we choose, has changed */
	bool introduce_due;
	uint64_t introduce_next_ms; /* look again, whatever has changed */
	bool named;                 /* a feed got its slug */
	/* our region.yaml may say something else now */
	bool profile_due;
	uint64_t profile_first_ms; /* of what is due */
	uint64_t profile_last_ms;
	uint64_t profile_retry_ms;
	bool profile_signing;
	bool profile_never; /* this node cannot sign for its region */
	bool clock_told;    /* that nobody bears our clock out */
	bool contact_told;  /* that the guard would refuse our contact today */
};

/* A person has followed @feed, or added the node @key (either may be NULL): no
   refused join takes that back. */
void membership_by_hand(struct node *n, const uint8_t *feed,
			const uint8_t *key);

/* Something of members has changed that region.yaml tells. */
void membership_profile_due(struct node *n);

/*
 * A changed copy of the members takes their place: durably, then in what runs.
 * Takes @changed, also on failure, when all is as it was.
 */
int membership_commit(struct node *n, struct members *changed,
		      struct weald_msg *msg);

/*
 * Follow @feed by hand in @m, which is not in use yet. Options that say nothing
 * leave the choice of contents as it was.
 */
int membership_set_follow(struct node *n, const uint8_t feed[SHA256_BYTES],
			  const struct node_follow_options *options,
			  struct members *m, struct weald_msg *msg);

/*
 * The feed that a person calls @region; docs/CLI.md, "Regions".
 *   WEALD_NOTFOUND  nothing is called so here
 *   WEALD_INVALID   several are: @msg lists them
 */
int membership_resolve(struct node *n, const char *region,
		       uint8_t out[SHA256_BYTES], struct weald_msg *msg);
/* Its slug, as far as it is known here; "" where it is not. */
void membership_slug(struct node *n, const uint8_t feed[SHA256_BYTES],
		     char out[SLUG_BYTES_MAX + 1]);

/* Now and then, when something is due. */
void membership_introduce_tick(struct node *n);
void membership_profile_tick(struct node *n);

#endif
