/*
 * The network. Connections are as TCP makes them: bytes arrive in order or not
 * at all. So what is lost shows as a wait, or as a connection that breaks, and
 * frames overtake each other only between links.
 */
#include "tests/sim/sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_PER_MS 2000u /* what a line takes: 2 MB/s */
#define REDIAL_US    (200 * MS)
#define JITTER_US    500u
#define BAN_US       (5 * SECOND)

static size_t side_of(const struct sim_link *l, size_t node)
{
	assert(l->node[0] == node || l->node[1] == node);
	return l->node[0] == node ? 0 : 1;
}

static struct sim_link *link_of(struct sim *s, size_t node, uint32_t conn)
{
	size_t i;

	for (i = 0; i < s->options.links; i++) {
		if (s->links[i].conn == conn && (s->links[i].node[0] == node ||
						 s->links[i].node[1] == node)) {
			return &s->links[i];
		}
	}
	return NULL;
}

static struct sim_event link_event(struct sim *s, const struct sim_link *l,
				   enum sim_what what, uint64_t at)
{
	struct sim_event e;

	memset(&e, 0, sizeof(e));
	e.at = at;
	e.what = what;
	e.link = (uint32_t)(l - s->links);
	e.conn = l->conn;
	return e;
}

static void redial(struct sim *s, struct sim_link *l)
{
	struct sim_event e =
		link_event(s, l, SIM_DIAL,
			   s->now + REDIAL_US + sim_random(s, REDIAL_US));

	sim_push(s, &e);
}

/* ---- the graph -----------------------------------------------------------
 */

static bool are_joined(const struct sim *s, size_t links, size_t a, size_t b)
{
	size_t i;

	for (i = 0; i < links; i++) {
		if ((s->links[i].node[0] == a && s->links[i].node[1] == b) ||
		    (s->links[i].node[0] == b && s->links[i].node[1] == a)) {
			return true;
		}
	}
	return false;
}

/* A ring, so that the graph is connected, then links by lot. */
void net_init(struct sim *s)
{
	struct sim_link *l;
	struct sim_event e;
	size_t n = s->options.nodes;
	size_t i;

	assert(s->options.links <= n * (n - 1) / 2);
	s->links = calloc(s->options.links, sizeof(*s->links));
	if (s->links == NULL) {
		abort();
	}
	for (i = 0; i < s->options.links; i++) {
		l = &s->links[i];
		if (i < n) {
			l->node[0] = i;
			l->node[1] = (i + 1) % n;
		} else {
			do {
				l->node[0] = sim_random(s, n);
				l->node[1] = sim_random(s, n);
			} while (l->node[0] == l->node[1] ||
				 are_joined(s, i, l->node[0], l->node[1]));
		}
		l->latency_us =
			s->options.latency_min_us +
			sim_random(s, s->options.latency_max_us -
					      s->options.latency_min_us + 1);
		e = link_event(s, l, SIM_DIAL, sim_random(s, 100 * MS));
		sim_push(s, &e);
	}
}

void net_distances(const struct sim *s, size_t from, size_t *out_far)
{
	size_t changed = 1;
	size_t a;
	size_t b;
	size_t i;

	for (i = 0; i < s->options.nodes; i++) {
		out_far[i] = i == from ? 0 : s->options.nodes;
	}
	while (changed > 0) {
		changed = 0;
		for (i = 0; i < s->options.links * 2; i++) {
			a = s->links[i / 2].node[i % 2];
			b = s->links[i / 2].node[1 - i % 2];
			if (!hostile_is(s, a) && !hostile_is(s, b) &&
			    out_far[a] + 1 < out_far[b]) {
				out_far[b] = out_far[a] + 1;
				changed++;
			}
		}
	}
}

size_t net_diameter(const struct sim *s)
{
	size_t *far = calloc(s->options.nodes, sizeof(*far));
	size_t max = 0;
	size_t i;
	size_t j;

	if (far == NULL) {
		abort();
	}
	for (i = 0; i < s->options.nodes; i++) {
		net_distances(s, i, far);
		for (j = 0; j < s->options.nodes; j++) {
			if (far[j] < s->options.nodes && far[j] > max) {
				max = far[j];
			}
		}
	}
	free(far);
	return max;
}

