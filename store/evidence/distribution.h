/*
 * Distributions: the tail of Student's t, by the incomplete beta function, and
 * that of chi-square, by the incomplete gamma function.
 *
 * Pure; accurate to 1e-10 for what evidence asks: degrees of freedom up to
 * thousands, tails of a percent or so.
 */
#ifndef WEALD_STORE_EVIDENCE_DISTRIBUTION_H
#define WEALD_STORE_EVIDENCE_DISTRIBUTION_H

/*
 * The regularised incomplete beta function I_x(a, b), 0 to 1, of a and b above
 * 0 and x from 0 to 1; NaN for other arguments.
 */
double beta_incomplete(double a, double b, double x);

/*
 * The value that Student's t with @df degrees of freedom stays below with
 * probability @p; @df above 0, @p between 0 and 1 and neither. NaN for other
 * arguments.
 */
double student_quantile(double p, double df);

/*
 * The probability that chi-square with @df degrees of freedom lies above @x; 1
 * for @x of 0 or less, NaN where @df is not above 0 or either is no number.
 */
double chi2_above(double x, double df);

#endif
