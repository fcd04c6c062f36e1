#include "store/evidence/sheet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/evidence/sheet_private.h"

/* So many dates in the first row are months in columns. */
#define MONTHS_BESIDE 3u

static void fault(struct sheet_reading *rd, size_t line, const char *field,
		  const char *text)
{
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, line, field, "%s",
		    text);
}

/* ---- the first row -------------------------------------------------------
 */

static void keep_headings(struct sheet *s, const struct sheet_cells *head)
{
	size_t i;

	s->columns_n = head->n;
	for (i = 0; s->has_heading && i < SHEET_ROLES_N; i++) {
		if (s->columns[i] < head->n) {
			text_escape(
				(const char *)head->cell[s->columns[i]].data,
				head->cell[s->columns[i]].len, s->headings[i],
				sizeof s->headings[i]);
		}
	}
}

/* Dates in a row: with one it is no heading but figures already. */
static size_t count_dates(const struct sheet_cells *row)
{
	struct sheet_cell_date d;
	size_t n = 0;
	size_t i;

	for (i = 0; i < row->n; i++) {
		sheet_date_read(row->cell[i], &d);
		n += d.kind == SHEET_DATE_KNOWN || d.kind == SHEET_DATE_ORDER ||
		     d.kind == SHEET_DATE_SHORT || d.kind == SHEET_DATE_SERIAL;
	}
	return n;
}

/* What keeps the first row from being headings or figures; NULL: nothing. */
static const char *first_advice(const struct sheet_cells *row)
{
	size_t filled = 0;
	size_t i;

	for (i = 0; i < row->n; i++) {
		filled += row->cell[i].len > 0;
	}
	if (row->too_many) {
		return "more than 64 columns; save only those that are needed";
	}
	if (row->open) {
		return "a quote (\") that does not end; take it out, or save "
		       "the file anew from the spreadsheet";
	}
	if (filled == 1) {
		return "one cell only, such as a title; the headings must "
		       "come first: take out what stands above them";
	}
	if (count_dates(row) >= MONTHS_BESIDE) {
		return "months stand side by side; there must be one row a "
		       "month: copy the table and paste it transposed";
	}
	return NULL;
}

/* ---- rows ----------------------------------------------------------------
 */

static int add_raw(struct sheet_reading *rd, const struct sheet_cells *row)
{
	struct sheet_raw *grown;
	struct sheet_raw *raw;
	size_t i;

	if (rd->n == SERIES_ROWS_MAX) {
		rd->cut++;
		return WEALD_OK;
	}
	if (rd->n == rd->cap) {
		rd->cap = rd->cap == 0 ? 64 : 2 * rd->cap;
		grown = realloc(rd->raws, rd->cap * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		rd->raws = grown;
	}
	raw = &rd->raws[rd->n++];
	*raw = (struct sheet_raw){ .line = row->line };
	for (i = 0; i < SHEET_ROLES_N; i++) {
		if (rd->out->columns[i] < row->n) {
			raw->cell[i] = row->cell[rd->out->columns[i]];
		}
	}
	sheet_date_read(raw->cell[SHEET_MONTH], &raw->date);
	return WEALD_OK;
}

/* Cells beyond the last heading: most likely a comma within a number. */
static bool has_surplus(const struct sheet_reading *rd,
			const struct sheet_cells *row)
{
	size_t i;

	for (i = rd->out->columns_n; i < row->n; i++) {
		if (row->cell[i].len > 0) {
			return true;
		}
	}
	return row->too_many;
}

static int take_rows(struct sheet_reading *rd, struct sheet_text *t,
		     struct sheet_cells *row)
{
	bool more = !rd->out->has_heading || sheet_next(t, row);
	int r = WEALD_OK;

	for (; r == WEALD_OK && more; more = sheet_next(t, row)) {
		rd->out->rows++;
		if (row->open) {
			fault(rd, row->line, "",
			      "a quote (\") that does not end; take it out, "
			      "or save the file anew from the spreadsheet");
			continue;
		}
		if (has_surplus(rd, row)) {
			problem_add(rd->problems, PROBLEM_ERROR, rd->name,
				    row->line, "",
				    "more cells than the %zu columns of the "
				    "first line; a comma within a number? "
				    "Save it without separators of thousands",
				    rd->out->columns_n);
			continue;
		}
		r = add_raw(rd, row);
	}
	if (rd->cut > 0) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, 0, "",
			    "%zu rows; at most %u are read: one row a month, "
			    "never a row a person",
			    rd->n + rd->cut, SERIES_ROWS_MAX);
	}
	if (r == WEALD_OK && rd->out->rows == 0) {
		fault(rd, 0, "", "no rows below the headings; one a month");
	}
	return r;
}

