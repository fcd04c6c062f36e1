/*
 * Entries: the records that a batch touches. Of a record with many versions
 * only the last that is shown is written, once.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/path.h"
#include "store/index/fill_private.h"

/* So many records, or bytes of them, are kept before they are written. */
#define ENTRIES_MAX       1024u
#define ENTRIES_BYTES_MAX (8u * 1024u * 1024u)
#define BUCKETS           1024u

#define TEXT_BYTES_MAX   (2u * CONTENT_BYTES_MAX)
#define LABELS_BYTES_MAX (64u * 1024u)
#define FACT_BYTES_MAX   1000u
#define CODE_BYTES_MAX   60u
/* feed's name and its two separators */
#define REF_BYTES_MAX REFERENCE_BYTES_MAX

struct entry {
	struct entry *next; /* in its bucket */
	const struct entry_feed *feed;
	int64_t id;
	char ref[REF_BYTES_MAX + 1];
	char path[RECORD_BYTES_MAX + 1];
	uint64_t stored;  /* the version that the rows are of; 0: no rows */
	bool has_row;     /* of the table `record` */
	uint64_t version; /* as in the table */
	uint64_t last;
	uint64_t seq;
	uint64_t time;
	uint64_t created;
	char summary[SUMMARY_BYTES_MAX + 1];
	struct content *content; /* of `version`, where it is not `stored` */
};

struct entries {
	struct index *x;
	struct words *words;
	int64_t next_id;
	struct entry *list[ENTRIES_MAX];
	size_t n;
	uint64_t bytes;
	struct entry *buckets[BUCKETS];
	/* what a record's row in `search` says, while it is written */
	struct buf text;
	struct buf labels;
};

static void forget(struct entries *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		content_free(e->list[i]->content);
		free(e->list[i]);
	}
	memset(e->buckets, 0, sizeof e->buckets);
	e->n = 0;
	e->bytes = 0;
}

void entries_free(struct entries *e)
{
	if (e != NULL) {
		forget(e);
		words_free(e->words);
		buf_release(&e->text);
		buf_release(&e->labels);
		free(e);
	}
}

int entries_new(struct index *x, struct entries **out, struct weald_msg *msg)
{
	struct entries *e = calloc(1, sizeof *e);
	int r;

	if (e == NULL) {
		return WEALD_NOMEM;
	}
	e->x = x;
	buf_init(&e->text, TEXT_BYTES_MAX);
	buf_init(&e->labels, LABELS_BYTES_MAX);
	r = words_new(&e->words);
	if (r == WEALD_OK) {
		r = index_number(x, "SELECT max(id) + 1 FROM record", 0,
				 &e->next_id, msg, "");
	}
	if (r != WEALD_OK) {
		entries_free(e);
		return r;
	}
	if (e->next_id < 1) {
		e->next_id = 1;
	}
	*out = e;
	return WEALD_OK;
}

/* ---- one record ---------------------------------------------------------- */

static struct entry **bucket_of(struct entries *e, const char *ref)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *ref != '\0'; ref++) {
		h = (h ^ (uint8_t)*ref) * UINT64_C(0x100000001b3);
	}
	return &e->buckets[(h ^ h >> 32) % BUCKETS];
}

