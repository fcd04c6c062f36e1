/*
 * The inbox: of what is new since it was last read, what matters here.
 *
 * A record that is new is taken out of the set of new ones by the first reason
 * that holds for it, so that it is told once.
 *
 * CROSS JOIN keeps SQLite to the order that is written: from this region's few
 * records to what they refer to.
 */
#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_USUAL 20u
/* New records that are looked at one by one, sooner than all of a kind. */
#define NEW_FEW 1000u

/* In the order in which they are told. */
enum reason {
	REASON_WITHDRAWN,
	REASON_FIX,
	REASON_EVIDENCE,
	REASON_TOPIC,
	REASONS_N
};

/* Kinds that are told for what they are linked to. */
enum kinds {
	KINDS_WITHDRAWAL,
	KINDS_INTERVENTION,
	KINDS_WORD, /* evidence, lessons, endorsements */
	KINDS_ADOPTION,
	KINDS_N
};

/* What matters here, and the own record that makes it matter. */
struct care {
	char *target; /* of a topic: its code */
	char *about;
};
struct cares {
	struct care *list;
	size_t n;
};

struct sorting {
	struct index *x;
	struct weald_msg *msg;
	const struct inbox_mark *marks;
	size_t marks_n;
	struct cares watched; /* own records and what they refer to */
	struct cares used;    /* what own adoptions use */
	struct cares made;    /* own interventions and measures */
	struct cares topics;  /* of own problems and priorities; about: the
				 first that is open, "" where none is */
	struct set new;       /* and not told */
	struct set told[REASONS_N];
	struct set unsure; /* told as fixes, but perhaps withdrawn */
	struct set own;    /* records of own topics */
	struct set *of;    /* records of each own topic */
	struct set kinds[KINDS_N];
	const char **about; /* of those that are told, by id */
};

void inbox_release(struct inbox *i)
{
	size_t k;

	alerts_release(&i->alerts);
	for (k = 0; k < i->n; k++) {
		free(i->list[k].about);
		hit_release(&i->list[k].hit);
	}
	free(i->list);
	memset(i, 0, sizeof *i);
}

static void cares_release(struct cares *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->list[i].target);
		free(c->list[i].about);
	}
	free(c->list);
}

static void sorting_release(struct sorting *s)
{
	size_t i;

	cares_release(&s->watched);
	cares_release(&s->used);
	cares_release(&s->made);
	set_release(&s->new);
	for (i = 0; i < REASONS_N; i++) {
		set_release(&s->told[i]);
	}
	set_release(&s->unsure);
	set_release(&s->own);
	for (i = 0; s->of != NULL && i < s->topics.n; i++) {
		set_release(&s->of[i]);
	}
	free(s->of);
	for (i = 0; i < KINDS_N; i++) {
		set_release(&s->kinds[i]);
	}
	free(s->about);
	cares_release(&s->topics);
}

static int sorting_init(struct sorting *s)
{
	size_t i;
	int r = set_init(s->x, &s->new, s->msg);

	for (i = 0; r == WEALD_OK && i < REASONS_N; i++) {
		r = set_init(s->x, &s->told[i], s->msg);
	}
	for (i = 0; r == WEALD_OK && i < KINDS_N; i++) {
		r = set_init(s->x, &s->kinds[i], s->msg);
	}
	if (r == WEALD_OK) {
		r = set_init(s->x, &s->unsure, s->msg);
	}
	if (r == WEALD_OK) {
		r = set_init(s->x, &s->own, s->msg);
	}
	if (r == WEALD_OK) {
		s->about = calloc((size_t)s->new.max + 1, sizeof *s->about);
		r = s->about == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	return r;
}

/* ---- what is new ---- */

static uint64_t mark_of(const char *name, const struct inbox_mark *marks,
			size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(marks[i].region, name) == 0) {
			return marks[i].seq;
		}
	}
	return 0;
}