/* "sep=;" in a first line of its own, as some spreadsheets write. */
static void take_sep_line(struct sheet_text *t)
{
	if (t->len >= 5 && memcmp(t->text, "sep=", 4) == 0 &&
	    memchr(",;\t", t->text[4], 3) != NULL &&
	    (t->len == 5 || t->text[5] == '\n')) {
		t->separator = (char)t->text[4];
		t->at = t->len == 5 ? 5 : 6;
		t->line = 2;
	}
}

/* Past lines that are empty, so that the first row is at hand. */
static void skip_blank(struct sheet_text *t)
{
	while (t->at < t->len && t->text[t->at] == '\n') {
		t->at++;
		t->line++;
	}
}

static int take_table(struct sheet_reading *rd)
{
	struct sheet_text t = { .text = rd->text.data,
				.len = rd->text.len,
				.line = 1 };
	struct sheet_cells row = { .n = 0 };
	const char *why;

	take_sep_line(&t);
	skip_blank(&t);
	if (t.separator == 0) {
		t.separator = sheet_separator(&t);
	}
	if (t.at == t.len) {
		fault(rd, 0, "", "it is empty");
		return WEALD_INVALID;
	}
	if (t.separator == 0) {
		fault(rd, t.line, "",
		      "the first line has one column only; it must be the "
		      "headings, such as month,numerator,denominator, parted "
		      "by commas, semicolons or tabs, with nothing above");
		return WEALD_INVALID;
	}
	rd->out->separator = t.separator;
	(void)sheet_next(&t, &row); /* there is one, of empty cells at least */
	why = first_advice(&row);
	if (why != NULL) {
		fault(rd, row.line, "", why);
		return WEALD_INVALID;
	}
	rd->out->has_heading = count_dates(&row) == 0;
	rd->out->columns_n = row.n;
	if (!sheet_find_columns(rd, &row)) {
		return WEALD_INVALID;
	}
	keep_headings(rd->out, &row);
	return take_rows(rd, &t, &row);
}

/* ---- the order of days and months ----------------------------------------
 */

/* What a date says by itself: 31/1 is day first, 1/31 is month first. */
static enum sheet_date_order order_of(const struct sheet_cell_date *d)
{
	if (d->a > 12 && d->b <= 12) {
		return SHEET_DATE_DMY;
	}
	return d->b > 12 && d->a <= 12 ? SHEET_DATE_MDY : SHEET_DATE_UNKNOWN;
}

/* Two days, one in each order: 1/2, and not 1/1 or 0/2. */
static bool is_two(const struct sheet_cell_date *d)
{
	return d->a != d->b && d->a >= 1 && d->a <= 12 && d->b >= 1 &&
	       d->b <= 12;
}

static void note_ambiguous(struct sheet_reading *rd,
			   const struct sheet_raw *raw)
{
	snprintf(rd->out->ambiguous, sizeof rd->out->ambiguous, "%.*s",
		 (int)raw->cell[SHEET_MONTH].len,
		 (const char *)raw->cell[SHEET_MONTH].data);
	rd->out->ambiguous_numbers[0] = raw->date.a;
	rd->out->ambiguous_numbers[1] = raw->date.b;
	rd->out->ambiguous_line = raw->line;
}

