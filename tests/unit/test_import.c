#include "store/feed/import.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"

/* A home without a feed of its own, and somebody else's feed beside it. */
struct importkit {
	struct feedkit *feed;
	struct home *home;
	char path[SCRATCH_PATH_BYTES];
	struct import_result result;
};

static int setup(void **state)
{
	struct importkit *k = calloc(1, sizeof *k);
	static const uint8_t id[SHA256_BYTES] = { 1 };
	void *feed = NULL;

	assert_non_null(k);
	assert_int_equal(feedkit_setup(&feed), 0);
	k->feed = feed;
	(void)snprintf(k->path, sizeof k->path, "%s/home",
		       k->feed->scratch.dir);
	feed_ok(k->feed, home_create(k->path, &k->home, &k->feed->msg));
	feed_ok(k->feed, home_finish(k->home, "north", id, &k->feed->msg));
	feed_ok(k->feed, home_lock(k->home, 0, &k->feed->msg));
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	struct importkit *k = *state;
	void *feed = k->feed;

	home_close(k->home);
	assert_int_equal(feedkit_teardown(&feed), 0);
	free(k);
	return 0;
}

/* Import @name of the kit's folder. */
static int import(struct importkit *k, const char *name)
{
	k->feed->msg.text[0] = '\0';
	return feed_import(k->home, scratch_path(&k->feed->scratch, name), NULL,
			   NULL, &k->result, &k->feed->msg);
}

/* Run in the kit's folder, whose feed is feed.git. */
static void run(struct importkit *k, const char *command)
{
	assert_int_equal(scratch_run("set -e; cd '%s'; "
				     "export GIT_AUTHOR_NAME=a "
				     "GIT_AUTHOR_EMAIL=a@b "
				     "GIT_COMMITTER_NAME=a "
				     "GIT_COMMITTER_EMAIL=a@b; %s",
				     k->feed->scratch.dir, command),
			 0);
}

/* What the home holds, its lock aside: names, modes and contents. */
static void list_home(struct importkit *k, const char *to)
{
	assert_int_equal(
		scratch_run("cd '%s' && { find . ! -path ./lock -printf "
			    "'%%p %%m %%y\\n' | sort && find . -type f ! -path "
			    "./lock -print0 | sort -z | xargs -0r sha256sum; } "
			    ">'%s/%s'",
			    k->path, k->feed->scratch.dir, to),
		0);
}

/* Refused with @code and @word, and the home byte for byte as it was. */
static void assert_refused(struct importkit *k, const char *name, int code,
			   const char *word)
{
	list_home(k, "list-before");
	check_refused(import(k, name), code, &k->feed->msg, word);
	list_home(k, "list-after");
	run(k, "diff list-before list-after");
	assert_false(k->result.created);
}

static void assert_imported(struct importkit *k, const char *name, bool created,
			    uint64_t before, uint64_t after)
{
	struct feedkit *f = k->feed;
	struct feed *here = NULL;

	feed_ok(f, import(k, name));
	assert_string_equal(k->result.name, "south-west");
	assert_true(k->result.created == created);
	assert_true(k->result.seq_before == before);
	assert_true(k->result.seq_after == after);
	assert_true(k->result.failed_seq == 0);
	feed_ok(f, home_open_feed(k->home, "south-west", FEED_WRITE, &here,
				  &f->msg));
	assert_true(feed_identity(here)->seq == after);
	assert_memory_equal(feed_identity(here)->commit, k->result.head,
			    OBJECT_ID_BYTES);
	feed_close(here);
	run(k, "[ ! -e home/feeds/.import ]");
	run(k, "git -C home/feeds/south-west.git fsck --strict");
	run(k, "cd home/feeds/south-west.git; for c in $(git rev-list main); "
	       "do git verify-commit $c; done");
}

static void feed_import__takes_a_bare_repository(void **state)
{
	struct importkit *k = *state;

	feedkit_found_vectors(k->feed, VECTORS_N);
	assert_imported(k, "feed.git", true, 0, VECTORS_N);
	assert_memory_equal(k->result.head,
			    vectors_get()->updates[VECTORS_N - 1].commit,
			    OBJECT_ID_BYTES);
	run(k, "git -C feed.git for-each-ref >a; "
	       "git -C home/feeds/south-west.git for-each-ref >b; "
	       "test -s a; cmp a b");
	assert_imported(k, "feed.git", false, VECTORS_N, VECTORS_N);
}

