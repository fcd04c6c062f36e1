/*
 * Words: what a person typed, in parts.
 *
 * Runs of words that are a name in the vocabulary become one part, the longest
 * first, with all that means the same as alternatives; other words are a part
 * each. No word holds a quotation mark: it can go between two.
 */
#include "store/index/query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index/query_token.h"
#include "store/record/vocab.h"

/* Words of the longest name that is recognised in a question. */
#define NAME_WORDS_MAX  8u
#define STEMS_BYTES_MAX 256u
/*
 * Of the names of a thing as many stand for it, its label and the closest,
 * which come first in the vocabulary; others only call it. Records that have
 * the topic have all of them among their labels anyway.
 */
#define SAME_MAX 5u
/* Other names of one part, as an expression. */
#define OTHERS_BYTES_MAX 2048u
#define STEMS_MAX        400u

/* ---- names of the vocabulary ---- */

/* A topic, setting or region has several: they share the group. */
struct name {
	char *stems; /* a space after each */
	const char *text;
	size_t len; /* of text */
	const void *group;
	size_t place;       /* in the group, from 0 */
	const char *region; /* slug; NULL */
};

/* What is known while the words are read. */
struct reading {
	struct tokenizer tokenizer;
	struct wording *words;
	const char *text; /* that was typed */
	struct name *names;
	size_t names_n;
	/* the stems that are read just now */
	char stems[STEMS_BYTES_MAX];
	size_t stems_len;
	bool stems_cut;
	/* the alternatives of the part that is read just now */
	char others[OTHERS_BYTES_MAX];
	size_t others_len;
};

static int name_token(void *ctx, int flags, const char *token, int token_len,
		      int start, int end)
{
	struct reading *rd = ctx;
	size_t len = (size_t)token_len;

	(void)flags;
	(void)start;
	(void)end;
	if (len + 2 > sizeof rd->stems - rd->stems_len) {
		rd->stems_cut = true;
		return SQLITE_DONE;
	}
	memcpy(rd->stems + rd->stems_len, token, len);
	rd->stems_len += len;
	rd->stems[rd->stems_len++] = ' ';
	rd->stems[rd->stems_len] = '\0';
	return SQLITE_OK;
}

/* One that is too long, or could leave its quotes, is passed over. */
static int name_add(struct reading *rd, struct name name)
{
	struct name *names;
	int r;

	rd->stems_len = 0;
	rd->stems_cut = false;
	r = tokenize(&rd->tokenizer, name.text, name.len, name_token, rd);
	if (r != WEALD_OK || rd->stems_len == 0 || rd->stems_cut ||
	    memchr(name.text, '"', name.len) != NULL) {
		return r;
	}
	names = list_room(rd->names, rd->names_n, sizeof *names);
	if (names == NULL) {
		return WEALD_NOMEM;
	}
	rd->names = names;
	names[rd->names_n] = name;
	names[rd->names_n].stems = NULL;
	if (rd->names_n > 0 && names[rd->names_n - 1].group == name.group) {
		names[rd->names_n].place = names[rd->names_n - 1].place + 1;
	}
	return text_set(&names[rd->names_n++].stems, rd->stems);
}

/* Each of the texts between "|". */
static int names_add(struct reading *rd, const char *texts, const void *group,
		     const char *region)
{
	size_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && texts[0] != '\0') {
		n = strcspn(texts, "|");
		r = name_add(rd, (struct name){ .text = texts,
						.len = n,
						.group = group,
						.region = region });
		texts += n + (texts[n] == '|');
	}
	return r;
}

static int names_of_topics(struct reading *rd)
{
	const struct topic *topics;
	size_t n;
	size_t i;
	int r = WEALD_OK;

	topics = vocab_topics(&n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = names_add(rd, topics[i].label, &topics[i], NULL);
		if (r == WEALD_OK) {
			r = names_add(rd, topics[i].synonyms, &topics[i], NULL);
		}
	}
	return r;
}

static int names_of_settings(struct reading *rd)
{
	const struct code_list *settings = vocab_codes("settings");
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && settings != NULL && i < settings->n; i++) {
		r = names_add(rd, settings->codes[i].label, &settings->codes[i],
			      NULL);
	}
	return r;
}

static int names_of_regions(struct reading *rd)
{
	const struct region_name *regions;
	size_t n;
	size_t i;
	int r = WEALD_OK;

	regions = vocab_regions(&n);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = names_add(rd, regions[i].name, &regions[i],
			      regions[i].slug);
		if (r == WEALD_OK) {
			r = names_add(rd, regions[i].slug, &regions[i],
				      regions[i].slug);
		}
		if (r == WEALD_OK) {
			r = names_add(rd, regions[i].aliases, &regions[i],
				      regions[i].slug);
		}
	}
	return r;
}