/* What the table has of the record. */
static int load(struct entries *e, struct entry *one, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r;

	r = index_ask(e->x,
		      "SELECT id, version, last, seq, time, created"
		      " FROM record WHERE ref = ?",
		      &s, msg, "t", one->ref);
	if (r == WEALD_OK) {
		r = index_step(e->x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		one->has_row = true;
		one->id = sqlite3_column_int64(s, 0);
		one->version = index_u64(s, 1);
		one->stored = one->version;
		one->last = index_u64(s, 2);
		one->seq = index_u64(s, 3);
		one->time = index_u64(s, 4);
		one->created = index_u64(s, 5);
	}
	index_done(e->x, s);
	return r;
}

static int name_entry(struct entry *one, const struct entry_feed *feed,
		      const struct update *u)
{
	struct record_path path;
	int r;

	r = path_parse_record(u->record, &path, NULL);
	if (r != WEALD_OK || feed->name.len > REFERENCE_REGION_BYTES_MAX) {
		return r == WEALD_OK ? WEALD_INVALID : r;
	}
	one->feed = feed;
	(void)snprintf(one->ref, sizeof one->ref, "%.*s/%.*s/%.*s",
		       (int)feed->name.len, (const char *)feed->name.data,
		       (int)path.kind.len, (const char *)path.kind.data,
		       (int)path.slug.len, (const char *)path.slug.data);
	memcpy(one->path, u->record.data, u->record.len);
	one->path[u->record.len] = '\0';
	return WEALD_OK;
}

/* The entry of the record of @u, with what is known of it so far. */
static int find_entry(struct entries *e, const struct entry_feed *feed,
		      const struct update *u, bool again, struct entry **out,
		      struct weald_msg *msg)
{
	struct entry *one = calloc(1, sizeof *one);
	struct entry **bucket;
	struct entry *at;
	int r;

	if (one == NULL) {
		return WEALD_NOMEM;
	}
	r = name_entry(one, feed, u);
	if (r != WEALD_OK) {
		free(one);
		return r;
	}
	bucket = bucket_of(e, one->ref);
	for (at = *bucket; at != NULL; at = at->next) {
		if (strcmp(at->ref, one->ref) == 0) {
			free(one);
			*out = at;
			return WEALD_OK;
		}
	}
	/* a first version is of a record that is not there */
	r = u->version == 1 && !again ? WEALD_OK : load(e, one, msg);
	if (r == WEALD_OK && !one->has_row) {
		one->id = e->next_id++;
		one->created = u->time;
	}
	if (r != WEALD_OK) {
		free(one);
		return r;
	}
	one->next = *bucket;
	*bucket = one;
	assert(e->n < ENTRIES_MAX);
	e->list[e->n++] = one;
	*out = one;
	return WEALD_OK;
}

/* A note without the line that confirms warnings, and what parts them. */
static struct span without_last_line(struct span note)
{
	while (note.len > 0 && note.data[note.len - 1] != '\n') {
		note.len--;
	}
	while (note.len > 0 && note.data[note.len - 1] == '\n') {
		note.len--;
	}
	return note;
}

static int write_version(struct entries *e, const struct entry *one,
			 const struct update *u, const struct seen *seen,
			 struct weald_msg *msg)
{
	struct span summary = u->summary;
	struct span reason = { NULL, 0 };

	if (seen->state == INDEX_WITHHELD) {
		summary.len = 0;
	} else if (update_action(u) == ACTION_WITHDRAW) {
		reason = seen->override ? without_last_line(u->note) : u->note;
	}
	return index_run(e->x,
			 "INSERT OR REPLACE INTO version (feed, seq, record,"
			 " version, time, action, summary, note, state,"
			 " absent, why, override)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 msg, "iuiuusssiiti", one->feed->id, u->seq, one->id,
			 u->version, u->time, &u->action, &summary, &reason,
			 (int64_t)seen->state, (int64_t)seen->absent, seen->why,
			 (int64_t)seen->override);
}

/* A version that is shown takes the place of an older one. */
static void take_content(struct entries *e, struct entry *one,
			 const struct update *u, struct seen *seen)
{
	struct span summary = text_cut(u->summary, SUMMARY_BYTES_MAX);

	one->version = u->version;
	one->seq = u->seq;
	one->time = u->time;
	memcpy(one->summary, summary.data, summary.len);
	one->summary[summary.len] = '\0';
	if (one->content != NULL) {
		e->bytes -= one->content->md.len;
		content_free(one->content);
	}
	one->content = seen->content;
	seen->content = NULL;
	e->bytes += one->content->md.len;
}

int entries_add(struct entries *e, const struct entry_feed *feed,
		const struct update *u, struct seen *seen, bool again,
		struct weald_msg *msg)
{
	struct entry *one = NULL;
	int r = WEALD_OK;

	if (e->n >= ENTRIES_MAX || e->bytes >= ENTRIES_BYTES_MAX) {
		r = entries_write(e, msg);
	}
	if (r == WEALD_OK) {
		r = find_entry(e, feed, u, again, &one, msg);
	}
	if (r == WEALD_OK) {
		r = write_version(e, one, u, seen, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (u->version > one->last) {
		one->last = u->version;
	}
	if (seen->content != NULL && u->version > one->version) {
		take_content(e, one, u, seen);
	} else if (one->version == 0 && u->version == one->last) {
		one->seq = u->seq;
		one->time = u->time;
	}
	return WEALD_OK;
}

/* ---- rows ---------------------------------------------------------------- */

/* Take out what stands of the version that was shown before. */
static int remove_rows(struct entries *e, int64_t id, struct weald_msg *msg)
{
	static const char *const deletes[] = {
		"DELETE FROM tag WHERE record = ?",
		"DELETE FROM link WHERE record = ?",
		"DELETE FROM fact WHERE record = ?",
		"DELETE FROM effect WHERE record = ?",
		"DELETE FROM numbers WHERE record = ?",
		"DELETE FROM search WHERE rowid = ?"
	};
	sqlite3_stmt *s = NULL;
	struct span text;
	bool row = false;
	size_t i;
	int r;

	r = index_ask(e->x,
		      "SELECT title, labels, text FROM search"
		      " WHERE rowid = ?",
		      &s, msg, "i", id);
	if (r == WEALD_OK) {
		r = index_step(e->x, s, &row, msg);
	}
	words_begin(e->words, -1);
	for (i = 0; r == WEALD_OK && row && i < 3; i++) {
		text.data = sqlite3_column_text(s, (int)i);
		text.len = (size_t)sqlite3_column_bytes(s, (int)i);
		r = words_add(e->words, text);
	}
	index_done(e->x, s);
	for (i = 0; r == WEALD_OK && i < sizeof deletes / sizeof deletes[0];
	     i++) {
		r = index_run(e->x, deletes[i], msg, "i", id);
	}
	return r;
}

static int write_record(struct entries *e, const struct entry *one,
			struct weald_msg *msg)
{
	const struct content *c = one->content;
	struct span title = title_of(c, span_of(one->summary));
	uint8_t digest[SHA256_BYTES];
	struct span short_digest = { digest, 8 };
	struct record_path path;
	int r;

	r = path_parse_record(span_of(one->path), &path, msg);
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&c->md), digest);
	}
	if (r != WEALD_OK) {
		return r;
	}
	return index_run(
		e->x,
		"INSERT INTO record (id, ref, feed, kind, slug, path, version,"
		" last, seq, time, created, title, known, withdrawn, example,"
		" digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11, ?12, ?13, (SELECT count(*) > 0 FROM version"
		"  WHERE record = ?1 AND version >= ?7"
		"  AND action = 'withdraw'), ?14, ?15)"
		" ON CONFLICT (id) DO UPDATE SET version = ?7, last = ?8,"
		" seq = ?9, time = ?10, title = ?12, known = ?13,"
		" withdrawn = excluded.withdrawn, example = ?14, digest = ?15",
		msg, "itisstuuuuusiib", one->id, one->ref, one->feed->id,
		&path.kind, &path.slug, one->path, one->version, one->last,
		one->seq, one->time, one->created, &title, (int64_t)c->known,
		(int64_t)(c->record != NULL &&
			  record_bool(c->record, "example")),
		&short_digest);
}

