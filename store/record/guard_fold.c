/*
 * Folding: the small part of Unicode's NFKC that hides numbers and words.
 *
 * Digits of the common scripts, in circles, raised, lowered and wide; dashes,
 * spaces, quotes, dots and slashes of all kinds become the ASCII ones.
 * Characters that nobody sees (zero-width, soft hyphens, directions,
 * combining accents) are left out. Letters beyond ASCII become a mark that
 * says whether they are capitals. Look-alike letters of other alphabets are
 * not folded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/guard_private.h"

#define SKIP '\0'

struct fold {
	uint32_t from;
	uint32_t to;
	char folded;
};

/* By code point. */
static const struct fold folds[] = {
	{ 0x0000, 0x0000, SKIP },   { 0x0085, 0x0085, ' ' },
	{ 0x00a0, 0x00a0, ' ' },    { 0x00a3, 0x00a3, '$' },
	{ 0x00ad, 0x00ad, SKIP },   { 0x00b7, 0x00b7, '.' },
	{ 0x00b9, 0x00b9, '1' },    { 0x0300, 0x036f, SKIP },
	{ 0x058a, 0x058a, '-' },    { 0x061c, 0x061c, SKIP },
	{ 0x1680, 0x1680, ' ' },    { 0x180e, 0x180e, SKIP },
	{ 0x2000, 0x200a, ' ' },    { 0x200b, 0x200f, SKIP },
	{ 0x2010, 0x2015, '-' },    { 0x2018, 0x201b, '\'' },
	{ 0x201c, 0x201f, '"' },    { 0x2022, 0x2022, '*' },
	{ 0x2024, 0x2024, '.' },    { 0x2028, 0x2029, ' ' },
	{ 0x202a, 0x202e, SKIP },   { 0x202f, 0x202f, ' ' },
	{ 0x2032, 0x2032, '\'' },   { 0x2043, 0x2043, '-' },
	{ 0x2044, 0x2044, '/' },    { 0x205f, 0x205f, ' ' },
	{ 0x2060, 0x206f, SKIP },   { 0x20ac, 0x20ac, '$' },
	{ 0x2212, 0x2212, '-' },    { 0x2215, 0x2215, '/' },
	{ 0x2219, 0x2219, '.' },    { 0x22c5, 0x22c5, '.' },
	{ 0x24ea, 0x24ea, '0' },    { 0x2e3a, 0x2e3b, '-' },
	{ 0x3000, 0x3000, ' ' },    { 0x3002, 0x3002, '.' },
	{ 0xfe00, 0xfe0f, SKIP },   { 0xfe52, 0xfe52, '.' },
	{ 0xfe58, 0xfe58, '-' },    { 0xfe63, 0xfe63, '-' },
	{ 0xfe6b, 0xfe6b, '@' },    { 0xfeff, 0xfeff, SKIP },
	{ 0xe0100, 0xe01ef, SKIP },
};

/* Where ten digits in a row stand, from 0 or from 1. */
static const struct {
	uint32_t first;
	char digit;
} digit_rows[] = {
	{ 0x0660, '0' },  { 0x06f0, '0' },  { 0x0966, '0' },  { 0x09e6, '0' },
	{ 0x0a66, '0' },  { 0x0ae6, '0' },  { 0x0be6, '0' },  { 0x0c66, '0' },
	{ 0x0e50, '0' },  { 0x2070, '0' },  { 0x2080, '0' },  { 0x2460, '1' },
	{ 0x2776, '1' },  { 0x2780, '1' },  { 0x278a, '1' },  { 0x1d7ce, '0' },
	{ 0x1d7d8, '0' }, { 0x1d7e2, '0' }, { 0x1d7ec, '0' }, { 0x1d7f6, '0' },
	{ 0x1fbf0, '0' },
};

static bool fold_digit(uint32_t rune, char *out)
{
	size_t i;
	uint32_t n;

	if (rune == 0xb2 || rune == 0xb3) {
		*out = rune == 0xb2 ? '2' : '3';
		return true;
	}
	for (i = 0; i < sizeof digit_rows / sizeof digit_rows[0]; i++) {
		if (rune < digit_rows[i].first) {
			continue;
		}
		n = rune - digit_rows[i].first;
		/* of those from 1 the tenth is a 10 */
		if (n < 10 && (digit_rows[i].digit == '0' || n < 9)) {
			*out = (char)(digit_rows[i].digit + (char)n);
			return true;
		}
	}
	return false;
}

