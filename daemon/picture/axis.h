/*
 * Axis: where things stand in a picture: round numbers beside a chart, months
 * below it, and labels that keep out of each other's way. Pure.
 */
#ifndef WEALD_DAEMON_PICTURE_AXIS_H
#define WEALD_DAEMON_PICTURE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXIS_TICKS_MAX 12u

/* Values from low to high, both round; shown divided by 10 to the @power. */
struct axis {
	double low;
	double high;
	double step;
	int power; /* 0, 3, 6 ... or -3, -6 ...; of numbers with many digits */
	unsigned decimals;
};

/*
 * The axis that holds @low and @high with at most @ticks_max steps, 2 to
 * AXIS_TICKS_MAX: of 1, 2, 2.5 or 5 times a power of ten. Both finite and
 * below 1e200; where they are the same, or in the wrong order, it is one that
 * holds both.
 */
void axis_make(double low, double high, size_t ticks_max, struct axis *out);

#define AXIS_TEXT_BYTES 40u
/* A value as it stands beside the axis, "1,250"; @more decimals than a tick. */
void axis_text(const struct axis *a, double value, unsigned more,
	       char out[AXIS_TEXT_BYTES]);
/* "in thousands", "in units of 10^-6"; "" of power 0. */
void axis_power_words(const struct axis *a, char out[AXIS_TEXT_BYTES]);

#define AXIS_MONTH_BYTES 24u
/* "Mar 2024" of months since 1970-01. */
void axis_month(int32_t month, char out[AXIS_MONTH_BYTES]);
/* Its parts: 0..11 and the year. */
void axis_month_parts(int32_t month, unsigned *out_of_year, int32_t *out_year);
const char *axis_month_name(unsigned of_year);

/*
 * How many months lie between two labels that are @width wide, with a month
 * @step: 1, 2, 3, 6, 12, or a number of years.
 */
int32_t axis_months_apart(double step, double width);

/*
 * Labels on one line: the n of them want to stand about @at, ascending, each
 * @size wide. Moves them as little as it takes to keep them apart, within low
 * and high where there is room for them all.
 */
void axis_spread(double *at, size_t n, double size, double low, double high);

#endif
