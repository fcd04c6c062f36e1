#include "daemon/node/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/node/uverr.h"
#include "tests/unit/connkit.h"
#include "tests/unit/framekit.h"

static struct connkit kit;

static int open_kit(void **state)
{
	(void)state;
	connkit_open(&kit);
	return 0;
}

static int close_kit(void **state)
{
	(void)state;
	connkit_close(&kit);
	return 0;
}

static void conn_dial__is_up_on_both_sides(void **state)
{
	(void)state;
	connkit_connect(&kit);
	assert_true(conn_dialled(kit.a.conn));
	assert_false(conn_dialled(kit.b.conn));
	assert_memory_equal(conn_key(kit.a.conn), kit.b.key, PUBKEY_BYTES);
	assert_memory_equal(conn_key(kit.b.conn), kit.a.key, PUBKEY_BYTES);
	connkit_ping(&kit.a, 7);
	connkit_ping(&kit.b, 8);
	CONNKIT_WAIT(&kit, kit.a.frames == 1 && kit.b.frames == 1);
	assert_int_equal(kit.a.last_number, 8);
	assert_int_equal(kit.b.last_number, 7);
}

static void conn_close__says_why_to_the_peer(void **state)
{
	(void)state;
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	conn_close(kit.a.conn, true, "seq-gap", "an \x1b[31mupdate");
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.b.frames, 1);
	assert_int_equal(kit.a.end.err, WEALD_OK);
	assert_true(kit.a.end.ours);
	assert_int_equal(kit.b.end.err, WEALD_OK);
	assert_false(kit.b.end.ours);
	assert_true(kit.b.end.peer_error);
	assert_string_equal(kit.b.end.reason, "seq-gap");
	assert_string_equal(kit.b.end.detail, "an \x1b[31mupdate");
	assert_string_equal(kit.b.end.msg.text,
			    "the peer refuses us: seq-gap: an \\x1b[31mupdate");
}

/* One frame of an updates list with one envelope of @bytes. */
static struct buf make_updates(size_t bytes)
{
	uint8_t *envelope = calloc(1, bytes);
	struct span list = { envelope, bytes };
	struct frame f = { .type = FRAME_UPDATES };
	struct buf out;

	assert_non_null(envelope);
	f.updates.envelopes = &list;
	f.updates.n = 1;
	buf_init(&out, FRAME_HEADER_BYTES + FRAME_BODY_BYTES_MAX);
	assert_int_equal(frame_encode(&f, &out), WEALD_OK);
	free(envelope);
	return out;
}

static void send_bytes(struct connend *e, struct span bytes)
{
	e->busy = true;
	assert_int_equal(conn_send_bytes(e->conn, bytes), WEALD_OK);
	e->busy = false;
}

/* ---- sending ------------------------------------------------------------- */

static void conn_send__goes_out_together(void **state)
{
	struct conn_figures figures;
	uint64_t before;
	uint64_t i;

	(void)state;
	connkit_connect(&kit);
	/* what TLS itself had to say has gone */
	CONNKIT_WAIT(&kit, kit.a.sents > 0);
	conn_figures(kit.a.conn, &figures);
	before = figures.bytes_out;
	kit.a.sents = 0;
	for (i = 0; i < 100; i++) {
		connkit_ping(&kit.a, i);
	}
	conn_figures(kit.a.conn, &figures);
	assert_true(figures.unsent >= 100 * (FRAME_HEADER_BYTES + 3));
	assert_int_equal(figures.bytes_out, before);
	assert_int_equal(kit.a.sents, 0);
	CONNKIT_WAIT(&kit, kit.b.frames == 100);
	assert_int_equal(kit.b.last_number, 99);
	assert_int_equal(kit.a.sents, 1);
	assert_int_equal(kit.a.unsent, 0);
	conn_figures(kit.a.conn, &figures);
	assert_int_equal(figures.frames_out, 100);
	assert_int_equal(figures.unsent, 0);
	conn_figures(kit.b.conn, &figures);
	assert_int_equal(figures.frames_in, 100);
}

