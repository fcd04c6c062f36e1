#include "tests/unit/gossipkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mp.h"

const uint8_t feed_a[SHA256_BYTES] = { 0xaa };
const uint8_t feed_b[SHA256_BYTES] = { 0xbb };
const uint8_t feed_own[SHA256_BYTES] = { 0xcc };
const uint8_t node_own[PUBKEY_BYTES] = { 0x50 };

void step(struct rig *r, struct gossip_event *e)
{
	e->now_ms = r->now;
	assert_int_equal(gossip_step(r->g, e, &r->effects, &r->n), WEALD_OK);
}

struct gossip_event event_of(enum gossip_event_type type)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	e.type = type;
	return e;
}

struct frame frame_of(enum frame_type type)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	f.type = type;
	return f;
}

/* The head at @seq of a made-up chain: commit and digest follow from seq. */
struct gossip_head head_at(uint64_t seq)
{
	struct gossip_head h;

	memset(&h, 0, sizeof(h));
	h.seq = seq;
	if (seq > 0) {
		memset(h.commit, (int)seq, sizeof(h.commit));
		memset(h.digest, (int)seq, sizeof(h.digest));
	}
	return h;
}

void follow(struct rig *r, const uint8_t *feed, uint64_t seq,
	    enum gossip_policy policy)
{
	struct gossip_event e = event_of(GOSSIP_FOLLOW);

	memcpy(e.follow.feed, feed, SHA256_BYTES);
	e.follow.policy = policy;
	e.follow.head = head_at(seq);
	step(r, &e);
}

void rig_config(struct rig *r, const struct gossip_config *config)
{
	memset(r, 0, sizeof(*r));
	r->now = 1000;
	assert_int_equal(gossip_new(config, r->now, &r->g), WEALD_OK);
}

struct gossip_config config_first(void)
{
	struct gossip_config c;

	memset(&c, 0, sizeof(c));
	memcpy(c.node, node_own, sizeof(c.node));
	memcpy(c.feed, feed_own, sizeof(c.feed));
	c.seed = 7;
	c.first = true;
	return c;
}

/* Follows feed a up to seq 2, and has an own feed, up to seq 2. */
void rig_init(struct rig *r)
{
	struct gossip_config c = config_first();

	rig_config(r, &c);
	follow(r, feed_a, 2, GOSSIP_FOLLOW_WHOLE);
	follow(r, feed_own, 2, GOSSIP_FOLLOW_WHOLE);
}

/* The first effect of a type, or NULL. */
static const struct gossip_effect *look(const struct rig *r,
					enum gossip_effect_type type)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->effects[i].type == type) {
			return &r->effects[i];
		}
	}
	return NULL;
}

bool has(const struct rig *r, enum gossip_effect_type type)
{
	return look(r, type) != NULL;
}

const struct gossip_effect *find(const struct rig *r,
				 enum gossip_effect_type type)
{
	static const struct gossip_effect none;
	const struct gossip_effect *e = look(r, type);

	assert_non_null(e);
	return e != NULL ? e : &none;
}

static const struct frame *look_sent(const struct rig *r, uint32_t peer,
				     enum frame_type type)
{
	const struct gossip_effect *e;
	size_t i;

	for (i = 0; i < r->n; i++) {
		e = &r->effects[i];
		if (e->type == GOSSIP_SEND && e->send.frame->type == type &&
		    (peer == 0 || e->send.peer == peer)) {
			return e->send.frame;
		}
	}
	return NULL;
}

bool is_sent(const struct rig *r, uint32_t peer, enum frame_type type)
{
	return look_sent(r, peer, type) != NULL;
}

const struct frame *sent(const struct rig *r, uint32_t peer,
			 enum frame_type type)
{
	static const struct frame none;
	const struct frame *f = look_sent(r, peer, type);

	assert_non_null(f);
	return f != NULL ? f : &none;
}

size_t count(const struct rig *r, enum gossip_effect_type type)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < r->n; i++) {
		n += r->effects[i].type == type ? 1 : 0;
	}
	return n;
}

void receive(struct rig *r, uint32_t peer, const struct frame *f)
{
	struct gossip_event e = event_of(GOSSIP_RECEIVED);

	e.received.peer = peer;
	e.received.frame = f;
	step(r, &e);
}

