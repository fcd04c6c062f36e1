/*
 * The bytes of an update: how update.h writes and reads the payload. The rules
 * of its fields are tested in test_update.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/mp.h"
#include "proto/update.h"
#include "tests/unit/sample.h"

/* Each test begins with a plain update that keeps every rule. */
static struct sample s;
static struct update *const u = &s.u;
static struct weald_msg msg;

static int begin(void **state)
{
	(void)state;
	sample_plain(&s);
	msg.text[0] = '\0';
	return 0;
}

static void update_encode__refuses_what_the_buffer_cannot_hold(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_add_text(&b, "before"), WEALD_OK);
	assert_int_equal(update_encode(u, &b), WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&b), span_of("before")));
	buf_release(&b);
}

static void update_encode__appends(void **state)
{
	struct buf a;
	struct buf b;

	(void)state;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	assert_int_equal(update_encode(u, &a), WEALD_OK);
	assert_int_equal(buf_add_text(&b, "before"), WEALD_OK);
	assert_int_equal(update_encode(u, &b), WEALD_OK);
	assert_int_equal(b.len, a.len + 6);
	assert_memory_equal(b.data + 6, a.data, a.len);
	buf_release(&a);
	buf_release(&b);
}

/*
 * An update with @n changes of 64 bytes each, the last path @more longer;
 * gives the size of its payload, or 0 where encode refuses it.
 */
static size_t payload_size(size_t n, size_t more, struct buf *b)
{
	struct change *changes = calloc(n, sizeof *changes);
	char(*paths)[160] = calloc(n, sizeof *paths);
	size_t i;
	int r;

	assert_non_null(changes);
	assert_non_null(paths);
	for (i = 0; i < n; i++) {
		snprintf(paths[i], sizeof paths[i], SAMPLE_RECORD "/%020zu%0*d",
			 i, (int)(i == n - 1 ? 1 + more : 10), 0);
		changes[i] = (struct change){ .path = span_of(paths[i]),
					      .removal = true };
	}
	u->changes = changes;
	u->changes_n = n;
	assert_int_equal(update_check(u, &msg), WEALD_OK);
	buf_clear(b);
	r = update_encode(u, b);
	assert_true(r == WEALD_OK || (r == WEALD_TOOBIG && b->len == 0));
	u->changes = NULL;
	u->changes_n = 0;
	free(changes);
	free(paths);
	return b->len;
}

static void update__payload_is_at_most_64_kib(void **state)
{
	struct update got;
	struct buf b;
	size_t more = 0;
	size_t n = 1000;

	(void)state;
	buf_init(&b, 2u * PAYLOAD_BYTES_MAX);
	while (payload_size(n + 1, 0, &b) != 0) {
		n++;
	}
	while (payload_size(n, more, &b) != PAYLOAD_BYTES_MAX) {
		assert_true(b.len != 0);
		more++;
	}
	assert_int_equal(update_decode(buf_span(&b), &got, &msg), WEALD_OK);
	assert_int_equal(got.changes_n, n);
	update_release(&got);
	assert_int_equal(payload_size(n, more + 1, &b), 0);

	/* one byte more, whatever it is */
	assert_int_equal(payload_size(n, more, &b), PAYLOAD_BYTES_MAX);
	assert_int_equal(buf_add_byte(&b, 0xc0), WEALD_OK);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TOOBIG,
		      &msg, "payload");
	buf_release(&b);
}

/* The payload of the plain update with field number @at written by @put. */
static void payload_with(size_t at, void (*put)(struct mp_writer *w),
			 struct buf *out)
{
	static const struct mp_limits limits = { .depth = 3, .elements = 100 };
	const msgpack_object *f;
	struct span part = { NULL, 0 };
	struct mp_writer w;
	struct mp_doc doc;
	struct buf plain;
	uint64_t v = 0;
	size_t i;

