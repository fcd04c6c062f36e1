/*
 * The methods of the control socket; docs/CLI.md lists them with their
 * parameters and answers. Here the table and those that are answered from the
 * loop; methods_author.c has those that write.
 */
#include "daemon/control/methods.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control/params.h"
#include "daemon/version.h"

#define EXPIRES_MAX_S UINT64_C(31536000) /* a year */

/* Is it what was given, or that something is not there? */
static enum call_about about_of(int err)
{
	switch (err) {
	case WEALD_INVALID:
	case WEALD_TOOBIG:
	case WEALD_DENIED:
	case WEALD_EXPIRED:
		return CALL_ABOUT_INPUT;
	default:
		return CALL_ABOUT_ASKED;
	}
}

/* Answer with @value, or with the error. */
static void end_with(struct call *call, int err, json_t *value,
		     const struct weald_msg *msg)
{
	if (err == WEALD_OK) {
		call_reply(call, value);
	} else {
		json_decref(value);
		call_fail_plain(call, about_of(err), err, msg);
	}
}

/* Answer with {}, or with the error. */
static void end(struct call *call, int err, const struct weald_msg *msg)
{
	end_with(call, err, err == WEALD_OK ? json_object() : NULL, msg);
}

static void method_hello(struct call *call)
{
	const struct home *h = node_home(call_node(call));
	char feed[2 * SHA256_BYTES + 1];

	hex_encode(home_feed_id(h), SHA256_BYTES, feed);
	call_reply(call,
		   json_pack("{s:s,s:i,s:i,s:s,s:s}", "version", WEALD_RELEASE,
			     "protocol", RPC_PROTOCOL, "pid", (int)getpid(),
			     "slug", home_slug(h), "feed_id", feed));
}

static void method_first(struct call *call)
{
	struct node *n = call_node(call);
	bool closed = !node_may_sign(n, NULL);

	if (closed) {
		node_be_first(n);
	}
	call_reply(call, json_pack("{s:b}", "was_closed", (int)closed));
}

static void method_holders(struct call *call)
{
	json_t *holders = NULL;
	uint64_t seq;
	int r;

	if (!param_uint(call, 0, UINT_MAX_VALUE, &seq)) {
		return;
	}
	r = node_holders(call_node(call), seq, &holders);
	end_with(call, r, holders, NULL);
}

static void method_invite(struct call *call)
{
	struct weald_msg msg = { "" };
	char *token = NULL;
	json_t *answer = NULL;
	uint64_t expires;
	int r;

	if (!param_uint(call, 0, EXPIRES_MAX_S, &expires)) {
		return;
	}
	r = node_invite(call_node(call), expires, &token, &msg);
	if (r == WEALD_OK) {
		answer = json_pack("{s:s}", "token", token);
		OPENSSL_cleanse(token, strlen(token));
	}
	free(token);
	end_with(call, r, answer, &msg);
}

static void join_done(void *ctx, int err, const struct weald_msg *msg)
{
	end(ctx, err, msg);
}

static void method_join(struct call *call)
{
	struct weald_msg msg = { "" };
	char *token = NULL;
	int r;

	if (!param_text(call, 0, &token)) {
		return;
	}
	r = node_join(call_node(call), token, call, join_done);
	OPENSSL_cleanse(token, strlen(token));
	free(token);
	if (r == WEALD_TOOBIG) {
		msg_set(&msg, "too many joins wait for an answer already; try "
			      "again in a minute");
	}
	if (r != WEALD_OK) {
		end(call, r, &msg);
	}
}

static void method_follow(struct call *call)
{
	struct node_follow_options options = { NULL, 0, NULL, 0, false };
	struct weald_msg msg = { "" };
	struct texts topics = { .n = 0 };
	struct texts kinds = { .n = 0 };
	char *region = NULL;
	int r;

	if (!param_flag(call, 3, &options.whole) ||
	    !param_text(call, 0, &region)) {
		return;
	}
	if (param_texts(call, 1, &topics) && param_texts(call, 2, &kinds)) {
		options.topics = topics.list;
		options.topics_n = topics.n;
		options.kinds = kinds.list;
		options.kinds_n = kinds.n;
		r = node_follow(call_node(call), region, &options, &msg);
		end(call, r, &msg);
	}
	texts_free(&topics);
	texts_free(&kinds);
	free(region);
}

