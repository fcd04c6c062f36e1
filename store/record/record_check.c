/*
 * A record with what lies around it: its files, its series, and the records
 * that it names.
 */
#include <stdio.h>
#include <string.h>

#include "store/record/record_private.h"
#include "store/record/series.h"

#define QUOTE_BYTES 60

/* ---- references ----------------------------------------------------------
 */

struct references {
	const struct record *record;
	struct span own;
	record_ref_fn *each;
	void *ctx;
};

static int call_text(const struct references *refs, const char *rel,
		     const struct value *v)
{
	struct reference ref;

	if (v == NULL || v->type != VALUE_TEXT ||
	    reference_parse(span_of(v->text), refs->own, &ref, NULL) !=
		    WEALD_OK) {
		return WEALD_OK;
	}
	return refs->each(refs->ctx, rel, &ref, v->line);
}

/* A link, {rel, id}: its rel is the name. */
static int call_link(const struct references *refs, const struct value *link)
{
	const struct value *rel = value_get(link, span_of("rel"));

	if (rel == NULL || rel->type != VALUE_TEXT) {
		return WEALD_OK;
	}
	return call_text(refs, rel->text, value_get(link, span_of("id")));
}

static int call_parts(const struct references *refs, const struct field *f,
		      const struct value *map)
{
	char rel[FIELD_PATH_BYTES];
	int r = WEALD_OK;
	size_t i;

	for (i = 0; i < f->parts_n && r == WEALD_OK; i++) {
		if (f->parts[i].type == FIELD_REF) {
			(void)snprintf(rel, sizeof rel, "%s.%s", f->name,
				       f->parts[i].name);
			r = call_text(refs, rel,
				      value_get(map,
						span_of(f->parts[i].name)));
		}
	}
	return r;
}

static int call_field(const struct references *refs, const struct field *f,
		      const struct value *v)
{
	int r = WEALD_OK;
	size_t i;

	switch (f->type) {
	case FIELD_REF:
		return call_text(refs, f->name, v);
	case FIELD_MAP:
		return call_parts(refs, f, v);
	case FIELD_REFS:
		for (i = 0; i < v->n && r == WEALD_OK; i++) {
			r = call_text(refs, f->name, &v->items[i]);
		}
		return r;
	case FIELD_MAPS:
		for (i = 0; i < v->n && r == WEALD_OK; i++) {
			r = strcmp(f->name, "links") == 0
				    ? call_link(refs, &v->items[i])
				    : call_parts(refs, f, &v->items[i]);
		}
		return r;
	default:
		return WEALD_OK;
	}
}

int record_refs(const struct record *r, struct span own_region,
		record_ref_fn *each, void *ctx)
{
	const struct references refs = { r, own_region, each, ctx };
	const struct value *v;
	int err = WEALD_OK;
	size_t i;

	for (i = 0; r->kind != NULL && i < r->kind->fields_n && err == WEALD_OK;
	     i++) {
		v = value_get(&r->fields, span_of(r->kind->fields[i].name));
		if (v != NULL) {
			err = call_field(&refs, &r->kind->fields[i], v);
		}
	}
	return err;
}

/* ---- the check -----------------------------------------------------------
 */

struct outside {
	const struct record_check *check;
	struct problems *problems;
};

/* The record that is checked, in whatever is its latest version. */
static bool is_itself(const struct record_check *check,
		      const struct reference *ref)
{
	return ref->version == 0 && span_equal(ref->kind, check->kind) &&
	       span_equal(ref->slug, check->slug);
}

static int look_up(void *ctx, const char *rel, const struct reference *ref,
		   size_t line)
{
	const struct outside *o = ctx;
	const bool is_own =
		!ref->is_feed && span_equal(ref->region, o->check->region);
	enum record_found found = o->check->find(o->check->find_ctx, ref);
	char name[REFERENCE_BYTES_MAX + 1];

	(void)snprintf(name, sizeof name, "%.*s/%.*s/%.*s",
		       (int)ref->region.len, (const char *)ref->region.data,
		       (int)ref->kind.len, (const char *)ref->kind.data,
		       (int)ref->slug.len, (const char *)ref->slug.data);
	if (is_own && is_itself(o->check, ref)) {
		problem_add(o->problems, PROBLEM_ERROR, RECORD_FILE, line, rel,
			    "%s is this record itself; name another one, or "
			    "a version of it with @",
			    name);
		return WEALD_OK;
	}
	if (found == RECORD_FOUND) {
		return WEALD_OK;
	}
	if (found == RECORD_VERSION_ABSENT) {
		problem_add(o->problems,
			    is_own ? PROBLEM_ERROR : PROBLEM_WARNING,
			    RECORD_FILE, line, rel,
			    "%s has no version %llu here%s", name,
			    (unsigned long long)ref->version,
			    is_own ? "; write one that there is"
				   : "; it may not have arrived yet");
	} else if (found == RECORD_OTHER_TEXT) {
		problem_add(o->problems,
			    is_own ? PROBLEM_ERROR : PROBLEM_WARNING,
			    RECORD_FILE, line, rel,
			    "version %llu of %s has another text than the "
			    "digest behind the version says; read it again, "
			    "and take the \":\" and the digest away, or write "
			    "that of its record.md",
			    (unsigned long long)ref->version, name);
	} else if (is_own) {
		problem_add(o->problems, PROBLEM_ERROR, RECORD_FILE, line, rel,
			    "%s is not there; publish it first, or check "
			    "how it is written",
			    name);
	} else {
		problem_add(o->problems, PROBLEM_WARNING, RECORD_FILE, line,
			    rel,
			    "%s is not here; it may not have arrived yet, or "
			    "is written in another way",
			    name);
	}
	return WEALD_OK;
}

