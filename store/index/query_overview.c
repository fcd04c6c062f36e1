#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/record/vocab.h"

#define WITHHELD_ROWS_MAX 100u

/* ---- topics and regions ---- */

void count_rows_release(struct count_rows *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->list[i].code);
		free(c->list[i].label);
	}
	free(c->list);
	memset(c, 0, sizeof *c);
}

static int row_add(struct count_rows *out, const char *code, const char *label)
{
	struct count_row *list = list_room(out->list, out->n, sizeof *list);
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	r = text_set(&list[out->n].code, code);
	if (r == WEALD_OK) {
		r = text_set(&list[out->n].label, label);
	}
	out->n++;
	return r;
}

static struct count_row *row_find(struct count_rows *rows, const char *code)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if (strcmp(rows->list[i].code, code) == 0) {
			return &rows->list[i];
		}
	}
	return NULL;
}

static void row_count(struct count_row *row, const char *kind, size_t n,
		      uint64_t latest)
{
	const struct {
		const char *kind;
		size_t *n;
	} kinds[] = {
		{ "problem", &row->problems },
		{ "intervention", &row->interventions },
		{ "evidence", &row->evidence },
		{ "adoption", &row->adoptions },
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		*kinds[i].n += strcmp(kind, kinds[i].kind) == 0 ? n : 0;
	}
	row->records += n;
	row->latest = latest > row->latest ? latest : row->latest;
}

/* Rows of code, kind, number and latest time; other codes get a row. */
static int counts_read(struct index *x, const char *sql, struct count_rows *out,
		       struct weald_msg *msg)
{
	struct count_row *count;
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x, sql, &s, msg, "");

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		count = row_find(out, index_text(s, 0));
		if (count == NULL) {
			r = row_add(out, index_text(s, 0), index_text(s, 0));
			count = &out->list[out->n - 1];
		}
		if (r == WEALD_OK) {
			row_count(count, index_text(s, 1),
				  (size_t)index_u64(s, 2), index_u64(s, 3));
		}
	}
	index_done(x, s);
	return r;
}

int query_topics(struct index *x, struct count_rows *out, struct weald_msg *msg)
{
	struct count_rows rows = { NULL, 0 };
	const struct topic *topics;
	size_t n;
	size_t i;
	int r = index_begin(x, msg);

	topics = vocab_topics(&n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = row_add(&rows, topics[i].slug, topics[i].label);
	}
	if (r == WEALD_OK) {
		r = counts_read(x,
				"SELECT t.code, r.kind, count(*), max(r.time)"
				" FROM tag t JOIN record r ON r.id = t.record"
				" WHERE t.type = 't' GROUP BY t.code, r.kind",
				&rows, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		count_rows_release(&rows);
		return r;
	}
	*out = rows;
	return WEALD_OK;
}

static int feeds_read(struct index *x, struct count_rows *out,
		      struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT f.name, f.title, f.own,"
			  " (SELECT count(*) FROM version v"
			  " WHERE v.state <> 0 AND v.state = 1"
			  " AND v.feed = f.id)"
			  " FROM feed f ORDER BY f.name",
			  &s, msg, "");

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = row_add(out, index_text(s, 0), index_text(s, 1));
		if (r == WEALD_OK) {
			out->list[out->n - 1].own =
				sqlite3_column_int(s, 2) != 0;
			out->list[out->n - 1].withheld =
				(size_t)index_u64(s, 3);
		}
	}
	index_done(x, s);
	return r;
}

/* Versions that were published over warnings. */
static int overrides_read(struct index *x, struct count_rows *out,
			  struct weald_msg *msg)
{
	struct count_row *count;
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT f.name, count(*) FROM version v"
			  " JOIN feed f ON f.id = v.feed"
			  " WHERE v.override <> 0"
			  " GROUP BY v.feed",
			  &s, msg, "");

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		count = row_find(out, index_text(s, 0));
		if (count != NULL) {
			count->overrides = (size_t)index_u64(s, 1);
		}
	}
	index_done(x, s);
	return r;
}

int query_regions(struct index *x, struct count_rows *out,
		  struct weald_msg *msg)
{
	struct count_rows rows = { NULL, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = feeds_read(x, &rows, msg);
	}
	if (r == WEALD_OK) {
		r = counts_read(x,
				"SELECT f.name, r.kind, count(*), max(r.time)"
				" FROM record r JOIN feed f ON f.id = r.feed"
				" WHERE r.version > 0 GROUP BY r.feed, r.kind",
				&rows, msg);
	}
	if (r == WEALD_OK) {
		r = overrides_read(x, &rows, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		count_rows_release(&rows);
		return r;
	}
	*out = rows;
	return WEALD_OK;
}

/* ---- what is withheld ---- */

void withheld_rows_release(struct withheld_rows *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		free(w->list[i].ref);
		free(w->list[i].why);
	}
	free(w->list);
	memset(w, 0, sizeof *w);
}

static int withheld_add(sqlite3_stmt *s, struct withheld_rows *out)
{
	struct withheld_row *list;
	int r;

	out->total++;
	if (out->n == WITHHELD_ROWS_MAX) {
		return WEALD_OK;
	}
	list = list_room(out->list, out->n, sizeof *list);
	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	list += out->n++;
	list->version = index_u64(s, 1);
	list->seq = index_u64(s, 2);
	r = index_text_copy(s, 0, &list->ref);
	return r == WEALD_OK ? index_text_copy(s, 3, &list->why) : r;
}

