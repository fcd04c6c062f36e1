/*
 * weald status: am I in sync, who holds my latest version, who is behind, and
 * what needs a hand. What was withdrawn and is used here comes first of all;
 * the first line of the rest is the answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"

#define HEAD_DIGITS 12
#define NODE_DIGITS 8
/* Lines for those that are behind, and the like; the rest is counted. */
#define LINES_MAX 5u
/* Receipts of an update take so long; before, nobody is called behind. */
#define RECEIPTS_S 60u

static void say_more(size_t n)
{
	if (n > LINES_MAX) {
		ask_say("", "and %zu more: --json names them all",
			n - LINES_MAX);
	}
}

static void say_region(const json_t *o)
{
	char time[OUT_TIME_BYTES] = "";

	out_time(ask_time(o, "time"), time);
	ask_say("region", "%s, update %" PRIu64 ", head %.*s, %s",
		reach_text(o, "region"), reach_uint(o, "seq"), HEAD_DIGITS,
		reach_text(o, "head"), time);
}

static void say_node(const json_t *o)
{
	char age[WORDS_AGE_BYTES];
	char size[WORDS_SIZE_BYTES];
	char port[32] = "not listening";

	if (reach_uint(o, "port") != 0) {
		snprintf(port, sizeof port, "port %" PRIu64,
			 reach_uint(o, "port"));
	}
	ask_say("node", "%.*s, weald %s, up %s, %s of memory, %s", NODE_DIGITS,
		reach_text(o, "node"), reach_text(o, "version"),
		ask_age(o, "started", age), ask_size(o, "memory_bytes", size),
		port);
	/* whole: others add us by it */
	ask_say("node key", "%s", reach_text(o, "node"));
}

/* The regions that have said less, each on a line. */
static void say_behind(const json_t *latest)
{
	const json_t *list = json_object_get(latest, "behind");
	const json_t *one;
	char age[WORDS_AGE_BYTES];
	char place[64];
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		one = json_array_get(list, i);
		if (reach_uint(one, "seq") == 0) {
			snprintf(place, sizeof place, "has nothing of it");
		} else {
			snprintf(place, sizeof place, "is at %" PRIu64,
				 reach_uint(one, "seq"));
		}
		ask_say("", "%s %s, behind for %s%s", reach_text(one, "region"),
			place, ask_age(one, "since", age),
			ask_bool(one, "connected") ? "" : ", not connected");
	}
	say_more(json_array_size(list));
}

/* The regions that hold another line than ours. */
static void say_other(const json_t *latest)
{
	const json_t *list = json_object_get(latest, "other");
	const json_t *one;
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		one = json_array_get(list, i);
		ask_say("",
			"%s holds another update %" PRIu64
			": our key was used twice",
			reach_text(one, "region"), reach_uint(one, "seq"));
	}
	say_more(json_array_size(list));
}

/* Is the update so new that receipts for it are still on their way? */
static bool is_fresh(const json_t *o)
{
	uint64_t time = ask_time(o, "time");
	uint64_t now = cli_now();

	return now >= time && now - time < RECEIPTS_S;
}

static void say_latest(const json_t *o)
{
	const json_t *latest = json_object_get(o, "latest");
	struct words_names holders = { .n = 0 };
	struct words_names apart = { .n = 0 };
	struct words_names unheard = { .n = 0 };
	uint64_t regions = reach_uint(latest, "regions");
	size_t n = json_array_size(json_object_get(latest, "holders"));
	size_t not_following =
		json_array_size(json_object_get(latest, "not_following"));
	size_t silent = json_array_size(json_object_get(latest, "unheard"));
	size_t other = json_array_size(json_object_get(latest, "other"));

	if (regions == 0) {
		ask_say("latest", "no region follows us yet: weald invite");
		return;
	}
	ask_say("latest",
		"update %" PRIu64 " is held by %zu of %" PRIu64
		" region%s%s%s%s",
		reach_uint(latest, "seq"), n, regions, ask_s(regions),
		n > 0 && n <= WORDS_NAMES_MAX ? ": " : "",
		n <= WORDS_NAMES_MAX
			? ask_names(latest, "holders", NULL, &holders)
			: "",
		n + other + not_following < regions && is_fresh(o)
			? " (receipts are on their way)"
			: "");
	say_other(latest);
	if (!is_fresh(o)) {
		say_behind(latest);
	}
	if (not_following > 0) {
		ask_say("", "does not follow us: %s",
			ask_names(latest, "not_following", NULL, &apart));
	}
	if (silent > 0) {
		ask_say("", "no receipt yet of %s",
			ask_names(latest, "unheard", NULL, &unheard));
	}
}

