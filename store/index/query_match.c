/*
 * Matches: the words of a question as an expression of FTS5, and what is done
 * where they are in no record.
 *
 * Every word and name stands between quotes and holds none, so that nothing
 * that was typed is an operator.
 */
#include "store/index/query_private.h"

#include <stdio.h>
#include <string.h>

/* ---- expressions ---- */

static int match_part(const struct wording *words, const struct part *part,
		      struct buf *out)
{
	bool several = part->n > 1 || part->others[0] != '\0';
	size_t i;
	int r = buf_add_text(out, several ? "((" : "");

	for (i = 0; r == WEALD_OK && i < part->n; i++) {
		r = buf_addf(out, "%s\"%s\"%s", i > 0 ? " AND " : "",
			     words->list[part->first + i].text,
			     part->prefix ? " *" : "");
	}
	if (r == WEALD_OK && several) {
		r = buf_addf(out, ")%s)", part->others);
	}
	return r;
}

/* A NUL behind the text that is not part of it. */
static int match_end(struct buf *out)
{
	int r = buf_add_byte(out, 0);

	if (r == WEALD_OK) {
		out->len--;
	}
	return r;
}

int wording_match_part(const struct wording *words, size_t part,
		       struct buf *out)
{
	int r = match_part(words, &words->parts[part], out);

	return r == WEALD_OK ? match_end(out) : r;
}

int wording_match(const struct wording *words, size_t without, struct buf *out)
{
	size_t start = out->len;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		if (i == without) {
			continue;
		}
		if (out->len > start) {
			r = buf_add_text(out, " AND ");
		}
		if (r == WEALD_OK) {
			r = match_part(words, &words->parts[i], out);
		}
	}
	return r == WEALD_OK ? match_end(out) : r;
}

int match_count(struct index *x, const char *match, size_t max, size_t *out,
		struct weald_msg *msg)
{
	int64_t n = 0;
	int r = index_number(x,
			     "SELECT count(*) FROM (SELECT 1 FROM search"
			     " WHERE search MATCH ? LIMIT ?)",
			     0, &n, msg, "tu", match, (uint64_t)max);

	if (r == WEALD_OK) {
		*out = (size_t)n;
	}
	return r;
}

/* ---- repairs ---- */

/* Is a part, as it stands or as the beginning of a word, in any record? */
static int part_found(struct index *x, const struct wording *words, size_t i,
		      bool prefix, bool *out, struct weald_msg *msg)
{
	struct part part = words->parts[i];
	struct buf match;
	size_t n = 0;
	int r;

	part.prefix = prefix;
	buf_init(&match, MATCH_BYTES_MAX);
	r = match_part(words, &part, &match);
	if (r == WEALD_OK) {
		r = match_end(&match);
	}
	if (r == WEALD_OK) {
		r = match_count(x, (const char *)match.data, 1, &n, msg);
	}
	buf_release(&match);
	*out = n > 0;
	return r;
}

/* Words shorter than this begin too many others. */
#define PREFIX_BYTES_MIN 3u

/* What can be done about one part: nothing, its beginning, a new spelling. */
static int part_look(struct index *x, const struct wording *words, size_t i,
		     bool *out_prefix, char nearest[WORD_BYTES_MAX + 1],
		     struct weald_msg *msg)
{
	const struct part *part = &words->parts[i];
	const char *word = words->list[part->first].text;
	bool found = false;
	int r;

	*out_prefix = false;
	nearest[0] = '\0';
	if (part->n > 1) {
		return WEALD_OK;
	}
	r = part_found(x, words, i, false, &found, msg);
	if (r != WEALD_OK || found) {
		return r;
	}
	if (strlen(word) >= PREFIX_BYTES_MIN) {
		r = part_found(x, words, i, true, out_prefix, msg);
	}
	if (r == WEALD_OK && !*out_prefix) {
		r = wording_nearest(x, word, nearest, msg);
	}
	return r;
}

/* All words, in their order. */
static int wording_join(const struct wording *words, struct buf *out)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < words->n; i++) {
		r = buf_addf(out, "%s%s", i > 0 ? " " : "",
			     words->list[i].text);
	}
	return r == WEALD_OK ? match_end(out) : r;
}

/* Read the question again as it should have been typed. */
static int wording_reread(struct index *x, struct wording *words,
			  char **out_corrected, struct weald_msg *msg)
{
	struct buf text;
	int r;

	buf_init(&text, MATCH_BYTES_MAX);
	r = wording_join(words, &text);
	wording_release(words);
	if (r == WEALD_OK) {
		r = text_set(out_corrected, (const char *)text.data);
	}
	buf_release(&text);
	return r == WEALD_OK ? wording_read(x, *out_corrected, words, msg) : r;
}

int wording_repair(struct index *x, struct wording *words, bool *out_changed,
		   char **out_corrected, struct weald_msg *msg)
{
	char nearest[WORD_BYTES_MAX + 1];
	bool corrected = false;
	bool prefix;
	size_t i;
	int r = WEALD_OK;

	*out_changed = false;
	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		r = part_look(x, words, i, &prefix, nearest, msg);
		if (r == WEALD_OK && nearest[0] != '\0') {
			memcpy(words->list[words->parts[i].first].text, nearest,
			       sizeof nearest);
			corrected = true;
		}
	}
	if (r == WEALD_OK && corrected) {
		*out_changed = true;
		r = wording_reread(x, words, out_corrected, msg);
	}
	for (i = 0; r == WEALD_OK && i < words->parts_n; i++) {
		r = part_look(x, words, i, &prefix, nearest, msg);
		words->parts[i].prefix = prefix;
		*out_changed = *out_changed || prefix;
	}
	return r;
}
