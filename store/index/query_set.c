#include "store/index/query_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kinds there may be; beyond these, records are in no list by time. */
#define KINDS_MAX 64u
/* Records of one second that are compared by their names. */
#define TIES_MAX 500u
/* So many are looked up one by one sooner than found by the index by time. */
#define NEWEST_FEW 600u
/* The same, where all are wanted. */
#define KINDS_FEW 1000u

/* ---- sets ---- */

static size_t set_words(const struct set *set)
{
	return (size_t)(set->max / 64 + 1);
}

int set_init(struct index *x, struct set *out, struct weald_msg *msg)
{
	int64_t max = 0;
	int r = index_number(x, "SELECT max(id) FROM record", 0, &max, msg, "");

	if (r == WEALD_OK) {
		r = each_ready(x, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	out->max = max > 0 ? max : 0;
	out->bits = calloc(set_words(out), sizeof *out->bits);
	return out->bits == NULL ? WEALD_NOMEM : WEALD_OK;
}

void set_release(struct set *set)
{
	free(set->bits);
	memset(set, 0, sizeof *set);
}

int64_t set_next(const struct set *set, int64_t id)
{
	uint64_t bits;
	int64_t i = id / 64;

	if (set->bits == NULL || id > set->max) {
		return -1;
	}
	bits = set->bits[i] & UINT64_MAX << (id % 64);
	while (bits == 0) {
		if (++i > set->max / 64) {
			return -1;
		}
		bits = set->bits[i];
	}
	return i * 64 + __builtin_ctzll(bits);
}

void set_add(struct set *set, int64_t id)
{
	if (set->bits != NULL && id >= 0 && id <= set->max) {
		set->bits[id / 64] |= UINT64_C(1) << (id % 64);
	}
}

void set_remove(struct set *set, int64_t id)
{
	if (set->bits != NULL && id >= 0 && id <= set->max) {
		set->bits[id / 64] &= ~(UINT64_C(1) << (id % 64));
	}
}

void set_and(struct set *set, const struct set *other)
{
	size_t i;

	assert(set->max == other->max);
	for (i = 0; i < set_words(set); i++) {
		set->bits[i] &= other->bits[i];
	}
}

void set_or(struct set *set, const struct set *other)
{
	size_t i;

	assert(set->max == other->max);
	for (i = 0; i < set_words(set); i++) {
		set->bits[i] |= other->bits[i];
	}
}

void set_minus(struct set *set, const struct set *other)
{
	size_t i;

	assert(set->max == other->max);
	for (i = 0; i < set_words(set); i++) {
		set->bits[i] &= ~other->bits[i];
	}
}

void set_clear(struct set *set)
{
	memset(set->bits, 0, set_words(set) * sizeof *set->bits);
}

void set_fill(struct set *set)
{
	memset(set->bits, 0xff, set_words(set) * sizeof *set->bits);
	if (set->max % 64 != 63) {
		set->bits[set->max / 64] =
			(UINT64_C(1) << (set->max % 64 + 1)) - 1;
	}
}

size_t set_count(const struct set *set)
{
	size_t n = 0;
	size_t i;

	for (i = 0; set->bits != NULL && i < set_words(set); i++) {
		n += (size_t)__builtin_popcountll(set->bits[i]);
	}
	return n;
}

static int set_row(void *ctx, sqlite3_value **columns)
{
	set_add(ctx, sqlite3_value_int64(columns[0]));
	return WEALD_OK;
}

int set_read(struct index *x, sqlite3_stmt *s, struct set *set,
	     struct weald_msg *msg)
{
	struct each each = { .row = set_row, .ctx = set };

	return each_run(x, s, &each, msg);
}

int set_ask(struct index *x, const char *sql, const char *text, struct set *set,
	    struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(x, sql, &s, msg, "nt", text);

	if (r == WEALD_OK) {
		r = set_read(x, s, set, msg);
	}
	index_done(x, s);
	return r;
}

/* ---- by time ---- */

struct kinds {
	char *list[KINDS_MAX];
	size_t n;
};

static void kinds_release(struct kinds *kinds)
{
	size_t i;

	for (i = 0; i < kinds->n; i++) {
		free(kinds->list[i]);
	}
}

/* All kinds that occur, each found by one look into the index by kind. */
static int kinds_read(struct index *x, struct kinds *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	const char *last = "";
	bool row = false;
	int r = WEALD_OK;

	while (r == WEALD_OK && out->n < KINDS_MAX) {
		r = index_ask(x, "SELECT min(kind) FROM record WHERE kind > ?",
			      &s, msg, "t", last);
		if (r == WEALD_OK) {
			r = index_step(x, s, &row, msg);
		}
		if (r != WEALD_OK || !row ||
		    sqlite3_column_type(s, 0) == SQLITE_NULL) {
			break;
		}
		r = index_text_copy(s, 0, &out->list[out->n]);
		if (r == WEALD_OK) {
			last = out->list[out->n++];
		}
		index_done(x, s);
		s = NULL;
	}
	index_done(x, s);
	return r;
}

static int since_read(struct index *x, const char *kind, uint64_t since,
		      struct set *set, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int r = index_ask(x,
			  "SELECT each_row(?, id) FROM record"
			  " WHERE kind = ? AND time >= ?",
			  &s, msg, "ntu", kind, since);

	if (r == WEALD_OK) {
		r = set_read(x, s, set, msg);
	}
	index_done(x, s);
	return r;
}

static int filter_time(struct index *x, const struct search *s, struct set *set,
		       struct weald_msg *msg)
{
	struct kinds kinds = { .n = 0 };
	size_t i;
	int r;

	if (s->kind != NULL) {
		return since_read(x, s->kind, s->since, set, msg);
	}
	r = kinds_read(x, &kinds, msg);
	for (i = 0; r == WEALD_OK && i < kinds.n; i++) {
		r = since_read(x, kinds.list[i], s->since, set, msg);
	}
	kinds_release(&kinds);
	return r;
}

/* ---- filters ---- */

typedef int filter_fn(struct index *x, const struct search *s, struct set *set,
		      struct weald_msg *msg);

static int filter_topic(struct index *x, const struct search *s,
			struct set *set, struct weald_msg *msg)
{
	return set_ask(x,
		       "SELECT each_row(?, record) FROM tag"
		       " WHERE type = 't' AND code = ?",
		       s->topic, set, msg);
}

static int filter_setting(struct index *x, const struct search *s,
			  struct set *set, struct weald_msg *msg)
{
	return set_ask(x,
		       "SELECT each_row(?, record) FROM tag"
		       " WHERE type = 's' AND code = ?",
		       s->setting, set, msg);
}

static int filter_region(struct index *x, const struct search *s,
			 struct set *set, struct weald_msg *msg)
{
	return set_ask(x,
		       "SELECT each_row(?, r.id) FROM feed f"
		       " JOIN record r ON r.feed = f.id WHERE f.name = ?",
		       s->region, set, msg);
}

static int set_keep(struct index *x, const struct search *s, filter_fn *filter,
		    struct set *set, struct weald_msg *msg)
{
	struct set kept = { NULL, 0 };
	int r = set_init(x, &kept, msg);

	if (r == WEALD_OK) {
		r = filter(x, s, &kept, msg);
	}
	if (r == WEALD_OK) {
		set_and(set, &kept);
	}
	set_release(&kept);
	return r;
}

/* Records without a version that may be shown. */
static int remove_hidden(struct index *x, struct set *set,
			 struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT r.id FROM version v"
			  " JOIN record r ON r.id = v.record"
			  " WHERE v.state <> 0 AND r.version = 0",
			  &s, msg, "");

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		set_remove(set, sqlite3_column_int64(s, 0));
	}
	index_done(x, s);
	return r;
}