/* Latin letters with accents: which are capitals? */
static char fold_letter(uint32_t rune)
{
	if (rune >= 0xc0 && rune <= 0xff && rune != 0xd7 && rune != 0xf7) {
		return rune <= 0xde ? GUARD_UPPER : GUARD_LOWER;
	}
	if (rune >= 0x100 && rune <= 0x17f) {
		/* capitals and small letters in turn; the turn changes twice */
		bool odd = (rune & 1u) != 0;
		bool swapped =
			(rune >= 0x139 && rune <= 0x148) || rune >= 0x179;

		return odd == swapped ? GUARD_UPPER : GUARD_LOWER;
	}
	if (rune == 0xaa || rune == 0xb5 || rune == 0xba ||
	    (rune >= 0x180 && rune < 0x2000) ||
	    (rune >= 0x2c00 && rune < 0x2e00) ||
	    (rune >= 0x3041 && rune < 0xfe00)) {
		return GUARD_LOWER;
	}
	return GUARD_OTHER;
}

static char fold_ascii(uint32_t rune)
{
	if (rune == '\t' || rune == '\r' || rune == '\v' || rune == '\f') {
		return ' ';
	}
	if (rune != '\n' && (rune < 0x20 || rune == 0x7f)) {
		return rune == 0 ? SKIP : GUARD_OTHER;
	}
	return (char)rune;
}

static char fold_rune(uint32_t rune)
{
	size_t low = 0;
	size_t high = sizeof folds / sizeof folds[0];
	size_t mid;
	char c;

	if (rune < 0x80) {
		return fold_ascii(rune);
	}
	if (rune >= 0xff01 && rune <= 0xff5e) {
		return (char)(rune - 0xfee0);
	}
	while (low < high) {
		mid = (low + high) / 2;
		if (rune > folds[mid].to) {
			low = mid + 1;
		} else if (rune < folds[mid].from) {
			high = mid;
		} else {
			return folds[mid].folded;
		}
	}
	return fold_digit(rune, &c) ? c : fold_letter(rune);
}

/* In a file's name only letters and digits make words. */
static char fold_in_name(char c)
{
	return c == '-' || c == '_' ? ' ' : c;
}

static bool is_control(uint32_t rune)
{
	return rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r' &&
	       rune != '\f';
}

static void hide(struct guard_doc *doc, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (doc->text[i] != '\n') {
			doc->text[i] = GUARD_HIDDEN;
		}
	}
}

static bool begins(const struct guard_doc *doc, size_t at, const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++) {
		if (guard_lower(doc->text[at + i]) != word[i]) {
			return false;
		}
	}
	return true;
}

/* "https://", "www." and the "10.1136/" of a DOI. */
static bool begins_address(const struct guard_doc *doc, size_t at)
{
	static const char *const words[] = { "http://", "https://", "ftp://",
					     "www.", "weald:" };
	size_t i;

	if (doc->text[at] == '1') {
		i = begins(doc, at, "10.") ? guard_digits_end(doc, at + 3) : at;
		return i >= at + 7 && doc->text[i] == '/';
	}
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (begins(doc, at, words[i])) {
			return true;
		}
	}
	return false;
}

static size_t address_end(const struct guard_doc *doc, size_t at)
{
	while (at < doc->n &&
	       strchr(" \n\"'<>|`()[]{},;", doc->text[at]) == NULL) {
		at++;
	}
	return at;
}

/* 3-3-4 is how NHS numbers are written, and no catalogue's. */
static bool is_shaped(const struct guard_doc *doc, size_t at)
{
	static const size_t sizes[] = { 3, 3, 4 };
	size_t i;
	size_t end;

	while (doc->text[at] != '\0' && strchr(" :#.", doc->text[at]) != NULL) {
		at++;
	}
	for (i = 0; i < 3; i++) {
		end = guard_digits_end(doc, at);
		if (end != at + sizes[i]) {
			return false;
		}
		at = guard_skip_sign(doc, end, "-./");
	}
	return true;
}

