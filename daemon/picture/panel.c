#include "daemon/picture/picture_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD_HEIGHT   58.0
#define HEADING_SIZE  17.0
#define LEGEND_HEIGHT 26.0
#define LABEL_HEIGHT  19.0

/* Beyond so many points each is a dot, and only what stands out is marked. */
#define MARKED_MAX 240u
#define RADIUS_MAX 5.0
#define RADIUS_MIN 2.6

/* ---- places --------------------------------------------------------------
 */

double time_x(const struct time_axis *t, const struct chart *c, size_t point)
{
	const double slot = t->by_event
				    ? (double)point
				    : (double)c->points[point].month - t->first;

	return t->left + (slot + 0.5) * t->step;
}

double time_month_x(const struct time_axis *t, const struct chart *c,
		    int32_t month)
{
	size_t i = 0;

	if (!t->by_event) {
		return t->left + ((double)month - t->first) * t->step;
	}
	while (i < c->n && c->points[i].month < month) {
		i++;
	}
	return t->left + (double)i * t->step;
}

double panel_y(const struct panel *p, double value)
{
	const struct axis *a = &p->y_axis;

	return p->bottom -
	       (value - a->low) / (a->high - a->low) * (p->bottom - p->top);
}

/* ---- lines ---------------------------------------------------------------
 */

/* A line that is drawn as it grows, whatever its length. */
struct pen {
	struct svg *svg;
	const char *style;
	double xy[512];
	size_t n; /* points */
};

static void pen_up(struct pen *pen)
{
	if (pen->n > 1) {
		svg_path(pen->svg, pen->xy, pen->n, false, pen->style);
	}
	pen->n = 0;
}

static void pen_to(struct pen *pen, double x, double y)
{
	if (pen->n == sizeof pen->xy / sizeof pen->xy[0] / 2) {
		pen_up(pen);
		pen->n = 1; /* the last one begins the next stretch */
		pen->xy[0] = pen->xy[sizeof pen->xy / sizeof pen->xy[0] - 2];
		pen->xy[1] = pen->xy[sizeof pen->xy / sizeof pen->xy[0] - 1];
	}
	pen->xy[2 * pen->n] = x;
	pen->xy[2 * pen->n + 1] = y;
	pen->n++;
}

enum line { LINE_UPPER, LINE_CENTRE, LINE_LOWER };

static bool line_has(const struct chart *c, enum line line,
		     const struct chart_point *point)
{
	return line == LINE_CENTRE ? point->has_limits || c->type == CHART_RUN
				   : point->has_limits;
}

static double line_value(enum line line, const struct chart_point *point)
{
	switch (line) {
	case LINE_UPPER:
		return point->upper;
	case LINE_LOWER:
		return point->lower;
	default:
		return point->centre;
	}
}

static bool is_on_axis(const struct axis *a, double value)
{
	const double slack = 1e-9 * (a->high - a->low);

	return value >= a->low - slack && value <= a->high + slack;
}

/* A step a point; what lies beyond the axis is left out. */
static void draw_limit(struct panel *p, enum line line, const char *style)
{
	struct pen pen = { .svg = &p->page->svg, .style = style };
	const struct chart *c = p->chart;
	const double half = p->time.step / 2;
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct chart_point *point = &c->points[i];
		const double value = line_value(line, point);
		double x = time_x(&p->time, c, i);

		if (i > 0 && point->group != c->points[i - 1].group) {
			pen_up(&pen);
		}
		if (!line_has(c, line, point) ||
		    !is_on_axis(&p->y_axis, value)) {
			pen_up(&pen);
			continue;
		}
		if (pen.n == 0 || panel_y(p, value) != pen.xy[2 * pen.n - 1]) {
			pen_to(&pen, x - half, panel_y(p, value));
		}
		pen_to(&pen, x + half, panel_y(p, value));
	}
	pen_up(&pen);
}

static void draw_target(struct panel *p)
{
	const struct study_measure *m = &p->spc->study->measure;

	if (m->has_target && is_on_axis(&p->y_axis, m->target)) {
		svg_line(&p->page->svg, p->left, panel_y(p, m->target),
			 p->right, panel_y(p, m->target),
			 "stroke='" INK
			 "' stroke-width='1.4' stroke-dasharray='12 3 2 3'");
	}
}

/* The line of the points breaks where months are missing. */
static void draw_data(struct panel *p)
{
	struct pen pen = { .svg = &p->page->svg,
			   .style = "fill='none' stroke='" COMMON
				    "' stroke-width='1.8' "
				    "stroke-linejoin='round'" };
	const struct chart *c = p->chart;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (i > 0 && !p->time.by_event &&
		    (int64_t)c->points[i].month - c->points[i - 1].month > 1) {
			pen_up(&pen);
		}
		pen_to(&pen, time_x(&p->time, c, i),
		       panel_y(p, c->points[i].value));
	}
	pen_up(&pen);
}

