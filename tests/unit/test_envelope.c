#include "proto/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "proto/mp.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

static struct weald_msg msg;

/* A signed envelope of the plain sample, which tests change. */
static struct sample s;
static struct span contents[SAMPLE_CHANGES_MAX];
static struct buf payload;
static struct envelope e;

/* Encode and sign @s again, after it was changed. */
static void seal(void)
{
	buf_clear(&payload);
	sample_payload(&s.u, &payload);
	e.payload = buf_span(&payload);
	sample_sign(&s.u, e.payload, e.sig);
}

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	buf_init(&payload, PAYLOAD_BYTES_MAX);
	sample_plain(&s);
	memset(contents, 0, sizeof contents);
	contents[0] = span_of(SAMPLE_CONTENT);
	e = (struct envelope){ .contents = contents, .contents_n = 1 };
	seal();
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&payload);
	return 0;
}

static void accepted(void)
{
	struct checked c;

	if (envelope_check(&e, sample_object_id, &c, &msg) != WEALD_OK) {
		fail_msg("%s", msg.text);
	}
	checked_release(&c);
}

#define refused(code, word)                                                \
	check_refused(envelope_check(&e, sample_object_id, &unused, &msg), \
		      code, &msg, word)
static struct checked unused;

static void envelope_encode__gives_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct span borrowed[2] = { { NULL, 0 }, { NULL, 0 } };
	const struct span *files;
	struct envelope by_hand;
	struct update u;
	struct buf p;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&p, PAYLOAD_BYTES_MAX);
	buf_init(&b, ENVELOPE_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&p);
		buf_clear(&b);
		vectors_update(i, &u);
		sample_payload(&u, &p);
		by_hand = (struct envelope){ .payload = buf_span(&p),
					     .contents = borrowed };
		memcpy(by_hand.sig, v->updates[i].sig, SIG_BYTES);
		by_hand.contents_n = vectors_contents(i, &files);
		memcpy(borrowed, files, by_hand.contents_n * sizeof *files);
		assert_int_equal(envelope_encode(&by_hand, &b), WEALD_OK);
		assert_true(span_equal(buf_span(&b), v->updates[i].envelope));
	}
	buf_release(&p);
	buf_release(&b);
}

static void envelope_decode__reads_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	const struct span *files;
	struct envelope got;
	struct buf b;
	size_t i;
	size_t j;

	(void)state;
	buf_init(&b, ENVELOPE_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		assert_int_equal(envelope_decode(v->updates[i].envelope, &got,
						 &msg),
				 WEALD_OK);
		assert_true(span_equal(got.payload, v->updates[i].payload));
		assert_memory_equal(got.sig, v->updates[i].sig, SIG_BYTES);
		assert_int_equal(got.contents_n, vectors_contents(i, &files));
		for (j = 0; j < got.contents_n; j++) {
			assert_int_equal(got.contents[j].data == NULL,
					 files[j].data == NULL);
			assert_true(span_equal(got.contents[j], files[j]));
		}
		buf_clear(&b);
		assert_int_equal(envelope_encode(&got, &b), WEALD_OK);
		assert_true(span_equal(buf_span(&b), v->updates[i].envelope));
		envelope_release(&got);
		assert_null(got.contents);
	}
	buf_release(&b);
}

static void envelope_check__finds_what_the_vectors_say(void **state)
{
	const struct vectors *v = vectors_get();
	struct update by_hand;
	struct envelope got;
	struct checked c;
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS_N; i++) {
		assert_int_equal(envelope_decode(v->updates[i].envelope, &got,
						 &msg),
				 WEALD_OK);
		assert_int_equal(envelope_check(&got, sample_object_id, &c,
						&msg),
				 WEALD_OK);
		vectors_update(i, &by_hand);
		assert_true(sample_equal(&c.update, &by_hand));
		assert_memory_equal(c.digest, v->updates[i].digest,
				    SHA256_BYTES);
		assert_memory_equal(c.commit_id, v->updates[i].commit,
				    OBJECT_ID_BYTES);
		checked_release(&c);
		envelope_release(&got);
	}
}

