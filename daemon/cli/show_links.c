/*
 * What other records say of one: withdrawals first, then what follows for an
 * intervention, then all that refer to it, by their kind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/hits.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/show.h"

/* Of each kind; --json has all. */
#define GROUP_MAX  20u
#define LINE_BYTES 4096u

static const struct {
	const char *kind;
	const char *heading;
} groups[] = {
	{ "withdrawal", "Withdrawals" },   { "evidence", "Evidence" },
	{ "adoption", "Adoptions" },       { "lesson", "Lessons" },
	{ "endorsement", "Endorsements" }, { "intervention", "Interventions" },
	{ "priority", "Priorities" },      { "problem", "Problems" },
	{ "measure", "Measures" },
};
#define GROUPS_N (sizeof groups / sizeof groups[0])

/* ---- state ---------------------------------------------------------------
 */

bool show_is_intervention(const struct linked *l)
{
	return !l->incoming && strcmp(l->rel, "intervention") == 0;
}

/* What this record uses or tells of, and who says that it must not be used. */
static int say_interventions(const struct showing *s)
{
	const struct linked *l;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < s->links.n; i++) {
		l = &s->links.list[i];
		if (show_is_intervention(l) && l->there) {
			r = hits_print_standing(s->width,
						"the intervention: ", &l->hit);
		}
	}
	return r;
}

/* The alerts are of the record or of its intervention, not of both. */
static int say_standing(const struct showing *s)
{
	const struct alerts a = { .list = s->alerts.list, .n = s->alerts_n };
	int r = a.n > 0 ? hits_print_alerts(s->width, &a, SIZE_MAX)
			: say_interventions(s);

	if (r == WEALD_OK && s->has_hit && !s->alerts_own) {
		r = hits_print_standing(s->width, "", &s->hit);
	}
	return r;
}

static int say_contradicted(const struct showing *s)
{
	struct buf line;
	size_t i;
	int r = WEALD_OK;

	buf_init(&line, LINE_BYTES);
	for (i = 0;
	     s->has_derived && r == WEALD_OK && i < s->derived.contradicted_n;
	     i++) {
		r = prose_add(&line, s->derived.contradicted[i].title);
		r = r == WEALD_OK ? buf_add_text(&line, " (") : r;
		r = r == WEALD_OK
			    ? prose_add(&line, s->derived.contradicted[i].ref)
			    : r;
		r = r == WEALD_OK ? buf_add_text(&line, ")") : r;
		if (r == WEALD_OK) {
			r = prose_done(s->width, "CONTRADICTED by  ", 11,
				       &line);
		}
	}
	buf_release(&line);
	return r;
}

bool show_review_passed(const struct showing *s)
{
	static const char *const names[] = { "review_on", "next_review" };
	const struct record *record = s->shown.record;
	int64_t days;
	size_t i;

	/* what has ended is not looked at again: as query_due() has it */
	if (record == NULL ||
	    strcmp(record_text(record, "stage"), "stopped") == 0) {
		return false;
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (date_parse(record_text(record, names[i]), &days) &&
		    days < s->today) {
			return true;
		}
	}
	return false;
}

int show_state(const struct showing *s)
{
	char why[EDITION_WHY_BYTES];
	int r;

	if (s->latest.version != 0) {
		edition_why(&s->latest, why);
		printf("NOT THE LATEST  version %" PRIu64 " is %s\n", s->last,
		       why);
	} else if (s->shown.version < s->last) {
		printf("NOT THE LATEST  there is a version %" PRIu64 "\n",
		       s->last);
	}
	r = say_standing(s);
	if (r == WEALD_OK) {
		r = say_contradicted(s);
	}
	if (show_review_passed(s)) {
		puts("its review date has passed");
	}
	if (s->shown.record != NULL &&
	    record_bool(s->shown.record, "example")) {
		puts("EXAMPLE  invented: no real region, person or result");
	}
	return r;
}

