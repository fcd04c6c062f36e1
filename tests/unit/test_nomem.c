/*
 * Memory that runs out, in every module of proto/ that reads or writes
 * updates: each allocation of a call fails in turn, and WEALD_NOMEM comes
 * through, with nothing changed and nothing leaked. What OpenSSL and
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

#include "proto/commit.h"
#include "proto/envelope.h"
#include "proto/mp.h"
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
		TEST(mp_open__says_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
