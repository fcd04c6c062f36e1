#include "store/index/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/indexkit.h"

#define LATE    "lead/problem/late"
#define TROLLEY "lead/intervention/trolley"

static int setup(void **state)
{
	struct indexkit *k = malloc(sizeof *k);

	assert_non_null(k);
	indexkit_make(k);
	indexkit_record(k, LATE, "Antibiotics start too late after sepsis",
			"people wait for the prescriber");
	indexkit_topic(k, LATE, "sepsis");
	indexkit_record(k, TROLLEY, "Nurse-led first dose",
			"a sealed trolley in the bay");
	indexkit_topic(k, TROLLEY, "sepsis");
	indexkit_link(k, TROLLEY, "problem", LATE, 0);
	indexkit_record(k, "far/problem/pressure", "Heels break down in beds",
			"ulcers of the heel");
	indexkit_topic(k, "far/problem/pressure", "pressure-ulcers");
	indexkit_record(k, "far/intervention/boots", "Soft boots",
			"heels are off the bed");
	indexkit_topic(k, "far/intervention/boots", "pressure-ulcers");
	indexkit_link(k, "far/intervention/boots", "problem",
		      "far/problem/pressure", 0);
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	indexkit_remove(*state);
	free(*state);
	return 0;
}

static struct fixes ask(struct indexkit *k, const char *what, bool is_ref)
{
	const struct fixed q = { .what = what, .is_ref = is_ref };
	struct fixes f;
	int r = query_fixed(k->x, &q, indexkit_day("2026-11-23"), &f, &k->msg);

	if (r != WEALD_OK) {
		fail_msg("%s: %s", what, msg_text(&k->msg, r));
	}
	return f;
}

/* "ref (why) ref (why)", in the order of the answer. */
static void assert_fixes(struct indexkit *k, const char *what, bool is_ref,
			 const char *want)
{
	struct fixes f = ask(k, what, is_ref);
	char got[1024] = "";
	size_t len = 0;
	size_t i;

	for (i = 0; i < f.n && len < sizeof got; i++) {
		len += (size_t)snprintf(got + len, sizeof got - len,
					"%s%s (%s)", i > 0 ? " " : "",
					f.list[i].hit.ref, f.list[i].why);
	}
	assert_string_equal(got, want);
	assert_int_equal(f.total, f.n);
	fixes_release(&f);
}

/* Another intervention for the problem. */
static void add_fix(struct indexkit *k, const char *ref, const char *title)
{
	indexkit_record(k, ref, title, "");
	indexkit_topic(k, ref, "sepsis");
	indexkit_link(k, ref, "problem", LATE, 0);
}

/* ---- what is found ---- */

static void query_fixed__finds_what_is_linked(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	assert_fixes(k, LATE, true, TROLLEY " (linked)");
	f = ask(k, LATE, true);
	assert_string_equal(f.problem, LATE);
	assert_string_equal(f.problem_title,
			    "Antibiotics start too late after sepsis");
	assert_int_equal(f.problems_n, 0);
	assert_string_equal(f.list[0].derived.maturity, "idea");
	fixes_release(&f);
	fixes_release(&f); /* is zeroed */
}

static void query_fixed__finds_what_is_for_like_problems(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	indexkit_record(k, "b/problem/slow",
			"First antibiotics come late in sepsis", "");
	indexkit_topic(k, "b/problem/slow", "sepsis");
	indexkit_record(k, "b/intervention/bleep", "A bleep for the pharmacist",
			"");
	indexkit_link(k, "b/intervention/bleep", "problem", "b/problem/slow",
		      0);
	assert_fixes(k, LATE, true,
		     TROLLEY " (linked) b/intervention/bleep (same topic)");
	f = ask(k, LATE, true);
	assert_int_equal(f.problems_n, 1);
	assert_string_equal(f.problems[0].ref, "b/problem/slow");
	fixes_release(&f);
}