int set_filter(struct index *x, const struct search *s, struct set *set,
	       struct weald_msg *msg)
{
	int r = remove_hidden(x, set, msg);

	if (r == WEALD_OK && s->topic != NULL) {
		r = set_keep(x, s, filter_topic, set, msg);
	}
	if (r == WEALD_OK && s->setting != NULL) {
		r = set_keep(x, s, filter_setting, set, msg);
	}
	if (r == WEALD_OK && s->region != NULL) {
		r = set_keep(x, s, filter_region, set, msg);
	}
	if (r == WEALD_OK && (s->kind != NULL || s->since != 0)) {
		r = set_keep(x, s, filter_time, set, msg);
	}
	return r;
}

/* ---- rankings ---- */

void ranking_release(struct ranking *ranking)
{
	size_t i;

	for (i = 0; i < ranking->n; i++) {
		free(ranking->list[i].ref);
	}
	free(ranking->list);
	memset(ranking, 0, sizeof *ranking);
}

static void ranking_drop(struct ranking *ranking, size_t n)
{
	while (ranking->n > n) {
		free(ranking->list[--ranking->n].ref);
	}
}

int ranking_add(struct ranking *ranking, int64_t id, double score)
{
	struct ranked *list =
		list_room(ranking->list, ranking->n, sizeof *list);

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	ranking->list = list;
	list[ranking->n].id = id;
	list[ranking->n++].score = score;
	return WEALD_OK;
}

