/*
 * weald invite: a token that lets one region join.
 */
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/reach.h"

#define EXPIRES_S (UINT64_C(7) * 86400)

static int print_token(struct cli *c, const char *token, uint64_t expires)
{
	char time[OUT_TIME_BYTES];
	struct json_line j;

	if (c->json) {
		json_line_init(&j);
		json_line_text(&j, "token", token);
		json_line_time(&j, "expires", expires);
		return json_line_print(&j);
	}
	puts(token);
	out_time(expires, time);
	fprintf(stderr,
		"Give it to one region, by a way that only they can read: "
		"whoever has it can\njoin, once, until %s UTC. There:\n\n"
		"  weald join TOKEN\n",
		time);
	return WEALD_OK;
}

static int invite(struct cli *c, struct client *d, uint64_t expires_s)
{
	struct mp_writer *w = client_begin(d, "invite", 1);
	json_t *answer = NULL;
	int r;

	mp_put_uint(w, expires_s);
	r = reach_call(c, d, CLIENT_WAIT_MS, &answer);
	if (r == WEALD_OK) {
		r = print_token(c, reach_text(answer, "token"),
				cli_now() + expires_s);
	}
	json_decref(answer);
	return r;
}

static const char invite_text[] =
	"Print a token with which one other region can join: it will follow\n"
	"this region, and be followed back. The token works once, and until\n"
	"it expires; till then it is a secret.\n";

int command_invite(struct cli *c, int argc, char **argv)
{
	uint64_t expires_s = EXPIRES_S;
	const struct cli_option options[] = {
		{ "expires", 0, CLI_OPTION_DURATION, &expires_s, "TIME",
		  "how long it holds, as 12h or 30d (else 7d)" },
	};
	const struct cli_usage usage = {
		.synopsis = "invite [--expires TIME]",
		.text = invite_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	struct client *d = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = reach_daemon(c, &d);
	if (r == WEALD_OK) {
		r = invite(c, d, expires_s);
	}
	client_close(d);
	return r;
}
