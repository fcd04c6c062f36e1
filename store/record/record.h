/*
 * The record: front matter in restricted YAML (store/record/ryaml.h), read
 * against the schema of its kind (store/record/vocab.h), then Markdown.
 *
 * One reading serves both sides: what publish refuses stands in the list of
 * problems, what can be used of a broken record stands in the tree. All
 * problems are found at once. Pure.
 */
#ifndef WEALD_STORE_RECORD_RECORD_H
#define WEALD_STORE_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/problem.h"
#include "store/record/reference.h"
#include "store/record/vocab.h"

#define RECORD_FILE "record.md"
#define RECORD_DATA "data.csv"

enum value_type { VALUE_TEXT, VALUE_LIST, VALUE_MAP };

/* The most values in one record; the rest is not read. */
#define RECORD_VALUES_MAX 5000u
/* Of a text without a limit of its own, in characters. */
#define RECORD_TEXT_CHARS_MAX 2000u
/* Of a list without a limit of its own. */
#define RECORD_ITEMS_MAX 50u

/*
 * A value of the front matter; texts end in NUL and hold none. One that is
 * optional and left empty ("target:" or "target: null") is not valid and no
 * problem.
 */
struct value {
	enum value_type type;
	size_t line;      /* where it begins */
	size_t line_last; /* where it ends */
	const char *key;  /* in a map; NULL in a list */
	size_t key_line;
	const char *text; /* VALUE_TEXT; else "" */
	struct value *items;
	size_t n;
	bool valid; /* by the schema; unknown fields are not */
};

struct record {
	const struct kind *kind; /* NULL: not given or not known */
	bool is_whole; /* false: the front matter broke off, fields may lack */
	struct value fields; /* VALUE_MAP; unknown fields too */
	size_t body_line;    /* the file's line at which Markdown begins */
	struct span body;    /* borrowed from the file */
	struct record_chunk *memory; /* of the values */
};

/*
 * Read @file, a whole record.md, which must live as long as the record. What
 * is wrong is added to @problems, each with its line. The caller gives the
 * record back with record_free().
 *
 *   WEALD_OK       also where there are problems: *@out is what could be read
 *   WEALD_INVALID  no front matter can be told apart: *@out is NULL, and
 *                  @problems says why
 *   WEALD_NOMEM
 */
int record_parse(struct span file, struct record **out,
		 struct problems *problems);
/* @r may be NULL. */
void record_free(struct record *r);

/* The field at @path ("title", "contact.role"); NULL where there is none. */
const struct value *record_get(const struct record *r, const char *path);
/* Its text; "" where there is none or it is no text. */
const char *record_text(const struct record *r, const char *path);
/* True where it is there and says true or yes. */
bool record_bool(const struct record *r, const char *path);

/* Was nothing written for the field @f: "target:", "target: null"? */
bool value_is_empty(const struct field *f, const struct value *v);

/* "2025-01-31" of a real day from 1900 to 2199; *@out_days since 1970. */
bool date_parse(const char *text, int64_t *out_days);

/* ---- a record with its files ---------------------------------------------
 */

struct record_file {
	struct span name; /* "record.md", "data.csv", "attachments/x.pdf" */
	struct span content;
};

/*
 * Is the record that a reference names there? RECORD_OTHER_TEXT: its version
 * is, and the digest behind it is of another record.md.
 */
enum record_found {
	RECORD_ABSENT,
	RECORD_VERSION_ABSENT,
	RECORD_OTHER_TEXT,
	RECORD_FOUND
};
typedef enum record_found record_find_fn(void *ctx,
					 const struct reference *ref);

struct record_check {
	struct span region; /* the own one: references to it must be there */
	struct span kind;   /* of the folder it will stand in; empty: any */
	struct span slug;
	const struct record_file *files;
	size_t files_n;
	record_find_fn *find; /* NULL: references are not looked up */
	void *find_ctx;
};

/*
 * All that publish says of a record, but for the privacy guard: the schema,
 * data.csv (store/record/series.h), files that are named and not there,
 * references. A reference to an own record that is not there, or has another
 * text than the reference pins, is an error, to another region's a warning: it
 * may not have arrived yet. References whose
 * kind does not fit the field (problem: must be a problem) are errors, and so
 * is one to the record itself, unless it says a version.
 * *@out is the parsed record, or NULL.
 *
 *   WEALD_OK       also where there are problems
 *   WEALD_INVALID  record.md cannot be read at all: @problems says why
 *   WEALD_NOMEM
 */
int record_check(const struct record_check *check, struct record **out,
		 struct problems *problems);

/*
 * Call @each for every reference in the record, field by field. @rel is the
 * field's name ("problem", "aim.measure"), or of a link its rel; @line the
 * line it stands at. Ones that
 * are no references are passed over. Stops at a code that is not WEALD_OK.
 */
typedef int record_ref_fn(void *ctx, const char *rel,
			  const struct reference *ref, size_t line);
int record_refs(const struct record *r, struct span own_region,
		record_ref_fn *each, void *ctx);

#endif
