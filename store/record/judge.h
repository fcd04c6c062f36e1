/*
 * Judging a version of a record: what the privacy guard makes of all of it.
 *
 * The one place where the guard's input is put together, so that the version
 * that is checked, the one that is signed, the one that is received and the
 * one that is shown are looked at in the same way. Pure.
 */
#ifndef WEALD_STORE_RECORD_JUDGE_H
#define WEALD_STORE_RECORD_JUDGE_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/guard.h"

/* A version, borrowed. */
struct judged {
	struct span path; /* kind/YYYY-MM/slug or, before it has one, slug */
	struct span summary;
	struct span note;
	const struct record_file *files;
	size_t files_n;
	const struct record *record; /* NULL: record.md is read here */
};

/*
 * What the guard finds is added to @out, an empty report, which the caller
 * releases, also on failure. WEALD_NOMEM.
 */
int judge_version(const struct judged *v, struct guard_report *out);

#define JUDGE_WHY_BYTES 512u
/*
 * The kinds for which @report blocks, "," between, in the order of the guard's
 * list; "" where it does not block.
 */
void judge_why(const struct guard_report *report, char out[JUDGE_WHY_BYTES]);

/*
 * Say in @msg why @report keeps a version with @note from being published: the
 * first block or, where there is none, the first warning that the note does not
 * name as confirmed. WEALD_PRIVACY, WEALD_NOMEM.
 */
int judge_refuse(const struct guard_report *report, struct span note,
		 struct weald_msg *msg);

/*
 * The first finding of @report that @before has not, wherever it stood there;
 * NULL where there is none. Where a report was too long to hold all, one more
 * than before counts as new: the last that was kept stands for it.
 */
const struct guard_finding *judge_new(const struct guard_report *report,
				      const struct guard_report *before);

#endif