/* As it is written, or as all dates say that can be read in one way only. */
static int find_order(struct sheet_reading *rd)
{
	const struct sheet_raw *first = NULL; /* that says an order */
	const struct sheet_raw *open = NULL;  /* that could be both */
	enum sheet_date_order order;
	bool any = false;
	size_t i;

	rd->order = rd->how->date_order;
	sheet_settle_years(rd);
	for (i = 0; i < rd->n; i++) {
		if (rd->raws[i].date.kind != SHEET_DATE_ORDER) {
			continue;
		}
		any = true;
		order = order_of(&rd->raws[i].date);
		if (order == SHEET_DATE_UNKNOWN) {
			open = open == NULL && is_two(&rd->raws[i].date)
				       ? &rd->raws[i]
				       : open;
		} else if (rd->order == SHEET_DATE_UNKNOWN) {
			rd->order = order;
			first = &rd->raws[i];
		} else if (order != rd->order && first != NULL) {
			problem_add(rd->problems, PROBLEM_ERROR, rd->name,
				    rd->raws[i].line, "month",
				    "day and month are in another order than "
				    "in line %zu; write all dates as "
				    "2026-01-31",
				    first->line);
			return WEALD_INVALID;
		}
	}
	rd->out->date_order = any ? rd->order : SHEET_DATE_UNKNOWN;
	if (rd->order == SHEET_DATE_UNKNOWN && open != NULL) {
		note_ambiguous(rd, open);
		return WEALD_INCOMPLETE;
	}
	return WEALD_OK;
}

/* ---- points and commas ---------------------------------------------------
 */

static bool is_figure_column(const struct sheet_reading *rd,
			     enum sheet_column role)
{
	return (role == SHEET_NUMERATOR || role == SHEET_DENOMINATOR) &&
	       rd->out->columns[role] != SIZE_MAX;
}

/*
 * What stands before decimals: as the figures say that can be read in one way
 * only, else a point where commas part the cells. Semicolons and tabs say
 * nothing: some write 1,234 for a thousand there, some for little more than 1.
 */
static int find_style(struct sheet_reading *rd)
{
	enum sheet_style style = SHEET_STYLE_NONE;
	enum sheet_style one;
	enum sheet_column role;
	size_t i;

	for (i = 0; i < rd->n; i++) {
		for (role = 0; role < SHEET_ROLES_N; role++) {
			if (!is_figure_column(rd, role)) {
				continue;
			}
			one = sheet_number_style(rd->raws[i].cell[role]);
			if (one != SHEET_STYLE_POINT &&
			    one != SHEET_STYLE_COMMA) {
				continue;
			}
			if (style != SHEET_STYLE_NONE && one != style) {
				fault(rd, rd->raws[i].line,
				      sheet_role_name(role),
				      "points and commas are used in another "
				      "way than in the lines above; write "
				      "all numbers as 1234.5");
				return WEALD_INVALID;
			}
			style = one;
		}
	}
	rd->style = style;
	rd->out->decimal_comma = style == SHEET_STYLE_COMMA;
	return WEALD_OK;
}

/* "1,234" and "1.234", where nothing else in the file says what they are. */
static bool settle(struct sheet_reading *rd, enum sheet_style found,
		   enum sheet_style *out)
{
	*out = rd->style;
	if (rd->style != SHEET_STYLE_NONE ||
	    (found != SHEET_STYLE_POINT_3 && found != SHEET_STYLE_COMMA_3)) {
		*out = *out == SHEET_STYLE_NONE ? SHEET_STYLE_POINT : *out;
		return true;
	}
	*out = SHEET_STYLE_POINT;
	return rd->out->separator == ',';
}