static void answer(struct connend *e, struct conn *c, const struct frame *f)
{
	struct frame pong = { .type = FRAME_PONG, .ping = f->ping };

	(void)e;
	if (f->type == FRAME_PING) {
		assert_int_equal(conn_send(c, &pong), WEALD_OK);
	}
}

static void conn_send__works_in_a_callback(void **state)
{
	(void)state;
	kit.b.on_frame = answer;
	connkit_connect(&kit);
	connkit_ping(&kit.a, 42);
	CONNKIT_WAIT(&kit, kit.a.frames == 1);
	assert_int_equal(kit.a.last_type, FRAME_PONG);
	assert_int_equal(kit.a.last_number, 42);
}

static void conn_send__carries_the_largest_frame(void **state)
{
	struct buf big = make_updates(ENVELOPE_BYTES_MAX);
	struct conn_figures figures;

	(void)state;
	connkit_connect(&kit);
	conn_set_limit(kit.b.conn, FRAME_BODY_BYTES_MAX);
	send_bytes(&kit.a, buf_span(&big));
	connkit_ping(&kit.a, 5);
	conn_figures(kit.a.conn, &figures);
	assert_true(figures.unsent > ENVELOPE_BYTES_MAX);
	CONNKIT_WAIT(&kit, kit.b.frames == 2);
	assert_int_equal(kit.b.bytes, big.len + FRAME_HEADER_BYTES + 3);
	assert_int_equal(kit.b.last_number, 5);
	/* more than one piece, and the last left nothing */
	assert_true(kit.a.sents > 1);
	CONNKIT_WAIT(&kit, kit.a.unsent == 0);
	buf_release(&big);
}

static void conn_send__refuses_what_is_no_frame(void **state)
{
	struct frame f = { .type = FRAME_UPDATES };

	(void)state;
	connkit_connect(&kit);
	f.updates.n = 0; /* only the end of a want may be empty */
	assert_int_equal(conn_send(kit.a.conn, &f), WEALD_MALFORMED);
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
}

