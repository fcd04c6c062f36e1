/*
 * SVG: a picture as text, well formed whatever stands in it.
 *
 * Writes elements into a buffer; texts of others are escaped here and nowhere
 * else. Characters that XML has no place for, that turn the direction of what
 * follows, or that are stacked on another beyond two, are left out; what is no
 * UTF-8 becomes U+FFFD. Widths of text are estimated from a table, the wider of
 * two common sans-serif faces, so that labels can be placed without a font.
 * Pure; numbers have two decimals at most, so that every node writes the same
 * bytes.
 */
#ifndef WEALD_DAEMON_PICTURE_SVG_H
#define WEALD_DAEMON_PICTURE_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"

/* All sizes are in pixels at 96 an inch. */
struct svg {
	struct buf *out; /* borrowed */
	int err; /* of the first call that failed; later ones do nothing */
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* Begin to draw into @out, which is borrowed until the last call. */
void svg_draw(struct svg *s, struct buf *out);

/*
 * Write the whole picture, @width by @height, into @out: what was drawn, and
 * its <title> and <desc>, @title and the alternative @text for those who
 * cannot see it.
 *   WEALD_OK, WEALD_NOMEM, WEALD_TOOBIG: also where drawing had failed
 */
struct svg_page {
	double width;
	double height;
	const char *title;
	const char *text;
};
int svg_finish(const struct svg *drawn, const struct svg_page *page,
	       struct buf *out);

/* @style: our own constant, as attributes: "stroke='#000' fill='none'". */
void svg_line(struct svg *s, double x1, double y1, double x2, double y2,
	      const char *style);
void svg_rect(struct svg *s, double x, double y, double width, double height,
	      const char *style);
void svg_circle(struct svg *s, double x, double y, double radius,
		const char *style);
/* Points x, y, x, y ...; @closed: a polygon. */
void svg_path(struct svg *s, const double *xy, size_t points_n, bool closed,
	      const char *style);

struct svg_text {
	double x;
	double y; /* of the base line */
	double size;
	enum svg_anchor anchor;
	bool bold;
	const char *colour; /* our own constant; NULL: black */
};
void svg_write(struct svg *s, const struct svg_text *how, const char *text);
/* The same in at most @width, ending in an ellipsis where it was cut. */
void svg_write_cut(struct svg *s, const struct svg_text *how, double width,
		   const char *text);
/*
 * The same in lines of at most @width, broken at words, @line apart; no more
 * than @lines_max, of which the last ends in an ellipsis where there is more.
 * Returns how many; of an empty text none. @s may be NULL to count only.
 */
struct svg_block {
	double width;
	double line;
	size_t lines_max;
};
size_t svg_write_block(struct svg *s, const struct svg_text *how,
		       const struct svg_block *block, const char *text);

/* How wide @text is at most, UTF-8, as it would be written. */
double svg_width(const char *text, double size, bool bold);

/* A group with its own <title>, which a browser shows on pointing at it. */
void svg_group(struct svg *s, const char *title);
void svg_group_end(struct svg *s);

#endif
