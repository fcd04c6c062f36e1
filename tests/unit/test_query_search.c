#include "store/index/query.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text.h"
#include "store/index/index_private.h"
#include "tests/unit/indexkit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int setup(void **state)
{
	struct indexkit *k = malloc(sizeof *k);

	assert_non_null(k);
	indexkit_make(k);
	indexkit_record(k, "lead/intervention/trolley", "Sepsis trolley",
			"A sealed trolley with everything for the first hour\n"
			"nurses give the first antibiotic\n");
	indexkit_topic(k, "lead/intervention/trolley", "sepsis");
	indexkit_setting(k, "lead/intervention/trolley",
			 "emergency-department");
	indexkit_record(k, "lead/problem/late", "Antibiotics start too late",
			"people with sepsis wait for the prescriber\n");
	indexkit_topic(k, "lead/problem/late", "sepsis");
	indexkit_record(k, "south-west/lesson/kidney",
			"Fluid charts that nobody filled in",
			"acute kidney injury was seen on the third day\n");
	indexkit_record(k, "wessex/intervention/laparotomy",
			"Risk score before emergency laparotomy",
			"a poster in the anaesthetic room\n");
	indexkit_topic(k, "wessex/intervention/laparotomy",
		       "emergency-laparotomy");
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	indexkit_remove(*state);
	free(*state);
	return 0;
}

static struct hits ask(struct indexkit *k, struct search s)
{
	struct hits hits;
	int r = query_search(k->x, &s, 0, &hits, &k->msg);

	if (r != WEALD_OK) {
		fail_msg("%s: %s", s.words, msg_text(&k->msg, r));
	}
	return hits;
}

/* Every one that is found, in the order in which they are. */
static void assert_found(struct indexkit *k, struct search s, const char *want)
{
	struct hits hits = ask(k, s);
	char got[1024] = "";
	size_t len = 0;
	size_t i;

	for (i = 0; i < hits.n && len < sizeof got; i++) {
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%s",
					i > 0 ? " " : "", hits.list[i].ref);
	}
	assert_string_equal(got, want);
	hits_release(&hits);
}

static void assert_words(struct indexkit *k, const char *words,
			 const char *want)
{
	assert_found(k, (struct search){ .words = words }, want);
}

static void assert_corrected(struct indexkit *k, const char *words,
			     const char *want)
{
	struct hits hits = ask(k, (struct search){ .words = words });

	if (want == NULL) {
		assert_null(hits.corrected);
	} else {
		if (hits.corrected == NULL) {
			fail_msg("%s", words);
		}
		assert_string_equal(hits.corrected, want);
	}
	hits_release(&hits);
}

static void assert_line(struct indexkit *k, const char *words, const char *ref,
			const char *want)
{
	struct hits hits = ask(k, (struct search){ .words = words });

	assert_true(hits.n > 0);
	assert_string_equal(hits.list[0].ref, ref);
	assert_string_equal(hits.list[0].matched, want);
	hits_release(&hits);
}

#define TROLLEY    "lead/intervention/trolley"
#define LATE       "lead/problem/late"
#define KIDNEY     "south-west/lesson/kidney"
#define LAPAROTOMY "wessex/intervention/laparotomy"

/* ---- words ---- */

static void query_search__wants_all_words_in_any_order(void **state)
{
	assert_words(*state, "trolley sealed", TROLLEY);
	assert_words(*state, "SEALED, Trolley!", TROLLEY);
	assert_words(*state, "trolley prescriber", "");
}

static void query_search__finds_stems(void **state)
{
	assert_words(*state, "trolleys", TROLLEY);
	assert_words(*state, "prescribers waiting", LATE);
}

static void query_search__puts_titles_first(void **state)
{
	assert_words(*state, "antibiotic", LATE " " TROLLEY);
	assert_words(*state, "sepsis", TROLLEY " " LATE);
}

