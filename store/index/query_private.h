/*
 * Questions from within: what the answers to them share.
 *
 * Functions here stand between index_begin() and index_end() of the question
 * that is asked, and add to answers whose owner releases them, also after a
 * failure.
 */
#ifndef WEALD_STORE_INDEX_QUERY_PRIVATE_H
#define WEALD_STORE_INDEX_QUERY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/index/index_private.h"
#include "store/index/query.h"

/* "2026-11-23" */
#define DATE_BYTES 40u

/*
 * @list of @n items with room for one more, which is all zero: a list that
 * grows by this has no other capacity. NULL: no memory, and @list is as it was.
 */
void *list_room(void *list, size_t n, size_t size);
/* A copy that the caller frees, in place of *@text; WEALD_NOMEM. */
int text_set(char **text, const char *value);
/* The day @days after 1970-01-01, within the years 0 to 9999. */
void date_text(int64_t days, char out[DATE_BYTES]);
/* Has the day that @date names come before that of @today? */
bool date_passed(const char *date, int64_t today);
/* Are more than twelve months over since @date? */
bool date_year_over(const char *date, int64_t today);

struct ids {
	int64_t *list;
	size_t n;
};
int ids_add(struct ids *ids, int64_t id);
void ids_release(struct ids *ids);
/* The first column of all rows, which are ids, at most QUERY_ROWS_MAX. */
int ids_read(struct index *x, sqlite3_stmt *s, struct ids *out,
	     struct weald_msg *msg);
/* All rows of what asks for ids with one text. */
int ids_ask(struct index *x, const char *sql, const char *text, struct ids *out,
	    struct weald_msg *msg);

/* *@out is 0 where there is no such record. */
int record_id(struct index *x, const char *ref, int64_t *out,
	      struct weald_msg *msg);
/* "" where there is none. */
int record_ref(struct index *x, int64_t id, char **out, struct weald_msg *msg);
/* Fills the zeroed @out but for matched ("") and score. */
int hit_read(struct index *x, int64_t id, struct hit *out,
	     struct weald_msg *msg);
/* The same without what is derived of an intervention. */
int hit_read_brief(struct index *x, int64_t id, struct hit *out,
		   struct weald_msg *msg);
/* Add a hit to a list of them. */
int hit_add(struct index *x, int64_t id, struct hit **list, size_t *n,
	    struct weald_msg *msg);
void hit_list_release(struct hit *list, size_t n);
/* Into the name of @id's field; "" where there is none. */
int fact_read(struct index *x, int64_t id, const char *name, char **out,
	      struct weald_msg *msg);

struct set;

/* ---- rows from within a statement ---- */

/* What is called for each row, with its columns; not WEALD_OK: no more. */
struct each {
	int (*row)(void *ctx, sqlite3_value **columns);
	void *ctx;
	int err;
};
/* To be called before each_row() stands in a statement, or a scan. */
int each_ready(struct index *x, struct weald_msg *msg);
/*
 * Run "SELECT each_row(?, COLUMN ...) FROM ...": the first value, asked for as
 * 'n', is @each. What each->row() returned last, or how the statement failed.
 */
int each_run(struct index *x, sqlite3_stmt *s, struct each *each,
	     struct weald_msg *msg);

/* ---- withdrawals ---- */

/* Somebody's word that a record must not be used as it is. */
struct withdrawn {
	int64_t id;       /* of the withdrawal record; of the record itself
			     where its author withdrew it */
	char *ref;        /* the same */
	int64_t feed;     /* whose word it is */
	uint64_t version; /* of what @ref names */
	uint64_t time;
	char *title;
	char *level;    /* "" by the author */
	char *reason;   /* code, or what the author wrote */
	char *versions; /* target_versions as it is written; "all" */
	bool author;
};
struct withdrawn_list {
	struct withdrawn *list;
	size_t n;
};
/* Of the record called @ref: the gravest first, then the newest. */
int withdrawn_read(struct index *x, const char *ref, struct withdrawn_list *out,
		   struct weald_msg *msg);
void withdrawn_list_release(struct withdrawn_list *w);
/* Does it speak of that version? Of any, where either is not known. */
bool withdrawn_names(const struct withdrawn *w, uint64_t version);
/*
 * Does its own region say that the record @id is withdrawn? Others can only
 * warn.
 */
int withdrawn_by_own(struct index *x, int64_t id,
		     const struct withdrawn_list *w, bool *out,
		     struct weald_msg *msg);
/* A record, and whether it stands: what these say, with one look for most. */
struct record_standing {
	char *ref; /* "" where there is no such record */
	int64_t feed;
	uint64_t version;
	uint64_t time;
	bool withdrawn;          /* as withdrawn_by_own() */
	struct withdrawn_list w; /* all that was said, as withdrawn_read() */
};
/* @out is zeroed. */
int record_standing_read(struct index *x, int64_t id,
			 struct record_standing *out, struct weald_msg *msg);
