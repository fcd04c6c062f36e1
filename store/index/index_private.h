/*
 * The index from within store/index/: its handle, and statements.
 *
 * A statement is prepared once and kept by the handle, known by its text; all
 * values are bound, never written into the text. Between index_ask() and its
 * end a statement belongs to the caller:
 *
 *	sqlite3_stmt *s = NULL;
 *	bool row = false;
 *
 *	r = index_ask(x, "SELECT title FROM record WHERE ref = ?", &s, msg,
 *		      "t", ref);
 *	while (r == WEALD_OK && (r = index_step(x, s, &row, msg)) == WEALD_OK &&
 *	       row) {
 *		... sqlite3_column_text(s, 0) ...
 *	}
 *	index_done(x, s);
 */
#ifndef WEALD_STORE_INDEX_INDEX_PRIVATE_H
#define WEALD_STORE_INDEX_INDEX_PRIVATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "store/index/index.h"
#include "store/index/schema.h"

/* Empty; there where SQLite has found damage. */
#define INDEX_DAMAGED_FILE INDEX_FILE "-damaged"

/* Places for statements that a handle keeps; no room: prepared each time. */
#define INDEX_STATEMENTS_MAX 256u

struct index {
	sqlite3 *db;
	char *dir; /* the home's */
	enum index_mode mode;
	bool damaged;                   /* SQLite said so: to be made anew */
	index_withheld_fn *withheld_fn; /* or NULL */
	void *withheld_ctx;
	/* those that nobody uses just now, by the hash of their text */
	sqlite3_stmt *kept[INDEX_STATEMENTS_MAX];
};

/*
 * The border for SQLite: what the failure @code of a call on @x that was just
 * made means to us. Its message goes to @msg with what to do about it. Notes
 * damage, in the handle and beside the file, so that the next opening for
 * writing makes the index anew.
 */
int err_from_sqlite(struct index *x, int code, struct weald_msg *msg);

/*
 * Prepare @sql, or take it from those kept, and bind @types, one letter a
 * value, in the order of the "?":
 *
 *   t  const char *, text        i  int64_t        d  double
 *   s  struct span *, text       u  uint64_t       n  nothing: NULL
 *   b  struct span *, a blob
 *
 * Texts and blobs are borrowed until index_done(). *@out is NULL on failure.
 */
int index_ask(struct index *x, const char *sql, sqlite3_stmt **out,
	      struct weald_msg *msg, const char *types, ...);
/* The next row; after the last one *@out_row is false. */
int index_step(struct index *x, sqlite3_stmt *s, bool *out_row,
	       struct weald_msg *msg);
/* Give a statement back, at its end or before; NULL is fine. */
void index_done(struct index *x, sqlite3_stmt *s);

/* All of it, for what gives no rows. */
int index_run(struct index *x, const char *sql, struct weald_msg *msg,
	      const char *types, ...);
/* The first column of the first row; @missing where there is no row. */
int index_number(struct index *x, const char *sql, int64_t missing,
		 int64_t *out, struct weald_msg *msg, const char *types, ...);

/*
 * One moment for several questions: between these, what others write is not
 * seen. Not nested. index_end() also after failures.
 */
int index_begin(struct index *x, struct weald_msg *msg);
void index_end(struct index *x);

/* Column @i: text with its NUL, "" for NULL; until the next step. */
const char *index_text(sqlite3_stmt *s, int i);
/* A copy that the caller frees; WEALD_NOMEM. */
int index_text_copy(sqlite3_stmt *s, int i, char **out);
/* Never below 0. */
uint64_t index_u64(sqlite3_stmt *s, int i);

#endif
