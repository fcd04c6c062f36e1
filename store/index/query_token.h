/*
 * The tokenizer of the index: what it takes for a word. Questions and lines are
 * read with it too, so that all agree.
 */
#ifndef WEALD_STORE_INDEX_QUERY_TOKEN_H
#define WEALD_STORE_INDEX_QUERY_TOKEN_H

#include <sqlite3.h>
#include <stddef.h>

#include "store/index/index_private.h"

/* SQLite's full-text search; WEALD_IO: it has none. */
int fts_api(struct index *x, fts5_api **out, struct weald_msg *msg);

struct tokenizer {
	fts5_tokenizer api;
	Fts5Tokenizer *instance;
};

/* tokenizer_close() also after a failure. */
int tokenizer_open(struct index *x, struct tokenizer *out,
		   struct weald_msg *msg);
void tokenizer_close(struct tokenizer *t);

/*
 * Called for each word: its stem, and the bytes of the text that it is.
 * SQLITE_OK, SQLITE_DONE for no more words, or SQLITE_NOMEM.
 */
typedef int token_fn(void *ctx, int flags, const char *token, int token_len,
		     int start, int end);
/* @len at most INT32_MAX. WEALD_OK or WEALD_NOMEM. */
int tokenize(struct tokenizer *t, const char *text, size_t len, token_fn *each,
	     void *ctx);

#endif
