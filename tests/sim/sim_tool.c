/*
 * The simulator's command.
 *
 *   sim_tool figures               the fixed graph: 15 nodes, 30 links
 *   sim_tool faults [SEEDS [FIRST]]  all faults on, one run a seed
 *   sim_tool hostile [SEEDS [FIRST]]  the same, 1 to 14 of 15 nodes hostile
 *   sim_tool large [NODES]         that many nodes with a feed each, no faults
 *   sim_tool catchup [UPDATES]     one node lacks that many, while others write
 *   sim_tool flood [UPDATES]       one author publishes that many at once
 *   sim_tool trace tree|restore    a short story, for a golden test
 *
 * SIM_SEED=N runs that seed alone, with a trace on standard error where
 * SIM_TRACE is set. Exit status: 1 where an invariant broke; the seed is told.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/sim.h"

static const struct sim_options fixed_graph = {
	.seed = 15,
	.nodes = 15,
	.feeds = 15,
	.prefill = 2,
	.links = 30,
	.latency_min_us = 10 * MS,
	.latency_max_us = 50 * MS,
	.publish_every_us = 500 * MS,
	.publish_until = 600 * SECOND,
	.update_bytes = 1500,
	.receipt_ms = 5000,
};

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t control_frames(const struct sim_figures *f)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i <= FRAME_BYE; i++) {
		if (i != FRAME_UPDATES && i != FRAME_RECEIPT) {
			n += f->frames[i];
		}
	}
	return n;
}

static void print_figures(const struct sim *s)
{
	const struct sim_figures *f = &s->figures;
	const struct sim_update *u = &s->updates[s->measured_from];
	size_t n = s->updates_n - s->measured_from;
	uint64_t *ms = calloc(n + 1, sizeof(*ms));
	double hops = 0;
	size_t p50 = n / 2;
	size_t p99 = n * 99 / 100;
	size_t i;

	if (ms == NULL || n == 0) {
		free(ms);
		return;
	}
	for (i = 0; i < n; i++) {
		ms[i] = (u[i].last_at - u[i].published_at) / 100;
		hops += u[i].last_hop - 1;
	}
	qsort(ms, n, sizeof(*ms), compare_u64);
	printf("updates %zu  redundancy %.3f  control frames/update %.2f\n", n,
	       (double)f->deliveries /
			       ((double)n * (double)(s->options.nodes - 1)) -
		       1,
	       (double)control_frames(f) / (double)n);
	printf("durable in the last node after: p50 %.1f ms  p99 %.1f ms  "
	       "max %.1f ms  hops %.2f\n",
	       (double)ms[p50] / 10, (double)ms[p99] / 10,
	       (double)ms[n - 1] / 10, hops / (double)n);
	for (i = 1; i <= FRAME_BYE; i++) {
		if (f->frames[i] > 0) {
			printf("%s %.3f  ", frame_name((enum frame_type)i),
			       (double)f->frames[i] / (double)n);
		}
	}
	printf("(frames an update)\n");
	free(ms);
}

static int report(const struct sim *s)
{
	if (s->failed) {
		printf("FAILED seed %llu at %llu ms: %s\n",
		       (unsigned long long)s->options.seed,
		       (unsigned long long)(s->now / MS), s->failure);
		return 1;
	}
	return 0;
}

static int run_figures(const struct sim_options *options)
{
	struct sim s;
	int err;

	sim_init(&s, options);
	if (sim_run(&s, options->publish_until + 10 * SECOND)) {
		sim_converged(&s);
	}
	print_figures(&s);
	err = report(&s);
	sim_release(&s);
	return err;
}

static struct sim_options fault_options(uint64_t seed)
{
	struct sim_options o = fixed_graph;

	o.seed = seed;
	o.publish_every_us = 200 * MS;
	o.publish_until = 60 * SECOND;
	o.fault_every_us = 700 * MS;
	o.fault_until = 60 * SECOND;
	o.update_bytes = 300 + seed % 7 * 2000;
	if (getenv("SIM_TRACE") != NULL) {
		o.trace = stderr;
	}
	return o;
}

static bool is_disputed(const struct sim *s, size_t feed)
{
	size_t i;

	for (i = 0; i < s->options.nodes; i++) {
		if (!hostile_is(s, i) &&
		    s->nodes[i].logs[feed].disputed_from != 0) {
			return true;
		}
	}
	return false;
}

/* After the last fault: lines are free, all nodes run, and T has passed. */
static void settle(struct sim *s)
{
	size_t i;
	uint64_t t;

	for (i = 0; i < s->options.links; i++) {
		s->links[i].stuck_until[0] = 0;
		s->links[i].stuck_until[1] = 0;
	}
	for (i = 0; i < s->options.nodes; i++) {
		s->nodes[i].slow = 0;
		sim_start(s, i, false);
	}
	t = 10 * SECOND + 2 * SECOND * net_diameter(s);
	if (sim_run(s, s->now + t)) {
		sim_converged(s);
	}
}

