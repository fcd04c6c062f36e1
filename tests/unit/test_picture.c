/*
 * The pictures: well formed, no label on another, whatever they are about.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/picture/picture.h"
#include "daemon/picture/svg.h"

/* ---- reading a picture ---------------------------------------------------
 */

struct box {
	double left;
	double right;
	double top;
	double bottom;
	char text[512];
};

#define BOXES_MAX 2000u

struct seen {
	struct box *boxes;
	size_t n;
	double width;
	double height;
};

/* The number of the attribute @name of the element at @at. */
static double attribute(const char *at, const char *name)
{
	char find[32];
	const char *end = strchr(at, '>');
	const char *value;

	(void)snprintf(find, sizeof find, " %s=\"", name);
	value = strstr(at, find);
	assert_non_null(value);
	assert_true(value < end);
	return strtod(value + strlen(find), NULL);
}

static bool has(const char *at, const char *what)
{
	const char *found = strstr(at, what);

	return found != NULL && found < strchr(at, '>');
}

/* The text between @from and @to, without entities. */
static void unescape(const char *from, const char *to, char out[512])
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {
		{ "&lt;", '<' },   { "&gt;", '>' },   { "&amp;", '&' },
		{ "&quot;", '"' }, { "&#39;", '\'' },
	};
	size_t n = 0;
	size_t i;

	while (from < to && n + 1 < 512) {
		for (i = 0; i < 5; i++) {
			if (strncmp(from, entities[i].entity,
				    strlen(entities[i].entity)) == 0) {
				break;
			}
		}
		assert_true(*from != '&' || i < 5);
		if (i < 5) {
			out[n++] = entities[i].c;
			from += strlen(entities[i].entity);
		} else {
			out[n++] = *from++;
		}
	}
	out[n] = '\0';
}

static void see_text(struct seen *s, const char *at)
{
	const double size = attribute(at, "font-size");
	const double x = attribute(at, "x");
	const double y = attribute(at, "y");
	const char *from = strchr(at, '>') + 1;
	struct box *b = &s->boxes[s->n++];
	double width;

	assert_true(s->n <= BOXES_MAX);
	unescape(from, strstr(from, "</text>"), b->text);
	width = svg_width(b->text, size, has(at, "font-weight=\"bold\""));
	b->left = x;
	if (has(at, "text-anchor=\"middle\"")) {
		b->left = x - width / 2;
	} else if (has(at, "text-anchor=\"end\"")) {
		b->left = x - width;
	}
	b->right = b->left + width;
	b->top = y - 0.78 * size;
	b->bottom = y + 0.22 * size;
}

static void see(const struct buf *svg, struct seen *out)
{
	const char *at = (const char *)svg->data;

	out->boxes = calloc(BOXES_MAX, sizeof *out->boxes);
	assert_non_null(out->boxes);
	out->n = 0;
	out->width = attribute(at, "width");
	out->height = attribute(at, "height");
	for (at = strstr(at, "<text "); at != NULL;
	     at = strstr(at + 1, "<text ")) {
		see_text(out, at);
	}
}

/* Half a pixel is nothing that anybody sees. */
#define TOUCH 0.5

static void assert_apart(const struct seen *s)
{
	size_t i;
	size_t k;

	for (i = 0; i < s->n; i++) {
		const struct box *a = &s->boxes[i];

		if (a->left < -TOUCH || a->right > s->width + TOUCH ||
		    a->top < -TOUCH || a->bottom > s->height + TOUCH) {
			print_error("'%s' lies outside of the picture\n",
				    a->text);
			fail();
		}
		for (k = 0; k < i; k++) {
			const struct box *b = &s->boxes[k];

			if (a->left + TOUCH < b->right &&
			    b->left + TOUCH < a->right &&
			    a->top + TOUCH < b->bottom &&
			    b->top + TOUCH < a->bottom) {
				print_error("'%s' lies on '%s'\n", a->text,
					    b->text);
				fail();
			}
		}
	}
}

