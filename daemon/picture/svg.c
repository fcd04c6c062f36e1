#include "daemon/picture/svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

#define ELLIPSIS 0x2026u
#define REPLACED 0xfffdu

/* Beyond so many marks on one character they cover the lines above it. */
#define MARKS_MAX 2u

/* No picture of ours is larger. */
#define COORDINATE_MAX 1e6

/* ---- characters ----------------------------------------------------------
 */

/*
 * Hundredths of the size, U+0020 to U+007E: the wider of DejaVu Sans and
 * Liberation Sans, which has the widths of Arial and Helvetica.
 */
static const uint8_t widths[] = {
	32,  41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34,
	64,  64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 56,
	102, 69, 69, 73, 77, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75, 79,
	67,  79, 73, 67, 62, 74, 69, 99, 69, 67, 69, 40, 34, 40, 84, 56,
	50,  62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62,
	64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
};
static const uint8_t widths_bold[] = {
	35,  46, 53, 84, 70, 101, 88, 31,  46, 46, 53, 84, 38, 42,  38, 37,
	70,  70, 70, 70, 70, 70,  70, 70,  70, 70, 40, 40, 84, 84,  84, 62,
	100, 78, 77, 74, 83, 69,  69, 83,  84, 38, 56, 78, 64, 100, 84, 85,
	74,  85, 77, 73, 69, 82,  78, 111, 78, 73, 73, 46, 37, 46,  84, 56,
	50,  68, 72, 60, 72, 68,  44, 72,  72, 35, 35, 67, 35, 105, 72, 69,
	72,  72, 50, 60, 48, 72,  66, 93,  65, 66, 59, 72, 37, 72,  84,
};

struct rune_range {
	uint32_t first;
	uint32_t last;
};

