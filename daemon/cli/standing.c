#include "daemon/cli/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/folder.h"
#include "proto/envelope.h"

#define ACTION_WITHDRAWN "withdraw"

/* The files of the last version, by their ids. */
struct listing {
	struct folder_id *list;
	size_t n;
};

static int list_cb(void *ctx, struct span name,
		   const uint8_t blob[OBJECT_ID_BYTES])
{
	struct listing *l = ctx;
	struct folder_id *grown = realloc(l->list, (l->n + 1) * sizeof *grown);

	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	l->list = grown;
	grown += l->n++;
	snprintf(grown->name, sizeof grown->name, "%.*s", (int)name.len,
		 (const char *)name.data);
	memcpy(grown->blob, blob, sizeof grown->blob);
	return WEALD_OK;
}

static int add_ack_cb(void *ctx, const char *rel, const struct reference *ref,
		      size_t line)
{
	struct standing *s = ctx;
	struct standing_ack *grown;

	(void)line;
	if (strcmp(rel, STANDING_RELATION) != 0) {
		return WEALD_OK;
	}
	grown = realloc(s->acks, (s->acks_n + 1) * sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	s->acks = grown;
	grown += s->acks_n++;
	snprintf(grown->ref, sizeof grown->ref, "%.*s/%.*s/%.*s",
		 (int)ref->region.len, (const char *)ref->region.data,
		 (int)ref->kind.len, (const char *)ref->kind.data,
		 (int)ref->slug.len, (const char *)ref->slug.data);
	grown->version = ref->version;
	return WEALD_OK;
}

/* The withdrawals that its record.md acknowledges. */
static int read_acks(struct cli *c, const struct feed *own,
		     const struct listing *l, struct standing *out)
{
	struct problems unused = { .n = 0 };
	struct record *record = NULL;
	struct buf text;
	size_t i;
	int r = WEALD_OK;

	buf_init(&text, CONTENT_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < l->n; i++) {
		if (strcmp(l->list[i].name, RECORD_FILE) == 0) {
			r = feed_content(own, l->list[i].blob, &text, &c->msg);
		}
	}
	r = cli_fail(c, CLI_ABOUT_FEED, r);
	if (r == WEALD_OK) {
		r = record_parse(buf_span(&text), &record, &unused);
		/* one that cannot be read acknowledges nothing */
		r = r == WEALD_INVALID ? WEALD_OK : r;
	}
	if (r == WEALD_OK && record != NULL) {
		r = record_refs(record, span_of(feed_identity(own)->slug),
				add_ack_cb, out);
	}
	record_free(record);
	problems_release(&unused);
	buf_release(&text);
	return r;
}

/* What its last version, made by the update @seq, holds. */
static int read_version(struct cli *c, const struct feed *own, uint64_t seq,
			struct span path, struct standing *out)
{
	struct stored stored = { .update = { .seq = 0 } };
	struct listing l = { .n = 0 };
	int r = feed_read(own, seq, &stored, &c->msg);

	if (r == WEALD_OK) {
		out->withdrawn = span_equal(stored.update.action,
					    span_of(ACTION_WITHDRAWN));
		r = feed_files(own, seq, path, list_cb, &l, &c->msg);
	}
	if (r == WEALD_OK) {
		r = folder_digest_ids(l.list, l.n, out->digest);
	}
	r = cli_fail(c, CLI_ABOUT_FEED, r);
	if (r == WEALD_OK) {
		r = read_acks(c, own, &l, out);
	}
	free(l.list);
	stored_release(&stored);
	return r;
}

int standing_read(struct cli *c, const struct feed *own, struct span kind,
		  struct span slug, struct standing *out)
{
	struct weald_msg unused = { "" };
	char path[RECORD_BYTES_MAX + 1];
	char month[8];
	uint64_t seq = 0;
	int r;

	*out = (struct standing){ .last = 0 };
	if (versions_month(feed_versions(own), kind, slug, month) != WEALD_OK) {
		return WEALD_OK;
	}
	snprintf(path, sizeof path, "%.*s/%s/%.*s", (int)kind.len,
		 (const char *)kind.data, month, (int)slug.len,
		 (const char *)slug.data);
	r = versions_get(feed_versions(own), span_of(path), &out->last,
			 &unused);
	if (r == WEALD_OK && out->last > 0) {
		r = cli_fail(c, CLI_ABOUT_FEED,
			     feed_find_version(own, span_of(path), 0, &seq,
					       &c->msg));
		if (r == WEALD_OK) {
			r = read_version(c, own, seq, span_of(path), out);
		}
	}
	return r;
}

void standing_release(struct standing *s)
{
	free(s->acks);
	*s = (struct standing){ .last = 0 };
}

const struct standing_ack *standing_lost_ack(const struct standing *s,
					     const struct record *record,
					     struct span own_region)
{
	struct standing now = { .last = 0 };
	const struct standing_ack *lost = NULL;
	bool found;
	size_t i;
	size_t k;

	if (s->acks_n == 0 ||
	    (record != NULL &&
	     record_refs(record, own_region, add_ack_cb, &now) != WEALD_OK)) {
		standing_release(&now);
		return s->acks; /* NULL where there are none */
	}
	for (i = 0; lost == NULL && i < s->acks_n; i++) {
		found = false;
		for (k = 0; k < now.acks_n; k++) {
			found = found ||
				(strcmp(now.acks[k].ref, s->acks[i].ref) == 0 &&
				 now.acks[k].version >= s->acks[i].version);
		}
		lost = found ? NULL : &s->acks[i];
	}
	standing_release(&now);
	return lost;
}
