/*
 * Charts against what R packages computed of the same figures: every point and
 * every field of the cases in tests/data/charts, and the charts of all example
 * series. README.md there says whose they are.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "store/evidence/chart_private.h"
#include "tests/unit/chartkit.h"

#define CLOSE 1e-6

/* ---- NHSRplotthedots -----------------------------------------------------
 */

/* A point's label in the words of the peer. */
static void peer_label(const struct chart_point *p, char out[60])
{
	static const char *const forms[][2] = {
		[CHART_COMMON] = { "Common Cause", "Common Cause" },
		[CHART_OUTSIDE] = { "Below LCL", "Above UCL" },
		[CHART_TREND] = { "7 Point Trend (Decreasing)",
				  "7 Point Trend (Increasing)" },
		[CHART_TWO_IN_THREE] = { "2 in 3 Below CL", "2 in 3 Above CL" },
		[CHART_SHIFT] = { "7 Points Below CL", "7 Points Above CL" },
	};

	(void)snprintf(out, 60, "%s", forms[p->signal][p->above ? 1 : 0]);
}

static const char *peer_point_type(const struct chart_point *p,
				   enum chart_direction direction)
{
	if (p->signal == CHART_COMMON) {
		return "common_cause";
	}
	return p->above == (direction == CHART_INCREASE)
		       ? "special_cause_improvement"
		       : "special_cause_concern";
}

static void peer_variation(const struct chart *c, char out[60])
{
	static const char *const words[] = {
		[CHART_VARIATION_NONE] = "",
		[CHART_VARIATION_COMMON] = "common_cause",
		[CHART_VARIATION_IMPROVEMENT] = "improvement",
		[CHART_VARIATION_CONCERN] = "concern",
		[CHART_VARIATION_NEITHER] = "neutral",
	};

	(void)snprintf(out, 60, "%s%s", words[c->variation],
		       c->variation == CHART_VARIATION_COMMON ? ""
		       : c->high                              ? "_high"
							      : "_low");
}

static const char *peer_assurance(enum chart_assurance a)
{
	static const char *const words[] = {
		[CHART_ASSURANCE_NONE] = "",
		[CHART_ASSURANCE_PASS] = "consistent_pass",
		[CHART_ASSURANCE_FAIL] = "consistent_fail",
		[CHART_ASSURANCE_HIT_OR_MISS] = "inconsistent",
	};

	return words[a];
}

static struct chart_how peer_how(const json_t *params)
{
	struct chart_how how = { .type = CHART_XMR, .shape = EFFECT_MEAN };
	const json_t *o;

	how.direction = strcmp(chartkit_text(params, "improvement_direction"),
			       "increase") == 0
				? CHART_INCREASE
				: CHART_DECREASE;
	how.screened = chartkit_bool(params, "screen_outliers");
	assert_int_equal((size_t)chartkit_number(params, "shift"), 7);
	assert_int_equal((size_t)chartkit_number(params, "trend"), 7);
	o = json_object_get(params, "fix_after_n_points");
	how.fix_after = (size_t)json_integer_value(o);
	o = json_object_get(params, "target");
	how.has_target = o != NULL;
	how.target = json_number_value(o);
	return how;
}

static void check_point(const struct chart_point *p, const json_t *o,
			enum chart_direction direction)
{
	char label[60];

	chartkit_assert_close(p->value, chartkit_number(o, "value"), CLOSE);
	assert_int_equal(p->group, (size_t)chartkit_number(o, "rebase_group"));
	assert_int_equal(p->signal == CHART_OUTSIDE,
			 chartkit_bool(o, "outside_limits"));
	assert_int_equal(p->side, (int)chartkit_number(o, "relative_to_mean"));
	assert_int_equal(p->near, chartkit_bool(o, "close_to_limits"));
	peer_label(p, label);
	assert_string_equal(label, chartkit_text(o, "special_cause_type"));
	assert_string_equal(peer_point_type(p, direction),
			    chartkit_text(o, "point_type"));
}