/* Of one feed: all, where nothing is read, but for what may not be shown. */
static int new_of_feed(struct sorting *s, int64_t feed, uint64_t mark)
{
	sqlite3_stmt *st = NULL;
	int r = mark == 0 ? index_ask(s->x,
				      "SELECT each_row(?, id) FROM record"
				      " WHERE feed = ?",
				      &st, s->msg, "ni", feed)
			  : index_ask(s->x,
				      "SELECT each_row(?, record) FROM version"
				      " WHERE feed = ? AND seq > ?"
				      " AND state = 0",
				      &st, s->msg, "niu", feed, mark);

	if (r == WEALD_OK) {
		r = set_read(s->x, st, &s->new, s->msg);
	}
	index_done(s->x, st);
	return r;
}

/* Records of other regions with a version that may be shown after the mark. */
static int new_read(struct sorting *s)
{
	const struct search all = { .words = NULL };
	sqlite3_stmt *feeds = NULL;
	bool row = true;
	int r = index_ask(s->x, "SELECT id, name FROM feed WHERE own = 0",
			  &feeds, s->msg, "");

	while (r == WEALD_OK) {
		r = index_step(s->x, feeds, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = new_of_feed(s, sqlite3_column_int64(feeds, 0),
				mark_of(index_text(feeds, 1), s->marks,
					s->marks_n));
	}
	index_done(s->x, feeds);
	return r == WEALD_OK ? set_filter(s->x, &all, &s->new, s->msg) : r;
}

/* ---- what matters here ---- */

static int care_add(struct cares *c, const char *target, const char *about)
{
	struct care *list = list_room(c->list, c->n, sizeof *list);
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	c->list = list;
	list += c->n++;
	r = text_set(&list->target, target);
	return r == WEALD_OK ? text_set(&list->about, about) : r;
}

/* By target, then by about. */
static int care_compare(const void *a, const void *b)
{
	const struct care *v = a;
	const struct care *w = b;
	int by_target = strcmp(v->target, w->target);

	return by_target != 0 ? by_target : strcmp(v->about, w->about);
}

static int care_compare_about(const void *a, const void *b)
{
	const struct care *v = *(const struct care *const *)a;
	const struct care *w = *(const struct care *const *)b;

	return strcmp(v->about, w->about);
}

/* Of each target the first about. */
static void cares_sort(struct cares *c)
{
	size_t n = 0;
	size_t i;

	if (c->n > 1) {
		qsort(c->list, c->n, sizeof *c->list, care_compare);
	}
	for (i = 0; i < c->n; i++) {
		if (n > 0 &&
		    strcmp(c->list[n - 1].target, c->list[i].target) == 0) {
			free(c->list[i].target);
			free(c->list[i].about);
		} else {
			c->list[n++] = c->list[i];
		}
	}
	c->n = n;
}

/* NULL where it does not matter. */
static const char *care_about(const struct cares *c, const char *target)
{
	size_t low = 0;
	size_t high = c->n;
	size_t at;
	int order;

	while (low < high) {
		at = low + (high - low) / 2;
		order = strcmp(c->list[at].target, target);
		if (order == 0) {
			return c->list[at].about;
		}
		low = order < 0 ? at + 1 : low;
		high = order < 0 ? high : at;
	}
	return NULL;
}

/* The row is ref, kind, withdrawn, and rel and target of a link or NULL. */
static int care_row(void *ctx, sqlite3_value **columns)
{
	struct sorting *s = ctx;
	const char *ref = (const char *)sqlite3_value_text(columns[0]);
	const char *kind = (const char *)sqlite3_value_text(columns[1]);
	const char *rel = (const char *)sqlite3_value_text(columns[3]);
	const char *target = (const char *)sqlite3_value_text(columns[4]);
	bool withdrawn = sqlite3_value_int(columns[2]) != 0;
	int r = WEALD_OK;

	if (ref == NULL || kind == NULL) {
		return WEALD_NOMEM;
	}
	if (strcmp(kind, "intervention") == 0 || strcmp(kind, "measure") == 0) {
		r = care_add(&s->made, ref, ref);
	}
	if (withdrawn || r != WEALD_OK) {
		return r;
	}
	r = care_add(&s->watched, ref, ref);
	if (r == WEALD_OK && target != NULL) {
		r = care_add(&s->watched, target, ref);
	}
	if (r == WEALD_OK && target != NULL && rel != NULL &&
	    strcmp(rel, "intervention") == 0 && strcmp(kind, "adoption") == 0) {
		r = care_add(&s->used, target, ref);
	}
	return r;
}

static int cares_read(struct sorting *s)
{
	struct each each = { .row = care_row, .ctx = s };
	sqlite3_stmt *st = NULL;
	int r = index_ask(
		s->x,
		"SELECT each_row(?, r.ref, r.kind, r.withdrawn, l.rel,"
		" l.target) FROM feed f CROSS JOIN record r"
		" ON r.feed = f.id LEFT JOIN link l"
		" ON l.record = r.id"
		" AND l.rel IN ('intervention', 'problem', 'measure')"
		" WHERE f.own = 1",
		&st, s->msg, "n");

	if (r == WEALD_OK) {
		r = each_run(s->x, st, &each, s->msg);
	}
	index_done(s->x, st);
	if (r == WEALD_OK) {
		cares_sort(&s->watched);
		cares_sort(&s->used);
		cares_sort(&s->made);
	}
	return r;
}

/* In the order of the open problems and priorities. */
static int cares_read_topics(struct sorting *s)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	int r = index_ask(
		s->x,
		"SELECT t.code, min(CASE WHEN coalesce(status.value, '')"
		" NOT IN ('solution-known', 'met', 'ended') THEN r.ref END)"
		" FROM feed f CROSS JOIN record r ON r.feed = f.id"
		" AND r.kind IN ('problem', 'priority')"
		" CROSS JOIN tag t ON t.record = r.id AND t.type = 't'"
		" LEFT JOIN fact status"
		" ON status.record = r.id AND status.name = 'status'"
		" WHERE f.own = 1 AND r.withdrawn = 0 GROUP BY t.code"
		" ORDER BY 2, 1",
		&st, s->msg, "");

	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = care_add(&s->topics, index_text(st, 0), index_text(st, 1));
	}
	index_done(s->x, st);
	return r;
}

