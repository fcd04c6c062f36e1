#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/query_verdict.h"

/* Regions implementing or embedded that make a thing widely adopted. */
#define WIDELY_ADOPTED_REGIONS 5u

/* ---- what one region says ---- */

/* Who only considers or plans has not tried it. */
static bool has_begun(const struct trial *adoption)
{
	return adoption != NULL && !is_stage(adoption, "considering") &&
	       !is_stage(adoption, "planning");
}

static bool is_overdue(const struct account *a, const struct trial *adoption,
		       int64_t today)
{
	return a->result == NULL && adoption != NULL && has_begun(adoption) &&
	       adoption->started != NULL &&
	       date_year_over(adoption->started, today);
}

static const char *verdict_of(const struct account *a,
			      const struct trial *adoption, int64_t today)
{
	if (a->result != NULL) {
		return a->found.verdict;
	}
	if (is_overdue(a, adoption, today)) {
		return "not-reported";
	}
	return a->too_early ? "too-early" : "pending";
}

static void count_account(const struct account *a, int64_t today,
			  struct derived *out)
{
	const char *verdict = verdict_of(a, a->adoption, today);

	out->implementing +=
		a->adoption != NULL && (is_stage(a->adoption, "implementing") ||
					is_stage(a->adoption, "embedded"));
	if (a->result == NULL && a->adoption != NULL &&
	    !has_begun(a->adoption) && !a->too_early) {
		return;
	}
	out->tried++;
	out->improved += strcmp(verdict, "improved") == 0;
	out->unclear += strcmp(verdict, "unclear") == 0;
	out->worse += strcmp(verdict, "worse") == 0;
	out->no_verdict += strcmp(verdict, "no-verdict") == 0 ||
			   strcmp(verdict, "no-events") == 0;
	out->not_reported += strcmp(verdict, "not-reported") == 0;
	out->pending += strcmp(verdict, "pending") == 0 ||
			strcmp(verdict, "too-early") == 0;
}

static void count_trials(const struct trials *t, int64_t today,
			 struct derived *out)
{
	size_t i;

	for (i = 0; i < t->accounts_n; i++) {
		count_account(&t->accounts[i], today, out);
	}
}

/* ---- the whole ---- */

static const char *maturity_of(const struct derived *d, bool withdrawn)
{
	if (withdrawn) {
		return "withdrawn";
	}
	if (d->implementing >= WIDELY_ADOPTED_REGIONS) {
		return "widely-adopted";
	}
	if (d->improved >= 2) {
		return "replicated";
	}
	if (d->improved == 1) {
		return "improved-once";
	}
	return d->unclear + d->worse + d->no_verdict > 0 ? "tested-once"
							 : "idea";
}

/*
 * withdrawn_ours(): where nobody withdrew it, the trials say it, but for those
 * that were taken back.
 */
static int uses_here(struct index *x, const struct record_standing *standing,
		     const struct trials *t, bool *out, struct weald_msg *msg)
{
	size_t i;

	if (standing->w.n > 0 || t->taken_back || t->n == QUERY_ROWS_MAX) {
		return withdrawn_ours(x, standing->ref, &standing->w, out, msg);
	}
	*out = false;
	for (i = 0; i < t->n; i++) {
		*out = *out || (t->list[i].adoption && t->list[i].own &&
				!is_stage(&t->list[i], "stopped"));
	}
	return WEALD_OK;
}

int derived_hit(struct index *x, const struct record_standing *standing,
		struct hit *out, struct weald_msg *msg)
{
	struct derived d = { .tried = 0 };
	struct trials t = { .n = 0 };
	int r = trials_read(x, standing->ref, DEPTH_STAGE, &t, msg);

	if (r == WEALD_OK) {
		r = uses_here(x, standing, &t, &out->ours, msg);
	}
	if (r == WEALD_OK) {
		count_trials(&t, 0, &d); /* the day changes none of these */
		out->tried = d.tried;
		out->improved = d.improved;
		r = text_set(&out->maturity,
			     maturity_of(&d, standing->withdrawn));
	}
	trials_release(&t);
	return r;
}

/* ---- uses ---- */

void use_release(struct use *u)
{
	free(u->region);
	free(u->adoption);
	free(u->title);
	free(u->stage);
	free(u->started);
	free(u->sites);
	free(u->next_review);
	free(u->result_ref);
	free(u->verdict);
}

