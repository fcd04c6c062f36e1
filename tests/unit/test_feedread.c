/*
 * Opening a feed and reading from it; test_feed.c writes.
 */
#include "store/feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/feed/feed_private.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"
#define B "lesson/2026-11/b"

static void feed_find_version__finds_each(void **state)
{
	static const struct {
		const char *record;
		uint64_t version;
		uint64_t seq; /* 0: not there */
	} cases[] = {
		{ A, 1, 3 },
		{ A, 2, 5 },
		{ A, 0, 5 },
		{ A, 3, 0 },
		{ B, 1, 4 },
		{ B, 0, 4 },
		{ B, 2, 0 },
		{ "lesson/2026-11/c", 0, 0 },
		{ "lesson/2026-12/a", 1, 0 },
	};
	struct feedkit *k = *state;
	uint64_t seq;
	size_t i;
	int r;

	feedkit_found(k);
	feedkit_publish(k, A, "1");
	feedkit_publish(k, B, "1");
	feedkit_publish(k, A, "2");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		seq = 0;
		r = feed_find_version(k->feed, span_of(cases[i].record),
				      cases[i].version, &seq, &k->msg);
		assert_int_equal(r,
				 cases[i].seq == 0 ? WEALD_NOTFOUND : WEALD_OK);
		assert_true(seq == cases[i].seq);
	}
	assert_int_equal(feed_find_version(k->feed, span_of("no record"), 1,
					   &seq, &k->msg),
			 WEALD_RECORD);
}

static void feed_find_version__is_not_led_astray_by_a_note(void **state)
{
	struct feedkit *k = *state;
	struct draft_file file = { span_of("record.md"), span_of("text") };
	uint64_t seq = 0;
	struct draft d;

	feedkit_found(k);
	feedkit_publish(k, A, "1");
	d = feedkit_draft(k, ACTION_PUBLISH, B);
	d.files = &file;
	d.files_n = 1;
	d.note = span_of("Record: " A "\nVersion: 1");
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feed_ok(k, feed_find_version(k->feed, span_of(A), 0, &seq, &k->msg));
	assert_true(seq == 3);
}

/* "name=content " of each file */
struct listing {
	struct feedkit *kit;
	char text[512];
};

static int listing_cb(void *ctx, struct span name,
		      const uint8_t blob[OBJECT_ID_BYTES])
{
	struct listing *l = ctx;
	size_t len = strlen(l->text);
	struct buf content;

	buf_init(&content, CONTENT_BYTES_MAX);
	feed_ok(l->kit,
		feed_content(l->kit->feed, blob, &content, &l->kit->msg));
	(void)snprintf(l->text + len, sizeof l->text - len, "%.*s=%.*s ",
		       (int)name.len, (const char *)name.data, (int)content.len,
		       (const char *)content.data);
	buf_release(&content);
	return WEALD_OK;
}

static void assert_files(struct feedkit *k, uint64_t seq, const char *record,
			 const char *want)
{
	struct listing l = { .kit = k };

	feed_ok(k, feed_files(k->feed, seq, span_of(record), listing_cb, &l,
			      &k->msg));
	assert_string_equal(l.text, want);
}

static void feed_files__gives_each_version(void **state)
{
	struct feedkit *k = *state;
	struct draft_file files[] = {
		{ span_of("record.md"), span_of("two") },
		{ span_of("data.csv"), span_of("1,2") },
		{ span_of("attachments/map.txt"), span_of("") },
	};
	struct draft d;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	d = feedkit_draft(k, ACTION_REVISE, A);
	d.files = files;
	d.files_n = 3;
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_publish(k, A, "three");
	assert_files(k, 2, A, "");
	assert_files(k, 3, A, "record.md=one ");
	assert_files(k, 4, A,
		     "attachments/map.txt= data.csv=1,2 record.md=two ");
	assert_files(k, 5, A, "record.md=three ");
	assert_files(k, 5, "",
		     ".gitattributes=" GITATTRIBUTES_TEXT
		     " region.yaml=name: South West\n ");
	assert_files(k, 1, "", "");
	/* the second update changes what the region says of itself */
	feedkit_assert_git_agrees(k);
}

