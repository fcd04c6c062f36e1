#include "tests/unit/effectkit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void assert_close(double got, double expected, double relative)
{
	if (!(fabs(got - expected) <= relative * fabs(expected))) {
		print_error("%.15g is not %.15g\n", got, expected);
		fail();
	}
}

struct series_row row_of(int32_t month, double numerator, double denominator,
			 enum series_phase phase)
{
	struct series_row row = { 0 };

	row.month = month;
	row.day = 1;
	row.numerator = numerator;
	row.denominator = denominator;
	row.phase = phase;
	return row;
}

void made_add(struct made *m, struct series_row row)
{
	assert_true(m->series.n < MADE_ROWS_MAX);
	m->rows[m->series.n] = row;
	m->series.rows = m->rows;
	m->series.n++;
}

void made_copy(struct made *to, const struct made *from)
{
	*to = *from;
	to->series.rows = to->rows;
}

void made_read(struct made *m, const char *name)
{
	char path[200];
	char phase[20];
	char line[200];
	double x;
	double n;
	FILE *f;
	int month;
	int year;

	memset(m, 0, sizeof *m);
	(void)snprintf(path, sizeof path, EFFECTKIT_DATA "series/%s.csv", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f) != NULL) {
		/* NOLINTNEXTLINE(cert-err34-c): files of our own */
		assert_int_equal(sscanf(line, "%d-%d-01,%lf,%lf,%19s", &year,
					&month, &x, &n, phase),
				 5);
		made_add(m, row_of((year - 1970) * 12 + month - 1, x, n,
				   *phase == 'b'   ? SERIES_BEFORE
				   : *phase == 'a' ? SERIES_AFTER
						   : SERIES_TRANSITION));
	}
	(void)fclose(f);
}

void made_shuffle(struct made *m, uint64_t *seed)
{
	struct series_row row;
	size_t i;
	size_t k;

	for (i = m->series.n; i > 1; i--) {
		k = random_below(seed, (unsigned)i);
		row = m->rows[i - 1];
		m->rows[i - 1] = m->rows[k];
		m->rows[k] = row;
	}
}

uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

unsigned random_below(uint64_t *seed, unsigned n)
{
	return (unsigned)((random_next(seed) >> 16) % n);
}

double random_unit(uint64_t *seed)
{
	return (double)(random_next(seed) >> 11) / 9007199254740992.0;
}

/* Box and Muller's, one of the two. */
double random_normal(uint64_t *seed)
{
	double radius = sqrt(-2 * log(1 - random_unit(seed)));

	return radius * cos(2 * acos(-1) * random_unit(seed));
}

/* Knuth's product, in parts so that it does not run under. */
double random_poisson(uint64_t *seed, double mean)
{
	double product;
	double least;
	double part;
	double n = 0;

	while (mean > 0) {
		part = fmin(mean, 200);
		mean -= part;
		least = exp(-part);
		product = random_unit(seed);
		while (product > least) {
			product *= random_unit(seed);
			n++;
		}
	}
	return n;
}

/* Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000. */
double random_gamma(uint64_t *seed, double shape)
{
	const double d = shape - 1.0 / 3;
	const double c = 1 / sqrt(9 * d);
	double x;
	double v;

	do {
		do {
			x = random_normal(seed);
			v = 1 + c * x;
		} while (v <= 0);
		v = v * v * v;
	} while (log(1 - random_unit(seed)) >=
		 x * x / 2 + d - d * v + d * log(v));
	return d * v / shape;
}

void made_simulate(struct made *m, uint64_t *seed, const struct simulated *how)
{
	const unsigned n = how->before + how->after;
	double trend = how->trend;
	double mean;
	unsigned i;

	memset(m, 0, sizeof *m);
	if (how->trend_sd > 0) {
		trend += how->trend_sd * random_normal(seed);
	}
	for (i = 0; i < n; i++) {
		mean = how->events * exp(trend * ((double)i - how->before));
		mean *= i < how->before ? 1 : how->ratio;
		if (how->extra > 1) {
			mean *= random_gamma(seed, mean / (how->extra - 1));
		}
		made_add(m, row_of((int32_t)(600 + i),
				   random_poisson(seed, mean), 1000,
				   i < how->before ? SERIES_BEFORE
						   : SERIES_AFTER));
	}
}

json_t *expected_read(const char *name)
{
	json_error_t err;
	char path[200];
	json_t *o;

	(void)snprintf(path, sizeof path, EFFECTKIT_DATA "%s.expected.json",
		       name);
	o = json_load_file(path, 0, &err);
	assert_non_null(o);
	return o;
}

double expected_number(const json_t *o, const char *key)
{
	o = json_object_get(o, key);
	assert_true(json_is_number(o));
	return json_number_value(o);
}

double expected_item(const json_t *o, const char *key, size_t i)
{
	o = json_array_get(json_object_get(o, key), i);
	assert_true(json_is_number(o));
	return json_number_value(o);
}