static int use_sites(const struct trial *t, char **out)
{
	char text[64] = "";

	if (t->using != NULL && t->planned != NULL) {
		(void)snprintf(text, sizeof text, "%.20s of %.20s", t->using,
			       t->planned);
	} else if (t->using != NULL) {
		(void)snprintf(text, sizeof text, "%.20s", t->using);
	}
	return text_set(out, text);
}

/* @t: the adoption, or what else there is of the region. */
static int use_texts(struct use *u, const struct account *a,
		     const struct trial *t, int64_t today)
{
	const struct trial *adoption = t->adoption ? t : NULL;
	const struct {
		char **text;
		const char *value;
	} texts[] = {
		{ &u->region, t->region },
		{ &u->adoption, t->adoption ? t->ref : NULL },
		{ &u->title, t->title },
		{ &u->stage, t->stage },
		{ &u->started, t->started },
		{ &u->next_review, t->next_review },
		{ &u->result_ref, a->result != NULL ? a->result->ref : NULL },
		{ &u->verdict, verdict_of(a, adoption, today) },
	};
	size_t i;
	int r = use_sites(t, &u->sites);

	for (i = 0; r == WEALD_OK && i < sizeof texts / sizeof texts[0]; i++) {
		r = text_set(texts[i].text,
			     texts[i].value != NULL ? texts[i].value : "");
	}
	return r;
}

/* Has the adoption said that it knows of all that withdraws what it uses? */
static int use_acknowledged(struct index *x, const struct trial *t,
			    const struct withdrawn_list *w, bool *out,
			    struct weald_msg *msg)
{
	bool known = true;
	bool any = false;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && known && i < w->n; i++) {
		if (withdrawn_names(&w->list[i], t->version_seen)) {
			any = true;
			r = withdrawn_known(x, &w->list[i], t->id, &known, msg);
		}
	}
	*out = any && known;
	return r;
}

struct use_list {
	struct use *list;
	size_t n;
};

static void use_list_release(struct use_list *u)
{
	size_t i;

	for (i = 0; i < u->n; i++) {
		use_release(&u->list[i]);
	}
	free(u->list);
	memset(u, 0, sizeof *u);
}

/* What a use is made of, besides the region's own trials. */
struct use_from {
	struct index *x;
	const struct withdrawn_list *withdrawn;
	int64_t today;
	struct weald_msg *msg;
};

static int use_add(const struct use_from *from, const struct account *a,
		   const struct trial *t, struct use_list *out)
{
	struct use *list = list_room(out->list, out->n, sizeof *list);
	struct use *u;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	u = &list[out->n++];
	u->own = t->own;
	u->version_seen = t->version_seen;
	if (a->result != NULL) {
		u->ratio = a->found.ratio;
		u->low = a->found.low;
		u->high = a->found.high;
	}
	u->overdue = is_overdue(a, t->adoption ? t : NULL, from->today);
	u->review_due = t->next_review != NULL && !is_stage(t, "stopped") &&
			date_passed(t->next_review, from->today);
	r = use_texts(u, a, t, from->today);
	if (r == WEALD_OK && t->adoption) {
		r = use_acknowledged(from->x, t, from->withdrawn,
				     &u->acknowledged, from->msg);
	}
	return r;
}

/* One a region: its adoption or, without one, its evidence. */
static int uses_by_region(const struct use_from *from, const struct trials *t,
			  struct use_list *out)
{
	const struct account *a;
	const struct trial *shown;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < t->accounts_n; i++) {
		a = &t->accounts[i];
		shown = a->adoption != NULL ? a->adoption
			: a->result != NULL ? a->result
					    : &a->list[0];
		r = use_add(from, a, shown, out);
	}
	return r;
}

static int uses_by_adoption(const struct use_from *from, const struct trials *t,
			    struct use_list *out)
{
	const struct account *a;
	size_t i;
	size_t k;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < t->accounts_n; i++) {
		a = &t->accounts[i];
		for (k = 0; r == WEALD_OK && k < a->n; k++) {
			if (a->list[k].adoption) {
				r = use_add(from, a, &a->list[k], out);
			}
		}
	}
	return r;
}

static int use_compare(const void *a, const void *b)
{
	const struct use *u = a;
	const struct use *v = b;
	int by_region = strcmp(u->region, v->region);

	return by_region != 0 ? by_region : strcmp(u->adoption, v->adoption);
}

