#include "store/index/query_private.h"

#include <stdlib.h>
#include <string.h>

/* So few records are looked at one by one, sooner than what is used here. */
#define USED_FEW 300u

/* ---- what was withdrawn, and by whom ---- */

static void withdrawn_release(struct withdrawn *w)
{
	free(w->ref);
	free(w->title);
	free(w->level);
	free(w->reason);
	free(w->versions);
}

void withdrawn_list_release(struct withdrawn_list *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		withdrawn_release(&w->list[i]);
	}
	free(w->list);
	memset(w, 0, sizeof *w);
}

#define LEVEL_NOTE 2

/* One that says no level is as grave as "stop and review". */
static int level_rank(const char *level)
{
	if (strcmp(level, "stop-now") == 0) {
		return 0;
	}
	return strcmp(level, "take-note") == 0 ? LEVEL_NOTE : 1;
}

static int withdrawn_compare(const void *a, const void *b)
{
	const struct withdrawn *v = a;
	const struct withdrawn *w = b;
	int by_level = level_rank(v->level) - level_rank(w->level);

	if (by_level != 0) {
		return by_level;
	}
	if (v->time != w->time) {
		return v->time > w->time ? -1 : 1;
	}
	return strcmp(v->ref, w->ref);
}

/*
 * What the author wrote to explain it is the note; the summary says no more
 * than that it was withdrawn, and stands in where there is no note.
 *
 * Of both: id, ref, feed, version, time, title, level, reason, versions.
 */
static const char by_author[] =
	"SELECT r.id, r.ref, r.feed, coalesce(v.version, r.last),"
	" coalesce(v.time, r.time), r.title, '',"
	" coalesce(nullif(v.note, ''), v.summary, ''), 'all'"
	" FROM record r LEFT JOIN version v ON v.record = r.id AND v.version ="
	" (SELECT max(version) FROM version WHERE record = r.id"
	" AND action = 'withdraw')"
	" WHERE r.ref = ? AND r.withdrawn = 1";
static const char by_record[] =
	"SELECT w.id, w.ref, w.feed, w.version, w.time, w.title,"
	" level.value, reason.value,"
	" coalesce(versions.value, nullif(max(l.version), 0), 'all')"
	" FROM link l CROSS JOIN record w ON w.id = l.record"
	" LEFT JOIN fact level"
	" ON level.record = w.id AND level.name = 'level'"
	" LEFT JOIN fact reason"
	" ON reason.record = w.id AND reason.name = 'reason'"
	" LEFT JOIN fact versions"
	" ON versions.record = w.id AND versions.name = 'target_versions'"
	" WHERE l.target = ? AND l.rel = 'target' AND w.kind = 'withdrawal'"
	" AND w.withdrawn = 0 GROUP BY w.id";

static int withdrawn_add(sqlite3_stmt *s, bool author,
			 struct withdrawn_list *out)
{
	struct withdrawn *list =
		list_room(out->list, out->n, sizeof *out->list);
	struct withdrawn *w;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	w = &list[out->n++];
	w->author = author;
	w->id = sqlite3_column_int64(s, 0);
	w->feed = sqlite3_column_int64(s, 2);
	w->version = index_u64(s, 3);
	w->time = index_u64(s, 4);
	r = index_text_copy(s, 1, &w->ref);
	if (r == WEALD_OK) {
		r = index_text_copy(s, 5, &w->title);
	}
	if (r == WEALD_OK) {
		r = index_text_copy(s, 6, &w->level);
	}
	if (r == WEALD_OK) {
		r = index_text_copy(s, 7, &w->reason);
	}
	if (r == WEALD_OK) {
		r = index_text_copy(s, 8, &w->versions);
	}
	return r;
}

static int withdrawn_read_by(struct index *x, const char *sql, const char *ref,
			     bool author, struct withdrawn_list *out,
			     struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x, sql, &s, msg, "t", ref);

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = withdrawn_add(s, author, out);
	}
	index_done(x, s);
	return r;
}