/* ---- connections ---------------------------------------------------------
 */

static void tell_up(struct sim *s, struct sim_link *l, size_t side)
{
	struct gossip_event event;
	const struct sim_node *other = &s->nodes[l->node[1 - side]];

	l->up[side] = true;
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_PEER_UP;
	event.peer_up.peer = l->conn;
	event.peer_up.dialled = side == 0;
	memcpy(event.peer_up.key, other->key, PUBKEY_BYTES);
	sim_step(s, l->node[side], &event);
}

static void tell_down(struct sim *s, struct sim_link *l, size_t side)
{
	struct gossip_event event;

	if (!l->up[side]) {
		return;
	}
	l->up[side] = false;
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_PEER_DOWN;
	event.peer_down.peer = l->conn;
	sim_step(s, l->node[side], &event);
}

void net_dial(struct sim *s, size_t link)
{
	struct sim_link *l = &s->links[link];
	size_t side;

	if (l->conn != 0) {
		return;
	}
	if (s->nodes[l->node[0]].engine == NULL ||
	    s->nodes[l->node[1]].engine == NULL || l->stuck_until[0] > s->now ||
	    l->stuck_until[1] > s->now || l->banned_until > s->now) {
		redial(s, l);
		return;
	}
	l->conn = ++s->conns;
	for (side = 0; side < 2; side++) {
		l->arrives_at[side] = s->now;
		l->wire_free_at[side] = s->now;
		l->unsent[side] = 0;
		l->paused[side] = false;
	}
	sim_trace(s, l->node[0], "connects to node %zu", l->node[1]);
	tell_up(s, l, 0);
	if (l->conn != 0) {
		tell_up(s, l, 1);
	}
}

/* The connection breaks; each side that is left hears of it. */
static void break_link(struct sim *s, struct sim_link *l)
{
	struct sim_event e = link_event(s, l, SIM_DOWN, s->now + l->latency_us);

	sim_push(s, &e);
}

void net_down(struct sim *s, const struct sim_event *e)
{
	struct sim_link *l = &s->links[e->link];

	if (l->conn != e->conn || e->conn == 0) {
		return;
	}
	tell_down(s, l, 0);
	tell_down(s, l, 1);
	l->conn = 0;
	redial(s, l);
}

void net_close(struct sim *s, size_t node, uint32_t conn)
{
	struct sim_link *l = link_of(s, node, conn);

	if (l != NULL && l->up[side_of(l, node)]) {
		l->up[side_of(l, node)] = false;
		break_link(s, l);
	}
}

void net_ban(struct sim *s, size_t node, uint32_t conn)
{
	struct sim_link *l = link_of(s, node, conn);

	if (l != NULL) {
		l->banned_until = s->now + BAN_US;
	}
}

size_t net_peer(struct sim *s, size_t node, uint32_t conn)
{
	const struct sim_link *l = link_of(s, node, conn);

	assert(l != NULL);
	return l->node[1 - side_of(l, node)];
}

void net_crash(struct sim *s, size_t node)
{
	size_t i;

	for (i = 0; i < s->options.links; i++) {
		if (s->links[i].conn != 0 && (s->links[i].node[0] == node ||
					      s->links[i].node[1] == node)) {
			net_close(s, node, s->links[i].conn);
		}
	}
}

/* ---- frames --------------------------------------------------------------
 */

void net_send(struct sim *s, size_t node, uint32_t conn,
	      const struct frame *frame)
{
	const struct sim_link *l = link_of(s, node, conn);
	struct frame copy = *frame;

	if (l == NULL || !hostile_is(s, node)) {
		net_put(s, node, conn, frame);
	} else if (hostile_send(s, node, l, &copy)) {
		net_put(s, node, conn, &copy);
	}
}

