/*
 * The server of the control socket.
 *
 * Happy path: a connection is accepted and its user checked; bytes come until
 * a request is whole; it becomes a call, and nothing more is read meanwhile; a
 * method answers, at once or much later; when the answer has gone out the next
 * request is looked for, first among the bytes that came with the last one.
 *
 *           accept
 *             |
 *          READING  <-------------------+
 *             |  a whole request        |
 *          CALLING  (no deadline)       |  written
 *             |  call_reply, call_fail  |
 *          WRITING  --------------------+
 *             |  the other side, a deadline, bytes that are no request
 *          CLOSING  the last bytes go out, then the handles are closed
 *
 * A connection that watches is READING, and events are written beside that.
 * When a connection goes before its call is answered, the call lives on
 * without it.
 */
#include "daemon/control/control.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control/rpc.h"
#include "daemon/control/server.h"
#include "daemon/control/socket.h"
#include "daemon/log.h"
#include "daemon/version.h"

#define READ_BYTES   65536u
#define ACCEPT_QUEUE 64

enum caller_state {
	CALLER_READING,
	CALLER_CALLING,
	CALLER_WRITING,
	CALLER_CLOSING
};

struct caller {
	struct control_server *server;
	uv_pipe_t pipe;
	uv_timer_t timer;
	unsigned handles; /* open ones */
	enum caller_state state;
	struct buf in;        /* bytes that are not a call yet */
	struct rpc_scan scan; /* of what is in @in */
	struct call *call;    /* under way; NULL: none */
	struct node_watch *watch;
	unsigned writes; /* under way */
	bool reading;
	struct caller *next;
};

struct control_server {
	struct node *node;
	uv_pipe_t listener;
	uv_timer_t timer; /* of the end; before that, of the next accept */
	unsigned handles; /* open ones: the two above */
	struct caller *callers;
	size_t callers_n;
	size_t bytes; /* of requests, in all */
	bool closing;
	void (*closed)(void *ctx);
	void *closed_ctx;
	struct log_limit refused;
	char *dir;
	uint8_t read[READ_BYTES]; /* one read at a time on one loop */
};

struct call {
	struct caller *caller; /* NULL: it has gone */
	struct node *node;
	size_t *bytes; /* the server's count; NULL without a caller */
	struct buf request;
	struct mp_doc doc;
	struct rpc_request rpc;
};

struct write {
	uv_write_t req;
	struct caller *caller;
	struct buf bytes;
};

static void caller_step(struct caller *c);
static void caller_close(struct caller *c);
static void server_check_closed(struct control_server *s);

/* ---- calls ---------------------------------------------------------------
 */

struct node *call_node(const struct call *call)
{
	return call->node;
}

const msgpack_object *call_params(const struct call *call)
{
	return call->rpc.params;
}

size_t call_params_n(const struct call *call)
{
	return call->rpc.params_n;
}

static void call_free(struct call *call)
{
	if (call->bytes != NULL) {
		*call->bytes -= call->request.len;
	}
	mp_close(&call->doc);
	if (call->request.data != NULL) { /* it may hold a token */
		OPENSSL_cleanse(call->request.data, call->request.len);
	}
	buf_release(&call->request);
	free(call);
}

static void write_cb(uv_write_t *req, int status)
{
	struct write *w = req->data;
	struct caller *c = w->caller;

	buf_release(&w->bytes);
	free(w);
	assert(c->writes > 0);
	c->writes--;
	if (status != 0) {
		caller_close(c);
		return;
	}
	if (c->state == CALLER_CLOSING) {
		if (c->writes == 0) {
			caller_close(c);
		}
	} else if (c->state == CALLER_WRITING && c->writes == 0) {
		c->state = CALLER_READING;
		caller_step(c);
	}
}

/* Takes @bytes. False where the connection is closed for it. */
static bool caller_write(struct caller *c, struct buf *bytes)
{
	struct write *w = malloc(sizeof *w);
	uv_buf_t out;

	if (w == NULL) {
		buf_release(bytes);
		caller_close(c);
		return false;
	}
	*w = (struct write){ .caller = c, .bytes = *bytes };
	w->req.data = w;
	out = uv_buf_init((char *)w->bytes.data, (unsigned)w->bytes.len);
	if (uv_write(&w->req, (uv_stream_t *)&c->pipe, &out, 1, write_cb) !=
	    0) {
		buf_release(&w->bytes);
		free(w);
		caller_close(c);
		return false;
	}
	c->writes++;
	return true;
}

