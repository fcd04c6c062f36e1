#include "proto/mp.h"

#include <assert.h>
#include <string.h>

#include "proto/limits.h"

/* What the header at the reader's place announces. */
struct mp_header {
	enum { MP_NIL, MP_UINT, MP_STR, MP_BIN, MP_ARRAY } type;
	uint64_t value; /* the integer, the length or the count */
};

/* The forms with a length or value behind the first byte. */
struct mp_form {
	uint8_t first;
	uint8_t type;
	uint8_t width;  /* bytes of the value, big-endian */
	uint64_t least; /* the smallest value that needs this form */
};

static const struct mp_form mp_forms[] = {
	{ 0xcc, MP_UINT, 1, 0x80 },
	{ 0xcd, MP_UINT, 2, 0x100 },
	{ 0xce, MP_UINT, 4, 0x10000 },
	{ 0xcf, MP_UINT, 8, UINT64_C(0x100000000) },
	{ 0xd9, MP_STR, 1, 32 },
	{ 0xda, MP_STR, 2, 0x100 },
	{ 0xdb, MP_STR, 4, 0x10000 },
	{ 0xc4, MP_BIN, 1, 0 },
	{ 0xc5, MP_BIN, 2, 0x100 },
	{ 0xc6, MP_BIN, 4, 0x10000 },
	{ 0xdc, MP_ARRAY, 2, 16 },
	{ 0xdd, MP_ARRAY, 4, 0x10000 },
};

/* Read the value of @form; the shortest form is the only one accepted. */
static int header_read_long(struct reader *r, const struct mp_form *form,
			    struct mp_header *out, struct weald_msg *msg)
{
	uint64_t v = 0;
	struct span s;
	size_t i;

	if (reader_take(r, form->width, &s) != WEALD_OK) {
		msg_set(msg, "MessagePack is cut short at byte %zu", r->pos);
		return WEALD_MALFORMED;
	}
	for (i = 0; i < s.len; i++) {
		v = v << 8 | s.data[i];
	}
	if (v < form->least) {
		msg_set(msg, "longer form than needed (0x%02x) at byte %zu",
			form->first, r->pos - s.len - 1);
		return WEALD_NONCANONICAL;
	}
	out->type = form->type;
	out->value = v;
	return WEALD_OK;
}

static int header_read(struct reader *r, struct mp_header *out,
		       struct weald_msg *msg)
{
	struct span s;
	uint8_t first;
	size_t i;

	if (reader_take(r, 1, &s) != WEALD_OK) {
		msg_set(msg, "MessagePack is cut short at byte %zu", r->pos);
		return WEALD_MALFORMED;
	}
	first = s.data[0];
	if (first < 0x80) {
		*out = (struct mp_header){ MP_UINT, first };
		return WEALD_OK;
	}
	if ((first & 0xf0) == 0x90) {
		*out = (struct mp_header){ MP_ARRAY, first & 0x0fu };
		return WEALD_OK;
	}
	if ((first & 0xe0) == 0xa0) {
		*out = (struct mp_header){ MP_STR, first & 0x1fu };
		return WEALD_OK;
	}
	if (first == 0xc0) {
		*out = (struct mp_header){ MP_NIL, 0 };
		return WEALD_OK;
	}
	for (i = 0; i < sizeof mp_forms / sizeof mp_forms[0]; i++) {
		if (mp_forms[i].first == first) {
			return header_read_long(r, &mp_forms[i], out, msg);
		}
	}
	msg_set(msg, "a type that is never used (0x%02x) at byte %zu", first,
		r->pos - 1);
	return WEALD_MALFORMED;
}

/* The part of the header's rules that needs what comes behind it. */
static int header_check(struct reader *r, const struct mp_header *h,
			struct weald_msg *msg)
{
	struct span s;

	if (h->type == MP_UINT && h->value > UINT_MAX_VALUE) {
		msg_set(msg, "an integer over 2^53 before byte %zu", r->pos);
		return WEALD_TOOBIG;
	}
	if (h->type == MP_ARRAY && h->value > reader_left(r)) {
		msg_set(msg, "an array longer than its bytes at byte %zu",
			r->pos);
		return WEALD_MALFORMED;
	}
	if ((h->type == MP_STR || h->type == MP_BIN) &&
	    (h->value > SIZE_MAX ||
	     reader_take(r, (size_t)h->value, &s) != WEALD_OK)) {
		msg_set(msg, "a string longer than its bytes at byte %zu",
			r->pos);
		return WEALD_MALFORMED;
	}
	return WEALD_OK;
}

int mp_walk(struct span s, const struct mp_limits *limits,
	    struct weald_msg *msg)
{
	uint64_t left[MP_DEPTH_MAX]; /* values still to come in each array */
	struct mp_header h;
	struct reader r;
	size_t elements = 0;
	size_t depth = 0;
	int err;

