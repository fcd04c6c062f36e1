/*
 * Scans: every record that has a word, and in what columns, without a row of a
 * statement for each.
 *
 * FTS5 calls its functions while it stands on a record that matches. Ours is
 * called on the first, and asks from there for the records of each phrase.
 */
#include "store/index/query_scan.h"

#include <string.h>

#include "store/index/query_token.h"

#define POINTER_TYPE "weald_scan"

struct pass {
	scan_row_fn *row;
	void *ctx;
	int err;
};

/* weald_match(search, POINTER): never true, for each record. */
static void match_row(const Fts5ExtensionApi *api, Fts5Context *fts,
		      sqlite3_context *context, int n, sqlite3_value **values)
{
	struct pass *pass = sqlite3_value_pointer(values[0], POINTER_TYPE);
	struct scan_row row = { api, fts, api->xRowid(fts) };

	(void)n;
	if (pass != NULL && pass->err == WEALD_OK) {
		pass->err = pass->row(pass->ctx, &row);
	}
	sqlite3_result_int(context, 0);
}

/* weald_scan(search, POINTER): true, on the first record and no more. */
static void scan_begin(const Fts5ExtensionApi *api, Fts5Context *fts,
		       sqlite3_context *context, int n, sqlite3_value **values)
{
	struct scan *scan = sqlite3_value_pointer(values[0], POINTER_TYPE);

	(void)n;
	if (scan != NULL) {
		scan->api = api;
		scan->fts = fts;
		scan->err = scan->begin(scan);
	}
	sqlite3_result_int(context, 1);
}

int scan_ready(struct index *x, struct weald_msg *msg)
{
	fts5_api *fts = NULL;
	int code;
	int r = fts_api(x, &fts, msg);

	if (r != WEALD_OK) {
		return r;
	}
	code = fts->xCreateFunction(fts, "weald_scan", NULL, scan_begin, NULL);
	if (code == SQLITE_OK) {
		code = fts->xCreateFunction(fts, "weald_match", NULL, match_row,
					    NULL);
	}
	return code == SQLITE_OK ? WEALD_OK : err_from_sqlite(x, code, msg);
}

/* One step of a statement that has an expression, then a pointer. */
static int step(struct index *x, const char *sql, const char *match,
		void *pointer, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, sql, &s, msg, "tn", match);

	if (r == WEALD_OK && sqlite3_bind_pointer(s, 2, pointer, POINTER_TYPE,
						  NULL) != SQLITE_OK) {
		r = WEALD_NOMEM;
	}
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	index_done(x, s);
	return r;
}

int scan_run(struct index *x, const char *match, struct scan *scan,
	     struct weald_msg *msg)
{
	int r;

	scan->x = x;
	scan->msg = msg;
	scan->err = WEALD_OK;
	r = step(x,
		 "SELECT 1 FROM search"
		 " WHERE search MATCH ? AND weald_scan(search, ?)",
		 match, scan, msg);
	return r == WEALD_OK ? scan->err : r;
}

int scan_match(struct index *x, const char *match, scan_row_fn *row, void *ctx,
	       struct weald_msg *msg)
{
	struct pass pass = { row, ctx, WEALD_OK };
	int r = step(x,
		     "SELECT 1 FROM search"
		     " WHERE search MATCH ? AND weald_match(search, ?)",
		     match, &pass, msg);

	return r == WEALD_OK ? pass.err : r;
}

/* ---- the records of a phrase ---- */

static int pass_row(const Fts5ExtensionApi *api, Fts5Context *fts, void *ctx)
{
	struct pass *pass = ctx;
	struct scan_row row = { api, fts, api->xRowid(fts) };

	pass->err = pass->row(pass->ctx, &row);
	return pass->err == WEALD_OK ? SQLITE_OK : SQLITE_DONE;
}

/* No statement has failed that could say it. */
static int scan_err(const struct scan *scan, int code)
{
	int r = code == SQLITE_OK ? WEALD_OK
				  : err_from_sqlite(scan->x, code, scan->msg);

	if (r == WEALD_CORRUPT) {
		msg_set(scan->msg, "the index is damaged (`weald reindex` "
				   "makes it anew; no record is lost)");
	}
	return r;
}

int scan_phrase(struct scan *scan, size_t phrase, scan_row_fn *row, void *ctx)
{
	struct pass pass = { row, ctx, WEALD_OK };
	int code = scan->api->xQueryPhrase(scan->fts, (int)phrase, &pass,
					   pass_row);

	return pass.err != WEALD_OK ? pass.err : scan_err(scan, code);
}

unsigned scan_columns(const struct scan_row *row, size_t phrase)
{
	Fts5PhraseIter iter;
	unsigned columns = 0;
	int column = -1;

	if (row->api->xPhraseFirstColumn(row->fts, (int)phrase, &iter,
					 &column) != SQLITE_OK) {
		return 0;
	}
	while (column >= 0 && column < (int)SCAN_COLUMNS_N) {
		columns |= 1u << column;
		if (column == (int)SCAN_COLUMNS_N - 1) {
			break; /* most of the places: not to be read */
		}
		row->api->xPhraseNextColumn(row->fts, &iter, &column);
	}
	return columns;
}

float scan_frequency(const struct scan_row *row,
		     const float weights[SCAN_COLUMNS_N])
{
	Fts5PhraseIter iter;
	float sum = 0;
	int column = -1;
	int place = 0;

	if (row->api->xPhraseFirst(row->fts, 0, &iter, &column, &place) !=
	    SQLITE_OK) {
		return 0;
	}
	while (column >= 0 && column < (int)SCAN_COLUMNS_N) {
		sum += weights[column];
		row->api->xPhraseNext(row->fts, &iter, &column, &place);
	}
	return sum;
}

float scan_size(const struct scan_row *row)
{
	int words = 0;

	return row->api->xColumnSize(row->fts, -1, &words) == SQLITE_OK
		       ? (float)words
		       : 0;
}

int scan_sizes(const struct scan *scan, double *out_records, double *out_usual)
{
	sqlite3_int64 records = 0;
	sqlite3_int64 words = 0;
	int code = scan->api->xRowCount(scan->fts, &records);

	if (code == SQLITE_OK) {
		code = scan->api->xColumnTotalSize(scan->fts, -1, &words);
	}
	if (code == SQLITE_OK && records <= 0) {
		code = SQLITE_CORRUPT; /* one of them is looked at */
	}
	*out_records = (double)records;
	*out_usual = records > 0 ? (double)words / (double)records : 0;
	return scan_err(scan, code);
}

/* ---- parts ---- */

/* An alternative stands between two quotation marks and holds none. */
static size_t others_count(const char *others)
{
	size_t marks = 0;

	for (; *others != '\0'; others++) {
		marks += *others == '"';
	}
	return marks / 2;
}

struct phrases phrases_of(const struct part *part, size_t *first)
{
	struct phrases phrases = { *first, part->n,
				   part->n + others_count(part->others) };

	*first += phrases.all;
	return phrases;
}

size_t phrases_read(const struct wording *words, size_t without,
		    struct phrases out[WORDS_MAX])
{
	size_t first = 0;
	size_t n = 0;
	size_t i;

	for (i = 0; i < words->parts_n; i++) {
		if (i != without) {
			out[n++] = phrases_of(&words->parts[i], &first);
		}
	}
	return n;
}

bool phrases_are(const struct scan *scan, const struct phrases *list, size_t n)
{
	size_t all = n == 0 ? 0 : list[n - 1].first + list[n - 1].all;

	return (size_t)scan->api->xPhraseCount(scan->fts) == all;
}
