#include "store/evidence/pool.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence/distribution.h"
#include "store/evidence/effect.h"

#define RATIO_MAX    1e9
#define VARIANCE_MAX 1e6

/* tau2 is this many halvings of its bracket exact: to the last bit. */
#define HALVINGS_MAX 200

/* How seldom chance may give such a Q for regions to differ all the same. */
#define Q_CHANCE 0.01

#define I2_LITTLE   40.0
#define I2_SOMEWHAT 75.0

/* An input with its place in the caller's list. */
struct member {
	double y;
	double v;
	size_t index;
};

struct members {
	struct member list[POOL_REGIONS_MAX];
	size_t n;
};

/* Weighted sums at one tau2. */
struct sums {
	double w;       /* sum w */
	double mu;      /* sum w y / sum w */
	double squares; /* sum w (y - mu)^2 */
	double score;   /* of the restricted likelihood, times 2 */
};

static int compare_members(const void *a, const void *b)
{
	const struct member *l = a;
	const struct member *r = b;

	if (l->y != r->y) {
		return l->y < r->y ? -1 : 1;
	}
	return (l->v > r->v) - (l->v < r->v);
}

bool pool_can(const struct pool_input *in)
{
	return fabs(in->y) <= log(RATIO_MAX) && in->v >= EFFECT_VARIANCE_MIN &&
	       in->v <= VARIANCE_MAX;
}

static bool members_take(struct members *m, const struct pool_input *in,
			 size_t n)
{
	size_t i;

	if (n > POOL_REGIONS_MAX) {
		return false;
	}
	for (i = 0; i < n; i++) {
		if (!pool_can(&in[i])) {
			return false;
		}
		m->list[i] = (struct member){ in[i].y, in[i].v, i };
	}
	m->n = n;
	qsort(m->list, n, sizeof *m->list, compare_members);
	return true;
}

static struct sums sums_at(const struct members *m, double tau2)
{
	struct sums s = { 0 };
	double pulls = 0; /* sum w^2 (y - mu)^2 */
	double pairs = 0; /* of different regions: sum w_i w_j */
	double off;
	double w;
	size_t i;

	for (i = 0; i < m->n; i++) {
		w = 1 / (m->list[i].v + tau2);
		pairs += s.w * w;
		s.w += w;
		s.mu += w * m->list[i].y;
	}
	s.mu /= s.w;
	/* a mean is never outside of what it is the mean of, but by rounding */
	s.mu = fmin(fmax(s.mu, m->list[0].y), m->list[m->n - 1].y);
	for (i = 0; i < m->n; i++) {
		w = 1 / (m->list[i].v + tau2);
		off = m->list[i].y - s.mu;
		s.squares += w * off * off;
		pulls += w * off * (w * off);
	}
	/* sum w - sum w^2 / sum w, without losing digits where one w is large
	 */
	s.score = pulls - 2 * pairs / s.w;
	return s;
}

/*
 * The score is above 0 at the lower end of the bracket and not above at the
 * upper one; the bracket is halved until no double lies between.
 */
static double tau2_reml(const struct members *m)
{
	double low = 0;
	double high = m->list[0].v;
	double middle;
	int i;

	if (!(sums_at(m, 0).score > 0)) {
		return 0;
	}
	/* far out the score is about -(k - 1) / tau2: it does turn */
	for (i = 0; i < HALVINGS_MAX && sums_at(m, high).score > 0; i++) {
		low = high;
		high *= 2;
	}
	for (i = 0; i < HALVINGS_MAX; i++) {
		middle = low + (high - low) / 2;
		if (middle <= low || middle >= high) {
			break;
		}
		if (sums_at(m, middle).score > 0) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return high;
}

/*
 * What a typical variance of one region is, so that I2 compares tau2 with it.
 * (sum w)^2 - sum w^2 is twice the sum over pairs, which loses no digits.
 */
static double typical_variance(const struct members *m)
{
	double before = 0;
	double pairs = 0;
	double w;
	size_t i;

	for (i = 0; i < m->n; i++) {
		w = 1 / m->list[i].v;
		pairs += before * w;
		before += w;
	}
	return (double)(m->n - 1) * before / (2 * pairs);
}

static double bounded_exp(double log_ratio)
{
	return fmin(fmax(exp(log_ratio), 1 / RATIO_MAX), RATIO_MAX);
}

static void pool_set(struct pool *out, const struct members *m, double tau2,
		     const struct sums *s)
{
	const double df = (double)(m->n - 1);
	const double t = student_quantile(0.975, df);
	double half;

	out->mu = s->mu;
	out->se = sqrt(fmax(1, s->squares / df) / s->w);
	out->tau2 = tau2;
	out->i2 = 100 * tau2 / (tau2 + typical_variance(m));
	out->q = sums_at(m, 0).squares;
	out->differ_more = tau2 == 0 && chi2_above(out->q, df) < Q_CHANCE;
	out->ratio = bounded_exp(s->mu);
	out->low = bounded_exp(s->mu - t * out->se);
	out->high = bounded_exp(s->mu + t * out->se);
	if (m->n >= POOL_PREDICT_MIN) {
		half = t * fmax(sqrt(tau2 + out->se * out->se), out->se);
		out->has_prediction = true;
		out->predict_low = bounded_exp(s->mu - half);
		out->predict_high = bounded_exp(s->mu + half);
	}
}

void pool(const struct pool_input *in, size_t n, struct pool *out,
	  double *out_weights)
{
	static const enum pool_state few[] = { POOL_NONE, POOL_ONE, POOL_TWO };
	struct members m;
	struct sums s;
	double tau2;
	size_t i;

	assert(n == 0 || in != NULL);
	memset(out, 0, sizeof *out);
	out->k = n;
	if (!members_take(&m, in, n)) {
		out->state = POOL_NO_FIT;
		return;
	}
	if (n < POOL_K_MIN) {
		out->state = few[n];
		return;
	}
	tau2 = tau2_reml(&m);
	s = sums_at(&m, tau2);
	out->state = POOL_OK;
	pool_set(out, &m, tau2, &s);
	for (i = 0; out_weights != NULL && i < n; i++) {
		out_weights[m.list[i].index] = 1 / (m.list[i].v + tau2) / s.w;
	}
}

const char *pool_state_name(enum pool_state state)
{
	switch (state) {
	case POOL_OK:
		return "ok";
	case POOL_NONE:
		return "none";
	case POOL_ONE:
		return "one";
	case POOL_TWO:
		return "two";
	case POOL_NO_FIT:
		break;
	}
	return "no-fit";
}

const char *pool_differ(const struct pool *p)
{
	if (p->differ_more) {
		return "more than the model shows";
	}
	if (p->i2 < I2_LITTLE) {
		return "little";
	}
	return p->i2 < I2_SOMEWHAT ? "somewhat" : "a lot";
}
