/*
 * weald chart: figures as a picture, an SVG or a PNG; of an intervention, the
 * comparison of what regions found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/cli/chart_notes.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/compare.h"
#include "daemon/cli/evidence_source.h"
#include "daemon/cli/json.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/target.h"
#include "daemon/picture/picture.h"
#include "daemon/picture/png.h"
#include "daemon/words.h"
#include "store/index/compare.h"

#define KIND_INTERVENTION "intervention"

/* A PNG is for print: A4 at some 280 dots an inch. */
#define PNG_SCALE     2.0
#define PNG_SECONDS   30u
#define PNG_BYTES_MAX (64u << 20)

#define SENTENCE_BYTES_MAX 16384u

#define CERTAINTY_LINE_BYTES 120u

struct charting {
	struct cli *c;
	struct evidence_csv csv;
	const char *ref; /* as typed; NULL for a file */
	const char *measure_text;
	const char *out; /* NULL: standard output */
	bool force;
	bool png;
	struct home *home;
	struct buf svg;
	const char *picture; /* "spc", "forest" */
	char source[REFERENCE_BYTES_MAX + 32];
};

/* ---- the SPC chart -------------------------------------------------------
 */

static int refuse_chart(struct cli *c, const struct study *s)
{
	msg_set(&c->msg, "there is nothing to draw");
	c->advice = study_chart_advice(s->rebased.state);
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_INVALID);
}

/* What the figures came from, versions and all. */
static char *source_words(const struct evidence_source *s)
{
	char *text = NULL;
	int n;

	if (s->is_file || s->measure.version == 0) {
		return strdup(s->source);
	}
	n = asprintf(&text, "%s, measure %s@%llu%s", s->source, s->measure_ref,
		     (unsigned long long)s->measure.version,
		     record_bool(s->shown.record, "example")
			     ? "; an example, invented"
			     : "");
	return n < 0 ? NULL : text;
}

/* How sure one may be of the effect; "" where there is none. */
static void certainty_line(const struct evidence_source *s,
			   char out[CERTAINTY_LINE_BYTES])
{
	const enum certainty level = s->certainty.level;
	const enum certainty judged =
		s->is_file ? CERTAINTY_NONE
			   : certainty_of(record_text(s->shown.record,
						      "judged_certainty"));

	/* of one more than a level away the computed one stands, alone */
	const bool beside = judged != CERTAINTY_NONE &&
			    certainty_moved(level, judged) == judged;

	out[0] = '\0';
	if (s->is_file) {
		(void)snprintf(out, CERTAINTY_LINE_BYTES,
			       "not judged, since of a bare file nobody knows "
			       "the design and what else changed");
	} else if (level != CERTAINTY_NONE) {
		(void)snprintf(out, CERTAINTY_LINE_BYTES, "%s%s%s",
			       certainty_words(level),
			       beside ? "; the region says " : "",
			       beside ? certainty_words(judged) : "");
	}
}

static int draw_study(struct charting *x, const struct evidence_source *s)
{
	const struct record *measure = s->measure.record;
	char unit[STUDY_UNIT_BYTES];
	char certainty[CERTAINTY_LINE_BYTES];
	char *source = source_words(s);
	struct chart_notes notes = { .n = 0 };
	struct picture_spc spc = {
		.title = s->title,
		.subtitle =
			measure != NULL ? record_text(measure, "title") : "",
		.unit = unit,
		.source = source,
		.certainty = certainty,
		.withdrawn = s->intervention.withdrawn,
		.withdrawn_by = s->intervention_known
					? s->intervention.withdrawn_by
					: "",
		.study = &s->study,
		.has_effect = s->is_file ? s->study.has_start : s->has_effect,
		.notes = notes.list,
	};
	int r = source == NULL ? WEALD_NOMEM : WEALD_OK;

	study_unit(&s->study.measure, unit);
	certainty_line(s, certainty);
	if (r == WEALD_OK) {
		r = chart_notes_make(x->c, x->home, s, &notes);
	}
	if (r == WEALD_OK) {
		spc.notes_n = notes.n;
		r = picture_spc(&spc, &x->svg);
		if (r == WEALD_INVALID) {
			r = refuse_chart(x->c, &s->study);
		}
	}
	x->picture = "spc";
	(void)snprintf(x->source, sizeof x->source, "%s", s->source);
	chart_notes_release(&notes);
	free(source);
	return r;
}

/* An older version is drawn than the latest, which may not be shown. */
static void tell_older(const struct evidence_source *s)
{
	if (s->latest != 0) {
		fprintf(stderr,
			"weald chart: version %llu is %s: this is version "
			"%llu\n",
			(unsigned long long)s->latest, s->latest_why,
			(unsigned long long)s->shown.version);
	}
}

static int draw_record(struct charting *x)
{
	struct evidence_source s = { .is_file = false };
	int r = evidence_source_record(x->c, x->home, x->ref, &s);

	if (r == WEALD_OK) {
		tell_older(&s);
		r = draw_study(x, &s);
	}
	evidence_source_release(&s);
	return r;
}

