/*
 * weald check: what publish would say, and nothing more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/publish_private.h"

static int print_good(struct publishing *p)
{
	char ref[REFERENCE_BYTES_MAX + 1];
	struct json_line j;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->items_n; i++) {
		snprintf(ref, sizeof ref, "%s/%s", home_slug(p->own.home),
			 p->items[i].name);
		if (!p->c->json) {
			puts(ref);
			continue;
		}
		json_line_init(&j);
		json_line_text(&j, "path", p->items[i].path);
		json_line_text(&j, "ref", ref);
		json_line_text(&j, "state", "good");
		r = json_line_print(&j);
	}
	return r == WEALD_OK ? out_flush(p->c) : r;
}

static int check(struct publishing *p)
{
	int r;

	r = vetting_check_note(p->c, p->note);
	if (r == WEALD_OK) {
		r = cli_open_home(p->c, &p->own.home);
	}
	if (r == WEALD_OK) {
		r = publish_vet(p, "it would not be published", false);
	}
	if (r == WEALD_OK) {
		r = print_good(p);
	}
	if (r == WEALD_OK) {
		vetting_remind(&p->vetting);
	}
	return r;
}

static const char check_text[] =
	"Say what weald publish would say of these folders, with the same "
	"exit\n"
	"codes, and publish nothing: every error and every warning of every\n"
	"folder at once, each with file, line, field, and what to do. Printed\n"
	"is region/kind/slug of each where all are good.\n"
	"\n"
	"The privacy guard looks for patterns (numbers, dates, addresses, "
	"small\n"
	"counts), not for stories: only a person can see who might be\n"
	"recognised.\n";

int command_check(struct cli *c, int argc, char **argv)
{
	struct publishing p = { .c = c };
	const char *message = "";
	const char *from = NULL;
	const struct cli_option options[] = {
		{ "message", 'm', CLI_OPTION_TEXT, &message, "TEXT",
		  "the text that would be given to publish" },
		{ "paths-from", 0, CLI_OPTION_TEXT, &from, "FILE",
		  "read paths from FILE too, one a line\n"
		  "(- for standard input)" },
		PUBLISH_CONFIRM_OPTIONS(&p),
		PUBLISH_BACK_OPTION(&p),
	};
	const struct cli_usage usage = {
		.synopsis = "check [-m TEXT] PATH...",
		.text = check_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = CLI_ARGS_ANY,
	};
	char *note = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = publish_arguments(&p, message, from, argv + first, &note);
	if (r == WEALD_OK) {
		p.note = note;
		r = check(&p);
	}
	publish_release(&p);
	free(note);
	return r;
}
