/*
 * The desk: where a record lies as a folder while a person writes it. Made by
 * new, edit and adopt; nothing that is there is ever overwritten.
 */
#ifndef WEALD_DAEMON_CLI_DESK_H
#define WEALD_DAEMON_CLI_DESK_H

#include <stdbool.h>

#include "daemon/cli/cli.h"
#include "proto/bytes.h"
#include "proto/limits.h"
#include "store/home.h"

struct desk {
	struct cli *c;
	struct home *home;
	const char *out;  /* --out, or NULL */
	const char *verb; /* what is to be done to record.md: "fill in" */
	bool bring_back;  /* what is there was withdrawn */
	char slug[NAME_BYTES_MAX + 1];
	char dir[NAME_BYTES_MAX + 3]; /* "./SLUG"; not used with --out */
};

/*
 * Decide on the folder: @out where it is not NULL, and then its name is the
 * record's; else ./@slug. @slug may be NULL with @out; where both are given
 * they must agree. All borrowed. Noted.
 */
int desk_init(struct desk *d, struct cli *c, struct home *home, const char *out,
	      const char *slug);
/* The path of the folder. */
const char *desk_path(const struct desk *d);

/* A slug made of a title, cut at a word; "" where nothing is left of it. */
void desk_slug(const char *title, char out[NAME_BYTES_MAX + 1]);

/* Make the folder; WEALD_EXISTS where there is something. Noted. */
int desk_make(struct desk *d);
/* Write a file of the record, "attachments/x.pdf" too. Noted. */
int desk_write(struct desk *d, const char *name, struct span content);

/*
 * Open the editor on record.md where a person is at a terminal and did not say
 * --out; then vet the record, and say what to do next. Noted; where an editor
 * ran the code is that of weald check.
 */
int desk_hand_over(struct desk *d);

#endif
