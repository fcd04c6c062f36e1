#include "store/index/query_private.h"

#include <stdlib.h>
#include <string.h>

#include "store/index/query_reading.h"

#define HITS_USUAL 20u
/*
 * Where the words are in more records than this, the figures of bm25 say
 * little and take long: the newest come first.
 */
#define RANKED_MAX 2500u
/*
 * First come records with all words in the title, then in the text, then those
 * whose title means the same, then those that only a topic brings; in each of
 * these by kind, interventions by how sure they are, then by bm25, whose
 * figures are smaller than any step.
 */
#define TIERS_N        4u
#define SCORE_MATURITY 1e4
#define SCORE_KIND     1e5
#define SCORE_TIER     1e6
#define SCORE_REGION   1e8
#define SCORE_OURS     1e10
/* Interventions whose results are looked at, the first of a ranking. */
#define SURE_MAX 20u

/* What was found, and how well it answers. */
struct finding {
	const struct search *search;
	struct wording words;
	struct set found;
	struct ranking ranking;
	size_t limit;
};

static void finding_release(struct finding *f)
{
	wording_release(&f->words);
	set_release(&f->found);
	ranking_release(&f->ranking);
}

/* What is looked for: the words but for one, which names a region. */
struct looking {
	size_t without;
	const char *region;
	double more; /* to the score of all that is found */
};

/* ---- ranking ---- */

static int by_id(const void *a, const void *b)
{
	const struct ranked *v = a;
	const struct ranked *w = b;

	return (v->id > w->id) - (v->id < w->id);
}

/* Add what bm25 says of the words to those of @ranking from @first on. */
static void add_bm25(struct ranking *ranking, const struct reading *rd,
		     size_t first)
{
	size_t n = ranking->n - first;
	struct ranked *list;
	struct ranked *found;
	size_t i;

	if (n == 0) {
		return; /* there may be no list to point into */
	}
	list = ranking->list + first;
	qsort(list, n, sizeof *list, by_id);
	for (i = 0; i < rd->n; i++) {
		found = bsearch(&(struct ranked){ .id = rd->list[i].id }, list,
				n, sizeof *list, by_id);
		if (found != NULL) {
			found->score += reading_bm25(rd, &rd->list[i]);
		}
	}
}

/* Of many, by time instead of bm25, no more than fit into the answer. */
static int tier_rank(struct index *x, struct finding *f, const struct set *tier,
		     double score, bool many, struct weald_msg *msg)
{
	const struct newest want = { .set = tier,
				     .limit = f->limit,
				     .score = score,
				     .step = SCORE_KIND };

	return many ? ranking_newest(x, &want, &f->ranking, msg)
		    : ranking_add_set(x, &f->ranking, tier, score, SCORE_KIND,
				      msg);
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *v = a;
	const struct ranked *w = b;

	if (v->score < w->score || v->score > w->score) {
		return v->score > w->score ? -1 : 1;
	}
	return (v->id > w->id) - (v->id < w->id);
}

/* The surest of the first interventions go before others of their tier. */
static int add_sureness(struct index *x, struct ranking *ranking, size_t first,
			struct weald_msg *msg)
{
	struct sureness sure = { .maturity = 0 };
	struct record_standing standing;
	struct ranked *ranked;
	size_t looked = 0;
	size_t i;
	int r = WEALD_OK;

	if (ranking->n - first < 2) {
		return WEALD_OK;
	}
	qsort(ranking->list + first, ranking->n - first, sizeof *ranked,
	      by_rank);
	for (i = first; r == WEALD_OK && i < ranking->n && looked < SURE_MAX;
	     i++) {
		ranked = &ranking->list[i];
		if (!ranked->intervention) {
			continue;
		}
		looked++;
		memset(&standing, 0, sizeof standing);
		r = record_standing_read(x, ranked->id, &standing, msg);
		if (r == WEALD_OK) {
			r = derived_sureness(x, &standing, &sure, msg);
		}
		record_standing_release(&standing);
		if (r == WEALD_OK && !sure.last) {
			ranked->score += (1 + sure.maturity) * SCORE_MATURITY;
		}
	}
	return r;
}

static int rank_tiers(struct index *x, struct finding *f,
		      const struct looking *look, struct reading *rd,
		      struct weald_msg *msg)
{
	/* a record goes into the first that has it */
	struct set *const tiers[TIERS_N] = { &rd->title, &rd->text, &rd->same,
					     &rd->all };
	bool many = rd->matches > RANKED_MAX;
	size_t first = f->ranking.n;
	size_t i;
	size_t k;
	int r = WEALD_OK;

	for (i = 0;
	     r == WEALD_OK && i < TIERS_N && f->ranking.n - first < f->limit;
	     i++) {
		r = tier_rank(x, f, tiers[i],
			      look->more + SCORE_TIER * (double)(TIERS_N - i),
			      many, msg);
		for (k = i + 1; k < TIERS_N; k++) {
			set_minus(tiers[k], tiers[i]);
		}
	}
	if (r == WEALD_OK && !many) {
		add_bm25(&f->ranking, rd, first);
	}
	return r == WEALD_OK ? add_sureness(x, &f->ranking, first, msg) : r;
}

