/*
 * The series of a record, as a table of months.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cli/out.h"
#include "daemon/cli/show.h"
#include "store/record/series.h"

/* Longer ones are cut in the middle. */
#define ROWS_WHOLE 16u
#define ROWS_EDGE  6u

static const char *const phases[] = {
	[SERIES_BEFORE] = "before",
	[SERIES_TRANSITION] = "transition",
	[SERIES_AFTER] = "after",
};

static void print_row(const struct series_row *row)
{
	char numerator[32] = "missing";
	char denominator[32] = "";
	const int32_t month = row->month + 12 * 1970; /* it may be before */

	if (!row->missing) {
		snprintf(numerator, sizeof numerator, "%.10g", row->numerator);
	}
	snprintf(denominator, sizeof denominator, "%.10g", row->denominator);
	printf("  %04d-%02d  %12s  %12s  %s\n", month / 12, 1 + month % 12,
	       numerator, denominator, phases[row->phase]);
}

static void print_rows(const struct series *series)
{
	const bool cut = series->n > ROWS_WHOLE;
	size_t i;

	printf("  %-7s  %12s  %12s  %s\n", "month", "numerator", "denominator",
	       "phase");
	for (i = 0; i < series->n; i++) {
		if (cut && i == ROWS_EDGE) {
			i = series->n - ROWS_EDGE;
			printf("  ... %zu more\n", i - ROWS_EDGE);
		}
		print_row(&series->rows[i]);
	}
}

static int print_series(const struct showing *s, const struct file *file)
{
	struct problems problems = { 0 };
	struct series series = { 0 };
	int r;

	r = series_parse(buf_span(&file->content), file->name, s->shown.record,
			 &series, &problems);
	if (r == WEALD_OK && series.n > 0) {
		printf("\n%s, %zu row%s\n", file->name, series.n,
		       series.n == 1 ? "" : "s");
		print_rows(&series);
	} else if (r != WEALD_NOMEM) {
		printf("\n%s cannot be read as a series: --file %s prints it\n",
		       file->name, file->name);
		r = WEALD_OK;
	}
	series_release(&series);
	problems_release(&problems);
	return r;
}

int show_series(const struct showing *s)
{
	const struct record *record = s->shown.record;
	const struct field *field;
	const struct file *file;
	size_t i;
	int r = WEALD_OK;

	if (record == NULL || record->kind == NULL) {
		return WEALD_OK;
	}
	for (i = 0; r == WEALD_OK && i < record->kind->fields_n; i++) {
		field = &record->kind->fields[i];
		if (field->type != FIELD_PATH) {
			continue;
		}
		file = files_find(&s->shown.files,
				  record_text(record, field->name));
		if (file != NULL) {
			r = print_series(s, file);
		}
	}
	return r;
}
