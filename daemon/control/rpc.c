#include "daemon/control/rpc.h"

#include <assert.h>
#include <string.h>

#include "proto/text.h"

/* What stands behind the first byte of a value. */
enum form {
	FORM_NONE,   /* not used */
	FORM_PLAIN,  /* @width bytes of value, nothing more */
	FORM_BYTES,  /* a length of @width bytes, and so many bytes */
	FORM_VALUES, /* a count of @width bytes, and so many values */
	FORM_PAIRS   /* a count, and twice so many */
};

/* 0xc0..0xdf */
static const struct {
	uint8_t form;
	uint8_t width;
} forms[32] = {
	[0x00] = { FORM_PLAIN, 0 }, /* nil */
	[0x02] = { FORM_PLAIN, 0 }, /* false */
	[0x03] = { FORM_PLAIN, 0 }, /* true */
	[0x04] = { FORM_BYTES, 1 }, /* bin */
	[0x05] = { FORM_BYTES, 2 },  [0x06] = { FORM_BYTES, 4 },
	[0x0a] = { FORM_PLAIN, 4 },                              /* float */
	[0x0b] = { FORM_PLAIN, 8 },  [0x0c] = { FORM_PLAIN, 1 }, /* uint */
	[0x0d] = { FORM_PLAIN, 2 },  [0x0e] = { FORM_PLAIN, 4 },
	[0x0f] = { FORM_PLAIN, 8 },  [0x10] = { FORM_PLAIN, 1 }, /* int */
	[0x11] = { FORM_PLAIN, 2 },  [0x12] = { FORM_PLAIN, 4 },
	[0x13] = { FORM_PLAIN, 8 },  [0x19] = { FORM_BYTES, 1 }, /* str */
	[0x1a] = { FORM_BYTES, 2 },  [0x1b] = { FORM_BYTES, 4 },
	[0x1c] = { FORM_VALUES, 2 },                             /* array */
	[0x1d] = { FORM_VALUES, 4 }, [0x1e] = { FORM_PAIRS, 2 }, /* map */
	[0x1f] = { FORM_PAIRS, 4 },
};

struct header {
	enum form form;
	uint64_t n; /* bytes, values or pairs that follow */
};

/* The header at the reader's place. WEALD_INCOMPLETE, WEALD_MALFORMED. */
static int header_read(struct reader *r, struct header *out)
{
	struct span s;
	uint8_t first;
	uint8_t form;
	size_t i;

	if (reader_take(r, 1, &s) != WEALD_OK) {
		return WEALD_INCOMPLETE;
	}
	first = s.data[0];
	if (first < 0x80 || first >= 0xe0) { /* a small integer */
		*out = (struct header){ FORM_PLAIN, 0 };
		return WEALD_OK;
	}
	if (first < 0xc0) {
		*out = first < 0x90
			       ? (struct header){ FORM_PAIRS, first & 0x0fu }
		       : first < 0xa0
			       ? (struct header){ FORM_VALUES, first & 0x0fu }
			       : (struct header){ FORM_BYTES, first & 0x1fu };
		return WEALD_OK;
	}
	form = forms[first - 0xc0].form;
	if (form == FORM_NONE) {
		return WEALD_MALFORMED;
	}
	*out = (struct header){ form, forms[first - 0xc0].width };
	if (form == FORM_PLAIN) {
		out->form = FORM_BYTES; /* its value is skipped as bytes are */
		return WEALD_OK;
	}
	if (reader_take(r, (size_t)out->n, &s) != WEALD_OK) {
		return WEALD_INCOMPLETE;
	}
	out->n = 0;
	for (i = 0; i < s.len; i++) {
		out->n = out->n << 8 | s.data[i];
	}
	return WEALD_OK;
}

void rpc_scan_init(struct rpc_scan *s, size_t values_max, size_t depth_max)
{
	assert(depth_max >= 1 && depth_max <= RPC_DEPTH_MAX);
	*s = (struct rpc_scan){ .values_max = values_max,
				.depth_max = depth_max };
}

static int too_big(struct weald_msg *msg)
{
	msg_set(msg, "a message of more than %u bytes", RPC_MESSAGE_BYTES_MAX);
	return WEALD_TOOBIG;
}

/* Go into an array or a map of @n values. */
static int scan_enter(struct rpc_scan *s, uint64_t n, struct weald_msg *msg)
{
	if (n > s->values_max - s->values) {
		msg_set(msg, "a message of more than %zu values",
			s->values_max);
		return WEALD_TOOBIG;
	}
	if (s->depth == s->depth_max) {
		msg_set(msg, "values nested more than %zu deep", s->depth_max);
		return WEALD_TOOBIG;
	}
	s->left[s->depth++] = n;
	return WEALD_OK;
}

