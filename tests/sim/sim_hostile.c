/*
 * Hostile nodes. Each runs the engine, so that it takes part, and a liar sits
 * between it and the lines: it swallows, alters and repeats what the engine
 * sends, sends what no engine would, and does not read. It can sign as itself
 * and as the author of its own feed, and for nobody else.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define ACT_EVERY_US (200 * MS)
#define FLOOD_FRAMES 3000u

static bool chance(struct sim *s, uint64_t of)
{
	return sim_random(s, of) == 0;
}

static bool does(const struct sim *s, size_t node, enum sim_trait trait)
{
	return (s->nodes[node].traits & trait) != 0;
}

bool hostile_is(const struct sim *s, size_t node)
{
	return s->nodes[node].traits != 0;
}

bool hostile_reads(const struct sim *s, size_t node)
{
	return !does(s, node, SIM_MUTE) || s->now < s->nodes[node].mute_at;
}

static void act_later(struct sim *s, size_t node)
{
	struct sim_event e;

	memset(&e, 0, sizeof(e));
	e.what = SIM_ACT;
	e.node = (uint32_t)node;
	e.at = s->now + ACT_EVERY_US / 2 + sim_random(s, ACT_EVERY_US);
	sim_push(s, &e);
}

/* Some nodes turn hostile, each in ways of its own. */
void hostile_choose(struct sim *s)
{
	struct sim_node *n;
	size_t left = s->options.hostile;

	while (left > 0) {
		n = &s->nodes[sim_random(s, s->options.nodes)];
		if (n->traits != 0) {
			continue;
		}
		/* few each: who does all is dropped for the first of them */
		n->traits = 1u << sim_random(s, SIM_TRAITS_N);
		while (chance(s, 2)) {
			n->traits |= 1u << sim_random(s, SIM_TRAITS_N);
		}
		n->mute_at = sim_random(s, s->options.fault_until);
		act_later(s, n->id);
		left--;
	}
}

/* ---- two lines of one feed -----------------------------------------------
 */

/* The update that the other half of the peers is shown instead of @u. */
static const struct sim_update *other_line(struct sim *s, size_t node,
					   uint64_t seq)
{
	struct sim_node *n = &s->nodes[node];
	struct sim_log *log = &n->logs[node];
	uint32_t last;

	if (!does(s, node, SIM_FORK) || node >= s->options.feeds) {
		return NULL;
	}
	if (n->fork_from == 0 && seq > s->options.prefill && chance(s, 4)) {
		n->fork_from = seq;
		sim_trace(s, node, "forks its feed at seq %zu", (size_t)seq);
	}
	if (n->fork_from == 0 || seq < n->fork_from || seq > log->n) {
		return NULL;
	}
	while (n->fork_n <= seq - n->fork_from) {
		last = n->fork_n == 0 ? log->updates[n->fork_from - 2]
				      : n->fork[n->fork_n - 1];
		n->fork = realloc(n->fork, (n->fork_n + 1) * sizeof(*n->fork));
		if (n->fork == NULL) {
			abort();
		}
		n->fork[n->fork_n] =
			sim_update_add(s, node, &s->updates[last].head,
				       s->feeds[node]);
		n->fork_n++;
	}
	return &s->updates[n->fork[seq - n->fork_from]];
}

/* Which of the peers see the other line. */
static bool sees_other(const struct sim *s, const struct sim_link *l)
{
	return (l - s->links) % 2 == 1;
}

/* ---- what the engine sends -----------------------------------------------
 */

static void lie_entries(struct sim *s, size_t node, const struct sim_link *l,
			const struct clock_entry *entries, size_t n,
			struct clock_entry *out)
{
	const struct sim_update *u;
	size_t i;

	memcpy(out, entries, n * sizeof(*out));
	for (i = 0; i < n; i++) {
		u = sim_feed(s, out[i].feed) == node && sees_other(s, l)
			    ? other_line(s, node, out[i].seq)
			    : NULL;
		if (u != NULL) {
			memcpy(out[i].commit, u->head.commit,
			       sizeof(out[i].commit));
		}
		if (!does(s, node, SIM_LIE)) {
			continue;
		}
		if (chance(s, 3)) {
			out[i].seq += sim_random(s, 1000);
		}
		if (chance(s, 3)) {
			out[i].commit[0] ^= 1;
		}
	}
}

