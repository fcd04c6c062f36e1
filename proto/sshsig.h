/*
 * SSH signatures: what "ssh-keygen -Y sign" signs and writes, with Ed25519
 * keys and SHA-512 only (OpenSSH, PROTOCOL.sshsig).
 *
 * Stock git and ssh-keygen check what is signed here. The other way round
 * this is stricter than they are: of all the armours that they accept for one
 * signature, only the bytes that ssh-keygen writes are accepted here.
 *
 * Pure and thread-safe. Arguments are borrowed for the call. A namespace is
 * a constant of ours ("git", "weald-grant"), 1 to SSHSIG_NAMESPACE_BYTES_MAX
 * bytes long; everything else may come from the network or from a person.
 */
#ifndef WEALD_PROTO_SSHSIG_H
#define WEALD_PROTO_SSHSIG_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/ed25519.h"
#include "proto/err.h"
#include "proto/limits.h"

#define SSHSIG_NAMESPACE_BYTES_MAX 64u

/* Room for every text that sshsig_armour() writes. */
#define SSHSIG_ARMOUR_BYTES_MAX 512u

/*
 * Append to @b the bytes that are signed for @message. On failure @b is as it
 * was. WEALD_OK, WEALD_TOOBIG (@b's maximum), WEALD_NOMEM or WEALD_CRYPTO.
 */
int sshsig_message(struct buf *b, const char *namespace, struct span message);

/* Sign @message. WEALD_OK, WEALD_CRYPTO or WEALD_NOMEM. */
int sshsig_sign(const struct ed25519_signer *signer, const char *namespace,
		struct span message, uint8_t out_sig[SIG_BYTES]);

/*
 * Is @sig the signature of @message by @key in @namespace? The same codes as
 * ed25519_verify().
 */
int sshsig_verify(const uint8_t key[PUBKEY_BYTES], const char *namespace,
		  struct span message, const uint8_t sig[SIG_BYTES],
		  struct weald_msg *msg);

/*
 * Append to @b the text of a signature as "ssh-keygen -Y sign" writes it:
 * from -----BEGIN to the line feed after the END line, base64 in lines of 70.
 * A commit's gpgsig header is this text without its last line feed, the lines
 * joined by "\n ". On failure @b is as it was.
 *
 * Returns WEALD_OK, WEALD_TOOBIG (@b's maximum) or WEALD_NOMEM.
 */
int sshsig_armour(struct buf *b, const char *namespace,
		  const uint8_t key[PUBKEY_BYTES],
		  const uint8_t sig[SIG_BYTES]);

/*
 * Read the text of a signature: exactly the bytes that sshsig_armour() writes
 * for @namespace and the key and signature found. Says nothing about whether
 * the signature is right or in canonical form: sshsig_verify() does.
 *
 * Returns WEALD_OK, WEALD_ARMOUR with what is wrong in @msg, or WEALD_NOMEM.
 */
int sshsig_parse_armour(struct span text, const char *namespace,
			uint8_t out_key[PUBKEY_BYTES],
			uint8_t out_sig[SIG_BYTES], struct weald_msg *msg);

#endif