/* The next header and the bytes that belong to it. */
static int scan_value(struct rpc_scan *s, struct span bytes,
		      struct weald_msg *msg)
{
	struct header h = { FORM_NONE, 0 };
	struct reader r;
	struct span body;
	int err;

	reader_init(&r, bytes);
	r.pos = s->at;
	err = header_read(&r, &h);
	if (err == WEALD_MALFORMED) {
		msg_set(msg, "not MessagePack at byte %zu", s->at);
	}
	if (err != WEALD_OK) {
		return err;
	}
	if (h.form == FORM_BYTES &&
	    reader_take(&r, (size_t)h.n, &body) != WEALD_OK) {
		return h.n > RPC_MESSAGE_BYTES_MAX - r.pos ? too_big(msg)
							   : WEALD_INCOMPLETE;
	}
	if (s->values == s->values_max) {
		msg_set(msg, "a message of more than %zu values",
			s->values_max);
		return WEALD_TOOBIG;
	}
	s->values++;
	s->at = r.pos;
	if (s->depth > 0) {
		s->left[s->depth - 1]--;
	}
	if (h.form == FORM_VALUES || h.form == FORM_PAIRS) {
		err = scan_enter(s, h.form == FORM_PAIRS ? 2 * h.n : h.n, msg);
	}
	while (s->depth > 0 && s->left[s->depth - 1] == 0) {
		s->depth--;
	}
	return err;
}

int rpc_scan(struct rpc_scan *s, struct span bytes, size_t *out_len,
	     struct weald_msg *msg)
{
	int r;

	if (bytes.len > RPC_MESSAGE_BYTES_MAX) {
		bytes.len = RPC_MESSAGE_BYTES_MAX; /* what is next may follow */
	}
	do {
		r = scan_value(s, bytes, msg);
	} while (r == WEALD_OK && s->depth > 0);
	if (r == WEALD_INCOMPLETE && bytes.len == RPC_MESSAGE_BYTES_MAX) {
		return too_big(msg);
	}
	if (r == WEALD_OK) {
		*out_len = s->at;
	}
	return r;
}

static int no_request(struct weald_msg *msg)
{
	msg_set(msg, "not a request: [0, msgid, method, params array]");
	return WEALD_MALFORMED;
}

int rpc_request_decode(struct span bytes, struct mp_doc *doc,
		       struct rpc_request *out, uint64_t *out_msgid,
		       struct weald_msg *msg)
{
	static const struct mp_limits limits = { RPC_REQUEST_DEPTH_MAX,
						 RPC_REQUEST_VALUES_MAX };
	const msgpack_object *fields;
	struct rpc_request q;
	uint64_t type;
	int r;

	*out_msgid = 0;
	r = mp_open(doc, bytes, &limits, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!mp_get_array(mp_root(doc), 4, &fields) ||
	    !mp_get_uint(&fields[0], &type) || type != RPC_REQUEST ||
	    !mp_get_uint(&fields[1], &q.msgid) || q.msgid > UINT32_MAX) {
		return no_request(msg);
	}
	*out_msgid = q.msgid;
	if (!mp_get_str(&fields[2], &q.method) ||
	    q.method.len > RPC_METHOD_BYTES_MAX ||
	    fields[3].type != MSGPACK_OBJECT_ARRAY) {
		return no_request(msg);
	}
	q.params = fields[3].via.array.ptr;
	q.params_n = fields[3].via.array.size;
	*out = q;
	return WEALD_OK;
}

static int put_json(struct mp_writer *w, const json_t *v, size_t depth);

static int put_object(struct mp_writer *w, const json_t *v, size_t depth)
{
	/* jansson iterates over what it does not change, but is not const */
	union {
		const json_t *in;
		json_t *out;
	} object = { v };
	const char *key;
	json_t *value;
	int r = WEALD_OK;

	msgpack_pack_map(&w->packer, json_object_size(v));
	json_object_foreach(object.out, key, value)
	{
		mp_put_str(w, span_of(key));
		r = put_json(w, value, depth + 1);
		if (r != WEALD_OK) {
			break;
		}
	}
	return r;
}

static int put_array(struct mp_writer *w, const json_t *v, size_t depth)
{
	size_t n = json_array_size(v);
	size_t i;
	int r = WEALD_OK;

	mp_put_array(w, n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = put_json(w, json_array_get(v, i), depth + 1);
	}
	return r;
}

