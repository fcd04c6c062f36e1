#include "store/evidence/pool.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/evidence/distribution.h"
#include "tests/unit/effectkit.h"

#define NEAR 1e-6
/* The normal distribution's, where the models are judged by it. */
#define Z975 1.959963984540054

/* ---- against others' results ---------------------------------------------
 */

struct inputs {
	struct pool_input list[POOL_REGIONS_MAX + 1];
	size_t n;
};

static void inputs_of_arrays(struct inputs *in, const json_t *o)
{
	in->n = json_array_size(json_object_get(o, "yi"));
	assert_true(in->n >= 2 && in->n <= 20);
	for (size_t i = 0; i < in->n; i++) {
		in->list[i].y = expected_item(o, "yi", i);
		in->list[i].v = expected_item(o, "vi", i);
	}
}

static void inputs_of_studies(struct inputs *in, const json_t *o)
{
	const json_t *studies = json_object_get(o, "studies");
	const json_t *study;
	size_t i;

	in->n = json_array_size(studies);
	json_array_foreach(studies, i, study)
	{
		in->list[i].y = expected_number(study, "yi");
		in->list[i].v = expected_number(study, "vi");
	}
}

/* The estimate and what goes with it at some tau2, by the shared formulas. */
struct model {
	double est;
	double weight;
	double q;
};

static struct model model_at(const struct inputs *in, double tau2)
{
	struct model m = { 0 };
	double w;
	size_t i;

	for (i = 0; i < in->n; i++) {
		w = 1 / (in->list[i].v + tau2);
		m.weight += w;
		m.est += w * in->list[i].y;
	}
	m.est /= m.weight;
	for (i = 0; i < in->n; i++) {
		w = 1 / (in->list[i].v + tau2);
		m.q += w * (in->list[i].y - m.est) * (in->list[i].y - m.est);
	}
	return m;
}

/* DerSimonian and Laird's tau2, of Cochran's Q. */
static double tau2_dl(const struct inputs *in, double q)
{
	double w = 0;
	double w2 = 0;
	double tau2;
	size_t i;

	for (i = 0; i < in->n; i++) {
		w += 1 / in->list[i].v;
		w2 += 1 / (in->list[i].v * in->list[i].v);
	}
	tau2 = (q - (double)(in->n - 1)) / (w - w2 / w);
	return fmax(tau2, 0);
}

/* As metafor has it, from a model's tau2; of FE from Q. */
static void assert_model(const json_t *expected, const struct model *m,
			 double se, double quantile)
{
	assert_close(m->est, expected_number(expected, "est"), NEAR);
	assert_close(se, expected_number(expected, "se"), NEAR);
	assert_close(m->est - quantile * se, expected_item(expected, "ci", 0),
		     NEAR);
	assert_close(m->est + quantile * se, expected_item(expected, "ci", 1),
		     NEAR);
}

static void assert_near_or_zero(double got, double expected)
{
	if (expected == 0) {
		assert_true(got == 0);
	} else {
		assert_close(got, expected, NEAR);
	}
}

