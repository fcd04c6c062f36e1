#include "store/feed/recover.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/feed/feed.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A    "lesson/2026-11/a"
#define MAIN "refs/heads/main"

/* main as an admin would move it: "" removes it. */
static void move_main(struct feedkit *k, const char *to)
{
	feedkit_close(k);
	assert_int_equal(
		to[0] == '\0'
			? scratch_run("git -C '%s' update-ref -d " MAIN, k->dir)
			: scratch_run("git -C '%s' update-ref " MAIN " %s",
				      k->dir, to),
		0);
}

/* Opened for writing the feed stands at @head again, and goes on. */
static void assert_recovers(struct feedkit *k, uint64_t seq, const char *head)
{
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == seq);
	assert_true(feed_committed_seq(k->feed) == seq);
	assert_string_equal(feedkit_commit(k, seq), head);
	assert_string_equal(feedkit_main(k), head);
	feedkit_publish(k, A, "goes on");
	assert_true(feedkit_seq(k) == seq + 1);
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

static void copy_head(struct feedkit *k, char out[2 * OBJECT_ID_BYTES + 1])
{
	(void)snprintf(out, 2 * OBJECT_ID_BYTES + 1, "%s", feedkit_main(k));
}

static void recover__takes_in_a_pack_that_main_did_not_reach(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];
	char before[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	copy_head(k, before);
	feedkit_publish(k, A, "two");
	copy_head(k, head);
	/* the process died between the pack and the ref */
	move_main(k, before);
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feedkit_seq(k) == 3);
	assert_recovers(k, 4, head);
}

static void recover__follows_several_packs(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 7, 2);
	copy_head(k, head);
	move_main(k, "main~6");
	assert_recovers(k, 9, head);
}

static void recover__goes_on_within_a_pack(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 20, 20);
	copy_head(k, head);
	move_main(k, "main~7");
	assert_recovers(k, 22, head);
}

static void recover__goes_on_within_merged_packs(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 30, 1);
	feed_ok(k, feed_consolidate(k->feed, &k->msg));
	assert_true(feedkit_packs(k) < 20);
	copy_head(k, head);
	move_main(k, "main~21");
	assert_recovers(k, 32, head);
}

static void recover__finds_a_main_that_was_lost(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 10, 3);
	copy_head(k, head);
	move_main(k, "");
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feedkit_seq(k) == 0);
	assert_recovers(k, 12, head);
}

static void recover__looks_where_the_checkpoint_was(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish_many(k, 600, 300);
	copy_head(k, head);
	/* packs of another cut: none begins beyond main, none ends with it */
	feedkit_close(k);
	assert_int_equal(
		scratch_run("cd '%s' && "
			    "git rev-list --objects main~300..main >b && "
			    "git rev-list --objects main~400 >a && "
			    "git rev-list --objects main~300 --not main~400 "
			    ">m && mkdir x && "
			    "cat a b | cut -c1-40 | git pack-objects -q "
			    "--window=0 x/pack && "
			    "cut -c1-40 m | git pack-objects -q --window=0 "
			    "x/pack && "
			    "rm -f objects/pack/* && mv x/* objects/pack/ && "
			    "rm -r a b m x && git fsck --strict",
			    k->dir),
		0);
	move_main(k, "main~300");
	assert_recovers(k, 602, head);
}

static void recover__brings_allowed_signers_up_to_date(void **state)
{
	struct feedkit *k = *state;
	char head[2 * OBJECT_ID_BYTES + 1];
	struct buf old;

	feedkit_found(k);
	old = feedkit_load(feedkit_path(k, "allowed_signers"));
	feedkit_rotate(k, vectors_get()->seed_second);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_publish(k, A, "by the second key");
	copy_head(k, head);
	move_main(k, "main~2");
	feedkit_store(feedkit_path(k, "allowed_signers"), old.data, old.len);
	buf_release(&old);
	assert_recovers(k, 4, head);
}

