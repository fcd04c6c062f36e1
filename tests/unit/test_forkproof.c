#include "proto/forkproof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/commit.h"
#include "proto/mp.h"
#include "proto/sshsig.h"
#include "tests/unit/sample.h"

static struct weald_msg msg;

/* Two updates after the same one, and a later one of each line. */
static struct sample a;
static struct sample b;
static struct sample first_a;
static struct sample first_b;

/* Their envelopes, and the whole proof. */
static struct buf bare[4];
static struct buf proof;

static struct forkproof p;
static struct forkproof_facts facts;

/* The state before the fork. */
static struct identity before;

static void plain(struct sample *s, const char *summary)
{
	sample_plain(s);
	s->u.summary = span_of(summary);
}

static int begin(void **state)
{
	size_t i;

	(void)state;
	msg.text[0] = '\0';
	plain(&a, "One line");
	plain(&b, "Another line");
	plain(&first_a, "A first");
	plain(&first_b, "Another first");
	p = (struct forkproof){ .lines = { { .first = { NULL, 0 } } } };
	memcpy(p.feed, a.u.feed, sizeof p.feed);
	for (i = 0; i < 4; i++) {
		buf_init(&bare[i], FORKPROOF_ENVELOPE_MAX);
	}
	buf_init(&proof, FORKPROOF_BYTES_MAX);

	before = (struct identity){ .slug = "south-west", .seq = 2 };
	memcpy(before.feed, a.u.feed, sizeof before.feed);
	memcpy(before.root, a.u.root, sizeof before.root);
	memcpy(before.key, a.u.key, sizeof before.key);
	memcpy(before.prev, a.u.prev, sizeof before.prev);
	memcpy(before.commit, a.u.parent, sizeof before.commit);
	return 0;
}

static int end(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		buf_release(&bare[i]);
	}
	buf_release(&proof);
	return 0;
}

static void sign_with(const uint8_t seed[SEED_BYTES], const struct update *u,
		      struct span payload, uint8_t sig[SIG_BYTES])
{
	struct ed25519_signer *signer;
	struct buf text;

	buf_init(&text, COMMIT_BYTES_MAX);
	assert_int_equal(ed25519_signer_new(seed, &signer), WEALD_OK);
	assert_int_equal(commit_text(u, payload, &text), WEALD_OK);
	assert_int_equal(sshsig_sign(signer, COMMIT_NAMESPACE, buf_span(&text),
				     sig),
			 WEALD_OK);
	ed25519_signer_free(signer);
	buf_release(&text);
}

/* The envelope of @s without contents, signed by the key of @seed. */
static struct span envelope_by(const uint8_t seed[SEED_BYTES],
			       const struct sample *s, struct buf *out)
{
	struct span contents[SAMPLE_CHANGES_MAX];
	struct envelope e = { .contents = contents };
	struct buf payload;
	size_t i;

	buf_init(&payload, PAYLOAD_BYTES_MAX);
	sample_payload(&s->u, &payload);
	e.payload = buf_span(&payload);
	e.contents_n = s->u.changes_n;
	for (i = 0; i < e.contents_n; i++) {
		contents[i] = span_of(SAMPLE_CONTENT);
	}
	sign_with(seed, &s->u, e.payload, e.sig);
	buf_clear(out);
	assert_int_equal(forkproof_add_bare(&e, out), WEALD_OK);
	buf_release(&payload);
	return buf_span(out);
}

static struct span envelope_of(const struct sample *s, struct buf *out)
{
	return envelope_by(sample_feed_seed, s, out);
}

/* The two updates as they stand become the lines of the proof. */
static void build(void)
{
	p.lines[0].envelope = envelope_of(&a, &bare[0]);
	p.lines[1].envelope = envelope_of(&b, &bare[1]);
}

static void refused(int code, const char *word)
{
	check_refused(forkproof_check(&p, sample_object_id, &facts, &msg), code,
		      &msg, word);
}