/* All models of @models, those that we have and those that share a formula. */
static void assert_models(struct inputs *in, const json_t *models)
{
	const json_t *reml = json_object_get(models, "REML");
	const json_t *adhoc = json_object_get(models, "REML_HK_adhoc");
	const double df = (double)(in->n - 1);
	double t = student_quantile(0.975, df);
	struct model m;
	struct pool p;

	pool(in->list, in->n, &p, NULL);
	assert_int_equal(p.state, POOL_OK);
	assert_int_equal(p.k, in->n);
	assert_close(p.q, expected_number(reml, "Q"), NEAR);
	assert_close(p.mu, expected_number(adhoc, "est"), NEAR);
	assert_close(p.se, expected_number(adhoc, "se"), NEAR);
	assert_near_or_zero(p.tau2, expected_number(adhoc, "tau2"));
	assert_near_or_zero(p.i2, expected_number(adhoc, "I2"));
	assert_close(p.ratio, exp(expected_number(adhoc, "est")), NEAR);
	assert_close(log(p.low), expected_item(adhoc, "ci", 0), NEAR);
	assert_close(log(p.high), expected_item(adhoc, "ci", 1), NEAR);
	assert_int_equal(p.has_prediction, in->n >= POOL_PREDICT_MIN);
	if (p.has_prediction) {
		assert_close(log(p.predict_low),
			     expected_item(adhoc, "pi_t_k_minus_1", 0), NEAR);
		assert_close(log(p.predict_high),
			     expected_item(adhoc, "pi_t_k_minus_1", 1), NEAR);
	}

	m = model_at(in, 0);
	assert_model(json_object_get(models, "FE"), &m, 1 / sqrt(m.weight),
		     Z975);
	m = model_at(in, tau2_dl(in, p.q));
	assert_model(json_object_get(models, "DL"), &m, 1 / sqrt(m.weight),
		     Z975);
	m = model_at(in, p.tau2);
	assert_model(reml, &m, 1 / sqrt(m.weight), Z975);
	assert_model(json_object_get(models, "REML_HK"), &m,
		     sqrt(m.q / df / m.weight), t);
}

static void pool__agrees_with_metafor(void **state)
{
	static const char *const names[] = { "meta-01-bcg-rr", "meta-02-bcg-rd",
					     "meta-03-crbsi-irr" };
	static struct inputs in;
	json_t *o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		o = expected_read(names[i]);
		inputs_of_studies(&in, o);
		assert_true(in.n >= 9);
		assert_models(&in, json_object_get(o, "models"));
		json_decref(o);
	}
}

/*
 * Three regions that hardly differ: without the floor the interval would be
 * 0.676 to 0.723, narrower than any honest one.
 */
static void pool__is_not_narrower_than_the_figures_allow(void **state)
{
	static struct inputs in;
	json_t *o = expected_read("meta-05-edge");
	const json_t *three =
		json_object_get(o, "homogeneous_k3_HK_narrower_than_Wald");
	struct pool p;

	(void)state;
	inputs_of_arrays(&in, three);
	assert_int_equal(in.n, 3);
	assert_models(&in, json_object_get(three, "models"));
	pool(in.list, in.n, &p, NULL);
	assert_close(p.low, 0.475, 2e-3);
	assert_close(p.high, 1.030, 2e-3);
	json_decref(o);
}

static void pool__lists_two_and_pools_none(void **state)
{
	static struct inputs in;
	json_t *o = expected_read("meta-05-edge");
	double weights[2] = { -1, -1 };
	struct pool none = { 0 };
	struct pool p;
	size_t n;

	(void)state;
	inputs_of_arrays(&in, json_object_get(o, "k2"));
	assert_int_equal(in.n, 2);
	for (n = 0; n <= 2; n++) {
		memset(&p, 0xff, sizeof p);
		pool(in.list, n, &p, weights);
		none.state = n == 0 ? POOL_NONE : n == 1 ? POOL_ONE : POOL_TWO;
		none.k = n;
		assert_memory_equal(&p, &none, sizeof p);
	}
	assert_true(weights[0] == -1 && weights[1] == -1);
	json_decref(o);
}

