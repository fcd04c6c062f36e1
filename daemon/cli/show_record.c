/*
 * The record as a person reads it: its fields in the order of the schema,
 * codes by what they are called, and its Markdown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/hits.h"
#include "daemon/cli/json.h"
#include "daemon/cli/prose.h"
#include "daemon/cli/show.h"

#define LABEL_COLUMNS 20
#define INDENT        22u /* of values */
#define LINE_BYTES    (4u * CONTENT_BYTES_MAX)
#define DEPTH_MAX     8u

#define CONCLUSION "conclusion" /* of evidence */

void show_label(const char *name, char out[SHOW_LABEL_BYTES])
{
	const size_t n = strnlen(name, SHOW_LABEL_BYTES - 1);
	size_t i;

	for (i = 0; i < n; i++) {
		out[i] = name[i] == '_' ? ' ' : name[i];
	}
	out[n] = '\0';
}

const char *show_title(const struct showing *s, const char *text)
{
	struct reference ref;
	struct buf whole;
	const char *title = NULL;
	size_t i;

	if (reference_parse(span_of(text), span_of(s->name), &ref, NULL) !=
	    WEALD_OK) {
		return NULL;
	}
	ref.version = 0;
	buf_init(&whole, REFERENCE_BYTES_MAX);
	if (reference_format(&whole, &ref) == WEALD_OK) {
		for (i = 0; i < s->links.n; i++) {
			if (!s->links.list[i].incoming &&
			    s->links.list[i].there &&
			    span_equal(span_of(s->links.list[i].ref),
				       buf_span(&whole))) {
				title = s->links.list[i].hit.title;
			}
		}
	}
	buf_release(&whole);
	return title == NULL || title[0] == '\0' ? NULL : title;
}

/* ---- values on a line ----------------------------------------------------
 */

/* Line feeds of a long text are spaces here. */
static int add_text(struct buf *line, const char *text)
{
	char *copy = strdup(text);
	char *at;
	int r;

	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	for (at = copy; *at != '\0'; at++) {
		*at = *at == '\n' ? ' ' : *at;
	}
	r = prose_add(line, copy);
	free(copy);
	return r;
}

static int add_ref(const struct showing *s, struct buf *line, const char *text)
{
	const char *title = show_title(s, text);
	int r = WEALD_OK;

	if (title == NULL) {
		r = add_text(line, text);
		if (r == WEALD_OK && s->index != NULL) {
			r = buf_add_text(line, " (not here)");
		}
		return r;
	}
	r = add_text(line, title);
	r = r == WEALD_OK ? buf_add_text(line, " (") : r;
	r = r == WEALD_OK ? add_text(line, text) : r;
	return r == WEALD_OK ? buf_add_text(line, ")") : r;
}

