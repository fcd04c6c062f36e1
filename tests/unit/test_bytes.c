#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/err.h"

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool realloc_fails;

void *__wrap_realloc(void *block, size_t size)
{
	return realloc_fails ? NULL : __real_realloc(block, size);
}

static void assert_span(struct span s, const char *want)
{
	assert_int_equal(s.len, strlen(want));
	if (s.len > 0) {
		assert_memory_equal(s.data, want, s.len);
	}
}

static void assert_buf(const struct buf *b, const char *want)
{
	assert_span(buf_span(b), want);
}

/* ---- span ---- */

static void span_of__leaves_out_the_nul(void **state)
{
	(void)state;
	assert_span(span_of("abc"), "abc");
	assert_int_equal(span_of("").len, 0);
}

static void span_equal__compares_length_and_bytes(void **state)
{
	const struct span none = { NULL, 0 };

	(void)state;
	assert_true(span_equal(span_of("ab"), span_of("ab")));
	assert_false(span_equal(span_of("ab"), span_of("ac")));
	assert_false(span_equal(span_of("ab"), span_of("abc")));
	assert_true(span_equal(none, span_of("")));
	assert_false(span_equal(none, span_of("a")));
}

static void span_compare__orders_by_bytes_shorter_first(void **state)
{
	const struct span none = { NULL, 0 };

	(void)state;
	assert_int_equal(span_compare(span_of("ab"), span_of("ab")), 0);
	assert_true(span_compare(span_of("a"), span_of("b")) < 0);
	assert_true(span_compare(span_of("b"), span_of("a")) > 0);
	assert_true(span_compare(span_of("a"), span_of("ab")) < 0);
	assert_true(span_compare(span_of("ab"), span_of("a")) > 0);
	assert_true(span_compare(span_of("b"), span_of("ab")) > 0);
	assert_true(span_compare(none, span_of("a")) < 0);
	assert_int_equal(span_compare(none, none), 0);
}

static void span_compare__takes_bytes_as_unsigned(void **state)
{
	(void)state;
	assert_true(span_compare(span_of("\x7f"), span_of("\x80")) < 0);
	assert_true(span_compare(span_of("\xff"), span_of("a")) > 0);
}

/* ---- buf ---- */

static void buf_add__appends_up_to_the_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_add(&b, "abc", 3), WEALD_OK);
	assert_int_equal(buf_add(&b, "de", 2), WEALD_OK);
	assert_buf(&b, "abcde");
	assert_int_equal(buf_add(&b, "f", 1), WEALD_TOOBIG);
	assert_int_equal(buf_add(&b, NULL, 0), WEALD_OK);
	assert_buf(&b, "abcde");
	buf_release(&b);
}

static void buf_add__keeps_the_bytes_while_it_grows(void **state)
{
	uint8_t byte;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100000);
	for (i = 0; i < 100000; i++) {
		byte = (uint8_t)(i * 7 + (i >> 8));
		assert_int_equal(buf_add_byte(&b, byte), WEALD_OK);
	}
	assert_int_equal(buf_add_byte(&b, 0), WEALD_TOOBIG);
	assert_int_equal(b.len, 100000);
	for (i = 0; i < b.len; i++) {
		assert_int_equal(b.data[i], (uint8_t)(i * 7 + (i >> 8)));
	}
	buf_release(&b);
}

static void buf_zeroed__is_empty_and_full(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(buf_span(&b).len, 0);
	assert_int_equal(buf_add(&b, "", 0), WEALD_OK);
	assert_int_equal(buf_add(&b, "a", 1), WEALD_TOOBIG);
	assert_int_equal(buf_addf(&b, "%s", ""), WEALD_OK);
	assert_int_equal(buf_addf(&b, "%s", "a"), WEALD_TOOBIG);
	assert_int_equal(b.len, 0);
	buf_release(&b);
	buf_release(&b);
}

static void buf_release__keeps_the_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
	buf_release(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	assert_int_equal(buf_add_text(&b, "abcd"), WEALD_TOOBIG);
	assert_int_equal(buf_add_text(&b, "xyz"), WEALD_OK);
	assert_buf(&b, "xyz");
	buf_release(&b);
}

