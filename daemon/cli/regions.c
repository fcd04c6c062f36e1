/*
 * weald regions: the regions, and what each shares.
 */
#include "daemon/cli/counts.h"

static const char regions_text[] =
	"List the regions whose feeds are here, by name: their records, and "
	"how\n"
	"many of these are fixes (interventions); versions that the privacy "
	"guard\n"
	"withholds; versions that were published over its warnings; the day "
	"of\n"
	"the latest, and what the region is called.\n";

static const struct cli_usage regions_usage = {
	.synopsis = "regions",
	.text = regions_text,
};

static const struct table_column regions_columns[] = {
	{ "region", false },  { "records", true },   { "fixes", true },
	{ "withheld", true }, { "overrides", true }, { "latest", false },
	{ "name", false },
};

static const enum counts_cell regions_cells[] = {
	COUNTS_CODE,      COUNTS_RECORDS, COUNTS_INTERVENTIONS, COUNTS_WITHHELD,
	COUNTS_OVERRIDES, COUNTS_LATEST,  COUNTS_LABEL,
};

int command_regions(struct cli *c, int argc, char **argv)
{
	const struct counts what = {
		.usage = &regions_usage,
		.query = query_regions,
		.columns = regions_columns,
		.cells = regions_cells,
		.columns_n = sizeof regions_columns / sizeof regions_columns[0],
		.regions = true,
	};

	return counts_command(c, &what, argc, argv);
}
