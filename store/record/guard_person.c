/*
 * People: names behind a title, and exact ages.
 *
 * A name in prose without a title is not found: nobody can tell it from other
 * words.
 */
#include <string.h>

#include "store/record/guard_private.h"

#define AGE_MAX   120u
#define TITLE_MAX 9u /* "professor" */

/* ---- names ---- */

/*
 * "Mr" and "mr", but not "ms" (a disease, a time). "MR" may be a scan: then
 * what follows must be a name in capitals, too.
 */
static bool is_title(const struct guard_doc *doc, size_t from, size_t to,
		     const char *const *titles)
{
	const char *s = doc->text + from;

	if (!guard_word_in(doc, from, to, titles)) {
		return false;
	}
	if (guard_is_upper(s[0])) {
		return true;
	}
	return guard_word_is(doc, from, to, "mr") ||
	       guard_word_is(doc, from, to, "mrs") ||
	       guard_word_is(doc, from, to, "dr") ||
	       guard_word_is(doc, from, to, "prof");
}

/* "J", "J.", "JA": initials before a surname. */
static size_t skip_initials(const struct guard_doc *doc, size_t at)
{
	size_t tries;
	size_t end;
	size_t next;

	for (tries = 0; tries < 3; tries++) {
		end = guard_word_end(doc, at);
		next = guard_skip_sign(doc, end, ".");
		if (end == at || end - at > 2 ||
		    !guard_is_upper(doc->text[at]) ||
		    (end - at == 2 && !guard_is_upper(doc->text[at + 1])) ||
		    next == end) {
			break;
		}
		at = next;
	}
	return at;
}

/* "van", "de", "O'" */
static size_t skip_particle(const struct guard_doc *doc, size_t at)
{
	static const char *const particles[] = { "van", "von", "de", "der",
						 "den", "di",  "da", "al",
						 "el",  "la",  "le", NULL };
	size_t tries;
	size_t end;
	size_t next;

	for (tries = 0; tries < 2; tries++) {
		end = guard_word_end(doc, at);
		next = guard_skip_sign(doc, end, "-");
		if (!guard_word_in(doc, at, end, particles) || next == end ||
		    !guard_is_letter(doc->text[next])) {
			break;
		}
		at = next;
	}
	if (guard_is_letter(doc->text[at]) && doc->text[at + 1] == '\'' &&
	    guard_is_letter(doc->text[at + 2])) {
		at += 2;
	}
	return at;
}

/* Words behind a title that are nobody's name. */
static bool is_no_name(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const words[] = {
		"scan",   "scans", "imaging", "angiogram", "scanner",
		"foster", "and",   "or",      "who",       "the",
		"of",     "in",    "on",      "is",        "was",
		"to",     "for",   "at",      "led",       "with",
		"site",   "plan",  "test",    "screening", "team",
		"clinic", "nurse", "nurses",  "service",   "services",
		"this",   "that",  "out",     "dose",      "doses",
		"mri",    "not",   "images",  "society",   "patients",
		NULL
	};

	return guard_word_in(doc, from, to, words);
}

static bool is_all_upper(const struct guard_doc *doc, size_t from, size_t to)
{
	while (from < to && guard_is_upper(doc->text[from])) {
		from++;
	}
	return from == to;
}

static void scan_title(struct guard_doc *doc, size_t from, size_t to,
		       enum guard_kind kind)
{
	bool small = !guard_is_upper(doc->text[from]);
	size_t at = to;
	size_t name;
	size_t end;

	if (doc->text[at] == '.') {
		at++;
	}
	name = guard_skip_spaces(doc, at);
	if (name == to) {
		return;
	}
	name = skip_particle(doc, skip_initials(doc, name));
	end = guard_word_end(doc, name);
	if (end < name + 2 || is_no_name(doc, name, end) ||
	    (!guard_is_upper(doc->text[name]) && !small) ||
	    (small && end < name + 3) ||
	    (is_all_upper(doc, from, to) &&
	     (end < name + 3 || !is_all_upper(doc, name, end))) ||
	    (end == name + 2 && guard_is_upper(doc->text[name + 1]))) {
		return;
	}
	guard_add(doc, kind, GUARD_WARN, from, to, end);
}