static void query_fixed__finds_the_same_topic_with_like_words(void **state)
{
	struct indexkit *k = *state;

	/* linked to nothing; the second is of the topic and of nothing else */
	indexkit_record(k, "b/intervention/kit", "A kit for sepsis",
			"antibiotics at hand");
	indexkit_topic(k, "b/intervention/kit", "sepsis");
	indexkit_record(k, "b/intervention/poster", "A poster in the canteen",
			"");
	indexkit_topic(k, "b/intervention/poster", "sepsis");
	assert_fixes(k, LATE, true,
		     TROLLEY " (linked) b/intervention/kit (same topic)");
}

static void query_fixed__finds_like_words_on_other_topics(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "b/intervention/start",
			"Antibiotics that start late on wards", "");
	indexkit_topic(k, "b/intervention/start", "medicines-safety");
	assert_fixes(k, LATE, true,
		     TROLLEY " (linked) b/intervention/start (similar)");
}

static void query_fixed__answers_for_a_priority_by_its_problem(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	indexkit_record(k, "home/priority/sepsis", "Our first priority", "");
	indexkit_link(k, "home/priority/sepsis", "problem", LATE, 0);
	assert_fixes(k, "home/priority/sepsis", true, TROLLEY " (linked)");
	f = ask(k, "home/priority/sepsis", true);
	assert_string_equal(f.problem, LATE);
	fixes_release(&f);
}

/* The problem itself has not arrived; what names it has. */
static void query_fixed__answers_for_a_problem_to_come(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "home/priority/far", "Heels in beds", "");
	indexkit_link(k, "home/priority/far", "problem", "z/problem/heels", 0);
	indexkit_record(k, "z/intervention/socks", "Socks", "");
	indexkit_link(k, "z/intervention/socks", "problem", "z/problem/heels",
		      0);
	assert_fixes(k, "home/priority/far", true,
		     "z/intervention/socks (linked)"
		     " far/intervention/boots (similar)");
}

static void query_fixed__does_not_find_what_is_not_there(void **state)
{
	struct indexkit *k = *state;
	const struct fixed q = { .what = "z/problem/none", .is_ref = true };
	struct fixes f;

	assert_int_equal(query_fixed(k->x, &q, 0, &f, &k->msg), WEALD_NOTFOUND);
	assert_string_equal(k->msg.text, "there is no z/problem/none here");
}

/* ---- words ---- */

static void query_fixed__takes_words(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	/* the words are the problem's: the fix itself has none of them */
	assert_fixes(k, "Has anyone fixed antibiotics that start late?", false,
		     TROLLEY " (similar)");
	/* or its own */
	assert_fixes(k, "soft boots", false,
		     "far/intervention/boots (similar)");
	f = ask(k, "antibiotics late", false);
	assert_string_equal(f.problem, "");
	assert_string_equal(f.problem_title, "");
	assert_int_equal(f.problems_n, 1);
	assert_string_equal(f.problems[0].ref, LATE);
	fixes_release(&f);
}

static void query_fixed__knows_other_names_of_topics(void **state)
{
	assert_fixes(*state, "septicaemia", false, TROLLEY " (similar)");
	assert_fixes(*state, "bed sores", false,
		     "far/intervention/boots (similar)");
}

static void query_fixed__forgives_slips(void **state)
{
	struct indexkit *k = *state;
	struct fixes f = ask(k, "antibiotcs late", false);

	assert_int_equal(f.n, 1);
	assert_string_equal(f.corrected, "antibiotics late");
	fixes_release(&f);
	f = ask(k, "antibiotics late", false);
	assert_null(f.corrected);
	fixes_release(&f);
}

static void query_fixed__is_empty_where_nothing_is_like_it(void **state)
{
	assert_fixes(*state, "xylophone", false, "");
	assert_fixes(*state, "?!", false, "");
	assert_fixes(*state, "", false, "");
	/* one word of four is no answer */
	assert_fixes(*state, "late trains zinc quartz", false, "");
}

