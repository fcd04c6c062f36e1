/*
 * Sheet: a series out of a spreadsheet's export, before there is any record.
 *
 * Tolerant of what spreadsheets write: a byte-order mark, UTF-16, LF or CRLF or
 * CR, commas, semicolons or tabs, quotes, a decimal comma where semicolons
 * separate, "1,234" in quotes, dates as 2026-01, 2026-01-31, 31/01/2026,
 * Mon 31.1.2026, Jan-26, January 2026, 202601, months in any order, further
 * columns, empty lines. Strict in what it accepts: a month once and in one
 * order of days and months, figures that are figures, columns that it is told
 * or knows. It never guesses: dates that could be read in both orders are a
 * question, a column is taken by its place only where it is the last that is
 * left, and months that span far more than their rows are refused.
 *
 * Pure. Problems never repeat what a cell holds, but for dates, numbers and
 * the headings of columns.
 */
#ifndef WEALD_STORE_EVIDENCE_SHEET_H
#define WEALD_STORE_EVIDENCE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/evidence/effect.h"
#include "store/record/problem.h"
#include "store/record/series.h"

#define SHEET_BYTES_MAX   (1u << 20)
#define SHEET_COLUMNS_MAX 64u

enum sheet_date_order { SHEET_DATE_UNKNOWN, SHEET_DATE_DMY, SHEET_DATE_MDY };

struct sheet_how {
	enum effect_shape shape;
	enum sheet_date_order date_order;
	bool has_start;
	int32_t start_month; /* months since 1970-01; phases follow from it */
	int32_t start_day;   /* 1..31; of time-between */
	size_t transition_months; /* 0..3 */
	/* headings of the columns, or their numbers from 1 on; NULL: known
	 * headings; of one that is lacking the only column that is left; the
	 * first ones where there are no headings */
	const char *month;
	const char *numerator;
	const char *denominator;
};

enum sheet_encoding { SHEET_UTF8, SHEET_UTF16, SHEET_WINDOWS };

enum sheet_column {
	SHEET_MONTH,
	SHEET_NUMERATOR,
	SHEET_DENOMINATOR,
	SHEET_PHASE /* before, transition, after; may be there */
};
#define SHEET_ROLES_N       4u
#define SHEET_HEADING_BYTES 64u

struct sheet {
	struct series series; /* owned: sheet_clear() */
	/* how it was read, to be told, so that a wrong reading is seen */
	enum sheet_encoding encoding;
	char separator; /* ',', ';' or tab */
	bool has_heading;
	bool decimal_comma; /* the comma stands before decimals */
	/* of dates of three numbers; UNKNOWN where there are none */
	enum sheet_date_order date_order;
	size_t columns[SHEET_ROLES_N]; /* from 0; SIZE_MAX: none */
	char headings[SHEET_ROLES_N][SHEET_HEADING_BYTES]; /* "" without */
	size_t columns_n;
	size_t rows; /* below the heading, without empty ones */
	/* the first date that could be read in both orders, as it is written;
	 * "" where none is. With it sheet_read() says WEALD_INCOMPLETE */
	char ambiguous[16];
	int32_t ambiguous_numbers[2]; /* its first two, each 1..12 */
	size_t ambiguous_line;
};

/*
 * Read @bytes of the file called @name. All that is wrong is added to
 * @problems, with line and what is allowed; what is only to be told is a
 * warning.
 *   WEALD_OK       a series; rows in ascending order
 *   WEALD_INVALID  @problems say why
 *   WEALD_INCOMPLETE  the order of the date must be said: out->ambiguous
 *   WEALD_NOMEM
 */
int sheet_read(struct span bytes, const char *name, const struct sheet_how *how,
	       struct sheet *out, struct problems *problems);
void sheet_clear(struct sheet *s);

/*
 * A date as sheets have it, for options: "2025-01-01", "2025-01",
 * "31 January 2025"; one that needs an order of days and months is none.
 */
bool sheet_date(struct span text, int32_t *out_month, int32_t *out_day);

#endif
