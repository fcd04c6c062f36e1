#include "daemon/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SAID_BYTES 65536u

static char said[SAID_BYTES];

/* What @speak writes to standard error, run in a process of its own. */
static void listen_to(void (*speak)(void), bool journal)
{
	char stream[64];
	struct stat st;
	size_t len = 0;
	ssize_t n;
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)unsetenv("JOURNAL_STREAM");
		if (journal && fstat(STDERR_FILENO, &st) == 0) {
			(void)snprintf(stream, sizeof stream, "%ju:%ju",
				       (uintmax_t)st.st_dev,
				       (uintmax_t)st.st_ino);
			(void)setenv("JOURNAL_STREAM", stream, 1);
		}
		speak();
		_exit(0);
	}
	(void)close(ends[1]);
	do {
		n = read(ends[0], said + len, sizeof said - 1 - len);
		assert_true(n >= 0);
		len += (size_t)n;
	} while (n > 0);
	said[len] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void say_all(void)
{
	log_error("one");
	log_warning("two n=%d", 2);
	log_info("three");
	log_debug("four");
}

static void say_debug(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("four");
	log_set_level(LOG_LEVEL_ERROR);
	say_all();
}

static void say_rubbish(void)
{
	log_info("a\nb\x1b[31m \xff %s", "\xc3\xa9");
}

static void say_much(void)
{
	char much[4096];

	memset(much, 'x', sizeof much);
	much[sizeof much - 1] = '\0';
	log_info("%s", much);
	log_info("next");
}

static void log_line__has_time_and_level(void **state)
{
	const char *line = said;
	size_t i;

	(void)state;
	listen_to(say_all, false);
	for (i = 0; i < 3; i++) {
		assert_true(strlen(line) > 21);
		assert_int_equal(line[4], '-');
		assert_int_equal(line[10], 'T');
		assert_int_equal(line[19], 'Z');
		line = strchr(line, '\n') + 1;
	}
	assert_string_equal(line, "");
	assert_non_null(strstr(said, "Z error one\n"));
	assert_non_null(strstr(said, "Z warning two n=2\n"));
	assert_non_null(strstr(said, "Z info  three\n"));
}

static void log_line__has_a_priority_in_the_journal(void **state)
{
	(void)state;
	listen_to(say_all, true);
	assert_string_equal(said, "<3>one\n<4>two n=2\n<6>three\n");
}

static void log_set_level__decides(void **state)
{
	(void)state;
	listen_to(say_debug, true);
	assert_string_equal(said, "<7>four\n<3>one\n");
}

static void log_line__escapes_what_is_not_text(void **state)
{
	(void)state;
	listen_to(say_rubbish, true);
	assert_string_equal(said, "<6>a\\x0ab\\x1b[31m \\xff \xc3\xa9\n");
}

static void log_line__is_cut(void **state)
{
	const char *end;

	(void)state;
	listen_to(say_much, true);
	end = strchr(said, '\n');
	assert_non_null(end);
	assert_true(end - said <= 1023 && end - said > 1000);
	assert_string_equal(end, "\n<6>next\n");
}

static void log_text__quotes_and_escapes(void **state)
{
	char out[LOG_TEXT_BYTES];

	(void)state;
	assert_string_equal(log_text(span_of(""), out), "\"\"");
	assert_string_equal(log_text(span_of("it's \xc3\xa9"), out),
			    "\"it's \xc3\xa9\"");
	assert_string_equal(log_text(span_of("a\" key=\"\\x"), out),
			    "\"a\\\" key=\\\"\\\\x\"");
	assert_string_equal(log_text(span_of("\n\x1b\xff\xe2\x80\xae"), out),
			    "\"\\x0a\\x1b\\xff\\xe2\\x80\\xae\"");
}

static void log_text__is_cut_at_a_whole_character(void **state)
{
	char out[LOG_TEXT_BYTES];
	char in[2 * LOG_TEXT_BYTES];
	size_t len;
	size_t i;

	(void)state;
	for (i = 1; i < sizeof in; i++) {
		memset(in, '\xff', i);
		len = strlen(log_text((struct span){ (uint8_t *)in, i }, out));
		assert_true(len < sizeof out);
		assert_int_equal(len % 4, 2);
		assert_int_equal(out[len - 1], '"');
		memset(in, 'x', i);
		len = strlen(log_text((struct span){ (uint8_t *)in, i }, out));
		assert_int_equal(len,
				 i + 3 <= sizeof out ? i + 2 : sizeof out - 1);
	}
}

static void log_key__shows_the_begin(void **state)
{
	static const uint8_t id[32] = { 0x9c, 0x41, 0, 1, 2, 3, 4, 0xff, 9 };
	char out[LOG_KEY_BYTES];

	(void)state;
	assert_string_equal(log_key(id, out), "9c410001020304ff");
}

static void provoke(void)
{
	struct log_limit l = { 0 };
	uint64_t now_ms = 5000;
	unsigned passed = 0;
	unsigned i;

	for (i = 0; i < 100; i++) {
		passed += log_limit_pass(&l, now_ms);
	}
	log_info("passed=%u", passed);
	/* a second later one more, and no more than one */
	passed = log_limit_pass(&l, now_ms + 999);
	passed += log_limit_pass(&l, now_ms + 1000);
	passed += log_limit_pass(&l, now_ms + 1999);
	log_info("passed=%u", passed);
	/* long after that a burst, and not more for having waited */
	passed = 0;
	for (i = 0; i < 100; i++) {
		passed += log_limit_pass(&l, now_ms + 100000000);
	}
	log_info("passed=%u", passed);
}

static void log_limit_pass__holds_back(void **state)
{
	(void)state;
	listen_to(provoke, true);
	assert_string_equal(said, "<6>passed=20\n"
				  "<4>lines were held back count=81\n"
				  "<6>passed=1\n"
				  "<4>lines were held back count=1\n"
				  "<6>passed=20\n");
}

static void hold_and_tell(void)
{
	struct log_limit l = { 0 };
	unsigned i;

	log_limit_tell(&l, 1000); /* nothing to say */
	for (i = 0; i < 25; i++) {
		(void)log_limit_pass(&l, 1000);
	}
	log_limit_tell(&l, 1999); /* not yet, and it counts for none */
	log_limit_tell(&l, 2000);
	log_limit_tell(&l, 60000);
}

static void log_limit_tell__counts_for_no_line(void **state)
{
	(void)state;
	listen_to(hold_and_tell, true);
	assert_string_equal(said, "<4>lines were held back count=5\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_line__has_time_and_level),
		cmocka_unit_test(log_line__has_a_priority_in_the_journal),
		cmocka_unit_test(log_set_level__decides),
		cmocka_unit_test(log_line__escapes_what_is_not_text),
		cmocka_unit_test(log_line__is_cut),
		cmocka_unit_test(log_text__quotes_and_escapes),
		cmocka_unit_test(log_text__is_cut_at_a_whole_character),
		cmocka_unit_test(log_key__shows_the_begin),
		cmocka_unit_test(log_limit_pass__holds_back),
		cmocka_unit_test(log_limit_tell__counts_for_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
