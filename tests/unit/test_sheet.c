#include "store/evidence/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MONTH(year, month) (((year)-1970) * 12 + (month)-1)

/* ---- helpers -------------------------------------------------------------
 */

struct reading {
	struct sheet_how how;
	struct sheet sheet;
	struct problems problems;
	int r;
};

static void read_bytes(struct reading *rd, const void *bytes, size_t n)
{
	const struct span s = { bytes, n };

	rd->problems = (struct problems){ .n = 0 };
	rd->r = sheet_read(s, "falls.csv", &rd->how, &rd->sheet, &rd->problems);
}

static void release(struct reading *rd)
{
	sheet_clear(&rd->sheet);
	problems_release(&rd->problems);
}

static void show(const struct reading *rd)
{
	size_t i;

	print_message("code %d, ambiguous \"%s\"\n", rd->r,
		      rd->sheet.ambiguous);
	for (i = 0; i < rd->problems.n; i++) {
		print_message("%zu %s: %s\n", rd->problems.list[i].line,
			      rd->problems.list[i].field,
			      rd->problems.list[i].text.text);
	}
}

/* A reading of @text as @shape that is accepted without a word. */
static struct reading accept_as(enum effect_shape shape, const char *text,
				size_t rows)
{
	struct reading rd = { .how = { .shape = shape } };

	read_bytes(&rd, text, strlen(text));
	if (rd.r != WEALD_OK || rd.problems.n > 0) {
		print_message("%s\n", text);
		show(&rd);
	}
	assert_int_equal(rd.r, WEALD_OK);
	assert_int_equal(rd.problems.n, 0);
	assert_int_equal(rd.sheet.series.n, rows);
	return rd;
}

static struct reading accept(const char *text, size_t rows)
{
	return accept_as(EFFECT_PROPORTION, text, rows);
}

static const struct series_row *row_at(const struct reading *rd, size_t i)
{
	if (rd->sheet.series.rows == NULL || i >= rd->sheet.series.n) {
		fail_msg("there is no row %zu", i);
		abort();
	}
	return &rd->sheet.series.rows[i];
}

static void assert_row(const struct reading *rd, size_t i, int32_t month,
		       double numerator, double denominator)
{
	const struct series_row *row = row_at(rd, i);

	assert_int_equal(row->month, month);
	assert_true(row->numerator == numerator);
	assert_true(row->denominator == denominator);
}

/* One row, of January 2026, in which 36 of 118. */
static void assert_january(const char *text)
{
	struct reading rd = accept(text, 1);

	assert_row(&rd, 0, MONTH(2026, 1), 36, 118);
	release(&rd);
}

/* With these options: one error, at @line and @field, that holds @word. */
static void assert_error_as(const struct sheet_how *how, const char *text,
			    size_t line, const char *field, const char *word)
{
	struct reading rd = { .how = *how };
	const struct problem *p;

	read_bytes(&rd, text, strlen(text));
	p = rd.problems.list;
	if (p == NULL) {
		fail_msg("nothing is wrong with %s", text);
		abort();
	}
	if (rd.problems.errors != 1 || p->line != line ||
	    strcmp(p->field, field) != 0 ||
	    strstr(p->text.text, word) == NULL) {
		print_message("%s\n", text);
		show(&rd);
	}
	assert_int_equal(rd.r, WEALD_INVALID);
	assert_int_equal(rd.problems.errors, 1);
	assert_string_equal(p->file, "falls.csv");
	assert_int_equal(p->line, line);
	assert_string_equal(p->field, field);
	assert_non_null(strstr(p->text.text, word));
	assert_int_equal(rd.sheet.series.n, 0);
	release(&rd);
}

static void assert_error(const char *text, size_t line, const char *field,
			 const char *word)
{
	const struct sheet_how how = { .shape = EFFECT_PROPORTION };

	assert_error_as(&how, text, line, field, word);
}

/* In a cell of the numerator. */
static void assert_no_number(const char *cell, const char *word)
{
	char text[200];

	(void)snprintf(text, sizeof text,
		       "month,numerator,denominator\n"
		       "2026-01,%s,118\n",
		       cell);
	assert_error(text, 2, "numerator", word);
}

/* In a cell of the month. */
static void assert_no_month(const char *cell, const char *word)
{
	char text[200];

	(void)snprintf(text, sizeof text,
		       "month,numerator,denominator\n"
		       "%s,36,118\n",
		       cell);
	assert_error(text, 2, "month", word);
}

