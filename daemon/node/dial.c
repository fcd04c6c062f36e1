/*
 * The dialler. A target goes round like this:
 *
 *     WAITING --(its time)--> RESOLVING --> CONNECTING --> dialler_connected()
 *        ^                        |             |               SESSION
 *        |                        v             v                  |
 *        +------- back-off -------+-------------+--- dialler_lost()+
 *
 * Of the connections that it makes it hears by dialler_down() only: until
 * then a try is under way, up or not. pump() starts what is due, as long as
 * DIAL_AT_ONCE_MAX allows, those first that have waited longest; it runs from
 * a timer only, so that nothing happens within the owner's calls.
 */
#include "daemon/node/dial.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/uverr.h"
#include "proto/address.h"

/* A session that stood this long lets the waiting begin anew. */
#define STOOD_MS 60000u

enum target_state { TARGET_WAITING, TARGET_RESOLVING, TARGET_CONNECTING };

struct target {
	struct dialler *dialler;
	uint8_t key[PUBKEY_BYTES];
	char *addresses[DIAL_ADDRESSES_MAX];
	size_t addresses_n;
	size_t at; /* the address tried last, or to be tried next */

	enum target_state state;
	struct lookup *lookup; /* RESOLVING */
	struct conn *conn;     /* CONNECTING, and until its down() */
	bool connected;        /* a session stands, over any connection */
	uint64_t since_ms;     /* it stands */

	uint64_t next_ms; /* WAITING: when to try */
	uint64_t tries;   /* since the last session that stood */
	uint64_t steps;   /* tries since the waiting began anew */
	int err;
	struct weald_msg msg;
};

/* A name being looked up; outlives its target. */
struct lookup {
	uv_getaddrinfo_t req;
	struct target *target; /* NULL: nobody waits for it any more */
};

struct dialler {
	struct conn_setup setup;
	dial_random_fn *random;
	void *random_ctx;
	uv_timer_t timer; /* for the next target that is due */
	bool closing;
	struct target **targets;
	size_t targets_n;
};

/* ---- targets ------------------------------------------------------------- */

static struct target *find(const struct dialler *d,
			   const uint8_t key[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; d != NULL && i < d->targets_n; i++) {
		if (memcmp(d->targets[i]->key, key, PUBKEY_BYTES) == 0) {
			return d->targets[i];
		}
	}
	return NULL;
}

static void free_addresses(char **addresses, size_t n)
{
	while (n > 0) {
		free(addresses[--n]);
	}
}

static void target_free(struct target *t)
{
	free_addresses(t->addresses, t->addresses_n);
	free(t);
}

static bool is_due(const struct target *t, uint64_t now_ms)
{
	return t->state == TARGET_WAITING && !t->connected &&
	       t->next_ms <= now_ms;
}

/* Under way; a connection that serves a session is no try any more. */
static size_t count_tries(const struct dialler *d)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < d->targets_n; i++) {
		n += d->targets[i]->state != TARGET_WAITING &&
		     !d->targets[i]->connected;
	}
	return n;
}

static void timer_cb(uv_timer_t *timer);

/* Set the timer for the target that is due first. */
static void plan(struct dialler *d)
{
	uint64_t now_ms = uv_now(d->setup.loop);
	uint64_t first_ms = UINT64_MAX;
	size_t i;

	if (d->closing) {
		return;
	}
	for (i = 0; i < d->targets_n; i++) {
		const struct target *t = d->targets[i];

		if (t->state == TARGET_WAITING && !t->connected &&
		    t->next_ms < first_ms) {
			first_ms = t->next_ms;
		}
	}
	if (first_ms == UINT64_MAX || count_tries(d) >= DIAL_AT_ONCE_MAX) {
		(void)uv_timer_stop(&d->timer);
		return;
	}
	(void)uv_timer_start(&d->timer, timer_cb,
			     first_ms > now_ms ? first_ms - now_ms : 0, 0);
}

/* ---- one try ------------------------------------------------------------- */

/* How long to wait before the next try. */
static uint64_t back_off(struct target *t)
{
	struct dialler *d = t->dialler;
	uint64_t rounds = t->steps / t->addresses_n;
	uint64_t ms = DIAL_FIRST_MS;

	while (rounds-- > 0 && ms < DIAL_MOST_MS) {
		ms *= 2;
	}
	ms = ms < DIAL_MOST_MS ? ms : DIAL_MOST_MS;
	return ms / 2 + d->random(d->random_ctx, ms + 1);
}