static void query_search__drops_the_small_words_of_a_question(void **state)
{
	assert_words(*state, "Has anyone fixed the sealed trolley problem?",
		     TROLLEY);
	assert_words(*state, "what is a poster for", LAPAROTOMY);
	/* where nothing else is asked for they are all there is */
	assert_words(*state, "with everything for the", TROLLEY);
	/* and without a question "fixed" is a word like any other */
	assert_words(*state, "fixed trolley", "");
}

static void query_search__knows_other_names_of_topics(void **state)
{
	/* the lesson has no topic: it says so in other words */
	assert_words(*state, "AKI", KIDNEY);
	assert_words(*state, "aki fluid", KIDNEY);
	assert_words(*state, "blood poisoning", TROLLEY " " LATE);
	assert_words(*state, "NELA", LAPAROTOMY);
}

static void query_search__knows_labels_of_settings(void **state)
{
	assert_words(*state, "emergency department trolley", TROLLEY);
}

static void query_search__takes_a_region_for_its_records(void **state)
{
	struct indexkit *k = *state;

	assert_words(k, "wessex", LAPAROTOMY);
	assert_words(k, "poster wessex", LAPAROTOMY);
	assert_words(k, "trolley wessex", "");
	/* what others say of it comes after */
	indexkit_record(k, "lead/lesson/visit", "What Wessex taught us",
			"their poster hangs in every room");
	assert_words(k, "wessex poster", LAPAROTOMY " lead/lesson/visit");
}

/* ---- what is not quite there ---- */

static void query_search__finds_beginnings_of_words(void **state)
{
	assert_words(*state, "lapar", LAPAROTOMY);
	assert_corrected(*state, "lapar", NULL);
	assert_words(*state, "seal troll", TROLLEY);
	/* not of two letters, and not where the word itself is there */
	assert_words(*state, "zz", "");
	assert_words(*state, "hour", TROLLEY);
}

static void query_search__forgives_slips(void **state)
{
	struct indexkit *k = *state;

	assert_words(k, "troley", TROLLEY);
	assert_corrected(k, "troley", "trolley");
	assert_corrected(k, "prescirber", "prescriber");
	assert_corrected(k, "Sealed trollxy", "sealed trolley");
	assert_corrected(k, "sezled", "sealed");
	/* the first letter too, by one slip */
	assert_corrected(k, "rposter", "poster");
	assert_corrected(k, "oster", "poster");
	assert_corrected(k, "toster", "poster");
	assert_corrected(k, "opster", "poster");
	/* what is spelt right finds what it means */
	assert_words(k, "spesis trolley", TROLLEY);
	assert_corrected(k, "spesis trolley", "sepsis trolley");
}

static void query_search__forgives_short_words_less(void **state)
{
	struct indexkit *k = *state;

	assert_corrected(k, "latte", "late"); /* one in five letters */
	assert_corrected(k, "lxtx", NULL);    /* two in four */
	assert_corrected(k, "lat", NULL);     /* begins "late" */
	assert_corrected(k, "hxr", NULL);     /* three letters */
	assert_corrected(k, "2025", NULL);    /* numbers mean what they say */
}

static void query_search__corrects_to_the_most_frequent(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "a/problem/one", "Wards", "");
	indexkit_record(k, "a/problem/two", "Cards", "");
	indexkit_record(k, "a/problem/three", "Cards again", "");
	assert_corrected(k, "xards", "cards");
}

static void query_search__leaves_words_that_are_there(void **state)
{
	/* all words are there, but not together */
	assert_corrected(*state, "trolley poster", NULL);
}

static void query_search__corrects_nothing_where_told(void **state)
{
	assert_found(*state,
		     (struct search){ .words = "troley", .exact = true }, "");
	assert_found(*state, (struct search){ .words = "lapar", .exact = true },
		     "");
}

/* ---- the line ---- */

static void query_search__shows_the_line_with_most_words(void **state)
{
	struct indexkit *k = *state;

	assert_line(k, "antibiotic nurse first", TROLLEY,
		    "nurses give the first antibiotic");
	assert_line(k, "everything sealed", TROLLEY,
		    "A sealed trolley with everything for the first hour");
	assert_line(k, "aki", KIDNEY,
		    "acute kidney injury was seen on the third day");
	/* only the title has it */
	assert_line(k, "risk", LAPAROTOMY, "");
}