/* The record of which nothing new is shown: where it stands. */
static int write_standing(struct entries *e, const struct entry *one,
			  struct weald_msg *msg)
{
	struct record_path path;
	int r;

	r = path_parse_record(span_of(one->path), &path, msg);
	if (r != WEALD_OK) {
		return r;
	}
	return index_run(
		e->x,
		"INSERT INTO record (id, ref, feed, kind, slug, path, version,"
		" last, seq, time, created, title, known, withdrawn, example,"
		" digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11, '', 0, (SELECT count(*) > 0 FROM version"
		"  WHERE record = ?1 AND version >= ?7"
		"  AND action = 'withdraw'), 0, x'')"
		" ON CONFLICT (id) DO UPDATE SET last = ?8, seq = ?9,"
		" time = ?10, withdrawn = excluded.withdrawn",
		msg, "itisstuuuuu", one->id, one->ref, one->feed->id,
		&path.kind, &path.slug, one->path, one->version, one->last,
		one->seq, one->time, one->created);
}

static bool is_code(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len <= CODE_BYTES_MAX && text[len] == '\0';
}

static int write_tags(struct entries *e, const struct entry *one,
		      const char *field, const char *type,
		      struct weald_msg *msg)
{
	const struct value *v = record_get(one->content->record, field);
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && v != NULL && i < v->n; i++) {
		if (is_code(v->items[i].text)) {
			r = index_run(e->x,
				      "INSERT OR IGNORE INTO tag (type, code,"
				      " record) VALUES (?, ?, ?)",
				      msg, "tti", type, v->items[i].text,
				      one->id);
		}
	}
	return r;
}