int withdrawn_read(struct index *x, const char *ref, struct withdrawn_list *out,
		   struct weald_msg *msg)
{
	int r = withdrawn_read_by(x, by_author, ref, true, out, msg);

	if (r == WEALD_OK) {
		r = withdrawn_read_by(x, by_record, ref, false, out, msg);
	}
	if (r == WEALD_OK && out->n > 1) {
		qsort(out->list, out->n, sizeof *out->list, withdrawn_compare);
	}
	return r;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number at *@at, which moves behind it; one too large to be is 0. */
static uint64_t number_read(const char **at)
{
	uint64_t v = 0;
	size_t digits = 0;

	while (is_digit(**at)) {
		v = v * 10 + (uint64_t)(**at - '0');
		digits += v > 0;
		(*at)++;
	}
	return digits > 15 ? 0 : v;
}

/* Numbers and ranges, "1, 3-5"; anything else may mean any version. */
bool withdrawn_names(const struct withdrawn *w, uint64_t version)
{
	const char *at = w->versions;
	bool named = false;
	uint64_t first;
	uint64_t last;

	if (version == 0 || at[strcspn(at, "0123456789")] == '\0') {
		return true;
	}
	while (*at != '\0') {
		if (strchr(" ,@v", *at) != NULL) {
			at++;
			continue;
		}
		if (!is_digit(*at)) {
			return true;
		}
		first = number_read(&at);
		last = first;
		if (at[0] == '-' && is_digit(at[1])) {
			at++;
			last = number_read(&at);
		}
		named = named || (version >= first && version <= last);
	}
	return named;
}

/* ---- what a record's own region says ---- */

void record_standing_release(struct record_standing *s)
{
	free(s->ref);
	withdrawn_list_release(&s->w);
	memset(s, 0, sizeof *s);
}

static bool own_word(const struct record_standing *s)
{
	size_t i;

	for (i = 0; i < s->w.n; i++) {
		if (s->w.list[i].feed == s->feed &&
		    withdrawn_names(&s->w.list[i], s->version)) {
			return true;
		}
	}
	return false;
}

/* Few records are named by a withdrawal: all others are done with one look. */
int record_standing_read(struct index *x, int64_t id,
			 struct record_standing *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool named = false;
	bool row = false;
	int r = index_ask(x,
			  "SELECT ref, feed, version, time, withdrawn,"
			  " EXISTS (SELECT 1 FROM fact WHERE record = r.id"
			  " AND name = 'status' AND value = 'withdrawn'),"
			  " withdrawn OR EXISTS (SELECT 1 FROM link"
			  " WHERE target = r.ref AND rel = 'target')"
			  " FROM record r WHERE id = ?",
			  &s, msg, "i", id);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		out->feed = row ? sqlite3_column_int64(s, 1) : 0;
		out->version = row ? index_u64(s, 2) : 0;
		out->time = row ? index_u64(s, 3) : 0;
		out->withdrawn = row && (sqlite3_column_int(s, 4) != 0 ||
					 sqlite3_column_int(s, 5) != 0);
		named = row && sqlite3_column_int(s, 6) != 0;
		r = text_set(&out->ref, row ? index_text(s, 0) : "");
	}
	index_done(x, s);
	if (r == WEALD_OK && named) {
		r = withdrawn_read(x, out->ref, &out->w, msg);
		out->withdrawn = out->withdrawn || own_word(out);
	}
	return r;
}

int withdrawn_by_own(struct index *x, int64_t id,
		     const struct withdrawn_list *w, bool *out,
		     struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	size_t i;
	int r = index_ask(x,
			  "SELECT r.feed, r.version, r.withdrawn, status.value"
			  " FROM record r LEFT JOIN fact status"
			  " ON status.record = r.id AND status.name = 'status'"
			  " WHERE r.id = ?",
			  &s, msg, "i", id);

	*out = false;
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		*out = sqlite3_column_int(s, 2) != 0 ||
		       strcmp(index_text(s, 3), "withdrawn") == 0;
		for (i = 0; i < w->n; i++) {
			*out = *out ||
			       (w->list[i].feed == sqlite3_column_int64(s, 0) &&
				withdrawn_names(&w->list[i], index_u64(s, 1)));
		}
	}
	index_done(x, s);
	return r;
}

