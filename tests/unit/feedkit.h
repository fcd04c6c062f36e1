/*
 * A feed for tests: a repository in a folder that vanishes, with keys, a
 * clock that ticks, and what is asked again and again about both.
 *
 * The seeds are those of tests/data/feed.json, so that a feed can go on from
 * the vectors. Everything is the same in every run.
 */
#ifndef WEALD_TESTS_UNIT_FEEDKIT_H
#define WEALD_TESTS_UNIT_FEEDKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/ed25519.h"
#include "store/feed/feed.h"
#include "tests/unit/scratch.h"

struct feedkit {
	struct scratch scratch;
	char dir[SCRATCH_PATH_BYTES];  /* the repository */
	struct feed *feed;             /* open, or NULL */
	struct ed25519_signer *signer; /* whose turn it is */
	uint64_t now;
	uint64_t nonces;
	struct weald_msg msg;
};

/* setup and teardown of cmocka; the state is a struct feedkit */
int feedkit_setup(void **state);
int feedkit_teardown(void **state);

/* Fail the test unless @r is WEALD_OK, with what @k's message says. */
#define feed_ok(k, r) feedkit_ok(k, r, __FILE__, __LINE__)
void feedkit_ok(struct feedkit *k, int r, const char *file, int line);

/* Another repository of the same kit, "@name" in its folder, is the one. */
void feedkit_use(struct feedkit *k, const char *name);
/* feed_open(), what was open before closed. */
int feedkit_open(struct feedkit *k, enum feed_mode mode);
void feedkit_close(struct feedkit *k);

/* A new feed, open for writing, with its first two updates committed. */
void feedkit_found(struct feedkit *k);
/* A new feed, open for writing, with the first @n vectors committed. */
void feedkit_found_vectors(struct feedkit *k, size_t n);
/* Decode, check and stage vector number @i, 0..VECTORS_N - 1. */
int feedkit_append_vector(struct feedkit *k, size_t i);
/* Take the envelope of update @seq of @from and stage it in @to. */
int feedkit_pass_on(struct feedkit *k, const struct feed *from, uint64_t seq,
		    struct feed *to);

/* The same without its contents. */
int feedkit_pass_header(struct feedkit *k, const struct feed *from,
			uint64_t seq, struct feed *to);
/* Decode and check the envelope @bytes, and stage it in @to. */
int feedkit_append(struct feedkit *k, struct span bytes, struct feed *to);
/* Append @u, signed by @signer, as an envelope without contents. */
void feedkit_seal(struct feedkit *k, const struct update *u,
		  const struct ed25519_signer *signer, struct buf *out);

/* A draft about record @record with its time and nonce filled in. */
struct draft feedkit_draft(struct feedkit *k, enum action action,
			   const char *record);
/* Sign and stage a publish or revise of @record, record.md being @text. */
int feedkit_sign(struct feedkit *k, const char *record, const char *text);
/* The same, committed; asserts. */
void feedkit_publish(struct feedkit *k, const char *record, const char *text);
/* Updates of records of their own, @per_pack to a commit point; asserts. */
void feedkit_publish_many(struct feedkit *k, unsigned count, unsigned per_pack);
/* Sign and stage the change to the key of @seed; the kit signs with it. */
void feedkit_rotate(struct feedkit *k, const uint8_t *seed);

uint64_t feedkit_seq(const struct feedkit *k);
/* What stands in refs/heads/main, as hex; "" where it is not there. */
const char *feedkit_main(const struct feedkit *k);
/* The commit of update @seq, as hex; one of a few static buffers. */
const char *feedkit_commit(const struct feedkit *k, uint64_t seq);
/* "@dir/@name" of the repository; one of a few static buffers. */
const char *feedkit_path(const struct feedkit *k, const char *name);
/* Packs in the repository. */
size_t feedkit_packs(const struct feedkit *k);

/* Stock git finds nothing wrong, and main is where the feed says. */
void feedkit_assert_git_agrees(struct feedkit *k);
/* The first and the last 20 signatures are good for stock git. */
void feedkit_assert_signatures(struct feedkit *k);
/* Both say the same: identity, commits, records and their versions. */
void feedkit_assert_same(const struct feed *a, const struct feed *b);

/* Read and replace a file, however large. */
struct buf feedkit_load(const char *path);
void feedkit_store(const char *path, const void *data, size_t len);

#endif
