/*
 * One region's result: of its records by one measure one, or several added.
 */
#include <stdlib.h>
#include <string.h>

#include "store/evidence/controlled.h"
#include "store/evidence/sites.h"
#include "store/index/compare_private.h"
#include "store/index/numbers.h"

/*
 * How alike two records' figures must be to be of one site, where one holds
 * more months than the other: so many months that both have, so many of them
 * with events.
 */
#define SHARED_MONTHS_MIN 6u
#define SHARED_EVENTS_MIN 4u

/* A record with what was read of it. */
struct figures {
	const struct site *site;
	size_t place; /* the newest first */
	char *design;
	char *scope;
	char *judged;
	char *judged_by;
	char *judged_reason;
	struct bias_fields fields;
	struct effect own_trend;
	struct effect before_after;
	struct series series; /* only where there are several */
	bool has_series;
};

struct figures_list {
	struct figures *list;
	size_t n;
};

static void figures_release(struct figures *f)
{
	free(f->design);
	free(f->scope);
	free(f->judged);
	free(f->judged_by);
	free(f->judged_reason);
	series_release(&f->series);
}

static void figures_list_release(struct figures_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		figures_release(&l->list[i]);
	}
	free(l->list);
}

/* ---- what is coded ---- */

static bool says_yes(const char *value)
{
	return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
}

/* A percentage of the schema is a whole number; @out is as it was otherwise. */
static void read_percent(const char *value, struct bias_fields *out)
{
	uint64_t percent;

	if (parse_u64(span_of(value), 0, 100, &percent) == WEALD_OK) {
		out->fidelity_known = true;
		out->fidelity_percent = (double)percent;
	}
}

static int figures_fact(struct figures *f, const char *name, const char *value)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "design", &f->design },
		{ "scope.level", &f->scope },
		{ "judged_certainty", &f->judged },
		{ "judged_by", &f->judged_by },
		{ "judged_reason", &f->judged_reason },
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(name, texts[i].name) == 0) {
			return text_set(texts[i].text, value);
		}
	}
	if (strcmp(name, "fidelity.percent") == 0) {
		read_percent(value, &f->fields);
	} else if (strcmp(name, "measure_changed") == 0) {
		f->fields.measure_changed = says_yes(value);
	} else if (strcmp(name, "other_changes") == 0) {
		f->fields.other_changes_known = true;
		f->fields.other_changes = strcmp(value, "some") == 0;
	} else if (strcmp(name, "other_changes_could_explain") == 0) {
		f->fields.other_changes_explain_known = true;
		f->fields.other_changes_explain = says_yes(value);
	}
	return WEALD_OK;
}

/* An adoption that does not say is a time series, as the form has it. */
static int figures_defaults(struct figures *f)
{
	char **texts[] = { &f->design, &f->scope, &f->judged, &f->judged_by,
			   &f->judged_reason };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = text_set(texts[i], "");
	}
	if (r == WEALD_OK && f->site->adoption) {
		r = text_set(&f->design, "its");
	}
	return r;
}

static int figures_facts(struct index *x, struct figures *f,
			 struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = figures_defaults(f);

	if (r == WEALD_OK) {
		r = index_ask(x,
			      "SELECT name, value FROM fact WHERE record = ?",
			      &s, msg, "i", f->site->id);
	}
	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = figures_fact(f, index_text(s, 0), index_text(s, 1));
	}
	index_done(x, s);
	return r;
}

/* ---- what was computed when it arrived ---- */

static enum effect_state state_of(const char *name)
{
	static const enum effect_state states[] = {
		EFFECT_FULL,           EFFECT_SHORT, EFFECT_TOO_EARLY,
		EFFECT_NO_DENOMINATOR, EFFECT_OVER,  EFFECT_NO_EVENTS,
		EFFECT_NO_SCATTER,
	};
	size_t i;

	for (i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(name, effect_state_name(states[i])) == 0) {
			return states[i];
		}
	}
	return EFFECT_NO_FIT;
}

