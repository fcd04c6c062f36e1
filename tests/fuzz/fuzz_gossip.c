/*
 * The gossip engine under peers that say anything at any time, and a driver
 * that answers late, in another order, or with failures. The input is a list
 * of small steps. Nothing a peer says may reach an assert, and no queue may
 * pass its bound.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/gossip_private.h"
#include "proto/mp.h"

#define FEEDS    3u
#define OPEN_MAX 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An effect that has to be answered. */
struct open {
	enum gossip_effect_type type;
	uint64_t ticket;
	uint8_t feed;
	uint64_t from;
	uint8_t n;
};

struct world {
	struct gossip *g;
	struct reader in;
	uint64_t now;
	uint32_t peers;
	struct gossip_head heads[FEEDS];
	bool appending[FEEDS];
	struct open open[OPEN_MAX];
	size_t open_n;
};

static uint8_t take(struct world *w)
{
	struct span s;

	return reader_take(&w->in, 1, &s) == WEALD_OK ? s.data[0] : 0;
}

static void feed_id(uint8_t feed, uint8_t *out)
{
	memset(out, 0, SHA256_BYTES);
	out[0] = (uint8_t)(feed % 16 % (FEEDS + 1));
}

static struct gossip_head head_at(uint64_t seq, uint8_t line)
{
	struct gossip_head h;

	memset(&h, 0, sizeof(h));
	h.seq = seq;
	if (seq > 0) {
		h.commit[0] = (uint8_t)seq;
		h.commit[1] = line;
		h.digest[0] = (uint8_t)seq;
		h.digest[1] = line;
		h.key[0] = 1 + line / 2;
	}
	return h;
}

/* @n updates more are durable. */
static void move_head(struct world *w, uint8_t feed, uint64_t n, uint8_t line)
{
	uint64_t epoch = w->heads[feed].epoch;

	w->heads[feed] = head_at(w->heads[feed].seq + n, line);
	w->heads[feed].epoch = epoch;
}

static struct blob *envelope(uint8_t feed, uint64_t seq)
{
	static const uint8_t zero[SIG_BYTES];
	struct mp_writer w;
	struct blob *b;
	struct buf p;
	struct buf e;

	buf_init(&p, 1024);
	mp_writer_begin(&w, &p);
	mp_put_array(&w, 6);
	mp_put_uint(&w, 1);
	mp_put_bin(&w, zero, SHA256_BYTES);
	mp_put_str(&w, span_of("aa"));
	mp_put_bin(&w, zero, SHA256_BYTES);
	mp_put_uint(&w, feed / 128);
	mp_put_uint(&w, seq);
	mp_writer_end(&w);
	buf_init(&e, 2048);
	mp_writer_begin(&w, &e);
	mp_put_array(&w, 3);
	mp_put_bin(&w, p.data, p.len);
	mp_put_bin(&w, zero, SIG_BYTES);
	mp_put_array(&w, 0);
	mp_writer_end(&w);
	b = blob_new(buf_span(&e));
	buf_release(&p);
	buf_release(&e);
	if (b == NULL) {
		abort();
	}
	return b;
}

static void remember(struct world *w, const struct gossip_effect *e)
{
	struct open *o = &w->open[w->open_n];
	uint64_t epoch;

	memset(o, 0, sizeof(*o));
	o->type = e->type;
	switch (e->type) {
	case GOSSIP_VERIFY:
		o->ticket = e->verify.ticket;
		o->feed = e->verify.feed[0];
		if (!gossip_peek(blob_span(e->verify.envelope), &epoch,
				 &o->from)) {
			abort(); /* or it would not be verified */
		}
		break;
	case GOSSIP_APPEND:
		o->feed = e->append.feed[0];
		o->n = (uint8_t)e->append.n;
		if (w->appending[o->feed % FEEDS]) {
			abort(); /* they never overlap */
		}
		w->appending[o->feed % FEEDS] = true;
		break;
	case GOSSIP_READ:
		o->ticket = e->read.ticket;
		o->from = e->read.from;
		o->n = (uint8_t)(e->read.to - e->read.from + 1);
		break;
	case GOSSIP_CHECK_RECEIPT:
		o->ticket = e->check_receipt.ticket;
		break;
	case GOSSIP_JUDGE_FORK:
		o->feed = e->judge_fork.feed[0];
		break;
	case GOSSIP_CHECK_PROOF:
		o->ticket = e->check_proof.ticket;
		break;
	case GOSSIP_SIGN_RECEIPT:
		break;
	default:
		return;
	}
	if (w->open_n + 1 < OPEN_MAX) {
		w->open_n++;
	}
}