static int draw_file(struct charting *x)
{
	struct evidence_source s = { .is_file = true };
	int r = evidence_source_file(x->c, &x->csv, &s);

	if (r == WEALD_OK) {
		r = draw_study(x, &s);
	}
	evidence_source_release(&s);
	return r;
}

/* ---- the forest plot -----------------------------------------------------
 */

/* Which of the measures? Their references, to choose from, are in the message.
 */
static int refuse_measures(struct charting *x, const struct comparisons *all,
			   const char *measure)
{
	struct cli *c = x->c;
	struct buf list;
	size_t i;
	int r = WEALD_OK;

	buf_init(&list, WEALD_MSG_BYTES);
	for (i = 0; r == WEALD_OK && i < all->n; i++) {
		r = buf_addf(&list, "%s%s", i == 0 ? "" : ", ",
			     all->list[i].measure);
	}
	if (r == WEALD_TOOBIG) { /* the first ones will do */
		r = WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&list, 0);
	}
	if (r != WEALD_OK && list.len > 0) {
		list.data[list.len - 1] = '\0';
		r = WEALD_OK;
	}
	if (r == WEALD_OK && measure == NULL) {
		msg_set(&c->msg, "there are results by %zu measures: %s",
			all->n, (const char *)list.data);
		c->advice = "say which one with --measure REF";
	} else if (r == WEALD_OK) {
		msg_set(&c->msg, "there is no result by %s; there are by: %s",
			measure, (const char *)list.data);
		c->advice = "say one of them with --measure REF";
	}
	buf_release(&list);
	return r == WEALD_OK ? cli_fail(c, CLI_ABOUT_INPUT, WEALD_INVALID) : r;
}

