/*
 * fuzz_path: a record's path and, behind a line feed, the path of a file of
 * it.
 *
 * What is accepted is short, plain, and stays where it belongs: it can be a
 * path on any system that a feed is cloned to.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

/* Each part between slashes begins with a letter or digit, all are plain. */
static void require_plain(struct span path)
{
	int begins = 1;
	size_t i;

	for (i = 0; i < path.len; i++) {
		char c = (char)path.data[i];

		require(c == '/' ||
			strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", c) !=
				NULL);
		require(c != '\0' && !(begins && strchr("/._-", c) != NULL));
		begins = c == '/';
	}
	require(!begins && path.data[path.len - 1] != '.');
}

static void try_record(struct span record)
{
	struct weald_msg msg = { "" };
	struct record_path p;

	if (path_parse_record(record, &p, &msg) != WEALD_OK) {
		require(msg.text[0] != '\0');
		return;
	}
	require(record.len <= RECORD_BYTES_MAX);
	require_plain(record);
	require(path_is_name(p.kind) && path_is_name(p.slug));
	require(p.kind.data == record.data && p.month.len == 7 &&
		p.month.data == p.kind.data + p.kind.len + 1 &&
		p.slug.data == p.month.data + 8 &&
		p.slug.data + p.slug.len == record.data + record.len);
}

static void try_file(struct span path, struct span record)
{
	struct weald_msg msg = { "" };
	size_t slashes = 0;
	size_t i;

	if (path_check_file(path, record, &msg) != WEALD_OK) {
		require(msg.text[0] != '\0');
		return;
	}
	if (record.len == 0) {
		require(span_equal(path, span_of(PATH_REGION)) ||
			span_equal(path, span_of(PATH_GITATTRIBUTES)));
		return;
	}
	require(path.len <= PATH_BYTES_MAX);
	require_plain(path);
	require(memcmp(path.data, record.data, record.len) == 0);
	for (i = record.len; i < path.len; i++) {
		slashes += path.data[i] == '/';
	}
	require(slashes == 1 || slashes == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span record = { NULL, 0 };
	struct span path = { NULL, 0 };
	struct record_path p;
	struct reader r;

	reader_init(&r, (struct span){ data, size });
	if (reader_until(&r, '\n', &record) != WEALD_OK) {
		(void)reader_take(&r, size, &record);
	}
	(void)reader_take(&r, reader_left(&r), &path);
	try_record(record);
	try_file(path, span_of(""));
	/* path_check_file() takes a valid record only */
	if (path_parse_record(record, &p, NULL) == WEALD_OK) {
		try_file(path, record);
	}
	return 0;
}
