#include "daemon/control/client.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control/rpc.h"
#include "daemon/control/socket.h"
#include "daemon/version.h"

#define HELLO_MS      10000u
#define RECEIVE_BYTES 65536u

struct client {
	int fd;
	uint64_t msgid;
	struct buf out; /* the request that is being made */
	struct mp_writer writer;
	struct buf in; /* bytes that are no message yet */
	struct rpc_scan scan;
	json_t *hello;
	json_t *error;
};

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* When to give up, beginning now; UINT64_MAX: never. */
static uint64_t deadline_of(unsigned wait_ms)
{
	return wait_ms == CLIENT_WAIT_EVER ? UINT64_MAX : now_ms() + wait_ms;
}

/* Wait until the socket is ready; WEALD_TIMEOUT. */
static int wait_for(struct client *c, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	uint64_t now;
	int ms = -1;
	int n;

	do {
		if (deadline != UINT64_MAX) {
			now = now_ms();
			if (now >= deadline) {
				return WEALD_TIMEOUT;
			}
			ms = deadline - now > 60000 ? 60000
						    : (int)(deadline - now);
		}
		n = poll(&p, 1, ms);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? WEALD_IO : WEALD_OK;
}

/* Send the request. WEALD_IO where the daemon takes no more. */
static int send_all(struct client *c, uint64_t deadline)
{
	size_t at = 0;
	ssize_t n;
	int r;

	while (at < c->out.len) {
		r = wait_for(c, POLLOUT, deadline);
		if (r != WEALD_OK) {
			return r;
		}
		n = send(c->fd, c->out.data + at, c->out.len - at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			continue;
		}
		if (n < 0) {
			return WEALD_IO;
		}
		at += (size_t)n;
	}
	return WEALD_OK;
}

/* More bytes into c->in. WEALD_IO at the end, WEALD_TIMEOUT, WEALD_NOMEM. */
static int receive(struct client *c, uint64_t deadline)
{
	ssize_t n;
	int r;

	r = buf_reserve(&c->in, RECEIVE_BYTES);
	if (r != WEALD_OK) {
		return r;
	}
	do {
		r = wait_for(c, POLLIN, deadline);
		if (r != WEALD_OK) {
			return r;
		}
		n = recv(c->fd, c->in.data + c->in.len, RECEIVE_BYTES,
			 MSG_DONTWAIT);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n <= 0) {
		return WEALD_IO;
	}
	c->in.len += (size_t)n;
	return WEALD_OK;
}

/* The next message, whatever it is. */
static int next_message(struct client *c, uint64_t deadline,
			struct rpc_message *out, struct weald_msg *msg)
{
	size_t len = 0;
	int r = WEALD_INCOMPLETE;

	for (;;) {
		if (c->in.len > 0) {
			r = rpc_scan(&c->scan, buf_span(&c->in), &len, msg);
		}
		if (r != WEALD_INCOMPLETE) {
			break;
		}
		r = receive(c, deadline);
		if (r != WEALD_OK) {
			return r;
		}
		r = WEALD_INCOMPLETE;
	}
	if (r == WEALD_OK) {
		r = rpc_message_decode((struct span){ c->in.data, len }, out,
				       msg);
	}
	if (r == WEALD_OK) {
		memmove(c->in.data, c->in.data + len, c->in.len - len);
		c->in.len -= len;
		rpc_scan_init(&c->scan, RPC_RESPONSE_VALUES_MAX, RPC_DEPTH_MAX);
	}
	return r;
}

/* What the daemon said of an error; its code. */
static int error_take(const json_t *error, struct weald_msg *msg)
{
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *text = json_string_value(json_object_get(error, "message"));
	int r = code == NULL ? WEALD_INVALID : rpc_err_of_name(code);

	msg_set(msg, "%s", text == NULL ? err_text(r) : text);
	return r;
}

/*
 * The answer to the call under way. Where the daemon says that it closes the
 * connection, that is the answer.
 */
static int receive_answer(struct client *c, uint64_t deadline, json_t **out,
			  struct weald_msg *msg)
{
	struct rpc_message m;
	int r;

	for (;;) {
		r = next_message(c, deadline, &m, msg);
		if (r != WEALD_OK) {
			return r;
		}
		if (m.type == RPC_RESPONSE && m.msgid == c->msgid) {
			break;
		}
		if (m.type == RPC_NOTIFICATION &&
		    strcmp(m.method, "closing") == 0) {
			m.error = m.result;
			m.result = NULL;
			break;
		}
		rpc_message_release(&m);
	}
	if (m.error != NULL) {
		c->error = m.error; /* transferred */
		json_decref(m.result);
		return error_take(c->error, msg);
	}
	*out = m.result == NULL ? json_null() : m.result; /* transferred */
	return WEALD_OK;
}

const json_t *client_hello(const struct client *c)
{
	return c->hello;
}

const json_t *client_error(const struct client *c)
{
	return c->error;
}

struct mp_writer *client_begin(struct client *c, const char *method,
			       size_t params_n)
{
	c->msgid++;
	buf_clear(&c->out);
	mp_writer_begin(&c->writer, &c->out);
	mp_put_array(&c->writer, 4);
	mp_put_uint(&c->writer, RPC_REQUEST);
	mp_put_uint(&c->writer, c->msgid);
	mp_put_str(&c->writer, span_of(method));
	mp_put_array(&c->writer, params_n);
	return &c->writer;
}

/* The daemon went away, or is silent, at a time when it may have acted. */
static int not_known(int err, struct weald_msg *msg)
{
	if (err == WEALD_TIMEOUT) {
		msg_set(msg, "the daemon has not answered in time");
	} else {
		msg_set(msg, "the daemon stopped before it answered");
	}
	return WEALD_UNKNOWN;
}

/*
 * It takes no more. It may have said why, and that is worth more than that it
 * could not be written to.
 */
static int not_sent(struct client *c, struct weald_msg *msg)
{
	json_t *answer = NULL;
	int r = receive_answer(c, now_ms() + 1000, &answer, msg);

	json_decref(answer);
	if (c->error != NULL) {
		return r;
	}
	msg_set(msg, "the daemon took no request; try again");
	return WEALD_UNREACHABLE;
}

int client_call(struct client *c, unsigned wait_ms, json_t **out,
		struct weald_msg *msg)
{
	uint64_t deadline = deadline_of(wait_ms);
	int r = mp_writer_end(&c->writer);

	json_decref(c->error);
	c->error = NULL;
	if (r != WEALD_OK) {
		return r;
	}
	r = send_all(c, deadline);
	OPENSSL_cleanse(c->out.data, c->out.len); /* it may hold a token */
	if (r != WEALD_OK) {
		return not_sent(c, msg);
	}
	r = receive_answer(c, deadline, out, msg);
	if (c->error == NULL && (r == WEALD_IO || r == WEALD_TIMEOUT)) {
		return not_known(r, msg);
	}
	return r;
}

int client_event(struct client *c, json_t **out, struct weald_msg *msg)
{
	struct rpc_message m;
	int r;

	for (;;) {
		r = next_message(c, UINT64_MAX, &m, msg);
		if (r == WEALD_IO) {
			msg_set(msg, "the daemon has stopped");
			return WEALD_UNREACHABLE;
		}
		if (r != WEALD_OK) {
			return r;
		}
		if (m.type == RPC_NOTIFICATION &&
		    strcmp(m.method, "event") == 0 &&
		    json_is_object(m.result)) {
			*out = m.result; /* transferred */
			return WEALD_OK;
		}
		if (m.type == RPC_NOTIFICATION &&
		    strcmp(m.method, "closing") == 0) {
			r = error_take(m.result, msg);
			rpc_message_release(&m);
			return r;
		}
		rpc_message_release(&m);
	}
}

static int say_hello(struct client *c, struct weald_msg *msg)
{
	const json_t *protocol;
	int r;

	(void)client_begin(c, "hello", 0);
	r = client_call(c, HELLO_MS, &c->hello, msg);
	if (r == WEALD_UNKNOWN) { /* a question does nothing */
		return WEALD_UNREACHABLE;
	}
	if (r != WEALD_OK) {
		return r;
	}
	protocol = json_object_get(c->hello, "protocol");
	if (!json_is_integer(protocol) ||
	    json_integer_value(protocol) != RPC_PROTOCOL) {
		msg_set(msg,
			"the running daemon is another version than this weald "
			"%s; restart it",
			WEALD_RELEASE);
		return WEALD_NEWER;
	}
	return WEALD_OK;
}

int client_open(const char *dir, struct client **out, struct weald_msg *msg)
{
	struct client *c = calloc(1, sizeof *c);
	int r;

	if (c == NULL) {
		return WEALD_NOMEM;
	}
	c->fd = -1;
	buf_init(&c->out, RPC_MESSAGE_BYTES_MAX);
	buf_init(&c->in, RPC_MESSAGE_BYTES_MAX + RECEIVE_BYTES);
	rpc_scan_init(&c->scan, RPC_RESPONSE_VALUES_MAX, RPC_DEPTH_MAX);
	r = control_connect(dir, &c->fd, msg);
	if (r == WEALD_OK) {
		r = say_hello(c, msg);
	}
	if (r != WEALD_OK) {
		client_close(c);
		return r;
	}
	*out = c;
	return WEALD_OK;
}

void client_close(struct client *c)
{
	if (c == NULL) {
		return;
	}
	if (c->fd >= 0) {
		(void)close(c->fd);
	}
	json_decref(c->hello);
	json_decref(c->error);
	buf_release(&c->out);
	buf_release(&c->in);
	free(c);
}