/* "fall" is rarer than the others, and what is asked for. */
static void query_fixed__wants_the_rarest_word(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	indexkit_record(k, "b/intervention/call", "Ring patients at night",
			"night staff ring patients");
	indexkit_record(k, "b/intervention/pharmacy", "Refer patients",
			"patients at night");
	indexkit_record(k, "b/lesson/fall", "A fall", "patients saw it");
	assert_fixes(k, "patients night", false,
		     "b/intervention/call (similar)"
		     " b/intervention/pharmacy (similar)");
	/* in no problem and no intervention: said, not dropped in silence */
	f = ask(k, "patients fall at night", false);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.missing, "fall");
	fixes_release(&f);
	indexkit_record(k, "c/intervention/lights", "Lights against falls",
			"at night by each bed");
	assert_fixes(k, "patients fall at night", false,
		     "c/intervention/lights (similar)");
	f = ask(k, "patients fall at night", false);
	assert_string_equal(f.missing, "");
	fixes_release(&f);
	f = ask(k, LATE, true);
	assert_string_equal(f.missing, "");
	fixes_release(&f);
}

/* Of a long question the oddest word alone decides nothing. */
static void query_fixed__wants_one_of_the_two_rarest_of_many(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "b/problem/odd", "An odd one", "pulled and heels");
	assert_fixes(k, "heels that break down are pulled in beds", false,
		     "far/intervention/boots (similar)");
}

static void query_fixed__takes_no_sign_for_an_operator(void **state)
{
	static const char *const words[] = {
		"\"antibiotics",
		"antibiotics NOT late",
		"NEAR(a b)",
		"title:late",
		"*",
		"late*\x01\xff",
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct fixes f = ask(*state, words[i], false);

		fixes_release(&f);
	}
}

/* ---- the order ---- */

static void query_fixed__puts_the_surest_first(void **state)
{
	struct indexkit *k = *state;

	add_fix(k, "a/intervention/once", "Once");
	indexkit_evidence(k, "r1", "a/intervention/once", 0.2, 0.1, 0.3);
	add_fix(k, "b/intervention/twice", "Twice");
	indexkit_evidence(k, "r2", "b/intervention/twice", 0.8, 0.7, 0.95);
	indexkit_evidence(k, "r3", "b/intervention/twice", 0.8, 0.7, 0.95);
	add_fix(k, "c/intervention/tested", "Tested");
	indexkit_evidence(k, "r4", "c/intervention/tested", 0.7, 0.4, 1.2);
	assert_fixes(k, LATE, true,
		     "a/intervention/once (linked)"
		     " b/intervention/twice (linked)"
		     " c/intervention/tested (linked) " TROLLEY " (linked)");
	/* of a design that says more, whatever the interval */
	indexkit_fact(k, "r4/evidence/result", "design", "randomised");
	assert_fixes(k, LATE, true,
		     "c/intervention/tested (linked)"
		     " a/intervention/once (linked)"
		     " b/intervention/twice (linked) " TROLLEY " (linked)");
}

/* Never by the estimate: a wide interval may reach further down. */
static void query_fixed__goes_by_the_end_nearest_one(void **state)
{
	struct indexkit *k = *state;

	add_fix(k, "a/intervention/wide", "Wide");
	indexkit_evidence(k, "r1", "a/intervention/wide", 0.4, 0.1, 0.95);
	add_fix(k, "b/intervention/narrow", "Narrow");
	indexkit_evidence(k, "r2", "b/intervention/narrow", 0.7, 0.6, 0.8);
	assert_fixes(k, LATE, true,
		     "b/intervention/narrow (linked)"
		     " a/intervention/wide (linked) " TROLLEY " (linked)");
}

