/*
 * weald search: records by words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "store/index/query.h"

#define WORDS_BYTES_MAX 4096u

struct searching {
	struct cli *c;
	struct search what;
	const char *since;
	uint64_t limit;
	struct buf words;
	struct home *home;
	struct index *index;
	struct alerts alerts;
	struct hits hits;
	bool complete; /* the index */
};

static int print_json(struct searching *s)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < s->alerts.n; i++) {
		r = hits_print_json(s->c, "alert",
				    hits_alert_json(&s->alerts.list[i]));
	}
	for (i = 0; r == WEALD_OK && i < s->hits.n; i++) {
		r = hits_print_json(s->c, "hit", hits_json(&s->hits.list[i]));
	}
	if (r == WEALD_OK) {
		r = hits_print_json(
			s->c, "end",
			json_pack("{s:I, s:I, s:b, s:o}", "shown",
				  (json_int_t)s->hits.n, "total",
				  (json_int_t)s->hits.total, "complete",
				  s->complete, "corrected",
				  s->hits.corrected == NULL
					  ? json_null()
					  : json_span(span_of(
						    s->hits.corrected))));
	}
	return r;
}

/* "nothing for 'x'; showing 'y'" */
static int print_corrected(struct searching *s, size_t width)
{
	char *typed = NULL;
	char *used = NULL;
	int r;

	if (s->hits.corrected == NULL) {
		return WEALD_OK;
	}
	r = out_escape(buf_span(&s->words), &typed);
	if (r == WEALD_OK) {
		r = out_escape(span_of(s->hits.corrected), &used);
	}
	if (r == WEALD_OK) {
		r = prose_say(width, "", 0, "nothing for '%s'; showing '%s'\n",
			      typed, used);
	}
	free(typed);
	free(used);
	return r;
}

static void print_nothing(const struct searching *s)
{
	const struct search *w = &s->what;

	puts("nothing found");
	if (w->topic != NULL || w->setting != NULL || w->kind != NULL ||
	    w->region != NULL || s->since != NULL) {
		puts("try it without --topic, --setting, --kind, --region and "
		     "--since");
	}
	if (s->words.len > 0) {
		puts("try fewer words, or others for the same");
	}
	puts("weald topics lists what there is; weald new problem begins a "
	     "record of it");
}

static int print_hit(const struct hit *h, size_t width)
{
	int r = hits_print(width, 0, h);

	if (r == WEALD_OK && h->matched[0] != '\0' &&
	    strcmp(h->matched, h->title) != 0) {
		r = prose_put(width, "  ", 4, span_of(h->matched));
	}
	putchar('\n');
	return r;
}

static int print_text(struct searching *s, size_t width)
{
	size_t i;
	int r = hits_print_alerts(width, &s->alerts, HITS_ALERTS_FEW);

	if (r == WEALD_OK) {
		r = print_corrected(s, width);
	}
	for (i = 0; r == WEALD_OK && i < s->hits.n; i++) {
		r = print_hit(&s->hits.list[i], width);
	}
	if (s->hits.n == 0) {
		print_nothing(s);
	} else if (s->hits.total > s->hits.n) {
		printf("%zu of %zu; --limit N shows more\n", s->hits.n,
		       s->hits.total);
	}
	return r != WEALD_OK ? r : out_flush(s->c);
}

static int print_paged(struct searching *s)
{
	size_t width = prose_width();
	struct pager pager;
	int r;

	pager_start(&pager);
	r = print_text(s, width);
	pager_end(&pager);
	return r;
}

static int check(struct searching *s)
{
	const struct search *w = &s->what;
	int r = hits_check(s->c, s->index, HITS_TOPIC, w->topic);

	if (r == WEALD_OK) {
		r = hits_check(s->c, s->index, HITS_SETTING, w->setting);
	}
	if (r == WEALD_OK) {
		r = hits_check(s->c, s->index, HITS_KIND, w->kind);
	}
	return r != WEALD_OK
		       ? r
		       : hits_check(s->c, s->index, HITS_REGION, w->region);
}

