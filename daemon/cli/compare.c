/*
 * weald compare: interventions across regions, by one model. Regions stand by
 * name, never in the order of their results.
 */
#include "daemon/cli/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/json.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/table.h"
#include "store/evidence/number.h"

#define LINE_BYTES_MAX 8192u
#define CELL_BYTES     160u
/* References of all records of an intervention, escaped. */
#define SOURCES_BYTES_MAX (QUERY_ROWS_MAX * 1024u)

/* What is not printed on a terminal is as wide as it is, with its headings. */
#define NO_SCREEN 4096u

static const struct table_column columns[] = {
	{ "  region", false }, { "months", false }, { "own trend", false },
	{ "plain*", false },   { "design", false }, { "certainty", false },
};
#define COLUMNS_N (sizeof columns / sizeof columns[0])

struct comparing {
	struct cli *c;
	const char *problem; /* as typed; NULL */
	const char *setting;
	bool details;
	char *problem_ref;
	char **refs; /* of interventions */
	size_t refs_n;
	struct home *home;
	struct index *index;
	struct comparisons found;
	bool complete; /* the index */
	size_t width;
	size_t screen;
	int64_t today;
};

/* ---- for scripts ---------------------------------------------------------
 */

static int print_json(struct comparing *p)
{
	json_t *without = json_array();
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->found.n; i++) {
		r = hits_print_json(p->c, "comparison",
				    compare_json(&p->found.list[i]));
	}
	for (i = 0; r == WEALD_OK && i < p->found.without_n; i++) {
		if (json_array_append_new(without,
					  json_span(span_of(
						  p->found.without[i]))) != 0) {
			r = WEALD_NOMEM;
		}
	}
	if (r != WEALD_OK) {
		json_decref(without);
		return r;
	}
	return hits_print_json(p->c, "end",
			       json_pack("{s:b, s:I, s:o}", "complete",
					 p->complete, "shown",
					 (json_int_t)p->found.n, "without",
					 without));
}

/* Full or short. */
static bool has_ratio(const struct compared *one)
{
	return one->own_trend.ratio > 0;
}

/* ---- the table ----------------------------------------------------------- */

struct cells {
	char text[COLUMNS_N][CELL_BYTES];
};

static int put_cells(struct comparing *p, struct table *t,
		     const struct cells *cells)
{
	const char *row[COLUMNS_N];
	size_t i;

	for (i = 0; i < COLUMNS_N; i++) {
		row[i] = cells->text[i];
	}
	return table_row(p->c, t, row);
}

static void certainty_cell(const struct compared *c, char out[CELL_BYTES])
{
	const enum certainty computed = c->certainty.level;
	const enum certainty moved =
		certainty_moved(computed, certainty_of(c->judged));

	if (computed == CERTAINTY_NONE) {
		(void)snprintf(out, CELL_BYTES, "-");
	} else if (moved == computed) {
		(void)snprintf(out, CELL_BYTES, "%s",
			       certainty_words(computed));
	} else {
		(void)snprintf(out, CELL_BYTES, "%s, judged %s",
			       certainty_words(computed),
			       certainty_words(moved));
	}
}

static int put_region(struct comparing *p, struct table *t,
		      const struct comparison *c, const struct compared *one)
{
	const struct effect *own = &one->own_trend;
	struct cells cells;
	char *region = NULL;
	char *design = NULL;
	int r = out_escape(span_of(one->region), &region);

	memset(&cells, 0, sizeof cells);
	if (r == WEALD_OK) {
		r = out_escape(span_of(one->design), &design);
	}
	if (r != WEALD_OK) {
		free(region);
		return r;
	}
	(void)snprintf(cells.text[0], CELL_BYTES, "  %s", region);
	(void)snprintf(cells.text[1], CELL_BYTES, "%zu+%zu", own->months_before,
		       own->months_after);
	if (has_ratio(one)) {
		compare_range(own->ratio, own->low, own->high, NUMBER_TABLE,
			      cells.text[2]);
	} else {
		(void)snprintf(cells.text[2], CELL_BYTES, "%s",
			       c->shape[0] == '\0'
				       ? "-"
				       : compare_no_estimate(own->state));
	}
	(void)snprintf(cells.text[3], CELL_BYTES, "-");
	if (one->before_after.ratio > 0) {
		number_text(one->before_after.ratio, NUMBER_TABLE,
			    cells.text[3]);
	}
	(void)snprintf(cells.text[4], CELL_BYTES, "%s",
		       design[0] == '\0' ? "-" : design);
	certainty_cell(one, cells.text[5]);
	free(region);
	free(design);
	return put_cells(p, t, &cells);
}