static int names_load(struct reading *rd)
{
	int r = names_of_topics(rd);

	if (r == WEALD_OK) {
		r = names_of_settings(rd);
	}
	if (r == WEALD_OK) {
		r = names_of_regions(rd);
	}
	return r;
}

static void names_release(struct reading *rd)
{
	size_t i;

	for (i = 0; i < rd->names_n; i++) {
		free(rd->names[i].stems);
	}
	free(rd->names);
}

/* ---- words of the question ---- */

static int typed_token(void *ctx, int flags, const char *token, int token_len,
		       int start, int end)
{
	struct reading *rd = ctx;
	struct wording *words = rd->words;
	struct asked *w = &words->list[words->n];
	size_t i;

	(void)flags;
	if (words->n == WORDS_MAX) {
		return SQLITE_DONE;
	}
	/* no word of a language is so long: no record has it either */
	if ((size_t)token_len > WORD_BYTES_MAX ||
	    (size_t)(end - start) > WORD_BYTES_MAX) {
		return SQLITE_OK;
	}
	memcpy(w->stem, token, (size_t)token_len);
	w->stem[token_len] = '\0';
	for (i = 0; i < (size_t)(end - start); i++) {
		w->text[i] = rd->text[(size_t)start + i];
		if (w->text[i] >= 'A' && w->text[i] <= 'Z') {
			w->text[i] = (char)(w->text[i] - 'A' + 'a');
		}
	}
	w->text[i] = '\0';
	if (strchr(w->text, '"') == NULL) { /* no token holds one */
		words->n++;
	}
	return SQLITE_OK;
}

static bool is_among(const char *word, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(word, list[i]) == 0) {
			return true;
		}
	}
	return false;
}

#define IS_AMONG(word, list) is_among(word, list, sizeof(list) / sizeof *(list))

static bool is_asking(const char *word)
{
	static const char *const list[] = { "anybody", "anyone", "somebody",
					    "someone", "who",    "how" };

	return IS_AMONG(word, list);
}

/* Small words of English, which stand in nearly every record. */
static bool is_small(const char *word)
{
	/* clang-format off */
	static const char *const list[] = {
		"a", "about", "after", "am", "an", "and", "any", "are", "as",
		"at", "be", "been", "before", "but", "by", "can", "could",
		"did", "do", "does", "else", "ever", "for", "from", "had",
		"has", "have", "i", "if", "in", "into", "is", "it", "its",
		"me", "my", "no", "not", "of", "on", "or", "our", "please",
		"s", "she", "should", "so", "some", "such", "than", "that",
		"the", "their", "them", "there", "they", "this", "to", "too",
		"us", "was", "we", "were", "what", "when", "where", "which",
		"why", "will", "with", "would", "you", "your",
	};
	/* clang-format on */

	return is_asking(word) || IS_AMONG(word, list);
}

/* What a question says of the answer, and not of the problem. */
static bool is_of_asking(const char *word)
{
	static const char *const list[] = { "fix",     "fixed",  "solve",
					    "solved",  "tried",  "try",
					    "know",    "found",  "tackled",
					    "problem", "issue",  "deal",
					    "dealt",   "sorted", "solution" };

	return IS_AMONG(word, list);
}

/* ---- parts of the question ---- */

static int stem_add(struct wording *words, const char *stem)
{
	char **stems;
	size_t i;

	for (i = 0; i < words->stems_n; i++) {
		if (strcmp(words->stems[i], stem) == 0) {
			return WEALD_OK;
		}
	}
	if (words->stems_n == STEMS_MAX) {
		return WEALD_OK; /* it only marks the line less well */
	}
	stems = list_room(words->stems, words->stems_n, sizeof *stems);
	if (stems == NULL) {
		return WEALD_NOMEM;
	}
	words->stems = stems;
	return text_set(&stems[words->stems_n++], stem);
}

/* Stems with a space after each. */
static int stems_add(struct wording *words, const char *stems)
{
	char stem[STEMS_BYTES_MAX];
	size_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && stems[0] != '\0') {
		n = strcspn(stems, " ");
		memcpy(stem, stems, n);
		stem[n] = '\0';
		r = stem_add(words, stem);
		stems += n + 1;
	}
	return r;
}

/* Another name for the same thing; where there is no room it is left out. */
static int other_add(struct reading *rd, const struct name *name)
{
	size_t room = sizeof rd->others - rd->others_len;
	int n = snprintf(rd->others + rd->others_len, room, " OR \"%.*s\"",
			 (int)name->len, name->text);

	if (n < 0 || (size_t)n >= room) {
		rd->others[rd->others_len] = '\0';
		return WEALD_OK;
	}
	rd->others_len += (size_t)n;
	return stems_add(rd->words, name->stems);
}

