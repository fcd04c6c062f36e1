#include "daemon/node/listen.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/log.h"
#include "tests/unit/connkit.h"

#define STRANGERS_MAX 80u

static struct connkit kit;
static struct listener *listener;
static int strangers[STRANGERS_MAX];
static size_t strangers_n;
static unsigned starve; /* so many times there is no memory */

void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	if (starve > 0) {
		starve--;
		return NULL;
	}
	return __real_calloc(n, size);
}

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *req,
			  uv_getaddrinfo_cb cb, const char *node,
			  const char *service, const struct addrinfo *hints);
int __real_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *req,
			  uv_getaddrinfo_cb cb, const char *node,
			  const char *service, const struct addrinfo *hints);

/* No test asks a name server. */
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *req,
			  uv_getaddrinfo_cb cb, const char *node,
			  const char *service, const struct addrinfo *hints)
{
	if (strcmp(node, "no-such-host.invalid") == 0) {
		return UV_EAI_NONAME;
	}
	return __real_uv_getaddrinfo(loop, req, cb, node, service, hints);
}

static void open_listener(const char *address)
{
	struct weald_msg msg = { "" };

	assert_int_equal(listener_open(&kit.b.setup, address, &listener, &msg),
			 WEALD_OK);
	/* where connkit_dial() goes */
	kit.addr.sin_port = htons(listener_port(listener));
}

static int open_kit(void **state)
{
	(void)state;
	/* what strangers provoke is not for the one who runs the tests */
	log_set_level(LOG_LEVEL_ERROR);
	connkit_open(&kit);
	open_listener("127.0.0.1:0");
	return 0;
}

static int close_kit(void **state)
{
	(void)state;
	while (strangers_n > 0) {
		(void)close(strangers[--strangers_n]);
	}
	listener_close(listener);
	listener = NULL;
	connkit_close(&kit);
	return 0;
}

/* A connection from 127.0.0.@host that says nothing. */
static void add_stranger(uint8_t host)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	from.sin_addr.s_addr = htonl(0x7f000000u + host);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&kit.addr,
				 sizeof kit.addr),
			 0);
	assert_true(strangers_n < STRANGERS_MAX);
	strangers[strangers_n++] = fd;
}

/* Strangers that were shown the door. */
static size_t count_gone(size_t from, size_t to)
{
	size_t gone = 0;
	char byte;

	for (; from < to; from++) {
		ssize_t n = recv(strangers[from], &byte, 1, MSG_DONTWAIT);

		gone += n == 0 || (n < 0 && errno != EAGAIN);
	}
	return gone;
}

static void listener__hands_connections_on(void **state)
{
	(void)state;
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	connkit_ping(&kit.b, 2);
	CONNKIT_WAIT(&kit,
		     kit.a.frames == 1 && kit.b.frames == 1 && kit.b.sents > 0);
	assert_memory_equal(conn_key(kit.b.conn), kit.a.key, PUBKEY_BYTES);
	conn_close(kit.a.conn, false, "stopping", "");
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_string_equal(kit.b.end.reason, "stopping");
}

static void listener__keeps_few_strangers_of_one_address(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LISTEN_UNSETTLED_ADDRESS_MAX; i++) {
		add_stranger(2);
	}
	add_stranger(3);
	for (i = 0; i < 5; i++) {
		add_stranger(2);
	}
	CONNKIT_WAIT(&kit, kit.b.downs == 5);
	assert_int_equal(listener_displaced(listener), 5);
	/* the oldest of that address, and nobody else */
	assert_int_equal(count_gone(0, 5), 5);
	assert_int_equal(count_gone(5, strangers_n), 0);
}

static void listener__keeps_few_strangers_in_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LISTEN_UNSETTLED_MAX - 1; i++) {
		add_stranger((uint8_t)(10 + i / 7));
	}
	/* one with the most, which pays for those that are too many */
	add_stranger(10);
	for (i = 0; i < 3; i++) {
		(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(listener_displaced(listener), 0);
	add_stranger(200);
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(count_gone(0, 1), 1);
	assert_int_equal(count_gone(1, strangers_n), 0);
}

static void listener__lets_a_node_in_beside_strangers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		add_stranger(1);
	}
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
}