/* The pooled line, and what the next region should expect. */
static int put_pooled(struct comparing *p, struct table *t,
		      const struct comparison *c)
{
	struct cells cells;
	int r;

	if (c->pool.state != POOL_OK) {
		return WEALD_OK;
	}
	memset(&cells, 0, sizeof cells);
	(void)snprintf(cells.text[0], CELL_BYTES, "  pooled, %zu regions",
		       c->pool.k);
	compare_range(c->pool.ratio, c->pool.low, c->pool.high, NUMBER_TABLE,
		      cells.text[2]);
	(void)snprintf(cells.text[5], CELL_BYTES, "%s",
		       certainty_words(c->certainty.level));
	r = put_cells(p, t, &cells);
	if (r != WEALD_OK || !c->pool.has_prediction) {
		return r;
	}
	memset(&cells, 0, sizeof cells);
	(void)snprintf(cells.text[0], CELL_BYTES, "  prediction");
	compare_range(0, c->pool.predict_low, c->pool.predict_high,
		      NUMBER_TABLE, cells.text[2]);
	(void)snprintf(cells.text[5], CELL_BYTES, "for the next region");
	return put_cells(p, t, &cells);
}

static int print_table(struct comparing *p, const struct comparison *c)
{
	struct table table;
	size_t i;
	int r = WEALD_OK;

	table_init(&table, columns, COLUMNS_N,
		   p->screen > 0 ? p->screen : NO_SCREEN);
	for (i = 0; r == WEALD_OK && i < c->regions_n; i++) {
		r = put_region(p, &table, c, &c->regions[i]);
	}
	if (r == WEALD_OK) {
		r = put_pooled(p, &table, c);
	}
	if (r == WEALD_OK) {
		r = table_end(p->c, &table);
	}
	table_release(&table);
	return r;
}

/* ---- notes below it ---- */

static int add_source(struct buf *line, const struct source_row *s)
{
	int r = prose_add(line, s->ref);

	return r == WEALD_OK ? buf_addf(line, "@%" PRIu64, s->version) : r;
}

static int add_sources(struct buf *line, const struct compared *one)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < one->sources_n; i++) {
		r = i == 0 ? WEALD_OK : buf_add_text(line, ", ");
		r = r == WEALD_OK ? add_source(line, &one->sources[i]) : r;
	}
	return r;
}

/* How several records of a region became one result. */
static int add_how(struct buf *line, const struct compared *one)
{
	int r = WEALD_OK;

	switch (one->how) {
	case COMPARED_ONE:
		break;
	case COMPARED_REGION:
		r = buf_addf(line,
			     "; figures of the whole region count, not those "
			     "of %zu more record%s",
			     one->left_n, one->left_n == 1 ? "" : "s");
		break;
	case COMPARED_ADDED:
		r = buf_addf(line, "; %zu records added up month by month",
			     one->sources_n);
		break;
	case COMPARED_NEWEST:
		r = buf_addf(line,
			     "; %zu records that cannot be added up: the "
			     "newest counts",
			     one->sources_n + one->left_n);
		break;
	}
	if (r == WEALD_OK && one->same_n > 0) {
		r = buf_addf(line,
			     "; %zu more record%s the same figures, and "
			     "counts once",
			     one->same_n, one->same_n == 1 ? " has" : "s have");
	}
	return r;
}

/* The versions that all of it was computed from, region by region. */
static int print_sources(struct comparing *p, const struct comparison *c)
{
	struct buf line;
	size_t i;
	int r = WEALD_OK;

	buf_init(&line, SOURCES_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < c->regions_n; i++) {
		r = buf_add_text(&line, i == 0 ? "from " : ", ");
		r = r == WEALD_OK ? add_sources(&line, &c->regions[i]) : r;
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, "  ", 4, &line);
	}
	buf_release(&line);
	return r;
}

