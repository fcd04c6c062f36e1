#include "daemon/node/dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/connkit.h"

#define STEPS_MAX 16u

static struct connkit kit;
static struct dialler *dialler;
static char here[32];         /* where @kit.b listens */
static uint64_t fixed_random; /* percent of what may be drawn */

/* How long was waited after each try. */
static uint64_t waits_ms[STEPS_MAX];
static size_t waits_n;

static uint64_t draw(void *ctx, uint64_t below)
{
	assert_null(ctx);
	assert_true(below > 0);
	return (below - 1) * fixed_random / 100;
}

static void tell_down(struct connend *e, struct conn *c,
		      const struct conn_end *end)
{
	struct dial_status st;

	(void)e;
	dialler_down(dialler, c, end);
	if (dialler_find(dialler, conn_key(c), &st) && waits_n < STEPS_MAX) {
		waits_ms[waits_n++] = st.next_ms - uv_now(&kit.loop);
	}
}

static int open_kit(void **state)
{
	(void)state;
	connkit_open(&kit);
	kit.a.on_down = tell_down;
	fixed_random = 50;
	waits_n = 0;
	(void)snprintf(here, sizeof here, "127.0.0.1:%u",
		       (unsigned)ntohs(kit.addr.sin_port));
	assert_int_equal(dialler_new(&kit.a.setup, draw, NULL, &dialler),
			 WEALD_OK);
	return 0;
}

static int close_kit(void **state)
{
	(void)state;
	dialler_close(dialler);
	dialler = NULL;
	connkit_close(&kit);
	return 0;
}

static int set_two(const uint8_t *key, const char *first, const char *second)
{
	const char *addresses[2] = { first, second };
	struct weald_msg msg;

	return dialler_set(dialler, key, addresses, second == NULL ? 1 : 2,
			   &msg);
}

static struct dial_status status(void)
{
	struct dial_status st;

	assert_true(dialler_find(dialler, kit.b.key, &st));
	return st;
}

/* A session stands with @kit.b, which the dialler has dialled. */
static void connect_session(void)
{
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, kit.a.ups == 1 && kit.b.ups == 1);
	dialler_connected(dialler, kit.b.key);
}

/* The end of that session, and the owner says so. */
static void lose_session(uint64_t back_off_ms)
{
	unsigned downs = kit.a.downs;

	conn_drop(kit.a.conn, "lost");
	CONNKIT_WAIT(&kit, kit.a.downs > downs);
	dialler_lost(dialler, kit.b.key, back_off_ms);
}

static void dialler__connects(void **state)
{
	struct dial_status st;

	(void)state;
	assert_false(dialler_find(dialler, kit.b.key, &st));
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	st = status();
	assert_false(st.connected);
	assert_int_equal(st.next_ms, 0);
	CONNKIT_WAIT(&kit, kit.a.ups == 1 && kit.b.ups == 1);
	assert_true(status().trying);
	dialler_connected(dialler, kit.b.key);
	st = status();
	assert_true(st.connected);
	assert_false(st.trying);
	assert_string_equal(st.address, here);
	assert_int_equal(st.err, WEALD_OK);
	assert_true(dialler_status(dialler, 0, &st));
	assert_memory_equal(st.key, kit.b.key, PUBKEY_BYTES);
	assert_false(dialler_status(dialler, 1, &st));
	/* the connection is the owner's: it still lives */
	connkit_ping(&kit.a, 1);
	CONNKIT_WAIT(&kit, kit.b.frames == 1);
}

static void dialler__waits_longer_and_longer(void **state)
{
	static const uint64_t expected_ms[] = { 500,   1000,  2000,  4000, 8000,
						16000, 32000, 60000, 60000 };
	size_t i;

	(void)state;
	connkit_hurry(1000);
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, waits_n == 9);
	for (i = 0; i < 9; i++) {
		assert_int_equal(waits_ms[i], expected_ms[i]);
	}
	assert_int_equal(status().tries, 9);
	assert_int_equal(status().err, WEALD_IO);
	assert_string_equal(status().text,
			    "cannot connect: connection refused");
}

static void dialler__jitters(void **state)
{
	(void)state;
	connkit_hurry(1000);
	fixed_random = 0;
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, waits_n == 1);
	fixed_random = 100;
	CONNKIT_WAIT(&kit, waits_n == 2);
	assert_int_equal(waits_ms[0], 250);
	assert_int_equal(waits_ms[1], 1500);
}

static void dialler__tries_each_address(void **state)
{
	(void)state;
	connkit_hurry(100);
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", "[::1]:1"),
			 WEALD_OK);
	CONNKIT_WAIT(&kit, waits_n == 4);
	/* longer once both were tried */
	assert_int_equal(waits_ms[0], 500);
	assert_int_equal(waits_ms[1], 500);
	assert_int_equal(waits_ms[2], 1000);
	assert_int_equal(waits_ms[3], 1000);
	connkit_hurry(10);
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", here), WEALD_OK);
	CONNKIT_WAIT(&kit, kit.a.ups == 1);
	assert_string_equal(status().address, here);
}

