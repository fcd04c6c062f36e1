/*
 * Regression: a few coefficients by weighted least squares, repeated until
 * they settle where the model asks for that.
 *
 * Pure, and nothing is allocated: fitted values are written into the rows.
 */
#ifndef WEALD_STORE_EVIDENCE_REGRESSION_H
#define WEALD_STORE_EVIDENCE_REGRESSION_H

#include <stddef.h>

#define REGRESSION_COLUMNS_MAX 5u

/* How y depends on eta, the sum of x times beta; v is the row's size. */
enum regression_family {
	REGRESSION_POISSON, /* mean v exp(eta), variance phi times the mean */
	REGRESSION_GAMMA,   /* mean exp(eta), variance phi times its square */
	REGRESSION_NORMAL   /* mean eta, variance phi / v */
};

struct regression_row {
	double x[REGRESSION_COLUMNS_MAX];
	double y;
	double size;     /* above 0 */
	double fitted;   /* out: the mean */
	double residual; /* out: Pearson's, before phi */
};

struct regression {
	double beta[REGRESSION_COLUMNS_MAX];
	/* of beta, to be multiplied by phi */
	double variance[REGRESSION_COLUMNS_MAX][REGRESSION_COLUMNS_MAX];
	double chi2; /* Pearson's: the sum of the squared residuals */
};

/*
 * Fit the first @columns columns, 1..REGRESSION_COLUMNS_MAX, of @n rows, more
 * of them than columns. y is not below 0 but for REGRESSION_NORMAL.
 *
 *   WEALD_OK       all in @out is finite
 *   WEALD_INVALID  columns that say the same, or no estimate: it runs off or
 *                  does not settle. @out is as it was; what stands in the
 *                  rows' fitted and residual means nothing
 */
int regression_fit(enum regression_family family, struct regression_row *rows,
		   size_t n, size_t columns, struct regression *out);

#endif
