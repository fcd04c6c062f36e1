#include "daemon/cli/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/out.h"
#include "proto/path.h"
#include "proto/sshkey.h"
#include "store/index/query.h"
#include "store/record/record.h"

/* ---- the privacy guard ---------------------------------------------------
 */

void view_guard_open(const struct home *home, const char *name,
		     const struct feed *feed, struct view_guard *out)
{
	*out = (struct view_guard){ .name = name, .feed = feed };
	if (index_open(home_path(home), INDEX_READ, &out->index, NULL, NULL) ==
		    WEALD_OK &&
	    index_seq(out->index, name, &out->indexed, NULL) != WEALD_OK) {
		out->indexed = 0;
	}
}

void view_guard_close(struct view_guard *g)
{
	index_close(g->index);
	g->index = NULL;
}

/* What the index says of update @seq of the record @ref. */
static int ask_index(const struct view_guard *g, const char *ref, uint64_t seq,
		     char out_why[JUDGE_WHY_BYTES], struct weald_msg *msg)
{
	struct version_rows rows = { 0 };
	bool withheld = false;
	size_t i;
	int r;

	out_why[0] = '\0';
	r = query_is_withheld(g->index, g->name, seq, &withheld, msg);
	if (r != WEALD_OK || !withheld) {
		return r;
	}
	snprintf(out_why, JUDGE_WHY_BYTES, "?"); /* withheld in any case */
	r = query_versions(g->index, ref, &rows, msg);
	for (i = 0; r == WEALD_OK && i < rows.n; i++) {
		if (rows.list[i].seq == seq && rows.list[i].why[0] != '\0') {
			snprintf(out_why, JUDGE_WHY_BYTES, "%s",
				 rows.list[i].why);
		}
	}
	version_rows_release(&rows);
	return r == WEALD_NOTFOUND ? WEALD_OK : r;
}

int view_guard_files(const struct update *u, const struct files *files,
		     const struct record *record, char out_why[JUDGE_WHY_BYTES])
{
	struct record_file *list = calloc(files->n + 1, sizeof *list);
	struct guard_report report = { 0 };
	const struct judged judged = {
		.path = u->record,
		.summary = u->summary,
		.note = u->note,
		.files = list,
		.files_n = files->n,
		.record = record,
	};
	size_t i;
	int r;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < files->n; i++) {
		list[i].name = span_of(files->list[i].name);
		list[i].content = buf_span(&files->list[i].content);
	}
	r = judge_version(&judged, &report);
	judge_why(&report, out_why);
	guard_release(&report);
	free(list);
	return r;
}

/* What only the update itself says, without its files. */
static void look_at_words(const struct update *u, char out_why[JUDGE_WHY_BYTES])
{
	struct guard_report report = { 0 };

	guard_text(u->summary, "summary", 1, 0, &report);
	guard_text(u->note, "note", 1, 0, &report);
	guard_text(u->record, "record", 1, 0, &report);
	judge_why(&report, out_why);
	guard_release(&report);
}

/*
 * The whole version, as publish would look at it; files that are not here, or
 * cannot be read, are not shown by anybody.
 */
static int look(struct cli *c, const struct view_guard *g,
		const struct stored *s, char out_why[JUDGE_WHY_BYTES])
{
	struct files files = { 0 };
	int r;

	look_at_words(&s->update, out_why);
	if (out_why[0] != '\0' || s->update.record.len == 0) {
		return WEALD_OK;
	}
	r = files_load(c, g->feed, s->update.seq, s->update.record, &files);
	if (r == WEALD_OK) {
		r = view_guard_files(&s->update, &files, NULL, out_why);
	}
	files_release(&files);
	if (r != WEALD_NOMEM) {
		msg_clear(&c->msg);
		r = WEALD_OK;
	}
	return r;
}

int view_guard_check(struct cli *c, const struct view_guard *g,
		     const struct stored *s, char out_why[JUDGE_WHY_BYTES])
{
	const struct update *u = &s->update;
	char ref[REF_TEXT_BYTES];
	char *at;
	int r;

	if (g->index == NULL || u->record.len == 0 || u->seq > g->indexed) {
		return look(c, g, s, out_why);
	}
	ref_text(g->name, u->record, u->version, ref);
	at = strchr(ref, '@');
	if (at != NULL) {
		*at = '\0';
	}
	r = ask_index(g, ref, u->seq, out_why, &c->msg);
	if (r != WEALD_OK && r != WEALD_NOMEM) { /* a damaged index is none */
		msg_clear(&c->msg);
		r = look(c, g, s, out_why);
	}
	return r;
}

/* May the name of the record be printed? */
static bool is_nameable(struct span record)
{
	struct guard_report report = { 0 };
	bool may;

	guard_text(record, "record", 1, 0, &report);
	may = report.verdict != GUARD_BLOCK;
	guard_release(&report);
	return may;
}

/* ---- an update -----------------------------------------------------------
 */

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
		      const struct stored *s, const char *why)
{
	const struct span none = { NULL, 0 };
	const bool shown = why[0] == '\0';
	const struct update *u = &s->update;
	char key[SSHKEY_FINGERPRINT_BYTES];
	char ref[REF_TEXT_BYTES];

	json_line_text(j, "feed", feed);
	json_line_uint(j, "seq", u->seq);
	json_line_uint(j, "epoch", u->epoch);
	json_line_time(j, "time", u->time);
	json_line_bool(j, "time_ahead", out_time_is_ahead(u->time));
	json_line_span(j, "action", u->action);
	json_line_span(j, "summary", shown ? u->summary : none);
	json_line_span(j, "note", shown ? u->note : none);
	if (!shown) {
		json_line_text(j, "withheld", why);
	}
	json_line_add(j, "topics", topics_json(u));
	json_line_hex(j, "commit", s->commit_id, sizeof s->commit_id);
	if (sshkey_fingerprint(u->key, key) != WEALD_OK) {
		j->failed = true;
	} else {
		json_line_text(j, "key", key);
	}
	if (u->record.len > 0 && is_nameable(u->record)) {
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

	if (u->record.len == 0 || !is_nameable(u->record)) {
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
