#include "daemon/cli/hits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/edition.h"
#include "daemon/cli/out.h"
#include "daemon/cli/prose.h"
#include "proto/text.h"
#include "store/record/record.h"
#include "store/record/reference.h"
#include "store/record/vocab.h"

#define SECONDS_A_DAY 86400u
#define DAYS_A_MONTH  30.44
#define LINE_BYTES    (64u * 1024u)

/* ---- words ---------------------------------------------------------------
 */

const char *hits_label(const char *name, const char *code)
{
	const struct code_list *list = vocab_codes(name);
	const struct code *found =
		list == NULL ? NULL : code_find(list, span_of(code));

	return found == NULL ? code : found->label;
}

const char *hits_kind(const char *kind)
{
	const struct kind *k = vocab_kind(span_of(kind));

	return k == NULL ? kind : k->label;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

void hits_maturity(const struct derived *d, char out[HITS_WORDS_BYTES])
{
	if (is(d->maturity, "withdrawn")) {
		snprintf(out, HITS_WORDS_BYTES, "WITHDRAWN");
	} else if (is(d->maturity, "idea")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "idea: no region has a result yet");
	} else if (is(d->maturity, "tested-once")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "tested once: improved in no region so far");
	} else if (is(d->maturity, "improved-once")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "improved once: improved in 1 region");
	} else if (is(d->maturity, "replicated")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "replicated: improved in %zu regions", d->improved);
	} else if (is(d->maturity, "widely-adopted")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "widely adopted: in use in %zu regions, improved in "
			 "%zu",
			 d->implementing, d->improved);
	} else {
		snprintf(out, HITS_WORDS_BYTES, "%.*s", (int)sizeof d->maturity,
			 d->maturity);
	}
}

void hits_counts(const struct derived *d, char out[HITS_WORDS_BYTES])
{
	snprintf(out, HITS_WORDS_BYTES,
		 "tried in %zu region%s, improved in %zu, unclear in %zu, "
		 "worse in %zu, not yet reported in %zu",
		 d->tried, plural(d->tried), d->improved, d->unclear, d->worse,
		 d->not_reported);
	if (d->no_verdict > 0) {
		snprintf(out + strlen(out), HITS_WORDS_BYTES - strlen(out),
			 ", numbers without a verdict in %zu", d->no_verdict);
	}
}

/* Whole months since the date @started; -1 where it is none. */
static int months_since(const char *started, int64_t today)
{
	int64_t day;

	if (!date_parse(started, &day) || day > today) {
		return -1;
	}
	return (int)((double)(today - day) / DAYS_A_MONTH);
}

void hits_result(const struct use *u, int64_t today, char out[HITS_WORDS_BYTES])
{
	int months = months_since(u->started, today);
	const char *word = u->verdict;

	if (u->overdue || is(word, "not-reported")) {
		if (months >= 0) {
			snprintf(out, HITS_WORDS_BYTES,
				 "no result after %d months", months);
		} else {
			snprintf(out, HITS_WORDS_BYTES,
				 "no result for more than a year");
		}
		return;
	}
	if (is(word, "pending") || word[0] == '\0') {
		snprintf(out, HITS_WORDS_BYTES, "no result yet");
	} else if (is(word, "too-early")) {
		snprintf(out, HITS_WORDS_BYTES, "too early to say");
	} else if (is(word, "no-events")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "no ratio: none counted before, or none after");
	} else if (is(word, "no-verdict")) {
		snprintf(out, HITS_WORDS_BYTES,
			 "ratio %.2f (95%% interval %.2f to %.2f): the measure "
			 "counts what is wanted, so no verdict",
			 u->ratio, u->low, u->high);
	} else if (u->ratio > 0) {
		snprintf(out, HITS_WORDS_BYTES,
			 "%.20s: ratio %.2f (95%% interval %.2f to %.2f)", word,
			 u->ratio, u->low, u->high);
	} else {
		snprintf(out, HITS_WORDS_BYTES, "%.20s", word);
	}
}

/* ---- for people ----------------------------------------------------------
 */

int hits_add_warning(struct buf *line, const struct hit *h)
{
	char region[REFERENCE_REGION_BYTES_MAX + 1];
	int r;

	snprintf(region, sizeof region, "%.*s",
		 (int)strcspn(h->withdrawn_by, "/"), h->withdrawn_by);
	r = prose_add(line, hits_label("alert_level", h->level));
	r = r == WEALD_OK ? buf_add_text(line, ", says ") : r;
	return r == WEALD_OK ? prose_add(line, region) : r;
}

