#include "store/evidence/regression.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "proto/err.h"

#define COLUMNS REGRESSION_COLUMNS_MAX

/* Ten are enough where there is an estimate; more means that it runs off. */
#define ROUNDS_MAX 60
/* The largest change of eta in a round at which it has settled. */
#define SETTLED 1e-11
/*
 * What is left of a column after the ones before it, as a share of its sum of
 * squares, at which it says nothing of its own.
 */
#define SINGULAR 1e-9

/* Sums of the weighted rows: what least squares needs of them. */
struct normal {
	double xx[COLUMNS][COLUMNS]; /* lower triangle */
	double xz[COLUMNS];
};

static void normal_add(struct normal *s, const struct regression_row *row,
		       size_t columns, double weight, double z)
{
	double wx;
	size_t i;
	size_t j;

	for (i = 0; i < columns; i++) {
		wx = weight * row->x[i];
		s->xz[i] += wx * z;
		for (j = 0; j <= i; j++) {
			s->xx[i][j] += wx * row->x[j];
		}
	}
}

/* Cholesky: @s->xx becomes L, of L L' = xx. False where it is singular. */
static bool normal_factor(struct normal *s, size_t columns)
{
	double left;
	double sum;
	size_t i;
	size_t j;
	size_t k;

	for (i = 0; i < columns; i++) {
		for (j = 0; j < i; j++) {
			sum = s->xx[i][j];
			for (k = 0; k < j; k++) {
				sum -= s->xx[i][k] * s->xx[j][k];
			}
			s->xx[i][j] = sum / s->xx[j][j];
		}
		left = s->xx[i][i];
		for (k = 0; k < i; k++) {
			left -= s->xx[i][k] * s->xx[i][k];
		}
		if (!(left > SINGULAR * s->xx[i][i]) || !isfinite(left)) {
			return false;
		}
		s->xx[i][i] = sqrt(left);
	}
	return true;
}

/* @v becomes the solution of L L' v = v. */
static void normal_solve(const struct normal *s, size_t columns,
			 double v[COLUMNS])
{
	size_t i;
	size_t k;

	for (i = 0; i < columns; i++) {
		for (k = 0; k < i; k++) {
			v[i] -= s->xx[i][k] * v[k];
		}
		v[i] /= s->xx[i][i];
	}
	for (i = columns; i-- > 0;) {
		for (k = i + 1; k < columns; k++) {
			v[i] -= s->xx[k][i] * v[k];
		}
		v[i] /= s->xx[i][i];
	}
}

static double row_eta(const struct regression_row *row, size_t columns,
		      const double beta[COLUMNS])
{
	double eta = 0;
	size_t i;

	for (i = 0; i < columns; i++) {
		eta += row->x[i] * beta[i];
	}
	return eta;
}

/* A first guess at the mean, which must be above 0 for the logarithm. */
static double row_guess(enum regression_family family,
			const struct regression_row *row, double mean)
{
	if (family == REGRESSION_NORMAL) {
		return row->y;
	}
	return family == REGRESSION_POISSON ? row->y + 0.1 : mean;
}

static double row_mean(enum regression_family family,
		       const struct regression_row *row, double eta)
{
	switch (family) {
	case REGRESSION_POISSON:
		return row->size * exp(eta);
	case REGRESSION_GAMMA:
		return exp(eta);
	case REGRESSION_NORMAL:
		break;
	}
	return eta;
}

/* Add the row to the sums of the round, as it looks from its fitted mean. */
static void row_add(enum regression_family family, struct normal *s,
		    const struct regression_row *row, size_t columns)
{
	double mean = row->fitted;

	switch (family) {
	case REGRESSION_POISSON:
		normal_add(s, row, columns, mean,
			   log(mean / row->size) + (row->y - mean) / mean);
		break;
	case REGRESSION_GAMMA:
		normal_add(s, row, columns, 1,
			   log(mean) + (row->y - mean) / mean);
		break;
	case REGRESSION_NORMAL:
		normal_add(s, row, columns, row->size, row->y);
		break;
	}
}

static double row_residual(enum regression_family family,
			   const struct regression_row *row)
{
	double off = row->y - row->fitted;

	switch (family) {
	case REGRESSION_POISSON:
		return off / sqrt(row->fitted);
	case REGRESSION_GAMMA:
		return off / row->fitted;
	case REGRESSION_NORMAL:
		break;
	}
	return off * sqrt(row->size);
}

/*
 * Fitted means by the new @beta; the largest change of eta on the way, or
 * infinity where one is none.
 */
static double rows_move(enum regression_family family,
			struct regression_row *rows, size_t n, size_t columns,
			const double beta[COLUMNS], const double last[COLUMNS])
{
	double most = 0;
	double change;
	double eta;
	size_t i;

	for (i = 0; i < n; i++) {
		eta = row_eta(&rows[i], columns, beta);
		change = fabs(eta - row_eta(&rows[i], columns, last));
		if (!isfinite(change)) {
			return HUGE_VAL;
		}
		most = fmax(most, change);
		rows[i].fitted = row_mean(family, &rows[i], eta);
	}
	return most;
}

static void start(enum regression_family family, struct regression_row *rows,
		  size_t n)
{
	double mean = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		mean += rows[i].y / (double)n;
	}
	for (i = 0; i < n; i++) {
		rows[i].fitted = row_guess(family, &rows[i], mean);
	}
}

/* What follows from the fit; false where any of it is not finite. */
static bool finish(enum regression_family family, struct regression_row *rows,
		   size_t n, size_t columns, const struct normal *s,
		   struct regression *fit)
{
	double unit[COLUMNS];
	bool fine = true;
	size_t i;
	size_t j;

	fit->chi2 = 0;
	for (i = 0; i < n; i++) {
		rows[i].residual = row_residual(family, &rows[i]);
		fit->chi2 += rows[i].residual * rows[i].residual;
	}
	fine = isfinite(fit->chi2);
	for (i = 0; i < columns; i++) {
		for (j = 0; j < columns; j++) {
			unit[j] = i == j ? 1 : 0;
		}
		normal_solve(s, columns, unit);
		for (j = 0; j < columns; j++) {
			fit->variance[i][j] = unit[j];
			fine = fine && isfinite(unit[j]);
		}
		fine = fine && isfinite(fit->beta[i]);
	}
	return fine;
}

int regression_fit(enum regression_family family, struct regression_row *rows,
		   size_t n, size_t columns, struct regression *out)
{
	struct regression fit = { 0 };
	double last[COLUMNS] = { 0 };
	struct normal s;
	double moved;
	size_t i;
	int round;

	assert(columns >= 1 && columns <= COLUMNS);
	assert(n > columns);
	start(family, rows, n);
	for (round = 0; round < ROUNDS_MAX; round++) {
		s = (struct normal){ 0 };
		for (i = 0; i < n; i++) {
			row_add(family, &s, &rows[i], columns);
		}
		if (!normal_factor(&s, columns)) {
			return WEALD_INVALID;
		}
		for (i = 0; i < columns; i++) {
			last[i] = fit.beta[i];
			fit.beta[i] = s.xz[i];
		}
		normal_solve(&s, columns, fit.beta);
		moved = rows_move(family, rows, n, columns, fit.beta, last);
		if (!isfinite(moved)) {
			return WEALD_INVALID;
		}
		if (family == REGRESSION_NORMAL ||
		    (round > 0 && moved < SETTLED)) {
			break;
		}
	}
	if (round == ROUNDS_MAX ||
	    !finish(family, rows, n, columns, &s, &fit)) {
		return WEALD_INVALID;
	}
	*out = fit;
	return WEALD_OK;
}
