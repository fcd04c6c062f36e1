#include "tests/unit/comparekit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/compare_private.h"
#include "store/index/numbers.h"

int comparekit_setup(void **state)
{
	struct indexkit *k = malloc(sizeof *k);

	assert_non_null(k);
	indexkit_make(k);
	indexkit_record(k, TROLLEY, "Sepsis trolley", "a sealed trolley");
	indexkit_record(k, LATE, "First dose after the hour", "");
	indexkit_fact(k, LATE, "shape", "proportion");
	indexkit_fact(k, LATE, "direction", "decrease");
	indexkit_fact(k, LATE, "type", "process");
	indexkit_fact(k, LATE, "undesired_event", "a first dose that is late");
	*state = k;
	return 0;
}

int comparekit_teardown(void **state)
{
	indexkit_remove(*state);
	free(*state);
	return 0;
}

/* ---- figures ---- */

static double next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return (double)((*seed >> 16) & 0x7fff) / 32768.0;
}

struct series comparekit_series(const struct figures_plan *p)
{
	struct series s = { .n = 0 };
	unsigned seed = p->seed;
	double events;
	size_t i;

	s.rows = calloc(p->before + p->after + 1, sizeof *s.rows);
	assert_non_null(s.rows);
	for (i = 0; i < p->before + p->after; i++) {
		events = p->share * (i < p->before ? 1 : p->step);
		s.rows[i].month = p->first + (int32_t)i;
		s.rows[i].day = 1;
		s.rows[i].denominator = 100;
		s.rows[i].numerator =
			(double)(int)(events * (0.8 + 0.4 * next(&seed)));
		s.rows[i].phase = i < p->before ? SERIES_BEFORE : SERIES_AFTER;
	}
	s.n = p->before + p->after;
	return s;
}

struct series comparekit_years(double step, unsigned seed)
{
	return comparekit_series(
		&(struct figures_plan){ START_MONTH, 12, 12, 40, step, seed });
}

long long comparekit_id(struct indexkit *k, const char *ref)
{
	int64_t id = 0;

	assert_int_equal(index_number(k->x,
				      "SELECT id FROM record WHERE ref = ?", 0,
				      &id, &k->msg, "t", ref),
			 WEALD_OK);
	assert_true(id != 0);
	return id;
}

static void put_effect(struct indexkit *k, const char *ref,
		       const struct series *s, unsigned shape)
{
	static const char *const shapes[EFFECT_SHAPES_N] = {
		"rate", "proportion", "count", "mean", "time-between"
	};
	struct effect own;
	struct effect plain;

	effect_own_trend(s, (enum effect_shape)shape, &own);
	effect_before_after(s, (enum effect_shape)shape, &plain);
	assert_int_equal(
		index_run(k->x,
			  "INSERT INTO effect VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
			  " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			  &k->msg, "ittdddddiddiiitddiddd",
			  (int64_t)comparekit_id(k, ref), shapes[shape],
			  effect_state_name(own.state), own.ratio, own.low,
			  own.high, own.log_ratio, own.variance,
			  (int64_t)own.df, own.phi, own.lag1,
			  (int64_t)own.half_added, (int64_t)own.months_before,
			  (int64_t)own.months_after,
			  effect_state_name(plain.state), plain.log_ratio,
			  plain.variance, (int64_t)plain.df, plain.ratio,
			  plain.low, plain.high),
		WEALD_OK);
}

/* As the index has a series that arrived. */
void comparekit_numbers(struct indexkit *k, const char *ref,
			const struct series *s)
{
	struct buf data;
	struct span bytes;
	unsigned i;

	for (i = 0; i < EFFECT_SHAPES_N; i++) {
		put_effect(k, ref, s, i);
	}
	buf_init(&data, NUMBERS_BYTES_MAX);
	assert_int_equal(numbers_write(s, &data), WEALD_OK);
	bytes = buf_span(&data);
	assert_int_equal(index_run(k->x,
				   "INSERT INTO numbers (record, data)"
				   " VALUES (?, ?)",
				   &k->msg, "ib",
				   (int64_t)comparekit_id(k, ref), &bytes),
			 WEALD_OK);
	buf_release(&data);
}

/* A record of @kind with figures by @measure; nothing speaks against it. */
void comparekit_put(struct indexkit *k, const char *ref, const char *measure,
		    const struct series *s)
{
	indexkit_record(k, ref, "What we saw", "");
	indexkit_link(k, ref, "intervention", TROLLEY, 0);
	indexkit_link(k, ref, "measure", measure, 0);
	indexkit_fact(k, ref, "start", "2025-01-01");
	indexkit_fact(k, ref, "started", "2025-01-01");
	indexkit_fact(k, ref, "stage", "implementing");
	indexkit_fact(k, ref, "design", "its");
	indexkit_fact(k, ref, "other_changes", "none");
	indexkit_fact(k, ref, "fidelity.percent", "81");
	indexkit_setting(k, ref, "emergency-department");
	comparekit_numbers(k, ref, s);
}

void comparekit_late(struct indexkit *k, const char *ref, double step,
		     unsigned seed)
{
	struct series s = comparekit_years(step, seed);

	comparekit_put(k, ref, LATE, &s);
	series_release(&s);
}

void comparekit_other(struct indexkit *k, const char *by, const char *ref,
		      const struct series *s)
{
	indexkit_record(k, ref, "Not yet", "");
	indexkit_link(k, ref, "measure", LATE, 0);
	comparekit_numbers(k, ref, s);
	indexkit_link(k, by, "comparators", ref, 1);
}

/* ---- asking ---- */

struct comparisons comparekit_ask_with(struct indexkit *k,
				       const struct compare_ask *ask)
{
	struct comparisons c;

	assert_int_equal(query_compare(k->x, ask, indexkit_day(TODAY), &c,
				       &k->msg),
			 WEALD_OK);
	return c;
}

struct comparisons comparekit_ask(struct indexkit *k)
{
	static const char *const refs[] = { TROLLEY };

	return comparekit_ask_with(k, &(struct compare_ask){
					      .interventions = refs,
					      .interventions_n = 1 });
}

struct comparisons comparekit_ask_in(struct indexkit *k, const char *setting)
{
	static const char *const refs[] = { TROLLEY };

	return comparekit_ask_with(k,
				   &(struct compare_ask){ .interventions = refs,
							  .interventions_n = 1,
							  .setting = setting });
}

bool comparekit_has_step(const struct certainty_result *c,
			 enum certainty_step step)
{
	size_t i;

	for (i = 0; i < c->reasons_n; i++) {
		if (c->reasons[i].step == step) {
			return true;
		}
	}
	return false;
}

/* To the last bit: the same figures, computed the same way. */
void assert_same(double a, double b)
{
	assert_memory_equal(&a, &b, sizeof a);
}

void assert_effect_of(const struct effect *e, const struct series *s)
{
	struct effect want;

	effect_own_trend(s, EFFECT_PROPORTION, &want);
	assert_int_equal(e->state, want.state);
	assert_same(e->ratio, want.ratio);
	assert_same(e->low, want.low);
	assert_same(e->log_ratio, want.log_ratio);
	assert_same(e->variance, want.variance);
}