/* A copy of @envelope with a byte changed, which is nobody's update. */
static struct span damage(struct sim *s, struct span envelope)
{
	static uint8_t copy[256 * 1024];

	if (envelope.len > sizeof(copy)) {
		return envelope;
	}
	memcpy(copy, envelope.data, envelope.len);
	copy[sim_random(s, envelope.len)] ^= (uint8_t)(1 + sim_random(s, 255));
	envelope.data = copy;
	return envelope;
}

static bool alter_updates(struct sim *s, size_t node, const struct sim_link *l,
			  struct frame *f)
{
	static struct span spans[FRAME_ENVELOPES_MAX];
	size_t feed = sim_feed(s, f->updates.feed);
	const struct sim_update *u;
	size_t i;

	memcpy(spans, f->updates.envelopes, f->updates.n * sizeof(*spans));
	for (i = 0; i < f->updates.n && feed == node && sees_other(s, l); i++) {
		u = sim_update_find(s, spans[i]);
		u = u == NULL ? NULL : other_line(s, node, u->head.seq);
		if (u != NULL) {
			spans[i] = blob_span(u->envelope);
		}
	}
	f->updates.envelopes = spans;
	if (does(s, node, SIM_WITHHOLD) && !chance(s, 4)) {
		if (f->updates.lane != FRAME_LANE_END) {
			return false;
		}
		f->updates.n = 0;
	}
	if (does(s, node, SIM_FORGE) && f->updates.n > 0 && chance(s, 20)) {
		i = sim_random(s, f->updates.n);
		spans[i] = damage(s, spans[i]);
	}
	return true;
}

/* What @node's engine sends on @l. False: it is not sent at all. */
bool hostile_send(struct sim *s, size_t node, const struct sim_link *l,
		  struct frame *f)
{
	static struct clock_entry entries[FRAME_ENTRIES_MAX];

	switch (f->type) {
	case FRAME_CLOCK:
		lie_entries(s, node, l, f->clock.entries, f->clock.n, entries);
		f->clock.entries = entries;
		return true;
	case FRAME_HAVE:
		lie_entries(s, node, l, f->have.entries, f->have.n, entries);
		f->have.entries = entries;
		return true;
	case FRAME_UPDATES:
		return alter_updates(s, node, l, f);
	case FRAME_RECEIPT:
	case FRAME_FORK_PROOF:
	case FRAME_PONG:
		return !does(s, node, SIM_WITHHOLD);
	default:
		return true;
	}
}

/* ---- what no engine would send -------------------------------------------
 */

static void send_one(struct sim *s, size_t node, const struct sim_link *l,
		     struct span envelope, size_t feed, enum frame_lane lane)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	f.type = FRAME_UPDATES;
	memcpy(f.updates.feed, s->feeds[feed], SHA256_BYTES);
	f.updates.lane = lane;
	f.updates.envelopes = &envelope;
	f.updates.n = 1;
	net_put(s, node, l->conn, &f);
}

/* An update of another's feed that fits, but for the key that signed it. */
static void act_stranger(struct sim *s, size_t node, const struct sim_link *l)
{
	size_t feed = sim_random(s, s->options.feeds);
	const struct sim_log *log = &s->nodes[node].logs[feed];
	uint32_t number;

	if (feed == node || log->n == 0) {
		return;
	}
	number = sim_update_add(s, feed,
				&s->updates[log->updates[log->n - 1]].head,
				s->nodes[node].key);
	send_one(s, node, l, blob_span(s->updates[number].envelope), feed,
		 chance(s, 2) ? FRAME_LANE_LIVE : FRAME_LANE_CATCH_UP);
}

