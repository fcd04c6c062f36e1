/*
 * The listener. Every connection that waits is taken (a connection that libuv
 * announces and nobody takes stops the listener for good), and one that is too
 * many ends another, never itself. Where there is no memory to take one, it is
 * tried again after a while.
 *
 * Each connection that was taken has a guest: what stands between it and the
 * owner's handler, until down(). The listener outlives listener_close() until
 * its last guest has gone.
 */
#include "daemon/node/listen.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/node/uverr.h"

/* Until a connection for which there was no memory is tried again. */
#define RETRY_MS 200u

struct guest {
	struct listener *listener;
	struct conn *conn;
};

struct listener {
	uv_tcp_t server;
	uv_timer_t retry;
	struct conn_setup setup; /* the owner's */
	unsigned handles_open;
	bool closing;
	uint16_t port;
	size_t guests_n;
	/* the oldest first; one more for the newcomer */
	struct guest *unsettled[LISTEN_UNSETTLED_MAX + 1];
	size_t unsettled_n;
	uint64_t displaced;
	struct log_limit log;
};

/* ---- the end ------------------------------------------------------------- */

static void listener_unref(struct listener *l)
{
	if (l->guests_n == 0 && l->handles_open == 0) {
		free(l);
	}
}

static void listener_closed_cb(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	assert(l->handles_open > 0);
	l->handles_open--;
	listener_unref(l);
}

static void guest_settle(struct guest *g);

void listener_close(struct listener *l)
{
	struct guest *g;

	if (l == NULL) {
		return;
	}
	assert(!l->closing);
	l->closing = true;
	/* who has not said who they are is not waited for */
	while (l->unsettled_n > 0) {
		g = l->unsettled[0];
		guest_settle(g);
		conn_drop(g->conn, "the listener is closed");
	}
	uv_close((uv_handle_t *)&l->server, listener_closed_cb);
	uv_close((uv_handle_t *)&l->retry, listener_closed_cb);
}

/* ---- guests -------------------------------------------------------------- */

/* Counts no longer, if it did. */
static void guest_settle(struct guest *g)
{
	struct listener *l = g->listener;
	size_t i;

	for (i = 0; i < l->unsettled_n; i++) {
		if (l->unsettled[i] == g) {
			l->unsettled_n--;
			memmove(&l->unsettled[i], &l->unsettled[i + 1],
				(l->unsettled_n - i) * sizeof l->unsettled[0]);
			return;
		}
	}
}

static void guest_up(void *ctx, struct conn *c)
{
	const struct conn_setup *owner =
		&((struct guest *)ctx)->listener->setup;

	owner->handler->up(owner->ctx, c);
}

static void guest_frame(void *ctx, struct conn *c, const struct frame *frame,
			size_t bytes)
{
	const struct conn_setup *owner =
		&((struct guest *)ctx)->listener->setup;

	owner->handler->frame(owner->ctx, c, frame, bytes);
}

static void guest_sent(void *ctx, struct conn *c, size_t unsent)
{
	const struct conn_setup *owner =
		&((struct guest *)ctx)->listener->setup;

	owner->handler->sent(owner->ctx, c, unsent);
}

static void guest_down(void *ctx, struct conn *c, const struct conn_end *end)
{
	struct guest *g = ctx;
	struct listener *l = g->listener;

	guest_settle(g);
	l->setup.handler->down(l->setup.ctx, c, end);
	free(g);
	l->guests_n--;
	listener_unref(l);
}

static const struct conn_handler guest_handler = {
	.up = guest_up,
	.frame = guest_frame,
	.sent = guest_sent,
	.down = guest_down,
};

static size_t count_from(const struct listener *l, const uint8_t *network)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < l->unsettled_n; i++) {
		n += memcmp(conn_network(l->unsettled[i]->conn), network,
			    CONN_NETWORK_BYTES) == 0;
	}
	return n;
}