/* ---- what refers to it ---------------------------------------------------
 */

static int put_link(const struct showing *s, const struct linked *l)
{
	struct buf line;
	int r;

	buf_init(&line, LINE_BYTES);
	r = prose_add(&line, l->hit.title[0] == '\0' ? "(without a title)"
						     : l->hit.title);
	r = r == WEALD_OK ? buf_add_text(&line, " (") : r;
	r = r == WEALD_OK ? prose_add(&line, l->ref) : r;
	r = r == WEALD_OK ? buf_add_text(&line, ")") : r;
	if (r == WEALD_OK && l->version != 0 && l->version != s->last) {
		r = buf_addf(&line, ", on version %" PRIu64, l->version);
	}
	if (r == WEALD_OK && l->hit.withdrawn) {
		r = buf_add_text(&line, ", WITHDRAWN");
	}
	if (r == WEALD_OK) {
		r = prose_done(s->width, "  ", 4, &line);
	}
	buf_release(&line);
	return r;
}

/* The last group is of all kinds that have none. */
static size_t group_of(const char *kind)
{
	size_t i;

	for (i = 0; i < GROUPS_N; i++) {
		if (strcmp(groups[i].kind, kind) == 0) {
			break;
		}
	}
	return i;
}

/* One that refers to it in two ways is listed once. */
static bool is_repeated(const struct links *links, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++) {
		if (links->list[i].incoming &&
		    strcmp(links->list[i].ref, links->list[at].ref) == 0) {
			return true;
		}
	}
	return false;
}

static int put_group(const struct showing *s, size_t group)
{
	const struct linked *l;
	size_t n = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < s->links.n; i++) {
		l = &s->links.list[i];
		if (!l->incoming || !l->there || l->hit.version == 0 ||
		    group_of(l->hit.kind) != group ||
		    is_repeated(&s->links, i)) {
			continue;
		}
		if (n == 0) {
			printf("\n%s\n", group < GROUPS_N
						 ? groups[group].heading
						 : "Other records");
		}
		r = ++n <= GROUP_MAX ? put_link(s, l) : r;
	}
	if (n > GROUP_MAX) {
		printf("  ... %zu more: --json has all\n", n - GROUP_MAX);
	}
	return r;
}

static int put_derived(const struct showing *s)
{
	const struct derived *d = &s->derived;
	char words[HITS_WORDS_BYTES];
	size_t i;
	int r;

	hits_maturity(d, words);
	printf("\nHow sure is it? %s\n", words);
	hits_counts(d, words);
	r = prose_say(s->width, "  ", 4, "%s", words);
	for (i = 0; r == WEALD_OK && i < d->uses_n; i++) {
		r = hits_print_use(s->width, 2, &d->uses[i], s->today);
	}
	return r;
}

int show_links(const struct showing *s)
{
	size_t group;
	int r = WEALD_OK;

	if (s->has_derived) {
		r = put_derived(s);
	}
	for (group = 0; r == WEALD_OK && group <= GROUPS_N; group++) {
		r = put_group(s, group);
	}
	if (r == WEALD_OK && s->has_derived && !s->hit.withdrawn) {
		printf("\nTo start with it: weald adopt %s\n", s->whole);
	}
	return r;
}

json_t *show_links_json(const struct showing *s)
{
	const struct linked *l;
	json_t *list = json_array();
	json_t *o;
	size_t i;

	for (i = 0; i < s->links.n; i++) {
		l = &s->links.list[i];
		o = json_pack("{s:b, s:o, s:o, s:I, s:b, s:o, s:o}", "incoming",
			      l->incoming, "rel", json_span(span_of(l->rel)),
			      "ref", json_span(span_of(l->ref)), "version",
			      (json_int_t)l->version, "there", l->there,
			      "title",
			      json_span(span_of(l->there ? l->hit.title : "")),
			      "withdrawn",
			      json_boolean(l->there && l->hit.withdrawn));
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
