/*
 * Series: the numbers of a record, data.csv.
 *
 *   month,numerator,denominator[,phase]
 *
 * One row a month in ascending order (time-between: one row an event), no gap
 * unsaid: an empty numerator is a missing month. phase is before, transition
 * or after; where the column is missing it follows from the record's start and
 * transition_months, and where it is there it must agree with them. Strict:
 * UTF-8 (a byte-order mark is passed over), LF or CRLF, no quotes, no other
 * columns; a row a person is refused because only these columns are allowed.
 * Problems never repeat what a cell holds. Pure.
 *
 * The measure's shape stands in another record, so that a series tells by
 * itself whether it has one row an event: by a date that is not the first of
 * its month or, where every denominator is 1, by a month that comes twice.
 */
#ifndef WEALD_STORE_RECORD_SERIES_H
#define WEALD_STORE_RECORD_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/problem.h"
#include "store/record/record.h"

#define SERIES_ROWS_MAX 1200u /* a hundred years of months */

enum series_phase { SERIES_BEFORE, SERIES_TRANSITION, SERIES_AFTER };

struct series_row {
	int32_t month; /* months since 1970-01 */
	int32_t day;   /* 1..31; rows of time-between only use it */
	size_t line;
	bool missing; /* no numerator was given */
	double numerator;
	double denominator;
	enum series_phase phase;
};

struct series {
	struct series_row *rows; /* owned: series_release() */
	size_t n;
	bool has_phase; /* the column was there */
	bool by_event;  /* time-between: one row an event */
};

/*
 * Read @csv. @record may be NULL (a bare file): then phases are as the column
 * says, or all before. @name is the file's, for problems. All that is wrong is
 * added to @problems; rows whose figures cannot be read count as missing then,
 * rows without a month or out of order are left out.
 *   WEALD_OK       @out holds the rows that could be read
 *   WEALD_INVALID  the header is wrong: @out is empty
 *   WEALD_NOMEM
 */
int series_parse(struct span csv, const char *name, const struct record *record,
		 struct series *out, struct problems *problems);
void series_release(struct series *s);

#endif
