/*
 * Numbers that lead to a person: hospital numbers, incident references, prison
 * numbers, National Insurance numbers.
 */
#include <string.h>

#include "store/record/guard_private.h"

#define REFERENCE_MAX 20u
#define CUSTODY_NEAR  60u
/* Where the number begins at the latest: behind a label, whose last word may
 * go on, and the letters of a token. */
#define NUMBER_NEAR (GUARD_LABEL_MAX + 24u)

/* A token of letters and digits that stands for something. */
struct token {
	size_t from;
	size_t to;
	size_t letters;
	size_t digits;
	bool has_year; /* 2024/12345 */
};

static const char *const naming_words[] = { "number",    "num",        "no",
					    "nr",        "id",         "ref",
					    "reference", "identifier", NULL };
static const char *const linking_words[] = {
	"number",     "num", "no",  "nr",  "id",       "ref",    "reference",
	"identifier", "is",  "was", "web", "incident", "report", NULL
};

static bool is_year(const struct guard_doc *doc, size_t at)
{
	return guard_digits_end(doc, at) == at + 4 &&
	       ((doc->text[at] == '2' && doc->text[at + 1] == '0') ||
		(doc->text[at] == '1' && doc->text[at + 1] == '9'));
}

/* How many digits stand at @at. */
static size_t digits_at(const struct guard_doc *doc, size_t at)
{
	return guard_digits_end(doc, at) - at;
}

/*
 * What joins the groups of a number: one sign, or a space where the groups
 * are short and of one length ("12 34 56"). Returns where the next one begins.
 */
static size_t skip_joint(const struct guard_doc *doc, const struct token *t)
{
	const char *s = doc->text;
	size_t next = t->to + 1;
	size_t n;

	if (!guard_is_digit(s[t->to - 1]) || s[t->to] == '\0' ||
	    strchr("/-_ ", s[t->to]) == NULL || !guard_is_digit(s[next])) {
		return t->to;
	}
	n = digits_at(doc, next);
	if (s[t->to] == ' ' && (n > 3 || digits_at(doc, t->from) != n)) {
		return t->to;
	}
	return next;
}

/* "RX1234567", "W123456", "2024/12345", "12 34 56" */
static bool read_token(const struct guard_doc *doc, size_t at,
		       struct token *out)
{
	struct token t = { .from = at, .to = at };
	const char *s = doc->text;
	size_t next;

	while (guard_is_alnum(s[t.to]) && t.to < at + REFERENCE_MAX) {
		t.digits += guard_is_digit(s[t.to]);
		t.letters += guard_is_letter(s[t.to]);
		t.to++;
		next = skip_joint(doc, &t);
		if (next > t.to && t.to == at + 4 && s[t.to] != ' ') {
			t.has_year = is_year(doc, at);
		}
		t.to = next;
	}
	*out = t;
	return t.digits >= 3 && t.letters <= 5 && !guard_is_alnum(s[t.to]);
}

static void add_token(struct guard_doc *doc, enum guard_kind kind,
		      enum guard_verdict verdict, size_t from,
		      const struct token *t)
{
	guard_add(doc, kind, verdict, from, t->from, t->to);
}

/* Counts are no numbers of a person: "Datix 12000 incidents". */
static bool is_count(const struct guard_doc *doc, const struct token *t)
{
	static const char *const counted[] = {
		"incidents", "reports",  "records",    "events", "cases",
		"entries",   "forms",    "patients",   "people", "referrals",
		"beds",      "units",    "staff",      "visits", "doses",
		"tests",     "episodes", "admissions", NULL
	};
	size_t at = guard_skip_spaces(doc, t->to);

	return t->letters == 0 &&
	       guard_word_in(doc, at, guard_word_end(doc, at), counted);
}

/* "RX 1234567": the letters of a hospital apart from the digits. */
static bool read_apart(const struct guard_doc *doc, size_t at,
		       struct token *out)
{
	size_t letters = guard_word_end(doc, at);
	size_t digits = guard_skip_sign(doc, letters, "-");
	size_t i;

	for (i = at; i < letters; i++) {
		if (!guard_is_upper(doc->text[i])) {
			return false;
		}
	}
	*out = (struct token){ .from = at,
			       .to = guard_digits_end(doc, digits),
			       .letters = letters - at };
	out->digits = out->to - digits;
	return out->letters >= 1 && out->letters <= 3 && digits > letters &&
	       out->digits >= 5 && !guard_is_alnum(doc->text[out->to]);
}

