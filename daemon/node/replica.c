/*
 * Replicas: the feeds in this home, and what the loop knows of them.
 *
 * The struct feed belongs to the jobs; what the loop needs of it (the head, the
 * region's description) is copied out by the job with replica_look() and taken
 * over on the loop with replica_take().
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"
#include "proto/forkproof.h"
#include "store/feed/fork.h"
#include "proto/path.h"
#include "store/fs.h"
#include "store/parallel.h"

struct replica *replica_find(struct node *n, const uint8_t id[SHA256_BYTES])
{
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		if (memcmp(n->replicas[i]->id, id, SHA256_BYTES) == 0) {
			return n->replicas[i];
		}
	}
	return NULL;
}

struct replica *replica_named(struct node *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->name[0] != '\0' &&
		    strcmp(n->replicas[i]->name, name) == 0) {
			return n->replicas[i];
		}
	}
	return NULL;
}

static void replica_free(struct replica *r)
{
	assert(r->waiting.first == NULL && !r->busy);
	contents_release(r);
	feed_close(r->feed);
	region_release(&r->region);
	buf_release(&r->proof);
	free(r);
}

/* A replica that nothing is known of; in the table. */
static int replica_new(struct node *n, struct replica **out)
{
	struct replica *r;

	if (n->replicas_n >= GOSSIP_FEEDS_MAX) {
		return WEALD_TOOBIG;
	}
	if (n->replicas == NULL) {
		/* once: a job that works alone walks it on another thread */
		n->replicas =
			calloc(GOSSIP_FEEDS_MAX, sizeof(struct replica *));
		if (n->replicas == NULL) {
			return WEALD_NOMEM;
		}
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		return WEALD_NOMEM;
	}
	r->node = n;
	buf_init(&r->proof, FORKPROOF_BYTES_MAX);
	n->replicas[n->replicas_n++] = r;
	*out = r;
	return WEALD_OK;
}

int replica_add(struct node *n, const uint8_t id[SHA256_BYTES],
		struct replica **out)
{
	struct replica *r = replica_find(n, id);
	int err = WEALD_OK;

	if (r == NULL) {
		err = replica_new(n, &r);
		if (err == WEALD_OK) {
			memcpy(r->id, id, sizeof(r->id));
		}
	}
	if (err == WEALD_OK) {
		*out = r;
	}
	return err;
}

const char *replica_label(const struct replica *r)
{
	static char label[LOG_KEY_BYTES];

	if (r->name[0] != '\0') {
		return r->name;
	}
	return r->slug[0] != '\0' ? r->slug : log_key(r->id, label);
}

void replica_choose_name(struct replica *r, const char *slug)
{
	char hex[2 * 6 + 1];

	assert(r->name[0] == '\0');
	snprintf(r->slug, sizeof(r->slug), "%s", slug);
	if (replica_named(r->node, slug) == NULL) {
		snprintf(r->name, sizeof(r->name), "%s", slug);
		return;
	}
	hex_encode(r->id, 6, hex);
	snprintf(r->name, sizeof(r->name), "%s-%s", slug, hex);
}

int replica_choice(const struct replica *r, struct member_follow *out)
{
	const struct member_follow *f =
		members_follow(&r->node->members, r->id);

	if (f == NULL) {
		*out = (struct member_follow){ .topics = NULL };
		return WEALD_OK;
	}
	return member_follow_copy(f, out);
}

bool replica_wants(const struct member_follow *choice, const struct update *u)
{
	struct record_path path;

	if (u->record.len == 0) {
		return true; /* how a region describes itself is for all */
	}
	return path_parse_record(u->record, &path, NULL) == WEALD_OK &&
	       member_wants(choice, u->topics, u->topics_n, path.kind);
}

/* ---- what a feed says ----------------------------------------------------
 */

struct find_region {
	bool found;
	uint8_t blob[OBJECT_ID_BYTES];
};

static int find_region_file(void *ctx, struct span name,
			    const uint8_t blob[OBJECT_ID_BYTES])
{
	struct find_region *find = ctx;

	if (span_equal(name, span_of(PATH_REGION))) {
		find->found = true;
		memcpy(find->blob, blob, sizeof(find->blob));
	}
	return WEALD_OK;
}

/* region.yaml of the feed; what cannot be read is as if it were not there. */
static void look_region(const struct feed *f, struct replica_look *out)
{
	struct find_region find = { .found = false };
	struct weald_msg msg = { "" };
	struct buf text;

	buf_init(&text, CONTENT_BYTES_MAX);
	out->region_read = true;
	if (feed_files(f, out->head.seq, (struct span){ NULL, 0 },
		       find_region_file, &find, &msg) == WEALD_OK &&
	    find.found && feed_content(f, find.blob, &text, &msg) == WEALD_OK) {
		out->has_region = region_parse(buf_span(&text), PATH_REGION,
					       &out->region, &msg) == WEALD_OK;
	}
	buf_release(&text);
}

