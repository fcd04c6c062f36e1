#include "store/evidence/anhoej.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Chance alone has fewer crossings than the bound in fewer cases than this. */
#define CROSSINGS_TAIL 0.05
#define RUN_MORE       3u

static int compare_values(const void *a, const void *b)
{
	double x;
	double y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

double anhoej_median(double *values, size_t n)
{
	double low;
	double high;
	double sum;

	if (n == 0) {
		return 0;
	}
	qsort(values, n, sizeof *values, compare_values);
	low = values[(n - 1) / 2];
	high = values[n / 2];
	sum = low + high;
	return isfinite(sum) ? sum / 2 : low / 2 + high / 2;
}

size_t anhoej_run_max(size_t useful)
{
	assert(useful >= 2);
	return (size_t)lround(log2((double)useful)) + RUN_MORE;
}

/*
 * The distribution is symmetric about @tries / 2, and a term is the next one's
 * times k / (tries - k + 1). So from the middle down: the terms as shares of
 * the middle one, which gives their sum, then the same way once more until the
 * distribution function falls below 5 %. No term is too small to be written
 * where it counts, as would be 2^-tries at the lower end.
 */
size_t anhoej_crossings_min(size_t useful)
{
	size_t tries;
	size_t k;
	double below = 0; /* sum of the terms below the middle */
	double term = 1;
	double whole;
	double upto; /* distribution function at k */

	assert(useful >= 2);
	tries = useful - 1;
	for (k = tries / 2; k > 0 && term > 0; k--) {
		term *= (double)k / (double)(tries - k + 1);
		below += term;
	}
	/* one term in the middle, or two that are the same */
	whole = 2 * below + (tries % 2 == 0 ? 1 : 2);
	upto = (below + 1) / whole;
	term = 1;
	for (k = tries / 2; k > 0; k--) {
		upto -= term / whole; /* now of k - 1 */
		if (upto < CROSSINGS_TAIL) {
			break;
		}
		term *= (double)k / (double)(tries - k + 1);
	}
	return k;
}

static void count_runs(const double *values, size_t n, double centre,
		       struct anhoej *out)
{
	size_t run = 0;
	bool above = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(values[i] > centre) && !(values[i] < centre)) {
			continue; /* on the line: as if it were not there */
		}
		if (out->useful > 0 && above != (values[i] > centre)) {
			out->crossings++;
			run = 0;
		}
		above = values[i] > centre;
		out->useful++;
		run++;
		if (run > out->longest_run) {
			out->longest_run = run;
		}
	}
}

void anhoej_about(const double *values, size_t n, double centre,
		  struct anhoej *out)
{
	memset(out, 0, sizeof *out);
	out->median = centre;
	if (n > ANHOEJ_VALUES_MAX) {
		return;
	}
	count_runs(values, n, centre, out);
	if (out->useful < 2) {
		out->longest_run = 0;
		out->crossings = 0;
		return;
	}
	out->known = true;
	out->longest_run_max = anhoej_run_max(out->useful);
	out->crossings_min = anhoej_crossings_min(out->useful);
	out->signal = out->longest_run > out->longest_run_max ||
		      out->crossings < out->crossings_min;
}

void anhoej(const double *values, size_t n, struct anhoej *out)
{
	double sorted[ANHOEJ_VALUES_MAX];

	if (n > ANHOEJ_VALUES_MAX) {
		anhoej_about(values, n, 0, out);
		return;
	}
	if (n > 0) {
		memcpy(sorted, values, n * sizeof *values);
	}
	anhoej_about(values, n, anhoej_median(sorted, n), out);
}
