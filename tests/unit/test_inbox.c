#include "store/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/feed/feed.h"
#include "store/fs.h"

struct place {
	char dir[64];
	char file[96];
	struct home *home;
};

static int start(void **state)
{
	static const uint8_t id[SHA256_BYTES] = { 1 };
	struct place *p;

	if (feed_library_init(NULL) != WEALD_OK) {
		return -1;
	}
	p = calloc(1, sizeof *p);
	if (p == NULL) {
		return -1;
	}
	*state = p; /* stop() releases it, whatever follows */
	(void)snprintf(p->dir, sizeof p->dir, "/tmp/weald-inbox-XXXXXX");
	if (mkdtemp(p->dir) == NULL ||
	    home_create(p->dir, &p->home, NULL) != WEALD_OK ||
	    home_finish(p->home, "south-west", id, NULL) != WEALD_OK) {
		return -1;
	}
	(void)snprintf(p->file, sizeof p->file, "%s/%s", p->dir,
		       READ_MARKS_FILE);
	return 0;
}

static int stop(void **state)
{
	struct place *p = *state;

	home_close(p->home);
	(void)fs_remove_tree(p->dir, NULL);
	free(p);
	feed_library_shutdown();
	return 0;
}

static void write_file(const struct place *p, const char *text, size_t len)
{
	const struct span bytes = { (const uint8_t *)text, len };

	assert_int_equal(fs_write_durable(p->file, bytes, 0600, NULL),
			 WEALD_OK);
}

static void read_marks_load__takes_a_missing_file_for_empty(void **state)
{
	struct place *p = *state;
	struct weald_msg msg = { "" };
	struct read_marks m;

	assert_int_equal(read_marks_load(p->home, &m, &msg), WEALD_OK);
	assert_int_equal(m.n, 0);
	assert_string_equal(msg.text, "");
	assert_int_equal(read_marks_get(&m, "kent"), 0);
	read_marks_release(&m);
}

static void read_marks_save__is_read_back_sorted(void **state)
{
	struct place *p = *state;
	struct read_marks m = { 0 };
	struct read_marks back;
	struct buf text = { 0 };
	struct stat st;

	assert_int_equal(read_marks_set(&m, "wessex", 7), WEALD_OK);
	assert_int_equal(read_marks_set(&m, "kent", 1), WEALD_OK);
	assert_int_equal(read_marks_set(&m, "east", INT64_MAX), WEALD_OK);
	assert_int_equal(read_marks_set(&m, "kent", 12), WEALD_OK);
	assert_int_equal(m.n, 3);
	assert_int_equal(read_marks_save(p->home, &m, NULL), WEALD_OK);
	assert_int_equal(fs_read_file(p->file, 1000, &text, NULL), WEALD_OK);
	assert_int_equal(buf_add_byte(&text, 0), WEALD_OK);
	assert_string_equal((const char *)text.data,
			    "east 9223372036854775807\nkent 12\nwessex 7\n");
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(read_marks_load(p->home, &back, NULL), WEALD_OK);
	assert_int_equal(back.n, 3);
	assert_int_equal(read_marks_get(&back, "kent"), 12);
	assert_int_equal(read_marks_get(&back, "wessex"), 7);
	assert_int_equal(read_marks_get(&back, "west"), 0);
	buf_release(&text);
	read_marks_release(&m);
	read_marks_release(&back);
}

static void read_marks_load__refuses_a_damaged_file_whole(void **state)
{
	static const struct {
		const char *text;
		const char *line; /* that is named */
	} bad[] = {
		{ "kent\n", "inbox:1: " },
		{ "kent 1\nwessex\n", "inbox:2: " },
		{ "kent 1\nwessex 2", "inbox:2: " },
		{ "kent 1\n\n", "inbox:2: " },
		{ "kent -1\n", "inbox:1: " },
		{ "kent 01\n", "inbox:1: " },
		{ "kent 1 \n", "inbox:1: " },
		{ "kent 9223372036854775808\n", "inbox:1: " },
		{ "Kent 1\n", "inbox:1: " },
		{ "../kent 1\n", "inbox:1: " },
		{ " 1\n", "inbox:1: " },
		{ "\x1b[31m 1\n", "inbox:1: " },
	};
	struct place *p = *state;
	struct weald_msg msg;
	struct read_marks m;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		msg_clear(&msg);
		write_file(p, bad[i].text, strlen(bad[i].text));
		assert_int_equal(read_marks_load(p->home, &m, &msg),
				 WEALD_CORRUPT);
		assert_int_equal(m.n, 0);
		assert_null(m.list);
		assert_int_equal(strncmp(msg.text, bad[i].line,
					 strlen(bad[i].line)),
				 0);
	}
	write_file(p, "kent\0x 1\n", 9);
	assert_int_equal(read_marks_load(p->home, &m, NULL), WEALD_CORRUPT);
}

static void read_marks_load__refuses_a_folder_and_what_is_too_long(void **state)
{
	struct place *p = *state;
	struct read_marks m;
	size_t len = (size_t)1 << 20;
	char *big = malloc(len);

	assert_non_null(big);
	memset(big, 'x', len);
	write_file(p, big, len);
	assert_int_equal(read_marks_load(p->home, &m, NULL), WEALD_CORRUPT);
	free(big);
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkdir(p->file, 0700), 0);
	assert_int_equal(read_marks_load(p->home, &m, NULL), WEALD_CORRUPT);
	assert_int_equal(rmdir(p->file), 0);
}

static void read_marks_set__refuses_what_is_no_name_of_a_feed(void **state)
{
	struct read_marks m = { 0 };
	char longest[200];

	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(read_marks_set(&m, "", 1), WEALD_INVALID);
	assert_int_equal(read_marks_set(&m, "a b", 1), WEALD_INVALID);
	assert_int_equal(read_marks_set(&m, "../a", 1), WEALD_INVALID);
	assert_int_equal(read_marks_set(&m, longest, 1), WEALD_INVALID);
	assert_int_equal(m.n, 0);
	assert_int_equal(read_marks_set(&m, "kent-0123456789ab", 1), WEALD_OK);
	read_marks_release(&m);
}

static void read_marks_set__ends_at_as_many_as_there_can_be_feeds(void **state)
{
	struct read_marks m = { 0 };
	char name[24];
	unsigned i;

	(void)state;
	for (i = 0; i < HOME_FEEDS_MAX; i++) {
		(void)snprintf(name, sizeof name, "r%u", i);
		assert_int_equal(read_marks_set(&m, name, i), WEALD_OK);
	}
	assert_int_equal(read_marks_set(&m, "one-more", 1), WEALD_TOOBIG);
	assert_int_equal(read_marks_set(&m, "r77", 5), WEALD_OK);
	assert_int_equal(read_marks_get(&m, "r77"), 5);
	assert_int_equal(read_marks_get(&m, "r4095"), 4095);
	read_marks_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			read_marks_load__takes_a_missing_file_for_empty, start,
			stop),
		cmocka_unit_test_setup_teardown(
			read_marks_save__is_read_back_sorted, start, stop),
		cmocka_unit_test_setup_teardown(
			read_marks_load__refuses_a_damaged_file_whole, start,
			stop),
		cmocka_unit_test_setup_teardown(
			read_marks_load__refuses_a_folder_and_what_is_too_long,
			start, stop),
		cmocka_unit_test(
			read_marks_set__refuses_what_is_no_name_of_a_feed),
		cmocka_unit_test(
			read_marks_set__ends_at_as_many_as_there_can_be_feeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