static void query_search__cuts_long_lines_around_the_word(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;
	char text[4096];
	size_t len = 0;
	size_t i;

	for (i = 0; i < 100; i++) {
		len += (size_t)snprintf(text + len, sizeof text - len, "%s",
					i == 60 ? "needle " : "h\xc3\xa9y ");
	}
	indexkit_record(k, "a/problem/long", "Long", text);
	hits = ask(k, (struct search){ .words = "needle" });
	assert_int_equal(hits.n, 1);
	assert_true(strlen(hits.list[0].matched) <= 170);
	assert_true(strlen(hits.list[0].matched) > 100);
	assert_non_null(strstr(hits.list[0].matched, " needle "));
	assert_memory_equal(hits.list[0].matched, "... h", 5);
	assert_string_equal(hits.list[0].matched +
				    strlen(hits.list[0].matched) - 4,
			    " ...");
	hits_release(&hits);
	/* a word without end is cut between characters */
	len = 0;
	for (i = 0; i < 200; i++) {
		len += (size_t)snprintf(text + len, sizeof text - len, "%s",
					i == 0 ? "x " : "\xe2\x82\xac");
	}
	indexkit_record(k, "a/problem/longer", "Longer", text);
	hits = ask(k, (struct search){ .words = "x" });
	assert_int_equal(hits.n, 1);
	assert_true(strlen(hits.list[0].matched) <= 170);
	assert_true(text_is_utf8(span_of(hits.list[0].matched)));
	hits_release(&hits);
}

/* ---- filters, order, limits ---- */

static void query_search__filters(void **state)
{
	struct indexkit *k = *state;

	assert_found(k, (struct search){ .words = "sepsis", .kind = "problem" },
		     LATE);
	assert_found(k, (struct search){ .topic = "sepsis" }, LATE " " TROLLEY);
	assert_found(k, (struct search){ .setting = "emergency-department" },
		     TROLLEY);
	assert_found(k, (struct search){ .region = "wessex", .words = "" },
		     LAPAROTOMY);
	assert_found(k,
		     (struct search){ .region = "lead",
				      .topic = "sepsis",
				      .kind = "intervention" },
		     TROLLEY);
	assert_found(k, (struct search){ .kind = "recipe" }, "");
	assert_found(k, (struct search){ .topic = "' OR 1=1 --" }, "");
}

static void query_search__takes_all_since_a_time(void **state)
{
	struct indexkit *k = *state;

	assert_found(k, (struct search){ .since = 3 }, LAPAROTOMY " " KIDNEY);
	assert_found(k, (struct search){ .since = 3, .kind = "lesson" },
		     KIDNEY);
	assert_found(k, (struct search){ .since = 1, .words = "sepsis" },
		     TROLLEY " " LATE);
	assert_found(k, (struct search){ .since = 5 }, "");
}

static void query_search__lists_the_newest_without_words(void **state)
{
	assert_found(*state, (struct search){ .words = NULL },
		     LAPAROTOMY " " KIDNEY " " LATE " " TROLLEY);
	assert_found(*state, (struct search){ .words = " \n" },
		     LAPAROTOMY " " KIDNEY " " LATE " " TROLLEY);
}

static void query_search__counts_what_it_does_not_list(void **state)
{
	struct indexkit *k = *state;
	struct hits hits =
		ask(k, (struct search){ .words = "sepsis", .limit = 1 });

	assert_int_equal(hits.n, 1);
	assert_int_equal(hits.total, 2);
	assert_string_equal(hits.list[0].ref, TROLLEY);
	hits_release(&hits);
	hits = ask(k, (struct search){ .limit = SIZE_MAX });
	assert_int_equal(hits.n, 4);
	hits_release(&hits);
}

/* Records of the same text and time, added in this order. */
static void add_twins(struct indexkit *k, const char *const *refs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		indexkit_record(k, refs[i], "Falls at night", "lights");
	}
	indexkit_sql(k, "UPDATE record SET time = 77 WHERE title = 'Falls at "
			"night'");
}

