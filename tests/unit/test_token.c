#include "proto/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/digest.h"
#include "proto/mp.h"
#include "tests/unit/sample.h"

/* The sample's text, as another implementation wrote it. */
static const char golden[] =
	"weald-join:lgHEIDMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzxCARERER"
	"EREREREREREREREREREREREREREREREREREREc5pKpuAxBCZmZmZmZmZmZmZmZmZmZmZ"
	"krZ3ZWFsZC5leGFtcGxlLm9yZzo3MTE3slsyMDAxOmRiODo6MV06NzExN0qylZc";

static struct weald_msg msg;
static struct token t;
static struct buf text;

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	t = (struct token){ .expires = 1764400000, .addresses_n = 2 };
	memset(t.feed, 0x33, sizeof t.feed);
	memset(t.node, 0x11, sizeof t.node);
	memset(t.secret, 0x99, sizeof t.secret);
	t.addresses[0] = span_of("weald.example.org:7117");
	t.addresses[1] = span_of("[2001:db8::1]:7117");
	buf_init(&text, 2 * TOKEN_TEXT_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&text);
	return 0;
}

static void refused(struct span s, int code, const char *word)
{
	struct token got;

	check_refused(token_decode(s, &got, &msg), code, &msg, word);
}

/* The text of any array of bytes, with a checksum that is right. */
static struct span text_of(struct span bytes)
{
	uint8_t digest[SHA256_BYTES];
	struct buf whole;
	size_t i;

	buf_init(&whole, 2 * TOKEN_BYTES_MAX);
	buf_clear(&text);
	assert_int_equal(digest_sha256(bytes, digest), WEALD_OK);
	assert_int_equal(buf_add(&whole, bytes.data, bytes.len), WEALD_OK);
	assert_int_equal(buf_add(&whole, digest, 4), WEALD_OK);
	assert_int_equal(buf_add_text(&text, TOKEN_PREFIX), WEALD_OK);
	assert_int_equal(buf_add_base64(&text, whole.data, whole.len),
			 WEALD_OK);
	buf_release(&whole);
	for (i = strlen(TOKEN_PREFIX); i < text.len; i++) {
		if (text.data[i] == '=') {
			text.len = i;
		} else if (text.data[i] == '+') {
			text.data[i] = '-';
		} else if (text.data[i] == '/') {
			text.data[i] = '_';
		}
	}
	return buf_span(&text);
}

static void token_encode__writes_the_golden_text(void **state)
{
	(void)state;
	assert_int_equal(token_encode(&t, &text), WEALD_OK);
	assert_true(span_equal(buf_span(&text), span_of(golden)));
}

static void token_decode__reads_the_golden_text(void **state)
{
	struct token got;

	(void)state;
	assert_int_equal(token_decode(span_of(golden), &got, &msg), WEALD_OK);
	assert_memory_equal(got.feed, t.feed, sizeof t.feed);
	assert_memory_equal(got.node, t.node, sizeof t.node);
	assert_memory_equal(got.secret, t.secret, sizeof t.secret);
	assert_int_equal(got.expires, t.expires);
	assert_int_equal(got.addresses_n, 2);
	assert_true(span_equal(got.addresses[0], t.addresses[0]));
	assert_true(span_equal(got.addresses[1], t.addresses[1]));
	token_release(&got);
	assert_int_equal(got.secret[0], 0);
	assert_null(got.bytes.data);
}

/* The greatest token there is, and every length of the last group. */
static void token_decode__reads_what_was_written(void **state)
{
	char name[ADDRESS_BYTES_MAX + 1];
	struct token got;
	size_t i;

	(void)state;
	memset(name, 'a', sizeof name);
	for (i = 1; i <= 3; i++) {
		name[i * 64 - 1] = '.';
	}
	memcpy(name + 253, ":65535", 7);
	t.expires = TIME_MAX;
	t.addresses_n = TOKEN_ADDRESSES_MAX;
	for (i = 0; i < TOKEN_ADDRESSES_MAX; i++) {
		t.addresses[i] = span_of(name);
	}
	for (i = 0; i < 40; i++) {
		t.addresses[0] = span_of(name + i + (i % 64 == 0));
		buf_clear(&text);
		assert_int_equal(token_encode(&t, &text), WEALD_OK);
		assert_true(text.len <= TOKEN_TEXT_MAX);
		assert_int_equal(token_decode(buf_span(&text), &got, &msg),
				 WEALD_OK);
		assert_true(span_equal(got.addresses[0], t.addresses[0]));
		token_release(&got);
	}
}

