/*
 * The control socket: how commands talk to the running daemon.
 *
 * MessagePack-RPC over the Unix socket "<home>/control", 0600: only the user
 * that the daemon runs as, and root. docs/CLI.md, "The control socket".
 */
#ifndef WEALD_DAEMON_CONTROL_CONTROL_H
#define WEALD_DAEMON_CONTROL_CONTROL_H

#include <uv.h>

#include "daemon/node/node.h"
#include "proto/err.h"

#define CONTROL_CONNECTIONS_MAX 32u
/* Requests that are read or carried out, in all. */
#define CONTROL_BYTES_MAX (48u * 1024u * 1024u)
/* A request is there whole so long after its first byte, and the first one so
   long after the connection. */
#define CONTROL_REQUEST_MS 5000u
/* Nothing is asked or under way. */
#define CONTROL_IDLE_MS 60000u
/* The caller takes its answer. */
#define CONTROL_ANSWER_MS 30000u
/* What waits for a caller that watches. */
#define CONTROL_WATCH_BYTES_MAX (4u * 1024u * 1024u)
/* At the end calls that are under way have so long. */
#define CONTROL_STOP_MS 2000u

struct control_server;

/*
 * Serve the calls to @n, which is kept until control_server_close(). Removes a
 * socket that a killed daemon left: the caller holds the home's lock. SIGPIPE
 * must be ignored.
 * WEALD_EXISTS (something else is there), WEALD_DENIED, WEALD_IO, WEALD_NOMEM.
 */
int control_server_open(struct node *n, struct control_server **out,
			struct weald_msg *msg);
/*
 * Stop: no call is taken any more; those under way have CONTROL_STOP_MS to be
 * answered, the others are closed. @closed is called on the loop's thread when
 * nothing is left, never within this call. Takes NULL, and then calls @closed
 * at once. A node_done_fn that is called later still is harmless.
 */
void control_server_close(struct control_server *s, void (*closed)(void *ctx),
			  void *ctx);

#endif
