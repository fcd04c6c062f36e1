/*
 * The command line: what all commands of the weald executable share. One file
 * a command; each is a function of the type command_fn in the table of
 * main.c.
 *
 * A command returns WEALD_OK or a code, and leaves in struct cli what the code
 * is about and says; main prints the one line and picks the exit code.
 * docs/CLI.md is the interface: commands, exit codes, JSON keys.
 *
 * One thread. What is borrowed is borrowed for the call unless said otherwise.
 */
#ifndef WEALD_DAEMON_CLI_CLI_H
#define WEALD_DAEMON_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/err.h"
#include "store/feed/feed.h"
#include "store/home.h"

/* What scripts see; docs/CLI.md, "Exit codes". */
enum cli_exit {
	CLI_EXIT_OK = 0,
	CLI_EXIT_BAD = 1, /* what was asked about is bad, or not there */
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_INPUT = 3, /* what was given is not acceptable */
	CLI_EXIT_HOME = 4,  /* no home, or not ours to use */
	CLI_EXIT_BUSY = 5,
	CLI_EXIT_MACHINE = 6, /* disk, memory, clock */
	CLI_EXIT_DAMAGED = 7, /* the store is damaged or not understood */
	CLI_EXIT_UNKNOWN = 8,
	CLI_EXIT_TIME = 9,    /* not in the time that was given */
	CLI_EXIT_NETWORK = 10 /* no daemon, or other nodes come first */
};

/* What a failing call was about; one code means different things. */
enum cli_about {
	CLI_ABOUT_ASKED,  /* the thing that the arguments name */
	CLI_ABOUT_INPUT,  /* files and texts that were given */
	CLI_ABOUT_SOURCE, /* a feed that was brought */
	CLI_ABOUT_HOME,
	CLI_ABOUT_FEED /* a feed in the home */
};

enum cli_exit cli_exit_code(int err, enum cli_about about);

struct cli {
	const char *command; /* its name; NULL before it is known */
	const char *home;    /* --home, or NULL */
	bool json;
	bool done;    /* --help was printed: nothing else is to be done */
	bool closed;  /* whoever read our output has gone */
	bool library; /* feed_library_init() was called */
	mode_t umask; /* the caller's; ours is 077 */
	enum cli_about about;
	struct weald_msg msg;
	/* What to do about it, a constant; NULL for what fits the code. */
	const char *advice;
};

/* Note what @c->msg and the code that is returned are about. */
int cli_fail(struct cli *c, enum cli_about about, int err);

/* WEALD_USAGE, with "what is wrong; see weald COMMAND --help". */
int cli_usage_error(struct cli *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Print the one line for @err on stderr and, with --json, the object on
 * stdout; nothing for WEALD_OK.
 */
void cli_report(struct cli *c, int err);

/* Options. */

enum cli_option_type {
	CLI_OPTION_FLAG,    /* @to is a bool */
	CLI_OPTION_TEXT,    /* @to is a const char *, borrowed from argv */
	CLI_OPTION_NUMBER,  /* @to is a uint64_t */
	CLI_OPTION_LIST,    /* @to is a struct cli_list: may be given again */
	CLI_OPTION_DURATION /* @to is a uint64_t, in seconds */
};

#define CLI_LIST_MAX 64u
/* The values of an option that may be given several times; borrowed. */
struct cli_list {
	const char *list[CLI_LIST_MAX];
	size_t n;
};

struct cli_option {
	const char *name; /* without the dashes */
	char letter;      /* 0 where there is none */
	enum cli_option_type type;
	void *to;
	const char *value; /* what the help calls the value; NULL for a flag */
	const char *help;
};

#define CLI_ARGS_ANY SIZE_MAX

struct cli_usage {
	/* lines that follow "weald ", or the line above where they begin with a
	 * space; NULL: the caller prints the help */
	const char *synopsis;
	const char *text; /* what it does, ends with a line feed */
	const struct cli_option *options;
	size_t options_n;
	size_t args_min;
	const char *args_wanted; /* said where there are fewer */
	size_t args_max;
	bool args_are_foreign; /* no option of ours behind the first one */
};

/*
 * Parse the options of a command, the common ones (--home, --json, --help)
 * too. The arguments are argv[*out_first] and following. Where help was asked
 * for it is printed, and c->done set. WEALD_OK or WEALD_USAGE.
 */
int cli_parse(struct cli *c, const struct cli_usage *usage, int argc,
	      char **argv, int *out_first);

/*
 * A length of time as a person writes it: a number from 1 on and one of s, m,
 * h and d ("90s", "12h", "7d"), up to a year. WEALD_INVALID.
 */
int cli_duration(const char *text, uint64_t *out_seconds);

/* The home and its feeds. Failures are noted with cli_fail(). */

#define CLI_LOCK_WAIT_MS 10000u

/* The path of the home: --home, $WEALD_HOME, $XDG_DATA_HOME, $HOME. */
int cli_home_path(struct cli *c, char **out);
/* Once a process, before anything of store/. */
int cli_library(struct cli *c);
/* The caller closes the home. */
int cli_open_home(struct cli *c, struct home **out);
int cli_lock(struct cli *c, struct home *home);
/* Is there a feed @name? It is not opened. WEALD_OK or WEALD_NOTFOUND. */
int cli_find_feed(struct cli *c, const struct home *home, const char *name);
/* The feed @name, to read, or the own one to write. The caller closes it. */
int cli_open_feed(struct cli *c, const struct home *home, const char *name,
		  struct feed **out);
int cli_open_own(struct cli *c, const struct home *home, struct feed **out);
/* A key in memory must not end in a core file. */
void cli_forbid_core(void);

/* Random bytes of the kernel; seconds since 1970. */
int cli_random(struct cli *c, void *out, size_t len);
uint64_t cli_now(void);
uint64_t cli_now_ms(void); /* never goes back */

/*
 * The seed in an OpenSSH private key file of a person; the caller cleanses
 * it. Failures are about the input.
 */
int cli_read_key(struct cli *c, const char *path, uint8_t out[SEED_BYTES]);
/*
 * Write a private key file in OpenSSH format, durably, 0600, with the comment
 * "@slug root key"; WEALD_EXISTS where there is a file.
 */
int cli_write_key(struct cli *c, const char *path,
		  const uint8_t seed[SEED_BYTES], const char *slug);

/* The commands. argv[0] is the command's own name. */
typedef int command_fn(struct cli *c, int argc, char **argv);

command_fn command_init;
command_fn command_publish;
command_fn command_withdraw;
command_fn command_log;
command_fn command_show;
command_fn command_feeds;
command_fn command_status;
command_fn command_peers;
command_fn command_why;
command_fn command_verify;
command_fn command_key;
command_fn command_git;
command_fn command_import;
command_fn command_version;
command_fn command_run;
command_fn command_watch;
command_fn command_invite;
command_fn command_join;
command_fn command_follow;
command_fn command_unfollow;
command_fn command_block;
command_fn command_unblock;
command_fn command_peer;
command_fn command_new;
command_fn command_edit;
command_fn command_check;
command_fn command_search;
command_fn command_fixed;
command_fn command_adopt;
command_fn command_adoptions;
command_fn command_evidence;
command_fn command_compare;
command_fn command_chart;
command_fn command_measures;
command_fn command_inbox;
command_fn command_ack;
command_fn command_topics;
command_fn command_regions;
command_fn command_extract;
command_fn command_reindex;

#endif
