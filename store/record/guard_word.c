/* Words, separators and what stands near: shared by the scanners. */
#include <assert.h>
#include <string.h>

#include "store/record/guard_private.h"

#define SPACES_MAX 3u
#define WORD_MAX   40u

#define D GUARD_DIGIT
#define U GUARD_CAPITAL
#define L GUARD_SMALL

/* By ASCII, with GUARD_LOWER and GUARD_UPPER at 0x0e and 0x0f. */
const unsigned char guard_classes[128] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, L, U, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, D, D, D, D, D, D, D, D, D, D, 0, 0, 0, 0, 0, 0, 0, U,
	U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	U, U, U, 0, 0, 0, 0, 0, 0, L, L, L, L, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, 0,
};

#undef D
#undef U
#undef L

size_t guard_line(struct guard_doc *doc, size_t at)
{
	assert(at <= doc->n);
	while (doc->line_at > at) {
		doc->line_at--;
		doc->line_no -= doc->text[doc->line_at] == '\n';
	}
	for (; doc->line_at < at; doc->line_at++) {
		doc->line_no += doc->text[doc->line_at] == '\n';
	}
	return doc->first_line + doc->line_no;
}

size_t guard_next_digit(const struct guard_doc *doc, size_t at)
{
	/* the text holds no NUL but the one behind it */
	return at < doc->n ? at + strcspn(doc->text + at, "0123456789") : at;
}

bool guard_word_is(const struct guard_doc *doc, size_t from, size_t to,
		   const char *word)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (word[i - from] == '\0' ||
		    guard_lower(doc->text[i]) != word[i - from]) {
			return false;
		}
	}
	return word[to - from] == '\0';
}

bool guard_word_in(const struct guard_doc *doc, size_t from, size_t to,
		   const char *const *words)
{
	char first = guard_lower(doc->text[from]);
	size_t i;

	if (from == to) {
		return false;
	}
	for (i = 0; words[i] != NULL; i++) {
		if (words[i][0] == first &&
		    guard_word_is(doc, from, to, words[i])) {
			return true;
		}
	}
	return false;
}

bool guard_has_word(const struct guard_doc *doc, size_t from, size_t to,
		    const char *const *words)
{
	size_t at = from;
	size_t end;

	if (to > doc->n) {
		to = doc->n;
	}
	/* not the rest of a word that began before */
	while (at > 0 && at < to && guard_is_letter(doc->text[at - 1])) {
		at++;
	}
	while (at < to) {
		end = at;
		while (end < to && guard_is_letter(doc->text[end])) {
			end++;
		}
		if (end > at && !guard_is_letter(doc->text[end]) &&
		    guard_word_in(doc, at, end, words)) {
			return true;
		}
		at = end + 1;
	}
	return false;
}

bool guard_is_near(const struct guard_doc *doc, size_t from, size_t to,
		   size_t before, size_t after, const char *const *words)
{
	size_t first = from > before ? from - before : 0;

	return guard_has_word(doc, first, from, words) ||
	       guard_has_word(doc, to, to + after, words);
}

size_t guard_skip_spaces(const struct guard_doc *doc, size_t at)
{
	size_t most = at + SPACES_MAX;

	while (at < most &&
	       (doc->text[at] == ' ' || (doc->text[at] == '\n' &&
					 (doc->flags & GUARD_IN_TABLE) == 0))) {
		at++;
	}
	return at;
}

size_t guard_skip_sign(const struct guard_doc *doc, size_t at,
		       const char *signs)
{
	at = guard_skip_spaces(doc, at);
	if (doc->text[at] != '\0' && strchr(signs, doc->text[at]) != NULL) {
		at = guard_skip_spaces(doc, at + 1);
	}
	return at;
}

size_t guard_skip_label(const struct guard_doc *doc, size_t at,
			const char *const *words)
{
	size_t most = at + GUARD_LABEL_MAX;
	size_t to;

	while (at < most && doc->text[at] != '\0') {
		if (strchr(" \n:=#.-()|*,_\"'", doc->text[at]) != NULL) {
			at++;
			continue;
		}
		to = guard_word_end(doc, at);
		if (to == at || !guard_word_in(doc, at, to, words)) {
			break;
		}
		at = to;
	}
	return at;
}

bool guard_word_before(const struct guard_doc *doc, size_t at, size_t *out_from,
		       size_t *out_to)
{
	size_t to = at;
	size_t from;

	while (to > 0 && at - to < SPACES_MAX &&
	       (doc->text[to - 1] == ' ' || doc->text[to - 1] == '\n')) {
		to--;
	}
	from = to;
	while (from > 0 && to - from < WORD_MAX &&
	       guard_is_letter(doc->text[from - 1])) {
		from--;
	}
	*out_from = from;
	*out_to = to;
	return from < to;
}
