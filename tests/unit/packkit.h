/*
 * A bare repository for tests of packs: makes valid objects (a chain of
 * commits), remembers them, and compares what a repository holds.
 */
#ifndef WEALD_TESTS_UNIT_PACKKIT_H
#define WEALD_TESTS_UNIT_PACKKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/objectid.h"
#include "store/feed/pack.h"
#include "tests/unit/scratch.h"

struct known_object {
	enum object_type type;
	uint8_t id[OBJECT_ID_BYTES];
	uint8_t *data;
	size_t len;
};

struct packkit {
	struct scratch scratch;
	char repo[SCRATCH_PATH_BYTES];
	char pack_dir[SCRATCH_PATH_BYTES];
	struct pack_writer *writer;
	struct known_object *known;
	size_t count;
	unsigned seq;
	uint8_t head[OBJECT_ID_BYTES];
	uint64_t random;
};

/* setup and teardown of cmocka; the state is a struct packkit */
int packkit_setup(void **state);
int packkit_teardown(void **state);

uint32_t packkit_random(struct packkit *k);

/* Add an object to the writer and remember it. */
void packkit_add(struct packkit *k, enum object_type type, const void *data,
		 size_t len, uint8_t out_id[OBJECT_ID_BYTES]);
/* Add a commit, two trees and a blob of @blob_bytes on top of the head. */
void packkit_update(struct packkit *k, size_t blob_bytes);
/* Commit the writer; its name, asserting success. */
const char *packkit_commit(struct packkit *k);
/* @updates small updates in a pack of their own. */
const char *packkit_batch(struct packkit *k, unsigned updates);

size_t packkit_packs(const struct packkit *k);
/* Every remembered object reads back through libgit2, freshly opened. */
void packkit_assert_all_there(const struct packkit *k);
/* Stock git finds nothing wrong: verify-pack on each, fsck --strict. */
void packkit_assert_git_agrees(struct packkit *k);
/* No tmp_* file in the folder. */
void packkit_assert_no_temps(const struct packkit *k);

/* "@pack_dir/@name@ending"; one of a few static buffers. */
const char *packkit_file(const struct packkit *k, const char *name,
			 const char *ending);
/* Change the bits @mask of the byte at @offset (from the end if below 0). */
void packkit_flip(const char *path, long offset, uint8_t mask);

#endif
