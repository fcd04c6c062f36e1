/*
 * The members: whom this node follows, blocks, knows and has invited; the file
 * "members" in the home.
 *
 * A git-config file that commands write and a person can read:
 *
 *   [follow "<feed id, hex>"]
 *           slug = wessex
 *           by = hand                    # or introduction
 *           since = 2026-11-22T09:05:41Z
 *           introducedBy = <feed id>     # one line each, by = introduction
 *           topic = sepsis               # one line each; narrow
 *           kind = intervention          # one line each; narrow
 *   [unfollow "<feed id>"]               # not to come back by introduction
 *           slug = ...
 *           since = ...
 *   [block "<feed id>"]
 *           slug = ...
 *           since = ...
 *   [peer "<node key, hex>"]             # a node known by hand, not by a
 *           feed = <feed id>             # region.yaml
 *           address = host:port          # one line each; none: it dials us
 *           secret = <32 hex>            # a join that is not answered yet
 *   [invite "<first 32 hex of SHA-256 of the secret>"]
 *           expires = 2026-11-29T09:05:41Z
 *           usedBy = <feed id>           # once used
 *
 * Ids may be in either case; sections and lines in any order; of a line that
 * may stand once the last counts. What is not known is refused, and so is a
 * section without lines. Comments of others are lost when weald writes the
 * file.
 *
 * In memory it is one struct; members_save() writes the whole file durably.
 * The rules that need no disk (who is introduced, what a token may) are pure
 * functions here. Not thread-safe.
 */
#ifndef WEALD_STORE_MEMBERS_H
#define WEALD_STORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "store/home.h"
#include "store/record/region.h"

#define MEMBERS_FOLLOWS_MAX     1024u
#define MEMBERS_BLOCKS_MAX      1024u
#define MEMBERS_UNFOLLOWS_MAX   1024u
#define MEMBERS_PEERS_MAX       1024u
#define MEMBERS_INVITES_MAX     256u
#define MEMBERS_SELECTS_MAX     64u /* topics, and kinds, of one follow */
#define MEMBERS_INTRODUCERS_MAX 64u /* kept of one follow, by feed id */
#define MEMBERS_ADDRESSES_MAX   8u  /* of one peer */

struct member_follow {
	uint8_t feed[SHA256_BYTES];
	char slug[SLUG_BYTES_MAX + 1]; /* "" where not known yet */
	enum region_by by;
	uint64_t since; /* seconds since 1970 */
	uint8_t (*introducers)[SHA256_BYTES];
	size_t introducers_n;
	/* both none: the whole feed; else contents of updates with one of the
	   topics or a record of one of the kinds, and of all withdrawals */
	char **topics;
	size_t topics_n;
	char **kinds;
	size_t kinds_n;
};

/* A feed that is blocked, or that was unfollowed by hand. */
struct member_block {
	uint8_t feed[SHA256_BYTES];
	char slug[SLUG_BYTES_MAX + 1];
	uint64_t since;
};

struct member_peer {
	uint8_t key[PUBKEY_BYTES];
	bool has_feed;
	uint8_t feed[SHA256_BYTES];
	char **addresses;
	size_t addresses_n;
	bool has_secret;
	uint8_t secret[FRAME_SECRET_BYTES];
};

#define MEMBERS_INVITE_BYTES 16u
struct member_invite {
	uint8_t id[MEMBERS_INVITE_BYTES]; /* of SHA-256 of the secret */
	uint64_t expires;
	bool used;
	uint8_t used_by[SHA256_BYTES];
};

/*
 * All zero is empty. The arrays are sorted by their key, and what is in them:
 * introducers, topics and kinds, none twice. Read freely.
 */
struct members {
	struct member_follow *follows;
	size_t follows_n;
	struct member_block *unfollows;
	size_t unfollows_n;
	struct member_block *blocks;
	size_t blocks_n;
	struct member_peer *peers;
	size_t peers_n;
	struct member_invite *invites;
	size_t invites_n;
};

/*
 * Read the file; one that is missing is empty.
 *   WEALD_CORRUPT  file, line and what is allowed in @msg
 *   WEALD_NOMEM, as store/fs.h
 */
int members_load(const struct home *h, struct members *out,
		 struct weald_msg *msg);
/* The same of the file @path, which must be there. */
int members_load_file(const char *path, struct members *out,
		      struct weald_msg *msg);
/* Write it durably, 0600. The caller holds the home's lock. */
int members_save(const struct home *h, const struct members *m,
		 struct weald_msg *msg);
/* Append the text of the file: one form for the same members. */
int members_format(const struct members *m, struct buf *out);
void members_release(struct members *m);
/*
 * A copy of its own, to be changed and saved before it takes the place of @m.
 * WEALD_NOMEM.
 */
int members_copy(const struct members *m, struct members *out);

