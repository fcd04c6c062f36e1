/*
 * A version as the feed has it: its files, its fields, what the guard says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"
#include "store/index/fill_private.h"
#include "store/index/numbers.h"
#include "store/record/problem.h"
#include "store/record/ryaml.h"
#include "store/record/series.h"

/*
 * Files of a record that are looked at. One that has more, which takes many
 * updates to bring about, is withheld: the guard has not seen all of it.
 */
#define FILES_MAX       256u
#define FILES_BYTES_MAX (16u * 1024u * 1024u)

/* attachments/name */
#define NAME_BYTES (sizeof PATH_ATTACHMENTS + FILE_BYTES_MAX + 1)

struct file {
	char name[NAME_BYTES];
	struct buf content;
};

/* ---- what the feed has --------------------------------------------------- */

struct loading {
	const struct feed *feed;
	struct leaf *leaf;
	struct weald_msg *msg;
};

static int files_grow(struct leaf *s)
{
	size_t n = s->files_n;
	struct file *list;

	/* 1, 2, 4 ... */
	if ((n & (n - 1)) != 0) {
		return WEALD_OK;
	}
	list = realloc(s->files, (n == 0 ? 1 : n * 2) * sizeof *list);
	if (list == NULL) {
		return WEALD_NOMEM;
	}
	s->files = list;
	return WEALD_OK;
}

static int load_file(void *ctx, struct span name,
		     const uint8_t blob[OBJECT_ID_BYTES])
{
	const struct loading *l = ctx;
	struct leaf *s = l->leaf;
	struct file *file;
	int r;

	if (s->absent) {
		return WEALD_OK; /* it is looked at when all are here */
	}
	if (s->files_n >= FILES_MAX || s->bytes >= FILES_BYTES_MAX ||
	    name.len >= NAME_BYTES) {
		s->over = true;
		return WEALD_OK;
	}
	r = files_grow(s);
	if (r != WEALD_OK) {
		return r;
	}
	file = &s->files[s->files_n];
	memcpy(file->name, name.data, name.len);
	file->name[name.len] = '\0';
	buf_init(&file->content, CONTENT_BYTES_MAX);
	r = feed_content(l->feed, blob, &file->content, l->msg);
	if (r == WEALD_OK) {
		s->files_n++;
		s->bytes += file->content.len;
		return WEALD_OK;
	}
	buf_release(&file->content);
	if (r == WEALD_NOTFOUND) {
		msg_clear(l->msg);
		s->absent = true;
		return WEALD_OK;
	}
	return r;
}

/* All files that the record has after the update. */
static int load_files(struct loading *l)
{
	const struct update *u = &l->leaf->stored.update;
	const struct change *c;
	struct span name;
	size_t i;
	int r = WEALD_OK;

	if (u->version != 1) {
		return feed_files(l->feed, u->seq, u->record, load_file, l,
				  l->msg);
	}
	/* there was nothing before: its changes are all there is */
	for (i = 0; r == WEALD_OK && i < u->changes_n; i++) {
		c = &u->changes[i];
		name = c->path;
		if (c->removal || name.len <= u->record.len + 1) {
			continue;
		}
		name.data += u->record.len + 1;
		name.len -= u->record.len + 1;
		r = load_file(l, name, c->blob);
	}
	return r;
}

/* What an update about the feed itself says of the region. */
static int load_region(struct loading *l)
{
	const struct span path = span_of(PATH_REGION);
	struct leaf *s = l->leaf;
	const struct update *u = &s->stored.update;
	size_t i;
	int r;

	for (i = 0; i < u->changes_n; i++) {
		if (u->changes[i].removal ||
		    !span_equal(u->changes[i].path, path)) {
			continue;
		}
		buf_init(&s->region, CONTENT_BYTES_MAX);
		r = feed_content(l->feed, u->changes[i].blob, &s->region,
				 l->msg);
		if (r == WEALD_NOTFOUND) {
			msg_clear(l->msg);
			return WEALD_OK;
		}
		s->has_region = r == WEALD_OK;
		s->bytes += s->region.len;
		return r;
	}
	return WEALD_OK;
}

int leaf_open(const struct feed *feed, uint64_t seq, struct leaf *out,
	      struct weald_msg *msg)
{
	int r = feed_read(feed, seq, &out->stored, msg);

	out->is_loaded = r == WEALD_OK;
	return r;
}

int leaf_load(const struct feed *feed, struct leaf *s, struct weald_msg *msg)
{
	struct loading l = { .feed = feed, .leaf = s, .msg = msg };

	return s->stored.update.record.len > 0 ? load_files(&l)
					       : load_region(&l);
}

void leaf_release(struct leaf *s)
{
	size_t i;

	for (i = 0; i < s->files_n; i++) {
		buf_release(&s->files[i].content);
	}
	free(s->files);
	buf_release(&s->region);
	content_free(s->seen.content);
	if (s->is_loaded) {
		stored_release(&s->stored);
	}
	*s = (struct leaf){ .err = WEALD_OK };
}

/* ---- what it says -------------------------------------------------------- */

static const struct file *files_find(const struct leaf *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->files_n; i++) {
		if (strcmp(s->files[i].name, name) == 0) {
			return &s->files[i];
		}
	}
	return NULL;
}

void content_free(struct content *c)
{
	if (c != NULL) {
		record_free(c->record);
		buf_release(&c->md);
		buf_release(&c->numbers);
		free(c);
	}
}