/* ---- finding ---- */

/* Every record that there is; filters, where there are any, see to that. */
static int all_records(struct index *x, const struct search *s, struct set *set,
		       struct weald_msg *msg)
{
	if (s->topic == NULL && s->setting == NULL && s->kind == NULL &&
	    s->region == NULL && s->since == 0) {
		return set_ask(x,
			       "SELECT each_row(?, id) FROM record"
			       " WHERE '' = ?",
			       "", set, msg);
	}
	set_fill(set);
	return WEALD_OK;
}

/* Out of @set goes what the filters exclude, and what was found before. */
static int keep_wanted(struct index *x, const struct finding *f,
		       const struct looking *look, struct set *set,
		       struct weald_msg *msg)
{
	const struct search of_region = { .region = look->region };
	int r = set_filter(x, f->search, set, msg);

	if (r == WEALD_OK && look->region != NULL) {
		r = set_filter(x, &of_region, set, msg);
	}
	set_minus(set, &f->found);
	return r;
}

/* Without words. */
static int take_all(struct index *x, struct finding *f,
		    const struct looking *look, struct weald_msg *msg)
{
	struct set set = { NULL, 0 };
	const struct newest all = { .set = &set,
				    .limit = f->limit,
				    .score = look->more };
	int r = set_init(x, &set, msg);

	if (r == WEALD_OK) {
		r = all_records(x, f->search, &set, msg);
	}
	if (r == WEALD_OK) {
		r = keep_wanted(x, f, look, &set, msg);
	}
	if (r == WEALD_OK) {
		set_or(&f->found, &set);
		r = ranking_newest(x, &all, &f->ranking, msg);
	}
	set_release(&set);
	return r;
}

static int take_match(struct index *x, struct finding *f,
		      const struct looking *look, const char *match,
		      struct weald_msg *msg)
{
	struct reading rd = { .words = &f->words,
			      .without = look->without,
			      .weigh_max = RANKED_MAX };
	int r = reading_init(x, &rd, msg);

	if (r == WEALD_OK) {
		set_fill(&rd.wanted);
		r = keep_wanted(x, f, look, &rd.wanted, msg);
	}
	if (r == WEALD_OK) {
		r = reading_run(x, &rd, match, msg);
	}
	if (r == WEALD_OK) {
		set_or(&f->found, &rd.all);
		r = rank_tiers(x, f, look, &rd, msg);
	}
	reading_release(&rd);
	return r;
}

/* With the words as they are now, but for one that names the region. */
static int take_without(struct index *x, struct finding *f, size_t without,
			struct weald_msg *msg)
{
	struct looking look = { .without = without };
	struct buf match;
	int r;

	if (without != SIZE_MAX) {
		look.region = f->words.parts[without].region;
		look.more = SCORE_REGION;
	}
	buf_init(&match, MATCH_BYTES_MAX);
	r = wording_match(&f->words, without, &match);
	if (r == WEALD_OK && match.len > 0) {
		r = take_match(x, f, &look, (const char *)match.data, msg);
	} else if (r == WEALD_OK) {
		r = take_all(x, f, &look, msg);
	}
	buf_release(&match);
	return r;
}

/* The name of a region means its records too, and these first. */
static int attempt(struct index *x, struct finding *f, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->words.parts_n; i++) {
		if (f->words.parts[i].region != NULL) {
			r = take_without(x, f, i, msg);
		}
	}
	return r == WEALD_OK ? take_without(x, f, SIZE_MAX, msg) : r;
}

static struct ranked *ranked_find(struct finding *f, int64_t id)
{
	size_t i;

	for (i = 0; i < f->ranking.n; i++) {
		if (f->ranking.list[i].id == id) {
			return &f->ranking.list[i];
		}
	}
	return NULL;
}

/* With the scores that they would have; in the order of the answer. */
static int ours_rank(struct index *x, struct finding *f, const struct set *used,
		     struct ranking *out, struct weald_msg *msg)
{
	const struct ranked *ranked;
	int64_t id;
	int r = WEALD_OK;

	for (id = set_next(used, 0); r == WEALD_OK && id >= 0;
	     id = set_next(used, id + 1)) {
		ranked = ranked_find(f, id);
		r = ranking_add(out, id,
				SCORE_OURS +
					(ranked != NULL ? ranked->score : 0));
	}
	return r == WEALD_OK ? ranking_cut(x, out, out->n, msg) : r;
}

static int raise(struct finding *f, const struct ranked *to)
{
	struct ranked *ranked = ranked_find(f, to->id);
	int r = WEALD_OK;

	if (ranked == NULL) {
		r = ranking_add(&f->ranking, to->id, 0);
		ranked = &f->ranking.list[f->ranking.n - 1];
	}
	if (r == WEALD_OK) {
		ranked->score = to->score;
		ranked->time = to->time;
	}
	return r;
}