static void query_search__has_one_order_whatever_came_first(void **state)
{
	static const char *const refs[] = { "c/problem/x", "a/problem/x",
					    "b/lesson/x", "a/lesson/x" };
	static const char want[] =
		"a/problem/x c/problem/x a/lesson/x b/lesson/x";
	static const char newest[] =
		"a/lesson/x a/problem/x b/lesson/x c/problem/x";
	struct indexkit *k = *state;

	add_twins(k, refs, COUNT(refs));
	assert_words(k, "falls", want);
	assert_found(k, (struct search){ .since = 77 }, newest);
	assert_found(k, (struct search){ .words = "night", .limit = 2 },
		     "a/problem/x c/problem/x");
	assert_found(k, (struct search){ .since = 77, .limit = 3 },
		     "a/lesson/x a/problem/x b/lesson/x");
}

/* More than bm25 is asked of: titles first, then the newest. */
static void query_search__ranks_very_many_by_title_and_time(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;

	indexkit_sql(
		k, "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL"
		   " SELECT i + 1 FROM n WHERE i < 6000)"
		   " INSERT INTO record SELECT 1000 + i, 'lead/measure/m' || i,"
		   " 1, 'measure', 'm' || i, '', 1, 1, i, 1000 + i, i,"
		   " 'Count ' || i, 1, 0, 0, x'' FROM n;"
		   "INSERT INTO search (rowid, title, labels, text)"
		   " SELECT id, iif(id = 1007, 'Monthly', '') || title, '',"
		   " 'counted monthly' FROM record WHERE id > 1000");
	hits = ask(k, (struct search){ .words = "monthly", .limit = 3 });
	assert_int_equal(hits.total, 6000);
	assert_int_equal(hits.n, 3);
	assert_string_equal(hits.list[0].ref, "lead/measure/m6000");
	hits_release(&hits);
	indexkit_sql(k, "UPDATE search SET title = 'Monthly ' || title"
			" WHERE rowid = 1007");
	hits = ask(k, (struct search){ .words = "monthly", .limit = 3 });
	assert_string_equal(hits.list[0].ref, "lead/measure/m7");
	assert_string_equal(hits.list[1].ref, "lead/measure/m6000");
	assert_string_equal(hits.list[1].matched, "counted monthly");
	hits_release(&hits);
	/* a filter that leaves few changes nothing of that */
	hits = ask(k, (struct search){ .words = "monthly", .since = 6999 });
	assert_int_equal(hits.total, 2);
	hits_release(&hits);
}

/* Lessons in which "alpha" is rare and "beta" is not. */
static void add_weighed(struct indexkit *k)
{
	char ref[64];
	char text[256];
	size_t i;

	for (i = 0; i < 60; i++) {
		(void)snprintf(ref, sizeof ref, "lead/lesson/w%zu", i);
		(void)snprintf(text, sizeof text, "%s%s%.*s",
			       i % 7 == 0 ? "alpha " : "",
			       i % 21 == 0 ? "alpha, alpha " : "",
			       (int)(6 * (i % 30)),
			       "beta gamma delta beta gamma delta beta gamma "
			       "delta beta gamma delta beta gamma delta beta "
			       "gamma delta beta gamma delta beta gamma delta "
			       "beta gamma delta beta gamma delta beta");
		indexkit_record(k, ref, i % 5 == 0 ? "A beta" : "A note", text);
	}
}