/* What a reader must know of a line of the table; nothing of most. */
static int print_note(struct comparing *p, const struct compared *one,
		      bool measured)
{
	struct buf line;
	size_t nothing;
	int r;

	buf_init(&line, LINE_BYTES_MAX);
	r = prose_add(&line, one->region);
	nothing = line.len;
	r = r == WEALD_OK ? add_how(&line, one) : r;
	if (r == WEALD_OK && one->own_trend.half_added) {
		r = buf_add_text(&line, "; half an event added before and "
					"after, as one of the two had none");
	}
	if (r == WEALD_OK && one->own_trend.state == EFFECT_SHORT) {
		r = buf_add_text(&line, "; few months");
	}
	if (r == WEALD_OK && one->own_trend.state == EFFECT_NO_FIT &&
	    measured) {
		r = buf_add_text(&line, "; no trend fits its figures");
	}
	if (r == WEALD_OK && line.len > nothing) {
		line.data[nothing] = ':';
		r = prose_done(p->width, "  ", 4, &line);
	}
	buf_release(&line);
	return r;
}

static int print_notes(struct comparing *p, const struct comparison *c)
{
	bool plain = false;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < c->regions_n; i++) {
		plain = plain || c->regions[i].before_after.ratio > 0;
	}
	if (plain) {
		puts("  * after over before, not allowing for trend");
	}
	for (i = 0; r == WEALD_OK && i < c->regions_n; i++) {
		r = print_note(p, &c->regions[i], c->shape[0] != '\0');
	}
	return r == WEALD_OK && !p->details ? print_sources(p, c) : r;
}

/* ---- details ---- */

static int say_flags(struct comparing *p, unsigned bias)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < BIAS_FLAGS_N; i++) {
		if ((bias & (1u << i)) != 0) {
			r = prose_say(p->width, "    - ", 6, "%s",
				      bias_words((enum bias)(1u << i)));
		}
	}
	return r;
}

static int say_effects(struct comparing *p, const struct compared *one)
{
	char range[COMPARE_RANGE_BYTES];
	char phi[NUMBER_TEXT_BYTES];
	char lag[NUMBER_TEXT_BYTES];
	char weight[NUMBER_TEXT_BYTES];
	int r = WEALD_OK;

	if (has_ratio(one)) {
		compare_range(one->own_trend.ratio, one->own_trend.low,
			      one->own_trend.high, NUMBER_TABLE, range);
		number_text(one->own_trend.phi, NUMBER_TABLE, phi);
		number_text(one->own_trend.lag1, NUMBER_TABLE, lag);
		number_text(100 * one->weight, 0, weight);
		r = prose_say(p->width, "    ", 6,
			      "own trend %s; phi %s, lag-1 %s, weight %s %%",
			      range, phi, lag, weight);
	}
	if (r == WEALD_OK && one->before_after.ratio > 0) {
		compare_range(one->before_after.ratio, one->before_after.low,
			      one->before_after.high, NUMBER_TABLE, range);
		r = prose_say(p->width, "    ", 6,
			      "after over before %s, not allowing for trend",
			      range);
	}
	if (r == WEALD_OK && one->controlled.ratio > 0) {
		compare_range(one->controlled.ratio, one->controlled.low,
			      one->controlled.high, NUMBER_TABLE, range);
		r = prose_say(p->width, "    ", 6,
			      "beside %zu that had not adopted it %s",
			      one->comparators[COMPARATOR_USED], range);
	}
	return r == WEALD_OK ? compare_say_others(p->width, "    ", 6, one) : r;
}

/* What a person made of it, and whether that is heeded. */
static int say_judged(struct comparing *p, const struct compared *one)
{
	const enum certainty judged = certainty_of(one->judged);
	struct buf line;
	int r;

	if (judged == CERTAINTY_NONE) {
		return WEALD_OK;
	}
	buf_init(&line, LINE_BYTES_MAX);
	r = buf_addf(&line, "judged %s by ", certainty_words(judged));
	r = r == WEALD_OK ? prose_add(&line, one->judged_by[0] == '\0'
						     ? "somebody unnamed"
						     : one->judged_by)
			  : r;
	r = r == WEALD_OK ? buf_add_text(&line, ": ") : r;
	r = r == WEALD_OK ? prose_add(&line, one->judged_reason) : r;
	if (r == WEALD_OK &&
	    certainty_moved(one->certainty.level, judged) != judged) {
		r = buf_add_text(&line, " (more than one step from what is "
					"computed, so not heeded)");
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, "    ", 6, &line);
	}
	buf_release(&line);
	return r;
}

