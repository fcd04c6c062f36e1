/* weald version */
#include "daemon/version.h"

#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "proto/update.h"

int command_version(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "version",
		.text = "Print the version of this program.\n",
	};
	struct json_line j;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (c->json) {
		json_line_init(&j);
		json_line_text(&j, "version", WEALD_RELEASE);
		json_line_uint(&j, "update_format", UPDATE_FORMAT);
		json_line_uint(&j, "home_version", HOME_VERSION);
		return json_line_print(&j);
	}
	puts("weald " WEALD_RELEASE);
	return WEALD_OK;
}
