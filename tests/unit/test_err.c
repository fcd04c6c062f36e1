#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/err.h"
#include "proto/text.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"

static const int all_codes[] = {
#define WEALD_X(code, name, text) WEALD_##code,
	WEALD_CODES(WEALD_X)
#undef WEALD_X
};

#define CODES (sizeof all_codes / sizeof all_codes[0])

static void codes__are_negative_and_no_other_library_s(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(WEALD_OK, 0);
	for (i = 0; i < CODES; i++) {
		assert_in_range(-all_codes[i], 20000, 20099);
	}
}

static void err_name__differs_for_each_code_and_suits_scripts(void **state)
{
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < CODES; i++) {
		const char *name = err_name(all_codes[i]);

		assert_in_range(strlen(name), 2, 24);
		assert_int_equal(strspn(name, LOWER "-"), strlen(name));
		assert_string_not_equal(name, "ok");
		assert_string_not_equal(name, "unknown-code");
		for (j = 0; j < i; j++) {
			assert_string_not_equal(name, err_name(all_codes[j]));
		}
	}
}

static void err_text__is_one_line_without_a_full_stop(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < CODES; i++) {
		const char *text = err_text(all_codes[i]);
		size_t len = strlen(text);

		assert_int_equal(text_check_line(span_of(text), 1, 80, "text",
						 WEALD_INVALID, NULL),
				 WEALD_OK);
		assert_int_not_equal(text[len - 1], '.');
		assert_string_not_equal(text, "an error without a name");
	}
}

static void err_name__knows_ok_and_says_unknown(void **state)
{
	static const int others[] = { 1, -1, -3, -20000, -20100, 20099 };
	size_t i;

	(void)state;
	assert_string_equal(err_name(WEALD_OK), "ok");
	assert_string_equal(err_text(WEALD_OK), "no error");
	assert_string_equal(err_name(WEALD_SEQ_GAP), "seq-gap");
	assert_string_equal(err_text(WEALD_SEQ_GAP),
			    "an update before this one is missing");
	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_string_equal(err_name(others[i]), "unknown-code");
		assert_string_equal(err_text(others[i]),
				    "an error without a name");
	}
}

static void msg_set__formats_and_escapes(void **state)
{
	struct weald_msg msg;

	(void)state;
	msg_set(&msg, "%s has %d bytes", "a\nb\x1b[31m\xff", 7);
	assert_string_equal(msg.text, "a\\x0ab\\x1b[31m\\xff has 7 bytes");
	msg_set(&msg, "caf\xc3\xa9");
	assert_string_equal(msg.text, "caf\xc3\xa9");
}

static void msg_set__takes_no_message(void **state)
{
	(void)state;
	msg_set(NULL, "%d", 1);
	msg_prefix(NULL, "%d", 1);
}

static void msg_set__cuts_at_its_size(void **state)
{
	char text[2 * WEALD_MSG_BYTES];
	struct {
		struct weald_msg msg;
		char after;
	} m;

	(void)state;
	m.after = '!';
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	msg_set(&m.msg, "%s", text);
	assert_int_equal(strlen(m.msg.text), WEALD_MSG_BYTES - 1);
	memset(text, '\n', sizeof text - 1);
	msg_set(&m.msg, "%s", text);
	assert_int_equal(strlen(m.msg.text), WEALD_MSG_BYTES / 4 * 4 - 4);
	assert_int_equal(m.after, '!');
}

/* However long what stands before it, a character is there whole or not. */
static void msg_set__never_cuts_a_character(void **state)
{
	char text[WEALD_MSG_BYTES + 8];
	struct weald_msg msg;
	size_t i;

	(void)state;
	for (i = WEALD_MSG_BYTES - 8; i < WEALD_MSG_BYTES; i++) {
		memset(text, 'x', i);
		memcpy(text + i, "\xf0\x9f\x9a\x91", 5);
		msg_set(&msg, "%s", text);
		assert_true(text_is_utf8(span_of(msg.text)));
		assert_null(strchr(msg.text, '\\'));
		assert_int_equal(strlen(msg.text),
				 i + 4 < WEALD_MSG_BYTES ? i + 4 : i);
	}
}

static void msg_set__may_read_its_own_text(void **state)
{
	struct weald_msg msg;

	(void)state;
	msg_set(&msg, "inner");
	msg_set(&msg, "[%s]", msg.text);
	assert_string_equal(msg.text, "[inner]");
}

static void msg_prefix__puts_it_before(void **state)
{
	struct weald_msg msg;

	(void)state;
	msg_set(&msg, "slug \"\n\"");
	msg_prefix(&msg, "update %d", 3);
	assert_string_equal(msg.text, "update 3: slug \"\\x0a\"");
	msg_prefix(&msg, "feed \x01");
	assert_string_equal(msg.text, "feed \\x01: update 3: slug \"\\x0a\"");
}

static void msg_prefix__cuts_at_its_size(void **state)
{
	char text[WEALD_MSG_BYTES];
	struct weald_msg msg;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	msg_set(&msg, "%s", text);
	msg_prefix(&msg, "update 3");
	assert_int_equal(strlen(msg.text), WEALD_MSG_BYTES - 1);
	assert_memory_equal(msg.text, "update 3: xxx", 13);
	msg_prefix(&msg, "%s", text);
	assert_string_equal(msg.text, text);
}

static void msg_text__falls_back_to_the_code(void **state)
{
	struct weald_msg msg = { "" };

	(void)state;
	assert_string_equal(msg_text(NULL, WEALD_NOMEM), "out of memory");
	assert_string_equal(msg_text(&msg, WEALD_NOMEM), "out of memory");
	msg_set(&msg, "here");
	assert_string_equal(msg_text(&msg, WEALD_NOMEM), "here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes__are_negative_and_no_other_library_s),
		cmocka_unit_test(
			err_name__differs_for_each_code_and_suits_scripts),
		cmocka_unit_test(err_text__is_one_line_without_a_full_stop),
		cmocka_unit_test(err_name__knows_ok_and_says_unknown),
		cmocka_unit_test(msg_set__formats_and_escapes),
		cmocka_unit_test(msg_set__takes_no_message),
		cmocka_unit_test(msg_set__cuts_at_its_size),
		cmocka_unit_test(msg_set__never_cuts_a_character),
		cmocka_unit_test(msg_set__may_read_its_own_text),
		cmocka_unit_test(msg_prefix__puts_it_before),
		cmocka_unit_test(msg_prefix__cuts_at_its_size),
		cmocka_unit_test(msg_text__falls_back_to_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
