#include "store/feed/fork.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/forkproof.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"

/* What feed_judge_fork() said last. */
struct verdict {
	enum gossip_verdict verdict;
	uint64_t seq;
	struct buf proof;
};

static struct verdict judge(struct feedkit *k, const struct feed *f,
			    struct span envelope)
{
	struct verdict v = { .seq = 99 };

	buf_init(&v.proof, FORKPROOF_BYTES_MAX);
	feed_ok(k, feed_judge_fork(f, envelope, &v.verdict, &v.seq, &v.proof,
				   &k->msg));
	if (v.verdict != GOSSIP_FORK_PROVEN) {
		assert_true(v.proof.len == 0);
	}
	return v;
}

static struct buf envelope_of(struct feedkit *k, const struct feed *f,
			      uint64_t seq, enum frame_fill fill)
{
	struct buf b;

	buf_init(&b, ENVELOPE_BYTES_MAX);
	feed_ok(k, feed_read_envelope(f, seq, fill, &b, &k->msg));
	return b;
}

/* Judge update @seq of @theirs in @f: what is expected comes out. */
static void assert_verdict(struct feedkit *k, const struct feed *f,
			   const struct feed *theirs, uint64_t seq,
			   enum gossip_verdict want, uint64_t want_seq)
{
	struct buf e = envelope_of(k, theirs, seq, FRAME_FILL_HEADERS);
	struct verdict v = judge(k, f, buf_span(&e));

	assert_int_equal(v.verdict, want);
	assert_true(v.seq == want_seq);
	buf_release(&v.proof);
	buf_release(&e);
}

/*
 * The kit's feed with updates up to 7, and its twin, which parts from it at
 * update 5 and has 9.
 */
static struct feed *found_fork(struct feedkit *k)
{
	struct feed *mine;
	struct feed *twin;
	unsigned i;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	feedkit_publish(k, A, "two");
	feedkit_close(k);
	assert_int_equal(scratch_run("cd '%s' && cp -r feed.git twin.git",
				     k->scratch.dir),
			 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < 3; i++) {
		feedkit_publish(k, A, i % 2 == 0 ? "mine" : "and mine");
	}
	mine = k->feed;
	k->feed = NULL;
	feedkit_use(k, "twin.git");
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < 5; i++) {
		feedkit_publish(k, A, i % 2 == 0 ? "yours" : "and yours");
	}
	twin = k->feed;
	k->feed = mine;
	return twin;
}

static void feed_judge_fork__finds_where_the_lines_part(void **state)
{
	static const struct {
		uint64_t seq;
		enum gossip_verdict verdict;
		uint64_t out;
	} cases[] = {
		{ 1, GOSSIP_FORK_NONE, 0 },    { 4, GOSSIP_FORK_NONE, 0 },
		{ 5, GOSSIP_FORK_PROVEN, 5 },  { 6, GOSSIP_FORK_EARLIER, 5 },
		{ 7, GOSSIP_FORK_EARLIER, 6 }, { 8, GOSSIP_FORK_EARLIER, 7 },
		{ 9, GOSSIP_FORK_EARLIER, 7 },
	};
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_verdict(k, k->feed, twin, cases[i].seq, cases[i].verdict,
			       cases[i].out);
	}
	/* and the other way round, where more is held than they have */
	assert_verdict(k, twin, k->feed, 7, GOSSIP_FORK_EARLIER, 6);
	assert_verdict(k, twin, k->feed, 5, GOSSIP_FORK_PROVEN, 5);
	feed_close(twin);
}

static void feed_judge_fork__accuses_nobody_for_what_follows(void **state)
{
	struct feedkit *k = *state;
	struct feed *behind = NULL;
	uint64_t seq;

	feedkit_found(k);
	feedkit_publish_many(k, 3, 1);
	feed_ok(k, feed_create(scratch_path(&k->scratch, "b.git"), &k->msg));
	feed_ok(k, feed_open(scratch_path(&k->scratch, "b.git"), FEED_WRITE,
			     &behind, &k->msg));
	/* nothing is held */
	assert_verdict(k, behind, k->feed, 1, GOSSIP_FORK_NONE, 0);
	assert_verdict(k, behind, k->feed, 4, GOSSIP_FORK_NONE, 0);
	for (seq = 1; seq <= 3; seq++) {
		feed_ok(k, feedkit_pass_on(k, k->feed, seq, behind));
	}
	feed_ok(k, feed_commit(behind, &k->msg));
	assert_verdict(k, behind, k->feed, 4, GOSSIP_FORK_NONE, 0);
	/* a gap tells nothing yet */
	assert_verdict(k, behind, k->feed, 5, GOSSIP_FORK_EARLIER, 3);
	feed_close(behind);
}