static void effect_row(sqlite3_stmt *s, struct figures *f)
{
	struct effect *own = &f->own_trend;
	struct effect *plain = &f->before_after;

	own->state = state_of(index_text(s, 0));
	own->ratio = sqlite3_column_double(s, 1);
	own->low = sqlite3_column_double(s, 2);
	own->high = sqlite3_column_double(s, 3);
	own->log_ratio = sqlite3_column_double(s, 4);
	own->variance = sqlite3_column_double(s, 5);
	own->df = (size_t)index_u64(s, 6);
	own->phi = sqlite3_column_double(s, 7);
	own->lag1 = sqlite3_column_double(s, 8);
	own->half_added = sqlite3_column_int(s, 9) != 0;
	own->months_before = (size_t)index_u64(s, 10);
	own->months_after = (size_t)index_u64(s, 11);
	plain->state = state_of(index_text(s, 12));
	plain->log_ratio = sqlite3_column_double(s, 13);
	plain->variance = sqlite3_column_double(s, 14);
	plain->df = (size_t)index_u64(s, 15);
	plain->ratio = sqlite3_column_double(s, 16);
	plain->low = sqlite3_column_double(s, 17);
	plain->high = sqlite3_column_double(s, 18);
	plain->half_added = own->half_added;
	plain->months_before = own->months_before;
	plain->months_after = own->months_after;
}

static int figures_effect(struct index *x, struct figures *f, const char *shape,
			  struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r;

	f->own_trend.state = EFFECT_NO_FIT;
	f->before_after.state = EFFECT_NO_FIT;
	r = index_ask(x,
		      "SELECT state, ratio, low, high, log_ratio, variance, df,"
		      " phi, lag1, half_added, months_before, months_after,"
		      " plain_state, plain_log, plain_variance, plain_df,"
		      " plain_ratio, plain_low, plain_high"
		      " FROM effect WHERE record = ? AND shape = ?",
		      &s, msg, "it", f->site->id, shape);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		effect_row(s, f);
	}
	index_done(x, s);
	return r;
}

/* The series of the record @id. */
static int numbers_of(struct index *x, int64_t id, struct series *out,
		      bool *out_there, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	struct span data;
	bool row = false;
	int r = index_ask(x, "SELECT data FROM numbers WHERE record = ?", &s,
			  msg, "i", id);

	*out_there = false;
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		data.data = sqlite3_column_blob(s, 0);
		data.len = (size_t)sqlite3_column_bytes(s, 0);
		r = numbers_read(data, out);
		*out_there = r == WEALD_OK;
		r = r == WEALD_INVALID ? WEALD_OK : r;
	}
	index_done(x, s);
	return r;
}

static int figures_read(const struct compare_by *by, const struct site *site,
			bool with_series, struct figures *out)
{
	int r;

	out->site = site;
	r = figures_facts(by->x, out, by->msg);
	if (r == WEALD_OK) {
		r = figures_effect(by->x, out, by->shape, by->msg);
	}
	if (r == WEALD_OK && with_series) {
		r = numbers_of(by->x, site->id, &out->series, &out->has_series,
			       by->msg);
	}
	return r;
}

/* ---- the same figures twice ---- */

static bool same_value(double a, double b)
{
	return !(a < b) && !(a > b);
}

struct overlap {
	size_t shared; /* rows that both have, with figures */
	size_t events; /* of these, with any */
	bool differ;   /* one of them is not the same in both */
};

static int compare_time(const struct series_row *a, const struct series_row *b)
{
	if (a->month != b->month) {
		return a->month < b->month ? -1 : 1;
	}
	return a->day == b->day ? 0 : a->day < b->day ? -1 : 1;
}

static struct overlap overlap_of(const struct series *a, const struct series *b)
{
	struct overlap o = { 0, 0, false };
	const struct series_row *v;
	const struct series_row *w;
	size_t i = 0;
	size_t k = 0;
	int order;

	while (i < a->n && k < b->n && !o.differ) {
		v = &a->rows[i];
		w = &b->rows[k];
		order = compare_time(v, w);
		i += order <= 0;
		k += order >= 0;
		if (order != 0 || v->missing || w->missing) {
			continue;
		}
		o.shared++;
		o.events += v->numerator > 0;
		o.differ = !same_value(v->numerator, w->numerator) ||
			   !same_value(v->denominator, w->denominator);
	}
	return o;
}

/*
 * Are these the figures of one site? Two sites may well have the same few
 * months, of rare events; hardly two years of them, or several with events.
 */
static bool same_figures(const struct series *a, const struct series *b)
{
	struct overlap o;

	if (a->by_event != b->by_event) {
		return false;
	}
	o = overlap_of(a, b);
	if (o.differ || o.events == 0) {
		return false;
	}
	if (o.shared == a->n && a->n == b->n) {
		return true;
	}
	return o.shared >= SHARED_MONTHS_MIN && o.events >= SHARED_EVENTS_MIN;
}