static void conn_send__is_bounded_where_nobody_reads(void **state)
{
	struct buf big = make_updates(ENVELOPE_BYTES_MAX / 4);
	struct conn_figures figures;
	unsigned frames = 0;
	unsigned turns;
	int r = WEALD_OK;

	(void)state;
	connkit_connect(&kit);
	conn_set_limit(kit.b.conn, FRAME_BODY_BYTES_MAX);
	conn_set_reading(kit.b.conn, false);
	while (r == WEALD_OK) {
		/* the system takes some megabytes, and then no more */
		for (turns = 0; turns < 20; turns++) {
			(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
		}
		r = conn_send_bytes(kit.a.conn, buf_span(&big));
		frames += r == WEALD_OK;
		assert_true(frames < 100);
		conn_figures(kit.a.conn, &figures);
		assert_true(figures.unsent < CONN_UNSENT_BYTES_MAX + 65536);
	}
	assert_int_equal(r, WEALD_TOOBIG);
	assert_int_equal(kit.b.frames, 0);
	/* nothing of it is lost */
	conn_set_reading(kit.b.conn, true);
	CONNKIT_WAIT(&kit, kit.b.frames == frames);
	assert_int_equal(kit.b.bytes, frames * big.len);
	buf_release(&big);
}

/* ---- receiving ----------------------------------------------------------- */

static void pause_at_nine(struct connend *e, struct conn *c,
			  const struct frame *f)
{
	(void)e;
	if (f->ping.number % 10 == 9) {
		conn_set_reading(c, false);
	}
}

static void conn_set_reading__holds_frames_back(void **state)
{
	uint64_t i;

	(void)state;
	kit.b.on_frame = pause_at_nine;
	connkit_connect(&kit);
	for (i = 0; i < 30; i++) {
		connkit_ping(&kit.a, i);
	}
	CONNKIT_WAIT(&kit, kit.b.frames == 10);
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	assert_int_equal(kit.b.frames, 10);
	kit.b.busy = true;
	conn_set_reading(kit.b.conn, true);
	kit.b.busy = false;
	CONNKIT_WAIT(&kit, kit.b.frames == 20);
	/* the end of the peer waits behind the frames as well */
	conn_close(kit.a.conn, false, "stopping", NULL);
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	assert_int_equal(kit.b.downs, 0);
	conn_set_reading(kit.b.conn, true);
	CONNKIT_WAIT(&kit, kit.b.frames == 30);
	assert_int_equal(kit.b.last_number, 29);
	conn_set_reading(kit.b.conn, true);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_string_equal(kit.b.end.reason, "stopping");
	assert_false(kit.b.end.peer_error);
}

static void conn__takes_little_in_a_turn(void **state)
{
	struct buf big = make_updates(ENVELOPE_BYTES_MAX);
	struct conn_figures figures;
	uint64_t before;

	(void)state;
	connkit_connect(&kit);
	conn_set_limit(kit.b.conn, FRAME_BODY_BYTES_MAX);
	send_bytes(&kit.a, buf_span(&big));
	conn_figures(kit.b.conn, &figures);
	while (kit.b.frames == 0) {
		before = figures.bytes_in;
		assert_true(connkit_turn(&kit));
		conn_figures(kit.b.conn, &figures);
		assert_true(figures.bytes_in - before <= CONN_TURN_BYTES);
	}
	buf_release(&big);
}

static void conn__skips_frames_of_later_versions(void **state)
{
	/* [99, 1] */
	static const uint8_t later[] = { 0, 0, 0, 3, 0x92, 0x63, 0x01 };

	(void)state;
	connkit_connect(&kit);
	send_bytes(&kit.a, (struct span){ later, sizeof later });
	connkit_ping(&kit.a, 3);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	assert_int_equal(kit.b.last_number, 3);
}

/* @bytes end the connection with @err, and the sender reads why. */
static void refuses(struct span bytes, int err)
{
	send_bytes(&kit.a, bytes);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.b.frames, 0);
	assert_int_equal(kit.b.end.err, err);
	assert_false(kit.b.end.ours);
	assert_int_equal(kit.a.end.err, WEALD_OK);
	assert_true(kit.a.end.peer_error);
	assert_string_equal(kit.a.end.reason, err_name(err));
	assert_string_equal(kit.a.end.detail, kit.b.end.msg.text);
}

static void conn__refuses_bad_frames(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		int err;
	} bad[] = {
		{ { 0, 0, 0, 0 }, 4, WEALD_MALFORMED },
		{ { 0, 0, 0, 2, 0x91, 0xc1 }, 6, WEALD_MALFORMED },
		{ { 0, 0, 0, 4, 0x92, 0x0c, 0xcc, 0x05 },
		  8,
		  WEALD_NONCANONICAL },
		{ { 0, 0, 0x10, 1, 0x92 }, 5, WEALD_TOOBIG },
		{ { 0xff, 0xff, 0xff, 0xff }, 4, WEALD_TOOBIG },
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		connkit_connect(&kit);
		refuses((struct span){ bad[i].bytes, bad[i].len }, bad[i].err);
		close_kit(state);
		open_kit(state);
	}
}

static void conn_set_limit__is_small_at_first(void **state)
{
	struct buf big = make_updates(FRAME_FIRST_BYTES_MAX);

	(void)state;
	connkit_connect(&kit);
	refuses(buf_span(&big), WEALD_TOOBIG);
	buf_release(&big);
}

