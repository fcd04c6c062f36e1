/*
 * What the index takes from feeds, and that it is a pure function of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/deskkit.h"
#include "tests/unit/sample.h"

static void index_fill__takes_in_what_a_record_says(void **state)
{
	struct desk *d = *state;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, FIX, FIX_TEXT);
	assert_true(desk_open(d));
	desk_fill_all(d);
	assert_string_equal(
		desk_text(d, "SELECT name || '|' || title || '|' || own"
			     " || '|' || seq FROM feed"),
		"south-west|South West|1|4");
	assert_string_equal(
		desk_text(d, "SELECT ref || '|' || path || '|' || title"
			     " || '|' || version || '|' || last || '|'"
			     " || known || '|' || withdrawn FROM record"
			     " WHERE kind = 'problem'"),
		"south-west/problem/falls-at-night|" PROBLEM
		"|Falls at night on the way to the toilet"
		"|1|1|1|0");
	assert_string_equal(
		desk_text(d,
			  "SELECT group_concat(type || code, ' ') FROM (SELECT"
			  " type, code FROM tag, record WHERE id = record AND"
			  " kind = 'intervention' ORDER BY type, code)"),
		"sacute-ward scare-home tfalls");
	assert_string_equal(
		desk_text(d,
			  "SELECT group_concat(rel || '=' || target || '@' ||"
			  " version, ' ') FROM (SELECT * FROM link"
			  " ORDER BY rel)"),
		"about=south-west/lesson/lamps@2"
		" problem=south-west/problem/falls-at-night@0");
	assert_string_equal(
		desk_text(d, "SELECT value FROM fact, record WHERE id ="
			     " record AND kind = 'problem' AND name ="
			     " 'contact'"),
		"Falls lead <falls@example.nhs.uk>");
	assert_string_equal(desk_text(d, "SELECT value FROM fact"
					 " WHERE name = 'harm.physical'"),
			    "severe");
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"
					" WHERE search MATCH 'walking'"),
			 1);
	assert_int_equal(
		desk_number(d, "SELECT count(*) FROM search"
			       " WHERE search MATCH 'bathrooms OR battery'"),
		2);
	assert_int_equal(desk_number(d,
				     "SELECT n FROM term WHERE term = 'dark'"),
			 2);
	desk_assert_pure(d);
}

static void index_fill__shows_the_last_of_many_versions(void **state)
{
	struct desk *d = *state;
	struct index_feed f;
	uint64_t left = 0;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT "Lino is slippery.\n");
	(void)desk_open(d);
	f = desk_named(d, 0);
	feed_ok(d->k, index_fill(d->x, &f, 3, &left, &d->k->msg));
	assert_int_equal(left, 1);
	assert_int_equal(desk_number(d, "SELECT version FROM record"), 1);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"
					" WHERE search MATCH 'slippery'"),
			 0);
	desk_fill(d, 0, 0);
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT "Slippers fit badly.\n");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT "Slippers fit well.\n");
	desk_fill(d, 0, 0);
	assert_int_equal(desk_number(d, "SELECT version FROM record"), 4);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM record"), 1);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM version"), 4);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM term"
					" WHERE term IN ('slippery', 'badly')"),
			 0);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"
					" WHERE search MATCH 'slippers well'"),
			 1);
	assert_int_equal(desk_number(d, "SELECT time > created FROM record"),
			 1);
	desk_assert_pure(d);
}

static void index_fill__stores_nothing_of_what_is_withheld(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = PROBLEM,
			   .text = PROBLEM_TEXT,
			   .action = ACTION_REVISE,
			   .summary = SECRET };

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, FIX, FIX_TEXT SECRET "\n");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT SECRET "\nZebras.\n");
	p.text = PROBLEM_TEXT "Antelopes.\n";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	/* nothing of it is shown, or the version before */
	assert_string_equal(desk_text(d,
				      "SELECT version || '|' || last || '|' ||"
				      " title || '|' || seq FROM record"
				      " WHERE kind = 'intervention'"),
			    "0|1||3");
	assert_int_equal(desk_number(d, "SELECT version FROM record"
					" WHERE kind = 'problem'"),
			 1);
	assert_int_equal(desk_number(d, "SELECT last FROM record"
					" WHERE kind = 'problem'"),
			 3);
	assert_int_equal(
		desk_number(d, "SELECT count(*) FROM version WHERE state ="
			       " 1 AND why = 'mobile' AND summary = ''"),
		3);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"), 1);
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM term WHERE term IN"
				     " ('zebras', 'antelopes', 'batteries')"),
			 0);
	desk_assert_pure(d);
	/* nor does the file hold it anywhere */
	index_close(d->x);
	d->x = NULL;
	assert_int_equal(scratch_run("! grep -aqiE '900123|zebra|antelope' "
				     "'%s/index.sqlite'",
				     d->home),
			 0);
	/* the next one that may be shown is */
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT "Better.\n");
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT version FROM record"
					" WHERE kind = 'problem'"),
			 4);
	desk_assert_pure(d);
}

