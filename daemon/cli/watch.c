/*
 * weald watch: a line for everything that happens, until Ctrl-C.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "daemon/cli/reach.h"

/* Every line is out by then: there is nothing to be tidied up. */
static void stop(int number)
{
	(void)number;
	_exit(CLI_EXIT_OK);
}

static void print_now(void)
{
	char time[OUT_TIME_BYTES];

	out_time_iso(cli_now(), time);
	printf("%s ", time);
}

static void put_key(const json_t *event, const char *key)
{
	const char *text = reach_text(event, key);

	if (text[0] != '\0') {
		putchar(' ');
		(void)out_put(span_of(text));
	}
}

/* "TIME south-west/problem/a@2 Publish problem: A title" */
static void print_update(const json_t *event)
{
	const char *feed = reach_text(event, "feed");
	const char *record = reach_text(event, "record");
	char ref[REF_TEXT_BYTES];

	if (json_is_true(json_object_get(event, "withheld"))) {
		(void)out_put(span_of(feed));
		printf(" update %" PRIu64
		       " is withheld: the privacy guard blocks it",
		       reach_uint(event, "seq"));
		return;
	}
	if (record[0] == '\0') {
		snprintf(ref, sizeof ref, "%.80s", feed);
	} else {
		ref_text(feed, span_of(record), reach_uint(event, "version"),
			 ref);
	}
	(void)out_put(span_of(ref));
	put_key(event, "summary");
}

/* Why it matters here, as people say it. */
static const char *reason_words(const char *reason)
{
	static const struct {
		const char *reason;
		const char *words;
	} all[] = {
		{ "withdrawn", "WITHDRAWN, and used here:" },
		{ "fix", "a fix for a problem of ours:" },
		{ "evidence", "about something that we use or made:" },
		{ "topic", "on a topic of ours:" },
	};
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(all[i].reason, reason) == 0) {
			return all[i].words;
		}
	}
	return "for us:";
}

/* "TIME a fix for a problem of ours: kent/intervention/a A title" */
static void print_inbox(const json_t *event)
{
	const char *reason = reach_text(event, "reason");

	(void)out_put(span_of(reason_words(reason)));
	put_key(event, "ref");
	put_key(event, "title");
	if (strcmp(reason, "withdrawn") == 0) {
		printf("; weald show");
		put_key(event, "by");
	}
}

/* What is known of other events: their name, and who, where, why. */
static void print_other(const json_t *event)
{
	static const char *const keys[] = { "feed", "region", "node", "address",
					    "reason" };
	size_t i;

	(void)out_put(span_of(reach_text(event, "event")));
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		put_key(event, keys[i]);
	}
	if (json_object_get(event, "seq") != NULL) {
		printf(" update %" PRIu64, reach_uint(event, "seq"));
	}
}

static int print_event(struct cli *c, json_t *event)
{
	struct json_line j = { json_incref(event), false };

	if (c->json) {
		return json_line_print(&j);
	}
	json_line_release(&j);
	print_now();
	if (strcmp(reach_text(event, "event"), "update") == 0) {
		print_update(event);
	} else if (strcmp(reach_text(event, "event"), "inbox") == 0) {
		print_inbox(event);
	} else {
		print_other(event);
	}
	putchar('\n');
	return WEALD_OK;
}

static int watch(struct cli *c, struct client *d)
{
	json_t *event = NULL;
	int r;

	(void)client_begin(d, "watch", 0);
	r = reach_do(c, d);
	while (r == WEALD_OK && !c->closed) {
		r = client_event(d, &event, &c->msg);
		if (r != WEALD_OK) {
			return cli_fail(c, CLI_ABOUT_HOME, r);
		}
		r = print_event(c, event);
		json_decref(event);
		if (r == WEALD_OK) {
			r = out_flush(c);
		}
	}
	return r;
}

static const char watch_text[] =
	"Print a line for every update that arrives or is published here, for\n"
	"what of it matters here (weald inbox), and for nodes that come and "
	"go,\n"
	"as it happens, until Ctrl-C.\n";

int command_watch(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "watch",
		.text = watch_text,
	};
	const struct sigaction action = { .sa_handler = stop };
	struct client *d = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = reach_daemon(c, &d);
	if (r == WEALD_OK) {
		(void)sigaction(SIGINT, &action, NULL);
		(void)sigaction(SIGTERM, &action, NULL);
		r = watch(c, d);
	}
	client_close(d);
	return r;
}
