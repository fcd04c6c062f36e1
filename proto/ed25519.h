/*
 * Ed25519 (RFC 8032, pure, no context): keys, signatures, and the strict
 * rules that make one message have one signature that anybody can judge.
 *
 * OpenSSL and ssh-keygen both accept forgeries under a public key of small
 * order, and ssh-keygen accepts S + L beside S. Verification here refuses all
 * of these before it asks OpenSSL.
 *
 * Pure and thread-safe. Arguments are borrowed for the call. Everything but a
 * seed and a signer may come from the network.
 */
#ifndef WEALD_PROTO_ED25519_H
#define WEALD_PROTO_ED25519_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

/*
 * Is @key a public key in canonical form, and not of small order? That it is
 * a point of the curve at all shows only when a signature is verified.
 *
 * Returns WEALD_OK or WEALD_KEY_WEAK.
 */
int ed25519_check_key(const uint8_t key[PUBKEY_BYTES], struct weald_msg *msg);

/*
 * Is @sig in canonical form (R canonical and not of small order, S < L)?
 *
 * Returns WEALD_OK or WEALD_SIGNATURE_FORM.
 */
int ed25519_check_signature_form(const uint8_t sig[SIG_BYTES],
				 struct weald_msg *msg);

/* The public key of @seed. WEALD_OK, WEALD_CRYPTO or WEALD_NOMEM. */
int ed25519_public(const uint8_t seed[SEED_BYTES],
		   uint8_t out_key[PUBKEY_BYTES]);

/*
 * Sign one message; to sign many, keep a signer. The caller cleanses @seed.
 * WEALD_OK, WEALD_CRYPTO or WEALD_NOMEM.
 */
int ed25519_sign(const uint8_t seed[SEED_BYTES], struct span message,
		 uint8_t out_sig[SIG_BYTES]);

/*
 * Is @sig the signature of @message by @key? Checks key and form first.
 *
 * Returns WEALD_OK, or
 *   WEALD_KEY_WEAK        as ed25519_check_key()
 *   WEALD_SIGNATURE_FORM  as ed25519_check_signature_form()
 *   WEALD_SIGNATURE       it is not
 *   WEALD_CRYPTO, WEALD_NOMEM  not known: says nothing about the signature
 */
int ed25519_verify(const uint8_t key[PUBKEY_BYTES], struct span message,
		   const uint8_t sig[SIG_BYTES], struct weald_msg *msg);

/*
 * A signer: a private key made ready once. It never changes, so that several
 * threads may sign with one signer.
 */
struct ed25519_signer;

/*
 * @seed is copied; the caller cleanses its own. Gives *@out_signer, to be
 * freed with ed25519_signer_free(). WEALD_OK, WEALD_CRYPTO or WEALD_NOMEM.
 */
int ed25519_signer_new(const uint8_t seed[SEED_BYTES],
		       struct ed25519_signer **out_signer);

/* Cleanses the private key; @signer may be NULL. */
void ed25519_signer_free(struct ed25519_signer *signer);

/* The public key, PUBKEY_BYTES long, borrowed from @signer. */
const uint8_t *ed25519_signer_key(const struct ed25519_signer *signer);

/* WEALD_OK, WEALD_CRYPTO or WEALD_NOMEM. */
int ed25519_signer_sign(const struct ed25519_signer *signer,
			struct span message, uint8_t out_sig[SIG_BYTES]);

#endif
