#include "store/record/vocab.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "proto/err.h"
#include "proto/text.h"
#include "store/record/vocab_data.h"

/* Longer words are not compared: no name here is as long. */
#define WORD_BYTES_MAX TEXT_DISTANCE_RUNES_MAX

/* By the first letter, mostly: asked of whole tables for every field. */
static bool is_called(const char *name, struct span text)
{
	if (text.len == 0 || *name != (char)*text.data) {
		return text.len == 0 && *name == '\0';
	}
	return strlen(name) == text.len &&
	       memcmp(name, text.data, text.len) == 0;
}

const struct kind *vocab_kinds(size_t *out_n)
{
	*out_n = vocab_kinds_n;
	return vocab_kind_table;
}

const struct kind *vocab_kind(struct span name)
{
	size_t i;

	for (i = 0; i < vocab_kinds_n; i++) {
		if (is_called(vocab_kind_table[i].name, name)) {
			return &vocab_kind_table[i];
		}
	}
	return NULL;
}

const struct field *field_find(const struct field *fields, size_t n,
			       struct span name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_called(fields[i].name, name)) {
			return &fields[i];
		}
	}
	return NULL;
}

const struct field *kind_field(const struct kind *kind, struct span name)
{
	return field_find(kind->fields, kind->fields_n, name);
}

const struct code_list *vocab_lists(size_t *out_n)
{
	*out_n = vocab_lists_n;
	return vocab_list_table;
}

const struct code_list *vocab_codes(const char *name)
{
	size_t i;

	for (i = 0; i < vocab_lists_n; i++) {
		if (strcmp(vocab_list_table[i].name, name) == 0) {
			return &vocab_list_table[i];
		}
	}
	return NULL;
}

const struct code *code_find(const struct code_list *list, struct span code)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (is_called(list->codes[i].code, code)) {
			return &list->codes[i];
		}
	}
	return NULL;
}

const struct topic *vocab_topics(size_t *out_n)
{
	*out_n = vocab_topics_n;
	return vocab_topic_table;
}

const struct topic *vocab_topic(struct span slug)
{
	size_t i;

	for (i = 0; i < vocab_topics_n; i++) {
		if (is_called(vocab_topic_table[i].slug, slug)) {
			return &vocab_topic_table[i];
		}
	}
	return NULL;
}

const struct region_name *vocab_regions(size_t *out_n)
{
	*out_n = vocab_regions_n;
	return vocab_region_table;
}

/* ---- what was probably meant ---------------------------------------------
 */

/* @text in small letters, with "-" for "_" and spaces; "" where too long. */
static void fold(struct span text, char out[WORD_BYTES_MAX + 1])
{
	size_t n = text.len > WORD_BYTES_MAX ? 0 : text.len;
	size_t i;

	for (i = 0; i < n; i++) {
		out[i] = (char)tolower(text.data[i]);
		if (out[i] == '_' || out[i] == ' ') {
			out[i] = '-';
		}
	}
	out[n] = '\0';
}

/*
 * How unlike @text, which is folded, @word is: up to a third of its letters
 * may differ; SIZE_MAX where more do.
 */
static size_t unlikeness(const char *text, const char *word)
{
	char folded[WORD_BYTES_MAX + 1];
	size_t n;

	fold(span_of(word), folded);
	if (text[0] == '\0' || folded[0] == '\0') {
		return SIZE_MAX;
	}
	n = text_distance(span_of(text), span_of(folded));
	return n <= (strlen(folded) + 2) / 3 ? n : SIZE_MAX;
}

/* Is @text one of @words, with "|" between them? */
static bool is_one_of(const char *text, const char *words)
{
	char folded[WORD_BYTES_MAX + 1];
	struct reader r;
	struct span word;

	reader_init(&r, span_of(words));
	while (reader_left(&r) > 0) {
		if (reader_until(&r, '|', &word) != WEALD_OK) {
			(void)reader_take(&r, reader_left(&r), &word);
		}
		fold(word, folded);
		if (folded[0] != '\0' && strcmp(folded, text) == 0) {
			return true;
		}
	}
	return false;
}

const struct field *field_nearest(const struct field *fields, size_t n,
				  struct span name)
{
	const struct field *nearest = NULL;
	char text[WORD_BYTES_MAX + 1];
	size_t best = SIZE_MAX;
	size_t i;
	size_t d;

	fold(name, text);
	for (i = 0; i < n; i++) {
		d = unlikeness(text, fields[i].name);
		if (d < best) {
			best = d;
			nearest = &fields[i];
		}
	}
	return nearest;
}

/* The code that people call @text. */
static const struct code *code_called(const struct code_list *list,
				      const char *text)
{
	char label[WORD_BYTES_MAX + 1];
	const bool has_words = strcmp(list->name, "topics") == 0;
	const struct topic *topic;
	size_t i;

	for (i = 0; i < list->n; i++) {
		fold(span_of(list->codes[i].label), label);
		if (label[0] != '\0' && strcmp(label, text) == 0) {
			return &list->codes[i];
		}
	}
	for (i = 0; has_words && i < list->n; i++) {
		topic = vocab_topic(span_of(list->codes[i].code));
		if (topic != NULL && is_one_of(text, topic->synonyms)) {
			return &list->codes[i];
		}
	}
	return NULL;
}

const struct code *code_nearest(const struct code_list *list, struct span text)
{
	char folded[WORD_BYTES_MAX + 1];
	const struct code *like = NULL;
	const struct code *nearest;
	size_t best = SIZE_MAX;
	size_t i;
	size_t d;

	fold(text, folded);
	if (folded[0] == '\0') {
		return NULL;
	}
	nearest = code_called(list, folded);
	for (i = 0; nearest == NULL && i < list->n; i++) {
		d = unlikeness(folded, list->codes[i].code);
		if (d < best) {
			best = d;
			like = &list->codes[i];
		}
	}
	return nearest != NULL ? nearest : like;
}
