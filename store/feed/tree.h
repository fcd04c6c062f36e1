/*
 * The tree of a feed after its last update, held in memory as far as it was
 * touched, so that an update costs the few trees on its path and no reading.
 *
 * Rules of docs/PROTOCOL.md, "Appending": a removal names a file that is
 * there, a put changes something, no name is file and folder at once, an empty
 * folder does not exist.
 */
#ifndef WEALD_STORE_FEED_TREE_H
#define WEALD_STORE_FEED_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/update.h"

/* A git tree of one folder; more than a folder of records ever has. */
#define TREE_BYTES_MAX (16u * 1024u * 1024u)

/* Where trees come from and go to; both are called during other calls. */
struct tree_io {
	/* append the content of tree @id to @out */
	int (*load)(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		    struct buf *out, struct weald_msg *msg);
	/* a new tree; may be NULL, then new trees go nowhere */
	int (*emit)(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		    struct span data, struct weald_msg *msg);
	void *ctx;
};

struct tree;

/* Starts as the tree @root, which is loaded when it is needed. */
int tree_new(const struct tree_io *io, const uint8_t root[OBJECT_ID_BYTES],
	     struct tree **out);
void tree_free(struct tree *t); /* NULL is fine */

/* Become the tree @root again, forgetting every change. */
void tree_reset(struct tree *t, const uint8_t root[OBJECT_ID_BYTES]);

/* Forget what is loaded if it is over @folders; needs tree_write() before. */
void tree_trim(struct tree *t, size_t folders);

/*
 * Apply removals, then puts. On failure the tree is undefined until
 * tree_reset().
 *   WEALD_REMOVAL_ABSENT, WEALD_PUT_UNCHANGED, WEALD_PATH_CLASH
 *   and the codes of tree_io.load
 */
int tree_apply(struct tree *t, const struct change *changes, size_t n,
	       struct weald_msg *msg);

/* Emit the trees that changed; the id of the whole. */
int tree_write(struct tree *t, uint8_t out_id[OBJECT_ID_BYTES],
	       struct weald_msg *msg);

/* The blob at @path; WEALD_NOTFOUND where there is no such file. */
int tree_find(struct tree *t, struct span path,
	      uint8_t out_blob[OBJECT_ID_BYTES], struct weald_msg *msg);

/*
 * Every file of the record @path and of its folders or, with "", the files at
 * the root alone, in git's order; @name is relative to @path. A record that is
 * not there has none. @each must not change the tree.
 */
typedef int tree_file_fn(void *ctx, struct span name,
			 const uint8_t blob[OBJECT_ID_BYTES]);
int tree_list(struct tree *t, struct span path, tree_file_fn *each, void *ctx,
	      struct weald_msg *msg);

#endif
