#include "proto/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/mp.h"
#include "proto/sshsig.h"
#include "tests/unit/sample.h"

/* The statement of the sample, as another implementation wrote it. */
static const char golden[] =
	"9601c4203333333333333333333333333333333333333333333333333333333333"
	"333333c4201111111111111111111111111111111111111111111111111111111111"
	"111111ce692173c1ce692173c09294c42033333333333333333333333333333333"
	"333333333333333333333333333333330007c41455555555555555555555555555"
	"5555555555555594c4206666666666666666666666666666666666666666666666"
	"66666666666666666601cd012cc4147777777777777777777777777777777777777"
	"777";

static struct weald_msg msg;
static struct receipt r;
static struct buf statement;
static struct ed25519_signer *signer;

static struct clock_entry entry(uint8_t feed, uint64_t epoch, uint64_t seq,
				uint8_t commit)
{
	struct clock_entry e = { .epoch = epoch, .seq = seq };

	memset(e.feed, feed, sizeof e.feed);
	memset(e.commit, commit, sizeof e.commit);
	return e;
}

static void set(struct receipt *to, struct clock_entry e)
{
	assert_int_equal(clock_set(&to->clock, &e), WEALD_OK);
}

/* The clock of the golden statement. */
static void fill(struct receipt *to)
{
	*to = (struct receipt){ .counter = 1763800001, .time = 1763800000 };
	memset(to->feed, 0x33, sizeof to->feed);
	memset(to->node, 0x11, sizeof to->node);
	set(to, entry(0x33, 0, 7, 0x55));
	set(to, entry(0x66, 1, 300, 0x77));
}

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	fill(&r);
	buf_init(&statement, RECEIPT_BYTES_MAX);
	return ed25519_signer_new(sample_feed_seed, &signer);
}

static int end(void **state)
{
	(void)state;
	receipt_release(&r);
	buf_release(&statement);
	ed25519_signer_free(signer);
	return 0;
}

static void receipt_encode__writes_the_golden_bytes(void **state)
{
	uint8_t bytes[sizeof golden / 2];

	(void)state;
	assert_int_equal(hex_decode(span_of(golden), bytes, sizeof bytes),
			 WEALD_OK);
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(statement.len, sizeof bytes);
	assert_memory_equal(statement.data, bytes, sizeof bytes);
}

static void receipt_encode__refuses_numbers_out_of_range(void **state)
{
	(void)state;
	r.counter = 0;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_INVALID);
	r.counter = UINT_MAX_VALUE + 1;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_INVALID);
	r.counter = UINT_MAX_VALUE;
	r.time = TIME_MIN - 1;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_TIME);
	r.time = TIME_MAX + 1;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_TIME);
	assert_int_equal(statement.len, 0);
	r.time = TIME_MAX;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
}

static void receipt_encode__leaves_the_buffer_where_it_is_too_small(
	void **state)
{
	uint8_t sig[SIG_BYTES];

	(void)state;
	memcpy(r.node, ed25519_signer_key(signer), sizeof r.node);
	assert_int_equal(buf_add_text(&statement, "before"), WEALD_OK);
	statement.max = 100;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_TOOBIG);
	assert_int_equal(receipt_sign(&r, signer, &statement, sig),
			 WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&statement), span_of("before")));
}

static void receipt_decode__reads_what_was_written(void **state)
{
	struct receipt got;

	(void)state;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(receipt_decode(buf_span(&statement), &got, &msg),
			 WEALD_OK);
	assert_memory_equal(got.feed, r.feed, sizeof r.feed);
	assert_memory_equal(got.node, r.node, sizeof r.node);
	assert_int_equal(got.time, 1763800000);
	assert_int_equal(receipt_compare(&got, &r), RECEIPT_SAME);
	receipt_release(&got);
	assert_null(got.clock.entries);
}

static void receipt_decode__takes_an_empty_clock_and_a_full_one(void **state)
{
	struct clock_entry e = entry(0, UINT_MAX_VALUE, UINT_MAX_VALUE, 1);
	struct receipt got;
	size_t i;

	(void)state;
	clock_release(&r.clock);
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(receipt_decode(buf_span(&statement), &got, &msg),
			 WEALD_OK);
	assert_int_equal(got.clock.n, 0);
	receipt_release(&got);

	for (i = 0; i < CLOCK_FEEDS_MAX; i++) {
		e.feed[0] = (uint8_t)(i >> 8);
		e.feed[1] = (uint8_t)i;
		set(&r, e);
	}
	r.counter = UINT_MAX_VALUE;
	r.time = TIME_MAX;
	buf_clear(&statement);
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(receipt_decode(buf_span(&statement), &got, &msg),
			 WEALD_OK);
	assert_int_equal(got.clock.n, CLOCK_FEEDS_MAX);
	receipt_release(&got);
}