static void step(struct world *w, struct gossip_event *event)
{
	const struct gossip_effect *effects;
	size_t n;
	size_t i;

	event->now_ms = w->now;
	if (gossip_step(w->g, event, &effects, &n) != WEALD_OK) {
		abort();
	}
	for (i = 0; i < n; i++) {
		remember(w, &effects[i]);
	}
}

/* ---- answers -------------------------------------------------------------
 */

static void answer_append(struct world *w, const struct open *o,
			  struct gossip_event *e)
{
	uint8_t how = take(w);
	uint64_t stored = how < 200 ? o->n : how % (o->n + 1u);

	e->type = GOSSIP_APPENDED;
	feed_id(o->feed, e->appended.feed);
	e->appended.err = stored == o->n ? WEALD_OK : WEALD_TREE_OTHER;
	move_head(w, o->feed % FEEDS, stored, 0);
	e->appended.head = w->heads[o->feed % FEEDS];
	w->appending[o->feed % FEEDS] = false;
	step(w, e);
}

static void answer_read(struct world *w, const struct open *o,
			struct gossip_event *e)
{
	struct blob *list[4];
	size_t n = o->n < 4 ? o->n : 4u;
	size_t i;

	for (i = 0; i < n; i++) {
		list[i] = envelope(o->feed, o->from + i);
	}
	e->type = GOSSIP_READ_DONE;
	e->read_done.ticket = o->ticket;
	if (take(w) < 250) {
		e->read_done.envelopes = list;
		e->read_done.n = n;
	} else {
		e->read_done.err = WEALD_IO;
	}
	step(w, e);
	e->read_done.envelopes = NULL;
	for (i = 0; i < n; i++) {
		blob_unref(list[i]);
	}
}

static void answer_verify(struct world *w, const struct open *o,
			  struct gossip_event *e)
{
	uint8_t how = take(w);
	/* another line, or a stranger's key */
	uint8_t line = how < 220 ? 0 : how < 235 ? 1 : 2;
	uint64_t seq = how < 250 ? o->from : how;

	e->type = GOSSIP_VERIFIED;
	e->verified.ticket = o->ticket;
	e->verified.err = how < 254 ? WEALD_OK : WEALD_SIGNATURE;
	feed_id(o->feed, e->verified.facts.feed);
	e->verified.facts.head = head_at(seq, line);
	e->verified.facts.granted = how == 249;
	memcpy(e->verified.facts.prev,
	       head_at(seq == 0 ? 0 : seq - 1, how >= 240 ? 1 : 0).digest,
	       SHA256_BYTES);
	step(w, e);
}

static void answer(struct world *w)
{
	static const int proof_errs[4] = { WEALD_OK, WEALD_SEQ_GAP,
					   WEALD_PREV_OTHER, WEALD_INVALID };
	struct gossip_event e;
	struct open o;
	size_t i;

	if (w->open_n == 0) {
		return;
	}
	i = take(w) % w->open_n;
	o = w->open[i];
	w->open[i] = w->open[--w->open_n];
	memset(&e, 0, sizeof(e));
	switch (o.type) {
	case GOSSIP_VERIFY:
		answer_verify(w, &o, &e);
		break;
	case GOSSIP_APPEND:
		answer_append(w, &o, &e);
		break;
	case GOSSIP_READ:
		answer_read(w, &o, &e);
		break;
	case GOSSIP_CHECK_RECEIPT:
		e.type = GOSSIP_RECEIPT_CHECKED;
		e.receipt_checked.ticket = o.ticket;
		e.receipt_checked.node[0] = take(w);
		e.receipt_checked.counter = take(w);
		e.receipt_checked.err =
			take(w) < 240 ? WEALD_OK : WEALD_SIGNATURE;
		step(w, &e);
		break;
	case GOSSIP_JUDGE_FORK:
		e.type = GOSSIP_FORK_JUDGED;
		feed_id(o.feed, e.fork_judged.feed);
		e.fork_judged.verdict = (enum gossip_verdict)(take(w) % 3);
		e.fork_judged.seq = take(w) % 32;
		e.fork_judged.proof = span_of("proof");
		step(w, &e);
		break;
	case GOSSIP_CHECK_PROOF:
		e.type = GOSSIP_PROOF_CHECKED;
		e.proof_checked.ticket = o.ticket;
		e.proof_checked.err = proof_errs[take(w) % 4];
		e.proof_checked.seq = take(w) % 32;
		step(w, &e);
		break;
	default:
		e.type = GOSSIP_RECEIPT_SIGNED;
		e.receipt_signed.counter = take(w);
		e.receipt_signed.statement = span_of("own");
		step(w, &e);
		break;
	}
}

