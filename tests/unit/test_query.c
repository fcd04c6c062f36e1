#include "store/index/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/record/vocab.h"
#include "tests/unit/indexkit.h"

#define TROLLEY "lead/intervention/trolley"
#define USE     "home/adoption/use"
#define STOP    "lead/withdrawal/trolley"

static int setup(void **state)
{
	struct indexkit *k = malloc(sizeof *k);

	assert_non_null(k);
	indexkit_make(k);
	indexkit_record(k, TROLLEY, "Sepsis trolley", "a sealed trolley");
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	indexkit_remove(*state);
	free(*state);
	return 0;
}

/* ---- records ---- */

static void query_record__says_what_is_there(void **state)
{
	struct indexkit *k = *state;
	struct hit h;

	indexkit_version(k, TROLLEY, "revise", "without fluids");
	indexkit_sql(k, "UPDATE record SET example = 1");
	assert_int_equal(query_record(k->x, TROLLEY, &h, &k->msg), WEALD_OK);
	assert_string_equal(h.ref, TROLLEY);
	assert_string_equal(h.region, "lead");
	assert_string_equal(h.kind, "intervention");
	assert_string_equal(h.title, "Sepsis trolley");
	assert_int_equal(h.version, 2);
	assert_int_equal(h.last, 2);
	assert_int_equal(h.time, 2);
	assert_true(h.known);
	assert_true(h.example);
	assert_false(h.withdrawn);
	assert_false(h.ours);
	assert_string_equal(h.withdrawn_by, "");
	assert_string_equal(h.level, "");
	assert_string_equal(h.matched, "");
	assert_string_equal(h.maturity, "idea");
	hit_release(&h);
	hit_release(&h); /* is zeroed */
}

