/*
 * weald feeds: what feeds are in this home; with a running daemon also how each
 * is followed, and how it stands with it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ask.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/table.h"
#include "daemon/cli/view.h"

#define HEAD_BYTES_SHOWN 6u
/* Where there is more to be shown. */
#define LIVE_HEAD_DIGITS 8

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

/* ---- what the daemon says ------------------------------------------------ */

#define STATE_BYTES 512u

static const struct table_column live_columns[] = {
	{ "feed", false },  { "follow", false }, { "updates", true },
	{ "held", true },   { "head", false },   { "last", true },
	{ "state", false },
};
#define LIVE_COLUMNS_N (sizeof live_columns / sizeof live_columns[0])

/* Topics, kinds and who introduced it, behind what is there. */
static void describe_follow(const json_t *o, char *out, size_t size)
{
	static const struct {
		const char *key;
		const char *word;
	} lists[] = {
		{ "topics", "topics" },
		{ "kinds", "kinds" },
		{ "introduced_by", "introduced by" },
	};
	size_t at;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct words_names names = { .n = 0 };

		at = strlen(out);
		if (json_array_size(json_object_get(o, lists[i].key)) > 0) {
			snprintf(out + at, size - at, "%s%s %s",
				 at == 0 ? "" : ", ", lists[i].word,
				 ask_names(o, lists[i].key, NULL, &names));
		}
	}
}

static void describe_state(const json_t *o, char *out, size_t size)
{
	const char *state = reach_text(o, "state");
	struct words_names names = { .n = 0 };

	if (strcmp(state, "catching-up") == 0) {
		snprintf(out, size, "catching up, %" PRIu64 " of %" PRIu64,
			 reach_uint(o, "seq"), reach_uint(o, "heard_seq"));
	} else if (strcmp(state, "disputed") == 0) {
		snprintf(out, size, "disputed from update %" PRIu64 " on",
			 reach_uint(o, "disputed_from"));
	} else if (strcmp(state, "refused") == 0 ||
		   strcmp(state, "store-failed") == 0) {
		snprintf(out, size, "update %" PRIu64 " %s: %s",
			 reach_uint(o, "refused_seq"),
			 state[0] == 'r' ? "refused" : "not stored",
			 reach_text(o, "message"));
	} else if (strcmp(state, "damaged") == 0) {
		snprintf(out, size, "damaged: %s", reach_text(o, "message"));
	} else if (strcmp(state, "heard-of") == 0) {
		snprintf(out, size, "heard of by %s; weald follow it",
			 ask_names(o, "heard_by", NULL, &names));
	} else {
		snprintf(out, size, "%s",
			 strcmp(state, "empty") == 0 ? "nothing here yet"
						     : state);
	}
	describe_follow(o, out, size);
}

static int print_live_row(struct cli *c, struct table *t, const json_t *o)
{
	bool here = reach_text(o, "head")[0] != '\0';
	char seq[24] = "-";
	char held[48] = "-";
	char head[2 * HEAD_BYTES_SHOWN + 1];
	char age[WORDS_AGE_BYTES] = "-";
	char state[STATE_BYTES];
	char *safe = NULL;
	int r;

	snprintf(head, sizeof head, "%.*s", LIVE_HEAD_DIGITS,
		 here ? reach_text(o, "head") : "-");
	if (here) {
		snprintf(seq, sizeof seq, "%" PRIu64, reach_uint(o, "seq"));
		snprintf(held, sizeof held, "%" PRIu64 "/%" PRIu64,
			 reach_uint(o, "holders"), reach_uint(o, "tellers"));
		ask_age(o, "time", age);
	}
	describe_state(o, state, sizeof state);
	r = out_escape(span_of(state), &safe);
	if (r == WEALD_OK) {
		const char *const cells[LIVE_COLUMNS_N] = {
			reach_text(o, "feed"),
			reach_text(o, "followed"),
			seq,
			held,
			head,
			age,
			safe
		};

		r = table_row(c, t, cells);
	}
	free(safe);
	return r;
}

static int print_live(struct cli *c, json_t *list)
{
	struct table table;
	size_t i;
	int r = WEALD_OK;

	if (c->json) {
		return ask_print_json(list);
	}
	table_init(&table, live_columns, LIVE_COLUMNS_N, out_screen());
	for (i = 0; r == WEALD_OK && i < json_array_size(list); i++) {
		r = print_live_row(c, &table, json_array_get(list, i));
	}
	if (r == WEALD_OK) {
		r = table_end(c, &table);
	}
	table_release(&table);
	return r;
}

static int ask_live(struct cli *c, struct client *d)
{
	json_t *answer = NULL;
	int r;

	(void)client_begin(d, "feeds", 0);
	r = reach_ask(c, d, &answer);
	if (r == WEALD_OK) {
		r = print_live(c, answer);
	}
	json_decref(answer);
	return r;
}

/* ---- the command --------------------------------------------------------- */

static int list_feeds(struct cli *c, const struct home *home)
{
	char **names = NULL;
	size_t n = 0;
	int r;

	r = cli_fail(c, CLI_ABOUT_HOME, home_feeds(home, &names, &n, &c->msg));
	if (r == WEALD_OK) {
		r = print_feeds(c, home, names, n);
	}
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
	return r;
}

static const char feeds_text[] =
	"List the feeds in this home, the own one first. With a running\n"
	"daemon also how each is followed, how many regions hold all of it\n"
	"that is here, of those who say, and how it stands with it.\n";

int command_feeds(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "feeds",
		.text = feeds_text,
	};
	struct home *home = NULL;
	struct client *d = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r != WEALD_OK) {
		return r;
	}
	/* what is on disk may be read whoever has the socket */
	if (client_open(home_path(home), &d, NULL) == WEALD_OK) {
		r = ask_live(c, d);
	} else {
		r = list_feeds(c, home);
	}
	client_close(d);
	home_close(home);
	return r;
}
