#include "store/index/query_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/record/record.h"

/* ---- lists, texts, days ---- */

void *list_room(void *list, size_t n, size_t size)
{
	char *wider = list;

	assert(size > 0);
	if ((n & (n - 1)) == 0) { /* full: 0, 1, 2, 4, 8 ... */
		if (n > SIZE_MAX / 2 / size) {
			return NULL;
		}
		wider = realloc(list, (n == 0 ? 1 : 2 * n) * size);
		if (wider == NULL) {
			return NULL;
		}
	}
	memset(wider + n * size, 0, size);
	return wider;
}

int text_set(char **text, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	free(*text);
	*text = copy;
	return WEALD_OK;
}

void date_text(int64_t days, char out[DATE_BYTES])
{
	/* from 0000-03-01, in eras of 400 years: the leap day comes last */
	int64_t day = days + 719468;
	int64_t era;
	int64_t year;
	int64_t month;

	if (day < 0 || day > 3652364) {
		out[0] = '\0';
		return;
	}
	era = day / 146097;
	day %= 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	(void)snprintf(out, DATE_BYTES, "%04d-%02d-%02d",
		       (int)(year + era * 400 + (month >= 10)),
		       (int)(month < 10 ? month + 3 : month - 9),
		       (int)(day + 1));
}

bool date_passed(const char *date, int64_t today)
{
	int64_t days;

	return date_parse(date, &days) && days < today;
}

bool date_year_over(const char *date, int64_t today)
{
	char year_ago[2 * DATE_BYTES];
	char now[DATE_BYTES];
	int64_t days;

	if (!date_parse(date, &days)) {
		return false;
	}
	/* the same day of the year before; text of this form sorts by time */
	date_text(today, now);
	if (now[0] == '\0') {
		return false;
	}
	(void)snprintf(year_ago, sizeof year_ago, "%04ld%s",
		       strtol(now, NULL, 10) - 1, now + 4);
	return strcmp(date, year_ago) < 0;
}

int ids_add(struct ids *ids, int64_t id)
{
	int64_t *list = list_room(ids->list, ids->n, sizeof *list);

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	ids->list = list;
	ids->list[ids->n++] = id;
	return WEALD_OK;
}

void ids_release(struct ids *ids)
{
	free(ids->list);
	memset(ids, 0, sizeof *ids);
}

int ids_read(struct index *x, sqlite3_stmt *s, struct ids *out,
	     struct weald_msg *msg)
{
	bool row = false;
	int r = WEALD_OK;

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = ids_add(out, sqlite3_column_int64(s, 0));
	}
	return r;
}

int ids_ask(struct index *x, const char *sql, const char *text, struct ids *out,
	    struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(x, sql, &s, msg, "t", text);

	if (r == WEALD_OK) {
		r = ids_read(x, s, out, msg);
	}
	index_done(x, s);
	return r;
}

/* ---- a record ---- */

void hit_release(struct hit *h)
{
	free(h->ref);
	free(h->region);
	free(h->kind);
	free(h->title);
	free(h->withdrawn_by);
	free(h->level);
	free(h->matched);
	free(h->maturity);
	memset(h, 0, sizeof *h);
}

void hit_list_release(struct hit *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		hit_release(&list[i]);
	}
	free(list);
}

void hits_release(struct hits *h)
{
	hit_list_release(h->list, h->n);
	free(h->corrected);
	memset(h, 0, sizeof *h);
}

int record_id(struct index *x, const char *ref, int64_t *out,
	      struct weald_msg *msg)
{
	return index_number(x, "SELECT id FROM record WHERE ref = ?", 0, out,
			    msg, "t", ref);
}

int fact_read(struct index *x, int64_t id, const char *name, char **out,
	      struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(
		x, "SELECT value FROM fact WHERE record = ? AND name = ?", &s,
		msg, "it", id, name);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		r = text_set(out, row ? index_text(s, 0) : "");
	}
	index_done(x, s);
	return r;
}

