/*
 * Series as the index keeps them: what comes back, and what is refused.
 */
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

#include "store/index/numbers.h"
#include "tests/unit/sample.h"

#define ROUNDS 2000u

static struct buf written;

static struct span write_ok(const struct series *s)
{
	buf_release(&written);
	buf_init(&written, NUMBERS_BYTES_MAX);
	assert_int_equal(numbers_write(s, &written), WEALD_OK);
	return buf_span(&written);
}

static void assert_same_bits(double a, double b)
{
	assert_memory_equal(&a, &b, sizeof a);
}

static void assert_same(const struct series *a, const struct series *b)
{
	size_t i;

	assert_int_equal(a->n, b->n);
	assert_int_equal(a->has_phase, b->has_phase);
	assert_int_equal(a->by_event, b->by_event);
	for (i = 0; i < a->n; i++) {
		assert_int_equal(a->rows[i].month, b->rows[i].month);
		assert_int_equal(a->rows[i].day, b->rows[i].day);
		assert_int_equal(a->rows[i].missing, b->rows[i].missing);
		assert_int_equal(a->rows[i].phase, b->rows[i].phase);
		assert_same_bits(a->rows[i].numerator, b->rows[i].numerator);
		assert_same_bits(a->rows[i].denominator,
				 b->rows[i].denominator);
		assert_int_equal(b->rows[i].line, 0);
	}
}

/* There and back; how many bytes it took. */
static size_t round_trip(const struct series *s)
{
	struct span data = write_ok(s);
	struct series back = { .n = 0 };

	assert_int_equal(numbers_read(data, &back), WEALD_OK);
	assert_same(s, &back);
	series_release(&back);
	return data.len;
}

static void refused(struct span data)
{
	struct series s = { .n = 9 };

	assert_int_equal(numbers_read(data, &s), WEALD_INVALID);
	assert_int_equal(s.n, 0);
	assert_null(s.rows);
}

static void numbers__bring_back_a_file_to_the_last_bit(void **state)
{
	static const char csv[] = "month,numerator,denominator,phase\n"
				  "2023-11,36,118,before\n"
				  "2023-12,,118,before\n"
				  "2024-01,36.5,1000,transition\n"
				  "2024-02,0.1,1000.25,after\n"
				  "2024-03,0,999999999999999,after\n"
				  "2024-04,123456789012345,0.3,after\n";
	struct problems problems = { .n = 0 };
	struct series s = { .n = 0 };

	(void)state;
	assert_int_equal(series_parse(span_of(csv), "data.csv", NULL, &s,
				      &problems),
			 WEALD_OK);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(s.n, 6);
	assert_true(s.has_phase);
	(void)round_trip(&s);
	series_release(&s);
	problems_release(&problems);
}

static void numbers__bring_back_events_by_day(void **state)
{
	static const char csv[] = "month,numerator,denominator\n"
				  "2024-01-17,12,1\n"
				  "2024-01-29,12,1\n"
				  "2024-03-01,32,1\n"
				  "2024-12-31,,1\n";
	struct problems problems = { .n = 0 };
	struct series s = { .n = 0 };

	(void)state;
	assert_int_equal(series_parse(span_of(csv), "data.csv", NULL, &s,
				      &problems),
			 WEALD_OK);
	assert_int_equal(problems.errors, 0);
	assert_true(s.by_event);
	(void)round_trip(&s);
	series_release(&s);
	problems_release(&problems);
}

static void numbers__are_short_where_months_follow_each_other(void **state)
{
	struct series_row rows[24];
	struct series s = { .rows = rows, .n = 24 };
	size_t i;

	(void)state;
	for (i = 0; i < s.n; i++) {
		rows[i] = (struct series_row){ .month = 648 + (int32_t)i,
					       .day = 1,
					       .numerator = 40 + (double)i,
					       .denominator = 400 + (double)i };
	}
	/* the head, the first month, then four bytes each */
	assert_int_equal(round_trip(&s), 3 + 2 + 24 * 4);
	s.n = 0;
	assert_int_equal(round_trip(&s), 3);
}

static double any_figure(struct prng *p)
{
	static const double odd[] = { 0,
				      -0.0,
				      -1,
				      0.1,
				      DBL_MAX,
				      -DBL_MAX,
				      DBL_MIN,
				      5e-324,
				      127,
				      128,
				      16384,
				      9007199254740991,
				      9007199254740992,
				      9007199254740994,
				      18446744073709551616.0 };
	size_t at = prng_below(p, 2 * sizeof odd / sizeof odd[0]);

	return at < sizeof odd / sizeof odd[0]
		       ? odd[at]
		       : (double)prng_below(p, 100000) /
				 (double)(1 + prng_below(p, 3));
}

/* Whatever series_row can hold that means something, also out of order. */
static void any_series(struct prng *p, struct series_row *rows,
		       struct series *out)
{
	size_t i;

	*out = (struct series){ .rows = rows,
				.n = prng_below(p, 40),
				.has_phase = prng_below(p, 2) == 1,
				.by_event = prng_below(p, 2) == 1 };
	for (i = 0; i < out->n; i++) {
		rows[i] = (struct series_row){
			.month = (int32_t)prng_below(p, 3600) - 840,
			.day = 1 + (int32_t)prng_below(p, 31),
			.missing = prng_below(p, 4) == 0,
			.numerator = any_figure(p),
			.denominator = any_figure(p),
			.phase = (enum series_phase)prng_below(p, 3)
		};
		if (i > 0 && prng_below(p, 2) == 0) {
			rows[i].month = rows[i - 1].month + 1;
			rows[i].month -= rows[i].month > 2759;
			rows[i].day = 1;
			rows[i].denominator = rows[i - 1].denominator;
		}
	}
}