static void query_record__does_not_find_what_is_not_there(void **state)
{
	struct indexkit *k = *state;
	struct hit h;

	assert_int_equal(query_record(k->x, "a/problem/x' OR '1", &h, &k->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(query_record(k->x, "", &h, NULL), WEALD_NOTFOUND);
}

static void query_record__shows_nothing_that_is_withheld(void **state)
{
	struct indexkit *k = *state;
	struct hit h;

	indexkit_withhold(k, TROLLEY, "nhs-number");
	assert_int_equal(query_record(k->x, TROLLEY, &h, &k->msg), WEALD_OK);
	assert_int_equal(h.version, 0);
	assert_int_equal(h.last, 1);
	assert_string_equal(h.title, "");
	hit_release(&h);
}

/* Absent or unread is not withheld: nobody is accused. */
static void query_record__says_why_the_last_is_not_shown(void **state)
{
	static const enum index_state states[] = { INDEX_SHOWN, INDEX_WITHHELD,
						   INDEX_ABSENT, INDEX_UNREAD };
	struct indexkit *k = *state;
	struct hit hit;
	size_t i;

	indexkit_version(k, TROLLEY, "revise", "better");
	for (i = 0; i < sizeof states / sizeof states[0]; i++) {
		indexkit_sql(k,
			     "UPDATE version SET state = %d"
			     " WHERE version = 2;"
			     "UPDATE record SET version = 1 WHERE last = 2",
			     (int)states[i]);
		assert_int_equal(query_record(k->x, TROLLEY, &hit, &k->msg),
				 WEALD_OK);
		assert_int_equal(hit.last, 2);
		assert_int_equal(hit.last_state, states[i]);
		hit_release(&hit);
	}
}

static void query_fact__is_empty_where_there_is_none(void **state)
{
	struct indexkit *k = *state;
	char *fact = NULL;

	indexkit_fact(k, TROLLEY, "status", "in-use");
	assert_int_equal(query_fact(k->x, TROLLEY, "status", &fact, &k->msg),
			 WEALD_OK);
	assert_string_equal(fact, "in-use");
	free(fact);
	assert_int_equal(query_fact(k->x, TROLLEY, "stage", &fact, &k->msg),
			 WEALD_OK);
	assert_string_equal(fact, "");
	free(fact);
	assert_int_equal(query_fact(k->x, "a/b/c", "stage", &fact, &k->msg),
			 WEALD_OK);
	assert_string_equal(fact, "");
	free(fact);
}

static void query_versions__lists_the_newest_first(void **state)
{
	struct indexkit *k = *state;
	struct version_rows v;

	indexkit_version(k, TROLLEY, "revise", "without fluids");
	indexkit_version(k, TROLLEY, "revise", "with a name in it");
	indexkit_withhold(k, TROLLEY, "nhs-number,date-of-birth");
	indexkit_sql(k, "UPDATE version SET override = 1 WHERE version = 2");
	assert_int_equal(query_versions(k->x, TROLLEY, &v, &k->msg), WEALD_OK);
	assert_int_equal(v.n, 3);
	assert_int_equal(v.list[0].version, 3);
	assert_int_equal(v.list[0].state, INDEX_WITHHELD);
	assert_string_equal(v.list[0].summary, "");
	assert_string_equal(v.list[0].why, "nhs-number,date-of-birth");
	assert_int_equal(v.list[1].version, 2);
	assert_int_equal(v.list[1].seq, 2);
	assert_int_equal(v.list[1].time, 2);
	assert_string_equal(v.list[1].action, "revise");
	assert_string_equal(v.list[1].summary, "without fluids");
	assert_true(v.list[1].override);
	assert_string_equal(v.list[2].action, "publish");
	assert_false(v.list[2].override);
	version_rows_release(&v);
	assert_int_equal(query_versions(k->x, "a/b/c", &v, NULL),
			 WEALD_NOTFOUND);
}

static void query_links__go_both_ways(void **state)
{
	struct indexkit *k = *state;
	struct links l;

	indexkit_record(k, "lead/problem/late", "Too late", "");
	indexkit_link(k, TROLLEY, "problem", "lead/problem/late", 0);
	indexkit_link(k, TROLLEY, "follows", "z/lesson/not-arrived", 3);
	indexkit_adopt(k, "b", TROLLEY, "testing", "2026-01-01");
	indexkit_adopt(k, "a", TROLLEY, "testing", "2026-01-01");
	indexkit_record(k, "c/lesson/one", "One", "");
	indexkit_link(k, "c/lesson/one", "about", TROLLEY, 1);
	assert_int_equal(query_links(k->x, TROLLEY, &l, &k->msg), WEALD_OK);
	assert_int_equal(l.n, 5);
	assert_false(l.list[0].incoming);
	assert_string_equal(l.list[0].rel, "follows");
	assert_string_equal(l.list[0].ref, "z/lesson/not-arrived");
	assert_int_equal(l.list[0].version, 3);
	assert_false(l.list[0].there);
	assert_string_equal(l.list[1].rel, "problem");
	assert_true(l.list[1].there);
	assert_string_equal(l.list[1].hit.title, "Too late");
	assert_true(l.list[2].incoming);
	assert_string_equal(l.list[2].rel, "about");
	assert_int_equal(l.list[2].version, 1);
	assert_string_equal(l.list[2].hit.ref, "c/lesson/one");
	assert_string_equal(l.list[3].ref, "a/adoption/use");
	assert_string_equal(l.list[4].ref, "b/adoption/use");
	links_release(&l);
	/* what refers to a record that is not here can be asked all the same */
	assert_int_equal(query_links(k->x, "z/lesson/not-arrived", &l, &k->msg),
			 WEALD_OK);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.list[0].hit.ref, TROLLEY);
	links_release(&l);
}

/* ---- alerts ---- */

static struct alerts ask_alerts(struct indexkit *k, bool all)
{
	struct alerts a;

	assert_int_equal(query_alerts(k->x, all, &a, &k->msg), WEALD_OK);
	return a;
}

/* How many are open, and how many there are in all. */
static void assert_alerts(struct indexkit *k, size_t open, size_t all)
{
	struct alerts a = ask_alerts(k, false);
	struct hit h;

	assert_int_equal(a.n, open);
	assert_int_equal(a.open, open);
	alerts_release(&a);
	a = ask_alerts(k, true);
	assert_int_equal(a.n, all);
	assert_int_equal(a.open, open);
	alerts_release(&a);
	if (all > 0) { /* lists mark the thing alike */
		assert_int_equal(query_record(k->x, TROLLEY, &h, &k->msg),
				 WEALD_OK);
		assert_true(h.ours == (open > 0));
		hit_release(&h);
	}
}

static void query_alerts__tells_those_who_use_it(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_withdraw(k, STOP, TROLLEY, "stop-and-review");
	indexkit_adopt(k, "a", TROLLEY, "embedded", "2026-01-01");
	assert_alerts(k, 0, 0);
	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	assert_alerts(k, 1, 1);
	a = ask_alerts(k, false);
	assert_string_equal(a.list[0].target, TROLLEY);
	assert_string_equal(a.list[0].target_title, "Sepsis trolley");
	assert_string_equal(a.list[0].by, STOP);
	assert_string_equal(a.list[0].region, "lead");
	assert_string_equal(a.list[0].title, "Stop using it");
	assert_string_equal(a.list[0].level, "stop-and-review");
	assert_string_equal(a.list[0].reason, "harm");
	assert_string_equal(a.list[0].adoption, USE);
	assert_int_equal(a.list[0].time, 2);
	assert_false(a.list[0].acknowledged);
	alerts_release(&a);
}

static void query_alerts__tells_what_an_author_withdrew(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_version(k, TROLLEY, "withdraw", "it was raided for fluids");
	a = ask_alerts(k, false);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.list[0].by, TROLLEY);
	assert_string_equal(a.list[0].level, "");
	assert_string_equal(a.list[0].reason, "it was raided for fluids");
	alerts_release(&a);
	/* to have known an earlier version is not to know that */
	indexkit_link(k, USE, "acknowledges", TROLLEY, 1);
	assert_alerts(k, 1, 1);
	indexkit_link(k, USE, "acknowledges", TROLLEY, 2);
	assert_alerts(k, 0, 1);
}

