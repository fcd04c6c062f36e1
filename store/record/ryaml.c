#include "store/record/ryaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "proto/text.h"

/* A list or mapping that is open. */
struct level {
	bool is_map;
	bool wants_key;
	size_t keys_at; /* where the names of its fields begin in keys */
	size_t keys_n;
};

struct ryaml {
	yaml_parser_t parser;
	yaml_event_t event; /* the last one: its text is lent */
	bool has_event;
	struct span text;
	const char *name;
	size_t first_line;
	size_t events_n;
	bool has_document;
	struct level levels[RYAML_DEPTH_MAX];
	unsigned depth;
	/* names of the fields of all open mappings, each with its length */
	struct buf keys;
	/* libyaml counts characters; how far they were counted in bytes */
	size_t chars;
	size_t bytes;
};

bool ryaml_may_hold(uint32_t rune, struct span bytes)
{
	if (rune < 0x80 && ryaml_is_plain((uint8_t)rune)) {
		return true;
	}
	return rune < 0xfffe &&
	       text_check_line(bytes, 1, bytes.len, "", WEALD_INVALID, NULL) ==
		       WEALD_OK;
}

/*
 * libyaml takes more characters for line ends than editors do. Without those,
 * its line numbers are the editor's.
 */
static bool may_stand(struct span s, uint32_t rune, size_t n)
{
	if (rune == '\r') {
		return s.len > 1 && s.data[1] == '\n';
	}
	return ryaml_may_hold(rune, (struct span){ s.data, n });
}

static int check_characters(const struct ryaml *y, struct weald_msg *msg)
{
	struct span s = y->text;
	size_t line = y->first_line;
	uint32_t rune;
	size_t n;

	while (s.len > 0) {
		/* nearly all of a record, and quicker told so */
		if (ryaml_is_plain(*s.data)) {
			line += *s.data == '\n';
			s.data++;
			s.len--;
			continue;
		}
		n = text_rune(s, &rune);
		if (n == 0) {
			msg_set(msg,
				"%s:%zu: not UTF-8; save the file as UTF-8",
				y->name, line);
			return WEALD_INVALID;
		}
		if (!may_stand(s, rune, n)) {
			msg_set(msg,
				"%s:%zu: the character U+%04X may not stand "
				"here; remove it",
				y->name, line, (unsigned)rune);
			return WEALD_INVALID;
		}
		line += rune == '\n';
		s.data += n;
		s.len -= n;
	}
	return WEALD_OK;
}

int ryaml_open(struct span text, const char *name, size_t first_line,
	       struct ryaml **out, struct weald_msg *msg)
{
	struct ryaml *y;
	int r;

	if (text.len > RYAML_BYTES_MAX) {
		msg_set(msg, "%s:%zu: longer than the limit of %u bytes", name,
			first_line, RYAML_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	y = calloc(1, sizeof *y);
	if (y == NULL) {
		return WEALD_NOMEM;
	}
	y->text = text;
	y->name = name;
	y->first_line = first_line;
	buf_init(&y->keys, 2u * RYAML_BYTES_MAX);
	if (yaml_parser_initialize(&y->parser) == 0) {
		free(y);
		return WEALD_NOMEM;
	}
	yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->parser,
				     text.len == 0 ? (const unsigned char *)""
						   : text.data,
				     text.len);
	r = check_characters(y, msg);
	if (r != WEALD_OK) {
		ryaml_close(y);
		return r;
	}
	*out = y;
	return WEALD_OK;
}

static void drop_event(struct ryaml *y)
{
	if (y->has_event) {
		yaml_event_delete(&y->event);
		y->has_event = false;
	}
}

void ryaml_close(struct ryaml *y)
{
	if (y == NULL) {
		return;
	}
	drop_event(y);
	yaml_parser_delete(&y->parser);
	buf_release(&y->keys);
	free(y);
}

static size_t line_of(const struct ryaml *y, const yaml_mark_t *mark)
{
	return y->first_line + mark->line;
}

/* A block ends at the line before the one at whose first column it ends. */
static size_t last_line(const struct ryaml *y)
{
	const yaml_mark_t *start = &y->event.start_mark;
	const yaml_mark_t *end = &y->event.end_mark;

	if (end->line > start->line && end->column == 0) {
		return line_of(y, end) - 1;
	}
	return line_of(y, end);
}

/* @what is refused where the last event begins. */
static int refuse(const struct ryaml *y, const char *what,
		  struct weald_msg *msg)
{
	msg_set(msg, "%s:%zu: %s", y->name, line_of(y, &y->event.start_mark),
		what);
	return WEALD_INVALID;
}

/*
 * The byte of the character @index. To be asked in the order of the file, as
 * events come, so that each character is counted once.
 */
static uint8_t byte_at(struct ryaml *y, size_t index)
{
	uint32_t rune;

	while (y->chars < index && y->bytes < y->text.len) {
		y->chars++;
		if (ryaml_is_plain(y->text.data[y->bytes])) {
			y->bytes++;
			continue;
		}
		y->bytes += text_rune((struct span){ y->text.data + y->bytes,
						     y->text.len - y->bytes },
				      &rune);
	}
	return y->bytes < y->text.len ? y->text.data[y->bytes] : 0;
}

/* What to do about what libyaml says; "" where there is nothing short. */
static const char *advice_for(const char *problem)
{
	static const struct {
		const char *problem;
		const char *advice;
	} table[] = {
		{ "mapping values are not allowed in this context",
		  "; put a text that holds \": \" in quotes" },
		{ "could not find expected ':'",
		  "; a field is written \"name: value\"" },
		{ "found character that cannot start any token",
		  "; put the text in quotes" },
		{ "found a tab character that violates indentation",
		  "; indent with spaces, not tabs" },
		{ "found unexpected end of stream",
		  "; a quote is opened and not closed" },
		{ "did not find expected key",
		  "; check the indentation, the quotes and the brackets" },
		{ "did not find expected ',' or ']'",
		  "; check that the list ends in \"]\"" },
		{ "did not find expected ',' or '}'",
		  "; check that the group ends in \"}\"" },
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(problem, table[i].problem) == 0) {
			return table[i].advice;
		}
	}
	return "";
}

