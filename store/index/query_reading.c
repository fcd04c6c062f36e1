/*
 * Readings: the words of a question are looked up one after the other, the
 * rarest first, each once; what they have in common is found by sets.
 */
#include "store/index/query_reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where more than so many times what is weighed are expected to match, or have
 * the first word, nothing is weighed at first: it would be for nothing.
 */
#define EXPECTED_FACTOR 2.0
#define WEIGHED_FACTOR  20u
/* Shorter words are not counted: as many may have one. */
#define STEM_BYTES_MIN  3u
#define RECORDS_UNKNOWN 5000
/* Among so few what means the same is looked up one by one. */
#define OTHERS_FEW 3000u
/* What has other names comes after what has none. */
#define RECORDS_OTHERS 1000000

/* A part of the question: the records that have it. */
struct part_sets {
	struct set own;   /* every word that was typed */
	struct set title; /* these in the title */
	struct set text;  /* in title or text */
	struct set any;   /* these, or what means the same */
	struct set same;  /* these in the title, or that */
};

/* One word that was typed. */
struct word_sets {
	struct set found;
	struct set title;
	struct set text;
};

struct seeker {
	struct index *x;
	struct weald_msg *msg;
	struct reading *rd;
	struct phrases parts[WORDS_MAX];
	int64_t records[WORDS_MAX]; /* that may have the part */
	size_t words[WORDS_MAX];    /* number of its first word */
	size_t numbers[WORDS_MAX];  /* of the parts, in the wording */
	size_t order[WORDS_MAX];    /* in which they are looked up */
	size_t parts_n;
	struct part_sets part;
	struct word_sets word;
	double all;    /* records that there are */
	size_t others; /* names that mean the same as the part */
	bool weigh;
	/* of the word that is looked up just now */
	size_t number;
	size_t done; /* words before it */
	size_t at;   /* in rd->list: all before it have lower ids */
	size_t has;  /* records that have it */
};

/* ---- memory ---- */

static int sets_init(struct index *x, struct set *const *sets, size_t n,
		     struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = set_init(x, sets[i], msg);
	}
	return r;
}

int reading_init(struct index *x, struct reading *out, struct weald_msg *msg)
{
	struct set *const sets[] = { &out->wanted, &out->all, &out->title,
				     &out->text, &out->same };

	return sets_init(x, sets, sizeof sets / sizeof sets[0], msg);
}

void reading_release(struct reading *rd)
{
	set_release(&rd->wanted);
	set_release(&rd->all);
	set_release(&rd->title);
	set_release(&rd->text);
	set_release(&rd->same);
	free(rd->list);
	memset(rd, 0, sizeof *rd);
}

static int seeker_init(struct seeker *sk)
{
	struct set *const sets[] = {
		&sk->part.own,   &sk->part.title, &sk->part.text,
		&sk->part.any,   &sk->part.same,  &sk->word.found,
		&sk->word.title, &sk->word.text,
	};

	return sets_init(sk->x, sets, sizeof sets / sizeof sets[0], sk->msg);
}

static void seeker_release(struct seeker *sk)
{
	set_release(&sk->part.own);
	set_release(&sk->part.title);
	set_release(&sk->part.text);
	set_release(&sk->part.any);
	set_release(&sk->part.same);
	set_release(&sk->word.found);
	set_release(&sk->word.title);
	set_release(&sk->word.text);
}

/* ---- a word ---- */

/* The entry of a record that has all words looked up before; or NULL. */
static struct weighed *weighed_find(struct seeker *sk, int64_t id)
{
	struct reading *rd = sk->rd;

	while (sk->at < rd->n && rd->list[sk->at].id < id) {
		sk->at++;
	}
	return sk->at < rd->n && rd->list[sk->at].id == id &&
			       rd->list[sk->at].found == sk->done
		       ? &rd->list[sk->at]
		       : NULL;
}

/* Weights of title, labels and text. */
static const float weights[SCAN_COLUMNS_N] = { 8, 2, 1 };

static int weigh(struct seeker *sk, const struct scan_row *row)
{
	struct reading *rd = sk->rd;
	struct weighed *w;

	if (sk->done == 0 && rd->n == WEIGHED_FACTOR * rd->weigh_max) {
		sk->weigh = false; /* not now: perhaps there are too many */
		rd->n = 0;
		return WEALD_OK;
	}
	if (sk->done == 0) {
		w = list_room(rd->list, rd->n, sizeof *w);
		if (w == NULL) {
			return WEALD_NOMEM;
		}
		rd->list = w;
		w += rd->n++;
		w->id = row->id;
	} else {
		w = weighed_find(sk, row->id);
	}
	if (w != NULL) {
		w->found++;
		w->frequency[sk->number] = scan_frequency(row, weights);
		if (w->found == rd->words_n) {
			w->words = scan_size(row);
		}
	}
	return WEALD_OK;
}

