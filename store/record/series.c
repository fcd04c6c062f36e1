#include "store/record/series.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

#define COLUMNS_MIN 3u
#define COLUMNS_MAX 4u

/* With at most 15 digits, mantissa and power of ten are exact as doubles. */
#define DIGITS_MAX 15u

#define MONTH_BYTES 7u  /* 2024-01 */
#define DATE_BYTES  10u /* 2024-01-31 */

/* The phases that the record asks for. */
struct plan {
	bool has_start;
	int32_t start; /* a month */
	int32_t transition_months;
	bool only_before; /* a baseline */
};

/* What is being read. */
struct reading {
	const char *name;
	struct plan plan;
	struct series *out;
	size_t cap;
	struct problems *problems;
	bool all_one; /* every denominator so far is 1 */
};

/* One line without its end, cut at the commas. */
struct cells {
	struct span cell[COLUMNS_MAX];
	size_t n; /* may be more than COLUMNS_MAX */
};

static const char *const phase_names[] = { "before", "transition", "after" };

static bool take_line(struct span *rest, struct span *out)
{
	const uint8_t *lf;
	size_t n;

	if (rest->len == 0) {
		return false;
	}
	lf = memchr(rest->data, '\n', rest->len);
	n = lf == NULL ? rest->len : (size_t)(lf - rest->data);
	*out = (struct span){ rest->data, n };
	if (n > 0 && rest->data[n - 1] == '\r') {
		out->len--;
	}
	n += lf != NULL;
	rest->data += n;
	rest->len -= n;
	return true;
}

static void cut_cells(struct span line, struct cells *out)
{
	size_t from = 0;
	size_t i;

	out->n = 0;
	for (i = 0; i <= line.len; i++) {
		if (i < line.len && line.data[i] != ',') {
			continue;
		}
		if (out->n < COLUMNS_MAX) {
			out->cell[out->n] =
				(struct span){ line.data + from, i - from };
		}
		out->n++;
		from = i + 1;
	}
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/*
 * Plain decimals: 36, 36.5. No sign, no exponent, no spaces.
 */
static bool parse_decimal(struct span s, double *out)
{
	double mantissa = 0;
	double scale = 1;
	size_t digits = 0;
	bool point = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.data[i] == '.' && !point && i > 0) {
			point = true;
			continue;
		}
		if (!is_digit(s.data[i]) || digits == DIGITS_MAX) {
			return false;
		}
		mantissa = mantissa * 10 + (s.data[i] - '0');
		scale = point ? scale * 10 : scale;
		digits++;
	}
	if (s.len == 0 || s.data[s.len - 1] == '.') {
		return false;
	}
	*out = mantissa / scale;
	return true;
}

/* They are digits. */
static int32_t read_digits(const char *text, size_t n)
{
	int32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		v = v * 10 + (text[i] - '0');
	}
	return v;
}

/* "2024-01" or "2024-01-31", as date_parse() knows days. */
static bool parse_month(struct span s, int32_t *out_month, int32_t *out_day)
{
	char text[] = "YYYY-MM-01";
	int64_t days;
	int32_t year;
	int32_t month;

	if (s.len != DATE_BYTES && s.len != MONTH_BYTES) {
		return false;
	}
	memcpy(text, s.data, s.len);
	if (!date_parse(text, &days)) {
		return false;
	}
	year = read_digits(text, 4);
	month = read_digits(text + 5, 2);
	*out_month = (year - 1970) * 12 + month - 1;
	*out_day = read_digits(text + 8, 2);
	return true;
}

/* Left empty is as good as not there. */
static bool is_usable(const struct value *v)
{
	return v->valid ||
	       (v->type == VALUE_TEXT &&
		(v->text[0] == '\0' || strcmp(v->text, "null") == 0));
}

/*
 * From fields that are right alone: what follows from a wrong one would be
 * told of each month, and hide that one.
 */
