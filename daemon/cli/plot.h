/*
 * Plot: a chart as text, for a terminal: points, centre line, limits, target,
 * the start, and a letter for each point that stands out.
 *
 * Pure: no stream, no terminal; the text is ASCII, or UTF-8 where that is
 * wanted, each line at most as wide as it is told. It holds numbers, months
 * and words of ours, nothing of others.
 */
#ifndef WEALD_DAEMON_CLI_PLOT_H
#define WEALD_DAEMON_CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/evidence/chart.h"

#define PLOT_WIDTH_MIN  40u
#define PLOT_WIDTH_MAX  200u
#define PLOT_HEIGHT_MIN 5u
#define PLOT_HEIGHT_MAX 60u

struct plot_how {
	size_t width;  /* columns, in all; brought within the bounds */
	size_t height; /* rows of the picture, without what is under it */
	bool utf8;
	bool has_start;
	int32_t start_month; /* months since 1970-01 */
	bool has_target;
	double target; /* in the chart's unit */
};

/*
 * Append @c to @out as lines: the picture, its months, and what the signs in
 * it mean. Where there are more points than columns only the last ones are
 * drawn, and a line says so. Nothing where @c has no points.
 *   WEALD_OK, WEALD_NOMEM, WEALD_TOOBIG
 */
int plot_chart(const struct chart *c, const struct plot_how *how,
	       struct buf *out);

/* Does the locale of the environment say UTF-8? */
bool plot_is_utf8(void);

#endif
