#include "store/index/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORM 1u

/* Of the series. */
enum { HAS_PHASE = 1u, BY_EVENT = 2u, FLAGS_ALL = HAS_PHASE | BY_EVENT };

/* Of a row: its phase, and what follows. */
enum {
	PHASE = 3u,
	MISSING = 4u,
	MONTH_GIVEN = 8u, /* else the one after the row above */
	DAY_GIVEN = 16u,  /* else 1 */
	/* a whole number, else a double */
	NUMERATOR_WHOLE = 32u,
	DENOMINATOR_WHOLE = 64u,
	DENOMINATOR_SAME = 128u /* as in the row above, at first 0 */
};

/* As series_parse() takes them: 1900 to 2199. */
#define MONTH_FIRST (-70 * 12)
#define MONTH_LAST  (230 * 12 - 1)
#define DAY_LAST    31

/* All whole numbers up to here are doubles. */
#define WHOLE_MAX (UINT64_C(1) << 53)

#define DOUBLE_BYTES   8u
#define WHOLE_SHIFT    7u
#define WHOLE_BITS_MAX 63u

/* ---- writing ------------------------------------------------------------- */

static int write_whole(struct buf *out, uint64_t v)
{
	int r = WEALD_OK;

	for (; r == WEALD_OK && v >= 0x80; v >>= WHOLE_SHIFT) {
		r = buf_add_byte(out, (uint8_t)(v | 0x80));
	}
	return r == WEALD_OK ? buf_add_byte(out, (uint8_t)v) : r;
}

/* 0 is whole, -0 is not: it would come back as another. */
static bool is_whole(double v)
{
	return !signbit(v) && v <= (double)WHOLE_MAX &&
	       v == (double)(uint64_t)v;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static int write_double(struct buf *out, double v)
{
	const uint64_t bits = bits_of(v);
	uint8_t bytes[DOUBLE_BYTES];
	size_t i;

	for (i = 0; i < DOUBLE_BYTES; i++) {
		bytes[i] = (uint8_t)(bits >> 8 * i);
	}
	return buf_add(out, bytes, sizeof bytes);
}

static int write_figure(struct buf *out, double v)
{
	return is_whole(v) ? write_whole(out, (uint64_t)v)
			   : write_double(out, v);
}

static bool is_valid(const struct series_row *row)
{
	return isfinite(row->numerator) && isfinite(row->denominator) &&
	       row->month >= MONTH_FIRST && row->month <= MONTH_LAST &&
	       row->day >= 1 && row->day <= DAY_LAST &&
	       (unsigned)row->phase <= SERIES_AFTER;
}

static unsigned flags_of(const struct series_row *row,
			 const struct series_row *above)
{
	unsigned flags = (unsigned)row->phase;

	flags |= row->missing ? MISSING : 0u;
	flags |= row->month != above->month + 1 ? MONTH_GIVEN : 0u;
	flags |= row->day != 1 ? DAY_GIVEN : 0u;
	flags |= is_whole(row->numerator) ? NUMERATOR_WHOLE : 0u;
	if (bits_of(row->denominator) == bits_of(above->denominator)) {
		flags |= DENOMINATOR_SAME;
	} else if (is_whole(row->denominator)) {
		flags |= DENOMINATOR_WHOLE;
	}
	return flags;
}

static int write_row(struct buf *out, const struct series_row *row,
		     const struct series_row *above)
{
	const unsigned flags = flags_of(row, above);
	int r = buf_add_byte(out, (uint8_t)flags);

	if (r == WEALD_OK && (flags & MONTH_GIVEN) != 0) {
		r = write_whole(out, (uint64_t)(row->month - MONTH_FIRST));
	}
	if (r == WEALD_OK && (flags & DAY_GIVEN) != 0) {
		r = write_whole(out, (uint64_t)row->day);
	}
	if (r == WEALD_OK) {
		r = write_figure(out, row->numerator);
	}
	if (r == WEALD_OK && (flags & DENOMINATOR_SAME) == 0) {
		r = write_figure(out, row->denominator);
	}
	return r;
}

/* What the first row is written after. */
static const struct series_row nothing = { .month = MONTH_FIRST - 1, .day = 1 };

int numbers_write(const struct series *s, struct buf *out)
{
	const struct series_row *above = &nothing;
	const unsigned flags =
		(s->has_phase ? HAS_PHASE : 0u) | (s->by_event ? BY_EVENT : 0u);
	size_t i;
	int r;

	if (s->n > SERIES_ROWS_MAX) {
		return WEALD_INVALID;
	}
	r = buf_add_byte(out, FORM);
	if (r == WEALD_OK) {
		r = buf_add_byte(out, (uint8_t)flags);
	}
	if (r == WEALD_OK) {
		r = write_whole(out, s->n);
	}
	for (i = 0; r == WEALD_OK && i < s->n; i++) {
		r = is_valid(&s->rows[i]) ? write_row(out, &s->rows[i], above)
					  : WEALD_INVALID;
		above = &s->rows[i];
	}
	return r;
}

/* ---- reading ------------------------------------------------------------- */

/* A whole number of at most @max. */
static bool read_whole(struct reader *in, uint64_t max, uint64_t *out)
{
	struct span byte = { NULL, 0 };
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < WHOLE_BITS_MAX; shift += WHOLE_SHIFT) {
		if (reader_take(in, 1, &byte) != WEALD_OK) {
			return false;
		}
		v |= (uint64_t)(byte.data[0] & 0x7f) << shift;
		if ((byte.data[0] & 0x80) == 0) {
			*out = v;
			/* written as short as can be */
			return v <= max && (byte.data[0] != 0 || shift == 0);
		}
	}
	return false;
}

