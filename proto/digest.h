/*
 * Digests: SHA-256 and SHA-512, and where OpenSSL's errors end.
 *
 * Pure and thread-safe; the data is borrowed for the call. Git's SHA-1 is not
 * here: proto/objectid.h.
 */
#ifndef WEALD_PROTO_DIGEST_H
#define WEALD_PROTO_DIGEST_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/limits.h"

#define SHA512_BYTES 64u

/* The digest of @data. WEALD_OK, or as err_from_openssl(). */
int digest_sha256(struct span data, uint8_t out_digest[SHA256_BYTES]);
int digest_sha512(struct span data, uint8_t out_digest[SHA512_BYTES]);

/*
 * The code for a call of OpenSSL that failed: WEALD_NOMEM or WEALD_CRYPTO.
 * Empties the error queue of this thread, in which a later TLS call would
 * otherwise find a failure that is not its own.
 */
int err_from_openssl(void);

#endif