static int say_settings(struct comparing *p, const struct compared *one)
{
	struct buf line;
	char code[64];
	const char *at = one->settings;
	size_t n;
	int r = WEALD_OK;

	buf_init(&line, LINE_BYTES_MAX);
	while (r == WEALD_OK && *at != '\0') {
		n = strcspn(at, ",");
		(void)snprintf(code, sizeof code, "%.*s",
			       (int)(n < sizeof code ? n : sizeof code - 1),
			       at);
		r = line.len == 0 ? WEALD_OK : buf_add_text(&line, "; ");
		r = r == WEALD_OK
			    ? prose_add(&line, hits_label("settings", code))
			    : r;
		at += n;
		at += *at == ',';
	}
	if (r == WEALD_OK && line.len > 0) {
		r = prose_done(p->width, "    ", 6, &line);
	}
	buf_release(&line);
	return r;
}

static int print_region(struct comparing *p, const struct compared *one)
{
	struct buf line;
	size_t i;
	int r;

	buf_init(&line, SOURCES_BYTES_MAX);
	r = prose_add(&line, one->region);
	r = r == WEALD_OK ? buf_add_text(&line, ", from ") : r;
	r = r == WEALD_OK ? add_sources(&line, one) : r;
	if (r == WEALD_OK) {
		r = prose_done(p->width, "  ", 4, &line);
	}
	buf_release(&line);
	r = r == WEALD_OK ? say_settings(p, one) : r;
	r = r == WEALD_OK ? say_effects(p, one) : r;
	for (i = 0; r == WEALD_OK && i < one->certainty.reasons_n; i++) {
		r = prose_say(p->width,
			      i == 0 ? "    certainty " : "              ", 14,
			      "%s", one->certainty.reasons[i].words);
	}
	r = r == WEALD_OK ? say_flags(p, one->bias) : r;
	return r == WEALD_OK ? say_judged(p, one) : r;
}

static int print_details(struct comparing *p, const struct comparison *c)
{
	char tau2[NUMBER_TEXT_BYTES];
	char i2[NUMBER_TEXT_BYTES];
	char q[NUMBER_TEXT_BYTES];
	size_t i;
	int r = WEALD_OK;

	putchar('\n');
	for (i = 0; r == WEALD_OK && i < c->regions_n; i++) {
		r = print_region(p, &c->regions[i]);
	}
	if (r != WEALD_OK || c->pool.state != POOL_OK) {
		return r;
	}
	number_text(c->pool.tau2, 4, tau2);
	number_text(c->pool.i2, 1, i2);
	number_text(c->pool.q, 2, q);
	return prose_say(p->width, "  ", 4,
			 "pooled by REML with Hartung and Knapp's interval: "
			 "tau2 %s, I2 %s %%, Q %s; %zu of %zu adoptions of "
			 "over a year have told nothing",
			 tau2, i2, q, c->adoptions_silent, c->adoptions_old);
}

/* ---- the head ---- */

static int print_warning(struct comparing *p, const struct comparison *c)
{
	const struct hit hit = { .withdrawn_by = c->withdrawn_by,
				 .level = c->level };
	struct buf line;
	int r;

	buf_init(&line, LINE_BYTES_MAX);
	r = hits_add_warning(&line, &hit);
	r = r == WEALD_OK ? buf_add_text(&line, ": weald show ") : r;
	r = r == WEALD_OK ? prose_add(&line, c->withdrawn_by) : r;
	if (r == WEALD_OK) {
		r = prose_done(p->width, "WARNING  ", 9, &line);
	}
	buf_release(&line);
	return r;
}

static const char *title_of(const struct comparison *c)
{
	if (c->intervention_title[0] != '\0') {
		return c->intervention_title;
	}
	return c->intervention_version != 0 ? "(without a title)"
					    : "(withheld)";
}

