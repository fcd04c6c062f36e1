#include "store/index/compare.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/compare_private.h"

/* ---- release ---- */

void comparison_release(struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->regions_n; i++) {
		compared_release(&c->regions[i]);
	}
	free(c->regions);
	free(c->intervention);
	free(c->intervention_title);
	free(c->withdrawn_by);
	free(c->level);
	free(c->measure);
	free(c->measure_title);
	free(c->shape);
	free(c->direction);
	free(c->type);
	free(c->undesired);
	memset(c, 0, sizeof *c);
}

static void comparison_list_release(struct comparison *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		comparison_release(&list[i]);
	}
	free(list);
}

void comparisons_release(struct comparisons *c)
{
	size_t i;

	comparison_list_release(c->list, c->n);
	for (i = 0; i < c->without_n; i++) {
		free(c->without[i]);
	}
	free(c->without);
	memset(c, 0, sizeof *c);
}

/* ---- order ---- */

/* Of two regions what holds for both; of others what was judged. */
static struct certainty_rank rank_of(const struct comparison *c)
{
	struct certainty_rank rank = { c->certainty.level, c->low, c->high };
	struct certainty_rank one;
	bool first = true;
	size_t i;

	if (c->estimates_n != 2) {
		return rank;
	}
	for (i = 0; i < c->regions_n; i++) {
		if (!c->regions[i].pooled) {
			continue;
		}
		one = (struct certainty_rank){
			c->regions[i].certainty.level,
			c->regions[i].own_trend.low,
			c->regions[i].own_trend.high,
		};
		if (first) {
			rank = one;
		} else {
			rank.level =
				one.level < rank.level ? one.level : rank.level;
			rank.low = one.low < rank.low ? one.low : rank.low;
			rank.high = one.high > rank.high ? one.high : rank.high;
		}
		first = false;
	}
	return rank;
}

int comparison_rank(const struct comparison *a, const struct comparison *b)
{
	const struct certainty_rank p = rank_of(a);
	const struct certainty_rank q = rank_of(b);

	if (a->withdrawn != b->withdrawn) {
		return a->withdrawn ? 1 : -1;
	}
	if (p.level != q.level) {
		return p.level > q.level ? -1 : 1;
	}
	if (a->judged != b->judged) {
		return a->judged ? -1 : 1;
	}
	return a->judged ? certainty_compare(&p, &q) : 0;
}

int comparison_order(const struct comparison *a, const struct comparison *b)
{
	int order = comparison_rank(a, b);

	if (order == 0) {
		order = strcmp(a->intervention, b->intervention);
	}
	return order != 0 ? order : strcmp(a->measure, b->measure);
}

static int order_compare(const void *a, const void *b)
{
	return comparison_order(a, b);
}

/*
 * The measures of an intervention together, at the place of the one that comes
 * first: the list is in order already.
 */
static int keep_together(struct comparisons *c)
{
	struct comparison *list = calloc(c->n, sizeof *list);
	size_t done = 0;
	size_t i;
	size_t k;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < c->n; i++) {
		/* moved along with an earlier one of it */
		if (c->list[i].intervention == NULL) {
			continue;
		}
		list[done++] = c->list[i];
		c->list[i].intervention = NULL;
		for (k = i + 1; k < c->n; k++) {
			if (c->list[k].intervention != NULL &&
			    strcmp(c->list[k].intervention,
				   list[done - 1].intervention) == 0) {
				list[done++] = c->list[k];
				c->list[k].intervention = NULL;
			}
		}
	}
	assert(done == c->n);
	free(c->list);
	c->list = list;
	return WEALD_OK;
}

static int put_in_order(struct comparisons *c)
{
	if (c->n < 2) {
		return WEALD_OK;
	}
	qsort(c->list, c->n, sizeof *c->list, order_compare);
	return keep_together(c);
}

/* ---- an intervention and its measure ---- */