/* What its author wrote, not that it was withdrawn. */
static void query_alerts__give_the_authors_reason(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_version(k, TROLLEY, "withdraw", "Withdraw intervention: T");
	indexkit_sql(k, "UPDATE version SET note = 'The drawers jam.'"
			" WHERE action = 'withdraw'");
	assert_int_equal(query_alerts(k->x, false, &a, &k->msg), WEALD_OK);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.list[0].reason, "The drawers jam.");
	assert_int_equal(a.list[0].version, 2);
	alerts_release(&a);
}

/* A version that was published after the one that one's reader knows. */
static void query_alerts__say_which_version_to_acknowledge(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_withdraw(k, "a/withdrawal/t", TROLLEY, "stop-now");
	indexkit_version(k, "a/withdrawal/t", "revise", "more");
	indexkit_version(k, "a/withdrawal/t", "revise", "more still");
	indexkit_withhold(k, "a/withdrawal/t", "nhs-number");
	assert_int_equal(query_alerts(k->x, false, &a, &k->msg), WEALD_OK);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.list[0].version, 2);
	alerts_release(&a);
}

static void query_alerts__end_when_acknowledged(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_adopt(k, "a", TROLLEY, "embedded", "2026-01-01");
	indexkit_withdraw(k, STOP, TROLLEY, "stop-now");
	indexkit_link(k, "a/adoption/use", "acknowledges", STOP, 0);
	assert_alerts(k, 1, 1); /* that was another region */
	indexkit_link(k, USE, "acknowledges", TROLLEY, 0);
	assert_alerts(k, 1, 1); /* and that another record */
	indexkit_link(k, USE, "acknowledges", STOP, 1);
	assert_alerts(k, 0, 1);
	/* it says more now */
	indexkit_version(k, STOP, "revise", "graver than we thought");
	assert_alerts(k, 1, 1);
}

