/*
 * A bare file: options, reading, and what is asked of a person where dates can
 * be read in two ways.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/evidence_source.h"
#include "daemon/cli/json.h"
#include "proto/text.h"
#include "store/fs.h"

#define STDIN_NAME     "standard input"
#define TRANSITION_MAX 3u
#define PER_MAX        1e6
#define TARGET_MAX     1e12
#define TARGET_FAR     10.0 /* times above or below all points */
#define ALIKE_MAX      5u   /* problems that are told one by one */

struct reading {
	struct cli *c;
	const struct evidence_csv *csv;
	struct sheet_how how;
	struct study_measure measure;
};

/* ---- options -------------------------------------------------------------
 */

static bool has_file_options(const struct evidence_csv *o)
{
	return o->shape != NULL || o->direction != NULL || o->start != NULL ||
	       o->transition != NULL || o->per != NULL || o->target != NULL ||
	       o->date_order != NULL || o->month != NULL ||
	       o->numerator != NULL || o->denominator != NULL;
}

int evidence_check_usage(struct cli *c, const struct evidence_csv *csv,
			 int args_n)
{
	if (csv->file != NULL && args_n > 0) {
		return cli_usage_error(c, "--csv FILE and a reference exclude "
					  "each other");
	}
	if (csv->file == NULL && args_n == 0) {
		return cli_usage_error(c, "name a record, or a spreadsheet's "
					  "export with --csv FILE");
	}
	if (csv->file == NULL && has_file_options(csv)) {
		return cli_usage_error(c, "--shape, --direction, --start and "
					  "the like are for --csv FILE; a "
					  "record says these itself");
	}
	return WEALD_OK;
}

static int take_shape(struct reading *rd)
{
	static const char choices[] =
		"\n  rate          events of so many bed days, "
		"visits, ..."
		"\n  proportion    events of so many cases, each with "
		"it or without"
		"\n  count         events alone, where what they are "
		"of hardly changes"
		"\n  mean          sums, such as minutes, of so many"
		"\n  time-between  a row an event, with the days since "
		"the one before\n";
	const char *text = rd->csv->shape;

	if (text != NULL && study_shape_of(text, &rd->measure.shape)) {
		rd->how.shape = rd->measure.shape;
		return WEALD_OK;
	}
	if (!rd->c->json) {
		fprintf(stderr,
			"What shape do the figures have? --shape is "
			"one of%s",
			choices);
	}
	if (text == NULL) {
		return cli_usage_error(rd->c,
				       "--shape is missing: rate, proportion, "
				       "count, mean or time-between");
	}
	return cli_usage_error(rd->c,
			       "--shape %s: there are rate, proportion, "
			       "count, mean and time-between",
			       text);
}

static int take_direction(struct reading *rd)
{
	const char *text = rd->csv->direction;

	if (text == NULL) {
		return cli_usage_error(
			rd->c, "--direction is missing: decrease (fewer is "
			       "better), increase (more is better) or "
			       "neutral (neither)");
	}
	if (!study_direction_of(text, &rd->measure.direction)) {
		return cli_usage_error(rd->c,
				       "--direction %s: there are decrease, "
				       "increase and neutral",
				       text);
	}
	return WEALD_OK;
}

static int take_start(struct reading *rd)
{
	uint64_t months = 0;

	if (rd->csv->transition != NULL &&
	    parse_u64(span_of(rd->csv->transition), 0, TRANSITION_MAX,
		      &months) != WEALD_OK) {
		return cli_usage_error(rd->c, "--transition %s: 0 to 3 months",
				       rd->csv->transition);
	}
	rd->how.transition_months = (size_t)months;
	if (rd->csv->start == NULL) {
		return rd->csv->transition == NULL
			       ? WEALD_OK
			       : cli_usage_error(rd->c, "--transition goes "
							"with --start DATE");
	}
	rd->how.has_start = true;
	if (!sheet_date(span_of(rd->csv->start), &rd->how.start_month,
			&rd->how.start_day)) {
		return cli_usage_error(rd->c,
				       "--start %s is not a date; write it as "
				       "2025-01-01 or 2025-01",
				       rd->csv->start);
	}
	return WEALD_OK;
}

/* A number of an option: the whole text, nothing odd. */
static bool number_of(const char *text, double most, double *out)
{
	char *end = NULL;
	double v;

	if (strspn(text, "0123456789.") != strlen(text) || text[0] == '\0') {
		return false;
	}
	v = strtod(text, &end);
	if (*end != '\0' || !isfinite(v) || v > most) {
		return false;
	}
	*out = v;
	return true;
}

static double per_of(const struct study_measure *m)
{
	return m->per > 0 ? m->per : chart_per_usual(m->shape);
}

