/*
 * Forms: the record.md of a kind that a person fills in. Every field with what
 * it asks and what it may hold, as comments of YAML; what must be there first,
 * what may be added behind it, commented out.
 *
 * A form that nobody has filled in is no valid record. Pure.
 */
#ifndef WEALD_STORE_RECORD_FORM_H
#define WEALD_STORE_RECORD_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/vocab.h"

/* A form is far shorter; what is filled in is bounded by the schema. */
#define FORM_BYTES_MAX (64u * 1024u)

/*
 * What is filled in already. @path is the field's name, or "contact.role" of a
 * map's part. A list has one for each of its items, in order; the n-th of each
 * part of a list of maps belong together.
 */
struct form_value {
	const char *path;
	const char *text;
};

struct form {
	const struct kind *kind;
	const struct form_value *values;
	size_t values_n;
};

/*
 * Append the whole record.md. The kind and the licence are filled in; values
 * whose path is not of the kind are passed over. WEALD_TOOBIG, WEALD_NOMEM.
 */
int form_write(const struct form *form, struct buf *out);

/* Must a record of this kind, or one with these values, have a data.csv? */
bool form_has_series(const struct form *form);
/* Append the data.csv that goes with it: its header. */
int form_write_series(struct buf *out);

/*
 * Append @text as a scalar of YAML that reads back as @text: plain where that
 * is safe, else in quotes.
 */
int form_scalar(const char *text, struct buf *out);

#endif