/* Those with an estimate, the longest, evidence, and the newest first. */
static int figures_compare(const void *a, const void *b)
{
	const struct figures *f = a;
	const struct figures *g = b;

	if (effect_has_estimate(&f->own_trend) !=
	    effect_has_estimate(&g->own_trend)) {
		return effect_has_estimate(&f->own_trend) ? -1 : 1;
	}
	if (f->series.n != g->series.n) {
		return f->series.n > g->series.n ? -1 : 1;
	}
	if (f->site->adoption != g->site->adoption) {
		return f->site->adoption ? 1 : -1;
	}
	return (f->place > g->place) - (f->place < g->place);
}

/* Keep one of those that hold the same; the rest is released. */
static size_t drop_same(struct figures_list *l)
{
	size_t kept = 0;
	size_t i;
	size_t k;

	qsort(l->list, l->n, sizeof *l->list, figures_compare);
	for (i = 0; i < l->n; i++) {
		for (k = 0; k < kept; k++) {
			if (l->list[i].has_series && l->list[k].has_series &&
			    same_figures(&l->list[i].series,
					 &l->list[k].series)) {
				break;
			}
		}
		if (k < kept) {
			figures_release(&l->list[i]);
		} else {
			l->list[kept++] = l->list[i];
		}
	}
	i = l->n - kept;
	l->n = kept;
	return i;
}

/* ---- several as one ---- */

static bool shape_of(const char *code, enum effect_shape *out)
{
	static const struct {
		const char *code;
		enum effect_shape shape;
	} shapes[] = {
		{ "rate", EFFECT_RATE },
		{ "proportion", EFFECT_PROPORTION },
		{ "count", EFFECT_COUNT },
		{ "mean", EFFECT_MEAN },
		{ "time-between", EFFECT_TIME_BETWEEN },
	};
	size_t i;

	for (i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (strcmp(code, shapes[i].code) == 0) {
			*out = shapes[i].shape;
			return true;
		}
	}
	return false;
}

/*
 * The effects of all added; *@out_done is false where they cannot be, or give
 * nothing.
 */
static int add_up(const struct figures_list *l, enum effect_shape shape,
		  struct compared *out, bool *out_done)
{
	const struct series *series[COMPARE_SITES_MAX];
	struct series sum = { .n = 0 };
	size_t i;
	int r;

	*out_done = false;
	for (i = 0; i < l->n; i++) {
		if (!l->list[i].has_series) {
			return WEALD_OK;
		}
		series[i] = &l->list[i].series;
	}
	r = sites_add(series, l->n, shape, &sum);
	if (r == WEALD_OK) {
		effect_own_trend(&sum, shape, &out->own_trend);
		effect_before_after(&sum, shape, &out->before_after);
		*out_done = effect_has_estimate(&out->own_trend);
	}
	series_release(&sum);
	return r == WEALD_INVALID ? WEALD_OK : r;
}

/*
 * An estimate of the whole region, as the record says: its figures hold those
 * of the region's sites.
 */
static bool is_region_wide(const struct figures *f)
{
	return effect_has_estimate(&f->own_trend) &&
	       strcmp(f->scope, "region") == 0;
}

static bool has_region_wide(const struct figures_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (is_region_wide(&l->list[i])) {
			return true;
		}
	}
	return false;
}

/* Does @f say more than @g? Of those that say as much the newest. */
static bool is_better(const struct figures *f, const struct figures *g)
{
	if (is_region_wide(f) != is_region_wide(g)) {
		return is_region_wide(f);
	}
	if (effect_has_estimate(&f->own_trend) !=
	    effect_has_estimate(&g->own_trend)) {
		return effect_has_estimate(&f->own_trend);
	}
	return f->place < g->place;
}

/* Leave only the one that says most. */
static size_t keep_best(struct figures_list *l)
{
	const size_t left = l->n - 1;
	struct figures swap;
	size_t i;

	for (i = 1; i < l->n; i++) {
		if (is_better(&l->list[i], &l->list[0])) {
			swap = l->list[0];
			l->list[0] = l->list[i];
			l->list[i] = swap;
		}
	}
	for (; l->n > 1; l->n--) {
		figures_release(&l->list[l->n - 1]);
	}
	return left;
}