static void conn__takes_every_frame(void **state)
{
	struct framekit frames;
	uint8_t *bytes;
	size_t len;
	size_t i;

	(void)state;
	framekit_fill(&frames);
	connkit_connect(&kit);
	for (i = 0; i < FRAMEKIT_N; i++) {
		if (frames.frames[i].type == FRAME_ERROR ||
		    frames.frames[i].type == FRAME_BYE) {
			continue;
		}
		bytes = framekit_bytes(i, &len);
		send_bytes(&kit.a, (struct span){ bytes, len });
		free(bytes);
	}
	CONNKIT_WAIT(&kit, kit.b.frames == FRAMEKIT_N - 2);
}

/* ---- closing ------------------------------------------------------------- */

static void conn_close__tells_a_peer_that_is_sending(void **state)
{
	struct buf big = make_updates(1024u * 1024u);
	unsigned i;

	(void)state;
	connkit_connect(&kit);
	conn_set_limit(kit.b.conn, FRAME_BODY_BYTES_MAX);
	for (i = 0; i < 8; i++) {
		send_bytes(&kit.a, buf_span(&big));
	}
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	conn_close(kit.b.conn, true, "backed-off", "later");
	conn_close(kit.b.conn, true, "again", "nothing happens");
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.b.frames, 1);
	assert_string_equal(kit.a.end.reason, "backed-off");
	assert_string_equal(kit.a.end.detail, "later");
	assert_string_equal(kit.b.end.msg.text,
			    "closed by us: backed-off: later");
	buf_release(&big);
}

static void conn_close__without_a_frame(void **state)
{
	(void)state;
	connkit_connect(&kit);
	conn_close(kit.b.conn, false, NULL, NULL);
	assert_false(conn_is_up(kit.b.conn));
	/* which does nothing now */
	connkit_ping(&kit.b, 1);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.a.frames, 0);
	assert_int_equal(kit.a.end.err, WEALD_OK);
	assert_string_equal(kit.a.end.reason, "");
	assert_string_equal(kit.a.end.msg.text,
			    "the peer closed the connection");
}

static void close_at_once(struct connend *e, struct conn *c)
{
	(void)e;
	conn_close(c, true, "blocked", "the region is blocked here");
}

static void conn_close__works_in_up(void **state)
{
	(void)state;
	kit.b.on_up = close_at_once;
	connkit_dial(&kit);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.a.ups, 1);
	assert_string_equal(kit.a.end.reason, "blocked");
}

static void close_on_frame(struct connend *e, struct conn *c,
			   const struct frame *f)
{
	(void)e;
	conn_close(c, true, "seq-gap", "");
	/* the frame is still borrowed */
	assert_int_equal(f->ping.number, 1);
}

static void drop_on_frame(struct connend *e, struct conn *c,
			  const struct frame *f)
{
	(void)e;
	conn_drop(c, "a whim");
	assert_int_equal(f->ping.number, 1);
}

static void conn_close__works_in_frame(void **state)
{
	(void)state;
	kit.b.on_frame = close_on_frame;
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	connkit_ping(&kit.a, 2);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.b.frames, 1);
	assert_string_equal(kit.a.end.reason, "seq-gap");
}

static void conn_drop__works_in_frame(void **state)
{
	(void)state;
	kit.b.on_frame = drop_on_frame;
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	connkit_ping(&kit.a, 2);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.b.frames, 1);
	assert_string_equal(kit.b.end.msg.text, "a whim");
	assert_true(kit.b.end.ours);
	assert_int_equal(kit.a.end.err, WEALD_IO);
}

static void conn_close__works_before_up(void **state)
{
	(void)state;
	kit.hold = true;
	connkit_dial(&kit);
	conn_close(kit.a.conn, true, "blocked", "nobody is told");
	assert_int_equal(kit.a.downs, 0);
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_true(kit.a.end.ours);
	connkit_accept(&kit);
	conn_close(kit.b.conn, true, "blocked", "nobody is told");
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.a.ups + kit.b.ups, 0);
}

/* ---- who it is ----------------------------------------------------------- */

