#include "proto/mp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/sample.h"

#define BYTES(...)                                        \
	((struct span){ (const uint8_t[]){ __VA_ARGS__ }, \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static const struct mp_limits wide = { .depth = MP_DEPTH_MAX,
				       .elements = 100000 };

static void check_walk(struct span s, int code, const char *word)
{
	struct weald_msg msg = { "" };

	if (code == WEALD_OK) {
		assert_int_equal(mp_walk(s, &wide, &msg), WEALD_OK);
		return;
	}
	check_refused(mp_walk(s, &wide, &msg), code, &msg, word);
}

/* @head, then @len bytes of padding. */
static struct span with_body(struct span head, size_t len)
{
	static uint8_t bytes[0x10000 + 16];

	assert_true(head.len + len <= sizeof bytes);
	memcpy(bytes, head.data, head.len);
	memset(bytes + head.len, 'a', len);
	return (struct span){ bytes, head.len + len };
}

static void mp_walk__accepts_each_type_in_its_shortest_form(void **state)
{
	(void)state;
	check_walk(BYTES(0xc0), WEALD_OK, NULL);
	check_walk(BYTES(0x00), WEALD_OK, NULL);
	check_walk(BYTES(0x7f), WEALD_OK, NULL);
	check_walk(BYTES(0xcc, 0x80), WEALD_OK, NULL);
	check_walk(BYTES(0xcc, 0xff), WEALD_OK, NULL);
	check_walk(BYTES(0xcd, 0x01, 0x00), WEALD_OK, NULL);
	check_walk(BYTES(0xce, 0, 1, 0, 0), WEALD_OK, NULL);
	check_walk(BYTES(0xcf, 0, 0, 0, 1, 0, 0, 0, 0), WEALD_OK, NULL);
	check_walk(BYTES(0xa0), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xbf), 31), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xd9, 32), 32), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xda, 1, 0), 256), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xdb, 0, 1, 0, 0), 0x10000), WEALD_OK, NULL);
	check_walk(BYTES(0xc4, 0), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xc4, 255), 255), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xc5, 1, 0), 256), WEALD_OK, NULL);
	check_walk(with_body(BYTES(0xc6, 0, 1, 0, 0), 0x10000), WEALD_OK, NULL);
	check_walk(BYTES(0x90), WEALD_OK, NULL);
	check_walk(BYTES(0x92, 0x90, 0xc0), WEALD_OK, NULL);
}

static void mp_walk__accepts_long_arrays_in_their_shortest_form(void **state)
{
	uint8_t bytes[0x10005];

	(void)state;
	memset(bytes, 0xc0, sizeof bytes);
	memcpy(bytes, "\xdc\x00\x10", 3);
	check_walk((struct span){ bytes, 3 + 16 }, WEALD_OK, NULL);
	memcpy(bytes, "\xdc\xff\xff", 3);
	check_walk((struct span){ bytes, 3 + 0xffff }, WEALD_OK, NULL);
	memcpy(bytes, "\xdd\x00\x01\x00\x00", 5);
	check_walk((struct span){ bytes, 5 + 0x10000 }, WEALD_OK, NULL);
	memcpy(bytes, "\xdd\x00\x00\xff\xff", 5);
	check_walk((struct span){ bytes, 5 + 0xffff }, WEALD_NONCANONICAL,
		   "0xdd");
}

static void mp_walk__refuses_longer_forms(void **state)
{
	(void)state;
	check_walk(BYTES(0xcc, 0x7f), WEALD_NONCANONICAL, "0xcc");
	check_walk(BYTES(0xcd, 0, 0xff), WEALD_NONCANONICAL, "0xcd");
	check_walk(BYTES(0xce, 0, 0, 0xff, 0xff), WEALD_NONCANONICAL, "0xce");
	check_walk(BYTES(0xcf, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
		   WEALD_NONCANONICAL, "0xcf");
	check_walk(with_body(BYTES(0xd9, 31), 31), WEALD_NONCANONICAL, "0xd9");
	check_walk(with_body(BYTES(0xda, 0, 255), 255), WEALD_NONCANONICAL,
		   "0xda");
	check_walk(with_body(BYTES(0xdb, 0, 0, 255, 255), 0xffff),
		   WEALD_NONCANONICAL, "0xdb");
	check_walk(with_body(BYTES(0xc5, 0, 255), 255), WEALD_NONCANONICAL,
		   "0xc5");
	check_walk(with_body(BYTES(0xc6, 0, 0, 255, 255), 0xffff),
		   WEALD_NONCANONICAL, "0xc6");
	check_walk(BYTES(0xdc, 0, 0), WEALD_NONCANONICAL, "0xdc");
	check_walk(with_body(BYTES(0xdc, 0, 15), 15), WEALD_NONCANONICAL,
		   "0xdc");
}

static void mp_walk__names_the_place_of_a_fault(void **state)
{
	(void)state;
	check_walk(BYTES(0x92, 0xc0, 0xcc, 0x05), WEALD_NONCANONICAL,
		   "at byte 2");
	check_walk(BYTES(0x92, 0xc0, 0x80), WEALD_MALFORMED, "at byte 2");
}

static void mp_walk__refuses_types_that_are_never_used(void **state)
{
	static const uint8_t never[] = { 0x80, 0x8f, 0xc1, 0xc2, 0xc3, 0xc7,
					 0xc8, 0xc9, 0xca, 0xcb, 0xd0, 0xd1,
					 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7,
					 0xd8, 0xde, 0xdf, 0xe0, 0xff };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof never; i++) {
		uint8_t bytes[20] = { never[i] };

		check_walk((struct span){ bytes, sizeof bytes },
			   WEALD_MALFORMED, "never used");
	}
}

