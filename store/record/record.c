#include "store/record/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/fence.h"
#include "store/record/record_private.h"
#include "store/record/ryaml.h"

#define CHUNK_BYTES 8192u

/* Memory is given back all at once, with the record. */
struct record_chunk {
	struct record_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char bytes[];
};

/* A list or map that is being read; its items move as they grow in number. */
struct open_value {
	struct value *value;
	size_t cap;
};

struct building {
	struct ryaml *y;
	struct record *record;
	struct open_value open[RYAML_DEPTH_MAX + 1];
	size_t depth;
	size_t values_n;
	/* the name of the field whose value comes next */
	const char *key;
	size_t key_line;
};

static void *take_memory(struct record *r, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct record_chunk *chunk = r->memory;
	void *start;

	size = (size + align - 1) / align * align;
	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

		chunk = malloc(sizeof *chunk + room);
		if (chunk == NULL) {
			return NULL;
		}
		chunk->next = r->memory;
		chunk->used = 0;
		chunk->size = room;
		r->memory = chunk;
	}
	start = chunk->bytes + chunk->used;
	chunk->used += size;
	return start;
}

void record_free(struct record *r)
{
	struct record_chunk *next;

	if (r == NULL) {
		return;
	}
	while (r->memory != NULL) {
		next = r->memory->next;
		free(r->memory);
		r->memory = next;
	}
	free(r);
}

/* ---- the tree ------------------------------------------------------------
 */

/* @text holds no NUL: its characters were checked. */
static const char *keep_text(struct building *b, struct span text)
{
	char *kept = take_memory(b->record, text.len + 1);

	if (kept == NULL) {
		return NULL;
	}
	if (text.len > 0) {
		memcpy(kept, text.data, text.len);
	}
	kept[text.len] = '\0';
	return kept;
}

static int check_characters(const struct ryaml_event *ev, struct weald_msg *msg)
{
	struct span s = ev->text;
	uint32_t rune;
	size_t n;

	while (s.len > 0) {
		if (ryaml_is_plain(*s.data)) {
			s.data++;
			s.len--;
			continue;
		}
		n = text_rune(s, &rune);
		if (n == 0 ||
		    !ryaml_may_hold(rune, (struct span){ s.data, n })) {
			msg_set(msg,
				RECORD_FILE ":%zu: the character U+%04X may "
					    "not stand here; remove it",
				ev->line, (unsigned)(n == 0 ? 0 : rune));
			return WEALD_INVALID;
		}
		s.data += n;
		s.len -= n;
	}
	return WEALD_OK;
}

static struct open_value *top_of(struct building *b)
{
	assert(b->depth > 0);
	return &b->open[b->depth - 1];
}

/* A new item of the list or map that is open. */
static struct value *add_item(struct building *b)
{
	struct open_value *top = top_of(b);
	struct value *list = top->value;
	struct value *items;

	if (list->n == top->cap) {
		top->cap = top->cap == 0 ? 4 : 2 * top->cap;
		items = take_memory(b->record, top->cap * sizeof *items);
		if (items == NULL) {
			return NULL;
		}
		if (list->n > 0) {
			memcpy(items, list->items, list->n * sizeof *items);
		}
		list->items = items;
	}
	return &list->items[list->n++];
}

static int add_value(struct building *b, const struct ryaml_event *ev,
		     struct weald_msg *msg)
{
	struct value v = {
		.type = VALUE_TEXT,
		.line = ev->line,
		.line_last = ev->line_last,
		.key = b->key,
		.key_line = b->key_line,
		.text = "",
	};
	struct value *item;

	if (b->values_n == RECORD_VALUES_MAX) {
		msg_set(msg, RECORD_FILE ":%zu: more than %u values", ev->line,
			RECORD_VALUES_MAX);
		return WEALD_INVALID;
	}
	b->values_n++;
	b->key = NULL;
	if (ev->type == RYAML_TEXT) {
		v.text = keep_text(b, ev->text);
	} else {
		v.type = ev->type == RYAML_LIST ? VALUE_LIST : VALUE_MAP;
	}
	item = v.text == NULL ? NULL : add_item(b);
	if (item == NULL) {
		return WEALD_NOMEM;
	}
	*item = v;
	if (v.type != VALUE_TEXT) {
		b->open[b->depth++] = (struct open_value){ .value = item };
	}
	return WEALD_OK;
}

/* The innermost list or map ends; where, its parent must know. */
static void close_value(struct building *b, const struct ryaml_event *ev)
{
	struct value *v = top_of(b)->value;
	size_t last = v->line;
	size_t i;

	for (i = 0; i < v->n; i++) {
		if (v->items[i].line_last > last) {
			last = v->items[i].line_last;
		}
	}
	/* the end of a block is told at what comes next */
	if (ev->is_bracket && ev->line_last > last) {
		last = ev->line_last;
	}
	v->line_last = last;
	b->depth--;
}

static int take_event(struct building *b, const struct ryaml_event *ev,
		      struct weald_msg *msg)
{
	int r;

