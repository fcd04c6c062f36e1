/*
 * The commit: the git commit that an update is. Its bytes are a pure function
 * of the payload P and the 64-byte signature S, so that every node has the
 * same commit ids; docs/PROTOCOL.md, "The commit".
 *
 * Stock git calls many other byte forms of a signed commit good (re-wrapped
 * armour, a second signature header, text behind it), each with another id.
 * Only the one form built here counts: commit_parse() builds it again and
 * compares.
 *
 * Pure. commit_parse() takes any bytes.
 */
#ifndef WEALD_PROTO_COMMIT_H
#define WEALD_PROTO_COMMIT_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/update.h"

#define COMMIT_NAMESPACE "git"

/*
 * Append the commit without its signature: what S is made over. @u is the
 * decoded form of @payload. WEALD_TOOBIG, WEALD_NOMEM, WEALD_CRYPTO.
 */
int commit_text(const struct update *u, struct span payload, struct buf *out);

/* Append the whole commit. The same rules. */
int commit_build(const struct update *u, struct span payload,
		 const uint8_t sig[SIG_BYTES], struct buf *out);

/*
 * Check S over the commit text, by the key that the payload names.
 *   WEALD_SIGNATURE, WEALD_SIGNATURE_FORM, WEALD_KEY_WEAK, WEALD_CRYPTO,
 *   WEALD_NOMEM
 */
int commit_verify(const struct update *u, struct span payload,
		  const uint8_t sig[SIG_BYTES], struct weald_msg *msg);

/*
 * Take the payload and the signature out of a commit, and check that the
 * commit is exactly what these two build. The signature is not verified.
 *
 * @out_payload  the bytes are appended to it
 * @out_update   decoded; borrows @out_payload's bytes from then on, so the
 *               buffer must neither grow nor go before it; the caller
 *               releases it
 *
 *   WEALD_COMMIT_NO_UPDATE  no weald-update header, or not base64
 *   WEALD_TOOBIG            over PAYLOAD_BYTES_MAX, or what the buffer holds
 *   WEALD_COMMIT_FORM       another byte form; @msg says which part differs
 *   WEALD_ARMOUR            the signature is not written as ssh-keygen does
 *   and every code of update_decode()
 */
int commit_parse(struct span commit, struct buf *out_payload,
		 struct update *out_update, uint8_t out_sig[SIG_BYTES],
		 struct weald_msg *msg);

#endif
