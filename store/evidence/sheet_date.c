#include <stdio.h>
#include <string.h>

#include "store/evidence/sheet_private.h"
#include "store/record/record.h"

#define TOKENS_MAX   6u
#define DIGITS_MAX   8u
#define YEAR_CENTURY 70 /* 70..99 are of the last century */

/* A run of digits, or of letters. */
struct token {
	bool is_number;
	int32_t value;
	size_t n;         /* digits, letters */
	int32_t month;    /* of a word that is one, 1..12; else 0 */
	const char *word; /* letters; not NUL-terminated */
};
struct tokens {
	struct token list[TOKENS_MAX];
	size_t n;
	bool odd; /* something else stands there */
};

static const char *const months[] = { "january", "february", "march",
				      "april",   "may",      "june",
				      "july",    "august",   "september",
				      "october", "november", "december" };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "jan", "sept", "september"; 0 for none. */
static int32_t month_of(struct span word)
{
	char text[12] = "";
	int32_t i;

	if (word.len < 3 || word.len >= sizeof text) {
		return 0;
	}
	for (i = 0; i < 12; i++) {
		if (sheet_same(word, months[i])) {
			return i + 1;
		}
		memcpy(text, months[i], 3);
		text[3] = '\0';
		if (sheet_same(word, text)) {
			return i + 1;
		}
	}
	return sheet_same(word, "sept") ? 9 : 0;
}

static void take_token(struct span s, size_t *at, struct token *out)
{
	size_t from = *at;

	out->is_number = is_digit(s.data[from]);
	while (*at < s.len && (out->is_number ? is_digit(s.data[*at])
					      : is_letter(s.data[*at]))) {
		if (out->is_number && *at - from < DIGITS_MAX) {
			out->value = out->value * 10 + (s.data[*at] - '0');
		}
		(*at)++;
	}
	out->n = *at - from;
	out->word = (const char *)s.data + from;
	if (!out->is_number) {
		out->month = month_of((struct span){ s.data + from, out->n });
	}
}

static void tokenize(struct span s, struct tokens *out)
{
	char before = 0;
	size_t at = 0;

	*out = (struct tokens){ .n = 0 };
	while (at < s.len && !out->odd) {
		if (is_digit(s.data[at]) || is_letter(s.data[at])) {
			if (out->n == TOKENS_MAX) {
				out->odd = true;
				break;
			}
			take_token(s, &at, &out->list[out->n]);
			out->n++;
			before = 0;
			continue;
		}
		out->odd = memchr("-/. ,", s.data[at], 5) == NULL ||
			   out->n == 0 ||
			   (before != 0 && before != ' ' && s.data[at] != ' ');
		if (before == 0 || before == ' ') {
			before = (char)s.data[at];
		}
		at++;
	}
	out->odd = out->odd || before != 0; /* nothing follows it */
}

/* "2026-01-31 00:00:00", "2026-01-31T09:30": without the time. */
static struct span without_time(struct span s)
{
	const uint8_t *colon = memchr(s.data, ':', s.len);
	size_t at;
	size_t digits = 0;
	size_t i;

	if (colon == NULL) {
		return s;
	}
	at = (size_t)(colon - s.data);
	for (i = at; i < s.len; i++) {
		if (!is_digit(s.data[i]) && s.data[i] != ':' &&
		    s.data[i] != '.') {
			return s;
		}
	}
	while (at > 0 && is_digit(s.data[at - 1])) {
		at--;
		digits++;
	}
	if (digits == 0 || digits > 2 || at == 0 ||
	    (s.data[at - 1] != ' ' && s.data[at - 1] != 'T')) {
		return s;
	}
	s.len = at - 1;
	return sheet_trim(s);
}

static int32_t year_of(const struct token *t)
{
	if (t->n == 4) {
		return t->value;
	}
	return t->value < YEAR_CENTURY ? 2000 + t->value : 1900 + t->value;
}

/* Is it a real day? */
static bool set_day(struct sheet_cell_date *d, int32_t year, int32_t month,
		    int32_t day)
{
	char text[40];
	int64_t days;

	if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 ||
	    day > 31) {
		return false;
	}
	snprintf(text, sizeof text, "%04d-%02d-%02d", (int)year, (int)month,
		 (int)day);
	if (!date_parse(text, &days)) {
		return false;
	}
	d->kind = SHEET_DATE_KNOWN;
	d->month = (year - 1970) * 12 + month - 1;
	d->day = day;
	return true;
}

static bool is_short(const struct token *t)
{
	return t->is_number && t->n <= 2;
}

static bool is_long(const struct token *t)
{
	return t->is_number && t->n == 4;
}

/* 202601, 20260131, and the days since 1900 that a spreadsheet counts. */
static void read_one(const struct token *t, struct sheet_cell_date *out)
{
	if (!t->is_number) {
		return;
	}
	if (t->n == 6) {
		(void)set_day(out, t->value / 100, t->value % 100, 1);
		out->look = SHEET_LOOK_SIX;
	} else if (t->n == 8) {
		(void)set_day(out, t->value / 10000, t->value / 100 % 100,
			      t->value % 100);
	} else if (t->n == 5) {
		out->kind = SHEET_DATE_SERIAL;
	}
}

