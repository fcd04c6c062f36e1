/*
 * A node that is made up: the functions of daemon/node/node.h for programs that
 * test what calls them. A header, and not a .c, which all programs would be
 * linked with. One program includes it once.
 *
 * The functions run on the server's thread; what they note is read by the
 * test's only after an answer has come back.
 */
#ifndef WEALD_TESTS_UNIT_FAKENODE_H
#define WEALD_TESTS_UNIT_FAKENODE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/rpc.h"
#include "daemon/node/node.h"

struct node_watch {
	node_watch_fn *fn;
	void *ctx;
};

struct node {
	uv_loop_t loop;
	struct home *home;
	struct feed *feed;
	bool may_sign;
	struct node_watch watch; /* one is enough */
	char said[512];          /* what the last call was told */
	/* a join that is under way; set last, for the test to see */
	void *join_ctx;
	_Atomic(node_done_fn *) join_done;
};

uv_loop_t *node_loop(struct node *n)
{
	return &n->loop;
}

struct home *node_home(struct node *n)
{
	return n->home;
}

struct work {
	uv_work_t req;
	struct node *node;
	node_author_fn *author;
	node_alone_fn *alone;
	void *ctx;
	node_done_fn *done;
	int err;
	struct weald_msg msg;
};

static void work_cb(uv_work_t *req)
{
	struct work *w = req->data;
	struct author a = { .home = w->node->home, .feed = w->node->feed };

	w->err = w->author != NULL ? w->author(w->ctx, &a, &w->msg)
				   : w->alone(w->ctx, w->node->home, &w->msg);
	author_release(&a);
}

static void worked_cb(uv_work_t *req, int status)
{
	struct work *w = req->data;

	(void)status;
	w->done(w->ctx, w->err, &w->msg);
	free(w);
}

static int begin(struct node *n, node_author_fn *author, node_alone_fn *alone,
		 void *ctx, node_done_fn *done)
{
	struct work *w = calloc(1, sizeof *w);

	w->node = n;
	w->author = author;
	w->alone = alone;
	w->ctx = ctx;
	w->done = done;
	w->req.data = w;
	return uv_queue_work(&n->loop, &w->req, work_cb, worked_cb) == 0
		       ? WEALD_OK
		       : WEALD_NOMEM;
}

int node_author(struct node *n, node_author_fn *fn, void *ctx,
		node_done_fn *done)
{
	return begin(n, fn, NULL, ctx, done);
}

int node_alone(struct node *n, node_alone_fn *fn, void *ctx, node_done_fn *done)
{
	return begin(n, NULL, fn, ctx, done);
}

bool node_may_sign(struct node *n, struct weald_msg *msg)
{
	(void)msg;
	return n->may_sign;
}

void node_be_first(struct node *n)
{
	n->may_sign = true;
}

int node_invite(struct node *n, uint64_t expires_s, char **out_token,
		struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "invite %llu",
		       (unsigned long long)expires_s);
	*out_token = strdup("weald-join:abc");
	return WEALD_OK;
}

int node_join(struct node *n, const char *token, void *ctx, node_done_fn *done)
{
	(void)snprintf(n->said, sizeof n->said, "join %s", token);
	n->join_ctx = ctx;
	n->join_done = done;
	return WEALD_OK;
}

int node_follow(struct node *n, const char *region,
		const struct node_follow_options *o, struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "follow %s %zu %s %zu %s %d",
		       region, o->topics_n, o->topics_n > 0 ? o->topics[0] : "",
		       o->kinds_n, o->kinds_n > 0 ? o->kinds[0] : "",
		       (int)o->whole);
	return WEALD_OK;
}

int node_unfollow(struct node *n, const char *region, struct weald_msg *msg)
{
	(void)n;
	msg_set(msg, "%s is not followed", region);
	return WEALD_NOTFOUND;
}

int node_block(struct node *n, const char *region, struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "block %s", region);
	return WEALD_OK;
}

int node_unblock(struct node *n, const char *region, struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "unblock %s", region);
	return WEALD_OK;
}

int node_peer_add(struct node *n, const char *address, const char *key_hex,
		  struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "peer_add %s %s", address,
		       key_hex);
	return WEALD_OK;
}

int node_peer_remove(struct node *n, const char *key_hex, struct weald_msg *msg)
{
	(void)msg;
	(void)snprintf(n->said, sizeof n->said, "peer_remove %s", key_hex);
	return WEALD_OK;
}

int node_reload(struct node *n, struct weald_msg *msg)
{
	(void)n;
	msg_set(msg, "config:3: no such setting");
	return WEALD_CORRUPT;
}

int node_status(struct node *n, json_t **out)
{
	*out = json_pack("{s:b}", "may_sign", (int)n->may_sign);
	return WEALD_OK;
}

int node_reindex(struct node *n, json_t **out)
{
	(void)n;
	*out = json_pack("{s:s}", "state", "making");
	return WEALD_OK;
}

int node_index_state(struct node *n, json_t **out)
{
	(void)n;
	*out = json_pack("{s:s}", "state", "up-to-date");
	return WEALD_OK;
}

int node_peers(struct node *n, json_t **out)
{
	(void)n;
	*out = json_array();
	return WEALD_OK;
}

int node_feeds(struct node *n, json_t **out)
{
	(void)n;
	(void)out;
	return WEALD_NOMEM;
}

/* An answer that is larger than one may be. */
int node_why(struct node *n, const char *region, json_t **out,
	     struct weald_msg *msg)
{
	char *text = malloc(RPC_MESSAGE_BYTES_MAX);

	(void)n;
	(void)region;
	(void)msg;
	memset(text, 'x', RPC_MESSAGE_BYTES_MAX);
	*out = json_stringn(text, RPC_MESSAGE_BYTES_MAX);
	free(text);
	return WEALD_OK;
}

int node_holders(struct node *n, uint64_t seq, json_t **out)
{
	(void)n;
	*out = json_pack("[{s:s,s:I}]", "region", "wessex", "seq",
			 (json_int_t)seq);
	return WEALD_OK;
}

int node_watch_add(struct node *n, node_watch_fn *fn, void *ctx,
		   struct node_watch **out)
{
	n->watch = (struct node_watch){ fn, ctx };
	*out = &n->watch;
	return WEALD_OK;
}

void node_watch_remove(struct node *n, struct node_watch *w)
{
	(void)n;
	w->fn = NULL;
}

#endif
