/*
 * The feed: a region's append-only log of signed updates, in one bare git
 * repository that stock git reads.
 *
 * Everything that is loaded was verified: by an earlier run, whose checkpoint
 * says so, or at opening. New updates are staged, own ones with feed_sign(),
 * others' with feed_append(), and become durable and visible together with
 * feed_commit(): one pack, one move of refs/heads/main. A crash leaves the
 * feed at the old or at the new head; what else it leaves, the next opening
 * for writing repairs.
 *
 * One thread at a time per struct feed. One process at a time opens a feed
 * for writing (a lock on the repository); any number read.
 *
 * The caller has called feed_library_init() once per process.
 */
#ifndef WEALD_STORE_FEED_FEED_H
#define WEALD_STORE_FEED_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/ed25519.h"
#include "proto/envelope.h"
#include "proto/err.h"
#include "proto/frame.h"
#include "proto/identity.h"
#include "proto/versions.h"

/*
 * libgit2 with the options that docs/PROTOCOL.md and its traps ask for. They
 * hold for the whole process: of packs at most 16 MiB are mapped, over all
 * feeds (and a pack's index while it is in use, 28 bytes an object), and no
 * objects are cached.
 */
int feed_library_init(struct weald_msg *msg);
void feed_library_shutdown(void);

/*
 * Memory of an open feed, besides what libgit2 maps: 20 bytes an update and 56
 * a record, 300 bytes a pack, and of a feed that is written to the folders of
 * its tree that updates have touched (up to 4,000, some 2 MB, until the next
 * feed_consolidate(); a new process begins with none). Measured: 100 KB with
 * 1,000 updates, 1.1 MB with 50,000.
 */
struct feed;

enum feed_mode { FEED_READ, FEED_WRITE };

/*
 * Make an empty repository at @dir, which must not exist; durable when this
 * returns. WEALD_EXISTS, or as in store/fs.h.
 */
int feed_create(const char *dir, struct weald_msg *msg);

/*
 * Open the repository at @dir and load its state; FEED_WRITE also takes the
 * lock and repairs what a crash left. The caller gives the feed back with
 * feed_close().
 *
 *   WEALD_NOTFOUND  no repository there
 *   WEALD_LOCKED    another process has it open for writing
 *   WEALD_CORRUPT   an object is missing or damaged
 *   WEALD_NEWER     written by a newer version
 *   and, where main holds what no weald wrote, the code of the rule it breaks
 */
int feed_open(const char *dir, enum feed_mode mode, struct feed **out,
	      struct weald_msg *msg);

/* What was staged and not committed is forgotten. @f may be NULL. */
void feed_close(struct feed *f);

/*
 * The state after the last update, staged ones included; borrowed until the
 * feed changes or closes. identity.seq is 0 in an empty feed.
 */
const struct identity *feed_identity(const struct feed *f);
const struct versions *feed_versions(const struct feed *f);
const char *feed_dir(const struct feed *f);
/* The last update that is durable. */
uint64_t feed_committed_seq(const struct feed *f);
/* The commit of update @seq, 1..identity.seq. */
const uint8_t *feed_commit_id(const struct feed *f, uint64_t seq);

/* A file of a draft; @name is relative to the record ("data.csv"). */
struct draft_file {
	struct span name;
	struct span content;
};

/*
 * What an own update is to say. All borrowed for the call. What follows from
 * the feed (seq, prev, version, tree, changes ...) is filled in.
 */
struct draft {
	enum action action;
	struct span record; /* empty: about the feed itself */
	struct span summary;
	struct span note;
	struct span topics[TOPICS_MAX];
	size_t topics_n;
	/*
	 * All files that the record, or the feed's root, has after the
	 * update, in any order. With keep_files there are none here, and
	 * nothing changes.
	 */
	const struct draft_file *files;
	size_t files_n;
	bool keep_files;
	uint64_t time;              /* seconds since 1970: draft_time() */
	uint8_t nonce[NONCE_BYTES]; /* random */
	/* create-feed only */
	struct span slug;
	uint8_t root[SHA256_BYTES];
	/* rotate-key only; the signer holds the new key then */
	struct grant grant;
};