static const char of_topic[] =
	"SELECT each_row(?, record) FROM tag WHERE type = 't' AND code = ?";

static int topics_read(struct sorting *s)
{
	size_t i;
	int r = WEALD_OK;

	s->of = calloc(s->topics.n + 1, sizeof *s->of);
	if (s->of == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; r == WEALD_OK && i < s->topics.n; i++) {
		r = set_init(s->x, &s->of[i], s->msg);
		if (r == WEALD_OK) {
			r = set_ask(s->x, of_topic, s->topics.list[i].target,
				    &s->of[i], s->msg);
			set_or(&s->own, &s->of[i]);
		}
	}
	return r;
}

/* New records of each kind. */
static int kinds_read(struct sorting *s)
{
	static const struct {
		const char *kind;
		enum kinds in;
	} kinds[] = { { "withdrawal", KINDS_WITHDRAWAL },
		      { "intervention", KINDS_INTERVENTION },
		      { "evidence", KINDS_WORD },
		      { "lesson", KINDS_WORD },
		      { "endorsement", KINDS_WORD },
		      { "adoption", KINDS_ADOPTION } };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof kinds / sizeof kinds[0]; i++) {
		r = set_ask(s->x,
			    "SELECT each_row(?, id) FROM record WHERE kind = ?",
			    kinds[i].kind, &s->kinds[kinds[i].in], s->msg);
	}
	for (i = 0; r == WEALD_OK && i < KINDS_N; i++) {
		set_and(&s->kinds[i], &s->new);
	}
	return r;
}

/* ---- reasons ---- */

/* Tell of @id, if it is new and was not told already. */
static void tell(struct sorting *s, int64_t id, enum reason reason,
		 const char *about)
{
	if (set_has(&s->new, id)) {
		set_remove(&s->new, id);
		set_add(&s->told[reason], id);
		s->about[id] = about;
	}
}

