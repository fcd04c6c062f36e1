/*
 * Statements of the index, and where SQLite's codes end.
 */
#include "store/index/index_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/fs.h"

/* Places that are looked at for a statement. */
#define PROBES 8u

/* Leave word beside the file: the next opening for writing makes it anew. */
static void note_damage(struct index *x)
{
	struct buf path;
	int fd;

	x->damaged = true;
	buf_init(&path, PATH_MAX);
	if (buf_addf(&path, "%s/" INDEX_DAMAGED_FILE, x->dir) == WEALD_OK &&
	    buf_add_byte(&path, 0) == WEALD_OK) {
		fd = open((const char *)path.data,
			  O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0) {
			(void)close(fd);
		}
	}
	buf_release(&path);
}

static int err_from_system(struct index *x, int missing)
{
	int e = sqlite3_system_errno(x->db);

	return e == 0 ? missing : err_from_errno(e);
}

static int err_from_code(struct index *x, int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT: /* what was written before cannot be */
	case SQLITE_SCHEMA:
		return WEALD_CORRUPT;
	case SQLITE_FULL:
		return WEALD_NOSPACE;
	case SQLITE_NOMEM:
		return WEALD_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return WEALD_LOCKED;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return WEALD_DENIED;
	case SQLITE_TOOBIG:
		return WEALD_TOOBIG;
	case SQLITE_ERROR: /* words that FTS5 does not take */
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
		return WEALD_INVALID;
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_CORRUPTFS) {
			return WEALD_CORRUPT;
		}
		return err_from_system(x, WEALD_IO);
	case SQLITE_CANTOPEN:
		return err_from_system(x, WEALD_IO);
	default:
		return WEALD_IO;
	}
}

static const char *advice_for(int err)
{
	switch (err) {
	case WEALD_CORRUPT:
		return "`weald reindex` makes it anew; no record is lost";
	case WEALD_NOSPACE:
		return "free some space, then try again";
	case WEALD_DENIED:
		return "check owner and permissions";
	case WEALD_LOCKED:
		return "another process is writing to it: try again";
	default:
		return NULL;
	}
}

int err_from_sqlite(struct index *x, int code, struct weald_msg *msg)
{
	int r = err_from_code(x, code);
	const char *advice = advice_for(r);

	if (r == WEALD_CORRUPT) {
		note_damage(x);
	}
	msg_set(msg, "%s/" INDEX_FILE ": %s%s%s%s", x->dir,
		x->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(x->db),
		advice == NULL ? "" : " (", advice == NULL ? "" : advice,
		advice == NULL ? "" : ")");
	return r;
}

/* By eight bytes: twice for every statement that is run. */
static uint64_t hash_of(const char *text)
{
	const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
	size_t left = strlen(text);
	uint64_t h = left;
	uint64_t part;
	size_t n;

	for (; left > 0; left -= n, text += n) {
		n = left < sizeof part ? left : sizeof part;
		part = 0;
		memcpy(&part, text, n);
		h = (h ^ part) * factor;
		h ^= h >> 32;
	}
	return h;
}

static sqlite3_stmt **place(struct index *x, uint64_t hash, unsigned i)
{
	return &x->kept[(hash + i) % INDEX_STATEMENTS_MAX];
}

/* Take the statement from those kept, NULL where it is not there. */
static sqlite3_stmt *take(struct index *x, const char *sql)
{
	uint64_t hash = hash_of(sql);
	sqlite3_stmt **at;
	sqlite3_stmt *s;
	unsigned i;

	for (i = 0; i < PROBES; i++) {
		at = place(x, hash, i);
		if (*at != NULL && strcmp(sqlite3_sql(*at), sql) == 0) {
			s = *at;
			*at = NULL;
			return s;
		}
	}
	return NULL;
}

void index_done(struct index *x, sqlite3_stmt *s)
{
	sqlite3_stmt **at;
	uint64_t hash;
	unsigned i;

	if (s == NULL) {
		return;
	}
	/* its code was told by the step that failed */
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
	hash = hash_of(sqlite3_sql(s));
	for (i = 0; i < PROBES; i++) {
		at = place(x, hash, i);
		if (*at == NULL) {
			*at = s;
			return;
		}
	}
	(void)sqlite3_finalize(s);
}

