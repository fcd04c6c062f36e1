/*
 * Sessions: a connection from TLS to the engine.
 *
 * Happy path: up() finds the node key in the roster (the node keys that the
 * regions we follow name, and those that were added by hand), the engine is
 * told PEER_UP, and every frame goes to it. A side that dialled shows the
 * secret of a join after its hello, if there is one.
 *
 * A node key that nobody names is a stranger: it may say hello and then join,
 * in frames of FRAME_FIRST_BYTES_MAX, and is told unknown-region where it does
 * not. Its hello is kept until the join was judged.
 *
 * A peer that misbehaved is backed off by its node key, longer each time.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"

/* From up() to the join of a stranger. */
#define STRANGER_MS     3000u
#define BACK_OFF_MS     10000u
#define BACK_OFF_MS_MAX 600000u
/* So often displaced, each within so long of the last: there is a twin. */
#define TWIN_TIMES 4u
#define TWIN_MS    60000u

struct session *session_find(struct node *n, uint32_t id)
{
	size_t i;

	for (i = 0; id != 0 && i < n->sessions_n; i++) {
		if (n->sessions[i]->id == id) {
			return n->sessions[i];
		}
	}
	return NULL;
}

struct session *session_by_key(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < n->sessions_n; i++) {
		if (n->sessions[i]->state == SESSION_PEER &&
		    memcmp(n->sessions[i]->key, key, PUBKEY_BYTES) == 0) {
			return n->sessions[i];
		}
	}
	return NULL;
}

size_t sessions_up(const struct node *n)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < n->sessions_n; i++) {
		count += n->sessions[i]->state == SESSION_PEER ? 1 : 0;
	}
	return count;
}

/* ---- who is who ----------------------------------------------------------
 */

const struct region_node *roster_node(const struct replica *r,
				      const uint8_t key[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; r->has_region && i < r->region.nodes_n; i++) {
		if (memcmp(r->region.nodes[i].key, key, PUBKEY_BYTES) == 0) {
			return &r->region.nodes[i];
		}
	}
	return NULL;
}

bool roster_names(struct node *n, const struct replica *r,
		  const uint8_t key[PUBKEY_BYTES])
{
	const struct member_peer *peer = members_peer(&n->members, key);

	if (r != n->own && r->policy == GOSSIP_NOT_FOLLOWED) {
		return false;
	}
	return roster_node(r, key) != NULL ||
	       (!r->has_region && peer != NULL && peer->has_feed &&
		memcmp(peer->feed, r->id, sizeof(r->id)) == 0);
}

/* Any region can name any key: one that is not blocked counts before others. */
bool roster_find(struct node *n, const uint8_t key[PUBKEY_BYTES],
		 struct replica **out_region, bool *out_blocked)
{
	const struct member_peer *peer = members_peer(&n->members, key);
	struct replica *region = NULL;
	struct replica *r;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if ((r == n->own || r->policy != GOSSIP_NOT_FOLLOWED) &&
		    roster_node(r, key) != NULL &&
		    (region == NULL || region->policy == GOSSIP_BLOCKED_FEED)) {
			region = r;
		}
	}
	if (region == NULL && peer != NULL && peer->has_feed) {
		region = replica_find(n, peer->feed);
	}
	*out_region = region;
	*out_blocked =
		(region != NULL && region->policy == GOSSIP_BLOCKED_FEED) ||
		(peer != NULL && peer->has_feed &&
		 members_blocked(&n->members, peer->feed) != NULL);
	return region != NULL || peer != NULL;
}

/* ---- back-off ------------------------------------------------------------
 */

static struct back_off *back_off_find(struct node *n,
				      const uint8_t key[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < n->back_offs_n; i++) {
		if (memcmp(n->back_offs[i].key, key, PUBKEY_BYTES) == 0) {
			return &n->back_offs[i];
		}
	}
	return NULL;
}

/* A free place, or that of the one whose time is over first. */
static struct back_off *back_off_place(struct node *n)
{
	struct back_off *b = &n->back_offs[0];
	size_t i;

	if (n->back_offs_n < NODE_BACK_OFF_MAX) {
		return &n->back_offs[n->back_offs_n++];
	}
	for (i = 1; i < n->back_offs_n; i++) {
		if (n->back_offs[i].until_ms < b->until_ms) {
			b = &n->back_offs[i];
		}
	}
	return b;
}

