/*
 * Membership: invites and joins.
 *
 * Happy path: node_invite() draws a secret, keeps its digest and gives a token.
 * On the other node node_join() follows the region of the token, keeps the
 * secret with the node's address and dials it; the session shows the secret
 * after its hello (membership_secret()). Here the stranger's join is judged
 * (membership_judge()): the invite is bound to the feed that the stranger's
 * hello named, its node becomes a peer and its region is followed, all of it
 * durable before the answer. The answer is our hello: the joiner forgets the
 * secret (membership_accepted()) and the one who waits is told.
 *
 * A refusal for good (a token that is unknown, used or past its time) takes
 * back what the join has added, however late it comes. Everything else that
 * fails is tried again for ever; who waits is told after JOIN_MS that it is.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/node/membership_private.h"
#include "proto/address.h"
#include "proto/token.h"

#define JOIN_MS      30000u
#define INVITE_S_MIN 1u
#define INVITE_S_MAX (UINT64_C(365) * 86400)

int membership_open(struct node *n, struct weald_msg *msg)
{
	struct membership *m = calloc(1, sizeof *m);

	(void)msg;
	if (m == NULL) {
		return WEALD_NOMEM;
	}
	m->introduce_due = true;
	n->membership = m;
	return WEALD_OK;
}

static void tell_join(struct node *n, size_t i, int err,
		      const struct weald_msg *msg)
{
	struct membership *m = n->membership;
	const struct join j = m->joins[i];

	m->joins_n--;
	m->joins[i] = m->joins[m->joins_n];
	if (j.done != NULL) {
		j.done(j.ctx, err, msg);
	}
}

/* Who waited has waited long enough; what was added is remembered. */
static void tell_late(struct node *n, size_t i, const struct weald_msg *msg)
{
	struct join *j = &n->membership->joins[i];
	node_done_fn *done = j->done;
	void *ctx = j->ctx;

	j->done = NULL;
	j->deadline_ms = UINT64_MAX;
	done(ctx, WEALD_TIMEOUT, msg);
}

void membership_stop(struct node *n)
{
	struct weald_msg msg = { "" };

	msg_set(&msg, "the daemon is stopping; it goes on joining when it runs "
		      "again");
	while (n->membership != NULL && n->membership->joins_n > 0) {
		tell_join(n, n->membership->joins_n - 1, WEALD_TIMEOUT, &msg);
	}
}

void membership_close(struct node *n)
{
	if (n->membership != NULL) {
		membership_stop(n);
		free(n->membership);
		n->membership = NULL;
	}
}

/* ---- inviting ------------------------------------------------------------
 */

/* Does the address name every interface, so that nobody can dial it? */
static bool is_wildcard(struct span host)
{
	return span_equal(host, span_of("0.0.0.0")) ||
	       span_equal(host, span_of("::")) ||
	       span_equal(host, span_of("0:0:0:0:0:0:0:0"));
}

/*
 * Where we listen, for who has set no address to be told: of use where that is
 * one interface of this machine.
 */
static bool listen_address(struct node *n, char out[SETTINGS_ADDRESS_BYTES])
{
	const char *listen = n->settings.listen;
	const char *colon = strrchr(listen, ':');
	struct span host;

	if (colon == NULL || n->listener == NULL) {
		return false;
	}
	host = (struct span){ (const uint8_t *)listen,
			      (size_t)(colon - listen) };
	if (host.len >= 2 && host.data[0] == '[') {
		host.data++;
		host.len -= 2;
	}
	if (is_wildcard(host)) {
		return false;
	}
	return snprintf(out, SETTINGS_ADDRESS_BYTES, "%.*s:%u",
			(int)(colon - listen), listen,
			(unsigned)listener_port(n->listener)) <
	       (int)SETTINGS_ADDRESS_BYTES;
}

/* The addresses of a token: borrowed from the settings or @room. */
static int token_addresses(struct node *n, struct token *t,
			   char room[SETTINGS_ADDRESS_BYTES],
			   struct weald_msg *msg)
{
	size_t i;

