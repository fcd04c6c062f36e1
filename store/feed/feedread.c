/*
 * Reading a feed: stored updates, envelopes, the files of a record.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "store/feed/feed_private.h"
#include "store/feed/tree.h"

int feed_read(const struct feed *f, uint64_t seq, struct stored *out,
	      struct weald_msg *msg)
{
	struct stored s = { .sig = { 0 } };
	struct buf commit;
	int r;

	if (seq < 1 || seq > f->committed_seq) {
		msg_set(msg, "update %llu is not here, the feed has %llu",
			(unsigned long long)seq,
			(unsigned long long)f->committed_seq);
		return WEALD_NOTFOUND;
	}
	memcpy(s.commit_id, feed_commit_id(f, seq), sizeof s.commit_id);
	buf_init(&s.payload, PAYLOAD_BYTES_MAX + 3);
	buf_init(&commit, COMMIT_BYTES_MAX);
	r = repo_read(f->repo, s.commit_id, OBJECT_COMMIT, &commit, msg);
	if (r == WEALD_NOTFOUND) {
		r = WEALD_CORRUPT;
	}
	if (r == WEALD_OK) {
		r = commit_parse(buf_span(&commit), &s.payload, &s.update,
				 s.sig, msg);
	}
	buf_release(&commit);
	if (r != WEALD_OK) {
		buf_release(&s.payload);
		return r;
	}
	*out = s;
	return WEALD_OK;
}

void stored_release(struct stored *s)
{
	update_release(&s->update);
	buf_release(&s->payload);
}

int feed_identity_at(const struct feed *f, uint64_t seq, struct identity *out,
		     struct weald_msg *msg)
{
	struct identity id = { .seq = 0 };
	uint8_t digest[SHA256_BYTES];
	struct stored s;
	int r;

	if (seq == 0) {
		*out = id;
		return WEALD_OK;
	}
	r = feed_read(f, seq, &s, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = digest_sha256(buf_span(&s.payload), digest);
	if (r == WEALD_OK) {
		/* what one update says is all that it fixes for the next */
		memcpy(id.feed, s.update.feed, sizeof id.feed);
		memcpy(id.slug, s.update.slug.data, s.update.slug.len);
		memcpy(id.root, s.update.root, sizeof id.root);
		id.seq = seq - 1;
		identity_apply(&id, &s.update, digest, s.commit_id);
		*out = id;
	}
	stored_release(&s);
	return r;
}

static int read_contents(const struct feed *f, const struct update *u,
			 struct buf *blobs, struct span *contents,
			 struct weald_msg *msg)
{
	size_t start;
	size_t i;
	int r;

	/* reserved at once: the contents point into the buffer */
	r = buf_reserve(blobs, blobs->max);
	for (i = 0; r == WEALD_OK && i < u->changes_n; i++) {
		if (u->changes[i].removal ||
		    (feed_is_narrow(f) &&
		     !feed_has_content(f, u->changes[i].blob))) {
			continue;
		}
		start = blobs->len;
		r = feed_content(f, u->changes[i].blob, blobs, msg);
		contents[i] = (struct span){ blobs->data + start,
					     blobs->len - start };
	}
	return r;
}

static uint64_t contents_bytes(const struct update *u)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < u->changes_n; i++) {
		if (!u->changes[i].removal) {
			total += u->changes[i].size;
		}
	}
	return total;
}

/* Append @s as an envelope; @e.contents holds room for each change. */
static int encode_stored(const struct feed *f, const struct stored *s,
			 struct envelope *e, struct buf *out,
			 struct weald_msg *msg)
{
	struct buf blobs;
	int r;

	/* one byte more, so that an empty content has an address too */
	buf_init(&blobs, (size_t)contents_bytes(&s->update) + 1);
	r = read_contents(f, &s->update, &blobs, e->contents, msg);
	if (r == WEALD_OK) {
		r = envelope_encode(e, out);
	}
	buf_release(&blobs);
	return r;
}

int feed_read_envelope(const struct feed *f, uint64_t seq, enum frame_fill fill,
		       struct buf *out, struct weald_msg *msg)
{
	struct envelope e = { .contents = NULL };
	struct stored s;
	int r;

