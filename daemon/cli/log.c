/*
 * weald log: the updates of a feed, the newest first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/table.h"
#include "daemon/cli/view.h"
#include "proto/sshkey.h"

static const struct table_column log_columns[] = {
	{ "seq", true },     { "time (UTC)", false }, { "action", false },
	{ "record", false }, { "summary", false },
};
#define LOG_COLUMNS_N (sizeof log_columns / sizeof log_columns[0])

struct logging {
	struct cli *c;
	const char *name; /* of the feed */
	bool own;
	bool verbose;
	bool reverse;
	uint64_t limit;
	struct buf record; /* only its updates; empty: all */
	struct feed *feed;
	struct view_guard guard;
	struct table table;
};

/* The summary, or why there is none; the caller frees it. */
static int escape_summary(const struct stored *s, const char *why, char **out)
{
	char text[JUDGE_WHY_BYTES + sizeof VIEW_WITHHELD];

	if (why[0] == '\0') {
		return out_escape(s->update.summary, out);
	}
	snprintf(text, sizeof text, "%s%s", VIEW_WITHHELD, why);
	return out_escape(span_of(text), out);
}

static int log_row(struct logging *l, const struct stored *s, const char *why)
{
	const struct update *u = &s->update;
	char seq[24];
	char time[OUT_TIME_BYTES];
	char ref[REF_TEXT_BYTES];
	char *action = NULL;
	char *summary = NULL;
	int r;

	snprintf(seq, sizeof seq, "%" PRIu64, u->seq);
	view_time(u->time, time);
	view_ref(l->name, l->own, u, ref);
	r = out_escape(u->action, &action);
	if (r == WEALD_OK) {
		r = escape_summary(s, why, &summary);
	}
	if (r == WEALD_OK) {
		const char *const cells[LOG_COLUMNS_N] = { seq, time, action,
							   ref, summary };
		r = table_row(l->c, &l->table, cells);
	}
	free(action);
	free(summary);
	return r;
}

static int log_texts(const struct update *u, const char *why)
{
	int r;

	if (why[0] != '\0') {
		printf("    %s", VIEW_WITHHELD);
		r = out_put(span_of(why));
		putchar('\n');
		return r;
	}
	r = out_lines(u->summary, "    ");
	if (r == WEALD_OK && u->note.len > 0) {
		putchar('\n');
		r = out_lines(u->note, "    ");
	}
	return r;
}

static int log_block(struct logging *l, const struct stored *s, const char *why)
{
	const struct update *u = &s->update;
	char time[OUT_TIME_BYTES];
	char key[SSHKEY_FINGERPRINT_BYTES];
	char commit[2 * OBJECT_ID_BYTES + 1];
	char ref[REF_TEXT_BYTES];
	int r;

	out_time(u->time, time);
	hex_encode(s->commit_id, sizeof s->commit_id, commit);
	view_ref(l->name, l->own, u, ref);
	r = sshkey_fingerprint(u->key, key);
	if (r != WEALD_OK) {
		return r;
	}
	printf("update %" PRIu64 "  %s UTC%s  ", u->seq, time,
	       out_time_is_ahead(u->time) ? " (ahead of this clock)" : "");
	r = out_put(u->action);
	printf("%s%s\ncommit %s\nkey    %s\n\n", ref[0] == '\0' ? "" : "  ",
	       ref, commit, key);
	if (r == WEALD_OK) {
		r = log_texts(u, why);
	}
	putchar('\n');
	return r != WEALD_OK ? r : out_flush(l->c);
}

static int log_update(struct logging *l, const struct stored *s)
{
	char why[JUDGE_WHY_BYTES];
	struct json_line j;
	int r = view_guard_check(l->c, &l->guard, s, why);

	if (r != WEALD_OK) {
		return r;
	}
	if (l->c->json) {
		json_line_init(&j);
		view_update_json(&j, l->name, s, why);
		r = json_line_print(&j);
		return r != WEALD_OK ? r : out_flush(l->c);
	}
	return l->verbose ? log_block(l, s, why) : log_row(l, s, why);
}

/*
 * Look at update @seq. It is shown, or, where @out_wanted is not NULL, only
 * looked at.
 */