static void draw_point(struct panel *p, size_t i, double radius)
{
	const struct chart_point *point = &p->chart->points[i];
	const enum meaning m =
		meaning_of(point, p->spc->study->measure.direction);
	char month[AXIS_MONTH_BYTES];
	char value[AXIS_TEXT_BYTES];
	char words[AXIS_MONTH_BYTES + AXIS_TEXT_BYTES + 32];

	axis_month(point->month, month);
	axis_text(&p->y_axis, point->value, 2, value);
	(void)snprintf(words, sizeof words, "%s: %s, %s", month, value,
		       meaning_words(m));
	svg_group(&p->page->svg, words);
	mark_draw(&p->page->svg, m, time_x(&p->time, p->chart, i),
		  panel_y(p, point->value), radius);
	svg_group_end(&p->page->svg);
}

static void draw_points(struct panel *p)
{
	const double radius =
		fmin(fmax(p->time.step * 0.32, RADIUS_MIN), RADIUS_MAX);
	const struct chart *c = p->chart;
	size_t i;

	for (i = 0; i < c->n; i++) {
		const bool alone =
			(i == 0 || p->time.by_event ||
			 c->points[i].month - 1 > c->points[i - 1].month) &&
			(i + 1 == c->n || p->time.by_event ||
			 c->points[i].month + 1 < c->points[i + 1].month);

		if (c->n <= MARKED_MAX || alone ||
		    c->points[i].signal != CHART_COMMON) {
			draw_point(p, i, radius);
		}
	}
}

/* ---- the names of the lines ----------------------------------------------
 */

struct label {
	const char *name;
	double value;
	double at;
	bool bold;
};
#define LABELS_MAX  4u
#define LABEL_BYTES (AXIS_TEXT_BYTES + 32u)

static void label_text(const struct label *l, const struct axis *y_axis,
		       char out[LABEL_BYTES])
{
	char value[AXIS_TEXT_BYTES];

	axis_text(y_axis, l->value, 1, value);
	(void)snprintf(out, LABEL_BYTES, "%s %s", l->name, value);
}

/* Those of the last point, and the target's; a target may lie off the axis. */
static size_t list_labels(const struct chart *c, const struct axis *y_axis,
			  const struct study_measure *m,
			  struct label out[LABELS_MAX])
{
	static const char *const names[] = {
		[LINE_UPPER] = "Upper limit",
		[LINE_CENTRE] = "Mean",
		[LINE_LOWER] = "Lower limit",
	};
	const struct chart_point *last;
	enum line line;
	size_t n = 0;

	if (c->n == 0) {
		return 0;
	}
	last = &c->points[c->n - 1];
	for (line = LINE_UPPER; line <= LINE_LOWER; line++) {
		const double value = line_value(line, last);

		if (!line_has(c, line, last) || !is_on_axis(y_axis, value)) {
			continue;
		}
		out[n].name = names[line];
		if (line == LINE_CENTRE &&
		    (c->type == CHART_RUN || c->type == CHART_G)) {
			out[n].name = "Median";
		}
		out[n].bold = line == LINE_CENTRE;
		out[n].value = value;
		n++;
	}
	if (m->has_target) {
		out[n].name = "Target";
		out[n].bold = false;
		out[n].value = m->target;
		n++;
	}
	return n;
}

double panel_labels_width(const struct chart *c, const struct axis *y_axis,
			  const struct study_measure *m)
{
	struct label labels[LABELS_MAX];
	const size_t n = list_labels(c, y_axis, m, labels);
	char text[LABEL_BYTES];
	double width = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		label_text(&labels[i], y_axis, text);
		width = fmax(width,
			     svg_width(text, SMALL_SIZE, labels[i].bold));
	}
	return width;
}

/* From the largest value, which stands highest, down. */
static void sort_labels(struct label *labels, size_t n)
{
	size_t i;
	size_t j;

	for (i = 1; i < n; i++) {
		const struct label l = labels[i];

		for (j = i; j > 0 && labels[j - 1].value < l.value; j--) {
			labels[j] = labels[j - 1];
		}
		labels[j] = l;
	}
}

static void write_labels(struct panel *p)
{
	struct svg *s = &p->page->svg;
	struct label labels[LABELS_MAX];
	const size_t n = list_labels(p->chart, &p->y_axis,
				     &p->spc->study->measure, labels);
	double at[LABELS_MAX];
	char text[LABEL_BYTES];
	size_t i;

	assert(n <= LABELS_MAX);
	sort_labels(labels, n);
	for (i = 0; i < n; i++) {
		at[i] = fmin(fmax(panel_y(p, labels[i].value), p->top),
			     p->bottom);
		labels[i].at = at[i];
	}
	axis_spread(at, n, LABEL_HEIGHT, p->top - LABEL_HEIGHT / 2,
		    p->bottom + LABEL_HEIGHT / 2);
	for (i = 0; i < n; i++) {
		const struct svg_text how = {
			.x = p->right + PANEL_LABEL_ROOM,
			.y = at[i] + SMALL_SIZE * 0.35,
			.size = SMALL_SIZE,
			.bold = labels[i].bold,
			.colour = INK,
		};

		svg_line(s, p->right + 1, labels[i].at, how.x - 3, at[i],
			 "stroke='" FAINT "' stroke-width='0.8'");
		label_text(&labels[i], &p->y_axis, text);
		svg_write(s, &how, text);
	}
}