static void envelope_encode__leaves_a_full_buffer_as_it_was(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 20);
	assert_int_equal(buf_add_text(&b, "before"), WEALD_OK);
	assert_int_equal(envelope_encode(&e, &b), WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&b), span_of("before")));
	buf_release(&b);
}

static void envelope__an_empty_content_is_not_an_absent_one(void **state)
{
	struct envelope got;
	struct buf b;

	(void)state;
	contents[0] = span_of("");
	buf_init(&b, 4096);
	assert_int_equal(envelope_encode(&e, &b), WEALD_OK);
	assert_memory_equal(b.data + b.len - 3, "\x91\xc4\x00", 3);
	assert_int_equal(envelope_decode(buf_span(&b), &got, &msg), WEALD_OK);
	assert_non_null(got.contents[0].data);
	assert_int_equal(got.contents[0].len, 0);
	envelope_release(&got);

	contents[0] = (struct span){ NULL, 0 };
	buf_clear(&b);
	assert_int_equal(envelope_encode(&e, &b), WEALD_OK);
	assert_memory_equal(b.data + b.len - 2, "\x91\xc0", 2);
	assert_int_equal(envelope_decode(buf_span(&b), &got, &msg), WEALD_OK);
	assert_null(got.contents[0].data);
	envelope_release(&got);
	buf_release(&b);
}

/* One of each part of an envelope, good or not. */
static void put_envelope(struct buf *b, size_t parts, size_t sig, int third)
{
	static const uint8_t zeros[SIG_BYTES + 1];
	struct mp_writer w;

	buf_clear(b);
	mp_writer_begin(&w, b);
	mp_put_array(&w, parts);
	mp_put_bin(&w, "P", 1);
	mp_put_bin(&w, zeros, sig);
	if (parts > 2) {
		switch (third) {
		case 0:
			mp_put_array(&w, 0);
			break;
		case 1:
			mp_put_nil(&w);
			break;
		case 2:
			mp_put_array(&w, 1);
			mp_put_str(&w, span_of("text"));
			break;
		case 3:
			mp_put_array(&w, 2);
			mp_put_bin(&w, "x", 1);
			mp_put_uint(&w, 7);
			break;
		default:
			mp_put_bin(&w, "x", 1);
			break;
		}
	}
	if (parts > 3) {
		mp_put_nil(&w);
	}
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
}

static void envelope_decode__refuses_other_shapes(void **state)
{
	static const struct {
		size_t parts;
		size_t sig;
		int third;
		int code;
	} rows[] = {
		{ 3, 64, 0, WEALD_OK },       { 2, 64, 0, WEALD_ENVELOPE },
		{ 4, 64, 0, WEALD_ENVELOPE }, { 3, 63, 0, WEALD_ENVELOPE },
		{ 3, 65, 0, WEALD_ENVELOPE }, { 3, 0, 0, WEALD_ENVELOPE },
		{ 3, 64, 1, WEALD_ENVELOPE }, { 3, 64, 2, WEALD_ENVELOPE },
		{ 3, 64, 3, WEALD_ENVELOPE }, { 3, 64, 4, WEALD_ENVELOPE },
	};
	struct envelope got;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_envelope(&b, rows[i].parts, rows[i].sig, rows[i].third);
		if (rows[i].code == WEALD_OK) {
			assert_int_equal(envelope_decode(buf_span(&b), &got,
							 &msg),
					 WEALD_OK);
			assert_null(got.contents);
			envelope_release(&got);
			continue;
		}
		check_refused(envelope_decode(buf_span(&b), &got, &msg),
			      rows[i].code, &msg, "envelope");
	}
	buf_release(&b);
}

