/*
 * weald import: take in a feed that was brought as a repository or a bundle.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/reach.h"
#include "store/feed/import.h"
#include "store/fs.h"

static void progress_cb(void *ctx, uint64_t done, uint64_t total)
{
	progress_show(ctx, done, total);
}

static int print_result(struct cli *c, const struct import_result *result)
{
	uint64_t added = result->seq_after - result->seq_before;
	char head[2 * OBJECT_ID_BYTES + 1];
	struct json_line j;

	hex_encode(result->head, sizeof result->head, head);
	if (c->json) {
		json_line_init(&j);
		json_line_text(&j, "feed", result->name);
		json_line_bool(&j, "created", result->created);
		json_line_uint(&j, "added", added);
		json_line_uint(&j, "seq", result->seq_after);
		json_line_text(&j, "head", head);
		return json_line_print(&j);
	}
	if (added == 0) {
		printf("nothing new for %s: %" PRIu64 " updates, head %s\n",
		       result->name, result->seq_after, head);
	} else {
		printf("imported %s: %" PRIu64 " update%s%s, head %s\n",
		       result->name, added, added == 1 ? "" : "s",
		       result->created ? "" : " more", head);
	}
	return WEALD_OK;
}

/* The daemon works in another folder. */
static int absolute(struct cli *c, const char *source, char **out)
{
	char *here = NULL;
	int n;

	if (source[0] != '/') {
		here = getcwd(NULL, 0);
		if (here == NULL) {
			return cli_fail(c, CLI_ABOUT_INPUT,
					fs_fail(errno, "cannot find", NULL,
						source, &c->msg));
		}
	}
	n = asprintf(out, "%s%s%s", here == NULL ? "" : here,
		     here == NULL ? "" : "/", source);
	free(here);
	return n < 0 ? WEALD_NOMEM : WEALD_OK;
}

/* Is it what was named, this machine, or the feed that was brought? */
static enum cli_about about(int err)
{
	switch (err) {
	case WEALD_NOTFOUND:
	case WEALD_INVALID:
	case WEALD_DENIED:
		return CLI_ABOUT_INPUT;
	case WEALD_IO:
		return CLI_ABOUT_ASKED;
	default:
		return CLI_ABOUT_SOURCE;
	}
}

/* The home is ours: take it in here. */
static int import_here(struct cli *c, struct home *home, const char *source,
		       struct import_result *out)
{
	struct progress progress;
	int r;

	progress_init(&progress, "checked");
	r = feed_import(home, source, progress_cb, &progress, out, &c->msg);
	progress_end(&progress);
	return r;
}

/* What the daemon answered, or what its error says of the update. */
static int take_answer(struct cli *c, const json_t *answer,
		       struct import_result *out)
{
	out->created = json_is_true(json_object_get(answer, "created"));
	out->seq_after = reach_uint(answer, "seq");
	out->seq_before = out->seq_after - reach_uint(answer, "added");
	snprintf(out->name, sizeof out->name, "%s", reach_text(answer, "feed"));
	return reach_bytes(c, answer, "head", out->head, sizeof out->head);
}

static int import_there(struct cli *c, struct client *d, const char *source,
			struct import_result *out)
{
	const json_t *error;
	json_t *answer = NULL;
	char *path = NULL;
	struct mp_writer *w;
	int r;

	r = absolute(c, source, &path);
	if (r != WEALD_OK) {
		return r;
	}
	w = client_begin(d, "import", 1);
	mp_put_str(w, span_of(path));
	free(path);
	r = reach_call(c, d, CLIENT_WAIT_EVER, &answer);
	if (r == WEALD_OK) {
		r = take_answer(c, answer, out);
	}
	error = client_error(d);
	if (error != NULL) {
		out->failed_seq = reach_uint(error, "failed_seq");
		snprintf(out->failed_commit, sizeof out->failed_commit, "%s",
			 reach_text(error, "failed_commit"));
	}
	json_decref(answer);
	return r;
}

static int import(struct cli *c, struct home *home, struct client *d,
		  const char *source)
{
	struct import_result result;
	int r;

	memset(&result, 0, sizeof result);
	r = d == NULL ? import_here(c, home, source, &result)
		      : import_there(c, d, source, &result);
	if (r == WEALD_OK) {
		return print_result(c, &result);
	}
	if (result.failed_seq != 0) {
		msg_prefix(&c->msg,
			   "refused: update %" PRIu64 " (commit %s): %s",
			   result.failed_seq, result.failed_commit,
			   err_name(r));
		c->advice = "nothing was taken in";
	}
	return cli_fail(c, about(r), r);
}

static const char import_text[] =
	"Take in a feed from SOURCE: a git repository (a clone, bare or\n"
	"not, on a stick) or a git bundle. All of it is verified first; one\n"
	"wrong update, and nothing is taken in. A feed that is here already\n"
	"is extended where SOURCE goes on from what is here.\n";

int command_import(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "import SOURCE",
		.text = import_text,
		.args_min = 1,
		.args_wanted = "name a repository or a bundle",
		.args_max = 1,
	};
	struct client *d = NULL;
	struct home *home = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = reach_writer(c, home, &d);
	}
	if (r == WEALD_OK) {
		r = import(c, home, d, argv[first]);
	}
	client_close(d);
	home_close(home);
	return r;
}
