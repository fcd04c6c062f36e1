/*
 * Rules between the fields of a record, and those of single kinds.
 */
#include <stdio.h>
#include <string.h>

#include "store/record/record_private.h"

#define QUOTE_BYTES 60

static struct value *field_of(const struct checking *c, const char *name)
{
	return value_get(&c->record->fields, span_of(name));
}

/* Whoever was involved, how is said; for none it may be left out. */
static void check_involvement(struct checking *c)
{
	struct value *v = field_of(c, "patient_involvement");
	const struct value *level;

	if (v == NULL || v->type != VALUE_MAP ||
	    value_get(v, span_of("how")) != NULL) {
		return;
	}
	level = value_get(v, span_of("level"));
	if (level != NULL && level->valid && strcmp(level->text, "none") != 0) {
		v->valid = false;
		record_problem(c, v->line, "patient_involvement.how",
			       "is missing; write \"how: ...\" (What did "
			       "patients or carers do? At most 20 words)");
	}
}

static void check_national_alert(struct checking *c)
{
	struct value *v = field_of(c, "replaces_national_alert");

	if (v != NULL && v->valid &&
	    record_bool(c->record, "replaces_national_alert")) {
		v->valid = false;
		record_problem(c, v->line, "replaces_national_alert",
			       "must be false: national alerts come only "
			       "through the Central Alerting System");
	}
}

/* "all", or "1" or "1, 2" */
static bool is_versions(struct span text)
{
	struct reader r;
	struct span one;
	uint64_t version;
	bool more;

	if (span_equal(text, span_of("all"))) {
		return true;
	}
	reader_init(&r, text);
	do {
		more = reader_until(&r, ',', &one) == WEALD_OK;
		if (!more) {
			(void)reader_take(&r, reader_left(&r), &one);
		}
		while (one.len > 0 && one.data[0] == ' ') {
			one.data++;
			one.len--;
		}
		if (parse_u64(one, 1, UINT_MAX_VALUE, &version) != WEALD_OK) {
			return false;
		}
	} while (more);
	return true;
}

static void check_target_versions(struct checking *c)
{
	struct value *v = field_of(c, "target_versions");

	if (v != NULL && v->valid && !is_versions(span_of(v->text))) {
		v->valid = false;
		record_problem(c, v->line, "target_versions",
			       "\"%.*s\" is not allowed; write all, or the "
			       "numbers of the versions, such as 1, 2",
			       QUOTE_BYTES, v->text);
	}
}

/* A version that stands both behind the reference and in a field of its own. */
static void check_version(struct checking *c, const char *ref_name,
			  const char *version_name)
{
	const struct value *target = field_of(c, ref_name);
	struct value *v = field_of(c, version_name);
	struct reference ref;
	uint64_t version;

	if (target == NULL || !target->valid || v == NULL || !v->valid ||
	    reference_parse(span_of(target->text), span_of(""), &ref, NULL) !=
		    WEALD_OK ||
	    ref.version == 0 ||
	    parse_u64(span_of(v->text), 1, UINT_MAX_VALUE, &version) !=
		    WEALD_OK ||
	    version == ref.version) {
		return;
	}
	v->valid = false;
	record_problem(c, v->line, version_name,
		       "is %s, but %s names another version; make them the "
		       "same",
		       v->text, ref_name);
}

/* An endorsement is tied to one version, by the one field or the other. */
static void check_endorsed_version(struct checking *c)
{
	const struct value *target = field_of(c, "target");
	struct reference ref;

	if (target == NULL || !target->valid ||
	    field_of(c, "target_version") != NULL ||
	    reference_parse(span_of(target->text), span_of(""), &ref, NULL) !=
		    WEALD_OK ||
	    ref.version != 0) {
		return;
	}
	problem_add(c->problems, PROBLEM_WARNING, RECORD_FILE, target->line,
		    "target_version",
		    "is not given: an endorsement is for one version; write "
		    "\"target_version: 1\"");
}

static void check_not_checked(struct checking *c)
{
	const struct value *checked = field_of(c, "checked");
	struct value *not_checked = field_of(c, "not_checked");
	char path[FIELD_PATH_BYTES];
	struct value *v;
	size_t i;
	size_t j;

	if (checked == NULL || not_checked == NULL || !checked->valid ||
	    !not_checked->valid) {
		return;
	}
	for (i = 0; i < not_checked->n; i++) {
		v = &not_checked->items[i];
		for (j = 0; j < checked->n; j++) {
			if (strcmp(v->text, checked->items[j].text) != 0) {
				continue;
			}
			v->valid = false;
			(void)snprintf(path, sizeof path, "not_checked[%zu]",
				       i + 1);
			record_problem(c, v->line, path,
				       "\"%s\" stands in checked, too",
				       v->text);
		}
	}
}

void record_check_rules(struct record *r, bool is_whole,
			struct problems *problems)
{
	struct checking c = { r, problems, is_whole };

	if (is_whole) {
		check_involvement(&c);
	}
	if (strcmp(r->kind->name, "adoption") == 0) {
		check_version(&c, "intervention", "version_seen");
	} else if (strcmp(r->kind->name, "withdrawal") == 0) {
		check_national_alert(&c);
		check_target_versions(&c);
	} else if (strcmp(r->kind->name, "endorsement") == 0) {
		check_version(&c, "target", "target_version");
		check_not_checked(&c);
		if (is_whole) {
			check_endorsed_version(&c);
		}
	}
}
