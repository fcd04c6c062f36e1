/*
 * Memory that runs out, in every module of proto/ that reads or writes
 * updates or frames: each allocation of a call fails in turn, and WEALD_NOMEM
 * comes through, with nothing changed and nothing leaked. What OpenSSL and
 * msgpack-c allocate by themselves does not count, but for msgpack-c's whole
 * decoding, which fails as one.
 */
#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/clock.h"
#include "proto/commit.h"
#include "proto/envelope.h"
#include "proto/forkproof.h"
#include "proto/frame.h"
#include "proto/mp.h"
#include "proto/receipt.h"
#include "proto/token.h"
#include "proto/versions.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
msgpack_unpack_return __real_msgpack_unpack_next(msgpack_unpacked *result,
						 const char *data, size_t len,
						 size_t *off);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
msgpack_unpack_return __wrap_msgpack_unpack_next(msgpack_unpacked *result,
						 const char *data, size_t len,
						 size_t *off);

/* How many allocations still succeed; then one fails. */
static size_t left = SIZE_MAX;

static bool fails(void)
{
	if (left == SIZE_MAX) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	left = SIZE_MAX;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

msgpack_unpack_return __wrap_msgpack_unpack_next(msgpack_unpacked *result,
						 const char *data, size_t len,
						 size_t *off)
{
	return fails() ? MSGPACK_UNPACK_NOMEM_ERROR
		       : __real_msgpack_unpack_next(result, data, len, off);
}

static struct weald_msg msg;

/*
 * Call @f with the first, the second ... allocation failing, until it needs
 * no more. @f returns what the call under test returned, and leaves things
 * as they were.
 */
static void each_allocation(int (*f)(void), size_t least)
{
	size_t n;
	int r;

	for (n = 0;; n++) {
		left = n;
		r = f();
		if (left != SIZE_MAX) {
			/* not one failed: the call is through */
			left = SIZE_MAX;
			assert_int_equal(r, WEALD_OK);
			break;
		}
		if (r != WEALD_NOMEM) {
			fail_msg("allocation %zu: %s", n, err_name(r));
		}
	}
	assert_true(n >= least);
}

/* A buffer with a few bytes, which must stay as they are on failure. */
static struct buf out;

static void out_begin(void)
{
	size_t was = left;

	left = SIZE_MAX;
	buf_init(&out, ENVELOPE_BYTES_MAX);
	assert_int_equal(buf_add_text(&out, "before"), WEALD_OK);
	left = was;
}

static int out_end(int r)
{
	if (r != WEALD_OK) {
		assert_true(span_equal(buf_span(&out), span_of("before")));
	} else {
		assert_true(out.len > 6);
	}
	buf_release(&out);
	return r;
}

static struct update vector_u;
static struct vector vector;
static struct span commit;

static int begin(void **state)
{
	static struct buf b;

	(void)state;
	msg.text[0] = '\0';
	vector = vectors_get()->updates[4];
	vectors_update(4, &vector_u);
	buf_release(&b);
	buf_init(&b, COMMIT_BYTES_MAX);
	assert_int_equal(commit_build(&vector_u, vector.payload, vector.sig,
				      &b),
			 WEALD_OK);
	commit = buf_span(&b);
	return 0;
}

static int do_update_encode(void)
{
	out_begin();
	return out_end(update_encode(&vector_u, &out));
}

static int do_update_decode(void)
{
	struct update u;
	int r = update_decode(vector.payload, &u, &msg);

	if (r == WEALD_OK) {
		update_release(&u);
	}
	return r;
}

static int do_grant_statement(void)
{
	out_begin();
	return out_end(grant_statement(&vector_u, 0, &out));
}

static struct update granted;

static int do_grant_verify(void)
{
	return grant_verify(&granted, &msg);
}

static int do_commit_build(void)
{
	out_begin();
	return out_end(
		commit_build(&vector_u, vector.payload, vector.sig, &out));
}

static int do_commit_text(void)
{
	out_begin();
	return out_end(commit_text(&vector_u, vector.payload, &out));
}

static int do_commit_verify(void)
{
	return commit_verify(&vector_u, vector.payload, vector.sig, &msg);
}

static int do_commit_parse(void)
{
	uint8_t sig[SIG_BYTES];
	struct update u = { .seq = 0 };
	int r;

	out_begin();
	r = commit_parse(commit, &out, &u, sig, &msg);
	update_release(&u);
	return out_end(r);
}

static int do_envelope_decode(void)
{
	struct envelope e;
	int r = envelope_decode(vector.envelope, &e, &msg);

	if (r == WEALD_OK) {
		envelope_release(&e);
	}
	return r;
}

static struct envelope envelope;

static int do_envelope_encode(void)
{
	out_begin();
	return out_end(envelope_encode(&envelope, &out));
}

static int do_envelope_check(void)
{
	struct checked c;
	int r = envelope_check(&envelope, sample_object_id, &c, &msg);

	if (r == WEALD_OK) {
		checked_release(&c);
	}
	return r;
}

static struct versions table;

static int do_versions_apply(void)
{
	struct update u = { .version = 1 };
	static char record[32];
	size_t before = table.count;
	int r;

	/* the next new record */
	snprintf(record, sizeof record, "a/2026-11/r%zu", table.count);
	u.record = span_of(record);
	r = versions_apply(&table, &u);
	assert_int_equal(table.count, before + (r == WEALD_OK));
	return r;
}

static struct clock two_feeds;

/* A clock of two feeds, with room for what is set once more. */
static void fill_clock(struct clock *c)
{
	struct clock_entry e = { .seq = 1 };

	assert_int_equal(clock_set(c, &e), WEALD_OK);
	e.feed[0] = 1;
	assert_int_equal(clock_set(c, &e), WEALD_OK);
}

static int do_clock_set(void)
{
	struct clock_entry e = { .seq = 1 };
	struct clock c = { .entries = NULL };
	int r = clock_set(&c, &e);

	assert_int_equal(c.n, r == WEALD_OK);
	clock_release(&c);
	return r;
}

static int do_clock_append(void)
{
	struct clock c = { .entries = NULL };
	int r = clock_append(&c, two_feeds.entries, two_feeds.n, &msg);

	assert_int_equal(c.n, r == WEALD_OK ? 2 : 0);
	clock_release(&c);
	return r;
}

static int do_clock_digest(void)
{
	uint8_t digest[SHA256_BYTES];

	return clock_digest(&two_feeds, digest);
}

static struct frame frame;
static struct buf frame_bytes;

static int do_frame_encode(void)
{
	out_begin();
	return out_end(frame_encode(&frame, &out));
}

static int do_frame_decode(void)
{
	struct frame f;
	int r = frame_decode((struct span){ frame_bytes.data + 4,
					    frame_bytes.len - 4 },
			     &f, &msg);

	if (r == WEALD_OK) {
		frame_release(&f);
	}
	return r;
}

static struct receipt receipt;
static struct buf statement;
static uint8_t receipt_sig[SIG_BYTES];
static struct ed25519_signer *signer;

static int do_receipt_sign(void)
{
	uint8_t sig[SIG_BYTES];

	out_begin();
	return out_end(receipt_sign(&receipt, signer, &out, sig));
}

static int do_receipt_verify(void)
{
	struct receipt got;
	int r = receipt_verify(buf_span(&statement), receipt_sig, &got, &msg);

	if (r == WEALD_OK) {
		receipt_release(&got);
	}
	return r;
}

static struct token token;
static struct buf token_text;

static int do_token_encode(void)
{
	out_begin();
	return out_end(token_encode(&token, &out));
}

static int do_token_decode(void)
{
	struct token got;
	int r = token_decode(buf_span(&token_text), &got, &msg);

	if (r == WEALD_OK) {
		token_release(&got);
	}
	return r;
}

static struct forkproof fork_pair;
static struct buf fork_bytes;

static int do_forkproof_add_bare(void)
{
	out_begin();
	return out_end(forkproof_add_bare(&envelope, &out));
}

static int do_forkproof_encode(void)
{
	out_begin();
	return out_end(forkproof_encode(&fork_pair, &out));
}

static int do_forkproof_decode(void)
{
	struct forkproof got;

	return forkproof_decode(buf_span(&fork_bytes), &got, &msg);
}

static int do_forkproof_check(void)
{
	struct forkproof_facts facts;
	int r = forkproof_check(&fork_pair, sample_object_id, &facts, &msg);

	if (r == WEALD_OK) {
		forkproof_release(&facts);
	}
	return r;
}

static void update__says_no_memory(void **state)
{
	(void)state;
	each_allocation(do_update_encode, 1);
	each_allocation(do_update_decode, 2);
}

static void grant__says_no_memory(void **state)
{
	(void)state;
	vectors_update(3, &granted);
	each_allocation(do_grant_statement, 1);
	each_allocation(do_grant_verify, 2);
}

static void commit__says_no_memory(void **state)
{
	(void)state;
	each_allocation(do_commit_text, 2);
	each_allocation(do_commit_build, 3);
	each_allocation(do_commit_verify, 2);
	each_allocation(do_commit_parse, 6);
}

static void envelope__says_no_memory(void **state)
{
	(void)state;
	assert_int_equal(envelope_decode(vector.envelope, &envelope, &msg),
			 WEALD_OK);
	each_allocation(do_envelope_decode, 2);
	each_allocation(do_envelope_encode, 1);
	each_allocation(do_envelope_check, 6);
	envelope_release(&envelope);
}

static void versions_apply__says_no_memory(void **state)
{
	uint64_t version;
	int i;

	(void)state;
	each_allocation(do_versions_apply, 1);
	for (i = 0; i < 31; i++) {
		assert_int_equal(do_versions_apply(), WEALD_OK);
	}
	assert_int_equal(2 * table.count, table.slots_n);
	each_allocation(do_versions_apply, 1); /* the table grows */
	assert_int_equal(versions_get(&table, span_of("a/2026-11/r0"), &version,
				      &msg),
			 WEALD_OK);
	assert_int_equal(version, 1);
	versions_release(&table);
}

static void versions_restore__says_no_memory(void **state)
{
	struct version_entry entry = { .name = { 1 }, .version = 1 };

	(void)state;
	left = 0;
	assert_int_equal(versions_restore(&table, &entry), WEALD_NOMEM);
	assert_int_equal(table.count, 0);
	assert_int_equal(versions_restore(&table, &entry), WEALD_OK);
	versions_release(&table);
}

static void clock__says_no_memory(void **state)
{
	(void)state;
	fill_clock(&two_feeds);
	each_allocation(do_clock_set, 1);
	each_allocation(do_clock_append, 1);
	each_allocation(do_clock_digest, 1);
	clock_release(&two_feeds);
}

static void frame__says_no_memory(void **state)
{
	static const uint8_t blobs[2][OBJECT_ID_BYTES] = { { 1 }, { 2 } };
	static const struct frame_content contents[1] = { { { 1 },
							    { NULL, 0 } } };
	struct span spans[] = { vector.envelope };
	struct frame frames[] = {
		{ .type = FRAME_CLOCK },
		{ .type = FRAME_UPDATES,
		  .updates = { .envelopes = spans, .n = 1 } },
		{ .type = FRAME_WANT_CONTENTS,
		  .want_contents = { .blobs = blobs, .n = 2 } },
		{ .type = FRAME_CONTENTS,
		  .contents = { .contents = contents, .n = 1 } },
	};
	size_t i;

	(void)state;
	fill_clock(&two_feeds);
	frames[0].clock = (struct frame_clock){ true, two_feeds.entries, 2 };
	for (i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		frame = frames[i];
		buf_init(&frame_bytes, FRAME_BODY_BYTES_MAX);
		assert_int_equal(frame_encode(&frame, &frame_bytes), WEALD_OK);
		each_allocation(do_frame_encode, 1);
		each_allocation(do_frame_decode, 2);
		buf_release(&frame_bytes);
	}
	clock_release(&two_feeds);
}

static void receipt__says_no_memory(void **state)
{
	(void)state;
	assert_int_equal(ed25519_signer_new(sample_feed_seed, &signer),
			 WEALD_OK);
	receipt = (struct receipt){ .counter = 1, .time = TIME_MIN };
	memcpy(receipt.node, ed25519_signer_key(signer), PUBKEY_BYTES);
	fill_clock(&receipt.clock);
	buf_init(&statement, RECEIPT_BYTES_MAX);
	assert_int_equal(receipt_sign(&receipt, signer, &statement,
				      receipt_sig),
			 WEALD_OK);
	each_allocation(do_receipt_sign, 2);
	each_allocation(do_receipt_verify, 3);
	receipt_release(&receipt);
	buf_release(&statement);
	ed25519_signer_free(signer);
}

static void token__says_no_memory(void **state)
{
	(void)state;
	token = (struct token){ .expires = TIME_MIN, .addresses_n = 1 };
	token.addresses[0] = span_of("localhost:7117");
	buf_init(&token_text, TOKEN_TEXT_MAX);
	assert_int_equal(token_encode(&token, &token_text), WEALD_OK);
	each_allocation(do_token_encode, 2);
	each_allocation(do_token_decode, 3);
	buf_release(&token_text);
}

/* The envelope of a sample without contents, appended to @out_bytes. */
static void add_sample(const char *summary, struct buf *out_bytes)
{
	static struct sample s;
	struct span contents[1] = { span_of(SAMPLE_CONTENT) };
	struct envelope e = { .contents = contents, .contents_n = 1 };
	struct buf payload;

	sample_plain(&s);
	s.u.summary = span_of(summary);
	buf_init(&payload, PAYLOAD_BYTES_MAX);
	sample_payload(&s.u, &payload);
	e.payload = buf_span(&payload);
	sample_sign(&s.u, e.payload, e.sig);
	assert_int_equal(forkproof_add_bare(&e, out_bytes), WEALD_OK);
	memcpy(fork_pair.feed, s.u.feed, sizeof fork_pair.feed);
	buf_release(&payload);
}

static void forkproof__says_no_memory(void **state)
{
	struct buf lines[2];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		buf_init(&lines[i], FORKPROOF_ENVELOPE_MAX);
		add_sample(i == 0 ? "One line" : "Another line", &lines[i]);
		fork_pair.lines[i].envelope = buf_span(&lines[i]);
	}
	buf_init(&fork_bytes, FORKPROOF_BYTES_MAX);
	assert_int_equal(forkproof_encode(&fork_pair, &fork_bytes), WEALD_OK);
	assert_int_equal(envelope_decode(vector.envelope, &envelope, &msg),
			 WEALD_OK);
	each_allocation(do_forkproof_add_bare, 2);
	each_allocation(do_forkproof_encode, 1);
	each_allocation(do_forkproof_decode, 1);
	each_allocation(do_forkproof_check, 10);
	envelope_release(&envelope);
	buf_release(&fork_bytes);
	buf_release(&lines[0]);
	buf_release(&lines[1]);
}

static void mp_open__says_no_memory(void **state)
{
	static const struct mp_limits limits = { .depth = 1, .elements = 1 };
	struct mp_doc doc;

	(void)state;
	left = 0;
	check_refused(mp_open(&doc, (struct span){ (const uint8_t *)"\xc0", 1 },
			      &limits, &msg),
		      WEALD_NOMEM, &msg, "memory");
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(update__says_no_memory),
		TEST(grant__says_no_memory),
		TEST(commit__says_no_memory),
		TEST(envelope__says_no_memory),
		TEST(versions_apply__says_no_memory),
		TEST(versions_restore__says_no_memory),
		TEST(clock__says_no_memory),
		TEST(frame__says_no_memory),
		TEST(receipt__says_no_memory),
		TEST(token__says_no_memory),
		TEST(forkproof__says_no_memory),
		TEST(mp_open__says_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