static void mp_walk__bounds_integers_at_2_53(void **state)
{
	(void)state;
	check_walk(BYTES(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0), WEALD_OK, NULL);
	check_walk(BYTES(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1), WEALD_TOOBIG,
		   "2^53");
	check_walk(BYTES(0xcf, 255, 255, 255, 255, 255, 255, 255, 255),
		   WEALD_TOOBIG, "2^53");
}

static void mp_walk__refuses_what_is_cut_short(void **state)
{
	static const uint8_t whole[] = { 0x94, 0xcd, 0x01, 0x00, 0xc4, 0x02,
					 'a',  'b',  0x91, 0xa1, 'c',  0xc0 };
	size_t n;

	(void)state;
	check_walk((struct span){ whole, sizeof whole }, WEALD_OK, NULL);
	for (n = 0; n < sizeof whole; n++) {
		check_walk((struct span){ whole, n }, WEALD_MALFORMED, NULL);
	}
	check_walk((struct span){ NULL, 0 }, WEALD_MALFORMED, "cut short");
}

static void mp_walk__refuses_what_comes_after_the_end(void **state)
{
	(void)state;
	check_walk(BYTES(0xc0, 0xc0), WEALD_MALFORMED, "1 bytes after");
	check_walk(BYTES(0x91, 0xc0, 0xc0), WEALD_MALFORMED, "after the end");
	check_walk(BYTES(0x90, 0x00), WEALD_MALFORMED, "after the end");
}

static void mp_walk__refuses_counts_over_the_bytes_that_are_left(void **state)
{
	(void)state;
	/* five bytes for which msgpack-c alone would reserve 4 GiB */
	check_walk(BYTES(0xdd, 0x08, 0, 0, 0), WEALD_MALFORMED, "array");
	check_walk(BYTES(0xdd, 255, 255, 255, 255), WEALD_MALFORMED, "array");
	check_walk(BYTES(0xdb, 255, 255, 255, 255), WEALD_MALFORMED, "string");
	check_walk(BYTES(0xc6, 255, 255, 255, 255), WEALD_MALFORMED, "string");
	check_walk(BYTES(0x92, 0xc0), WEALD_MALFORMED, "array");
	check_walk(BYTES(0xa2, 'a'), WEALD_MALFORMED, "string");
}

static void mp_walk__bounds_the_depth(void **state)
{
	struct mp_limits limits = { .depth = 1, .elements = 100 };
	struct weald_msg msg = { "" };
	uint8_t bytes[MP_DEPTH_MAX + 2];
	size_t depth;

	(void)state;
	memset(bytes, 0x91, sizeof bytes);
	for (depth = 1; depth <= MP_DEPTH_MAX; depth++) {
		limits.depth = depth;
		bytes[depth] = 0xc0;
		assert_int_equal(mp_walk((struct span){ bytes, depth + 1 },
					 &limits, &msg),
				 WEALD_OK);
		bytes[depth] = 0x90; /* an empty array counts too */
		check_refused(mp_walk((struct span){ bytes, depth + 1 },
				      &limits, &msg),
			      WEALD_TOOBIG, &msg, "nested");
		bytes[depth] = 0x91;
	}
}

static void mp_walk__bounds_the_number_of_values(void **state)
{
	struct mp_limits limits = { .depth = 2, .elements = 5 };
	struct weald_msg msg = { "" };

	(void)state;
	assert_int_equal(mp_walk(BYTES(0x93, 1, 0x91, 2, 3), &limits, &msg),
			 WEALD_OK);
	check_refused(mp_walk(BYTES(0x93, 1, 0x92, 2, 3, 4), &limits, &msg),
		      WEALD_TOOBIG, &msg, "more than 5 values");
}

