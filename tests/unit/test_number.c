#include "store/evidence/number.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void number_text__rounds_halves_away_from_zero(void **state)
{
	static const struct {
		double x;
		unsigned decimals;
		const char *text;
	} cases[] = {
		{ 0.78095068216, 2, "0.78" },
		{ 0.78095068216, 3, "0.781" },
		{ 1.2618822063, 3, "1.262" },
		/* the doubles nearest to these are a little less */
		{ 1.005, 2, "1.01" },
		{ 0.285, 2, "0.29" },
		{ 0.125, 2, "0.13" },
		{ 2.5, 0, "3" },
		{ -2.5, 0, "-3" },
		{ 0.5, 0, "1" },
		{ 0.49999, 0, "0" },
		/* what a processor may make of 0.625 */
		{ 0.62499999999999933, 2, "0.63" },
		{ 0.9996, 3, "1.000" },
		{ 9.995, 2, "10.00" },
		{ 999.9996, 3, "1000.000" },
		{ 99.5, 0, "100" },
		{ 0.05, 1, "0.1" },
		{ 0.04, 1, "0.0" },
		{ 0.0004, 3, "0.000" },
		{ 1e-300, 9, "0.000000000" },
		{ 123456789012345, 0, "123456789012345" },
		{ 999999999999999, 9, "999999999999999.000000000" },
		{ 123456.789, 2, "123456.79" },
		{ 7, 9, "7.000000000" },
		{ 1, 77, "1.000000000" },
		{ 100, 0, "100" },
		{ 0, 0, "0" },
		{ 0, 2, "0.00" },
	};
	char text[NUMBER_TEXT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		number_text(cases[i].x, cases[i].decimals, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void number_text__has_no_negative_nothing(void **state)
{
	char text[NUMBER_TEXT_BYTES];

	(void)state;
	number_text(-0.0, 2, text);
	assert_string_equal(text, "0.00");
	number_text(-0.004, 2, text);
	assert_string_equal(text, "0.00");
	number_text(-0.4, 0, text);
	assert_string_equal(text, "0");
	number_text(-0.005, 2, text);
	assert_string_equal(text, "-0.01");
}

static void number_text__has_a_dash_for_what_is_no_number(void **state)
{
	static const double none[] = {
		(double)NAN, (double)INFINITY, -(double)INFINITY, 1e15,
		-1e15,       DBL_MAX
	};
	char text[NUMBER_TEXT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof none / sizeof *none; i++) {
		number_text(none[i], 2, text);
		assert_string_equal(text, "-");
	}
}

/* What the C library makes of the same; halves apart, where it differs. */
static void number_text__agrees_with_the_library_elsewhere(void **state)
{
	uint64_t seed = 88172645463325252u;
	char expected[64];
	char text[NUMBER_TEXT_BYTES];
	unsigned decimals;
	double x;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		x = (double)(seed >> 11) / 9007199254740992.0;
		x *= pow(10, (double)(seed % 9)) - 0.3;
		decimals = (unsigned)(seed % 4);
		(void)snprintf(expected, sizeof expected, "%.*f", (int)decimals,
			       x);
		number_text(x, decimals, text);
		assert_string_equal(text, expected);
	}
}

static void number_percent_fewer__says_how_many(void **state)
{
	(void)state;
	assert_int_equal(number_percent_fewer(0.78095), 22);
	assert_int_equal(number_percent_fewer(0.48331), 52);
	assert_int_equal(number_percent_fewer(1.26188), -26);
	assert_int_equal(number_percent_fewer(1), 0);
	/* as the sentence has it: 0.79 is 21 % fewer */
	assert_int_equal(number_percent_fewer(0.785), 21);
	assert_int_equal(number_percent_fewer(0.004), 100);
	assert_int_equal(number_percent_fewer(1e9), -99900);
	assert_int_equal(number_percent_fewer(1000), -99900);
	assert_int_equal(number_percent_fewer(999.99), -99899);
	assert_int_equal(number_percent_fewer((double)INFINITY), -99900);
	assert_int_equal(number_percent_fewer(0), 0);
	assert_int_equal(number_percent_fewer(-3), 0);
	assert_int_equal(number_percent_fewer((double)NAN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_text__rounds_halves_away_from_zero),
		cmocka_unit_test(number_text__has_no_negative_nothing),
		cmocka_unit_test(number_text__has_a_dash_for_what_is_no_number),
		cmocka_unit_test(
			number_text__agrees_with_the_library_elsewhere),
		cmocka_unit_test(number_percent_fewer__says_how_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