static void feed_judge_fork__accuses_nobody_for_another_feed(void **state)
{
	struct feedkit *k = *state;
	struct verdict v;
	size_t i;

	feedkit_found(k);
	feedkit_publish(k, A, "one");
	for (i = 0; i < VECTORS_N; i++) {
		v = judge(k, k->feed, vectors_get()->updates[i].envelope);
		assert_int_equal(v.verdict, GOSSIP_FORK_NONE);
		buf_release(&v.proof);
	}
}

/* Update 5 of the twin, changed and signed anew, in the eyes of @k's feed. */
static enum gossip_verdict judge_forged(struct feedkit *k, struct feed *twin,
					const uint8_t *seed, uint64_t epoch)
{
	struct ed25519_signer *signer = NULL;
	struct stored s;
	struct verdict v;
	struct buf e;

	feed_ok(k, ed25519_signer_new(seed, &signer));
	feed_ok(k, feed_read(twin, 5, &s, &k->msg));
	memcpy(s.update.key, ed25519_signer_key(signer), PUBKEY_BYTES);
	s.update.epoch = epoch;
	buf_init(&e, ENVELOPE_BYTES_MAX);
	feedkit_seal(k, &s.update, signer, &e);
	v = judge(k, k->feed, buf_span(&e));
	stored_release(&s);
	buf_release(&e);
	buf_release(&v.proof);
	ed25519_signer_free(signer);
	return v.verdict;
}

static void feed_judge_fork__accuses_nobody_for_a_stranger(void **state)
{
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	const struct vectors *v = vectors_get();

	assert_int_equal(judge_forged(k, twin, v->seed_first, 0),
			 GOSSIP_FORK_PROVEN);
	assert_int_equal(judge_forged(k, twin, v->seed_second, 0),
			 GOSSIP_FORK_NONE);
	assert_int_equal(judge_forged(k, twin, v->seed_first, 1),
			 GOSSIP_FORK_NONE);
	feed_close(twin);
}

static void feed_judge_fork__says_what_is_no_update(void **state)
{
	struct feedkit *k = *state;
	enum gossip_verdict verdict = GOSSIP_FORK_EARLIER;
	uint64_t seq = 99;
	struct buf proof;

	feedkit_found(k);
	buf_init(&proof, FORKPROOF_BYTES_MAX);
	assert_int_not_equal(feed_judge_fork(k->feed, span_of("rubbish"),
					     &verdict, &seq, &proof, &k->msg),
			     WEALD_OK);
	assert_int_equal(verdict, GOSSIP_FORK_EARLIER);
	assert_true(seq == 99 && proof.len == 0);
	buf_release(&proof);
}

static void feed_judge_fork__needs_room_for_the_proof(void **state)
{
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	struct buf e = envelope_of(k, twin, 5, FRAME_FILL_ALL);
	enum gossip_verdict verdict = GOSSIP_FORK_NONE;
	uint64_t seq = 99;
	struct buf proof;

	buf_init(&proof, 100);
	assert_int_equal(feed_judge_fork(k->feed, buf_span(&e), &verdict, &seq,
					 &proof, &k->msg),
			 WEALD_TOOBIG);
	assert_true(proof.len == 0 && seq == 99);
	assert_int_equal(verdict, GOSSIP_FORK_NONE);
	buf_release(&proof);
	buf_release(&e);
	feed_close(twin);
}

static struct buf proof_of(struct feedkit *k, const struct feed *twin)
{
	struct buf e = envelope_of(k, twin, 5, FRAME_FILL_ALL);
	struct verdict v = judge(k, k->feed, buf_span(&e));

	assert_int_equal(v.verdict, GOSSIP_FORK_PROVEN);
	buf_release(&e);
	return v.proof;
}

static void feed_check_proof__convinces_both_sides(void **state)
{
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	struct buf proof = proof_of(k, twin);
	struct buf other;
	uint64_t seq = 0;

	feed_ok(k, feed_check_proof(k->feed, buf_span(&proof), &seq, &k->msg));
	assert_true(seq == 5);
	seq = 0;
	feed_ok(k, feed_check_proof(twin, buf_span(&proof), &seq, &k->msg));
	assert_true(seq == 5);
	/* one fork, one proof, whoever finds it */
	{
		struct buf e = envelope_of(k, k->feed, 5, FRAME_FILL_ALL);
		struct verdict v = judge(k, twin, buf_span(&e));

		other = v.proof;
		buf_release(&e);
	}
	assert_true(span_equal(buf_span(&proof), buf_span(&other)));
	buf_release(&other);
	buf_release(&proof);
	feed_close(twin);
}