void back_off_add(struct node *n, const uint8_t key[PUBKEY_BYTES],
		  const char *reason)
{
	struct back_off *b = back_off_find(n, key);
	uint64_t ms = BACK_OFF_MS;
	unsigned i;

	if (b == NULL) {
		b = back_off_place(n);
		memset(b, 0, sizeof(*b));
		memcpy(b->key, key, PUBKEY_BYTES);
	} else if (node_now_ms(n) > b->until_ms + BACK_OFF_MS_MAX) {
		b->times = 0; /* it was good for long enough */
	}
	for (i = 0; i < b->times && ms < BACK_OFF_MS_MAX; i++) {
		ms *= 2;
	}
	b->times++;
	ms = ms > BACK_OFF_MS_MAX ? BACK_OFF_MS_MAX : ms;
	b->until_ms = node_now_ms(n) + ms + node_random(n, ms / 4 + 1);
	snprintf(b->reason, sizeof(b->reason), "%s", reason);
}

bool back_off_holds(struct node *n, const uint8_t key[PUBKEY_BYTES],
		    uint64_t *out_until_ms, const char **out_reason)
{
	const struct back_off *b = back_off_find(n, key);

	if (b == NULL || b->until_ms <= node_now_ms(n)) {
		return false;
	}
	*out_until_ms = b->until_ms;
	*out_reason = b->reason;
	return true;
}

/* ---- beginning and end ---------------------------------------------------
 */

static void session_free(struct session *s)
{
	struct node *n = s->node;
	size_t i = 0;

	while (n->sessions[i] != s) {
		i++;
		assert(i < n->sessions_n);
	}
	n->sessions[i] = n->sessions[--n->sessions_n];
	free(s);
}

static struct session *session_new(struct node *n, struct conn *c)
{
	struct session **grown;
	struct session *s;

	grown = realloc(n->sessions, (n->sessions_n + 1) * sizeof(*grown));
	if (grown == NULL) {
		return NULL;
	}
	n->sessions = grown;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->node = n;
	s->conn = c;
	s->since_ms = node_now_ms(n);
	n->sessions[n->sessions_n++] = s;
	conn_set_data(c, s);
	return s;
}

void session_close(struct session *s, bool at_fault, const char *reason,
		   const char *detail)
{
	s->state = SESSION_GONE;
	conn_close(s->conn, at_fault, reason, detail);
}

void session_drop(struct session *s, bool at_fault, const char *reason,
		  const char *detail)
{
	struct gossip_event down = { .type = GOSSIP_PEER_DOWN };
	struct node *n = s->node;

	assert(s->state == SESSION_PEER);
	down.peer_down.peer = s->id;
	session_close(s, at_fault, reason, detail);
	if (n->driving) {
		drive_later(n, &down);
	} else {
		drive(n, &down);
	}
}

void session_misbehaved(struct session *s, const char *reason,
			const char *detail)
{
	back_off_add(s->node, s->key, reason);
	session_drop(s, true, reason, detail);
}

/* The peer is known: into the engine with it. */
static void session_enter(struct session *s)
{
	struct node *n = s->node;
	struct gossip_event event = { .type = GOSSIP_PEER_UP };
	const uint8_t *secret;
	struct frame join = { .type = FRAME_JOIN };
	char key[LOG_KEY_BYTES];

	s->state = SESSION_PEER;
	s->id = ++n->sessions_last;
	if (n->listener != NULL) {
		listener_settle(n->listener, s->conn);
	}
	log_info("peer up peer=%s address=%s dialled=%s", log_key(s->key, key),
		 conn_address(s->conn), conn_dialled(s->conn) ? "yes" : "no");
	event.peer_up.peer = s->id;
	memcpy(event.peer_up.key, s->key, PUBKEY_BYTES);
	event.peer_up.dialled = conn_dialled(s->conn);
	drive(n, &event);
	if (s->state != SESSION_PEER) {
		return; /* the engine has dropped it at once */
	}
	dialler_connected(n->dialler, s->key);
	secret = conn_dialled(s->conn) ? membership_secret(n, s->key) : NULL;
	if (secret != NULL) {
		memcpy(join.join.secret, secret, FRAME_SECRET_BYTES);
		(void)conn_send(s->conn, &join);
	}
	watch_tell(n, json_pack("{s:s, s:s, s:s}", "event", "peer-up", "node",
				key, "address", conn_address(s->conn)));
}

static void refuse(struct session *s, const char *reason, const char *detail)
{
	struct node *n = s->node;
	char key[LOG_KEY_BYTES];

	if (log_limit_pass(&n->log_peers, node_now_ms(n))) {
		log_info("connection refused peer=%s address=%s reason=%s",
			 log_key(s->key, key), conn_address(s->conn), reason);
	}
	session_close(s, true, reason, detail);
}

