/*
 * Start: a new record, from the form of its kind, filled in as far as it is
 * known. What new and adopt share.
 */
#ifndef WEALD_DAEMON_CLI_START_H
#define WEALD_DAEMON_CLI_START_H

#include "daemon/cli/cli.h"
#include "daemon/cli/prefill.h"
#include "daemon/cli/source.h"
#include "store/record/front.h"

/* Filled in by the command: c, kind, title, slug, out; NULL where not given. */
struct start {
	struct cli *c;
	const struct kind *kind;
	const char *title;
	const char *slug;
	const char *out;
	struct home *home;
	struct feed *own; /* to read */
	struct prefill prefill;
	char about[NAME_BYTES_MAX + 1]; /* slug of the first linked record */
	char typed[FRONT_TITLE_BYTES_MAX +
		   2]; /* the title, where it was asked */
};

/* Open the home and its own feed. Noted. */
int start_open(struct start *s);
void start_release(struct start *s);

/*
 * Link to the record that @text names, which the option @option gave: into the
 * field of that name, or the one that says what the record is about, or into
 * links; what an endorsement is of is pinned to the text of its version. Its
 * topics and settings are taken over. @out is that record, and is
 * released with source_release() in any case; out->last is 0 where it has not
 * arrived here, which is told and is no failure. Noted.
 */
int start_link(struct start *s, const char *option, const char *text,
	       struct source *out);

/* Fill in the rest, write the folder, and hand it over. Noted. */
int start_write(struct start *s);

#endif