/* Six regions and a fix for sepsis: what a reader is told. */
static void pool__tells_the_sepsis_result(void **state)
{
	static const char *const effects[] = { "its_step", "before_after",
					       "controlled" };
	static struct inputs in;
	json_t *o = expected_read("example-series");
	const json_t *e;
	struct pool p;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof effects / sizeof *effects; i++) {
		e = json_object_get(json_object_get(o, "pooled_sepsis"),
				    effects[i]);
		in.n = (size_t)expected_number(e, "k");
		for (k = 0; k < in.n; k++) {
			in.list[k].y = expected_item(e, "log_rr", k);
			in.list[k].v = expected_item(e, "var", k);
		}
		pool(in.list, in.n, &p, NULL);
		assert_int_equal(p.state, POOL_OK);
		assert_close(p.ratio, expected_number(e, "rr"), NEAR);
		assert_close(p.low, expected_item(e, "ci", 0), NEAR);
		assert_close(p.high, expected_item(e, "ci", 1), NEAR);
		assert_close(p.mu, expected_number(e, "log_est"), NEAR);
		assert_close(p.se, expected_number(e, "se"), NEAR);
		assert_close(p.tau2, expected_number(e, "tau2"), NEAR);
		assert_close(p.i2, expected_number(e, "I2"), NEAR);
		assert_close(p.q, expected_number(e, "Q"), NEAR);
		k = 0;
		assert_close(p.predict_low,
			     expected_item(e, "prediction_interval_t_k_minus_1",
					   k),
			     NEAR);
		assert_close(p.predict_high,
			     expected_item(e, "prediction_interval_t_k_minus_1",
					   k + 1),
			     NEAR);
	}
	json_decref(o);
}

/* ---- states --------------------------------------------------------------
 */

static void pool__predicts_from_five_on(void **state)
{
	struct pool_input in[6];
	struct pool p;
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		in[i] = (struct pool_input){ 0.1 * (double)(i % 3), 0.01 };
	}
	for (i = 3; i <= 6; i++) {
		pool(in, i, &p, NULL);
		assert_int_equal(p.state, POOL_OK);
		assert_int_equal(p.has_prediction, i >= 5);
		assert_true((p.predict_low > 0) == (i >= 5));
	}
}

static void pool__refuses_what_is_no_result(void **state)
{
	static const struct pool_input bad[] = {
		{ 0, 0 },
		{ 0, -1 },
		{ 0, (double)NAN },
		{ 0, (double)INFINITY },
		{ 0, 1e-13 },
		{ 0, 1e7 },
		{ (double)NAN, 1 },
		{ (double)INFINITY, 1 },
		{ -(double)INFINITY, 1 },
		{ 21, 1 },
		{ -21, 1 },
	};
	static struct pool_input many[POOL_REGIONS_MAX + 1];
	struct pool_input in[3] = { { 0, 1 }, { 1, 1 }, { 2, 1 } };
	struct pool p;
	size_t i;

	(void)state;
	assert_true(pool_can(&in[1]));
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(pool_can(&bad[i]));
		in[1] = bad[i];
		pool(in, 3, &p, NULL);
		assert_int_equal(p.state, POOL_NO_FIT);
		assert_true(p.ratio == 0 && p.low == 0 && p.high == 0);
		assert_int_equal(p.k, 3);
	}
	for (i = 0; i < POOL_REGIONS_MAX + 1; i++) {
		many[i] = (struct pool_input){ 0.001 * (double)(i % 100), 1 };
	}
	pool(many, POOL_REGIONS_MAX, &p, NULL);
	assert_int_equal(p.state, POOL_OK);
	pool(many, POOL_REGIONS_MAX + 1, &p, NULL);
	assert_int_equal(p.state, POOL_NO_FIT);
}

static void pool__gives_each_its_weight(void **state)
{
	struct pool_input in[4] = {
		{ 0.5, 0.1 }, { -0.5, 0.4 }, { 0.1, 0.2 }, { 0.1, 0.2 }
	};
	double weights[4];
	double sum = 0;
	struct pool p;
	size_t i;

	(void)state;
	pool(in, 4, &p, weights);
	assert_int_equal(p.state, POOL_OK);
	for (i = 0; i < 4; i++) {
		sum += weights[i];
	}
	assert_close(sum, 1, 1e-12);
	assert_true(weights[0] > weights[2] && weights[2] > weights[1]);
	assert_true(weights[2] == weights[3]);
	assert_close(weights[0] / weights[1],
		     (in[1].v + p.tau2) / (in[0].v + p.tau2), 1e-12);
}