static void query_fixed__puts_failed_and_withdrawn_last(void **state)
{
	struct indexkit *k = *state;
	struct fixes f;

	add_fix(k, "a/intervention/harm", "Harm");
	indexkit_evidence(k, "r1", "a/intervention/harm", 1.5, 1.2, 1.9);
	add_fix(k, "b/intervention/gone", "Gone");
	indexkit_evidence(k, "r2", "b/intervention/gone", 0.5, 0.4, 0.6);
	indexkit_version(k, "b/intervention/gone", "withdraw", "a mistake");
	add_fix(k, "c/intervention/stalled", "Stalled");
	indexkit_record(k, "r3/lesson/stalled", "It stalled", "");
	indexkit_link(k, "r3/lesson/stalled", "about", "c/intervention/stalled",
		      0);
	indexkit_fact(k, "r3/lesson/stalled", "outcome", "not-sustained");
	/* a failure beside an improvement is told, and no more */
	add_fix(k, "d/intervention/mixed", "Mixed");
	indexkit_evidence(k, "r4", "d/intervention/mixed", 0.5, 0.4, 0.6);
	indexkit_evidence(k, "r5", "d/intervention/mixed", 1.5, 1.4, 1.6);
	assert_fixes(k, LATE, true,
		     "d/intervention/mixed (linked) " TROLLEY " (linked)"
		     " a/intervention/harm (linked) b/intervention/gone"
		     " (linked) c/intervention/stalled (linked)");
	f = ask(k, LATE, true);
	assert_int_equal(f.list[2].derived.worse, 1);
	assert_true(f.list[3].hit.withdrawn);
	assert_string_equal(f.list[3].derived.maturity, "withdrawn");
	assert_int_equal(f.list[4].derived.failures_n, 1);
	fixes_release(&f);
}

/* Nobody asked to stop this version. */
static void query_fixed__sinks_nothing_for_a_note(void **state)
{
	static const char want[] =
		"b/intervention/proven (linked) " TROLLEY " (linked)";
	static const char sunk[] =
		TROLLEY " (linked) b/intervention/proven (linked)";
	struct indexkit *k = *state;

	add_fix(k, "b/intervention/proven", "A proven one");
	indexkit_evidence(k, "c", "b/intervention/proven", 0.5, 0.4, 0.6);
	indexkit_withdraw(k, "a/withdrawal/w", "b/intervention/proven",
			  "take-note");
	assert_fixes(k, LATE, true, want);
	indexkit_version(k, "b/intervention/proven", "revise", "better");
	indexkit_fact(k, "a/withdrawal/w", "level", "stop-now");
	indexkit_fact(k, "a/withdrawal/w", "target_versions", "1");
	assert_fixes(k, LATE, true, want);
	indexkit_fact(k, "a/withdrawal/w", "target_versions", "1-2");
	assert_fixes(k, LATE, true, sunk);
}

static void query_fixed__has_one_order_whatever_came_first(void **state)
{
	struct indexkit *k = *state;

	add_fix(k, "c/intervention/same", "Same");
	add_fix(k, "a/intervention/same", "Same");
	add_fix(k, "b/intervention/same", "Same");
	indexkit_sql(k, "UPDATE record SET time = 9; DELETE FROM search"
			" WHERE rowid = 2; DELETE FROM record WHERE id = 2");
	assert_fixes(k, LATE, true,
		     "a/intervention/same (linked) b/intervention/same (linked)"
		     " c/intervention/same (linked)");
}

static void query_fixed__keeps_to_the_limit(void **state)
{
	struct indexkit *k = *state;
	struct fixed q = { .what = LATE, .is_ref = true };
	struct fixes f;
	char ref[64];
	size_t i;

	for (i = 0; i < 250; i++) {
		(void)snprintf(ref, sizeof ref, "a/intervention/n%03zu", i);
		indexkit_record(k, ref, "One of many", "");
		indexkit_link(k, ref, "problem", LATE, 0);
	}
	assert_int_equal(query_fixed(k->x, &q, 0, &f, &k->msg), WEALD_OK);
	assert_int_equal(f.n, 20);
	assert_int_equal(f.total, 100);
	fixes_release(&f);
	q.limit = 3;
	assert_int_equal(query_fixed(k->x, &q, 0, &f, &k->msg), WEALD_OK);
	assert_int_equal(f.n, 3);
	fixes_release(&f);
}

/*
 * Records 1001 to 1000 + @n of the region far: of @kind, of one title, linked
 * to @target by @rel; the last is the newest.
 */
static void add_many(struct indexkit *k, const char *kind, int n,
		     const char *rel, const char *target)
{
	indexkit_record(k, "far/note/first", "Makes the region known", "");
	indexkit_sql(k,
		     "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL"
		     " SELECT i + 1 FROM n WHERE i < %d)"
		     " INSERT INTO record SELECT 1000 + i, 'far/' || %Q || '/m'"
		     " || i, (SELECT id FROM feed WHERE name = 'far'), %Q,"
		     " 'm' || i, '', 1, 1, 1000 + i, 1000 + i, i,"
		     " 'Wet floors', 1, 0, 0, x'' FROM n;"
		     "INSERT INTO link (record, rel, target, version)"
		     " SELECT id, %Q, %Q, 0 FROM record WHERE id > 1000;"
		     "INSERT INTO search (rowid, title, labels, text)"
		     " SELECT id, title, kind, '' FROM record WHERE id > 1000",
		     n, kind, kind, rel, target);
}

