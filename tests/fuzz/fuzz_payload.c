/*
 * fuzz_payload: the payload of an update.
 *
 * What is accepted keeps every rule and encodes to the very same bytes, and a
 * commit can be built from it. What is refused is refused with a reason, and
 * what msgpack-c saw of it had been bounded by the walk.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/commit.h"
#include "proto/mp.h"
#include "proto/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

static void try_commit(const struct update *u, struct span payload)
{
	static const uint8_t sig[SIG_BYTES] = { 1 };
	struct buf commit;

	buf_init(&commit, COMMIT_BYTES_MAX);
	require(commit_build(u, payload, sig, &commit) == WEALD_OK);
	buf_release(&commit);
}

static void try_grant(const struct update *u)
{
	struct weald_msg msg = { "" };

	require(grant_verify(u, &msg) == WEALD_OK || msg.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mp_limits limits = { .depth = 3,
						 .elements =
							 PAYLOAD_BYTES_MAX };
	struct span payload = { data, size };
	struct weald_msg msg = { "" };
	struct update u;
	struct buf again;

	if (update_decode(payload, &u, &msg) != WEALD_OK) {
		require(msg.text[0] != '\0');
		return 0;
	}
	require(mp_walk(payload, &limits, NULL) == WEALD_OK);
	require(update_check(&u, NULL) == WEALD_OK);
	buf_init(&again, PAYLOAD_BYTES_MAX);
	require(update_encode(&u, &again) == WEALD_OK);
	require(span_equal(payload, buf_span(&again)));
	buf_release(&again);
	try_commit(&u, payload);
	try_grant(&u);
	update_release(&u);
	return 0;
}
