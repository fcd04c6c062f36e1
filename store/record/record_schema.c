/*
 * A record against the schema of its kind: which fields are there, which are
 * missing, and whether each is of its type.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/record/record_private.h"

#define QUOTE_BYTES 60

void record_problem(struct checking *c, size_t line, const char *path,
		    const char *fmt, ...)
{
	char text[WEALD_MSG_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	problem_add(c->problems, PROBLEM_ERROR, RECORD_FILE, line, path, "%s",
		    text);
}

static bool is_list(const struct field *f)
{
	return f->type == FIELD_CODES || f->type == FIELD_REFS ||
	       f->type == FIELD_LIST || f->type == FIELD_MAPS;
}

bool value_is_empty(const struct field *f, const struct value *v)
{
	return v->type == VALUE_TEXT &&
	       (v->text[0] == '\0' ||
		(f->type != FIELD_TEXT && strcmp(v->text, "null") == 0));
}

/* ---- what to write -------------------------------------------------------
 */

#define SHAPE_BYTES     320u
#define SHOWN_CODES_MAX 13u
#define LISTED_BYTES    100u

/* A choice is shown whole, so that no code is put into anybody's mouth. */
static void show_codes(const struct field *f, char *out, size_t size)
{
	size_t used = 0;
	size_t i;
	int n;

	if (f->codes->n > SHOWN_CODES_MAX) {
		(void)snprintf(out, size, "...");
		return;
	}
	for (i = 0; i < f->codes->n && used < size; i++) {
		n = snprintf(out + used, size - used, "%s%s",
			     i == 0 ? "" : " | ", f->codes->codes[i].code);
		used += n > 0 ? (size_t)n : 0;
	}
}

/* How a value of this field looks: "YYYY-MM-DD", "{role: ..., ...}". */
static void show_shape(const struct field *f, char *out, size_t size)
{
	char codes[SHAPE_BYTES - 8];
	size_t used;
	size_t i;
	int n;

	switch (f->type) {
	case FIELD_MAP:
	case FIELD_MAPS:
		n = snprintf(out, size, f->type == FIELD_MAPS ? "[{" : "{");
		used = n > 0 ? (size_t)n : 0;
		for (i = 0; i < f->parts_n && used < size; i++) {
			n = snprintf(out + used, size - used, "%s%s: ...",
				     i == 0 ? "" : ", ", f->parts[i].name);
			used += n > 0 ? (size_t)n : 0;
		}
		if (used < size) {
			(void)snprintf(out + used, size - used, "%s",
				       f->type == FIELD_MAPS ? "}]" : "}");
		}
		return;
	case FIELD_DATE:
		(void)snprintf(out, size, "2026-01-31");
		return;
	case FIELD_MONTH:
		(void)snprintf(out, size, "2026-12");
		return;
	case FIELD_BOOL:
		(void)snprintf(out, size, "yes | no");
		return;
	case FIELD_PATH:
		(void)snprintf(out, size, RECORD_DATA);
		return;
	case FIELD_REF:
		(void)snprintf(out, size, "region/%s/...",
			       f->ref_kinds[0] == '\0' ? "kind" : f->ref_kinds);
		return;
	case FIELD_CODE:
		show_codes(f, out, size);
		return;
	case FIELD_CODES:
		show_codes(f, codes, sizeof codes);
		(void)snprintf(out, size, "[%s, ...]", codes);
		return;
	default:
		(void)snprintf(out, size, is_list(f) ? "[..., ...]" : "...");
		return;
	}
}

/* What to write into a field that is missing or, @is_empty, says nothing. */
static void say_wanted(struct checking *c, const struct field *f, size_t line,
		       const char *path, bool is_empty)
{
	const bool may_be_none = is_empty && f->items_min == 0 && is_list(f);
	char shape[SHAPE_BYTES];
	char listed[LISTED_BYTES] = "";

	show_shape(f, shape, sizeof shape);
	if (f->codes != NULL && f->codes->n > SHOWN_CODES_MAX) {
		(void)snprintf(listed, sizeof listed,
			       "; the %zu codes are listed in docs/RECORDS.md "
			       "under \"%s\"",
			       f->codes->n, f->codes->name);
	}
	record_problem(c, line, path, "is %s; write \"%s: %s\" (%s)%s",
		       is_empty ? "empty" : "missing", f->name,
		       may_be_none ? "[]" : shape, f->prompt, listed);
}