static int refuse_syntax(struct ryaml *y, struct weald_msg *msg)
{
	const yaml_parser_t *p = &y->parser;
	const char *problem = p->problem == NULL ? "not YAML" : p->problem;
	const char *advice = advice_for(problem);

	if (p->error == YAML_MEMORY_ERROR) {
		return WEALD_NOMEM;
	}
	if (byte_at(y, p->problem_mark.index) == '\t') {
		advice = "; indent with spaces, not tabs";
	}
	if (p->context == NULL ||
	    p->context_mark.line == p->problem_mark.line) {
		msg_set(msg, "%s:%zu: %s%s", y->name,
			line_of(y, &p->problem_mark), problem, advice);
	} else {
		msg_set(msg, "%s:%zu: %s %s that begins in line %zu%s", y->name,
			line_of(y, &p->problem_mark), problem, p->context,
			line_of(y, &p->context_mark), advice);
	}
	return WEALD_INVALID;
}

/* The node of the last event has neither anchor nor tag. */
static int check_properties(struct ryaml *y, struct weald_msg *msg)
{
	const yaml_event_t *e = &y->event;
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor != NULL) {
		return refuse(y,
			      "anchors (&) are not allowed; put a text that "
			      "begins with & in quotes",
			      msg);
	}
	/* libyaml hides a lone "!" */
	if (tag != NULL || byte_at(y, e->start_mark.index) == '!') {
		return refuse(y,
			      "tags (!) are not allowed; put a text that "
			      "begins with ! in quotes",
			      msg);
	}
	return WEALD_OK;
}

/* Remember the name of a field that no other of its mapping has. */
static int add_key(struct ryaml *y, struct level *l, struct span key,
		   struct weald_msg *msg)
{
	struct reader others;
	struct span other;

	if (key.len == 0) {
		return refuse(y, "a field without a name", msg);
	}
	if (l->keys_n == RYAML_FIELDS_MAX) {
		return refuse(y, "too many fields", msg);
	}
	reader_init(&others, (struct span){ y->keys.data, y->keys.len });
	others.pos = l->keys_at;
	while (reader_ssh_string(&others, &other) == WEALD_OK) {
		if (span_equal(other, key)) {
			msg_set(msg, "%s:%zu: field \"%.*s\" is given twice",
				y->name, line_of(y, &y->event.start_mark),
				(int)(key.len > 80 ? 80 : key.len),
				(const char *)key.data);
			return WEALD_INVALID;
		}
	}
	l->keys_n++;
	return buf_add_ssh_string(&y->keys, key.data, key.len);
}