/* ---- above the plot ------------------------------------------------------
 */

static void write_head(struct panel *p)
{
	struct svg *s = &p->page->svg;
	const struct chart *c = p->chart;
	double room;
	struct svg_text how = {
		.x = PAGE_MARGIN,
		.y = p->page->y + 15,
		.size = HEADING_SIZE,
		.bold = true,
		.colour = INK,
	};
	struct svg_block block = { .line = 19, .lines_max = 2 };
	double x = p->page->width - PAGE_MARGIN;
	size_t lines;

	if (c->assurance != CHART_ASSURANCE_NONE) {
		x -= ICON_WIDTH;
		icon_assurance(s, x, p->page->y, c);
	}
	if (icon_has_variation(c)) {
		x -= ICON_WIDTH;
		icon_variation(s, x, p->page->y, c);
	}
	room = x - PAGE_MARGIN - 12;
	svg_write_cut(s, &how, room, p->heading);
	how.y += 21;
	how.size = SMALL_SIZE;
	how.bold = false;
	how.colour = FAINT;
	block.width = room;
	lines = svg_write_block(s, &how, &block, p->words);
	p->page->y += fmax(HEAD_HEIGHT, 25 + 19 * (double)lines);
}

/* The unit at the left, the marks that occur at the right. */
static void write_legend(struct panel *p)
{
	struct svg *s = &p->page->svg;
	const struct chart *c = p->chart;
	const double y = p->page->y + 15;
	struct svg_text how = { .y = y, .size = SMALL_SIZE, .colour = FAINT };
	char power[AXIS_TEXT_BYTES];
	double x = p->page->width - PAGE_MARGIN;
	bool there[MEANS_OTHER + 1] = { false };
	enum meaning m;
	size_t i;

	for (i = 0; i < c->n; i++) {
		there[meaning_of(&c->points[i],
				 p->spc->study->measure.direction)] = true;
	}
	for (m = MEANS_OTHER + 1; m-- > MEANS_COMMON;) {
		if (there[m]) {
			x -= svg_width(meaning_words(m), SMALL_SIZE, false);
			how.x = x;
			svg_write(s, &how, meaning_words(m));
			x -= 13;
			mark_draw(s, m, x, y - 5, RADIUS_MAX);
			x -= 21;
		}
	}
	axis_power_words(&p->y_axis, power);
	buf_clear(&p->page->words);
	page_add_text(p->page, p->spc->unit);
	page_add_text(p->page,
		      p->spc->unit[0] != '\0' && power[0] != '\0' ? ", " : "");
	page_add_text(p->page, power);
	if (buf_add_byte(&p->page->words, 0) == WEALD_OK) {
		how.x = PAGE_MARGIN;
		svg_write_cut(s, &how, x - PAGE_MARGIN,
			      (const char *)p->page->words.data);
	}
	buf_clear(&p->page->words);
	p->page->y += LEGEND_HEIGHT;
}

/* Lines across, with their values; the lowest is the frame's. */
static void draw_values(struct panel *p)
{
	const struct axis *a = &p->y_axis;
	const size_t n = (size_t)lround((a->high - a->low) / a->step);
	char text[AXIS_TEXT_BYTES];
	size_t i;

	for (i = 0; i <= n; i++) {
		const double value = a->low + (double)i * a->step;
		const double y = panel_y(p, value);
		const struct svg_text how = {
			.x = p->left - 8,
			.y = y + SMALL_SIZE * 0.35,
			.size = SMALL_SIZE,
			.anchor = SVG_END,
			.colour = FAINT,
		};

		svg_line(&p->page->svg, p->left, y, p->right, y,
			 i == 0 ? "stroke='" FAINT "' stroke-width='1.2'"
				: "stroke='#e3e7ea'");
		axis_text(a, value, 0, text);
		svg_write(&p->page->svg, &how, text);
	}
}

void panel_draw(struct panel *p)
{
	assert(p->chart->n > 0 && p->right > p->left);
	write_head(p);
	write_legend(p);
	p->top = p->page->y + panel_lanes_height(p);
	p->bottom = p->top + p->height;
	panel_background(p);
	panel_lanes(p);
	draw_values(p);
	draw_data(p);
	draw_limit(p, LINE_UPPER,
		   "fill='none' stroke='" FAINT
		   "' stroke-width='1.4' stroke-dasharray='6 4'");
	draw_limit(p, LINE_LOWER,
		   "fill='none' stroke='" FAINT
		   "' stroke-width='1.4' stroke-dasharray='6 4'");
	draw_limit(p, LINE_CENTRE,
		   "fill='none' stroke='" INK "' stroke-width='1.6'");
	draw_target(p);
	draw_points(p);
	write_labels(p);
	panel_time(p);
	p->page->y = p->bottom + PANEL_TIME_HEIGHT;
}
