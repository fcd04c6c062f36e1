#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/forkproof.h"
#include "proto/frame_private.h"
#include "proto/receipt.h"
#include "tests/unit/framekit.h"
#include "tests/unit/sample.h"

static struct framekit kit;
static struct weald_msg msg;
static struct buf out;

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	framekit_fill(&kit);
	buf_init(&out, 2u * FRAME_BODY_BYTES_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&out);
	return 0;
}

static struct frame *sample_of(enum frame_type type)
{
	return framekit_of(&kit, type);
}

static struct span body_of(const struct buf *b)
{
	return (struct span){ b->data + FRAME_HEADER_BYTES,
			      b->len - FRAME_HEADER_BYTES };
}

/* Write @o again, but with @instead in the place of value number *@left. */
static void put_object(struct mp_writer *w, const msgpack_object *o,
		       const struct span *instead, size_t *left)
{
	struct span s;
	uint64_t v;
	size_t i;

	if (*left == 0) {
		*left = SIZE_MAX;
		/* raw bytes, written into the middle of what the writer does */
		assert_int_equal(buf_add(w->out, instead->data, instead->len),
				 WEALD_OK);
		return;
	}
	*left -= *left != SIZE_MAX;
	if (mp_get_uint(o, &v)) {
		mp_put_uint(w, v);
	} else if (mp_get_str(o, &s)) {
		mp_put_str(w, s);
	} else if (mp_get_bin(o, &s)) {
		mp_put_bin(w, s.data, s.len);
	} else if (o->type == MSGPACK_OBJECT_NIL) {
		mp_put_nil(w);
	} else {
		assert_int_equal(o->type, MSGPACK_OBJECT_ARRAY);
		mp_put_array(w, o->via.array.size);
		for (i = 0; i < o->via.array.size; i++) {
			put_object(w, &o->via.array.ptr[i], instead, left);
		}
	}
}

/*
 * Put into @out the body of @f with value number @n, counted from the outer
 * array on as 0, replaced by @instead. False where it has fewer values.
 */
static bool replace_value(const struct frame *f, size_t n, struct span instead)
{
	static const struct mp_limits limits = { 8, 100000 };
	struct mp_writer w;
	struct mp_doc doc;
	struct buf whole;

	buf_init(&whole, FRAME_BODY_BYTES_MAX + 4);
	assert_int_equal(frame_encode(f, &whole), WEALD_OK);
	assert_int_equal(mp_open(&doc, body_of(&whole), &limits, NULL),
			 WEALD_OK);
	buf_clear(&out);
	mp_writer_begin(&w, &out);
	put_object(&w, mp_root(&doc), &instead, &n);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	mp_close(&doc);
	buf_release(&whole);
	return n == SIZE_MAX;
}

/* Both directions refuse @f, with this code. */
static void refused(const struct frame *f, int code, const char *word)
{
	check_refused(frame_check(f, &msg), code, &msg, word);
	buf_clear(&out);
	assert_int_equal(frame_encode(f, &out), code);
	assert_int_equal(out.len, 0);
}

static void decode_refused(struct span body, int code, const char *word)
{
	struct frame f;

	check_refused(frame_decode(body, &f, &msg), code, &msg, word);
}

static void frame_encode__writes_the_golden_bytes(void **state)
{
	uint8_t *bytes;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < FRAMEKIT_N; i++) {
		bytes = framekit_bytes(i, &len);
		buf_clear(&out);
		assert_int_equal(frame_encode(&kit.frames[i], &out), WEALD_OK);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.data, bytes, len);
		free(bytes);
	}
}

static void frame_encode__appends(void **state)
{
	size_t first;

	(void)state;
	assert_int_equal(frame_encode(&kit.frames[0], &out), WEALD_OK);
	first = out.len;
	assert_int_equal(frame_encode(&kit.frames[1], &out), WEALD_OK);
	assert_true(out.len > first + FRAME_HEADER_BYTES);
	assert_int_equal(out.data[first + 3],
			 out.len - first - FRAME_HEADER_BYTES);
}