static int word_row(void *ctx, const struct scan_row *row)
{
	struct seeker *sk = ctx;
	unsigned columns;

	sk->has++;
	if (!set_has(&sk->rd->all, row->id)) {
		return WEALD_OK; /* a part that was looked up is not there */
	}
	columns = scan_columns(row, 0);
	set_add(&sk->word.found, row->id);
	if ((columns & SCAN_TITLE) != 0) {
		set_add(&sk->word.title, row->id);
	}
	if ((columns & (SCAN_TITLE | SCAN_TEXT)) != 0) {
		set_add(&sk->word.text, row->id);
	}
	return sk->weigh && set_has(&sk->rd->wanted, row->id) ? weigh(sk, row)
							      : WEALD_OK;
}

/* FTS5's: of many records the same small number. */
static double telling(double records, double has)
{
	double tells = log((records - has + 0.5) / (has + 0.5));

	return tells > 0 ? tells : 1e-6;
}

static int word_read(struct seeker *sk, struct scan *scan, size_t phrase)
{
	int r;

	set_clear(&sk->word.found);
	set_clear(&sk->word.title);
	set_clear(&sk->word.text);
	sk->at = 0;
	sk->has = 0;
	r = scan_phrase(scan, phrase, word_row, sk);
	sk->rd->tells[sk->number] = telling(sk->all, (double)sk->has);
	sk->done++;
	return r;
}

/* ---- a part ---- */

static int other_row(void *ctx, const struct scan_row *row)
{
	struct seeker *sk = ctx;

	if (set_has(&sk->rd->all, row->id)) {
		set_add(&sk->part.any, row->id);
		if ((scan_columns(row, 0) & SCAN_TITLE) != 0) {
			set_add(&sk->part.same, row->id);
		}
	}
	return WEALD_OK;
}

/* A row of what others_match() asks for: the lead comes first. */
static int other_match_row(void *ctx, const struct scan_row *row)
{
	struct seeker *sk = ctx;
	size_t phrase = sk->parts[sk->order[0]].all;
	size_t end = phrase + sk->others;

	if (!set_has(&sk->rd->all, row->id)) {
		return WEALD_OK;
	}
	set_add(&sk->part.any, row->id);
	for (; phrase < end; phrase++) {
		if ((scan_columns(row, phrase) & SCAN_TITLE) != 0) {
			set_add(&sk->part.same, row->id);
		}
	}
	return WEALD_OK;
}

/*
 * What means the same, in records that have the first part, which is rare: for
 * names of several words that is much sooner done than for all records.
 */
static int others_match(struct seeker *sk, size_t part)
{
	const struct wording *words = sk->rd->words;
	size_t lead = sk->numbers[sk->order[0]];
	const char *others = words->parts[sk->numbers[part]].others;
	struct buf match;
	int r;

	sk->others = sk->parts[part].all - sk->parts[part].own;
	buf_init(&match, MATCH_BYTES_MAX);
	r = wording_match_part(words, lead, &match);
	if (r == WEALD_OK) {
		r = buf_addf(&match, " AND (%s)", others + strlen(" OR "));
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&match, 0);
	}
	if (r == WEALD_OK) {
		r = scan_match(sk->x, (const char *)match.data, other_match_row,
			       sk, sk->msg);
	}
	buf_release(&match);
	return r;
}

static int others_read(struct seeker *sk, struct scan *scan, size_t part)
{
	const struct phrases *phrases = &sk->parts[part];
	size_t i;
	int r = WEALD_OK;

	if (phrases->all > phrases->own && part != sk->order[0] &&
	    set_count(&sk->rd->all) <= OTHERS_FEW) {
		return others_match(sk, part);
	}
	for (i = phrases->own; r == WEALD_OK && i < phrases->all; i++) {
		r = scan_phrase(scan, phrases->first + i, other_row, sk);
	}
	return r;
}

static int part_read(struct seeker *sk, struct scan *scan, size_t part)
{
	const struct phrases *phrases = &sk->parts[part];
	size_t i;
	int r = WEALD_OK;

	set_fill(&sk->part.own);
	set_fill(&sk->part.title);
	set_fill(&sk->part.text);
	for (i = 0; r == WEALD_OK && i < phrases->own; i++) {
		sk->number = sk->words[part] + i;
		r = word_read(sk, scan, phrases->first + i);
		set_and(&sk->part.own, &sk->word.found);
		set_and(&sk->part.title, &sk->word.title);
		set_and(&sk->part.text, &sk->word.text);
	}
	set_clear(&sk->part.any);
	set_clear(&sk->part.same);
	set_or(&sk->part.any, &sk->part.own);
	set_or(&sk->part.same, &sk->part.title);
	if (r == WEALD_OK) {
		r = others_read(sk, scan, part);
	}
	set_and(&sk->rd->all, &sk->part.any);
	set_and(&sk->rd->title, &sk->part.title);
	set_and(&sk->rd->text, &sk->part.text);
	set_and(&sk->rd->same, &sk->part.same);
	return r;
}

/* All parts; what `all` has not is not looked at. */
static int parts_read(struct seeker *sk, struct scan *scan)
{
	size_t i;
	int r = WEALD_OK;

	sk->done = 0;
	sk->rd->n = 0;
	set_fill(&sk->rd->title);
	set_fill(&sk->rd->text);
	set_fill(&sk->rd->same);
	for (i = 0; r == WEALD_OK && i < sk->parts_n; i++) {
		r = part_read(sk, scan, sk->order[i]);
	}
	sk->rd->matches = set_count(&sk->rd->all);
	return r;
}

