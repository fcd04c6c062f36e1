/*
 * The client of the control socket: one call after the other, blocking.
 *
 *   w = client_begin(c, "follow", 4);
 *   mp_put_str(w, span_of(region));
 *   ...
 *   r = client_call(c, CLIENT_WAIT_MS, &answer, &msg);
 *
 * One thread.
 */
#ifndef WEALD_DAEMON_CONTROL_CLIENT_H
#define WEALD_DAEMON_CONTROL_CLIENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/mp.h"

/* What a call that needs no other node takes, by far. */
#define CLIENT_WAIT_MS 60000u
/* However long it takes. */
#define CLIENT_WAIT_EVER 0u

struct client;

/*
 * Connect to the daemon of the home at @dir and ask who it is.
 *   WEALD_NOTFOUND     no daemon runs
 *   WEALD_DENIED       it is another user's
 *   WEALD_NEWER        it speaks another protocol
 *   WEALD_LOCKED       it has too many callers
 *   WEALD_UNREACHABLE  it does not answer, or has just stopped
 *   WEALD_IO, WEALD_NOMEM
 */
int client_open(const char *dir, struct client **out, struct weald_msg *msg);
/* Takes NULL. */
void client_close(struct client *c);

/* The answer to the daemon's "hello": version, pid, slug ...; borrowed. */
const json_t *client_hello(const struct client *c);

/*
 * Begin a request with @params_n parameters, which are then put; the writer is
 * borrowed until client_call().
 */
struct mp_writer *client_begin(struct client *c, const char *method,
			       size_t params_n);

/*
 * Send it and wait up to @wait_ms for the answer, which the caller gives back
 * with json_decref(). The codes are those that the method answers with, and
 *   WEALD_TOOBIG       the request is larger than one may be
 *   WEALD_UNREACHABLE  it could not be sent: nothing was done
 *   WEALD_UNKNOWN      no answer has come: whether it is done is not known
 *   WEALD_MALFORMED    the answer is none
 * After the last three the client is of no more use than to be closed.
 */
int client_call(struct client *c, unsigned wait_ms, json_t **out,
		struct weald_msg *msg);

/*
 * The error that the daemon answered the last call with: code, message, and
 * about and others where there are any. NULL where it did not.
 * Borrowed until the next call.
 */
const json_t *client_error(const struct client *c);

/*
 * After the call "watch": the next event, which the caller gives back.
 *   WEALD_UNREACHABLE  the daemon has stopped; @msg says so
 */
int client_event(struct client *c, json_t **out, struct weald_msg *msg);

#endif