/* What is wrong with it, by how it begins or ends. */
static const char *number_advice(struct span cell)
{
	if (cell.data[cell.len - 1] == '%') {
		return "a percentage; give the events, and those at risk in "
		       "a column of their own";
	}
	if (cell.data[0] == '#') {
		return "an error of the spreadsheet; correct it there";
	}
	if (cell.data[0] == '<' || cell.data[0] == '*') {
		return "a small number that was left out; leave the cell "
		       "empty where the month is missing, or put months "
		       "together";
	}
	if (cell.data[0] == '-' || cell.data[0] == '(') {
		return "not a number from 0 on; 0 where there were none, "
		       "nothing where the month is missing";
	}
	return "not a number; write digits, such as 36 or 36.5; 0 where there "
	       "were none, nothing where the month is missing";
}

static bool read_figure(struct sheet_reading *rd, const struct sheet_raw *raw,
			enum sheet_column role, double *out)
{
	struct span cell = raw->cell[role];
	enum sheet_style style;
	enum sheet_style found = sheet_number_style(cell);

	if (!settle(rd, found, &style)) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, raw->line,
			    sheet_role_name(role),
			    "%.*s can be read in two ways; write thousands "
			    "without separators, and decimals with more or "
			    "fewer than three digits",
			    (int)cell.len, (const char *)cell.data);
		return false;
	}
	if (found == SHEET_STYLE_BAD || !sheet_number_read(cell, style, out)) {
		fault(rd, raw->line, sheet_role_name(role),
		      number_advice(cell));
		return false;
	}
	return true;
}

/* ---- one row -------------------------------------------------------------
 */

static const char *date_advice(enum sheet_date_kind kind, bool by_event)
{
	switch (kind) {
	case SHEET_DATE_SHORT:
		return "the year has two digits and could stand first or "
		       "last; write 2026-01-31, or say --date-order where it "
		       "stands last";
	case SHEET_DATE_SERIAL:
		return "a date as a number; in the spreadsheet give the "
		       "column the format of a date, such as 2026-01-31";
	case SHEET_DATE_YEARLESS:
		return "a date without its year; write 2026-01 or Jan 2026";
	case SHEET_DATE_TOTAL:
		return "a row of totals, not of a month; take it out";
	case SHEET_DATE_FINANCIAL:
		return "a financial year, not a month; one row a month is "
		       "needed, as 2025-04";
	case SHEET_DATE_QUARTER:
		return "a quarter, not a month; one row a month is needed, as "
		       "2025-04";
	case SHEET_DATE_WEEK:
		return "a week, not a month; add the weeks of a month up to "
		       "one row, as 2025-04";
	case SHEET_DATE_KNOWN:
	case SHEET_DATE_ORDER:
	case SHEET_DATE_NONE:
		break;
	}
	return by_event ? "not a date; write 2026-01-31, and take out rows "
			  "that are not of an event"
			: "not a month; write 2026-01, 31/01/2026 or Jan "
			  "2026, and take out rows that are not of a month";
}

static bool read_month(struct sheet_reading *rd, struct sheet_raw *raw,
		       struct series_row *row)
{
	const bool by_event = rd->how->shape == EFFECT_TIME_BETWEEN;
	struct sheet_cell_date *d = &raw->date;
	const bool needs_order = d->kind == SHEET_DATE_ORDER;

	if (needs_order) {
		(void)sheet_date_order(d, rd->order);
	}
	if (needs_order && d->kind != SHEET_DATE_KNOWN) {
		fault(rd, raw->line, "month",
		      rd->order == SHEET_DATE_MDY
			      ? "there is no such day, read with the month "
				"first; --date-order dmy reads the day first"
			      : "there is no such day, read with the day "
				"first; --date-order mdy reads the month "
				"first");
		return false;
	}
	if (d->kind != SHEET_DATE_KNOWN) {
		fault(rd, raw->line, "month", date_advice(d->kind, by_event));
		return false;
	}
	row->month = d->month;
	row->day = by_event ? d->day : 1;
	return true;
}