static void say_missing(const json_t *o)
{
	const json_t *list = json_object_get(o, "missing");
	const json_t *one;
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		one = json_array_get(list, i);
		if (reach_uint(one, "heard_seq") == 0) {
			ask_say(i == 0 ? "missing" : "",
				"%s: nothing of it has come",
				reach_text(one, "feed"));
			continue;
		}
		ask_say(i == 0 ? "missing" : "",
			"%s: %" PRIu64 " of %" PRIu64 " updates are here",
			reach_text(one, "feed"), reach_uint(one, "seq"),
			reach_uint(one, "heard_seq"));
	}
	say_more(json_array_size(list));
}

static void say_peers(const json_t *o)
{
	const json_t *peers = json_object_get(o, "peers");
	uint64_t unreached = reach_uint(peers, "unreached");
	char more[64] = "";

	if (unreached > 0) {
		snprintf(more, sizeof more,
			 "; %" PRIu64 " cannot be reached: weald peers",
			 unreached);
	}
	ask_say("peers", "%" PRIu64 " connected, %" PRIu64 " wanted%s",
		reach_uint(peers, "connected"), reach_uint(peers, "wanted"),
		more);
}

static void say_feeds(const json_t *o)
{
	const json_t *feeds = json_object_get(o, "feeds");

	ask_say("feeds",
		"%" PRIu64 " followed whole, %" PRIu64 " in part, %" PRIu64
		" blocked, %" PRIu64 " not followed",
		reach_uint(feeds, "whole"), reach_uint(feeds, "narrow"),
		reach_uint(feeds, "blocked"),
		reach_uint(feeds, "not_followed"));
}

static void say_trouble_one(const json_t *one)
{
	const char *feed = reach_text(one, "feed");
	const char *state = reach_text(one, "state");

	if (strcmp(state, "damaged") == 0) {
		ask_say(state, "%s: %s", feed, reach_text(one, "message"));
	} else {
		ask_say(strcmp(state, "store-failed") == 0 ? "not stored"
							   : state,
			"%s from update %" PRIu64 " on: %s", feed,
			reach_uint(one, "seq"), reach_text(one, "message"));
	}
}

static void say_trouble(const json_t *o)
{
	const json_t *list = json_object_get(o, "trouble");
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		say_trouble_one(json_array_get(list, i));
	}
	say_more(json_array_size(list));
}

static void say_signing(const json_t *o)
{
	const json_t *signing = json_object_get(o, "signing");
	struct words_names names = { .n = 0 };

	ask_say("signing", "%s%s",
		ask_bool(signing, "allowed") ? "" : "held back: ",
		ask_bool(signing, "allowed") ? "allowed"
					     : reach_text(signing, "message"));
	if (json_array_size(json_object_get(signing, "waits_for")) > 0) {
		ask_say("", "waits for %s",
			ask_names(signing, "waits_for", "region", &names));
	}
}

static void say_disk(const json_t *o)
{
	const json_t *disk = json_object_get(o, "disk");
	char size[WORDS_SIZE_BYTES];

	ask_say("disk", "%s, %s free",
		ask_bool(disk, "ok") ? "ok" : "updates cannot be stored",
		ask_size(disk, "free_bytes", size));
}

