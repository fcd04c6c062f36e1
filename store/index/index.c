/*
 * The file of the index: opened, judged, made and removed.
 */
#include "store/index/index.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/fs.h"
#include "store/index/index_private.h"

/* A reader waits that long for the moment in which the file is recovered. */
#define BUSY_MS 5000

/*
 * Files of 4 KiB pages: half a record each, as SQLite's default. The writer's
 * cache holds what a batch touches; what is larger is spilled to the WAL. No
 * mmap: a file that is cut while it is mapped would kill the process.
 */
#define PRAGMAS_BOTH                   \
	"PRAGMA trusted_schema = OFF;" \
	"PRAGMA cell_size_check = ON;" \
	"PRAGMA temp_store = MEMORY;"  \
	"PRAGMA mmap_size = 0;"
#define PRAGMAS_READ              \
	"PRAGMA query_only = ON;" \
	"PRAGMA cache_size = -32768;"
#define PRAGMAS_WRITE                           \
	"PRAGMA journal_mode = WAL;"            \
	"PRAGMA synchronous = NORMAL;"          \
	"PRAGMA journal_size_limit = 16777216;" \
	"PRAGMA cache_size = -32768;"

#define TEXT_OF(x)       #x
#define TEXT_OF_VALUE(x) TEXT_OF(x)

/*
 * Each reads a row at an end of a table or of an index, and names all columns:
 * what is cut, or is not what INDEX_SCHEMA makes, shows here.
 */
static const char *const probes[] = {
	"SELECT id, name, feed_id, own, title, contact, seq, commit_id"
	" FROM feed ORDER BY id DESC LIMIT 1",
	"SELECT id, ref, feed, kind, slug, path, version, last, seq, time,"
	" created, title, known, withdrawn, example, digest"
	" FROM record ORDER BY id DESC LIMIT 1",
	"SELECT ref FROM record INDEXED BY sqlite_autoindex_record_1"
	" ORDER BY ref DESC LIMIT 1",
	"SELECT time FROM record INDEXED BY record_kind"
	" ORDER BY kind DESC, time DESC LIMIT 1",
	"SELECT feed, seq, record, version, time, action, summary, note, state,"
	" absent, why, override FROM version ORDER BY feed DESC, seq DESC "
	"LIMIT 1",
	"SELECT seq FROM version INDEXED BY version_record"
	" ORDER BY record DESC LIMIT 1",
	"SELECT type, code, record FROM tag ORDER BY type DESC LIMIT 1",
	"SELECT record, rel, target, version, feed_id FROM link"
	" ORDER BY record DESC LIMIT 1",
	"SELECT record FROM link INDEXED BY link_target"
	" ORDER BY target DESC LIMIT 1",
	"SELECT record, name, value FROM fact ORDER BY record DESC LIMIT 1",
	"SELECT record, shape, state, ratio, low, high, log_ratio, variance,"
	" df, phi, lag1, half_added, months_before, months_after, plain_state,"
	" plain_log, plain_variance, plain_df, plain_ratio, plain_low,"
	" plain_high FROM effect ORDER BY record DESC LIMIT 1",
	"SELECT record, data FROM numbers ORDER BY record DESC LIMIT 1",
	"SELECT id FROM complete",
	"SELECT term, n FROM term ORDER BY term DESC LIMIT 1",
	"SELECT title, labels, text FROM search ORDER BY rowid DESC LIMIT 1",
	"SELECT rowid FROM search WHERE search MATCH 'the' LIMIT 1",
};