void replica_look(const struct feed *f, bool profile, struct replica_look *out)
{
	const struct identity *id = feed_identity(f);

	assert(feed_committed_seq(f) == id->seq && "nothing is staged");
	memset(out, 0, sizeof(*out));
	if (id->seq == 0) {
		return;
	}
	out->head.epoch = id->epoch;
	out->head.seq = id->seq;
	memcpy(out->head.commit, id->commit, sizeof(out->head.commit));
	memcpy(out->head.digest, id->prev, sizeof(out->head.digest));
	memcpy(out->head.key, id->key, sizeof(out->head.key));
	memcpy(out->root, id->root, sizeof(out->root));
	out->last_time = id->time;
	out->records = feed_versions(f)->count;
	memcpy(out->slug, id->slug, sizeof(out->slug));
	out->narrow = feed_is_narrow(f);
	if (profile) {
		look_region(f, out);
	}
}

void replica_take(struct replica *r, struct replica_look *look)
{
	if (r->own) {
		report_own_moved(r->node, look);
	}
	r->head = look->head;
	memcpy(r->root, look->root, sizeof(r->root));
	r->last_time = look->last_time;
	r->records = look->records;
	r->narrow = look->narrow;
	if (look->slug[0] != '\0') {
		memcpy(r->slug, look->slug, sizeof(r->slug));
	}
	if (look->region_read) {
		r->node->roster_due = true;
		region_release(&r->region);
		r->region = look->region;
		memset(&look->region, 0, sizeof(look->region));
		r->has_region = look->has_region;
	}
	region_release(&look->region);
}

void replica_leave_alone(struct replica *r, int err,
			 const struct weald_msg *msg)
{
	struct gossip_event event = { .type = GOSSIP_FOLLOW };

	assert(!r->own && "without it the node fails");
	log_error("a feed is damaged and is left alone feed=%s error=%s: %s",
		  replica_label(r), err_name(err), msg_text(msg, err));
	r->open_err = err;
	r->open_msg = *msg;
	feed_close(r->feed);
	r->feed = NULL;
	r->moved = false; /* an append that waits has nothing to look at */
	r->policy = GOSSIP_NOT_FOLLOWED;
	memcpy(event.follow.feed, r->id, sizeof(r->id));
	event.follow.policy = GOSSIP_NOT_FOLLOWED;
	drive(r->node, &event);
}

/* ---- opening -------------------------------------------------------------
 */

struct opening {
	struct node *node;
	char **names;
	size_t n;
	struct opened {
		struct feed *feed;
		struct replica_look look;
		int err;
		struct weald_msg msg;
	} * feeds;
};

static void open_one(void *ctx, size_t worker, size_t index)
{
	struct opening *o = ctx;
	struct opened *one = &o->feeds[index];

	(void)worker;
	one->err = home_open_feed(o->node->home, o->names[index], FEED_WRITE,
				  &one->feed, &one->msg);
	if (one->err == WEALD_OK) {
		replica_look(one->feed, true, &one->look);
	}
}

/* What a kill left of a feed whose first update never came. */
static void remove_empty(struct node *n, const char *name)
{
	char *dir = NULL;

	if (home_feed_dir(n->home, name, &dir) == WEALD_OK) {
		log_info("an empty feed is removed feed=%s", name);
		(void)fs_remove_tree(dir, NULL);
	}
	free(dir);
}

