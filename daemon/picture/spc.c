#include "daemon/picture/picture_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence/number.h"

#define PANELS_MAX 2u

/* Heights of the plot, of two charts and of one alone. */
#define HEIGHT_TWO 232.0
#define HEIGHT_ONE 330.0
#define PANEL_GAP  14.0

#define VALUE_TICKS 7u

/* Months without a figure that are named one by one. */
#define MISSING_NAMED 6u

struct picture {
	const struct picture_spc *spc;
	const struct study *study;
	struct page page;
	struct panel panels[PANELS_MAX];
	size_t panels_n;
	char words[PANELS_MAX][320];
	struct numbered notes[PICTURE_NOTES_MAX];
	size_t notes_n;
};

static bool can_draw(const struct chart *c)
{
	return c->n > 0 && (c->state == CHART_FULL || c->state == CHART_TRIAL ||
			    c->state == CHART_TOO_FEW);
}

/* ---- scales --------------------------------------------------------------
 */

struct range {
	double low;
	double high;
};

static void widen(struct range *r, double value)
{
	r->low = fmin(r->low, value);
	r->high = fmax(r->high, value);
}

/*
 * What the axis must hold: all values; limits and the target too, unless they
 * lie so far out that the values would be pressed flat.
 */
static struct axis value_axis(const struct picture *pic)
{
	const struct study_measure *m = &pic->study->measure;
	const double first = pic->panels[0].chart->points[0].value;
	struct range values = { first, first };
	struct range all;
	struct axis axis;
	double room;
	size_t i;
	size_t k;

	for (k = 0; k < pic->panels_n; k++) {
		const struct chart *c = pic->panels[k].chart;

		for (i = 0; i < c->n; i++) {
			widen(&values, c->points[i].value);
		}
	}
	all = values;
	room = 2 * fmax(values.high - fmin(values.low, 0), 0);
	for (k = 0; k < pic->panels_n; k++) {
		const struct chart *c = pic->panels[k].chart;

		for (i = 0; i < c->n; i++) {
			const struct chart_point *p = &c->points[i];

			if (p->has_limits) {
				widen(&all, fmin(p->upper, values.high + room));
				widen(&all, fmax(p->lower, values.low - room));
			}
		}
	}
	if (m->has_target && m->target <= values.high + room &&
	    m->target >= values.low - room) {
		widen(&all, m->target);
	}
	if (values.low >= 0) {
		all.low = 0;
	}
	axis_make(all.low, all.high, VALUE_TICKS, &axis);
	return axis;
}

/* Months, unless two points share one: then there is a point an event. */
static void set_time(struct picture *pic, struct time_axis *t, double left,
		     double right)
{
	const struct chart *c = pic->panels[0].chart;
	size_t i;

	t->left = left;
	t->by_event = pic->study->measure.shape == EFFECT_TIME_BETWEEN;
	for (i = 1; i < c->n; i++) {
		t->by_event |= c->points[i].month <= c->points[i - 1].month;
	}
	t->first = t->by_event ? 0 : c->points[0].month;
	t->slots = t->by_event ? c->n
			       : (size_t)((int64_t)c->points[c->n - 1].month -
					  t->first + 1);
	t->step = (right - left) / (double)t->slots;
}

/* Both charts have the same scales, so that they can be held against another.
 */