static const char *waits_why(const char *reason)
{
	if (strcmp(reason, "gap") == 0) {
		return "for what comes before";
	}
	return strcmp(reason, "store") == 0 ? "to be stored"
					    : "a change of history";
}

static void say_waiting(const json_t *o)
{
	const json_t *list = json_object_get(o, "waiting");
	const json_t *one;
	char age[WORDS_AGE_BYTES];
	char size[WORDS_SIZE_BYTES];
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		one = json_array_get(list, i);
		ask_say(i == 0 ? "waiting" : "",
			"%s: %" PRIu64 " update%s (%s), %s, for %s",
			reach_text(one, "feed"), reach_uint(one, "n"),
			ask_s(reach_uint(one, "n")),
			ask_size(one, "bytes", size),
			waits_why(reach_text(one, "reason")),
			ask_age(one, "since", age));
	}
	say_more(json_array_size(list));
}

/* Only what a person can do something about. */
static void say_dropped(const json_t *o)
{
	const json_t *list = json_object_get(o, "dropped");
	const json_t *one;
	bool first = true;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		if (!ask_bool(one, "act")) {
			continue;
		}
		ask_say(first ? "dropped" : "", "%s, %" PRIu64 " time%s: %s",
			reach_text(one, "reason"), reach_uint(one, "n"),
			ask_s(reach_uint(one, "n")), reach_text(one, "text"));
		ask_say("", "  -> %s", reach_text(one, "todo"));
		first = false;
	}
}

static void say_introduced(const json_t *o)
{
	const json_t *list = json_object_get(o, "introduced");
	const json_t *one;
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		struct words_names names = { .n = 0 };

		one = json_array_get(list, i);
		ask_say(i == 0 ? "introduced" : "", "%s by %s",
			reach_text(one, "region"),
			ask_names(one, "by", NULL, &names));
	}
	say_more(json_array_size(list));
}

/* ---- what people here have to do ----------------------------------------
 */

static const json_t *list_of(const json_t *o, const char *key)
{
	return json_object_get(json_object_get(o, key), "list");
}

static uint64_t count_of(const json_t *o, const char *key)
{
	return reach_uint(json_object_get(o, key), "n");
}

static void say_count(const json_t *o, const char *key)
{
	if (count_of(o, key) > LINES_MAX) {
		ask_say("", "and %" PRIu64 " more: --json names them",
			count_of(o, key) - LINES_MAX);
	}
}

static void say_alert(const json_t *one)
{
	const char *level = reach_text(one, "level");
	const char *reason = reach_text(one, "reason");
	const char *by = reach_text(one, "by");

	ask_say("withdrawn", "%s%s%s, by %s%s%s", level,
		level[0] == '\0' ? "" : ": ", reach_text(one, "ref"),
		reach_text(one, "region"), reason[0] == '\0' ? "" : ": ",
		reason);
	if (reach_text(one, "title")[0] != '\0') {
		ask_say("", "\"%s\"", reach_text(one, "title"));
	}
	ask_say("", "we use it: %s", reach_text(one, "adoption"));
	ask_say("", "  -> weald show %s; once it is dealt with: weald ack %s",
		by, by);
}

static void say_alerts(const json_t *o)
{
	const json_t *list = list_of(o, "alerts");
	size_t i;

	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		say_alert(json_array_get(list, i));
	}
	say_count(o, "alerts");
	if (i > 0) {
		putchar('\n');
	}
}

/* A version is named by its record, unless its name is what was blocked. */
static void say_withheld_one(const json_t *one)
{
	const char *ref = reach_text(one, "ref");

	if (ref[0] == '\0') {
		ask_say("", "update %" PRIu64 ": %s", reach_uint(one, "seq"),
			reach_text(one, "why"));
	} else {
		ask_say("", "%s@%" PRIu64 ", update %" PRIu64 ": %s", ref,
			reach_uint(one, "version"), reach_uint(one, "seq"),
			reach_text(one, "why"));
	}
}

