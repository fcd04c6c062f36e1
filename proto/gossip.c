/*
 * The step: one event goes to the part that it concerns, which adds effects;
 * then places for wants that became free are filled, and WAKE_AT is told if
 * the next time has changed.
 *
 * What effects point at are scraps: they live until the next step.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void scraps_free(struct gossip *g)
{
	struct gossip_scrap *s;

	while (g->scraps != NULL) {
		s = g->scraps;
		g->scraps = s->next;
		blob_unref(s->blob);
		free(s);
	}
}

static struct gossip_scrap *scrap_add(struct gossip *g, size_t bytes)
{
	struct gossip_scrap *s = calloc(1, sizeof(*s) + bytes);

	if (s == NULL) {
		g->nomem = true;
		return NULL;
	}
	s->next = g->scraps;
	g->scraps = s;
	return s;
}

void *gossip_scrap_alloc(struct gossip *g, size_t n, size_t size)
{
	struct gossip_scrap *s;

	if (size != 0 && n > (SIZE_MAX - sizeof(*s)) / size) {
		g->nomem = true;
		return NULL;
	}
	s = scrap_add(g, n * size);
	return s == NULL ? NULL : s->data;
}

struct blob *gossip_scrap_blob(struct gossip *g, struct blob *b)
{
	struct gossip_scrap *s = scrap_add(g, 0);

	if (s != NULL) {
		s->blob = blob_ref(b);
	}
	return b;
}

struct gossip_effect *gossip_effect_add(struct gossip *g,
					enum gossip_effect_type type)
{
	struct gossip_effect *grown;
	struct gossip_effect *e;
	size_t cap;

	if (g->effects_n == g->effects_cap) {
		cap = g->effects_cap == 0 ? 64 : g->effects_cap * 2;
		grown = realloc(g->effects, cap * sizeof(*grown));
		if (grown == NULL) {
			g->nomem = true;
			return NULL;
		}
		g->effects = grown;
		g->effects_cap = cap;
	}
	e = &g->effects[g->effects_n++];
	memset(e, 0, sizeof(*e));
	e->type = type;
	return e;
}

struct frame *gossip_send_add(struct gossip *g, struct gossip_peer *p,
			      enum frame_type type, size_t bytes)
{
	struct frame *f = gossip_scrap_alloc(g, 1, sizeof(*f));
	struct gossip_effect *e;

	if (f == NULL) {
		return NULL;
	}
	e = gossip_effect_add(g, GOSSIP_SEND);
	if (e == NULL) {
		return NULL;
	}
	f->type = type;
	e->send.peer = p->id;
	e->send.frame = f;
	p->unsent += bytes;
	return f;
}

void gossip_count_add(struct gossip *g, enum gossip_reason why)
{
	g->counts[why]++;
}

void gossip_report_add(struct gossip *g, enum gossip_reason why,
		       const struct gossip_feed *f, const struct gossip_peer *p,
		       uint64_t number)
{
	struct gossip_effect *e = gossip_effect_add(g, GOSSIP_REPORT);

	gossip_count_add(g, why);
	if (e == NULL) {
		return;
	}
	e->report.reason = why;
	e->report.number = number;
	if (f != NULL) {
		memcpy(e->report.feed, f->id, sizeof(f->id));
		e->report.err = f->hold_err;
	}
	if (p != NULL) {
		e->report.peer = p->id;
	}
}

/* xorshift64* */
uint64_t gossip_random(struct gossip *g)
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return g->random * UINT64_C(2685821657736338717);
}

void gossip_feed_set_busy(struct gossip *g, struct gossip_feed *f)
{
	if (!f->busy) {
		assert(g->busy_n < g->feeds_cap);
		f->busy = true;
		g->busy[g->busy_n++] = f->slot;
	}
}

/* ---- timers --------------------------------------------------------------
 */

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t feed_deadline(const struct gossip_feed *f)
{
	uint64_t at = min_u64(f->have_at[0], f->have_at[1]);

	at = min_u64(at, f->graft_at);
	at = min_u64(at, f->expire_at);
	if (f->asking) {
		at = min_u64(at, min_u64(f->ask_at, f->ask_until));
	}
	if (f->hold_until != 0) {
		at = min_u64(at, f->hold_until);
	}
	return min_u64(at, f->fork_until);
}

