/*
 * Driving the engine: an event in, its effects carried out in their order.
 *
 * Effects that fail at once (a connection that cannot take a frame) are told to
 * the engine after the step, in steps of their own. What the effects need of
 * the pool is begun here and answered by later events.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/node/node_private.h"
#include "proto/forkproof.h"

/* More can not come of one step: one for each session, twice. */
#define LATER_MAX (4u * GOSSIP_PEERS_MAX)

uint64_t node_now_ms(const struct node *n)
{
	return uv_now(&n->loop);
}

uint64_t node_clock_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec;
}

/* xorshift64*: for jitter and choices, never for secrets. */
uint64_t node_random(struct node *n, uint64_t below)
{
	assert(below > 0);
	n->random ^= n->random >> 12;
	n->random ^= n->random << 25;
	n->random ^= n->random >> 27;
	return (n->random * 0x2545f4914f6cdd1dull) % below;
}

void drive_later(struct node *n, const struct gossip_event *event)
{
	struct gossip_event *grown;
	size_t cap;

	assert(event->type == GOSSIP_PEER_DOWN || event->type == GOSSIP_SENT);
	if (n->later_n == n->later_cap) {
		cap = n->later_cap == 0 ? 16 : 2 * n->later_cap;
		assert(cap <= LATER_MAX);
		grown = realloc(n->later, cap * sizeof(*grown));
		if (grown == NULL) {
			node_fail(n, WEALD_NOMEM, NULL);
			return;
		}
		n->later = grown;
		n->later_cap = cap;
	}
	n->later[n->later_n++] = *event;
}

/* An updates frame without the contents of its envelopes. */
static int send_headers(struct session *s, const struct frame *frame)
{
	struct frame bare = *frame;
	struct span *spans = NULL;
	size_t *ends = NULL;
	struct envelope e;
	struct buf b;
	size_t i;
	int r = WEALD_OK;

	assert(frame->type == FRAME_UPDATES);
	buf_init(&b, FRAME_BODY_BYTES_MAX);
	spans = calloc(frame->updates.n + 1, sizeof(*spans));
	ends = calloc(frame->updates.n + 1, sizeof(*ends));
	if (spans == NULL || ends == NULL) {
		r = WEALD_NOMEM;
	}
	for (i = 0; r == WEALD_OK && i < frame->updates.n; i++) {
		r = envelope_decode(frame->updates.envelopes[i], &e, NULL);
		if (r == WEALD_OK) {
			r = forkproof_add_bare(&e, &b);
			envelope_release(&e);
		}
		ends[i] = b.len;
	}
	for (i = 0; r == WEALD_OK && i < frame->updates.n; i++) {
		size_t from = i == 0 ? 0 : ends[i - 1];

		spans[i] = (struct span){ b.data + from, ends[i] - from };
	}
	if (r == WEALD_OK) {
		bare.updates.envelopes = spans;
		r = conn_send(s->conn, &bare);
	}
	free(spans);
	free(ends);
	buf_release(&b);
	return r;
}

static void perform_send(struct node *n, const struct gossip_effect *e)
{
	struct session *s = session_find(n, e->send.peer);
	int r;

	if (s == NULL || s->state != SESSION_PEER) {
		return; /* it has gone: PEER_DOWN is on its way */
	}
	if (e->send.fill == FRAME_FILL_HEADERS &&
	    e->send.frame->type == FRAME_UPDATES) {
		r = send_headers(s, e->send.frame);
	} else {
		r = conn_send(s->conn, e->send.frame);
	}
	if (r != WEALD_OK) {
		log_warning("cannot send, closing conn=%u frame=%s error=%s",
			    s->id, frame_name(e->send.frame->type),
			    err_name(r));
		session_drop(s, false, "restarting", "out of memory");
	}
}

static void perform_drop(struct node *n, const struct gossip_effect *e)
{
	const char *reason = gossip_reason_name(e->drop_peer.reason);
	struct session *s = session_find(n, e->drop_peer.peer);
	char key[LOG_KEY_BYTES];
	char detail[FRAME_DETAIL_BYTES_MAX];

	if (s == NULL || s->state != SESSION_PEER) {
		return;
	}
	if (e->drop_peer.err != WEALD_OK) {
		/* the name of the rule first: its software can act on it */
		snprintf(detail, sizeof(detail), "%s: %s: %s",
			 err_name(e->drop_peer.err),
			 gossip_reason_text(e->drop_peer.reason),
			 err_text(e->drop_peer.err));
	} else {
		snprintf(detail, sizeof(detail), "%s",
			 gossip_reason_text(e->drop_peer.reason));
	}
	if (log_limit_pass(&n->log_peers, node_now_ms(n))) {
		/* nobody need act where it is nobody's fault */
		log_line(e->drop_peer.back_off ? LOG_LEVEL_WARNING
					       : LOG_LEVEL_INFO,
			 "peer dropped peer=%s address=%s reason=%s error=%s",
			 log_key(s->key, key), conn_address(s->conn), reason,
			 err_name(e->drop_peer.err));
	}
	if (e->drop_peer.back_off) {
		back_off_add(n, s->key, reason);
	}
	session_close(s, e->drop_peer.back_off, reason, detail);
}

