/*
 * Decoding: the type is looked at first, since nothing may be presumed about
 * a frame of a later version; then mp_open() checks the form of the whole
 * body, the functions here check the types of the values, and frame_check()
 * what they say.
 */
#include <assert.h>
#include <stdlib.h>

#include "proto/frame_private.h"

/*
 * Values in one body: FRAME_ENTRIES_MAX entries of five take the most, and as
 * many again are left for what later versions append. 24 bytes each in memory.
 */
#define VALUES_MAX 10240u

/* What the functions below read from and write to. */
struct source {
	const msgpack_object *fields;
	struct frame *out;
	struct weald_msg *msg;
};

static int refuse(const struct source *s, const char *what)
{
	msg_set(s->msg, "%s", what);
	return WEALD_MALFORMED;
}

/*
 * Open the array @o of @name, 0 to @max elements, with memory for each of
 * them in @out; the frame owns that memory.
 */
static int open_array(struct source *s, const msgpack_object *o, size_t max,
		      size_t size, const char *name)
{
	size_t n;

	if (o->type != MSGPACK_OBJECT_ARRAY) {
		msg_set(s->msg, "%s is not an array", name);
		return WEALD_MALFORMED;
	}
	n = o->via.array.size;
	if (n > max) {
		msg_set(s->msg, "%s: %zu, the most is %zu", name, n, max);
		return WEALD_TOOBIG;
	}
	if (n == 0) {
		return WEALD_OK;
	}
	s->out->owned = calloc(n, size);
	if (s->out->owned == NULL) {
		msg_set(s->msg, "%s", err_text(WEALD_NOMEM));
		return WEALD_NOMEM;
	}
	return WEALD_OK;
}

static int get_hello(struct source *s)
{
	struct frame_hello *h = &s->out->hello;
	const msgpack_object *f = s->fields;

	if (!mp_get_uint(&f[1], &h->minor) ||
	    !mp_get_bytes(&f[2], h->node, sizeof h->node) ||
	    !mp_get_bytes(&f[3], h->instance, sizeof h->instance) ||
	    !mp_get_bytes(&f[4], h->feed, sizeof h->feed) ||
	    !mp_get_bytes(&f[5], h->clock_digest, sizeof h->clock_digest) ||
	    !mp_get_str(&f[6], &h->software)) {
		return refuse(s, "not [1, minor, node, instance, feed, clock "
				 "digest, software]");
	}
	return WEALD_OK;
}

static int get_entries(struct source *s, const msgpack_object *o,
		       const struct clock_entry **out, size_t *out_n)
{
	int r;

	r = open_array(s, o, FRAME_ENTRIES_MAX, sizeof **out, "entries");
	if (r == WEALD_OK) {
		r = clock_get_entries(o, s->out->owned, FRAME_ENTRIES_MAX,
				      out_n, s->msg);
	}
	if (r == WEALD_OK) {
		*out = s->out->owned;
	}
	return r;
}

static int get_clock(struct source *s)
{
	struct frame_clock *c = &s->out->clock;
	uint64_t last;

	if (!mp_get_uint(&s->fields[1], &last) || last > 1) {
		return refuse(s, "last is neither 0 nor 1");
	}
	c->last = last == 1;
	return get_entries(s, &s->fields[2], &c->entries, &c->n);
}

static int get_have(struct source *s)
{
	return get_entries(s, &s->fields[1], &s->out->have.entries,
			   &s->out->have.n);
}

/* An enum that begins at 0 and ends at @last. */
static bool get_enum(const msgpack_object *o, uint64_t last, uint64_t *out)
{
	return mp_get_uint(o, out) && *out <= last;
}

static int get_want(struct source *s)
{
	struct frame_want *w = &s->out->want;
	const msgpack_object *f = s->fields;
	uint64_t fill;

	if (!mp_get_bytes(&f[1], w->feed, sizeof w->feed) ||
	    !mp_get_uint(&f[2], &w->epoch) || !mp_get_uint(&f[3], &w->from) ||
	    !mp_get_uint(&f[4], &w->to) || !mp_get_uint(&f[5], &w->credit) ||
	    !get_enum(&f[6], FRAME_FILL_HEADERS, &fill)) {
		return refuse(s, "not [3, feed, epoch, from, to, credit, "
				 "fill 0 or 1]");
	}
	w->fill = (enum frame_fill)fill;
	return WEALD_OK;
}

