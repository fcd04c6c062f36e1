/*
 * The rules of each frame, asked by the encoder and by the decoder, so that
 * no version sends what it would refuse.
 */
#include "proto/forkproof.h"
#include "proto/frame_private.h"
#include "proto/receipt.h"

/* @value within @min..@max, or @name is at fault. */
static int check_range(uint64_t value, uint64_t min, uint64_t max,
		       const char *name, struct weald_msg *msg)
{
	if (value < min || value > max) {
		msg_set(msg, "%s is %llu, allowed is %llu to %llu", name,
			(unsigned long long)value, (unsigned long long)min,
			(unsigned long long)max);
		return WEALD_MALFORMED;
	}
	return WEALD_OK;
}

/* The length or number of @name: too many is another fault than too few. */
static int check_count(size_t n, size_t min, size_t max, const char *name,
		       struct weald_msg *msg)
{
	if (n < min || n > max) {
		msg_set(msg, "%s: the length is %zu, allowed is %zu to %zu",
			name, n, min, max);
		return n > max ? WEALD_TOOBIG : WEALD_MALFORMED;
	}
	return WEALD_OK;
}

static int check_hello(const struct frame_hello *h, struct weald_msg *msg)
{
	int r = check_range(h->minor, 0, UINT_MAX_VALUE, "minor", msg);

	if (r == WEALD_OK) {
		r = check_count(h->software.len, 0, FRAME_SOFTWARE_BYTES_MAX,
				"software", msg);
	}
	return r;
}

static int check_entries(const struct clock_entry *entries, size_t n,
			 size_t min, struct weald_msg *msg)
{
	int r = check_count(n, min, FRAME_ENTRIES_MAX, "entries", msg);

	return r == WEALD_OK ? clock_check_entries(entries, n, msg) : r;
}

static int check_want(const struct frame_want *w, struct weald_msg *msg)
{
	int r = check_range(w->epoch, 0, UINT_MAX_VALUE, "epoch", msg);

	if (r == WEALD_OK) {
		r = check_range(w->from, 1, UINT_MAX_VALUE, "from", msg);
	}
	if (r == WEALD_OK) {
		r = check_range(w->to, w->from, UINT_MAX_VALUE, "to", msg);
	}
	if (r == WEALD_OK) {
		r = check_range(w->credit, 1, FRAME_CREDIT_MAX, "credit", msg);
	}
	if (r == WEALD_OK) {
		r = check_range(w->fill, 0, FRAME_FILL_HEADERS, "fill", msg);
	}
	return r;
}

static int check_updates(const struct frame_updates *u, struct weald_msg *msg)
{
	size_t min = u->lane == FRAME_LANE_END ? 0 : 1;
	size_t i;
	int r;

	r = check_range(u->lane, 0, FRAME_LANE_END, "lane", msg);
	if (r == WEALD_OK) {
		r = check_count(u->n, min, FRAME_ENVELOPES_MAX, "envelopes",
				msg);
	}
	for (i = 0; r == WEALD_OK && i < u->n; i++) {
		r = check_count(u->envelopes[i].len, 1, ENVELOPE_BYTES_MAX,
				"envelope", msg);
	}
	return r;
}

static int check_graft(const struct frame_graft *g, struct weald_msg *msg)
{
	int r = check_range(g->epoch, 0, UINT_MAX_VALUE, "epoch", msg);

	if (r == WEALD_OK) {
		r = check_range(g->from, 1, UINT_MAX_VALUE, "from", msg);
	}
	if (r == WEALD_OK) {
		r = check_range(g->fill, 0, FRAME_FILL_HEADERS, "fill", msg);
	}
	return r;
}

static int check_contents(const struct frame_contents *c, struct weald_msg *msg)
{
	size_t i;
	int r;

	r = check_count(c->n, 1, FRAME_BLOBS_MAX, "contents", msg);
	for (i = 0; r == WEALD_OK && i < c->n; i++) {
		r = check_count(c->contents[i].content.len, 0,
				CONTENT_BYTES_MAX, "content", msg);
	}
	return r;
}

static bool is_reason(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static int check_close(const struct frame_close *c, struct weald_msg *msg)
{
	size_t i;
	int r;

	r = check_count(c->reason.len, 1, FRAME_REASON_BYTES_MAX, "reason",
			msg);
	for (i = 0; r == WEALD_OK && i < c->reason.len; i++) {
		if (!is_reason(c->reason.data[i])) {
			msg_set(msg, "reason: byte %zu is none of a-z, 0-9, -",
				i);
			r = WEALD_MALFORMED;
		}
	}
	if (r == WEALD_OK) {
		r = check_count(c->detail.len, 0, FRAME_DETAIL_BYTES_MAX,
				"detail", msg);
	}
	return r;
}

/* fnstat: switch */
static int check_type(const struct frame *f, struct weald_msg *msg)
{
	switch (f->type) {
	case FRAME_HELLO:
		return check_hello(&f->hello, msg);
	case FRAME_CLOCK:
		return check_entries(f->clock.entries, f->clock.n, 0, msg);
	case FRAME_WANT:
		return check_want(&f->want, msg);
	case FRAME_UPDATES:
		return check_updates(&f->updates, msg);
	case FRAME_HAVE:
		return check_entries(f->have.entries, f->have.n, 1, msg);
	case FRAME_GRAFT:
		return check_graft(&f->graft, msg);
	case FRAME_RECEIPT:
		return check_count(f->receipt.statement.len, 1,
				   RECEIPT_BYTES_MAX, "statement", msg);
	case FRAME_FORK_PROOF:
		return check_count(f->fork_proof.proof.len, 1,
				   FORKPROOF_BYTES_MAX, "proof", msg);
	case FRAME_WANT_CONTENTS:
		return check_count(f->want_contents.n, 1, FRAME_BLOBS_MAX,
				   "blobs", msg);
	case FRAME_CONTENTS:
		return check_contents(&f->contents, msg);
	case FRAME_PING:
	case FRAME_PONG:
		return check_range(f->ping.number, 0, UINT_MAX_VALUE, "number",
				   msg);
	case FRAME_PRUNE:
	case FRAME_JOIN:
		return WEALD_OK;
	case FRAME_ERROR:
	case FRAME_BYE:
		return check_close(&f->close, msg);
	case FRAME_UNKNOWN:
	default:
		msg_set(msg, "not a type of frame that can be sent");
		return WEALD_MALFORMED;
	}
}

int frame_check(const struct frame *f, struct weald_msg *msg)
{
	int r = check_type(f, msg);

	if (r != WEALD_OK) {
		msg_prefix(msg, "%s", frame_name(f->type));
	}
	return r;
}