static void query_alerts__need_one_acknowledgement(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_record(k, "home/adoption/more", "Elsewhere too", "");
	indexkit_link(k, "home/adoption/more", "intervention", TROLLEY, 0);
	indexkit_withdraw(k, STOP, TROLLEY, "stop-now");
	assert_alerts(k, 1, 1);
	indexkit_link(k, "home/adoption/more", "acknowledges", STOP, 0);
	assert_alerts(k, 0, 1);
}

static void query_alerts__leave_out_other_versions(void **state)
{
	struct indexkit *k = *state;

	indexkit_version(k, TROLLEY, "revise", "2");
	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_withdraw(k, STOP, TROLLEY, "stop-now");
	indexkit_fact(k, STOP, "target_versions", "2");
	assert_alerts(k, 0, 0);
	indexkit_fact(k, USE, "version_seen", "2");
	assert_alerts(k, 1, 1);
	/* not known: told rather than not */
	indexkit_fact(k, USE, "version_seen", "");
	assert_alerts(k, 1, 1);
	indexkit_fact(k, USE, "version_seen", "1");
	indexkit_fact(k, STOP, "target_versions", "");
	assert_alerts(k, 1, 1);
}

static void query_alerts__leave_out_what_has_stopped(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "stopped", "2026-01-01");
	indexkit_withdraw(k, STOP, TROLLEY, "stop-now");
	assert_alerts(k, 0, 0);
	indexkit_fact(k, USE, "stage", "paused");
	assert_alerts(k, 1, 1);
	indexkit_version(k, USE, "withdraw", "a mistake");
	assert_alerts(k, 0, 0);
}

static void query_alerts__end_when_the_withdrawal_is_withdrawn(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_withdraw(k, STOP, TROLLEY, "stop-now");
	indexkit_version(k, STOP, "withdraw", "it was another trolley");
	assert_alerts(k, 0, 0);
}

static void query_alerts__come_before_what_they_are_about(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_record(k, USE, "We use it", "");
	indexkit_link(k, USE, "intervention", "z/intervention/far", 0);
	indexkit_withdraw(k, "z/withdrawal/far", "z/intervention/far",
			  "stop-now");
	a = ask_alerts(k, false);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.list[0].target, "z/intervention/far");
	assert_string_equal(a.list[0].target_title, "");
	alerts_release(&a);
}

static void query_alerts__come_by_gravity_then_time(void **state)
{
	struct indexkit *k = *state;
	struct alerts a;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_withdraw(k, "a/withdrawal/one", TROLLEY, "take-note");
	indexkit_withdraw(k, "a/withdrawal/two", TROLLEY, "stop-now");
	indexkit_withdraw(k, "a/withdrawal/three", TROLLEY, "stop-and-review");
	indexkit_withdraw(k, "a/withdrawal/four", TROLLEY, "stop-now");
	a = ask_alerts(k, false);
	assert_int_equal(a.n, 4);
	assert_string_equal(a.list[0].by, "a/withdrawal/four");
	assert_string_equal(a.list[1].by, "a/withdrawal/two");
	assert_string_equal(a.list[2].by, "a/withdrawal/three");
	assert_string_equal(a.list[3].by, "a/withdrawal/one");
	alerts_release(&a);
}

/* An endorsement has a target too. */
static void query_alerts__are_of_withdrawals_only(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "embedded", "2026-01-01");
	indexkit_record(k, "a/endorsement/trolley", "Good", "");
	indexkit_link(k, "a/endorsement/trolley", "target", TROLLEY, 1);
	assert_alerts(k, 0, 0);
}

/* ---- overviews ---- */

static const struct count_row *row_of(const struct count_rows *c,
				      const char *code)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (strcmp(c->list[i].code, code) == 0) {
			return &c->list[i];
		}
	}
	fail_msg("no row %s", code);
	return NULL;
}

