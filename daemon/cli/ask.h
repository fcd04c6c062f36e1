/*
 * Ask: a question to the running daemon, and its answer in words.
 *
 * What stands in an answer may be others' text: print it with ask_say() or
 * escape it.
 */
#ifndef WEALD_DAEMON_CLI_ASK_H
#define WEALD_DAEMON_CLI_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/reach.h"
#include "daemon/words.h"

/*
 * Call @method of the daemon, with @arg where it is not NULL; the caller gives
 * the answer back with json_decref(). WEALD_UNREACHABLE where none runs.
 * Noted.
 */
int ask_daemon(struct cli *c, const char *method, const char *arg,
	       json_t **out);

/* Print @object, or each of the array @object, as a line of JSON. */
int ask_print_json(json_t *object);

bool ask_bool(const json_t *o, const char *key);
/* A time of the answer in seconds since 1970; 0 where it has none. */
uint64_t ask_time(const json_t *o, const char *key);
/* How long ago, or how long from now on, that is: "12 s"; "?" for no time. */
const char *ask_age(const json_t *o, const char *key,
		    char out[WORDS_AGE_BYTES]);
const char *ask_size(const json_t *o, const char *key,
		     char out[WORDS_SIZE_BYTES]);
/* The texts of an array, or the texts at @field of the objects in it. */
const char *ask_names(const json_t *o, const char *key, const char *field,
		      struct words_names *names);
/* "s" where @n is not 1. */
const char *ask_s(uint64_t n);

/*
 * Print @text, escaped, on as many lines as a terminal needs, those after the
 * first behind @indent columns. WEALD_NOMEM.
 */
int ask_wrap(const char *text, size_t indent);
/* A line, its first word in a column of its own, escaped. */
void ask_say(const char *word, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
