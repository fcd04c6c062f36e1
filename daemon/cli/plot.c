#include "daemon/cli/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/evidence/number.h"
#include "store/evidence/study.h"

#define GUTTER_MAX  16u /* columns for the numbers at the left */
#define STEP_MAX    4u  /* columns of a point */
#define MONTH_WIDTH 7u  /* 2024-01 */

/* What stands in a place; the later covers the earlier. */
enum glyph {
	BLANK,
	LIMIT,
	CENTRE,
	TARGET,
	START,
	POINT,
	SETTLING, /* a point of the transition */
	OUTSIDE,
	TREND,
	TWO_IN_THREE,
	SHIFT
};
#define GLYPHS_N 11u

static const struct {
	const char *ascii;
	const char *utf8;
	const char *words;
} glyphs[GLYPHS_N] = {
	[BLANK] = { " ", " ", "" },
	[LIMIT] = { ".", "\xe2\x94\x84", "limits" },
	[CENTRE] = { "-", "\xe2\x94\x80", "centre line" },
	[TARGET] = { "=", "=", "target" },
	[START] = { ":", "\xe2\x94\x8a", "start" },
	[POINT] = { "*", "\xe2\x97\x8f", "point" },
	[SETTLING] = { "o", "\xe2\x97\x8b", "transition" },
	[OUTSIDE] = { "X", "X", "outside the limits" },
	[TREND] = { "T", "T", "trend" },
	[TWO_IN_THREE] = { "2", "2", "two in three near a limit" },
	[SHIFT] = { "S", "S", "shift" },
};

struct plot {
	const struct chart *c;
	const struct plot_how *how;
	size_t first; /* point that is drawn */
	size_t n;
	size_t width;
	size_t height;
	size_t step;
	size_t columns; /* of the picture */
	size_t gutter;
	double top;
	double bottom;
	unsigned decimals;
	bool seen[GLYPHS_N];
	uint8_t cells[PLOT_HEIGHT_MAX][PLOT_WIDTH_MAX];
	char labels[PLOT_HEIGHT_MAX][NUMBER_TEXT_BYTES];
};

static size_t within(size_t v, size_t least, size_t most)
{
	return v < least ? least : v > most ? most : v;
}

static const struct chart_point *point_at(const struct plot *p, size_t i)
{
	return &p->c->points[p->first + i];
}

static const struct chart_point *last_point(const struct plot *p)
{
	return &p->c->points[p->c->n - 1];
}

/* ---- how large -----------------------------------------------------------
 */

static void stretch(struct plot *p, double v)
{
	p->top = fmax(p->top, v);
	p->bottom = fmin(p->bottom, v);
}

/* All that is drawn; the axis does not go below 0 where figures do not. */
static void find_range(struct plot *p)
{
	const struct chart_point *point = point_at(p, 0);
	double least = point->value;
	size_t i;

	p->top = p->bottom = point->value;
	for (i = 0; i < p->n; i++) {
		point = point_at(p, i);
		stretch(p, point->value);
		stretch(p, point->centre);
		stretch(p, point->lower);
		stretch(p, point->upper);
		least = fmin(least, point->value);
	}
	if (p->how->has_target && isfinite(p->how->target)) {
		stretch(p, p->how->target);
	}
	if (least >= 0) {
		p->bottom = fmax(p->bottom, 0);
	}
	if (!(p->top - p->bottom > 1e-9 * fmax(fabs(p->top), 1e-300))) {
		p->top += p->top == 0 ? 1 : fabs(p->top) / 10;
		p->bottom -= p->bottom == 0 ? 0 : fabs(p->bottom) / 10;
	}
}

/* False where @v lies below the axis. */
static bool row_of(const struct plot *p, double v, size_t *out)
{
	double at =
		(p->top - v) / (p->top - p->bottom) * (double)(p->height - 1);

	if (!(v >= p->bottom) || !(v <= p->top)) {
		return false;
	}
	*out = within((size_t)floor(at + 0.5), 0, p->height - 1);
	return true;
}

static void label(struct plot *p, double v)
{
	char text[NUMBER_TEXT_BYTES];
	size_t row;

	if (!row_of(p, v, &row) || p->labels[row][0] != '\0') {
		return;
	}
	number_text(v, p->decimals, text);
	if (strlen(text) <= GUTTER_MAX) {
		memcpy(p->labels[row], text, sizeof text);
	}
}

/* The target, which no chart need hold; the lines of the last group; then the
 * ends of the axis. */