	switch (ev->type) {
	case RYAML_TEXT:
		r = check_characters(ev, msg);
		if (r != WEALD_OK || !ev->is_key) {
			return r == WEALD_OK ? add_value(b, ev, msg) : r;
		}
		b->key = keep_text(b, ev->text);
		b->key_line = ev->line;
		return b->key == NULL ? WEALD_NOMEM : WEALD_OK;
	case RYAML_LIST:
	case RYAML_MAP:
		return add_value(b, ev, msg);
	default:
		close_value(b, ev);
		return WEALD_OK;
	}
}

static int read_fields(struct building *b, struct weald_msg *msg)
{
	struct ryaml_event ev;
	int r = ryaml_next(b->y, &ev, msg);

	if (r != WEALD_OK || ev.type == RYAML_END) {
		return r;
	}
	if (ev.type != RYAML_MAP) {
		msg_set(msg,
			RECORD_FILE ":%zu: must be fields, one \"name: value\" "
				    "a line",
			ev.line);
		return WEALD_INVALID;
	}
	b->open[b->depth++] = (struct open_value){ &b->record->fields, 0 };
	while (r == WEALD_OK && b->depth > 0) {
		r = ryaml_next(b->y, &ev, msg);
		if (r == WEALD_OK) {
			r = take_event(b, &ev, msg);
		}
	}
	/* the end, or what may not stand behind the fields */
	return r == WEALD_OK ? ryaml_next(b->y, &ev, msg) : r;
}

/*
 * Add a message that begins with "record.md:12: " or "record.md: ". Returns
 * the line, or 0.
 */
static size_t add_located(struct problems *problems,
			  const struct weald_msg *msg)
{
	const size_t name = sizeof RECORD_FILE - 1;
	const char *text = msg->text;
	char *end = NULL;
	size_t line = 0;

	if (strncmp(text, RECORD_FILE ":", name + 1) == 0) {
		text += name + 1;
		if (*text >= '0' && *text <= '9') {
			line = strtoul(text, &end, 10);
			text = *end == ':' ? end + 1 : end;
		}
		text += strspn(text, ": ");
	}
	problem_add(problems, PROBLEM_ERROR, RECORD_FILE, line, NULL, "%s",
		    text);
	return line;
}

/* What was being read where line @line is wrong cannot be relied on. */
static void drop_last_field(struct building *b, size_t line)
{
	struct value *fields = &b->record->fields;

	if (fields->n > 0 &&
	    (b->depth > 1 || fields->items[fields->n - 1].line_last == line)) {
		fields->n--;
	}
}

static int build(struct building *b, struct span yaml,
		 struct problems *problems)
{
	struct weald_msg msg = { .text = "" };
	int err = ryaml_open(yaml, RECORD_FILE, FENCE_YAML_LINE, &b->y, &msg);

	if (err == WEALD_OK) {
		err = read_fields(b, &msg);
	}
	if (err == WEALD_NOMEM) {
		return err;
	}
	if (err != WEALD_OK) {
		drop_last_field(b, add_located(problems, &msg));
	}
	b->record->is_whole = err == WEALD_OK;
	record_check_schema(b->record, err == WEALD_OK, problems);
	return WEALD_OK;
}

int record_parse(struct span file, struct record **out,
		 struct problems *problems)
{
	struct weald_msg msg = { .text = "" };
	struct building b = { .y = NULL };
	struct fences f;
	int r = fences_find(file, RECORD_FILE, &f, &msg);

	if (r != WEALD_OK) {
		(void)add_located(problems, &msg);
		*out = NULL;
		return WEALD_INVALID;
	}
	b.record = calloc(1, sizeof *b.record);
	if (b.record == NULL) {
		return WEALD_NOMEM;
	}
	b.record->fields = (struct value){
		.type = VALUE_MAP,
		.line = 1,
		.line_last = f.close_line,
		.text = "",
		.valid = true,
	};
	b.record->body_line = f.close_line + 1;
	b.record->body = (struct span){ file.data + f.body, file.len - f.body };
	r = build(&b, f.yaml, problems);
	ryaml_close(b.y);
	if (r != WEALD_OK) {
		record_free(b.record);
		return r;
	}
	*out = b.record;
	return WEALD_OK;
}

/* ---- what stands in it ---------------------------------------------------
 */

struct value *value_get(const struct value *map, struct span name)
{
	const char *key;
	size_t i;

	if (name.len == 0) {
		return NULL; /* no field is called so */
	}
	for (i = 0; map->type == VALUE_MAP && i < map->n; i++) {
		key = map->items[i].key;
		/* by the first letter, mostly: many are asked for */
		if (*key == (char)*name.data && strlen(key) == name.len &&
		    memcmp(key, name.data, name.len) == 0) {
			return &map->items[i];
		}
	}
	return NULL;
}

const struct value *record_get(const struct record *r, const char *path)
{
	const struct value *v = &r->fields;
	const char *dot;
	struct span name;

	do {
		dot = strchr(path, '.');
		name = span_of(path);
		if (dot != NULL) {
			name.len = (size_t)(dot - path);
			path = dot + 1;
		}
		v = value_get(v, name);
	} while (v != NULL && dot != NULL);
	return v;
}

const char *record_text(const struct record *r, const char *path)
{
	const struct value *v = record_get(r, path);

	return v == NULL || v->type != VALUE_TEXT ? "" : v->text;
}

bool record_bool(const struct record *r, const char *path)
{
	const char *text = record_text(r, path);

	return strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
}
