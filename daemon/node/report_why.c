/*
 * weald why REGION: from the link to the last update, step by step, and what to
 * do about the thing that decides. What the other end says is in its receipts,
 * its region.yaml and what it said in this connection.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/report_private.h"

#define TEXT_BYTES 512u

/*
 * Which problem to see to before the others: without a link nothing comes; what
 * was refused leaves a gap; what the other side has chosen is not ours. What is
 * decisive comes before all of these.
 */
#define DECISIVE_RANK 100u
static unsigned rank_of(const char *name)
{
	static const char *const names[] = { "receipts",  "their-policy",
					     "gap",       "waiting",
					     "tls",       "link",
					     "rejection", "policy" };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			return i + 1;
		}
	}
	assert(false && "no such step");
	return 0;
}

void report_step(struct report_walk *w, const char *name,
		 enum report_found found, const char *todo, const char *fmt,
		 ...)
{
	static const char *const words[] = {
		[REPORT_GOOD] = "ok",
		[REPORT_PROBLEM] = "problem",
		[REPORT_DECISIVE] = "problem",
		[REPORT_NOTHING] = "none",
	};
	bool problem = found == REPORT_PROBLEM || found == REPORT_DECISIVE;
	unsigned rank =
		found == REPORT_DECISIVE ? DECISIVE_RANK : rank_of(name);
	struct report_object one;
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	report_begin(&one);
	report_text(&one, "step", name);
	report_text(&one, "result", words[found]);
	report_text(&one, "text", text);
	if (problem) {
		report_text(&one, "todo", todo);
	}
	report_append(w->o, w->steps, report_end(&one));
	if (problem && rank > w->rank) {
		w->rank = rank;
		snprintf(w->todo, sizeof(w->todo), "%s", todo);
	}
}

/* ---- link, TLS -----------------------------------------------------------
 */

/* Is @key a node of @g, or of any region where that is NULL? */
static bool is_node_of(const struct report_view *v,
		       const struct report_region *g, const uint8_t *key)
{
	return g == NULL || report_region_of(v, key) == g;
}

/* A connected node of @g. */
static const struct session *find_session(const struct report_view *v,
					  const struct report_region *g)
{
	struct gossip_peer_status st;
	size_t i;

	for (i = 0; i < v->n->sessions_n; i++) {
		if (report_is_ready(v, v->n->sessions[i], &st) &&
		    is_node_of(v, g, v->n->sessions[i]->key)) {
			return v->n->sessions[i];
		}
	}
	return NULL;
}

/* Is what kept us from connecting no matter of the network? */
static bool is_tls_error(int err)
{
	return err == WEALD_DENIED || err == WEALD_INVALID ||
	       err == WEALD_CRYPTO;
}

/* A node of @g that is dialled in vain, for want of a line or of trust. */
static bool find_failed(const struct report_view *v,
			const struct report_region *g, bool tls,
			struct dial_status *out)
{
	struct dial_status st;
	size_t i;

	for (i = 0; !v->n->stopping && dialler_status(v->n->dialler, i, &st);
	     i++) {
		if (!st.connected && st.err != WEALD_OK &&
		    is_tls_error(st.err) == tls && is_node_of(v, g, st.key)) {
			*out = st;
			return true;
		}
	}
	return false;
}

static void describe_try(const struct report_view *v,
			 const struct dial_status *st, char text[TEXT_BYTES])
{
	char key[REPORT_KEY_BYTES];
	char age[WORDS_AGE_BYTES];

	snprintf(text, TEXT_BYTES,
		 "node %s at %s: %s; tried %" PRIu64 " time%s",
		 report_key(st->key, key), st->address, st->text, st->tries,
		 st->tries == 1 ? "" : "s");
	if (st->next_ms > v->now_ms) {
		size_t at = strlen(text);

		snprintf(text + at, TEXT_BYTES - at, ", next in %s",
			 words_age((st->next_ms - v->now_ms + 999u) / 1000u,
				   age));
	}
}

