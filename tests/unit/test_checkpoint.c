#include "store/feed/checkpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/feed/feed_private.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define FILE_NAME   "weald/checkpoint"
#define RECENT_NAME "weald/recent"
/* As many updates as make feed_commit() write a durable checkpoint. */
#define ENOUGH 512u
/* As many as make it write one that is not synced. */
#define FEW 64u

static int load_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		   struct buf *out, struct weald_msg *msg)
{
	(void)ctx;
	(void)id;
	(void)out;
	(void)msg;
	return WEALD_NOTFOUND;
}

/* An empty chain to read into. */
static void chain_begin(struct chain *c)
{
	const struct tree_io io = { .load = load_cb };

	assert_int_equal(chain_init(c, &io), WEALD_OK);
}

static void assert_same_chain(const struct chain *a, const struct chain *b)
{
	struct buf x;
	struct buf y;

	assert_true(a->identity.seq == b->identity.seq);
	assert_memory_equal(a->identity.commit, b->identity.commit,
			    OBJECT_ID_BYTES);
	assert_memory_equal(a->ids, b->ids, a->identity.seq * OBJECT_ID_BYTES);
	assert_string_equal(a->identity.slug, b->identity.slug);
	assert_memory_equal(a->identity.key, b->identity.key, PUBKEY_BYTES);
	assert_true(a->versions.count == b->versions.count);
	assert_int_equal(a->signers.count, b->signers.count);
	buf_init(&x, 65536);
	buf_init(&y, 65536);
	assert_int_equal(signers_text(&a->signers, &a->identity, &x), 0);
	assert_int_equal(signers_text(&b->signers, &b->identity, &y), 0);
	assert_true(span_equal(buf_span(&x), buf_span(&y)));
	buf_release(&x);
	buf_release(&y);
}

static void checkpoint__gives_back_the_chain(void **state)
{
	struct feedkit *k = *state;
	const char *path = scratch_path(&k->scratch, "point");
	struct chain c;
	unsigned durable;

	feedkit_found_vectors(k, VECTORS_N);
	for (durable = 0; durable < 2; durable++) {
		fault_arm(FAULT_FSYNC, 0, 0, EIO);
		feed_ok(k, checkpoint_write(path, &k->feed->chain, durable == 1,
					    &k->msg));
		assert_int_equal(fault_calls(FAULT_FSYNC), 2 * durable);
		fault_disarm();
		chain_begin(&c);
		assert_int_equal(checkpoint_read(path, &c), WEALD_OK);
		assert_same_chain(&k->feed->chain, &c);
		chain_release(&c);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(scratch_count(k->scratch.dir, "tmp_", ""), 0);
}

static void checkpoint_write__leaves_what_is_there_where_it_fails(void **state)
{
	static const enum fault_call calls[] = { FAULT_WRITE, FAULT_RENAME };
	struct feedkit *k = *state;
	const char *path = scratch_path(&k->scratch, "point");
	struct chain c;
	size_t i;

	feedkit_found_vectors(k, 2);
	feed_ok(k, checkpoint_write(path, &k->feed->chain, false, &k->msg));
	feed_ok(k, feedkit_append_vector(k, 2));
	for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		fault_arm(calls[i], 1, 1, ENOSPC);
		check_refused(checkpoint_write(path, &k->feed->chain, false,
					       &k->msg),
			      WEALD_NOSPACE, &k->msg, NULL);
		fault_disarm();
		chain_begin(&c);
		assert_int_equal(checkpoint_read(path, &c), WEALD_OK);
		assert_true(c.identity.seq == 2);
		chain_release(&c);
		assert_int_equal(scratch_count(k->scratch.dir, "tmp_", ""), 0);
	}
}

