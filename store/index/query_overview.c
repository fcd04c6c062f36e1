#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/record/vocab.h"

#define WITHHELD_ROWS_MAX 100u

/* ---- rows ---- */

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

/* ---- counting ---- */

/* Kinds that have a number of their own. */
enum class {
	CLASS_OTHER,
	CLASS_PROBLEM,
	CLASS_INTERVENTION,
	CLASS_EVIDENCE,
	CLASS_ADOPTION,
	CLASSES_N
};

/* A record, as far as it counts. */
struct counted {
	uint64_t time;
	uint8_t class;
	bool shown;
};

/* All records are read once, by an index; then each list of them. */
struct counting {
	struct counted *records; /* by id */
	int64_t max;
	char *code; /* whose records come just now; NULL */
	size_t n[CLASSES_N];
	uint64_t latest;
	struct count_rows *out;
};

static enum class class_of(const char *kind)
{
	static const char *const kinds[CLASSES_N] = {
		[CLASS_PROBLEM] = "problem",
		[CLASS_INTERVENTION] = "intervention",
		[CLASS_EVIDENCE] = "evidence",
		[CLASS_ADOPTION] = "adoption",
	};
	int i;

	for (i = CLASS_PROBLEM; i < CLASSES_N; i++) {
		if (strcmp(kinds[i], kind) == 0) {
			return (enum class)i;
		}
}
return CLASS_OTHER;
}

static int record_row(void *ctx, sqlite3_value **columns)
{
	struct counting *c = ctx;
	int64_t id = sqlite3_value_int64(columns[0]);
	const char *kind = (const char *)sqlite3_value_text(columns[1]);
	int64_t time = sqlite3_value_int64(columns[2]);

	if (kind == NULL) {
		return WEALD_NOMEM;
	}
	if (id >= 0 && id <= c->max) {
		c->records[id].class = (uint8_t)class_of(kind);
		c->records[id].time = time < 0 ? 0 : (uint64_t)time;
	}
	return WEALD_OK;
}

/* Run "SELECT each_row(?, ...)". */
static int each_of(struct index *x, const char *sql, struct each *each,
		   struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(x, sql, &s, msg, "n");

	if (r == WEALD_OK) {
		r = each_run(x, s, each, msg);
	}
	index_done(x, s);
	return r;
}

static int counting_init(struct index *x, struct counting *c,
			 struct weald_msg *msg)
{
	const struct search all = { .words = NULL };
	struct each each = { .row = record_row, .ctx = c };
	struct set shown = { NULL, 0 };
	int64_t id;
	int r = set_init(x, &shown, msg);

	if (r == WEALD_OK) {
		set_fill(&shown);
		r = set_filter(x, &all, &shown, msg);
	}
	if (r == WEALD_OK) {
		c->max = shown.max;
		c->records = calloc((size_t)c->max + 1, sizeof *c->records);
		r = c->records == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = each_of(x, "SELECT each_row(?, id, kind, time) FROM record",
			    &each, msg);
	}
	for (id = set_next(&shown, 0); r == WEALD_OK && id >= 0;
	     id = set_next(&shown, id + 1)) {
		c->records[id].shown = true;
	}
	set_release(&shown);
	return r;
}

static void counting_release(struct counting *c)
{
	free(c->records);
	free(c->code);
}

/* What was counted goes to its row; other codes get one. */
static int count_end(struct counting *c)
{
	struct count_row *row;
	size_t i;
	int r = WEALD_OK;

	if (c->code == NULL) {
		return WEALD_OK;
	}
	row = row_find(c->out, c->code);
	if (row == NULL && c->out->n < QUERY_ROWS_MAX) {
		r = row_add(c->out, c->code, c->code);
		row = r == WEALD_OK ? &c->out->list[c->out->n - 1] : NULL;
	}
	for (i = 0; row != NULL && i < CLASSES_N; i++) {
		row->records += c->n[i];
	}
	if (row != NULL) {
		row->problems += c->n[CLASS_PROBLEM];
		row->interventions += c->n[CLASS_INTERVENTION];
		row->evidence += c->n[CLASS_EVIDENCE];
		row->adoptions += c->n[CLASS_ADOPTION];
		row->latest = c->latest > row->latest ? c->latest : row->latest;
	}
	free(c->code);
	c->code = NULL;
	memset(c->n, 0, sizeof c->n);
	c->latest = 0;
	return r;
}

/* The columns are a code and a record; most of one code come in a row. */
static int count_row_of(void *ctx, sqlite3_value **columns)
{
	struct counting *c = ctx;
	const char *code = (const char *)sqlite3_value_text(columns[0]);
	int64_t id = sqlite3_value_int64(columns[1]);
	const struct counted *of;
	int r = WEALD_OK;

	if (code == NULL) {
		return WEALD_NOMEM;
	}
	if (c->code == NULL || strcmp(c->code, code) != 0) {
		r = count_end(c);
		if (r == WEALD_OK) {
			r = text_set(&c->code, code);
		}
	}
	if (r == WEALD_OK && id >= 0 && id <= c->max && c->records[id].shown) {
		of = &c->records[id];
		c->n[of->class]++;
		c->latest = of->time > c->latest ? of->time : c->latest;
	}
	return r;
}

static int counts_read(struct index *x, const char *sql, struct count_rows *out,
		       struct weald_msg *msg)
{
	struct counting c = { .out = out };
	struct each each = { .row = count_row_of, .ctx = &c };
	int r = counting_init(x, &c, msg);

	if (r == WEALD_OK) {
		r = each_of(x, sql, &each, msg);
	}
	if (r == WEALD_OK) {
		r = count_end(&c);
	}
	counting_release(&c);
	return r;
}

/* ---- topics and regions ---- */

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
				"SELECT each_row(?, code, record) FROM tag"
				" WHERE type = 't'",
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
				"SELECT each_row(?, f.name, r.id) FROM feed f"
				" CROSS JOIN record r ON r.feed = f.id",
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

/* Is the own adoption @id overdue for a result, of whatever it is of? */
static int adoption_overdue(struct index *x, int64_t id, int64_t today,
			    bool *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
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
		r = derived_overdue(x, index_text(s, 0), id, today, out, msg);
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
	r = adoption_overdue(x, id, today, &overdue, msg);
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
