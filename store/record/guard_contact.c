/*
 * Phone numbers and mailboxes.
 *
 * A mobile is a person's, a landline an office's; so is a mailbox of an
 * organisation, unless a dot in it makes it look like a name.
 */
#include <string.h>

#include "store/record/guard_private.h"

#define NATIONAL    10u /* digits of a UK number, without the first 0 */
#define GROUPS_MAX  6u
#define LOCAL_MAX   64u
#define DOMAIN_MAX  253u
#define PHONE_CLEAR 2u
#define BARE_NEAR   20u

/* Digits in groups. */
struct phone {
	size_t to;
	size_t first_group;
	size_t least_group; /* of the others */
	char first;         /* the first digit behind the 0 or the +44 */
	char second;
	size_t n;
};

/* Read up to @n digits in groups from @at, then no more digits. */
static bool read_groups(const struct guard_doc *doc, size_t at, size_t n,
			struct phone *out)
{
	struct phone p = { .least_group = n };
	size_t groups;
	size_t end;

	for (groups = 0; groups < GROUPS_MAX && p.n < n; groups++) {
		end = guard_digits_end(doc, at);
		if (end == at || p.n + (end - at) > n) {
			return false;
		}
		if (groups == 0) {
			p.first_group = end - at;
		} else if (end - at < p.least_group) {
			p.least_group = end - at;
		}
		for (; at < end; at++) {
			p.first = p.n == 0 ? doc->text[at] : p.first;
			p.second = p.n == 1 ? doc->text[at] : p.second;
			p.n++;
		}
		p.to = end;
		at = guard_skip_sign(doc, end, "-.)/");
		at = guard_skip_sign(doc, at, "(");
	}
	if (p.n != n || guard_is_alnum(doc->text[p.to])) {
		return false;
	}
	*out = p;
	return true;
}

/* Behind +44, 0044 or 44: with or without "(0)". */
static bool read_abroad(const struct guard_doc *doc, size_t at,
			struct phone *out)
{
	at = guard_skip_sign(doc, at, "-.)");
	if (doc->text[at] == '(' && doc->text[at + 1] == '0' &&
	    doc->text[at + 2] == ')') {
		at = guard_skip_spaces(doc, at + 3);
	} else if (doc->text[at] == '0') {
		at++;
	}
	if (doc->text[at] == '(') {
		at++;
	}
	return read_groups(doc, at, NATIONAL, out);
}

static bool read_phone(const struct guard_doc *doc, size_t at,
		       struct phone *out)
{
	const char *s = doc->text + at;

	if (strncmp(s, "+44", 3) == 0) {
		return read_abroad(doc, at + 3, out);
	}
	if (strncmp(s, "0044", 4) == 0 && read_abroad(doc, at + 4, out)) {
		return true;
	}
	if (strncmp(s, "44", 2) == 0) {
		/* without a sign only a mobile can be told from a count */
		return read_abroad(doc, at + 2, out) && out->first == '7' &&
		       (out->first_group >= 4);
	}
	if (s[0] != '0' || !read_groups(doc, at, NATIONAL + 1, out)) {
		return false;
	}
	out->first = out->second;
	out->second = '\0';
	/* "07 12 2024 100" is none: codes have three digits or more */
	return out->first_group >= 3 &&
	       out->least_group >= (out->first_group >= 5 ? 1u : 2u);
}

/* "mob 7700 900 123": the 0 left out, behind a word for it. */
static bool read_bare_mobile(const struct guard_doc *doc, size_t at,
			     struct phone *out)
{
	static const char *const words[] = { "mob", "mobile", "phone", "tel",
					     NULL };

	return doc->text[at] == '7' && read_groups(doc, at, NATIONAL, out) &&
	       out->first_group >= 3 && out->least_group >= 2 &&
	       guard_is_near(doc, at, at, BARE_NEAR, 0, words);
}

/* A comment is no part of a field; nor is what stands farther on in a line
 * than any field reaches. */
static bool in_comment(const struct guard_doc *doc, size_t at)
{
	const size_t first =
		at > RECORD_TEXT_CHARS_MAX ? at - RECORD_TEXT_CHARS_MAX : 0;

	for (; at > first && doc->text[at - 1] != '\n'; at--) {
		if (doc->text[at - 1] == '#' &&
		    (at == 1 || doc->text[at - 2] == ' ' ||
		     doc->text[at - 2] == '\n')) {
			return true;
		}
	}
	return at > 0 && at == first;
}

static bool in_contact(struct guard_doc *doc, size_t at)
{
	size_t line = guard_line(doc, at);

	return (doc->flags & GUARD_CONTACT) != 0 ||
	       (doc->contact_from != 0 && line >= doc->contact_from &&
		line <= doc->contact_to && !in_comment(doc, at));
}

static bool may_begin(const struct guard_doc *doc, size_t at)
{
	const char *t = doc->text;

	if (at == 0) {
		return true;
	}
	if (guard_is_digit(t[at - 1]) || t[at - 1] == '+' || t[at - 1] == '$') {
		return false;
	}
	return !(t[at - 1] == '.' && at > 1 && guard_is_digit(t[at - 2]));
}

