/*
 * The listener: takes connections, and keeps those that have not proven who
 * they are from crowding out the rest.
 *
 * A connection is *unsettled* until listener_settle() says that its peer is
 * known. At most LISTEN_UNSETTLED_MAX of them in all and
 * LISTEN_UNSETTLED_ADDRESS_MAX from one address (IPv6: one /64): a further one
 * takes the place of the oldest unsettled one from there, so that a known node
 * gets in while strangers from its address hold connections open.
 */
#ifndef WEALD_DAEMON_NODE_LISTEN_H
#define WEALD_DAEMON_NODE_LISTEN_H

#include <stdint.h>
#include <uv.h>

#include "daemon/node/conn.h"
#include "proto/address.h"

#define LISTEN_UNSETTLED_MAX         64u
#define LISTEN_UNSETTLED_ADDRESS_MAX 8u
#define LISTEN_BACKLOG               128

struct listener;

/*
 * Listen at @address ("127.0.0.1:7411", "[::]:7411", a host's name; port 0
 * picks one). Connections call @setup->handler, wrapped: up(), frame(), sent()
 * and down() arrive as they are. May block on a name's resolution: at start
 * and reload only.
 *   WEALD_EXISTS   the port is in use; @msg says what to do
 *   WEALD_DENIED   not allowed, or not an address of this machine
 *   WEALD_INVALID  no such host
 *   WEALD_NOMEM, WEALD_IO
 */
int listener_open(const struct conn_setup *setup, const char *address,
		  struct listener **out, struct weald_msg *msg);
/* Stops listening, and drops the unsettled connections; others live on. Takes
 * NULL; idempotent by NULL. */
void listener_close(struct listener *l);
/* The port listened on. */
uint16_t listener_port(const struct listener *l);
/* The peer of @c is known: it counts no longer. @c may be a dialled one. */
void listener_settle(struct listener *l, const struct conn *c);
/* Connections closed to make room, since the start. */
uint64_t listener_displaced(const struct listener *l);

#endif
