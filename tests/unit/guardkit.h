/*
 * Guard kit: what the tests of the privacy guard share: looking at a text or a
 * record, and the vectors in tests/data/privacy.
 */
#ifndef WEALD_TESTS_GUARDKIT_H
#define WEALD_TESTS_GUARDKIT_H

#include "store/record/guard.h"

#define GUARD_TEXT_BYTES 4096u

unsigned guard_bit(enum guard_kind kind);
/* Of the kind with this name; fails the test where there is none. */
unsigned guard_kind_bit(const char *name);

/* What guard_text() says of @text in @file; guard_release() the report. */
struct guard_report guard_look(const char *text, const char *file,
			       unsigned flags);

/*
 * What guard_record() says of a record and, where @csv is not NULL, its
 * data.csv. Of @flags only GUARD_STRICT counts.
 */
void guard_look_at_record(const char *record_md, const char *csv,
			  const char *slug, unsigned flags,
			  struct guard_report *out);

/* Print what was found in @text. */
void guard_show(const struct guard_report *report, const char *text);

/* Exactly this verdict and these kinds, or the test fails; releases it. */
void guard_check_report(struct guard_report *report, enum guard_verdict verdict,
			unsigned kinds, const char *text);

struct guard_vector {
	const char *text;
	unsigned flags;
	enum guard_verdict verdict;
	unsigned kinds;
};

typedef void guard_vector_fn(const struct guard_vector *v);
/* All of them, in order. */
void guard_each_vector(guard_vector_fn *check);

#endif
