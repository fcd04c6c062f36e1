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

#include "store/index/query_scan.h"

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

/*
 * Records that have the part, counted up to COMMON_RECORDS. As many have it as
 * have the word, which is known for each as it is written.
 */
static int part_count(struct index *x, const struct wording *words, size_t part,
		      size_t *out, struct weald_msg *msg)
{
	const struct part *of = &words->parts[part];
	struct buf match;
	int64_t n = 0;
	int r = WEALD_OK;

	*out = COMMON_RECORDS;
	if (of->n == 1) {
		r = index_number(x, "SELECT n FROM term WHERE term = ?", 0, &n,
				 msg, "t", words->list[of->first].text);
	}
	if (r != WEALD_OK || n >= COMMON_RECORDS) {
		return r;
	}
	buf_init(&match, MATCH_BYTES_MAX);
	r = wording_match_part(words, part, &match);
	if (r == WEALD_OK) {
		r = match_count(x, (const char *)match.data, COMMON_RECORDS,
				out, msg);
	}
	buf_release(&match);
	return r;
}

/* The parts to look up, the rarest first; their weights add up to 1. */
static int parts_weigh(struct index *x, const struct wording *words,
		       struct rarity out[WORDS_MAX], size_t *out_n,
		       struct weald_msg *msg)
{
	double sum = 0;
	size_t n = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		out[i].part = i;
		r = part_count(x, words, i, &out[i].records, msg);
	}
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

/* What is looked up of one part, and where. */
struct like_looking {
	struct likeness *like;
	const struct rarity *rarity;
	struct phrases phrases[WORDS_MAX];
	size_t n;
	bool *missing;
	/*
	 * Columns that count. The words that were asked for may stand in labels
	 * too; of a problem's title they may not: its topic is compared as a
	 * whole.
	 */
	unsigned columns;
	/* records that have the word or the name, in these and in the title */
	struct set word;
	struct set word_title;
	/* that have the part */
	struct set part;
	struct set part_title;
};

static int like_row(void *ctx, const struct scan_row *row)
{
	struct like_looking *look = ctx;
	unsigned columns;

	if (set_has(&look->like->among, row->id)) {
		columns = scan_columns(row, 0);
		if ((columns & look->columns) != 0) {
			set_add(&look->word, row->id);
		}
		if ((columns & SCAN_TITLE) != 0) {
			set_add(&look->word_title, row->id);
		}
	}
	return WEALD_OK;
}

/* Every word that was asked for, or any name that means the same. */
static int like_find(struct scan *scan, struct like_looking *look,
		     const struct phrases *phrases)
{
	size_t i;
	int r = WEALD_OK;

	set_fill(&look->part);
	set_fill(&look->part_title);
	for (i = 0; r == WEALD_OK && i < phrases->all; i++) {
		set_clear(&look->word);
		set_clear(&look->word_title);
		r = scan_phrase(scan, phrases->first + i, like_row, look);
		if (i < phrases->own) {
			set_and(&look->part, &look->word);
			set_and(&look->part_title, &look->word_title);
		} else {
			set_or(&look->part, &look->word);
			set_or(&look->part_title, &look->word_title);
		}
	}
	return r;
}

/* A word counts half, and half again in the title. */
static void like_add(struct like_looking *look, double weight)
{
	struct likeness *like = look->like;
	int64_t id;

	for (id = set_next(&look->part, 0); id >= 0;
	     id = set_next(&look->part, id + 1)) {
		like->score[id] += weight / 2;
		like->has[id]++;
		like->found++;
		if (like->rarest_n > 0) {
			set_add(&like->rarest, id);
		}
	}
	for (id = set_next(&look->part_title, 0); id >= 0;
	     id = set_next(&look->part_title, id + 1)) {
		like->score[id] += weight / 2;
	}
}

static int like_begin(struct scan *scan)
{
	struct like_looking *look = scan->ctx;
	struct likeness *like = look->like;
	size_t i;
	int r = phrases_are(scan, look->phrases, look->n) ? WEALD_OK
							  : WEALD_INVALID;

	for (i = 0; r == WEALD_OK && i < look->n; i++) {
		r = like_find(scan, look, &look->phrases[i]);
		if (r != WEALD_OK) {
			break;
		}
		like->found = 0;
		like_add(look, look->rarity[i].weight);
		look->missing[look->rarity[i].part] = like->found == 0;
		like->rarest_n -= like->found > 0 && like->rarest_n > 0;
	}
	return r;
}

