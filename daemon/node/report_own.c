/*
 * weald why of our own region: why others may not have our last update.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/report_private.h"

/* Who it is that others' choice keeps from our updates. */
static void step_their_policy(const struct report_view *v,
			      struct report_walk *w)
{
	struct words_names names = { .n = 0 };
	const struct report_region *g;
	size_t all = 0;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		g = v->by_name[i];
		all += g->followed ? 1 : 0;
		if (g->followed && report_leaves_us_out(v, g)) {
			words_names_add(&names, g->label);
		}
	}
	if (names.n > 0) {
		report_step(w, "their-policy", REPORT_PROBLEM,
			    "ask their admins to follow us: weald follow there",
			    "%zu of the %zu regions that we follow do not "
			    "follow us: %s",
			    names.n, all, words_names_end(&names));
	} else if (all == 0) {
		report_step(w, "their-policy", REPORT_NOTHING, NULL,
			    "no region is followed: nobody knows us yet");
	} else {
		report_step(w, "their-policy", REPORT_GOOD, NULL,
			    "no region that we follow leaves us out");
	}
}

/* Somebody held our feed, or nobody ever did: all the difference. */
static const char *guard_todo(const struct report_view *v)
{
	uint8_t(*view)[PUBKEY_BYTES] = NULL;
	size_t n = 0;

	/* where there is no memory the careful advice is the right one */
	if (receipts_view(v->n, &view, &n) != WEALD_OK) {
		n = 1;
	}
	free(view);
	return n > 0 ? "connect to the nodes that weald status waits for; "
		       "after a restore never --i-am-first"
		     : "connect to regions that follow us; where no other node "
		       "has ever held our feed: weald run --i-am-first";
}

static void step_guard(const struct report_view *v, struct report_walk *w)
{
	uint64_t head = v->own->r->head.seq;
	enum gossip_guard why;

	if (gossip_may_sign(v->n->engine, &why)) {
		report_step(w, "gap", REPORT_GOOD, NULL,
			    "update %" PRIu64 " is our last, and nobody we "
			    "hear of has more",
			    head);
		report_step(w, "waiting", REPORT_GOOD, NULL,
			    "signing is allowed");
		return;
	}
	if (why == GOSSIP_SIGN_BEHIND) {
		report_step(w, "gap", REPORT_PROBLEM,
			    "wait: our own updates are being taken back",
			    "update %" PRIu64 " is our last, others hold "
			    "%" PRIu64,
			    head, v->own->heard_seq);
	} else {
		report_step(w, "gap", REPORT_GOOD, NULL,
			    "update %" PRIu64 " is our last", head);
	}
	if (why == GOSSIP_SIGN_WAITING) {
		report_step(w, "waiting", REPORT_PROBLEM, guard_todo(v),
			    "signing is held back: waiting for other nodes to "
			    "say what they hold of our feed");
	} else {
		report_step(w, "waiting", REPORT_NOTHING, NULL, "%s",
			    gossip_guard_text(why));
	}
}

static void step_rejection(const struct report_view *v, struct report_walk *w)
{
	if (!report_step_disk(v, w, v->own) && !report_step_own_fork(v, w)) {
		report_step(w, "rejection", REPORT_GOOD, NULL,
			    "nothing of ours is disputed");
	}
}

static json_t *region_one(const struct report_view *v,
			  const struct report_region *g)
{
	struct report_object one;
	uint64_t head = v->own->r->head.seq;

	report_begin(&one);
	report_text(&one, "region", g->label);
	report_bool(&one, "connected", g->sessions > 0);
	report_bool(&one, "said", g->said);
	report_uint(&one, "seq", g->said_seq);
	report_time(&one, "time", g->said_time);
	if (g->r->has_region) {
		report_bool(&one, "follows_us", report_follows_us(v, g));
	}
	report_uint(&one, "other", g->other_seq);
	if (g->said && g->said_seq < head && !report_leaves_us_out(v, g)) {
		report_time(&one, "since", report_behind_since(v, g->said_seq));
	}
	return report_end(&one);
}

static void step_receipts(const struct report_view *v, struct report_walk *w,
			  size_t said, struct words_names *behind)
{
	uint64_t head = v->own->r->head.seq;

	if (behind->n > 0) {
		report_step(w, "receipts", REPORT_PROBLEM,
			    "weald why for each of them",
			    "of %zu region%s that said what they hold, %zu "
			    "lack%s update %" PRIu64 ": %s",
			    said, said == 1 ? "" : "s", behind->n,
			    behind->n == 1 ? "s" : "", head,
			    words_names_end(behind));
	} else if (said > 0) {
		report_step(w, "receipts", REPORT_GOOD, NULL,
			    "none of the %zu region%s that said what they "
			    "hold is behind for long",
			    said, said == 1 ? "" : "s");
	} else {
		report_step(w, "receipts", REPORT_NOTHING, NULL,
			    "no region has said since our start what it "
			    "holds");
	}
}

/* What each region says to hold; those that lack something are named. */
static void add_regions(const struct report_view *v, struct report_walk *w)
{
	struct words_names behind = { .n = 0 };
	json_t *list = json_array();
	const struct report_region *g;
	size_t said = 0;
	size_t i;

	for (i = 0; i < v->regions_n; i++) {
		g = v->by_name[i];
		if (!report_is_counted(g)) {
			continue;
		}
		report_append(w->o, list, region_one(v, g));
		said += g->said ? 1 : 0;
		if (g->said && g->said_seq < v->own->r->head.seq &&
		    !report_leaves_us_out(v, g) &&
		    !report_is_fresh(v, g->said_seq)) {
			words_names_add(&behind, g->label);
		}
	}
	report_add(w->o, "regions", list);
	step_receipts(v, w, said, &behind);
}

void report_why_own(struct report_view *v, struct report_walk *w)
{
	report_text(w->o, "region", v->own->label);
	report_hex(w->o, "feed_id", v->own->r->id, SHA256_BYTES);
	report_uint(w->o, "seq", v->own->r->head.seq);
	report_uint(w->o, "heard_seq", v->own->heard_seq);
	report_step_links(v, w, NULL);
	step_their_policy(v, w);
	step_guard(v, w);
	step_rejection(v, w);
	add_regions(v, w);
}
