#include "store/feed/verify.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"

static int verify(struct feedkit *k, struct verify_result *out)
{
	k->msg.text[0] = '\0';
	return feed_verify(k->dir, NULL, NULL, NULL, out, &k->msg);
}

struct progress {
	uint64_t calls;
	uint64_t last;
	uint64_t total;
};

static void progress_cb(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	assert_true(done > p->last);
	assert_true(done <= total);
	p->calls++;
	p->last = done;
	p->total = total;
}

static void feed_verify__says_that_the_vectors_are_good(void **state)
{
	struct feedkit *k = *state;
	struct progress p = { .calls = 0 };
	struct verify_result res;

	feedkit_found_vectors(k, VECTORS_N);
	feed_ok(k, feed_verify(k->dir, NULL, progress_cb, &p, &res, &k->msg));
	assert_true(res.total == VECTORS_N);
	assert_true(res.failed_seq == 0);
	assert_true(res.identity.seq == VECTORS_N);
	assert_memory_equal(res.identity.commit,
			    vectors_get()->updates[VECTORS_N - 1].commit,
			    OBJECT_ID_BYTES);
	assert_true(p.calls > 0);
	assert_true(p.last == VECTORS_N && p.total == VECTORS_N);
}

static void feed_verify__takes_more_than_one_batch(void **state)
{
	struct feedkit *k = *state;
	struct verify_result res;

	feedkit_found(k);
	feedkit_publish_many(k, 600, 200);
	feed_ok(k, verify(k, &res));
	assert_true(res.total == 602);
	assert_true(res.identity.seq == 602);
}

static void feed_verify__trusts_no_checkpoint(void **state)
{
	struct feedkit *k = *state;
	struct verify_result res;

	feedkit_found(k);
	feedkit_publish_many(k, 600, 200);
	feedkit_close(k);
	feedkit_store(feedkit_path(k, "weald/checkpoint"), "nonsense", 8);
	feed_ok(k, verify(k, &res));
	assert_true(res.identity.seq == 602);
}

static void feed_verify__says_where_there_is_nothing(void **state)
{
	struct feedkit *k = *state;
	struct verify_result res;

	check_refused(verify(k, &res), WEALD_NOTFOUND, &k->msg, "feed.git");
	feed_ok(k, feed_create(k->dir, &k->msg));
	assert_int_equal(verify(k, &res), WEALD_NOTFOUND);
	assert_true(res.total == 0);
}

/* Pack all anew without the object that git calls @name. */
static void lose(struct feedkit *k, const char *name)
{
	feedkit_close(k);
	assert_int_equal(
		scratch_run("cd '%s' && mkdir p && "
			    "o=$(git rev-parse '%s') && "
			    "{ git rev-list --objects main | cut -c1-40; "
			    "git rev-parse main~6^{tree}; } | "
			    "grep -v $o | git pack-objects -q p/pack "
			    ">/dev/null && rm -f objects/pack/* && "
			    "mv p/* objects/pack/ && rmdir p",
			    k->dir, name),
		0);
}

static void feed_verify__names_the_update_of_what_is_missing(void **state)
{
	static const struct {
		const char *object;
		int code;
		uint64_t seq; /* 0: the history cannot even be listed */
	} cases[] = {
		{ "main~4:intervention/2026-11/sepsis-first-dose-trolley/"
		  "record.md",
		  WEALD_CONTENT_ABSENT, 3 },
		{ "main~2:evidence/2026-11/sepsis-trolley-2025/data.csv",
		  WEALD_CONTENT_ABSENT, 5 },
		{ "main~5:region.yaml", WEALD_CONTENT_ABSENT, 2 },
		{ "main^{tree}", WEALD_CORRUPT, 7 },
		{ "main~1^{tree}", WEALD_CORRUPT, 6 },
		{ "main~2:evidence/2026-11", WEALD_CORRUPT, 5 },
		{ "main~6^{tree}", WEALD_CORRUPT, 1 },
		{ "main~3", WEALD_CORRUPT, 0 },
		{ "main", WEALD_CORRUPT, 0 },
	};
	struct feedkit *k = *state;
	struct verify_result res;
	char name[16];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)snprintf(name, sizeof name, "f%zu.git", i);
		feedkit_use(k, name);
		feedkit_found_vectors(k, VECTORS_N);
		lose(k, cases[i].object);
		check_refused(verify(k, &res), cases[i].code, &k->msg, NULL);
		assert_true(res.failed_seq == cases[i].seq);
		if (cases[i].seq > 0) {
			assert_true(res.identity.seq == cases[i].seq - 1);
			assert_int_equal(
				scratch_run("[ %s = $(git -C '%s' rev-parse "
					    "main~%u) ]",
					    res.failed_commit, k->dir,
					    VECTORS_N - (unsigned)cases[i].seq),
				0);
		}
	}
}