void key_of(uint32_t peer, uint8_t *key)
{
	memset(key, 0, PUBKEY_BYTES);
	key[0] = (uint8_t)peer;
}

void peer_up_as(struct rig *r, uint32_t peer, const uint8_t *key)
{
	struct gossip_event e = event_of(GOSSIP_PEER_UP);

	e.peer_up.peer = peer;
	memcpy(e.peer_up.key, key, PUBKEY_BYTES);
	step(r, &e);
}

void peer_up(struct rig *r, uint32_t peer)
{
	uint8_t key[PUBKEY_BYTES];

	key_of(peer, key);
	peer_up_as(r, peer, key);
}

void hello_as(struct rig *r, uint32_t peer, const uint8_t *key,
	      uint8_t instance)
{
	struct frame f = frame_of(FRAME_HELLO);

	memcpy(f.hello.node, key, PUBKEY_BYTES);
	f.hello.instance[0] = instance;
	receive(r, peer, &f);
}

void hello(struct rig *r, uint32_t peer)
{
	uint8_t key[PUBKEY_BYTES];

	key_of(peer, key);
	hello_as(r, peer, key, 0);
}

struct clock_entry entry(const uint8_t *feed, uint64_t seq)
{
	struct clock_entry e;
	struct gossip_head h = head_at(seq);

	memset(&e, 0, sizeof(e));
	memcpy(e.feed, feed, sizeof(e.feed));
	e.seq = seq;
	memcpy(e.commit, h.commit, sizeof(e.commit));
	return e;
}

void peer_down(struct rig *r, uint32_t peer)
{
	struct gossip_event e = event_of(GOSSIP_PEER_DOWN);

	e.peer_down.peer = peer;
	step(r, &e);
}

void say_clock(struct rig *r, uint32_t peer, const struct clock_entry *entries,
	       size_t n)
{
	struct frame f = frame_of(FRAME_CLOCK);

	f.clock.last = true;
	f.clock.entries = entries;
	f.clock.n = n;
	receive(r, peer, &f);
}

/* A peer that says hello and that it holds @a of feed a and 2 of ours. */
void join(struct rig *r, uint32_t peer, uint64_t a)
{
	struct clock_entry entries[2];

	peer_up(r, peer);
	hello(r, peer);
	entries[0] = entry(feed_a, a);
	entries[1] = entry(feed_own, 2);
	say_clock(r, peer, a > 0 ? entries : &entries[1], a > 0 ? 2 : 1);
}

void have(struct rig *r, uint32_t peer, const struct clock_entry *e)
{
	struct frame f = frame_of(FRAME_HAVE);

	f.have.entries = e;
	f.have.n = 1;
	receive(r, peer, &f);
}

void prune(struct rig *r, uint32_t peer, const uint8_t *feed)
{
	struct frame f = frame_of(FRAME_PRUNE);

	memcpy(f.prune.feed, feed, SHA256_BYTES);
	receive(r, peer, &f);
}

void graft(struct rig *r, uint32_t peer, const uint8_t *feed, uint64_t from)
{
	struct frame f = frame_of(FRAME_GRAFT);

	memcpy(f.graft.feed, feed, SHA256_BYTES);
	f.graft.from = from;
	receive(r, peer, &f);
}

void want(struct rig *r, uint32_t peer, const uint8_t *feed, uint64_t from,
	  uint64_t to)
{
	struct frame f = frame_of(FRAME_WANT);

	memcpy(f.want.feed, feed, SHA256_BYTES);
	f.want.from = from;
	f.want.to = to;
	f.want.credit = 1;
	receive(r, peer, &f);
}

void unsent(struct rig *r, uint32_t peer, size_t bytes)
{
	struct gossip_event e = event_of(GOSSIP_SENT);

	e.sent.peer = peer;
	e.sent.unsent = bytes;
	step(r, &e);
}

void read_done(struct rig *r)
{
	struct gossip_event e = event_of(GOSSIP_READ_DONE);
	struct blob *b = envelope(find(r, GOSSIP_READ)->read.from);

	e.read_done.ticket = find(r, GOSSIP_READ)->read.ticket;
	e.read_done.envelopes = &b;
	e.read_done.n = 1;
	step(r, &e);
	blob_unref(b);
}

