#include "daemon/cli/reach.h"

#include <stdio.h>
#include <string.h>

#include "daemon/version.h"

/* How long one look at the lock may take, before the socket is tried again. */
#define LOOK_MS 50u

int reach_daemon(struct cli *c, struct client **out)
{
	struct home *home = NULL;
	int r = cli_open_home(c, &home);

	if (r != WEALD_OK) {
		return r;
	}
	r = client_open(home_path(home), out, &c->msg);
	if (r == WEALD_NOTFOUND) {
		c->advice = "start it with weald run";
		r = WEALD_UNREACHABLE;
	}
	home_close(home);
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

int reach_writer(struct cli *c, struct home *home, struct client **out)
{
	const uint64_t deadline = cli_now_ms() + CLI_LOCK_WAIT_MS;
	int r;

	for (;;) {
		r = client_open(home_path(home), out, &c->msg);
		if (r != WEALD_NOTFOUND && r != WEALD_UNREACHABLE &&
		    r != WEALD_LOCKED) {
			break;
		}
		/* a daemon that starts or stops has the lock, but no socket */
		r = home_lock(home, LOOK_MS, &c->msg);
		if (r == WEALD_OK) {
			*out = NULL;
			break;
		}
		if (r != WEALD_LOCKED || cli_now_ms() >= deadline) {
			break;
		}
	}
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

static enum cli_about about_of(const json_t *error)
{
	static const struct {
		const char *name;
		enum cli_about about;
	} names[] = {
		{ "input", CLI_ABOUT_INPUT },
		{ "source", CLI_ABOUT_SOURCE },
		{ "home", CLI_ABOUT_HOME },
		{ "feed", CLI_ABOUT_FEED },
	};
	const char *name = reach_text(error, "about");
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i].name, name) == 0) {
			return names[i].about;
		}
	}
	return CLI_ABOUT_ASKED;
}

int reach_call(struct cli *c, struct client *d, unsigned wait_ms, json_t **out)
{
	int r = client_call(d, wait_ms, out, &c->msg);
	const json_t *error = client_error(d);
	const char *version;

	if (error == NULL) {
		return cli_fail(c, CLI_ABOUT_HOME, r);
	}
	version = reach_text(client_hello(d), "version");
	if (r == WEALD_FORMAT && strcmp(version, WEALD_RELEASE) != 0) {
		msg_set(&c->msg,
			"the running daemon is weald %s and does not know this "
			"command of weald %s; restart it",
			version, WEALD_RELEASE);
	}
	return cli_fail(c, about_of(error), r);
}

int reach_ask(struct cli *c, struct client *d, json_t **out)
{
	int r = reach_call(c, d, CLIENT_WAIT_MS, out);

	return r == WEALD_UNKNOWN ? WEALD_UNREACHABLE : r;
}

int reach_do(struct cli *c, struct client *d)
{
	json_t *answer = NULL;
	int r = reach_ask(c, d, &answer);

	json_decref(answer);
	return r;
}

int reach_each(struct cli *c, const struct cli_usage *usage, const char *method,
	       int argc, char **argv)
{
	struct client *d = NULL;
	int i;
	int r = cli_parse(c, usage, argc, argv, &i);

	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = reach_daemon(c, &d);
	for (; r == WEALD_OK && i < argc; i++) {
		mp_put_str(client_begin(d, method, 1), span_of(argv[i]));
		r = reach_do(c, d);
	}
	client_close(d);
	return r;
}

uint64_t reach_uint(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));

	return v < 0 ? 0 : (uint64_t)v;
}

const char *reach_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text == NULL ? "" : text;
}

int reach_bytes(struct cli *c, const json_t *o, const char *key, uint8_t *out,
		size_t len)
{
	if (hex_decode(span_of(reach_text(o, key)), out, len) == WEALD_OK) {
		return WEALD_OK;
	}
	msg_set(&c->msg, "the daemon's answer has no valid \"%s\"", key);
	return cli_fail(c, CLI_ABOUT_HOME, WEALD_MALFORMED);
}
