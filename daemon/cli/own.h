/*
 * The own feed, open for writing: what publish, withdraw and key share.
 */
#ifndef WEALD_DAEMON_CLI_OWN_H
#define WEALD_DAEMON_CLI_OWN_H

#include "daemon/cli/cli.h"
#include "proto/bytes.h"
#include "store/record/reference.h"

struct own {
	struct home *home;
	struct feed *feed;
	struct ed25519_signer *signer;
};

/*
 * Open the home, take its lock, open the feed, make its key ready. Failures
 * are noted. own_close() takes zeroed and half-opened ones too.
 */
int own_open(struct cli *c, struct own *out);
void own_close(struct own *o);

/* A draft with a time and a nonce, and nothing else. Noted. */
int own_draft(struct cli *c, const struct own *o, enum action action,
	      struct draft *out);

/* Make what is staged durable. Noted. */
int own_commit(struct cli *c, struct own *o);

/*
 * Merge packs where there are many. What was asked for is done by then, so
 * that a failure is told on stderr and is none of the command.
 */
void own_tidy(struct cli *c, struct own *o);

/*
 * "<verb> <kind>: <title>", cut to what a summary may hold, at a word where
 * there is one.
 */
void own_summary(const char *verb, const char *kind, const char *title,
		 char out[SUMMARY_BYTES_MAX + 1]);

/* "<feed>/<kind>/<slug>@<version>" of a record's path, for people. */
#define REF_TEXT_BYTES (REFERENCE_BYTES_MAX + 16u)
void ref_text(const char *feed, struct span record, uint64_t version,
	      char out[REF_TEXT_BYTES]);

#endif
