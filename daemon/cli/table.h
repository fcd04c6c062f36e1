/*
 * A table: columns padded to what stands in them, the last one cut at the edge
 * of the terminal. Headings only on a terminal, so that a script sees rows.
 *
 * Rows are measured some hundred at a time and then printed, so that a long
 * table costs no memory and begins at once.
 */
#ifndef WEALD_DAEMON_CLI_TABLE_H
#define WEALD_DAEMON_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/cli/cli.h"

#define TABLE_COLUMNS_MAX 8u
#define TABLE_ROWS_MAX    256u

struct table_column {
	const char *heading;
	bool right; /* numbers end under each other */
};

struct table {
	const struct table_column *columns; /* keeps */
	size_t columns_n;
	size_t screen; /* columns of the terminal, 0 for no limit */
	bool headed;
	size_t widths[TABLE_COLUMNS_MAX];
	char *cells[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX];
	size_t rows;
};

/* table_end() prints what is left; table_release() comes last in any case. */
void table_init(struct table *t, const struct table_column *columns,
		size_t columns_n, size_t screen);
/* Copies the cells, which are escaped already. WEALD_NOMEM, as out_flush(). */
int table_row(struct cli *c, struct table *t, const char *const *cells);
int table_end(struct cli *c, struct table *t);
void table_release(struct table *t);

#endif
