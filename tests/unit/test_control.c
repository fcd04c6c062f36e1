/*
 * The control socket: its server on a loop of its own thread, over a node that
 * is made up here, and its client on the test's thread.
 */
#include "daemon/control/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/control/client.h"
#include "daemon/control/rpc.h"
#include "daemon/control/socket.h"
#include "tests/unit/fakenode.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/vectors.h"

/* ---- the server's thread -------------------------------------------------
 */

struct kit {
	struct feedkit *feed;
	struct node node;
	struct control_server *server;
	pthread_t thread;
	uv_async_t poke;
	pthread_barrier_t done;
	_Atomic(void (*)(struct kit *)) job; /* what poke is to do */
	bool running;
	struct weald_msg msg;
};

static void poke_cb(uv_async_t *async)
{
	struct kit *k = async->data;
	void (*job)(struct kit *) = k->job;

	job(k);
	(void)pthread_barrier_wait(&k->done);
}

/* Do @job on the server's thread, and wait until it is done. */
static void on_loop(struct kit *k, void (*job)(struct kit *))
{
	k->job = job;
	assert_int_equal(uv_async_send(&k->poke), 0);
	(void)pthread_barrier_wait(&k->done);
}

static void *thread_main(void *arg)
{
	struct kit *k = arg;

	(void)uv_run(&k->node.loop, UV_RUN_DEFAULT);
	return NULL;
}

static void closed_cb(void *ctx)
{
	struct kit *k = ctx;

	uv_close((uv_handle_t *)&k->poke, NULL);
}

static void job_close(struct kit *k)
{
	control_server_close(k->server, closed_cb, k);
	k->server = NULL;
}

static void job_nothing(struct kit *k)
{
	(void)k;
}

static void make_home(struct kit *k, const char *name)
{
	static const uint8_t id[SHA256_BYTES] = { 1 };
	const char *path = scratch_path(&k->feed->scratch, name);

	feed_ok(k->feed, home_create(path, &k->node.home, &k->msg));
	feed_ok(k->feed, home_finish(k->node.home, "south-west", id, &k->msg));
	feed_ok(k->feed, home_key_write(k->node.home, HOME_KEY_FEED,
					vectors_get()->seed_first, &k->msg));
}

static void start(struct kit *k)
{
	assert_int_equal(control_server_open(&k->node, &k->server, &k->msg),
			 WEALD_OK);
	assert_int_equal(pthread_create(&k->thread, NULL, thread_main, k), 0);
	k->running = true;
}

static int setup(void **state)
{
	struct kit *k = calloc(1, sizeof *k);
	void *feed = NULL;

	assert_non_null(k);
	assert_int_equal(feedkit_setup(&feed), 0);
	k->feed = feed;
	k->feed->now = 1700000000; /* before the clock of any machine */
	feedkit_found(k->feed);
	k->node.feed = k->feed->feed;
	make_home(k, "home");
	assert_int_equal(uv_loop_init(&k->node.loop), 0);
	assert_int_equal(uv_async_init(&k->node.loop, &k->poke, poke_cb), 0);
	k->poke.data = k;
	assert_int_equal(pthread_barrier_init(&k->done, NULL, 2), 0);
	*state = k;
	return 0;
}

static int setup_started(void **state)
{
	int r = setup(state);

	start(*state);
	return r;
}

static void stop(struct kit *k)
{
	if (k->running) {
		on_loop(k, job_close);
		assert_int_equal(pthread_join(k->thread, NULL), 0);
		k->running = false;
	}
}

/* The join that is under way ends. */
static void answer_join(struct kit *k, int err, const struct weald_msg *msg)
{
	node_done_fn *done = k->node.join_done;

	k->node.join_done = (node_done_fn *)0;
	done(k->node.join_ctx, err, msg);
}

static int teardown(void **state)
{
	struct kit *k = *state;
	void *feed = k->feed;

	if (k->running) {
		stop(k);
	} else if (!uv_is_closing((uv_handle_t *)&k->poke)) {
		uv_close((uv_handle_t *)&k->poke, NULL);
		(void)uv_run(&k->node.loop, UV_RUN_DEFAULT);
	}
	assert_int_equal(uv_loop_close(&k->node.loop), 0);
	if (k->node.join_done != NULL) {
		/* an answer to a caller, and a server, that have gone */
		answer_join(k, WEALD_OK, &k->msg);
	}
	home_close(k->node.home);
	assert_int_equal(feedkit_teardown(&feed), 0);
	(void)pthread_barrier_destroy(&k->done);
	free(k);
	return 0;
}

