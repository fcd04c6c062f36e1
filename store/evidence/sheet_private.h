/*
 * Inside of sheet.h: the parts that a file is read in.
 *
 *   sheet_text.c    from bytes to rows of cells
 *   sheet_date.c    what a cell says of a month
 *   sheet_number.c  figures, with points and commas
 *   sheet_columns.c which column is what
 *   sheet_check.c   whether the dates of a file can be what they seem
 *   sheet.c         which order of days and months, and the rows
 */
#ifndef WEALD_STORE_EVIDENCE_SHEET_PRIVATE_H
#define WEALD_STORE_EVIDENCE_SHEET_PRIVATE_H

#include "store/evidence/sheet.h"

/* ---- text ----------------------------------------------------------------
 */

/*
 * @bytes as UTF-8 with LF at line ends and without a byte-order mark, into
 * @out. WEALD_OK, WEALD_NOMEM, or WEALD_INVALID with *@out_why: what it is, and
 * what to do.
 */
int sheet_decode(struct span bytes, struct buf *out,
		 enum sheet_encoding *out_encoding, const char **out_why);

/* What is left to read; @text is changed where quotes are taken out. */
struct sheet_text {
	uint8_t *text;
	size_t len;
	size_t at;
	size_t line; /* of the next row, from 1 */
	char separator;
};

struct sheet_cells {
	struct span cell[SHEET_COLUMNS_MAX]; /* without blanks at the ends */
	size_t n;
	size_t line;
	bool too_many;
	bool open; /* a quote that does not end */
};

/* Which of comma, semicolon and tab parts the first row; 0: none. */
char sheet_separator(const struct sheet_text *t);
/* The next row that is not empty; false at the end. */
bool sheet_next(struct sheet_text *t, struct sheet_cells *out);

/* Without blanks, no-break spaces too, at the ends. */
struct span sheet_trim(struct span s);
/* Equal but for case, ASCII. */
bool sheet_same(struct span a, const char *b);

/* ---- dates ---------------------------------------------------------------
 */

enum sheet_date_kind {
	SHEET_DATE_KNOWN, /* month and day are set */
	SHEET_DATE_ORDER, /* a, b and year: the order must be known */
	SHEET_DATE_SHORT, /* the same, and the year, of two digits, could also
			     stand first */
	SHEET_DATE_SERIAL,
	SHEET_DATE_YEARLESS,
	SHEET_DATE_TOTAL,
	SHEET_DATE_FINANCIAL, /* 2024/25 */
	SHEET_DATE_QUARTER,
	SHEET_DATE_WEEK,
	SHEET_DATE_NONE
};
/* What a month that was read could also be. */
enum sheet_date_look {
	SHEET_LOOK_PLAIN,
	SHEET_LOOK_WORD,     /* Jan-08: the 8th of January */
	SHEET_LOOK_SIX,      /* 200801: a day as YYMMDD */
	SHEET_LOOK_FINANCIAL /* 2008/09: from April to March */
};
struct sheet_cell_date {
	enum sheet_date_kind kind;
	enum sheet_date_look look;
	int32_t month; /* months since 1970-01 */
	int32_t day;
	int32_t a; /* the first number */
	int32_t b;
	int32_t year;
};
void sheet_date_read(struct span cell, struct sheet_cell_date *out);
/* Put it in @order; false where there is no such day. */
bool sheet_date_order(struct sheet_cell_date *d, enum sheet_date_order order);

/* ---- numbers -------------------------------------------------------------
 */

enum sheet_style {
	SHEET_STYLE_NONE,    /* digits alone */
	SHEET_STYLE_POINT,   /* 36.5 or 1,234.5: the point is decimal */
	SHEET_STYLE_COMMA,   /* 36,5 */
	SHEET_STYLE_POINT_3, /* 1.234: one or the other */
	SHEET_STYLE_COMMA_3, /* 1,234 */
	SHEET_STYLE_BAD
};
enum sheet_style sheet_number_style(struct span cell);
/* By @style, POINT or COMMA; false where it is none by that. */
bool sheet_number_read(struct span cell, enum sheet_style style, double *out);

/* ---- reading -------------------------------------------------------------
 */

/* A row as it stands there: the cells that matter, borrowed from the text. */
struct sheet_raw {
	size_t line;
	struct span cell[SHEET_ROLES_N];
	struct sheet_cell_date date;
};

struct sheet_reading {
	const char *name;
	const struct sheet_how *how;
	struct sheet *out;
	struct problems *problems;
	struct buf text;
	struct sheet_raw *raws;
	size_t n;
	size_t cap;
	enum sheet_style style;
	enum sheet_date_order order;
	size_t cut; /* rows over SERIES_ROWS_MAX that were left out */
};

/* "month", "numerator" ...: fields of problems, and names of options. */
const char *sheet_role_name(enum sheet_column role);
/* Figures of so many; counts and days between are of nothing. */
bool sheet_needs_denominator(enum effect_shape shape);

/* ---- columns -------------------------------------------------------------
 */

/*
 * Find the columns by what was asked for, by known headings, or by their
 * place where there are no others; @head is the first row. False where a
 * problem was added.
 */
bool sheet_find_columns(struct sheet_reading *rd,
			const struct sheet_cells *head);

/* ---- whether it can be ---------------------------------------------------
 */

/*
 * Take dates of kind SHEET_DATE_SHORT for SHEET_DATE_ORDER where an option or
 * another row says that their years stand last.
 */
void sheet_settle_years(struct sheet_reading *rd);
/* Before the months are used: are they financial years, days, or weeks? */
bool sheet_check_looks(struct sheet_reading *rd);
/* Of the series, in order: does it span more than its rows can tell? */
bool sheet_check_span(struct sheet_reading *rd);
/* Warns of a start that parts nothing, or parts a month. */
void sheet_check_start(struct sheet_reading *rd);

#endif