/* What many runs did together. */
struct total {
	uint64_t updates;
	uint64_t failed;
	uint64_t dropped;
	uint64_t not_signed;
	uint64_t forks;
};

/* Five nodes in a row keep headers only, and write nothing. */
static void make_narrow(struct sim_options *o)
{
	o->feeds = 10;
	o->narrow = 5;
}

enum kind { KIND_HONEST, KIND_HOSTILE, KIND_NARROW };

static void run_fault_seed(uint64_t seed, enum kind kind, struct total *total)
{
	struct sim_options o = fault_options(seed);
	struct sim s;
	size_t i;

	if (kind == KIND_HOSTILE) {
		o.hostile = 1 + seed % (o.nodes - 1);
	} else if (kind == KIND_NARROW) {
		make_narrow(&o);
	}
	sim_init(&s, &o);
	if (sim_run(&s, o.fault_until + 45 * SECOND)) {
		settle(&s);
	}
	total->updates += s.figures.published;
	total->dropped += s.figures.dropped_n;
	total->not_signed += s.figures.unsigned_n;
	for (i = 0; i < o.feeds; i++) {
		total->forks += is_disputed(&s, i) ? 1 : 0;
	}
	total->failed += report(&s) != 0 ? 1 : 0;
	sim_release(&s);
}

static int run_faults(uint64_t seeds, uint64_t first, enum kind kind)
{
	const char *one = getenv("SIM_SEED");
	clock_t began = clock();
	struct total total;
	double s;
	uint64_t seed;

	memset(&total, 0, sizeof(total));
	if (one != NULL) {
		first = strtoull(one, NULL, 10);
		seeds = 1;
	}
	for (seed = first; seed < first + seeds; seed++) {
		run_fault_seed(seed, kind, &total);
	}
	s = (double)(clock() - began) / CLOCKS_PER_SEC;
	printf("%llu seeds, %llu updates, %llu failed",
	       (unsigned long long)seeds, (unsigned long long)total.updates,
	       (unsigned long long)total.failed);
	if (kind == KIND_HOSTILE) {
		printf(", %llu hostile peers dropped, %llu feeds disputed, "
		       "%llu times an honest author had to wait",
		       (unsigned long long)total.dropped,
		       (unsigned long long)total.forks,
		       (unsigned long long)total.not_signed);
	}
	printf("; %.1f s, 10,000 seeds take %.1f min\n", s,
	       s / (double)seeds * 10000 / 60);
	return total.failed != 0;
}

static int run_large(size_t nodes)
{
	struct sim_options o = fixed_graph;

	o.nodes = nodes;
	o.feeds = nodes;
	o.links = nodes * 2;
	o.publish_every_us = 20 * MS;
	o.publish_until = 30 * SECOND;
	o.update_bytes = 500;
	o.receipt_ms = 0;
	return run_figures(&o);
}

/* How long new updates took to the node that catches up, at most. */
static uint64_t slowest_live_ms(const struct sim *s)
{
	uint64_t max = 0;
	uint64_t us;
	size_t i;

	for (i = s->measured_from; i < s->updates_n; i++) {
		us = s->updates[i].last_at - s->updates[i].published_at;
		if (s->updates[i].feed != 0 && us > max) {
			max = us;
		}
	}
	return max / MS;
}

