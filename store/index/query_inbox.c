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

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_USUAL 20u

/* In the order in which they are told. */
enum reason { REASON_WITHDRAWN, REASON_FIX, REASON_EVIDENCE, REASON_TOPIC };

/* Why a record is told, and the own record that makes it matter. */
struct told {
	int64_t id;
	enum reason reason;
	char *about;
};

struct sorting {
	struct index *x;
	struct weald_msg *msg;
	const struct inbox_mark *marks;
	size_t marks_n;
	struct set new;
	struct told *list;
	size_t n;
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

static void sorting_release(struct sorting *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->list[i].about);
	}
	free(s->list);
	set_release(&s->new);
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

/* Records of other regions with a version that may be shown after the mark. */
static int new_read(struct sorting *sorting)
{
	struct index *x = sorting->x;
	struct weald_msg *msg = sorting->msg;
	sqlite3_stmt *feeds = NULL;
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x, "SELECT id, name FROM feed WHERE own = 0", &feeds,
			  msg, "");

	while (r == WEALD_OK) {
		r = index_step(x, feeds, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = index_ask(x,
			      "SELECT each_row(?, record) FROM version"
			      " WHERE feed = ? AND seq > ? AND state = 0",
			      &s, msg, "niu", sqlite3_column_int64(feeds, 0),
			      mark_of(index_text(feeds, 1), sorting->marks,
				      sorting->marks_n));
		if (r == WEALD_OK) {
			r = set_read(x, s, &sorting->new, msg);
		}
		index_done(x, s);
		s = NULL;
	}
	index_done(x, feeds);
	return r;
}

/* Tell of @id, if it is new and was not told already. */
static int tell(struct sorting *s, int64_t id, enum reason reason,
		const char *about)
{
	struct told *list;

	if (!set_has(&s->new, id)) {
		return WEALD_OK;
	}
	set_remove(&s->new, id);
	list = list_room(s->list, s->n, sizeof *list);
	if (list == NULL) {
		return WEALD_NOMEM;
	}
	s->list = list;
	list[s->n].id = id;
	list[s->n].reason = reason;
	return text_set(&list[s->n++].about, about);
}

/* A fix that its own region withdrew is none, and whoever says so. */
static int tell_fix(struct sorting *s, int64_t id, const char *about)
{
	struct record_standing standing = { .ref = NULL };
	int r = WEALD_OK;

	if (set_has(&s->new, id)) {
		r = record_standing_read(s->x, id, &standing, s->msg);
	}
	if (r == WEALD_OK && !standing.withdrawn) {
		r = tell(s, id, REASON_FIX, about);
	}
	record_standing_release(&standing);
	return r;
}

/* All rows of id and the own record that they are about. */
static int tell_all(struct sorting *s, const char *sql, enum reason reason)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	int r = index_ask(s->x, sql, &st, s->msg, "");

	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = reason == REASON_FIX
			    ? tell_fix(s, sqlite3_column_int64(st, 0),
				       index_text(st, 1))
			    : tell(s, sqlite3_column_int64(st, 0), reason,
				   index_text(st, 1));
	}
	index_done(s->x, st);
	return r;
}

/* ---- reasons ---- */

/* Own records and what they refer to: what matters here, and why. */
#define WATCHED                                                                \
	"WITH watched (target, about) AS (SELECT r.ref, r.ref FROM feed f"     \
	" CROSS JOIN record r ON r.feed = f.id WHERE f.own = 1 AND "           \
	"r.withdrawn = 0"                                                      \
	" UNION SELECT l.target, r.ref FROM feed f"                            \
	" CROSS JOIN record r ON r.feed = f.id CROSS JOIN link l ON l.record " \
	"= r.id"                                                               \
	" WHERE f.own = 1 AND r.withdrawn = 0"                                 \
	" AND l.rel IN ('intervention', 'problem', 'measure')) "

static const char withdrawn_by_record[] =
	WATCHED "SELECT w.id, o.about FROM watched o CROSS JOIN link l"
		" ON l.target = o.target AND l.rel = 'target'"
		" CROSS JOIN record w ON w.id = l.record"
		" WHERE w.kind = 'withdrawal' AND w.withdrawn = 0"
		" ORDER BY o.about";