static int by_score(const void *a, const void *b)
{
	const struct ranked *v = a;
	const struct ranked *w = b;

	return (v->score < w->score) - (v->score > w->score);
}

static int by_time(const void *a, const void *b)
{
	const struct ranked *v = a;
	const struct ranked *w = b;
	int score = by_score(a, b);

	if (score != 0) {
		return score;
	}
	return (v->time < w->time) - (v->time > w->time);
}

static int by_all(const void *a, const void *b)
{
	const struct ranked *v = a;
	const struct ranked *w = b;
	int score = by_score(a, b);

	if (score != 0) {
		return score;
	}
	if (v->time != w->time) {
		return v->time > w->time ? -1 : 1;
	}
	return strcmp(v->ref, w->ref);
}

double kind_score(const char *kind, double step)
{
	static const struct {
		const char *kind;
		double steps;
	} kinds[] = { { "intervention", 3 },
		      { "problem", 2 },
		      { "evidence", 1 },
		      { "adoption", 1 },
		      { "lesson", 1 } };
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kind, kinds[i].kind) == 0) {
			return kinds[i].steps * step;
		}
	}
	return 0;
}

static void kind_add(struct ranked *ranked, const char *kind, double step)
{
	ranked->score += kind_score(kind, step);
	ranked->intervention = strcmp(kind, "intervention") == 0;
}

/* Time and kind of the record @ranked. */
static int ranked_look(struct index *x, struct ranked *ranked, double step,
		       struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, "SELECT kind, time FROM record WHERE id = ?", &s,
			  msg, "i", ranked->id);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		ranked->time = index_u64(s, 1);
		kind_add(ranked, index_text(s, 0), step);
	}
	index_done(x, s);
	return r;
}

/* Of a small set, each looked up. */
static int add_few(struct index *x, const struct set *set, double score,
		   double step, struct ranking *out, struct weald_msg *msg)
{
	int64_t id;
	int r = WEALD_OK;

	for (id = set_next(set, 0); r == WEALD_OK && id >= 0;
	     id = set_next(set, id + 1)) {
		r = ranking_add(out, id, score);
		if (r == WEALD_OK) {
			r = ranked_look(x, &out->list[out->n - 1], step, msg);
		}
	}
	return r;
}

/* What is added of one kind. */
struct adding {
	const struct set *set;
	struct ranking *out;
	double score;
	bool intervention;
};

static int adding_row(void *ctx, sqlite3_value **columns)
{
	const struct adding *adding = ctx;
	int64_t id = sqlite3_value_int64(columns[0]);
	int64_t time = sqlite3_value_int64(columns[1]);
	struct ranked *ranked;
	int r;

	if (!set_has(adding->set, id)) {
		return WEALD_OK;
	}
	r = ranking_add(adding->out, id, adding->score);
	if (r == WEALD_OK) {
		ranked = &adding->out->list[adding->out->n - 1];
		ranked->time = time < 0 ? 0 : (uint64_t)time;
		ranked->intervention = adding->intervention;
	}
	return r;
}

static int add_kind(struct index *x, const char *kind, struct adding *adding,
		    struct weald_msg *msg)
{
	struct each each = { .row = adding_row, .ctx = adding };
	sqlite3_stmt *s = NULL;
	int r = index_ask(x,
			  "SELECT each_row(?, id, time) FROM record"
			  " WHERE kind = ?",
			  &s, msg, "nt", kind);

