/*
 * Dates of birth, and exact dates of what happened to somebody.
 *
 * A date alone is a project's. It is somebody's where it stands by a word for
 * a birth, a death or a stay in hospital, unless that speaks of many people:
 * "babies born since 1 April 2024".
 */
#include <string.h>

#include "store/record/guard_private.h"

#define BIRTH_NEAR   25u
#define EVENT_BEFORE 30u
#define EVENT_AFTER  40u

struct date {
	size_t from;
	size_t to;
	bool has_year;
	bool is_packed; /* 19510312: a date only where it is said to be */
};

static const char *const cohort_words[] = { "from",    "since",    "after",
					    "before",  "until",    "till",
					    "between", "by",       "to",
					    "and",     "start",    "starting",
					    "started", "launched", NULL };

static unsigned value(const struct guard_doc *doc, size_t from, size_t to)
{
	unsigned v = 0;

	for (; from < to; from++) {
		v = v * 10 + (unsigned)(doc->text[from] - '0');
	}
	return v;
}

static bool is_year(unsigned y)
{
	return y >= 1880 && y <= 2199;
}

/* One and the same sign between the parts, or spaces. */
static size_t skip_part(const struct guard_doc *doc, size_t at, char *sign)
{
	size_t next = guard_skip_sign(doc, at, "-/.");
	char c = ' ';
	size_t i;

	for (i = at; i < next; i++) {
		if (doc->text[i] != ' ' && doc->text[i] != '\n') {
			c = doc->text[i];
		}
	}
	if (next == at || (*sign != '\0' && *sign != c)) {
		return at;
	}
	*sign = c;
	return next;
}

static bool is_day_month(unsigned a, unsigned b)
{
	return a >= 1 && b >= 1 &&
	       ((a <= 31 && b <= 12) || (a <= 12 && b <= 31));
}

/* 12/03/1951, 12.3.51, 1951-03-12 */
static bool read_numeric(const struct guard_doc *doc, size_t at,
			 struct date *out)
{
	size_t from[3];
	size_t to[3];
	unsigned v[3];
	char sign = '\0';
	size_t i;

	for (i = 0; i < 3; i++) {
		from[i] = at;
		to[i] = guard_digits_end(doc, at);
		if (to[i] == at || to[i] - at > 4) {
			return false;
		}
		v[i] = value(doc, at, to[i]);
		at = i < 2 ? skip_part(doc, to[i], &sign) : at;
		if (i < 2 && at == to[i]) {
			return false;
		}
	}
	if (to[1] - from[1] > 2) {
		return false;
	}
	*out = (struct date){ .from = from[0], .to = to[2], .has_year = true };
	if (to[0] - from[0] == 4) {
		return is_year(v[0]) && to[2] - from[2] <= 2 &&
		       is_day_month(v[2], v[1]);
	}
	return to[0] - from[0] <= 2 && is_day_month(v[0], v[1]) &&
	       (to[2] - from[2] == 2 ||
		(to[2] - from[2] == 4 && is_year(v[2])));
}

static bool is_month(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const months[] = {
		"january",  "february", "march",  "april",     "may",
		"june",     "july",     "august", "september", "october",
		"november", "december", "jan",    "feb",       "mar",
		"apr",      "jun",      "jul",    "aug",       "sep",
		"sept",     "oct",      "nov",    "dec",       NULL
	};

	return guard_word_in(doc, from, to, months);
}

/* A year behind a date; @at where there is none. */
static size_t year_end(const struct guard_doc *doc, size_t at)
{
	size_t next = guard_skip_sign(doc, at, ",.-'/");
	size_t end = guard_digits_end(doc, next);

	if (next > at &&
	    (end - next == 2 ||
	     (end - next == 4 && is_year(value(doc, next, end))))) {
		return end;
	}
	return at;
}

static size_t skip_ordinal(const struct guard_doc *doc, size_t at,
			   bool *out_there)
{
	static const char *const ends[] = { "st", "nd", "rd", "th", NULL };
	size_t end = guard_word_end(doc, at);

	*out_there = end == at + 2 && guard_word_in(doc, at, end, ends);
	return *out_there ? end : at;
}