void record_standing_release(struct record_standing *s);
/* Does anybody ask to stop using that version: more than to take note? */
bool withdrawn_stops(const struct withdrawn_list *w, uint64_t version);
/* Has the adoption @id said that it knows? */
int withdrawn_known(struct index *x, const struct withdrawn *w, int64_t id,
		    bool *out, struct weald_msg *msg);
/*
 * Does an adoption of this region use @ref? Where that is withdrawn only one
 * counts that is affected and has not acknowledged it.
 */
int withdrawn_ours(struct index *x, const char *ref,
		   const struct withdrawn_list *w, bool *out,
		   struct weald_msg *msg);

/*
 * Of the records in @among those that somebody may have withdrawn: at least
 * all of these that adoptions of this region use, or used. @out is empty.
 */
int withdrawn_used(struct index *x, const struct set *among, struct set *out,
		   struct weald_msg *msg);
/* withdrawn_ours() of such a record. */
int withdrawn_ours_now(struct index *x, const char *ref, bool *out,
		       struct weald_msg *msg);
/* withdrawn_by_own() of the record @id. */
int withdrawn_now(struct index *x, int64_t id, bool *out,
		  struct weald_msg *msg);
/* Take out those that were acknowledged. */
void alerts_keep_open(struct alerts *a);
/* query_alerts(), within another question. */
int alerts_read(struct index *x, bool all, struct alerts *out,
		struct weald_msg *msg);

/* ---- derived facts ---- */

/*
 * Of a measure in a question, of which `shape`, `direction` and `type` are its
 * facts: is a ratio below 1 better? Of one that counts what is wanted, or
 * neither, or looks out for harm elsewhere, it does not say what is good. Of
 * the time between events the ratio is of events, while the days are more.
 */
#define FEWER_IS_BETTER                                 \
	"(coalesce(type.value, '') <> 'balancing'"      \
	" AND (coalesce(direction.value, 'decrease')"   \
	" = 'decrease' OR shape.value = 'time-between'" \
	" AND direction.value = 'increase'))"
/*
 * The effects of one record (the parameter) by the shape of each of its
 * measures, with what FEWER_IS_BETTER looks at.
 */
#define FROM_MEASURED                                                  \
	" FROM link l CROSS JOIN record m ON m.ref = l.target"         \
	" CROSS JOIN fact shape"                                       \
	" ON shape.record = m.id AND shape.name = 'shape'"             \
	" CROSS JOIN effect e"                                         \
	" ON e.record = l.record AND e.shape = shape.value"            \
	" LEFT JOIN fact direction"                                    \
	" ON direction.record = m.id AND direction.name = 'direction'" \
	" LEFT JOIN fact type"                                         \
	" ON type.record = m.id AND type.name = 'type'"                \
	" WHERE l.record = ? AND l.rel = 'measure'"
/* Set the verdict from the rest; @judged: fewer is better. */
void estimate_judge(struct estimate *e, bool judged);
/* query_effect() of @id; without the measure the state is "". */
int effect_read(struct index *x, int64_t id, struct estimate *out,
		struct weald_msg *msg);

/* Maturity, counts and whether it is ours: into the hit of an intervention. */
int derived_hit(struct index *x, const struct record_standing *standing,
		struct hit *out, struct weald_msg *msg);
/* All of it, of the intervention @id; @out is zeroed. */
int derived_read(struct index *x, int64_t id, const char *ref, int64_t today,
		 struct derived *out, struct weald_msg *msg);
/* One use for each adoption of @ref, by region, then by their names. */
int derived_adoptions(struct index *x, const char *ref, int64_t today,
		      struct use **out, size_t *out_n, struct weald_msg *msg);
void use_release(struct use *u);
/* Is the own adoption @id of @ref overdue for a result? */
int derived_overdue(struct index *x, const char *ref, int64_t id, int64_t today,
		    bool *out, struct weald_msg *msg);

/* How sure one can be of an intervention: what to look at first. */
struct sureness {
	bool last;    /* withdrawn, or tried and not found to help */
	int maturity; /* larger is surer */
};
int derived_sureness(struct index *x, const struct record_standing *standing,
		     struct sureness *out, struct weald_msg *msg);

/* ---- sets of records ---- */

/* Record ids; all zero holds none and takes none. */
struct set {
	uint64_t *bits;
	int64_t max;
};
/* Empty, with room for every record; each_ready() too. */
int set_init(struct index *x, struct set *out, struct weald_msg *msg);
void set_release(struct set *set);
static inline bool set_has(const struct set *set, int64_t id)
{
	return set->bits != NULL && id >= 0 && id <= set->max &&
	       (set->bits[id / 64] >> (id % 64) & 1) != 0;
}
/* The first one from @id on; -1: there is none. */
int64_t set_next(const struct set *set, int64_t id);
void set_add(struct set *set, int64_t id);
void set_remove(struct set *set, int64_t id);
void set_and(struct set *set, const struct set *other);
void set_or(struct set *set, const struct set *other);
void set_minus(struct set *set, const struct set *other);
size_t set_count(const struct set *set);
/* Add the ids of all rows of "SELECT each_row(?, ID) ...", as each_run(). */
int set_read(struct index *x, sqlite3_stmt *s, struct set *set,
	     struct weald_msg *msg);
