/*
 * weald feeds: what feeds are in this home.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/table.h"
#include "daemon/cli/view.h"

#define HEAD_BYTES_SHOWN 6u

static const struct table_column feed_columns[] = {
	{ "feed", false },   { "", false },     { "updates", true },
	{ "records", true }, { "head", false }, { "last update (UTC)", false },
};
#define FEED_COLUMNS_N (sizeof feed_columns / sizeof feed_columns[0])

static int print_json(const char *name, bool own, const struct feed *f)
{
	const struct identity *id = feed_identity(f);
	struct json_line j;

	json_line_init(&j);
	json_line_text(&j, "feed", name);
	json_line_text(&j, "slug", id->slug);
	json_line_hex(&j, "feed_id", id->feed, sizeof id->feed);
	json_line_bool(&j, "own", own);
	json_line_uint(&j, "seq", id->seq);
	json_line_uint(&j, "epoch", id->epoch);
	json_line_uint(&j, "records", feed_versions(f)->count);
	json_line_hex(&j, "head", id->commit, sizeof id->commit);
	json_line_time(&j, "time", id->time);
	json_line_bool(&j, "time_ahead", out_time_is_ahead(id->time));
	return json_line_print(&j);
}

static int print_row(struct cli *c, struct table *t, const char *name, bool own,
		     const struct feed *f)
{
	const struct identity *id = feed_identity(f);
	char seq[24];
	char records[24];
	char head[2 * HEAD_BYTES_SHOWN + 1];
	char time[OUT_TIME_BYTES];
	const char *const cells[FEED_COLUMNS_N] = { name, own ? "own" : "other",
						    seq,  records,
						    head, time };

	snprintf(seq, sizeof seq, "%" PRIu64, id->seq);
	snprintf(records, sizeof records, "%zu", feed_versions(f)->count);
	hex_encode(id->commit, HEAD_BYTES_SHOWN, head);
	view_time(id->time, time);
	return table_row(c, t, cells);
}

static int print_feeds(struct cli *c, const struct home *home,
		       char *const *names, size_t n)
{
	struct table table;
	struct feed *f;
	bool own;
	size_t i;
	int r = WEALD_OK;

	table_init(&table, feed_columns, FEED_COLUMNS_N, out_screen());
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = cli_open_feed(c, home, names[i], &f);
		if (r != WEALD_OK) {
			break;
		}
		own = strcmp(names[i], home_slug(home)) == 0;
		r = c->json ? print_json(names[i], own, f)
			    : print_row(c, &table, names[i], own, f);
		feed_close(f);
	}
	/* those before the one that failed are worth to be seen */
	if (r == WEALD_OK) {
		r = table_end(c, &table);
	} else {
		(void)table_end(c, &table);
	}
	table_release(&table);
	return r;
}

int command_feeds(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "feeds",
		.text = "List the feeds in this home, the own one first.\n",
	};
	struct home *home = NULL;
	char **names = NULL;
	size_t n = 0;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_HOME,
			     home_feeds(home, &names, &n, &c->msg));
	}
	if (r == WEALD_OK) {
		r = print_feeds(c, home, names, n);
	}
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
	home_close(home);
	return r;
}
