/*
 * weald follow, weald unfollow: which feeds this node keeps, and how much.
 */
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/reach.h"

struct following {
	struct cli_list topics;
	struct cli_list kinds;
	bool whole;
};

static void put_list(struct mp_writer *w, const struct cli_list *list)
{
	size_t i;

	mp_put_array(w, list->n);
	for (i = 0; i < list->n; i++) {
		mp_put_str(w, span_of(list->list[i]));
	}
}

static int follow(struct cli *c, struct client *d, const char *region,
		  const struct following *f)
{
	struct mp_writer *w = client_begin(d, "follow", 4);

	mp_put_str(w, span_of(region));
	put_list(w, &f->topics);
	put_list(w, &f->kinds);
	mp_put_uint(w, f->whole ? 1 : 0);
	return reach_do(c, d);
}

/* Not refused: a region with a later version may have it. */
static int note_unknown(struct cli *c, struct index *x, enum hits_filter filter,
			const struct cli_list *list)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < list->n; i++) {
		r = hits_check(c, x, filter, list->list[i]);
		if (r == WEALD_NOTFOUND) {
			fprintf(stderr,
				"weald %s: note: %s; followed all the same\n",
				c->command, msg_text(&c->msg, r));
			r = WEALD_OK;
		}
	}
	return r;
}

/* Say which topics and kinds nothing that is known here has. */
static int note_all_unknown(struct cli *c, const struct following *f)
{
	struct home *home = NULL;
	struct index *x = NULL;
	int r = cli_open_home(c, &home);

	if (r != WEALD_OK) {
		return r;
	}
	/* without an index the vocabulary has to do */
	(void)index_open(home_path(home), INDEX_READ, &x, NULL, NULL);
	r = note_unknown(c, x, HITS_TOPIC, &f->topics);
	if (r == WEALD_OK) {
		r = note_unknown(c, x, HITS_KIND, &f->kinds);
	}
	index_close(x);
	home_close(home);
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

static const char follow_text[] =
	"Follow regions: keep a copy of their feeds, whole or, with --topic\n"
	"and --kind, only the files of the records that match; what was\n"
	"signed is kept always. REGION is a name as weald feeds prints it, or\n"
	"the 64 hex digits of a feed's id. Following again changes how much\n"
	"is kept; without an option it stays as it is.\n";

int command_follow(struct cli *c, int argc, char **argv)
{
	struct following f = { .whole = false };
	const struct cli_option options[] = {
		{ "topic", 0, CLI_OPTION_LIST, &f.topics, "TOPIC",
		  "files of records with this topic;\n"
		  "may be given again" },
		{ "kind", 0, CLI_OPTION_LIST, &f.kinds, "KIND",
		  "files of records of this kind;\n"
		  "may be given again" },
		{ "whole", 0, CLI_OPTION_FLAG, &f.whole, NULL,
		  "all files again" },
	};
	const struct cli_usage usage = {
		.synopsis = "follow [--topic TOPIC]... [--kind KIND]... "
			    "REGION...\n"
			    "follow --whole REGION...",
		.text = follow_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a region",
		.args_max = CLI_ARGS_ANY,
	};
	struct client *d = NULL;
	int i;
	int r;

	r = cli_parse(c, &usage, argc, argv, &i);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (f.whole && f.topics.n + f.kinds.n > 0) {
		return cli_usage_error(
			c, "--whole does not go with --topic and --kind");
	}
	r = reach_daemon(c, &d);
	for (; r == WEALD_OK && i < argc; i++) {
		r = follow(c, d, argv[i], &f);
	}
	client_close(d);
	if (r == WEALD_OK) {
		r = note_all_unknown(c, &f);
	}
	return r;
}

static const char unfollow_text[] =
	"Follow regions no longer: nothing more of them is taken in. What is\n"
	"here stays until it is removed by hand.\n";

int command_unfollow(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "unfollow REGION...",
		.text = unfollow_text,
		.args_min = 1,
		.args_wanted = "name a region",
		.args_max = CLI_ARGS_ANY,
	};

	return reach_each(c, &usage, "unfollow", argc, argv);
}