	if (r == WEALD_OK) {
		r = each_run(x, s, &each, msg);
	}
	index_done(x, s);
	return r;
}

/* Of a large one, a kind after the other. */
static int add_many(struct index *x, const struct set *set, double score,
		    double step, struct ranking *out, struct weald_msg *msg)
{
	struct adding adding = { .set = set, .out = out };
	struct kinds kinds = { .n = 0 };
	size_t i;
	int r = kinds_read(x, &kinds, msg);

	for (i = 0; r == WEALD_OK && i < kinds.n; i++) {
		adding.score = score + kind_score(kinds.list[i], step);
		adding.intervention =
			strcmp(kinds.list[i], "intervention") == 0;
		r = add_kind(x, kinds.list[i], &adding, msg);
	}
	kinds_release(&kinds);
	return r;
}

int ranking_add_set(struct index *x, struct ranking *ranking,
		    const struct set *set, double score, double step,
		    struct weald_msg *msg)
{
	return set_count(set) <= KINDS_FEW
		       ? add_few(x, set, score, step, ranking, msg)
		       : add_many(x, set, score, step, ranking, msg);
}

static int ranked_name(struct index *x, struct ranked *out,
		       struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, "SELECT ref, time FROM record WHERE id = ?", &s,
			  msg, "i", out->id);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		out->time = row ? index_u64(s, 1) : 0;
		r = text_set(&out->ref, row ? index_text(s, 0) : "");
	}
	index_done(x, s);
	return r;
}

/* Put @score into the heap of the @n largest, in place of the smallest. */
static void heap_put(double *heap, size_t n, double score)
{
	size_t at = 0;
	size_t child;

	while ((child = 2 * at + 1) < n) {
		child += child + 1 < n && heap[child + 1] < heap[child];
		if (heap[child] >= score) {
			break;
		}
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = score;
}

/* Take out, unsorted, what has a lower score than the first @n. */
static int ranking_sift(struct ranking *ranking, size_t n)
{
	double *heap;
	size_t kept = 0;
	size_t i;

	if (n == 0 || n > SIZE_MAX / sizeof *heap || ranking->n / 2 < n) {
		return WEALD_OK; /* it is sorted as soon */
	}
	heap = malloc(n * sizeof *heap);
	if (heap == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n; i++) {
		heap[i] = -HUGE_VAL;
	}
	for (i = 0; i < ranking->n; i++) {
		if (ranking->list[i].score > heap[0]) {
			heap_put(heap, n, ranking->list[i].score);
		}
	}
	for (i = 0; i < ranking->n; i++) {
		if (ranking->list[i].score >= heap[0]) {
			ranking->list[kept++] = ranking->list[i];
		} else {
			free(ranking->list[i].ref);
		}
	}
	ranking->n = kept;
	free(heap);
	return WEALD_OK;
}

int ranking_cut(struct index *x, struct ranking *ranking, size_t limit,
		struct weald_msg *msg)
{
	size_t n;
	size_t i;
	int r = ranking_sift(ranking, limit);

	if (r != WEALD_OK) {
		return r;
	}
	n = limit < ranking->n ? limit : ranking->n;
	if (n == 0) {
		ranking_drop(ranking, 0);
		return WEALD_OK;
	}
	qsort(ranking->list, ranking->n, sizeof *ranking->list, by_time);
	while (n < ranking->n && n < limit + TIES_MAX &&
	       by_time(&ranking->list[n], &ranking->list[n - 1]) == 0) {
		n++;
	}
	ranking_drop(ranking, n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = ranked_name(x, &ranking->list[i], msg);
	}
	if (r == WEALD_OK) {
		qsort(ranking->list, n, sizeof *ranking->list, by_all);
		ranking_drop(ranking, limit);
	}
	return r;
}

/* As many of one kind, and those of the same second as the last of them. */
static int newest_of_kind(struct index *x, const char *kind,
			  const struct newest *want, struct ranking *out,
			  struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	uint64_t last = 0;
	size_t n = 0;
	bool row = true;
	int r = index_ask(x,
			  "SELECT id, time FROM record WHERE kind = ?"
			  " ORDER BY time DESC",
			  &s, msg, "t", kind);

	while (r == WEALD_OK && n < want->limit + TIES_MAX) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row ||
		    (n >= want->limit && index_u64(s, 1) != last)) {
			break;
		}
		if (set_has(want->set, sqlite3_column_int64(s, 0))) {
			last = index_u64(s, 1);
			n++;
			r = ranking_add(out, sqlite3_column_int64(s, 0), 0);
			if (r == WEALD_OK) {
				out->list[out->n - 1].time = last;
				kind_add(&out->list[out->n - 1], kind,
					 want->step);
			}
		}
	}
	index_done(x, s);
	return r;
}

