/*
 * The digest: all that the index holds, by names and not by ids, in an order
 * that does not depend on how it came there.
 */
#include <string.h>

#include "proto/digest.h"
#include "store/index/index_private.h"

/* Rows are gathered up to here, then digested with what came before. */
#define GATHERED_BYTES (64u * 1024u)

/* Records by their names; what has none is of a feed itself. */
static const char *const tables[] = {
	"SELECT 'feed', name, feed_id, own, title, contact, seq, commit_id"
	" FROM feed ORDER BY name",
	"SELECT 'record', r.ref, f.name, r.kind, r.slug, r.path, r.version,"
	" r.last, r.seq, r.time, r.created, r.title, r.known, r.withdrawn,"
	" r.example, r.digest"
	" FROM record AS r LEFT JOIN feed AS f ON f.id = r.feed"
	" ORDER BY r.ref",
	"SELECT 'version', f.name, v.seq, ifnull(r.ref, ''), v.version,"
	" v.time, v.action, v.summary, v.note, v.state, v.absent, v.why,"
	" v.override"
	" FROM feed AS f CROSS JOIN version AS v ON v.feed = f.id"
	" LEFT JOIN record AS r ON r.id = v.record ORDER BY f.name, v.seq",
	"SELECT 'tag', r.ref, t.type, t.code FROM record AS r"
	" CROSS JOIN tag AS t ON t.record = r.id"
	" ORDER BY r.ref, t.type, t.code",
	"SELECT 'link', r.ref, l.rel, l.target, l.version, l.feed_id"
	" FROM record AS r CROSS JOIN link AS l ON l.record = r.id"
	" ORDER BY r.ref, l.rel, l.target, l.version, l.feed_id",
	"SELECT 'fact', r.ref, c.name, c.value FROM record AS r"
	" CROSS JOIN fact AS c ON c.record = r.id ORDER BY r.ref, c.name",
	"SELECT 'effect', r.ref, e.shape, e.state, e.ratio, e.low, e.high,"
	" e.log_ratio, e.variance, e.df, e.phi, e.lag1, e.half_added,"
	" e.months_before, e.months_after, e.plain_state, e.plain_log,"
	" e.plain_variance, e.plain_df, e.plain_ratio, e.plain_low,"
	" e.plain_high"
	" FROM record AS r CROSS JOIN effect AS e ON e.record = r.id"
	" ORDER BY r.ref, e.shape",
	"SELECT 'numbers', r.ref, n.data FROM record AS r"
	" CROSS JOIN numbers AS n ON n.record = r.id ORDER BY r.ref",
	"SELECT 'search', r.ref, s.title, s.labels, s.text FROM record AS r"
	" CROSS JOIN search AS s ON s.rowid = r.id ORDER BY r.ref",
	"SELECT 'term', term, n FROM term ORDER BY term",
	/* rows that belong to nothing would be missed above */
	"SELECT 'rows', (SELECT count(*) FROM version),"
	" (SELECT count(*) FROM tag), (SELECT count(*) FROM link),"
	" (SELECT count(*) FROM fact), (SELECT count(*) FROM effect),"
	" (SELECT count(*) FROM numbers), (SELECT count(*) FROM search)",
};

struct summing {
	uint8_t digest[SHA256_BYTES];
	struct buf gathered;
};

/* The digest of the last one and of what was gathered since. */
static int sum(struct summing *s)
{
	struct buf *b = &s->gathered;
	int r;

	r = digest_sha256(buf_span(b), s->digest);
	buf_clear(b);
	return r == WEALD_OK ? buf_add(b, s->digest, sizeof s->digest) : r;
}

/* A value as its type, its length and its bytes. */
static int add_value(struct summing *s, sqlite3_stmt *row, int i)
{
	int type = sqlite3_column_type(row, i);
	/* numbers as SQLite prints them: the same everywhere */
	const void *data = type == SQLITE_BLOB
				   ? sqlite3_column_blob(row, i)
				   : (const void *)sqlite3_column_text(row, i);
	size_t len = (size_t)sqlite3_column_bytes(row, i);
	int r;

	r = buf_add_byte(&s->gathered, (uint8_t)type);
	if (r == WEALD_OK) {
		r = buf_add_be32(&s->gathered, (uint32_t)len);
	}
	return r == WEALD_OK && len > 0 ? buf_add(&s->gathered, data, len) : r;
}

static int add_table(struct index *x, const char *sql, struct summing *s,
		     struct weald_msg *msg)
{
	sqlite3_stmt *stmt = NULL;
	bool row = false;
	int i;
	int r;

	r = index_ask(x, sql, &stmt, msg, "");
	while (r == WEALD_OK) {
		r = index_step(x, stmt, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		for (i = 0; r == WEALD_OK && i < sqlite3_column_count(stmt);
		     i++) {
			r = add_value(s, stmt, i);
		}
		if (r == WEALD_OK && s->gathered.len >= GATHERED_BYTES) {
			r = sum(s);
		}
	}
	index_done(x, stmt);
	return r;
}

int index_digest(struct index *x, uint8_t out[SHA256_BYTES],
		 struct weald_msg *msg)
{
	struct summing s = { .digest = { 0 } };
	size_t i;
	int r;

	/* a row is a record's text at most, and what FTS5 keeps beside it */
	buf_init(&s.gathered, 8 * CONTENT_BYTES_MAX);
	r = index_begin(x, msg);
	for (i = 0; r == WEALD_OK && i < sizeof tables / sizeof tables[0];
	     i++) {
		r = add_table(x, tables[i], &s, msg);
	}
	index_end(x);
	if (r == WEALD_OK) {
		r = sum(&s);
	}
	if (r == WEALD_OK) {
		memcpy(out, s.digest, sizeof s.digest);
	}
	buf_release(&s.gathered);
	return r;
}