static void conn_dial__refuses_another_node(void **state)
{
	(void)state;
	memset(kit.b.key, 0x11, PUBKEY_BYTES); /* what connkit_dial() pins */
	connkit_dial(&kit);
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_int_equal(kit.a.ups + kit.b.ups, 0);
	assert_int_equal(kit.a.end.err, WEALD_DENIED);
	assert_non_null(
		strstr(kit.a.end.msg.text, "another node answers there"));
	assert_int_equal(kit.b.end.err, WEALD_DENIED);
}

static void conn_dial__says_that_nobody_listens(void **state)
{
	(void)state;
	kit.addr.sin_port = htons(1);
	connkit_dial(&kit);
	assert_string_equal(conn_address(kit.a.conn), "127.0.0.1:1");
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_int_equal(kit.a.end.err, WEALD_IO);
	assert_string_equal(kit.a.end.msg.text,
			    "cannot connect: connection refused");
}

static void conn_dial__refuses_addresses_of_other_families(void **state)
{
	struct sockaddr addr = { .sa_family = AF_UNIX };

	(void)state;
	kit.a.busy = true;
	assert_int_equal(conn_dial(&kit.a.setup, &addr, kit.b.key, &kit.a.conn),
			 WEALD_OK);
	kit.a.busy = false;
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_int_equal(kit.a.end.err, WEALD_IO);
}

static void conn_address__names_the_other_end(void **state)
{
	static const uint8_t loopback[CONN_NETWORK_BYTES] = {
		[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1
	};
	struct sockaddr_in6 six;
	struct conn *c;

	(void)state;
	connkit_connect(&kit);
	assert_int_equal(strncmp(conn_address(kit.b.conn), "127.0.0.1:", 10),
			 0);
	assert_memory_equal(conn_network(kit.a.conn), loopback,
			    sizeof loopback);
	assert_int_equal(uv_ip6_addr("2001:db8:1:2:3::4", 7411, &six), 0);
	assert_int_equal(conn_dial(&kit.a.setup, (struct sockaddr *)&six,
				   kit.b.key, &c),
			 WEALD_OK);
	assert_string_equal(conn_address(c), "[2001:db8:1:2:3::4]:7411");
	assert_memory_equal(conn_network(c),
			    "\x20\x01\x0d\xb8\0\1\0\2\0\0\0\0\0\0\0\0", 16);
	conn_drop(c, "not this one");
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_int_equal(uv_ip6_addr("::ffff:127.0.0.1", 1, &six), 0);
	assert_int_equal(conn_dial(&kit.a.setup, (struct sockaddr *)&six,
				   kit.b.key, &c),
			 WEALD_OK);
	assert_string_equal(conn_address(c), "127.0.0.1:1");
	assert_memory_equal(conn_network(c), loopback, sizeof loopback);
	conn_drop(c, "nor this");
	CONNKIT_WAIT(&kit, kit.a.downs == 2);
}

/* ---- peers that misbehave ------------------------------------------------ */

static struct rawpeer raw;

static void conn__ends_with_what_is_not_tls(void **state)
{
	(void)state;
	rawpeer_open(&raw, &kit, false);
	rawpeer_write(&raw, span_of("GET / HTTP/1.0\r\n\r\n"));
	CONNKIT_WAIT(&kit, raw.eof);
	rawpeer_close(&raw);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.ups, 0);
	assert_int_equal(kit.b.end.err, WEALD_INVALID);
	assert_non_null(strstr(kit.b.end.msg.text, "speaks HTTP"));
}

static void conn__ends_where_the_peer_hangs_up(void **state)
{
	(void)state;
	rawpeer_open(&raw, &kit, true);
	CONNKIT_WAIT(&kit, kit.accepted == 1);
	rawpeer_close(&raw);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_IO);
	assert_true(strstr(kit.b.end.msg.text, "handshake") != NULL ||
		    strstr(kit.b.end.msg.text, "broke") != NULL);
	/* and after it, without close_notify */
	rawpeer_shake(&raw, &kit);
	rawpeer_say(&raw, (struct span){ (const uint8_t *)"\0\0\0", 3 });
	rawpeer_close(&raw);
	CONNKIT_WAIT(&kit, kit.b.downs == 2);
	assert_int_equal(kit.b.end.err, WEALD_IO);
	assert_string_equal(kit.b.end.msg.text,
			    "the peer hung up without a goodbye");
}

