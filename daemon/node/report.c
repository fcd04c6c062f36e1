/*
 * weald status, in one object; and who holds an update of ours.
 *
 * The first thing that a person wants to know is "answer": one line, chosen
 * from what is worst. docs/CLI.md lists the keys, docs/OPERATIONS.md says what
 * to do about each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/node/report_private.h"
#include "daemon/version.h"

static void add_labels(struct report_object *o, const char *key,
		       const struct report_view *v,
		       bool (*wanted)(const struct report_view *v,
				      const struct report_region *g))
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		if (wanted(v, v->by_name[i])) {
			report_append(o, list,
				      json_string(v->by_name[i]->label));
		}
	}
	report_add(o, key, list);
}

/* ---- am I in sync --------------------------------------------------------
 */

/* Followed, and not all that is known of it is here. */
static bool is_missing(const struct report_region *g)
{
	switch (report_state(g)) {
	case REPORT_EMPTY:
	case REPORT_CATCHING_UP:
	case REPORT_STORE_FAILED:
		return g->followed;
	case REPORT_OK:
	case REPORT_DISPUTED:
	case REPORT_REFUSED:
	case REPORT_DAMAGED:
	case REPORT_BLOCKED:
	case REPORT_NOT_FOLLOWED:
		break;
	}
	return false;
}

static bool is_damaged(const struct report_region *g)
{
	return g->r->open_err != WEALD_OK;
}

static bool is_store_failed(const struct report_region *g)
{
	return report_state(g) == REPORT_STORE_FAILED;
}

static size_t count(const struct report_view *v,
		    bool (*fn)(const struct report_region *g),
		    struct words_names *names)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		if (fn(v->by_name[i])) {
			n++;
			words_names_add(names, v->by_name[i]->label);
		}
	}
	return n;
}

static bool is_followed(const struct report_region *g)
{
	return g->followed;
}

static void answer(struct report_object *o, const char *state, const char *text)
{
	report_text(o, "state", state);
	report_text(o, "answer", text);
}

/* The next update of a region that we follow will not be taken. */
static bool is_stopped(const struct report_region *g)
{
	enum report_state state = report_state(g);

	return g->followed &&
	       (state == REPORT_DISPUTED || state == REPORT_REFUSED);
}

/* "kent (disputed), east (refused)" */
static size_t name_stopped(const struct report_view *v,
			   struct words_names *names)
{
	char one[HOME_FEED_NAME_BYTES + 16];
	size_t n = 0;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		if (is_stopped(v->by_name[i])) {
			snprintf(one, sizeof(one), "%s (%s)",
				 v->by_name[i]->label,
				 report_state_name(
					 report_state(v->by_name[i])));
			words_names_add(names, one);
			n++;
		}
	}
	return n;
}

/* How it stands with the regions other than those that are stopped. */
static const char *describe_rest(const struct report_view *v, size_t stopped,
				 char *out, size_t size)
{
	struct words_names ignored = { .n = 0 };
	struct words_names names = { .n = 0 };
	char age[WORDS_AGE_BYTES];
	size_t missing = count(v, is_missing, &names);
	size_t all = count(v, is_followed, &ignored) - stopped;

	words_age((v->now_ms - v->heard_ms) / 1000u, age);
	if (missing > 0) {
		snprintf(out, size, "behind: %zu region%s (%s)", missing,
			 missing == 1 ? "" : "s", words_names_end(&names));
		return "behind";
	}
	if (all == 0) {
		snprintf(out, size,
			 "in sync: no %sregion is followed, as of "
			 "%s ago",
			 stopped == 0 ? "" : "other ", age);
	} else {
		snprintf(out, size, "in sync: %s%zu %sregion%s, as of %s ago",
			 all == 1 ? "" : "all ", all,
			 stopped == 0 ? "" : "other ", all == 1 ? "" : "s",
			 age);
	}
	return "in-sync";
}

/* The answer where nothing is wrong with us, or only something is missing. */
static void answer_sync(const struct report_view *v, struct report_object *o)
{
	struct words_names names = { .n = 0 };
	size_t stopped = name_stopped(v, &names);
	char rest[400];
	char text[800];
	const char *state = describe_rest(v, stopped, rest, sizeof(rest));

	if (stopped == 0) {
		answer(o, state, rest);
		return;
	}
	snprintf(text, sizeof(text), "nothing more is taken of %s; %s",
		 words_names_end(&names), rest);
	answer(o, "stopped", text);
}

