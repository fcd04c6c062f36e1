/*
 * Lines: the one of a record's text that has most of the words of a question.
 */
#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/query_token.h"

/* Bytes of a record's text in which it is looked for. */
#define TEXT_BYTES_READ (256u * 1024u)
#define LINE_BYTES      160u

struct line {
	const struct wording *words;
	uint32_t own; /* words of the question that it has, a bit each */
	size_t same;  /* words that mean the same */
	size_t first; /* byte at which the first of them begins */
};

static bool word_is(const struct wording *words, const struct part *part,
		    const char *stem, size_t len)
{
	const char *word = words->list[part->first].stem;

	return part->prefix && len >= strlen(word) &&
	       memcmp(word, stem, strlen(word)) == 0;
}

/* The bit of the word of the question that is this stem; 0. */
static uint32_t word_bit(const struct wording *words, const char *stem,
			 size_t len)
{
	const struct part *part;
	size_t i;
	size_t k;

	for (i = 0; i < words->parts_n; i++) {
		part = &words->parts[i];
		if (word_is(words, part, stem, len)) {
			return UINT32_C(1) << part->first;
		}
		for (k = part->first; k < part->first + part->n; k++) {
			if (strlen(words->list[k].stem) == len &&
			    memcmp(words->list[k].stem, stem, len) == 0) {
				return UINT32_C(1) << k;
			}
		}
	}
	return 0;
}

static bool is_same(const struct wording *words, const char *stem, size_t len)
{
	size_t i;

	for (i = 0; i < words->stems_n; i++) {
		if (strlen(words->stems[i]) == len &&
		    memcmp(words->stems[i], stem, len) == 0) {
			return true;
		}
	}
	return false;
}

static int line_token(void *ctx, int flags, const char *token, int token_len,
		      int start, int end)
{
	struct line *line = ctx;
	uint32_t bit = word_bit(line->words, token, (size_t)token_len);
	bool same = bit == 0 && is_same(line->words, token, (size_t)token_len);

	(void)flags;
	(void)end;
	if ((bit != 0 || same) && line->own == 0 && line->same == 0) {
		line->first = (size_t)start;
	}
	line->own |= bit;
	line->same += same;
	return SQLITE_OK;
}

/* Words of the question count more than any number of others. */
static size_t line_score(const struct line *line)
{
	return (size_t)__builtin_popcount(line->own) * 4 +
	       (line->same < 3 ? line->same : 3);
}

/* Back to where a word begins, or at least a character. */
static size_t cut_back(const char *text, size_t at, size_t from)
{
	size_t i;

	for (i = at; i > from; i--) {
		if (text[i - 1] == ' ') {
			return i;
		}
	}
	while (at > from && ((uint8_t)text[at] & 0xc0) == 0x80) {
		at--;
	}
	return at;
}

/* About LINE_BYTES of the line, with what matched in it. */
static int line_cut(const char *text, size_t len, size_t first, char **out)
{
	size_t start = 0;
	size_t end = len;
	char *cut = NULL;

	if (len > LINE_BYTES && first > LINE_BYTES / 2) {
		start = cut_back(text, first - LINE_BYTES / 4, 0);
	}
	if (end - start > LINE_BYTES) {
		end = cut_back(text, start + LINE_BYTES, start);
	}
	while (end > start && text[end - 1] == ' ') {
		end--;
	}
	if (asprintf(&cut, "%s%.*s%s", start > 0 ? "... " : "",
		     (int)(end - start), text + start,
		     end < len ? " ..." : "") < 0) {
		return WEALD_NOMEM;
	}
	free(*out);
	*out = cut;
	return WEALD_OK;
}

static int text_line(struct tokenizer *t, const struct wording *words,
		     const char *text, size_t len, char **out)
{
	struct line best = { words, 0, 0, 0 };
	const char *best_text = "";
	size_t best_len = 0;
	struct line line;
	size_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && len > 0) {
		while (len > 0 && (*text == ' ' || *text == '\n')) {
			text++;
			len--;
		}
		for (n = 0; n < len && text[n] != '\n'; n++) {
		}
		line = (struct line){ words, 0, 0, 0 };
		r = tokenize(t, text, n, line_token, &line);
		if (line_score(&line) > line_score(&best)) {
			best = line;
			best_text = text;
			best_len = n;
		}
		text += n;
		len -= n;
	}
	return r == WEALD_OK ? line_cut(best_text, best_len, best.first, out)
			     : r;
}

int wording_line(struct index *x, const struct wording *words, int64_t id,
		 char **out, struct weald_msg *msg)
{
	struct tokenizer t;
	sqlite3_stmt *s = NULL;
	bool row = false;
	size_t len;
	int r = tokenizer_open(x, &t, msg);

	if (r == WEALD_OK) {
		r = index_ask(x, "SELECT text FROM search WHERE rowid = ?", &s,
			      msg, "i", id);
	}
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		len = (size_t)sqlite3_column_bytes(s, 0);
		r = text_line(&t, words, index_text(s, 0),
			      len < TEXT_BYTES_READ ? len : TEXT_BYTES_READ,
			      out);
	}
	index_done(x, s);
	tokenizer_close(&t);
	return r;
}
