/*
 * weald withdraw: an own record stays where it is, and says first of all that
 * it is withdrawn, and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/files.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "daemon/cli/view.h"
#include "proto/text.h"
#include "store/record/front.h"
#include "store/record/withdraw.h"

struct withdrawing {
	struct cli *c;
	const char *reason;
	struct own own;
	struct buf record;
	uint64_t last;      /* its version before */
	struct files files; /* as they are, record.md marked */
	struct front front;
	struct stored before;
};

/* Mark record.md; what it says of itself names the summary. */
static int mark(struct withdrawing *w)
{
	struct cli *c = w->c;
	struct file *file = files_find(&w->files, FILES_RECORD);
	struct buf marked;
	int r;

	if (file == NULL) { /* no weald publishes that */
		msg_set(&c->msg, "the record has no " FILES_RECORD);
		return cli_fail(c, CLI_ABOUT_FEED, WEALD_INVALID);
	}
	buf_init(&marked, CONTENT_BYTES_MAX);
	r = withdraw_mark(buf_span(&file->content), span_of(w->reason), &marked,
			  &c->msg);
	if (r != WEALD_OK) {
		buf_release(&marked);
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (front_parse(buf_span(&file->content), FILES_RECORD, &w->front,
			NULL) != WEALD_OK) {
		w->front.kind[0] = '\0'; /* an older weald let it in */
	}
	buf_release(&file->content);
	file->content = marked; /* transferred */
	return WEALD_OK;
}

static int find(struct withdrawing *w, const char *text)
{
	struct cli *c = w->c;
	const char *slug = home_slug(w->own.home);
	struct reference ref;
	uint64_t seq;
	int r;

	r = reference_parse(span_of(text), span_of(slug), &ref, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (ref.version != 0) {
		return cli_usage_error(
			c, "a record is withdrawn whole, not a version of it");
	}
	if (!span_equal(ref.region, span_of(slug))) {
		msg_set(&c->msg,
			"%.*s is another region: only %s's own records can be "
			"withdrawn here",
			(int)ref.region.len, (const char *)ref.region.data,
			slug);
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_FEED_OTHER);
	}
	r = view_find_record(c, w->own.feed, slug, ref.kind, ref.slug,
			     &w->record);
	if (r != WEALD_OK) {
		return r;
	}
	r = feed_find_version(w->own.feed, buf_span(&w->record), 0, &seq,
			      &c->msg);
	if (r == WEALD_OK) {
		r = feed_read(w->own.feed, seq, &w->before, &c->msg);
	}
	if (r == WEALD_OK) {
		w->last = w->before.update.version;
		return files_load(c, w->own.feed, seq, buf_span(&w->record),
				  &w->files);
	}
	return cli_fail(c, CLI_ABOUT_FEED, r);
}

static int sign(struct withdrawing *w, bool *out_unchanged)
{
	struct cli *c = w->c;
	const struct update *u = &w->before.update;
	char summary[SUMMARY_BYTES_MAX + 1];
	char ref[REF_TEXT_BYTES];
	struct draft_file *files;
	struct draft d;
	size_t i;
	int r;

	r = own_draft(c, &w->own, ACTION_WITHDRAW, &d);
	if (r != WEALD_OK) {
		return r;
	}
	if (w->front.kind[0] != '\0') {
		own_summary("Withdraw", w->front.kind, w->front.title, summary);
	} else {
		ref_text(home_slug(w->own.home), u->record, u->version, ref);
		snprintf(summary, sizeof summary, "Withdraw %.180s", ref);
	}
	d.record = buf_span(&w->record);
	d.summary = span_of(summary);
	d.note = span_of(w->reason);
	d.topics_n = u->topics_n;
	for (i = 0; i < u->topics_n; i++) {
		d.topics[i] = u->topics[i];
	}
	r = files_draft(&w->files, &files);
	if (r != WEALD_OK) {
		return r;
	}
	d.files = files;
	d.files_n = w->files.n;
	r = feed_sign(w->own.feed, &d, w->own.signer, &c->msg);
	free(files);
	*out_unchanged = r == WEALD_UNCHANGED;
	if (r == WEALD_UNCHANGED) {
		return WEALD_OK;
	}
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_FEED, r);
	}
	return own_commit(c, &w->own);
}

static int print_result(struct withdrawing *w, bool unchanged)
{
	const struct identity *id = feed_identity(w->own.feed);
	uint64_t version = unchanged ? w->last : w->last + 1;
	char ref[REF_TEXT_BYTES];
	struct json_line j;

	ref_text(home_slug(w->own.home), buf_span(&w->record), version, ref);
	if (w->c->json) {
		json_line_init(&j);
		json_line_text(&j, "ref", ref);
		json_line_text(&j, "state",
			       unchanged ? "unchanged" : "withdrawn");
		json_line_span(&j, "record", buf_span(&w->record));
		json_line_uint(&j, "version", version);
		if (!unchanged) {
			json_line_uint(&j, "seq", id->seq);
			json_line_hex(&j, "commit", id->commit,
				      sizeof id->commit);
		}
		return json_line_print(&j);
	}
	if (unchanged) {
		fprintf(stderr, "unchanged %s\n", ref);
	} else {
		puts(ref);
	}
	return WEALD_OK;
}

static int withdraw(struct withdrawing *w, const char *text)
{
	bool unchanged = false;
	int r;

	r = text_check_line(span_of(w->reason), 1, NOTE_BYTES_MAX, "--reason",
			    WEALD_NOTE, &w->c->msg);
	if (r != WEALD_OK) {
		return cli_fail(w->c, CLI_ABOUT_INPUT, r);
	}
	r = own_open(w->c, &w->own);
	if (r == WEALD_OK) {
		r = find(w, text);
	}
	if (r == WEALD_OK) {
		r = mark(w);
	}
	if (r == WEALD_OK) {
		r = sign(w, &unchanged);
	}
	if (r == WEALD_OK) {
		r = print_result(w, unchanged);
	}
	if (r == WEALD_OK) {
		own_tidy(w->c, &w->own);
	}
	return r;
}

static void release(struct withdrawing *w)
{
	files_release(&w->files);
	stored_release(&w->before);
	buf_release(&w->record);
	own_close(&w->own);
}

static const char withdraw_text[] =
	"Withdraw a record of this region. It stays readable: the next\n"
	"version says first that it is withdrawn, and why. Printed is\n"
	"region/kind/slug@VERSION. To bring it back, publish it again.\n";

int command_withdraw(struct cli *c, int argc, char **argv)
{
	const char *reason = NULL;
	const struct cli_option options[] = {
		{ "reason", 0, CLI_OPTION_TEXT, &reason, "TEXT",
		  "why, in one line; all regions will read it" },
	};
	const struct cli_usage usage = {
		.synopsis = "withdraw --reason TEXT REF",
		.text = withdraw_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
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
	buf_init(&w.record, RECORD_BYTES_MAX);
	r = withdraw(&w, argv[first]);
	release(&w);
	return r;
}