/* What it is that keeps us from signing, without what to do about it. */
static void answer_guard(struct report_object *o, const char *state,
			 enum gossip_guard why)
{
	const char *says = gossip_guard_text(why);
	char text[400];

	snprintf(text, sizeof(text), "signing is held back: %.*s",
		 (int)strcspn(says, ";"), says);
	answer(o, state, text);
}

static void add_answer(const struct report_view *v, struct report_object *o)
{
	struct words_names names = { .n = 0 };
	enum gossip_guard why;
	bool allowed = gossip_may_sign(v->n->engine, &why);
	char text[400];

	if (count(v, is_store_failed, &names) > 0) {
		snprintf(text, sizeof(text),
			 "disk: updates cannot be stored (%s)",
			 words_names_end(&names));
		answer(o, "disk", text);
	} else if (why == GOSSIP_SIGN_DISPUTED) {
		answer_guard(o, "disputed", why);
	} else if (v->ready == 0) {
		answer(o, "alone", "alone: no peer is connected");
	} else if (!allowed) {
		answer_guard(o, "held-back", why);
	} else if (count(v, is_damaged, &names) > 0) {
		snprintf(text, sizeof(text), "damaged: %s",
			 words_names_end(&names));
		answer(o, "damaged", text);
	} else {
		answer_sync(v, o);
	}
}

static json_t *behind_one(const struct report_region *g)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "feed", g->label);
	report_uint(&one, "seq", g->r->head.seq);
	report_uint(&one, "heard_seq", g->heard_seq);
	return report_end(&one);
}

static void add_missing(const struct report_view *v, struct report_object *o)
{
	struct words_names names = { .n = 0 };
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		if (is_missing(v->by_name[i])) {
			report_append(o, list, behind_one(v->by_name[i]));
		}
	}
	report_add(o, "missing", list);
	report_uint(o, "regions", count(v, is_followed, &names));
	report_clock(o, "as_of", v, v->heard_ms);
	if (v->heard_ms == 0) {
		report_add(o, "as_of", json_null());
	}
}

/* ---- who holds my latest version -----------------------------------------
 */

static bool holds_latest(const struct report_view *v,
			 const struct report_region *g)
{
	return report_is_counted(g) && g->said &&
	       g->said_seq >= v->own->r->head.seq;
}

/* Another update of the number of our latest, or what follows one. */
static bool holds_other(const struct report_view *v,
			const struct report_region *g)
{
	return report_is_counted(g) && !holds_latest(v, g) && g->other_seq != 0;
}

/* What it lacks of ours it does not want: it is not behind. */
static bool is_not_following(const struct report_view *v,
			     const struct report_region *g)
{
	return report_is_counted(g) && report_leaves_us_out(v, g) &&
	       !holds_latest(v, g) && !holds_other(v, g);
}

static bool is_unheard(const struct report_view *v,
		       const struct report_region *g)
{
	return report_is_counted(g) && !g->said && !is_not_following(v, g);
}

static json_t *lagging_one(const struct report_view *v,
			   const struct report_region *g)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "region", g->label);
	report_uint(&one, "seq", g->said_seq);
	report_time(&one, "since", report_behind_since(v, g->said_seq));
	report_time(&one, "said", g->said_time);
	report_bool(&one, "connected", g->sessions > 0);
	return report_end(&one);
}

static json_t *other_one(const struct report_region *g)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "region", g->label);
	report_uint(&one, "seq", g->other_seq);
	report_time(&one, "said", g->said_time);
	return report_end(&one);
}

static void add_latest(const struct report_view *v, struct report_object *o)
{
	struct report_object latest;
	json_t *behind = json_array();
	json_t *other = json_array();
	const struct report_region *g;
	size_t regions = 0;
	size_t i;

	report_begin(&latest);
	for (i = 0; i < v->regions_n; i++) {
		g = v->by_name[i];
		regions += report_is_counted(g) ? 1 : 0;
		if (holds_other(v, g)) {
			report_append(&latest, other, other_one(g));
		} else if (report_is_counted(g) && g->said &&
			   !holds_latest(v, g) && !is_not_following(v, g)) {
			report_append(&latest, behind, lagging_one(v, g));
		}
	}
	report_uint(&latest, "seq", v->own->r->head.seq);
	report_uint(&latest, "regions", regions);
	add_labels(&latest, "holders", v, holds_latest);
	report_add(&latest, "other", other);
	report_add(&latest, "behind", behind);
	add_labels(&latest, "not_following", v, is_not_following);
	add_labels(&latest, "unheard", v, is_unheard);
	report_add(o, "latest", report_end(&latest));
}