static int search(struct searching *s)
{
	struct cli *c = s->c;
	int r = cli_open_home(c, &s->home);

	if (r == WEALD_OK) {
		r = lookup_open(c, s->home, &s->index);
	}
	if (r == WEALD_OK) {
		s->complete = lookup_is_complete(c, s->home, s->index);
		r = check(s);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = query_alerts(s->index, false, &s->alerts, &c->msg);
	if (r == WEALD_OK) {
		r = query_search(s->index, &s->what, lookup_today(), &s->hits,
				 &c->msg);
	}
	if (r != WEALD_OK) {
		return lookup_fail(c, r);
	}
	return c->json ? print_json(s) : print_paged(s);
}

/* The words as one text; nothing to look for is a mistake. */
static int take_words(struct searching *s, int argc, char **argv, int first)
{
	const struct search *w = &s->what;
	int i;
	int r = WEALD_OK;

	for (i = first; r == WEALD_OK && i < argc; i++) {
		r = buf_add_text(&s->words, i == first ? "" : " ");
		r = r == WEALD_OK ? buf_add_text(&s->words, argv[i]) : r;
	}
	if (r == WEALD_OK) {
		r = buf_reserve(&s->words, 1);
	}
	if (r == WEALD_TOOBIG) {
		return cli_usage_error(s->c, "too many words");
	}
	if (r != WEALD_OK) {
		return r;
	}
	s->words.data[s->words.len] = '\0';
	s->what.words = (const char *)s->words.data;
	if (s->words.len == 0 && w->topic == NULL && w->setting == NULL &&
	    w->kind == NULL && w->region == NULL && s->since == NULL) {
		return cli_usage_error(s->c, "say what to look for");
	}
	return WEALD_OK;
}

static const char search_text[] =
	"Find records of all regions by words, the best first. Forms of a "
	"word\n"
	"count as the word, and other names of a topic as its name; where "
	"nothing\n"
	"matches, words that are spelt nearly so. Without words: all that the\n"
	"options choose. What this region uses and others withdrew comes "
	"first.\n";

int command_search(struct cli *c, int argc, char **argv)
{
	struct searching s = { .c = c };
	const struct cli_option options[] = {
		{ "topic", 0, CLI_OPTION_TEXT, &s.what.topic, "TOPIC",
		  "of this topic only (weald topics)" },
		{ "setting", 0, CLI_OPTION_TEXT, &s.what.setting, "SETTING",
		  "for this setting only" },
		{ "kind", 0, CLI_OPTION_TEXT, &s.what.kind, "KIND",
		  "of this kind only: problem, intervention ..." },
		{ "region", 0, CLI_OPTION_TEXT, &s.what.region, "REGION",
		  "of this region only (weald regions)" },
		{ "since", 0, CLI_OPTION_TEXT, &s.since, "DATE",
		  "new since this day, or for so long: 2026-01-31, 7d" },
		{ "limit", 'n', CLI_OPTION_NUMBER, &s.limit, "N",
		  "so many at most; 20 where it is not given" },
	};
	const struct cli_usage usage = {
		.synopsis = "search [OPTION...] [WORD...]",
		.text = search_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = CLI_ARGS_ANY,
	};
	int first;
	int r;

	buf_init(&s.words, WORDS_BYTES_MAX);
	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	s.what.limit =
		s.limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX : (size_t)s.limit;
	if (s.since != NULL) {
		r = hits_since(c, "since", s.since, &s.what.since);
	}
	if (r == WEALD_OK) {
		r = take_words(&s, argc, argv, first);
	}
	if (r == WEALD_OK) {
		r = search(&s);
	}
	hits_release(&s.hits);
	alerts_release(&s.alerts);
	index_close(s.index);
	home_close(s.home);
	buf_release(&s.words);
	return r;
}
