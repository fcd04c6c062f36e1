#include "daemon/cli/table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/out.h"

#define GAP 2u /* spaces between columns */

void table_init(struct table *t, const struct table_column *columns,
		size_t columns_n, size_t screen)
{
	assert(columns_n >= 1 && columns_n <= TABLE_COLUMNS_MAX);
	*t = (struct table){ .columns = columns,
			     .columns_n = columns_n,
			     .screen = screen };
}

static void measure(struct table *t, const char *const *cells)
{
	size_t width;
	size_t i;

	for (i = 0; i < t->columns_n; i++) {
		width = out_width(cells[i]);
		if (width > t->widths[i]) {
			t->widths[i] = width;
		}
	}
}

static void print_row(const struct table *t, const char *const *cells)
{
	size_t at = 0;
	size_t pad;
	size_t i;

	for (i = 0; i + 1 < t->columns_n; i++) {
		pad = t->widths[i] - out_width(cells[i]);
		if (t->columns[i].right) {
			printf("%*s%s%*s", (int)pad, "", cells[i], (int)GAP,
			       "");
		} else {
			printf("%s%*s", cells[i], (int)(pad + GAP), "");
		}
		at += t->widths[i] + GAP;
	}
	if (t->screen == 0) {
		fputs(cells[i], stdout);
	} else if (t->screen > at) {
		out_cut(cells[i], t->screen - at);
	}
	putchar('\n');
}

static void free_rows(struct table *t)
{
	size_t i;

	for (; t->rows > 0; t->rows--) {
		for (i = 0; i < t->columns_n; i++) {
			free(t->cells[t->rows - 1][i]);
			t->cells[t->rows - 1][i] = NULL;
		}
	}
}

static int print_rows(struct cli *c, struct table *t)
{
	const char *headings[TABLE_COLUMNS_MAX] = { NULL };
	size_t i;

	if (!t->headed && t->screen > 0 && t->rows > 0) {
		for (i = 0; i < t->columns_n; i++) {
			headings[i] = t->columns[i].heading;
		}
		measure(t, headings);
		print_row(t, headings);
		t->headed = true;
	}
	for (i = 0; i < t->rows; i++) {
		print_row(t, (const char *const *)t->cells[i]);
	}
	free_rows(t);
	return out_flush(c);
}

int table_row(struct cli *c, struct table *t, const char *const *cells)
{
	size_t i;

	for (i = 0; i < t->columns_n; i++) {
		t->cells[t->rows][i] = strdup(cells[i]);
		if (t->cells[t->rows][i] == NULL) {
			while (i > 0) {
				free(t->cells[t->rows][--i]);
			}
			return WEALD_NOMEM;
		}
	}
	measure(t, cells);
	t->rows++;
	return t->rows == TABLE_ROWS_MAX ? print_rows(c, t) : WEALD_OK;
}

int table_end(struct cli *c, struct table *t)
{
	return print_rows(c, t);
}

void table_release(struct table *t)
{
	free_rows(t);
}