/* The score but for tier and kind, which are whole steps. */
static void assert_bm25(struct indexkit *k, const char *words,
			const char *match)
{
	struct hits hits = ask(k, (struct search){ .words = words });
	sqlite3_stmt *s = NULL;
	bool row = false;
	size_t i;

	assert_true(hits.n > 4);
	for (i = 0; i < hits.n; i++) {
		assert_int_equal(
			index_ask(k->x,
				  "SELECT -bm25(search, 8.0, 2.0, 1.0)"
				  " FROM search WHERE search MATCH ? AND rowid"
				  " = (SELECT id FROM record WHERE ref = ?)",
				  &s, &k->msg, "tt", match, hits.list[i].ref),
			WEALD_OK);
		assert_int_equal(index_step(k->x, s, &row, &k->msg), WEALD_OK);
		assert_true(row);
		assert_true(fabs(fmod(hits.list[i].score, 1e5) -
				 sqlite3_column_double(s, 0)) < 1e-6);
		index_done(k->x, s);
	}
	hits_release(&hits);
}

static void query_search__weighs_words_as_sqlite_does(void **state)
{
	struct indexkit *k = *state;

	add_weighed(k);
	assert_bm25(k, "alpha", "alpha");
	assert_bm25(k, "alpha beta", "alpha AND beta");
	assert_bm25(k, "gamma beta alpha", "gamma AND beta AND alpha");
	/* whichever is thought to be the rarest, or too frequent to weigh */
	indexkit_sql(k, "UPDATE term SET n = 90000 WHERE term = 'alpha'");
	assert_bm25(k, "alpha beta", "alpha AND beta");
	indexkit_sql(k, "UPDATE term SET n = 90000");
	assert_bm25(k, "gamma beta alpha", "gamma AND beta AND alpha");
	indexkit_sql(k, "DELETE FROM term");
	assert_bm25(k, "alpha beta", "alpha AND beta");
}

/* Another name is looked for among records that have the rest. */
static void query_search__knows_other_names_beside_rare_words(void **state)
{
	struct indexkit *k = *state;

	indexkit_record(k, "a/lesson/none", "Lithium levels", "aches");
	indexkit_record(k, "a/lesson/text", "Lithium levels",
			"then acute kidney injury");
	indexkit_record(k, "a/lesson/title", "Lithium in AKI", "");
	indexkit_record(k, "a/lesson/same", "Acute kidney injury by lithium",
			"");
	assert_words(k, "lithium aki",
		     "a/lesson/title a/lesson/same a/lesson/text");
	assert_words(k, "aki lithium levels", "a/lesson/text");
}

/* What people come for is first, however often others say the word. */
static void query_search__puts_fixes_before_talk_of_them(void **state)
{
	static const char want[] = "b/intervention/good b/intervention/idea"
				   " a/problem/p c/evidence/e d/endorsement/o";
	struct indexkit *k = *state;
	struct hits hits;

	indexkit_record(k, "d/endorsement/o", "Delirium delirium", "delirium");
	indexkit_record(k, "c/evidence/e", "Delirium delirium", "delirium");
	indexkit_record(k, "a/problem/p", "Delirium on the ward", "");
	indexkit_record(k, "b/intervention/idea", "Delirium delirium", "");
	indexkit_record(k, "b/intervention/good",
			"A better night for people with delirium", "");
	indexkit_evidence(k, "e", "b/intervention/good", 0.5, 0.3, 0.8);
	assert_words(k, "delirium", want);
	hits = ask(k, (struct search){ .words = "delirium", .limit = 3 });
	assert_string_equal(hits.list[0].ref, "b/intervention/good");
	assert_string_equal(hits.list[0].maturity, "improved-once");
	hits_release(&hits);
	/* but not before what has the word in its title */
	indexkit_record(k, "b/intervention/text", "Clocks", "delirium");
	hits = ask(k, (struct search){ .words = "delirium" });
	assert_string_equal(hits.list[hits.n - 1].ref, "b/intervention/text");
	hits_release(&hits);
}

/* ---- withdrawn, withheld ---- */

