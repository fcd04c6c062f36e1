#include "daemon/picture/picture_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PARAGRAPH_BYTES_MAX (1u << 18)
#define GAP                 6.0

#define TITLE_SIZE    24.0
#define TITLE_LINE    30.0
#define SUBTITLE_SIZE 17.0
#define SUBTITLE_LINE 23.0

#define ICON_SIZE 44.0

const struct page_style page_plain = { .size = TEXT_SIZE,
				       .colour = INK,
				       .lines_max = 4 };
const struct page_style page_strong = {
	.size = TEXT_SIZE, .bold = true, .colour = INK, .lines_max = 4
};
const struct page_style page_faint = { .size = SMALL_SIZE,
				       .colour = FAINT,
				       .lines_max = 3 };

/* ---- the page ------------------------------------------------------------
 */

void page_open(struct page *p, double width)
{
	buf_init(&p->body, PICTURE_BYTES_MAX);
	buf_init(&p->words, PARAGRAPH_BYTES_MAX);
	svg_draw(&p->svg, &p->body);
	p->width = width > 0 ? fmax(width, PAGE_LEAST) : PAGE_WIDTH;
	p->y = PAGE_MARGIN;
}

void page_close(struct page *p)
{
	buf_release(&p->body);
	buf_release(&p->words);
}

static void say(struct page *p, const struct page_style *style, double line,
		const char *text)
{
	const struct svg_text how = {
		.x = PAGE_MARGIN + style->indent,
		.y = p->y + style->size * 0.8,
		.size = style->size,
		.bold = style->bold,
		.colour = style->colour,
	};
	const struct svg_block block = {
		.width = p->width - 2 * PAGE_MARGIN - style->indent,
		.line = line,
		.lines_max = style->lines_max,
	};

	p->y += line * (double)svg_write_block(&p->svg, &how, &block, text);
}

void page_say(struct page *p, const struct page_style *style, const char *text)
{
	const double before = p->y;

	say(p, style, LINE, text);
	if (p->y > before) {
		p->y += GAP;
	}
}