/* A true update again, or one that comes long before its time. */
static void act_replay(struct sim *s, size_t node, const struct sim_link *l)
{
	size_t feed = sim_random(s, s->options.feeds);
	const struct sim_log *log = &s->nodes[node].logs[feed];
	uint32_t number;

	if (log->n > 0) {
		number = log->updates[sim_random(s, log->n)];
		send_one(s, node, l, blob_span(s->updates[number].envelope),
			 feed, (enum frame_lane)sim_random(s, 3));
	}
}

/* What an author signs and no store takes: its own feed stops, no other. */
static void act_bad(struct sim *s, size_t node, const struct sim_link *l)
{
	const struct sim_log *log = &s->nodes[node].logs[node];
	uint32_t number;

	if (node >= s->options.feeds || log->n == 0) {
		return;
	}
	number = sim_update_add(s, node,
				&s->updates[log->updates[log->n - 1]].head,
				s->feeds[node]);
	s->updates[number].bad = true;
	send_one(s, node, l, blob_span(s->updates[number].envelope), node,
		 (enum frame_lane)sim_random(s, 3));
}

/* A receipt of its own, with a higher counter each time. */
static void flood_receipt(struct sim *s, size_t node, struct frame *f,
			  struct buf *b)
{
	struct sim_node *n = &s->nodes[node];

	n->counter++;
	buf_clear(b);
	buf_add(b, &n->id, sizeof(n->id));
	buf_add(b, &n->counter, sizeof(n->counter));
	f->type = FRAME_RECEIPT;
	f->receipt.statement = buf_span(b);
}

static void act_flood(struct sim *s, size_t node, const struct sim_link *l)
{
	struct clock_entry entry;
	struct frame f;
	struct buf b;
	size_t i;
	uint64_t kind = sim_random(s, 7);

	buf_init(&b, 1024);
	for (i = 0; i < FLOOD_FRAMES; i++) {
		memset(&f, 0, sizeof(f));
		memset(&entry, 0, sizeof(entry));
		memcpy(entry.feed, s->feeds[sim_random(s, s->options.feeds)],
		       SHA256_BYTES);
		entry.seq = 1 + sim_random(s, 100000);
		f.type = (enum frame_type)(FRAME_WANT + kind);
		if (kind == 0) {
			memcpy(f.want.feed, entry.feed, SHA256_BYTES);
			f.want.from = 1;
			f.want.to = entry.seq;
			f.want.credit = FRAME_CREDIT_MAX;
		} else if (kind == 1) {
			f.type = FRAME_PING;
		} else if (kind == 2) {
			f.have.entries = &entry;
			f.have.n = 1;
		} else if (kind == 3) {
			memcpy(f.graft.feed, entry.feed, SHA256_BYTES);
			f.graft.from = 1;
		} else if (kind == 4) {
			memcpy(f.prune.feed, entry.feed, SHA256_BYTES);
		} else if (kind == 5) {
			flood_receipt(s, node, &f, &b);
		} else {
			memcpy(f.fork_proof.feed, entry.feed, SHA256_BYTES);
			f.fork_proof.proof = span_of("proof");
		}
		net_put(s, node, l->conn, &f);
	}
	buf_release(&b);
}

/* One of the things that @node does, on one of its links. */
void hostile_act(struct sim *s, size_t node)
{
	const struct sim_link *l = &s->links[sim_random(s, s->options.links)];
	size_t times = 1 + sim_random(s, 20);

	act_later(s, node);
	if (s->nodes[node].engine == NULL || l->conn == 0 ||
	    (l->node[0] != node && l->node[1] != node)) {
		return;
	}
	if (does(s, node, SIM_FORGE) && chance(s, 2)) {
		act_stranger(s, node, l);
	}
	if (does(s, node, SIM_BAD) && chance(s, 10)) {
		act_bad(s, node, l);
	}
	while (does(s, node, SIM_REPLAY) && times > 0) {
		act_replay(s, node, l);
		times--;
	}
	if (does(s, node, SIM_FLOOD) && chance(s, 40)) {
		act_flood(s, node, l);
	}
}
