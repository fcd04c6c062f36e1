#include "proto/ed25519.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

struct ed25519_signer {
	EVP_PKEY *pkey;
	uint8_t key[PUBKEY_BYTES];
};

/* p = 2^255 - 19, little-endian as everything in RFC 8032, section 5.1. */
static const uint8_t field_prime[PUBKEY_BYTES] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f
};

/* L = 2^252 + 27742317777372353535851937790883648493, section 5.1. */
static const uint8_t group_order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10
};

/*
 * The y of the eight points whose order divides the cofactor 8. With
 * -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1): y = 1 is the identity,
 * y = -1 has order 2, y = 0 (two x) order 4. A point of order 8 doubles to
 * one with y = 0, thus y^2 = -x^2 and d y^4 + 2 y^2 - 1 = 0, which has two
 * roots y (two x each). tests/unit/test_ed25519.c checks that each of them is
 * a torsion point.
 */
static const uint8_t small_order_y[5][PUBKEY_BYTES] = {
	/* the identity (order 1) */
	{ 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
	/* order 2 */
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	/* order 4 */
	{ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
	/* order 8 */
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	/* order 8 */
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* a < b, both 32 bytes, little-endian. Not in constant time: public data. */
static bool le_less(const uint8_t *a, const uint8_t *b)
{
	size_t i = 32;

	while (i-- > 0) {
		if (a[i] != b[i]) {
			return a[i] < b[i];
		}
	}
	return false;
}

/* What is wrong with the form of a point; NULL where nothing is. */
static const char *point_fault(const uint8_t point[PUBKEY_BYTES])
{
	uint8_t y[PUBKEY_BYTES];
	size_t i;

	memcpy(y, point, sizeof y);
	y[31] &= 0x7f; /* without the sign of x */
	if (!le_less(y, field_prime)) {
		return "not in canonical form";
	}
	for (i = 0; i < sizeof small_order_y / sizeof small_order_y[0]; i++) {
		if (memcmp(y, small_order_y[i], sizeof y) == 0) {
			return "of small order";
		}
	}
	return NULL;
}

int ed25519_check_key(const uint8_t key[PUBKEY_BYTES], struct weald_msg *msg)
{
	const char *fault = point_fault(key);

	if (fault != NULL) {
		msg_set(msg, "the public key is %s", fault);
		return WEALD_KEY_WEAK;
	}
	return WEALD_OK;
}

int ed25519_check_signature_form(const uint8_t sig[SIG_BYTES],
				 struct weald_msg *msg)
{
	const char *fault = point_fault(sig);

	if (fault != NULL) {
		msg_set(msg, "the signature's point R is %s", fault);
		return WEALD_SIGNATURE_FORM;
	}
	if (!le_less(sig + 32, group_order)) {
		msg_set(msg, "the signature's number S is not below L");
		return WEALD_SIGNATURE_FORM;
	}
	return WEALD_OK;
}

int ed25519_signer_new(const uint8_t seed[SEED_BYTES],
		       struct ed25519_signer **out_signer)
{
	struct ed25519_signer *signer;
	size_t len = PUBKEY_BYTES;

	signer = calloc(1, sizeof *signer);
	if (signer == NULL) {
		return WEALD_NOMEM;
	}
	signer->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
						    seed, SEED_BYTES);
	if (signer->pkey == NULL ||
	    EVP_PKEY_get_raw_public_key(signer->pkey, signer->key, &len) != 1) {
		int r = err_from_openssl();

		ed25519_signer_free(signer);
		return r;
	}
	assert(len == PUBKEY_BYTES);
	*out_signer = signer;
	return WEALD_OK;
}

void ed25519_signer_free(struct ed25519_signer *signer)
{
	if (signer == NULL) {
		return;
	}
	EVP_PKEY_free(signer->pkey); /* which cleanses the private key */
	OPENSSL_cleanse(signer, sizeof *signer);
	free(signer);
}

const uint8_t *ed25519_signer_key(const struct ed25519_signer *signer)
{
	return signer->key;
}

int ed25519_signer_sign(const struct ed25519_signer *signer,
			struct span message, uint8_t out_sig[SIG_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[SIG_BYTES];
	size_t len = sizeof sig;
	int r = WEALD_OK;

	assert(signer != NULL);
	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->pkey) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, message.data, message.len) != 1 ||
	    len != sizeof sig) {
		r = err_from_openssl();
	} else {
		memcpy(out_sig, sig, sizeof sig);
	}
	EVP_MD_CTX_free(ctx);
	return r;
}

int ed25519_public(const uint8_t seed[SEED_BYTES],
		   uint8_t out_key[PUBKEY_BYTES])
{
	struct ed25519_signer *signer = NULL;
	int r = ed25519_signer_new(seed, &signer);

	if (r == WEALD_OK) {
		assert(signer != NULL);
		memcpy(out_key, signer->key, PUBKEY_BYTES);
	}
	ed25519_signer_free(signer);
	return r;
}

int ed25519_sign(const uint8_t seed[SEED_BYTES], struct span message,
		 uint8_t out_sig[SIG_BYTES])
{
	struct ed25519_signer *signer = NULL;
	int r = ed25519_signer_new(seed, &signer);

	if (r == WEALD_OK) {
		r = ed25519_signer_sign(signer, message, out_sig);
	}
	ed25519_signer_free(signer);
	return r;
}

/*
 * OpenSSL's own verdict. It has one answer, 0, for a wrong signature and for
 * a key that is no point of the curve.
 */
static int openssl_verify(const uint8_t *key, struct span message,
			  const uint8_t *sig)
{
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	int verdict = -1;
	int r = WEALD_CRYPTO;

	ERR_clear_error();
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key,
					   PUBKEY_BYTES);
	ctx = EVP_MD_CTX_new();
	if (pkey != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1) {
		verdict = EVP_DigestVerify(ctx, sig, SIG_BYTES, message.data,
					   message.len);
	}
	if (verdict == 1) {
		r = WEALD_OK;
	} else {
		r = err_from_openssl();
		if (verdict == 0 && r != WEALD_NOMEM) {
			r = WEALD_SIGNATURE;
		}
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return r;
}

int ed25519_verify(const uint8_t key[PUBKEY_BYTES], struct span message,
		   const uint8_t sig[SIG_BYTES], struct weald_msg *msg)
{
	int r = ed25519_check_key(key, msg);

	if (r == WEALD_OK) {
		r = ed25519_check_signature_form(sig, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = openssl_verify(key, message, sig);
	if (r == WEALD_SIGNATURE) {
		/*
		 * OpenSSL 3.0 says the same where it found no memory for its
		 * hash, and a wrong signature costs the peer that sent it.
		 */
		r = openssl_verify(key, message, sig);
	}
	if (r != WEALD_OK) {
		msg_set(msg, "%s", err_text(r));
	}
	return r;
}