/* Every point of a group has the group's limits. */
static void check_group(const struct chart *c, const json_t *o)
{
	const size_t group = (size_t)chartkit_number(o, "rebase_group");
	const double mean = chartkit_number(o, "mean");
	const double upl = chartkit_number(o, "upl");
	const struct chart_point *p;
	size_t n = 0;
	size_t i;

	for (i = 0; i < c->n; i++) {
		p = &c->points[i];
		if (p->group != group) {
			continue;
		}
		n++;
		assert_true(p->has_limits);
		chartkit_assert_close(p->centre, mean, CLOSE);
		chartkit_assert_close(p->lower, chartkit_number(o, "lpl"),
				      CLOSE);
		chartkit_assert_close(p->upper, upl, CLOSE);
		chartkit_assert_close(p->near_upper,
				      mean + (upl - mean) * 2 / 3, CLOSE);
		chartkit_assert_close(p->near_lower,
				      mean - (upl - mean) * 2 / 3, CLOSE);
		assert_int_equal(p->trial,
				 chartkit_bool(o, "short_group_warning"));
	}
	assert_int_equal(n, (size_t)chartkit_number(o, "n"));
}

static void check_xmr(const char *name)
{
	json_t *expected = chartkit_expected(name);
	const json_t *groups = json_object_get(expected, "groups");
	const json_t *points = json_object_get(expected, "points");
	struct chart_how how = peer_how(json_object_get(expected, "params"));
	struct chartkit k;
	struct chart c;
	char path[100];
	char icon[60];
	size_t i;

	(void)snprintf(path, sizeof path, CHARTKIT_DATA "%s.csv", name);
	chartkit_read(&k, path);
	chartkit_make(&k, &how, &c);
	assert_string_equal(c.rules.name, "mdc-7");
	assert_int_equal(c.n, json_array_size(points));
	assert_int_equal(c.groups, json_array_size(groups));
	for (i = 0; i < c.groups; i++) {
		check_group(&c, json_array_get(groups, i));
	}
	for (i = 0; i < c.n; i++) {
		check_point(&c.points[i], json_array_get(points, i),
			    how.direction);
	}
	assert_int_equal(c.state, c.points[0].trial ? CHART_TRIAL : CHART_FULL);
	peer_variation(&c, icon);
	assert_string_equal(icon, chartkit_text(expected, "variation_icon"));
	assert_string_equal(peer_assurance(c.assurance),
			    chartkit_text(expected, "assurance_type"));
	chart_release(&c);
	json_decref(expected);
}

static void chart_make__agrees_on_xmr_charts(void **state)
{
	static const char *const names[] = {
		"xmr-01-screened",         "xmr-02-unscreened-excel",
		"xmr-03-package-snapshot", "xmr-04-rrk-stable-shift",
		"xmr-06-rrk-fixed-12",     "xmr-07-assurance-fail",
		"xmr-09-assurance-pass",   "xmr-10-rule-battery-increase",
		"xmr-12-trial-limits",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		check_xmr(names[i]);
	}
}

/* ---- rules by themselves -------------------------------------------------
 */

#define WINDOW 7u

/* A group of one vector's points, with limits that nothing reaches. */
struct vector {
	struct chart_point points[20];
	struct chart_group group;
};

static void vector_make(struct vector *v, const json_t *input)
{
	size_t i;

	memset(v, 0, sizeof *v);
	v->group.points = v->points;
	v->group.n = json_array_size(input);
	v->group.basis = v->group.n;
	assert_true(v->group.n <= 20);
	for (i = 0; i < v->group.n; i++) {
		v->points[i].value =
			json_number_value(json_array_get(input, i));
		v->points[i].has_limits = true;
		v->points[i].lower = -100;
		v->points[i].near_lower = -99;
		v->points[i].near_upper = 99;
		v->points[i].upper = 100;
	}
}

