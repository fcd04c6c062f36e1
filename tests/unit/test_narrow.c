/*
 * Narrow feeds: every commit and tree, and some contents; and stock git's
 * opinion of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "store/feed/feed.h"
#include "store/feed/verify.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"
#define B "problem/2026-11/b"

/* A whole feed, and the kit's one, a narrow replica of it. */
static struct feed *found_replica(struct feedkit *k, unsigned updates)
{
	struct feed *whole;
	uint64_t seq;

	feedkit_found(k);
	feedkit_publish_many(k, updates, updates);
	whole = k->feed;
	k->feed = NULL;
	feedkit_use(k, "narrow.git");
	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	for (seq = 1; seq <= feed_committed_seq(whole); seq++) {
		feed_ok(k, feedkit_pass_header(k, whole, seq, k->feed));
	}
	feed_ok(k, feed_commit(k->feed, &k->msg));
	return whole;
}

static size_t marks(const struct feedkit *k)
{
	return scratch_count(feedkit_path(k, "objects/pack"), "pack-",
			     ".promisor");
}

static void assert_marked(struct feedkit *k)
{
	assert_true(feed_is_narrow(k->feed));
	assert_true(feedkit_packs(k) > 0);
	assert_int_equal(marks(k), feedkit_packs(k));
	feedkit_assert_git_agrees(k);
	assert_int_equal(scratch_run("cd '%s' && ! git config "
				     "extensions.partialClone && "
				     "[ $(git config core."
				     "repositoryFormatVersion) = 0 ]",
				     k->dir),
			 0);
}

static void assert_unmarked(struct feedkit *k)
{
	assert_false(feed_is_narrow(k->feed));
	assert_int_equal(marks(k), 0);
	feedkit_assert_git_agrees(k);
	assert_int_equal(scratch_run("cd '%s' && ! git config --get-regexp "
				     "'remote.*|uploadpack.*'",
				     k->dir),
			 0);
}

/* The changes that feed_missing() told. */
struct tally {
	struct feed *whole; /* where the contents are; NULL: only count */
	struct feedkit *k;
	uint64_t n;
	uint64_t last;    /* seq */
	uint64_t stop_at; /* 0: never */
	unsigned every;   /* add only every so manieth */
};

static int missing_cb(void *ctx, const struct update *u, const struct change *c)
{
	struct tally *t = ctx;
	struct buf content;

	assert_true(u->seq >= t->last);
	assert_false(c->removal);
	t->last = u->seq;
	t->n++;
	if (t->n == t->stop_at) {
		return WEALD_LOCKED;
	}
	if (t->whole != NULL && t->n % t->every == 0) {
		buf_init(&content, CONTENT_BYTES_MAX);
		feed_ok(t->k,
			feed_content(t->whole, c->blob, &content, &t->k->msg));
		feed_ok(t->k, feed_add_content(t->k->feed, c,
					       buf_span(&content), &t->k->msg));
		buf_release(&content);
	}
	return WEALD_OK;
}

static uint64_t missing(struct feedkit *k, uint64_t from, uint64_t to)
{
	struct tally t = { .k = k };

	feed_ok(k, feed_missing(k->feed, from, to, missing_cb, &t, &k->msg));
	return t.n;
}

static void feed_set_narrow__marks_all_packs_for_ever(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish_many(k, 3, 1);
	assert_unmarked(k);
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	assert_marked(k);
	feedkit_publish_many(k, 30, 1);
	assert_marked(k);
	feed_ok(k, feed_consolidate(k->feed, &k->msg));
	assert_true(feedkit_packs(k) < 20);
	assert_marked(k);
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feed_is_narrow(k->feed));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, A, "narrow again");
	assert_marked(k);
	/* nothing is missing: it can become whole at once */
	feed_ok(k, feed_set_narrow(k->feed, false, &k->msg));
	assert_unmarked(k);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, A, "whole again");
	assert_unmarked(k);
	assert_int_equal(scratch_run("git clone -q '%s' '%s/clone'", k->dir,
				     k->scratch.dir),
			 0);
}

static void feed_set_narrow__keeps_what_the_admin_configured(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	assert_int_equal(scratch_run("git -C '%s' config user.name 'a \"b\"' "
				     "&& git -C '%s' config remote.origin.url "
				     "/x",
				     k->dir, k->dir),
			 0);
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	feed_ok(k, feed_set_narrow(k->feed, false, &k->msg));
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	assert_int_equal(scratch_run("cd '%s' && "
				     "[ \"$(git config user.name)\" = 'a "
				     "\"b\"' ] && "
				     "[ $(git config remote.origin.url) = /x ] "
				     "&& [ $(git config gc.auto) = 0 ]",
				     k->dir),
			 0);
	feedkit_assert_signatures(k);
}

