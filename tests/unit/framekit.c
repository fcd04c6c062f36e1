#include "tests/unit/framekit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	enum frame_type type;
	const char *hex;
} golden[] = {
	{ FRAME_HELLO,
	  "00000085970100c420111111111111111111111111111111111111111111"
	  "1111111111111111111111c41022222222222222222222222222222222c4"
	  "203333333333333333333333333333333333333333333333333333333333"
	  "333333c42044444444444444444444444444444444444444444444444444"
	  "44444444444444a97765616c6420302e31" },
	{ FRAME_CLOCK,
	  "0000007c9302019294c42033333333333333333333333333333333333333"
	  "333333333333333333333333330007c41455555555555555555555555555"
	  "5555555555555594c4206666666666666666666666666666666666666666"
	  "66666666666666666666666601cd012cc414777777777777777777777777"
	  "7777777777777777" },
	{ FRAME_WANT,
	  "0000002e9703c42033333333333333333333333333333333333333333333"
	  "333333333333333333330008ccc8ce0010000001" },
	{ FRAME_UPDATES,
	  "000000339404c42033333333333333333333333333333333333333333333"
	  "333333333333333333330192c4036f6e65c4067365636f6e64" },
	{ FRAME_HAVE,
	  "0000004092059194c4206666666666666666666666666666666666666666"
	  "66666666666666666666666601cd012cc414777777777777777777777777"
	  "7777777777777777" },
	{ FRAME_GRAFT,
	  "000000279506c42033333333333333333333333333333333333333333333"
	  "33333333333333333333000800" },
	{ FRAME_PRUNE,
	  "000000249207c42033333333333333333333333333333333333333333333"
	  "33333333333333333333" },
	{ FRAME_RECEIPT,
	  "0000004f9308c40973746174656d656e74c4408888888888888888888888"
	  "888888888888888888888888888888888888888888888888888888888888"
	  "8888888888888888888888888888888888888888888888" },
	{ FRAME_FORK_PROOF,
	  "0000002b9309c42033333333333333333333333333333333333333333333"
	  "33333333333333333333c40570726f6f66" },
	{ FRAME_WANT_CONTENTS,
	  "00000051930ac42033333333333333333333333333333333333333333333"
	  "3333333333333333333392c4145555555555555555555555555555555555"
	  "555555c4147777777777777777777777777777777777777777" },
	{ FRAME_CONTENTS,
	  "00000059930bc42033333333333333333333333333333333333333333333"
	  "333333333333333333339292c41455555555555555555555555555555555"
	  "55555555c40353617992c414777777777777777777777777777777777777"
	  "7777c0" },
	{ FRAME_PING, "00000003920c05" },
	{ FRAME_PONG, "00000007920dce00011170" },
	{ FRAME_JOIN, "00000014920ec41099999999999999999999999999999999" },
	{ FRAME_ERROR,
	  "00000027930fa77365712d676170bc75706461746520332063616d652c20"
	  "3220697320746865206e657874" },
	{ FRAME_BYE, "0000000c9310a873746f7070696e67a0" },
};

/* What the samples have in common. */
#define FEED_A 0x33
#define FEED_B 0x66

static void fill_lists(struct framekit *k)
{
	struct clock_entry *e = k->entries;

	memset(k->blobs[0], 0x55, OBJECT_ID_BYTES);
	memset(k->blobs[1], 0x77, OBJECT_ID_BYTES);
	e[0] = (struct clock_entry){ .epoch = 0, .seq = 7 };
	e[1] = (struct clock_entry){ .epoch = 1, .seq = 300 };
	memset(e[0].feed, FEED_A, SHA256_BYTES);
	memset(e[1].feed, FEED_B, SHA256_BYTES);
	memcpy(e[0].commit, k->blobs[0], OBJECT_ID_BYTES);
	memcpy(e[1].commit, k->blobs[1], OBJECT_ID_BYTES);
	k->envelopes[0] = span_of("one");
	k->envelopes[1] = span_of("second");
	k->contents[0].content = span_of("Say");
	k->contents[1].content = (struct span){ NULL, 0 };
	memcpy(k->contents[0].blob, k->blobs[0], OBJECT_ID_BYTES);
	memcpy(k->contents[1].blob, k->blobs[1], OBJECT_ID_BYTES);
}

