#include "store/fs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"

static int setup(void **state)
{
	struct scratch *s = malloc(sizeof *s);

	assert_non_null(s);
	scratch_make(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	fault_disarm();
	scratch_remove(*state);
	free(*state);
	return 0;
}

/* The file holds @text, or there is none where @text is NULL. */
static void assert_file(const char *path, const char *text)
{
	struct buf b = { 0 };
	int r = fs_read_file(path, 4096, &b, NULL);

	if (text == NULL) {
		assert_int_equal(r, WEALD_NOTFOUND);
		return;
	}
	assert_int_equal(r, WEALD_OK);
	assert_int_equal(b.len, strlen(text));
	assert_memory_equal(b.data, text, b.len);
	buf_release(&b);
}

static void assert_refused(const char *path, size_t max, unsigned flags,
			   int code)
{
	struct weald_msg msg = { "" };
	struct buf b = { 0 };

	assert_int_equal(fs_read_at(AT_FDCWD, path, max, flags, &b, &msg),
			 code);
	assert_null(b.data);
	assert_non_null(strstr(msg.text, path));
}

static void err_from_errno__maps_what_callers_can_act_on(void **state)
{
	(void)state;
	assert_int_equal(err_from_errno(ENOSPC), WEALD_NOSPACE);
	assert_int_equal(err_from_errno(EDQUOT), WEALD_NOSPACE);
	assert_int_equal(err_from_errno(EACCES), WEALD_DENIED);
	assert_int_equal(err_from_errno(EPERM), WEALD_DENIED);
	assert_int_equal(err_from_errno(ENOENT), WEALD_NOTFOUND);
	assert_int_equal(err_from_errno(EEXIST), WEALD_EXISTS);
	assert_int_equal(err_from_errno(ENOMEM), WEALD_NOMEM);
	/* tried again: the disk has not failed */
	assert_int_equal(err_from_errno(EMFILE), WEALD_NOMEM);
	assert_int_equal(err_from_errno(ENFILE), WEALD_NOMEM);
	assert_int_equal(err_from_errno(EIO), WEALD_IO);
	assert_int_equal(err_from_errno(EROFS), WEALD_IO);
}

static void fs_read_file__reads_up_to_the_limit(void **state)
{
	const char *path = scratch_path(*state, "f");
	struct buf b = { 0 };

	assert_int_equal(fs_write_durable(path, span_of("12345"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(fs_read_file(path, 5, &b, NULL), WEALD_OK);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "12345", 5);
	buf_release(&b);
	assert_refused(path, 4, 0, WEALD_TOOBIG);
	assert_refused(path, 0, 0, WEALD_TOOBIG);
}

static void fs_read_file__reads_an_empty_file(void **state)
{
	const char *path = scratch_path(*state, "f");

	assert_int_equal(fs_write_durable(path, span_of(""), 0600, NULL),
			 WEALD_OK);
	assert_file(path, "");
}

static void fs_read_file__holds_its_limit_where_the_size_says_0(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(fs_read_file("/proc/self/maps", 100, &b, NULL),
			 WEALD_TOOBIG);
	assert_null(b.data);
	assert_int_equal(fs_read_file("/proc/self/stat", 100000, &b, NULL),
			 WEALD_OK);
	assert_true(b.len > 0);
	buf_release(&b);
}

static void fs_read_file__refuses_what_is_no_file(void **state)
{
	const char *fifo = scratch_path(*state, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_refused(fifo, 100, 0, WEALD_INVALID);
	assert_refused(((struct scratch *)*state)->dir, 100, 0, WEALD_INVALID);
	assert_refused("/dev/null", 100, 0, WEALD_INVALID);
	assert_refused(scratch_path(*state, "none"), 100, 0, WEALD_NOTFOUND);
}

static void fs_read_at__refuses_a_link_when_told(void **state)
{
	const char *path = scratch_path(*state, "f");
	const char *link = scratch_path(*state, "link");

	assert_int_equal(fs_write_durable(path, span_of("x"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(symlink(path, link), 0);
	assert_file(link, "x");
	assert_refused(link, 100, FS_NOFOLLOW, WEALD_INVALID);
}

static void fs_write_durable__replaces_and_sets_the_mode(void **state)
{
	const char *path = scratch_path(*state, "f");
	mode_t before = umask(077);
	struct stat st;

	assert_int_equal(fs_write_durable(path, span_of("old"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(fs_write_durable(path, span_of("new"), 0644, NULL),
			 WEALD_OK);
	(void)umask(before);
	assert_file(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(scratch_count(((struct scratch *)*state)->dir, "", ""),
			 1);
}

static void fs_write_durable__goes_on_after_short_and_cut_writes(void **state)
{
	const char *path = scratch_path(*state, "f");

	fault_arm(FAULT_WRITE, 1, 3, 0);
	assert_int_equal(fs_write_durable(path, span_of("12345"), 0600, NULL),
			 WEALD_OK);
	assert_file(path, "12345");
	fault_arm(FAULT_WRITE, 1, 2, EINTR);
	assert_int_equal(fs_write_durable(path, span_of("abc"), 0600, NULL),
			 WEALD_OK);
	fault_disarm();
	assert_file(path, "abc");
}

static void fs_write_durable__changes_nothing_when_it_fails(void **state)
{
	static const struct {
		enum fault_call call;
		int error;
		int code;
	} cases[] = {
		{ FAULT_WRITE, ENOSPC, WEALD_NOSPACE },
		{ FAULT_WRITE, EIO, WEALD_IO },
		{ FAULT_FSYNC, EIO, WEALD_IO },
		{ FAULT_FSYNC, ENOSPC, WEALD_NOSPACE },
		{ FAULT_FSYNC, ENOENT, WEALD_IO },
		{ FAULT_RENAME, EACCES, WEALD_DENIED },
	};
	const char *path = scratch_path(*state, "f");
	struct weald_msg msg;
	size_t i;

	assert_int_equal(fs_write_durable(path, span_of("old"), 0600, NULL),
			 WEALD_OK);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		msg.text[0] = '\0';
		fault_arm(cases[i].call, 1, 1, cases[i].error);
		assert_int_equal(fs_write_durable(path, span_of("new"), 0600,
						  &msg),
				 cases[i].code);
		/* a second fsync would prove nothing */
		assert_true(fault_calls(FAULT_FSYNC) <= 1);
		fault_disarm();
		assert_non_null(strstr(msg.text, path));
		assert_file(path, "old");
		assert_int_equal(scratch_count(((struct scratch *)*state)->dir,
					       "", ""),
				 1);
	}
}

static void fs_write_durable__tells_when_the_name_is_not_durable(void **state)
{
	const char *path = scratch_path(*state, "f");

	fault_arm(FAULT_FSYNC, 2, 1, EIO);
	assert_int_equal(fs_write_durable(path, span_of("x"), 0600, NULL),
			 WEALD_IO);
	assert_int_equal(fault_calls(FAULT_FSYNC), 2);
}

static void fs_write_durable__names_what_is_missing(void **state)
{
	const char *path = scratch_path(*state, "none/f");
	struct weald_msg msg = { "" };

	assert_int_equal(fs_write_durable(path, span_of("x"), 0600, &msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(msg.text, "none"));
	assert_int_equal(fs_write_durable(scratch_path(*state, ""),
					  span_of("x"), 0600, &msg),
			 WEALD_IO);
}

static void fs_create_durable__keeps_what_is_there(void **state)
{
	const char *path = scratch_path(*state, "f");

	assert_int_equal(fs_create_durable(path, span_of("1"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(fs_create_durable(path, span_of("2"), 0600, NULL),
			 WEALD_EXISTS);
	assert_file(path, "1");
	assert_int_equal(scratch_count(((struct scratch *)*state)->dir, "", ""),
			 1);
}

static void fs_mkdir__makes_one_folder(void **state)
{
	const char *dir = scratch_path(*state, "d");
	bool there = false;

	assert_int_equal(fs_mkdir(dir, 0700, NULL), WEALD_OK);
	assert_int_equal(fs_mkdir(dir, 0700, NULL), WEALD_EXISTS);
	assert_int_equal(fs_mkdir(scratch_path(*state, "a/b"), 0700, NULL),
			 WEALD_NOTFOUND);
	assert_int_equal(fs_exists(dir, &there, NULL), WEALD_OK);
	assert_true(there);
}

static void fs_exists__says_no_below_a_file(void **state)
{
	bool there = true;

	assert_int_equal(fs_write_durable(scratch_path(*state, "f"),
					  span_of("x"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(fs_exists(scratch_path(*state, "f/x"), &there, NULL),
			 WEALD_OK);
	assert_false(there);
}

static void fs_rename__moves_and_fs_remove__removes(void **state)
{
	const char *from = scratch_path(*state, "from");
	const char *to = scratch_path(*state, "to");

	assert_int_equal(fs_write_durable(from, span_of("x"), 0600, NULL),
			 WEALD_OK);
	assert_int_equal(fs_rename(from, to, NULL), WEALD_OK);
	assert_file(from, NULL);
	assert_file(to, "x");
	assert_int_equal(fs_rename(from, to, NULL), WEALD_NOTFOUND);
	assert_int_equal(fs_remove(to, NULL), WEALD_OK);
	assert_int_equal(fs_remove(to, NULL), WEALD_NOTFOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(err_from_errno__maps_what_callers_can_act_on),
		TEST(fs_read_file__reads_up_to_the_limit),
		TEST(fs_read_file__reads_an_empty_file),
		TEST(fs_read_file__holds_its_limit_where_the_size_says_0),
		TEST(fs_read_file__refuses_what_is_no_file),
		TEST(fs_read_at__refuses_a_link_when_told),
		TEST(fs_write_durable__replaces_and_sets_the_mode),
		TEST(fs_write_durable__goes_on_after_short_and_cut_writes),
		TEST(fs_write_durable__changes_nothing_when_it_fails),
		TEST(fs_write_durable__tells_when_the_name_is_not_durable),
		TEST(fs_write_durable__names_what_is_missing),
		TEST(fs_create_durable__keeps_what_is_there),
		TEST(fs_mkdir__makes_one_folder),
		TEST(fs_exists__says_no_below_a_file),
		TEST(fs_rename__moves_and_fs_remove__removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