	buf_init(&plain, PAYLOAD_BYTES_MAX);
	u->changes_n = 0;
	u->topics_n = 0;
	sample_payload(u, &plain);
	assert_int_equal(mp_open(&doc, buf_span(&plain), &limits, &msg),
			 WEALD_OK);
	assert_true(mp_get_array(mp_root(&doc), UPDATE_FIELDS, &f));
	buf_clear(out);
	mp_writer_begin(&w, out);
	mp_put_array(&w, UPDATE_FIELDS);
	for (i = 0; i < UPDATE_FIELDS; i++) {
		if (i == at) {
			put(&w);
		} else if (mp_get_uint(&f[i], &v)) {
			mp_put_uint(&w, v);
		} else if (mp_get_str(&f[i], &part)) {
			mp_put_str(&w, part);
		} else if (mp_get_bin(&f[i], &part)) {
			mp_put_bin(&w, part.data, part.len);
		} else {
			mp_put_array(&w, 0);
		}
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	mp_close(&doc);
	buf_release(&plain);
}

static void put_nil(struct mp_writer *w)
{
	mp_put_nil(w);
}

static void put_one_nil(struct mp_writer *w)
{
	mp_put_array(w, 1);
	mp_put_nil(w);
}

static void put_short_bin(struct mp_writer *w)
{
	mp_put_bin(w, "123456789012345", 15);
}

static void update_decode__refuses_other_types_by_field(void **state)
{
	static const char *const names[UPDATE_FIELDS] = {
		"format",  "feed",    "slug", "root",   "epoch",  "seq",
		"prev",    "time",    "key",  "grant",  "action", "record",
		"version", "summary", "note", "topics", "parent", "tree",
		"changes", "nonce",   "ext"
	};
	struct update got;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, PAYLOAD_BYTES_MAX);
	for (i = 0; i < UPDATE_FIELDS; i++) {
		payload_with(i, put_nil, &b);
		check_refused(update_decode(buf_span(&b), &got, &msg),
			      WEALD_MALFORMED, &msg, names[i]);
		payload_with(i, put_one_nil, &b);
		check_refused(update_decode(buf_span(&b), &got, &msg),
			      WEALD_MALFORMED, &msg, names[i]);
		if (i != 20) {
			payload_with(i, put_short_bin, &b);
			check_refused(update_decode(buf_span(&b), &got, &msg),
				      WEALD_MALFORMED, &msg, names[i]);
		}
	}
	buf_release(&b);
}

static void put_two(struct mp_writer *w)
{
	mp_put_uint(w, 2);
}

static void put_nine_topics(struct mp_writer *w)
{
	int i;

	mp_put_array(w, 9);
	for (i = 0; i < 9; i++) {
		mp_put_str(w, (struct span){ (const uint8_t *)"abcdefghi" + i,
					     1 });
	}
}

static void put_three_part_change(struct mp_writer *w)
{
	mp_put_array(w, 1);
	mp_put_array(w, 3);
	mp_put_str(w, span_of(SAMPLE_PATH));
	mp_put_uint(w, 1);
	mp_put_bin(w, "", 0);
}

static void put_two_part_grant(struct mp_writer *w)
{
	uint8_t key[SIG_BYTES] = { 0 };

	mp_put_array(w, 2);
	mp_put_bin(w, key, PUBKEY_BYTES);
	mp_put_bin(w, key, SIG_BYTES);
}

static void put_deep(struct mp_writer *w)
{
	int i;

	for (i = 0; i < 3; i++) {
		mp_put_array(w, 1);
	}
	mp_put_nil(w);
}

static void put_many(struct mp_writer *w)
{
	size_t i;

	mp_put_array(w, 10000);
	for (i = 0; i < 10000; i++) {
		mp_put_nil(w);
	}
}

static void put_over_2_53(struct mp_writer *w)
{
	mp_put_uint(w, UINT_MAX_VALUE + 1);
}

static void update_decode__refuses_other_shapes(void **state)
{
	struct update got;
	struct buf b;

	(void)state;
	buf_init(&b, PAYLOAD_BYTES_MAX);
	payload_with(0, put_two, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_FORMAT,
		      &msg, "format");
	payload_with(15, put_nine_topics, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TOPICS,
		      &msg, "topics");
	payload_with(18, put_three_part_change, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_MALFORMED,
		      &msg, "changes");
	payload_with(9, put_two_part_grant, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_MALFORMED,
		      &msg, "grant");
	payload_with(18, put_deep, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TOOBIG,
		      &msg, "payload");
	payload_with(18, put_many, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TOOBIG,
		      &msg, "payload");
	payload_with(7, put_over_2_53, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TOOBIG,
		      &msg, "2^53");
	buf_release(&b);
}

