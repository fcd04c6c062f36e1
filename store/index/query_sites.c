/*
 * Sites: the records of an intervention that have figures, and those adoptions
 * of which nothing is heard.
 */
#include <stdlib.h>
#include <string.h>

#include "store/index/compare_private.h"

void sites_release(struct sites *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->list[i].ref);
		free(s->list[i].region);
		free(s->list[i].measure);
	}
	free(s->list);
	memset(s, 0, sizeof *s);
}

int site_taken_back(struct index *x, const char *ref, int64_t feed,
		    uint64_t version, bool *out, struct weald_msg *msg)
{
	struct withdrawn_list w = { NULL, 0 };
	size_t i;
	int r = withdrawn_read(x, ref, &w, msg);

	*out = false;
	for (i = 0; r == WEALD_OK && i < w.n; i++) {
		*out = *out || (w.list[i].feed == feed &&
				withdrawn_names(&w.list[i], version));
	}
	withdrawn_list_release(&w);
	return r;
}

static int is_taken_back(struct index *x, const struct site *site, bool *out,
			 struct weald_msg *msg)
{
	return site_taken_back(x, site->ref, site->feed, site->version, out,
			       msg);
}

static bool is_adoption(const char *kind)
{
	return strcmp(kind, "adoption") == 0;
}

/* ---- those with figures ---- */

/* The site of the row, which is the last of @out from here on. */
static int site_add(sqlite3_stmt *s, struct sites *out)
{
	struct site *list = list_room(out->list, out->n, sizeof *list);
	struct site *site;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	site = &list[out->n++];
	site->id = sqlite3_column_int64(s, 0);
	site->own = sqlite3_column_int(s, 3) != 0;
	site->adoption = is_adoption(index_text(s, 4));
	site->feed = sqlite3_column_int64(s, 5);
	site->version = index_u64(s, 6);
	r = index_text_copy(s, 1, &site->ref);
	if (r == WEALD_OK) {
		r = index_text_copy(s, 2, &site->region);
	}
	return r == WEALD_OK ? index_text_copy(s, 7, &site->measure) : r;
}

static void drop_last(struct sites *s)
{
	struct site *site = &s->list[--s->n];

	free(site->ref);
	free(site->region);
	free(site->measure);
	memset(site, 0, sizeof *site);
}

/* An adoption without a start has no periods to compare. */
#define HAS_FIGURES                                             \
	"EXISTS (SELECT 1 FROM effect e WHERE e.record = r.id)" \
	" AND (r.kind = 'evidence' OR EXISTS (SELECT 1"         \
	" FROM fact b WHERE b.record = r.id AND b.name = 'start'))"
#define HAS_WITHDRAWAL                 \
	"EXISTS (SELECT 1 FROM link w" \
	" WHERE w.target = r.ref AND w.rel = 'target')"

static const char with_figures[] =
	"SELECT r.id, r.ref, f.name, f.own, r.kind, r.feed, r.version,"
	" m.target, " HAS_WITHDRAWAL " FROM link l"
	" CROSS JOIN record r ON r.id = l.record"
	" CROSS JOIN feed f ON f.id = r.feed"
	" CROSS JOIN link m ON m.record = r.id AND m.rel = 'measure'"
	" WHERE l.target = ? AND l.rel = 'intervention'"
	" AND r.kind IN ('adoption', 'evidence') AND r.withdrawn = 0"
	" AND " HAS_FIGURES " GROUP BY r.id, m.target"
	" ORDER BY m.target, f.name, r.created DESC, r.ref";

int sites_read(struct index *x, const char *ref, struct sites *out,
	       struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	bool back;
	int r = index_ask(x, with_figures, &s, msg, "t", ref);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		if (out->n == QUERY_ROWS_MAX) {
			out->cut = true;
			break;
		}
		back = false;
		r = site_add(s, out);
		if (r == WEALD_OK && sqlite3_column_int(s, 8) != 0) {
			r = is_taken_back(x, &out->list[out->n - 1], &back,
					  msg);
		}
		if (r == WEALD_OK && back) {
			drop_last(out);
		}
	}
	index_done(x, s);
	return r;
}

/* ---- those that nobody has heard of ---- */

/* A region's records together, however many there are. */
static const char with_or_without[] =
	"SELECT r.feed, r.ref, r.version, r.kind, " HAS_FIGURES ","
	" EXISTS (SELECT 1 FROM link a"
	" JOIN record t ON t.id = a.record WHERE r.kind = 'adoption'"
	" AND a.target = r.ref AND a.rel = 'about'"
	" AND t.kind = 'lesson' AND t.withdrawn = 0)," HAS_WITHDRAWAL ","
	" started.value, stage.value"
	" FROM link l CROSS JOIN record r ON r.id = l.record"
	" LEFT JOIN fact started"
	" ON started.record = r.id AND started.name = 'started'"
	" LEFT JOIN fact stage"
	" ON stage.record = r.id AND stage.name = 'stage'"
	" WHERE l.target = ?"
	" AND (l.rel = 'intervention' AND r.kind IN ('adoption', 'evidence')"
	" OR l.rel = 'about' AND r.kind = 'lesson')"
	" AND r.withdrawn = 0 GROUP BY r.id ORDER BY r.feed";

/* Who only considers or plans has not begun. */
static bool is_begun_long_ago(sqlite3_stmt *s, int64_t today)
{
	const char *stage = index_text(s, 8);
	const bool planned = strcmp(stage, "considering") == 0 ||
			     strcmp(stage, "planning") == 0;

	return is_adoption(index_text(s, 3)) && !planned &&
	       date_year_over(index_text(s, 7), today);
}

static bool tells(sqlite3_stmt *s)
{
	return !is_adoption(index_text(s, 3)) ||
	       sqlite3_column_int(s, 4) != 0 || sqlite3_column_int(s, 5) != 0;
}

/* What is known of the region that rows are of. */
struct hearing {
	int64_t feed;
	size_t old;
	bool told;
};

int sites_silent(struct index *x, const char *ref, int64_t today,
		 size_t *out_old, size_t *out_silent, struct weald_msg *msg)
{
	struct hearing h = { 0, 0, false };
	sqlite3_stmt *s = NULL;
	bool row = true;
	bool back;
	int r = index_ask(x, with_or_without, &s, msg, "t", ref);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		back = false;
		if (sqlite3_column_int(s, 6) != 0) {
			r = site_taken_back(x, index_text(s, 1),
					    sqlite3_column_int64(s, 0),
					    index_u64(s, 2), &back, msg);
		}
		if (back) {
			continue;
		}
		if (h.feed != sqlite3_column_int64(s, 0)) {
			*out_silent += h.told ? 0 : h.old;
			h = (struct hearing){ sqlite3_column_int64(s, 0), 0,
					      false };
		}
		if (is_begun_long_ago(s, today)) {
			h.old++;
			(*out_old)++;
		}
		h.told = h.told || tells(s);
	}
	*out_silent += h.told ? 0 : h.old;
	index_done(x, s);
	return r;
}
