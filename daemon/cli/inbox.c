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

/* Of each heading. */
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
	size_t left_out; /* that are not printed */
	bool complete;   /* the index */
};

static const struct {
	const char *reason;
	const char *heading;
} reasons[] = {
	{ "withdrawn", "Withdrawn, and used here" },
	{ "fix", "Fixes for your problems and priorities" },
	{ "evidence", "Evidence and lessons on what you use or made" },
	{ "topic", "On your topics" },
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

static bool is_same_heading(const struct inbox *x, size_t a, size_t b)
{
	return strcmp(x->list[a].reason, x->list[b].reason) == 0;
}

/*
 * From @first on, the rows under one heading: *@out_end is behind the last,
 * *@out_shown behind the last that is printed.
 */
static void find_heading(const struct receiving *in, size_t first,
			 size_t *out_shown, size_t *out_end)
{
	const struct inbox *x = &in->inbox;
	size_t end = first;

	while (end < x->n && is_same_heading(x, first, end)) {
		end++;
	}
	*out_end = end;
	*out_shown = end - first > in->limit ? first + (size_t)in->limit : end;
}

/* How many of all are not printed. */
static size_t count_left_out(const struct receiving *in)
{
	size_t left = in->inbox.total - in->inbox.n;
	size_t shown;
	size_t end;
	size_t i;

	for (i = 0; i < in->inbox.n; i = end) {
		find_heading(in, i, &shown, &end);
		left += end - shown;
	}
	return left;
}

/* ---- for scripts ---------------------------------------------------------
 */

static int print_item(struct receiving *in, const struct inbox_row *row)
{
	json_t *o = hits_json(&row->hit);

	if (o != NULL &&
	    (json_object_set_new(o, "reason", json_string(row->reason)) != 0 ||
	     json_object_set_new(o, "about", json_span(span_of(row->about))) !=
		     0 ||
	     json_object_set_new(o, "new", json_boolean(row->is_new)) != 0)) {
		json_decref(o);
		o = NULL;
	}
	return hits_print_json(in->c, "item", o);
}

static int print_json(struct receiving *in)
{
	const struct inbox *x = &in->inbox;
	size_t shown = 0;
	size_t end = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < x->alerts.n; i++) {
		r = hits_print_json(in->c, "alert",
				    hits_alert_json(&x->alerts.list[i]));
	}
	for (i = 0; r == WEALD_OK && i < x->n; i++) {
		if (i == end) {
			find_heading(in, i, &shown, &end);
		}
		r = i < shown ? print_item(in, &x->list[i]) : r;
	}
	if (r != WEALD_OK) {
		return r;
	}
	return hits_print_json(in->c, "end",
			       json_pack("{s:b, s:I, s:I}", "complete",
					 in->complete, "shown",
					 (json_int_t)(x->total - in->left_out),
					 "total", (json_int_t)x->total));
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

/* The rows under one heading, from @first on; *@out_end is the next one. */
static int print_heading(struct receiving *in, size_t first, size_t width,
			 size_t *out_end)
{
	const struct inbox_row *list = in->inbox.list;
	size_t shown;
	size_t i;
	int r = WEALD_OK;

	find_heading(in, first, &shown, out_end);
	printf("%s%s\n\n", first == 0 ? "" : "\n",
	       heading_of(list[first].reason));
	for (i = first; r == WEALD_OK && i < shown; i++) {
		r = print_row(&list[i], width);
	}
	if (shown < *out_end) {
		printf("  ... and %zu more of these\n", *out_end - shown);
	}
	return r;
}

static int print_text(struct receiving *in, size_t width)
{
	const struct inbox *x = &in->inbox;
	size_t i;
	int r = hits_print_alerts(width, &x->alerts, SIZE_MAX);

	for (i = 0; r == WEALD_OK && i < x->n;) {
		r = print_heading(in, i, width, &i);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (x->n == 0) {
		puts(in->all ? "nothing that matters here has arrived yet"
			     : "nothing new; --all shows what was read too");
	} else if (in->left_out > 0) {
		printf("\n%zu of %zu; --limit N shows so many under each "
		       "heading\n",
		       x->total - in->left_out, x->total);
	}
	if (x->n > 0 && !in->mark_read && !in->all) {
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
		.limit = QUERY_ROWS_MAX, /* to count them too */
	};
	size_t i;
	int r;

	if (marks == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n; i++) {
		marks[i].region = in->marks.list[i].region;
		marks[i].seq = in->marks.list[i].seq;
	}
	r = query_inbox(in->index, &asked, &in->inbox, &in->c->msg);
	free(marks);
	in->limit = in->limit == 0 ? LIMIT_DEFAULT : in->limit;
	in->left_out = r == WEALD_OK ? count_left_out(in) : 0;
	return r == WEALD_OK ? r : lookup_fail(in->c, r);
}

static int mark(struct receiving *in)
{
	if (in->c->closed) {
		fputs("weald inbox: not all of it was read, so nothing is "
		      "marked as read\n",
		      stderr);
		return WEALD_OK;
	}
	if (in->left_out > 0) {
		fprintf(stderr,
			"weald inbox: %zu that were not shown are marked as "
			"read too; weald inbox --all lists them\n",
			in->left_out);
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
		in->complete = lookup_is_complete(in->c, in->home, in->index);
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
	"priorities; evidence and lessons on what it uses or made; then its\n"
	"topics: those that it follows, and those of its own problems and\n"
	"priorities.\n";

int command_inbox(struct cli *c, int argc, char **argv)
{
	struct receiving in = { .c = c };
	const struct cli_option options[] = {
		{ "mark-read", 0, CLI_OPTION_FLAG, &in.mark_read, NULL,
		  "then take all of it for read, shown or not" },
		{ "all", 0, CLI_OPTION_FLAG, &in.all, NULL,
		  "what was read already too" },
		{ "limit", 'n', CLI_OPTION_NUMBER, &in.limit, "N",
		  "so many at most under each heading; 50 where it is\n"
		  "not given" },
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
