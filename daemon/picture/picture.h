/*
 * Pictures: an SPC chart as improvement people know it, and a forest plot.
 *
 * Readable in black and white: what a colour says, a shape or a letter says
 * too. Each has a text alternative with what it shows in words. Pure: the same
 * input gives the same bytes on every node. No label lies on another, from 2
 * points to SERIES_ROWS_MAX and with titles of any length.
 */
#ifndef WEALD_DAEMON_PICTURE_PICTURE_H
#define WEALD_DAEMON_PICTURE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/evidence/study.h"
#include "store/index/compare.h"

#define PICTURE_BYTES_MAX (4u << 20)

/* A line of text at a month: the start, a new version of the intervention. */
struct picture_note {
	int32_t month; /* months since 1970-01 */
	const char *text;
};
#define PICTURE_NOTES_MAX 32u

struct picture_spc {
	const char *title;    /* of the record */
	const char *subtitle; /* the measure's */
	const char *unit;     /* of the values: "per 100", "minutes"; "" */
	const char *source;   /* region/kind/slug@version, or the file's name */
	const char *certainty; /* of the effect: "low"; "" */
	bool withdrawn;        /* the intervention, as a comparison says it */
	const char *withdrawn_by; /* "" */
	const struct study *study;
	bool has_effect; /* its effects are said; of lessons there are none */
	const struct picture_note *notes;
	size_t notes_n;
	double width; /* 0: 1000 */
};
/*
 * The two charts of @p->study, frozen above rebased (one without a start), with
 * points, centre, limits, phases, target, notes, icons with letter and words,
 * the plain sentence, engine and rules.
 *   WEALD_OK, WEALD_NOMEM, WEALD_TOOBIG
 *   WEALD_INVALID  nothing to draw: the chart's state says why
 */
int picture_spc(const struct picture_spc *p, struct buf *out);

/*
 * A forest plot of one comparison: a row a region, its own trend solid and
 * before/after faint, the pooled diamond, the prediction interval, certainty
 * with its reasons. Regions without an estimate are listed with why. No mark of
 * what is this node's own, so that it is the same on each.
 *
 * @sentence  what it comes to, in plain words; stands above it
 * @width     0: 1000
 */
int picture_forest(const struct comparison *c, const char *sentence,
		   double width, struct buf *out);

#endif
