#include "store/index/query_verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/compare_private.h"

/* ---- what regions said of an intervention ---- */

void trials_release(struct trials *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->list[i].ref);
		free(t->list[i].region);
		free(t->list[i].title);
		free(t->list[i].stage);
		free(t->list[i].started);
		free(t->list[i].next_review);
		free(t->list[i].using);
		free(t->list[i].planned);
	}
	free(t->list);
	free(t->accounts);
	memset(t, 0, sizeof *t);
}

static int trial_fact(struct trial *t, const char *name, const char *value)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "stage", &t->stage },
		{ "started", &t->started },
		{ "next_review", &t->next_review },
		{ "sites.using", &t->using },
		{ "sites.planned", &t->planned },
	};
	size_t i;

	if (strcmp(name, "version_seen") == 0) {
		t->version_seen = strtoull(value, NULL, 10);
	}
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(name, texts[i].name) == 0) {
			return text_set(texts[i].text, value);
		}
	}
	return WEALD_OK;
}

static int trial_facts(struct index *x, struct trial *t, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x, "SELECT name, value FROM fact WHERE record = ?",
			  &s, msg, "i", t->id);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = trial_fact(t, index_text(s, 0), index_text(s, 1));
	}
	index_done(x, s);
	return r;
}

/* The row of all_trials(). */
static int trial_add(struct index *x, sqlite3_stmt *s, enum depth depth,
		     struct trials *out, struct weald_msg *msg)
{
	struct trial *list = list_room(out->list, out->n, sizeof *list);
	struct trial *t;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	t = &list[out->n++];
	t->id = sqlite3_column_int64(s, 0);
	t->feed = sqlite3_column_int64(s, 6);
	t->version = index_u64(s, 7);
	t->own = sqlite3_column_int(s, 3) != 0;
	t->adoption = strcmp(index_text(s, 4), "adoption") == 0;
	r = index_text_copy(s, 1, &t->ref);
	if (r == WEALD_OK) {
		r = index_text_copy(s, 2, &t->region);
	}
	if (r == WEALD_OK) {
		r = index_text_copy(s, 5, &t->title);
	}
	if (r == WEALD_OK && sqlite3_column_int(s, 9) != 0) {
		r = effect_read(x, t->id, &t->effect, msg);
	}
	if (r == WEALD_OK && t->adoption &&
	    sqlite3_column_type(s, 10) != SQLITE_NULL) {
		r = index_text_copy(s, 10, &t->stage);
	}
	if (r == WEALD_OK && t->adoption && depth != DEPTH_STAGE) {
		r = trial_facts(x, t, msg);
	}
	return r;
}

/* The last column is the stage, where no other facts are read. */
#define TRIALS(STAGE)                                                 \
	"SELECT r.id, r.ref, f.name, f.own, r.kind, r.title, r.feed," \
	" r.version, EXISTS (SELECT 1 FROM link w"                    \
	" WHERE w.target = r.ref AND w.rel = 'target'),"              \
	" EXISTS (SELECT 1 FROM effect e WHERE e.record = r.id),"     \
	" " STAGE " FROM link l CROSS JOIN record r"                  \
	" ON r.id = l.record CROSS JOIN feed f ON f.id = r.feed"      \
	" WHERE l.target = ? AND l.rel = 'intervention'"              \
	" AND r.kind IN ('adoption', 'evidence')"                     \
	" AND r.withdrawn = 0 AND f.own >= ? GROUP BY r.id"           \
	" ORDER BY f.name, r.created DESC, r.ref"

static const char trials_facts[] = TRIALS("NULL");
static const char trials_stage[] =
	TRIALS("CASE r.kind WHEN 'adoption' THEN (SELECT s.value FROM fact s"
	       " WHERE s.record = r.id AND s.name = 'stage') END");

static int all_trials(struct index *x, const char *ref, enum depth depth,
		      struct trials *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	bool back = false;
	int r = index_ask(x, depth == DEPTH_STAGE ? trials_stage : trials_facts,
			  &s, msg, "ti", ref, (int64_t)(depth == DEPTH_OWN));

	while (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		back = false;
		if (sqlite3_column_int(s, 8) != 0) {
			r = site_taken_back(x, index_text(s, 1),
					    sqlite3_column_int64(s, 6),
					    index_u64(s, 7), &back, msg);
		}
		out->taken_back = out->taken_back || back;
		if (r == WEALD_OK && !back) {
			r = trial_add(x, s, depth, out, msg);
		}
	}
	index_done(x, s);
	return r;
}

