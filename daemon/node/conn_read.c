/*
 * Bytes to frames. One read a turn: it is decrypted behind what was left, whole
 * frames are decoded where they lie, and the rest moves to the front. Between
 * two frames nothing is kept.
 *
 * The bytes to read into live for the read only. libuv would read again and
 * again while there is more; that the memory is refused tells it to come back
 * in the next turn, when the other connections had theirs.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/conn_private.h"

static void conn_alloc_cb(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	struct conn *c = handle->data;

	(void)size;
	out->base = NULL;
	out->len = 0;
	if (c->turn_over) {
		return;
	}
	out->base = malloc(CONN_TURN_BYTES);
	c->starved = out->base == NULL;
	if (!c->starved) {
		out->len = CONN_TURN_BYTES;
	}
}

static void conn_up(struct conn *c)
{
	c->state = CONN_OPEN;
	(void)uv_timer_stop(&c->timer);
	c->setup.handler->up(c->setup.ctx, c);
}

/* The peer's last frame. */
static void conn_take_leave(struct conn *c, const struct frame *f)
{
	const struct frame_close *last = &f->close;
	bool is_error = f->type == FRAME_ERROR;

	/* frame_decode() has checked both lengths */
	c->end.peer_error = is_error;
	memcpy(c->end.reason, last->reason.data, last->reason.len);
	if (last->detail.len > 0) {
		memcpy(c->end.detail, last->detail.data, last->detail.len);
	}
	msg_set(&c->end.msg, "the peer %s: %s%s%s",
		is_error ? "refuses us" : "says goodbye", c->end.reason,
		last->detail.len == 0 ? "" : ": ", c->end.detail);
	conn_linger(c, WEALD_OK);
}

static void conn_take_frame(struct conn *c, struct span body)
{
	struct weald_msg msg = { "" };
	struct frame f;
	int r;

	r = frame_decode(body, &f, &msg);
	if (r != WEALD_OK) {
		msg_set(&c->end.msg, "the peer sent a bad frame: %s",
			msg_text(&msg, r));
		conn_dismiss(c, r, true, err_name(r), c->end.msg.text);
		return;
	}
	c->figures.frames_in++;
	if (f.type == FRAME_ERROR || f.type == FRAME_BYE) {
		conn_take_leave(c, &f);
	} else if (f.type != FRAME_UNKNOWN) {
		c->setup.handler->frame(c->setup.ctx, c, &f,
					FRAME_HEADER_BYTES + body.len);
	}
	frame_release(&f);
}

static void conn_refuse_header(struct conn *c, int r)
{
	if (r == WEALD_TOOBIG) {
		msg_set(&c->end.msg,
			"the peer announced a frame of more than %u bytes",
			(unsigned)c->limit);
	} else {
		msg_set(&c->end.msg, "the peer announced a frame of 0 bytes");
	}
	conn_dismiss(c, r, true, err_name(r), c->end.msg.text);
}

/* Handle whole frames; returns how many bytes they had. */
static size_t conn_take_frames(struct conn *c)
{
	struct span rest;
	uint32_t len;
	size_t at = 0;
	int r;

	while (c->state == CONN_OPEN && !c->paused) {
		rest = (struct span){ c->in.data + at, c->in.len - at };
		r = frame_read_header(rest, c->limit, &len);
		if (r == WEALD_INCOMPLETE) {
			break;
		}
		if (r != WEALD_OK) {
			conn_refuse_header(c, r);
			break;
		}
		if (rest.len - FRAME_HEADER_BYTES < len) {
			break;
		}
		conn_take_frame(c,
				(struct span){ rest.data + FRAME_HEADER_BYTES,
					       len });
		at += FRAME_HEADER_BYTES + len;
	}
	return at;
}

static void conn_begin_frame(struct conn *c)
{
	if (!c->begun) {
		c->begun = true;
		c->begun_ms = uv_now(c->setup.loop);
	}
}

