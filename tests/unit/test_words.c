#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/words.h"

static void assert_age(uint64_t seconds, const char *wanted)
{
	char text[WORDS_AGE_BYTES];

	assert_string_equal(words_age(seconds, text), wanted);
}

static void words_age__changes_units_at_two_of_them(void **state)
{
	(void)state;
	assert_age(0, "0 s");
	assert_age(119, "119 s");
	assert_age(120, "2 min");
	assert_age(7199, "119 min");
	assert_age(7200, "2 h");
	assert_age(172799, "47 h");
	assert_age(172800, "2 days");
	assert_age(UINT64_MAX, "213503982334601 days");
}

static void assert_size(uint64_t bytes, const char *wanted)
{
	char text[WORDS_SIZE_BYTES];

	assert_string_equal(words_size(bytes, text), wanted);
}

static void words_size__has_two_digits_at_least(void **state)
{
	(void)state;
	assert_size(0, "0 B");
	assert_size(999, "999 B");
	assert_size(1000, "1.0 KB");
	assert_size(9999, "9.9 KB");
	assert_size(10000, "10 KB");
	assert_size(999999, "999 KB");
	assert_size(1000000, "1.0 MB");
	assert_size(83169558528, "83 GB");
	assert_size(UINT64_MAX, "18446744 TB");
}

static void words_names__cuts_a_long_list(void **state)
{
	struct words_names names = { .n = 0 };

	(void)state;
	assert_string_equal(words_names_end(&names), "");
	words_names_add(&names, "a");
	assert_string_equal(words_names_end(&names), "a");
	words_names_add(&names, "b");
	words_names_add(&names, "c");
	words_names_add(&names, "d");
	assert_string_equal(words_names_end(&names), "a, b, c, d");
	words_names_add(&names, "e");
	words_names_add(&names, "f");
	assert_string_equal(words_names_end(&names), "a, b, c, d and 2 more");
	assert_string_equal(words_names_end(&names), "a, b, c, d and 2 more");
}

static void words_names__holds_any_names(void **state)
{
	/* longer than any name of a feed; four of them do not fit */
	static const char name[] = "0123456789012345678901234567890123456789"
				   "0123456789012345678901234567890123456789";
	struct words_names names = { .n = 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < 6; i++) {
		words_names_add(&names, name);
	}
	assert_memory_equal(words_names_end(&names), name, sizeof name - 1);
	assert_int_equal(names.text[sizeof names.text - 1], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_age__changes_units_at_two_of_them),
		cmocka_unit_test(words_size__has_two_digits_at_least),
		cmocka_unit_test(words_names__cuts_a_long_list),
		cmocka_unit_test(words_names__holds_any_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