/* ---- what one record found, by one measure ---- */

void estimate_judge(struct estimate *e, bool judged)
{
	const char *verdict = "";

	if (strcmp(e->state, "full") == 0 || strcmp(e->state, "short") == 0) {
		verdict = !judged       ? "no-verdict"
			  : e->high < 1 ? "improved"
			  : e->low > 1  ? "worse"
					: "unclear";
	} else if (strcmp(e->state, "too-early") == 0 ||
		   strcmp(e->state, "no-events") == 0) {
		verdict = e->state;
	}
	(void)snprintf(e->verdict, sizeof e->verdict, "%s", verdict);
}

/* A record of a region with figures by a measure that has arrived. */
struct finding {
	const struct trial *trial; /* whose texts the site has */
	struct site site;          /* but for the measure, which is its own */
	char *shape;
	bool balancing;
	bool judged; /* a ratio says what is good */
	struct estimate stored;
};
struct findings {
	struct finding *list;
	size_t n;
};

static void findings_release(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->list[i].site.measure);
		free(f->list[i].shape);
	}
	free(f->list);
}

static int finding_add(sqlite3_stmt *s, const struct trial *t,
		       struct findings *out)
{
	struct finding *list = list_room(out->list, out->n, sizeof *list);
	struct finding *f;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	f = &list[out->n++];
	f->trial = t;
	f->site = (struct site){ .id = t->id,
				 .feed = t->feed,
				 .ref = t->ref,
				 .region = t->region,
				 .version = t->version,
				 .own = t->own,
				 .adoption = t->adoption };
	f->balancing = sqlite3_column_int(s, 2) != 0;
	f->judged = sqlite3_column_int(s, 3) != 0;
	(void)snprintf(f->stored.state, sizeof f->stored.state, "%s",
		       index_text(s, 4));
	f->stored.ratio = sqlite3_column_double(s, 5);
	f->stored.low = sqlite3_column_double(s, 6);
	f->stored.high = sqlite3_column_double(s, 7);
	r = index_text_copy(s, 0, &f->site.measure);
	return r == WEALD_OK ? index_text_copy(s, 1, &f->shape) : r;
}

/*
 * Of @t, by each of its measures: none of an adoption without a start, which
 * has no periods to compare.
 */
static int findings_of(struct index *x, const struct trial *t,
		       struct findings *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(
		x,
		"SELECT l.target, shape.value,"
		" coalesce(type.value, '') = 'balancing'," FEWER_IS_BETTER ","
		" e.state, e.ratio, e.low, e.high" FROM_MEASURED
		" AND (? OR EXISTS (SELECT 1 FROM fact b"
		" WHERE b.record = l.record AND b.name = 'start'))"
		" GROUP BY l.target",
		&s, msg, "ii", t->id, (int64_t)!t->adoption);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = finding_add(s, t, out);
	}
	index_done(x, s);
	return r;
}

/* By measure; of one measure the newest first, as the trials are. */
static int finding_compare(const void *a, const void *b)
{
	const struct finding *f = a;
	const struct finding *g = b;
	int by_measure = strcmp(f->site.measure, g->site.measure);

	return by_measure != 0 ? by_measure
			       : (f->trial > g->trial) - (f->trial < g->trial);
}

/* ---- what a region found ---- */

/*
 * What goes before what, of several measures: harm before all else; 0 where
 * there are no numbers that could be reported.
 */
static int gravity(const struct estimate *e)
{
	static const char *const verdicts[] = { "no-events", "no-verdict",
						"unclear", "improved",
						"worse" };
	size_t i;

	for (i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (strcmp(e->verdict, verdicts[i]) == 0) {
			return (int)i + 1;
		}
	}
	return 0;
}

/* What @t found is the region's result, unless another goes before it. */
static void account_take(struct account *a, const struct trial *t,
			 const struct estimate *found)
{
	if (gravity(found) > (a->result == NULL ? 0 : gravity(&a->found))) {
		a->result = t;
		a->found = *found;
	}
}

