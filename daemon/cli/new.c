/*
 * weald new: the form of a record of some kind, filled in as far as it is
 * known, as a folder to be published later.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cli/start.h"

/* What a new record may be linked to, in the order in which that counts. */
struct links {
	const char *problem;
	const char *intervention;
	const char *measure;
	const char *about;
	const char *target;
};

static int link_all(struct start *s, const struct links *l)
{
	/* the measure first: the one that is named counts */
	const struct {
		const char *option;
		const char *ref;
	} all[] = {
		{ "measure", l->measure },
		{ "problem", l->problem },
		{ "intervention", l->intervention },
		{ "about", l->about },
		{ "target", l->target },
	};
	struct source from;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof all / sizeof all[0]; i++) {
		if (all[i].ref != NULL) {
			r = start_link(s, all[i].option, all[i].ref, &from);
			source_release(&from);
		}
	}
	return r;
}

static int refuse_kind(struct cli *c, const char *name)
{
	const struct kind *kinds;
	char all[256] = "";
	size_t at = 0;
	size_t n;
	size_t i;

	kinds = vocab_kinds(&n);
	for (i = 0; i < n && at < sizeof all; i++) {
		at += (size_t)snprintf(all + at, sizeof all - at, "%s%s",
				       i == 0 ? "" : ", ", kinds[i].name);
	}
	msg_set(&c->msg, "there is no kind %s; the kinds are %s", name, all);
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_USAGE);
}

static const char new_text[] =
	"Write the form of a new record into the folder ./NAME, which becomes\n"
	"the record's name: record.md with every field and what it asks, and\n"
	"data.csv where numbers belong to it. KIND is problem, priority,\n"
	"intervention, measure, evidence, adoption, lesson, withdrawal or\n"
	"endorsement.\n"
	"\n"
	"What is known is filled in: from the record that it is about, and "
	"from\n"
	"what this region said last time. At a terminal $VISUAL or $EDITOR is\n"
	"opened, and the record is checked afterwards. Nothing is published.\n";

int command_new(struct cli *c, int argc, char **argv)
{
	struct start s = { .c = c };
	struct links l = { .problem = NULL };
	const struct cli_option options[] = {
		{ "problem", 0, CLI_OPTION_TEXT, &l.problem, "REF",
		  "the problem that it is about" },
		{ "intervention", 0, CLI_OPTION_TEXT, &l.intervention, "REF",
		  "the intervention that it is about" },
		{ "measure", 0, CLI_OPTION_TEXT, &l.measure, "REF",
		  "the measure that it uses" },
		{ "about", 0, CLI_OPTION_TEXT, &l.about, "REF",
		  "another record that it is about" },
		{ "target", 0, CLI_OPTION_TEXT, &l.target, "REF",
		  "what it withdraws or endorses" },
		{ "title", 0, CLI_OPTION_TEXT, &s.title, "TEXT",
		  "what it is about, in one line" },
		{ "slug", 0, CLI_OPTION_TEXT, &s.slug, "NAME",
		  "its name (else one made of the title)" },
		{ "out", 0, CLI_OPTION_TEXT, &s.out, "DIR",
		  "write this folder instead, and open no editor" },
	};
	const struct cli_usage usage = {
		.synopsis = "new KIND [--title TEXT] [--problem REF | ...]",
		.text = new_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a kind of record",
		.args_max = 1,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	s.kind = vocab_kind(span_of(argv[first]));
	if (s.kind == NULL) {
		return refuse_kind(c, argv[first]);
	}
	r = start_open(&s);
	if (r == WEALD_OK) {
		r = link_all(&s, &l);
	}
	if (r == WEALD_OK) {
		r = start_write(&s);
	}
	start_release(&s);
	return r;
}