int hits_print_standing(size_t width, const char *of, const struct hit *h)
{
	const bool is_named = h->withdrawn_by[0] != '\0';
	const char *see = is_named        ? h->withdrawn_by
			  : of[0] != '\0' ? h->ref
					  : NULL; /* it is being shown */
	struct buf line;
	int r;

	if (!h->withdrawn && !is_named) {
		return WEALD_OK;
	}
	buf_init(&line, LINE_BYTES);
	r = buf_add_text(&line, of);
	if (r == WEALD_OK && !h->withdrawn) {
		r = hits_add_warning(&line, h);
	} else if (r == WEALD_OK && is_named) {
		r = prose_add(&line, hits_label("alert_level", h->level));
	} else if (r == WEALD_OK) {
		r = buf_add_text(&line, "by the region that published it");
	}
	if (r == WEALD_OK && see != NULL) {
		r = buf_add_text(&line, "; weald show ");
		r = r == WEALD_OK ? prose_add(&line, see) : r;
		r = r == WEALD_OK
			    ? buf_add_text(&line, " says why and what to do")
			    : r;
	}
	if (r == WEALD_OK) {
		r = prose_done(width,
			       h->withdrawn ? "WITHDRAWN  " : "WARNING  ",
			       h->withdrawn ? 11 : 9, &line);
	}
	buf_release(&line);
	return r;
}

static int add_withdrawn(struct buf *line, const struct hit *h)
{
	int r;

	if (!h->withdrawn) { /* another region has its doubts */
		r = buf_add_text(line, "; WARNING: ");
		return r == WEALD_OK ? hits_add_warning(line, h) : r;
	}
	r = buf_add_text(line, "; WITHDRAWN");
	if (r == WEALD_OK && h->withdrawn_by[0] != '\0') {
		r = buf_add_text(line, " by ");
		r = r == WEALD_OK ? prose_add(line, h->withdrawn_by) : r;
	}
	return r;
}

static int add_state(struct buf *line, const struct hit *h)
{
	int r = WEALD_OK;

	if (h->version == 0) {
		r = buf_addf(line, "; %s", edition_state(h->last_state));
	} else if (h->last > h->version) {
		r = buf_addf(line, "; version %" PRIu64 " is %s", h->last,
			     edition_state(h->last_state));
	}
	if (r == WEALD_OK && (h->withdrawn || h->withdrawn_by[0] != '\0')) {
		r = add_withdrawn(line, h);
	}
	if (r == WEALD_OK && h->ours &&
	    (h->withdrawn || h->withdrawn_by[0] != '\0')) {
		r = buf_add_text(line, ", and you use it");
	}
	if (r == WEALD_OK && h->example) {
		r = buf_add_text(line, "; example");
	}
	return r;
}

/* "Replicated", of a label that goes on to say what that is. */
static int add_maturity(struct buf *line, const struct hit *h)
{
	const char *label = hits_label("maturity_derived", h->maturity);
	char word[HITS_WORDS_BYTES];
	int r;

	if (h->maturity[0] == '\0') {
		return WEALD_OK;
	}
	snprintf(word, sizeof word, "%.*s", (int)strcspn(label, ":"), label);
	r = buf_add_text(line, "; ");
	if (r == WEALD_OK) {
		r = prose_add(line, word);
	}
	if (r == WEALD_OK && h->tried > 0) {
		r = buf_addf(line, ": tried in %zu region%s, improved in %zu",
			     h->tried, plural(h->tried), h->improved);
	}
	return r;
}

int hits_print(size_t width, size_t indent, const struct hit *h)
{
	struct buf line;
	char head[16];
	int r;

	buf_init(&line, LINE_BYTES);
	snprintf(head, sizeof head, "%*s", (int)indent, "");
	r = prose_put(width, head, indent + 2,
		      span_of(h->title[0] != '\0' ? h->title
			      : h->version != 0   ? "(without a title)"
			      : h->last_state == INDEX_WITHHELD
				      ? "(withheld)"
				      : "(not here)"));
	if (r == WEALD_OK) {
		r = prose_add(&line, h->ref);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(&line, "  ");
	}
	if (r == WEALD_OK) {
		r = prose_add(&line, hits_kind(h->kind));
	}
	if (r == WEALD_OK) {
		r = add_maturity(&line, h);
	}
	if (r == WEALD_OK) {
		r = add_state(&line, h);
	}
	if (r == WEALD_OK) {
		snprintf(head, sizeof head, "%*s", (int)indent + 2, "");
		r = prose_done(width, head, indent + 4, &line);
	}
	buf_release(&line);
	return r;
}