/* @svg ends in NUL already. */
static void assert_clean(const struct buf *svg)
{
	const char *text = (const char *)svg->data;
	size_t i;

	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf\""));
	assert_null(strstr(text, "-0.00"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	for (i = 0; i + 1 < svg->len; i++) {
		assert_true(text[i] == '\n' || (uint8_t)text[i] >= 0x20);
	}
}

static void look_at(struct buf *svg)
{
	struct seen s;

	assert_int_equal(buf_add_byte(svg, 0), WEALD_OK);
	assert_clean(svg);
	see(svg, &s);
	assert_true(s.n > 5);
	assert_apart(&s);
	free(s.boxes);
}

static bool says(const struct buf *svg, const char *what)
{
	return strstr((const char *)svg->data, what) != NULL;
}

/* ---- figures -------------------------------------------------------------
 */

static unsigned next(unsigned *seed, unsigned below)
{
	return (unsigned)rand_r(seed) % below;
}

static const char *const titles[] = {
	"Sepsis trolley",
	"",
	"<script>alert('x')</script> & \"more\"",
	"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
	"WWWWWWWWWWWWWWWWWWWW",
	"Trolleys in all emergency departments of the region, from the first "
	"patient to the last one",
	"\xe2\x80\xae"
	"drow tnereffid \xe2\x81\xa6 \033[31m \xff\xfe",
	"\xef\xb7\xbd\xef\xb7\xbd\xef\xb7\xbd\xef\xb7\xbd\xef\xb7\xbd\xef\xb7"
	"\xbd\xef\xb7\xbd\xef\xb7\xbd",
	"\xe6\x82\xa3\xe8\x80\x85\xe5\xae\x89\xe5\x85\xa8\xe6\x82\xa3\xe8\x80"
	"\x85\xe5\xae\x89\xe5\x85\xa8\xe6\x82\xa3\xe8\x80\x85\xe5\xae\x89\xe5"
	"\x85\xa8 a\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86",
};
#define TITLES_N (sizeof titles / sizeof titles[0])

struct figures {
	struct series series;
	struct study study;
	struct picture_note notes[PICTURE_NOTES_MAX];
	size_t notes_n;
	struct picture_spc spc;
};

struct made_how {
	size_t n;
	unsigned seed;
	enum effect_shape shape;
	double scale; /* of the numerators */
	bool has_start;
	bool gaps;
};

static void make_rows(struct figures *f, const struct made_how *how)
{
	const size_t start = how->n / 2;
	unsigned seed = how->seed;
	int32_t month = 640 - (int32_t)(how->n / 2);
	size_t i;

	f->series.rows = calloc(how->n, sizeof *f->series.rows);
	assert_non_null(f->series.rows);
	f->series.n = how->n;
	for (i = 0; i < how->n; i++) {
		struct series_row *row = &f->series.rows[i];

		row->month = month++;
		row->day = 1;
		row->denominator = 100 * how->scale;
		row->numerator = (double)(20 + next(&seed, 30)) * how->scale;
		if (how->has_start && i >= start) {
			row->numerator *= 0.6;
			row->phase = i < start + how->seed % 3
					     ? SERIES_TRANSITION
					     : SERIES_AFTER;
		}
		row->missing = how->gaps && i > 0 && i + 1 < how->n &&
			       next(&seed, 5) == 0;
	}
}

static void make_notes(struct figures *f, unsigned seed)
{
	size_t i;

	f->notes_n = next(&seed, PICTURE_NOTES_MAX + 1);
	for (i = 0; i < f->notes_n; i++) {
		f->notes[i].month =
			f->series.rows[next(&seed, (unsigned)f->series.n)]
				.month;
		f->notes[i].text = titles[next(&seed, TITLES_N)];
	}
}

static void make_figures(struct figures *f, const struct made_how *how)
{
	struct study_measure m = {
		.shape = how->shape,
		.direction = (enum chart_direction)(how->seed % 3),
		.chart = CHART_AUTO,
		.has_target = how->seed % 2 == 0,
	};

	memset(f, 0, sizeof *f);
	make_rows(f, how);
	make_notes(f, how->seed);
	m.per = chart_per_usual(m.shape);
	m.target = how->seed % 4 == 0 ? 1e9 : 0.3 * m.per;
	assert_int_equal(study_make(&f->series, &m, NULL, 0, &f->study),
			 WEALD_OK);
	f->spc.title = titles[how->seed % TITLES_N];
	f->spc.subtitle = titles[(how->seed + 3) % TITLES_N];
	f->spc.unit = how->seed % 5 == 0 ? titles[3] : "per 100 patients";
	f->spc.source = "wessex/evidence/sepsis-trolley-2025@1";
	f->spc.certainty = how->seed % 4 == 1 ? titles[2] : "very low";
	f->spc.withdrawn = how->seed % 7 == 0;
	f->spc.withdrawn_by =
		how->seed % 5 == 0 ? titles[how->seed % TITLES_N] : "";
	f->spc.study = &f->study;
	f->spc.has_effect = f->study.has_start;
	f->spc.notes = f->notes;
	f->spc.notes_n = f->notes_n;
}

static void free_figures(struct figures *f)
{
	study_release(&f->study);
	series_release(&f->series);
}

static void draw(struct figures *f, struct buf *svg)
{
	buf_init(svg, PICTURE_BYTES_MAX);
	assert_int_equal(picture_spc(&f->spc, svg), WEALD_OK);
}

/* ---- the SPC picture -----------------------------------------------------
 */

static void spc_has_no_label_on_another(void **state)
{
	static const size_t lengths[] = { 2,  3,  5,  8,   12,  13,  24,
					  36, 60, 97, 120, 241, 600, 1200 };
	struct figures f;
	struct buf svg;
	size_t i;
	unsigned seed;

	(void)state;
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		for (seed = 0; seed < 24; seed++) {
			const struct made_how how = {
				.n = lengths[i],
				.seed = seed,
				.shape = EFFECT_PROPORTION,
				.scale = 1,
				.has_start = seed % 4 != 3,
				.gaps = seed % 3 == 1,
			};

			make_figures(&f, &how);
			f.spc.width = seed % 6 == 5 ? 640 : 0;
			draw(&f, &svg);
			look_at(&svg);
			buf_release(&svg);
			free_figures(&f);
		}
	}
}