static void conn__ends_with_bytes_that_were_changed(void **state)
{
	(void)state;
	rawpeer_shake(&raw, &kit);
	rawpeer_write(&raw, (struct span){ (const uint8_t *)"\x17\x03\x03\0\x20"
							    "0123456789abcdef"
							    "0123456789abcdef",
					   37 });
	CONNKIT_WAIT(&kit, raw.eof);
	rawpeer_close(&raw);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_INVALID);
	assert_non_null(strstr(kit.b.end.msg.text, "bad record mac"));
}

static void conn__gives_up_a_handshake_that_takes_too_long(void **state)
{
	uint64_t start = uv_hrtime();

	(void)state;
	connkit_hurry(100);
	rawpeer_open(&raw, &kit, false);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_EXPIRED);
	assert_non_null(strstr(kit.b.end.msg.text, "handshake"));
	assert_true(uv_hrtime() - start >=
		    UINT64_C(1000000) * (CONN_SHAKE_MS / 100 - 2));
	rawpeer_close(&raw);
	/* the same while connecting */
	kit.hold = true;
	connkit_dial(&kit);
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_int_equal(kit.a.end.err, WEALD_EXPIRED);
	connkit_accept(&kit);
}

/* A byte a turn of @timer. */
struct drip {
	uv_timer_t timer;
	struct rawpeer *peer;
	struct buf bytes;
	size_t at;
};

static void drip_cb(uv_timer_t *timer)
{
	struct drip *d = timer->data;

	if (d->at < d->bytes.len && !d->peer->eof && !d->peer->reset) {
		(void)send(d->peer->fd, d->bytes.data + d->at++, 1,
			   MSG_NOSIGNAL);
	}
}

static void drip_start(struct drip *d, struct rawpeer *peer)
{
	d->peer = peer;
	d->at = 0;
	buf_init(&d->bytes, 1u << 20);
	assert_int_equal(uv_timer_init(&kit.loop, &d->timer), 0);
	d->timer.data = d;
	assert_int_equal(__real_uv_timer_start(&d->timer, drip_cb, 1, 1), 0);
}

static void drip_stop(struct drip *d)
{
	uv_close((uv_handle_t *)&d->timer, NULL);
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	buf_release(&d->bytes);
}

static void conn__gives_up_a_handshake_that_drips(void **state)
{
	struct drip d;

	(void)state;
	connkit_hurry(100);
	rawpeer_open(&raw, &kit, false);
	drip_start(&d, &raw);
	/* a ClientHello of the greatest size, of which only zeros come */
	assert_int_equal(buf_add(&d.bytes, "\x16\x03\x01\x40\0\x01\0\x3f\xfc",
				 9),
			 WEALD_OK);
	while (d.bytes.len < 16000) {
		assert_int_equal(buf_add_byte(&d.bytes, 0), WEALD_OK);
	}
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_EXPIRED);
	assert_true(d.at > 1);
	drip_stop(&d);
	rawpeer_close(&raw);
}

/* The peer of @raw was told that it took too long. */
static void told_too_long(void)
{
	CONNKIT_WAIT(&kit, raw.eof && kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_EXPIRED);
	assert_non_null(strstr(kit.b.end.msg.text, "frame"));
	assert_int_equal(tls_session_state(raw.tls), TLS_CLOSED);
	/* [15, "frame-late", ...] */
	assert_true(raw.plain.len > 15);
	assert_memory_equal(raw.plain.data + 4,
			    "\x93\x0f\xaa"
			    "frame-late",
			    13);
}

