/*
 * Identity: who may sign a feed's next update, and what it must follow.
 *
 * A state machine over a feed's updates in order. It holds what the last one
 * fixed; identity_check() says whether another may come next, and
 * identity_apply() moves on. docs/PROTOCOL.md, "Appending". Pure: a plain
 * value that can be copied.
 */
#ifndef WEALD_PROTO_IDENTITY_H
#define WEALD_PROTO_IDENTITY_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/update.h"

/* All zero, as {0} makes it, is a feed that has no update yet. */
struct identity {
	uint8_t feed[SHA256_BYTES];
	char slug[SLUG_BYTES_MAX + 1]; /* ends with NUL */
	uint8_t root[SHA256_BYTES];
	uint8_t key[PUBKEY_BYTES]; /* the feed key that signs now */
	uint64_t epoch;
	uint64_t seq;  /* of the last update; 0 where there is none */
	uint64_t time; /* what the last update claims */
	uint8_t prev[SHA256_BYTES];      /* SHA-256 of the last payload */
	uint8_t commit[OBJECT_ID_BYTES]; /* of the last update */
	uint8_t tree[OBJECT_ID_BYTES];   /* after the last update */
};

/*
 * May @u, which passed update_check() and grant_verify(), come next?
 *
 *   WEALD_FEED_OTHER, WEALD_SLUG_CHANGED, WEALD_ROOT_CHANGED
 *                        it belongs to another feed
 *   WEALD_SEQ_GAP        updates before it are missing: it can come later
 *   WEALD_SEQ_OLD        the feed has an update at this seq already
 *   WEALD_PREV_OTHER, WEALD_PARENT_OTHER
 *                        it does not follow the last update
 *   WEALD_EPOCH_CHANGED  only a granted recover or erase raises the epoch
 *   WEALD_KEY_CHANGED    only a granted update changes the key
 *   WEALD_REISSUE_HELD   a granted recover or erase of this feed: valid by
 *                        itself, but this version cannot carry it out
 */
int identity_check(const struct identity *id, const struct update *u,
		   struct weald_msg *msg);

/* Move on to @u, which identity_check() accepted. */
void identity_apply(struct identity *id, const struct update *u,
		    const uint8_t digest[SHA256_BYTES],
		    const uint8_t commit_id[OBJECT_ID_BYTES]);

/* "<slug>@<first 12 hex of the feed id>", how git names the author. */
#define IDENTITY_ADDRESS_BYTES (SLUG_BYTES_MAX + 1 + 12 + 1)
void identity_address(const struct identity *id,
		      char out[IDENTITY_ADDRESS_BYTES]);

#endif