/* What all comparisons of an intervention say of it. */
struct subject {
	int64_t id;
	char *ref;
	char *title;
	uint64_t version;
	bool example;
	bool withdrawn;
	char *withdrawn_by;
	char *level;
	size_t old;
	size_t silent;
	bool cut;
};

static void subject_release(struct subject *s)
{
	free(s->ref);
	free(s->title);
	free(s->withdrawn_by);
	free(s->level);
}

/* Who says that it must not be used: its own region, or the gravest warning. */
static int subject_withdrawn(struct index *x, struct subject *s,
			     struct weald_msg *msg)
{
	struct withdrawn_list w = { NULL, 0 };
	size_t i;
	int r = withdrawn_read(x, s->ref, &w, msg);

	if (r == WEALD_OK) {
		r = withdrawn_by_own(x, s->id, &w, &s->withdrawn, msg);
	}
	for (i = 0; r == WEALD_OK && i < w.n; i++) {
		if (w.list[i].author ||
		    !withdrawn_names(&w.list[i], s->version)) {
			continue;
		}
		r = text_set(&s->withdrawn_by, w.list[i].ref);
		if (r == WEALD_OK) {
			r = text_set(&s->level, w.list[i].level);
		}
		break; /* the gravest comes first */
	}
	withdrawn_list_release(&w);
	return r;
}

static int subject_read(struct index *x, int64_t id, struct subject *out,
			struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool maybe = false;
	bool row = false;
	int r = index_ask(
		x,
		"SELECT r.ref, r.title, r.version, r.example," MAYBE_WITHDRAWN(
			"r") " FROM record r WHERE r.id = ?",
		&s, msg, "i", id);

	out->id = id;
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		r = text_set(&out->ref, row ? index_text(s, 0) : "");
	}
	if (r == WEALD_OK) {
		r = text_set(&out->title, row ? index_text(s, 1) : "");
	}
	if (r == WEALD_OK && row) {
		out->version = index_u64(s, 2);
		out->example = sqlite3_column_int(s, 3) != 0;
		maybe = sqlite3_column_int(s, 4) != 0;
	}
	index_done(x, s);
	if (r == WEALD_OK) {
		r = text_set(&out->withdrawn_by, "");
	}
	if (r == WEALD_OK) {
		r = text_set(&out->level, "");
	}
	return r == WEALD_OK && maybe ? subject_withdrawn(x, out, msg) : r;
}

/*
 * A ratio below 1 is better: of the time between events too, as its ratio is
 * of events in so many days, whichever of the two its direction speaks of.
 */
static bool fewer_is_better(const struct comparison *c)
{
	const bool days = strcmp(c->shape, "time-between") == 0;

	return (strcmp(c->direction, "decrease") == 0 ||
		(days && strcmp(c->direction, "increase") == 0)) &&
	       strcmp(c->type, "balancing") != 0;
}

/* The measure @c->measure; it may not have arrived. */
static int measure_read(struct index *x, struct comparison *c,
			struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int64_t id = 0;
	char **const texts[] = { &c->measure_title, &c->shape, &c->direction,
				 &c->type, &c->undesired };
	size_t i;
	int r = index_ask(
		x,
		"SELECT m.title, shape.value,"
		" coalesce(direction.value, 'decrease'), type.value,"
		" undesired.value, m.id, m.version, " MAYBE_WITHDRAWN(
			"m") " FROM record m LEFT JOIN fact shape"
			     " ON shape.record = m.id AND shape.name = 'shape'"
			     " LEFT JOIN fact direction"
			     " ON direction.record = m.id AND direction.name = "
			     "'direction'"
			     " LEFT JOIN fact type"
			     " ON type.record = m.id AND type.name = 'type'"
			     " LEFT JOIN fact undesired ON undesired.record = "
			     "m.id"
			     " AND undesired.name = 'undesired_event' WHERE "
			     "m.ref = ?",
		&s, msg, "t", c->measure);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = text_set(texts[i], row ? index_text(s, (int)i) : "");
	}
	if (r == WEALD_OK && row) {
		/* 0 where it is not worth asking whether it was withdrawn */
		id = sqlite3_column_int(s, 7) == 0 ? 0
						   : sqlite3_column_int64(s, 5);
		c->measure_version = index_u64(s, 6);
		c->judged = fewer_is_better(c);
	}
	index_done(x, s);
	return r == WEALD_OK && id != 0
		       ? withdrawn_now(x, id, &c->measure_withdrawn, msg)
		       : r;
}

