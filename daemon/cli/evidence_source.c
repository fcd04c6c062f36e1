/*
 * The figures of a record: the version that may be shown, its series, its
 * measure and its comparators, each by one rule (edition.h).
 */
#include "daemon/cli/evidence_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/lookup.h"
#include "store/evidence/controlled.h"

/* ---- a version of a record -----------------------------------------------
 */

/* Where a record is. */
struct place {
	struct feed *feed;
	struct buf path;
	char region[REFERENCE_REGION_BYTES_MAX + 1];
	char ref[REFERENCE_BYTES_MAX + 1]; /* region/kind/slug */
};

static void place_release(struct place *p)
{
	buf_release(&p->path);
	feed_close(p->feed);
	p->feed = NULL;
}

static void copy_span(struct span from, char *to, size_t size)
{
	(void)snprintf(to, size, "%.*s", (int)from.len,
		       (const char *)from.data);
}

/* The feed whose id is @id in hex; *@out_name is "" where it is not here. */
static int find_feed_id(struct cli *c, struct home *home, struct span id,
			char *out_name, size_t size)
{
	char hex[2 * SHA256_BYTES + 1];
	struct feed *feed = NULL;
	char **names = NULL;
	size_t n = 0;
	int r = home_feeds(home, &names, &n, &c->msg);

	out_name[0] = '\0';
	while (n > 0) {
		n--;
		if (r == WEALD_OK && out_name[0] == '\0' &&
		    home_open_feed(home, names[n], FEED_READ, &feed, NULL) ==
			    WEALD_OK) {
			hex_encode(feed_identity(feed)->feed, SHA256_BYTES,
				   hex);
			if (span_equal(span_of(hex), id)) {
				(void)snprintf(out_name, size, "%s", names[n]);
			}
			feed_close(feed);
			feed = NULL;
		}
		free(names[n]);
	}
	free(names);
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

static int place_find(struct cli *c, struct home *home,
		      const struct reference *ref, struct place *out)
{
	int r = WEALD_OK;

	buf_init(&out->path, RECORD_BYTES_MAX);
	copy_span(ref->region, out->region, sizeof out->region);
	if (ref->is_feed) {
		r = find_feed_id(c, home, ref->region, out->region,
				 sizeof out->region);
		if (r == WEALD_OK && out->region[0] == '\0') {
			msg_set(&c->msg, "there is no feed with that id here");
			return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
		}
	}
	if (r == WEALD_OK) {
		r = cli_open_feed(c, home, out->region, &out->feed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	(void)snprintf(out->ref, sizeof out->ref, "%s/%.*s/%.*s", out->region,
		       (int)ref->kind.len, (const char *)ref->kind.data,
		       (int)ref->slug.len, (const char *)ref->slug.data);
	return view_find_record(c, out->feed, out->region, ref->kind, ref->slug,
				&out->path);
}

/* Is its record.md the one that the reference pins? */
static bool is_pinned(const struct reference *ref, const struct edition *e)
{
	const struct file *file = files_find(&e->files, FILES_RECORD);

	return !ref->has_digest ||
	       (file != NULL && reference_pins(ref, buf_span(&file->content)));
}

/*
 * The version that @ref names, or the latest that may be shown; *@out_latest
 * says why the latest is not, where that is so. Nothing is in @out where it
 * may not be shown.
 */
static int place_load(struct cli *c, const struct home *home,
		      const struct place *p, const struct reference *ref,
		      struct edition *out, struct edition *out_latest)
{
	const struct edition_from from = { .home = home,
					   .feed = p->feed,
					   .ref = p->ref,
					   .path = buf_span(&p->path) };
	int r = edition_load(c, &from, ref->version, out);

	if (r != WEALD_OK || out->state == INDEX_SHOWN) {
		return r;
	}
	*out_latest = *out; /* it holds nothing more */
	*out = (struct edition){ .version = 0 };
	if (ref->version == 0) {
		r = edition_before(c, &from, out_latest->version, out);
	}
	return r;
}

/* ---- the series ----------------------------------------------------------
 */

/* The file that the record names as its series; NULL. */
static const struct file *series_file(const struct edition *e)
{
	const struct record *record = e->record;
	const struct field *field;
	const struct file *file = NULL;
	size_t i;

	if (record == NULL || record->kind == NULL) {
		return NULL;
	}
	for (i = 0; file == NULL && i < record->kind->fields_n; i++) {
		field = &record->kind->fields[i];
		if (field->type == FIELD_PATH) {
			file = files_find(&e->files,
					  record_text(record, field->name));
		}
	}
	return file;
}

/* WEALD_INVALID, and @msg says what is wrong with it first. */
static int read_series(const struct edition *e, const struct file *file,
		       struct series *out, struct weald_msg *msg)
{
	struct problems problems = { .n = 0 };
	size_t i;
	int r = series_parse(buf_span(&file->content), file->name, e->record,
			     out, &problems);

	if (r == WEALD_OK && (problems.errors > 0 || out->n == 0)) {
		series_release(out);
		r = WEALD_INVALID;
	}
	problems_sort(&problems);
	for (i = 0; r == WEALD_INVALID && i < problems.n; i++) {
		if (problems.list[i].level == PROBLEM_ERROR) {
			msg_set(msg, "its figures cannot be read: %s:%zu: %s",
				file->name, problems.list[i].line,
				problems.list[i].text.text);
			break;
		}
	}
	problems_release(&problems);
	return r;
}

/* ---- the measure ---------------------------------------------------------
 */

/* The reference in a field of @s's record, by its own region. */
static bool reference_of(const struct evidence_source *s, const char *text,
			 struct reference *out)
{
	return text[0] != '\0' &&
	       reference_parse(span_of(text), span_of(s->region), out, NULL) ==
		       WEALD_OK;
}

static const char *measure_text(const struct record *record)
{
	const char *text = record_text(record, "measure");

	return text[0] != '\0' ? text : record_text(record, "aim.measure");
}

/* "region/kind/slug" as it is called here. */
static void name_of(const struct reference *ref, char *out, size_t size)
{
	(void)snprintf(out, size, "%s%.*s/%.*s/%.*s",
		       ref->is_feed ? REFERENCE_SCHEME : "",
		       (int)ref->region.len, (const char *)ref->region.data,
		       (int)ref->kind.len, (const char *)ref->kind.data,
		       (int)ref->slug.len, (const char *)ref->slug.data);
}

/* What is not here is no failure: less is known then. */
static int forgive(struct cli *c, int r)
{
	if (r != WEALD_NOTFOUND) {
		return r;
	}
	msg_clear(&c->msg);
	c->advice = NULL;
	return WEALD_OK;
}

/*
 * Its latest version that may be shown, whichever the record names: as the
 * index does it, so that all records by one measure are read alike.
 */
static int load_measure(struct cli *c, struct home *home,
			struct evidence_source *s)
{
	struct edition latest = { .version = 0 };
	struct place p = { .feed = NULL };
	struct reference ref;
	uint64_t named = 0;
	int r;

	if (!reference_of(s, measure_text(s->shown.record), &ref)) {
		return WEALD_OK;
	}
	name_of(&ref, s->measure_ref, sizeof s->measure_ref);
	r = place_find(c, home, &ref, &p);
	if (r == WEALD_OK) {
		(void)snprintf(s->measure_ref, sizeof s->measure_ref, "%s",
			       p.ref);
		named = ref.version;
		ref.version = 0;
		r = place_load(c, home, &p, &ref, &s->measure, &latest);
	}
	if (r == WEALD_OK && s->measure.version == 0) {
		s->measure.state = latest.state; /* why it is not shown */
	} else if (r == WEALD_OK && named != s->measure.version) {
		s->measure_named = named;
	}
	edition_release(&latest);
	place_release(&p);
	return forgive(c, r);
}

/* ---- the intervention ----------------------------------------------------
 */

/* As name_of(), by the name that a feed has here. */
static int local_name(struct cli *c, struct home *home,
		      const struct reference *ref, char *out, size_t size)
{
	char region[REFERENCE_REGION_BYTES_MAX + 1] = "";
	int r = WEALD_OK;

	name_of(ref, out, size);
	if (ref->is_feed) {
		r = find_feed_id(c, home, ref->region, region, sizeof region);
	}
	if (r == WEALD_OK && region[0] != '\0') {
		(void)snprintf(out, size, "%s/%.*s/%.*s", region,
			       (int)ref->kind.len, (const char *)ref->kind.data,
			       (int)ref->slug.len,
			       (const char *)ref->slug.data);
	}
	return r;
}

/* The figures are shown without an index, but not as if nothing was withdrawn.
 */
static int tell_unknown(struct cli *c, int err)
{
	if (err == WEALD_OK || err == WEALD_NOMEM) {
		return err;
	}
	fprintf(stderr,
		"weald %s: whether its intervention was withdrawn is not "
		"known: %s%s%s\n",
		c->command, msg_text(&c->msg, err),
		c->advice == NULL ? "" : "; ",
		c->advice == NULL ? "" : c->advice);
	msg_clear(&c->msg);
	c->advice = NULL;
	return WEALD_OK;
}

/* What is said of the intervention that @s's record names. */
static int load_intervention(struct cli *c, struct home *home,
			     struct evidence_source *s)
{
	char name[REFERENCE_BYTES_MAX + 1];
	struct index *x = NULL;
	struct reference ref;
	int r;

	if (!reference_of(s, record_text(s->shown.record, "intervention"),
			  &ref)) {
		return WEALD_OK;
	}
	r = local_name(c, home, &ref, name, sizeof name);
	if (r != WEALD_OK) {
		return r;
	}
	r = lookup_open(c, home, &x);
	if (r == WEALD_OK) {
		r = query_record(x, name, &s->intervention, &c->msg);
		s->intervention_known = r == WEALD_OK;
		r = forgive(c, r);
	}
	index_close(x);
	return tell_unknown(c, r);
}

/* ---- comparators ---------------------------------------------------------
 */

/* What comparators are read by. */
struct comparing {
	struct cli *c;
	struct home *home;
	struct evidence_source *s;
	struct derived adopters; /* of the intervention */
};

/* Who has used the intervention of @s's record; none where that is not known.
 */
static int find_adopters(struct cli *c, struct home *home,
			 struct evidence_source *s, struct derived *out)
{
	char name[REFERENCE_BYTES_MAX + 1];
	struct index *x = NULL;
	struct reference ref;
	int r;

	if (!reference_of(s, record_text(s->shown.record, "intervention"),
			  &ref)) {
		return WEALD_OK;
	}
	r = local_name(c, home, &ref, name, sizeof name);
	if (r == WEALD_OK && index_open(home_path(home), INDEX_READ, &x, NULL,
					NULL) == WEALD_OK) {
		s->adopters_known = query_derived(x, name, lookup_today(), out,
						  NULL) == WEALD_OK;
	}
	index_close(x);
	return r;
}

/* Has it begun there? Considering and planning are not, evidence of it is. */
static bool has_begun(const struct derived *adopters, const char *region)
{
	const struct use *use;
	size_t i;

	for (i = 0; i < adopters->uses_n; i++) {
		use = &adopters->uses[i];
		if (strcmp(use->region, region) == 0) {
			return (strcmp(use->stage, "considering") != 0 &&
				strcmp(use->stage, "planning") != 0) ||
			       use->result_ref[0] != '\0';
		}
	}
	return false;
}

/* Its series, if it is of the same measure and can be read. */
static int take_comparator(const struct comparing *by, const struct place *p,
			   const struct edition *e,
			   struct evidence_comparator *out)
{
	const struct file *file = series_file(e);
	char measure[REFERENCE_BYTES_MAX + 1] = "";
	struct reference ref;
	int r = WEALD_OK;

	if (e->record != NULL &&
	    reference_parse(span_of(measure_text(e->record)),
			    span_of(p->region), &ref, NULL) == WEALD_OK) {
		r = local_name(by->c, by->home, &ref, measure, sizeof measure);
	}
	if (r != WEALD_OK || strcmp(measure, by->s->measure_ref) != 0) {
		out->state = EVIDENCE_COMPARATOR_MEASURE;
		return r;
	}
	out->state = EVIDENCE_COMPARATOR_SERIES;
	if (file == NULL) {
		return WEALD_OK;
	}
	r = read_series(e, file, &out->series, NULL);
	if (r == WEALD_OK) {
		out->state = EVIDENCE_COMPARATOR_USED;
	}
	return r == WEALD_INVALID ? WEALD_OK : r;
}

/* No region counts twice, nor is one compared with itself. */
static bool is_counted(const struct evidence_source *s, const char *region)
{
	size_t len = strlen(region);
	size_t i;

	if (strcmp(region, s->region) == 0) {
		return true;
	}
	for (i = 0; i < s->comparators_n; i++) {
		if (s->comparators[i].state == EVIDENCE_COMPARATOR_USED &&
		    strncmp(s->comparators[i].ref, region, len) == 0 &&
		    s->comparators[i].ref[len] == '/') {
			return true;
		}
	}
	return false;
}

static int load_comparator(const struct comparing *by,
			   const struct reference *ref,
			   struct evidence_comparator *out)
{
	struct edition latest = { .version = 0 };
	struct edition e = { .version = 0 };
	struct place p = { .feed = NULL };
	int r = place_find(by->c, by->home, ref, &p);

	if (r == WEALD_OK && is_counted(by->s, p.region)) {
		out->state = EVIDENCE_COMPARATOR_REGION;
		goto out;
	}
	if (r == WEALD_OK && has_begun(&by->adopters, p.region)) {
		out->state = EVIDENCE_COMPARATOR_ADOPTED;
		goto out;
	}
	r = r == WEALD_OK ? place_load(by->c, by->home, &p, ref, &e, &latest)
			  : r;
	if (r == WEALD_NOTFOUND || latest.state == INDEX_ABSENT ||
	    (r == WEALD_OK && e.version != 0 && !is_pinned(ref, &e))) {
		out->state = EVIDENCE_COMPARATOR_ABSENT;
	} else if (r == WEALD_OK && e.version == 0) {
		out->state = EVIDENCE_COMPARATOR_WITHHELD;
	} else if (r == WEALD_OK) {
		(void)snprintf(out->ref, sizeof out->ref, "%s@%" PRIu64, p.ref,
			       e.version);
		r = take_comparator(by, &p, &e, out);
	}
out:
	edition_release(&latest);
	edition_release(&e);
	place_release(&p);
	return forgive(by->c, r);
}

static int load_all(const struct comparing *by, const struct value *list)
{
	struct evidence_source *s = by->s;
	struct evidence_comparator *one;
	struct reference ref;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < list->n &&
		    s->comparators_n < CONTROLLED_COMPARATORS_MAX;
	     i++) {
		if (!reference_of(s, list->items[i].text, &ref)) {
			continue;
		}
		one = &s->comparators[s->comparators_n];
		(void)snprintf(one->ref, sizeof one->ref, "%s",
			       list->items[i].text);
		one->state = EVIDENCE_COMPARATOR_UNPINNED;
		if (ref.version != 0) {
			r = load_comparator(by, &ref, one);
		}
		s->controls_n += one->state == EVIDENCE_COMPARATOR_USED;
		s->comparators_n++;
	}
	return r;
}

static int load_comparators(struct cli *c, struct home *home,
			    struct evidence_source *s)
{
	const struct value *list = record_get(s->shown.record, "comparators");
	struct comparing by = { .c = c, .home = home, .s = s };
	int r;

	if (list == NULL || list->type != VALUE_LIST || list->n == 0) {
		return WEALD_OK;
	}
	s->comparators = calloc(list->n, sizeof *s->comparators);
	if (s->comparators == NULL) {
		return WEALD_NOMEM;
	}
	r = find_adopters(c, home, s, &by.adopters);
	r = r == WEALD_OK ? load_all(&by, list) : r;
	derived_release(&by.adopters);
	return r;
}

static void compute_controlled(struct evidence_source *s)
{
	const struct series *others[CONTROLLED_COMPARATORS_MAX];
	size_t n = 0;
	size_t i;

	if (s->controls_n < CONTROLLED_COMPARATORS_MIN) {
		s->controlled = (struct effect){ .state = EFFECT_TOO_EARLY };
		return;
	}
	for (i = 0; i < s->comparators_n; i++) {
		if (s->comparators[i].state == EVIDENCE_COMPARATOR_USED) {
			others[n++] = &s->comparators[i].series;
		}
	}
	effect_controlled(&s->series, others, n, s->study.measure.shape,
			  &s->controlled);
}

/* ---- certainty -----------------------------------------------------------
 */

static bool is_given(const struct value *v)
{
	return v != NULL && v->valid;
}

static void bias_fields_of(const struct record *r, struct bias_fields *out)
{
	const struct value *changes = record_get(r, "other_changes");
	const struct value *explain =
		record_get(r, "other_changes_could_explain");
	const struct value *percent = record_get(r, "fidelity.percent");

	*out = (struct bias_fields){
		.other_changes_known =
			is_given(changes) && changes->type == VALUE_LIST,
		.other_changes_explain_known = is_given(explain),
		.fidelity_known = is_given(percent),
		.measure_changed = record_bool(r, "measure_changed"),
	};
	out->other_changes = out->other_changes_known && changes->n > 0;
	out->other_changes_explain =
		record_bool(r, "other_changes_could_explain");
	if (out->fidelity_known) {
		out->fidelity_percent = strtod(percent->text, NULL);
	}
}

/* An adoption that names none is an interrupted time series. */
static void set_design(struct evidence_source *s)
{
	s->design = record_text(s->shown.record, "design");
	s->design_stated = s->design[0] != '\0';
	if (!s->design_stated && strcmp(s->kind, "adoption") == 0) {
		s->design = "its";
	}
}

static void judge(struct evidence_source *s)
{
	const struct effect *e = &s->study.own_trend;
	struct certainty_region region = { .design = s->design,
					   .weight = 1,
					   .ratio = e->ratio,
					   .is_short =
						   e->state == EFFECT_SHORT };
	const struct certainty_input in = {
		.regions = &region,
		.regions_n = 1,
		.low = e->low,
		.high = e->high,
		.ratio = e->ratio,
		.balancing = s->study.measure.balancing,
	};
	struct bias_fields fields;

	bias_fields_of(s->shown.record, &fields);
	s->bias = bias_of(&fields, e, &s->study.before_after);
	region.bias = s->bias;
	region.start = certainty_start(region.design);
	certainty_judge(&in, &s->certainty);
}

/* ---- the whole -----------------------------------------------------------
 */

static int refuse_withheld(struct cli *c, const struct edition *latest,
			   uint64_t asked)
{
	const bool withheld = latest->state == INDEX_WITHHELD;
	char why[EDITION_WHY_BYTES];

	edition_why(latest, why);
	if (asked != 0) {
		msg_set(&c->msg, "version %" PRIu64 " of it is %s", asked, why);
		c->advice = "without @N the latest that may be shown is taken";
	} else {
		msg_set(&c->msg, "it is %s", why);
		c->advice = withheld ? "its region has to publish a version "
				       "without it"
				     : "weald follow takes more of a region";
	}
	return cli_fail(c, CLI_ABOUT_ASKED,
			withheld ? WEALD_PRIVACY : WEALD_NOTFOUND);
}

static int refuse_without_series(struct cli *c, const struct evidence_source *s)
{
	static const struct {
		const char *kind;
		const char *advice;
	} advices[] = {
		{ "intervention",
		  "weald compare shows what regions found of it" },
		{ "measure", "weald measures lists who reports by it" },
		{ "problem", "weald fixed shows what was tried for it" },
	};
	size_t i;

	msg_set(&c->msg, "%s has no figures", s->source);
	c->advice = "figures are in records of evidence, in adoptions with a "
		    "series, and in the baselines of priorities";
	for (i = 0; i < sizeof advices / sizeof advices[0]; i++) {
		if (strcmp(s->kind, advices[i].kind) == 0) {
			c->advice = advices[i].advice;
		}
	}
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
}

/* The version, and what it is called. */
static int load_record(struct cli *c, struct home *home,
		       const struct reference *ref, struct evidence_source *s)
{
	struct edition latest = { .version = 0 };
	struct place p = { .feed = NULL };
	uint64_t last = 0;
	int r = place_find(c, home, ref, &p);

	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_ASKED,
			     versions_get(feed_versions(p.feed),
					  buf_span(&p.path), &last, &c->msg));
	}
	r = r == WEALD_OK ? place_load(c, home, &p, ref, &s->shown, &latest)
			  : r;
	if (r == WEALD_OK && s->shown.version == 0) {
		r = refuse_withheld(c, &latest, ref->version);
	}
	if (r == WEALD_OK) {
		(void)snprintf(s->region, sizeof s->region, "%s", p.region);
		(void)snprintf(s->ref, sizeof s->ref, "%s", p.ref);
		copy_span(ref->kind, s->kind, sizeof s->kind);
		s->latest = s->shown.version == last ? 0 : last;
		if (latest.version != 0) {
			edition_why(&latest, s->latest_why);
		}
	}
	if (r == WEALD_OK &&
	    asprintf(&s->source, "%s@%" PRIu64, s->ref, s->shown.version) < 0) {
		s->source = NULL;
		r = WEALD_NOMEM;
	}
	edition_release(&latest);
	place_release(&p);
	return r;
}

