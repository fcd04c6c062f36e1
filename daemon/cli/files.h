/*
 * Files: what a record holds in a feed, read whole.
 */
#ifndef WEALD_DAEMON_CLI_FILES_H
#define WEALD_DAEMON_CLI_FILES_H

#include "daemon/cli/cli.h"
#include "proto/bytes.h"
#include "store/feed/feed.h"

#define FILES_RECORD "record.md"

struct file {
	char *name; /* relative to the record */
	uint8_t blob[OBJECT_ID_BYTES];
	struct buf content;
};

/* All zero is empty. */
struct files {
	struct file *list;
	size_t n;
};

/*
 * Read the files of @record after update @seq. @out must be empty; the caller
 * releases it, also on failure. Noted.
 */
int files_load(struct cli *c, const struct feed *f, uint64_t seq,
	       struct span record, struct files *out);
void files_release(struct files *files);

/*
 * Append the file @name of @record ("" for the feed's root) after update @seq
 * to @out, and read no other: a record may hold a hundred large ones. Nothing
 * where there is no such file. Noted.
 */
int files_read_one(struct cli *c, const struct feed *f, uint64_t seq,
		   struct span record, const char *name, struct buf *out);

/* The file @name, borrowed, or NULL. */
struct file *files_find(const struct files *files, const char *name);

/*
 * The files as a draft takes them, borrowed from @files: an array of files->n
 * that the caller frees. WEALD_NOMEM.
 */
int files_draft(const struct files *files, struct draft_file **out);

#endif