static void spc_bears_figures_of_any_size(void **state)
{
	static const double scales[] = { 1e-12, 1e-5, 0.01, 1e4, 1e9, 1e14 };
	struct figures f;
	struct buf svg;
	size_t i;
	size_t shape;

	(void)state;
	for (i = 0; i < sizeof scales / sizeof scales[0]; i++) {
		for (shape = 0; shape < EFFECT_SHAPES_N; shape++) {
			const struct made_how how = {
				.n = 24,
				.seed = (unsigned)i,
				.shape = (enum effect_shape)shape,
				.scale = scales[i],
				.has_start = true,
			};

			make_figures(&f, &how);
			draw(&f, &svg);
			look_at(&svg);
			buf_release(&svg);
			free_figures(&f);
		}
	}
}

static const struct made_how usual = {
	.n = 24,
	.seed = 6,
	.shape = EFFECT_PROPORTION,
	.scale = 1,
	.has_start = true,
};

static void spc_is_the_same_each_time(void **state)
{
	struct figures f;
	struct buf a;
	struct buf b;

	(void)state;
	make_figures(&f, &usual);
	draw(&f, &a);
	draw(&f, &b);
	assert_true(span_equal(buf_span(&a), buf_span(&b)));
	buf_release(&a);
	buf_release(&b);
	free_figures(&f);
}

static void spc_says_in_words_what_it_shows(void **state)
{
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	f.spc.title = "Sepsis trolley";
	draw(&f, &svg);
	look_at(&svg);
	assert_true(says(&svg, ">Sepsis trolley</title>"));
	assert_true(says(&svg, "A chart of 24 points from May 2022 to Apr "
			       "2024, per 100 patients."));
	assert_true(says(&svg, "The latest point is "));
	assert_true(says(&svg, "Did it change? Limits of before, kept on"));
	assert_true(says(&svg, "Is it steady now? Limits of each period"));
	assert_true(says(&svg, "Trial limits: "));
	assert_true(says(&svg, "Its own trend allowed for: "));
	assert_true(says(&svg, "Computed by weald-evidence/1, rules mdc-7, "));
	assert_true(
		says(&svg, "Source: wessex/evidence/sepsis-trolley-2025@1"));
	buf_release(&svg);
	free_figures(&f);
}