static void buf_clear__keeps_the_memory(void **state)
{
	struct buf b;
	uint8_t *data;

	(void)state;
	buf_init(&b, 3);
	assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
	data = b.data;
	buf_clear(&b);
	assert_int_equal(buf_add_text(&b, "xyz"), WEALD_OK);
	assert_ptr_equal(b.data, data);
	assert_buf(&b, "xyz");
	buf_release(&b);
}

static void buf_reserve__writes_nothing_and_refuses_overflow(void **state)
{
	struct buf b;
	uint8_t *data;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
	assert_int_equal(buf_reserve(&b, 997), WEALD_OK);
	assert_true(b.cap >= 1000);
	assert_buf(&b, "abc");
	data = b.data;
	assert_int_equal(buf_reserve(&b, 998), WEALD_TOOBIG);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), WEALD_TOOBIG);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 2), WEALD_TOOBIG);
	assert_ptr_equal(b.data, data);
	buf_release(&b);
}

static void buf_addf__fits_to_the_last_byte(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_addf(&b, "%s-%d", "ab", 12), WEALD_OK);
	assert_int_equal(buf_addf(&b, "%s", "xyzw"), WEALD_TOOBIG);
	assert_buf(&b, "ab-12");
	assert_int_equal(buf_addf(&b, "%s", "xyz"), WEALD_OK);
	assert_buf(&b, "ab-12xyz");
	assert_int_equal(buf_addf(&b, "%s", ""), WEALD_OK);
	assert_buf(&b, "ab-12xyz");
	buf_release(&b);
}

static void buf_addf__fits_where_the_block_is_full(void **state)
{
	char text[65];
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	buf_init(&b, 64);
	assert_int_equal(buf_addf(&b, "%s", text), WEALD_OK);
	assert_buf(&b, text);
	buf_release(&b);
}

static void buf_add_be32__is_big_endian(void **state)
{
	static const uint8_t want[] = { 0x01, 0x02, 0x03, 0xff };
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_add_be32(&b, 0x010203ff), WEALD_OK);
	assert_memory_equal(b.data, want, sizeof want);
	assert_int_equal(buf_add_be32(&b, 0), WEALD_TOOBIG);
	assert_int_equal(b.len, 4);
	buf_release(&b);
}

static void buf_add_ssh_string__is_all_or_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 11);
	assert_int_equal(buf_add_ssh_string(&b, "abc", 3), WEALD_OK);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "\0\0\0\3abc", 7);
	assert_int_equal(buf_add_ssh_string(&b, "d", 1), WEALD_TOOBIG);
	assert_int_equal(b.len, 7);
	assert_int_equal(buf_add_ssh_string(&b, NULL, 0), WEALD_OK);
	assert_memory_equal(b.data + 7, "\0\0\0\0", 4);
	buf_release(&b);
}

static void buf_add_ssh_string__refuses_more_than_32_bits(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
#if SIZE_MAX > UINT32_MAX
	assert_int_equal(buf_add_ssh_string(&b, "", (size_t)UINT32_MAX + 1),
			 WEALD_TOOBIG);
#endif
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void buf_add_hex__is_lower_case_and_bounded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 6);
	assert_int_equal(buf_add_hex(&b, "\x00\xaf\x9c", 3), WEALD_OK);
	assert_buf(&b, "00af9c");
	assert_int_equal(buf_add_hex(&b, "a", 1), WEALD_TOOBIG);
	assert_int_equal(buf_add_hex(&b, "a", SIZE_MAX / 2 + 1), WEALD_TOOBIG);
	assert_int_equal(buf_add_hex(&b, NULL, 0), WEALD_OK);
	assert_buf(&b, "00af9c");
	buf_release(&b);
}

static void buf_adds__leave_the_buffer_without_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
	b.cap = 3; /* as if the block were full */
	realloc_fails = true;
	assert_int_equal(buf_reserve(&b, 1), WEALD_NOMEM);
	assert_int_equal(buf_add(&b, "d", 1), WEALD_NOMEM);
	assert_int_equal(buf_add_text(&b, "d"), WEALD_NOMEM);
	assert_int_equal(buf_add_byte(&b, 'd'), WEALD_NOMEM);
	assert_int_equal(buf_addf(&b, "%d", 4), WEALD_NOMEM);
	assert_int_equal(buf_add_be32(&b, 4), WEALD_NOMEM);
	assert_int_equal(buf_add_ssh_string(&b, "d", 1), WEALD_NOMEM);
	assert_int_equal(buf_add_hex(&b, "d", 1), WEALD_NOMEM);
	assert_int_equal(buf_add_base64(&b, "d", 1), WEALD_NOMEM);
	assert_int_equal(base64_decode(span_of("ZA=="), &b), WEALD_NOMEM);
	realloc_fails = false;
	assert_buf(&b, "abc");
	assert_int_equal(b.cap, 3);
	assert_int_equal(buf_add_text(&b, "d"), WEALD_OK);
	assert_buf(&b, "abcd");
	buf_release(&b);
}