static void set_scales(struct picture *pic)
{
	const struct study_measure *m = &pic->study->measure;
	const struct axis y_axis = value_axis(pic);
	const size_t ticks =
		(size_t)lround((y_axis.high - y_axis.low) / y_axis.step);
	struct time_axis time;
	char text[AXIS_TEXT_BYTES];
	double left = 0;
	double right = 0;
	size_t i;

	for (i = 0; i <= ticks; i++) {
		axis_text(&y_axis, y_axis.low + (double)i * y_axis.step, 0,
			  text);
		left = fmax(left, svg_width(text, SMALL_SIZE, false));
	}
	for (i = 0; i < pic->panels_n; i++) {
		right = fmax(right, panel_labels_width(pic->panels[i].chart,
						       &y_axis, m));
	}
	left = PAGE_MARGIN + left + 10;
	right = pic->page.width - PAGE_MARGIN - right - PANEL_LABEL_ROOM;
	set_time(pic, &time, left, right);
	for (i = 0; i < pic->panels_n; i++) {
		struct panel *p = &pic->panels[i];

		p->page = &pic->page;
		p->spc = pic->spc;
		p->notes = pic->notes;
		p->notes_n = pic->notes_n;
		p->y_axis = y_axis;
		p->time = time;
		p->left = left;
		p->right = right;
		p->height = pic->panels_n > 1 ? HEIGHT_TWO : HEIGHT_ONE;
	}
}

/* ---- notes ---------------------------------------------------------------
 */

static int compare_notes(const void *a, const void *b)
{
	const struct picture_note *x = ((const struct numbered *)a)->note;
	const struct picture_note *y = ((const struct numbered *)b)->note;

	if (x->month != y->month) {
		return x->month < y->month ? -1 : 1;
	}
	/* as they were given: both point into one array */
	return x < y ? -1 : x > y;
}

static void number_notes(struct picture *pic)
{
	const struct chart *c = pic->panels[0].chart;
	const int32_t first = c->points[0].month;
	const int32_t last = c->points[c->n - 1].month;
	unsigned number = 0;
	size_t i;

	pic->notes_n = pic->spc->notes_n < PICTURE_NOTES_MAX
			       ? pic->spc->notes_n
			       : PICTURE_NOTES_MAX;
	for (i = 0; i < pic->notes_n; i++) {
		pic->notes[i].note = &pic->spc->notes[i];
	}
	if (pic->notes_n > 0) {
		qsort(pic->notes, pic->notes_n, sizeof *pic->notes,
		      compare_notes);
	}
	for (i = 0; i < pic->notes_n; i++) {
		const int32_t month = pic->notes[i].note->month;

		if (month >= first && month <= last) {
			if (number == 0 ||
			    month != pic->notes[i - 1].note->month) {
				number++;
			}
			pic->notes[i].number = number;
		}
	}
}

/* ---- words ---------------------------------------------------------------
 */

/* How many points after the start stand out, by what they mean. */
static void count_after(const struct picture *pic, const struct chart *c,
			size_t out[MEANS_OTHER + 1], size_t *out_n)
{
	size_t i;

	memset(out, 0, (MEANS_OTHER + 1) * sizeof *out);
	*out_n = 0;
	for (i = 0; i < c->n; i++) {
		if (c->points[i].phase == SERIES_AFTER) {
			out[meaning_of(&c->points[i],
				       pic->study->measure.direction)]++;
			(*out_n)++;
		}
	}
}

static void say_frozen(const struct picture *pic, const struct chart *c,
		       char *out, size_t size)
{
	size_t means[MEANS_OTHER + 1];
	size_t after;

	count_after(pic, c, means, &after);
	if (after == means[MEANS_COMMON]) {
		(void)snprintf(out, size,
			       "None of the %zu points after stands out.",
			       after);
	} else if (means[MEANS_OTHER] > 0) {
		(void)snprintf(out, size,
			       "Of the %zu points after, %zu stand out.", after,
			       means[MEANS_OTHER]);
	} else {
		(void)snprintf(out, size,
			       "Of the %zu points after: %zu improvement, %zu "
			       "concern.",
			       after, means[MEANS_BETTER], means[MEANS_WORSE]);
	}
}

/* "Mean 40.2, then 30.1." */
static void say_centres(const struct picture *pic, const struct chart *c,
			char *out, size_t size)
{
	const struct axis *a = &pic->panels[0].y_axis;
	const bool median = c->type == CHART_RUN || c->type == CHART_G;
	char value[AXIS_TEXT_BYTES];
	size_t groups = 0;
	size_t len = 0;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < c->n && len < size; i++) {
		const struct chart_point *p = &c->points[i];

		if ((i > 0 && p->group == c->points[i - 1].group) ||
		    (!p->has_limits && c->type != CHART_RUN)) {
			continue;
		}
		axis_text(a, p->centre, 1, value);
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					groups > 0 ? ", then "
					: median   ? "Median "
						   : "Mean ",
					value);
		groups++;
	}
	if (len > 0 && len < size) {
		(void)snprintf(out + len, size - len, ".");
	}
}

