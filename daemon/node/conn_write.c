/*
 * Frames to bytes: conn_send() encodes and encrypts at once, and the next turn
 * gives all of it to the system. What the system does not take goes out piece
 * by piece with uv_write(), one under way at a time, so that the owner hears of
 * its progress; what is sent meanwhile waits behind it, encrypted.
 */
#include <assert.h>
#include <string.h>

#include "daemon/node/conn_private.h"

/* Small enough to tell of progress, large enough not to cost a call each. */
#define FLIGHT_BYTES_MAX (256u * 1024u)

int conn_send_bytes(struct conn *c, struct span frame)
{
	struct conn_figures figures;
	int r;

	assert(c->state != CONN_CONNECTING);
	assert(c->state != CONN_SHAKING);
	if (c->state != CONN_OPEN || c->broken ||
	    tls_session_state(c->tls) != TLS_OPEN) {
		return WEALD_OK;
	}
	conn_figures(c, &figures);
	if (frame.len > CONN_UNSENT_BYTES_MAX ||
	    figures.unsent > CONN_UNSENT_BYTES_MAX - frame.len) {
		return WEALD_TOOBIG;
	}
	r = tls_session_write(c->tls, frame);
	if (r != WEALD_OK) {
		return r;
	}
	c->figures.frames_out++;
	conn_wake(c);
	return WEALD_OK;
}

int conn_send(struct conn *c, const struct frame *frame)
{
	struct buf bytes;
	int r;

	buf_init(&bytes, FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX);
	r = frame_encode(frame, &bytes);
	if (r == WEALD_OK) {
		r = conn_send_bytes(c, buf_span(&bytes));
	}
	buf_release(&bytes);
	return r;
}

/*
 * The peer takes nothing more. Its last words, which say why, may have arrived
 * already and wait to be read: an error frame, or the alert on our certificate.
 */
static void conn_break(struct conn *c, int status)
{
	c->broken = true;
	if (c->state != CONN_CLOSING) {
		msg_set(&c->end.msg, "the connection broke: %s",
			uv_strerror(status));
	}
	if (c->state == CONN_CLOSING || c->paused) {
		conn_cut(c, WEALD_IO);
		return;
	}
	conn_set_deadline(c, CONN_CLOSE_MS);
}

static void conn_write_cb(uv_write_t *req, int status)
{
	struct conn *c = req->data;

	if (c->state == CONN_GONE) {
		return;
	}
	if (status < 0) {
		c->flight = 0;
		conn_break(c, status);
		return;
	}
	c->out_at += c->flight;
	c->figures.bytes_out += c->flight;
	c->flight = 0;
	c->sent_due = true;
	conn_wake(c);
}

static void conn_shutdown_cb(uv_shutdown_t *req, int status)
{
	struct conn *c = req->data;

	(void)status; /* where it failed there is nobody to wait for */
	if (c->state == CONN_GONE) {
		return;
	}
	c->shutdown_done = true;
	if (c->eof || status < 0) {
		conn_cut(c, WEALD_OK);
	}
}

/* Have something in @c->out to write; false: there is nothing. */
static bool conn_load(struct conn *c)
{
	if (c->out_at == c->out.len) {
		/* an idle connection keeps no memory for this */
		buf_release(&c->out);
		c->out_at = 0;
		/* cannot fail: @out is empty and as large */
		(void)tls_session_out(c->tls, &c->out);
	}
	return c->out.len > 0;
}

static void conn_fly(struct conn *c)
{
	size_t n = c->out.len - c->out_at;
	uv_buf_t piece;
	int r;

	n = n < FLIGHT_BYTES_MAX ? n : FLIGHT_BYTES_MAX;
	piece = uv_buf_init((char *)c->out.data + c->out_at, (unsigned)n);
	r = uv_write(&c->write, (uv_stream_t *)&c->tcp, &piece, 1,
		     conn_write_cb);
	if (r < 0) {
		conn_break(c, r);
		return;
	}
	c->flight = n;
}

void conn_flush(struct conn *c)
{
	uv_buf_t rest;
	int n;

	if (c->state == CONN_CONNECTING || c->state == CONN_GONE || c->broken ||
	    c->flight > 0 || c->shutdown_sent) {
		return;
	}
	while (conn_load(c)) {
		rest = uv_buf_init((char *)c->out.data + c->out_at,
				   (unsigned)(c->out.len - c->out_at));
		n = uv_try_write((uv_stream_t *)&c->tcp, &rest, 1);
		if (n < 0 && n != UV_EAGAIN) {
			conn_break(c, n);
			return;
		}
		if (n > 0) {
			c->out_at += (size_t)n;
			c->figures.bytes_out += (size_t)n;
			c->sent_due = true;
		}
		if (c->out_at < c->out.len) {
			conn_fly(c);
			return;
		}
	}
	if (c->state == CONN_CLOSING) {
		c->shutdown_sent = true;
		if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp,
				conn_shutdown_cb) < 0) {
			conn_cut(c, WEALD_OK);
		}
	}
}
