/*
 * What happens: the queue of events, and for each the step of an engine. What
 * the engine wants done is an event later on: verifying, storing and reading
 * take their time, and what a crash interrupts never happens.
 */
#include "tests/sim/sim.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/mp.h"

#define VERIFY_US     100u
#define APPEND_US     2000u
#define APPEND_ONE_US 20u
#define READ_US       300u
#define SIGN_US       50u
#define STATUS_STEPS  256u /* between two looks at the bounds */

static void *must(void *p)
{
	if (p == NULL) {
		fputs("sim: out of memory\n", stderr);
		abort();
	}
	return p;
}

uint64_t sim_random(struct sim *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return below == 0 ? 0 : s->random % below;
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed) {
		return; /* the first one tells most */
	}
	s->failed = true;
	va_start(ap, fmt);
	vsnprintf(s->failure, sizeof(s->failure), fmt, ap);
	va_end(ap);
}

void sim_trace(struct sim *s, size_t node, const char *fmt, ...)
{
	va_list ap;

	if (s->options.trace == NULL) {
		return;
	}
	fprintf(s->options.trace, "%7llu ms  node %zu ",
		(unsigned long long)(s->now / MS), node);
	va_start(ap, fmt);
	vfprintf(s->options.trace, fmt, ap);
	va_end(ap);
	fputc('\n', s->options.trace);
}

/* ---- the queue -----------------------------------------------------------
 */

