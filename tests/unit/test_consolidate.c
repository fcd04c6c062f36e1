#include "store/feed/consolidate.h"

#include <errno.h>
#include <fcntl.h>
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
#include "store/feed/packread.h"
#include "store/fs.h"
#include "tests/unit/packkit.h"

static struct consolidate_stats consolidate(struct packkit *k)
{
	struct consolidate_stats stats;
	struct weald_msg msg = { "" };
	int r = consolidate_packs(k->pack_dir, NULL, &stats, &msg);

	if (r != WEALD_OK) {
		print_message("%s\n", msg_text(&msg, r));
	}
	assert_int_equal(r, WEALD_OK);
	return stats;
}

static bool is_needed(struct packkit *k)
{
	bool needed;

	assert_int_equal(consolidate_needed(k->pack_dir, NULL, &needed, NULL),
			 WEALD_OK);
	return needed;
}

static void touch(const char *path)
{
	assert_int_equal(fs_write_durable(path, span_of(""), 0600, NULL),
			 WEALD_OK);
}

/* An empty file beside the pack that is in the folder under @name. */
static void add_companion(struct packkit *k, const char *name,
			  const char *ending)
{
	touch(packkit_file(k, name, ending));
}

static void consolidate__waits_for_a_full_tier(void **state)
{
	struct packkit *k = *state;
	struct consolidate_stats stats;
	int i;

	for (i = 0; i < 7; i++) {
		(void)packkit_batch(k, 1);
	}
	assert_false(is_needed(k));
	stats = consolidate(k);
	assert_int_equal(stats.merges, 0);
	assert_int_equal(stats.packs_before, 7);
	assert_int_equal(stats.packs_after, 7);
	(void)packkit_batch(k, 1);
	assert_true(is_needed(k));
	stats = consolidate(k);
	assert_int_equal(stats.merges, 1);
	assert_int_equal(stats.packs_merged, 8);
	assert_int_equal(stats.packs_before, 8);
	assert_int_equal(stats.packs_after, 1);
	assert_int_equal(stats.objects, 8 * 4);
	assert_int_equal(stats.objects_twice, 0);
	assert_int_equal(packkit_packs(k), 1);
	assert_false(is_needed(k));
	packkit_assert_no_temps(k);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void consolidate__keeps_all_over_random_batches(void **state)
{
	struct packkit *k = *state;
	struct consolidate_stats stats;
	size_t most = 0;
	size_t packs;
	int i;

	for (i = 0; i < 400; i++) {
		(void)packkit_batch(k, packkit_random(k) % 16 == 0
					       ? 1 + packkit_random(k) % 60
					       : 1 + packkit_random(k) % 3);
		if (is_needed(k)) {
			stats = consolidate(k);
			assert_int_equal(stats.packs_after, packkit_packs(k));
			assert_false(is_needed(k));
		}
		packs = packkit_packs(k);
		most = packs > most ? packs : most;
	}
	/* four tiers come into use */
	assert_in_range(most, 2, 4 * 7 + 1);
	packkit_assert_no_temps(k);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void consolidate__begins_with_the_oldest_commit(void **state)
{
	struct packkit *k = *state;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = 1000000000 } };
	struct buf b = { 0 };
	char path[SCRATCH_PATH_BYTES];
	const char *name = "";
	int i;

	for (i = 0; i < 8; i++) {
		name = packkit_batch(k, 2);
	}
	/* by its time the last is the oldest */
	assert_int_equal(utimensat(AT_FDCWD, packkit_file(k, name, ".pack"),
				   times, 0),
			 0);
	(void)consolidate(k);
	assert_int_equal(packkit_packs(k), 1);
	(void)snprintf(path, sizeof path, "%s/one.pack", k->scratch.dir);
	assert_int_equal(scratch_run("cp %s/pack-*.pack %s", k->pack_dir, path),
			 0);
	assert_int_equal(pack_first_commit(path, &b, NULL), WEALD_OK);
	/* 8 batches of 2 updates of 4 objects, the commit the last of them */
	assert_memory_equal(b.data, k->known[7 * 8 + 3].data, b.len);
	buf_release(&b);
}

static void consolidate__drops_what_is_there_twice(void **state)
{
	struct packkit *k = *state;
	struct consolidate_stats stats;
	uint8_t id[OBJECT_ID_BYTES];
	int i;

	for (i = 0; i < 8; i++) {
		packkit_add(k, OBJECT_BLOB, "the same in each", 16, id);
		(void)packkit_batch(k, 1);
	}
	stats = consolidate(k);
	assert_int_equal(stats.objects, 8 * 4 + 1);
	assert_int_equal(stats.objects_twice, 7);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
	assert_int_equal(scratch_run("test $(cat %s/pack-*.idx | "
				     "git show-index | wc -l) = 33",
				     k->pack_dir),
			 0);
}

