#include "daemon/cli/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/out.h"
#include "proto/text.h"
#include "store/evidence/number.h"

void json_line_init(struct json_line *j)
{
	j->object = json_object();
	j->failed = j->object == NULL;
}

void json_line_release(struct json_line *j)
{
	json_decref(j->object);
	j->object = NULL;
}

json_t *json_object_of(const struct json_pair *pairs, size_t n)
{
	json_t *o = json_object();
	size_t i;
	int failed = o == NULL;

	for (i = 0; i < n; i++) {
		failed |= json_object_set_new(o, pairs[i].key, pairs[i].value);
	}
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *json_number(double v)
{
	if (!isfinite(v)) {
		return json_null();
	}
	return json_real(v == 0 ? 0 : v); /* never -0.0 */
}

json_t *json_span(struct span text)
{
	json_t *string;
	char *escaped;

	if (text_is_utf8(text)) {
		return json_stringn(text.len == 0 ? ""
						  : (const char *)text.data,
				    text.len);
	}
	if (out_escape(text, &escaped) != WEALD_OK) {
		return NULL;
	}
	string = json_string(escaped);
	free(escaped);
	return string;
}

void json_line_add(struct json_line *j, const char *key, json_t *value)
{
	if (json_object_set_new(j->object, key, value) != 0) {
		j->failed = true;
	}
}

void json_line_text(struct json_line *j, const char *key, const char *text)
{
	json_line_span(j, key, span_of(text));
}

void json_line_span(struct json_line *j, const char *key, struct span text)
{
	json_line_add(j, key, json_span(text));
}

void json_line_uint(struct json_line *j, const char *key, uint64_t v)
{
	json_line_add(j, key, json_integer((json_int_t)v));
}

void json_line_bool(struct json_line *j, const char *key, bool v)
{
	json_line_add(j, key, json_boolean(v));
}

void json_line_hex(struct json_line *j, const char *key, const void *data,
		   size_t len)
{
	char *text = malloc(2 * len + 1);

	if (text == NULL) {
		j->failed = true;
		return;
	}
	hex_encode(data, len, text);
	json_line_text(j, key, text);
	free(text);
}

void json_line_time(struct json_line *j, const char *key, uint64_t seconds)
{
	char text[OUT_TIME_BYTES];

	out_time_iso(seconds, text);
	json_line_text(j, key, text);
}

/*
 * A line of printable ASCII: jansson escapes all that is not ASCII, but lets
 * DEL through, which stands only in strings.
 */
static void put_line(const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n) {
		n = strcspn(text, "\x7f");
		fwrite(text, 1, n, stdout);
		for (; text[n] == '\x7f'; text++) {
			fputs("\\u007f", stdout);
		}
	}
	putchar('\n');
}

int json_line_print(struct json_line *j)
{
	char *text = NULL;
	int r = WEALD_NOMEM;

	if (!j->failed) {
		text = json_dumps(j->object,
				  JSON_COMPACT | JSON_SORT_KEYS |
					  JSON_ENSURE_ASCII |
					  JSON_REAL_PRECISION(NUMBER_DIGITS));
	}
	if (text != NULL) {
		put_line(text);
		free(text);
		r = WEALD_OK;
	}
	json_line_release(j);
	return r;
}