static bool event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void sim_push(struct sim *s, const struct sim_event *e)
{
	struct sim_event fresh = *e;
	size_t i;

	fresh.order = ++s->order;
	if (s->heap_n == s->heap_cap) {
		s->heap_cap = s->heap_cap == 0 ? 1024 : s->heap_cap * 2;
		s->heap =
			must(realloc(s->heap, s->heap_cap * sizeof(*s->heap)));
	}
	i = s->heap_n++;
	while (i > 0 && event_before(&fresh, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = fresh;
}

static struct sim_event heap_pop(struct sim *s)
{
	struct sim_event top = s->heap[0];
	struct sim_event last = s->heap[--s->heap_n];
	size_t i = 0;
	size_t child;

	while ((child = 2 * i + 1) < s->heap_n) {
		if (child + 1 < s->heap_n &&
		    event_before(&s->heap[child + 1], &s->heap[child])) {
			child++;
		}
		if (!event_before(&s->heap[child], &last)) {
			break;
		}
		s->heap[i] = s->heap[child];
		i = child;
	}
	if (s->heap_n > 0) {
		s->heap[i] = last;
	}
	return top;
}

struct sim_event sim_later(struct sim *s, size_t node, enum sim_what what,
			   uint64_t us)
{
	struct sim_event e;

	memset(&e, 0, sizeof(e));
	e.at = s->now + us * (s->nodes[node].slow + 1);
	e.what = what;
	e.node = (uint32_t)node;
	e.life = s->nodes[node].life;
	return e;
}

/* ---- updates -------------------------------------------------------------
 */

size_t sim_feed(const struct sim *s, const uint8_t *id)
{
	size_t i;

	memcpy(&i, id + 8, sizeof(i));
	assert(i < s->options.feeds);
	return i;
}

bool sim_is_narrow(const struct sim *s, size_t node, size_t feed)
{
	return node != feed && node >= s->options.nodes - s->options.narrow;
}

/*
 * Envelopes of the real shape; the number of the update is its nonce. The bare
 * one has nil for its contents.
 */
static void envelope_make(struct sim *s, struct sim_update *u, uint32_t number,
			  struct buf *payload)
{
	static uint8_t filler[65536];
	struct mp_writer w;
	struct buf e;

	buf_init(payload, 128 * 1024);
	mp_writer_begin(&w, payload);
	mp_put_array(&w, 9);
	mp_put_uint(&w, 1);
	mp_put_bin(&w, s->feeds[u->feed], SHA256_BYTES);
	mp_put_str(&w, span_of("sim"));
	mp_put_bin(&w, s->feeds[u->feed], SHA256_BYTES);
	mp_put_uint(&w, u->head.epoch);
	mp_put_uint(&w, u->head.seq);
	mp_put_bin(&w, u->prev, SHA256_BYTES);
	mp_put_bin(&w, filler, (size_t)s->options.update_bytes);
	mp_put_bin(&w, &number, sizeof(number));
	mp_writer_end(&w);
	buf_init(&e, 256 * 1024);
	mp_writer_begin(&w, &e);
	mp_put_array(&w, 3);
	mp_put_bin(&w, payload->data, payload->len);
	mp_put_bin(&w, filler, SIG_BYTES);
	mp_put_array(&w, 0);
	mp_writer_end(&w);
	u->envelope = must(blob_new(buf_span(&e)));
	e.data[e.len - 1] = 0xc0;
	u->bare = must(blob_new(buf_span(&e)));
	buf_release(&e);
}

struct sim_update *sim_update_find(struct sim *s, struct span b)
{
	static const size_t tail = sizeof(uint32_t) + 2 + SIG_BYTES + 1;
	uint32_t number;

	if (b.len < tail) {
		return NULL;
	}
	memcpy(&number, b.data + b.len - tail, sizeof(number));
	if (number >= s->updates_n ||
	    (!span_equal(b, blob_span(s->updates[number].envelope)) &&
	     !span_equal(b, blob_span(s->updates[number].bare)))) {
		return NULL;
	}
	return &s->updates[number];
}

void sim_arrived(struct sim *s, size_t from, size_t to, struct span envelope)
{
	struct sim_update *u = sim_update_find(s, envelope);

	s->figures.deliveries++;
	if (u != NULL && u->hops[to] == 0 && u->hops[from] < UINT8_MAX) {
		u->hops[to] = (uint8_t)(u->hops[from] + 1);
		u->last_hop = u->hops[to];
	}
}

static void log_add(struct sim_log *log, uint32_t update)
{
	assert(log != NULL);
	if (log->n == log->cap) {
		log->cap = log->cap == 0 ? 8 : log->cap * 2;
		log->updates = must(realloc(log->updates,
					    log->cap * sizeof(*log->updates)));
	}
	log->updates[log->n++] = update;
}

static struct gossip_head log_head(const struct sim *s,
				   const struct sim_log *log)
{
	struct gossip_head none;

	assert(log != NULL);
	memset(&none, 0, sizeof(none));
	return log->n == 0 ? none : s->updates[log->updates[log->n - 1]].head;
}

uint32_t sim_update_add(struct sim *s, size_t feed,
			const struct gossip_head *last,
			const uint8_t key[PUBKEY_BYTES])
{
	struct gossip_head before = *last; /* of an update, which may move */
	struct sim_update *u;
	struct buf payload;

	if (s->updates_n == s->updates_cap) {
		s->updates_cap = s->updates_cap == 0 ? 256 : s->updates_cap * 2;
		s->updates =
			must(realloc(s->updates, s->updates_cap * sizeof(*u)));
	}
	u = &s->updates[s->updates_n];
	memset(u, 0, sizeof(*u));
	u->feed = feed;
	u->head.seq = before.seq + 1;
	memcpy(u->head.key, key, sizeof(u->head.key));
	memcpy(u->prev, before.digest, sizeof(u->prev));
	envelope_make(s, u, (uint32_t)s->updates_n, &payload);
	if (digest_sha256(buf_span(&payload), u->head.digest) != WEALD_OK) {
		abort();
	}
	buf_release(&payload);
	memcpy(u->head.commit, u->head.digest, sizeof(u->head.commit));
	u->published_at = s->now;
	u->hops = must(calloc(s->options.nodes, 1));
	u->hops[feed] = 1;
	return (uint32_t)s->updates_n++;
}

/* Somebody else has an update that its author no longer has. */
static bool is_forked(const struct sim *s, size_t feed, uint64_t seq)
{
	size_t i;

	for (i = 0; i < s->options.nodes; i++) {
		if (i != feed && s->nodes[i].logs[feed].n >= seq) {
			return true;
		}
	}
	return false;
}

bool sim_publish(struct sim *s, size_t node)
{
	struct sim_node *n = &s->nodes[node];
	struct gossip_event event;
	struct gossip_head last;
	struct sim_update *u;
	enum gossip_guard why;
	uint32_t number;

	if (n->engine == NULL || n->logs[node].appending) {
		return false;
	}
	if (!gossip_may_sign(n->engine, &why)) {
		s->figures.unsigned_n += n->traits == 0 ? 1 : 0;
		sim_trace(s, node, "may not sign: %s", gossip_guard_text(why));
		return false;
	}
	if (n->traits == 0 && is_forked(s, node, n->logs[node].n + 1)) {
		sim_fail(s, "node %zu forks its own feed at seq %zu", node,
			 n->logs[node].n + 1);
		return false;
	}
	last = log_head(s, &n->logs[node]);
	number = sim_update_add(s, node, &last, s->feeds[node]);
	log_add(&n->logs[node], number);
	u = &s->updates[number];
	u->arrived_n = 1;
	s->figures.published++;
	sim_trace(s, node, "publishes seq %llu of its feed",
		  (unsigned long long)u->head.seq);
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_LOCAL_WRITE;
	event.local_write.head = u->head;
	event.local_write.envelope = u->envelope;
	sim_step(s, node, &event);
	return true;
}

/* ---- the effects of a step -----------------------------------------------
 */

static void do_verify(struct sim *s, size_t node,
		      const struct gossip_effect *effect)
{
	uint64_t *free_at = s->nodes[node].verify_free_at;
	struct sim_event e = sim_later(s, node, SIM_VERIFIED, 0);
	uint64_t us = (VERIFY_US + sim_random(s, VERIFY_US)) *
		      (s->nodes[node].slow + 1);
	size_t i;

	/* one at a time: what is live does not wait for what is not */
	for (i = effect->verify.live ? 0 : 1; i < 2; i++) {
		free_at[i] = (free_at[i] > s->now ? free_at[i] : s->now) + us;
	}
	e.at = free_at[effect->verify.live ? 0 : 1];
	e.ticket = effect->verify.ticket;
	e.blob = blob_ref(effect->verify.envelope);
	sim_push(s, &e);
}

/* What the store would refuse is a fault of the engine: it verified order. */
static void do_append(struct sim *s, size_t node,
		      const struct gossip_effect *effect)
{
	size_t feed = sim_feed(s, effect->append.feed);
	struct sim_log *log = &s->nodes[node].logs[feed];
	struct sim_event e =
		sim_later(s, node, SIM_APPENDED,
			  APPEND_US + sim_random(s, APPEND_US) +
				  effect->append.n * APPEND_ONE_US);
	const struct sim_update *u;
	struct gossip_head last = log_head(s, log);
	size_t i;

	if (log->appending) {
		sim_fail(s, "node %zu: two APPENDs of feed %zu", node, feed);
	}
	log->appending = true;
	for (i = 0; i < effect->append.n; i++) {
		u = sim_update_find(s, blob_span(effect->append.envelopes[i]));
		if (u == NULL || u->feed != feed ||
		    u->head.seq != last.seq + 1 ||
		    memcmp(u->prev, last.digest, sizeof(u->prev)) != 0 ||
		    memcmp(u->head.key, s->feeds[feed], PUBKEY_BYTES) != 0) {
			sim_fail(s, "node %zu: a wrong update of feed %zu",
				 node, feed);
			return;
		}
		if (!sim_is_narrow(s, node, feed) &&
		    span_equal(blob_span(effect->append.envelopes[i]),
			       blob_span(u->bare))) {
			sim_fail(s, "node %zu: no contents in feed %zu", node,
				 feed);
		}
		if (u->bad) {
			e.conn = 1; /* refused */
			break;
		}
		last = u->head;
	}
	e.ticket = feed;
	e.n = i;
	/* the blobs of the batch are found again by their updates */
	e.from = log->n;
	for (i = 0; i < e.n; i++) {
		u = sim_update_find(s, blob_span(effect->append.envelopes[i]));
		log_add(log, (uint32_t)(u - s->updates));
	}
	log->n = (size_t)e.from; /* durable only when the time has come */
	sim_push(s, &e);
}

static void do_send(struct sim *s, size_t node,
		    const struct gossip_effect *effect)
{
	struct frame copy = *effect->send.frame;
	struct span *bare;
	size_t i;

	if (copy.type != FRAME_UPDATES || effect->send.fill == FRAME_FILL_ALL) {
		net_send(s, node, effect->send.peer, &copy);
		return;
	}
	bare = must(calloc(copy.updates.n + 1, sizeof(*bare)));
	for (i = 0; i < copy.updates.n; i++) {
		bare[i] = blob_span(
			sim_update_find(s, copy.updates.envelopes[i])->bare);
	}
	copy.updates.envelopes = bare;
	net_send(s, node, effect->send.peer, &copy);
	free(bare);
}

static void do_read(struct sim *s, size_t node,
		    const struct gossip_effect *effect)
{
	size_t feed = sim_feed(s, effect->read.feed);
	const struct sim_log *log = &s->nodes[node].logs[feed];
	struct sim_event e = sim_later(s, node, SIM_READ, READ_US);
	size_t bytes = 0;
	uint64_t seq;

	if (effect->read.from < 1 || effect->read.to > log->n) {
		sim_fail(s, "node %zu reads past feed %zu", node, feed);
		return;
	}
	e.ticket = effect->read.ticket;
	e.from = effect->read.from;
	e.conn = (uint32_t)feed;
	for (seq = e.from; seq <= effect->read.to; seq++) {
		bytes += s->updates[log->updates[seq - 1]].envelope->len;
		if (e.n > 0 && bytes > effect->read.bytes) {
			break;
		}
		e.n++;
	}
	sim_push(s, &e);
}

static void do_check(struct sim *s, size_t node,
		     const struct gossip_effect *effect)
{
	struct sim_event e = sim_later(s, node, SIM_CHECKED, SIGN_US);

	e.ticket = effect->check_receipt.ticket;
	e.blob = blob_ref(effect->check_receipt.statement);
	sim_push(s, &e);
}

static void do_wake(struct sim *s, size_t node, uint64_t at_ms)
{
	struct sim_event e = sim_later(s, node, SIM_WAKE, 0);

	s->nodes[node].wake_at = at_ms;
	if (at_ms != UINT64_MAX) {
		e.at = at_ms * MS > s->now ? at_ms * MS : s->now;
		e.ticket = at_ms;
		sim_push(s, &e);
	}
}

static void do_drop(struct sim *s, size_t node,
		    const struct gossip_effect *effect)
{
	uint32_t conn = effect->drop_peer.peer;
	enum gossip_reason why = effect->drop_peer.reason;
	size_t peer = net_peer(s, node, conn);

	sim_trace(s, node, "drops node %zu: %s", peer, gossip_reason_text(why));
	if (!hostile_is(s, node) && hostile_is(s, peer)) {
		s->figures.dropped_n++;
	}
	if (!hostile_is(s, node) && !hostile_is(s, peer) &&
	    why != GOSSIP_WHY_SILENT && why != GOSSIP_WHY_HELLO_LATE) {
		sim_fail(s, "node %zu drops an honest peer: %s", node,
			 gossip_reason_name(why));
	}
	if (effect->drop_peer.back_off) {
		net_ban(s, node, conn);
	}
	net_close(s, node, conn);
}

/* fnstat: switch */
static void do_effect(struct sim *s, size_t node,
		      const struct gossip_effect *effect)
{
	struct sim_event e;

	switch (effect->type) {
	case GOSSIP_SEND:
		do_send(s, node, effect);
		break;
	case GOSSIP_READING:
		net_reading(s, node, effect->reading.peer, effect->reading.on);
		break;
	case GOSSIP_DROP_PEER:
		do_drop(s, node, effect);
		break;
	case GOSSIP_VERIFY:
		do_verify(s, node, effect);
		break;
	case GOSSIP_APPEND:
		do_append(s, node, effect);
		break;
	case GOSSIP_READ:
		do_read(s, node, effect);
		break;
	case GOSSIP_SIGN_RECEIPT:
		e = sim_later(s, node, SIM_SIGNED, SIGN_US);
		sim_push(s, &e);
		break;
	case GOSSIP_CHECK_RECEIPT:
		do_check(s, node, effect);
		break;
	case GOSSIP_JUDGE_FORK:
		fork_judge(s, node, effect);
		break;
	case GOSSIP_CHECK_PROOF:
		fork_check_proof(s, node, effect);
		break;
	case GOSSIP_WAKE_AT:
		do_wake(s, node, effect->wake_at.at_ms);
		break;
	case GOSSIP_REPORT:
		sim_trace(s, node, "reports: %s",
			  gossip_reason_text(effect->report.reason));
		break;
	}
}

void sim_step(struct sim *s, size_t node, struct gossip_event *event)
{
	struct sim_node *n = &s->nodes[node];
	const struct gossip_effect *effects;
	size_t count;
	size_t i;

	if (n->engine == NULL) {
		return;
	}
	event->now_ms = s->now / MS;
	if (gossip_step(n->engine, event, &effects, &count) != WEALD_OK) {
		sim_fail(s, "node %zu: the step failed", node);
		return;
	}
	s->figures.steps++;
	n->steps++;
	for (i = 0; i < count; i++) {
		do_effect(s, node, &effects[i]);
	}
	if (n->steps % STATUS_STEPS == 0) {
		sim_check_bounds(s, node);
	}
}

/* ---- the events ----------------------------------------------------------
 */

static void on_verified(struct sim *s, const struct sim_event *e)
{
	const struct sim_update *u = sim_update_find(s, blob_span(e->blob));
	struct gossip_event event;

	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_VERIFIED;
	event.verified.ticket = e->ticket;
	event.verified.err = WEALD_SIGNATURE;
	if (u != NULL) {
		event.verified.err = WEALD_OK;
		memcpy(event.verified.facts.feed, s->feeds[u->feed],
		       SHA256_BYTES);
		event.verified.facts.head = u->head;
		event.verified.facts.bare =
			span_equal(blob_span(e->blob), blob_span(u->bare));
		memcpy(event.verified.facts.prev, u->prev, sizeof(u->prev));
	}
	sim_step(s, e->node, &event);
}

static void on_appended(struct sim *s, const struct sim_event *e)
{
	struct sim_log *log = &s->nodes[e->node].logs[e->ticket];
	struct gossip_event event;
	struct sim_update *u;
	size_t i;

	log->appending = false;
	for (i = 0; i < e->n; i++) {
		u = &s->updates[log->updates[log->n++]];
		u->arrived_n++;
		u->last_at = s->now;
		sim_trace(s, e->node, "holds seq %llu of node %zu's feed",
			  (unsigned long long)u->head.seq, u->feed);
	}
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_APPENDED;
	memcpy(event.appended.feed, s->feeds[e->ticket], SHA256_BYTES);
	event.appended.head = log_head(s, log);
	event.appended.err = e->conn == 0 ? WEALD_OK : WEALD_TREE_OTHER;
	sim_step(s, e->node, &event);
}

static void on_read(struct sim *s, const struct sim_event *e)
{
	const struct sim_log *log = &s->nodes[e->node].logs[e->conn];
	const struct sim_update *u;
	struct gossip_event event;
	struct blob **list = must(calloc(e->n, sizeof(struct blob *)));
	size_t i;

	for (i = 0; i < e->n; i++) {
		u = &s->updates[log->updates[e->from - 1 + i]];
		list[i] = sim_is_narrow(s, e->node, e->conn) ? u->bare
							     : u->envelope;
	}
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_READ_DONE;
	event.read_done.ticket = e->ticket;
	event.read_done.envelopes = list;
	event.read_done.n = e->n;
	sim_step(s, e->node, &event);
	free(list);
}

/* A statement is the node's number and the counter, then the entries. */
static void on_signed(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = &s->nodes[e->node];
	const struct clock *clock = gossip_clock(n->engine);
	struct gossip_event event;
	struct buf b;

	n->counter = s->now > n->counter ? s->now : n->counter + 1;
	buf_init(&b, 1024 * 1024);
	buf_add(&b, &n->id, sizeof(n->id));
	buf_add(&b, &n->counter, sizeof(n->counter));
	buf_add(&b, clock->entries, clock->n * sizeof(*clock->entries));
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_RECEIPT_SIGNED;
	memcpy(event.receipt_signed.node, n->key, PUBKEY_BYTES);
	event.receipt_signed.counter = n->counter;
	event.receipt_signed.statement = buf_span(&b);
	sim_step(s, e->node, &event);
	buf_release(&b);
}

static void on_checked(struct sim *s, const struct sim_event *e)
{
	const size_t head = sizeof(size_t) + sizeof(uint64_t);
	struct gossip_event event;
	struct clock_entry *entries;
	size_t id;

	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_RECEIPT_CHECKED;
	event.receipt_checked.ticket = e->ticket;
	memcpy(&id, e->blob->data, sizeof(id));
	memcpy(&event.receipt_checked.counter, e->blob->data + sizeof(id),
	       sizeof(uint64_t));
	memcpy(event.receipt_checked.node, s->nodes[id].key, PUBKEY_BYTES);
	event.receipt_checked.n = (e->blob->len - head) / sizeof(*entries);
	entries = must(calloc(event.receipt_checked.n + 1, sizeof(*entries)));
	memcpy(entries, e->blob->data + head, e->blob->len - head);
	event.receipt_checked.entries = entries;
	sim_step(s, e->node, &event);
	free(entries);
}

static void on_wake(struct sim *s, const struct sim_event *e)
{
	struct gossip_event event;

	if (s->nodes[e->node].wake_at != e->ticket) {
		return; /* replaced by another time */
	}
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_TIMEOUT;
	sim_step(s, e->node, &event);
}

static void on_publish(struct sim *s)
{
	struct sim_event e;

	if (s->now > s->options.publish_until) {
		return;
	}
	sim_publish(s, s->quiet_feeds + sim_random(s, s->options.feeds -
							      s->quiet_feeds));
	memset(&e, 0, sizeof(e));
	e.what = SIM_PUBLISH;
	e.at = s->now + s->options.publish_every_us;
	sim_push(s, &e);
}

static void on_fault(struct sim *s)
{
	struct sim_event e;

	if (s->now > s->options.fault_until) {
		return;
	}
	net_fault(s);
	memset(&e, 0, sizeof(e));
	e.what = SIM_FAULT;
	e.at = s->now + s->options.fault_every_us / 2 +
	       sim_random(s, s->options.fault_every_us);
	sim_push(s, &e);
}

/* fnstat: switch */
static void on_event(struct sim *s, const struct sim_event *e)
{
	switch (e->what) {
	case SIM_FRAME:
		net_frame(s, e);
		return;
	case SIM_WRITTEN:
		net_written(s, e);
		return;
	case SIM_DOWN:
		net_down(s, e);
		return;
	case SIM_DIAL:
		net_dial(s, e->link);
		return;
	case SIM_PUBLISH:
		on_publish(s);
		return;
	case SIM_FAULT:
		on_fault(s);
		return;
	case SIM_START:
		sim_start(s, e->node, false);
		return;
	case SIM_ACT:
		hostile_act(s, e->node);
		return;
	default:
		break;
	}
	if (s->nodes[e->node].engine == NULL ||
	    s->nodes[e->node].life != e->life) {
		return; /* its process has ended */
	}
	switch (e->what) {
	case SIM_WAKE:
		on_wake(s, e);
		break;
	case SIM_VERIFIED:
		on_verified(s, e);
		break;
	case SIM_APPENDED:
		on_appended(s, e);
		break;
	case SIM_READ:
		on_read(s, e);
		break;
	case SIM_SIGNED:
		on_signed(s, e);
		break;
	case SIM_CHECKED:
		on_checked(s, e);
		break;
	case SIM_JUDGED:
		fork_judged(s, e);
		break;
	case SIM_PROOF:
		fork_proof_checked(s, e);
		break;
	default:
		assert(false && "an event that is not known");
	}
}

bool sim_run(struct sim *s, uint64_t until)
{
	struct sim_event e;

	while (!s->failed && s->heap_n > 0 && s->heap[0].at <= until) {
		e = heap_pop(s);
		s->now = e.at;
		on_event(s, &e);
		blob_unref(e.blob);
	}
	if (s->now < until) {
		s->now = until;
	}
	return !s->failed;
}

/* ---- starting, crashing --------------------------------------------------
 */

/* The view of the own-feed guard: the neighbours. */
static size_t view_of(const struct sim *s, size_t node,
		      uint8_t (*view)[PUBKEY_BYTES])
{
	size_t n = 0;
	size_t i;
	size_t other;

	for (i = 0; i < s->options.links; i++) {
		if (s->links[i].node[0] == node ||
		    s->links[i].node[1] == node) {
			other = s->links[i].node[s->links[i].node[0] == node];
			memcpy(view[n++], s->nodes[other].key, PUBKEY_BYTES);
		}
	}
	return n;
}

void sim_start(struct sim *s, size_t node, bool first)
{
	struct sim_node *n = &s->nodes[node];
	struct gossip_config config;
	struct gossip_event event;
	uint8_t(*view)[PUBKEY_BYTES];
	size_t i;

	if (n->engine != NULL) {
		return;
	}
	view = must(calloc(s->options.links + 1, sizeof(*view)));
	n->life++;
	memset(&config, 0, sizeof(config));
	memcpy(config.node, n->key, sizeof(config.node));
	memcpy(config.instance, &n->life, sizeof(n->life));
	if (node < s->options.feeds) {
		memcpy(config.feed, s->feeds[node], SHA256_BYTES);
	}
	config.seed = s->options.seed + node * 977 + n->life;
	config.first = first;
	config.view = (const uint8_t(*)[PUBKEY_BYTES])view;
	config.view_n = view_of(s, node, view);
	config.receipt_ms = s->options.receipt_ms;
	config.receipt_idle_ms = s->options.receipt_ms * 60;
	if (gossip_new(&config, s->now / MS, &n->engine) != WEALD_OK) {
		abort();
	}
	free(view);
	n->wake_at = UINT64_MAX;
	n->verify_free_at[0] = s->now;
	n->verify_free_at[1] = s->now;
	sim_trace(s, node, "starts");
	for (i = 0; i < s->options.feeds; i++) {
		n->logs[i].appending = false;
		memset(&event, 0, sizeof(event));
		event.type = GOSSIP_FOLLOW;
		memcpy(event.follow.feed, s->feeds[i], SHA256_BYTES);
		event.follow.policy = sim_is_narrow(s, node, i)
					      ? GOSSIP_FOLLOW_NARROW
					      : GOSSIP_FOLLOW_WHOLE;
		event.follow.head = log_head(s, &n->logs[i]);
		event.follow.disputed_from = n->logs[i].disputed_from;
		if (n->logs[i].disputed_from != 0) {
			event.follow.proof.data =
				(const uint8_t *)n->logs[i].proof;
			event.follow.proof.len = sizeof(n->logs[i].proof);
		}
		sim_step(s, node, &event);
	}
}

void sim_crash(struct sim *s, size_t node)
{
	struct sim_node *n = &s->nodes[node];

	if (n->engine == NULL) {
		return;
	}
	sim_trace(s, node, "crashes");
	gossip_free(n->engine);
	n->engine = NULL;
	net_crash(s, node);
}

/* Each feed begins with what `init` writes, and all follow it already. */
static void prefill(struct sim *s)
{
	struct gossip_head last;
	uint32_t number;
	size_t feed;
	size_t i;
	size_t node;

	for (feed = 0; feed < s->options.feeds; feed++) {
		for (i = 0; i < s->options.prefill; i++) {
			last = log_head(s, &s->nodes[feed].logs[feed]);
			number = sim_update_add(s, feed, &last, s->feeds[feed]);
			/* narrow ones come new, and ask for headers */
			for (node = 0;
			     node < s->options.nodes - s->options.narrow;
			     node++) {
				log_add(&s->nodes[node].logs[feed], number);
			}
		}
	}
	s->measured_from = s->updates_n;
}

void sim_init(struct sim *s, const struct sim_options *options)
{
	struct sim_event e;
	size_t i;
	uint64_t r;

	memset(s, 0, sizeof(*s));
	s->options = *options;
	s->random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	s->nodes = must(calloc(options->nodes, sizeof(*s->nodes)));
	s->feeds = must(calloc(options->feeds, sizeof(*s->feeds)));
	for (i = 0; i < options->feeds; i++) {
		r = sim_random(s, UINT64_MAX);
		memcpy(s->feeds[i], &r, sizeof(r));
		memcpy(s->feeds[i] + 8, &i, sizeof(i));
	}
	for (i = 0; i < options->nodes; i++) {
		s->nodes[i].id = i;
		s->nodes[i].logs =
			must(calloc(options->feeds, sizeof(struct sim_log)));
		r = sim_random(s, UINT64_MAX);
		memcpy(s->nodes[i].key, &r, sizeof(r));
		memcpy(s->nodes[i].key + 8, &i, sizeof(i));
	}
	prefill(s);
	net_init(s);
	hostile_choose(s);
	for (i = 0; i < options->nodes; i++) {
		sim_start(s, i, true);
	}
	memset(&e, 0, sizeof(e));
	e.at = SECOND;
	e.what = SIM_PUBLISH;
	if (options->publish_every_us != 0) {
		sim_push(s, &e);
	}
	e.what = SIM_FAULT;
	if (options->fault_every_us != 0) {
		sim_push(s, &e);
	}
}

void sim_release(struct sim *s)
{
	size_t i;
	size_t j;

	for (i = 0; i < s->options.nodes; i++) {
		gossip_free(s->nodes[i].engine);
		for (j = 0; j < s->options.feeds; j++) {
			free(s->nodes[i].logs[j].updates);
		}
		free(s->nodes[i].logs);
		free(s->nodes[i].fork);
	}
	for (i = 0; i < s->heap_n; i++) {
		blob_unref(s->heap[i].blob);
	}
	for (i = 0; i < s->updates_n; i++) {
		blob_unref(s->updates[i].envelope);
		blob_unref(s->updates[i].bare);
		free(s->updates[i].hops);
	}
	free(s->heap);
	free(s->nodes);
	free(s->links);
	free(s->updates);
	free(s->feeds);
}