/* Whatever fails: the feed is narrow or whole, and git content with it. */
static void feed_set_narrow__survives_each_call_that_fails(void **state)
{
	static const enum fault_call calls[] = { FAULT_FSYNC, FAULT_WRITE,
						 FAULT_RENAME, FAULT_UNLINK };
	struct feedkit *k = *state;
	bool narrow = true;
	unsigned nth;
	size_t i;
	int r;

	feedkit_found(k);
	feedkit_publish_many(k, 3, 1);
	for (i = 0; i < 2 * sizeof calls / sizeof calls[0]; i++) {
		r = WEALD_IO;
		for (nth = 1; r != WEALD_OK; nth++) {
			fault_arm(calls[i / 2], nth, 1, EIO);
			r = feed_set_narrow(k->feed, narrow, &k->msg);
			fault_disarm();
			feed_ok(k, feedkit_open(k, FEED_WRITE));
			feedkit_publish_many(k, 1, 1);
			/* or there would be more and more calls to fail */
			feed_ok(k, feed_consolidate(k->feed, &k->msg));
			if (feed_is_narrow(k->feed)) {
				assert_marked(k);
			} else {
				assert_int_equal(marks(k), 0);
			}
			if (r == WEALD_OK) {
				assert_true(feed_is_narrow(k->feed) == narrow);
			} else if (feed_is_narrow(k->feed) == narrow) {
				break; /* the mark was set before it failed */
			}
		}
		narrow = !feed_is_narrow(k->feed);
	}
	feedkit_assert_git_agrees(k);
}

static void feed_open__repairs_the_marks(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish_many(k, 3, 1);
	feed_ok(k, feed_set_narrow(k->feed, true, &k->msg));
	feedkit_close(k);
	/* not all were durable, and one is of a pack that never was */
	assert_int_equal(scratch_run("cd '%s/objects/pack' && "
				     "rm $(ls *.promisor | head -2) && "
				     "touch pack-%040d.promisor "
				     "pack-%040d.promisor pack-%040d.pack",
				     k->dir, 1, 2, 2),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_marked(k);
}

static void feed_append__takes_headers_alone_where_it_is_narrow(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 20);
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_assert_same(whole, k->feed);
	assert_marked(k);
	hex_encode(feed_commit_id(whole, 22), OBJECT_ID_BYTES, head);
	assert_string_equal(feedkit_main(k), head);
	feedkit_assert_signatures(k);
	assert_int_equal(scratch_run("cd '%s' && git log --stat=1 --no-patch "
				     "main >/dev/null && git ls-tree -r main "
				     "| grep -q region.yaml && "
				     "[ $(git cat-file --batch-all-objects "
				     "--batch-check | grep -c blob) = 0 ]",
				     k->dir),
			 0);
	/* the next one with its content, and one more without */
	feedkit_close(k);
	{
		struct feed *narrow = NULL;
		char dir[SCRATCH_PATH_BYTES];

		memcpy(dir, k->dir, sizeof dir);
		k->feed = whole;
		feedkit_publish(k, A, "one");
		feedkit_publish(k, A, "two");
		feed_ok(k, feed_open(dir, FEED_WRITE, &narrow, &k->msg));
		feed_ok(k, feedkit_pass_on(k, whole, 23, narrow));
		feed_ok(k, feedkit_pass_header(k, whole, 24, narrow));
		feed_ok(k, feed_commit(narrow, &k->msg));
		feedkit_assert_same(whole, narrow);
		feed_close(narrow);
	}
	/* but a whole one needs them all */
	whole = k->feed;
	k->feed = NULL;
	feedkit_use(k, "other.git");
	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feedkit_pass_header(k, whole, 1, k->feed));
	assert_int_equal(feedkit_pass_header(k, whole, 2, k->feed),
			 WEALD_CONTENT_ABSENT);
	feed_ok(k, feedkit_pass_on(k, whole, 2, k->feed));
	feed_close(whole);
}

