/*
 * fuzz_envelope: an update as a peer sends it.
 *
 * What can be taken apart is put together to the same bytes. What passes the
 * whole check is a commit that commit_parse() reads back, with the same
 * payload and signature; what does not is refused with a reason.
 */
#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/commit.h"
#include "proto/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

/* Git's ids with OpenSSL's SHA-1: good enough here. */
static int object_id(enum object_type type, const void *data, size_t len,
		     uint8_t out_id[OBJECT_ID_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char head[32];
	int n = snprintf(head, sizeof head, "%s %zu",
			 type == OBJECT_BLOB ? "blob" : "commit", len);

	require(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
		EVP_DigestUpdate(ctx, head, (size_t)n + 1) == 1 &&
		EVP_DigestUpdate(ctx, data, len) == 1 &&
		EVP_DigestFinal_ex(ctx, out_id, NULL) == 1);
	EVP_MD_CTX_free(ctx);
	return WEALD_OK;
}

static void try_checked(const struct envelope *e, const struct checked *c)
{
	uint8_t sig[SIG_BYTES];
	struct buf payload;
	struct update u;

	buf_init(&payload, PAYLOAD_BYTES_MAX);
	require(commit_parse(buf_span(&c->commit), &payload, &u, sig, NULL) ==
		WEALD_OK);
	require(span_equal(buf_span(&payload), e->payload));
	require(memcmp(sig, e->sig, sizeof sig) == 0);
	update_release(&u);
	buf_release(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weald_msg msg = { "" };
	struct envelope e;
	struct checked c;
	struct buf again;

	if (envelope_decode((struct span){ data, size }, &e, &msg) !=
	    WEALD_OK) {
		require(msg.text[0] != '\0');
		return 0;
	}
	buf_init(&again, ENVELOPE_BYTES_MAX);
	require(envelope_encode(&e, &again) == WEALD_OK);
	require(span_equal((struct span){ data, size }, buf_span(&again)));
	buf_release(&again);
	if (envelope_check(&e, object_id, &c, &msg) == WEALD_OK) {
		try_checked(&e, &c);
		checked_release(&c);
	} else {
		require(msg.text[0] != '\0');
	}
	envelope_release(&e);
	return 0;
}
