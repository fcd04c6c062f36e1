#include "store/index/query_private.h"

#include <stdlib.h>
#include <string.h>

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

/* What is looked for: all of it, or only the words that were typed. */
struct looking {
	struct buf full;
	struct buf own;
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
static int add_bm25(struct index *x, const char *match, struct ranking *ranking,
		    size_t first, struct weald_msg *msg)
{
	size_t n = ranking->n - first;
	struct ranked *found;
	struct ranked key = { .id = 0 };
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT rowid, bm25(search, 8.0, 2.0, 1.0)"
			  " FROM search WHERE search MATCH ?",
			  &s, msg, "t", match);

	if (n > 1) {
		qsort(ranking->list + first, n, sizeof key, by_id);
	}
	while (r == WEALD_OK && n > 0) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		key.id = sqlite3_column_int64(s, 0);
		found = bsearch(&key, ranking->list + first, n, sizeof key,
				by_id);
		if (found != NULL) {
			found->score -= sqlite3_column_double(s, 1);
		}
	}
	index_done(x, s);
	return r;
}

/* The records of @among in one tier, which are taken out of it. */
static int tier_take(struct index *x, const struct looking *look, size_t tier,
		     struct set *among, struct set *out, struct weald_msg *msg)
{
	static const char *const columns[] = { "{title}", "{title text}",
					       "{title}" };
	struct buf match;
	int r = WEALD_OK;

	if (tier == TIERS_N - 1) { /* the rest */
		set_or(out, among);
		return WEALD_OK;
	}
	if (tier == 2 && look->full.len == look->own.len) {
		return WEALD_OK; /* nothing else means the same */
	}
	buf_init(&match, 2 * MATCH_BYTES_MAX);
	r = buf_addf(&match, "%s : (%s)", columns[tier],
		     (const char *)(tier == 2 ? look->full : look->own).data);
	if (r == WEALD_OK) {
		r = buf_add_byte(&match, 0);
	}
	if (r == WEALD_OK) {
		r = set_match(x, (const char *)match.data, out, msg);
	}
	if (r == WEALD_OK) {
		set_and(out, among);
		set_minus(among, out);
	}
	buf_release(&match);
	return r;
}

static int set_each(struct index *x, const struct set *set, double score,
		    struct ranking *ranking, struct weald_msg *msg)
{
	int64_t id;
	int r = WEALD_OK;

	for (id = 0; r == WEALD_OK && id <= set->max; id++) {
		if (set_has(set, id)) {
			r = ranking_add(ranking, id, score);
			if (r == WEALD_OK) {
				r = ranked_kind(x,
						&ranking->list[ranking->n - 1],
						SCORE_KIND, msg);
			}
		}
	}
	return r;
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
		    : set_each(x, tier, score, &f->ranking, msg);
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
	struct ranked *ranked;
	size_t looked = 0;
	char *ref = NULL;
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
		r = record_ref(x, ranked->id, &ref, msg);
		if (r == WEALD_OK) {
			r = derived_sureness(x, ranked->id, ref, &sure, msg);
		}
		if (r == WEALD_OK && !sure.last) {
			ranked->score += (1 + sure.maturity) * SCORE_MATURITY;
		}
	}
	free(ref);
	return r;
}

static int rank_tiers(struct index *x, struct finding *f,
		      const struct looking *look, struct set *among, bool many,
		      struct weald_msg *msg)
{
	size_t first = f->ranking.n;
	struct set tier = { NULL, 0 };
	double score;
	size_t i;
	int r = WEALD_OK;

	for (i = 0;
	     r == WEALD_OK && i < TIERS_N && f->ranking.n - first < f->limit;
	     i++) {
		score = look->more + SCORE_TIER * (double)(TIERS_N - i);
		r = set_init(x, &tier, msg);
		if (r == WEALD_OK) {
			r = tier_take(x, look, i, among, &tier, msg);
		}
		if (r == WEALD_OK) {
			r = tier_rank(x, f, &tier, score, many, msg);
		}
		set_release(&tier);
	}
	if (r == WEALD_OK && !many) {
		r = add_bm25(x, (const char *)look->own.data, &f->ranking,
			     first, msg);
	}
	return r == WEALD_OK ? add_sureness(x, &f->ranking, first, msg) : r;
}

