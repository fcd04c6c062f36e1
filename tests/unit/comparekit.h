/*
 * Helpers of the tests of comparing: an index that is filled by hand, with
 * series and their effects as the index has them of records that arrived.
 * Everything asserts.
 */
#ifndef WEALD_TESTS_UNIT_COMPAREKIT_H
#define WEALD_TESTS_UNIT_COMPAREKIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/index/compare.h"
#include "store/record/series.h"
#include "tests/unit/indexkit.h"

#define TROLLEY "lead/intervention/trolley"
#define LATE    "lead/measure/late"
#define HARM    "lead/measure/harm"
#define TODAY   "2026-11-23"

#define START_MONTH (12 * 54) /* 2024-01 */

/* An indexkit with TROLLEY and LATE, in *@state. */
int comparekit_setup(void **state);
int comparekit_teardown(void **state);

/* A series of so many months on each side. */
struct figures_plan {
	int32_t first; /* month */
	size_t before;
	size_t after;
	double share; /* of cases with the event before, in percent */
	double step;  /* ratio */
	unsigned seed;
};
/* The caller gives it back with series_release(). */
struct series comparekit_series(const struct figures_plan *p);
/* Two years from START_MONTH on. */
struct series comparekit_years(double step, unsigned seed);

long long comparekit_id(struct indexkit *k, const char *ref);
/* The figures of a record that is there, and what they come to. */
void comparekit_numbers(struct indexkit *k, const char *ref,
			const struct series *s);
/*
 * A record on TROLLEY with figures by @measure, of an emergency department;
 * nothing is coded that speaks against it.
 */
void comparekit_put(struct indexkit *k, const char *ref, const char *measure,
		    const struct series *s);
/* The same by LATE, with comparekit_years(). */
void comparekit_late(struct indexkit *k, const char *ref, double step,
		     unsigned seed);

/* A region's record by LATE, for others to be compared with, and version 1 of
   it among the comparators of @by. */
void comparekit_other(struct indexkit *k, const char *by, const char *ref,
		      const struct series *s);

/* query_compare() on TODAY; by default of TROLLEY. */
struct comparisons comparekit_ask_with(struct indexkit *k,
				       const struct compare_ask *ask);
struct comparisons comparekit_ask(struct indexkit *k);
struct comparisons comparekit_ask_in(struct indexkit *k, const char *setting);

bool comparekit_has_step(const struct certainty_result *c,
			 enum certainty_step step);
/* To the last bit: the same figures, computed the same way. */
void assert_same(double a, double b);
/* The own-trend effect of @s as a proportion. */
void assert_effect_of(const struct effect *e, const struct series *s);

#endif
