/*
 * Connections: frames over TLS over TCP, in both directions.
 *
 *              conn_dial()            conn_accept()
 *                  |                       |
 *              CONNECTING                  |
 *                  +-------> SHAKING <-----+
 *                               |  both certificates are good: up()
 *                             OPEN      frame() ... sent() ...
 *                               |  conn_close(), or the peer, or a deadline
 *                            CLOSING    error or bye, close_notify, drained
 *                               |
 *                             gone      down(), once and last
 *
 * A connection knows nothing of gossip: it hands decoded frames up and says
 * when bytes have gone out. A frame that breaks the rules of proto/frame.h is
 * answered with an error frame of that reason. Deadlines are total times:
 * CONN_SHAKE_MS until up(), CONN_FRAME_MS from the first byte of a frame to its
 * last, CONN_CLOSE_MS for the end. A peer that is silent between two frames is
 * for the owner to notice. At most one
 * frame is being put together at a time, of at most conn_set_limit() bytes;
 * memory for it grows with what has arrived, not with what was announced.
 *
 * All calls and callbacks on the loop's thread. Callbacks may call any
 * function of this header, also conn_close() of the same connection; down() is
 * never called from within a function of this header, and never before the one
 * that made the connection has returned.
 */
#ifndef WEALD_DAEMON_NODE_CONN_H
#define WEALD_DAEMON_NODE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "daemon/node/tls.h"
#include "proto/err.h"
#include "proto/frame.h"

#define CONN_SHAKE_MS 10000u
#define CONN_FRAME_MS 30000u
#define CONN_CLOSE_MS 2000u
/* Fed to TLS in one turn of the loop, so that no peer holds up the others. */
#define CONN_TURN_BYTES (64u * 1024u)
/*
 * What may wait to be sent. The owner stops long before; conn_send() refuses
 * past it, so that a peer that does not read costs no more than this.
 */
#define CONN_UNSENT_BYTES_MAX (16u * 1024u * 1024u)
/* Read and thrown away while closing, so that the peer gets our last frame. */
#define CONN_DRAIN_BYTES_MAX (8u * 1024u * 1024u)
/* "[v6]:65535" and its NUL. */
#define CONN_ADDRESS_BYTES 56u

struct conn;

/* Why a connection ended. Borrowed for the call. */
struct conn_end {
	/* WEALD_OK: the peer or we closed in order; else what failed:
	   WEALD_DENIED the certificate; WEALD_INVALID TLS; WEALD_MALFORMED,
	   WEALD_NONCANONICAL, WEALD_TOOBIG a frame; WEALD_EXPIRED a deadline;
	   WEALD_IO the network */
	int err;
	bool ours; /* we closed, with conn_close() */
	/* the peer's last frame, where it was an error or a bye */
	bool peer_error;
	char reason[FRAME_REASON_BYTES_MAX + 1]; /* "" where none */
	char detail[FRAME_DETAIL_BYTES_MAX + 1]; /* of the peer: escape it */
	struct weald_msg msg;
};

struct conn_handler {
	/* TLS is done; conn_key() is proven; frames may be sent. The side
	   that connects is up before the other has judged its certificate:
	   a refusal shows as down() with WEALD_DENIED, before any frame() */
	void (*up)(void *ctx, struct conn *c);
	/* @frame: decoded, borrowed for the call; never error or bye, which
	   end the connection, and never FRAME_UNKNOWN, which is skipped.
	   @bytes: of the whole frame */
	void (*frame)(void *ctx, struct conn *c, const struct frame *frame,
		      size_t bytes);
	/* bytes were taken by the system; not after conn_close() */
	void (*sent)(void *ctx, struct conn *c, size_t unsent);
	/* @c is gone after this */
	void (*down)(void *ctx, struct conn *c, const struct conn_end *end);
};

/* @handler and @tls are kept until down(); @ctx is handed to the handler. */
struct conn_setup {
	uv_loop_t *loop;
	struct tls *tls;
	const struct conn_handler *handler;
	void *ctx;
};

/*
 * Take a waiting connection of @server, a listening uv_tcp_t.
 *   WEALD_NOMEM   it waits still, and the server stands still until it is
 *                 taken: call again later
 *   WEALD_IO      it was taken, and has ended already
 */
int conn_accept(const struct conn_setup *setup, uv_stream_t *server,
		struct conn **out);

/*
 * Connect to @addr, where the node with the key @pin must be. What fails of
 * the network, even at once, comes as down(). WEALD_NOMEM.
 */
int conn_dial(const struct conn_setup *setup, const struct sockaddr *addr,
	      const uint8_t pin[PUBKEY_BYTES], struct conn **out);

/*
 * Send a frame. It is encoded and encrypted at once and written in order;
 * nothing is borrowed after the call. Not before up(). After conn_close(), and
 * once the connection has begun to end by itself, it does nothing.
 *
 * What is sent in one turn of the loop goes out together, before the loop
 * waits again.
 *
 * WEALD_TOOBIG (also: CONN_UNSENT_BYTES_MAX is reached) or WEALD_MALFORMED (our
 * mistake), WEALD_NOMEM, WEALD_CRYPTO: the connection is closed by the caller.
 */
int conn_send(struct conn *c, const struct frame *frame);
/* The same with a frame that is encoded already, whole. */
int conn_send_bytes(struct conn *c, struct span frame);

/*
 * Close: an error frame (@at_fault) or a bye, with @reason and @detail, after
 * what was sent before, then close_notify; down() follows within
 * CONN_CLOSE_MS. @reason NULL: no frame. @detail may be NULL, and is cut at
 * what a frame holds. Before up() nobody is told. Again: nothing happens.
 */
void conn_close(struct conn *c, bool at_fault, const char *reason,
		const char *detail);
/* Close at once and tell the peer nothing; @why is for conn_end.msg. */
void conn_drop(struct conn *c, const char *why);

/* Read from the peer or leave it waiting: back-pressure. */
void conn_set_reading(struct conn *c, bool on);
/* The largest body allowed from now on; FRAME_FIRST_BYTES_MAX at first. */
void conn_set_limit(struct conn *c, uint32_t body_bytes_max);
/* What the caller hangs on a connection, NULL at first. */
void conn_set_data(struct conn *c, void *data);
void *conn_data(const struct conn *c);

bool conn_dialled(const struct conn *c);
bool conn_is_up(const struct conn *c);
/* The peer's key; all zero before up(), on the listening side. */
const uint8_t *conn_key(const struct conn *c);
/* "192.0.2.1:7411", "[2001:db8::1]:7411": the other end. */
const char *conn_address(const struct conn *c);
/*
 * Where the other end is, for limits by address: IPv4 as ::ffff:192.0.2.1, of
 * IPv6 the network, its first 64 bits.
 */
#define CONN_NETWORK_BYTES 16u
const uint8_t *conn_network(const struct conn *c);

struct conn_figures {
	uint64_t bytes_in; /* of TLS, on the wire */
	uint64_t bytes_out;
	uint64_t frames_in;
	uint64_t frames_out;
	uint64_t since_ms; /* uv_now() at the start */
	size_t unsent;     /* bytes that the system has not taken */
};
void conn_figures(const struct conn *c, struct conn_figures *out);

#endif