	for (i = 0; i < n->settings.addresses_n && i < TOKEN_ADDRESSES_MAX;
	     i++) {
		t->addresses[i] = span_of(n->settings.addresses[i]);
		t->addresses_n++;
	}
	if (t->addresses_n == 0 && listen_address(n, room)) {
		t->addresses[0] = span_of(room);
		t->addresses_n = 1;
	}
	if (t->addresses_n == 0) {
		msg_set(msg,
			"the config does not say where others reach this node; "
			"set it with: git config -f \"%s/config\" node.address "
			"HOST:PORT, then send SIGHUP to the daemon",
			home_path(n->home));
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

/* The token's text as a string of its own. */
static int token_text(const struct token *t, char **out)
{
	struct buf text;
	int r;

	buf_init(&text, TOKEN_TEXT_MAX + 1);
	r = buf_reserve(&text, TOKEN_TEXT_MAX + 1);
	if (r == WEALD_OK) {
		r = token_encode(t, &text);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&text, 0);
	}
	if (r == WEALD_OK) {
		*out = strdup((const char *)text.data);
		r = *out == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	if (text.data != NULL) {
		OPENSSL_cleanse(text.data, text.cap);
	}
	buf_release(&text);
	return r;
}

static int keep_invite(struct node *n, const struct token *t,
		       struct weald_msg *msg)
{
	struct member_invite invite = { .expires = t->expires };
	struct members changed;
	int r = members_invite_id(t->secret, invite.id);

	if (r == WEALD_OK) {
		r = members_copy(&n->members, &changed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	members_prune_invites(&changed, node_clock_s());
	r = members_set_invite(&changed, &invite, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}

int node_invite(struct node *n, uint64_t expires_s, char **out_token,
		struct weald_msg *msg)
{
	char room[SETTINGS_ADDRESS_BYTES];
	struct token t = { .expires = 0 };
	char *text = NULL;
	int r;

	if (expires_s < INVITE_S_MIN || expires_s > INVITE_S_MAX) {
		msg_set(msg, "a token lasts for 1 second to 365 days");
		return WEALD_INVALID;
	}
	memcpy(t.feed, home_feed_id(n->home), sizeof t.feed);
	memcpy(t.node, n->key, sizeof t.node);
	t.expires = node_clock_s() + expires_s;
	r = token_addresses(n, &t, room, msg);
	if (r == WEALD_OK && getrandom(t.secret, sizeof t.secret, 0) !=
				     (ssize_t)sizeof t.secret) {
		r = WEALD_CRYPTO;
	}
	if (r == WEALD_OK) {
		r = token_text(&t, &text);
	}
	if (r == WEALD_OK) {
		r = keep_invite(n, &t, msg);
	}
	OPENSSL_cleanse(&t, sizeof t);
	if (r != WEALD_OK) {
		if (text != NULL) {
			OPENSSL_cleanse(text, strlen(text));
		}
		free(text);
		return r;
	}
	*out_token = text;
	log_info("a token was made, good for %llu minutes",
		 (unsigned long long)(expires_s / 60));
	return WEALD_OK;
}

/* ---- a stranger's join ---------------------------------------------------
 */

/* The word that the peer is told; docs/PROTOCOL.md, "Tokens". */
static const char *word_of(int err)
{
	switch (err) {
	case WEALD_NOTFOUND:
		return "token-unknown";
	case WEALD_EXPIRED:
		return "token-expired";
	case WEALD_EXISTS:
		return "token-used";
	default:
		return "restarting";
	}
}

/* The stranger's node becomes a peer, and its region is followed by hand. */
static int admit(struct node *n, const struct session *s, struct members *m,
		 struct weald_msg *msg)
{
	const uint8_t *feed = s->hello.feed;
	const struct member_peer *known = members_peer(m, s->key);
	const struct member_follow *before = members_follow(m, feed);
	struct member_peer p = { .has_feed = true };
	struct member_follow f = { .since = node_clock_s() };
	int r;

	if (known != NULL) {
		p = *known;
		p.has_feed = true;
	}
	memcpy(p.key, s->key, sizeof p.key);
	memcpy(p.feed, feed, sizeof p.feed);
	r = members_set_peer(m, &p, msg);
	if (r != WEALD_OK ||
	    memcmp(feed, home_feed_id(n->home), SHA256_BYTES) == 0) {
		return r; /* another node of our own region */
	}
	if (before != NULL) {
		f = *before;
		f.introducers = NULL;
		f.introducers_n = 0;
	} else {
		memcpy(f.feed, feed, sizeof f.feed);
		membership_slug(n, feed, f.slug);
	}
	f.by = REGION_BY_HAND;
	return members_set_follow(m, &f, msg);
}

static int accept_join(struct session *s, const struct frame_join *join,
		       struct weald_msg *msg)
{
	struct node *n = s->node;
	struct members changed;
	int r = members_copy(&n->members, &changed);

	if (r != WEALD_OK) {
		return r;
	}
	r = members_use_invite(&changed, join->secret, s->hello.feed,
			       node_clock_s(), msg);
	if (r == WEALD_OK) {
		r = admit(n, s, &changed, msg);
		/* of these codes only use_invite()'s are for the peer */
		r = r == WEALD_OK || r == WEALD_NOMEM ? r : WEALD_TOOBIG;
	}
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	r = membership_commit(n, &changed, msg);
	return r == WEALD_OK || r == WEALD_NOMEM ? r : WEALD_IO;
}

void membership_judge(struct session *s, const struct frame_join *join)
{
	static const uint8_t none[SHA256_BYTES];
	struct node *n = s->node;
	struct weald_msg msg = { "" };
	char key[LOG_KEY_BYTES];
	char feed[LOG_KEY_BYTES];
	int r;

	if (memcmp(s->hello.feed, none, sizeof none) == 0) {
		session_judged(s, WEALD_INVALID, "unknown-region",
			       "a node that joins has to name its feed");
		return;
	}
	if (members_blocked(&n->members, s->hello.feed) != NULL) {
		session_judged(s, WEALD_DENIED, "blocked",
			       "the region is blocked here");
		return;
	}
	r = accept_join(s, join, &msg);
	if (r == WEALD_OK) {
		log_info("a region has joined with a token peer=%s feed=%s",
			 log_key(s->key, key), log_key(s->hello.feed, feed));
		watch_tell(n, json_pack("{s:s, s:s, s:s}", "event", "joined",
					"node", key, "feed_id", feed));
	} else if (r == WEALD_NOMEM || r == WEALD_IO || r == WEALD_TOOBIG) {
		log_error("a region cannot join error=%s: %s", err_name(r),
			  msg_text(&msg, r));
		/* what fails here is not for others to read */
		msg_set(&msg, "the node cannot do it now; try again");
	}
	session_judged(s, r, word_of(r), msg_text(&msg, r));
}

/* ---- joining -------------------------------------------------------------
 */

const uint8_t *membership_secret(struct node *n,
				 const uint8_t key[PUBKEY_BYTES])
{
	const struct member_peer *p = members_peer(&n->members, key);

	return p != NULL && p->has_secret ? p->secret : NULL;
}

/* The join that waits for this node, or NULL. */
static struct join *find_join(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	struct membership *m = n->membership;
	size_t i;

	for (i = 0; i < m->joins_n; i++) {
		if (!m->joins[i].ended &&
		    memcmp(m->joins[i].key, key, PUBKEY_BYTES) == 0) {
			return &m->joins[i];
		}
	}
	return NULL;
}

/* All who wait for this node are answered. */
static void end_joins(struct node *n, const uint8_t key[PUBKEY_BYTES], int err,
		      const struct weald_msg *msg)
{
	const struct join *j = find_join(n, key);

	while (j != NULL) {
		tell_join(n, (size_t)(j - n->membership->joins), err, msg);
		j = find_join(n, key);
	}
}

/* A secret that was answered is of no more use. */
static int forget_secret(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	struct members changed;
	int r = members_copy(&n->members, &changed);

	if (r != WEALD_OK) {
		return r;
	}
	(void)members_forget_secret(&changed, key);
	return membership_commit(n, &changed, NULL);
}

void membership_by_hand(struct node *n, const uint8_t *feed, const uint8_t *key)
{
	struct membership *m = n->membership;
	size_t i;

	for (i = 0; i < m->joins_n; i++) {
		if (feed != NULL &&
		    memcmp(m->joins[i].feed, feed, SHA256_BYTES) == 0) {
			m->joins[i].new_follow = false;
		}
		if (key != NULL &&
		    memcmp(m->joins[i].key, key, PUBKEY_BYTES) == 0) {
			m->joins[i].new_peer = false;
		}
	}
}

/* Has another node of the feed's region an invitation of ours to answer? */
static bool is_expected(const struct members *m,
			const uint8_t feed[SHA256_BYTES])
{
	size_t i;

	for (i = 0; i < m->peers_n; i++) {
		if (m->peers[i].has_feed && m->peers[i].has_secret &&
		    memcmp(m->peers[i].feed, feed, SHA256_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * What the joins at this node have added, whose first one knows what was there
 * before. Of a join of an earlier run nothing is known; then it has added what
 * nothing has come of: a peer whose feed is followed, but not here.
 */
static void added_by_joins(struct node *n, const uint8_t key[PUBKEY_BYTES],
			   struct join *out)
{
	const struct membership *m = n->membership;
	const struct member_peer *p = members_peer(&n->members, key);
	const struct replica *r;
	bool known = false;
	size_t i;

	*out = (struct join){ .new_peer = false };
	for (i = 0; i < m->joins_n; i++) {
		if (!m->joins[i].ended &&
		    memcmp(m->joins[i].key, key, PUBKEY_BYTES) == 0) {
			out->new_peer = out->new_peer || m->joins[i].new_peer;
			out->new_follow =
				out->new_follow || m->joins[i].new_follow;
			memcpy(out->feed, m->joins[i].feed, SHA256_BYTES);
			known = true;
		}
	}
	if (known || !p->has_feed) {
		return;
	}
	memcpy(out->feed, p->feed, SHA256_BYTES);
	r = replica_find(n, p->feed);
	out->new_peer = r != NULL && !r->own && r->head.seq == 0 &&
			r->open_err == WEALD_OK;
	out->new_follow = out->new_peer;
}

static int take_back(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	struct members changed;
	struct join added;
	int r = members_copy(&n->members, &changed);

	if (r != WEALD_OK) {
		return r;
	}
	added_by_joins(n, key, &added);
	(void)members_forget_secret(&changed, key);
	if (added.new_peer) {
		(void)members_remove_peer(&changed, key);
	}
	if (added.new_follow && !is_expected(&changed, added.feed)) {
		(void)members_remove_follow(&changed, added.feed);
	}
	r = membership_commit(n, &changed, NULL);
	if (r == WEALD_OK && members_peer(&n->members, key) == NULL) {
		dialler_remove(n->dialler, key);
	}
	return r;
}

void membership_accepted(struct session *s)
{
	const struct weald_msg none = { "" };
	struct node *n = s->node;
	char key[LOG_KEY_BYTES];

	if (membership_secret(n, s->key) != NULL) {
		log_info("joined peer=%s", log_key(s->key, key));
		if (forget_secret(n, s->key) != WEALD_OK) {
			/* shown once more at most, and accepted again */
			log_warning("the secret of a join is not forgotten yet "
				    "peer=%s",
				    key);
		}
	}
	end_joins(n, s->key, WEALD_OK, &none);
}

/* Is there no use in trying again? */
static bool is_final(const struct conn_end *end)
{
	static const char *const words[] = { "token-unknown", "token-other",
					     "token-expired", "token-used",
					     "blocked" };
	size_t i;

	for (i = 0; end->peer_error && i < sizeof words / sizeof words[0];
	     i++) {
		if (strcmp(end->reason, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

void membership_refused(struct node *n, const uint8_t key[PUBKEY_BYTES],
			const struct conn_end *end)
{
	struct weald_msg msg = { "" };
	char text[LOG_TEXT_BYTES];
	char shown[LOG_KEY_BYTES];

	if (membership_secret(n, key) == NULL || !is_final(end)) {
		return;
	}
	msg_set(&msg, "the other node refused: %s (%s)", end->detail,
		end->reason);
	log_warning("a join was refused peer=%s reason=%s detail=%s",
		    log_key(key, shown), end->reason,
		    log_text(span_of(end->detail), text));
	if (take_back(n, key) != WEALD_OK) {
		log_warning("the secret of a join is not forgotten yet peer=%s",
			    shown);
	}
	end_joins(n, key, WEALD_DENIED, &msg);
}

static int check_token(struct node *n, const struct token *t,
		       struct weald_msg *msg)
{
	int r = token_check_time(t, node_clock_s(), msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(t->node, n->key, PUBKEY_BYTES) == 0) {
		msg_set(msg, "this token was made by this node; it is for "
			     "another region");
		return WEALD_INVALID;
	}
	if (members_blocked(&n->members, t->feed) != NULL) {
		msg_set(msg, "the region of this token is blocked here; "
			     "unblock it first: weald unblock REGION");
		return WEALD_DENIED;
	}
	return WEALD_OK;
}

/* Follow the region of the token by hand, and know its node. */
static int add_inviter(struct node *n, const struct token *t, bool secret,
		       struct members *m, struct weald_msg *msg)
{
	static const struct node_follow_options keep = { .whole = false };
	struct member_peer p = { .has_feed = true, .has_secret = secret };
	char texts[TOKEN_ADDRESSES_MAX][SETTINGS_ADDRESS_BYTES];
	char *addresses[TOKEN_ADDRESSES_MAX];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < t->addresses_n; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%.*s",
			       (int)t->addresses[i].len,
			       (const char *)t->addresses[i].data);
		addresses[i] = texts[i];
	}
	memcpy(p.key, t->node, sizeof p.key);
	memcpy(p.feed, t->feed, sizeof p.feed);
	memcpy(p.secret, t->secret, sizeof p.secret);
	p.addresses = addresses;
	p.addresses_n = t->addresses_n;
	if (memcmp(t->feed, home_feed_id(n->home), SHA256_BYTES) != 0) {
		r = membership_set_follow(n, t->feed, &keep, m, msg);
	}
	if (r == WEALD_OK) {
		r = members_set_peer(m, &p, msg);
	}
	OPENSSL_cleanse(&p, sizeof p);
	return r;
}

/* The session that stands already with the inviter's node, if it knows us. */
static bool is_accepted(struct node *n, const struct token *t)
{
	const struct session *s = session_by_key(n, t->node);

	return s != NULL && s->accepted;
}

/* One that stands without being accepted: a stranger there, as yet. */
static void show_secret(struct node *n, const struct token *t)
{
	struct session *s = session_by_key(n, t->node);
	struct frame join = { .type = FRAME_JOIN };

	if (s != NULL && !s->accepted) {
		memcpy(join.join.secret, t->secret, FRAME_SECRET_BYTES);
		(void)conn_send(s->conn, &join);
		OPENSSL_cleanse(&join, sizeof join);
	} else {
		dialler_hurry(n->dialler, t->node);
	}
}

static int begin_join(struct node *n, const struct token *t, struct join *j,
		      struct weald_msg *msg)
{
	const bool accepted = is_accepted(n, t);
	struct members changed;
	int r = members_copy(&n->members, &changed);

	if (r != WEALD_OK) {
		return r;
	}
	memcpy(j->key, t->node, sizeof j->key);
	memcpy(j->feed, t->feed, sizeof j->feed);
	j->new_peer = members_peer(&changed, t->node) == NULL;
	j->new_follow = members_follow(&changed, t->feed) == NULL;
	r = add_inviter(n, t, !accepted, &changed, msg);
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	r = membership_commit(n, &changed, msg);
	if (r == WEALD_OK && accepted) {
		j->ended = true;
	} else if (r == WEALD_OK) {
		show_secret(n, t);
	}
	return r;
}

/* Why the token is no good is told through done() as well, a moment later. */
static int try_join(struct node *n, const char *token, struct join *j)
{
	struct token t = { .expires = 0 };
	int r = token_decode(span_of(token), &t, &j->msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = check_token(n, &t, &j->msg);
	if (r == WEALD_OK) {
		r = begin_join(n, &t, j, &j->msg);
	}
	token_release(&t);
	return r;
}

/* It goes on being tried; who waits is told why it took so long. */
static void say_why_late(struct node *n, const struct join *j,
			 struct weald_msg *msg)
{
	struct dial_status st;

	if (dialler_find(n->dialler, j->key, &st) && st.text != NULL &&
	    st.text[0] != '\0') {
		msg_set(msg,
			"no answer yet from %.80s (%.200s); it goes on being "
			"tried, see weald peers",
			st.address == NULL ? "the other node" : st.address,
			st.text);
	} else {
		msg_set(msg, "no answer yet from the other node; it goes on "
			     "being tried, see weald peers");
	}
}

static void joins_tick(struct node *n)
{
	struct membership *m = n->membership;
	struct weald_msg msg;
	size_t i = 0;

	while (i < m->joins_n) {
		if (m->joins[i].ended) {
			msg = m->joins[i].msg;
			tell_join(n, i, m->joins[i].err, &msg);
		} else if (node_now_ms(n) >= m->joins[i].deadline_ms) {
			msg = (struct weald_msg){ "" };
			say_why_late(n, &m->joins[i], &msg);
			tell_late(n, i, &msg);
			i++;
		} else {
			i++;
		}
	}
}

/* What is known within node_join() is told right after it. */
static void tell_soon(void *ctx)
{
	joins_tick(ctx);
}

/* One that nobody waits for gives its place to one that somebody does. */
static bool has_room(struct membership *m)
{
	size_t i;

	for (i = 0; m->joins_n == MEMBERSHIP_JOINS_MAX && i < m->joins_n; i++) {
		if (m->joins[i].done == NULL) {
			m->joins_n--;
			m->joins[i] = m->joins[m->joins_n];
		}
	}
	return m->joins_n < MEMBERSHIP_JOINS_MAX;
}

int node_join(struct node *n, const char *token, void *ctx, node_done_fn *done)
{
	struct membership *m = n->membership;
	struct join j = { .ctx = ctx,
			  .done = done,
			  .deadline_ms = node_now_ms(n) + JOIN_MS };
	int r = WEALD_TOOBIG;

	if (!has_room(m)) {
		return r; /* nobody has so many tokens at once */
	}
	r = try_join(n, token, &j);
	if (r != WEALD_OK) {
		j.ended = true;
		j.err = r;
	}
	if (j.ended) {
		r = node_soon(n, tell_soon, n);
		if (r != WEALD_OK) {
			return r;
		}
	}
	m->joins[m->joins_n] = j;
	m->joins_n++;
	return WEALD_OK;
}

/* ---- what others tell us of -------------------------------------------- */

void membership_profile(struct node *n, const struct replica *r)
{
	if (n->membership == NULL) {
		return;
	}
	n->membership->introduce_due = true;
	if (r == n->own) {
		membership_profile_due(n);
	}
}

void membership_profile_again(struct node *n)
{
	n->membership->profile_never = false;
	membership_profile(n, n->own);
}

void membership_named(struct node *n, struct replica *r)
{
	(void)r;
	n->membership->named = true;
}

void membership_tick(struct node *n)
{
	joins_tick(n);
	membership_introduce_tick(n);
	membership_profile_tick(n);
}
