/*
 * OpenSSH's forms of an Ed25519 key: the private key file without a
 * passphrase, the public line and the fingerprint (OpenSSH, PROTOCOL.key).
 *
 * Pure and thread-safe. Arguments are borrowed for the call. Own buffers that
 * held a secret are cleansed; the caller cleanses its own.
 */
#ifndef WEALD_PROTO_SSHKEY_H
#define WEALD_PROTO_SSHKEY_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

#define SSHKEY_TYPE       "ssh-ed25519"
#define SSHKEY_TYPE_BYTES 11u

/* The binary form of a public key: type and key as strings (RFC 8709). */
#define SSHKEY_BLOB_BYTES (4u + SSHKEY_TYPE_BYTES + 4u + PUBKEY_BYTES)

#define SSHKEY_COMMENT_BYTES_MAX 256u

/* Room for every text that sshkey_encode_private() writes. */
#define SSHKEY_FILE_BYTES_MAX 1024u

/* "ssh-ed25519 ", 68 digits of base64, a space, the comment. */
#define SSHKEY_LINE_BYTES_MAX (12u + 68u + 1u + SSHKEY_COMMENT_BYTES_MAX)

/* "SHA256:", 43 digits of base64, NUL. */
#define SSHKEY_FINGERPRINT_BYTES 51u

/* The longest key file or line that is looked at; others' may be longer. */
#define SSHKEY_TEXT_BYTES_MAX (16u * 1024u)

/*
 * Append to @b the private key file of @seed, byte for byte as ssh-keygen
 * writes it.
 *
 * @b         holds a secret afterwards: OPENSSL_cleanse() its @cap bytes
 *            before buf_release(). Its memory grows at most once, before
 *            anything secret is in it. As it was on failure.
 * @checkint  any number; ssh-keygen takes a random one.
 * @comment   at most SSHKEY_COMMENT_BYTES_MAX bytes, no control characters.
 *
 * Returns WEALD_OK, WEALD_INVALID (the comment), WEALD_TOOBIG (@b's maximum),
 * WEALD_NOMEM or WEALD_CRYPTO.
 */
int sshkey_encode_private(struct buf *b, const uint8_t seed[SEED_BYTES],
			  uint32_t checkint, const char *comment);

/*
 * Read a private key file: one Ed25519 key without a passphrase, with any
 * comment. The base64 may stand in lines of any length that end in LF or
 * CRLF, as other programs and editors write them; what it stands for must be
 * right to the last byte.
 *
 * Returns WEALD_OK, WEALD_NOMEM, WEALD_CRYPTO, or WEALD_KEYFILE with what is
 * wrong, and for an encrypted key what to do, in @msg.
 */
int sshkey_decode_private(struct span text, uint8_t out_seed[SEED_BYTES],
			  struct weald_msg *msg);

/*
 * Append the binary form of a public key, or read it: @out_key borrows from
 * @blob. Reading returns WEALD_OK, or @code with what is wrong in @msg.
 */
int sshkey_add_blob(struct buf *b, const uint8_t key[PUBKEY_BYTES]);
int sshkey_parse_blob(struct span blob, struct span *out_key, int code,
		      struct weald_msg *msg);

/*
 * Append "ssh-ed25519 <base64> <comment>" without a line feed; no space at
 * the end where @comment is empty. As it was on failure.
 *
 * Returns WEALD_OK, WEALD_INVALID (the comment), WEALD_TOOBIG (@b's maximum)
 * or WEALD_NOMEM.
 */
int sshkey_public_line(struct buf *b, const uint8_t key[PUBKEY_BYTES],
		       const char *comment);

/*
 * Read a public line, with or without a comment and an LF or CRLF at its end.
 *
 * Returns WEALD_OK, WEALD_NOMEM, WEALD_KEYFILE, or WEALD_KEY_WEAK as
 * ed25519_check_key().
 */
int sshkey_parse_public_line(struct span text, uint8_t out_key[PUBKEY_BYTES],
			     struct weald_msg *msg);

/*
 * "SHA256:..." of the public key, as "ssh-keygen -l" prints it, and NUL.
 * WEALD_OK, WEALD_NOMEM or WEALD_CRYPTO.
 */
int sshkey_fingerprint(const uint8_t key[PUBKEY_BYTES],
		       char out_text[SSHKEY_FINGERPRINT_BYTES]);

#endif
