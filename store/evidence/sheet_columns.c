#include <stdio.h>

#include "proto/text.h"
#include "store/evidence/sheet_private.h"

#define ROLES_READ 3u /* without the phase */

const char *sheet_role_name(enum sheet_column role)
{
	static const char *const names[SHEET_ROLES_N] = { "month", "numerator",
							  "denominator",
							  "phase" };

	return names[role];
}

bool sheet_needs_denominator(enum effect_shape shape)
{
	return shape == EFFECT_RATE || shape == EFFECT_PROPORTION ||
	       shape == EFFECT_MEAN;
}

/* ---- which columns -------------------------------------------------------
 */

/* Headings that say what a column is of figures of any shape; "" ends a list.
 */
static const char *const known[SHEET_ROLES_N][14] = {
	[SHEET_MONTH] = { "month", "date", "period", "month ending",
			  "month starting", "month beginning",
			  "reporting period", "month/year", "month year", "" },
	[SHEET_NUMERATOR] = { "numerator", "num", "" },
	[SHEET_DENOMINATOR] = { "denominator", "den", "denom", "at risk", "of",
				"bed days", "occupied bed days", "beddays",
				"population", "" },
	[SHEET_PHASE] = { "phase", "" },
};

/* Those that say it of some shapes only. */
#define OF(shape) (1u << (unsigned)(shape))
static const struct {
	const char *heading;
	enum sheet_column role;
	unsigned shapes;
} known_of[] = {
	{ "events", SHEET_NUMERATOR,
	  OF(EFFECT_RATE) | OF(EFFECT_PROPORTION) | OF(EFFECT_COUNT) },
	{ "number of events", SHEET_NUMERATOR,
	  OF(EFFECT_RATE) | OF(EFFECT_PROPORTION) | OF(EFFECT_COUNT) },
	{ "incidents", SHEET_NUMERATOR,
	  OF(EFFECT_RATE) | OF(EFFECT_PROPORTION) | OF(EFFECT_COUNT) },
	{ "sum", SHEET_NUMERATOR, OF(EFFECT_MEAN) },
	{ "days between", SHEET_NUMERATOR, OF(EFFECT_TIME_BETWEEN) },
	{ "days since last", SHEET_NUMERATOR, OF(EFFECT_TIME_BETWEEN) },
	/* of a rate they could be either; of a proportion one that is taken
	 * wrongly shows as more events than cases */
	{ "patients", SHEET_DENOMINATOR,
	  OF(EFFECT_PROPORTION) | OF(EFFECT_MEAN) },
	{ "cases", SHEET_DENOMINATOR, OF(EFFECT_PROPORTION) },
	{ "seen", SHEET_DENOMINATOR, OF(EFFECT_PROPORTION) },
	{ "total", SHEET_DENOMINATOR, OF(EFFECT_PROPORTION) },
	{ "n", SHEET_DENOMINATOR, OF(EFFECT_PROPORTION) | OF(EFFECT_MEAN) },
};

static bool is_known(struct span heading, enum sheet_column role,
		     enum effect_shape shape)
{
	size_t i;

	for (i = 0; known[role][i][0] != '\0'; i++) {
		if (sheet_same(heading, known[role][i])) {
			return true;
		}
	}
	for (i = 0; i < sizeof known_of / sizeof known_of[0]; i++) {
		if (known_of[i].role == role &&
		    (known_of[i].shapes & OF(shape)) != 0 &&
		    sheet_same(heading, known_of[i].heading)) {
			return true;
		}
	}
	return false;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "% late", "Rate per 1000", "Target": computed, or no figure of a month. */
static bool is_computed(struct span heading)
{
	static const char *const words[] = {
		"percent",    "percentage", "pct",    "rate",   "rates",
		"per",        "ratio",      "mean",   "median", "average",
		"avg",        "target",     "limit",  "limits", "ucl",
		"lcl",        "goal",       "centre", "center", "baseline",
		"proportion",
	};
	struct span word;
	size_t at = 0;
	size_t i;

	while (at < heading.len) {
		if (heading.data[at] == '%') {
			return true;
		}
		word = (struct span){ heading.data + at, 0 };
		while (at < heading.len && is_letter(heading.data[at])) {
			word.len++;
			at++;
		}
		at += word.len == 0;
		for (i = 0; i < sizeof words / sizeof words[0]; i++) {
			if (sheet_same(word, words[i])) {
				return true;
			}
		}
	}
	return false;
}

/* The headings, for whoever has to choose among them. */
static void list_headings(const struct sheet_cells *head, char *out,
			  size_t size)
{
	char one[SHEET_HEADING_BYTES];
	size_t len = 0;
	size_t i;
	int n;

	out[0] = '\0';
	for (i = 0; i < head->n && len + 2 * sizeof one < size; i++) {
		text_escape((const char *)head->cell[i].data, head->cell[i].len,
			    one, sizeof one);
		n = snprintf(out + len, size - len, "%s\"%s\"",
			     i == 0 ? "" : ", ", one);
		len += n < 0 ? 0 : (size_t)n;
	}
	if (i < head->n) {
		(void)snprintf(out + len, size - len, " ...");
	}
}

/* The column that an option names: its heading, else its number. */
static bool find_named(struct sheet_reading *rd, const struct sheet_cells *head,
		       enum sheet_column role, const char *name)
{
	char headings[300];
	size_t found = 0;
	uint64_t number;
	size_t i;