static void index_fill__withholds_for_a_file_that_stays(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = PROBLEM,
			   .text = PROBLEM_TEXT,
			   .data = SECRET "\n",
			   .action = ACTION_PUBLISH };

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	/* only record.md changes */
	p.text = PROBLEM_TEXT "More.\n";
	p.action = ACTION_REVISE;
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM version"
					" WHERE state = 1"),
			 2);
	p.data = NULL;
	desk_sign(d, 0, &p);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT version FROM record"), 3);
	desk_assert_pure(d);
}

static void index_fill__notes_an_override(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = PROBLEM,
			   .text = PROBLEM_TEXT,
			   .action = ACTION_PUBLISH,
			   .note = "Privacy-Checked: landline; role: Lead;"
				   " reason: the ward's own" };

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	desk_publish(d, 0, FIX, FIX_TEXT);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT seq FROM version"
					" WHERE override = 1"),
			 3);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM version"
					" WHERE override = 0 AND state = 0"),
			 1);
}

static void index_fill__guards_what_is_about_the_feed_itself(void **state)
{
	struct desk *d = *state;
	struct draft_file files[] = {
		{ span_of("region.yaml"),
		  span_of("name: Far West\ncontact: {role: Office, mailbox:"
			  " office@example.nhs.uk}\n") },
		{ span_of(".gitattributes"), span_of(GITATTRIBUTES_TEXT) },
	};
	struct draft draft;

	(void)desk_found(d, "south-west");
	draft = feedkit_draft(d->k, ACTION_PROFILE, "");
	draft.files = files;
	draft.files_n = 2;
	draft.note = span_of(SECRET);
	feed_ok(d->k, feed_sign(d->feeds[0], &draft, d->k->signer, &d->k->msg));
	feed_ok(d->k, feed_commit(d->feeds[0], &d->k->msg));
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(desk_text(d, "SELECT title || '|' || contact"
					 " FROM feed"),
			    "Far West|Office <office@example.nhs.uk>");
	assert_int_equal(desk_number(d,
				     "SELECT state FROM version WHERE seq = 3"),
			 INDEX_WITHHELD);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM version"), 1);
	desk_assert_pure(d);
}

static void index_fill__knows_what_was_withdrawn(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = FIX,
			   .text = FIX_TEXT "> Withdrawn: harm\n",
			   .action = ACTION_WITHDRAW };

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, FIX, FIX_TEXT);
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_sign(d, 0, &p);
	/* one whose own withdrawal may not be shown is withdrawn too */
	p.record = PROBLEM;
	p.text = PROBLEM_TEXT SECRET "\n";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT sum(withdrawn) FROM record"),
			 2);
	assert_int_equal(desk_number(d, "SELECT version FROM record"
					" WHERE kind = 'problem'"),
			 1);
	desk_publish(d, 0, FIX, FIX_TEXT "It is safe again.\n");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT SECRET "\nAgain.\n");
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT withdrawn FROM record"
					" WHERE kind = 'intervention'"),
			 0);
	/* what came after the withdrawal may not be shown either */
	assert_int_equal(desk_number(d, "SELECT withdrawn FROM record"
					" WHERE kind = 'problem'"),
			 1);
	desk_assert_pure(d);
}

