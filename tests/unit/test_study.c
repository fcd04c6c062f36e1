#include "store/evidence/study.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "store/fs.h"

/* Tests run from the root of the repository. */
#define DATA "tests/data/effects/"

/* ---- helpers -------------------------------------------------------------
 */

static void assert_close(double got, double expected)
{
	if (!(fabs(got - expected) <= 1e-6 * fabs(expected))) {
		print_error("%.15g is not %.15g\n", got, expected);
		fail();
	}
}

/* A series of @n months, @n0 of them before; @y events of 1,000 each. */
struct made {
	struct series_row rows[120];
	struct series series;
};

static void made_steady(struct made *m, size_t n, size_t n0, double y)
{
	size_t i;

	memset(m, 0, sizeof *m);
	for (i = 0; i < n; i++) {
		m->rows[i] = (struct series_row){
			.month = (int32_t)i,
			.day = 1,
			.numerator = y + (double)(i * 7 % 5),
			.denominator = 1000,
			.phase = i < n0 ? SERIES_BEFORE : SERIES_AFTER,
		};
	}
	m->series = (struct series){ .rows = m->rows, .n = n };
}

static void study_of(struct made *m, const struct study_measure *measure,
		     struct study *out)
{
	assert_int_equal(study_make(&m->series, measure, NULL, 0, out),
			 WEALD_OK);
}

static const struct study_measure rate = { .shape = EFFECT_RATE,
					   .chart = CHART_XMR,
					   .per = 1000 };

static struct record *record_of(const char *text)
{
	struct problems ignored = { .n = 0 };
	struct record *record = NULL;

	assert_int_equal(record_parse(span_of(text), &record, &ignored),
			 WEALD_OK);
	problems_release(&ignored);
	return record;
}

/* ---- the example series --------------------------------------------------
 */

static void read_series(const char *name, struct series *out)
{
	struct problems problems = { .n = 0 };
	char path[200];
	struct buf csv;

	buf_init(&csv, 1u << 20);
	(void)snprintf(path, sizeof path, DATA "series/%s.csv", name);
	assert_int_equal(fs_read_file(path, 1u << 20, &csv, NULL), WEALD_OK);
	assert_int_equal(series_parse(buf_span(&csv), path, NULL, out,
				      &problems),
			 WEALD_OK);
	assert_int_equal(problems.errors, 0);
	problems_release(&problems);
	buf_release(&csv);
}

static double number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void assert_limits(const struct chart_point *p, const json_t *expected)
{
	assert_close(p->centre, number(expected, "mean"));
	assert_close(p->lower, number(expected, "lpl"));
	if (json_object_get(expected, "upl") != NULL) {
		assert_close(p->upper, number(expected, "upl"));
	}
}

/* What R's package calls the last point. */
static const char *peer_name(const struct chart *c)
{
	static const char *const names[] = {
		[CHART_VARIATION_COMMON] = "common_cause",
		[CHART_VARIATION_IMPROVEMENT] = "special_cause_improvement",
		[CHART_VARIATION_CONCERN] = "special_cause_concern",
	};

	return names[c->variation];
}

static void check_example(const char *name, const json_t *expected)
{
	const json_t *fixed = json_object_get(expected, "xmr_baseline_fixed12");
	const json_t *groups = json_object_get(expected, "xmr_rebased");
	const bool is_rate = strncmp(name, "hospital", 8) == 0 ||
			     strncmp(name, "violence", 8) == 0;
	/* per 100 throughout, as their author had it */
	const struct study_measure m = { .shape = is_rate ? EFFECT_RATE
							  : EFFECT_PROPORTION,
					 .chart = CHART_XMR,
					 .per = 100 };
	const char *last =
		json_string_value(json_object_get(fixed, "last_point_type"));
	struct series series;
	struct study study;

	read_series(name, &series);
	assert_int_equal(study_make(&series, &m, NULL, 0, &study), WEALD_OK);
	assert_int_equal(study.rebased.groups, json_object_size(groups));
	assert_limits(&study.rebased.points[0], json_object_get(groups, "0"));
	if (study.has_start) {
		assert_limits(&study.frozen.points[0], fixed);
		assert_string_equal(peer_name(&study.frozen), last);
		assert_limits(&study.rebased.points[study.rebased.n - 1],
			      json_object_get(groups, "1"));
	} else {
		assert_int_equal(study.frozen.n, 0);
	}
	study_release(&study);
	series_release(&series);
}

