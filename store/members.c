#include "store/members.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "proto/ed25519.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/members_private.h"

/* Every entry begins with its key. */
static_assert(offsetof(struct member_follow, feed) == 0, "the key is first");
static_assert(offsetof(struct member_block, feed) == 0, "the key is first");
static_assert(offsetof(struct member_peer, key) == 0, "the key is first");
static_assert(offsetof(struct member_invite, id) == 0, "the key is first");

/* Entries of one kind, sorted by their keys. */
struct table {
	const void *items;
	size_t n;
	size_t item_bytes;
	size_t key_bytes;
};

/* Where @key is (true) or would be (false). */
static bool find(const struct table *t, const uint8_t *key, size_t *out_at)
{
	const uint8_t *items = t->items;
	size_t low = 0;
	size_t high = t->n;
	size_t middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = memcmp(items + middle * t->item_bytes, key,
			       t->key_bytes);
		if (order == 0) {
			*out_at = middle;
			return true;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*out_at = low;
	return false;
}

/* Room for one more item at @at, all zero; NULL where there is no memory. */
static void *open_gap(void *items, size_t n, size_t item_bytes, size_t at)
{
	uint8_t *grown = reallocarray(items, n + 1, item_bytes);

	if (grown != NULL) {
		memmove(grown + (at + 1) * item_bytes, grown + at * item_bytes,
			(n - at) * item_bytes);
		memset(grown + at * item_bytes, 0, item_bytes);
	}
	return grown;
}

static void close_gap(void *items, size_t n, size_t item_bytes, size_t at)
{
	uint8_t *bytes = items;

	memmove(bytes + at * item_bytes, bytes + (at + 1) * item_bytes,
		(n - at - 1) * item_bytes);
}

static int refuse_full(const char *what, unsigned max, struct weald_msg *msg)
{
	msg_set(msg, "there are %u %s already, which is the most", max, what);
	return WEALD_TOOBIG;
}

static struct table follows_of(const struct members *m)
{
	return (struct table){ m->follows, m->follows_n, sizeof *m->follows,
			       SHA256_BYTES };
}

static struct table blocks_of(const struct members *m)
{
	return (struct table){ m->blocks, m->blocks_n, sizeof *m->blocks,
			       SHA256_BYTES };
}

static struct table unfollows_of(const struct members *m)
{
	return (struct table){ m->unfollows, m->unfollows_n,
			       sizeof *m->unfollows, SHA256_BYTES };
}

static struct table peers_of(const struct members *m)
{
	return (struct table){ m->peers, m->peers_n, sizeof *m->peers,
			       PUBKEY_BYTES };
}

static struct table invites_of(const struct members *m)
{
	return (struct table){ m->invites, m->invites_n, sizeof *m->invites,
			       MEMBERS_INVITE_BYTES };
}

/*
 * Entries.
 */

static void release_texts(char **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(list[i]);
	}
	free(list);
}

void member_follow_release(struct member_follow *f)
{
	free(f->introducers);
	release_texts(f->topics, f->topics_n);
	release_texts(f->kinds, f->kinds_n);
	*f = (struct member_follow){ .since = 0 };
}

static void release_peer(struct member_peer *p)
{
	release_texts(p->addresses, p->addresses_n);
	OPENSSL_cleanse(p->secret, sizeof p->secret);
	*p = (struct member_peer){ .has_feed = false };
}

void members_release(struct members *m)
{
	size_t i;

	for (i = 0; i < m->follows_n; i++) {
		member_follow_release(&m->follows[i]);
	}
	for (i = 0; i < m->peers_n; i++) {
		release_peer(&m->peers[i]);
	}
	free(m->follows);
	free(m->unfollows);
	free(m->blocks);
	free(m->peers);
	free(m->invites);
	*m = (struct members){ .follows_n = 0 };
}

int members_add_text(char ***list, size_t *n, size_t max, struct span text)
{
	char **grown;
	char *copy;
	size_t at = 0;

	while (at < *n && span_compare(span_of((*list)[at]), text) < 0) {
		at++;
	}
	if (at < *n && span_equal(span_of((*list)[at]), text)) {
		return WEALD_OK;
	}
	if (*n >= max) {
		return WEALD_TOOBIG;
	}
	copy = strndup((const char *)text.data, text.len);
	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	grown = open_gap(*list, *n, sizeof *grown, at);
	if (grown == NULL) {
		free(copy);
		return WEALD_NOMEM;
	}
	grown[at] = copy; /* transferred */
	*list = grown;
	*n += 1;
	return WEALD_OK;
}