static void index_fill__has_the_reason_of_a_withdrawal(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = FIX,
			   .text = FIX_TEXT,
			   .action = ACTION_PUBLISH,
			   .note = "Not of a withdrawal" };

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	p.text = FIX_TEXT "Withdrawn.\n";
	p.action = ACTION_WITHDRAW;
	p.note = "The catch opens.\nTake it off.\n\nPrivacy-Checked:"
		 " landline; role: Lead; reason: the ward's own";
	desk_sign(d, 0, &p);
	p.record = PROBLEM;
	p.text = PROBLEM_TEXT;
	p.action = ACTION_PUBLISH;
	desk_sign(d, 0, &p);
	p.action = ACTION_WITHDRAW;
	p.text = PROBLEM_TEXT "Now 1.\n";
	p.note = "Privacy-Checked: landline; role: Lead; reason: ours";
	desk_sign(d, 0, &p);
	p.text = PROBLEM_TEXT "Now 2.\n";
	p.note = "The catch opens. " SECRET;
	desk_sign(d, 0, &p);
	p.text = PROBLEM_TEXT "Now 3.\n";
	p.note = "Privacy-Checked: it was";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(desk_text(d, "SELECT group_concat(note, '|') FROM"
					 " (SELECT note FROM version"
					 " ORDER BY seq)"),
			    "|The catch opens.\nTake it off.||||"
			    "Privacy-Checked: it was");
	desk_assert_pure(d);
}

static void index_fill__keeps_what_it_does_not_know(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = "lesson/2026-11/empty",
			   .data = "month,numerator,denominator\n",
			   .action = ACTION_PUBLISH };

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, "recipe/2026-11/soup",
		     "---\nkind: recipe\ntitle: Soup\nherbs: [parsley]\n---\n"
		     "Serve hot.\n");
	desk_publish(d, 0, "lesson/2026-11/no-front", "Just marmalade.\n");
	desk_publish(d, 0, "lesson/2026-11/no-fields",
		     "---\nkind: lesson\ntitle: Crumbs\n---\nBody.\n");
	desk_publish(d, 0, "lesson/2026-11/no-text",
		     "---\nkind: lesson\ntitle: \xff\xfe\n---\nBody.\n");
	/* a field of a later version takes nothing from the others */
	desk_publish(d, 0, PROBLEM,
		     "---\n" PROBLEM_FIELDS "weather: rain\n---\nDark.\n");
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM record"
					" WHERE known = 0"),
			 5);
	assert_int_equal(desk_number(d, "SELECT known FROM record"
					" WHERE kind = 'problem'"),
			 1);
	assert_string_equal(desk_text(d, "SELECT title FROM record"
					 " WHERE kind = 'recipe'"),
			    "Soup");
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM search WHERE search"
				     " MATCH 'parsley AND hot'"),
			 1);
	assert_string_equal(desk_text(d,
				      "SELECT r.title FROM record AS r, search"
				      " WHERE r.id = search.rowid AND"
				      " search MATCH 'marmalade'"),
			    "Say what was learnt");
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"
					" WHERE search MATCH 'crumbs'"),
			 1);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM version"
					" WHERE state = 3"),
			 2);
	desk_assert_pure(d);
}

/* ---- feeds that come, go, and are not what they were --------------------- */

static void index_digest__is_the_same_in_any_order_of_arrival(void **state)
{
	static const uint64_t batches[] = { 0, 1, 7, 2, 3 };
	static const size_t orders[][3] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 }, { 0, 2, 1 }
	};
	struct desk *d = *state;
	uint8_t first[SHA256_BYTES];
	uint8_t now[SHA256_BYTES];
	struct index_feed feed;
	size_t i;
	size_t j;

	desk_found_three(d);
	for (i = 0; i < 5; i++) {
		feed_ok(d->k, index_remove(d->home, &d->k->msg));
		(void)desk_open(d);
		for (j = 0; j < 3; j++) {
			desk_fill(d, orders[i][j], batches[i]);
			/* what is there already comes again */
			desk_fill(d, orders[i][0], batches[i]);
		}
		desk_digest(d, i == 0 ? first : now);
		assert_memory_equal(first, i == 0 ? first : now, sizeof first);
		index_close(d->x);
		d->x = NULL;
	}
	/* batches of several feeds, in turns, with handles that come and go */
	feed_ok(d->k, index_remove(d->home, &d->k->msg));
	for (i = 0; i < 60; i++) {
		(void)desk_open(d);
		feed = desk_named(d, i * 7 % 3);
		feed_ok(d->k,
			index_fill(d->x, &feed, 1 + i % 2, NULL, &d->k->msg));
	}
	desk_digest(d, now);
	assert_memory_equal(first, now, sizeof first);
	/* it does see a difference */
	desk_publish(d, 1, FIX, FIX_TEXT "One word more.\n");
	desk_fill_all(d);
	desk_digest(d, now);
	assert_memory_not_equal(first, now, sizeof first);
}

