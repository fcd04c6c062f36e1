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
#define NAME_NEAR   (GUARD_LABEL_MAX + 8u)
#define JOINT_MAX   8u /* characters between two groups */
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

static bool is_near(const struct guard_doc *doc, const struct number *d)
{
	return guard_is_near(doc, d->from, d->to, NEAR_BEFORE, NEAR_AFTER,
			     near_words);
}

/* "4010232137 units": how many, not who. */
static bool is_count(const struct guard_doc *doc, const struct number *d)
{
	static const char *const counted[] = {
		"units",  "pounds",  "pence", "bytes", "people", "records",
		"events", "seconds", "doses", "tests", "tonnes", "minutes",
		"hours",  "copies",  "items", NULL
	};
	size_t at = guard_skip_spaces(doc, d->to);

	return !d->is_shaped && at > d->to &&
	       guard_word_in(doc, at, guard_word_end(doc, at), counted);
}

/* @d passes the check; @is_called where the words before it name it. */
static void judge(struct guard_doc *doc, const struct number *d, bool is_called)
{
	bool likely = is_called || d->is_shaped || is_near(doc, d);
	enum range range = range_of(d);

	if (!likely && is_count(doc, d)) {
		return;
	}
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

/*
 * Letters joined to a number: a word, or one letter before or behind it, but
 * not a part of a hexadecimal number.
 */
static bool is_plain_word(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const words[] = { "bed", "dad", "dead", NULL };
	size_t i;

	for (i = from; i < to; i++) {
		if (guard_lower(doc->text[i]) > 'f') {
			return true;
		}
	}
	return (to == from + 1 && guard_is_upper(doc->text[from])) ||
	       guard_word_in(doc, from, to, words);
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

/*
 * Past what may stand between the groups of one number: a short run of spaces
 * and signs with at most one line's end, behind which a comment or a quotation
 * may go on. A comma or a bar joins only where it stands alone: with a space
 * it parts the numbers of a list. @at where nothing joins.
 */
static size_t skip_joint(const struct guard_doc *doc, size_t at, char *out_sign)
{
	const char *t = doc->text;
	size_t i;
	bool new_line = false;

	*out_sign = ' ';
	if (t[at] == ',' || t[at] == '|') {
		*out_sign = t[at];
		return (doc->flags & GUARD_IN_TABLE) == 0 ? at + 1 : at;
	}
	for (i = at; i < at + JOINT_MAX && t[i] != '\0'; i++) {
		if (t[i] == '\n') {
			if (new_line || (doc->flags & GUARD_IN_TABLE) != 0) {
				break;
			}
			new_line = true;
		} else if (strchr(new_line ? " -./_*()~:+#>" : " -./_*()~:+",
				  t[i]) == NULL) {
			break;
		}
	}
	return i;
}

/* Does this sign, and a digit beyond it, stand before or behind @d? */
static bool goes_on(const struct guard_doc *doc, const struct number *d,
		    char sign)
{
	const char *t = doc->text;

	return (t[d->to] == sign && guard_is_digit(t[d->to + 1])) ||
	       (d->from > 1 && t[d->from - 1] == sign &&
		guard_is_digit(t[d->from - 2]));
}

/* 3-3-4 */
static bool read_shaped(const struct guard_doc *doc, size_t at,
			struct number *out)
{
	struct number d = { .from = at };
	char first;
	char second;
	size_t next;

	if (!take(doc, at, 3, &d)) {
		return false;
	}
	next = skip_joint(doc, d.to, &first);
	if (next == d.to || !take(doc, next, 3, &d)) {
		return false;
	}
	next = skip_joint(doc, d.to, &second);
	if (next == d.to || first != second || !take(doc, next, 4, &d) ||
	    (first != ' ' && goes_on(doc, &d, first))) {
		return false;
	}
	d.is_shaped = true;
	*out = d;
	return true;
}

/*
 * Ten digits in two to four groups otherwise, as somebody types who does not
 * know where the spaces go: one and the same sign between, and no more numbers
 * around. Two short groups side by side are a date's or a list's.
 */
static bool read_grouped(const struct guard_doc *doc, size_t at,
			 struct number *out)
{
	struct number d = { .from = at };
	size_t before = DIGITS;
	char sign = doc->text[guard_digits_end(doc, at)];
	size_t groups;
	size_t n;

	if (sign == '\0' || strchr(" -./_", sign) == NULL) {
		return false;
	}
	for (groups = 0; groups < 4 && d.n < DIGITS; groups++) {
		n = guard_digits_end(doc, at) - at;
		if (n < 2 || (n == 2 && before == 2) || !take(doc, at, n, &d)) {
			return false;
		}
		before = n;
		at = d.to + (doc->text[d.to] == sign);
	}
	if (d.n < DIGITS || goes_on(doc, &d, sign)) {
		return false;
	}
	*out = d;
	return true;
}

/* Ten digits, or 3-3-4, at @at. */
static bool read_number(const struct guard_doc *doc, size_t at,
			struct number *out)
{
	struct number d = { .from = at };

	if (take(doc, at, DIGITS, &d)) {
		*out = d;
		return true;
	}
	return read_shaped(doc, at, out);
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

static void scan_digits(struct guard_doc *doc, size_t at)
{
	struct number d;

	if (!read_number(doc, at, &d) &&
	    (!read_grouped(doc, at, &d) || !is_near(doc, &d))) {
		return;
	}
	if (passes(&d) && !all_equal(&d) && is_bounded(doc, &d) &&
	    !follows_country(doc, d.from)) {
		judge(doc, &d, false);
	}
}

void guard_scan_nhs(struct guard_doc *doc)
{
	size_t digit = guard_next_digit(doc, 0);
	size_t at = 0;
	size_t end;

	while (digit < doc->n) {
		if (guard_is_letter(doc->text[at])) {
			end = guard_word_end(doc, at);
			if (digit - end <= NAME_NEAR) {
				scan_word(doc, at, end);
			}
			at = end;
		} else if (at == digit) {
			scan_digits(doc, at);
			at = guard_digits_end(doc, at);
			digit = guard_next_digit(doc, at);
		} else {
			at++;
		}
	}
}