/* Borrowed until @m changes; NULL where there is none. */
const struct member_follow *members_follow(const struct members *m,
					   const uint8_t feed[SHA256_BYTES]);
const struct member_block *members_blocked(const struct members *m,
					   const uint8_t feed[SHA256_BYTES]);
const struct member_block *members_unfollowed(const struct members *m,
					      const uint8_t feed[SHA256_BYTES]);
const struct member_peer *members_peer(const struct members *m,
				       const uint8_t key[PUBKEY_BYTES]);

/*
 * Change. Everything is copied; what is there under the same key is replaced.
 * WEALD_TOOBIG at a maximum above, WEALD_INVALID (a slug, topic, kind, address
 * or key; a peer of which neither feed, address nor secret is known),
 * WEALD_NOMEM; on failure @m is as it was. Removing what is not there is
 * WEALD_NOTFOUND. Blocking a feed ends following it, and the other way round
 * following a blocked feed is WEALD_DENIED: unblock first.
 */
int members_set_follow(struct members *m, const struct member_follow *f,
		       struct weald_msg *msg);
int members_remove_follow(struct members *m, const uint8_t feed[SHA256_BYTES]);
/*
 * End following @b's feed, if it is followed, and remember that somebody did:
 * it does not come back by introduction. Following it ends that. Where
 * MEMBERS_UNFOLLOWS_MAX are remembered the oldest is forgotten.
 */
int members_set_unfollowed(struct members *m, const struct member_block *b,
			   struct weald_msg *msg);
int members_set_block(struct members *m, const struct member_block *b,
		      struct weald_msg *msg);
int members_remove_block(struct members *m, const uint8_t feed[SHA256_BYTES]);
int members_set_peer(struct members *m, const struct member_peer *p,
		     struct weald_msg *msg);
int members_remove_peer(struct members *m, const uint8_t key[PUBKEY_BYTES]);
int members_set_invite(struct members *m, const struct member_invite *i,
		       struct weald_msg *msg);
/* Forget the secret of a join that was answered. WEALD_NOTFOUND: no peer. */
int members_forget_secret(struct members *m, const uint8_t key[PUBKEY_BYTES]);

/* The id under which an invite is kept: never the secret itself. */
int members_invite_id(const uint8_t secret[FRAME_SECRET_BYTES],
		      uint8_t out[MEMBERS_INVITE_BYTES]);
/*
 * A stranger of the feed @feed shows @secret at @now: mark the invite as used
 * by it. Shown again by the same feed before it expires is WEALD_OK, since the
 * first answer may have been lost.
 *   WEALD_NOTFOUND  no such invite here
 *   WEALD_EXPIRED
 *   WEALD_EXISTS    used by another region
 */
int members_use_invite(struct members *m,
		       const uint8_t secret[FRAME_SECRET_BYTES],
		       const uint8_t feed[SHA256_BYTES], uint64_t now,
		       struct weald_msg *msg);
/* Forget invites that expired more than 30 days before @now. */
void members_prune_invites(struct members *m, uint64_t now);

/*
 * Does this follow want the contents of an update with these? A withdrawal, of
 * whatever topic: what it is about may be in use here all the same.
 */
bool member_wants(const struct member_follow *f, const struct span *topics,
		  size_t topics_n, struct span kind);

/*
 * Introductions: regions that at least @least of those we follow by hand follow
 * by hand themselves, and that we neither follow, have unfollowed, block, nor
 * are. Pure, and the same for the same regions in any order.
 *
 * An introduced region has the slug that most of its introducers give it, the
 * first by bytes where as many give another. Where none gives one, or where it
 * is taken, the region is not introduced: somebody has to follow it by hand. Of
 * two newcomers with one slug it is taken by the first. Slugs that we follow or
 * block are always taken.
 *
 * @heard   region.yaml of followed feeds, @heard_n of them; of a feed that is
 *          there twice one counts
 * @least   0: never
 * @taken   slugs that stand for feeds here, each with its feed
 * @out     at most @room of them, most introducers first, then by feed id;
 *          the caller releases each with member_follow_release()
 *
 * WEALD_NOMEM; nothing is given then.
 */
struct heard {
	uint8_t feed[SHA256_BYTES]; /* whose region.yaml it is */
	const struct region *region;
};
struct taken_slug {
	const char *slug;
	const uint8_t *feed; /* its own slug is not taken from it */
};
struct introduce_options {
	const struct heard *heard;
	size_t heard_n;
	uint64_t least;
	uint64_t now; /* for since */
	const struct taken_slug *taken;
	size_t taken_n;
	const uint8_t *own; /* our feed */
};
int members_introduce(const struct members *m,
		      const struct introduce_options *options,
		      struct member_follow *out, size_t room, size_t *out_n);
/* The caller releases it. WEALD_NOMEM. */
int member_follow_copy(const struct member_follow *f,
		       struct member_follow *out);
void member_follow_release(struct member_follow *f);

#endif
