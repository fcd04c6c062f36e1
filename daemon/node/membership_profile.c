/*
 * What the regions say of themselves: introductions, and our own region.yaml.
 *
 * Both are done at the tick, never within a step of the engine, and a little
 * later than what calls for them, so that ten changes make one update.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/membership_private.h"
#include "proto/path.h"

#define INTRODUCE_EVERY_MS 600000u
#define DAY_S              UINT64_C(86400)
/* As many as settings allow in a day. */
#define INTRODUCED_MAX 100u

#define PROFILE_QUIET_MS 2000u /* after the last change */
#define PROFILE_MOST_MS  10000u
#define PROFILE_RETRY_MS 60000u

/* ---- introductions -------------------------------------------------------
 */

/* A change at once, for what the settings allow still today. */
static size_t room_today(const struct node *n)
{
	const uint64_t now = node_clock_s();
	const struct member_follow *f;
	uint64_t used = 0;
	size_t i;

	for (i = 0; i < n->members.follows_n; i++) {
		f = &n->members.follows[i];
		/* a little in the future, too: the clock was set back; what
		   is far there was written by a wrong clock, and would count
		   until then */
		used += f->by == REGION_BY_INTRODUCTION &&
			f->since + DAY_S > now && f->since <= now + DAY_S;
	}
	if (used >= n->settings.introductions_per_day) {
		return 0;
	}
	used = n->settings.introductions_per_day - used;
	return used > INTRODUCED_MAX ? INTRODUCED_MAX : (size_t)used;
}

/* Names and slugs of all feeds here; borrowed, the array is the caller's. */
static struct taken_slug *slugs_here(const struct node *n, size_t *out_n)
{
	struct taken_slug *taken = calloc(2 * n->replicas_n + 1, sizeof *taken);
	const struct replica *r;
	size_t i;

	if (taken == NULL) {
		return NULL;
	}
	taken[0].slug = home_slug(n->home);
	taken[0].feed = home_feed_id(n->home);
	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		taken[2 * i + 1] = (struct taken_slug){ r->name, r->id };
		taken[2 * i + 2] = (struct taken_slug){ r->slug, r->id };
	}
	*out_n = 2 * n->replicas_n + 1;
	return taken;
}

static size_t collect_heard(const struct node *n, struct heard *out)
{
	const struct replica *r;
	size_t count = 0;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (r != n->own && r->has_region) {
			memcpy(out[count].feed, r->id, SHA256_BYTES);
			out[count].region = &r->region;
			count++;
		}
	}
	return count;
}

static int find_introduced(const struct node *n, struct member_follow *out,
			   size_t room, size_t *out_n)
{
	struct introduce_options options = {
		.least = n->settings.introductions,
		.now = node_clock_s(),
		.own = home_feed_id(n->home),
	};
	struct taken_slug *taken = slugs_here(n, &options.taken_n);
	struct heard *heard = calloc(n->replicas_n + 1, sizeof *heard);
	int r = WEALD_NOMEM;

	if (taken != NULL && heard != NULL) {
		options.taken = taken;
		options.heard = heard;
		options.heard_n = collect_heard(n, heard);
		r = members_introduce(&n->members, &options, out, room, out_n);
	}
	free(heard);
	free(taken);
	return r;
}

static void tell_introduced(struct node *n, const struct member_follow *f)
{
	char by[LOG_KEY_BYTES];
	char key[LOG_KEY_BYTES];

	log_info("a region is followed by introduction region=%s feed=%s "
		 "introducers=%zu first=%s",
		 f->slug, log_key(f->feed, key), f->introducers_n,
		 log_key(f->introducers[0], by));
	watch_tell(n, json_pack("{s:s, s:s, s:I}", "event", "introduced",
				"feed", f->slug, "introducers",
				(json_int_t)f->introducers_n));
}

static int follow_introduced(struct node *n, const struct member_follow *list,
			     size_t count, struct weald_msg *msg)
{
	struct members changed;
	size_t i;
	int r = members_copy(&n->members, &changed);

	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; r == WEALD_OK && i < count; i++) {
		r = members_set_follow(&changed, &list[i], msg);
	}
	if (r != WEALD_OK) {
		members_release(&changed);
		return r;
	}
	return membership_commit(n, &changed, msg);
}

