/*
 * Vetting: all that stands between a folder and the feed. The folder itself,
 * the schema, its references, and the privacy guard; the same for every
 * command that publishes, and for those that only say what publishing would
 * say.
 *
 * Problems are gathered over all records, then told at once: errors first,
 * then what the guard leaves to a person, then warnings.
 */
#ifndef WEALD_DAEMON_CLI_VETTING_H
#define WEALD_DAEMON_CLI_VETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/folder.h"
#include "daemon/cli/standing.h"
#include "store/home.h"
#include "store/record/guard.h"
#include "store/record/problem.h"

/* So many of each level are told one by one; the rest is counted. */
#define VETTING_SHOWN_MAX 200u
/*
 * So many of what a person confirms; all of it is told, for nobody confirms
 * what was not shown. More are refused.
 */
#define VETTING_CONFIRM_MAX 1000u
/* Feeds of other regions that are kept open. */
#define VETTING_FEEDS_MAX 32u

#define VETTING_ROLE_BYTES   101u
#define VETTING_REASON_BYTES 301u

enum vetting_level {
	VETTING_ERROR,
	VETTING_CONFIRM,   /* the guard warns: a person has to decide */
	VETTING_CONFIRMED, /* and has */
	VETTING_WARNING,
	VETTING_LEVELS_N
};

struct vetting_problem {
	char *path; /* of the folder, as it was given; NULL for none */
	struct problem problem;
	const char *kind;            /* of the guard; NULL for others */
	char seen[GUARD_SEEN_BYTES]; /* masked */
};

struct vetting_list {
	struct vetting_problem *list;
	size_t n;
	size_t cap;
	size_t total; /* also those that are not kept */
};

struct vetting_feed {
	char name[HOME_FEED_NAME_BYTES];
	struct feed *feed; /* NULL: not in this home */
};

/* A record that this call publishes, or one more version of it. */
struct vetting_name {
	char *name;   /* kind/slug */
	size_t order; /* among all of this call */
	uint8_t digest[SHA256_BYTES];
	/* of the first of each name, once it was asked for */
	struct standing *standing;
};

struct vetting {
	struct cli *c;
	bool is_open;
	const struct home *home;
	const struct feed *own;
	struct feed *opened; /* where it was opened here */
	struct vetting_feed others[VETTING_FEEDS_MAX];
	size_t others_n;
	size_t others_next;
	/* the records of this call, by name and then by order */
	struct vetting_name *names;
	size_t names_n;
	size_t names_cap;
	bool names_sorted;
	int read_err;    /* of an own record that could not be looked at */
	bool bring_back; /* publish what was withdrawn */
	/* who confirms what the guard warns of, and why; "" where nobody */
	char role[VETTING_ROLE_BYTES];
	char reason[VETTING_REASON_BYTES];
	struct vetting_list lists[VETTING_LEVELS_N];
	size_t bad;    /* records with an error */
	bool too_many; /* to confirm */
	bool note_told;
	bool blocked; /* by the guard */
	int err;      /* of the first error */
};

/*
 * @own is the own feed, borrowed; where it is NULL it is opened to read.
 * Noted. vetting_close() takes zeroed and half-opened ones too.
 */
int vetting_open(struct vetting *v, struct cli *c, const struct home *home,
		 const struct feed *own);
void vetting_close(struct vetting *v);

/*
 * Who confirms, as --confirm-role and --confirm-reason say; both or neither
 * (NULL). Noted.
 */
int vetting_confirm(struct vetting *v, const char *role, const char *reason);

/*
 * The note, as a person gave it. Confirmations are made by vetting alone, of
 * what it has shown: a note may not hold one. Noted.
 */
int vetting_check_note(struct cli *c, const char *note);

/*
 * Another record, "kind/slug", will be published in this call, or one more
 * version of it, with the files of folder_digest() @digest: references to it
 * are good. All of them before the first vetting_record(), in the order in
 * which they are published; *@out_order is its place. WEALD_NOMEM.
 */
int vetting_expect(struct vetting *v, const char *name,
		   const uint8_t digest[SHA256_BYTES], size_t *out_order);

struct vetting_item {
	const char *path;
	const struct folder *folder;
	const char *note; /* of the update */
	size_t order;     /* of vetting_expect(), where it has a name */
};

struct vetting_result {
	/* with which it may be published, where it is another; else NULL */
	char *note;
	/* the version that it must follow; 0: whatever there is */
	uint64_t follows;
};

/*
 * Vet a record, and take over the problems that it has as a folder. The caller
 * frees out->note. Problems are gathered: a code is returned only where it
 * could not be done. Noted.
 */
int vetting_record(struct vetting *v, const struct vetting_item *it,
		   struct vetting_result *out);

/*
 * Tell what was gathered, and forget it. @undone says what does not happen
 * ("nothing is published"). WEALD_OK where nothing stands in the way, also
 * with warnings; WEALD_PRIVACY where it is about a person's data, or the code
 * of the first error. Noted.
 */
int vetting_report(struct vetting *v, const char *undone);
/* The first half of that: print what was gathered. */
int vetting_tell(const struct vetting *v);

/*
 * Ask the person at the terminal about what the guard leaves to a person, so
 * that the same may be vetted again. False where there is no terminal, or
 * nobody who confirms.
 */
bool vetting_ask(struct vetting *v);

/* On a terminal: what was checked, and what cannot be. */
void vetting_remind(const struct vetting *v);

#endif
