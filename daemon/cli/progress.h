/*
 * Progress: one line on stderr that is written over, only on a terminal, only
 * for work that takes longer than a second, at most five times a second.
 */
#ifndef WEALD_DAEMON_CLI_PROGRESS_H
#define WEALD_DAEMON_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* keeps */
	bool on;
	bool shown;
	uint64_t next_ms;
};

void progress_init(struct progress *p, const char *what);
void progress_show(struct progress *p, uint64_t done, uint64_t total);
/* Wipe the line; before anything else is printed. */
void progress_end(struct progress *p);

#endif
