#include "store/record/form.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/record.h"

/* Columns of the lines of help. */
#define WIDTH 78u
/* Longer lists are shown as codes only, many a line. */
#define CODES_LABELLED_MAX 14u

#define PATH_BYTES 160u

#define SERIES_HEADER "month,numerator,denominator\n"

/* A form that is being written; what went wrong sticks. */
struct writing {
	const struct form *form;
	struct buf *out;
	bool off; /* commented out */
	int err;
};

static void put(struct writing *w, const char *text)
{
	if (w->err == WEALD_OK) {
		w->err = buf_add_text(w->out, text);
	}
}

/* Begin a line: @indent columns, a "#" before the field if it is off. */
static void begin(struct writing *w, size_t indent)
{
	put(w, w->off ? "#" : "");
	while (indent > 0) {
		put(w, " ");
		indent--;
	}
}

static void put_scalar(struct writing *w, const char *text)
{
	if (w->err == WEALD_OK) {
		w->err = form_scalar(text, w->out);
	}
}

static bool is_plain(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(text);
	size_t i;

	if (len == 0 || strchr(first, text[0]) == NULL ||
	    text[len - 1] == ' ') {
		return false;
	}
	for (i = 0; i < len; i++) {
		if (strchr(first, text[i]) == NULL &&
		    strchr(" ./@()'+-_", text[i]) == NULL &&
		    ((unsigned char)text[i] & 0x80u) == 0) {
			return false;
		}
	}
	return true;
}

int form_scalar(const char *text, struct buf *out)
{
	int r;

	if (is_plain(text)) {
		return buf_add_text(out, text);
	}
	r = buf_add_byte(out, '"');
	for (; r == WEALD_OK && *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			r = buf_add_byte(out, '\\');
		}
		if (r == WEALD_OK && *text == '\n') {
			r = buf_add_text(out, "\\n");
		} else if (r == WEALD_OK) {
			r = buf_add_byte(out, (uint8_t)*text);
		}
	}
	return r == WEALD_OK ? buf_add_byte(out, '"') : r;
}

/* ---- what is filled in ---------------------------------------------------
 */

/* The @n-th value at @path, or at its part; NULL. */
static const char *value_at(const struct form *form, const char *path,
			    const char *part, size_t n)
{
	char full[PATH_BYTES];
	size_t i;

	(void)snprintf(full, sizeof full, "%s%s%s", path,
		       part == NULL ? "" : ".", part == NULL ? "" : part);
	for (i = 0; i < form->values_n; i++) {
		if (strcmp(form->values[i].path, full) == 0 && n-- == 0) {
			return form->values[i].text;
		}
	}
	return NULL;
}

/* Is anything of the field filled in? */
static bool has_value(const struct form *form, const struct field *f)
{
	size_t i;

	if (value_at(form, f->name, NULL, 0) != NULL) {
		return true;
	}
	for (i = 0; i < f->parts_n; i++) {
		if (value_at(form, f->name, f->parts[i].name, 0) != NULL) {
			return true;
		}
	}
	return false;
}

/* ---- help ----------------------------------------------------------------
 */

/* Wrap @text into comments, each line behind @indent and "# ". */
static void put_help(struct writing *w, size_t indent, const char *text)
{
	const size_t room = WIDTH - indent - 2;
	size_t len;
	size_t n;

	while (*text != '\0') {
		len = strlen(text);
		n = len;
		if (n > room) {
			n = room;
			while (n > 0 && text[n] != ' ') {
				n--;
			}
			n = n == 0 ? room : n;
		}
		if (w->err == WEALD_OK) {
			w->err = buf_addf(w->out, "%*s# %.*s\n", (int)indent,
					  "", (int)n, text);
		}
		text += n;
		while (*text == ' ') {
			text++;
		}
	}
}

/* The codes, one a line with what they mean. */
static void put_labels(struct writing *w, size_t indent,
		       const struct code_list *list)
{
	size_t width = 0;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (strlen(list->codes[i].code) > width) {
			width = strlen(list->codes[i].code);
		}
	}
	for (i = 0; i < list->n && w->err == WEALD_OK; i++) {
		w->err = buf_addf(w->out, "%*s#   %-*s  %s\n", (int)indent, "",
				  (int)width, list->codes[i].code,
				  list->codes[i].label);
	}
}

/* The codes alone, as many a line as there is room for. */
static void put_codes(struct writing *w, size_t indent,
		      const struct code_list *list)
{
	size_t column = 0;
	size_t len;
	size_t i;

	for (i = 0; i < list->n && w->err == WEALD_OK; i++) {
		len = strlen(list->codes[i].code) + 2;
		if (column == 0 || column + len > WIDTH) {
			w->err = buf_addf(w->out, "%s%*s#  ",
					  column == 0 ? "" : "\n", (int)indent,
					  "");
			column = indent + 3;
		}
		if (w->err == WEALD_OK) {
			w->err = buf_addf(w->out, " %s%s", list->codes[i].code,
					  i + 1 == list->n ? "\n" : ",");
		}
		column += len;
	}
}

