/*
 * Folder: a record as it lies on disk before it is published.
 *
 * The folder's own name is the record's slug; it holds record.md and may hold
 * other files and one folder more, attachments. What cannot travel (hidden
 * files, links, names in capitals, too much of it) is refused with what to
 * do, never left out; but for one hidden file of ours, which says what version
 * the folder was made from, and is not part of the record.
 */
#ifndef WEALD_DAEMON_CLI_FOLDER_H
#define WEALD_DAEMON_CLI_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/path.h"
#include "store/feed/feed.h"
#include "store/record/front.h"
#include "store/record/problem.h"
#include "store/record/record.h"
#include "store/record/reference.h"

/*
 * Stricter than the format: so many files, all replaced by as many others,
 * still fit into one payload.
 */
#define FOLDER_FILES_MAX 100u

/* "attachments/" and a name, NUL */
#define FOLDER_NAME_BYTES (sizeof PATH_ATTACHMENTS + 1 + FILE_BYTES_MAX)

/* "region/kind/slug@N", in one line: weald edit writes it. */
#define FOLDER_MARK ".weald"

struct folder_mark {
	char ref[REFERENCE_BYTES_MAX + 1]; /* without a version */
	uint64_t version;                  /* 0: there is no mark */
};

struct folder_file {
	char name[FOLDER_NAME_BYTES]; /* relative to the folder */
	struct buf content;
};

struct folder {
	char slug[NAME_BYTES_MAX + 1];
	/* title is "" where it cannot be read, kind where not even that can */
	struct front front;
	struct folder_mark mark;
	struct folder_file *files;
	size_t files_n;
	size_t bytes; /* of all contents */
	/* what is wrong with the folder and its files, each with what to do */
	struct problems problems;
	int err; /* the code of the first of these, or WEALD_OK */
};

/*
 * Read the folder at @path whole. What is wrong with it is noted in @out, and
 * what could be read is there all the same; what stands in the files is for
 * others to check. WEALD_OK or WEALD_NOMEM; @out is released with
 * folder_release() in any case.
 *
 * out->err:
 *   WEALD_NOTFOUND, WEALD_DENIED, WEALD_IO
 *   WEALD_INVALID  not a record's folder; a file that cannot be published
 *   WEALD_PATH     a name that cannot be published
 *   WEALD_TOOBIG   a file, or all together, is over the limit
 */
int folder_load(const char *path, struct folder *out);
void folder_release(struct folder *f);

/*
 * Take a file of that name and content into @f, in place of the one there is.
 * WEALD_TOOBIG, WEALD_NOMEM.
 */
int folder_put(struct folder *f, const char *name, struct span content);
/* Read kind, title and topics again: record.md was put. */
void folder_read_front(struct folder *f);
/* The content of the file @name; false where there is none. */
bool folder_find(const struct folder *f, const char *name, struct span *out);

/*
 * SHA-256 of the names and the git ids of the files, in whatever order they
 * are; without the mark. WEALD_CRYPTO, WEALD_NOMEM.
 */
int folder_digest(const struct folder *f, uint8_t out[SHA256_BYTES]);
/* The same of files that a feed has; @list is sorted. */
struct folder_id {
	char name[FOLDER_NAME_BYTES];
	uint8_t blob[OBJECT_ID_BYTES];
};
int folder_digest_ids(struct folder_id *list, size_t n,
		      uint8_t out[SHA256_BYTES]);

/* The mark as it stands in its file, with the line's end. */
#define FOLDER_MARK_BYTES (REFERENCE_BYTES_MAX + 32u)
void folder_mark_format(const struct folder_mark *mark,
			char out[FOLDER_MARK_BYTES]);
/* Replace the mark in the folder at @path; as fs_write_durable(). */
int folder_mark_write(const char *path, const struct folder_mark *mark,
		      mode_t mode, struct weald_msg *msg);

/*
 * The files as a draft takes them, or as the checks do, borrowed from @f: an
 * array of f->files_n that the caller frees. WEALD_NOMEM.
 */
int folder_draft_files(const struct folder *f, struct draft_file **out);
int folder_record_files(const struct folder *f, struct record_file **out);

#endif