static const char *chart_words(enum chart_type type)
{
	static const char *const words[] = {
		[CHART_XMR] = "XmR chart", [CHART_RUN] = "run chart",
		[CHART_P] = "p chart",     [CHART_PP] = "p' chart",
		[CHART_U] = "u chart",     [CHART_UP] = "u' chart",
		[CHART_C] = "c chart",     [CHART_G] = "g chart",
		[CHART_T] = "t chart",     [CHART_AUTO] = "chart",
	};

	return words[type];
}

static void add_panel(struct picture *pic, const struct chart *c,
		      const char *heading)
{
	struct panel *p = &pic->panels[pic->panels_n];

	p->chart = c;
	p->heading = heading;
	p->words = pic->words[pic->panels_n];
	pic->panels_n++;
}

/* What a chart of all periods asks, and what its lines are of. */
static const char *heading_of(const struct study *s)
{
	if (s->rebased.type == CHART_RUN) {
		return s->has_start ? "Is it steady now?" : "Is it steady?";
	}
	return s->has_start ? "Is it steady now? Limits of each period"
			    : "Is it steady? Limits of all points";
}

static void choose_panels(struct picture *pic)
{
	const struct study *s = pic->study;

	if (s->has_start && can_draw(&s->frozen) &&
	    s->frozen.state != CHART_TOO_FEW) {
		add_panel(pic, &s->frozen,
			  "Did it change? Limits of before, kept on");
	}
	if (can_draw(&s->rebased)) {
		add_panel(pic, &s->rebased, heading_of(s));
	}
}

static void set_words(struct picture *pic)
{
	size_t i;

	for (i = 0; i < pic->panels_n; i++) {
		const struct chart *c = pic->panels[i].chart;

		if (c == &pic->study->frozen) {
			say_frozen(pic, c, pic->words[i], sizeof pic->words[i]);
		} else {
			say_centres(pic, c, pic->words[i],
				    sizeof pic->words[i]);
		}
	}
}

/* ---- below the charts ----------------------------------------------------
 */

static void add_ratio(struct page *page, const struct effect *e)
{
	char ratio[NUMBER_TEXT_BYTES];
	char low[NUMBER_TEXT_BYTES];
	char high[NUMBER_TEXT_BYTES];

	number_text(e->ratio, NUMBER_TABLE, ratio);
	number_text(e->low, NUMBER_TABLE, low);
	number_text(e->high, NUMBER_TABLE, high);
	page_add(page, "ratio %s (95 %% interval %s to %s)", ratio, low, high);
}

/* Does it say anything? Only of measures that count what should not happen. */
static void say_effect(struct picture *pic)
{
	const struct study *s = pic->study;
	struct page *page = &pic->page;
	char sentence[STUDY_SENTENCE_BYTES];

	if (!pic->spc->has_effect) {
		return;
	}
	study_sentence_as(&s->own_trend, s->measure.shape, STUDY_TREND,
			  sentence);
	if (effect_has_estimate(&s->own_trend)) {
		page_add(page, "Its own trend allowed for: %s%s; ", sentence,
			 study_verdict_words(&s->measure, &s->own_trend));
		add_ratio(page, &s->own_trend);
		page_add(page, ".");
	} else {
		page_add(page, "The effect: %s.", sentence);
	}
	page_say_words(page, &page_strong);
	if (effect_has_estimate(&s->own_trend) &&
	    pic->spc->certainty[0] != '\0') {
		page_add(page, "Certainty: %s.", pic->spc->certainty);
		page_say_words(page, &page_strong);
	}
	if (effect_has_estimate(&s->before_after)) {
		page_add(page, "Before and after, not allowing for trend: ");
		add_ratio(page, &s->before_after);
		page_add(page, ".");
		page_say_words(page, &page_plain);
	}
}

