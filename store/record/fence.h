/*
 * Fences: the two lines of "---" between which the fields of a record.md
 * stand. Pure; text of others.
 */
#ifndef WEALD_STORE_RECORD_FENCE_H
#define WEALD_STORE_RECORD_FENCE_H

#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"

/* The line of the file at which the fields begin. */
#define FENCE_YAML_LINE 2u

struct fences {
	struct span yaml;  /* what stands between; borrowed from the file */
	size_t close_line; /* the line of the second "---" */
	size_t body;       /* the byte at which the Markdown begins */
};

/*
 * Find them in @file. Lines may end in LF or CRLF. Messages begin with
 * "NAME:LINE: " or "NAME: ".
 *
 *   WEALD_TOOBIG   over CONTENT_BYTES_MAX
 *   WEALD_INVALID  not there, not UTF-8, or a byte-order mark
 */
int fences_find(struct span file, const char *name, struct fences *out,
		struct weald_msg *msg);

#endif
