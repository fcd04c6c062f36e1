#include "tests/unit/connkit.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "proto/ed25519.h"

/* Longer than any test may take, however slow the machine. */
#define ALARM_MS 5000u

static unsigned hurry = 1;
static const uv_loop_t *hurried; /* the loop of the kit that is open */
static uint64_t real_ms;         /* what uv_now() said last, */
static uint64_t told_ms;         /* and what we made of it */

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
	uint64_t now_ms = __real_uv_now(loop);

	told_ms += (now_ms - real_ms) * hurry;
	real_ms = now_ms;
	return told_ms;
}

void connkit_hurry(unsigned times)
{
	/* what has passed so far passed at the old speed */
	(void)__wrap_uv_now(hurried);
	hurry = times;
}

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout,
			  uint64_t repeat)
{
	/* rounded up: a timer is never early */
	return __real_uv_timer_start(timer, cb, (timeout + hurry - 1) / hurry,
				     repeat / hurry);
}

static void handle_up(void *ctx, struct conn *c)
{
	struct connend *e = ctx;

	assert_false(e->busy);
	e->ups++;
	e->conn = c;
	assert_true(conn_is_up(c));
	if (e->on_up != NULL) {
		e->on_up(e, c);
	}
}

static void handle_frame(void *ctx, struct conn *c, const struct frame *frame,
			 size_t bytes)
{
	struct connend *e = ctx;

	assert_false(e->busy);
	assert_ptr_equal(e->conn, c);
	assert_true(frame->type != FRAME_ERROR && frame->type != FRAME_BYE &&
		    frame->type != FRAME_UNKNOWN);
	e->frames++;
	e->bytes += bytes;
	e->last_type = frame->type;
	if (frame->type == FRAME_PING || frame->type == FRAME_PONG) {
		e->last_number = frame->ping.number;
	}
	if (e->on_frame != NULL) {
		e->on_frame(e, c, frame);
	}
}

static void handle_sent(void *ctx, struct conn *c, size_t unsent)
{
	struct connend *e = ctx;

	assert_false(e->busy);
	e->sents++;
	e->unsent = unsent;
	if (e->on_sent != NULL) {
		e->on_sent(e, c);
	}
}

static void handle_down(void *ctx, struct conn *c, const struct conn_end *end)
{
	struct connend *e = ctx;

	assert_false(e->busy);
	assert_non_null(conn_address(c));
	assert_false(conn_is_up(c));
	e->downs++;
	e->end = *end;
	e->conn = NULL;
	if (e->on_down != NULL) {
		e->on_down(e, c, end);
	}
}

const struct conn_handler connkit_handler = {
	.up = handle_up,
	.frame = handle_frame,
	.sent = handle_sent,
	.down = handle_down,
};

static void alarm_cb(uv_timer_t *timer)
{
	struct connkit *k = timer->data;

	k->late = true;
}

void connkit_accept(struct connkit *k)
{
	k->b.busy = true;
	assert_int_equal(conn_accept(&k->b.setup, (uv_stream_t *)&k->server,
				     &k->b.conn),
			 WEALD_OK);
	k->b.busy = false;
	k->accepted++;
}

static void connection_cb(uv_stream_t *server, int status)
{
	struct connkit *k = server->data;

	assert_int_equal(status, 0);
	if (!k->hold) {
		connkit_accept(k);
	}
}

static void open_end(struct connkit *k, struct connend *e, uint8_t seed_byte)
{
	uint8_t seed[SEED_BYTES];
	struct weald_msg msg;

	memset(seed, seed_byte, sizeof seed);
	assert_int_equal(tls_new(seed, &e->tls, &msg), WEALD_OK);
	assert_int_equal(ed25519_public(seed, e->key), WEALD_OK);
	e->setup = (struct conn_setup){
		.loop = &k->loop,
		.tls = e->tls,
		.handler = &connkit_handler,
		.ctx = e,
	};
}

void connkit_open(struct connkit *k)
{
	int len = sizeof k->addr;

	memset(k, 0, sizeof *k);
	assert_int_equal(uv_loop_init(&k->loop), 0);
	hurried = &k->loop;
	assert_int_equal(uv_tcp_init(&k->loop, &k->server), 0);
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &k->addr), 0);
	assert_int_equal(uv_tcp_bind(&k->server,
				     (const struct sockaddr *)&k->addr, 0),
			 0);
	assert_int_equal(uv_listen((uv_stream_t *)&k->server, 16,
				   connection_cb),
			 0);
	assert_int_equal(uv_tcp_getsockname(&k->server,
					    (struct sockaddr *)&k->addr, &len),
			 0);
	k->server.data = k;
	assert_int_equal(uv_timer_init(&k->loop, &k->alarm), 0);
	k->alarm.data = k;
	assert_int_equal(__real_uv_timer_start(&k->alarm, alarm_cb, ALARM_MS,
					       0),
			 0);
	open_end(k, &k->a, 0xa1);
	open_end(k, &k->b, 0xb2);
}