void guard_scan_names(struct guard_doc *doc)
{
	static const char *const people[] = { "mr",   "mrs", "ms",
					      "miss", "mx",  NULL };
	static const char *const staff[] = { "dr", "prof", "professor", NULL };
	size_t at = 0;
	size_t end;

	while (at < doc->n) {
		end = guard_word_end(doc, at);
		if (end == at) {
			at++;
			continue;
		}
		if (end - at > TITLE_MAX ||
		    strchr("mdpMDP", doc->text[at]) == NULL) {
			at = end; /* no title begins so */
			continue;
		}
		if (is_title(doc, at, end, people)) {
			scan_title(doc, at, end, GUARD_PERSON_NAME);
		} else if (is_title(doc, at, end, staff)) {
			scan_title(doc, at, end, GUARD_STAFF_NAME);
		}
		at = end;
	}
}

/* ---- ages ---- */

static const char *const person_words[] = {
	"man",     "woman",    "boy",      "girl",    "person",
	"patient", "male",     "female",   "lady",    "gentleman",
	"child",   "baby",     "infant",   "twin",    "neonate",
	"newborn", "prisoner", "resident", "mother",  "father",
	"son",     "daughter", "teenager", "student", NULL
};

/* "65 and over", "18 to 65", "65+", "aged 0-4": a band, not an age. */
static bool is_open_ended(const struct guard_doc *doc, size_t at)
{
	static const char *const joins[] = { "and", "or",   "years",
					     "yrs", "year", NULL };
	static const char *const ends[] = { "over",    "older",   "above",
					    "under",   "younger", "below",
					    "up",      "more",    "less",
					    "upwards", "to",      "plus",
					    "olds",    "through", NULL };
	size_t tries;
	size_t end;

	for (tries = 0; tries < 3; tries++) {
		at = guard_skip_spaces(doc, at);
		if (doc->text[at] == '+' || doc->text[at] == '-' ||
		    guard_is_digit(doc->text[at])) {
			return true;
		}
		end = guard_word_end(doc, at);
		if (guard_word_in(doc, at, end, ends)) {
			return true;
		}
		if (!guard_word_in(doc, at, end, joins)) {
			return false;
		}
		at = end;
	}
	return false;
}

/* "over 75", "mean age 67", "16 to 18" */
static bool is_bounded(const struct guard_doc *doc, size_t at)
{
	static const char *const bounds[] = {
		"under",   "over",    "above",  "below",       "than",
		"least",   "most",    "to",     "from",        "until",
		"minimum", "maximum", "mean",   "median",      "average",
		"working", "school",  "and",    "or",          "between",
		"by",      "about",   "around", "gestational", "limit",
		"older",   "younger", "of",     NULL
	};
	size_t from;
	size_t to;

	if (at > 1 && doc->text[at - 1] == '-' &&
	    guard_is_digit(doc->text[at - 2])) {
		return true;
	}
	return guard_word_before(doc, at, &from, &to) &&
	       guard_word_in(doc, from, to, bounds);
}

static bool is_thing(const struct guard_doc *doc, size_t at)
{
	static const char *const things[] = {
		"system",   "building", "equipment", "policy",  "guideline",
		"software", "ward",     "device",    "service", "record",
		"records",  "data",     "programme", "project", "hospital",
		"machine",  "form",     "version",   "it",      "computer",
		"study",    "protocol", "problem",   "unit",    "trust",
		"practice", "scheme",   "one",       "ones",    "process",
		"team",     NULL
	};
	size_t from = guard_skip_spaces(doc, at);

	return guard_word_in(doc, from, guard_word_end(doc, from), things);
}