static void feed_import__takes_a_clone_with_its_files(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish_many(k->feed, 20, 1);
	/* loose objects and deltas are what stock git makes of it */
	run(k, "git clone -q feed.git clone; cd clone; "
	       "mv .git/objects/pack/*.pack ..; rm -f .git/objects/pack/*; "
	       "for p in ../pack-*.pack; do git unpack-objects -q <$p; done; "
	       "git fsck");
	assert_imported(k, "clone", true, 0, 22);
	feedkit_publish_many(k->feed, 3, 1);
	run(k, "cd clone; git pull -q; git gc -q --aggressive");
	assert_imported(k, "clone", false, 22, 25);
}

static void feed_import__takes_bundles_one_after_the_other(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	run(k, "git -C feed.git bundle create -q ../all.bundle main");
	feedkit_publish(k->feed, A, "two");
	feedkit_publish(k->feed, A, "three");
	run(k, "git -C feed.git bundle create -q ../new.bundle main~2..main");
	/* based on what is not here */
	assert_refused(k, "new.bundle", WEALD_INVALID, "git");
	assert_imported(k, "all.bundle", true, 0, 3);
	assert_imported(k, "new.bundle", false, 3, 5);
	/* older than what is here: nothing new */
	assert_imported(k, "all.bundle", false, 5, 5);
	assert_imported(k, "new.bundle", false, 5, 5);
}

static void set_narrow(struct importkit *k)
{
	struct feedkit *f = k->feed;
	struct feed *here = NULL;

	feed_ok(f, home_open_feed(k->home, "south-west", FEED_WRITE, &here,
				  &f->msg));
	feed_ok(f, feed_set_narrow(here, true, &f->msg));
	feed_close(here);
}

/* The feed here becomes a narrow one that lacks every content. */
static void drop_contents(struct importkit *k)
{
	set_narrow(k);
	run(k, "cd home/feeds/south-west.git; mkdir p; "
	       "git cat-file --batch-all-objects --batch-check | "
	       "grep -v blob | cut -c1-40 | git pack-objects -q p/pack; "
	       "rm -f objects/pack/*; mv p/* objects/pack; rmdir p");
	/* marks the new pack */
	set_narrow(k);
}

static void feed_import__goes_on_with_a_narrow_feed(void **state)
{
	struct importkit *k = *state;
	struct feedkit *f = k->feed;
	struct feed *here = NULL;

	feedkit_found(f);
	feedkit_publish(f, A, "one");
	run(k, "git -C feed.git bundle create -q ../old.bundle main");
	assert_imported(k, "old.bundle", true, 0, 3);
	drop_contents(k);
	feedkit_publish(f, A, "two");
	feedkit_publish(f, "lesson/2026-11/b", "three");
	run(k, "git -C feed.git bundle create -q ../new.bundle main~2..main");
	assert_imported(k, "new.bundle", false, 3, 5);
	feed_ok(f, home_open_feed(k->home, "south-west", FEED_WRITE, &here,
				  &f->msg));
	assert_true(feed_is_narrow(here));
	/* what came is here, what was not still is not */
	run(k, "cd home/feeds/south-west.git; "
	       "[ $(git cat-file --batch-all-objects --batch-check | "
	       "grep -c blob) = 2 ]");
	assert_int_equal(feed_set_narrow(here, false, &f->msg),
			 WEALD_CONTENT_ABSENT);
	feed_close(here);
	feedkit_publish(f, A, "four");
	assert_imported(k, "feed.git", false, 5, 6);
}

static void feed_import__takes_no_narrow_source(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	assert_imported(k, "feed.git", true, 0, 3);
	drop_contents(k);
	run(k, "mv home/feeds/south-west.git narrow.git");
	assert_refused(k, "narrow.git", WEALD_INVALID, "git");
}