/* A chain of one update has room for the second: regression. */
static void checkpoint_read__gives_a_chain_that_grows(void **state)
{
	struct feedkit *k = *state;

	feedkit_found_vectors(k, 1);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(k->feed->checkpoint_seq == 1);
	feed_ok(k, feedkit_append_vector(k, 1));
	feed_ok(k, feedkit_append_vector(k, 2));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

static void checkpoint_read__takes_nothing_that_is_damaged(void **state)
{
	struct feedkit *k = *state;
	const char *path = scratch_path(&k->scratch, "point");
	struct chain c;
	struct buf whole;
	size_t i;

	feedkit_found_vectors(k, VECTORS_N);
	feed_ok(k, checkpoint_write(path, &k->feed->chain, true, &k->msg));
	whole = feedkit_load(path);
	chain_begin(&c);
	for (i = 0; i < whole.len; i++) {
		whole.data[i] ^= (uint8_t)(1u << (i % 8));
		feedkit_store(path, whole.data, whole.len);
		assert_int_equal(checkpoint_read(path, &c), WEALD_NOTFOUND);
		assert_true(c.identity.seq == 0);
		assert_null(c.ids);
		whole.data[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (i = 0; i < whole.len; i += 7) {
		feedkit_store(path, whole.data, i);
		assert_int_equal(checkpoint_read(path, &c), WEALD_NOTFOUND);
	}
	feedkit_store(path, whole.data, whole.len);
	assert_int_equal(checkpoint_read(path, &c), WEALD_OK);
	chain_release(&c);
	buf_release(&whole);
}

/* A feed with a checkpoint, closed, and none that was made while closing. */
static void found_with_checkpoint(struct feedkit *k)
{
	feedkit_found(k);
	feedkit_publish_many(k, ENOUGH, ENOUGH);
	assert_true(k->feed->checkpoint_seq == ENOUGH + 2);
	assert_int_equal(access(feedkit_path(k, RECENT_NAME), F_OK), -1);
	feedkit_publish_many(k, 3, 1);
	feedkit_close(k);
	assert_int_equal(unlink(feedkit_path(k, RECENT_NAME)), 0);
}

/* Where the feed that is open for reading had its checkpoint. */
static uint64_t checkpoint_of(struct feedkit *k)
{
	feed_ok(k, feedkit_open(k, FEED_READ));
	return k->feed->checkpoint_seq;
}

static void feed_open__takes_the_latest_checkpoint(void **state)
{
	struct feedkit *k = *state;
	struct buf recent;

	feedkit_found(k);
	feedkit_publish_many(k, ENOUGH, ENOUGH);
	assert_true(checkpoint_of(k) == ENOUGH + 2);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish_many(k, FEW, 1);
	/* killed: nothing was closed */
	recent = feedkit_load(feedkit_path(k, RECENT_NAME));
	feedkit_publish_many(k, 3, 1);
	feedkit_close(k);
	assert_true(checkpoint_of(k) == ENOUGH + FEW + 5);
	feedkit_store(feedkit_path(k, RECENT_NAME), recent.data, recent.len);
	assert_true(checkpoint_of(k) == ENOUGH + FEW);
	/* as a power cut may leave it */
	feedkit_store(feedkit_path(k, RECENT_NAME), recent.data,
		      recent.len / 2);
	assert_true(checkpoint_of(k) == ENOUGH + 2);
	assert_true(feedkit_seq(k) == ENOUGH + FEW + 5);
	buf_release(&recent);
}

static void feed_close__makes_the_next_opening_quick(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, "lesson/2026-11/x", "0");
	/* what is staged is not in it */
	feed_ok(k, feedkit_sign(k, "lesson/2026-11/x", "1"));
	feedkit_close(k);
	assert_true(checkpoint_of(k) == 0);
	assert_true(feedkit_seq(k) == 3);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, "lesson/2026-11/x", "1");
	feedkit_close(k);
	assert_true(checkpoint_of(k) == 4);
}

/* Opens whatever became of the checkpoint, at the seq and commit of before. */
static void assert_opens(struct feedkit *k, uint64_t seq, const char *commit,
			 bool with)
{
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feedkit_seq(k) == seq);
	assert_string_equal(feedkit_commit(k, seq), commit);
	assert_true((k->feed->checkpoint_seq != 0) == with);
	feedkit_close(k);
}

static void feed_open__does_without_a_checkpoint(void **state)
{
	struct feedkit *k = *state;
	struct buf whole;
	char head[2 * OBJECT_ID_BYTES + 1];

	found_with_checkpoint(k);
	(void)snprintf(head, sizeof head, "%s", feedkit_main(k));
	whole = feedkit_load(feedkit_path(k, FILE_NAME));
	assert_opens(k, ENOUGH + 5, head, true);
	whole.data[whole.len / 2] ^= 4;
	feedkit_store(feedkit_path(k, FILE_NAME), whole.data, whole.len);
	assert_opens(k, ENOUGH + 5, head, false);
	feedkit_store(feedkit_path(k, FILE_NAME), whole.data, whole.len / 2);
	assert_opens(k, ENOUGH + 5, head, false);
	feedkit_store(feedkit_path(k, FILE_NAME), "", 0);
	assert_opens(k, ENOUGH + 5, head, false);
	assert_int_equal(unlink(feedkit_path(k, FILE_NAME)), 0);
	assert_opens(k, ENOUGH + 5, head, false);
	/* opening for writing makes it anew, for the next time */
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_close(k);
	assert_opens(k, ENOUGH + 5, head, true);
	buf_release(&whole);
}