/* ISBN, trial and paper numbers: the digits behind the word. */
static size_t catalogue_end(const struct guard_doc *doc, size_t at)
{
	static const char *const words[] = {
		"isbn", "issn",    "isrctn", "nct",   "pmid", "pmcid", "pmc",
		"doi",  "eudract", "crd",    "orcid", "iras", NULL
	};
	size_t to = guard_word_end(doc, at);
	size_t i = to;
	size_t digits = 0;

	if (!guard_word_in(doc, at, to, words)) {
		return at;
	}
	while (i < doc->n && i < to + 28 && digits < 17 &&
	       (guard_is_digit(doc->text[i]) ||
		strchr(" :-.#/xX", doc->text[i]) != NULL)) {
		digits += guard_is_digit(doc->text[i]);
		i++;
	}
	return digits == 0 || is_shaped(doc, to) ? at : i;
}

static void hide_addresses(struct guard_doc *doc)
{
	size_t at = 0;
	size_t to;
	char c;

	while (at < doc->n) {
		c = doc->text[at];
		if (at > 0 && guard_is_alnum(doc->text[at - 1])) {
			at++;
			continue;
		}
		if (!guard_is_alnum(c)) {
			at++;
			continue;
		}
		/* the first of all words below */
		if (strchr("1hfwinpdecoHFWINPDECO", c) != NULL) {
			to = begins_address(doc, at) ? address_end(doc, at)
						     : catalogue_end(doc, at);
			if (to > at) {
				hide(doc, at, to);
				at = to;
				continue;
			}
		}
		while (guard_is_alnum(doc->text[at])) {
			at++;
		}
	}
}

/*
 * Copy what @text begins with that stays as it is: nearly all of it. Returns
 * how many bytes these were.
 */
static size_t copy_plain(struct guard_doc *doc, struct span text)
{
	char *to = doc->text + doc->n;
	unsigned classes = 0;
	uint8_t byte;
	size_t i;

	for (i = 0; i < text.len; i++) {
		byte = text.data[i];
		if (byte >= 0x7f || (byte < ' ' && byte != '\n')) {
			break;
		}
		classes |= guard_classes[byte];
		to[i] = (char)byte;
	}
	doc->n += i;
	doc->has_digit = doc->has_digit || (classes & GUARD_DIGIT) != 0;
	return i;
}

/* Fold the first character of @text; returns how many bytes it has. */
static size_t fold_first(struct guard_doc *doc, struct span text, char *out)
{
	uint32_t rune;
	size_t n;

	if (text.data[0] >= ' ' && text.data[0] < 0x7f) {
		*out = (char)text.data[0]; /* nearly all of them */
		return 1;
	}
	n = text_rune(text, &rune);
	if (n == 0) {
		doc->bad_at = doc->is_utf8 ? doc->n : doc->bad_at;
		doc->is_utf8 = false;
		*out = GUARD_OTHER;
		return 1;
	}
	doc->has_controls = doc->has_controls || is_control(rune);
	*out = fold_rune(rune);
	return n;
}

int guard_doc_fold(struct guard_doc *doc, struct span text)
{
	struct buf memory;
	size_t n;
	char c;

	buf_init(&memory, text.len + 2);
	if (buf_reserve(&memory, text.len + 2) != WEALD_OK) {
		return WEALD_NOMEM;
	}
	memory.data[0] = 0;
	doc->text = (char *)memory.data + 1; /* guard_doc_release() */
	doc->n = 0;
	doc->is_utf8 = true;
	while (text.len > 0) {
		if ((doc->flags & GUARD_IN_NAME) == 0) {
			n = copy_plain(doc, text);
			text.data += n;
			text.len -= n;
			if (text.len == 0) {
				break;
			}
		}
		n = fold_first(doc, text, &c);
		if ((doc->flags & GUARD_IN_NAME) != 0) {
			c = fold_in_name(c);
		}
		if (c != SKIP) {
			doc->has_digit = doc->has_digit || guard_is_digit(c);
			doc->text[doc->n] = c;
			doc->n++;
		}
		text.data += n;
		text.len -= n;
	}
	doc->text[doc->n] = '\0';
	hide_addresses(doc);
	return WEALD_OK;
}

void guard_doc_release(struct guard_doc *doc)
{
	if (doc->text != NULL) {
		free(doc->text - 1);
		doc->text = NULL;
	}
}