struct linking {
	struct entries *e;
	const struct entry *one;
	struct weald_msg *msg;
};

static int insert_link(const struct linking *l, const char *rel,
		       const struct reference *target, uint64_t version,
		       struct span feed_id)
{
	struct buf text;
	struct span whole;
	int r;

	buf_init(&text, REF_BYTES_MAX);
	r = reference_format(&text, target);
	whole = buf_span(&text);
	if (r == WEALD_OK) {
		r = index_run(l->e->x,
			      "INSERT OR IGNORE INTO link (record, rel,"
			      " target, version, feed_id)"
			      " VALUES (?, ?, ?, ?, ?)",
			      l->msg, "itsub", l->one->id, rel, &whole, version,
			      &feed_id);
	}
	buf_release(&text);
	return r == WEALD_TOOBIG ? WEALD_OK : r;
}

/* Written in the form for machines: by the feed's name, where it is here. */
static int write_machine_link(const struct linking *l, const char *rel,
			      struct reference *target, uint64_t version)
{
	struct index *x = l->e->x;
	uint8_t id[SHA256_BYTES];
	struct span feed_id = { id, sizeof id };
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r;

	r = hex_decode(target->region, id, sizeof id);
	if (r == WEALD_OK) {
		r = index_ask(x, "SELECT name FROM feed WHERE feed_id = ?", &s,
			      l->msg, "b", &feed_id);
	}
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, l->msg);
	}
	if (r == WEALD_OK && row) {
		target->region = span_of(index_text(s, 0));
		target->is_feed = false;
	}
	if (r == WEALD_OK) {
		r = insert_link(l, rel, target, version, feed_id);
	}
	index_done(x, s);
	return r;
}

static int write_link(void *ctx, const char *rel, const struct reference *ref,
		      size_t line)
{
	const struct linking *l = ctx;
	struct reference target = *ref;
	struct span no_id = { (const uint8_t *)"", 0 };
	const char *last = strrchr(rel, '.');

	(void)line;
	rel = last == NULL ? rel : last + 1;
	target.version = 0;
	if (!is_code(rel)) {
		return WEALD_OK;
	}
	if (ref->is_feed) {
		return write_machine_link(l, rel, &target, ref->version);
	}
	/* as other feeds call this one here */
	if (target.region.len == 0 ||
	    span_equal(target.region, l->one->feed->slug)) {
		target.region = l->one->feed->name;
	}
	return insert_link(l, rel, &target, ref->version, no_id);
}