static void say_notes(struct picture *pic)
{
	struct page *page = &pic->page;
	struct page_style style = page_plain;
	char month[AXIS_MONTH_BYTES];
	size_t i;

	style.indent = 28;
	for (i = 0; i < pic->notes_n; i++) {
		const struct numbered *n = &pic->notes[i];
		const double y = page->y;

		axis_month(n->note->month, month);
		page_add(page, "%s: ", month);
		page_add_text(page, n->note->text);
		page_say_words(page, &style);
		if (n->number != 0 &&
		    (i == 0 || pic->notes[i - 1].number != n->number)) {
			const struct svg_text how = {
				.x = PAGE_MARGIN + 9.5,
				.y = y + 12,
				.size = 13,
				.anchor = SVG_MIDDLE,
				.bold = true,
				.colour = INK,
			};
			char number[16];

			(void)snprintf(number, sizeof number, "%u", n->number);
			svg_circle(&page->svg, how.x, y + 7.5, 9.5,
				   "fill='#fff' stroke='" FAINT "'");
			svg_write(&page->svg, &how, number);
		}
	}
}

/* Months between points that have none. */
static void add_missing(struct picture *pic)
{
	const struct panel *p = &pic->panels[0];
	const struct chart *c = p->chart;
	char month[AXIS_MONTH_BYTES];
	int64_t missing = 0;
	size_t i;

	for (i = 1; i < c->n && !p->time.by_event; i++) {
		int64_t m = (int64_t)c->points[i - 1].month + 1;

		for (; m < c->points[i].month; m++, missing++) {
			if (missing < MISSING_NAMED) {
				axis_month((int32_t)m, month);
				page_add(&pic->page, "%s%s",
					 missing == 0 ? "Without a figure: "
						      : ", ",
					 month);
			}
		}
	}
	if (missing > MISSING_NAMED) {
		page_add(&pic->page, " and %lld more months",
			 (long long)(missing - MISSING_NAMED));
	}
	page_add(&pic->page, missing > 0 ? ". " : "");
}

/* Is a limit nowhere to be seen? On the side that @above says. */
static bool is_limit_off(const struct picture *pic, bool above)
{
	size_t i;
	size_t k;

	for (k = 0; k < pic->panels_n; k++) {
		const struct panel *p = &pic->panels[k];

		for (i = 0; i < p->chart->n; i++) {
			const struct chart_point *at = &p->chart->points[i];
			const double slack = p->y_axis.step * 1e-9;

			if (at->has_limits &&
			    (above ? at->upper > p->y_axis.high + slack
				   : at->lower < p->y_axis.low - slack)) {
				return true;
			}
		}
	}
	return false;
}

static void say_limits(struct picture *pic)
{
	struct page *page = &pic->page;
	const struct study *s = pic->study;
	const struct axis *a = &pic->panels[0].y_axis;
	size_t transition = 0;
	size_t i;

	if (s->has_start && pic->panels[0].chart != &s->frozen &&
	    s->rebased.type != CHART_RUN) {
		page_add(page, "There are no limits of before: too few points "
			       "before it began. ");
	}
	if (s->rebased.state == CHART_TOO_FEW) {
		page_add(page, "One point alone: no limits and no signals. ");
	} else if (s->rebased.state == CHART_TRIAL ||
		   (s->has_start && s->frozen.state == CHART_TRIAL)) {
		page_add(page, "Trial limits: a period has fewer than 13 "
			       "points, and its limits will still move. ");
	}
	for (i = 0; i < s->rebased.n; i++) {
		transition += s->rebased.points[i].phase == SERIES_TRANSITION;
	}
	if (transition > 0) {
		page_add(page,
			 "Grey: transition, %zu point%s left out of the "
			 "effect. ",
			 transition, transition == 1 ? "" : "s");
	}
	if (s->rebases_left > 0) {
		page_add(page,
			 "%zu further change%s of limits %s not drawn: fewer "
			 "than %u points on one side. ",
			 s->rebases_left, s->rebases_left == 1 ? "" : "s",
			 s->rebases_left == 1 ? "is" : "are",
			 STUDY_REBASE_POINTS);
	}
	if (s->chart_unfit) {
		page_add(page, "The measure names a chart that does not fit "
			       "such figures: this one does. ");
	}
	add_missing(pic);
	if (is_limit_off(pic, false)) {
		page_add(page, "A lower limit lies below the axis and is not "
			       "drawn. ");
	}
	if (is_limit_off(pic, true)) {
		page_add(page, "An upper limit lies above the axis and is not "
			       "drawn. ");
	}
	if (s->measure.has_target &&
	    (s->measure.target > a->high || s->measure.target < a->low)) {
		page_add(page, "The target lies outside the axis. ");
	}
	page_say_words(page, &page_plain);
}