/*
 * A fix that its own region withdrew is none, and whoever says so; and a
 * withdrawal that was taken back is none. What is told in any case, if only for
 * its topic, is looked at when it is about to be told.
 */
static int tell_standing(struct sorting *s, int64_t id, enum reason reason,
			 const char *about)
{
	bool withdrawn = false;
	int64_t back = 0;
	int r = WEALD_OK;

	if (reason == REASON_FIX && set_has(&s->own, id)) {
		set_add(&s->unsure, id);
	} else if (reason == REASON_FIX) {
		r = withdrawn_now(s->x, id, &withdrawn, s->msg);
	} else if (reason == REASON_WITHDRAWN) {
		r = index_number(s->x,
				 "SELECT withdrawn FROM record WHERE id = ?", 0,
				 &back, s->msg, "i", id);
	}
	if (r == WEALD_OK && !withdrawn && back == 0) {
		tell(s, id, reason, about);
	}
	return r;
}

/* What is told of records of one kind, or some, that are linked to others. */
struct linking {
	const struct cares *cares;
	const struct set *among; /* of the kind */
	const char *kind;        /* where rel is not NULL */
	const char *rel;         /* NULL: any */
	enum reason reason;
};

/* One of few new records: which of what matters does it refer to? */
static int tell_from(struct sorting *s, const struct linking *l, int64_t id)
{
	sqlite3_stmt *st = NULL;
	const char *about = NULL;
	const char *other;
	bool row = true;
	int r = index_ask(s->x,
			  "SELECT target FROM link WHERE record = ?1"
			  " AND (?2 IS NULL OR rel = ?2)",
			  &st, s->msg, l->rel != NULL ? "it" : "in", id,
			  l->rel);

	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		other = care_about(l->cares, index_text(st, 0));
		if (other != NULL &&
		    (about == NULL || strcmp(other, about) < 0)) {
			about = other;
		}
	}
	index_done(s->x, st);
	return r == WEALD_OK && about != NULL
		       ? tell_standing(s, id, l->reason, about)
		       : r;
}

/* What refers to one of the things that matter. */
struct care_linking {
	struct sorting *s;
	const struct linking *l;
	const struct care *care;
};

static int care_link_row(void *ctx, sqlite3_value **columns)
{
	const struct care_linking *c = ctx;
	int64_t id = sqlite3_value_int64(columns[0]);

	return set_has(c->l->among, id) && set_has(&c->s->new, id)
		       ? tell_standing(c->s, id, c->l->reason, c->care->about)
		       : WEALD_OK;
}

static int tell_to(struct sorting *s, const struct linking *l,
		   const struct care *care)
{
	struct care_linking linking = { s, l, care };
	struct each each = { .row = care_link_row, .ctx = &linking };
	sqlite3_stmt *st = NULL;
	int r = index_ask(
		s->x, "SELECT each_row(?, record) FROM link WHERE target = ?",
		&st, s->msg, "nt", care->target);

	if (r == WEALD_OK) {
		r = each_run(s->x, st, &each, s->msg);
	}
	index_done(s->x, st);
	return r;
}

/* The first about goes first. */
static int tell_all_to(struct sorting *s, const struct linking *l)
{
	const struct care **order = calloc(l->cares->n + 1, sizeof(void *));
	size_t i;
	int r = order == NULL ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < l->cares->n; i++) {
		order[i] = &l->cares->list[i];
	}
	if (r == WEALD_OK && l->cares->n > 1) {
		qsort(order, l->cares->n, sizeof *order, care_compare_about);
	}
	for (i = 0; r == WEALD_OK && i < l->cares->n; i++) {
		r = tell_to(s, l, order[i]);
	}
	free(order);
	return r;
}

/* Of all of a kind: the columns are a record and what it refers to. */
struct kind_linking {
	struct sorting *s;
	const struct linking *l;
	struct set found;
};

