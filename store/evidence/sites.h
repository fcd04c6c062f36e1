/*
 * Sites: several of one region as one series, so that no region counts twice.
 *
 * Pure, but that rows are allocated.
 */
#ifndef WEALD_STORE_EVIDENCE_SITES_H
#define WEALD_STORE_EVIDENCE_SITES_H

#include <stddef.h>

#include "proto/err.h"
#include "store/evidence/effect.h"
#include "store/record/series.h"

#define SITES_MAX 256u

/*
 * Numerators and denominators of the months that all @n sites have a figure
 * for are added; other months are left out. A month in which the sites are in
 * different phases is one of transition. A figure that cannot be, such as
 * events of nobody at risk, is not hidden by what it is added to: it stands for
 * its month. Neither the order of the sites nor that of their rows changes a
 * digit. Each site counts as often as it stands there: give it once.
 *
 *   WEALD_OK       @out is in ascending order, and may be empty; its rows are
 *                  owned: series_release()
 *   WEALD_INVALID  no site, more than SITES_MAX, or one with several rows a
 *                  month (such as of time between events), which cannot be
 *                  added
 *   WEALD_NOMEM
 */
int sites_add(const struct series *const *sites, size_t n,
	      enum effect_shape shape, struct series *out);

/*
 * The same without allocating: into @rows, *@out_n of them.
 *   WEALD_OK, WEALD_INVALID
 */
int sites_sum(const struct series *const *sites, size_t n,
	      enum effect_shape shape, struct series_row rows[SERIES_ROWS_MAX],
	      size_t *out_n);

#endif
