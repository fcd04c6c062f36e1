/*
 * The records that benchmarks are made of are ones that people could publish;
 * and all of them, from all regions, go through the index.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/index_private.h"
#include "store/record/guard.h"
#include "store/record/record.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/recordkit.h"

#define SEED  11u
#define ROUND 50u /* each kind comes in it */

static void assert_publishable(const struct recordkit *k)
{
	struct record_file files[2] = {
		{ span_of(RECORD_FILE), buf_span(&k->md) },
		{ span_of(RECORD_DATA), buf_span(&k->csv) },
	};
	struct record_check check = { .region = span_of("nowhere"),
				      .kind = span_of(k->kind),
				      .slug = span_of(k->slug),
				      .files = files,
				      .files_n = k->csv.len > 0 ? 2 : 1 };
	struct guard_input in = { .files = files,
				  .files_n = check.files_n,
				  .slug = check.slug };
	struct guard_report report = { .n = 0 };
	struct problems problems = { .n = 0 };
	struct record *record = NULL;

	assert_int_equal(record_check(&check, &record, &problems), WEALD_OK);
	if (problems.n > 0) {
		print_message("%s: %zu: %s: %s\n", k->record,
			      problems.list[0].line, problems.list[0].field,
			      problems.list[0].text.text);
	}
	assert_int_equal(problems.errors, 0);
	in.record = record;
	guard_record(&in, &report);
	assert_int_equal(report.verdict, GUARD_PASS);
	guard_release(&report);
	record_free(record);
	problems_release(&problems);
}

static void recordkit_make__makes_what_may_be_published(void **state)
{
	struct recordkit k;
	struct recordkit again;
	size_t i;

	(void)state;
	for (i = 0; i < 6 * (size_t)ROUND; i++) {
		recordkit_make(SEED, i % RECORDKIT_REGIONS, i, &k);
		assert_publishable(&k);
		recordkit_make(SEED, i % RECORDKIT_REGIONS, i, &again);
		assert_true(span_equal(buf_span(&k.md), buf_span(&again.md)));
		assert_string_equal(k.record, again.record);
		recordkit_release(&again);
		recordkit_release(&k);
	}
}

/* The index of some hundred records that one feed has. */
static void recordkit_make__fills_an_index(void **state)
{
	struct feedkit *k = *state;
	struct draft_file files[2] = { { span_of("record.md"), { NULL, 0 } },
				       { span_of("data.csv"), { NULL, 0 } } };
	struct recordkit rec;
	struct index_feed feed = { .own = true };
	struct index *x = NULL;
	struct draft d;
	int64_t n = 0;
	size_t i;

	feedkit_found(k);
	for (i = 0; i < 4 * (size_t)ROUND; i++) {
		recordkit_make(SEED, 0, i, &rec);
		d = feedkit_draft(k, ACTION_PUBLISH, rec.record);
		files[0].content = buf_span(&rec.md);
		files[1].content = buf_span(&rec.csv);
		d.files = files;
		d.files_n = rec.csv.len > 0 ? 2 : 1;
		feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
		recordkit_release(&rec);
	}
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feed_ok(k, index_open(k->scratch.dir, INDEX_WRITE, &x, NULL, &k->msg));
	feed.name = recordkit_region(0);
	feed.feed = k->feed;
	feed_ok(k, index_fill(x, &feed, 0, NULL, &k->msg));
	feed_ok(k, index_number(x,
				"SELECT count(*) FROM record, search WHERE"
				" id = search.rowid AND known AND version = 1",
				0, &n, &k->msg, ""));
	assert_int_equal(n, 4 * ROUND);
	/* every one but problems and measures is about another */
	feed_ok(k, index_number(x, "SELECT count(DISTINCT record) FROM link", 0,
				&n, &k->msg, ""));
	assert_int_equal(n, 4 * (ROUND - 10));
	/* some of those are here */
	feed_ok(k, index_number(x,
				"SELECT count(*) FROM link, record"
				" WHERE target = ref",
				0, &n, &k->msg, ""));
	assert_true(n > ROUND);
	feed_ok(k, index_number(x,
				"SELECT count(*) FROM effect"
				" WHERE state = 'full' AND shape = 'rate'",
				0, &n, &k->msg, ""));
	assert_int_equal(n, 4 * 15);
	index_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordkit_make__makes_what_may_be_published),
		cmocka_unit_test_setup_teardown(recordkit_make__fills_an_index,
						feedkit_setup,
						feedkit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