/* @depth: how many arrays and maps @v stands in. */
static int put_json(struct mp_writer *w, const json_t *v, size_t depth)
{
	if (v == NULL) {
		mp_put_nil(w);
		return WEALD_OK;
	}
	if ((json_is_object(v) || json_is_array(v)) && depth >= RPC_DEPTH_MAX) {
		return WEALD_INVALID;
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return put_object(w, v, depth);
	case JSON_ARRAY:
		return put_array(w, v, depth);
	case JSON_STRING:
		mp_put_str(w,
			   (struct span){ (const uint8_t *)json_string_value(v),
					  json_string_length(v) });
		break;
	case JSON_INTEGER:
		msgpack_pack_int64(&w->packer, json_integer_value(v));
		break;
	case JSON_REAL:
		msgpack_pack_double(&w->packer, json_real_value(v));
		break;
	case JSON_TRUE:
		msgpack_pack_true(&w->packer);
		break;
	case JSON_FALSE:
		msgpack_pack_false(&w->packer);
		break;
	case JSON_NULL:
		mp_put_nil(w);
		break;
	}
	return WEALD_OK;
}

/* End the message that began at @w; nothing of it is left where it failed. */
static int put_end(struct mp_writer *w, int r)
{
	int end = mp_writer_end(w);

	if (r != WEALD_OK) {
		w->out->len = w->start;
	}
	return end != WEALD_OK ? end : r;
}

int rpc_encode_response(struct buf *out, uint64_t msgid, const json_t *error,
			const json_t *result)
{
	struct mp_writer w;
	int r;

	mp_writer_begin(&w, out);
	mp_put_array(&w, 4);
	mp_put_uint(&w, RPC_RESPONSE);
	mp_put_uint(&w, msgid);
	r = put_json(&w, error, 1);
	if (r == WEALD_OK) {
		r = put_json(&w, result, 1);
	}
	return put_end(&w, r);
}

int rpc_encode_notification(struct buf *out, const char *method,
			    const json_t *param)
{
	struct mp_writer w;

	mp_writer_begin(&w, out);
	mp_put_array(&w, 3);
	mp_put_uint(&w, RPC_NOTIFICATION);
	mp_put_str(&w, span_of(method));
	mp_put_array(&w, 1);
	return put_end(&w, put_json(&w, param, 2));
}

/* @value goes into @out, or what it holds is freed. */
static int give(json_t *value, json_t **out)
{
	if (value == NULL) {
		return WEALD_NOMEM;
	}
	*out = value;
	return WEALD_OK;
}

static int get_json(const msgpack_object *o, json_t **out);

static int get_string(struct span s, json_t **out)
{
	if (!text_is_utf8(s)) {
		return WEALD_MALFORMED;
	}
	return give(json_stringn(s.len == 0 ? "" : (const char *)s.data, s.len),
		    out);
}

static int get_list(const msgpack_object *o, json_t **out)
{
	json_t *list = json_array();
	json_t *value = NULL;
	uint32_t i;
	int r = list == NULL ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < o->via.array.size; i++) {
		r = get_json(&o->via.array.ptr[i], &value);
		if (r == WEALD_OK && json_array_append_new(list, value) != 0) {
			r = WEALD_NOMEM;
		}
	}
	if (r != WEALD_OK) {
		json_decref(list);
		return r;
	}
	*out = list;
	return WEALD_OK;
}

static int get_map(const msgpack_object *o, json_t **out)
{
	json_t *map = json_object();
	const msgpack_object_kv *kv;
	json_t *value = NULL;
	struct span key;
	uint32_t i;
	int r = map == NULL ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < o->via.map.size; i++) {
		kv = &o->via.map.ptr[i];
		if (!mp_get_str(&kv->key, &key) || !text_is_utf8(key) ||
		    memchr(key.data, 0, key.len) != NULL) {
			r = WEALD_MALFORMED;
			break;
		}
		r = get_json(&kv->val, &value);
		if (r == WEALD_OK &&
		    json_object_setn_new(map, (const char *)key.data, key.len,
					 value) != 0) {
			r = WEALD_NOMEM;
		}
	}
	if (r != WEALD_OK) {
		json_decref(map);
		return r;
	}
	*out = map;
	return WEALD_OK;
}