bool withdrawn_stops(const struct withdrawn_list *w, uint64_t version)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (level_rank(w->list[i].level) < LEVEL_NOTE &&
		    withdrawn_names(&w->list[i], version)) {
			return true;
		}
	}
	return false;
}

int withdrawn_known(struct index *x, const struct withdrawn *w, int64_t id,
		    bool *out, struct weald_msg *msg)
{
	int64_t n = 0;
	int r = index_number(x,
			     "SELECT count(*) FROM link WHERE record = ?"
			     " AND rel = 'acknowledges' AND target = ?"
			     " AND (version = 0 OR version >= ?)",
			     0, &n, msg, "itu", id, w->ref, w->version);

	if (r == WEALD_OK) {
		*out = n > 0;
	}
	return r;
}

/* ---- adoptions of this region ---- */

/* Own adoptions of @ref that have not stopped. */
static const char own_adoptions[] =
	"SELECT a.id FROM link l CROSS JOIN record a ON a.id = l.record"
	" CROSS JOIN feed f ON f.id = a.feed LEFT JOIN fact stage"
	" ON stage.record = a.id AND stage.name = 'stage'"
	" WHERE l.target = ? AND l.rel = 'intervention' AND a.kind = 'adoption'"
	" AND f.own = 1 AND a.withdrawn = 0"
	" AND coalesce(stage.value, '') <> 'stopped' ORDER BY a.ref";

/* One adoption is enough to have said that the region knows. */
static int known_by_any(struct index *x, const struct withdrawn *w,
			const struct ids *adoptions, bool *out,
			struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	*out = false;
	for (i = 0; r == WEALD_OK && !*out && i < adoptions->n; i++) {
		r = withdrawn_known(x, w, adoptions->list[i], out, msg);
	}
	return r;
}

/* 0 where the adoption @id does not say which version it took up. */
static int version_seen(struct index *x, int64_t id, uint64_t *out,
			struct weald_msg *msg)
{
	const char *at;
	char *text = NULL;
	int r = fact_read(x, id, "version_seen", &text, msg);

	if (r == WEALD_OK) {
		at = text;
		*out = number_read(&at);
		free(text);
	}
	return r;
}

/* The first of the adoptions that took up what @w speaks of; or 0. */
static int affected_first(struct index *x, const struct withdrawn *w,
			  const struct ids *adoptions, int64_t *out,
			  struct weald_msg *msg)
{
	uint64_t seen = 0;
	size_t i;
	int r = WEALD_OK;

	*out = 0;
	for (i = 0; r == WEALD_OK && *out == 0 && i < adoptions->n; i++) {
		r = version_seen(x, adoptions->list[i], &seen, msg);
		if (r == WEALD_OK && withdrawn_names(w, seen)) {
			*out = adoptions->list[i];
		}
	}
	return r;
}

int withdrawn_ours(struct index *x, const char *ref,
		   const struct withdrawn_list *w, bool *out,
		   struct weald_msg *msg)
{
	struct ids adoptions = { NULL, 0 };
	int64_t affected;
	bool known;
	size_t i;
	int r = ids_ask(x, own_adoptions, ref, &adoptions, msg);

	*out = adoptions.n > 0 && w->n == 0;
	for (i = 0; r == WEALD_OK && adoptions.n > 0 && !*out && i < w->n;
	     i++) {
		r = known_by_any(x, &w->list[i], &adoptions, &known, msg);
		if (r != WEALD_OK || known) {
			continue;
		}
		r = affected_first(x, &w->list[i], &adoptions, &affected, msg);
		*out = affected != 0;
	}
	ids_release(&adoptions);
	return r;
}