static void feed_verify__names_a_commit_that_no_weald_made(void **state)
{
	struct feedkit *k = *state;
	struct verify_result res;

	feedkit_found_vectors(k, VECTORS_N);
	feedkit_close(k);
	assert_int_equal(
		scratch_run("cd '%s' && export GIT_AUTHOR_NAME=a "
			    "GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
			    "GIT_COMMITTER_EMAIL=a@b && "
			    "git update-ref refs/heads/main "
			    "$(git commit-tree -m x -p main main^{tree}) && "
			    "git repack -qad",
			    k->dir),
		0);
	check_refused(verify(k, &res), WEALD_COMMIT_NO_UPDATE, &k->msg, NULL);
	assert_true(res.failed_seq == VECTORS_N + 1);
	assert_string_equal(res.failed_commit, feedkit_main(k));
	assert_true(res.identity.seq == VECTORS_N);
}

/* The file of the only pack that ends with @ending. */
static const char *pack_file(struct feedkit *k, const char *ending)
{
	static char path[SCRATCH_PATH_BYTES];
	DIR *d = opendir(feedkit_path(k, "objects/pack"));
	struct dirent *de;

	assert_non_null(d);
	do {
		de = readdir(d);
		assert_non_null(de);
	} while (strstr(de->d_name, ending) == NULL);
	(void)snprintf(path, sizeof path, "%s/%.200s",
		       feedkit_path(k, "objects/pack"), de->d_name);
	(void)closedir(d);
	return path;
}

/* The vectors in one pack, closed. */
static void found_one_pack(struct feedkit *k)
{
	size_t i;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < VECTORS_N; i++) {
		feed_ok(k, feedkit_append_vector(k, i));
	}
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_close(k);
}

/* Everything can still be read, byte for byte. */
static void assert_unharmed(struct feedkit *k)
{
	struct buf out;
	size_t i;

	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_true(feedkit_seq(k) == VECTORS_N);
	for (i = 0; i < VECTORS_N; i++) {
		buf_init(&out, ENVELOPE_BYTES_MAX);
		feed_ok(k, feed_read_envelope(k->feed, i + 1, FRAME_FILL_ALL,
					      &out, &k->msg));
		assert_true(span_equal(buf_span(&out),
				       vectors_get()->updates[i].envelope));
		buf_release(&out);
	}
	feedkit_close(k);
}

/*
 * Flip bits of the pack's file with @ending all over it. Verification refuses
 * the feed or, where the bits say nothing, nothing is harmed; opening never
 * ends in anything but a code.
 */
static void damage(struct feedkit *k, const char *ending, unsigned tries,
		   unsigned least)
{
	struct verify_result res;
	struct buf file;
	unsigned refused = 0;
	struct prng p;
	unsigned i;
	char path[SCRATCH_PATH_BYTES];
	uint8_t bit;
	size_t at;

	found_one_pack(k);
	(void)snprintf(path, sizeof path, "%s", pack_file(k, ending));
	file = feedkit_load(path);
	prng_begin(&p, ending);
	for (i = 0; i < tries; i++) {
		at = prng_below(&p, file.len);
		bit = (uint8_t)(1u << prng_below(&p, 8));
		file.data[at] ^= bit;
		feedkit_store(path, file.data, file.len);
		if (verify(k, &res) == WEALD_OK) {
			assert_unharmed(k);
		} else {
			refused++;
			assert_true(strlen(k->msg.text) > 0);
			(void)feedkit_open(k, FEED_READ);
			feedkit_close(k);
		}
		file.data[at] ^= bit;
	}
	assert_true(refused >= least);
	for (at = 0; at < file.len; at += 1 + file.len / 50) {
		feedkit_store(path, file.data, at);
		assert_int_not_equal(verify(k, &res), WEALD_OK);
	}
	feedkit_store(path, file.data, file.len);
	feed_ok(k, verify(k, &res));
	buf_release(&file);
}

static void feed_verify__finds_damage_in_a_pack(void **state)
{
	/* but for its first and last bytes and zlib's checksums all is read */
	damage(*state, ".pack", 300, 200);
}

static void feed_verify__finds_damage_in_an_index(void **state)
{
	/* libgit2 would crash where an offset is wrong */
	damage(*state, ".idx", 300, 300);
}

/* An object with a size that is not true, or would fill the memory. */
static void feed_verify__inflates_no_more_than_an_update_may_have(void **state)
{
	struct feedkit *k = *state;
	struct verify_result res;

	feedkit_found(k);
	feedkit_close(k);
	/* a commit of 64 MiB that looks like an update, a few KB as a pack */
	assert_int_equal(
		scratch_run("cd '%s' && c=$({ git cat-file commit main | "
			    "sed '/^$/q'; head -c 67108864 /dev/zero | "
			    "tr '\\0' x; } | git hash-object -t commit -w "
			    "--stdin) && git update-ref refs/heads/main $c && "
			    "git repack -qad",
			    k->dir),
		0);
	check_refused(verify(k, &res), WEALD_COMMIT_FORM, &k->msg, "commit");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_verify__says_that_the_vectors_are_good),
		TEST(feed_verify__takes_more_than_one_batch),
		TEST(feed_verify__trusts_no_checkpoint),
		TEST(feed_verify__says_where_there_is_nothing),
		TEST(feed_verify__names_the_update_of_what_is_missing),
		TEST(feed_verify__names_a_commit_that_no_weald_made),
		TEST(feed_verify__finds_damage_in_a_pack),
		TEST(feed_verify__finds_damage_in_an_index),
		TEST(feed_verify__inflates_no_more_than_an_update_may_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