static int write_fact(struct entries *e, int64_t id, const char *name,
		      struct span value, struct weald_msg *msg)
{
	struct span cut = text_cut(value, FACT_BYTES_MAX);

	if (cut.len == 0) {
		return WEALD_OK;
	}
	return index_run(e->x,
			 "INSERT INTO fact (record, name, value)"
			 " VALUES (?, ?, ?)",
			 msg, "its", id, name, &cut);
}

static int write_contact(struct entries *e, const struct entry *one,
			 struct weald_msg *msg)
{
	const char *role = record_text(one->content->record, "contact.role");
	const char *mailbox =
		record_text(one->content->record, "contact.mailbox");
	int r;

	if (role[0] == '\0' && mailbox[0] == '\0') {
		return WEALD_OK;
	}
	buf_clear(&e->text);
	r = buf_addf(&e->text, "%s <%s>", role, mailbox);
	if (r == WEALD_OK) {
		r = write_fact(e, one->id, "contact", buf_span(&e->text), msg);
	}
	return r == WEALD_TOOBIG ? WEALD_OK : r;
}

static int write_fact_of(struct entries *e, const struct entry *one,
			 const char *name, struct weald_msg *msg)
{
	const struct value *v = record_get(one->content->record, name);

	return v != NULL && v->type == VALUE_TEXT && v->valid
		       ? write_fact(e, one->id, name, span_of(v->text), msg)
		       : WEALD_OK;
}

/* Whether anything else changed: the list itself is in the text. */
static int write_other_changes(struct entries *e, const struct entry *one,
			       struct weald_msg *msg)
{
	const struct value *v =
		record_get(one->content->record, "other_changes");

	if (v == NULL || v->type != VALUE_LIST || !v->valid) {
		return WEALD_OK;
	}
	return write_fact(e, one->id, "other_changes",
			  span_of(v->n == 0 ? "none" : "some"), msg);
}

static int write_facts(struct entries *e, const struct entry *one,
		       struct weald_msg *msg)
{
	static const char *const of_all[] = {
		"stage",          "started",
		"status",         "level",
		"reason",         "conclusion",
		"outcome",        "shape",
		"type",           "design",
		"direction",      "version_seen",
		"ack_needed",     "target_versions",
		"target_version", "next_review",
		"review_on",      "valid_until",
		"endorser",       "issued",
		"population",     "harm.physical",
		"ihi_progress",   "sites.using",
		"sites.planned",  "summary",
		"start",          NULL
	};
	static const char *const of_studies[] = { "other_changes_could_explain",
						  "fidelity.percent",
						  "measure_changed",
						  "transition_months",
						  "judged_certainty",
						  "judged_by",
						  "judged_reason",
						  "scope.level",
						  NULL };
	static const char *const of_measures[] = {
		"undesired_event", "numerator", "denominator", "data_source",
		"frequency",       "per",       "chart",       "target",
		"min_denominator", NULL
	};
	static const char *const none[] = { NULL };
	const struct kind *k = one->content->record->kind;
	const char *kind = k == NULL ? "" : k->name;
	const bool is_study =
		strcmp(kind, "evidence") == 0 || strcmp(kind, "adoption") == 0;
	const char *const *names = of_all;
	int r = WEALD_OK;

	for (; r == WEALD_OK && *names != NULL; names++) {
		r = write_fact_of(e, one, *names, msg);
	}
	names = is_study ? of_studies : none;
	if (strcmp(kind, "measure") == 0) {
		names = of_measures;
	}
	for (; r == WEALD_OK && *names != NULL; names++) {
		r = write_fact_of(e, one, *names, msg);
	}
	if (r == WEALD_OK && is_study) {
		r = write_other_changes(e, one, msg);
	}
	return r == WEALD_OK ? write_contact(e, one, msg) : r;
}

