/*
 * weald withdraw: an own record stays where it is, and says first of all that
 * it is withdrawn, and why.
 */
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "daemon/cli/reach.h"
#include "proto/text.h"

struct withdrawing {
	struct cli *c;
	const char *reason;
	struct reference ref;
	struct own own;
	struct author_result result;
};

/* Which record of our own is meant? */
static int check_reference(struct withdrawing *w, const char *text)
{
	struct cli *c = w->c;
	const char *slug = home_slug(w->own.home);
	struct reference *ref = &w->ref;
	int r;

	r = reference_parse(span_of(text), span_of(slug), ref, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (ref->version != 0) {
		return cli_usage_error(
			c, "a record is withdrawn whole, not a version of it");
	}
	if (!span_equal(ref->region, span_of(slug))) {
		msg_set(&c->msg,
			"%.*s is another region: only %s's own records can be "
			"withdrawn here",
			(int)ref->region.len, (const char *)ref->region.data,
			slug);
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_FEED_OTHER);
	}
	return WEALD_OK;
}

static int sign_here(struct withdrawing *w)
{
	struct author *a = &w->own.author;
	struct cli *c = w->c;
	int r;

	r = author_withdraw(a, w->ref.kind, w->ref.slug, span_of(w->reason),
			    &w->result, &c->msg);
	if (r == WEALD_OK) {
		r = author_commit(a, &c->msg);
	}
	return own_fail(c, r);
}

static int sign_there(struct withdrawing *w)
{
	struct client *d = w->own.daemon;
	struct mp_writer *params = client_begin(d, "withdraw", 3);
	json_t *answer = NULL;
	int r;

	mp_put_str(params, w->ref.kind);
	mp_put_str(params, w->ref.slug);
	mp_put_str(params, span_of(w->reason));
	r = reach_call(w->c, d, CLIENT_WAIT_MS, &answer);
	if (r == WEALD_OK) {
		r = own_result(w->c, answer, &w->result);
	}
	json_decref(answer);
	return r;
}

static int sign(struct withdrawing *w)
{
	int r = w->own.daemon == NULL ? sign_here(w) : sign_there(w);

	if (r == WEALD_RECORD) {
		w->c->advice = "weald log lists the updates and their records";
		r = cli_fail(w->c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	return r;
}

static int print_result(struct withdrawing *w)
{
	const struct author_result *result = &w->result;
	char ref[REF_TEXT_BYTES];
	struct json_line j;

	ref_text(home_slug(w->own.home), span_of(result->record),
		 result->version, ref);
	if (w->c->json) {
		json_line_init(&j);
		json_line_text(&j, "ref", ref);
		json_line_text(&j, "state",
			       result->seq == 0 ? "unchanged" : "withdrawn");
		json_line_text(&j, "record", result->record);
		json_line_uint(&j, "version", result->version);
		if (result->seq != 0) {
			json_line_uint(&j, "seq", result->seq);
			json_line_hex(&j, "commit", result->commit,
				      sizeof result->commit);
		}
		return json_line_print(&j);
	}
	if (result->seq == 0) {
		fprintf(stderr, "unchanged %s\n", ref);
	} else {
		puts(ref);
	}
	return WEALD_OK;
}

static int withdraw(struct withdrawing *w, const char *text, bool first)
{
	int r;

	r = text_check_line(span_of(w->reason), 1, NOTE_BYTES_MAX, "--reason",
			    WEALD_NOTE, &w->c->msg);
	if (r != WEALD_OK) {
		return cli_fail(w->c, CLI_ABOUT_INPUT, r);
	}
	r = own_open(w->c, first ? OWN_FIRST : 0, &w->own);
	if (r == WEALD_OK) {
		r = check_reference(w, text);
	}
	if (r == WEALD_OK) {
		r = sign(w);
	}
	if (r == WEALD_OK) {
		r = print_result(w);
	}
	if (r == WEALD_OK) {
		own_tidy(w->c, &w->own);
	}
	own_close(&w->own);
	return r;
}

static const char withdraw_text[] =
	"Withdraw a record of this region. It stays readable: the next\n"
	"version says first that it is withdrawn, and why. Printed is\n"
	"region/kind/slug@VERSION. To bring it back: weald publish\n"
	"--bring-back. The reason may name nobody: it is out for good.\n";

int command_withdraw(struct cli *c, int argc, char **argv)
{
	const char *reason = NULL;
	bool first_start = false;
	const struct cli_option options[] = {
		{ "reason", 0, CLI_OPTION_TEXT, &reason, "TEXT",
		  "why, in one line; all regions will read it" },
		OWN_FIRST_OPTION(&first_start),
	};
	const struct cli_usage usage = {
		.synopsis = "withdraw --reason TEXT REF",
		.text = withdraw_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a record of this region",
		.args_max = 1,
	};
	struct withdrawing w = { .c = c };
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (reason == NULL) {
		return cli_usage_error(c, "--reason TEXT is missing");
	}
	w.reason = reason;
	return withdraw(&w, argv[first], first_start);
}
