/*
 * The node: the running daemon. One event loop drives the gossip engine; git,
 * fsync and signatures run on the thread pool.
 *
 * node_run() is the whole life of `weald run`. Everything else here is for the
 * control socket: called on the loop's thread, while node_run() runs.
 */
#ifndef WEALD_DAEMON_NODE_NODE_H
#define WEALD_DAEMON_NODE_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "store/author.h"
#include "store/home.h"

struct node;

struct node_options {
	struct home *home; /* open; borrowed until node_run() returns */
	bool first;        /* --i-am-first */
};

/*
 * Run until SIGTERM or SIGINT. Takes the home's lock, opens all feeds, listens,
 * dials, serves the control socket; says READY=1 to systemd. SIGHUP reads
 * config and members again; a mistake in them is logged, and all stays as it
 * was. Returns after everything that was accepted is stored.
 *   WEALD_LOCKED   another process has the home
 *   WEALD_CORRUPT  config, members, a key or a feed; @msg says which and where
 *   WEALD_EXISTS   the port is in use
 *   WEALD_IO       the disk failed: nothing is acknowledged after that
 *   and others of what it opens
 */
int node_run(const struct node_options *options, struct weald_msg *msg);

uv_loop_t *node_loop(struct node *n);
struct home *node_home(struct node *n);

/* ---- own updates ---------------------------------------------------------
 */

/* On a thread of the pool; @a is the own feed, open for writing. */
typedef int node_author_fn(void *ctx, struct author *a, struct weald_msg *msg);
/* On the loop's thread, exactly once, never within the call that began it. */
typedef void node_done_fn(void *ctx, int err, const struct weald_msg *msg);

/*
 * Let @fn sign and commit, in turn with all other work on the own feed; what
 * it has made durable is then gossiped, also where it fails halfway. @ctx must
 * live until @done.
 *   WEALD_GUARD  through @done, without calling @fn: signing is not allowed
 *                now; @msg says why and what to do
 *   WEALD_NOMEM  returned: @done is not called
 */
int node_author(struct node *n, node_author_fn *fn, void *ctx,
		node_done_fn *done);
/* May an own update be signed now? If not, why, for a person. */
bool node_may_sign(struct node *n, struct weald_msg *msg);
/* The admin says --i-am-first. */
void node_be_first(struct node *n);

/*
 * Work that needs every feed closed (weald import): @fn runs on a thread of
 * the pool when no other job does and no feed is open; all are opened anew
 * afterwards. As node_author().
 */
typedef int node_alone_fn(void *ctx, struct home *h, struct weald_msg *msg);
int node_alone(struct node *n, node_alone_fn *fn, void *ctx,
	       node_done_fn *done);

/* ---- membership ----------------------------------------------------------
 * @region: a slug, slug-hex or feed id that is known here (followed, blocked,
 * heard of, or on disk), or 64 hex digits of any feed. Each changes the
 * members file durably, then what runs.
 */

/* The text of a new token; gives it, cleanse and free. */
int node_invite(struct node *n, uint64_t expires_s, char **out_token,
		struct weald_msg *msg);
/*
 * Join with a token: @done once the inviter has answered, or after 30 s:
 * WEALD_TIMEOUT (it goes on being tried), WEALD_DENIED (refused: @msg has the
 * reason), WEALD_EXPIRED, WEALD_INVALID.
 */
int node_join(struct node *n, const char *token, void *ctx, node_done_fn *done);

struct node_follow_options {
	const char *const *topics;
	size_t topics_n;
	const char *const *kinds;
	size_t kinds_n;
	bool whole; /* take away topics and kinds */
};
int node_follow(struct node *n, const char *region,
		const struct node_follow_options *options,
		struct weald_msg *msg);
int node_unfollow(struct node *n, const char *region, struct weald_msg *msg);
int node_block(struct node *n, const char *region, struct weald_msg *msg);
int node_unblock(struct node *n, const char *region, struct weald_msg *msg);
int node_peer_add(struct node *n, const char *address, const char *key_hex,
		  struct weald_msg *msg);
int node_peer_remove(struct node *n, const char *key_hex,
		     struct weald_msg *msg);
/* Read config and members again, as on SIGHUP. */
int node_reload(struct node *n, struct weald_msg *msg);

/* ---- what is going on ----------------------------------------------------
 * JSON objects as docs/CLI.md lists them; the caller's reference.
 * WEALD_NOMEM; WEALD_NOTFOUND for a region that is not known.
 */
int node_status(struct node *n, json_t **out);
int node_peers(struct node *n, json_t **out);
int node_feeds(struct node *n, json_t **out);
int node_why(struct node *n, const char *region, json_t **out,
	     struct weald_msg *msg);

/*
 * Which regions (slugs; besides our own) have said by a signed receipt that
 * they hold update @seq of our feed: a JSON array of objects.
 */
int node_holders(struct node *n, uint64_t seq, json_t **out);

/*
 * The index: begin to make it anew from the feeds; how far it is. Both give
 * what "index" of node_status() is.
 */
int node_reindex(struct node *n, json_t **out);
int node_index_state(struct node *n, json_t **out);

/*
 * Watch: @fn is called for every event ({"event": "update", ...}) with a
 * borrowed object. Not from within a call of this header.
 */
struct node_watch;
typedef void node_watch_fn(void *ctx, json_t *event);
int node_watch_add(struct node *n, node_watch_fn *fn, void *ctx,
		   struct node_watch **out);
void node_watch_remove(struct node *n, struct node_watch *w);

#endif