static void index_fill__follows_references_by_feed_id(void **state)
{
	static const uint8_t orders[][3] = { { 0, 1, 0 }, { 1, 0, 1 } };
	struct desk *d = *state;
	struct index_feed f;
	char hex[2 * SHA256_BYTES + 1];
	char text[1024];
	uint8_t first[SHA256_BYTES];
	uint8_t now[SHA256_BYTES];
	size_t i;

	(void)desk_found(d, "kent");
	desk_publish(d, 0, FIX, FIX_TEXT);
	(void)desk_found(d, "wessex");
	hex_encode(feed_identity(d->feeds[0])->feed, SHA256_BYTES, hex);
	/* in both forms of it, and of a region that is nowhere */
	(void)snprintf(
		text, sizeof text,
		"---\nkind: lesson\ntitle: Lamps\n"
		"about: weald:%s/intervention/night-light\n"
		"links: [{rel: about, id: kent/lesson/lamps}, "
		"{rel: evaluates, id: \"weald:%s/problem/falls-at-night@2\"}, "
		"{rel: about, id: \"weald:%s/lesson/lamps\"}, "
		"{rel: about, id: \"weald:%064d/lesson/x\"}]\n---\n",
		hex, hex, hex, 0);
	desk_publish(d, 1, "lesson/2026-11/lamps", text);
	for (i = 0; i < 2; i++) {
		feed_ok(d->k, index_remove(d->home, &d->k->msg));
		(void)desk_open(d);
		desk_fill(d, orders[i][0], 1);
		desk_fill(d, orders[i][1], 1);
		desk_fill(d, orders[i][2], 1);
		desk_digest(d, i == 0 ? first : now);
	}
	assert_memory_equal(first, now, sizeof first);
#define TARGETS                                                       \
	"SELECT group_concat(target, ' ') FROM (SELECT DISTINCT"      \
	" replace(target, '0000000000', '') AS target FROM link AS l" \
	" JOIN record AS r ON r.id = l.record"                        \
	" WHERE r.kind = 'lesson' ORDER BY target)"
	assert_string_equal(desk_text(d, TARGETS),
			    "kent/intervention/night-light"
			    " kent/lesson/lamps"
			    " kent/problem/falls-at-night"
			    " weald:0000/lesson/x");
	/* it is called otherwise here, leaves, and comes back */
	d->names[0] = "far-west";
	desk_fill(d, 0, 0);
	assert_string_equal(desk_text(d, TARGETS),
			    "far-west/intervention/night-light"
			    " far-west/lesson/lamps"
			    " far-west/problem/falls-at-night"
			    " kent/lesson/lamps weald:0000/lesson/x");
	desk_assert_pure(d);
	feed_ok(d->k, index_keep(d->x, &d->names[1], 1, 0, NULL, &d->k->msg));
	(void)snprintf(text, sizeof text,
		       "kent/lesson/lamps weald:0000/lesson/x"
		       " weald:%s/intervention/night-light"
		       " weald:%s/lesson/lamps weald:%s/problem/falls-at-night",
		       hex, hex, hex);
	assert_string_equal(desk_text(d, TARGETS), text);
	d->names[0] = "kent";
	f = desk_named(d, 0);
	feed_ok(d->k, index_fill(d->x, &f, 1, NULL, &d->k->msg));
	desk_fill(d, 0, 0);
	desk_digest(d, now);
	assert_memory_equal(first, now, sizeof first);
	desk_assert_pure(d);
}

static void index_head__says_where_the_index_is(void **state)
{
	struct desk *d = *state;
	struct index_head head = { .seq = 9 };
	struct index_feed f;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	desk_publish(d, 0, FIX, FIX_TEXT);
	(void)desk_open(d);
	feed_ok(d->k, index_head(d->x, "south-west", &head, &d->k->msg));
	assert_int_equal(head.seq, 0);
	f = desk_named(d, 0);
	feed_ok(d->k, index_fill(d->x, &f, 3, NULL, &d->k->msg));
	feed_ok(d->k, index_head(d->x, "south-west", &head, &d->k->msg));
	assert_int_equal(head.seq, 3);
	assert_memory_equal(head.commit, feed_commit_id(d->feeds[0], 3),
			    sizeof head.commit);
	feed_ok(d->k, index_head(d->x, "wessex", &head, &d->k->msg));
	assert_int_equal(head.seq, 0);
}