static const struct record_file *find_file(const struct record_check *check,
					   struct span name)
{
	size_t i;

	for (i = 0; i < check->files_n; i++) {
		if (span_equal(check->files[i].name, name)) {
			return &check->files[i];
		}
	}
	return NULL;
}

/*
 * More events than there were at risk: of a share that is a slip, and leaves
 * it without a result. The measure, which would say whether it is one, may not
 * be here. Counts have 1 for those at risk, and say nothing.
 */
static void check_shares(const struct outside *o, const char *name,
			 const struct series *series)
{
	const struct series_row *row;
	size_t first = 0;
	size_t over = 0;
	size_t i;

	for (i = 0; i < series->n; i++) {
		row = &series->rows[i];
		if (row->missing || row->denominator == 1 ||
		    row->numerator <= row->denominator) {
			continue;
		}
		first = over == 0 ? row->line : first;
		over++;
	}
	if (over > 0) {
		problem_add(o->problems, PROBLEM_WARNING, name, first,
			    "numerator",
			    "is over the denominator, here%s; right for a "
			    "mean or a rate, but a share of cases gets no "
			    "result then: are the two columns in their order?",
			    over == 1           ? ""
			    : over == series->n ? " and in all rows"
						: " and in other rows");
	}
}

static int check_series(const struct outside *o, const struct record *r,
			const struct value *v, const char *field)
{
	const struct record_file *file = find_file(o->check, span_of(v->text));
	struct series series = { .rows = NULL };
	int err;

	if (file == NULL) {
		problem_add(o->problems, PROBLEM_ERROR, RECORD_FILE, v->line,
			    field,
			    "the file \"%.*s\" is not there; put it beside "
			    "record.md",
			    QUOTE_BYTES, v->text);
		return WEALD_OK;
	}
	err = series_parse(file->content, v->text, r, &series, o->problems);
	check_shares(o, v->text, &series);
	series_release(&series);
	return err == WEALD_NOMEM ? err : WEALD_OK;
}

/* Each field that names a file; *@out_data: one of them names data.csv. */
static int check_paths(const struct outside *o, const struct record *r,
		       bool *out_data)
{
	const struct field *f;
	const struct value *v;
	int err = WEALD_OK;
	size_t i;

	*out_data = false;
	for (i = 0; i < r->kind->fields_n && err == WEALD_OK; i++) {
		f = &r->kind->fields[i];
		v = value_get(&r->fields, span_of(f->name));
		if (f->type != FIELD_PATH || v == NULL ||
		    v->type != VALUE_TEXT) {
			continue;
		}
		if (strcmp(v->text, RECORD_DATA) == 0) {
			*out_data = true;
		}
		if (v->valid) {
			err = check_series(o, r, v, f->name);
		}
	}
	return err;
}

/* The field of the kind that names a series; NULL. */
static const char *path_field(const struct kind *kind)
{
	size_t i;

	for (i = 0; i < kind->fields_n; i++) {
		if (kind->fields[i].type == FIELD_PATH) {
			return kind->fields[i].name;
		}
	}
	return NULL;
}

static int check_files(const struct outside *o, const struct record *r)
{
	const char *field = path_field(r->kind);
	bool has_data;
	int err = check_paths(o, r, &has_data);

	if (err == WEALD_OK && !has_data && r->is_whole &&
	    find_file(o->check, span_of(RECORD_DATA)) != NULL) {
		if (field != NULL) {
			problem_add(o->problems, PROBLEM_WARNING, RECORD_DATA,
				    0, NULL,
				    "no field names this file, so nothing "
				    "reads it; write \"%s: " RECORD_DATA
				    "\" in record.md",
				    field);
		} else {
			problem_add(o->problems, PROBLEM_WARNING, RECORD_DATA,
				    0, NULL,
				    "records of kind %s have no series, so "
				    "nothing reads it",
				    r->kind->name);
		}
	}
	return err;
}

static void check_folder(const struct outside *o, const struct record *r)
{
	const struct record_check *check = o->check;
	const struct value *v = value_get(&r->fields, span_of("kind"));

	if (check->kind.len > 0 && v != NULL && v->valid &&
	    !span_equal(check->kind, span_of(v->text))) {
		problem_add(o->problems, PROBLEM_ERROR, RECORD_FILE, v->line,
			    "kind",
			    "is %s, but the record stands under %.*s; a "
			    "record keeps its kind",
			    v->text, (int)check->kind.len,
			    (const char *)check->kind.data);
	}
}

int record_check(const struct record_check *check, struct record **out,
		 struct problems *problems)
{
	const struct outside o = { check, problems };
	const struct record_file *file = find_file(check, span_of(RECORD_FILE));
	struct record *r = NULL;
	int err;

	*out = NULL;
	if (file == NULL) {
		problem_add(problems, PROBLEM_ERROR, RECORD_FILE, 0, NULL,
			    "there is no record.md");
		return WEALD_INVALID;
	}
	err = record_parse(file->content, &r, problems);
	if (err != WEALD_OK) {
		return err;
	}
	check_folder(&o, r);
	if (r->kind != NULL) {
		err = check_files(&o, r);
	}
	if (err == WEALD_OK && check->find != NULL) {
		struct outside ctx = o;

		err = record_refs(r, check->region, look_up, &ctx);
	}
	if (err == WEALD_OK && problems->no_memory) {
		err = WEALD_NOMEM;
	}
	if (err != WEALD_OK) {
		record_free(r);
		return err;
	}
	problems_sort(problems);
	*out = r;
	return WEALD_OK;
}
