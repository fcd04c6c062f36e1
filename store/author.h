/*
 * The author: the own feed, open for writing, and the key that signs for it.
 * What `publish`, `withdraw` and `key` do to the feed, whether they opened the
 * home themselves or the running daemon does it for them.
 *
 * What is signed is staged; author_commit() makes it durable, and nothing may
 * be said of it before. After a failure the caller either commits what was
 * staged before, or forgets it with author_rollback().
 *
 * Arguments are borrowed for the call. One thread at a time.
 */
#ifndef WEALD_STORE_AUTHOR_H
#define WEALD_STORE_AUTHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/ed25519.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/feed.h"
#include "store/home.h"
#include "store/record/region.h"

struct author {
	struct home *home; /* borrowed; its lock is held */
	struct feed *feed; /* borrowed; FEED_WRITE */
	/* owned; made when first needed: author_signer() */
	struct ed25519_signer *signer;
};

/*
 * May a process that asks no other node sign? In a home that takes part in the
 * network (its files `members` or `receipts` say something) others may hold
 * more of the own feed than this disk does, after a backup was restored; only
 * the daemon asks them. WEALD_GUARD with what to do, or as store/fs.h.
 */
int author_guard(const struct home *h, struct weald_msg *msg);

/*
 * Make the signer ready, or another where the feed's key has changed. Every
 * function below that signs does so first; calling it before work that takes
 * long tells of a missing key early. Codes of home_signer().
 */
int author_signer(struct author *a, struct weald_msg *msg);
/* Free the signer; the rest is the caller's. */
void author_release(struct author *a);

/*
 * "<verb> <kind>: <title>", cut to what a summary may hold, at a word where
 * there is one.
 */
void author_summary(const char *verb, const char *kind, const char *title,
		    char out[SUMMARY_BYTES_MAX + 1]);

/* A record as it is to be; all files that it has from now on. */
struct author_record {
	const char *kind;
	const char *slug;
	const char *title;
	struct span note;
	struct span topics[TOPICS_MAX];
	size_t topics_n;
	const struct draft_file *files;
	size_t files_n;
	/* Publish it although its last version withdrew it. */
	bool bring_back;
	/* The version that it was made from; 0: whatever the last one is. */
	uint64_t follows;
};

/* What became of it. */
struct author_result {
	char record[RECORD_BYTES_MAX + 1]; /* kind/YYYY-MM/slug */
	uint64_t version;
	uint64_t seq; /* 0: unchanged, @version is the one that stands */
	uint8_t commit[OBJECT_ID_BYTES]; /* where there is a seq */
};

/*
 * Sign the next version of a record. One that has exactly these files already
 * is WEALD_OK, and no new version. Codes of author_signer(), draft_record()
 * and feed_sign(), WEALD_CLOCK, and
 *   WEALD_PRIVACY  the privacy guard blocks it, or warns of what the note does
 *                  not name as confirmed (store/record/guard.h)
 *   WEALD_VERSION_OTHER  another version than @follows is the last one
 *   WEALD_EXISTS   it is withdrawn, and not to be brought back
 */
int author_publish(struct author *a, const struct author_record *record,
		   struct author_result *out, struct weald_msg *msg);

/*
 * Sign the version of @kind/@slug that says that it is withdrawn, and why.
 *   WEALD_RECORD   there is no such record in the feed
 *   WEALD_NOTE     the reason is not one line
 *   WEALD_PRIVACY  the guard finds something in the reason, or with it in the
 *                  record, that the record had not before
 *   WEALD_CORRUPT  the record has no record.md
 *   and as author_publish()
 */
int author_withdraw(struct author *a, struct span kind, struct span slug,
		    struct span reason, struct author_result *out,
		    struct weald_msg *msg);

/*
 * May a region call itself so, and give this contact: a role and a shared
 * mailbox? All regions read it, so that warnings count too. WEALD_PRIVACY with
 * the field in @msg, WEALD_NOMEM.
 */
int author_check_region(const struct region *region, struct weald_msg *msg);

/*
 * Sign a new description of the region: the whole of region.yaml. @summary is
 * the update's subject. WEALD_UNCHANGED where it says the same already; codes
 * as author_publish(), region_parse() and author_check_region(), which is not
 * asked about a name and a contact that stand there already.
 */
int author_profile(struct author *a, struct span region_yaml,
		   const char *summary, struct weald_msg *msg);

/*
 * Whose fault a failure of what is above and of author_commit() is: what was
 * given, the home (its key, its guard), or the feed and the disk beneath it.
 */
enum author_fault { AUTHOR_FAULT_INPUT, AUTHOR_FAULT_HOME, AUTHOR_FAULT_FEED };
enum author_fault author_fault(int err);

/* Make what is staged durable: feed_commit(). */
int author_commit(struct author *a, struct weald_msg *msg);
/* Forget what is staged. */
void author_rollback(struct author *a);

/*
 * A key rotation: author_next_key(), a grant for author_statement() by the
 * root key, author_rotate(). The next key is durable before the update that
 * names it, and takes the feed key's place once that is durable.
 *
 * author_finish_rotation() first: one that was cut short in between is
 * finished. That the feed key is lost is no failure: a rotation is the remedy.
 */
int author_finish_rotation(struct author *a, struct weald_msg *msg);

/*
 * The next key's public half; it is drawn where there is none yet and @make
 * says so, and then *@out_made is true. WEALD_NOTFOUND where there is none.
 */
int author_next_key(struct author *a, bool make, uint8_t out[PUBKEY_BYTES],
		    bool *out_made, struct weald_msg *msg);
/* Forget it, durably. WEALD_NOTFOUND. */
int author_discard_key(struct author *a, struct weald_msg *msg);

#define AUTHOR_STATEMENT_BYTES_MAX 512u
/* Append what the root key signs so that @next may take the key's place. */
int author_statement(const struct author *a, const uint8_t next[PUBKEY_BYTES],
		     struct buf *out);
/* Is @root the public half of the feed's root key? Or WEALD_GRANT_ROOT. */
int author_check_root(const struct author *a, const uint8_t root[PUBKEY_BYTES],
		      struct weald_msg *msg);

/*
 * Sign the rotation to the next key, commit it, and put the key in its place.
 * On every failure but WEALD_UNKNOWN and a failing last step the feed is as it
 * was.
 *   WEALD_GRANT_ROOT       not by the feed's root key
 *   WEALD_SIGNATURE        not of the present statement
 *   WEALD_NOTFOUND         there is no next key
 *   and as author_publish() and author_commit()
 */
int author_rotate(struct author *a, const struct grant *grant,
		  struct weald_msg *msg);

#endif