/* A text, list or mapping begins: where does it stand? */
static int place_node(struct ryaml *y, struct ryaml_event *ev,
		      struct weald_msg *msg)
{
	struct level *l = y->depth == 0 ? NULL : &y->levels[y->depth - 1];
	int r = check_properties(y, msg);

	if (r != WEALD_OK || l == NULL || !l->is_map) {
		return r;
	}
	if (!l->wants_key) {
		l->wants_key = true;
		return WEALD_OK;
	}
	if (ev->type != RYAML_TEXT) {
		return refuse(y, "the name of a field must be a text", msg);
	}
	l->wants_key = false;
	ev->is_key = true;
	return add_key(y, l, ev->text, msg);
}

static int enter(struct ryaml *y, bool is_map, struct weald_msg *msg)
{
	if (y->depth == RYAML_DEPTH_MAX) {
		return refuse(y, "lists and fields are nested too deeply", msg);
	}
	y->levels[y->depth] = (struct level){
		.is_map = is_map,
		.wants_key = is_map,
		.keys_at = y->keys.len,
	};
	y->depth++;
	return WEALD_OK;
}

static void leave(struct ryaml *y)
{
	assert(y->depth > 0);
	y->depth--;
	y->keys.len = y->levels[y->depth].keys_at;
}

static int begin_document(struct ryaml *y, struct weald_msg *msg)
{
	if (y->has_document || y->event.data.document_start.implicit == 0) {
		return refuse(y,
			      "one document only: no directive (%) and no "
			      "second \"---\"",
			      msg);
	}
	y->has_document = true;
	return WEALD_OK;
}

static int end_document(const struct ryaml *y, struct weald_msg *msg)
{
	if (y->event.data.document_end.implicit == 0) {
		return refuse(y, "a line \"...\" is not allowed", msg);
	}
	return WEALD_OK;
}

/* Turn libyaml's event into ours; @out_skip where there is none for it. */
static int translate(struct ryaml *y, struct ryaml_event *ev, bool *out_skip,
		     struct weald_msg *msg)
{
	const yaml_event_t *e = &y->event;
	int r;

	*out_skip = false;
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		*out_skip = true;
		return begin_document(y, msg);
	case YAML_DOCUMENT_END_EVENT:
		*out_skip = true;
		return end_document(y, msg);
	case YAML_STREAM_END_EVENT:
		ev->type = RYAML_END;
		return WEALD_OK;
	case YAML_ALIAS_EVENT:
		return refuse(y,
			      "aliases (*) are not allowed; put a text that "
			      "begins with * in quotes",
			      msg);
	case YAML_SCALAR_EVENT:
		ev->type = RYAML_TEXT;
		ev->text = (struct span){ e->data.scalar.value,
					  e->data.scalar.length };
		return place_node(y, ev, msg);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		ev->type = e->type == YAML_MAPPING_START_EVENT ? RYAML_MAP
							       : RYAML_LIST;
		r = place_node(y, ev, msg);
		return r == WEALD_OK ? enter(y, ev->type == RYAML_MAP, msg) : r;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		ev->type = e->type == YAML_MAPPING_END_EVENT ? RYAML_MAP_END
							     : RYAML_LIST_END;
		leave(y);
		ev->depth = y->depth;
		return WEALD_OK;
	default: /* the stream begins */
		*out_skip = true;
		return WEALD_OK;
	}
}

int ryaml_next(struct ryaml *y, struct ryaml_event *out, struct weald_msg *msg)
{
	struct ryaml_event ev;
	bool skip;
	int r;

	do {
		drop_event(y);
		if (yaml_parser_parse(&y->parser, &y->event) == 0) {
			return refuse_syntax(y, msg);
		}
		y->has_event = true;
		y->events_n++;
		if (y->events_n > RYAML_EVENTS_MAX) {
			return refuse(y, "too many values", msg);
		}
		ev = (struct ryaml_event){
			.depth = y->depth,
			.line = line_of(y, &y->event.start_mark),
			.line_last = last_line(y),
			.is_bracket = y->event.start_mark.index !=
				      y->event.end_mark.index,
		};
		r = translate(y, &ev, &skip, msg);
	} while (r == WEALD_OK && skip);
	if (r == WEALD_OK) {
		*out = ev;
	}
	return r;
}

int ryaml_skip(struct ryaml *y, struct weald_msg *msg)
{
	const unsigned depth = y->depth;
	struct ryaml_event ev;
	int r;

	do {
		r = ryaml_next(y, &ev, msg);
	} while (r == WEALD_OK && y->depth > depth);
	return r;
}