/* Leave in @l what counts, and set what it comes to. */
static int settle(const struct compare_by *by, struct figures_list *l,
		  struct compared *out)
{
	enum effect_shape shape;
	bool added = false;
	int r = WEALD_OK;

	if (l->n > 1) {
		out->same_n = drop_same(l);
	}
	if (l->n > 1 && has_region_wide(l)) {
		out->how = COMPARED_REGION;
		out->left_n = keep_best(l);
	}
	if (l->n > 1 && shape_of(by->shape, &shape)) {
		r = add_up(l, shape, out, &added);
	}
	if (added) {
		out->how = COMPARED_ADDED;
		return r;
	}
	if (l->n > 1) {
		out->how = COMPARED_NEWEST;
		out->left_n = keep_best(l);
	}
	out->own_trend = l->list[0].own_trend;
	out->before_after = l->list[0].before_after;
	return r;
}

/* ---- the result ---- */

static int source_compare(const void *a, const void *b)
{
	const struct source_row *v = a;
	const struct source_row *w = b;

	return strcmp(v->ref, w->ref);
}

static int set_sources(const struct figures_list *l, struct compared *out)
{
	size_t i;
	int r = WEALD_OK;

	out->sources = calloc(l->n, sizeof *out->sources);
	if (out->sources == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; r == WEALD_OK && i < l->n; i++) {
		out->sources_n++;
		out->sources[i].version = l->list[i].site->version;
		r = text_set(&out->sources[i].ref, l->list[i].site->ref);
	}
	if (r == WEALD_OK) {
		qsort(out->sources, out->sources_n, sizeof *out->sources,
		      source_compare);
	}
	return r;
}

/* The lowest start of all, and every flag. */
static int set_design(const struct figures_list *l, struct compared *out)
{
	const struct figures *lowest = &l->list[0];
	const struct figures *f;
	size_t i;

	for (i = 0; i < l->n; i++) {
		f = &l->list[i];
		out->bias |= bias_of(&f->fields, &out->own_trend,
				     &out->before_after);
		if (certainty_start(f->design) <
		    certainty_start(lowest->design)) {
			lowest = f;
		}
	}
	return text_set(&out->design, lowest->design);
}

/* What a person made of it: of several the newest that was judged. */
static int set_judged(const struct figures_list *l, struct compared *out)
{
	const struct figures *f = NULL;
	size_t i;
	int r;

	for (i = 0; i < l->n; i++) {
		if (certainty_of(l->list[i].judged) != CERTAINTY_NONE &&
		    (f == NULL || l->list[i].place < f->place)) {
			f = &l->list[i];
		}
	}
	r = text_set(&out->judged, f == NULL ? "" : f->judged);
	if (r == WEALD_OK) {
		r = text_set(&out->judged_by, f == NULL ? "" : f->judged_by);
	}
	return r == WEALD_OK ? text_set(&out->judged_reason,
					f == NULL ? "" : f->judged_reason)
			     : r;
}

static bool list_has(const char *list, const char *code)
{
	const size_t n = strlen(code);
	const char *at = list;

	while (*at != '\0') {
		if (strcspn(at, ",") == n && strncmp(at, code, n) == 0) {
			return true;
		}
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return false;
}

bool settings_share(const char *settings, const char *setting)
{
	return list_has(settings, setting) ||
	       list_has(settings, "whole-system");
}

#define SETTINGS_BYTES_MAX 4096u

/* The whole of @code, or nothing of it: more than any record may have. */
static void add_setting(char line[SETTINGS_BYTES_MAX], const char *code)
{
	const size_t used = strlen(line);
	const size_t comma = used > 0;
	const size_t n = strlen(code);

	if (list_has(line, code) || comma + n >= SETTINGS_BYTES_MAX - used) {
		return;
	}
	line[used] = ',';
	memcpy(line + used + comma, code, n + 1);
}

/* Add those of one record, by code, to @line. */
static int add_settings(const struct compare_by *by, int64_t id,
			char line[SETTINGS_BYTES_MAX])
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(by->x,
			  "SELECT code FROM tag WHERE record = ?"
			  " AND type = 's' ORDER BY code",
			  &s, by->msg, "i", id);

	while (r == WEALD_OK) {
		r = index_step(by->x, s, &row, by->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		add_setting(line, index_text(s, 0));
	}
	index_done(by->x, s);
	return r;
}

static int set_settings(const struct compare_by *by,
			const struct figures_list *l, struct compared *out)
{
	char line[SETTINGS_BYTES_MAX] = "";
	size_t i;
	int r = WEALD_OK;

	for (i = 0; by->whole && r == WEALD_OK && i < l->n; i++) {
		r = add_settings(by, l->list[i].site->id, line);
	}
	return r == WEALD_OK ? text_set(&out->settings, line) : r;
}

/* ---- against others ---- */

struct others {
	struct series list[CONTROLLED_COMPARATORS_MAX];
	int64_t feeds[CONTROLLED_COMPARATORS_MAX]; /* whose they are */
	size_t n;
};

static void others_release(struct others *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		series_release(&o->list[i]);
	}
	free(o);
}

