/*
 * What the index keeps of studies for comparing them: facts, effects, numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/numbers.h"
#include "tests/unit/deskkit.h"

#define EVIDENCE "evidence/2026-11/night-light-two-wards"
#define EVIDENCE_TEXT                                                         \
	"---\n"                                                               \
	"kind: evidence\n"                                                    \
	"title: Lamps on two wards\n"                                         \
	"topics: [falls]\n"                                                   \
	"settings: [acute-ward]\n"                                            \
	"intervention: south-west/intervention/night-light\n"                 \
	"measure: south-west/measure/falls\n"                                 \
	"design: its\n"                                                       \
	"start: 2025-01-01\n"                                                 \
	"series: data.csv\n"                                                  \
	"fidelity: {planned: all beds, actual: all beds, how_known: audit}\n" \
	"other_changes: []\n"                                                 \
	"unintended: none\n"                                                  \
	"conclusion: improved\n"                                              \
	"patient_involvement: {level: none}\n"                                \
	"contact: {role: Falls lead, mailbox: falls@example.nhs.uk}\n"        \
	"---\n"

/* Two years a month a row, halved after the first. */
static const char *series(void)
{
	static char csv[2048];
	size_t len;
	int i;

	len = (size_t)snprintf(csv, sizeof csv,
			       "month,numerator,denominator\n");
	for (i = 0; i < 24; i++) {
		len += (size_t)snprintf(csv + len, sizeof csv - len,
					"%d-%02d-01,%d,1000\n", 2024 + i / 12,
					i % 12 + 1,
					(i < 12 ? 80 : 40) + i * 7 % 5);
	}
	return csv;
}

static void index_fill__computes_effects(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = EVIDENCE,
			   .text = EVIDENCE_TEXT,
			   .data = series(),
			   .action = ACTION_PUBLISH };

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	p.record = "evidence/2026-11/broken-series";
	p.data = "month,numerator,denominator\n2024-01-01,many,1000\n";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d,
				     "SELECT known FROM record"
				     " WHERE slug = 'night-light-two-wards'"),
			 1);
	assert_string_equal(
		desk_text(d, "SELECT group_concat(shape || '=' || state, ' ')"
			     " FROM (SELECT * FROM effect ORDER BY shape)"),
		"count=full mean=full proportion=full rate=full"
		" time-between=full");
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM effect WHERE"
				     " shape = 'rate' AND ratio BETWEEN 0.4 AND"
				     " 0.6 AND low < ratio AND ratio < high"
				     " AND high < 1"),
			 1);
	desk_assert_pure(d);
}

#define EFFECT_COLUMNS                                                      \
	"abs(log_ratio - ln(ratio)) < 1e-12 AND variance > 0 AND df = 21"   \
	" AND phi > 0 AND abs(lag1) < 1 AND half_added = 0 AND"             \
	" months_before = 12 AND months_after = 12 AND plain_state = state" \
	" AND abs(plain_log - ln(plain_ratio)) < 1e-12 AND"                 \
	" plain_variance > 0 AND plain_df = 22 AND plain_low < plain_ratio" \
	" AND plain_ratio < plain_high AND plain_high < 1"

static void index_fill__has_what_comparing_needs_of_an_effect(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = EVIDENCE,
			   .text = EVIDENCE_TEXT,
			   .data = series(),
			   .action = ACTION_PUBLISH };

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	p.record = "evidence/2026-11/too-early";
	p.data = "month,numerator,denominator\n"
		 "2024-12-01,5,10\n2025-01-01,5,10\n";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM effect"
				     " WHERE shape IN ('rate', 'proportion',"
				     " 'count', 'mean') AND " EFFECT_COLUMNS),
			 4);
	/* 43 * 12 of 83 * 12 */
	assert_int_equal(desk_number(d,
				     "SELECT count(*) FROM effect WHERE shape"
				     " = 'rate' AND plain_ratio BETWEEN 0.5 AND"
				     " 0.55 AND phi = 1"),
			 1);
	assert_string_equal(
		desk_text(d,
			  "SELECT state || ' ' || ratio || ' ' || log_ratio"
			  " || ' ' || variance || ' ' || df || ' ' || phi ||"
			  " ' ' || lag1 || ' ' || months_before || ' ' ||"
			  " months_after || ' ' || plain_state || ' ' ||"
			  " plain_ratio || ' ' || plain_df FROM effect, record"
			  " WHERE id = record AND slug = 'too-early' AND"
			  " shape = 'rate'"),
		"too-early 0.0 0.0 0.0 0 0.0 0.0 1 1 too-early 0.0 0");
	desk_assert_pure(d);
}

