/*
 * Prose: text of others on a terminal, escaped and wrapped at its words.
 *
 * Lines are as wide as the terminal, 96 columns at most. Where there is none
 * nothing is wrapped: whoever reads the output has widths of their own.
 */
#ifndef WEALD_DAEMON_CLI_PROSE_H
#define WEALD_DAEMON_CLI_PROSE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

/* The columns of a line; 0: as many as it takes. Ask before pager_start(). */
size_t prose_width(void);

/*
 * Print @head, which is ours and is printed as it is, then @text; every line
 * but the first begins behind @indent columns. Line feeds in @text begin a
 * line, tabs stay. Ends with a line feed. WEALD_NOMEM.
 */
int prose_put(size_t width, const char *head, size_t indent, struct span text);
/* The same of a text that is ours, but for parts that are escaped already. */
int prose_say(size_t width, const char *head, size_t indent, const char *fmt,
	      ...) __attribute__((format(printf, 4, 5)));

/*
 * Append @text to @out, escaped, for a line that prose_done() prints.
 * WEALD_NOMEM, WEALD_TOOBIG.
 */
int prose_add(struct buf *out, const char *text);
/* Print what @line holds as prose_put() does, and empty it. */
int prose_done(size_t width, const char *head, size_t indent, struct buf *line);

#endif
