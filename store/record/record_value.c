/*
 * Single values of a record against their type: numbers are decimal, dates are
 * days that exist, codes are in their list. What is refused is quoted in the
 * problem, with what is allowed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"
#include "store/record/record_private.h"

/* How much of what stands there is quoted. */
#define QUOTE_BYTES 60

/* Lists up to this long are told whole. */
#define CODES_TOLD_MAX 12u

#define NUMBER_BYTES_MAX 20u

#define MAILBOX_BYTES_MAX 254u

/* ---- dates ---------------------------------------------------------------
 */

static bool take_digits(const char **text, size_t n, unsigned *out)
{
	unsigned v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((*text)[i] < '0' || (*text)[i] > '9') {
			return false;
		}
		v = 10 * v + (unsigned)((*text)[i] - '0');
	}
	*text += n;
	*out = v;
	return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
					      31, 31, 30, 31, 30, 31 };
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (unsigned)(month == 2 && leap);
}

/* "YYYY-MM", and what follows in @out_rest. */
static bool take_month(const char *text, unsigned *out_year,
		       unsigned *out_month, const char **out_rest)
{
	if (!take_digits(&text, 4, out_year) || *text++ != '-' ||
	    !take_digits(&text, 2, out_month)) {
		return false;
	}
	*out_rest = text;
	return *out_year >= 1900 && *out_year < 2200 && *out_month >= 1 &&
	       *out_month <= 12;
}

bool date_parse(const char *text, int64_t *out_days)
{
	unsigned year;
	unsigned month;
	unsigned day;
	unsigned y;
	unsigned m;

	if (!take_month(text, &year, &month, &text) || *text++ != '-' ||
	    !take_digits(&text, 2, &day) || *text != '\0' || day < 1 ||
	    day > days_in(year, month)) {
		return false;
	}
	/* years from March on, so that the leap day is a year's last */
	y = month <= 2 ? year - 1 : year;
	m = month <= 2 ? month + 9 : month - 3;
	*out_days = (int64_t)(365 * y + y / 4 - y / 100 + y / 400 +
			      (153 * m + 2) / 5 + day - 1) -
		    719468;
	return true;
}

static bool is_month_or_day(const char *text)
{
	const char *rest;
	unsigned year;
	unsigned month;
	int64_t days;

	return (take_month(text, &year, &month, &rest) && *rest == '\0') ||
	       date_parse(text, &days);
}

/* ---- numbers -------------------------------------------------------------
 */

/* Digits, with "." and digits behind them where @may_have_point. */
static bool is_decimal(const char *text, bool may_have_point)
{
	const char *p = text + (*text == '-');
	size_t n;

	if (strlen(text) > NUMBER_BYTES_MAX) {
		return false;
	}
	n = strspn(p, "0123456789");
	if (n == 0 || (n > 1 && *p == '0')) {
		return false;
	}
	p += n;
	if (may_have_point && *p == '.') {
		n = strspn(++p, "0123456789");
		p += n;
		return n > 0 && *p == '\0';
	}
	return *p == '\0';
}

/* By the codes of a number: ihi_progress is 0.5, 1, 1.5 ... */
static bool is_one_of_numbers(const struct code_list *codes, double v)
{
	size_t i;

	for (i = 0; i < codes->n; i++) {
		if (fabs(strtod(codes->codes[i].code, NULL) - v) < 1e-9) {
			return true;
		}
	}
	return false;
}

/* ---- what is allowed, in words -------------------------------------------
 */

void codes_join(const struct code_list *codes, char *out, size_t size)
{
	size_t used = 0;
	size_t i;
	int n;

	out[0] = '\0';
	for (i = 0; i < codes->n && used < size; i++) {
		n = snprintf(out + used, size - used, "%s%s",
			     i == 0 ? "" : ", ", codes->codes[i].code);
		used += n > 0 ? (size_t)n : 0;
	}
}

static void refuse_code(struct checking *c, const struct field *f,
			const struct value *v, const char *path)
{
	const struct code_list *codes = f->codes;
	const struct code *near =
		c->problems->n < PROBLEMS_MAX
			? code_nearest(codes, span_of(v->text))
			: NULL;
	char meant[160] = "";
	char all[WEALD_MSG_BYTES / 2];

	if (near != NULL) {
		(void)snprintf(meant, sizeof meant, "; did you mean \"%s\"?",
			       near->code);
	}
	if (codes->n <= CODES_TOLD_MAX) {
		codes_join(codes, all, sizeof all);
		record_problem(c, v->line, path,
			       "\"%.*s\" is not allowed%s%s one of %s",
			       QUOTE_BYTES, v->text, meant,
			       near == NULL ? "; write" : " Write", all);
		return;
	}
	record_problem(c, v->line, path,
		       "\"%.*s\" is not allowed%s The %zu codes are listed in "
		       "docs/RECORDS.md under \"%s\"",
		       QUOTE_BYTES, v->text, near == NULL ? "." : meant,
		       codes->n, codes->name);
}

