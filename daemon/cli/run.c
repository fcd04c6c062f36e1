/*
 * weald run: the daemon, in the foreground.
 */
#include <inttypes.h>
#include <sys/resource.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/reach.h"
#include "daemon/control/client.h"
#include "daemon/node/node.h"

static const char run_text[] =
	"Run the daemon of this home: it keeps the feeds that the home\n"
	"follows in step with other nodes, and carries out the commands that\n"
	"write. It stays in the foreground, logs to standard error, and ends\n"
	"on SIGTERM or Ctrl-C; SIGHUP makes it read config and members "
	"again.\n";

/* More than all feeds and connections that a node may have can take. */
#define FILES_MAX 65536u

/*
 * libgit2 keeps each pack open that it has read: some files a feed, while the
 * usual soft limit, which is for programs that call select(), is 1024. (Its own
 * limit, GIT_OPT_SET_MWINDOW_FILE_LIMIT, closes packs that another thread may
 * be about to free.)
 */
static void allow_files(void)
{
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		most = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
		if (limit.rlim_cur < most) {
			limit.rlim_cur = most;
			(void)setrlimit(RLIMIT_NOFILE, &limit);
		}
	}
}

/*
 * A daemon that answers keeps the lock for as long as it runs, so it is of no
 * use to wait for it; whoever else has it, the start waits for.
 */
static int refuse_second(struct cli *c, const struct home *home)
{
	struct client *d = NULL;
	int r = client_open(home_path(home), &d, &c->msg);

	msg_clear(&c->msg);
	if (r != WEALD_OK) {
		return WEALD_OK;
	}
	msg_set(&c->msg,
		"weald already runs for \"%s\" (pid %" PRIu64
		"); stop it first",
		home_path(home), reach_uint(client_hello(d), "pid"));
	client_close(d);
	return cli_fail(c, CLI_ABOUT_HOME, WEALD_LOCKED);
}

int command_run(struct cli *c, int argc, char **argv)
{
	struct node_options node = { .home = NULL };
	const struct cli_option options[] = {
		{ "i-am-first", 0, CLI_OPTION_FLAG, &node.first, NULL,
		  "allow signing before other nodes have said\n"
		  "what they hold of this feed: for the very first\n"
		  "start, never with a restored backup" },
	};
	const struct cli_usage usage = {
		.synopsis = "run [--i-am-first]",
		.text = run_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	cli_forbid_core();
	allow_files();
	r = cli_open_home(c, &node.home);
	if (r == WEALD_OK) {
		r = refuse_second(c, node.home);
	}
	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_HOME, node_run(&node, &c->msg));
	}
	home_close(node.home);
	return r;
}