static void conn__gives_up_a_frame_that_takes_too_long(void **state)
{
	uint64_t start;

	(void)state;
	rawpeer_shake(&raw, &kit);
	connkit_hurry(200);
	start = uv_hrtime();
	/* whole ones do not prolong the time of the one behind them */
	rawpeer_say(&raw, (struct span){ (const uint8_t *)"\0\0\0\3\x92\x0c\1"
							  "\0\0",
					 9 });
	told_too_long();
	assert_int_equal(kit.b.frames, 1);
	assert_true(uv_hrtime() - start >=
		    UINT64_C(1000000) * (CONN_FRAME_MS / 200 - 2));
	rawpeer_close(&raw);
}

static void conn__gives_up_a_record_that_drips(void **state)
{
	struct drip d;

	(void)state;
	rawpeer_shake(&raw, &kit);
	connkit_hurry(200);
	drip_start(&d, &raw);
	/* no byte of a frame ever arrives */
	assert_int_equal(buf_add(&d.bytes, "\x17\x03\x03\x40\0", 5), WEALD_OK);
	while (d.bytes.len < 16000) {
		assert_int_equal(buf_add_byte(&d.bytes, 0), WEALD_OK);
	}
	told_too_long();
	drip_stop(&d);
	rawpeer_close(&raw);
}