/* 12 March 2025, 3rd of June, 12Mar25; without a year only if plain. */
static bool read_day_first(const struct guard_doc *doc, size_t at,
			   struct date *out)
{
	size_t day_end = guard_digits_end(doc, at);
	bool ordinal;
	size_t month;
	size_t month_end;
	size_t end;

	if (day_end - at > 2 || value(doc, at, day_end) < 1 ||
	    value(doc, at, day_end) > 31) {
		return false;
	}
	month = guard_skip_sign(doc, skip_ordinal(doc, day_end, &ordinal),
				"-/.");
	month_end = guard_word_end(doc, month);
	if (guard_word_is(doc, month, month_end, "of")) {
		month = guard_skip_spaces(doc, month_end);
		month_end = guard_word_end(doc, month);
	}
	if (!is_month(doc, month, month_end)) {
		return false;
	}
	end = year_end(doc, month_end);
	if (end == month_end) {
		/* "12Mar2025" */
		end = guard_digits_end(doc, month_end);
	}
	*out = (struct date){ .from = at,
			      .to = end,
			      .has_year = end > month_end };
	return out->has_year || ordinal || guard_is_upper(doc->text[month]);
}

/* March 12, 2025 */
static bool read_month_first(const struct guard_doc *doc, size_t at, size_t to,
			     struct date *out)
{
	size_t day;
	size_t day_end;
	bool ordinal;
	size_t end;

	day = guard_skip_sign(doc, to, ".");
	day_end = guard_digits_end(doc, day);
	if (day_end == day || day == to || !is_month(doc, at, to) ||
	    day_end - day > 2 || value(doc, day, day_end) < 1 ||
	    value(doc, day, day_end) > 31) {
		return false;
	}
	day_end = skip_ordinal(doc, day_end, &ordinal);
	end = year_end(doc, day_end);
	*out = (struct date){ .from = at,
			      .to = end,
			      .has_year = end > day_end };
	return out->has_year || guard_is_upper(doc->text[at]);
}

static bool read_packed(const struct guard_doc *doc, size_t at,
			struct date *out)
{
	size_t end = guard_digits_end(doc, at);
	unsigned v = value(doc, at, end - at > 8 ? at : end);

	*out = (struct date){
		.from = at, .to = end, .has_year = true, .is_packed = true
	};
	if (end - at == 6) {
		return is_day_month(v / 10000, v / 100 % 100);
	}
	return end - at == 8 &&
	       ((is_year(v / 10000) && is_day_month(v % 100, v / 100 % 100)) ||
		(is_year(v % 10000) &&
		 is_day_month(v / 1000000, v / 10000 % 100)));
}

static bool read_date(const struct guard_doc *doc, size_t at, struct date *out)
{
	if (guard_is_letter(doc->text[at])) {
		if (strchr("jfmasondJFMASOND", doc->text[at]) == NULL) {
			return false; /* no month begins so */
		}
		return read_month_first(doc, at, guard_word_end(doc, at), out);
	}
	return read_numeric(doc, at, out) || read_day_first(doc, at, out) ||
	       read_packed(doc, at, out);
}

/* Does another sentence, or another field of the front matter, begin? */
static bool is_parted(const struct guard_doc *doc, size_t from, size_t to)
{
	bool new_line = false;
	size_t i;

	for (i = from; i < to; i++) {
		switch (doc->text[i]) {
		case '\n':
			if (new_line) {
				return true; /* an empty line */
			}
			new_line = true;
			continue;
		case ':':
			if (new_line) {
				return true; /* "started: 2025-01-01" */
			}
			break;
		case '.':
			if (doc->text[i + 1] == ' ' ||
			    doc->text[i + 1] == '\n') {
				return true;
			}
			break;
		case ';':
		case '!':
		case '?':
			return true;
		default:
			break;
		}
	}
	return false;
}

/* Which word for a birth stands from @from to @to? */
enum birth { BIRTH_NONE, BIRTH_DATE, BIRTH_EVENT };

