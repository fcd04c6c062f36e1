#include "proto/identity.h"

#include <assert.h>
#include <string.h>

#include "proto/bytes.h"

static int check_feed(const struct identity *id, const struct update *u,
		      struct weald_msg *msg)
{
	if (u->seq == 1) {
		if (id->seq == 0) {
			return WEALD_OK;
		}
		msg_set(msg, "seq: the feed has a first update already");
		return WEALD_SEQ_OLD;
	}
	if (id->seq == 0) {
		msg_set(msg, "seq: update %llu came before the first",
			(unsigned long long)u->seq);
		return WEALD_SEQ_GAP;
	}
	if (memcmp(u->feed, id->feed, sizeof id->feed) != 0) {
		msg_set(msg, "feed: the update belongs to another feed");
		return WEALD_FEED_OTHER;
	}
	if (!span_equal(u->slug, span_of(id->slug))) {
		msg_set(msg, "slug: \"%.*s\" in the feed of \"%s\"",
			(int)u->slug.len, (const char *)u->slug.data, id->slug);
		return WEALD_SLUG_CHANGED;
	}
	if (memcmp(u->root, id->root, sizeof id->root) != 0) {
		msg_set(msg, "root: another root key than the feed's");
		return WEALD_ROOT_CHANGED;
	}
	return WEALD_OK;
}

static int check_order(const struct identity *id, const struct update *u,
		       struct weald_msg *msg)
{
	if (u->seq <= id->seq) {
		msg_set(msg, "seq: update %llu comes after update %llu",
			(unsigned long long)u->seq,
			(unsigned long long)id->seq);
		return WEALD_SEQ_OLD;
	}
	if (u->seq != id->seq + 1) {
		msg_set(msg, "seq: update %llu came, %llu is the next",
			(unsigned long long)u->seq,
			(unsigned long long)id->seq + 1);
		return WEALD_SEQ_GAP;
	}
	if (memcmp(u->prev, id->prev, sizeof id->prev) != 0) {
		msg_set(msg,
			"prev: update %llu does not follow the update "
			"%llu that is here",
			(unsigned long long)u->seq,
			(unsigned long long)id->seq);
		return WEALD_PREV_OTHER;
	}
	if (memcmp(u->parent, id->commit, sizeof id->commit) != 0) {
		msg_set(msg,
			"parent: update %llu does not follow the commit "
			"of update %llu that is here",
			(unsigned long long)u->seq,
			(unsigned long long)id->seq);
		return WEALD_PARENT_OTHER;
	}
	return WEALD_OK;
}

int identity_check(const struct identity *id, const struct update *u,
		   struct weald_msg *msg)
{
	enum action action = update_action(u);
	int r;

	r = check_feed(id, u, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (action_is_reissue(action)) {
		msg_set(msg,
			"action: a granted %.*s of update %llu on is "
			"held back, this version cannot carry it out",
			(int)u->action.len, (const char *)u->action.data,
			(unsigned long long)u->seq);
		return WEALD_REISSUE_HELD;
	}
	r = check_order(id, u, msg);
	if (r != WEALD_OK || id->seq == 0) {
		return r;
	}
	if (u->epoch != id->epoch) {
		msg_set(msg, "epoch: %llu after %llu without a grant",
			(unsigned long long)u->epoch,
			(unsigned long long)id->epoch);
		return WEALD_EPOCH_CHANGED;
	}
	if (action != ACTION_ROTATE_KEY &&
	    memcmp(u->key, id->key, sizeof id->key) != 0) {
		msg_set(msg,
			"key: update %llu is signed by another key than "
			"the feed's, without a grant",
			(unsigned long long)u->seq);
		return WEALD_KEY_CHANGED;
	}
	return WEALD_OK;
}

void identity_apply(struct identity *id, const struct update *u,
		    const uint8_t digest[SHA256_BYTES],
		    const uint8_t commit_id[OBJECT_ID_BYTES])
{
	assert(u->seq == id->seq + 1);
	if (u->seq == 1) {
		assert(u->slug.len <= SLUG_BYTES_MAX);
		memcpy(id->feed, digest, sizeof id->feed);
		memcpy(id->slug, u->slug.data, u->slug.len);
		id->slug[u->slug.len] = '\0';
		memcpy(id->root, u->root, sizeof id->root);
	}
	memcpy(id->key, u->key, sizeof id->key);
	id->epoch = u->epoch;
	id->seq = u->seq;
	id->time = u->time;
	memcpy(id->prev, digest, sizeof id->prev);
	memcpy(id->commit, commit_id, sizeof id->commit);
	memcpy(id->tree, u->tree, sizeof id->tree);
}

void identity_address(const struct identity *id,
		      char out[IDENTITY_ADDRESS_BYTES])
{
	size_t n = strlen(id->slug);

	memcpy(out, id->slug, n);
	out[n] = '@';
	hex_encode(id->feed, 6, out + n + 1);
}