static struct client *connect_to(struct kit *k)
{
	struct client *c = NULL;
	int r = client_open(home_path(k->node.home), &c, &k->msg);

	if (r != WEALD_OK) {
		print_message("%s\n", msg_text(&k->msg, r));
	}
	assert_int_equal(r, WEALD_OK);
	return c;
}

static int call(struct kit *k, struct client *c, json_t **out)
{
	return client_call(c, CLIENT_WAIT_MS, out, &k->msg);
}

/* A call without parameters that must succeed; the caller has the answer. */
static json_t *ask(struct kit *k, struct client *c, const char *method)
{
	json_t *answer = NULL;

	(void)client_begin(c, method, 0);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	return answer;
}

static uint64_t clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- who is there --------------------------------------------------------
 */

static void client_open__says_that_no_daemon_runs(void **state)
{
	struct kit *k = *state;
	struct client *c = NULL;
	int fd = -1;

	assert_int_equal(client_open(home_path(k->node.home), &c, &k->msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(k->msg.text, "no daemon runs"));
	/* a socket that a killed one left; the next removes it */
	assert_int_equal(control_bind(home_path(k->node.home), &fd, &k->msg),
			 WEALD_OK);
	assert_int_equal(close(fd), 0);
	assert_int_equal(client_open(home_path(k->node.home), &c, &k->msg),
			 WEALD_NOTFOUND);
	start(k);
	client_close(connect_to(k));
}

static void client_open__learns_who_it_is(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	const json_t *hello = client_hello(c);

	assert_string_equal(json_string_value(json_object_get(hello, "slug")),
			    "south-west");
	assert_int_equal(json_integer_value(json_object_get(hello, "pid")),
			 getpid());
	client_close(c);
}

static void the_socket__is_for_its_owner_and_goes(void **state)
{
	struct kit *k = *state;
	struct stat st;
	char path[SCRATCH_PATH_BYTES];

	(void)snprintf(path, sizeof path, "%s/control",
		       home_path(k->node.home));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	stop(k);
	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void the_socket__does_not_take_the_place_of_a_file(void **state)
{
	struct kit *k = *state;
	char path[SCRATCH_PATH_BYTES];

	(void)snprintf(path, sizeof path, "%s/control",
		       home_path(k->node.home));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(control_server_open(&k->node, &k->server, &k->msg),
			 WEALD_EXISTS);
	assert_non_null(strstr(k->msg.text, "in the way"));
}

static void the_socket__may_have_a_long_path(void **state)
{
	struct kit *k = *state;
	char name[201];

	memset(name, 'h', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	home_close(k->node.home);
	make_home(k, name);
	start(k);
	client_close(connect_to(k));
}

/* ---- calls ---------------------------------------------------------------
 */

static void calls__reach_the_node(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "follow", 4);
	json_t *answer = NULL;

	mp_put_str(w, span_of("wessex"));
	mp_put_array(w, 2);
	mp_put_str(w, span_of("sepsis"));
	mp_put_str(w, span_of("falls"));
	mp_put_array(w, 1);
	mp_put_str(w, span_of("lesson"));
	mp_put_uint(w, 1);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	assert_int_equal(json_object_size(answer), 0);
	json_decref(answer);
	assert_string_equal(k->node.said, "follow wessex 2 sepsis 1 lesson 1");
	w = client_begin(c, "peer_add", 2);
	mp_put_str(w, span_of("h:1"));
	mp_put_str(w, span_of("00ff"));
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	json_decref(answer);
	assert_string_equal(k->node.said, "peer_add h:1 00ff");
	w = client_begin(c, "invite", 1);
	mp_put_uint(w, 60);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	assert_string_equal(json_string_value(json_object_get(answer, "token")),
			    "weald-join:abc");
	json_decref(answer);
	w = client_begin(c, "holders", 1);
	mp_put_uint(w, 17);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	assert_int_equal(json_integer_value(
				 json_object_get(json_array_get(answer, 0),
						 "seq")),
			 17);
	json_decref(answer);
	client_close(c);
}

static void calls__bring_back_errors(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "unfollow", 1);
	json_t *answer = NULL;

	mp_put_str(w, span_of("wessex"));
	assert_int_equal(call(k, c, &answer), WEALD_NOTFOUND);
	assert_string_equal(k->msg.text, "wessex is not followed");
	(void)client_begin(c, "reload", 0);
	assert_int_equal(call(k, c, &answer), WEALD_CORRUPT);
	assert_string_equal(json_string_value(
				    json_object_get(client_error(c), "about")),
			    "home");
	(void)client_begin(c, "feeds", 0);
	assert_int_equal(call(k, c, &answer), WEALD_NOMEM);
	(void)client_begin(c, "nonsense", 0);
	assert_int_equal(call(k, c, &answer), WEALD_FORMAT);
	assert_non_null(strstr(k->msg.text, "no method \"nonsense\""));
	(void)client_begin(c, "unfollow", 0);
	assert_int_equal(call(k, c, &answer), WEALD_INVALID);
	w = client_begin(c, "unfollow", 1);
	mp_put_uint(w, 1);
	assert_int_equal(call(k, c, &answer), WEALD_INVALID);
	assert_string_equal(k->msg.text, "parameter 1 is not a text");
	w = client_begin(c, "unfollow", 1);
	mp_put_str(w, (struct span){ (const uint8_t *)"a\0b", 3 });
	assert_int_equal(call(k, c, &answer), WEALD_INVALID);
	w = client_begin(c, "why", 1);
	mp_put_str(w, span_of("x"));
	assert_int_equal(call(k, c, &answer), WEALD_TOOBIG);
	/* and the connection is as good as before */
	assert_null(answer);
	json_decref(ask(k, c, "status"));
	assert_null(client_error(c));
	client_close(c);
}

static void a_call__can_be_answered_later(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct client *other = connect_to(k);
	struct mp_writer *w = client_begin(c, "join", 1);
	json_t *answer = NULL;

	mp_put_str(w, span_of("t"));
	assert_int_equal(client_call(c, 50, &answer, &k->msg), WEALD_UNKNOWN);
	/* nobody waits for one that waits */
	json_decref(ask(k, other, "status"));
	client_close(other);
	client_close(c);
	assert_non_null(k->node.join_done);
}

static void job_join(struct kit *k)
{
	struct weald_msg msg;

	msg_set(&msg, "the token was used before");
	answer_join(k, WEALD_DENIED, &msg);
}

static void *join_main(void *arg)
{
	struct kit *k = arg;
	struct client *c = connect_to(k);

	/* one is there when the join is: calls are taken in order */
	while (k->node.join_done == NULL) {
		json_decref(ask(k, c, "status"));
	}
	client_close(c);
	on_loop(k, job_join);
	return NULL;
}

static void a_call__waits_for_its_answer(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "join", 1);
	json_t *answer = NULL;
	pthread_t thread;

	mp_put_str(w, span_of("t"));
	assert_int_equal(pthread_create(&thread, NULL, join_main, k), 0);
	assert_int_equal(client_call(c, CLIENT_WAIT_EVER, &answer, &k->msg),
			 WEALD_DENIED);
	assert_string_equal(k->msg.text, "the token was used before");
	assert_int_equal(pthread_join(thread, NULL), 0);
	client_close(c);
}

