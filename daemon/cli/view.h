/*
 * View: an update of a feed as the commands show it.
 */
#ifndef WEALD_DAEMON_CLI_VIEW_H
#define WEALD_DAEMON_CLI_VIEW_H

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "store/feed/feed.h"

/* The keys that every update has in JSON; docs/CLI.md, "weald log". */
void view_update_json(struct json_line *j, const char *feed,
		      const struct stored *s);

/*
 * Its record and version as a person types them: with the feed's name, but
 * where @own is set, without. Empty for an update about the feed itself.
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