	r = feed_read(f, seq, &s, msg);
	if (r != WEALD_OK) {
		return r;
	}
	e.payload = buf_span(&s.payload);
	memcpy(e.sig, s.sig, sizeof e.sig);
	e.contents_n = s.update.changes_n;
	if (e.contents_n > 0) {
		e.contents = calloc(e.contents_n, sizeof *e.contents);
		r = e.contents == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	if (r == WEALD_OK && fill == FRAME_FILL_ALL) {
		r = encode_stored(f, &s, &e, out, msg);
	} else if (r == WEALD_OK) {
		r = envelope_encode(&e, out);
	}
	envelope_release(&e);
	stored_release(&s);
	return r;
}

static int history_load_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			   struct buf *out, struct weald_msg *msg)
{
	const struct repo *const *repo = ctx;

	return repo_read(*repo, id, OBJECT_TREE, out, msg);
}

int feed_files(const struct feed *f, uint64_t seq, struct span record,
	       feed_file_fn *each, void *ctx, struct weald_msg *msg)
{
	const struct repo *repo = f->repo;
	struct tree_io io = { .load = history_load_cb, .ctx = &repo };
	struct tree *tree = NULL;
	struct stored s;
	int r;

	r = feed_read(f, seq, &s, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = tree_new(&io, s.update.tree, &tree);
	stored_release(&s);
	if (r == WEALD_OK) {
		r = tree_list(tree, record, each, ctx, msg);
	}
	tree_free(tree);
	return r;
}

int feed_content(const struct feed *f, const uint8_t blob[OBJECT_ID_BYTES],
		 struct buf *out, struct weald_msg *msg)
{
	int r = feed_read_object(f, blob, OBJECT_BLOB, out, msg);

	return r == WEALD_NOTFOUND && !feed_is_narrow(f) ? WEALD_CORRUPT : r;
}

/* The commit's trailer of the record, so that few payloads are decoded. */
static bool commit_names(struct span commit, struct span record)
{
	const uint8_t *at;
	struct span line;

	at = memmem(commit.data, commit.len, "\nRecord: ", 9);
	while (at != NULL) {
		line.data = at + 9;
		line.len = commit.len - (size_t)(line.data - commit.data);
		if (line.len > record.len && line.data[record.len] == '\n' &&
		    memcmp(line.data, record.data, record.len) == 0) {
			return true;
		}
		at = memmem(line.data, line.len, "\nRecord: ", 9);
	}
	return false;
}

/* Is update @seq the wanted version? WEALD_NOTFOUND where it is not. */
static int is_version(const struct feed *f, uint64_t seq, struct span record,
		      uint64_t version, struct buf *commit,
		      struct weald_msg *msg)
{
	struct stored s;
	int r;

	buf_clear(commit);
	r = repo_read(f->repo, feed_commit_id(f, seq), OBJECT_COMMIT, commit,
		      msg);
	if (r != WEALD_OK) {
		return r == WEALD_NOTFOUND ? WEALD_CORRUPT : r;
	}
	if (!commit_names(buf_span(commit), record)) {
		return WEALD_NOTFOUND;
	}
	r = feed_read(f, seq, &s, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!span_equal(s.update.record, record) ||
	    (version != 0 && s.update.version != version)) {
		r = WEALD_NOTFOUND;
	}
	stored_release(&s);
	return r;
}

int feed_find_version(const struct feed *f, struct span record,
		      uint64_t version, uint64_t *out_seq,
		      struct weald_msg *msg)
{
	struct buf commit;
	uint64_t last = 0;
	uint64_t seq;
	int r;

	r = versions_get(&f->chain.versions, record, &last, msg);
	if (r != WEALD_OK) {
		return r == WEALD_RECORD_TAKEN ? WEALD_NOTFOUND : r;
	}
	if (last == 0 || version > last) {
		msg_set(msg, "%.*s has %llu versions", (int)record.len,
			(const char *)record.data, (unsigned long long)last);
		return WEALD_NOTFOUND;
	}
	buf_init(&commit, COMMIT_BYTES_MAX);
	r = WEALD_NOTFOUND;
	for (seq = f->committed_seq; seq > 0 && r == WEALD_NOTFOUND; seq--) {
		r = is_version(f, seq, record, version, &commit, msg);
		if (r == WEALD_OK) {
			*out_seq = seq;
		}
	}
	buf_release(&commit);
	return r;
}
