#include "store/feed/packcheck.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/packkit.h"
#include "tests/unit/sample.h"

static int check(const struct packkit *k, struct packcheck *c)
{
	return packcheck_indexes(c, k->pack_dir, NULL);
}

/* The times of @path, to be put back. */
static void restore_times(const char *path, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void packcheck__reads_every_index_without_a_memory(void **state)
{
	struct packkit *k = *state;
	const char *idx;
	struct stat st;
	long size;
	long at;

	packkit_batch(k, 3);
	idx = packkit_file(k, packkit_batch(k, 5), ".idx");
	assert_int_equal(check(k, NULL), WEALD_OK);
	assert_int_equal(stat(idx, &st), 0);
	size = (long)st.st_size;
	for (at = 0; at < size; at += 13) {
		packkit_flip(idx, at, 0x10);
		restore_times(idx, &st);
		assert_int_not_equal(check(k, NULL), WEALD_OK);
		packkit_flip(idx, at, 0x10);
	}
	assert_int_equal(check(k, NULL), WEALD_OK);
}

static void packcheck__finds_every_file_that_changed_since(void **state)
{
	struct packkit *k = *state;
	struct packcheck *c = NULL;
	char name[PACK_NAME_BYTES];
	const char *idx;
	struct stat st;

	assert_int_equal(packcheck_new(&c), WEALD_OK);
	assert_int_equal(check(k, c), WEALD_OK);
	packkit_batch(k, 3);
	assert_int_equal(check(k, c), WEALD_OK);
	(void)snprintf(name, sizeof name, "%s", packkit_batch(k, 5));
	idx = packkit_file(k, name, ".idx");
	assert_int_equal(check(k, c), WEALD_OK);
	/* its time of change was set back: its inode tells */
	assert_int_equal(stat(idx, &st), 0);
	packkit_flip(idx, 1100, 0x10);
	restore_times(idx, &st);
	assert_int_equal(check(k, c), WEALD_CORRUPT);
	/* what was refused is not remembered as good */
	assert_int_equal(check(k, c), WEALD_CORRUPT);
	packkit_flip(idx, 1100, 0x10);
	assert_int_equal(check(k, c), WEALD_OK);
	/* the pack was cut short */
	assert_int_equal(truncate(packkit_file(k, name, ".pack"), 100), 0);
	assert_int_equal(check(k, c), WEALD_CORRUPT);
	assert_int_equal(unlink(idx), 0);
	assert_int_equal(check(k, c), WEALD_OK);
	packcheck_free(c);
}

static void packcheck__takes_a_damaged_index_for_no_pack_of_another(
	void **state)
{
	struct packkit *k = *state;
	char first[SCRATCH_PATH_BYTES];
	struct packcheck *c = NULL;

	assert_int_equal(packcheck_new(&c), WEALD_OK);
	(void)snprintf(first, sizeof first, "%s",
		       packkit_file(k, packkit_batch(k, 40), ".idx"));
	assert_int_equal(check(k, c), WEALD_OK);
	/* the index of a larger pack beside a smaller one: offsets beyond it */
	assert_int_equal(rename(first,
				packkit_file(k, packkit_batch(k, 2), ".idx")),
			 0);
	assert_int_equal(check(k, c), WEALD_CORRUPT);
	packcheck_free(c);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, packkit_setup, packkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packcheck__reads_every_index_without_a_memory),
		TEST(packcheck__finds_every_file_that_changed_since),
		TEST(packcheck__takes_a_damaged_index_for_no_pack_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
