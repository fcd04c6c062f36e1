#include "daemon/cli/view.h"

#include <stdio.h>
#include <string.h>

#include "daemon/cli/out.h"
#include "proto/sshkey.h"

static json_t *topics_json(const struct update *u)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < u->topics_n; i++) {
		if (json_array_append_new(list, json_span(u->topics[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void view_update_json(struct json_line *j, const char *feed,
		      const struct stored *s)
{
	const struct update *u = &s->update;
	char key[SSHKEY_FINGERPRINT_BYTES];
	char ref[REF_TEXT_BYTES];

	json_line_text(j, "feed", feed);
	json_line_uint(j, "seq", u->seq);
	json_line_uint(j, "epoch", u->epoch);
	json_line_time(j, "time", u->time);
	json_line_bool(j, "time_ahead", out_time_is_ahead(u->time));
	json_line_span(j, "action", u->action);
	json_line_span(j, "summary", u->summary);
	json_line_span(j, "note", u->note);
	json_line_add(j, "topics", topics_json(u));
	json_line_hex(j, "commit", s->commit_id, sizeof s->commit_id);
	if (sshkey_fingerprint(u->key, key) != WEALD_OK) {
		j->failed = true;
	} else {
		json_line_text(j, "key", key);
	}
	if (u->record.len > 0) {
		view_ref(feed, false, u, ref);
		json_line_text(j, "ref", ref);
		json_line_span(j, "record", u->record);
		json_line_uint(j, "version", u->version);
	}
}

void view_ref(const char *feed, bool own, const struct update *u,
	      char out[REF_TEXT_BYTES])
{
	size_t skip = own ? strlen(feed) + 1 : 0;

	if (u->record.len == 0) {
		out[0] = '\0';
		return;
	}
	ref_text(feed, u->record, u->version, out);
	memmove(out, out + skip, strlen(out + skip) + 1);
}

void view_time(uint64_t seconds, char out[OUT_TIME_BYTES])
{
	char time[OUT_TIME_BYTES];

	out_time(seconds, time);
	snprintf(out, OUT_TIME_BYTES, "%.20s%s", time,
		 out_time_is_ahead(seconds) ? "!" : "");
}

int view_open(struct cli *c, const struct home *home, const char **name,
	      bool *out_own, struct feed **out)
{
	if (*name == NULL) {
		*name = home_slug(home);
	}
	*out_own = strcmp(*name, home_slug(home)) == 0;
	return cli_open_feed(c, home, *name, out);
}

int view_find_record(struct cli *c, const struct feed *f, const char *feed,
		     struct span kind, struct span slug, struct buf *out)
{
	char month[8];
	int r;

	r = versions_month(feed_versions(f), kind, slug, month);
	if (r == WEALD_NOTFOUND) {
		msg_set(&c->msg, "%s has no record %.*s/%.*s", feed,
			(int)kind.len, (const char *)kind.data, (int)slug.len,
			(const char *)slug.data);
		c->advice = "weald log lists the updates and their records";
	}
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	return buf_addf(out, "%.*s/%s/%.*s", (int)kind.len,
			(const char *)kind.data, month, (int)slug.len,
			(const char *)slug.data);
}
