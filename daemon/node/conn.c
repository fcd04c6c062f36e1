/*
 * The life of a connection.
 *
 * It goes well like this: conn_dial() connects and TLS begins, or conn_accept()
 * takes what waits; bytes go to TLS until it is open: up(). Then conn_read.c
 * hands frames up, and conn_write.c sends what conn_send() was given, once a
 * turn of the loop. conn_close() adds a last frame and close_notify, shuts the
 * socket down behind them, drains what the peer still sends (else the system
 * would answer with a reset, which takes the last frame away from the peer),
 * and closes at the peer's end of file: down().
 *
 * It goes badly like this: TLS fails (the alert is sent, then as above), a
 * frame breaks the rules (an error frame says so, then as above), a deadline
 * passes or the network fails (at once). Whatever it is, conn_end holds the
 * first reason, and down() comes from the last close callback.
 *
 * A turn is an idle callback: it is due whenever something was left to do, and
 * runs before the loop waits again; so what several callers send in one turn
 * goes out in one write, and no callback is called from within a function that
 * the owner calls.
 */
#include "daemon/node/conn.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/conn_private.h"
#include "daemon/node/uverr.h"

/* A peer whose system answers nothing is gone after these. */
#define NOTSENT_BYTES   (64 * 1024)
#define KEEPALIVE_S     30u
#define USER_TIMEOUT_MS 45000u

/* ---- the end ------------------------------------------------------------- */

static void conn_closed_cb(uv_handle_t *handle)
{
	struct conn *c = handle->data;

	assert(c->handles_open > 0);
	c->handles_open--;
	if (c->handles_open > 0) {
		return;
	}
	if (!c->silent) {
		c->setup.handler->down(c->setup.ctx, c, &c->end);
	}
	tls_session_free(c->tls);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
}

void conn_cut(struct conn *c, int err)
{
	if (c->state == CONN_GONE) {
		return;
	}
	if (c->state != CONN_CLOSING) {
		c->end.err = err;
	}
	c->state = CONN_GONE;
	uv_close((uv_handle_t *)&c->tcp, conn_closed_cb);
	uv_close((uv_handle_t *)&c->timer, conn_closed_cb);
	uv_close((uv_handle_t *)&c->idle, conn_closed_cb);
}

static void conn_timer_cb(uv_timer_t *timer)
{
	struct conn *c = timer->data;

	if (c->broken) {
		conn_cut(c, WEALD_IO);
		return;
	}
	switch (c->state) {
	case CONN_CONNECTING:
		msg_set(&c->end.msg, "no answer within %u seconds",
			CONN_SHAKE_MS / 1000);
		conn_cut(c, WEALD_EXPIRED);
		return;
	case CONN_SHAKING:
		msg_set(&c->end.msg, "no whole handshake within %u seconds",
			CONN_SHAKE_MS / 1000);
		conn_cut(c, WEALD_EXPIRED);
		return;
	case CONN_OPEN:
		if (!c->begun || c->paused) {
			return;
		}
		if (uv_now(c->setup.loop) - c->begun_ms < CONN_FRAME_MS) {
			conn_frame_clock(c);
			return;
		}
		msg_set(&c->end.msg, "no whole frame within %u seconds",
			CONN_FRAME_MS / 1000);
		conn_dismiss(c, WEALD_EXPIRED, true, "frame-late",
			     c->end.msg.text);
		return;
	case CONN_CLOSING:
		conn_cut(c, WEALD_OK);
		return;
	case CONN_GONE:
		return;
	}
}

void conn_set_deadline(struct conn *c, uint64_t ms)
{
	(void)uv_timer_start(&c->timer, conn_timer_cb, ms, 0);
}

void conn_frame_clock(struct conn *c)
{
	uint64_t age_ms = uv_now(c->setup.loop) - c->begun_ms;

	if (c->state == CONN_OPEN && c->begun && !c->broken &&
	    !uv_is_active((uv_handle_t *)&c->timer)) {
		conn_set_deadline(c, age_ms < CONN_FRAME_MS
					     ? CONN_FRAME_MS - age_ms
					     : 0);
	}
}

void conn_linger(struct conn *c, int err)
{
	if (conn_has_ended(c)) {
		return;
	}
	if (c->state == CONN_CONNECTING || c->broken) {
		conn_cut(c, err);
		return;
	}
	c->end.err = err;
	c->state = CONN_CLOSING;
	tls_session_close(c->tls);
	conn_set_deadline(c, CONN_CLOSE_MS);
	conn_wake(c);
}