/* ---- finding ---- */

/* Every record that there is; filters, where there are any, see to that. */
static int all_records(struct index *x, const struct search *s, struct set *set,
		       struct weald_msg *msg)
{
	int64_t id;

	if (s->topic == NULL && s->setting == NULL && s->kind == NULL &&
	    s->region == NULL && s->since == 0) {
		return set_ask(x, "SELECT id FROM record WHERE '' = ?", "", set,
			       msg);
	}
	for (id = 0; id <= set->max; id++) {
		set_add(set, id);
	}
	return WEALD_OK;
}

/* What is looked for, of @region where that is not NULL. */
static int take(struct index *x, struct finding *f, const struct looking *look,
		const char *region, struct weald_msg *msg)
{
	const struct search of_region = { .region = region };
	bool words = look->full.len > 0;
	struct set set = { NULL, 0 };
	const struct newest all = { .set = &set,
				    .limit = f->limit,
				    .score = look->more };
	size_t matches = 0;
	int r = set_init(x, &set, msg);

	if (r == WEALD_OK) {
		r = words ? set_match(x, (const char *)look->full.data, &set,
				      msg)
			  : all_records(x, f->search, &set, msg);
	}
	if (r == WEALD_OK) {
		matches = set_count(&set);
		r = set_filter(x, f->search, &set, msg);
	}
	if (r == WEALD_OK && region != NULL) {
		r = set_filter(x, &of_region, &set, msg);
	}
	if (r == WEALD_OK) {
		set_minus(&set, &f->found);
		set_or(&f->found, &set);
		r = words ? rank_tiers(x, f, look, &set, matches > RANKED_MAX,
				       msg)
			  : ranking_newest(x, &all, &f->ranking, msg);
	}
	set_release(&set);
	return r;
}

/* With the words as they are now, but for one that names the region. */
static int take_without(struct index *x, struct finding *f, size_t without,
			struct weald_msg *msg)
{
	const char *region = NULL;
	struct looking look;
	int r;

	look.more = 0;
	if (without != SIZE_MAX) {
		region = f->words.parts[without].region;
		look.more = SCORE_REGION;
	}
	buf_init(&look.full, MATCH_BYTES_MAX);
	buf_init(&look.own, MATCH_BYTES_MAX);
	r = wording_match(&f->words, without, &look.full);
	if (r == WEALD_OK) {
		r = wording_match_own(&f->words, without, &look.own);
	}
	if (r == WEALD_OK) {
		r = take(x, f, &look, region, msg);
	}
	buf_release(&look.full);
	buf_release(&look.own);
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

static int raise(struct finding *f, int64_t id)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < f->ranking.n && f->ranking.list[i].id != id; i++) {
	}
	if (i == f->ranking.n) {
		r = ranking_add(&f->ranking, id, 0);
	}
	if (r == WEALD_OK) {
		f->ranking.list[i].score += SCORE_OURS;
	}
	return r;
}

/* What is withdrawn and used here comes first, if it was found at all. */
static int raise_ours(struct index *x, struct finding *f, struct weald_msg *msg)
{
	struct ids ids = { NULL, 0 };
	bool ours = false;
	size_t i;
	int r = WEALD_OK;

	if (f->ranking.n > 0) {
		r = withdrawn_used(x, &f->found, &ids, msg);
	}
	for (i = 0; r == WEALD_OK && i < ids.n; i++) {
		r = withdrawn_ours_now(x, ids.list[i], &ours, msg);
		if (r == WEALD_OK && ours) {
			r = raise(f, ids.list[i]);
		}
	}
	ids_release(&ids);
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
