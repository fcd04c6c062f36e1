#include "daemon/cli/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"

#define CELL_BYTES 32u

static void number_cell(const struct count_row *row, enum counts_cell cell,
			char out[CELL_BYTES])
{
	const size_t numbers[] = {
		[COUNTS_RECORDS] = row->records,
		[COUNTS_PROBLEMS] = row->problems,
		[COUNTS_INTERVENTIONS] = row->interventions,
		[COUNTS_EVIDENCE] = row->evidence,
		[COUNTS_ADOPTIONS] = row->adoptions,
		[COUNTS_WITHHELD] = row->withheld,
		[COUNTS_OVERRIDES] = row->overrides,
	};

	if (cell == COUNTS_LATEST) {
		snprintf(out, CELL_BYTES, "-");
		if (row->latest != 0) { /* the day will do */
			out_time(row->latest, out);
			out[strcspn(out, " ")] = '\0';
		}
		return;
	}
	snprintf(out, CELL_BYTES, "%zu", numbers[cell]);
}

static int print_row(struct cli *c, const struct counts *what, struct table *t,
		     const struct count_row *row)
{
	char numbers[TABLE_COLUMNS_MAX][CELL_BYTES];
	const char *cells[TABLE_COLUMNS_MAX];
	char *code = NULL;
	char *label = NULL;
	size_t i;
	int r = out_escape(span_of(row->code), &code);

	if (r == WEALD_OK) {
		r = out_escape(span_of(row->label), &label);
	}
	for (i = 0; i < what->columns_n; i++) {
		if (what->cells[i] == COUNTS_CODE) {
			cells[i] = code;
		} else if (what->cells[i] == COUNTS_LABEL) {
			cells[i] = label;
		} else {
			number_cell(row, what->cells[i], numbers[i]);
			cells[i] = numbers[i];
		}
	}
	if (r == WEALD_OK) {
		r = table_row(c, t, cells);
	}
	free(code);
	free(label);
	return r;
}

static int print_json(const struct counts *what, const struct count_row *row)
{
	struct json_line j;

	json_line_init(&j);
	json_line_span(&j, what->regions ? "region" : "topic",
		       span_of(row->code));
	json_line_span(&j, "label", span_of(row->label));
	json_line_uint(&j, "records", row->records);
	json_line_uint(&j, "problems", row->problems);
	json_line_uint(&j, "interventions", row->interventions);
	json_line_uint(&j, "evidence", row->evidence);
	json_line_uint(&j, "adoptions", row->adoptions);
	if (row->latest == 0) {
		json_line_add(&j, "latest", json_null());
	} else {
		json_line_time(&j, "latest", row->latest);
	}
	if (what->regions) {
		json_line_uint(&j, "withheld", row->withheld);
		json_line_uint(&j, "overrides", row->overrides);
		json_line_bool(&j, "own", row->own);
	}
	return json_line_print(&j);
}

static int print_rows(struct cli *c, const struct counts *what,
		      const struct count_rows *rows, size_t screen)
{
	struct table table;
	size_t i;
	int r = WEALD_OK;

	table_init(&table, what->columns, what->columns_n, screen);
	for (i = 0; r == WEALD_OK && i < rows->n; i++) {
		r = c->json ? print_json(what, &rows->list[i])
			    : print_row(c, what, &table, &rows->list[i]);
	}
	if (r == WEALD_OK) {
		r = table_end(c, &table);
	}
	table_release(&table);
	return r;
}

int counts_command(struct cli *c, const struct counts *what, int argc,
		   char **argv)
{
	struct home *home = NULL;
	struct index *x = NULL;
	struct count_rows rows = { 0 };
	struct pager pager;
	size_t screen;
	int first;
	int r = cli_parse(c, what->usage, argc, argv, &first);

	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = lookup_open(c, home, &x);
	}
	if (r == WEALD_OK) {
		r = what->query(x, &rows, &c->msg);
		r = r == WEALD_OK ? r : lookup_fail(c, r);
	}
	if (r == WEALD_OK) {
		screen = out_screen();
		pager_start(&pager);
		r = print_rows(c, what, &rows, screen);
		pager_end(&pager);
	}
	count_rows_release(&rows);
	index_close(x);
	home_close(home);
	return r;
}