void guard_scan_phones(struct guard_doc *doc)
{
	struct phone p;
	size_t at = 0;
	char c;

	for (;;) {
		at += strcspn(doc->text + at, "+047");
		if (at >= doc->n) {
			return;
		}
		c = doc->text[at];
		if (!may_begin(doc, at) ||
		    (c == '7' ? !read_bare_mobile(doc, at, &p)
			      : !read_phone(doc, at, &p))) {
			at++;
			continue;
		}
		if (p.first == '7') {
			guard_add(doc, GUARD_MOBILE, GUARD_BLOCK, at,
				  at + PHONE_CLEAR, p.to);
		} else if ((p.first == '1' || p.first == '2') &&
			   !in_contact(doc, at)) {
			guard_add(doc, GUARD_LANDLINE, GUARD_WARN, at,
				  at + PHONE_CLEAR, p.to);
		}
		at = p.to;
	}
}

/* ---- mailboxes ---- */

static bool is_local_char(char c)
{
	return guard_is_alnum(c) || (c != '\0' && strchr("._%+-'", c) != NULL);
}

/* Does the domain end in, or is it, this one? */
static bool is_under(const struct guard_doc *doc, size_t from, size_t to,
		     const char *domain)
{
	size_t n = strlen(domain);

	return to - from >= n && guard_word_is(doc, to - n, to, domain) &&
	       (to - from == n || doc->text[to - n - 1] == '.');
}

static bool is_under_any(const struct guard_doc *doc, size_t from, size_t to,
			 const char *const *domains)
{
	size_t i;

	for (i = 0; domains[i] != NULL; i++) {
		if (is_under(doc, from, to, domains[i])) {
			return true;
		}
	}
	return false;
}

/*
 * Public bodies, charities, the companies of the fifteen regions, and what
 * RFC 2606 keeps for examples.
 */
static const char *const organisations[] = {
	"nhs.uk",
	"nhs.net",
	"nhs.scot",
	"nhs.wales",
	"hscni.net",
	"gov.uk",
	"gov.scot",
	"gov.wales",
	"ac.uk",
	"police.uk",
	"mod.uk",
	"parliament.uk",
	"org.uk",
	"org",
	"example",
	"uclpartners.com",
	"healthinnovationnetwork.com",
	"healthinnovationmanchester.com",
	"healthinnowest.net",
	"imperialcollegehealthpartners.com",
	NULL
};

/* Where people have mailboxes of their own. */
static const char *const providers[] = { "gmail.com",
					 "googlemail.com",
					 "hotmail.com",
					 "hotmail.co.uk",
					 "outlook.com",
					 "live.com",
					 "live.co.uk",
					 "msn.com",
					 "yahoo.com",
					 "yahoo.co.uk",
					 "ymail.com",
					 "icloud.com",
					 "me.com",
					 "mac.com",
					 "aol.com",
					 "btinternet.com",
					 "sky.com",
					 "virginmedia.com",
					 "talktalk.net",
					 "ntlworld.com",
					 "protonmail.com",
					 "proton.me",
					 "gmx.com",
					 "mail.com",
					 NULL };

/* "info@", "safety-team@": a word that no person is called. */
static bool is_shared(const struct guard_doc *doc, size_t from, size_t to)
{
	static const char *const words[] = {
		"info",     "enquiries", "enquiry",   "contact",   "hello",
		"team",     "office",    "admin",     "help",      "helpdesk",
		"support",  "safety",    "quality",   "service",   "services",
		"feedback", "mailbox",   "secretary", "reception", NULL
	};

	return guard_has_word(doc, from, to, words);
}

/* "jane.example", "j_example" and, alike, "psc.team". */
static bool looks_named(const struct guard_doc *doc, size_t from, size_t to)
{
	size_t i;

	for (i = from + 1; i + 1 < to; i++) {
		if ((doc->text[i] == '.' || doc->text[i] == '_') &&
		    guard_is_letter(doc->text[i - 1]) &&
		    guard_is_letter(doc->text[i + 1])) {
			return true;
		}
	}
	return false;
}

/* The end of the domain at @at; @at where there is none. */
static size_t domain_end(const struct guard_doc *doc, size_t at)
{
	size_t end = at;
	size_t dot = at;

	while (end - at < DOMAIN_MAX &&
	       (guard_is_alnum(doc->text[end]) || doc->text[end] == '-' ||
		(doc->text[end] == '.' &&
		 guard_is_alnum(doc->text[end + 1])))) {
		if (doc->text[end] == '.') {
			dot = end;
		}
		end++;
	}
	if (dot == at || guard_word_end(doc, dot + 1) < dot + 3) {
		return at;
	}
	return end;
}

static void judge_email(struct guard_doc *doc, size_t from, size_t sign,
			size_t to)
{
	size_t domain = sign + 1;

	if (is_under_any(doc, domain, to, organisations)) {
		if (looks_named(doc, from, sign)) {
			guard_add(doc, GUARD_EMAIL_NAMED, GUARD_WARN, from,
				  from + 1, to);
		}
	} else if (is_shared(doc, from, sign) &&
		   !is_under_any(doc, domain, to, providers)) {
		guard_add(doc, GUARD_EMAIL, GUARD_WARN, from, from + 1, to);
	} else {
		guard_add(doc, GUARD_EMAIL, GUARD_BLOCK, from, from + 1, to);
	}
}

void guard_scan_emails(struct guard_doc *doc)
{
	const char *found;
	size_t sign = 0;
	size_t from;
	size_t to;

	while (sign < doc->n) {
		found = strchr(doc->text + sign + 1, '@');
		if (found == NULL) {
			return;
		}
		sign = (size_t)(found - doc->text);
		from = sign;
		while (from > 0 && sign - from < LOCAL_MAX &&
		       is_local_char(doc->text[from - 1])) {
			from--;
		}
		to = domain_end(doc, sign + 1);
		if (from < sign && to > sign + 1) {
			judge_email(doc, from, sign, to);
		}
	}
}
