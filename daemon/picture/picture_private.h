/*
 * Inside daemon/picture: what the pictures share.
 *
 *   spc.c       the SPC picture: what is said above and below the charts
 *   panel.c     one chart of it: points, lines, labels
 *   panel_axis.c  its frame: phases, notes, months
 *   forest.c    the forest plot
 *   page.c      a page that is filled from top to bottom; marks and icons
 */
#ifndef WEALD_DAEMON_PICTURE_PRIVATE_H
#define WEALD_DAEMON_PICTURE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/picture/axis.h"
#include "daemon/picture/picture.h"
#include "daemon/picture/svg.h"
#include "store/evidence/chart.h"

/* Colours that stay apart for the colour-blind; on white, 4.5 : 1 and more
 * where they are text. */
#define INK    "#1d262d"
#define FAINT  "#56646f"
#define BETTER "#0067a5"
#define WORSE  "#c85100"
#define OTHER  "#5b2a86"
#define COMMON "#7d8a94"

#define TEXT_SIZE  16.0
#define SMALL_SIZE 15.0
#define LINE       21.0

/* ---- page.c --------------------------------------------------------------
 */

#define PAGE_MARGIN 32.0
#define PAGE_WIDTH  1000.0
#define PAGE_LEAST  640.0

struct page {
	struct svg svg;
	struct buf body;
	struct buf words; /* of the paragraph that is being put together */
	double width;
	double y; /* what lies above is drawn */
};

/* @width: of the picture; 0 for the usual, and never less than PAGE_LEAST. */
void page_open(struct page *p, double width);
void page_close(struct page *p);

struct page_style {
	double size;
	double indent;
	bool bold;
	const char *colour;
	size_t lines_max;
};
/* The usual ones: text, what matters most, sources and the like. */
extern const struct page_style page_plain;
extern const struct page_style page_strong;
extern const struct page_style page_faint;
/* A paragraph over the width of the page; nothing for an empty one. */
void page_say(struct page *p, const struct page_style *style, const char *text);
/* Put one together: page_add() its parts, then page_say_words(). */
void page_add(struct page *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A part that is not ours, of any length. */
void page_add_text(struct page *p, const char *text);
void page_say_words(struct page *p, const struct page_style *style);

/*
 * That the intervention is withdrawn, or that another region warns of it, as
 * struct comparison has both, appended; nothing where neither is so.
 *   WEALD_OK, WEALD_NOMEM, WEALD_TOOBIG
 */
int withdrawn_words(struct buf *out, bool withdrawn, const char *by);
/* The same as a part of a paragraph, and as one. */
void page_add_withdrawn(struct page *p, bool withdrawn, const char *by);
void page_say_withdrawn(struct page *p, bool withdrawn, const char *by);

/* Title and subtitle; either may be "". */
void page_heading(struct page *p, const char *title, const char *subtitle);

/* Write it all with @text, the alternative, to @out. */
int page_finish(struct page *p, const char *title, const char *text,
		struct buf *out);

/* What a point or an icon says, by colour and by shape. */
enum meaning { MEANS_COMMON, MEANS_BETTER, MEANS_WORSE, MEANS_OTHER };
enum meaning meaning_of(const struct chart_point *point,
			enum chart_direction direction);
/* "improvement", "common cause" */
const char *meaning_words(enum meaning m);
void mark_draw(struct svg *s, enum meaning m, double x, double y,
	       double radius);

/* An icon with its letter, and two lines of words beside it. */
#define ICON_WIDTH  196.0
#define ICON_HEIGHT 48.0
void icon_variation(struct svg *s, double x, double y, const struct chart *c);
void icon_assurance(struct svg *s, double x, double y, const struct chart *c);
bool icon_has_variation(const struct chart *c);

/* ---- panel.c -------------------------------------------------------------
 */

/* Places along the time axis: months or, of rows an event, events. */
struct time_axis {
	bool by_event;
	int32_t first; /* month; 0 by event */
	size_t slots;
	double left;
	double step; /* from one to the next */
};
double time_x(const struct time_axis *t, const struct chart *c, size_t point);
/* Where the slot begins that @month is in. */
double time_month_x(const struct time_axis *t, const struct chart *c,
		    int32_t month);

/* A note with the number that it has in the chart; 0: it lies outside. */
struct numbered {
	const struct picture_note *note;
	unsigned number;
};

struct panel {
	struct page *page;
	const struct picture_spc *spc;
	const struct chart *chart;
	const char *heading;
	const char *words; /* below it */
	const struct numbered *notes;
	size_t notes_n;
	struct axis y_axis;
	struct time_axis time;
	double left; /* of the plot */
	double right;
	double top;
	double bottom;
	double height; /* of the plot: top to bottom */
};

#define PANEL_LABEL_ROOM 14.0

/* Draw it at page->y, and move that on. */
void panel_draw(struct panel *p);
double panel_y(const struct panel *p, double value);

/* The widest of the labels of its lines. */
double panel_labels_width(const struct chart *c, const struct axis *y_axis,
			  const struct study_measure *m);

/* ---- panel_axis.c --------------------------------------------------------
 */

/* Bands of the phases, lines of notes and of a rebase: below the points. */
void panel_background(struct panel *p);
/* Numbers of notes, names of phases, above the plot; p->top is below them. */
void panel_lanes(struct panel *p);
double panel_lanes_height(const struct panel *p);
/* Months, or events, below the plot. */
void panel_time(struct panel *p);
#define PANEL_TIME_HEIGHT 44.0

#endif
