/*
 * Output for people: text of others made safe, widths, times.
 *
 * What a feed holds was written by others. Nothing of it reaches a terminal
 * but printable characters: whatever else there is, is shown as \xNN.
 */
#ifndef WEALD_DAEMON_CLI_OUT_H
#define WEALD_DAEMON_CLI_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "proto/bytes.h"

bool out_is_terminal(void);
/* The columns of the terminal; 0 where there is none, and nothing is cut. */
size_t out_screen(void);

/*
 * Push out what was printed. A reader that has gone is not a failure: see
 * c->closed. WEALD_IO or WEALD_NOSPACE, noted, where writing fails.
 */
int out_flush(struct cli *c);

/* An escaped copy that the caller frees. WEALD_NOMEM. */
int out_escape(struct span raw, char **out);
/* Print @raw escaped. */
int out_put(struct span raw);
/*
 * Print lines of text escaped, each behind @indent; tabs stay, and a line
 * feed is added where the last line has none.
 */
int out_lines(struct span text, const char *indent);

/* Columns that @text takes on a terminal. */
size_t out_width(const char *text);
/* Print @text in at most @max columns, ending in an ellipsis where cut. */
void out_cut(const char *text, size_t max);

#define OUT_TIME_BYTES 32u

/* "2026-11-23 09:05", UTC. */
void out_time(uint64_t seconds, char out[OUT_TIME_BYTES]);
/* "2026-11-23T09:05:41Z". */
void out_time_iso(uint64_t seconds, char out[OUT_TIME_BYTES]);
/* Is @seconds more than a day ahead of this machine's clock? */
bool out_time_is_ahead(uint64_t seconds);

#endif