/* One who sees the picture alone is not to take chance for an improvement. */
static void spc_says_that_the_intervention_is_withdrawn(void **state)
{
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	f.spc.withdrawn_by = "kent/withdrawal/trolley";
	f.spc.withdrawn = true;
	draw(&f, &svg);
	look_at(&svg);
	assert_true(says(&svg, ">The intervention is withdrawn: see "
			       "kent/withdrawal/trolley.</text>"));
	assert_true(says(&svg, ". The intervention is withdrawn: see kent"));
	buf_release(&svg);
	f.spc.withdrawn = false;
	draw(&f, &svg);
	assert_true(says(&svg, ">Another region warns of the intervention: see "
			       "kent/withdrawal/trolley.</text>"));
	buf_release(&svg);
	f.spc.withdrawn_by = "";
	draw(&f, &svg);
	assert_false(says(&svg, "withdrawn"));
	buf_release(&svg);
	free_figures(&f);
}

static void spc_says_how_sure_one_may_be(void **state)
{
	static const char *const verdicts[] = {
		": unclear, an effect of this size may be chance",
		": improved",
		": worse",
	};
	static const double ratios[] = { 0.9, 0.6, 1.9 };
	struct figures f;
	struct buf svg;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
		make_figures(&f, &usual);
		f.study.measure.direction = CHART_DECREASE;
		f.study.own_trend.state = EFFECT_FULL;
		f.study.own_trend.ratio = ratios[i];
		f.study.own_trend.low = ratios[i] * 0.8;
		f.study.own_trend.high = ratios[i] * 1.25;
		draw(&f, &svg);
		look_at(&svg);
		assert_true(says(&svg, verdicts[i]));
		assert_true(says(&svg, ">Certainty: very low.</text>"));
		assert_true(says(&svg, ". Certainty: very low.</desc>"));
		buf_release(&svg);
		/* more of it is neither good nor bad */
		f.study.measure.direction = CHART_INCREASE;
		draw(&f, &svg);
		look_at(&svg);
		assert_false(says(&svg, verdicts[i]));
		assert_true(says(&svg, ">Certainty: very low.</text>"));
		buf_release(&svg);
		free_figures(&f);
	}
}

static void spc_is_sure_of_no_estimate(void **state)
{
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	f.study.own_trend.state = EFFECT_TOO_EARLY;
	draw(&f, &svg);
	look_at(&svg);
	assert_false(says(&svg, "Certainty"));
	buf_release(&svg);
	free_figures(&f);
}

static void spc_says_which_months_are_missing(void **state)
{
	const struct study_measure m = { .shape = EFFECT_RATE, .per = 1 };
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	study_release(&f.study);
	f.series.rows[3].missing = true;
	f.series.rows[4].missing = true;
	assert_int_equal(study_make(&f.series, &m, NULL, 0, &f.study),
			 WEALD_OK);
	draw(&f, &svg);
	look_at(&svg);
	assert_true(says(&svg, "Without a figure: Aug 2022, Sep 2022."));
	buf_release(&svg);
	free_figures(&f);
}

/* A signal is told by its shape too: a diamond or a triangle. */
static void spc_marks_signals_by_shape(void **state)
{
	const struct study_measure m = { .shape = EFFECT_RATE,
					 .per = 1,
					 .chart = CHART_XMR };
	struct made_how how = usual;
	struct figures f;
	struct buf svg;
	size_t i;

	(void)state;
	how.has_start = false;
	make_figures(&f, &how);
	study_release(&f.study);
	for (i = 0; i < f.series.n; i++) {
		f.series.rows[i].numerator = i % 2 == 0 ? 20 : 40;
	}
	f.series.rows[12].numerator = 110;
	assert_int_equal(study_make(&f.series, &m, NULL, 0, &f.study),
			 WEALD_OK);
	draw(&f, &svg);
	look_at(&svg);
	/* high of what should fall: in the legend, and the point */
	assert_true(says(&svg, ">concern</text>"));
	assert_true(says(&svg, ": 1.100, concern</title>\n<path "));
	assert_true(says(&svg, ", common cause</title>\n<circle "));
	assert_false(says(&svg, ">improvement</text>"));
	buf_release(&svg);
	free_figures(&f);
}