static void envelope_decode__walks_first(void **state)
{
	static const uint8_t bomb[] = { 0xdd, 0x08, 0, 0, 0 };
	static const uint8_t longer[] = { 0xdc, 0x00, 0x03, 0xc4, 0x00, 0xc0 };
	static const uint8_t deep[] = { 0x93, 0xc0, 0xc0, 0x91, 0x90 };
	struct envelope got;

	(void)state;
	check_refused(envelope_decode((struct span){ bomb, sizeof bomb }, &got,
				      &msg),
		      WEALD_MALFORMED, &msg, "envelope");
	check_refused(envelope_decode((struct span){ longer, sizeof longer },
				      &got, &msg),
		      WEALD_NONCANONICAL, &msg, "envelope");
	check_refused(envelope_decode((struct span){ deep, sizeof deep }, &got,
				      &msg),
		      WEALD_TOOBIG, &msg, "envelope");
	check_refused(envelope_decode((struct span){ NULL, 0 }, &got, &msg),
		      WEALD_MALFORMED, &msg, "envelope");
}

static void envelope_decode__bounds_its_bytes(void **state)
{
	uint8_t *bytes = calloc(1, ENVELOPE_BYTES_MAX + 1);
	struct envelope got;

	(void)state;
	assert_non_null(bytes);
	check_refused(envelope_decode((struct span){ bytes,
						     ENVELOPE_BYTES_MAX + 1 },
				      &got, &msg),
		      WEALD_TOOBIG, &msg, "envelope");
	check_refused(envelope_decode((struct span){ bytes,
						     ENVELOPE_BYTES_MAX },
				      &got, &msg),
		      WEALD_MALFORMED, &msg, "after the end");
	free(bytes);
}

/* As many nils as there may be changes, and one more. */
static void envelope_decode__bounds_the_contents(void **state)
{
	struct envelope got;
	struct mp_writer w;
	struct buf b;
	size_t more;
	size_t i;

	(void)state;
	buf_init(&b, 65536);
	for (more = 0; more < 2; more++) {
		buf_clear(&b);
		mp_writer_begin(&w, &b);
		mp_put_array(&w, 3);
		mp_put_bin(&w, "", 0);
		mp_put_bin(&w, e.sig, sizeof e.sig);
		mp_put_array(&w, CHANGES_MAX + more);
		for (i = 0; i < CHANGES_MAX + more; i++) {
			mp_put_nil(&w);
		}
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		if (more == 0) {
			assert_int_equal(envelope_decode(buf_span(&b), &got,
							 &msg),
					 WEALD_OK);
			assert_int_equal(got.contents_n, CHANGES_MAX);
			envelope_release(&got);
		} else {
			check_refused(envelope_decode(buf_span(&b), &got, &msg),
				      WEALD_TOOBIG, &msg, "envelope");
		}
	}
	buf_release(&b);
}

static void envelope_decode__refuses_every_truncation(void **state)
{
	const struct vectors *v = vectors_get();
	struct envelope got;
	size_t n;

	(void)state;
	for (n = 0; n < v->updates[6].envelope.len; n++) {
		check_refused(envelope_decode(
				      (struct span){
					      v->updates[6].envelope.data, n },
				      &got, &msg),
			      WEALD_MALFORMED, &msg, "envelope");
	}
}

static void envelope_check__accepts_the_sample(void **state)
{
	(void)state;
	accepted();
}

static void envelope_check__accepts_absent_contents(void **state)
{
	(void)state;
	contents[0] = (struct span){ NULL, 0 };
	accepted();
}

static void envelope_check__accepts_an_empty_content(void **state)
{
	(void)state;
	contents[0] = span_of("");
	s.changes[0].size = 0;
	assert_int_equal(digest_sha256(contents[0], s.changes[0].sha256),
			 WEALD_OK);
	assert_int_equal(sample_object_id(OBJECT_BLOB, "", 0,
					  s.changes[0].blob),
			 WEALD_OK);
	seal();
	accepted();
}

