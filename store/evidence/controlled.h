/*
 * Controlled: one region's effect beside regions that had not adopted.
 *
 * The ratio of two ratios, both before/after by the region's own phases: its
 * own over that of the comparators, whose counts are added month by month.
 * Safe against what goes on everywhere; not against the region's own trend
 * (docs/EVIDENCE.md, "Controlled").
 *
 * Pure; nothing is allocated (some 300 KB of stack).
 */
#ifndef WEALD_STORE_EVIDENCE_CONTROLLED_H
#define WEALD_STORE_EVIDENCE_CONTROLLED_H

#include <stddef.h>

#include "store/evidence/effect.h"
#include "store/record/series.h"

#define CONTROLLED_COMPARATORS_MAX 64u
/* From so many on it is shown beside the own-trend ratio. */
#define CONTROLLED_COMPARATORS_MIN 3u

/*
 * The same months count for all: those for which the region and each of its
 * comparators has a figure. Variances are added; degrees of freedom are the
 * sum of both N - 2. @others' phases are not read, and their order, which
 * rows too may stand in, changes no digit. Each comparator counts as often as
 * it stands there: give it once.
 *
 * @out is as of effect_before_after(): phi is the region's own, lag1 is 0, and
 * half_added says that either ratio needed it. EFFECT_TOO_EARLY without
 * comparators; EFFECT_NO_FIT for more than CONTROLLED_COMPARATORS_MAX, and for
 * series with several rows a month, such as of time between events.
 */
void effect_controlled(const struct series *own,
		       const struct series *const *others, size_t others_n,
		       enum effect_shape shape, struct effect *out);

#endif
