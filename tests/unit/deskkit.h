/*
 * A desk for tests of the index: some feeds of a home, records to publish in
 * them, and the index.
 */
#ifndef WEALD_TESTS_UNIT_DESKKIT_H
#define WEALD_TESTS_UNIT_DESKKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/index/index_private.h"
#include "tests/unit/feedkit.h"

#define FEEDS_MAX 4u

/* Some feeds of a home, and its index. */
struct desk {
	struct feedkit *k;
	struct feed *feeds[FEEDS_MAX];
	const char *names[FEEDS_MAX];
	size_t n;
	char home[SCRATCH_PATH_BYTES];
	struct index *x;
};

/* setup and teardown of cmocka; the state is a struct desk */
int desk_setup(void **state);
int desk_teardown(void **state);

/* A new feed, called @name here; its number. */
size_t desk_found(struct desk *d, const char *name);
/* Three feeds whose records refer to each other, with some of each state. */
void desk_found_three(struct desk *d);

struct paper {
	const char *record;
	const char *text; /* NULL: no record.md */
	const char *data; /* data.csv, or NULL */
	enum action action;
	const char *summary;
	const char *note;
};

/* Sign and commit what the paper says. */
void desk_sign(struct desk *d, size_t feed, const struct paper *p);
/* The next version of @record, record.md being @text. */
void desk_publish(struct desk *d, size_t feed, const char *record,
		  const char *text);

struct index_feed desk_named(const struct desk *d, size_t feed);
/* Open the index for writing, again; was it made anew? */
bool desk_open(struct desk *d);
/* Take in all of a feed, @batch updates at a time (0: all at once). */
void desk_fill(struct desk *d, size_t feed, uint64_t batch);
void desk_fill_all(struct desk *d);

/* A number that SQL finds; -1 where there is no row. */
int64_t desk_number(struct desk *d, const char *sql);
/* A text that SQL finds; a static buffer. */
const char *desk_text(struct desk *d, const char *sql);
void desk_digest(struct desk *d, uint8_t out[SHA256_BYTES]);
/* What the index would be, made anew from the feeds, is what it is. */
void desk_assert_pure(struct desk *d);

#define PROBLEM "problem/2026-11/falls-at-night"
#define PROBLEM_FIELDS                                        \
	"kind: problem\n"                                     \
	"title: Falls at night on the way to the toilet\n"    \
	"topics: [falls]\n"                                   \
	"settings: [acute-ward]\n"                            \
	"harm: {physical: severe, psychological: moderate}\n" \
	"incident_type: patient-accidents\n"                  \
	"how_known: [incidents]\n"                            \
	"scale: one fall a week on most wards\n"              \
	"patient_involvement: {level: none}\n"                \
	"contact: {role: Falls lead, mailbox: falls@example.nhs.uk}\n"
#define PROBLEM_TEXT                     \
	"---\n" PROBLEM_FIELDS "---\n\n" \
	"People get up in the dark. The bathroom is far.\n"

#define FIX "intervention/2026-11/night-light"
#define FIX_TEXT                                                       \
	"---\n"                                                        \
	"kind: intervention\n"                                         \
	"title: Lamps that wake with movement\n"                       \
	"topics: [falls]\n"                                            \
	"settings: [acute-ward, care-home]\n"                          \
	"problem: south-west/problem/falls-at-night\n"                 \
	"summary: A lamp beneath the bed lights the floor.\n"          \
	"why: nobody walks in the dark\n"                              \
	"steps: [choose beds, mount lamps, check batteries]\n"         \
	"must_keep: [light at floor level]\n"                          \
	"may_change: [colour]\n"                                       \
	"risks: [disturbed sleep]\n"                                   \
	"links: [{rel: about, id: south-west/lesson/lamps@2}]\n"       \
	"patient_involvement: {level: none}\n"                         \
	"contact: {role: Falls lead, mailbox: falls@example.nhs.uk}\n" \
	"---\n\n"                                                      \
	"Batteries last a year.\n"

/* A mobile number, which the guard blocks. */
#define SECRET "Ring 07700 900123 about the patient."

#endif