static enum birth birth_of(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const dates[] = { "dob", "birthdate", "birthday",
					     NULL };
	static const char *const around[] = { "date", "day", NULL };
	size_t other;
	size_t other_to;

	if (guard_word_in(doc, from, to, dates)) {
		return BIRTH_DATE;
	}
	if (guard_word_is(doc, from, to, "b") && from >= 4 &&
	    guard_lower(doc->text[from - 2]) == 'o' &&
	    guard_lower(doc->text[from - 4]) == 'd' &&
	    !guard_is_alnum(doc->text[from - 1]) &&
	    !guard_is_alnum(doc->text[from - 3])) {
		return BIRTH_DATE; /* D.O.B. */
	}
	if (guard_word_is(doc, from, to, "birth")) {
		other = guard_skip_sign(doc, to, "-_");
		if (guard_word_in(doc, other, guard_word_end(doc, other),
				  around) ||
		    (from > 2 && doc->text[from - 1] == '_') ||
		    (guard_word_before(doc, from, &other, &other_to) &&
		     guard_word_is(doc, other, other_to, "of"))) {
			return BIRTH_DATE;
		}
	}
	return guard_word_is(doc, from, to, "born") ? BIRTH_EVENT : BIRTH_NONE;
}

/* Does the date speak of everybody since then? */
static bool is_cohort(const struct guard_doc *doc, const struct date *d)
{
	size_t from;
	size_t to;

	return guard_word_before(doc, d->from, &from, &to) &&
	       guard_word_in(doc, from, to, cohort_words);
}

/* "babies born on", "the first baby born on": many, or a milestone. */
static bool is_many(const struct guard_doc *doc, size_t born)
{
	static const char *const many[] = { "babies",   "infants",  "children",
					    "neonates", "newborns", "people",
					    "patients", "those",    NULL };
	static const char *const order[] = { "first", "last", NULL };
	size_t from;
	size_t to;

	if (!guard_word_before(doc, born, &from, &to)) {
		return false;
	}
	if (guard_word_in(doc, from, to, many)) {
		return true;
	}
	return guard_word_before(doc, from, &from, &to) &&
	       guard_word_in(doc, from, to, order);
}

/* Do the words from @from to @to make @d a date of birth? */
static bool is_birth_between(const struct guard_doc *doc, size_t word,
			     size_t word_end, const struct date *d)
{
	enum birth birth = birth_of(doc, word, word_end);
	size_t from = word < d->from ? word_end : d->to;
	size_t to = word < d->from ? d->from : word;

	if (birth == BIRTH_NONE || to - from > BIRTH_NEAR) {
		return false;
	}
	return birth == BIRTH_DATE ||
	       (!d->is_packed && d->has_year && !is_cohort(doc, d) &&
		!is_many(doc, word) && !is_parted(doc, from, to) &&
		!guard_has_word(doc, from, to, cohort_words));
}

static bool is_birth(const struct guard_doc *doc, const struct date *d)
{
	size_t at = d->from > BIRTH_NEAR + 10 ? d->from - BIRTH_NEAR - 10 : 0;
	size_t last = d->to + BIRTH_NEAR;
	size_t end;

	while (at < doc->n && at <= last) {
		end = guard_word_end(doc, at);
		if (end == at) {
			at++;
			continue;
		}
		if ((at == 0 || !guard_is_letter(doc->text[at - 1])) &&
		    (end <= d->from || at >= d->to) &&
		    is_birth_between(doc, at, end, d)) {
			return true;
		}
		at = end;
	}
	return false;
}

/* ---- events ---- */

static const char *const events[] = {
	"died",       "dead",        "death",      "deceased",   "born",
	"birth",      "stillborn",   "stillbirth", "killed",     "hanged",
	"drowned",    "suicide",     "overdose",   "overdosed",  "collapsed",
	"fell",       "admitted",    "admission",  "discharged", "discharge",
	"sectioned",  "detained",    "arrested",   "remanded",   "assaulted",
	"miscarried", "miscarriage", "attacked",   "ligature",   NULL
};
static const char *const fatal_events[] = {
	"died",        "dead",      "death",     "deceased",  "stillborn",
	"stillbirth",  "killed",    "hanged",    "drowned",   "suicide",
	"overdose",    "overdosed", "collapsed", "assaulted", "miscarried",
	"miscarriage", "ligature",  NULL
};
/* What else happens on a day. */
static const char *const work_words[] = {
	"meeting",  "review",      "reviews",    "training",  "launch",
	"launched", "policy",      "audit",      "board",     "group",
	"version",  "guideline",   "report",     "programme", "project",
	"workshop", "certificate", "prevention", "summary",   "letter",
	"letters",  "rate",        "rates",      "ward",      "lounge",
	"planning", "pathway",     "checklist",  NULL
};

