/*
 * weald peers: who is connected, who cannot be reached and why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"
#include "daemon/cli/table.h"

#define NODE_DIGITS 8
#define STATE_BYTES 512u

static const struct table_column peer_columns[] = {
	{ "region", false },  { "node", false },    { "way", false },
	{ "address", false }, { "in sync", false }, { "state", false },
};
#define PEER_COLUMNS_N (sizeof peer_columns / sizeof peer_columns[0])

static void describe_sync(const json_t *o, char *out, size_t size)
{
	uint64_t behind = reach_uint(o, "behind");
	uint64_t ahead = reach_uint(o, "ahead");

	if (json_object_get(o, "in_sync") == NULL) {
		snprintf(out, size, "-");
	} else if (ask_bool(o, "forked")) {
		snprintf(out, size, "forked");
	} else if (ask_bool(o, "in_sync")) {
		snprintf(out, size, "yes");
	} else if (behind == 0) {
		snprintf(out, size, "%" PRIu64 " ahead", ahead);
	} else {
		snprintf(out, size, "%" PRIu64 " behind", behind);
	}
}

static void describe_connected(const json_t *o, char *out, size_t size)
{
	char age[WORDS_AGE_BYTES];
	char in[WORDS_SIZE_BYTES];
	char sent[WORDS_SIZE_BYTES];
	char unsent[WORDS_SIZE_BYTES];
	size_t at;

	snprintf(out, size, "%s for %s, %s in, %s out", reach_text(o, "state"),
		 ask_age(o, "since", age), ask_size(o, "bytes_in", in),
		 ask_size(o, "bytes_out", sent));
	if (reach_uint(o, "unsent") > 0) {
		at = strlen(out);
		snprintf(out + at, size - at, ", %s unsent",
			 ask_size(o, "unsent", unsent));
	}
}

/* A node that is dialled; what went wrong the last time. */
static void describe_dialled(const json_t *o, char *out, size_t size)
{
	const char *message = reach_text(o, "message");
	uint64_t tries = reach_uint(o, "tries");
	char age[WORDS_AGE_BYTES];
	size_t at;

	if (message[0] == '\0') {
		message = tries == 0 ? "not connected yet"
				     : "the last connection has ended";
	}
	snprintf(out, size, "%s", message);
	at = strlen(out);
	if (tries > 0) {
		snprintf(out + at, size - at, "; tried %" PRIu64 " time%s",
			 tries, ask_s(tries));
	}
	at = strlen(out);
	if (ask_time(o, "next") != 0) {
		snprintf(out + at, size - at, ", next in %s",
			 ask_age(o, "next", age));
	} else if (strcmp(reach_text(o, "state"), "trying") == 0) {
		snprintf(out + at, size - at, ", being tried");
	}
}

static void describe_state(const json_t *o, char *out, size_t size)
{
	const char *state = reach_text(o, "state");
	char age[WORDS_AGE_BYTES];

	if (json_object_get(o, "since") != NULL) {
		describe_connected(o, out, size);
	} else if (reach_text(o, "backed_off")[0] != '\0') {
		snprintf(out, size, "kept away for %s: %s",
			 ask_age(o, "until", age), reach_text(o, "backed_off"));
	} else if (strcmp(state, "expected") == 0) {
		snprintf(out, size, "not connected; it has to dial us");
	} else {
		describe_dialled(o, out, size);
	}
}

static int print_row(struct cli *c, struct table *t, const json_t *o)
{
	char node[NODE_DIGITS + 1];
	char sync[32];
	char state[STATE_BYTES];
	char *safe = NULL;
	const char *region = reach_text(o, "region");
	const char *address = reach_text(o, "address");
	int r;

	snprintf(node, sizeof node, "%.*s", NODE_DIGITS, reach_text(o, "node"));
	describe_sync(o, sync, sizeof sync);
	describe_state(o, state, sizeof state);
	r = out_escape(span_of(state), &safe);
	if (r == WEALD_OK) {
		const char *const cells[PEER_COLUMNS_N] = {
			region[0] == '\0' ? "-" : region,
			node,
			reach_text(o, "direction"),
			address[0] == '\0' ? "-" : address,
			sync,
			safe
		};

		r = table_row(c, t, cells);
	}
	free(safe);
	return r;
}

static int print_peers(struct cli *c, const json_t *list)
{
	struct table table;
	size_t i;
	int r = WEALD_OK;

	table_init(&table, peer_columns, PEER_COLUMNS_N, out_screen());
	for (i = 0; r == WEALD_OK && i < json_array_size(list); i++) {
		r = print_row(c, &table, json_array_get(list, i));
	}
	if (r == WEALD_OK) {
		r = table_end(c, &table);
	}
	table_release(&table);
	return r;
}

static const char peers_text[] =
	"List the nodes that are connected, dialled, waited for or kept away:\n"
	"region, node key, out (we dialled) or in, address, whether it is in\n"
	"sync with us, and since when, or why not.\n";

int command_peers(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "peers",
		.text = peers_text,
	};
	json_t *answer = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = ask_daemon(c, "peers", NULL, &answer);
	if (r == WEALD_OK) {
		r = c->json ? ask_print_json(answer) : print_peers(c, answer);
	}
	json_decref(answer);
	return r;
}
