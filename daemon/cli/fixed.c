/*
 * weald fixed: has anyone fixed this? The interventions for a problem, each
 * with what became of it everywhere. Regions are listed by name: nobody is
 * first or last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/compare.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "store/index/query.h"
#include "store/record/reference.h"

#define WORDS_BYTES_MAX 4096u

struct fixing {
	struct cli *c;
	struct buf words; /* ends in NUL */
	char *ref;        /* of a problem; NULL for words */
	uint64_t limit;
	struct home *home;
	struct index *index;
	struct alerts alerts;
	struct fixes fixes;
	bool complete; /* the index */
	size_t width;
	int64_t today;
};

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *fix_json(const struct fix *f)
{
	json_t *o = hits_json(&f->hit);

	if (o != NULL &&
	    (json_object_set_new(o, "why", json_string(f->why)) != 0 ||
	     json_object_set_new(o, "best",
				 f->best == NULL
					 ? json_null()
					 : compare_json(f->best)) != 0 ||
	     json_object_set_new(o, "derived",
				 hits_derived_json(&f->derived)) != 0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int print_json(struct fixing *f)
{
	const struct fixes *x = &f->fixes;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->alerts.n; i++) {
		r = hits_print_json(f->c, "alert",
				    hits_alert_json(&f->alerts.list[i]));
	}
	for (i = 0; r == WEALD_OK && i < x->problems_n; i++) {
		r = hits_print_json(f->c, "problem",
				    hits_json(&x->problems[i]));
	}
	for (i = 0; r == WEALD_OK && i < x->n; i++) {
		r = hits_print_json(f->c, "fix", fix_json(&x->list[i]));
	}
	if (r != WEALD_OK) {
		return r;
	}
	return hits_print_json(
		f->c, "end",
		json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:o}", "missing",
			  json_span(span_of(x->missing)), "problem",
			  json_span(span_of(x->problem)), "problem_title",
			  json_span(span_of(x->problem_title)), "complete",
			  f->complete, "shown", (json_int_t)x->n, "total",
			  (json_int_t)x->total, "corrected",
			  x->corrected == NULL
				  ? json_null()
				  : json_span(span_of(x->corrected))));
}

/* ---- for people ----------------------------------------------------------
 */

static int print_question(struct fixing *f)
{
	const struct fixes *x = &f->fixes;
	char *a = NULL;
	char *b = NULL;
	char *missing = NULL;
	int r;

	if (x->problem[0] != '\0') {
		r = out_escape(span_of(x->problem_title), &a);
		r = r == WEALD_OK ? out_escape(span_of(x->problem), &b) : r;
		if (r == WEALD_OK) {
			r = prose_say(f->width, "", 0,
				      "Has anyone fixed this? %s (%s)", a, b);
		}
	} else {
		r = out_escape(span_of((const char *)f->words.data), &a);
		if (r == WEALD_OK && x->corrected != NULL) {
			r = out_escape(span_of(x->corrected), &b);
		}
		if (r == WEALD_OK && x->missing[0] != '\0') {
			r = out_escape(span_of(x->missing), &missing);
		}
		if (r == WEALD_OK && missing != NULL) {
			r = prose_say(f->width, "", 0,
				      "Nobody has shared a fix for '%s'; for "
				      "the other words:",
				      missing);
		} else if (r == WEALD_OK && b != NULL) {
			r = prose_say(f->width, "", 0,
				      "nothing for '%s'; showing '%s'", a, b);
		} else if (r == WEALD_OK) {
			r = prose_say(f->width, "", 0,
				      "Has anyone fixed this? %s", a);
		}
	}
	putchar('\n');
	free(a);
	free(b);
	free(missing);
	return r;
}

/* What it was that did not work, from the record itself. */
static int print_failure(struct fixing *f, const struct hit *h)
{
	const bool is_lesson = strcmp(h->kind, "lesson") == 0;
	const char *fact = is_lesson ? "outcome" : "conclusion";
	char *code = NULL;
	struct buf line;
	int r;

	buf_init(&line, WORDS_BYTES_MAX);
	r = query_fact(f->index, h->ref, fact, &code, &f->c->msg);
	if (r != WEALD_OK) {
		return lookup_fail(f->c, r);
	}
	if (code[0] != '\0') {
		r = prose_add(&line, hits_label(is_lesson ? "lesson_outcome"
							  : "conclusion",
						code));
		r = r == WEALD_OK ? buf_add_text(&line, ": ") : r;
	}
	r = r == WEALD_OK ? prose_add(&line, h->title) : r;
	r = r == WEALD_OK ? buf_add_text(&line, "  ") : r;
	r = r == WEALD_OK ? prose_add(&line, h->ref) : r;
	if (r == WEALD_OK) {
		r = prose_done(f->width, "      ", 10, &line);
	}
	free(code);
	buf_release(&line);
	return r;
}

