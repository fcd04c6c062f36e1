/*
 * The envelope: an update as it travels, [P bin, S bin, contents array], the
 * contents aligned with the payload's changes, each bin or nil.
 *
 * envelope_check() is every rule that needs no feed: it can run on any thread
 * and before anything is known about the region. Pure.
 */
#ifndef WEALD_PROTO_ENVELOPE_H
#define WEALD_PROTO_ENVELOPE_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/objectid.h"
#include "proto/update.h"

/*
 * @payload and the contents borrow the bytes that were decoded, or what the
 * caller put there. A content whose data is NULL is absent (nil); an empty
 * content has data that is not NULL and len 0.
 */
struct envelope {
	struct span payload;
	uint8_t sig[SIG_BYTES];
	struct span *contents; /* an array of contents_n, or NULL */
	size_t contents_n;
};

/*
 * Append the envelope to @out.
 *   WEALD_TOOBIG  over what @out may hold
 *   WEALD_NOMEM
 */
int envelope_encode(const struct envelope *e, struct buf *out);

/*
 * Take @bytes apart, without looking into the payload. Only canonical
 * MessagePack is accepted. envelope_release() frees the array of contents.
 *   WEALD_ENVELOPE, WEALD_MALFORMED, WEALD_NONCANONICAL, WEALD_TOOBIG,
 *   WEALD_NOMEM
 */
int envelope_decode(struct span bytes, struct envelope *out,
		    struct weald_msg *msg);
void envelope_release(struct envelope *e);

/* What the check of an envelope found out, for those who append it. */
struct checked {
	struct update update;         /* borrows the envelope's payload */
	uint8_t digest[SHA256_BYTES]; /* SHA-256 of the payload */
	struct buf commit;            /* the git commit's bytes */
	uint8_t commit_id[OBJECT_ID_BYTES];
};

/*
 * Check the envelope by itself: the payload's rules, the signature, the
 * grant's signature if there is one, and each content that is present against
 * size, SHA-256 and blob id. Contents may be absent; a removal has none.
 * On success the caller releases @out with checked_release().
 *
 *   the codes of update_decode(), commit_verify() and grant_verify()
 *   WEALD_ENVELOPE  contents that do not fit the changes
 *   WEALD_CONTENT_SIZE, WEALD_CONTENT_DIGEST, WEALD_CONTENT_BLOB
 */
int envelope_check(const struct envelope *e, object_id_fn *object_id,
		   struct checked *out, struct weald_msg *msg);
void checked_release(struct checked *c);

#endif