static void index_fill__keeps_the_numbers_of_a_series(void **state)
{
	struct desk *d = *state;
	struct paper p = { .record = EVIDENCE,
			   .text = EVIDENCE_TEXT,
			   .data = series(),
			   .action = ACTION_PUBLISH };
	struct series s = { .n = 0 };
	sqlite3_stmt *row = NULL;
	struct span data;
	bool there = false;

	(void)desk_found(d, "south-west");
	desk_sign(d, 0, &p);
	p.record = "evidence/2026-11/broken-series";
	p.data = "month,numerator,denominator\n2024-01-01,many,1000\n";
	desk_sign(d, 0, &p);
	p.record = "priority/2026-11/lamps";
	p.text = "---\nkind: priority\nbaseline_series: data.csv\n---\n";
	p.data = "month,numerator,denominator\n2024-01-01,3,1000\n";
	desk_sign(d, 0, &p);
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(desk_text(d, "SELECT group_concat(slug, ' ') FROM"
					 " (SELECT slug FROM record, numbers"
					 " WHERE id = record ORDER BY slug)"),
			    "lamps night-light-two-wards");
	assert_int_equal(desk_number(d, "SELECT count(*) FROM effect, record"
					" WHERE id = record AND"
					" kind = 'priority'"),
			 0);
	feed_ok(d->k, index_ask(d->x,
				"SELECT data FROM numbers, record"
				" WHERE id = record AND kind = 'evidence'",
				&row, &d->k->msg, ""));
	feed_ok(d->k, index_step(d->x, row, &there, &d->k->msg));
	assert_true(there);
	data.data = sqlite3_column_blob(row, 0);
	data.len = (size_t)sqlite3_column_bytes(row, 0);
	assert_int_equal(numbers_read(data, &s), WEALD_OK);
	index_done(d->x, row);
	assert_int_equal(s.n, 24);
	assert_int_equal(s.rows[23].month, 55 * 12 + 11);
	assert_true(s.rows[23].numerator == 40 + 23 * 7 % 5);
	assert_true(s.rows[23].denominator == 1000);
	assert_int_equal(s.rows[11].phase, SERIES_BEFORE);
	assert_int_equal(s.rows[12].phase, SERIES_AFTER);
	series_release(&s);
	desk_assert_pure(d);
}

/* name=value, by name, of a record, but for what it must have anyway. */
static const char *facts_of(struct desk *d, const char *slug)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		       "SELECT ifnull(group_concat(name || '=' || value, '|'),"
		       " '') FROM (SELECT f.name, f.value FROM fact AS f,"
		       " record AS r WHERE r.id = f.record AND r.slug = '%s'"
		       " AND f.name NOT IN ('contact', 'design', 'start',"
		       " 'conclusion', 'stage', 'started', 'sites.using',"
		       " 'sites.planned') ORDER BY f.name)",
		       slug);
	return desk_text(d, sql);
}

static void publish_with(struct desk *d, const char *record, const char *kind,
			 const char *fields)
{
	char text[2048];

	(void)snprintf(text, sizeof text,
		       "---\nkind: %s\ntitle: Lamps\n%s---\n", kind, fields);
	desk_publish(d, 0, record, text);
}

static void index_fill__has_the_facts_that_certainty_needs(void **state)
{
	struct desk *d = *state;

	(void)desk_found(d, "south-west");
	publish_with(d, "evidence/2026-11/all", "evidence",
		     "fidelity: {planned: a, actual: b, how_known: c,"
		     " percent: 80}\n"
		     "other_changes: [new beds]\n"
		     "other_changes_could_explain: no\n"
		     "scope: {sites: 3, level: site}\n"
		     "transition_months: 2\n"
		     "measure_changed: no\n"
		     "judged_certainty: low\n"
		     "judged_by: Falls lead\n"
		     "judged_reason: the wards were chosen\n"
		     /* these are of other kinds */
		     "target: 5\nper: 1000\n");
	publish_with(d, "adoption/2026-11/none", "adoption",
		     "other_changes: []\ntransition_months: 1\n");
	publish_with(d, "adoption/2026-11/unsaid", "adoption",
		     "fidelity: {planned: a, actual: b, how_known: c,"
		     " percent: 101}\n");
	publish_with(d, "adoption/2026-11/empty", "adoption",
		     "other_changes:\ntransition_months: 9\n");
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(facts_of(d, "all"),
			    "fidelity.percent=80|judged_by=Falls lead"
			    "|judged_certainty=low"
			    "|judged_reason=the wards were chosen"
			    "|measure_changed=no|other_changes=some"
			    "|other_changes_could_explain=no"
			    "|scope.level=site|transition_months=2");
	assert_string_equal(facts_of(d, "none"),
			    "other_changes=none|transition_months=1");
	assert_string_equal(facts_of(d, "unsaid"), "");
	assert_string_equal(facts_of(d, "empty"), "");
	desk_assert_pure(d);
}

static void index_fill__has_what_a_measure_counts(void **state)
{
	struct desk *d = *state;

	(void)desk_found(d, "south-west");
	publish_with(d, "measure/2026-11/falls", "measure",
		     "type: outcome\nshape: rate\ndirection: decrease\n"
		     "undesired_event: a patient falls\n"
		     "numerator: falls\ndenominator: bed days\n"
		     "data_source: incidents\nfrequency: monthly\n"
		     "per: 1000\nchart: xmr\ntarget: 4.5\n"
		     "min_denominator: 200\n"
		     "transition_months: 2\n");
	publish_with(d, "withdrawal/2026-11/lamps", "withdrawal",
		     "target: south-west/intervention/night-light\n"
		     "level: stop-now\n");
	(void)desk_open(d);
	desk_fill_all(d);
	assert_string_equal(facts_of(d, "falls"),
			    "chart=xmr|data_source=incidents"
			    "|denominator=bed days|direction=decrease"
			    "|frequency=monthly|min_denominator=200"
			    "|numerator=falls|per=1000|shape=rate|target=4.5"
			    "|type=outcome|undesired_event=a patient falls");
	/* what it warns of is a link */
	assert_string_equal(facts_of(d, "lamps"), "level=stop-now");
	desk_assert_pure(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
		T(index_fill__computes_effects),
		T(index_fill__has_what_comparing_needs_of_an_effect),
		T(index_fill__keeps_the_numbers_of_a_series),
		T(index_fill__has_the_facts_that_certainty_needs),
		T(index_fill__has_what_a_measure_counts),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
