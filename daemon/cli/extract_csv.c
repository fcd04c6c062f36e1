#include "daemon/cli/extract_private.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/cli/out.h"

/* What makes a spreadsheet compute a cell instead of showing it. */
#define FORMULA_STARTS "=+-@\t\r"

/* The same, as wide as a Chinese character: Excel takes them for the others. */
static const char *const wide_starts[] = {
	"\xef\xbc\x9d", /* = */
	"\xef\xbc\x8b", /* + */
	"\xef\xbc\x8d", /* - */
	"\xef\xbc\xa0", /* @ */
};

static bool is_formula(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof wide_starts / sizeof *wide_starts; i++) {
		if (strncmp(text, wide_starts[i], strlen(wide_starts[i])) ==
		    0) {
			return true;
		}
	}
	return text[0] != '\0' && strchr(FORMULA_STARTS, text[0]) != NULL;
}

static void begin_cell(struct csv *s)
{
	if (s->begun) {
		fputc(',', s->file);
	}
	s->begun = true;
}

void csv_text(struct csv *s, const char *text)
{
	size_t len = strlen(text);
	bool formula = is_formula(text);
	/* ";" parts columns where "," is the decimal sign */
	bool quoted = text[strcspn(text, ",;\"\r\n")] != '\0' ||
		      (len > 0 && (text[0] == ' ' || text[len - 1] == ' '));

	begin_cell(s);
	if (quoted) {
		fputc('"', s->file);
	}
	if (formula) {
		fputc('\'', s->file);
	}
	for (; *text != '\0'; text++) {
		if (*text == '"') {
			fputc('"', s->file);
		}
		fputc(*text, s->file);
	}
	if (quoted) {
		fputc('"', s->file);
	}
}

void csv_uint(struct csv *s, uint64_t v)
{
	begin_cell(s);
	fprintf(s->file, "%" PRIu64, v);
}

void csv_number(struct csv *s, double v)
{
	begin_cell(s);
	fprintf(s->file, "%.15g", v);
}

void csv_bool(struct csv *s, bool v)
{
	csv_text(s, v ? "true" : "false");
}

void csv_time(struct csv *s, uint64_t seconds)
{
	char text[OUT_TIME_BYTES];

	out_time_iso(seconds, text);
	csv_text(s, text);
}

void csv_end(struct csv *s)
{
	fputs("\r\n", s->file);
	s->begun = false;
}