static int kind_link_row(void *ctx, sqlite3_value **columns)
{
	struct kind_linking *k = ctx;
	int64_t id = sqlite3_value_int64(columns[0]);
	const char *target = (const char *)sqlite3_value_text(columns[1]);
	const char *about;

	if (!set_has(k->l->among, id) || !set_has(&k->s->new, id)) {
		return WEALD_OK;
	}
	about = target == NULL ? NULL : care_about(k->l->cares, target);
	if (about != NULL &&
	    (!set_has(&k->found, id) || strcmp(about, k->s->about[id]) < 0)) {
		set_add(&k->found, id);
		k->s->about[id] = about;
	}
	return WEALD_OK;
}

static int tell_kind(struct sorting *s, const struct linking *l)
{
	struct kind_linking k = { .s = s, .l = l };
	struct each each = { .row = kind_link_row, .ctx = &k };
	sqlite3_stmt *st = NULL;
	int64_t id;
	int r = set_init(s->x, &k.found, s->msg);

	if (r == WEALD_OK) {
		r = index_ask(s->x,
			      "SELECT each_row(?, l.record, l.target)"
			      " FROM record r CROSS JOIN link l"
			      " ON l.record = r.id AND l.rel = ?"
			      " WHERE r.kind = ?",
			      &st, s->msg, "ntt", l->rel, l->kind);
	}
	if (r == WEALD_OK) {
		r = each_run(s->x, st, &each, s->msg);
	}
	index_done(s->x, st);
	for (id = set_next(&k.found, 0); r == WEALD_OK && id >= 0;
	     id = set_next(&k.found, id + 1)) {
		r = tell_standing(s, id, l->reason, s->about[id]);
	}
	set_release(&k.found);
	return r;
}

/* From whichever side there is less to look at. */
static int tell_linked(struct sorting *s, const struct linking *l)
{
	int64_t id;
	int r = WEALD_OK;

	if (set_count(l->among) > NEW_FEW) {
		return l->rel != NULL ? tell_kind(s, l) : tell_all_to(s, l);
	}
	for (id = set_next(l->among, 0); r == WEALD_OK && id >= 0;
	     id = set_next(l->among, id + 1)) {
		r = set_has(&s->new, id) ? tell_from(s, l, id) : WEALD_OK;
	}
	return r;
}

/* What its author withdrew, if it matters. */
static int author_row(void *ctx, sqlite3_value **columns)
{
	struct sorting *s = ctx;
	const char *ref = (const char *)sqlite3_value_text(columns[1]);
	const char *about = ref == NULL ? NULL : care_about(&s->watched, ref);

	if (about != NULL) {
		tell(s, sqlite3_value_int64(columns[0]), REASON_WITHDRAWN,
		     about);
	}
	return WEALD_OK;
}

static int tell_by_author(struct sorting *s)
{
	struct each each = { .row = author_row, .ctx = s };
	bool few = set_count(&s->new) <= NEW_FEW;
	int64_t id = few ? set_next(&s->new, 0) : 0;
	sqlite3_stmt *st = NULL;
	int r = WEALD_OK;

	while (r == WEALD_OK && id >= 0) {
		r = few ? index_ask(s->x,
				    "SELECT each_row(?, id, ref) FROM record"
				    " WHERE id = ? AND withdrawn = 1",
				    &st, s->msg, "ni", id)
			: index_ask(s->x,
				    "SELECT each_row(?, id, ref) FROM record"
				    " WHERE withdrawn = 1",
				    &st, s->msg, "n");
		if (r == WEALD_OK) {
			r = each_run(s->x, st, &each, s->msg);
		}
		index_done(s->x, st);
		st = NULL;
		id = few ? set_next(&s->new, id + 1) : -1;
	}
	return r;
}

/*
 * Withdrawals that stand among the alerts are not told twice, and those that
 * were acknowledged not again.
 */
static int drop_alerts(struct sorting *s, const struct alerts *alerts)
{
	int64_t id = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < alerts->n; i++) {
		r = record_id(s->x, alerts->list[i].by, &id, s->msg);
		set_remove(&s->new, id);
	}
	return r;
}