static void assert_month(const char *cell, int32_t month)
{
	struct reading rd;
	char text[200];

	(void)snprintf(text, sizeof text,
		       "month,numerator,denominator\n\"%s\",36,118\n", cell);
	rd = accept(text, 1);
	assert_row(&rd, 0, month, 36, 118);
	release(&rd);
}

/* ---- what spreadsheets write ---------------------------------------------
 */

static void sheet_read__reads_a_series_of_a_record(void **state)
{
	struct reading rd = accept("month,numerator,denominator\n"
				   "2026-01-01,36,118\n2026-02-01,0,120.5\n",
				   2);

	(void)state;
	assert_row(&rd, 0, MONTH(2026, 1), 36, 118);
	assert_row(&rd, 1, MONTH(2026, 2), 0, 120.5);
	assert_int_equal(rd.sheet.separator, ',');
	assert_true(rd.sheet.has_heading);
	assert_int_equal(rd.sheet.rows, 2);
	assert_string_equal(rd.sheet.headings[SHEET_NUMERATOR], "numerator");
	release(&rd);
}

static void sheet_read__forgives_line_ends_marks_and_quotes(void **state)
{
	(void)state;
	assert_january("\xef\xbb\xbfMonth,Events,Of\r\n2026-01,36,118\r\n");
	assert_january("Month,Events,Of\r2026-01,36,118\r");
	assert_january("Month,Events,Of\n2026-01,36,118");
	assert_january("\n\nMonth,Events,Of\n2026-01,36,118\n\n,,\n\n");
	assert_january("Month;Events;Of\n2026-01;36;118\n");
	assert_january("Month\tEvents\tOf\n2026-01\t36\t118\n");
	assert_january("sep=;\nMonth;Events;Of\n2026-01;36;118\n");
	assert_january("\"Month\",\"Events\",\"Of\"\n"
		       "\"2026-01\",\" 36 \",\"118\"\n");
	assert_january("\"Month\",\"Events, \"\"all\"\"\nof them\",\"Of\"\n"
		       "2026-01,36,118\n");
	assert_january("2026-01,36,118\n"); /* no headings */
	assert_january("Month,Events,Of\n2026-01,36\xc2\xa0,118,,,\n");
	assert_january("Mois \xe9t\xe9,Events,Of\n2026-01,36\xa0,118\n");
}

static void sheet_read__reads_utf16_of_both_orders(void **state)
{
	static const char text[] = "Month\tEvents\tOf\r\n2026-01\t36\t118\r\n";
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION } };
	char wide[2 + 2 * sizeof text];
	size_t big;
	size_t i;

	(void)state;
	for (big = 0; big < 2; big++) {
		wide[0] = (char)(big ? 0xfe : 0xff);
		wide[1] = (char)(big ? 0xff : 0xfe);
		for (i = 0; i + 1 < sizeof text; i++) {
			wide[2 + 2 * i + big] = text[i];
			wide[3 + 2 * i - big] = 0;
		}
		read_bytes(&rd, wide, 2 * sizeof text);
		assert_int_equal(rd.r, WEALD_OK);
		assert_int_equal(rd.sheet.encoding, SHEET_UTF16);
		assert_row(&rd, 0, MONTH(2026, 1), 36, 118);
		release(&rd);
	}
	read_bytes(&rd, "\xff\xfe\x41", 3); /* half a character */
	assert_int_equal(rd.r, WEALD_INVALID);
	release(&rd);
	read_bytes(&rd, "\xff\xfe\x00\xd8\x41\x00", 6); /* half a pair */
	assert_int_equal(rd.r, WEALD_INVALID);
	release(&rd);
}

static void sheet_read__sends_what_is_no_text_back_to_the_spreadsheet(void **s)
{
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION } };

	(void)s;
	assert_error("PK\3\4xyz", 0, "", "save it as \"CSV UTF-8\"");
	assert_error("\xd0\xcf\x11\xe0xyz", 0, "", "save it as \"CSV UTF-8\"");
	assert_error("%PDF-1.7", 0, "", "PDF");
	read_bytes(&rd, "a,b\0c\n", 6);
	assert_int_equal(rd.r, WEALD_INVALID);
	release(&rd);
	assert_error("", 0, "", "empty");
	assert_error("\n\n\n", 0, "", "empty");
	assert_error("Falls in 2026\nMonth,Events,Of\n", 1, "", "one column");
	assert_error("month,numerator,denominator\n", 0, "", "no rows");
	assert_error("Falls in 2026,,\n\nMonth,Events,Of\n", 1, "",
		     "take out what stands above");
	assert_error("Ward,Jan-26,Feb-26,Mar-26\nA,1,2,3\n", 1, "",
		     "paste it transposed");
	assert_error("month,\"numerator\n2026-01,1\n", 1, "", "does not end");
}

