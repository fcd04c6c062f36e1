/*
 * weald inbox: what arrived since it was last read, and matters here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "store/inbox.h"
#include "store/index/query.h"
#include "store/members.h"

#define LIMIT_DEFAULT 50u

struct receiving {
	struct cli *c;
	bool mark_read;
	bool all;
	uint64_t limit;
	struct home *home;
	struct index *index;
	struct read_marks marks; /* as they were */
	struct read_marks now;   /* where the index is */
	struct members members;
	const char **topics; /* borrowed from members */
	size_t topics_n;
	struct inbox inbox;
};

static const struct {
	const char *reason;
	const char *heading;
} reasons[] = {
	{ "withdrawn", "Withdrawn, and used here" },
	{ "fix", "Fixes for your problems and priorities" },
	{ "evidence", "Evidence and lessons on what you use or made" },
	{ "topic", "On the topics that you follow" },
};

static const char *heading_of(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (strcmp(reasons[i].reason, reason) == 0) {
			return reasons[i].heading;
		}
	}
	return "Other";
}

/* ---- for scripts ---------------------------------------------------------
 */

static int print_json(struct receiving *in)
{
	const struct inbox *x = &in->inbox;
	json_t *o;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < x->alerts.n; i++) {
		r = hits_print_json(in->c, "alert",
				    hits_alert_json(&x->alerts.list[i]));
	}
	for (i = 0; r == WEALD_OK && i < x->n; i++) {
		o = hits_json(&x->list[i].hit);
		if (o != NULL &&
		    (json_object_set_new(o, "reason",
					 json_string(x->list[i].reason)) != 0 ||
		     json_object_set_new(o, "about",
					 json_span(span_of(
						 x->list[i].about))) != 0 ||
		     json_object_set_new(o, "new",
					 json_boolean(x->list[i].is_new)) !=
			     0)) {
			json_decref(o);
			o = NULL;
		}
		r = hits_print_json(in->c, "item", o);
	}
	if (r != WEALD_OK) {
		return r;
	}
	return hits_print_json(in->c, "end",
			       json_pack("{s:I, s:I}", "shown",
					 (json_int_t)x->n, "total",
					 (json_int_t)x->total));
}

/* ---- for people ----------------------------------------------------------
 */

static int print_row(const struct inbox_row *row, size_t width)
{
	char *about = NULL;
	int r = hits_print(width, 2, &row->hit);

	if (r == WEALD_OK && (!row->is_new || row->about[0] != '\0')) {
		r = out_escape(span_of(row->about), &about);
		if (r == WEALD_OK) {
			r = prose_say(width, "    ", 6, "%s%s%s%s",
				      row->is_new ? "" : "a new version",
				      row->is_new || about[0] == '\0' ? ""
								      : "; ",
				      about[0] == '\0' ? "" : "for your ",
				      about);
		}
		free(about);
	}
	return r;
}