/* @is_item: of the list that the field is. */
static void refuse_type(struct checking *c, const struct field *f, bool is_item,
			const struct value *v, const char *path)
{
	static const char *const found[] = {
		[VALUE_TEXT] = "a single value",
		[VALUE_LIST] = "a list",
		[VALUE_MAP] = "fields of its own",
	};
	const char *wanted = "a single value";
	char shape[SHAPE_BYTES];

	if (is_list(f) && !is_item) {
		wanted = "a list";
	} else if (f->type == FIELD_MAP || f->type == FIELD_MAPS) {
		wanted = "fields of its own";
	}
	show_shape(f, shape, sizeof shape);
	record_problem(c, v->line, path,
		       "must be %s, not %s; write \"%s: %s\"%s", wanted,
		       found[v->type], f->name, shape,
		       is_item && v->type == VALUE_MAP
			       ? ", and put a text with \": \" or \"? \" in "
				 "it in quotes"
			       : "");
}

/* ---- fields and their values ---------------------------------------------
 */

static bool check_fields(struct checking *c, const struct field *fields,
			 size_t n, struct value *map, const char *path);

/* Of either half of a path, at most. */
#define PATH_PART_BYTES 60u

static void join_path(char out[FIELD_PATH_BYTES], const char *path,
		      const char *name)
{
	/* by hand: once for each field of each record that arrives */
	size_t n = strnlen(path, PATH_PART_BYTES);
	size_t rest = strnlen(name, PATH_PART_BYTES);

	memcpy(out, path, n);
	if (n > 0) {
		out[n++] = '.';
	}
	memcpy(out + n, name, rest);
	out[n + rest] = '\0';
}

/* An item of a list, or a value that is none. */
static bool check_one(struct checking *c, const struct field *f,
		      struct value *v, const char *path)
{
	const bool is_map = f->type == FIELD_MAP || f->type == FIELD_MAPS;

	if (v->type != (is_map ? VALUE_MAP : VALUE_TEXT)) {
		refuse_type(c, f, is_list(f), v, path);
		v->valid = false;
	} else if (is_map) {
		v->valid = check_fields(c, f->parts, f->parts_n, v, path);
	} else {
		v->valid = record_check_value(c, f, v, path);
	}
	return v->valid;
}

/* A code or a reference that the list holds already. */
static bool is_repeated(const struct field *f, const struct value *list,
			size_t at)
{
	size_t i;

	if (f->type != FIELD_CODES && f->type != FIELD_REFS) {
		return false;
	}
	for (i = 0; i < at; i++) {
		if (list->items[i].type == VALUE_TEXT &&
		    strcmp(list->items[i].text, list->items[at].text) == 0) {
			return true;
		}
	}
	return false;
}

static void check_list(struct checking *c, const struct field *f,
		       struct value *v, const char *path)
{
	const size_t max = f->items_max == 0 ? RECORD_ITEMS_MAX : f->items_max;
	char item[FIELD_PATH_BYTES];
	bool ok = true;
	size_t i;

	if (v->n == 0 && f->items_min > 0) {
		ok = false;
		say_wanted(c, f, v->line, path, true);
	} else if (v->n < f->items_min || v->n > max) {
		ok = false;
		record_problem(c, v->line, path,
			       "has %zu items; %s %zu are allowed", v->n,
			       v->n < f->items_min ? "at least" : "at most",
			       v->n < f->items_min ? (size_t)f->items_min
						   : max);
	}
	for (i = 0; i < v->n; i++) {
		(void)snprintf(item, sizeof item, "%.100s[%zu]", path, i + 1);
		if (!check_one(c, f, &v->items[i], item)) {
			ok = false;
		} else if (is_repeated(f, v, i)) {
			ok = false;
			v->items[i].valid = false;
			record_problem(c, v->items[i].line, item,
				       "\"%.*s\" is given twice", QUOTE_BYTES,
				       v->items[i].text);
		}
	}
	v->valid = ok;
}

