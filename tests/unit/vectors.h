/*
 * Vectors: tests/data/feed.json, a feed made by an independent implementation
 * and agreed by stock git, for the tests of whoever reads or writes updates.
 *
 * Loaded once and kept until the program ends. A file that cannot be read or
 * is not as expected ends the program: no test can go on without it.
 */
#ifndef WEALD_TESTS_VECTORS_H
#define WEALD_TESTS_VECTORS_H

#include "proto/bytes.h"
#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/update.h"

/* Tests run from the root of the repository. */
#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

#define VECTORS_N 7u

struct vector {
	uint64_t seq;
	struct span action;
	struct span payload;
	uint8_t digest[SHA256_BYTES];
	struct span commit_text; /* without the signature */
	uint8_t sig[SIG_BYTES];
	const uint8_t *seed; /* of the key that signs */
	uint8_t commit[OBJECT_ID_BYTES];
	uint8_t tree[OBJECT_ID_BYTES];
	struct span envelope;
};

struct vectors {
	struct span slug;
	uint8_t feed[SHA256_BYTES];
	uint8_t seed_root[SEED_BYTES];
	uint8_t seed_first[SEED_BYTES];
	uint8_t seed_second[SEED_BYTES];
	struct vector updates[VECTORS_N];
};

const struct vectors *vectors_get(void);

/*
 * The fields of update number @i, 0..VECTORS_N - 1, written down by hand and
 * not read from the payload; prev and parent are the ids that the file gives
 * for the update before, the grant is signed here with the root seed. The
 * changes and all text are static: nothing to release.
 */
void vectors_update(size_t i, struct update *out);

/* The contents that travel with update @i, static; data NULL for a removal. */
size_t vectors_contents(size_t i, const struct span **out);

#endif
