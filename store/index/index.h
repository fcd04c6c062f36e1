/*
 * The index: one SQLite file with what all feeds of this home say, for
 * searching and for questions across feeds. The only SQLite.
 *
 * It is derived: a pure function of the feeds. Git is the truth; delete the
 * file and it is made again. Each feed's place (seq, commit) stands in it, in
 * the same transaction as what was taken from the feed up to there; so a crash
 * between git and index heals by going on from there, and a feed that is not
 * where the index thinks (restored, reissued) is taken in anew.
 *
 * What the privacy guard would block is noted as withheld, by version, and
 * nothing of its text, title or numbers is stored.
 *
 * One process writes: the one that holds the home's lock. Any number read, in
 * other processes too (WAL). A handle is for one thread at a time. The schema
 * is in store/index/schema.h, questions are in store/index/query.h.
 */
#ifndef WEALD_STORE_INDEX_INDEX_H
#define WEALD_STORE_INDEX_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/feed.h"

/* In the home's folder; SQLite puts -wal and -shm beside it. */
#define INDEX_FILE "index.sqlite"

struct index;

enum index_mode {
	INDEX_READ,
	INDEX_WRITE /* the caller holds the home's lock */
};

/*
 * Open the index of the home at @dir. INDEX_WRITE makes it where it is
 * missing, and moves a damaged one, or one of another version, out of the way
 * (index.sqlite is removed: it is derived) and makes it anew: *@out_made says
 * that it is empty. @out_made may be NULL for INDEX_READ.
 *
 *   WEALD_NOTFOUND  INDEX_READ: there is none
 *   WEALD_CORRUPT   INDEX_READ: damaged; the daemon or `weald reindex` heals it
 *   WEALD_NEWER     INDEX_READ: made by another version, the same
 *   WEALD_IO, WEALD_NOSPACE, WEALD_DENIED, WEALD_NOMEM
 */
int index_open(const char *dir, enum index_mode mode, struct index **out,
	       bool *out_made, struct weald_msg *msg);
/* @x may be NULL. */
void index_close(struct index *x);
/*
 * Was it found to be damaged, by index_open()'s rules or in use since? A call
 * that failed with WEALD_CORRUPT and this: close it, and open it with
 * INDEX_WRITE, which then makes it anew. Else a feed was at fault.
 */
bool index_is_damaged(const struct index *x);
/* Remove the index of @dir, whole. The caller holds the home's lock. */
int index_remove(const char *dir, struct weald_msg *msg);

/* How a feed stands in the index. */
struct index_feed {
	const char *name; /* its folder's: "south-west" */
	bool own;
	const struct feed *feed;
};

/*
 * Take in what the feed holds and the index does not, at most @updates_max
 * updates (0: all), in one transaction: some thousand at a time are taken in
 * fastest. *@out_left, which may be NULL, is how many are still missing. A
 * feed that no longer stands where the index says, or has another name, is
 * taken out first, as many records in one call: nothing may be taken in then.
 *
 *   WEALD_NOSPACE, WEALD_IO  the disk; the index is as it was before
 *   WEALD_CORRUPT            index_is_damaged(): the index is, and as it was.
 *                            Else an update of the feed cannot be read: @msg
 *                            says which, and what comes before it is in
 *   WEALD_LOCKED             another process writes to the index
 *   WEALD_NOMEM
 */
int index_fill(struct index *x, const struct index_feed *feed,
	       uint64_t updates_max, uint64_t *out_left, struct weald_msg *msg);

/*
 * Contents that were absent (a narrow replica) have come: look again at what
 * the index has of @feed without its contents, from *@cursor on (0: from the
 * first update), at most @updates_max versions (0: all), in one transaction.
 * *@cursor moves behind the last one, but not where it fails; *@out_left,
 * which may be NULL, says whether there are more. One that is still absent
 * costs some 60 microseconds. As index_fill().
 */
int index_revisit(struct index *x, const struct index_feed *feed,
		  uint64_t *cursor, uint64_t updates_max, bool *out_left,
		  struct weald_msg *msg);

/*
 * Called for each version that index_fill() and index_revisit() newly find to
 * be one that the privacy guard would block, after it is stored so: @why are
 * the kinds of finding, "," between. A feed that is taken in anew is new. On
 * the thread of that call; not to use the index. @fn NULL: nobody is told.
 */
typedef void index_withheld_fn(void *ctx, const char *feed, uint64_t seq,
			       const char *why);
void index_on_withheld(struct index *x, index_withheld_fn *fn, void *ctx);

/*
 * An index that is made anew answers from what is in it already. Whoever
 * fills it says when all feeds of the home are in; it stays so until it is
 * made anew once more. Whether it is up to date with a feed is another
 * question: index_head().
 */
int index_set_complete(struct index *x, struct weald_msg *msg);
int index_is_complete(struct index *x, bool *out, struct weald_msg *msg);

/*
 * Take out what is of feeds not among these: they left this home. At most
 * @records_max records (0: all), in one transaction; *@out_left, which may be
 * NULL, says whether there are more.
 */
int index_keep(struct index *x, const char *const *names, size_t names_n,
	       uint64_t records_max, bool *out_left, struct weald_msg *msg);

/*
 * Where the index is with the feed called @name: all zero where it has none of
 * it, or is taking it out.
 */
struct index_head {
	uint64_t seq;
	uint8_t commit[OBJECT_ID_BYTES];
};
int index_head(struct index *x, const char *name, struct index_head *out,
	       struct weald_msg *msg);

/* The seq of index_head(). */
int index_seq(struct index *x, const char *name, uint64_t *out_seq,
	      struct weald_msg *msg);

/*
 * SHA-256 of all that is in it, in an order of its own: the same for the same
 * feeds, in whatever order and how often they came.
 */
int index_digest(struct index *x, uint8_t out[SHA256_BYTES],
		 struct weald_msg *msg);

#endif