/* One text of one row, "" where there is none. */
static int text_ask(struct index *x, const char *sql, int64_t id, char **out,
		    struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, sql, &s, msg, "i", id);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		r = text_set(out, row ? index_text(s, 0) : "");
	}
	index_done(x, s);
	return r;
}

int record_ref(struct index *x, int64_t id, char **out, struct weald_msg *msg)
{
	return text_ask(x, "SELECT ref FROM record WHERE id = ?", id, out, msg);
}

/* Of the records in @among those that somebody may have withdrawn. */
static int named_read(struct index *x, const struct set *among, struct set *out,
		      struct weald_msg *msg)
{
	int64_t named = 0;
	int64_t id;
	int r = WEALD_OK;

	for (id = set_next(among, 0); r == WEALD_OK && id >= 0;
	     id = set_next(among, id + 1)) {
		r = index_number(x,
				 "SELECT withdrawn OR EXISTS (SELECT 1"
				 " FROM link WHERE target = ref"
				 " AND rel = 'target')"
				 " FROM record WHERE id = ?",
				 0, &named, msg, "i", id);
		if (r == WEALD_OK && named != 0) {
			set_add(out, id);
		}
	}
	return r;
}

/* The index by name has the id too: no row of what is used is read. */
static const char own_used[] =
	"SELECT each_row(?, t.id) FROM feed f CROSS JOIN record a"
	" ON a.feed = f.id AND a.kind = 'adoption' CROSS JOIN link l"
	" ON l.record = a.id AND l.rel = 'intervention'"
	" CROSS JOIN record t ON t.ref = l.target WHERE f.own = ?";

int withdrawn_used(struct index *x, const struct set *among, struct set *out,
		   struct weald_msg *msg)
{
	struct set used = { NULL, 0 };
	int r;

	if (set_count(among) <= USED_FEW) {
		return named_read(x, among, out, msg);
	}
	r = set_init(x, &used, msg);
	if (r == WEALD_OK) {
		r = set_ask(x, own_used, "1", &used, msg);
	}
	if (r == WEALD_OK) {
		set_and(&used, among);
		r = named_read(x, &used, out, msg);
	}
	set_release(&used);
	return r;
}

int withdrawn_ours_now(struct index *x, const char *ref, bool *out,
		       struct weald_msg *msg)
{
	struct withdrawn_list w = { NULL, 0 };
	int r = withdrawn_read(x, ref, &w, msg);

	*out = false;
	if (r == WEALD_OK && w.n > 0) { /* an endorsement has a target too */
		r = withdrawn_ours(x, ref, &w, out, msg);
	}
	withdrawn_list_release(&w);
	return r;
}

int withdrawn_now(struct index *x, int64_t id, bool *out, struct weald_msg *msg)
{
	struct record_standing standing = { .ref = NULL };
	int r = record_standing_read(x, id, &standing, msg);

	*out = standing.withdrawn;
	record_standing_release(&standing);
	return r;
}

/* ---- alerts ---- */

static void alert_release(struct alert *a)
{
	free(a->target);
	free(a->target_title);
	free(a->by);
	free(a->region);
	free(a->title);
	free(a->level);
	free(a->reason);
	free(a->adoption);
}

void alerts_release(struct alerts *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		alert_release(&a->list[i]);
	}
	free(a->list);
	memset(a, 0, sizeof *a);
}

void alerts_keep_open(struct alerts *a)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (a->list[i].acknowledged) {
			alert_release(&a->list[i]);
		} else {
			a->list[n++] = a->list[i];
		}
	}
	a->n = n;
}

/* All texts of an alert, which is zeroed: the target is known, or it has gone
 * before it came. */
static int alert_fill(struct index *x, const char *ref,
		      const struct withdrawn *w, int64_t adoption,
		      struct alert *out, struct weald_msg *msg)
{
	int64_t target = 0;
	int r = record_id(x, ref, &target, msg);