/* ---- dates ---------------------------------------------------------------
 */

static void sheet_read__reads_months_as_people_write_them(void **state)
{
	(void)state;
	assert_month("2026-01", MONTH(2026, 1));
	assert_month("2026/1", MONTH(2026, 1));
	assert_month("01/2026", MONTH(2026, 1));
	assert_month("202601", MONTH(2026, 1));
	assert_month("20260131", MONTH(2026, 1));
	assert_month("2026-01-31 00:00:00", MONTH(2026, 1));
	assert_month("2026-01-31T09:30", MONTH(2026, 1));
	assert_month("31/01/2026", MONTH(2026, 1));
	assert_month("1/31/2026", MONTH(2026, 1));
	assert_month("31.12.99", MONTH(1999, 12));
	assert_month("1/31/26", MONTH(2026, 1));
	assert_month("Mon 31/01/2026", MONTH(2026, 1));
	assert_month("Saturday, 31 January 2026", MONTH(2026, 1));
	assert_month("Jan-26", MONTH(2026, 1));
	assert_month("JAN 2026", MONTH(2026, 1));
	assert_month("Sept-25", MONTH(2025, 9));
	assert_month("January 2026", MONTH(2026, 1));
	assert_month("31-Jan-26", MONTH(2026, 1));
	assert_month("31 January 2026", MONTH(2026, 1));
	assert_month("January 31, 2026", MONTH(2026, 1));
	assert_month("2026 Jan", MONTH(2026, 1));
	assert_month("01/01/2026", MONTH(2026, 1)); /* the same both ways */
}

static void sheet_read__refuses_what_is_no_month(void **state)
{
	(void)state;
	assert_no_month("soon", "not a month");
	assert_no_month("2026", "not a month");
	assert_no_month("2026-13", "not a month");
	assert_no_month("30/02/2026", "no such day");
	assert_no_month("46023", "format of a date");
	assert_no_month("26-Jan", "without its year");
	assert_no_month("01/02", "without its year");
	assert_no_month("26-01-31", "two digits");
	assert_no_month("26/01/01", "two digits");
	assert_no_month("31.1.26", "say --date-order");
	assert_no_month("2024/25", "a financial year");
	assert_no_month("2024-2025", "a financial year");
	assert_no_month("Q1 2025", "a quarter");
	assert_no_month("2025Q1", "a quarter");
	assert_no_month("Week 12", "a week");
	assert_no_month("2025-W12", "a week");
	assert_no_month("w/c 06/01/2025", "a week");
	assert_no_month("Monday", "not a month");
	assert_no_month("Mon", "not a month");
	assert_no_month("2026--01", "not a month");
	assert_no_month("-2026-01", "not a month");
	assert_no_month("2026-01 (part)", "not a month");
	assert_no_month("1 2 3 4 5 6 7 8", "not a month");
	assert_no_month("Total", "totals");
	assert_no_month("Grand total 2026", "totals");
	assert_no_month("Average:", "totals");
}

static void sheet_read__asks_where_a_date_can_be_two(void **state)
{
	static const char text[] = "month,numerator,denominator\n"
				   "01/01/2026,36,118\n01/02/2026,30,110\n"
				   "01/03/2026,30,110\n";
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION } };

	(void)state;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_INCOMPLETE);
	assert_string_equal(rd.sheet.ambiguous, "01/02/2026");
	assert_int_equal(rd.sheet.ambiguous_line, 3);
	assert_int_equal(rd.sheet.series.n, 0);
	release(&rd);
	rd.how.date_order = SHEET_DATE_DMY;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_row(&rd, 1, MONTH(2026, 2), 30, 110);
	assert_int_equal(rd.sheet.date_order, SHEET_DATE_DMY);
	release(&rd);
	/* three days of January are one month: refused, not taken */
	rd.how.date_order = SHEET_DATE_MDY;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_INVALID);
	assert_int_equal(rd.problems.errors, 2);
	release(&rd);
}

static void sheet_read__takes_the_order_that_one_date_says(void **state)
{
	struct reading rd = accept("month,numerator,denominator\n"
				   "01/02/2026,36,118\n31/03/2026,30,110\n",
				   2);
	const struct sheet_how mdy = { .shape = EFFECT_PROPORTION,
				       .date_order = SHEET_DATE_MDY };

	(void)state;
	assert_row(&rd, 0, MONTH(2026, 2), 36, 118);
	assert_int_equal(rd.sheet.date_order, SHEET_DATE_DMY);
	release(&rd);
	assert_error("month,numerator,denominator\n01/31/2026,36,118\n"
		     "28/02/2026,30,110\n",
		     3, "month", "another order than in line 2");
	assert_error_as(&mdy,
			"month,numerator,denominator\n31/01/2026,36,118\n", 2,
			"month", "--date-order dmy");
}