/* What was decoded gives the same bytes again: every field came through. */
static void frame_decode__reads_the_golden_bytes(void **state)
{
	uint8_t *bytes;
	struct frame f;
	uint32_t body;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < FRAMEKIT_N; i++) {
		bytes = framekit_bytes(i, &len);
		assert_int_equal(frame_read_header((struct span){ bytes, len },
						   FRAME_BODY_BYTES_MAX, &body),
				 WEALD_OK);
		assert_int_equal(body, len - FRAME_HEADER_BYTES);
		assert_int_equal(frame_decode((struct span){ bytes + 4, body },
					      &f, &msg),
				 WEALD_OK);
		assert_int_equal(f.type, kit.frames[i].type);
		buf_clear(&out);
		assert_int_equal(frame_encode(&f, &out), WEALD_OK);
		assert_int_equal(out.len, len);
		assert_memory_equal(out.data, bytes, len);
		frame_release(&f);
		assert_null(f.owned);
		free(bytes);
	}
}

static void frame_decode__borrows_the_bytes(void **state)
{
	struct frame f;

	(void)state;
	assert_int_equal(frame_encode(sample_of(FRAME_UPDATES), &out),
			 WEALD_OK);
	assert_int_equal(frame_decode(body_of(&out), &f, &msg), WEALD_OK);
	assert_int_equal(f.updates.n, 2);
	assert_int_equal(f.updates.lane, FRAME_LANE_CATCH_UP);
	assert_true(span_equal(f.updates.envelopes[1], span_of("second")));
	assert_ptr_equal(f.updates.envelopes[1].data,
			 out.data + out.len - strlen("second"));
	frame_release(&f);
}

static void frame_decode__takes_lists_that_may_be_empty(void **state)
{
	struct frame *clock = sample_of(FRAME_CLOCK);
	struct frame *updates = sample_of(FRAME_UPDATES);
	struct frame f;

	(void)state;
	clock->clock.n = 0;
	assert_int_equal(frame_encode(clock, &out), WEALD_OK);
	assert_int_equal(frame_decode(body_of(&out), &f, &msg), WEALD_OK);
	assert_int_equal(f.clock.n, 0);
	frame_release(&f);

	buf_clear(&out);
	updates->updates.n = 0;
	updates->updates.lane = FRAME_LANE_END;
	assert_int_equal(frame_encode(updates, &out), WEALD_OK);
	assert_int_equal(frame_decode(body_of(&out), &f, &msg), WEALD_OK);
	assert_int_equal(f.updates.n, 0);
	frame_release(&f);
}

static void frame_decode__tells_an_empty_content_from_an_absent_one(
	void **state)
{
	struct frame f;

	(void)state;
	kit.contents[0].content = span_of("");
	assert_int_equal(frame_encode(sample_of(FRAME_CONTENTS), &out),
			 WEALD_OK);
	assert_int_equal(frame_decode(body_of(&out), &f, &msg), WEALD_OK);
	assert_non_null(f.contents.contents[0].content.data);
	assert_int_equal(f.contents.contents[0].content.len, 0);
	assert_null(f.contents.contents[1].content.data);
	frame_release(&f);
}

static void frame_decode__refuses_each_cut(void **state)
{
	uint8_t *bytes;
	uint8_t *cut;
	size_t len;
	size_t i;
	size_t n;

	(void)state;
	for (i = 0; i < FRAMEKIT_N; i++) {
		bytes = framekit_bytes(i, &len);
		for (n = 0; n < len - FRAME_HEADER_BYTES; n++) {
			cut = malloc(n + (n == 0));
			assert_non_null(cut);
			memcpy(cut, bytes + FRAME_HEADER_BYTES, n);
			decode_refused((struct span){ cut, n }, WEALD_MALFORMED,
				       NULL);
			free(cut);
		}
		free(bytes);
	}
}

static void frame_decode__refuses_bytes_behind(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < FRAMEKIT_N; i++) {
		buf_clear(&out);
		assert_int_equal(frame_encode(&kit.frames[i], &out), WEALD_OK);
		assert_int_equal(buf_add_byte(&out, 0), WEALD_OK);
		decode_refused(body_of(&out), WEALD_MALFORMED, "after the end");
	}
}

/* What a later minor version may do: append, whatever mp_walk() takes. */
static void frame_decode__leaves_appended_elements_unread(void **state)
{
	static const uint8_t more[] = { 0xc0, 0x92, 0xa1, 'x', 0x05 };
	struct frame f;
	struct buf again;
	size_t i;

	(void)state;
	buf_init(&again, FRAME_BODY_BYTES_MAX + FRAME_HEADER_BYTES);
	for (i = 0; i < FRAMEKIT_N; i++) {
		buf_clear(&out);
		buf_clear(&again);
		assert_int_equal(frame_encode(&kit.frames[i], &out), WEALD_OK);
		assert_int_equal(buf_add(&again, out.data, out.len), WEALD_OK);
		assert_int_equal(buf_add(&out, more, sizeof more), WEALD_OK);
		out.data[FRAME_HEADER_BYTES] =
			(uint8_t)(out.data[FRAME_HEADER_BYTES] + 2);
		assert_int_equal(frame_decode(body_of(&out), &f, &msg),
				 WEALD_OK);
		buf_clear(&out);
		assert_int_equal(frame_encode(&f, &out), WEALD_OK);
		assert_true(span_equal(buf_span(&out), buf_span(&again)));
		frame_release(&f);
	}
	buf_release(&again);
}

