#include "daemon/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "proto/sshkey.h"
#include "store/fs.h"

/* The exit code where it does not matter what the call was about; or OK. */
static enum cli_exit exit_by_code(int err)
{
	switch (err) {
	case WEALD_USAGE:
		return CLI_EXIT_USAGE;
	case WEALD_PRIVACY:
		return CLI_EXIT_INPUT;
	case WEALD_LOCKED:
		return CLI_EXIT_BUSY;
	case WEALD_NOMEM:
	case WEALD_CRYPTO:
	case WEALD_NOSPACE:
	case WEALD_CLOCK:
		return CLI_EXIT_MACHINE;
	case WEALD_UNKNOWN:
		return CLI_EXIT_UNKNOWN;
	case WEALD_TIMEOUT:
		return CLI_EXIT_TIME;
	case WEALD_GUARD:
	case WEALD_UNREACHABLE:
		return CLI_EXIT_NETWORK;
	default:
		return CLI_EXIT_OK;
	}
}

/* The same for what was brought from outside. */
static enum cli_exit exit_by_origin(enum cli_about about)
{
	switch (about) {
	case CLI_ABOUT_INPUT:
		return CLI_EXIT_INPUT;
	case CLI_ABOUT_SOURCE:
		return CLI_EXIT_BAD;
	case CLI_ABOUT_ASKED:
	case CLI_ABOUT_HOME:
	case CLI_ABOUT_FEED:
		break;
	}
	return CLI_EXIT_OK;
}

enum cli_exit cli_exit_code(int err, enum cli_about about)
{
	enum cli_exit code = exit_by_code(err);

	if (err == WEALD_OK || code != CLI_EXIT_OK) {
		return code;
	}
	code = exit_by_origin(about);
	if (code != CLI_EXIT_OK) {
		return code;
	}
	switch (err) {
	case WEALD_IO:
		return CLI_EXIT_MACHINE;
	case WEALD_DENIED:
		return CLI_EXIT_HOME;
	case WEALD_CORRUPT:
	case WEALD_NEWER:
		return CLI_EXIT_DAMAGED;
	default:
		break;
	}
	if (about == CLI_ABOUT_HOME) {
		return CLI_EXIT_HOME;
	}
	return about == CLI_ABOUT_FEED ? CLI_EXIT_DAMAGED : CLI_EXIT_BAD;
}

int cli_fail(struct cli *c, enum cli_about about, int err)
{
	if (err != WEALD_OK) {
		c->about = about;
	} else {
		/* what was said on the way to a success is of no use later */
		c->msg.text[0] = '\0';
	}
	return err;
}

/* What to do about @err, where the message cannot know it; or NULL. */
static const char *advice_for(const struct cli *c, int err)
{
	size_t len = strlen(c->msg.text);

	/* whoever wrote the message may know better */
	if (strstr(c->msg.text, "; ") != NULL ||
	    (len > 0 && c->msg.text[len - 1] == ')')) {
		return NULL;
	}
	if (c->advice != NULL) {
		return c->advice;
	}
	switch (err) {
	case WEALD_LOCKED:
		return "wait until it has finished, then try again";
	case WEALD_NOSPACE:
		return "free some space, then try again";
	case WEALD_UNKNOWN:
		return "look with weald log whether it is in";
	case WEALD_CORRUPT:
		return "weald verify says what is damaged";
	default:
		return NULL;
	}
}

static void report_json(struct cli *c, int err)
{
	struct json_line j;
	json_t *error = json_object();
	enum cli_exit code = cli_exit_code(err, c->about);

	json_line_init(&j);
	if (json_object_set_new(error, "code", json_string(err_name(err))) ||
	    json_object_set_new(error, "message",
				json_string(msg_text(&c->msg, err))) ||
	    json_object_set_new(error, "exit", json_integer(code))) {
		j.failed = true;
	}
	json_line_add(&j, "error", error);
	/* the line on stderr has said it, whatever happens here */
	(void)json_line_print(&j);
}

void cli_report(struct cli *c, int err)
{
	const char *advice;

	if (err == WEALD_OK) {
		return;
	}
	advice = advice_for(c, err);
	/* what was printed before comes first, if both go to one place */
	fflush(stdout);
	fprintf(stderr, "weald%s%s: %s%s%s\n", c->command == NULL ? "" : " ",
		c->command == NULL ? "" : c->command, msg_text(&c->msg, err),
		advice == NULL ? "" : "; ", advice == NULL ? "" : advice);
	if (c->json) {
		report_json(c, err);
	}
}

static int join_text(const char *a, const char *b, char **out)
{
	char *text;

	if (asprintf(&text, "%s%s", a, b) < 0) {
		return WEALD_NOMEM;
	}
	*out = text;
	return WEALD_OK;
}