static void describe_session(const struct report_view *v,
			     const struct session *s, char text[TEXT_BYTES])
{
	char key[REPORT_KEY_BYTES];
	char age[WORDS_AGE_BYTES];

	snprintf(text, TEXT_BYTES, "connected to node %s at %s, by %s, for %s",
		 report_key(s->key, key), conn_address(s->conn),
		 conn_dialled(s->conn) ? "us" : "it",
		 words_age((v->now_ms - s->since_ms) / 1000u, age));
}

static void step_link(const struct report_view *v, struct report_walk *w,
		      const struct report_region *g)
{
	const struct session *s = find_session(v, g);
	struct dial_status st;
	char text[TEXT_BYTES] = "no address of it is dialled";

	if (s != NULL && g != NULL) {
		describe_session(v, s, text);
		report_step(w, "link", REPORT_GOOD, NULL, "%s", text);
		return;
	}
	if (find_failed(v, g, false, &st)) {
		describe_try(v, &st, text);
	} else if (find_failed(v, g, true, &st)) {
		report_step(w, "link", REPORT_GOOD, NULL, "%s answers",
			    st.address);
		return;
	}
	if (v->ready == 0) {
		report_step(w, "link", REPORT_PROBLEM,
			    v->n->members.peers_n > 0
				    ? "weald peers says of each address what "
				      "is wrong"
				    : "weald invite here and weald join there, "
				      "or the other way round",
			    "no peer is connected; %s", text);
	} else if (g == NULL) {
		report_step(w, "link", REPORT_GOOD, NULL,
			    "%zu peer%s connected", v->ready,
			    v->ready == 1 ? " is" : "s are");
	} else {
		report_step(w, "link", REPORT_GOOD, NULL,
			    "not connected to it; its updates come by %zu "
			    "other%s; %s",
			    v->ready, v->ready == 1 ? "" : "s", text);
	}
}

/* What to do about a node that answers, but will have nothing to do with us. */
static const char *tls_todo(const char *says)
{
	static const struct {
		const char *says;
		const char *todo;
	} todos[] = {
		{ "the peer refuses us: blocked",
		  "ask its admin why we are blocked; weald unblock there ends "
		  "it" },
		{ "the peer refuses us: unknown-region",
		  "ask its admin to follow us, weald follow there, or for an "
		  "invitation" },
		{ "the peer refuses us: backed-off",
		  "wait; the first reason stands in the log, here and there" },
		{ "another node answers",
		  "ask its admin for the node key (weald status there) and the "
		  "address; then weald peer add" },
	};
	size_t i;

	for (i = 0; i < sizeof(todos) / sizeof(todos[0]); i++) {
		if (strncmp(says, todos[i].says, strlen(todos[i].says)) == 0) {
			return todos[i].todo;
		}
	}
	return "settle with its admin what the two nodes have against each "
	       "other: weald peers on both sides";
}

void report_step_links(const struct report_view *v, struct report_walk *w,
		       const struct report_region *g)
{
	struct dial_status st;
	char text[TEXT_BYTES];

	step_link(v, w, g);
	if (find_failed(v, g, true, &st)) {
		describe_try(v, &st, text);
		report_step(w, "tls", REPORT_PROBLEM, tls_todo(st.text), "%s",
			    text);
	} else if (find_session(v, g) != NULL) {
		report_step(w, "tls", REPORT_GOOD, NULL,
			    "the node keys are proven on both sides");
	} else {
		report_step(w, "tls", REPORT_NOTHING, NULL,
			    "no connection to judge by");
	}
}

/* ---- policy --------------------------------------------------------------
 */