/* The same, with one text. */
int set_ask(struct index *x, const char *sql, const char *text, struct set *set,
	    struct weald_msg *msg);
/* None, and every id, also those that no record has. */
void set_clear(struct set *set);
void set_fill(struct set *set);
/*
 * Take out of @set what the topic, setting, kind, region and time of @s
 * exclude, and records of which nothing may be shown.
 */
int set_filter(struct index *x, const struct search *s, struct set *set,
	       struct weald_msg *msg);

/* A record and how well it answers. */
struct ranked {
	int64_t id;
	double score;
	uint64_t time;
	char *ref;
	bool intervention; /* where kind_score() was added */
};
struct ranking {
	struct ranked *list;
	size_t n;
};
void ranking_release(struct ranking *ranking);
int ranking_add(struct ranking *ranking, int64_t id, double score);
/*
 * Sort by score, then the newest, then by ref, and keep the first @limit; the
 * order does not depend on ids, which differ from node to node.
 */
int ranking_cut(struct index *x, struct ranking *ranking, size_t limit,
		struct weald_msg *msg);
/*
 * What people come for first: interventions, the problems that they answer,
 * what came of them, and the rest; from 3 steps of @step down to none.
 */
double kind_score(const char *kind, double step);
/* Add all records of @set, each with @score and its kind's. */
int ranking_add_set(struct index *x, struct ranking *ranking,
		    const struct set *set, double score, double step,
		    struct weald_msg *msg);

/* What is wanted of the newest. */
struct newest {
	const struct set *set;
	size_t limit;
	double score; /* of all */
	double step;  /* by kind before time, as kind_score(); 0: by time */
	/* kinds that occur, NULL at the end; NULL: any */
	const char *const *kinds;
};
int ranking_newest(struct index *x, const struct newest *want,
		   struct ranking *ranking, struct weald_msg *msg);

/* ---- words ---- */

#define WORDS_MAX      16u
#define WORD_BYTES_MAX 64u
/* of an expression for FTS5 */
#define MATCH_BYTES_MAX 65536u
/* of a question that are read */
#define WORDS_BYTES_MAX 2048u

/* A word as it was typed, in small letters, and as the index has it. */
struct asked {
	char text[WORD_BYTES_MAX + 1];
	char stem[WORD_BYTES_MAX + 1];
};

/*
 * One thing that was asked for: a word, or several that are a name in the
 * vocabulary, with everything that means the same.
 */
struct part {
	size_t first; /* of the words */
	size_t n;
	const char *region; /* whose name it is: slug; NULL */
	bool prefix;        /* of a word: its beginning is enough */
	char *others;       /* "" or " OR "phrase" ...": what means the same */
};

struct wording {
	struct asked list[WORDS_MAX];
	size_t n;
	struct part parts[WORDS_MAX];
	size_t parts_n;
	/* every stem of what means the same, for the line that matched */
	char **stems;
	size_t stems_n;
};

/*
 * Read what a person typed: any bytes. Signs separate words, nothing is an
 * operator, and small words of a question are left out where others remain.
 * Without words parts_n is 0.
 */
int wording_read(struct index *x, const char *text, struct wording *out,
		 struct weald_msg *msg);
void wording_release(struct wording *words);
/*
 * Append the expression of FTS5 for one part; for all parts together but for
 * @without (SIZE_MAX: none). WEALD_TOOBIG cannot be where @out has
 * MATCH_BYTES_MAX. A NUL follows the text.
 */
int wording_match_part(const struct wording *words, size_t part,
		       struct buf *out);
int wording_match(const struct wording *words, size_t without, struct buf *out);
/*
 * The word of the index that @word was most likely meant to be: one or two
 * slips away, of several the one that most records have. @out is "" where
 * there is none.
 */
int wording_nearest(struct index *x, const char *word,
		    char out[WORD_BYTES_MAX + 1], struct weald_msg *msg);
/* Records that @match finds, counted up to @max. */
int match_count(struct index *x, const char *match, size_t max, size_t *out,
		struct weald_msg *msg);
/*
 * Nothing was found: change words that are in no record to ones that are, by
 * their beginning or by the nearest spelling. *@out_changed says whether any
 * was, *@out_corrected is NULL or what is searched for now, the caller's.
 */
int wording_repair(struct index *x, struct wording *words, bool *out_changed,
		   char **out_corrected, struct weald_msg *msg);
/*
 * The line of the record's text that has most of the words, cut to about 160
 * characters; "" where only the title or the topics have them.
 */
int wording_line(struct index *x, const struct wording *words, int64_t id,
		 char **out, struct weald_msg *msg);

#endif
