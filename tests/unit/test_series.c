#include "store/record/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"

#define HEADER "month,numerator,denominator\n"
#define PHASED "month,numerator,denominator,phase\n"

#define EVIDENCE                                                      \
	"---\nkind: evidence\nstart: 2024-03-15\ntransition_months: " \
	"1\n---\n"

/* Calls of realloc that are still to succeed; SIZE_MAX: all. */
static size_t reallocs_left = SIZE_MAX;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
	if (reallocs_left == 0) {
		return NULL;
	}
	if (reallocs_left != SIZE_MAX) {
		reallocs_left--;
	}
	return __real_realloc(p, size);
}

struct reading {
	struct series series;
	struct problems problems;
	int r;
};

/* Read @csv as that of the record @record_md, or of none. */
static struct reading read_series(const char *csv, const char *record_md)
{
	struct reading rd = { .r = WEALD_OK };
	struct problems ignored = { .n = 0 };
	struct record *record = NULL;

	if (record_md != NULL) {
		assert_int_equal(record_parse(span_of(record_md), &record,
					      &ignored),
				 WEALD_OK);
	}
	rd.r = series_parse(span_of(csv), "data.csv", record, &rd.series,
			    &rd.problems);
	record_free(record);
	problems_release(&ignored);
	return rd;
}

static void release(struct reading *rd)
{
	series_release(&rd->series);
	problems_release(&rd->problems);
}

static void show(const struct reading *rd)
{
	size_t i;

	for (i = 0; i < rd->problems.n; i++) {
		print_message("%zu %s: %s\n", rd->problems.list[i].line,
			      rd->problems.list[i].field,
			      rd->problems.list[i].text.text);
	}
}

/* Accepted, with @rows rows. */
static struct reading accept(const char *csv, const char *record_md,
			     size_t rows)
{
	struct reading rd = read_series(csv, record_md);

	show(&rd);
	assert_int_equal(rd.r, WEALD_OK);
	assert_int_equal(rd.problems.errors, 0);
	assert_int_equal(rd.series.n, rows);
	return rd;
}

static void assert_accepted(const char *csv, const char *record_md, size_t rows)
{
	struct reading rd = accept(csv, record_md, rows);

	release(&rd);
}

/* Exactly one error, at @line and @field, that holds @word. */
static void assert_error(const char *csv, const char *record_md, size_t line,
			 const char *field, const char *word)
{
	struct reading rd = read_series(csv, record_md);
	const struct problem *p = rd.problems.list;

	if (rd.problems.n != 1 || p->line != line ||
	    strstr(p->text.text, word) == NULL) {
		print_message("%s", csv);
		show(&rd);
	}
	assert_int_equal(rd.problems.errors, 1);
	assert_int_equal(p->level, PROBLEM_ERROR);
	assert_string_equal(p->file, "data.csv");
	assert_int_equal(p->line, line);
	assert_string_equal(p->field, field);
	assert_non_null(strstr(p->text.text, word));
	release(&rd);
}

/* The header is refused, with advice that holds @word. */
static void assert_header_refused(const char *csv, const char *word)
{
	struct reading rd = read_series(csv, NULL);

	assert_int_equal(rd.r, WEALD_INVALID);
	assert_int_equal(rd.series.n, 0);
	release(&rd);
	assert_error(csv, NULL, 1, "", word);
}

static void series_parse__reads_months_and_numbers(void **state)
{
	struct reading rd = accept(HEADER "2023-12,36,118\n2024-01,0,120.5\n"
					  "2024-02-01,14768.4166666667,1\n",
				   NULL, 3);
	const struct series_row *row = rd.series.rows;

	(void)state;
	assert_false(rd.series.has_phase);
	assert_false(rd.series.by_event);
	assert_int_equal(row[0].month, 53 * 12 + 11);
	assert_int_equal(row[0].day, 1);
	assert_int_equal(row[0].line, 2);
	assert_true(row[0].numerator == 36 && row[0].denominator == 118);
	assert_int_equal(row[0].phase, SERIES_BEFORE);
	assert_int_equal(row[1].month, 54 * 12);
	assert_true(row[1].numerator == 0 && row[1].denominator == 120.5);
	assert_false(row[1].missing);
	assert_true(row[2].numerator == 14768.4166666667);
	release(&rd);
}