/* What stands in the record's own row; *@out_there is false without one. */
static int hit_read_row(struct index *x, int64_t id, struct hit *out,
			bool *out_there, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(x,
			  "SELECT r.ref, f.name, r.kind, r.title, r.version,"
			  " r.last, r.time, r.known, r.example, r.withdrawn,"
			  " v.state FROM record r JOIN feed f ON f.id = r.feed"
			  " LEFT JOIN version v ON v.record = r.id"
			  " AND v.version = r.last WHERE r.id = ?",
			  &s, msg, "i", id);

	*out_there = false;
	if (r == WEALD_OK) {
		r = index_step(x, s, out_there, msg);
	}
	if (r == WEALD_OK && *out_there) {
		out->version = index_u64(s, 4);
		out->last = index_u64(s, 5);
		out->time = index_u64(s, 6);
		out->known = sqlite3_column_int(s, 7) != 0;
		out->example = sqlite3_column_int(s, 8) != 0;
		out->withdrawn = sqlite3_column_int(s, 9) != 0;
		out->last_state = (enum index_state)sqlite3_column_int(s, 10);
		r = index_text_copy(s, 0, &out->ref);
		if (r == WEALD_OK) {
			r = index_text_copy(s, 1, &out->region);
		}
		if (r == WEALD_OK) {
			r = index_text_copy(s, 2, &out->kind);
		}
		if (r == WEALD_OK) {
			r = index_text_copy(s, 3, &out->title);
		}
	}
	index_done(x, s);
	return r;
}

/* Who says that it must not be used. */
static int hit_withdrawn(struct hit *out,
			 const struct record_standing *standing)
{
	const struct withdrawn *w;
	size_t i;
	int r;

	out->withdrawn = standing->withdrawn;
	for (i = 0; i < standing->w.n; i++) {
		w = &standing->w.list[i];
		if (w->author || !withdrawn_names(w, out->version)) {
			continue;
		}
		r = text_set(&out->withdrawn_by, w->ref);
		/* the gravest comes first */
		return r == WEALD_OK ? text_set(&out->level, w->level) : r;
	}
	return WEALD_OK;
}

static int hit_blank(struct hit *out)
{
	char **const texts[] = { &out->matched, &out->withdrawn_by, &out->level,
				 &out->maturity };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = text_set(texts[i], "");
	}
	return r;
}

/* All but what is derived of an intervention. @standing is zeroed. */
static int hit_stand(struct index *x, int64_t id, struct hit *out,
		     struct record_standing *standing, struct weald_msg *msg)
{
	bool there = false;
	int r = hit_read_row(x, id, out, &there, msg);

	if (r == WEALD_OK && !there) {
		msg_set(msg, "the index names a record that it does not have; "
			     "run weald reindex");
		return WEALD_CORRUPT;
	}
	if (r == WEALD_OK) {
		r = hit_blank(out);
	}
	if (r == WEALD_OK) {
		r = record_standing_read(x, id, standing, msg);
	}
	return r == WEALD_OK ? hit_withdrawn(out, standing) : r;
}

int hit_read_brief(struct index *x, int64_t id, struct hit *out,
		   struct weald_msg *msg)
{
	struct record_standing standing = { .ref = NULL };
	int r = hit_stand(x, id, out, &standing, msg);

	record_standing_release(&standing);
	return r;
}

int hit_read(struct index *x, int64_t id, struct hit *out,
	     struct weald_msg *msg)
{
	struct record_standing standing = { .ref = NULL };
	int r = hit_stand(x, id, out, &standing, msg);

	if (r == WEALD_OK && strcmp(out->kind, "intervention") == 0) {
		r = derived_hit(x, &standing, out, msg);
	}
	record_standing_release(&standing);
	return r;
}

int hit_add(struct index *x, int64_t id, struct hit **list, size_t *n,
	    struct weald_msg *msg)
{
	struct hit *wider = list_room(*list, *n, sizeof *wider);

	if (wider == NULL) {
		return WEALD_NOMEM;
	}
	*list = wider;
	return hit_read(x, id, &wider[(*n)++], msg);
}

static int no_record(const char *ref, struct weald_msg *msg)
{
	msg_set(msg, "there is no %s here", ref);
	return WEALD_NOTFOUND;
}

int query_record(struct index *x, const char *ref, struct hit *out,
		 struct weald_msg *msg)
{
	struct hit hit = { 0 };
	int64_t id = 0;
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = record_id(x, ref, &id, msg);
	}
	if (r == WEALD_OK) {
		r = id == 0 ? no_record(ref, msg) : hit_read(x, id, &hit, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		hit_release(&hit);
		return r;
	}
	*out = hit;
	return WEALD_OK;
}