static void frame_decode__refuses_fewer_elements(void **state)
{
	static const struct mp_limits limits = { 8, 100 };
	const msgpack_object *root;
	struct mp_writer w;
	struct mp_doc doc;
	struct buf whole;
	uint8_t *bytes;
	size_t len;
	size_t n;
	size_t i;

	(void)state;
	buf_init(&whole, FRAME_BODY_BYTES_MAX);
	for (i = 0; i < FRAMEKIT_N; i++) {
		bytes = framekit_bytes(i, &len);
		assert_int_equal(mp_open(&doc,
					 (struct span){ bytes + 4, len - 4 },
					 &limits, NULL),
				 WEALD_OK);
		root = mp_root(&doc);
		buf_clear(&whole);
		mp_writer_begin(&w, &whole);
		mp_put_array(&w, root->via.array.size - 1);
		for (n = 0; n + 1 < root->via.array.size; n++) {
			size_t none = SIZE_MAX;

			put_object(&w, &root->via.array.ptr[n], NULL, &none);
		}
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		mp_close(&doc);
		decode_refused(buf_span(&whole), WEALD_MALFORMED,
			       frame_name(kit.frames[i].type));
		free(bytes);
	}
	buf_release(&whole);
}

/* An absent content is the one place where nil may stand. */
static bool may_be_nil(enum frame_type type, size_t value)
{
	return type == FRAME_CONTENTS && (value == 6 || value == 9);
}

/*
 * Each value of @f, within lists too, replaced by @other, which is of a type
 * it never has. Returns how many there are.
 */
static size_t replace_each_value(const struct frame *f, struct span other)
{
	struct frame got;
	size_t n;

	for (n = 0; replace_value(f, n, other); n++) {
		if (other.len == 1 && may_be_nil(f->type, n)) {
			assert_int_equal(frame_decode(buf_span(&out), &got,
						      &msg),
					 WEALD_OK);
			frame_release(&got);
		} else {
			decode_refused(buf_span(&out), WEALD_MALFORMED, NULL);
		}
	}
	return n;
}

static void frame_decode__refuses_values_of_another_type(void **state)
{
	static const uint8_t nil[] = { 0xc0 };
	static const uint8_t list[] = { 0x91, 0x91, 0xc0 };
	size_t tried = 0;
	size_t i;

	(void)state;
	for (i = 0; i < FRAMEKIT_N; i++) {
		tried += replace_each_value(&kit.frames[i],
					    (struct span){ nil, sizeof nil });
		tried += replace_each_value(&kit.frames[i],
					    (struct span){ list, sizeof list });
	}
	assert_true(tried > 150);
}

/* Every bin of a fixed size, one byte shorter. */
static void frame_decode__refuses_ids_of_another_size(void **state)
{
	static const struct {
		enum frame_type type;
		size_t value;
		size_t size;
	} ids[] = {
		{ FRAME_HELLO, 3, 32 },         { FRAME_HELLO, 4, 16 },
		{ FRAME_HELLO, 5, 32 },         { FRAME_HELLO, 6, 32 },
		{ FRAME_CLOCK, 5, 32 },         { FRAME_CLOCK, 8, 20 },
		{ FRAME_WANT, 2, 32 },          { FRAME_UPDATES, 2, 32 },
		{ FRAME_HAVE, 4, 32 },          { FRAME_HAVE, 7, 20 },
		{ FRAME_GRAFT, 2, 32 },         { FRAME_PRUNE, 2, 32 },
		{ FRAME_RECEIPT, 3, 64 },       { FRAME_FORK_PROOF, 2, 32 },
		{ FRAME_WANT_CONTENTS, 2, 32 }, { FRAME_WANT_CONTENTS, 4, 20 },
		{ FRAME_CONTENTS, 2, 32 },      { FRAME_CONTENTS, 5, 20 },
		{ FRAME_JOIN, 2, 16 },
	};
	uint8_t bin[66] = { 0xc4 };
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		bin[1] = (uint8_t)ids[i].size;
		assert_true(
			replace_value(sample_of(ids[i].type), ids[i].value,
				      (struct span){ bin, ids[i].size + 2 }));
		/* the place is right: the full size passes, or is unsorted */
		if (frame_decode(buf_span(&out), &f, NULL) == WEALD_OK) {
			frame_release(&f);
		} else {
			fail_msg("value %zu of %s is not of %zu bytes",
				 ids[i].value, frame_name(ids[i].type),
				 ids[i].size);
		}
		bin[1]--;
		assert_true(
			replace_value(sample_of(ids[i].type), ids[i].value,
				      (struct span){ bin, ids[i].size + 1 }));
		decode_refused(buf_span(&out), WEALD_MALFORMED, NULL);
	}
}