static void study_make__agrees_with_r_on_the_examples(void **state)
{
	json_error_t err;
	json_t *all =
		json_load_file(DATA "example-series.expected.json", 0, &err);
	const char *name;
	json_t *one;

	(void)state;
	assert_non_null(all);
	assert_int_equal(json_object_size(json_object_get(all, "series")), 16);
	json_object_foreach(json_object_get(all, "series"), name, one)
	{
		check_example(name, one);
	}
	json_decref(all);
}

/* ---- both charts ---------------------------------------------------------
 */

static void study_make__shows_a_change_in_one_chart_alone(void **state)
{
	struct made m;
	struct study study;
	size_t i;

	(void)state;
	made_steady(&m, 30, 15, 50);
	for (i = 15; i < 30; i++) {
		m.rows[i].numerator -= 20;
	}
	study_of(&m, &rate, &study);
	assert_int_equal(study.frozen.groups, 1);
	assert_int_equal(study.frozen.variation, CHART_VARIATION_IMPROVEMENT);
	assert_int_equal(study.rebased.groups, 2);
	assert_int_equal(study.rebased.variation, CHART_VARIATION_COMMON);
	assert_true(study.has_start);
	assert_int_equal(study.start_month, 15);
	assert_int_equal(study.own_trend.state, EFFECT_FULL);
	assert_int_equal(study.season.state, EFFECT_TOO_EARLY);
	study_release(&study);
}

static void study_make__has_one_chart_without_a_start(void **state)
{
	struct made m;
	struct study study;

	(void)state;
	made_steady(&m, 24, 24, 50);
	study_of(&m, &rate, &study);
	assert_false(study.has_start);
	assert_int_equal(study.frozen.n, 0);
	assert_int_equal(study.frozen.state, CHART_TOO_FEW);
	assert_int_equal(study.rebased.n, 24);
	assert_int_equal(study.rebased.groups, 1);
	assert_int_equal(study.own_trend.state, EFFECT_TOO_EARLY);
	study_release(&study);
	/* nothing before: nothing to hold on to */
	made_steady(&m, 24, 0, 50);
	study_of(&m, &rate, &study);
	assert_true(study.has_start);
	assert_int_equal(study.frozen.n, 0);
	assert_int_equal(study.rebased.n, 24);
	study_release(&study);
}

static void study_make__adds_the_periods_up(void **state)
{
	struct made m;
	struct study study;

	(void)state;
	made_steady(&m, 24, 12, 10);
	m.rows[12].phase = SERIES_TRANSITION;
	m.rows[3].missing = true;
	study_of(&m, &rate, &study);
	assert_int_equal(study.periods[SERIES_BEFORE].rows, 11);
	assert_int_equal(study.periods[SERIES_TRANSITION].rows, 1);
	assert_int_equal(study.periods[SERIES_AFTER].rows, 11);
	assert_int_equal(study.missing, 1);
	assert_close(study.periods[SERIES_BEFORE].of, 11000);
	assert_close(study.periods[SERIES_BEFORE].value,
		     study.periods[SERIES_BEFORE].events / 11);
	study_release(&study);
}

static void study_make__takes_a_chart_that_fits(void **state)
{
	struct study_measure m = rate;
	struct study study;
	struct made made;

	(void)state;
	made_steady(&made, 24, 12, 50);
	m.chart = CHART_P; /* of proportions */
	study_of(&made, &m, &study);
	assert_true(study.chart_unfit);
	assert_int_equal(study.rebased.type, CHART_XMR);
	study_release(&study);
	m.chart = CHART_U;
	study_of(&made, &m, &study);
	assert_false(study.chart_unfit);
	assert_int_equal(study.rebased.type, CHART_U);
	study_release(&study);
}

static void study_make__follows_rebases_with_enough_on_each_side(void **state)
{
	const struct study_rebase rebases[] = {
		{ 60 }, { 12 }, { 24 }, { 40 }, { 12 }
	};
	struct made m;
	struct study study;

	(void)state;
	/* the start is 36; 40 is too near to it, 60 to the end */
	made_steady(&m, 66, 36, 50);
	assert_int_equal(study_make(&m.series, &rate, rebases, 5, &study),
			 WEALD_OK);
	assert_int_equal(study.rebases_n, 2);
	assert_int_equal(study.rebases_left, 2);
	assert_int_equal(study.rebased.groups, 4);
	assert_int_equal(study.frozen.groups, 1);
	assert_int_equal(study.rebased.points[12].group, 1);
	assert_int_equal(study.rebased.points[40].group, 3);
	study_release(&study);
}