static void introduce(struct node *n)
{
	struct member_follow *list;
	struct weald_msg msg = { "" };
	size_t room = room_today(n);
	size_t count = 0;
	size_t i;
	int r;

	list = room == 0 ? NULL : calloc(room, sizeof *list);
	if (list == NULL) {
		return; /* looked at again */
	}
	r = find_introduced(n, list, room, &count);
	if (r == WEALD_OK && count > 0) {
		r = follow_introduced(n, list, count, &msg);
	}
	if (r != WEALD_OK) {
		log_warning("introduced regions are not followed error=%s: %s",
			    err_name(r), msg_text(&msg, r));
	}
	for (i = 0; i < count; i++) {
		if (r == WEALD_OK) {
			tell_introduced(n, &list[i]);
		}
		member_follow_release(&list[i]);
	}
	free(list);
}

/* ---- feeds that have come ------------------------------------------------
 */

/* Another feed had its slug: it was stored under a longer name. */
static bool is_second(const struct replica *r)
{
	return r->name[0] != '\0' && r->slug[0] != '\0' &&
	       strcmp(r->name, r->slug) != 0;
}

/*
 * What was said of a slug before the feed came may be wrong. A region that was
 * introduced under another name than its own must not stay where its own is
 * taken. True: something has changed.
 */
static bool complete_follow(struct node *n, struct members *m,
			    const struct member_follow *before)
{
	const struct replica *r = replica_find(n, before->feed);
	struct member_follow f = *before;
	struct member_block b = { .since = node_clock_s() };

	if (r == NULL || r->slug[0] == '\0' || r->head.seq == 0) {
		return false;
	}
	if (before->by == REGION_BY_INTRODUCTION && is_second(r)) {
		log_warning("an introduced region has a slug that is taken; it "
			    "is followed no more feed=%s",
			    r->name);
		memcpy(b.feed, r->id, sizeof b.feed);
		(void)snprintf(b.slug, sizeof b.slug, "%s", r->slug);
		return members_set_unfollowed(m, &b, NULL) == WEALD_OK;
	}
	if (strcmp(f.slug, r->slug) == 0) {
		return false;
	}
	(void)snprintf(f.slug, sizeof f.slug, "%s", r->slug);
	return members_set_follow(m, &f, NULL) == WEALD_OK;
}

static void complete_follows(struct node *n)
{
	struct members changed;
	struct weald_msg msg = { "" };
	bool any = false;
	size_t i;

	if (members_copy(&n->members, &changed) != WEALD_OK) {
		return; /* the next feed that comes calls for it again */
	}
	for (i = 0; i < n->members.follows_n; i++) {
		any = complete_follow(n, &changed, &n->members.follows[i]) ||
		      any;
	}
	if (!any) {
		members_release(&changed);
	} else if (membership_commit(n, &changed, &msg) != WEALD_OK) {
		log_warning("the members cannot be saved: %s", msg.text);
	}
}

void membership_introduce_tick(struct node *n)
{
	struct membership *m = n->membership;
	const uint64_t now = node_now_ms(n);

	if (m->named) {
		m->named = false;
		complete_follows(n);
	}
	if (m->introduce_due || now >= m->introduce_next_ms) {
		m->introduce_due = false;
		m->introduce_next_ms = now + INTRODUCE_EVERY_MS;
		introduce(n);
	}
}

/* ---- our own region.yaml -------------------------------------------------
 */

struct publish {
	struct node *node;
	struct buf text;
};

void membership_profile_due(struct node *n)
{
	struct membership *m = n->membership;

	m->profile_last_ms = node_now_ms(n);
	if (!m->profile_due) {
		m->profile_due = true;
		m->profile_first_ms = m->profile_last_ms;
	}
}

static int copy_address(struct region_node *to, const char *address)
{
	if (to->addresses_n == REGION_ADDRESSES_MAX) {
		return WEALD_OK;
	}
	to->addresses[to->addresses_n] = strdup(address);
	if (to->addresses[to->addresses_n] == NULL) {
		return WEALD_NOMEM;
	}
	to->addresses_n++;
	return WEALD_OK;
}

