/*
 * What the files of the record share: see store/record/record.h.
 */
#ifndef WEALD_STORE_RECORD_RECORD_PRIVATE_H
#define WEALD_STORE_RECORD_RECORD_PRIVATE_H

#include "store/record/record.h"

/* "changes[12].type", with room to spare */
#define FIELD_PATH_BYTES 128u

/* What is looked at, and where problems go. */
struct checking {
	const struct record *record;
	struct problems *problems;
	bool is_whole; /* false: what is missing may stand further down */
};

/* Say what is wrong with the field at @path, in record.md. */
void record_problem(struct checking *c, size_t line, const char *path,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Check the record against the schema of its kind, and set the values' valid.
 * @is_whole is false where the front matter could be read in part only: then
 * what is missing is not asked for.
 */
void record_check_schema(struct record *r, bool is_whole,
			 struct problems *problems);

/*
 * Check a text by its type, FIELD_MAP, _MAPS and lists excepted. True where it
 * is valid; else a problem was added.
 */
bool record_check_value(struct checking *c, const struct field *f,
			const struct value *v, const char *path);

/* Rules between fields, those of single kinds. */
void record_check_rules(struct record *r, bool is_whole,
			struct problems *problems);

/* The codes of a list, ", " between them, cut at @size. */
void codes_join(const struct code_list *codes, char *out, size_t size);

/* The value of that name in a map, else NULL. */
struct value *value_get(const struct value *map, struct span name);

#endif
