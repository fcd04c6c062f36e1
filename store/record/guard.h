/*
 * The privacy guard: patterns of patient-identifiable data.
 *
 * What is gossiped cannot be called back, so this stands before publish, and
 * on receipt: a version that it would block is kept and never shown. It looks
 * for patterns (numbers, dates, addresses, small counts), not for stories: it
 * cannot find a name in prose. The rules and their sources: docs/PRIVACY.md.
 * Pure, deterministic, linear in the text.
 *
 * What it saw is reported masked ("999 *** ****"), so that no log or screen
 * holds it.
 */
#ifndef WEALD_STORE_RECORD_GUARD_H
#define WEALD_STORE_RECORD_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/record/problem.h"
#include "store/record/record.h"

enum guard_verdict { GUARD_PASS, GUARD_WARN, GUARD_BLOCK };

/* X(code, name in output and notes, what to do instead) */
#define GUARD_KINDS(X)                                                     \
	X(NHS_NUMBER, "nhs-number", "take the number out")                 \
	X(NHS_NUMBER_TEST, "nhs-number-test",                              \
	  "a test number: say that it is one, or take it out")             \
	X(NHS_NUMBER_MALFORMED, "nhs-number-malformed",                    \
	  "a mistyped number is still a person's: take it out")            \
	X(DATE_OF_BIRTH, "date-of-birth", "give an age band instead")      \
	X(HOSPITAL_NUMBER, "hospital-number", "take the number out")       \
	X(PRISON_NUMBER, "prison-number", "take the number out")           \
	X(NI_NUMBER, "ni-number", "take the number out")                   \
	X(MOBILE, "mobile", "give a shared mailbox instead")               \
	X(EMAIL, "email", "give an organisation's shared mailbox instead") \
	X(EMAIL_NAMED, "email-named", "give a shared mailbox instead")     \
	X(POSTCODE, "postcode", "give the town or the region instead")     \
	X(LANDLINE, "landline", "put it into contact, or take it out")     \
	X(INCIDENT_REFERENCE, "incident-reference",                        \
	  "it links back to a person: take it out")                        \
	X(PERSON_NAME, "person-name", "say the role instead")              \
	X(STAFF_NAME, "staff-name", "name the role instead")               \
	X(EXACT_AGE, "exact-age", "give an age band: \"in their 30s\"")    \
	X(EVENT_DATE, "event-date", "give the month or the year only")     \
	X(SMALL_NUMBER, "small-number", "merge months or sites")           \
	X(RARE_EVENT, "rare-event",                                        \
	  "chart a process measure, or report for the region, in weeks")   \
	X(TABLE, "table",                                                  \
	  "give figures by month in data.csv, never a row a person")       \
	X(UNREADABLE, "unreadable",                                        \
	  "it is not text: look through it yourself before you confirm")

enum guard_kind {
#define GUARD_X(code, name, advice) GUARD_##code,
	GUARD_KINDS(GUARD_X)
#undef GUARD_X
		GUARD_KINDS_N
};

const char *guard_kind_name(enum guard_kind kind);
const char *guard_kind_advice(enum guard_kind kind);

#define GUARD_SEEN_BYTES   48u
#define GUARD_FINDINGS_MAX 100u

/* What of an update it stands in. */
enum guard_part {
	GUARD_PART_FILE,
	GUARD_PART_SLUG,
	GUARD_PART_SUMMARY,
	GUARD_PART_NOTE
};

struct guard_finding {
	enum guard_part part;
	enum guard_verdict verdict; /* GUARD_WARN or GUARD_BLOCK */
	enum guard_kind kind;
	/* for people; "slug", "summary", "note" where it is no file: a file
	 * may be called so too, so that only @part tells them apart */
	char file[PROBLEM_FILE_BYTES];
	size_t line;                 /* from 1; 0: the file's name */
	char seen[GUARD_SEEN_BYTES]; /* masked */
};

/* All zero is an empty one. Owned: guard_release(). */
struct guard_report {
	enum guard_verdict verdict; /* the worst of all */
	struct guard_finding *list;
	size_t n;
	size_t cap;
	/*
	 * Over GUARD_FINDINGS_MAX; verdict and kinds count them. Warnings make
	 * room for blocks, so that blocks are only left out where all in the
	 * list are blocks.
	 */
	size_t left_out_blocks;
	size_t left_out_warnings;
	size_t left_out; /* both */
	unsigned kinds;  /* bit (1 << kind) of each, also of those left out */
	bool no_memory;  /* the verdict is GUARD_BLOCK then */
};

enum guard_flags {
	GUARD_CONTACT = 1, /* the text stands in a contact field */
	GUARD_STRICT = 2   /* take the test range 999 for issued: tests only */
};

/*
 * Look at @text and add what is found; @first_line is the number of its first
 * line. Not UTF-8 is one finding, GUARD_UNREADABLE.
 */
void guard_text(struct span text, const char *file, size_t first_line,
		unsigned flags, struct guard_report *out);

/*
 * Look at a record whole: every file's name and text; its front matter both as
 * it is written and as it reads (escapes, folded lines); the small numbers of
 * its series, by its topics and its scope (records.md, section 4: level below
 * region, sensitive topics). @record may be NULL where record.md cannot be
 * read: then its text is scanned all the same.
 */
struct guard_input {
	const struct record *record;
	const struct record_file *files;
	size_t files_n;
	struct span slug;
	struct span summary; /* of the update; may be empty */
	struct span note;    /* the same */
	unsigned flags;      /* GUARD_STRICT in tests, else 0 */
};
void guard_record(const struct guard_input *in, struct guard_report *out);
void guard_release(struct guard_report *report);

/*
 * An override of warnings, as it stands as the last line of an update's note:
 *
 *   Privacy-Checked: landline, person-name; role: REASON GIVER; reason: TEXT
 *
 * guard_override_format() appends it to @out, which holds the note, after an
 * empty line where there is one. WEALD_INVALID with @msg where role or reason
 * is empty, over 100 or 300 bytes, or more than a line; WEALD_TOOBIG.
 */
int guard_override_format(const struct guard_report *report, const char *role,
			  const char *reason, struct buf *out,
			  struct weald_msg *msg);
/*
 * Does @note hold one? Then *@out_kinds has bit (1 << kind) for each kind that
 * it names.
 */
bool guard_override_read(struct span note, unsigned *out_kinds);

/*
 * May it be published with this note? Blocks never; warnings where the note
 * names their kinds.
 */
bool guard_is_covered(const struct guard_report *report, struct span note);

#endif