static void make_plan(const struct record *record, struct plan *out)
{
	const struct value *months;
	const struct value *start;
	uint64_t n = 0;
	int32_t day;

	*out = (struct plan){ .has_start = false };
	if (record == NULL) {
		return;
	}
	out->only_before = record->kind != NULL &&
			   strcmp(record->kind->name, "priority") == 0;
	start = record_get(record, "start");
	months = record_get(record, "transition_months");
	if (out->only_before || !record->is_whole || start == NULL ||
	    !start->valid || (months != NULL && !is_usable(months))) {
		return;
	}
	out->has_start = parse_month(span_of(start->text), &out->start, &day);
	if (months != NULL &&
	    parse_u64(span_of(months->text), 0, 12, &n) == WEALD_OK) {
		out->transition_months = (int32_t)n;
	}
}

static enum series_phase planned(const struct plan *plan, int32_t month)
{
	if (!plan->has_start || month < plan->start) {
		return SERIES_BEFORE;
	}
	return month - plan->start < plan->transition_months ? SERIES_TRANSITION
							     : SERIES_AFTER;
}

static void add_error(struct reading *rd, size_t line, const char *field,
		      const char *text)
{
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, line, field, "%s",
		    text);
}

/*
 * What the cell of a bad line holds is never said back: it may be what should
 * not have been there.
 */
static bool read_numbers(struct reading *rd, const struct cells *c,
			 struct series_row *row)
{
	bool ok = true;

	row->missing = c->cell[1].len == 0;
	if (!row->missing && !parse_decimal(c->cell[1], &row->numerator)) {
		add_error(rd, row->line, "numerator",
			  "not a number; write digits, with a point at most, "
			  "such as 36 or 36.5; nothing where the month is "
			  "missing");
		ok = false;
	}
	if (c->cell[2].len == 0 && row->missing) {
		return ok;
	}
	if (!parse_decimal(c->cell[2], &row->denominator)) {
		add_error(rd, row->line, "denominator",
			  "not a number; write digits, with a point at most, "
			  "such as 118; 1 for a count");
		return false;
	}
	if (!(row->denominator > 0) && !row->missing) {
		add_error(rd, row->line, "denominator",
			  "must be over 0; where nobody was at risk, leave the "
			  "numerator empty");
		ok = false;
	}
	return ok;
}

static bool read_phase(struct reading *rd, struct span cell,
		       struct series_row *row)
{
	const struct plan *plan = &rd->plan;
	enum series_phase want = planned(plan, row->month);
	size_t i;

	row->phase = want;
	if (!rd->out->has_phase) {
		return true;
	}
	for (i = 0; i < sizeof phase_names / sizeof phase_names[0]; i++) {
		if (span_equal(cell, span_of(phase_names[i]))) {
			break;
		}
	}
	if (i == sizeof phase_names / sizeof phase_names[0]) {
		add_error(rd, row->line, "phase",
			  "not a phase; allowed are before, transition, "
			  "after");
		return false;
	}
	row->phase = (enum series_phase)i;
	if (plan->only_before && row->phase != SERIES_BEFORE) {
		add_error(rd, row->line, "phase",
			  "a priority's series is a baseline: only before is "
			  "allowed");
		return false;
	}
	if (plan->has_start && row->phase != want) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, row->line,
			    "phase",
			    "%s, but by start and transition_months of "
			    "record.md this month is %s; correct the one that "
			    "is wrong, or leave the column out",
			    phase_names[row->phase], phase_names[want]);
		row->phase = want;
		return false;
	}
	return true;
}

static int push_row(struct reading *rd, const struct series_row *row)
{
	struct series *s = rd->out;
	struct series_row *rows;
	size_t cap;

	if (s->n == rd->cap) {
		cap = rd->cap == 0 ? 48 : rd->cap * 2;
		rows = realloc(s->rows, cap * sizeof *rows);
		if (rows == NULL) {
			return WEALD_NOMEM;
		}
		s->rows = rows;
		rd->cap = cap;
	}
	s->rows[s->n] = *row;
	s->n++;
	return WEALD_OK;
}