/* ---- feeds, peers --------------------------------------------------------
 */

static json_t *trouble_one(const struct report_region *g)
{
	const struct replica *r = g->r;
	enum report_state state = report_state(g);
	struct report_object one;

	report_begin(&one);
	report_text(&one, "feed", g->label);
	report_text(&one, "state", report_state_name(state));
	if (state == REPORT_DISPUTED) {
		report_uint(&one, "seq", report_disputed_from(g));
		report_text(&one, "error",
			    gossip_reason_name(GOSSIP_WHY_FORK_FOUND));
		report_text(&one, "message",
			    gossip_reason_text(GOSSIP_WHY_FORK_FOUND));
	} else if (state == REPORT_DAMAGED) {
		report_text(&one, "error", err_name(r->open_err));
		report_text(&one, "message",
			    msg_text(&r->open_msg, r->open_err));
	} else {
		report_uint(&one, "seq", r->refused_seq);
		report_text(&one, "error", err_name(r->refused_err));
		report_text(&one, "message", err_text(r->refused_err));
	}
	return report_end(&one);
}

static void add_feeds(const struct report_view *v, struct report_object *o)
{
	json_t *trouble = json_array();
	struct report_object feeds;
	uint64_t whole = 0;
	uint64_t narrow = 0;
	uint64_t blocked = 0;
	uint64_t other = 0;
	enum report_state state;
	size_t i;

	report_begin(&feeds);
	for (i = 0; i < v->regions_n; i++) {
		const struct report_region *g = v->by_name[i];

		state = report_state(g);
		if (g->followed) {
			whole += g->r->policy == GOSSIP_FOLLOW_WHOLE ? 1 : 0;
			narrow += g->r->policy == GOSSIP_FOLLOW_NARROW ? 1 : 0;
		} else if (!g->r->own) {
			blocked += state == REPORT_BLOCKED ? 1 : 0;
			other += state == REPORT_NOT_FOLLOWED ? 1 : 0;
		}
		if (state == REPORT_DISPUTED || state == REPORT_REFUSED ||
		    state == REPORT_STORE_FAILED || state == REPORT_DAMAGED) {
			report_append(o, trouble, trouble_one(g));
		}
	}
	report_uint(&feeds, "whole", whole);
	report_uint(&feeds, "narrow", narrow);
	report_uint(&feeds, "blocked", blocked);
	report_uint(&feeds, "not_followed", other);
	report_add(o, "feeds", report_end(&feeds));
	report_add(o, "trouble", trouble);
}

static void add_peers(const struct report_view *v, struct report_object *o)
{
	struct report_object peers;
	struct dial_status st;
	uint64_t unreached = 0;
	size_t i;

	report_begin(&peers);
	for (i = 0; !v->n->stopping && dialler_status(v->n->dialler, i, &st);
	     i++) {
		unreached += !st.connected && st.err != WEALD_OK ? 1 : 0;
	}
	report_uint(&peers, "connected", v->ready);
	report_uint(&peers, "wanted", v->n->settings.connections);
	report_uint(&peers, "unreached", unreached);
	report_add(o, "peers", report_end(&peers));
}

static json_t *introduced_one(const struct report_view *v,
			      const struct member_follow *f)
{
	const struct report_region *g = report_find(v, f->feed);
	struct report_object one;
	json_t *by = json_array();
	char hex[2 * 6 + 1];
	size_t i;

	report_begin(&one);
	report_text(&one, "region", g == NULL ? f->slug : g->label);
	report_time(&one, "since", f->since);
	for (i = 0; i < f->introducers_n; i++) {
		g = report_find(v, f->introducers[i]);
		hex_encode(f->introducers[i], 6, hex);
		report_append(&one, by,
			      json_string(g == NULL ? hex : g->label));
	}
	report_add(&one, "by", by);
	return report_end(&one);
}

static void add_introduced(const struct report_view *v, struct report_object *o)
{
	const struct members *m = &v->n->members;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < m->follows_n; i++) {
		if (m->follows[i].by == REGION_BY_INTRODUCTION) {
			report_append(o, list,
				      introduced_one(v, &m->follows[i]));
		}
	}
	report_add(o, "introduced", list);
}

/* ---- what waits, what was dropped ----------------------------------------
 */

static const char *wait_name(enum gossip_wait_reason reason)
{
	switch (reason) {
	case GOSSIP_WAIT_GAP:
		return "gap";
	case GOSSIP_WAIT_STORE:
		return "store";
	case GOSSIP_WAIT_REISSUE:
		return "reissue";
	}
	return "unknown";
}