static void target_wait(struct target *t, uint64_t least_ms)
{
	uint64_t ms = back_off(t);

	t->next_ms = uv_now(t->dialler->setup.loop) +
		     (ms > least_ms ? ms : least_ms);
	plan(t->dialler);
}

/* The try is over; whether it waits again is for the caller to say. */
static void target_end_try(struct target *t)
{
	assert(t->state != TARGET_WAITING);
	t->state = TARGET_WAITING;
	t->lookup = NULL;
	t->conn = NULL;
}

/* It did not lead to a session that stood, at least not for long. */
static void target_step(struct target *t, uint64_t least_ms)
{
	t->tries++;
	/* the first doubling comes after all addresses were tried once */
	target_wait(t, least_ms);
	t->steps++;
	t->at = (t->at + 1) % t->addresses_n;
}

/* A try without success: @t->msg says why. */
static void target_failed(struct target *t, int err)
{
	t->err = err;
	target_step(t, 0);
}

static void target_connect(struct target *t, const struct sockaddr *addr)
{
	int r = conn_dial(&t->dialler->setup, addr, t->key, &t->conn);

	if (r != WEALD_OK) {
		msg_set(&t->msg, "%s", err_text(r));
		target_failed(t, r);
		return;
	}
	t->state = TARGET_CONNECTING;
}

/* The address of the target that is tried; dialler_set() has seen it. */
static uint16_t read_address(const struct target *t,
			     char host[ADDRESS_BYTES_MAX])
{
	struct weald_msg msg = { "" };
	struct address a;
	int r;

	r = address_parse(span_of(t->addresses[t->at]), &a, &msg);
	assert(r == WEALD_OK);
	memcpy(host, a.host.data, a.host.len);
	host[a.host.len] = '\0';
	return a.port;
}

/* Each try takes the next address of a name. */
static void target_connect_one(struct target *t, const struct addrinfo *list)
{
	char host[ADDRESS_BYTES_MAX];
	struct sockaddr_storage addr;
	const struct addrinfo *ai;
	uint64_t n = 0;

	for (ai = list; ai != NULL; ai = ai->ai_next) {
		n++;
	}
	assert(n > 0);
	n = t->tries / t->addresses_n % n;
	for (ai = list; n > 0; n--) {
		ai = ai->ai_next;
	}
	memset(&addr, 0, sizeof addr);
	memcpy(&addr, ai->ai_addr, ai->ai_addrlen);
	/* the port stands at one place in both kinds */
	((struct sockaddr_in *)&addr)->sin_port = htons(read_address(t, host));
	target_connect(t, (const struct sockaddr *)&addr);
}

static void lookup_cb(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
	struct lookup *l = req->data;
	struct target *t = l->target;

	free(l);
	if (t != NULL) {
		target_end_try(t);
		if (status < 0) {
			msg_set(&t->msg, "cannot find the host: %s",
				uv_strerror(status));
			target_failed(t, WEALD_NOTFOUND);
		} else {
			target_connect_one(t, list);
		}
	}
	uv_freeaddrinfo(list);
}

static int target_look_up(struct target *t, const char *host)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM };
	struct lookup *l = calloc(1, sizeof *l);
	int r;

	if (l == NULL) {
		return WEALD_NOMEM;
	}
	l->req.data = l;
	l->target = t;
	r = uv_getaddrinfo(t->dialler->setup.loop, &l->req, lookup_cb, host,
			   NULL, &hints);
	if (r < 0) {
		free(l);
		return err_from_uv(r);
	}
	t->lookup = l;
	t->state = TARGET_RESOLVING;
	return WEALD_OK;
}

static void target_try(struct target *t)
{
	char host[ADDRESS_BYTES_MAX];
	uint16_t port = read_address(t, host);
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	int r;

	/* these wait for no thread */
	if (uv_ip4_addr(host, port, &four) == 0) {
		target_connect(t, (const struct sockaddr *)&four);
		return;
	}
	if (uv_ip6_addr(host, port, &six) == 0) {
		target_connect(t, (const struct sockaddr *)&six);
		return;
	}
	r = target_look_up(t, host);
	if (r != WEALD_OK) {
		msg_set(&t->msg, "cannot find the host: %s", err_text(r));
		target_failed(t, r);
	}
}