static int get_json(const msgpack_object *o, json_t **out)
{
	struct span s;

	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return give(json_null(), out);
	case MSGPACK_OBJECT_BOOLEAN:
		return give(json_boolean(o->via.boolean), out);
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (o->via.u64 > INT64_MAX) {
			return WEALD_MALFORMED;
		}
		return give(json_integer((json_int_t)o->via.u64), out);
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return give(json_integer(o->via.i64), out);
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		if (!(o->via.f64 - o->via.f64 == 0.0)) { /* not finite */
			return WEALD_MALFORMED;
		}
		return give(json_real(o->via.f64), out);
	case MSGPACK_OBJECT_STR:
		(void)mp_get_str(o, &s);
		return get_string(s, out);
	case MSGPACK_OBJECT_ARRAY:
		return get_list(o, out);
	case MSGPACK_OBJECT_MAP:
		return get_map(o, out);
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return WEALD_MALFORMED;
}

/* As get_json(), but nil is NULL. */
static int get_optional(const msgpack_object *o, json_t **out)
{
	return o->type == MSGPACK_OBJECT_NIL ? WEALD_OK : get_json(o, out);
}

static int get_response(const msgpack_object *root, struct rpc_message *out)
{
	const msgpack_object *fields;
	int r;

	if (!mp_get_array(root, 4, &fields) ||
	    !mp_get_uint(&fields[1], &out->msgid)) {
		return WEALD_MALFORMED;
	}
	r = get_optional(&fields[2], &out->error);
	return r == WEALD_OK ? get_optional(&fields[3], &out->result) : r;
}

static int get_notification(const msgpack_object *root, struct rpc_message *out)
{
	const msgpack_object *fields;
	const msgpack_object *params;
	struct span method;

	if (!mp_get_array(root, 3, &fields) ||
	    !mp_get_str(&fields[1], &method) || method.len == 0 ||
	    method.len > RPC_METHOD_BYTES_MAX ||
	    memchr(method.data, 0, method.len) != NULL ||
	    !mp_get_array(&fields[2], 1, &params)) {
		return WEALD_MALFORMED;
	}
	memcpy(out->method, method.data, method.len);
	return get_optional(&params[0], &out->result);
}

static int get_message(const msgpack_object *root, struct rpc_message *out)
{
	uint64_t type;

	if (root->type != MSGPACK_OBJECT_ARRAY || root->via.array.size == 0 ||
	    !mp_get_uint(&root->via.array.ptr[0], &type)) {
		return WEALD_MALFORMED;
	}
	if (type == RPC_RESPONSE) {
		out->type = RPC_RESPONSE;
		return get_response(root, out);
	}
	out->type = RPC_NOTIFICATION;
	return type == RPC_NOTIFICATION ? get_notification(root, out)
					: WEALD_MALFORMED;
}

int rpc_message_decode(struct span bytes, struct rpc_message *out,
		       struct weald_msg *msg)
{
	struct rpc_message m = { .type = RPC_RESPONSE };
	msgpack_unpacked unpacked;
	msgpack_unpack_return ret;
	struct rpc_scan scan;
	size_t len = 0;
	size_t at = 0;
	int r;

	rpc_scan_init(&scan, RPC_RESPONSE_VALUES_MAX, RPC_DEPTH_MAX);
	r = rpc_scan(&scan, bytes, &len, msg);
	if (r != WEALD_OK || len != bytes.len) {
		return r == WEALD_TOOBIG ? r : WEALD_MALFORMED;
	}
	msgpack_unpacked_init(&unpacked);
	ret = msgpack_unpack_next(&unpacked, (const char *)bytes.data,
				  bytes.len, &at);
	if (ret == MSGPACK_UNPACK_SUCCESS) {
		r = get_message(&unpacked.data, &m);
	} else {
		r = ret == MSGPACK_UNPACK_NOMEM_ERROR ? WEALD_NOMEM
						      : WEALD_MALFORMED;
	}
	msgpack_unpacked_destroy(&unpacked);
	if (r != WEALD_OK) {
		rpc_message_release(&m);
		return r;
	}
	*out = m;
	return WEALD_OK;
}

void rpc_message_release(struct rpc_message *m)
{
	json_decref(m->error);
	json_decref(m->result);
	m->error = NULL;
	m->result = NULL;
}

int rpc_err_of_name(const char *name)
{
	static const int codes[] = {
#define WEALD_X(code, text_name, text) WEALD_##code,
		WEALD_CODES(WEALD_X)
#undef WEALD_X
	};
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (strcmp(err_name(codes[i]), name) == 0) {
			return codes[i];
		}
	}
	return WEALD_INVALID;
}