/* Nobody at risk and nothing happened is a month without a figure. */
static bool check_denominator(struct sheet_reading *rd, struct series_row *row)
{
	if (row->denominator > 0) {
		if (rd->how->shape == EFFECT_PROPORTION &&
		    row->numerator > row->denominator) {
			fault(rd, row->line, "numerator",
			      "more events than cases, which no proportion "
			      "has; if the columns are the other way round "
			      "say it with --numerator and --denominator, "
			      "else put it right, or use --shape rate");
			return false;
		}
		return true;
	}
	if (row->numerator > 0) {
		fault(rd, row->line, "denominator",
		      "0, where there are events; put it right");
		return false;
	}
	row->missing = true;
	problem_add(rd->problems, PROBLEM_WARNING, rd->name, row->line,
		    "denominator",
		    "nobody at risk: taken for a month without a figure");
	return true;
}

static bool read_figures(struct sheet_reading *rd, const struct sheet_raw *raw,
			 struct series_row *row)
{
	const bool is_of = sheet_needs_denominator(rd->how->shape);
	bool ok = true;

	row->denominator = 1;
	row->missing = raw->cell[SHEET_NUMERATOR].len == 0;
	if (row->missing) {
		row->denominator = 0;
		return true;
	}
	ok = read_figure(rd, raw, SHEET_NUMERATOR, &row->numerator);
	if (is_of && raw->cell[SHEET_DENOMINATOR].len == 0) {
		fault(rd, raw->line, "denominator",
		      "empty, where there is a numerator; give those at "
		      "risk");
		return false;
	}
	if (is_of) {
		ok = read_figure(rd, raw, SHEET_DENOMINATOR,
				 &row->denominator) &&
		     ok;
	}
	return ok && (!is_of || check_denominator(rd, row));
}

static enum series_phase planned(const struct sheet_how *how,
				 const struct series_row *row)
{
	const int32_t since = row->month - how->start_month;

	if (since < 0 || (since == 0 && how->shape == EFFECT_TIME_BETWEEN &&
			  row->day < how->start_day)) {
		return SERIES_BEFORE;
	}
	return since < (int32_t)how->transition_months ? SERIES_TRANSITION
						       : SERIES_AFTER;
}

static bool read_phase(struct sheet_reading *rd, const struct sheet_raw *raw,
		       struct series_row *row)
{
	static const char *const names[] = { "before", "transition", "after" };
	size_t i;

	if (rd->how->has_start) {
		row->phase = planned(rd->how, row);
	}
	if (rd->out->columns[SHEET_PHASE] == SIZE_MAX) {
		return true;
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (sheet_same(raw->cell[SHEET_PHASE], names[i])) {
			break;
		}
	}
	if (i == sizeof names / sizeof names[0]) {
		fault(rd, raw->line, "phase",
		      "not a phase; allowed are before, transition, after");
		return false;
	}
	if (rd->how->has_start && row->phase != (enum series_phase)i) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, raw->line,
			    "phase",
			    "%s, but by --start and --transition this month "
			    "is %s; leave out the one that is wrong",
			    names[i], names[row->phase]);
		return false;
	}
	row->phase = (enum series_phase)i;
	return true;
}

/* ---- the series ----------------------------------------------------------
 */

static int compare_rows(const void *a, const void *b)
{
	const struct series_row *x = a;
	const struct series_row *y = b;

	if (x->month != y->month) {
		return x->month < y->month ? -1 : 1;
	}
	if (x->day != y->day) {
		return x->day < y->day ? -1 : 1;
	}
	return x->line < y->line ? -1 : x->line > y->line;
}

static void check_gap(struct sheet_reading *rd, const struct series_row *a,
		      const struct series_row *b)
{
	const int32_t lacking = b->month - a->month - 1;
	const int32_t first = 12 * 1970 + a->month + 1;

	if (lacking > 0) {
		problem_add(rd->problems, PROBLEM_WARNING, rd->name, b->line,
			    "month",
			    "%d month%s missing from %04d-%02d on; the chart "
			    "leaves %s out",
			    (int)lacking, lacking == 1 ? " is" : "s are",
			    (int)(first / 12), (int)(first % 12 + 1),
			    lacking == 1 ? "it" : "them");
	}
}

