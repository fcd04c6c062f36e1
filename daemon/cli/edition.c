#include "daemon/cli/edition.h"

#include <stdio.h>
#include <string.h>

#include "store/index/query.h"

#define ACTION_WITHDRAW "withdraw"

void edition_release(struct edition *e)
{
	record_free(e->record);
	files_release(&e->files);
	stored_release(&e->stored);
	*e = (struct edition){ 0 };
}

/* What is said of it stays, what it holds goes. */
static void empty(struct edition *e)
{
	record_free(e->record);
	e->record = NULL;
	files_release(&e->files);
	stored_release(&e->stored);
	e->stored = (struct stored){ .update.seq = 0 };
}

const char *edition_state(enum index_state state)
{
	switch (state) {
	case INDEX_WITHHELD:
		return "withheld by the privacy guard";
	case INDEX_ABSENT:
		return "not kept here (followed in part)";
	case INDEX_UNREAD:
		return "not a record that can be read";
	default:
		return "";
	}
}

void edition_why(const struct edition *e, char out[EDITION_WHY_BYTES])
{
	snprintf(out, EDITION_WHY_BYTES, "%s%s",
		 e->state == INDEX_WITHHELD ? VIEW_WITHHELD
					    : edition_state(e->state),
		 e->state == INDEX_WITHHELD ? e->why : "");
}

static int parse_record(struct edition *e)
{
	const struct file *file = files_find(&e->files, FILES_RECORD);
	struct problems problems = { 0 };
	int r;

	if (file == NULL) {
		return WEALD_OK;
	}
	r = record_parse(buf_span(&file->content), &e->record, &problems);
	problems_release(&problems);
	if (r == WEALD_OK && e->record->fields.n == 0) {
		record_free(e->record); /* nothing of it could be read */
		e->record = NULL;
	}
	return r == WEALD_NOMEM ? r : WEALD_OK;
}

/* The contents of the update that is at hand. */
static int load_contents(struct cli *c, const struct edition_from *from,
			 struct edition *e)
{
	const struct update *u = &e->stored.update;
	int r = files_load(c, from->feed, e->seq, from->path, &e->files);

	if (r == WEALD_NOTFOUND) {
		msg_clear(&c->msg);
		e->state = INDEX_ABSENT;
		return WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = parse_record(e);
	}
	if (r == WEALD_OK && !from->all) {
		r = view_guard_files(u, &e->files, e->record, e->why);
	}
	if (e->why[0] != '\0') {
		e->state = INDEX_WITHHELD;
	}
	return r;
}

/*
 * Load what update @seq made of the record, at @version (0: any).
 * WEALD_NOTFOUND: it made none of it.
 */
static int load_at(struct cli *c, const struct edition_from *from, uint64_t seq,
		   uint64_t version, struct edition *out)
{
	const struct update *u = &out->stored.update;
	int r = cli_fail(c, CLI_ABOUT_FEED,
			 feed_read(from->feed, seq, &out->stored, &c->msg));

	if (r != WEALD_OK) {
		return r;
	}
	if (!span_equal(u->record, from->path) ||
	    (version != 0 && u->version != version)) {
		empty(out);
		return WEALD_NOTFOUND;
	}
	out->seq = seq;
	out->version = u->version;
	out->withdrawn = span_equal(u->action, span_of(ACTION_WITHDRAW));
	r = load_contents(c, from, out);
	if (r != WEALD_OK || out->state != INDEX_SHOWN) {
		empty(out);
	}
	return r;
}

int edition_load(struct cli *c, const struct edition_from *from,
		 uint64_t version, struct edition *out)
{
	uint64_t seq = 0;
	int r = feed_find_version(from->feed, from->path, version, &seq,
				  &c->msg);

	return r == WEALD_OK ? load_at(c, from, seq, version, out)
			     : cli_fail(c, CLI_ABOUT_ASKED, r);
}

/* ---- the newest that may be shown ---------------------------------------- */

/*
 * By what the index knows of the versions. *@out_known: it knows them all; else
 * nothing is loaded.
 */
static int before_in_index(struct cli *c, const struct edition_from *from,
			   const struct version_rows *rows, uint64_t version,
			   struct edition *out, bool *out_known)
{
	const struct version_row *row;
	size_t i;
	int r = WEALD_OK;

	*out_known = rows->n > 0 && rows->list[0].version + 1 >= version &&
		     rows->list[0].version == rows->n;
	for (i = 0; r == WEALD_OK && *out_known && i < rows->n; i++) {
		row = &rows->list[i];
		if (row->version >= version || row->state == INDEX_WITHHELD ||
		    row->state == INDEX_ABSENT) {
			continue;
		}
		r = load_at(c, from, row->seq, row->version, out);
		if (r == WEALD_NOTFOUND) { /* of another feed of that name */
			*out_known = false;
			return WEALD_OK;
		}
		if (r == WEALD_OK && out->state == INDEX_SHOWN) {
			return WEALD_OK;
		}
		edition_release(out);
	}
	return r;
}

/* By reading the feed back, once. */
static int before_in_feed(struct cli *c, const struct edition_from *from,
			  uint64_t version, struct edition *out)
{
	uint64_t left = version - 1;
	uint64_t seq;
	int r;

	r = feed_find_version(from->feed, from->path, left, &seq, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	for (; left > 0 && seq > 0; seq--) {
		r = load_at(c, from, seq, left, out);
		if (r == WEALD_OK && out->state == INDEX_SHOWN) {
			return r;
		}
		if (r == WEALD_OK) {
			left--;
		}
		edition_release(out);
		if (r != WEALD_OK && r != WEALD_NOTFOUND) {
			return r;
		}
	}
	return WEALD_OK;
}

int edition_before(struct cli *c, const struct edition_from *from,
		   uint64_t version, struct edition *out)
{
	struct version_rows rows = { 0 };
	struct index *x = NULL;
	bool known = false;
	int r = WEALD_OK;

	if (version < 2) {
		return WEALD_OK;
	}
	if (index_open(home_path(from->home), INDEX_READ, &x, NULL, NULL) ==
		    WEALD_OK &&
	    query_versions(x, from->ref, &rows, NULL) == WEALD_OK) {
		r = before_in_index(c, from, &rows, version, out, &known);
	}
	version_rows_release(&rows);
	index_close(x);
	return r == WEALD_OK && !known ? before_in_feed(c, from, version, out)
				       : r;
}
