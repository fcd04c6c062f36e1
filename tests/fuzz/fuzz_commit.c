/*
 * fuzz_commit: the bytes of a git commit.
 *
 * What is accepted is exactly what its payload and signature build. What is
 * refused is refused with a reason, and leaves the buffer as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

static void try_accepted(struct span commit, struct span payload,
			 const struct update *u, const uint8_t *sig)
{
	struct weald_msg msg = { "" };
	struct buf again;

	buf_init(&again, COMMIT_BYTES_MAX);
	require(commit_build(u, payload, sig, &again) == WEALD_OK);
	require(span_equal(commit, buf_span(&again)));
	buf_release(&again);
	require(commit_verify(u, payload, sig, &msg) == WEALD_OK ||
		msg.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span commit = { data, size };
	struct weald_msg msg = { "" };
	uint8_t sig[SIG_BYTES];
	struct buf payload;
	struct update u;

	buf_init(&payload, PAYLOAD_BYTES_MAX);
	require(buf_add_byte(&payload, 0x2a) == WEALD_OK);
	payload.max++;
	if (commit_parse(commit, &payload, &u, sig, &msg) == WEALD_OK) {
		try_accepted(commit,
			     (struct span){ payload.data + 1, payload.len - 1 },
			     &u, sig);
		update_release(&u);
	} else {
		require(msg.text[0] != '\0' && payload.len == 1);
	}
	require(payload.data[0] == 0x2a);
	buf_release(&payload);
	return 0;
}