void net_put(struct sim *s, size_t node, uint32_t conn,
	     const struct frame *frame)
{
	struct sim_link *l = link_of(s, node, conn);
	struct weald_msg msg = { "" };
	struct sim_event e;
	struct buf b;
	size_t side;
	uint64_t slow = s->nodes[node].slow + 1;
	uint64_t at;

	if (l == NULL || !l->up[side_of(l, node)]) {
		return;
	}
	side = side_of(l, node);
	buf_init(&b, FRAME_BODY_BYTES_MAX + FRAME_HEADER_BYTES);
	if (frame_encode(frame, &b) != WEALD_OK) {
		frame_check(frame, &msg);
		sim_fail(s, "node %zu: a %s that cannot be encoded: %s", node,
			 frame_name(frame->type), msg.text);
		buf_release(&b);
		return;
	}
	s->figures.frames[frame->type]++;
	s->figures.bytes += b.len;
	if (l->wire_free_at[side] < s->now) {
		l->wire_free_at[side] = s->now;
	}
	l->wire_free_at[side] += b.len * MS * slow / BYTES_PER_MS;
	l->unsent[side] += b.len;
	if (!hostile_reads(s, l->node[1 - side])) {
		buf_release(&b); /* it is never written */
		return;
	}
	at = l->wire_free_at[side];
	if (l->stuck_until[side] > at) {
		at = l->stuck_until[side];
	}
	e = link_event(s, l, SIM_WRITTEN, l->wire_free_at[side]);
	e.node = (uint32_t)node;
	e.n = b.len;
	sim_push(s, &e);
	at += l->latency_us + sim_random(s, JITTER_US);
	if (at < l->arrives_at[side]) {
		at = l->arrives_at[side];
	}
	l->arrives_at[side] = at;
	e = link_event(s, l, SIM_FRAME, at);
	e.node = (uint32_t)l->node[1 - side];
	e.blob = blob_new(buf_span(&b));
	sim_push(s, &e);
	buf_release(&b);
}

void net_written(struct sim *s, const struct sim_event *e)
{
	struct sim_link *l = &s->links[e->link];
	struct gossip_event event;
	size_t side = side_of(l, e->node);

	if (l->conn != e->conn || !l->up[side]) {
		return;
	}
	l->unsent[side] -= e->n;
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_SENT;
	event.sent.peer = e->conn;
	event.sent.unsent = l->unsent[side];
	sim_step(s, e->node, &event);
}

static void trace_frame(struct sim *s, size_t from, size_t to,
			const struct frame *f)
{
	if (s->options.trace == NULL) {
		return;
	}
	switch (f->type) {
	case FRAME_UPDATES:
		sim_trace(s, to, "gets %zu of node %zu's feed from node %zu%s",
			  f->updates.n, sim_feed(s, f->updates.feed), from,
			  f->updates.lane == FRAME_LANE_LIVE ? ""
							     : ", as asked");
		break;
	case FRAME_WANT:
		sim_trace(s, to,
			  "is asked by node %zu for seq %llu to %llu of node "
			  "%zu's feed",
			  from, (unsigned long long)f->want.from,
			  (unsigned long long)f->want.to,
			  sim_feed(s, f->want.feed));
		break;
	case FRAME_GRAFT:
		sim_trace(s, to,
			  "is asked by node %zu to push node %zu's feed from "
			  "seq %llu on",
			  from, sim_feed(s, f->graft.feed),
			  (unsigned long long)f->graft.from);
		break;
	case FRAME_HAVE:
		sim_trace(s, to,
			  "hears that node %zu holds seq %llu of node "
			  "%zu's feed%s",
			  from, (unsigned long long)f->have.entries[0].seq,
			  sim_feed(s, f->have.entries[0].feed),
			  f->have.n > 1 ? " and more" : "");
		break;
	case FRAME_PRUNE:
		sim_trace(s, to,
			  "is asked by node %zu not to push node %zu's feed",
			  from, sim_feed(s, f->prune.feed));
		break;
	default:
		sim_trace(s, to, "gets %s from node %zu", frame_name(f->type),
			  from);
		break;
	}
}