static void mp_walk__needs_no_message(void **state)
{
	(void)state;
	assert_int_equal(mp_walk(BYTES(0x80), &wide, NULL), WEALD_MALFORMED);
}

static void mp_open__gives_what_was_written(void **state)
{
	struct weald_msg msg = { "" };
	const msgpack_object *f;
	struct mp_writer w;
	struct mp_doc doc;
	struct span s;
	struct buf b;
	uint8_t two[2];
	uint64_t v;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_add_byte(&b, 0x2a), WEALD_OK);
	mp_writer_begin(&w, &b);
	mp_put_array(&w, 5);
	mp_put_nil(&w);
	mp_put_uint(&w, UINT_MAX_VALUE);
	mp_put_str(&w, span_of("one"));
	mp_put_bin(&w, "\x01\x02", 2);
	mp_put_bin(&w, NULL, 0);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	assert_int_equal(b.data[0], 0x2a);

	s = (struct span){ b.data + 1, b.len - 1 };
	assert_int_equal(mp_open(&doc, s, &wide, &msg), WEALD_OK);
	assert_false(mp_get_array(mp_root(&doc), 4, &f));
	assert_true(mp_get_array(mp_root(&doc), 5, &f));
	assert_false(mp_get_array(&f[0], 0, &f));
	assert_true(mp_get_uint(&f[1], &v));
	assert_true(v == UINT_MAX_VALUE);
	assert_false(mp_get_uint(&f[2], &v));
	assert_true(mp_get_str(&f[2], &s));
	assert_true(span_equal(s, span_of("one")));
	assert_false(mp_get_bin(&f[2], &s));
	assert_false(mp_get_str(&f[3], &s));
	assert_true(mp_get_bytes(&f[3], two, 2));
	assert_memory_equal(two, "\x01\x02", 2);
	assert_false(mp_get_bytes(&f[3], two, 1));
	assert_false(mp_get_bytes(&f[4], two, 2));
	assert_true(mp_get_bin(&f[4], &s));
	assert_int_equal(s.len, 0);
	mp_close(&doc);
	mp_close(&doc);
	buf_release(&b);
}

/* NULL is how an absent content is told from an empty one. */
static void mp_get__gives_data_of_empty_ones(void **state)
{
	const struct span bytes = BYTES(0x92, 0xa0, 0xc4, 0x00);
	const msgpack_object *f;
	struct mp_doc doc;
	struct span s = { NULL, 1 };

	(void)state;
	assert_int_equal(mp_open(&doc, bytes, &wide, NULL), WEALD_OK);
	assert_true(mp_get_array(mp_root(&doc), 2, &f));
	assert_true(mp_get_str(&f[0], &s));
	assert_non_null(s.data);
	assert_int_equal(s.len, 0);
	s = (struct span){ NULL, 1 };
	assert_true(mp_get_bin(&f[1], &s));
	assert_non_null(s.data);
	assert_int_equal(s.len, 0);
	mp_close(&doc);
}

static void mp_open__walks_first(void **state)
{
	struct weald_msg msg = { "" };
	struct mp_doc doc = { { NULL, { MSGPACK_OBJECT_NIL, { 0 } } } };

	(void)state;
	check_refused(mp_open(&doc, BYTES(0xdd, 0x08, 0, 0, 0), &wide, &msg),
		      WEALD_MALFORMED, &msg, "array");
	mp_close(&doc);
}

static void mp_close__takes_a_zeroed_document(void **state)
{
	struct mp_doc doc;

	(void)state;
	memset(&doc, 0, sizeof doc);
	mp_close(&doc);
	assert_null(doc.unpacked.zone);
}

static void mp_writer_end__leaves_a_full_buffer_as_it_was(void **state)
{
	struct mp_writer w;
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_add_text(&b, "ab"), WEALD_OK);
	mp_writer_begin(&w, &b);
	mp_put_array(&w, 3);
	mp_put_str(&w, span_of("too long"));
	mp_put_nil(&w); /* there would be room: the first failure sticks */
	assert_int_equal(mp_writer_end(&w), WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&b), span_of("ab")));
	buf_release(&b);
}

/* A random value: bytes as the writer makes them. */
static void put_random(struct mp_writer *w, struct prng *p, size_t depth)
{
	static const uint8_t body[70000];
	static const size_t sizes[] = { 0,   1,   15,  16,  31,  32,    33,
					127, 128, 255, 256, 257, 65535, 65536 };
	size_t size = sizes[prng_below(p, sizeof sizes / sizeof sizes[0])];
	size_t i;

	switch (prng_below(p, depth < 4 ? 5 : 4)) {
	case 0:
		mp_put_nil(w);
		return;
	case 1:
		mp_put_uint(w, (prng_next(p) >> prng_below(p, 64)) %
				       (UINT_MAX_VALUE + 1));
		return;
	case 2:
		mp_put_str(w, (struct span){ body, size });
		return;
	case 3:
		mp_put_bin(w, body, size);
		return;
	default:
		size = prng_below(p, 4) * prng_below(p, 8);
		mp_put_array(w, size);
		for (i = 0; i < size; i++) {
			put_random(w, p, depth + 1);
		}
		return;
	}
}

