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

/* Headings that say what a column is; "" ends a list. */
static const char *const known[SHEET_ROLES_N][14] = {
	[SHEET_MONTH] = { "month", "date", "period", "month ending",
			  "month starting", "month beginning",
			  "reporting period", "month/year", "month year", "" },
	[SHEET_NUMERATOR] = { "numerator", "num", "events", "count", "cases",
			      "incidents", "number of events", "sum",
			      "days between", "days since last", "" },
	[SHEET_DENOMINATOR] = { "denominator", "den", "denom", "at risk", "of",
				"bed days", "occupied bed days", "beddays",
				"patients", "population", "total", "n", "" },
	[SHEET_PHASE] = { "phase", "" },
};

static bool is_known(struct span heading, enum sheet_column role)
{
	size_t i;

	for (i = 0; known[role][i][0] != '\0'; i++) {
		if (sheet_same(heading, known[role][i])) {
			return true;
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
		if (is_known(head->cell[i], role)) {
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

/* Its place, where there is no column but those that are needed. */
static bool find_placed(struct sheet_reading *rd,
			const struct sheet_cells *head, enum sheet_column role)
{
	const size_t phase = rd->out->columns[SHEET_PHASE] != SIZE_MAX;
	const size_t needed = sheet_needs_denominator(rd->how->shape) ? 3 : 2;
	char headings[300];
	size_t place = (size_t)role;

	if ((head->n - phase == needed || head->n - phase == ROLES_READ) &&
	    place < head->n && !is_taken(rd->out, place)) {
		rd->out->columns[role] = place;
		return true;
	}
	list_headings(head, headings, sizeof headings);
	if (head->n < needed) {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
			    sheet_role_name(role),
			    "there is no column for the %s: needed are month, "
			    "%s; found %s",
			    sheet_role_name(role),
			    needed == 2 ? "numerator"
					: "numerator and denominator",
			    headings);
	} else {
		problem_add(rd->problems, PROBLEM_ERROR, rd->name, head->line,
			    sheet_role_name(role),
			    "which column is the %s? Say it with --%s; there "
			    "are %s",
			    sheet_role_name(role), sheet_role_name(role),
			    headings);
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
	for (i = 0; ok && i < ROLES_READ; i++) {
		if (rd->out->columns[i] == SIZE_MAX &&
		    (i != SHEET_DENOMINATOR || is_of)) {
			ok = find_placed(rd, head, i);
		}
	}
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