static void study_record__reads_the_field_rebase(void **state)
{
	struct record *record = record_of(
		"---\nkind: evidence\nrebase:\n"
		"  - {date: 1971-02-01, reason: new form, by_role: lead}\n"
		"  - {date: soon, reason: none, by_role: lead}\n---\n");
	struct made m;
	struct study study;

	(void)state;
	made_steady(&m, 48, 48, 50);
	assert_int_equal(study_record(record, &m.series, &rate, &study),
			 WEALD_OK);
	assert_int_equal(study.rebases_n, 1);
	assert_int_equal(study.rebased.groups, 2);
	assert_int_equal(study.rebased.points[13].group, 1);
	assert_int_equal(study.rebased.points[12].group, 0);
	study_release(&study);
	record_free(record);
}

/* ---- measures ------------------------------------------------------------
 */

static void study_measure_of__reads_a_measure(void **state)
{
	struct record *record = record_of(
		"---\nkind: measure\ntype: balancing\nshape: rate\n"
		"direction: increase\nper: 1000\nchart: u\ntarget: 2.5\n---\n");
	struct record *bare =
		record_of("---\nkind: measure\nshape: count\ntarget: null\n"
			  "---\n");
	struct record *other = record_of("---\nkind: problem\n---\n");
	struct study_measure m;

	(void)state;
	assert_true(study_measure_of(record, &m));
	assert_int_equal(m.shape, EFFECT_RATE);
	assert_int_equal(m.direction, CHART_INCREASE);
	assert_int_equal(m.chart, CHART_U);
	assert_true(m.balancing && m.has_target);
	assert_true(m.per == 1000 && m.target == 2.5);
	assert_false(study_is_judged(&m));
	assert_true(study_measure_of(bare, &m));
	assert_int_equal(m.chart, CHART_AUTO);
	assert_false(m.has_target);
	assert_true(study_is_judged(&m));
	assert_false(study_measure_of(other, &m));
	assert_false(study_measure_of(NULL, &m));
	record_free(other);
	record_free(bare);
	record_free(record);
}

/* Longer between is fewer events, whichever of the two the measure means. */
static void study_is_judged__is_where_fewer_events_are_better(void **state)
{
	struct study_measure m = { .shape = EFFECT_TIME_BETWEEN,
				   .direction = CHART_INCREASE };

	(void)state;
	assert_true(study_is_judged(&m));
	m.balancing = true;
	assert_false(study_is_judged(&m));
	m.balancing = false;
	m.direction = CHART_DECREASE;
	assert_true(study_is_judged(&m));
	m.direction = CHART_NEUTRAL;
	assert_false(study_is_judged(&m));
	m.shape = EFFECT_MEAN;
	assert_false(study_is_judged(&m));
	m.direction = CHART_INCREASE;
	assert_false(study_is_judged(&m));
}

static void study_measure_run__makes_one_run_chart(void **state)
{
	struct study_measure measure;
	struct study study;
	struct made m;

	(void)state;
	made_steady(&m, 24, 12, 5); /* some 7 of 1,000 */
	study_measure_run(&m.series, &measure);
	assert_true(measure.per == 1000);
	study_of(&m, &measure, &study);
	assert_int_equal(study.rebased.type, CHART_RUN);
	assert_int_equal(study.rebased.groups, 1);
	assert_int_equal(study.frozen.n, 0);
	assert_int_equal(study.own_trend.state, EFFECT_TOO_EARLY);
	assert_int_equal(study.before_after.state, EFFECT_TOO_EARLY);
	study_release(&study);
	/* nothing at all */
	made_steady(&m, 2, 2, 0);
	m.rows[0].numerator = m.rows[1].numerator = 0;
	study_measure_run(&m.series, &measure);
	assert_true(measure.per == 1);
}

/* ---- words ---------------------------------------------------------------
 */

static void assert_sentence(double ratio, double low, double high,
			    const char *words)
{
	const struct effect e = {
		.state = EFFECT_FULL, .ratio = ratio, .low = low, .high = high
	};
	char out[STUDY_SENTENCE_BYTES];

	study_sentence(&e, out);
	assert_string_equal(out, words);
}

