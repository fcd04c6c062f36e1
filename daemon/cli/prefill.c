#include "daemon/cli/prefill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/files.h"
#include "daemon/cli/lookup.h"
#include "proto/path.h"
#include "store/author.h"
#include "store/index/query.h"
#include "store/record/region.h"

/* How far back the own feed is looked through. */
#define PAST_UPDATES_MAX 200u
/* How many records of evidence are asked for their measure. */
#define EVIDENCE_MAX 50u

#define LICENCE       "OGL-UK-3.0"
#define REVIEW_MONTHS 12u

/* ---- values --------------------------------------------------------------
 */

/* Room for a value more. */
static int grow(struct prefill *p)
{
	const size_t cap = p->cap == 0 ? 16 : 2 * p->cap;
	struct form_value *values;
	char **owned;

	if (p->n < p->cap) {
		return WEALD_OK;
	}
	values = realloc(p->values, cap * sizeof *values);
	if (values == NULL) {
		return WEALD_NOMEM;
	}
	p->values = values;
	owned = realloc(p->owned, 2 * cap * sizeof *owned);
	if (owned == NULL) {
		return WEALD_NOMEM;
	}
	p->owned = owned;
	p->cap = cap;
	return WEALD_OK;
}

int prefill_add(struct prefill *p, const char *path, const char *text)
{
	char **owned;
	int r = grow(p);

	if (r != WEALD_OK) {
		return r;
	}
	owned = &p->owned[2 * p->n];
	owned[0] = strdup(path);
	owned[1] = strdup(text);
	if (owned[0] == NULL || owned[1] == NULL) {
		free(owned[0]);
		free(owned[1]);
		return WEALD_NOMEM;
	}
	p->values[p->n] = (struct form_value){ owned[0], owned[1] };
	p->n++;
	return WEALD_OK;
}

const char *prefill_get(const struct prefill *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (strcmp(p->values[i].path, path) == 0) {
			return p->values[i].text;
		}
	}
	return NULL;
}

/* Does the kind have the field in which @path stands? */
static bool kind_has(const struct prefill *p, const char *path)
{
	return kind_field(p->kind, (struct span){ (const uint8_t *)path,
						  strcspn(path, ".") }) != NULL;
}

/* Would the form be wrong without the field? */
static bool must_have(const struct prefill *p, const char *name)
{
	const struct field *f = kind_field(p->kind, span_of(name));

	return f != NULL && f->need == FIELD_REQUIRED;
}

int prefill_offer(struct prefill *p, const char *path, const char *text)
{
	if (text == NULL || text[0] == '\0' || !kind_has(p, path) ||
	    prefill_get(p, path) != NULL) {
		return WEALD_OK;
	}
	return prefill_add(p, path, text);
}

void prefill_release(struct prefill *p)
{
	while (p->n > 0) {
		p->n--;
		free(p->owned[2 * p->n]);
		free(p->owned[2 * p->n + 1]);
	}
	free(p->owned);
	free(p->values);
	p->owned = NULL;
	p->values = NULL;
	p->cap = 0;
}

/* ---- from records --------------------------------------------------------
 */

/* Offer the texts of the list at @path, where none is filled in. */
static int offer_list(struct prefill *p, const struct record *r,
		      const char *path)
{
	const struct value *v = record_get(r, path);
	size_t i;
	int err = WEALD_OK;

	if (v == NULL || v->type != VALUE_LIST || !v->valid ||
	    !kind_has(p, path) || prefill_get(p, path) != NULL) {
		return WEALD_OK;
	}
	for (i = 0; err == WEALD_OK && i < v->n; i++) {
		if (v->items[i].type == VALUE_TEXT) {
			err = prefill_add(p, path, v->items[i].text);
		}
	}
	return err;
}

static int offer_text(struct prefill *p, const struct record *r,
		      const char *path)
{
	const struct value *v = record_get(r, path);

	return v == NULL || v->type != VALUE_TEXT || !v->valid
		       ? WEALD_OK
		       : prefill_offer(p, path, v->text);
}

/* A reference, with the region before it where it is @region's own. */
static int offer_measure(struct prefill *p, const struct record *r,
			 const char *region)
{
	const char *text = record_text(r, "measure");
	struct reference ref;
	struct buf full;
	int err;

	if (reference_parse(span_of(text), span_of(region), &ref, NULL) !=
		    WEALD_OK ||
	    !span_equal(ref.kind, span_of("measure"))) {
		return WEALD_OK;
	}
	buf_init(&full, REFERENCE_BYTES_MAX);
	err = reference_format(&full, &ref);
	if (err == WEALD_OK) {
		err = buf_add_byte(&full, '\0');
	}
	if (err == WEALD_OK) {
		err = prefill_offer(p, "measure", (const char *)full.data);
	}
	buf_release(&full);
	return err;
}

