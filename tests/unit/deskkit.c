#include "tests/unit/deskkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sample.h"

int desk_setup(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	void *k = NULL;

	assert_non_null(d);
	assert_int_equal(feedkit_setup(&k), 0);
	d->k = k;
	(void)snprintf(d->home, sizeof d->home, "%s", d->k->scratch.dir);
	*state = d;
	return 0;
}

int desk_teardown(void **state)
{
	struct desk *d = *state;
	void *k = d->k;
	size_t i;

	index_close(d->x);
	for (i = 0; i < d->n; i++) {
		feed_close(d->feeds[i]);
	}
	assert_int_equal(feedkit_teardown(&k), 0);
	free(d);
	return 0;
}

size_t desk_found(struct desk *d, const char *name)
{
	char dir[64];

	assert_true(d->n < FEEDS_MAX);
	(void)snprintf(dir, sizeof dir, "%s.git", name);
	feedkit_use(d->k, dir);
	feedkit_found(d->k);
	d->feeds[d->n] = d->k->feed;
	d->k->feed = NULL;
	d->names[d->n] = name;
	return d->n++;
}

void desk_sign(struct desk *d, size_t feed, const struct paper *p)
{
	struct draft_file files[2];
	struct draft draft;

	draft = feedkit_draft(d->k, p->action, p->record);
	if (p->text != NULL) {
		files[draft.files_n].name = span_of("record.md");
		files[draft.files_n++].content = span_of(p->text);
	}
	if (p->data != NULL) {
		files[draft.files_n].name = span_of("data.csv");
		files[draft.files_n++].content = span_of(p->data);
	}
	draft.files = files;
	if (p->summary != NULL) {
		draft.summary = span_of(p->summary);
	}
	if (p->note != NULL) {
		draft.note = span_of(p->note);
	}
	feed_ok(d->k,
		feed_sign(d->feeds[feed], &draft, d->k->signer, &d->k->msg));
	feed_ok(d->k, feed_commit(d->feeds[feed], &d->k->msg));
}

void desk_publish(struct desk *d, size_t feed, const char *record,
		  const char *text)
{
	struct paper p = { .record = record,
			   .text = text,
			   .action = ACTION_PUBLISH };
	uint64_t version = 0;

	(void)versions_get(feed_versions(d->feeds[feed]), span_of(record),
			   &version, NULL);
	p.action = version == 0 ? ACTION_PUBLISH : ACTION_REVISE;
	desk_sign(d, feed, &p);
}

struct index_feed desk_named(const struct desk *d, size_t feed)
{
	return (struct index_feed){ .name = d->names[feed],
				    .own = feed == 0,
				    .feed = d->feeds[feed] };
}

bool desk_open(struct desk *d)
{
	bool made = false;

	index_close(d->x);
	d->x = NULL;
	feed_ok(d->k,
		index_open(d->home, INDEX_WRITE, &d->x, &made, &d->k->msg));
	return made;
}

void desk_fill(struct desk *d, size_t feed, uint64_t batch)
{
	struct index_feed f = desk_named(d, feed);
	uint64_t left = 1;

	while (left > 0) {
		feed_ok(d->k, index_fill(d->x, &f, batch, &left, &d->k->msg));
	}
}

void desk_fill_all(struct desk *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		desk_fill(d, i, 0);
	}
}

int64_t desk_number(struct desk *d, const char *sql)
{
	int64_t n = 0;

	feed_ok(d->k, index_number(d->x, sql, -1, &n, &d->k->msg, ""));
	return n;
}

const char *desk_text(struct desk *d, const char *sql)
{
	static char out[1024];
	sqlite3_stmt *s = NULL;
	bool row = false;

	feed_ok(d->k, index_ask(d->x, sql, &s, &d->k->msg, ""));
	feed_ok(d->k, index_step(d->x, s, &row, &d->k->msg));
	assert_true(row);
	(void)snprintf(out, sizeof out, "%s", index_text(s, 0));
	index_done(d->x, s);
	return out;
}

void desk_digest(struct desk *d, uint8_t out[SHA256_BYTES])
{
	feed_ok(d->k, index_digest(d->x, out, &d->k->msg));
}

void desk_assert_pure(struct desk *d)
{
	uint8_t as_is[SHA256_BYTES];
	uint8_t anew[SHA256_BYTES];

	desk_digest(d, as_is);
	index_close(d->x);
	d->x = NULL;
	feed_ok(d->k, index_remove(d->home, &d->k->msg));
	assert_true(desk_open(d));
	desk_fill_all(d);
	desk_digest(d, anew);
	assert_memory_equal(as_is, anew, sizeof anew);
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM search WHERE rowid"
				     " NOT IN (SELECT id FROM record)"),
			 0);
}

void desk_found_three(struct desk *d)
{
	static const char *const names[] = { "south-west", "wessex", "kent" };
	char record[64];
	char md[2048];
	size_t i;
	int j;

	for (i = 0; i < 3; i++) {
		(void)desk_found(d, names[i]);
		desk_publish(d, i, PROBLEM, PROBLEM_TEXT);
		for (j = 0; j < 6; j++) {
			(void)snprintf(record, sizeof record,
				       "lesson/2026-11/n%d", j / 2);
			(void)snprintf(md, sizeof md,
				       "---\nkind: lesson\ntitle: Lesson of "
				       "%s\nabout: wessex/problem/"
				       "falls-at-night\n---\n%s %s\n",
				       names[i], names[(i + 1) % 3],
				       (j + (int)i) % 4 == 0 ? SECRET
				       : j % 2 == 0          ? "early words"
							     : "later words");
			desk_publish(d, i, record, md);
		}
		desk_publish(d, i, FIX, FIX_TEXT);
	}
}
