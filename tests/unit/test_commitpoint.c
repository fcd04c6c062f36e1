/*
 * Commit points: whatever call fails during feed_commit(), and wherever the
 * process dies, the feed is at the old head or at the new one, and goes on.
 *
 * libgit2 calls the C library by itself, out of the reach of --wrap. So the
 * calls are defined here: the linker exports them from the program, and the
 * shared library's calls end here, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/feed/feed.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"

enum call { CALL_FSYNC, CALL_WRITE, CALL_RENAME, CALLS_N };

static struct {
	bool armed;
	enum call call;
	unsigned nth;      /* of @call; 0: none */
	bool for_ever;     /* all from the nth on */
	unsigned crash_at; /* of all; 0: never */
	int error;
	unsigned calls[CALLS_N];
	unsigned all;
} shim;

static void shim_arm(enum call call, unsigned nth, int error)
{
	memset(&shim, 0, sizeof shim);
	shim.call = call;
	shim.nth = nth;
	shim.error = error;
	shim.armed = true;
}

static bool shim_is_due(enum call call)
{
	if (!shim.armed) {
		return false;
	}
	shim.calls[call]++;
	if (++shim.all == shim.crash_at) {
		_exit(99);
	}
	if (call != shim.call || shim.nth == 0 || shim.calls[call] < shim.nth ||
	    (!shim.for_ever && shim.calls[call] > shim.nth)) {
		return false;
	}
	errno = shim.error;
	return true;
}

int fsync(int fd)
{
	return shim_is_due(CALL_FSYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	/* what the test itself prints is none of it */
	if (fd > STDERR_FILENO && shim_is_due(CALL_WRITE)) {
		return -1;
	}
	return syscall(SYS_write, fd, buf, n);
}

int renameat(int oldfd, const char *old, int newfd, const char *new)
{
	if (shim_is_due(CALL_RENAME)) {
		return -1;
	}
	return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, 0);
}

