#include "store/feed/feed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/feed/checkpoint.h"
#include "store/feed/consolidate.h"
#include "store/feed/feed_private.h"
#include "store/feed/headmove.h"
#include "store/feed/recover.h"
#include "store/feed/walk.h"
#include "store/fs.h"

/* Enough that the few fsyncs of a commit point cost little per update. */
#define BATCH_UPDATES 1000u
#define BATCH_OBJECTS 16384u
#define BATCH_BYTES   (8u * 1024u * 1024u)

/*
 * A checkpoint at every multiple of so many updates, or about that part of the
 * feed if it is more: a durable one, which takes two syncs, and one that is
 * not synced.
 */
#define CHECKPOINT_UPDATES 512u
#define CHECKPOINT_PART    64u
#define RECENT_UPDATES     64u
#define RECENT_PART        256u

/*
 * Folders of the tree kept loaded, of about 500 bytes each: between commit
 * points, so that a batch does not load again what the one before it had, and
 * over a rest.
 */
#define FOLDERS_BUSY 4000u
#define FOLDERS_REST 64u

#define CHECKPOINT_FILE REPO_OWN_DIR "/checkpoint"
#define RECENT_FILE     REPO_OWN_DIR "/recent"

int feed_library_init(struct weald_msg *msg)
{
	return repo_library_init(msg);
}

void feed_library_shutdown(void)
{
	repo_library_shutdown();
}

int feed_create(const char *dir, struct weald_msg *msg)
{
	return repo_create(dir, msg);
}

int feed_read_object(const struct feed *f, const uint8_t id[OBJECT_ID_BYTES],
		     enum object_type type, struct buf *out,
		     struct weald_msg *msg)
{
	enum object_type have;
	struct span data;

	if (f->pack != NULL &&
	    pack_get(f->pack, id, &have, &data) == WEALD_OK && have == type) {
		return buf_add(out, data.data, data.len);
	}
	return repo_read(f->repo, id, type, out, msg);
}

static int tree_load_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			struct buf *out, struct weald_msg *msg)
{
	return feed_read_object(ctx, id, OBJECT_TREE, out, msg);
}

static int tree_emit_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			struct span data, struct weald_msg *msg)
{
	struct feed *f = ctx;

	switch (f->trees) {
	case TREES_NEW:
		return stage_tree(f, id, data);
	case TREES_STORED:
		return WEALD_OK;
	case TREES_CHECKED:
		return repo_check_tree(f->repo, id, data, msg);
	}
	assert(false && "a state that is not in the enum");
	return WEALD_INVALID;
}

/* A file of the repository, as a path; the caller frees it. */
static int file_path(const struct feed *f, const char *name, char **out)
{
	if (asprintf(out, "%s/%s", repo_dir(f->repo), name) < 0) {
		*out = NULL;
		return WEALD_NOMEM;
	}
	return WEALD_OK;
}

static int load_cb(void *ctx, const struct walk_item *item,
		   struct weald_msg *msg)
{
	struct feed *f = ctx;

	return chain_extend(&f->chain, &item->checked, msg);
}

/* Say which update of which feed it was. */
static void name_update(const struct feed *f, const struct walk *w, size_t done,
			struct weald_msg *msg)
{
	char hex[2 * OBJECT_ID_BYTES + 1];

	if (done >= w->count) {
		msg_prefix(msg, "%s", repo_dir(f->repo));
		return;
	}
	hex_encode(w->ids[done], OBJECT_ID_BYTES, hex);
	msg_prefix(msg, "%s: update %llu, commit %s", repo_dir(f->repo),
		   (unsigned long long)f->chain.identity.seq + 1, hex);
}

/* Verify what main has beyond the chain, and make it part of the chain. */
static int load_rest(struct feed *f, const uint8_t head[OBJECT_ID_BYTES],
		     struct weald_msg *msg)
{
	struct walk walk = { .count = 0 };
	size_t done = 0;
	int r;

	r = walk_list(f->repo, head,
		      f->chain.identity.seq == 0 ? NULL
						 : f->chain.identity.commit,
		      &walk, msg);
	if (r == WEALD_NOTFOUND) {
		r = WEALD_CORRUPT; /* an object of the history is not there */
	}
	if (r == WEALD_OK) {
		r = walk_check(&walk, WALK_NO_CONTENTS, load_cb, f, &done, msg);
	}
	if (r != WEALD_OK && r != WEALD_DIVERGED) {
		name_update(f, &walk, done, msg);
	}
	walk_release(&walk);
	return r;
}

static int chain_start(struct feed *f)
{
	struct tree_io io = { .load = tree_load_cb,
			      .emit = tree_emit_cb,
			      .ctx = f };

	chain_release(&f->chain);
	f->checkpoint_seq = 0;
	f->durable_seq = 0;
	return chain_init(&f->chain, &io);
}