static int withheld_read(struct index *x, const char *region,
			 struct withheld_rows *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT coalesce(r.ref, f.name), v.version, v.seq,"
			  " v.why FROM version v JOIN feed f ON f.id = v.feed"
			  " LEFT JOIN record r ON r.id = v.record"
			  " WHERE v.state <> 0 AND v.state = 1"
			  " AND (?1 IS NULL OR f.name = ?1)"
			  " ORDER BY 1, 2",
			  &s, msg, region != NULL ? "t" : "n", region);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = withheld_add(s, out);
	}
	index_done(x, s);
	return r;
}

int query_withheld(struct index *x, const char *region,
		   struct withheld_rows *out, struct weald_msg *msg)
{
	struct withheld_rows rows = { NULL, 0, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = withheld_read(x, region, &rows, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		withheld_rows_release(&rows);
		return r;
	}
	*out = rows;
	return WEALD_OK;
}

int query_is_withheld(struct index *x, const char *name, uint64_t seq,
		      bool *out, struct weald_msg *msg)
{
	int64_t state = INDEX_SHOWN;
	int r = index_number(x,
			     "SELECT v.state FROM feed f JOIN version v"
			     " ON v.feed = f.id WHERE f.name = ? AND v.seq = ?",
			     INDEX_SHOWN, &state, msg, "tu", name, seq);

	if (r == WEALD_OK) {
		*out = state == INDEX_WITHHELD;
	}
	return r;
}

/* ---- what is due ---- */

static int due_add(struct index *x, int64_t id, const char *what,
		   const char *date, struct hits *out, struct weald_msg *msg)
{
	char text[96];
	int r;

	out->total++;
	if (out->n == QUERY_ROWS_MAX) {
		return WEALD_OK;
	}
	(void)snprintf(text, sizeof text, "%s %.40s", what, date);
	r = hit_add(x, id, &out->list, &out->n, msg);
	return r == WEALD_OK ? text_set(&out->list[out->n - 1].matched, text)
			     : r;
}

/* Is the adoption @ref overdue for a result? */
static int adoption_overdue(struct index *x, int64_t id, const char *ref,
			    int64_t today, bool *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	struct use *uses = NULL;
	bool row = true;
	size_t n = 0;
	size_t i;
	int r = index_ask(x,
			  "SELECT target FROM link"
			  " WHERE record = ? AND rel = 'intervention'",
			  &s, msg, "i", id);

	*out = false;
	while (r == WEALD_OK && !*out) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = derived_adoptions(x, index_text(s, 0), today, &uses, &n,
				      msg);
		for (i = 0; r == WEALD_OK && i < n; i++) {
			*out = *out || (uses[i].overdue &&
					strcmp(uses[i].adoption, ref) == 0);
			use_release(&uses[i]);
		}
		free(uses);
		uses = NULL;
		n = 0;
	}
	index_done(x, s);
	return r;
}

/* All that is due of one record: the row is id, ref, kind, name, value. */
static int due_look(struct index *x, sqlite3_stmt *s, int64_t today,
		    struct hits *out, struct weald_msg *msg)
{
	int64_t id = sqlite3_column_int64(s, 0);
	const char *name = index_text(s, 3);
	bool overdue = false;
	int r;

	if (strcmp(name, "started") != 0) {
		return date_passed(index_text(s, 4), today)
			       ? due_add(x, id,
					 strcmp(name, "review_on") == 0
						 ? "to be looked at again since"
						 : "next review was due on",
					 index_text(s, 4), out, msg)
			       : WEALD_OK;
	}
	if (strcmp(index_text(s, 2), "adoption") != 0 ||
	    !date_year_over(index_text(s, 4), today)) {
		return WEALD_OK;
	}
	r = adoption_overdue(x, id, index_text(s, 1), today, &overdue, msg);
	return r == WEALD_OK && overdue
		       ? due_add(x, id, "no result yet, started on",
				 index_text(s, 4), out, msg)
		       : r;
}

static int due_read(struct index *x, int64_t today, struct hits *out,
		    struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT r.id, r.ref, r.kind, d.name, d.value"
			  " FROM feed f CROSS JOIN record r ON r.feed = f.id"
			  " CROSS JOIN fact d ON d.record = r.id"
			  " AND d.name IN ('started', 'review_on',"
			  " 'next_review')"
			  " LEFT JOIN fact stage ON stage.record = r.id"
			  " AND stage.name = 'stage'"
			  " WHERE f.own = 1 AND r.withdrawn = 0"
			  " AND (d.name = 'started'"
			  " OR coalesce(stage.value, '') <> 'stopped')"
			  " ORDER BY d.value, r.ref, d.name",
			  &s, msg, "");

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = due_look(x, s, today, out, msg);
	}
	index_done(x, s);
	return r;
}

int query_due(struct index *x, int64_t today, struct hits *out,
	      struct weald_msg *msg)
{
	struct hits hits = { .n = 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = due_read(x, today, &hits, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		hits_release(&hits);
		return r;
	}
	*out = hits;
	return WEALD_OK;
}
