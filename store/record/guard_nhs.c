/*
 * NHS numbers and Scotland's CHI numbers: ten digits, the last of which checks
 * the others.
 *
 * About one in eleven ten-digit numbers passes the check by chance, four of
 * those ten in a range that is issued. So a number in an issued range is taken
 * for a person's; others only where they are written in the NHS's way, 3-3-4,
 * or where the words around them say so.
 */
#include <string.h>

#include "store/record/guard_private.h"

#define DIGITS      10u
#define NEAR_BEFORE 40u
#define NEAR_AFTER  20u
#define CLEAR       3u /* digits that may be shown */

/* Ten digits as they stand in the text. */
struct number {
	size_t from;
	size_t to;
	unsigned digit[DIGITS];
	size_t n;
	bool is_shaped; /* 3-3-4 */
};

enum range { RANGE_ISSUED, RANGE_CHI, RANGE_TEST, RANGE_NONE };

static const char *const near_words[] = { "nhs", "patient", "patients", "chi",
					  NULL };

static bool passes(const struct number *d)
{
	unsigned sum = 0;
	unsigned check;
	size_t i;

	for (i = 0; i < DIGITS - 1; i++) {
		sum += d->digit[i] * (unsigned)(DIGITS - i);
	}
	check = 11 - sum % 11;
	check = check == 11 ? 0 : check;
	return check == d->digit[DIGITS - 1]; /* 10 equals no digit */
}

static bool all_equal(const struct number *d)
{
	size_t i;

	for (i = 1; i < DIGITS; i++) {
		if (d->digit[i] != d->digit[0]) {
			return false;
		}
	}
	return true;
}

static enum range range_of(const struct number *d)
{
	unsigned head = d->digit[0] * 100 + d->digit[1] * 10 + d->digit[2];
	unsigned day = d->digit[0] * 10 + d->digit[1];
	unsigned month = d->digit[2] * 10 + d->digit[3];

	if (head == 999) {
		return RANGE_TEST;
	}
	/* England, Isle of Man; 320 to 399: Northern Ireland */
	if ((head >= 300 && head <= 499) || (head >= 600 && head <= 799)) {
		/* CHI numbers of the 30th and 31st are among these */
		return RANGE_ISSUED;
	}
	if (day >= 1 && day <= 31 && month >= 1 && month <= 12) {
		return RANGE_CHI;
	}
	return RANGE_NONE;
}

static void add(struct guard_doc *doc, enum guard_kind kind,
		enum guard_verdict verdict, const struct number *d)
{
	guard_add(doc, kind, verdict, d->from, d->from + CLEAR, d->to);
}

/* @d passes the check; @is_called where the words before it name it. */
static void judge(struct guard_doc *doc, const struct number *d, bool is_called)
{
	bool likely = is_called || d->is_shaped ||
		      guard_is_near(doc, d->from, d->to, NEAR_BEFORE,
				    NEAR_AFTER, near_words);
	enum range range = range_of(d);

	if (range == RANGE_TEST && (doc->flags & GUARD_STRICT) != 0) {
		range = RANGE_ISSUED;
	}
	if (range == RANGE_ISSUED || (range == RANGE_CHI && likely)) {
		add(doc, GUARD_NHS_NUMBER, GUARD_BLOCK, d);
	} else if (range == RANGE_CHI || (range == RANGE_NONE && likely)) {
		add(doc, GUARD_NHS_NUMBER, GUARD_WARN, d);
	} else if (likely) {
		add(doc, GUARD_NHS_NUMBER_TEST, GUARD_WARN, d);
	}
}

/* Take @n digits at @at; false where there are more or fewer. */
static bool take(const struct guard_doc *doc, size_t at, size_t n,
		 struct number *d)
{
	size_t i;

	if (guard_digits_end(doc, at) != at + n || d->n + n > DIGITS) {
		return false;
	}
	for (i = 0; i < n; i++) {
		d->digit[d->n + i] = (unsigned)(doc->text[at + i] - '0');
	}
	d->n += n;
	d->to = at + n;
	return true;
}

/* A word of letters, not the rest of a hexadecimal number. */
static bool is_plain_word(const struct guard_doc *doc, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (guard_lower(doc->text[i]) > 'f') {
			return to - from >= 2;
		}
	}
	return false;
}