static void series_parse__takes_an_empty_numerator_as_a_missing_month(
	void **state)
{
	struct reading rd = accept(HEADER "2024-01,36,118\n2024-02,,\n"
					  "2024-03,,120\n2024-04,30,119\n",
				   NULL, 4);

	(void)state;
	assert_true(rd.series.rows[1].missing);
	assert_true(rd.series.rows[2].missing);
	assert_false(rd.series.rows[3].missing);
	release(&rd);
}

static void series_parse__takes_what_spreadsheets_write(void **state)
{
	(void)state;
	assert_accepted("\xef\xbb\xbf" HEADER "2024-01,36,118\n", NULL, 1);
	assert_accepted("month,numerator,denominator\r\n2024-01,36,118\r\n",
			NULL, 1);
	assert_accepted(HEADER "2024-01,36,118", NULL, 1);
	assert_accepted(HEADER "2024-01,36,118\n\n\r\n", NULL, 1);
}

static void series_parse__refuses_other_headers(void **state)
{
	(void)state;
	assert_header_refused("", "empty");
	assert_header_refused("2024-01,36,118\n", "not that header");
	assert_header_refused("month,numerator\n2024-01,36\n",
			      "not that header");
	assert_header_refused("numerator,month,denominator\n",
			      "not that header");
	assert_header_refused("month,numerator,denominator,ward\n",
			      "other columns");
	assert_header_refused("month,numerator,denominator,phase,nhs_number\n",
			      "never a row a person");
	assert_header_refused("month;numerator;denominator\n", "commas");
	assert_header_refused("\"month\",\"numerator\",\"denominator\"\n",
			      "quotes");
	assert_header_refused("Month,Numerator,Denominator\n",
			      "not that header");
}

static void series_parse__refuses_what_is_not_utf8(void **state)
{
	struct reading rd = read_series(HEADER "2024-01,36,118\xe9\n", NULL);

	(void)state;
	assert_int_equal(rd.r, WEALD_INVALID);
	assert_non_null(strstr(rd.problems.list[0].text.text, "UTF-8"));
	release(&rd);
}

static void series_parse__refuses_bad_months(void **state)
{
	static const char *const months[] = {
		"",         "2024",     "2024-13",     "2024-00",    "Jan 2024",
		"01/2024",  "2024-1",   "2024-02-30",  "1899-12",    "2200-01",
		" 2024-01", "2024-01-", "2024-01-01T", "2023-02-29",
	};
	char csv[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof months / sizeof months[0]; i++) {
		(void)snprintf(csv, sizeof csv,
			       HEADER "2024-01,36,118\n%s,41,122\n"
				      "2024-03,39,119\n",
			       months[i]);
		assert_error(csv, NULL, 3, "month", "2024-01");
	}
}

static void series_parse__refuses_bad_numbers(void **state)
{
	static const char *const numbers[] = {
		"-1",    "+1",    "1e3",   "0x1",
		"1.",    ".5",    "1.2.3", " 1",
		"1 ",    "\"1\"", "nan",   "inf",
		"1'000", "n/a",   "36%",   "1234567890123456",
	};
	char csv[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		(void)snprintf(csv, sizeof csv,
			       HEADER "2024-01,36,118\n2024-02,%s,122\n"
				      "2024-03,39,119\n",
			       numbers[i]);
		assert_error(csv, NULL, 3, "numerator", "number");
		(void)snprintf(csv, sizeof csv,
			       HEADER "2024-01,36,118\n2024-02,41,%s\n"
				      "2024-03,39,119\n",
			       numbers[i]);
		assert_error(csv, NULL, 3, "denominator", "number");
	}
	assert_error(HEADER "2024-01,36,\n", NULL, 2, "denominator", "number");
	assert_error(HEADER "2024-01,36,0\n", NULL, 2, "denominator", "over 0");
	assert_error(HEADER "2024-01,0,0.0\n", NULL, 2, "denominator",
		     "over 0");
}