static void timer_cb(uv_timer_t *timer);

static void caller_set_deadline(struct caller *c, uint64_t ms)
{
	int r = uv_timer_start(&c->timer, timer_cb, ms, 0);

	assert(r == 0 && "only a closing timer refuses");
	(void)r;
}

/*
 * Answer the call under way. Where @result does not fit or there is no memory
 * for it, an error goes instead.
 */
static void caller_answer(struct caller *c, uint64_t msgid, const json_t *error,
			  const json_t *result)
{
	struct buf bytes;
	json_t *why;
	int r;

	buf_init(&bytes, RPC_MESSAGE_BYTES_MAX);
	r = rpc_encode_response(&bytes, msgid, error, result);
	if (r != WEALD_OK) {
		why = json_pack("{s:s,s:s}", "code", err_name(r), "message",
				r == WEALD_TOOBIG ? "the answer is too large"
						  : err_text(r));
		r = why == NULL ? WEALD_NOMEM
				: rpc_encode_response(&bytes, msgid, why, NULL);
		json_decref(why);
	}
	if (r != WEALD_OK) {
		buf_release(&bytes);
		caller_close(c);
		return;
	}
	c->state = CALLER_WRITING;
	caller_set_deadline(c, CONTROL_ANSWER_MS);
	(void)caller_write(c, &bytes);
}

/* Answer and give up the call; takes both. */
static void call_end(struct call *call, json_t *error, json_t *result)
{
	struct caller *c = call->caller;
	uint64_t msgid = call->rpc.msgid;

	call_free(call);
	if (c != NULL) {
		c->call = NULL;
		caller_answer(c, msgid, error, result);
	}
	json_decref(error);
	json_decref(result);
}

void call_reply(struct call *call, json_t *result)
{
	if (result == NULL) {
		call_fail_plain(call, CALL_ABOUT_ASKED, WEALD_NOMEM, NULL);
		return;
	}
	call_end(call, NULL, result);
}

static const char *about_name(enum call_about about)
{
	static const char *const names[] = {
		[CALL_ABOUT_ASKED] = "asked",   [CALL_ABOUT_INPUT] = "input",
		[CALL_ABOUT_SOURCE] = "source", [CALL_ABOUT_HOME] = "home",
		[CALL_ABOUT_FEED] = "feed",
	};

	return names[about];
}

void call_fail(struct call *call, struct call_error *error)
{
	json_t *o;

	assert(error->err != WEALD_OK);
	o = json_pack("{s:s,s:s,s:s}", "code", err_name(error->err), "message",
		      msg_text(&error->msg, error->err), "about",
		      about_name(error->about));
	if (o != NULL && error->more != NULL) {
		(void)json_object_update(o, error->more);
	}
	json_decref(error->more);
	error->more = NULL;
	if (o == NULL) { /* an error without words is still one */
		o = json_true();
	}
	call_end(call, o, NULL);
}

void call_fail_plain(struct call *call, enum call_about about, int err,
		     const struct weald_msg *msg)
{
	struct call_error error = { .err = err, .about = about };

	if (msg != NULL) {
		error.msg = *msg;
	}
	call_fail(call, &error);
}

/* ---- watching ------------------------------------------------------------
 */

/* Tell @c what @method names; a caller that does not read is left. */
static bool caller_notify(struct caller *c, const char *method,
			  const json_t *param)
{
	struct buf bytes;

	buf_init(&bytes, RPC_MESSAGE_BYTES_MAX);
	if (rpc_encode_notification(&bytes, method, param) != WEALD_OK) {
		buf_release(&bytes);
		return true; /* this one is lost; the next may fit */
	}
	return caller_write(c, &bytes);
}

static void caller_read_stop(struct caller *c)
{
	(void)uv_read_stop((uv_stream_t *)&c->pipe);
	c->reading = false;
}

/*
 * The last word to @c, then close it. A reader of the socket sees it where it
 * would see an answer or an event.
 */
static void caller_say_bye(struct caller *c, int err, const char *text)
{
	json_t *why;

	if (c->state == CALLER_CLOSING) {
		return;
	}
	why = json_pack("{s:s,s:s}", "code", err_name(err), "message", text);
	if (why != NULL && !caller_notify(c, "closing", why)) {
		json_decref(why);
		return;
	}
	json_decref(why);
	if (c->watch != NULL) {
		node_watch_remove(c->server->node, c->watch);
		c->watch = NULL;
	}
	c->state = CALLER_CLOSING;
	caller_read_stop(c);
	caller_set_deadline(c, CONTROL_STOP_MS);
	if (c->writes == 0) {
		caller_close(c);
	}
}