/* New interventions on the topic of what is open are fixes. */
static void tell_topics(struct sorting *s)
{
	const struct care *topic;
	int64_t id;
	size_t i;

	for (i = 0; i < s->topics.n; i++) {
		topic = &s->topics.list[i];
		if (topic->about[0] == '\0') {
			continue;
		}
		set_and(&s->of[i], &s->kinds[KINDS_INTERVENTION]);
		set_and(&s->of[i], &s->new);
		for (id = set_next(&s->of[i], 0); id >= 0;
		     id = set_next(&s->of[i], id + 1)) {
			tell(s, id, REASON_FIX, topic->about);
			set_add(&s->unsure, id);
		}
	}
}

static int sort_reasons(struct sorting *s)
{
	const struct linking withdrawals = {
		.cares = &s->watched,
		.among = &s->kinds[KINDS_WITHDRAWAL],
		.kind = "withdrawal",
		.rel = "target",
		.reason = REASON_WITHDRAWN,
	};
	const struct linking fixes = {
		.cares = &s->watched,
		.among = &s->kinds[KINDS_INTERVENTION],
		.kind = "intervention",
		.rel = "problem",
		.reason = REASON_FIX,
	};
	struct linking words = { .cares = &s->used,
				 .among = &s->kinds[KINDS_WORD],
				 .reason = REASON_EVIDENCE };
	int r = tell_linked(s, &withdrawals);

	if (r == WEALD_OK) {
		r = tell_by_author(s);
	}
	if (r == WEALD_OK) {
		r = tell_linked(s, &fixes);
	}
	if (r == WEALD_OK) {
		tell_topics(s);
		r = tell_linked(s, &words);
	}
	if (r == WEALD_OK) {
		/* of what we made also who takes it up too */
		set_or(&s->kinds[KINDS_WORD], &s->kinds[KINDS_ADOPTION]);
		words.cares = &s->made;
		r = tell_linked(s, &words);
	}
	return r;
}

/* ---- rows ---- */

static const char *reason_name(enum reason reason)
{
	static const char *const names[] = {
		[REASON_WITHDRAWN] = "withdrawn",
		[REASON_FIX] = "fix",
		[REASON_EVIDENCE] = "evidence",
		[REASON_TOPIC] = "topic",
	};

	return names[reason];
}

/* Was no version of it read that is shown? */
static int never_read(struct sorting *s, int64_t id, const char *region,
		      bool *out)
{
	int64_t n = 0;
	int r = index_number(s->x,
			     "SELECT count(*) FROM version WHERE record = ?"
			     " AND state = 0 AND seq <= ?",
			     0, &n, s->msg, "iu", id,
			     mark_of(region, s->marks, s->marks_n));

	*out = n == 0;
	return r;
}

static int row_add(struct sorting *s, int64_t id, enum reason reason,
		   const char *about, struct inbox *out)
{
	struct inbox_row *list = list_room(out->list, out->n, sizeof *list);
	struct inbox_row *row;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	row = &list[out->n++];
	(void)snprintf(row->reason, sizeof row->reason, "%s",
		       reason_name(reason));
	r = text_set(&row->about, about);
	if (r == WEALD_OK) {
		r = hit_read(s->x, id, &row->hit, s->msg);
	}
	return r == WEALD_OK ? never_read(s, id, row->hit.region, &row->is_new)
			     : r;
}

/*
 * Whether a fix for a topic was withdrawn is asked only of those that are about
 * to be told; one that was is of the topic, no fix.
 */
static int sure_of(struct sorting *s, const struct ranking *ranking,
		   bool *out_all)
{
	bool withdrawn = false;
	int64_t id;
	size_t i;
	int r = WEALD_OK;

	*out_all = true;
	for (i = 0; r == WEALD_OK && i < ranking->n; i++) {
		id = ranking->list[i].id;
		if (!set_has(&s->unsure, id)) {
			continue;
		}
		set_remove(&s->unsure, id);
		r = withdrawn_now(s->x, id, &withdrawn, s->msg);
		if (r == WEALD_OK && withdrawn) {
			set_remove(&s->told[REASON_FIX], id);
			set_add(&s->told[REASON_TOPIC], id);
			*out_all = false;
		}
	}
	return r;
}

