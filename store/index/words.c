/*
 * Words: what is to be changed in the table `term`, kept until it is written
 * at the end of a batch, so that a common word is written once.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/index/fill_private.h"

#define WORD_BYTES_MIN 3u
#define WORD_BYTES_MAX 40u
/* Distinct ones of a record that count; a book has fewer. */
#define WORDS_OF_RECORD_MAX 5000u
/* Slots at first, a power of two; it grows to what one record may add. */
#define SLOTS_FIRST 4096u
#define MANY        100000u

struct word {
	uint64_t record; /* the last one that it was seen in */
	int32_t by;      /* what is to be added to its count */
	uint8_t len;     /* 0: an empty slot */
	char text[WORD_BYTES_MAX];
};

struct words {
	struct word *slots;
	size_t slots_n;
	size_t used;
	uint64_t record;
	size_t of_record;
	int by;
};

int words_new(struct words **out)
{
	struct words *w = calloc(1, sizeof *w);

	if (w == NULL) {
		return WEALD_NOMEM;
	}
	w->slots = calloc(SLOTS_FIRST, sizeof *w->slots);
	if (w->slots == NULL) {
		free(w);
		return WEALD_NOMEM;
	}
	w->slots_n = SLOTS_FIRST;
	*out = w;
	return WEALD_OK;
}

void words_free(struct words *w)
{
	if (w != NULL) {
		free(w->slots);
		free(w);
	}
}

void words_begin(struct words *w, int by)
{
	w->record++;
	w->of_record = 0;
	w->by = by;
}

bool words_are_many(const struct words *w)
{
	return w->used >= MANY;
}

/* Where the word stands, or would. */
static struct word *find(struct words *w, const char *text, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	struct word *at;
	size_t i;

	for (i = 0; i < len; i++) {
		h = (h ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	}
	for (i = (size_t)(h ^ h >> 29);; i++) {
		at = &w->slots[i & (w->slots_n - 1)];
		if (at->len == 0 ||
		    (at->len == len && memcmp(at->text, text, len) == 0)) {
			return at;
		}
	}
}

static int grow(struct words *w)
{
	struct words bigger = *w;
	size_t i;

	bigger.slots_n = w->slots_n * 2;
	bigger.slots = calloc(bigger.slots_n, sizeof *bigger.slots);
	if (bigger.slots == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < w->slots_n; i++) {
		if (w->slots[i].len != 0) {
			*find(&bigger, w->slots[i].text, w->slots[i].len) =
				w->slots[i];
		}
	}
	free(w->slots);
	*w = bigger;
	return WEALD_OK;
}

static int note(struct words *w, const char *text, size_t len)
{
	struct word *at;
	int r;

	if (w->used >= w->slots_n / 3 * 2) {
		r = grow(w);
		if (r != WEALD_OK) {
			return r;
		}
	}
	at = find(w, text, len);
	if (at->len == 0) {
		memcpy(at->text, text, len);
		at->len = (uint8_t)len;
		w->used++;
	} else if (at->record == w->record) {
		return WEALD_OK;
	}
	if (w->of_record < WORDS_OF_RECORD_MAX) {
		w->of_record++;
		at->record = w->record;
		at->by += w->by;
	}
	return WEALD_OK;
}

/* A letter of English or of one of its neighbours; its small form. */
static bool letter(uint32_t rune, uint32_t *out)
{
	if (rune < 0x80) {
		*out = rune | 0x20;
		return *out >= 'a' && *out <= 'z';
	}
	*out = rune;
	if (rune >= 0xc0 && rune <= 0xde && rune != 0xd7) {
		*out = rune + 0x20;
	}
	return rune >= 0xc0 && rune <= 0x24f && rune != 0xd7 && rune != 0xf7;
}

/* Append the rune, below 0x800, as UTF-8. */
static size_t put_rune(char *to, uint32_t rune)
{
	if (rune < 0x80) {
		to[0] = (char)rune;
		return 1;
	}
	to[0] = (char)(0xc0 | rune >> 6);
	to[1] = (char)(0x80 | (rune & 0x3f));
	return 2;
}

/* A word of a text, as it is read. */
struct spelling {
	char text[WORD_BYTES_MAX + 2];
	size_t len;
	bool odd; /* not only letters, or too many */
};

static void spell(struct spelling *s, uint32_t rune)
{
	s->odd = s->odd || s->len >= WORD_BYTES_MAX - 1;
	s->len += s->odd ? 0 : put_rune(s->text + s->len, rune);
}

/* The word ends here. */
static int end_word(struct words *w, struct spelling *s)
{
	int r = WEALD_OK;

	if (!s->odd && s->len >= WORD_BYTES_MIN) {
		r = note(w, s->text, s->len);
	}
	s->odd = false;
	s->len = 0;
	return r;
}

int words_add(struct words *w, struct span text)
{
	struct spelling s = { .len = 0 };
	uint32_t rune = 0;
	size_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && text.len > 0) {
		n = 1;
		rune = *text.data;
		if (rune >= 0x80) {
			n = text_rune(text, &rune);
		}
		if (n != 0 && letter(rune, &rune)) {
			spell(&s, rune);
		} else if (n != 0 && rune >= '0' && rune <= '9') {
			s.odd = true;
		} else {
			r = end_word(w, &s);
		}
		n = n == 0 ? 1 : n;
		text.data += n;
		text.len -= n;
	}
	return r == WEALD_OK ? end_word(w, &s) : r;
}

static int write_one(struct index *x, const struct word *word,
		     struct weald_msg *msg)
{
	struct span text = { (const uint8_t *)word->text, word->len };
	int r;

	if (word->by > 0) {
		return index_run(x,
				 "INSERT INTO term (term, n) VALUES (?1, ?2)"
				 " ON CONFLICT (term) DO UPDATE"
				 " SET n = n + ?2",
				 msg, "si", &text, (int64_t)word->by);
	}
	r = index_run(x, "UPDATE term SET n = n + ?2 WHERE term = ?1", msg,
		      "si", &text, (int64_t)word->by);
	if (r == WEALD_OK) {
		r = index_run(x, "DELETE FROM term WHERE term = ? AND n <= 0",
			      msg, "s", &text);
	}
	return r;
}

/* In the order of the table. */
static int compare_words(const void *a, const void *b)
{
	const struct word *wa = a;
	const struct word *wb = b;
	size_t len = wa->len < wb->len ? wa->len : wb->len;
	int order = memcmp(wa->text, wb->text, len);

	return order != 0 ? order : (int)wa->len - (int)wb->len;
}

/* Those that change to the front; how many they are. */
static size_t gather(struct words *w)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < w->slots_n; i++) {
		if (w->slots[i].by != 0) {
			w->slots[n++] = w->slots[i];
		}
	}
	return n;
}

int words_write(struct words *w, struct index *x, struct weald_msg *msg)
{
	const size_t n = gather(w);
	size_t i;
	int r = WEALD_OK;

	/* sorted, which spares the table many pages */
	qsort(w->slots, n, sizeof *w->slots, compare_words);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = write_one(x, &w->slots[i], msg);
	}
	memset(w->slots, 0, w->slots_n * sizeof *w->slots);
	w->used = 0;
	return r;
}