static void check_order(struct sheet_reading *rd)
{
	const struct series *s = &rd->out->series;
	const struct series_row *a;
	const struct series_row *b;
	size_t i;

	for (i = 1; i < s->n; i++) {
		a = &s->rows[i - 1];
		b = &s->rows[i];
		if (b->phase < a->phase) {
			fault(rd, b->line, "phase",
			      "before the phase of an earlier month; the "
			      "order is before, transition, after");
		}
		if (rd->how->shape == EFFECT_TIME_BETWEEN) {
			continue;
		}
		if (a->month == b->month) {
			problem_add(rd->problems, PROBLEM_ERROR, rd->name,
				    b->line, "month",
				    "the same month as in line %zu; add the "
				    "figures of a month up to one row",
				    a->line);
		}
		check_gap(rd, a, b);
	}
}

static int make_series(struct sheet_reading *rd)
{
	struct series *s = &rd->out->series;
	struct series_row row;
	bool ok;
	size_t i;

	s->rows = calloc(rd->n + 1, sizeof *s->rows);
	if (s->rows == NULL) {
		return WEALD_NOMEM;
	}
	s->by_event = rd->how->shape == EFFECT_TIME_BETWEEN;
	s->has_phase = rd->out->columns[SHEET_PHASE] != SIZE_MAX;
	for (i = 0; i < rd->n; i++) {
		row = (struct series_row){ .line = rd->raws[i].line };
		ok = read_month(rd, &rd->raws[i], &row);
		if (rd->raws[i].date.kind != SHEET_DATE_TOTAL) {
			ok = read_figures(rd, &rd->raws[i], &row) && ok;
		}
		ok = ok && read_phase(rd, &rd->raws[i], &row);
		if (ok) {
			s->rows[s->n++] = row;
		}
	}
	qsort(s->rows, s->n, sizeof *s->rows, compare_rows);
	if (rd->problems->errors == 0 && sheet_check_span(rd)) {
		check_order(rd);
		sheet_check_start(rd);
	}
	return WEALD_OK;
}

static int read_text(struct sheet_reading *rd)
{
	int r = take_table(rd);

	if (r == WEALD_OK) {
		r = find_order(rd);
	}
	r = r == WEALD_OK ? find_style(rd) : r;
	if (r == WEALD_OK && !sheet_check_looks(rd)) {
		r = WEALD_INVALID;
	}
	r = r == WEALD_OK ? make_series(rd) : r;
	return r;
}

int sheet_read(struct span bytes, const char *name, const struct sheet_how *how,
	       struct sheet *out, struct problems *problems)
{
	struct sheet_reading rd = {
		.name = name, .how = how, .out = out, .problems = problems
	};
	const size_t errors = problems->errors;
	const char *why = NULL;
	int r;

	assert(name != NULL && how != NULL);
	*out = (struct sheet){ .separator = 0 };
	if (bytes.len > SHEET_BYTES_MAX) {
		fault(&rd, 0, "",
		      "over 1 MiB; one row a month, never a row a person");
		return WEALD_INVALID;
	}
	/* UTF-16 and one byte a character grow; three for two at most */
	buf_init(&rd.text, 2 * SHEET_BYTES_MAX);
	r = sheet_decode(bytes, &rd.text, &out->encoding, &why);
	if (r == WEALD_INVALID) {
		fault(&rd, 0, "", why);
	}
	if (r == WEALD_OK) {
		r = read_text(&rd);
	}
	if (r == WEALD_OK && problems->errors > errors) {
		r = WEALD_INVALID;
	}
	if (r != WEALD_OK) {
		series_release(&out->series);
	}
	free(rd.raws);
	buf_release(&rd.text);
	return r;
}

void sheet_clear(struct sheet *s)
{
	series_release(&s->series);
	*s = (struct sheet){ .separator = 0 };
}