static void envelope_check__decodes_the_payload(void **state)
{
	(void)state;
	s.u.time = 0;
	seal();
	refused(WEALD_TIME, "time");
	e.payload.len--;
	refused(WEALD_MALFORMED, "payload");
	e.payload = (struct span){ NULL, 0 };
	refused(WEALD_MALFORMED, "payload");
}

static void envelope_check__number_of_contents(void **state)
{
	(void)state;
	e.contents_n = 0;
	refused(WEALD_ENVELOPE, "contents");
	e.contents_n = 2;
	refused(WEALD_ENVELOPE, "contents");
}

static void envelope_check__a_removal_has_no_content(void **state)
{
	(void)state;
	s.changes[0].removal = true;
	seal();
	refused(WEALD_ENVELOPE, "contents");
	contents[0] = span_of("");
	refused(WEALD_ENVELOPE, "contents");
	contents[0] = (struct span){ NULL, 0 };
	accepted();
}

static void envelope_check__content_size(void **state)
{
	(void)state;
	contents[0].len--;
	refused(WEALD_CONTENT_SIZE, SAMPLE_PATH);
	contents[0] = span_of("");
	refused(WEALD_CONTENT_SIZE, SAMPLE_PATH);
}

static void envelope_check__content_digest(void **state)
{
	(void)state;
	contents[0] = span_of("Say it aloud!\n");
	refused(WEALD_CONTENT_DIGEST, SAMPLE_PATH);
}

static void envelope_check__content_blob(void **state)
{
	(void)state;
	s.changes[0].blob[0] ^= 1;
	seal();
	refused(WEALD_CONTENT_BLOB, SAMPLE_PATH);
}

static void envelope_check__each_content(void **state)
{
	(void)state;
	s.u.changes_n = 2;
	e.contents_n = 2;
	s.changes[1] = s.changes[0];
	s.changes[1].path = span_of(SAMPLE_PATH "2");
	contents[1] = contents[0];
	seal();
	accepted();
	contents[1] = span_of("Say it aloud!\n");
	refused(WEALD_CONTENT_DIGEST, SAMPLE_PATH "2");
}

static void envelope_check__signature(void **state)
{
	uint8_t was;

	(void)state;
	was = e.sig[5];
	e.sig[5] ^= 1;
	refused(WEALD_SIGNATURE, "signature");
	e.sig[5] = was;
	memset(e.sig + 32, 0xff, 32);
	refused(WEALD_SIGNATURE_FORM, "signature");
}

static void envelope_check__the_signature_comes_before_the_contents(
	void **state)
{
	(void)state;
	contents[0] = span_of("Say it aloud!\n");
	e.sig[5] ^= 1;
	refused(WEALD_SIGNATURE, "signature");
}

static void envelope_check__grant(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	e.contents_n = 0;
	seal();
	accepted();
	s.u.grant.sig[5] ^= 1;
	seal();
	refused(WEALD_GRANT_SIGNATURE, "grant");
}

static int failing_object_id(enum object_type type, const void *data,
			     size_t len, uint8_t out_id[OBJECT_ID_BYTES])
{
	(void)type;
	(void)data;
	(void)len;
	(void)out_id;
	return WEALD_CRYPTO;
}

static void envelope_check__passes_on_that_an_id_failed(void **state)
{
	struct checked c;

	(void)state;
	assert_int_equal(envelope_check(&e, failing_object_id, &c, &msg),
			 WEALD_CRYPTO);
	contents[0] = (struct span){ NULL, 0 };
	assert_int_equal(envelope_check(&e, failing_object_id, &c, &msg),
			 WEALD_CRYPTO);
}

