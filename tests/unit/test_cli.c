/* The parts of the command line that need no home: codes, texts, widths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"

static void exit_code__goes_by_what_it_was_about(void **state)
{
	static const struct {
		int err;
		enum cli_about about;
		enum cli_exit wanted;
	} cases[] = {
		{ WEALD_OK, CLI_ABOUT_ASKED, CLI_EXIT_OK },
		{ WEALD_OK, CLI_ABOUT_FEED, CLI_EXIT_OK },
		{ WEALD_USAGE, CLI_ABOUT_ASKED, CLI_EXIT_USAGE },
		{ WEALD_NOTFOUND, CLI_ABOUT_ASKED, CLI_EXIT_BAD },
		{ WEALD_NOTFOUND, CLI_ABOUT_INPUT, CLI_EXIT_INPUT },
		{ WEALD_NOTFOUND, CLI_ABOUT_HOME, CLI_EXIT_HOME },
		{ WEALD_DENIED, CLI_ABOUT_INPUT, CLI_EXIT_INPUT },
		{ WEALD_DENIED, CLI_ABOUT_HOME, CLI_EXIT_HOME },
		{ WEALD_DENIED, CLI_ABOUT_FEED, CLI_EXIT_HOME },
		{ WEALD_EXISTS, CLI_ABOUT_HOME, CLI_EXIT_HOME },
		{ WEALD_LOCKED, CLI_ABOUT_HOME, CLI_EXIT_BUSY },
		{ WEALD_LOCKED, CLI_ABOUT_FEED, CLI_EXIT_BUSY },
		{ WEALD_NOSPACE, CLI_ABOUT_INPUT, CLI_EXIT_MACHINE },
		{ WEALD_NOMEM, CLI_ABOUT_INPUT, CLI_EXIT_MACHINE },
		{ WEALD_IO, CLI_ABOUT_HOME, CLI_EXIT_MACHINE },
		{ WEALD_IO, CLI_ABOUT_FEED, CLI_EXIT_MACHINE },
		{ WEALD_TIMEOUT, CLI_ABOUT_ASKED, CLI_EXIT_TIME },
		{ WEALD_GUARD, CLI_ABOUT_HOME, CLI_EXIT_NETWORK },
		{ WEALD_UNREACHABLE, CLI_ABOUT_HOME, CLI_EXIT_NETWORK },
		{ WEALD_IO, CLI_ABOUT_INPUT, CLI_EXIT_INPUT },
		{ WEALD_CLOCK, CLI_ABOUT_FEED, CLI_EXIT_MACHINE },
		{ WEALD_CORRUPT, CLI_ABOUT_FEED, CLI_EXIT_DAMAGED },
		{ WEALD_CORRUPT, CLI_ABOUT_HOME, CLI_EXIT_DAMAGED },
		{ WEALD_CORRUPT, CLI_ABOUT_SOURCE, CLI_EXIT_BAD },
		{ WEALD_NEWER, CLI_ABOUT_HOME, CLI_EXIT_DAMAGED },
		{ WEALD_SIGNATURE, CLI_ABOUT_FEED, CLI_EXIT_DAMAGED },
		{ WEALD_SIGNATURE, CLI_ABOUT_SOURCE, CLI_EXIT_BAD },
		{ WEALD_UNKNOWN, CLI_ABOUT_FEED, CLI_EXIT_UNKNOWN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(cli_exit_code(cases[i].err, cases[i].about),
				 cases[i].wanted);
	}
}

static void exit_code__is_never_ok_for_a_failure(void **state)
{
	enum cli_about about;
	int err;

	(void)state;
	for (err = WEALD_ERR_BELOW_ALL + 1; err < WEALD_ERR_ABOVE_ALL; err++) {
		for (about = CLI_ABOUT_ASKED; about <= CLI_ABOUT_FEED;
		     about++) {
			assert_int_not_equal(cli_exit_code(err, about),
					     CLI_EXIT_OK);
		}
	}
}

static void out_escape__shows_what_a_terminal_would_obey(void **state)
{
	static const uint8_t raw[] = "a\x1b[31m\xc2\x9b\xe2\x80\xae\xffz";
	char *text = NULL;

	(void)state;
	assert_int_equal(out_escape((struct span){ raw, sizeof raw - 1 },
				    &text),
			 WEALD_OK);
	assert_string_equal(text, "a\\x1b[31m\\xc2\\x9b\\xe2\\x80\\xae\\xffz");
	free(text);
}

static void out_time__is_utc_and_says_so(void **state)
{
	char out[OUT_TIME_BYTES];

	(void)state;
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	out_time_iso(UINT64_C(1800000000), out);
	assert_string_equal(out, "2027-01-15T08:00:00Z");
	out_time(TIME_MAX, out);
	assert_string_equal(out, "9999-12-31 23:59");
	out_time(UINT64_MAX, out);
	assert_string_equal(out, "?");
}

static void out_time_is_ahead__begins_a_day_from_now(void **state)
{
	(void)state;
	assert_false(out_time_is_ahead(0));
	assert_false(out_time_is_ahead(cli_now() + 86000));
	assert_true(out_time_is_ahead(cli_now() + 87000));
}

static void cli_duration__takes_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{ "1s", 1 },           { "90s", 90 },    { "5m", 300 },
		{ "12h", 43200 },      { "7d", 604800 }, { "365d", 31536000 },
		{ "8760h", 31536000 },
	};
	static const char *const bad[] = {
		"",    "s",    "7",   "0d",   "07d",       "-1d",
		"+1d", "1.5h", " 7d", "7 d",  "7d ",       "366d",
		"7w",  "d7",   "7dd", "1e3s", "31536001s",
	};
	uint64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		seconds = 0;
		assert_int_equal(cli_duration(good[i].text, &seconds),
				 WEALD_OK);
		assert_int_equal(seconds, good[i].seconds);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(cli_duration(bad[i], &seconds), WEALD_INVALID);
	}
}

static void cli_parse__gathers_a_list(void **state)
{
	char *argv[] = { strdup("follow"), strdup("--topic"),   strdup("a"),
			 strdup("x"),      strdup("--topic=b"), NULL };
	struct cli c = { .command = "follow" };
	struct cli_list topics = { .n = 0 };
	const struct cli_option options[] = {
		{ "topic", 0, CLI_OPTION_LIST, &topics, "TOPIC", "" },
	};
	const struct cli_usage usage = { .synopsis = "follow",
					 .text = "",
					 .options = options,
					 .options_n = 1,
					 .args_max = 1 };
	char *more[2 * CLI_LIST_MAX + 4];
	int first = 0;
	size_t i;

	(void)state;
	assert_int_equal(cli_parse(&c, &usage, 5, argv, &first), WEALD_OK);
	assert_int_equal(topics.n, 2);
	assert_string_equal(topics.list[0], "a");
	assert_string_equal(topics.list[1], "b");
	assert_string_equal(argv[first], "x");
	topics.n = 0;
	more[0] = argv[0];
	for (i = 0; i <= CLI_LIST_MAX; i++) {
		more[1 + 2 * i] = argv[1];
		more[2 + 2 * i] = argv[2];
	}
	more[3 + 2 * CLI_LIST_MAX] = NULL;
	assert_int_equal(cli_parse(&c, &usage, 2 * CLI_LIST_MAX + 1, more,
				   &first),
			 WEALD_OK);
	assert_int_equal(topics.n, CLI_LIST_MAX);
	topics.n = 0;
	assert_int_equal(cli_parse(&c, &usage, 2 * CLI_LIST_MAX + 3, more,
				   &first),
			 WEALD_USAGE);
	for (i = 0; i < 5; i++) {
		free(argv[i]);
	}
}

static void ref_text__is_what_people_type(void **state)
{
	char out[REF_TEXT_BYTES];

	(void)state;
	ref_text("south-west", span_of("problem/2026-11/a"), 3, out);
	assert_string_equal(out, "south-west/problem/a@3");
}

static void json_span__escapes_what_is_not_utf8(void **state)
{
	json_t *string;

	(void)state;
	string = json_span(span_of("a\xff"));
	assert_string_equal(json_string_value(string), "a\\xff");
	json_decref(string);
	string = json_span(span_of("\xc3\xa9"));
	assert_string_equal(json_string_value(string), "\xc3\xa9");
	json_decref(string);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_code__goes_by_what_it_was_about),
		cmocka_unit_test(exit_code__is_never_ok_for_a_failure),
		cmocka_unit_test(out_escape__shows_what_a_terminal_would_obey),
		cmocka_unit_test(out_time__is_utc_and_says_so),
		cmocka_unit_test(out_time_is_ahead__begins_a_day_from_now),
		cmocka_unit_test(cli_duration__takes_a_number_and_a_unit),
		cmocka_unit_test(cli_parse__gathers_a_list),
		cmocka_unit_test(ref_text__is_what_people_type),
		cmocka_unit_test(json_span__escapes_what_is_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