/* "2024/25", "2024-2025" */
static bool is_two_years(const struct guard_doc *doc, const struct token *t)
{
	size_t n = t->digits - 4;
	unsigned first = 0;
	unsigned second = 0;
	size_t i;

	if (!t->has_year || t->letters != 0 || (n != 2 && n != 4)) {
		return false;
	}
	for (i = t->from + 2; i < t->from + 4; i++) {
		first = first * 10 + (unsigned)(doc->text[i] - '0');
	}
	for (i = t->to - 2; i < t->to; i++) {
		second = second * 10 + (unsigned)(doc->text[i] - '0');
	}
	return second == (first + 1) % 100 &&
	       (n == 2 || is_year(doc, t->to - 4));
}

/* The name is said from @from to @to: is there a number behind it? */
static void scan_hospital(struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const alone[] = { "mrn", "casenote", NULL };
	static const char *const first[] = {
		"hospital", "hosp", "patient",   "unit",     "casenotes",
		"district", "pas",  "rio",       "systmone", "emis",
		"note",     "cris", "carenotes", NULL
	};
	struct token t;
	size_t at;

	if (guard_word_in(doc, from, to, alone)) {
		at = guard_skip_label(doc, to, linking_words);
	} else if (guard_word_in(doc, from, to, first)) {
		at = guard_skip_label(doc, to, linking_words);
		if (!guard_has_word(doc, to, at, naming_words)) {
			return;
		}
	} else {
		return;
	}
	if ((read_token(doc, at, &t) || read_apart(doc, at, &t)) &&
	    !is_count(doc, &t) &&
	    (t.digits >= 5 || (t.letters > 0 && t.digits >= 4))) {
		add_token(doc, GUARD_HOSPITAL_NUMBER, GUARD_BLOCK, from, &t);
	}
}

static void scan_incident(struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const systems[] = { "datix",   "rldatix", "lfpse",
					       "steis",   "nrls",    "ulysses",
					       "inphase", "radar",   NULL };
	struct token t;
	bool named;
	size_t at;

	if (guard_word_in(doc, from, to, systems)) {
		named = true;
	} else if (guard_word_is(doc, from, to, "incident")) {
		named = false;
	} else {
		return;
	}
	at = guard_skip_label(doc, to, linking_words);
	if (!read_token(doc, at, &t) || is_count(doc, &t) ||
	    (t.digits == 4 && t.letters == 0 && is_year(doc, t.from)) ||
	    is_two_years(doc, &t)) {
		return;
	}
	if (guard_has_word(doc, to, at, naming_words) || t.has_year ||
	    (named && (t.digits >= 5 || (t.letters > 0 && t.digits >= 3)))) {
		add_token(doc, GUARD_INCIDENT_REFERENCE, GUARD_WARN, from, &t);
	}
}

/* "INC-2024-00123", "SI 2024/12345"; an act of law has fewer digits. */
static void scan_short(struct guard_doc *doc, size_t from, size_t to)
{
	struct token t;
	size_t at = guard_skip_sign(doc, to, "-:#/");
	bool is_inc = guard_word_is(doc, from, to, "inc");

	if ((!is_inc && !guard_word_is(doc, from, to, "si")) ||
	    !guard_is_upper(doc->text[from]) ||
	    !guard_is_upper(doc->text[from + 1]) ||
	    !guard_is_digit(doc->text[at]) || !read_token(doc, at, &t) ||
	    is_two_years(doc, &t)) {
		return;
	}
	if ((t.has_year && t.digits >= (is_inc ? 7u : 9u)) ||
	    (is_inc && t.digits >= 5)) {
		add_token(doc, GUARD_INCIDENT_REFERENCE, GUARD_WARN, from, &t);
	}
}

