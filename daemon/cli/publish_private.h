/*
 * Inside weald publish: what its files share.
 *
 *   publish.c       arguments, the checks, signing where no daemon runs
 *   publish_send.c  the conversation with the daemon
 */
#ifndef WEALD_DAEMON_CLI_PUBLISH_PRIVATE_H
#define WEALD_DAEMON_CLI_PUBLISH_PRIVATE_H

#include "daemon/cli/cli.h"
#include "daemon/cli/folder.h"
#include "daemon/cli/own.h"
#include "daemon/cli/progress.h"

#define PUBLISH_TIMEOUT_S 30u

/* "kind/slug" */
#define NAME_TEXT_BYTES (NAME_BYTES_MAX + 1u + NAME_BYTES_MAX + 1u)

struct item {
	char *path;
	char *name;                  /* kind/slug; NULL before it was read */
	struct folder *folder;       /* NULL where it is not kept */
	struct author_result result; /* once signed */
};

struct publishing {
	struct cli *c;
	const char *note;
	bool first;        /* --i-am-first */
	uint64_t replicas; /* 0: do not wait */
	uint64_t timeout_s;
	struct item *items;
	size_t items_n;
	size_t items_cap;
	size_t keep_bytes;
	size_t problems;
	int problem; /* the code that is held in c->msg, not told yet */
	struct own own;
	struct progress progress;
	size_t printed;   /* items that are durable and printed */
	size_t published; /* of these, the ones with a new version */
	uint64_t seq;     /* by the daemon: the feed's last, all in */
};

/*
 * Read the folder of @it, unless it was kept, and see that it is still the
 * same record. Noted. publish_unload() takes one that was not read, too.
 */
int publish_load(struct publishing *p, struct item *it);
void publish_unload(struct item *it);

/* Say that the items before @end are durable. */
int publish_print(struct publishing *p, size_t end);

/* Let the daemon sign all items, a batch at a time. Noted. */
int publish_send(struct publishing *p);
/*
 * Wait for the receipts of other regions, and say which have come. Noted:
 * WEALD_TIMEOUT where not enough have.
 */
int publish_wait(struct publishing *p);

#endif