static void decode_refused(int code, const char *word)
{
	struct receipt got;

	check_refused(receipt_decode(buf_span(&statement), &got, &msg), code,
		      &msg, word);
}

static void receipt_decode__refuses_each_cut_and_what_is_behind(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	for (len = statement.len; statement.len > 0;) {
		statement.len--;
		decode_refused(WEALD_MALFORMED, "receipt");
	}
	statement.len = len;
	assert_int_equal(buf_add_byte(&statement, 0), WEALD_OK);
	decode_refused(WEALD_MALFORMED, "after the end");
}

/* Write a statement whose element @n is nil, or all but the last of them. */
static void write_with_nil(size_t n, size_t fields)
{
	struct mp_writer w;
	size_t i;

	buf_clear(&statement);
	mp_writer_begin(&w, &statement);
	mp_put_array(&w, fields);
	for (i = 0; i < fields; i++) {
		if (i == n) {
			mp_put_nil(&w);
		} else if (i == 1 || i == 2) {
			mp_put_bin(&w, r.feed, sizeof r.feed);
		} else if (i == 5) {
			clock_put_entries(&w, r.clock.entries, r.clock.n);
		} else {
			mp_put_uint(&w, i == 0 ? RECEIPT_FORMAT : 1763800000);
		}
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
}

static void receipt_decode__refuses_other_fields(void **state)
{
	struct receipt got;
	size_t i;

	(void)state;
	write_with_nil(SIZE_MAX, 6);
	assert_int_equal(receipt_decode(buf_span(&statement), &got, &msg),
			 WEALD_OK);
	receipt_release(&got);
	for (i = 0; i < 6; i++) {
		write_with_nil(i, 6);
		decode_refused(WEALD_MALFORMED, "receipt");
	}
	write_with_nil(SIZE_MAX, 5);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_nil(SIZE_MAX, 7);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_nil(SIZE_MAX, 0);
	decode_refused(WEALD_MALFORMED, "[format");
	buf_clear(&statement);
	assert_int_equal(buf_add_byte(&statement, 1), WEALD_OK);
	decode_refused(WEALD_MALFORMED, "[format");
}

static void receipt_decode__refuses_other_values(void **state)
{
	(void)state;
	/* the format stands in byte 1, the numbers at 70 and 75 */
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	statement.data[1] = 2;
	decode_refused(WEALD_FORMAT, "format 2");
	statement.data[1] = 1;
	assert_int_equal(statement.data[70], 0xce);
	assert_int_equal(statement.data[75], 0xce);
	memset(statement.data + 71, 0, 4);
	decode_refused(WEALD_NONCANONICAL, NULL);
	memset(statement.data + 71, 1, 4);
	memcpy(statement.data + 76, "\x00\x01\x00\x00", 4);
	decode_refused(WEALD_TIME, "time");

	/* the clock's own rules: 1 + 34 of the first entry, then epoch, seq */
	buf_clear(&statement);
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(statement.data[80], 0x92);
	assert_int_equal(statement.data[117], 7);
	statement.data[117] = 0;
	decode_refused(WEALD_MALFORMED, "entry 0");
	statement.data[117] = 7;
	memset(statement.data + 84, 0x99, 32);
	decode_refused(WEALD_MALFORMED, "not sorted");
}

static void receipt_decode__refuses_more_than_a_clock_may_have(void **state)
{
	struct mp_writer w;
	size_t i;

	(void)state;
	write_with_nil(SIZE_MAX, 6);
	statement.len = 80; /* up to the clock */
	mp_writer_begin(&w, &statement);
	mp_put_array(&w, CLOCK_FEEDS_MAX + 1);
	for (i = 0; i <= CLOCK_FEEDS_MAX; i++) {
		mp_put_nil(&w);
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	decode_refused(WEALD_TOOBIG, "4097 feeds");
	statement.max = RECEIPT_BYTES_MAX + 1;
	while (statement.len <= RECEIPT_BYTES_MAX) {
		assert_int_equal(buf_add_byte(&statement, 0), WEALD_OK);
	}
	decode_refused(WEALD_TOOBIG, "the most is");
}

static void receipt_verify__knows_the_node_that_signed(void **state)
{
	struct receipt got;
	uint8_t sig[SIG_BYTES];
	size_t i;

	(void)state;
	memcpy(r.node, ed25519_signer_key(signer), sizeof r.node);
	assert_int_equal(receipt_sign(&r, signer, &statement, sig), WEALD_OK);
	assert_int_equal(receipt_verify(buf_span(&statement), sig, &got, &msg),
			 WEALD_OK);
	assert_int_equal(receipt_compare(&r, &got), RECEIPT_SAME);
	receipt_release(&got);

	/* any byte of the statement that still decodes */
	for (i = 4; i < statement.len; i += 8) {
		int code;

		statement.data[i] ^= 1;
		code = receipt_verify(buf_span(&statement), sig, &got, &msg);
		statement.data[i] ^= 1;
		assert_int_not_equal(code, WEALD_OK);
	}
	sig[2] ^= 1;
	check_refused(receipt_verify(buf_span(&statement), sig, &got, &msg),
		      WEALD_SIGNATURE, &msg, "receipt");
	sig[2] ^= 1;
	memset(sig + 32, 0xff, 32);
	check_refused(receipt_verify(buf_span(&statement), sig, &got, &msg),
		      WEALD_SIGNATURE_FORM, &msg, "receipt");
}

/* A signature under another namespace is no receipt. */
static void receipt_verify__refuses_another_namespace(void **state)
{
	struct receipt got;
	uint8_t sig[SIG_BYTES];

	(void)state;
	memcpy(r.node, ed25519_signer_key(signer), sizeof r.node);
	assert_int_equal(receipt_encode(&r, &statement), WEALD_OK);
	assert_int_equal(sshsig_sign(signer, "git", buf_span(&statement), sig),
			 WEALD_OK);
	check_refused(receipt_verify(buf_span(&statement), sig, &got, &msg),
		      WEALD_SIGNATURE, &msg, "receipt");
}

static void receipt_next_counter__outlives_a_clock_that_goes_back(void **state)
{
	(void)state;
	assert_int_equal(receipt_next_counter(0, 1000), 1000);
	assert_int_equal(receipt_next_counter(999, 1000), 1000);
	assert_int_equal(receipt_next_counter(1000, 1000), 1001);
	assert_int_equal(receipt_next_counter(5000, 1000), 5001);
}

static void receipt_compare__goes_by_the_counter(void **state)
{
	struct receipt other;

	(void)state;
	fill(&other);
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_SAME);
	other.counter++;
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_OLDER);
	assert_int_equal(receipt_compare(&other, &r), RECEIPT_NEWER);
	other.counter--;

	other.time++;
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_CLASH);
	other.time--;
	other.feed[0]++;
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_CLASH);
	other.feed[0]--;
	set(&other, entry(0x66, 1, 301, 0x77));
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_CLASH);
	set(&other, entry(0x66, 1, 300, 0x77));
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_SAME);
	set(&other, entry(0x99, 1, 1, 1));
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_CLASH);
	clock_remove(&other.clock, entry(0x33, 0, 0, 0).feed);
	assert_int_equal(receipt_compare(&r, &other), RECEIPT_CLASH);
	receipt_release(&other);
}