static bool is_among(uint32_t rune, const struct rune_range *ranges, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (rune >= ranges[i].first && rune <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

/* Marks that stand on the character before them. */
static bool is_mark(uint32_t rune)
{
	static const struct rune_range marks[] = {
		{ 0x300, 0x36f },   { 0x483, 0x489 },     { 0x591, 0x5bd },
		{ 0x610, 0x61a },   { 0x64b, 0x65f },     { 0x6d6, 0x6dc },
		{ 0x6df, 0x6e4 },   { 0xe31, 0xe31 },     { 0xe34, 0xe3a },
		{ 0xe47, 0xe4e },   { 0x1ab0, 0x1aff },   { 0x1dc0, 0x1dff },
		{ 0x20d0, 0x20ff }, { 0x3099, 0x309a },   { 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f }, { 0x1d165, 0x1d169 }, { 0xe0100, 0xe01ef },
	};

	return is_among(rune, marks, sizeof marks / sizeof *marks);
}

/* What is no part of a line of text, or turns what follows it round. */
static bool is_dropped(uint32_t rune)
{
	static const struct rune_range dropped[] = {
		{ 0, 0x1f },          { 0x7f, 0x9f },       { 0xad, 0xad },
		{ 0x61c, 0x61c },     { 0x115f, 0x1160 },   { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },
		{ 0x3164, 0x3164 },   { 0xd800, 0xdfff },   { 0xfdd0, 0xfdef },
		{ 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe00ff },
	};

	/* the last two of every plane are no characters */
	return (rune & 0xfffe) == 0xfffe ||
	       is_among(rune, dropped, sizeof dropped / sizeof *dropped);
}

static bool is_white(uint32_t rune)
{
	return rune == ' ' || rune == '\t' || rune == '\n' || rune == '\r' ||
	       rune == 0xa0 || (rune >= 0x2000 && rune <= 0x200a) ||
	       rune == 0x2028 || rune == 0x2029 || rune == 0x202f ||
	       rune == 0x205f || rune == 0x3000;
}

/* Beyond ASCII, in sizes; the widest of its kind. */
static double wide_width(uint32_t rune, bool bold)
{
	if (is_mark(rune)) {
		return 0;
	}
	if (rune == ELLIPSIS || (rune >= 0xa0 && rune <= 0xff)) {
		return bold ? 1.05 : 1;
	}
	if (rune >= 0x2010 && rune <= 0x201f) { /* dashes and quotes */
		return 1;
	}
	if ((rune >= 0xfdf0 && rune <= 0xfdff) || /* whole phrases as one */
	    (rune >= 0x12000 && rune <= 0x1254f)) {
		return 14;
	}
	return bold ? 2 : 1.75;
}

static double rune_width(uint32_t rune, bool bold)
{
	if (rune >= 0x20 && rune <= 0x7e) {
		return (bold ? widths_bold : widths)[rune - 0x20] / 100.0;
	}
	return wide_width(rune, bold);
}

/* Text as it is shown, character by character. */
struct shown {
	struct span rest;
	size_t marks; /* on the last one */
	bool white;   /* the last one was white, or there was none */
};

static void shown_init(struct shown *t, struct span text)
{
	t->rest = text;
	t->marks = 0;
	t->white = true;
}

/*
 * The next character, 0 at the end: white space is one space, never at the
 * start.
 */
static uint32_t shown_next(struct shown *t)
{
	uint32_t rune;
	size_t len;

	while (t->rest.len > 0) {
		len = text_rune(t->rest, &rune);
		if (len == 0) {
			rune = REPLACED;
			len = 1;
		}
		t->rest.data += len;
		t->rest.len -= len;
		if (is_white(rune)) {
			if (!t->white) {
				t->white = true;
				return ' ';
			}
		} else if (is_mark(rune)) {
			t->marks++;
			if (!t->white && t->marks <= MARKS_MAX) {
				return rune;
			}
		} else if (!is_dropped(rune)) {
			t->marks = 0;
			t->white = false;
			return rune;
		}
	}
	return 0;
}

static double span_width(struct span text, double size, bool bold)
{
	struct shown t;
	uint32_t rune;
	double width = 0;

	shown_init(&t, text);
	while ((rune = shown_next(&t)) != 0) {
		width += rune_width(rune, bold);
	}
	return width * size;
}

double svg_width(const char *text, double size, bool bold)
{
	return span_width(span_of(text), size, bold);
}

/* ---- writing -------------------------------------------------------------
 */

static void put(struct svg *s, const void *data, size_t len)
{
	if (s->err == WEALD_OK) {
		s->err = buf_add(s->out, data, len);
	}
}

static void put_text(struct svg *s, const char *text)
{
	put(s, text, strlen(text));
}

static void put_rune(struct svg *s, uint32_t rune)
{
	uint8_t utf8[4];
	size_t n = 1;

	if (rune < 0x80) {
		utf8[0] = (uint8_t)rune;
	} else if (rune < 0x800) {
		utf8[0] = (uint8_t)(0xc0 | rune >> 6);
		n = 2;
	} else if (rune < 0x10000) {
		utf8[0] = (uint8_t)(0xe0 | rune >> 12);
		n = 3;
	} else {
		utf8[0] = (uint8_t)(0xf0 | rune >> 18);
		n = 4;
	}
	if (n > 1) {
		size_t i;

		for (i = 1; i < n; i++) {
			utf8[i] = (uint8_t)(0x80 |
					    (rune >> 6 * (n - 1 - i) & 0x3f));
		}
	}
	put(s, utf8, n);
}

static void put_escaped(struct svg *s, struct span text)
{
	struct shown t;
	uint32_t rune;

	shown_init(&t, text);
	while ((rune = shown_next(&t)) != 0) {
		switch (rune) {
		case '<':
			put_text(s, "&lt;");
			break;
		case '>':
			put_text(s, "&gt;");
			break;
		case '&':
			put_text(s, "&amp;");
			break;
		case '"':
			put_text(s, "&quot;");
			break;
		case '\'':
			put_text(s, "&#39;");
			break;
		default:
			put_rune(s, rune);
		}
	}
}

/* With two decimals at most, as every processor and locale writes it. */
static void put_number(struct svg *s, double x)
{
	char digits[32];
	size_t n = sizeof digits;
	uint64_t hundredths;
	bool minus;

	if (!isfinite(x)) {
		x = 0;
	}
	x = fmin(fmax(x, -COORDINATE_MAX), COORDINATE_MAX);
	hundredths = (uint64_t)llround(fabs(x) * 100);
	minus = x < 0 && hundredths > 0;
	if (hundredths % 100 != 0) {
		if (hundredths % 10 != 0) {
			digits[--n] = (char)('0' + hundredths % 10);
		}
		digits[--n] = (char)('0' + hundredths / 10 % 10);
		digits[--n] = '.';
	}
	hundredths /= 100;
	do {
		digits[--n] = (char)('0' + hundredths % 10);
		hundredths /= 10;
	} while (hundredths > 0);
	if (minus) {
		digits[--n] = '-';
	}
	put(s, digits + n, sizeof digits - n);
}

/* ' name="x"' */
static void put_attribute(struct svg *s, const char *name, double x)
{
	put_text(s, " ");
	put_text(s, name);
	put_text(s, "=\"");
	put_number(s, x);
	put_text(s, "\"");
}

static void put_style(struct svg *s, const char *style)
{
	put_text(s, " ");
	put_text(s, style);
	put_text(s, "/>\n");
}

/* ---- the whole -----------------------------------------------------------
 */

void svg_draw(struct svg *s, struct buf *out)
{
	s->out = out;
	s->err = WEALD_OK;
}

/*
 * Pictures may come to stand on one page, where no two may have the same id:
 * it follows from what they are about. FNV-1a.
 */
static uint32_t id_of(struct span a, uint32_t hash)
{
	size_t i;

	for (i = 0; i < a.len; i++) {
		hash = (hash ^ a.data[i]) * 16777619u;
	}
	return hash;
}

static void put_alternative(struct svg *s, uint32_t id, const char *element,
			    const char *text)
{
	char head[48];

	(void)snprintf(head, sizeof head, "<%s id=\"%s-%08" PRIx32 "\">",
		       element, element, id);
	put_text(s, head);
	put_escaped(s, span_of(text));
	put_text(s, "</");
	put_text(s, element);
	put_text(s, ">\n");
}

int svg_finish(const struct svg *drawn, const struct svg_page *page,
	       struct buf *out)
{
	struct svg s = { .out = out, .err = drawn->err };
	const struct span body = buf_span(drawn->out);
	uint32_t id = id_of(body, 2166136261u);
	char names[80];

	id = id_of(span_of(page->text), id);
	put_text(&s, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	put_attribute(&s, "width", page->width);
	put_attribute(&s, "height", page->height);
	put_text(&s, " viewBox=\"0 0 ");
	put_number(&s, page->width);
	put_text(&s, " ");
	put_number(&s, page->height);
	(void)snprintf(names, sizeof names,
		       "\" role=\"img\" aria-labelledby=\"title-%08" PRIx32
		       " desc-%08" PRIx32 "\"",
		       id, id);
	put_text(&s, names);
	put_text(&s, " font-family=\"Arial, Helvetica, 'Liberation Sans', "
		     "'DejaVu Sans', sans-serif\">\n");
	put_alternative(&s, id, "title", page->title);
	put_alternative(&s, id, "desc", page->text);
	svg_rect(&s, 0, 0, page->width, page->height, "fill='#fff'");
	put(&s, body.data, body.len);
	put_text(&s, "</svg>\n");
	return s.err;
}

/* ---- elements ------------------------------------------------------------
 */

void svg_line(struct svg *s, double x1, double y1, double x2, double y2,
	      const char *style)
{
	put_text(s, "<line");
	put_attribute(s, "x1", x1);
	put_attribute(s, "y1", y1);
	put_attribute(s, "x2", x2);
	put_attribute(s, "y2", y2);
	put_style(s, style);
}

void svg_rect(struct svg *s, double x, double y, double width, double height,
	      const char *style)
{
	put_text(s, "<rect");
	put_attribute(s, "x", x);
	put_attribute(s, "y", y);
	put_attribute(s, "width", width);
	put_attribute(s, "height", height);
	put_style(s, style);
}

void svg_circle(struct svg *s, double x, double y, double radius,
		const char *style)
{
	put_text(s, "<circle");
	put_attribute(s, "cx", x);
	put_attribute(s, "cy", y);
	put_attribute(s, "r", radius);
	put_style(s, style);
}

void svg_path(struct svg *s, const double *xy, size_t points_n, bool closed,
	      const char *style)
{
	size_t i;

	if (points_n == 0) {
		return;
	}
	put_text(s, "<path d=\"");
	for (i = 0; i < points_n; i++) {
		put_text(s, i == 0 ? "M" : "L");
		put_number(s, xy[2 * i]);
		put_text(s, " ");
		put_number(s, xy[2 * i + 1]);
	}
	put_text(s, closed ? "Z\"" : "\"");
	put_style(s, style);
}

void svg_group(struct svg *s, const char *title)
{
	put_text(s, "<g><title>");
	put_escaped(s, span_of(title));
	put_text(s, "</title>\n");
}

void svg_group_end(struct svg *s)
{
	put_text(s, "</g>\n");
}

/* ---- text ----------------------------------------------------------------
 */

static void write_span(struct svg *s, const struct svg_text *how,
		       struct span text, bool ellipsis)
{
	static const char *const anchors[] = {
		[SVG_START] = "",
		[SVG_MIDDLE] = " text-anchor=\"middle\"",
		[SVG_END] = " text-anchor=\"end\"",
	};

	put_text(s, "<text");
	put_attribute(s, "x", how->x);
	put_attribute(s, "y", how->y);
	put_attribute(s, "font-size", how->size);
	put_text(s, anchors[how->anchor]);
	if (how->bold) {
		put_text(s, " font-weight=\"bold\"");
	}
	if (how->colour != NULL) {
		put_text(s, " fill=\"");
		put_text(s, how->colour);
		put_text(s, "\"");
	}
	put_text(s, ">");
	put_escaped(s, text);
	if (ellipsis) {
		put_rune(s, ELLIPSIS);
	}
	put_text(s, "</text>\n");
}

void svg_write(struct svg *s, const struct svg_text *how, const char *text)
{
	write_span(s, how, span_of(text), false);
}

/*
 * How many bytes of @text fit into @width: all, or up to a place between two
 * characters or, with @words, two words. At least one character.
 */
static size_t fit(struct span text, const struct svg_text *how, double width,
		  bool words)
{
	struct shown t;
	uint32_t rune;
	size_t before = 0;
	size_t word = 0;
	double used = 0;

	shown_init(&t, text);
	for (;;) {
		rune = shown_next(&t);
		if (rune == 0) {
			return text.len;
		}
		used += rune_width(rune, how->bold) * how->size;
		if (used > width && rune != ' ' && before > 0) {
			return words && word > 0 ? word : before;
		}
		before = text.len - t.rest.len;
		if (rune == ' ' || rune == '/' || rune == '-') {
			word = before;
		}
	}
}

/* White space at the end is shown nowhere. */
static struct span without_end(struct span text)
{
	while (text.len > 0 && text.data[text.len - 1] == ' ') {
		text.len--;
	}
	return text;
}

/* One line that is all there is room for. */
static void write_last(struct svg *s, const struct svg_text *how,
		       struct span text, double width)
{
	const double dots = rune_width(ELLIPSIS, how->bold) * how->size;
	bool cut;

	text = without_end(text);
	cut = span_width(text, how->size, how->bold) > width;
	if (cut) {
		text.len = fit(text, how, fmax(width - dots, 0), false);
		text = without_end(text);
	}
	write_span(s, how, text, cut);
}

void svg_write_cut(struct svg *s, const struct svg_text *how, double width,
		   const char *text)
{
	write_last(s, how, span_of(text), width);
}

size_t svg_write_block(struct svg *s, const struct svg_text *how,
		       const struct svg_block *block, const char *text)
{
	struct svg_text at = *how;
	struct span rest = span_of(text);
	struct span line;
	size_t n = 0;

	while (rest.len > 0 && n < block->lines_max &&
	       span_width(rest, how->size, how->bold) > 0) {
		line = rest;
		line.len = fit(rest, how, block->width, true);
		if (n + 1 == block->lines_max) {
			line.len = rest.len;
		}
		if (s != NULL) {
			write_last(s, &at, line, block->width);
		}
		rest.data += line.len;
		rest.len -= line.len;
		at.y += block->line;
		n++;
	}
	return n;
}
