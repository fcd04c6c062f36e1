/*
 * Forks, as the store judges them. A proof is the numbers of two updates that
 * follow the same one; here anybody can see who signed what.
 */
#include "tests/sim/sim.h"

#include <string.h>

#define JUDGE_US 500u

static bool is_authors(const struct sim *s, const struct sim_update *u)
{
	return memcmp(u->head.key, s->feeds[u->feed], PUBKEY_BYTES) == 0;
}

void fork_judge(struct sim *s, size_t node, const struct gossip_effect *effect)
{
	struct sim_event e = sim_later(s, node, SIM_JUDGED, JUDGE_US);

	if (s->options.hostile == 0) {
		sim_fail(s, "node %zu suspects a fork where none is", node);
	}
	e.ticket = sim_feed(s, effect->judge_fork.feed);
	e.blob = blob_ref(effect->judge_fork.envelope);
	sim_push(s, &e);
}

void fork_check_proof(struct sim *s, size_t node,
		      const struct gossip_effect *effect)
{
	struct sim_event e = sim_later(s, node, SIM_PROOF, JUDGE_US);

	e.ticket = effect->check_proof.ticket;
	e.from = sim_feed(s, effect->check_proof.feed);
	e.blob = blob_ref(effect->check_proof.proof);
	sim_push(s, &e);
}

/* The driver keeps the proof that shows the lowest seq. */
static void keep(struct sim *s, size_t node, size_t feed, uint64_t seq,
		 const uint32_t proof[2])
{
	struct sim_log *log = &s->nodes[node].logs[feed];

	if (log->disputed_from != 0 && log->disputed_from <= seq) {
		return;
	}
	log->disputed_from = seq;
	memcpy(log->proof, proof, sizeof(log->proof));
	sim_trace(s, node,
		  "knows that node %zu's feed is disputed from seq %llu", feed,
		  (unsigned long long)seq);
	if (!hostile_is(s, feed)) {
		sim_fail(s, "node %zu accuses honest node %zu", node, feed);
	}
}

/* Their update @theirs and our line: sets all of the event but the proof. */
static void judge(const struct sim *s, const struct sim_log *log,
		  const struct sim_update *theirs, struct gossip_event *event)
{
	const struct sim_update *ours;
	uint64_t seq = theirs->head.seq;

	event->fork_judged.verdict = GOSSIP_FORK_NONE;
	if (!is_authors(s, theirs) || log->n == 0) {
		return;
	}
	if (seq > log->n) {
		ours = &s->updates[log->updates[log->n - 1]];
		if (seq > log->n + 1 || memcmp(theirs->prev, ours->head.digest,
					       SHA256_BYTES) != 0) {
			event->fork_judged.verdict = GOSSIP_FORK_EARLIER;
			event->fork_judged.seq = log->n;
		}
		return;
	}
	ours = &s->updates[log->updates[seq - 1]];
	if (ours == theirs) {
		return;
	}
	if (memcmp(theirs->prev, ours->prev, SHA256_BYTES) != 0) {
		event->fork_judged.verdict = GOSSIP_FORK_EARLIER;
		event->fork_judged.seq = seq - 1;
		return;
	}
	event->fork_judged.verdict = GOSSIP_FORK_PROVEN;
	event->fork_judged.seq = seq;
}

void fork_judged(struct sim *s, const struct sim_event *e)
{
	const struct sim_log *log = &s->nodes[e->node].logs[e->ticket];
	const struct sim_update *u = sim_update_find(s, blob_span(e->blob));
	struct gossip_event event;
	uint32_t proof[2] = { 0, 0 };
	uint32_t swap;

	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_FORK_JUDGED;
	memcpy(event.fork_judged.feed, s->feeds[e->ticket], SHA256_BYTES);
	if (u != NULL) {
		judge(s, log, u, &event);
	}
	if (u != NULL && event.fork_judged.verdict == GOSSIP_FORK_PROVEN) {
		proof[0] = (uint32_t)(u - s->updates);
		proof[1] = log->updates[u->head.seq - 1];
		if (proof[0] > proof[1]) {
			swap = proof[0];
			proof[0] = proof[1];
			proof[1] = swap;
		}
		event.fork_judged.proof.data = (const uint8_t *)proof;
		event.fork_judged.proof.len = sizeof(proof);
		keep(s, e->node, e->ticket, event.fork_judged.seq, proof);
	}
	sim_step(s, e->node, &event);
}

/* As forkproof_check() and forkproof_judge() do. */
static int check(const struct sim *s, const struct sim_log *log, size_t feed,
		 const uint32_t proof[2], uint64_t *out_seq)
{
	const struct sim_update *a;
	const struct sim_update *b;

	if (proof[0] >= proof[1] || proof[1] >= s->updates_n) {
		return WEALD_FORK_PROOF;
	}
	a = &s->updates[proof[0]];
	b = &s->updates[proof[1]];
	if (a->feed != feed || b->feed != feed || a->head.seq != b->head.seq ||
	    memcmp(a->prev, b->prev, SHA256_BYTES) != 0) {
		return WEALD_FORK_PROOF;
	}
	*out_seq = a->head.seq;
	if (log->n + 1 < a->head.seq) {
		return WEALD_SEQ_GAP;
	}
	if (a->head.seq > 1 &&
	    memcmp(s->updates[log->updates[a->head.seq - 2]].head.digest,
		   a->prev, SHA256_BYTES) != 0) {
		return WEALD_PREV_OTHER;
	}
	return is_authors(s, a) && is_authors(s, b) ? WEALD_OK
						    : WEALD_KEY_CHANGED;
}

void fork_proof_checked(struct sim *s, const struct sim_event *e)
{
	const struct sim_log *log = &s->nodes[e->node].logs[e->from];
	struct gossip_event event;
	uint32_t proof[2];

	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_PROOF_CHECKED;
	event.proof_checked.ticket = e->ticket;
	event.proof_checked.err = WEALD_FORK_PROOF;
	if (e->blob->len == sizeof(proof)) {
		memcpy(proof, e->blob->data, sizeof(proof));
		event.proof_checked.err =
			check(s, log, e->from, proof, &event.proof_checked.seq);
	}
	if (event.proof_checked.err == WEALD_OK) {
		keep(s, e->node, e->from, event.proof_checked.seq, proof);
	}
	sim_step(s, e->node, &event);
}