/*
 * One too many from the newcomer's address, or in all: the oldest goes, in the
 * second case of the address that has most. So whoever opens many connections
 * displaces its own.
 */
static void make_room(struct listener *l, const uint8_t *network)
{
	struct guest *g = NULL;
	size_t most = 0;
	size_t n;
	size_t i;

	if (count_from(l, network) <= LISTEN_UNSETTLED_ADDRESS_MAX) {
		if (l->unsettled_n <= LISTEN_UNSETTLED_MAX) {
			return;
		}
		for (i = 0; i < l->unsettled_n; i++) {
			n = count_from(l, conn_network(l->unsettled[i]->conn));
			if (n > most) {
				most = n;
				g = l->unsettled[i];
			}
		}
		assert(g != NULL);
		network = conn_network(g->conn);
	}
	for (i = 0; i < l->unsettled_n; i++) {
		g = l->unsettled[i];
		if (memcmp(conn_network(g->conn), network,
			   CONN_NETWORK_BYTES) == 0) {
			break;
		}
	}
	assert(g != NULL);
	guest_settle(g);
	l->displaced++;
	if (log_limit_pass(&l->log, uv_now(l->setup.loop))) {
		log_info("a connection made room for a newer one address=%s",
			 conn_address(g->conn));
	}
	conn_drop(g->conn, "made room for a newer connection");
}

/* ---- taking -------------------------------------------------------------- */

/* WEALD_NOMEM: it waits still. */
static int take(struct listener *l)
{
	struct conn_setup setup = l->setup;
	struct guest *g;
	int r;

	g = calloc(1, sizeof *g);
	if (g == NULL) {
		return WEALD_NOMEM;
	}
	g->listener = l;
	setup.handler = &guest_handler;
	setup.ctx = g;
	r = conn_accept(&setup, (uv_stream_t *)&l->server, &g->conn);
	if (r != WEALD_OK) {
		free(g);
		return r;
	}
	l->guests_n++;
	l->unsettled[l->unsettled_n++] = g;
	make_room(l, conn_network(g->conn));
	return WEALD_OK;
}

static void try_take(struct listener *l);

static void retry_cb(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	if (!l->closing) {
		try_take(l);
	}
}

static void try_take(struct listener *l)
{
	int r = take(l);

	if (r == WEALD_OK) {
		return;
	}
	if (log_limit_pass(&l->log, uv_now(l->setup.loop))) {
		log_warning("a connection cannot be taken port=%u error=%s",
			    (unsigned)l->port, err_name(r));
	}
	if (r == WEALD_NOMEM) {
		(void)uv_timer_start(&l->retry, retry_cb, RETRY_MS, 0);
	}
}

static void listen_cb(uv_stream_t *server, int status)
{
	struct listener *l = server->data;

	if (l->closing) {
		return;
	}
	if (status == 0) {
		try_take(l);
		return;
	}
	/* nothing waits to be taken: libuv goes on by itself */
	if (log_limit_pass(&l->log, uv_now(l->setup.loop))) {
		log_warning("a connection cannot be taken port=%u: %s",
			    (unsigned)l->port, uv_strerror(status));
	}
}

/* ---- the begin ----------------------------------------------------------- */

/* As address_parse(), and with port 0. */
static int parse_address(const char *text, struct address *out,
			 struct weald_msg *msg)
{
	char copy[ADDRESS_BYTES_MAX + 1];
	size_t len = strlen(text);
	bool any = len >= 2 && strcmp(text + len - 2, ":0") == 0;
	struct address a;
	int r;

	if (!any || len >= sizeof copy) {
		return address_parse(span_of(text), out, msg);
	}
	memcpy(copy, text, len + 1);
	copy[len - 1] = '1';
	r = address_parse(span_of(copy), &a, msg);
	if (r != WEALD_OK) {
		return r;
	}
	out->host =
		(struct span){ (const uint8_t *)text +
				       (a.host.data - (const uint8_t *)copy),
			       a.host.len };
	out->port = 0;
	return WEALD_OK;
}

