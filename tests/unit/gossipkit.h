/*
 * What the tests of the gossip engine share: one engine, driven by hand. All
 * of it fails the test where something does not go as it should.
 */
#ifndef WEALD_TESTS_UNIT_GOSSIPKIT_H
#define WEALD_TESTS_UNIT_GOSSIPKIT_H

#include "proto/gossip.h"

/* One engine, and the effects of its last step. */
struct rig {
	struct gossip *g;
	uint64_t now;
	const struct gossip_effect *effects;
	size_t n;
};

extern const uint8_t feed_a[SHA256_BYTES];
extern const uint8_t feed_b[SHA256_BYTES];
extern const uint8_t feed_own[SHA256_BYTES];
extern const uint8_t node_own[PUBKEY_BYTES];

/* Follows feed a up to seq 2, and has an own feed, up to seq 2. */
void rig_init(struct rig *r);
void rig_config(struct rig *r, const struct gossip_config *config);
struct gossip_config config_first(void);
void step(struct rig *r, struct gossip_event *e);
struct gossip_event event_of(enum gossip_event_type type);
struct frame frame_of(enum frame_type type);

/* What the last step gave: is there one of a type, and the first of them. */
bool has(const struct rig *r, enum gossip_effect_type type);
const struct gossip_effect *find(const struct rig *r,
				 enum gossip_effect_type type);
size_t count(const struct rig *r, enum gossip_effect_type type);
/* The same for frames to @peer, 0: to anybody. */
bool is_sent(const struct rig *r, uint32_t peer, enum frame_type type);
const struct frame *sent(const struct rig *r, uint32_t peer,
			 enum frame_type type);
/* Why a peer was dropped. */
enum gossip_reason dropped(const struct rig *r);
/* What the engine says of a feed that it knows. */
struct gossip_feed_status status_of(const struct rig *r, const uint8_t *feed);

/* The head at @seq of a made-up chain: commit and digest follow from seq. */
struct gossip_head head_at(uint64_t seq);
struct clock_entry entry(const uint8_t *feed, uint64_t seq);
void key_of(uint32_t peer, uint8_t *key);
/* An envelope as far as the engine looks into it. The caller's reference. */
struct blob *envelope(uint64_t seq);

void follow(struct rig *r, const uint8_t *feed, uint64_t seq,
	    enum gossip_policy policy);
void receive(struct rig *r, uint32_t peer, const struct frame *f);
void peer_up(struct rig *r, uint32_t peer);
void peer_up_as(struct rig *r, uint32_t peer, const uint8_t *key);
void hello(struct rig *r, uint32_t peer);
void hello_as(struct rig *r, uint32_t peer, const uint8_t *key,
	      uint8_t instance);
/* A peer that says hello and that it holds @a of feed a and 2 of ours. */
void join(struct rig *r, uint32_t peer, uint64_t a);
void peer_down(struct rig *r, uint32_t peer);
/* Its whole clock. */
void say_clock(struct rig *r, uint32_t peer, const struct clock_entry *entries,
	       size_t n);
void have(struct rig *r, uint32_t peer, const struct clock_entry *e);
void prune(struct rig *r, uint32_t peer, const uint8_t *feed);
void graft(struct rig *r, uint32_t peer, const uint8_t *feed, uint64_t from);
void want(struct rig *r, uint32_t peer, const uint8_t *feed, uint64_t from,
	  uint64_t to);
/* Tell what is left to write to @peer. */
void unsent(struct rig *r, uint32_t peer, size_t bytes);
/* Answer the READ of the last step with the one update that it begins with. */
void read_done(struct rig *r);
void updates(struct rig *r, uint32_t peer, const uint8_t *feed,
	     enum frame_lane lane, uint64_t seq);
/* The end of what answers a want, with nothing more. */
void updates_end(struct rig *r, uint32_t peer, const uint8_t *feed);
/* Answer a VERIFY: it is seq @seq of feed a. */
void verified(struct rig *r, uint64_t ticket, int err, uint64_t seq);
/* Sign seq @seq of our own feed. */
void local_write(struct rig *r, uint64_t seq);
/* Push seq @seq of feed a and let it be valid. */
void push(struct rig *r, uint32_t peer, uint64_t seq);
/* The same, or what answers a want, of an update without its contents. */
void bare(struct rig *r, uint32_t peer, enum frame_lane lane, uint64_t seq);
/* Answer an APPEND of feed a. */
void appended(struct rig *r, int err, uint64_t seq);
/* Let @ms pass. */
void timeout(struct rig *r, uint64_t ms);

#endif
