/*
 * The simulator: many nodes, each the shipped gossip engine, in virtual time,
 * over a virtual network, with disks that forget. One seed decides everything.
 *
 * Time is in microseconds here and in milliseconds in the engine. Frames go
 * through the real encoder and decoder. Signatures are not made: an update is
 * valid if it is, byte for byte, one that its author published.
 */
#ifndef WEALD_TESTS_SIM_SIM_H
#define WEALD_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/gossip.h"

#define MS     UINT64_C(1000)
#define SECOND UINT64_C(1000000)

/* An update, as its author published it. */
struct sim_update {
	size_t feed;
	struct gossip_head head;
	uint8_t prev[SHA256_BYTES];
	struct blob *envelope;
	struct blob *bare; /* the same without its contents */
	bool bad;          /* its author signed it, but no store takes it */
	uint64_t published_at;
	size_t arrived_n; /* nodes that got it, the author too */
	uint64_t last_at; /* when the last of them got it */
	uint8_t *hops;    /* by node: the author's is 1, 0: has not got it */
	unsigned last_hop;
};

/* What a node's disk holds of a feed: indexes of updates, seq 1 first. */
struct sim_log {
	uint32_t *updates;
	size_t n; /* durable */
	size_t cap;
	size_t kept; /* in the snapshot */
	bool appending;
	/* the fork that was found; the proof is the numbers of two updates */
	uint64_t disputed_from;
	uint32_t proof[2];
};

/* What a hostile node does. */
enum sim_trait {
	SIM_WITHHOLD = 1, /* keeps to itself what it is asked for */
	SIM_FORGE = 2,    /* damages updates, signs others' by itself */
	SIM_LIE = 4,      /* clocks and haves that are not true */
	SIM_REPLAY = 8,
	SIM_FLOOD = 16,
	SIM_MUTE = 32, /* stops reading */
	SIM_FORK = 64, /* two lines of its own feed */
	SIM_BAD = 128, /* own updates that break the rules */
	SIM_TRAITS_N = 8
};

struct sim_node {
	size_t id;
	uint8_t key[PUBKEY_BYTES];
	struct gossip *engine; /* NULL: down */
	uint32_t life;         /* counts starts; what was before is void */
	struct sim_log *logs;  /* one a feed */
	uint64_t wake_at;
	uint64_t verify_free_at[2]; /* live updates are verified first */
	uint64_t counter;           /* of receipts */
	unsigned slow;              /* times slower than the others */
	uint64_t steps;
	unsigned traits;    /* of sim_trait; 0: honest */
	uint64_t mute_at;   /* does not read any more */
	uint64_t fork_from; /* of its own feed; 0: not forked */
	uint32_t *fork;     /* the other line, from there on */
	size_t fork_n;
};

/* A connection, or the chance of one. Side 0 is @node[0], which dials. */
struct sim_link {
	size_t node[2];
	uint64_t latency_us;
	uint32_t conn;          /* 0: none; the engines' number of the peer */
	bool up[2];             /* that side's engine has it */
	uint64_t arrives_at[2]; /* the last frame that side sent */
	uint64_t wire_free_at[2];
	size_t unsent[2];
	uint64_t stuck_until[2]; /* what that side sends waits so long */
	bool paused[2];          /* that side does not read */
	uint64_t banned_until;   /* one side has backed off from the other */
};

enum sim_what {
	SIM_FRAME,
	SIM_WRITTEN,
	SIM_DOWN,
	SIM_DIAL,
	SIM_WAKE,
	SIM_VERIFIED,
	SIM_APPENDED,
	SIM_READ,
	SIM_SIGNED,
	SIM_CHECKED,
	SIM_JUDGED,
	SIM_PROOF,
	SIM_ACT,
	SIM_PUBLISH,
	SIM_FAULT,
	SIM_START
};

struct sim_event {
	uint64_t at;
	uint64_t order;
	enum sim_what what;
	uint32_t node;
	uint32_t life;
	uint32_t link;
	uint32_t conn;
	uint64_t ticket;
	uint64_t from;
	size_t n;
	struct blob *blob; /* a reference */
};

struct sim_figures {
	uint64_t published;
	uint64_t deliveries; /* updates that arrived, again and again too */
	uint64_t frames[FRAME_BYE + 1];
	uint64_t bytes;
	uint64_t steps;
	uint64_t unsigned_n; /* what an honest author was not let sign */
	uint64_t dropped_n;  /* hostile peers that honest nodes dropped */
};

struct sim_options {
	uint64_t seed;
	size_t nodes;
	size_t hostile; /* of them */
	size_t narrow;  /* the last ones: follow others' feeds in part */
	size_t feeds;   /* each node writes one, up to this number */
	size_t prefill; /* updates of each feed that all hold at the start */
	size_t links;
	uint64_t latency_min_us;
	uint64_t latency_max_us;
	uint64_t publish_every_us; /* over all authors */
	uint64_t publish_until;
	uint64_t update_bytes;
	uint64_t fault_every_us; /* 0: none */
	uint64_t fault_until;
	uint64_t receipt_ms;
	FILE *trace; /* NULL: none */
};

