/*
 * Front matter: the fields at the head of a record.md, between two lines of
 * "---", in restricted YAML (store/record/ryaml.h).
 *
 * Read here is what names a record: kind, title and topics. All other fields
 * must be well-formed and are not looked at. Pure; arguments are borrowed for
 * the call.
 */
#ifndef WEALD_STORE_RECORD_FRONT_H
#define WEALD_STORE_RECORD_FRONT_H

#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

#define FRONT_TITLE_BYTES_MAX 400u

struct front {
	char kind[NAME_BYTES_MAX + 1];
	char title[FRONT_TITLE_BYTES_MAX + 1];
	/* sorted by bytes, none twice */
	char topics[TOPICS_MAX][TOPIC_BYTES_MAX + 1];
	size_t topics_n;
	size_t body; /* the byte of the file at which the Markdown begins */
};

/*
 * Read the front matter of @file, a whole record.md. Lines may end in LF or
 * CRLF. @name is the file's name for messages, which say where and what:
 * "record.md:3: topic \"sepsis\" is given twice".
 *
 *   WEALD_TOOBIG   over CONTENT_BYTES_MAX
 *   WEALD_INVALID  anything else that is wrong with the file
 *   WEALD_NOMEM
 */
int front_parse(struct span file, const char *name, struct front *out,
		struct weald_msg *msg);

/*
 * Where the Markdown of @file begins, found by the "---" lines alone; the
 * fields may be wrong. As front_parse().
 */
int front_find_body(struct span file, const char *name, size_t *out_body,
		    struct weald_msg *msg);

#endif