	if (r == WEALD_OK) {
		r = text_ask(x, "SELECT title FROM record WHERE id = ?", target,
			     &out->target_title, msg);
	}
	if (r == WEALD_OK) {
		r = text_ask(x, "SELECT name FROM feed WHERE id = ?", w->feed,
			     &out->region, msg);
	}
	if (r == WEALD_OK) {
		r = record_ref(x, adoption, &out->adoption, msg);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->target, ref);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->by, w->ref);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->title, w->title);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->level, w->level);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->reason, w->reason);
	}
	out->version = w->version;
	out->time = w->time;
	return r;
}

/* A record that was withdrawn, and this region's adoptions of it. */
struct concern {
	const char *ref;
	struct ids adoptions;
	bool all; /* acknowledged ones too */
};

/* What @w means for those adoptions. */
static int alert_add(struct index *x, const struct concern *of,
		     const struct withdrawn *w, struct alerts *out,
		     struct weald_msg *msg)
{
	struct alert *list;
	int64_t affected = 0;
	bool known = false;
	int r = known_by_any(x, w, &of->adoptions, &known, msg);

	if (r == WEALD_OK) {
		r = affected_first(x, w, &of->adoptions, &affected, msg);
	}
	if (r != WEALD_OK || affected == 0 || (known && !of->all)) {
		return r;
	}
	list = list_room(out->list, out->n, sizeof *list);
	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	list[out->n].acknowledged = known;
	out->open += !known;
	return alert_fill(x, of->ref, w, affected, &list[out->n++], msg);
}

/* Of everything that withdraws @ref. */
static int alerts_of(struct index *x, const char *ref, bool all,
		     struct alerts *out, struct weald_msg *msg)
{
	struct concern of = { .ref = ref, .all = all };
	struct withdrawn_list w = { NULL, 0 };
	size_t i;
	int r = withdrawn_read(x, ref, &w, msg);

	if (r == WEALD_OK && w.n > 0) {
		r = ids_ask(x, own_adoptions, ref, &of.adoptions, msg);
	}
	for (i = 0; r == WEALD_OK && i < w.n; i++) {
		r = alert_add(x, &of, &w.list[i], out, msg);
	}
	ids_release(&of.adoptions);
	withdrawn_list_release(&w);
	return r;
}

static int alert_compare(const void *a, const void *b)
{
	const struct alert *v = a;
	const struct alert *w = b;
	int by_level = level_rank(v->level) - level_rank(w->level);
	int by_ref;

	if (by_level != 0) {
		return by_level;
	}
	if (v->time != w->time) {
		return v->time > w->time ? -1 : 1;
	}
	by_ref = strcmp(v->by, w->by);
	return by_ref != 0 ? by_ref : strcmp(v->target, w->target);
}

int alerts_read(struct index *x, bool all, struct alerts *out,
		struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT DISTINCT l.target FROM feed f"
			  " CROSS JOIN record a ON a.feed = f.id"
			  " AND a.kind = 'adoption' CROSS JOIN link l"
			  " ON l.record = a.id AND l.rel = 'intervention'"
			  " WHERE f.own = 1 AND (EXISTS (SELECT 1 FROM link w"
			  " WHERE w.target = l.target AND w.rel = 'target')"
			  " OR EXISTS (SELECT 1 FROM record t"
			  " WHERE t.ref = l.target AND t.withdrawn = 1))",
			  &s, msg, "");

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = alerts_of(x, index_text(s, 0), all, out, msg);
	}
	index_done(x, s);
	if (r == WEALD_OK && out->n > 1) {
		qsort(out->list, out->n, sizeof *out->list, alert_compare);
	}
	return r;
}

int query_alerts(struct index *x, bool all, struct alerts *out,
		 struct weald_msg *msg)
{
	struct alerts alerts = { NULL, 0, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = alerts_read(x, all, &alerts, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		alerts_release(&alerts);
		return r;
	}
	*out = alerts;
	return WEALD_OK;
}