static int get_updates(struct source *s)
{
	struct frame_updates *u = &s->out->updates;
	const msgpack_object *f = s->fields;
	struct span *envelopes;
	uint64_t lane;
	size_t i;
	int r;

	if (!mp_get_bytes(&f[1], u->feed, sizeof u->feed) ||
	    !get_enum(&f[2], FRAME_LANE_END, &lane)) {
		return refuse(s, "not [4, feed, lane 0 to 2, envelopes]");
	}
	r = open_array(s, &f[3], FRAME_ENVELOPES_MAX, sizeof *envelopes,
		       "envelopes");
	if (r != WEALD_OK) {
		return r;
	}
	envelopes = s->out->owned;
	u->lane = (enum frame_lane)lane;
	u->envelopes = envelopes;
	u->n = f[3].via.array.size;
	for (i = 0; i < u->n; i++) {
		if (!mp_get_bin(&f[3].via.array.ptr[i], &envelopes[i])) {
			return refuse(s, "an envelope is not a bin");
		}
	}
	return WEALD_OK;
}

static int get_graft(struct source *s)
{
	struct frame_graft *g = &s->out->graft;
	const msgpack_object *f = s->fields;
	uint64_t fill;

	if (!mp_get_bytes(&f[1], g->feed, sizeof g->feed) ||
	    !mp_get_uint(&f[2], &g->epoch) || !mp_get_uint(&f[3], &g->from) ||
	    !get_enum(&f[4], FRAME_FILL_HEADERS, &fill)) {
		return refuse(s, "not [6, feed, epoch, from, fill 0 or 1]");
	}
	g->fill = (enum frame_fill)fill;
	return WEALD_OK;
}

static int get_prune(struct source *s)
{
	uint8_t *feed = s->out->prune.feed;

	return mp_get_bytes(&s->fields[1], feed, SHA256_BYTES)
		       ? WEALD_OK
		       : refuse(s, "not [7, feed]");
}

static int get_receipt(struct source *s)
{
	struct frame_receipt *receipt = &s->out->receipt;

	return mp_get_bin(&s->fields[1], &receipt->statement) &&
			       mp_get_bytes(&s->fields[2], receipt->sig,
					    sizeof receipt->sig)
		       ? WEALD_OK
		       : refuse(s, "not [8, statement, signature]");
}

static int get_fork_proof(struct source *s)
{
	struct frame_fork_proof *p = &s->out->fork_proof;

	return mp_get_bytes(&s->fields[1], p->feed, sizeof p->feed) &&
			       mp_get_bin(&s->fields[2], &p->proof)
		       ? WEALD_OK
		       : refuse(s, "not [9, feed, proof]");
}

static int get_want_contents(struct source *s)
{
	struct frame_want_contents *w = &s->out->want_contents;
	const msgpack_object *f = s->fields;
	uint8_t(*blobs)[OBJECT_ID_BYTES];
	size_t i;
	int r;

	if (!mp_get_bytes(&f[1], w->feed, sizeof w->feed)) {
		return refuse(s, "not [10, feed, blobs]");
	}
	r = open_array(s, &f[2], FRAME_BLOBS_MAX, sizeof *blobs, "blobs");
	if (r != WEALD_OK) {
		return r;
	}
	blobs = s->out->owned;
	w->n = f[2].via.array.size;
	for (i = 0; i < w->n; i++) {
		if (!mp_get_bytes(&f[2].via.array.ptr[i], blobs[i],
				  OBJECT_ID_BYTES)) {
			return refuse(s, "a blob is not a bin of 20 bytes");
		}
	}
	w->blobs = s->out->owned;
	return WEALD_OK;
}

static bool get_content(const msgpack_object *o, struct frame_content *out)
{
	static const uint8_t empty[1];
	const msgpack_object *f;

	if (!mp_get_array(o, 2, &f) ||
	    !mp_get_bytes(&f[0], out->blob, sizeof out->blob)) {
		return false;
	}
	if (f[1].type == MSGPACK_OBJECT_NIL) {
		return true;
	}
	if (!mp_get_bin(&f[1], &out->content)) {
		return false;
	}
	if (out->content.len == 0) {
		out->content.data = empty;
	}
	return true;
}

static int get_contents(struct source *s)
{
	struct frame_contents *c = &s->out->contents;
	const msgpack_object *f = s->fields;
	struct frame_content *contents;
	size_t i;
	int r;

	if (!mp_get_bytes(&f[1], c->feed, sizeof c->feed)) {
		return refuse(s, "not [11, feed, contents]");
	}
	r = open_array(s, &f[2], FRAME_BLOBS_MAX, sizeof *contents, "contents");
	if (r != WEALD_OK) {
		return r;
	}
	contents = s->out->owned;
	c->contents = contents;
	c->n = f[2].via.array.size;
	for (i = 0; i < c->n; i++) {
		if (!get_content(&f[2].via.array.ptr[i], &contents[i])) {
			return refuse(s, "a content is not [blob, bin or nil]");
		}
	}
	return WEALD_OK;
}

static int get_ping(struct source *s)
{
	return mp_get_uint(&s->fields[1], &s->out->ping.number)
		       ? WEALD_OK
		       : refuse(s, "not [type, number]");
}