	for (i = 0; rd->out->has_heading && i < head->n; i++) {
		if (sheet_same(head->cell[i], name)) {
			rd->out->columns[role] = i;
			found++;
		}
	}
	if (found == 1) {
		return true;
	}
	if (found == 0 &&
	    parse_u64(span_of(name), 1, head->n, &number) == WEALD_OK) {
		rd->out->columns[role] = (size_t)number - 1;
		return true;
	}
	if (found > 1) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
			    sheet_role_name(role),
			    "%zu columns are called \"%.60s\"; say which by "
			    "its number: --%s 1 is the first",
			    found, name, sheet_role_name(role));
		return false;
	}
	list_headings(head, headings, sizeof headings);
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
		    sheet_role_name(role),
		    "there is no column \"%.60s\"; there are %s", name,
		    rd->out->has_heading ? headings
					 : "no headings: say its number");
	return false;
}

/* One whose heading is known; twice is a question. */
static bool find_known(struct sheet_reading *rd, const struct sheet_cells *head,
		       enum sheet_column role)
{
	size_t found = 0;
	size_t i;

	for (i = 0; i < head->n; i++) {
		if (is_known(head->cell[i], role, rd->how->shape)) {
			rd->out->columns[role] = i;
			found++;
		}
	}
	if (found > 1) {
		rd->out->columns[role] = SIZE_MAX;
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
			    sheet_role_name(role),
			    "%zu columns could be the %s; say which with "
			    "--%s",
			    found, sheet_role_name(role),
			    sheet_role_name(role));
	}
	return found <= 1;
}

static bool is_taken(const struct sheet *s, size_t column)
{
	size_t i;

	for (i = 0; i < SHEET_ROLES_N; i++) {
		if (s->columns[i] == column) {
			return true;
		}
	}
	return false;
}

static bool is_needed(const struct sheet_reading *rd, enum sheet_column role)
{
	return role < ROLES_READ && (role != SHEET_DENOMINATOR ||
				     sheet_needs_denominator(rd->how->shape));
}

static size_t count_missing(const struct sheet_reading *rd)
{
	enum sheet_column i;
	size_t n = 0;

	for (i = 0; i < ROLES_READ; i++) {
		n += is_needed(rd, i) && rd->out->columns[i] == SIZE_MAX;
	}
	return n;
}

/* Without headings: by its place, where there is no further column. */
static void place_bare(struct sheet_reading *rd, const struct sheet_cells *head)
{
	const size_t needed = sheet_needs_denominator(rd->how->shape) ? 3 : 2;
	enum sheet_column i;

	if (head->n != needed && head->n != ROLES_READ) {
		return;
	}
	for (i = 0; i < ROLES_READ; i++) {
		if (is_needed(rd, i) && rd->out->columns[i] == SIZE_MAX &&
		    i < head->n && !is_taken(rd->out, i)) {
			rd->out->columns[i] = i;
		}
	}
}

/*
 * With headings: the one that is lacking is the one column that is left. Two
 * that are lacking cannot be told from each other, and what is a percentage or
 * a rate by its heading is neither.
 */