static void feed_read__sees_what_another_merged(void **state)
{
	struct feedkit *k = *state;
	struct feed *reader = NULL;
	struct feed *writer;
	uint64_t seq;

	feedkit_found(k);
	feedkit_publish_many(k, 40, 1);
	feed_ok(k, feed_open(k->dir, FEED_READ, &reader, &k->msg));
	feed_ok(k, feed_consolidate(k->feed, &k->msg));
	assert_true(feedkit_packs(k) < 20);
	writer = k->feed;
	k->feed = reader;
	for (seq = 1; seq <= feed_committed_seq(reader); seq++) {
		struct stored s;

		feed_ok(k, feed_read(reader, seq, &s, &k->msg));
		stored_release(&s);
	}
	k->feed = writer;
	feed_close(reader);
	feedkit_assert_git_agrees(k);
}

/* Lines that @command says of this process and that name the kit's folder. */
static size_t held(struct feedkit *k, const char *command)
{
	char line[2 * SCRATCH_PATH_BYTES];
	size_t n = 0;
	FILE *p;

	/* $PPID of the shell is this process */
	p = popen(command, "re");
	assert_non_null(p);
	while (fgets(line, sizeof line, p) != NULL) {
		n += strstr(line, k->dir) != NULL;
	}
	(void)pclose(p);
	return n;
}

/* libgit2 keeps each pack open that it has read from: a daemon must not. */
static void feed_consolidate__lets_go_of_merged_packs(void **state)
{
	struct feedkit *k = *state;
	struct stored s;
	unsigned i;

	feedkit_found(k);
	for (i = 0; i < 100; i++) {
		feedkit_publish_many(k, 1, 1);
		feed_ok(k, feed_read(k->feed, feedkit_seq(k), &s, &k->msg));
		stored_release(&s);
		feed_ok(k, feed_consolidate(k->feed, &k->msg));
	}
	assert_in_range(held(k, "ls -l /proc/$PPID/fd"), 1, 25);
	assert_in_range(held(k, "grep pack- /proc/$PPID/maps"), 1, 40);
}

static void feed_open__keeps_nothing_mapped(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish_many(k, 40, 5);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_int_equal(held(k, "grep pack- /proc/$PPID/maps"), 0);
}

/* ---- opening ------------------------------------------------------------ */

static void feed_open__lets_one_write_and_any_read(void **state)
{
	struct feedkit *k = *state;
	struct feed *other = NULL;

	feedkit_found(k);
	check_refused(feed_open(k->dir, FEED_WRITE, &other, &k->msg),
		      WEALD_LOCKED, &k->msg, "in use");
	feed_ok(k, feed_open(k->dir, FEED_READ, &other, &k->msg));
	feedkit_assert_same(k->feed, other);
	feed_close(other);
	feedkit_close(k);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
}

static void feed_open__names_what_is_not_there(void **state)
{
	struct feedkit *k = *state;

	check_refused(feedkit_open(k, FEED_WRITE), WEALD_NOTFOUND, &k->msg,
		      "feed.git");
	assert_int_equal(mkdir(k->dir, 0755), 0);
	check_refused(feedkit_open(k, FEED_READ), WEALD_NOTFOUND, &k->msg,
		      "feed.git");
}

static void feed_create__refuses_what_is_there(void **state)
{
	struct feedkit *k = *state;

	feed_ok(k, feed_create(k->dir, &k->msg));
	check_refused(feed_create(k->dir, &k->msg), WEALD_EXISTS, &k->msg,
		      "feed.git");
}

static void feed_create__takes_any_folder_name(void **state)
{
	struct feedkit *k = *state;

	assert_int_equal(mkdir(scratch_path(&k->scratch, "a \"b\\c;# d"), 0755),
			 0);
	feedkit_use(k, "a \"b\\c;# d/feed.git");
	feedkit_found(k);
	feedkit_publish(k, A, "x");
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 3);
}

static void feed_open__follows_a_repository_that_moved(void **state)
{
	struct feedkit *k = *state;
	char from[SCRATCH_PATH_BYTES];

	feedkit_found(k);
	feedkit_close(k);
	memcpy(from, k->dir, sizeof from);
	feedkit_use(k, "moved.git");
	assert_int_equal(rename(from, k->dir), 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_assert_signatures(k);
}

static void feed_open__opens_an_empty_feed(void **state)
{
	struct feedkit *k = *state;
	struct stored s;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feedkit_seq(k) == 0);
	assert_int_equal(feed_read(k->feed, 1, &s, &k->msg), WEALD_NOTFOUND);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_string_equal(feedkit_main(k), "");
	assert_int_equal(scratch_run("git -C '%s' fsck --strict", k->dir), 0);
}