/* Nobody waits for the try any more; a connection that is up is the owner's. */
static void target_give_up(struct target *t, const char *why)
{
	if (t->state == TARGET_RESOLVING) {
		t->lookup->target = NULL;
		(void)uv_cancel((uv_req_t *)&t->lookup->req);
		target_end_try(t);
	} else if (t->state == TARGET_CONNECTING && !conn_is_up(t->conn)) {
		conn_drop(t->conn, why);
		target_end_try(t); /* its down() finds nobody */
	}
}

/* ---- the round ----------------------------------------------------------- */

static void pump(struct dialler *d)
{
	uint64_t now_ms = uv_now(d->setup.loop);
	struct target *first;
	size_t i;

	while (count_tries(d) < DIAL_AT_ONCE_MAX) {
		first = NULL;
		for (i = 0; i < d->targets_n; i++) {
			struct target *t = d->targets[i];

			if (is_due(t, now_ms) &&
			    (first == NULL || t->next_ms < first->next_ms)) {
				first = t;
			}
		}
		if (first == NULL) {
			break;
		}
		target_try(first);
	}
	plan(d);
}

static void timer_cb(uv_timer_t *timer)
{
	struct dialler *d = timer->data;

	if (!d->closing) {
		pump(d);
	}
}

int dialler_new(const struct conn_setup *setup, dial_random_fn *random,
		void *random_ctx, struct dialler **out)
{
	struct dialler *d = calloc(1, sizeof *d);

	if (d == NULL) {
		return WEALD_NOMEM;
	}
	d->setup = *setup;
	d->random = random;
	d->random_ctx = random_ctx;
	(void)uv_timer_init(setup->loop, &d->timer);
	d->timer.data = d;
	*out = d;
	return WEALD_OK;
}

static void closed_cb(uv_handle_t *handle)
{
	struct dialler *d = handle->data;

	free(d->targets);
	free(d);
}

void dialler_close(struct dialler *d)
{
	if (d == NULL) {
		return;
	}
	assert(!d->closing);
	d->closing = true;
	while (d->targets_n > 0) {
		struct target *t = d->targets[--d->targets_n];

		target_give_up(t, "dialling has ended");
		target_free(t);
	}
	uv_close((uv_handle_t *)&d->timer, closed_cb);
}

/* ---- what the owner says ------------------------------------------------- */

static int check_addresses(const char *const *addresses, size_t n,
			   struct weald_msg *msg)
{
	struct address a;
	size_t i;
	int r;

	if (n == 0) {
		msg_set(msg, "no address to dial");
		return WEALD_INVALID;
	}
	if (n > DIAL_ADDRESSES_MAX) {
		msg_set(msg, "%zu addresses, the most is %u", n,
			DIAL_ADDRESSES_MAX);
		return WEALD_TOOBIG;
	}
	for (i = 0; i < n; i++) {
		r = address_parse(span_of(addresses[i]), &a, msg);
		if (r != WEALD_OK) {
			return r;
		}
	}
	return WEALD_OK;
}

static bool has_addresses(const struct target *t, const char *const *addresses,
			  size_t n)
{
	size_t i;

	for (i = 0; i < n && i < t->addresses_n; i++) {
		if (strcmp(t->addresses[i], addresses[i]) != 0) {
			return false;
		}
	}
	return n == t->addresses_n;
}

static int set_addresses(struct target *t, const char *const *addresses,
			 size_t n)
{
	char *copies[DIAL_ADDRESSES_MAX] = { NULL };
	size_t i;

	for (i = 0; i < n; i++) {
		copies[i] = strdup(addresses[i]);
		if (copies[i] == NULL) {
			free_addresses(copies, i);
			return WEALD_NOMEM;
		}
	}
	free_addresses(t->addresses, t->addresses_n);
	memcpy(t->addresses, copies, n * sizeof copies[0]);
	t->addresses_n = n;
	t->at = 0;
	return WEALD_OK;
}

static int add_target(struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		      struct target **out, struct weald_msg *msg)
{
	struct target **targets;
	struct target *t;

	if (d->targets_n >= DIAL_TARGETS_MAX) {
		msg_set(msg, "%u nodes are dialled already", DIAL_TARGETS_MAX);
		return WEALD_TOOBIG;
	}
	targets = realloc(d->targets, (d->targets_n + 1) * sizeof *targets);
	if (targets == NULL) {
		return WEALD_NOMEM;
	}
	d->targets = targets;
	t = calloc(1, sizeof *t);
	if (t == NULL) {
		return WEALD_NOMEM;
	}
	t->dialler = d;
	memcpy(t->key, key, PUBKEY_BYTES);
	*out = t;
	return WEALD_OK;
}

