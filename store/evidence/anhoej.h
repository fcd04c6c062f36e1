/*
 * Anhoej rules: is a run chart's line more than noise about its median? The
 * second opinion beside the rules of an SPC chart, with fewer false alarms.
 *
 * Useful points n' are those not on the median. There is a signal where the
 * longest run on one side is longer than round(log2 n') + 3, or the line
 * crosses the median fewer times than the 5 % quantile of the binomial
 * distribution with n' - 1 tries of 0.5. Points on the median are dropped and
 * break no run. Source: J. Anhoej, A. V. Olesen, Run charts revisited, PLoS
 * ONE 2014, doi 10.1371/journal.pone.0113825; crossings as in qicharts2.
 *
 * Pure; nothing is allocated.
 */
#ifndef WEALD_STORE_EVIDENCE_ANHOEJ_H
#define WEALD_STORE_EVIDENCE_ANHOEJ_H

#include <stdbool.h>
#include <stddef.h>

/* More values give no result; as many as a series has rows. */
#define ANHOEJ_VALUES_MAX 1200u

struct anhoej {
	double median; /* or what else the centre is: anhoej_about() */
	size_t useful; /* n' */
	size_t longest_run;
	size_t longest_run_max;
	size_t crossings;
	size_t crossings_min;
	bool known; /* false: fewer than two useful points, no result; then
			what stands above, but for the first two, is 0 */
	bool signal;
};

/* @values: finite, in time order; @n may be 0. Never fails. */
void anhoej(const double *values, size_t n, struct anhoej *out);

/* The same about another centre line, such as a chart's mean. */
void anhoej_about(const double *values, size_t n, double centre,
		  struct anhoej *out);

/*
 * The two bounds, @useful from 2 on. The second is the smallest k at which the
 * binomial distribution function reaches 5 %; up to 1200 the function stays
 * 1.6e-5 away from that, a hundred million times what rounding comes to.
 */
size_t anhoej_run_max(size_t useful);
size_t anhoej_crossings_min(size_t useful);

/* The middle value, of two the mean; 0 for none. @values is put in order. */
double anhoej_median(double *values, size_t n);

#endif
