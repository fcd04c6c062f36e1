#include "proto/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/sample.h"

static struct weald_msg msg;
static struct clock c;

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	c = (struct clock){ .entries = NULL };
	return 0;
}

static int end(void **state)
{
	(void)state;
	clock_release(&c);
	assert_null(c.entries);
	assert_int_equal(c.n, 0);
	return 0;
}

/* The entry of a feed whose id is @feed 32 times. */
static struct clock_entry entry(uint8_t feed, uint64_t epoch, uint64_t seq,
				uint8_t commit)
{
	struct clock_entry e = { .epoch = epoch, .seq = seq };

	memset(e.feed, feed, sizeof e.feed);
	memset(e.commit, commit, sizeof e.commit);
	return e;
}

static void set(struct clock *to, struct clock_entry e)
{
	assert_int_equal(clock_set(to, &e), WEALD_OK);
}

static void clock_compare__goes_by_epoch_then_seq_then_commit(void **state)
{
	struct clock_entry a = entry(1, 1, 10, 1);
	struct clock_entry b = entry(2, 1, 10, 1);

	(void)state;
	assert_int_equal(clock_compare(&a, &b), CLOCK_SAME);
	b = entry(1, 1, 10, 2);
	assert_int_equal(clock_compare(&a, &b), CLOCK_FORKED);
	b = entry(1, 1, 11, 2);
	assert_int_equal(clock_compare(&a, &b), CLOCK_BEHIND);
	assert_int_equal(clock_compare(&b, &a), CLOCK_AHEAD);
	b = entry(1, 2, 3, 1);
	assert_int_equal(clock_compare(&a, &b), CLOCK_BEHIND);
	assert_int_equal(clock_compare(&b, &a), CLOCK_AHEAD);
}

static void clock_set__keeps_the_entries_sorted(void **state)
{
	static const uint8_t feeds[] = { 7, 3, 9, 1, 8, 3, 2 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof feeds; i++) {
		set(&c, entry(feeds[i], 0, i + 1, 5));
	}
	assert_int_equal(c.n, 6);
	assert_int_equal(clock_check_entries(c.entries, c.n, &msg), WEALD_OK);
	/* the second entry of feed 3 took the place of the first */
	assert_int_equal(clock_find(&c, entry(3, 0, 0, 0).feed)->seq, 6);
	assert_int_equal(clock_find(&c, entry(9, 0, 0, 0).feed)->seq, 3);
	assert_null(clock_find(&c, entry(4, 0, 0, 0).feed));
}

static void clock_set__takes_an_entry_of_its_own(void **state)
{
	uint8_t i;

	(void)state;
	for (i = 1; i <= 16; i++) {
		set(&c, entry((uint8_t)(i * 2), 0, i, i));
	}
	assert_int_equal(clock_set(&c, &c.entries[3]), WEALD_OK);
	assert_int_equal(c.n, 16);
	assert_int_equal(c.entries[3].seq, 4);
}

static void clock_remove__takes_one_out(void **state)
{
	(void)state;
	set(&c, entry(1, 0, 1, 1));
	set(&c, entry(2, 0, 2, 2));
	set(&c, entry(3, 0, 3, 3));
	clock_remove(&c, entry(9, 0, 0, 0).feed);
	assert_int_equal(c.n, 3);
	clock_remove(&c, entry(2, 0, 0, 0).feed);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.entries[0].seq, 1);
	assert_int_equal(c.entries[1].seq, 3);
	clock_remove(&c, entry(3, 0, 0, 0).feed);
	clock_remove(&c, entry(1, 0, 0, 0).feed);
	assert_int_equal(c.n, 0);
}

static void clock_set__refuses_one_feed_too_many(void **state)
{
	struct clock_entry e = entry(0, 0, 1, 1);
	size_t i;

	(void)state;
	for (i = 0; i < CLOCK_FEEDS_MAX; i++) {
		e.feed[0] = (uint8_t)(i >> 8);
		e.feed[1] = (uint8_t)i;
		set(&c, e);
	}
	memset(e.feed, 0xff, sizeof e.feed);
	assert_int_equal(clock_set(&c, &e), WEALD_TOOBIG);
	check_refused(clock_append(&c, &e, 1, &msg), WEALD_TOOBIG, &msg,
		      "more than 4096 feeds");
	assert_int_equal(c.n, CLOCK_FEEDS_MAX);
	/* one that is there may still move on */
	e = c.entries[100];
	e.seq = 2;
	set(&c, e);
	assert_int_equal(c.entries[100].seq, 2);
}

