/*
 * fuzz_frame: what a peer sends, as the body of a frame, and what a person
 * pastes, as a token.
 *
 * A frame that was decoded can be sent on and says the same again. A receipt,
 * a fork proof or a token has one form: what is read is written as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/forkproof.h"
#include "proto/frame.h"
#include "proto/receipt.h"
#include "proto/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

/* Every refusal is one of a parser, and says why. */
static void require_reason(int r, const struct weald_msg *msg)
{
	require(r == WEALD_MALFORMED || r == WEALD_NONCANONICAL ||
		r == WEALD_TOOBIG || r == WEALD_FORMAT || r == WEALD_INVALID ||
		r == WEALD_TIME);
	require(msg->text[0] != '\0');
}

static void try_receipt(struct span statement)
{
	struct weald_msg msg = { "" };
	struct receipt receipt;
	struct buf again;
	int r = receipt_decode(statement, &receipt, &msg);

	if (r != WEALD_OK) {
		require_reason(r, &msg);
		return;
	}
	buf_init(&again, RECEIPT_BYTES_MAX);
	require(receipt_encode(&receipt, &again) == WEALD_OK);
	require(span_equal(statement, buf_span(&again)));
	require(receipt_compare(&receipt, &receipt) == RECEIPT_SAME);
	require(receipt_falls_back(&receipt, &receipt) == NULL);
	receipt_release(&receipt);
	buf_release(&again);
}

static void try_proof(struct span bytes)
{
	struct weald_msg msg = { "" };
	struct forkproof p;
	struct buf again;
	int r = forkproof_decode(bytes, &p, &msg);

	if (r != WEALD_OK) {
		require_reason(r, &msg);
		return;
	}
	buf_init(&again, FORKPROOF_BYTES_MAX);
	require(forkproof_encode(&p, &again) == WEALD_OK);
	require(span_equal(bytes, buf_span(&again)));
	buf_release(&again);
}

static void try_token(struct span text)
{
	struct weald_msg msg = { "" };
	struct token t;
	struct buf again;
	int r = token_decode(text, &t, &msg);

	if (r != WEALD_OK) {
		require_reason(r, &msg);
		return;
	}
	buf_init(&again, TOKEN_TEXT_MAX);
	require(token_encode(&t, &again) == WEALD_OK);
	require(span_equal(text, buf_span(&again)));
	token_release(&t);
	buf_release(&again);
}

/* Where a node is, as a token or a person says it. */
static void try_address(struct span text)
{
	struct weald_msg msg = { "" };
	struct address a;

	if (address_parse(text, &a, &msg) == WEALD_OK) {
		require(a.port > 0 && a.host.len > 0);
		require(a.host.data >= text.data &&
			a.host.data + a.host.len < text.data + text.len);
	} else {
		require(msg.text[0] != '\0');
	}
}

/* What was decoded can be written, and is then read as the same again. */
static void try_again(const struct frame *f, struct span body)
{
	struct frame second;
	struct buf once;
	struct buf twice;
	struct span part;

	buf_init(&once, FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX);
	buf_init(&twice, FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX);
	require(frame_encode(f, &once) == WEALD_OK);
	part = (struct span){ once.data + FRAME_HEADER_BYTES,
			      once.len - FRAME_HEADER_BYTES };
	/* only what a later version appended is missing */
	require(part.len < body.len || span_equal(part, body));
	require(frame_decode(part, &second, NULL) == WEALD_OK);
	require(second.type == f->type);
	require(frame_encode(&second, &twice) == WEALD_OK);
	require(span_equal(buf_span(&once), buf_span(&twice)));
	frame_release(&second);
	buf_release(&once);
	buf_release(&twice);
}

static void try_frame(struct span body)
{
	struct weald_msg msg = { "" };
	struct frame f;
	uint32_t len;
	int r;

	(void)frame_read_header(body, FRAME_BODY_BYTES_MAX, &len);
	r = frame_decode(body, &f, &msg);
	if (r != WEALD_OK) {
		require_reason(r, &msg);
		return;
	}
	if (f.type == FRAME_UNKNOWN) {
		require(frame_encode(&f, &(struct buf){ .max = 100 }) ==
			WEALD_MALFORMED);
	} else {
		try_again(&f, body);
	}
	if (f.type == FRAME_RECEIPT) {
		try_receipt(f.receipt.statement);
	} else if (f.type == FRAME_FORK_PROOF) {
		try_proof(f.fork_proof.proof);
	}
	frame_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };

	try_frame(input);
	try_receipt(input);
	try_proof(input);
	try_token(input);
	try_address(input);
	return 0;
}
