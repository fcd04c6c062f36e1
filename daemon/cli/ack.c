/*
 * weald ack: say that the withdrawal of something that is used here was read.
 * The own adoptions of it get a link that acknowledges it, and are published.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/lookup.h"
#include "daemon/cli/publish_private.h"
#include "daemon/cli/source.h"
#include "store/index/query.h"
#include "store/record/relate.h"

struct acknowledging {
	struct publishing p;
	char *ref; /* as it was typed, without a version */
	/* what to link: pairs of an own adoption and the withdrawal */
	struct alerts alerts;
	size_t found; /* of these, the ones that @ref means */
};

/* Is it what the person named: the withdrawal, or what was withdrawn? */
static bool is_meant(const struct acknowledging *a, const struct alert *alert)
{
	return strcmp(alert->by, a->ref) == 0 ||
	       strcmp(alert->target, a->ref) == 0;
}

static int refuse_nothing(struct acknowledging *a)
{
	struct cli *c = a->p.c;

	msg_set(&c->msg,
		"%s is no withdrawal of anything that this region uses, so "
		"there is nothing to acknowledge; weald inbox lists what waits",
		a->ref);
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
}

/* What the index knows of withdrawals of what is used here. */
static int find_alerts(struct acknowledging *a, const char *text)
{
	struct cli *c = a->p.c;
	struct home *home = NULL;
	struct index *x = NULL;
	uint64_t version;
	size_t i;
	int r;

	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = lookup_ref(c, home, text, &a->ref, &version);
	}
	if (r == WEALD_OK) {
		r = lookup_open(c, home, &x);
	}
	if (r == WEALD_OK) {
		r = query_alerts(x, true, &a->alerts, &c->msg);
		r = lookup_fail(c, r);
	}
	index_close(x);
	home_close(home);
	for (i = 0; r == WEALD_OK && i < a->alerts.n; i++) {
		a->found += is_meant(a, &a->alerts.list[i]);
	}
	return r == WEALD_OK && a->found == 0 ? refuse_nothing(a) : r;
}

/* The version of the withdrawal that has been read: the latest here. */
static int withdrawal_id(struct acknowledging *a, const char *by, char *out,
			 size_t size)
{
	struct source s;
	int r = source_read(a->p.c, a->p.own.home, a->p.own.feed, by, &s);

	if (r == WEALD_OK) {
		snprintf(out, size, "%s@%" PRIu64, s.ref, s.last);
	}
	source_release(&s);
	return r;
}

/* The adoption as an item, its files as they are in the feed. */
static int add_item(struct acknowledging *a, const char *adoption,
		    struct item **out)
{
	struct folder *f;
	struct source s;
	size_t i;
	int r;

	r = source_read(a->p.c, a->p.own.home, a->p.own.feed, adoption, &s);
	if (r == WEALD_OK) {
		r = publish_add(&a->p, s.ref);
	}
	if (r != WEALD_OK) {
		source_release(&s);
		return r;
	}
	f = calloc(1, sizeof *f);
	r = f == NULL ? WEALD_NOMEM : WEALD_OK;
	if (r == WEALD_OK) {
		*out = &a->p.items[a->p.items_n - 1];
		(*out)->folder = f;
		snprintf(f->slug, sizeof f->slug, "%s", s.slug);
		/* a version that comes in between may not be lost */
		snprintf(f->mark.ref, sizeof f->mark.ref, "%s", s.ref);
		f->mark.version = s.last;
	}
	for (i = 0; r == WEALD_OK && i < s.files.n; i++) {
		r = folder_put(f, s.files.list[i].name,
			       buf_span(&s.files.list[i].content));
	}
	source_release(&s);
	return r;
}

/* The item of @adoption, made where there is none yet. */
static int find_item(struct acknowledging *a, const char *adoption,
		     struct item **out)
{
	size_t i;

	for (i = 0; i < a->p.items_n; i++) {
		if (strcmp(a->p.items[i].path, adoption) == 0) {
			*out = &a->p.items[i];
			return WEALD_OK;
		}
	}
	return add_item(a, adoption, out);
}

static int add_link(struct acknowledging *a, const struct alert *alert)
{
	struct cli *c = a->p.c;
	char id[REFERENCE_BYTES_MAX + 32];
	struct span text = span_of("");
	struct item *it = NULL;
	struct buf changed;
	int r;

	buf_init(&changed, CONTENT_BYTES_MAX);
	r = withdrawal_id(a, alert->by, id, sizeof id);
	if (r == WEALD_OK) {
		r = find_item(a, alert->adoption, &it);
	}
	if (r != WEALD_OK) {
		goto out;
	}
	(void)folder_find(it->folder, RECORD_FILE, &text);
	r = relate_add(text, STANDING_RELATION, id, &changed, &c->msg);
	if (r == WEALD_UNCHANGED) { /* then publishing says so */
		msg_clear(&c->msg);
		r = WEALD_OK;
	} else if (r == WEALD_OK) {
		r = folder_put(it->folder, RECORD_FILE, buf_span(&changed));
	}
	if (r != WEALD_OK) {
		msg_prefix(&c->msg, "%.150s", alert->adoption);
		(void)cli_fail(c, CLI_ABOUT_ASKED, r);
	} else {
		folder_read_front(it->folder);
	}
out:
	buf_release(&changed);
	return r;
}

static int link_all(struct acknowledging *a)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->alerts.n; i++) {
		if (is_meant(a, &a->alerts.list[i])) {
			r = add_link(a, &a->alerts.list[i]);
		}
	}
	return r;
}

static int acknowledge(struct acknowledging *a, const char *text)
{
	struct cli *c = a->p.c;
	int r;

	r = vetting_check_note(c, a->p.note);
	if (r == WEALD_OK) {
		r = find_alerts(a, text);
	}
	if (r == WEALD_OK) {
		r = own_open(c, a->p.first ? OWN_FIRST : 0, &a->p.own);
	}
	if (r == WEALD_OK) {
		r = link_all(a);
	}
	return r == WEALD_OK ? publish_all(&a->p) : r;
}

static const char ack_text[] =
	"Acknowledge the withdrawal of something that this region uses. REF "
	"is\n"
	"the withdrawal, or the record that was withdrawn. Each own adoption "
	"of\n"
	"it gets a link that acknowledges it, and is published as a new\n"
	"version, so that those who withdrew it see that it has been read.\n"
	"To stop using it, say so in the adoption: weald edit.\n";

int command_ack(struct cli *c, int argc, char **argv)
{
	struct acknowledging a = { .p = { .c = c, .note = "" } };
	const struct cli_option options[] = {
		{ "message", 'm', CLI_OPTION_TEXT, &a.p.note, "TEXT",
		  "what you do about it; stays in the history" },
		PUBLISH_CONFIRM_OPTIONS(&a.p),
		OWN_FIRST_OPTION(&a.p.first),
	};
	const struct cli_usage usage = {
		.synopsis = "ack [-m TEXT] REF",
		.text = ack_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted =
			"name the withdrawal, or the record that was withdrawn",
		.args_max = 1,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = acknowledge(&a, argv[first]);
	alerts_release(&a.alerts);
	publish_release(&a.p);
	free(a.ref);
	return r;
}
