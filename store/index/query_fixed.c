/*
 * "Has anyone fixed this?"
 *
 * Interventions that answer a problem, or words: those linked to it, those of
 * like problems, those with like words. How like a record is: of the words that
 * were asked for, weighed by how rare they are, the share that it has; a word
 * counts fully in the title and half elsewhere. Where words are asked for it
 * must have the rarest, or one of the two rarest of many: who asks for falls at
 * night gets nothing that is only about nights.
 */
#include "store/index/compare_private.h"
#include "store/index/query_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXES_USUAL 20u
/* Interventions whose facts are looked at, and like problems. */
#define CANDIDATES_MAX 100u
#define ALIKE_MAX      20u
/*
 * Words in more records than this tell little and take long to look up; of
 * these only as many are used as it takes to have so many words at all.
 */
#define COMMON_RECORDS 10000u
#define WORDS_LEAST    2u
/* From so many on one of the two rarest is enough, not the rarest only. */
#define WORDS_MANY 4u

/* How like each record is. */
struct likeness {
	struct set among; /* records that are looked at */
	double *score;    /* by id, 0 to 1 */
	uint8_t *has;     /* parts that it has */
	size_t parts;     /* that were looked up */
	bool problem;     /* compared with a problem's title, not with words */
	/* of words: records that have one of the rarest, of which one is
	 * enough where many were asked for */
	struct set rarest;
	size_t rarest_n;
	size_t found; /* records that have the word just looked up */
};

static int likeness_init(struct index *x, struct likeness *like,
			 struct weald_msg *msg)
{
	size_t n;
	int r = set_init(x, &like->among, msg);

	if (r == WEALD_OK) {
		r = set_init(x, &like->rarest, msg);
	}
	if (r == WEALD_OK) {
		n = (size_t)like->among.max + 1;
		like->score = calloc(n, sizeof *like->score);
		like->has = calloc(n, sizeof *like->has);
		if (like->score == NULL || like->has == NULL) {
			r = WEALD_NOMEM;
		}
	}
	return r;
}

static void likeness_release(struct likeness *like)
{
	set_release(&like->among);
	set_release(&like->rarest);
	free(like->score);
	free(like->has);
	memset(like, 0, sizeof *like);
}

/* ---- looking up words ---- */

struct rarity {
	size_t part;
	size_t records; /* counted up to COMMON_RECORDS */
	double weight;
};

static int rarity_compare(const void *a, const void *b)
{
	const struct rarity *v = a;
	const struct rarity *w = b;

	if (v->records != w->records) {
		return v->records < w->records ? -1 : 1;
	}
	return (v->part > w->part) - (v->part < w->part);
}

/* The parts to look up, the rarest first; their weights add up to 1. */
static int parts_weigh(struct index *x, const struct wording *words,
		       struct rarity out[WORDS_MAX], size_t *out_n,
		       struct weald_msg *msg)
{
	struct buf match;
	double sum = 0;
	size_t n = 0;
	size_t i;
	int r = WEALD_OK;

	buf_init(&match, MATCH_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		buf_clear(&match);
		out[i].part = i;
		r = wording_match_part(words, i, &match);
		if (r == WEALD_OK) {
			r = match_count(x, (const char *)match.data,
					COMMON_RECORDS, &out[i].records, msg);
		}
	}
	buf_release(&match);
	if (r != WEALD_OK) {
		return r;
	}
	qsort(out, words->parts_n, sizeof *out, rarity_compare);
	while (n < words->parts_n &&
	       (n < WORDS_LEAST || out[n].records < COMMON_RECORDS)) {
		out[n].weight = log1p(1e6 / (1 + (double)out[n].records));
		sum += out[n++].weight;
	}
	for (i = 0; i < n; i++) {
		out[i].weight /= sum;
	}
	*out_n = n;
	return WEALD_OK;
}

struct like_adding {
	struct likeness *like;
	double weight;
	bool counts;
};

static int like_row(void *ctx, sqlite3_value **columns)
{
	const struct like_adding *adding = ctx;
	struct likeness *like = adding->like;
	int64_t id = sqlite3_value_int64(columns[0]);

	if (set_has(&like->among, id)) {
		like->score[id] += adding->weight;
		like->has[id] = (uint8_t)(like->has[id] + adding->counts);
		like->found += adding->counts;
		if (adding->counts && like->rarest_n > 0) {
			set_add(&like->rarest, id);
		}
	}
	return WEALD_OK;
}