static void query_search__puts_withdrawn_things_we_use_first(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;

	indexkit_record(k, "lead/intervention/other", "Sepsis sepsis sepsis",
			"sepsis");
	indexkit_version(k, "lead/intervention/other", "withdraw", "a mistake");
	indexkit_record(k, "lead/intervention/used", "Screening at triage",
			"for many things, and among them for sepsis");
	indexkit_adopt(k, "home", "lead/intervention/used", "embedded",
		       "2026-01-01");
	indexkit_withdraw(k, "lead/withdrawal/used", "lead/intervention/used",
			  "stop-now");
	hits = ask(k, (struct search){ .words = "sepsis" });
	assert_int_equal(hits.n, 4);
	assert_string_equal(hits.list[0].ref, "lead/intervention/used");
	assert_true(hits.list[0].withdrawn);
	assert_true(hits.list[0].ours);
	assert_string_equal(hits.list[0].level, "stop-now");
	/* others like any that failed: behind what may help */
	assert_string_equal(hits.list[1].ref, TROLLEY);
	assert_string_equal(hits.list[2].ref, "lead/intervention/other");
	assert_true(hits.list[2].withdrawn);
	assert_false(hits.list[2].ours);
	assert_false(hits.list[1].withdrawn);
	hits_release(&hits);
	/* even where the list has room for one */
	hits = ask(k, (struct search){ .words = "sepsis", .limit = 1 });
	assert_string_equal(hits.list[0].ref, "lead/intervention/used");
	hits_release(&hits);
	/* not where it does not match */
	assert_words(k, "poster", LAPAROTOMY);
	/* acknowledged: like any other */
	indexkit_link(k, "home/adoption/use", "acknowledges",
		      "lead/withdrawal/used", 1);
	hits = ask(k, (struct search){ .words = "sepsis" });
	assert_string_equal(hits.list[0].ref, TROLLEY);
	hits_release(&hits);
}

static void query_search__shows_nothing_that_is_withheld(void **state)
{
	struct indexkit *k = *state;

	indexkit_withhold(k, TROLLEY, "nhs-number");
	assert_words(k, "trolley", "");
	assert_found(k, (struct search){ .topic = "sepsis" }, LATE);
	assert_found(k, (struct search){ .kind = "intervention" }, LAPAROTOMY);
}

/* ---- hostile words ---- */

static void query_search__takes_no_sign_for_an_operator(void **state)
{
	static const char *const words[] = {
		"\"",
		"\"\"\"",
		"trolley\"",
		"\"sealed trolley",
		"trolley AND",
		"AND trolley",
		"NOT trolley",
		"trolley NOT sealed",
		"trolley OR",
		"NEAR(trolley sealed)",
		"NEAR(trolley sealed, 2)",
		"title:trolley",
		"{title} : trolley",
		"-trolley",
		"^trolley",
		"trolley*",
		"*",
		"trolley + sealed",
		"(trolley",
		"trolley)",
		"trolley; DROP TABLE record",
		"trolley'",
		"' OR ''='",
		"trolley\\",
		"%trolley%",
		"trolley\x01\x02\x1b[2J",
		"\xff\xfe trolley",
		"trolley \xf0\x9f\x9a\x91",
		"\xf0\x9f\x9a\x91",
		"\xe2\x80\x9ctrolley\xe2\x80\x9d",
		"\xed\xa0\x80",
		"?!.,;:-_/()[]{}<>@#$%^&*+=~`|",
	};
	struct indexkit *k = *state;
	struct hits hits;
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		hits = ask(k, (struct search){ .words = words[i] });
		hits_release(&hits);
		hits = ask(k, (struct search){ .words = words[i],
					       .exact = true,
					       .kind = "problem" });
		assert_int_equal(hits.n, 0);
		hits_release(&hits);
	}
	/* words of the language of FTS5 are words */
	assert_words(k, "NEAR trolley", "");
	assert_words(k, "NOT trolley", TROLLEY);
	assert_words(k, "trolley*", TROLLEY);
	assert_words(k, "-trolley", TROLLEY);
	assert_words(k, "\xe2\x80\x9ctrolley\xe2\x80\x9d", TROLLEY);
}

static void query_search__finds_nothing_for_signs_alone(void **state)
{
	assert_words(*state, "?!", "");
	assert_found(*state,
		     (struct search){ .words = "\"", .topic = "sepsis" }, "");
}