/* Numbers that no encoder of ours writes, so put there by hand. */
static void frame_decode__refuses_numbers_out_of_range(void **state)
{
	static const struct {
		enum frame_type type;
		size_t value;
		uint8_t number;
		const char *word;
	} wrong[] = {
		{ FRAME_CLOCK, 2, 2, "last" },   { FRAME_CLOCK, 7, 0, "seq" },
		{ FRAME_WANT, 4, 0, "from" },    { FRAME_WANT, 5, 7, "to" },
		{ FRAME_WANT, 6, 0, "credit" },  { FRAME_WANT, 7, 2, "fill" },
		{ FRAME_UPDATES, 3, 3, "lane" }, { FRAME_HAVE, 6, 0, "seq" },
		{ FRAME_GRAFT, 4, 0, "from" },   { FRAME_GRAFT, 5, 2, "fill" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_true(
			replace_value(sample_of(wrong[i].type), wrong[i].value,
				      (struct span){ &wrong[i].number, 1 }));
		decode_refused(buf_span(&out), WEALD_MALFORMED, wrong[i].word);
	}
}

static void frame_check__refuses_numbers_out_of_range(void **state)
{
	struct frame *f;

	(void)state;
	f = sample_of(FRAME_HELLO);
	f->hello.minor = UINT_MAX_VALUE + 1;
	refused(f, WEALD_MALFORMED, "hello: minor");

	f = sample_of(FRAME_WANT);
	f->want.epoch = UINT_MAX_VALUE + 1;
	refused(f, WEALD_MALFORMED, "want: epoch");
	f->want.epoch = 0;
	f->want.from = f->want.to + 1;
	refused(f, WEALD_MALFORMED, "want: to");
	f->want.from = 0;
	refused(f, WEALD_MALFORMED, "want: from");
	f->want.from = f->want.to;
	f->want.credit = FRAME_CREDIT_MAX + 1;
	refused(f, WEALD_MALFORMED, "want: credit");
	f->want.credit = FRAME_CREDIT_MAX;
	assert_int_equal(frame_check(f, &msg), WEALD_OK);
	f->want.fill = (enum frame_fill)2;
	refused(f, WEALD_MALFORMED, "want: fill");

	f = sample_of(FRAME_GRAFT);
	f->graft.epoch = UINT_MAX_VALUE + 1;
	refused(f, WEALD_MALFORMED, "graft: epoch");
	f->graft.epoch = UINT_MAX_VALUE;
	f->graft.from = UINT_MAX_VALUE + 1;
	refused(f, WEALD_MALFORMED, "graft: from");

	f = sample_of(FRAME_PONG);
	f->ping.number = UINT_MAX_VALUE + 1;
	refused(f, WEALD_MALFORMED, "pong: number");
}

static void frame_check__refuses_types_that_are_not_sent(void **state)
{
	struct frame f = { .type = FRAME_UNKNOWN };

	(void)state;
	refused(&f, WEALD_MALFORMED, "unknown");
	f.type = (enum frame_type)FRAME_TYPES;
	refused(&f, WEALD_MALFORMED, "unknown");
}

static void frame_check__knows_the_length_of_each_list(void **state)
{
	static struct clock_entry many[FRAME_ENTRIES_MAX + 1];
	static struct span spans[FRAME_ENVELOPES_MAX + 1];
	static uint8_t ids[FRAME_BLOBS_MAX + 1][OBJECT_ID_BYTES];
	static struct frame_content files[FRAME_BLOBS_MAX + 1];
	struct frame *f;
	size_t i;

	(void)state;
	for (i = 0; i <= FRAME_ENTRIES_MAX; i++) {
		many[i].seq = 1;
		many[i].feed[0] = (uint8_t)(i >> 8);
		many[i].feed[1] = (uint8_t)i;
		spans[i] = span_of("e");
	}
	f = sample_of(FRAME_CLOCK);
	f->clock = (struct frame_clock){ false, many, FRAME_ENTRIES_MAX + 1 };
	refused(f, WEALD_TOOBIG, "clock: entries");
	f->clock.n = 0;
	assert_int_equal(frame_check(f, &msg), WEALD_OK);

	f = sample_of(FRAME_HAVE);
	f->have = (struct frame_have){ many, FRAME_ENTRIES_MAX + 1 };
	refused(f, WEALD_TOOBIG, "have: entries");
	f->have.n = 0;
	refused(f, WEALD_MALFORMED, "have: entries");

	f = sample_of(FRAME_UPDATES);
	f->updates.envelopes = spans;
	f->updates.n = FRAME_ENVELOPES_MAX + 1;
	refused(f, WEALD_TOOBIG, "updates: envelopes");
	f->updates.n = 0;
	refused(f, WEALD_MALFORMED, "updates: envelopes");
	f->updates.lane = FRAME_LANE_END;
	assert_int_equal(frame_check(f, &msg), WEALD_OK);

	f = sample_of(FRAME_WANT_CONTENTS);
	f->want_contents.blobs = (const uint8_t(*)[OBJECT_ID_BYTES])ids;
	f->want_contents.n = FRAME_BLOBS_MAX + 1;
	refused(f, WEALD_TOOBIG, "want-contents: blobs");
	f->want_contents.n = 0;
	refused(f, WEALD_MALFORMED, "want-contents: blobs");

	f = sample_of(FRAME_CONTENTS);
	f->contents.contents = files;
	f->contents.n = FRAME_BLOBS_MAX + 1;
	refused(f, WEALD_TOOBIG, "contents: contents");
	f->contents.n = 0;
	refused(f, WEALD_MALFORMED, "contents: contents");
}

/* Lists of the greatest length travel, one more is refused on arrival too. */
static void frame_decode__takes_lists_up_to_the_maximum(void **state)
{
	static struct clock_entry many[FRAME_ENTRIES_MAX];
	static const uint8_t nil_content[] = { 0xc0 };
	struct frame f = { .type = FRAME_CLOCK };
	struct mp_writer w;
	size_t i;

	(void)state;
	for (i = 0; i < FRAME_ENTRIES_MAX; i++) {
		many[i].epoch = UINT_MAX_VALUE;
		many[i].seq = UINT_MAX_VALUE;
		many[i].feed[0] = (uint8_t)(i >> 8);
		many[i].feed[1] = (uint8_t)i;
	}
	f.clock = (struct frame_clock){ true, many, FRAME_ENTRIES_MAX };
	assert_int_equal(frame_encode(&f, &out), WEALD_OK);
	assert_int_equal(frame_decode(body_of(&out), &f, &msg), WEALD_OK);
	assert_int_equal(f.clock.n, FRAME_ENTRIES_MAX);
	assert_memory_equal(f.clock.entries, many, sizeof many);
	frame_release(&f);

	for (i = 0; i < FRAMEKIT_N; i++) {
		size_t lists[] = {
			[FRAME_CLOCK] = 3,    [FRAME_UPDATES] = 4,
			[FRAME_HAVE] = 2,     [FRAME_WANT_CONTENTS] = 3,
			[FRAME_CONTENTS] = 3, [FRAME_BYE] = 0
		};
		struct buf list;
		size_t n;

		if (lists[kit.frames[i].type] == 0) {
			continue;
		}
		buf_init(&list, FRAME_BODY_BYTES_MAX);
		mp_writer_begin(&w, &list);
		mp_put_array(&w, FRAME_ENTRIES_MAX + 1);
		for (n = 0; n <= FRAME_ENTRIES_MAX; n++) {
			assert_int_equal(buf_add(&list, nil_content, 1),
					 WEALD_OK);
		}
		assert_int_equal(mp_writer_end(&w), WEALD_OK);
		assert_true(replace_value(&kit.frames[i],
					  lists[kit.frames[i].type],
					  buf_span(&list)));
		decode_refused(buf_span(&out), WEALD_TOOBIG, "the most is");
		buf_release(&list);
	}
}

static void frame_check__knows_the_size_of_each_part(void **state)
{
	struct frame *f;

	(void)state;
	assert_int_equal(buf_reserve(&out, FORKPROOF_BYTES_MAX + 1), WEALD_OK);
	memset(out.data, 'a', FORKPROOF_BYTES_MAX + 1);

	f = sample_of(FRAME_HELLO);
	f->hello.software = (struct span){ out.data, 65 };
	check_refused(frame_check(f, &msg), WEALD_TOOBIG, &msg, "software");
	f->hello.software.len = 64;
	assert_int_equal(frame_check(f, &msg), WEALD_OK);

	f = sample_of(FRAME_RECEIPT);
	f->receipt.statement = (struct span){ out.data, RECEIPT_BYTES_MAX + 1 };
	check_refused(frame_check(f, &msg), WEALD_TOOBIG, &msg, "statement");
	f->receipt.statement.len = 0;
	check_refused(frame_check(f, &msg), WEALD_MALFORMED, &msg, "statement");

	f = sample_of(FRAME_FORK_PROOF);
	f->fork_proof.proof =
		(struct span){ out.data, FORKPROOF_BYTES_MAX + 1 };
	check_refused(frame_check(f, &msg), WEALD_TOOBIG, &msg, "proof");
	f->fork_proof.proof.len = 0;
	check_refused(frame_check(f, &msg), WEALD_MALFORMED, &msg, "proof");

	f = sample_of(FRAME_UPDATES);
	kit.envelopes[1] = (struct span){ out.data, ENVELOPE_BYTES_MAX + 1 };
	check_refused(frame_check(f, &msg), WEALD_TOOBIG, &msg, "envelope");
	kit.envelopes[1].len = 0;
	check_refused(frame_check(f, &msg), WEALD_MALFORMED, &msg, "envelope");

	f = sample_of(FRAME_CONTENTS);
	kit.contents[0].content =
		(struct span){ out.data, CONTENT_BYTES_MAX + 1 };
	check_refused(frame_check(f, &msg), WEALD_TOOBIG, &msg, "content");
}

static void frame_check__knows_the_words_of_a_close(void **state)
{
	struct frame *f = sample_of(FRAME_ERROR);
	uint8_t long_text[FRAME_DETAIL_BYTES_MAX + 1];

	(void)state;
	memset(long_text, 'a', sizeof long_text);
	f->close.reason = (struct span){ long_text, FRAME_REASON_BYTES_MAX };
	f->close.detail = (struct span){ long_text, FRAME_DETAIL_BYTES_MAX };
	assert_int_equal(frame_check(f, &msg), WEALD_OK);
	f->close.detail.len++;
	refused(f, WEALD_TOOBIG, "error: detail");
	f->close.detail.len = 0;
	f->close.reason.len++;
	refused(f, WEALD_TOOBIG, "error: reason");
	f->close.reason.len = 0;
	refused(f, WEALD_MALFORMED, "error: reason");
	f->close.reason = span_of("No");
	refused(f, WEALD_MALFORMED, "byte 0");
	f->close.reason = span_of("no way");
	refused(f, WEALD_MALFORMED, "byte 2");

	/* whatever stands in the detail is for the one who prints it */
	f->close.reason = span_of("a-z-0-9");
	f->close.detail = span_of(" \x1b[31m\xff ");
	assert_int_equal(frame_check(f, &msg), WEALD_OK);
}

static void frame_encode__refuses_what_does_not_fit_one_frame(void **state)
{
	struct frame *f = sample_of(FRAME_UPDATES);
	uint8_t *large = calloc(1, ENVELOPE_BYTES_MAX);

	(void)state;
	assert_non_null(large);
	/* one of the greatest size fits, with a small one */
	kit.envelopes[0] = (struct span){ large, ENVELOPE_BYTES_MAX };
	assert_int_equal(frame_encode(f, &out), WEALD_OK);
	assert_true(out.len <= FRAME_BODY_BYTES_MAX + FRAME_HEADER_BYTES);
	/* two do not */
	buf_clear(&out);
	assert_int_equal(buf_add_text(&out, "before"), WEALD_OK);
	kit.envelopes[1] = (struct span){ large, 70000 };
	assert_int_equal(frame_encode(f, &out), WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&out), span_of("before")));
	/* nor what the buffer has no room for */
	out.max = 1000;
	assert_int_equal(frame_encode(f, &out), WEALD_TOOBIG);
	assert_true(span_equal(buf_span(&out), span_of("before")));
	free(large);
}