static void feed_append__refuses_other_trees_where_it_is_narrow(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 1);
	struct stored s;
	struct buf e;

	feedkit_close(k);
	k->feed = whole;
	feedkit_publish(k, A, "one");
	k->feed = NULL;
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feed_read(whole, 4, &s, &k->msg));
	s.update.tree[3] ^= 1;
	buf_init(&e, ENVELOPE_BYTES_MAX);
	feedkit_seal(k, &s.update, k->signer, &e);
	assert_int_equal(feedkit_append(k, buf_span(&e), k->feed),
			 WEALD_TREE_OTHER);
	s.update.tree[3] ^= 1;
	buf_clear(&e);
	feedkit_seal(k, &s.update, k->signer, &e);
	feed_ok(k, feedkit_append(k, buf_span(&e), k->feed));
	stored_release(&s);
	buf_release(&e);
	feed_close(whole);
}

static void feed_content__tells_absent_from_damaged(void **state)
{
	static const uint8_t nowhere[OBJECT_ID_BYTES] = { 1 };
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 2);
	struct buf a;
	struct buf b;

	buf_init(&a, ENVELOPE_BYTES_MAX);
	buf_init(&b, ENVELOPE_BYTES_MAX);
	assert_int_equal(feed_content(k->feed, nowhere, &a, &k->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(feed_content(whole, nowhere, &a, &k->msg),
			 WEALD_CORRUPT);
	/* what it has not got is nil, as where it is left out */
	feed_ok(k, feed_read_envelope(k->feed, 3, FRAME_FILL_ALL, &a, &k->msg));
	feed_ok(k,
		feed_read_envelope(whole, 3, FRAME_FILL_HEADERS, &b, &k->msg));
	assert_true(span_equal(buf_span(&a), buf_span(&b)));
	buf_clear(&a);
	feed_ok(k, feed_read_envelope(whole, 3, FRAME_FILL_ALL, &a, &k->msg));
	assert_true(a.len > b.len);
	buf_release(&a);
	buf_release(&b);
	feed_close(whole);
}

static void feed_missing__tells_each_content_once_a_change(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 10);
	struct tally t = { .k = k, .stop_at = 3 };

	/* update 1 has none, the profile two, the others one each */
	assert_true(missing(k, 1, UINT64_MAX) == 12);
	assert_true(missing(k, 0, 12) == 12);
	assert_true(missing(k, 2, 2) == 2);
	assert_true(missing(k, 5, 8) == 4);
	assert_true(missing(k, 13, 20) == 0);
	assert_true(missing(k, 8, 5) == 0);
	assert_int_equal(feed_missing(k->feed, 1, 99, missing_cb, &t, &k->msg),
			 WEALD_LOCKED);
	assert_true(t.n == 3 && t.last == 3);
	t = (struct tally){ .k = k, .whole = whole, .every = 3 };
	feed_ok(k, feed_missing(k->feed, 1, 99, missing_cb, &t, &k->msg));
	/* what is staged is not missing */
	assert_true(missing(k, 1, 99) == 8);
	feed_rollback(k->feed);
	assert_true(missing(k, 1, 99) == 12);
	t = (struct tally){ .k = k };
	feed_ok(k, feed_missing(whole, 1, 99, missing_cb, &t, &k->msg));
	assert_true(t.n == 0);
	feed_close(whole);
}

/* The first change that update @seq puts; valid while @s is. */
static struct change first_change(struct feedkit *k, const struct feed *f,
				  uint64_t seq, struct stored *s)
{
	feed_ok(k, feed_read(f, seq, s, &k->msg));
	assert_true(s->update.changes_n > 0);
	return s->update.changes[0];
}

static void feed_add_content__takes_only_what_was_signed(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 2);
	struct change c;
	struct change other;
	struct stored s;
	struct buf content;

	c = first_change(k, whole, 3, &s);
	buf_init(&content, CONTENT_BYTES_MAX);
	feed_ok(k, feed_content(whole, c.blob, &content, &k->msg));
	check_refused(feed_add_content(k->feed, &c, span_of("short"), &k->msg),
		      WEALD_CONTENT_SIZE, &k->msg, "record.md");
	content.data[0] ^= 1;
	check_refused(feed_add_content(k->feed, &c, buf_span(&content),
				       &k->msg),
		      WEALD_CONTENT_DIGEST, &k->msg, "record.md");
	content.data[0] ^= 1;
	other = c;
	other.blob[0] ^= 1;
	check_refused(feed_add_content(k->feed, &other, buf_span(&content),
				       &k->msg),
		      WEALD_CONTENT_BLOB, &k->msg, "record.md");
	assert_true(feed_staged_bytes(k->feed) == 0);
	feed_ok(k, feed_add_content(k->feed, &c, buf_span(&content), &k->msg));
	feed_ok(k, feed_add_content(k->feed, &c, buf_span(&content), &k->msg));
	assert_true(feed_staged_bytes(k->feed) == content.len);
	assert_int_equal(feed_staged(k->feed), 0);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_true(feed_staged_bytes(k->feed) == 0);
	/* there for good, and not twice */
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feed_add_content(k->feed, &c, buf_span(&content), &k->msg));
	assert_true(feed_staged_bytes(k->feed) == 0);
	buf_clear(&content);
	feed_ok(k, feed_content(k->feed, c.blob, &content, &k->msg));
	assert_true(missing(k, 3, 3) == 0);
	assert_true(feedkit_seq(k) == 4);
	assert_marked(k);
	stored_release(&s);
	buf_release(&content);
	feed_close(whole);
}

