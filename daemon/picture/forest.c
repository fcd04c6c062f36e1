#include "daemon/picture/picture_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/evidence/number.h"

/* A picture of more rows is none; weald compare lists them all. */
#define ROWS_MAX 200u

/* Of the names of the regions; longer ones are cut. */
#define REGION_LEAST 170.0
#define REGION_MOST  270.0
#define WEIGHT_WIDTH 74.0
#define NUMBER_GAP   16.0
#define ROW_HEIGHT   42.0
#define NONE_HEIGHT  30.0
#define POOL_HEIGHT  32.0
#define NEXT_HEIGHT  30.0
#define ROW_GAP      4.0

/* The axis reaches no further; longer intervals end in an arrow. */
#define AXIS_LOW  0.05
#define AXIS_HIGH 20.0

struct forest {
	const struct comparison *c;
	const char *sentence;
	struct page page;
	double region; /* how wide their column is */
	double left;   /* of the plot */
	double right;
	double numbers; /* where their column begins */
	double low;     /* logarithms */
	double high;
};

static bool has_estimate(const struct effect *e)
{
	return effect_has_estimate(e) && e->ratio > 0 && e->low > 0 &&
	       e->high >= e->low;
}

/* ---- words ---------------------------------------------------------------
 */

static bool is_mean(const struct comparison *c)
{
	return strcmp(c->shape, "mean") == 0;
}

static const char *fewer(const struct comparison *c)
{
	return is_mean(c) ? "lower" : "fewer";
}

static const char *more(const struct comparison *c)
{
	return is_mean(c) ? "higher" : "more";
}

static const char *of_what(const struct comparison *c)
{
	enum effect_shape shape;

	return study_shape_of(c->shape, &shape) ? study_of_what(shape) : "";
}

#define RATIO_BYTES (3 * NUMBER_TEXT_BYTES + 16u)

/* Three, as in tables; fewer of what is too far out to matter. */
static unsigned decimals_of(double ratio)
{
	return ratio < 100 ? NUMBER_TABLE : 0;
}

static void ratio_text(double ratio, double low, double high,
		       char out[RATIO_BYTES])
{
	char r[NUMBER_TEXT_BYTES];
	char l[NUMBER_TEXT_BYTES];
	char h[NUMBER_TEXT_BYTES];

	number_text(ratio, decimals_of(ratio), r);
	number_text(low, decimals_of(low), l);
	number_text(high, decimals_of(high), h);
	(void)snprintf(out, RATIO_BYTES, "%s (%s to %s)", r, l, h);
}

/* ---- the axis ------------------------------------------------------------
 */

static double x_of(const struct forest *f, double ratio)
{
	const double at = fmin(fmax(log(ratio), f->low), f->high);

	return f->left +
	       (at - f->low) / (f->high - f->low) * (f->right - f->left);
}

static void reach(struct forest *f, double low, double high)
{
	f->low = fmin(f->low, log(fmax(low, AXIS_LOW)));
	f->high = fmax(f->high, log(fmin(high, AXIS_HIGH)));
}

static void set_axis(struct forest *f)
{
	const struct comparison *c = f->c;
	double room;
	size_t i;

	f->low = log(0.7);
	f->high = log(1.4);
	for (i = 0; i < c->regions_n && i < ROWS_MAX; i++) {
		const struct compared *r = &c->regions[i];

		if (has_estimate(&r->own_trend)) {
			reach(f, r->own_trend.low, r->own_trend.high);
		}
		if (has_estimate(&r->before_after)) {
			reach(f, r->before_after.low, r->before_after.high);
		}
	}
	if (c->pool.state == POOL_OK) {
		reach(f, c->pool.low, c->pool.high);
		if (c->pool.has_prediction) {
			reach(f, c->pool.predict_low, c->pool.predict_high);
		}
	}
	room = (f->high - f->low) * 0.04;
	f->low -= room;
	f->high += room;
}

struct ratio_tick {
	double ratio;
	unsigned decimals;
};

/* Those that count most first: a tick that has no room is left out. */
static const struct ratio_tick ratio_ticks[] = {
	{ 1, 0 },   { 0.5, 1 }, { 2, 0 },   { 0.1, 1 }, { 10, 0 },
	{ 0.2, 1 }, { 5, 0 },   { 0.7, 1 }, { 1.5, 1 }, { 0.3, 1 },
	{ 3, 0 },   { 0.8, 1 }, { 1.2, 1 }, { 0.9, 1 }, { 1.1, 1 },
	{ 0.6, 1 }, { 0.4, 1 }, { 4, 0 },   { 20, 0 },  { 0.05, 2 },
};
#define RATIO_TICKS_N (sizeof ratio_ticks / sizeof *ratio_ticks)

