/*
 * weald topics: the topics, and what there is of each.
 */
#include "daemon/cli/counts.h"

static const char topics_text[] =
	"List the topics of the vocabulary, and others that occur: how many\n"
	"records there are of each, how many of these are problems, fixes\n"
	"(interventions) and uses (adoptions), and the day of the latest.\n";

static const struct cli_usage topics_usage = {
	.synopsis = "topics",
	.text = topics_text,
};

static const struct table_column topics_columns[] = {
	{ "topic", false }, { "records", true }, { "problems", true },
	{ "fixes", true },  { "uses", true },    { "latest", false },
};

static const enum counts_cell topics_cells[] = {
	COUNTS_CODE,          COUNTS_RECORDS,   COUNTS_PROBLEMS,
	COUNTS_INTERVENTIONS, COUNTS_ADOPTIONS, COUNTS_LATEST,
};

int command_topics(struct cli *c, int argc, char **argv)
{
	const struct counts what = {
		.usage = &topics_usage,
		.query = query_topics,
		.columns = topics_columns,
		.cells = topics_cells,
		.columns_n = sizeof topics_columns / sizeof topics_columns[0],
	};

	return counts_command(c, &what, argc, argv);
}