/* Records that have @match. */
static int like_add(struct index *x, const char *match, double weight,
		    bool counts, struct likeness *like, struct weald_msg *msg)
{
	struct like_adding adding = { like, weight, counts };
	struct each each = { .row = like_row, .ctx = &adding };
	sqlite3_stmt *s = NULL;
	int r = index_ask(x,
			  "SELECT each_row(?, rowid) FROM search"
			  " WHERE search MATCH ?",
			  &s, msg, "nt", match);

	if (r == WEALD_OK) {
		r = each_run(x, s, &each, msg);
	}
	index_done(x, s);
	return r;
}

/* One word in some columns. */
static int like_in(struct index *x, const char *columns, const char *word,
		   double weight, struct likeness *like, struct weald_msg *msg)
{
	struct buf match;
	int r;

	buf_init(&match, 2 * MATCH_BYTES_MAX);
	r = buf_addf(&match, "{%s} : (%s)", columns, word);
	if (r == WEALD_OK) {
		r = buf_add_byte(&match, 0);
	}
	if (r == WEALD_OK) {
		r = like_add(x, (const char *)match.data, weight,
			     strcmp(columns, "title") != 0, like, msg);
	}
	buf_release(&match);
	return r;
}

/*
 * The words that were asked for may stand in labels too; of a problem's title
 * they may not: its topic is compared as a whole.
 */
static int like_part(struct index *x, const struct wording *words,
		     const struct rarity *rarity, struct likeness *like,
		     struct weald_msg *msg)
{
	const char *columns =
		like->problem ? "title text" : "title labels text";
	struct buf word;
	int r;

	buf_init(&word, MATCH_BYTES_MAX);
	r = wording_match_part(words, rarity->part, &word);
	if (r == WEALD_OK) {
		r = like_in(x, columns, (const char *)word.data,
			    rarity->weight / 2, like, msg);
	}
	if (r == WEALD_OK) {
		r = like_in(x, "title", (const char *)word.data,
			    rarity->weight / 2, like, msg);
	}
	buf_release(&word);
	return r;
}

/* @missing: parts that neither a problem nor an intervention has. */
static int like_words(struct index *x, const struct wording *words,
		      struct likeness *like, bool missing[WORDS_MAX],
		      struct weald_msg *msg)
{
	struct rarity rarity[WORDS_MAX];
	size_t n = 0;
	size_t i;
	int r = parts_weigh(x, words, rarity, &n, msg);

	like->rarest_n = n < WORDS_MANY ? 1 : 2;
	for (i = 0; r == WEALD_OK && i < n; i++) {
		like->found = 0;
		r = like_part(x, words, &rarity[i], like, msg);
		missing[rarity[i].part] = like->found == 0;
		like->rarest_n -= like->found > 0 && like->rarest_n > 0;
	}
	like->parts = n;
	return r;
}

/* Words of parts that are missing, as they were typed, into @out. */
static int missing_name(const struct wording *words,
			const bool missing[WORDS_MAX], char **out)
{
	const struct part *part;
	struct buf text;
	size_t i;
	size_t k;
	int r = WEALD_OK;

	buf_init(&text, WORDS_BYTES_MAX * 2);
	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		part = &words->parts[i];
		for (k = 0; r == WEALD_OK && missing[i] && k < part->n; k++) {
			r = buf_addf(&text, "%s%s",
				     text.len == 0 ? ""
				     : k == 0      ? ", "
						   : " ",
				     words->list[part->first + k].text);
		}
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&text, 0);
	}
	if (r == WEALD_OK) {
		r = text_set(out, (const char *)text.data);
	}
	buf_release(&text);
	return r;
}

/* Of words: has it the rarest of them, or one of the rarest of many? */
static bool has_rarest(const struct likeness *like, int64_t id)
{
	return like->problem || set_has(&like->rarest, id);
}

/*
 * How many of the words a record must have. Of those asked for: half, and all
 * but one, or all of few, of what the best has; so that a record with one of
 * two words is not told where others have both. Of a problem's title: half, or
 * a third on the same topic.
 */
static size_t parts_needed(const struct likeness *like, bool topic)
{
	size_t needed = (like->parts + (topic ? 2 : 1)) / (topic ? 3 : 2);
	size_t best = 0;
	int64_t id;

	for (id = 0; !like->problem && id <= like->among.max; id++) {
		best = like->has[id] > best && has_rarest(like, id)
			       ? like->has[id]
			       : best;
	}
	best -= best >= 4;
	needed = needed > best ? needed : best;
	return needed > 0 ? needed : 1;
}

/* ---- candidates ---- */