static void series_parse__refuses_other_numbers_of_columns(void **state)
{
	(void)state;
	assert_error(HEADER "2024-01,36,118\n2024-02,1,204,122\n", NULL, 3, "",
		     "4 columns");
	assert_error(HEADER "2024-01,36,118\n2024-02,36\n", NULL, 3, "",
		     "2 columns");
	assert_error(PHASED "2024-01,36,118\n", NULL, 2, "", "3 columns");
	assert_error(HEADER "2024-01,36,118\n\n2024-02,36,118\n", NULL, 3, "",
		     "empty line");
	assert_error(HEADER, NULL, 1, "", "no rows");
}

static void series_parse__refuses_disorder_and_gaps(void **state)
{
	(void)state;
	assert_error(HEADER "2024-02,36,118\n2024-01,41,122\n", NULL, 3,
		     "month", "ascend");
	assert_error(HEADER "2024-01,36,118\n2024-01,41,122\n", NULL, 3,
		     "month", "same month");
	assert_error(HEADER "2024-01,36,118\n2024-01-01,41,122\n", NULL, 3,
		     "month", "same month");
	assert_error(HEADER "2023-11,36,118\n2024-02,41,122\n", NULL, 3,
		     "month",
		     "2 months are missing above this one, from "
		     "2023-12");
	assert_error(HEADER "1960-11,36,118\n1961-01,41,122\n", NULL, 3,
		     "month",
		     "1 month is missing above this one, from 1960-12");
	/* a count: what looks like a gap may be one row an event */
	assert_error(HEADER "2024-01,36,1\n2024-03,41,1\n", NULL, 3, "month",
		     "full dates");
}

/* A wrong field is told where it stands, and not once more a month. */
static void series_parse__plans_by_right_fields_alone(void **state)
{
	static const char *const records[] = {
		"---\nkind: evidence\nstart: 2024-03-15\n"
		"transition_months: 7\n---\n",
		"---\nkind: evidence\nstart: 2024-03-15\n"
		"transition_months: -1\n---\n",
		"---\nkind: evidence\nstart: 2024-02-30\n---\n",
		"---\nkind: evidence\nstart: [2024-01-01]\n---\n",
		/* what follows the line that is no YAML is not known */
		"---\nkind: evidence\nstart: 2024-01-01\n"
		"title: a: b\ntransition_months: 3\n---\n",
	};
	struct reading rd;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof records / sizeof *records; i++) {
		assert_accepted(PHASED "2024-02,1,2,before\n"
				       "2024-03,1,2,transition\n"
				       "2024-04,1,2,after\n",
				records[i], 3);
		/* nor is it guessed which months are after */
		rd = accept(HEADER "2024-02,1,2\n2024-03,1,2\n", records[i], 2);
		assert_int_equal(rd.series.rows[1].phase, SERIES_BEFORE);
		release(&rd);
	}
	/* left empty is not wrong */
	assert_error(PHASED "2024-03,1,2,before\n",
		     "---\nkind: evidence\nstart: 2024-03-15\n"
		     "transition_months:\n---\n",
		     2, "phase", "this month is after");
}

static void series_parse__reads_on_behind_a_row_out_of_order(void **state)
{
	struct reading rd = read_series(HEADER "2024-01,36,118\n"
					       "2023-01,41,122\n"
					       "2024-02,39,119\n",
					NULL);

	(void)state;
	assert_int_equal(rd.problems.errors, 1);
	assert_int_equal(rd.series.n, 2);
	assert_int_equal(rd.series.rows[1].line, 4);
	release(&rd);
}