static int print_intervention(struct comparing *p, const struct comparison *c)
{
	struct buf line;
	int r = prose_put(p->width, c->withdrawn ? "WITHDRAWN  " : "", 2,
			  span_of(title_of(c)));

	buf_init(&line, LINE_BYTES_MAX);
	r = r == WEALD_OK ? prose_add(&line, c->intervention) : r;
	if (r == WEALD_OK && c->intervention_version > 0) {
		r = buf_addf(&line, "@%" PRIu64, c->intervention_version);
	}
	if (r == WEALD_OK && c->example) {
		r = buf_add_text(&line, "  (example)");
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, "", 2, &line);
	}
	buf_release(&line);
	if (r == WEALD_OK && !c->withdrawn && c->withdrawn_by[0] != '\0') {
		r = print_warning(p, c);
	}
	if (r == WEALD_OK && c->cut) {
		r = prose_say(p->width, "NOTE  ", 6,
			      "it has more than %u results; only the first, by "
			      "the names of measures and regions, count here",
			      QUERY_ROWS_MAX);
	}
	return r;
}

static int print_measure(struct comparing *p, const struct comparison *c)
{
	char kind[COMPARE_KIND_BYTES];
	struct buf line;
	int r = WEALD_OK;

	putchar('\n');
	if (c->measure_title[0] != '\0') {
		r = prose_put(p->width, "  ", 4, span_of(c->measure_title));
	}
	buf_init(&line, LINE_BYTES_MAX);
	r = r == WEALD_OK ? prose_add(&line, c->measure) : r;
	if (r == WEALD_OK && c->measure_version > 0) {
		r = buf_addf(&line, "@%" PRIu64, c->measure_version);
	}
	compare_kind(c, kind);
	r = r == WEALD_OK ? buf_add_text(&line, "  ") : r;
	r = r == WEALD_OK ? prose_add(&line, kind) : r;
	if (r == WEALD_OK && c->measure_withdrawn) {
		r = buf_add_text(&line, "; WITHDRAWN");
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, "  ", 4, &line);
	}
	buf_release(&line);
	return r;
}

/* ---- all of it ---- */

static int print_comparison(struct comparing *p, const struct comparison *c)
{
	int r = print_measure(p, c);

	putchar('\n');
	r = r == WEALD_OK ? print_table(p, c) : r;
	r = r == WEALD_OK ? print_notes(p, c) : r;
	putchar('\n');
	r = r == WEALD_OK ? compare_say(p->width, 2, c, true) : r;
	if (r == WEALD_OK && p->details) {
		r = print_details(p, c);
	}
	return r;
}

static int print_without(struct comparing *p)
{
	char *ref = NULL;
	size_t i;
	int r = WEALD_OK;

	if (p->found.without_n > 0) {
		puts("No figures yet:");
	}
	for (i = 0; r == WEALD_OK && i < p->found.without_n; i++) {
		r = out_escape(span_of(p->found.without[i]), &ref);
		if (r == WEALD_OK) {
			printf("  %s\n", ref);
		}
		free(ref);
		ref = NULL;
	}
	return r;
}

static int print_text(struct comparing *p)
{
	const struct comparison *list = p->found.list;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->found.n; i++) {
		if (i == 0 || strcmp(list[i].intervention,
				     list[i - 1].intervention) != 0) {
			r = print_intervention(p, &list[i]);
		}
		r = r == WEALD_OK ? print_comparison(p, &list[i]) : r;
		putchar('\n');
	}
	r = r == WEALD_OK ? print_without(p) : r;
	if (r == WEALD_OK) {
		puts("computed by " EFFECT_ENGINE " from the records of each "
		     "region; no region is ranked");
	}
	return r != WEALD_OK ? r : out_flush(p->c);
}

static int print_paged(struct comparing *p)
{
	struct pager pager;
	int r;

	p->width = prose_width();
	p->screen = out_screen();
	pager_start(&pager);
	r = print_text(p);
	pager_end(&pager);
	return r;
}

/* ---- asking --------------------------------------------------------------
 */

static int refuse_nothing(struct comparing *p)
{
	struct cli *c = p->c;

	if (p->problem_ref != NULL && p->found.without_n == 0) {
		msg_set(&c->msg, "nobody has shared an intervention for %s",
			p->problem_ref);
		c->advice = "problems like it may have some: weald fixed "
			    "PROBLEM";
	} else if (p->problem_ref != NULL) {
		msg_set(&c->msg,
			"no region has given figures yet for an intervention "
			"for %s",
			p->problem_ref);
		c->advice = "weald fixed PROBLEM says who uses them";
	} else {
		msg_set(&c->msg, "no region has given figures yet for %s%s",
			p->found.without[0],
			p->found.without_n > 1 ? " and the others" : "");
		c->advice = "weald adoptions REF says who uses it";
	}
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
}