static void consolidate__makes_the_index_that_git_makes(void **state)
{
	struct packkit *k = *state;
	int i;

	for (i = 0; i < 8; i++) {
		(void)packkit_batch(k, 5);
	}
	(void)consolidate(k);
	assert_int_equal(scratch_run("cd %s && git index-pack -o %s/git.idx "
				     "--index-version=2 --strict pack-*.pack "
				     "&& cmp %s/git.idx pack-*.idx",
				     k->pack_dir, k->scratch.dir,
				     k->scratch.dir),
			 0);
}

static void consolidate__leaves_guarded_packs_alone(void **state)
{
	static const char *const endings[] = { ".keep", ".promisor",
					       ".bitmap" };
	struct packkit *k = *state;
	struct consolidate_stats stats;
	char name[3][PACK_NAME_BYTES];
	size_t i;

	for (i = 0; i < 3; i++) {
		memcpy(name[i], packkit_batch(k, 1), PACK_NAME_BYTES);
		add_companion(k, name[i], endings[i]);
	}
	for (i = 0; i < 7; i++) {
		(void)packkit_batch(k, 1);
	}
	assert_false(is_needed(k));
	(void)packkit_batch(k, 1);
	stats = consolidate(k);
	assert_int_equal(stats.packs_merged, 8);
	assert_int_equal(stats.packs_left, 3);
	assert_int_equal(stats.packs_after, 4);
	for (i = 0; i < 3; i++) {
		assert_int_equal(access(packkit_file(k, name[i], ".pack"),
					F_OK),
				 0);
	}
	packkit_assert_all_there(k);
}

/* What git gc does: one pack in place of all, alike blobs as deltas. */
static void repack_with_deltas(struct packkit *k)
{
	static const char script[] =
		"cat objects/pack/*.idx | git show-index | cut -d' ' -f2 | "
		"git pack-objects -q --no-reuse-delta objects/pack/pack > name "
		"&& new=pack-$(cat name) && "
		"git verify-pack -v objects/pack/$new | grep -q 'chain length' "
		"&& for f in objects/pack/pack-*; do case $f in *$new*) ;; "
		"*) rm -f $f ;; esac; done";

	assert_int_equal(scratch_run("cd %s && %s", k->repo, script), 0);
}