/* Ourselves, and those whom we know as further nodes of our region. */
static int describe_nodes(const struct node *n, struct region *out)
{
	const struct member_peer *p;
	struct region_node *to;
	size_t i;
	size_t k;
	int r = WEALD_OK;

	out->nodes = calloc(REGION_NODES_MAX, sizeof *out->nodes);
	if (out->nodes == NULL) {
		return WEALD_NOMEM;
	}
	to = &out->nodes[0];
	out->nodes_n = 1;
	memcpy(to->key, n->key, sizeof to->key);
	for (i = 0; r == WEALD_OK && i < n->settings.addresses_n; i++) {
		r = copy_address(to, n->settings.addresses[i]);
	}
	for (i = 0; r == WEALD_OK && i < n->members.peers_n; i++) {
		p = &n->members.peers[i];
		if (!p->has_feed || out->nodes_n == REGION_NODES_MAX ||
		    memcmp(p->feed, home_feed_id(n->home), SHA256_BYTES) != 0) {
			continue;
		}
		to = &out->nodes[out->nodes_n];
		out->nodes_n++;
		memcpy(to->key, p->key, sizeof to->key);
		for (k = 0; r == WEALD_OK && k < p->addresses_n; k++) {
			r = copy_address(to, p->addresses[k]);
		}
	}
	return r;
}

static int describe_follows(const struct node *n, struct region *out)
{
	const struct members *m = &n->members;
	size_t i;

	if (m->follows_n == 0) {
		return WEALD_OK;
	}
	out->follows = calloc(m->follows_n, sizeof *out->follows);
	if (out->follows == NULL) {
		return WEALD_NOMEM;
	}
	out->follows_n = m->follows_n;
	for (i = 0; i < m->follows_n; i++) {
		memcpy(out->follows[i].feed, m->follows[i].feed, SHA256_BYTES);
		memcpy(out->follows[i].slug, m->follows[i].slug,
		       sizeof out->follows[i].slug);
		out->follows[i].by = m->follows[i].by;
	}
	return WEALD_OK;
}

/* What we would say of ourselves now; the caller releases it. */
static int describe(const struct node *n, struct region *out)
{
	const struct region *said = &n->own->region;
	struct region now = { .nodes_n = 0 };
	int r;

	(void)snprintf(now.name, sizeof now.name, "%s",
		       n->own->has_region ? said->name : home_slug(n->home));
	memcpy(now.role, said->role, sizeof now.role);
	memcpy(now.mailbox, said->mailbox, sizeof now.mailbox);
	now.has_predecessor = said->has_predecessor;
	memcpy(now.predecessor, said->predecessor, sizeof now.predecessor);
	r = describe_nodes(n, &now);
	if (r == WEALD_OK) {
		r = describe_follows(n, &now);
	}
	if (r != WEALD_OK) {
		region_release(&now);
		return r;
	}
	*out = now; /* transferred */
	return WEALD_OK;
}

/* The text to be published in @out; empty where ours says that already. */
static int write_profile(const struct node *n, struct buf *out)
{
	struct region now;
	struct buf said;
	int r = describe(n, &now);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&said, CONTENT_BYTES_MAX);
	r = region_format(&now, out);
	if (r == WEALD_OK && n->own->has_region) {
		r = region_format(&n->own->region, &said);
	}
	if (r == WEALD_OK && span_equal(buf_span(out), buf_span(&said))) {
		buf_clear(out);
	}
	buf_release(&said);
	region_release(&now);
	return r;
}

/*
 * A name or contact that the guard would refuse today stands in the feed since
 * before; others need our addresses all the same.
 */
static void tell_contact(struct node *n, const struct region *region)
{
	struct weald_msg msg = { "" };
	int r;

	if (n->membership->contact_told) {
		return;
	}
	r = author_check_region(region, &msg);
	if (r != WEALD_OK) {
		n->membership->contact_told = true;
		log_warning("region.yaml should not say this of the region: "
			    "%s",
			    msg_text(&msg, r));
	}
}