/* Any of the parts that are looked up, in their order. */
static int like_match(const struct wording *words, struct like_looking *look,
		      struct buf *out)
{
	size_t first = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < look->n; i++) {
		look->phrases[i] =
			phrases_of(&words->parts[look->rarity[i].part], &first);
		r = buf_add_text(out, i > 0 ? " OR " : "");
		if (r == WEALD_OK) {
			r = wording_match_part(words, look->rarity[i].part,
					       out);
		}
	}
	return r;
}

static int like_scan(struct index *x, const struct wording *words,
		     struct like_looking *look, struct weald_msg *msg)
{
	struct scan scan = { .begin = like_begin, .ctx = look };
	struct set *const sets[] = { &look->word, &look->word_title,
				     &look->part, &look->part_title };
	struct buf match;
	size_t i;
	int r = WEALD_OK;

	buf_init(&match, MATCH_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < 4; i++) {
		r = set_init(x, sets[i], msg);
	}
	if (r == WEALD_OK) {
		r = like_match(words, look, &match);
	}
	if (r == WEALD_OK && look->n > 0) {
		r = scan_run(x, (const char *)match.data, &scan, msg);
	}
	for (i = 0; i < 4; i++) {
		set_release(sets[i]);
	}
	buf_release(&match);
	return r;
}

/* @missing: parts that neither a problem nor an intervention has. */
static int like_words(struct index *x, const struct wording *words,
		      struct likeness *like, bool missing[WORDS_MAX],
		      struct weald_msg *msg)
{
	struct rarity rarity[WORDS_MAX] = { 0 };
	struct like_looking look = { .like = like,
				     .rarity = rarity,
				     .missing = missing,
				     .columns = SCAN_TITLE | SCAN_TEXT };
	size_t i;
	int r = parts_weigh(x, words, rarity, &look.n, msg);

	for (i = 0; r == WEALD_OK && i < look.n; i++) {
		missing[rarity[i].part] = true; /* till it is found */
	}
	look.columns |= like->problem ? 0 : SCAN_LABELS;
	like->rarest_n = look.n < WORDS_MANY ? 1 : 2;
	like->parts = look.n;
	return r == WEALD_OK ? like_scan(x, words, &look, msg) : r;
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

	for (id = like->problem ? -1 : set_next(&like->among, 0); id >= 0;
	     id = set_next(&like->among, id + 1)) {
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
	uint64_t *times;  /* of problems and interventions, by id */
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
	free(f->times);
	wording_release(&f->words);
	set_release(&f->problems);
	set_release(&f->interventions);
	set_release(&f->topic);
	set_release(&f->seen);
	likeness_release(&f->like);
	ranking_release(&f->alike);
}

struct kind_reading {
	struct set *set;
	uint64_t *times;
};

static int kind_row(void *ctx, sqlite3_value **columns)
{
	const struct kind_reading *reading = ctx;
	int64_t id = sqlite3_value_int64(columns[0]);
	int64_t time = sqlite3_value_int64(columns[1]);

	set_add(reading->set, id);
	if (set_has(reading->set, id)) {
		reading->times[id] = time < 0 ? 0 : (uint64_t)time;
	}
	return WEALD_OK;
}

static int kind_read(struct fixing *f, const char *kind, struct set *set)
{
	struct kind_reading reading = { set, f->times };
	struct each each = { .row = kind_row, .ctx = &reading };
	sqlite3_stmt *s = NULL;
	int r = index_ask(f->x,
			  "SELECT each_row(?, id, time) FROM record"
			  " WHERE kind = ?",
			  &s, f->msg, "nt", kind);

	if (r == WEALD_OK) {
		r = each_run(f->x, s, &each, f->msg);
	}
	index_done(f->x, s);
	return r;
}

static int fixing_init(struct fixing *f)
{
	struct set *const sets[] = { &f->problems, &f->interventions, &f->topic,
				     &f->seen };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof sets / sizeof sets[0]; i++) {
		r = set_init(f->x, sets[i], f->msg);
	}
	if (r == WEALD_OK) {
		f->times = calloc((size_t)f->seen.max + 1, sizeof *f->times);
		r = f->times == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = kind_read(f, "problem", &f->problems);
	}
	return r == WEALD_OK ? kind_read(f, "intervention", &f->interventions)
			     : r;
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

	for (id = set_next(among, 0); r == WEALD_OK && id >= 0;
	     id = set_next(among, id + 1)) {
		if (id == f->id || (topic && !set_has(&f->topic, id)) ||
		    f->like.has[id] < needed || !has_rarest(&f->like, id)) {
			continue;
		}
		r = ranking_add(out, id, f->like.score[id]);
		if (r == WEALD_OK) {
			out->list[out->n - 1].time = f->times[id];
		}
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