static int load_series(struct cli *c, struct evidence_source *s)
{
	const struct record *record = s->shown.record;
	const struct file *file = series_file(&s->shown);
	int r;

	s->title = strdup(record == NULL ? "" : record_text(record, "title"));
	if (s->title == NULL) {
		return WEALD_NOMEM;
	}
	if (file == NULL) {
		return refuse_without_series(c, s);
	}
	r = read_series(&s->shown, file, &s->series, &c->msg);
	if (r == WEALD_INVALID) {
		c->advice = "its region has to publish a version with figures "
			    "that can be read";
	}
	return cli_fail(c, CLI_ABOUT_ASKED, r);
}

static int study(struct evidence_source *s)
{
	const bool may = strcmp(s->kind, "evidence") == 0 ||
			 strcmp(s->kind, "adoption") == 0;
	struct study_measure m;
	int r;

	s->has_measure = study_measure_of(s->measure.record, &m);
	if (!s->has_measure) {
		study_measure_run(&s->series, &m);
	}
	r = study_record(s->shown.record, &s->series, &m, &s->study);
	s->has_effect = r == WEALD_OK && s->has_measure && may;
	return r;
}

int evidence_source_record(struct cli *c, struct home *home, const char *text,
			   struct evidence_source *out)
{
	struct reference ref;
	int r;

	*out = (struct evidence_source){ .is_file = false };
	r = reference_parse(span_of(text), span_of(home_slug(home)), &ref,
			    &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	r = load_record(c, home, &ref, out);
	r = r == WEALD_OK ? load_series(c, out) : r;
	r = r == WEALD_OK ? load_intervention(c, home, out) : r;
	r = r == WEALD_OK ? load_measure(c, home, out) : r;
	r = r == WEALD_OK ? study(out) : r;
	if (r == WEALD_OK && out->has_effect) {
		r = load_comparators(c, home, out);
	}
	if (r == WEALD_OK && out->has_effect) {
		compute_controlled(out);
		set_design(out);
		judge(out);
	}
	return r;
}

void evidence_source_release(struct evidence_source *s)
{
	size_t i;

	for (i = 0; i < s->comparators_n; i++) {
		series_release(&s->comparators[i].series);
	}
	free(s->comparators);
	study_release(&s->study);
	if (!s->is_file) { /* of a file it is the sheet's */
		series_release(&s->series);
	}
	sheet_clear(&s->sheet);
	hit_release(&s->intervention);
	edition_release(&s->measure);
	edition_release(&s->shown);
	free(s->title);
	free(s->source);
	*s = (struct evidence_source){ .is_file = false };
}
