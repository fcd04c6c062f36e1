/*
 * Chart notes: what happened in the months that a chart shows: when it began,
 * new versions of the intervention, further changes of limits.
 */
#ifndef WEALD_DAEMON_CLI_CHART_NOTES_H
#define WEALD_DAEMON_CLI_CHART_NOTES_H

#include "daemon/cli/cli.h"
#include "daemon/cli/evidence_source.h"
#include "daemon/picture/picture.h"

/* All zero is empty. */
struct chart_notes {
	struct picture_note list[PICTURE_NOTES_MAX];
	char *texts[PICTURE_NOTES_MAX]; /* the list's */
	size_t n;
};

/*
 * The notes of @s. @home is NULL for a bare file: then there is no more than
 * the start. The caller releases them, also on failure. Noted.
 */
int chart_notes_make(struct cli *c, struct home *home,
		     const struct evidence_source *s, struct chart_notes *out);
void chart_notes_release(struct chart_notes *n);

#endif