int query_fact(struct index *x, const char *ref, const char *name, char **out,
	       struct weald_msg *msg)
{
	char *value = NULL;
	int64_t id = 0;
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = record_id(x, ref, &id, msg);
	}
	if (r == WEALD_OK) {
		r = fact_read(x, id, name, &value, msg);
	}
	index_end(x);
	if (r == WEALD_OK) {
		*out = value;
	}
	return r;
}

/* ---- versions ---- */

void version_rows_release(struct version_rows *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		free(v->list[i].summary);
		free(v->list[i].why);
	}
	free(v->list);
	memset(v, 0, sizeof *v);
}

static int version_add(sqlite3_stmt *s, struct version_rows *out)
{
	struct version_row *list =
		list_room(out->list, out->n, sizeof *out->list);
	struct version_row *v;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	v = &list[out->n++];
	v->version = index_u64(s, 0);
	v->seq = index_u64(s, 1);
	v->time = index_u64(s, 2);
	(void)snprintf(v->action, sizeof v->action, "%s", index_text(s, 3));
	v->state = (enum index_state)sqlite3_column_int(s, 5);
	v->override = sqlite3_column_int(s, 7) != 0;
	r = index_text_copy(s, 4, &v->summary);
	if (r == WEALD_OK) {
		r = index_text_copy(s, 6, &v->why);
	}
	return r;
}

static int versions_read(struct index *x, int64_t id, struct version_rows *out,
			 struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT version, seq, time, action, summary, state,"
			  " why, override FROM version WHERE record = ?"
			  " ORDER BY version DESC",
			  &s, msg, "i", id);

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = version_add(s, out);
	}
	index_done(x, s);
	return r;
}

int query_versions(struct index *x, const char *ref, struct version_rows *out,
		   struct weald_msg *msg)
{
	struct version_rows rows = { NULL, 0 };
	int64_t id = 0;
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = record_id(x, ref, &id, msg);
	}
	if (r == WEALD_OK) {
		r = id == 0 ? no_record(ref, msg)
			    : versions_read(x, id, &rows, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		version_rows_release(&rows);
		return r;
	}
	*out = rows;
	return WEALD_OK;
}

/* ---- links ---- */

void links_release(struct links *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->list[i].rel);
		free(l->list[i].ref);
		hit_release(&l->list[i].hit);
	}
	free(l->list);
	memset(l, 0, sizeof *l);
}

/* The row is rel, ref, version and the id of the other end, or NULL. */
static int link_add(struct index *x, sqlite3_stmt *s, bool incoming,
		    struct links *out, struct weald_msg *msg)
{
	struct linked *list = list_room(out->list, out->n, sizeof *out->list);
	struct linked *l;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	l = &list[out->n++];
	l->incoming = incoming;
	l->version = index_u64(s, 2);
	l->there = sqlite3_column_type(s, 3) != SQLITE_NULL;
	r = index_text_copy(s, 0, &l->rel);
	if (r == WEALD_OK) {
		r = index_text_copy(s, 1, &l->ref);
	}
	if (r == WEALD_OK && l->there) {
		r = hit_read(x, sqlite3_column_int64(s, 3), &l->hit, msg);
	}
	return r;
}

static int links_read(struct index *x, const char *sql, const char *ref,
		      bool incoming, struct links *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x, sql, &s, msg, "t", ref);

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = link_add(x, s, incoming, out, msg);
	}
	index_done(x, s);
	return r;
}

int query_links(struct index *x, const char *ref, struct links *out,
		struct weald_msg *msg)
{
	struct links links = { NULL, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = links_read(x,
			       "SELECT DISTINCT l.rel, l.target, l.version,"
			       " t.id"
			       " FROM record r JOIN link l ON l.record = r.id"
			       " LEFT JOIN record t ON t.ref = l.target"
			       " WHERE r.ref = ?"
			       " ORDER BY l.rel, l.target, l.version",
			       ref, false, &links, msg);
	}
	if (r == WEALD_OK) {
		r = links_read(x,
			       "SELECT DISTINCT l.rel, r.ref, l.version, r.id"
			       " FROM link l JOIN record r ON r.id = l.record"
			       " WHERE l.target = ?"
			       " ORDER BY l.rel, r.ref, l.version",
			       ref, true, &links, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		links_release(&links);
		return r;
	}
	*out = links;
	return WEALD_OK;
}