/* "died on DATE", "death of a patient on DATE", "died: DATE" */
static bool leads_to(const struct guard_doc *doc, size_t from,
		     const struct date *d)
{
	static const char *const joining[] = { "on",   "at",  "in",   "date",
					       "date", "was", "from", NULL };
	size_t word;
	size_t word_to;
	size_t at = from;

	if (is_parted(doc, from, d->from) ||
	    guard_has_word(doc, from, d->from, cohort_words) ||
	    guard_has_word(doc, from, d->from, work_words)) {
		return false;
	}
	while (at < d->from && !guard_is_alnum(doc->text[at])) {
		at++;
	}
	if (at == d->from ||
	    guard_word_in(doc, at, guard_word_end(doc, at), joining)) {
		return true;
	}
	return guard_word_before(doc, d->from, &word, &word_to) &&
	       (guard_word_is(doc, word, word_to, "on") ||
		guard_word_is(doc, word, word_to, "the"));
}

/* "passed away": the @end of "away" where "passed" begins at @at. */
static size_t passed_away_end(const struct guard_doc *doc, size_t at,
			      size_t end)
{
	size_t next;
	size_t next_to;

	if (!guard_word_is(doc, at, end, "passed")) {
		return at;
	}
	next = guard_skip_spaces(doc, end);
	next_to = guard_word_end(doc, next);
	return guard_word_is(doc, next, next_to, "away") ? next_to : at;
}

/* The end of what happened at the word at @at; @at where it is none. */
static size_t event_end(const struct guard_doc *doc, size_t at, size_t end,
			const char *const *words)
{
	return guard_word_in(doc, at, end, words)
		       ? end
		       : passed_away_end(doc, at, end);
}

static bool is_event_before(const struct guard_doc *doc, const struct date *d)
{
	size_t at =
		d->from > EVENT_BEFORE + 12 ? d->from - EVENT_BEFORE - 12 : 0;
	size_t end;
	size_t event;

	while (at < d->from) {
		end = guard_word_end(doc, at);
		if (end == at) {
			at++;
			continue;
		}
		event = event_end(doc, at, end, events);
		if ((at == 0 || !guard_is_letter(doc->text[at - 1])) &&
		    event > at && event <= d->from &&
		    d->from - event <= EVENT_BEFORE &&
		    leads_to(doc, event, d)) {
			return true;
		}
		at = end;
	}
	return false;
}

/* "On 12 March 2025 a patient died" */
static bool is_event_after(const struct guard_doc *doc, const struct date *d)
{
	size_t last = d->to + EVENT_AFTER;
	size_t at = d->to;
	size_t from;
	size_t to;
	size_t end;

	if (guard_word_before(doc, d->from, &from, &to) &&
	    !guard_word_is(doc, from, to, "on")) {
		return false;
	}
	while (at < doc->n && at < last) {
		end = guard_word_end(doc, at);
		if (end == at) {
			at++;
			continue;
		}
		if (event_end(doc, at, end, fatal_events) > at) {
			return !is_parted(doc, d->to, at) &&
			       !guard_has_word(doc, d->to, end + 14,
					       work_words);
		}
		at = end;
	}
	return false;
}

static void judge(struct guard_doc *doc, const struct date *d)
{
	if (is_birth(doc, d)) {
		guard_add(doc, GUARD_DATE_OF_BIRTH, GUARD_BLOCK, d->from,
			  d->from, d->to);
	}
	if (!d->is_packed && (is_event_before(doc, d) ||
			      (d->has_year && is_event_after(doc, d)))) {
		guard_add(doc, GUARD_EVENT_DATE, GUARD_WARN, d->from, d->from,
			  d->to);
	}
}

void guard_scan_dates(struct guard_doc *doc)
{
	struct date d = { .from = 0 };
	size_t at = 0;

	while (at < doc->n) {
		if (!guard_is_alnum(doc->text[at])) {
			at++;
			continue;
		}
		if (read_date(doc, at, &d)) {
			judge(doc, &d);
			at = d.to;
		}
		while (at < doc->n && guard_is_alnum(doc->text[at])) {
			at++;
		}
	}
}