static void dialler__looks_names_up(void **state)
{
	char name[32];

	(void)state;
	connkit_hurry(10);
	(void)snprintf(name, sizeof name, "localhost:%u",
		       (unsigned)ntohs(kit.addr.sin_port));
	assert_int_equal(set_two(kit.b.key, name, NULL), WEALD_OK);
	/* whichever of its addresses comes first */
	CONNKIT_WAIT(&kit, kit.a.ups == 1);
	assert_string_equal(conn_address(kit.a.conn), here);
}

static void dialler__says_that_another_node_is_there(void **state)
{
	static const uint8_t key[PUBKEY_BYTES] = { 7 };
	struct dial_status st;

	(void)state;
	assert_int_equal(set_two(key, here, NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_true(dialler_find(dialler, key, &st));
	assert_int_equal(st.err, WEALD_DENIED);
	assert_non_null(strstr(st.text, "another node answers there"));
	assert_int_equal(st.tries, 1);
	assert_true(st.next_ms > uv_now(&kit.loop));
}

static void refuse_at_once(struct connend *e, struct conn *c)
{
	(void)e;
	conn_close(c, true, "unknown-region", "ask for an invitation");
}

static void dialler__keeps_the_words_of_the_peer(void **state)
{
	struct dial_status st;

	(void)state;
	kit.b.on_up = refuse_at_once;
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	st = status();
	assert_int_equal(st.err, WEALD_DENIED);
	assert_non_null(strstr(st.text, "ask for an invitation"));
}

static void dialler__does_not_dial_who_is_connected(void **state)
{
	(void)state;
	connkit_hurry(10);
	kit.hold = true;
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, status().trying && !kit.late);
	/* the peer has dialled us meanwhile: the try is ended */
	dialler_connected(dialler, kit.b.key);
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	assert_true(status().connected);
	assert_int_equal(status().err, WEALD_OK);
	connkit_accept(&kit);
	kit.hold = false;
	CONNKIT_WAIT(&kit, kit.b.downs == 1);
	assert_int_equal(kit.a.ups, 0);
	/* and once it is lost, dialled again */
	dialler_lost(dialler, kit.b.key, 0);
	assert_false(status().connected);
	CONNKIT_WAIT(&kit, kit.a.ups == 1);
}

static void dialler_lost__goes_on_from_where_it_was(void **state)
{
	uint64_t now_ms;

	(void)state;
	connkit_hurry(10);
	connect_session();
	lose_session(0);
	now_ms = uv_now(&kit.loop);
	assert_int_equal(status().next_ms - now_ms, 500);
	assert_int_equal(status().tries, 1);
	CONNKIT_WAIT(&kit, kit.a.ups == 2);
	dialler_connected(dialler, kit.b.key);
	assert_int_equal(status().tries, 0);
	lose_session(0);
	now_ms = uv_now(&kit.loop);
	assert_int_equal(status().next_ms - now_ms, 1000);
	assert_int_equal(status().tries, 2);
}

static void dialler_lost__begins_anew_after_a_session_that_stood(void **state)
{
	uint64_t start_ms;

	(void)state;
	connect_session();
	lose_session(0);
	CONNKIT_WAIT(&kit, kit.a.ups == 2);
	dialler_connected(dialler, kit.b.key);
	connkit_hurry(1000);
	start_ms = uv_now(&kit.loop);
	while (uv_now(&kit.loop) - start_ms < 61000) {
		(void)uv_run(&kit.loop, UV_RUN_NOWAIT);
	}
	connkit_hurry(1);
	lose_session(0);
	assert_int_equal(status().next_ms - uv_now(&kit.loop), 500);
	assert_int_equal(status().tries, 0);
}

static void dialler_lost__backs_off_as_told(void **state)
{
	(void)state;
	connkit_hurry(10);
	connect_session();
	lose_session(30000);
	assert_int_equal(status().next_ms - uv_now(&kit.loop), 30000);
	/* unless somebody is in a hurry */
	dialler_hurry(dialler, kit.b.key);
	CONNKIT_WAIT(&kit, kit.a.ups == 2);
}

static void dialler_remove__ends_a_try(void **state)
{
	struct dial_status st;

	(void)state;
	kit.hold = true;
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, status().trying);
	dialler_remove(dialler, kit.b.key);
	dialler_remove(dialler, kit.b.key);
	assert_false(dialler_find(dialler, kit.b.key, &st));
	CONNKIT_WAIT(&kit, kit.a.downs == 1);
	connkit_accept(&kit);
	/* the same while a name is looked up */
	assert_int_equal(set_two(kit.b.key, "localhost:1", NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, status().trying);
	dialler_remove(dialler, kit.b.key);
	assert_false(dialler_status(dialler, 0, &st));
}

static void dialler_close__ends_tries(void **state)
{
	static const uint8_t other[PUBKEY_BYTES] = { 7 };
	struct dial_status st;
	unsigned downs;

	(void)state;
	kit.hold = true;
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	assert_int_equal(set_two(other, "localhost:1", NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, status().trying);
	downs = kit.a.downs;
	dialler_close(dialler);
	dialler = NULL;
	/* whose down() is told to nobody */
	CONNKIT_WAIT(&kit, kit.a.downs > downs);
	connkit_accept(&kit);
	assert_false(dialler_find(dialler, other, &st));
	dialler_hurry(dialler, other);
	dialler_connected(dialler, other);
	dialler_lost(dialler, other, 0);
	dialler_remove(dialler, other);
	dialler_close(NULL);
}

static void dialler_set__follows_a_change_of_addresses(void **state)
{
	(void)state;
	connkit_hurry(10);
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", NULL), WEALD_OK);
	CONNKIT_WAIT(&kit, waits_n == 2);
	/* the same again changes nothing */
	assert_int_equal(set_two(kit.b.key, "127.0.0.1:1", NULL), WEALD_OK);
	assert_true(status().next_ms > 0);
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_OK);
	assert_int_equal(status().next_ms, 0);
	CONNKIT_WAIT(&kit, kit.a.ups == 1);
	assert_int_equal(kit.a.downs, 2);
}

static void dialler_set__refuses_bad_addresses(void **state)
{
	const char *many[DIAL_ADDRESSES_MAX + 1];
	struct weald_msg msg;
	struct dial_status st;
	size_t i;

	(void)state;
	assert_int_equal(dialler_set(dialler, kit.b.key, NULL, 0, &msg),
			 WEALD_INVALID);
	assert_int_equal(set_two(kit.b.key, here, "here"), WEALD_INVALID);
	for (i = 0; i <= DIAL_ADDRESSES_MAX; i++) {
		many[i] = here;
	}
	assert_int_equal(dialler_set(dialler, kit.b.key, many,
				     DIAL_ADDRESSES_MAX + 1, &msg),
			 WEALD_TOOBIG);
	assert_false(dialler_find(dialler, kit.b.key, &st));
}

static void dialler_set__takes_so_many_targets(void **state)
{
	uint8_t key[PUBKEY_BYTES] = { 1 };
	struct dial_status st;
	size_t i;

	(void)state;
	for (i = 0; i < DIAL_TARGETS_MAX; i++) {
		key[1] = (uint8_t)(i >> 8);
		key[2] = (uint8_t)i;
		assert_int_equal(set_two(key, here, NULL), WEALD_OK);
	}
	assert_int_equal(set_two(kit.b.key, here, NULL), WEALD_TOOBIG);
	assert_int_equal(set_two(key, here, here), WEALD_OK);
	assert_true(dialler_status(dialler, DIAL_TARGETS_MAX - 1, &st));
	assert_false(dialler_status(dialler, DIAL_TARGETS_MAX, &st));
}

static size_t count_trying(void)
{
	struct dial_status st;
	size_t n = 0;
	size_t i;

	for (i = 0; dialler_status(dialler, i, &st); i++) {
		n += st.trying;
	}
	return n;
}

static void dialler__tries_few_at_one_time(void **state)
{
	uint8_t key[PUBKEY_BYTES] = { 1 };
	size_t i;

	(void)state;
	/* refused one by one, since another key answers */
	for (i = 0; i < 3 * DIAL_AT_ONCE_MAX; i++) {
		key[1] = (uint8_t)i;
		assert_int_equal(set_two(key, here, NULL), WEALD_OK);
	}
	while (kit.a.downs < 3 * DIAL_AT_ONCE_MAX) {
		assert_true(count_trying() <= DIAL_AT_ONCE_MAX);
		assert_true(connkit_turn(&kit));
	}
}

#define WITH_KIT(test) \
	cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(dialler__connects),
		WITH_KIT(dialler__waits_longer_and_longer),
		WITH_KIT(dialler__jitters),
		WITH_KIT(dialler__tries_each_address),
		WITH_KIT(dialler__looks_names_up),
		WITH_KIT(dialler__says_that_another_node_is_there),
		WITH_KIT(dialler__keeps_the_words_of_the_peer),
		WITH_KIT(dialler__does_not_dial_who_is_connected),
		WITH_KIT(dialler_lost__goes_on_from_where_it_was),
		WITH_KIT(dialler_lost__begins_anew_after_a_session_that_stood),
		WITH_KIT(dialler_lost__backs_off_as_told),
		WITH_KIT(dialler_remove__ends_a_try),
		WITH_KIT(dialler_close__ends_tries),
		WITH_KIT(dialler_set__follows_a_change_of_addresses),
		WITH_KIT(dialler_set__refuses_bad_addresses),
		WITH_KIT(dialler_set__takes_so_many_targets),
		WITH_KIT(dialler__tries_few_at_one_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