void conn_dismiss(struct conn *c, int err, bool at_fault, const char *reason,
		  const char *detail)
{
	struct frame f = { .type = at_fault ? FRAME_ERROR : FRAME_BYE };

	f.close.reason = span_of(reason);
	f.close.detail = span_of(detail);
	if (f.close.detail.len > FRAME_DETAIL_BYTES_MAX) {
		f.close.detail.len = FRAME_DETAIL_BYTES_MAX;
	}
	/* where it cannot be sent, the peer is not told: closing goes on */
	(void)conn_send(c, &f);
	conn_linger(c, err);
}

void conn_close(struct conn *c, bool at_fault, const char *reason,
		const char *detail)
{
	if (conn_has_ended(c)) {
		return;
	}
	c->end.ours = true;
	detail = detail == NULL ? "" : detail;
	if (reason == NULL) {
		msg_set(&c->end.msg, "closed by us");
		detail = NULL;
	} else {
		msg_set(&c->end.msg, "closed by us: %s%s%s", reason,
			detail[0] == '\0' ? "" : ": ", detail);
	}
	if (c->state != CONN_OPEN) {
		conn_cut(c, WEALD_OK);
	} else if (reason == NULL) {
		conn_linger(c, WEALD_OK);
	} else {
		conn_dismiss(c, WEALD_OK, at_fault, reason, detail);
	}
}

void conn_drop(struct conn *c, const char *why)
{
	if (!conn_has_ended(c)) {
		c->end.ours = true;
		msg_set(&c->end.msg, "%s", why);
	}
	conn_cut(c, WEALD_OK);
}

/* ---- turns --------------------------------------------------------------- */

static void conn_turn(struct conn *c)
{
	struct conn_figures figures;

	if (c->state == CONN_OPEN && !c->paused) {
		conn_frames(c);
	}
	conn_watch(c);
	conn_flush(c);
	if (c->state == CONN_OPEN && c->sent_due) {
		c->sent_due = false;
		conn_figures(c, &figures);
		c->setup.handler->sent(c->setup.ctx, c, figures.unsent);
	}
}

static void conn_idle_cb(uv_idle_t *idle)
{
	struct conn *c = idle->data;

	(void)uv_idle_stop(idle);
	conn_turn(c);
}

void conn_wake(struct conn *c)
{
	if (c->state != CONN_GONE) {
		(void)uv_idle_start(&c->idle, conn_idle_cb);
	}
}

void conn_set_reading(struct conn *c, bool on)
{
	if (c->paused != on) {
		return;
	}
	c->paused = !on;
	if (on) {
		/* the time that we did not read is not the peer's */
		c->begun_ms = uv_now(c->setup.loop);
		conn_frame_clock(c);
		conn_wake(c);
	} else {
		conn_watch(c);
	}
}

/* ---- the begin ----------------------------------------------------------- */

/* Names the other end; false where that is no address of the internet. */
static bool conn_name(struct conn *c, const struct sockaddr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	const void *raw;
	bool is_six = false;
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	in_port_t port;

	if (addr->sa_family == AF_INET) {
		memcpy(&four, addr, sizeof four);
		memcpy(c->network, mapped, sizeof mapped);
		memcpy(c->network + sizeof mapped, &four.sin_addr, 4);
		raw = &four.sin_addr;
		port = four.sin_port;
	} else if (addr->sa_family == AF_INET6) {
		memcpy(&six, addr, sizeof six);
		port = six.sin6_port;
		raw = &six.sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
			memcpy(c->network, raw, CONN_NETWORK_BYTES);
			raw = six.sin6_addr.s6_addr + sizeof mapped;
		} else {
			memcpy(c->network, raw, 8);
			is_six = true;
		}
	} else {
		return false;
	}
	if (inet_ntop(is_six ? AF_INET6 : AF_INET, raw, text, sizeof text) ==
	    NULL) {
		return false;
	}
	(void)snprintf(c->address, sizeof c->address, "%s%s%s:%u",
		       is_six ? "[" : "", text, is_six ? "]" : "", ntohs(port));
	return true;
}

static int conn_new(const struct conn_setup *setup, const uint8_t *pin,
		    struct conn **out)
{
	struct conn *c;
	int r;