/* Was the result made from this record too? */
static bool is_source(const struct compared *c, const char *ref)
{
	size_t i;

	for (i = 0; i < c->sources_n; i++) {
		if (strcmp(c->sources[i].ref, ref) == 0) {
			return true;
		}
	}
	return false;
}

/* Several records by one measure, as one. */
static int take_compared(struct index *x, const struct finding *list, size_t n,
			 struct account *a, struct weald_msg *msg)
{
	const struct compare_by by = { .x = x,
				       .shape = list[0].shape,
				       .balancing = list[0].balancing,
				       .msg = msg };
	struct compared c = { .region = NULL };
	struct estimate found = { .ratio = 0 };
	struct site *sites = calloc(n, sizeof *sites);
	size_t i;
	int r;

	if (sites == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n; i++) {
		sites[i] = list[i].site;
	}
	r = compared_read(&by, sites, n, &c);
	if (r == WEALD_OK) {
		(void)snprintf(found.state, sizeof found.state, "%s",
			       effect_state_name(c.own_trend.state));
		if (effect_has_estimate(&c.own_trend)) {
			found.ratio = c.own_trend.ratio;
			found.low = c.own_trend.low;
			found.high = c.own_trend.high;
		}
		estimate_judge(&found, list[0].judged);
		for (i = 0; i + 1 < n && !is_source(&c, list[i].site.ref);
		     i++) {
		}
		account_take(a, list[i].trial, &found);
	}
	compared_release(&c);
	free(sites);
	return r;
}

/* The figures of several records, measure by measure. */
static int account_figures(struct index *x, struct account *a,
			   struct weald_msg *msg)
{
	struct findings f = { NULL, 0 };
	size_t of_measure;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->n; i++) {
		if (a->list[i].effect.state[0] != '\0') {
			r = findings_of(x, &a->list[i], &f, msg);
		}
	}
	if (r == WEALD_OK && f.n > 1) {
		qsort(f.list, f.n, sizeof *f.list, finding_compare);
	}
	for (i = 0; r == WEALD_OK && i < f.n; i += of_measure) {
		of_measure = 1;
		while (i + of_measure < f.n &&
		       strcmp(f.list[i + of_measure].site.measure,
			      f.list[i].site.measure) == 0) {
			of_measure++;
		}
		if (of_measure > 1) {
			r = take_compared(x, &f.list[i], of_measure, a, msg);
		} else {
			estimate_judge(&f.list[i].stored, f.list[i].judged);
			account_take(a, f.list[i].trial, &f.list[i].stored);
		}
	}
	findings_release(&f);
	return r;
}

bool is_stage(const struct trial *t, const char *stage)
{
	return t->stage != NULL && strcmp(t->stage, stage) == 0;
}

/* The account of the region of the first of @n trials. */
static int account_read(struct index *x, const struct trial *list, size_t n,
			struct account *a, struct weald_msg *msg)
{
	const struct trial *with = NULL; /* figures */
	const struct trial *t;
	size_t figures_n = 0;

	a->list = list;
	while (a->n < n && strcmp(list[a->n].region, list[0].region) == 0) {
		t = &list[a->n++];
		a->too_early = a->too_early ||
			       strcmp(t->effect.verdict, "too-early") == 0;
		if (t->effect.state[0] != '\0') {
			with = t;
			figures_n++;
		}
		if (t->adoption &&
		    (a->adoption == NULL || (is_stage(a->adoption, "stopped") &&
					     !is_stage(t, "stopped")))) {
			a->adoption = t;
		}
	}
	if (figures_n > 1) {
		return account_figures(x, a, msg);
	}
	if (with != NULL) {
		account_take(a, with, &with->effect);
	}
	return WEALD_OK;
}

int trials_read(struct index *x, const char *ref, enum depth depth,
		struct trials *out, struct weald_msg *msg)
{
	struct account *a;
	size_t i;
	int r = all_trials(x, ref, depth, out, msg);

	if (r != WEALD_OK || out->n == 0) {
		return r;
	}
	out->accounts = calloc(out->n, sizeof *out->accounts);
	if (out->accounts == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; r == WEALD_OK && i < out->n; i += a->n) {
		a = &out->accounts[out->accounts_n++];
		r = account_read(x, out->list + i, out->n - i, a, msg);
	}
	return r;
}
