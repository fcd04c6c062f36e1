/*
 * JSON lines: with --json a command prints one object a line on stdout, keys
 * sorted. docs/CLI.md lists the keys; they are an interface. What is not
 * printable ASCII stands in it as \u: others wrote it, and terminals obey it.
 *
 * Building an object does not fail one step at a time: what went wrong sticks
 * and json_line_print() returns it.
 */
#ifndef WEALD_DAEMON_CLI_JSON_H
#define WEALD_DAEMON_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "proto/bytes.h"

struct json_line {
	json_t *object;
	bool failed;
};

void json_line_init(struct json_line *j);
/* Give up on an object that is not printed; takes a printed one too. */
void json_line_release(struct json_line *j);

void json_line_text(struct json_line *j, const char *key, const char *text);
void json_line_span(struct json_line *j, const char *key, struct span text);
void json_line_uint(struct json_line *j, const char *key, uint64_t v);
void json_line_bool(struct json_line *j, const char *key, bool v);
void json_line_hex(struct json_line *j, const char *key, const void *data,
		   size_t len);
void json_line_time(struct json_line *j, const char *key, uint64_t seconds);
/* Takes @value, which may be NULL where it could not be made. */
void json_line_add(struct json_line *j, const char *key, json_t *value);

/*
 * A string, or NULL where there is no memory. What is not UTF-8 (a path may
 * not be) stands in it escaped.
 */
json_t *json_span(struct span text);

/*
 * A computed number; null for what is not finite. Reals are printed with
 * NUMBER_DIGITS significant digits, so that different processors print the same
 * ones.
 */
json_t *json_number(double v);

/* A key of an object and its value, which is taken, also on failure. */
struct json_pair {
	const char *key;
	json_t *value;
};
/* NULL where there is no memory, or one of the values is NULL. */
json_t *json_object_of(const struct json_pair *pairs, size_t n);
#define JSON_OBJECT(pairs) \
	json_object_of((pairs), sizeof(pairs) / sizeof(pairs)[0])

/* Print and release. WEALD_NOMEM. */
int json_line_print(struct json_line *j);

#endif
