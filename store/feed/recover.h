/*
 * Recovery: updates that a killed writer made durable in a pack without
 * moving main any more, or that main lost, are taken in again.
 */
#ifndef WEALD_STORE_FEED_RECOVER_H
#define WEALD_STORE_FEED_RECOVER_H

#include "store/feed/chain.h"
#include "store/feed/repo.h"

/*
 * Look for commits that follow on from @chain, check them with their trees
 * (chain->tree's emit) and contents, and extend the chain. Of several lines
 * the longest is taken. What does not follow, or is not whole, is left where
 * it is: it harms nothing. The caller moves main to chain->identity.commit
 * where the chain has grown.
 *
 * Looked at are the packs whose first commit is an update beyond the chain's
 * last, the packs that hold the chain's last, and @hint, a commit that may be
 * beyond it, or NULL.
 */
int recover_packs(struct repo *r, const uint8_t *hint, struct chain *chain,
		  struct weald_msg *msg);

#endif