static void write_tick(struct forest *f, const struct ratio_tick *tick)
{
	struct svg *s = &f->page.svg;
	const struct svg_text how = {
		.x = x_of(f, tick->ratio),
		.y = f->page.y + 19,
		.size = SMALL_SIZE,
		.anchor = SVG_MIDDLE,
		.colour = FAINT,
	};
	char text[NUMBER_TEXT_BYTES];

	number_text(tick->ratio, tick->decimals, text);
	svg_line(s, how.x, f->page.y, how.x, f->page.y + 5,
		 "stroke='" FAINT "'");
	svg_write(s, &how, text);
}

static bool is_free(const double *placed, size_t n, double x, double room)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (fabs(placed[i] - x) < room) {
			return false;
		}
	}
	return true;
}

static void draw_ticks(struct forest *f)
{
	const double room = svg_width("0.05", SMALL_SIZE, false) + 12;
	double placed[RATIO_TICKS_N];
	size_t n = 0;
	size_t i;

	for (i = 0; i < RATIO_TICKS_N; i++) {
		const double at = log(ratio_ticks[i].ratio);
		const double x = x_of(f, ratio_ticks[i].ratio);

		if (at >= f->low && at <= f->high &&
		    is_free(placed, n, x, room)) {
			write_tick(f, &ratio_ticks[i]);
			placed[n++] = x;
		}
	}
}

/* "<- fewer: better | more: worse ->" below the ticks. */
static void write_sides(struct forest *f)
{
	struct svg *s = &f->page.svg;
	const struct comparison *c = f->c;
	const double one = x_of(f, 1);
	const double y = f->page.y + 41;
	struct svg_text how = {
		.x = one - 24,
		.y = y,
		.size = SMALL_SIZE,
		.anchor = SVG_END,
		.bold = true,
		.colour = INK,
	};
	const double left[] = {
		one - 10, y - 10, one - 18, y - 5, one - 10, y
	};
	const double right[] = {
		one + 10, y - 10, one + 18, y - 5, one + 10, y
	};
	char words[48];

	svg_line(s, one, y - 14, one, y + 4, "stroke='" INK "'");
	svg_path(s, left, 3, true, "fill='" INK "'");
	svg_path(s, right, 3, true, "fill='" INK "'");
	(void)snprintf(words, sizeof words, "%s%s%s", fewer(c), of_what(c),
		       c->judged ? ", better" : "");
	svg_write_cut(s, &how, how.x - PAGE_MARGIN, words);
	(void)snprintf(words, sizeof words, "%s%s%s", more(c), of_what(c),
		       c->judged ? ", worse" : "");
	how.x = one + 24;
	how.anchor = SVG_START;
	svg_write_cut(s, &how, f->page.width - PAGE_MARGIN - how.x, words);
}

/* ---- rows ----------------------------------------------------------------
 */

static void draw_arrow(struct forest *f, double x, double y, int to)
{
	const double xy[] = { x, y - 5, x + 8 * to, y, x, y + 5 };

	svg_path(&f->page.svg, xy, 3, true, "fill='" INK "'");
}

/* A line from low to high; an arrow where it goes on. */
static void draw_interval(struct forest *f, double low, double high, double y,
			  const char *style)
{
	svg_line(&f->page.svg, x_of(f, low), y, x_of(f, high), y, style);
	if (log(low) < f->low) {
		draw_arrow(f, f->left, y, -1);
	}
	if (log(high) > f->high) {
		draw_arrow(f, f->right, y, 1);
	}
}

static void write_cell(struct forest *f, double x, double y, double width,
		       bool bold, const char *text)
{
	const struct svg_text how = {
		.x = x,
		.y = y,
		.size = SMALL_SIZE,
		.bold = bold,
		.colour = INK,
	};

	svg_write_cut(&f->page.svg, &how, width, text);
}

static void write_numbers(struct forest *f, double y, const char *colour,
			  bool bold, const char *text)
{
	const struct svg_text how = {
		.x = f->numbers,
		.y = y,
		.size = SMALL_SIZE,
		.bold = bold,
		.colour = colour,
	};

	svg_write_cut(&f->page.svg, &how,
		      f->page.width - PAGE_MARGIN - WEIGHT_WIDTH - f->numbers,
		      text);
}

