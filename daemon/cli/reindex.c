/*
 * weald reindex: make the index anew from the feeds. Where a daemon runs it
 * does so, and goes on serving; else it is done here, under the home's lock.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/ask.h"
#include "daemon/cli/json.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/progress.h"

/* Between two questions to the daemon. */
#define ASK_MS 100u

struct result {
	uint64_t feeds;
	uint64_t updates;
	double seconds;
};

static double clock_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t rate_of(const struct result *result)
{
	double rate = (double)result->updates /
		      (result->seconds < 0.001 ? 0.001 : result->seconds);

	return (uint64_t)rate;
}

static int print_result(struct cli *c, const struct result *result)
{
	struct json_line j;

	if (c->json) {
		json_line_init(&j);
		json_line_uint(&j, "feeds", result->feeds);
		json_line_uint(&j, "updates", result->updates);
		json_line_uint(&j, "ms", (uint64_t)(result->seconds * 1000));
		json_line_uint(&j, "rate", rate_of(result));
		return json_line_print(&j);
	}
	printf("indexed %" PRIu64 " update%s of %" PRIu64
	       " feed%s in %.1f s, %" PRIu64 " a second\n",
	       result->updates, ask_s(result->updates), result->feeds,
	       ask_s(result->feeds), result->seconds, rate_of(result));
	return WEALD_OK;
}

/* ---- by the daemon -------------------------------------------------------
 */

static void wait_a_moment(void)
{
	const struct timespec time = { 0, ASK_MS * 1000000L };

	(void)nanosleep(&time, NULL);
}

static bool is_state(const json_t *state, const char *name)
{
	return strcmp(reach_text(state, "state"), name) == 0;
}

/* Why the daemon does not go on, in its words. */
static int stopped(struct cli *c, const json_t *state)
{
	msg_set(&c->msg, "the daemon cannot make the index now: %s",
		reach_text(state, "message"));
	c->advice = is_state(state, "waiting")
			    ? "it tries again by itself"
			    : "see its log; a restart tries again";
	return cli_fail(c, CLI_ABOUT_HOME, WEALD_IO);
}

/* Until it is done; new updates may come in meanwhile. */
static int wait_for(struct cli *c, struct client *d, json_t **state)
{
	struct progress progress;
	int r = WEALD_OK;

	progress_init(&progress, "indexed");
	while (r == WEALD_OK &&
	       (is_state(*state, "making") || is_state(*state, "opening"))) {
		progress_show(&progress, reach_uint(*state, "indexed"),
			      reach_uint(*state, "updates"));
		wait_a_moment();
		json_decref(*state);
		*state = NULL;
		(void)client_begin(d, "reindex_state", 0);
		r = reach_ask(c, d, state);
	}
	progress_end(&progress);
	return r;
}

static int reindex_there(struct cli *c, struct client *d, struct result *out)
{
	json_t *state = NULL;
	int r;

	(void)client_begin(d, "reindex", 0);
	r = reach_ask(c, d, &state);
	if (r == WEALD_OK) {
		r = wait_for(c, d, &state);
	}
	if (r == WEALD_OK &&
	    (is_state(state, "waiting") || is_state(state, "off"))) {
		r = stopped(c, state);
	}
	if (r == WEALD_OK) {
		out->feeds = reach_uint(state, "feeds");
		out->updates = reach_uint(state, "indexed");
	}
	json_decref(state);
	return r;
}

/* ---- without a daemon ----------------------------------------------------
 */

static int count(struct cli *c, struct home *home, struct index *x,
		 struct result *out)
{
	char **names = NULL;
	uint64_t seq;
	size_t n = 0;
	size_t i;
	int r;

	r = home_feeds(home, &names, &n, &c->msg);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = index_seq(x, names[i], &seq, &c->msg);
		if (r == WEALD_OK) {
			out->updates += seq;
			out->feeds++;
		}
	}
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
	return lookup_fail(c, r);
}

static int reindex_here(struct cli *c, struct home *home, struct result *out)
{
	struct index *x = NULL;
	int r;

	r = index_remove(home_path(home), &c->msg);
	if (r == WEALD_OK) {
		r = index_open(home_path(home), INDEX_WRITE, &x, NULL, &c->msg);
	}
	if (r != WEALD_OK) {
		return lookup_fail(c, r);
	}
	r = lookup_fill(c, home, x);
	if (r == WEALD_OK) {
		r = count(c, home, x, out);
	}
	index_close(x);
	return r;
}

static const char reindex_text[] =
	"Make the index anew from the feeds: what search, fixed, inbox and "
	"the\n"
	"like answer from. No record is lost or changed. A running daemon "
	"does\n"
	"it by itself where the index is missing or damaged.\n";

int command_reindex(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "reindex",
		.text = reindex_text,
	};
	struct result result = { 0, 0, 0 };
	struct client *d = NULL;
	struct home *home = NULL;
	double begun;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = reach_writer(c, home, &d);
	}
	begun = clock_s();
	if (r == WEALD_OK) {
		r = d == NULL ? reindex_here(c, home, &result)
			      : reindex_there(c, d, &result);
	}
	if (r == WEALD_OK) {
		result.seconds = clock_s() - begun;
		r = print_result(c, &result);
	}
	client_close(d);
	home_close(home);
	return r;
}