static void step_policy(const struct report_view *v, struct report_walk *w,
			const struct report_region *g)
{
	const struct member_follow *f =
		members_follow(&v->n->members, g->r->id);

	switch (g->r->policy) {
	case GOSSIP_FOLLOW_WHOLE:
	case GOSSIP_FOLLOW_NARROW:
		report_step(w, "policy", REPORT_GOOD, NULL,
			    "we follow it %s, %s",
			    g->r->policy == GOSSIP_FOLLOW_WHOLE ? "whole"
								: "in part",
			    f != NULL && f->by == REGION_BY_INTRODUCTION
				    ? "by introduction"
				    : "by hand");
		break;
	case GOSSIP_BLOCKED_FEED:
		report_step(w, "policy", REPORT_DECISIVE,
			    "weald unblock it, if its updates are wanted",
			    "it is blocked here");
		break;
	case GOSSIP_NOT_FOLLOWED:
		report_step(w, "policy", REPORT_PROBLEM,
			    "weald follow it, if its updates are wanted",
			    "it is not followed here");
		break;
	}
}

/* What its side has chosen, by its own word. */
static void step_their_policy(const struct report_view *v,
			      struct report_walk *w,
			      const struct report_region *g)
{
	if (!g->r->has_region) {
		report_step(w, "their-policy", REPORT_NOTHING, NULL,
			    "its region.yaml is not here, or not readable");
	} else if (report_follows_us(v, g)) {
		report_step(w, "their-policy", REPORT_GOOD, NULL,
			    "it follows us");
	} else {
		report_step(w, "their-policy", REPORT_PROBLEM,
			    "ask its admin to follow us: weald follow there",
			    "its region.yaml does not name us: it does not "
			    "take our updates");
	}
}

/* ---- gap, waiting, rejection ---------------------------------------------
 */

/* Regions other than @g that receipts show to hold more of it than we. */
static void name_holders(const struct report_view *v,
			 const struct report_region *g,
			 struct words_names *names)
{
	const struct clock_entry *e;
	size_t i;

	for (i = 0; i < v->words_n; i++) {
		e = report_entry(&v->words[i].receipt, g->r->id);
		if (e != NULL && e->seq > g->r->head.seq) {
			words_names_add(names, v->words[i].region->label);
		}
	}
}

static void step_missing(const struct report_view *v, struct report_walk *w,
			 const struct report_region *g)
{
	struct session *s = session_find(v->n, g->st.asked_peer);
	const struct report_region *from;
	struct words_names names = { .n = 0 };
	char key[REPORT_KEY_BYTES];
	uint64_t head = g->r->head.seq;

	if (s != NULL) {
		from = report_region_of(v, s->key);
		report_step(w, "gap", REPORT_PROBLEM,
			    "wait: what is missing is being fetched",
			    "update %" PRIu64 " is here, %" PRIu64
			    " is known; fetched from node %s of %s",
			    head, g->heard_seq, report_key(s->key, key),
			    from == NULL ? "no known region" : from->label);
	} else if (g->st.heard_seq > head) {
		report_step(w, "gap", REPORT_PROBLEM,
			    "wait a minute, then read on below: waiting, "
			    "rejection",
			    "update %" PRIu64 " is here, connected peers "
			    "hold %" PRIu64 "; nobody is asked just now",
			    head, g->st.heard_seq);
	} else {
		name_holders(v, g, &names);
		report_step(w, "gap", REPORT_PROBLEM,
			    "connect to a region that holds it: weald peer add",
			    "update %" PRIu64 " is here, %" PRIu64
			    " is known by receipts (%s), but no connected "
			    "peer holds it",
			    head, g->heard_seq, words_names_end(&names));
	}
}

