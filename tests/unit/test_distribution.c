#include "store/evidence/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_near(double got, double expected, double tolerance)
{
	if (!(fabs(got - expected) <= tolerance * fmax(1, fabs(expected)))) {
		print_error("%.17g is not %.17g\n", got, expected);
		fail();
	}
}

/*
 * The probability that t with a whole number of degrees of freedom lies within
 * -@t and @t, by the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4:
 * nothing in common with a continued fraction.
 */
static double within(double t, unsigned df)
{
	double theta = atan(t / sqrt(df));
	double c = cos(theta);
	double term;
	double sum;
	unsigned k;

	if (df % 2 == 0) {
		term = 1;
		sum = 1;
		for (k = 2; k < df; k += 2) {
			term *= c * c * (k - 1) / k;
			sum += term;
		}
		return sin(theta) * sum;
	}
	term = c;
	sum = df == 1 ? 0 : c;
	for (k = 3; k < df; k += 2) {
		term *= c * c * (k - 1) / k;
		sum += term;
	}
	return 2 / acos(-1) * (theta + sin(theta) * sum);
}

static void student_quantile__agrees_with_finite_sums(void **state)
{
	static const double ps[] = { 0.5001, 0.6,   0.9,   0.95,
				     0.975,  0.995, 0.9995 };
	unsigned df;
	size_t i;
	double t;

	(void)state;
	for (df = 1; df <= 1200; df++) {
		for (i = 0; i < sizeof ps / sizeof *ps; i++) {
			t = student_quantile(ps[i], df);
			assert_near((1 - within(t, df)) / (1 - ps[i]), 2,
				    1e-10);
		}
	}
}

/* Of one degree of freedom it is the tangent, of two a square root. */
static void student_quantile__agrees_with_closed_forms(void **state)
{
	unsigned i;
	double p;

	(void)state;
	for (i = 1; i < 100; i++) {
		p = i / 100.0;
		assert_near(student_quantile(p, 1), tan(acos(-1) * (p - 0.5)),
			    1e-10);
		assert_near(student_quantile(p, 2),
			    (2 * p - 1) / sqrt(2 * p * (1 - p)), 1e-10);
	}
}

/* Printed tables, to all the digits that they give. */
static void student_quantile__agrees_with_tables(void **state)
{
	(void)state;
	assert_near(student_quantile(0.975, 1), 12.706, 5e-4);
	assert_near(student_quantile(0.975, 5), 2.571, 5e-4);
	assert_near(student_quantile(0.975, 21), 2.080, 5e-4);
	assert_near(student_quantile(0.975, 1e7), 1.95996398, 1e-6);
	assert_near(student_quantile(0.025, 21), -2.080, 5e-4);
	assert_near(student_quantile(0.5, 3), 0, 1e-15);
}

/* The probability of @a or more of @n, each with the probability @x. */
static double binomial_tail(unsigned n, unsigned a, double x)
{
	double ways = 1;
	double sum = 0;
	unsigned j;

	for (j = 0; j <= n; j++) {
		if (j >= a) {
			sum += ways * pow(x, j) * pow(1 - x, n - j);
		}
		ways = ways * (n - j) / (j + 1);
	}
	return sum;
}

/* I_x(a, 1) is x^a; of whole numbers it is a sum of binomial terms. */
static void beta_incomplete__agrees_with_closed_forms(void **state)
{
	double sum;
	double x;
	unsigned a;
	unsigned i;
	unsigned n;

	(void)state;
	for (i = 0; i <= 64; i++) {
		x = i / 64.0;
		assert_near(beta_incomplete(2.5, 1, x), pow(x, 2.5), 1e-12);
		assert_near(beta_incomplete(1, 0.3, x), 1 - pow(1 - x, 0.3),
			    1e-12);
		for (n = 2; n <= 40; n += 19) {
			for (a = 1; a <= n; a++) {
				sum = binomial_tail(n, a, x);
				assert_near(beta_incomplete(a, n - a + 1.0, x),
					    sum, 1e-10);
			}
		}
	}
}

static void beta_incomplete__mirrors(void **state)
{
	double a = 0.5;
	unsigned i;
	double x;

	(void)state;
	while (a < 700) {
		a *= 1.7;
		for (i = 1; i < 20; i++) {
			x = i / 20.0;
			assert_near(beta_incomplete(a, 0.5, x) +
					    beta_incomplete(0.5, a, 1 - x),
				    1, 1e-11);
		}
	}
}

static void distribution__refuses_what_has_no_answer(void **state)
{
	(void)state;
	assert_true(isnan(beta_incomplete(0, 1, 0.5)));
	assert_true(isnan(beta_incomplete(1, -1, 0.5)));
	assert_true(isnan(beta_incomplete(1, 1, 1.5)));
	assert_true(isnan(beta_incomplete(1, 1, (double)NAN)));
	assert_true(isnan(beta_incomplete((double)INFINITY, 1, 0.5)));
	assert_true(isnan(student_quantile(0, 5)));
	assert_true(isnan(student_quantile(1, 5)));
	assert_true(isnan(student_quantile(0.9, 0)));
	assert_true(isnan(student_quantile(0.9, (double)INFINITY)));
	assert_true(isnan(student_quantile((double)NAN, 5)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(student_quantile__agrees_with_finite_sums),
		cmocka_unit_test(student_quantile__agrees_with_closed_forms),
		cmocka_unit_test(student_quantile__agrees_with_tables),
		cmocka_unit_test(beta_incomplete__agrees_with_closed_forms),
		cmocka_unit_test(beta_incomplete__mirrors),
		cmocka_unit_test(distribution__refuses_what_has_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