static void read_two(const struct token *t, struct sheet_cell_date *out)
{
	const struct token *a = &t[0];
	const struct token *b = &t[1];

	if (is_long(a) && b->is_number && b->n == 2 &&
	    b->value == (a->value + 1) % 100) {
		out->kind = SHEET_DATE_FINANCIAL; /* unless it is a month */
		out->look = SHEET_LOOK_FINANCIAL;
		(void)set_day(out, a->value, b->value, 1);
	} else if (is_long(a) && is_long(b)) {
		out->kind = b->value == a->value + 1 ? SHEET_DATE_FINANCIAL
						     : SHEET_DATE_NONE;
	} else if (is_long(a) && is_short(b)) {
		(void)set_day(out, a->value, b->value, 1);
	} else if (is_short(a) && is_long(b)) {
		(void)set_day(out, b->value, a->value, 1);
	} else if (a->month != 0 &&
		   (is_long(b) || (b->is_number && b->n == 2))) {
		(void)set_day(out, year_of(b), a->month, 1);
		out->look = is_long(b) ? SHEET_LOOK_PLAIN : SHEET_LOOK_WORD;
		out->b = b->value;
	} else if (is_long(a) && b->month != 0) {
		(void)set_day(out, a->value, b->month, 1);
	} else if ((is_short(a) && b->month != 0) ||
		   (a->month != 0 && is_short(b))) {
		out->kind = SHEET_DATE_YEARLESS;
	} else if (is_short(a) && is_short(b)) {
		out->kind = SHEET_DATE_YEARLESS;
	}
}

static void read_three(const struct token *t, struct sheet_cell_date *out)
{
	const struct token *a = &t[0];
	const struct token *b = &t[1];
	const struct token *c = &t[2];
	bool year_last = is_long(c) || (c->is_number && c->n == 2);

	if (is_long(a) && is_short(b) && is_short(c)) {
		(void)set_day(out, a->value, b->value, c->value);
	} else if (is_short(a) && b->month != 0 && year_last) {
		(void)set_day(out, year_of(c), b->month, a->value);
	} else if (a->month != 0 && is_short(b) && is_long(c)) {
		(void)set_day(out, c->value, a->month, b->value);
	} else if (is_long(a) && b->month != 0 && is_short(c)) {
		(void)set_day(out, a->value, b->month, c->value);
	} else if (is_short(a) && is_short(b) && year_last) {
		/* 26/01/31 may begin with its year */
		out->kind = c->n == 2 ? SHEET_DATE_SHORT : SHEET_DATE_ORDER;
		out->a = a->value;
		out->b = b->value;
		out->year = year_of(c);
	}
}

/* Is it one of @words, which "" ends? */
static bool is_word(const struct token *t, const char *const *words)
{
	const struct span word = { (const uint8_t *)t->word, t->n };

	while (!t->is_number && (*words)[0] != '\0') {
		if (sheet_same(word, *words)) {
			return true;
		}
		words++;
	}
	return false;
}

/* What is no month, by the words that stand in it. */
static enum sheet_date_kind kind_of_words(const struct tokens *t)
{
	static const char *const totals[] = { "total",  "totals",  "sum",
					      "grand",  "average", "mean",
					      "median", "" };
	static const char *const quarters[] = { "q", "qtr", "quarter", "" };
	static const char *const weeks[] = { "w",     "wk", "wks", "week",
					     "weeks", "wc", "we",  "" };
	size_t i;

	if (t->n > 0 && is_word(&t->list[0], totals)) {
		return SHEET_DATE_TOTAL;
	}
	for (i = 0; i < t->n; i++) {
		if (is_word(&t->list[i], quarters)) {
			return SHEET_DATE_QUARTER;
		}
		if (is_word(&t->list[i], weeks)) {
			return SHEET_DATE_WEEK;
		}
	}
	return SHEET_DATE_NONE;
}

/* "Mon 06/01/2025", "Monday, 6 January 2025": without the weekday. */
static void drop_weekday(struct tokens *t)
{
	static const char *const days[] = {
		"mon",      "monday", "tue",       "tues",   "tuesday",
		"wed",      "weds",   "thu",       "thur",   "thurs",
		"thursday", "fri",    "wednesday", "friday", "sat",
		"saturday", "sun",    "sunday",    ""
	};

	if (t->n > 1 && is_word(&t->list[0], days)) {
		t->n--;
		memmove(t->list, t->list + 1, t->n * sizeof t->list[0]);
	}
}

void sheet_date_read(struct span cell, struct sheet_cell_date *out)
{
	struct tokens t;

	*out = (struct sheet_cell_date){ .kind = SHEET_DATE_NONE };
	if (cell.len == 0) {
		return;
	}
	tokenize(without_time(cell), &t);
	out->kind = kind_of_words(&t);
	if (t.odd || out->kind != SHEET_DATE_NONE) {
		return;
	}
	drop_weekday(&t);
	if (t.n == 1) {
		read_one(t.list, out);
	} else if (t.n == 2) {
		read_two(t.list, out);
	} else if (t.n == 3) {
		read_three(t.list, out);
	}
}

bool sheet_date_order(struct sheet_cell_date *d, enum sheet_date_order order)
{
	return order == SHEET_DATE_MDY ? set_day(d, d->year, d->a, d->b)
				       : set_day(d, d->year, d->b, d->a);
}

bool sheet_date(struct span text, int32_t *out_month, int32_t *out_day)
{
	struct sheet_cell_date d;

	sheet_date_read(sheet_trim(text), &d);
	if (d.kind != SHEET_DATE_KNOWN) {
		return false;
	}
	*out_month = d.month;
	*out_day = d.day;
	return true;
}
