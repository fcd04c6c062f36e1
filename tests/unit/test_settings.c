#include "store/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "store/fs.h"
#include "store/home_config.h"
#include "tests/unit/scratch.h"

struct room {
	struct scratch scratch;
	struct home *home;
	struct weald_msg msg;
};

static int room_setup(void **state)
{
	static const uint8_t feed[SHA256_BYTES] = { 9 };
	struct room *room = calloc(1, sizeof *room);
	const char *path;

	assert_non_null(room);
	scratch_make(&room->scratch);
	path = scratch_path(&room->scratch, "home");
	assert_int_equal(home_create(path, &room->home, NULL), WEALD_OK);
	assert_int_equal(home_finish(room->home, "south-west", feed, NULL),
			 WEALD_OK);
	*state = room;
	return 0;
}

static int room_teardown(void **state)
{
	struct room *room = *state;

	home_close(room->home);
	scratch_remove(&room->scratch);
	free(room);
	return 0;
}

static void put(struct room *room, const char *text)
{
	assert_int_equal(fs_write_durable(scratch_path(&room->scratch,
						       "home/config"),
					  span_of(text), 0600, NULL),
			 WEALD_OK);
}

static void settings_load__has_the_values_of_the_header(void **state)
{
	struct room *room = *state;
	struct settings s;

	assert_int_equal(settings_load(room->home, &s, &room->msg), WEALD_OK);
	assert_string_equal(s.listen, "0.0.0.0:7411");
	assert_int_equal(s.addresses_n, 0);
	assert_int_equal(s.connections, 4);
	assert_int_equal(s.peers_max, 64);
	assert_int_equal(s.introductions, 2);
	assert_int_equal(s.introductions_per_day, 3);
	assert_int_equal(s.log_level, 2);
}

static void settings_load__reads_what_the_admin_set(void **state)
{
	struct room *room = *state;
	struct settings s;

	put(room, "[weald]\n\tversion = 1\n\tnew = 2\n[user]\n\tlisten = x\n"
		  "[node]\n\tlisten = [::]:0\n\taddress = a.example:7411\n"
		  "\taddress = [2001:db8::1]:1\n\taddress = a.example:7411\n"
		  "\tconnections = 0\n\tpeersMax = 256\n\tINTRODUCTIONS = 0\n"
		  "\tintroductionsPerDay = 100\n\tlogLevel = debug\n");
	assert_int_equal(settings_load(room->home, &s, &room->msg), WEALD_OK);
	assert_string_equal(s.listen, "[::]:0");
	assert_int_equal(s.addresses_n, 2);
	assert_string_equal(s.addresses[0], "a.example:7411");
	assert_string_equal(s.addresses[1], "[2001:db8::1]:1");
	assert_int_equal(s.connections, 0);
	assert_int_equal(s.peers_max, 256);
	assert_int_equal(s.introductions, 0);
	assert_int_equal(s.introductions_per_day, 100);
	assert_int_equal(s.log_level, 3);
	put(room, "[node]\nlisten = a:1\n[node]\nlisten = none\n");
	assert_int_equal(settings_load(room->home, &s, &room->msg), WEALD_OK);
	assert_string_equal(s.listen, "");
}

static void settings_load__tells_file_line_and_what_is_allowed(void **state)
{
	static const struct {
		const char *line;
		const char *part;
	} table[] = {
		{ "connections = many",
		  "/home/config:2: node.connections is \"many\"; allowed: 0 "
		  "to 64" },
		{ "connections = 65", "node.connections is \"65\"" },
		{ "connections = -1", "node.connections is \"-1\"" },
		{ "connections = 4k", "node.connections is \"4k\"" },
		{ "connections = 04", "node.connections is \"04\"" },
		{ "connections =", "node.connections is \"\"" },
		{ "connections",
		  "/home/config:2: node.connections has no value" },
		{ "peersMax = 0", "node.peersmax is \"0\"; allowed: 1 to 256" },
		{ "introductions = 101", "allowed: 0 to 100" },
		{ "introductionsPerDay = x", "allowed: 0 to 100" },
		{ "logLevel = loud", "/home/config:2: node.loglevel is "
				     "\"loud\"; allowed: error, warning, info "
				     "or debug" },
		{ "listen = 7411", "/home/config:2: node.listen is \"7411\"; "
				   "allowed: host:port, such as 0.0.0.0:7411 "
				   "or [::]:7411, or none" },
		{ "listen = a:00", "node.listen is \"a:00\"" },
		{ "listen = \"\"", "node.listen is \"\"" },
		{ "address = a:0", "node.address is \"a:0\"; allowed: "
				   "host:port, such as" },
		{ "listne = a:1",
		  "/home/config:2: \"node.listne\" is not known; allowed: "
		  "listen, address, connections, peersMax, introductions, "
		  "introductionsPerDay and logLevel" },
		{ "[node \"x\"]\nlisten = a:1",
		  "/home/config:3: \"node.x.listen\" is not known" },
		{ "address=a:1\naddress=a:2\naddress=a:3\naddress=a:4\n"
		  "address=a:5\naddress=a:6\naddress=a:7\naddress=a:8\n"
		  "address=a:9",
		  "/home/config:10: more than 8 lines node.address" },
	};
	struct room *room = *state;
	struct settings s = { .connections = 77 };
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		(void)snprintf(text, sizeof text, "[node]\n%s\n",
			       table[i].line);
		put(room, text);
		assert_int_equal(settings_load(room->home, &s, &room->msg),
				 WEALD_CORRUPT);
		if (strstr(room->msg.text, table[i].part) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", room->msg.text,
				 table[i].part);
		}
		assert_int_equal(s.connections, 77);
	}
}