static bool read_double(struct reader *in, double *out)
{
	struct span bytes = { NULL, 0 };
	uint64_t bits = 0;
	size_t i;

	if (reader_take(in, DOUBLE_BYTES, &bytes) != WEALD_OK) {
		return false;
	}
	for (i = 0; i < DOUBLE_BYTES; i++) {
		bits |= (uint64_t)bytes.data[i] << 8 * i;
	}
	memcpy(out, &bits, sizeof bits);
	return true;
}

static bool read_figure(struct reader *in, bool whole, double *out)
{
	uint64_t v = 0;

	if (!whole) {
		return read_double(in, out);
	}
	if (!read_whole(in, WHOLE_MAX, &v)) {
		return false;
	}
	*out = (double)v;
	return true;
}

static bool read_row(struct reader *in, const struct series_row *above,
		     struct series_row *out)
{
	struct series_row row = { .month = above->month + 1,
				  .day = 1,
				  .denominator = above->denominator };
	uint64_t flags = 0;
	uint64_t v = 0;
	struct span byte = { NULL, 0 };

	if (reader_take(in, 1, &byte) != WEALD_OK) {
		return false;
	}
	flags = byte.data[0];
	if ((flags & MONTH_GIVEN) != 0) {
		if (!read_whole(in, MONTH_LAST - MONTH_FIRST, &v)) {
			return false;
		}
		row.month = (int32_t)v + MONTH_FIRST;
	}
	if ((flags & DAY_GIVEN) != 0) {
		if (!read_whole(in, DAY_LAST, &v)) {
			return false;
		}
		row.day = (int32_t)v;
	}
	if (!read_figure(in, (flags & NUMERATOR_WHOLE) != 0, &row.numerator)) {
		return false;
	}
	if ((flags & DENOMINATOR_SAME) == 0 &&
	    !read_figure(in, (flags & DENOMINATOR_WHOLE) != 0,
			 &row.denominator)) {
		return false;
	}
	row.missing = (flags & MISSING) != 0;
	row.phase = (enum series_phase)(flags & PHASE);
	*out = row;
	/* one way only to say the same, and nothing that was not written */
	return is_valid(&row) && flags_of(&row, above) == flags;
}

static bool read_head(struct reader *in, struct series *out)
{
	struct span head = { NULL, 0 };
	uint64_t n = 0;

	if (reader_take(in, 2, &head) != WEALD_OK || head.data[0] != FORM ||
	    head.data[1] > FLAGS_ALL || !read_whole(in, SERIES_ROWS_MAX, &n)) {
		return false;
	}
	out->has_phase = (head.data[1] & HAS_PHASE) != 0;
	out->by_event = (head.data[1] & BY_EVENT) != 0;
	out->n = (size_t)n;
	/* a row is a byte at least */
	return out->n <= reader_left(in);
}

int numbers_read(struct span data, struct series *out)
{
	const struct series_row *above = &nothing;
	struct series s = { .n = 0 };
	struct reader in;
	size_t i;

	*out = (struct series){ .n = 0 };
	reader_init(&in, data);
	if (!read_head(&in, &s)) {
		return WEALD_INVALID;
	}
	s.rows = calloc(s.n + 1, sizeof *s.rows);
	if (s.rows == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < s.n; i++) {
		if (!read_row(&in, above, &s.rows[i])) {
			break;
		}
		above = &s.rows[i];
	}
	if (i < s.n || reader_left(&in) != 0) {
		series_release(&s);
		return WEALD_INVALID;
	}
	*out = s;
	return WEALD_OK;
}