static void write_weight(struct forest *f, double y, double weight, bool pooled)
{
	const struct svg_text how = {
		.x = f->page.width - PAGE_MARGIN,
		.y = y,
		.size = SMALL_SIZE,
		.anchor = SVG_END,
		.colour = INK,
	};
	char number[NUMBER_TEXT_BYTES];
	char text[NUMBER_TEXT_BYTES + 4];

	if (f->c->pool.state == POOL_OK) {
		number_text(weight * 100, 1, number);
		(void)snprintf(text, sizeof text, "%s %%", number);
		svg_write(&f->page.svg, &how, pooled ? text : "none");
	}
}

static void draw_faint(struct forest *f, const struct effect *e, double y)
{
	char ratio[RATIO_BYTES];

	draw_interval(f, e->low, e->high, y,
		      "stroke='#a7b1b9' stroke-width='1.4'");
	svg_circle(&f->page.svg, x_of(f, e->ratio), y, 3.6,
		   "fill='#fff' stroke='#8d99a3' stroke-width='1.4'");
	ratio_text(e->ratio, e->low, e->high, ratio);
	write_numbers(f, y + 5, FAINT, false, ratio);
}

static void draw_estimate(struct forest *f, const struct compared *r)
{
	const struct effect *e = &r->own_trend;
	const double y = f->page.y + 13;
	const double weight = fmin(fmax(r->weight, 0), 1);
	const double side =
		f->c->pool.state == POOL_OK ? 6 + 11 * sqrt(weight) : 10;
	const double x = x_of(f, e->ratio);
	char ratio[RATIO_BYTES];

	draw_interval(f, e->low, e->high, y,
		      "stroke='" INK "' stroke-width='1.8'");
	svg_rect(&f->page.svg, x - side / 2, y - side / 2, side, side,
		 "fill='" BETTER "' stroke='" INK "'");
	ratio_text(e->ratio, e->low, e->high, ratio);
	write_numbers(f, y + 5, INK, false, ratio);
	write_weight(f, y + 5, weight, r->pooled);
	if (has_estimate(&r->before_after)) {
		draw_faint(f, &r->before_after, y + 18);
	}
}

static void draw_rule(struct forest *f, const char *style)
{
	svg_line(&f->page.svg, PAGE_MARGIN, f->page.y,
		 f->page.width - PAGE_MARGIN, f->page.y, style);
}

/* The line at 1, over a row of @height; not through the words of others. */
static void draw_one(struct forest *f, double height)
{
	const double x = x_of(f, 1);

	svg_line(&f->page.svg, x, f->page.y - ROW_GAP, x, f->page.y + height,
		 "stroke='" INK "' stroke-width='1.2'");
}

static void draw_region(struct forest *f, const struct compared *r)
{
	char why[STUDY_SENTENCE_BYTES];

	write_cell(f, PAGE_MARGIN, f->page.y + 18, f->region - 16, false,
		   r->region);
	if (has_estimate(&r->own_trend)) {
		draw_one(f, ROW_HEIGHT);
		draw_estimate(f, r);
		f->page.y += ROW_HEIGHT;
	} else {
		const struct svg_text how = {
			.x = f->left,
			.y = f->page.y + 18,
			.size = SMALL_SIZE,
			.colour = FAINT,
		};

		study_sentence(&r->own_trend, why);
		svg_write_cut(&f->page.svg, &how,
			      f->page.width - PAGE_MARGIN - f->left, why);
		f->page.y += NONE_HEIGHT;
	}
	draw_rule(f, "stroke='#e3e7ea'");
}

static void draw_diamond(struct forest *f)
{
	const struct pool *p = &f->c->pool;
	const double y = f->page.y + 15;
	const double xy[] = { x_of(f, p->low),  y, x_of(f, p->ratio), y - 9,
			      x_of(f, p->high), y, x_of(f, p->ratio), y + 9 };
	char words[64];
	char ratio[RATIO_BYTES];

	draw_one(f, POOL_HEIGHT);
	(void)snprintf(words, sizeof words, "%zu regions together", p->k);
	write_cell(f, PAGE_MARGIN, y + 5, f->region - 16, true, words);
	svg_path(&f->page.svg, xy, 4, true,
		 "fill='" BETTER "' stroke='" INK "'");
	ratio_text(p->ratio, p->low, p->high, ratio);
	write_numbers(f, y + 5, INK, true, ratio);
	f->page.y += POOL_HEIGHT;
}