static void settings_load__needs_the_config(void **state)
{
	struct room *room = *state;
	struct settings s;

	assert_int_equal(unlink(scratch_path(&room->scratch, "home/config")),
			 0);
	assert_int_equal(settings_load(room->home, &s, &room->msg),
			 WEALD_CORRUPT);
	assert_non_null(strstr(room->msg.text, "/home/config\" is missing"));
}

/* What home_config_add() writes reads back as it was. */

struct value {
	const char *value;
	size_t found;
};

static int take_value(void *ctx, const struct home_config_entry *e,
		      struct weald_msg *msg)
{
	struct value *v = ctx;

	(void)msg;
	assert_string_equal(e->section, "a");
	assert_string_equal(e->subsection, "B.c");
	assert_string_equal(e->name, "x");
	assert_string_equal(e->value, v->value);
	v->found++;
	return WEALD_OK;
}

static void home_config_add__writes_what_reads_back(void **state)
{
	static const char *const values[] = {
		"plain", "",          " a",    "a ",         "a # b",
		"a;b",   "say \"a\"", "c:\\d", "two\nlines", "tab\there",
		"\\",    "[x]",       "=",     "\xc3\xa9"
	};
	struct room *room = *state;
	struct value v = { .found = 0 };
	const char *path = scratch_path(&room->scratch, "file");
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof values / sizeof values[0]; i++) {
		buf_init(&b, 4096);
		assert_int_equal(buf_add_text(&b, "[a \"B.c\"]\n"), WEALD_OK);
		assert_int_equal(home_config_add(&b, "x", span_of(values[i])),
				 WEALD_OK);
		assert_int_equal(fs_write_durable(path, buf_span(&b), 0600,
						  NULL),
				 WEALD_OK);
		v.value = values[i];
		assert_int_equal(home_config_each(path, 4096, take_value, &v,
						  &room->msg),
				 WEALD_OK);
		assert_int_equal(v.found, i + 1);
		buf_release(&b);
	}
	buf_init(&b, 8);
	assert_int_equal(home_config_add(&b, "x", span_of("123456")),
			 WEALD_TOOBIG);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

struct lines {
	size_t lines[16];
	size_t n;
};

static int take_line(void *ctx, const struct home_config_entry *e,
		     struct weald_msg *msg)
{
	struct lines *l = ctx;

	(void)msg;
	assert_true(l->n < 16);
	l->lines[l->n] = e->line;
	l->n++;
	return l->n == 6 ? WEALD_DENIED : WEALD_OK;
}

static void home_config_each__knows_the_lines_and_stops_when_told(void **state)
{
	static const size_t expected[] = { 2, 3, 5, 8, 9, 10 };
	struct room *room = *state;
	const char *path = scratch_path(&room->scratch, "file");
	struct lines l = { .n = 0 };

	assert_int_equal(
		fs_write_durable(path,
				 span_of("# x = 0\n[a] x = 1\n\tX=2\n; x\n"
					 "[b \"x = 9\"] y = 3 \\\n  more\n\n"
					 "xx # not x\nx\n   x\t= 5\nx#\nx = 7"),
				 0600, NULL),
		WEALD_OK);
	assert_int_equal(home_config_each(path, 4096, take_line, &l,
					  &room->msg),
			 WEALD_DENIED);
	assert_int_equal(l.n, 6);
	assert_memory_equal(l.lines, expected, sizeof expected);
}

static void home_config_each__bounds_lines(void **state)
{
	const size_t n = HOME_CONFIG_LINES_MAX;
	struct room *room = *state;
	const char *path = scratch_path(&room->scratch, "file");
	char *text = malloc(n + 2);
	struct lines l = { .n = 0 };

	assert_non_null(text);
	memset(text, '\n', n + 2);
	assert_int_equal(fs_write_durable(path,
					  (struct span){ (uint8_t *)text, n },
					  0600, NULL),
			 WEALD_OK);
	assert_int_equal(home_config_each(path, n + 2, take_line, &l,
					  &room->msg),
			 WEALD_OK);
	assert_int_equal(
		fs_write_durable(path, (struct span){ (uint8_t *)text, n + 1 },
				 0600, NULL),
		WEALD_OK);
	assert_int_equal(home_config_each(path, n + 2, take_line, &l,
					  &room->msg),
			 WEALD_CORRUPT);
	assert_non_null(strstr(room->msg.text, ":300001: too many lines"));
	free(text);
}

static int group_setup(void **state)
{
	(void)state;
	return feed_library_init(NULL) == WEALD_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	feed_library_shutdown();
	return 0;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(settings_load__has_the_values_of_the_header),
		TEST(settings_load__reads_what_the_admin_set),
		TEST(settings_load__tells_file_line_and_what_is_allowed),
		TEST(settings_load__needs_the_config),
		TEST(home_config_add__writes_what_reads_back),
		TEST(home_config_each__knows_the_lines_and_stops_when_told),
		TEST(home_config_each__bounds_lines),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
