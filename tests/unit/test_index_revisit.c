/*
 * Looking again: contents that come late, and who is told of what is withheld.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/deskkit.h"
#include "tests/unit/sample.h"

struct fetching {
	struct desk *d;
	struct feed *from;
	struct feed *to;
};

static int fetch_cb(void *ctx, const struct update *u, const struct change *c)
{
	struct fetching *f = ctx;
	struct buf content;

	(void)u;
	buf_init(&content, CONTENT_BYTES_MAX);
	feed_ok(f->d->k,
		feed_content(f->from, c->blob, &content, &f->d->k->msg));
	feed_ok(f->d->k,
		feed_add_content(f->to, c, buf_span(&content), &f->d->k->msg));
	buf_release(&content);
	return WEALD_OK;
}

/* Feed 1, a narrow replica of feed 0, called as that; feed 0 is put away. */
static struct feed *narrow_replica(struct desk *d)
{
	struct feed *whole = d->feeds[0];
	uint64_t seq;

	feedkit_use(d->k, "narrow.git");
	feed_ok(d->k, feed_create(d->k->dir, &d->k->msg));
	feed_ok(d->k, feedkit_open(d->k, FEED_WRITE));
	feed_ok(d->k, feed_set_narrow(d->k->feed, true, &d->k->msg));
	for (seq = 1; seq <= feed_committed_seq(whole); seq++) {
		/* the region's own description is always there */
		if (seq <= 2) {
			feed_ok(d->k,
				feedkit_pass_on(d->k, whole, seq, d->k->feed));
		} else {
			feed_ok(d->k, feedkit_pass_header(d->k, whole, seq,
							  d->k->feed));
		}
	}
	feed_ok(d->k, feed_commit(d->k->feed, &d->k->msg));
	d->feeds[0] = d->k->feed;
	d->k->feed = NULL;
	return whole;
}

static void revisit_all(struct desk *d, const struct index_feed *feed)
{
	uint64_t cursor = 0;
	bool left = true;

	feed_ok(d->k, index_revisit(d->x, feed, &cursor, 0, &left, &d->k->msg));
	assert_false(left);
}

static void index_revisit__sees_what_has_come(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = FIX,
			   .text = FIX_TEXT SECRET "\n",
			   .action = ACTION_PUBLISH,
			   .summary = SECRET };
	struct fetching f = { .d = d };
	struct index_feed feed;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT "Slippers.\n");
	desk_sign(d, 0, &p);
	f.from = narrow_replica(d);
	f.to = d->feeds[0];
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(
		desk_text(d, "SELECT group_concat(state) FROM version"),
		"2,2,1");
	assert_string_equal(desk_text(d, "SELECT summary FROM version"
					 " WHERE seq = 3"),
			    "Say what was learnt");
	assert_string_equal(desk_text(d,
				      "SELECT version || '|' || last || '|' ||"
				      " title FROM record WHERE kind ="
				      " 'problem'"),
			    "0|2|");
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"), 0);
	desk_assert_pure(d);
	feed = desk_named(d, 0);
	revisit_all(d, &feed);
	desk_assert_pure(d);
	/* the later version first */
	feed_ok(d->k, feed_missing(f.to, 4, 4, fetch_cb, &f, &d->k->msg));
	feed_ok(d->k, feed_commit(f.to, &d->k->msg));
	revisit_all(d, &feed);
	assert_int_equal(desk_number(d, "SELECT version FROM record"
					" WHERE kind = 'problem'"),
			 2);
	desk_assert_pure(d);
	feed_ok(d->k, feed_missing(f.to, 1, 99, fetch_cb, &f, &d->k->msg));
	feed_ok(d->k, feed_commit(f.to, &d->k->msg));
	revisit_all(d, &feed);
	assert_string_equal(
		desk_text(d, "SELECT group_concat(state) FROM version"),
		"0,0,1");
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"
					" WHERE search MATCH 'slippers'"),
			 1);
	desk_assert_pure(d);
	feed_close(f.from);
}

