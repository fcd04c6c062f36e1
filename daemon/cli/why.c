/*
 * weald why REGION: why its updates do not come or, of our own region, why ours
 * do not arrive.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"

#define NODE_DIGITS  8
#define STEP_COLUMNS 23u
#define TODO_COLUMNS 12u /* "What to do: " */

static void say_steps(const json_t *o)
{
	const json_t *list = json_object_get(o, "steps");
	const json_t *one;
	const char *result;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		result = reach_text(one, "result");
		printf("%-12s  %-7s  ", reach_text(one, "step"),
		       strcmp(result, "none") == 0 ? "-" : result);
		(void)ask_wrap(reach_text(one, "text"), STEP_COLUMNS);
	}
}

static const char *or_unknown(const char *region)
{
	return region[0] == '\0' ? "unknown region" : region;
}

/* What each connected peer said to hold of it. */
static void say_peers(const json_t *o)
{
	const json_t *list = json_object_get(o, "peers");
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0) {
		return;
	}
	fputs("\nConnected peers hold of it:\n", stdout);
	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		printf("  update %-8" PRIu64 " node %.*s of ",
		       reach_uint(one, "seq"), NODE_DIGITS,
		       reach_text(one, "node"));
		(void)out_put(span_of(or_unknown(reach_text(one, "region"))));
		putchar('\n');
	}
}

/* What its nodes have signed to hold of ours. */
static void say_receipts(const json_t *o)
{
	const json_t *list = json_object_get(o, "receipts");
	const json_t *one;
	char age[WORDS_AGE_BYTES];
	size_t i;

	if (json_array_size(list) == 0) {
		return;
	}
	printf("\nIts nodes have signed that they hold of ours (our last is "
	       "update %" PRIu64 "):\n",
	       reach_uint(o, "our_seq"));
	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		printf("  update %-8" PRIu64 " node %.*s, %s ago; of its own "
		       "update %" PRIu64 "\n",
		       reach_uint(one, "ours"), NODE_DIGITS,
		       reach_text(one, "node"), ask_age(one, "time", age),
		       reach_uint(one, "theirs"));
	}
}

static void say_region(const json_t *one, uint64_t seq)
{
	char age[WORDS_AGE_BYTES];
	char said[64] = "has sent no receipt yet";

	if (ask_bool(one, "said") && reach_uint(one, "seq") == 0) {
		snprintf(said, sizeof said, "holds nothing");
	} else if (ask_bool(one, "said")) {
		snprintf(said, sizeof said, "holds update %" PRIu64,
			 reach_uint(one, "seq"));
	}
	fputs("  ", stdout);
	(void)out_put(span_of(reach_text(one, "region")));
	printf(" %s", said);
	if (ask_bool(one, "said")) {
		printf(", said %s ago", ask_age(one, "time", age));
	}
	if (ask_time(one, "since") != 0) {
		printf(", behind for %s", ask_age(one, "since", age));
	} else if (reach_uint(one, "seq") < seq &&
		   json_is_false(json_object_get(one, "follows_us"))) {
		fputs(", does not follow us", stdout);
	}
	printf(", %s\n",
	       ask_bool(one, "connected") ? "connected" : "not connected");
}

/* Of our own region: each of the others. */
static void say_regions(const json_t *o)
{
	const json_t *list = json_object_get(o, "regions");
	uint64_t seq = reach_uint(o, "seq");
	size_t i;

	if (json_array_size(list) == 0) {
		return;
	}
	printf("\nOur last is update %" PRIu64 ". Of it:\n", seq);
	for (i = 0; i < json_array_size(list); i++) {
		say_region(json_array_get(list, i), seq);
	}
}

static void say_why(const json_t *o)
{
	say_steps(o);
	say_peers(o);
	say_receipts(o);
	say_regions(o);
	fputs("\nWhat to do: ", stdout);
	(void)ask_wrap(reach_text(o, "todo"), TODO_COLUMNS);
}

static const char why_text[] =
	"Walk from the link to the last update of REGION (a name as weald\n"
	"feeds prints it, or a feed's id), say what is wrong where, and what\n"
	"to do. Of our own region: why others may not have our last update.\n";

int command_why(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "why REGION",
		.text = why_text,
		.args_min = 1,
		.args_wanted = "name a region",
		.args_max = 1,
	};
	json_t *answer = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = ask_daemon(c, "why", argv[first], &answer);
	if (r == WEALD_OK && c->json) {
		r = ask_print_json(answer);
	} else if (r == WEALD_OK) {
		say_why(answer);
	}
	json_decref(answer);
	return r;
}