int members_add_introducer(struct member_follow *f,
			   const uint8_t feed[SHA256_BYTES])
{
	const struct table t = { f->introducers, f->introducers_n, SHA256_BYTES,
				 SHA256_BYTES };
	void *grown;
	size_t at;

	if (find(&t, feed, &at)) {
		return WEALD_OK;
	}
	if (f->introducers_n >= MEMBERS_INTRODUCERS_MAX) {
		return WEALD_TOOBIG;
	}
	grown = open_gap(f->introducers, f->introducers_n, SHA256_BYTES, at);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	f->introducers = grown;
	memcpy(f->introducers[at], feed, SHA256_BYTES);
	f->introducers_n++;
	return WEALD_OK;
}

int members_add_address(struct member_peer *p, struct span address)
{
	char **grown;
	size_t i;

	for (i = 0; i < p->addresses_n; i++) {
		if (span_equal(span_of(p->addresses[i]), address)) {
			return WEALD_OK;
		}
	}
	if (p->addresses_n >= MEMBERS_ADDRESSES_MAX) {
		return WEALD_TOOBIG;
	}
	grown = open_gap(p->addresses, p->addresses_n, sizeof *grown,
			 p->addresses_n);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	p->addresses = grown;
	grown[p->addresses_n] =
		strndup((const char *)address.data, address.len);
	if (grown[p->addresses_n] == NULL) {
		return WEALD_NOMEM;
	}
	p->addresses_n++;
	return WEALD_OK;
}

static int check_slug(const char *slug, struct weald_msg *msg)
{
	if (slug[0] != '\0' && !text_is_slug(span_of(slug))) {
		msg_set(msg, "\"%.80s\" is no slug", slug);
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

static int check_selects(const struct member_follow *f, struct weald_msg *msg)
{
	size_t i;

	if (f->topics_n > MEMBERS_SELECTS_MAX ||
	    f->kinds_n > MEMBERS_SELECTS_MAX) {
		msg_set(msg, "at most %u topics and %u kinds can be chosen",
			MEMBERS_SELECTS_MAX, MEMBERS_SELECTS_MAX);
		return WEALD_TOOBIG;
	}
	for (i = 0; i < f->topics_n; i++) {
		if (!text_is_topic(span_of(f->topics[i]))) {
			msg_set(msg,
				"topic \"%.80s\" must be a code of a-z, 0-9 "
				"and \"-\", such as sepsis",
				f->topics[i]);
			return WEALD_INVALID;
		}
	}
	for (i = 0; i < f->kinds_n; i++) {
		if (!path_is_name(span_of(f->kinds[i]))) {
			msg_set(msg,
				"kind \"%.80s\" must be a word of a-z, 0-9 and "
				"\"-\", such as intervention",
				f->kinds[i]);
			return WEALD_INVALID;
		}
	}
	return WEALD_OK;
}

static int check_follow(const struct members *m, const struct member_follow *f,
			struct weald_msg *msg)
{
	int r;

	if (members_blocked(m, f->feed) != NULL) {
		msg_set(msg, "this region is blocked; unblock it first: weald "
			     "unblock REGION");
		return WEALD_DENIED;
	}
	if (f->introducers_n > MEMBERS_INTRODUCERS_MAX) {
		return refuse_full("introducers", MEMBERS_INTRODUCERS_MAX, msg);
	}
	r = check_slug(f->slug, msg);
	return r != WEALD_OK ? r : check_selects(f, msg);
}

static int copy_texts(char *const *from, size_t from_n, char ***list, size_t *n)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < from_n; i++) {
		r = members_add_text(list, n, MEMBERS_SELECTS_MAX,
				     span_of(from[i]));
	}
	return r;
}

