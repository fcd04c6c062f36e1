/*
 * The weald executable: from arguments to a command, from its result to one
 * line and an exit code.
 */
#include <fcntl.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/out.h"
#include "proto/text.h"

/* What a command is about, by which help lists them. */
enum group { GROUP_RECORDS, GROUP_FINDING, GROUP_NETWORK, GROUP_HOME };

struct command {
	const char *name;
	command_fn *run;
	enum group group;
	const char *summary;
};

static command_fn command_help;

/* In the order of their groups, as help lists them. */
static const struct command commands[] = {
	{ "new", command_new, GROUP_RECORDS, "write the form of a new record" },
	{ "adopt", command_adopt, GROUP_RECORDS,
	  "start to use an intervention" },
	{ "edit", command_edit, GROUP_RECORDS,
	  "write a new version of an own record" },
	{ "check", command_check, GROUP_RECORDS, "say what publish would say" },
	{ "publish", command_publish, GROUP_RECORDS,
	  "publish records, or new versions" },
	{ "withdraw", command_withdraw, GROUP_RECORDS,
	  "withdraw a record, saying why" },
	{ "ack", command_ack, GROUP_RECORDS,
	  "acknowledge the withdrawal of what we use" },
	{ "fixed", command_fixed, GROUP_FINDING, "has anyone fixed this?" },
	{ "search", command_search, GROUP_FINDING, "find records by words" },
	{ "show", command_show, GROUP_FINDING,
	  "show a record, or one version of it" },
	{ "evidence", command_evidence, GROUP_FINDING,
	  "what the figures of a record, or of a file, say" },
	{ "compare", command_compare, GROUP_FINDING,
	  "compare interventions across regions" },
	{ "chart", command_chart, GROUP_FINDING,
	  "draw a chart, or a comparison, as a picture" },
	{ "measures", command_measures, GROUP_FINDING,
	  "list the measures that regions share" },
	{ "adoptions", command_adoptions, GROUP_FINDING,
	  "list who uses what, and how it goes" },
	{ "inbox", command_inbox, GROUP_FINDING,
	  "list what arrived and matters here" },
	{ "topics", command_topics, GROUP_FINDING,
	  "list the topics, and what there is" },
	{ "regions", command_regions, GROUP_FINDING,
	  "list the regions, and what they share" },
	{ "log", command_log, GROUP_FINDING, "list the updates of a feed" },
	{ "extract", command_extract, GROUP_FINDING,
	  "write a selection of records to a file" },
	{ "run", command_run, GROUP_NETWORK, "run the daemon" },
	{ "status", command_status, GROUP_NETWORK,
	  "say how it stands with the network" },
	{ "watch", command_watch, GROUP_NETWORK,
	  "print what arrives, as it does" },
	{ "invite", command_invite, GROUP_NETWORK,
	  "make a token for one region to join" },
	{ "join", command_join, GROUP_NETWORK, "join with a token" },
	{ "follow", command_follow, GROUP_NETWORK,
	  "follow regions, whole or in part" },
	{ "unfollow", command_unfollow, GROUP_NETWORK,
	  "follow regions no longer" },
	{ "block", command_block, GROUP_NETWORK,
	  "have nothing to do with regions" },
	{ "unblock", command_unblock, GROUP_NETWORK, "take back weald block" },
	{ "peers", command_peers, GROUP_NETWORK,
	  "list the nodes that are peers" },
	{ "peer", command_peer, GROUP_NETWORK, "add or remove a node by hand" },
	{ "why", command_why, GROUP_NETWORK,
	  "say why a region's updates do not come" },
	{ "init", command_init, GROUP_HOME,
	  "make a home, the keys and the feed" },
	{ "feeds", command_feeds, GROUP_HOME, "list the feeds in this home" },
	{ "verify", command_verify, GROUP_HOME,
	  "check feeds from the first update on" },
	{ "key", command_key, GROUP_HOME, "show or change the feed's key" },
	{ "git", command_git, GROUP_HOME, "run git in a feed's repository" },
	{ "import", command_import, GROUP_HOME,
	  "take in a feed from a repository or bundle" },
	{ "reindex", command_reindex, GROUP_HOME, "make the index anew" },
	{ "version", command_version, GROUP_HOME, "print the version" },
	{ "help", command_help, GROUP_HOME, "explain a command" },
};