void local_write(struct rig *r, uint64_t seq)
{
	struct gossip_event e = event_of(GOSSIP_LOCAL_WRITE);
	struct blob *b = envelope(seq);

	e.local_write.head = head_at(seq);
	e.local_write.envelope = b;
	step(r, &e);
	blob_unref(b);
}

/* An envelope as far as the engine looks into it. */
struct blob *envelope(uint64_t seq)
{
	struct mp_writer w;
	struct blob *b;
	struct buf p;
	struct buf e;

	buf_init(&p, 1024);
	mp_writer_begin(&w, &p);
	mp_put_array(&w, 6);
	mp_put_uint(&w, 1);
	mp_put_bin(&w, feed_a, sizeof(feed_a));
	mp_put_str(&w, span_of("aa"));
	mp_put_bin(&w, feed_a, sizeof(feed_a));
	mp_put_uint(&w, 0);
	mp_put_uint(&w, seq);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	buf_init(&e, 2048);
	mp_writer_begin(&w, &e);
	mp_put_array(&w, 3);
	mp_put_bin(&w, p.data, p.len);
	mp_put_bin(&w, feed_a, sizeof(feed_a));
	mp_put_array(&w, 0);
	assert_int_equal(mp_writer_end(&w), WEALD_OK);
	b = blob_new(buf_span(&e));
	assert_non_null(b);
	buf_release(&p);
	buf_release(&e);
	return b;
}

void updates(struct rig *r, uint32_t peer, const uint8_t *feed,
	     enum frame_lane lane, uint64_t seq)
{
	struct blob *b = envelope(seq);
	struct span s = blob_span(b);
	struct frame f = frame_of(FRAME_UPDATES);

	memcpy(f.updates.feed, feed, sizeof(f.updates.feed));
	f.updates.lane = lane;
	f.updates.envelopes = &s;
	f.updates.n = 1;
	receive(r, peer, &f);
	blob_unref(b);
}

void updates_end(struct rig *r, uint32_t peer, const uint8_t *feed)
{
	struct frame f = frame_of(FRAME_UPDATES);

	memcpy(f.updates.feed, feed, sizeof(f.updates.feed));
	f.updates.lane = FRAME_LANE_END;
	receive(r, peer, &f);
}

static struct gossip_event verified_of(uint64_t ticket, int err, uint64_t seq)
{
	struct gossip_event e = event_of(GOSSIP_VERIFIED);

	e.verified.ticket = ticket;
	e.verified.err = err;
	memcpy(e.verified.facts.feed, feed_a, SHA256_BYTES);
	e.verified.facts.head = head_at(seq);
	memcpy(e.verified.facts.prev, head_at(seq - 1).digest, SHA256_BYTES);
	return e;
}

/* Answer the VERIFY of the last step: it is seq @seq of feed a. */
void verified(struct rig *r, uint64_t ticket, int err, uint64_t seq)
{
	struct gossip_event e = verified_of(ticket, err, seq);

	step(r, &e);
}

void bare(struct rig *r, uint32_t peer, enum frame_lane lane, uint64_t seq)
{
	struct gossip_event e;

	updates(r, peer, feed_a, lane, seq);
	e = verified_of(find(r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, seq);
	e.verified.facts.bare = true;
	step(r, &e);
}

/* Push seq @seq of feed a and let it be valid. */
void push(struct rig *r, uint32_t peer, uint64_t seq)
{
	updates(r, peer, feed_a, FRAME_LANE_LIVE, seq);
	assert_true(has(r, GOSSIP_VERIFY));
	verified(r, find(r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, seq);
}

void appended(struct rig *r, int err, uint64_t seq)
{
	struct gossip_event e = event_of(GOSSIP_APPENDED);

	memcpy(e.appended.feed, feed_a, SHA256_BYTES);
	e.appended.err = err;
	e.appended.head = head_at(seq);
	step(r, &e);
}

void timeout(struct rig *r, uint64_t ms)
{
	struct gossip_event e = event_of(GOSSIP_TIMEOUT);

	r->now += ms;
	step(r, &e);
}

enum gossip_reason dropped(const struct rig *r)
{
	return find(r, GOSSIP_DROP_PEER)->drop_peer.reason;
}

struct gossip_feed_status status_of(const struct rig *r, const uint8_t *feed)
{
	struct gossip_feed_status s;

	assert_int_equal(gossip_feed_status(r->g, feed, &s), WEALD_OK);
	return s;
}
