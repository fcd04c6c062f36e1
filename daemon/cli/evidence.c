/*
 * weald evidence: what the figures of one record, or of a bare file, come to.
 */
#include <stdio.h>

#include "daemon/cli/evidence_private.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"

/* What the figures themselves say against a result. */
#define BIAS_OF_FIGURES ((unsigned)BIAS_LAG1 | (unsigned)BIAS_SIDES)

void evidence_judge_figures(const struct evidence_source *s,
			    struct certainty_result *out)
{
	const struct effect *e = &s->study.own_trend;
	const struct bias_fields none = { .measure_changed = false };
	const struct certainty_region region = {
		.start = CERTAINTY_HIGH, /* so that every step has room */
		.bias = bias_of(&none, e, &s->study.before_after) &
			BIAS_OF_FIGURES,
		.weight = 1,
		.ratio = e->ratio,
		.is_short = e->state == EFFECT_SHORT,
	};
	const struct certainty_input in = { .regions = &region,
					    .regions_n = 1,
					    .low = e->low,
					    .high = e->high,
					    .ratio = e->ratio };

	certainty_judge(&in, out);
}

const char *evidence_comparator_words(enum evidence_comparator_state state)
{
	switch (state) {
	case EVIDENCE_COMPARATOR_ABSENT:
		return "not here";
	case EVIDENCE_COMPARATOR_WITHHELD:
		return "withheld by the privacy guard";
	case EVIDENCE_COMPARATOR_UNPINNED:
		return "left out: the record names no version of it";
	case EVIDENCE_COMPARATOR_REGION:
		return "left out: its region is counted already";
	case EVIDENCE_COMPARATOR_ADOPTED:
		return "left out: its region has begun it, too";
	case EVIDENCE_COMPARATOR_MEASURE:
		return "left out: it is of another measure";
	case EVIDENCE_COMPARATOR_SERIES:
		return "left out: its figures cannot be read";
	case EVIDENCE_COMPARATOR_USED:
		break;
	}
	return "";
}

static int print(struct cli *c, const struct evidence_source *s, bool details)
{
	struct pager pager;
	int r;

	if (c->json) {
		return evidence_print_json(c, s);
	}
	pager_start(&pager);
	r = evidence_print_text(c, s, details);
	if (r == WEALD_OK) {
		r = out_flush(c);
	}
	pager_end(&pager);
	return r;
}

static int run(struct cli *c, const struct evidence_csv *csv, const char *ref,
	       bool details)
{
	struct evidence_source source = { .is_file = false };
	struct home *home = NULL;
	int r = WEALD_OK;

	if (csv->file != NULL) {
		r = evidence_source_file(c, csv, &source);
	} else {
		r = cli_open_home(c, &home);
		if (r == WEALD_OK) {
			r = evidence_source_record(c, home, ref, &source);
		}
	}
	if (r == WEALD_OK) {
		r = print(c, &source, details);
	}
	evidence_source_release(&source);
	home_close(home);
	return r;
}

static const char evidence_text[] =
	"What figures come to, computed here and typed by nobody: the months\n"
	"before and after, the effect that allows for the earlier trend, how\n"
	"sure one may be of it and why, and two charts: limits of before held\n"
	"on (did it change?) and limits from the start on (is it stable "
	"now?).\n"
	"\n"
	"REF is a record of evidence, an adoption with figures, or a priority\n"
	"with its baseline; of a lesson, a withdrawal or an endorsement there\n"
	"is a run chart. With --csv it is a spreadsheet's export, and no home\n"
	"is needed: a heading, then a row a month with the month, the events,\n"
	"and those at risk.\n";

int command_evidence(struct cli *c, int argc, char **argv)
{
	struct evidence_csv csv = { .file = NULL };
	bool details = false;
	const struct cli_option options[] = {
		{ "details", 0, CLI_OPTION_FLAG, &details, NULL,
		  "phi, lag-1, degrees of freedom, every point" },
		EVIDENCE_CSV_OPTIONS(&csv),
	};
	const struct cli_usage usage = {
		.synopsis = "evidence [--details] REF[@N]\n"
			    "evidence [--details] " EVIDENCE_CSV_SYNOPSIS,
		.text = evidence_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = 1,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = evidence_check_usage(c, &csv, argc - first);
	return r == WEALD_OK ? run(c, &csv, argv[first], details) : r;
}