static int load_checkpoint(struct feed *f, const char *file)
{
	char *path = NULL;
	int r;

	r = file_path(f, file, &path);
	if (r == WEALD_OK) {
		r = checkpoint_read(path, &f->chain);
	}
	if (r == WEALD_OK) {
		f->checkpoint_seq = f->chain.identity.seq;
		/* as durable ones come at fixed places, the last is there */
		f->durable_seq = f->checkpoint_seq;
	}
	free(path);
	return r == WEALD_NOTFOUND ? WEALD_OK : r;
}

/* The checkpoint that was loaded is no part of what main has. */
static int leave_checkpoint(struct feed *f)
{
	if (f->chain.identity.seq > 0 && !f->astray) {
		f->astray = true;
		memcpy(f->astray_id, f->chain.identity.commit,
		       sizeof f->astray_id);
	}
	return chain_start(f);
}

/* What main has beyond the checkpoint; WEALD_DIVERGED: it does not lead there.
 */
static int load_beyond(struct feed *f, struct weald_msg *msg)
{
	uint8_t head[OBJECT_ID_BYTES];
	int r = repo_head(f->repo, head, msg);

	if (r == WEALD_NOTFOUND) {
		msg_clear(msg);
		return leave_checkpoint(f);
	}
	return r == WEALD_OK ? load_rest(f, head, msg) : r;
}

/* The chain as main has it, from the latest checkpoint on that fits. */
static int load_main(struct feed *f, struct weald_msg *msg)
{
	static const char *const files[] = { RECENT_FILE, CHECKPOINT_FILE };
	size_t i;
	int r;

	f->astray = false;
	r = chain_start(f);
	for (i = 0; r == WEALD_OK && i < sizeof files / sizeof *files; i++) {
		/* before main: a writer moves main first, then writes one */
		r = load_checkpoint(f, files[i]);
		if (r != WEALD_OK || f->chain.identity.seq == 0) {
			continue;
		}
		r = load_beyond(f, msg);
		if (r != WEALD_DIVERGED) {
			return r;
		}
		msg_clear(msg);
		r = leave_checkpoint(f);
	}
	return r == WEALD_OK ? load_beyond(f, msg) : r;
}

/* What was loaded or taken in is what the repository durably has. */
static void mark_committed(struct feed *f)
{
	f->committed_seq = f->chain.identity.seq;
	memcpy(f->committed_id, f->chain.identity.commit,
	       sizeof f->committed_id);
}

static int load(struct feed *f, struct weald_msg *msg)
{
	int r;

	f->staged = 0;
	if (f->pack != NULL) {
		pack_writer_clear(f->pack);
	}
	f->trees = TREES_STORED;
	r = load_main(f, msg);
	if (r == WEALD_NOMEM) {
		(void)chain_start(f); /* all or nothing: feed_revive() */
	}
	f->trees = TREES_NEW;
	f->broken = r;
	/* also where it failed: no more than that can be read */
	mark_committed(f);
	return r;
}

/* allowed_signers as the chain wants it; nothing to do where it is so. */
static int write_signers(struct feed *f, struct weald_msg *msg)
{
	char *path = NULL;
	struct buf text;
	int r;

	buf_init(&text, CHECKPOINT_BYTES_MAX);
	r = signers_text(&f->chain.signers, &f->chain.identity, &text);
	if (r == WEALD_OK &&
	    !span_equal(buf_span(&text), buf_span(&f->signers))) {
		r = file_path(f, REPO_ALLOWED_SIGNERS, &path);
		if (r == WEALD_OK) {
			r = fs_write_durable(path, buf_span(&text), 0644, msg);
		}
		if (r == WEALD_OK) {
			buf_release(&f->signers);
			f->signers = text; /* transferred */
			text.data = NULL;
		}
	}
	free(path);
	if (text.data != NULL) {
		buf_release(&text);
	}
	return r;
}

static int read_signers(struct feed *f, struct weald_msg *msg)
{
	char *path = NULL;
	int r;

	buf_init(&f->signers, CHECKPOINT_BYTES_MAX);
	r = file_path(f, REPO_ALLOWED_SIGNERS, &path);
	if (r == WEALD_OK) {
		r = fs_read_file(path, CHECKPOINT_BYTES_MAX, &f->signers, msg);
	}
	free(path);
	return r == WEALD_NOTFOUND ? WEALD_OK : r;
}