static void consolidate__leaves_packs_with_deltas_alone(void **state)
{
	struct packkit *k = *state;
	struct consolidate_stats stats;
	char big[8192];
	uint8_t id[OBJECT_ID_BYTES];
	size_t i;
	int n;

	memset(big, 'x', sizeof big);
	for (i = 0; i < 4000; i++) {
		big[i] = (char)('a' + packkit_random(k) % 26);
	}
	for (n = 0; n < 6; n++) {
		big[n] = '!';
		packkit_add(k, OBJECT_BLOB, big, sizeof big, id);
		packkit_update(k, 20);
	}
	(void)packkit_commit(k);
	packkit_assert_git_agrees(k);
	repack_with_deltas(k);
	assert_int_equal(packkit_packs(k), 1);
	for (n = 0; n < 8; n++) {
		(void)packkit_batch(k, 10);
	}
	stats = consolidate(k);
	assert_int_equal(stats.packs_merged, 8);
	assert_int_equal(stats.packs_left, 1);
	assert_int_equal(packkit_packs(k), 2);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void consolidate__leaves_large_packs_alone(void **state)
{
	const struct consolidate_options options = { .large_bytes = 4096 };
	struct packkit *k = *state;
	struct consolidate_stats stats;
	int i;

	for (i = 0; i < 40; i++) {
		(void)packkit_batch(k, 2);
		assert_int_equal(consolidate_packs(k->pack_dir, &options,
						   &stats, NULL),
				 WEALD_OK);
	}
	/* merged as long as they are small, then left */
	assert_true(stats.packs_left >= 3);
	assert_true(packkit_packs(k) - stats.packs_left <= 14);
	packkit_assert_all_there(k);
}

static void consolidate__removes_what_git_put_beside(void **state)
{
	struct packkit *k = *state;
	const char *name;
	int i;

	for (i = 0; i < 8; i++) {
		name = packkit_batch(k, 1);
		add_companion(k, name, ".rev");
		add_companion(k, name, ".mtimes");
	}
	assert_int_equal(scratch_run("git -C %s multi-pack-index write",
				     k->repo),
			 0);
	(void)consolidate(k);
	assert_int_equal(scratch_count(k->pack_dir, "", ""), 2);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

static void consolidate__is_seen_by_who_has_the_packs_open(void **state)
{
	struct packkit *k = *state;
	git_odb_object *obj = NULL;
	git_odb *odb = NULL;
	git_oid oid;
	size_t i;

	for (i = 0; i < 8; i++) {
		(void)packkit_batch(k, 1);
	}
	assert_int_equal(git_odb_open(&odb, scratch_path(&k->scratch,
							 "r.git/objects")),
			 0);
	/* half of them looked up before, half after */
	for (i = 0; i < 2 * k->count; i++) {
		if (i == k->count) {
			(void)consolidate(k);
		}
		if (i < k->count && i % 8 < 4) {
			continue;
		}
		memcpy(oid.id, k->known[i % k->count].id, OBJECT_ID_BYTES);
		assert_int_equal(git_odb_read(&obj, odb, &oid), 0);
		git_odb_object_free(obj);
	}
	git_odb_free(odb);
}

/* The names in the folder, as a text to compare. */
static struct buf list_folder(struct packkit *k)
{
	struct buf b = { 0 };

	assert_int_equal(scratch_run("ls %s > %s/list", k->pack_dir,
				     k->scratch.dir),
			 0);
	assert_int_equal(fs_read_file(scratch_path(&k->scratch, "list"),
				      1 << 20, &b, NULL),
			 WEALD_OK);
	return b;
}

static void assert_fails_unchanged(struct packkit *k, int code,
				   const char *names)
{
	struct consolidate_stats stats;
	struct weald_msg msg = { "" };
	struct buf before = list_folder(k);
	struct buf after;

	assert_int_equal(consolidate_packs(k->pack_dir, NULL, &stats, &msg),
			 code);
	fault_disarm();
	assert_non_null(strstr(msg.text, names));
	assert_int_equal(stats.packs_merged, 0);
	after = list_folder(k);
	assert_true(span_equal(buf_span(&before), buf_span(&after)));
	buf_release(&before);
	buf_release(&after);
}

static void consolidate__finds_damage_and_removes_nothing(void **state)
{
	struct packkit *k = *state;
	char name[PACK_NAME_BYTES] = "";
	const char *file;
	struct stat st;
	long at;
	int i;

	for (i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof name, "%s", packkit_batch(k, 1));
	}
	file = packkit_file(k, name, ".pack");
	assert_int_equal(stat(file, &st), 0);
	for (at = 0; at < st.st_size; at += 1 + (at > 40 ? 7 : 0)) {
		packkit_flip(file, at, 0x20);
		assert_fails_unchanged(k, WEALD_CORRUPT, file);
		packkit_flip(file, at, 0x20);
	}
	file = packkit_file(k, name, ".idx");
	assert_int_equal(stat(file, &st), 0);
	for (at = 8; at < st.st_size; at += 41) {
		packkit_flip(file, at, 0x20);
		assert_fails_unchanged(k, WEALD_CORRUPT, file);
		packkit_flip(file, at, 0x20);
	}
	(void)consolidate(k);
	assert_int_equal(packkit_packs(k), 1);
	packkit_assert_all_there(k);
}

static void consolidate__finds_a_pack_that_was_cut(void **state)
{
	struct packkit *k = *state;
	const char *file = NULL;
	int i;

	for (i = 0; i < 8; i++) {
		file = packkit_file(k, packkit_batch(k, 1), ".pack");
	}
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(truncate(file, 100), 0);
	assert_fails_unchanged(k, WEALD_CORRUPT, file);
	assert_int_equal(truncate(file, 5), 0);
	assert_fails_unchanged(k, WEALD_CORRUPT, file);
}

static void consolidate__changes_nothing_when_it_fails(void **state)
{
	static const struct {
		enum fault_call call;
		unsigned nth;
		int error;
		int code;
	} cases[] = {
		{ FAULT_WRITE, 1, ENOSPC, WEALD_NOSPACE },
		{ FAULT_WRITE, 2, EIO, WEALD_IO },
		{ FAULT_FSYNC, 1, EIO, WEALD_IO },
		{ FAULT_FSYNC, 2, ENOSPC, WEALD_NOSPACE },
		{ FAULT_RENAME, 1, EACCES, WEALD_DENIED },
		{ FAULT_RENAME, 2, ENOSPC, WEALD_NOSPACE },
	};
	struct packkit *k = *state;
	size_t i;

	for (i = 0; i < 8; i++) {
		(void)packkit_batch(k, 2);
	}
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fault_arm(cases[i].call, cases[i].nth, 1, cases[i].error);
		assert_fails_unchanged(k, cases[i].code, k->pack_dir);
	}
	/* the folder's sync: the merged pack is there, beside all others */
	fault_arm(FAULT_FSYNC, 3, 1, EIO);
	assert_int_equal(consolidate_packs(k->pack_dir, NULL, NULL, NULL),
			 WEALD_IO);
	assert_int_equal(fault_calls(FAULT_UNLINK), 0);
	fault_disarm();
	assert_int_equal(packkit_packs(k), 9);
	(void)consolidate(k);
	assert_int_equal(packkit_packs(k), 1);
	packkit_assert_all_there(k);
	packkit_assert_git_agrees(k);
}