static void accepted(uint64_t epoch, uint64_t seq)
{
	int r = forkproof_check(&p, sample_object_id, &facts, &msg);

	if (r != WEALD_OK) {
		fail_msg("%s: %s", err_name(r), msg.text);
	}
	assert_int_equal(facts.epoch, epoch);
	assert_int_equal(facts.seq, seq);
	assert_memory_equal(facts.feed, p.feed, sizeof p.feed);
}

static void judged(int code, const char *word)
{
	int r = forkproof_judge(&facts, &before, &msg);

	if (code == WEALD_OK) {
		assert_int_equal(r, WEALD_OK);
	} else {
		check_refused(r, code, &msg, word);
	}
}

static void forkproof_check__accepts_two_updates_after_one(void **state)
{
	(void)state;
	build();
	accepted(0, 3);
	assert_int_not_equal(memcmp(facts.sides[0].update.commit_id,
				    facts.sides[1].update.commit_id,
				    OBJECT_ID_BYTES),
			     0);
	judged(WEALD_OK, NULL);
	forkproof_release(&facts);
}

static void forkproof_add_bare__leaves_the_contents_out(void **state)
{
	struct envelope e;

	(void)state;
	build();
	assert_int_equal(envelope_decode(p.lines[0].envelope, &e, &msg),
			 WEALD_OK);
	assert_int_equal(e.contents_n, 1);
	assert_null(e.contents[0].data);
	envelope_release(&e);
	/* also where there are none */
	sample_as_first(&a);
	assert_int_equal(envelope_decode(envelope_of(&a, &bare[0]), &e, &msg),
			 WEALD_OK);
	assert_int_equal(e.contents_n, 0);
	envelope_release(&e);
}

/* One fork has one proof, whoever writes it. */
static void forkproof_encode__does_not_mind_the_order(void **state)
{
	struct forkproof_line swap;
	struct forkproof got;
	struct buf other;

	(void)state;
	build();
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	assert_int_equal(forkproof_encode(&p, &proof), WEALD_OK);
	swap = p.lines[0];
	p.lines[0] = p.lines[1];
	p.lines[1] = swap;
	buf_init(&other, FORKPROOF_BYTES_MAX);
	assert_int_equal(forkproof_encode(&p, &other), WEALD_OK);
	assert_true(span_equal(buf_span(&proof), buf_span(&other)));
	buf_release(&other);

	assert_int_equal(forkproof_decode(buf_span(&proof), &got, &msg),
			 WEALD_OK);
	assert_memory_equal(got.feed, p.feed, sizeof p.feed);
	assert_true(span_compare(got.lines[0].envelope, got.lines[1].envelope) <
		    0);
	/* the first went along with its line */
	assert_int_equal((got.lines[0].first.len == 0) +
				 (got.lines[1].first.len == 0),
			 1);
	swap = got.lines[got.lines[0].first.len == 0];
	assert_true(span_equal(swap.envelope, buf_span(&bare[1])));
	assert_true(span_equal(swap.first, buf_span(&bare[3])));
	proof.max = proof.len;
	assert_int_equal(forkproof_encode(&p, &proof), WEALD_TOOBIG);
}

static void decode_refused(int code, const char *word)
{
	struct forkproof got;

	check_refused(forkproof_decode(buf_span(&proof), &got, &msg), code,
		      &msg, word);
}

static void forkproof_decode__refuses_each_cut_and_what_is_behind(void **state)
{
	size_t len;

	(void)state;
	build();
	assert_int_equal(forkproof_encode(&p, &proof), WEALD_OK);
	for (len = proof.len; proof.len > 0;) {
		proof.len--;
		decode_refused(WEALD_MALFORMED, "fork proof");
	}
	proof.len = len;
	assert_int_equal(buf_add_byte(&proof, 0), WEALD_OK);
	decode_refused(WEALD_MALFORMED, "after the end");
	while (proof.len < FORKPROOF_BYTES_MAX) {
		assert_int_equal(buf_add_byte(&proof, 0), WEALD_OK);
	}
	proof.max++;
	assert_int_equal(buf_add_byte(&proof, 0), WEALD_OK);
	decode_refused(WEALD_TOOBIG, "the most is");
}