	c = calloc(1, sizeof *c);
	if (c == NULL) {
		return WEALD_NOMEM;
	}
	r = tls_session_new(setup->tls, pin, &c->tls);
	if (r != WEALD_OK) {
		free(c);
		return WEALD_NOMEM;
	}
	c->setup = *setup;
	c->dialled = pin != NULL;
	c->limit = FRAME_FIRST_BYTES_MAX;
	/* a frame that is not whole yet, and a turn's bytes in whole records */
	buf_init(&c->in, FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX +
				 CONN_TURN_BYTES + 2 * TLS_RECORD_BYTES);
	buf_init(&c->out, TLS_OUT_BYTES_MAX);
	c->figures.since_ms = uv_now(setup->loop);
	(void)uv_tcp_init(setup->loop, &c->tcp);
	(void)uv_timer_init(setup->loop, &c->timer);
	(void)uv_idle_init(setup->loop, &c->idle);
	c->handles_open = 3;
	c->tcp.data = c;
	c->timer.data = c;
	c->idle.data = c;
	c->connect.data = c;
	c->write.data = c;
	c->shutdown.data = c;
	conn_set_deadline(c, CONN_SHAKE_MS);
	*out = c;
	return WEALD_OK;
}

/* The socket is connected: TLS begins. */
static void conn_shake(struct conn *c)
{
	int timeout_ms = USER_TIMEOUT_MS;
	uv_os_fd_t fd;
	/* what is not on its way waits with us, where live updates pass it */
	const int lowat = NOTSENT_BYTES;
	int r = WEALD_OK;

	/* without these it only works less well */
	(void)uv_tcp_nodelay(&c->tcp, 1);
	(void)uv_tcp_keepalive(&c->tcp, 1, KEEPALIVE_S);
	if (uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
				 sizeof timeout_ms);
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
				 sizeof lowat);
	}
	c->state = CONN_SHAKING;
	if (c->dialled) {
		r = tls_session_start(c->tls, &c->end.msg);
	}
	if (r != WEALD_OK) {
		conn_cut(c, r);
		return;
	}
	conn_watch(c);
	conn_wake(c);
}

int conn_accept(const struct conn_setup *setup, uv_stream_t *server,
		struct conn **out)
{
	struct sockaddr_storage addr;
	int len = sizeof addr;
	struct conn *c;
	int r;

	r = conn_new(setup, NULL, &c);
	if (r != WEALD_OK) {
		return r;
	}
	if (uv_accept(server, (uv_stream_t *)&c->tcp) != 0 ||
	    uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&addr, &len) != 0 ||
	    !conn_name(c, (const struct sockaddr *)&addr)) {
		c->silent = true;
		conn_cut(c, WEALD_IO);
		return WEALD_IO;
	}
	conn_shake(c);
	*out = c;
	return WEALD_OK;
}

static void conn_connect_cb(uv_connect_t *req, int status)
{
	struct conn *c = req->data;

	if (conn_has_ended(c)) {
		return;
	}
	if (status < 0) {
		msg_set(&c->end.msg, "cannot connect: %s", uv_strerror(status));
		conn_cut(c, WEALD_IO);
		return;
	}
	conn_shake(c);
}

int conn_dial(const struct conn_setup *setup, const struct sockaddr *addr,
	      const uint8_t pin[PUBKEY_BYTES], struct conn **out)
{
	struct conn *c;
	int r;

	r = conn_new(setup, pin, &c);
	if (r != WEALD_OK) {
		return r;
	}
	r = conn_name(c, addr) ? uv_tcp_connect(&c->connect, &c->tcp, addr,
						conn_connect_cb)
			       : UV_EAFNOSUPPORT;
	if (r < 0) {
		msg_set(&c->end.msg, "cannot connect: %s", uv_strerror(r));
		conn_cut(c, WEALD_IO);
	}
	*out = c;
	return WEALD_OK;
}

/* ---- what is known of it ------------------------------------------------- */

void conn_set_limit(struct conn *c, uint32_t body_bytes_max)
{
	c->limit = body_bytes_max < FRAME_BODY_BYTES_MAX ? body_bytes_max
							 : FRAME_BODY_BYTES_MAX;
}

void conn_set_data(struct conn *c, void *data)
{
	c->data = data;
}

void *conn_data(const struct conn *c)
{
	return c->data;
}

bool conn_dialled(const struct conn *c)
{
	return c->dialled;
}

bool conn_is_up(const struct conn *c)
{
	return c->state == CONN_OPEN;
}

const uint8_t *conn_key(const struct conn *c)
{
	return tls_session_key(c->tls);
}

const char *conn_address(const struct conn *c)
{
	return c->address;
}

const uint8_t *conn_network(const struct conn *c)
{
	return c->network;
}

void conn_figures(const struct conn *c, struct conn_figures *out)
{
	*out = c->figures;
	out->unsent = tls_session_out_bytes(c->tls) + c->out.len - c->out_at;
	if (c->flight > 0) {
		out->unsent -= c->flight;
		out->unsent += uv_stream_get_write_queue_size(
			(const uv_stream_t *)&c->tcp);
	}
}