/* Of more that are as like as can be looked at: the newest. */
static void query_fixed__looks_at_the_newest_of_very_many(void **state)
{
	const struct fixed q = { .what = "wet floors", .limit = 100 };
	struct indexkit *k = *state;
	struct fixes f;
	size_t i;

	add_many(k, "intervention", 1200, "problem", "far/problem/none");
	assert_int_equal(query_fixed(k->x, &q, 0, &f, &k->msg), WEALD_OK);
	assert_int_equal(f.n, 100);
	assert_string_equal(f.list[0].hit.ref, "far/intervention/m1200");
	for (i = 0; i < f.n; i++) {
		assert_true(f.list[i].hit.time > 2100);
	}
	fixes_release(&f);
}

/* ---- inbox ---- */

static struct inbox ask_inbox(struct indexkit *k, struct inbox_ask ask)
{
	struct inbox i;
	int r = query_inbox(k->x, &ask, &i, &k->msg);

	if (r != WEALD_OK) {
		fail_msg("%s", msg_text(&k->msg, r));
	}
	return i;
}

/* "reason ref about" of each, with ", " between. */
static void assert_inbox(struct indexkit *k, struct inbox_ask ask,
			 const char *want)
{
	struct inbox in = ask_inbox(k, ask);
	char got[1024] = "";
	size_t len = 0;
	size_t i;

	for (i = 0; i < in.n && len < sizeof got; i++) {
		len += (size_t)snprintf(got + len, sizeof got - len,
					"%s%s %s%s%s", i > 0 ? ", " : "",
					in.list[i].reason, in.list[i].hit.ref,
					in.list[i].about[0] != '\0' ? " " : "",
					in.list[i].about);
	}
	assert_string_equal(got, want);
	inbox_release(&in);
}

static void query_inbox__is_empty_where_nothing_matters(void **state)
{
	assert_inbox(*state, (struct inbox_ask){ .limit = 0 }, "");
}

static void query_inbox__tells_followed_topics(void **state)
{
	static const char *const topics[] = { "sepsis", "falls" };
	struct indexkit *k = *state;

	assert_inbox(k, (struct inbox_ask){ .topics = topics, .topics_n = 2 },
		     "topic " TROLLEY ", topic " LATE);
}

static void query_inbox__tells_fixes_for_own_problems(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "home/problem/own", "Late here too", "");
	indexkit_link(k, TROLLEY, "problem", "home/problem/own", 0);
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "fix " TROLLEY " home/problem/own");
}

static void query_inbox__tells_fixes_on_topics_of_priorities(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "home/priority/own", "Sepsis first", "");
	indexkit_topic(k, "home/priority/own", "sepsis");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "fix " TROLLEY " home/priority/own, topic " LATE);
	/* one that was met wants no fix any more */
	indexkit_fact(k, "home/priority/own", "status", "met");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "topic " TROLLEY ", topic " LATE);
}

static void query_inbox__tells_evidence_on_what_we_use_or_made(void **state)
{
	struct indexkit *k = *state;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_evidence(k, "a", TROLLEY, 0.7, 0.5, 0.9);
	indexkit_adopt(k, "b", TROLLEY, "testing", "2026-01-01");
	indexkit_record(k, "home/intervention/own", "Ours", "");
	indexkit_record(k, "c/lesson/own", "It did not work", "");
	indexkit_link(k, "c/lesson/own", "about", "home/intervention/own", 0);
	indexkit_record(k, "c/adoption/own", "We try it", "");
	indexkit_link(k, "c/adoption/own", "intervention",
		      "home/intervention/own", 0);
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "evidence c/adoption/own home/intervention/own,"
		     " evidence c/lesson/own home/intervention/own,"
		     " evidence a/evidence/result home/adoption/use");
}