/* The first address of the host, with the port. */
static int resolve(uv_loop_t *loop, const struct address *a, const char *text,
		   struct sockaddr_storage *out, struct weald_msg *msg)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM };
	char host[ADDRESS_BYTES_MAX + 1];
	uv_getaddrinfo_t req;
	int r;

	memcpy(host, a->host.data, a->host.len);
	host[a->host.len] = '\0';
	r = uv_getaddrinfo(loop, &req, NULL, host, NULL, &hints);
	if (r < 0) {
		msg_set(msg, "cannot listen at %s: %s", text, uv_strerror(r));
		return err_from_uv(r) == WEALD_NOMEM ? WEALD_NOMEM
						     : WEALD_INVALID;
	}
	memset(out, 0, sizeof *out);
	memcpy(out, req.addrinfo->ai_addr, req.addrinfo->ai_addrlen);
	uv_freeaddrinfo(req.addrinfo);
	/* the port stands at one place in both kinds */
	((struct sockaddr_in *)out)->sin_port = htons(a->port);
	return WEALD_OK;
}

/* What a person can do about it. */
static int refuse(int status, const char *text, struct weald_msg *msg)
{
	const char *help;

	switch (status) {
	case UV_EADDRINUSE:
		help = "the port is in use, perhaps by another weald; stop "
		       "what listens there (ss -ltnp shows it) or choose "
		       "another port";
		break;
	case UV_EACCES:
	case UV_EPERM:
		help = "not allowed; a port from 1024 on needs no privilege";
		break;
	case UV_EADDRNOTAVAIL:
		help = "not an address of this machine (ip addr shows them); "
		       "0.0.0.0 or [::] stand for all of them";
		break;
	default:
		help = uv_strerror(status);
		break;
	}
	msg_set(msg, "cannot listen at %s: %s", text, help);
	return err_from_uv(status);
}

static int start(struct listener *l, const struct sockaddr *addr)
{
	struct sockaddr_storage bound;
	int len = sizeof bound;
	int r;

	r = uv_tcp_bind(&l->server, addr, 0);
	if (r == 0) {
		r = uv_listen((uv_stream_t *)&l->server, LISTEN_BACKLOG,
			      listen_cb);
	}
	if (r == 0) {
		r = uv_tcp_getsockname(&l->server, (struct sockaddr *)&bound,
				       &len);
	}
	if (r == 0) {
		l->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
	}
	return r;
}

int listener_open(const struct conn_setup *setup, const char *address,
		  struct listener **out, struct weald_msg *msg)
{
	struct sockaddr_storage addr;
	struct listener *l;
	struct address a;
	int r;

	r = parse_address(address, &a, msg);
	if (r == WEALD_OK) {
		r = resolve(setup->loop, &a, address, &addr, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	l = calloc(1, sizeof *l);
	if (l == NULL) {
		return WEALD_NOMEM;
	}
	l->setup = *setup;
	(void)uv_tcp_init(setup->loop, &l->server);
	(void)uv_timer_init(setup->loop, &l->retry);
	l->handles_open = 2;
	l->server.data = l;
	l->retry.data = l;
	r = start(l, (const struct sockaddr *)&addr);
	if (r < 0) {
		listener_close(l);
		return refuse(r, address, msg);
	}
	*out = l;
	return WEALD_OK;
}

uint16_t listener_port(const struct listener *l)
{
	return l->port;
}

void listener_settle(struct listener *l, const struct conn *c)
{
	size_t i;

	for (i = 0; i < l->unsettled_n; i++) {
		if (l->unsettled[i]->conn == c) {
			guest_settle(l->unsettled[i]);
			return;
		}
	}
}

uint64_t listener_displaced(const struct listener *l)
{
	return l->displaced;
}