/* Node 2 lost all of feed 0, which is long; the other feeds go on. */
static int run_catchup(size_t updates)
{
	struct sim_options o = fixed_graph;
	struct sim s;
	uint64_t began;
	int err;

	o.nodes = 3;
	o.feeds = 3;
	o.links = 3;
	o.prefill = updates;
	o.latency_min_us = 5 * MS;
	o.latency_max_us = 10 * MS;
	o.publish_every_us = 100 * MS;
	o.publish_until = 20 * SECOND;
	sim_init(&s, &o);
	s.quiet_feeds = 1;
	sim_crash(&s, 2);
	s.nodes[2].logs[0].n = 0;
	sim_start(&s, 2, true);
	began = s.now;
	while (!s.failed && s.nodes[2].logs[0].n < updates &&
	       s.now < o.publish_until) {
		sim_run(&s, s.now + 10 * MS);
	}
	printf("%zu updates in %llu ms", updates,
	       (unsigned long long)((s.now - began) / MS));
	if (sim_run(&s, o.publish_until + 10 * SECOND)) {
		sim_converged(&s);
	}
	printf("  live at most %llu ms\n",
	       (unsigned long long)slowest_live_ms(&s));
	err = report(&s);
	if (slowest_live_ms(&s) > 1000) {
		puts("FAILED live updates waited for catch-up");
		err = 1;
	}
	sim_release(&s);
	return err;
}

/* ---- one author publishes much at once -----------------------------------
 */

/* The time within which 99 of 100 of the other feeds' updates were in all. */
static uint64_t others_p99(const struct sim *s)
{
	uint64_t *us = calloc(s->updates_n, sizeof(*us));
	const struct sim_update *u;
	uint64_t p99;
	size_t n = 0;
	size_t i;

	if (us == NULL) {
		abort();
	}
	for (i = s->measured_from; i < s->updates_n; i++) {
		u = &s->updates[i];
		if (u->feed != 0 && u->arrived_n == s->options.nodes) {
			us[n++] = u->last_at - u->published_at;
		}
	}
	qsort(us, n, sizeof(*us), compare_u64);
	p99 = n == 0 ? 0 : us[n * 99 / 100];
	free(us);
	return p99 / 100;
}

/* One run; *@out_ms: when all hold what the author published. */
static int flood_once(size_t updates, uint64_t *out_p99, uint64_t *out_ms)
{
	struct sim_options o = fixed_graph;
	struct sim s;
	uint64_t began;
	size_t i;
	int err;

	o.publish_every_us = 50 * MS;
	o.publish_until = 30 * SECOND;
	sim_init(&s, &o);
	s.quiet_feeds = 1;
	sim_run(&s, 2 * SECOND);
	began = s.now;
	for (i = 0; i < updates; i++) {
		sim_publish(&s, 0);
	}
	*out_ms = 0;
	while (sim_run(&s, s.now + 10 * MS) && s.now < o.publish_until) {
		if (*out_ms == 0 && s.updates[s.updates_n - 1].feed != 0 &&
		    sim_holds_all(&s, 0)) {
			*out_ms = (s.now - began) / MS;
		}
	}
	if (sim_run(&s, o.publish_until + 10 * SECOND)) {
		sim_converged(&s);
	}
	*out_p99 = others_p99(&s);
	if (updates > 0) {
		print_figures(&s);
	}
	err = report(&s);
	sim_release(&s);
	return err;
}

static int run_flood(size_t updates)
{
	uint64_t calm;
	uint64_t p99;
	uint64_t ms;

	if (flood_once(0, &calm, &ms) != 0 ||
	    flood_once(updates, &p99, &ms) != 0) {
		return 1;
	}
	printf("%zu updates of one author in all after: %llu ms  the others' "
	       "p99: %.1f ms  without: %.1f ms\n",
	       updates, (unsigned long long)ms, (double)p99 / 10,
	       (double)calm / 10);
	if (ms == 0 || p99 > calm * 3 / 2) {
		puts("FAILED the others waited for the one");
		return 1;
	}
	return 0;
}

/* ---- stories -------------------------------------------------------------
 */

