/*
 * weald peer: nodes that are known by hand, by address and key.
 */
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/reach.h"

static const char add_text[] =
	"Connect to the node at ADDRESS (host:port) whose key is NODE-KEY, 64\n"
	"hex digits, always. Its region must be followed as well.\n";

static int peer_add(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "peer add ADDRESS NODE-KEY",
		.text = add_text,
		.args_min = 2,
		.args_wanted = "give the node's address and its key",
		.args_max = 2,
	};
	struct client *d = NULL;
	struct mp_writer *w;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = reach_daemon(c, &d);
	if (r == WEALD_OK) {
		w = client_begin(d, "peer_add", 2);
		mp_put_str(w, span_of(argv[first]));
		mp_put_str(w, span_of(argv[first + 1]));
		r = reach_do(c, d);
	}
	client_close(d);
	return r;
}

static const char remove_text[] =
	"Forget what weald peer add or weald join said of these nodes.\n";

static int peer_remove(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "peer remove NODE-KEY...",
		.text = remove_text,
		.args_min = 1,
		.args_wanted = "give the node's key",
		.args_max = CLI_ARGS_ANY,
	};

	return reach_each(c, &usage, "peer_remove", argc, argv);
}

static const char peer_text[] =
	"Add or remove a node by hand. It is not needed for nodes that a "
	"token\n"
	"or a region's description names.\n"
	"\n"
	"weald peer add --help and so on explain each.\n";

int command_peer(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "peer add ADDRESS NODE-KEY\n"
			    "peer remove NODE-KEY...",
		.text = peer_text,
		.args_min = 1,
		.args_wanted = "say add or remove",
		.args_max = CLI_ARGS_ANY,
		.args_are_foreign = true,
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (strcmp(argv[first], "add") == 0) {
		return peer_add(c, argc - first, argv + first);
	}
	if (strcmp(argv[first], "remove") == 0) {
		return peer_remove(c, argc - first, argv + first);
	}
	return cli_usage_error(c, "there is no weald peer %s", argv[first]);
}