void net_frame(struct sim *s, const struct sim_event *e)
{
	struct sim_link *l = &s->links[e->link];
	struct gossip_event event;
	struct sim_event again = *e;
	struct frame f;
	struct span body;
	size_t from;
	size_t i;

	if (l->conn != e->conn || !l->up[side_of(l, e->node)]) {
		return; /* lost with its connection */
	}
	if (l->paused[side_of(l, e->node)]) {
		again.at = s->now + MS;
		again.blob = blob_ref(e->blob);
		sim_push(s, &again);
		return;
	}
	from = l->node[1 - side_of(l, e->node)];
	body = blob_span(e->blob);
	body.data += FRAME_HEADER_BYTES;
	body.len -= FRAME_HEADER_BYTES;
	if (!hostile_reads(s, e->node)) {
		return;
	}
	if (frame_decode(body, &f, NULL) != WEALD_OK) {
		sim_fail(s, "node %zu: a frame that cannot be decoded",
			 (size_t)e->node);
		return;
	}
	trace_frame(s, from, e->node, &f);
	for (i = 0; f.type == FRAME_UPDATES && i < f.updates.n; i++) {
		sim_arrived(s, from, e->node, f.updates.envelopes[i]);
	}
	memset(&event, 0, sizeof(event));
	event.type = GOSSIP_RECEIVED;
	event.received.peer = e->conn;
	event.received.frame = &f;
	sim_step(s, e->node, &event);
	frame_release(&f);
}

void net_reading(struct sim *s, size_t node, uint32_t conn, bool on)
{
	struct sim_link *l = link_of(s, node, conn);

	if (l != NULL) {
		l->paused[side_of(l, node)] = !on;
	}
}

/* ---- faults --------------------------------------------------------------
 */

/* Frames wait on one side of a link, or on both: a line that loses all. */
static void fault_stick(struct sim *s, bool both)
{
	struct sim_link *l = &s->links[sim_random(s, s->options.links)];
	size_t side = sim_random(s, 2);
	uint64_t until = s->now + 100 * MS + sim_random(s, 20 * SECOND);

	l->stuck_until[side] = until;
	sim_trace(s, l->node[side], "is not heard by node %zu any more",
		  l->node[1 - side]);
	if (both) {
		l->stuck_until[1 - side] = until;
	}
	if (sim_random(s, 2) == 0) {
		break_link(s, l);
	}
}

static void fault_crash(struct sim *s)
{
	size_t node = sim_random(s, s->options.nodes);
	struct sim_node *n = &s->nodes[node];
	struct sim_event e;
	bool restored = sim_random(s, 3) == 0;
	size_t i;

	if (n->engine == NULL) {
		return;
	}
	sim_crash(s, node);
	for (i = 0; restored && i < s->options.feeds; i++) {
		/* among hostile peers perhaps nobody in reach holds what was
		   lost of its own feed */
		if (i != node || s->options.hostile == 0) {
			n->logs[i].n = n->logs[i].kept;
			/* the proofs lie apart from the feeds */
			if (sim_random(s, 2) == 0) {
				n->logs[i].disputed_from = 0;
			}
		}
	}
	if (restored) {
		sim_trace(s, node, "is restored from its backup");
	}
	memset(&e, 0, sizeof(e));
	e.at = s->now + SECOND + sim_random(s, 10 * SECOND);
	e.what = SIM_START;
	e.node = (uint32_t)node;
	sim_push(s, &e);
}

static void fault_backup(struct sim *s)
{
	struct sim_node *n = &s->nodes[sim_random(s, s->options.nodes)];
	size_t i;

	for (i = 0; i < s->options.feeds; i++) {
		n->logs[i].kept = n->logs[i].n;
	}
}

void net_fault(struct sim *s)
{
	struct sim_node *n;
	struct sim_link *l;

	switch (sim_random(s, 8)) {
	case 0:
	case 1:
		l = &s->links[sim_random(s, s->options.links)];
		if (l->conn != 0) {
			break_link(s, l);
		}
		break;
	case 2:
		fault_stick(s, true);
		break;
	case 3:
		fault_stick(s, false);
		break;
	case 4:
		n = &s->nodes[sim_random(s, s->options.nodes)];
		n->slow = n->slow != 0 ? 0 : (unsigned)sim_random(s, 50);
		break;
	case 5:
	case 6:
		fault_backup(s);
		break;
	default:
		fault_crash(s);
		break;
	}
}
