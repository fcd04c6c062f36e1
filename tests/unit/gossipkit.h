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
void hello(struct rig *r, uint32_t peer);
/* A peer that says hello and that it holds @a of feed a and 2 of ours. */
void join(struct rig *r, uint32_t peer, uint64_t a);
void have(struct rig *r, uint32_t peer, const struct clock_entry *e);
void updates(struct rig *r, uint32_t peer, const uint8_t *feed,
	     enum frame_lane lane, uint64_t seq);
/* Answer a VERIFY: it is seq @seq of feed a. */
void verified(struct rig *r, uint64_t ticket, int err, uint64_t seq);
/* Push seq @seq of feed a and let it be valid. */
void push(struct rig *r, uint32_t peer, uint64_t seq);
/* Answer an APPEND of feed a. */
void appended(struct rig *r, int err, uint64_t seq);
/* Let @ms pass. */
void timeout(struct rig *r, uint64_t ms);

#endif