static int take_numbers(struct reading *rd)
{
	const bool can = rd->how.shape == EFFECT_RATE ||
			 rd->how.shape == EFFECT_PROPORTION;
	struct study_measure *m = &rd->measure;

	if (rd->csv->per != NULL &&
	    (!number_of(rd->csv->per, PER_MAX, &m->per) || !(m->per > 0))) {
		return cli_usage_error(rd->c,
				       "--per %s: a number over 0, such as 100 "
				       "or 1000",
				       rd->csv->per);
	}
	if (rd->csv->per != NULL && !can) {
		return cli_usage_error(rd->c, "--per is for rates and "
					      "proportions");
	}
	m->has_target = rd->csv->target != NULL;
	if (m->has_target &&
	    !number_of(rd->csv->target, TARGET_MAX, &m->target)) {
		return cli_usage_error(rd->c,
				       "--target %s: a number in the unit of "
				       "the values, such as 20 or 2.5",
				       rd->csv->target);
	}
	if (m->has_target && rd->how.shape == EFFECT_PROPORTION &&
	    m->target > per_of(m)) {
		return cli_usage_error(rd->c,
				       "--target %s: a proportion is at most "
				       "%g per %g",
				       rd->csv->target, per_of(m), per_of(m));
	}
	return WEALD_OK;
}

static int take_columns(struct reading *rd)
{
	const bool is_of = rd->how.shape != EFFECT_COUNT &&
			   rd->how.shape != EFFECT_TIME_BETWEEN;
	const char *order = rd->csv->date_order;

	rd->how.month = rd->csv->month;
	rd->how.numerator = rd->csv->numerator;
	rd->how.denominator = rd->csv->denominator;
	if (rd->csv->denominator != NULL && !is_of) {
		return cli_usage_error(rd->c,
				       "a %s has no denominator: leave "
				       "--denominator out, or use --shape rate",
				       study_shape_name(rd->how.shape));
	}
	if (order == NULL) {
		return WEALD_OK;
	}
	if (strcmp(order, "dmy") != 0 && strcmp(order, "mdy") != 0) {
		return cli_usage_error(rd->c,
				       "--date-order %s: dmy (02/01/2026 is 2 "
				       "January) or mdy (1 February)",
				       order);
	}
	rd->how.date_order = order[0] == 'd' ? SHEET_DATE_DMY : SHEET_DATE_MDY;
	return WEALD_OK;
}

static int take_options(struct reading *rd)
{
	int r = take_shape(rd);

	r = r == WEALD_OK ? take_direction(rd) : r;
	r = r == WEALD_OK ? take_start(rd) : r;
	r = r == WEALD_OK ? take_numbers(rd) : r;
	return r == WEALD_OK ? take_columns(rd) : r;
}

/* ---- the file ------------------------------------------------------------
 */

static int read_stdin(struct cli *c, struct buf *out)
{
	uint8_t block[16384];
	size_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK &&
	       (n = fread(block, 1, sizeof block, stdin)) > 0) {
		r = buf_add(out, block, n);
	}
	if (r == WEALD_OK && ferror(stdin)) {
		msg_set(&c->msg, "cannot read " STDIN_NAME ": %s",
			strerror(errno));
		r = WEALD_IO;
	}
	return r;
}

/* What is no file, and what to do instead. */
static int check_kind(struct reading *rd)
{
	const char *file = rd->csv->file;
	struct stat st;

	if (stat(file, &st) != 0 || S_ISREG(st.st_mode)) {
		return WEALD_OK; /* what cannot be read is told there */
	}
	if (S_ISDIR(st.st_mode)) {
		msg_set(&rd->c->msg, "%s: it is a folder; name a file in it",
			file);
	} else {
		msg_set(&rd->c->msg,
			"%s: it is no file but a pipe or a device; pipe it "
			"in: ... | weald %s --csv -",
			file,
			rd->c->command != NULL ? rd->c->command : "evidence");
	}
	return WEALD_INVALID;
}

