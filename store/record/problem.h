/*
 * Problems: what is wrong with a record, all of it at once.
 *
 * Each says in which file, at which line and field, what is wrong and what is
 * allowed. Errors keep a record from being published; warnings are told and
 * may be passed. Pure; text of others stands in them escaped.
 */
#ifndef WEALD_STORE_RECORD_PROBLEM_H
#define WEALD_STORE_RECORD_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/err.h"

/* More are counted, not kept; an error takes the place of a warning. */
#define PROBLEMS_MAX        100u
#define PROBLEM_FIELD_BYTES 64u
#define PROBLEM_FILE_BYTES  120u

enum problem_level { PROBLEM_WARNING, PROBLEM_ERROR };

struct problem {
	enum problem_level level;
	char file[PROBLEM_FILE_BYTES];   /* "record.md", "data.csv" */
	size_t line;                     /* from 1; 0: the file as a whole */
	char field[PROBLEM_FIELD_BYTES]; /* "contact.role"; "" for none */
	struct weald_msg text;           /* what is wrong, and what to do */
};

/* All zero is an empty list. Owned: problems_release(). */
struct problems {
	struct problem *list;
	size_t n;
	size_t cap;
	size_t errors;   /* of all, also those that are not kept */
	size_t warnings; /* the same */
	bool no_memory;  /* one could not be kept */
};

/*
 * Add one. @file and @field are borrowed and may be NULL; what is too long is
 * cut. A lack of memory sticks in @p->no_memory.
 */
void problem_add(struct problems *p, enum problem_level level, const char *file,
		 size_t line, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* By file, then line, in the order they were added where both are the same. */
void problems_sort(struct problems *p);
void problems_release(struct problems *p);

#endif
