/*
 * Folder: a record as it lies on disk before it is published.
 *
 * The folder's own name is the record's slug; it holds record.md and may hold
 * other files and one folder more, attachments. What cannot travel (hidden
 * files, links, names in capitals, too much of it) is refused with what to
 * do, never left out.
 */
#ifndef WEALD_DAEMON_CLI_FOLDER_H
#define WEALD_DAEMON_CLI_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/path.h"
#include "store/feed/feed.h"
#include "store/record/front.h"

/*
 * Stricter than the format: so many files, all replaced by as many others,
 * still fit into one payload.
 */
#define FOLDER_FILES_MAX 100u

/* "attachments/" and a name, NUL */
#define FOLDER_NAME_BYTES (sizeof PATH_ATTACHMENTS + 1 + FILE_BYTES_MAX)

struct folder_file {
	char name[FOLDER_NAME_BYTES]; /* relative to the folder */
	struct buf content;
};

struct folder {
	char slug[NAME_BYTES_MAX + 1];
	struct front front;
	struct folder_file *files;
	size_t files_n;
	size_t bytes; /* of all contents */
};

/*
 * Read the folder at @path whole, and check all of it that can be checked
 * without the feed. The caller releases @out with folder_release().
 *
 *   WEALD_NOTFOUND, WEALD_DENIED, WEALD_IO, WEALD_NOMEM
 *   WEALD_INVALID  not a record's folder; a file that cannot be published
 *   WEALD_PATH     a name that cannot be published
 *   WEALD_TOOBIG   a file, or all together, is over the limit
 * and @msg says which file, why, and what to do.
 */
int folder_load(const char *path, struct folder *out, struct weald_msg *msg);
void folder_release(struct folder *f);

/*
 * The files as a draft takes them, borrowed from @f: an array of f->files_n
 * that the caller frees. WEALD_NOMEM.
 */
int folder_draft_files(const struct folder *f, struct draft_file **out);

#endif