void conn_frames(struct conn *c)
{
	size_t taken = c->in.len == 0 ? 0 : conn_take_frames(c);

	if (conn_has_ended(c) || taken == c->in.len) {
		buf_release(&c->in);
	} else if (taken > 0) {
		memmove(c->in.data, c->in.data + taken, c->in.len - taken);
		c->in.len -= taken;
	}
	/* bytes of a record that is not whole yet count as a frame begun */
	if (taken > 0) {
		c->begun = false;
	}
	if (c->in.len > 0) {
		conn_begin_frame(c);
	}
	if (c->fated && !c->paused) {
		conn_linger(c, c->fate);
	}
}

static void conn_set_fate(struct conn *c, int err)
{
	c->fated = true;
	c->fate = err;
}

/* Bytes of the peer, for TLS. */
static void conn_feed(struct conn *c, struct span in)
{
	struct weald_msg msg = { "" };
	enum tls_state tls;
	int r;

	if (c->state == CONN_OPEN) {
		conn_begin_frame(c);
	}
	r = tls_session_feed(c->tls, in, &c->in, &msg);
	tls = tls_session_state(c->tls);
	if (r != WEALD_OK) {
		conn_set_fate(c, r);
		c->end.msg = msg;
	} else if (tls == TLS_CLOSED) {
		conn_set_fate(c, WEALD_OK);
		msg_set(&c->end.msg, "the peer closed the connection");
	}
	if (c->state == CONN_SHAKING && tls != TLS_SHAKING && r == WEALD_OK) {
		conn_up(c);
	}
	conn_frames(c);
	conn_frame_clock(c);
	conn_watch(c);
	/* answers of TLS go out, whoever else sends in this turn */
	conn_wake(c);
}

/* There is nothing more to read. */
static void conn_read_end(struct conn *c, int status)
{
	c->eof = true;
	if (c->state == CONN_CLOSING) {
		if (status != UV_EOF || c->shutdown_done || c->broken) {
			conn_cut(c, WEALD_OK);
		}
		conn_watch(c);
		return;
	}
	if (c->broken) {
		/* the reason stands */
	} else if (status != UV_EOF) {
		msg_set(&c->end.msg, "the connection broke: %s",
			uv_strerror(status));
	} else if (c->state == CONN_SHAKING) {
		msg_set(&c->end.msg,
			"the peer hung up in the middle of the handshake");
	} else {
		msg_set(&c->end.msg, "the peer hung up without a goodbye");
	}
	conn_cut(c, WEALD_IO);
}

static void conn_read_bytes(struct conn *c, struct span in)
{
	c->figures.bytes_in += in.len;
	if (c->state != CONN_CLOSING) {
		conn_feed(c, in);
		return;
	}
	c->drained += in.len;
	if (c->drained > CONN_DRAIN_BYTES_MAX) {
		conn_cut(c, WEALD_OK);
	}
}

static void conn_read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (c->state == CONN_GONE) {
		free(buf->base);
		return;
	}
	if (n == UV_ENOBUFS) {
		c->turn_over = false;
		if (c->starved) {
			msg_set(&c->end.msg, "out of memory");
			conn_cut(c, WEALD_NOMEM);
		}
	} else if (n < 0) {
		conn_read_end(c, (int)n);
	} else if (n > 0) {
		/* libuv comes again in this turn only after a full read */
		c->turn_over = (size_t)n == buf->len;
		conn_read_bytes(c, (struct span){ (const uint8_t *)buf->base,
						  (size_t)n });
	}
	free(buf->base);
}

void conn_watch(struct conn *c)
{
	bool on = c->state == CONN_SHAKING || c->state == CONN_CLOSING ||
		  (c->state == CONN_OPEN && !c->paused && !c->fated);

	if (c->state == CONN_GONE || c->state == CONN_CONNECTING) {
		return;
	}
	if (!on || c->eof) {
		(void)uv_read_stop((uv_stream_t *)&c->tcp);
		c->turn_over = false;
	} else {
		/* nothing happens where it reads already */
		(void)uv_read_start((uv_stream_t *)&c->tcp, conn_alloc_cb,
				    conn_read_cb);
	}
}
