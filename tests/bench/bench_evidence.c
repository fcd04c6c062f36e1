/*
 * How honest the effects are, and how fast: seeded simulations against what
 * docs/EVIDENCE.md promises ("How it is checked"), each figure with the
 * sampling error of as many runs as were made.
 *
 * bench_evidence: prints a line for each, and ends with 1 where one is off by
 * more than chance makes it.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/evidence/chart.h"
#include "store/evidence/controlled.h"
#include "store/evidence/pool.h"
#include "tests/unit/effectkit.h"

#define RUNS        2000u
#define RUNS_HONEST 10000u
#define CLAIMS_MAX  0.04
/* How far off a figure may be, in standard errors. */
#define ERRORS_MAX 4.0
/* The reference has two decimals, of as many runs as ours. */
#define ROUNDED 0.005

#define SPEED_SERIES      100000u
#define SPEED_SECONDS_MAX 30.0

#define COMPARATORS 3u
#define POOLED      5u

enum way { BEFORE_AFTER, OWN_TREND, CONTROLLED, POOL_PLAIN, POOL_OWN };
static const char *const ways[] = { "before/after", "own trend",
				    "controlled, 3 others",
				    "before/after, 5 pooled",
				    "own trend, 5 pooled" };

struct cell {
	double ratio;
	double trend;
	double trend_sd;
	enum way way;
	double reference; /* share of runs that claim a fall */
};

/* 24 months, extra-Poisson 1.5, 30 events a month. */
static const struct cell cells[] = {
	{ 1, 0, 0, BEFORE_AFTER, 0.02 },
	{ 1, 0, 0, OWN_TREND, 0.02 },
	{ 1, 0, 0, CONTROLLED, 0.03 },
	{ 1, -0.01, 0, BEFORE_AFTER, 0.24 },
	{ 1, -0.01, 0, OWN_TREND, 0.03 },
	{ 1, -0.02, 0, BEFORE_AFTER, 0.66 },
	{ 1, -0.02, 0, OWN_TREND, 0.03 },
	{ 1, -0.02, 0, CONTROLLED, 0.02 },
	{ 1, -0.02, 0.005, CONTROLLED, 0.04 },
	{ 1, -0.02, 0.01, CONTROLLED, 0.12 },
	{ 0.75, 0, 0, BEFORE_AFTER, 0.80 },
	{ 0.75, 0, 0, OWN_TREND, 0.27 },
	{ 0.75, 0, 0, CONTROLLED, 0.71 },
	{ 0.75, -0.02, 0, BEFORE_AFTER, 1.00 },
	{ 0.75, -0.02, 0, OWN_TREND, 0.28 },
	{ 0.75, -0.02, 0, CONTROLLED, 0.67 },
	{ 0.75, 0, 0, POOL_OWN, 0.60 },
	{ 0.75, 0, 0, POOL_PLAIN, 0.99 },
	{ 1, -0.02, 0, POOL_PLAIN, 0.99 },
};

static const struct simulated usual = {
	.before = 12, .after = 12, .events = 30, .extra = 1.5, .ratio = 1
};

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool claims_fall(const struct effect *e)
{
	return effect_verdict(e) == EFFECT_IMPROVED;
}

static bool run_controlled(const struct simulated *how, uint64_t *seed)
{
	struct simulated other = *how;
	struct made others[COMPARATORS];
	const struct series *pointers[COMPARATORS];
	struct made own;
	struct effect e;
	size_t i;

	other.ratio = 1;
	made_simulate(&own, seed, how);
	for (i = 0; i < COMPARATORS; i++) {
		made_simulate(&others[i], seed, &other);
		pointers[i] = &others[i].series;
	}
	effect_controlled(&own.series, pointers, COMPARATORS, EFFECT_RATE, &e);
	return claims_fall(&e);
}

static bool run_pool(const struct simulated *how, bool own, uint64_t *seed)
{
	struct pool_input in[POOLED];
	struct effect e;
	struct made m;
	struct pool p;
	size_t i;

	for (i = 0; i < POOLED; i++) {
		made_simulate(&m, seed, how);
		if (own) {
			effect_own_trend(&m.series, EFFECT_RATE, &e);
		} else {
			effect_before_after(&m.series, EFFECT_RATE, &e);
		}
		in[i] = (struct pool_input){ e.log_ratio, e.variance };
	}
	pool(in, POOLED, &p, NULL);
	return p.state == POOL_OK && p.high < 1;
}