static void update_decode__refuses_what_is_no_array_of_21(void **state)
{
	static const uint8_t twenty[] = { 0x91, 0x01 };
	static const uint8_t none[] = { 0x90 };
	static const uint8_t number[] = { 0x01 };
	static const uint8_t later[] = { 0x92, 0x02, 0xc0 };
	struct update got;

	(void)state;
	check_refused(update_decode((struct span){ twenty, 2 }, &got, &msg),
		      WEALD_MALFORMED, &msg, "21 fields");
	check_refused(update_decode((struct span){ none, 1 }, &got, &msg),
		      WEALD_MALFORMED, &msg, "21 fields");
	check_refused(update_decode((struct span){ number, 1 }, &got, &msg),
		      WEALD_MALFORMED, &msg, "21 fields");
	check_refused(update_decode((struct span){ later, 3 }, &got, &msg),
		      WEALD_FORMAT, &msg, "format is 2");
	check_refused(update_decode((struct span){ NULL, 0 }, &got, &msg),
		      WEALD_MALFORMED, &msg, "payload");
}

static void update_decode__checks_the_rules(void **state)
{
	struct update got;
	struct buf b;

	(void)state;
	buf_init(&b, PAYLOAD_BYTES_MAX);
	u->time = 1;
	sample_payload(u, &b);
	check_refused(update_decode(buf_span(&b), &got, &msg), WEALD_TIME, &msg,
		      "time");
	buf_release(&b);
}

#define CASES 3000

/* Decoding gives what was encoded, and encoding that gives the same bytes. */
static void update__round_trip_of_random_updates(void **state)
{
	struct update got;
	struct prng p;
	struct buf a;
	struct buf b;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&a, PAYLOAD_BYTES_MAX);
	buf_init(&b, PAYLOAD_BYTES_MAX);
	for (i = 0; i < CASES; i++) {
		sample_random(&s, &p);
		if (update_check(u, &msg) != WEALD_OK) {
			fail_msg("case %d: %s", i, msg.text);
		}
		buf_clear(&a);
		buf_clear(&b);
		sample_payload(u, &a);
		assert_int_equal(update_decode(buf_span(&a), &got, &msg),
				 WEALD_OK);
		assert_true(sample_equal(u, &got));
		sample_payload(&got, &b);
		assert_true(span_equal(buf_span(&a), buf_span(&b)));
		update_release(&got);
	}
	buf_release(&a);
	buf_release(&b);
}

/*
 * Bytes near a payload are refused with a reason, or are the payload of
 * another update.
 */
static void check_neighbour(struct span bytes, const struct update *not_this,
			    struct buf *again)
{
	struct update got;
	int r;

	msg.text[0] = '\0';
	r = update_decode(bytes, &got, &msg);
	if (r != WEALD_OK) {
		assert_true(msg.text[0] != '\0');
		return;
	}
	assert_false(sample_equal(&got, not_this));
	buf_clear(again);
	sample_payload(&got, again);
	assert_true(span_equal(bytes, buf_span(again)));
	update_release(&got);
}

static void update_decode__any_byte_changed_is_another_update(void **state)
{
	struct prng p;
	struct buf a;
	struct buf b;
	size_t at;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&a, PAYLOAD_BYTES_MAX);
	buf_init(&b, PAYLOAD_BYTES_MAX);
	for (i = 0; i < 20; i++) {
		sample_random(&s, &p);
		buf_clear(&a);
		sample_payload(u, &a);
		for (at = 0; at < a.len; at++) {
			uint8_t was = a.data[at];

			a.data[at] ^= (uint8_t)(1 + prng_below(&p, 255));
			check_neighbour(buf_span(&a), u, &b);
			a.data[at] = was;
		}
	}
	buf_release(&a);
	buf_release(&b);
}