static void feed_import__takes_a_slug_that_is_taken(void **state)
{
	struct importkit *k = *state;
	char hex[13];

	feedkit_found(k->feed);
	assert_imported(k, "feed.git", true, 0, 2);
	feedkit_use(k->feed, "other.git");
	feedkit_found_vectors(k->feed, VECTORS_N);
	feed_ok(k->feed, import(k, "other.git"));
	hex_encode(vectors_get()->feed, 6, hex);
	assert_memory_equal(k->result.name, "south-west-", 11);
	assert_string_equal(k->result.name + 11, hex);
	assert_true(k->result.created);
	assert_true(k->result.seq_after == VECTORS_N);
	/* and again, by the name that it has now */
	feed_ok(k->feed, import(k, "other.git"));
	assert_false(k->result.created);
	assert_string_equal(k->result.name + 11, hex);
	assert_imported(k, "feed.git", false, 2, 2);
}

static void feed_import__refuses_two_lines(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	feedkit_close(k->feed);
	run(k, "cp -r feed.git twin.git");
	feed_ok(k->feed, feedkit_open(k->feed, FEED_WRITE));
	feedkit_publish(k->feed, A, "two");
	feedkit_publish(k->feed, A, "three");
	feedkit_use(k->feed, "twin.git");
	feed_ok(k->feed, feedkit_open(k->feed, FEED_WRITE));
	feedkit_publish(k->feed, A, "another two");
	assert_imported(k, "feed.git", true, 0, 5);
	assert_refused(k, "twin.git", WEALD_DIVERGED, "update 4");
	feedkit_publish(k->feed, A, "another three");
	feedkit_publish(k->feed, A, "another four");
	assert_refused(k, "twin.git", WEALD_DIVERGED, "update 5");
}

static void feed_import__refuses_what_is_no_feed(void **state)
{
	struct importkit *k = *state;

	run(k, "echo text >file; mkdir folder; git init -q --bare empty.git; "
	       "git init -q -b main plain; cd plain; echo x >x; git add x; "
	       "git commit -qm x; cd ..; mkfifo pipe; "
	       "git clone -q plain branch; cd branch; git branch -m other; "
	       "git update-ref -d refs/remotes/origin/main; "
	       "git symbolic-ref -d refs/remotes/origin/HEAD");
	assert_refused(k, "missing", WEALD_NOTFOUND, "missing");
	assert_refused(k, "file", WEALD_INVALID, "git");
	assert_refused(k, "folder", WEALD_INVALID, "git");
	assert_refused(k, "pipe", WEALD_INVALID, "git");
	assert_refused(k, "empty.git", WEALD_NOTFOUND, "main");
	assert_refused(k, "branch", WEALD_NOTFOUND, "main");
	assert_refused(k, "plain", WEALD_COMMIT_NO_UPDATE, NULL);
	assert_true(k->result.failed_seq == 1);
}

static void feed_import__refuses_one_bad_update_at_the_end(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	assert_imported(k, "feed.git", true, 0, 3);
	feedkit_publish_many(k->feed, 5, 1);
	feedkit_close(k->feed);
	run(k, "cd feed.git; git update-ref refs/heads/main "
	       "$(git commit-tree -m x -p main main^{tree})");
	assert_refused(k, "feed.git", WEALD_COMMIT_NO_UPDATE, NULL);
	assert_true(k->result.failed_seq == 9);
	run(k, "rm -rf home/feeds/south-west.git");
	assert_refused(k, "feed.git", WEALD_COMMIT_NO_UPDATE, NULL);
	/* what comes before it is fine */
	run(k, "git -C feed.git update-ref refs/heads/main main~1");
	assert_imported(k, "feed.git", true, 0, 8);
}

static void feed_import__refuses_a_source_that_lacks_a_content(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	feedkit_close(k->feed);
	run(k, "cd feed.git; o=$(git rev-parse main:" A "/record.md); "
	       "git rev-list --objects main | cut -c1-40 | grep -v $o | "
	       "git pack-objects -q ../pack >/dev/null; "
	       "rm -f objects/pack/*; mv ../pack-* objects/pack/");
	assert_refused(k, "feed.git", WEALD_INVALID, "git");
}