static int read_row(struct reading *rd, struct span line, size_t number)
{
	struct series_row row = { .line = number };
	struct cells c;
	bool ok;

	cut_cells(line, &c);
	if (c.n != (rd->out->has_phase ? COLUMNS_MAX : COLUMNS_MIN)) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, number, "",
			    "%zu columns, where the header has %u; no commas "
			    "within numbers",
			    c.n,
			    rd->out->has_phase ? COLUMNS_MAX : COLUMNS_MIN);
		return WEALD_OK;
	}
	if (!parse_month(c.cell[0], &row.month, &row.day)) {
		add_error(rd, number, "month",
			  "not a month; write it as 2024-01 or 2024-01-01");
		(void)read_numbers(rd, &c, &row);
		return WEALD_OK;
	}
	ok = read_numbers(rd, &c, &row);
	ok = read_phase(rd, rd->out->has_phase ? c.cell[3] : (struct span){ 0 },
			&row) &&
	     ok;
	if (!ok) {
		/* a row that could not be read leaves no second complaint */
		row.missing = true;
		row.numerator = 0;
		row.denominator = 0;
		return push_row(rd, &row);
	}
	rd->all_one =
		rd->all_one && (row.denominator == 1 || row.denominator == 0);
	return push_row(rd, &row);
}

static bool is_header_of(const struct cells *c, size_t n)
{
	static const char *const names[] = { "month", "numerator",
					     "denominator", "phase" };
	size_t i;

	for (i = 0; i < n; i++) {
		if (i >= c->n || !span_equal(c->cell[i], span_of(names[i]))) {
			return false;
		}
	}
	return true;
}

/* What is most likely wrong with a header. */
static const char *header_advice(struct span line, const struct cells *c)
{
	if (memchr(line.data, '"', line.len) != NULL) {
		return "the header is in quotes; write it without";
	}
	if (memchr(line.data, ';', line.len) != NULL ||
	    memchr(line.data, '\t', line.len) != NULL) {
		return "the columns are not parted by commas; save the file "
		       "as CSV with commas";
	}
	if (c->n > COLUMNS_MAX || is_header_of(c, COLUMNS_MIN)) {
		return "there are other columns";
	}
	return "the first line is not that header";
}

static bool read_header(struct reading *rd, struct span *rest)
{
	struct span line = { 0 };
	struct cells c = { .n = 0 };

	if (rest->len >= 3 && memcmp(rest->data, "\xef\xbb\xbf", 3) == 0) {
		/* spreadsheets put it there, and nobody can see it */
		rest->data += 3;
		rest->len -= 3;
	}
	if (take_line(rest, &line)) {
		cut_cells(line, &c);
	}
	if ((c.n == COLUMNS_MIN || c.n == COLUMNS_MAX) &&
	    is_header_of(&c, c.n)) {
		rd->out->has_phase = c.n == COLUMNS_MAX;
		return true;
	}
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, 1, "",
		    "must begin with \"month,numerator,denominator\" or "
		    "\"month,numerator,denominator,phase\" and hold nothing "
		    "else (%s): one row a month, never a row a person",
		    line.len == 0 ? "it is empty" : header_advice(line, &c));
	return false;
}

static bool is_blank(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.data[i] != '\n' && s.data[i] != '\r') {
			return false;
		}
	}
	return true;
}

static int read_rows(struct reading *rd, struct span rest)
{
	struct span line;
	size_t number = 1;
	size_t rows = 0;
	int r = WEALD_OK;

	while (r == WEALD_OK && !is_blank(rest) && take_line(&rest, &line)) {
		number++;
		if (rows == SERIES_ROWS_MAX) {
			problem_add(rd->problems, PROBLEM_ERROR, rd->name,
				    number, "",
				    "more than %u rows; one row a month, "
				    "never a row a person",
				    SERIES_ROWS_MAX);
			break;
		}
		rows++;
		if (line.len == 0) {
			add_error(rd, number, "", "an empty line; remove it");
			continue;
		}
		r = read_row(rd, line, number);
	}
	if (r == WEALD_OK && rows == 0) {
		add_error(rd, 1, "",
			  "no rows below the header; write one a month");
	}
	return r;
}

/*
 * One row an event (time-between): a date that is not the first of its month,
 * or, where every denominator is 1, two events in one month.
 */