void page_add(struct page *p, const char *fmt, ...)
{
	char part[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(part, sizeof part, fmt, args);
	va_end(args);
	page_add_text(p, part);
}

void page_add_text(struct page *p, const char *text)
{
	const int err = buf_add_text(&p->words, text);

	if (err != WEALD_OK && p->svg.err == WEALD_OK) {
		p->svg.err = err;
	}
}

void page_say_words(struct page *p, const struct page_style *style)
{
	const int err = buf_add_byte(&p->words, 0);

	if (err == WEALD_OK) {
		page_say(p, style, (const char *)p->words.data);
	} else if (p->svg.err == WEALD_OK) {
		p->svg.err = err;
	}
	buf_clear(&p->words);
}

int withdrawn_words(struct buf *out, bool withdrawn, const char *by)
{
	int r;

	if (by[0] == '\0') {
		return withdrawn ? buf_add_text(out, "The intervention is "
						     "withdrawn by its own "
						     "region. ")
				 : WEALD_OK;
	}
	r = buf_add_text(out, withdrawn ? "The intervention is withdrawn: see "
					: "Another region warns of the "
					  "intervention: see ");
	r = r == WEALD_OK ? buf_add_text(out, by) : r;
	return r == WEALD_OK ? buf_add_text(out, ". ") : r;
}

void page_add_withdrawn(struct page *p, bool withdrawn, const char *by)
{
	const int err = withdrawn_words(&p->words, withdrawn, by);

	if (err != WEALD_OK && p->svg.err == WEALD_OK) {
		p->svg.err = err;
	}
}

void page_say_withdrawn(struct page *p, bool withdrawn, const char *by)
{
	struct page_style warning = page_strong;

	warning.colour = WORSE;
	page_add_withdrawn(p, withdrawn, by);
	page_say_words(p, &warning);
}

void page_heading(struct page *p, const char *title, const char *subtitle)
{
	const struct page_style large = {
		.size = TITLE_SIZE, .bold = true, .colour = INK, .lines_max = 2
	};
	const struct page_style small = { .size = SUBTITLE_SIZE,
					  .colour = FAINT,
					  .lines_max = 2 };

	say(p, &large, TITLE_LINE, title);
	say(p, &small, SUBTITLE_LINE, subtitle);
	p->y += GAP;
}

int page_finish(struct page *p, const char *title, const char *text,
		struct buf *out)
{
	const struct svg_page page = {
		.width = p->width,
		.height = ceil(p->y + PAGE_MARGIN - GAP),
		.title = title,
		.text = text,
	};
	int r = svg_finish(&p->svg, &page, out);

	if (r != WEALD_OK) {
		buf_clear(out);
	}
	return r;
}

/* ---- marks ---------------------------------------------------------------
 */

enum meaning meaning_of(const struct chart_point *point,
			enum chart_direction direction)
{
	if (point->signal == CHART_COMMON) {
		return MEANS_COMMON;
	}
	if (direction == CHART_NEUTRAL) {
		return MEANS_OTHER;
	}
	return point->above == (direction == CHART_INCREASE) ? MEANS_BETTER
							     : MEANS_WORSE;
}

const char *meaning_words(enum meaning m)
{
	static const char *const words[] = {
		[MEANS_COMMON] = "common cause",
		[MEANS_BETTER] = "improvement",
		[MEANS_WORSE] = "concern",
		[MEANS_OTHER] = "special cause",
	};

	return words[m];
}

/* A circle, a diamond, a triangle, a square: of about the same size. */
static void draw_shape(struct svg *s, enum meaning m, const double at[2],
		       double radius, const char *style)
{
	const double x = at[0];
	const double y = at[1];
	const double d = radius * 1.35;
	const double side = radius * 0.95;
	const double diamond[] = { x, y - d, x + d, y, x, y + d, x - d, y };
	const double triangle[] = { x,     y - d,       x + d, y + d * 0.85,
				    x - d, y + d * 0.85 };

	switch (m) {
	case MEANS_COMMON:
		svg_circle(s, x, y, radius, style);
		break;
	case MEANS_BETTER:
		svg_path(s, diamond, 4, true, style);
		break;
	case MEANS_WORSE:
		svg_path(s, triangle, 3, true, style);
		break;
	case MEANS_OTHER:
		svg_rect(s, x - side, y - side, 2 * side, 2 * side, style);
		break;
	}
}

void mark_draw(struct svg *s, enum meaning m, double x, double y, double radius)
{
	static const char *const styles[] = {
		[MEANS_COMMON] = "fill='" COMMON "' stroke='#fff'",
		[MEANS_BETTER] = "fill='" BETTER "' stroke='#fff'",
		[MEANS_WORSE] = "fill='" WORSE "' stroke='#fff'",
		[MEANS_OTHER] = "fill='" OTHER "' stroke='#fff'",
	};
	const double at[] = { x, y };

	draw_shape(s, m, at, radius, styles[m]);
}

/* ---- icons ---------------------------------------------------------------
 */

static void write_words(struct svg *s, double x, double y, const char *first,
			const char *second)
{
	struct svg_text how = {
		.x = x + ICON_SIZE + 10,
		.y = y + ICON_SIZE / 2 - 3,
		.size = TEXT_SIZE,
		.bold = true,
		.colour = INK,
	};
	const double room = ICON_WIDTH - ICON_SIZE - 14;

	svg_write_cut(s, &how, room, first);
	how.y += 19;
	how.size = SMALL_SIZE;
	how.bold = false;
	how.colour = FAINT;
	svg_write_cut(s, &how, room, second);
}

static void write_letter(struct svg *s, double x, double y, const char *letter,
			 const char *colour)
{
	const struct svg_text how = {
		.x = x,
		.y = y,
		.size = 19,
		.anchor = SVG_MIDDLE,
		.bold = true,
		.colour = colour,
	};

	svg_write(s, &how, letter);
}

bool icon_has_variation(const struct chart *c)
{
	return c->n > 0 && c->points[c->n - 1].has_limits;
}

void icon_variation(struct svg *s, double x, double y, const struct chart *c)
{
	static const enum meaning meanings[] = {
		[CHART_VARIATION_COMMON] = MEANS_COMMON,
		[CHART_VARIATION_IMPROVEMENT] = MEANS_BETTER,
		[CHART_VARIATION_CONCERN] = MEANS_WORSE,
		[CHART_VARIATION_NEITHER] = MEANS_OTHER,
	};
	static const char *const styles[] = {
		[MEANS_COMMON] =
			"fill='#fff' stroke='" COMMON "' stroke-width='3'",
		[MEANS_BETTER] = "fill='" BETTER "'",
		[MEANS_WORSE] = "fill='" WORSE "'",
		[MEANS_OTHER] = "fill='" OTHER "'",
	};
	static const char *const words[] = {
		[MEANS_COMMON] = "Common cause",
		[MEANS_BETTER] = "Improvement",
		[MEANS_WORSE] = "Concern",
		[MEANS_OTHER] = "Special cause",
	};
	const enum meaning m = meanings[c->variation];
	const double at[] = { x + ICON_SIZE / 2, y + ICON_SIZE / 2 };
	/* all shapes stand out to the same edge */
	const double radius =
		m == MEANS_COMMON ? ICON_SIZE / 2 - 3 : ICON_SIZE / 2 / 1.35;
	/* a triangle has its room at the bottom */
	const double letter_y = at[1] + (m == MEANS_WORSE ? 13 : 7);

	draw_shape(s, m, at, m == MEANS_OTHER ? radius * 1.2 : radius,
		   styles[m]);
	if (m == MEANS_COMMON) {
		write_letter(s, at[0], letter_y, "C", FAINT);
		write_words(s, x, y, words[m], "nothing unusual");
	} else {
		write_letter(s, at[0], letter_y, c->high ? "H" : "L", "#fff");
		write_words(s, x, y, words[m],
			    c->high ? "high at the end" : "low at the end");
	}
}

void icon_assurance(struct svg *s, double x, double y, const struct chart *c)
{
	static const struct {
		const char *letter;
		const char *first;
		const char *second;
	} icons[] = {
		[CHART_ASSURANCE_NONE] = { "", "", "" },
		[CHART_ASSURANCE_PASS] = { "P", "Passes target",
					   "consistently" },
		[CHART_ASSURANCE_FAIL] = { "F", "Fails target",
					   "consistently" },
		[CHART_ASSURANCE_HIT_OR_MISS] = { "?", "Hit or miss",
						  "of the target" },
	};
	const double inset = 3;

	if (c->assurance == CHART_ASSURANCE_NONE) {
		return;
	}
	svg_rect(s, x + inset, y + inset, ICON_SIZE - 2 * inset,
		 ICON_SIZE - 2 * inset,
		 "rx='7' fill='#fff' stroke='" INK "' stroke-width='2'");
	svg_line(s, x + inset + 6, y + ICON_SIZE - 11, x + ICON_SIZE - 9,
		 y + ICON_SIZE - 11,
		 "stroke='" INK
		 "' stroke-width='2' stroke-dasharray='9 3 2 3'");
	write_letter(s, x + ICON_SIZE / 2, y + 26, icons[c->assurance].letter,
		     INK);
	write_words(s, x, y, icons[c->assurance].first,
		    icons[c->assurance].second);
}