/* The proof of a fork that was kept; it is checked like any other. */
static void load_proof(struct replica *r)
{
	char name[64 + 2 * SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct forkproof proof;
	char *path = NULL;

	hex_encode(r->id, sizeof(r->id), hex);
	snprintf(name, sizeof(name), "forks/%s", hex);
	if (home_join(r->node->home, name, &path) != WEALD_OK) {
		return;
	}
	if (fs_read_file(path, FORKPROOF_BYTES_MAX, &r->proof, NULL) ==
		    WEALD_OK &&
	    forkproof_decode(buf_span(&r->proof), &proof, NULL) == WEALD_OK &&
	    memcmp(proof.feed, r->id, sizeof(r->id)) == 0) {
		struct weald_msg msg;

		if (feed_check_proof(r->feed, buf_span(&r->proof),
				     &r->disputed_from, &msg) != WEALD_OK) {
			r->disputed_from = 0;
		}
	}
	if (r->disputed_from == 0) {
		buf_release(&r->proof);
	}
	free(path);
}

/*
 * The feed that a folder which cannot be opened must be, by its name: so it is
 * not fetched a second time, into another folder, while a person looks at it.
 * A feed that was found already is in another folder.
 */
static void guess_id(struct node *n, const char *name,
		     uint8_t out[SHA256_BYTES])
{
	const struct member_follow *f;
	char full[SLUG_BYTES_MAX + 16];
	char hex[2 * 6 + 1];
	size_t i;

	for (i = 0; i < n->members.follows_n; i++) {
		f = &n->members.follows[i];
		hex_encode(f->feed, 6, hex);
		snprintf(full, sizeof(full), "%s-%s", f->slug, hex);
		if ((strcmp(f->slug, name) == 0 || strcmp(full, name) == 0) &&
		    replica_find(n, f->feed) == NULL) {
			memcpy(out, f->feed, SHA256_BYTES);
			return;
		}
	}
}

static int take_opened(struct opening *o, size_t i)
{
	struct node *n = o->node;
	struct opened *one = &o->feeds[i];
	struct replica *r = NULL;
	int err;

	if (one->err == WEALD_OK && one->look.head.seq == 0) {
		feed_close(one->feed);
		one->feed = NULL;
		remove_empty(n, o->names[i]);
		return WEALD_OK;
	}
	if (one->err == WEALD_OK) {
		err = replica_add(n, feed_identity(one->feed)->feed, &r);
	} else {
		err = replica_new(n, &r);
		if (err == WEALD_OK) {
			guess_id(n, o->names[i], r->id);
		}
	}
	if (err != WEALD_OK) {
		return err;
	}
	if (r->feed != NULL) {
		log_error("two folders hold one feed, the second is left alone "
			  "feed=%s second=%s",
			  r->name, o->names[i]);
		return WEALD_OK;
	}
	snprintf(r->name, sizeof(r->name), "%s", o->names[i]);
	r->open_err = one->err;
	if (one->err != WEALD_OK) {
		r->open_msg = one->msg;
		log_error("a feed cannot be opened and is left alone feed=%s "
			  "error=%s: %s",
			  r->name, err_name(one->err),
			  msg_text(&one->msg, one->err));
		return WEALD_OK;
	}
	r->feed = one->feed;
	one->feed = NULL; /* transferred */
	replica_take(r, &one->look);
	load_proof(r);
	return WEALD_OK;
}

/* The damaged ones last: what is known for certain needs no guess. */
static int take_all(struct opening *o)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < o->n; i++) {
		if (o->feeds[i].err == WEALD_OK) {
			r = take_opened(o, i);
		}
	}
	for (i = 0; r == WEALD_OK && i < o->n; i++) {
		if (o->feeds[i].err != WEALD_OK) {
			r = take_opened(o, i);
		}
	}
	return r;
}

static void opening_release(struct opening *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (o->feeds != NULL) {
			feed_close(o->feeds[i].feed);
			region_release(&o->feeds[i].look.region);
		}
		free(o->names[i]);
	}
	free(o->names);
	free(o->feeds);
}

int replicas_open(struct node *n, struct weald_msg *msg)
{
	struct opening o = { .node = n };
	int r;

	r = home_feeds(n->home, &o.names, &o.n, msg);
	if (r != WEALD_OK) {
		return r;
	}
	o.feeds = calloc(o.n + 1, sizeof(*o.feeds));
	r = o.feeds == NULL ? WEALD_NOMEM : WEALD_OK;
	if (r == WEALD_OK) {
		parallel_for(o.n, open_one, &o);
	}
	r = r == WEALD_OK ? take_all(&o) : r;
	opening_release(&o);
	if (r != WEALD_OK) {
		return r;
	}
	n->own = replica_find(n, home_feed_id(n->home));
	if (n->own == NULL || n->own->feed == NULL) {
		struct replica *named = replica_named(n, home_slug(n->home));

		msg_set(msg, "the region's own feed %s cannot be opened: %s",
			home_slug(n->home),
			named == NULL
				? "it is not there; restore the home from a "
				  "backup, or bring the feed back with weald "
				  "import from a region that holds it"
				: msg_text(&named->open_msg, named->open_err));
		return named == NULL || named->open_err == WEALD_OK
			       ? WEALD_CORRUPT
			       : named->open_err;
	}
	n->own->own = true;
	return WEALD_OK;
}

