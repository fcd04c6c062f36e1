/*
 * Memory that runs out while interventions are compared: each allocation of a
 * question fails in turn, and WEALD_NOMEM comes through, with nothing leaked.
 * What SQLite allocates by itself does not count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/compare_private.h"
#include "tests/unit/comparekit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

/* How many allocations still succeed; then one fails. */
static size_t left = SIZE_MAX;

static bool fails(void)
{
	if (left == SIZE_MAX) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	left = SIZE_MAX;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

typedef int question_fn(struct indexkit *k);

static void each_allocation(struct indexkit *k, question_fn *question)
{
	size_t n;
	int r = WEALD_NOMEM;

	assert_int_equal(question(k), WEALD_OK); /* statements are kept now */
	for (n = 0; r == WEALD_NOMEM; n++) {
		left = n;
		r = question(k);
		if (r != WEALD_OK) {
			assert_int_equal(r, WEALD_NOMEM);
		}
	}
	left = SIZE_MAX;
	assert_true(n > 10);
	assert_int_equal(r, WEALD_OK);
}

/* Regions of every sort. */
static void fill(struct indexkit *k)
{
	static const char *const others[] = { "x/priority/p", "y/priority/p",
					      "z/priority/p" };
	struct series s;
	size_t i;

	comparekit_late(k, "a/evidence/x", 0.5, 1);
	comparekit_late(k, "b/evidence/x", 0.5, 2);
	comparekit_late(k, "b/evidence/y", 0.6, 3);
	comparekit_late(k, "b/adoption/x", 0.5, 2);
	comparekit_late(k, "c/evidence/x", 0.5, 4);
	indexkit_adopt(k, "d", TROLLEY, "implementing", "2024-01-01");
	for (i = 0; i < 3; i++) {
		s = comparekit_years(1, 20 + (unsigned)i);
		comparekit_other(k, "a/evidence/x", others[i], &s);
		series_release(&s);
	}
	indexkit_record(k, "lead/intervention/none", "Nothing yet", "");
}

static int of_interventions(struct indexkit *k)
{
	static const char *const refs[] = { TROLLEY, "lead/intervention/none" };
	const struct compare_ask ask = { .interventions = refs,
					 .interventions_n = 2 };
	struct comparisons c = { .n = 0 };
	int r = query_compare(k->x, &ask, indexkit_day(TODAY), &c, &k->msg);

	comparisons_release(&c);
	return r;
}

static int of_best(struct indexkit *k)
{
	struct comparison best = { .intervention = NULL };
	bool there = false;
	int r = compare_best(k->x, comparekit_id(k, TROLLEY),
			     indexkit_day(TODAY), &best, &there, &k->msg);

	comparison_release(&best);
	return r;
}

static int of_record(struct indexkit *k)
{
	struct compared one = { .region = NULL };
	bool there = false;
	int r = query_compared(k->x, "a/evidence/x", &one, &there, &k->msg);

	compared_release(&one);
	return r;
}

static int of_measures(struct indexkit *k)
{
	struct measure_rows m = { .n = 0 };
	int r = query_measures(k->x, NULL, 0, &m, &k->msg);

	measure_rows_release(&m);
	return r;
}

static void compare__survives_without_memory(void **state)
{
	question_fn *const questions[] = { of_interventions, of_best, of_record,
					   of_measures };
	struct indexkit *k = *state;
	size_t i;

	fill(k);
	for (i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		each_allocation(k, questions[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			compare__survives_without_memory, comparekit_setup,
			comparekit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