static void clock_append__joins_the_frames_of_one_clock(void **state)
{
	struct clock_entry first[] = { entry(1, 0, 1, 1), entry(2, 0, 2, 2) };
	struct clock_entry second[] = { entry(3, 0, 3, 3) };

	(void)state;
	assert_int_equal(clock_append(&c, first, 2, &msg), WEALD_OK);
	assert_int_equal(clock_append(&c, NULL, 0, &msg), WEALD_OK);
	assert_int_equal(clock_append(&c, second, 1, &msg), WEALD_OK);
	assert_int_equal(c.n, 3);
	/* a feed again, or one from before */
	check_refused(clock_append(&c, second, 1, &msg), WEALD_MALFORMED, &msg,
		      "not sorted");
	check_refused(clock_append(&c, first, 2, &msg), WEALD_MALFORMED, &msg,
		      "not sorted");
	assert_int_equal(c.n, 3);
}

static void clock_check_entries__refuses_what_a_clock_never_has(void **state)
{
	struct clock_entry e[] = { entry(1, 0, 1, 1), entry(2, 0, 2, 2) };

	(void)state;
	assert_int_equal(clock_check_entries(e, 2, &msg), WEALD_OK);
	e[1].seq = 0;
	check_refused(clock_check_entries(e, 2, &msg), WEALD_MALFORMED, &msg,
		      "entry 1");
	e[1].seq = UINT_MAX_VALUE + 1;
	check_refused(clock_check_entries(e, 2, &msg), WEALD_MALFORMED, &msg,
		      "entry 1");
	e[1].seq = UINT_MAX_VALUE;
	e[1].epoch = UINT_MAX_VALUE + 1;
	check_refused(clock_check_entries(e, 2, &msg), WEALD_MALFORMED, &msg,
		      "entry 1");
	e[1].epoch = UINT_MAX_VALUE;
	assert_int_equal(clock_check_entries(e, 2, &msg), WEALD_OK);
	memcpy(e[1].feed, e[0].feed, sizeof e[0].feed);
	check_refused(clock_check_entries(e, 2, &msg), WEALD_MALFORMED, &msg,
		      "not sorted");
	e[1].feed[31] = 0;
	check_refused(clock_check_entries(e, 2, &msg), WEALD_MALFORMED, &msg,
		      "not sorted");
}

/* Against digests that another implementation computed. */
static void clock_digest__is_of_the_canonical_array(void **state)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	(void)state;
	assert_int_equal(clock_digest(&c, digest), WEALD_OK);
	hex_encode(digest, sizeof digest, hex);
	assert_string_equal(hex, "9e076ceaf246b6003d9c2680a2b4cf0bffd06980"
				 "5902b0b5edeebf49039fe4bd");
	set(&c, entry(0x66, 1, 300, 0x77));
	set(&c, entry(0x33, 0, 7, 0x55));
	assert_int_equal(clock_digest(&c, digest), WEALD_OK);
	hex_encode(digest, sizeof digest, hex);
	assert_string_equal(hex, "913cb66214f2a83daf354cc4398d175410ada26b"
				 "90a54f19750245cafb7bc434");
}

static void clock_digest__takes_a_clock_of_the_greatest_size(void **state)
{
	struct clock_entry e = entry(0, UINT_MAX_VALUE, UINT_MAX_VALUE, 1);
	uint8_t digest[SHA256_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < CLOCK_FEEDS_MAX; i++) {
		e.feed[0] = (uint8_t)(i >> 8);
		e.feed[1] = (uint8_t)i;
		set(&c, e);
	}
	assert_int_equal(clock_digest(&c, digest), WEALD_OK);
}

static void clock_next_pair__walks_both_clocks(void **state)
{
	static const struct {
		uint8_t a;
		uint8_t b;
	} wanted[] = { { 1, 0 }, { 2, 2 }, { 0, 3 }, { 4, 4 }, { 0, 9 } };
	struct clock other = { .entries = NULL };
	struct clock_pairs p = { .a = &c, .b = &other };
	const struct clock_entry *a;
	const struct clock_entry *b;
	size_t i;

	(void)state;
	set(&c, entry(1, 0, 1, 1));
	set(&c, entry(2, 0, 1, 1));
	set(&c, entry(4, 0, 1, 1));
	set(&other, entry(2, 0, 2, 1));
	set(&other, entry(3, 0, 2, 1));
	set(&other, entry(4, 0, 2, 1));
	set(&other, entry(9, 0, 2, 1));
	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		assert_true(clock_next_pair(&p, &a, &b));
		assert_int_equal(a == NULL ? 0 : a->feed[0], wanted[i].a);
		assert_int_equal(b == NULL ? 0 : b->feed[0], wanted[i].b);
		assert_true(a == NULL || a->seq == 1);
		assert_true(b == NULL || b->seq == 2);
	}
	assert_false(clock_next_pair(&p, &a, &b));
	clock_release(&other);
}