static bool is_bounded(const struct guard_doc *doc, const struct number *d)
{
	const char *t = doc->text;
	size_t from = d->from;

	while (from > 0 && d->from - from < 12 &&
	       guard_is_letter(t[from - 1])) {
		from--;
	}
	if (from < d->from && (!is_plain_word(doc, from, d->from) ||
			       (from > 0 && guard_is_digit(t[from - 1])))) {
		return false;
	}
	if (guard_is_letter(t[d->to]) &&
	    !is_plain_word(doc, d->to, guard_word_end(doc, d->to))) {
		return false;
	}
	if (d->from > 0 && (t[d->from - 1] == '$' || t[d->from - 1] == '+')) {
		return false;
	}
	/* the parts of decimals, versions and addresses of machines */
	return !(d->from > 1 && t[d->from - 1] == '.' &&
		 guard_is_digit(t[d->from - 2])) &&
	       !(t[d->to] == '.' && guard_is_digit(t[d->to + 1]));
}

/* "+44 113 496 0018": what follows a country's code is a phone number. */
static bool follows_country(const struct guard_doc *doc, size_t from)
{
	size_t at = from;

	while (at > 0 && from - at < 6 && doc->text[at - 1] != '+' &&
	       (doc->text[at - 1] == ' ' ||
		guard_is_digit(doc->text[at - 1]))) {
		at--;
	}
	return at > 0 && at < from && doc->text[at - 1] == '+';
}

/* Ten digits, or 3-3-4 with one sign or spaces between, at @at. */
static bool read_number(const struct guard_doc *doc, size_t at,
			struct number *out)
{
	static const char signs[] = "-./_";
	struct number d = { .from = at };
	size_t next;

	if (take(doc, at, DIGITS, &d)) {
		*out = d;
		return true;
	}
	if (!take(doc, at, 3, &d)) {
		return false;
	}
	next = guard_skip_sign(doc, d.to, signs);
	if (next == d.to || !take(doc, next, 3, &d)) {
		return false;
	}
	next = guard_skip_sign(doc, d.to, signs);
	if (next == d.to || !take(doc, next, 4, &d)) {
		return false;
	}
	d.is_shaped = true;
	*out = d;
	return true;
}

/* Groups of digits of any size, up to 12 digits in all. */
static size_t read_any(const struct guard_doc *doc, size_t at,
		       struct number *out)
{
	struct number d = { .from = at };
	size_t total = 0;
	size_t end;

	for (;;) {
		end = guard_digits_end(doc, at);
		if (end == at || total + end - at > 12) {
			break;
		}
		for (; at < end; at++) {
			if (d.n < DIGITS) {
				d.digit[d.n] = (unsigned)(doc->text[at] - '0');
				d.n++;
			}
			total++;
		}
		d.to = end;
		at = guard_skip_sign(doc, end, "-./_");
	}
	*out = d;
	return total;
}

/*
 * What is called an NHS number at @at: nine to eleven digits in any grouping
 * are one, if mistyped.
 */
static void judge_called(struct guard_doc *doc, size_t at)
{
	struct number d;
	size_t n = DIGITS;

	if (!read_number(doc, at, &d)) {
		n = read_any(doc, at, &d);
	}
	if (n < 9 || n > 11 || (n == DIGITS && all_equal(&d))) {
		return;
	}
	if (n == DIGITS && passes(&d)) {
		judge(doc, &d, true);
	} else {
		add(doc, GUARD_NHS_NUMBER_MALFORMED, GUARD_WARN, &d);
	}
}

static void scan_word(struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const names[] = { "nhs", "chi", "hsc", NULL };
	static const char *const numbers[] = { "number", "num", "no",
					       "nr",     "id",  NULL };
	static const char *const labels[] = { "number", "num", "no",  "nr",
					      "id",     "is",  "was", NULL };
	size_t at;

	if (!guard_word_in(doc, from, to, names)) {
		return;
	}
	at = guard_skip_label(doc, to, labels);
	if (guard_has_word(doc, to, at, numbers) &&
	    guard_is_digit(doc->text[at])) {
		judge_called(doc, at);
	}
}

void guard_scan_nhs(struct guard_doc *doc)
{
	struct number d;
	size_t at = 0;
	size_t end;

	while (at < doc->n) {
		if (guard_is_letter(doc->text[at])) {
			end = guard_word_end(doc, at);
			scan_word(doc, at, end);
			at = end;
		} else if (guard_is_digit(doc->text[at])) {
			if (read_number(doc, at, &d) && !all_equal(&d) &&
			    passes(&d) && is_bounded(doc, &d) &&
			    !follows_country(doc, d.from)) {
				judge(doc, &d, false);
			}
			at = guard_digits_end(doc, at);
		} else {
			at++;
		}
	}
}