static void query_topics__counts_all_of_the_vocabulary(void **state)
{
	struct indexkit *k = *state;
	struct count_rows c;
	size_t n;

	(void)vocab_topics(&n);
	indexkit_topic(k, TROLLEY, "sepsis");
	indexkit_record(k, "a/problem/late", "Late", "");
	indexkit_topic(k, "a/problem/late", "sepsis");
	indexkit_topic(k, "a/problem/late", "queues");
	assert_int_equal(query_topics(k->x, &c, &k->msg), WEALD_OK);
	assert_int_equal(c.n, n + 1);
	assert_string_equal(row_of(&c, "sepsis")->label, "Sepsis");
	assert_int_equal(row_of(&c, "sepsis")->records, 2);
	assert_int_equal(row_of(&c, "sepsis")->problems, 1);
	assert_int_equal(row_of(&c, "sepsis")->interventions, 1);
	assert_int_equal(row_of(&c, "sepsis")->evidence, 0);
	assert_int_equal(row_of(&c, "sepsis")->latest, 2);
	assert_int_equal(row_of(&c, "falls")->records, 0);
	assert_string_equal(c.list[n].code, "queues");
	assert_string_equal(c.list[n].label, "queues");
	count_rows_release(&c);
}

static void query_regions__counts_all_feeds(void **state)
{
	struct indexkit *k = *state;
	struct count_rows c;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_record(k, "a/problem/late", "Late", "");
	indexkit_withhold(k, "a/problem/late", "nhs-number");
	indexkit_sql(k, "UPDATE version SET override = 1 WHERE seq < 3;"
			"INSERT INTO feed (name, feed_id, own, title, contact,"
			" seq, commit_id) VALUES ('empty', x'99', 0, '', '',"
			" 0, x'')");
	assert_int_equal(query_regions(k->x, &c, &k->msg), WEALD_OK);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.list[0].code, "a");
	assert_string_equal(c.list[0].label, "The a");
	assert_int_equal(c.list[0].records, 1);
	assert_int_equal(c.list[0].evidence, 1);
	assert_int_equal(c.list[0].withheld, 1);
	assert_int_equal(c.list[0].overrides, 0);
	assert_int_equal(row_of(&c, "empty")->records, 0);
	assert_true(row_of(&c, "home")->own);
	assert_int_equal(row_of(&c, "home")->adoptions, 1);
	assert_int_equal(row_of(&c, "home")->overrides, 1);
	assert_false(row_of(&c, "lead")->own);
	count_rows_release(&c);
}

static void query_withheld__names_versions_and_why(void **state)
{
	struct indexkit *k = *state;
	struct withheld_rows w;
	char ref[64];
	size_t i;

	indexkit_version(k, TROLLEY, "revise", "2");
	indexkit_withhold(k, TROLLEY, "nhs-number");
	indexkit_record(k, "a/problem/late", "Late", "");
	indexkit_withhold(k, "a/problem/late", "postcode");
	/* not here is not withheld */
	indexkit_record(k, "a/problem/absent", "Absent", "");
	indexkit_sql(k, "UPDATE version SET state = 2 WHERE seq = 4");
	assert_int_equal(query_withheld(k->x, NULL, &w, &k->msg), WEALD_OK);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.total, 2);
	assert_string_equal(w.list[0].ref, "a/problem/late");
	assert_string_equal(w.list[0].why, "postcode");
	assert_string_equal(w.list[1].ref, TROLLEY);
	assert_int_equal(w.list[1].version, 2);
	assert_int_equal(w.list[1].seq, 2);
	withheld_rows_release(&w);
	assert_int_equal(query_withheld(k->x, "lead", &w, &k->msg), WEALD_OK);
	assert_int_equal(w.n, 1);
	withheld_rows_release(&w);
	for (i = 0; i < 120; i++) {
		(void)snprintf(ref, sizeof ref, "b/problem/p%zu", i);
		indexkit_record(k, ref, "P", "");
		indexkit_withhold(k, ref, "postcode");
	}
	assert_int_equal(query_withheld(k->x, "b", &w, &k->msg), WEALD_OK);
	assert_int_equal(w.n, 100);
	assert_int_equal(w.total, 120);
	withheld_rows_release(&w);
}