static const char withdrawn_by_author[] =
	WATCHED "SELECT t.id, o.about FROM watched o CROSS JOIN record t"
		" ON t.ref = o.target WHERE t.withdrawn = 1 ORDER BY o.about";

/* Interventions for the very problem, or else on a topic of what is open. */
static const char fix_linked[] =
	WATCHED "SELECT i.id, o.about FROM watched o CROSS JOIN link l"
		" ON l.target = o.target AND l.rel = 'problem'"
		" CROSS JOIN record i ON i.id = l.record"
		" WHERE i.kind = 'intervention' ORDER BY o.about";
/* The topics of open problems and priorities, and the first that has each. */
static const char open_topics[] =
	"SELECT t.code, min(r.ref) FROM feed f"
	" CROSS JOIN record r ON r.feed = f.id"
	" AND r.kind IN ('problem', 'priority')"
	" CROSS JOIN tag t ON t.record = r.id AND t.type = 't'"
	" LEFT JOIN fact status"
	" ON status.record = r.id AND status.name = 'status'"
	" WHERE f.own = 1 AND r.withdrawn = 0 AND coalesce(status.value, '')"
	" NOT IN ('solution-known', 'met', 'ended') GROUP BY t.code"
	" ORDER BY 2, 1";
static const char own_topics[] =
	"SELECT DISTINCT t.code FROM feed f"
	" CROSS JOIN record r ON r.feed = f.id"
	" AND r.kind IN ('problem', 'priority')"
	" CROSS JOIN tag t ON t.record = r.id AND t.type = 't'"
	" WHERE f.own = 1 AND r.withdrawn = 0";
static const char each_of_topic[] =
	"SELECT each_row(?, record) FROM tag WHERE type = 't' AND code = ?";
static const char of_topic[] =
	"SELECT record FROM tag WHERE type = 't' AND code = ?";

/* On what we use or made; of what we made, who takes it up too. */
static const char evidence_used[] =
	"SELECT e.id, o.ref FROM feed f CROSS JOIN record o ON o.feed = f.id"
	" AND o.kind = 'adoption' CROSS JOIN link u"
	" ON u.record = o.id AND u.rel = 'intervention'"
	" CROSS JOIN link l ON l.target = u.target CROSS JOIN record e ON e.id "
	"= l.record"
	" WHERE f.own = 1 AND o.withdrawn = 0"
	" AND e.kind IN ('evidence', 'lesson', 'endorsement')"
	" ORDER BY o.ref";
static const char evidence_made[] =
	"SELECT e.id, o.ref FROM feed f CROSS JOIN record o ON o.feed = f.id"
	" AND o.kind IN ('intervention', 'measure')"
	" CROSS JOIN link l ON l.target = o.ref CROSS JOIN record e ON e.id = "
	"l.record"
	" WHERE f.own = 1 AND e.kind IN ('evidence', 'lesson', 'endorsement',"
	" 'adoption') ORDER BY o.ref";

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

/* Interventions of @topic that are new and not withdrawn. */
static int tell_topic(struct sorting *s, const struct set *interventions,
		      const char *topic, const char *about)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	int64_t id;
	int r = index_ask(s->x, of_topic, &st, s->msg, "t", topic);

	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		id = sqlite3_column_int64(st, 0);
		if (set_has(interventions, id)) {
			r = tell_fix(s, id, about);
		}
	}
	index_done(s->x, st);
	return r;
}

static int tell_topics(struct sorting *s)
{
	struct set interventions = { NULL, 0 };
	sqlite3_stmt *st = NULL;
	bool row = true;
	int r = set_init(s->x, &interventions, s->msg);

	if (r == WEALD_OK) {
		r = set_ask(s->x,
			    "SELECT each_row(?, id) FROM record WHERE kind = ?",
			    "intervention", &interventions, s->msg);
	}
	if (r == WEALD_OK) {
		r = index_ask(s->x, open_topics, &st, s->msg, "");
	}
	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = tell_topic(s, &interventions, index_text(st, 0),
			       index_text(st, 1));
	}
	index_done(s->x, st);
	set_release(&interventions);
	return r;
}