/* Whatever byte of a good envelope changes: refused, with a reason. */
static void envelope__any_changed_byte_is_refused(void **state)
{
	const struct vectors *v = vectors_get();
	struct envelope got;
	struct checked c;
	struct prng p;
	struct buf b;
	size_t at;
	size_t i;
	uint8_t was;
	int r;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&b, ENVELOPE_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		assert_int_equal(buf_add(&b, v->updates[i].envelope.data,
					 v->updates[i].envelope.len),
				 WEALD_OK);
		for (at = 0; at < b.len; at++) {
			was = b.data[at];
			b.data[at] ^= (uint8_t)(1 + prng_below(&p, 255));
			msg.text[0] = '\0';
			r = envelope_decode(buf_span(&b), &got, &msg);
			if (r == WEALD_OK) {
				r = envelope_check(&got, sample_object_id, &c,
						   &msg);
				envelope_release(&got);
			}
			if (r == WEALD_OK) {
				fail_msg("vector %zu, byte %zu", i, at);
			}
			assert_true(msg.text[0] != '\0');
			b.data[at] = was;
		}
	}
	buf_release(&b);
}

static void envelope__round_trip_of_random_updates(void **state)
{
	static uint8_t bytes[CONTENTS_BYTES_MAX / 12];
	struct envelope got;
	struct checked c;
	struct prng p;
	struct buf b;
	size_t i;
	size_t j;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&b, ENVELOPE_BYTES_MAX);
	for (i = 0; i < 300; i++) {
		sample_random(&s, &p);
		e.contents_n = s.u.changes_n;
		for (j = 0; j < e.contents_n; j++) {
			struct change *ch = &s.changes[j];

			contents[j] = (struct span){ NULL, 0 };
			if (ch->removal || s.u.record.len == 0 ||
			    prng_below(&p, 3) == 0) {
				continue;
			}
			ch->size = prng_below(&p, 2000);
			prng_bytes(&p, bytes + 2000 * j, (size_t)ch->size);
			contents[j] = (struct span){ bytes + 2000 * j,
						     (size_t)ch->size };
			assert_int_equal(digest_sha256(contents[j], ch->sha256),
					 WEALD_OK);
			assert_int_equal(sample_object_id(OBJECT_BLOB,
							  contents[j].data,
							  contents[j].len,
							  ch->blob),
					 WEALD_OK);
		}
		seal();
		buf_clear(&b);
		assert_int_equal(envelope_encode(&e, &b), WEALD_OK);
		assert_int_equal(envelope_decode(buf_span(&b), &got, &msg),
				 WEALD_OK);
		if (envelope_check(&got, sample_object_id, &c, &msg) !=
		    WEALD_OK) {
			fail_msg("case %zu: %s", i, msg.text);
		}
		assert_true(sample_equal(&c.update, &s.u));
		checked_release(&c);
		envelope_release(&got);
	}
	buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(envelope_encode__gives_the_vectors),
		TEST(envelope_decode__reads_the_vectors),
		TEST(envelope_check__finds_what_the_vectors_say),
		TEST(envelope_encode__leaves_a_full_buffer_as_it_was),
		TEST(envelope__an_empty_content_is_not_an_absent_one),
		TEST(envelope_decode__refuses_other_shapes),
		TEST(envelope_decode__walks_first),
		TEST(envelope_decode__bounds_its_bytes),
		TEST(envelope_decode__bounds_the_contents),
		TEST(envelope_decode__refuses_every_truncation),
		TEST(envelope_check__accepts_the_sample),
		TEST(envelope_check__accepts_absent_contents),
		TEST(envelope_check__accepts_an_empty_content),
		TEST(envelope_check__decodes_the_payload),
		TEST(envelope_check__number_of_contents),
		TEST(envelope_check__a_removal_has_no_content),
		TEST(envelope_check__content_size),
		TEST(envelope_check__content_digest),
		TEST(envelope_check__content_blob),
		TEST(envelope_check__each_content),
		TEST(envelope_check__signature),
		TEST(envelope_check__the_signature_comes_before_the_contents),
		TEST(envelope_check__grant),
		TEST(envelope_check__passes_on_that_an_id_failed),
		TEST(envelope__any_changed_byte_is_refused),
		TEST(envelope__round_trip_of_random_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