static void draw_prediction(struct forest *f)
{
	const struct pool *p = &f->c->pool;
	const double y = f->page.y + 13;
	char low[NUMBER_TEXT_BYTES];
	char high[NUMBER_TEXT_BYTES];
	char text[2 * NUMBER_TEXT_BYTES + 8];

	if (!p->has_prediction) {
		return;
	}
	draw_one(f, NEXT_HEIGHT);
	write_cell(f, PAGE_MARGIN, y + 5, f->region - 16, false,
		   "The next region");
	draw_interval(f, p->predict_low, p->predict_high, y,
		      "stroke='" INK "' stroke-width='3' "
		      "stroke-dasharray='7 3'");
	number_text(p->predict_low, decimals_of(p->predict_low), low);
	number_text(p->predict_high, decimals_of(p->predict_high), high);
	(void)snprintf(text, sizeof text, "%s to %s", low, high);
	write_numbers(f, y + 5, INK, false, text);
	f->page.y += NEXT_HEIGHT;
}

/* ---- the plot ------------------------------------------------------------
 */

static void write_head(struct forest *f)
{
	const struct svg_text weight = {
		.x = f->page.width - PAGE_MARGIN,
		.y = f->page.y + 14,
		.size = SMALL_SIZE,
		.anchor = SVG_END,
		.bold = true,
		.colour = INK,
	};

	write_cell(f, PAGE_MARGIN, f->page.y + 14, f->region - 16, true,
		   "Region");
	write_numbers(f, f->page.y + 14, INK, true, "Ratio (95 % interval)");
	if (f->c->pool.state == POOL_OK) {
		svg_write(&f->page.svg, &weight, "Weight");
	}
	f->page.y += 22;
	draw_rule(f, "stroke='" FAINT "'");
}

/* What the marks of a row mean. */
static void write_legend(struct forest *f)
{
	struct svg *s = &f->page.svg;
	const double y = f->page.y + 10;
	double x = PAGE_MARGIN;
	struct svg_text how = {
		.y = y + 5,
		.size = SMALL_SIZE,
		.colour = FAINT,
	};
	static const char *const own = "own trend allowed for";
	static const char *const plain_words =
		"before and after, not allowing for trend";

	svg_line(s, x, y, x + 30, y, "stroke='" INK "' stroke-width='1.8'");
	svg_rect(s, x + 10, y - 5, 10, 10,
		 "fill='" BETTER "' stroke='" INK "'");
	how.x = x + 38;
	svg_write(s, &how, own);
	x = how.x + svg_width(own, SMALL_SIZE, false) + 24;
	svg_line(s, x, y, x + 30, y, "stroke='#a7b1b9' stroke-width='1.4'");
	svg_circle(s, x + 15, y, 3.6,
		   "fill='#fff' stroke='#8d99a3' stroke-width='1.4'");
	how.x = x + 38;
	svg_write(s, &how, plain_words);
	f->page.y += 30;
}

static void draw_plot(struct forest *f)
{
	const struct comparison *c = f->c;
	const size_t rows = c->regions_n < ROWS_MAX ? c->regions_n : ROWS_MAX;
	struct svg *s = &f->page.svg;
	size_t i;

	write_legend(f);
	write_head(f);
	for (i = 0; i < rows; i++) {
		f->page.y += ROW_GAP;
		draw_region(f, &c->regions[i]);
	}
	if (c->pool.state == POOL_OK) {
		f->page.y += ROW_GAP;
		draw_diamond(f);
		draw_prediction(f);
	}
	f->page.y += ROW_GAP;
	draw_one(f, 5);
	svg_line(s, f->left, f->page.y, f->right, f->page.y,
		 "stroke='" FAINT "' stroke-width='1.2'");
	draw_ticks(f);
	write_sides(f);
	f->page.y += 60;
	if (c->regions_n > rows) {
		page_add(&f->page,
			 "%zu more regions are not drawn: weald compare lists "
			 "them.",
			 c->regions_n - rows);
		page_say_words(&f->page, &page_plain);
	}
}

/* ---- around it -----------------------------------------------------------
 */

static void say_certainty(struct forest *f)
{
	const struct certainty_result *r = &f->c->certainty;
	struct page_style style = page_plain;
	size_t i;

	if (r->level == CERTAINTY_NONE) {
		return;
	}
	page_add(&f->page, "Certainty: %s", certainty_words(r->level));
	page_say_words(&f->page, &page_strong);
	style.indent = 18;
	for (i = 0; i < r->reasons_n; i++) {
		svg_circle(&f->page.svg, PAGE_MARGIN + 8, f->page.y + 8, 2.5,
			   "fill='" FAINT "'");
		page_say(&f->page, &style, r->reasons[i].words);
	}
}

