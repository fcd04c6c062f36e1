/*
 * What the parts of a connection share: conn.c, its life; conn_read.c, bytes
 * to frames; conn_write.c, frames to bytes.
 */
#ifndef WEALD_DAEMON_NODE_CONN_PRIVATE_H
#define WEALD_DAEMON_NODE_CONN_PRIVATE_H

#include "daemon/node/conn.h"

enum conn_state {
	CONN_CONNECTING,
	CONN_SHAKING,
	CONN_OPEN,
	CONN_CLOSING,
	CONN_GONE /* its handles are closing; then down() */
};

struct conn {
	uv_tcp_t tcp;
	uv_timer_t timer; /* the deadline of the state, or of a frame */
	uv_idle_t idle;   /* active where a turn is due: conn_wake() */
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	unsigned handles_open;

	struct conn_setup setup;
	struct tls_session *tls;
	enum conn_state state;
	bool dialled;
	bool silent; /* it was never handed out: no down() */
	void *data;
	uint8_t network[CONN_NETWORK_BYTES];
	char address[CONN_ADDRESS_BYTES];
	struct conn_figures figures;
	struct conn_end end;

	/* reading */
	struct buf in;  /* decrypted: whole frames and the begin of one */
	uint32_t limit; /* of a frame's body */
	bool paused;    /* by the owner */
	bool turn_over; /* CONN_TURN_BYTES were read in this turn */
	bool starved;   /* no memory to read into */
	bool begun; /* bytes came that are no whole frame yet, at begun_ms */
	uint64_t begun_ms;
	bool fated; /* ends with @fate once the frames before are handled */
	int fate;   /* @end.msg says why */
	size_t drained;
	bool eof;

	/* writing */
	struct buf out; /* encrypted, @out_at of it was taken by the system */
	size_t out_at;
	size_t flight; /* bytes of the uv_write() under way; 0: none is */
	bool sent_due;
	bool broken;        /* the peer takes nothing any more */
	bool shutdown_sent; /* uv_shutdown() was called */
	bool shutdown_done;
};

static inline bool conn_has_ended(const struct conn *c)
{
	return c->state == CONN_CLOSING || c->state == CONN_GONE;
}

/* A turn is due: conn_turn() is called before the loop waits again. */
void conn_wake(struct conn *c);

/*
 * End with @err; @c->end.msg says why. Lingering: what waits is sent, the
 * peer's bytes are drained, CONN_CLOSE_MS long. Once.
 */
void conn_linger(struct conn *c, int err);
/* The same at once; ends lingering too, whose reason stays. */
void conn_cut(struct conn *c, int err);
/* Say @at_fault's error or bye, then linger. */
void conn_dismiss(struct conn *c, int err, bool at_fault, const char *reason,
		  const char *detail);

/* The deadline of the state. */
void conn_set_deadline(struct conn *c, uint64_t ms);

/* Read from the socket or not, as the state asks for. */
void conn_watch(struct conn *c);
/* Handle the frames that wait, and the fate behind them. */
void conn_frames(struct conn *c);
/* The clock of a frame that has begun runs. */
void conn_frame_clock(struct conn *c);

/* Write what waits; while closing, shut down behind it. */
void conn_flush(struct conn *c);

#endif