	assert(limits->depth >= 1 && limits->depth <= MP_DEPTH_MAX);
	reader_init(&r, s);
	do {
		while (depth > 0 && left[depth - 1] == 0) {
			depth--;
			if (depth == 0) {
				goto whole;
			}
		}
		if (depth > 0) {
			left[depth - 1]--;
		}
		err = header_read(&r, &h, msg);
		if (err == WEALD_OK) {
			err = header_check(&r, &h, msg);
		}
		if (err != WEALD_OK) {
			return err;
		}
		elements++;
		if (elements > limits->elements) {
			msg_set(msg, "more than %zu values", limits->elements);
			return WEALD_TOOBIG;
		}
		if (h.type == MP_ARRAY) {
			if (depth == limits->depth) {
				msg_set(msg, "arrays nested more than %zu deep",
					limits->depth);
				return WEALD_TOOBIG;
			}
			left[depth++] = h.value;
		}
	} while (depth > 0);
whole:
	if (reader_left(&r) > 0) {
		msg_set(msg, "%zu bytes after the end", reader_left(&r));
		return WEALD_MALFORMED;
	}
	return WEALD_OK;
}

int mp_open(struct mp_doc *doc, struct span s, const struct mp_limits *limits,
	    struct weald_msg *msg)
{
	msgpack_unpack_return ret;
	size_t at = 0;
	int r;

	r = mp_walk(s, limits, msg);
	if (r != WEALD_OK) {
		return r;
	}
	msgpack_unpacked_init(&doc->unpacked);
	ret = msgpack_unpack_next(&doc->unpacked, (const char *)s.data, s.len,
				  &at);
	if (ret == MSGPACK_UNPACK_SUCCESS && at == s.len) {
		return WEALD_OK;
	}
	mp_close(doc);
	if (ret == MSGPACK_UNPACK_NOMEM_ERROR) {
		msg_set(msg, "%s", err_text(WEALD_NOMEM));
		return WEALD_NOMEM;
	}
	msg_set(msg, "not MessagePack");
	return WEALD_MALFORMED;
}

void mp_close(struct mp_doc *doc)
{
	msgpack_unpacked_destroy(&doc->unpacked);
	msgpack_unpacked_init(&doc->unpacked);
}

const msgpack_object *mp_root(const struct mp_doc *doc)
{
	return &doc->unpacked.data;
}

bool mp_get_array(const msgpack_object *o, size_t count,
		  const msgpack_object **out)
{
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != count) {
		return false;
	}
	*out = o->via.array.ptr;
	return true;
}

bool mp_get_uint(const msgpack_object *o, uint64_t *out)
{
	if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
		return false;
	}
	*out = o->via.u64;
	return true;
}

/*
 * msgpack-c leaves the pointer of an empty one NULL, which memcpy() and its
 * like must not be given.
 */
static struct span span_at(const void *data, uint32_t size)
{
	return (struct span){ size == 0 ? (const void *)"" : data, size };
}

bool mp_get_str(const msgpack_object *o, struct span *out)
{
	if (o->type != MSGPACK_OBJECT_STR) {
		return false;
	}
	*out = span_at(o->via.str.ptr, o->via.str.size);
	return true;
}

bool mp_get_bin(const msgpack_object *o, struct span *out)
{
	if (o->type != MSGPACK_OBJECT_BIN) {
		return false;
	}
	*out = span_at(o->via.bin.ptr, o->via.bin.size);
	return true;
}

bool mp_get_bytes(const msgpack_object *o, uint8_t *out, size_t len)
{
	struct span s;

	if (!mp_get_bin(o, &s) || s.len != len) {
		return false;
	}
	memcpy(out, s.data, len);
	return true;
}

static int writer_write_cb(void *data, const char *bytes, size_t len)
{
	struct mp_writer *w = data;

	if (w->err == WEALD_OK) {
		w->err = buf_add(w->out, bytes, len);
	}
	return w->err == WEALD_OK ? 0 : -1;
}

void mp_writer_begin(struct mp_writer *w, struct buf *out)
{
	*w = (struct mp_writer){ .out = out, .start = out->len };
	msgpack_packer_init(&w->packer, w, writer_write_cb);
}

int mp_writer_end(struct mp_writer *w)
{
	if (w->err != WEALD_OK) {
		w->out->len = w->start;
	}
	return w->err;
}

void mp_put_nil(struct mp_writer *w)
{
	msgpack_pack_nil(&w->packer);
}

void mp_put_array(struct mp_writer *w, size_t count)
{
	msgpack_pack_array(&w->packer, count);
}

void mp_put_uint(struct mp_writer *w, uint64_t v)
{
	msgpack_pack_uint64(&w->packer, v);
}

void mp_put_str(struct mp_writer *w, struct span s)
{
	msgpack_pack_str_with_body(&w->packer, s.data, s.len);
}

void mp_put_bin(struct mp_writer *w, const void *data, size_t len)
{
	msgpack_pack_bin_with_body(&w->packer, data, len);
}
