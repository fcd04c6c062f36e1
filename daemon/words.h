/*
 * Words for numbers, as people say them: for reports and tables.
 */
#ifndef WEALD_DAEMON_WORDS_H
#define WEALD_DAEMON_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_AGE_BYTES 32u
/* "12 s", "3 min", "5 h", "9 days"; returns @out. */
const char *words_age(uint64_t seconds, char out[WORDS_AGE_BYTES]);

#define WORDS_SIZE_BYTES 32u
/* "512 B", "12 KB", "3.4 MB", of 1,000 each; returns @out. */
const char *words_size(uint64_t bytes, char out[WORDS_SIZE_BYTES]);

/*
 * Names one after the other, the first few only: "kent, sussex and 12 more".
 * All zero is an empty one.
 */
#define WORDS_NAMES_MAX 4u
struct words_names {
	char text[256];
	size_t n;
};
void words_names_add(struct words_names *names, const char *name);
/* Closes the list; borrowed from @names. */
const char *words_names_end(struct words_names *names);

#endif
