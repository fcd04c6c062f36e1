/*
 * Counts: overviews of what the index holds, a row for each topic or region.
 */
#ifndef WEALD_DAEMON_CLI_COUNTS_H
#define WEALD_DAEMON_CLI_COUNTS_H

#include "daemon/cli/cli.h"
#include "daemon/cli/table.h"
#include "store/index/query.h"

/* A column and what stands in it. */
enum counts_cell {
	COUNTS_CODE,
	COUNTS_RECORDS,
	COUNTS_PROBLEMS,
	COUNTS_INTERVENTIONS,
	COUNTS_EVIDENCE,
	COUNTS_ADOPTIONS,
	COUNTS_WITHHELD,
	COUNTS_OVERRIDES,
	COUNTS_LATEST,
	COUNTS_LABEL
};

typedef int counts_query_fn(struct index *x, struct count_rows *out,
			    struct weald_msg *msg);

struct counts {
	const struct cli_usage *usage;
	counts_query_fn *query;
	const struct table_column *columns;
	const enum counts_cell *cells; /* one for each column */
	size_t columns_n;
	bool regions; /* JSON has keys that only regions have */
};

/* The whole command. */
int counts_command(struct cli *c, const struct counts *what, int argc,
		   char **argv);

#endif