/* ---- pooling ---- */

/* What the regions with an estimate come to together. */
struct pooling {
	struct pool_input *in;
	double *weights;
	struct certainty_region *regions;
};

static int pooling_make(size_t n, struct pooling *p)
{
	p->in = calloc(n, sizeof *p->in);
	p->weights = calloc(n, sizeof *p->weights);
	p->regions = calloc(n, sizeof *p->regions);
	return p->in == NULL || p->weights == NULL || p->regions == NULL
		       ? WEALD_NOMEM
		       : WEALD_OK;
}

static void pooling_release(struct pooling *p)
{
	free(p->in);
	free(p->weights);
	free(p->regions);
}

/* In the order of regions, those alone that are pooled. */
static void pool_regions(struct comparison *c, struct pooling *p)
{
	const struct compared *one;
	size_t n = 0;
	size_t i;

	for (i = 0; i < c->regions_n; i++) {
		one = &c->regions[i];
		if (one->pooled) {
			p->in[n].y = one->own_trend.log_ratio;
			p->in[n].v = one->own_trend.variance;
			n++;
		}
	}
	c->estimates_n = n;
	pool(p->in, n, &c->pool, p->weights);
	if (n == 1) {
		p->weights[0] = 1;
	} else if (c->pool.state != POOL_OK) {
		memset(p->weights, 0, n * sizeof *p->weights);
	}
	n = 0;
	for (i = 0; i < c->regions_n; i++) {
		if (c->regions[i].pooled) {
			c->regions[i].weight = p->weights[n];
			p->regions[n] =
				compared_certain(&c->regions[i], p->weights[n]);
			n++;
		}
	}
}

static bool settings_differ(const struct comparison *c, const char *setting)
{
	size_t i;

	if (setting == NULL) {
		return false;
	}
	for (i = 0; i < c->regions_n; i++) {
		if (c->regions[i].pooled &&
		    settings_share(c->regions[i].settings, setting)) {
			return false;
		}
	}
	return true;
}

/* The interval that says what there is: pooled, or of the only region. */
static bool set_interval(struct comparison *c)
{
	const struct effect *e = NULL;
	size_t i;

	if (c->pool.state == POOL_OK) {
		c->ratio = c->pool.ratio;
		c->low = c->pool.low;
		c->high = c->pool.high;
		return true;
	}
	for (i = 0; c->estimates_n == 1 && i < c->regions_n; i++) {
		if (c->regions[i].pooled) {
			e = &c->regions[i].own_trend;
		}
	}
	if (e == NULL) {
		return false;
	}
	c->ratio = e->ratio;
	c->low = e->low;
	c->high = e->high;
	return true;
}

static int comparison_judge(const struct compare_by *by,
			    const struct subject *s, struct comparison *c)
{
	struct pooling p = { .in = NULL };
	struct certainty_input in = {
		.balancing = by->balancing,
		.adoptions_old = s->old,
		.adoptions_silent = s->silent,
	};
	int r = pooling_make(c->regions_n, &p);

	if (r == WEALD_OK) {
		pool_regions(c, &p);
		in.settings_differ = settings_differ(c, by->setting);
		in.regions = p.regions;
		in.regions_n = c->estimates_n;
		in.pooled = c->pool.state == POOL_OK;
		in.i2 = c->pool.i2;
		in.differ_more = c->pool.differ_more;
		if (set_interval(c)) {
			in.ratio = c->ratio;
			in.low = c->low;
			in.high = c->high;
			certainty_judge(&in, &c->certainty);
		}
	}
	pooling_release(&p);
	return r;
}