/* WHY_FOR_LIKE: for a problem that is like the words. */
enum why { WHY_LINKED, WHY_FOR_LIKE, WHY_TOPIC, WHY_SIMILAR };

struct candidate {
	int64_t id;
	enum why why;
	double score;
	struct sureness sure;
	struct comparison best;
	bool has_best;
	uint64_t time;
	char *ref;
};

struct fixing {
	struct index *x;
	struct weald_msg *msg;
	struct wording words;
	struct set problems;
	struct set interventions;
	struct set topic; /* records that share a topic with the problem */
	struct set seen;  /* candidates */
	struct likeness like;
	struct ranking alike; /* problems */
	struct candidate *list;
	size_t n;
	int64_t id; /* of the problem; 0 for words */
};

static void fixing_release(struct fixing *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->list[i].ref);
		comparison_release(&f->list[i].best);
	}
	free(f->list);
	wording_release(&f->words);
	set_release(&f->problems);
	set_release(&f->interventions);
	set_release(&f->topic);
	set_release(&f->seen);
	likeness_release(&f->like);
	ranking_release(&f->alike);
}

static int fixing_init(struct fixing *f)
{
	static const char of_kind[] =
		"SELECT each_row(?, id) FROM record WHERE kind = ?";
	int r = set_init(f->x, &f->problems, f->msg);

	if (r == WEALD_OK) {
		r = set_ask(f->x, of_kind, "problem", &f->problems, f->msg);
	}
	if (r == WEALD_OK) {
		r = set_init(f->x, &f->interventions, f->msg);
	}
	if (r == WEALD_OK) {
		r = set_ask(f->x, of_kind, "intervention", &f->interventions,
			    f->msg);
	}
	if (r == WEALD_OK) {
		r = set_init(f->x, &f->topic, f->msg);
	}
	if (r == WEALD_OK) {
		r = set_init(f->x, &f->seen, f->msg);
	}
	return r;
}

static int candidate_add(struct fixing *f, int64_t id, enum why why)
{
	struct candidate *list;

	if (f->n == CANDIDATES_MAX || set_has(&f->seen, id) ||
	    !set_has(&f->interventions, id)) {
		return WEALD_OK;
	}
	list = list_room(f->list, f->n, sizeof *list);
	if (list == NULL) {
		return WEALD_NOMEM;
	}
	set_add(&f->seen, id);
	f->list = list;
	list[f->n].id = id;
	list[f->n].why = why;
	list[f->n++].score = f->like.score[id];
	return WEALD_OK;
}

/* Interventions that say they are for the problem called @ref. */
static int add_linked(struct fixing *f, const char *ref, enum why why)
{
	struct ids ids = { NULL, 0 };
	size_t i;
	int r = ids_ask(f->x,
			"SELECT r.id FROM link l"
			" JOIN record r ON r.id = l.record"
			" WHERE l.target = ? AND l.rel = 'problem'"
			" AND r.kind = 'intervention' ORDER BY r.ref",
			ref, &ids, f->msg);

	for (i = 0; r == WEALD_OK && i < ids.n; i++) {
		r = candidate_add(f, ids.list[i], why);
	}
	ids_release(&ids);
	return r;
}

/* The most alike of @among, on the problem's topic where @topic. */
static int rank_alike(struct fixing *f, const struct set *among, bool topic,
		      size_t limit, struct ranking *out)
{
	size_t needed = parts_needed(&f->like, topic);
	int64_t id;
	int r = WEALD_OK;

	for (id = 1; r == WEALD_OK && id <= f->like.among.max; id++) {
		if (id == f->id || !set_has(among, id) ||
		    (topic && !set_has(&f->topic, id)) ||
		    f->like.has[id] < needed || !has_rarest(&f->like, id)) {
			continue;
		}
		r = ranking_add(out, id, f->like.score[id]);
	}
	return r == WEALD_OK ? ranking_cut(f->x, out, limit, f->msg) : r;
}

static int add_alike(struct fixing *f, bool topic)
{
	struct ranking ranking = { NULL, 0 };
	size_t i;
	int r = rank_alike(f, &f->interventions, topic, CANDIDATES_MAX,
			   &ranking);

	for (i = 0; r == WEALD_OK && i < ranking.n; i++) {
		r = candidate_add(f, ranking.list[i].id,
				  topic ? WHY_TOPIC : WHY_SIMILAR);
	}
	ranking_release(&ranking);
	return r;
}