static void frame_decode__refuses_a_body_over_the_maximum(void **state)
{
	uint8_t *large = calloc(1, FRAME_BODY_BYTES_MAX + 1);

	(void)state;
	assert_non_null(large);
	decode_refused((struct span){ large, FRAME_BODY_BYTES_MAX + 1 },
		       WEALD_TOOBIG, "the most is");
	free(large);
}

/* Five bytes that announce 2^32 values must not reserve memory for them. */
static void frame_decode__refuses_more_values_than_bytes(void **state)
{
	static const uint8_t bomb[] = { 0x93, 0x02, 0x01, 0xdd,
					0xff, 0xff, 0xff, 0xff };
	static uint8_t nils[20000];

	(void)state;
	decode_refused((struct span){ bomb, sizeof bomb }, WEALD_MALFORMED,
		       "clock");
	/* as many as announced, but too many */
	memset(nils, 0xc0, sizeof nils);
	memcpy(nils, "\xdc\x4e\x1d\x0c\x05", 5);
	decode_refused((struct span){ nils, sizeof nils }, WEALD_TOOBIG,
		       "ping");
}

static void frame_decode__skips_types_of_later_versions(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t type;
	} later[] = {
		{ "\x91\x11", 2, 17 },
		{ "\x92\x7f\xff\xff\xff", 5, 127 },
		{ "\x93\xcc\xc8\x81", 4, 200 },
		{ "\xdc\x00\x10\xcd\x12\x34", 6, 0x1234 },
		{ "\xdd\x00\x01\x00\x00\xce\x01\x02\x03\x04", 10, 0x1020304 },
		{ "\x91\xcf\x00\x20\x00\x00\x00\x00\x00\x00", 10,
		  UINT64_C(1) << 53 },
		{ "\x92\x00\xc3", 3, 0 },
	};
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof later / sizeof later[0]; i++) {
		assert_int_equal(
			frame_decode(
				(struct span){ (const uint8_t *)later[i].bytes,
					       later[i].len },
				&f, &msg),
			WEALD_OK);
		assert_int_equal(f.type, FRAME_UNKNOWN);
		assert_true(f.unknown.type == later[i].type);
		frame_release(&f);
	}
}

