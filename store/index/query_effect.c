#include "store/index/query_private.h"

#include <stdio.h>
#include <string.h>

/*
 * Fewer of the undesired event is better, unless the measure counts what is
 * wanted, or neither, or looks out for harm elsewhere: of those a ratio does
 * not say what is good.
 */
static const char *verdict_of(const struct estimate *e, bool judged)
{
	if (strcmp(e->state, "full") == 0 || strcmp(e->state, "short") == 0) {
		return !judged       ? "no-verdict"
		       : e->high < 1 ? "improved"
		       : e->low > 1  ? "worse"
				     : "unclear";
	}
	if (strcmp(e->state, "too-early") == 0 ||
	    strcmp(e->state, "no-events") == 0) {
		return e->state;
	}
	return "";
}

int effect_read(struct index *x, int64_t id, struct estimate *out,
		struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(
		x,
		"SELECT e.state, e.ratio, e.low, e.high,"
		" coalesce(direction.value, 'decrease') = 'decrease'"
		" AND coalesce(type.value, '') <> 'balancing'"
		" FROM link l CROSS JOIN record m ON m.ref = l.target"
		" CROSS JOIN fact shape"
		" ON shape.record = m.id AND shape.name = 'shape'"
		" CROSS JOIN effect e"
		" ON e.record = l.record AND e.shape = shape.value"
		" LEFT JOIN fact direction"
		" ON direction.record = m.id AND direction.name = 'direction'"
		" LEFT JOIN fact type"
		" ON type.record = m.id AND type.name = 'type'"
		" WHERE l.record = ? AND l.rel = 'measure' ORDER BY l.target",
		&s, msg, "i", id);

	memset(out, 0, sizeof *out);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		(void)snprintf(out->state, sizeof out->state, "%s",
			       index_text(s, 0));
		out->ratio = sqlite3_column_double(s, 1);
		out->low = sqlite3_column_double(s, 2);
		out->high = sqlite3_column_double(s, 3);
		(void)snprintf(out->verdict, sizeof out->verdict, "%s",
			       verdict_of(out, sqlite3_column_int(s, 4) != 0));
	}
	index_done(x, s);
	return r;
}

/* Without its measure nobody knows which of the estimates is the right one. */
static int effect_missing(struct index *x, int64_t id, struct estimate *out,
			  struct weald_msg *msg)
{
	int64_t n = 0;
	int r = index_number(x, "SELECT count(*) FROM effect WHERE record = ?",
			     0, &n, msg, "i", id);

	if (r == WEALD_OK && n > 0) {
		(void)snprintf(out->state, sizeof out->state, "no-measure");
	}
	return r;
}

int query_effect(struct index *x, const char *ref, struct estimate *out,
		 struct weald_msg *msg)
{
	struct estimate e;
	int64_t id = 0;
	int r = index_begin(x, msg);

	memset(&e, 0, sizeof e);
	if (r == WEALD_OK) {
		r = record_id(x, ref, &id, msg);
	}
	if (r == WEALD_OK && id == 0) {
		msg_set(msg, "there is no %s here", ref);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = effect_read(x, id, &e, msg);
	}
	if (r == WEALD_OK && e.state[0] == '\0') {
		r = effect_missing(x, id, &e, msg);
	}
	index_end(x);
	if (r == WEALD_OK) {
		*out = e;
	}
	return r;
}