static void feed_timeout(struct gossip *g, struct gossip_feed *f)
{
	if (f->hold_until != 0 && f->hold_until <= g->now) {
		f->hold_until = 0;
		f->hold_err = WEALD_OK;
		gossip_catchup_ask(g, f);
	}
	if (f->expire_at <= g->now) {
		gossip_feed_expire(g, f);
	}
	if (f->asking && (f->ask_at <= g->now || f->ask_until <= g->now)) {
		gossip_catchup_timeout(g, f);
	}
	if (f->fork_until <= g->now) {
		gossip_fork_timeout(g, f);
	}
	if (f->graft_at <= g->now) {
		gossip_tree_timeout(g, f);
	}
}

static void step_timeout(struct gossip *g)
{
	size_t i;
	size_t kept = 0;
	struct gossip_feed *f;

	for (i = 0; i < g->busy_n; i++) {
		f = g->feeds[g->busy[i]];
		if (feed_deadline(f) <= g->now) {
			feed_timeout(g, f);
		}
	}
	gossip_tree_send_haves(g);
	for (i = 0; i < g->busy_n; i++) {
		f = g->feeds[g->busy[i]];
		f->busy = feed_deadline(f) != NEVER;
		if (f->busy) {
			g->busy[kept++] = f->slot;
		}
	}
	g->busy_n = kept;
	for (i = g->peers_n; i > 0; i--) {
		gossip_peer_timeout(g, g->peers[i - 1]);
	}
	gossip_receipt_timeout(g);
	gossip_guard_timeout(g);
}

static void step_wake(struct gossip *g)
{
	uint64_t at = min_u64(g->receipt_at, g->guard_at);
	struct gossip_effect *e;
	size_t i;

	for (i = 0; i < g->busy_n; i++) {
		at = min_u64(at, feed_deadline(g->feeds[g->busy[i]]));
	}
	for (i = 0; i < g->peers_n; i++) {
		at = min_u64(at, gossip_peer_deadline(g->peers[i]));
	}
	if (at == g->wake_at && at > g->now) {
		return;
	}
	e = gossip_effect_add(g, GOSSIP_WAKE_AT);
	if (e != NULL) {
		e->wake_at.at_ms = at;
		g->wake_at = at;
	}
}

/* ---- the step ------------------------------------------------------------
 */

static void step_sent(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_peer *p = gossip_peer_find(g, event->sent.peer);

	if (p != NULL) {
		p->unsent = event->sent.unsent;
		gossip_catchup_sent(g, p);
	}
}

/* fnstat: switch */
static int step_event(struct gossip *g, const struct gossip_event *event)
{
	struct gossip_peer *p;

	switch (event->type) {
	case GOSSIP_TIMEOUT:
		step_timeout(g);
		break;
	case GOSSIP_FOLLOW:
		return gossip_feed_follow(g, event);
	case GOSSIP_LOCAL_WRITE:
		gossip_feed_local_write(g, event);
		break;
	case GOSSIP_MOVED:
		gossip_feed_moved(g, event);
		break;
	case GOSSIP_PEER_UP:
		gossip_peer_up(g, event);
		break;
	case GOSSIP_PEER_DOWN:
		p = gossip_peer_find(g, event->peer_down.peer);
		if (p != NULL) {
			gossip_peer_forget(g, p);
		}
		break;
	case GOSSIP_RECEIVED:
		p = gossip_peer_find(g, event->received.peer);
		if (p != NULL) {
			gossip_peer_received(g, p, event->received.frame);
		}
		break;
	case GOSSIP_SENT:
		step_sent(g, event);
		break;
	case GOSSIP_VERIFIED:
		gossip_peer_verified(g, event);
		break;
	case GOSSIP_APPENDED:
		gossip_feed_appended(g, event);
		break;
	case GOSSIP_READ_DONE:
		gossip_catchup_read_done(g, event);
		break;
	case GOSSIP_RECEIPT_SIGNED:
		gossip_receipt_signed(g, event);
		break;
	case GOSSIP_RECEIPT_CHECKED:
		gossip_receipt_checked(g, event);
		break;
	case GOSSIP_FORK_JUDGED:
		gossip_fork_judged(g, event);
		break;
	case GOSSIP_PROOF_CHECKED:
		gossip_fork_checked(g, event);
		break;
	case GOSSIP_I_AM_FIRST:
		g->guard_open = true;
		g->guard_at = NEVER;
		g->guard_until = 0;
		break;
	}
	return WEALD_OK;
}