static void sheet_read__puts_months_in_order_and_tells_gaps(void **state)
{
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION } };
	const char *text = "month,numerator,denominator\n2026-05,5,50\n"
			   "2026-01,1,10\n2026-02,,\n";

	(void)state;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_row(&rd, 0, MONTH(2026, 1), 1, 10);
	assert_true(row_at(&rd, 1)->missing);
	assert_row(&rd, 2, MONTH(2026, 5), 5, 50);
	assert_int_equal(rd.problems.warnings, 1);
	assert_non_null(strstr(rd.problems.list[0].text.text,
			       "2 months are missing from 2026-03 on"));
	release(&rd);
	assert_error("month,numerator,denominator\n2026-01-07,1,10\n"
		     "2026-01-14,1,10\n",
		     3, "month", "the same month as in line 2");
}

static void sheet_read__settles_years_of_two_digits(void **state)
{
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION,
				       .date_order = SHEET_DATE_DMY } };

	(void)state;
	read_bytes(&rd, "month,num,of\n01/02/26,1,9\n", 26);
	assert_int_equal(rd.r, WEALD_OK);
	assert_row(&rd, 0, MONTH(2026, 2), 1, 9);
	release(&rd);
	rd = accept("month,num,of\n28/02/26,1,9\n31/03/2026,1,9\n", 2);
	assert_row(&rd, 0, MONTH(2026, 2), 1, 9);
	release(&rd);
	rd = accept("month,num,of\n05/28/99,1,9\n06/28/99,1,9\n", 2);
	assert_row(&rd, 0, MONTH(1999, 5), 1, 9);
	release(&rd);
	/* beside a year that stands first */
	assert_error("month,num,of\n26-01-31,1,9\n2026-02-28,1,9\n", 2, "month",
		     "two digits");
	assert_error("month,num,of\n99/01/31,1,9\n2000-01-31,1,9\n", 2, "month",
		     "two digits");
}

/* A row of each of @cells, which blanks part. */
static void assert_months_refused(const char *cells, size_t line,
				  const char *word)
{
	char text[2000] = "month,num,of\n";
	size_t len = strlen(text);

	for (; *cells != '\0'; cells++) {
		if (*cells == ' ') {
			memcpy(text + len, ",1,9\n", 5);
			len += 5;
		} else {
			text[len++] = *cells;
		}
		assert_true(len + 6 < sizeof text);
	}
	memcpy(text + len, ",1,9\n", 6);
	assert_error(text, line, "month", word);
}

static void sheet_read__refuses_days_read_as_years(void **state)
{
	char daily[1200] = "";
	size_t len = 0;
	struct reading rd;
	int day;

	(void)state;
	assert_months_refused("Jan-01 Jan-08 Jan-15", 0, "write 2026-01-08");
	assert_months_refused("Jan-01 Feb-01 Mar-01", 2, "a day or a year");
	assert_months_refused("Jan-31 Feb-28 Mar-31", 2, "a day or a year");
	assert_months_refused("Oct-31 Nov-30 Dec-31 Jan-31 Feb-28 Mar-31", 2,
			      "a day or a year");
	assert_months_refused("Jan-22 Jan-29 Feb-05 Feb-12 Feb-19", 2,
			      "a day or a year");
	for (day = 0; day < 62; day++) {
		len += (size_t)snprintf(daily + len, sizeof daily - len,
					"%s%s-%02d", day == 0 ? "" : " ",
					day < 31 ? "Jan" : "Mar", day % 31 + 1);
	}
	assert_months_refused(daily, 2, "a day or a year");
	/* in no order at all, and in two */
	rd = accept("month,num,of\nJan-24,1,9\nMar-24,1,9\nFeb-24,1,9\n", 3);
	release(&rd);
	rd = accept("month,num,of\nJan-26,1,9\nFeb-26,1,9\nDec-25,1,9\n"
		    "Nov-25,1,9\n",
		    4);
	release(&rd);
}