static int read_bytes(struct reading *rd, struct buf *out)
{
	struct cli *c = rd->c;
	const bool piped = strcmp(rd->csv->file, "-") == 0;
	int r = piped ? read_stdin(c, out) : check_kind(rd);

	if (r == WEALD_OK && !piped) {
		r = fs_read_file(rd->csv->file, SHEET_BYTES_MAX, out, &c->msg);
	}
	if (r == WEALD_TOOBIG) {
		msg_set(&c->msg,
			"%s: over 1 MiB; one row a month, never a row a person",
			piped ? STDIN_NAME : rd->csv->file);
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

/* ---- what is wrong -------------------------------------------------------
 */

static int tell_json(const struct problem *p)
{
	struct json_line j;

	json_line_init(&j);
	json_line_text(&j, "level",
		       p->level == PROBLEM_ERROR ? "error" : "warning");
	json_line_text(&j, "file", p->file);
	if (p->line != 0) {
		json_line_uint(&j, "line", p->line);
	}
	if (p->field[0] != '\0') {
		json_line_text(&j, "field", p->field);
	}
	json_line_text(&j, "problem", msg_text(&p->text, WEALD_INVALID));
	return json_line_print(&j);
}

/* FILE:LINE: field: what is wrong; what to do. They are escaped already. */
static void tell_text(const struct problem *p)
{
	fputs(p->file, stderr);
	if (p->line != 0) {
		fprintf(stderr, ":%zu", p->line);
	}
	fprintf(stderr, ": %s%s%s%s\n",
		p->level == PROBLEM_WARNING ? "note: " : "", p->field,
		p->field[0] == '\0' ? "" : ": ",
		msg_text(&p->text, WEALD_INVALID));
}

static bool are_alike(const struct problem *a, const struct problem *b)
{
	return a->level == b->level && strcmp(a->field, b->field) == 0 &&
	       strcmp(a->text.text, b->text.text) == 0;
}

/* The first ALIKE_MAX of those that are alike, and how many more there are. */
static void tell_one_of(const struct problems *problems, size_t at)
{
	const struct problem *p = &problems->list[at];
	size_t before = 0;
	size_t after = 0;
	size_t i;

	for (i = 0; i < problems->n; i++) {
		before += i < at && are_alike(&problems->list[i], p);
		after += i > at && are_alike(&problems->list[i], p);
	}
	if (before < ALIKE_MAX) {
		tell_text(p);
	}
	if (before + 1 == ALIKE_MAX && after > 0) {
		fprintf(stderr, "%s: %s%sand %zu more line%s alike\n", p->file,
			p->field, p->field[0] == '\0' ? "" : ": ", after,
			after == 1 ? "" : "s");
	}
}

static int tell(struct cli *c, struct problems *problems)
{
	size_t i;
	int r = problems->no_memory ? WEALD_NOMEM : WEALD_OK;

	problems_sort(problems);
	fflush(stdout);
	for (i = 0; r == WEALD_OK && i < problems->n; i++) {
		if (c->json) {
			r = tell_json(&problems->list[i]);
		} else {
			tell_one_of(problems, i);
		}
	}
	if (!c->json && problems->errors + problems->warnings > problems->n) {
		fprintf(stderr, "and %zu more like these\n",
			problems->errors + problems->warnings - problems->n);
	}
	return r;
}

/* ---- the question --------------------------------------------------------
 */

static bool can_ask(const struct reading *rd)
{
	return !rd->c->json && strcmp(rd->csv->file, "-") != 0 &&
	       isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* The two readings of "01/02/2026": "1 February" and "2 January". */
static void readings_of(const struct sheet *s, char dmy[40], char mdy[40])
{
	static const char *const names[] = {
		"January",   "February", "March",    "April",
		"May",       "June",     "July",     "August",
		"September", "October",  "November", "December"
	};
	const int32_t a = s->ambiguous_numbers[0];
	const int32_t b = s->ambiguous_numbers[1];

	assert(a >= 1 && a <= 12 && b >= 1 && b <= 12);
	(void)snprintf(dmy, 40, "%d %s", (int)a, names[b - 1]);
	(void)snprintf(mdy, 40, "%d %s", (int)b, names[a - 1]);
}

static int refuse_order(struct reading *rd, const char *name,
			const struct sheet *s)
{
	struct cli *c = rd->c;
	char dmy[40];
	char mdy[40];

	readings_of(s, dmy, mdy);
	msg_set(&c->msg,
		"%s:%zu: %s can be read in two ways: %s with --date-order dmy, "
		"%s with --date-order mdy",
		name, s->ambiguous_line, s->ambiguous, dmy, mdy);
	return cli_fail(c, CLI_ABOUT_INPUT, WEALD_INVALID);
}

/*
 * A line of the terminal that is d or m and nothing else: 'd', 'm'; 0: another.
 * False at the end.
 */
static bool read_answer(char *out)
{
	char line[80] = "";
	const char *at;
	size_t len;
	int c = 0;

	*out = 0;
	if (fgets(line, sizeof line, stdin) == NULL) {
		return false;
	}
	if (strchr(line, '\n') == NULL) { /* the rest of a long one */
		while (c != '\n' && c != EOF) {
			c = getchar();
		}
		return true;
	}
	at = line + strspn(line, " \t\r\n");
	len = strcspn(at, " \t\r\n");
	if (len == 1 && at[1 + strspn(at + 1, " \t\r\n")] == '\0' &&
	    strchr("dDmM", at[0]) != NULL) {
		*out = at[0] == 'd' || at[0] == 'D' ? 'd' : 'm';
	}
	return true;
}

/* Ask which, twice at most; false where no answer is one. */
static bool ask_order(struct reading *rd, const char *name,
		      const struct sheet *s)
{
	char answer = 0;
	char dmy[40];
	char mdy[40];

	readings_of(s, dmy, mdy);
	fprintf(stderr,
		"%s, line %zu: which day is %s?\n"
		"  d  %s (the day first)\n"
		"  m  %s (the month first)\n"
		"[d/m] ",
		name, s->ambiguous_line, s->ambiguous, dmy, mdy);
	fflush(stderr);
	if (read_answer(&answer) && answer == 0) {
		fprintf(stderr, "Answer d or m: [d/m] ");
		fflush(stderr);
		(void)read_answer(&answer);
	}
	rd->how.date_order = answer == 'd'   ? SHEET_DATE_DMY
			     : answer == 'm' ? SHEET_DATE_MDY
					     : SHEET_DATE_UNKNOWN;
	return answer != 0;
}

/* ---- the whole -----------------------------------------------------------
 */

static int read_sheet(struct reading *rd, const char *name, struct span bytes,
		      struct sheet *out)
{
	struct problems problems = { .n = 0 };
	size_t errors;
	int told;
	int r = sheet_read(bytes, name, &rd->how, out, &problems);

	if (r == WEALD_INCOMPLETE && problems.errors == 0 && can_ask(rd) &&
	    ask_order(rd, name, out)) {
		sheet_clear(out);
		problems_release(&problems);
		r = sheet_read(bytes, name, &rd->how, out, &problems);
	}
	errors = problems.errors;
	told = tell(rd->c, &problems);
	problems_release(&problems);
	if (told != WEALD_OK) {
		return told;
	}
	if (r == WEALD_INCOMPLETE) {
		return refuse_order(rd, name, out);
	}
	if (r == WEALD_INVALID) {
		msg_set(&rd->c->msg, "%s: %zu error%s in it", name, errors,
			errors == 1 ? "" : "s");
		rd->c->advice = "put these right, and run it again";
	}
	return cli_fail(rd->c, CLI_ABOUT_INPUT, r);
}

/* A target that is out of all proportion to the points: of another unit? */
static int check_target(struct reading *rd, const struct evidence_source *s)
{
	const struct chart *chart = &s->study.rebased;
	const double target = rd->measure.target;
	struct problems problems = { .n = 0 };
	double least = (double)INFINITY;
	double most = 0;
	size_t i;
	int r;

	for (i = 0; i < chart->n; i++) {
		least = fmin(least, chart->points[i].value);
		most = fmax(most, chart->points[i].value);
	}
	/* none at all is a target of its own */
	if (!rd->measure.has_target || chart->n == 0 || target == 0 ||
	    (target <= TARGET_FAR * most && target * TARGET_FAR >= least)) {
		return WEALD_OK;
	}
	problem_add(&problems, PROBLEM_WARNING, s->source, 0, "target",
		    "%s is more than 10 times %s all points; it must be in "
		    "the unit of the values, such as per 100 or per 1000",
		    rd->csv->target, target > most ? "above" : "below");
	r = tell(rd->c, &problems);
	problems_release(&problems);
	return r;
}

/* An escaped name for problems, and the last part of it for a title. */
static int set_names(struct reading *rd, struct evidence_source *out)
{
	const char *file = rd->csv->file;
	const char *slash = strrchr(file, '/');

	if (strcmp(file, "-") == 0) {
		file = STDIN_NAME;
	} else if (slash != NULL) {
		file = slash + 1;
	}
	out->source = strdup(file);
	out->title = strdup(file);
	return out->source == NULL || out->title == NULL ? WEALD_NOMEM
							 : WEALD_OK;
}

int evidence_source_file(struct cli *c, const struct evidence_csv *csv,
			 struct evidence_source *out)
{
	struct reading rd = { .c = c,
			      .csv = csv,
			      .measure = { .chart = CHART_AUTO } };
	struct buf bytes;
	int r;

	*out = (struct evidence_source){ .is_file = true };
	buf_init(&bytes, SHEET_BYTES_MAX);
	r = take_options(&rd);
	r = r == WEALD_OK ? set_names(&rd, out) : r;
	r = r == WEALD_OK ? read_bytes(&rd, &bytes) : r;
	if (r == WEALD_OK) {
		r = read_sheet(&rd, out->source, buf_span(&bytes), &out->sheet);
	}
	if (r == WEALD_OK) {
		out->series = out->sheet.series;
		out->has_measure = true;
		r = study_make(&out->series, &rd.measure, NULL, 0, &out->study);
		out->has_effect = rd.how.has_start || out->study.has_start;
		r = r == WEALD_OK ? check_target(&rd, out) : r;
	}
	buf_release(&bytes);
	return r;
}