int prefill_from_source(struct prefill *p, const struct source *s)
{
	int r;

	if (s->record == NULL) {
		return WEALD_OK;
	}
	r = offer_list(p, s->record, "topics");
	if (r == WEALD_OK) {
		r = offer_list(p, s->record, "settings");
	}
	return r == WEALD_OK ? offer_measure(p, s->record, s->region) : r;
}

/* Has @r a topic that is filled in here? Also where none is. */
static bool shares_topic(const struct prefill *p, const struct record *r)
{
	const struct value *topics = record_get(r, "topics");
	size_t i;
	size_t k;

	if (prefill_get(p, "topics") == NULL) {
		return true;
	}
	for (i = 0; topics != NULL && i < topics->n; i++) {
		for (k = 0; k < p->n; k++) {
			if (strcmp(p->values[k].path, "topics") == 0 &&
			    strcmp(p->values[k].text, topics->items[i].text) ==
				    0) {
				return true;
			}
		}
	}
	return false;
}

/* What a record of this region says that the next one will say too. */
static int take_past(struct prefill *p, const struct record *r,
		     const char *region)
{
	int err = WEALD_OK;

	if (prefill_get(p, "contact.role") == NULL) {
		err = offer_text(p, r, "contact.role");
		if (err == WEALD_OK) {
			err = offer_text(p, r, "contact.mailbox");
		}
	}
	if (err == WEALD_OK && must_have(p, "sponsor_role")) {
		err = offer_text(p, r, "sponsor_role");
	}
	if (err == WEALD_OK) {
		err = offer_list(p, r, "settings");
	}
	return err == WEALD_OK && shares_topic(p, r)
		       ? offer_measure(p, r, region)
		       : err;
}

/* Is there nothing more to look for? */
static bool is_full(const struct prefill *p)
{
	static const char *const wanted[] = { "contact.role", "settings",
					      "measure" };
	size_t i;

	if (must_have(p, "sponsor_role") &&
	    prefill_get(p, "sponsor_role") == NULL) {
		return false;
	}
	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (kind_has(p, wanted[i]) &&
		    prefill_get(p, wanted[i]) == NULL) {
			return false;
		}
	}
	return true;
}

/*
 * The contact of region.yaml, where no record had one; one that names a person,
 * as an older weald let in, is no help.
 */
static int take_region(struct prefill *p, struct cli *c, const struct feed *own)
{
	struct region region = { .nodes_n = 0 };
	struct buf text;
	int r;

	if (prefill_get(p, "contact.role") != NULL) {
		return WEALD_OK;
	}
	buf_init(&text, CONTENT_BYTES_MAX);
	r = files_read_one(c, own, feed_committed_seq(own), span_of(""),
			   PATH_REGION, &text);
	if (r == WEALD_OK &&
	    region_parse(buf_span(&text), PATH_REGION, &region, NULL) ==
		    WEALD_OK &&
	    author_check_region(&region, NULL) == WEALD_OK) {
		r = prefill_offer(p, "contact.role", region.role);
		if (r == WEALD_OK) {
			r = prefill_offer(p, "contact.mailbox", region.mailbox);
		}
	}
	region_release(&region);
	buf_release(&text);
	return r;
}

/* What the record of update @seq says, if it is about one. */
static int take_update(struct prefill *p, struct cli *c,
		       const struct home *home, const struct feed *own,
		       uint64_t seq)
{
	struct problems unused = { .n = 0 };
	struct record *record = NULL;
	struct stored s;
	struct buf text;
	int r;

	r = cli_fail(c, CLI_ABOUT_FEED, feed_read(own, seq, &s, &c->msg));
	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&text, CONTENT_BYTES_MAX);
	if (s.update.record.len > 0) {
		r = files_read_one(c, own, seq, s.update.record, RECORD_FILE,
				   &text);
	}
	if (r == WEALD_OK && text.len > 0) {
		r = record_parse(buf_span(&text), &record, &unused);
		r = r == WEALD_INVALID ? WEALD_OK : r;
	}
	if (r == WEALD_OK && record != NULL) {
		r = take_past(p, record, home_slug(home));
	}
	record_free(record);
	problems_release(&unused);
	buf_release(&text);
	stored_release(&s);
	return r;
}