/* A vector says where a window of seven ends; all in it are flagged. */
static int flag_of(const json_t *ends, size_t i)
{
	int flag;
	size_t k;

	for (k = i; k < i + WINDOW && k < json_array_size(ends); k++) {
		flag = (int)json_integer_value(json_array_get(ends, k));
		if (flag != 0) {
			return flag;
		}
	}
	return 0;
}

static void check_windows(const json_t *vectors, enum chart_signal signal)
{
	struct chart_point *p;
	const json_t *one;
	struct vector v;
	size_t flagged = 0;
	size_t i;
	size_t k;
	int flag;

	json_array_foreach(vectors, k, one)
	{
		vector_make(&v, json_object_get(one, "input"));
		chart_group_rules(&v.group, chart_rules_of(CHART_RULES));
		for (i = 0; i < v.group.n; i++) {
			p = &v.points[i];
			flag = flag_of(json_object_get(one, "expected"), i);
			assert_int_equal(p->signal == signal, flag != 0);
			if (signal == CHART_TREND && flag != 0) {
				assert_int_equal(p->above, flag > 0);
			}
			flagged += flag != 0;
		}
	}
	assert_true(flagged > 0);
}

/* The peer's vectors mark whole windows; of these a chart flags the near. */
static void check_two_in_three(const json_t *vectors)
{
	const json_t *one;
	struct vector v;
	size_t i;
	size_t k;
	bool expected;
	bool near;
	size_t flagged = 0;

	json_array_foreach(vectors, k, one)
	{
		vector_make(&v, json_object_get(one, "side"));
		for (i = 0; i < v.group.n; i++) {
			near = json_integer_value(json_array_get(
				       json_object_get(one, "close"), i)) != 0;
			v.points[i].value *= near ? 99.5 : 1;
		}
		chart_group_rules(&v.group, chart_rules_of(CHART_RULES));
		for (i = 0; i < v.group.n; i++) {
			expected = json_integer_value(json_array_get(
					   json_object_get(one, "expected"),
					   i)) != 0;
			assert_int_equal(v.points[i].signal ==
						 CHART_TWO_IN_THREE,
					 expected && v.points[i].near);
			flagged += expected && v.points[i].near;
		}
	}
	assert_int_equal(flagged, 10);
}

/* Two values about the middle whose one moving range gives the limits. */
static void check_assurance(const json_t *one)
{
	struct chart_how how = { .type = CHART_XMR, .shape = EFFECT_MEAN };
	const json_t *upl = json_object_get(one, "upl");
	const char *expected;
	double values[2];
	struct chartkit k;
	struct chart c;
	double low;
	double high;
	size_t i;

	how.direction = strcmp(chartkit_text(one, "direction"), "increase") == 0
				? CHART_INCREASE
				: CHART_DECREASE;
	how.has_target = true;
	how.target = chartkit_number(one, "target");
	assert_int_equal(json_array_size(upl), 3);
	for (i = 0; i < 3; i++) {
		low = json_number_value(
			json_array_get(json_object_get(one, "lpl"), i));
		high = json_number_value(json_array_get(upl, i));
		values[0] = (low + high) / 2 - (high - low) / 4 / 2.66;
		values[1] = (low + high) / 2 + (high - low) / 4 / 2.66;
		chartkit_values(&k, values, 2);
		chartkit_make(&k, &how, &c);
		chartkit_assert_close(c.points[1].lower, low, 1e-12);
		chartkit_assert_close(c.points[1].upper, high, 1e-12);
		expected = json_string_value(
			json_array_get(json_object_get(one, "expected"), i));
		assert_string_equal(peer_assurance(c.assurance), expected);
		chart_release(&c);
	}
}