int cli_home_path(struct cli *c, char **out)
{
	const char *path = c->home;

	if (path == NULL) {
		path = getenv("WEALD_HOME");
	}
	if (path != NULL && path[0] != '\0') {
		return join_text(path, "", out);
	}
	path = getenv("XDG_DATA_HOME");
	if (path != NULL && path[0] == '/') { /* others are to be ignored */
		return join_text(path, "/weald", out);
	}
	path = getenv("HOME");
	if (path != NULL && path[0] != '\0') {
		return join_text(path, "/.local/share/weald", out);
	}
	msg_set(&c->msg, "no home is named: neither --home nor WEALD_HOME nor "
			 "HOME is set");
	c->advice = "say --home DIR";
	return cli_fail(c, CLI_ABOUT_HOME, WEALD_NOTFOUND);
}

int cli_library(struct cli *c)
{
	int r;

	if (c->library) {
		return WEALD_OK;
	}
	r = feed_library_init(&c->msg);
	c->library = r == WEALD_OK;
	return cli_fail(c, CLI_ABOUT_ASKED, r);
}

int cli_open_home(struct cli *c, struct home **out)
{
	char *path = NULL;
	int r;

	r = cli_library(c);
	if (r != WEALD_OK) {
		return r;
	}
	r = cli_home_path(c, &path);
	if (r != WEALD_OK) {
		return r;
	}
	r = home_open(path, out, &c->msg);
	free(path);
	if (r == WEALD_NOTFOUND) {
		c->advice = "make one with weald init, or name another with "
			    "--home DIR";
	}
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

int cli_lock(struct cli *c, struct home *home)
{
	return cli_fail(c, CLI_ABOUT_HOME,
			home_lock(home, CLI_LOCK_WAIT_MS, &c->msg));
}

int cli_find_feed(struct cli *c, const struct home *home, const char *name)
{
	char **names = NULL;
	bool found = false;
	size_t n = 0;
	int r;

	r = home_feeds(home, &names, &n, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_HOME, r);
	}
	while (n > 0) {
		n--;
		found = found || strcmp(names[n], name) == 0;
		free(names[n]);
	}
	free(names);
	if (!found) {
		msg_set(&c->msg, "there is no feed \"%s\" here", name);
		c->advice = "weald feeds lists those there are";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	return WEALD_OK;
}

static int open_feed(struct cli *c, const struct home *home, const char *name,
		     enum feed_mode mode, struct feed **out)
{
	int r = home_open_feed(home, name, mode, out, &c->msg);

	return cli_fail(c,
			r == WEALD_NOTFOUND ? CLI_ABOUT_ASKED : CLI_ABOUT_FEED,
			r);
}

int cli_open_feed(struct cli *c, const struct home *home, const char *name,
		  struct feed **out)
{
	return open_feed(c, home, name, FEED_READ, out);
}

int cli_open_own(struct cli *c, const struct home *home, struct feed **out)
{
	return open_feed(c, home, home_slug(home), FEED_WRITE, out);
}

void cli_forbid_core(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
}

int cli_random(struct cli *c, void *out, size_t len)
{
	uint8_t *to = out;
	ssize_t n;

	while (len > 0) {
		n = getrandom(to, len, 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			msg_set(&c->msg, "the kernel gives no random bytes: %s",
				strerror(errno));
			return cli_fail(c, CLI_ABOUT_ASKED, WEALD_IO);
		}
		to += n;
		len -= (size_t)n;
	}
	return WEALD_OK;
}

static struct timespec clock_read(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t); /* these two clocks cannot fail */
	return t;
}

uint64_t cli_now(void)
{
	struct timespec t = clock_read(CLOCK_REALTIME);

	return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec;
}

uint64_t cli_now_ms(void)
{
	struct timespec t = clock_read(CLOCK_MONOTONIC);

	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int cli_read_key(struct cli *c, const char *path, uint8_t out[SEED_BYTES])
{
	struct buf text = { 0 };
	int r;

	cli_forbid_core();
	r = fs_read_file(path, SSHKEY_TEXT_BYTES_MAX, &text, &c->msg);
	if (r == WEALD_OK) {
		r = sshkey_decode_private(buf_span(&text), out, &c->msg);
		if (r != WEALD_OK) {
			msg_prefix(&c->msg, "%s", path);
		}
	}
	if (text.data != NULL) {
		OPENSSL_cleanse(text.data, text.cap);
	}
	buf_release(&text);
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

int cli_write_key(struct cli *c, const char *path,
		  const uint8_t seed[SEED_BYTES], const char *slug)
{
	char comment[SLUG_BYTES_MAX + 16];
	struct buf text;
	uint32_t checkint;
	int r;

	cli_forbid_core();
	buf_init(&text, SSHKEY_FILE_BYTES_MAX);
	snprintf(comment, sizeof comment, "%s root key", slug);
	r = cli_random(c, &checkint, sizeof checkint);
	if (r == WEALD_OK) {
		r = sshkey_encode_private(&text, seed, checkint, comment);
	}
	if (r == WEALD_OK) {
		r = fs_create_durable(path, buf_span(&text), 0600, &c->msg);
	}
	if (text.data != NULL) {
		OPENSSL_cleanse(text.data, text.cap);
	}
	buf_release(&text);
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}