int hits_print_use(size_t width, size_t indent, const struct use *u,
		   int64_t today)
{
	char result[HITS_WORDS_BYTES];
	struct buf line;
	char head[16];
	int r;

	buf_init(&line, LINE_BYTES);
	hits_result(u, today, result);
	r = prose_add(&line, u->region);
	if (r == WEALD_OK) {
		r = buf_add_text(&line, ": ");
	}
	if (r == WEALD_OK && u->stage[0] != '\0') {
		r = prose_add(&line, hits_label("adoption_stage", u->stage));
		r = r == WEALD_OK ? buf_add_text(&line, ", ") : r;
	}
	if (r == WEALD_OK && u->sites[0] != '\0') {
		r = prose_add(&line, u->sites);
		r = r == WEALD_OK ? buf_add_text(&line, " sites, ") : r;
	}
	if (r == WEALD_OK && u->started[0] != '\0') {
		r = buf_add_text(&line, "since ");
		r = r == WEALD_OK ? prose_add(&line, u->started) : r;
		r = r == WEALD_OK ? buf_add_text(&line, "; ") : r;
	}
	if (r == WEALD_OK) {
		r = prose_add(&line, result);
	}
	if (r == WEALD_OK) {
		snprintf(head, sizeof head, "%*s", (int)indent, "");
		r = prose_done(width, head, indent + 4, &line);
	}
	buf_release(&line);
	return r;
}

/* Is it the region that made it, or another that warns of it? */
static bool is_by_author(const struct alert *a)
{
	const size_t n = strlen(a->region);

	return strncmp(a->target, a->region, n) == 0 && a->target[n] == '/';
}

/* What is escaped already. */
struct alert_text {
	char *title;
	char *by;
	char *region;
	char *adoption;
	char *level;
	char *reason;
};

static void alert_text_release(struct alert_text *t)
{
	free(t->title);
	free(t->by);
	free(t->region);
	free(t->adoption);
	free(t->level);
	free(t->reason);
}

static int alert_text_make(const struct alert *a, struct alert_text *out)
{
	const char *title =
		a->target_title[0] != '\0' ? a->target_title : a->target;
	int r = out_escape(span_of(title), &out->title);

	r = r == WEALD_OK ? out_escape(span_of(a->by), &out->by) : r;
	r = r == WEALD_OK ? out_escape(span_of(a->region), &out->region) : r;
	r = r == WEALD_OK ? out_escape(span_of(a->adoption), &out->adoption)
			  : r;
	if (r == WEALD_OK) {
		r = out_escape(span_of(hits_label("alert_level", a->level)),
			       &out->level);
	}
	if (r == WEALD_OK) {
		r = out_escape(span_of(hits_label("withdrawal_reason",
						  a->reason)),
			       &out->reason);
	}
	return r;
}

static int print_alert(size_t width, const struct alert *a)
{
	struct alert_text t = { .title = NULL };
	int r = alert_text_make(a, &t);

	if (r == WEALD_OK) {
		r = prose_say(width,
			      is_by_author(a) ? "WITHDRAWN  " : "WARNING    ",
			      11, "%s: %s%s%s, says %s; you use this (%s)",
			      t.title, t.level[0] == '\0' ? "stop" : t.level,
			      t.reason[0] == '\0' ? "" : ", ", t.reason,
			      t.region, t.adoption);
	}
	if (r == WEALD_OK) {
		r = prose_say(width, "           ", 11, "weald show %s", t.by);
	}
	if (r == WEALD_OK) {
		r = prose_say(width, "           ", 11,
			      "weald ack %s  when you have dealt with it",
			      t.by);
	}
	alert_text_release(&t);
	return r;
}

int hits_print_alerts(size_t width, const struct alerts *a, size_t max)
{
	size_t n = 0;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->n; i++) {
		if (!a->list[i].acknowledged && ++n <= max) {
			r = print_alert(width, &a->list[i]);
		}
	}
	if (n > max) {
		printf("WITHDRAWN  and %zu more that you use: weald inbox\n",
		       n - max);
	}
	if (n > 0) {
		putchar('\n');
	}
	return r;
}

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *text_json(const char *text)
{
	return json_span(span_of(text));
}

