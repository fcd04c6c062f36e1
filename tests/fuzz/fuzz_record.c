/*
 * A record.md of any bytes: whatever is read of it is within its bounds, the
 * same when read again, and what has no error here is front matter for all.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/front.h"
#include "store/record/record.h"
#include "store/record/ryaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_lines(struct span file)
{
	size_t n = 1;
	size_t i;

	for (i = 0; i < file.len; i++) {
		n += file.data[i] == '\n';
	}
	return n;
}

static void check_value(const struct value *v, size_t lines, size_t depth)
{
	size_t i;

	assert(depth <= RYAML_DEPTH_MAX);
	assert(v->line >= 1 && v->line <= lines);
	assert(v->line_last >= v->line && v->line_last <= lines);
	assert(text_is_utf8(span_of(v->text)));
	assert(v->type == VALUE_TEXT ? v->n == 0 : v->text[0] == '\0');
	for (i = 0; i < v->n; i++) {
		assert((v->type == VALUE_MAP) == (v->items[i].key != NULL));
		check_value(&v->items[i], lines, depth + 1);
	}
}

static void check_problems(const struct problems *p, size_t lines)
{
	size_t i;

	assert(!p->no_memory && p->n <= PROBLEMS_MAX);
	assert(p->n <= p->errors + p->warnings);
	for (i = 0; i < p->n; i++) {
		assert(strcmp(p->list[i].file, RECORD_FILE) == 0);
		assert(p->list[i].line <= lines);
		assert(p->list[i].text.text[0] != '\0');
	}
}

static int count_ref(void *ctx, const char *rel, const struct reference *ref,
		     size_t line)
{
	size_t *n = ctx;
	struct buf b;
	int r;

	assert(rel[0] != '\0' || ref->kind.len > 0);
	assert(line > 0);
	buf_init(&b, REFERENCE_BYTES_MAX);
	r = reference_format(&b, ref);
	assert(r == WEALD_OK);
	buf_release(&b);
	*n += 1;
	return WEALD_OK;
}

static void check_record(const struct record *r, struct span file,
			 const struct problems *p)
{
	const size_t lines = count_lines(file);
	struct front front;
	size_t refs = 0;
	int err;

	check_value(&r->fields, lines + 1, 0);
	check_problems(p, lines);
	assert(r->body.data >= file.data);
	assert(r->body.data + r->body.len == file.data + file.len);
	assert(r->body_line <= lines + 1);
	err = record_refs(r, span_of("south-west"), count_ref, &refs);
	assert(err == WEALD_OK && refs <= RECORD_VALUES_MAX);
	if (p->errors == 0) {
		assert(r->kind != NULL);
		err = front_parse(file, RECORD_FILE, &front, NULL);
		assert(err == WEALD_OK);
		assert(strcmp(front.kind, r->kind->name) == 0);
		assert(strcmp(front.title, record_text(r, "title")) == 0);
	}
}

static void check_again(struct span file, const struct problems *before)
{
	struct problems p = { .list = NULL };
	struct record *r = NULL;
	size_t i;

	(void)record_parse(file, &r, &p);
	assert(p.n == before->n && p.errors == before->errors);
	for (i = 0; i < p.n; i++) {
		assert(strcmp(p.list[i].text.text, before->list[i].text.text) ==
		       0);
	}
	problems_release(&p);
	record_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span file = { data, size };
	struct problems p = { .list = NULL };
	struct record *r = NULL;
	int err = record_parse(file, &r, &p);

	if (err == WEALD_OK) {
		check_record(r, file, &p);
	} else {
		assert(err == WEALD_INVALID && r == NULL);
		assert(p.errors == 1);
	}
	check_again(file, &p);
	problems_release(&p);
	record_free(r);
	return 0;
}