int dialler_set(struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		const char *const *addresses, size_t addresses_n,
		struct weald_msg *msg)
{
	struct target *t = find(d, key);
	struct target *added = NULL;
	int r;

	r = check_addresses(addresses, addresses_n, msg);
	if (r != WEALD_OK || d == NULL) {
		return r;
	}
	if (t != NULL && has_addresses(t, addresses, addresses_n)) {
		return WEALD_OK;
	}
	if (t == NULL) {
		r = add_target(d, key, &added, msg);
		if (r != WEALD_OK) {
			return r;
		}
		t = added;
	}
	r = set_addresses(t, addresses, addresses_n);
	if (r != WEALD_OK) {
		if (added != NULL) {
			target_free(added);
		}
		return r;
	}
	if (added != NULL) {
		d->targets[d->targets_n++] = added;
	}
	target_give_up(t, "its addresses have changed");
	t->steps = 0;
	t->next_ms = uv_now(d->setup.loop);
	plan(d);
	return WEALD_OK;
}

void dialler_remove(struct dialler *d, const uint8_t key[PUBKEY_BYTES])
{
	struct target *t = find(d, key);
	size_t i;

	if (t == NULL) {
		return;
	}
	target_give_up(t, "not to be dialled any more");
	for (i = 0; d->targets[i] != t; i++) {
	}
	d->targets[i] = d->targets[--d->targets_n];
	target_free(t);
	plan(d);
}

void dialler_hurry(struct dialler *d, const uint8_t key[PUBKEY_BYTES])
{
	struct target *t = find(d, key);

	if (t != NULL) {
		t->steps = 0;
		t->next_ms = uv_now(d->setup.loop);
		plan(d);
	}
}

void dialler_connected(struct dialler *d, const uint8_t key[PUBKEY_BYTES])
{
	struct target *t = find(d, key);

	if (t == NULL || t->connected) {
		return;
	}
	t->connected = true;
	t->since_ms = uv_now(d->setup.loop);
	t->err = WEALD_OK;
	msg_clear(&t->msg);
	target_give_up(t, "the peer is connected already");
	plan(d);
}

void dialler_lost(struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		  uint64_t back_off_ms)
{
	struct target *t = find(d, key);
	bool stood;

	if (t == NULL) {
		return;
	}
	stood = t->connected && uv_now(d->setup.loop) - t->since_ms >= STOOD_MS;
	t->connected = false;
	if (stood) {
		t->tries = 0;
		t->steps = 0;
		target_wait(t, back_off_ms);
	} else {
		target_step(t, back_off_ms);
	}
}

void dialler_down(struct dialler *d, struct conn *c, const struct conn_end *end)
{
	struct target *t = find(d, conn_key(c));

	if (t == NULL || t->conn != c) {
		return;
	}
	target_end_try(t);
	t->msg = end->msg;
	t->err = end->peer_error ? WEALD_DENIED : end->err;
	if (!t->connected) {
		target_step(t, 0);
	}
	/* else: of a session, and dialler_lost() will tell of its end; or
	   beside the one that stands */
}

/* ---- how it stands ------------------------------------------------------- */

static void describe(const struct target *t, struct dial_status *out)
{
	uint64_t now_ms = uv_now(t->dialler->setup.loop);

	memset(out, 0, sizeof *out);
	memcpy(out->key, t->key, PUBKEY_BYTES);
	out->address = t->addresses[t->at];
	out->connected = t->connected;
	out->trying = t->state != TARGET_WAITING && !t->connected;
	out->tries = t->connected ? 0 : t->tries;
	if (t->state == TARGET_WAITING && !t->connected &&
	    t->next_ms > now_ms) {
		out->next_ms = t->next_ms;
	}
	out->err = t->connected ? WEALD_OK : t->err;
	out->text = t->connected ? "" : t->msg.text;
}

bool dialler_status(const struct dialler *d, size_t i, struct dial_status *out)
{
	if (d == NULL || i >= d->targets_n) {
		return false;
	}
	describe(d->targets[i], out);
	return true;
}

bool dialler_find(const struct dialler *d, const uint8_t key[PUBKEY_BYTES],
		  struct dial_status *out)
{
	const struct target *t = find(d, key);

	if (t == NULL) {
		return false;
	}
	describe(t, out);
	return true;
}