/* What it asks, and what it may hold. */
static void put_prompt(struct writing *w, size_t indent, const struct field *f)
{
	char text[512];

	(void)snprintf(text, sizeof text, "%s", f->prompt);
	if (f->chars_max > 0 && indent == 0) {
		(void)snprintf(text, sizeof text, "%s (at most %u characters)",
			       f->prompt, f->chars_max);
	} else if (f->type == FIELD_DATE) {
		(void)snprintf(text, sizeof text, "%s A date: 2026-01-31",
			       f->prompt);
	} else if (f->type == FIELD_REF || f->type == FIELD_REFS) {
		(void)snprintf(text, sizeof text, "%s region/kind/slug%s",
			       f->prompt, f->ref_pinned ? "@VERSION" : "");
	}
	put_help(w, indent, text);
	if (f->codes == NULL) {
		return;
	}
	if (w->off || f->codes->n > CODES_LABELLED_MAX) {
		put_codes(w, indent, f->codes);
	} else {
		put_labels(w, indent, f->codes);
	}
}

/* ---- fields --------------------------------------------------------------
 */

/* "name: " and what the field has, in the line. */
static void put_line(struct writing *w, const struct field *f, const char *text)
{
	put(w, f->name);
	put(w, ": ");
	if (text != NULL) {
		put_scalar(w, text);
	} else if (f->type == FIELD_PATH) {
		put(w, RECORD_DATA);
	} else if ((f->type == FIELD_CODES || f->type == FIELD_REFS) &&
		   (f->items_min > 0 || w->off)) {
		put(w, "[]");
	}
	put(w, "\n");
}

/* A list of codes or references, all in one line. */
static void put_flow(struct writing *w, const struct field *f)
{
	const char *text;
	size_t n;

	put(w, f->name);
	put(w, ": [");
	for (n = 0; (text = value_at(w->form, f->name, NULL, n)) != NULL; n++) {
		put(w, n == 0 ? "" : ", ");
		put_scalar(w, text);
	}
	put(w, "]\n");
}

/*
 * A list that must be there and may be empty: "[]" is for a person to say, so
 * nothing is filled in, and an item is shown as help.
 */
static bool may_be_none(const struct writing *w, const struct field *f)
{
	return !w->off && f->items_min == 0 && f->need == FIELD_REQUIRED &&
	       !has_value(w->form, f);
}

/* A list of texts, one a line. */
static void put_block(struct writing *w, const struct field *f)
{
	const bool off = w->off;
	const char *text;
	size_t n = 0;

	put(w, f->name);
	put(w, may_be_none(w, f) ? ": \n" : ":\n");
	w->off = off || may_be_none(w, f);
	do {
		text = value_at(w->form, f->name, NULL, n);
		begin(w, 2);
		put(w, "- ");
		if (text != NULL) {
			put_scalar(w, text);
		}
		put(w, "\n");
		n++;
	} while (value_at(w->form, f->name, NULL, n) != NULL ||
		 n < f->items_min); /* as many as there must be */
	w->off = off;
}

static void put_parts(struct writing *w, const struct field *f)
{
	const struct field *part;
	size_t i;

	put(w, f->name);
	put(w, ":\n");
	for (i = 0; i < f->parts_n; i++) {
		part = &f->parts[i];
		put_prompt(w, 2, part);
		begin(w, 2);
		/* what need not be there may be left empty */
		put_line(w, part, value_at(w->form, f->name, part->name, 0));
	}
}

static void put_maps(struct writing *w, const struct field *f)
{
	const bool off = w->off;
	size_t n = 0;
	size_t i;

	for (i = 0; i < f->parts_n; i++) {
		char text[512];

		(void)snprintf(text, sizeof text, "  %s: %s", f->parts[i].name,
			       f->parts[i].prompt);
		put_help(w, 0, text);
		if (f->parts[i].codes != NULL) {
			put_codes(w, 0, f->parts[i].codes);
		}
	}
	begin(w, 0);
	put(w, f->name);
	put(w, may_be_none(w, f) ? ": \n" : ":\n");
	w->off = off || may_be_none(w, f);
	do {
		for (i = 0; i < f->parts_n; i++) {
			begin(w, 2);
			put(w, i == 0 ? "- " : "  ");
			put_line(w, &f->parts[i],
				 value_at(w->form, f->name, f->parts[i].name,
					  n));
		}
		n++;
	} while (f->parts_n > 0 &&
		 value_at(w->form, f->name, f->parts[0].name, n) != NULL);
	w->off = off;
}

