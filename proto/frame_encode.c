#include <assert.h>

#include "proto/frame_private.h"

static void put_hello(struct mp_writer *w, const struct frame_hello *h)
{
	mp_put_uint(w, h->minor);
	mp_put_bin(w, h->node, sizeof h->node);
	mp_put_bin(w, h->instance, sizeof h->instance);
	mp_put_bin(w, h->feed, sizeof h->feed);
	mp_put_bin(w, h->clock_digest, sizeof h->clock_digest);
	mp_put_str(w, h->software);
}

static void put_want(struct mp_writer *w, const struct frame_want *want)
{
	mp_put_bin(w, want->feed, sizeof want->feed);
	mp_put_uint(w, want->epoch);
	mp_put_uint(w, want->from);
	mp_put_uint(w, want->to);
	mp_put_uint(w, want->credit);
	mp_put_uint(w, want->fill);
}

static void put_updates(struct mp_writer *w, const struct frame_updates *u)
{
	size_t i;

	mp_put_bin(w, u->feed, sizeof u->feed);
	mp_put_uint(w, u->lane);
	mp_put_array(w, u->n);
	for (i = 0; i < u->n; i++) {
		mp_put_bin(w, u->envelopes[i].data, u->envelopes[i].len);
	}
}

static void put_graft(struct mp_writer *w, const struct frame_graft *g)
{
	mp_put_bin(w, g->feed, sizeof g->feed);
	mp_put_uint(w, g->epoch);
	mp_put_uint(w, g->from);
	mp_put_uint(w, g->fill);
}

static void put_want_contents(struct mp_writer *w,
			      const struct frame_want_contents *want)
{
	size_t i;

	mp_put_bin(w, want->feed, sizeof want->feed);
	mp_put_array(w, want->n);
	for (i = 0; i < want->n; i++) {
		mp_put_bin(w, want->blobs[i], sizeof want->blobs[i]);
	}
}

static void put_contents(struct mp_writer *w, const struct frame_contents *c)
{
	size_t i;

	mp_put_bin(w, c->feed, sizeof c->feed);
	mp_put_array(w, c->n);
	for (i = 0; i < c->n; i++) {
		const struct frame_content *one = &c->contents[i];

		mp_put_array(w, 2);
		mp_put_bin(w, one->blob, sizeof one->blob);
		if (one->content.data == NULL) {
			mp_put_nil(w);
		} else {
			mp_put_bin(w, one->content.data, one->content.len);
		}
	}
}

/* What stands behind the type. fnstat: switch */
static void put_fields(struct mp_writer *w, const struct frame *f)
{
	switch (f->type) {
	case FRAME_HELLO:
		put_hello(w, &f->hello);
		break;
	case FRAME_CLOCK:
		mp_put_uint(w, f->clock.last ? 1 : 0);
		clock_put_entries(w, f->clock.entries, f->clock.n);
		break;
	case FRAME_WANT:
		put_want(w, &f->want);
		break;
	case FRAME_UPDATES:
		put_updates(w, &f->updates);
		break;
	case FRAME_HAVE:
		clock_put_entries(w, f->have.entries, f->have.n);
		break;
	case FRAME_GRAFT:
		put_graft(w, &f->graft);
		break;
	case FRAME_PRUNE:
		mp_put_bin(w, f->prune.feed, sizeof f->prune.feed);
		break;
	case FRAME_RECEIPT:
		mp_put_bin(w, f->receipt.statement.data,
			   f->receipt.statement.len);
		mp_put_bin(w, f->receipt.sig, sizeof f->receipt.sig);
		break;
	case FRAME_FORK_PROOF:
		mp_put_bin(w, f->fork_proof.feed, sizeof f->fork_proof.feed);
		mp_put_bin(w, f->fork_proof.proof.data,
			   f->fork_proof.proof.len);
		break;
	case FRAME_WANT_CONTENTS:
		put_want_contents(w, &f->want_contents);
		break;
	case FRAME_CONTENTS:
		put_contents(w, &f->contents);
		break;
	case FRAME_PING:
	case FRAME_PONG:
		mp_put_uint(w, f->ping.number);
		break;
	case FRAME_JOIN:
		mp_put_bin(w, f->join.secret, sizeof f->join.secret);
		break;
	case FRAME_ERROR:
	case FRAME_BYE:
		mp_put_str(w, f->close.reason);
		mp_put_str(w, f->close.detail);
		break;
	case FRAME_UNKNOWN:
	default:
		assert(false && "frame_check() has refused this type");
	}
}

int frame_encode(const struct frame *f, struct buf *out)
{
	size_t start = out->len;
	struct mp_writer w;
	size_t len;
	int r;

	r = frame_check(f, NULL);
	if (r == WEALD_OK) {
		r = buf_add_be32(out, 0);
	}
	if (r != WEALD_OK) {
		return r;
	}
	mp_writer_begin(&w, out);
	mp_put_array(&w, frame_fields(f->type));
	mp_put_uint(&w, f->type);
	put_fields(&w, f);
	r = mp_writer_end(&w);
	len = out->len - start - FRAME_HEADER_BYTES;
	if (r == WEALD_OK && len > FRAME_BODY_BYTES_MAX) {
		r = WEALD_TOOBIG;
	}
	if (r != WEALD_OK) {
		out->len = start;
		return r;
	}
	out->data[start] = (uint8_t)(len >> 24);
	out->data[start + 1] = (uint8_t)(len >> 16);
	out->data[start + 2] = (uint8_t)(len >> 8);
	out->data[start + 3] = (uint8_t)len;
	return WEALD_OK;
}