static void spc_refuses_where_there_is_nothing(void **state)
{
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	chart_release(&f.study.frozen);
	chart_release(&f.study.rebased);
	memset(&f.study.frozen, 0, sizeof f.study.frozen);
	memset(&f.study.rebased, 0, sizeof f.study.rebased);
	f.study.rebased.state = CHART_NO_DENOMINATOR;
	buf_init(&svg, PICTURE_BYTES_MAX);
	assert_int_equal(picture_spc(&f.spc, &svg), WEALD_INVALID);
	assert_int_equal(svg.len, 0);
	buf_release(&svg);
	free_figures(&f);
}

static void spc_is_whole_or_not_at_all(void **state)
{
	struct figures f;
	struct buf svg;

	(void)state;
	make_figures(&f, &usual);
	buf_init(&svg, 5000);
	assert_int_equal(picture_spc(&f.spc, &svg), WEALD_TOOBIG);
	assert_int_equal(svg.len, 0);
	buf_release(&svg);
	free_figures(&f);
}

/* ---- the forest plot -----------------------------------------------------
 */

#define REGIONS_MAX 300u

/* A comparison of texts that nothing owns. */
struct made_forest {
	struct comparison c;
	struct compared regions[REGIONS_MAX];
	struct source_row sources[REGIONS_MAX];
	char names[REGIONS_MAX][64];
};

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static void make_effect(struct effect *e, double ratio, double se)
{
	e->state = EFFECT_FULL;
	e->ratio = ratio;
	e->low = ratio * exp(-2 * se);
	e->high = ratio * exp(2 * se);
	e->log_ratio = log(ratio);
	e->variance = se * se;
}

static void make_region(struct made_forest *m, size_t i, unsigned *seed)
{
	struct compared *r = &m->regions[i];
	const double se = exp((double)next(seed, 500) / 100 - 3);

	(void)snprintf(m->names[i], sizeof m->names[i], "region-%03zu%s", i,
		       next(seed, 4) == 0 ? "-of-a-long-name-it-is" : "");
	r->region = m->names[i];
	m->sources[i].ref = text("region/evidence/sepsis-trolley-2025");
	m->sources[i].version = 1 + next(seed, 9);
	r->sources = &m->sources[i];
	r->sources_n = 1;
	if (next(seed, 5) == 0) {
		r->own_trend.state = EFFECT_TOO_EARLY;
		r->own_trend.months_before = 12;
		r->own_trend.months_after = next(seed, 6);
	} else {
		make_effect(&r->own_trend,
			    exp((double)next(seed, 300) / 100 - 1.5), se);
		make_effect(&r->before_after, 0.9, se / 2);
		m->c.estimates_n++;
	}
}

static void make_forest(struct made_forest *m, size_t regions, unsigned seed)
{
	struct pool_input in[REGIONS_MAX] = { { 0 } };
	double weights[REGIONS_MAX];
	size_t at[REGIONS_MAX];
	size_t n = 0;
	size_t i;

	memset(m, 0, sizeof *m);
	m->c.intervention = text("uclpartners/intervention/trolley");
	m->c.intervention_title = text(titles[seed % TITLES_N]);
	m->c.intervention_version = 2;
	m->c.measure = text("uclpartners/measure/sepsis-antibiotics");
	m->c.measure_title = text(titles[(seed + 2) % TITLES_N]);
	m->c.measure_version = 1;
	m->c.shape = text(seed % 4 == 0 ? "mean" : "proportion");
	m->c.undesired = text(titles[(seed + 5) % TITLES_N]);
	m->c.judged = seed % 3 != 0;
	m->c.withdrawn = seed % 7 == 0;
	m->c.withdrawn_by = text(seed % 5 == 0 ? titles[seed % TITLES_N] : "");
	m->c.regions = m->regions;
	m->c.regions_n = regions;
	for (i = 0; i < regions; i++) {
		make_region(m, i, &seed);
		if (m->regions[i].own_trend.state == EFFECT_FULL) {
			in[n].y = m->regions[i].own_trend.log_ratio;
			in[n].v = m->regions[i].own_trend.variance;
			at[n++] = i;
		}
	}
	pool(in, n, &m->c.pool, weights);
	for (i = 0; m->c.pool.state == POOL_OK && i < n; i++) {
		m->regions[at[i]].weight = weights[i];
		m->regions[at[i]].pooled = true;
	}
	m->c.certainty.level = CERTAINTY_LOW;
	m->c.certainty.reasons_n = 1;
	(void)snprintf(m->c.certainty.reasons[0].words,
		       sizeof m->c.certainty.reasons[0].words,
		       "starts at low: an interrupted time series");
}