static void step_gap(const struct report_view *v, struct report_walk *w,
		     const struct report_region *g)
{
	uint64_t head = g->r->head.seq;

	if (!g->followed) {
		report_step(w, "gap", REPORT_NOTHING, NULL,
			    "nothing is asked for while it is not followed");
	} else if (g->heard_seq > head) {
		step_missing(v, w, g);
	} else if (head == 0) {
		report_step(w, "gap", REPORT_PROBLEM,
			    "connect to a node that has it: weald peer add, "
			    "or weald join with its invitation",
			    "nothing of it is here, and nobody we hear of "
			    "has it");
	} else if (v->ready == 0) {
		report_step(w, "gap", REPORT_NOTHING, NULL,
			    "update %" PRIu64 " is here; nobody is connected "
			    "to say whether there is more",
			    head);
	} else {
		report_step(w, "gap", REPORT_GOOD, NULL,
			    "update %" PRIu64 " is here, and nobody we hear "
			    "of has more",
			    head);
	}
}

static void step_waiting(const struct report_view *v, struct report_walk *w,
			 const struct report_region *g)
{
	struct gossip_waiting first = { .reason = GOSSIP_WAIT_STORE };
	struct gossip_waiting one;
	char age[WORDS_AGE_BYTES];
	size_t i;

	if (g->st.waiting_n == 0) {
		report_step(w, "waiting", REPORT_GOOD, NULL, "no update waits");
		return;
	}
	for (i = 0; gossip_waiting(v->n->engine, i, &one); i++) {
		if (memcmp(one.feed, g->r->id, sizeof(one.feed)) == 0) {
			first = one;
			break;
		}
	}
	words_age((v->now_ms - first.since_ms) / 1000u, age);
	switch (first.reason) {
	case GOSSIP_WAIT_STORE:
		report_step(w, "waiting", REPORT_GOOD, NULL,
			    "%zu updates are being stored", g->st.waiting_n);
		break;
	case GOSSIP_WAIT_GAP:
		report_step(w, "waiting", REPORT_PROBLEM,
			    "wait: what comes before is asked for; else "
			    "connect to another holder",
			    "%zu updates, from %" PRIu64 " on, wait for what "
			    "comes before them, for %s",
			    g->st.waiting_n, first.seq, age);
		break;
	case GOSSIP_WAIT_REISSUE:
		report_step(w, "waiting", REPORT_PROBLEM,
			    gossip_reason_todo(GOSSIP_WHY_REISSUE_HELD),
			    "%zu updates wait: %s", g->st.waiting_n,
			    gossip_reason_text(GOSSIP_WHY_REISSUE_HELD));
		break;
	}
}

/* A node of @g that is kept away for what it did. */
static bool step_kept_away(const struct report_view *v, struct report_walk *w,
			   const struct report_region *g)
{
	const struct back_off *b;
	char key[REPORT_KEY_BYTES];
	char age[WORDS_AGE_BYTES];
	size_t i;

	for (i = 0; i < v->n->back_offs_n; i++) {
		b = &v->n->back_offs[i];
		if (b->until_ms > v->now_ms && is_node_of(v, g, b->key)) {
			words_age((b->until_ms - v->now_ms) / 1000u, age);
			report_step(w, "rejection", REPORT_PROBLEM,
				    "tell the region: its node is faulty or "
				    "hostile",
				    "its node %s is kept away for %s: %s",
				    report_key(b->key, key), age, b->reason);
			return true;
		}
	}
	return false;
}

/* A repository that cannot be opened, where that of @g ought to be. */
static bool step_damaged(const struct report_view *v, struct report_walk *w,
			 const struct report_region *g)
{
	const struct replica *r;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		r = v->regions[i].r;
		if (r->open_err == WEALD_OK ||
		    (r != g->r && strcmp(r->name, g->r->slug) != 0)) {
			continue;
		}
		report_step(w, "rejection", REPORT_DECISIVE,
			    "weald verify says what is damaged; move the "
			    "repository out of the home and start again: it "
			    "is fetched anew",
			    "feeds/%s.git cannot be opened and is left alone: "
			    "%s",
			    r->name, msg_text(&r->open_msg, r->open_err));
		return true;
	}
	return false;
}