static int write_effect(struct entries *e, int64_t id, unsigned shape,
			const struct content *c, struct weald_msg *msg)
{
	/* in the order of enum effect_shape */
	static const char *const shapes[EFFECT_SHAPES_N] = {
		"rate", "proportion", "count", "mean", "time-between"
	};
	const struct effect *own = &c->own_trend[shape];
	const struct effect *plain = &c->plain[shape];

	return index_run(
		e->x,
		"INSERT INTO effect (record, shape, state, ratio, low, high,"
		" log_ratio, variance, df, phi, lag1, half_added,"
		" months_before, months_after, plain_state, plain_log,"
		" plain_variance, plain_df, plain_ratio, plain_low,"
		" plain_high) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?, ?)",
		msg,
		"ittdddddudd"
		"iuut"
		"ddu"
		"ddd",
		id, shapes[shape], effect_state_name(own->state), own->ratio,
		own->low, own->high, own->log_ratio, own->variance,
		(uint64_t)own->df, own->phi, own->lag1,
		(int64_t)own->half_added, (uint64_t)own->months_before,
		(uint64_t)own->months_after, effect_state_name(plain->state),
		plain->log_ratio, plain->variance, (uint64_t)plain->df,
		plain->ratio, plain->low, plain->high);
}

static int write_numbers(struct entries *e, const struct entry *one,
			 struct weald_msg *msg)
{
	const struct content *c = one->content;
	struct span data = buf_span(&c->numbers);
	unsigned i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && c->has_effects && i < EFFECT_SHAPES_N;
	     i++) {
		r = write_effect(e, one->id, i, c, msg);
	}
	if (r == WEALD_OK && data.len > 0) {
		r = index_run(e->x,
			      "INSERT INTO numbers (record, data)"
			      " VALUES (?, ?)",
			      msg, "ib", one->id, &data);
	}
	return r;
}

static int write_search(struct entries *e, const struct entry *one,
			struct weald_msg *msg)
{
	const struct content *c = one->content;
	struct record_path path;
	struct span texts[3];
	size_t i;
	int r;

	buf_clear(&e->text);
	buf_clear(&e->labels);
	r = path_parse_record(span_of(one->path), &path, msg);
	if (r == WEALD_OK) {
		r = text_of_labels(c, path.kind, &e->labels);
	}
	if (r == WEALD_OK) {
		r = text_of_record(c, &e->text);
	}
	texts[0] = title_of(c, span_of(one->summary));
	texts[1] = buf_span(&e->labels);
	texts[2] = buf_span(&e->text);
	words_begin(e->words, 1);
	for (i = 0; r == WEALD_OK && i < 3; i++) {
		r = words_add(e->words, texts[i]);
	}
	if (r != WEALD_OK) {
		return r;
	}
	return index_run(e->x,
			 "INSERT INTO search (rowid, title, labels, text)"
			 " VALUES (?, ?, ?, ?)",
			 msg, "isss", one->id, &texts[0], &texts[1], &texts[2]);
}

static int write_content(struct entries *e, const struct entry *one,
			 struct weald_msg *msg)
{
	struct linking l = { .e = e, .one = one, .msg = msg };
	const struct record *rec = one->content->record;
	int r;

	r = write_record(e, one, msg);
	if (r == WEALD_OK && rec != NULL) {
		r = write_tags(e, one, "topics", "t", msg);
	}
	if (r == WEALD_OK && rec != NULL) {
		r = write_tags(e, one, "settings", "s", msg);
	}
	if (r == WEALD_OK && rec != NULL) {
		r = record_refs(rec, one->feed->name, write_link, &l);
	}
	if (r == WEALD_OK && rec != NULL) {
		r = write_facts(e, one, msg);
	}
	if (r == WEALD_OK) {
		r = write_numbers(e, one, msg);
	}
	return r == WEALD_OK ? write_search(e, one, msg) : r;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *const *ea = a;
	const struct entry *const *eb = b;

