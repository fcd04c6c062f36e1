#include "store/feed/packread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "store/fs.h"
#include "tests/unit/packkit.h"

static void pack_read_entry__reads_types_and_sizes(void **state)
{
	static const struct {
		uint8_t bytes[10];
		size_t len;
		enum pack_entry_type type;
		uint64_t size;
	} cases[] = {
		{ { 0x10 }, 1, PACK_ENTRY_COMMIT, 0 },
		{ { 0x3f }, 1, PACK_ENTRY_BLOB, 15 },
		{ { 0xa0, 0x01 }, 2, PACK_ENTRY_TREE, 16 },
		{ { 0xef, 0xff, 0x7f }, 3, PACK_ENTRY_OFS_DELTA, 0x3ffff },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0x07 },
		  10,
		  PACK_ENTRY_REF_DELTA,
		  UINT64_MAX >> 1 },
	};
	enum pack_entry_type type;
	struct reader r;
	uint64_t size;
	size_t i;
	size_t cut;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		reader_init(&r, (struct span){ cases[i].bytes, cases[i].len });
		assert_int_equal(pack_read_entry(&r, &type, &size), WEALD_OK);
		assert_int_equal(type, cases[i].type);
		assert_true(size == cases[i].size);
		assert_int_equal(reader_left(&r), 0);
		for (cut = 0; cut < cases[i].len; cut++) {
			reader_init(&r, (struct span){ cases[i].bytes, cut });
			assert_int_equal(pack_read_entry(&r, &type, &size),
					 WEALD_INCOMPLETE);
			assert_int_equal(r.pos, 0);
		}
	}
}

static void pack_read_entry__refuses_no_type_and_no_size(void **state)
{
	static const uint8_t bad[][11] = {
		{ 0x00 },
		{ 0x50 },
		{ 0x90, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x08 },
		{ 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		  0x00 },
	};
	enum pack_entry_type type;
	struct reader r;
	uint64_t size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		reader_init(&r, (struct span){ bad[i], sizeof bad[i] });
		assert_int_equal(pack_read_entry(&r, &type, &size),
				 WEALD_CORRUPT);
	}
}

/* A pack whose one entry says @type and @size and holds @data, deflated. */
static const char *make_pack(struct packkit *k, unsigned type, size_t size,
			     const uint8_t *data, size_t len)
{
	static const uint8_t head[] = { 'P', 'A', 'C', 'K', 0, 0,
					0,   2,   0,   0,   0, 1 };
	const char *path = scratch_path(&k->scratch, "made.pack");
	uLongf room = compressBound(len);
	uint8_t *z = malloc(room);
	struct buf b;

	assert_non_null(z);
	assert_int_equal(compress2(z, &room, data, len, 9), Z_OK);
	buf_init(&b, 1 << 24);
	assert_int_equal(buf_add(&b, head, sizeof head), WEALD_OK);
	type = type << 4 | (unsigned)(size & 15);
	for (size >>= 4; size != 0; size >>= 7) {
		assert_int_equal(buf_add_byte(&b, (uint8_t)(type | 0x80)),
				 WEALD_OK);
		type = (unsigned)(size & 0x7f);
	}
	assert_int_equal(buf_add_byte(&b, (uint8_t)type), WEALD_OK);
	assert_int_equal(buf_add(&b, z, room), WEALD_OK);
	assert_int_equal(fs_write_durable(path, buf_span(&b), 0600, NULL),
			 WEALD_OK);
	buf_release(&b);
	free(z);
	return path;
}

static int first_commit(const char *path)
{
	struct weald_msg msg = { "" };
	struct buf b = { 0 };
	int r = pack_first_commit(path, &b, &msg);

	if (r != WEALD_OK) {
		assert_null(b.data);
		assert_non_null(strstr(msg.text, path));
	}
	buf_release(&b);
	return r;
}

static void pack_first_commit__reads_the_first_of_a_batch(void **state)
{
	struct packkit *k = *state;
	const char *name;
	struct buf b = { 0 };

	packkit_update(k, 100);
	name = packkit_batch(k, 3);
	assert_int_equal(pack_first_commit(packkit_file(k, name, ".pack"), &b,
					   NULL),
			 WEALD_OK);
	/* the objects of an update: blob, tree, tree, commit */
	assert_int_equal(b.len, k->known[3].len);
	assert_memory_equal(b.data, k->known[3].data, b.len);
	buf_release(&b);
}