static void put_again(struct mp_writer *w, const msgpack_object *o)
{
	struct span s = { NULL, 0 };
	uint64_t v = 0;
	size_t i;

	if (mp_get_uint(o, &v)) {
		mp_put_uint(w, v);
	} else if (mp_get_str(o, &s)) {
		mp_put_str(w, s);
	} else if (mp_get_bin(o, &s)) {
		mp_put_bin(w, s.data, s.len);
	} else if (o->type == MSGPACK_OBJECT_NIL) {
		mp_put_nil(w);
	} else {
		assert_int_equal(o->type, MSGPACK_OBJECT_ARRAY);
		mp_put_array(w, o->via.array.size);
		for (i = 0; i < o->via.array.size; i++) {
			put_again(w, &o->via.array.ptr[i]);
		}
	}
}

/* What the writer writes, the walk accepts and the reader gives back. */
static void mp__round_trip_of_random_values(void **state)
{
	struct mp_writer w;
	struct mp_doc doc;
	struct prng p;
	struct buf a;
	struct buf b;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&a, 64u << 20);
	buf_init(&b, 64u << 20);
	for (i = 0; i < 2000; i++) {
		buf_clear(&a);
		buf_clear(&b);
		mp_writer_begin(&w, &a);
		put_random(&w, &p, 0);
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		assert_int_equal(mp_open(&doc, buf_span(&a), &wide, NULL),
				 WEALD_OK);
		mp_writer_begin(&w, &b);
		put_again(&w, mp_root(&doc));
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		assert_true(span_equal(buf_span(&a), buf_span(&b)));
		mp_close(&doc);
	}
	buf_release(&a);
	buf_release(&b);
}

/* Random bytes that the walk accepts have only this one form. */
static void mp__accepted_bytes_are_the_only_form(void **state)
{
	uint8_t bytes[12];
	struct mp_writer w;
	struct mp_doc doc;
	struct prng p;
	struct buf b;
	size_t accepted = 0;
	size_t len;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&b, 64);
	for (i = 0; i < 100000; i++) {
		len = 1 + prng_below(&p, sizeof bytes);
		prng_bytes(&p, bytes, len);
		if (prng_below(&p, 2) == 0) {
			bytes[0] = (uint8_t)(0x90 + prng_below(&p, 5));
		}
		if (mp_open(&doc, (struct span){ bytes, len }, &wide, NULL) !=
		    WEALD_OK) {
			continue;
		}
		accepted++;
		buf_clear(&b);
		mp_writer_begin(&w, &b);
		put_again(&w, mp_root(&doc));
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		assert_true(
			span_equal(buf_span(&b), (struct span){ bytes, len }));
		mp_close(&doc);
	}
	assert_true(accepted > 1000);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			mp_walk__accepts_each_type_in_its_shortest_form),
		cmocka_unit_test(
			mp_walk__accepts_long_arrays_in_their_shortest_form),
		cmocka_unit_test(mp_walk__refuses_longer_forms),
		cmocka_unit_test(mp_walk__names_the_place_of_a_fault),
		cmocka_unit_test(mp_walk__refuses_types_that_are_never_used),
		cmocka_unit_test(mp_walk__bounds_integers_at_2_53),
		cmocka_unit_test(mp_walk__refuses_what_is_cut_short),
		cmocka_unit_test(mp_walk__refuses_what_comes_after_the_end),
		cmocka_unit_test(
			mp_walk__refuses_counts_over_the_bytes_that_are_left),
		cmocka_unit_test(mp_walk__bounds_the_depth),
		cmocka_unit_test(mp_walk__bounds_the_number_of_values),
		cmocka_unit_test(mp_walk__needs_no_message),
		cmocka_unit_test(mp_open__gives_what_was_written),
		cmocka_unit_test(mp_get__gives_data_of_empty_ones),
		cmocka_unit_test(mp_open__walks_first),
		cmocka_unit_test(mp_close__takes_a_zeroed_document),
		cmocka_unit_test(mp_writer_end__leaves_a_full_buffer_as_it_was),
		cmocka_unit_test(mp__round_trip_of_random_values),
		cmocka_unit_test(mp__accepted_bytes_are_the_only_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
