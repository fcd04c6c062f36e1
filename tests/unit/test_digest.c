#include "proto/digest.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/err.h"

/* FIPS 180-4, the examples of NIST for one and for two blocks, and nothing. */
static const char two_blocks[] =
	"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static void check_sha256(const char *text, const char *wanted)
{
	uint8_t d[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	assert_int_equal(digest_sha256(span_of(text), d), WEALD_OK);
	hex_encode(d, sizeof d, hex);
	assert_string_equal(hex, wanted);
}

static void check_sha512(const char *text, const char *wanted)
{
	uint8_t d[SHA512_BYTES];
	char hex[2 * SHA512_BYTES + 1];

	assert_int_equal(digest_sha512(span_of(text), d), WEALD_OK);
	hex_encode(d, sizeof d, hex);
	assert_string_equal(hex, wanted);
}

static void digest_sha256__gives_the_published_digests(void **state)
{
	(void)state;
	check_sha256("", "e3b0c44298fc1c149afbf4c8996fb924"
			 "27ae41e4649b934ca495991b7852b855");
	check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223"
			    "b00361a396177a9cb410ff61f20015ad");
	check_sha256(two_blocks, "248d6a61d20638b8e5c026930c3e6039"
				 "a33ce45964ff2167f6ecedd419db06c1");
}

static void digest_sha512__gives_the_published_digests(void **state)
{
	(void)state;
	check_sha512("", "cf83e1357eefb8bdf1542850d66d8007"
			 "d620e4050b5715dc83f4a921d36ce9ce"
			 "47d0d13c5d85f2b0ff8318d2877eec2f"
			 "63b931bd47417a81a538327af927da3e");
	check_sha512("abc", "ddaf35a193617abacc417349ae204131"
			    "12e6fa4e89a97ea20a9eeee64b55d39a"
			    "2192992a274fc1a836ba3c23a3feebbd"
			    "454d4423643ce80e2a9ac94fa54ca49f");
}

static void digest_sha256__takes_no_bytes_at_null(void **state)
{
	uint8_t d[SHA256_BYTES];
	struct span nothing = { NULL, 0 };

	(void)state;
	assert_int_equal(digest_sha256(nothing, d), WEALD_OK);
	assert_int_equal(d[0], 0xe3);
}

static void err_from_openssl__tells_no_memory_from_the_rest(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_int_equal(err_from_openssl(), WEALD_CRYPTO);
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_int_equal(err_from_openssl(), WEALD_NOMEM);
}

static void err_from_openssl__leaves_no_error_behind(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_int_equal(err_from_openssl(), WEALD_CRYPTO);
	assert_true(ERR_peek_error() == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_sha256__gives_the_published_digests),
		cmocka_unit_test(digest_sha512__gives_the_published_digests),
		cmocka_unit_test(digest_sha256__takes_no_bytes_at_null),
		cmocka_unit_test(
			err_from_openssl__tells_no_memory_from_the_rest),
		cmocka_unit_test(err_from_openssl__leaves_no_error_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
