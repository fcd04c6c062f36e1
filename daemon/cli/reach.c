#include "daemon/cli/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "daemon/version.h"

/* How long one look at the lock may take, before the socket is tried again. */
#define LOOK_MS 50u

/*
 * Has another process the lock? Nothing in the home is changed by asking, and
 * one that waits for the lock meanwhile gets it.
 */
static bool is_locked(const struct home *home)
{
	bool locked = false;
	char *path = NULL;
	int fd;

	if (home_join(home, "lock", &path) != WEALD_OK) {
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		locked = flock(fd, LOCK_SH | LOCK_NB) != 0 &&
			 errno == EWOULDBLOCK;
		(void)close(fd);
	}
	free(path);
	return locked;
}

/* Is it worth to wait for the daemon, which has said @said? */
static bool is_coming(const struct home *home, int said)
{
	return (said == WEALD_NOTFOUND || said == WEALD_UNREACHABLE ||
		said == WEALD_LOCKED) &&
	       is_locked(home);
}

int reach_daemon(struct cli *c, struct client **out)
{
	const uint64_t deadline = cli_now_ms() + CLI_LOCK_WAIT_MS;
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	struct home *home = NULL;
	int r = cli_open_home(c, &home);

	if (r != WEALD_OK) {
		return r;
	}
	r = client_open(home_path(home), out, &c->msg);
	while (is_coming(home, r) && cli_now_ms() < deadline) {
		(void)nanosleep(&pause, NULL);
		r = client_open(home_path(home), out, &c->msg);
	}
	if (r == WEALD_NOTFOUND) {
		c->advice = "start it with weald run";
		r = WEALD_UNREACHABLE;
	}
	home_close(home);
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

/*
 * The daemon, or NULL and the lock, where no other process has it. A daemon
 * that starts or stops has the lock, but no socket that answers.
 */
static int open_writer(struct cli *c, struct home *home, struct client **out)
{
	const uint64_t deadline = cli_now_ms() + CLI_LOCK_WAIT_MS;
	struct weald_msg lock = { "" };
	int said = WEALD_OK;
	int r;

	do {
		said = client_open(home_path(home), out, &c->msg);
		if (said != WEALD_NOTFOUND && said != WEALD_UNREACHABLE &&
		    said != WEALD_LOCKED) {
			return said;
		}
		msg_clear(&lock);
		r = home_lock(home, LOOK_MS, &lock);
		if (r == WEALD_OK) {
			*out = NULL;
			return r;
		}
	} while (r == WEALD_LOCKED && cli_now_ms() < deadline);
	if (r == WEALD_LOCKED && said != WEALD_NOTFOUND) {
		return said; /* a daemon is there, and says why not */
	}
	c->msg = lock;
	return r;
}

int reach_writer(struct cli *c, struct home *home, struct client **out)
{
	return cli_fail(c, CLI_ABOUT_HOME, open_writer(c, home, out));
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