static void listener_settle__takes_it_out_of_the_count(void **state)
{
	struct conn *first;
	size_t i;

	(void)state;
	connkit_connect(&kit);
	first = kit.b.conn;
	listener_settle(listener, first);
	listener_settle(listener, first);
	/* one that it has not taken */
	listener_settle(listener, kit.a.conn);
	for (i = 0; i < 3 * LISTEN_UNSETTLED_ADDRESS_MAX; i++) {
		add_stranger(1);
	}
	CONNKIT_WAIT(&kit, kit.b.downs == 2 * LISTEN_UNSETTLED_ADDRESS_MAX);
	kit.b.conn = first;
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	assert_int_equal(kit.a.downs, 0);
}

static void listener__goes_on_when_there_is_no_memory(void **state)
{
	(void)state;
	connkit_hurry(10);
	starve = 3;
	add_stranger(1);
	CONNKIT_WAIT(&kit, starve == 0);
	connkit_hurry(1);
	connkit_connect(&kit);
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
}

static void listener__goes_on_when_there_are_no_descriptors(void **state)
{
	struct rlimit before;
	struct rlimit none;
	int next;

	(void)state;
	add_stranger(1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(strangers[0]);
	assert_true(next >= 0);
	(void)close(next);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (count_gone(0, 1) == 0 && !kit.late) {
		(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(count_gone(0, 1), 1);
	assert_int_equal(kit.b.downs, 0);
	connkit_connect(&kit);
}

static void listener_close__ends_those_that_are_not_settled(void **state)
{
	(void)state;
	connkit_connect(&kit);
	listener_close(listener);
	listener = NULL;
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	assert_non_null(strstr(kit.b.end.msg.text, "listener is closed"));
}

static void listener_close__lets_settled_connections_live(void **state)
{
	(void)state;
	connkit_connect(&kit);
	listener_settle(listener, kit.b.conn);
	listener_close(listener);
	listener = NULL;
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
	conn_close(kit.b.conn, false, "stopping", "");
	CONNKIT_WAIT(&kit, kit.a.downs == 1 && kit.b.downs == 1);
	/* nobody listens there any more */
	connkit_dial(&kit);
	CONNKIT_WAIT(&kit, kit.a.downs == 2);
	assert_non_null(strstr(kit.a.end.msg.text, "refused"));
}

static void listener_open__says_what_to_do(void **state)
{
	static const struct {
		const char *address;
		int err;
		const char *text;
	} bad[] = {
		{ "127.0.0.1", WEALD_INVALID, "the port is missing" },
		{ "127.0.0.1:65536", WEALD_INVALID, "port" },
		{ "[::1:0", WEALD_INVALID, "brackets" },
		{ "192.0.2.1:0", WEALD_DENIED, "not an address of this" },
		{ "no-such-host.invalid:0", WEALD_INVALID,
		  "cannot listen at no-such-host.invalid:0" },
	};
	struct weald_msg msg;
	struct listener *l;
	char taken[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		msg_clear(&msg);
		assert_int_equal(listener_open(&kit.b.setup, bad[i].address, &l,
					       &msg),
				 bad[i].err);
		if (strstr(msg.text, bad[i].text) == NULL) {
			fail_msg("\"%s\" is not in \"%s\"", bad[i].text,
				 msg.text);
		}
	}
	(void)snprintf(taken, sizeof taken, "127.0.0.1:%u",
		       (unsigned)listener_port(listener));
	assert_int_equal(listener_open(&kit.b.setup, taken, &l, &msg),
			 WEALD_EXISTS);
	assert_non_null(strstr(msg.text, "choose another port"));
}

static void listener_open__takes_names(void **state)
{
	struct listener *l;
	struct weald_msg msg;

	(void)state;
	assert_int_equal(listener_open(&kit.b.setup, "localhost:0", &l, &msg),
			 WEALD_OK);
	assert_true(listener_port(l) > 0);
	listener_close(l);
	listener_close(NULL);
}

#define WITH_KIT(test) \
	cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(listener__hands_connections_on),
		WITH_KIT(listener__keeps_few_strangers_of_one_address),
		WITH_KIT(listener__keeps_few_strangers_in_all),
		WITH_KIT(listener__lets_a_node_in_beside_strangers),
		WITH_KIT(listener_settle__takes_it_out_of_the_count),
		WITH_KIT(listener__goes_on_when_there_is_no_memory),
		WITH_KIT(listener__goes_on_when_there_are_no_descriptors),
		WITH_KIT(listener_close__ends_those_that_are_not_settled),
		WITH_KIT(listener_close__lets_settled_connections_live),
		WITH_KIT(listener_open__says_what_to_do),
		WITH_KIT(listener_open__takes_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