int rename(const char *old, const char *new)
{
	return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

/* A revise of A that differs from all before. */
static int sign_next(struct feedkit *k)
{
	static unsigned n;
	char text[32];

	(void)snprintf(text, sizeof text, "text %u", n++);
	return feedkit_sign(k, A, text);
}

/* Sign with the key that the feed has now. */
static void adopt_signer(struct feedkit *k)
{
	const struct vectors *v = vectors_get();

	ed25519_signer_free(k->signer);
	k->signer = NULL;
	feed_ok(k, ed25519_signer_new(v->seed_first, &k->signer));
	if (memcmp(ed25519_signer_key(k->signer), feed_identity(k->feed)->key,
		   PUBKEY_BYTES) != 0) {
		ed25519_signer_free(k->signer);
		k->signer = NULL;
		feed_ok(k, ed25519_signer_new(v->seed_second, &k->signer));
	}
}

static void rotate(struct feedkit *k)
{
	const struct vectors *v = vectors_get();
	uint8_t first[PUBKEY_BYTES];

	feed_ok(k, ed25519_public(v->seed_first, first));
	feedkit_rotate(k, memcmp(first, feed_identity(k->feed)->key,
				 sizeof first) == 0
				  ? v->seed_second
				  : v->seed_first);
}

/* Where the feed stood before the commit that fails, and where it would. */
struct heads {
	uint64_t seq;
	char before[2 * OBJECT_ID_BYTES + 1];
	char after[2 * OBJECT_ID_BYTES + 1];
};

static void copy_hex(char out[2 * OBJECT_ID_BYTES + 1], const char *hex)
{
	(void)snprintf(out, 2 * OBJECT_ID_BYTES + 1, "%s", hex);
}

/*
 * The state in memory and on disk is the old one or the new one, and it can be
 * gone on from it; @opened: in the same handle.
 */
static void assert_consistent(struct feedkit *k, const struct heads *h,
			      bool may_be_new)
{
	uint64_t seq = feedkit_seq(k);
	const char *main_ref = feedkit_main(k);

	assert_true(seq == h->seq || (may_be_new && seq == h->seq + 1));
	assert_true(feed_committed_seq(k->feed) == seq);
	assert_string_equal(feedkit_commit(k, seq),
			    seq == h->seq ? h->before : h->after);
	assert_string_equal(main_ref, feedkit_commit(k, seq));
}

static void check_failed(struct feedkit *k, int r, int error,
			 const struct heads *h)
{
	if (error == ENOSPC) {
		assert_true(r == WEALD_NOSPACE || r == WEALD_UNKNOWN);
	} else {
		assert_true(r == WEALD_IO || r == WEALD_UNKNOWN);
	}
	assert_true(strlen(k->msg.text) > 0);
	assert_consistent(k, h, r == WEALD_UNKNOWN);
	assert_int_equal(feed_staged(k->feed), 0);
	if (r == WEALD_NOSPACE) {
		/* a full disk is no reason to stop: the same handle goes on */
		adopt_signer(k);
		feed_ok(k, sign_next(k));
		feed_rollback(k->feed);
	} else {
		/* a disk that failed is */
		assert_int_equal(sign_next(k), r);
		assert_int_equal(feed_commit(k->feed, &k->msg), r);
	}
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_consistent(k, h, r == WEALD_UNKNOWN);
	adopt_signer(k);
	feed_ok(k, sign_next(k));
	feed_ok(k, feed_commit(k->feed, &k->msg));
}

/* Let each @call of a commit fail with @error in turn; how many there are. */
static unsigned fail_each(struct feedkit *k, enum call call, int error,
			  bool for_ever, bool rotating)
{
	struct heads h;
	unsigned nth;
	int r;

	for (nth = 1;; nth++) {
		if (rotating) {
			rotate(k);
		} else {
			feed_ok(k, sign_next(k));
		}
		h.seq = feedkit_seq(k) - 1;
		copy_hex(h.before, feedkit_commit(k, h.seq));
		copy_hex(h.after, feedkit_commit(k, h.seq + 1));
		k->msg.text[0] = '\0';
		shim_arm(call, nth, error);
		shim.for_ever = for_ever;
		r = feed_commit(k->feed, &k->msg);
		shim.armed = false;
		if (shim.calls[call] < nth) {
			feed_ok(k, r);
			return nth - 1;
		}
		assert_int_not_equal(r, WEALD_OK);
		check_failed(k, r, error, &h);
	}
}

static void fail_all(struct feedkit *k, enum call call, unsigned least)
{
	static const int errors[] = { EIO, ENOSPC };
	unsigned steps;
	unsigned i;

	feedkit_found(k);
	feedkit_publish(k, A, "begin");
	for (i = 0; i < 8; i++) {
		steps = fail_each(k, call, errors[i % 2], (i & 2) != 0,
				  (i & 4) != 0);
		assert_true(steps >= least);
	}
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

static void feed_commit__survives_each_fsync_that_fails(void **state)
{
	/* pack, index, their folder, the ref, its folder */
	fail_all(*state, CALL_FSYNC, 5);
}

static void feed_commit__survives_each_write_that_fails(void **state)
{
	/* pack, index, ref */
	fail_all(*state, CALL_WRITE, 3);
}

static void feed_commit__survives_each_rename_that_fails(void **state)
{
	fail_all(*state, CALL_RENAME, 3);
}

/* The first commit point has no main to start from. */
static void feed_commit__survives_failures_in_an_empty_feed(void **state)
{
	struct feedkit *k = *state;
	enum call call;
	unsigned nth;
	int r;

	feed_ok(k, feed_create(k->dir, &k->msg));
	for (call = CALL_FSYNC; call < CALLS_N; call++) {
		for (nth = 1; nth < 5; nth++) {
			feed_ok(k, feedkit_open(k, FEED_WRITE));
			if (feedkit_seq(k) > 0) {
				break;
			}
			feed_ok(k, feedkit_append_vector(k, 0));
			shim_arm(call, nth, EIO);
			r = feed_commit(k->feed, &k->msg);
			shim.armed = false;
			assert_true(r == WEALD_IO || r == WEALD_UNKNOWN ||
				    shim.calls[call] < nth);
			if (r == WEALD_IO) {
				assert_true(feedkit_seq(k) == 0);
			}
		}
	}
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	if (feedkit_seq(k) == 0) {
		feed_ok(k, feedkit_append_vector(k, 0));
	}
	feed_ok(k, feedkit_append_vector(k, 1));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

/* In a child: sign, commit, merge, and die at call @nth; how it ended. */
static int die_at(struct feedkit *k, unsigned nth)
{
	int status = -1;
	pid_t pid;

	feedkit_close(k);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (feedkit_open(k, FEED_WRITE) != WEALD_OK) {
			_exit(2);
		}
		rotate(k);
		shim_arm(CALL_FSYNC, 0, 0);
		shim.crash_at = nth;
		if (feed_commit(k->feed, &k->msg) != WEALD_OK ||
		    feed_consolidate(k->feed, &k->msg) != WEALD_OK) {
			_exit(3);
		}
		_exit(shim.all < nth ? 0 : 4);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_no_litter(struct feedkit *k)
{
	assert_int_equal(scratch_run("cd '%s' && find . -name '*.lock' "
				     "-o -name 'tmp_*' | grep . && exit 1; "
				     "true",
				     k->dir),
			 0);
}

static void feed_commit__survives_death_at_each_call(void **state)
{
	struct feedkit *k = *state;
	unsigned nth;
	uint64_t seq;
	int ended;

	feedkit_found(k);
	feedkit_publish(k, A, "begin");
	seq = feedkit_seq(k);
	for (nth = 1; nth < 100; nth++) {
		ended = die_at(k, nth);
		feed_ok(k, feedkit_open(k, FEED_WRITE));
		assert_no_litter(k);
		assert_true(feedkit_seq(k) == seq || feedkit_seq(k) == seq + 1);
		assert_string_equal(feedkit_main(k),
				    feedkit_commit(k, feedkit_seq(k)));
		if (ended == 0) {
			assert_true(feedkit_seq(k) == seq + 1);
			break;
		}
		assert_int_equal(ended, 99);
		adopt_signer(k);
		feed_ok(k, sign_next(k));
		feed_ok(k, feed_commit(k->feed, &k->msg));
		seq = feedkit_seq(k);
	}
	assert_true(nth > 10 && nth < 100);
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

static void feed_open__takes_away_what_the_killed_left(void **state)
{
	static const char *const litter[] = {
		"refs/heads/main.lock",
		"HEAD.lock",
		"packed-refs.lock",
		"config.lock",
		"tmp_file_0123456789ab",
		"weald/tmp_file_0123456789ab",
		"objects/pack/tmp_pack_0123456789ab",
		"objects/pack/tmp_idx_0123456789ab",
	};
	struct feedkit *k = *state;
	size_t i;

	feedkit_found(k);
	feedkit_close(k);
	for (i = 0; i < sizeof litter / sizeof litter[0]; i++) {
		feedkit_store(feedkit_path(k, litter[i]), "x", 1);
	}
	feed_ok(k, feedkit_open(k, FEED_READ));
	assert_int_equal(access(feedkit_path(k, "HEAD.lock"), F_OK), 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < sizeof litter / sizeof litter[0]; i++) {
		assert_int_equal(access(feedkit_path(k, litter[i]), F_OK), -1);
	}
	feedkit_publish(k, A, "x");
	feedkit_assert_git_agrees(k);
}

/* A repository is there whole, or not at all. */
static void feed_create__survives_each_call_that_fails(void **state)
{
	struct feedkit *k = *state;
	enum call call;
	unsigned nth;
	int r;

	for (call = CALL_FSYNC; call < CALLS_N; call++) {
		for (nth = 1;; nth++) {
			shim_arm(call, nth, EIO);
			r = feed_create(k->dir, &k->msg);
			shim.armed = false;
			if (shim.calls[call] < nth) {
				break;
			}
			if (r == WEALD_OK) {
				continue;
			}
			assert_int_equal(r, WEALD_IO);
			if (access(k->dir, F_OK) == 0) {
				/* only its name is not durable */
				feed_ok(k, feedkit_open(k, FEED_WRITE));
				feedkit_close(k);
				assert_int_equal(scratch_run("rm -rf '%s'",
							     k->dir),
						 0);
			}
		}
		feed_ok(k, r);
		assert_true(nth > 1);
		feed_ok(k, feedkit_open(k, FEED_WRITE));
		feedkit_close(k);
		assert_int_equal(scratch_run("cd '%s' && [ $(ls -A) = "
					     "feed.git ] && rm -rf feed.git",
					     k->scratch.dir),
				 0);
	}
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_commit__survives_each_fsync_that_fails),
		TEST(feed_commit__survives_each_write_that_fails),
		TEST(feed_commit__survives_each_rename_that_fails),
		TEST(feed_commit__survives_failures_in_an_empty_feed),
		TEST(feed_commit__survives_death_at_each_call),
		TEST(feed_open__takes_away_what_the_killed_left),
		TEST(feed_create__survives_each_call_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