/* What waits of one feed, all for the reason of the first. */
struct waiting_sum {
	struct gossip_waiting first;
	uint64_t n;
	uint64_t bytes;
};

static void add_waiting_sum(const struct report_view *v,
			    struct report_object *o, json_t *list,
			    const struct waiting_sum *sum)
{
	const struct report_region *g = report_find(v, sum->first.feed);
	struct report_object one;

	if (sum->n == 0) {
		return;
	}
	report_begin(&one);
	report_text(&one, "feed", g == NULL ? "" : g->label);
	report_text(&one, "reason", wait_name(sum->first.reason));
	report_uint(&one, "n", sum->n);
	report_uint(&one, "bytes", sum->bytes);
	report_clock(&one, "since", v, sum->first.since_ms);
	report_append(o, list, report_end(&one));
}

/* gossip_waiting() gives the updates of one feed behind each other. */
static void add_waiting(const struct report_view *v, struct report_object *o)
{
	json_t *list = json_array();
	struct waiting_sum sum = { .n = 0 };
	struct gossip_waiting w;
	size_t i;

	for (i = 0; gossip_waiting(v->n->engine, i, &w); i++) {
		if (sum.n > 0 && sum.first.reason == w.reason &&
		    memcmp(sum.first.feed, w.feed, sizeof(w.feed)) == 0) {
			sum.n++;
			sum.bytes += w.bytes;
			if (w.since_ms < sum.first.since_ms) {
				sum.first.since_ms = w.since_ms;
			}
			continue;
		}
		add_waiting_sum(v, o, list, &sum);
		sum.first = w;
		sum.n = 1;
		sum.bytes = w.bytes;
	}
	add_waiting_sum(v, o, list, &sum);
	report_add(o, "waiting", list);
}

/* Whatever happens by itself says "nothing" first. */
static bool todo_is_nothing(const char *todo)
{
	return strncmp(todo, "nothing", strlen("nothing")) == 0;
}

/* The key that was used twice may be ours. */
static const char *todo_of(const struct report_view *v,
			   enum gossip_reason reason)
{
	if ((reason == GOSSIP_WHY_FORK_FOUND ||
	     reason == GOSSIP_WHY_FEED_DISPUTED) &&
	    report_disputed_from(v->own) != 0) {
		return REPORT_OWN_FORK_TODO;
	}
	return gossip_reason_todo(reason);
}

static void add_dropped(const struct report_view *v, struct report_object *o)
{
	json_t *list = json_array();
	struct report_object one;
	enum gossip_reason reason;
	uint64_t n;
	size_t i;

	for (i = 0; i < GOSSIP_REASONS_N; i++) {
		reason = (enum gossip_reason)i;
		n = gossip_count(v->n->engine, reason);
		if (n == 0) {
			continue;
		}
		report_begin(&one);
		report_text(&one, "reason", gossip_reason_name(reason));
		report_uint(&one, "n", n);
		report_text(&one, "text", gossip_reason_text(reason));
		report_text(&one, "todo", todo_of(v, reason));
		report_bool(&one, "act",
			    !todo_is_nothing(gossip_reason_todo(reason)));
		report_append(o, list, report_end(&one));
	}
	report_add(o, "dropped", list);
}

/* ---- signing, disk, process ----------------------------------------------
 */

static const char *guard_name(enum gossip_guard why)
{
	static const char *const names[] = {
		[GOSSIP_SIGN_ALLOWED] = "allowed",
		[GOSSIP_SIGN_NO_FEED] = "no-feed",
		[GOSSIP_SIGN_WAITING] = "waiting",
		[GOSSIP_SIGN_BEHIND] = "behind",
		[GOSSIP_SIGN_DISPUTED] = "disputed",
	};

	return names[why];
}