static void token_encode__refuses_what_would_not_be_read(void **state)
{
	(void)state;
	t.expires = TIME_MIN - 1;
	assert_int_equal(token_encode(&t, &text), WEALD_INVALID);
	t.expires = TIME_MAX + 1;
	assert_int_equal(token_encode(&t, &text), WEALD_INVALID);
	t.expires = TIME_MAX;
	t.addresses_n = 0;
	assert_int_equal(token_encode(&t, &text), WEALD_INVALID);
	t.addresses_n = TOKEN_ADDRESSES_MAX + 1;
	assert_int_equal(token_encode(&t, &text), WEALD_INVALID);
	t.addresses_n = 2;
	t.addresses[1] = span_of("nowhere");
	assert_int_equal(token_encode(&t, &text), WEALD_INVALID);
	t.addresses_n = 1;
	assert_int_equal(text.len, 0);
	text.max = 100;
	assert_int_equal(token_encode(&t, &text), WEALD_TOOBIG);
	assert_int_equal(text.len, 0);
	text.max = TOKEN_TEXT_MAX;
	assert_int_equal(token_encode(&t, &text), WEALD_OK);
}

static void token_decode__says_where_it_is_no_token(void **state)
{
	(void)state;
	refused(span_of(""), WEALD_INVALID, "not a token");
	refused((struct span){ NULL, 0 }, WEALD_INVALID, "not a token");
	refused(span_of("weald-join"), WEALD_INVALID, "not a token");
	refused(span_of("Weald-join:"), WEALD_INVALID, "not a token");
	refused(span_of(golden + 11), WEALD_INVALID, "not a token");
	refused(span_of(" weald-join:x"), WEALD_INVALID, "not a token");
}

/* Every other character, and every cut, is told from any other fault. */
static void token_decode__finds_each_typo(void **state)
{
	char typed[sizeof golden + 1];
	size_t i;

	(void)state;
	for (i = strlen(TOKEN_PREFIX); i < sizeof golden - 1; i++) {
		memcpy(typed, golden, sizeof golden);
		refused((struct span){ (const uint8_t *)typed, i },
			WEALD_INVALID, "mistyped");
		typed[i] = typed[i] == 'A' ? 'B' : 'A';
		refused(span_of(typed), WEALD_INVALID, "mistyped");
		typed[i] = ' ';
		refused(span_of(typed), WEALD_INVALID, "mistyped");
		typed[i] = '\n';
		refused(span_of(typed), WEALD_INVALID, "mistyped");
		typed[i] = '+';
		refused(span_of(typed), WEALD_INVALID, "mistyped");
	}
	memcpy(typed, golden, sizeof golden);
	memcpy(typed + sizeof golden - 1, "A", 2);
	refused(span_of(typed), WEALD_INVALID, "mistyped");
	memcpy(typed + sizeof golden - 1, "=", 2);
	refused(span_of(typed), WEALD_INVALID, "mistyped");
}

static void token_decode__refuses_a_text_that_is_too_long(void **state)
{
	size_t i;

	(void)state;
	text.max = 10u * TOKEN_TEXT_MAX;
	assert_int_equal(buf_add_text(&text, TOKEN_PREFIX), WEALD_OK);
	for (i = 0; i < 2u * TOKEN_TEXT_MAX; i++) {
		assert_int_equal(buf_add_byte(&text, 'A'), WEALD_OK);
	}
	refused(buf_span(&text), WEALD_INVALID, "mistyped");
}