static void receipt_falls_back__shows_what_a_node_lost(void **state)
{
	struct receipt newer;

	(void)state;
	fill(&newer);
	assert_null(receipt_falls_back(&r, &newer));
	set(&newer, entry(0x66, 1, 301, 0x12));
	set(&newer, entry(0x10, 0, 1, 0x12));
	assert_null(receipt_falls_back(&r, &newer));
	/* what it no longer follows does not count */
	clock_remove(&newer.clock, entry(0x33, 0, 0, 0).feed);
	assert_null(receipt_falls_back(&r, &newer));
	/* a seq that is lower, an epoch that is, another commit */
	set(&newer, entry(0x66, 1, 299, 0x12));
	assert_ptr_equal(receipt_falls_back(&r, &newer),
			 clock_find(&newer.clock, entry(0x66, 0, 0, 0).feed));
	set(&newer, entry(0x66, 0, 400, 0x12));
	assert_non_null(receipt_falls_back(&r, &newer));
	set(&newer, entry(0x66, 1, 300, 0x12));
	assert_non_null(receipt_falls_back(&r, &newer));
	set(&newer, entry(0x66, 2, 1, 0x12));
	assert_null(receipt_falls_back(&r, &newer));
	receipt_release(&newer);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(receipt_encode__writes_the_golden_bytes),
		T(receipt_encode__refuses_numbers_out_of_range),
		T(receipt_encode__leaves_the_buffer_where_it_is_too_small),
		T(receipt_decode__reads_what_was_written),
		T(receipt_decode__takes_an_empty_clock_and_a_full_one),
		T(receipt_decode__refuses_each_cut_and_what_is_behind),
		T(receipt_decode__refuses_other_fields),
		T(receipt_decode__refuses_other_values),
		T(receipt_decode__refuses_more_than_a_clock_may_have),
		T(receipt_verify__knows_the_node_that_signed),
		T(receipt_verify__refuses_another_namespace),
		T(receipt_next_counter__outlives_a_clock_that_goes_back),
		T(receipt_compare__goes_by_the_counter),
		T(receipt_falls_back__shows_what_a_node_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