	return (*ea)->id < (*eb)->id ? -1 : (*ea)->id > (*eb)->id;
}

int entries_write(struct entries *e, struct weald_msg *msg)
{
	const struct entry *one;
	size_t i;
	int r = WEALD_OK;

	/* FTS5 begins a new segment wherever a rowid is below the last */
	qsort(e->list, e->n, sizeof e->list[0], compare_entries);
	for (i = 0; r == WEALD_OK && i < e->n; i++) {
		one = e->list[i];
		if (one->content == NULL) {
			r = write_standing(e, one, msg);
			continue;
		}
		if (one->stored != 0) {
			r = remove_rows(e, one->id, msg);
		}
		if (r == WEALD_OK) {
			r = write_content(e, one, msg);
		}
		if (r == WEALD_OK && words_are_many(e->words)) {
			r = words_write(e->words, e->x, msg);
		}
	}
	forget(e);
	return r;
}

int entries_finish(struct entries *e, struct weald_msg *msg)
{
	int r = entries_write(e, msg);

	return r == WEALD_OK ? words_write(e->words, e->x, msg) : r;
}

/* A record, whole. */
static int remove_record(struct entries *e, int64_t id, struct weald_msg *msg)
{
	int r = remove_rows(e, id, msg);

	if (r == WEALD_OK) {
		r = index_run(e->x, "DELETE FROM version WHERE record = ?", msg,
			      "i", id);
	}
	if (r == WEALD_OK) {
		r = index_run(e->x, "DELETE FROM record WHERE id = ?", msg, "i",
			      id);
	}
	if (r == WEALD_OK && words_are_many(e->words)) {
		r = words_write(e->words, e->x, msg);
	}
	return r;
}

int entries_remove(struct entries *e, int64_t feed, uint64_t max,
		   bool *out_left, struct weald_msg *msg)
{
	uint64_t n = 0;
	int64_t id = 0;
	int r;

	/* the first by its index, the others in the order of FTS5 */
	r = index_number(e->x, "SELECT min(id) FROM record WHERE feed = ?", 0,
			 &id, msg, "i", feed);
	while (r == WEALD_OK && id != 0 && (max == 0 || n < max)) {
		r = remove_record(e, id, msg);
		n++;
		if (r == WEALD_OK) {
			r = index_number(e->x,
					 "SELECT id FROM record"
					 " WHERE +feed = ? AND id > ?"
					 " ORDER BY id LIMIT 1",
					 0, &id, msg, "ii", feed, id);
		}
	}
	if (r == WEALD_OK) {
		r = words_write(e->words, e->x, msg);
	}
	if (r == WEALD_OK && id == 0) {
		/* what is about the feed itself */
		r = index_run(e->x, "DELETE FROM version WHERE feed = ?", msg,
			      "i", feed);
	}
	*out_left = id != 0;
	return r;
}

int entries_name_links(struct entries *e, struct span id, const char *name,
		       bool comes, struct weald_msg *msg)
{
	struct buf by_id;
	struct span from;
	struct span to = span_of(name);
	int r;

	buf_init(&by_id, REF_BYTES_MAX);
	r = buf_add_text(&by_id, REFERENCE_SCHEME);
	if (r == WEALD_OK) {
		r = buf_add_hex(&by_id, id.data, id.len);
	}
	from = buf_span(&by_id);
	if (!comes) {
		from = to;
		to = buf_span(&by_id);
	}
	if (r == WEALD_OK) {
		r = index_run(
			e->x,
			"UPDATE link SET target = ?1 || substr(target, ?2)"
			" WHERE feed_id = ?3 AND feed_id <> x''",
			msg, "sub", &to, (uint64_t)from.len + 1, &id);
	}
	buf_release(&by_id);
	return r;
}
