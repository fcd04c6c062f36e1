/*
 * Own updates: from what a person wants to say to a signed, staged update.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "proto/path.h"
#include "proto/sshsig.h"
#include "store/feed/feed_private.h"
#include "store/feed/objectid.h"

#define DAY_SECONDS     UINT64_C(86400)
#define TIME_TEXT_BYTES 32u

static void time_text(uint64_t seconds, char out[TIME_TEXT_BYTES])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL) {
		(void)strftime(out, TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
}

int draft_time(const struct identity *id, uint64_t now, uint64_t *out,
	       struct weald_msg *msg)
{
	char last_text[TIME_TEXT_BYTES];
	char now_text[TIME_TEXT_BYTES];

	if (now < TIME_MIN || now > TIME_MAX) {
		msg_set(msg, "this machine's clock cannot be right: set it, "
			     "then try again");
		return WEALD_CLOCK;
	}
	if (id->seq > 0 && id->time > now + DAY_SECONDS) {
		time_text(id->time, last_text);
		time_text(now, now_text);
		msg_set(msg,
			"the last update is dated %s, more than a day ahead "
			"of this machine's clock, %s: set the clock, then "
			"try again; if the clock is right, it was ahead "
			"then: wait until a day before that date",
			last_text, now_text);
		return WEALD_CLOCK;
	}
	*out = id->seq > 0 && id->time > now ? id->time : now;
	return WEALD_OK;
}

int draft_record(const struct feed *f, struct span kind, struct span slug,
		 uint64_t time, struct buf *out, struct weald_msg *msg)
{
	char month[8];
	time_t t = (time_t)time;
	struct tm tm;
	int r;

	if (!path_is_name(kind) || !path_is_name(slug)) {
		msg_set(msg,
			"\"%.*s/%.*s\" is not a kind and a name of a-z, "
			"0-9 and -, at most %u each",
			(int)kind.len, (const char *)kind.data, (int)slug.len,
			(const char *)slug.data, NAME_BYTES_MAX);
		return WEALD_RECORD;
	}
	if (path_is_device(kind) || path_is_device(slug)) {
		msg_set(msg,
			"\"%.*s/%.*s\" holds a name that stands for a "
			"device on Windows: choose another",
			(int)kind.len, (const char *)kind.data, (int)slug.len,
			(const char *)slug.data);
		return WEALD_RECORD;
	}
	r = versions_month(&f->chain.versions, kind, slug, month);
	if (r == WEALD_NOTFOUND) {
		if (time > TIME_MAX || gmtime_r(&t, &tm) == NULL ||
		    strftime(month, sizeof month, "%Y-%m", &tm) != 7) {
			return WEALD_CLOCK;
		}
		r = WEALD_OK;
	}
	if (r != WEALD_OK) {
		return r;
	}
	return buf_addf(out, "%.*s/%s/%.*s", (int)kind.len,
			(const char *)kind.data, month, (int)slug.len,
			(const char *)slug.data);
}

/* An own update in the making. */
struct making {
	struct feed *feed;
	const struct draft *draft;
	struct update update;  /* changes: an array of its own */
	struct span *contents; /* of the draft, aligned with the changes */
	uint8_t **paths;       /* the bytes of the changes' paths, owned */
	size_t changes_cap;
	struct buf payload;
	struct checked checked;
};

/* Let @*array hold @cap things of @size bytes; as it was on WEALD_NOMEM. */
static int array_grow(void **array, size_t cap, size_t size)
{
	void *grown = realloc(*array, cap * size);

	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	*array = grown;
	return WEALD_OK;
}

static int making_reserve(struct making *m)
{
	void *changes = m->update.changes;
	void *contents = m->contents;
	void *paths = m->paths;
	size_t cap = m->changes_cap == 0 ? 16 : 2 * m->changes_cap;
	int r;

	if (m->update.changes_n < m->changes_cap) {
		return WEALD_OK;
	}
	if (m->update.changes_n >= CHANGES_MAX) {
		return WEALD_CHANGES;
	}
	r = array_grow(&changes, cap, sizeof *m->update.changes);
	if (r == WEALD_OK) {
		r = array_grow(&contents, cap, sizeof *m->contents);
	}
	if (r == WEALD_OK) {
		r = array_grow(&paths, cap, sizeof *m->paths);
	}
	m->update.changes = changes;
	m->contents = contents;
	m->paths = paths;
	if (r == WEALD_OK) {
		m->changes_cap = cap;
	}
	return r;
}

/*
 * A change of the file @name, its path "<record>/<name>" or, at the root, the
 * name alone; the last of the changes, to be filled in.
 */