/* A copy of the feed, as it is now, is the kit's one, open for writing. */
static void use_copy(struct feedkit *k, const char *name)
{
	char from[SCRATCH_PATH_BYTES];

	memcpy(from, k->dir, sizeof from);
	feedkit_use(k, name);
	assert_int_equal(scratch_run("cp -r '%s' '%s'", from, k->dir), 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
}

/* The objects new in @from since @since, but for those of @but, as a pack. */
static void bring_pack(struct feedkit *k, const char *from, const char *since,
		       const char *but)
{
	assert_int_equal(
		scratch_run("cd '%s/%s' && "
			    "git rev-list --objects main --not %s | "
			    "cut -c1-40 | grep -v '^%s$' | "
			    "git pack-objects -q '%s/objects/pack/pack' "
			    ">/dev/null",
			    k->scratch.dir, from, since, but, k->dir),
		0);
}

static void recover__takes_the_longest_line(void **state)
{
	struct feedkit *k = *state;
	char base[2 * OBJECT_ID_BYTES + 1];
	char head[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	copy_head(k, base);
	use_copy(k, "short.git");
	feedkit_publish(k, A, "a line of its own");
	feedkit_use(k, "feed.git");
	use_copy(k, "long.git");
	feedkit_publish_many(k, 3, 1);
	copy_head(k, head);
	feedkit_use(k, "feed.git");
	bring_pack(k, "short.git", base, "-");
	bring_pack(k, "long.git", base, "-");
	assert_recovers(k, 5, head);
}

static void recover__leaves_what_is_not_whole(void **state)
{
	static const char *const missing[] = {
		"main:" A "/record.md",       /* a content */
		"main^{tree}", "main:lesson", /* trees */
	};
	struct feedkit *k = *state;
	char base[2 * OBJECT_ID_BYTES + 1];
	char id[2 * OBJECT_ID_BYTES + 2] = "";
	char name[16];
	size_t i;
	FILE *f;

	feedkit_found(k);
	feedkit_publish(k, "lesson/2026-11/x", "zero");
	copy_head(k, base);
	use_copy(k, "ahead.git");
	feedkit_publish(k, A, "one");
	for (i = 0; i < 3; i++) {
		feedkit_use(k, "ahead.git");
		(void)snprintf(name, sizeof name, "half%zu.git", i);
		assert_int_equal(scratch_run("cd '%s' && git rev-parse '%s' "
					     ">../id",
					     k->dir, missing[i]),
				 0);
		f = fopen(scratch_path(&k->scratch, "id"), "re");
		assert_non_null(f);
		assert_non_null(fgets(id, sizeof id - 1, f));
		(void)fclose(f);
		feedkit_use(k, "feed.git");
		use_copy(k, name);
		feedkit_close(k);
		bring_pack(k, "ahead.git", base, id);
		feed_ok(k, feedkit_open(k, FEED_WRITE));
		assert_true(feedkit_seq(k) == 3);
		assert_string_equal(feedkit_main(k), base);
	}
	/* the missing ones come: all is there now */
	bring_pack(k, "ahead.git", base, "-");
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 4);
	feedkit_assert_git_agrees(k);
}

/* The name of some pack, without ending, below the repository. */
static const char *any_pack(struct feedkit *k)
{
	static char name[64];
	DIR *d = opendir(feedkit_path(k, "objects/pack"));
	struct dirent *de;

	assert_non_null(d);
	do {
		de = readdir(d);
		assert_non_null(de);
	} while (strstr(de->d_name, ".pack") == NULL);
	(void)snprintf(name, sizeof name, "objects/pack/%.45s", de->d_name);
	(void)closedir(d);
	return name;
}

#define GARBAGE "objects/pack/pack-0123456789012345678901234567890123456789"

static void recover__is_not_held_up_by_garbage(void **state)
{
	struct feedkit *k = *state;
	char name[64];
	char path[80];
	struct buf pack;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	feedkit_close(k);
	(void)snprintf(name, sizeof name, "%s", any_pack(k));
	/* a pack that is none, and no index: it goes */
	feedkit_store(feedkit_path(k, GARBAGE ".pack"), "garbage", 7);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 3);
	assert_int_equal(access(feedkit_path(k, GARBAGE ".pack"), F_OK), -1);
	feedkit_close(k);
	/* other bytes than the index of a pack is about */
	(void)snprintf(path, sizeof path, "%s.pack", name);
	pack = feedkit_load(feedkit_path(k, path));
	memset(pack.data + 12, 0, pack.len - 12);
	feedkit_store(feedkit_path(k, GARBAGE ".pack"), pack.data, pack.len);
	buf_release(&pack);
	(void)snprintf(path, sizeof path, "%s.idx", name);
	pack = feedkit_load(feedkit_path(k, path));
	feedkit_store(feedkit_path(k, GARBAGE ".idx"), pack.data, pack.len);
	buf_release(&pack);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 3);
	feedkit_publish(k, A, "two");
}

static void feed_open__names_an_index_that_is_damaged(void **state)
{
	struct feedkit *k = *state;
	char path[80];
	struct buf idx;
	size_t i;

	feedkit_found(k);
	feedkit_close(k);
	(void)snprintf(path, sizeof path, "%s.idx", any_pack(k));
	idx = feedkit_load(feedkit_path(k, path));
	for (i = 0; i < idx.len; i += 13) {
		idx.data[i] ^= 0x40;
		feedkit_store(feedkit_path(k, path), idx.data, idx.len);
		check_refused(feedkit_open(k, FEED_WRITE), WEALD_CORRUPT,
			      &k->msg, path);
		idx.data[i] ^= 0x40;
	}
	for (i = 0; i < idx.len; i += 13) {
		feedkit_store(feedkit_path(k, path), idx.data, i);
		check_refused(feedkit_open(k, FEED_READ), WEALD_CORRUPT,
			      &k->msg, path);
	}
	feedkit_store(feedkit_path(k, path), idx.data, idx.len);
	buf_release(&idx);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
}