/* An update of region.yaml has no record. */
static void query_withheld__names_the_region_of_a_profile(void **state)
{
	struct indexkit *k = *state;
	struct withheld_rows w;
	struct count_rows c;

	indexkit_sql(k, "INSERT INTO version (feed, seq, record, version, time,"
			" action, summary, state, why, override)"
			" VALUES (1, 99, -1, 99, 99, 'profile', '', 1,"
			" 'postcode', 0)");
	assert_int_equal(query_withheld(k->x, NULL, &w, &k->msg), WEALD_OK);
	assert_int_equal(w.n, 1);
	assert_string_equal(w.list[0].ref, "lead");
	assert_int_equal(w.list[0].seq, 99);
	withheld_rows_release(&w);
	assert_int_equal(query_regions(k->x, &c, &k->msg), WEALD_OK);
	assert_int_equal(row_of(&c, "lead")->withheld, 1);
	count_rows_release(&c);
}

static void query_is_withheld__knows_each_update(void **state)
{
	struct indexkit *k = *state;
	bool withheld = true;

	indexkit_version(k, TROLLEY, "revise", "2");
	indexkit_withhold(k, TROLLEY, "nhs-number");
	assert_int_equal(query_is_withheld(k->x, "lead", 1, &withheld, &k->msg),
			 WEALD_OK);
	assert_false(withheld);
	assert_int_equal(query_is_withheld(k->x, "lead", 2, &withheld, &k->msg),
			 WEALD_OK);
	assert_true(withheld);
	assert_int_equal(query_is_withheld(k->x, "lead", 3, &withheld, &k->msg),
			 WEALD_OK);
	assert_false(withheld);
	withheld = true;
	assert_int_equal(query_is_withheld(k->x, "none", 1, &withheld, &k->msg),
			 WEALD_OK);
	assert_false(withheld);
}

/* ---- damage ---- */

static void query__says_that_the_index_is_damaged(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;
	struct hit h;

	indexkit_sql(k, "DROP TABLE link");
	assert_int_not_equal(query_record(k->x, TROLLEY, &h, &k->msg),
			     WEALD_OK);
	assert_int_not_equal(query_search(k->x,
					  &(struct search){ .words = "sepsis" },
					  0, &hits, NULL),
			     WEALD_OK);
	/* and goes on with what can be asked */
	indexkit_sql(k, "BEGIN; COMMIT");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(query_record__says_what_is_there),
		TEST(query_record__does_not_find_what_is_not_there),
		TEST(query_record__shows_nothing_that_is_withheld),
		TEST(query_record__says_why_the_last_is_not_shown),
		TEST(query_fact__is_empty_where_there_is_none),
		TEST(query_versions__lists_the_newest_first),
		TEST(query_links__go_both_ways),
		TEST(query_alerts__tells_those_who_use_it),
		TEST(query_alerts__tells_what_an_author_withdrew),
		TEST(query_alerts__give_the_authors_reason),
		TEST(query_alerts__say_which_version_to_acknowledge),
		TEST(query_alerts__end_when_acknowledged),
		TEST(query_alerts__need_one_acknowledgement),
		TEST(query_alerts__leave_out_other_versions),
		TEST(query_alerts__leave_out_what_has_stopped),
		TEST(query_alerts__end_when_the_withdrawal_is_withdrawn),
		TEST(query_alerts__come_before_what_they_are_about),
		TEST(query_alerts__come_by_gravity_then_time),
		TEST(query_alerts__are_of_withdrawals_only),
		TEST(query_topics__counts_all_of_the_vocabulary),
		TEST(query_regions__counts_all_feeds),
		TEST(query_withheld__names_versions_and_why),
		TEST(query_withheld__names_the_region_of_a_profile),
		TEST(query_is_withheld__knows_each_update),
		TEST(query__says_that_the_index_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