/* Has this node spoken since we started? */
static bool has_said(const struct report_view *v, const uint8_t *node)
{
	struct gossip_peer_status st;
	size_t i;

	for (i = 0; i < v->words_n; i++) {
		if (memcmp(v->words[i].receipt.node, node, PUBKEY_BYTES) == 0) {
			return true;
		}
	}
	for (i = 0; i < v->n->sessions_n; i++) {
		if (report_is_ready(v, v->n->sessions[i], &st) &&
		    memcmp(st.key, node, PUBKEY_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

static json_t *awaited_one(const struct report_view *v, const uint8_t *node)
{
	const struct report_region *g = report_region_of(v, node);
	struct report_object one;

	report_begin(&one);
	report_text(&one, "region", g == NULL ? "" : g->label);
	report_hex(&one, "node", node, PUBKEY_BYTES);
	return report_end(&one);
}

static void add_signing(const struct report_view *v, struct report_object *o)
{
	uint8_t(*view)[PUBKEY_BYTES] = NULL;
	json_t *awaited = json_array();
	struct report_object signing;
	enum gossip_guard why;
	size_t view_n = 0;
	size_t i;

	report_begin(&signing);
	report_bool(&signing, "allowed", gossip_may_sign(v->n->engine, &why));
	report_text(&signing, "state", guard_name(why));
	report_text(&signing, "message", gossip_guard_text(why));
	if (why == GOSSIP_SIGN_WAITING &&
	    receipts_view(v->n, &view, &view_n) != WEALD_OK) {
		signing.failed = true;
	}
	for (i = 0; i < view_n; i++) {
		if (!has_said(v, view[i])) {
			report_append(&signing, awaited,
				      awaited_one(v, view[i]));
		}
	}
	free(view);
	report_add(&signing, "waits_for", awaited);
	report_add(o, "signing", report_end(&signing));
}

static void add_disk(const struct report_view *v, struct report_object *o)
{
	struct words_names names = { .n = 0 };
	struct report_object disk;
	struct statvfs fs;
	size_t failed = count(v, is_store_failed, &names);

	report_begin(&disk);
	report_bool(&disk, "ok", failed == 0);
	if (statvfs(home_path(v->n->home), &fs) == 0) {
		report_uint(&disk, "free_bytes",
			    (uint64_t)fs.f_bavail * fs.f_frsize);
	} else {
		report_add(&disk, "free_bytes", json_null());
	}
	report_add(o, "disk", report_end(&disk));
}

static void add_node(const struct report_view *v, struct report_object *o)
{
	const struct node *n = v->n;
	const struct replica *own = v->own->r;
	size_t memory = 0;

	(void)uv_resident_set_memory(&memory); /* 0: the system does not say */
	report_text(o, "region", home_slug(n->home));
	report_hex(o, "feed_id", own->id, sizeof(own->id));
	report_uint(o, "seq", own->head.seq);
	report_uint(o, "epoch", own->head.epoch);
	report_hex(o, "head", own->head.commit, sizeof(own->head.commit));
	report_time(o, "time", own->last_time);
	report_hex(o, "node", n->key, sizeof(n->key));
	report_text(o, "home", home_path(n->home));
	report_uint(o, "port",
		    n->listener == NULL ? 0 : listener_port(n->listener));
	report_text(o, "version", WEALD_RELEASE);
	report_uint(o, "pid", (uint64_t)getpid());
	report_time(o, "started", n->started_s);
	report_uint(o, "memory_bytes", memory);
}

int node_status(struct node *n, json_t **out)
{
	struct report_object o;
	struct report_view v;
	int r;

	r = report_view_open(n, &v);
	if (r != WEALD_OK) {
		return r;
	}
	report_begin(&o);
	report_index(&v, &o);
	add_answer(&v, &o);
	add_missing(&v, &o);
	add_node(&v, &o);
	add_latest(&v, &o);
	add_peers(&v, &o);
	add_feeds(&v, &o);
	add_introduced(&v, &o);
	add_waiting(&v, &o);
	add_dropped(&v, &o);
	add_signing(&v, &o);
	add_disk(&v, &o);
	report_view_close(&v);
	*out = report_end(&o);
	return *out == NULL ? WEALD_NOMEM : WEALD_OK;
}

/* ---- holders -------------------------------------------------------------
 */

static json_t *holder_one(const struct report_word *w,
			  const struct clock_entry *e)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "region", w->region->label);
	report_hex(&one, "node", w->receipt.node, sizeof(w->receipt.node));
	report_uint(&one, "seq", e->seq);
	report_time(&one, "time", w->time);
	return report_end(&one);
}

int node_holders(struct node *n, uint64_t seq, json_t **out)
{
	const struct clock_entry *e;
	struct report_object o;
	struct report_view v;
	json_t *list = json_array();
	size_t i;
	int r;

	r = report_view_open(n, &v);
	if (r != WEALD_OK) {
		json_decref(list);
		return r;
	}
	report_begin(&o);
	for (i = 0; i < v.words_n; i++) {
		e = report_entry(&v.words[i].receipt, n->own->id);
		if (e != NULL && report_holds_own(&v, e, seq)) {
			report_append(&o, list, holder_one(&v.words[i], e));
		}
	}
	report_view_close(&v);
	return report_list_end(&o, list, out);
}
