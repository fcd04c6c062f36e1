#include "store/evidence/sheet_private.h"

/* With at most 15 digits, mantissa and power of ten are exact as doubles. */
#define DIGITS_MAX 15u
#define GROUP      3u /* digits between two separators of thousands */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Where points and commas stand. */
struct marks {
	size_t points;
	size_t commas;
	size_t first; /* of any of them */
	size_t last;
	size_t digits;
};

static bool find_marks(struct span s, struct marks *out)
{
	size_t i;

	*out = (struct marks){ .first = s.len };
	for (i = 0; i < s.len; i++) {
		if (is_digit(s.data[i])) {
			out->digits++;
			continue;
		}
		if (s.data[i] != '.' && s.data[i] != ',') {
			return false;
		}
		out->points += s.data[i] == '.';
		out->commas += s.data[i] == ',';
		out->first = out->first == s.len ? i : out->first;
		out->last = i;
	}
	return out->digits > 0 && out->digits <= DIGITS_MAX &&
	       is_digit(s.data[s.len - 1]);
}

/* Do the digits before @end stand in groups as "1,234,567"? */
static bool is_grouped(struct span s, char mark, size_t end)
{
	size_t run = 0;
	bool first = true;
	size_t i;

	for (i = 0; i <= end; i++) {
		if (i < end && is_digit(s.data[i])) {
			run++;
			continue;
		}
		if (i < end && s.data[i] != (uint8_t)mark) {
			return false;
		}
		if (first ? run == 0 || run > GROUP : run != GROUP) {
			return false;
		}
		first = false;
		run = 0;
	}
	return s.data[0] != '0';
}

enum sheet_style sheet_number_style(struct span cell)
{
	struct marks m;
	bool point;

	if (!find_marks(cell, &m)) {
		return SHEET_STYLE_BAD;
	}
	if (m.points + m.commas == 0) {
		return SHEET_STYLE_NONE;
	}
	point = cell.data[m.last] == '.';
	if (m.points > 0 && m.commas > 0) {
		return point ? SHEET_STYLE_POINT : SHEET_STYLE_COMMA;
	}
	if (m.points + m.commas > 1) { /* of thousands */
		return point ? SHEET_STYLE_COMMA : SHEET_STYLE_POINT;
	}
	if (is_grouped(cell, point ? '.' : ',', cell.len)) {
		return point ? SHEET_STYLE_POINT_3 : SHEET_STYLE_COMMA_3;
	}
	return point ? SHEET_STYLE_POINT : SHEET_STYLE_COMMA;
}

bool sheet_number_read(struct span cell, enum sheet_style style, double *out)
{
	const char decimal = style == SHEET_STYLE_COMMA ? ',' : '.';
	const char group = style == SHEET_STYLE_COMMA ? '.' : ',';
	struct marks m;
	double mantissa = 0;
	double scale = 1;
	size_t end = cell.len;
	bool behind = false;
	size_t i;

	if (!find_marks(cell, &m)) {
		return false;
	}
	if (m.first < cell.len && cell.data[m.last] == (uint8_t)decimal) {
		end = m.last;
	}
	if (end == 0 || (m.first < end && !is_grouped(cell, group, end))) {
		return false;
	}
	for (i = 0; i < cell.len; i++) {
		if (is_digit(cell.data[i])) {
			mantissa = mantissa * 10 + (cell.data[i] - '0');
			scale = behind ? scale * 10 : scale;
		} else {
			behind = i == end;
		}
	}
	*out = mantissa / scale;
	return true;
}
