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
#include "store/home.h"
#include "store/record/guard.h"
#include "store/record/problem.h"

/* So many of each level are told one by one; the rest is counted. */
#define VETTING_SHOWN_MAX 200u
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

struct vetting {
	struct cli *c;
	bool is_open;
	const struct home *home;
	const struct feed *own;
	struct feed *opened; /* where it was opened here */
	struct vetting_feed others[VETTING_FEEDS_MAX];
	size_t others_n;
	size_t others_next;
	/* the records of this call, sorted: "kind/slug" */
	char **names;
	size_t names_n;
	size_t names_cap;
	bool names_sorted;
	/* who confirms what the guard warns of, and why; "" where nobody */
	char role[VETTING_ROLE_BYTES];
	char reason[VETTING_REASON_BYTES];
	struct vetting_list lists[VETTING_LEVELS_N];
	size_t bad; /* records with an error */
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
 * Another record, "kind/slug", will be published in this call, or one more
 * version of it: references to it are good. All of them before the first
 * vetting_record(). WEALD_NOMEM.
 */
int vetting_expect(struct vetting *v, const char *name);

/*
 * Vet the record in @f, and take over the problems that @f has as a folder;
 * @note is the update's. *@out_note is the note with
 * which it may be published, where that is another than @note, and NULL else;
 * the caller frees it. Problems are gathered: a code is returned only where it
 * could not be done. Noted.
 */
int vetting_record(struct vetting *v, const char *path, const struct folder *f,
		   const char *note, char **out_note);

/*
 * Tell what was gathered, and forget it. @undone says what does not happen
 * ("nothing is published"). WEALD_OK where nothing stands in the way, also
 * with warnings; WEALD_PRIVACY where it is about a person's data, or the code
 * of the first error. Noted.
 */
int vetting_report(struct vetting *v, const char *undone);

/*
 * Ask the person at the terminal about what the guard leaves to a person, so
 * that the same may be vetted again. False where there is no terminal, or
 * nobody who confirms.
 */
bool vetting_ask(struct vetting *v);

/* On a terminal: what was checked, and what cannot be. */
void vetting_remind(const struct vetting *v);

#endif