static void feed_check_proof__refuses_what_proves_nothing(void **state)
{
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	struct buf proof = proof_of(k, twin);
	uint64_t seq = 99;
	size_t i;
	int r;

	for (i = 0; i < proof.len; i += 41) {
		proof.data[i] ^= 0x10;
		r = feed_check_proof(k->feed, buf_span(&proof), &seq, &k->msg);
		assert_int_not_equal(r, WEALD_OK);
		assert_int_not_equal(r, WEALD_CORRUPT);
		proof.data[i] ^= 0x10;
	}
	r = feed_check_proof(k->feed, span_of(""), &seq, &k->msg);
	assert_int_not_equal(r, WEALD_OK);
	assert_true(seq == 99);
	buf_release(&proof);
	feed_close(twin);
}

static void feed_check_proof__needs_the_history_before(void **state)
{
	struct feedkit *k = *state;
	struct feed *twin = found_fork(k);
	struct buf proof = proof_of(k, twin);
	struct feed *behind = NULL;
	struct feed *mine = k->feed;
	uint64_t seq = 99;
	uint64_t i;

	feed_ok(k, feed_create(scratch_path(&k->scratch, "b.git"), &k->msg));
	feed_ok(k, feed_open(scratch_path(&k->scratch, "b.git"), FEED_WRITE,
			     &behind, &k->msg));
	assert_int_equal(feed_check_proof(behind, buf_span(&proof), &seq,
					  &k->msg),
			 WEALD_SEQ_GAP);
	for (i = 1; i <= 4; i++) {
		assert_int_equal(feed_check_proof(behind, buf_span(&proof),
						  &seq, &k->msg),
				 WEALD_SEQ_GAP);
		feed_ok(k, feedkit_pass_on(k, mine, i, behind));
		feed_ok(k, feed_commit(behind, &k->msg));
	}
	feed_ok(k, feed_check_proof(behind, buf_span(&proof), &seq, &k->msg));
	assert_true(seq == 5);
	feed_close(behind);
	/* another feed */
	k->feed = NULL;
	feedkit_use(k, "other.git");
	feedkit_found_vectors(k, 3);
	assert_int_equal(feed_check_proof(k->feed, buf_span(&proof), &seq,
					  &k->msg),
			 WEALD_FEED_OTHER);
	buf_release(&proof);
	feed_close(twin);
	feed_close(mine);
}

static void feed_identity_at__is_what_it_was_then(void **state)
{
	struct feedkit *k = *state;
	const struct identity none = { .seq = 0 };
	struct identity then[VECTORS_N + 2];
	struct identity id;
	size_t i;

	memset(then, 0, sizeof then);
	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < VECTORS_N; i++) {
		feed_ok(k, feedkit_append_vector(k, i));
		then[i + 1] = *feed_identity(k->feed);
	}
	/* only what is durable counts */
	assert_int_equal(feed_identity_at(k->feed, 1, &id, &k->msg),
			 WEALD_NOTFOUND);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feed_ok(k, feed_identity_at(k->feed, 0, &id, &k->msg));
	assert_memory_equal(&id, &none, sizeof id);
	for (i = 1; i <= VECTORS_N; i++) {
		feed_ok(k, feed_identity_at(k->feed, i, &id, &k->msg));
		assert_memory_equal(id.feed, then[i].feed, sizeof id.feed);
		assert_string_equal(id.slug, then[i].slug);
		assert_memory_equal(id.root, then[i].root, sizeof id.root);
		assert_memory_equal(id.key, then[i].key, sizeof id.key);
		assert_true(id.epoch == then[i].epoch && id.seq == i);
		assert_true(id.time == then[i].time);
		assert_memory_equal(id.prev, then[i].prev, sizeof id.prev);
		assert_memory_equal(id.commit, then[i].commit,
				    sizeof id.commit);
		assert_memory_equal(id.tree, then[i].tree, sizeof id.tree);
	}
	assert_int_equal(feed_identity_at(k->feed, VECTORS_N + 1, &id, &k->msg),
			 WEALD_NOTFOUND);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_judge_fork__finds_where_the_lines_part),
		TEST(feed_judge_fork__accuses_nobody_for_what_follows),
		TEST(feed_judge_fork__accuses_nobody_for_another_feed),
		TEST(feed_judge_fork__accuses_nobody_for_a_stranger),
		TEST(feed_judge_fork__says_what_is_no_update),
		TEST(feed_judge_fork__needs_room_for_the_proof),
		TEST(feed_check_proof__convinces_both_sides),
		TEST(feed_check_proof__refuses_what_proves_nothing),
		TEST(feed_check_proof__needs_the_history_before),
		TEST(feed_identity_at__is_what_it_was_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
