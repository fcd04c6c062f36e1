/*
 * data.csv of any bytes, read as that of several records: what comes out is
 * in order and within its bounds, and what is refused is told with its line.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/record/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS_N 4u

static const char *const records[RECORDS_N] = {
	NULL,
	"---\nkind: evidence\nstart: 2025-01-01\ntransition_months: 1\n---\n",
	"---\nkind: priority\n---\n",
	"---\nkind: lesson\n---\n",
};

static void check_row(const struct series *s, size_t i, size_t size)
{
	const struct series_row *row = &s->rows[i];
	const struct series_row *last = i == 0 ? NULL : &s->rows[i - 1];

	assert(row->line >= 2 && row->line <= size + 1);
	assert(row->day >= 1 && row->day <= 31);
	assert(row->month >= (1900 - 1970) * 12);
	assert(row->month < (2200 - 1970) * 12);
	assert(row->phase <= SERIES_AFTER);
	assert(row->numerator >= 0 && row->numerator < 1e15);
	assert(row->denominator >= 0 && row->denominator < 1e15);
	assert(s->by_event || row->day == 1);
	if (last != NULL) {
		assert(row->line > last->line);
		assert(row->month > last->month ||
		       (s->by_event && row->month == last->month &&
			row->day >= last->day));
	}
}

static void check_accepted(const struct series *s)
{
	size_t i;

	assert(s->n > 0);
	for (i = 0; i < s->n; i++) {
		assert(s->rows[i].missing || s->rows[i].denominator > 0);
		assert(i == 0 || s->by_event ||
		       s->rows[i].month == s->rows[i - 1].month + 1);
	}
}

static void check_problems(const struct problems *p)
{
	size_t i;

	assert(p->warnings == 0);
	for (i = 0; i < p->n; i++) {
		assert(strcmp(p->list[i].file, "data.csv") == 0);
		assert(p->list[i].text.text[0] != '\0');
	}
}

static void read_as(struct span csv, const struct record *record)
{
	struct problems problems = { .n = 0 };
	struct series s;
	size_t i;
	int r = series_parse(csv, "data.csv", record, &s, &problems);

	assert(r == WEALD_OK || r == WEALD_INVALID || r == WEALD_NOMEM);
	assert(r == WEALD_OK || s.n == 0);
	assert(r != WEALD_INVALID || problems.errors == 1);
	assert(s.n <= SERIES_ROWS_MAX);
	for (i = 0; i < s.n; i++) {
		check_row(&s, i, csv.len);
	}
	if (r == WEALD_OK && problems.errors == 0) {
		check_accepted(&s);
	}
	check_problems(&problems);
	problems_release(&problems);
	series_release(&s);
}

/* Parsed once, and kept until the end. */
static const struct record *record_at(size_t i)
{
	static struct record *parsed[RECORDS_N];
	struct problems ignored = { .n = 0 };
	int r;

	if (parsed[i] == NULL && records[i] != NULL) {
		r = record_parse(span_of(records[i]), &parsed[i], &ignored);
		assert(r == WEALD_OK);
		problems_release(&ignored);
	}
	return parsed[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < RECORDS_N; i++) {
		read_as((struct span){ data, size }, record_at(i));
	}
	return 0;
}
