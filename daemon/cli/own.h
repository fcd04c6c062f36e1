/*
 * The own feed, open for writing: what publish, withdraw and key share. The
 * running daemon is the only one who writes to it, so where one runs it is
 * asked; else the home is opened here.
 */
#ifndef WEALD_DAEMON_CLI_OWN_H
#define WEALD_DAEMON_CLI_OWN_H

#include "daemon/cli/cli.h"
#include "daemon/control/client.h"
#include "proto/bytes.h"
#include "store/author.h"
#include "store/record/reference.h"

struct own {
	struct home *home;
	struct client *daemon; /* NULL: feed and author are used */
	struct feed *feed;
	struct author author;
};

enum own_flags {
	OWN_FIRST = 1,   /* --i-am-first: sign although others were not asked */
	OWN_KEYLESS = 2, /* the feed key may be lost */
	OWN_UNSIGNED = 4 /* nothing is signed */
};

/*
 * Open the home, and reach the daemon, or take the lock and open the feed; and
 * unless OWN_KEYLESS make its key ready. Failures are noted: WEALD_GUARD where
 * other nodes must be asked first. own_close() takes zeroed and half-opened
 * ones too.
 */
int own_open(struct cli *c, unsigned flags, struct own *out);
void own_close(struct own *o);

/* The option that sets OWN_FIRST, for the tables of the commands. */
#define OWN_FIRST_OPTION(to)                                            \
	{                                                               \
		"i-am-first", 0, CLI_OPTION_FLAG, (to), NULL,           \
			"sign although other nodes may hold more of\n"  \
			"this feed: only if this home is no old backup" \
	}

/* Note @err of a function of store/author.h. */
int own_fail(struct cli *c, int err);

/*
 * Merge packs where there are many. What was asked for is done by then, so
 * that a failure is told on stderr and is none of the command. The daemon does
 * so by itself.
 */
void own_tidy(struct cli *c, struct own *o);

/* What the daemon says became of a record. Noted. */
int own_result(struct cli *c, const json_t *o, struct author_result *out);

/* "<feed>/<kind>/<slug>@<version>" of a record's path, for people. */
#define REF_TEXT_BYTES (REFERENCE_BYTES_MAX + 16u)
void ref_text(const char *feed, struct span record, uint64_t version,
	      char out[REF_TEXT_BYTES]);

#endif