static void series_parse__tells_all_that_is_wrong(void **state)
{
	struct reading rd = read_series(HEADER "2024-01,x,y\nJan,1,2\n"
					       "2024-03,1,0\n2024-03,5,6\n",
					NULL);
	static const size_t lines[] = { 2, 2, 3, 4, 5 };
	size_t i;

	(void)state;
	problems_sort(&rd.problems);
	assert_int_equal(rd.problems.n, 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(rd.problems.list[i].line, lines[i]);
	}
	release(&rd);
}

static void series_parse__never_repeats_what_a_cell_holds(void **state)
{
	struct reading rd = read_series(PHASED "Zebra,Zebra,Zebra,Zebra\n"
					       "2024-01,Zebra,Zebra,Zebra\n"
					       "2024-02,1,Zebra,Zebra\n",
					NULL);
	size_t i;

	(void)state;
	assert_true(rd.problems.n >= 6);
	for (i = 0; i < rd.problems.n; i++) {
		assert_null(strstr(rd.problems.list[i].text.text, "Zebra"));
	}
	release(&rd);
	rd = read_series("Zebra,Zebra\n", NULL);
	assert_null(strstr(rd.problems.list[0].text.text, "Zebra"));
	release(&rd);
}

static void series_parse__takes_phases_from_start_and_transition(void **state)
{
	struct reading rd = accept(HEADER "2024-02,1,9\n2024-03,1,9\n"
					  "2024-04,1,9\n",
				   EVIDENCE, 3);

	(void)state;
	assert_int_equal(rd.series.rows[0].phase, SERIES_BEFORE);
	assert_int_equal(rd.series.rows[1].phase, SERIES_TRANSITION);
	assert_int_equal(rd.series.rows[2].phase, SERIES_AFTER);
	release(&rd);
	rd = accept(HEADER "2024-02,1,9\n2024-03,1,9\n",
		    "---\nkind: adoption\nstart: 2024-03-01\n---\n", 2);
	assert_int_equal(rd.series.rows[0].phase, SERIES_BEFORE);
	assert_int_equal(rd.series.rows[1].phase, SERIES_AFTER);
	release(&rd);
}

static void series_parse__refuses_phases_that_disagree(void **state)
{
	(void)state;
	assert_accepted(PHASED "2024-02,1,9,before\n2024-03,1,9,transition\n"
			       "2024-04,1,9,after\n",
			EVIDENCE, 3);
	assert_error(PHASED "2024-02,1,9,before\n2024-03,1,9,after\n", EVIDENCE,
		     3, "phase",
		     "after, but by start and transition_months "
		     "of record.md this month is transition");
	assert_error(PHASED "2024-02,1,9,after\n", EVIDENCE, 2, "phase",
		     "is before");
	assert_error(PHASED "2024-02,1,9,during\n", EVIDENCE, 2, "phase",
		     "before, transition, after");
	assert_error(PHASED "2024-02,1,9,\n", NULL, 2, "phase",
		     "before, transition, after");
}

static void series_parse__takes_only_before_in_a_baseline(void **state)
{
	static const char priority[] = "---\nkind: priority\n---\n";

	(void)state;
	assert_accepted(PHASED "2024-02,1,9,before\n", priority, 1);
	assert_error(PHASED "2024-02,1,9,before\n2024-03,1,9,after\n", priority,
		     3, "phase", "baseline");
}

static void series_parse__takes_phases_as_given_where_there_is_no_start(
	void **state)
{
	static const char lesson[] = "---\nkind: lesson\n---\n";
	struct reading rd = accept(PHASED "2024-02,1,9,before\n"
					  "2024-03,1,9,after\n",
				   lesson, 2);

	(void)state;
	assert_true(rd.series.has_phase);
	assert_int_equal(rd.series.rows[1].phase, SERIES_AFTER);
	release(&rd);
	assert_error(PHASED "2024-02,1,9,after\n2024-03,1,9,before\n", lesson,
		     3, "phase", "order");
}

