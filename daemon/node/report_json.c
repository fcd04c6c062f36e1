/*
 * Answers: JSON objects and the texts in them.
 */
#include <string.h>
#include <time.h>

#include "daemon/node/report_private.h"
#include "proto/text.h"

#define TIME_BYTES 32u

void report_begin(struct report_object *o)
{
	o->object = json_object();
	o->failed = o->object == NULL;
}

json_t *report_end(struct report_object *o)
{
	json_t *object = o->object;

	o->object = NULL;
	if (o->failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int report_list_end(struct report_object *o, json_t *list, json_t **out)
{
	int r = o->failed || list == NULL ? WEALD_NOMEM : WEALD_OK;

	json_decref(report_end(o));
	if (r != WEALD_OK) {
		json_decref(list);
		return r;
	}
	*out = list;
	return WEALD_OK;
}

void report_add(struct report_object *o, const char *key, json_t *value)
{
	if (json_object_set_new(o->object, key, value) != 0) {
		o->failed = true;
	}
}

/* Escaped, and cut, where it is not UTF-8. */
static json_t *string_of(const char *text)
{
	char escaped[512];

	if (text_is_utf8(span_of(text))) {
		return json_string(text);
	}
	text_escape(text, strlen(text), escaped, sizeof(escaped));
	return json_string(escaped);
}

void report_text(struct report_object *o, const char *key, const char *text)
{
	report_add(o, key, string_of(text));
}

void report_uint(struct report_object *o, const char *key, uint64_t v)
{
	report_add(o, key, json_integer((json_int_t)v));
}

void report_bool(struct report_object *o, const char *key, bool v)
{
	report_add(o, key, json_boolean(v));
}

void report_hex(struct report_object *o, const char *key, const uint8_t *data,
		size_t len)
{
	char text[2 * SHA256_BYTES + 1];

	if (len > SHA256_BYTES) {
		o->failed = true;
		return;
	}
	hex_encode(data, len, text);
	report_add(o, key, json_string(text));
}

void report_time(struct report_object *o, const char *key, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[TIME_BYTES];
	struct tm tm;

	if (seconds == 0 || seconds > TIME_MAX || gmtime_r(&t, &tm) == NULL) {
		report_add(o, key, json_null());
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	report_add(o, key, json_string(text));
}

void report_clock(struct report_object *o, const char *key,
		  const struct report_view *v, uint64_t ms)
{
	uint64_t seconds;

	if (ms >= v->now_ms) {
		seconds = v->now_s + (ms - v->now_ms + 999u) / 1000u;
	} else {
		seconds = v->now_s - (v->now_ms - ms) / 1000u;
	}
	report_time(o, key, seconds);
}

void report_append(struct report_object *o, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) != 0) {
		o->failed = true;
	}
}

const char *report_key(const uint8_t key[PUBKEY_BYTES],
		       char out[REPORT_KEY_BYTES])
{
	hex_encode(key, (REPORT_KEY_BYTES - 1) / 2, out);
	return out;
}
