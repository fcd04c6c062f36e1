#include "proto/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/sample.h"

static struct weald_msg msg;

static void address_parse__takes_names_and_addresses(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
	} good[] = {
		{ "localhost:7117", "localhost", 7117 },
		{ "Node-1.South-West.example:1", "Node-1.South-West.example",
		  1 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 },
		{ "[2001:db8::1]:7117", "2001:db8::1", 7117 },
		{ "[::]:80", "::", 80 },
		{ "[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80 },
		{ "_weald.a_b.example:80", "_weald.a_b.example", 80 },
	};
	struct address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(address_parse(span_of(good[i].text), &a, &msg),
				 WEALD_OK);
		assert_true(span_equal(a.host, span_of(good[i].host)));
		assert_int_equal(a.port, good[i].port);
	}
}

static void address_parse__says_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} bad[] = {
		{ "", "port is missing" },
		{ "localhost", "port is missing" },
		{ "localhost:", "1 to 65535" },
		{ "localhost:0", "1 to 65535" },
		{ "localhost:65536", "1 to 65535" },
		{ "localhost:07", "1 to 65535" },
		{ "localhost:+7", "1 to 65535" },
		{ "localhost:7 ", "1 to 65535" },
		{ "localhost:http", "1 to 65535" },
		{ ":7117", "host name" },
		{ " localhost:7117", "host name" },
		{ "local host:7117", "host name" },
		{ "a..b:7117", "host name" },
		{ ".a:7117", "host name" },
		{ "a.:7117", "host name" },
		{ "-a:7117", "host name" },
		{ "a.-b:7117", "host name" },
		{ "caf\xc3\xa9:7117", "host name" },
		{ "a/b:7117", "a scheme" },
		{ "https://a:7117", "a scheme" },
		{ "2001:db8::1:7117", "brackets" },
		{ "::1:7117", "brackets" },
		{ "[]:7117", "no IPv6" },
		{ "[1]:7117", "no IPv6" },
		{ "[192.0.2.1]:7117", "no IPv6" },
		{ "[fe80::1%eth0]:7117", "no IPv6" },
		{ "[::1:7117", "brackets" },
		{ "[::1]", "1 to 65535" },
		{ "[::1]7117", "1 to 65535" },
		{ "a\x1b[31m:7117", "\\x1b" },
	};
	struct address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(address_parse(span_of(bad[i].text), &a, &msg),
			      WEALD_INVALID, &msg, bad[i].word);
	}
}

static void address_parse__knows_how_long_a_name_may_be(void **state)
{
	char text[ADDRESS_BYTES_MAX + 2];
	struct span s = { (const uint8_t *)text, 0 };
	struct address a;
	size_t i;

	(void)state;
	/* labels of 63, 63, 63 and 61 make 253 with their dots */
	memset(text, 'a', sizeof text);
	for (i = 1; i <= 3; i++) {
		text[i * 64 - 1] = '.';
	}
	memcpy(text + 253, ":65535", 6);
	s.len = ADDRESS_BYTES_MAX;
	assert_int_equal(address_parse(s, &a, &msg), WEALD_OK);
	assert_int_equal(a.host.len, 253);
	/* a label of 64 */
	text[63] = 'a';
	check_refused(address_parse(s, &a, &msg), WEALD_INVALID, &msg,
		      "host name");
	/* a name of 254 with a shorter port */
	text[63] = '.';
	memcpy(text + 253, "a:6553", 6);
	check_refused(address_parse(s, &a, &msg), WEALD_INVALID, &msg,
		      "host name");
	s.len++;
	check_refused(address_parse(s, &a, &msg), WEALD_INVALID, &msg,
		      "too long");
}

static void address_parse__refuses_nul_and_takes_no_text_at_all(void **state)
{
	struct address a;

	(void)state;
	check_refused(address_parse((struct span){ NULL, 0 }, &a, &msg),
		      WEALD_INVALID, &msg, "port is missing");
	check_refused(address_parse((struct span){ (const uint8_t *)"a\0b:7",
						   5 },
				    &a, &msg),
		      WEALD_INVALID, &msg, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_parse__takes_names_and_addresses),
		cmocka_unit_test(address_parse__says_what_is_wrong),
		cmocka_unit_test(address_parse__knows_how_long_a_name_may_be),
		cmocka_unit_test(
			address_parse__refuses_nul_and_takes_no_text_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