static void query_inbox__tells_withdrawals_first(void **state)
{
	struct indexkit *k = *state;
	struct inbox in;

	indexkit_record(k, "home/priority/own", "Sepsis first", "");
	indexkit_topic(k, "home/priority/own", "sepsis");
	indexkit_link(k, "home/priority/own", "problem", LATE, 0);
	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_withdraw(k, "lead/withdrawal/trolley", TROLLEY, "stop-now");
	indexkit_withdraw(k, "lead/withdrawal/late", LATE, "take-note");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "withdrawn lead/withdrawal/late home/priority/own,"
		     " topic " TROLLEY ", topic " LATE);
	/* what we use is among the alerts, read or not */
	in = ask_inbox(k, (struct inbox_ask){
				  .marks = &(struct inbox_mark){ "lead", 99 },
				  .marks_n = 1 });
	assert_int_equal(in.alerts.n, 1);
	assert_string_equal(in.alerts.list[0].by, "lead/withdrawal/trolley");
	assert_int_equal(in.n, 0);
	inbox_release(&in);
}

/* By its status, or by its region's record: no fix, however it is found. */
static void query_inbox__tells_no_withdrawn_fix(void **state)
{
	static const char unread[] = "fix " TROLLEY " home/priority/own,"
				     " topic " LATE;
	static const char told[] = "topic " TROLLEY ", topic " LATE;
	struct indexkit *k = *state;

	indexkit_record(k, "home/priority/own", "Sepsis first", "");
	indexkit_topic(k, "home/priority/own", "sepsis");
	indexkit_link(k, "home/priority/own", "problem", LATE, 0);
	assert_inbox(k, (struct inbox_ask){ .limit = 0 }, unread);
	indexkit_fact(k, TROLLEY, "status", "withdrawn");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 }, told);
	indexkit_fact(k, TROLLEY, "status", "in-use");
	/* another region can only warn */
	indexkit_withdraw(k, "far/withdrawal/trolley", TROLLEY, "take-note");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 }, unread);
	indexkit_withdraw(k, "lead/withdrawal/trolley", TROLLEY, "stop-now");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 }, told);
}

static void query_inbox__tells_no_withdrawal_that_was_withdrawn(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "home/priority/own", "Late here too", "");
	indexkit_link(k, "home/priority/own", "problem", LATE, 0);
	indexkit_withdraw(k, "lead/withdrawal/late", LATE, "stop-now");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "withdrawn lead/withdrawal/late home/priority/own,"
		     " fix " TROLLEY " home/priority/own");
	indexkit_version(k, "lead/withdrawal/late", "withdraw", "a mistake");
	assert_inbox(k, (struct inbox_ask){ .limit = 0 },
		     "fix " TROLLEY " home/priority/own");
}

static void query_inbox__forgets_what_was_acknowledged(void **state)
{
	struct indexkit *k = *state;
	struct inbox in;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	indexkit_withdraw(k, "lead/withdrawal/trolley", TROLLEY, "stop-now");
	indexkit_link(k, "home/adoption/use", "acknowledges",
		      "lead/withdrawal/trolley", 1);
	in = ask_inbox(k, (struct inbox_ask){ .limit = 0 });
	assert_int_equal(in.alerts.n, 0);
	assert_int_equal(in.alerts.open, 0);
	assert_int_equal(in.n, 0);
	inbox_release(&in);
	/* a new version of it asks again */
	indexkit_version(k, "lead/withdrawal/trolley", "revise", "worse");
	in = ask_inbox(k, (struct inbox_ask){ .limit = 0 });
	assert_int_equal(in.alerts.n, 1);
	assert_int_equal(in.alerts.list[0].version, 2);
	assert_int_equal(in.n, 0);
	inbox_release(&in);
}