static void conn__does_not_mind_silence_between_frames(void **state)
{
	uint64_t start;

	(void)state;
	connkit_connect(&kit);
	connkit_hurry(1000);
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	start = uv_hrtime();
	while (uv_hrtime() - start < UINT64_C(3000000) * CONN_FRAME_MS / 1000) {
		(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	}
	connkit_ping(&kit.a, 2);
	CONNKIT_WAIT(&kit, kit.b.frames == 2);
	assert_int_equal(kit.a.downs + kit.b.downs, 0);
}

static void conn__does_not_count_the_time_that_it_does_not_read(void **state)
{
	uint64_t start;

	(void)state;
	rawpeer_shake(&raw, &kit);
	connkit_hurry(1000);
	rawpeer_say(&raw, (struct span){ (const uint8_t *)"\0\0\0\3\x92", 5 });
	(void)connkit_turn(&kit);
	conn_set_reading(kit.b.conn, false);
	start = uv_hrtime();
	while (uv_hrtime() - start < UINT64_C(2000000) * CONN_FRAME_MS / 1000) {
		(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	}
	connkit_hurry(1);
	conn_set_reading(kit.b.conn, true);
	rawpeer_say(&raw, (struct span){ (const uint8_t *)"\x0c\7", 2 });
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	assert_int_equal(kit.b.last_number, 7);
	rawpeer_close(&raw);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
}

static void conn_close__does_not_wait_for_ever(void **state)
{
	struct buf big = make_updates(ENVELOPE_BYTES_MAX);
	unsigned i;

	(void)state;
	rawpeer_shake(&raw, &kit);
	connkit_hurry(20);
	(void)uv_poll_stop(&raw.poll); /* reads nothing any more */
	for (i = 0; i < 3; i++) {
		send_bytes(&kit.b, buf_span(&big));
	}
	conn_close(kit.b.conn, true, "stopping", "nobody reads this");
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.b.end.err, WEALD_OK);
	assert_true(kit.b.end.ours);
	rawpeer_close(&raw);
	buf_release(&big);
}

static void conn_close__does_not_drain_for_ever(void **state)
{
	static uint8_t rubbish[65536];
	struct conn_figures figures = { 0 };
	ssize_t n = 1;

	(void)state;
	rawpeer_shake(&raw, &kit);
	conn_close(kit.b.conn, true, "blocked", "");
	while (kit.b.downs == 0) {
		n = send(raw.fd, rubbish, sizeof rubbish,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (kit.b.conn != NULL) {
			conn_figures(kit.b.conn, &figures);
		}
		assert_true(connkit_turn(&kit));
	}
	/* cut after so much, long before the time was over */
	assert_true(figures.bytes_in <=
		    CONN_DRAIN_BYTES_MAX + 2 * CONN_TURN_BYTES);
	(void)n;
	rawpeer_close(&raw);
}

static void conn__reads_the_last_words_of_a_peer_that_is_gone(void **state)
{
	struct buf big = make_updates(ENVELOPE_BYTES_MAX / 2);

	(void)state;
	connkit_connect(&kit);
	/* @b says why and is gone at once; @a writes into the void meanwhile */
	conn_close(kit.b.conn, true, "backed-off", "later");
	(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	send_bytes(&kit.a, buf_span(&big));
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_string_equal(kit.a.end.reason, "backed-off");
	buf_release(&big);
}

static void err_from_uv__ends_the_codes_of_libuv(void **state)
{
	(void)state;
	assert_int_equal(err_from_uv(0), WEALD_OK);
	assert_int_equal(err_from_uv(17), WEALD_OK);
	assert_int_equal(err_from_uv(UV_EMFILE), WEALD_NOMEM);
	assert_int_equal(err_from_uv(UV_EADDRINUSE), WEALD_EXISTS);
	assert_int_equal(err_from_uv(UV_EADDRNOTAVAIL), WEALD_DENIED);
	assert_int_equal(err_from_uv(UV_EAI_NONAME), WEALD_NOTFOUND);
	assert_int_equal(err_from_uv(UV_EINVAL), WEALD_INVALID);
	assert_int_equal(err_from_uv(UV_ENOSPC), WEALD_NOSPACE);
	assert_int_equal(err_from_uv(UV_ECONNRESET), WEALD_IO);
}

#define WITH_KIT(test) \
	cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(conn_dial__is_up_on_both_sides),
		WITH_KIT(conn_close__says_why_to_the_peer),
		WITH_KIT(conn_send__goes_out_together),
		WITH_KIT(conn_send__works_in_a_callback),
		WITH_KIT(conn_send__carries_the_largest_frame),
		WITH_KIT(conn_send__refuses_what_is_no_frame),
		WITH_KIT(conn_send__is_bounded_where_nobody_reads),
		WITH_KIT(conn_set_reading__holds_frames_back),
		WITH_KIT(conn__takes_little_in_a_turn),
		WITH_KIT(conn__skips_frames_of_later_versions),
		WITH_KIT(conn__refuses_bad_frames),
		WITH_KIT(conn_set_limit__is_small_at_first),
		WITH_KIT(conn__takes_every_frame),
		WITH_KIT(conn_close__tells_a_peer_that_is_sending),
		WITH_KIT(conn_close__without_a_frame),
		WITH_KIT(conn_close__works_in_up),
		WITH_KIT(conn_close__works_in_frame),
		WITH_KIT(conn_drop__works_in_frame),
		WITH_KIT(conn_close__works_before_up),
		WITH_KIT(conn_dial__refuses_another_node),
		WITH_KIT(conn_dial__says_that_nobody_listens),
		WITH_KIT(conn_dial__refuses_addresses_of_other_families),
		WITH_KIT(conn_address__names_the_other_end),
		WITH_KIT(conn__ends_with_what_is_not_tls),
		WITH_KIT(conn__ends_where_the_peer_hangs_up),
		WITH_KIT(conn__ends_with_bytes_that_were_changed),
		WITH_KIT(conn__gives_up_a_handshake_that_takes_too_long),
		WITH_KIT(conn__gives_up_a_handshake_that_drips),
		WITH_KIT(conn__gives_up_a_frame_that_takes_too_long),
		WITH_KIT(conn__gives_up_a_record_that_drips),
		WITH_KIT(conn__does_not_mind_silence_between_frames),
		WITH_KIT(conn__does_not_count_the_time_that_it_does_not_read),
		WITH_KIT(conn_close__does_not_wait_for_ever),
		WITH_KIT(conn_close__does_not_drain_for_ever),
		WITH_KIT(conn__reads_the_last_words_of_a_peer_that_is_gone),
		cmocka_unit_test(err_from_uv__ends_the_codes_of_libuv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
