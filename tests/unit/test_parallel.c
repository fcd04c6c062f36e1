#include "store/parallel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ITEMS 2000u

/* Plain memory on purpose: ThreadSanitizer sees what is shared wrongly. */
struct job {
	unsigned done[ITEMS];
	unsigned by_worker[PARALLEL_WORKERS_MAX];
};

static void count_cb(void *ctx, size_t worker, size_t index)
{
	struct job *j = ctx;

	j->done[index]++;
	j->by_worker[worker]++;
}

static void parallel_for__does_each_item_once(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, ITEMS };
	static struct job j;
	unsigned sum;
	size_t c;
	size_t i;

	(void)state;
	for (c = 0; c < sizeof counts / sizeof counts[0]; c++) {
		memset(&j, 0, sizeof j);
		parallel_for(counts[c], count_cb, &j);
		for (i = 0; i < ITEMS; i++) {
			assert_int_equal(j.done[i], i < counts[c]);
		}
		sum = 0;
		for (i = 0; i < PARALLEL_WORKERS_MAX; i++) {
			assert_true(i < parallel_workers() ||
				    j.by_worker[i] == 0);
			sum += j.by_worker[i];
		}
		assert_int_equal(sum, counts[c]);
	}
}

static void parallel_workers__stays_in_its_bounds(void **state)
{
	(void)state;
	assert_in_range(parallel_workers(), 1, PARALLEL_WORKERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parallel_for__does_each_item_once),
		cmocka_unit_test(parallel_workers__stays_in_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
