/*
 * Series and expected results for the tests of effects: made in memory, or read
 * of tests/data/effects. Tests run from the root of the repository; README.md
 * there says whose they are.
 */
#ifndef WEALD_TESTS_UNIT_EFFECTKIT_H
#define WEALD_TESTS_UNIT_EFFECTKIT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "store/evidence/effect.h"
#include "store/record/series.h"

#define EFFECTKIT_DATA "tests/data/effects/"

/* Fails the test; @relative of what is expected. */
void assert_close(double got, double expected, double relative);

/* A series of at most MADE_ROWS_MAX rows, in memory of its own. */
#define MADE_ROWS_MAX 240u
struct made {
	struct series_row rows[MADE_ROWS_MAX];
	struct series series;
};

struct series_row row_of(int32_t month, double numerator, double denominator,
			 enum series_phase phase);
void made_add(struct made *m, struct series_row row);
/* So that copies of a struct have their own rows. */
void made_copy(struct made *to, const struct made *from);
/* EFFECTKIT_DATA series/@name.csv */
void made_read(struct made *m, const char *name);
/* Put the rows into an order that @seed says. */
void made_shuffle(struct made *m, uint64_t *seed);

/* The same numbers in every run: xorshift64; @seed is not 0. */
uint64_t random_next(uint64_t *seed);
/* 0 to @n - 1. */
unsigned random_below(uint64_t *seed, unsigned n);
/* From 0 on and below 1. */
double random_unit(uint64_t *seed);
/* Of the normal distribution with mean 0 and variance 1. */
double random_normal(uint64_t *seed);
/* Of the Poisson distribution. */
double random_poisson(uint64_t *seed, double mean);
/* Of the gamma distribution with mean 1 and variance 1 / @shape >= 1. */
double random_gamma(uint64_t *seed, double shape);

/*
 * Months of events as chance, a trend and an intervention make them; the trend
 * is at 0 where the intervention begins.
 */
struct simulated {
	unsigned before; /* months */
	unsigned after;
	double events;   /* a month where the trend is at 0, of 1,000 */
	double extra;    /* the variance is so many times the mean; >= 1 */
	double trend;    /* log change a month */
	double ratio;    /* of the months after */
	double trend_sd; /* of the region's own trend about that */
};
void made_simulate(struct made *m, uint64_t *seed, const struct simulated *how);

/* EFFECTKIT_DATA @name.expected.json; json_decref(). */
json_t *expected_read(const char *name);
/* They fail the test where there is no such number. */
double expected_number(const json_t *o, const char *key);
double expected_item(const json_t *o, const char *key, size_t i);

#endif