/* Each version that it was computed from. */
static void say_sources(struct forest *f)
{
	const struct comparison *c = f->c;
	struct page_style style = page_faint;
	size_t i;
	size_t k;

	page_add_text(&f->page, "Source: ");
	page_add_text(&f->page, c->intervention);
	page_add(&f->page, "@%llu, ",
		 (unsigned long long)c->intervention_version);
	page_add_text(&f->page, c->measure);
	if (c->measure_version != 0) {
		page_add(&f->page, "@%llu",
			 (unsigned long long)c->measure_version);
	}
	for (i = 0; i < c->regions_n && i < ROWS_MAX; i++) {
		for (k = 0; k < c->regions[i].sources_n; k++) {
			const struct source_row *row =
				&c->regions[i].sources[k];

			page_add_text(&f->page, ", ");
			page_add_text(&f->page, row->ref);
			page_add(&f->page, "@%llu",
				 (unsigned long long)row->version);
		}
	}
	page_add(&f->page, c->example ? "; an example, invented" : "");
	style.lines_max = 8;
	page_say_words(&f->page, &style);
	page_say(&f->page, &page_faint, "Computed by " EFFECT_ENGINE ".");
}

/* The alternative: the sentence, then each region. */
static void tell_region(struct page *page, const struct compared *r)
{
	char ratio[RATIO_BYTES];
	char why[STUDY_SENTENCE_BYTES];

	page_add_text(page, " ");
	page_add_text(page, r->region);
	if (has_estimate(&r->own_trend)) {
		ratio_text(r->own_trend.ratio, r->own_trend.low,
			   r->own_trend.high, ratio);
		page_add(page, ": own-trend ratio %s.", ratio);
	} else {
		study_sentence(&r->own_trend, why);
		page_add(page, ": %s.", why);
	}
}

static int finish(struct forest *f, struct buf *out)
{
	const struct comparison *c = f->c;
	struct page *page = &f->page;
	size_t i;
	int r;

	page_add(page,
		 "A forest plot: the ratio that each region found, by its own "
		 "trend. Below 1 is %s%s. ",
		 fewer(c), of_what(c));
	page_add_withdrawn(page, c->withdrawn, c->withdrawn_by);
	page_add_text(page, f->sentence);
	for (i = 0; i < c->regions_n && i < ROWS_MAX; i++) {
		tell_region(page, &c->regions[i]);
	}
	if (c->certainty.level != CERTAINTY_NONE) {
		page_add(page, " Certainty: %s.",
			 certainty_words(c->certainty.level));
	}
	r = buf_add_byte(&page->words, 0);
	if (r == WEALD_OK) {
		r = page_finish(page,
				c->intervention_title[0] != '\0'
					? c->intervention_title
					: c->intervention,
				(const char *)page->words.data, out);
	}
	return r;
}

static void say_head(struct forest *f)
{
	const struct comparison *c = f->c;

	page_heading(&f->page,
		     c->intervention_title[0] != '\0' ? c->intervention_title
						      : c->intervention,
		     c->measure_title[0] != '\0' ? c->measure_title
						 : c->measure);
	page_say_withdrawn(&f->page, c->withdrawn, c->withdrawn_by);
	if (c->undesired[0] != '\0') {
		page_add_text(&f->page, "Counted: ");
		page_add_text(&f->page, c->undesired);
		page_say_words(&f->page, &page_faint);
	}
	f->page.y += 6;
	page_say(&f->page, &page_strong, f->sentence);
	f->page.y += 8;
}

/* A narrow picture has its room for the plot. */
static double region_width(const struct forest *f)
{
	const struct comparison *c = f->c;
	double width = REGION_LEAST;
	size_t i;

	for (i = 0; i < c->regions_n && i < ROWS_MAX; i++) {
		width = fmax(width, svg_width(c->regions[i].region, SMALL_SIZE,
					      false) +
					    16);
	}
	return fmin(width, fmin(REGION_MOST, f->page.width * 0.27));
}

int picture_forest(const struct comparison *c, const char *sentence,
		   double width, struct buf *out)
{
	struct forest f = { .c = c, .sentence = sentence };
	double numbers;
	int r;

	page_open(&f.page, width);
	numbers = svg_width("0.000 (0.000 to 0.000)", SMALL_SIZE, true) + 10;
	f.region = region_width(&f);
	f.left = PAGE_MARGIN + f.region;
	f.numbers = f.page.width - PAGE_MARGIN - WEIGHT_WIDTH - numbers;
	f.right = f.numbers - NUMBER_GAP;
	assert(f.right > f.left);
	set_axis(&f);
	say_head(&f);
	draw_plot(&f);
	say_certainty(&f);
	say_sources(&f);
	r = finish(&f, out);
	page_close(&f.page);
	return r;
}
