/*
 * weald adoptions: who uses what, where, at which stage, and what came of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/table.h"
#include "store/index/query.h"

static const struct table_column columns[] = {
	{ "region", false }, { "stage", false },  { "sites", false },
	{ "since", false },  { "result", false },
};
#define COLUMNS_N (sizeof columns / sizeof columns[0])

struct adopting {
	struct cli *c;
	bool overdue;
	char *ref; /* of one intervention, or NULL */
	struct home *home;
	struct index *index;
	struct adoption_rows rows;
	bool complete; /* the index */
	size_t width;
	size_t screen;
	int64_t today;
};

static int print_json(struct adopting *a)
{
	const struct adoption_row *row;
	json_t *o;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->rows.n; i++) {
		row = &a->rows.list[i];
		o = hits_use_json(&row->use);
		if (o != NULL &&
		    (json_object_set_new(o, "intervention",
					 json_span(span_of(
						 row->intervention))) != 0 ||
		     json_object_set_new(o, "intervention_title",
					 json_span(span_of(
						 row->intervention_title))) !=
			     0 ||
		     json_object_set_new(o, "intervention_withdrawn",
					 json_boolean(row->withdrawn)) != 0 ||
		     json_object_set_new(o, "intervention_withdrawn_by",
					 json_span(span_of(
						 row->withdrawn_by))) != 0)) {
			json_decref(o);
			o = NULL;
		}
		r = hits_print_json(a->c, "adoption", o);
	}
	if (r != WEALD_OK) {
		return r;
	}
	return hits_print_json(a->c, "end",
			       json_pack("{s:b, s:I, s:I, s:I}", "complete",
					 a->complete, "shown",
					 (json_int_t)a->rows.n, "total",
					 (json_int_t)a->rows.total, "overdue",
					 (json_int_t)a->rows.overdue));
}

static int print_use(struct adopting *a, struct table *t, const struct use *u)
{
	char result[HITS_WORDS_BYTES];
	char marked[HITS_WORDS_BYTES + 40];
	const char *raw[COLUMNS_N];
	char *cells[COLUMNS_N] = { NULL };
	size_t i;
	int r = WEALD_OK;

	hits_result(u, a->today, result);
	snprintf(marked, sizeof marked, "%s%s%s", u->overdue ? "OVERDUE: " : "",
		 result, u->review_due ? "; review date has passed" : "");
	raw[0] = u->region;
	raw[1] = u->stage[0] == '\0' ? "-"
				     : hits_label("adoption_stage", u->stage);
	raw[2] = u->sites[0] == '\0' ? "-" : u->sites;
	raw[3] = u->started[0] == '\0' ? "-" : u->started;
	raw[4] = marked;
	for (i = 0; r == WEALD_OK && i < COLUMNS_N; i++) {
		r = out_escape(span_of(raw[i]), &cells[i]);
	}
	if (r == WEALD_OK) {
		r = table_row(a->c, t, (const char *const *)cells);
	}
	for (i = 0; i < COLUMNS_N; i++) {
		free(cells[i]);
	}
	return r;
}

/* Of what they use. */
static int print_heading(struct adopting *a, const struct adoption_row *row)
{
	const struct hit hit = { .withdrawn_by = row->withdrawn_by,
				 .level = row->level };
	int r = prose_put(a->width, row->withdrawn ? "WITHDRAWN  " : "", 2,
			  span_of(row->intervention_title));

	if (r == WEALD_OK) {
		r = prose_put(a->width, "", 2, span_of(row->intervention));
	}
	return r == WEALD_OK && !row->withdrawn
		       ? hits_print_standing(a->width, "", &hit)
		       : r;
}

/* The rows from @first on that are of one intervention; the next in @out. */
static int print_group(struct adopting *a, size_t first, size_t *out)
{
	const struct adoption_row *rows = a->rows.list;
	const char *ref = rows[first].intervention;
	bool headed = false;
	struct table table;
	size_t i;
	int r = WEALD_OK;

	table_init(&table, columns, COLUMNS_N, a->screen);
	for (i = first; i < a->rows.n && strcmp(rows[i].intervention, ref) == 0;
	     i++) {
		if (r == WEALD_OK && !headed) {
			r = print_heading(a, &rows[i]);
			headed = true;
		}
		r = r == WEALD_OK ? print_use(a, &table, &rows[i].use) : r;
	}
	if (r == WEALD_OK) {
		r = table_end(a->c, &table);
	}
	table_release(&table);
	if (headed) {
		putchar('\n');
	}
	*out = i;
	return r;
}

static int print_text(struct adopting *a)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->rows.n;) {
		r = print_group(a, i, &i);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (a->rows.n == 0) {
		puts(a->overdue ? "none is overdue"
				: "nobody has registered that they use it");
	} else if (a->rows.overdue > 0 && !a->overdue) {
		printf("%zu without a result after 12 months: weald adoptions "
		       "--overdue\n",
		       a->rows.overdue);
	}
	if (a->rows.total > a->rows.n) {
		printf("%zu of %zu; name one intervention to see all of it\n",
		       a->rows.n, a->rows.total);
	}
	return out_flush(a->c);
}

static int print_paged(struct adopting *a)
{
	struct pager pager;
	int r;

	a->width = prose_width();
	a->screen = out_screen();
	pager_start(&pager);
	r = print_text(a);
	pager_end(&pager);
	return r;
}

static int ask(struct adopting *a)
{
	struct cli *c = a->c;
	struct hit hit;
	int r = WEALD_OK;

	if (a->ref != NULL) {
		memset(&hit, 0, sizeof hit);
		r = query_record(a->index, a->ref, &hit, &c->msg);
		hit_release(&hit);
		if (r == WEALD_NOTFOUND) {
			msg_set(&c->msg, "there is no record %s here", a->ref);
			c->advice = "find its name with weald search WORDS "
				    "--kind intervention";
			return cli_fail(c, CLI_ABOUT_ASKED, r);
		}
	}
	if (r == WEALD_OK) {
		r = (a->overdue ? query_overdue
				: query_adoptions)(a->index, a->ref, a->today,
						   &a->rows, &c->msg);
	}
	return r == WEALD_OK ? r : lookup_fail(c, r);
}

static const char adoptions_text[] =
	"List who uses what: each intervention (or the one that is named), "
	"and\n"
	"under it each region with its stage, its sites, since when, and what\n"
	"came of it. One that is older than 12 months without a result says "
	"so.\n";

int command_adoptions(struct cli *c, int argc, char **argv)
{
	struct adopting a = { .c = c, .today = lookup_today() };
	const struct cli_option options[] = {
		{ "overdue", 0, CLI_OPTION_FLAG, &a.overdue, NULL,
		  "only those without a result after 12 months" },
	};
	const struct cli_usage usage = {
		.synopsis = "adoptions [--overdue] [REF]",
		.text = adoptions_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = 1,
	};
	uint64_t version;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &a.home);
	if (r == WEALD_OK && first < argc) {
		r = lookup_ref(c, a.home, argv[first], &a.ref, &version);
	}
	if (r == WEALD_OK) {
		r = lookup_open(c, a.home, &a.index);
	}
	if (r == WEALD_OK) {
		a.complete = lookup_is_complete(c, a.home, a.index);
		r = ask(&a);
	}
	if (r == WEALD_OK) {
		r = c->json ? print_json(&a) : print_paged(&a);
	}
	adoption_rows_release(&a.rows);
	index_close(a.index);
	home_close(a.home);
	free(a.ref);
	return r;
}
