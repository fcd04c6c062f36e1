#include "store/evidence/controlled.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "store/evidence/distribution.h"
#include "store/evidence/sites.h"

/* The region's months and its comparators', the same for both. */
struct pair {
	struct series_row own[SERIES_ROWS_MAX];
	struct series_row others[SERIES_ROWS_MAX];
	size_t n;
};

/* Is there a figure, or one that cannot be and has to be told? */
static bool row_counts(const struct series_row *row, enum effect_shape shape)
{
	bool used;

	return effect_row_state(row, shape, &used) != EFFECT_FULL || used;
}

/*
 * Keep the months that both have a figure for; the phase is the region's own.
 * Both come by month.
 */
static void pair_match(struct pair *p, size_t own_n, size_t others_n,
		       enum effect_shape shape)
{
	size_t i;
	size_t k = 0;

	p->n = 0;
	for (i = 0; i < own_n; i++) {
		while (k < others_n && p->others[k].month < p->own[i].month) {
			k++;
		}
		if (k == others_n) {
			return;
		}
		if (p->others[k].month != p->own[i].month ||
		    !row_counts(&p->own[i], shape) ||
		    !row_counts(&p->others[k], shape)) {
			continue;
		}
		/* what is written to has been read */
		p->own[p->n] = p->own[i];
		p->others[p->n] = p->others[k];
		p->others[p->n].phase = p->own[p->n].phase;
		p->n++;
		k++;
	}
}

static bool pair_make(struct pair *p, const struct series *own,
		      const struct series *const *others, size_t others_n,
		      enum effect_shape shape)
{
	size_t own_rows;
	size_t others_rows;

	if (others_n > CONTROLLED_COMPARATORS_MAX ||
	    sites_sum(&own, 1, shape, p->own, &own_rows) != WEALD_OK ||
	    sites_sum(others, others_n, shape, p->others, &others_rows) !=
		    WEALD_OK) {
		return false;
	}
	pair_match(p, own_rows, others_rows, shape);
	return true;
}

/* The ratio of the two ratios. */
static void effect_divide(struct effect *e, const struct effect *by)
{
	struct effect out = *e;

	out.half_added = e->half_added || by->half_added;
	out.lag1 = 0;
	if (!effect_set(&out, e->log_ratio - by->log_ratio,
			e->variance + by->variance, e->df + by->df)) {
		memset(&out, 0, sizeof out);
		out.state = EFFECT_NO_FIT;
		out.months_before = e->months_before;
		out.months_after = e->months_after;
	}
	*e = out;
}

void effect_controlled(const struct series *own,
		       const struct series *const *others, size_t others_n,
		       enum effect_shape shape, struct effect *out)
{
	struct series series = { 0 };
	struct effect theirs;
	struct pair p;

	memset(out, 0, sizeof *out);
	if (others_n == 0) {
		out->state = EFFECT_TOO_EARLY;
		return;
	}
	if (!pair_make(&p, own, others, others_n, shape)) {
		out->state = EFFECT_NO_FIT;
		return;
	}
	series.n = p.n;
	series.rows = p.own;
	effect_before_after(&series, shape, out);
	if (!effect_has_estimate(out)) {
		return;
	}
	series.rows = p.others;
	effect_before_after(&series, shape, &theirs);
	if (effect_has_estimate(&theirs)) {
		effect_divide(out, &theirs);
		return;
	}
	/* months are the region's own: the same */
	*out = theirs;
}