static void find_labels(struct plot *p)
{
	const struct chart_point *last = last_point(p);
	size_t row;

	if (p->how->has_target) {
		label(p, p->how->target);
	}
	label(p, last->centre);
	if (last->has_limits) {
		label(p, last->upper);
		label(p, last->lower);
	}
	label(p, p->top);
	label(p, p->bottom);
	for (row = 0; row < p->height; row++) {
		p->gutter =
			within(strlen(p->labels[row]), p->gutter, GUTTER_MAX);
	}
}

static void find_columns(struct plot *p)
{
	const size_t room = p->width - p->gutter - 2;

	p->step = within(room / p->n, 1, STEP_MAX);
	if (p->n > room) {
		p->first += p->n - room;
		p->n = room;
	}
	p->columns = p->n * p->step;
}

/* ---- what stands where ---------------------------------------------------
 */

static void put(struct plot *p, size_t row, size_t column, enum glyph g)
{
	if (p->cells[row][column] < (uint8_t)g) {
		p->cells[row][column] = (uint8_t)g;
	}
}

static void put_line(struct plot *p, double v, size_t i, enum glyph g)
{
	size_t row;
	size_t k;

	for (k = 0; row_of(p, v, &row) && k < p->step; k++) {
		put(p, row, i * p->step + k, g);
	}
}

static enum glyph glyph_of(const struct chart_point *point)
{
	static const enum glyph of[] = {
		[CHART_COMMON] = POINT,
		[CHART_OUTSIDE] = OUTSIDE,
		[CHART_TREND] = TREND,
		[CHART_SHIFT] = SHIFT,
		[CHART_TWO_IN_THREE] = TWO_IN_THREE,
	};

	if (point->signal == CHART_COMMON &&
	    point->phase == SERIES_TRANSITION) {
		return SETTLING;
	}
	return of[point->signal];
}

/* The first point that is drawn at or after the start; p->n: none. */
static size_t find_start(const struct plot *p)
{
	size_t i = 0;

	while (i < p->n && point_at(p, i)->phase == SERIES_BEFORE) {
		i++;
	}
	return p->how->has_start ? i : p->n;
}

static void draw(struct plot *p)
{
	const size_t start = find_start(p);
	const struct chart_point *point;
	size_t row;
	size_t i;

	for (i = 0; i < p->n; i++) {
		point = point_at(p, i);
		if (point->has_limits) {
			put_line(p, point->lower, i, LIMIT);
			put_line(p, point->upper, i, LIMIT);
		}
		put_line(p, point->centre, i, CENTRE);
		if (p->how->has_target) {
			put_line(p, p->how->target, i, TARGET);
		}
		if (row_of(p, point->value, &row)) {
			put(p, row, i * p->step, glyph_of(point));
		}
	}
	for (row = 0;
	     p->step > 1 && start > 0 && start < p->n && row < p->height;
	     row++) {
		put(p, row, start * p->step - 1, START);
	}
	for (row = 0; row < p->height; row++) {
		for (i = 0; i < p->columns; i++) {
			p->seen[p->cells[row][i]] = true;
		}
	}
}

/* ---- as text -------------------------------------------------------------
 */

static const char *sign(const struct plot *p, unsigned g)
{
	return p->how->utf8 ? glyphs[g].utf8 : glyphs[g].ascii;
}

static int write_rows(const struct plot *p, struct buf *out)
{
	const char *axis = p->how->utf8 ? "\xe2\x94\x82" : "|";
	size_t end;
	size_t row;
	size_t i;
	int r = WEALD_OK;

	for (row = 0; r == WEALD_OK && row < p->height; row++) {
		r = buf_addf(out, "%*s %s", (int)p->gutter, p->labels[row],
			     axis);
		end = p->columns;
		while (end > 0 && p->cells[row][end - 1] == BLANK) {
			end--;
		}
		for (i = 0; r == WEALD_OK && i < end; i++) {
			r = buf_add_text(out, sign(p, p->cells[row][i]));
		}
		r = r == WEALD_OK ? buf_add_byte(out, '\n') : r;
	}
	return r;
}

static int write_axis(const struct plot *p, struct buf *out)
{
	size_t i;
	int r = buf_addf(out, "%*s %s", (int)p->gutter, "",
			 p->how->utf8 ? "\xe2\x94\x94" : "+");

	for (i = 0; r == WEALD_OK && i < p->columns; i++) {
		r = buf_add_text(out, p->how->utf8 ? "\xe2\x94\x80" : "-");
	}
	return r == WEALD_OK ? buf_add_byte(out, '\n') : r;
}