bool report_step_disk(const struct report_view *v, struct report_walk *w,
		      const struct report_region *g)
{
	const struct report_region *full =
		report_state(g) == REPORT_STORE_FAILED ? g : report_unstored(v);

	if (full == NULL) {
		return false;
	}
	report_step(w, "rejection", REPORT_DECISIVE,
		    "free some space, or look at the disk: weald status",
		    "update %" PRIu64 " of %s could not be stored here: %s",
		    full->r->refused_seq, full->label,
		    err_text(full->r->refused_err));
	return true;
}

bool report_step_own_fork(const struct report_view *v, struct report_walk *w)
{
	uint64_t from = report_disputed_from(v->own);

	if (from == 0) {
		return false;
	}
	report_step(w, "rejection", REPORT_DECISIVE, REPORT_OWN_FORK_TODO,
		    "our own key was used twice: nobody takes our updates from "
		    "%" PRIu64 " on",
		    from);
	return true;
}

static void step_rejection(const struct report_view *v, struct report_walk *w,
			   const struct report_region *g)
{
	const struct replica *r = g->r;

	if (report_step_disk(v, w, g) || step_damaged(v, w, g)) {
		return;
	}
	switch (report_state(g)) {
	case REPORT_DISPUTED:
		report_step(w, "rejection", REPORT_DECISIVE,
			    gossip_reason_todo(GOSSIP_WHY_FORK_FOUND),
			    "%s: from update %" PRIu64 " on nothing is taken",
			    gossip_reason_text(GOSSIP_WHY_FORK_FOUND),
			    report_disputed_from(g));
		return;
	case REPORT_REFUSED:
		report_step(w, "rejection", REPORT_PROBLEM,
			    "compare versions with the region: weald version",
			    "update %" PRIu64 " was refused: %s (%s)",
			    r->refused_seq, err_text(r->refused_err),
			    err_name(r->refused_err));
		return;
	case REPORT_STORE_FAILED: /* the disk was looked at before */
	case REPORT_OK:
	case REPORT_EMPTY:
	case REPORT_CATCHING_UP:
	case REPORT_DAMAGED:
	case REPORT_BLOCKED:
	case REPORT_NOT_FOLLOWED:
		break;
	}
	if (step_kept_away(v, w, g)) {
		return;
	}
	/* ours keeps nothing of theirs from us, but all of ours from them */
	if (report_state(g) != REPORT_OK || !report_step_own_fork(v, w)) {
		report_step(w, "rejection", REPORT_GOOD, NULL,
			    "nothing of it was refused");
	}
}

/* ---- both ends -----------------------------------------------------------
 */

/* What each connected peer is known to hold of @g, as weald peers counts it. */
static void add_peers(const struct report_view *v, struct report_object *o,
		      const struct report_region *g)
{
	json_t *list = json_array();
	const struct report_region *of;
	struct gossip_peer_status st;
	struct report_object one;
	const struct session *s;
	uint64_t epoch;
	uint64_t seq;
	bool to;
	bool from;
	size_t i;

	for (i = 0; i < v->n->sessions_n; i++) {
		s = v->n->sessions[i];
		if (!report_is_ready(v, s, &st) ||
		    !gossip_peer_has(v->n->engine, s->id, g->r->id, &epoch,
				     &seq, &to, &from)) {
			continue;
		}
		seq = report_peer_seq(v, s, report_word_of(v, s->key), g);
		if (seq == 0) {
			continue;
		}
		of = report_region_of(v, s->key);
		report_begin(&one);
		report_text(&one, "region", of == NULL ? "" : of->label);
		report_hex(&one, "node", s->key, sizeof(s->key));
		report_uint(&one, "seq", seq);
		report_bool(&one, "pushed_to", to);
		report_bool(&one, "pushed_by", from);
		report_append(o, list, report_end(&one));
	}
	report_add(o, "peers", list);
}