static char *join(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static int exec(struct index *x, const char *sql, struct weald_msg *msg)
{
	int code = sqlite3_exec(x->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? WEALD_OK : err_from_sqlite(x, code, msg);
}

void index_close(struct index *x)
{
	size_t i;

	if (x == NULL) {
		return;
	}
	for (i = 0; i < INDEX_STATEMENTS_MAX; i++) {
		(void)sqlite3_finalize(x->kept[i]);
	}
	(void)sqlite3_close(x->db);
	free(x->dir);
	free(x);
}

bool index_is_damaged(const struct index *x)
{
	return x->damaged;
}

void index_on_withheld(struct index *x, index_withheld_fn *fn, void *ctx)
{
	x->withheld_fn = fn;
	x->withheld_ctx = ctx;
}

int index_set_complete(struct index *x, struct weald_msg *msg)
{
	bool complete = false;
	int r = index_is_complete(x, &complete, msg);

	if (r != WEALD_OK || complete) {
		return r;
	}
	return index_run(x, "INSERT INTO complete (id) VALUES (1)", msg, "");
}

int index_is_complete(struct index *x, bool *out, struct weald_msg *msg)
{
	int64_t id = 0;
	int r = index_number(x, "SELECT id FROM complete", 0, &id, msg, "");

	if (r == WEALD_OK) {
		*out = id != 0;
	}
	return r;
}

/* The handle, its settings; nothing of the file may have been read yet. */
static int open_file(const char *dir, enum index_mode mode, struct index **out,
		     struct weald_msg *msg)
{
	struct index *x = calloc(1, sizeof *x);
	char *path = join(dir, INDEX_FILE);
	int flags = SQLITE_OPEN_NOMUTEX;
	int code;
	int r = WEALD_NOMEM;

	flags |= mode == INDEX_READ
			 ? SQLITE_OPEN_READONLY
			 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (x == NULL || path == NULL) {
		goto out;
	}
	x->mode = mode;
	x->dir = strdup(dir);
	if (x->dir == NULL) {
		goto out;
	}
	code = sqlite3_open_v2(path, &x->db, flags, NULL);
	if (code != SQLITE_OK) {
		r = err_from_sqlite(x, code, msg);
		goto out;
	}
	(void)sqlite3_extended_result_codes(x->db, 1);
	(void)sqlite3_busy_timeout(x->db, BUSY_MS);
	(void)sqlite3_db_config(x->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	r = exec(x, PRAGMAS_BOTH, msg);
	if (r == WEALD_OK) {
		r = exec(x, mode == INDEX_READ ? PRAGMAS_READ : PRAGMAS_WRITE,
			 msg);
	}
out:
	free(path);
	if (r != WEALD_OK) {
		index_close(x);
		return r;
	}
	*out = x;
	return WEALD_OK;
}

static int probe(struct index *x, const char *sql, struct weald_msg *msg)
{
	int64_t unused = 0;
	int r = index_number(x, sql, 0, &unused, msg, "");

	if (r == WEALD_INVALID) {
		/* a table or a column that is not there */
		msg_prefix(msg, "`weald reindex` makes it anew");
		r = WEALD_CORRUPT;
	}
	return r;
}

/* Is it an index, whole and of this version? */
static int judge(struct index *x, struct weald_msg *msg)
{
	int64_t id = 0;
	int64_t version = 0;
	int64_t tables = 0;
	size_t i;
	int r;

	r = index_number(x, "PRAGMA application_id", 0, &id, msg, "");
	if (r == WEALD_OK) {
		r = index_number(x, "PRAGMA user_version", 0, &version, msg,
				 "");
	}
	if (r == WEALD_OK) {
		r = index_number(x, "SELECT count(*) FROM sqlite_schema", 0,
				 &tables, msg, "");
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (tables == 0 || id != INDEX_APPLICATION_ID) {
		msg_set(msg,
			"%s/" INDEX_FILE " is %s (`weald reindex` makes "
			"it anew; no record is lost)",
			x->dir, tables == 0 ? "empty" : "something else");
		return WEALD_CORRUPT;
	}
	if (version != INDEX_SCHEMA_VERSION) {
		msg_set(msg,
			"%s/" INDEX_FILE " was made by another version "
			"of weald (`weald reindex` makes it anew; no record "
			"is lost)",
			x->dir);
		return WEALD_NEWER;
	}
	for (i = 0; r == WEALD_OK && i < sizeof probes / sizeof probes[0];
	     i++) {
		r = probe(x, probes[i], msg);
	}
	return r;
}

/* Is there anything called @name in @dir? */
static int is_there(const char *dir, const char *name, bool *out,
		    struct weald_msg *msg)
{
	char *path = join(dir, name);
	struct stat st;
	int r = WEALD_OK;

	if (path == NULL) {
		return WEALD_NOMEM;
	}
	if (stat(path, &st) == 0) {
		*out = true;
	} else if (errno == ENOENT) {
		*out = false;
	} else {
		r = fs_fail(errno, "look at", dir, name, msg);
	}
	free(path);
	return r;
}

int index_remove(const char *dir, struct weald_msg *msg)
{
	/* the file first: what is left of a WAL alone says nothing */
	static const char *const names[] = { INDEX_FILE, INDEX_FILE "-wal",
					     INDEX_FILE "-shm",
					     INDEX_DAMAGED_FILE };
	char *path;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof names / sizeof names[0]; i++) {
		path = join(dir, names[i]);
		r = path == NULL ? WEALD_NOMEM : fs_remove(path, msg);
		if (r == WEALD_NOTFOUND) {
			msg_clear(msg);
			r = WEALD_OK;
		}
		free(path);
	}
	return r;
}

static int make(const char *dir, struct index **out, struct weald_msg *msg)
{
	struct index *x = NULL;
	int r;

	r = index_remove(dir, msg);
	if (r == WEALD_OK) {
		r = open_file(dir, INDEX_WRITE, &x, msg);
	}
	if (r == WEALD_OK) {
		r = exec(
			x,
			"BEGIN IMMEDIATE;" INDEX_SCHEMA
			"PRAGMA application_id = " TEXT_OF_VALUE(
				INDEX_APPLICATION_ID) ";"
						      "PRAGMA user_version "
						      "= " TEXT_OF_VALUE(
							      INDEX_SCHEMA_VERSION) ";"
										    "COMMIT;",
			msg);
	}
	if (r != WEALD_OK) {
		index_close(x);
		return r;
	}
	*out = x;
	return WEALD_OK;
}

/* Open what is there, if it is whole. */
static int open_whole(const char *dir, enum index_mode mode, struct index **out,
		      struct weald_msg *msg)
{
	struct index *x = NULL;
	int r;

	r = open_file(dir, mode, &x, msg);
	if (r == WEALD_OK) {
		r = judge(x, msg);
	}
	if (r != WEALD_OK) {
		index_close(x);
		return r;
	}
	*out = x;
	return WEALD_OK;
}

static int open_read(const char *dir, struct index **out, struct weald_msg *msg)
{
	bool there = false;
	int r = is_there(dir, INDEX_FILE, &there, msg);

	if (r == WEALD_OK && !there) {
		msg_set(msg, "there is no index yet (`weald reindex` makes "
			     "it)");
		return WEALD_NOTFOUND;
	}
	return r == WEALD_OK ? open_whole(dir, INDEX_READ, out, msg) : r;
}

int index_open(const char *dir, enum index_mode mode, struct index **out,
	       bool *out_made, struct weald_msg *msg)
{
	bool there = false;
	bool damaged = false;
	int r;

	if (mode == INDEX_READ) {
		return open_read(dir, out, msg);
	}
	r = is_there(dir, INDEX_FILE, &there, msg);
	if (r == WEALD_OK) {
		r = is_there(dir, INDEX_DAMAGED_FILE, &damaged, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (there && !damaged) {
		r = open_whole(dir, INDEX_WRITE, out, msg);
		if (r != WEALD_CORRUPT && r != WEALD_NEWER) {
			if (r == WEALD_OK && out_made != NULL) {
				*out_made = false;
			}
			return r;
		}
		msg_clear(msg);
	}
	r = make(dir, out, msg);
	if (r == WEALD_OK && out_made != NULL) {
		*out_made = true;
	}
	return r;
}