/* A method with one text, a region or a key, that changes the members. */
static void change(struct call *call,
		   int (*fn)(struct node *, const char *, struct weald_msg *))
{
	struct weald_msg msg = { "" };
	char *name = NULL;

	if (param_text(call, 0, &name)) {
		end(call, fn(call_node(call), name, &msg), &msg);
		free(name);
	}
}

static void method_unfollow(struct call *call)
{
	change(call, node_unfollow);
}

static void method_block(struct call *call)
{
	change(call, node_block);
}

static void method_unblock(struct call *call)
{
	change(call, node_unblock);
}

static void method_peer_remove(struct call *call)
{
	change(call, node_peer_remove);
}

static void method_peer_add(struct call *call)
{
	struct weald_msg msg = { "" };
	char *address = NULL;
	char *key = NULL;

	if (param_text(call, 0, &address) && param_text(call, 1, &key)) {
		end(call, node_peer_add(call_node(call), address, key, &msg),
		    &msg);
	}
	free(address);
	free(key);
}

static void method_reload(struct call *call)
{
	struct weald_msg msg = { "" };
	int r = node_reload(call_node(call), &msg);

	if (r == WEALD_OK) {
		call_reply(call, json_object());
	} else {
		call_fail_plain(call, CALL_ABOUT_HOME, r, &msg);
	}
}

/* A method without parameters that says what is going on. */
static void report(struct call *call, int (*fn)(struct node *, json_t **))
{
	json_t *answer = NULL;
	int r = fn(call_node(call), &answer);

	end_with(call, r, answer, NULL);
}

static void method_status(struct call *call)
{
	report(call, node_status);
}

static void method_peers(struct call *call)
{
	report(call, node_peers);
}

static void method_feeds(struct call *call)
{
	report(call, node_feeds);
}

static void method_reindex(struct call *call)
{
	report(call, node_reindex);
}

static void method_reindex_state(struct call *call)
{
	report(call, node_index_state);
}

static void method_why(struct call *call)
{
	struct weald_msg msg = { "" };
	json_t *answer = NULL;
	char *region = NULL;
	int r;

	if (!param_text(call, 0, &region)) {
		return;
	}
	r = node_why(call_node(call), region, &answer, &msg);
	free(region);
	end_with(call, r, answer, &msg);
}

const struct method *method_find(struct span name)
{
	static const struct method methods[] = {
		{ "hello", 0, method_hello },
		{ "publish", 2, method_publish },
		{ "withdraw", 3, method_withdraw },
		{ "key_prepare", 2, method_key_prepare },
		{ "key_rotate", 2, method_key_rotate },
		{ "key_discard", 0, method_key_discard },
		{ "import", 1, method_import },
		{ "first", 0, method_first },
		{ "holders", 1, method_holders },
		{ "invite", 1, method_invite },
		{ "join", 1, method_join },
		{ "follow", 4, method_follow },
		{ "unfollow", 1, method_unfollow },
		{ "block", 1, method_block },
		{ "unblock", 1, method_unblock },
		{ "peer_add", 2, method_peer_add },
		{ "peer_remove", 1, method_peer_remove },
		{ "reload", 0, method_reload },
		{ "status", 0, method_status },
		{ "peers", 0, method_peers },
		{ "feeds", 0, method_feeds },
		{ "why", 1, method_why },
		{ "reindex", 0, method_reindex },
		{ "reindex_state", 0, method_reindex_state },
		{ "watch", 0, call_watch },
	};
	size_t i;

	for (i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if (span_equal(span_of(methods[i].name), name)) {
			return &methods[i];
		}
	}
	return NULL;
}