int derived_adoptions(struct index *x, const char *ref, int64_t today,
		      struct use **out, size_t *out_n, struct weald_msg *msg)
{
	struct withdrawn_list w = { NULL, 0 };
	const struct use_from from = { x, &w, today, msg };
	struct use_list uses = { NULL, 0 };
	struct trials t = { .n = 0 };
	int r = withdrawn_read(x, ref, &w, msg);

	if (r == WEALD_OK) {
		r = trials_read(x, ref, DEPTH_FACTS, &t, msg);
	}
	if (r == WEALD_OK) {
		r = uses_by_adoption(&from, &t, &uses);
	}
	trials_release(&t);
	withdrawn_list_release(&w);
	if (r != WEALD_OK) {
		use_list_release(&uses);
		return r;
	}
	if (uses.n > 1) {
		qsort(uses.list, uses.n, sizeof *uses.list, use_compare);
	}
	*out = uses.list;
	*out_n = uses.n;
	return WEALD_OK;
}

int derived_overdue(struct index *x, const char *ref, int64_t id, int64_t today,
		    bool *out, struct weald_msg *msg)
{
	struct trials t = { .n = 0 };
	const struct account *a;
	size_t i;
	size_t k;
	int r = trials_read(x, ref, DEPTH_OWN, &t, msg);

	*out = false;
	for (i = 0; r == WEALD_OK && i < t.accounts_n; i++) {
		a = &t.accounts[i];
		for (k = 0; k < a->n; k++) {
			*out = *out ||
			       (a->list[k].id == id && a->list[k].adoption &&
				is_overdue(a, &a->list[k], today));
		}
	}
	trials_release(&t);
	return r;
}

/* ---- all of it ---- */

void derived_release(struct derived *d)
{
	struct use_list uses = { d->uses, d->uses_n };

	use_list_release(&uses);
	hit_list_release(d->failures, d->failures_n);
	hit_list_release(d->contradicted, d->contradicted_n);
	memset(d, 0, sizeof *d);
}

static int hits_of(struct index *x, const struct ids *ids, struct hit **list,
		   size_t *n, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < ids->n; i++) {
		r = hit_add(x, ids->list[i], list, n, msg);
	}
	return r;
}

static bool found_worse(const struct trials *t, int64_t id)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (t->list[i].id == id) {
			return strcmp(t->list[i].effect.verdict, "worse") == 0;
		}
	}
	return false;
}

/* Lessons and evidence that it did not work: said, or seen in the numbers. */
static int failures_read(struct index *x, const char *ref,
			 const struct trials *t, struct derived *out,
			 struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(
		x,
		"SELECT r.id, outcome.value IN ('no-effect', 'harmful',"
		" 'not-sustained', 'worked-partly') OR"
		" conclusion.value IN ('worse', 'no-change')"
		" FROM link l JOIN record r ON r.id = l.record"
		" LEFT JOIN fact outcome ON outcome.record = r.id"
		" AND outcome.name = 'outcome' AND r.kind = 'lesson'"
		" LEFT JOIN fact conclusion ON conclusion.record = r.id"
		" AND conclusion.name = 'conclusion' AND r.kind = 'evidence'"
		" WHERE l.target = ? AND l.rel IN ('about', 'intervention')"
		" AND r.kind IN ('lesson', 'evidence') AND r.withdrawn = 0"
		" GROUP BY r.id ORDER BY r.time DESC, r.ref",
		&s, msg, "t", ref);

	while (r == WEALD_OK && out->failures_n < QUERY_ROWS_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		if (sqlite3_column_int(s, 1) != 0 ||
		    found_worse(t, sqlite3_column_int64(s, 0))) {
			r = hit_add(x, sqlite3_column_int64(s, 0),
				    &out->failures, &out->failures_n, msg);
		}
	}
	index_done(x, s);
	return r;
}

static int contradicted_read(struct index *x, const char *ref,
			     struct derived *out, struct weald_msg *msg)
{
	struct ids ids = { NULL, 0 };
	int r = ids_ask(x,
			"SELECT r.id FROM link l"
			" JOIN record r ON r.id = l.record"
			" WHERE l.target = ? AND l.rel = 'contradicts'"
			" AND r.withdrawn = 0 GROUP BY r.id"
			" ORDER BY r.time DESC, r.ref",
			ref, &ids, msg);

	if (r == WEALD_OK) {
		r = hits_of(x, &ids, &out->contradicted, &out->contradicted_n,
			    msg);
	}
	ids_release(&ids);
	return r;
}