static void feed_open__reads_loose_objects_never(void **state)
{
	struct feedkit *k = *state;
	char hex[2 * OBJECT_ID_BYTES + 1];
	char name[64];

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	memcpy(hex, feedkit_commit(k, 3), sizeof hex);
	feedkit_close(k);
	/* cut short: libgit2 would loop for ever */
	(void)snprintf(name, sizeof name, "objects/%.2s", hex);
	assert_int_equal(mkdir(feedkit_path(k, name), 0755), 0);
	(void)snprintf(name, sizeof name, "objects/%.2s/%s", hex, hex + 2);
	feedkit_store(feedkit_path(k, name), "\x78\x9c\x4b\xca", 4);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, B, "y");
	assert_true(feedkit_seq(k) == 4);
}

static void feed_open__gives_the_same_with_and_without_a_checkpoint(
	void **state)
{
	struct feedkit *k = *state;
	struct feed *fast = NULL;
	struct feed *slow = NULL;

	feedkit_found(k);
	feedkit_publish_many(k, 300, 300);
	feedkit_rotate(k, vectors_get()->seed_second);
	feedkit_publish_many(k, 300, 300);
	assert_int_equal(access(feedkit_path(k, "weald/checkpoint"), F_OK), 0);
	feedkit_publish(k, "lesson/2026-11/n5", "again");
	feed_ok(k, feed_open(k->dir, FEED_READ, &fast, &k->msg));
	assert_true(fast->checkpoint_seq > 0);
	feedkit_assert_same(k->feed, fast);
	assert_int_equal(unlink(feedkit_path(k, "weald/checkpoint")), 0);
	(void)unlink(feedkit_path(k, "weald/recent"));
	feed_ok(k, feed_open(k->dir, FEED_READ, &slow, &k->msg));
	assert_true(slow->checkpoint_seq == 0);
	feedkit_assert_same(fast, slow);
	feed_close(fast);
	feed_close(slow);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, A, "x");
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

static void feed__is_the_same_in_two_homes(void **state)
{
	struct feedkit *k = *state;
	struct feed *own;
	uint64_t seq;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	feedkit_rotate(k, vectors_get()->seed_second);
	feedkit_publish(k, B, "");
	feedkit_publish(k, A, "two");
	own = k->feed;
	k->feed = NULL;
	feedkit_use(k, "replica.git");
	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (seq = 1; seq <= feed_committed_seq(own); seq++) {
		feed_ok(k, feedkit_pass_on(k, own, seq, k->feed));
	}
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_same(own, k->feed);
	feed_close(own);
	assert_int_equal(
		scratch_run("cd '%s' && git -C feed.git for-each-ref >a && "
			    "git -C replica.git for-each-ref >b && cmp a b && "
			    "test -s a && "
			    "sed 's/feed.git/x/' feed.git/allowed_signers >c "
			    "&& cmp c replica.git/allowed_signers",
			    k->scratch.dir),
		0);
}

static void feed__clones_into_a_folder_that_a_person_can_read(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, A, "one\n");
	assert_int_equal(scratch_run("cd '%s' && git clone -q feed.git c && "
				     "[ \"$(cat c/" A "/record.md)\" = one ]",
				     k->scratch.dir),
			 0);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_find_version__finds_each),
		TEST(feed_find_version__is_not_led_astray_by_a_note),
		TEST(feed_files__gives_each_version),
		TEST(feed_read__sees_what_another_merged),
		TEST(feed_consolidate__lets_go_of_merged_packs),
		TEST(feed_open__keeps_nothing_mapped),
		TEST(feed_open__lets_one_write_and_any_read),
		TEST(feed_open__names_what_is_not_there),
		TEST(feed_create__refuses_what_is_there),
		TEST(feed_create__takes_any_folder_name),
		TEST(feed_open__follows_a_repository_that_moved),
		TEST(feed_open__opens_an_empty_feed),
		TEST(feed_open__reads_loose_objects_never),
		TEST(feed_open__gives_the_same_with_and_without_a_checkpoint),
		TEST(feed__is_the_same_in_two_homes),
		TEST(feed__clones_into_a_folder_that_a_person_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
