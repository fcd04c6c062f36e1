/*
 * Pool: the results of several regions as one, by a random-effects model.
 *
 * tau2, how much the regions' true effects differ, by REML: the root of the
 * restricted likelihood's score, 0 where that is negative at 0. Weights w = 1
 * / (v + tau2), mu = sum w y / sum w. The interval is Hartung's and Knapp's
 * with the ad hoc floor: se = sqrt(max(1, q) / sum w), q = sum w (y - mu)^2 /
 * (k - 1), Student's t with k - 1 degrees of freedom. Prediction, what the
 * next region should expect: mu -/+ t_(k-1) sqrt(tau2 + se^2), from 5 regions
 * on. I2 = 100 tau2 / (tau2 + s2), s2 = (k - 1) sum w0 / ((sum w0)^2 - sum
 * w0^2), w0 = 1 / v. Sources: docs/EVIDENCE.md, "Pooling".
 *
 * Pure. The order of the regions changes no digit: they are put in order
 * first. All numbers of an answer are finite, low <= ratio <= high, and the
 * prediction lies round the interval.
 */
#ifndef WEALD_STORE_EVIDENCE_POOL_H
#define WEALD_STORE_EVIDENCE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#define POOL_REGIONS_MAX 4096u
#define POOL_K_MIN       3u /* fewer are listed, not pooled */
#define POOL_PREDICT_MIN 5u

/* One region's result: the logarithm of its ratio, and the variance. */
struct pool_input {
	double y;
	double v; /* above 0 */
};

/*
 * What can be pooled: a ratio from 1e-9 to 1e9 whose logarithm's variance is
 * from 1e-12 to 1e6. Effects have such a ratio; a mean whose months lie on one
 * line has no variance, and would have all of the weight. Leave it out, and
 * say so.
 */
bool pool_can(const struct pool_input *in);

enum pool_state {
	POOL_OK,
	POOL_NONE,  /* k = 0 */
	POOL_ONE,   /* one region: nothing to pool */
	POOL_TWO,   /* two: both are listed */
	POOL_NO_FIT /* an input that pool_can() says no to, or more than
		       POOL_REGIONS_MAX */
};

struct pool {
	enum pool_state state;
	size_t k;
	double mu; /* log ratio; what follows is 0 but for POOL_OK */
	double se;
	double tau2;
	double i2; /* 0..100 */
	double q;  /* Cochran's Q: sum w0 (y - mu0)^2 */
	/* tau2 is 0, and yet Q is more than chance gives in one of a hundred */
	bool differ_more;
	/* from 1e-9 to 1e9, as are the ends of the intervals: beyond, all that
	   a number says is that nothing is known */
	double ratio;
	double low; /* 95 % */
	double high;
	bool has_prediction;
	double predict_low;
	double predict_high;
};

/*
 * Pool @n inputs. @out_weights, which may be NULL, is given each input's share
 * of the weight in the order of @in, 0 to 1, where the state is POOL_OK. Never
 * fails: @out->state says. Some 200 KB of stack.
 */
void pool(const struct pool_input *in, size_t n, struct pool *out,
	  double *out_weights);

/* "ok", "one", "no-fit" ... */
const char *pool_state_name(enum pool_state state);

/*
 * How regions differ, in words: "more than the model shows" where differ_more,
 * else "little" below 40 of I2, "somewhat" below 75, and "a lot".
 */
const char *pool_differ(const struct pool *p);

#endif