static void fill_hello(struct frame_hello *h)
{
	memset(h->node, 0x11, sizeof h->node);
	memset(h->instance, 0x22, sizeof h->instance);
	memset(h->feed, FEED_A, SHA256_BYTES);
	memset(h->clock_digest, 0x44, sizeof h->clock_digest);
	h->software = span_of("weald 0.1");
}

static void fill_want(struct frame_want *w)
{
	memset(w->feed, FEED_A, SHA256_BYTES);
	w->from = 8;
	w->to = 200;
	w->credit = 1u << 20;
	w->fill = FRAME_FILL_HEADERS;
}

/* The fields of @f, of whatever type it is. fnstat: switch */
static void fill_frame(struct framekit *k, struct frame *f)
{
	switch (f->type) {
	case FRAME_HELLO:
		fill_hello(&f->hello);
		break;
	case FRAME_CLOCK:
		f->clock = (struct frame_clock){ true, k->entries, 2 };
		break;
	case FRAME_WANT:
		fill_want(&f->want);
		break;
	case FRAME_UPDATES:
		memset(f->updates.feed, FEED_A, SHA256_BYTES);
		f->updates.lane = FRAME_LANE_CATCH_UP;
		f->updates.envelopes = k->envelopes;
		f->updates.n = 2;
		break;
	case FRAME_HAVE:
		f->have = (struct frame_have){ &k->entries[1], 1 };
		break;
	case FRAME_GRAFT:
		memset(f->graft.feed, FEED_A, SHA256_BYTES);
		f->graft.from = 8;
		break;
	case FRAME_PRUNE:
		memset(f->prune.feed, FEED_A, SHA256_BYTES);
		break;
	case FRAME_RECEIPT:
		f->receipt.statement = span_of("statement");
		memset(f->receipt.sig, 0x88, sizeof f->receipt.sig);
		break;
	case FRAME_FORK_PROOF:
		memset(f->fork_proof.feed, FEED_A, SHA256_BYTES);
		f->fork_proof.proof = span_of("proof");
		break;
	case FRAME_WANT_CONTENTS:
		memset(f->want_contents.feed, FEED_A, SHA256_BYTES);
		f->want_contents.blobs =
			(const uint8_t(*)[OBJECT_ID_BYTES])k->blobs;
		f->want_contents.n = 2;
		break;
	case FRAME_CONTENTS:
		memset(f->contents.feed, FEED_A, SHA256_BYTES);
		f->contents.contents = k->contents;
		f->contents.n = 2;
		break;
	case FRAME_PING:
		f->ping.number = 5;
		break;
	case FRAME_PONG:
		f->ping.number = 70000;
		break;
	case FRAME_JOIN:
		memset(f->join.secret, 0x99, sizeof f->join.secret);
		break;
	case FRAME_ERROR:
		f->close.reason = span_of("seq-gap");
		f->close.detail = span_of("update 3 came, 2 is the next");
		break;
	case FRAME_BYE:
		f->close.reason = span_of("stopping");
		f->close.detail = span_of("");
		break;
	case FRAME_UNKNOWN:
	default:
		fail_msg("no sample of this type");
	}
}

void framekit_fill(struct framekit *k)
{
	size_t i;

	assert_int_equal(sizeof golden / sizeof golden[0], FRAMEKIT_N);
	memset(k, 0, sizeof *k);
	fill_lists(k);
	for (i = 0; i < FRAMEKIT_N; i++) {
		k->frames[i].type = golden[i].type;
		fill_frame(k, &k->frames[i]);
	}
}

struct frame *framekit_of(struct framekit *k, enum frame_type type)
{
	size_t i;

	for (i = 0; k->frames[i].type != type; i++) {
		assert_true(i + 1 < FRAMEKIT_N);
	}
	return &k->frames[i];
}

uint8_t *framekit_bytes(size_t i, size_t *out_len)
{
	size_t len = strlen(golden[i].hex) / 2;
	uint8_t *data = malloc(len);

	assert_non_null(data);
	assert_int_equal(hex_decode(span_of(golden[i].hex), data, len),
			 WEALD_OK);
	*out_len = len;
	return data;
}
