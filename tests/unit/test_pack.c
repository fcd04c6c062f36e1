#include "store/feed/pack.h"

#include <errno.h>
#include <git2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "store/feed/consolidate.h"
#include "store/feed/giterr.h"
#include "store/feed/objectid.h"
#include "tests/unit/packkit.h"

static void object_id__gives_git_s_ids(void **state)
{
	static const struct {
		enum object_type type;
		const char *data;
		const char *hex;
	} cases[] = {
		{ OBJECT_BLOB, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
		{ OBJECT_TREE, "", "4b825dc642cb6eb9a060e54bf8d69288fbee4904" },
		{ OBJECT_BLOB, "hello\n",
		  "ce013625030ba8dba906f756967f9e9ca394464a" },
	};
	uint8_t id[OBJECT_ID_BYTES];
	char hex[2 * OBJECT_ID_BYTES + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(object_id(cases[i].type, cases[i].data,
					   strlen(cases[i].data), id),
				 WEALD_OK);
		hex_encode(id, sizeof id, hex);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_int_equal(object_id(OBJECT_BLOB, NULL, 0, id), WEALD_OK);
}

static void object_id__does_not_judge_the_content(void **state)
{
	uint8_t id[OBJECT_ID_BYTES];

	(void)state;
	assert_int_equal(object_id(OBJECT_COMMIT, "nonsense", 8, id), WEALD_OK);
}

static void err_from_git__knows_codes_and_texts(void **state)
{
	static const struct {
		int code;
		int klass;
		const char *text;
		int err;
	} cases[] = {
		{ GIT_ENOTFOUND, GIT_ERROR_REFERENCE, "none", WEALD_NOTFOUND },
		{ GIT_EEXISTS, GIT_ERROR_OS, "there", WEALD_EXISTS },
		{ GIT_ELOCKED, GIT_ERROR_OS, "locked", WEALD_LOCKED },
		{ GIT_EMODIFIED, GIT_ERROR_REFERENCE, "old", WEALD_DIVERGED },
		{ -1, GIT_ERROR_OS, "failed to write: No space left on device",
		  WEALD_NOSPACE },
		{ -1, GIT_ERROR_OS, "failed to open 'x': Permission denied",
		  WEALD_DENIED },
		{ -1, GIT_ERROR_OS, "could not open 'x': Too many open files",
		  WEALD_NOMEM },
		{ -1, GIT_ERROR_OS, "failed: Input/output error", WEALD_IO },
		{ -1, GIT_ERROR_ZLIB, "bad data", WEALD_CORRUPT },
		{ -1, GIT_ERROR_NOMEMORY, "Out of memory", WEALD_NOMEM },
	};
	struct weald_msg msg;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(git_error_set_str(cases[i].klass,
						   cases[i].text),
				 0);
		assert_int_equal(err_from_git(cases[i].code, &msg),
				 cases[i].err);
		assert_string_equal(msg.text, cases[i].text);
	}
	/* the text of an earlier failure is not taken for that of this one */
	assert_int_equal(err_from_git(-1, &msg), WEALD_IO);
	assert_string_equal(msg.text, "libgit2 failed with code -1");
	assert_int_equal(err_from_git(GIT_ENOTFOUND, NULL), WEALD_NOTFOUND);
}

static void pack_add__skips_what_it_has_and_counts(void **state)
{
	struct packkit *k = *state;
	uint8_t id[OBJECT_ID_BYTES];
	uint8_t other[OBJECT_ID_BYTES] = { 1 };
	enum object_type type;
	struct span data;

	packkit_add(k, OBJECT_BLOB, "abc", 3, id);
	assert_int_equal(pack_add(k->writer, OBJECT_BLOB, id, "abc", 3),
			 WEALD_OK);
	assert_int_equal(pack_count(k->writer), 1);
	assert_int_equal(pack_bytes(k->writer), 3);
	assert_true(pack_has(k->writer, id));
	assert_false(pack_has(k->writer, other));
	assert_int_equal(pack_get(k->writer, id, &type, &data), WEALD_OK);
	assert_int_equal(type, OBJECT_BLOB);
	assert_int_equal(data.len, 3);
	assert_memory_equal(data.data, "abc", 3);
	assert_int_equal(pack_get(k->writer, other, &type, &data),
			 WEALD_NOTFOUND);
	pack_writer_clear(k->writer);
	assert_false(pack_has(k->writer, id));
	assert_int_equal(pack_count(k->writer), 0);
	assert_int_equal(pack_bytes(k->writer), 0);
}

static void pack_commit__writes_what_git_and_libgit2_read(void **state)
{
	struct packkit *k = *state;
	static const unsigned batches[] = { 1, 2, 40, 1, 300 };
	size_t i;

	for (i = 0; i < sizeof batches / sizeof batches[0]; i++) {
		(void)packkit_batch(k, batches[i]);
		assert_int_equal(pack_count(k->writer), 0);
	}
	assert_int_equal(packkit_packs(k), 5);
	packkit_assert_no_temps(k);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void pack_commit__writes_large_and_odd_contents(void **state)
{
	static const size_t sizes[] = { 0,      1,      15,     16,    2047,
					2048,   65534,  65535,  65536, 131070,
					131071, 200000, 1048576 };
	struct packkit *k = *state;
	uint8_t *data = malloc(1048576);
	uint8_t id[OBJECT_ID_BYTES];
	size_t i;
	size_t j;

	assert_non_null(data);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		/* random bytes: deflate cannot make them smaller */
		for (j = 0; j < sizes[i]; j++) {
			data[j] = (uint8_t)packkit_random(k);
		}
		packkit_add(k, OBJECT_BLOB, data, sizes[i], id);
		memset(data, 'a', sizes[i] / 2);
		packkit_add(k, OBJECT_BLOB, data, sizes[i], id);
	}
	free(data);
	packkit_update(k, 10);
	(void)packkit_commit(k);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void pack_commit__makes_the_index_that_git_makes(void **state)
{
	struct packkit *k = *state;
	const char *name = packkit_batch(k, 30);

	assert_int_equal(scratch_run("git index-pack -o %s/git.idx "
				     "--index-version=2 %s && "
				     "cmp %s/git.idx %s",
				     k->scratch.dir,
				     packkit_file(k, name, ".pack"),
				     k->scratch.dir,
				     packkit_file(k, name, ".idx")),
			 0);
}

static void pack_commit__puts_commits_first_in_order(void **state)
{
	struct packkit *k = *state;
	const char *name = packkit_batch(k, 12);

	/* by offset: 12 commits from the oldest on, 24 trees, 12 blobs */
	assert_int_equal(scratch_run("git -C %s verify-pack -v %s | "
				     "grep -E '^[0-9a-f]{40} ' | sort -nk5 | "
				     "cut -d' ' -f2 | uniq -c | tr -s ' ' | "
				     "tr '\\n' , | "
				     "grep -qx ' 12 commit, 24 tree, 12 blob,'",
				     k->repo, packkit_file(k, name, ".idx")),
			 0);
	packkit_assert_git_agrees(k);
	assert_int_equal(scratch_run("cd %s && test \"$(git verify-pack -v %s |"
				     " grep commit | sort -nk5 | "
				     "cut -d' ' -f1)\" = "
				     "\"$(git rev-list --reverse main)\"",
				     k->repo, packkit_file(k, name, ".idx")),
			 0);
}

static void pack_commit__gives_read_only_files(void **state)
{
	struct packkit *k = *state;
	const char *name = packkit_batch(k, 1);
	struct stat st;

	assert_int_equal(stat(packkit_file(k, name, ".pack"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(stat(packkit_file(k, name, ".idx"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
}

static void pack_commit__is_repeatable(void **state)
{
	struct packkit *k = *state;
	uint8_t id[OBJECT_ID_BYTES];
	char first[PACK_NAME_BYTES];

	packkit_update(k, 500);
	packkit_add(k, OBJECT_BLOB, "abc", 3, id);
	(void)snprintf(first, sizeof first, "%s", packkit_commit(k));
	/* the same objects again: the same pack, in place of the first */
	k->seq = 0;
	k->random = 88172645463325252u;
	memset(k->head, 0, sizeof k->head);
	packkit_update(k, 500);
	packkit_add(k, OBJECT_BLOB, "abc", 3, id);
	assert_string_equal(packkit_commit(k), first);
	assert_int_equal(packkit_packs(k), 1);
	packkit_assert_no_temps(k);
	packkit_assert_all_there(k);
}

static void pack_commit__changes_nothing_when_it_fails(void **state)
{
	static const struct {
		enum fault_call call;
		unsigned nth;
		int error;
		int code;
	} cases[] = {
		{ FAULT_WRITE, 1, ENOSPC, WEALD_NOSPACE },
		{ FAULT_WRITE, 2, EDQUOT, WEALD_NOSPACE },
		{ FAULT_WRITE, 2, EIO, WEALD_IO },
		{ FAULT_FSYNC, 1, EIO, WEALD_IO },
		{ FAULT_FSYNC, 2, EIO, WEALD_IO },
		{ FAULT_FSYNC, 2, ENOSPC, WEALD_NOSPACE },
		{ FAULT_RENAME, 1, EACCES, WEALD_DENIED },
		{ FAULT_RENAME, 2, ENOSPC, WEALD_NOSPACE },
	};
	struct packkit *k = *state;
	char name[PACK_NAME_BYTES] = "unchanged";
	struct weald_msg msg;
	size_t count;
	size_t i;

	(void)packkit_batch(k, 2);
	packkit_update(k, 100);
	count = pack_count(k->writer);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		msg.text[0] = '\0';
		fault_arm(cases[i].call, cases[i].nth, 1, cases[i].error);
		assert_int_equal(pack_commit(k->writer, k->pack_dir, name,
					     &msg),
				 cases[i].code);
		if (cases[i].call == FAULT_FSYNC) {
			/* never tried again */
			assert_int_equal(fault_calls(FAULT_FSYNC),
					 cases[i].nth);
		}
		fault_disarm();
		assert_non_null(strstr(msg.text, k->pack_dir));
		assert_string_equal(name, "unchanged");
		assert_int_equal(pack_count(k->writer), count);
		assert_int_equal(packkit_packs(k), 1);
		packkit_assert_no_temps(k);
	}
	/* space is there again */
	(void)packkit_commit(k);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void pack_commit__names_a_folder_that_is_not_there(void **state)
{
	struct packkit *k = *state;
	const char *dir = scratch_path(&k->scratch, "none");
	char name[PACK_NAME_BYTES];
	struct weald_msg msg = { "" };

	packkit_update(k, 10);
	assert_int_equal(pack_commit(k->writer, dir, name, &msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(msg.text, dir));
}

/* In a child that dies at the @nth call; true where it finished. */
static bool commit_in_child(struct packkit *k, unsigned nth)
{
	char name[PACK_NAME_BYTES];
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fault_arm_crash(nth);
		_exit(pack_commit(k->writer, k->pack_dir, name, NULL) ==
				      WEALD_OK
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 99);
	return WEXITSTATUS(status) == 0;
}

static void pack_commit__leaves_old_or_new_when_it_dies(void **state)
{
	struct packkit *k = *state;
	size_t removed;
	unsigned nth = 0;
	bool done;

	(void)packkit_batch(k, 2);
	packkit_update(k, 100);
	do {
		done = commit_in_child(k, ++nth);
		removed = 0;
		assert_int_equal(packs_clean_leftovers(k->pack_dir, false,
						       &removed, NULL),
				 WEALD_OK);
		packkit_assert_no_temps(k);
		assert_in_range(packkit_packs(k), 1, 2);
	} while (!done && nth < 50);
	assert_true(done);
	assert_true(nth > 7);
	assert_int_equal(packkit_packs(k), 2);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, packkit_setup, packkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(object_id__gives_git_s_ids),
		TEST(object_id__does_not_judge_the_content),
		TEST(err_from_git__knows_codes_and_texts),
		TEST(pack_add__skips_what_it_has_and_counts),
		TEST(pack_commit__writes_what_git_and_libgit2_read),
		TEST(pack_commit__writes_large_and_odd_contents),
		TEST(pack_commit__makes_the_index_that_git_makes),
		TEST(pack_commit__puts_commits_first_in_order),
		TEST(pack_commit__gives_read_only_files),
		TEST(pack_commit__is_repeatable),
		TEST(pack_commit__changes_nothing_when_it_fails),
		TEST(pack_commit__names_a_folder_that_is_not_there),
		TEST(pack_commit__leaves_old_or_new_when_it_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