/* What is told for one reason, the newest first. */
static int rows_of(struct sorting *s, enum reason reason, size_t limit,
		   struct inbox *out)
{
	static const char *const fixes[] = { "intervention", NULL };
	static const char *const words[] = { "evidence", "lesson",
					     "endorsement", "adoption", NULL };
	const struct newest want = { .set = &s->told[reason],
				     .limit = limit - out->n,
				     .kinds = reason == REASON_FIX ? fixes
					      : reason == REASON_EVIDENCE
						      ? words
						      : NULL };
	struct ranking ranking = { NULL, 0 };
	const char *about;
	bool sure = false;
	size_t i;
	int r = WEALD_OK;

	while (r == WEALD_OK && !sure) {
		ranking_release(&ranking);
		r = ranking_newest(s->x, &want, &ranking, s->msg);
		if (r == WEALD_OK) {
			r = sure_of(s, &ranking, &sure);
		}
	}
	for (i = 0; r == WEALD_OK && i < ranking.n; i++) {
		about = reason == REASON_TOPIC ? ""
					       : s->about[ranking.list[i].id];
		r = row_add(s, ranking.list[i].id, reason, about, out);
	}
	ranking_release(&ranking);
	return r;
}

/* What is left of the new ones on these topics, and on own ones. */
static int tell_rest(struct sorting *s, const struct inbox_ask *ask)
{
	struct set *out = &s->told[REASON_TOPIC];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < ask->topics_n; i++) {
		r = set_ask(s->x, of_topic, ask->topics[i], out, s->msg);
	}
	set_or(out, &s->own);
	set_and(out, &s->new);
	return r;
}

/* All that is known before anything is told. */
static int sorting_read(struct sorting *s, const struct alerts *alerts)
{
	int r = new_read(s);

	if (r == WEALD_OK) {
		r = drop_alerts(s, alerts);
	}
	if (r == WEALD_OK) {
		r = cares_read(s);
	}
	if (r == WEALD_OK) {
		r = cares_read_topics(s);
	}
	if (r == WEALD_OK) {
		r = topics_read(s);
	}
	return r == WEALD_OK ? kinds_read(s) : r;
}

static int inbox_read(struct sorting *s, const struct inbox_ask *ask,
		      struct inbox *out)
{
	size_t i;
	int r = sorting_init(s);

	if (r == WEALD_OK) {
		r = sorting_read(s, &out->alerts);
	}
	if (r == WEALD_OK) {
		r = sort_reasons(s);
	}
	if (r == WEALD_OK) {
		r = tell_rest(s, ask);
	}
	for (i = 0; r == WEALD_OK && i < REASONS_N; i++) {
		out->total += set_count(&s->told[i]);
	}
	for (i = 0; r == WEALD_OK && i < REASONS_N; i++) {
		r = rows_of(s, (enum reason)i, ask->limit, out);
	}
	return r;
}

int query_inbox(struct index *x, const struct inbox_ask *ask, struct inbox *out,
		struct weald_msg *msg)
{
	struct sorting s = {
		.x = x, .msg = msg, .marks = ask->marks, .marks_n = ask->marks_n
	};
	struct inbox_ask bounded = *ask;
	struct inbox inbox = { .n = 0 };
	int r = index_begin(x, msg);

	bounded.limit = ask->limit == 0               ? ROWS_USUAL
			: ask->limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX
						      : ask->limit;
	if (r == WEALD_OK) {
		r = alerts_read(x, true, &inbox.alerts, msg);
	}
	if (r == WEALD_OK) {
		r = inbox_read(&s, &bounded, &inbox);
	}
	alerts_keep_open(&inbox.alerts);
	index_end(x);
	sorting_release(&s);
	if (r != WEALD_OK) {
		inbox_release(&inbox);
		return r;
	}
	*out = inbox;
	return WEALD_OK;
}