static int review_read(struct index *x, int64_t id, int64_t today,
		       struct derived *out, struct weald_msg *msg)
{
	char *date = NULL;
	int r = fact_read(x, id, "review_on", &date, msg);

	if (r == WEALD_OK) {
		out->review_passed = date_passed(date, today);
	}
	free(date);
	return r;
}

/* Counts, maturity and uses. */
static int tally(const struct record_standing *standing, const struct trials *t,
		 const struct use_from *from, struct derived *out)
{
	struct use_list uses = { NULL, 0 };
	int r;

	count_trials(t, from->today, out);
	(void)snprintf(out->maturity, sizeof out->maturity, "%s",
		       maturity_of(out, standing->withdrawn));
	r = uses_by_region(from, t, &uses);
	out->uses = uses.list;
	out->uses_n = uses.n;
	return r;
}

int derived_read(struct index *x, int64_t id, const char *ref, int64_t today,
		 struct derived *out, struct weald_msg *msg)
{
	struct record_standing standing = { .ref = NULL };
	const struct use_from from = { x, &standing.w, today, msg };
	struct trials t = { .n = 0 };
	int r = record_standing_read(x, id, &standing, msg);

	if (r == WEALD_OK) {
		r = trials_read(x, ref, DEPTH_FACTS, &t, msg);
	}
	if (r == WEALD_OK) {
		r = tally(&standing, &t, &from, out);
	}
	if (r == WEALD_OK) {
		r = review_read(x, id, today, out, msg);
	}
	if (r == WEALD_OK) {
		r = failures_read(x, ref, &t, out, msg);
	}
	if (r == WEALD_OK) {
		r = contradicted_read(x, ref, out, msg);
	}
	trials_release(&t);
	record_standing_release(&standing);
	return r;
}

/* ---- how sure one can be ---- */

static int count_failures(struct index *x, const char *ref, int64_t *out,
			  struct weald_msg *msg)
{
	return index_number(
		x,
		"SELECT count(*) FROM link l JOIN record r ON r.id = l.record"
		" JOIN fact f ON f.record = r.id"
		" WHERE l.target = ? AND l.rel IN ('about', 'intervention')"
		" AND r.withdrawn = 0 AND (r.kind = 'lesson'"
		" AND f.name = 'outcome' AND f.value IN ('no-effect',"
		" 'harmful', 'not-sustained', 'worked-partly')"
		" OR r.kind = 'evidence' AND f.name = 'conclusion'"
		" AND f.value IN ('worse', 'no-change'))",
		0, out, msg, "t", ref);
}

/*
 * Results go before use: a thing that five regions run and none has shown to
 * help is not surer than one that helped in two.
 */
static int sureness_of(const struct derived *d)
{
	if (d->improved >= 2) {
		return d->implementing >= WIDELY_ADOPTED_REGIONS ? 4 : 3;
	}
	if (d->improved == 1) {
		return 2;
	}
	return d->unclear + d->worse + d->no_verdict > 0 ? 1 : 0;
}

int derived_sureness(struct index *x, const struct record_standing *standing,
		     struct sureness *out, struct weald_msg *msg)
{
	struct derived d = { .tried = 0 };
	struct trials t = { .n = 0 };
	int64_t failures = 0;
	int r = trials_read(x, standing->ref, DEPTH_STAGE, &t, msg);

	if (r == WEALD_OK) {
		count_trials(&t, 0, &d);
		out->maturity = sureness_of(&d);
		out->last = standing->withdrawn ||
			    withdrawn_stops(&standing->w, standing->version) ||
			    (d.improved == 0 && d.worse > 0);
	}
	if (r == WEALD_OK && !out->last && d.improved == 0) {
		r = count_failures(x, standing->ref, &failures, msg);
		out->last = failures > 0;
	}
	trials_release(&t);
	return r;
}

int query_derived(struct index *x, const char *ref, int64_t today,
		  struct derived *out, struct weald_msg *msg)
{
	struct derived d = { .tried = 0 };
	int64_t id = 0;
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = index_number(x,
				 "SELECT id FROM record WHERE ref = ?"
				 " AND kind = 'intervention'",
				 0, &id, msg, "t", ref);
	}
	if (r == WEALD_OK && id == 0) {
		msg_set(msg, "there is no intervention %s here", ref);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		r = derived_read(x, id, ref, today, &d, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		derived_release(&d);
		return r;
	}
	*out = d;
	return WEALD_OK;
}
