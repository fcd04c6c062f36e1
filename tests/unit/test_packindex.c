#include "store/feed/packindex.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/fs.h"
#include "tests/unit/scratch.h"

#define ENTRIES 5u

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
	scratch_remove(*state);
	free(*state);
	return 0;
}

static const uint64_t offsets[ENTRIES] = { 12, 0x7fffffff, 0x80000000,
					   0x123456789a, 40 };

static void make_entries(struct packindex_entry *entries)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++) {
		memset(entries[i].id, (int)(0xf0 - 0x11 * i),
		       sizeof entries[i].id);
		entries[i].crc = (uint32_t)(0xfedcba98 + i);
		entries[i].offset = offsets[i];
	}
}

/* The index of @entries as a file; gives its bytes. */
static struct buf make_index(const char *path, struct packindex_entry *entries,
			     size_t n)
{
	static const uint8_t pack_sum[HASHFILE_SUM_BYTES] = { 1, 2, 3 };
	uint8_t sum[HASHFILE_SUM_BYTES];
	struct buf idx = { 0 };
	struct hashfile f;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	packindex_sort_by_id(entries, n);
	assert_int_equal(hashfile_init(&f, fd, "", path), WEALD_OK);
	assert_int_equal(packindex_write(entries, n, pack_sum, &f, NULL),
			 WEALD_OK);
	assert_int_equal(hashfile_finish(&f, sum, NULL), WEALD_OK);
	hashfile_release(&f);
	assert_int_equal(close(fd), 0);
	assert_int_equal(fs_read_file(path, 1 << 20, &idx, NULL), WEALD_OK);
	return idx;
}

/* After a change: the closing checksum made right again. */
static void seal(struct span s, uint8_t *data)
{
	size_t len = s.len - HASHFILE_SUM_BYTES;

	assert_int_equal(hashfile_sum((struct span){ data, len }, data + len),
			 WEALD_OK);
}

static void packindex_read__gives_what_was_written(void **state)
{
	const char *path = scratch_path(*state, "i.idx");
	struct packindex_entry entries[ENTRIES];
	struct packindex_entry *back = NULL;
	uint8_t pack_sum[HASHFILE_SUM_BYTES];
	struct buf idx;
	size_t n = 0;
	size_t i;

	make_entries(entries);
	idx = make_index(path, entries, ENTRIES);
	assert_int_equal(packindex_read(buf_span(&idx), &back, &n, pack_sum,
					NULL),
			 WEALD_OK);
	assert_int_equal(n, ENTRIES);
	assert_int_equal(pack_sum[2], 3);
	for (i = 0; i < n; i++) {
		assert_memory_equal(back[i].id, entries[i].id, OBJECT_ID_BYTES);
		assert_int_equal(back[i].crc, entries[i].crc);
		assert_true(back[i].offset == entries[i].offset);
	}
	packindex_sort_by_offset(back, n);
	assert_true(back[0].offset == 12 && back[1].offset == 40);
	free(back);
	buf_release(&idx);
	/* git reads the same, the 64-bit offsets too */
	assert_int_equal(scratch_run("git show-index < %s | grep -q "
				     "'^78187493530 bdbdbdbd.*(fedcba9b)$'",
				     path),
			 0);
	assert_int_equal(scratch_run("git show-index < %s | grep -q "
				     "'^2147483648 cececece.*(fedcba9a)$'",
				     path),
			 0);
	assert_int_equal(scratch_run("test $(git show-index < %s | wc -l) = 5",
				     path),
			 0);
}

static void packindex_read__takes_an_index_of_nothing(void **state)
{
	struct packindex_entry *back = NULL;
	uint8_t pack_sum[HASHFILE_SUM_BYTES];
	struct buf idx;
	size_t n = 1;

	idx = make_index(scratch_path(*state, "i.idx"), NULL, 0);
	assert_int_equal(packindex_read(buf_span(&idx), &back, &n, pack_sum,
					NULL),
			 WEALD_OK);
	assert_int_equal(n, 0);
	assert_null(back);
	buf_release(&idx);
}

static void packindex_read__refuses_every_changed_byte(void **state)
{
	struct packindex_entry entries[ENTRIES];
	struct packindex_entry *back = NULL;
	uint8_t pack_sum[HASHFILE_SUM_BYTES];
	struct weald_msg msg;
	struct buf idx;
	size_t n;
	size_t i;
	int r;

	make_entries(entries);
	idx = make_index(scratch_path(*state, "i.idx"), entries, ENTRIES);
	for (i = 0; i < idx.len; i++) {
		idx.data[i] ^= 0x10;
		msg.text[0] = '\0';
		r = packindex_read(buf_span(&idx), &back, &n, pack_sum, &msg);
		assert_int_equal(r, i < 8 ? WEALD_FORMAT : WEALD_CORRUPT);
		assert_true(msg.text[0] != '\0');
		idx.data[i] ^= 0x10;
	}
	for (i = 0; i < idx.len; i++) {
		r = packindex_read((struct span){ idx.data, i }, &back, &n,
				   pack_sum, &msg);
		assert_int_equal(r, WEALD_CORRUPT);
	}
	assert_null(back);
	buf_release(&idx);
}

/*
 * With a checksum made right again, nothing may be read outside the bytes,
 * and what is out of order is refused.
 */
static void packindex_read__refuses_what_does_not_fit(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {
		{ 8 + 1023, 4 },              /* fewer objects */
		{ 8 + 1023, 6 },              /* more objects */
		{ 8 + 1020, 0x80 },           /* far more objects */
		{ 8 + 3, 1 },                 /* fanout not in order */
		{ 8 + 1024, 0xff },           /* ids not in order */
		{ 8 + 1024 + 5 * 24 + 7, 9 }, /* no such large offset */
		{ 8 + 1024 + 5 * 28, 0x80 },  /* an offset of 2^63 */
	};
	struct packindex_entry entries[ENTRIES];
	struct packindex_entry *back = NULL;
	uint8_t pack_sum[HASHFILE_SUM_BYTES];
	struct buf idx;
	uint8_t old;
	size_t n;
	size_t i;

	make_entries(entries);
	idx = make_index(scratch_path(*state, "i.idx"), entries, ENTRIES);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		old = idx.data[cases[i].at];
		assert_int_not_equal(old, cases[i].value);
		idx.data[cases[i].at] = cases[i].value;
		seal(buf_span(&idx), idx.data);
		assert_int_equal(packindex_read(buf_span(&idx), &back, &n,
						pack_sum, NULL),
				 WEALD_CORRUPT);
		idx.data[cases[i].at] = old;
	}
	assert_null(back);
	buf_release(&idx);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packindex_read__gives_what_was_written),
		TEST(packindex_read__takes_an_index_of_nothing),
		TEST(packindex_read__refuses_every_changed_byte),
		TEST(packindex_read__refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