static void the_end__answers_nobody_who_waits_for_ever(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "join", 1);
	json_t *answer = NULL;
	uint64_t begun = clock_ms();

	mp_put_str(w, span_of("t"));
	assert_int_equal(client_call(c, 1, &answer, &k->msg), WEALD_UNKNOWN);
	stop(k);
	assert_true(clock_ms() - begun >= CONTROL_STOP_MS);
	client_close(c);
	assert_non_null(k->node.join_done); /* teardown() answers it */
}

/* ---- watching ------------------------------------------------------------
 */

static void job_event(struct kit *k)
{
	json_t *event = json_pack("{s:s}", "event", "peer-up");

	k->node.watch.fn(k->node.watch.ctx, event);
	json_decref(event);
}

static void watch__tells_of_every_event(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	json_t *event = NULL;
	size_t i;

	json_decref(ask(k, c, "watch"));
	for (i = 0; i < 3; i++) {
		on_loop(k, job_event);
		assert_int_equal(client_event(c, &event, &k->msg), WEALD_OK);
		assert_string_equal(json_string_value(
					    json_object_get(event, "event")),
				    "peer-up");
		json_decref(event);
	}
	stop(k);
	assert_int_equal(client_event(c, &event, &k->msg), WEALD_UNREACHABLE);
	assert_non_null(strstr(k->msg.text, "stopping"));
	assert_null(k->node.watch.fn);
	client_close(c);
}

