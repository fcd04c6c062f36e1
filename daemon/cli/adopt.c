/*
 * weald adopt: the form of an adoption, filled in from the intervention, so
 * that it is registered when it starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/start.h"
#include "store/index/query.h"

struct adopting {
	struct start start;
	const char *stage;
	bool anyway;
	struct source source;
};

/* Who withdrew it, at which level, why. */
static int say_withdrawn(struct adopting *a, const char *by, const char *level,
			 const char *why)
{
	msg_set(&a->start.c->msg,
		"%s was withdrawn by %s%s%s%s%.200s; read weald show %s, and "
		"where you start it all the same, say --anyway",
		a->source.ref, by, level[0] == '\0' ? "" : ", ", level,
		why[0] == '\0' ? "" : ": ", why, a->source.ref);
	return cli_fail(a->start.c, CLI_ABOUT_ASKED, WEALD_INVALID);
}

/* A withdrawal record targets it: its title says why. */
static int refuse_by_record(struct adopting *a, struct index *x,
			    const struct hit *hit)
{
	struct hit by = { .title = NULL };
	int r = query_record(x, hit->withdrawn_by, &by, &a->start.c->msg);

	if (r != WEALD_OK && r != WEALD_NOTFOUND) {
		return lookup_fail(a->start.c, r);
	}
	r = say_withdrawn(a, hit->withdrawn_by,
			  hit->level == NULL ? "" : hit->level,
			  by.title == NULL ? "" : by.title);
	hit_release(&by);
	return r;
}

/* Another region says so: it is for whoever starts it to weigh. */
static int warn(const struct hit *hit)
{
	char *by = NULL;
	char *level = NULL;
	int r = out_escape(span_of(hit->withdrawn_by), &by);

	if (r == WEALD_OK) {
		r = out_escape(span_of(hits_label("alert_level", hit->level)),
			       &level);
	}
	if (r == WEALD_OK) {
		fprintf(stderr,
			"weald adopt: warning: %s: weald show %s says why\n",
			level, by);
	}
	free(by);
	free(level);
	return r;
}

static int check_withdrawn(struct adopting *a)
{
	struct cli *c = a->start.c;
	const struct source *s = &a->source;
	struct index *x = NULL;
	struct hit hit = { .ref = NULL };
	char *note;
	int r;

	if (s->last == 0 || a->anyway) {
		return WEALD_OK;
	}
	if (source_is_withdrawn(s)) {
		note = strndup((const char *)s->stored.update.note.data,
			       s->stored.update.note.len);
		r = note == NULL ? WEALD_NOMEM
				 : say_withdrawn(a, s->region, "", note);
		free(note);
		return r;
	}
	r = lookup_open(c, a->start.home, &x);
	if (r != WEALD_OK) {
		return r;
	}
	r = query_record(x, s->ref, &hit, &c->msg);
	if (r == WEALD_NOTFOUND) { /* the index is behind */
		r = WEALD_OK;
	} else if (r != WEALD_OK) {
		(void)lookup_fail(c, r);
	} else if (hit.withdrawn && hit.withdrawn_by != NULL &&
		   hit.withdrawn_by[0] != '\0') {
		r = refuse_by_record(a, x, &hit);
	} else if (hit.withdrawn_by != NULL && hit.withdrawn_by[0] != '\0') {
		r = warn(&hit);
	}
	hit_release(&hit);
	index_close(x);
	return r;
}

static int check_stage(struct adopting *a)
{
	const struct code_list *stages = vocab_codes("adoption_stage");
	char all[256] = "";
	size_t at = 0;
	size_t i;

	if (a->stage == NULL || code_find(stages, span_of(a->stage)) != NULL) {
		return WEALD_OK;
	}
	for (i = 0; i < stages->n && at < sizeof all; i++) {
		at += (size_t)snprintf(all + at, sizeof all - at, "%s%s",
				       i == 0 ? "" : ", ",
				       stages->codes[i].code);
	}
	return cli_usage_error(a->start.c, "--stage is one of %s", all);
}

/* The title of an adoption is what is adopted, until somebody says more. */
static int fill_in(struct adopting *a)
{
	struct prefill *p = &a->start.prefill;
	const char *title = source_title(&a->source);
	char today[PREFILL_DATE_BYTES];
	int r;

	prefill_date(0, today);
	r = prefill_offer(p, "title", title);
	if (r == WEALD_OK) {
		r = prefill_offer(p, "stage", a->stage);
	}
	return r == WEALD_OK ? prefill_offer(p, "started", today) : r;
}

static int adopt(struct adopting *a, const char *ref)
{
	int r = check_stage(a);

	if (r == WEALD_OK) {
		r = start_open(&a->start);
	}
	if (r == WEALD_OK) {
		r = start_link(&a->start, "intervention", ref, &a->source);
	}
	if (r == WEALD_OK) {
		r = check_withdrawn(a);
	}
	if (r == WEALD_OK) {
		r = fill_in(a);
	}
	return r == WEALD_OK ? start_write(&a->start) : r;
}

static const char adopt_text[] =
	"Start to use an intervention: write the form of an adoption into the\n"
	"folder ./NAME, with the intervention, its version, topics, settings,\n"
	"the measure that its evidence was counted with, your contact and\n"
	"today's date filled in. Publish it when you start, not when you have\n"
	"finished, so that a result that never comes is seen too.\n"
	"\n"
	"What was withdrawn is refused, with who withdrew it and why.\n";

int command_adopt(struct cli *c, int argc, char **argv)
{
	struct adopting a = { .start = { .c = c } };
	const struct cli_option options[] = {
		{ "stage", 0, CLI_OPTION_TEXT, &a.stage, "STAGE",
		  "how far you are: considering, planning, testing,\n"
		  "implementing, embedded, paused or stopped" },
		{ "slug", 0, CLI_OPTION_TEXT, &a.start.slug, "NAME",
		  "its name (else the intervention's)" },
		{ "out", 0, CLI_OPTION_TEXT, &a.start.out, "DIR",
		  "write this folder instead, and open no editor" },
		{ "anyway", 0, CLI_OPTION_FLAG, &a.anyway, NULL,
		  "start it although it was withdrawn" },
	};
	const struct cli_usage usage = {
		.synopsis = "adopt [--stage STAGE] [--slug NAME] REF",
		.text = adopt_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name an intervention",
		.args_max = 1,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	a.start.kind = vocab_kind(span_of("adoption"));
	r = adopt(&a, argv[first]);
	source_release(&a.source);
	start_release(&a.start);
	return r;
}