/*
 * The time of an own update: @now, or the last update's time where that is
 * later, so that a feed's time never goes back. WEALD_CLOCK where the last
 * update lies more than a day ahead of @now.
 */
int draft_time(const struct identity *id, uint64_t now, uint64_t *out,
	       struct weald_msg *msg);

/*
 * The path of the record @kind and @slug: the one that it has or, for a new
 * one, under the month of @time. WEALD_RECORD, WEALD_TOOBIG, WEALD_NOMEM.
 */
int draft_record(const struct feed *f, struct span kind, struct span slug,
		 uint64_t time, struct buf *out, struct weald_msg *msg);

/*
 * Sign the next update and stage it. The state moves on; feed_commit() makes
 * it durable.
 *
 *   WEALD_UNCHANGED   the record has exactly these files already
 *   WEALD_KEY_CHANGED the signer is not the feed's key
 *   and the codes of update_check() for what the draft says
 *
 * On failure nothing is staged.
 */
int feed_sign(struct feed *f, const struct draft *draft,
	      const struct ed25519_signer *signer, struct weald_msg *msg);

/*
 * Check an update of another node against the feed and stage it. @c is what
 * envelope_check() found for @e. Codes of identity_check(), versions_check(),
 * WEALD_REMOVAL_ABSENT, WEALD_PUT_UNCHANGED, WEALD_PATH_CLASH,
 * WEALD_TREE_OTHER. On failure nothing is staged.
 *
 * A content that is absent in @e must be in the feed already, and is checked
 * there; WEALD_CONTENT_ABSENT where it is not, unless the feed is narrow.
 */
int feed_append(struct feed *f, const struct envelope *e,
		const struct checked *c, struct weald_msg *msg);

/*
 * Narrow feeds: a replica that is followed by topic or by kind holds every
 * commit and every tree, and the contents that its node wants. The mark is
 * durable. To stock git it is a partial clone, so that `git fsck` is clean.
 */
bool feed_is_narrow(const struct feed *f);

/*
 * Make the feed narrow, or whole again; durable when this returns. FEED_WRITE,
 * with nothing staged. Nothing is deleted where a feed becomes narrow. Before
 * it becomes whole every content is read and checked (about as long as
 * feed_verify() without its signatures), and where one is not there or is not
 * as its update says the feed stays narrow:
 *
 *   WEALD_CONTENT_ABSENT, WEALD_CONTENT_SIZE, WEALD_CONTENT_DIGEST
 *   and as in store/fs.h
 */
int feed_set_narrow(struct feed *f, bool narrow, struct weald_msg *msg);

/* A content that is not in the feed: @c of update @u, borrowed for the call. */
typedef int feed_missing_fn(void *ctx, const struct update *u,
			    const struct change *c);

/*
 * Call @each for every change of the durable updates @from to @to (1 and
 * beyond; cut at what there is) whose content is not in the feed, in order;
 * what is staged counts as there. A content that several changes name is told
 * for each. Stops at the first code of @each that is not WEALD_OK, and returns
 * it. In a whole feed nothing is missing, and nothing is read.
 *
 * Cost: each commit of the range is read and parsed, about 60 microseconds an
 * update (3 seconds for 50,000: a job of its own, or several by range); one
 * update at a time is in memory.
 */
int feed_missing(const struct feed *f, uint64_t from, uint64_t to,
		 feed_missing_fn *each, void *ctx, struct weald_msg *msg);

/*
 * Stage a content that @c, a change of an update of this feed (feed_missing()),
 * names; feed_commit() makes it durable, with updates or by itself. One that
 * is there already is WEALD_OK, and not staged again. FEED_WRITE.
 *
 *   WEALD_CONTENT_SIZE, WEALD_CONTENT_DIGEST, WEALD_CONTENT_BLOB
 *                     it is not what @c says: nothing is staged
 *   WEALD_NOMEM
 */