/* The words from @first on as a name has them; false: too long for one. */
static bool run_stems(const struct wording *words, size_t first, size_t n,
		      char out[STEMS_BYTES_MAX])
{
	size_t len = 0;
	size_t i;

	for (i = first; i < first + n; i++) {
		if (strlen(words->list[i].stem) + 2 > STEMS_BYTES_MAX - len) {
			return false;
		}
		len += (size_t)snprintf(out + len, STEMS_BYTES_MAX - len, "%s ",
					words->list[i].stem);
	}
	return true;
}

/*
 * All other names of everything that is called @stems go to rd->others. False
 * where nothing is.
 */
static int same_names(struct reading *rd, const char *stems, struct part *part,
		      bool *out_found)
{
	size_t i;
	size_t k;
	int r = WEALD_OK;

	*out_found = false;
	rd->others_len = 0;
	rd->others[0] = '\0';
	for (i = 0; r == WEALD_OK && i < rd->names_n; i++) {
		if (strcmp(rd->names[i].stems, stems) != 0) {
			continue;
		}
		*out_found = true;
		if (rd->names[i].region != NULL) {
			part->region = rd->names[i].region;
		}
		for (k = 0; r == WEALD_OK && k < rd->names_n; k++) {
			if (rd->names[k].group == rd->names[i].group &&
			    rd->names[k].place < SAME_MAX &&
			    strcmp(rd->names[k].stems, stems) != 0) {
				r = other_add(rd, &rd->names[k]);
			}
		}
	}
	return r;
}

/* The part that begins at @first: the longest name, or a word. */
static int part_read(struct reading *rd, size_t first, struct part *out)
{
	const struct wording *words = rd->words;
	size_t left = words->n - first;
	char stems[STEMS_BYTES_MAX];
	bool found = false;
	size_t n;
	int r = WEALD_OK;

	for (n = left < NAME_WORDS_MAX ? left : NAME_WORDS_MAX; n > 0; n--) {
		memset(out, 0, sizeof *out);
		out->first = first;
		out->n = n;
		if (!run_stems(words, first, n, stems)) {
			continue;
		}
		r = same_names(rd, stems, out, &found);
		if (r != WEALD_OK || found) {
			break;
		}
	}
	if (n == 0) {
		out->n = 1;
	}
	return r == WEALD_OK ? text_set(&out->others, rd->others) : r;
}

static bool part_is(const struct wording *words, const struct part *part,
		    bool (*is)(const char *word))
{
	return part->n == 1 && part->others[0] == '\0' &&
	       is(words->list[part->first].text);
}

/* Leave out parts that are such words, if any others remain. */
static void parts_drop(struct wording *words, bool (*is)(const char *word))
{
	size_t dropped = 0;
	size_t i;
	size_t n = 0;

	for (i = 0; i < words->parts_n; i++) {
		dropped += part_is(words, &words->parts[i], is);
	}
	if (dropped == words->parts_n) {
		return;
	}
	for (i = 0; i < words->parts_n; i++) {
		if (part_is(words, &words->parts[i], is)) {
			free(words->parts[i].others);
		} else {
			words->parts[n++] = words->parts[i];
		}
	}
	words->parts_n = n;
}

static bool parts_ask(const struct wording *words)
{
	size_t i;

	for (i = 0; i < words->parts_n; i++) {
		if (part_is(words, &words->parts[i], is_asking)) {
			return true;
		}
	}
	return false;
}

static int parts_read(struct reading *rd)
{
	struct wording *words = rd->words;
	bool asking;
	size_t at = 0;
	int r = WEALD_OK;

	while (r == WEALD_OK && at < words->n) {
		r = part_read(rd, at, &words->parts[words->parts_n]);
		at += words->parts[words->parts_n++].n;
	}
	if (r != WEALD_OK) {
		return r;
	}
	asking = parts_ask(words);
	parts_drop(words, is_small);
	if (asking) {
		parts_drop(words, is_of_asking);
	}
	return r;
}

int wording_read(struct index *x, const char *text, struct wording *out,
		 struct weald_msg *msg)
{
	struct reading rd = { .words = out, .text = text };
	size_t len = strnlen(text, WORDS_BYTES_MAX);
	int r = tokenizer_open(x, &rd.tokenizer, msg);

	memset(out, 0, sizeof *out);
	if (r == WEALD_OK) {
		r = tokenize(&rd.tokenizer, text, len, typed_token, &rd);
	}
	if (r == WEALD_OK && out->n > 0) {
		r = names_load(&rd);
	}
	if (r == WEALD_OK) {
		r = parts_read(&rd);
	}
	names_release(&rd);
	tokenizer_close(&rd.tokenizer);
	return r;
}

void wording_release(struct wording *words)
{
	size_t i;

	for (i = 0; i < words->parts_n; i++) {
		free(words->parts[i].others);
	}
	for (i = 0; i < words->stems_n; i++) {
		free(words->stems[i]);
	}
	free(words->stems);
	memset(words, 0, sizeof *words);
}
