/*
 * Vocabulary: the kinds of record, their fields and the codes that these may
 * hold; topics, settings and regions.
 *
 * Compiled in from the data files in store/record/vocab/, which a later
 * version replaces: scripts/vocab.awk turns them into tables. All constant;
 * nothing is owned by the caller.
 */
#ifndef WEALD_STORE_RECORD_VOCAB_H
#define WEALD_STORE_RECORD_VOCAB_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"

/* A code, and what people call it. */
struct code {
	const char *code;
	const char *label;
};

struct code_list {
	const char *name; /* "harm_physical" */
	const struct code *codes;
	size_t n;
};

enum field_type {
	FIELD_TEXT,
	FIELD_CODE,  /* one of codes */
	FIELD_CODES, /* a list of them */
	FIELD_REF,   /* region/kind/slug, with or without @N */
	FIELD_REFS,
	FIELD_DATE,  /* YYYY-MM-DD */
	FIELD_MONTH, /* YYYY-MM, or a day as above */
	FIELD_INT,
	FIELD_NUM,
	FIELD_BOOL, /* true, false, yes, no */
	FIELD_LIST, /* of texts */
	FIELD_MAP,  /* parts */
	FIELD_MAPS, /* a list of maps */
	FIELD_PATH  /* a file of the record */
};

enum field_need {
	FIELD_OPTIONAL,
	FIELD_AUTO, /* filled in by the form; may be left out */
	FIELD_REQUIRED,
	FIELD_REQUIRED_IF /* condition */
};

/* When a FIELD_REQUIRED_IF is required: */
enum field_condition {
	FIELD_IF_NONE,
	FIELD_IF_NOT_EMPTY, /* the list @if_field has an item */
	FIELD_IF_GIVEN      /* the field @if_field is there */
};

struct field {
	const char *name;
	enum field_type type;
	enum field_need need;
	enum field_condition condition;
	const char *if_field;
	const struct code_list *codes; /* of FIELD_CODE and FIELD_CODES */
	/* limits; 0: none */
	unsigned words_max; /* of a text, or of each text of a list */
	unsigned chars_max;
	unsigned items_min; /* of lists */
	unsigned items_max;
	double min; /* of numbers; both 0: none */
	double max;
	const struct field *parts; /* of maps, else NULL */
	size_t parts_n;
	/* what references may name: "priority,evidence"; "" for any kind */
	const char *ref_kinds;
	bool ref_pinned;      /* references must say their version */
	const char *prompt;   /* what the form asks, in a short line */
	const char *standard; /* the published one that it comes from, or "" */
};

struct kind {
	const char *name;  /* "intervention" */
	const char *label; /* "Intervention" */
	/* Common fields and its own, in the order of the form. */
	const struct field *fields;
	size_t fields_n;
};

const struct kind *vocab_kinds(size_t *out_n);
/* NULL where the kind is not known. */
const struct kind *vocab_kind(struct span name);
const struct field *kind_field(const struct kind *kind, struct span name);
/* The field of that name in a table, such as a map's parts; NULL. */
const struct field *field_find(const struct field *fields, size_t n,
			       struct span name);
/* The one whose name is most like @name; NULL where none is like it. */
const struct field *field_nearest(const struct field *fields, size_t n,
				  struct span name);

/* All of them, "kinds", "topics" and "settings" too. */
const struct code_list *vocab_lists(size_t *out_n);
/* A list by its name ("design", "topics", "settings"); NULL. */
const struct code_list *vocab_codes(const char *name);
/* The code in the list, or NULL. */
const struct code *code_find(const struct code_list *list, struct span code);
/*
 * The code that was probably meant by @text: one whose label it is, for topics
 * one that people call so, else one that is written nearly so. NULL where none
 * is like it.
 */
const struct code *code_nearest(const struct code_list *list, struct span text);

struct topic {
	const char *slug;
	const char *label;
	bool sensitive; /* small numbers may name people */
	/* other words that people say, "|" between them: "aki|kidney injury" */
	const char *synonyms;
};
const struct topic *vocab_topics(size_t *out_n);
const struct topic *vocab_topic(struct span slug); /* NULL */

/* A setting's label is in vocab_codes("settings"). */

struct region_name {
	const char *slug;
	const char *name;    /* as it is called today */
	const char *aliases; /* "|" between them: "hin|health innovation ..." */
};
const struct region_name *vocab_regions(size_t *out_n);

#endif