/* ---- frames --------------------------------------------------------------
 */

static void receive(struct world *w, uint32_t peer, const struct frame *f)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	e.type = GOSSIP_RECEIVED;
	e.received.peer = peer;
	e.received.frame = f;
	step(w, &e);
}

static struct clock_entry take_entry(struct world *w)
{
	struct clock_entry e;
	uint8_t seq;

	memset(&e, 0, sizeof(e));
	feed_id(take(w), e.feed);
	seq = take(w);
	e.seq = 1 + seq % 16;
	memcpy(e.commit, head_at(e.seq, seq / 224).commit, sizeof(e.commit));
	return e;
}

/* fnstat: switch */
static void say(struct world *w)
{
	uint32_t peer = take(w) % (w->peers + 1);
	struct clock_entry entry;
	struct blob *b = NULL;
	struct span s;
	struct frame f;
	uint8_t feed;

	memset(&f, 0, sizeof(f));
	f.type = (enum frame_type)(take(w) % (FRAME_BYE + 1));
	feed = take(w);
	switch (f.type) {
	case FRAME_HELLO:
		f.hello.node[0] = (uint8_t)peer;
		f.hello.instance[0] = feed;
		break;
	case FRAME_CLOCK:
		entry = take_entry(w);
		f.clock.last = feed < 200;
		f.clock.entries = &entry;
		f.clock.n = 1;
		break;
	case FRAME_HAVE:
		entry = take_entry(w);
		f.have.entries = &entry;
		f.have.n = 1;
		break;
	case FRAME_WANT:
		feed_id(feed, f.want.feed);
		f.want.epoch = feed / 128;
		f.want.from = take(w) % 8 + 1u;
		f.want.to = f.want.from + take(w);
		f.want.credit = take(w) * 100u + 1;
		break;
	case FRAME_UPDATES:
		feed_id(feed, f.updates.feed);
		b = envelope(feed, 1u + take(w) % 8);
		s = blob_span(b);
		f.updates.lane = (enum frame_lane)(take(w) % 3);
		f.updates.envelopes = &s;
		f.updates.n = feed % 8 == 7 && f.updates.lane == FRAME_LANE_END
				      ? 0
				      : 1;
		break;
	case FRAME_GRAFT:
		feed_id(feed, f.graft.feed);
		f.graft.epoch = feed / 128;
		f.graft.from = take(w) % 8 + 1u;
		break;
	case FRAME_PRUNE:
		feed_id(feed, f.prune.feed);
		break;
	case FRAME_RECEIPT:
		s.data = &feed;
		s.len = 1;
		f.receipt.statement = s;
		break;
	case FRAME_FORK_PROOF:
		feed_id(feed, f.fork_proof.feed);
		f.fork_proof.proof = span_of("proof");
		break;
	default:
		break;
	}
	receive(w, peer, &f);
	blob_unref(b);
}

static void come_or_go(struct world *w, bool come)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	if (come && w->peers < 8) {
		e.type = GOSSIP_PEER_UP;
		e.peer_up.peer = ++w->peers;
		e.peer_up.key[0] = (uint8_t)w->peers;
		step(w, &e);
	} else if (!come) {
		e.type = GOSSIP_PEER_DOWN;
		e.peer_down.peer = take(w) % (w->peers + 1);
		step(w, &e);
	}
}

static void pass_time(struct world *w)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	w->now += take(w) * 50u;
	e.type = GOSSIP_TIMEOUT;
	step(w, &e);
}

static void set_unsent(struct world *w)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	e.type = GOSSIP_SENT;
	e.sent.peer = take(w) % (w->peers + 1);
	e.sent.unsent = take(w) * 8192u;
	step(w, &e);
}

static void follow(struct world *w, uint8_t feed, enum gossip_policy policy,
		   uint64_t disputed_from)
{
	struct gossip_event e;

	memset(&e, 0, sizeof(e));
	e.type = GOSSIP_FOLLOW;
	feed_id(feed, e.follow.feed);
	e.follow.policy = policy;
	e.follow.head = w->heads[feed % FEEDS];
	e.follow.disputed_from = disputed_from;
	e.follow.proof = span_of("kept");
	step(w, &e);
}