static void update_decode__refuses_every_truncation(void **state)
{
	struct update got;
	struct prng p;
	struct buf a;
	size_t n;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&a, PAYLOAD_BYTES_MAX);
	for (i = 0; i < 20; i++) {
		sample_random(&s, &p);
		buf_clear(&a);
		sample_payload(u, &a);
		for (n = 0; n < a.len; n++) {
			check_refused(update_decode((struct span){ a.data, n },
						    &got, &msg),
				      WEALD_MALFORMED, &msg, "payload");
		}
	}
	buf_release(&a);
}

/* The header at @at in its next longer form; 0 where there is none. */
static size_t longer_form(const uint8_t *at, uint8_t out[9], size_t *skip)
{
	uint8_t c = at[0];

	*skip = 1;
	if (c < 0x80) {
		memcpy(out, (uint8_t[]){ 0xcc, c }, 2);
		return 2;
	}
	if ((c & 0xf0) == 0x90) {
		memcpy(out, (uint8_t[]){ 0xdc, 0, c & 0x0f }, 3);
		return 3;
	}
	if ((c & 0xe0) == 0xa0) {
		memcpy(out, (uint8_t[]){ 0xd9, c & 0x1f }, 2);
		return 2;
	}
	if (c == 0xcc || c == 0xd9 || c == 0xc4) {
		memcpy(out, (uint8_t[]){ (uint8_t)(c + 1), 0, at[1] }, 3);
		*skip = 2;
		return 3;
	}
	if (c == 0xcd || c == 0xda || c == 0xc5 || c == 0xdc) {
		memcpy(out, (uint8_t[]){ (uint8_t)(c + 1), 0, 0, at[1], at[2] },
		       5);
		*skip = 3;
		return 5;
	}
	if (c == 0xce) {
		memcpy(out,
		       (uint8_t[]){ 0xcf, 0, 0, 0, 0, at[1], at[2], at[3],
				    at[4] },
		       9);
		*skip = 5;
		return 9;
	}
	return 0;
}

/* The offset behind the header and, of a string, the bytes at @at. */
static size_t behind_value(const uint8_t *data, size_t at)
{
	uint8_t c = data[at];

	switch (c) {
	case 0xcc:
		return at + 2;
	case 0xcd:
	case 0xdc:
		return at + 3;
	case 0xce:
		return at + 5;
	case 0xcf:
		return at + 9;
	case 0xc4:
	case 0xd9:
		return at + 2 + data[at + 1];
	case 0xc5:
	case 0xda:
		return at + 3 + (size_t)(data[at + 1] << 8 | data[at + 2]);
	default:
		return (c & 0xe0) == 0xa0 ? at + 1 + (c & 0x1fu) : at + 1;
	}
}

static void update_decode__refuses_every_longer_form(void **state)
{
	struct update got;
	uint8_t form[9];
	struct prng p;
	size_t tried = 0;
	size_t skip;
	size_t at;
	size_t n;
	struct buf a;
	struct buf b;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&a, PAYLOAD_BYTES_MAX);
	buf_init(&b, PAYLOAD_BYTES_MAX);
	for (i = 0; i < 200; i++) {
		sample_random(&s, &p);
		buf_clear(&a);
		sample_payload(u, &a);
		for (at = 0; at < a.len; at = behind_value(a.data, at)) {
			n = longer_form(a.data + at, form, &skip);
			if (n == 0) {
				continue;
			}
			buf_clear(&b);
			(void)buf_add(&b, a.data, at);
			(void)buf_add(&b, form, n);
			(void)buf_add(&b, a.data + at + skip,
				      a.len - at - skip);
			check_refused(update_decode(buf_span(&b), &got, &msg),
				      WEALD_NONCANONICAL, &msg, "payload");
			tried++;
		}
	}
	assert_true(tried > 200 * UPDATE_FIELDS / 2);
	buf_release(&a);
	buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(update_encode__refuses_what_the_buffer_cannot_hold),
		TEST(update_encode__appends),
		TEST(update__payload_is_at_most_64_kib),
		TEST(update_decode__refuses_other_types_by_field),
		TEST(update_decode__refuses_other_shapes),
		TEST(update_decode__refuses_what_is_no_array_of_21),
		TEST(update_decode__checks_the_rules),
		TEST(update__round_trip_of_random_updates),
		TEST(update_decode__any_byte_changed_is_another_update),
		TEST(update_decode__refuses_every_truncation),
		TEST(update_decode__refuses_every_longer_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
