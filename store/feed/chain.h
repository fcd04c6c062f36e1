/*
 * The chain: all that a feed's updates up to now fix for the next one, and
 * the appending rules over it: identity, versions, tree.
 *
 * The same code extends it when an update is published, received, loaded,
 * imported or verified.
 */
#ifndef WEALD_STORE_FEED_CHAIN_H
#define WEALD_STORE_FEED_CHAIN_H

#include "proto/envelope.h"
#include "proto/identity.h"
#include "proto/versions.h"
#include "store/feed/signers.h"
#include "store/feed/tree.h"

struct chain {
	struct identity identity;
	struct versions versions;
	struct signers signers;
	struct tree *tree;
	uint8_t (*ids)[OBJECT_ID_BYTES]; /* commit of update i + 1 */
	size_t ids_cap;
};

/* An empty chain; WEALD_NOMEM. chain_release() takes it back. */
int chain_init(struct chain *c, const struct tree_io *io);
void chain_release(struct chain *c);

/*
 * Make the chain one update longer, or refuse it and stay as it was:
 * identity_check(), versions_check() and the tree's rules; WEALD_TREE_OTHER
 * where the changes do not give the tree that the update claims.
 */
int chain_extend(struct chain *c, const struct checked *update,
		 struct weald_msg *msg);

/*
 * The last part of chain_extend() for an own update, whose tree was computed
 * by chain->tree itself: nothing is checked.
 */
int chain_push(struct chain *c, const struct checked *update);

#endif