static void index_keep__takes_out_a_few_at_a_time(void **state)
{
	struct desk *d = *state;
	struct index_head head;
	struct index_feed f;
	uint64_t before = 0;
	uint64_t left = 0;
	uint64_t turns;
	bool more = true;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill_all(d);
	for (turns = 0; more; turns++) {
		before = (uint64_t)desk_number(d, "SELECT count(*) FROM"
						  " record");
		feed_ok(d->k, index_keep(d->x, &d->names[1], 2, 2, &more,
					 &d->k->msg));
		assert_in_range(before - (uint64_t)desk_number(d,
							       "SELECT count(*)"
							       " FROM record"),
				1, 2);
		feed_ok(d->k,
			index_head(d->x, "south-west", &head, &d->k->msg));
		assert_int_equal(head.seq, 0);
		if (turns == 0) {
			/* back before it is gone: all of it is there again */
			assert_true(more);
			f = desk_named(d, 0);
			feed_ok(d->k,
				index_fill(d->x, &f, 2, &left, &d->k->msg));
			assert_int_equal(left, feed_committed_seq(d->feeds[0]));
			desk_fill(d, 0, 2);
			desk_assert_pure(d);
		}
	}
	assert_true(turns > 3);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM feed"), 2);
	feed_close(d->feeds[0]);
	d->feeds[0] = d->feeds[2];
	d->names[0] = d->names[2];
	d->n = 2;
	desk_fill(d, 0, 0);
	desk_assert_pure(d);
}

static void index_keep__takes_out_the_others(void **state)
{
	static const char *const keep[] = { "kent", "south-west" };
	struct desk *d = *state;
	uint64_t seq = 9;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill_all(d);
	feed_ok(d->k, index_keep(d->x, keep, 2, 0, NULL, &d->k->msg));
	feed_ok(d->k, index_seq(d->x, "wessex", &seq, &d->k->msg));
	assert_int_equal(seq, 0);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM feed"), 2);
	feed_close(d->feeds[1]);
	d->feeds[1] = d->feeds[2];
	d->names[1] = d->names[2];
	d->n = 2;
	desk_assert_pure(d);
	feed_ok(d->k, index_keep(d->x, NULL, 0, 0, NULL, &d->k->msg));
	assert_int_equal(desk_number(d, "SELECT (SELECT count(*) FROM feed) +"
					" (SELECT count(*) FROM record) +"
					" (SELECT count(*) FROM version) +"
					" (SELECT count(*) FROM link) +"
					" (SELECT count(*) FROM search) +"
					" (SELECT count(*) FROM term)"),
			 0);
}

static void index_fill__heals_what_a_crash_left(void **state)
{
	struct desk *d = *state;
	uint64_t seq = 0;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	feedkit_use(d->k, "old.git");
	assert_int_equal(scratch_run("cp -r '%s/south-west.git' '%s'", d->home,
				     d->k->dir),
			 0);
	desk_publish(d, 0, FIX, FIX_TEXT);
	(void)desk_open(d);
	desk_fill_all(d);
	/* git is further on */
	desk_publish(d, 0, FIX, FIX_TEXT "And on.\n");
	desk_fill_all(d);
	feed_ok(d->k, index_seq(d->x, "south-west", &seq, &d->k->msg));
	assert_int_equal(seq, 5);
	desk_assert_pure(d);
	/* the index is further on: the feed was restored */
	feed_close(d->feeds[0]);
	feed_ok(d->k, feedkit_open(d->k, FEED_WRITE));
	d->feeds[0] = d->k->feed;
	d->k->feed = NULL;
	desk_fill_all(d);
	feed_ok(d->k, index_seq(d->x, "south-west", &seq, &d->k->msg));
	assert_int_equal(seq, 3);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM record"), 1);
	desk_assert_pure(d);
	/* as long as before, and another line */
	desk_publish(d, 0, FIX, FIX_TEXT "Otherwise.\n");
	desk_fill_all(d);
	desk_assert_pure(d);
}