void replicas_shut(struct node *n, size_t count)
{
	struct replica *r;
	size_t i;

	for (i = 0; i < count; i++) {
		r = n->replicas[i];
		/* the name of others the loop may be choosing just now */
		r->shut = r->feed != NULL ||
			  (r->open_err != WEALD_OK && r->name[0] != '\0');
		feed_close(r->feed);
		r->feed = NULL;
	}
}

/* Give a feed that was opened again to the replica that had it. */
static void reopen_one(struct node *n, struct replica *r)
{
	if (!r->shut) {
		return;
	}
	r->open_err = home_open_feed(n->home, r->name, FEED_WRITE, &r->feed,
				     &r->open_msg);
}

void replicas_reopen(struct node *n, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		reopen_one(n, n->replicas[i]);
	}
}

void replica_tell_moved(struct replica *r)
{
	struct gossip_event moved = { .type = GOSSIP_MOVED };

	if (r->appending) {
		r->moved = true;
		return;
	}
	memcpy(moved.moved.feed, r->id, sizeof(r->id));
	moved.moved.head = r->head;
	drive(r->node, &moved);
}

/*
 * Is the folder @name there for a replica to be? One that waits to make its
 * feed under that name has come too late, and gives the name up.
 */
static bool free_name(struct node *n, const char *name)
{
	struct replica *r = replica_named(n, name);

	if (r != NULL && (r->feed != NULL || r->open_err != WEALD_OK)) {
		return false;
	}
	if (r != NULL) {
		r->name[0] = '\0';
	}
	return true;
}

/* What is on disk and in no replica yet: an import has made it. */
static int refresh_new(struct node *n)
{
	struct replica *made;
	struct opening o = { .node = n };
	size_t i;
	int r;

	r = home_feeds(n->home, &o.names, &o.n, NULL);
	if (r != WEALD_OK) {
		return r;
	}
	o.feeds = calloc(o.n + 1, sizeof(*o.feeds));
	r = o.feeds == NULL ? WEALD_NOMEM : WEALD_OK;
	for (i = 0; r == WEALD_OK && i < o.n; i++) {
		if (free_name(n, o.names[i])) {
			open_one(&o, 0, i);
			r = take_opened(&o, i);
			made = replica_named(n, o.names[i]);
			if (made != NULL && made->engine_knows &&
			    made->head.seq > 0) {
				/* it was followed, unseen */
				replica_tell_moved(made);
			}
		}
	}
	opening_release(&o);
	return r;
}

/* Could it not be opened again, and the engine thinks that it is there? */
static bool is_lost(const struct replica *r)
{
	return r->feed == NULL && r->open_err != WEALD_OK && !r->own &&
	       (r->policy == GOSSIP_FOLLOW_WHOLE ||
		r->policy == GOSSIP_FOLLOW_NARROW);
}

int replicas_refresh(struct node *n)
{
	struct replica_look look;
	struct replica *r;
	uint64_t before;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (is_lost(r)) {
			replica_leave_alone(r, r->open_err, &r->open_msg);
		}
		if (r->feed == NULL) {
			continue;
		}
		before = r->head.seq;
		replica_look(r->feed, true, &look);
		replica_take(r, &look);
		if (r->engine_knows && r->head.seq > before) {
			replica_tell_moved(r);
		}
		membership_profile(n, r);
	}
	return refresh_new(n);
}

void replicas_close(struct node *n)
{
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		replica_free(n->replicas[i]);
	}
	free(n->replicas);
	n->replicas = NULL;
	n->replicas_n = 0;
	n->own = NULL;
}

/* The folder of the proofs; made with the first one. */
static int make_forks(struct node *n, struct weald_msg *msg)
{
	char *path = NULL;
	int err = home_join(n->home, "forks", &path);

	if (err == WEALD_OK) {
		err = fs_mkdir(path, 0700, msg);
	}
	free(path);
	return err == WEALD_EXISTS ? WEALD_OK : err;
}

void replica_keep_proof(struct replica *r, uint64_t seq, struct span proof)
{
	char name[64 + 2 * SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct weald_msg msg = { "" };
	char *path = NULL;
	int err;

	hex_encode(r->id, sizeof(r->id), hex);
	snprintf(name, sizeof(name), "forks/%s", hex);
	err = home_join(r->node->home, name, &path);
	if (err == WEALD_OK) {
		err = make_forks(r->node, &msg);
	}
	if (err == WEALD_OK) {
		err = fs_write_durable(path, proof, 0600, &msg);
	}
	if (err != WEALD_OK) {
		log_error("the proof of a fork cannot be kept feed=%s: %s",
			  replica_label(r), msg_text(&msg, err));
	}
	free(path);
	r->disputed_from = seq;
}
