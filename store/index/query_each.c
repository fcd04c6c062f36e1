/*
 * Rows that are handed over from within a statement: each_row(?, COLUMN ...),
 * in place of the columns of a SELECT, calls for each row what is bound first.
 *
 * To return a row from a statement and enter it again takes longer than to
 * find it in a list of words; a common word is in half of all records.
 */
#include "store/index/query_private.h"
#include "store/index/query_scan.h"

#define POINTER_TYPE "weald_each"

static void each_step(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct each *each = sqlite3_value_pointer(values[0], POINTER_TYPE);

	(void)context;
	(void)n;
	if (each != NULL && each->err == WEALD_OK) {
		each->err = each->row(each->ctx, values + 1);
	}
}

static void each_final(sqlite3_context *context)
{
	sqlite3_result_null(context);
}

int each_ready(struct index *x, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int code;

	if (index_ask(x, "SELECT each_row(?)", &s, NULL, "n") == WEALD_OK) {
		index_done(x, s);
		return WEALD_OK;
	}
	code = sqlite3_create_function_v2(x->db, "each_row", -1,
					  SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
					  NULL, each_step, each_final, NULL);
	return code == SQLITE_OK ? scan_ready(x, msg)
				 : err_from_sqlite(x, code, msg);
}

int each_run(struct index *x, sqlite3_stmt *s, struct each *each,
	     struct weald_msg *msg)
{
	bool row = false;
	int r;

	each->err = WEALD_OK;
	if (sqlite3_bind_pointer(s, 1, each, POINTER_TYPE, NULL) != SQLITE_OK) {
		return WEALD_NOMEM;
	}
	r = index_step(x, s, &row, msg);
	return r == WEALD_OK ? each->err : r;
}