/* Names are looked up only of those that may be among the first @limit. */
static int newest_sort(struct index *x, struct ranking *newest, size_t limit,
		       struct weald_msg *msg)
{
	size_t n = limit < newest->n ? limit : newest->n;
	size_t i;
	int r = WEALD_OK;

	qsort(newest->list, newest->n, sizeof *newest->list, by_time);
	while (n < newest->n && n < limit + TIES_MAX &&
	       by_time(&newest->list[n], &newest->list[n - 1]) == 0) {
		n++;
	}
	ranking_drop(newest, n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = ranked_name(x, &newest->list[i], msg);
	}
	if (r == WEALD_OK) {
		qsort(newest->list, n, sizeof *newest->list, by_all);
	}
	return r;
}

static int kinds_compare(const void *a, const void *b)
{
	double v = kind_score(*(char *const *)a, 1);
	double w = kind_score(*(char *const *)b, 1);

	return (v < w) - (v > w);
}

static int wanted_kinds(struct index *x, const struct newest *want,
			struct kinds *out, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	if (want->kinds == NULL) {
		return kinds_read(x, out, msg);
	}
	for (i = 0; r == WEALD_OK && want->kinds[i] != NULL; i++) {
		assert(i < KINDS_MAX);
		r = text_set(&out->list[out->n], want->kinds[i]);
		out->n += r == WEALD_OK;
	}
	return r;
}

/* No kind is looked at after as many as are wanted of what goes before it. */
static int newest_of_many(struct index *x, const struct newest *want,
			  struct ranking *out, struct weald_msg *msg)
{
	struct kinds kinds = { .n = 0 };
	double score = 0;
	size_t i;
	int r = wanted_kinds(x, want, &kinds, msg);

	if (r == WEALD_OK && kinds.n > 1) {
		qsort(kinds.list, kinds.n, sizeof *kinds.list, kinds_compare);
	}
	for (i = 0; r == WEALD_OK && i < kinds.n; i++) {
		if (out->n >= want->limit &&
		    kind_score(kinds.list[i], want->step) < score) {
			break;
		}
		score = kind_score(kinds.list[i], want->step);
		r = newest_of_kind(x, kinds.list[i], want, out, msg);
	}
	kinds_release(&kinds);
	return r;
}

int ranking_newest(struct index *x, const struct newest *want,
		   struct ranking *ranking, struct weald_msg *msg)
{
	struct ranking newest = { NULL, 0 };
	size_t count = set_count(want->set);
	struct ranked *ranked;
	size_t i;
	int r = WEALD_OK;

	if (want->limit == 0 || count == 0) {
		return WEALD_OK;
	}
	r = count <= NEWEST_FEW
		    ? add_few(x, want->set, 0, want->step, &newest, msg)
		    : newest_of_many(x, want, &newest, msg);
	if (r == WEALD_OK && newest.n > 0) {
		r = newest_sort(x, &newest, want->limit, msg);
	}
	for (i = 0; r == WEALD_OK && i < newest.n && i < want->limit; i++) {
		r = ranking_add(ranking, newest.list[i].id,
				want->score + newest.list[i].score);
		if (r == WEALD_OK) {
			ranked = &ranking->list[ranking->n - 1];
			ranked->time = newest.list[i].time;
			ranked->intervention = newest.list[i].intervention;
		}
	}
	ranking_release(&newest);
	return r;
}