static void place_last(struct sheet_reading *rd, const struct sheet_cells *head)
{
	enum sheet_column role = SHEET_MONTH;
	enum sheet_column other;
	size_t left = 0;
	size_t at = 0;
	bool free_one;
	size_t i;

	while (!is_needed(rd, role) || rd->out->columns[role] != SIZE_MAX) {
		role++;
	}
	for (i = 0; i < head->n; i++) {
		free_one = head->cell[i].len > 0 && !is_taken(rd->out, i);
		for (other = 0; other < SHEET_ROLES_N; other++) {
			free_one = free_one && (other == role ||
						!is_known(head->cell[i], other,
							  rd->how->shape));
		}
		left += free_one;
		at = free_one ? i : at;
	}
	if (left == 1 && !is_computed(head->cell[at])) {
		rd->out->columns[role] = at;
	}
}

static void ask_column(struct sheet_reading *rd, const struct sheet_cells *head,
		       enum sheet_column role)
{
	char headings[300];

	list_headings(head, headings, sizeof headings);
	problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
		    sheet_role_name(role),
		    "which column is the %s? Say it with --%s; there are %s",
		    sheet_role_name(role), sheet_role_name(role),
		    rd->out->has_heading ? headings
					 : "no headings: say its number");
}

/* Those that nothing names: by what is left, else a question of each. */
static bool place_columns(struct sheet_reading *rd,
			  const struct sheet_cells *head)
{
	const bool is_of = sheet_needs_denominator(rd->how->shape);
	char headings[300];
	enum sheet_column i;

	if (!rd->out->has_heading) {
		place_bare(rd, head);
	} else if (count_missing(rd) == 1) {
		place_last(rd, head);
	}
	if (count_missing(rd) == 0) {
		return true;
	}
	if (head->n < (is_of ? 3u : 2u)) {
		i = is_of ? SHEET_DENOMINATOR : SHEET_NUMERATOR;
		list_headings(head, headings, sizeof headings);
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
			    sheet_role_name(i),
			    "there is no column for the %s: needed are month, "
			    "%s; found %s",
			    sheet_role_name(i),
			    is_of ? "numerator and denominator" : "numerator",
			    rd->out->has_heading ? headings : "no headings");
		return false;
	}
	for (i = 0; i < ROLES_READ; i++) {
		if (is_needed(rd, i) && rd->out->columns[i] == SIZE_MAX) {
			ask_column(rd, head, i);
		}
	}
	return false;
}

static bool find_column(struct sheet_reading *rd,
			const struct sheet_cells *head, enum sheet_column role,
			const char *named)
{
	if (rd->out->columns[role] != SIZE_MAX) {
		return true;
	}
	if (named != NULL) {
		return find_named(rd, head, role, named);
	}
	if (rd->out->has_heading && !find_known(rd, head, role)) {
		return false;
	}
	return true;
}

/* Names first, so that a column that somebody named is not guessed at. */
bool sheet_find_columns(struct sheet_reading *rd,
			const struct sheet_cells *head)
{
	const char *const named[SHEET_ROLES_N] = {
		[SHEET_MONTH] = rd->how->month,
		[SHEET_NUMERATOR] = rd->how->numerator,
		[SHEET_DENOMINATOR] = rd->how->denominator,
	};
	const bool is_of = sheet_needs_denominator(rd->how->shape);
	bool ok = true;
	enum sheet_column i;

	for (i = 0; i < SHEET_ROLES_N; i++) {
		rd->out->columns[i] = SIZE_MAX;
	}
	for (i = 0; i < SHEET_ROLES_N; i++) {
		if (named[i] != NULL) {
			ok = find_column(rd, head, i, named[i]) && ok;
		}
	}
	for (i = 0; ok && i < SHEET_ROLES_N; i++) {
		if (i != SHEET_DENOMINATOR || is_of) {
			ok = find_column(rd, head, i, named[i]);
		}
	}
	ok = ok && place_columns(rd, head);
	for (i = 0; ok && i < ROLES_READ; i++) {
		if (rd->out->columns[i] != SIZE_MAX &&
		    (rd->out->columns[i] ==
		     rd->out->columns[(i + 1) % ROLES_READ])) {
			problem_add(rd->problems, PROBLEM_ERROR, rd->name,
				    head->line, sheet_role_name(i),
				    "one column cannot be two things; say "
				    "others with --month, --numerator and "
				    "--denominator");
			ok = false;
		}
	}
	return ok;
}