static void index_fill__takes_a_replaced_feed_anew(void **state)
{
	struct desk *d = *state;
	struct index_feed f;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	(void)desk_found(d, "wessex");
	desk_publish(d, 1, FIX, FIX_TEXT);
	(void)desk_open(d);
	desk_fill_all(d);
	/* renamed: references are by the new name */
	d->names[0] = "far-west";
	desk_fill_all(d);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM feed"), 2);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM record"
					" WHERE ref LIKE 'far-west/%'"),
			 1);
	desk_assert_pure(d);
	/* another feed under its name */
	d->names[1] = "far-west";
	desk_fill(d, 1, 0);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM feed"), 1);
	assert_string_equal(desk_text(d, "SELECT ref FROM record"),
			    "far-west/intervention/night-light");
	/* whose it is may be learnt late */
	f = desk_named(d, 1);
	f.own = true;
	feed_ok(d->k, index_fill(d->x, &f, 0, NULL, &d->k->msg));
	assert_int_equal(desk_number(d, "SELECT own FROM feed"), 1);
}

static void index_fill__names_references_to_itself_as_they_are_here(void **s)
{
	struct desk *d = *s;

	/* it calls itself south-west */
	(void)desk_found(d, "south-west-0123456789ab");
	desk_publish(d, 0, FIX, FIX_TEXT);
	desk_publish(d, 0, "lesson/2026-11/lamps",
		     "---\nkind: lesson\nabout: problem/short\n---\n");
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(
		desk_text(d,
			  "SELECT group_concat(target, ' ') FROM (SELECT target"
			  " FROM link ORDER BY target)"),
		"south-west-0123456789ab/lesson/lamps"
		" south-west-0123456789ab/problem/falls-at-night"
		" south-west-0123456789ab/problem/short");
}

static void index_fill__keeps_what_comes_before_a_damaged_update(void **state)
{
	struct desk *d = *state;
	struct index_feed f;
	uint64_t seq = 0;
	int r;

	(void)desk_found(d, "south-west");
	desk_publish(d, 0, PROBLEM, PROBLEM_TEXT);
	feedkit_use(d->k, "south-west.git");
	assert_int_equal(
		scratch_run("cd '%s' && ls objects/pack/*.pack >before",
			    d->k->dir),
		0);
	desk_publish(d, 0, FIX, FIX_TEXT);
	feed_close(d->feeds[0]);
	/* cut out the middle of the pack that is new: what the last one says */
	assert_int_equal(scratch_run("cd '%s' && p=$(ls objects/pack/*.pack | "
				     "comm -13 before -) && chmod u+w $p && "
				     "n=$(stat -c %%s $p) && "
				     "dd if=/dev/zero of=$p bs=1 seek=14 "
				     "count=$((n / 2)) conv=notrunc",
				     d->k->dir),
			 0);
	r = feedkit_open(d->k, FEED_READ);
	feed_ok(d->k, r);
	d->feeds[0] = d->k->feed;
	d->k->feed = NULL;
	(void)desk_open(d);
	f = desk_named(d, 0);
	r = index_fill(d->x, &f, 0, NULL, &d->k->msg);
	check_refused(r, WEALD_CORRUPT, &d->k->msg, "south-west: update 4");
	assert_false(index_is_damaged(d->x));
	feed_ok(d->k, index_seq(d->x, "south-west", &seq, &d->k->msg));
	assert_int_equal(seq, 3);
	assert_int_equal(desk_number(d, "SELECT count(*) FROM search"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
		T(index_fill__takes_in_what_a_record_says),
		T(index_fill__shows_the_last_of_many_versions),
		T(index_fill__stores_nothing_of_what_is_withheld),
		T(index_fill__withholds_for_a_file_that_stays),
		T(index_fill__notes_an_override),
		T(index_fill__guards_what_is_about_the_feed_itself),
		T(index_fill__knows_what_was_withdrawn),
		T(index_fill__has_the_reason_of_a_withdrawal),
		T(index_fill__keeps_what_it_does_not_know),
		T(index_digest__is_the_same_in_any_order_of_arrival),
		T(index_fill__follows_references_by_feed_id),
		T(index_head__says_where_the_index_is),
		T(index_keep__takes_out_a_few_at_a_time),
		T(index_keep__takes_out_the_others),
		T(index_fill__heals_what_a_crash_left),
		T(index_fill__takes_a_replaced_feed_anew),
		T(index_fill__names_references_to_itself_as_they_are_here),
		T(index_fill__keeps_what_comes_before_a_damaged_update),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