/* Too much for a caller that reads nothing. */
static void job_flood(struct kit *k)
{
	json_t *event = json_object();
	char text[65536];
	size_t i;

	memset(text, 'x', sizeof text);
	assert_int_equal(json_object_set_new(event, "text",
					     json_stringn(text, sizeof text)),
			 0);
	for (i = 0; k->node.watch.fn != NULL && i < 1000; i++) {
		k->node.watch.fn(k->node.watch.ctx, event);
	}
	json_decref(event);
}

static void watch__leaves_who_does_not_read(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);

	json_decref(ask(k, c, "watch"));
	on_loop(k, job_flood);
	assert_null(k->node.watch.fn);
	client_close(c);
}

static void watch__ends_with_its_caller(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	uint64_t deadline = clock_ms() + 5000;

	json_decref(ask(k, c, "watch"));
	client_close(c);
	do { /* the loop has a turn between */
		on_loop(k, job_nothing);
	} while (k->node.watch.fn != NULL && clock_ms() < deadline);
	assert_null(k->node.watch.fn);
}

/* ---- strangers -----------------------------------------------------------
 */

static int raw_connect(struct kit *k)
{
	int fd = -1;

	assert_int_equal(control_connect(home_path(k->node.home), &fd, &k->msg),
			 WEALD_OK);
	return fd;
}

/* Read to the end, at most 10 s; how many bytes there were. */
static size_t read_all(int fd, uint8_t *out, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t at = 0;
	ssize_t n;

	do {
		assert_int_equal(poll(&p, 1, 10000), 1);
		n = recv(fd, out + at, size - at, 0);
		at += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return at;
}

/* What the other side says when it gives up: ["closing", {code}]. */
static void expect_closing(int fd, const char *code)
{
	struct rpc_message m;
	uint8_t bytes[4096];
	size_t n = read_all(fd, bytes, sizeof bytes);

	assert_int_equal(rpc_message_decode((struct span){ bytes, n }, &m,
					    NULL),
			 WEALD_OK);
	assert_string_equal(m.method, "closing");
	assert_string_equal(json_string_value(
				    json_object_get(m.result, "code")),
			    code);
	rpc_message_release(&m);
}

static void rubbish__is_told_and_left(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *code;
	} cases[] = {
		{ "\xc1", 1, "malformed" },
		{ "GET / HTTP/1.1\r\n\r\n", 18, "malformed" },
		{ "\xdd\x08\x00\x00\x00", 5, "too-big" },
		{ "\x94\x00\x01\xa5hello\x80", 10, "malformed" },
		{ "\x94\x00\x01\xd9\x05hello\x90", 11, "non-canonical" },
	};
	struct kit *k = *state;
	struct client *c;
	size_t i;
	int fd;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fd = raw_connect(k);
		assert_int_equal(write(fd, cases[i].bytes, cases[i].len),
				 cases[i].len);
		expect_closing(fd, cases[i].code);
		assert_int_equal(close(fd), 0);
	}
	c = connect_to(k);
	json_decref(ask(k, c, "status"));
	client_close(c);
}

static void requests__may_come_together_and_in_pieces(void **state)
{
	static const uint8_t two[] = "\x94\x00\x01\xa6status\x90"
				     "\x94\x00\x02\xa6status\x90";
	const size_t len = sizeof two - 1;
	struct kit *k = *state;
	struct rpc_message m;
	struct rpc_scan scan;
	uint8_t bytes[256];
	size_t at = 0;
	size_t one;
	size_t i;
	int fd = raw_connect(k);

	assert_int_equal(write(fd, two, len), len);
	for (i = 0; i < len; i++) {
		assert_int_equal(write(fd, two + i, 1), 1);
	}
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	at = read_all(fd, bytes, sizeof bytes);
	for (i = 0; i < 4; i++) {
		rpc_scan_init(&scan, 100, 4);
		assert_int_equal(rpc_scan(&scan, (struct span){ bytes, at },
					  &one, NULL),
				 WEALD_OK);
		assert_int_equal(rpc_message_decode((struct span){ bytes, one },
						    &m, NULL),
				 WEALD_OK);
		assert_int_equal(m.msgid, 1 + i % 2);
		rpc_message_release(&m);
		memmove(bytes, bytes + one, at - one);
		at -= one;
	}
	assert_int_equal(at, 0);
	assert_int_equal(close(fd), 0);
}

