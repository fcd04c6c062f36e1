/*
 * Parallel work: fork and join over an array.
 *
 * For pure work on data that the items do not share: compressing, verifying.
 * Threads live for one call, block all signals and are joined before it
 * returns, so there is no state between calls and nothing to shut down.
 */
#ifndef WEALD_STORE_PARALLEL_H
#define WEALD_STORE_PARALLEL_H

#include <stddef.h>

#define PARALLEL_WORKERS_MAX 4u

/*
 * One item. @index is below the count; @worker is below parallel_workers(),
 * and no two calls with the same number run at once, so that a worker may
 * keep scratch memory in @ctx. Failures are written into @ctx.
 */
typedef void parallel_fn(void *ctx, size_t worker, size_t index);

/* How many threads there may be: processors, at most PARALLEL_WORKERS_MAX. */
size_t parallel_workers(void);

/*
 * Call @fn once for each of 0..@count-1, in any order, on the calling thread
 * and up to parallel_workers() - 1 more. What they wrote is visible after the
 * return. Where a thread cannot be started the others do its work, so this
 * does not fail. An item should take 50 microseconds or more: starting a
 * thread takes about that long. With @count 1 no thread is started.
 */
void parallel_for(size_t count, parallel_fn *fn, void *ctx);

#endif
