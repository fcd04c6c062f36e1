#include "daemon/picture/picture_private.h"

#include <math.h>
#include <stdio.h>

#define NOTES_HEIGHT  24.0
#define PHASES_HEIGHT 23.0
#define NUMBER_WIDTH  22.0

#define MONTH_SIZE 15.0
#define MONTH_GAP  9.0

/* ---- phases --------------------------------------------------------------
 */

struct band {
	enum series_phase phase;
	double from;
	double to;
	size_t first; /* point */
};

/*
 * The band that begins at *@i, which is moved behind it. A month without a
 * figure between two bands is cut in two.
 */
static struct band next_band(const struct panel *p, size_t *i)
{
	const struct chart *c = p->chart;
	struct band b = { .phase = c->points[*i].phase, .first = *i };

	while (*i < c->n && c->points[*i].phase == b.phase) {
		(*i)++;
	}
	b.from = b.first == 0 ? p->left
			      : (time_x(&p->time, c, b.first - 1) +
				 time_x(&p->time, c, b.first)) /
					2;
	b.to = *i == c->n ? p->right
			  : (time_x(&p->time, c, *i - 1) +
			     time_x(&p->time, c, *i)) /
				    2;
	return b;
}

static bool has_phases(const struct panel *p)
{
	return p->spc->study->has_start;
}

static void draw_bands(struct panel *p)
{
	static const char *const fills[] = {
		[SERIES_BEFORE] = "fill='none'",
		[SERIES_TRANSITION] = "fill='#e4e8eb'",
		[SERIES_AFTER] = "fill='#f3f7f9'",
	};
	struct svg *s = &p->page->svg;
	const double top = p->top - PHASES_HEIGHT;
	size_t i = 0;

	while (i < p->chart->n) {
		const struct band b = next_band(p, &i);

		if (b.phase != SERIES_BEFORE) {
			svg_rect(s, b.from, top, b.to - b.from, p->bottom - top,
				 fills[b.phase]);
		}
		if (b.first > 0) {
			svg_line(s, b.from, top, b.from, p->bottom,
				 "stroke='" FAINT "' stroke-dasharray='2 3'");
		}
	}
}

/* The first of the texts that has room in it; none may. */
static void write_band(struct panel *p, const struct band *b)
{
	char month[AXIS_MONTH_BYTES];
	char after[AXIS_MONTH_BYTES + 16];
	const char *texts[2] = { "Before", "Before" };
	const struct svg_text how = {
		.x = b->from + 6,
		.y = p->top - 7,
		.size = SMALL_SIZE,
		.colour = INK,
	};
	size_t i;

	if (b->phase == SERIES_TRANSITION) {
		texts[0] = "Transition";
		texts[1] = "Trans.";
	} else if (b->phase == SERIES_AFTER) {
		axis_month(p->chart->points[b->first].month, month);
		(void)snprintf(after, sizeof after, "After, from %s", month);
		texts[0] = after;
		texts[1] = "After";
	}
	for (i = 0; i < 2; i++) {
		if (svg_width(texts[i], how.size, false) + 10 <=
		    b->to - b->from) {
			svg_write(&p->page->svg, &how, texts[i]);
			return;
		}
	}
}

/* ---- notes ---------------------------------------------------------------
 */

/* Where a further change of limits begins. */
static void draw_rebases(struct panel *p)
{
	const struct chart *c = p->chart;
	size_t i;

	for (i = 1; i < c->n; i++) {
		if (c->points[i].group != c->points[i - 1].group) {
			const double x = (time_x(&p->time, c, i - 1) +
					  time_x(&p->time, c, i)) /
					 2;

			svg_line(&p->page->svg, x, p->top, x, p->bottom,
				 "stroke='" FAINT "' stroke-dasharray='2 3'");
		}
	}
}

static void draw_number(struct panel *p, const struct numbered *note, double at)
{
	struct svg *s = &p->page->svg;
	const double y = p->page->y + NOTES_HEIGHT / 2 - 2;
	const double x =
		fmin(fmax(time_month_x(&p->time, p->chart, note->note->month),
			  p->left),
		     p->right);
	const double below = p->page->y + NOTES_HEIGHT;
	const struct svg_text how = {
		.x = at,
		.y = y + 4.5,
		.size = 13,
		.anchor = SVG_MIDDLE,
		.bold = true,
		.colour = INK,
	};
	char number[16];

	/* not through the names of the phases */
	svg_line(s, at, y, x, below, "stroke='" FAINT "' stroke-width='0.9'");
	svg_line(s, x, p->top, x, p->bottom,
		 "stroke='" FAINT "' stroke-width='0.9'");
	svg_circle(s, at, y, 9.5, "fill='#fff' stroke='" FAINT "'");
	(void)snprintf(number, sizeof number, "%u", note->number);
	svg_write(s, &how, number);
}

