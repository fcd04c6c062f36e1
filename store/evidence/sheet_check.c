#include <stdio.h>

#include "store/evidence/sheet_private.h"

#define MONTHS_A_ROW 4 /* a series with more is hardly of months */
#define DAYS_MAX     31
#define MONTH_MAX    12

static void refuse(struct sheet_reading *rd, size_t line, const char *text)
{
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, line, "month", "%s",
		    text);
}

/* ---- years of two digits -------------------------------------------------
 */

/* Does @d say by itself that its year stands last? */
static bool is_year_last(const struct sheet_cell_date *d)
{
	const int32_t last = d->year % 100;

	return d->kind == SHEET_DATE_ORDER ||
	       (d->kind == SHEET_DATE_SHORT &&
		(last == 0 || last > DAYS_MAX || d->b > MONTH_MAX));
}

void sheet_settle_years(struct sheet_reading *rd)
{
	bool last = rd->how->date_order != SHEET_DATE_UNKNOWN;
	bool first = false;
	size_t i;

	for (i = 0; i < rd->n; i++) {
		last = last || is_year_last(&rd->raws[i].date);
		first = first || (rd->raws[i].date.kind == SHEET_DATE_SHORT &&
				  (rd->raws[i].date.a == 0 ||
				   rd->raws[i].date.a > DAYS_MAX));
	}
	for (i = 0; last && !first && i < rd->n; i++) {
		if (rd->raws[i].date.kind == SHEET_DATE_SHORT) {
			rd->raws[i].date.kind = SHEET_DATE_ORDER;
		}
	}
}

/* ---- what months could also be -------------------------------------------
 */

static bool all_look(const struct sheet_reading *rd, enum sheet_date_look look)
{
	size_t i;

	for (i = 0; i < rd->n; i++) {
		if (rd->raws[i].date.look != look ||
		    rd->raws[i].date.kind != SHEET_DATE_KNOWN) {
			return false;
		}
	}
	return rd->n > 0;
}

/* How often @d goes up or down from one row to the next. */
struct steps {
	size_t up;
	size_t down;
};

static void add_step(struct steps *s, int32_t from, int32_t to)
{
	s->up += to > from;
	s->down += to < from;
}

static size_t disorder(const struct steps *s)
{
	return s->up < s->down ? s->up : s->down;
}

/*
 * Jan-01, Jan-08, Jan-15: are they more in order as days of a year than as
 * months? The first of each month is in order as both.
 */
static bool are_days(const struct sheet_reading *rd)
{
	const struct sheet_cell_date *a;
	const struct sheet_cell_date *b;
	struct steps months = { .up = 0 };
	struct steps days = { .up = 0 };
	bool firsts = true;
	size_t i;

	for (i = 0; i < rd->n; i++) {
		b = &rd->raws[i].date;
		if (b->b < 1 || b->b > DAYS_MAX) {
			return false;
		}
		firsts = firsts && b->b == 1;
		if (i == 0) {
			continue;
		}
		a = &rd->raws[i - 1].date;
		add_step(&months, a->month, b->month);
		add_step(&days, a->month % 12 * 32 + a->b,
			 b->month % 12 * 32 + b->b);
	}
	return firsts || disorder(&days) < disorder(&months);
}

bool sheet_check_looks(struct sheet_reading *rd)
{
	if (rd->n > 1 && all_look(rd, SHEET_LOOK_FINANCIAL)) {
		refuse(rd, rd->raws[0].line,
		       "financial years, such as 2008/09, not months; one row "
		       "a month is needed, as 2008-09");
		return false;
	}
	if (all_look(rd, SHEET_LOOK_WORD) && are_days(rd)) {
		refuse(rd, rd->raws[0].line,
		       "a day or a year: Jan-08 could be 8 January or January "
		       "2008; write 2026-01-08, or Jan 2008");
		return false;
	}
	return true;
}

/* ---- how long it is ------------------------------------------------------
 */

static void month_text(int32_t month, char out[24])
{
	const int32_t since = 12 * 1970 + month;

	(void)snprintf(out, 24, "%04d-%02d", (int)(since / 12),
		       (int)(since % 12 + 1));
}

bool sheet_check_span(struct sheet_reading *rd)
{
	const struct series *s = &rd->out->series;
	const char *advice = "write months as 2026-01, one row a month, and "
			     "take out rows that are far from the others";
	char first[24];
	char last[24];
	int32_t span;

	if (s->n == 0 || s->by_event) { /* events may be as rare as they are */
		return true;
	}
	span = s->rows[s->n - 1].month - s->rows[0].month + 1;
	if (span <= MONTHS_A_ROW * (int32_t)s->n) {
		return true;
	}
	if (all_look(rd, SHEET_LOOK_WORD)) {
		advice = "Jan-08 was read as January 2008; where 08 is a day, "
			 "write 2026-01-08";
	} else if (all_look(rd, SHEET_LOOK_SIX)) {
		advice = "200801 was read as January 2008; where it is 1 "
			 "August 2020, write 2020-08-01";
	}
	month_text(s->rows[0].month, first);
	month_text(s->rows[s->n - 1].month, last);
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, 0, "month",
		    "%zu row%s from %s to %s, which are %d months: they seem "
		    "to be read wrongly; %s",
		    s->n, s->n == 1 ? "" : "s", first, last, (int)span, advice);
	return false;
}

/* ---- the start -----------------------------------------------------------
 */

static void warn_start(struct sheet_reading *rd, const char *text)
{
	problem_add(rd->problems, PROBLEM_WARNING, rd->name, 0, "start", "%s",
		    text);
}

static bool has_month(const struct series *s, int32_t month)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->rows[i].month == month) {
			return true;
		}
	}
	return false;
}

void sheet_check_start(struct sheet_reading *rd)
{
	static const char *const names[] = {
		"January",   "February", "March",    "April",
		"May",       "June",     "July",     "August",
		"September", "October",  "November", "December"
	};
	const struct series *s = &rd->out->series;
	const struct sheet_how *how = rd->how;
	const int32_t since = 12 * 1970 + how->start_month;
	char text[200];
	char month[24];

	if (!how->has_start || s->n == 0) {
		return;
	}
	if (s->rows[0].phase != SERIES_BEFORE) {
		month_text(s->rows[0].month, month);
		(void)snprintf(text, sizeof text,
			       "nothing is before it: the file begins with %s; "
			       "look at the date, or add earlier months",
			       month);
		warn_start(rd, text);
	} else if (s->rows[s->n - 1].phase == SERIES_BEFORE) {
		month_text(s->rows[s->n - 1].month, month);
		(void)snprintf(text, sizeof text,
			       "nothing is after it: the file ends with %s; "
			       "look at the date, or add later months",
			       month);
		warn_start(rd, text);
	} else if (!s->by_event && how->start_day > 1 &&
		   how->transition_months == 0 &&
		   has_month(s, how->start_month)) {
		(void)snprintf(text, sizeof text,
			       "%s %d is partly before; --transition 1 leaves "
			       "it out",
			       names[since % 12], (int)(since / 12));
		warn_start(rd, text);
	}
}