static json_t *uint_json(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *time_json(uint64_t seconds)
{
	char time[OUT_TIME_BYTES];

	if (seconds == 0) {
		return json_null();
	}
	out_time_iso(seconds, time);
	return json_string(time);
}

/* Of the latest version. */
static const char *state_name(enum index_state state)
{
	static const char *const names[] = {
		[INDEX_SHOWN] = "shown",
		[INDEX_WITHHELD] = "withheld",
		[INDEX_ABSENT] = "absent",
		[INDEX_UNREAD] = "unread",
	};

	return (size_t)state < sizeof names / sizeof names[0]
		       ? names[state]
		       : names[INDEX_UNREAD];
}

json_t *hits_json(const struct hit *h)
{
	const struct json_pair pairs[] = {
		{ "ref", text_json(h->ref) },
		{ "region", text_json(h->region) },
		{ "kind", text_json(h->kind) },
		{ "title", text_json(h->title) },
		{ "version", uint_json(h->version) },
		{ "last", uint_json(h->last) },
		{ "last_state", text_json(state_name(h->last_state)) },
		{ "time", time_json(h->time) },
		{ "known", json_boolean(h->known) },
		{ "example", json_boolean(h->example) },
		{ "withdrawn", json_boolean(h->withdrawn) },
		{ "withdrawn_by", text_json(h->withdrawn_by) },
		{ "level", text_json(h->level) },
		{ "ours", json_boolean(h->ours) },
		{ "matched", text_json(h->matched) },
		{ "maturity", text_json(h->maturity) },
		{ "tried", uint_json(h->tried) },
		{ "improved", uint_json(h->improved) },
	};

	return JSON_OBJECT(pairs);
}

json_t *hits_use_json(const struct use *u)
{
	const struct json_pair pairs[] = {
		{ "region", text_json(u->region) },
		{ "adoption", text_json(u->adoption) },
		{ "title", text_json(u->title) },
		{ "stage", text_json(u->stage) },
		{ "started", text_json(u->started) },
		{ "sites", text_json(u->sites) },
		{ "version_seen", uint_json(u->version_seen) },
		{ "next_review", text_json(u->next_review) },
		{ "result_ref", text_json(u->result_ref) },
		{ "verdict", text_json(u->verdict) },
		{ "ratio", u->ratio > 0 ? json_real(u->ratio) : json_null() },
		{ "low", u->ratio > 0 ? json_real(u->low) : json_null() },
		{ "high", u->ratio > 0 ? json_real(u->high) : json_null() },
		{ "overdue", json_boolean(u->overdue) },
		{ "review_due", json_boolean(u->review_due) },
		{ "acknowledged", json_boolean(u->acknowledged) },
		{ "own", json_boolean(u->own) },
	};

	return JSON_OBJECT(pairs);
}

static json_t *hit_list_json(const struct hit *list, size_t n)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (json_array_append_new(out, hits_json(&list[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *use_list_json(const struct derived *d)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < d->uses_n; i++) {
		if (json_array_append_new(out, hits_use_json(&d->uses[i])) !=
		    0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

json_t *hits_derived_json(const struct derived *d)
{
	const struct json_pair pairs[] = {
		{ "maturity", text_json(d->maturity) },
		{ "tried", uint_json(d->tried) },
		{ "improved", uint_json(d->improved) },
		{ "unclear", uint_json(d->unclear) },
		{ "worse", uint_json(d->worse) },
		{ "no_verdict", uint_json(d->no_verdict) },
		{ "not_reported", uint_json(d->not_reported) },
		{ "pending", uint_json(d->pending) },
		{ "implementing", uint_json(d->implementing) },
		{ "review_passed", json_boolean(d->review_passed) },
		{ "uses", use_list_json(d) },
		{ "failures", hit_list_json(d->failures, d->failures_n) },
		{ "contradicted",
		  hit_list_json(d->contradicted, d->contradicted_n) },
	};

	return JSON_OBJECT(pairs);
}

json_t *hits_alert_json(const struct alert *a)
{
	const struct json_pair pairs[] = {
		{ "target", text_json(a->target) },
		{ "target_title", text_json(a->target_title) },
		{ "by", text_json(a->by) },
		{ "region", text_json(a->region) },
		{ "title", text_json(a->title) },
		{ "level", text_json(a->level) },
		{ "reason", text_json(a->reason) },
		{ "adoption", text_json(a->adoption) },
		{ "version", uint_json(a->version) },
		{ "time", time_json(a->time) },
		{ "acknowledged", json_boolean(a->acknowledged) },
	};

	return JSON_OBJECT(pairs);
}

int hits_print_json(struct cli *c, const char *type, json_t *o)
{
	struct json_line j = { o, o == NULL };
	int r;

	if (o == NULL) {
		return WEALD_NOMEM;
	}
	json_line_text(&j, "type", type);
	r = json_line_print(&j);
	return r != WEALD_OK ? r : out_flush(c);
}

/* ---- filters -------------------------------------------------------------
 */

static const struct {
	const char *what;
	const char *codes; /* in the vocabulary; "" for none */
	const char *list;  /* how to list them, as advice */
} filters[] = {
	[HITS_TOPIC] = { "topic", "topics", "weald topics lists them" },
	[HITS_SETTING] = { "setting", "settings", NULL },
	[HITS_KIND] = { "kind", "kinds", NULL },
	[HITS_REGION] = { "region", "", "weald regions lists those there are" },
};

/* The code that is nearest to what was asked for. */
struct nearest {
	const char *asked;
	const char *code;
	size_t distance;
	bool found;     /* exactly */
	struct buf all; /* of short lists: ", " between them */
};

static int look_at(struct nearest *n, const char *code)
{
	size_t d = text_distance(span_of(n->asked), span_of(code));
	int r = WEALD_OK;

	n->found = n->found || strcmp(n->asked, code) == 0;
	/* of part of it, or a third of it mistyped */
	if (strstr(code, n->asked) != NULL) {
		d = 1;
	}
	if (d < n->distance && d <= 1 + strlen(n->asked) / 3) {
		n->distance = d;
		n->code = code;
	}
	if (n->all.len > 0) {
		r = buf_add_text(&n->all, ", ");
	}
	return r == WEALD_OK ? buf_add_text(&n->all, code) : r;
}

static int look_in_index(struct nearest *n, const struct count_rows *rows)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < rows->n; i++) {
		r = look_at(n, rows->list[i].code);
	}
	return r;
}

static int look_in_vocab(struct nearest *n, enum hits_filter filter)
{
	const struct code_list *codes = vocab_codes(filters[filter].codes);
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && codes != NULL && i < codes->n; i++) {
		r = look_at(n, codes->codes[i].code);
	}
	return r;
}

static int refuse(struct cli *c, enum hits_filter filter, struct nearest *n)
{
	const char *what = filters[filter].what;
	int r;

	if (filters[filter].list == NULL) {
		r = buf_add_byte(&n->all, 0);
		if (r != WEALD_OK) {
			return r;
		}
		msg_set(&c->msg, "there is no %s \"%.60s\"%s%s; there are: %s",
			what, n->asked,
			n->code == NULL ? "" : "; did you mean ",
			n->code == NULL ? "" : n->code,
			(const char *)n->all.data);
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	msg_set(&c->msg, "there is no %s \"%.60s\"%s%s; %s", what, n->asked,
		n->code == NULL ? "" : ": did you mean ",
		n->code == NULL ? "" : n->code, filters[filter].list);
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
}

int hits_check(struct cli *c, struct index *x, enum hits_filter filter,
	       const char *code)
{
	struct nearest n = { .asked = code, .distance = SIZE_MAX };
	struct count_rows rows = { 0 };
	int r = WEALD_OK;

	if (code == NULL) {
		return WEALD_OK;
	}
	buf_init(&n.all, LINE_BYTES);
	if (filter == HITS_TOPIC && x != NULL) {
		r = query_topics(x, &rows, &c->msg);
	} else if (filter == HITS_REGION) {
		r = query_regions(x, &rows, &c->msg);
	} else {
		r = look_in_vocab(&n, filter);
	}
	r = r == WEALD_OK ? look_in_index(&n, &rows) : r;
	if (r == WEALD_OK && !n.found) {
		r = refuse(c, filter, &n);
	}
	buf_release(&n.all);
	count_rows_release(&rows);
	return r;
}

int hits_since(struct cli *c, const char *option, const char *text,
	       uint64_t *out)
{
	uint64_t now = cli_now();
	uint64_t length;
	int64_t day;

	if (date_parse(text, &day)) {
		*out = day <= 0 ? 1 : (uint64_t)day * SECONDS_A_DAY;
		return WEALD_OK;
	}
	if (cli_duration(text, &length) == WEALD_OK) {
		*out = length < now ? now - length : 1;
		return WEALD_OK;
	}
	return cli_usage_error(c,
			       "option --%s: %s is neither a day like "
			       "2026-01-31 nor a length of time up to a year "
			       "like 7d",
			       option, text);
}
