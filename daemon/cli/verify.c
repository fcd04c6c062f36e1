/*
 * weald verify: is every update of a feed the region's own, from the first
 * one on, whatever checkpoints say?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/progress.h"
#include "store/feed/verify.h"

struct verifying {
	struct cli *c;
	struct home *home;
	size_t failed;
	char first_failed[HOME_FEED_NAME_BYTES];
};

static void progress_cb(void *ctx, uint64_t done, uint64_t total)
{
	progress_show(ctx, done, total);
}

/* A failure of the machine says nothing about the feed. */
static bool is_verdict(int err)
{
	switch (err) {
	case WEALD_NOMEM:
	case WEALD_CRYPTO:
	case WEALD_IO:
	case WEALD_NOSPACE:
	case WEALD_DENIED:
	case WEALD_LOCKED:
	case WEALD_NEWER:
		return false;
	default:
		return true;
	}
}

static int print_json(const char *name, const struct verify_result *v, int err,
		      const struct weald_msg *msg)
{
	const struct identity *id = &v->identity;
	struct json_line j;

	json_line_init(&j);
	json_line_text(&j, "feed", name);
	json_line_bool(&j, "ok", err == WEALD_OK);
	json_line_hex(&j, "feed_id", id->feed, sizeof id->feed);
	json_line_uint(&j, "updates", v->total);
	json_line_uint(&j, "good", id->seq);
	json_line_hex(&j, "head", id->commit, sizeof id->commit);
	json_line_bool(&j, "narrow", v->narrow);
	json_line_uint(&j, "absent", v->absent);
	if (err != WEALD_OK) {
		json_line_uint(&j, "failed_seq", v->failed_seq);
		json_line_text(&j, "failed_commit", v->failed_commit);
		json_line_text(&j, "code", err_name(err));
		json_line_text(&j, "message", msg_text(msg, err));
	}
	return json_line_print(&j);
}

static void print_line(const char *name, const struct verify_result *v, int err,
		       const struct weald_msg *msg)
{
	char head[2 * OBJECT_ID_BYTES + 1];

	if (err == WEALD_OK) {
		hex_encode(v->identity.commit, OBJECT_ID_BYTES, head);
		printf("ok %s %" PRIu64 " updates ", name, v->identity.seq);
		if (v->narrow) {
			printf("absent %" PRIu64 " ", v->absent);
		}
		printf("head %s\n", head);
	} else if (v->failed_seq != 0) {
		printf("FAILED %s: update %" PRIu64 " (commit %s): %s: %s\n",
		       name, v->failed_seq, v->failed_commit, err_name(err),
		       msg_text(msg, err));
	} else {
		printf("FAILED %s: %s: %s\n", name, err_name(err),
		       msg_text(msg, err));
	}
}

static int verify_feed(struct verifying *v, const char *name)
{
	struct cli *c = v->c;
	struct verify_result result;
	struct weald_msg msg = { "" };
	struct progress progress;
	char *dir = NULL;
	int err;
	int r;

	memset(&result, 0, sizeof result);
	r = home_feed_dir(v->home, name, &dir);
	if (r != WEALD_OK) {
		return r;
	}
	progress_init(&progress, name);
	err = feed_verify(dir, NULL, progress_cb, &progress, &result, &msg);
	progress_end(&progress);
	free(dir);
	if (err != WEALD_OK && !is_verdict(err)) {
		c->msg = msg;
		return cli_fail(c, CLI_ABOUT_FEED, err);
	}
	if (err != WEALD_OK && v->failed++ == 0) {
		snprintf(v->first_failed, sizeof v->first_failed, "%s", name);
	}
	if (c->json) {
		r = print_json(name, &result, err, &msg);
	} else {
		print_line(name, &result, err, &msg);
	}
	return r != WEALD_OK ? r : out_flush(c);
}

static int verify_all(struct verifying *v, char *const *names, size_t n)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = verify_feed(v, names[i]);
	}
	if (r != WEALD_OK || v->failed == 0) {
		return r;
	}
	if (v->failed == 1) {
		msg_set(&v->c->msg, "feed %s is not good", v->first_failed);
	} else {
		msg_set(&v->c->msg, "%zu of %zu feeds are not good", v->failed,
			n);
	}
	v->c->advice = "keep it for evidence, and take the feed in again from "
		       "a good copy with weald import";
	return cli_fail(v->c, CLI_ABOUT_ASKED, WEALD_INVALID);
}

static const char verify_text[] =
	"Check feeds (all, where none is named) from the first update on:\n"
	"every signature, tree and content, from the git objects alone. The\n"
	"first update that is wrong is named with its seq, its commit and\n"
	"the rule that it breaks.\n";

int command_verify(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "verify [FEED...]",
		.text = verify_text,
		.args_max = CLI_ARGS_ANY,
	};
	struct verifying v = { .c = c };
	char **names = NULL;
	size_t n = 0;
	int first;
	int i;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &v.home);
	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_HOME,
			     home_feeds(v.home, &names, &n, &c->msg));
	}
	for (i = first; r == WEALD_OK && i < argc; i++) {
		r = cli_find_feed(c, v.home, argv[i]);
	}
	if (r == WEALD_OK) {
		r = first < argc ? verify_all(&v, argv + first,
					      (size_t)(argc - first))
				 : verify_all(&v, names, n);
	}
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
	home_close(v.home);
	return r;
}
