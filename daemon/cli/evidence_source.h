/*
 * Evidence source: figures that evidence and chart are about, read and studied:
 * a record of this home with its measure and its comparators, or a bare file
 * that no home is needed for.
 *
 * Texts are others' and not escaped. Failures are noted with cli_fail().
 */
#ifndef WEALD_DAEMON_CLI_EVIDENCE_SOURCE_H
#define WEALD_DAEMON_CLI_EVIDENCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/edition.h"
#include "store/evidence/certainty.h"
#include "store/evidence/sheet.h"
#include "store/evidence/study.h"
#include "store/home.h"
#include "store/index/query.h"
#include "store/record/reference.h"

/* ---- the options of a bare file ------------------------------------------
 */

/* As they were typed; borrowed; all NULL: none was given. */
struct evidence_csv {
	const char *file; /* "-": standard input */
	const char *shape;
	const char *direction;
	const char *start;
	const char *transition;
	const char *per;
	const char *target;
	const char *date_order;
	const char *month; /* names of columns */
	const char *numerator;
	const char *denominator;
};

/* For the tables of the commands: eleven entries. */
#define EVIDENCE_CSV_SYNOPSIS                                               \
	"--csv FILE --shape SHAPE --direction DIRECTION\n"                  \
	"         [--start DATE] [--transition N] [--per N] [--target X]\n" \
	"         [--date-order dmy|mdy]\n"                                 \
	"         [--month COLUMN --numerator COLUMN --denominator COLUMN]"
#define EVIDENCE_CSV_OPTIONS(e)                                                     \
	{ "csv",                                                                    \
	  0,                                                                        \
	  CLI_OPTION_TEXT,                                                          \
	  &(e)->file,                                                               \
	  "FILE",                                                                   \
	  "a spreadsheet's export, without any record\n"                            \
	  "(- for standard input)" },                                               \
		{ "shape",                                                          \
		  0,                                                                \
		  CLI_OPTION_TEXT,                                                  \
		  &(e)->shape,                                                      \
		  "SHAPE",                                                          \
		  "rate, proportion, count, mean or time-between" },                \
		{ "direction",                                                      \
		  0,                                                                \
		  CLI_OPTION_TEXT,                                                  \
		  &(e)->direction,                                                  \
		  "DIRECTION",                                                      \
		  "what is better: decrease, increase or neutral" },                \
		{ "start",         0,                                               \
		  CLI_OPTION_TEXT, &(e)->start,                                     \
		  "DATE",          "first day of the change, such as 2025-01-01" }, \
		{ "transition",                                                     \
		  0,                                                                \
		  CLI_OPTION_TEXT,                                                  \
		  &(e)->transition,                                                 \
		  "N",                                                              \
		  "months from then on that are left out, 0 to 3" },                \
		{ "per",     0,   CLI_OPTION_TEXT,                                  \
		  &(e)->per, "N", "show values per N, such as 1000" },              \
		{ "target",     0,   CLI_OPTION_TEXT,                               \
		  &(e)->target, "X", "the target, in the unit of the values" },     \
		{ "date-order",                                                     \
		  0,                                                                \
		  CLI_OPTION_TEXT,                                                  \
		  &(e)->date_order,                                                 \
		  "ORDER",                                                          \
		  "dmy: 02/01/2026 is 2 January; mdy: 1 February" },                \
		{ "month",         0,                                               \
		  CLI_OPTION_TEXT, &(e)->month,                                     \
		  "COLUMN",        "the heading of the column with the months" },   \
		{ "numerator",                                                      \
		  0,                                                                \
		  CLI_OPTION_TEXT,                                                  \
		  &(e)->numerator,                                                  \
		  "COLUMN",                                                         \
		  "... with the events, or sums, or days between" },                \
	{                                                                           \
		"denominator", 0, CLI_OPTION_TEXT, &(e)->denominator,               \
			"COLUMN", "... with those at risk"                          \
	}

