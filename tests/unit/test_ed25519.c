#include "proto/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct vector {
	const char *seed;
	const char *key;
	const char *message;
	const char *sig;
};

/* RFC 8032, section 7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc) */
static const struct vector vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	  "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	  "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	  "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
	  "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

/*
 * Every encoding of every point whose order divides 8: the eight canonical
 * ones, then those with x = 0 and the sign set, then those with y + p.
 */
#define SMALL_CANONICAL 8u
static const char *const small_order[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
#define SMALL (sizeof small_order / sizeof small_order[0])

/*
 * R is the base point (RFC 8032, section 5.1) and S = 1: S B = R + k A holds
 * wherever k A is the identity, with no private key involved.
 */
static const char forgery[] =
	"5866666666666666666666666666666666666666666666666666666666666666"
	"0100000000000000000000000000000000000000000000000000000000000000";

/* L, little-endian: 2^252 + 27742317777372353535851937790883648493 */
static const char order_l[] =
	"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/*
 * By the key of TEST 1 over "small R": R the identity, S = k a mod L. Who
 * holds the private key can make it; nobody needs to take it.
 */
static const char small_r_sig[] =
	"0100000000000000000000000000000000000000000000000000000000000000"
	"17b76c68cdf640492434979a90098e71524faef838e073346be3c4fcbe9df20a";

static void unhex(const char *hex, uint8_t *out, size_t len)
{
	assert_int_equal(hex_decode(span_of(hex), out, len), WEALD_OK);
}

static struct span message_of(const struct vector *v, uint8_t *room)
{
	size_t len = strlen(v->message) / 2;

	unhex(v->message, room, len);
	return (struct span){ room, len };
}

/* What OpenSSL says without our checks. */
static bool openssl_accepts(const uint8_t *key, struct span message,
			    const uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						     key, PUBKEY_BYTES);
	bool yes;

	assert_non_null(ctx);
	assert_non_null(pkey);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey), 1);
	yes = EVP_DigestVerify(ctx, sig, SIG_BYTES, message.data,
			       message.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return yes;
}

static void ed25519_public__gives_the_keys_of_rfc8032(void **state)
{
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];
	char hex[2 * PUBKEY_BYTES + 1];
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		unhex(vectors[i].seed, seed, sizeof seed);
		assert_int_equal(ed25519_public(seed, key), WEALD_OK);
		hex_encode(key, sizeof key, hex);
		assert_string_equal(hex, vectors[i].key);
	}
}

static void ed25519_sign__gives_the_signatures_of_rfc8032(void **state)
{
	uint8_t seed[SEED_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t room[64];
	char hex[2 * SIG_BYTES + 1];
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		unhex(vectors[i].seed, seed, sizeof seed);
		assert_int_equal(ed25519_sign(seed,
					      message_of(&vectors[i], room),
					      sig),
				 WEALD_OK);
		hex_encode(sig, sizeof sig, hex);
		assert_string_equal(hex, vectors[i].sig);
	}
}

static void ed25519_signer__signs_as_the_seed_does(void **state)
{
	struct ed25519_signer *signer = NULL;
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t wanted[SIG_BYTES];
	uint8_t room[64];
	struct span message = message_of(&vectors[2], room);
	size_t i;

	(void)state;
	unhex(vectors[2].seed, seed, sizeof seed);
	unhex(vectors[2].key, key, sizeof key);
	unhex(vectors[2].sig, wanted, sizeof wanted);
	assert_int_equal(ed25519_signer_new(seed, &signer), WEALD_OK);
	assert_memory_equal(ed25519_signer_key(signer), key, sizeof key);
	for (i = 0; i < 3; i++) {
		memset(sig, 0, sizeof sig);
		assert_int_equal(ed25519_signer_sign(signer, message, sig),
				 WEALD_OK);
		assert_memory_equal(sig, wanted, sizeof sig);
	}
	ed25519_signer_free(signer);
	ed25519_signer_free(NULL);
}