static int bind_span(sqlite3_stmt *s, int i, char type, const struct span *v)
{
	/* an empty one has to have an address, or it would be NULL */
	const void *data = v->len == 0 ? "" : (const void *)v->data;

	return type == 's'
		       ? sqlite3_bind_text64(s, i, data, v->len, SQLITE_STATIC,
					     SQLITE_UTF8)
		       : sqlite3_bind_blob64(s, i, data, v->len, SQLITE_STATIC);
}

static int bind_all(sqlite3_stmt *s, const char *types, va_list ap)
{
	int code = SQLITE_OK;
	int i;

	for (i = 0; code == SQLITE_OK && types[i] != '\0'; i++) {
		switch (types[i]) {
		case 't':
			code = sqlite3_bind_text(s, i + 1,
						 va_arg(ap, const char *), -1,
						 SQLITE_STATIC);
			break;
		case 's':
		case 'b':
			code = bind_span(s, i + 1, types[i],
					 va_arg(ap, const struct span *));
			break;
		case 'i':
			code = sqlite3_bind_int64(s, i + 1,
						  va_arg(ap, int64_t));
			break;
		case 'u':
			code = sqlite3_bind_int64(s, i + 1,
						  (int64_t)va_arg(ap,
								  uint64_t));
			break;
		case 'd':
			code = sqlite3_bind_double(s, i + 1,
						   va_arg(ap, double));
			break;
		default:
			assert(types[i] == 'n');
			code = sqlite3_bind_null(s, i + 1);
			break;
		}
	}
	return code;
}

static int ask(struct index *x, const char *sql, sqlite3_stmt **out,
	       struct weald_msg *msg, const char *types, va_list ap)
{
	sqlite3_stmt *s = take(x, sql);
	int code = SQLITE_OK;
	int r;

	*out = NULL;
	if (s == NULL) {
		code = sqlite3_prepare_v3(x->db, sql, -1,
					  SQLITE_PREPARE_PERSISTENT, &s, NULL);
	}
	if (code == SQLITE_OK) {
		assert(sqlite3_bind_parameter_count(s) == (int)strlen(types));
		code = bind_all(s, types, ap);
	}
	if (code != SQLITE_OK) {
		r = err_from_sqlite(x, code, msg);
		(void)sqlite3_finalize(s);
		return r;
	}
	*out = s;
	return WEALD_OK;
}

int index_ask(struct index *x, const char *sql, sqlite3_stmt **out,
	      struct weald_msg *msg, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = ask(x, sql, out, msg, types, ap);
	va_end(ap);
	return r;
}

int index_step(struct index *x, sqlite3_stmt *s, bool *out_row,
	       struct weald_msg *msg)
{
	int code = sqlite3_step(s);

	*out_row = code == SQLITE_ROW;
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		return err_from_sqlite(x, code, msg);
	}
	return WEALD_OK;
}

int index_run(struct index *x, const char *sql, struct weald_msg *msg,
	      const char *types, ...)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	va_list ap;
	int r;

	va_start(ap, types);
	r = ask(x, sql, &s, msg, types, ap);
	va_end(ap);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	index_done(x, s);
	return r;
}

int index_number(struct index *x, const char *sql, int64_t missing,
		 int64_t *out, struct weald_msg *msg, const char *types, ...)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	va_list ap;
	int r;

	va_start(ap, types);
	r = ask(x, sql, &s, msg, types, ap);
	va_end(ap);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		*out = row ? sqlite3_column_int64(s, 0) : missing;
	}
	index_done(x, s);
	return r;
}

int index_begin(struct index *x, struct weald_msg *msg)
{
	return index_run(x, "BEGIN", msg, "");
}

void index_end(struct index *x)
{
	/* nothing was written; after a failure SQLite may have ended it */
	if (sqlite3_get_autocommit(x->db) == 0) {
		(void)index_run(x, "ROLLBACK", NULL, "");
	}
}

const char *index_text(sqlite3_stmt *s, int i)
{
	const unsigned char *text = sqlite3_column_text(s, i);

	return text == NULL ? "" : (const char *)text;
}

int index_text_copy(sqlite3_stmt *s, int i, char **out)
{
	char *copy = strdup(index_text(s, i));

	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	*out = copy;
	return WEALD_OK;
}

uint64_t index_u64(sqlite3_stmt *s, int i)
{
	int64_t v = sqlite3_column_int64(s, i);

	return v < 0 ? 0 : (uint64_t)v;
}
