/*
 * weald edit: the latest version of an own record as a folder, to be changed
 * and published again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/desk.h"
#include "daemon/cli/folder.h"
#include "daemon/cli/source.h"

struct editing {
	struct cli *c;
	const char *out;
	struct home *home;
	struct source source;
	struct desk desk;
};

/* One feed, one writer: what others wrote only they change. */
static int refuse_other(struct editing *e)
{
	const struct source *s = &e->source;

	if (strcmp(s->kind, "intervention") == 0) {
		msg_set(&e->c->msg,
			"%s is %s's, and only they can change it; say that you "
			"use it, and what you changed, with weald adopt %s, or "
			"what you found with weald new lesson --about %s",
			s->ref, s->region, s->ref, s->ref);
	} else {
		msg_set(&e->c->msg,
			"%s is %s's, and only they can change it; write what "
			"you found with weald new lesson --about %s, or what "
			"you checked with weald new endorsement --target %s",
			s->ref, s->region, s->ref, s->ref);
	}
	return cli_fail(e->c, CLI_ABOUT_ASKED, WEALD_FEED_OTHER);
}

static int write_files(struct editing *e)
{
	const struct files *files = &e->source.files;
	struct folder_mark mark = { .version = e->source.last };
	char line[FOLDER_MARK_BYTES];
	size_t i;
	int r = desk_make(&e->desk);

	snprintf(mark.ref, sizeof mark.ref, "%s", e->source.ref);
	folder_mark_format(&mark, line);
	if (r == WEALD_OK) {
		r = desk_write(&e->desk, FOLDER_MARK, span_of(line));
	}
	for (i = 0; r == WEALD_OK && i < files->n; i++) {
		r = desk_write(&e->desk, files->list[i].name,
			       buf_span(&files->list[i].content));
	}
	return r;
}

static int edit(struct editing *e, const char *text)
{
	int r;

	r = source_read(e->c, e->home, NULL, text, &e->source);
	if (e->source.ref[0] != '\0' && !e->source.own) {
		/* whether it is here or not */
		return refuse_other(e);
	}
	if (r == WEALD_OK) {
		r = desk_init(&e->desk, e->c, e->home, e->out, e->source.slug);
	}
	if (r == WEALD_OK) {
		e->desk.verb = "change";
		e->desk.bring_back = source_is_withdrawn(&e->source);
		r = write_files(e);
	}
	if (r == WEALD_OK && source_is_withdrawn(&e->source)) {
		fputs("it is withdrawn, and the first line of its text says "
		      "so; to bring it back take that line out, and publish "
		      "it with --bring-back\n",
		      stderr);
	}
	if (r == WEALD_OK && e->source.version < e->source.last) {
		fprintf(stderr,
			"this is version %" PRIu64 "; published, it takes the "
			"place of version %" PRIu64 "\n",
			e->source.version, e->source.last);
	}
	return r == WEALD_OK ? desk_hand_over(&e->desk) : r;
}

static const char edit_text[] =
	"Write the files of a record of this region, its latest version or\n"
	"@VERSION, into the folder ./SLUG, and open $VISUAL or $EDITOR at a\n"
	"terminal. What is there already is not overwritten. weald publish\n"
	"./SLUG then makes the next version, unless another has been "
	"published\n"
	"since: the file .weald in the folder says from which it was made.\n"
	"\n"
	"What other regions wrote only they can change: adopt it, or write a\n"
	"lesson or an endorsement.\n";

int command_edit(struct cli *c, int argc, char **argv)
{
	struct editing e = { .c = c };
	const struct cli_option options[] = {
		{ "out", 0, CLI_OPTION_TEXT, &e.out, "DIR",
		  "write this folder instead, and open no editor" },
	};
	const struct cli_usage usage = {
		.synopsis = "edit [--out DIR] REF",
		.text = edit_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a record of this region",
		.args_max = 1,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &e.home);
	if (r == WEALD_OK) {
		r = edit(&e, argv[first]);
	}
	source_release(&e.source);
	home_close(e.home);
	return r;
}
