#include "store/evidence/sites.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Is there at most one row a month? One walk where they are in order. */
static bool one_a_month(const struct series *s)
{
	bool ascending = true;
	size_t i;
	size_t k;

	for (i = 1; i < s->n && ascending; i++) {
		ascending = s->rows[i].month > s->rows[i - 1].month;
	}
	for (i = 1; i < s->n && !ascending; i++) {
		for (k = 0; k < i; k++) {
			if (s->rows[k].month == s->rows[i].month) {
				return false;
			}
		}
	}
	return true;
}

static bool can_add(const struct series *s, enum effect_shape shape)
{
	return shape != EFFECT_TIME_BETWEEN && !s->by_event &&
	       s->n <= SERIES_ROWS_MAX && one_a_month(s);
}

/* The row of @month, or NULL; @hint is where it is likely to be. */
static const struct series_row *row_find(const struct series *s, int32_t month,
					 size_t hint)
{
	size_t i;

	for (i = 0; i < s->n; i++, hint++) {
		if (hint >= s->n) {
			hint = 0;
		}
		if (s->rows[hint].month == month) {
			return &s->rows[hint];
		}
	}
	return NULL;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *l = a;
	const double *r = b;

	return (*l > *r) - (*l < *r);
}

/* From the smallest on, so that the order they come in changes no digit. */
static double sum_of(double *values, size_t n)
{
	double sum = 0;
	size_t i;

	qsort(values, n, sizeof *values, compare_doubles);
	for (i = 0; i < n; i++) {
		sum += values[i];
	}
	return sum;
}

/* What is no number comes last. */
static int figure_order(double a, double b)
{
	if (isnan(a) || isnan(b)) {
		return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
	}
	return (a > b) - (a < b);
}

/* Of several rows that cannot be one stands for the month, the same always. */
static bool row_worse(const struct series_row *row,
		      const struct series_row *than)
{
	int order = figure_order(row->numerator, than->numerator);

	return order != 0
		       ? order > 0
		       : figure_order(row->denominator, than->denominator) > 0;
}

/* Add up the month of @out; false where a site has no figure for it. */
static bool month_sum(const struct series *const *sites, size_t n,
		      enum effect_shape shape, size_t hint,
		      struct series_row *out)
{
	double numerators[SITES_MAX] = { 0 };
	double denominators[SITES_MAX] = { 0 };
	const struct series_row *wrong = NULL;
	const struct series_row *row;
	enum series_phase phase = SERIES_TRANSITION;
	bool used;
	size_t i;

	for (i = 0; i < n; i++) {
		row = row_find(sites[i], out->month, hint);
		if (row == NULL || row->missing) {
			return false;
		}
		if (effect_row_state(row, shape, &used) != EFFECT_FULL &&
		    (wrong == NULL || row_worse(row, wrong))) {
			wrong = row;
		}
		numerators[i] = row->numerator;
		denominators[i] = row->denominator;
		phase = i == 0 || phase == row->phase ? row->phase
						      : SERIES_TRANSITION;
	}
	if (wrong != NULL) {
		out->numerator = wrong->numerator;
		out->denominator = wrong->denominator;
	} else {
		out->numerator = sum_of(numerators, n);
		out->denominator =
			shape == EFFECT_COUNT ? 1 : sum_of(denominators, n);
	}
	out->phase = phase;
	return true;
}

/* Insert @row into the first @n of @rows, which are by month. */
static void rows_insert(struct series_row *rows, size_t n,
			const struct series_row *row)
{
	for (; n > 0 && rows[n - 1].month > row->month; n--) {
		rows[n] = rows[n - 1];
	}
	rows[n] = *row;
}

int sites_sum(const struct series *const *sites, size_t n,
	      enum effect_shape shape, struct series_row rows[SERIES_ROWS_MAX],
	      size_t *out_n)
{
	struct series_row row;
	size_t used = 0;
	size_t i;

	if (n == 0 || n > SITES_MAX) {
		return WEALD_INVALID;
	}
	for (i = 0; i < n; i++) {
		if (!can_add(sites[i], shape)) {
			return WEALD_INVALID;
		}
	}
	for (i = 0; i < sites[0]->n; i++) {
		row = (struct series_row){ .month = sites[0]->rows[i].month,
					   .day = 1 };
		if (month_sum(sites, n, shape, i, &row)) {
			rows_insert(rows, used, &row);
			used++;
		}
	}
	*out_n = used;
	return WEALD_OK;
}

int sites_add(const struct series *const *sites, size_t n,
	      enum effect_shape shape, struct series *out)
{
	struct series sum = { .has_phase = true };
	struct series_row *rows = calloc(SERIES_ROWS_MAX, sizeof *rows);
	int r;

	if (rows == NULL) {
		return WEALD_NOMEM;
	}
	r = sites_sum(sites, n, shape, rows, &sum.n);
	if (r != WEALD_OK) {
		free(rows);
		return r;
	}
	sum.rows = rows; /* transferred */
	*out = sum;
	return WEALD_OK;
}
