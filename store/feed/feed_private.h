/*
 * The inside of struct feed, for the files that make it up: feed.c (opening
 * and committing), draft.c (own updates), stage.c (others'), narrow.c (absent
 * contents), feedread.c and fork.c (reading).
 */
#ifndef WEALD_STORE_FEED_FEED_PRIVATE_H
#define WEALD_STORE_FEED_FEED_PRIVATE_H

#include "store/feed/chain.h"
#include "store/feed/feed.h"
#include "store/feed/pack.h"
#include "store/feed/repo.h"

/* What becomes of the trees that an update gives. */
enum feed_trees {
	TREES_NEW,    /* they are staged with it */
	TREES_STORED, /* the repository has them: the update was here before */
	TREES_CHECKED /* the repository must have them, byte for byte */
};

/* A tree of the update in the making. */
struct fresh_tree {
	uint8_t id[OBJECT_ID_BYTES];
	struct buf data;
};

struct feed {
	struct repo *repo;
	enum feed_mode mode;
	struct chain chain;       /* staged updates included */
	struct pack_writer *pack; /* what is staged; NULL in FEED_READ */
	size_t staged;
	enum feed_trees trees;
	/* of the update in the making: staged with it, or forgotten */
	struct fresh_tree *fresh;
	size_t fresh_n;
	/* not WEALD_OK: nothing may build on the chain, open the feed again */
	int broken;
	uint64_t committed_seq;
	uint8_t committed_id[OBJECT_ID_BYTES];
	uint64_t checkpoint_seq; /* of the last one; 0 where there is none */
	uint64_t durable_seq;    /* of the last durable one, as far as known */
	/* of a checkpoint that main does not lead to: recovery looks there */
	bool astray;
	uint8_t astray_id[OBJECT_ID_BYTES];
	struct buf signers; /* allowed_signers as it is on disk */
};

/* A blob: staged or stored. Codes of repo_read(). */
int feed_read_object(const struct feed *f, const uint8_t id[OBJECT_ID_BYTES],
		     enum object_type type, struct buf *out,
		     struct weald_msg *msg);

/* Is the content here, staged or stored? */
bool feed_has_content(const struct feed *f,
		      const uint8_t blob[OBJECT_ID_BYTES]);

/* The tree after the last update, staged ones included. */
const uint8_t *feed_tree_id(const struct feed *f);

/* Keep a tree of the update in the making. WEALD_NOMEM. */
int stage_tree(struct feed *f, const uint8_t id[OBJECT_ID_BYTES],
	       struct span data);
/* The update in the making is not to be. */
void stage_forget(struct feed *f);

/*
 * Stage the update @c, by which the chain has grown already: its trees, the
 * contents that are there (@contents is aligned with its changes) and its
 * commit. On failure everything staged is forgotten. WEALD_NOMEM,
 * WEALD_TOOBIG.
 */
int stage_update(struct feed *f, const struct checked *c,
		 const struct span *contents);

#endif