/* ---- one comparison ---- */

static int comparison_subject(const struct subject *s, const char *measure,
			      struct comparison *c)
{
	const struct {
		char **text;
		const char *value;
	} texts[] = {
		{ &c->intervention, s->ref },
		{ &c->intervention_title, s->title },
		{ &c->withdrawn_by, s->withdrawn_by },
		{ &c->level, s->level },
		{ &c->measure, measure },
	};
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = text_set(texts[i].text, texts[i].value);
	}
	c->intervention_version = s->version;
	c->withdrawn = s->withdrawn;
	c->example = s->example;
	c->cut = s->cut;
	c->adoptions_old = s->old;
	c->adoptions_silent = s->silent;
	return r;
}

/* The @n sites are those of one measure, region by region. */
static int comparison_regions(const struct compare_by *by,
			      const struct site *sites, size_t n,
			      struct comparison *c)
{
	struct compared *list;
	size_t of_region;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i += of_region) {
		of_region = 1;
		while (i + of_region < n &&
		       sites[i + of_region].feed == sites[i].feed) {
			of_region++;
		}
		list = list_room(c->regions, c->regions_n, sizeof *list);
		if (list == NULL) {
			return WEALD_NOMEM;
		}
		c->regions = list;
		r = compared_read(by, &sites[i], of_region,
				  &list[c->regions_n++]);
	}
	return r;
}

static int comparison_read(struct compare_by *by, const struct subject *s,
			   const struct site *sites, size_t n,
			   struct comparison *c)
{
	int r = comparison_subject(s, sites[0].measure, c);

	if (r == WEALD_OK) {
		r = measure_read(by->x, c, by->msg);
	}
	if (r == WEALD_OK) {
		by->shape = c->shape;
		by->balancing = strcmp(c->type, "balancing") == 0;
		r = comparison_regions(by, sites, n, c);
	}
	return r == WEALD_OK ? comparison_judge(by, s, c) : r;
}

/* All comparisons of the intervention @id, added to @out. */
static int compare_one(struct compare_by *by, int64_t id, int64_t today,
		       struct comparisons *out)
{
	struct sites sites = { NULL, 0, false };
	struct subject s = { .id = 0 };
	struct comparison *list;
	size_t n;
	size_t i;
	int r = subject_read(by->x, id, &s, by->msg);

	if (r == WEALD_OK) {
		r = sites_read(by->x, s.ref, &sites, by->msg);
	}
	if (r == WEALD_OK && sites.n > 0) {
		r = sites_silent(by->x, s.ref, today, &s.old, &s.silent,
				 by->msg);
	}
	s.cut = sites.cut;
	for (i = 0; r == WEALD_OK && i < sites.n; i += n) {
		n = 1;
		while (i + n < sites.n && strcmp(sites.list[i + n].measure,
						 sites.list[i].measure) == 0) {
			n++;
		}
		list = list_room(out->list, out->n, sizeof *list);
		if (list == NULL) {
			r = WEALD_NOMEM;
			break;
		}
		out->list = list;
		r = comparison_read(by, &s, &sites.list[i], n, &list[out->n++]);
	}
	sites_release(&sites);
	subject_release(&s);
	return r;
}

/* ---- the questions ---- */

int compare_best(struct index *x, int64_t id, int64_t today,
		 struct comparison *out, bool *out_there, struct weald_msg *msg)
{
	struct compare_by by = { .x = x, .msg = msg };
	struct comparisons all = { .n = 0 };
	size_t best = 0;
	size_t i;
	int r = compare_one(&by, id, today, &all);

	*out_there = r == WEALD_OK && all.n > 0;
	for (i = 1; *out_there && i < all.n; i++) {
		if (comparison_order(&all.list[i], &all.list[best]) < 0) {
			best = i;
		}
	}
	if (*out_there) {
		*out = all.list[best];
		memset(&all.list[best], 0, sizeof *all.list);
	}
	comparisons_release(&all);
	return r;
}