static void a_request__has_five_seconds_in_all(void **state)
{
	static const char request[] = "\x94\x00\x01\xa6status\x91\xd9\xff";
	struct kit *k = *state;
	struct pollfd p = { .events = POLLIN };
	uint64_t begun = clock_ms();
	uint64_t took;
	size_t i = 0;
	char x = 'x';

	p.fd = raw_connect(k);
	/* a byte now and then never makes it whole */
	while (poll(&p, 1, 300) == 0) {
		const char *byte = i < sizeof request - 1 ? &request[i] : &x;

		assert_int_equal(write(p.fd, byte, 1), 1);
		i++;
	}
	took = clock_ms() - begun;
	expect_closing(p.fd, "timeout");
	assert_int_equal(close(p.fd), 0);
	assert_true(took >= CONTROL_REQUEST_MS);
	assert_true(took < CONTROL_REQUEST_MS + 3000);
}

static void callers__are_bounded(void **state)
{
	struct kit *k = *state;
	struct client *all[CONTROL_CONNECTIONS_MAX];
	struct client *more = NULL;
	uint64_t deadline = clock_ms() + 5000;
	size_t i;
	int r;

	for (i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		all[i] = connect_to(k);
	}
	assert_int_equal(client_open(home_path(k->node.home), &more, &k->msg),
			 WEALD_LOCKED);
	for (i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		client_close(all[i]);
	}
	do { /* until the server has seen that they are gone */
		r = client_open(home_path(k->node.home), &more, &k->msg);
	} while (r == WEALD_LOCKED && clock_ms() < deadline);
	assert_int_equal(r, WEALD_OK);
	client_close(more);
}

static void requests__are_bounded_in_all(void **state)
{
	enum { N = CONTROL_BYTES_MAX / RPC_MESSAGE_BYTES_MAX + 1 };
	struct kit *k = *state;
	const size_t most = RPC_MESSAGE_BYTES_MAX - 64;
	uint8_t *bytes = malloc(most);
	int fds[N];
	size_t i;
	size_t at;
	ssize_t n;

	assert_non_null(bytes);
	memset(bytes, 'x', most);
	memcpy(bytes, "\x94\x00\x01\xa6status\x91\xdb\x00\xff\xff\xb0", 16);
	for (i = 0; i < N; i++) {
		fds[i] = raw_connect(k);
		/* the last byte is not sent: it stays a part */
		for (at = 0; at < most - 1; at += (size_t)n) {
			n = send(fds[i], bytes + at, most - 1 - at,
				 MSG_NOSIGNAL);
			if (n < 0) { /* this one was too much */
				break;
			}
		}
	}
	expect_closing(fds[N - 1], "locked");
	for (i = 0; i < N; i++) {
		assert_int_equal(close(fds[i]), 0);
	}
	free(bytes);
}

/* ---- writing -------------------------------------------------------------
 */

#define RECORD_MD "---\nkind: lesson\ntitle: A\ntopics: []\n---\n\nText.\n"

static void put_record(struct mp_writer *w, const char *slug, const char *text)
{
	mp_put_array(w, 5);
	mp_put_str(w, span_of("lesson"));
	mp_put_str(w, span_of(slug));
	mp_put_str(w, span_of("A"));
	mp_put_array(w, 1);
	mp_put_str(w, span_of("sepsis"));
	mp_put_array(w, 1);
	mp_put_array(w, 2);
	mp_put_str(w, span_of("record.md"));
	mp_put_bin(w, text, strlen(text));
}

static void publish__answers_for_each_record(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "publish", 2);
	json_t *answer = NULL;
	json_t *records;

	mp_put_str(w, span_of("why"));
	mp_put_array(w, 3);
	put_record(w, "a", RECORD_MD);
	put_record(w, "b", RECORD_MD);
	put_record(w, "a", RECORD_MD);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	assert_int_equal(json_integer_value(json_object_get(answer, "seq")), 4);
	records = json_object_get(answer, "records");
	assert_int_equal(json_array_size(records), 3);
	assert_int_equal(json_integer_value(
				 json_object_get(json_array_get(records, 1),
						 "seq")),
			 4);
	assert_null(json_object_get(json_array_get(records, 2), "seq"));
	assert_string_equal(json_string_value(
				    json_object_get(json_array_get(records, 1),
						    "commit")),
			    feedkit_commit(k->feed, 4));
	json_decref(answer);
	client_close(c);
}

