/*
 * Readings: what matches a question, and where its words stand; from within
 * store/index/.
 */
#ifndef WEALD_STORE_INDEX_QUERY_READING_H
#define WEALD_STORE_INDEX_QUERY_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/index/query_scan.h"

/* A record as bm25 sees it. */
struct weighed {
	int64_t id;
	size_t found;               /* words that were typed and that it has */
	float words;                /* that it has at all */
	float frequency[WORDS_MAX]; /* whole numbers */
};

struct reading {
	const struct wording *words;
	size_t without; /* a part that does not count; SIZE_MAX */
	size_t weigh_max;
	/* what may be answered; all else is only counted */
	struct set wanted;
	/* of these what matches, and of that what has every word that was
	 * typed in the title; in title or text; or in the title what means the
	 * same */
	struct set all;
	struct set title;
	struct set text;
	struct set same;
	size_t matches; /* wanted or not */
	/* wanted ones with words that were typed, by id; none where there are
	 * more than weigh_max matches */
	struct weighed *list;
	size_t n;
	size_t words_n;
	double tells[WORDS_MAX]; /* how much each word tells */
	double usual;            /* words of a record on average */
};

/* Of the zeroed @out; nothing is wanted yet. reading_release() in any case. */
int reading_init(struct index *x, struct reading *out, struct weald_msg *msg);
void reading_release(struct reading *rd);
/* Find what matches: @match is all of words but for `without`. */
int reading_run(struct index *x, struct reading *rd, const char *match,
		struct weald_msg *msg);
/*
 * How well a record answers; 0 where it has not every word that was typed. As
 * FTS5 has it: Robertson and Zaragoza, The Probabilistic Relevance Framework:
 * BM25 and Beyond, 2009.
 */
double reading_bm25(const struct reading *rd, const struct weighed *w);

#endif