int feed_add_content(struct feed *f, const struct change *c,
		     struct span content, struct weald_msg *msg);

/*
 * Updates staged, and the bytes that they and staged contents hold: when to
 * commit.
 */
size_t feed_staged(const struct feed *f);
uint64_t feed_staged_bytes(const struct feed *f);
/* A good moment to commit: enough is staged that fsync is cheap per update. */
bool feed_batch_is_full(const struct feed *f);

/*
 * Make everything staged durable and visible. Nothing staged is WEALD_OK. On
 * failure the state is that of the last commit point again, and
 *
 *   WEALD_IO       the disk failed: nothing more is taken until the feed was
 *                  closed and opened again
 *   WEALD_UNKNOWN  the same, and whether the updates are in shows only then
 *   WEALD_DIVERGED main was moved by another hand; the state is what it is at
 *   WEALD_LOCKED   a git process is moving main (refs/heads/main.lock)
 */
int feed_commit(struct feed *f, struct weald_msg *msg);

/* Forget what is staged. */
void feed_rollback(struct feed *f);

/*
 * Forgetting reads the feed again. Where that failed for want of memory or of
 * open files the feed is as if empty, and every call that writes WEALD_NOMEM:
 * this tries once more. Nothing is done to a feed that is well.
 */
void feed_revive(struct feed *f);

/*
 * Tidy up: merge packs where there are many, and free the memory of what the
 * last updates have touched; cheap where there is little. FEED_WRITE only.
 * Blocks: every eighth commit point or so finds something to merge, which costs
 * three syncs and the removal of two files a pack (on a file system that
 * discards freed blocks at once, milliseconds each); better called while the
 * feed rests than between two updates.
 */
int feed_consolidate(struct feed *f, struct weald_msg *msg);

/* A stored update. */
struct stored {
	struct buf payload;
	struct update update; /* borrows payload */
	uint8_t sig[SIG_BYTES];
	uint8_t commit_id[OBJECT_ID_BYTES];
};

/*
 * Read update @seq, 1..feed_committed_seq(). The caller releases @out with
 * stored_release(). WEALD_NOTFOUND, WEALD_CORRUPT.
 */
int feed_read(const struct feed *f, uint64_t seq, struct stored *out,
	      struct weald_msg *msg);
void stored_release(struct stored *s);

/*
 * Append update @seq to @out, as an envelope: with its contents, or with
 * FRAME_FILL_HEADERS without. Those that a narrow feed has not got are absent
 * (nil). WEALD_TOOBIG where @out cannot hold it; @out is as it was then.
 */
int feed_read_envelope(const struct feed *f, uint64_t seq, enum frame_fill fill,
		       struct buf *out, struct weald_msg *msg);

/*
 * The identity after update @seq, 0..feed_committed_seq(); all zero for 0.
 * WEALD_NOTFOUND, WEALD_CORRUPT.
 */
int feed_identity_at(const struct feed *f, uint64_t seq, struct identity *out,
		     struct weald_msg *msg);

/*
 * The files of @record ("" for the root's) after update @seq, in the order of
 * their names; stops at the first code of @each that is not WEALD_OK and
 * returns it. @name is relative to the record; @size in bytes.
 */
typedef int feed_file_fn(void *ctx, struct span name,
			 const uint8_t blob[OBJECT_ID_BYTES]);
int feed_files(const struct feed *f, uint64_t seq, struct span record,
	       feed_file_fn *each, void *ctx, struct weald_msg *msg);

/*
 * A file's content, appended to @out. Where it is not there: WEALD_NOTFOUND in
 * a narrow feed, WEALD_CORRUPT in a whole one.
 */
int feed_content(const struct feed *f, const uint8_t blob[OBJECT_ID_BYTES],
		 struct buf *out, struct weald_msg *msg);

/*
 * The seq of the update that made @version of @record, or the last version
 * where @version is 0. WEALD_NOTFOUND.
 */
int feed_find_version(const struct feed *f, struct span record,
		      uint64_t version, uint64_t *out_seq,
		      struct weald_msg *msg);

#endif
