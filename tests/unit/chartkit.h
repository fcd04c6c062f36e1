/*
 * Series for the tests of charts, made in memory or read from tests/data, and
 * the reading of expected figures.
 */
#ifndef WEALD_TESTS_UNIT_CHARTKIT_H
#define WEALD_TESTS_UNIT_CHARTKIT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "store/evidence/chart.h"
#include "store/record/series.h"

#define CHARTKIT_DATA   "tests/data/charts/"
#define CHARTKIT_SERIES "tests/data/effects/series/"

/* A series in memory of its own. */
struct chartkit {
	struct series_row rows[SERIES_ROWS_MAX];
	struct series series;
};

void chartkit_clear(struct chartkit *k);
void chartkit_add(struct chartkit *k, int32_t month, double numerator,
		  double denominator, enum series_phase phase);
/* @n values of 1, a month each, all before. */
void chartkit_values(struct chartkit *k, const double *values, size_t n);
/*
 * Read a file of ours: columns of a date or a number of the row, then a figure,
 * then perhaps a denominator and a phase. Further columns are passed over.
 */
void chartkit_read(struct chartkit *k, const char *path);

/* chart_make(), which has to succeed. */
void chartkit_make(const struct chartkit *k, const struct chart_how *how,
		   struct chart *out);

/* The usual way: means of 1, so that values are what they are. */
struct chart_how chartkit_plain(void);
/* The chart of @n values, as chartkit_values() makes them. */
void chartkit_chart(const double *values, size_t n, const struct chart_how *how,
		    struct chart *out);
/* How many points have a label. */
size_t chartkit_signals(const struct chart *c);

/* CHARTKIT_DATA/@name.expected.json; the caller json_decref()s. */
json_t *chartkit_expected(const char *name);
double chartkit_number(const json_t *o, const char *key);
bool chartkit_bool(const json_t *o, const char *key);
/* A text, or "" where it is null or not there. */
const char *chartkit_text(const json_t *o, const char *key);

void chartkit_assert_close(double got, double expected, double relative);

/* The same numbers in every run: xorshift64*. */
uint64_t chartkit_random(uint64_t *seed);
/* Below @n, which is above 0. */
unsigned chartkit_below(uint64_t *seed, unsigned n);
/* Of the normal distribution, mean 0 and standard deviation 1. */
double chartkit_normal(uint64_t *seed);

#endif