/*
 * Whom the record names, and what is known of each. A region that has begun
 * with the intervention, or tells what came of it, is none that had not
 * adopted it.
 */
static const char of_comparators[] =
	"SELECT l.version, c.id, c.version, coalesce(c.feed = own.feed, 0),"
	" coalesce(v.state = 0, 0),"
	" EXISTS (SELECT 1 FROM link a JOIN link b ON b.target = a.target"
	" AND b.rel = 'measure' WHERE a.record = l.record"
	" AND a.rel = 'measure' AND b.record = c.id),"
	" EXISTS (SELECT 1 FROM link i JOIN link u ON u.target = i.target"
	" AND u.rel = 'intervention' JOIN record t ON t.id = u.record"
	" AND t.feed = c.feed AND t.withdrawn = 0"
	" LEFT JOIN fact g ON g.record = t.id AND g.name = 'stage'"
	" WHERE i.record = l.record AND i.rel = 'intervention'"
	" AND (t.kind = 'evidence' OR t.kind = 'adoption'"
	" AND coalesce(g.value, '') NOT IN ('considering', 'planning'))),"
	" c.feed FROM link l JOIN record own ON own.id = l.record"
	" LEFT JOIN record c ON c.ref = l.target"
	" LEFT JOIN version v ON v.record = c.id AND v.version = l.version"
	" WHERE l.record = ? AND l.rel = 'comparators'"
	" ORDER BY l.target, l.version, l.feed_id LIMIT ?";

static bool has_feed(const struct others *o, int64_t feed)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (o->feeds[i] == feed) {
			return true;
		}
	}
	return false;
}

/* What speaks against it; COMPARATOR_USED: nothing, if it has figures. */
static enum comparator_state comparator_of(sqlite3_stmt *s,
					   const struct others *o)
{
	const uint64_t named = index_u64(s, 0);

	if (named == 0) {
		return COMPARATOR_UNPINNED;
	}
	if (sqlite3_column_type(s, 1) == SQLITE_NULL) {
		return COMPARATOR_ABSENT;
	}
	if (sqlite3_column_int(s, 3) != 0 ||
	    has_feed(o, sqlite3_column_int64(s, 7))) {
		return COMPARATOR_REGION;
	}
	if (sqlite3_column_int(s, 6) != 0) {
		return COMPARATOR_ADOPTED;
	}
	if (index_u64(s, 2) != named) {
		return sqlite3_column_int(s, 4) != 0 ? COMPARATOR_NEWER
						     : COMPARATOR_ABSENT;
	}
	return sqlite3_column_int(s, 5) != 0 ? COMPARATOR_USED
					     : COMPARATOR_MEASURE;
}

/* Those that the record @id may be compared with; the others are counted. */
static int others_read(const struct compare_by *by, int64_t id,
		       struct others *o, struct compared *out)
{
	sqlite3_stmt *s = NULL;
	enum comparator_state state;
	bool row = true;
	bool there;
	int r = index_ask(by->x, of_comparators, &s, by->msg, "ii", id,
			  (int64_t)CONTROLLED_COMPARATORS_MAX);