/* Who does not read is dropped, whatever was to be sent to it. */
static void step_drop_clogged(struct gossip *g)
{
	size_t i;

	for (i = g->peers_n; i > 0; i--) {
		if (g->peers[i - 1]->unsent > GOSSIP_UNSENT_BYTES_MAX) {
			gossip_peer_drop(g, g->peers[i - 1],
					 GOSSIP_WHY_NOT_READING, WEALD_OK);
		}
	}
}

int gossip_step(struct gossip *g, const struct gossip_event *event,
		const struct gossip_effect **out_effects, size_t *out_n)
{
	int err;

	assert(g != NULL && event != NULL);
	assert(out_effects != NULL && out_n != NULL);
	if (g->nomem) {
		return WEALD_NOMEM;
	}
	scraps_free(g);
	g->effects_n = 0;
	if (event->now_ms > g->now) {
		g->now = event->now_ms; /* it never goes back */
	}
	err = step_event(g, event);
	if (err != WEALD_OK) {
		return err;
	}
	step_drop_clogged(g);
	if (g->ask_more) {
		gossip_catchup_ask_all(g);
	}
	step_wake(g);
	if (g->nomem) {
		return WEALD_NOMEM;
	}
	*out_effects = g->effects;
	*out_n = g->effects_n;
	return WEALD_OK;
}

/* ---- life ----------------------------------------------------------------
 */

static int copy_view(struct gossip *g, const struct gossip_config *c)
{
	if (c->view_n == 0) {
		return WEALD_OK;
	}
	g->view = calloc(c->view_n, sizeof(*g->view));
	g->view_said = calloc(c->view_n, sizeof(*g->view_said));
	if (g->view == NULL || g->view_said == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(g->view, c->view, c->view_n * sizeof(*g->view));
	g->view_n = c->view_n;
	return WEALD_OK;
}

int gossip_new(const struct gossip_config *config, uint64_t now_ms,
	       struct gossip **out)
{
	struct gossip *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		return WEALD_NOMEM;
	}
	g->config = *config;
	g->config.view = NULL;
	g->config.software.data = (const uint8_t *)g->software;
	if (g->config.software.len > sizeof(g->software)) {
		g->config.software.len = sizeof(g->software);
	}
	if (g->config.software.len > 0) {
		memcpy(g->software, config->software.data,
		       g->config.software.len);
	}
	g->now = now_ms;
	g->random = config->seed != 0 ? config->seed : 1;
	g->wake_at = NEVER;
	g->receipt_at = NEVER;
	g->guard_open = config->first;
	g->guard_at = config->first ? NEVER : now_ms + GOSSIP_GUARD_MS;
	g->guard_until = config->first ? 0 : now_ms + GOSSIP_GUARD_MS;
	if (config->receipt_ms != 0) {
		g->receipt_at = now_ms + config->receipt_ms;
	}
	if (copy_view(g, config) != WEALD_OK) {
		gossip_free(g);
		return WEALD_NOMEM;
	}
	*out = g;
	return WEALD_OK;
}

void gossip_free(struct gossip *g)
{
	size_t i;

	if (g == NULL) {
		return;
	}
	scraps_free(g);
	while (g->peers_n > 0) {
		gossip_peer_forget(g, g->peers[g->peers_n - 1]);
	}
	scraps_free(g);
	for (i = 0; i < g->feeds_n; i++) {
		gossip_feed_free(g, g->feeds[i]);
	}
	gossip_receipt_free(g);
	gossip_query_free(&g->proofs);
	clock_release(&g->clock);
	free(g->feeds);
	free(g->order);
	free(g->busy);
	free(g->view);
	free(g->view_said);
	free(g->effects);
	free(g);
}

/* ---- questions -----------------------------------------------------------
 */

uint64_t gossip_count(const struct gossip *g, enum gossip_reason reason)
{
	assert((unsigned)reason < GOSSIP_REASONS_N);
	return g->counts[reason];
}

int gossip_feed_status(const struct gossip *g, const uint8_t feed[SHA256_BYTES],
		       struct gossip_feed_status *out)
{
	const struct gossip_feed *f = gossip_feed_find(g, feed);