static void watch_cb(void *ctx, json_t *event)
{
	struct caller *c = ctx;

	if (c->state == CALLER_CLOSING) {
		return;
	}
	if (uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) >
	    CONTROL_WATCH_BYTES_MAX) {
		log_warning("a caller that watches does not read: it is left");
		caller_close(c);
		return;
	}
	(void)caller_notify(c, "event", event);
}

void call_watch(struct call *call)
{
	struct caller *c = call->caller;
	int r;

	assert(c != NULL && "this method answers at once");
	if (c->watch == NULL) {
		r = node_watch_add(call->node, watch_cb, c, &c->watch);
		if (r != WEALD_OK) {
			c->watch = NULL;
			call_fail_plain(call, CALL_ABOUT_ASKED, r, NULL);
			return;
		}
	}
	call_reply(call, json_object());
}

/* ---- a connection --------------------------------------------------------
 */

static void caller_closed_cb(uv_handle_t *handle)
{
	struct caller *c = handle->data;
	struct control_server *s = c->server;

	assert(c->handles > 0);
	c->handles--;
	if (c->handles == 0) {
		assert(s->callers_n > 0);
		s->callers_n--;
		free(c);
		server_check_closed(s);
	}
}

/* Legal in every state; @c is not to be touched by what called this. */
static void caller_close(struct caller *c)
{
	struct control_server *s = c->server;
	struct caller **at = &s->callers;

	c->state = CALLER_CLOSING;
	if (uv_is_closing((uv_handle_t *)&c->pipe)) {
		return;
	}
	while (*at != NULL && *at != c) {
		at = &(*at)->next;
	}
	assert(*at == c);
	*at = c->next;
	if (c->watch != NULL) {
		node_watch_remove(s->node, c->watch);
		c->watch = NULL;
	}
	if (c->call != NULL) {
		/* it lives on, and may outlive the server */
		s->bytes -= c->call->request.len;
		c->call->bytes = NULL;
		c->call->caller = NULL;
		c->call = NULL;
	}
	assert(s->bytes >= c->in.len);
	s->bytes -= c->in.len;
	buf_release(&c->in);
	uv_close((uv_handle_t *)&c->timer, caller_closed_cb);
	uv_close((uv_handle_t *)&c->pipe, caller_closed_cb);
}

static void timer_cb(uv_timer_t *timer)
{
	struct caller *c = timer->data;

	if (c->state == CALLER_READING) {
		caller_say_bye(c, WEALD_TIMEOUT,
			       c->in.len > 0
				       ? "the request did not come in time"
				       : "nothing was asked for a while");
		return;
	}
	caller_close(c);
}

static void no_method(struct call *call)
{
	struct call_error error = { .err = WEALD_FORMAT,
				    .about = CALL_ABOUT_HOME };

	msg_set(&error.msg,
		"the running daemon (weald %s) has no method \"%.*s\"",
		WEALD_RELEASE, (int)call->rpc.method.len,
		(const char *)call->rpc.method.data);
	call_fail(call, &error);
}

/* A request is there whole: call its method. */
static void caller_call(struct caller *c, struct call *call)
{
	const struct method *m = method_find(call->rpc.method);
	struct weald_msg msg;

	c->state = CALLER_CALLING;
	c->call = call;
	(void)uv_timer_stop(&c->timer);
	caller_read_stop(c);
	if (m == NULL) {
		no_method(call);
		return;
	}
	if (m->params_n != call->rpc.params_n) {
		msg_set(&msg, "%s takes %zu parameters, not %zu", m->name,
			m->params_n, call->rpc.params_n);
		call_fail_plain(call, CALL_ABOUT_ASKED, WEALD_INVALID, &msg);
		return;
	}
	m->fn(call);
}

/*
 * Take the first @len bytes of what has come, as a call. Where they are all of
 * it, which is the rule, no byte is copied.
 */
static int caller_take(struct caller *c, size_t len, struct call **out)
{
	struct call *call = calloc(1, sizeof *call);
	struct buf rest;
	int r;

	if (call == NULL) {
		return WEALD_NOMEM;
	}
	buf_init(&rest, RPC_MESSAGE_BYTES_MAX + READ_BYTES);
	r = buf_add(&rest, c->in.data + len, c->in.len - len);
	if (r != WEALD_OK) {
		free(call);
		return r;
	}
	call->request = c->in; /* transferred */
	call->request.len = len;
	c->in = rest; /* transferred */
	call->caller = c;
	call->node = c->server->node;
	call->bytes = &c->server->bytes;
	rpc_scan_init(&c->scan, RPC_REQUEST_VALUES_MAX, RPC_REQUEST_DEPTH_MAX);
	*out = call;
	return WEALD_OK;
}