static void frame_decode__refuses_what_does_not_begin_with_a_type(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rubbish[] = {
		{ "", 0 },
		{ "\x90", 1 },
		{ "\x91", 1 },
		{ "\x0c", 1 },
		{ "\x91\xa1x", 3 },
		{ "\x91\xc0", 2 },
		{ "\x91\xd0\x01", 3 },
		{ "\x82\x01\x02\x03\x04", 5 },
		{ "\xdc\x00", 2 },
		{ "\xdc\x00\x00\x05", 4 },
		{ "\xdd\x00\x00\x00\x00\x05", 6 },
		{ "\x91\xcd\x01", 3 },
		{ "GET / HTTP/1.1\r\n\r\n", 18 },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01", 8 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
		decode_refused((struct span){ (const uint8_t *)rubbish[i].bytes,
					      rubbish[i].len },
			       WEALD_MALFORMED, "type");
	}
}

static void frame_decode__refuses_longer_forms(void **state)
{
	static const uint8_t type[] = { 0x92, 0xcc, 0x0c, 0x05 };
	static const uint8_t array[] = { 0xdc, 0x00, 0x02, 0x0c, 0x05 };
	static const uint8_t number[] = { 0x92, 0x0c, 0xcd, 0x00, 0x05 };

	(void)state;
	decode_refused((struct span){ type, sizeof type }, WEALD_NONCANONICAL,
		       "ping");
	decode_refused((struct span){ array, sizeof array }, WEALD_NONCANONICAL,
		       "ping");
	decode_refused((struct span){ number, sizeof number },
		       WEALD_NONCANONICAL, "ping");
}