static bool check_code(struct checking *c, const struct field *f,
		       const struct value *v, const char *path)
{
	if (code_find(f->codes, span_of(v->text)) != NULL) {
		return true;
	}
	refuse_code(c, f, v, path);
	return false;
}

static bool check_number(struct checking *c, const struct field *f,
			 const struct value *v, const char *path)
{
	const bool is_int = f->type == FIELD_INT;
	const bool has_range = f->min < f->max;
	char all[WEALD_MSG_BYTES / 2];
	double number;

	if (!is_decimal(v->text, !is_int)) {
		record_problem(c, v->line, path,
			       "\"%.*s\" is not a %snumber; write digits only, "
			       "such as %s",
			       QUOTE_BYTES, v->text, is_int ? "whole " : "",
			       is_int ? "12" : "4.8");
		return false;
	}
	number = strtod(v->text, NULL);
	if (f->codes != NULL && !is_one_of_numbers(f->codes, number)) {
		codes_join(f->codes, all, sizeof all);
		record_problem(c, v->line, path,
			       "%.*s is not allowed; write one of %s",
			       QUOTE_BYTES, v->text, all);
		return false;
	}
	if (has_range && (number < f->min || number > f->max)) {
		record_problem(c, v->line, path,
			       "%.*s is out of range; write a number from %.0f "
			       "to %.0f",
			       QUOTE_BYTES, v->text, f->min, f->max);
		return false;
	}
	return true;
}

static bool check_bool(struct checking *c, const struct value *v,
		       const char *path)
{
	static const char *const words[] = { "true", "yes", "false", "no" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(v->text, words[i]) == 0) {
			return true;
		}
	}
	record_problem(c, v->line, path,
		       "\"%.*s\" is neither yes nor no; write yes or no, in "
		       "small letters",
		       QUOTE_BYTES, v->text);
	return false;
}

static bool check_date(struct checking *c, const struct field *f,
		       const struct value *v, const char *path)
{
	const bool is_day = f->type == FIELD_DATE;
	int64_t days;

	if (is_day ? date_parse(v->text, &days) : is_month_or_day(v->text)) {
		return true;
	}
	record_problem(c, v->line, path,
		       "\"%.*s\" is not a %s; write year, month%s, such as %s",
		       QUOTE_BYTES, v->text,
		       is_day ? "day that exists" : "month that exists",
		       is_day ? " and day" : "",
		       is_day ? "2026-01-31" : "2026-12");
	return false;
}

/* ---- texts ---------------------------------------------------------------
 */

static size_t count_words(const char *text)
{
	static const char spaces[] = " \t\n";
	size_t n = 0;

	for (text += strspn(text, spaces); *text != '\0';
	     text += strspn(text, spaces)) {
		n++;
		text += strcspn(text, spaces);
	}
	return n;
}

static size_t count_chars(struct span s)
{
	uint32_t rune;
	size_t n = 0;
	size_t step;

	while (s.len > 0) {
		step = *s.data < 0x80 ? 1 : text_rune(s, &rune);
		step = step == 0 ? 1 : step;
		s.data += step;
		s.len -= step;
		n++;
	}
	return n;
}

static bool is_mailbox(const char *text)
{
	const char *at = strchr(text, '@');
	const char *dot = at == NULL ? NULL : strrchr(at, '.');
	const char *p;

	if (dot == NULL || at == text || strlen(text) > MAILBOX_BYTES_MAX ||
	    strchr(at + 1, '@') != NULL || dot == at + 1 || dot[1] == '\0' ||
	    text[strcspn(text, " \t\n,;<>()[]\"\\")] != '\0') {
		return false;
	}
	for (p = at + 1; *p != '\0'; p++) {
		if (*p == '.' && (p[1] == '.' || p == at + 1)) {
			return false;
		}
	}
	return true;
}

static bool check_text(struct checking *c, const struct field *f,
		       const struct value *v, const char *path)
{
	const size_t chars_max =
		f->chars_max == 0 ? RECORD_TEXT_CHARS_MAX : f->chars_max;
	const size_t words = count_words(v->text);
	const size_t chars = count_chars(span_of(v->text));

	if (words == 0) {
		record_problem(c, v->line, path, "is empty (%s)", f->prompt);
		return false;
	}
	if (f->words_max != 0 && words > f->words_max) {
		record_problem(c, v->line, path,
			       "has %zu words; at most %u are allowed", words,
			       f->words_max);
		return false;
	}
	if (chars > chars_max) {
		record_problem(c, v->line, path,
			       "has %zu characters; at most %zu are allowed",
			       chars, chars_max);
		return false;
	}
	if (strcmp(f->name, "title") == 0 &&
	    text_check_line(span_of(v->text), 1, strlen(v->text), "",
			    WEALD_INVALID, NULL) != WEALD_OK) {
		record_problem(c, v->line, path,
			       "must be one line, without tabs, and without "
			       "spaces at its ends");
		return false;
	}
	if (strcmp(f->name, "mailbox") == 0 && !is_mailbox(v->text)) {
		record_problem(c, v->line, path,
			       "\"%.*s\" is not a mailbox; write the address "
			       "of a shared one, such as safety@example.nhs.uk",
			       QUOTE_BYTES, v->text);
		return false;
	}
	return true;
}