static void pack_first_commit__reads_commits_up_to_the_limit(void **state)
{
	struct packkit *k = *state;
	size_t max = COMMIT_BYTES_MAX;
	uint8_t *data = malloc(max + 1);
	size_t i;

	assert_non_null(data);
	for (i = 0; i <= max; i++) {
		data[i] = (uint8_t)packkit_random(k);
	}
	assert_int_equal(first_commit(make_pack(k, 1, max, data, max)),
			 WEALD_OK);
	assert_int_equal(first_commit(make_pack(k, 1, max + 1, data, max + 1)),
			 WEALD_TOOBIG);
	assert_int_equal(first_commit(make_pack(k, 1, 0, data, 0)), WEALD_OK);
	free(data);
}

static void pack_first_commit__refuses_wrong_sizes_and_types(void **state)
{
	struct packkit *k = *state;
	uint8_t *zeros = calloc(1, 1 << 22);
	unsigned type;

	assert_non_null(zeros);
	assert_int_equal(first_commit(make_pack(k, 1, 99, zeros, 100)),
			 WEALD_CORRUPT);
	assert_int_equal(first_commit(make_pack(k, 1, 101, zeros, 100)),
			 WEALD_CORRUPT);
	/* 4 MiB in a few KiB, said to be 100 bytes */
	assert_int_equal(first_commit(make_pack(k, 1, 100, zeros, 1 << 22)),
			 WEALD_CORRUPT);
	for (type = 0; type < 8; type++) {
		assert_int_equal(first_commit(make_pack(k, type, 9, zeros, 9)),
				 type == 0 || type == 5 ? WEALD_CORRUPT
				 : type == 1            ? WEALD_OK
							: WEALD_NOTFOUND);
	}
	free(zeros);
}

static void pack_first_commit__refuses_a_pack_cut_anywhere(void **state)
{
	struct packkit *k = *state;
	const char *path = scratch_path(&k->scratch, "cut.pack");
	struct buf b = { 0 };
	size_t cut;
	size_t end;

	packkit_update(k, 10);
	assert_int_equal(fs_read_file(packkit_file(k, packkit_commit(k),
						   ".pack"),
				      1 << 20, &b, NULL),
			 WEALD_OK);
	/* the commit comes first; two trees, stored, are at the end */
	end = 12 + 20;
	for (cut = 0; cut < end; cut++) {
		assert_int_equal(fs_write_durable(path,
						  (struct span){ b.data, cut },
						  0600, NULL),
				 WEALD_OK);
		assert_int_equal(first_commit(path), WEALD_CORRUPT);
	}
	buf_release(&b);
	assert_int_equal(first_commit(scratch_path(&k->scratch, "none")),
			 WEALD_NOTFOUND);
}

static void pack_first_commit__survives_every_changed_byte(void **state)
{
	struct packkit *k = *state;
	const char *path;
	size_t i;
	int r;

	packkit_update(k, 10);
	path = packkit_file(k, packkit_commit(k), ".pack");
	for (i = 0; i < 200; i++) {
		packkit_flip(path, (long)i, 0x41);
		r = first_commit(path);
		/* the count says nothing of the first object */
		if (i < 12) {
			assert_int_equal(r, i < 8 ? WEALD_CORRUPT : WEALD_OK);
		}
		packkit_flip(path, (long)i, 0x41);
	}
	assert_int_equal(first_commit(path), WEALD_OK);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, packkit_setup, packkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pack_read_entry__reads_types_and_sizes),
		cmocka_unit_test(pack_read_entry__refuses_no_type_and_no_size),
		TEST(pack_first_commit__reads_the_first_of_a_batch),
		TEST(pack_first_commit__reads_commits_up_to_the_limit),
		TEST(pack_first_commit__refuses_wrong_sizes_and_types),
		TEST(pack_first_commit__refuses_a_pack_cut_anywhere),
		TEST(pack_first_commit__survives_every_changed_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