bool connkit_turn(struct connkit *k)
{
	(void)uv_run(&k->loop, UV_RUN_ONCE);
	return !k->late;
}

void connkit_close(struct connkit *k)
{
	connkit_hurry(1);
	if (k->a.conn != NULL) {
		conn_drop(k->a.conn, "the test is over");
	}
	if (k->b.conn != NULL) {
		conn_drop(k->b.conn, "the test is over");
	}
	uv_close((uv_handle_t *)&k->server, NULL);
	uv_close((uv_handle_t *)&k->alarm, NULL);
	assert_int_equal(uv_run(&k->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&k->loop), 0);
	tls_free(k->a.tls);
	tls_free(k->b.tls);
}

void connkit_dial(struct connkit *k)
{
	k->a.busy = true;
	assert_int_equal(conn_dial(&k->a.setup,
				   (const struct sockaddr *)&k->addr, k->b.key,
				   &k->a.conn),
			 WEALD_OK);
	k->a.busy = false;
}

void connkit_connect(struct connkit *k)
{
	unsigned a = k->a.ups;
	unsigned b = k->b.ups;

	connkit_dial(k);
	CONNKIT_WAIT(k, k->a.ups > a && k->b.ups > b);
}

void connkit_ping(struct connend *e, uint64_t number)
{
	struct frame f = { .type = FRAME_PING, .ping = { number } };

	e->busy = true;
	assert_int_equal(conn_send(e->conn, &f), WEALD_OK);
	e->busy = false;
}

/* ---- raw peers ----------------------------------------------------------- */

void rawpeer_write(struct rawpeer *p, struct span bytes)
{
	/* small enough for the system to take it whole */
	assert_int_equal(send(p->fd, bytes.data, bytes.len, MSG_NOSIGNAL),
			 (ssize_t)bytes.len);
}

static void send_tls(struct rawpeer *p)
{
	struct buf wire;

	buf_init(&wire, TLS_OUT_BYTES_MAX);
	assert_int_equal(tls_session_out(p->tls, &wire), WEALD_OK);
	if (wire.len > 0) {
		rawpeer_write(p, buf_span(&wire));
	}
	buf_release(&wire);
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
	struct rawpeer *p = poll->data;
	uint8_t bytes[65536];
	ssize_t n;

	(void)status;
	(void)events;
	n = recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n <= 0) {
		p->eof = n == 0;
		p->reset = n < 0;
		(void)uv_poll_stop(poll);
	} else if (p->tls == NULL) {
		assert_int_equal(buf_add(&p->plain, bytes, (size_t)n),
				 WEALD_OK);
	} else if (tls_session_state(p->tls) != TLS_FAILED) {
		(void)tls_session_feed(p->tls,
				       (struct span){ bytes, (size_t)n },
				       &p->plain, &p->msg);
		if (tls_session_out_bytes(p->tls) > 0) {
			send_tls(p);
		}
	}
}

void rawpeer_open(struct rawpeer *p, struct connkit *k, bool speaks_tls)
{
	memset(p, 0, sizeof *p);
	buf_init(&p->plain, 64u * 1024u * 1024u);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->fd >= 0);
	assert_int_equal(connect(p->fd, (const struct sockaddr *)&k->addr,
				 sizeof k->addr),
			 0);
	assert_int_equal(uv_poll_init(&k->loop, &p->poll, p->fd), 0);
	p->poll.data = p;
	assert_int_equal(uv_poll_start(&p->poll, UV_READABLE, poll_cb), 0);
	if (speaks_tls) {
		assert_int_equal(tls_session_new(k->a.tls, k->b.key, &p->tls),
				 WEALD_OK);
		assert_int_equal(tls_session_start(p->tls, &p->msg), WEALD_OK);
		send_tls(p);
	}
}

void rawpeer_shake(struct rawpeer *p, struct connkit *k)
{
	unsigned ups = k->b.ups;

	rawpeer_open(p, k, true);
	CONNKIT_WAIT(k, k->b.ups > ups);
}

void rawpeer_say(struct rawpeer *p, struct span plain)
{
	assert_int_equal(tls_session_write(p->tls, plain), WEALD_OK);
	send_tls(p);
}

static void poll_closed_cb(uv_handle_t *handle)
{
	struct rawpeer *p = handle->data;

	(void)close(p->fd);
	p->fd = -1;
}

void rawpeer_close(struct rawpeer *p)
{
	uv_loop_t *loop = p->poll.loop;

	uv_close((uv_handle_t *)&p->poll, poll_closed_cb);
	while (p->fd >= 0) {
		(void)uv_run(loop, UV_RUN_NOWAIT);
	}
	tls_session_free(p->tls);
	buf_release(&p->plain);
}
