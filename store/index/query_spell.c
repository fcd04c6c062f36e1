/*
 * Spelling: the word that a mistyped one was meant to be.
 *
 * The first letter is seldom wrong: words that begin alike are compared one by
 * one. Where it is, one slip is allowed and all that it could have come from
 * are looked up.
 */
#include "store/index/query_private.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

/* Shorter words are never changed, up to the second by one slip only. */
#define WORD_SHORT 4u
#define WORD_LONG  6u

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* The word that most records have, the first of those by the alphabet. */
struct near {
	char text[WORD_BYTES_MAX + 1];
	uint64_t records;
};

/* The row is a word, and how many records have it. */
static void near_offer(struct near *near, sqlite3_stmt *s)
{
	const char *text = index_text(s, 0);
	uint64_t records = index_u64(s, 1);

	if (records > near->records ||
	    (records > 0 && records == near->records &&
	     strcmp(text, near->text) < 0)) {
		(void)snprintf(near->text, sizeof near->text, "%s", text);
		near->records = records;
	}
}

/* Words with the same first letter: @one is one slip away, @two two. */
static int near_alike(struct index *x, const char *word, struct near *one,
		      struct near *two, struct weald_msg *msg)
{
	const char low[] = { word[0], '\0' };
	const char high[] = { (char)(word[0] + 1), '\0' };
	size_t len = strlen(word);
	sqlite3_stmt *s = NULL;
	bool row = true;
	size_t distance;
	size_t n;
	int r = index_ask(x,
			  "SELECT term, n FROM term"
			  " WHERE term >= ? AND term < ?",
			  &s, msg, "tt", low, high);

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		n = strlen(index_text(s, 0));
		if (n + 2 < len || n > len + 2 || n > WORD_BYTES_MAX) {
			continue;
		}
		distance =
			text_distance(span_of(word), span_of(index_text(s, 0)));
		if (distance == 1) {
			near_offer(one, s);
		} else if (distance == 2) {
			near_offer(two, s);
		}
	}
	index_done(x, s);
	return r;
}

static int near_if_there(struct index *x, const char *term, struct near *near,
			 struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, "SELECT term, n FROM term WHERE term = ?", &s, msg,
			  "t", term);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		near_offer(near, s);
	}
	index_done(x, s);
	return r;
}

/* Words with another first letter, one slip away; @word is of 2 or more. */
static int near_unlike(struct index *x, const char *word, struct near *near,
		       struct weald_msg *msg)
{
	char term[WORD_BYTES_MAX + 3];
	size_t i;
	int r = near_if_there(x, word + 1, near, msg);

	if (r == WEALD_OK) {
		(void)snprintf(term, sizeof term, "%c%c%s", word[1], word[0],
			       word + 2);
		r = near_if_there(x, term, near, msg);
	}
	for (i = 0; r == WEALD_OK && letters[i] != '\0'; i++) {
		(void)snprintf(term, sizeof term, "%c%s", letters[i], word + 1);
		r = near_if_there(x, term, near, msg);
		if (r == WEALD_OK) {
			(void)snprintf(term, sizeof term, "%c%s", letters[i],
				       word);
			r = near_if_there(x, term, near, msg);
		}
	}
	return r;
}

static bool is_plain(const char *word)
{
	return word[0] != '\0' && strchr(letters, word[0]) != NULL &&
	       word[strcspn(word, "0123456789")] == '\0';
}

int wording_nearest(struct index *x, const char *word,
		    char out[WORD_BYTES_MAX + 1], struct weald_msg *msg)
{
	struct near one = { .records = 0 };
	struct near two = { .records = 0 };
	int r = WEALD_OK;

	if (strlen(word) >= WORD_SHORT && is_plain(word)) {
		r = near_alike(x, word, &one, &two, msg);
		if (r == WEALD_OK) {
			r = near_unlike(x, word, &one, msg);
		}
	}
	if (r == WEALD_OK) {
		const struct near *near =
			one.records == 0 && strlen(word) >= WORD_LONG ? &two
								      : &one;

		memcpy(out, near->text, sizeof near->text);
	}
	return r;
}