int member_follow_copy(const struct member_follow *f, struct member_follow *out)
{
	struct member_follow copy = { .by = f->by, .since = f->since };
	size_t i;
	int r;

	memcpy(copy.feed, f->feed, sizeof copy.feed);
	memcpy(copy.slug, f->slug, sizeof copy.slug);
	r = copy_texts(f->topics, f->topics_n, &copy.topics, &copy.topics_n);
	if (r == WEALD_OK) {
		r = copy_texts(f->kinds, f->kinds_n, &copy.kinds,
			       &copy.kinds_n);
	}
	for (i = 0; r == WEALD_OK && i < f->introducers_n; i++) {
		r = members_add_introducer(&copy, f->introducers[i]);
	}
	if (r != WEALD_OK) {
		member_follow_release(&copy);
		return r;
	}
	*out = copy; /* transferred */
	return WEALD_OK;
}

static int check_peer(const struct member_peer *p, struct weald_msg *msg)
{
	struct address address;
	size_t i;
	int r = WEALD_OK;

	if (ed25519_check_key(p->key, msg) != WEALD_OK) {
		return WEALD_INVALID;
	}
	if (!p->has_feed && !p->has_secret && p->addresses_n == 0) {
		msg_set(msg, "a peer needs an address");
		return WEALD_INVALID;
	}
	if (p->addresses_n > MEMBERS_ADDRESSES_MAX) {
		msg_set(msg, "a peer has at most %u addresses",
			MEMBERS_ADDRESSES_MAX);
		return WEALD_TOOBIG;
	}
	for (i = 0; r == WEALD_OK && i < p->addresses_n; i++) {
		r = address_parse(span_of(p->addresses[i]), &address, msg);
	}
	return r;
}

static int copy_peer(const struct member_peer *p, struct member_peer *out)
{
	struct member_peer copy = *p;
	size_t i;
	int r = WEALD_OK;

	copy.addresses = NULL;
	copy.addresses_n = 0;
	for (i = 0; r == WEALD_OK && i < p->addresses_n; i++) {
		r = members_add_address(&copy, span_of(p->addresses[i]));
	}
	if (r == WEALD_OK) {
		*out = copy; /* transferred */
		return WEALD_OK;
	}
	release_peer(&copy);
	return r;
}

/*
 * Looking up.
 */

const struct member_follow *members_follow(const struct members *m,
					   const uint8_t feed[SHA256_BYTES])
{
	const struct table t = follows_of(m);
	size_t at;

	return find(&t, feed, &at) ? &m->follows[at] : NULL;
}

const struct member_block *members_blocked(const struct members *m,
					   const uint8_t feed[SHA256_BYTES])
{
	const struct table t = blocks_of(m);
	size_t at;

	return find(&t, feed, &at) ? &m->blocks[at] : NULL;
}

const struct member_block *members_unfollowed(const struct members *m,
					      const uint8_t feed[SHA256_BYTES])
{
	const struct table t = unfollows_of(m);
	size_t at;

	return find(&t, feed, &at) ? &m->unfollows[at] : NULL;
}

const struct member_peer *members_peer(const struct members *m,
				       const uint8_t key[PUBKEY_BYTES])
{
	const struct table t = peers_of(m);
	size_t at;

	return find(&t, key, &at) ? &m->peers[at] : NULL;
}

/*
 * Changing.
 */

int members_need_follow(struct members *m, const uint8_t feed[SHA256_BYTES],
			struct member_follow **out, struct weald_msg *msg)
{
	const struct table t = follows_of(m);
	void *grown;
	size_t at;

	if (!find(&t, feed, &at)) {
		if (t.n == MEMBERS_FOLLOWS_MAX) {
			return refuse_full("followed regions",
					   MEMBERS_FOLLOWS_MAX, msg);
		}
		grown = open_gap(m->follows, t.n, t.item_bytes, at);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		m->follows = grown;
		m->follows_n++;
		memcpy(m->follows[at].feed, feed, SHA256_BYTES);
	}
	*out = &m->follows[at];
	return WEALD_OK;
}

int members_need_block(struct members *m, const uint8_t feed[SHA256_BYTES],
		       struct member_block **out, struct weald_msg *msg)
{
	const struct table t = blocks_of(m);
	void *grown;
	size_t at;