#define COMMANDS_N (sizeof commands / sizeof commands[0])

static const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS_N; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

/* The command that @name is a slip of the finger from, or NULL. */
static const char *command_near(const char *name)
{
	const char *near = NULL;
	size_t best = 3; /* two slips at most, and fewer in a short word */
	size_t d;
	size_t i;

	for (i = 0; i < COMMANDS_N; i++) {
		d = text_distance(span_of(name), span_of(commands[i].name));
		if (d < best && d < strlen(commands[i].name)) {
			best = d;
			near = commands[i].name;
		}
	}
	return near;
}

static int refuse_command(struct cli *c, const char *name)
{
	const char *near = command_near(name);

	if (near != NULL) {
		msg_set(&c->msg,
			"there is no command %s; did you mean weald %s?", name,
			near);
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_USAGE);
	}
	return cli_usage_error(c, "there is no command %s", name);
}

static void print_commands(void)
{
	static const char *const headings[] = {
		[GROUP_RECORDS] = "Records:",
		[GROUP_FINDING] = "Finding:",
		[GROUP_NETWORK] = "The network:",
		[GROUP_HOME] = "This home:",
	};
	size_t i;

	puts("usage: weald [--home DIR] COMMAND [OPTIONS] [ARGUMENTS]\n"
	     "\n"
	     "Keeps what a region has solved, and the evidence that it "
	     "works, as signed\n"
	     "records in git repositories.");
	for (i = 0; i < COMMANDS_N; i++) {
		if (i == 0 || commands[i].group != commands[i - 1].group) {
			printf("\n%s\n", headings[commands[i].group]);
		}
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	}
	puts("\nweald help COMMAND explains one; man weald explains all.");
}

static int command_help(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "help [COMMAND]",
		.text = "Explain a command, or list them all.\n",
		.args_max = 1,
	};
	static char option[] = "--help";
	char *args[] = { NULL, option, NULL };
	const struct command *command;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (first == argc) {
		print_commands();
		return WEALD_OK;
	}
	command = command_find(argv[first]);
	if (command == NULL) {
		return refuse_command(c, argv[first]);
	}
	args[0] = argv[first];
	return command->run(c, 2, args);
}

/* Options that stand before the command; the index of its name. */
static int parse_before(struct cli *c, int argc, char **argv, int *out_first,
			bool *out_version)
{
	bool version = false;
	const struct cli_option options[] = {
		{ "version", 0, CLI_OPTION_FLAG, &version, NULL,
		  "print the version" },
	};
	const struct cli_usage usage = {
		.options = options,
		.options_n = 1,
		.args_max = CLI_ARGS_ANY,
		.args_are_foreign = true,
	};
	int r;

	r = cli_parse(c, &usage, argc, argv, out_first);
	*out_version = version;
	if (r == WEALD_OK && c->done) {
		print_commands();
	}
	return r;
}

static int run(struct cli *c, int argc, char **argv)
{
	static char version_name[] = "version";
	char *version_args[] = { version_name, NULL };
	const struct command *command;
	bool version;
	int first;
	int r;

	r = parse_before(c, argc, argv, &first, &version);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (version) {
		return command_version(c, 1, version_args);
	}
	if (first == argc) {
		return cli_usage_error(c, "no command is given");
	}
	command = command_find(argv[first]);
	if (command == NULL) {
		return refuse_command(c, argv[first]);
	}
	c->command = command->name;
	return command->run(c, argc - first, argv + first);
}

/*
 * Without the three standard streams the next file to be opened would take
 * the number of one of them, and our output would go into it.
 */
static void open_missing_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct cli c = { .umask = umask(077) };
	int out;
	int r;

	open_missing_streams();
	/* what the system sets for others changes nothing of ours */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* a reader that goes away is seen as EPIPE: out_flush() */
	signal(SIGPIPE, SIG_IGN);
	/* for wcwidth(); text of ours is UTF-8 in every locale */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (argc < 1) {
		return CLI_EXIT_USAGE;
	}
	r = run(&c, argc, argv);
	cli_report(&c, r);
	out = out_flush(&c);
	if (r == WEALD_OK && out != WEALD_OK) {
		c.json = false; /* there is nowhere to print it */
		cli_report(&c, out);
		r = out;
	}
	if (c.library) {
		feed_library_shutdown();
	}
	return (int)cli_exit_code(r, c.about);
}