static void chart_rules__agree_on_the_vectors(void **state)
{
	json_t *o = chartkit_expected("unit-rule-vectors");
	const json_t *one;
	size_t i;

	(void)state;
	check_windows(json_object_get(o, "seven_point_one_side_mean"),
		      CHART_SHIFT);
	check_windows(json_object_get(o, "seven_point_trend"), CHART_TREND);
	check_two_in_three(json_object_get(o, "two_in_three"));
	assert_int_equal(json_array_size(json_object_get(o, "assurance")), 2);
	json_array_foreach(json_object_get(o, "assurance"), i, one)
	{
		check_assurance(one);
	}
	json_decref(o);
}

/* ---- qicharts2 -----------------------------------------------------------
 */

struct qic_case {
	const char *name;
	enum chart_type type;
	enum effect_shape shape;
};

/* The runs of one part about its centre line. */
static void check_part(const struct chart *c, const json_t *o, size_t first)
{
	const size_t n = (size_t)chartkit_number(o, "n_obs");
	double values[SERIES_ROWS_MAX];
	size_t outside = 0;
	struct anhoej a;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(c->points[first + i].group,
				 c->points[first].group);
		values[i] = c->points[first + i].value;
		outside += c->points[first + i].signal == CHART_OUTSIDE;
	}
	chartkit_assert_close(c->points[first].centre, chartkit_number(o, "cl"),
			      CLOSE);
	anhoej_about(values, n, c->points[first].centre, &a);
	assert_int_equal(a.useful, (size_t)chartkit_number(o, "n_useful"));
	assert_int_equal(a.longest_run,
			 (size_t)chartkit_number(o, "longest_run"));
	assert_int_equal(a.longest_run_max,
			 (size_t)chartkit_number(o, "longest_run_max"));
	assert_int_equal(a.crossings,
			 (size_t)chartkit_number(o, "n_crossings"));
	assert_int_equal(a.crossings_min,
			 (size_t)chartkit_number(o, "n_crossings_min"));
	assert_int_equal(a.signal, chartkit_bool(o, "runs_signal"));
	assert_int_equal(outside, (size_t)chartkit_number(o, "sigma_signals"));
}

static void check_qic_point(const struct chart_point *p, const json_t *o)
{
	chartkit_assert_close(p->value, chartkit_number(o, "y"), CLOSE);
	chartkit_assert_close(p->centre, chartkit_number(o, "cl"), CLOSE);
	if (!json_is_null(json_object_get(o, "n"))) {
		chartkit_assert_close(p->size, chartkit_number(o, "n"), CLOSE);
	}
	assert_int_equal(p->signal == CHART_OUTSIDE,
			 chartkit_bool(o, "sigma_signal"));
	assert_int_equal(p->has_limits,
			 !json_is_null(json_object_get(o, "lcl")));
	if (!p->has_limits) {
		return;
	}
	chartkit_assert_close(p->lower, chartkit_number(o, "lcl"), CLOSE);
	chartkit_assert_close(p->near_lower, chartkit_number(o, "lcl_2sigma"),
			      CLOSE);
	chartkit_assert_close(p->near_upper, chartkit_number(o, "ucl_2sigma"),
			      CLOSE);
	chartkit_assert_close(p->upper, chartkit_number(o, "ucl"), CLOSE);
}

/* Files without an item `part` are one group. */
static void qic_how(struct chart_how *how, const struct qic_case *one,
		    const json_t *params, const struct chartkit *k)
{
	const json_t *part = json_object_get(params, "part");
	const json_t *per = json_object_get(params, "multiply");

	memset(how, 0, sizeof *how);
	how->type = one->type;
	how->shape = one->shape;
	how->per = json_number_value(per);
	how->screened = json_is_true(json_object_get(params, "screenedmr"));
	if (part != NULL) {
		how->rebases[0] = k->rows[json_integer_value(part)].month;
		how->rebases_n = 1;
	}
}