static int print_failures(struct fixing *f, const char *what,
			  const struct hit *list, size_t n)
{
	size_t i;
	int r = WEALD_OK;

	if (n > 0) {
		printf("    %s\n", what);
	}
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = print_failure(f, &list[i]);
	}
	return r;
}

static int print_uses(struct fixing *f, const struct derived *d)
{
	size_t i;
	int r = WEALD_OK;

	if (d->uses_n > 0) {
		puts("    who uses it");
	}
	for (i = 0; r == WEALD_OK && i < d->uses_n; i++) {
		r = hits_print_use(f->width, 6, &d->uses[i], f->today);
	}
	return r;
}

static int print_warning(struct fixing *f, const struct hit *h)
{
	struct buf line;
	int r;

	buf_init(&line, WORDS_BYTES_MAX);
	r = hits_add_warning(&line, h);
	r = r == WEALD_OK ? buf_add_text(&line, ": weald show ") : r;
	r = r == WEALD_OK ? prose_add(&line, h->withdrawn_by) : r;
	if (r == WEALD_OK) {
		r = prose_done(f->width, "    WARNING  ", 13, &line);
	}
	buf_release(&line);
	return r;
}

static int print_fix(struct fixing *f, const struct fix *x)
{
	const struct derived *d = &x->derived;
	char words[HITS_WORDS_BYTES];
	char *ref = NULL;
	int r;

	r = prose_put(f->width, x->hit.withdrawn ? "WITHDRAWN  " : "", 2,
		      span_of(x->hit.title));
	r = r == WEALD_OK ? out_escape(span_of(x->hit.ref), &ref) : r;
	if (r == WEALD_OK) {
		r = prose_say(f->width, "    ", 6, "%s  (%s%s)", ref, x->why,
			      x->hit.example ? "; example" : "");
	}
	free(ref);
	if (r != WEALD_OK) {
		return r;
	}
	if (!x->hit.withdrawn && x->hit.withdrawn_by[0] != '\0') {
		r = print_warning(f, &x->hit);
	}
	if (r != WEALD_OK) {
		return r;
	}
	hits_maturity(d, words);
	printf("    %s\n", words);
	hits_counts(d, words);
	r = prose_say(f->width, "    ", 6, "%s", words);
	if (r == WEALD_OK && x->best != NULL) {
		r = compare_say(f->width, 4, x->best, false);
	}
	if (r == WEALD_OK) {
		r = print_uses(f, d);
	}
	if (r == WEALD_OK) {
		r = print_failures(f, "tried and did not work", d->failures,
				   d->failures_n);
	}
	if (r == WEALD_OK) {
		r = print_failures(f, "contradicted by", d->contradicted,
				   d->contradicted_n);
	}
	putchar('\n');
	return r;
}

static int print_end(struct fixing *f)
{
	const struct fixes *x = &f->fixes;
	char *ref = NULL;
	int r;

	if (x->n == 0) {
		puts("Nobody has shared a fix for this yet.");
		puts("weald search WORDS looks in records of every kind; weald "
		     "new intervention\nshares one.");
		return WEALD_OK;
	}
	if (x->total > x->n) {
		printf("%zu of %zu; --limit N shows more\n", x->n, x->total);
	}
	r = out_escape(span_of(x->list[0].hit.ref), &ref);
	if (r == WEALD_OK) {
		printf("To read one: weald show %s\n", ref);
		if (!x->list[0].hit.withdrawn) {
			printf("To start with it: weald adopt %s\n", ref);
		}
	}
	free(ref);
	return r;
}

static int print_problems(struct fixing *f)
{
	const struct fixes *x = &f->fixes;
	size_t i;
	int r = WEALD_OK;

	if (x->problems_n == 0) {
		return WEALD_OK;
	}
	puts("Problems like it:");
	for (i = 0; r == WEALD_OK && i < x->problems_n; i++) {
		r = hits_print(f->width, 4, &x->problems[i]);
	}
	putchar('\n');
	return r;
}