static void draw_notes(struct panel *p)
{
	const struct numbered *shown[PICTURE_NOTES_MAX];
	double at[PICTURE_NOTES_MAX];
	size_t n = 0;
	size_t i;

	for (i = 0; i < p->notes_n && n < PICTURE_NOTES_MAX; i++) {
		/* notes of one month have one number */
		if (p->notes[i].number != 0 &&
		    (n == 0 || shown[n - 1]->number != p->notes[i].number)) {
			shown[n] = &p->notes[i];
			at[n++] = time_month_x(&p->time, p->chart,
					       p->notes[i].note->month);
		}
	}
	axis_spread(at, n, NUMBER_WIDTH, p->left - NUMBER_WIDTH / 2,
		    p->page->width - PAGE_MARGIN);
	for (i = 0; i < n; i++) {
		draw_number(p, shown[i], at[i]);
	}
}

static bool has_notes(const struct panel *p)
{
	size_t i;

	for (i = 0; i < p->notes_n; i++) {
		if (p->notes[i].number != 0) {
			return true;
		}
	}
	return false;
}

double panel_lanes_height(const struct panel *p)
{
	return (has_notes(p) ? NOTES_HEIGHT : 0) +
	       (has_phases(p) ? PHASES_HEIGHT : 4);
}

void panel_background(struct panel *p)
{
	if (has_phases(p)) {
		draw_bands(p);
	}
	draw_rebases(p);
}

void panel_lanes(struct panel *p)
{
	size_t i = 0;

	draw_notes(p);
	while (has_phases(p) && i < p->chart->n) {
		const struct band b = next_band(p, &i);

		write_band(p, &b);
	}
}

/* ---- months --------------------------------------------------------------
 */

static void write_below(struct panel *p, double x, unsigned row, bool bold,
			const char *text)
{
	const struct svg_text how = {
		.x = x,
		.y = p->bottom + 20 + 18 * row,
		.size = MONTH_SIZE,
		.anchor = SVG_MIDDLE,
		.bold = bold,
		.colour = bold ? INK : FAINT,
	};

	svg_write(&p->page->svg, &how, text);
}

static void draw_tick(struct panel *p, double x)
{
	svg_line(&p->page->svg, x, p->bottom, x, p->bottom + 5,
		 "stroke='" FAINT "'");
}

/* Every so many events, with the month of each. */
static void write_events(struct panel *p)
{
	static const size_t apart[] = {
		1, 2, 5, 10, 20, 50, 100, 200, 500, 1000
	};
	const double width =
		svg_width("Mar 2000", MONTH_SIZE, false) + MONTH_GAP;
	char month[AXIS_MONTH_BYTES];
	size_t step = 0;
	size_t i;

	while (step + 1 < sizeof apart / sizeof *apart &&
	       (double)apart[step] * p->time.step < width) {
		step++;
	}
	for (i = 0; i < p->chart->n; i += apart[step]) {
		const double x = time_x(&p->time, p->chart, i);

		axis_month(p->chart->points[i].month, month);
		draw_tick(p, x);
		write_below(p, x, 0, false, month);
	}
	write_below(p, (p->left + p->right) / 2, 1, false,
		    "one point an event, in the order of time");
}

static void write_year(struct panel *p, double x, unsigned row, int32_t year)
{
	char text[AXIS_MONTH_BYTES];

	(void)snprintf(text, sizeof text, "%d", (int)year);
	write_below(p, x, row, true, text);
}

/*
 * Months with their year below January and the first one, or years alone. The
 * first one's year is left out where January's stands too near.
 */
static void write_months(struct panel *p)
{
	const double year_width =
		svg_width("2000", MONTH_SIZE, true) + MONTH_GAP;
	const int32_t apart = axis_months_apart(
		p->time.step,
		fmax(svg_width("May", MONTH_SIZE, false) + MONTH_GAP,
		     p->time.step * 12 < year_width ? year_width : 0));
	const int32_t last = p->time.first + (int32_t)p->time.slots - 1;
	bool first = true;
	int64_t month;

	for (month = p->time.first; month <= last; month++) {
		const double x = p->left + ((double)month - p->time.first +
					    0.5) * p->time.step;
		unsigned of_year;
		int32_t year;

		if ((month + 1970 * 12) % apart != 0) {
			continue;
		}
		axis_month_parts((int32_t)month, &of_year, &year);
		draw_tick(p, x);
		if (apart >= 12) {
			write_year(p, x, 0, year);
			continue;
		}
		write_below(p, x, 0, false, axis_month_name(of_year));
		if (of_year == 0 ||
		    (first && (12 - of_year) * p->time.step >= year_width)) {
			write_year(p, x, 1, year);
		}
		first = false;
	}
}

void panel_time(struct panel *p)
{
	if (p->time.by_event) {
		write_events(p);
	} else {
		write_months(p);
	}
}