static int print_text(struct receiving *in, size_t width)
{
	const struct inbox *x = &in->inbox;
	const char *reason = "";
	size_t i;
	int r = hits_print_alerts(width, &x->alerts, SIZE_MAX);

	for (i = 0; r == WEALD_OK && i < x->n; i++) {
		if (strcmp(x->list[i].reason, reason) != 0) {
			reason = x->list[i].reason;
			printf("%s%s\n\n", i == 0 ? "" : "\n",
			       heading_of(reason));
		}
		r = print_row(&x->list[i], width);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (x->n == 0) {
		puts(in->all ? "nothing that matters here has arrived yet"
			     : "nothing new; --all shows what was read too");
	} else if (x->total > x->n) {
		printf("\n%zu of %zu; --limit N shows more\n", x->n, x->total);
	} else if (!in->mark_read && !in->all) {
		puts("\nweald inbox --mark-read when you have read it");
	}
	return out_flush(in->c);
}

static int print_paged(struct receiving *in)
{
	size_t width = prose_width();
	struct pager pager;
	int r;

	pager_start(&pager);
	r = print_text(in, width);
	pager_end(&pager);
	return r;
}

/* ---- asking --------------------------------------------------------------
 */

/* Marks that cannot be read cost no more than that all is shown again. */
static int load_marks(struct receiving *in)
{
	struct cli *c = in->c;
	int r = read_marks_load(in->home, &in->marks, &c->msg);

	if (r == WEALD_CORRUPT) {
		fprintf(stderr,
			"weald inbox: the file %s is damaged (%s), so all is "
			"taken for unread; --mark-read makes it anew\n",
			READ_MARKS_FILE, msg_text(&c->msg, r));
		msg_clear(&c->msg);
		return WEALD_OK;
	}
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

/* Where the index is, before it is asked: what comes after is unread. */
static int take_state(struct receiving *in)
{
	struct cli *c = in->c;
	struct count_rows rows = { 0 };
	uint64_t seq = 0;
	size_t i;
	int r = query_regions(in->index, &rows, &c->msg);

	for (i = 0; r == WEALD_OK && i < rows.n; i++) {
		r = index_seq(in->index, rows.list[i].code, &seq, &c->msg);
		if (r == WEALD_OK) {
			r = read_marks_set(&in->now, rows.list[i].code, seq);
		}
	}
	count_rows_release(&rows);
	return r == WEALD_OK ? r : lookup_fail(c, r);
}

/* The topics of all follows, once each or more: the index does not mind. */
static int take_topics(struct receiving *in)
{
	const struct member_follow *f;
	const char **grown;
	size_t i;
	size_t k;
	int r = members_load(in->home, &in->members, &in->c->msg);

	if (r != WEALD_OK) {
		return cli_fail(in->c, CLI_ABOUT_HOME, r);
	}
	for (i = 0; i < in->members.follows_n; i++) {
		f = &in->members.follows[i];
		if (f->topics_n == 0) {
			continue;
		}
		grown = realloc(in->topics,
				(in->topics_n + f->topics_n) * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		in->topics = grown;
		for (k = 0; k < f->topics_n; k++) {
			in->topics[in->topics_n++] = f->topics[k];
		}
	}
	return WEALD_OK;
}

static int ask(struct receiving *in)
{
	const size_t n = in->all ? 0 : in->marks.n;
	struct inbox_mark *marks = calloc(n + 1, sizeof *marks);
	struct inbox_ask asked = {
		.marks = marks,
		.marks_n = n,
		.topics = in->topics,
		.topics_n = in->topics_n,
		.limit = in->limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX
						    : (size_t)in->limit,
	};
	size_t i;
	int r;

	if (marks == NULL) {
		return WEALD_NOMEM;
	}
	if (asked.limit == 0) {
		asked.limit = in->mark_read ? QUERY_ROWS_MAX : LIMIT_DEFAULT;
	}
	for (i = 0; i < n; i++) {
		marks[i].region = in->marks.list[i].region;
		marks[i].seq = in->marks.list[i].seq;
	}
	r = query_inbox(in->index, &asked, &in->inbox, &in->c->msg);
	free(marks);
	return r == WEALD_OK ? r : lookup_fail(in->c, r);
}

static int mark(struct receiving *in)
{
	if (in->c->closed || in->inbox.total > in->inbox.n) {
		fputs("weald inbox: not all of it was shown, so nothing is "
		      "marked as read; try it without --limit\n",
		      stderr);
		return WEALD_OK;
	}
	return cli_fail(in->c, CLI_ABOUT_HOME,
			read_marks_save(in->home, &in->now, &in->c->msg));
}

static int receive(struct receiving *in)
{
	int r = cli_open_home(in->c, &in->home);

	if (r == WEALD_OK) {
		r = lookup_open(in->c, in->home, &in->index);
	}
	if (r == WEALD_OK) {
		r = load_marks(in);
	}
	if (r == WEALD_OK) {
		r = take_topics(in);
	}
	if (r == WEALD_OK) {
		r = take_state(in);
	}
	if (r == WEALD_OK) {
		r = ask(in);
	}
	if (r == WEALD_OK) {
		r = in->c->json ? print_json(in) : print_paged(in);
	}
	return r == WEALD_OK && in->mark_read ? mark(in) : r;
}

static const char inbox_text[] =
	"List what arrived from other regions since it was last marked as "
	"read,\n"
	"and matters here: withdrawals of what this region uses, first and "
	"until\n"
	"they are acknowledged (weald ack); fixes for its own problems and\n"
	"priorities; evidence and lessons on what it uses or made; then the\n"
	"topics that it follows.\n";

int command_inbox(struct cli *c, int argc, char **argv)
{
	struct receiving in = { .c = c };
	const struct cli_option options[] = {
		{ "mark-read", 0, CLI_OPTION_FLAG, &in.mark_read, NULL,
		  "then take all of it for read" },
		{ "all", 0, CLI_OPTION_FLAG, &in.all, NULL,
		  "what was read already too" },
		{ "limit", 'n', CLI_OPTION_NUMBER, &in.limit, "N",
		  "so many at most; 50 where it is not given, and\n"
		  "all with --mark-read" },
	};
	const struct cli_usage usage = {
		.synopsis = "inbox [--mark-read] [--all] [-n N]",
		.text = inbox_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = receive(&in);
	inbox_release(&in.inbox);
	free(in.topics);
	members_release(&in.members);
	read_marks_release(&in.marks);
	read_marks_release(&in.now);
	index_close(in.index);
	home_close(in.home);
	return r;
}