/* What the receipts of its nodes say of our feed, and of its own. */
static void add_receipts(const struct report_view *v, struct report_object *o,
			 const struct report_region *g)
{
	json_t *list = json_array();
	const struct clock_entry *ours;
	const struct clock_entry *theirs;
	const struct report_word *w;
	struct report_object one;
	size_t i;

	for (i = 0; i < v->words_n; i++) {
		w = &v->words[i];
		if (w->region != g) {
			continue;
		}
		ours = report_entry(&w->receipt, v->n->own->id);
		theirs = report_entry(&w->receipt, g->r->id);
		report_begin(&one);
		report_hex(&one, "node", w->receipt.node, PUBKEY_BYTES);
		report_uint(&one, "ours", ours == NULL ? 0 : ours->seq);
		report_uint(&one, "theirs", theirs == NULL ? 0 : theirs->seq);
		report_time(&one, "time", w->time);
		report_append(o, list, report_end(&one));
	}
	report_add(o, "receipts", list);
	report_uint(o, "our_seq", v->n->own->head.seq);
}

/* ---- which region --------------------------------------------------------
 */

static bool is_called(const struct report_region *g, const char *name)
{
	char long_name[SLUG_BYTES_MAX + 2 + 2 * 6];
	char hex[2 * SHA256_BYTES + 1];

	if (strcmp(g->label, name) == 0) {
		return true;
	}
	hex_encode(g->r->id, sizeof(g->r->id), hex);
	if (strcmp(hex, name) == 0) {
		return true;
	}
	snprintf(long_name, sizeof(long_name), "%s-%.12s", g->r->slug, hex);
	return strcmp(long_name, name) == 0;
}

/*
 * By its name here, or else its slug. A damaged repository, of which not even
 * the feed id is known, only where nothing else is called so.
 */
static struct report_region *find_called(const struct report_view *v,
					 const char *name)
{
	struct report_region *damaged = NULL;
	struct report_region *slug = NULL;
	struct report_region *g;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		g = &v->regions[i];
		if (is_called(g, name)) {
			if (g->r->open_err == WEALD_OK) {
				return g;
			}
			damaged = g;
		}
		if (g->r->open_err == WEALD_OK &&
		    strcmp(g->r->slug, name) == 0) {
			slug = g;
		}
	}
	return slug != NULL ? slug : damaged;
}

/* Of a feed that is only heard of there is one thing to say. */
static void tell_heard(struct report_walk *w, const struct report_heard *h)
{
	struct words_names names = { .n = 0 };
	size_t i;

	for (i = 0; i < h->by_n && i < REPORT_HEARD_BY_MAX; i++) {
		words_names_add(&names, h->by[i]->label);
	}
	report_text(w->o, "region", h->follow->slug);
	report_hex(w->o, "feed_id", h->follow->feed, SHA256_BYTES);
	report_step(w, "policy", REPORT_PROBLEM,
		    "weald follow it, if its updates are wanted",
		    "it is not followed here; heard of by %s",
		    words_names_end(&names));
}

static int why_heard(const struct report_view *v, const char *name,
		     struct report_walk *w)
{
	struct report_heard *heard;
	char hex[2 * SHA256_BYTES + 1];
	size_t n;
	size_t i;
	int r = report_heard(v, &heard, &n);

	if (r != WEALD_OK) {
		return r;
	}
	r = WEALD_NOTFOUND;
	for (i = 0; i < n && r == WEALD_NOTFOUND; i++) {
		hex_encode(heard[i].follow->feed, SHA256_BYTES, hex);
		if (strcmp(heard[i].follow->slug, name) == 0 ||
		    strcmp(hex, name) == 0) {
			tell_heard(w, &heard[i]);
			r = WEALD_OK;
		}
	}
	free(heard);
	return r;
}

