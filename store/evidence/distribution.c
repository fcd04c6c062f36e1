#include "store/evidence/distribution.h"

#include <float.h>
#include <math.h>

/* Far more than any argument that evidence has: sqrt(max(a, b)) is near. */
#define FRACTION_TERMS_MAX 10000
/* Newton's method doubles its digits at each step once it is near. */
#define QUANTILE_STEPS_MAX 200
/* So that a denominator is never 0; far below any true value. */
#define FRACTION_TINY 1e-300

static double away_from_zero(double v)
{
	return fabs(v) < FRACTION_TINY ? FRACTION_TINY : v;
}

/*
 * The continued fraction of the incomplete beta function, NIST's Digital
 * Library of Mathematical Functions 8.17.22 (Abramowitz and Stegun 26.5.8),
 * evaluated from the front by the method of Lentz as Thompson and Barnett
 * changed it (Journal of Computational Physics 64, 1986). It converges fast
 * for x below (a + 1) / (a + b + 2).
 */
static double beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
	double f = d;
	double even;
	double odd;
	double change;
	int m;

	for (m = 1; m <= FRACTION_TERMS_MAX; m++) {
		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		f *= c * d;

		odd = -(a + m) * (a + b + m) * x /
		      ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		change = c * d;
		f *= change;
		if (fabs(change - 1) < 4 * DBL_EPSILON) {
			break;
		}
	}
	return f;
}

/* lgamma() would write to a variable that all threads share. */
static double log_gamma(double v)
{
	int sign;

	return lgamma_r(v, &sign);
}

/* What the beta function's front factor has of @a and @b alone. */
static double beta_front(double a, double b)
{
	return log_gamma(a + b) - log_gamma(a) - log_gamma(b);
}

/*
 * I_x(a, b) where @y is 1 - @x, which may be known better than by that;
 * @log_front is beta_front().
 */
static double beta_tail(double a, double b, double x, double y,
			double log_front)
{
	double front;

	if (x <= 0) {
		return 0;
	}
	if (y <= 0) {
		return 1;
	}
	front = exp(log_front + a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2)) {
		return front * beta_fraction(a, b, x) / a;
	}
	return 1 - front * beta_fraction(b, a, y) / b;
}

double beta_incomplete(double a, double b, double x)
{
	if (!(a > 0 && b > 0 && x >= 0 && x <= 1) || isinf(a) || isinf(b)) {
		return (double)NAN;
	}
	return beta_tail(a, b, x, 1 - x, beta_front(a, b));
}

/* Student's t, with what its degrees of freedom alone decide. */
struct student {
	double df;
	double tail_front;
	double density_front;
};

static struct student student_of(double df)
{
	struct student s = { .df = df };

	s.tail_front = beta_front(df / 2, 0.5);
	s.density_front = log_gamma((df + 1) / 2) - log_gamma(df / 2) -
			  log(df * acos(-1)) / 2;
	return s;
}

/* The probability that t lies above @t, which is not below 0. */
static double student_tail(const struct student *s, double t)
{
	double sum = s->df + t * t;

	return beta_tail(s->df / 2, 0.5, s->df / sum, t * t / sum,
			 s->tail_front) /
	       2;
}

static double student_density(const struct student *s, double t)
{
	return exp(s->density_front - (s->df + 1) / 2 * log1p(t * t / s->df));
}

double student_quantile(double p, double df)
{
	double tail = p < 0.5 ? p : 1 - p;
	struct student s;
	double t = 0;
	double step;
	int i;

	if (!(p > 0 && p < 1 && df > 0) || isinf(df)) {
		return (double)NAN;
	}
	s = student_of(df);
	/*
	 * Right of 0 the tail falls and is convex, so that Newton's steps from
	 * 0 go up towards the root and never beyond, but for rounding.
	 */
	for (i = 0; i < QUANTILE_STEPS_MAX; i++) {
		step = (student_tail(&s, t) - tail) / student_density(&s, t);
		t += step;
		if (!(fabs(step) > 1e-13 * t)) {
			break;
		}
	}
	return p < 0.5 ? -t : t;
}

/*
 * The regularised incomplete gamma function, upper tail, for @x above 0. Below
 * a + 1 by the series of the lower one, NIST's Digital Library of Mathematical
 * Functions 8.11.4; from there on by the continued fraction 8.9.2, contracted
 * to every second term and evaluated as above.
 */
static double gamma_above(double a, double x)
{
	const double front = exp(a * log(x) - x - log_gamma(a));
	double term = 1 / a;
	double sum = term;
	double b = x + 1 - a;
	double c = 1 / FRACTION_TINY;
	double d = 1 / away_from_zero(b);
	double f = d;
	double change;
	int n;

	if (x < a + 1) {
		for (n = 1; n <= FRACTION_TERMS_MAX && term > sum * DBL_EPSILON;
		     n++) {
			term *= x / (a + n);
			sum += term;
		}
		return 1 - front * sum;
	}
	for (n = 1; n <= FRACTION_TERMS_MAX; n++) {
		b += 2;
		d = 1 / away_from_zero(n * (a - n) * d + b);
		c = away_from_zero(b + n * (a - n) / c);
		change = c * d;
		f *= change;
		if (fabs(change - 1) < 4 * DBL_EPSILON) {
			break;
		}
	}
	return front * f;
}

double chi2_above(double x, double df)
{
	if (!(df > 0) || isinf(df) || isnan(x)) {
		return (double)NAN;
	}
	if (x <= 0) {
		return 1;
	}
	return isinf(x) ? 0 : gamma_above(df / 2, x / 2);
}