static void say_second_opinion(struct picture *pic)
{
	const struct anhoej *a = &pic->study->rebased.anhoej;

	if (!a->known) {
		return;
	}
	page_add(&pic->page,
		 "Second opinion, by the Anh\xc3\xb8j rules: the whole line "
		 "about its median is %s (longest run %zu, up to %zu by "
		 "chance; %zu crossings, %zu at least by chance).",
		 a->signal ? "more than chance" : "no more than chance",
		 a->longest_run, a->longest_run_max, a->crossings,
		 a->crossings_min);
	page_say_words(&pic->page, &page_plain);
}

static void say_source(struct picture *pic)
{
	const struct chart *c = pic->panels[0].chart;

	page_add_text(&pic->page, "Source: ");
	page_add_text(&pic->page, pic->spc->source);
	page_say_words(&pic->page, &page_faint);
	page_add(&pic->page, "Computed by " EFFECT_ENGINE ", rules %s, %s.",
		 c->rules.name, chart_words(c->type));
	page_say_words(&pic->page, &page_faint);
}

/* ---- the alternative in words --------------------------------------------
 */

static void tell(struct buf *b, int *err, const char *text)
{
	if (*err == WEALD_OK) {
		*err = buf_add_text(b, text);
	}
}

static const char *variation_sentence(const struct chart *c)
{
	switch (c->variation) {
	case CHART_VARIATION_IMPROVEMENT:
		return c->high ? "The latest point is high, an improvement. "
			       : "The latest point is low, an improvement. ";
	case CHART_VARIATION_CONCERN:
		return c->high ? "The latest point is high, a concern. "
			       : "The latest point is low, a concern. ";
	case CHART_VARIATION_NEITHER:
		return c->high ? "The latest point is unusually high. "
			       : "The latest point is unusually low. ";
	default:
		return "The latest point is common cause: nothing unusual. ";
	}
}

static const char *assurance_sentence(const struct chart *c)
{
	switch (c->assurance) {
	case CHART_ASSURANCE_PASS:
		return "The target is passed consistently. ";
	case CHART_ASSURANCE_FAIL:
		return "The target is failed consistently. ";
	case CHART_ASSURANCE_HIT_OR_MISS:
		return "The target is hit or missed by chance. ";
	default:
		return "";
	}
}

static void tell_limits(const struct panel *p, struct buf *b, int *err)
{
	const struct chart_point *last = &p->chart->points[p->chart->n - 1];
	char centre[AXIS_TEXT_BYTES];
	char lower[AXIS_TEXT_BYTES];
	char upper[AXIS_TEXT_BYTES];
	char words[5 * AXIS_TEXT_BYTES];

	if (!last->has_limits) {
		return;
	}
	axis_text(&p->y_axis, last->centre, 1, centre);
	axis_text(&p->y_axis, last->lower, 1, lower);
	axis_text(&p->y_axis, last->upper, 1, upper);
	(void)snprintf(words, sizeof words,
		       "At the end the centre is %s, with limits from %s to "
		       "%s. ",
		       centre, lower, upper);
	tell(b, err, words);
	tell(b, err, variation_sentence(p->chart));
	tell(b, err, assurance_sentence(p->chart));
}