/* Four nodes in a ring: a tree forms, breaks and heals. */
static int trace_tree(void)
{
	struct sim_options o = fixed_graph;
	struct sim s;
	int err;

	o.nodes = 4;
	o.feeds = 1;
	o.links = 4;
	o.seed = 4;
	o.publish_every_us = 0;
	o.receipt_ms = 0;
	o.trace = stdout;
	puts("-- four nodes in a ring; all hold two updates of node 0's feed");
	sim_init(&s, &o);
	sim_run(&s, SECOND);
	puts("-- the first update goes along all links; doubles prune");
	sim_publish(&s, 0);
	sim_run(&s, 2 * SECOND);
	puts("-- the second goes along the tree; the link that is left tells");
	sim_publish(&s, 0);
	sim_run(&s, 3 * SECOND);
	puts("-- a node of the tree goes; who was behind it hears, and grafts");
	sim_crash(&s, 3);
	sim_run(&s, 4 * SECOND);
	sim_publish(&s, 0);
	sim_run(&s, 5 * SECOND);
	puts("-- it is back and asks for what it missed");
	sim_start(&s, 3, false);
	sim_run(&s, 6 * SECOND);
	sim_converged(&s);
	err = report(&s);
	sim_release(&s);
	return err;
}

static void tell_guard(const struct sim *s)
{
	enum gossip_guard why;

	gossip_may_sign(s->nodes[0].engine, &why);
	printf("-- may node 0 sign? %s\n", gossip_guard_text(why));
}

/* A node is restored from its backup: it takes its own updates back first. */
static int trace_restore(void)
{
	struct sim_options o = fixed_graph;
	struct sim s;
	int err;

	o.nodes = 3;
	o.feeds = 1;
	o.links = 3;
	o.seed = 3;
	o.publish_every_us = 0;
	o.receipt_ms = 0;
	o.trace = stdout;
	puts("-- three nodes, each joined to the others");
	sim_init(&s, &o);
	sim_run(&s, SECOND);
	sim_publish(&s, 0);
	sim_run(&s, 2 * SECOND);
	puts("-- node 0's disk is lost; its backup is one update old");
	sim_crash(&s, 0);
	s.nodes[0].logs[0].n--;
	sim_run(&s, 3 * SECOND);
	sim_start(&s, 0, false);
	tell_guard(&s);
	sim_run(&s, 4 * SECOND);
	tell_guard(&s);
	sim_publish(&s, 0);
	sim_run(&s, 5 * SECOND);
	sim_converged(&s);
	err = report(&s);
	sim_release(&s);
	return err;
}

/* How fast it goes among narrow nodes, then whether faults stop anything. */
static int run_narrow(uint64_t seeds, uint64_t first)
{
	struct sim_options o = fixed_graph;

	make_narrow(&o);
	o.publish_until = 120 * SECOND;
	return run_figures(&o) | run_faults(seeds, first, KIND_NARROW);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

	if (strcmp(mode, "figures") == 0) {
		return run_figures(&fixed_graph);
	}
	if (strcmp(mode, "faults") == 0) {
		return run_faults(n != 0 ? n : 200, first, KIND_HONEST);
	}
	if (strcmp(mode, "hostile") == 0) {
		return run_faults(n != 0 ? n : 100, first, KIND_HOSTILE);
	}
	if (strcmp(mode, "large") == 0) {
		return run_large(n != 0 ? (size_t)n : 1000);
	}
	if (strcmp(mode, "catchup") == 0) {
		return run_catchup(n != 0 ? (size_t)n : 10000);
	}
	if (strcmp(mode, "narrow") == 0) {
		return run_narrow(n != 0 ? n : 100, first);
	}
	if (strcmp(mode, "flood") == 0) {
		return run_flood(n != 0 ? (size_t)n : 5000);
	}
	if (strcmp(mode, "trace") == 0) {
		return argc > 2 && strcmp(argv[2], "restore") == 0
			       ? trace_restore()
			       : trace_tree();
	}
	fputs("usage: sim_tool figures | faults [SEEDS [FIRST]] | "
	      "hostile [SEEDS [FIRST]] | narrow [SEEDS [FIRST]] | "
	      "large [NODES] | catchup [UPDATES] | trace tree | trace "
	      "restore\n",
	      stderr);
	return 2;
}