static int add_scalar(const struct showing *s, struct buf *line,
		      const struct field *f, const char *text)
{
	const struct code *code = NULL;

	if (f != NULL && (f->type == FIELD_REF || f->type == FIELD_REFS)) {
		return add_ref(s, line, text);
	}
	if (f != NULL && f->type == FIELD_BOOL &&
	    (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		return buf_add_text(line, text[0] == 't' ? "yes" : "no");
	}
	if (f != NULL && f->codes != NULL) {
		code = code_find(f->codes, span_of(text));
	}
	return add_text(line, code == NULL ? text : code->label);
}

static const struct field *part_of(const struct field *f, const char *key)
{
	size_t i;

	for (i = 0; f != NULL && i < f->parts_n; i++) {
		if (strcmp(f->parts[i].name, key) == 0) {
			return &f->parts[i];
		}
	}
	return NULL;
}

/* @v in one line: "do: ..., who: ..."; @f is its field, NULL for none. */
static int add_value(const struct showing *s, struct buf *line,
		     const struct field *f, const struct value *v,
		     unsigned depth)
{
	char label[SHOW_LABEL_BYTES];
	const struct value *item;
	size_t i;
	int r = WEALD_OK;

	if (v->type == VALUE_TEXT) {
		return add_scalar(s, line, f, v->text);
	}
	if (depth == DEPTH_MAX) {
		return buf_add_text(line, "...");
	}
	for (i = 0; r == WEALD_OK && i < v->n; i++) {
		item = &v->items[i];
		r = buf_add_text(line, i == 0                 ? ""
				       : v->type == VALUE_MAP ? "; "
							      : ", ");
		if (r == WEALD_OK && v->type == VALUE_MAP) {
			show_label(item->key, label);
			r = add_text(line, label);
			r = r == WEALD_OK ? buf_add_text(line, ": ") : r;
		}
		if (r == WEALD_OK) {
			r = add_value(s, line,
				      v->type == VALUE_MAP
					      ? part_of(f, item->key)
					      : f,
				      item, depth + 1);
		}
	}
	return r;
}

/* ---- fields --------------------------------------------------------------
 */

/* The label in its column; one that is too long has a line of its own. */
static int put_label(const char *name)
{
	char label[SHOW_LABEL_BYTES];
	struct buf safe;
	size_t len;
	int r;

	show_label(name, label);
	buf_init(&safe, 4 * SHOW_LABEL_BYTES + 1);
	r = prose_add(&safe, label);
	len = safe.len;
	r = r == WEALD_OK ? buf_add_byte(&safe, 0) : r;
	if (r == WEALD_OK && len > LABEL_COLUMNS) {
		printf("%s\n%*s", (const char *)safe.data, (int)INDENT, "");
	} else if (r == WEALD_OK) {
		printf("%-*s  ", LABEL_COLUMNS, (const char *)safe.data);
	}
	buf_release(&safe);
	return r;
}

/* Each item of a list, or each part of a map, in a line of its own. */
static int put_items(const struct showing *s, const struct field *f,
		     const struct value *v)
{
	const bool is_map = v->type == VALUE_MAP;
	char label[SHOW_LABEL_BYTES];
	const struct field *part;
	struct buf line;
	size_t i;
	int r = WEALD_OK;

	buf_init(&line, LINE_BYTES);
	for (i = 0; r == WEALD_OK && i < v->n; i++) {
		printf("%*s", i == 0 ? 0 : (int)INDENT, "");
		part = is_map ? part_of(f, v->items[i].key) : f;
		if (is_map) {
			show_label(v->items[i].key, label);
			r = add_text(&line, label);
			r = r == WEALD_OK ? buf_add_text(&line, ": ") : r;
		} else {
			r = buf_add_text(&line, "- ");
		}
		r = r == WEALD_OK ? add_value(s, &line, part, &v->items[i], 0)
				  : r;
		if (r == WEALD_OK) {
			r = prose_done(s->width, "", INDENT + 2, &line);
		}
	}
	buf_release(&line);
	return r;
}

static int put_value(const struct showing *s, const struct field *f,
		     const struct value *v)
{
	const bool is_codes = f != NULL && f->type == FIELD_CODES;
	struct buf line;
	int r;

	if (v->type == VALUE_TEXT && (f == NULL || f->type == FIELD_TEXT)) {
		return prose_put(s->width, "", INDENT, span_of(v->text));
	}
	if (v->type != VALUE_TEXT && v->n == 0) {
		puts("none");
		return WEALD_OK;
	}
	if (v->type == VALUE_MAP || (v->type == VALUE_LIST && !is_codes)) {
		return put_items(s, f, v);
	}
	buf_init(&line, LINE_BYTES);
	r = add_value(s, &line, f, v, 0);
	if (r == WEALD_OK) {
		r = prose_done(s->width, "", INDENT, &line);
	}
	buf_release(&line);
	return r;
}

/* Said in the heading already. */
static bool is_in_heading(const char *name)
{
	return strcmp(name, "kind") == 0 || strcmp(name, "title") == 0 ||
	       strcmp(name, "example") == 0;
}

/* Of a conclusion it is said whose it is, and what the numbers come to stands
 * above it. Nothing of a field that was left empty. */
static int put_field(const struct showing *s, const struct field *f,
		     const struct value *v)
{
	const bool concludes = strcmp(v->key, CONCLUSION) == 0;
	int r = concludes ? show_computed(s) : WEALD_OK;

	if (r != WEALD_OK || (f != NULL && value_is_empty(f, v))) {
		return r;
	}
	r = put_label(concludes ? "the region says" : v->key);
	return r == WEALD_OK ? put_value(s, f, v) : r;
}

static int put_schema(const struct showing *s, const struct record *r,
		      size_t *out_put)
{
	const struct value *v;
	size_t i;
	int err = WEALD_OK;

	for (i = 0; err == WEALD_OK && i < r->kind->fields_n; i++) {
		v = record_get(r, r->kind->fields[i].name);
		if (v == NULL) {
			continue;
		}
		(*out_put)++;
		if (!is_in_heading(v->key)) {
			err = put_field(s, &r->kind->fields[i], v);
		}
	}
	return err;
}

int show_fields(const struct showing *s)
{
	const struct record *r = s->shown.record;
	size_t known = 0;
	size_t i;
	int err = WEALD_OK;

	if (r == NULL) {
		puts("record.md cannot be read as a record; its text:");
		return WEALD_OK;
	}
	if (r->kind != NULL) {
		err = put_schema(s, r, &known);
		if (err == WEALD_OK && r->fields.n > known) {
			printf("%-*s  %zu that this weald does not know: "
			       "--raw shows them\n",
			       LABEL_COLUMNS, "more fields",
			       r->fields.n - known);
		}
		if (err == WEALD_OK && record_get(r, CONCLUSION) == NULL) {
			err = show_computed(s);
		}
		return err;
	}
	/* of a newer weald: as it is written */
	for (i = 0; err == WEALD_OK && i < r->fields.n; i++) {
		if (!is_in_heading(r->fields.items[i].key)) {
			err = put_field(s, NULL, &r->fields.items[i]);
		}
	}
	return err;
}

int show_body(const struct showing *s)
{
	const struct file *file = files_find(&s->shown.files, FILES_RECORD);
	struct span text;

	if (file == NULL) {
		return WEALD_OK;
	}
	text = s->shown.record != NULL ? s->shown.record->body
				       : buf_span(&file->content);
	while (text.len > 0 && (text.data[0] == '\n' || text.data[0] == '\r')) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && text.data[text.len - 1] == '\n') {
		text.len--;
	}
	if (text.len == 0) {
		return WEALD_OK;
	}
	putchar('\n');
	return prose_put(s->width, "", 0, text);
}

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *value_json(const struct value *v, unsigned depth)
{
	json_t *o;
	json_t *item;
	size_t i;
	int failed = 0;

	if (v->type == VALUE_TEXT) {
		return json_span(span_of(v->text));
	}
	if (depth == DEPTH_MAX) {
		return json_null();
	}
	o = v->type == VALUE_MAP ? json_object() : json_array();
	for (i = 0; i < v->n; i++) {
		item = value_json(&v->items[i], depth + 1);
		failed |=
			v->type == VALUE_MAP
				? json_object_set_new(o, v->items[i].key, item)
				: json_array_append_new(o, item);
	}
	if (failed) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *show_fields_json(const struct showing *s)
{
	return s->shown.record == NULL
		       ? json_null()
		       : value_json(&s->shown.record->fields, 0);
}