static void sheet_read__refuses_a_span_that_no_series_has(void **state)
{
	struct reading rd;

	(void)state;
	assert_months_refused("200101 200201", 0, "write 2020-08-01");
	assert_months_refused("2002/03 2003/04 2004/05", 2, "financial years");
	assert_months_refused("2010-11 2011-12", 2, "financial years");
	assert_months_refused("2010-11 2011-12 2012-13", 4, "a financial year");
	assert_months_refused("2001-01 2026-01 2026-02", 0,
			      "3 rows from 2001-01 to 2026-02, which are 302 "
			      "months");
	rd = accept("month,num,of\n2008-09,1,9\n", 1);
	release(&rd);
	rd = accept_as(EFFECT_TIME_BETWEEN,
		       "date,days between\n2001-01-05,9\n2003-01-05,730\n", 2);
	release(&rd);
}

/* ---- numbers -------------------------------------------------------------
 */

static void assert_numbers(const char *row, double numerator,
			   double denominator)
{
	struct reading rd;
	char text[200];
	const char mark = strchr(row, ';') != NULL    ? ';'
			  : strchr(row, '\t') != NULL ? '\t'
						      : ',';

	(void)snprintf(text, sizeof text, "month%cnumerator%cdenominator\n%s\n",
		       mark, mark, row);
	rd = accept_as(EFFECT_MEAN, text, 1);
	assert_row(&rd, 0, MONTH(2026, 1), numerator, denominator);
	release(&rd);
}

static void sheet_read__reads_points_and_commas(void **state)
{
	(void)state;
	assert_numbers("2026-01,36.5,118", 36.5, 118);
	assert_numbers("2026-01,\"1,234\",118", 1234, 118);
	assert_numbers("2026-01,\"1,234,567.25\",118", 1234567.25, 118);
	assert_numbers("2026-01,\"36,5\",118", 36.5, 118);
	assert_numbers("2026-01,1.234,118", 1.234, 118);
	assert_numbers("2026-01;36,5;118", 36.5, 118);
	assert_numbers("2026-01;1,234;118,5", 1.234, 118.5);
	assert_numbers("2026-01;36,5;1.118", 36.5, 1118);
	assert_numbers("2026-01;36.5;1,118", 36.5, 1118);
	assert_numbers("2026-01;1.234,5;118", 1234.5, 118);
	assert_numbers("2026-01;0,125;118", 0.125, 118);
	assert_numbers("2026-01\t36.5\t118", 36.5, 118);
	assert_numbers("2026-01,0.125,118", 0.125, 118);
}

static void sheet_read__refuses_what_is_no_number(void **state)
{
	(void)state;
	assert_no_number("many", "not a number");
	assert_no_number("36%", "a percentage");
	assert_no_number("#DIV/0!", "error of the spreadsheet");
	assert_no_number("<5", "small number");
	assert_no_number("*", "small number");
	assert_no_number("-", "0 where there were none");
	assert_no_number("-3", "from 0 on");
	assert_no_number("1e3", "not a number");
	assert_no_number("3 6", "not a number");
	assert_no_number("36.", "not a number");
	assert_no_number(".5", "not a number");
	assert_no_number("\"12,34,567\"", "not a number");
	assert_no_number("1234567890123456", "not a number");
	assert_no_number("nan", "not a number");
	assert_error("month;numerator;denominator\n2026-01;1,234;2000\n", 2,
		     "numerator", "1,234 can be read in two ways");
	assert_error("month;numerator;denominator\n2026-01;1.234;2000\n", 2,
		     "numerator", "1.234 can be read in two ways");
	assert_error("month\tnumerator\tdenominator\n2026-01\t1,234\t2000\n", 2,
		     "numerator", "1,234 can be read in two ways");
	assert_error("month;numerator;denominator\n2026-01;1,5;20\n"
		     "2026-02;1.5;20\n",
		     3, "numerator", "another way");
}

static void sheet_read__refuses_figures_that_cannot_be(void **state)
{
	const struct sheet_how rate = { .shape = EFFECT_RATE };
	struct reading rd = { .how = rate };
	const char *text = "month,numerator,denominator\n2026-01,0,0\n"
			   "2026-02,3,10\n";

	(void)state;
	assert_error("month,numerator,denominator\n2026-01,11,10\n", 2,
		     "numerator", "more events than cases");
	assert_error_as(&rate, "month,numerator,denominator\n2026-01,11,0\n", 2,
			"denominator", "where there are events");
	assert_error_as(&rate, "month,numerator,denominator\n2026-01,11,\n", 2,
			"denominator", "empty");
	assert_error("month,numerator,denominator\n2026-01,1,234,2000\n", 2, "",
		     "a comma within a number");
	assert_error("month,numerator,denominator\n2026-01,\"36,118\n", 2, "",
		     "does not end");
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_true(row_at(&rd, 0)->missing);
	assert_int_equal(rd.problems.warnings, 1);
	release(&rd);
}