/* Take in what a killed writer had made durable already. */
static int roll_forward(struct feed *f, struct weald_msg *msg)
{
	bool first = f->committed_seq == 0;
	struct headmove move;
	int r;

	f->trees = TREES_CHECKED;
	r = recover_packs(f->repo, f->astray ? f->astray_id : NULL, &f->chain,
			  msg);
	f->trees = TREES_NEW;
	if (r != WEALD_OK || f->chain.identity.seq == f->committed_seq) {
		return r;
	}
	r = fs_sync_dir(repo_pack_dir(f->repo), msg);
	if (r == WEALD_OK) {
		r = headmove_begin(f->repo, first ? NULL : f->committed_id,
				   f->chain.identity.commit, &move, msg);
	}
	if (r == WEALD_OK) {
		r = headmove_finish(&move, msg);
	}
	if (r == WEALD_OK) {
		mark_committed(f);
	}
	return r;
}

/* The one that is not synced is the later one, or not there. */
static void drop_recent(const struct feed *f)
{
	char *path = NULL;

	if (file_path(f, RECENT_FILE, &path) == WEALD_OK) {
		(void)fs_remove(path, NULL);
	}
	free(path);
}

/* A derived file: a failure to write it costs time at the next start only. */
static void write_checkpoint(struct feed *f, bool durable)
{
	char *path = NULL;

	if (file_path(f, durable ? CHECKPOINT_FILE : RECENT_FILE, &path) ==
		    WEALD_OK &&
	    checkpoint_write(path, &f->chain, durable, NULL) == WEALD_OK) {
		f->checkpoint_seq = f->committed_seq;
		if (durable) {
			f->durable_seq = f->committed_seq;
			drop_recent(f);
		}
	}
	free(path);
}

/*
 * Has the feed passed a multiple of @step since @seq? The step doubles while it
 * is less than that @part of the feed.
 */
static bool is_due(const struct feed *f, uint64_t seq, uint64_t step,
		   uint64_t part)
{
	while (step < f->committed_seq / part) {
		step *= 2;
	}
	return f->committed_seq - f->committed_seq % step > seq;
}

/* Opening verifies what came after the last checkpoint: keep that short. */
static void keep_checkpoints(struct feed *f)
{
	if (is_due(f, f->durable_seq, CHECKPOINT_UPDATES, CHECKPOINT_PART)) {
		write_checkpoint(f, true);
	} else if (is_due(f, f->checkpoint_seq, RECENT_UPDATES, RECENT_PART)) {
		write_checkpoint(f, false);
	}
}

static int open_for_writing(struct feed *f, struct weald_msg *msg)
{
	int r;

	r = repo_lock(f->repo, msg);
	if (r == WEALD_OK) {
		r = repo_repair(f->repo, msg);
	}
	if (r == WEALD_OK) {
		r = pack_writer_new(&f->pack);
	}
	if (r == WEALD_OK) {
		pack_writer_set_promisor(f->pack, feed_is_narrow(f));
	}
	return r;
}

int feed_open(const char *dir, enum feed_mode mode, struct feed **out,
	      struct weald_msg *msg)
{
	struct feed *f = calloc(1, sizeof *f);
	int r;

	if (f == NULL) {
		return WEALD_NOMEM;
	}
	f->mode = mode;
	buf_init(&f->signers, CHECKPOINT_BYTES_MAX);
	r = repo_open(dir, &f->repo, msg);
	if (r == WEALD_OK && mode == FEED_WRITE) {
		r = open_for_writing(f, msg);
	}
	if (r == WEALD_OK) {
		r = load(f, msg);
	}
	if (r == WEALD_OK && mode == FEED_WRITE) {
		r = roll_forward(f, msg);
	}
	if (r == WEALD_OK && mode == FEED_WRITE) {
		/* recovery has looked at much that stays mapped else */
		r = repo_reopen(f->repo, msg);
	}
	if (r == WEALD_OK && mode == FEED_WRITE) {
		r = read_signers(f, msg);
	}
	if (r == WEALD_OK && mode == FEED_WRITE && f->chain.identity.seq > 0) {
		r = write_signers(f, msg);
	}
	if (r == WEALD_OK && mode == FEED_WRITE) {
		keep_checkpoints(f);
	}
	if (r != WEALD_OK) {
		feed_close(f);
		return r;
	}
	*out = f;
	return WEALD_OK;
}

void feed_close(struct feed *f)
{
	if (f == NULL) {
		return;
	}
	if (f->pack != NULL && f->broken == WEALD_OK && f->staged == 0 &&
	    f->committed_seq > f->checkpoint_seq) {
		write_checkpoint(f, false);
	}
	stage_forget(f);
	chain_release(&f->chain);
	pack_writer_free(f->pack);
	buf_release(&f->signers);
	repo_close(f->repo);
	free(f);
}

const struct identity *feed_identity(const struct feed *f)
{
	return &f->chain.identity;
}

const struct versions *feed_versions(const struct feed *f)
{
	return &f->chain.versions;
}

const char *feed_dir(const struct feed *f)
{
	return repo_dir(f->repo);
}

