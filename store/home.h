/*
 * The home: the folder in which a node keeps everything.
 *
 *   config           git-config file: weald.version, weald.slug, weald.feed;
 *                    [node]: store/settings.h
 *   members          git-config file: whom we follow, block, know and have
 *                    invited: store/members.h
 *   lock             held by the process that writes
 *   control          socket of the running daemon, 0600
 *   keys/feed        the feed key, OpenSSH format, 0600
 *   keys/feed.next   the next feed key, while a rotation is under way
 *   keys/node        the node's key for TLS and receipts, as keys/feed
 *   feeds/<slug>.git one bare repository a region
 *   forks/           proofs that a feed's key was used twice
 *   receipts         the last receipt of each node
 *   index.sqlite     the index of all feeds, and SQLite's files beside it:
 *                    store/index/index.h
 *   inbox            up to where the inbox was read: store/inbox.h
 *
 * `weald init` writes the root key to a file of its own and says to move it
 * away; nothing here reads it. A folder is a home once its config is there:
 * it is written last.
 */
#ifndef WEALD_STORE_HOME_H
#define WEALD_STORE_HOME_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/feed.h"

#define HOME_VERSION 1

/* The largest config. */
#define HOME_CONFIG_BYTES (64u * 1024u)

/* slug, or slug and 12 hex where another feed has the slug here; NUL */
#define HOME_FEED_NAME_BYTES (SLUG_BYTES_MAX + 1 + 12 + 1)

struct home;

/*
 * Make the folders of a home at @path: a folder that does not exist (its
 * parents are made too) or is empty. It is a home only after home_finish().
 *   WEALD_EXISTS  it is a home, or holds other files
 *   and as in store/fs.h
 */
int home_create(const char *path, struct home **out, struct weald_msg *msg);

/* Write the config, the last step: @slug and @feed are the region's own. */
int home_finish(struct home *h, const char *slug,
		const uint8_t feed[SHA256_BYTES], struct weald_msg *msg);

/*
 * What home_finish() writes under [node], each as store/settings.h takes it;
 * nothing where this was not called. Borrowed until home_finish() returns.
 */
struct home_network {
	const char *listen; /* NULL: not told */
	const char *const *addresses;
	size_t addresses_n;
};
void home_set_network(struct home *h, const struct home_network *network);

/*
 * Open the home at @path.
 *   WEALD_NOTFOUND  no home there
 *   WEALD_DENIED    it belongs to another user, or others may write to it
 *   WEALD_NEWER     written by a newer version of weald
 *   WEALD_CORRUPT   the config cannot be read; @msg names the line
 */
int home_open(const char *path, struct home **out, struct weald_msg *msg);
/* Gives back the lock too. @h may be NULL. */
void home_close(struct home *h);

const char *home_path(const struct home *h); /* absolute */
const char *home_slug(const struct home *h); /* the region's own */
const uint8_t *home_feed_id(const struct home *h);

/*
 * Take the lock that every command which writes needs, waiting up to
 * @wait_ms; WEALD_LOCKED, and @msg names the process that has it.
 */
int home_lock(struct home *h, unsigned wait_ms, struct weald_msg *msg);

/* "<home>/<rest>", allocated; the caller frees it. */
int home_join(const struct home *h, const char *rest, char **out);
/* "<home>/feeds/<name>.git", allocated; the caller frees it. */
int home_feed_dir(const struct home *h, const char *name, char **out);

/*
 * The names of the feeds here, sorted, the own one first; the caller frees
 * each and the array. At most HOME_FEEDS_MAX.
 */
#define HOME_FEEDS_MAX 4096u
int home_feeds(const struct home *h, char ***out_names, size_t *out_n,
	       struct weald_msg *msg);

/* Open a feed by name (home_feeds()); WEALD_NOTFOUND names those there are. */
int home_open_feed(const struct home *h, const char *name, enum feed_mode mode,
		   struct feed **out, struct weald_msg *msg);

/*
 * Keys. A new one is written durably, 0600, before this returns; WEALD_EXISTS
 * where there is one. Reading refuses files that others may read
 * (WEALD_DENIED). Seeds are cleansed by the caller.
 */
enum home_key { HOME_KEY_FEED, HOME_KEY_FEED_NEXT, HOME_KEY_NODE };
int home_key_write(struct home *h, enum home_key which,
		   const uint8_t seed[SEED_BYTES], struct weald_msg *msg);
int home_key_read(const struct home *h, enum home_key which,
		  uint8_t out_seed[SEED_BYTES], struct weald_msg *msg);
int home_key_remove(struct home *h, enum home_key which, struct weald_msg *msg);
/* The next key takes the feed key's place, durably. */
int home_key_promote(struct home *h, struct weald_msg *msg);

/*
 * The seed of the node key, made where there is none yet: a home of an older
 * weald, or one whose node key was lost. Locked, if it may have to be made.
 */
int home_node_seed(struct home *h, uint8_t out_seed[SEED_BYTES],
		   struct weald_msg *msg);

/*
 * The signer for the own feed whose key is @key: the feed key or, where a
 * rotation was cut short after its update, the next key, which is promoted.
 *   WEALD_NOTFOUND  neither matches; @msg says what that means
 */
int home_signer(struct home *h, const uint8_t key[PUBKEY_BYTES],
		struct ed25519_signer **out, struct weald_msg *msg);

#endif