/* The array of a proof with element @n as an empty bin. */
static void write_with_empty(size_t n, size_t fields, uint64_t format)
{
	struct mp_writer w;
	size_t i;

	buf_clear(&proof);
	mp_writer_begin(&w, &proof);
	mp_put_array(&w, fields);
	for (i = 0; i < fields; i++) {
		if (i == n) {
			mp_put_bin(&w, "", 0);
		} else if (i == 0) {
			mp_put_uint(&w, format);
		} else if (i == 1) {
			mp_put_bin(&w, p.feed, sizeof p.feed);
		} else if (i < 4) {
			mp_put_bin(&w, i == 2 ? "a" : "b", 1);
		} else {
			mp_put_nil(&w);
		}
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
}

static void forkproof_decode__refuses_other_fields(void **state)
{
	struct forkproof got;

	(void)state;
	write_with_empty(SIZE_MAX, 6, 1);
	assert_int_equal(forkproof_decode(buf_span(&proof), &got, &msg),
			 WEALD_OK);
	write_with_empty(0, 6, 1);
	decode_refused(WEALD_MALFORMED, "[format");
	write_with_empty(1, 6, 1);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_empty(3, 6, 1);
	decode_refused(WEALD_MALFORMED, "not sorted");
	write_with_empty(4, 6, 1);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_empty(5, 6, 1);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_empty(SIZE_MAX, 5, 1);
	decode_refused(WEALD_MALFORMED, "not [1,");
	write_with_empty(SIZE_MAX, 6, 2);
	decode_refused(WEALD_FORMAT, "format 2");
	buf_clear(&proof);
	assert_int_equal(buf_add(&proof, "\x91\x91\x01", 3), WEALD_OK);
	decode_refused(WEALD_TOOBIG, "nested");
}

static void forkproof_check__refuses_what_is_no_fork(void **state)
{
	(void)state;
	build();
	p.lines[1] = p.lines[0];
	refused(WEALD_FORK_PROOF, "are the same");

	build();
	b.u.seq = 4;
	build();
	refused(WEALD_FORK_PROOF, "do not follow the same");
	plain(&b, "Another line");
	b.u.prev[0] ^= 1;
	build();
	refused(WEALD_FORK_PROOF, "do not follow the same");
	plain(&b, "Another line");
	b.u.parent[0] ^= 1;
	build();
	refused(WEALD_FORK_PROOF, "do not follow the same");
}

static void forkproof_check__refuses_more_than_one_feed(void **state)
{
	(void)state;
	b.u.feed[0] ^= 1;
	build();
	refused(WEALD_FORK_PROOF, "more than one feed");
	plain(&b, "Another line");
	b.u.slug = span_of("south-east");
	build();
	refused(WEALD_FORK_PROOF, "more than one feed");
	plain(&b, "Another line");
	b.u.root[0] ^= 1;
	build();
	refused(WEALD_FORK_PROOF, "more than one feed");
	plain(&b, "Another line");
	build();
	p.feed[0] ^= 1;
	refused(WEALD_FORK_PROOF, "more than one feed");
}

/* Two different first updates are two feeds, not a fork of one. */
static void forkproof_check__refuses_two_first_updates(void **state)
{
	struct checked c;
	struct envelope e;

	(void)state;
	sample_as_first(&a);
	sample_as_first(&b);
	build();
	refused(WEALD_FORK_PROOF, "more than one feed");
	/* under the id of one of them too */
	assert_int_equal(envelope_decode(p.lines[0].envelope, &e, &msg),
			 WEALD_OK);
	assert_int_equal(envelope_check(&e, sample_object_id, &c, &msg),
			 WEALD_OK);
	memcpy(p.feed, c.digest, sizeof p.feed);
	checked_release(&c);
	envelope_release(&e);
	refused(WEALD_FORK_PROOF, "more than one feed");
}

static void forkproof_check__refuses_what_is_not_valid(void **state)
{
	struct span contents[] = { span_of(SAMPLE_CONTENT) };
	struct envelope e;

	(void)state;
	build();
	bare[1].data[bare[1].len - 10] ^= 1;
	refused(WEALD_SIGNATURE, "fork proof");

	build();
	p.lines[0].envelope.len--;
	refused(WEALD_MALFORMED, "fork proof");

	/* signed by another than the key that it names */
	build();
	p.lines[1].envelope = envelope_by(sample_root_seed, &b, &bare[1]);
	refused(WEALD_SIGNATURE, "fork proof");

	/* with contents, valid as these are */
	build();
	assert_int_equal(envelope_decode(p.lines[1].envelope, &e, &msg),
			 WEALD_OK);
	e.contents[0] = contents[0];
	buf_clear(&bare[3]);
	assert_int_equal(envelope_encode(&e, &bare[3]), WEALD_OK);
	envelope_release(&e);
	p.lines[1].envelope = buf_span(&bare[3]);
	refused(WEALD_FORK_PROOF, "with contents");
}

static void granted(struct sample *s, uint64_t seq, uint64_t epoch)
{
	s->u.seq = seq;
	sample_as_granted(s, ACTION_RECOVER);
	s->u.epoch = epoch;
	sample_sign_grant(&s->u);
}

static void forkproof_check__refuses_a_reissue_beside_the_old_line(void **state)
{
	(void)state;
	granted(&b, 3, 1);
	build();
	refused(WEALD_FORK_PROOF, "different epochs");
}

static void forkproof_check__accepts_two_reissues_of_one_epoch(void **state)
{
	(void)state;
	granted(&a, 3, 1);
	granted(&b, 3, 1);
	build();
	accepted(1, 3);
	judged(WEALD_OK, NULL);
	/* but an epoch rises: these cannot follow one of theirs */
	before.epoch = 1;
	judged(WEALD_EPOCH_CHANGED, "does not rise");
	forkproof_release(&facts);
}

/* One line enters epoch 1 at the fork, the other two updates later. */
static void forkproof_check__takes_the_first_of_an_epoch(void **state)
{
	(void)state;
	granted(&a, 3, 1);
	granted(&first_b, 5, 1);
	build();
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	accepted(1, 3);
	assert_true(facts.sides[1].has_first);
	assert_false(facts.sides[0].has_first);
	judged(WEALD_OK, NULL);
	forkproof_release(&facts);

	/* both of them later */
	plain(&a, "One line");
	granted(&first_a, 4, 1);
	build();
	p.lines[0].first = envelope_of(&first_a, &bare[2]);
	accepted(1, 3);
	judged(WEALD_OK, NULL);
	forkproof_release(&facts);
}

static void forkproof_check__refuses_other_firsts(void **state)
{
	(void)state;
	/* one that both lines share proves nothing about it */
	granted(&first_a, 5, 1);
	build();
	p.lines[0].first = envelope_of(&first_a, &bare[2]);
	p.lines[1].first = p.lines[0].first;
	refused(WEALD_FORK_PROOF, "first updates are the same");

	/* no reissue */
	plain(&first_b, "Another first");
	first_b.u.seq = 5;
	first_b.u.epoch = 1;
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	refused(WEALD_FORK_PROOF, "does not begin an epoch");

	/* of another epoch */
	granted(&first_b, 5, 2);
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	refused(WEALD_FORK_PROOF, "different epochs");

	/* not after its update */
	granted(&first_b, 3, 1);
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	refused(WEALD_FORK_PROOF, "does not come after");

	/* an epoch that does not rise */
	granted(&a, 3, 1);
	granted(&b, 3, 1);
	granted(&first_b, 5, 1);
	build();
	p.lines[0].first = (struct span){ NULL, 0 };
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	refused(WEALD_FORK_PROOF, "does not come after");

	/* of another feed, or not valid at all */
	plain(&b, "Another line");
	build();
	first_b.u.feed[0] ^= 1;
	sample_sign_grant(&first_b.u);
	p.lines[1].first = envelope_of(&first_b, &bare[3]);
	refused(WEALD_FORK_PROOF, "more than one feed");
	bare[3].data[bare[3].len - 5] ^= 1;
	refused(WEALD_SIGNATURE, "fork proof");
}

/* Anybody can write a second update under a key of their own. */
static void forkproof_judge__does_not_listen_to_strangers(void **state)
{
	(void)state;
	assert_int_equal(ed25519_public(sample_root_seed, b.u.key), WEALD_OK);
	build();
	p.lines[1].envelope = envelope_by(sample_root_seed, &b, &bare[1]);
	accepted(0, 3);
	judged(WEALD_KEY_CHANGED, "key");
	/* even where both are theirs */
	memcpy(a.u.key, b.u.key, sizeof b.u.key);
	p.lines[0].envelope = envelope_by(sample_root_seed, &a, &bare[0]);
	forkproof_release(&facts);
	accepted(0, 3);
	judged(WEALD_KEY_CHANGED, "key");
	forkproof_release(&facts);
}

static void forkproof_judge__wants_the_state_before_the_fork(void **state)
{
	(void)state;
	build();
	accepted(0, 3);
	before.seq = 1;
	judged(WEALD_SEQ_GAP, "not after 1");
	before.seq = 3;
	judged(WEALD_SEQ_OLD, "not after 3");
	before.seq = 2;
	before.prev[0] ^= 1;
	judged(WEALD_PREV_OTHER, "another update");
	before.prev[0] ^= 1;
	before.commit[0] ^= 1;
	judged(WEALD_PARENT_OTHER, "another commit");
	before.commit[0] ^= 1;
	before.epoch = 1;
	judged(WEALD_EPOCH_CHANGED, "epoch");
	before.epoch = 0;
	before.root[0] ^= 1;
	judged(WEALD_ROOT_CHANGED, "root");
	before.root[0] ^= 1;
	before.feed[0] ^= 1;
	judged(WEALD_FEED_OTHER, "feed");
	before.feed[0] ^= 1;
	judged(WEALD_OK, NULL);
	forkproof_release(&facts);
}

/* The root key's word for another feed key is no theft of the old one. */
static void forkproof_judge__accepts_a_change_of_key_as_a_line(void **state)
{
	(void)state;
	assert_int_equal(ed25519_public(sample_root_seed, b.u.key), WEALD_OK);
	sample_as_granted(&b, ACTION_ROTATE_KEY);
	build();
	p.lines[1].envelope = envelope_by(sample_root_seed, &b, &bare[1]);
	accepted(0, 3);
	judged(WEALD_OK, NULL);
	forkproof_release(&facts);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(forkproof_check__accepts_two_updates_after_one),
		T(forkproof_add_bare__leaves_the_contents_out),
		T(forkproof_encode__does_not_mind_the_order),
		T(forkproof_decode__refuses_each_cut_and_what_is_behind),
		T(forkproof_decode__refuses_other_fields),
		T(forkproof_check__refuses_what_is_no_fork),
		T(forkproof_check__refuses_more_than_one_feed),
		T(forkproof_check__refuses_two_first_updates),
		T(forkproof_check__refuses_what_is_not_valid),
		T(forkproof_check__refuses_a_reissue_beside_the_old_line),
		T(forkproof_check__accepts_two_reissues_of_one_epoch),
		T(forkproof_check__takes_the_first_of_an_epoch),
		T(forkproof_check__refuses_other_firsts),
		T(forkproof_judge__does_not_listen_to_strangers),
		T(forkproof_judge__wants_the_state_before_the_fork),
		T(forkproof_judge__accepts_a_change_of_key_as_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