/* What stands in @b, read as entries. */
static int get_entries(const struct buf *b, size_t max, size_t *out_n)
{
	static const struct mp_limits limits = { .depth = 3, .elements = 99 };
	struct clock_entry e[4];
	struct mp_doc doc;
	int r;

	assert_true(max <= 4);
	assert_int_equal(mp_open(&doc, buf_span(b), &limits, &msg), WEALD_OK);
	r = clock_get_entries(mp_root(&doc), e, max, out_n, &msg);
	mp_close(&doc);
	return r;
}

static void clock_get_entries__refuses_what_is_not_entries(void **state)
{
	struct clock_entry e[] = { entry(1, 0, 1, 1), entry(2, 0, 2, 2) };
	struct mp_writer w;
	struct buf b;
	size_t n = 77;

	(void)state;
	buf_init(&b, 1000);
	mp_writer_begin(&w, &b);
	clock_put_entries(&w, e, 2);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	check_refused(get_entries(&b, 1, &n), WEALD_TOOBIG, &msg, "2 entries");
	/* one entry, cut down to [feed, epoch] */
	b.data[0] = 0x91;
	b.data[1] = 0x92;
	b.len = 2 + 34 + 1;
	check_refused(get_entries(&b, 4, &n), WEALD_MALFORMED, &msg,
		      "[feed, epoch, seq, commit]");
	buf_clear(&b);
	assert_int_equal(buf_add_byte(&b, 5), WEALD_OK);
	check_refused(get_entries(&b, 4, &n), WEALD_MALFORMED, &msg,
		      "not an array");
	assert_int_equal(n, 77);

	buf_clear(&b);
	mp_writer_begin(&w, &b);
	clock_put_entries(&w, e, 2);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	assert_int_equal(get_entries(&b, 2, &n), WEALD_OK);
	assert_int_equal(n, 2);
	buf_release(&b);
}

/* Any order of setting and removing gives the same clock. */
static void clock__is_the_same_however_it_came_about(void **state)
{
	struct clock other = { .entries = NULL };
	struct clock_pairs p = { .a = &c, .b = &other };
	const struct clock_entry *a;
	const struct clock_entry *b;
	struct prng prng;
	size_t i;

	(void)state;
	prng_begin(&prng, "clock");
	for (i = 0; i < 3000; i++) {
		struct clock_entry e = entry(0, 0, 0, 0);

		e.feed[0] = (uint8_t)prng_below(&prng, 200);
		e.seq = 1 + prng_below(&prng, 50);
		if (prng_below(&prng, 3) == 0) {
			clock_remove(&c, e.feed);
		} else {
			set(&c, e);
		}
	}
	assert_int_equal(clock_check_entries(c.entries, c.n, &msg), WEALD_OK);
	assert_true(c.n > 50);
	for (i = c.n; i > 0; i--) {
		set(&other, c.entries[i - 1]);
	}
	while (clock_next_pair(&p, &a, &b)) {
		assert_non_null(a);
		assert_non_null(b);
		assert_int_equal(clock_compare(a, b), CLOCK_SAME);
	}
	clock_release(&other);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(clock_compare__goes_by_epoch_then_seq_then_commit),
		T(clock_set__keeps_the_entries_sorted),
		T(clock_set__takes_an_entry_of_its_own),
		T(clock_remove__takes_one_out),
		T(clock_set__refuses_one_feed_too_many),
		T(clock_append__joins_the_frames_of_one_clock),
		T(clock_check_entries__refuses_what_a_clock_never_has),
		T(clock_digest__is_of_the_canonical_array),
		T(clock_digest__takes_a_clock_of_the_greatest_size),
		T(clock_next_pair__walks_both_clocks),
		T(clock_get_entries__refuses_what_is_not_entries),
		T(clock__is_the_same_however_it_came_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