static void check_qic(const struct qic_case *one)
{
	json_t *expected = chartkit_expected(one->name);
	const json_t *points = json_object_get(expected, "points");
	const json_t *parts = json_object_get(expected, "parts");
	struct chart_how how;
	struct chartkit k;
	const json_t *part;
	struct chart c;
	char path[100];
	size_t first = 0;
	size_t i;

	(void)snprintf(path, sizeof path, CHARTKIT_DATA "%s.csv", one->name);
	chartkit_read(&k, path);
	qic_how(&how, one, json_object_get(expected, "params"), &k);
	chartkit_make(&k, &how, &c);
	assert_int_equal(c.n, json_array_size(points));
	assert_int_equal(c.groups, json_array_size(parts));
	json_array_foreach(parts, i, part)
	{
		check_part(&c, part, first);
		first += (size_t)chartkit_number(part, "n_obs");
	}
	assert_int_equal(first, c.n);
	for (i = 0; i < c.n; i++) {
		check_qic_point(&c.points[i], json_array_get(points, i));
	}
	chart_release(&c);
	json_decref(expected);
}

static void chart_make__agrees_on_other_charts(void **state)
{
	static const struct qic_case cases[] = {
		{ "p-01-nhs-accidents", CHART_P, EFFECT_PROPORTION },
		{ "pp-01-nhs-accidents", CHART_PP, EFFECT_PROPORTION },
		{ "u-01-cdi-rebased", CHART_U, EFFECT_RATE },
		{ "c-01-cdi", CHART_C, EFFECT_COUNT },
		{ "g-01", CHART_G, EFFECT_TIME_BETWEEN },
		{ "t-01-screened", CHART_T, EFFECT_TIME_BETWEEN },
		{ "run-01-cdi", CHART_RUN, EFFECT_RATE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		check_qic(&cases[i]);
	}
}

/* ---- the example series --------------------------------------------------
 */

static size_t start_of(const struct chartkit *k)
{
	size_t i;

	for (i = 0; i < k->series.n; i++) {
		if (k->rows[i].phase != SERIES_BEFORE) {
			break;
		}
	}
	return i;
}

/* Each label of the chart, counted, is as often in @o; and none is left. */
static void check_labels(const struct chart *c, json_t *o)
{
	char labels[SERIES_ROWS_MAX][60];
	const char *label;
	json_t *count;
	size_t sum = 0;
	size_t n;
	size_t i;

	for (i = 0; i < c->n; i++) {
		peer_label(&c->points[i], labels[i]);
	}
	json_object_foreach(o, label, count)
	{
		n = 0;
		for (i = 0; i < c->n; i++) {
			n += strcmp(labels[i], label) == 0;
		}
		assert_int_equal(n, (size_t)json_integer_value(count));
		sum += n;
	}
	assert_int_equal(sum, c->n);
}

static void check_last(const struct chart_point *p, const json_t *o)
{
	chartkit_assert_close(p->centre, chartkit_number(o, "mean"), CLOSE);
	chartkit_assert_close(p->lower, chartkit_number(o, "lpl"), CLOSE);
	chartkit_assert_close(p->upper, chartkit_number(o, "upl"), CLOSE);
	assert_string_equal(peer_point_type(p, CHART_DECREASE),
			    chartkit_text(o, "last_point_type"));
}

static void check_frozen(const struct chartkit *k, const json_t *o)
{
	struct chart_how how = { .type = CHART_XMR,
				 .shape = EFFECT_PROPORTION,
				 .per = 100,
				 .screened = true,
				 .fix_after = 12 };
	struct chart c;

	chartkit_make(k, &how, &c);
	assert_int_equal(c.groups, 1);
	assert_int_equal(c.state, CHART_FULL);
	check_last(&c.points[c.n - 1], o);
	check_labels(&c, json_object_get(o, "special_causes"));
	chart_release(&c);
}

static void check_rebased(const struct chartkit *k, const json_t *o)
{
	struct chart_how how = { .type = CHART_XMR,
				 .shape = EFFECT_PROPORTION,
				 .per = 100,
				 .screened = true };
	const size_t start = start_of(k);
	const json_t *group;
	struct chart dated;
	struct chart c;
	size_t i;

	how.rebase_at_start = true;
	chartkit_make(k, &how, &c);
	assert_int_equal(c.groups, json_object_size(o));
	group = json_object_get(o, "0");
	assert_int_equal(start, (size_t)chartkit_number(group, "n"));
	check_last(&c.points[start - 1], group);
	if (c.groups > 1) {
		/* months of transition are of the second group */
		group = json_object_get(o, "1");
		assert_int_equal(c.n - start,
				 (size_t)chartkit_number(group, "n"));
		check_last(&c.points[c.n - 1], group);
		how.rebases[0] = k->rows[start].month;
		how.rebases_n = 1;
	}
	/* the same by the month of the start */
	how.rebase_at_start = false;
	chartkit_make(k, &how, &dated);
	assert_int_equal(dated.groups, c.groups);
	for (i = 0; i < c.n; i++) {
		assert_true(dated.points[i].upper == c.points[i].upper);
		assert_int_equal(dated.points[i].group, i >= start);
	}
	chart_release(&dated);
	chart_release(&c);
}

/* The medians are raw proportions there. */
static void check_second_opinion(const struct chartkit *k, const json_t *o)
{
	struct chart_how how = { .type = CHART_RUN,
				 .shape = EFFECT_PROPORTION };
	struct chart c;

	chartkit_make(k, &how, &c);
	chartkit_assert_close(c.anhoej.median, chartkit_number(o, "median"),
			      CLOSE);
	chartkit_assert_close(c.points[0].centre, chartkit_number(o, "median"),
			      CLOSE);
	assert_int_equal(c.anhoej.useful,
			 (size_t)chartkit_number(o, "n_useful"));
	assert_int_equal(c.anhoej.longest_run,
			 (size_t)chartkit_number(o, "longest_run"));
	assert_int_equal(c.anhoej.longest_run_max,
			 (size_t)chartkit_number(o, "longest_run_max"));
	assert_int_equal(c.anhoej.crossings,
			 (size_t)chartkit_number(o, "n_crossings"));
	assert_int_equal(c.anhoej.crossings_min,
			 (size_t)chartkit_number(o, "n_crossings_min"));
	assert_int_equal(c.anhoej.signal, chartkit_bool(o, "signal"));
	chart_release(&c);
}

static void chart_make__agrees_on_the_example_series(void **state)
{
	json_error_t err;
	json_t *o = json_load_file("tests/data/effects/"
				   "example-series.expected.json",
				   0, &err);
	const char *name;
	struct chartkit k;
	char path[200];
	json_t *one;
	size_t transitions = 0;
	size_t n = 0;

	(void)state;
	assert_non_null(o);
	json_object_foreach(json_object_get(o, "series"), name, one)
	{
		(void)snprintf(path, sizeof path, CHARTKIT_SERIES "%s.csv",
			       name);
		chartkit_read(&k, path);
		assert_int_equal(k.series.n, (size_t)chartkit_number(one, "n"));
		check_frozen(&k, json_object_get(one, "xmr_baseline_fixed12"));
		check_rebased(&k, json_object_get(one, "xmr_rebased"));
		check_second_opinion(&k,
				     json_object_get(one,
						     "anhoej_whole_series"));
		transitions += k.rows[start_of(&k) % k.series.n].phase ==
			       SERIES_TRANSITION;
		n++;
	}
	assert_int_equal(n, 16);
	assert_int_equal(transitions, 9);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chart_make__agrees_on_xmr_charts),
		cmocka_unit_test(chart_rules__agree_on_the_vectors),
		cmocka_unit_test(chart_make__agrees_on_other_charts),
		cmocka_unit_test(chart_make__agrees_on_the_example_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