static int add_without(struct comparisons *out, const char *ref)
{
	char **list = list_room(out->without, out->without_n, sizeof *list);

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->without = list;
	return text_set(&list[out->without_n++], ref);
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The ids of the interventions that are asked for, each once. */
static int ids_named(struct index *x, const struct compare_ask *ask,
		     struct ids *out, struct weald_msg *msg)
{
	int64_t id;
	size_t i;
	size_t k;
	int r = WEALD_OK;

	if (ask->interventions_n > COMPARE_INTERVENTIONS_MAX) {
		msg_set(msg, "more than %u interventions at once",
			COMPARE_INTERVENTIONS_MAX);
		return WEALD_TOOBIG;
	}
	for (i = 0; r == WEALD_OK && i < ask->interventions_n; i++) {
		r = index_number(x,
				 "SELECT id FROM record WHERE ref = ?"
				 " AND kind = 'intervention'",
				 0, &id, msg, "t", ask->interventions[i]);
		if (r == WEALD_OK && id == 0) {
			msg_set(msg, "there is no intervention %s here",
				ask->interventions[i]);
			r = WEALD_NOTFOUND;
		}
		for (k = 0; k < out->n && out->list[k] != id; k++) {
		}
		if (r == WEALD_OK && k == out->n) {
			r = ids_add(out, id);
		}
	}
	return r;
}

static int ids_of_problem(struct index *x, const char *problem, struct ids *out,
			  struct weald_msg *msg)
{
	int64_t id = 0;
	int r = index_number(x,
			     "SELECT id FROM record WHERE ref = ?"
			     " AND kind = 'problem'",
			     0, &id, msg, "t", problem);

	if (r == WEALD_OK && id == 0) {
		msg_set(msg, "there is no problem %s here", problem);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = ids_ask(x,
			    "SELECT r.id FROM link l JOIN record r"
			    " ON r.id = l.record AND r.kind = 'intervention'"
			    " WHERE l.target = ? AND l.rel = 'problem'"
			    " GROUP BY r.id ORDER BY r.ref",
			    problem, out, msg);
	}
	if (r == WEALD_OK && out->n > COMPARE_PROBLEM_MAX) {
		msg_set(msg,
			"%zu interventions are for %s, more than %u: name "
			"some of them",
			out->n, problem, COMPARE_PROBLEM_MAX);
		r = WEALD_TOOBIG;
	}
	return r;
}

static int compare_ids(struct compare_by *by, const struct ids *ids,
		       int64_t today, struct comparisons *out)
{
	char *ref = NULL;
	size_t before;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < ids->n; i++) {
		before = out->n;
		r = compare_one(by, ids->list[i], today, out);
		if (r == WEALD_OK && out->n == before) {
			r = record_ref(by->x, ids->list[i], &ref, by->msg);
			r = r == WEALD_OK ? add_without(out, ref) : r;
		}
	}
	free(ref);
	return r;
}

int query_compare(struct index *x, const struct compare_ask *ask, int64_t today,
		  struct comparisons *out, struct weald_msg *msg)
{
	struct compare_by by = {
		.x = x, .setting = ask->setting, .whole = true, .msg = msg
	};
	struct comparisons c = { .n = 0 };
	struct ids ids = { NULL, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = ask->problem != NULL
			    ? ids_of_problem(x, ask->problem, &ids, msg)
			    : ids_named(x, ask, &ids, msg);
	}
	if (r == WEALD_OK) {
		r = compare_ids(&by, &ids, today, &c);
	}
	index_end(x);
	ids_release(&ids);
	if (r == WEALD_OK) {
		r = put_in_order(&c);
	}
	if (r != WEALD_OK) {
		comparisons_release(&c);
		return r;
	}
	if (c.without_n > 1) {
		qsort(c.without, c.without_n, sizeof *c.without, text_compare);
	}
	*out = c;
	return WEALD_OK;
}