static void feed_open__names_a_multi_index_that_is_damaged(void **state)
{
	static const char name[] = "objects/pack/multi-pack-index";
	struct feedkit *k = *state;
	struct buf idx;
	size_t i;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	feedkit_close(k);
	assert_int_equal(scratch_run("git -C '%s' multi-pack-index write",
				     k->dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	idx = feedkit_load(feedkit_path(k, name));
	for (i = 0; i < idx.len; i += 13) {
		idx.data[i] ^= 0x40;
		feedkit_store(feedkit_path(k, name), idx.data, idx.len);
		check_refused(feedkit_open(k, FEED_WRITE), WEALD_CORRUPT,
			      &k->msg, name);
		idx.data[i] ^= 0x40;
	}
	feedkit_store(feedkit_path(k, name), "", 0);
	check_refused(feedkit_open(k, FEED_READ), WEALD_CORRUPT, &k->msg, name);
	feedkit_store(feedkit_path(k, name), idx.data, idx.len);
	buf_release(&idx);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_publish(k, A, "two");
	feedkit_assert_git_agrees(k);
}

static void recover__leaves_a_line_of_another_feed(void **state)
{
	struct feedkit *k = *state;
	char base[2 * OBJECT_ID_BYTES + 1];

	feedkit_use(k, "other.git");
	feedkit_found_vectors(k, VECTORS_N);
	feedkit_use(k, "feed.git");
	feedkit_found(k);
	copy_head(k, base);
	feedkit_close(k);
	assert_int_equal(scratch_run("cp -f '%s'/other.git/objects/pack/* "
				     "'%s'/objects/pack/",
				     k->scratch.dir, k->dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 2);
	assert_string_equal(feedkit_main(k), base);
	feedkit_assert_git_agrees(k);
}

static void feed_open__refuses_a_commit_that_no_weald_made(void **state)
{
	static const char commit[] =
		"cd '%s' && export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
		"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && "
		"git update-ref " MAIN
		" $(git commit-tree -m x %s main^{tree})";
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	feedkit_close(k);
	/* a loose object: it is not looked at */
	assert_int_equal(scratch_run(commit, k->dir, "-p main"), 0);
	check_refused(feedkit_open(k, FEED_WRITE), WEALD_CORRUPT, &k->msg,
		      feedkit_main(k));
	assert_int_equal(scratch_run("git -C '%s' repack -qad", k->dir), 0);
	check_refused(feedkit_open(k, FEED_WRITE), WEALD_COMMIT_NO_UPDATE,
		      &k->msg, "update 4");
	check_refused(feedkit_open(k, FEED_READ), WEALD_COMMIT_NO_UPDATE,
		      &k->msg, feedkit_main(k));
	/* and one without any history */
	assert_int_equal(scratch_run(commit, k->dir, ""), 0);
	assert_int_equal(scratch_run("git -C '%s' repack -qad", k->dir), 0);
	check_refused(feedkit_open(k, FEED_WRITE), WEALD_COMMIT_NO_UPDATE,
		      &k->msg, "update 1");
}

static void feed_open__refuses_a_main_that_is_no_commit(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_close(k);
	feedkit_store(feedkit_path(k, MAIN), "", 0);
	check_refused(feedkit_open(k, FEED_WRITE), WEALD_CORRUPT, &k->msg,
		      "main");
	feedkit_store(feedkit_path(k, MAIN), "no id of any object", 19);
	check_refused(feedkit_open(k, FEED_READ), WEALD_CORRUPT, &k->msg,
		      "main");
	feedkit_store(feedkit_path(k, MAIN),
		      "4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", 41);
	check_refused(feedkit_open(k, FEED_READ), WEALD_CORRUPT, &k->msg,
		      "4b825dc");
	feedkit_store(feedkit_path(k, MAIN),
		      "0123456789012345678901234567890123456789\n", 41);
	check_refused(feedkit_open(k, FEED_READ), WEALD_CORRUPT, &k->msg,
		      "0123456789");
}

static void feed_open__takes_what_stock_git_packed_anew(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish_many(k, 20, 1);
	feedkit_close(k);
	assert_int_equal(scratch_run("cd '%s' && git gc -q --aggressive && "
				     "git pack-refs --all && "
				     "[ ! -e " MAIN " ]",
				     k->dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 22);
	feedkit_publish(k, A, "one");
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recover__takes_in_a_pack_that_main_did_not_reach),
		TEST(recover__follows_several_packs),
		TEST(recover__goes_on_within_a_pack),
		TEST(recover__goes_on_within_merged_packs),
		TEST(recover__finds_a_main_that_was_lost),
		TEST(recover__looks_where_the_checkpoint_was),
		TEST(recover__brings_allowed_signers_up_to_date),
		TEST(recover__takes_the_longest_line),
		TEST(recover__leaves_what_is_not_whole),
		TEST(recover__is_not_held_up_by_garbage),
		TEST(feed_open__names_an_index_that_is_damaged),
		TEST(feed_open__names_a_multi_index_that_is_damaged),
		TEST(recover__leaves_a_line_of_another_feed),
		TEST(feed_open__refuses_a_commit_that_no_weald_made),
		TEST(feed_open__refuses_a_main_that_is_no_commit),
		TEST(feed_open__takes_what_stock_git_packed_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