/* ---- columns -------------------------------------------------------------
 */

static void sheet_read__finds_columns_by_what_it_is_told(void **state)
{
	static const char text[] = "Ward,Seen,Period,Late\nA,118,2026-01,36\n";
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION,
				       .numerator = "late",
				       .denominator = "2" } };

	(void)state;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_row(&rd, 0, MONTH(2026, 1), 36, 118);
	assert_int_equal(rd.sheet.columns[SHEET_MONTH], 2);
	assert_string_equal(rd.sheet.headings[SHEET_NUMERATOR], "Late");
	release(&rd);
	rd.how.numerator = "Early";
	assert_error_as(&rd.how, text, 1, "numerator",
			"there are \"Ward\", \"Seen\", \"Period\", \"Late\"");
	rd.how.numerator = "Seen";
	assert_error_as(&rd.how, text, 1, "numerator",
			"one column cannot be two things");
	rd.how.numerator = NULL;
	assert_error_as(&rd.how, text, 1, "numerator",
			"which column is the numerator");
}

static void sheet_read__does_not_guess_among_columns(void **state)
{
	const struct sheet_how named = { .shape = EFFECT_PROPORTION,
					 .numerator = "n" };

	(void)state;
	assert_error("month,a,b,of\n2026-01,1,2,3\n", 1, "numerator",
		     "which column is the numerator? Say it with --numerator; "
		     "there are \"month\", \"a\", \"b\", \"of\"");
	assert_error("month,events,num,denominator\n2026-01,1,2,3\n", 1,
		     "numerator", "2 columns could be the numerator");
	assert_error_as(&named, "month,n,n\n2026-01,1,2\n", 1, "numerator",
			"2 columns are called");
	assert_error("month,numerator\n2026-01,1\n", 1, "denominator",
		     "there is no column for the denominator");
}

/* Errors of @shape, one of each role in @roles, which blanks part. */
static void assert_questions(enum effect_shape shape, const char *head,
			     const char *roles)
{
	struct reading rd = { .how = { .shape = shape } };
	char text[200];
	char asked[100] = "";
	size_t len = 0;
	size_t i;

	(void)snprintf(text, sizeof text, "%s\n2026-01,36,118\n", head);
	read_bytes(&rd, text, strlen(text));
	for (i = 0; i < rd.problems.n; i++) {
		len += (size_t)snprintf(asked + len, sizeof asked - len,
					"%.20s ", rd.problems.list[i].field);
		assert_non_null(strstr(rd.problems.list[i].text.text,
				       "which column is the "));
	}
	assert_int_equal(rd.r, WEALD_INVALID);
	assert_string_equal(asked, roles);
	release(&rd);
}

static void assert_columns(enum effect_shape shape, const char *head,
			   size_t numerator, size_t denominator)
{
	struct reading rd;
	char text[200];

	(void)snprintf(text, sizeof text, "%s\n2026-01,36,36\n", head);
	rd = accept_as(shape, text, 1);
	assert_int_equal(rd.sheet.columns[SHEET_NUMERATOR], numerator);
	assert_int_equal(rd.sheet.columns[SHEET_DENOMINATOR], denominator);
	release(&rd);
}

static void sheet_read__never_guesses_a_column_by_its_place(void **state)
{
	(void)state;
	assert_questions(EFFECT_RATE, "Month,Falls,Rate per 1000",
			 "numerator denominator ");
	assert_questions(EFFECT_PROPORTION, "Month,Late,% late",
			 "numerator denominator ");
	assert_questions(EFFECT_RATE, "Month,Occupied nights,Falls",
			 "numerator denominator ");
	assert_questions(EFFECT_RATE, "Month,Cases,Late",
			 "numerator denominator ");
	assert_questions(EFFECT_MEAN, "Month,Minutes,Events",
			 "numerator denominator ");
	assert_questions(EFFECT_RATE, "Month,Events,Rate per 1000",
			 "denominator ");
	assert_questions(EFFECT_RATE, "Month,Events,UCL", "denominator ");
	assert_questions(EFFECT_PROPORTION, "Month,Cases,Percent",
			 "numerator ");
	assert_questions(EFFECT_COUNT, "Month,Falls,Nights", "numerator ");
	assert_questions(EFFECT_COUNT, "Month,Mean of falls,Phase",
			 "numerator ");
	assert_columns(EFFECT_PROPORTION, "Month,Cases,Late", 2, 1);
	assert_columns(EFFECT_PROPORTION, "Month,Late,Seen", 1, 2);
	assert_columns(EFFECT_RATE, "Month,Bed days,Cases", 2, 1);
	assert_columns(EFFECT_RATE, "Month,Events,Operations", 1, 2);
	assert_columns(EFFECT_MEAN, "Month,Patients,Minutes", 2, 1);
	assert_columns(EFFECT_COUNT, "Month,Falls,Bed days", 1, SIZE_MAX);
}