static void query_search__bounds_what_it_reads(void **state)
{
	struct indexkit *k = *state;
	char *text = malloc(10241);
	struct hits hits;
	size_t i;

	assert_non_null(text);
	memset(text, 'a', 10240);
	text[10240] = '\0';
	hits = ask(k, (struct search){ .words = text });
	assert_int_equal(hits.n, 0);
	hits_release(&hits);
	for (i = 1; i < 10240; i += 2) {
		text[i] = ' ';
	}
	hits = ask(k, (struct search){ .words = text });
	hits_release(&hits);
	memset(text, '"', 10240);
	hits = ask(k, (struct search){ .words = text });
	assert_int_equal(hits.n, 0);
	hits_release(&hits);
	/* every name in the vocabulary that fits, again and again */
	for (i = 0; i < 200; i++) {
		(void)snprintf(text + 44 * i, 45, "%s",
			       "sepsis aki falls nela suicide kss emergency ");
	}
	hits = ask(k, (struct search){ .words = text });
	assert_int_equal(hits.n, 0);
	hits_release(&hits);
	free(text);
}

static void query_search__answers_from_an_empty_index(void **state)
{
	struct indexkit *k = *state;

	indexkit_sql(k, "DELETE FROM record; DELETE FROM search;"
			" DELETE FROM term; DELETE FROM tag");
	assert_words(k, "trolley", "");
	assert_found(k, (struct search){ .topic = "sepsis" }, "");
	assert_words(k, "wessex", "");
}

/* ---- selections ---- */

static void query_select__lists_all_by_name(void **state)
{
	struct indexkit *k = *state;
	struct hits hits;

	indexkit_withhold(k, KIDNEY, "nhs-number");
	assert_int_equal(query_select(k->x, &(struct search){ .limit = 0 },
				      &hits, &k->msg),
			 WEALD_OK);
	assert_int_equal(hits.n, 3);
	assert_string_equal(hits.list[0].ref, TROLLEY);
	assert_string_equal(hits.list[1].ref, LATE);
	assert_string_equal(hits.list[2].ref, LAPAROTOMY);
	hits_release(&hits);
	assert_int_equal(query_select(k->x,
				      &(struct search){ .topic = "sepsis",
							.limit = 1 },
				      &hits, &k->msg),
			 WEALD_OK);
	assert_int_equal(hits.n, 1);
	assert_int_equal(hits.total, 2);
	hits_release(&hits);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(query_search__wants_all_words_in_any_order),
		TEST(query_search__finds_stems),
		TEST(query_search__puts_titles_first),
		TEST(query_search__drops_the_small_words_of_a_question),
		TEST(query_search__knows_other_names_of_topics),
		TEST(query_search__knows_labels_of_settings),
		TEST(query_search__takes_a_region_for_its_records),
		TEST(query_search__finds_beginnings_of_words),
		TEST(query_search__forgives_slips),
		TEST(query_search__forgives_short_words_less),
		TEST(query_search__corrects_to_the_most_frequent),
		TEST(query_search__leaves_words_that_are_there),
		TEST(query_search__corrects_nothing_where_told),
		TEST(query_search__shows_the_line_with_most_words),
		TEST(query_search__cuts_long_lines_around_the_word),
		TEST(query_search__filters),
		TEST(query_search__takes_all_since_a_time),
		TEST(query_search__lists_the_newest_without_words),
		TEST(query_search__counts_what_it_does_not_list),
		TEST(query_search__has_one_order_whatever_came_first),
		TEST(query_search__ranks_very_many_by_title_and_time),
		TEST(query_search__weighs_words_as_sqlite_does),
		TEST(query_search__knows_other_names_beside_rare_words),
		TEST(query_search__puts_fixes_before_talk_of_them),
		TEST(query_search__puts_withdrawn_things_we_use_first),
		TEST(query_search__shows_nothing_that_is_withheld),
		TEST(query_search__takes_no_sign_for_an_operator),
		TEST(query_search__finds_nothing_for_signs_alone),
		TEST(query_search__bounds_what_it_reads),
		TEST(query_search__answers_from_an_empty_index),
		TEST(query_select__lists_all_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