	while (r == WEALD_OK) {
		r = index_step(by->x, s, &row, by->msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		there = false;
		state = comparator_of(s, o);
		if (state == COMPARATOR_USED) {
			r = numbers_of(by->x, sqlite3_column_int64(s, 1),
				       &o->list[o->n], &there, by->msg);
			state = there ? state : COMPARATOR_SERIES;
		}
		if (r == WEALD_OK && there) {
			o->feeds[o->n++] = sqlite3_column_int64(s, 7);
		}
		out->comparators_n++;
		out->comparators[state]++;
	}
	index_done(by->x, s);
	return r;
}

/* Of one record: what was added up has no comparators that fit all of it. */
static int set_controlled(const struct compare_by *by,
			  const struct figures_list *l, struct compared *out)
{
	const struct series *others[CONTROLLED_COMPARATORS_MAX];
	enum effect_shape shape;
	struct series own = { .n = 0 };
	struct others *o;
	bool there = false;
	size_t i;
	int r;

	out->controlled.state = EFFECT_TOO_EARLY;
	if (!by->whole || l->n != 1 || !shape_of(by->shape, &shape)) {
		return WEALD_OK;
	}
	o = calloc(1, sizeof *o);
	if (o == NULL) {
		return WEALD_NOMEM;
	}
	r = others_read(by, l->list[0].site->id, o, out);
	/* what is not here might change the result */
	if (r == WEALD_OK && o->n >= CONTROLLED_COMPARATORS_MIN &&
	    out->comparators[COMPARATOR_ABSENT] == 0 &&
	    out->comparators[COMPARATOR_NEWER] == 0) {
		r = numbers_of(by->x, l->list[0].site->id, &own, &there,
			       by->msg);
	}
	if (r == WEALD_OK && there) {
		for (i = 0; i < o->n; i++) {
			others[i] = &o->list[i];
		}
		effect_controlled(&own, others, o->n, shape, &out->controlled);
	}
	series_release(&own);
	others_release(o);
	return r;
}

/* ---- all of it ---- */

struct certainty_region compared_certain(const struct compared *c,
					 double weight)
{
	return (struct certainty_region){
		.start = certainty_start(c->design),
		.design = c->design,
		.bias = c->bias,
		.weight = weight,
		.ratio = c->own_trend.ratio,
		.is_short = c->own_trend.state == EFFECT_SHORT,
	};
}

static void judge(const struct compare_by *by, struct compared *out)
{
	const struct certainty_region region = compared_certain(out, 1);
	const struct certainty_input in = {
		.regions = &region,
		.regions_n = 1,
		.low = out->own_trend.low,
		.high = out->own_trend.high,
		.ratio = out->own_trend.ratio,
		.balancing = by->balancing,
		.settings_differ = by->setting != NULL &&
				   !settings_share(out->settings, by->setting),
	};

	/* an interval of no width says nothing */
	if (out->pooled) {
		certainty_judge(&in, &out->certainty);
	}
}

static int compared_fill(const struct compare_by *by,
			 const struct figures_list *l, struct compared *out)
{
	const struct site *site = l->list[0].site;
	const struct pool_input in = { out->own_trend.log_ratio,
				       out->own_trend.variance };
	int r = text_set(&out->region, site->region);

	out->own = site->own;
	out->pooled = effect_has_estimate(&out->own_trend) && pool_can(&in);
	if (r == WEALD_OK) {
		r = set_sources(l, out);
	}
	if (r == WEALD_OK) {
		r = set_design(l, out);
	}
	if (r == WEALD_OK) {
		r = set_settings(by, l, out);
	}
	if (r == WEALD_OK) {
		r = set_judged(l, out);
	}
	if (r == WEALD_OK) {
		r = set_controlled(by, l, out);
	}
	if (r == WEALD_OK) {
		judge(by, out);
	}
	return r;
}

int compared_read(const struct compare_by *by, const struct site *sites,
		  size_t n, struct compared *out)
{
	struct figures_list l = { NULL, 0 };
	const size_t most = n < COMPARE_SITES_MAX ? n : COMPARE_SITES_MAX;
	int r = WEALD_OK;

	l.list = calloc(most, sizeof *l.list);
	if (l.list == NULL) {
		return WEALD_NOMEM;
	}
	while (r == WEALD_OK && l.n < most) {
		l.list[l.n].place = l.n;
		r = figures_read(by, &sites[l.n], most > 1, &l.list[l.n]);
		l.n++;
	}
	if (r == WEALD_OK) {
		r = settle(by, &l, out);
		out->left_n += n - most;
	}
	if (r == WEALD_OK) {
		r = compared_fill(by, &l, out);
	}
	figures_list_release(&l);
	return r;
}

void compared_release(struct compared *c)
{
	size_t i;

	for (i = 0; i < c->sources_n; i++) {
		free(c->sources[i].ref);
	}
	free(c->sources);
	free(c->region);
	free(c->design);
	free(c->settings);
	free(c->judged);
	free(c->judged_by);
	free(c->judged_reason);
	memset(c, 0, sizeof *c);
}
