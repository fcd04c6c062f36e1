#include "store/feed/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "store/feed/feed.h"

struct found {
	struct buf text; /* "-old\n+new\n same\n" */
	size_t last_old;
	size_t last_new;
	int stop_after; /* lines; 0: never */
};

static int take(void *ctx, const struct diff_line *line)
{
	static const char marks[] = { ' ', '-', '+' };
	struct found *f = ctx;

	assert_int_equal(line->old_line == 0, line->op == DIFF_ADDED);
	assert_int_equal(line->new_line == 0, line->op == DIFF_REMOVED);
	f->last_old = line->old_line != 0 ? line->old_line : f->last_old;
	f->last_new = line->new_line != 0 ? line->new_line : f->last_new;
	assert_int_equal(buf_addf(&f->text, "%c%.*s\n", marks[line->op],
				  (int)line->text.len,
				  (const char *)line->text.data),
			 WEALD_OK);
	if (f->stop_after > 0 && --f->stop_after == 0) {
		return WEALD_TIMEOUT;
	}
	return WEALD_OK;
}

static void found_init(struct found *f)
{
	memset(f, 0, sizeof *f);
	buf_init(&f->text, 1u << 20);
}

static void assert_found(struct found *f, const char *want)
{
	assert_int_equal(buf_add_byte(&f->text, 0), WEALD_OK);
	assert_string_equal((const char *)f->text.data, want);
	buf_release(&f->text);
}

static void assert_diff(const char *a, const char *b, unsigned context,
			const char *want)
{
	struct weald_msg msg = { "" };
	struct found f;

	found_init(&f);
	assert_int_equal(diff_texts(span_of(a), span_of(b), context, take, &f,
				    &msg),
			 WEALD_OK);
	assert_found(&f, want);
}

static void diff_texts__tells_what_was_removed_before_what_was_added(
	void **state)
{
	(void)state;
	assert_diff("a\nb\nc\n", "a\nx\ny\nc\n", 0, "-b\n+x\n+y\n");
	assert_diff("a\n", "a\nb\n", 0, "+b\n");
	assert_diff("a\nb\n", "b\n", 0, "-a\n");
}

static void diff_texts__keeps_as_many_lines_around_as_asked(void **state)
{
	(void)state;
	assert_diff("1\n2\n3\n4\n5\n", "1\n2\nx\n4\n5\n", 1,
		    " 2\n-3\n+x\n 4\n");
	assert_diff("1\n2\n3\n4\n5\n", "1\n2\nx\n4\n5\n", DIFF_WHOLE,
		    " 1\n 2\n-3\n+x\n 4\n 5\n");
}

static void diff_texts__numbers_the_lines_of_both(void **state)
{
	struct weald_msg msg = { "" };
	struct found f;

	(void)state;
	found_init(&f);
	assert_int_equal(diff_texts(span_of("1\n2\n3\n"), span_of("0\n1\n2\n"),
				    0, take, &f, &msg),
			 WEALD_OK);
	assert_int_equal(f.last_old, 3);
	assert_int_equal(f.last_new, 1);
	assert_found(&f, "+0\n-3\n");
}

static void diff_texts__says_nothing_of_texts_that_are_the_same(void **state)
{
	(void)state;
	assert_diff("a\nb\n", "a\nb\n", 3, "");
	assert_diff("", "", 3, "");
}

static void diff_texts__takes_a_text_without_a_last_line_feed(void **state)
{
	(void)state;
	assert_diff("a\nb", "a\nc", 0, "-b\n+c\n");
	assert_diff("", "a", 0, "+a\n");
	assert_diff("a", "", 0, "-a\n");
}

static void diff_texts__compares_bytes_that_are_no_text(void **state)
{
	static const uint8_t a[] = { 'a', 0, 0xff, '\n' };
	static const uint8_t b[] = { 'a', 0, 0xfe, '\n' };
	struct weald_msg msg = { "" };
	struct found f;

	(void)state;
	found_init(&f);
	assert_int_equal(diff_texts((struct span){ a, sizeof a },
				    (struct span){ b, sizeof b }, 0, take, &f,
				    &msg),
			 WEALD_OK);
	assert_int_equal(f.last_old, 1);
	assert_int_equal(f.last_new, 1);
	buf_release(&f.text);
}

static void diff_texts__stops_where_it_is_told(void **state)
{
	struct weald_msg msg = { "" };
	struct found f;

	(void)state;
	found_init(&f);
	f.stop_after = 1;
	assert_int_equal(diff_texts(span_of("a\n"), span_of("b\n"), 0, take, &f,
				    &msg),
			 WEALD_TIMEOUT);
	assert_found(&f, "-a\n");
}

static void diff_texts__refuses_what_is_over_the_limit(void **state)
{
	uint8_t *big = calloc(CONTENT_BYTES_MAX + 1, 1);
	struct weald_msg msg = { "" };
	struct found f;

	(void)state;
	assert_non_null(big);
	found_init(&f);
	assert_int_equal(diff_texts((struct span){ big, CONTENT_BYTES_MAX + 1 },
				    span_of("a"), 0, take, &f, &msg),
			 WEALD_TOOBIG);
	assert_int_equal(f.text.len, 0);
	assert_string_not_equal(msg.text, "");
	free(big);
}

static int start(void **state)
{
	(void)state;
	return feed_library_init(NULL);
}

static int stop(void **state)
{
	(void)state;
	feed_library_shutdown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			diff_texts__tells_what_was_removed_before_what_was_added),
		cmocka_unit_test(
			diff_texts__keeps_as_many_lines_around_as_asked),
		cmocka_unit_test(diff_texts__numbers_the_lines_of_both),
		cmocka_unit_test(
			diff_texts__says_nothing_of_texts_that_are_the_same),
		cmocka_unit_test(
			diff_texts__takes_a_text_without_a_last_line_feed),
		cmocka_unit_test(diff_texts__compares_bytes_that_are_no_text),
		cmocka_unit_test(diff_texts__stops_where_it_is_told),
		cmocka_unit_test(diff_texts__refuses_what_is_over_the_limit),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
