#include "daemon/cli/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"

#define ELLIPSIS       "\xe2\x80\xa6"
#define ELLIPSIS_BYTES 3u

int own_open(struct cli *c, struct own *out)
{
	struct own o = { NULL, NULL, NULL };
	int r;

	r = cli_open_home(c, &o.home);
	if (r == WEALD_OK) {
		r = cli_lock(c, o.home);
	}
	if (r == WEALD_OK) {
		r = cli_open_own(c, o.home, &o.feed);
	}
	if (r == WEALD_OK) {
		r = cli_signer(c, o.home, o.feed, &o.signer);
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
	ed25519_signer_free(o->signer);
	feed_close(o->feed);
	home_close(o->home);
	*o = (struct own){ NULL, NULL, NULL };
}

int own_draft(struct cli *c, const struct own *o, enum action action,
	      struct draft *out)
{
	struct draft d = { .action = action };
	int r;

	r = draft_time(feed_identity(o->feed), cli_now(), &d.time, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_FEED, r);
	}
	r = cli_random(c, d.nonce, sizeof d.nonce);
	if (r != WEALD_OK) {
		return r;
	}
	*out = d;
	return WEALD_OK;
}

int own_commit(struct cli *c, struct own *o)
{
	return cli_fail(c, CLI_ABOUT_FEED, feed_commit(o->feed, &c->msg));
}

void own_tidy(struct cli *c, struct own *o)
{
	struct weald_msg msg = { "" };
	int r = feed_consolidate(o->feed, &msg);

	if (r != WEALD_OK) {
		fprintf(stderr,
			"weald %s: done, but the packs could not be merged: "
			"%s\n",
			c->command, msg_text(&msg, r));
	}
}

/* The largest whole-character part of @s that has at most @max bytes. */
static size_t fit_bytes(struct span s, size_t max)
{
	uint32_t rune;
	size_t at = 0;
	size_t n;

	while (at < s.len) {
		n = text_rune((struct span){ s.data + at, s.len - at }, &rune);
		n = n == 0 ? 1 : n;
		if (n > max - at) {
			break;
		}
		at += n;
	}
	return at;
}

void own_summary(const char *verb, const char *kind, const char *title,
		 char out[SUMMARY_BYTES_MAX + 1])
{
	char head[16 + NAME_BYTES_MAX + 4];
	struct span s = span_of(title);
	size_t room;
	size_t n;
	size_t word;

	snprintf(head, sizeof head, "%s %s: ", verb, kind);
	room = SUMMARY_BYTES_MAX - strlen(head);
	if (s.len <= room) {
		snprintf(out, SUMMARY_BYTES_MAX + 1, "%s%s", head, title);
		return;
	}
	n = fit_bytes(s, room - ELLIPSIS_BYTES);
	word = n;
	while (word > 0 && title[word] != ' ') {
		word--;
	}
	n = word > 0 ? word : n; /* one long word is cut within */
	while (n > 0 && title[n - 1] == ' ') {
		n--;
	}
	snprintf(out, SUMMARY_BYTES_MAX + 1, "%s%.*s%s", head, (int)n, title,
		 ELLIPSIS);
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