static void feed_open__takes_no_checkpoint_of_another_feed(void **state)
{
	struct feedkit *k = *state;
	char other[2 * SCRATCH_PATH_BYTES];
	struct buf whole;
	char head[2 * OBJECT_ID_BYTES + 1];

	found_with_checkpoint(k);
	whole = feedkit_load(feedkit_path(k, FILE_NAME));
	feedkit_use(k, "other.git");
	feedkit_found_vectors(k, VECTORS_N);
	(void)snprintf(head, sizeof head, "%s", feedkit_main(k));
	feedkit_close(k);
	assert_int_equal(unlink(feedkit_path(k, RECENT_NAME)), 0);
	(void)snprintf(other, sizeof other, "%s", feedkit_path(k, FILE_NAME));
	feedkit_store(other, whole.data, whole.len);
	assert_opens(k, VECTORS_N, head, false);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == VECTORS_N);
	assert_string_equal(feedkit_main(k), head);
	buf_release(&whole);
}

static void feed_open__takes_no_checkpoint_of_a_later_time(void **state)
{
	struct feedkit *k = *state;
	struct buf whole;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 4, 4);
	(void)snprintf(head, sizeof head, "%s", feedkit_main(k));
	feedkit_close(k);
	assert_int_equal(unlink(feedkit_path(k, RECENT_NAME)), 0);
	assert_int_equal(scratch_run("cp -r '%s' '%s/older.git'", k->dir,
				     k->scratch.dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish_many(k, ENOUGH, ENOUGH);
	whole = feedkit_load(feedkit_path(k, FILE_NAME));
	/* the feed was replaced by an older copy, the checkpoint was not */
	feedkit_use(k, "older.git");
	feedkit_store(feedkit_path(k, FILE_NAME), whole.data, whole.len);
	assert_opens(k, 6, head, false);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 6);
	assert_string_equal(feedkit_main(k), head);
	feedkit_publish(k, "lesson/2026-11/x", "goes on");
	feedkit_assert_git_agrees(k);
	buf_release(&whole);
}

static void feed_commit__does_not_need_the_checkpoint(void **state)
{
	struct feedkit *k = *state;
	unsigned calls;

	feedkit_found(k);
	feedkit_publish_many(k, ENOUGH - 4, ENOUGH);
	feed_ok(k, feedkit_sign(k, "lesson/2026-11/x", "0"));
	fault_arm(FAULT_FSYNC, 0, 0, EIO);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	calls = fault_calls(FAULT_FSYNC);
	/* the next one comes with a checkpoint, of which the sync fails */
	feed_ok(k, feedkit_sign(k, "lesson/2026-11/x", "1"));
	fault_arm(FAULT_FSYNC, calls + 1, 1, EIO);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_int_equal(fault_calls(FAULT_FSYNC), calls + 1);
	fault_disarm();
	assert_int_equal(access(feedkit_path(k, FILE_NAME), F_OK), -1);
	assert_int_equal(scratch_count(feedkit_path(k, "weald"), "tmp_", ""),
			 0);
	/* it comes with the one after that */
	feedkit_publish(k, "lesson/2026-11/x", "2");
	assert_int_equal(access(feedkit_path(k, FILE_NAME), F_OK), 0);
	assert_true(feedkit_seq(k) == ENOUGH + 1);
}

static void feed_open__does_without_the_folder_of_the_checkpoint(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_close(k);
	assert_int_equal(unlink(feedkit_path(k, RECENT_NAME)), 0);
	assert_int_equal(rmdir(feedkit_path(k, "weald")), 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish_many(k, ENOUGH, ENOUGH);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == ENOUGH + 2);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(checkpoint__gives_back_the_chain),
		TEST(checkpoint_write__leaves_what_is_there_where_it_fails),
		TEST(checkpoint_read__takes_nothing_that_is_damaged),
		TEST(checkpoint_read__gives_a_chain_that_grows),
		TEST(feed_open__takes_the_latest_checkpoint),
		TEST(feed_close__makes_the_next_opening_quick),
		TEST(feed_open__does_without_a_checkpoint),
		TEST(feed_open__takes_no_checkpoint_of_another_feed),
		TEST(feed_open__takes_no_checkpoint_of_a_later_time),
		TEST(feed_commit__does_not_need_the_checkpoint),
		TEST(feed_open__does_without_the_folder_of_the_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
