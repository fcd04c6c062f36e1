/*
 * What of a record is searched: labels, and the readable values of its fields
 * with its body.
 */
#include <string.h>

#include "proto/text.h"
#include "store/index/fill_private.h"
#include "store/record/ryaml.h"

/*
 * Append @s line by line: no empty lines, no space at either end, no control
 * characters. What does not fit is left out.
 */
static int add_lines(struct buf *out, struct span s)
{
	const size_t room = out->max - out->len;
	const uint8_t *end;
	const uint8_t *at;
	uint8_t *start;
	uint8_t *to;
	bool gap = false;
	int r;

	/* one byte more at most: the line end behind the last */
	s = text_cut(s, room == 0 ? 0 : room - 1);
	if (s.len == 0) {
		return WEALD_OK;
	}
	r = buf_reserve(out, s.len + 1);
	if (r != WEALD_OK) {
		return r;
	}
	start = out->data + out->len;
	to = start;
	for (at = s.data, end = at + s.len; at < end; at++) {
		if (*at > ' ' && *at != 0x7f) {
			if (gap) {
				*to++ = ' ';
				gap = false;
			}
			*to++ = *at;
		} else if (*at == '\n' || *at == '\r') {
			if (to > start) {
				*to++ = '\n';
				start = to;
			}
			gap = false;
		} else {
			gap = to > start;
		}
	}
	if (to > start) {
		*to++ = '\n';
	}
	out->len = (size_t)(to - out->data);
	return WEALD_OK;
}

static int add_text(struct buf *out, const char *text)
{
	return add_lines(out, span_of(text));
}

/* Each of "a|b|c" in a line. */
static int add_synonyms(struct buf *out, const char *synonyms)
{
	size_t len;
	int r = WEALD_OK;

	while (r == WEALD_OK && *synonyms != '\0') {
		len = strcspn(synonyms, "|");
		r = add_lines(out,
			      (struct span){ (const uint8_t *)synonyms, len });
		synonyms += len + (synonyms[len] == '|');
	}
	return r;
}

static int add_topic(struct buf *out, const char *slug)
{
	const struct topic *t = vocab_topic(span_of(slug));
	int r;

	if (t == NULL) {
		return add_text(out, slug);
	}
	r = add_text(out, t->label);
	return r == WEALD_OK ? add_synonyms(out, t->synonyms) : r;
}

static const char *label_of(const struct code_list *codes, const char *text)
{
	const struct code *c =
		codes == NULL ? NULL : code_find(codes, span_of(text));

	return c == NULL ? text : c->label;
}

int text_of_labels(const struct content *c, struct span kind, struct buf *out)
{
	const struct code_list *settings = vocab_codes("settings");
	const struct kind *k = vocab_kind(kind);
	const struct value *v;
	size_t i;
	int r;

	r = k == NULL ? add_lines(out, kind) : add_text(out, k->label);
	v = c->record == NULL ? NULL : record_get(c->record, "topics");
	for (i = 0; r == WEALD_OK && v != NULL && i < v->n; i++) {
		r = add_topic(out, v->items[i].text);
	}
	v = c->record == NULL ? NULL : record_get(c->record, "settings");
	for (i = 0; r == WEALD_OK && v != NULL && i < v->n; i++) {
		r = add_text(out, label_of(settings, v->items[i].text));
	}
	return r;
}

/* Fields that stand elsewhere, or that nobody looks for by words. */
static bool is_left_out(const char *key)
{
	static const char *const names[] = { "kind",     "title",   "topics",
					     "settings", "contact", "links",
					     "licence",  "example" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(key, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_readable(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
	case FIELD_CODE:
	case FIELD_CODES:
	case FIELD_LIST:
	case FIELD_MAP:
	case FIELD_MAPS:
		return true;
	case FIELD_REF:
	case FIELD_REFS:
	case FIELD_DATE:
	case FIELD_MONTH:
	case FIELD_INT:
	case FIELD_NUM:
	case FIELD_BOOL:
	case FIELD_PATH:
	default:
		return false;
	}
}

/*
 * Append what is readable of @v. @f is its field, NULL in a record whose kind
 * is not known: all its texts count then.
 */
static int add_value(struct buf *out, const struct value *v,
		     const struct field *f, unsigned depth)
{
	const struct field *part;
	size_t i;
	int r = WEALD_OK;

	if (f != NULL && !is_readable(f->type)) {
		return WEALD_OK;
	}
	if (v->type == VALUE_TEXT) {
		return add_text(out, f == NULL ? v->text
					       : label_of(f->codes, v->text));
	}
	for (i = 0; r == WEALD_OK && depth > 0 && i < v->n; i++) {
		part = f;
		if (v->type == VALUE_MAP && f != NULL) {
			part = field_find(f->parts, f->parts_n,
					  span_of(v->items[i].key));
			if (part == NULL) {
				continue;
			}
		}
		r = add_value(out, &v->items[i], part, depth - 1);
	}
	return r;
}

int text_of_record(const struct content *c, struct buf *out)
{
	const struct record *rec = c->record;
	const struct value *v;
	const struct field *f;
	size_t i;
	int r = WEALD_OK;

	if (rec == NULL) {
		return add_lines(out, buf_span(&c->md));
	}
	for (i = 0; r == WEALD_OK && i < rec->fields.n; i++) {
		v = &rec->fields.items[i];
		f = rec->kind == NULL ? NULL
				      : kind_field(rec->kind, span_of(v->key));
		if (is_left_out(v->key) || (rec->kind != NULL && f == NULL)) {
			continue;
		}
		r = add_value(out, v, f, RYAML_DEPTH_MAX);
	}
	return r == WEALD_OK ? add_lines(out, rec->body) : r;
}

struct span text_cut(struct span s, size_t max)
{
	if (s.len > max) {
		s.len = max;
		while (s.len > 0 && (s.data[s.len] & 0xc0) == 0x80) {
			s.len--;
		}
	}
	return s;
}

struct span title_of(const struct content *c, struct span summary)
{
	const char *title =
		c->record == NULL ? "" : record_text(c->record, "title");

	return text_cut(title[0] == '\0' ? summary : span_of(title),
			TITLE_BYTES_MAX);
}
