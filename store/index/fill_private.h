/*
 * The inside of filling: fill.c (feeds, transactions), fill_read.c (a version
 * as the feed has it), fill_entry.c (the records that a batch touches, and
 * their rows), fill_text.c (what is searched), words.c (the table `term`).
 */
#ifndef WEALD_STORE_INDEX_FILL_PRIVATE_H
#define WEALD_STORE_INDEX_FILL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/update.h"
#include "store/evidence/effect.h"
#include "store/index/index_private.h"
#include "store/record/judge.h"
#include "store/record/record.h"

/* ---- words: changes to the table `term` ---------------------------------- */

struct words;

int words_new(struct words **out);
void words_free(struct words *w);
/*
 * A record's texts come (@by 1) or go (-1): each of their words counts once.
 * Texts of one record are taken between words_begin() and the next.
 */
void words_begin(struct words *w, int by);
int words_add(struct words *w, struct span text);
/* Are there so many that they should be written? */
bool words_are_many(const struct words *w);
/* Bring the table up to date. */
int words_write(struct words *w, struct index *x, struct weald_msg *msg);

/* ---- reading a version --------------------------------------------------- */

/* What a version that may be shown says. */
struct content {
	struct buf md;         /* record.md */
	struct record *record; /* borrows md; NULL: its fields do not read */
	bool known;
	bool has_effects;
	struct effect own_trend[EFFECT_SHAPES_N];
	struct effect plain[EFFECT_SHAPES_N];
	struct buf numbers; /* as numbers_write() has them; empty: none */
};
void content_free(struct content *c);

struct seen {
	enum index_state state;
	bool absent; /* contents of it are not in this home */
	char why[JUDGE_WHY_BYTES];
	bool override;
	struct content *content; /* INDEX_SHOWN; owned */
};

/*
 * An update with the files that its record has after it: leaf_open() reads
 * the update from the feed, leaf_load() the files, and leaf_judge() finds
 * out what they say. Only the first two touch the feed; the last may run on
 * any thread, a leaf each.
 */
struct leaf {
	struct stored stored;
	bool is_loaded; /* stored is there */
	struct file *files;
	size_t files_n;
	uint64_t bytes;
	bool absent; /* one is not in this home */
	bool over;   /* there are more than are looked at */
	/* of an update about the feed itself: region.yaml, where it is here */
	struct buf region;
	bool has_region;
	struct seen seen;
	int err; /* of leaf_judge(): WEALD_OK or WEALD_NOMEM */
};

/*
 * Fill the zeroed @out, then add the files to it. On failure it is as before,
 * or holds some of them; leaf_release() in any case.
 *   WEALD_CORRUPT (the feed), WEALD_IO, WEALD_NOMEM
 */
int leaf_open(const struct feed *feed, uint64_t seq, struct leaf *out,
	      struct weald_msg *msg);
int leaf_load(const struct feed *feed, struct leaf *s, struct weald_msg *msg);
/*
 * Read the record, and hold it and what the update says of itself against the
 * guard. An update about the feed itself has no content.
 */
void leaf_judge(struct leaf *s);
void leaf_release(struct leaf *s);

/* ---- what is searched ---------------------------------------------------- */

#define TITLE_BYTES_MAX 400u

/* Append lines. WEALD_NOMEM; what does not fit is left out. */
int text_of_labels(const struct content *c, struct span kind, struct buf *out);
int text_of_record(const struct content *c, struct buf *out);
/* The title, or @summary where it has none; at most TITLE_BYTES_MAX. */
struct span title_of(const struct content *c, struct span summary);
/* At most @max bytes of @s, no character cut in two. */
struct span text_cut(struct span s, size_t max);

/* ---- the records that a batch touches ------------------------------------ */

/* Whose they are; borrowed. */
struct entry_feed {
	int64_t id;
	struct span name; /* its folder's */
	struct span slug; /* as it calls itself */
};

struct entries;

int entries_new(struct index *x, struct entries **out, struct weald_msg *msg);
void entries_free(struct entries *e);
/*
 * Take in a version, or @again one that says something else now: its row is
 * written, its record noted. Takes the content of @seen. @feed lives until
 * entries_write().
 */
int entries_add(struct entries *e, const struct entry_feed *feed,
		const struct update *u, struct seen *seen, bool again,
		struct weald_msg *msg);
/* Write what was noted, but for the words, which entries_finish() writes. */
int entries_write(struct entries *e, struct weald_msg *msg);
int entries_finish(struct entries *e, struct weald_msg *msg);
/*
 * Take the records of the feed @feed out, at most @max (0: all); *@out_left:
 * there are more.
 */
int entries_remove(struct entries *e, int64_t feed, uint64_t max,
		   bool *out_left, struct weald_msg *msg);
/*
 * The feed @id, which is called @name here, comes or goes: references by its
 * id are to its name, or to its id again.
 */
int entries_name_links(struct entries *e, struct span id, const char *name,
		       bool comes, struct weald_msg *msg);

#endif