static int choose(struct charting *x, const struct comparisons *all,
		  const char *measure, const struct comparison **out)
{
	size_t i;

	if (all->n == 0) {
		msg_set(&x->c->msg, "no region has reported a result of it");
		x->c->advice = "weald show says what is known of it";
		return cli_fail(x->c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	if (measure == NULL && all->n == 1) {
		*out = &all->list[0];
		return WEALD_OK;
	}
	for (i = 0; measure != NULL && i < all->n; i++) {
		if (strcmp(all->list[i].measure, measure) == 0) {
			*out = &all->list[i];
			return WEALD_OK;
		}
	}
	return refuse_measures(x, all, measure);
}

/* The same sentence as weald compare has. */
static int draw_forest(struct charting *x, const struct comparison *one)
{
	struct buf sentence;
	int r;

	buf_init(&sentence, SENTENCE_BYTES_MAX);
	r = compare_sentence(one, &sentence);
	if (r == WEALD_OK) {
		r = buf_add_byte(&sentence, 0);
	}
	if (r == WEALD_OK) {
		r = picture_forest(one, (const char *)sentence.data, 0,
				   &x->svg);
	}
	buf_release(&sentence);
	return r;
}

static int compare(struct charting *x, const char *ref, const char *measure)
{
	struct cli *c = x->c;
	struct index *index = NULL;
	struct comparisons all = { .list = NULL };
	const struct comparison *one = NULL;
	const struct compare_ask ask = {
		.interventions = &ref,
		.interventions_n = 1,
	};
	int r = lookup_open(c, x->home, &index);

	if (r == WEALD_OK) {
		r = lookup_fail(c, query_compare(index, &ask, lookup_today(),
						 &all, &c->msg));
	}
	if (r == WEALD_OK) {
		r = choose(x, &all, measure, &one);
	}
	if (r == WEALD_OK) {
		r = draw_forest(x, one);
		x->picture = "forest";
		(void)snprintf(x->source, sizeof x->source, "%s@%llu",
			       one->intervention,
			       (unsigned long long)one->intervention_version);
	}
	comparisons_release(&all);
	index_close(index);
	return r;
}

static int draw_comparison(struct charting *x, const char *ref,
			   uint64_t version)
{
	char *measure = NULL;
	uint64_t measure_version = 0;
	int r = lookup_refuse_version(x->c, version);

	if (r == WEALD_OK && x->measure_text != NULL) {
		r = lookup_ref(x->c, x->home, x->measure_text, &measure,
			       &measure_version);
	}
	if (r == WEALD_OK) {
		r = compare(x, ref, measure);
	}
	free(measure);
	return r;
}

/* ---- what is written -----------------------------------------------------
 */

static int say(struct charting *x, uint64_t bytes)
{
	char size[WORDS_SIZE_BYTES];
	char *name = NULL;
	struct json_line j;
	int r;

	if (x->c->json) {
		json_line_init(&j);
		json_line_text(&j, "file", x->out);
		json_line_text(&j, "format", x->png ? "png" : "svg");
		json_line_text(&j, "picture", x->picture);
		json_line_text(&j, "source", x->source);
		json_line_uint(&j, "bytes", bytes);
		return json_line_print(&j);
	}
	r = out_escape(span_of(x->out), &name);
	if (r == WEALD_OK) {
		printf("wrote %s: %s, %s\n", name,
		       strcmp(x->picture, "forest") == 0
			       ? "a comparison of regions"
			       : "a chart",
		       words_size(bytes, size));
		free(name);
	}
	return r;
}

static int write_bytes(struct charting *x, struct span bytes)
{
	struct target target = { .path = x->out, .force = x->force };
	uint64_t written = 0;
	int r = target_open(x->c, &target);

	if (r == WEALD_OK) {
		(void)fwrite(bytes.data, 1, bytes.len, target.file);
		r = target_finish(x->c, &target, &written);
	}
	target_close(&target);
	return r == WEALD_OK && x->out != NULL ? say(x, written) : r;
}

static int write_picture(struct charting *x)
{
	struct buf png;
	int r;

	if (!x->png) {
		return write_bytes(x, buf_span(&x->svg));
	}
	buf_init(&png, PNG_BYTES_MAX);
	r = png_of_svg(buf_span(&x->svg), PNG_SCALE, PNG_SECONDS, &png,
		       &x->c->msg);
	if (r != WEALD_OK) {
		x->c->advice = "nothing was written";
		r = cli_fail(x->c, CLI_ABOUT_ASKED, r);
	} else {
		r = write_bytes(x, buf_span(&png));
	}
	buf_release(&png);
	return r;
}

/* ---- the command ---------------------------------------------------------
 */

static int draw_of_home(struct charting *x)
{
	char *ref = NULL;
	const char *kind;
	uint64_t version = 0;
	bool is_intervention;
	int r = cli_open_home(x->c, &x->home);

	if (r == WEALD_OK) {
		r = lookup_ref(x->c, x->home, x->ref, &ref, &version);
	}
	if (r != WEALD_OK) {
		return r;
	}
	kind = strchr(ref, '/');
	is_intervention =
		kind != NULL && strncmp(kind + 1, KIND_INTERVENTION "/",
					sizeof KIND_INTERVENTION) == 0;
	if (is_intervention) {
		r = draw_comparison(x, ref, version);
	} else if (x->measure_text != NULL) {
		r = cli_usage_error(x->c, "--measure is for interventions: a "
					  "record has its measure");
	} else {
		r = draw_record(x);
	}
	free(ref);
	return r;
}

static int run(struct charting *x)
{
	int r;

	buf_init(&x->svg, PICTURE_BYTES_MAX);
	r = x->csv.file != NULL ? draw_file(x) : draw_of_home(x);
	if (r == WEALD_OK) {
		r = write_picture(x);
	}
	buf_release(&x->svg);
	home_close(x->home);
	return r;
}

static bool ends_in(const char *name, const char *end)
{
	const size_t len = strlen(name);
	const size_t n = strlen(end);

	return len > n && strcasecmp(name + len - n, end) == 0;
}

static int check_out(struct charting *x)
{
	struct cli *c = x->c;

	if (x->out == NULL || x->out[0] == '\0') {
		return cli_usage_error(c, "say where to with -o FILE.svg, -o "
					  "FILE.png, or -o - for an SVG to "
					  "standard output");
	}
	if (strcmp(x->out, "-") == 0) {
		if (c->json) {
			return cli_usage_error(c, "--json needs -o FILE, so "
						  "that both do not go to "
						  "standard output");
		}
		x->out = NULL;
		return WEALD_OK;
	}
	x->png = ends_in(x->out, ".png");
	if (!x->png && !ends_in(x->out, ".svg")) {
		return cli_usage_error(c, "the name after -o ends in .svg or "
					  ".png, and so says which it is");
	}
	return WEALD_OK;
}

int command_chart(struct cli *c, int argc, char **argv)
{
	struct charting x = { .c = c };
	const struct cli_option options[] = {
		{ "out", 'o', CLI_OPTION_TEXT, &x.out, "FILE",
		  "write to FILE, which ends in .svg or .png;\n"
		  "-: an SVG to standard output" },
		{ "force", 0, CLI_OPTION_FLAG, &x.force, NULL,
		  "replace FILE where it is there" },
		{ "measure", 0, CLI_OPTION_TEXT, &x.measure_text, "REF",
		  "of an intervention: results by this measure" },
		EVIDENCE_CSV_OPTIONS(&x.csv),
	};
	const struct cli_usage usage = {
		.synopsis = "chart REF[@N] -o FILE [OPTION...]\n"
			    "chart -o FILE " EVIDENCE_CSV_SYNOPSIS,
		.text = "Draw a picture for a report or a slide: of evidence, "
			"an adoption or a\n"
			"priority its figures month by month with their "
			"limits; of an intervention\n"
			"what each region found, and all of them together.\n",
		.options = options,
		.options_n = sizeof options / sizeof *options,
		.args_max = 1,
	};
	int first;
	int r = cli_parse(c, &usage, argc, argv, &first);

	if (r != WEALD_OK || c->done) {
		return r;
	}
	x.ref = first < argc ? argv[first] : NULL;
	r = evidence_check_usage(c, &x.csv, argc - first);
	if (r == WEALD_OK) {
		r = check_out(&x);
	}
	return r == WEALD_OK ? run(&x) : r;
}