static int ask(struct comparing *p)
{
	struct cli *c = p->c;
	const struct compare_ask asked = {
		.interventions = (const char *const *)p->refs,
		.interventions_n = p->refs_n,
		.problem = p->problem_ref,
		.setting = p->setting,
	};
	int r = query_compare(p->index, &asked, p->today, &p->found, &c->msg);

	if (r == WEALD_NOTFOUND) {
		c->advice = p->problem_ref != NULL
				    ? "find its name with weald search WORDS "
				      "--kind problem"
				    : "find its name with weald search WORDS "
				      "--kind intervention";
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	if (r == WEALD_TOOBIG) {
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	if (r != WEALD_OK) {
		return lookup_fail(c, r);
	}
	return p->found.n == 0 ? refuse_nothing(p) : WEALD_OK;
}

/* What is named, as references. */
static int take_refs(struct comparing *p, int argc, char **argv, int first)
{
	uint64_t version;
	int i;
	int r = WEALD_OK;

	if (p->problem != NULL) {
		return lookup_ref(p->c, p->home, p->problem, &p->problem_ref,
				  &version);
	}
	p->refs = calloc((size_t)(argc - first) + 1, sizeof *p->refs);
	if (p->refs == NULL) {
		return WEALD_NOMEM;
	}
	for (i = first; r == WEALD_OK && i < argc; i++) {
		r = lookup_ref(p->c, p->home, argv[i], &p->refs[p->refs_n],
			       &version);
		if (r == WEALD_OK) {
			p->refs_n++;
			r = lookup_refuse_version(p->c, version);
		}
	}
	return r;
}

static int compare(struct comparing *p, int argc, char **argv, int first)
{
	struct cli *c = p->c;
	int r = cli_open_home(c, &p->home);

	if (r == WEALD_OK) {
		r = take_refs(p, argc, argv, first);
	}
	if (r == WEALD_OK) {
		r = lookup_open(c, p->home, &p->index);
	}
	if (r == WEALD_OK) {
		p->complete = lookup_is_complete(c, p->home, p->index);
		r = hits_check(c, p->index, HITS_SETTING, p->setting);
	}
	if (r == WEALD_OK) {
		r = ask(p);
	}
	if (r == WEALD_OK) {
		r = c->json ? print_json(p) : print_paged(p);
	}
	return r;
}

static const char compare_text[] =
	"What regions found of each INTERVENTION, or of all that are for a\n"
	"problem, from the figures in their records: one line a region, what\n"
	"they come to together, what the next region should expect, and how\n"
	"sure that is. The surest is first; regions stand by name, and are "
	"never\n"
	"ranked. With --setting it counts against a result that it is from\n"
	"other settings than yours.\n";

int command_compare(struct cli *c, int argc, char **argv)
{
	struct comparing p = { .c = c, .today = lookup_today() };
	const struct cli_option options[] = {
		{ "problem", 0, CLI_OPTION_TEXT, &p.problem, "REF",
		  "all interventions for this problem" },
		{ "setting", 0, CLI_OPTION_TEXT, &p.setting, "CODE",
		  "your setting, such as acute-ward" },
		{ "details", 0, CLI_OPTION_FLAG, &p.details, NULL,
		  "what each region's result rests on, too" },
	};
	const struct cli_usage usage = {
		.synopsis = "compare [--setting CODE] [--details] "
			    "INTERVENTION...\n"
			    "compare [--setting CODE] [--details] --problem "
			    "REF",
		.text = compare_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = CLI_ARGS_ANY,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if ((p.problem == NULL) == (first == argc)) {
		return cli_usage_error(c, "name interventions, or a problem "
					  "with --problem");
	}
	r = compare(&p, argc, argv, first);
	comparisons_release(&p.found);
	index_close(p.index);
	home_close(p.home);
	while (p.refs_n > 0) {
		free(p.refs[--p.refs_n]);
	}
	free(p.refs);
	free(p.problem_ref);
	return r;
}
