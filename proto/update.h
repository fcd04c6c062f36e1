/*
 * The update: one signed step of a feed. Its payload P is one canonical
 * MessagePack array of 21 fields; docs/PROTOCOL.md, "The payload", gives each
 * with its type, range and reason.
 *
 * Here: the fields, their one byte form, and the rules that need nothing but
 * P. What needs the feed's state stands in identity.h and versions.h.
 *
 * Pure. Decoding takes any bytes; encoding takes what update_check() accepts.
 */
#ifndef WEALD_PROTO_UPDATE_H
#define WEALD_PROTO_UPDATE_H

#include <stdbool.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/objectid.h"

#define UPDATE_FORMAT 1u
#define UPDATE_FIELDS 21u

/* The only content that .gitattributes ever has. */
#define GITATTRIBUTES_TEXT \
	"* -text\n"        \
	"**/attachments/** filter=lfs diff=lfs merge=lfs -text\n"

/* git's id of the tree without entries. */
extern const uint8_t empty_tree_id[OBJECT_ID_BYTES];

/* One file of an update: put with this content, or removed. */
struct change {
	struct span path;
	bool removal;  /* size, sha256 and blob mean nothing then */
	uint64_t size; /* bytes */
	uint8_t sha256[SHA256_BYTES];
	uint8_t blob[OBJECT_ID_BYTES];
};

/* The root key's word that lets a feed change its key or its history. */
struct grant {
	bool present;
	uint8_t root[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	uint64_t until; /* the last seq of a reissue's line; 0 else */
};

struct update {
	uint8_t feed[SHA256_BYTES];
	struct span slug;
	uint8_t root[SHA256_BYTES]; /* SHA-256 of the root public key */
	uint64_t epoch;
	uint64_t seq;
	uint8_t prev[SHA256_BYTES];
	uint64_t time; /* seconds since 1970, the author's claim */
	uint8_t key[PUBKEY_BYTES];
	struct grant grant;
	struct span action;
	struct span record; /* empty: about the feed itself */
	uint64_t version;
	struct span summary;
	struct span note;
	struct span topics[TOPICS_MAX];
	size_t topics_n;
	uint8_t parent[OBJECT_ID_BYTES];
	uint8_t tree[OBJECT_ID_BYTES];
	struct change *changes; /* an array of changes_n, or NULL */
	size_t changes_n;
	uint8_t nonce[NONCE_BYTES];
	struct span ext;
};

enum action {
	ACTION_UNKNOWN, /* a valid word that this version does not know */
	ACTION_CREATE_FEED,
	ACTION_PUBLISH,
	ACTION_REVISE,
	ACTION_WITHDRAW,
	ACTION_PROFILE,
	ACTION_ROTATE_KEY,
	ACTION_RECOVER,
	ACTION_ERASE
};

enum action update_action(const struct update *u);
struct span action_name(enum action action); /* empty for UNKNOWN */

/* True for the actions that carry a grant. */
bool action_is_granted(enum action action);
/* True for the actions that replace history: recover and erase. */
bool action_is_reissue(enum action action);

/*
 * Every rule that needs only the payload. One code a rule, and a message that
 * names the field; the grant's signature is checked by grant_verify().
 */
int update_check(const struct update *u, struct weald_msg *msg);

/*
 * Append the payload of @u to @out. @u must pass update_check(), which is not
 * repeated here.
 *   WEALD_TOOBIG  over PAYLOAD_BYTES_MAX, or over what @out may hold
 *   WEALD_NOMEM
 */
int update_encode(const struct update *u, struct buf *out);

/*
 * Decode and check a payload: exactly the bytes that update_encode() would
 * write for the fields are accepted. The spans of @out borrow @payload;
 * update_release() frees the changes.
 */
int update_decode(struct span payload, struct update *out,
		  struct weald_msg *msg);

/*
 * Free what update_decode() allocated and zero the struct. Not for updates
 * whose changes the caller owns.
 */
void update_release(struct update *u);

/*
 * The bytes that a root key signs for @u, namespace "weald-grant":
 * [feed, action, epoch, seq, prev, key, until]. @until is given apart, as the
 * grant may not be there yet. Appends to @out. WEALD_TOOBIG, WEALD_NOMEM.
 */
int grant_statement(const struct update *u, uint64_t until, struct buf *out);

#define GRANT_NAMESPACE "weald-grant"

/*
 * Check the signature of the grant that @u carries, by the root key that it
 * names. WEALD_OK where @u has none.
 *   WEALD_GRANT_SIGNATURE, WEALD_KEY_WEAK, WEALD_CRYPTO, WEALD_NOMEM
 */
int grant_verify(const struct update *u, struct weald_msg *msg);

#endif
