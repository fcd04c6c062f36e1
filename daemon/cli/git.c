/*
 * weald git: stock git in a feed's repository.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/out.h"

/* What would point git at another repository than the feed's. */
static const char *const git_variables[] = {
	"GIT_DIR",
	"GIT_WORK_TREE",
	"GIT_INDEX_FILE",
	"GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR",
	"GIT_NAMESPACE",
	"GIT_PREFIX",
};

static int run_git(struct cli *c, const char *dir, int argc, char **argv)
{
	static char git[] = "git";
	char **args = calloc((size_t)argc + 3, sizeof *args);
	char *where = NULL;
	size_t i;

	/* and not -C: files that are named are found from where one is */
	if (args == NULL || asprintf(&where, "--git-dir=%s", dir) < 0) {
		free(args);
		return WEALD_NOMEM;
	}
	args[0] = git;
	args[1] = where;
	memcpy(args + 2, argv, (size_t)argc * sizeof *args);
	for (i = 0; i < sizeof git_variables / sizeof git_variables[0]; i++) {
		unsetenv(git_variables[i]);
	}
	signal(SIGPIPE, SIG_DFL);
	umask(c->umask);
	execvp(git, args);
	msg_set(&c->msg, "cannot run git: %s", strerror(errno));
	c->advice = "install git";
	free(where);
	free(args);
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_IO);
}

static const char git_text[] =
	"Run stock git in the repository of FEED, for example\n"
	"\n"
	"  weald git south-west log --show-signature\n"
	"\n"
	"The exit code is git's.\n";

int command_git(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "git FEED ARGUMENTS...",
		.text = git_text,
		.args_min = 2,
		.args_wanted = "name a feed, and say what git is to do",
		.args_max = CLI_ARGS_ANY,
		.args_are_foreign = true,
	};
	struct home *home = NULL;
	char *dir = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = cli_find_feed(c, home, argv[first]);
	}
	if (r == WEALD_OK) {
		r = home_feed_dir(home, argv[first], &dir);
	}
	home_close(home);
	if (r == WEALD_OK) {
		r = run_git(c, dir, argc - first - 1, argv + first + 1);
	}
	free(dir);
	return r;
}