/*
 * What is withdrawn and used here comes first, if it was found at all; no more
 * than fit into the answer.
 */
static int raise_ours(struct index *x, struct finding *f, struct weald_msg *msg)
{
	struct ranking ranking = { NULL, 0 };
	struct set used = { NULL, 0 };
	size_t raised = 0;
	bool ours = false;
	size_t i;
	int r = set_init(x, &used, msg);

	if (r == WEALD_OK && f->ranking.n > 0) {
		r = withdrawn_used(x, &f->found, &used, msg);
	}
	if (r == WEALD_OK) {
		r = ours_rank(x, f, &used, &ranking, msg);
	}
	for (i = 0; r == WEALD_OK && i < ranking.n && raised < f->limit; i++) {
		r = withdrawn_ours_now(x, ranking.list[i].ref, &ours, msg);
		if (r == WEALD_OK && ours) {
			raised++;
			r = raise(f, &ranking.list[i]);
		}
	}
	ranking_release(&ranking);
	set_release(&used);
	return r;
}

static int answer(struct index *x, struct finding *f, struct hits *out,
		  struct weald_msg *msg)
{
	struct hit *hit;
	size_t i;
	int r;

	out->total = set_count(&f->found);
	r = raise_ours(x, f, msg);
	if (r == WEALD_OK) {
		r = ranking_cut(x, &f->ranking, f->limit, msg);
	}
	for (i = 0; r == WEALD_OK && i < f->ranking.n; i++) {
		r = hit_add(x, f->ranking.list[i].id, &out->list, &out->n, msg);
		if (r != WEALD_OK) {
			break;
		}
		hit = &out->list[out->n - 1];
		hit->score = f->ranking.list[i].score;
		if (f->words.parts_n > 0) {
			r = wording_line(x, &f->words, f->ranking.list[i].id,
					 &hit->matched, msg);
		}
	}
	return r;
}

static bool is_blank(const char *words)
{
	return words == NULL || words[strspn(words, " \t\r\n")] == '\0';
}

static int search(struct index *x, struct finding *f, struct hits *out,
		  struct weald_msg *msg)
{
	bool changed = false;
	int r = set_init(x, &f->found, msg);

	if (r == WEALD_OK && !is_blank(f->search->words)) {
		r = wording_read(x, f->search->words, &f->words, msg);
		if (r == WEALD_OK && f->words.parts_n == 0) {
			return WEALD_OK; /* nothing but signs: in no record */
		}
	}
	if (r == WEALD_OK) {
		r = attempt(x, f, msg);
	}
	if (r == WEALD_OK && set_count(&f->found) == 0 && !f->search->exact &&
	    f->words.parts_n > 0) {
		r = wording_repair(x, &f->words, &changed, &out->corrected,
				   msg);
		if (r == WEALD_OK && changed) {
			r = attempt(x, f, msg);
		}
	}
	return r == WEALD_OK ? answer(x, f, out, msg) : r;
}

int query_search(struct index *x, const struct search *s, int64_t today,
		 struct hits *out, struct weald_msg *msg)
{
	struct finding f = { .search = s };
	struct hits hits = { .n = 0 };
	int r = index_begin(x, msg);

	(void)today;
	f.limit = s->limit == 0               ? HITS_USUAL
		  : s->limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX
					      : s->limit;
	if (r == WEALD_OK) {
		r = search(x, &f, &hits, msg);
	}
	index_end(x);
	finding_release(&f);
	if (r != WEALD_OK) {
		hits_release(&hits);
		return r;
	}
	*out = hits;
	return WEALD_OK;
}

/* ---- selections ---- */

static int select_read(struct index *x, const struct search *s,
		       const struct set *set, struct hits *out,
		       struct weald_msg *msg)
{
	size_t limit = s->limit == 0 ? SIZE_MAX : s->limit;
	sqlite3_stmt *st = NULL;
	bool row = true;
	int r = index_ask(x, "SELECT id FROM record ORDER BY ref", &st, msg,
			  "");

	while (r == WEALD_OK && out->n < limit) {
		r = index_step(x, st, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		if (set_has(set, sqlite3_column_int64(st, 0))) {
			r = hit_add(x, sqlite3_column_int64(st, 0), &out->list,
				    &out->n, msg);
		}
	}
	index_done(x, st);
	return r;
}

int query_select(struct index *x, const struct search *s, struct hits *out,
		 struct weald_msg *msg)
{
	struct hits hits = { .n = 0 };
	struct set set = { NULL, 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = set_init(x, &set, msg);
	}
	if (r == WEALD_OK) {
		r = all_records(x, s, &set, msg);
	}
	if (r == WEALD_OK) {
		r = set_filter(x, s, &set, msg);
	}
	if (r == WEALD_OK) {
		hits.total = set_count(&set);
		r = select_read(x, s, &set, &hits, msg);
	}
	index_end(x);
	set_release(&set);
	if (r != WEALD_OK) {
		hits_release(&hits);
		return r;
	}
	*out = hits;
	return WEALD_OK;
}
