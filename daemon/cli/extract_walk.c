#include "daemon/cli/extract_private.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cli/lookup.h"

int extract_use(struct extract *x, const char *region)
{
	struct feed *opened = NULL;
	int r;

	if (x->feed != NULL && strcmp(x->region, region) == 0) {
		return WEALD_OK;
	}
	r = cli_open_feed(x->c, x->home, region, &opened);
	if (r == WEALD_OK) {
		feed_close(x->feed);
		x->feed = opened;
		x->region = region;
	}
	return r;
}

/* The update that made the version, by the index; 0 where it is not shown. */
static int find_seq(struct extract *x, struct extract_record *rec)
{
	struct version_rows rows = { 0 };
	size_t i;
	int r;

	rec->seq = 0;
	r = query_versions(x->index, rec->hit->ref, &rows, &x->c->msg);
	for (i = 0; r == WEALD_OK && i < rows.n; i++) {
		if (rows.list[i].version == rec->hit->version &&
		    rows.list[i].state == INDEX_SHOWN) {
			rec->seq = rows.list[i].seq;
		}
	}
	version_rows_release(&rows);
	if (r == WEALD_NOTFOUND) {
		msg_clear(&x->c->msg);
		return WEALD_OK;
	}
	return lookup_fail(x->c, r);
}

/*
 * Is update @rec->seq of the feed that version, as the index says? The feed
 * may have changed since; then *@path is empty.
 */
static int find_path(struct extract *x, struct extract_record *rec,
		     struct buf *path)
{
	struct stored s = { 0 };
	struct span record;
	size_t kind = strlen(rec->hit->kind);
	size_t slug = strlen(rec->slug);
	int r;

	r = feed_read(x->feed, rec->seq, &s, &x->c->msg);
	if (r == WEALD_NOTFOUND) {
		msg_clear(&x->c->msg);
		return WEALD_OK;
	}
	record = s.update.record; /* kind/YYYY-MM/slug */
	if (r == WEALD_OK && s.update.version == rec->hit->version &&
	    record.len == kind + sizeof "/YYYY-MM/" - 1 + slug &&
	    memcmp(record.data, rec->hit->kind, kind) == 0 &&
	    memcmp(record.data + record.len - slug, rec->slug, slug) == 0) {
		r = buf_add(path, record.data, record.len);
		rec->path = buf_span(path);
	}
	stored_release(&s);
	return cli_fail(x->c, CLI_ABOUT_FEED, r);
}

static int walk_record(struct extract *x, const struct hit *hit,
		       struct buf *path, extract_record_fn *each, void *ctx)
{
	struct extract_record rec = { .hit = hit };
	int r;

	rec.slug = strrchr(hit->ref, '/');
	rec.slug = rec.slug == NULL ? "" : rec.slug + 1;
	r = extract_use(x, hit->region);
	if (r == WEALD_OK) {
		r = find_seq(x, &rec);
	}
	buf_clear(path);
	if (r == WEALD_OK && rec.seq > 0) {
		r = find_path(x, &rec, path);
	}
	if (r == WEALD_OK && path->len == 0) {
		x->left_out++; /* it may not be shown, or is gone */
		return WEALD_OK;
	}
	rec.first = x->last == NULL || strcmp(x->last, hit->region) != 0;
	if (r == WEALD_OK) {
		r = each(ctx, &rec);
	}
	if (r == WEALD_OK) {
		x->last = hit->region;
		x->records++;
		x->regions += rec.first ? 1 : 0;
		x->newest = hit->time > x->newest ? hit->time : x->newest;
	}
	return r;
}

int extract_each(struct extract *x, extract_record_fn *each, void *ctx)
{
	struct buf path;
	size_t i;
	int r = WEALD_OK;

	buf_init(&path, PATH_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < x->hits.n; i++) {
		progress_show(&x->progress, i, x->hits.n);
		r = walk_record(x, &x->hits.list[i], &path, each, ctx);
	}
	buf_release(&path);
	return r;
}

struct finding {
	const char *name;
	uint8_t blob[OBJECT_ID_BYTES];
	bool found;
};

static int find_cb(void *ctx, struct span name,
		   const uint8_t blob[OBJECT_ID_BYTES])
{
	struct finding *f = ctx;

	if (span_equal(name, span_of(f->name))) {
		f->found = true;
		memcpy(f->blob, blob, sizeof f->blob);
	}
	return WEALD_OK;
}

int extract_file(struct extract *x, const struct extract_record *rec,
		 const char *name, struct buf *out, bool *out_there)
{
	struct finding f = { .name = name };
	int r;

	*out_there = false;
	buf_clear(out);
	r = feed_files(x->feed, rec->seq, rec->path, find_cb, &f, &x->c->msg);
	if (r == WEALD_OK && f.found) {
		r = feed_content(x->feed, f.blob, out, &x->c->msg);
		if (r == WEALD_NOTFOUND) { /* a narrow copy */
			msg_clear(&x->c->msg);
			return WEALD_OK;
		}
		*out_there = r == WEALD_OK;
	}
	return cli_fail(x->c, CLI_ABOUT_FEED, r);
}