	if (!find(&t, feed, &at)) {
		if (t.n == MEMBERS_BLOCKS_MAX) {
			return refuse_full("blocked regions",
					   MEMBERS_BLOCKS_MAX, msg);
		}
		grown = open_gap(m->blocks, t.n, t.item_bytes, at);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		m->blocks = grown;
		m->blocks_n++;
		memcpy(m->blocks[at].feed, feed, SHA256_BYTES);
	}
	*out = &m->blocks[at];
	return WEALD_OK;
}

int members_need_unfollow(struct members *m, const uint8_t feed[SHA256_BYTES],
			  struct member_block **out, struct weald_msg *msg)
{
	const struct table t = unfollows_of(m);
	void *grown;
	size_t at;

	if (!find(&t, feed, &at)) {
		if (t.n == MEMBERS_UNFOLLOWS_MAX) {
			return refuse_full("unfollowed regions",
					   MEMBERS_UNFOLLOWS_MAX, msg);
		}
		grown = open_gap(m->unfollows, t.n, t.item_bytes, at);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		m->unfollows = grown;
		m->unfollows_n++;
		memcpy(m->unfollows[at].feed, feed, SHA256_BYTES);
	}
	*out = &m->unfollows[at];
	return WEALD_OK;
}

int members_need_peer(struct members *m, const uint8_t key[PUBKEY_BYTES],
		      struct member_peer **out, struct weald_msg *msg)
{
	const struct table t = peers_of(m);
	void *grown;
	size_t at;

	if (!find(&t, key, &at)) {
		if (t.n == MEMBERS_PEERS_MAX) {
			return refuse_full("peers", MEMBERS_PEERS_MAX, msg);
		}
		grown = open_gap(m->peers, t.n, t.item_bytes, at);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		m->peers = grown;
		m->peers_n++;
		memcpy(m->peers[at].key, key, PUBKEY_BYTES);
	}
	*out = &m->peers[at];
	return WEALD_OK;
}

int members_need_invite(struct members *m,
			const uint8_t id[MEMBERS_INVITE_BYTES],
			struct member_invite **out, struct weald_msg *msg)
{
	const struct table t = invites_of(m);
	void *grown;
	size_t at;

	if (!find(&t, id, &at)) {
		if (t.n == MEMBERS_INVITES_MAX) {
			return refuse_full("invites", MEMBERS_INVITES_MAX, msg);
		}
		grown = open_gap(m->invites, t.n, t.item_bytes, at);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		m->invites = grown;
		m->invites_n++;
		memcpy(m->invites[at].id, id, MEMBERS_INVITE_BYTES);
	}
	*out = &m->invites[at];
	return WEALD_OK;
}

static void forget_unfollow(struct members *m, const uint8_t *feed)
{
	const struct table t = unfollows_of(m);
	size_t at;

	if (find(&t, feed, &at)) {
		close_gap(m->unfollows, t.n, t.item_bytes, at);
		m->unfollows_n--;
	}
}

int members_set_follow(struct members *m, const struct member_follow *f,
		       struct weald_msg *msg)
{
	struct member_follow copy;
	struct member_follow *to = NULL;
	int r = check_follow(m, f, msg);

	if (r == WEALD_OK) {
		r = member_follow_copy(f, &copy);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = members_need_follow(m, copy.feed, &to, msg);
	if (r != WEALD_OK) {
		member_follow_release(&copy);
		return r;
	}
	member_follow_release(to);
	*to = copy; /* transferred */
	forget_unfollow(m, to->feed);
	return WEALD_OK;
}

int members_remove_follow(struct members *m, const uint8_t feed[SHA256_BYTES])
{
	const struct table t = follows_of(m);
	size_t at;

	if (!find(&t, feed, &at)) {
		return WEALD_NOTFOUND;
	}
	member_follow_release(&m->follows[at]);
	close_gap(m->follows, t.n, t.item_bytes, at);
	m->follows_n--;
	return WEALD_OK;
}

int members_set_unfollowed(struct members *m, const struct member_block *b,
			   struct weald_msg *msg)
{
	const struct member_block copy = *b;
	struct member_block *to = NULL;
	size_t oldest = 0;
	size_t i;
	int r = check_slug(b->slug, msg);

