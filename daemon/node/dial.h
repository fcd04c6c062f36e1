/*
 * The dialler: keeps trying to reach the nodes that we want a connection to.
 *
 * One target a node key, with its addresses, tried in turn. Between tries it
 * waits DIAL_FIRST_MS, doubled up to DIAL_MOST_MS each time that all addresses
 * were tried, with a jitter of half to one and a half times, drawn from
 * @random. What is a target is tried for ever; the owner adds and removes
 * targets. Names are resolved with uv_getaddrinfo(), each time anew; where a
 * name has several addresses, each try takes the next.
 *
 * A connection that came up is the owner's: it tells dialler_connected() when a
 * session with that key stands, whoever dialled it, and dialler_lost() when it
 * has gone; then the waiting begins again. While a session stands nothing is
 * dialled.
 */
#ifndef WEALD_DAEMON_NODE_DIAL_H
#define WEALD_DAEMON_NODE_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/node/conn.h"
#include "proto/err.h"

#define DIAL_FIRST_MS      500u
#define DIAL_MOST_MS       60000u
#define DIAL_TARGETS_MAX   1024u
#define DIAL_ADDRESSES_MAX 8u
/* Tries under way at one time. */
#define DIAL_AT_ONCE_MAX 16u

struct dialler;

/* Draws a number below @below, at least 1; for jitter only. */
typedef uint64_t dial_random_fn(void *ctx, uint64_t below);

/* WEALD_NOMEM. Keeps @random_ctx until dialler_close(). */
int dialler_new(const struct conn_setup *setup, dial_random_fn *random,
		void *random_ctx, struct dialler **out);
/*
 * Ends tries under way; their down() still comes, when @d has gone: set it to
 * NULL, which all functions below take for a dialler without targets. Takes
 * NULL.
 */
void dialler_close(struct dialler *d);

/*
 * Dial @key at @addresses (as address_parse() takes them; copied), 1 to
 * DIAL_ADDRESSES_MAX of them. A target that is there gets the new addresses and
 * is tried at once if they differ. On failure all is as it was.
 *   WEALD_TOOBIG   too many addresses, or DIAL_TARGETS_MAX are there
 *   WEALD_INVALID  an address, or none
 *   WEALD_NOMEM
 */
int dialler_set(struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		const char *const *addresses, size_t addresses_n,
		struct weald_msg *msg);
/* No longer a target; a try under way is ended. Unknown: nothing happens. */
void dialler_remove(struct dialler *d, const uint8_t key[PUBKEY_BYTES]);
/* Try now, whatever the waiting time (a join, a reload). */
void dialler_hurry(struct dialler *d, const uint8_t key[PUBKEY_BYTES]);

void dialler_connected(struct dialler *d, const uint8_t key[PUBKEY_BYTES]);
/*
 * The session has gone. @back_off_ms: at least this long until the next try (a
 * peer that misbehaved); 0: as usual, beginning with DIAL_FIRST_MS where the
 * session stood for a minute, else going on from where the waiting was.
 */
void dialler_lost(struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		  uint64_t back_off_ms);
/*
 * A connection that the dialler made (conn_dialled()) has ended before it
 * became a session, or as one: the owner hands every down() of a dialled
 * connection on, so that the dialler knows why; before dialler_lost().
 */
void dialler_down(struct dialler *d, struct conn *c,
		  const struct conn_end *end);

/* How it stands with the @i-th target; false: there are not so many. */
struct dial_status {
	uint8_t key[PUBKEY_BYTES];
	const char *address; /* tried last, or to be tried next; borrowed */
	bool connected;
	bool trying;
	uint64_t tries;   /* since a session stood for a minute; 0: it stands */
	uint64_t next_ms; /* uv_now() of the next try; 0: now or not waiting */
	int err;          /* of the last try; WEALD_DENIED: also refused by an
			     error frame; WEALD_OK: none failed */
	/* why, for a person: "connection refused", the peer's words */
	const char *text; /* borrowed until the dialler is used again */
};
bool dialler_status(const struct dialler *d, size_t i, struct dial_status *out);
bool dialler_find(const struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		  struct dial_status *out);

#endif