static int look(struct logging *l, uint64_t seq, bool show, bool *out_wanted)
{
	struct stored s;
	bool wanted = false;
	int r;

	r = feed_read(l->feed, seq, &s, &l->c->msg);
	if (r != WEALD_OK) {
		return cli_fail(l->c, CLI_ABOUT_FEED, r);
	}
	wanted = l->record.len == 0 ||
		 span_equal(s.update.record, buf_span(&l->record));
	if (wanted && show) {
		r = log_update(l, &s);
	}
	stored_release(&s);
	*out_wanted = wanted;
	return r;
}

/* The newest l->limit that are wanted, the newest first. */
static int log_newest_first(struct logging *l)
{
	uint64_t left = l->limit;
	uint64_t seq = feed_committed_seq(l->feed);
	bool wanted = false;
	int r = WEALD_OK;

	for (; r == WEALD_OK && seq > 0 && left > 0 && !l->c->closed; seq--) {
		r = look(l, seq, true, &wanted);
		left -= r == WEALD_OK && wanted;
	}
	return r;
}

/* The same ones, the oldest first. */
static int log_oldest_first(struct logging *l)
{
	uint64_t last = feed_committed_seq(l->feed);
	uint64_t first = last + 1;
	uint64_t left = l->limit;
	bool wanted = false;
	int r = WEALD_OK;

	if (l->record.len == 0) {
		first = last > left ? last - left + 1 : 1;
	} else if (left < last) { /* go back to where the limit is */
		while (r == WEALD_OK && first > 1 && left > 0) {
			r = look(l, --first, false, &wanted);
			left -= r == WEALD_OK && wanted;
		}
	} else {
		first = 1;
	}
	for (; r == WEALD_OK && first <= last && !l->c->closed; first++) {
		r = look(l, first, true, &wanted);
	}
	return r;
}

static int print_log(struct logging *l)
{
	struct pager pager;
	int r;

	table_init(&l->table, log_columns, LOG_COLUMNS_N, out_screen());
	pager_start(&pager);
	r = l->reverse ? log_oldest_first(l) : log_newest_first(l);
	if (r == WEALD_OK) {
		r = table_end(l->c, &l->table);
	}
	table_release(&l->table);
	pager_end(&pager);
	return r;
}

static int find_record(struct logging *l, const char *text)
{
	struct cli *c = l->c;
	struct reference ref;
	int r;

	r = reference_parse(span_of(text), span_of(l->name), &ref, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (ref.version != 0 || !span_equal(ref.region, span_of(l->name))) {
		return cli_usage_error(c,
				       "--record wants KIND/SLUG of this feed, "
				       "without a version");
	}
	return view_find_record(c, l->feed, l->name, ref.kind, ref.slug,
				&l->record);
}

static int log_feed(struct logging *l, const char *record)
{
	struct home *home = NULL;
	int r;

	r = cli_open_home(l->c, &home);
	if (r == WEALD_OK) {
		r = view_open(l->c, home, &l->name, &l->own, &l->feed);
	}
	if (r == WEALD_OK && record != NULL) {
		r = find_record(l, record);
	}
	if (r == WEALD_OK) {
		view_guard_open(home, l->name, l->feed, &l->guard);
		r = print_log(l);
	}
	view_guard_close(&l->guard);
	feed_close(l->feed);
	home_close(home);
	return r;
}

static const char log_text[] =
	"List the updates of FEED (else of the own feed), the newest first.\n"
	"A \"!\" behind a time says that it lies more than a day ahead of\n"
	"the clock of this machine. Of what the privacy guard withholds no\n"
	"text is shown.\n";

int command_log(struct cli *c, int argc, char **argv)
{
	struct logging l = { .c = c, .limit = UINT64_MAX };
	const char *record = NULL;
	const struct cli_option options[] = {
		{ "limit", 'n', CLI_OPTION_NUMBER, &l.limit, "N",
		  "the newest N only" },
		{ "reverse", 0, CLI_OPTION_FLAG, &l.reverse, NULL,
		  "the oldest first" },
		{ "record", 0, CLI_OPTION_TEXT, &record, "KIND/SLUG",
		  "updates of one record only" },
		{ "verbose", 'v', CLI_OPTION_FLAG, &l.verbose, NULL,
		  "note, commit id and key too" },
	};
	const struct cli_usage usage = {
		.synopsis = "log [-v] [-n N] [--reverse] "
			    "[--record KIND/SLUG] [FEED]",
		.text = log_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = 1,
	};
	int first;
	int r;

	buf_init(&l.record, RECORD_BYTES_MAX);
	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (first < argc) {
		l.name = argv[first];
	}
	r = log_feed(&l, record);
	buf_release(&l.record);
	return r;
}
