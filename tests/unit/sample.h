/*
 * Samples: valid updates made for tests, one plain and any number at random,
 * signed with keys of their own; and what tests check again and again.
 */
#ifndef WEALD_TESTS_SAMPLE_H
#define WEALD_TESTS_SAMPLE_H

#include "proto/bytes.h"
#include "proto/ed25519.h"
#include "proto/err.h"
#include "proto/objectid.h"
#include "proto/update.h"

/* A small generator (splitmix64): the same cases from the same seed. */
struct prng {
	uint64_t state;
};

/*
 * Begin with the seed in WEALD_TEST_SEED, or a fixed one; prints it, so that
 * a failure can be seen again.
 */
void prng_begin(struct prng *p, const char *test);
uint64_t prng_next(struct prng *p);
/* 0..@n - 1 */
size_t prng_below(struct prng *p, size_t n);
void prng_bytes(struct prng *p, uint8_t *out, size_t len);

#define SAMPLE_CHANGES_MAX 12u
#define SAMPLE_TEXT_BYTES  8192u

/* An update and the memory that it borrows; never moves, never released. */
struct sample {
	struct update u;
	struct change changes[SAMPLE_CHANGES_MAX];
	char text[SAMPLE_TEXT_BYTES];
	size_t text_len;
};

/*
 * A plain publish: seq 3, version 1 of SAMPLE_RECORD, one file of
 * SAMPLE_CONTENT. Every rule of update_check() is kept.
 */
#define SAMPLE_RECORD  "intervention/2026-11/handover"
#define SAMPLE_PATH    SAMPLE_RECORD "/record.md"
#define SAMPLE_CONTENT "Say it aloud.\n"
void sample_plain(struct sample *s);

/* Any valid update: action, lengths, characters and numbers at random. */
void sample_random(struct sample *s, struct prng *p);

/*
 * Make @u a valid first update, a profile as second, or a granted @action at
 * seq 3 whose grant is signed by the root key.
 */
void sample_as_first(struct sample *s);
void sample_as_second(struct sample *s);
void sample_as_granted(struct sample *s, enum action action);

/* Sign the grant of @u again, after a field that it speaks of changed. */
void sample_sign_grant(struct update *u);

/* The keys of the samples: the root key's and the feed key's seeds. */
extern const uint8_t sample_root_seed[SEED_BYTES];
extern const uint8_t sample_feed_seed[SEED_BYTES];

/* The payload of @u, encoded without any check. */
void sample_payload(const struct update *u, struct buf *out);
/* S for @u, by the feed key. */
void sample_sign(const struct update *u, struct span payload,
		 uint8_t out_sig[SIG_BYTES]);

/* Do both say the same, field by field? */
bool sample_equal(const struct update *a, const struct update *b);

/* Git's ids with OpenSSL's SHA-1: good enough for tests, and only for them. */
int sample_object_id(enum object_type type, const void *data, size_t len,
		     uint8_t out_id[OBJECT_ID_BYTES]);

/*
 * Fail the test unless @r is @code and @msg, not empty, holds @word (NULL:
 * any). Clears @msg for the next check.
 */
#define check_refused(r, code, msg, word) \
	sample_check_refused(r, code, msg, word, __FILE__, __LINE__)
void sample_check_refused(int r, int code, struct weald_msg *msg,
			  const char *word, const char *file, int line);

#endif