/* An import, where no APPEND is open. */
static void move(struct world *w)
{
	uint8_t feed = take(w) % FEEDS;
	uint8_t how = take(w);
	struct gossip_event e;

	if (w->appending[feed]) {
		return;
	}
	memset(&e, 0, sizeof(e));
	move_head(w, feed, how % 8, how / 128);
	if (how % 16 == 15) {
		w->heads[feed].epoch++;
	}
	e.type = GOSSIP_MOVED;
	feed_id(feed, e.moved.feed);
	e.moved.head = w->heads[feed];
	step(w, &e);
}

/* An own update, where it may be signed. */
static void write_own(struct world *w)
{
	struct gossip_event e;
	enum gossip_guard why;

	if (!gossip_may_sign(w->g, &why) || w->appending[1]) {
		return;
	}
	memset(&e, 0, sizeof(e));
	move_head(w, 1, 1, 0);
	e.type = GOSSIP_LOCAL_WRITE;
	e.local_write.head = w->heads[1];
	e.local_write.envelope = envelope(1, w->heads[1].seq);
	step(w, &e);
	blob_unref(e.local_write.envelope);
}

static void start(struct world *w, const uint8_t *data, size_t size)
{
	struct gossip_config config;
	struct span s = { data, size };
	uint8_t first;
	uint8_t feed;

	memset(w, 0, sizeof(*w));
	reader_init(&w->in, s);
	memset(&config, 0, sizeof(config));
	config.node[0] = 0xff;
	config.feed[0] = 1;
	config.receipt_ms = 1000;
	first = take(w) % 8;
	if (gossip_new(&config, 0, &w->g) != WEALD_OK) {
		abort();
	}
	for (feed = 0; feed < FEEDS; feed++) {
		w->heads[feed] = head_at(feed, 0);
		follow(w, feed, GOSSIP_FOLLOW_WHOLE, feed == 2 ? first : 0);
	}
}

/* Nothing has grown past what the header says, and all can be asked. */
static void check_bounds(const struct world *w)
{
	struct gossip_peer_status peer;
	struct gossip_waiting waiting;
	struct gossip_receipt receipt;
	enum gossip_guard why;
	uint64_t epoch;
	uint64_t seq;
	bool to;
	bool from;
	uint32_t i;

	for (i = 1; i <= w->peers; i++) {
		gossip_peer_has(w->g, i, (const uint8_t[SHA256_BYTES]){ 2 },
				&epoch, &seq, &to, &from);
		if (gossip_peer_status(w->g, i, &peer) == WEALD_OK &&
		    (peer.unsent > GOSSIP_UNSENT_BYTES_MAX ||
		     peer.verifying_n > OPEN_MAX)) {
			abort();
		}
	}
	for (i = 0; gossip_waiting(w->g, i, &waiting); i++) {
		if (i > GOSSIP_WAIT_N_MAX || waiting.bytes == 0) {
			abort();
		}
	}
	for (i = 0; gossip_receipt(w->g, i, &receipt); i++) {
	}
	if (gossip_may_sign(w->g, &why) != (why == GOSSIP_SIGN_ALLOWED)) {
		abort();
	}
}

/* What is seldom. */
static void sometimes(struct world *w, uint8_t what)
{
	uint8_t feed;

	switch (what % 8) {
	case 0:
		set_unsent(w);
		break;
	case 1:
		move(w);
		break;
	case 2:
		write_own(w);
		break;
	case 3:
		feed = take(w) % FEEDS;
		follow(w, feed, (enum gossip_policy)(take(w) % 4), 0);
		break;
	default:
		say(w);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	start(&w, data, size);
	/* when no more can be remembered, answers would be owed */
	while (reader_left(&w.in) > 0 && w.open_n + 32 < OPEN_MAX) {
		switch (take(&w) % 8) {
		case 0:
			come_or_go(&w, true);
			break;
		case 1:
			come_or_go(&w, take(&w) < 200);
			break;
		case 2:
			pass_time(&w);
			break;
		case 3:
		case 4:
			answer(&w);
			break;
		case 5:
			sometimes(&w, take(&w));
			break;
		default:
			say(&w);
			break;
		}
	}
	check_bounds(&w);
	gossip_free(w.g);
	return 0;
}
