/*
 * weald join: use the token of another region.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/reach.h"
#include "proto/token.h"

/* The daemon gives up after 30 s. */
#define JOIN_WAIT_MS 45000u

/* White space around it, and a longer text than any token, room to spare. */
#define INPUT_BYTES (TOKEN_TEXT_MAX + 256u)

static struct span trimmed(struct span s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.data[0]) != NULL) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && strchr(" \t\r\n", s.data[s.len - 1]) != NULL) {
		s.len--;
	}
	return s;
}

static int read_token(struct cli *c, char *out, size_t size, struct span *token)
{
	size_t n = fread(out, 1, size, stdin);

	if (ferror(stdin) || n == size || memchr(out, 0, n) != NULL) {
		msg_set(&c->msg, "standard input: not a token");
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_INVALID);
	}
	*token = trimmed((struct span){ (const uint8_t *)out, n });
	if (token->len == 0) {
		msg_set(&c->msg, "standard input was empty; paste the line "
				 "that weald invite printed, then Enter and "
				 "Ctrl-D");
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_INVALID);
	}
	return WEALD_OK;
}

/* Codes that are about the token, and not about the way to the inviter. */
static int note(struct cli *c, int err)
{
	switch (err) {
	case WEALD_INVALID:
	case WEALD_EXPIRED:
	case WEALD_FORMAT:
		return cli_fail(c, CLI_ABOUT_INPUT, err);
	case WEALD_DENIED: /* refused by the other side, not by this machine */
		return cli_fail(c, CLI_ABOUT_SOURCE, err);
	default:
		return err;
	}
}

static int join(struct cli *c, struct client *d, struct span token)
{
	struct mp_writer *w = client_begin(d, "join", 1);
	struct json_line j;
	json_t *answer = NULL;
	int r;

	mp_put_str(w, token);
	r = reach_call(c, d, JOIN_WAIT_MS, &answer);
	json_decref(answer);
	if (r != WEALD_OK) {
		return note(c, r);
	}
	if (c->json) {
		json_line_init(&j);
		json_line_bool(&j, "joined", true);
		return json_line_print(&j);
	}
	puts("joined; weald watch shows what arrives");
	return WEALD_OK;
}

static const char join_text[] =
	"Join at the region that made TOKEN with weald invite: follow it, and\n"
	"be followed back. With - the token is read from standard input, and\n"
	"does not stand in the list of processes.\n";

int command_join(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "join TOKEN\n"
			    "join -",
		.text = join_text,
		.args_min = 1,
		.args_wanted = "give the token, or - to read it",
		.args_max = 1,
	};
	char input[INPUT_BYTES];
	struct client *d = NULL;
	struct span token;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	token = trimmed(span_of(argv[first]));
	if (strcmp(argv[first], "-") == 0) {
		r = read_token(c, input, sizeof input, &token);
	}
	if (r == WEALD_OK && token.len == 0) {
		r = cli_usage_error(c, "the token is empty");
	}
	if (r == WEALD_OK) {
		r = reach_daemon(c, &d);
	}
	if (r == WEALD_OK) {
		r = join(c, d, token);
	}
	client_close(d);
	OPENSSL_cleanse(input, sizeof input);
	return r;
}
