#include "store/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What the workers of one call share; lives on the caller's stack. */
struct fork_join {
	atomic_size_t next;
	size_t count;
	parallel_fn *fn;
	void *ctx;
};

struct worker {
	struct fork_join *shared;
	size_t number;
	pthread_t thread;
};

size_t parallel_workers(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0) {
		n = CPU_COUNT(&set);
	}
	if (n < 1) {
		return 1;
	}
	return (size_t)n < PARALLEL_WORKERS_MAX ? (size_t)n
						: PARALLEL_WORKERS_MAX;
}

static void work(struct fork_join *shared, size_t number)
{
	size_t i;

	for (;;) {
		i = atomic_fetch_add_explicit(&shared->next, 1,
					      memory_order_relaxed);
		if (i >= shared->count) {
			return;
		}
		shared->fn(shared->ctx, number, i);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	work(w->shared, w->number);
	return NULL;
}

/* Start up to @wanted threads with all signals blocked; how many run. */
static size_t start_workers(struct fork_join *shared, struct worker *workers,
			    size_t wanted)
{
	sigset_t all;
	sigset_t before;
	size_t n;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
		return 0;
	}
	for (n = 0; n < wanted; n++) {
		workers[n].shared = shared;
		workers[n].number = n + 1;
		if (pthread_create(&workers[n].thread, NULL, worker_main,
				   &workers[n]) != 0) {
			break;
		}
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n;
}

void parallel_for(size_t count, parallel_fn *fn, void *ctx)
{
	struct worker workers[PARALLEL_WORKERS_MAX];
	struct fork_join shared = { .count = count, .fn = fn, .ctx = ctx };
	size_t wanted = 0;
	size_t started;
	size_t i;

	atomic_init(&shared.next, 0);
	if (count > 1) {
		wanted = parallel_workers() - 1;
		wanted = wanted < count - 1 ? wanted : count - 1;
	}
	started = wanted > 0 ? start_workers(&shared, workers, wanted) : 0;
	work(&shared, 0);
	for (i = 0; i < started; i++) {
		(void)pthread_join(workers[i].thread, NULL);
	}
}