/* Write the array of the sample with element @n as nil. */
static void write_with_nil(struct buf *b, size_t n, size_t fields,
			   uint64_t format)
{
	struct mp_writer w;
	size_t i;

	buf_clear(b);
	mp_writer_begin(&w, b);
	mp_put_array(&w, fields);
	for (i = 0; i < fields; i++) {
		if (i == n) {
			mp_put_nil(&w);
		} else if (i == 0) {
			mp_put_uint(&w, format);
		} else if (i == 3) {
			mp_put_uint(&w, t.expires);
		} else if (i == 5) {
			mp_put_array(&w, 1);
			mp_put_str(&w, t.addresses[0]);
		} else {
			mp_put_bin(&w, t.feed, i == 4 ? 16 : 32);
		}
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
}

static void token_decode__refuses_other_fields(void **state)
{
	struct token got;
	struct buf bytes;
	size_t i;

	(void)state;
	buf_init(&bytes, TOKEN_BYTES_MAX);
	write_with_nil(&bytes, SIZE_MAX, 6, 1);
	assert_int_equal(token_decode(text_of(buf_span(&bytes)), &got, &msg),
			 WEALD_OK);
	token_release(&got);
	for (i = 0; i < 6; i++) {
		write_with_nil(&bytes, i, 6, 1);
		refused(text_of(buf_span(&bytes)), WEALD_INVALID,
			i == 0 ? "[format" : "not [1,");
	}
	write_with_nil(&bytes, SIZE_MAX, 5, 1);
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "not [1,");
	write_with_nil(&bytes, SIZE_MAX, 7, 1);
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "not [1,");
	/* a later version may look in any way behind its number */
	write_with_nil(&bytes, SIZE_MAX, 6, 2);
	refused(text_of(buf_span(&bytes)), WEALD_FORMAT, "later version");
	write_with_nil(&bytes, 4, 9, 7);
	refused(text_of(buf_span(&bytes)), WEALD_FORMAT, "later version");
	buf_clear(&bytes);
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "cut short");
	buf_release(&bytes);
}

static void token_decode__refuses_other_values(void **state)
{
	struct buf bytes;
	struct mp_writer w;
	size_t n;

	(void)state;
	buf_init(&bytes, TOKEN_BYTES_MAX);
	t.expires = TIME_MIN - 1;
	write_with_nil(&bytes, SIZE_MAX, 6, 1);
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "time");
	t.expires = TIME_MIN;
	t.addresses[0] = span_of("nowhere");
	write_with_nil(&bytes, SIZE_MAX, 6, 1);
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "port is missing");

	for (n = 0; n <= TOKEN_ADDRESSES_MAX + 1; n++) {
		size_t i;

		if (n == 1) {
			n = TOKEN_ADDRESSES_MAX + 1;
		}
		write_with_nil(&bytes, SIZE_MAX, 6, 1);
		bytes.len -= 2 + strlen("nowhere");
		mp_writer_begin(&w, &bytes);
		mp_put_array(&w, n);
		for (i = 0; i < n; i++) {
			mp_put_str(&w, span_of("a:1"));
		}
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		refused(text_of(buf_span(&bytes)), WEALD_INVALID, "addresses");
	}
	write_with_nil(&bytes, SIZE_MAX, 6, 1);
	bytes.data[bytes.len - 1 - strlen("nowhere")] = 0xc0;
	bytes.len -= strlen("nowhere");
	refused(text_of(buf_span(&bytes)), WEALD_INVALID, "not text");
	buf_release(&bytes);
}

static void token_check_time__tells_how_long_ago(void **state)
{
	(void)state;
	assert_int_equal(token_check_time(&t, t.expires - 1, &msg), WEALD_OK);
	assert_int_equal(token_check_time(&t, 0, &msg), WEALD_OK);
	check_refused(token_check_time(&t, t.expires, &msg), WEALD_EXPIRED,
		      &msg, "expired just now:");
	check_refused(token_check_time(&t, t.expires + 119, &msg),
		      WEALD_EXPIRED, &msg, "1 minute ago");
	check_refused(token_check_time(&t, t.expires + 7200, &msg),
		      WEALD_EXPIRED, &msg, "120 minutes ago");
	check_refused(token_check_time(&t, t.expires + 3 * 86400, &msg),
		      WEALD_EXPIRED, &msg, "3 days ago");
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(token_encode__writes_the_golden_text),
		T(token_decode__reads_the_golden_text),
		T(token_decode__reads_what_was_written),
		T(token_encode__refuses_what_would_not_be_read),
		T(token_decode__says_where_it_is_no_token),
		T(token_decode__finds_each_typo),
		T(token_decode__refuses_a_text_that_is_too_long),
		T(token_decode__refuses_other_fields),
		T(token_decode__refuses_other_values),
		T(token_check_time__tells_how_long_ago),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