static void frame_decode__refuses_entries_out_of_order(void **state)
{
	struct frame *f = sample_of(FRAME_CLOCK);
	static const uint8_t high[34] = { 0xc4, 0x20, 0x99 };
	static const uint8_t same[34] = { 0xc4, 0x20, 0x66, 0x66, 0x66, 0x66,
					  0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					  0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					  0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					  0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					  0x66, 0x66, 0x66, 0x66 };

	(void)state;
	assert_true(replace_value(f, 5, (struct span){ high, sizeof high }));
	decode_refused(buf_span(&out), WEALD_MALFORMED, "not sorted");
	assert_true(replace_value(f, 5, (struct span){ same, sizeof same }));
	decode_refused(buf_span(&out), WEALD_MALFORMED, "not sorted");
	memcpy(kit.entries[1].feed, kit.entries[0].feed,
	       sizeof kit.entries[0].feed);
	refused(f, WEALD_MALFORMED, "not sorted");
}

static void frame_read_header__says_what_is_missing_or_wrong(void **state)
{
	static const uint8_t four[] = { 0x00, 0x00, 0x01, 0x02 };
	static const uint8_t zero[] = { 0x00, 0x00, 0x00, 0x00, 0x01 };
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff };
	uint32_t len = 77;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof four; n++) {
		assert_int_equal(frame_read_header((struct span){ four, n },
						   1000, &len),
				 WEALD_INCOMPLETE);
	}
	assert_int_equal(frame_read_header((struct span){ zero, sizeof zero },
					   1000, &len),
			 WEALD_MALFORMED);
	assert_int_equal(frame_read_header((struct span){ huge, sizeof huge },
					   FRAME_BODY_BYTES_MAX, &len),
			 WEALD_TOOBIG);
	assert_int_equal(frame_read_header((struct span){ four, sizeof four },
					   0x101, &len),
			 WEALD_TOOBIG);
	assert_int_equal(len, 77);
	assert_int_equal(frame_read_header((struct span){ four, sizeof four },
					   0x102, &len),
			 WEALD_OK);
	assert_int_equal(len, 0x102);
}