static void say_withheld(const json_t *o)
{
	const json_t *list = list_of(o, "withheld");
	uint64_t n = count_of(o, "withheld");
	size_t i;

	if (n == 0) {
		return;
	}
	ask_say("withheld",
		"%" PRIu64 " version%s of ours %s shown by no node: the "
		"privacy guard blocks %s",
		n, ask_s(n), n == 1 ? "is" : "are", n == 1 ? "it" : "them");
	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		say_withheld_one(json_array_get(list, i));
	}
	say_count(o, "withheld");
	ask_say("", "  -> publish a version without it (weald edit), and tell "
		    "who answers for data protection");
}

static void say_due(const json_t *o)
{
	const json_t *list = list_of(o, "due");
	uint64_t n = count_of(o, "due");
	const json_t *one;
	size_t i;

	if (n == 0) {
		return;
	}
	ask_say("due", "%" PRIu64 " result%s or review%s of ours", n, ask_s(n),
		ask_s(n));
	for (i = 0; i < json_array_size(list) && i < LINES_MAX; i++) {
		one = json_array_get(list, i);
		ask_say("", "%s: %s", reach_text(one, "ref"),
			reach_text(one, "due"));
	}
	say_count(o, "due");
	ask_say("", "  -> look at it again and set its next date: weald edit; "
		    "of a result that is missing: weald new evidence");
}

static void say_index(const json_t *o)
{
	const json_t *index = json_object_get(o, "index");
	const char *state = reach_text(index, "state");
	uint64_t all = reach_uint(index, "updates");
	uint64_t done = reach_uint(index, "indexed");
	struct words_names without = { .n = 0 };

	if (strcmp(state, "up-to-date") == 0) {
		ask_say("index", "up to date, %" PRIu64 " update%s", done,
			ask_s(done));
	} else if (strcmp(state, "behind") == 0) {
		ask_say("index", "behind by %" PRIu64 " of %" PRIu64 " updates",
			reach_uint(index, "behind"), all);
	} else if (strcmp(state, "making") == 0) {
		ask_say("index",
			"being made anew, %" PRIu64 " %% of %" PRIu64
			" updates",
			all == 0 ? 0 : done * 100 / all, all);
	} else if (strcmp(state, "opening") == 0) {
		ask_say("index", "being opened");
	} else {
		ask_say("index", "%s: %s",
			strcmp(state, "waiting") == 0
				? "waits, and is tried again"
				: "given up until the next start",
			reach_text(index, "message"));
	}
	if (json_is_false(json_object_get(index, "complete"))) {
		ask_say("", "not all of it is in: answers may lack records, "
			    "withdrawals too");
	}
	if (json_array_size(json_object_get(index, "without")) > 0) {
		ask_say("", "without %s, which cannot be read: weald verify",
			ask_names(index, "without", NULL, &without));
	}
}

static void say_status(const json_t *o)
{
	say_alerts(o);
	(void)ask_wrap(reach_text(o, "answer"), 0);
	putchar('\n');
	say_withheld(o);
	say_due(o);
	say_region(o);
	say_node(o);
	say_latest(o);
	say_missing(o);
	say_peers(o);
	say_feeds(o);
	say_signing(o);
	say_disk(o);
	say_index(o);
	say_trouble(o);
	say_waiting(o);
	say_dropped(o);
	say_introduced(o);
}

static const char status_text[] =
	"Say how it stands. First what was withdrawn and is used here, until "
	"it\n"
	"is acknowledged (weald ack). Then a line that is the answer; the "
	"others\n"
	"say who holds our latest update, who is behind, what waits, what was\n"
	"dropped and what to do about it.\n";

int command_status(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "status",
		.text = status_text,
	};
	json_t *answer = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = ask_daemon(c, "status", NULL, &answer);
	if (r == WEALD_OK && c->json) {
		r = ask_print_json(answer);
	} else if (r == WEALD_OK) {
		say_status(answer);
	}
	json_decref(answer);
	return r;
}
