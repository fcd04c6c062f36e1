/*
 * Inside the commands that publish, or say what publishing would say: publish,
 * check, new, edit, adopt, ack.
 *
 *   publish_items.c  the folders that are named, and the vetting of all
 *   publish.c        signing where no daemon runs, and what is printed
 *   publish_send.c   the conversation with the daemon
 */
#ifndef WEALD_DAEMON_CLI_PUBLISH_PRIVATE_H
#define WEALD_DAEMON_CLI_PUBLISH_PRIVATE_H

#include "daemon/cli/cli.h"
#include "daemon/cli/folder.h"
#include "daemon/cli/own.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/vetting.h"

#define PUBLISH_TIMEOUT_S 30u

/* "kind/slug" */
#define NAME_TEXT_BYTES (NAME_BYTES_MAX + 1u + NAME_BYTES_MAX + 1u)

struct item {
	char *path;            /* as it was given */
	char *name;            /* kind/slug; NULL where it has none */
	char *note;            /* in place of the common one, or NULL */
	size_t order;          /* of vetting_expect() */
	uint64_t follows;      /* the version it must follow, or 0 */
	bool marked;           /* its folder says what it was made from */
	struct folder *folder; /* NULL where it is not kept */
	bool is_read;
	uint8_t digest[SHA256_BYTES]; /* of what was read first */
	struct author_result result;  /* once signed */
};

/* All zero but @c is an empty one. Owned: publish_release(). */
struct publishing {
	struct cli *c;
	const char *note;
	const char *confirm_role; /* --confirm-role, or NULL */
	const char *confirm_reason;
	bool first;        /* --i-am-first */
	bool bring_back;   /* --bring-back */
	uint64_t replicas; /* 0: do not wait */
	uint64_t timeout_s;
	struct item *items;
	size_t items_n;
	size_t items_cap;
	size_t keep_bytes;
	struct own own;
	struct vetting vetting;
	struct progress progress;
	size_t printed;   /* items that are durable and printed */
	size_t published; /* of these, the ones with a new version */
	uint64_t seq;     /* by the daemon: the feed's last, all in */
};

/* --confirm-role and --confirm-reason, for the tables of the commands. */
#define PUBLISH_CONFIRM_OPTIONS(p)                                          \
	{ "confirm-role",                                                   \
	  0,                                                                \
	  CLI_OPTION_TEXT,                                                  \
	  &(p)->confirm_role,                                               \
	  "ROLE",                                                           \
	  "the role of who has looked at what the privacy\n"                \
	  "guard warns of; stays in the history" },                         \
	{                                                                   \
		"confirm-reason", 0, CLI_OPTION_TEXT, &(p)->confirm_reason, \
			"TEXT", "and why it is right as it is"              \
	}

/* --bring-back, the same. */
#define PUBLISH_BACK_OPTION(p)                                            \
	{                                                                 \
		"bring-back", 0, CLI_OPTION_FLAG, &(p)->bring_back, NULL, \
			"publish again what has been withdrawn"           \
	}

/* Add the folder @path. Noted. */
int publish_add(struct publishing *p, const char *path);
/*
 * Add @paths, which end with NULL, and those in the file @from ("-" for
 * standard input) where it is not NULL; at least one there must be. *@out_note
 * is @message without the blank ends that a shell gives it; the caller frees
 * it. Noted.
 */
int publish_arguments(struct publishing *p, const char *message,
		      const char *from, char *const *paths, char **out_note);
/* Releases what p->own and p->vetting hold, too. */
void publish_release(struct publishing *p);

/*
 * Read and vet all items; p->own holds the home, and the feed where it is
 * open. All that is wrong is told, and @undone says what does not happen.
 * @may_ask: where only a person can decide, and one is at the terminal, ask.
 * Noted.
 */
int publish_vet(struct publishing *p, const char *undone, bool may_ask);

/* Vet, sign and print all items; p->own is open. Noted. */
int publish_all(struct publishing *p);

/*
 * Read the folder of @it, unless it was kept, and see that it is as it was
 * when it was first read. Noted. publish_unload() takes one that was not read,
 * too.
 */
int publish_load(struct publishing *p, struct item *it);
void publish_unload(struct item *it);

/* The note of @it. */
const char *publish_note(const struct publishing *p, const struct item *it);

/* Say that the items before @end are durable. */
int publish_print(struct publishing *p, size_t end);

/* Let the daemon sign all items, a batch at a time. Noted. */
int publish_send(struct publishing *p);
/*
 * Before anything is signed: can as many regions as are asked for sign that
 * they hold it? Noted: WEALD_UNREACHABLE where fewer are known to the daemon.
 * Where fewer follow us, a warning.
 */
int publish_check_replicas(struct publishing *p);
/*
 * Wait for the receipts of other regions, and say which have come. Noted:
 * WEALD_TIMEOUT where not enough have.
 */
int publish_wait(struct publishing *p);

#endif
