/*
 * Paths: where records and their files lie in a feed.
 *
 * A record is kind/YYYY-MM/slug; its files are <record>/<name> and
 * <record>/attachments/<name>. At the root stand region.yaml and
 * .gitattributes only. docs/PROTOCOL.md, "Paths". Pure.
 */
#ifndef WEALD_PROTO_PATH_H
#define WEALD_PROTO_PATH_H

#include <stdbool.h>

#include "proto/bytes.h"
#include "proto/err.h"

#define PATH_REGION        "region.yaml"
#define PATH_GITATTRIBUTES ".gitattributes"
#define PATH_ATTACHMENTS   "attachments"

/* The parts of a record's path, borrowed from it. */
struct record_path {
	struct span kind;
	struct span month; /* YYYY-MM */
	struct span slug;
};

/* A kind or a record's slug: 1..NAME_BYTES_MAX of [a-z0-9][a-z0-9-]*. */
bool path_is_name(struct span s);

/*
 * A file's name: 1..FILE_BYTES_MAX of [a-z0-9][a-z0-9._-]*, not ending in
 * "." or ".lock", its stem (up to the first dot) no device name of Windows.
 */
bool path_is_file_name(struct span s);

/*
 * A name (up to the first dot) that stands for a device on Windows. Valid as a
 * kind or slug, but such a record cannot be cloned there.
 */
bool path_is_device(struct span name);

/* WEALD_OK or WEALD_RECORD. */
int path_parse_record(struct span s, struct record_path *out,
		      struct weald_msg *msg);

/*
 * Check that @path may change in an update about @record, a valid record or
 * empty for an update about the feed itself. WEALD_OK or WEALD_PATH.
 */
int path_check_file(struct span path, struct span record,
		    struct weald_msg *msg);

#endif
