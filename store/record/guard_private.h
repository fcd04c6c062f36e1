/*
 * Inside the guard: a text made ready for its scanners, and what these share.
 *
 * guard.c folds a text (guard_fold.c) and runs one scanner for each family of
 * patterns over it. All scanners are written by hand and look only so far
 * around a place, so that the whole is linear in the text.
 */
#ifndef WEALD_STORE_RECORD_GUARD_PRIVATE_H
#define WEALD_STORE_RECORD_GUARD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/record/guard.h"

/* Beside enum guard_flags. */
enum guard_place {
	GUARD_IN_NAME = 1 << 8,    /* "-" and "_" part words */
	GUARD_IN_TABLE = 1 << 9,   /* CSV: a line's end parts numbers */
	GUARD_IN_CUSTODY = 1 << 10 /* the record is about care in custody */
};

/*
 * A text, folded: one byte for each character. What looks like ASCII is ASCII
 * (digits of all scripts, dashes, spaces), what cannot be seen is left out,
 * and web addresses are hidden. text[-1] and text[n] are NUL.
 */
struct guard_doc {
	char *text;
	size_t n;
	enum guard_part part;
	const char *file;
	size_t first_line;
	size_t line_span; /* findings of more lines above are the same */
	unsigned flags;
	bool is_utf8;
	bool has_controls;
	bool has_digit;
	size_t bad_at; /* the first that is not UTF-8 */
	/* lines that stand in contact; none where from is 0 */
	size_t contact_from;
	size_t contact_to;
	struct guard_report *report;
	/* how far lines were counted */
	size_t line_at;
	size_t line_no;
};

/* The bytes of a folded text that are not ASCII. */
enum guard_mark {
	GUARD_OTHER = 0x01, /* a sign */
	GUARD_HIDDEN = 0x02,
	GUARD_LOWER = 0x0e, /* a letter */
	GUARD_UPPER = 0x0f
};

/* ---- guard.c ---- */

/* A text with where it stands; the lines in contact may be 0. */
struct guard_source {
	struct span text;
	enum guard_part part;
	const char *file;
	size_t first_line;
	size_t line_span;
	unsigned flags;
	size_t contact_from;
	size_t contact_to;
};
void guard_scan(const struct guard_source *source, struct guard_report *out);

/* Add one whose @seen is masked already. */
void guard_report_add(struct guard_report *report,
		      const struct guard_finding *finding, size_t line_span);

/*
 * Add what stands from @from to @to; what comes before @clear is shown, of the
 * rest every letter and digit is masked.
 */
void guard_add(struct guard_doc *doc, enum guard_kind kind,
	       enum guard_verdict verdict, size_t from, size_t clear,
	       size_t to);

/* Add one of a file that was seen other than in its text. */
void guard_add_seen(struct guard_report *report, enum guard_kind kind,
		    enum guard_verdict verdict, const char *file, size_t line,
		    const char *seen);

bool guard_is_csv(const char *file);

/* ---- guard_fold.c ---- */

/* WEALD_OK or WEALD_NOMEM; then guard_doc_release(). */
int guard_doc_fold(struct guard_doc *doc, struct span text);
void guard_doc_release(struct guard_doc *doc);

/* ---- guard_word.c ---- */

/* What a folded character is; asked for every byte, many times. */
enum guard_class { GUARD_DIGIT = 1, GUARD_CAPITAL = 2, GUARD_SMALL = 4 };
extern const unsigned char guard_classes[128];

static inline unsigned guard_class_of(char c)
{
	return guard_classes[(unsigned char)c & 0x7f];
}

static inline bool guard_is_digit(char c)
{
	return (guard_class_of(c) & GUARD_DIGIT) != 0;
}

static inline bool guard_is_upper(char c)
{
	return (guard_class_of(c) & GUARD_CAPITAL) != 0;
}

static inline bool guard_is_letter(char c)
{
	return (guard_class_of(c) & (GUARD_CAPITAL | GUARD_SMALL)) != 0;
}

static inline bool guard_is_alnum(char c)
{
	return guard_class_of(c) != 0;
}

static inline char guard_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The end of the word (letters) at @at; @at where there is none. */
static inline size_t guard_word_end(const struct guard_doc *doc, size_t at)
{
	while (guard_is_letter(doc->text[at])) {
		at++;
	}
	return at;
}

/* The end of the digits at @at; @at where there is none. */
static inline size_t guard_digits_end(const struct guard_doc *doc, size_t at)
{
	while (guard_is_digit(doc->text[at])) {
		at++;
	}
	return at;
}

/* The line of @at. */
size_t guard_line(struct guard_doc *doc, size_t at);

/* The first digit at @at or behind; doc->n where there is none. */
size_t guard_next_digit(const struct guard_doc *doc, size_t at);

/* Is what stands from @from to @to this word, or in this list up to NULL? */
bool guard_word_is(const struct guard_doc *doc, size_t from, size_t to,
		   const char *word);
bool guard_word_in(const struct guard_doc *doc, size_t from, size_t to,
		   const char *const *words);

/* Does a whole word of the list stand there? @to may be past the end. */
bool guard_has_word(const struct guard_doc *doc, size_t from, size_t to,
		    const char *const *words);

/* Is one within @before characters before @from or @after behind @to? */
bool guard_is_near(const struct guard_doc *doc, size_t from, size_t to,
		   size_t before, size_t after, const char *const *words);

/* Past spaces (a line's end is one outside of tables), at most three. */
size_t guard_skip_spaces(const struct guard_doc *doc, size_t at);

/* Past spaces and at most one of @signs between them. */
size_t guard_skip_sign(const struct guard_doc *doc, size_t at,
		       const char *signs);

/*
 * Past what stands between a name and its value: spaces, ": = # . - ( ) | * ,"
 * and words of the list, at most GUARD_LABEL_MAX characters and the rest of
 * the last word.
 */
#define GUARD_LABEL_MAX 24u
size_t guard_skip_label(const struct guard_doc *doc, size_t at,
			const char *const *words);

/* The word before @at, over spaces; false where there is none. */
bool guard_word_before(const struct guard_doc *doc, size_t at, size_t *out_from,
		       size_t *out_to);

/* ---- the scanners ---- */

void guard_scan_nhs(struct guard_doc *doc);        /* guard_nhs.c */
void guard_scan_references(struct guard_doc *doc); /* guard_number.c */
void guard_scan_phones(struct guard_doc *doc);     /* guard_contact.c */
void guard_scan_emails(struct guard_doc *doc);
void guard_scan_postcodes(struct guard_doc *doc); /* guard_postcode.c */
void guard_scan_dates(struct guard_doc *doc);     /* guard_date.c */
void guard_scan_names(struct guard_doc *doc);     /* guard_person.c */
void guard_scan_ages(struct guard_doc *doc);

/* ---- guard_file.c ---- */

/*
 * A file of a record that is not a series: is it something that must be looked
 * at by eye, or a table of people?
 */
void guard_scan_form(const char *file, struct span content,
		     struct guard_report *out);

/* ---- guard_count.c ---- */

/* The series of a record; @csv is its file. */
void guard_scan_series(const struct record *record, const char *file,
		       struct span csv, struct guard_report *out);

#endif