static void series_parse__knows_one_row_an_event(void **state)
{
	struct reading rd = accept(HEADER "2024-01-17,40,1\n2024-01-17,0,1\n"
					  "2024-05-01,105,1\n",
				   NULL, 3);

	(void)state;
	assert_true(rd.series.by_event);
	assert_int_equal(rd.series.rows[0].day, 17);
	release(&rd);
	rd = accept(HEADER "2024-01,40,1\n2024-01,7,1\n2024-09,203,1\n", NULL,
		    3);
	assert_true(rd.series.by_event);
	release(&rd);
	assert_error(HEADER "2024-01-17,40,1\n2024-01-16,1,1\n", NULL, 3,
		     "month", "dates must ascend");
	/* a day in a row a month is a slip, told where it stands */
	assert_error(HEADER "2024-01-15,36,118\n", NULL, 2, "month",
		     "first of a month");
}

static void series_parse__takes_1200_rows_and_no_more(void **state)
{
	struct buf csv;
	struct reading rd;
	size_t i;

	(void)state;
	buf_init(&csv, CONTENT_BYTES_MAX);
	assert_int_equal(buf_add_text(&csv, HEADER), WEALD_OK);
	for (i = 0; i < SERIES_ROWS_MAX; i++) {
		assert_int_equal(buf_addf(&csv, "%zu-%02zu,36,118\n",
					  1950 + i / 12, i % 12 + 1),
				 WEALD_OK);
	}
	assert_int_equal(buf_add_byte(&csv, 0), WEALD_OK);
	assert_accepted((char *)csv.data, NULL, SERIES_ROWS_MAX);
	csv.len--;
	assert_int_equal(buf_add_text(&csv, "2050-01,36,118\n2050-02,x,y\n"),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&csv, 0), WEALD_OK);
	assert_error((char *)csv.data, NULL, SERIES_ROWS_MAX + 2, "",
		     "more than 1200 rows");
	rd = read_series((char *)csv.data, NULL);
	assert_int_equal(rd.series.n, SERIES_ROWS_MAX);
	release(&rd);
	buf_release(&csv);
}

static void series_parse__says_when_there_is_no_memory(void **state)
{
	struct problems problems = { .n = 0 };
	struct series s;
	int r;

	(void)state;
	reallocs_left = 0;
	r = series_parse(span_of(HEADER "2024-01,36,118\n"), "data.csv", NULL,
			 &s, &problems);
	reallocs_left = SIZE_MAX;
	assert_int_equal(r, WEALD_NOMEM);
	assert_null(s.rows);
	assert_int_equal(s.n, 0);
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_parse__reads_months_and_numbers),
		cmocka_unit_test(
			series_parse__takes_an_empty_numerator_as_a_missing_month),
		cmocka_unit_test(series_parse__takes_what_spreadsheets_write),
		cmocka_unit_test(series_parse__refuses_other_headers),
		cmocka_unit_test(series_parse__refuses_what_is_not_utf8),
		cmocka_unit_test(series_parse__refuses_bad_months),
		cmocka_unit_test(series_parse__refuses_bad_numbers),
		cmocka_unit_test(
			series_parse__refuses_other_numbers_of_columns),
		cmocka_unit_test(series_parse__refuses_disorder_and_gaps),
		cmocka_unit_test(series_parse__plans_by_right_fields_alone),
		cmocka_unit_test(
			series_parse__reads_on_behind_a_row_out_of_order),
		cmocka_unit_test(series_parse__tells_all_that_is_wrong),
		cmocka_unit_test(series_parse__never_repeats_what_a_cell_holds),
		cmocka_unit_test(
			series_parse__takes_phases_from_start_and_transition),
		cmocka_unit_test(series_parse__refuses_phases_that_disagree),
		cmocka_unit_test(series_parse__takes_only_before_in_a_baseline),
		cmocka_unit_test(
			series_parse__takes_phases_as_given_where_there_is_no_start),
		cmocka_unit_test(series_parse__knows_one_row_an_event),
		cmocka_unit_test(series_parse__takes_1200_rows_and_no_more),
		cmocka_unit_test(series_parse__says_when_there_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
