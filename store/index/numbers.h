/*
 * Numbers: a series as the index keeps it, so that what several regions
 * measured can be compared without their records.
 *
 * Bytes: the form (1), flags, the number of rows, then the rows. A row is a
 * byte that says what it is and what of it follows (month and day only where
 * they are not the next month and its first day, whole numbers as they are,
 * others as doubles), so that a month mostly takes four bytes. Whole numbers
 * are in base 128, the low digits first.
 *
 * Pure; what is read may be anything.
 */
#ifndef WEALD_STORE_INDEX_NUMBERS_H
#define WEALD_STORE_INDEX_NUMBERS_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/series.h"

/* The most that numbers_write() appends. */
#define NUMBERS_BYTES_MAX (16u + 24u * SERIES_ROWS_MAX)

/*
 * Append the rows of @s, all but their lines, and what it says of itself. The
 * same series gives the same bytes.
 *
 *   WEALD_INVALID  no series that series_parse() gives: too many rows, a
 *                  figure that is no number, a month or a day that is none;
 *                  @out may hold a part of it
 *   WEALD_TOOBIG, WEALD_NOMEM  as buf_add()
 */
int numbers_write(const struct series *s, struct buf *out);

/*
 * Read what numbers_write() wrote: the same figures to the last bit; the line
 * of each row is 0. The caller gives @out back with series_release().
 *
 *   WEALD_INVALID  it is something else; @out is empty
 *   WEALD_NOMEM
 */
int numbers_read(struct span data, struct series *out);

#endif
