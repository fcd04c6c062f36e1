#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/compare_private.h"

int effect_read(struct index *x, int64_t id, struct estimate *out,
		struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(
		x,
		"SELECT e.state, e.ratio, e.low, e.high," FEWER_IS_BETTER
			FROM_MEASURED " ORDER BY l.target",
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
		estimate_judge(out, sqlite3_column_int(s, 4) != 0);
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

/* ---- with all that goes with it ---- */

/* The record @id as the only site of its region, and what its measure says. */
static int site_read(struct compare_by *by, int64_t id, struct site *out,
		     char **shape, bool *out_there)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(
		by->x,
		"SELECT r.ref, f.name, r.version, f.own, r.kind, shape.value,"
		" coalesce(type.value, '') = 'balancing'"
		" FROM record r JOIN feed f ON f.id = r.feed"
		" JOIN link l ON l.record = r.id AND l.rel = 'measure'"
		" JOIN record m ON m.ref = l.target"
		" JOIN fact shape"
		" ON shape.record = m.id AND shape.name = 'shape'"
		" JOIN effect e ON e.record = r.id AND e.shape = shape.value"
		" LEFT JOIN fact type"
		" ON type.record = m.id AND type.name = 'type'"
		" WHERE r.id = ? ORDER BY l.target",
		&s, by->msg, "i", id);

	*out_there = false;
	if (r == WEALD_OK) {
		r = index_step(by->x, s, out_there, by->msg);
	}
	if (r == WEALD_OK && *out_there) {
		out->id = id;
		out->version = index_u64(s, 2);
		out->own = sqlite3_column_int(s, 3) != 0;
		out->adoption = strcmp(index_text(s, 4), "adoption") == 0;
		by->balancing = sqlite3_column_int(s, 6) != 0;
		r = index_text_copy(s, 0, &out->ref);
		if (r == WEALD_OK) {
			r = index_text_copy(s, 1, &out->region);
		}
		if (r == WEALD_OK) {
			r = index_text_copy(s, 5, shape);
		}
	}
	index_done(by->x, s);
	return r;
}

int query_compared(struct index *x, const char *ref, struct compared *out,
		   bool *out_there, struct weald_msg *msg)
{
	struct compare_by by = { .x = x, .whole = true, .msg = msg };
	struct compared c = { .region = NULL };
	struct site site = { .id = 0 };
	char *shape = NULL;
	bool there = false;
	int64_t id = 0;
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = record_id(x, ref, &id, msg);
	}
	if (r == WEALD_OK && id == 0) {
		msg_set(msg, "there is no %s here", ref);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = site_read(&by, id, &site, &shape, &there);
	}
	if (r == WEALD_OK && there) {
		by.shape = shape;
		r = compared_read(&by, &site, 1, &c);
	}
	index_end(x);
	free(site.ref);
	free(site.region);
	free(shape);
	if (r != WEALD_OK) {
		compared_release(&c);
		return r;
	}
	*out = c;
	*out_there = there;
	return WEALD_OK;
}