static void feed_import__is_not_harmed_by_loose_objects(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	feedkit_close(k->feed);
	/* cut short, garbage, and with a size that is not true */
	run(k, "cp -r feed.git bad.git; cd bad.git; "
	       "for o in main main^{tree} main:" A "/record.md; do "
	       "h=$(git rev-parse $o); d=objects/$(echo $h | cut -c1-2); "
	       "mkdir -p $d; "
	       "printf '\\170\\234\\113\\312' >$d/$(echo $h | cut -c3-); "
	       "done; mkdir -p objects/aa; "
	       "printf garbage "
	       ">objects/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_imported(k, "bad.git", true, 0, 3);
}

static void feed_import__refuses_an_object_that_fills_the_memory(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	feedkit_publish(k->feed, A, "one");
	feedkit_close(k->feed);
	/* 32 MiB of nothing: 32 KiB as a pack */
	run(k, "cd feed.git; b=$(head -c 33554432 /dev/zero | "
	       "git hash-object -w --stdin); "
	       "t=$(printf '100644 blob %s\\tx\\n' $b | git mktree); "
	       "git update-ref refs/heads/main "
	       "$(git commit-tree -m x -p main $t)");
	assert_refused(k, "feed.git", WEALD_INVALID, "33554432");
}

static void feed_import__needs_nothing_of_the_environment(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	assert_int_equal(setenv("GIT_DIR", "/nonexistent", 1), 0);
	assert_int_equal(setenv("GIT_ALLOW_PROTOCOL", "https", 1), 0);
	assert_int_equal(setenv("GIT_DEFAULT_HASH", "sha256", 1), 0);
	feed_ok(k->feed, import(k, "feed.git"));
	(void)unsetenv("GIT_DIR");
	(void)unsetenv("GIT_ALLOW_PROTOCOL");
	(void)unsetenv("GIT_DEFAULT_HASH");
	assert_true(k->result.seq_after == 2);
}

static void feed_import__clears_what_an_earlier_one_left(void **state)
{
	struct importkit *k = *state;

	feedkit_found(k->feed);
	run(k, "mkdir -p home/feeds/.import/objects home/feeds/"
	       ".new-south-west.git; echo x >home/feeds/.import/HEAD");
	assert_imported(k, "feed.git", true, 0, 2);
	run(k, "[ \"$(ls -A home/feeds)\" = south-west.git ]");
}

struct progress {
	uint64_t last;
	uint64_t total;
};

static void progress_cb(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	assert_true(done <= total);
	p->last = done;
	p->total = total;
}

static void feed_import__tells_how_far_it_is(void **state)
{
	struct importkit *k = *state;
	struct progress p = { 0 };

	feedkit_found_vectors(k->feed, VECTORS_N);
	feed_ok(k->feed, feed_import(k->home, k->feed->dir, progress_cb, &p,
				     &k->result, &k->feed->msg));
	assert_true(p.last == VECTORS_N && p.total == VECTORS_N);
}

static void feed_import__leaves_nothing_where_the_disk_is_full(void **state)
{
	struct importkit *k = *state;
	unsigned nth;
	int r = WEALD_NOSPACE;

	feedkit_found(k->feed);
	feedkit_publish_many(k->feed, 3, 3);
	feedkit_close(k->feed);
	for (nth = 1; r != WEALD_OK; nth++) {
		list_home(k, "list-before");
		fault_arm(FAULT_WRITE, nth, 1000, ENOSPC);
		r = import(k, "feed.git");
		fault_disarm();
		if (r != WEALD_OK) {
			assert_int_equal(r, WEALD_NOSPACE);
			list_home(k, "list-after");
			run(k, "diff list-before list-after");
		}
	}
	assert_true(nth > 5);
	assert_imported(k, "feed.git", false, 5, 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_import__takes_a_bare_repository),
		TEST(feed_import__takes_a_clone_with_its_files),
		TEST(feed_import__takes_bundles_one_after_the_other),
		TEST(feed_import__goes_on_with_a_narrow_feed),
		TEST(feed_import__takes_no_narrow_source),
		TEST(feed_import__takes_a_slug_that_is_taken),
		TEST(feed_import__refuses_two_lines),
		TEST(feed_import__refuses_what_is_no_feed),
		TEST(feed_import__refuses_one_bad_update_at_the_end),
		TEST(feed_import__refuses_a_source_that_lacks_a_content),
		TEST(feed_import__is_not_harmed_by_loose_objects),
		TEST(feed_import__refuses_an_object_that_fills_the_memory),
		TEST(feed_import__needs_nothing_of_the_environment),
		TEST(feed_import__clears_what_an_earlier_one_left),
		TEST(feed_import__tells_how_far_it_is),
		TEST(feed_import__leaves_nothing_where_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