static void forest_has_no_label_on_another(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 6, 15, 40, 300 };
	struct made_forest m;
	struct buf svg;
	unsigned seed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (seed = 1; seed < 30; seed++) {
			make_forest(&m, sizes[i], seed);
			buf_init(&svg, PICTURE_BYTES_MAX);
			assert_int_equal(picture_forest(&m.c,
							titles[seed % TITLES_N],
							seed % 5 == 0 ? 640 : 0,
							&svg),
					 WEALD_OK);
			look_at(&svg);
			buf_release(&svg);
		}
	}
}

static void forest_says_in_words_what_it_shows(void **state)
{
	static const double ratios[] = { 0.7, 0.8, 0.9, 0.75, 0.85 };
	struct made_forest m;
	struct pool_input in[5];
	struct buf svg;
	size_t i;

	(void)state;
	make_forest(&m, 6, 8);
	for (i = 0; i < 5; i++) {
		make_effect(&m.regions[i].own_trend, ratios[i], 0.1);
		m.regions[i].pooled = i > 0;
		in[i].y = log(ratios[i]);
		in[i].v = 0.01;
	}
	memset(&m.regions[5].own_trend, 0, sizeof m.regions[5].own_trend);
	m.regions[5].own_trend.state = EFFECT_TOO_EARLY;
	m.c.shape = text("proportion");
	m.c.judged = true;
	pool(in, 5, &m.c.pool, NULL);
	buf_init(&svg, PICTURE_BYTES_MAX);
	assert_int_equal(picture_forest(&m.c, "In short: better.", 0, &svg),
			 WEALD_OK);
	look_at(&svg);
	assert_true(says(&svg, ">0.700 (0.573 to 0.855)</text>"));
	assert_true(says(&svg, ">In short: better.</text>"));
	assert_true(says(&svg, "Below 1 is fewer. In short: better. region"));
	assert_true(says(&svg, ">5 regions together</text>"));
	assert_true(says(&svg, ">The next region</text>"));
	assert_true(says(&svg, ">none</text>"));
	assert_true(says(&svg, ">fewer, better</text>"));
	assert_true(says(&svg, ">more, worse</text>"));
	assert_true(says(&svg, ">Certainty: low</text>"));
	assert_true(says(&svg, "too early to say"));
	assert_true(says(&svg, "region/evidence/sepsis-trolley-2025@"));
	buf_release(&svg);
}

static void forest_of_two_pools_nothing(void **state)
{
	struct made_forest m;
	struct buf svg;

	(void)state;
	make_forest(&m, 2, 8);
	make_effect(&m.regions[0].own_trend, 0.7, 0.1);
	make_effect(&m.regions[1].own_trend, 0.8, 0.1);
	m.c.pool.state = POOL_TWO;
	buf_init(&svg, PICTURE_BYTES_MAX);
	assert_int_equal(picture_forest(&m.c, "In short: better.", 0, &svg),
			 WEALD_OK);
	look_at(&svg);
	assert_true(says(&svg, ">0.700 (0.573 to 0.855)</text>"));
	assert_false(says(&svg, "together</text>"));
	assert_false(says(&svg, ">Weight</text>"));
	buf_release(&svg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spc_has_no_label_on_another),
		cmocka_unit_test(spc_bears_figures_of_any_size),
		cmocka_unit_test(spc_is_the_same_each_time),
		cmocka_unit_test(spc_says_in_words_what_it_shows),
		cmocka_unit_test(spc_says_that_the_intervention_is_withdrawn),
		cmocka_unit_test(spc_says_how_sure_one_may_be),
		cmocka_unit_test(spc_is_sure_of_no_estimate),
		cmocka_unit_test(spc_says_which_months_are_missing),
		cmocka_unit_test(spc_marks_signals_by_shape),
		cmocka_unit_test(spc_refuses_where_there_is_nothing),
		cmocka_unit_test(spc_is_whole_or_not_at_all),
		cmocka_unit_test(forest_has_no_label_on_another),
		cmocka_unit_test(forest_says_in_words_what_it_shows),
		cmocka_unit_test(forest_of_two_pools_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