/* A1234AA; where @loose also with small letters and one space or hyphen. */
static size_t prison_end(const struct guard_doc *doc, size_t at, bool loose)
{
	static const char shape[] = "A9999AA";
	const char *s = doc->text;
	size_t i;

	for (i = 0; shape[i] != '\0'; i++) {
		if (loose && (i == 1 || i == 5) &&
		    (s[at] == ' ' || s[at] == '-')) {
			at++;
		}
		if (shape[i] == '9' ? !guard_is_digit(s[at])
				    : !(s[at] >= 'A' && s[at] <= 'Z') &&
					      !(loose && s[at] >= 'a' &&
						s[at] <= 'z')) {
			return 0;
		}
		at++;
	}
	return guard_is_alnum(s[at]) ? 0 : at;
}

static void scan_prison(struct guard_doc *doc, size_t at)
{
	static const char *const custody[] = {
		"prison",   "prisoner",  "prisoners", "custody", "custodial",
		"inmate",   "inmates",   "hmp",       "hmyoi",   "yoi",
		"offender", "offenders", "nomis",     "pnomis",  "cell",
		"detainee", "detained",  "remand",    "jail",    "wing",
		NULL
	};
	size_t to = prison_end(doc, at, true);
	bool in_custody;

	if (to == 0) {
		return;
	}
	in_custody =
		(doc->flags & GUARD_IN_CUSTODY) != 0 ||
		guard_is_near(doc, at, to, CUSTODY_NEAR, CUSTODY_NEAR, custody);
	if (in_custody) {
		guard_add(doc, GUARD_PRISON_NUMBER, GUARD_BLOCK, at, at + 1,
			  to);
	} else if (prison_end(doc, at, false) == to) {
		guard_add(doc, GUARD_PRISON_NUMBER, GUARD_WARN, at, at + 1, to);
	}
}

/* Prefixes as HMRC issues them. */
static bool is_ni_prefix(char a, char b)
{
	static const char *const never[] = { "bg", "gb", "kn", "nk",
					     "nt", "tn", "zz" };
	size_t i;

	a = guard_lower(a);
	b = guard_lower(b);
	if (a < 'a' || a > 'z' || b < 'a' || b > 'z' ||
	    strchr("dfiquv", a) != NULL || strchr("dfioquv", b) != NULL) {
		return false;
	}
	for (i = 0; i < sizeof never / sizeof never[0]; i++) {
		if (never[i][0] == a && never[i][1] == b) {
			return false;
		}
	}
	return true;
}

/* AB123456C, in pairs or not. */
static size_t ni_end(const struct guard_doc *doc, size_t at)
{
	const char *s = doc->text;
	size_t i;

	if (!is_ni_prefix(s[at], s[at + 1])) {
		return 0;
	}
	at += 2;
	for (i = 0; i < 7; i++) {
		if (i % 2 == 0 && (s[at] == ' ' || s[at] == '-')) {
			at++;
		}
		if (i < 6 ? !guard_is_digit(s[at])
			  : guard_lower(s[at]) < 'a' ||
				    guard_lower(s[at]) > 'd') {
			return 0;
		}
		at++;
	}
	return guard_is_alnum(s[at]) ? 0 : at;
}

static void scan_ni(struct guard_doc *doc, size_t at)
{
	static const char *const words[] = { "ni", "nino", "insurance", NULL };
	size_t to = ni_end(doc, at);

	if (to == 0) {
		return;
	}
	/* in small letters it may be a part of a hexadecimal number */
	if (guard_is_upper(doc->text[at]) ||
	    guard_is_near(doc, at, to, 25, 0, words)) {
		guard_add(doc, GUARD_NI_NUMBER, GUARD_BLOCK, at, at + 2, to);
	}
}

void guard_scan_references(struct guard_doc *doc)
{
	size_t digit = guard_next_digit(doc, 0);
	size_t at = 0;
	size_t end;

	while (at < doc->n && digit < doc->n) {
		if (!guard_is_letter(doc->text[at])) {
			at++;
			continue;
		}
		end = guard_word_end(doc, at);
		if (digit < end) {
			digit = guard_next_digit(doc, end);
		}
		if (digit - end > NUMBER_NEAR ||
		    (at > 0 && guard_is_digit(doc->text[at - 1]))) {
			at = end;
			continue;
		}
		scan_hospital(doc, at, end);
		scan_incident(doc, at, end);
		scan_short(doc, at, end);
		if (end == at + 1) {
			scan_prison(doc, at);
		} else if (end == at + 2) {
			scan_ni(doc, at);
		}
		at = end;
	}
}
