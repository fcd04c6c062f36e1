/*
 * Reach: the running daemon of the home. All that writes goes through it where
 * there is one; what is about the network needs it.
 *
 * Failures are noted with cli_fail().
 */
#ifndef WEALD_DAEMON_CLI_REACH_H
#define WEALD_DAEMON_CLI_REACH_H

#include <jansson.h>

#include "daemon/cli/cli.h"
#include "daemon/control/client.h"

/*
 * The daemon of the home that is named; the caller closes the client.
 * WEALD_UNREACHABLE where none runs, with what to do. Where a process has the
 * home it may be one that starts: waits for it up to CLI_LOCK_WAIT_MS.
 */
int reach_daemon(struct cli *c, struct client **out);

/*
 * Who may write to @home: the running daemon, *@out, or, where none runs, this
 * process, which holds the lock then, and *@out is NULL. Waits up to
 * CLI_LOCK_WAIT_MS for another writer, or a daemon that starts or stops.
 */
int reach_writer(struct cli *c, struct home *home, struct client **out);

/*
 * Make the call that client_begin() began, and wait for its answer, up to
 * @wait_ms; the caller gives it back with json_decref(). For a call that
 * writes: WEALD_UNKNOWN where no answer has come.
 */
int reach_call(struct cli *c, struct client *d, unsigned wait_ms, json_t **out);
/* The same for a call that asks or is safe to repeat: WEALD_UNREACHABLE. */
int reach_ask(struct cli *c, struct client *d, json_t **out);
/* The same where nobody wants the answer. */
int reach_do(struct cli *c, struct client *d);

/* A command whose arguments are each given to @method, in turn. */
int reach_each(struct cli *c, const struct cli_usage *usage, const char *method,
	       int argc, char **argv);

/* A key of an answer; 0 and "" where it is not there. */
uint64_t reach_uint(const json_t *o, const char *key);
const char *reach_text(const json_t *o, const char *key);
/* Hex of exactly @len bytes, or WEALD_MALFORMED, noted. */
int reach_bytes(struct cli *c, const json_t *o, const char *key, uint8_t *out,
		size_t len);

#endif