static void session_up_cb(void *ctx, struct conn *c)
{
	struct node *n = ctx;
	struct session *s = session_new(n, c);
	struct replica *region;
	uint64_t until;
	const char *why;
	bool blocked;
	bool known;

	if (s == NULL || n->stopping) {
		conn_close(c, false, "restarting", "try again");
		return;
	}
	memcpy(s->key, conn_key(c), PUBKEY_BYTES);
	known = roster_find(n, s->key, &region, &blocked);
	if (blocked) {
		refuse(s, "blocked", "the region is blocked here");
	} else if (back_off_holds(n, s->key, &until, &why)) {
		refuse(s, "backed-off", why);
	} else if (sessions_up(n) >= n->settings.peers_max) {
		session_close(s, false, "too-many",
			      "this node has all the peers that it takes");
	} else if (known || conn_dialled(c)) {
		session_enter(s);
	} else {
		s->state = SESSION_STRANGER;
		s->deadline_ms = node_now_ms(n) + STRANGER_MS;
	}
}

/*
 * A peer that has ended our session for another with our key: once is a
 * connection that crossed another, or a restart. Again and again it is a
 * second node with our key, which does the same with us.
 *
 * A hostile peer can say so, too: it needs another peer that does.
 */
static void look_for_twin(struct node *n, const struct conn_end *end,
			  const uint8_t key[PUBKEY_BYTES])
{
	uint64_t now = node_now_ms(n);
	size_t i;

	if (strcmp(end->reason, gossip_reason_name(GOSSIP_WHY_DUPLICATE)) !=
		    0 ||
	    end->ours || session_by_key(n, key) != NULL) {
		return;
	}
	if (now - n->displaced_ms > TWIN_MS) {
		n->displaced = 0;
		n->displacers_n = 0;
	}
	n->displaced_ms = now;
	n->displaced++;
	for (i = 0; i < n->displacers_n; i++) {
		if (memcmp(n->displacers[i], key, PUBKEY_BYTES) == 0) {
			break;
		}
	}
	if (i == n->displacers_n && i < TWIN_PEERS_MAX) {
		memcpy(n->displacers[n->displacers_n++], key, PUBKEY_BYTES);
	}
	/* the word of one among several peers is not enough to stop us */
	if (n->displaced < TWIN_TIMES ||
	    (n->displacers_n < 2 && sessions_up(n) > 0)) {
		return;
	}
	if (n->twin_ms == 0 || now - n->twin_ms > TWIN_MS) {
		log_error("another node runs with our node key: stop one of "
			  "the two, a home was copied");
		watch_tell(n, json_pack("{s:s, s:s}", "event", "report",
					"reason", "twin"));
	}
	n->twin_ms = now;
}

static void session_down_cb(void *ctx, struct conn *c,
			    const struct conn_end *end)
{
	struct node *n = ctx;
	struct session *s = conn_data(c);
	struct gossip_event event = { .type = GOSSIP_PEER_DOWN };
	bool was_peer = s != NULL && s->state == SESSION_PEER;
	char key[LOG_KEY_BYTES];
	char text[LOG_TEXT_BYTES];
	uint8_t id[PUBKEY_BYTES];

	memcpy(id, s != NULL ? s->key : conn_key(c), sizeof(id));
	if (s != NULL && s->id != 0 &&
	    log_limit_pass(&n->log_peers, node_now_ms(n))) {
		log_info("peer down peer=%s address=%s reason=%s detail=%s",
			 log_key(s->key, key), conn_address(c),
			 end->reason[0] != '\0' ? end->reason
						: err_name(end->err),
			 log_text(span_of(end->detail[0] != '\0'
						  ? end->detail
						  : end->msg.text),
				  text));
		watch_tell(n, json_pack("{s:s, s:s, s:s}", "event", "peer-down",
					"node", key, "reason",
					end->reason[0] != '\0'
						? end->reason
						: err_name(end->err)));
	}
	if (conn_dialled(c)) {
		dialler_down(n->dialler, c, end);
		membership_refused(n, id, end);
	}
	if (was_peer) {
		event.peer_down.peer = s->id;
		s->state = SESSION_GONE;
		if (end->err == WEALD_MALFORMED ||
		    end->err == WEALD_NONCANONICAL ||
		    end->err == WEALD_TOOBIG) {
			back_off_add(n, s->key, err_name(end->err));
		}
		drive(n, &event);
	}
	if (s != NULL) {
		uint64_t until = 0;
		const char *why;
		bool entered = s->id != 0;

		contents_forget(s);
		contents_lost(s);
		session_free(s);
		look_for_twin(n, end, id);
		if (entered && session_by_key(n, id) == NULL) {
			dialler_lost(n->dialler, id,
				     back_off_holds(n, id, &until, &why)
					     ? until - node_now_ms(n)
					     : 0);
		}
	}
	node_idle(n);
}