static void frame_name__names_each_type(void **state)
{
	size_t i;

	(void)state;
	assert_string_equal(frame_name(FRAME_HELLO), "hello");
	assert_string_equal(frame_name(FRAME_WANT_CONTENTS), "want-contents");
	assert_string_equal(frame_name(FRAME_UNKNOWN), "unknown");
	assert_string_equal(frame_name((enum frame_type)12345), "unknown");
	for (i = 1; i < FRAME_TYPES; i++) {
		assert_string_not_equal(frame_name((enum frame_type)i),
					"unknown");
		assert_true(frame_fields(i) >= 2);
	}
}

/* hello and join, also with what a later version appends, fit the limit. */
static void frame_encode__keeps_the_first_frames_small(void **state)
{
	struct frame *f = sample_of(FRAME_HELLO);
	char software[FRAME_SOFTWARE_BYTES_MAX + 1];

	(void)state;
	memset(software, 'w', sizeof software);
	software[FRAME_SOFTWARE_BYTES_MAX] = '\0';
	f->hello.software = span_of(software);
	assert_int_equal(frame_encode(f, &out), WEALD_OK);
	assert_int_equal(frame_encode(sample_of(FRAME_JOIN), &out), WEALD_OK);
	assert_true(out.len < FRAME_FIRST_BYTES_MAX / 8);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frame_encode__writes_the_golden_bytes),
		T(frame_encode__appends),
		T(frame_decode__reads_the_golden_bytes),
		T(frame_decode__borrows_the_bytes),
		T(frame_decode__takes_lists_that_may_be_empty),
		T(frame_decode__tells_an_empty_content_from_an_absent_one),
		T(frame_decode__refuses_each_cut),
		T(frame_decode__refuses_bytes_behind),
		T(frame_decode__leaves_appended_elements_unread),
		T(frame_decode__refuses_fewer_elements),
		T(frame_decode__refuses_values_of_another_type),
		T(frame_decode__refuses_ids_of_another_size),
		T(frame_decode__refuses_numbers_out_of_range),
		T(frame_check__refuses_numbers_out_of_range),
		T(frame_check__refuses_types_that_are_not_sent),
		T(frame_check__knows_the_length_of_each_list),
		T(frame_decode__takes_lists_up_to_the_maximum),
		T(frame_check__knows_the_size_of_each_part),
		T(frame_check__knows_the_words_of_a_close),
		T(frame_encode__refuses_what_does_not_fit_one_frame),
		T(frame_decode__refuses_a_body_over_the_maximum),
		T(frame_decode__refuses_more_values_than_bytes),
		T(frame_decode__skips_types_of_later_versions),
		T(frame_decode__refuses_what_does_not_begin_with_a_type),
		T(frame_decode__refuses_longer_forms),
		T(frame_decode__refuses_entries_out_of_order),
		T(frame_read_header__says_what_is_missing_or_wrong),
		T(frame_name__names_each_type),
		T(frame_encode__keeps_the_first_frames_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
