/*
 * Full postcodes: about fifteen homes each. Alone it may be an
 * organisation's; near words for a person or a home it is not.
 */
#include <string.h>

#include "store/record/guard_private.h"

#define NEAR_BEFORE 40u
#define NEAR_AFTER  30u

/* Royal Mail's postcode areas. */
static const char *const areas[] = {
	"ab", "al", "b",  "ba", "bb", "bd", "bh", "bl", "bn", "br", "bs", "bt",
	"ca", "cb", "cf", "ch", "cm", "co", "cr", "ct", "cv", "cw", "da", "dd",
	"de", "dg", "dh", "dl", "dn", "dt", "dy", "e",  "ec", "eh", "en", "ex",
	"fk", "fy", "g",  "gl", "gu", "gy", "ha", "hd", "hg", "hp", "hr", "hs",
	"hu", "hx", "ig", "im", "ip", "iv", "je", "ka", "kt", "kw", "ky", "l",
	"la", "ld", "le", "ll", "ln", "ls", "lu", "m",  "me", "mk", "ml", "n",
	"ne", "ng", "nn", "np", "nr", "nw", "ol", "ox", "pa", "pe", "ph", "pl",
	"po", "pr", "rg", "rh", "rm", "s",  "sa", "se", "sg", "sk", "sl", "sm",
	"sn", "so", "sp", "sr", "ss", "st", "sw", "sy", "ta", "td", "tf", "tn",
	"tq", "tr", "ts", "tw", "ub", "w",  "wa", "wc", "wd", "wf", "wn", "wr",
	"ws", "wv", "yo", "ze", NULL
};

struct postcode {
	size_t to;
	bool is_upper;
	bool is_spaced;
};

/* The "4AP". */
static bool is_inward(const struct guard_doc *doc, size_t at)
{
	const char *s = doc->text + at;
	size_t i;
	char c;

	if (!guard_is_digit(s[0])) {
		return false;
	}
	for (i = 1; i < 3; i++) {
		c = guard_lower(s[i]);
		if (c < 'a' || c > 'z' || strchr("cikmov", c) != NULL) {
			return false;
		}
	}
	return !guard_is_alnum(s[3]);
}

/* "1st", "2nd", "3rd", "4th" */
static bool is_ordinal(const struct guard_doc *doc, size_t at)
{
	static const char *const ends[] = { "st", "nd", "rd", "th", NULL };

	return guard_word_in(doc, at + 1, at + 3, ends);
}

static bool read_postcode(const struct guard_doc *doc, size_t at,
			  struct postcode *out)
{
	const char *s = doc->text;
	size_t letters = guard_word_end(doc, at);
	size_t digits = guard_digits_end(doc, letters);
	size_t out_end;
	size_t in;
	bool has_suffix; /* W1A */

	if (letters - at > 2 || digits == letters || digits - letters > 3 ||
	    !guard_word_in(doc, at, letters, areas)) {
		return false;
	}
	has_suffix = digits - letters == 1 && guard_is_letter(s[digits]) &&
		     !guard_is_letter(s[digits + 1]);
	out_end = has_suffix ? digits + 1 : digits;
	in = guard_skip_spaces(doc, out_end);
	out->is_spaced = in > out_end;
	if (!out->is_spaced) {
		/* LS14AP: the last digit is the inward part's */
		in = has_suffix ? out_end : digits - 1;
		out_end = in;
	}
	if (out_end - letters < 1 ||
	    guard_digits_end(doc, letters) - letters >
		    (out->is_spaced ? 2u : 3u) ||
	    !is_inward(doc, in)) {
		return false;
	}
	out->is_upper = guard_is_upper(s[at]) && guard_is_upper(s[in + 1]) &&
			guard_is_upper(s[in + 2]);
	out->to = in + 3;
	return out->is_upper || !is_ordinal(doc, in);
}

/* A word for a person or where they live; "care home", "patient safety" not. */
static bool names_home(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const homes[] = { "lives",    "lived",    "living",
					     "resides",  "resident", "address",
					     "residing", "tenant",   NULL };
	static const char *const offices[] = {
		"safety",      "experience", "advice",        "liaison",
		"involvement", "partner",    "partners",      "transport",
		"services",    "group",      "participation", "care",
		NULL
	};
	static const char *const pages[] = { "page",      "office",   "oxygen",
					     "treatment", "visiting", "team",
					     NULL };
	static const char *const staff[] = { "doctor",    "doctors", "staff",
					     "physician", "team",    NULL };
	static const char *const keepers[] = { "care", "nursing", "residential",
					       NULL };
	size_t before_from;
	size_t before_to;
	size_t next = guard_skip_spaces(doc, to);
	size_t next_to = guard_word_end(doc, next);

	if (guard_word_is(doc, from, to, "patient")) {
		return !guard_word_in(doc, next, next_to, offices);
	}
	if (guard_word_is(doc, from, to, "resident")) {
		return !guard_word_in(doc, next, next_to, staff);
	}
	if (guard_word_is(doc, from, to, "home")) {
		return !guard_word_in(doc, next, next_to, pages) &&
		       (!guard_word_before(doc, from, &before_from,
					   &before_to) ||
			!guard_word_in(doc, before_from, before_to, keepers));
	}
	return guard_word_in(doc, from, to, homes);
}

static bool has_home(const struct guard_doc *doc, size_t from, size_t to)
{
	size_t at = from;
	size_t end;

	while (at > 0 && at < to && guard_is_letter(doc->text[at - 1])) {
		at++;
	}
	while (at < to && at < doc->n) {
		end = guard_word_end(doc, at);
		if (end > at && end <= to && names_home(doc, at, end)) {
			return true;
		}
		at = end + 1;
	}
	return false;
}

static void judge(struct guard_doc *doc, size_t at, const struct postcode *p)
{
	size_t first = at > NEAR_BEFORE ? at - NEAR_BEFORE : 0;
	bool is_home = has_home(doc, first, at) ||
		       has_home(doc, p->to, p->to + NEAR_AFTER);
	size_t clear = guard_word_end(doc, at);

	if (is_home) {
		guard_add(doc, GUARD_POSTCODE, GUARD_BLOCK, at, clear, p->to);
	} else if (p->is_upper || p->is_spaced) {
		guard_add(doc, GUARD_POSTCODE, GUARD_WARN, at, clear, p->to);
	}
}

void guard_scan_postcodes(struct guard_doc *doc)
{
	struct postcode p;
	size_t at = 0;
	size_t end;

	while (at < doc->n) {
		if (!guard_is_letter(doc->text[at])) {
			at++;
			continue;
		}
		end = guard_word_end(doc, at);
		if (end - at > 2 || !guard_is_digit(doc->text[end])) {
			at = end; /* no area, as nearly all words */
			continue;
		}
		if ((at == 0 || !guard_is_digit(doc->text[at - 1])) &&
		    read_postcode(doc, at, &p)) {
			judge(doc, at, &p);
			end = p.to;
		}
		at = end;
	}
}