/* Against what R's pchisq() says, and in closed form for 2 and 4. */
static void chi2_above__agrees_with_tables(void **state)
{
	static const double q99[][2] = {
		{ 1, 6.634896601021213 },    { 2, 9.210340371976182 },
		{ 3, 11.344866730144373 },   { 5, 15.08627246938899 },
		{ 10, 23.209251158954356 },  { 30, 50.89218131151707 },
		{ 100, 135.80672317102676 },
	};
	double x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof q99 / sizeof *q99; i++) {
		assert_close(chi2_above(q99[i][1], q99[i][0]), 0.01, 1e-9);
	}
	for (i = 0; i < 110; i++) {
		x = 0.01 * pow(1.1, (double)i);
		assert_close(chi2_above(x, 2), exp(-x / 2), 1e-10);
		assert_close(chi2_above(x, 4), (1 + x / 2) * exp(-x / 2),
			     1e-10);
		assert_close(chi2_above(x, 1), erfc(sqrt(x / 2)), 1e-10);
	}
	assert_true(chi2_above(0, 3) == 1 && chi2_above(-1, 3) == 1);
	assert_true(chi2_above((double)INFINITY, 3) == 0);
	assert_true(chi2_above(1e12, 4095) == 0);
	assert_true(isnan(chi2_above(1, 0)));
	assert_true(isnan(chi2_above((double)NAN, 1)));
	assert_true(isnan(chi2_above(1, (double)INFINITY)));
}

/* The likelihood falls from 0, and yet the regions are plainly not alike. */
static void pool__says_where_regions_differ_more_than_tau2(void **state)
{
	const struct pool_input in[] = { { 0.377, 0.0033 },
					 { 0.345, 0.0013 },
					 { -0.818, 0.083 },
					 { -0.794, 0.236 } };
	const struct pool_input like[] = { { 0.37, 0.0033 },
					   { 0.34, 0.0013 },
					   { 0.3, 0.083 } };
	struct pool p;

	(void)state;
	pool(in, 4, &p, NULL);
	assert_int_equal(p.state, POOL_OK);
	assert_true(p.tau2 == 0 && p.i2 == 0);
	assert_close(p.q, 22.0, 0.01);
	assert_true(p.differ_more);
	assert_string_equal(pool_differ(&p), "more than the model shows");
	pool(like, 3, &p, NULL);
	assert_false(p.differ_more);
	assert_string_equal(pool_differ(&p), "little");
	/* where tau2 says it, nothing more has to be said */
	pool((const struct pool_input[]){ { 0, 0.01 },
					  { 1, 0.01 },
					  { 2, 0.01 } },
	     3, &p, NULL);
	assert_true(p.tau2 > 0 && !p.differ_more);
	assert_string_equal(pool_differ(&p), "a lot");
}

static void pool__names_states_and_differences(void **state)
{
	static const char *const names[] = { "ok", "none", "one", "two",
					     "no-fit" };
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_string_equal(pool_state_name((enum pool_state)i),
				    names[i]);
	}
	assert_string_equal(pool_differ(&(struct pool){ .i2 = 0 }), "little");
	assert_string_equal(pool_differ(&(struct pool){ .i2 = 39.9 }),
			    "little");
	assert_string_equal(pool_differ(&(struct pool){ .i2 = 40 }),
			    "somewhat");
	assert_string_equal(pool_differ(&(struct pool){ .i2 = 75 }), "a lot");
	assert_string_equal(pool_differ(&(struct pool){ .i2 = 100 }), "a lot");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool__agrees_with_metafor),
		cmocka_unit_test(pool__is_not_narrower_than_the_figures_allow),
		cmocka_unit_test(pool__lists_two_and_pools_none),
		cmocka_unit_test(pool__tells_the_sepsis_result),
		cmocka_unit_test(pool__predicts_from_five_on),
		cmocka_unit_test(pool__refuses_what_is_no_result),
		cmocka_unit_test(pool__gives_each_its_weight),
		cmocka_unit_test(chi2_above__agrees_with_tables),
		cmocka_unit_test(
			pool__says_where_regions_differ_more_than_tau2),
		cmocka_unit_test(pool__names_states_and_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