static int get_join(struct source *s)
{
	return mp_get_bytes(&s->fields[1], s->out->join.secret,
			    sizeof s->out->join.secret)
		       ? WEALD_OK
		       : refuse(s, "not [14, secret]");
}

static int get_close(struct source *s)
{
	return mp_get_str(&s->fields[1], &s->out->close.reason) &&
			       mp_get_str(&s->fields[2], &s->out->close.detail)
		       ? WEALD_OK
		       : refuse(s, "not [type, reason, detail]");
}

static int (*const getters[FRAME_TYPES])(struct source *s) = {
	[FRAME_HELLO] = get_hello,
	[FRAME_CLOCK] = get_clock,
	[FRAME_WANT] = get_want,
	[FRAME_UPDATES] = get_updates,
	[FRAME_HAVE] = get_have,
	[FRAME_GRAFT] = get_graft,
	[FRAME_PRUNE] = get_prune,
	[FRAME_RECEIPT] = get_receipt,
	[FRAME_FORK_PROOF] = get_fork_proof,
	[FRAME_WANT_CONTENTS] = get_want_contents,
	[FRAME_CONTENTS] = get_contents,
	[FRAME_PING] = get_ping,
	[FRAME_PONG] = get_ping,
	[FRAME_JOIN] = get_join,
	[FRAME_ERROR] = get_close,
	[FRAME_BYE] = get_close,
};

/* The bytes that a header of @width bytes of number takes, big-endian. */
static int read_number(struct reader *r, size_t width, uint64_t *out)
{
	uint64_t v = 0;
	struct span s;
	size_t i;

	if (reader_take(r, width, &s) != WEALD_OK) {
		return WEALD_MALFORMED;
	}
	for (i = 0; i < s.len; i++) {
		v = v << 8 | s.data[i];
	}
	*out = v;
	return WEALD_OK;
}

/*
 * The type of a frame: an array's header and a uint, in any of their forms,
 * as mp_walk() will judge the form of those that are known.
 */
static int read_type(struct span body, uint64_t *out_type)
{
	struct reader r;
	uint64_t first;
	uint64_t count;

	reader_init(&r, body);
	if (read_number(&r, 1, &first) != WEALD_OK) {
		return WEALD_MALFORMED;
	}
	if (first >= 0x90 && first <= 0x9f) {
		count = first & 0x0f;
	} else if (first != 0xdc && first != 0xdd) {
		return WEALD_MALFORMED;
	} else if (read_number(&r, first == 0xdc ? 2 : 4, &count) != WEALD_OK) {
		return WEALD_MALFORMED;
	}
	if (count == 0 || read_number(&r, 1, &first) != WEALD_OK) {
		return WEALD_MALFORMED;
	}
	if (first < 0x80) {
		*out_type = first;
		return WEALD_OK;
	}
	if (first < 0xcc || first > 0xcf) {
		return WEALD_MALFORMED;
	}
	return read_number(&r, (size_t)1 << (first - 0xcc), out_type);
}

static int decode_known(struct span body, enum frame_type type,
			struct frame *out, struct weald_msg *msg)
{
	static const struct mp_limits limits = { .depth = MP_DEPTH_MAX,
						 .elements = VALUES_MAX };
	struct source s = { .out = out, .msg = msg };
	const msgpack_object *root;
	struct mp_doc doc;
	int r;

	assert(type < FRAME_TYPES && getters[type] != NULL);
	r = mp_open(&doc, body, &limits, msg);
	if (r != WEALD_OK) {
		return r;
	}
	root = mp_root(&doc);
	out->type = type;
	if (root->via.array.size < frame_fields(type)) {
		msg_set(msg, "%u elements, at least %zu are needed",
			(unsigned)root->via.array.size, frame_fields(type));
		r = WEALD_MALFORMED;
	} else {
		s.fields = root->via.array.ptr;
		r = getters[type](&s);
	}
	mp_close(&doc);
	return r;
}

int frame_decode(struct span body, struct frame *out, struct weald_msg *msg)
{
	struct frame f = { .owned = NULL };
	uint64_t type;
	int r;

	if (body.len > FRAME_BODY_BYTES_MAX) {
		msg_set(msg, "a frame of %zu bytes, the most is %u", body.len,
			FRAME_BODY_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = read_type(body, &type);
	if (r != WEALD_OK) {
		msg_set(msg, "a frame does not begin with [type");
		return r;
	}
	if (frame_fields(type) == 0) {
		f.unknown.type = type;
		*out = f;
		return WEALD_OK;
	}
	r = decode_known(body, (enum frame_type)type, &f, msg);
	if (r == WEALD_OK) {
		r = frame_check(&f, msg);
	} else {
		msg_prefix(msg, "%s", frame_name((enum frame_type)type));
	}
	if (r != WEALD_OK) {
		frame_release(&f);
		return r;
	}
	*out = f;
	return WEALD_OK;
}