static bool run_once(const struct simulated *how, enum way way, uint64_t *seed)
{
	struct effect e;
	struct made m;

	switch (way) {
	case CONTROLLED:
		return run_controlled(how, seed);
	case POOL_PLAIN:
	case POOL_OWN:
		return run_pool(how, way == POOL_OWN, seed);
	case BEFORE_AFTER:
	case OWN_TREND:
		break;
	}
	made_simulate(&m, seed, how);
	if (way == OWN_TREND) {
		effect_own_trend(&m.series, EFFECT_RATE, &e);
	} else {
		effect_before_after(&m.series, EFFECT_RATE, &e);
	}
	return claims_fall(&e);
}

/* Of @runs, the share that claims a fall. */
static double share(const struct simulated *how, enum way way, unsigned runs,
		    uint64_t *seed)
{
	unsigned claims = 0;
	unsigned i;

	for (i = 0; i < runs; i++) {
		claims += run_once(how, way, seed) ? 1 : 0;
	}
	return (double)claims / runs;
}

/* Is it as the reference says, both being of RUNS runs? */
static bool check_cell(const struct cell *c, uint64_t *seed)
{
	struct simulated how = usual;
	double error;
	double got;
	double p;
	bool fine;

	how.ratio = c->ratio;
	how.trend = c->trend;
	how.trend_sd = c->trend_sd;
	got = share(&how, c->way, RUNS, seed);
	p = (got + c->reference) / 2;
	error = sqrt(p * (1 - p) / RUNS);
	fine = fabs(got - c->reference) <=
	       ERRORS_MAX * error * sqrt(2) + ROUNDED;
	printf("ratio %.2f, trend %2.0f %% (sd %.1f %%), %-22s claims a fall "
	       "%.3f (+/- %.3f), reference %.2f%s\n",
	       c->ratio, 100 * c->trend, 100 * c->trend_sd, ways[c->way], got,
	       error, c->reference, fine ? "" : "  OFF");
	return fine;
}

/* No effect, and a trend that would look like one. */
static bool check_honest(uint64_t *seed)
{
	struct simulated how = usual;
	double got;

	how.trend = -0.02;
	got = share(&how, OWN_TREND, RUNS_HONEST, seed);
	printf("%u series without an effect, trend -2 %%: the own trend claims "
	       "%.4f, at most %.2f%s\n",
	       RUNS_HONEST, got, CLAIMS_MAX, got <= CLAIMS_MAX ? "" : "  OFF");
	return got <= CLAIMS_MAX;
}

/* Both charts and both effects, as for a record. */
static bool compute(const struct series *s)
{
	const struct chart_how frozen = { .fix_after = 12 };
	const struct chart_how rebased = { .rebase_at_start = true };
	struct chart c;
	struct effect e;

	if (chart_make(s, &frozen, &c) != WEALD_OK) {
		return false;
	}
	chart_release(&c);
	if (chart_make(s, &rebased, &c) != WEALD_OK) {
		return false;
	}
	chart_release(&c);
	effect_own_trend(s, EFFECT_RATE, &e);
	effect_before_after(s, EFFECT_RATE, &e);
	return e.state == EFFECT_FULL;
}

static bool check_speed(uint64_t *seed)
{
	double seconds = 0;
	double begun;
	struct made m;
	unsigned i;

	for (i = 0; i < SPEED_SERIES; i++) {
		made_simulate(&m, seed, &usual);
		begun = seconds_now();
		if (!compute(&m.series)) {
			printf("series %u cannot be computed\n", i);
			return false;
		}
		seconds += seconds_now() - begun;
	}
	printf("%u series of 24 months charted twice and estimated: %.1f s of "
	       "one core, at most %.0f%s\n",
	       SPEED_SERIES, seconds, SPEED_SECONDS_MAX,
	       seconds <= SPEED_SECONDS_MAX ? "" : "  OFF");
	return seconds <= SPEED_SECONDS_MAX;
}

int main(void)
{
	uint64_t seed = UINT64_C(88172645463325252);
	bool fine = true;
	size_t i;

	for (i = 0; i < sizeof cells / sizeof *cells; i++) {
		fine = check_cell(&cells[i], &seed) && fine;
	}
	fine = check_honest(&seed) && fine;
	fine = check_speed(&seed) && fine;
	return fine ? 0 : 1;
}