/* Two versions came at once; or the first may not be shown. */
static void query_inbox__calls_new_what_was_never_seen(void **state)
{
	static const char *const topics[] = { "sepsis" };
	struct indexkit *k = *state;
	struct inbox_mark marks[] = { { "lead", 0 }, { "far", 99 } };
	const struct inbox_ask ask = { marks, 2, topics, 1, 0 };
	struct inbox in;

	indexkit_version(k, TROLLEY, "revise", "better");
	in = ask_inbox(k, ask);
	assert_string_equal(in.list[0].hit.ref, TROLLEY);
	assert_int_equal(in.list[0].hit.version, 2);
	assert_true(in.list[0].is_new);
	inbox_release(&in);
	marks[0].seq = 2; /* version 1 was read */
	in = ask_inbox(k, ask);
	assert_false(in.list[0].is_new);
	inbox_release(&in);
	indexkit_sql(k, "UPDATE version SET state = 1 WHERE seq = 2");
	in = ask_inbox(k, ask);
	assert_true(in.list[0].is_new);
	inbox_release(&in);
}

static void query_inbox__tells_what_came_after_the_mark(void **state)
{
	static const char *const topics[] = { "sepsis", "pressure-ulcers" };
	struct indexkit *k = *state;
	struct inbox_mark marks[] = { { "lead", 1 }, { "far", 99 } };
	const struct inbox_ask ask = { marks, 2, topics, 2, 0 };
	struct inbox in;

	assert_inbox(k, ask, "topic " TROLLEY);
	in = ask_inbox(k, ask);
	assert_true(in.list[0].is_new);
	inbox_release(&in);
	marks[0].seq = 2;
	assert_inbox(k, ask, "");
	indexkit_version(k, TROLLEY, "revise", "better");
	assert_inbox(k, ask, "topic " TROLLEY);
	in = ask_inbox(k, ask);
	assert_false(in.list[0].is_new);
	inbox_release(&in);
	/* what may not be shown is no news */
	indexkit_withhold(k, TROLLEY, "nhs-number");
	assert_inbox(k, ask, "");
}

static void query_inbox__never_tells_own_records(void **state)
{
	static const char *const topics[] = { "falls" };
	struct indexkit *k = *state;

	indexkit_record(k, "home/lesson/own", "We fell", "");
	indexkit_topic(k, "home/lesson/own", "falls");
	assert_inbox(k, (struct inbox_ask){ .topics = topics, .topics_n = 1 },
		     "");
}

static void query_inbox__keeps_to_the_limit(void **state)
{
	static const char *const topics[] = { "sepsis", "pressure-ulcers" };
	struct indexkit *k = *state;
	struct inbox in;

	indexkit_record(k, "home/problem/own", "Late here too", "");
	indexkit_link(k, TROLLEY, "problem", "home/problem/own", 0);
	in = ask_inbox(k, (struct inbox_ask){ .topics = topics,
					      .topics_n = 2,
					      .limit = 2 });
	assert_int_equal(in.n, 2);
	assert_int_equal(in.total, 4);
	assert_string_equal(in.list[0].reason, "fix");
	assert_string_equal(in.list[1].hit.ref, "far/intervention/boots");
	inbox_release(&in);
}

/* The newest of very many, and who says so, as of few. */
static void query_inbox__tells_fixes_of_very_many(void **state)
{
	static const char want[] =
		"fix far/intervention/m1498 home/problem/own,"
		" fix far/intervention/m1497 home/problem/own";
	const struct inbox_ask two = { .limit = 2 };
	struct indexkit *k = *state;
	struct inbox in;

	indexkit_record(k, "home/problem/own", "Late here too", "");
	indexkit_record(k, "home/problem/yet", "Late there too", "");
	indexkit_topic(k, "home/problem/own", "falls");
	add_many(k, "intervention", 1500, "problem", "home/problem/yet");
	indexkit_sql(k, "INSERT INTO link (record, rel, target, version)"
			" SELECT record, rel, 'home/problem/own', 0 FROM link"
			" WHERE record > 1000");
	/* withdrawn: one that nothing else speaks for, and one on the topic */
	indexkit_sql(k, "UPDATE record SET withdrawn = 1 WHERE id > 2498");
	indexkit_topic(k, "far/intervention/m1500", "falls");
	assert_inbox(k, two, want);
	in = ask_inbox(k, (struct inbox_ask){ .limit = 2000 });
	assert_int_equal(in.total, 1499);
	assert_int_equal(in.n, 1499);
	assert_string_equal(in.list[1497].hit.ref, "far/intervention/m1");
	assert_string_equal(in.list[1498].reason, "topic");
	assert_string_equal(in.list[1498].hit.ref, "far/intervention/m1500");
	inbox_release(&in);
}