/* Like problems, and what is for them. */
static int add_of_alike(struct fixing *f, bool topic)
{
	size_t i;
	int r = rank_alike(f, &f->problems, topic, ALIKE_MAX, &f->alike);

	for (i = 0; r == WEALD_OK && i < f->alike.n; i++) {
		r = add_linked(f, f->alike.list[i].ref,
			       topic        ? WHY_TOPIC
			       : f->id != 0 ? WHY_SIMILAR
					    : WHY_FOR_LIKE);
	}
	return r;
}

/* ---- a problem ---- */

/* What the question is about: the problem that @ref is, or is for. */
static int problem_find(struct fixing *f, const char *ref, struct fixes *out)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(
		f->x,
		"SELECT coalesce(p.id, r.id), coalesce(p.ref, l.target, r.ref),"
		" coalesce(p.title, r.title) FROM record r LEFT JOIN link l"
		" ON l.record = r.id AND l.rel = 'problem'"
		" AND r.kind <> 'problem' LEFT JOIN record p"
		" ON p.ref = l.target WHERE r.ref = ? ORDER BY 2",
		&s, f->msg, "t", ref);

	if (r == WEALD_OK) {
		r = index_step(f->x, s, &row, f->msg);
	}
	if (r == WEALD_OK && !row) {
		msg_set(f->msg, "there is no %s here", ref);
		r = WEALD_NOTFOUND;
	}
	if (r == WEALD_OK) {
		f->id = sqlite3_column_int64(s, 0);
		r = text_set(&out->problem, index_text(s, 1));
	}
	if (r == WEALD_OK) {
		r = text_set(&out->problem_title, index_text(s, 2));
	}
	index_done(f->x, s);
	return r;
}

static int topic_read(struct fixing *f)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(f->x,
			  "SELECT each_row(?, o.record)"
			  " FROM tag t JOIN tag o"
			  " ON o.type = t.type AND o.code = t.code"
			  " WHERE t.record = ? AND t.type = 't'",
			  &s, f->msg, "ni", f->id);

	if (r == WEALD_OK) {
		r = set_read(f->x, s, &f->topic, f->msg);
	}
	index_done(f->x, s);
	return r;
}

static int like_read(struct fixing *f, bool missing[WORDS_MAX])
{
	int r = likeness_init(f->x, &f->like, f->msg);

	if (r == WEALD_OK) {
		f->like.problem = f->id != 0;
		set_or(&f->like.among, &f->problems);
		set_or(&f->like.among, &f->interventions);
		r = like_words(f->x, &f->words, &f->like, missing, f->msg);
	}
	return r;
}

static int for_problem(struct fixing *f, const char *ref, struct fixes *out)
{
	bool missing[WORDS_MAX] = { false };
	int r = problem_find(f, ref, out);

	if (r == WEALD_OK) {
		r = wording_read(f->x, out->problem_title, &f->words, f->msg);
	}
	if (r == WEALD_OK) {
		r = topic_read(f);
	}
	if (r == WEALD_OK) {
		r = like_read(f, missing);
	}
	if (r == WEALD_OK) {
		r = add_linked(f, out->problem, WHY_LINKED);
	}
	if (r == WEALD_OK) {
		r = add_of_alike(f, true);
	}
	if (r == WEALD_OK) {
		r = add_alike(f, true);
	}
	return r == WEALD_OK ? add_alike(f, false) : r;
}

/* ---- words ---- */

static int with_words(struct fixing *f, struct fixes *out)
{
	bool missing[WORDS_MAX] = { false };
	int r = like_read(f, missing);

	if (r == WEALD_OK) {
		r = missing_name(&f->words, missing, &out->missing);
	}
	if (r == WEALD_OK) {
		r = add_of_alike(f, false);
	}
	return r == WEALD_OK ? add_alike(f, false) : r;
}

static int for_words(struct fixing *f, const char *text, struct fixes *out)
{
	bool changed = false;
	int r = text_set(&out->problem, "");

	if (r == WEALD_OK) {
		r = text_set(&out->problem_title, "");
	}
	if (r == WEALD_OK) {
		r = wording_read(f->x, text, &f->words, f->msg);
	}
	if (r == WEALD_OK && f->words.parts_n > 0) {
		/* one word that was mistyped spoils the answer to the others */
		r = wording_repair(f->x, &f->words, &changed, &out->corrected,
				   f->msg);
	}
	return r == WEALD_OK ? with_words(f, out) : r;
}

/* ---- the answer ---- */

static bool is_linked(const struct candidate *c)
{
	return c->why == WHY_LINKED || c->why == WHY_FOR_LIKE;
}

