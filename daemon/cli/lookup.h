/*
 * Lookup: the index, opened for a command that asks it questions.
 *
 * Where a daemon runs it keeps the index; the command only reads. Where none
 * runs the command brings the index up to date first, under the home's lock,
 * with progress on stderr where that takes long; where another process holds
 * the lock it reads the index as it is, and says so if that is not complete or
 * feeds are further on: what was withdrawn may be what is missing.
 *
 * Failures are noted with cli_fail().
 */
#ifndef WEALD_DAEMON_CLI_LOOKUP_H
#define WEALD_DAEMON_CLI_LOOKUP_H

#include <stdbool.h>

#include "daemon/cli/cli.h"
#include "store/home.h"
#include "store/index/index.h"

/* The caller closes it with index_close(). */
int lookup_open(struct cli *c, struct home *home, struct index **out);

/*
 * Is all in it that is in this home? Asked before the questions, whose answers
 * say so to scripts; for people lookup_open() has said it on stderr.
 */
bool lookup_is_complete(struct cli *c, const struct home *home,
			struct index *x);

/* Days since 1970, of this machine's clock. */
int64_t lookup_today(void);

/*
 * Bring every feed of @home into the index at hand, with progress on stderr;
 * the caller holds the home's lock. What reindex and lookup_open() share.
 */
int lookup_fill(struct cli *c, struct home *home, struct index *x);

/*
 * The reference that a person typed: *@out_ref is region/kind/slug (the caller
 * frees it), *@out_version 0 for the latest. Noted as about the input.
 */
int lookup_ref(struct cli *c, const struct home *home, const char *text,
	       char **out_ref, uint64_t *out_version);

/*
 * Refuse a version other than 0 of an intervention whose results are asked for:
 * they are of all versions. Noted as a mistake in how the command was called.
 */
int lookup_refuse_version(struct cli *c, uint64_t version);

/* Note a failure of a query. */
int lookup_fail(struct cli *c, int err);

#endif