/* ---- reader ---- */

static void reader_take__refuses_past_the_end(void **state)
{
	struct reader r;
	struct span s = { NULL, 77 };

	(void)state;
	reader_init(&r, span_of("abc"));
	assert_int_equal(reader_take(&r, 4, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_take(&r, SIZE_MAX, &s), WEALD_INCOMPLETE);
	assert_int_equal(s.len, 77);
	assert_int_equal(reader_left(&r), 3);
	assert_int_equal(reader_take(&r, 2, &s), WEALD_OK);
	assert_span(s, "ab");
	assert_int_equal(reader_take(&r, 2, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_take(&r, 1, &s), WEALD_OK);
	assert_span(s, "c");
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(reader_take(&r, 0, &s), WEALD_OK);
	assert_int_equal(s.len, 0);
	assert_int_equal(reader_take(&r, 1, &s), WEALD_INCOMPLETE);
}

static void reader_empty__has_nothing(void **state)
{
	const struct span none = { NULL, 0 };
	struct reader r;
	struct span s;
	uint32_t v;

	(void)state;
	reader_init(&r, none);
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(reader_take(&r, 0, &s), WEALD_OK);
	assert_int_equal(reader_take(&r, 1, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_be32(&r, &v), WEALD_INCOMPLETE);
	assert_int_equal(reader_ssh_string(&r, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_until(&r, 0, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_expect(&r, ""), WEALD_OK);
	assert_int_equal(reader_expect(&r, "a"), WEALD_INCOMPLETE);
}

static void reader_be32__reads_all_bits(void **state)
{
	static const uint8_t in[] = { 0xff, 0xfe, 0x00, 0x01, 0x80, 0, 0 };
	struct reader r;
	uint32_t v = 0;

	(void)state;
	reader_init(&r, (struct span){ in, sizeof in });
	assert_int_equal(reader_be32(&r, &v), WEALD_OK);
	assert_int_equal(v, 0xfffe0001u);
	assert_int_equal(reader_be32(&r, &v), WEALD_INCOMPLETE);
	assert_int_equal(v, 0xfffe0001u);
	assert_int_equal(reader_left(&r), 3);
}

static void reader_ssh_string__is_all_or_nothing(void **state)
{
	static const uint8_t in[] = { 0, 0, 0, 2, 'a', 'b', 0,  0,
				      0, 0, 0, 0, 0,   2,   'c' };
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 'a' };
	struct reader r;
	struct span s = { NULL, 77 };

	(void)state;
	reader_init(&r, (struct span){ in, sizeof in });
	assert_int_equal(reader_ssh_string(&r, &s), WEALD_OK);
	assert_span(s, "ab");
	assert_int_equal(reader_ssh_string(&r, &s), WEALD_OK);
	assert_int_equal(s.len, 0);
	s.len = 77;
	assert_int_equal(reader_ssh_string(&r, &s), WEALD_INCOMPLETE);
	assert_int_equal(s.len, 77);
	assert_int_equal(reader_left(&r), 5);

	reader_init(&r, (struct span){ huge, sizeof huge });
	assert_int_equal(reader_ssh_string(&r, &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_left(&r), sizeof huge);
}

static void reader_expect__moves_only_over_its_text(void **state)
{
	struct reader r;

	(void)state;
	reader_init(&r, span_of("tree x"));
	assert_int_equal(reader_expect(&r, "free "), WEALD_MALFORMED);
	assert_int_equal(reader_expect(&r, "tree xy"), WEALD_INCOMPLETE);
	assert_int_equal(reader_left(&r), 6);
	assert_int_equal(reader_expect(&r, "tree "), WEALD_OK);
	assert_int_equal(reader_expect(&r, ""), WEALD_OK);
	assert_int_equal(reader_expect(&r, "x"), WEALD_OK);
	assert_int_equal(reader_left(&r), 0);
}

static void reader_until__takes_the_stop_too(void **state)
{
	struct reader r;
	struct span s;

	(void)state;
	reader_init(&r, span_of("ab\n\ncd"));
	assert_int_equal(reader_until(&r, '\n', &s), WEALD_OK);
	assert_span(s, "ab");
	assert_int_equal(reader_until(&r, '\n', &s), WEALD_OK);
	assert_int_equal(s.len, 0);
	assert_int_equal(reader_until(&r, '\n', &s), WEALD_INCOMPLETE);
	assert_int_equal(reader_left(&r), 2);
	assert_int_equal(reader_until(&r, 'd', &s), WEALD_OK);
	assert_span(s, "c");
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(reader_until(&r, 'd', &s), WEALD_INCOMPLETE);
}

/* ---- hex ---- */

static void hex_encode__ends_with_nul(void **state)
{
	char out[7] = "......";

	(void)state;
	hex_encode("\x00\xff\x1a", 3, out);
	assert_string_equal(out, "00ff1a");
	hex_encode("", 0, out);
	assert_string_equal(out, "");
}

static void hex_decode__takes_both_cases(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_int_equal(hex_decode(span_of("00fFaB9c"), out, 4), WEALD_OK);
	assert_memory_equal(out, "\x00\xff\xab\x9c", 4);
	assert_int_equal(hex_decode(span_of(""), out, 0), WEALD_OK);
}

static void hex_decode__refuses_other_text_and_writes_nothing(void **state)
{
	static const char *const bad[] = { "",     "00",   "000",  "00000",
					   "0g00", "00 0", "0x00", "000\xc3",
					   "+000", "00/:", "@G`g" };
	uint8_t out[2] = { 7, 9 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(hex_decode(span_of(bad[i]), out, 2),
				 WEALD_INVALID);
	}
	assert_int_equal(hex_decode(span_of("0000"), out, SIZE_MAX / 2 + 3),
			 WEALD_INVALID);
	assert_int_equal(out[0], 7);
	assert_int_equal(out[1], 9);
}

static void hex__round_trips_every_byte(void **state)
{
	uint8_t in[256];
	uint8_t out[256];
	char text[513];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i++) {
		in[i] = (uint8_t)i;
	}
	hex_encode(in, sizeof in, text);
	assert_int_equal(hex_decode(span_of(text), out, sizeof out), WEALD_OK);
	assert_memory_equal(in, out, sizeof in);
}

/* ---- base64 ---- */

/* RFC 4648, section 10 */
static const struct {
	const char *plain;
	const char *text;
} base64_cases[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

#define BASE64_CASES (sizeof base64_cases / sizeof base64_cases[0])

static void base64__follows_the_vectors_of_the_rfc(void **state)
{
	struct buf text;
	struct buf plain;
	size_t i;

	(void)state;
	for (i = 0; i < BASE64_CASES; i++) {
		struct span in = span_of(base64_cases[i].plain);
		struct span coded = span_of(base64_cases[i].text);

		/* both fit to the last byte */
		buf_init(&text, coded.len);
		buf_init(&plain, in.len);
		assert_int_equal(buf_add_base64(&text, in.data, in.len),
				 WEALD_OK);
		assert_buf(&text, base64_cases[i].text);
		assert_int_equal(base64_decode(coded, &plain), WEALD_OK);
		assert_buf(&plain, base64_cases[i].plain);
		buf_release(&text);
		buf_release(&plain);
	}
}

static void base64__is_bounded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_add_byte(&b, 'x'), WEALD_OK);
	assert_int_equal(buf_add_base64(&b, "f", 1), WEALD_TOOBIG);
	assert_int_equal(buf_add_base64(&b, "f", SIZE_MAX / 4 + 1),
			 WEALD_TOOBIG);
	assert_int_equal(base64_decode(span_of("Zm9vYg=="), &b), WEALD_TOOBIG);
	assert_buf(&b, "x");
	assert_int_equal(base64_decode(span_of("Zm9v"), &b), WEALD_OK);
	assert_buf(&b, "xfoo");
	assert_int_equal(base64_decode(span_of(""), &b), WEALD_OK);
	assert_int_equal(base64_decode(span_of("Zg=="), &b), WEALD_TOOBIG);
	assert_buf(&b, "xfoo");
	buf_release(&b);
}

static void base64_decode__refuses_all_but_the_one_text(void **state)
{
	static const char *const bad[] = {
		/* a length that no encoder writes */
		"Z",
		"Zg",
		"Zg=",
		"Zg===",
		"Zm9vZ",
		"Zm9vZg",
		"Zm9vZg=",
		/* padding where none is due */
		"====",
		"Z===",
		"=Zg=",
		"Z=g=",
		"Zg==Zm9v",
		"Zm8=Zm9v",
		"Zm=v",
		"Z==v",
		"=m9v",
		"Zm9v====",
		"Zm9v=Zg=",
		/* unused bits that are not zero */
		"Zh==",
		"Zi==",
		"Zk==",
		"Zo==",
		"Zw==X",
		"Zx==",
		"Zm9=",
		"Zm+=",
		"Zm9vYh==",
		"Zm9vYmF=",
		/* other characters, white space, the alphabet for URLs */
		"Zm9\n",
		"Zm9v\n",
		"Zm 9",
		" Zm9",
		"Zm9v ",
		"Zm9v\r\n\r\n",
		"-_-_",
		"Zm9,",
		"Zm9:",
		"Zm9@",
		"Zm9[",
		"Zm9`",
		"Zm9{",
		"Zm9.",
		"Zm9*",
		"Zm9\x7f",
		"Zm9\x80",
		"Zm9\xff",
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_add_text(&b, "kept"), WEALD_OK);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(base64_decode(span_of(bad[i]), &b),
				 WEALD_INVALID);
		assert_buf(&b, "kept");
	}
	assert_int_equal(
		base64_decode((struct span){ (const uint8_t *)"Zm9\0", 4 }, &b),
		WEALD_INVALID);
	assert_buf(&b, "kept");
	buf_release(&b);
}

/* Of all texts of four digits exactly one stands for one, two or three bytes */
static void base64_decode__gives_back_only_what_encode_wrote(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[] = "AA==";
	size_t accepted = 0;
	struct buf plain;
	struct buf again;
	size_t i;

	(void)state;
	buf_init(&plain, 3);
	buf_init(&again, 4);
	for (i = 0; i < (size_t)64 * 64; i++) {
		text[0] = digits[i / 64];
		text[1] = digits[i % 64];
		buf_clear(&plain);
		buf_clear(&again);
		if (base64_decode(span_of(text), &plain) == WEALD_OK) {
			accepted++;
			assert_int_equal(plain.len, 1);
			assert_int_equal(buf_add_base64(&again, plain.data, 1),
					 WEALD_OK);
			assert_buf(&again, text);
		}
	}
	assert_int_equal(accepted, 256);
	buf_release(&plain);
	buf_release(&again);
}

static void base64__round_trips_every_length_and_byte(void **state)
{
	uint8_t in[256];
	struct buf text;
	struct buf plain;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof in; i++) {
		in[i] = (uint8_t)(255 - i);
	}
	buf_init(&text, 400);
	buf_init(&plain, sizeof in);
	for (i = 0; i <= sizeof in; i++) {
		buf_clear(&text);
		buf_clear(&plain);
		assert_int_equal(buf_add_base64(&text, in, i), WEALD_OK);
		assert_int_equal(text.len, (i + 2) / 3 * 4);
		assert_int_equal(base64_decode(buf_span(&text), &plain),
				 WEALD_OK);
		assert_int_equal(plain.len, i);
		if (i > 0) {
			assert_memory_equal(plain.data, in, i);
		}
	}
	buf_release(&text);
	buf_release(&plain);
}

/* ---- numbers ---- */

static void parse_u64__takes_whole_ranged_numbers(void **state)
{
	uint64_t v = 1;

	(void)state;
	assert_int_equal(parse_u64(span_of("0"), 0, UINT64_MAX, &v), WEALD_OK);
	assert_true(v == 0);
	assert_int_equal(parse_u64(span_of("10"), 10, 10, &v), WEALD_OK);
	assert_true(v == 10);
	assert_int_equal(parse_u64(span_of("18446744073709551615"), 0,
				   UINT64_MAX, &v),
			 WEALD_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64(span_of("18446744073709551614"), 0,
				   UINT64_MAX, &v),
			 WEALD_OK);
	assert_true(v == UINT64_MAX - 1);
}

static void parse_u64__refuses_all_else_and_writes_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		"01",
		"007",
		"+1",
		"-1",
		"-0",
		" 1",
		"1 ",
		"1\n",
		"\t1",
		"0x10",
		"1e3",
		"1.0",
		"1_000",
		"1,000",
		"a",
		"1a",
		"/",
		":",
		"\xd9\xa1", /* an Arabic digit */
		"18446744073709551616",
		"18446744073709551620",
		"18446744073709551625",
		"28446744073709551615",
		"99999999999999999999",
		"184467440737095516150",
		"340282366920938463463374607431768211455",
	};
	uint64_t v = 42;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse_u64(span_of(bad[i]), 0, UINT64_MAX, &v),
				 WEALD_INVALID);
	}
	assert_int_equal(parse_u64((struct span){ (const uint8_t *)"1\0", 2 },
				   0, UINT64_MAX, &v),
			 WEALD_INVALID);
	assert_true(v == 42);
}