static void sheet_read__needs_no_denominator_of_counts(void **state)
{
	struct reading rd =
		accept_as(EFFECT_COUNT, "Month,Falls\n2026-01,7\n", 1);

	(void)state;
	assert_row(&rd, 0, MONTH(2026, 1), 7, 1);
	release(&rd);
	/* what stands there too is not read */
	rd = accept_as(EFFECT_COUNT,
		       "month,numerator,denominator\n2026-01,7,x\n", 1);
	assert_row(&rd, 0, MONTH(2026, 1), 7, 1);
	release(&rd);
}

/* ---- phases --------------------------------------------------------------
 */

static void sheet_read__makes_phases_of_the_start(void **state)
{
	static const char text[] = "month,numerator,denominator\n"
				   "2026-01,1,10\n2026-02,1,10\n2026-03,1,10\n";
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION,
				       .has_start = true,
				       .start_month = MONTH(2026, 2),
				       .start_day = 15,
				       .transition_months = 1 } };

	(void)state;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(row_at(&rd, 0)->phase, SERIES_BEFORE);
	assert_int_equal(row_at(&rd, 1)->phase, SERIES_TRANSITION);
	assert_int_equal(row_at(&rd, 2)->phase, SERIES_AFTER);
	release(&rd);
}

/* One warning that holds @word, with a start in @month on @day; "": none. */
static void assert_start(int32_t month, int32_t day, size_t transition,
			 const char *word)
{
	static const char text[] = "month,num,of\n2025-12,1,10\n2026-01,1,10\n"
				   "2026-02,1,10\n";
	struct reading rd = { .how = { .shape = EFFECT_PROPORTION,
				       .has_start = true,
				       .start_month = month,
				       .start_day = day,
				       .transition_months = transition } };

	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_int_equal(rd.problems.warnings, word[0] != '\0');
	if (rd.problems.list != NULL) {
		assert_string_equal(rd.problems.list[0].field, "start");
		assert_non_null(strstr(rd.problems.list[0].text.text, word));
	}
	release(&rd);
}

static void sheet_read__warns_of_a_start_that_parts_nothing(void **state)
{
	(void)state;
	assert_start(MONTH(2026, 1), 1, 0, "");
	assert_start(MONTH(2026, 1), 15, 1, "");
	assert_start(MONTH(2026, 1), 15, 0,
		     "January 2026 is partly before; --transition 1 leaves it "
		     "out");
	assert_start(MONTH(2026, 3), 1, 0,
		     "nothing is after it: the file ends with 2026-02");
	assert_start(MONTH(2025, 12), 1, 0,
		     "nothing is before it: the file begins with 2025-12");
	assert_start(MONTH(2015, 1), 15, 0, "nothing is before it");
}

static void sheet_read__takes_phases_of_a_column(void **state)
{
	const struct sheet_how how = { .shape = EFFECT_PROPORTION,
				       .has_start = true,
				       .start_month = MONTH(2026, 1),
				       .start_day = 1 };
	struct reading rd = accept("month,numerator,denominator,phase\n"
				   "2026-01,1,10,before\n2026-02,1,10,After\n",
				   2);

	(void)state;
	assert_int_equal(row_at(&rd, 1)->phase, SERIES_AFTER);
	release(&rd);
	assert_error("month,numerator,denominator,phase\n2026-01,1,10,then\n",
		     2, "phase", "not a phase");
	assert_error("month,numerator,denominator,phase\n2026-01,1,10,after\n"
		     "2026-02,1,10,before\n",
		     3, "phase", "before the phase of an earlier month");
	assert_error_as(&how,
			"month,numerator,denominator,phase\n"
			"2026-01,1,10,before\n",
			2, "phase", "by --start");
}