/* "-year-old", " years old", "yo": the end, or @at. */
static size_t unit_end(const struct guard_doc *doc, size_t at, bool *out_years)
{
	static const char *const years[] = { "year", "years", "yr",
					     "yrs",  "y",     NULL };
	static const char *const others[] = { "month", "months", "week",
					      "weeks", "day",    "days",
					      NULL };
	size_t from = guard_skip_sign(doc, at, "-");
	size_t to = guard_word_end(doc, from);
	size_t next;

	*out_years = true;
	if (guard_word_is(doc, from, to, "yo") ||
	    (guard_word_is(doc, from, to, "y") && doc->text[to] == '/' &&
	     guard_lower(doc->text[to + 1]) == 'o' &&
	     !guard_is_alnum(doc->text[to + 2]))) {
		return guard_word_is(doc, from, to, "yo") ? to : to + 2;
	}
	*out_years = guard_word_in(doc, from, to, years);
	if (!*out_years && !guard_word_in(doc, from, to, others)) {
		return at;
	}
	next = guard_skip_sign(doc, to, "-.");
	to = guard_word_end(doc, next);
	return guard_word_is(doc, next, to, "old") ? to : at;
}

/* Is what stands before the number "aged", or "age" with nothing around it? */
static bool is_called_age(const struct guard_doc *doc, size_t at,
			  size_t *out_from)
{
	size_t from;
	size_t to;

	if (at > 0 && doc->text[at - 1] == ':') {
		at--;
	} else if (at > 1 && doc->text[at - 1] == ' ' &&
		   doc->text[at - 2] == ':') {
		at -= 2;
	}
	if (!guard_word_before(doc, at, &from, &to)) {
		return false;
	}
	*out_from = from;
	return guard_word_is(doc, from, to, "aged") ||
	       (guard_word_is(doc, from, to, "age") && !is_bounded(doc, from));
}

static void scan_age(struct guard_doc *doc, size_t at, size_t end)
{
	size_t from;
	size_t to;
	bool years;

	to = unit_end(doc, end, &years);
	if (to > end) {
		size_t next = guard_skip_spaces(doc, to);
		bool is_person =
			guard_word_in(doc, next, guard_word_end(doc, next),
				      person_words);

		if (!is_bounded(doc, at) && !is_open_ended(doc, to) &&
		    (years ? !is_thing(doc, to) : is_person)) {
			guard_add(doc, GUARD_EXACT_AGE, GUARD_WARN, at, at, to);
		}
		return;
	}
	if (is_called_age(doc, at, &from) && !is_open_ended(doc, end)) {
		static const char *const others[] = {
			"week", "weeks", "month", "months", "day", "days", NULL
		};
		size_t next = guard_skip_spaces(doc, end);

		if (!guard_word_in(doc, next, guard_word_end(doc, next),
				   others)) {
			guard_add(doc, GUARD_EXACT_AGE, GUARD_WARN, from, at,
				  end);
		}
	}
}

void guard_scan_ages(struct guard_doc *doc)
{
	size_t at = 0;
	size_t end;
	unsigned age;
	size_t i;

	for (;;) {
		at = guard_next_digit(doc, at);
		if (at >= doc->n) {
			return;
		}
		end = guard_digits_end(doc, at);
		age = 0;
		for (i = at; i < end && age <= AGE_MAX; i++) {
			age = age * 10 + (unsigned)(doc->text[i] - '0');
		}
		if (end - at <= 3 && age >= 1 && age <= AGE_MAX &&
		    (at == 0 ||
		     (!guard_is_alnum(doc->text[at - 1]) &&
		      doc->text[at - 1] != '.' && doc->text[at - 1] != '$')) &&
		    !(doc->text[end] == '.' &&
		      guard_is_digit(doc->text[end + 1]))) {
			scan_age(doc, at, end);
		}
		at = end;
	}
}