struct sim {
	struct sim_options options;
	uint64_t now;
	uint64_t random;
	uint64_t order;
	struct sim_event *heap;
	size_t heap_n;
	size_t heap_cap;
	struct sim_node *nodes;
	struct sim_link *links;
	struct sim_update *updates;
	size_t updates_n;
	size_t updates_cap;
	size_t measured_from; /* the first update after the start */
	uint8_t (*feeds)[SHA256_BYTES];
	size_t quiet_feeds; /* the first feeds, in which nothing is written */
	uint32_t conns;     /* numbers given out */
	struct sim_figures figures;
	bool failed;
	char failure[256];
};

/* sim_world.c: the queue, the disks, the engines' driver */
void sim_init(struct sim *s, const struct sim_options *options);
void sim_release(struct sim *s);
uint64_t sim_random(struct sim *s, uint64_t below);
void sim_push(struct sim *s, const struct sim_event *e);
/* Run until @until; false: an invariant broke, @s->failure says which. */
bool sim_run(struct sim *s, uint64_t until);
void sim_start(struct sim *s, size_t node, bool first);
/* The process ends; what was not durable is lost. */
void sim_crash(struct sim *s, size_t node);
void sim_step(struct sim *s, size_t node, struct gossip_event *event);
void sim_fail(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sim_trace(struct sim *s, size_t node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Sign the next update of @node's feed, if its guard lets it. */
bool sim_publish(struct sim *s, size_t node);
/* An event of @node's, @us from now; void if the node crashes before. */
struct sim_event sim_later(struct sim *s, size_t node, enum sim_what what,
			   uint64_t us);

/* Does @node keep @feed without the contents? */
bool sim_is_narrow(const struct sim *s, size_t node, size_t feed);
/* The number of a feed, which is that of its author. */
size_t sim_feed(const struct sim *s, const uint8_t *id);
/* Make the update of @feed that follows @last, signed by @key: its number. */
uint32_t sim_update_add(struct sim *s, size_t feed,
			const struct gossip_head *last,
			const uint8_t key[PUBKEY_BYTES]);
/* The update of these bytes, with its contents or without, or NULL. */
struct sim_update *sim_update_find(struct sim *s, struct span b);
/* An envelope came from @from to @to: count it. */
void sim_arrived(struct sim *s, size_t from, size_t to, struct span envelope);

/* sim_check.c: what must hold, in a run and at its end */
/*
 * All honest nodes with a path of honest nodes between them hold the same: of
 * an honest author in reach all that it published, and of each feed no update
 * that its author did not sign. Otherwise a failure is set.
 */
bool sim_converged(struct sim *s);
/* Do all nodes hold what the author of @feed has published? */
bool sim_holds_all(const struct sim *s, size_t feed);
/* Nothing grows past what the engine's header says. */
void sim_check_bounds(struct sim *s, size_t node);

/* sim_fork.c: the driver's part where a key was used twice */
void fork_judge(struct sim *s, size_t node, const struct gossip_effect *effect);
void fork_check_proof(struct sim *s, size_t node,
		      const struct gossip_effect *effect);
void fork_judged(struct sim *s, const struct sim_event *e);
void fork_proof_checked(struct sim *s, const struct sim_event *e);

/* sim_hostile.c: nodes that do what they can to harm */
void hostile_choose(struct sim *s);
bool hostile_is(const struct sim *s, size_t node);
bool hostile_reads(const struct sim *s, size_t node);
bool hostile_send(struct sim *s, size_t node, const struct sim_link *l,
		  struct frame *f);
void hostile_act(struct sim *s, size_t node);

/* sim_net.c: links, connections, frames, faults */
void net_init(struct sim *s);
void net_dial(struct sim *s, size_t link);
void net_send(struct sim *s, size_t node, uint32_t conn,
	      const struct frame *frame);
/* The same for what no engine wants sent: as it is. */
void net_put(struct sim *s, size_t node, uint32_t conn,
	     const struct frame *frame);
/* Who is at the other end. */
size_t net_peer(struct sim *s, size_t node, uint32_t conn);
void net_frame(struct sim *s, const struct sim_event *e);
void net_written(struct sim *s, const struct sim_event *e);
/* @node closes the connection, or its process has ended. */
void net_close(struct sim *s, size_t node, uint32_t conn);
/* @node does not want to hear of its peer for a while. */
void net_ban(struct sim *s, size_t node, uint32_t conn);
void net_crash(struct sim *s, size_t node);
void net_reading(struct sim *s, size_t node, uint32_t conn, bool on);
void net_down(struct sim *s, const struct sim_event *e);
void net_fault(struct sim *s);
/* The longest of the shortest paths between honest nodes, in links. */
size_t net_diameter(const struct sim *s);
/* How far all nodes are from @from, over honest nodes; nodes: no path. */
void net_distances(const struct sim *s, size_t from, size_t *out_far);

#endif