static void feed_add_content__is_seen_by_who_has_it_open(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 2);
	struct feed *reader = NULL;
	struct feed *writer = k->feed;
	struct tally t = { .k = k, .whole = whole, .every = 1 };

	feed_ok(k, feed_open(k->dir, FEED_READ, &reader, &k->msg));
	k->feed = reader;
	assert_true(missing(k, 1, 9) == 4);
	k->feed = writer;
	feed_ok(k, feed_missing(k->feed, 1, 9, missing_cb, &t, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	k->feed = reader;
	{
		struct buf a;
		struct buf b;

		buf_init(&a, ENVELOPE_BYTES_MAX);
		buf_init(&b, ENVELOPE_BYTES_MAX);
		feed_ok(k, feed_read_envelope(reader, 3, FRAME_FILL_ALL, &a,
					      &k->msg));
		feed_ok(k, feed_read_envelope(whole, 3, FRAME_FILL_ALL, &b,
					      &k->msg));
		assert_true(span_equal(buf_span(&a), buf_span(&b)));
		buf_release(&a);
		buf_release(&b);
	}
	assert_true(missing(k, 1, 9) == 0);
	feed_close(writer);
	feed_close(whole);
}

/* Stage every content that is missing. */
static void fill(struct feedkit *k, struct feed *whole)
{
	struct tally t = { .k = k, .whole = whole, .every = 1 };

	feed_ok(k,
		feed_missing(k->feed, 1, UINT64_MAX, missing_cb, &t, &k->msg));
}

static void feed_commit__loses_contents_and_nothing_else(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 3);

	fill(k, whole);
	fault_arm(FAULT_WRITE, 1, 1, ENOSPC);
	assert_int_equal(feed_commit(k->feed, &k->msg), WEALD_NOSPACE);
	fault_disarm();
	assert_true(feedkit_seq(k) == 5);
	assert_true(feed_staged_bytes(k->feed) == 0);
	assert_true(missing(k, 1, 9) == 5);
	fill(k, whole);
	fault_arm(FAULT_FSYNC, 1, 1, EIO);
	assert_int_equal(feed_commit(k->feed, &k->msg), WEALD_IO);
	fault_disarm();
	assert_int_equal(feed_commit(k->feed, &k->msg), WEALD_IO);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	fill(k, whole);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_true(missing(k, 1, 9) == 0);
	assert_marked(k);
	feed_close(whole);
}

/* Filled in any order, a narrow feed ends as the whole one, object by object.
 */
static void narrow__filled_equals_whole(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 60);
	struct verify_result res;
	struct tally t = { .k = k, .whole = whole };
	struct prng p;
	uint64_t left = missing(k, 1, 99);

	prng_begin(&p, "narrow__filled_equals_whole");
	while (left > 0) {
		assert_int_equal(feed_set_narrow(k->feed, false, &k->msg),
				 WEALD_CONTENT_ABSENT);
		feed_ok(k,
			feed_verify(k->dir, NULL, NULL, NULL, &res, &k->msg));
		assert_true(res.narrow && res.absent == left);
		t.n = 0;
		t.last = 0;
		t.every = 1 + (unsigned)prng_below(&p, 4);
		feed_ok(k,
			feed_missing(k->feed, 1, 99, missing_cb, &t, &k->msg));
		feed_ok(k, feed_commit(k->feed, &k->msg));
		if (prng_below(&p, 2) == 0) {
			feed_ok(k, feed_consolidate(k->feed, &k->msg));
		}
		assert_marked(k);
		left = missing(k, 1, 99);
	}
	feed_ok(k, feed_set_narrow(k->feed, false, &k->msg));
	assert_unmarked(k);
	feed_ok(k, feed_verify(k->dir, NULL, NULL, NULL, &res, &k->msg));
	assert_true(!res.narrow && res.absent == 0 && res.total == 62);
	assert_int_equal(scratch_run("cd '%s' && for r in feed narrow; do "
				     "git -C $r.git cat-file "
				     "--batch-all-objects --batch-check "
				     ">$r.list; done && test -s feed.list && "
				     "cmp feed.list narrow.list && "
				     "git clone -q narrow.git clone",
				     k->scratch.dir),
			 0);
	feed_close(whole);
}