static void ed25519_verify__accepts_the_vectors(void **state)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t room[64];
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS; i++) {
		unhex(vectors[i].key, key, sizeof key);
		unhex(vectors[i].sig, sig, sizeof sig);
		assert_int_equal(ed25519_verify(key,
						message_of(&vectors[i], room),
						sig, &msg),
				 WEALD_OK);
		assert_string_equal(msg.text, "");
	}
}

/* Each bit of key, message and signature counts. */
static void ed25519_verify__refuses_every_flipped_bit(void **state)
{
	uint8_t all[PUBKEY_BYTES + SIG_BYTES + 2];
	uint8_t *key = all;
	uint8_t *sig = key + PUBKEY_BYTES;
	uint8_t *message = sig + SIG_BYTES;
	struct span m = { message, 2 };
	size_t i;
	int r;

	(void)state;
	unhex(vectors[2].key, key, PUBKEY_BYTES);
	unhex(vectors[2].sig, sig, SIG_BYTES);
	unhex(vectors[2].message, message, 2);
	for (i = 0; i < 8 * sizeof all; i++) {
		all[i / 8] ^= (uint8_t)(1u << i % 8);
		r = ed25519_verify(key, m, sig, NULL);
		assert_true(r == WEALD_SIGNATURE ||
			    (r == WEALD_SIGNATURE_FORM &&
			     i / 8 == PUBKEY_BYTES + SIG_BYTES - 1));
		all[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(ed25519_verify(key, m, sig, NULL), WEALD_OK);
}

static void ed25519_verify__says_what_is_wrong(void **state)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	unhex(vectors[0].key, key, sizeof key);
	unhex(vectors[0].sig, sig, sizeof sig);
	assert_int_equal(ed25519_verify(key, span_of("x"), sig, &msg),
			 WEALD_SIGNATURE);
	assert_string_equal(msg.text, "the signature is wrong");
}

/* y = 2 is no point of the curve: its form is right, no signature is. */
static void ed25519_verify__refuses_a_key_off_the_curve(void **state)
{
	uint8_t key[PUBKEY_BYTES] = { 2 };
	uint8_t sig[SIG_BYTES];

	(void)state;
	unhex(vectors[0].sig, sig, sizeof sig);
	assert_int_equal(ed25519_check_key(key, NULL), WEALD_OK);
	assert_int_equal(ed25519_verify(key, span_of(""), sig, NULL),
			 WEALD_SIGNATURE);
}

static void ed25519_check_key__refuses_every_small_order_point(void **state)
{
	struct weald_msg msg;
	uint8_t key[PUBKEY_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < SMALL; i++) {
		unhex(small_order[i], key, sizeof key);
		assert_int_equal(ed25519_check_key(key, &msg), WEALD_KEY_WEAK);
	}
}

/* The least and the greatest y, and those beside the small-order ones. */
static void ed25519_check_key__accepts_their_neighbours(void **state)
{
	uint8_t key[PUBKEY_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < SMALL_CANONICAL; i++) {
		unhex(small_order[i], key, sizeof key);
		key[1] ^= 0x10;
		assert_int_equal(ed25519_check_key(key, NULL), WEALD_OK);
	}
	unhex("ebffffffffffffffffffffffffffffff"
	      "ffffffffffffffffffffffffffffff7f",
	      key, sizeof key);
	assert_int_equal(ed25519_check_key(key, NULL), WEALD_OK);
}

static void ed25519_check_key__refuses_y_from_p_on(void **state)
{
	struct weald_msg msg;
	uint8_t key[PUBKEY_BYTES];
	unsigned low;

	(void)state;
	memset(key, 0xff, sizeof key);
	for (low = 0xed; low <= 0xff; low++) {
		key[0] = (uint8_t)low;
		key[31] = 0x7f;
		assert_int_equal(ed25519_check_key(key, &msg), WEALD_KEY_WEAK);
		assert_string_equal(msg.text,
				    "the public key is not in canonical form");
		key[31] = 0xff;
		assert_int_equal(ed25519_check_key(key, &msg), WEALD_KEY_WEAK);
	}
}

/*
 * Proof that the table holds small-order points, and why they are refused:
 * OpenSSL accepts one and the same signature, made without a private key, for
 * one message in 1, 2, 4 or 8. For a key of full order it never does.
 */
static void ed25519_verify__refuses_what_openssl_accepts(void **state)
{
	static const unsigned order[SMALL_CANONICAL] = {
		1, 2, 4, 4, 8, 8, 8, 8
	};
	struct span m;
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t message;
	unsigned taken;
	unsigned n;
	size_t i;

	(void)state;
	m = (struct span){ &message, 1 };
	unhex(forgery, sig, sizeof sig);
	for (i = 0; i < SMALL_CANONICAL; i++) {
		unhex(small_order[i], key, sizeof key);
		taken = 0;
		for (n = 0; n < 256; n++) {
			message = (uint8_t)n;
			taken += openssl_accepts(key, m, sig);
			assert_int_equal(ed25519_verify(key, m, sig, NULL),
					 WEALD_KEY_WEAK);
		}
		assert_in_range(taken, 256 / order[i] / 2, 256 / order[i] * 2);
	}
	unhex(vectors[0].key, key, sizeof key);
	for (n = 0; n < 256; n++) {
		message = (uint8_t)n;
		assert_false(openssl_accepts(key, m, sig));
	}
}

static void ed25519_check_signature_form__refuses_small_order_r(void **state)
{
	struct weald_msg msg;
	uint8_t sig[SIG_BYTES];
	size_t i;

	(void)state;
	unhex(vectors[0].sig, sig, sizeof sig);
	for (i = 0; i < SMALL; i++) {
		unhex(small_order[i], sig, PUBKEY_BYTES);
		assert_int_equal(ed25519_check_signature_form(sig, &msg),
				 WEALD_SIGNATURE_FORM);
	}
}

static void ed25519_verify__refuses_the_holders_own_small_r(void **state)
{
	struct span m = span_of("small R");
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	unhex(vectors[0].key, key, sizeof key);
	unhex(small_r_sig, sig, sizeof sig);
	assert_true(openssl_accepts(key, m, sig));
	assert_int_equal(ed25519_verify(key, m, sig, NULL),
			 WEALD_SIGNATURE_FORM);
}

/* out = a + b, 32 bytes each, little-endian */
static void le_add(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	unsigned carry = 0;
	size_t i;

	for (i = 0; i < 32; i++) {
		carry += (unsigned)a[i] + b[i];
		out[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void ed25519_verify__refuses_s_plus_l(void **state)
{
	struct weald_msg msg;
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t l[32];
	uint8_t room[64];
	size_t i;

	(void)state;
	unhex(order_l, l, sizeof l);
	for (i = 0; i < VECTORS; i++) {
		unhex(vectors[i].key, key, sizeof key);
		unhex(vectors[i].sig, sig, sizeof sig);
		le_add(sig + 32, l, sig + 32);
		assert_int_equal(ed25519_verify(key,
						message_of(&vectors[i], room),
						sig, &msg),
				 WEALD_SIGNATURE_FORM);
		assert_string_equal(msg.text,
				    "the signature's number S is not below L");
	}
}

static void ed25519_check_signature_form__draws_the_line_at_l(void **state)
{
	uint8_t sig[SIG_BYTES];

	(void)state;
	unhex(vectors[0].sig, sig, sizeof sig);
	unhex(order_l, sig + 32, 32);
	assert_int_equal(ed25519_check_signature_form(sig, NULL),
			 WEALD_SIGNATURE_FORM);
	sig[32]--;
	assert_int_equal(ed25519_check_signature_form(sig, NULL), WEALD_OK);
	memset(sig + 32, 0, 32);
	assert_int_equal(ed25519_check_signature_form(sig, NULL), WEALD_OK);
	memset(sig + 32, 0xff, 32);
	assert_int_equal(ed25519_check_signature_form(sig, NULL),
			 WEALD_SIGNATURE_FORM);
}

/*
 * The n-th allocation of OpenSSL from now on fails, and with @fail_on those
 * after it too; 0: none does.
 */
static unsigned long fail_at;
static bool fail_on;

static bool fails_now(void)
{
	if (fail_at == 0 || --fail_at > 0) {
		return false;
	}
	fail_at = fail_on ? 1 : 0;
	return true;
}

static void *ssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* How many allocations are tried: more than any of the calls makes. */
#define ALLOCATIONS 100u

static void verify_without_memory(unsigned n, bool on, unsigned *refused)
{
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	int r;

	unhex(vectors[0].key, key, sizeof key);
	unhex(vectors[0].sig, sig, sizeof sig);
	fail_on = on;
	fail_at = n;
	r = ed25519_verify(key, span_of("x"), sig, NULL);
	assert_true(r == WEALD_SIGNATURE || r == WEALD_NOMEM ||
		    r == WEALD_CRYPTO);
	fail_at = n;
	r = ed25519_verify(key, span_of(""), sig, NULL);
	fail_at = 0;
	assert_true(r == WEALD_OK || r == WEALD_NOMEM || r == WEALD_CRYPTO);
	*refused += r != WEALD_OK;
}

static void ed25519_verify__blames_no_signature_for_want_of_memory(void **state)
{
	unsigned once = 0;
	unsigned on = 0;
	unsigned n;

	(void)state;
	for (n = 1; n <= ALLOCATIONS; n++) {
		verify_without_memory(n, false, &once);
		verify_without_memory(n, true, &on);
	}
	assert_in_range(once, 1, ALLOCATIONS - 1);
	assert_in_range(on, once, ALLOCATIONS - 1);
}

static void ed25519_sign__fails_or_is_right_for_want_of_memory(void **state)
{
	uint8_t seed[SEED_BYTES];
	uint8_t wanted[SIG_BYTES];
	uint8_t sig[SIG_BYTES];
	unsigned refused = 0;
	unsigned n;
	int r;

	(void)state;
	unhex(vectors[0].seed, seed, sizeof seed);
	unhex(vectors[0].sig, wanted, sizeof wanted);
	for (n = 1; n <= ALLOCATIONS; n++) {
		memset(sig, 0, sizeof sig);
		fail_on = false;
		fail_at = n;
		r = ed25519_sign(seed, span_of(""), sig);
		if (r == WEALD_OK) {
			assert_memory_equal(sig, wanted, sizeof sig);
		} else {
			assert_true(r == WEALD_NOMEM || r == WEALD_CRYPTO);
			assert_int_equal(sig[0] | sig[63], 0);
			refused++;
		}
	}
	fail_at = 0;
	assert_in_range(refused, 1, ALLOCATIONS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_public__gives_the_keys_of_rfc8032),
		cmocka_unit_test(ed25519_sign__gives_the_signatures_of_rfc8032),
		cmocka_unit_test(ed25519_signer__signs_as_the_seed_does),
		cmocka_unit_test(ed25519_verify__accepts_the_vectors),
		cmocka_unit_test(ed25519_verify__refuses_every_flipped_bit),
		cmocka_unit_test(ed25519_verify__says_what_is_wrong),
		cmocka_unit_test(ed25519_verify__refuses_a_key_off_the_curve),
		cmocka_unit_test(
			ed25519_check_key__refuses_every_small_order_point),
		cmocka_unit_test(ed25519_check_key__accepts_their_neighbours),
		cmocka_unit_test(ed25519_check_key__refuses_y_from_p_on),
		cmocka_unit_test(ed25519_verify__refuses_what_openssl_accepts),
		cmocka_unit_test(
			ed25519_check_signature_form__refuses_small_order_r),
		cmocka_unit_test(
			ed25519_verify__refuses_the_holders_own_small_r),
		cmocka_unit_test(ed25519_verify__refuses_s_plus_l),
		cmocka_unit_test(
			ed25519_check_signature_form__draws_the_line_at_l),
		cmocka_unit_test(
			ed25519_verify__blames_no_signature_for_want_of_memory),
		cmocka_unit_test(
			ed25519_sign__fails_or_is_right_for_want_of_memory),
	};

	/* before OpenSSL allocates anything, or it refuses */
	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