static bool check_path(struct checking *c, const struct value *v,
		       const char *path)
{
	static const char folder[] = PATH_ATTACHMENTS "/";
	static const char ending[] = ".csv";
	struct span name = span_of(v->text);

	if (strncmp(v->text, folder, sizeof folder - 1) == 0) {
		name.data += sizeof folder - 1;
		name.len -= sizeof folder - 1;
	}
	if (path_is_file_name(name) && name.len >= sizeof ending &&
	    memcmp(name.data + name.len - (sizeof ending - 1), ending,
		   sizeof ending - 1) == 0) {
		return true;
	}
	record_problem(c, v->line, path,
		       "\"%.*s\" is not the name of a csv file; write %s and "
		       "put that file beside record.md",
		       QUOTE_BYTES, v->text, RECORD_DATA);
	return false;
}

/* ---- references ----------------------------------------------------------
 */

static bool is_kind_of(const char *kinds, struct span kind)
{
	struct reader r;
	struct span one;

	reader_init(&r, span_of(kinds));
	while (reader_until(&r, ',', &one) == WEALD_OK) {
		if (span_equal(one, kind)) {
			return true;
		}
	}
	(void)reader_take(&r, reader_left(&r), &one);
	return span_equal(one, kind);
}

/* "priority,evidence" as "a priority or evidence" reads */
static void say_kinds(const char *kinds, char *out, size_t size)
{
	size_t used = 0;

	for (; *kinds != '\0' && used + 5 < size; kinds++) {
		if (*kinds == ',') {
			memcpy(out + used, " or ", 4);
			used += 4;
		} else {
			out[used++] = *kinds;
		}
	}
	out[used] = '\0';
}

/* @why: what reference_parse() says of it. */
static void refuse_ref(struct checking *c, const struct value *v,
		       const char *path, const struct weald_msg *why)
{
	const struct span own = span_of("region");
	struct span name = { (const uint8_t *)v->text, strcspn(v->text, "@") };
	struct reference ref;

	if (reference_parse(span_of(v->text), own, &ref, NULL) == WEALD_OK) {
		record_problem(c, v->line, path,
			       "\"%.*s\" does not say the region; "
			       "write region/%.*s",
			       QUOTE_BYTES, v->text, QUOTE_BYTES, v->text);
	} else if (reference_parse(name, own, &ref, NULL) == WEALD_OK) {
		/* it is what stands behind the name */
		record_problem(c, v->line, path, "%s", why->text);
	} else {
		record_problem(c, v->line, path,
			       "\"%.*s\" does not name a record; "
			       "write region/kind/slug, such as "
			       "south-west/problem/late-antibiotics",
			       QUOTE_BYTES, v->text);
	}
}

static bool check_ref(struct checking *c, const struct field *f,
		      const struct value *v, const char *path)
{
	struct weald_msg msg = { .text = "" };
	struct reference ref;
	char kinds[80];

	if (reference_parse(span_of(v->text), span_of(""), &ref, &msg) !=
	    WEALD_OK) {
		refuse_ref(c, v, path, &msg);
		return false;
	}
	say_kinds(f->ref_kinds, kinds, sizeof kinds);
	if (kinds[0] != '\0' && !is_kind_of(f->ref_kinds, ref.kind)) {
		record_problem(c, v->line, path,
			       "\"%.*s\" names a record of kind %.*s; it must "
			       "be of kind %s",
			       QUOTE_BYTES, v->text, (int)ref.kind.len,
			       (const char *)ref.kind.data, kinds);
		return false;
	}
	if (f->ref_pinned && ref.version == 0) {
		record_problem(c, v->line, path,
			       "\"%.*s\" must say the version, such as %.*s@1",
			       QUOTE_BYTES, v->text, QUOTE_BYTES, v->text);
		return false;
	}
	return true;
}

bool record_check_value(struct checking *c, const struct field *f,
			const struct value *v, const char *path)
{
	switch (f->type) {
	case FIELD_CODE:
	case FIELD_CODES:
		return check_code(c, f, v, path);
	case FIELD_REF:
	case FIELD_REFS:
		return check_ref(c, f, v, path);
	case FIELD_DATE:
	case FIELD_MONTH:
		return check_date(c, f, v, path);
	case FIELD_INT:
	case FIELD_NUM:
		return check_number(c, f, v, path);
	case FIELD_BOOL:
		return check_bool(c, v, path);
	case FIELD_PATH:
		return check_path(c, v, path);
	default:
		return check_text(c, f, v, path);
	}
}