static void index_revisit__looks_at_a_few_at_a_time(void **state)
{
	struct desk *d = *state;
	struct fetching f = { .d = d };
	struct index_feed feed;
	uint64_t cursor = 0;
	bool left = false;
	int64_t changes;
	char record[64];
	char text[1024];
	int i;

	(void)desk_found(d, "south-west");
	for (i = 0; i < 5; i++) {
		(void)snprintf(record, sizeof record, "problem/2026-11/n%d", i);
		(void)snprintf(text, sizeof text, PROBLEM_TEXT "%d: %s\n", i,
			       i == 1 ? SECRET : "safe");
		desk_publish(d, 0, record, text);
	}
	f.from = narrow_replica(d);
	f.to = d->feeds[0];
	/* seq 4, which is withheld, and 5 are here */
	feed_ok(d->k, feed_missing(f.to, 4, 5, fetch_cb, &f, &d->k->msg));
	feed_ok(d->k, feed_commit(f.to, &d->k->msg));
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(
		desk_text(d, "SELECT group_concat(state) FROM version"),
		"2,1,0,2,2");
	feed = desk_named(d, 0);
	changes = desk_number(d, "SELECT total_changes()");
	feed_ok(d->k,
		index_revisit(d->x, &feed, &cursor, 1, &left, &d->k->msg));
	assert_int_equal(cursor, 3);
	assert_true(left);
	/* neither the withheld one nor what is still absent is written */
	feed_ok(d->k,
		index_revisit(d->x, &feed, &cursor, 1, &left, &d->k->msg));
	assert_int_equal(cursor, 6);
	assert_true(left);
	assert_int_equal(desk_number(d, "SELECT total_changes()"), changes);
	feed_ok(d->k, feed_missing(f.to, 7, 7, fetch_cb, &f, &d->k->msg));
	feed_ok(d->k, feed_commit(f.to, &d->k->msg));
	feed_ok(d->k,
		index_revisit(d->x, &feed, &cursor, 1, &left, &d->k->msg));
	assert_int_equal(cursor, 7);
	assert_false(left);
	feed_ok(d->k,
		index_revisit(d->x, &feed, &cursor, 1, &left, &d->k->msg));
	assert_int_equal(cursor, 7);
	assert_false(left);
	assert_string_equal(
		desk_text(d, "SELECT group_concat(state) FROM version"),
		"2,1,0,2,0");
	desk_assert_pure(d);
	feed_close(f.from);
}

/* Who is told writes it down: "feed seq why;". */
struct told {
	char text[1024];
	size_t n;
};

static void tell_cb(void *ctx, const char *feed, uint64_t seq, const char *why)
{
	struct told *t = ctx;
	size_t len = strlen(t->text);

	(void)snprintf(t->text + len, sizeof t->text - len, "%s %d %s;", feed,
		       (int)seq, why);
	t->n++;
}

static void index_on_withheld__tells_each_once(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = FIX,
			   .text = FIX_TEXT,
			   .action = ACTION_REVISE,
			   .summary = SECRET };
	struct told told = { .n = 0 };
	struct fetching f = { .d = d };
	struct index_feed feed;
	char text[1024];
	int i;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, FIX, FIX_TEXT SECRET "\n");
	desk_sign(d, 0, &p);
	f.from = narrow_replica(d);
	f.to = d->feeds[0];
	(void)desk_open(d);
	index_on_withheld(d->x, tell_cb, &told);
	desk_fill(d, 0, 1);
	desk_fill(d, 0, 1);
	/* the other is not known to be so yet */
	assert_string_equal(told.text, "south-west 5 mobile;");
	feed_ok(d->k, feed_missing(f.to, 1, 99, fetch_cb, &f, &d->k->msg));
	feed_ok(d->k, feed_commit(f.to, &d->k->msg));
	told = (struct told){ .n = 0 };
	feed = desk_named(d, 0);
	revisit_all(d, &feed);
	revisit_all(d, &feed);
	assert_string_equal(told.text, "south-west 4 mobile;");
	desk_assert_pure(d);
	/* more than any list of questions has */
	feed_close(d->feeds[0]);
	d->feeds[0] = f.from;
	for (i = 0; i < 150; i++) {
		(void)snprintf(text, sizeof text, PROBLEM_TEXT SECRET " %d\n",
			       i);
		desk_publish(d, 0, PROBLEM, text);
	}
	(void)desk_open(d);
	told = (struct told){ .n = 0 };
	index_on_withheld(d->x, tell_cb, &told);
	desk_fill(d, 0, 0);
	desk_fill(d, 0, 0);
	assert_int_equal(told.n, 150);
	/* nobody any more */
	index_on_withheld(d->x, NULL, NULL);
	desk_publish(d, 0, FIX, FIX_TEXT SECRET "\n");
	desk_fill(d, 0, 0);
	assert_int_equal(told.n, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
		T(index_revisit__sees_what_has_come),
		T(index_revisit__looks_at_a_few_at_a_time),
		T(index_on_withheld__tells_each_once),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