/* ---- frames --------------------------------------------------------------
 */

static void stranger_frame(struct session *s, const struct frame *f)
{
	if (f->type == FRAME_HELLO && !s->has_hello) {
		s->hello = f->hello;
		s->software_len = f->hello.software.len;
		memcpy(s->software, f->hello.software.data, s->software_len);
		s->hello.software =
			(struct span){ s->software, s->software_len };
		s->has_hello = true;
		if (memcmp(f->hello.node, s->key, PUBKEY_BYTES) != 0) {
			refuse(s, "node-key",
			       "hello names another node key than TLS has "
			       "shown");
		}
		return;
	}
	if (f->type == FRAME_JOIN && s->has_hello &&
	    s->state == SESSION_STRANGER) {
		s->state = SESSION_JUDGED;
		membership_judge(s, &f->join);
		return;
	}
	refuse(s, "unknown-region",
	       "no region followed here names this node key; ask for an "
	       "invitation");
}

/* What a peer in the engine says that is for us, not for the engine. */
static bool driver_frame(struct session *s, const struct frame *f)
{
	switch (f->type) {
	case FRAME_WANT_CONTENTS:
		if (s->accepted) {
			contents_wanted(s, &f->want_contents);
		}
		return s->accepted;
	case FRAME_CONTENTS:
		/* what was not asked for the engine counts */
		return s->accepted && contents_came(s, &f->contents);
	case FRAME_HELLO:
		/* nobody says hello to a stranger that was not accepted */
		if (!s->accepted) {
			s->accepted = true;
			conn_set_limit(s->conn, FRAME_BODY_BYTES_MAX);
			membership_accepted(s);
			contents_peer_up(s->node);
		}
		return false;
	default:
		return false;
	}
}

void session_judged(struct session *s, int err, const char *reason,
		    const char *detail)
{
	struct gossip_event event = { .type = GOSSIP_RECEIVED };
	struct frame hello = { .type = FRAME_HELLO };

	if (s->state != SESSION_JUDGED) {
		return; /* it has gone meanwhile */
	}
	if (err != WEALD_OK) {
		refuse(s, reason, detail);
		return;
	}
	session_enter(s);
	if (s->state != SESSION_PEER) {
		return;
	}
	hello.hello = s->hello;
	(void)driver_frame(s, &hello);
	event.received.peer = s->id;
	event.received.frame = &hello;
	drive(s->node, &event);
}

static void session_frame_cb(void *ctx, struct conn *c,
			     const struct frame *frame, size_t bytes)
{
	struct node *n = ctx;
	struct session *s = conn_data(c);
	struct gossip_event event = { .type = GOSSIP_RECEIVED };

	(void)bytes;
	if (s == NULL || s->state == SESSION_GONE) {
		return;
	}
	if (s->state != SESSION_PEER) {
		stranger_frame(s, frame);
		return;
	}
	if (driver_frame(s, frame)) {
		return;
	}
	event.received.peer = s->id;
	event.received.frame = frame;
	drive(n, &event);
}

static void session_sent_cb(void *ctx, struct conn *c, size_t unsent)
{
	struct node *n = ctx;
	struct session *s = conn_data(c);
	struct gossip_event event = { .type = GOSSIP_SENT };

	if (s == NULL || s->state != SESSION_PEER) {
		return;
	}
	event.sent.peer = s->id;
	event.sent.unsent = unsent;
	drive(n, &event);
	contents_sent(s);
}

const struct conn_handler session_handler = {
	.up = session_up_cb,
	.frame = session_frame_cb,
	.sent = session_sent_cb,
	.down = session_down_cb,
};

void sessions_tick(struct node *n)
{
	uint64_t now = node_now_ms(n);
	struct session *s;
	size_t i;

	for (i = 0; i < n->sessions_n; i++) {
		s = n->sessions[i];
		if (s->state == SESSION_STRANGER && now >= s->deadline_ms) {
			refuse(s, "unknown-region",
			       "no region followed here names this node key, "
			       "and no invitation was shown");
		}
	}
}

void sessions_review(struct node *n)
{
	struct replica *region;
	struct session *s;
	bool blocked;
	bool known;
	size_t i;

	for (i = 0; i < n->sessions_n; i++) {
		s = n->sessions[i];
		known = roster_find(n, s->key, &region, &blocked);
		if (s->state != SESSION_PEER || (known && !blocked)) {
			continue;
		}
		session_drop(s, true, blocked ? "blocked" : "unknown-region",
			     "not a peer of this node any more");
	}
}
