/*
 * View: an update of a feed as the commands show it.
 */
#ifndef WEALD_DAEMON_CLI_VIEW_H
#define WEALD_DAEMON_CLI_VIEW_H

#include "daemon/cli/cli.h"
#include "daemon/cli/files.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "store/feed/feed.h"
#include "store/index/index.h"
#include "store/record/judge.h"

/*
 * What the privacy guard keeps from being shown: the index knows of versions,
 * and what it does not know yet, and updates about no record, are looked at
 * here.
 */
struct view_guard {
	const char *name;        /* keeps: the feed's */
	const struct feed *feed; /* keeps */
	struct index *index;     /* NULL: there is none that can be read */
	uint64_t indexed;        /* it knows the feed up to this update */
};

/* Never fails: without an index less is known, and that is looked at here. */
void view_guard_open(const struct home *home, const char *name,
		     const struct feed *feed, struct view_guard *out);
void view_guard_close(struct view_guard *g);

/* The kinds of the guard, "," between them; "" where nothing is withheld. */

/* Is the update withheld? *@out_why says why, or is "". Noted. */
int view_guard_check(struct cli *c, const struct view_guard *g,
		     const struct stored *s, char out_why[JUDGE_WHY_BYTES]);
/*
 * The same of a version that is at hand with its @files, whatever the index
 * says; @record is NULL where record.md cannot be read. WEALD_NOMEM.
 */
int view_guard_files(const struct update *u, const struct files *files,
		     const struct record *record,
		     char out_why[JUDGE_WHY_BYTES]);
/* "withheld by the privacy guard: nhs-number" */
#define VIEW_WITHHELD "withheld by the privacy guard: "

/*
 * The keys that every update has in JSON; docs/CLI.md, "weald log". With a @why
 * it has no text of the update.
 */
void view_update_json(struct json_line *j, const char *feed,
		      const struct stored *s, const char *why);

/*
 * Its record and version as a person types them: with the feed's name, but
 * where @own is set, without. Empty for an update about the feed itself, and
 * for one whose name the privacy guard would block.
 */
void view_ref(const char *feed, bool own, const struct update *u,
	      char out[REF_TEXT_BYTES]);

/* As out_time(), with a "!" where it lies more than a day ahead. */
void view_time(uint64_t seconds, char out[OUT_TIME_BYTES]);

/*
 * The feed that a person names: a name of home_feeds(), or the own one where
 * @name is NULL. Opened to read; *@out_own says whether it is the own one.
 */
int view_open(struct cli *c, const struct home *home, const char **name,
	      bool *out_own, struct feed **out);

/*
 * The path in @f of the record @kind/@slug, appended to @out; @feed is the
 * feed's name, for the message. Noted.
 */
int view_find_record(struct cli *c, const struct feed *f, const char *feed,
		     struct span kind, struct span slug, struct buf *out);

#endif
