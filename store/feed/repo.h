/*
 * The repository under a feed: libgit2 held to what is safe.
 *
 * Objects are read from packs only: a loose object that was cut short makes
 * libgit2 1.5 loop for ever, one with a false size makes it write past its
 * buffer. Everything read is hashed and compared with its id.
 *
 * One thread at a time per struct repo.
 */
#ifndef WEALD_STORE_FEED_REPO_H
#define WEALD_STORE_FEED_REPO_H

#include <stdbool.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/objectid.h"

struct repo;

/* Our own folder and files within the repository. */
#define REPO_OWN_DIR         "weald"
#define REPO_ALLOWED_SIGNERS "allowed_signers"

/* The branch that a feed is. */
#define REPO_MAIN "refs/heads/main"

/* libgit2's options for the whole process; WEALD_IO, WEALD_NOMEM. */
int repo_library_init(struct weald_msg *msg);
void repo_library_shutdown(void);

/*
 * Make an empty bare repository at @dir, whose parent exists: whole and
 * durable, or not there. WEALD_EXISTS, or as in store/fs.h.
 */
int repo_create(const char *dir, struct weald_msg *msg);

/* WEALD_NOTFOUND, WEALD_CORRUPT; the caller closes it. */
int repo_open(const char *dir, struct repo **out, struct weald_msg *msg);
void repo_close(struct repo *r); /* NULL is fine */

const char *repo_dir(const struct repo *r); /* absolute */
const char *repo_pack_dir(const struct repo *r);

/*
 * Read objects from the packs of other repositories, too: @dirs, ended by
 * NULL. Not for repositories that are written to.
 */
int repo_add_packs(struct repo *r, const char *const *dirs,
		   struct weald_msg *msg);

/* Take the lock for writing, held until repo_close(); WEALD_LOCKED. */
int repo_lock(struct repo *r, struct weald_msg *msg);

/*
 * Remove what a killed writer leaves (locks of refs, half-written packs), add
 * the marks of a narrow repository's packs that are not there, and point git's
 * configuration at the allowed_signers file where it is not. Needs the lock.
 */
int repo_repair(struct repo *r, struct weald_msg *msg);

/*
 * Narrow: objects that others name may be absent; to git a partial clone, all
 * of whose packs are promisor packs.
 */
bool repo_is_narrow(const struct repo *r);
/*
 * Set or remove the mark, and those of all packs, durably; needs the lock.
 * After a failure repo_is_narrow() says what holds.
 */
int repo_set_narrow(struct repo *r, bool narrow, struct weald_msg *msg);

/* See packs that were added since. */
int repo_refresh(struct repo *r, struct weald_msg *msg);
/* The holder of the lock has added a pack: it is seen when it is needed. */
void repo_packs_added(struct repo *r);
/*
 * See the packs that are there, and let go of all that libgit2 keeps: files of
 * packs that are not there any more, and what it has mapped. After a failure
 * nothing can be read any more.
 */
int repo_reopen(struct repo *r, struct weald_msg *msg);

/*
 * The content of object @id, appended to @out.
 *   WEALD_NOTFOUND  it is not there
 *   WEALD_CORRUPT   damaged, or of another type
 *   WEALD_TOOBIG    over what @out may hold; found before it is inflated
 */
int repo_read(const struct repo *r, const uint8_t id[OBJECT_ID_BYTES],
	      enum object_type type, struct buf *out, struct weald_msg *msg);
/* WEALD_OK where the tree @id is there, with the content @data. */
int repo_check_tree(struct repo *r, const uint8_t id[OBJECT_ID_BYTES],
		    struct span data, struct weald_msg *msg);
/*
 * Is the object there? Cheap also where it is not: new packs are looked for
 * only where there may be some.
 */
bool repo_has(struct repo *r, const uint8_t id[OBJECT_ID_BYTES]);

/* What main points at; WEALD_NOTFOUND where there is no main yet. */
int repo_head(const struct repo *r, uint8_t out_id[OBJECT_ID_BYTES],
	      struct weald_msg *msg);

/*
 * Remove a pack that no ref needs, by its name without ending, and read from
 * it no more. Not durable.
 */
int repo_remove_pack(struct repo *r, const char *name, struct weald_msg *msg);

/*
 * Call @each with every object in the pack @name, in no order: is it a commit,
 * and how many bytes has it inflated? Nothing is inflated for that. Stops at
 * the first code that is not WEALD_OK and returns it.
 */
typedef int repo_object_fn(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			   bool is_commit, uint64_t size);
int repo_pack_objects(const struct repo *r, const char *name,
		      repo_object_fn *each, void *ctx, struct weald_msg *msg);

/* Is object @id in the pack @name? False also where the pack cannot be read. */
bool repo_pack_has(const struct repo *r, const char *name,
		   const uint8_t id[OBJECT_ID_BYTES]);

#endif