/* What we could not read ourselves would be published again and again. */
static int check_readable(struct node *n, const struct buf *text)
{
	struct region region;
	struct weald_msg msg = { "" };
	int r = region_parse(buf_span(text), PATH_REGION, &region, &msg);

	if (r == WEALD_OK) {
		tell_contact(n, &region);
		region_release(&region);
	} else {
		log_error("what members and config say makes no region.yaml: "
			  "%s",
			  msg_text(&msg, r));
	}
	return r;
}

/*
 * No person looks at the clock, which a machine without a battery has wrong
 * until it has asked the network; and once signed, a date of the future bars
 * every later update until then. So somebody else must bear our clock out: a
 * node that runs says the time in a receipt every few minutes. Where none is
 * connected nobody waits for our region.yaml either.
 */
static int check_clock(struct node *n)
{
	uint64_t known = receipts_newest(n);
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->last_time > known) {
			known = n->replicas[i]->last_time;
		}
	}
	if (node_clock_s() <= known + DAY_S) {
		n->membership->clock_told = false;
		return WEALD_OK;
	}
	if (!n->membership->clock_told) {
		n->membership->clock_told = true;
		log_warning("region.yaml is not published yet: the clock is "
			    "more than a day ahead of all that was heard or "
			    "published; check it, then wait for another node, "
			    "or publish something");
	}
	return WEALD_CLOCK;
}

/* On the pool. */
static int publish_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	struct publish *p = ctx;
	int r = author_profile(a, buf_span(&p->text), "Describe the region",
			       msg);

	return r == WEALD_OK ? author_commit(a, msg) : r;
}

static void publish_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct publish *p = ctx;
	struct node *n = p->node;
	struct membership *m = n->membership;

	m->profile_signing = false;
	if (err == WEALD_OK) {
		log_info("region.yaml was published follows=%zu",
			 n->members.follows_n);
	} else if (err == WEALD_NOTFOUND) {
		/* a node that has no feed key is not the region's writer, until
		   it is given one: membership_profile_again() */
		m->profile_never = true;
		log_warning("region.yaml is not published by this node: %s",
			    msg_text(msg, err));
	} else if (err != WEALD_UNCHANGED) {
		membership_profile_due(n);
		m->profile_retry_ms = node_now_ms(n) + PROFILE_RETRY_MS;
		log_warning("region.yaml is not published yet error=%s: %s",
			    err_name(err), msg_text(msg, err));
	}
	buf_release(&p->text);
	free(p);
}

/* Takes the text on success. */
static int publish(struct node *n, struct buf *text)
{
	struct publish *p = calloc(1, sizeof *p);
	int r;

	if (p == NULL) {
		return WEALD_NOMEM;
	}
	p->node = n;
	p->text = *text; /* transferred */
	*text = (struct buf){ .len = 0 };
	r = node_author(n, publish_work, p, publish_done);
	if (r != WEALD_OK) {
		buf_release(&p->text);
		free(p);
		return r;
	}
	n->membership->profile_signing = true;
	return WEALD_OK;
}

void membership_profile_tick(struct node *n)
{
	struct membership *m = n->membership;
	const uint64_t now = node_now_ms(n);
	struct buf text;
	int r;

	if (!m->profile_due || m->profile_signing || m->profile_never ||
	    now < m->profile_retry_ms ||
	    (now < m->profile_last_ms + PROFILE_QUIET_MS &&
	     now < m->profile_first_ms + PROFILE_MOST_MS) ||
	    !node_may_sign(n, NULL)) {
		return;
	}
	m->profile_due = false;
	buf_init(&text, CONTENT_BYTES_MAX);
	r = write_profile(n, &text);
	if (r == WEALD_OK && text.len > 0) {
		r = check_readable(n, &text);
	}
	if (r == WEALD_OK && text.len > 0) {
		r = check_clock(n);
	}
	if (r == WEALD_OK && text.len > 0) {
		r = publish(n, &text);
	}
	buf_release(&text);
	if (r == WEALD_CLOCK) {
		membership_profile_due(n); /* looks again in a moment */
	} else if (r != WEALD_OK) {
		membership_profile_due(n);
		m->profile_retry_ms = now + PROFILE_RETRY_MS;
		log_warning("region.yaml is not published yet error=%s",
			    err_name(r));
	}
}