static int reading_begin(struct scan *scan)
{
	struct seeker *sk = scan->ctx;
	struct reading *rd = sk->rd;
	int r;

	if (!phrases_are(scan, sk->parts, sk->parts_n)) {
		msg_set(sk->msg, "this SQLite reads questions otherwise");
		return WEALD_INVALID;
	}
	set_fill(&rd->all);
	r = scan_sizes(scan, &sk->all, &rd->usual);
	if (r == WEALD_OK) {
		r = parts_read(sk, scan);
	}
	if (r == WEALD_OK && !sk->weigh && rd->matches <= rd->weigh_max) {
		sk->weigh = true;
		r = parts_read(sk, scan);
	}
	if (rd->matches > rd->weigh_max) {
		rd->n = 0;
	}
	set_and(&rd->all, &rd->wanted);
	set_and(&rd->title, &rd->all);
	set_and(&rd->text, &rd->all);
	set_and(&rd->same, &rd->all);
	return r;
}

/* ---- the order ---- */

/*
 * About how many records have the word: those with words that begin as it does,
 * as far as its stem goes: "busy" has the stem "busi".
 */
static int word_guess(struct seeker *sk, const struct asked *word, int64_t *out)
{
	char begin[WORD_BYTES_MAX + 1];
	size_t n = 0;

	while (word->stem[n] != '\0' && word->stem[n] == word->text[n]) {
		begin[n] = word->stem[n];
		n++;
	}
	begin[n] = '\0';
	*out = RECORDS_UNKNOWN;
	if (n < STEM_BYTES_MIN) {
		return WEALD_OK;
	}
	return index_number(sk->x,
			    "SELECT total(n) FROM (SELECT n FROM term"
			    " WHERE term >= ?1 AND term < ?1 || '{'"
			    " LIMIT 100)",
			    0, out, sk->msg, "t", begin);
}

/* As many as its rarest word. */
static int part_guess(struct seeker *sk, const struct part *part, int64_t *out)
{
	const struct asked *word = sk->rd->words->list + part->first;
	int64_t records = 0;
	size_t i;
	int r = WEALD_OK;

	*out = INT64_MAX - RECORDS_OTHERS;
	for (i = 0; r == WEALD_OK && i < part->n; i++) {
		r = word_guess(sk, &word[i], &records);
		*out = records < *out ? records : *out;
	}
	*out += part->others[0] == '\0' ? 0 : RECORDS_OTHERS;
	return r;
}

static int order_read(struct seeker *sk)
{
	const struct wording *words = sk->rd->words;
	size_t number = 0;
	size_t n = 0;
	size_t at;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		if (i == sk->rd->without) {
			continue;
		}
		r = part_guess(sk, &words->parts[i], &sk->records[n]);
		for (at = n;
		     at > 0 && sk->records[sk->order[at - 1]] > sk->records[n];
		     at--) {
			sk->order[at] = sk->order[at - 1];
		}
		sk->order[at] = n;
		sk->numbers[n] = i;
		sk->words[n++] = number;
		number += words->parts[i].n;
	}
	sk->rd->words_n = number;
	return r;
}

/* How many records are expected to match, if no word knows of another. */
static int expect(struct seeker *sk, double *out)
{
	int64_t records = 0;
	double share;
	size_t i;
	int r = index_number(sk->x, "SELECT max(id) FROM record", 0, &records,
			     sk->msg, "");

	*out = (double)records;
	for (i = 0; r == WEALD_OK && records > 0 && i < sk->parts_n; i++) {
		share = (double)sk->records[i] / (double)records;
		*out *= share < 1 ? share : 1;
	}
	return r;
}

int reading_run(struct index *x, struct reading *rd, const char *match,
		struct weald_msg *msg)
{
	struct seeker sk = { .x = x, .msg = msg, .rd = rd };
	struct scan scan = { .begin = reading_begin, .ctx = &sk };
	double expected = 0;
	int r = seeker_init(&sk);

	sk.parts_n = phrases_read(rd->words, rd->without, sk.parts);
	if (r == WEALD_OK) {
		r = order_read(&sk);
	}
	if (r == WEALD_OK) {
		r = expect(&sk, &expected);
	}
	if (r == WEALD_OK) {
		sk.weigh = expected <= EXPECTED_FACTOR * (double)rd->weigh_max;
		r = scan_run(x, match, &scan, msg);
	}
	seeker_release(&sk);
	return r;
}

/* ---- bm25 ---- */

double reading_bm25(const struct reading *rd, const struct weighed *w)
{
	const double k = 1.2;
	const double b = 0.75;
	double score = 0;
	double times;
	size_t i;

	if (w->found < rd->words_n) {
		return 0;
	}
	for (i = 0; i < rd->words_n; i++) {
		times = (double)w->frequency[i];
		score += rd->tells[i] *
			 (times * (k + 1) /
			  (times +
			   k * (1 - b + b * (double)w->words / rd->usual)));
	}
	return score;
}
