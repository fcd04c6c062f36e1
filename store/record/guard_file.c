/*
 * Files beside record.md and the series: what no scanner can read, and tables
 * in which a row may be a person.
 *
 * Such a table is told by its form, three lines with the same number of cells,
 * or by the names of its columns. Both are only asked about.
 */
#include <string.h>

#include "proto/text.h"
#include "store/record/guard_private.h"

#define ROWS_MIN       3u
#define SEPARATORS_MIN 2u
#define CELL_WORDS_MAX 3u
#define CELLS_MAX      64u

static const char unread[] = "cannot be looked through";
static const char people[] = "a row may be a person";

static bool ends_in(const char *file, const char *end)
{
	size_t n = strlen(file);
	size_t m = strlen(end);
	size_t i;

	if (n < m) {
		return false;
	}
	for (i = 0; i < m; i++) {
		if (guard_lower(file[n - m + i]) != end[i]) {
			return false;
		}
	}
	return true;
}

static bool ends_in_any(const char *file, const char *const *ends)
{
	for (; *ends != NULL; ends++) {
		if (ends_in(file, *ends)) {
			return true;
		}
	}
	return false;
}

/* By its ending or its first bytes; some of these are ASCII throughout. */
static bool is_opaque(const char *file, struct span content)
{
	static const char *const ends[] = {
		".pdf",  ".svg",  ".rtf",  ".eml",  ".msg",  ".doc",
		".docx", ".docm", ".odt",  ".xls",  ".xlsx", ".xlsm",
		".ods",  ".ppt",  ".pptx", ".odp",  ".zip",  ".gz",
		".7z",   ".png",  ".jpg",  ".jpeg", ".gif",  ".bmp",
		".tif",  ".tiff", ".webp", ".heic", ".ps",   NULL
	};
	static const char *const heads[] = { "%PDF",         "<svg",
					     "{\\rtf",       "PK\x03\x04",
					     "\x89PNG",      "GIF8",
					     "\xff\xd8\xff", "\xd0\xcf\x11\xe0",
					     "%!PS",         NULL };
	size_t i;
	size_t n;

	if (ends_in_any(file, ends)) {
		return true;
	}
	for (i = 0; heads[i] != NULL; i++) {
		n = strlen(heads[i]);
		if (content.len >= n &&
		    memcmp(content.data, heads[i], n) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- lines and cells ---- */

static bool take_line(struct span *rest, struct span *out)
{
	const uint8_t *lf;

	if (rest->len == 0) {
		return false;
	}
	lf = memchr(rest->data, '\n', rest->len);
	*out = *rest;
	out->len = lf == NULL ? rest->len : (size_t)(lf - rest->data);
	rest->data += out->len + (lf != NULL);
	rest->len -= out->len + (lf != NULL);
	return true;
}

/* How many of @sign are in @line; 0 where a cell is as long as a sentence. */
static size_t count_cells(struct span line, char sign)
{
	size_t signs = 0;
	size_t words = 0;
	bool in_word = false;
	size_t i;

	for (i = 0; i < line.len; i++) {
		if ((char)line.data[i] == sign) {
			signs++;
			words = 0;
			in_word = false;
		} else if (!guard_is_alnum((char)line.data[i])) {
			in_word = line.data[i] != ' ' && in_word;
		} else if (!in_word) {
			in_word = true;
			words++;
			if (words > CELL_WORDS_MAX) {
				return 0;
			}
		}
	}
	return signs >= SEPARATORS_MIN ? signs : 0;
}

static bool is_series_head(struct span line)
{
	static const char head[] = "month,numerator,denominator";

	return line.len >= sizeof head - 1 &&
	       memcmp(line.data, head, sizeof head - 1) == 0;
}

/* The first line of three in a row with as many cells; 0 where none is. */
static size_t find_rows(struct span text, char sign)
{
	struct span line;
	size_t cells = 0;
	size_t rows = 0;
	bool in_series = false;
	size_t no;
	size_t n;

	for (no = 1; take_line(&text, &line); no++) {
		n = count_cells(line, sign);
		if (n == 0 || n != cells) {
			rows = 0;
			in_series = is_series_head(line);
		}
		rows += n > 0 && !in_series;
		cells = n;
		if (rows == ROWS_MIN) {
			return no + 1 - ROWS_MIN;
		}
	}
	return 0;
}

/* ---- columns ---- */

/* How much the name of a column says that its rows are people; 2 is enough. */
static unsigned weigh(struct span cell)
{
	static const struct {
		const char *name;
		unsigned weight;
	} columns[] = {
		{ "initials", 2 },   { "surname", 2 },       { "forename", 2 },
		{ "first name", 2 }, { "last name", 2 },     { "dob", 2 },
		{ "nhs number", 2 }, { "date of birth", 2 }, { "mrn", 2 },
		{ "name", 1 },       { "patient", 1 },       { "age", 1 },
		{ "sex", 1 },        { "gender", 1 },        { "ward", 1 },
		{ "outcome", 1 },    { "died", 1 },          { "diagnosis", 1 },
	};
	char name[16];
	size_t n = 0;
	size_t i;
	char c;

	for (i = 0; i < cell.len && n < sizeof name - 1; i++) {
		c = (char)cell.data[i];
		c = c == '_' || c == '-' ? ' ' : guard_lower(c);
		if (guard_is_alnum(c) || (c == ' ' && n > 0)) {
			name[n] = c;
			n++;
		}
	}
	while (n > 0 && name[n - 1] == ' ') {
		n--;
	}
	name[n] = '\0';
	for (i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		if (strcmp(name, columns[i].name) == 0) {
			return columns[i].weight;
		}
	}
	return 0;
}

static bool names_people(struct span line, char sign)
{
	unsigned weight = 0;
	size_t cells;
	struct span cell;
	const uint8_t *end;

	for (cells = 0; cells < CELLS_MAX && line.len > 0; cells++) {
		end = memchr(line.data, sign, line.len);
		cell = line;
		cell.len = end == NULL ? line.len : (size_t)(end - line.data);
		weight += weigh(cell);
		line.data += cell.len + (end != NULL);
		line.len -= cell.len + (end != NULL);
	}
	return weight >= 2;
}

/* The line below a Markdown table's head. */
static bool is_rule(struct span line)
{
	bool has_bar = false;
	bool has_dash = false;
	size_t i;

	for (i = 0; i < line.len; i++) {
		if (strchr("|-: \r", (char)line.data[i]) == NULL) {
			return false;
		}
		has_bar = has_bar || line.data[i] == '|';
		has_dash = has_dash || line.data[i] == '-';
	}
	return has_bar && has_dash;
}

/* The line of a Markdown table's head that names people; 0 where none is. */
static size_t find_people(struct span text)
{
	struct span before = { NULL, 0 };
	struct span line;
	size_t no;

	for (no = 1; take_line(&text, &line); no++) {
		if (no > 1 && is_rule(line) && names_people(before, '|')) {
			return no - 1;
		}
		before = line;
	}
	return 0;
}

/* The line with a quoted key of JSON that names people; 0 where none is. */
static size_t find_people_keys(struct span text)
{
	struct span line;
	unsigned weight;
	size_t no;
	size_t from;
	size_t i;

	for (no = 1; take_line(&text, &line); no++) {
		weight = 0;
		from = 0;
		for (i = 0; i < line.len; i++) {
			if (line.data[i] != '"') {
				continue;
			}
			if (i + 1 < line.len && line.data[i + 1] == ':') {
				weight += weigh((struct span){ line.data + from,
							       i - from });
			}
			from = i + 1;
		}
		if (weight >= 2) {
			return no;
		}
	}
	return 0;
}

static size_t find_table(const char *file, struct span text)
{
	static const char signs[] = ",;|\t";
	size_t line = find_people(text);
	size_t i;

	if (line == 0 && !ends_in(file, ".md")) {
		line = find_people_keys(text);
		for (i = 0; line == 0 && signs[i] != '\0'; i++) {
			line = find_rows(text, signs[i]);
		}
	}
	return line;
}

void guard_scan_form(const char *file, struct span content,
		     struct guard_report *out)
{
	size_t line;

	if (is_opaque(file, content)) {
		if (!text_is_utf8(content)) {
			return; /* its scan said so */
		}
		guard_add_seen(out, GUARD_UNREADABLE, GUARD_WARN, file, 1,
			       unread);
		return;
	}
	line = find_table(file, content);
	if (line > 0) {
		guard_add_seen(out, GUARD_TABLE, GUARD_WARN, file, line,
			       people);
	}
}