static void tell_effect(const struct picture *pic, struct buf *b, int *err)
{
	const struct study *s = pic->study;
	char sentence[STUDY_SENTENCE_BYTES];

	if (!pic->spc->has_effect) {
		return;
	}
	study_sentence_as(&s->own_trend, s->measure.shape, STUDY_TREND,
			  sentence);
	tell(b, err, "The effect, its own trend allowed for: ");
	tell(b, err, sentence);
	if (effect_has_estimate(&s->own_trend)) {
		tell(b, err, study_verdict_words(&s->measure, &s->own_trend));
		tell(b, err,
		     pic->spc->certainty[0] != '\0' ? ". Certainty: " : "");
		tell(b, err, pic->spc->certainty);
	}
	tell(b, err, ".");
}

/* All that the picture shows, in sentences. */
static int tell_all(const struct picture *pic, struct buf *b)
{
	const struct chart *c = pic->panels[0].chart;
	char from[AXIS_MONTH_BYTES];
	char to[AXIS_MONTH_BYTES];
	char words[2 * AXIS_MONTH_BYTES + 64];
	char power[AXIS_TEXT_BYTES];
	int err = WEALD_OK;
	size_t i;

	axis_month(c->points[0].month, from);
	axis_month(c->points[c->n - 1].month, to);
	(void)snprintf(words, sizeof words,
		       "A chart of %zu points from %s to %s", c->n, from, to);
	tell(b, &err, words);
	tell(b, &err, pic->spc->unit[0] != '\0' ? ", " : "");
	tell(b, &err, pic->spc->unit);
	axis_power_words(&pic->panels[0].y_axis, power);
	tell(b, &err, power[0] != '\0' ? ", " : "");
	tell(b, &err, power);
	tell(b, &err, ". ");
	if (err == WEALD_OK) {
		err = withdrawn_words(b, pic->spc->withdrawn,
				      pic->spc->withdrawn_by);
	}
	for (i = 0; i < pic->panels_n; i++) {
		tell(b, &err, pic->panels[i].heading);
		tell(b, &err, ". ");
		tell(b, &err, pic->panels[i].words);
		tell(b, &err, " ");
		tell_limits(&pic->panels[i], b, &err);
	}
	tell_effect(pic, b, &err);
	if (err == WEALD_OK) {
		err = buf_add_byte(b, 0);
	}
	return err;
}

/* ---- the picture ---------------------------------------------------------
 */

static int draw(struct picture *pic, struct buf *out)
{
	struct page *page = &pic->page;
	struct buf text;
	size_t i;
	int r;

	page_heading(page, pic->spc->title, pic->spc->subtitle);
	page_say_withdrawn(page, pic->spc->withdrawn, pic->spc->withdrawn_by);
	for (i = 0; i < pic->panels_n; i++) {
		page->y += PANEL_GAP;
		panel_draw(&pic->panels[i]);
	}
	page->y += PANEL_GAP;
	say_effect(pic);
	say_notes(pic);
	say_limits(pic);
	say_second_opinion(pic);
	say_source(pic);
	buf_init(&text, PICTURE_BYTES_MAX);
	r = tell_all(pic, &text);
	if (r == WEALD_OK) {
		r = page_finish(page, pic->spc->title, (const char *)text.data,
				out);
	}
	buf_release(&text);
	return r;
}

int picture_spc(const struct picture_spc *p, struct buf *out)
{
	struct picture pic = { .spc = p, .study = p->study };
	int r;

	choose_panels(&pic);
	if (pic.panels_n == 0) {
		return WEALD_INVALID;
	}
	page_open(&pic.page, p->width);
	number_notes(&pic);
	set_scales(&pic);
	set_words(&pic);
	r = draw(&pic, out);
	page_close(&pic.page);
	return r;
}