static void sheet_read__keeps_the_days_of_events(void **state)
{
	struct reading rd = { .how = { .shape = EFFECT_TIME_BETWEEN,
				       .has_start = true,
				       .start_month = MONTH(2026, 1),
				       .start_day = 10 } };
	const char *text = "date,days between\n09/01/2026,30\n20/01/2026,11\n"
			   "20/01/2026,0\n";

	(void)state;
	read_bytes(&rd, text, strlen(text));
	assert_int_equal(rd.r, WEALD_OK);
	assert_true(rd.sheet.series.by_event);
	assert_int_equal(row_at(&rd, 0)->day, 9);
	assert_int_equal(row_at(&rd, 0)->phase, SERIES_BEFORE);
	assert_int_equal(row_at(&rd, 1)->phase, SERIES_AFTER);
	assert_int_equal(rd.sheet.series.n, 3);
	release(&rd);
}

/* ---- bounds --------------------------------------------------------------
 */

static void sheet_read__keeps_its_bounds(void **state)
{
	struct reading rd = { .how = { .shape = EFFECT_COUNT } };
	char *text = malloc(SHEET_BYTES_MAX + 1);
	size_t len = 0;
	size_t i;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', SHEET_BYTES_MAX + 1);
	read_bytes(&rd, text, SHEET_BYTES_MAX + 1);
	assert_int_equal(rd.r, WEALD_INVALID);
	release(&rd);
	memset(text, ',', SHEET_BYTES_MAX);
	memcpy(text, "month", 5);
	text[SHEET_BYTES_MAX - 1] = 'x';
	read_bytes(&rd, text, SHEET_BYTES_MAX);
	assert_int_equal(rd.r, WEALD_INVALID);
	release(&rd);
	len = (size_t)snprintf(text, 100, "month,events\n");
	for (i = 0; i <= SERIES_ROWS_MAX; i++) {
		len += (size_t)snprintf(text + len, 40, "%zu-%02zu,7\n",
					1950 + i / 12, i % 12 + 1);
	}
	read_bytes(&rd, text, len);
	assert_int_equal(rd.r, WEALD_INVALID);
	assert_non_null(
		strstr(rd.problems.list[0].text.text, "never a row a person"));
	release(&rd);
	free(text);
}

static void sheet_date__reads_dates_of_options(void **state)
{
	int32_t month = 0;
	int32_t day = 0;

	(void)state;
	assert_true(sheet_date(span_of("2025-01-15"), &month, &day));
	assert_int_equal(month, MONTH(2025, 1));
	assert_int_equal(day, 15);
	assert_true(sheet_date(span_of("1 March 2025"), &month, &day));
	assert_int_equal(month, MONTH(2025, 3));
	assert_false(sheet_date(span_of("01/02/2025"), &month, &day));
	assert_false(sheet_date(span_of(""), &month, &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sheet_read__reads_a_series_of_a_record),
		cmocka_unit_test(
			sheet_read__forgives_line_ends_marks_and_quotes),
		cmocka_unit_test(sheet_read__reads_utf16_of_both_orders),
		cmocka_unit_test(
			sheet_read__sends_what_is_no_text_back_to_the_spreadsheet),
		cmocka_unit_test(sheet_read__reads_months_as_people_write_them),
		cmocka_unit_test(sheet_read__refuses_what_is_no_month),
		cmocka_unit_test(sheet_read__asks_where_a_date_can_be_two),
		cmocka_unit_test(
			sheet_read__takes_the_order_that_one_date_says),
		cmocka_unit_test(
			sheet_read__puts_months_in_order_and_tells_gaps),
		cmocka_unit_test(sheet_read__settles_years_of_two_digits),
		cmocka_unit_test(sheet_read__refuses_days_read_as_years),
		cmocka_unit_test(sheet_read__refuses_a_span_that_no_series_has),
		cmocka_unit_test(sheet_read__reads_points_and_commas),
		cmocka_unit_test(sheet_read__refuses_what_is_no_number),
		cmocka_unit_test(sheet_read__refuses_figures_that_cannot_be),
		cmocka_unit_test(sheet_read__finds_columns_by_what_it_is_told),
		cmocka_unit_test(sheet_read__does_not_guess_among_columns),
		cmocka_unit_test(
			sheet_read__never_guesses_a_column_by_its_place),
		cmocka_unit_test(sheet_read__needs_no_denominator_of_counts),
		cmocka_unit_test(sheet_read__makes_phases_of_the_start),
		cmocka_unit_test(
			sheet_read__warns_of_a_start_that_parts_nothing),
		cmocka_unit_test(sheet_read__takes_phases_of_a_column),
		cmocka_unit_test(sheet_read__keeps_the_days_of_events),
		cmocka_unit_test(sheet_read__keeps_its_bounds),
		cmocka_unit_test(sheet_date__reads_dates_of_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