uint64_t feed_committed_seq(const struct feed *f)
{
	return f->committed_seq;
}

const uint8_t *feed_commit_id(const struct feed *f, uint64_t seq)
{
	assert(seq >= 1 && seq <= f->chain.identity.seq);
	return f->chain.ids[seq - 1];
}

const uint8_t *feed_tree_id(const struct feed *f)
{
	return f->chain.identity.seq == 0 ? empty_tree_id
					  : f->chain.identity.tree;
}

size_t feed_staged(const struct feed *f)
{
	return f->staged;
}

uint64_t feed_staged_bytes(const struct feed *f)
{
	return f->pack == NULL ? 0 : pack_bytes(f->pack);
}

bool feed_batch_is_full(const struct feed *f)
{
	return f->staged >= BATCH_UPDATES ||
	       feed_staged_bytes(f) >= BATCH_BYTES ||
	       (f->pack != NULL && pack_count(f->pack) >= BATCH_OBJECTS);
}

void feed_rollback(struct feed *f)
{
	/* should loading fail, load() marks the feed as broken */
	if (f->staged > 0) {
		(void)load(f, NULL);
	} else if (f->pack != NULL) {
		pack_writer_clear(f->pack); /* contents alone */
	}
}

void feed_revive(struct feed *f)
{
	if (f->broken == WEALD_NOMEM) {
		(void)load(f, NULL);
	}
}

/*
 * What was staged is not in. Where the disk itself failed, nothing that the
 * kernel says of it can be relied on: the feed has to be opened anew.
 */
static int commit_failed(struct feed *f, int err)
{
	feed_rollback(f);
	if (err == WEALD_IO || err == WEALD_UNKNOWN) {
		f->broken = err;
	}
	return err;
}

static int commit_pack(struct feed *f, char name[PACK_NAME_BYTES],
		       struct weald_msg *msg)
{
	int r = pack_commit(f->pack, repo_pack_dir(f->repo), name, msg);

	repo_packs_added(f->repo);
	/* so late that the next opening may find it */
	if (r != WEALD_OK && repo_has(f->repo, f->chain.identity.commit)) {
		r = WEALD_UNKNOWN;
	}
	return r;
}

/* One pack, then one move of main. */
static int commit_updates(struct feed *f, struct weald_msg *msg)
{
	char pack[PACK_NAME_BYTES];
	struct headmove move;
	int r;

	r = headmove_begin(f->repo,
			   f->committed_seq == 0 ? NULL : f->committed_id,
			   f->chain.identity.commit, &move, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = commit_pack(f, pack, msg);
	if (r != WEALD_OK) {
		headmove_abort(&move);
		return r;
	}
	r = headmove_finish(&move, msg);
	if (r != WEALD_OK && r != WEALD_UNKNOWN &&
	    repo_remove_pack(f->repo, pack, NULL) != WEALD_OK) {
		r = WEALD_UNKNOWN;
	}
	return r;
}

/* Contents of updates that are there already: no head moves. */
static int commit_contents(struct feed *f, struct weald_msg *msg)
{
	char pack[PACK_NAME_BYTES];
	int r = pack_commit(f->pack, repo_pack_dir(f->repo), pack, msg);

	repo_packs_added(f->repo);
	return r == WEALD_OK ? r : commit_failed(f, r);
}

int feed_commit(struct feed *f, struct weald_msg *msg)
{
	int r;

	assert(f->mode == FEED_WRITE);
	if (f->broken != WEALD_OK || pack_count(f->pack) == 0) {
		return f->broken;
	}
	if (f->staged == 0) {
		return commit_contents(f, msg);
	}
	r = write_signers(f, msg);
	if (r == WEALD_OK) {
		r = commit_updates(f, msg);
	}
	if (r != WEALD_OK) {
		return commit_failed(f, r);
	}
	f->staged = 0;
	mark_committed(f);
	tree_trim(f->chain.tree, FOLDERS_BUSY);
	keep_checkpoints(f);
	return WEALD_OK;
}

int feed_consolidate(struct feed *f, struct weald_msg *msg)
{
	const struct consolidate_options options = { .promisor = feed_is_narrow(
							     f) };
	bool needed = false;
	int r;

	assert(f->mode == FEED_WRITE);
	if (f->staged == 0 && f->broken == WEALD_OK) {
		tree_trim(f->chain.tree, FOLDERS_REST);
	}
	r = consolidate_needed(repo_pack_dir(f->repo), &options, &needed, msg);
	if (r == WEALD_OK && needed) {
		r = consolidate_packs(repo_pack_dir(f->repo), &options, NULL,
				      msg);
		if (r == WEALD_OK) {
			r = repo_reopen(f->repo, msg);
			f->broken = r == WEALD_OK ? f->broken : r;
		}
	}
	return r;
}