/* "2024-01" at @column of @line, if nothing stands there. */
static void put_month(char *line, size_t size, size_t column, int32_t month,
		      const char *before)
{
	const int32_t since = 12 * 1970 + month;
	char text[24];
	size_t len;
	size_t i;

	(void)snprintf(text, sizeof text, "%s%04d-%02d", before,
		       (int)(since / 12), (int)(since % 12 + 1));
	len = strlen(text);
	if (column + len > size) {
		return;
	}
	for (i = column > 0 ? column - 1 : 0; i < column + len + 1; i++) {
		if (i < size && line[i] != ' ') {
			return;
		}
	}
	memcpy(line + column, text, len);
}

/* The months of the first and the last point and of the start. */
static int write_months(const struct plot *p, struct buf *out)
{
	char line[PLOT_WIDTH_MAX + 1];
	const size_t start = find_start(p);
	const size_t last = (p->n - 1) * p->step + 1;
	size_t len;

	memset(line, ' ', sizeof line);
	len = p->columns < MONTH_WIDTH ? MONTH_WIDTH : p->columns;
	if (start < p->n) {
		put_month(line, p->width - p->gutter - 2, start * p->step,
			  p->how->start_month, "^");
	}
	if (start != 0 || start == p->n) {
		put_month(line, len, 0, point_at(p, 0)->month, "");
	}
	if (last > MONTH_WIDTH) {
		put_month(line, len, last - MONTH_WIDTH, last_point(p)->month,
			  "");
	}
	len = sizeof line - 1;
	while (len > 0 && line[len - 1] == ' ') {
		len--;
	}
	return buf_addf(out, "%*s  %.*s\n", (int)p->gutter, "", (int)len, line);
}

/* Which sign means what, of those that are there. */
static int write_legend(const struct plot *p, struct buf *out)
{
	size_t at = p->gutter + 1;
	enum glyph g;
	size_t len;
	bool first = true;
	int r = buf_addf(out, "%*s", (int)at, "");

	for (g = LIMIT; r == WEALD_OK && g < GLYPHS_N; g++) {
		if (!p->seen[g]) {
			continue;
		}
		len = 4 + strlen(glyphs[g].words); /* two blanks before */
		if (!first && at + len > p->width) {
			at = p->gutter + 1;
			r = buf_addf(out, "\n%*s", (int)at, "");
			first = true;
		}
		r = r == WEALD_OK ? buf_addf(out, "%s%s %s", first ? " " : "  ",
					     sign(p, g), glyphs[g].words)
				  : r;
		at += len;
		first = false;
	}
	return r == WEALD_OK ? buf_add_byte(out, '\n') : r;
}

static int write_cut(const struct plot *p, struct buf *out)
{
	if (p->first == 0) {
		return WEALD_OK;
	}
	return buf_addf(out, "%*s  the last %zu of %zu points\n",
			(int)p->gutter, "", p->n, p->c->n);
}

int plot_chart(const struct chart *c, const struct plot_how *how,
	       struct buf *out)
{
	struct plot *p;
	int r;

	if (c->n == 0) {
		return WEALD_OK;
	}
	p = calloc(1, sizeof *p);
	if (p == NULL) {
		return WEALD_NOMEM;
	}
	p->c = c;
	p->how = how;
	p->n = c->n;
	p->width = within(how->width, PLOT_WIDTH_MIN, PLOT_WIDTH_MAX);
	p->height = within(how->height, PLOT_HEIGHT_MIN, PLOT_HEIGHT_MAX);
	p->decimals = study_decimals(c);
	find_range(p);
	find_labels(p);
	find_columns(p);
	draw(p);
	r = write_rows(p, out);
	r = r == WEALD_OK ? write_axis(p, out) : r;
	r = r == WEALD_OK ? write_months(p, out) : r;
	r = r == WEALD_OK ? write_legend(p, out) : r;
	r = r == WEALD_OK ? write_cut(p, out) : r;
	free(p);
	return r;
}

bool plot_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	const char *dot;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		value = getenv(names[i]);
		if (value != NULL && value[0] != '\0') {
			dot = strchr(value, '.');
			return dot != NULL &&
			       (strncasecmp(dot, ".utf-8", 6) == 0 ||
				strncasecmp(dot, ".utf8", 5) == 0);
		}
	}
	return false;
}