static int print_text(struct fixing *f)
{
	size_t i;
	int r = hits_print_alerts(f->width, &f->alerts, HITS_ALERTS_FEW);

	if (r == WEALD_OK) {
		r = print_question(f);
	}
	for (i = 0; r == WEALD_OK && i < f->fixes.n; i++) {
		r = print_fix(f, &f->fixes.list[i]);
	}
	if (r == WEALD_OK) {
		r = print_problems(f);
	}
	if (r == WEALD_OK) {
		r = print_end(f);
	}
	return r != WEALD_OK ? r : out_flush(f->c);
}

/* ---- asking --------------------------------------------------------------
 */

static int ask(struct fixing *f)
{
	struct cli *c = f->c;
	const struct fixed asked = {
		.what = f->ref != NULL ? f->ref : (const char *)f->words.data,
		.is_ref = f->ref != NULL,
		.limit = f->limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX
						   : (size_t)f->limit,
	};
	int r = query_alerts(f->index, false, &f->alerts, &c->msg);

	if (r == WEALD_OK) {
		r = query_fixed(f->index, &asked, f->today, &f->fixes, &c->msg);
	}
	if (r == WEALD_NOTFOUND) {
		msg_set(&c->msg, "there is no record %s here", asked.what);
		c->advice = "ask in words instead: weald fixed WORDS";
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	return r == WEALD_OK ? r : lookup_fail(c, r);
}

static int print_paged(struct fixing *f)
{
	struct pager pager;
	int r;

	f->width = prose_width();
	pager_start(&pager);
	r = print_text(f);
	pager_end(&pager);
	return r;
}

/* One argument with a "/" in it names a record; all else is words. */
static int take_words(struct fixing *f, int argc, char **argv, int first)
{
	uint64_t version;
	int i;
	int r = WEALD_OK;

	for (i = first; r == WEALD_OK && i < argc; i++) {
		r = buf_add_text(&f->words, i == first ? "" : " ");
		r = r == WEALD_OK ? buf_add_text(&f->words, argv[i]) : r;
	}
	r = r == WEALD_OK ? buf_add_byte(&f->words, 0) : r;
	if (r == WEALD_TOOBIG) {
		return cli_usage_error(f->c, "too many words");
	}
	if (r != WEALD_OK || argc - first != 1 ||
	    strchr(argv[first], '/') == NULL ||
	    strchr(argv[first], ' ') != NULL) {
		return r;
	}
	return lookup_ref(f->c, f->home, argv[first], &f->ref, &version);
}

static const char fixed_text[] =
	"Has anyone fixed this? PROBLEM is a reference to a problem; or say "
	"in\n"
	"words what is wrong. Printed are the interventions for it and for\n"
	"problems like it, the surest first: who uses each and at which "
	"stage,\n"
	"what came of it, and what was tried and did not work.\n";

int command_fixed(struct cli *c, int argc, char **argv)
{
	struct fixing f = { .c = c, .today = lookup_today() };
	const struct cli_option options[] = {
		{ "limit", 'n', CLI_OPTION_NUMBER, &f.limit, "N",
		  "so many at most; 20 where it is not given" },
	};
	const struct cli_usage usage = {
		.synopsis = "fixed [-n N] PROBLEM|WORD...",
		.text = fixed_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a problem, or say what to look for",
		.args_max = CLI_ARGS_ANY,
	};
	int first;
	int r;

	buf_init(&f.words, WORDS_BYTES_MAX);
	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &f.home);
	if (r == WEALD_OK) {
		r = take_words(&f, argc, argv, first);
	}
	if (r == WEALD_OK) {
		r = lookup_open(c, f.home, &f.index);
	}
	if (r == WEALD_OK) {
		f.complete = lookup_is_complete(c, f.home, f.index);
		r = ask(&f);
	}
	if (r == WEALD_OK) {
		r = c->json ? print_json(&f) : print_paged(&f);
	}
	fixes_release(&f.fixes);
	alerts_release(&f.alerts);
	index_close(f.index);
	home_close(f.home);
	free(f.ref);
	buf_release(&f.words);
	return r;
}