static int making_add(struct making *m, struct span name, struct change **out)
{
	struct span record = m->draft->record;
	size_t folder = record.len == 0 ? 0 : record.len + 1;
	size_t at = m->update.changes_n;
	uint8_t *path;
	int r;

	r = making_reserve(m);
	if (r != WEALD_OK) {
		return r;
	}
	path = malloc(folder + name.len + 1);
	if (path == NULL) {
		return WEALD_NOMEM;
	}
	if (folder > 0) {
		memcpy(path, record.data, record.len);
		path[record.len] = '/';
	}
	memcpy(path + folder, name.data, name.len);
	m->paths[at] = path;
	m->contents[at] = (struct span){ NULL, 0 };
	m->update.changes[at] =
		(struct change){ .path = { path, folder + name.len } };
	m->update.changes_n++;
	*out = &m->update.changes[at];
	return WEALD_OK;
}

/* Take the last of the changes back. */
static void making_drop(struct making *m)
{
	assert(m->update.changes_n > 0);
	m->update.changes_n--;
	free(m->paths[m->update.changes_n]);
}

/* Fill in a put; is it one, or is the file there as it is? */
static int making_fill(struct making *m, struct change *c, struct span content,
		       bool *out_changed, struct weald_msg *msg)
{
	uint8_t have[OBJECT_ID_BYTES];
	int r;

	r = path_check_file(c->path, m->draft->record, msg);
	if (r == WEALD_OK) {
		r = object_id(OBJECT_BLOB, content.data, content.len, c->blob);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = tree_find(m->feed->chain.tree, c->path, have, msg);
	if (r != WEALD_OK && r != WEALD_NOTFOUND) {
		return r;
	}
	*out_changed =
		r == WEALD_NOTFOUND || memcmp(have, c->blob, sizeof have) != 0;
	c->size = content.len;
	return digest_sha256(content, c->sha256);
}

/* A file that the draft has: a change where the feed has it otherwise. */
static int making_put(struct making *m, const struct draft_file *file,
		      struct weald_msg *msg)
{
	static const uint8_t empty[1];
	struct span content = file->content;
	struct change *change = NULL;
	bool changed = false;
	int r;

	if (content.data == NULL) {
		content.data = empty; /* there, unlike one that is absent */
	}
	r = making_add(m, file->name, &change);
	if (r != WEALD_OK) {
		return r;
	}
	m->contents[m->update.changes_n - 1] = content;
	r = making_fill(m, change, content, &changed, msg);
	if (r == WEALD_OK && !changed) {
		making_drop(m);
	}
	return r;
}

/* A file that the feed has: a removal where the draft has it no more. */
static int making_keep_cb(void *ctx, struct span name,
			  const uint8_t blob[OBJECT_ID_BYTES])
{
	struct making *m = ctx;
	struct change *change = NULL;
	size_t i;
	int r;

	(void)blob;
	for (i = 0; i < m->draft->files_n; i++) {
		if (span_equal(m->draft->files[i].name, name)) {
			return WEALD_OK;
		}
	}
	r = making_add(m, name, &change);
	if (r == WEALD_OK) {
		change->removal = true;
	}
	return r;
}

/* Insertion sort of changes with their contents: there are few. */
static void making_sort(struct making *m)
{
	struct change change;
	struct span content;
	uint8_t *path;
	size_t i;
	size_t j;

	for (i = 1; i < m->update.changes_n; i++) {
		change = m->update.changes[i];
		content = m->contents[i];
		path = m->paths[i];
		for (j = i; j > 0 && span_compare(m->update.changes[j - 1].path,
						  change.path) > 0;
		     j--) {
			m->update.changes[j] = m->update.changes[j - 1];
			m->contents[j] = m->contents[j - 1];
			m->paths[j] = m->paths[j - 1];
		}
		m->update.changes[j] = change;
		m->contents[j] = content;
		m->paths[j] = path;
	}
}

static int making_changes(struct making *m, struct weald_msg *msg)
{
	const struct draft *d = m->draft;
	size_t i;
	int r;

	if (d->keep_files) {
		assert(d->files_n == 0);
		return WEALD_OK;
	}
	r = WEALD_OK;
	for (i = 0; r == WEALD_OK && i < d->files_n; i++) {
		r = making_put(m, &d->files[i], msg);
	}
	if (r == WEALD_OK) {
		r = tree_list(m->feed->chain.tree, d->record, making_keep_cb, m,
			      msg);
	}
	if (r == WEALD_CHANGES) {
		msg_set(msg, "the update changes more files than fit into "
			     "one: publish fewer at a time");
		return WEALD_CHANGES;
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (m->update.changes_n == 0) {
		msg_set(msg, "%s", err_text(WEALD_UNCHANGED));
		return WEALD_UNCHANGED;
	}
	making_sort(m);
	return WEALD_OK;
}

/* What the draft says and what the feed fixes. */
static int making_fields(struct making *m, struct weald_msg *msg)
{
	const struct identity *id = &m->feed->chain.identity;
	const struct draft *d = m->draft;
	struct update *u = &m->update;
	uint64_t version = 0;
	int r;

	if (id->seq == 0) {
		u->slug = d->slug;
		memcpy(u->root, d->root, sizeof u->root);
	} else {
		u->slug = span_of(id->slug);
		memcpy(u->root, id->root, sizeof u->root);
		memcpy(u->feed, id->feed, sizeof u->feed);
		memcpy(u->prev, id->prev, sizeof u->prev);
		memcpy(u->parent, id->commit, sizeof u->parent);
	}
	u->epoch = id->epoch;
	u->seq = id->seq + 1;
	u->time = d->time;
	u->grant = d->grant;
	u->action = action_name(d->action);
	u->record = d->record;
	if (d->record.len > 0) {
		r = versions_get(&m->feed->chain.versions, d->record, &version,
				 msg);
		if (r != WEALD_OK) {
			return r;
		}
		u->version = version + 1;
	}
	u->summary = d->summary;
	u->note = d->note;
	u->topics_n = d->topics_n;
	memcpy(u->topics, d->topics, sizeof u->topics);
	memcpy(u->nonce, d->nonce, sizeof u->nonce);
	return WEALD_OK;
}

static int making_tree(struct making *m, struct weald_msg *msg)
{
	struct tree *tree = m->feed->chain.tree;
	int r;

	r = tree_apply(tree, m->update.changes, m->update.changes_n, msg);
	return r == WEALD_OK ? tree_write(tree, m->update.tree, msg) : r;
}

/* Payload, signature, commit. */
static int making_seal(struct making *m, const struct ed25519_signer *signer,
		       struct weald_msg *msg)
{
	struct checked *c = &m->checked;
	uint8_t sig[SIG_BYTES];
	struct span payload;
	struct buf text;
	int r;

	buf_init(&text, COMMIT_BYTES_MAX);
	r = update_check(&m->update, msg);
	if (r == WEALD_OK) {
		r = identity_check(&m->feed->chain.identity, &m->update, msg);
	}
	if (r == WEALD_OK) {
		r = grant_verify(&m->update, msg);
	}
	if (r == WEALD_OK) {
		r = update_encode(&m->update, &m->payload);
		if (r == WEALD_TOOBIG) {
			msg_set(msg,
				"the update has more than %u bytes: "
				"publish fewer files at a time",
				PAYLOAD_BYTES_MAX);
		}
	}
	payload = buf_span(&m->payload);
	if (r == WEALD_OK) {
		r = commit_text(&m->update, payload, &text);
	}
	if (r == WEALD_OK) {
		r = sshsig_sign(signer, COMMIT_NAMESPACE, buf_span(&text), sig);
	}
	if (r == WEALD_OK) {
		r = commit_build(&m->update, payload, sig, &c->commit);
	}
	if (r == WEALD_OK) {
		r = digest_sha256(payload, c->digest);
	}
	if (r == WEALD_OK) {
		r = object_id(OBJECT_COMMIT, c->commit.data, c->commit.len,
			      c->commit_id);
	}
	buf_release(&text);
	return r;
}

static int making_stage(struct making *m)
{
	struct feed *f = m->feed;
	int r;

	m->checked.update = m->update; /* lent, not transferred */
	r = chain_push(&f->chain, &m->checked);
	return r == WEALD_OK ? stage_update(f, &m->checked, m->contents) : r;
}

static void making_release(struct making *m)
{
	size_t i;

	for (i = 0; i < m->update.changes_n; i++) {
		free(m->paths[i]);
	}
	free(m->update.changes);
	free(m->contents);
	free(m->paths);
	buf_release(&m->payload);
	buf_release(&m->checked.commit);
}

int feed_sign(struct feed *f, const struct draft *draft,
	      const struct ed25519_signer *signer, struct weald_msg *msg)
{
	struct making m = { .feed = f, .draft = draft };
	uint64_t seq = f->chain.identity.seq;
	int r;

	assert(f->mode == FEED_WRITE);
	if (f->broken != WEALD_OK) {
		return f->broken;
	}
	buf_init(&m.payload, PAYLOAD_BYTES_MAX + 1024);
	buf_init(&m.checked.commit, COMMIT_BYTES_MAX);
	memcpy(m.update.key, ed25519_signer_key(signer), PUBKEY_BYTES);
	r = making_fields(&m, msg);
	if (r == WEALD_OK) {
		r = making_changes(&m, msg);
	}
	if (r == WEALD_OK) {
		r = making_tree(&m, msg);
	}
	if (r == WEALD_OK) {
		r = making_seal(&m, signer, msg);
	}
	if (r == WEALD_OK) {
		r = making_stage(&m);
	}
	if (r != WEALD_OK && f->chain.identity.seq == seq) {
		stage_forget(f);
		tree_reset(f->chain.tree, feed_tree_id(f));
	}
	making_release(&m);
	return r;
}
