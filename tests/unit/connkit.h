/*
 * Connkit: two nodes' transports in one loop, for the tests of what runs on
 * connections. Everything that a connection tells is written down; a test
 * waits for what it expects.
 */
#ifndef WEALD_TESTS_CONNKIT_H
#define WEALD_TESTS_CONNKIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/node/conn.h"

/* One end, and what was heard from it. */
struct connend {
	struct tls *tls;
	uint8_t key[PUBKEY_BYTES];
	struct conn_setup setup;
	struct conn *conn; /* the last; NULL once it is down */
	unsigned ups;
	unsigned frames;
	unsigned sents;
	unsigned downs;
	enum frame_type last_type;
	uint64_t last_number; /* of a ping or pong */
	uint64_t bytes;
	size_t unsent;       /* as sent() said last */
	struct conn_end end; /* as down() said last */
	bool busy;           /* a function of conn.h is under way */
	/* called first of all; NULL: nothing more happens */
	void (*on_up)(struct connend *e, struct conn *c);
	void (*on_frame)(struct connend *e, struct conn *c,
			 const struct frame *f);
	void (*on_sent)(struct connend *e, struct conn *c);
	void (*on_down)(struct connend *e, struct conn *c,
			const struct conn_end *end);
	void *data; /* the test's */
};

struct connkit {
	uv_loop_t loop;
	uv_tcp_t server; /* takes connections for @b */
	uv_timer_t alarm;
	bool late;
	bool hold; /* @server waits: call connkit_accept() */
	int accepted;
	struct sockaddr_in addr; /* of @server */
	struct connend a;        /* dials */
	struct connend b;        /* listens */
};

extern const struct conn_handler connkit_handler;

void connkit_open(struct connkit *k);
/* Closes all, and sees that nothing is left in the loop. */
void connkit_close(struct connkit *k);

/* Take the connection that waits. */
void connkit_accept(struct connkit *k);
/* @a dials @b. */
void connkit_dial(struct connkit *k);
/* The same, and both are up. */
void connkit_connect(struct connkit *k);
/*
 * A peer that does what it likes, over a socket of its own. What arrives is
 * read in the loop, and decrypted where it speaks TLS.
 */
struct rawpeer {
	int fd;
	uv_poll_t poll;
	struct tls_session *tls;
	struct buf plain; /* or as it came, without @tls */
	struct weald_msg msg;
	bool eof;
	bool reset;
};

/* Connect to @k's server; @speaks_tls: and say hello to it, as @k->a. */
void rawpeer_open(struct rawpeer *p, struct connkit *k, bool speaks_tls);
/* The same to the end of the handshake, and @b is up. */
void rawpeer_shake(struct rawpeer *p, struct connkit *k);
void rawpeer_close(struct rawpeer *p);
/* Send as they are. */
void rawpeer_write(struct rawpeer *p, struct span bytes);
/* Send encrypted. */
void rawpeer_say(struct rawpeer *p, struct span plain);

/* One turn of the loop; false: it took too long, nothing more will come. */
bool connkit_turn(struct connkit *k);
#define CONNKIT_WAIT(k, what)                         \
	do {                                          \
		while (!(what)) {                     \
			assert_true(connkit_turn(k)); \
		}                                     \
	} while (0)

/* @e sends a ping; asserts that it may. */
void connkit_ping(struct connend *e, uint64_t number);

/*
 * Make time run @times faster for what asks libuv for it; 1: as it is. A
 * program that includes this links with uv_now() and uv_timer_start() wrapped.
 */
void connkit_hurry(unsigned times);

uint64_t __wrap_uv_now(const uv_loop_t *loop);
uint64_t __real_uv_now(const uv_loop_t *loop);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout,
			  uint64_t repeat);
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout,
			  uint64_t repeat);

#endif
