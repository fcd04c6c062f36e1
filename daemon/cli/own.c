#include "daemon/cli/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/reach.h"
#include "proto/path.h"

/* Nobody else writes: open the feed here. */
static int open_feed(struct cli *c, unsigned flags, struct own *o)
{
	int r = WEALD_OK;

	if ((flags & (OWN_FIRST | OWN_UNSIGNED)) == 0) {
		r = cli_fail(c, CLI_ABOUT_HOME, author_guard(o->home, &c->msg));
	}
	if (r == WEALD_OK) {
		r = cli_open_own(c, o->home, &o->feed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	o->author = (struct author){ .home = o->home, .feed = o->feed };
	cli_forbid_core();
	if ((flags & OWN_KEYLESS) == 0) {
		r = cli_fail(c, CLI_ABOUT_HOME,
			     author_signer(&o->author, &c->msg));
	}
	return r;
}

int own_open(struct cli *c, unsigned flags, struct own *out)
{
	struct own o = { .home = NULL };
	int r;

	r = cli_open_home(c, &o.home);
	if (r == WEALD_OK) {
		r = reach_writer(c, o.home, &o.daemon);
	}
	if (r == WEALD_OK && o.daemon == NULL) {
		r = open_feed(c, flags, &o);
	} else if (r == WEALD_OK && (flags & OWN_FIRST) != 0) {
		(void)client_begin(o.daemon, "first", 0);
		r = reach_do(c, o.daemon);
	}
	if (r != WEALD_OK) {
		own_close(&o);
		return r;
	}
	*out = o;
	return WEALD_OK;
}

void own_close(struct own *o)
{
	client_close(o->daemon);
	author_release(&o->author);
	feed_close(o->feed);
	home_close(o->home);
	*o = (struct own){ .home = NULL };
}

int own_fail(struct cli *c, int err)
{
	switch (author_fault(err)) {
	case AUTHOR_FAULT_HOME:
		return cli_fail(c, CLI_ABOUT_HOME, err);
	case AUTHOR_FAULT_FEED:
		return cli_fail(c, CLI_ABOUT_FEED, err);
	case AUTHOR_FAULT_INPUT:
		break;
	}
	return cli_fail(c, CLI_ABOUT_INPUT, err);
}

void own_tidy(struct cli *c, struct own *o)
{
	struct weald_msg msg = { "" };
	int r = o->daemon != NULL ? WEALD_OK : feed_consolidate(o->feed, &msg);

	if (r != WEALD_OK) {
		fprintf(stderr,
			"weald %s: done, but the packs could not be merged: "
			"%s\n",
			c->command, msg_text(&msg, r));
	}
}

int own_result(struct cli *c, const json_t *o, struct author_result *out)
{
	struct author_result result = {
		.version = reach_uint(o, "version"),
		.seq = reach_uint(o, "seq"),
	};
	int r = WEALD_OK;

	snprintf(result.record, sizeof result.record, "%s",
		 reach_text(o, "record"));
	if (result.seq != 0) {
		r = reach_bytes(c, o, "commit", result.commit,
				sizeof result.commit);
	}
	if (r == WEALD_OK) {
		*out = result;
	}
	return r;
}

void ref_text(const char *feed, struct span record, uint64_t version,
	      char out[REF_TEXT_BYTES])
{
	struct record_path path;

	if (path_parse_record(record, &path, NULL) != WEALD_OK) {
		snprintf(out, REF_TEXT_BYTES, "%s", feed);
		return;
	}
	snprintf(out, REF_TEXT_BYTES, "%s/%.*s/%.*s@%" PRIu64, feed,
		 (int)path.kind.len, (const char *)path.kind.data,
		 (int)path.slug.len, (const char *)path.slug.data, version);
}
