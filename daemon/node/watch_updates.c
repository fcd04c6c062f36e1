/*
 * Watchers hear of updates: a job reads them back from the feed, where they are
 * durable, and runs the privacy guard over what each says and over its record.
 * What the guard blocks is told by its number alone, since a record's name may
 * be what was blocked. Read, not remembered, and only where somebody watches:
 * gossip does not wait for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"
#include "proto/path.h"
#include "store/record/judge.h"
#include "store/record/record.h"

/* Of more at once the last are told. */
#define UPDATES_MAX 64u
/* A record with more, or larger, files is told without its words. */
#define FILES_MAX 256u
#define BYTES_MAX (16u * 1024u * 1024u)

/* What watchers are told. */
struct told {
	uint64_t seq;
	uint64_t time;
	uint64_t version;
	uint8_t commit[OBJECT_ID_BYTES];
	char action[21];
	char record[RECORD_BYTES_MAX + 1];
	char summary[SUMMARY_BYTES_MAX + 1];
	bool withheld;
};

struct tell_job {
	struct job job;
	uint64_t from;
	uint64_t to;
	struct told told[UPDATES_MAX];
	size_t n;
};

/* A record's files, read to be looked at. */
struct files {
	const struct feed *feed;
	struct record_file list[FILES_MAX];
	struct buf names[FILES_MAX];
	struct buf contents[FILES_MAX];
	size_t n;
	size_t bytes;
};

static int read_file(void *ctx, struct span name,
		     const uint8_t blob[OBJECT_ID_BYTES])
{
	struct files *f = ctx;
	size_t i = f->n;
	int r;

	if (i == FILES_MAX || f->bytes > BYTES_MAX) {
		return WEALD_TOOBIG;
	}
	buf_init(&f->names[i], PATH_BYTES_MAX);
	buf_init(&f->contents[i], CONTENT_BYTES_MAX);
	f->n++;
	r = buf_add(&f->names[i], name.data, name.len);
	if (r == WEALD_OK) {
		r = feed_content(f->feed, blob, &f->contents[i], NULL);
	}
	if (r == WEALD_NOTFOUND) {
		r = WEALD_OK; /* a narrow feed: nobody here can read it */
	}
	f->list[i].name = buf_span(&f->names[i]);
	f->list[i].content = buf_span(&f->contents[i]);
	f->bytes += f->contents[i].len;
	return r;
}

static void files_free(struct files *f)
{
	while (f->n > 0) {
		f->n--;
		buf_release(&f->names[f->n]);
		buf_release(&f->contents[f->n]);
	}
	free(f);
}

/* Does the guard block the record as @u has made it? Yes where in doubt. */
static bool blocks_record(const struct feed *feed, const struct update *u)
{
	struct judged judged = { .path = u->record,
				 .summary = u->summary,
				 .note = u->note };
	struct guard_report report = { .verdict = GUARD_PASS };
	struct files *f = calloc(1, sizeof(*f));
	bool blocked = true;

	if (f == NULL) {
		return true;
	}
	f->feed = feed;
	if (feed_files(feed, u->seq, u->record, read_file, f, NULL) ==
	    WEALD_OK) {
		judged.files = f->list;
		judged.files_n = f->n;
		blocked = judge_version(&judged, &report) != WEALD_OK ||
			  report.verdict == GUARD_BLOCK;
	}
	guard_release(&report);
	files_free(f);
	return blocked;
}

static bool blocks_text(const struct update *u)
{
	struct guard_report report = { .verdict = GUARD_PASS };
	bool blocked;

	guard_text(u->summary, "summary", 1, 0, &report);
	guard_text(u->note, "note", 1, 0, &report);
	blocked = report.verdict == GUARD_BLOCK;
	guard_release(&report);
	return blocked;
}

static void put(char *out, size_t size, struct span text)
{
	snprintf(out, size, "%.*s", (int)text.len, (const char *)text.data);
}

static void take(const struct feed *f, const struct stored *stored,
		 struct told *out)
{
	const struct update *u = &stored->update;

	memset(out, 0, sizeof(*out));
	out->seq = u->seq;
	out->time = u->time;
	out->version = u->version;
	memcpy(out->commit, stored->commit_id, sizeof(out->commit));
	put(out->action, sizeof(out->action), u->action);
	out->withheld =
		u->record.len > 0 ? blocks_record(f, u) : blocks_text(u);
	if (!out->withheld) {
		put(out->record, sizeof(out->record), u->record);
		put(out->summary, sizeof(out->summary), u->summary);
	}
}

static void tell_work(struct job *job)
{
	struct tell_job *t = (struct tell_job *)job;
	const struct feed *f = job->replica->feed;
	struct stored stored;
	uint64_t seq;

	for (seq = t->from; f != NULL && seq <= t->to; seq++) {
		if (feed_read(f, seq, &stored, NULL) == WEALD_OK) {
			take(f, &stored, &t->told[t->n++]);
			stored_release(&stored);
		}
	}
}

static void tell_done(struct job *job)
{
	struct tell_job *t = (struct tell_job *)job;
	const struct replica *r = job->replica;
	char hex[2 * OBJECT_ID_BYTES + 1];
	const struct told *one;
	size_t i;

	for (i = 0; i < t->n; i++) {
		one = &t->told[i];
		hex_encode(one->commit, sizeof(one->commit), hex);
		watch_tell(job->node,
			   json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:s, s:s, "
				     "s:s, s:s, s:b, s:I}",
				     "event", "update", "feed",
				     replica_label(r), "own", r->own ? 1 : 0,
				     "seq", (json_int_t)one->seq, "time",
				     (json_int_t)one->time, "version",
				     (json_int_t)one->version, "commit", hex,
				     "action", one->action, "record",
				     one->record, "summary", one->summary,
				     "withheld", one->withheld ? 1 : 0,
				     "received", (json_int_t)node_clock_s()));
	}
	free(t);
}

void watch_updates(struct replica *r, uint64_t from, uint64_t to)
{
	struct tell_job *t;

	if (!watch_is_wanted(r->node)) {
		return;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL) {
		return; /* watchers hear of the next ones */
	}
	t->from = to - from >= UPDATES_MAX ? to - UPDATES_MAX + 1 : from;
	t->to = to;
	t->job.work = tell_work;
	t->job.done = tell_done;
	job_submit(r->node, r, &t->job);
}
