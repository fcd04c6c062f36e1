/*
 * Source: a record of this home, read from its feed, from which another is
 * begun: the one that is edited, adopted, acknowledged or linked to.
 *
 * What stands in it may be others' text. Of another region's record only that
 * is read which may be shown (edition.h); an own one is read as it is.
 */
#ifndef WEALD_DAEMON_CLI_SOURCE_H
#define WEALD_DAEMON_CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/files.h"
#include "store/home.h"
#include "store/record/record.h"
#include "store/record/reference.h"

struct source {
	/* region/kind/slug, without a version */
	char ref[REFERENCE_BYTES_MAX + 1];
	char region[REFERENCE_REGION_BYTES_MAX + 1];
	char kind[NAME_BYTES_MAX + 1];
	char slug[NAME_BYTES_MAX + 1];
	uint64_t version; /* that was asked for, or the latest that is shown */
	uint64_t last;    /* the latest; 0: it is not in this home */
	bool own;
	bool withdrawn; /* by its author, in the version asked for */
	/* the update of @version; empty where none may be shown, or where its
	   last, which withdrew it, may not */
	struct stored stored;
	struct files files;
	struct record *record; /* NULL where it cannot be read */
};

/*
 * Read the record that @text names as a person types it; @own is the own feed,
 * where it is open, else NULL. What may not be shown or is not here is left
 * out, and stderr says so. The caller releases it with source_release(), which
 * takes zeroed ones. Noted.
 *
 *   WEALD_INVALID   not a reference
 *   WEALD_NOTFOUND  no such record here; the names in @out are set all the same
 *   and as feed_read(), files_load()
 */
int source_read(struct cli *c, const struct home *home, const struct feed *own,
		const char *text, struct source *out);
void source_release(struct source *s);

/* Was it withdrawn by its own author, in this version or the latest? */
bool source_is_withdrawn(const struct source *s);

/* Its title, or "" where it has none that may be shown. */
const char *source_title(const struct source *s);

#endif
