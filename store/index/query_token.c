#include "store/index/query_token.h"

#include <assert.h>
#include <string.h>

int fts_api(struct index *x, fts5_api **out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, "SELECT fts5(?)", &s, msg, "n");

	*out = NULL;
	if (r == WEALD_OK && sqlite3_bind_pointer(s, 1, out, "fts5_api_ptr",
						  NULL) != SQLITE_OK) {
		r = WEALD_NOMEM;
	}
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	index_done(x, s);
	if (r == WEALD_OK && *out == NULL) {
		msg_set(msg, "this SQLite has no full-text search");
		return WEALD_IO;
	}
	return r;
}

/* As store/index/schema.h sets up the table `search`. */
int tokenizer_open(struct index *x, struct tokenizer *out,
		   struct weald_msg *msg)
{
	const char *args[] = { "unicode61", "remove_diacritics", "2" };
	fts5_api *fts = NULL;
	void *context = NULL;
	int r = fts_api(x, &fts, msg);

	memset(out, 0, sizeof *out);
	if (r == WEALD_OK && fts->xFindTokenizer(fts, "porter", &context,
						 &out->api) != SQLITE_OK) {
		msg_set(msg, "this SQLite has no stemmer");
		return WEALD_IO;
	}
	if (r == WEALD_OK &&
	    out->api.xCreate(context, args, 3, &out->instance) != SQLITE_OK) {
		out->instance = NULL;
		r = WEALD_NOMEM;
	}
	return r;
}

void tokenizer_close(struct tokenizer *t)
{
	if (t->instance != NULL) {
		t->api.xDelete(t->instance);
	}
}

int tokenize(struct tokenizer *t, const char *text, size_t len, token_fn *each,
	     void *ctx)
{
	int code = t->api.xTokenize(t->instance, ctx, FTS5_TOKENIZE_QUERY, text,
				    (int)len, each);

	assert(len <= INT32_MAX);
	/* a token_fn has what it wants, or there is no memory */
	return code == SQLITE_OK || code == SQLITE_DONE ? WEALD_OK
							: WEALD_NOMEM;
}
