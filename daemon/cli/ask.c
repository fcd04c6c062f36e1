#include "daemon/cli/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"

#define SAY_BYTES 1024u
#define SAY_WORD  10 /* columns of the first word */
/* Columns that are worth the wrapping. */
#define WRAP_LEAST 20u

int ask_daemon(struct cli *c, const char *method, const char *arg, json_t **out)
{
	struct client *d = NULL;
	struct mp_writer *w;
	int r = reach_daemon(c, &d);

	if (r == WEALD_OK) {
		w = client_begin(d, method, arg == NULL ? 0 : 1);
		if (arg != NULL) {
			mp_put_str(w, span_of(arg));
		}
		r = reach_ask(c, d, out);
	}
	client_close(d);
	return r;
}

static int print_one(json_t *object)
{
	struct json_line j = { json_incref(object), false };

	return json_line_print(&j);
}

int ask_print_json(json_t *object)
{
	json_t *one;
	size_t i;
	int r = WEALD_OK;

	if (!json_is_array(object)) {
		return print_one(object);
	}
	json_array_foreach(object, i, one)
	{
		if (r == WEALD_OK) {
			r = print_one(one);
		}
	}
	return r;
}

bool ask_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

uint64_t ask_time(const json_t *o, const char *key)
{
	struct tm tm = { .tm_isdst = 0 };
	const char *end =
		strptime(reach_text(o, key), "%Y-%m-%dT%H:%M:%SZ", &tm);
	time_t t;

	if (end == NULL || *end != '\0') {
		return 0;
	}
	t = timegm(&tm);
	return t < 0 ? 0 : (uint64_t)t;
}

const char *ask_age(const json_t *o, const char *key, char out[WORDS_AGE_BYTES])
{
	uint64_t time = ask_time(o, key);
	uint64_t now = cli_now();

	if (time == 0) {
		snprintf(out, WORDS_AGE_BYTES, "?");
		return out;
	}
	return words_age(time < now ? now - time : time - now, out);
}

const char *ask_size(const json_t *o, const char *key,
		     char out[WORDS_SIZE_BYTES])
{
	return words_size(reach_uint(o, key), out);
}

const char *ask_names(const json_t *o, const char *key, const char *field,
		      struct words_names *names)
{
	const json_t *list = json_object_get(o, key);
	const json_t *one;
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		text = field == NULL ? json_string_value(one)
				     : reach_text(one, field);
		words_names_add(names, text == NULL ? "" : text);
	}
	return words_names_end(names);
}

const char *ask_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* Print words until @max columns are full; what is left over. */
static const char *put_words(const char *text, size_t max)
{
	const char *end = text;
	const char *next;

	while (*end != '\0') {
		next = end + 1 + strcspn(end + 1, " ");
		if (end > text && (size_t)(next - text) > max) {
			break;
		}
		end = next;
	}
	printf("%.*s\n", (int)(end - text), text);
	return end + strspn(end, " ");
}

int ask_wrap(const char *text, size_t indent)
{
	size_t screen = out_screen();
	char *safe = NULL;
	const char *rest;
	int r = out_escape(span_of(text), &safe);

	if (r != WEALD_OK) {
		return r;
	}
	rest = safe;
	if (screen < indent + WRAP_LEAST) {
		puts(safe);
		rest = "";
	}
	while (*rest != '\0') {
		rest = put_words(rest, screen - indent);
		if (*rest != '\0') {
			printf("%*s", (int)indent, "");
		}
	}
	free(safe);
	return WEALD_OK;
}

void ask_say(const char *word, const char *fmt, ...)
{
	char text[SAY_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	printf("%-*s  ", SAY_WORD, word);
	(void)ask_wrap(text, SAY_WORD + 2);
}
