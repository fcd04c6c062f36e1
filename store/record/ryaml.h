/*
 * Restricted YAML: the part of YAML that records are written in, read as a
 * stream of events.
 *
 * One document of UTF-8, in block or flow style, where every scalar is text.
 * Refused: anchors, aliases, tags, directives, a second document, a field
 * given twice, a field whose name is not text, control and invisible
 * characters. Bounded in size, depth, events and fields, so that no input
 * makes it slow or large.
 *
 * Pure: no file is read. Every message begins with "NAME:LINE: ".
 */
#ifndef WEALD_STORE_RECORD_RYAML_H
#define WEALD_STORE_RECORD_RYAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

#define RYAML_BYTES_MAX  CONTENT_BYTES_MAX
#define RYAML_DEPTH_MAX  8u /* records need 3 */
#define RYAML_EVENTS_MAX 100000u
#define RYAML_FIELDS_MAX 256u /* in one mapping; compared pair by pair */

enum ryaml_type {
	RYAML_TEXT,
	RYAML_LIST,
	RYAML_LIST_END,
	RYAML_MAP,
	RYAML_MAP_END,
	RYAML_END /* of the document; of an empty one, too */
};

struct ryaml_event {
	enum ryaml_type type;
	bool is_bracket; /* the end of a list or map is written: "]" or "}" */
	bool is_key;     /* text that names a field; its value comes next */
	unsigned depth;  /* lists and mappings around it */
	size_t line;
	size_t line_last; /* of a text or a bracket; else as line */
	struct span text; /* RYAML_TEXT; borrowed until the next event */
};

struct ryaml;

/*
 * Begin to read @text, which is borrowed, as is @name, until ryaml_close().
 * @first_line is the number of its first line in the file @name.
 *
 *   WEALD_TOOBIG   over RYAML_BYTES_MAX
 *   WEALD_INVALID  not UTF-8, or a character that may not be there
 *   WEALD_NOMEM
 */
int ryaml_open(struct span text, const char *name, size_t first_line,
	       struct ryaml **out, struct weald_msg *msg);
/* @y may be NULL. */
void ryaml_close(struct ryaml *y);

/*
 * The next event; not to be called again after RYAML_END or a failure.
 * WEALD_OK, WEALD_INVALID or WEALD_NOMEM.
 */
int ryaml_next(struct ryaml *y, struct ryaml_event *out, struct weald_msg *msg);

/*
 * May this character stand in the file, or in a value that is written with an
 * escape? LF and TAB may; other control characters and invisible ones not.
 * @bytes is @rune in UTF-8.
 */
bool ryaml_may_hold(uint32_t rune, struct span bytes);

/* Is the byte one such character by itself, as nearly all of a record are? */
static inline bool ryaml_is_plain(uint8_t byte)
{
	return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\n';
}

/* Read the value that comes next, whatever it is, and forget it. */
int ryaml_skip(struct ryaml *y, struct weald_msg *msg);

#endif