/* What it holds of ours, by the word of its nodes. */
static void step_receipts(const struct report_view *v, struct report_walk *w,
			  const struct report_region *g)
{
	uint64_t head = v->own->r->head.seq;
	char age[WORDS_AGE_BYTES];

	if (!g->said) {
		report_step(w, "receipts", REPORT_NOTHING, NULL,
			    "no node of it has said since our start what it "
			    "holds of ours");
	} else if (g->said_seq < head && g->other_seq != 0) {
		report_step(w, "receipts", REPORT_DECISIVE,
			    REPORT_OWN_FORK_TODO,
			    "it holds another update %" PRIu64 " of ours: our "
			    "key was used twice",
			    g->other_seq);
	} else if (g->said_seq >= head) {
		report_step(w, "receipts", REPORT_GOOD, NULL,
			    "it holds all of ours, to update %" PRIu64, head);
	} else if (report_leaves_us_out(v, g)) {
		report_step(w, "receipts", REPORT_NOTHING, NULL,
			    "it has said update %" PRIu64 " of ours, and does "
			    "not follow us",
			    g->said_seq);
	} else if (report_is_fresh(v, g->said_seq)) {
		report_step(w, "receipts", REPORT_NOTHING, NULL,
			    "it has said update %" PRIu64 " of ours; that it "
			    "has %" PRIu64 " may be on its way",
			    g->said_seq, head);
	} else {
		words_age(v->now_s - report_behind_since(v, g->said_seq), age);
		report_step(w, "receipts", REPORT_PROBLEM,
			    g->sessions > 0
				    ? "ask its admin what weald why says there "
				      "of our region"
				    : "ask its admin whether its node runs, "
				      "and is connected to anybody",
			    "it has said update %" PRIu64 " of ours, and is "
			    "behind our %" PRIu64 " for %s",
			    g->said_seq, head, age);
	}
}

static void why_other(const struct report_view *v, struct report_walk *w,
		      const struct report_region *g)
{
	if (g->r->policy == GOSSIP_BLOCKED_FEED) {
		report_step(w, "link", REPORT_NOTHING, NULL,
			    "nodes of a blocked region are not connected");
	} else {
		report_step_links(v, w, g);
	}
	step_policy(v, w, g);
	step_their_policy(v, w, g);
	step_gap(v, w, g);
	step_waiting(v, w, g);
	step_rejection(v, w, g);
	if (g->r->policy != GOSSIP_BLOCKED_FEED) {
		step_receipts(v, w, g);
	}
	report_text(w->o, "region", g->label);
	report_hex(w->o, "feed_id", g->r->id, sizeof(g->r->id));
	report_uint(w->o, "seq", g->r->head.seq);
	report_uint(w->o, "heard_seq", g->heard_seq);
	add_peers(v, w->o, g);
	add_receipts(v, w->o, g);
}

static int walk(struct report_view *v, const char *name, struct report_walk *w,
		struct weald_msg *msg)
{
	const struct report_region *g = find_called(v, name);
	int r = WEALD_OK;

	if (g == NULL) {
		r = why_heard(v, name, w);
	} else if (g->r->own) {
		report_why_own(v, w);
	} else {
		why_other(v, w, g);
	}
	if (r == WEALD_NOTFOUND) {
		msg_set(msg,
			"no region \"%s\" is known here; weald feeds lists "
			"those that are",
			name);
	}
	return r;
}

int node_why(struct node *n, const char *region, json_t **out,
	     struct weald_msg *msg)
{
	struct report_object o;
	struct report_walk w = { .o = &o };
	struct report_view v;
	int r;

	r = report_view_open(n, &v);
	if (r != WEALD_OK) {
		return r;
	}
	report_begin(&o);
	w.steps = json_array();
	snprintf(w.todo, sizeof(w.todo), "nothing: all is well");
	r = walk(&v, region, &w, msg);
	report_add(&o, "steps", w.steps);
	report_bool(&o, "ok", w.rank == 0);
	report_text(&o, "todo", w.todo);
	report_view_close(&v);
	*out = report_end(&o);
	if (r == WEALD_OK && *out == NULL) {
		return WEALD_NOMEM;
	}
	if (r != WEALD_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return r;
}