static void study_sentence__says_how_many_fewer(void **state)
{
	(void)state;
	assert_sentence(0.78, 0.62, 0.98,
			"22 % fewer than the earlier trend would have given "
			"(range 2 % to 38 % fewer)");
	assert_sentence(0.78, 0.48, 1.26,
			"22 % fewer than the earlier trend would have given "
			"(range 52 % fewer to 26 % more)");
	assert_sentence(1.5, 1.2, 2,
			"50 % more than the earlier trend would have given "
			"(range 20 % to 100 % more)");
	assert_sentence(1.001, 0.9, 1.1,
			"as many as the earlier trend would have given "
			"(range 10 % fewer to 10 % more)");
}

static void study_sentence__says_what_is_lacking(void **state)
{
	struct effect e = { .state = EFFECT_TOO_EARLY,
			    .months_before = 12,
			    .months_after = 5 };
	char out[STUDY_SENTENCE_BYTES];
	enum effect_state state_of;

	(void)state;
	study_sentence(&e, out);
	assert_string_equal(out, "too early to say: 5 months after, 6 are "
				 "needed");
	e.months_before = 1;
	study_sentence(&e, out);
	assert_string_equal(out, "too early to say: 1 month before and 5 "
				 "after, 8 and 6 are needed");
	e.months_before = e.months_after = 20;
	study_sentence(&e, out);
	assert_string_equal(out, "too early to say: too few events before or "
				 "after");
	e.state = EFFECT_NO_SCATTER;
	study_sentence(&e, out);
	assert_string_equal(out, "no ratio: the figures do not vary at all, so "
				 "nobody can say how sure a difference is");
	for (state_of = EFFECT_TOO_EARLY; state_of <= EFFECT_NO_FIT;
	     state_of++) {
		e.state = state_of;
		study_sentence(&e, out);
		assert_true(out[0] != '\0');
		assert_true(study_advice(state_of)[0] != '\0');
	}
}

static void study_sentence_as__speaks_of_means_and_of_before(void **state)
{
	const struct effect e = {
		.state = EFFECT_FULL, .ratio = 0.9, .low = 0.8, .high = 1.1
	};
	char out[STUDY_SENTENCE_BYTES];

	(void)state;
	study_sentence_as(&e, EFFECT_MEAN, STUDY_BEFORE, out);
	assert_string_equal(out, "10 % lower than before, not allowing for "
				 "trend (range 20 % lower to 10 % higher)");
	study_sentence_as(&e, EFFECT_RATE, STUDY_CONTROLLED, out);
	assert_string_equal(out, "10 % fewer than regions without it would "
				 "suggest (range 20 % fewer to 10 % more)");
}

/* Fewer events, where the figures of the record are days and go up. */
static void study_sentence_as__says_of_what_where_days_are_measured(
	void **state)
{
	struct effect e = {
		.state = EFFECT_FULL, .ratio = 0.23, .low = 0.12, .high = 0.5
	};
	char out[STUDY_SENTENCE_BYTES];

	(void)state;
	study_sentence_as(&e, EFFECT_TIME_BETWEEN, STUDY_TREND, out);
	assert_string_equal(out, "77 % fewer events a day than the earlier "
				 "trend would have given (range 50 % to 88 % "
				 "fewer)");
	e.ratio = 1;
	e.high = 1.5;
	study_sentence_as(&e, EFFECT_TIME_BETWEEN, STUDY_BEFORE, out);
	assert_string_equal(out, "as many events a day as before, not allowing "
				 "for trend (range 88 % fewer to 50 % more)");
	e.ratio = e.high = 2000;
	study_sentence_as(&e, EFFECT_TIME_BETWEEN, STUDY_BEFORE, out);
	assert_string_equal(out, "over 1000 times as many events a day as "
				 "before, not allowing for trend (range 88 % "
				 "fewer to over 1000 times as many)");
}