	if (r != WEALD_OK) {
		return r;
	}
	for (i = 1; i < m->unfollows_n; i++) {
		if (m->unfollows[i].since < m->unfollows[oldest].since) {
			oldest = i;
		}
	}
	if (m->unfollows_n == MEMBERS_UNFOLLOWS_MAX &&
	    members_unfollowed(m, copy.feed) == NULL) {
		close_gap(m->unfollows, m->unfollows_n, sizeof *m->unfollows,
			  oldest);
		m->unfollows_n--;
	}
	r = members_need_unfollow(m, copy.feed, &to, msg);
	if (r != WEALD_OK) {
		return r;
	}
	*to = copy;
	(void)members_remove_follow(m, copy.feed);
	return WEALD_OK;
}

int members_set_block(struct members *m, const struct member_block *b,
		      struct weald_msg *msg)
{
	const struct member_block copy = *b;
	struct member_block *to = NULL;
	int r = check_slug(b->slug, msg);

	if (r == WEALD_OK) {
		r = members_need_block(m, copy.feed, &to, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	*to = copy;
	(void)members_remove_follow(m, copy.feed);
	return WEALD_OK;
}

int members_remove_block(struct members *m, const uint8_t feed[SHA256_BYTES])
{
	const struct table t = blocks_of(m);
	size_t at;

	if (!find(&t, feed, &at)) {
		return WEALD_NOTFOUND;
	}
	close_gap(m->blocks, t.n, t.item_bytes, at);
	m->blocks_n--;
	return WEALD_OK;
}

int members_set_peer(struct members *m, const struct member_peer *p,
		     struct weald_msg *msg)
{
	struct member_peer copy;
	struct member_peer *to = NULL;
	int r = check_peer(p, msg);

	if (r == WEALD_OK) {
		r = copy_peer(p, &copy);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = members_need_peer(m, copy.key, &to, msg);
	if (r != WEALD_OK) {
		release_peer(&copy);
		return r;
	}
	release_peer(to);
	*to = copy; /* transferred */
	return WEALD_OK;
}

int members_remove_peer(struct members *m, const uint8_t key[PUBKEY_BYTES])
{
	const struct table t = peers_of(m);
	size_t at;

	if (!find(&t, key, &at)) {
		return WEALD_NOTFOUND;
	}
	release_peer(&m->peers[at]);
	close_gap(m->peers, t.n, t.item_bytes, at);
	m->peers_n--;
	return WEALD_OK;
}

int members_forget_secret(struct members *m, const uint8_t key[PUBKEY_BYTES])
{
	const struct table t = peers_of(m);
	size_t at;

	if (!find(&t, key, &at)) {
		return WEALD_NOTFOUND;
	}
	OPENSSL_cleanse(m->peers[at].secret, sizeof m->peers[at].secret);
	m->peers[at].has_secret = false;
	if (!m->peers[at].has_feed && m->peers[at].addresses_n == 0) {
		/* nothing is left to say of it */
		return members_remove_peer(m, key);
	}
	return WEALD_OK;
}

int members_set_invite(struct members *m, const struct member_invite *i,
		       struct weald_msg *msg)
{
	const struct member_invite copy = *i;
	struct member_invite *to = NULL;
	int r = members_need_invite(m, copy.id, &to, msg);

	if (r == WEALD_OK) {
		*to = copy;
	}
	return r;
}

int members_copy(const struct members *m, struct members *out)
{
	struct members copy = { .follows_n = 0 };
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < m->follows_n; i++) {
		r = members_set_follow(&copy, &m->follows[i], NULL);
	}
	for (i = 0; r == WEALD_OK && i < m->unfollows_n; i++) {
		r = members_set_unfollowed(&copy, &m->unfollows[i], NULL);
	}
	for (i = 0; r == WEALD_OK && i < m->blocks_n; i++) {
		r = members_set_block(&copy, &m->blocks[i], NULL);
	}
	for (i = 0; r == WEALD_OK && i < m->peers_n; i++) {
		r = members_set_peer(&copy, &m->peers[i], NULL);
	}
	for (i = 0; r == WEALD_OK && i < m->invites_n; i++) {
		r = members_set_invite(&copy, &m->invites[i], NULL);
	}
	if (r != WEALD_OK) {
		members_release(&copy);
		return r;
	}
	*out = copy; /* transferred */
	return WEALD_OK;
}
