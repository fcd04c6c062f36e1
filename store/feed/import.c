#include "store/feed/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/commit.h"
#include "store/feed/feed.h"
#include "store/feed/quarantine.h"
#include "store/feed/repo.h"
#include "store/feed/repoconfig.h"
#include "store/feed/verify.h"
#include "store/feed/walk.h"
#include "store/fs.h"

#define QUARANTINE "feeds/.import"

struct import {
	struct home *home;
	struct repo *source; /* the quarantine */
	struct feed *feed;   /* where it goes */
	char **known;        /* the repositories here, ended by NULL */
	import_progress_fn *progress;
	void *ctx;
	struct import_result *out;
	uint64_t total;
	bool narrow; /* the feed here is: it can do without contents */
};

static void known_free(struct import *im)
{
	size_t i;

	for (i = 0; im->known != NULL && im->known[i] != NULL; i++) {
		free(im->known[i]);
	}
	free(im->known);
	im->known = NULL;
}

/* The folders of all feeds here: what a bundle may be based on. */
static int known_list(struct import *im, struct weald_msg *msg)
{
	char **names = NULL;
	size_t n = 0;
	size_t i;
	int r;

	r = home_feeds(im->home, &names, &n, msg);
	if (r != WEALD_OK) {
		return r;
	}
	im->known = calloc(n + 1, sizeof *im->known);
	r = im->known == NULL ? WEALD_NOMEM : WEALD_OK;
	for (i = 0; i < n; i++) {
		if (r == WEALD_OK) {
			r = home_feed_dir(im->home, names[i], &im->known[i]);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

static int verify_source(struct import *im, const char *dir,
			 struct verify_result *result, struct weald_msg *msg)
{
	int r;

	r = feed_verify(dir, (const char *const *)im->known, im->progress,
			im->ctx, result, msg);
	if (result->failed_seq != 0) {
		im->out->failed_seq = result->failed_seq;
		memcpy(im->out->failed_commit, result->failed_commit,
		       sizeof im->out->failed_commit);
	}
	return r;
}

/* Is the feed of folder @name the one whose updates were brought? */
static int is_same_feed(struct import *im, const char *name,
			const struct identity *id, bool *out_there,
			bool *out_same, struct weald_msg *msg)
{
	char *dir = NULL;
	struct feed *f = NULL;
	int r;

	r = home_feed_dir(im->home, name, &dir);
	if (r == WEALD_OK) {
		r = fs_exists(dir, out_there, msg);
	}
	if (r == WEALD_OK && *out_there) {
		r = feed_open(dir, FEED_READ, &f, msg);
		if (r == WEALD_OK) {
			*out_same = feed_identity(f)->seq == 0 ||
				    memcmp(feed_identity(f)->feed, id->feed,
					   sizeof id->feed) == 0;
			im->narrow = *out_same && feed_is_narrow(f);
		}
		feed_close(f);
	}
	free(dir);
	return r;
}

/* The folder for the feed: its slug, or slug and 12 hex where that is taken. */
static int choose_name(struct import *im, const struct identity *id,
		       bool *out_there, struct weald_msg *msg)
{
	char hex[13];
	bool same = false;
	int r;

	(void)snprintf(im->out->name, sizeof im->out->name, "%s", id->slug);
	r = is_same_feed(im, im->out->name, id, out_there, &same, msg);
	if (r != WEALD_OK || !*out_there || same) {
		return r;
	}
	hex_encode(id->feed, 6, hex);
	(void)snprintf(im->out->name, sizeof im->out->name, "%s-%s", id->slug,
		       hex);
	r = is_same_feed(im, im->out->name, id, out_there, &same, msg);
	if (r == WEALD_OK && *out_there && !same) {
		msg_set(msg,
			"feeds/%s.git holds another feed than its name "
			"says: move it away, then import again",
			im->out->name);
		r = WEALD_CORRUPT;
	}
	return r;
}

/* The feed that the source's last update claims to belong to. */
static int claimed_feed(const struct import *im, struct identity *out)
{
	struct identity id = { .seq = 0 };
	uint8_t head[OBJECT_ID_BYTES];
	uint8_t sig[SIG_BYTES];
	struct buf commit;
	struct buf payload;
	struct update u;
	int r;

	buf_init(&commit, COMMIT_BYTES_MAX);
	buf_init(&payload, PAYLOAD_BYTES_MAX + 3);
	r = repo_head(im->source, head, NULL);
	if (r == WEALD_OK) {
		r = repo_read(im->source, head, OBJECT_COMMIT, &commit, NULL);
	}
	if (r == WEALD_OK) {
		r = commit_parse(buf_span(&commit), &payload, &u, sig, NULL);
	}
	if (r == WEALD_OK) {
		/* zero in a first update, of which no narrow feed lacks any */
		memcpy(id.feed, u.feed, sizeof id.feed);
		memcpy(id.slug, u.slug.data, u.slug.len);
		update_release(&u);
		*out = id;
	}
	buf_release(&payload);
	buf_release(&commit);
	return r;
}

/*
 * Where the feed here is narrow, what is brought may be based on contents that
 * it has not got: a narrow quarantine is verified without them. What cannot be
 * told yet, the verification will say.
 */
static int expect_target(struct import *im, const char *dir,
			 struct weald_msg *msg)
{
	struct identity id;
	bool there = false;

	if (claimed_feed(im, &id) != WEALD_OK ||
	    choose_name(im, &id, &there, NULL) != WEALD_OK || !there ||
	    !im->narrow) {
		return WEALD_OK;
	}
	return repoconfig_set_narrow(dir, true, msg);
}

static int open_target(struct import *im, const struct identity *id,
		       struct weald_msg *msg)
{
	char *dir = NULL;
	bool there = false;
	int r;

	r = choose_name(im, id, &there, msg);
	if (r == WEALD_OK) {
		r = home_feed_dir(im->home, im->out->name, &dir);
	}
	if (r == WEALD_OK && !there) {
		r = feed_create(dir, msg);
		im->out->created = r == WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = feed_open(dir, FEED_WRITE, &im->feed, msg);
	}
	free(dir);
	return r;
}

/* Do the two lines agree as far as both go? What is new stays in @walk. */
static int compare_lines(struct import *im, struct walk *walk,
			 struct weald_msg *msg)
{
	uint64_t have = feed_committed_seq(im->feed);
	uint64_t both = walk->count < have ? walk->count : have;

	if (both > 0 &&
	    memcmp(walk->ids[both - 1], feed_commit_id(im->feed, both),
		   OBJECT_ID_BYTES) != 0) {
		msg_set(msg,
			"%s here and the one brought go different ways "
			"at or before update %llu: its key was used "
			"twice; keep both and ask its region",
			im->out->name, (unsigned long long)both);
		return WEALD_DIVERGED;
	}
	memmove(walk->ids, walk->ids + both,
		(walk->count - both) * sizeof *walk->ids);
	walk->count -= both;
	return WEALD_OK;
}

static int append_cb(void *ctx, const struct walk_item *item,
		     struct weald_msg *msg)
{
	struct import *im = ctx;
	int r;

	r = feed_append(im->feed, &item->envelope, &item->checked, msg);
	if (r == WEALD_OK && feed_batch_is_full(im->feed)) {
		r = feed_commit(im->feed, msg);
		if (r == WEALD_OK) {
			r = feed_consolidate(im->feed, msg);
		}
	}
	if (r == WEALD_OK && im->progress != NULL) {
		im->progress(im->ctx, feed_identity(im->feed)->seq, im->total);
	}
	return r;
}

static int append_all(struct import *im, struct weald_msg *msg)
{
	struct walk walk = { .count = 0 };
	uint8_t head[OBJECT_ID_BYTES];
	size_t done = 0;
	int r;

	r = repo_head(im->source, head, msg);
	if (r == WEALD_OK) {
		r = walk_list(im->source, head, NULL, &walk, msg);
	}
	if (r == WEALD_OK) {
		im->total = walk.count;
		r = compare_lines(im, &walk, msg);
	}
	if (r == WEALD_OK) {
		r = walk_check(&walk,
			       feed_is_narrow(im->feed) ? WALK_CONTENTS_HERE
							: WALK_CONTENTS_ALL,
			       append_cb, im, &done, msg);
	}
	if (r == WEALD_OK) {
		r = feed_commit(im->feed, msg);
	}
	if (r == WEALD_OK) {
		r = feed_consolidate(im->feed, msg);
	}
	walk_release(&walk);
	return r;
}

/* A feed that could not be taken in whole does not stay. */
static void undo_create(struct import *im)
{
	char *dir = NULL;

	if (im->out->created &&
	    home_feed_dir(im->home, im->out->name, &dir) == WEALD_OK) {
		(void)fs_remove_tree(dir, NULL);
	}
	free(dir);
	im->out->created = false;
}

static int take_in(struct import *im, const char *dir, struct weald_msg *msg)
{
	struct verify_result result;
	int r;

	r = repo_open(dir, &im->source, msg);
	if (r == WEALD_OK) {
		r = quarantine_check(im->source, msg);
	}
	if (r == WEALD_OK) {
		r = repo_add_packs(im->source, (const char *const *)im->known,
				   msg);
	}
	if (r == WEALD_OK) {
		r = expect_target(im, dir, msg);
	}
	if (r == WEALD_OK) {
		r = verify_source(im, dir, &result, msg);
	}
	if (r == WEALD_OK) {
		r = open_target(im, &result.identity, msg);
	}
	if (r == WEALD_OK) {
		im->out->seq_before = feed_committed_seq(im->feed);
		r = append_all(im, msg);
	}
	if (r == WEALD_OK) {
		im->out->seq_after = feed_committed_seq(im->feed);
		memcpy(im->out->head, feed_identity(im->feed)->commit,
		       OBJECT_ID_BYTES);
	}
	feed_close(im->feed);
	repo_close(im->source);
	if (r != WEALD_OK) {
		undo_create(im);
	}
	return r;
}

int feed_import(struct home *home, const char *source,
		import_progress_fn *progress, void *ctx,
		struct import_result *out, struct weald_msg *msg)
{
	struct import im = {
		.home = home, .progress = progress, .ctx = ctx, .out = out
	};
	char *dir = NULL;
	int r;

	*out = (struct import_result){ .created = false };
	r = home_join(home, QUARANTINE, &dir);
	if (r == WEALD_OK) {
		r = fs_remove_tree(dir, msg);
	}
	if (r == WEALD_OK) {
		r = known_list(&im, msg);
	}
	if (r == WEALD_OK) {
		r = quarantine_fetch(dir, source, (const char *const *)im.known,
				     msg);
	}
	if (r == WEALD_OK) {
		r = take_in(&im, dir, msg);
	}
	if (dir != NULL) {
		(void)fs_remove_tree(dir, NULL);
	}
	known_free(&im);
	free(dir);
	return r;
}