static void perform_report(struct node *n, const struct gossip_effect *e)
{
	static const uint8_t none[SHA256_BYTES];
	struct session *s = session_find(n, e->report.peer);
	struct replica *r = NULL;
	const char *name = gossip_reason_name(e->report.reason);
	char key[LOG_KEY_BYTES];

	if (memcmp(e->report.feed, none, sizeof(none)) != 0) {
		r = replica_find(n, e->report.feed);
	}
	if (r != NULL && e->report.err != WEALD_OK) {
		r->refused_err = e->report.err;
		r->refused_seq = e->report.number;
		r->refused_ms = node_now_ms(n);
	}
	if (e->report.reason == GOSSIP_WHY_GUARD_OPEN ||
	    e->report.reason == GOSSIP_WHY_GUARD_MAJORITY) {
		log_info("signing is allowed reason=%s said=%llu", name,
			 (unsigned long long)e->report.number);
		membership_profile(n, n->own);
	} else if (log_limit_pass(&n->log_peers, node_now_ms(n))) {
		log_warning("%s reason=%s feed=%s seq=%llu error=%s peer=%s",
			    gossip_reason_text(e->report.reason), name,
			    r == NULL ? "-" : replica_label(r),
			    (unsigned long long)e->report.number,
			    err_name(e->report.err),
			    s == NULL ? "-" : log_key(s->key, key));
	}
	watch_tell(n, json_pack("{s:s, s:s, s:s, s:I}", "event", "report",
				"reason", name, "feed",
				r == NULL ? "" : replica_label(r), "seq",
				(json_int_t)e->report.number));
}

static void wake_cb(uv_timer_t *timer)
{
	struct node *n = timer->data;
	struct gossip_event event = { .type = GOSSIP_TIMEOUT };

	if (n->engine != NULL) {
		drive(n, &event);
	}
}

static void perform_wake(struct node *n, uint64_t at_ms)
{
	uint64_t now = node_now_ms(n);

	if (at_ms == UINT64_MAX) {
		uv_timer_stop(&n->wake);
	} else {
		uv_timer_start(&n->wake, wake_cb, at_ms > now ? at_ms - now : 0,
			       0);
	}
}

static void perform(struct node *n, const struct gossip_effect *e)
{
	struct session *s;

	switch (e->type) {
	case GOSSIP_SEND:
		perform_send(n, e);
		break;
	case GOSSIP_READING:
		s = session_find(n, e->reading.peer);
		if (s != NULL && s->state == SESSION_PEER) {
			conn_set_reading(s->conn, e->reading.on);
		}
		break;
	case GOSSIP_DROP_PEER:
		perform_drop(n, e);
		break;
	case GOSSIP_VERIFY:
		verify_begin(n, e);
		break;
	case GOSSIP_APPEND:
		append_begin(n, e);
		break;
	case GOSSIP_READ:
		read_begin(n, e);
		break;
	case GOSSIP_SIGN_RECEIPT:
		receipts_sign(n, e);
		break;
	case GOSSIP_CHECK_RECEIPT:
		receipts_check(n, e);
		break;
	case GOSSIP_JUDGE_FORK:
		judge_begin(n, e);
		break;
	case GOSSIP_CHECK_PROOF:
		check_proof_begin(n, e);
		break;
	case GOSSIP_WAKE_AT:
		perform_wake(n, e->wake_at.at_ms);
		break;
	case GOSSIP_REPORT:
		perform_report(n, e);
		break;
	}
}

static void step(struct node *n, struct gossip_event *event)
{
	const struct gossip_effect *effects = NULL;
	size_t count = 0;
	size_t i;
	int r;

	event->now_ms = node_now_ms(n);
	r = gossip_step(n->engine, event, &effects, &count);
	if (r == WEALD_NOMEM) {
		node_fail(n, r, NULL);
		return;
	}
	if (r != WEALD_OK) {
		log_warning("one feed more than a node can follow error=%s",
			    err_name(r));
		return;
	}
	for (i = 0; i < count; i++) {
		perform(n, &effects[i]);
	}
}

void drive(struct node *n, struct gossip_event *event)
{
	struct gossip_event next;
	size_t i;

	assert(!n->driving && "the engine is not re-entrant");
	assert(n->engine != NULL);
	n->driving = true;
	step(n, event);
	for (i = 0; i < n->later_n; i++) {
		next = n->later[i]; /* the array may move */
		step(n, &next);
	}
	n->later_n = 0;
	verify_flush(n);
	n->driving = false;
}