static void put_field(struct writing *w, const struct field *f)
{
	put_prompt(w, 0, f);
	switch (f->type) {
	case FIELD_MAPS:
		put_maps(w, f);
		break;
	case FIELD_MAP:
		begin(w, 0);
		put_parts(w, f);
		break;
	case FIELD_LIST:
		begin(w, 0);
		put_block(w, f);
		break;
	case FIELD_CODES:
	case FIELD_REFS:
		begin(w, 0);
		if (has_value(w->form, f)) {
			put_flow(w, f);
		} else {
			put_line(w, f, NULL);
		}
		break;
	case FIELD_TEXT:
	case FIELD_CODE:
	case FIELD_REF:
	case FIELD_DATE:
	case FIELD_MONTH:
	case FIELD_INT:
	case FIELD_NUM:
	case FIELD_BOOL:
	case FIELD_PATH:
		begin(w, 0);
		put_line(w, f, value_at(w->form, f->name, NULL, 0));
		break;
	}
}

/* ---- the form ------------------------------------------------------------
 */

/* Does it stand among what must be filled in? */
static bool is_first(const struct form *form, const struct field *f)
{
	return f->need == FIELD_REQUIRED || has_value(form, f);
}

/* Is it needed once a field that must be filled in says something? */
static bool follows_first(const struct form *form, const struct field *f)
{
	const struct field *other;

	if (f->need != FIELD_REQUIRED_IF) {
		return false;
	}
	other = kind_field(form->kind, span_of(f->if_field));
	return other != NULL && is_first(form, other);
}

static void put_first(struct writing *w, const struct field *f)
{
	char text[160];

	if (is_first(w->form, f)) {
		put(w, "\n");
		put_field(w, f);
	} else if (follows_first(w->form, f)) {
		put(w, "\n");
		(void)snprintf(text, sizeof text,
			       "Needed where %s says something: then delete "
			       "the \"#\" in front of it.",
			       f->if_field);
		put_help(w, 0, text);
		w->off = true;
		put_field(w, f);
		w->off = false;
	}
}

/* What stands in the Markdown of a kind before anything is written. */
static const char *body_of(const char *kind)
{
	static const struct {
		const char *kind;
		const char *text;
	} bodies[] = {
		{ "problem", "## What goes wrong\n\n\n"
			     "## Who is harmed, and what patients said\n" },
		{ "priority", "## Why we chose it\n" },
		{ "intervention", "## How to start\n" },
		{ "measure", "## How to count it\n" },
		{ "evidence", "## What we saw\n" },
		{ "adoption", "## How it goes\n" },
		{ "lesson", "## What others should know\n" },
		{ "withdrawal", "## What to do now\n" },
		{ "endorsement", "## What was looked at\n" },
	};
	size_t i;

	for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		if (strcmp(bodies[i].kind, kind) == 0) {
			return bodies[i].text;
		}
	}
	return "";
}

int form_write(const struct form *form, struct buf *out)
{
	struct writing w = { .form = form, .out = out };
	const struct kind *kind = form->kind;
	const struct field *f;
	size_t i;

	put(&w, "---\n");
	put_help(&w, 0,
		 "Fill in what stands behind each colon. Lines that begin with "
		 "\"#\" are help; they may stay, or go.");
	put_help(&w, 0,
		 "Lists of codes stand between [ and ], with commas. A text "
		 "with a colon or a \"#\" in it goes between quotes: "
		 "\"like: this\".");
	put_help(&w, 0,
		 "Nothing by which a patient could be recognised: no names, no "
		 "exact dates or ages, no small numbers. What is published "
		 "cannot be called back.");
	put(&w, "\nkind: ");
	put(&w, kind->name);
	put(&w, "\n");
	for (i = 0; i < kind->fields_n; i++) {
		f = &kind->fields[i];
		if (strcmp(f->name, "kind") != 0) {
			put_first(&w, f);
		}
	}
	put(&w, "\n# ---- May be added: delete the \"#\" in front of a field "
		"and fill it in ----\n");
	w.off = true;
	for (i = 0; i < kind->fields_n; i++) {
		f = &kind->fields[i];
		if (strcmp(f->name, "kind") != 0 && !is_first(form, f) &&
		    !follows_first(form, f)) {
			put(&w, "\n");
			put_field(&w, f);
		}
	}
	put(&w, "---\n\n");
	put(&w, body_of(kind->name));
	return w.err;
}

bool form_has_series(const struct form *form)
{
	const struct kind *kind = form->kind;
	size_t i;

	for (i = 0; i < kind->fields_n; i++) {
		if (kind->fields[i].type == FIELD_PATH &&
		    is_first(form, &kind->fields[i])) {
			return true;
		}
	}
	return false;
}

int form_write_series(struct buf *out)
{
	return buf_add_text(out, SERIES_HEADER);
}