/* What the guard says of all of it; INDEX_WITHHELD where it blocks. */
static int ask_guard(struct leaf *s, const struct record *record)
{
	const struct update *u = &s->stored.update;
	struct guard_report report = { .n = 0 };
	/* some of its files: they do not say what all of them do */
	size_t files_n = s->absent ? 0 : s->files_n;
	struct record_file *files = calloc(files_n + 1, sizeof *files);
	const struct judged judged = { .path = u->record,
				       .summary = u->summary,
				       .note = u->note,
				       .files = files,
				       .files_n = files_n,
				       .record = record };
	size_t i;
	int r;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < files_n; i++) {
		files[i].name = span_of(s->files[i].name);
		files[i].content = buf_span(&s->files[i].content);
	}
	r = judge_version(&judged, &report);
	free(files);
	if (r != WEALD_OK) {
		guard_release(&report);
		return r;
	}
	if (report.verdict == GUARD_BLOCK) {
		s->seen.state = INDEX_WITHHELD;
		judge_why(&report, s->seen.why);
	} else if (s->over && !s->absent) {
		s->seen.state = INDEX_WITHHELD;
		(void)snprintf(s->seen.why, sizeof s->seen.why, "%s",
			       guard_kind_name(GUARD_UNREADABLE));
	}
	guard_release(&report);
	return WEALD_OK;
}

/* Fields that the kind does not have: each is an error for publish. */
static size_t count_unknown(const struct value *v, const struct field *fields,
			    size_t fields_n, unsigned depth)
{
	const struct field *f;
	size_t n = 0;
	size_t i;

	for (i = 0; depth > 0 && i < v->n; i++) {
		if (v->type != VALUE_MAP) {
			n += count_unknown(&v->items[i], fields, fields_n,
					   depth - 1);
			continue;
		}
		f = field_find(fields, fields_n, span_of(v->items[i].key));
		n += f == NULL ? 1
			       : count_unknown(&v->items[i], f->parts,
					       f->parts_n, depth - 1);
	}
	return n;
}

static bool is_known(const struct record *r, const struct problems *p,
		     struct span record)
{
	struct record_path path;

	return r != NULL && r->kind != NULL &&
	       path_parse_record(record, &path, NULL) == WEALD_OK &&
	       span_equal(path.kind, span_of(r->kind->name)) &&
	       p->errors <= count_unknown(&r->fields, r->kind->fields,
					  r->kind->fields_n, RYAML_DEPTH_MAX);
}

/*
 * The field that names the file with the record's numbers, by its kind; NULL
 * where the index does not keep them.
 */
static const char *series_field(const struct record *r)
{
	const char *kind = r == NULL || r->kind == NULL ? "" : r->kind->name;

	if (strcmp(kind, "evidence") == 0 || strcmp(kind, "adoption") == 0) {
		return "series";
	}
	return strcmp(kind, "priority") == 0 ? "baseline_series" : NULL;
}

/* A priority's numbers are a baseline: it changed nothing yet. */
static void compute_effects(const struct series *s, struct content *c)
{
	if (strcmp(c->record->kind->name, "priority") == 0) {
		return;
	}
	effect_all_shapes(s, c->own_trend, c->plain);
	c->has_effects = true;
}

/* The numbers, and what they come to. */
static int read_numbers(const struct leaf *s, struct content *c)
{
	struct problems problems = { .n = 0 };
	struct series series = { .n = 0 };
	const char *field = series_field(c->record);
	const struct file *data;
	const char *name = RECORD_DATA;
	int r;

	if (field == NULL) {
		return WEALD_OK;
	}
	if (record_text(c->record, field)[0] != '\0') {
		name = record_text(c->record, field);
	}
	data = files_find(s, name);
	if (data == NULL) {
		return WEALD_OK;
	}
	r = series_parse(buf_span(&data->content), name, c->record, &series,
			 &problems);
	if (r == WEALD_OK && problems.errors == 0) {
		compute_effects(&series, c);
		r = numbers_write(&series, &c->numbers);
	}
	series_release(&series);
	problems_release(&problems);
	return r == WEALD_INVALID ? WEALD_OK : r;
}

/* What record.md says, whether or not it may be shown. */
static int read_content(struct leaf *s, const struct file *md)
{
	struct problems problems = { .n = 0 };
	struct content *c = calloc(1, sizeof *c);
	int r;

	if (c == NULL) {
		return WEALD_NOMEM;
	}
	s->seen.content = c;
	buf_init(&c->numbers, NUMBERS_BYTES_MAX);
	/* the record borrows it: a copy that lives on */
	buf_init(&c->md, CONTENT_BYTES_MAX);
	r = buf_add(&c->md, md->content.data, md->content.len);
	if (r == WEALD_OK) {
		r = record_parse(buf_span(&c->md), &c->record, &problems);
		r = r == WEALD_INVALID ? WEALD_OK : r;
	}
	if (r == WEALD_OK) {
		c->known =
			is_known(c->record, &problems, s->stored.update.record);
		r = read_numbers(s, c);
	}
	problems_release(&problems);
	return r;
}

void leaf_judge(struct leaf *s)
{
	const struct file *md = files_find(s, RECORD_FILE);
	struct seen *seen = &s->seen;
	unsigned kinds = 0;

	seen->absent = s->absent;
	seen->override = guard_override_read(s->stored.update.note, &kinds);
	if (s->absent) {
		seen->state = INDEX_ABSENT;
	} else if (md == NULL || !text_is_utf8(buf_span(&md->content))) {
		seen->state = INDEX_UNREAD;
	} else {
		seen->state = INDEX_SHOWN;
		s->err = read_content(s, md);
	}
	if (s->err == WEALD_OK) {
		s->err = ask_guard(s, seen->content == NULL
					      ? NULL
					      : seen->content->record);
	}
	if (s->err != WEALD_OK || seen->state != INDEX_SHOWN) {
		content_free(seen->content);
		seen->content = NULL;
	}
}