static void parse_u64__refuses_out_of_range(void **state)
{
	uint64_t v = 42;

	(void)state;
	assert_int_equal(parse_u64(span_of("4"), 5, 9, &v), WEALD_INVALID);
	assert_int_equal(parse_u64(span_of("10"), 5, 9, &v), WEALD_INVALID);
	assert_int_equal(parse_u64(span_of("7"), 9, 5, &v), WEALD_INVALID);
	assert_true(v == 42);
	assert_int_equal(parse_u64(span_of("5"), 5, 9, &v), WEALD_OK);
	assert_int_equal(parse_u64(span_of("9"), 5, 9, &v), WEALD_OK);
	assert_true(v == 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(span_of__leaves_out_the_nul),
		cmocka_unit_test(span_equal__compares_length_and_bytes),
		cmocka_unit_test(span_compare__orders_by_bytes_shorter_first),
		cmocka_unit_test(span_compare__takes_bytes_as_unsigned),
		cmocka_unit_test(buf_add__appends_up_to_the_maximum),
		cmocka_unit_test(buf_add__keeps_the_bytes_while_it_grows),
		cmocka_unit_test(buf_zeroed__is_empty_and_full),
		cmocka_unit_test(buf_release__keeps_the_maximum),
		cmocka_unit_test(buf_clear__keeps_the_memory),
		cmocka_unit_test(
			buf_reserve__writes_nothing_and_refuses_overflow),
		cmocka_unit_test(buf_addf__fits_to_the_last_byte),
		cmocka_unit_test(buf_addf__fits_where_the_block_is_full),
		cmocka_unit_test(buf_add_be32__is_big_endian),
		cmocka_unit_test(buf_add_ssh_string__is_all_or_nothing),
		cmocka_unit_test(buf_add_ssh_string__refuses_more_than_32_bits),
		cmocka_unit_test(buf_add_hex__is_lower_case_and_bounded),
		cmocka_unit_test(buf_adds__leave_the_buffer_without_memory),
		cmocka_unit_test(reader_take__refuses_past_the_end),
		cmocka_unit_test(reader_empty__has_nothing),
		cmocka_unit_test(reader_be32__reads_all_bits),
		cmocka_unit_test(reader_ssh_string__is_all_or_nothing),
		cmocka_unit_test(reader_expect__moves_only_over_its_text),
		cmocka_unit_test(reader_until__takes_the_stop_too),
		cmocka_unit_test(hex_encode__ends_with_nul),
		cmocka_unit_test(hex_decode__takes_both_cases),
		cmocka_unit_test(
			hex_decode__refuses_other_text_and_writes_nothing),
		cmocka_unit_test(hex__round_trips_every_byte),
		cmocka_unit_test(base64__follows_the_vectors_of_the_rfc),
		cmocka_unit_test(base64__is_bounded),
		cmocka_unit_test(base64_decode__refuses_all_but_the_one_text),
		cmocka_unit_test(
			base64_decode__gives_back_only_what_encode_wrote),
		cmocka_unit_test(base64__round_trips_every_length_and_byte),
		cmocka_unit_test(parse_u64__takes_whole_ranged_numbers),
		cmocka_unit_test(
			parse_u64__refuses_all_else_and_writes_nothing),
		cmocka_unit_test(parse_u64__refuses_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