static bool is_by_event(const struct reading *rd)
{
	const struct series *s = rd->out;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->rows[i].day != 1) {
			return true;
		}
		if (i > 0 && rd->all_one &&
		    s->rows[i].month == s->rows[i - 1].month) {
			return true;
		}
	}
	return false;
}

/* The order of two rows of months; false where the later one is no use. */
static bool check_months(struct reading *rd, const struct series_row *a,
			 const struct series_row *b)
{
	int32_t next = a->month + 1;
	int32_t shown = 1970 * 12 + next;

	if (b->month < a->month) {
		add_error(rd, b->line, "month",
			  "earlier than the row above; months must ascend");
		return false;
	}
	if (b->month == a->month) {
		add_error(rd, b->line, "month",
			  "the same month as the row above; one row a month");
		return false;
	}
	/* a line between them that cannot be read is no gap */
	if (b->month > next && b->line == a->line + 1) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, b->line,
			    "month",
			    "%d month%s missing above this one, from "
			    "%04d-%02d; give each a row, with nothing between "
			    "the commas where there is no figure%s",
			    (int)(b->month - next),
			    b->month - next == 1 ? " is" : "s are",
			    (int)(shown / 12), (int)(shown % 12 + 1),
			    rd->all_one ? "; a row for each event needs full "
					  "dates, such as 2024-05-17"
					: "");
	}
	return true;
}

static bool check_events(struct reading *rd, const struct series_row *a,
			 const struct series_row *b)
{
	bool is_later = b->month > a->month ||
			(b->month == a->month && b->day >= a->day);

	if (!is_later) {
		add_error(rd, b->line, "month",
			  "earlier than the row above; dates must ascend");
	}
	return is_later;
}

static bool check_order(struct reading *rd, const struct series_row *a,
			const struct series_row *b)
{
	if (rd->out->by_event ? !check_events(rd, a, b)
			      : !check_months(rd, a, b)) {
		return false;
	}
	if (b->phase < a->phase && !rd->plan.has_start) {
		add_error(rd, b->line, "phase",
			  "before the phase of the row above; the order is "
			  "before, transition, after");
	}
	return true;
}

/* Only one row an event has days; then each has the denominator 1. */
static void check_day(struct reading *rd, const struct series_row *row)
{
	if (rd->out->by_event && !row->missing && row->denominator != 1) {
		add_error(rd, row->line,
			  row->day == 1 ? "denominator" : "month",
			  "there are dates that are not the first of a month; "
			  "write months as 2024-01 or 2024-01-01 (one row an "
			  "event has the denominator 1)");
	}
}

/* Rows out of order are told and left out. */
static void check_rows(struct reading *rd)
{
	struct series *s = rd->out;
	size_t kept = 0;
	size_t i;

	s->by_event = is_by_event(rd);
	for (i = 0; i < s->n; i++) {
		check_day(rd, &s->rows[i]);
		if (kept == 0 ||
		    check_order(rd, &s->rows[kept - 1], &s->rows[i])) {
			s->rows[kept] = s->rows[i];
			kept++;
		}
	}
	s->n = kept;
}

int series_parse(struct span csv, const char *name, const struct record *record,
		 struct series *out, struct problems *problems)
{
	struct reading rd = {
		.name = name,
		.out = out,
		.problems = problems,
		.all_one = true,
	};
	int r;

	assert(name != NULL);
	*out = (struct series){ .n = 0 };
	make_plan(record, &rd.plan);
	if (!text_is_utf8(csv)) {
		problem_add(problems, PROBLEM_ERROR, name, 0, "",
			    "not UTF-8; save the file as CSV UTF-8");
		return WEALD_INVALID;
	}
	if (!read_header(&rd, &csv)) {
		return WEALD_INVALID;
	}
	r = read_rows(&rd, csv);
	if (r != WEALD_OK) {
		series_release(out);
		return r;
	}
	check_rows(&rd);
	return WEALD_OK;
}

void series_release(struct series *s)
{
	free(s->rows);
	*s = (struct series){ .n = 0 };
}