	if (f == NULL) {
		return WEALD_NOTFOUND;
	}
	memset(out, 0, sizeof(*out));
	out->policy = f->policy;
	out->head = f->head;
	out->verified_seq = f->tip.seq;
	out->heard_seq = gossip_tree_heard_max(g, f);
	out->disputed_from = f->disputed_from;
	out->held_err = f->hold_err;
	out->waiting_n = f->waits_n;
	out->waiting_bytes = f->waits_bytes;
	out->asked_peer = f->asking ? f->ask_peer : 0;
	out->over_quota = f->quota_over;
	return WEALD_OK;
}

static enum gossip_wait_reason wait_reason(const struct gossip_feed *f,
					   const struct gossip_wait *w)
{
	if (w->head.epoch > f->tip.epoch && f->tip.seq > 0) {
		return GOSSIP_WAIT_REISSUE;
	}
	return w->head.seq <= f->tip.seq ? GOSSIP_WAIT_STORE : GOSSIP_WAIT_GAP;
}

bool gossip_waiting(const struct gossip *g, size_t i,
		    struct gossip_waiting *out)
{
	const struct gossip_feed *f = NULL;
	const struct gossip_wait *w;
	size_t slot;

	for (slot = 0; slot < g->feeds_n; slot++) {
		f = g->feeds[slot];
		if (i < f->waits_n) {
			break;
		}
		i -= f->waits_n;
	}
	if (slot == g->feeds_n) {
		return false;
	}
	w = &f->waits[i];
	memset(out, 0, sizeof(*out));
	memcpy(out->feed, f->id, sizeof(out->feed));
	out->epoch = w->head.epoch;
	out->seq = w->head.seq;
	out->since_ms = w->since_ms;
	out->bytes = w->envelope->len;
	out->reason = wait_reason(f, w);
	return true;
}

int gossip_peer_status(const struct gossip *g, uint32_t peer,
		       struct gossip_peer_status *out)
{
	const struct gossip_peer *p = gossip_peer_find(g, peer);
	size_t i;

	if (p == NULL) {
		return WEALD_NOTFOUND;
	}
	memset(out, 0, sizeof(*out));
	out->ready = p->ready;
	out->dialled = p->dialled;
	out->paused = p->paused;
	out->up_ms = p->up_ms;
	out->served = p->serves_n;
	out->unsent = p->unsent;
	out->verifying_n = p->checks_n;
	out->verifying_bytes = p->checks_bytes;
	out->heard_ms = p->heard_ms;
	memcpy(out->key, p->key, sizeof(out->key));
	memcpy(out->feed, p->feed, sizeof(out->feed));
	for (i = 0; i < g->feeds_n && p->ready; i++) {
		if (p->links[i].follows && p->links[i].eager) {
			out->eager++;
		} else if (p->links[i].follows) {
			out->lazy++;
		}
		if (g->feeds[i]->asking && g->feeds[i]->ask_peer == peer) {
			out->asked++;
		}
	}
	return WEALD_OK;
}

/* As many answers as `weald peers` has columns. */
/* NOLINTNEXTLINE(readability-function-size) */
bool gossip_peer_has(const struct gossip *g, uint32_t peer,
		     const uint8_t feed[SHA256_BYTES], uint64_t *out_epoch,
		     uint64_t *out_seq, bool *out_eager_to,
		     bool *out_eager_from)
{
	const struct gossip_peer *p = gossip_peer_find(g, peer);
	const struct gossip_feed *f = gossip_feed_find(g, feed);
	const struct gossip_link *l;
	bool ours;

	if (p == NULL || !p->ready || f == NULL || !gossip_feed_followed(f)) {
		return false;
	}
	l = &p->links[f->slot];
	ours = f->head.seq > 0 &&
	       (l->said_seq == 0 || l->said_epoch == f->head.epoch);
	*out_epoch = l->said_epoch;
	*out_seq = l->said_seq;
	if (ours) {
		*out_epoch = l->has > 0 ? f->head.epoch : 0;
		*out_seq = l->has;
	}
	*out_eager_to = l->follows && l->eager;
	*out_eager_from = f->pushed_by == peer;
	return true;
}

const struct clock *gossip_clock(const struct gossip *g)
{
	return &g->clock;
}
