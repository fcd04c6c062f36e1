#include "tests/unit/chartkit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LINE_BYTES 200u

void chartkit_clear(struct chartkit *k)
{
	memset(k, 0, sizeof *k);
	k->series.rows = k->rows;
}

void chartkit_add(struct chartkit *k, int32_t month, double numerator,
		  double denominator, enum series_phase phase)
{
	struct series_row *row = &k->rows[k->series.n];

	assert_true(k->series.n < SERIES_ROWS_MAX);
	row->month = month;
	row->day = 1;
	row->numerator = numerator;
	row->denominator = denominator;
	row->phase = phase;
	k->series.n++;
}

void chartkit_values(struct chartkit *k, const double *values, size_t n)
{
	size_t i;

	chartkit_clear(k);
	for (i = 0; i < n; i++) {
		chartkit_add(k, (int32_t)i, values[i], 1, SERIES_BEFORE);
	}
}

/* Cut @line at its commas; how many cells there are. */
static size_t cells_of(char *line, char *cells[5])
{
	size_t n;

	line[strcspn(line, "\r\n")] = '\0';
	for (n = 0; n < 5 && line != NULL; n++) {
		cells[n] = line;
		line = strchr(line, ',');
		if (line != NULL) {
			*line++ = '\0';
		}
	}
	return n;
}

static void add_line(struct chartkit *k, char *line)
{
	struct series_row *row = &k->rows[k->series.n];
	char none[] = "";
	char *cells[5] = { none, none, none, none, none };
	const size_t n = cells_of(line, cells);
	int year;
	int month;
	int day;

	assert_true(n >= 2);
	chartkit_add(k, (int32_t)k->series.n, strtod(cells[1], NULL),
		     n > 2 ? strtod(cells[2], NULL) : 1, SERIES_BEFORE);
	/* NOLINTNEXTLINE(cert-err34-c): files of our own */
	if (sscanf(cells[0], "%d-%d-%d", &year, &month, &day) == 3) {
		row->month = (year - 1970) * 12 + month - 1;
		row->day = day;
	}
	if (n > 3 && strcmp(cells[3], "transition") == 0) {
		row->phase = SERIES_TRANSITION;
	} else if (n > 3 && strcmp(cells[3], "after") == 0) {
		row->phase = SERIES_AFTER;
	}
}

void chartkit_read(struct chartkit *k, const char *path)
{
	char line[LINE_BYTES];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	chartkit_clear(k);
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f) != NULL) {
		add_line(k, line);
	}
	(void)fclose(f);
	assert_true(k->series.n > 0);
}

void chartkit_make(const struct chartkit *k, const struct chart_how *how,
		   struct chart *out)
{
	assert_int_equal(chart_make(&k->series, how, out), WEALD_OK);
}

struct chart_how chartkit_plain(void)
{
	struct chart_how how = { .shape = EFFECT_MEAN };

	return how;
}

void chartkit_chart(const double *values, size_t n, const struct chart_how *how,
		    struct chart *out)
{
	struct chartkit k;

	chartkit_values(&k, values, n);
	chartkit_make(&k, how, out);
}

size_t chartkit_signals(const struct chart *c)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < c->n; i++) {
		n += c->points[i].signal != CHART_COMMON;
	}
	return n;
}

json_t *chartkit_expected(const char *name)
{
	char path[LINE_BYTES];
	json_error_t err;
	json_t *o;

	(void)snprintf(path, sizeof path, CHARTKIT_DATA "%s.expected.json",
		       name);
	o = json_load_file(path, 0, &err);
	assert_non_null(o);
	return o;
}

double chartkit_number(const json_t *o, const char *key)
{
	o = json_object_get(o, key);
	assert_true(json_is_number(o));
	return json_number_value(o);
}

bool chartkit_bool(const json_t *o, const char *key)
{
	o = json_object_get(o, key);
	assert_true(json_is_boolean(o));
	return json_is_true(o);
}

const char *chartkit_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text == NULL ? "" : text;
}

void chartkit_assert_close(double got, double expected, double relative)
{
	if (!(fabs(got - expected) <= relative * fabs(expected))) {
		print_error("%.15g is not %.15g\n", got, expected);
		fail();
	}
}

uint64_t chartkit_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

unsigned chartkit_below(uint64_t *seed, unsigned n)
{
	return (unsigned)((chartkit_random(seed) >> 32) % n);
}

double chartkit_normal(uint64_t *seed)
{
	const double u =
		ldexp((double)(chartkit_random(seed) >> 12) + 0.5, -52);
	const double v = ldexp((double)(chartkit_random(seed) >> 12), -52);

	return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}
