/*
 * A spreadsheet's export of any bytes, read in several ways: what comes out is
 * in order and within its bounds, what is refused is told, and the same bytes
 * are read the same again. What is accepted is studied too: a chart and an
 * effect hold no number that is none.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/plot.h"
#include "proto/text.h"
#include "store/evidence/sheet.h"
#include "store/evidence/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sheet_how hows[] = {
	{ .shape = EFFECT_PROPORTION },
	{ .shape = EFFECT_RATE,
	  .date_order = SHEET_DATE_DMY,
	  .has_start = true,
	  .start_month = 55 * 12,
	  .start_day = 1,
	  .transition_months = 1 },
	{ .shape = EFFECT_COUNT,
	  .date_order = SHEET_DATE_MDY,
	  .month = "1",
	  .numerator = "Late" },
	{ .shape = EFFECT_MEAN,
	  .month = "Month",
	  .numerator = "2",
	  .denominator = "3" },
	{ .shape = EFFECT_TIME_BETWEEN,
	  .has_start = true,
	  .start_month = 55 * 12,
	  .start_day = 15 },
};
#define HOWS_N (sizeof hows / sizeof hows[0])

static bool is_number(double v)
{
	return v >= 0 && v < 1e15;
}

static void check_row(const struct sheet *s, size_t i,
		      const struct sheet_how *how)
{
	const struct series_row *row = &s->series.rows[i];
	const struct series_row *last = row - (i > 0);

	assert(row->line >= 1);
	assert(row->month >= (1900 - 1970) * 12);
	assert(row->month < (2200 - 1970) * 12);
	assert(row->day >= 1 && row->day <= 31);
	assert(row->phase <= SERIES_AFTER && row->phase >= last->phase);
	assert(is_number(row->numerator) && is_number(row->denominator));
	assert(row->missing || row->denominator > 0);
	assert(how->shape != EFFECT_PROPORTION || row->missing ||
	       row->numerator <= row->denominator);
	if (how->shape == EFFECT_TIME_BETWEEN) {
		assert(row->month > last->month ||
		       (row->month == last->month && row->day >= last->day));
	} else {
		assert(i == 0 || row->month > last->month);
	}
}

static void check_plot(const struct chart *c, const struct study *study)
{
	const struct plot_how how = { .width = 60,
				      .height = 10,
				      .utf8 = true,
				      .has_start = study->has_start,
				      .start_month = study->start_month };
	struct buf text;
	int r;

	buf_init(&text, 1u << 20);
	r = plot_chart(c, &how, &text);
	assert(r == WEALD_OK);
	assert(text_is_utf8(buf_span(&text)));
	buf_release(&text);
}

static void check_chart(const struct chart *c)
{
	const struct chart_point *p;
	size_t i;

	for (i = 0; i < c->n; i++) {
		p = &c->points[i];
		assert(isfinite(p->value) && isfinite(p->centre));
		assert(p->lower <= p->centre && p->centre <= p->upper);
	}
}

static void check_study(const struct series *s, enum effect_shape shape)
{
	const struct study_measure m = { .shape = shape, .chart = CHART_AUTO };
	struct study study;
	int r = study_make(s, &m, NULL, 0, &study);

	assert(r == WEALD_OK);
	check_chart(&study.frozen);
	check_chart(&study.rebased);
	check_plot(&study.frozen, &study);
	check_plot(&study.rebased, &study);
	assert(isfinite(study.own_trend.ratio));
	assert(study.own_trend.low <= study.own_trend.high);
	study_release(&study);
}

static void check_problems(const struct problems *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		assert(strcmp(p->list[i].file, "f.csv") == 0);
		assert(p->list[i].text.text[0] != '\0');
		assert(text_is_utf8(span_of(p->list[i].text.text)));
	}
}

static int read_as(struct span bytes, const struct sheet_how *how)
{
	struct problems problems = { .n = 0 };
	struct sheet s;
	size_t i;
	int r = sheet_read(bytes, "f.csv", how, &s, &problems);

	assert(r == WEALD_OK || r == WEALD_INVALID || r == WEALD_INCOMPLETE);
	assert((r == WEALD_INVALID) == (problems.errors > 0) ||
	       r == WEALD_INCOMPLETE);
	assert((r == WEALD_INCOMPLETE) == (s.ambiguous[0] != '\0'));
	for (i = 0; r == WEALD_INCOMPLETE && i < 2; i++) {
		assert(s.ambiguous_numbers[i] >= 1);
		assert(s.ambiguous_numbers[i] <= 12);
	}
	assert(r == WEALD_OK ? s.series.n > 0 : s.series.n == 0);
	assert(s.series.n <= SERIES_ROWS_MAX);
	for (i = 0; i < s.series.n; i++) {
		check_row(&s, i, how);
	}
	assert(how->shape == EFFECT_TIME_BETWEEN || s.series.n == 0 ||
	       s.series.rows[s.series.n - 1].month - s.series.rows[0].month <
		       4 * (int32_t)s.series.n);
	check_problems(&problems);
	/* long ones cost seconds, and say nothing more */
	if (r == WEALD_OK && s.series.n <= 100) {
		check_study(&s.series, how->shape);
	}
	sheet_clear(&s);
	problems_release(&problems);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = { data, size };
	size_t i;
	int r;

	for (i = 0; i < HOWS_N; i++) {
		r = read_as(bytes, &hows[i]);
		assert(i > 0 || read_as(bytes, &hows[i]) == r);
	}
	return 0;
}