static void numbers__bring_back_any_series(void **state)
{
	struct series_row rows[40];
	struct series s;
	struct prng p;
	size_t i;

	(void)state;
	prng_begin(&p, "numbers__bring_back_any_series");
	for (i = 0; i < ROUNDS; i++) {
		any_series(&p, rows, &s);
		(void)round_trip(&s);
	}
}

static void numbers__hold_the_longest_series(void **state)
{
	static struct series_row rows[SERIES_ROWS_MAX + 1];
	struct series s = { .rows = rows, .n = SERIES_ROWS_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < SERIES_ROWS_MAX + 1; i++) {
		rows[i] = (struct series_row){ .month = 2759,
					       .day = 31,
					       .numerator = 0.1,
					       .denominator = 0.1 + (double)i };
	}
	(void)round_trip(&s);
	s.n++;
	buf_release(&written);
	buf_init(&written, 2 * NUMBERS_BYTES_MAX);
	assert_int_equal(numbers_write(&s, &written), WEALD_INVALID);
}

static void numbers_write__refuses_what_is_no_figure(void **state)
{
	static const struct series_row bad[] = {
		{ .month = 1, .day = 1, .numerator = (double)NAN },
		{ .month = 1, .day = 1, .denominator = (double)INFINITY },
		{ .month = 1, .day = 0 },
		{ .month = 1, .day = 32 },
		{ .month = 2760, .day = 1 },
		{ .month = -841, .day = 1 },
		{ .month = 1, .day = 1, .phase = (enum series_phase)3 },
	};
	struct series_row row;
	struct series s = { .rows = &row, .n = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		row = bad[i];
		buf_release(&written);
		buf_init(&written, NUMBERS_BYTES_MAX);
		assert_int_equal(numbers_write(&s, &written), WEALD_INVALID);
	}
	row = (struct series_row){ .month = 1, .day = 1 };
	buf_release(&written);
	buf_init(&written, 4);
	assert_int_equal(numbers_write(&s, &written), WEALD_TOOBIG);
}

#define BYTES(text) ((struct span){ (const uint8_t *)(text), sizeof(text) - 1 })

static void numbers_read__refuses_what_was_not_written(void **state)
{
	(void)state;
	refused(BYTES(""));
	refused(BYTES("\x01"));
	refused(BYTES("\x01\x00"));
	refused(BYTES("\x02\x00\x00"));     /* another form */
	refused(BYTES("\x01\x04\x00"));     /* a flag that means nothing */
	refused(BYTES("\x01\x00\x00\x00")); /* something after it */
	refused(BYTES("\x01\x00\x01"));     /* no row */
	refused(BYTES("\x01\x00\x80\x00")); /* 0 in two bytes */
	/* too many, and far too many to make room for */
	refused(BYTES("\x01\x00\xb1\x09"));
	refused(BYTES("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
	/* phase 3; a month that comes next anyway; day 0 and 1 */
	refused(BYTES("\x01\x00\x01\xa3\x05"));
	refused(BYTES("\x01\x00\x01\xa8\x00\x05"));
	refused(BYTES("\x01\x00\x01\xb0\x00\x05"));
	refused(BYTES("\x01\x00\x01\xb0\x01\x05"));
	/* month beyond the last; one above 2^53 */
	refused(BYTES("\x01\x00\x01\xa8\xb0\x1c\x05"));
	refused(BYTES("\x01\x00\x01\xa0\x81\x80\x80\x80\x80\x80\x80\x10"));
	/* a whole number as a double; infinity; no number */
	refused(BYTES("\x01\x00\x01\x80\x00\x00\x00\x00\x00\x00\xf0\x3f"));
	refused(BYTES("\x01\x00\x01\x80\x00\x00\x00\x00\x00\x00\xf0\x7f"));
	refused(BYTES("\x01\x00\x01\x80\x00\x00\x00\x00\x00\x00\xf8\x7f"));
	/* a denominator that is the one above, and one said to be both */
	refused(BYTES("\x01\x00\x01\x60\x05\x00"));
	refused(BYTES("\x01\x00\x01\xe0\x05"));
}

/* Bytes that are read are those that would be written. */
static void numbers_read__takes_nothing_that_differs(void **state)
{
	struct series_row rows[40];
	uint8_t bytes[NUMBERS_BYTES_MAX];
	struct series s;
	struct series back;
	struct span data;
	struct span again;
	struct prng p;
	size_t taken = 0;
	size_t i;

	(void)state;
	prng_begin(&p, "numbers_read__takes_nothing_that_differs");
	for (i = 0; i < ROUNDS; i++) {
		any_series(&p, rows, &s);
		data = write_ok(&s);
		memcpy(bytes, data.data, data.len);
		data.data = bytes;
		bytes[prng_below(&p, data.len)] ^=
			(uint8_t)(1u << prng_below(&p, 8));
		data.len -=
			prng_below(&p, 3) == 0 ? prng_below(&p, data.len) : 0;
		if (numbers_read(data, &back) != WEALD_OK) {
			continue;
		}
		taken++;
		again = write_ok(&back);
		assert_int_equal(again.len, data.len);
		assert_memory_equal(again.data, data.data, data.len);
		series_release(&back);
	}
	assert_in_range(taken, 1, ROUNDS - 1);
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&written);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, teardown)
		T(numbers__bring_back_a_file_to_the_last_bit),
		T(numbers__bring_back_events_by_day),
		T(numbers__are_short_where_months_follow_each_other),
		T(numbers__bring_back_any_series),
		T(numbers__hold_the_longest_series),
		T(numbers_write__refuses_what_is_no_figure),
		T(numbers_read__refuses_what_was_not_written),
		T(numbers_read__takes_nothing_that_differs),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
