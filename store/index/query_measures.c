#include <stdlib.h>
#include <string.h>

#include "store/index/compare_private.h"

static void measure_release(struct measure_row *m)
{
	free(m->ref);
	free(m->title);
	free(m->type);
	free(m->shape);
	free(m->direction);
	free(m->undesired);
}

void measure_rows_release(struct measure_rows *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		measure_release(&m->list[i]);
	}
	free(m->list);
	memset(m, 0, sizeof *m);
}

/* ---- what is reported by it ---- */

static int feed_compare(const void *a, const void *b)
{
	const int64_t v = *(const int64_t *)a;
	const int64_t w = *(const int64_t *)b;

	return (v > w) - (v < w);
}

static size_t count_different(struct ids *feeds)
{
	size_t n = feeds->n > 0;
	size_t i;

	if (feeds->n > 1) {
		qsort(feeds->list, feeds->n, sizeof *feeds->list, feed_compare);
	}
	for (i = 1; i < feeds->n; i++) {
		n += feeds->list[i] != feeds->list[i - 1];
	}
	return n;
}

/* A row of a record with figures; those of an intervention come together. */
static int report_add(struct index *x, sqlite3_stmt *s, struct measure_row *m,
		      struct ids *feeds, char **last, struct weald_msg *msg)
{
	const char *intervention = index_text(s, 4);
	bool back = false;
	int r = WEALD_OK;

	if (sqlite3_column_int(s, 3) != 0) {
		r = site_taken_back(x, index_text(s, 1),
				    sqlite3_column_int64(s, 0), index_u64(s, 2),
				    &back, msg);
	}
	if (r != WEALD_OK || back) {
		return r;
	}
	m->records++;
	if (intervention[0] != '\0' &&
	    (*last == NULL || strcmp(*last, intervention) != 0)) {
		m->interventions++;
		r = text_set(last, intervention);
	}
	return r == WEALD_OK ? ids_add(feeds, sqlite3_column_int64(s, 0)) : r;
}

static int reports_read(struct index *x, struct measure_row *m,
			struct weald_msg *msg)
{
	struct ids feeds = { NULL, 0 };
	sqlite3_stmt *s = NULL;
	char *last = NULL;
	bool row = true;
	int r = index_ask(
		x,
		"SELECT r.feed, r.ref, r.version,"
		" EXISTS (SELECT 1 FROM link w"
		" WHERE w.target = r.ref AND w.rel = 'target'),"
		" coalesce(i.target, '')"
		" FROM link l CROSS JOIN record r ON r.id = l.record"
		" CROSS JOIN numbers n ON n.record = r.id"
		" LEFT JOIN link i"
		" ON i.record = r.id AND i.rel = 'intervention'"
		" WHERE l.target = ? AND l.rel IN ('measure', 'aim.measure')"
		" AND r.withdrawn = 0 GROUP BY r.id ORDER BY i.target",
		&s, msg, "t", m->ref);

	while (r == WEALD_OK && feeds.n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = report_add(x, s, m, &feeds, &last, msg);
	}
	index_done(x, s);
	m->regions = count_different(&feeds);
	ids_release(&feeds);
	free(last);
	return r;
}

/* ---- all of them ---- */

/* The first columns, in this order. */
static int measure_texts(sqlite3_stmt *s, struct measure_row *m)
{
	char **const texts[] = { &m->ref,   &m->title,     &m->type,
				 &m->shape, &m->direction, &m->undesired };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = index_text_copy(s, (int)i, texts[i]);
	}
	return r;
}

static int measure_add(struct index *x, sqlite3_stmt *s,
		       struct measure_rows *out, struct weald_msg *msg)
{
	struct measure_row *list = list_room(out->list, out->n, sizeof *list);
	struct measure_row *m;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	m = &list[out->n++];
	m->version = index_u64(s, 7);
	m->own = sqlite3_column_int(s, 8) != 0;
	m->example = sqlite3_column_int(s, 9) != 0;
	m->retired = strcmp(index_text(s, 6), "retired") == 0;
	r = measure_texts(s, m);
	if (r == WEALD_OK && sqlite3_column_int(s, 11) != 0) {
		r = withdrawn_now(x, sqlite3_column_int64(s, 10), &m->withdrawn,
				  msg);
	}
	return r == WEALD_OK ? reports_read(x, m, msg) : r;
}

/* A measure of which no version may be shown is none that anybody can use. */
#define MEASURES                                                           \
	"SELECT m.ref, m.title, type.value, shape.value, direction.value," \
	" undesired.value, status.value, m.version, f.own, m.example, "    \
	"m.id," MAYBE_WITHDRAWN(                                           \
		"m") " FROM record m JOIN feed f ON f.id = m.feed"         \
		     " LEFT JOIN fact type ON type.record = m.id AND "     \
		     "type.name = 'type'"                                  \
		     " LEFT JOIN fact shape"                               \
		     " ON shape.record = m.id AND shape.name = 'shape'"    \
		     " LEFT JOIN fact direction"                           \
		     " ON direction.record = m.id AND direction.name = "   \
		     "'direction'"                                         \
		     " LEFT JOIN fact undesired"                           \
		     " ON undesired.record = m.id AND undesired.name = "   \
		     "'undesired_event'"                                   \
		     " LEFT JOIN fact status"                              \
		     " ON status.record = m.id AND status.name = 'status'" \
		     " WHERE m.kind = 'measure' AND m.version > 0"

static const char of_all[] = MEASURES;
static const char of_topic[] = MEASURES
	" AND m.id IN (SELECT record FROM tag WHERE type = 't' AND code = ?)";

static int measures_read(struct index *x, const char *topic,
			 struct measure_rows *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = topic == NULL ? index_ask(x, of_all, &s, msg, "")
			      : index_ask(x, of_topic, &s, msg, "t", topic);

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = measure_add(x, s, out, msg);
	}
	index_done(x, s);
	return r;
}

static bool is_in_use(const struct measure_row *m)
{
	return !m->retired && !m->withdrawn;
}

static int measure_compare(const void *a, const void *b)
{
	const struct measure_row *v = a;
	const struct measure_row *w = b;

	if (is_in_use(v) != is_in_use(w)) {
		return is_in_use(v) ? -1 : 1;
	}
	if (v->regions != w->regions) {
		return v->regions > w->regions ? -1 : 1;
	}
	return strcmp(v->ref, w->ref);
}

int query_measures(struct index *x, const char *topic, size_t limit,
		   struct measure_rows *out, struct weald_msg *msg)
{
	struct measure_rows m = { .n = 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = measures_read(x, topic, &m, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		measure_rows_release(&m);
		return r;
	}
	if (m.n > 1) {
		qsort(m.list, m.n, sizeof *m.list, measure_compare);
	}
	m.total = m.n;
	while (limit > 0 && m.n > limit) {
		measure_release(&m.list[--m.n]);
	}
	*out = m;
	return WEALD_OK;
}