static void caller_request(struct caller *c, size_t len)
{
	struct weald_msg msg = { "" };
	struct call *call = NULL;
	uint64_t msgid;
	int r = caller_take(c, len, &call);

	if (r != WEALD_OK) {
		caller_close(c);
		return;
	}
	r = rpc_request_decode(buf_span(&call->request), &call->doc, &call->rpc,
			       &msgid, &msg);
	if (r != WEALD_OK) {
		call_free(call);
		caller_say_bye(c, r, msg_text(&msg, r));
		return;
	}
	caller_call(c, call);
}

static void alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct caller *c = handle->data;

	(void)suggested;
	*out = uv_buf_init((char *)c->server->read, READ_BYTES);
}

/* Bytes have come. */
static void caller_receive(struct caller *c, size_t len)
{
	struct control_server *s = c->server;
	bool first = c->in.len == 0;
	int r;

	if (len > CONTROL_BYTES_MAX - s->bytes) {
		caller_say_bye(c, WEALD_LOCKED,
			       "the daemon is busy with other large requests");
		return;
	}
	r = buf_add(&c->in, s->read, len);
	OPENSSL_cleanse(s->read, len);
	if (r != WEALD_OK) {
		caller_say_bye(c, r, err_text(r));
		return;
	}
	s->bytes += len;
	if (first) {
		caller_set_deadline(c, CONTROL_REQUEST_MS);
	}
	caller_step(c);
}

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct caller *c = stream->data;

	(void)buf;
	if (c->state != CALLER_READING || n == 0) {
		return;
	}
	if (n < 0) {
		caller_close(c);
		return;
	}
	caller_receive(c, (size_t)n);
}

static void caller_read_start(struct caller *c)
{
	c->reading = true;
	if (uv_read_start((uv_stream_t *)&c->pipe, alloc_cb, read_cb) != 0) {
		caller_close(c);
	}
}

/* READING: take the next request if it is whole, else wait for more of it. */
static void caller_step(struct caller *c)
{
	struct weald_msg msg = { "" };
	size_t len = 0;
	int r = WEALD_INCOMPLETE;

	assert(c->state == CALLER_READING);
	if (c->server->closing) {
		caller_say_bye(c, WEALD_UNREACHABLE, "the daemon is stopping");
		return;
	}
	if (c->in.len > 0) {
		r = rpc_scan(&c->scan, buf_span(&c->in), &len, &msg);
	}
	if (r == WEALD_OK) {
		caller_request(c, len);
		return;
	}
	if (r != WEALD_INCOMPLETE) {
		caller_say_bye(c, r, msg_text(&msg, r));
		return;
	}
	if (c->reading) {
		return;
	}
	/* an answer has gone out: what follows has its own time */
	if (c->in.len > 0) {
		caller_set_deadline(c, CONTROL_REQUEST_MS);
	} else if (c->watch != NULL) {
		(void)uv_timer_stop(&c->timer);
	} else {
		caller_set_deadline(c, CONTROL_IDLE_MS);
	}
	caller_read_start(c);
}

/* ---- the listener --------------------------------------------------------
 */

/* Is the other side a process of our user, or of root? */
static bool caller_is_ours(const struct caller *c)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		return false;
	}
	return peer.uid == 0 || peer.uid == geteuid();
}

static struct caller *caller_new(struct control_server *s)
{
	struct caller *c = calloc(1, sizeof *c);

	if (c == NULL) {
		return NULL;
	}
	c->server = s;
	c->state = CALLER_READING;
	buf_init(&c->in, RPC_MESSAGE_BYTES_MAX + READ_BYTES);
	rpc_scan_init(&c->scan, RPC_REQUEST_VALUES_MAX, RPC_REQUEST_DEPTH_MAX);
	(void)uv_pipe_init(s->listener.loop, &c->pipe, 0); /* cannot fail */
	(void)uv_timer_init(s->listener.loop, &c->timer);
	c->pipe.data = c;
	c->timer.data = c;
	c->handles = 2;
	c->next = s->callers;
	s->callers = c;
	s->callers_n++;
	return c;
}