/* In a child that dies at the @nth call; true where it finished. */
static bool consolidate_in_child(struct packkit *k, unsigned nth)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fault_arm_crash(nth);
		_exit(consolidate_packs(k->pack_dir, NULL, NULL, NULL) ==
				      WEALD_OK
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 99);
	return WEXITSTATUS(status) == 0;
}

static void consolidate__loses_nothing_when_it_dies(void **state)
{
	struct packkit *k = *state;
	unsigned nth = 0;
	bool done;
	int i;

	for (i = 0; i < 8; i++) {
		(void)packkit_batch(k, 1);
	}
	assert_int_equal(scratch_run("cp -r %s %s/saved", k->pack_dir,
				     k->scratch.dir),
			 0);
	do {
		assert_int_equal(scratch_run("rm -rf %s && cp -pr %s/saved %s",
					     k->pack_dir, k->scratch.dir,
					     k->pack_dir),
				 0);
		done = consolidate_in_child(k, ++nth);
		packkit_assert_all_there(k);
		assert_int_equal(packs_clean_leftovers(k->pack_dir, false, NULL,
						       NULL),
				 WEALD_OK);
		packkit_assert_no_temps(k);
		packkit_assert_all_there(k);
		(void)consolidate(k);
		packkit_assert_all_there(k);
		assert_true(packkit_packs(k) <= 8);
	} while (!done && nth < 100);
	assert_true(done);
	assert_true(nth > 20);
	assert_int_equal(packkit_packs(k), 1);
}

static void packs_clean_leftovers__removes_them_and_nothing_else(void **state)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef01234567";
	struct packkit *k = *state;
	char orphan[PACK_NAME_BYTES];
	char kept[PACK_NAME_BYTES];
	const char *whole = packkit_batch(k, 1);
	size_t removed = 0;

	(void)snprintf(orphan, sizeof orphan, "pack-%s", hex);
	(void)snprintf(kept, sizeof kept, "pack-f%s", hex + 1);
	touch(packkit_file(k, "tmp_pack_aaaaaa", ""));
	touch(packkit_file(k, "tmp_idx_aaaaaa", ""));
	touch(packkit_file(k, "other", ""));
	add_companion(k, orphan, ".pack");
	add_companion(k, orphan, ".rev");
	add_companion(k, kept, ".pack");
	add_companion(k, kept, ".keep");
	add_companion(k, "pack-1123456789abcdef0123456789abcdef01234567",
		      ".idx");
	assert_int_equal(packs_clean_leftovers(k->pack_dir, false, &removed,
					       NULL),
			 WEALD_OK);
	assert_int_equal(removed, 5);
	assert_int_equal(scratch_count(k->pack_dir, "", ""), 5);
	assert_int_equal(access(packkit_file(k, whole, ".pack"), F_OK), 0);
	assert_int_equal(access(packkit_file(k, kept, ".pack"), F_OK), 0);
	packkit_assert_all_there(k);
}

static void consolidate__names_a_folder_that_is_not_there(void **state)
{
	struct packkit *k = *state;
	const char *dir = scratch_path(&k->scratch, "none");
	struct weald_msg msg = { "" };
	bool needed;

	assert_int_equal(consolidate_packs(dir, NULL, NULL, &msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(msg.text, dir));
	assert_int_equal(consolidate_needed(dir, NULL, &needed, NULL),
			 WEALD_NOTFOUND);
	assert_int_equal(packs_clean_leftovers(dir, false, NULL, NULL),
			 WEALD_NOTFOUND);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, packkit_setup, packkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(consolidate__waits_for_a_full_tier),
		TEST(consolidate__keeps_all_over_random_batches),
		TEST(consolidate__begins_with_the_oldest_commit),
		TEST(consolidate__drops_what_is_there_twice),
		TEST(consolidate__makes_the_index_that_git_makes),
		TEST(consolidate__leaves_guarded_packs_alone),
		TEST(consolidate__leaves_packs_with_deltas_alone),
		TEST(consolidate__leaves_large_packs_alone),
		TEST(consolidate__removes_what_git_put_beside),
		TEST(consolidate__is_seen_by_who_has_the_packs_open),
		TEST(consolidate__finds_damage_and_removes_nothing),
		TEST(consolidate__finds_a_pack_that_was_cut),
		TEST(consolidate__changes_nothing_when_it_fails),
		TEST(consolidate__loses_nothing_when_it_dies),
		TEST(packs_clean_leftovers__removes_them_and_nothing_else),
		TEST(consolidate__names_a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
