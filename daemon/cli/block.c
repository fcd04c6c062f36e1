/*
 * weald block, weald unblock: regions that this node has nothing to do with.
 */
#include "daemon/cli/cli.h"
#include "daemon/cli/reach.h"

static const char block_text[] = "Block regions: they are not followed, not by "
				 "introduction either, and\n"
				 "their nodes are not talked to. What is here "
				 "stays until it is removed\n"
				 "by hand.\n";

int command_block(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "block REGION...",
		.text = block_text,
		.args_min = 1,
		.args_wanted = "name a region",
		.args_max = CLI_ARGS_ANY,
	};

	return reach_each(c, &usage, "block", argc, argv);
}

static const char unblock_text[] = "Block regions no longer. They are not "
				   "followed by that: weald follow.\n";

int command_unblock(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "unblock REGION...",
		.text = unblock_text,
		.args_min = 1,
		.args_wanted = "name a region",
		.args_max = CLI_ARGS_ANY,
	};

	return reach_each(c, &usage, "unblock", argc, argv);
}