static void publish__names_the_record_that_failed(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "publish", 2);
	json_t *answer = NULL;

	mp_put_str(w, span_of(""));
	mp_put_array(w, 2);
	put_record(w, "a", RECORD_MD);
	put_record(w, "NO", RECORD_MD);
	assert_int_equal(call(k, c, &answer), WEALD_RECORD);
	assert_int_equal(json_integer_value(
				 json_object_get(client_error(c), "at")),
			 1);
	assert_int_equal(json_array_size(
				 json_object_get(client_error(c), "records")),
			 0);
	assert_int_equal(feed_identity(k->node.feed)->seq, 2);
	w = client_begin(c, "publish", 2);
	mp_put_str(w, span_of(""));
	mp_put_array(w, 1);
	mp_put_array(w, 4);
	mp_put_str(w, span_of("lesson"));
	mp_put_str(w, span_of("a"));
	mp_put_str(w, span_of("A"));
	mp_put_array(w, 0);
	assert_int_equal(call(k, c, &answer), WEALD_INVALID);
	client_close(c);
}

static void withdraw__and_key_go_through_the_node(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	struct mp_writer *w = client_begin(c, "withdraw", 3);
	json_t *answer = NULL;

	mp_put_str(w, span_of("lesson"));
	mp_put_str(w, span_of("a"));
	mp_put_str(w, span_of("why"));
	assert_int_equal(call(k, c, &answer), WEALD_RECORD);
	w = client_begin(c, "key_prepare", 2);
	mp_put_nil(w);
	mp_put_uint(w, 0);
	assert_int_equal(call(k, c, &answer), WEALD_NOTFOUND);
	w = client_begin(c, "key_prepare", 2);
	mp_put_nil(w);
	mp_put_uint(w, 1);
	assert_int_equal(call(k, c, &answer), WEALD_OK);
	assert_true(json_is_true(json_object_get(answer, "made")));
	json_decref(answer);
	json_decref(ask(k, c, "key_discard"));
	w = client_begin(c, "import", 1);
	mp_put_str(w, span_of("relative"));
	assert_int_equal(call(k, c, &answer), WEALD_INVALID);
	w = client_begin(c, "import", 1);
	mp_put_str(w, span_of("/nowhere/at/all"));
	assert_int_equal(call(k, c, &answer), WEALD_NOTFOUND);
	client_close(c);
}

static void first__opens_the_guard_once(void **state)
{
	struct kit *k = *state;
	struct client *c = connect_to(k);
	json_t *answer = ask(k, c, "first");

	assert_true(json_is_true(json_object_get(answer, "was_closed")));
	json_decref(answer);
	answer = ask(k, c, "first");
	assert_true(json_is_false(json_object_get(answer, "was_closed")));
	json_decref(answer);
	client_close(c);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_started, teardown)
#define TEST_ALONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ALONE(client_open__says_that_no_daemon_runs),
		TEST(client_open__learns_who_it_is),
		TEST(the_socket__is_for_its_owner_and_goes),
		TEST_ALONE(the_socket__does_not_take_the_place_of_a_file),
		TEST_ALONE(the_socket__may_have_a_long_path),
		TEST(calls__reach_the_node),
		TEST(calls__bring_back_errors),
		TEST(a_call__can_be_answered_later),
		TEST(a_call__waits_for_its_answer),
		TEST(the_end__answers_nobody_who_waits_for_ever),
		TEST(watch__tells_of_every_event),
		TEST(watch__leaves_who_does_not_read),
		TEST(watch__ends_with_its_caller),
		TEST(rubbish__is_told_and_left),
		TEST(requests__may_come_together_and_in_pieces),
		TEST(a_request__has_five_seconds_in_all),
		TEST(callers__are_bounded),
		TEST(requests__are_bounded_in_all),
		TEST(publish__answers_for_each_record),
		TEST(publish__names_the_record_that_failed),
		TEST(withdraw__and_key_go_through_the_node),
		TEST(first__opens_the_guard_once),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as main() of weald does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