/* Nobody reads thousands of percent. */
static void study_sentence_as__stops_at_a_thousand_times(void **state)
{
	struct effect e = {
		.state = EFFECT_FULL, .ratio = 2000, .low = 1.5, .high = 1e6
	};
	char out[STUDY_SENTENCE_BYTES];

	(void)state;
	study_sentence_as(&e, EFFECT_RATE, STUDY_TREND, out);
	assert_string_equal(out, "over 1000 times as many as the earlier trend "
				 "would have given (range 50 % more to over "
				 "1000 times as many)");
	e.low = 0.5;
	e.ratio = 900;
	study_sentence_as(&e, EFFECT_MEAN, STUDY_BEFORE, out);
	assert_string_equal(out, "89900 % higher than before, not allowing for "
				 "trend (range 50 % lower to over 1000 times "
				 "as high)");
	e.low = 1001;
	e.ratio = 2000;
	study_sentence_as(&e, EFFECT_RATE, STUDY_BEFORE, out);
	assert_string_equal(out, "over 1000 times as many as before, not "
				 "allowing for trend (range over 1000 times as "
				 "many)");
}

static void study_words__say_what_the_last_point_is(void **state)
{
	char out[STUDY_WORDS_BYTES];
	struct study_measure with_target = rate;
	struct study study;
	struct made m;
	size_t i;

	(void)state;
	with_target.has_target = true;
	with_target.target = 20;
	made_steady(&m, 30, 15, 50);
	for (i = 15; i < 30; i++) {
		m.rows[i].numerator -= 5;
	}
	study_of(&m, &with_target, &study);
	study_variation_words(&study.frozen, out);
	assert_string_equal(out, "improvement, low (7 or more below the "
				 "centre line)");
	study_variation_words(&study.rebased, out);
	assert_string_equal(out, "common cause (nothing stands out)");
	study_signals_words(&study.rebased, out);
	assert_string_equal(out, "none");
	study_signals_words(&study.frozen, out);
	assert_non_null(strstr(out, "in a shift"));
	study_assurance_words(&study.frozen, out);
	assert_string_equal(out, "fails: the target is missed whatever chance "
				 "does");
	study_anhoej_words(&study.rebased.anhoej, out);
	assert_memory_equal(out, "signal: ", 8);
	assert_int_equal(study_decimals(&study.frozen), 1);
	study_release(&study);
}

static void study_unit__says_what_a_value_is(void **state)
{
	static const struct {
		enum effect_shape shape;
		const char *words;
	} units[] = { { EFFECT_RATE, "per 1000" },
		      { EFFECT_PROPORTION, "per 1000" },
		      { EFFECT_COUNT, "a month" },
		      { EFFECT_MEAN, "mean" },
		      { EFFECT_TIME_BETWEEN, "days between" } };
	struct study_measure m = rate;
	char out[STUDY_UNIT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof units / sizeof units[0]; i++) {
		m.shape = units[i].shape;
		study_unit(&m, out);
		assert_string_equal(out, units[i].words);
	}
}

static void study_chart_advice__says_what_to_do(void **state)
{
	struct study study;
	struct made m;

	(void)state;
	made_steady(&m, 24, 12, 50);
	m.rows[4].denominator = 0;
	study_of(&m, &rate, &study);
	assert_int_equal(study.rebased.state, CHART_NO_DENOMINATOR);
	assert_int_equal(study.rebased.n, 0);
	assert_int_equal(study.own_trend.state, EFFECT_NO_DENOMINATOR);
	assert_non_null(strstr(study_chart_advice(study.rebased.state),
			       "put its denominator right"));
	study_release(&study);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(study_make__agrees_with_r_on_the_examples),
		cmocka_unit_test(study_make__shows_a_change_in_one_chart_alone),
		cmocka_unit_test(study_make__has_one_chart_without_a_start),
		cmocka_unit_test(study_make__adds_the_periods_up),
		cmocka_unit_test(study_make__takes_a_chart_that_fits),
		cmocka_unit_test(
			study_make__follows_rebases_with_enough_on_each_side),
		cmocka_unit_test(study_record__reads_the_field_rebase),
		cmocka_unit_test(study_measure_of__reads_a_measure),
		cmocka_unit_test(
			study_is_judged__is_where_fewer_events_are_better),
		cmocka_unit_test(study_measure_run__makes_one_run_chart),
		cmocka_unit_test(study_sentence__says_how_many_fewer),
		cmocka_unit_test(study_sentence__says_what_is_lacking),
		cmocka_unit_test(
			study_sentence_as__speaks_of_means_and_of_before),
		cmocka_unit_test(
			study_sentence_as__says_of_what_where_days_are_measured),
		cmocka_unit_test(study_sentence_as__stops_at_a_thousand_times),
		cmocka_unit_test(study_words__say_what_the_last_point_is),
		cmocka_unit_test(study_unit__says_what_a_value_is),
		cmocka_unit_test(study_chart_advice__says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