static void refuse_user(struct control_server *s, struct caller *c)
{
	if (log_limit_pass(&s->refused, uv_now(s->listener.loop))) {
		log_warning("a process of another user at the control socket "
			    "was turned away");
	}
	caller_close(c);
}

static void listen_again_cb(uv_timer_t *timer);

/* libuv listens no more where one is not accepted: all are, then judged. */
static void listen_cb(uv_stream_t *stream, int status)
{
	struct control_server *s = stream->data;
	struct caller *c;

	if (status != 0 || s->closing) {
		return;
	}
	c = caller_new(s);
	if (c == NULL) {
		log_error("no memory for a connection to the control socket");
		(void)uv_timer_start(&s->timer, listen_again_cb, 1000, 0);
		return;
	}
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0) {
		caller_close(c);
		return;
	}
	if (!caller_is_ours(c)) {
		refuse_user(s, c);
		return;
	}
	if (s->callers_n > CONTROL_CONNECTIONS_MAX) {
		caller_say_bye(c, WEALD_LOCKED,
			       "the daemon has too many callers already");
		return;
	}
	caller_set_deadline(c, CONTROL_REQUEST_MS);
	caller_read_start(c);
}

static void listen_again_cb(uv_timer_t *timer)
{
	struct control_server *s = timer->data;

	listen_cb((uv_stream_t *)&s->listener, 0);
}

static void server_closed_cb(uv_handle_t *handle)
{
	struct control_server *s = handle->data;

	assert(s->handles > 0);
	s->handles--;
	server_check_closed(s);
}

/* The last of its connections and handles frees the server. */
static void server_check_closed(struct control_server *s)
{
	void (*closed)(void *ctx) = s->closed;
	void *ctx = s->closed_ctx;

	if (!s->closing || s->callers_n > 0) {
		return;
	}
	if (s->handles > 0) {
		if (!uv_is_closing((uv_handle_t *)&s->timer)) {
			uv_close((uv_handle_t *)&s->timer, server_closed_cb);
		}
		return;
	}
	free(s->dir);
	free(s);
	if (closed != NULL) {
		closed(ctx);
	}
}

int control_server_open(struct node *n, struct control_server **out,
			struct weald_msg *msg)
{
	struct control_server *s = calloc(1, sizeof *s);
	uv_loop_t *loop = node_loop(n);
	int fd = -1;
	int r;

	if (s == NULL) {
		return WEALD_NOMEM;
	}
	s->node = n;
	s->dir = strdup(home_path(node_home(n)));
	r = s->dir == NULL ? WEALD_NOMEM : control_bind(s->dir, &fd, msg);
	if (r != WEALD_OK) {
		free(s->dir);
		free(s);
		return r;
	}
	(void)uv_pipe_init(loop, &s->listener, 0);
	(void)uv_timer_init(loop, &s->timer);
	s->listener.data = s;
	s->timer.data = s;
	s->handles = 2;
	r = uv_pipe_open(&s->listener, fd);
	if (r != 0) {
		(void)close(fd);
	} else {
		r = uv_listen((uv_stream_t *)&s->listener, ACCEPT_QUEUE,
			      listen_cb);
	}
	if (r != 0) {
		msg_set(msg, "cannot listen on the control socket: %s",
			uv_strerror(r));
		control_server_close(s, NULL, NULL);
		return WEALD_IO;
	}
	*out = s;
	return WEALD_OK;
}

/* Time is over for the calls that are still under way. */
static void grace_cb(uv_timer_t *timer)
{
	struct control_server *s = timer->data;

	while (s->callers != NULL) {
		caller_close(s->callers);
	}
}

void control_server_close(struct control_server *s, void (*closed)(void *ctx),
			  void *ctx)
{
	struct caller *c;
	struct caller *next;

	if (s == NULL) {
		closed(ctx);
		return;
	}
	assert(!s->closing);
	s->closing = true;
	s->closed = closed;
	s->closed_ctx = ctx;
	control_unlink(s->dir);
	uv_close((uv_handle_t *)&s->listener, server_closed_cb);
	(void)uv_timer_start(&s->timer, grace_cb, CONTROL_STOP_MS, 0);
	for (c = s->callers; c != NULL; c = next) {
		next = c->next;
		if (c->state == CALLER_READING) {
			caller_say_bye(c, WEALD_UNREACHABLE,
				       "the daemon is stopping");
		}
	}
	if (s->callers_n == 0) {
		server_check_closed(s);
	}
}