/* ---- what is read --------------------------------------------------------
 */

enum evidence_comparator_state {
	EVIDENCE_COMPARATOR_USED,
	EVIDENCE_COMPARATOR_ABSENT, /* it, or that version, is not here */
	EVIDENCE_COMPARATOR_WITHHELD,
	EVIDENCE_COMPARATOR_UNPINNED, /* the record names no version */
	EVIDENCE_COMPARATOR_REGION,   /* of the same region, or twice there */
	EVIDENCE_COMPARATOR_ADOPTED,  /* its region has begun it, too */
	EVIDENCE_COMPARATOR_MEASURE,  /* it is of another measure */
	EVIDENCE_COMPARATOR_SERIES    /* it has no series that can be read */
};

struct evidence_comparator {
	char ref[REFERENCE_BYTES_MAX + 24]; /* as the record names it */
	enum evidence_comparator_state state;
	struct series series; /* of one that is used */
};

struct evidence_source {
	bool is_file;
	/* ref@version of a record, or the file's name: what figures are from */
	char *source;
	char *title; /* of the record; of a file its name without folders */

	/* of a record */
	struct edition shown;
	char region[REFERENCE_REGION_BYTES_MAX + 1];
	char kind[NAME_BYTES_MAX + 1];
	char ref[REFERENCE_BYTES_MAX + 1]; /* region/kind/slug */
	/* the latest version, where that is not the one at hand; else 0 */
	uint64_t latest;
	char latest_why[EDITION_WHY_BYTES]; /* it is not; "": another was
					       asked for */
	/* its measure: region/kind/slug; "" where it names none */
	char measure_ref[REFERENCE_BYTES_MAX + 1];
	struct edition measure; /* record NULL: it is not here */
	/* the version that the record names, where that is another; else 0 */
	uint64_t measure_named;

	/* the intervention that it names; false: it names none, that has not
	 * arrived, or there is no index */
	bool intervention_known;
	struct hit intervention;

	/* of a file */
	struct sheet sheet;

	struct series series;
	/* false: no measure speaks of it (a lesson ...), or it is not here: a
	 * run chart only */
	bool has_measure;
	struct study study;

	/* only of evidence and of adoptions with a start */
	bool has_effect;
	struct evidence_comparator *comparators;
	size_t comparators_n;
	size_t controls_n; /* that are used */
	/* false: whether their regions have begun it is not known, as there is
	 * no index, or the intervention is not here */
	bool adopters_known;
	/* EFFECT_TOO_EARLY below CONTROLLED_COMPARATORS_MIN */
	struct effect controlled;
	const char *design; /* its code, borrowed; "" where it is not said */
	bool design_stated; /* else what is taken of an adoption */
	unsigned bias;      /* flags of certainty.h */
	struct certainty_result certainty;
};

/*
 * Read the record that @text names, as a person types it, and what it needs.
 * All zero is an empty source; evidence_source_release() takes what failed
 * too.
 *
 *   WEALD_NOTFOUND  no such record, or it has no figures: the message says so
 *   WEALD_PRIVACY   it is withheld
 *   WEALD_INVALID   no reference; figures that cannot be read
 */
int evidence_source_record(struct cli *c, struct home *home, const char *text,
			   struct evidence_source *out);
/*
 * Read the bare file of @csv. What is wrong is told on stderr, a line each;
 * where dates can be read in two ways a person at a terminal is asked.
 *
 *   WEALD_USAGE    options that are wrong or missing
 *   WEALD_INVALID  what is in the file
 */
int evidence_source_file(struct cli *c, const struct evidence_csv *csv,
			 struct evidence_source *out);
void evidence_source_release(struct evidence_source *s);

/*
 * A reference and --csv exclude each other, and options of a file are for
 * files: WEALD_USAGE, said, where @args_n references and @csv do not fit.
 */
int evidence_check_usage(struct cli *c, const struct evidence_csv *csv,
			 int args_n);

#endif
