/*
 * Tokens: what "weald invite" prints and "weald join" takes. Whoever has one
 * may join the region that made it, once, until it expires; so a token is a
 * secret until it is used.
 *
 * docs/PROTOCOL.md, "Tokens". A token is the text "weald-join:" and, in
 * base64url without padding, the canonical MessagePack array [1, feed, node,
 * expires, secret bin 16, [address str ...]] and the first 4 bytes of its
 * SHA-256. With these a token that was mistyped or cut short is told from one
 * that has expired.
 *
 * Pure: the secret is drawn by the caller. A text comes from a person.
 */
#ifndef WEALD_PROTO_TOKEN_H
#define WEALD_PROTO_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/frame.h"
#include "proto/limits.h"

#define TOKEN_PREFIX        "weald-join:"
#define TOKEN_FORMAT        1u
#define TOKEN_ADDRESSES_MAX 8u

/* The array: 11 + 8 addresses of 259 bytes, and all else. */
#define TOKEN_BYTES_MAX 2304u
#define TOKEN_TEXT_MAX  (16u + (TOKEN_BYTES_MAX + 4u) / 3u * 4u)

struct token {
	uint8_t feed[SHA256_BYTES]; /* of the region that invites */
	uint8_t node[PUBKEY_BYTES]; /* the key of the node to join at */
	uint64_t expires;           /* seconds since 1970 */
	uint8_t secret[FRAME_SECRET_BYTES];
	/* where that node is, tried in this order; 1 to TOKEN_ADDRESSES_MAX,
	   each as address_parse() takes it */
	struct span addresses[TOKEN_ADDRESSES_MAX];
	size_t addresses_n;
	struct buf bytes; /* decoded: what the addresses borrow */
};

/*
 * Append the text of @t, without a line feed. @out holds a secret then: the
 * caller cleanses its memory. It should have room for TOKEN_TEXT_MAX bytes:
 * what it leaves behind when it moves is not cleansed.
 *   WEALD_INVALID  an address, their number, or the time
 *   WEALD_TOOBIG   over what @out may hold
 *   WEALD_NOMEM, WEALD_CRYPTO
 */
int token_encode(const struct token *t, struct buf *out);

/*
 * Read a text: exactly what token_encode() writes is accepted; the caller
 * trims white space around it. On success the caller releases @out with
 * token_release(). Says nothing about the time.
 *   WEALD_INVALID  not a token, mistyped, or cut short: @msg says which
 *   WEALD_FORMAT   made by a later version
 *   WEALD_NOMEM, WEALD_CRYPTO
 */
int token_decode(struct span text, struct token *out, struct weald_msg *msg);

/* Cleanses the secret, also in the memory that the addresses borrow. */
void token_release(struct token *t);

/*
 * May @t still be used at @now, in seconds since 1970? WEALD_OK or
 * WEALD_EXPIRED, with the time that has passed in @msg.
 */
int token_check_time(const struct token *t, uint64_t now,
		     struct weald_msg *msg);

#endif