/* Two changes name one content, the second with a digest that is not true. */
static void feed_set_narrow__believes_no_digest(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 1);
	struct tally t = { .k = k, .whole = whole, .every = 1 };
	struct stored s;
	struct buf e;

	feedkit_close(k);
	k->feed = whole;
	feedkit_publish(k, B, "lesson/2026-11/n3"); /* as update 3 has it */
	feed_ok(k, feed_read(whole, 4, &s, &k->msg));
	k->feed = NULL;
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	s.update.changes[0].sha256[5] ^= 1;
	buf_init(&e, ENVELOPE_BYTES_MAX);
	feedkit_seal(k, &s.update, k->signer, &e);
	feed_ok(k, feedkit_append(k, buf_span(&e), k->feed));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feed_ok(k, feed_missing(k->feed, 1, 3, missing_cb, &t, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_true(missing(k, 1, 9) == 0);
	check_refused(feed_set_narrow(k->feed, false, &k->msg),
		      WEALD_CONTENT_DIGEST, &k->msg, "update 4");
	assert_marked(k);
	stored_release(&s);
	buf_release(&e);
	feed_close(whole);
}

static void feed_verify__finds_damage_in_a_narrow_feed(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 5);
	struct verify_result res;

	feed_ok(k, feed_verify(k->dir, NULL, NULL, NULL, &res, &k->msg));
	assert_true(res.absent == 7 && res.identity.seq == 7);
	feedkit_close(k);
	/* a tree is lost, which no narrow feed can do without */
	assert_int_equal(scratch_run("cd '%s' && o=$(git rev-parse "
				     "main~2:lesson) && mkdir p && "
				     "git cat-file --batch-all-objects "
				     "--batch-check | cut -c1-40 | "
				     "grep -v $o | git pack-objects -q p/pack "
				     ">/dev/null && rm -f objects/pack/* && "
				     "mv p/* objects/pack/ && rmdir p",
				     k->dir),
			 0);
	assert_int_equal(feed_verify(k->dir, NULL, NULL, NULL, &res, &k->msg),
			 WEALD_CORRUPT);
	assert_true(res.failed_seq == 5);
	feed_close(whole);
}

static void feed_open__recovers_a_narrow_feed(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 9);
	char head[2 * OBJECT_ID_BYTES + 1];

	(void)snprintf(head, sizeof head, "%s", feedkit_main(k));
	feedkit_close(k);
	assert_int_equal(scratch_run("cd '%s' && rm -f weald/* && git "
				     "update-ref refs/heads/main main~6",
				     k->dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 11);
	assert_string_equal(feedkit_main(k), head);
	assert_marked(k);
	feed_close(whole);
}

static void narrow__clones_without_blobs(void **state)
{
	struct feedkit *k = *state;
	struct feed *whole = found_replica(k, 10);

	assert_int_equal(scratch_run("cd '%s' && git clone -q --bare "
				     "--filter=blob:none 'file://%s' c.git && "
				     "[ $(git -C c.git rev-parse main) = "
				     "$(git -C feed.git rev-parse main) ] && "
				     "git -C c.git fsck --strict && "
				     "git -C c.git log main >/dev/null",
				     k->scratch.dir, k->dir),
			 0);
	feed_close(whole);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_set_narrow__marks_all_packs_for_ever),
		TEST(feed_set_narrow__keeps_what_the_admin_configured),
		TEST(feed_set_narrow__survives_each_call_that_fails),
		TEST(feed_open__repairs_the_marks),
		TEST(feed_append__takes_headers_alone_where_it_is_narrow),
		TEST(feed_append__refuses_other_trees_where_it_is_narrow),
		TEST(feed_content__tells_absent_from_damaged),
		TEST(feed_missing__tells_each_content_once_a_change),
		TEST(feed_add_content__takes_only_what_was_signed),
		TEST(feed_add_content__is_seen_by_who_has_it_open),
		TEST(feed_commit__loses_contents_and_nothing_else),
		TEST(narrow__filled_equals_whole),
		TEST(feed_set_narrow__believes_no_digest),
		TEST(feed_verify__finds_damage_in_a_narrow_feed),
		TEST(feed_open__recovers_a_narrow_feed),
		TEST(narrow__clones_without_blobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