static void check_field(struct checking *c, const struct field *f,
			struct value *v, const char *path)
{
	if (value_is_empty(f, v)) {
		v->valid = false;
		if (f->need == FIELD_REQUIRED) {
			say_wanted(c, f, v->line, path, true);
		}
		return;
	}
	if (!is_list(f)) {
		(void)check_one(c, f, v, path);
	} else if (v->type == VALUE_LIST) {
		check_list(c, f, v, path);
	} else {
		refuse_type(c, f, false, v, path);
	}
}

static void refuse_unknown(struct checking *c, const struct field *fields,
			   size_t n, const struct value *v, const char *path)
{
	const struct field *near = NULL;

	/* what is not kept needs no advice */
	if (c->problems->n < PROBLEMS_MAX) {
		near = field_nearest(fields, n, span_of(v->key));
	}
	if (near != NULL && strcmp(near->name, v->key) != 0) {
		record_problem(c, v->key_line, path,
			       "no such field here; did you mean \"%s\"?",
			       near->name);
	} else {
		record_problem(c, v->key_line, path,
			       "no such field here; docs/RECORDS.md lists "
			       "those there are. Take it out, or put it into "
			       "the text below");
	}
}

/* Must @f be there, by what else is in its map? */
static bool is_needed(const struct field *f, const struct value *map)
{
	const struct value *other;

	if (f->need != FIELD_REQUIRED_IF) {
		return f->need == FIELD_REQUIRED;
	}
	other = value_get(map, span_of(f->if_field));
	if (other == NULL) {
		return false;
	}
	if (f->condition == FIELD_IF_NOT_EMPTY) {
		return other->type == VALUE_LIST && other->n > 0;
	}
	return other->type == VALUE_TEXT && other->text[0] != '\0';
}

static bool check_fields(struct checking *c, const struct field *fields,
			 size_t n, struct value *map, const char *path)
{
	char name[FIELD_PATH_BYTES];
	const struct field *f;
	struct value *v;
	bool ok = true;
	size_t i;

	for (i = 0; i < map->n; i++) {
		v = &map->items[i];
		f = field_find(fields, n, span_of(v->key));
		join_path(name, path, v->key);
		if (f == NULL) {
			refuse_unknown(c, fields, n, v, name);
		} else {
			check_field(c, f, v, name);
		}
		ok = ok && v->valid;
	}
	for (i = 0; i < n && c->is_whole; i++) {
		f = &fields[i];
		v = value_get(map, span_of(f->name));
		if (v == NULL && is_needed(f, map)) {
			join_path(name, path, f->name);
			say_wanted(c, f, path[0] == '\0' ? 1 : map->line, name,
				   false);
			ok = false;
		} else if (v != NULL && f->need == FIELD_REQUIRED_IF &&
			   value_is_empty(f, v) && is_needed(f, map)) {
			join_path(name, path, f->name);
			say_wanted(c, f, v->line, name, false);
			ok = false;
		}
	}
	return ok;
}

/* ---- the kind ------------------------------------------------------------
 */

static void find_kind(struct checking *c, struct record *r)
{
	struct value *v = value_get(&r->fields, span_of("kind"));
	size_t n;
	const struct kind *kinds = vocab_kinds(&n);
	const struct field *f = kind_field(kinds, span_of("kind"));
	char all[WEALD_MSG_BYTES / 2];

	assert(f != NULL);
	if (v != NULL) {
		check_field(c, f, v, f->name);
		if (v->valid) {
			r->kind = vocab_kind(span_of(v->text));
			return;
		}
		if (!value_is_empty(f, v)) {
			return;
		}
	}
	if (c->is_whole) {
		codes_join(f->codes, all, sizeof all);
		record_problem(c, v == NULL ? 1 : v->line, f->name,
			       "is missing; write \"kind: ...\" with one of %s",
			       all);
	}
}

void record_check_schema(struct record *r, bool is_whole,
			 struct problems *problems)
{
	struct checking c = { r, problems, is_whole };

	find_kind(&c, r);
	if (r->kind == NULL) {
		return;
	}
	(void)check_fields(&c, r->kind->fields, r->kind->fields_n, &r->fields,
			   "");
	record_check_rules(r, is_whole, problems);
}