static int sort_reasons(struct sorting *s, const struct alerts *alerts)
{
	int r = drop_alerts(s, alerts);

	if (r == WEALD_OK) {
		r = tell_all(s, withdrawn_by_record, REASON_WITHDRAWN);
	}
	if (r == WEALD_OK) {
		r = tell_all(s, withdrawn_by_author, REASON_WITHDRAWN);
	}
	if (r == WEALD_OK) {
		r = tell_all(s, fix_linked, REASON_FIX);
	}
	if (r == WEALD_OK) {
		r = tell_topics(s);
	}
	if (r == WEALD_OK) {
		r = tell_all(s, evidence_used, REASON_EVIDENCE);
	}
	return r == WEALD_OK ? tell_all(s, evidence_made, REASON_EVIDENCE) : r;
}

/* What is left of the new ones on these topics and on the own ones. */
static int topics_read(struct sorting *s, const char *const *topics,
		       size_t topics_n, struct set *out)
{
	sqlite3_stmt *st = NULL;
	bool row = true;
	size_t i;
	int r = set_init(s->x, out, s->msg);

	for (i = 0; r == WEALD_OK && i < topics_n; i++) {
		r = set_ask(s->x, each_of_topic, topics[i], out, s->msg);
	}
	if (r == WEALD_OK) {
		r = index_ask(s->x, own_topics, &st, s->msg, "");
	}
	while (r == WEALD_OK) {
		r = index_step(s->x, st, &row, s->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = set_ask(s->x, each_of_topic, index_text(st, 0), out,
			    s->msg);
	}
	index_done(s->x, st);
	if (r == WEALD_OK) {
		set_and(out, &s->new);
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

static int told_compare(const void *a, const void *b)
{
	const struct told *v = a;
	const struct told *w = b;

	return (v->id > w->id) - (v->id < w->id);
}

/* What was told, by reason, then the newest first; the list by id. */
static int rows_told(struct sorting *s, size_t limit, struct inbox *out)
{
	struct ranking ranking = { NULL, 0 };
	const struct told *told;
	size_t i;
	int r = WEALD_OK;

	if (s->n > 1) {
		qsort(s->list, s->n, sizeof *s->list, told_compare);
	}
	for (i = 0; r == WEALD_OK && i < s->n; i++) {
		r = ranking_add(&ranking, s->list[i].id,
				-(double)s->list[i].reason);
	}
	if (r == WEALD_OK) {
		r = ranking_cut(s->x, &ranking, limit, s->msg);
	}
	for (i = 0; r == WEALD_OK && i < ranking.n; i++) {
		told = bsearch(&(struct told){ .id = ranking.list[i].id },
			       s->list, s->n, sizeof *s->list, told_compare);
		assert(told != NULL);
		r = row_add(s, told->id, told->reason, told->about, out);
	}
	ranking_release(&ranking);
	return r;
}

static int rows_topics(struct sorting *s, const struct set *set, size_t limit,
		       struct inbox *out)
{
	const struct newest want = { .set = set, .limit = limit };
	struct ranking ranking = { NULL, 0 };
	size_t i;
	int r = ranking_newest(s->x, &want, &ranking, s->msg);

	for (i = 0; r == WEALD_OK && i < ranking.n; i++) {
		r = row_add(s, ranking.list[i].id, REASON_TOPIC, "", out);
	}
	ranking_release(&ranking);
	return r;
}

static int inbox_read(struct sorting *s, const struct inbox_ask *ask,
		      struct inbox *out)
{
	struct set topics = { NULL, 0 };
	int r = alerts_read(s->x, true, &out->alerts, s->msg);

	if (r == WEALD_OK) {
		r = set_init(s->x, &s->new, s->msg);
	}
	if (r == WEALD_OK) {
		r = new_read(s);
	}
	if (r == WEALD_OK) {
		r = sort_reasons(s, &out->alerts);
	}
	alerts_keep_open(&out->alerts);
	if (r == WEALD_OK) {
		r = topics_read(s, ask->topics, ask->topics_n, &topics);
	}
	if (r == WEALD_OK) {
		out->total = s->n + set_count(&topics);
		r = rows_told(s, ask->limit, out);
	}
	if (r == WEALD_OK && out->n < ask->limit) {
		r = rows_topics(s, &topics, ask->limit - out->n, out);
	}
	set_release(&topics);
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
		r = inbox_read(&s, &bounded, &inbox);
	}
	index_end(x);
	sorting_release(&s);
	if (r != WEALD_OK) {
		inbox_release(&inbox);
		return r;
	}
	*out = inbox;
	return WEALD_OK;
}