static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *v = a;
	const struct candidate *w = b;
	int order;

	if (v->sure.last != w->sure.last) {
		return v->sure.last ? 1 : -1;
	}
	if (v->has_best != w->has_best) {
		return v->has_best ? -1 : 1;
	}
	order = v->has_best ? comparison_rank(&v->best, &w->best)
			    : w->sure.maturity - v->sure.maturity;
	if (order != 0) {
		return order;
	}
	if (is_linked(v) != is_linked(w)) {
		return is_linked(v) ? -1 : 1;
	}
	if (v->score < w->score || v->score > w->score) {
		return v->score > w->score ? -1 : 1;
	}
	if (v->time != w->time) {
		return v->time > w->time ? -1 : 1;
	}
	return strcmp(v->ref, w->ref);
}

static int candidate_look(struct fixing *f, struct candidate *c, int64_t today)
{
	struct record_standing standing = { .ref = NULL };
	int r = record_standing_read(f->x, c->id, &standing, f->msg);

	if (r == WEALD_OK) {
		c->time = standing.time;
		r = text_set(&c->ref, standing.ref);
	}
	if (r == WEALD_OK) {
		r = derived_sureness(f->x, &standing, &c->sure, f->msg);
	}
	record_standing_release(&standing);
	return r == WEALD_OK ? compare_best(f->x, c->id, today, &c->best,
					    &c->has_best, f->msg)
			     : r;
}

static int fix_add(struct fixing *f, struct candidate *c, int64_t today,
		   struct fixes *out)
{
	static const char *const names[] = {
		[WHY_LINKED] = "linked",
		[WHY_FOR_LIKE] = "similar",
		[WHY_TOPIC] = "same topic",
		[WHY_SIMILAR] = "similar",
	};
	struct fix *list = list_room(out->list, out->n, sizeof *list);
	struct fix *fix;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	out->list = list;
	fix = &list[out->n++];
	(void)snprintf(fix->why, sizeof fix->why, "%s", names[c->why]);
	r = hit_read(f->x, c->id, &fix->hit, f->msg);
	fix->hit.score = c->score;
	if (r == WEALD_OK && c->has_best) {
		fix->best = malloc(sizeof *fix->best);
		if (fix->best == NULL) {
			return WEALD_NOMEM;
		}
		*fix->best = c->best;
		memset(&c->best, 0, sizeof c->best); /* transferred */
		c->has_best = false;
	}
	return r == WEALD_OK ? derived_read(f->x, c->id, c->ref, today,
					    &fix->derived, f->msg)
			     : r;
}

static int answer(struct fixing *f, size_t limit, int64_t today,
		  struct fixes *out)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->n; i++) {
		r = candidate_look(f, &f->list[i], today);
	}
	if (r == WEALD_OK && f->n > 1) {
		qsort(f->list, f->n, sizeof *f->list, candidate_compare);
	}
	for (i = 0; r == WEALD_OK && i < f->n && i < limit; i++) {
		r = fix_add(f, &f->list[i], today, out);
	}
	for (i = 0; r == WEALD_OK && i < f->alike.n; i++) {
		r = hit_add(f->x, f->alike.list[i].id, &out->problems,
			    &out->problems_n, f->msg);
	}
	out->total = f->n;
	return r;
}

void fixes_release(struct fixes *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		hit_release(&f->list[i].hit);
		derived_release(&f->list[i].derived);
		if (f->list[i].best != NULL) {
			comparison_release(f->list[i].best);
			free(f->list[i].best);
		}
	}
	free(f->list);
	hit_list_release(f->problems, f->problems_n);
	free(f->problem);
	free(f->problem_title);
	free(f->corrected);
	free(f->missing);
	memset(f, 0, sizeof *f);
}

int query_fixed(struct index *x, const struct fixed *q, int64_t today,
		struct fixes *out, struct weald_msg *msg)
{
	struct fixing f = { .x = x, .msg = msg };
	struct fixes fixes = { .n = 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = text_set(&fixes.missing, "");
	}
	if (r == WEALD_OK) {
		r = fixing_init(&f);
	}
	if (r == WEALD_OK) {
		r = q->is_ref ? for_problem(&f, q->what, &fixes)
			      : for_words(&f, q->what, &fixes);
	}
	if (r == WEALD_OK) {
		r = answer(&f, q->limit == 0 ? FIXES_USUAL : q->limit, today,
			   &fixes);
	}
	index_end(x);
	fixing_release(&f);
	if (r != WEALD_OK) {
		fixes_release(&fixes);
		return r;
	}
	*out = fixes;
	return WEALD_OK;
}
