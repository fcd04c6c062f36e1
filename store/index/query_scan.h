/*
 * Scans of the records that have a word, from within store/index/.
 */
#ifndef WEALD_STORE_INDEX_QUERY_SCAN_H
#define WEALD_STORE_INDEX_QUERY_SCAN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/index/query_private.h"

/* Columns of the table `search`, and their bits. */
#define SCAN_COLUMNS_N 3u
#define SCAN_TITLE     1u
#define SCAN_LABELS    2u
#define SCAN_TEXT      4u

struct scan {
	/* called once, if anything matches at all */
	int (*begin)(struct scan *scan);
	void *ctx;
	int err;
	/* while begin() runs */
	struct index *x;
	struct weald_msg *msg;
	const Fts5ExtensionApi *api;
	Fts5Context *fts;
};

/* Of a new handle, before the first scan; each_ready() does it. */
int scan_ready(struct index *x, struct weald_msg *msg);
/* @match: an expression of FTS5. What begin() returned, or WEALD_OK. */
int scan_run(struct index *x, const char *match, struct scan *scan,
	     struct weald_msg *msg);

/* A record that has the phrase. */
struct scan_row {
	const Fts5ExtensionApi *api;
	Fts5Context *fts;
	int64_t id;
};
/* Not WEALD_OK: no more. */
typedef int scan_row_fn(void *ctx, const struct scan_row *row);
/*
 * Of all records that have phrase number @phrase of the expression, by id;
 * from within begin(). What @row returned last, or how SQLite failed.
 */
int scan_phrase(struct scan *scan, size_t phrase, scan_row_fn *row, void *ctx);
/*
 * The same of all records that @match finds, where few are expected; may be
 * called from within begin().
 */
int scan_match(struct index *x, const char *match, scan_row_fn *row, void *ctx,
	       struct weald_msg *msg);
/* Bits of the columns in which the phrase stands; 0 within scan_phrase(). */
unsigned scan_columns(const struct scan_row *row, size_t phrase);
/* How often phrase 0 stands there, each time by the weight of the column. */
float scan_frequency(const struct scan_row *row,
		     const float weights[SCAN_COLUMNS_N]);
/* Words of the record. */
float scan_size(const struct scan_row *row);
/* Records that there are, and words of one on average. */
int scan_sizes(const struct scan *scan, double *out_records, double *out_usual);

/* Which phrases of an expression belong to a part of the question. */
struct phrases {
	size_t first;
	size_t own; /* words that were typed, a phrase each */
	size_t all; /* and what means the same */
};
/* Of a part whose first phrase is *@first, which moves behind its last. */
struct phrases phrases_of(const struct part *part, size_t *first);
/* As wording_match() writes them; returns how many parts there are. */
size_t phrases_read(const struct wording *words, size_t without,
		    struct phrases out[WORDS_MAX]);
/* Does SQLite count as many? */
bool phrases_are(const struct scan *scan, const struct phrases *list, size_t n);

#endif