int prefill_from_past(struct prefill *p, struct cli *c, const struct home *home,
		      const struct feed *own)
{
	uint64_t seq = feed_committed_seq(own);
	const uint64_t end =
		seq > PAST_UPDATES_MAX ? seq - PAST_UPDATES_MAX : 0;
	int r = WEALD_OK;

	for (; r == WEALD_OK && seq > end && !is_full(p); seq--) {
		r = take_update(p, c, home, own, seq);
	}
	return r == WEALD_OK ? take_region(p, c, own) : r;
}

/* ---- from the index ------------------------------------------------------
 */

/* Is @ref of @region? */
static bool is_of(const char *ref, const char *region)
{
	const size_t len = strlen(region);

	return strncmp(ref, region, len) == 0 && ref[len] == '/';
}

/* The measure of the record @ref, which the caller frees; NULL for none. */
static int measure_of(struct index *x, const char *ref, char **out,
		      struct weald_msg *msg)
{
	struct links links = { .n = 0 };
	size_t i;
	int r = query_links(x, ref, &links, msg);

	*out = NULL;
	for (i = 0; r == WEALD_OK && i < links.n; i++) {
		if (!links.list[i].incoming &&
		    strcmp(links.list[i].rel, "measure") == 0) {
			*out = strdup(links.list[i].ref);
			r = *out == NULL ? WEALD_NOMEM : WEALD_OK;
			break;
		}
	}
	links_release(&links);
	return r;
}

/* Rank of evidence: nearest home first. */
static int nearness(const char *ref, const char *own, const char *intervention)
{
	size_t len = strcspn(intervention, "/");

	if (is_of(ref, own)) {
		return 2;
	}
	return strncmp(ref, intervention, len + 1) == 0 ? 1 : 0;
}

/* The measure of the nearest evidence among @links. */
static int nearest_measure(struct index *x, const struct links *links,
			   const char *own, const char *intervention,
			   char **out, struct weald_msg *msg)
{
	int best = -1;
	size_t seen = 0;
	size_t i;
	char *measure;
	int near;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < links->n && seen < EVIDENCE_MAX; i++) {
		const struct linked *l = &links->list[i];

		if (!l->incoming || !l->there ||
		    strcmp(l->rel, "intervention") != 0) {
			continue;
		}
		near = nearness(l->ref, own, intervention);
		if (near <= best) {
			continue;
		}
		seen++;
		r = measure_of(x, l->ref, &measure, msg);
		if (r == WEALD_OK && measure != NULL) {
			free(*out);
			*out = measure;
			best = near;
		}
	}
	return r;
}

int prefill_measure(struct prefill *p, struct cli *c, struct home *home,
		    const char *intervention)
{
	struct index *x = NULL;
	struct links links = { .n = 0 };
	char *measure = NULL;
	int r;

	if (!kind_has(p, "measure") || prefill_get(p, "measure") != NULL) {
		return WEALD_OK;
	}
	r = lookup_open(c, home, &x);
	if (r != WEALD_OK) {
		return r;
	}
	r = query_links(x, intervention, &links, &c->msg);
	if (r == WEALD_OK) {
		r = nearest_measure(x, &links, home_slug(home), intervention,
				    &measure, &c->msg);
	}
	r = r == WEALD_NOTFOUND ? WEALD_OK : lookup_fail(c, r);
	if (r == WEALD_OK && measure != NULL) {
		r = prefill_offer(p, "measure", measure);
	}
	free(measure);
	links_release(&links);
	index_close(x);
	return r;
}

/* ---- the same in every form ----------------------------------------------
 */

void prefill_date(unsigned months, char out[PREFILL_DATE_BYTES])
{
	time_t now = (time_t)cli_now();
	struct tm t;
	int month;

	(void)gmtime_r(&now, &t); /* cannot fail before the year 2^31 */
	month = t.tm_mon + (int)months;
	t.tm_year += month / 12;
	t.tm_mon = month % 12;
	if (months > 0 && t.tm_mday > 28) {
		t.tm_mday = 28; /* every month has it */
	}
	snprintf(out, PREFILL_DATE_BYTES, "%04d-%02d-%02d", t.tm_year + 1900,
		 t.tm_mon + 1, t.tm_mday);
}

int prefill_defaults(struct prefill *p)
{
	char today[PREFILL_DATE_BYTES];
	char review[PREFILL_DATE_BYTES];
	int r;

	prefill_date(0, today);
	prefill_date(REVIEW_MONTHS, review);
	r = prefill_offer(p, "review_on", review);
	if (r == WEALD_OK) {
		r = prefill_offer(p, "licence", LICENCE);
	}
	if (r == WEALD_OK) {
		r = prefill_offer(p, "issued", today);
	}
	if (r == WEALD_OK) {
		r = prefill_offer(p, "replaces_national_alert", "false");
	}
	return r;
}
