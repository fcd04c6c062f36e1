#include "daemon/control/params.h"

#include <stdlib.h>
#include <string.h>

void param_refuse(struct call *call, size_t i, const char *what)
{
	struct weald_msg msg;

	msg_set(&msg, "parameter %zu is not %s", i + 1, what);
	call_fail_plain(call, CALL_ABOUT_ASKED, WEALD_INVALID, &msg);
}

bool param_uint(struct call *call, size_t i, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!mp_get_uint(&call_params(call)[i], &v) || v > max) {
		param_refuse(call, i, "an integer in range");
		return false;
	}
	*out = v;
	return true;
}

bool param_flag(struct call *call, size_t i, bool *out)
{
	uint64_t v;

	if (!param_uint(call, i, 1, &v)) {
		return false;
	}
	*out = v == 1;
	return true;
}

bool param_bytes(struct call *call, size_t i, uint8_t *out, size_t len)
{
	if (!mp_get_bytes(&call_params(call)[i], out, len)) {
		param_refuse(call, i, "bytes of the right length");
		return false;
	}
	return true;
}

bool param_array(struct call *call, size_t i, const msgpack_object **out,
		 size_t *out_n)
{
	const msgpack_object *o = &call_params(call)[i];

	if (o->type != MSGPACK_OBJECT_ARRAY) {
		param_refuse(call, i, "an array");
		return false;
	}
	*out = o->via.array.ptr;
	*out_n = o->via.array.size;
	return true;
}

bool param_str(struct call *call, size_t i, struct span *out)
{
	if (!mp_get_str(&call_params(call)[i], out)) {
		param_refuse(call, i, "a string");
		return false;
	}
	return true;
}

/* WEALD_INVALID, WEALD_NOMEM. */
static int copy_text(const msgpack_object *o, char **out)
{
	struct span s;
	char *text;

	if (!mp_get_str(o, &s) || s.len == 0 || s.len > PARAM_TEXT_MAX ||
	    memchr(s.data, 0, s.len) != NULL) {
		return WEALD_INVALID;
	}
	text = strndup((const char *)s.data, s.len);
	if (text == NULL) {
		return WEALD_NOMEM;
	}
	*out = text;
	return WEALD_OK;
}

static bool refuse_text(struct call *call, size_t i, int err)
{
	if (err == WEALD_NOMEM) {
		call_fail_plain(call, CALL_ABOUT_ASKED, err, NULL);
	} else {
		param_refuse(call, i, "a text");
	}
	return false;
}

bool param_text(struct call *call, size_t i, char **out)
{
	int r = copy_text(&call_params(call)[i], out);

	return r == WEALD_OK || refuse_text(call, i, r);
}

bool param_texts(struct call *call, size_t i, struct texts *out)
{
	const msgpack_object *o;
	size_t n;
	int r;

	out->n = 0;
	if (!param_array(call, i, &o, &n)) {
		return false;
	}
	if (n > PARAM_TEXTS_MAX) {
		param_refuse(call, i, "an array of at most 64 texts");
		return false;
	}
	for (; out->n < n; out->n++) {
		r = copy_text(&o[out->n], &out->owned[out->n]);
		if (r != WEALD_OK) {
			texts_free(out);
			return refuse_text(call, i, r);
		}
		out->list[out->n] = out->owned[out->n];
	}
	return true;
}

void texts_free(struct texts *t)
{
	while (t->n > 0) {
		free(t->owned[--t->n]);
	}
}