static void query_inbox__tells_evidence_of_very_many(void **state)
{
	static const char want[] =
		"evidence far/lesson/m1500 home/adoption/use,"
		" evidence far/lesson/m1499 home/adoption/use";
	struct indexkit *k = *state;
	struct inbox in;

	indexkit_adopt(k, "home", TROLLEY, "testing", "2026-01-01");
	add_many(k, "lesson", 1500, "about", TROLLEY);
	assert_inbox(k, (struct inbox_ask){ .limit = 2 }, want);
	in = ask_inbox(k, (struct inbox_ask){ .limit = 1 });
	assert_int_equal(in.total, 1500);
	inbox_release(&in);
}

/* Only those that this region uses, and none that was taken back. */
static void query_inbox__tells_withdrawals_of_very_many(void **state)
{
	const struct inbox_ask ask = { .limit = 2 };
	struct indexkit *k = *state;

	indexkit_record(k, "home/problem/own", "Late here too", "");
	add_many(k, "withdrawal", 1500, "target", "far/intervention/other");
	assert_inbox(k, ask, "");
	indexkit_sql(k, "UPDATE link SET target = 'home/problem/own'"
			" WHERE record IN (1010, 1020, 2500);"
			"UPDATE record SET withdrawn = 1 WHERE id = 2500");
	assert_inbox(k, ask,
		     "withdrawn far/withdrawal/m20 home/problem/own,"
		     " withdrawn far/withdrawal/m10 home/problem/own");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(query_fixed__finds_what_is_linked),
		TEST(query_fixed__finds_what_is_for_like_problems),
		TEST(query_fixed__finds_the_same_topic_with_like_words),
		TEST(query_fixed__finds_like_words_on_other_topics),
		TEST(query_fixed__answers_for_a_priority_by_its_problem),
		TEST(query_fixed__answers_for_a_problem_to_come),
		TEST(query_fixed__does_not_find_what_is_not_there),
		TEST(query_fixed__takes_words),
		TEST(query_fixed__knows_other_names_of_topics),
		TEST(query_fixed__forgives_slips),
		TEST(query_fixed__is_empty_where_nothing_is_like_it),
		TEST(query_fixed__wants_the_rarest_word),
		TEST(query_fixed__wants_one_of_the_two_rarest_of_many),
		TEST(query_fixed__takes_no_sign_for_an_operator),
		TEST(query_fixed__puts_the_surest_first),
		TEST(query_fixed__goes_by_the_end_nearest_one),
		TEST(query_fixed__puts_failed_and_withdrawn_last),
		TEST(query_fixed__sinks_nothing_for_a_note),
		TEST(query_fixed__has_one_order_whatever_came_first),
		TEST(query_fixed__keeps_to_the_limit),
		TEST(query_fixed__looks_at_the_newest_of_very_many),
		TEST(query_inbox__is_empty_where_nothing_matters),
		TEST(query_inbox__tells_followed_topics),
		TEST(query_inbox__tells_fixes_for_own_problems),
		TEST(query_inbox__tells_fixes_on_topics_of_priorities),
		TEST(query_inbox__tells_evidence_on_what_we_use_or_made),
		TEST(query_inbox__tells_withdrawals_first),
		TEST(query_inbox__tells_no_withdrawn_fix),
		TEST(query_inbox__tells_no_withdrawal_that_was_withdrawn),
		TEST(query_inbox__forgets_what_was_acknowledged),
		TEST(query_inbox__calls_new_what_was_never_seen),
		TEST(query_inbox__tells_what_came_after_the_mark),
		TEST(query_inbox__never_tells_own_records),
		TEST(query_inbox__keeps_to_the_limit),
		TEST(query_inbox__tells_fixes_of_very_many),
		TEST(query_inbox__tells_evidence_of_very_many),
		TEST(query_inbox__tells_withdrawals_of_very_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
