/*
 * weald peers: one object for each connection, each node that is dialled, each
 * that is waited for, and each that is kept away.
 */
#include <string.h>

#include "daemon/node/report_private.h"

/* What the peer lacks of what we hold, and we of what it holds: updates. */
struct difference {
	uint64_t behind;
	uint64_t ahead;
	bool forked; /* it has signed for another update where we have one */
};

/* Does its receipt name another update than our head of @g? */
static bool holds_other(const struct report_word *word,
			const struct report_region *g)
{
	const struct gossip_head *head = &g->r->head;
	const struct clock_entry *e =
		word == NULL ? NULL : report_entry(&word->receipt, g->r->id);

	return e != NULL && head->seq > 0 && e->epoch == head->epoch &&
	       e->seq == head->seq &&
	       memcmp(e->commit, head->commit, sizeof(e->commit)) != 0;
}

static struct difference compare(const struct report_view *v,
				 const struct session *s)
{
	const struct report_word *word = report_word_of(v, s->key);
	struct difference d = { .forked = false };
	const struct report_region *g;
	uint64_t head;
	uint64_t seq;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		g = &v->regions[i];
		head = g->r->head.seq;
		if (!g->r->own && !g->followed) {
			continue;
		}
		d.forked = d.forked || holds_other(word, g);
		seq = report_peer_seq(v, s, word, g);
		if (seq > head) {
			d.ahead += seq - head;
		} else if (seq > 0) { /* 0: it does not follow the feed */
			d.behind += head - seq;
		}
	}
	return d;
}

/* What all rows begin with. */
static void begin_row(const struct report_view *v, struct report_object *o,
		      const uint8_t *key, const char *address)
{
	const struct report_region *g = report_region_of(v, key);
	const char *reason = NULL;
	uint64_t until;

	report_begin(o);
	report_text(o, "region", g == NULL ? "" : g->label);
	report_hex(o, "node", key, PUBKEY_BYTES);
	report_text(o, "address", address);
	if (back_off_holds(v->n, key, &until, &reason)) {
		report_text(o, "backed_off", reason);
		report_clock(o, "until", v, until);
	}
}

static const char *session_state_name(const struct session *s, bool ready)
{
	switch (s->state) {
	case SESSION_PEER:
		return ready ? "connected" : "greeting";
	case SESSION_STRANGER:
	case SESSION_JUDGED:
		return "stranger";
	case SESSION_NEW:
	case SESSION_GONE:
		break;
	}
	return "closing";
}

static json_t *session_row(const struct report_view *v, const struct session *s)
{
	struct gossip_peer_status st = { .ready = false };
	struct difference d = { .forked = false };
	struct conn_figures figures;
	struct report_object o;
	bool ready = report_is_ready(v, s, &st);

	conn_figures(s->conn, &figures);
	begin_row(v, &o, s->key, conn_address(s->conn));
	report_text(&o, "direction", conn_dialled(s->conn) ? "out" : "in");
	report_text(&o, "state", session_state_name(s, ready));
	report_clock(&o, "since", v, s->since_ms);
	report_uint(&o, "bytes_in", figures.bytes_in);
	report_uint(&o, "bytes_out", figures.bytes_out);
	report_uint(&o, "unsent", figures.unsent);
	if (ready) {
		d = compare(v, s);
		report_bool(&o, "in_sync",
			    d.behind == 0 && d.ahead == 0 && !d.forked);
		report_bool(&o, "forked", d.forked);
		report_uint(&o, "behind", d.behind);
		report_uint(&o, "ahead", d.ahead);
		report_clock(&o, "heard", v, st.heard_ms);
		report_uint(&o, "eager", st.eager);
		report_bool(&o, "paused", st.paused);
	}
	return report_end(&o);
}

static json_t *target_row(const struct report_view *v,
			  const struct dial_status *st)
{
	struct report_object o;

	begin_row(v, &o, st->key, st->address);
	report_text(&o, "direction", "out");
	report_text(&o, "state", st->trying ? "trying" : "waiting");
	report_uint(&o, "tries", st->tries);
	if (!st->trying && st->next_ms != 0) {
		report_clock(&o, "next", v, st->next_ms);
	}
	if (st->err != WEALD_OK) {
		report_text(&o, "error", err_name(st->err));
		report_text(&o, "message", st->text);
	}
	return report_end(&o);
}

/* A node of the members file that has no address: it has to dial us. */
static json_t *expected_row(const struct report_view *v,
			    const struct member_peer *p)
{
	struct report_object o;

	begin_row(v, &o, p->key, "");
	report_text(&o, "direction", "in");
	report_text(&o, "state", "expected");
	return report_end(&o);
}

static bool has_session(const struct report_view *v, const uint8_t *key)
{
	const struct session *s;
	size_t i;

	for (i = 0; i < v->n->sessions_n; i++) {
		s = v->n->sessions[i];
		if (s->state != SESSION_GONE &&
		    memcmp(s->key, key, PUBKEY_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_target(const struct report_view *v, const uint8_t *key)
{
	struct dial_status st;

	return !v->n->stopping && dialler_find(v->n->dialler, key, &st);
}

/* Kept away, and in no other row: it dials us. */
static void add_kept_away(const struct report_view *v, struct report_object *o,
			  json_t *list)
{
	const struct back_off *b;
	struct report_object one;
	size_t i;

	for (i = 0; i < v->n->back_offs_n; i++) {
		b = &v->n->back_offs[i];
		if (b->until_ms <= v->now_ms || has_session(v, b->key) ||
		    is_target(v, b->key) ||
		    members_peer(&v->n->members, b->key) != NULL) {
			continue;
		}
		begin_row(v, &one, b->key, "");
		report_text(&one, "direction", "in");
		report_text(&one, "state", "backed-off");
		report_append(o, list, report_end(&one));
	}
}

static void add_rows(const struct report_view *v, struct report_object *o,
		     json_t *list)
{
	const struct members *m = &v->n->members;
	struct dial_status st;
	size_t i;

	for (i = 0; i < v->n->sessions_n; i++) {
		if (v->n->sessions[i]->state != SESSION_GONE) {
			report_append(o, list,
				      session_row(v, v->n->sessions[i]));
		}
	}
	for (i = 0; !v->n->stopping && dialler_status(v->n->dialler, i, &st);
	     i++) {
		if (!has_session(v, st.key)) {
			report_append(o, list, target_row(v, &st));
		}
	}
	for (i = 0; i < m->peers_n; i++) {
		if (!has_session(v, m->peers[i].key) &&
		    !is_target(v, m->peers[i].key) &&
		    memcmp(m->peers[i].key, v->n->key, PUBKEY_BYTES) != 0) {
			report_append(o, list, expected_row(v, &m->peers[i]));
		}
	}
	add_kept_away(v, o, list);
}

int node_peers(struct node *n, json_t **out)
{
	json_t *list = json_array();
	struct report_object o;
	struct report_view v;
	int r;

	r = report_view_open(n, &v);
	if (r != WEALD_OK) {
		json_decref(list);
		return r;
	}
	report_begin(&o);
	add_rows(&v, &o, list);
	report_view_close(&v);
	return report_list_end(&o, list, out);
}
