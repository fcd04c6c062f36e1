/*
 * weald feeds: one object for each feed that is here, followed, blocked or
 * heard of.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/node/report_private.h"

/* ---- heard of ------------------------------------------------------------
 */

/* Where @id is among the sorted @list, or is to be put. */
static size_t heard_place(const struct report_heard *list, size_t n,
			  const uint8_t *id, bool *out_there)
{
	size_t from = 0;
	size_t to = n;
	size_t at;
	int c;

	*out_there = false;
	while (from < to) {
		at = from + (to - from) / 2;
		c = memcmp(list[at].follow->feed, id, SHA256_BYTES);
		if (c == 0) {
			*out_there = true;
			return at;
		}
		if (c < 0) {
			from = at + 1;
		} else {
			to = at;
		}
	}
	return from;
}

static void hear(struct report_heard *list, size_t *n,
		 const struct region_follow *f, const struct report_region *by)
{
	bool there;
	size_t at = heard_place(list, *n, f->feed, &there);

	if (!there) {
		if (*n == REPORT_HEARD_MAX) {
			return;
		}
		memmove(&list[at + 1], &list[at], (*n - at) * sizeof(*list));
		memset(&list[at], 0, sizeof(*list));
		list[at].follow = f;
		(*n)++;
	}
	if (list[at].by_n < REPORT_HEARD_BY_MAX) {
		list[at].by[list[at].by_n] = by;
	}
	list[at].by_n++;
}

/* What @g follows, and we know nothing of: both are sorted by feed id. */
static void hear_region(const struct report_view *v, struct report_heard *list,
			size_t *n, const struct report_region *g)
{
	const struct region_follow *f;
	size_t at = 0;
	size_t i = 0;
	int c;

	while (i < g->r->region.follows_n) {
		f = &g->r->region.follows[i];
		c = at == v->regions_n ? 1
				       : memcmp(v->regions[at].r->id, f->feed,
						SHA256_BYTES);
		if (c < 0) {
			at++;
			continue;
		}
		if (c > 0) {
			hear(list, n, f, g);
		}
		i++;
	}
}

int report_heard(const struct report_view *v, struct report_heard **out,
		 size_t *out_n)
{
	struct report_heard *list = calloc(REPORT_HEARD_MAX, sizeof(*list));
	size_t n = 0;
	size_t i;

	if (list == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < v->regions_n; i++) {
		if (v->by_name[i]->followed && v->by_name[i]->r->has_region) {
			hear_region(v, list, &n, v->by_name[i]);
		}
	}
	*out = list;
	*out_n = n;
	return WEALD_OK;
}

static json_t *heard_row(const struct report_heard *h)
{
	struct report_object o;
	json_t *by = json_array();
	char hex[2 * 6 + 1];
	size_t i;

	report_begin(&o);
	hex_encode(h->follow->feed, 6, hex);
	report_text(&o, "feed",
		    h->follow->slug[0] == '\0' ? hex : h->follow->slug);
	report_text(&o, "slug", h->follow->slug);
	report_hex(&o, "feed_id", h->follow->feed, sizeof(h->follow->feed));
	report_bool(&o, "own", false);
	report_text(&o, "followed", "heard-of");
	report_text(&o, "state", "heard-of");
	report_uint(&o, "seq", 0);
	for (i = 0; i < h->by_n && i < REPORT_HEARD_BY_MAX; i++) {
		report_append(&o, by, json_string(h->by[i]->label));
	}
	report_add(&o, "heard_by", by);
	report_uint(&o, "heard_by_n", h->by_n);
	return report_end(&o);
}

/* ---- those that are here -------------------------------------------------
 */

static const char *followed_name(const struct report_region *g)
{
	if (g->r->own) {
		return "own";
	}
	switch (g->r->policy) {
	case GOSSIP_FOLLOW_WHOLE:
		return "whole";
	case GOSSIP_FOLLOW_NARROW:
		return "narrow";
	case GOSSIP_BLOCKED_FEED:
		return "blocked";
	case GOSSIP_NOT_FOLLOWED:
		break;
	}
	return "no";
}

static void add_texts(struct report_object *o, const char *key,
		      char *const *texts, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		report_append(o, list, json_string(texts[i]));
	}
	report_add(o, key, list);
}

static void add_follow(const struct report_view *v, struct report_object *o,
		       const struct report_region *g)
{
	const struct member_follow *f =
		members_follow(&v->n->members, g->r->id);
	const struct report_region *by;
	json_t *list;
	char hex[2 * 6 + 1];
	size_t i;

	if (!g->followed || f == NULL) {
		return;
	}
	report_text(o, "by", f->by == REGION_BY_HAND ? "hand" : "introduction");
	if (f->by == REGION_BY_INTRODUCTION) {
		list = json_array();
		for (i = 0; i < f->introducers_n; i++) {
			by = report_find(v, f->introducers[i]);
			hex_encode(f->introducers[i], 6, hex);
			report_append(o, list,
				      json_string(by == NULL ? hex
							     : by->label));
		}
		report_add(o, "introduced_by", list);
	}
	if (f->topics_n > 0) {
		add_texts(o, "topics", f->topics, f->topics_n);
	}
	if (f->kinds_n > 0) {
		add_texts(o, "kinds", f->kinds, f->kinds_n);
	}
}

static void add_trouble(struct report_object *o, const struct report_region *g,
			enum report_state state)
{
	const struct replica *r = g->r;

	switch (state) {
	case REPORT_DISPUTED:
		report_uint(o, "disputed_from", report_disputed_from(g));
		break;
	case REPORT_REFUSED:
	case REPORT_STORE_FAILED:
		report_uint(o, "refused_seq", r->refused_seq);
		report_text(o, "error", err_name(r->refused_err));
		report_text(o, "message", err_text(r->refused_err));
		break;
	case REPORT_DAMAGED:
		report_text(o, "error", err_name(r->open_err));
		report_text(o, "message", msg_text(&r->open_msg, r->open_err));
		break;
	case REPORT_OK:
	case REPORT_EMPTY:
	case REPORT_CATCHING_UP:
	case REPORT_BLOCKED:
	case REPORT_NOT_FOLLOWED:
		break;
	}
}

static json_t *feed_row(const struct report_view *v,
			const struct report_region *g)
{
	const struct replica *r = g->r;
	enum report_state state = report_state(g);
	struct report_object o;

	report_begin(&o);
	report_text(&o, "feed", g->label);
	report_text(&o, "slug", r->slug);
	report_hex(&o, "feed_id", r->id, sizeof(r->id));
	report_bool(&o, "own", r->own);
	report_text(&o, "followed", followed_name(g));
	report_text(&o, "state", report_state_name(state));
	report_uint(&o, "seq", r->head.seq);
	report_uint(&o, "epoch", r->head.epoch);
	report_uint(&o, "records", r->records);
	if (r->head.seq > 0) {
		report_hex(&o, "head", r->head.commit, sizeof(r->head.commit));
		report_time(&o, "time", r->last_time);
		report_bool(&o, "time_ahead",
			    r->last_time > v->now_s + REPORT_AHEAD_MAX_S);
	}
	report_uint(&o, "heard_seq", g->heard_seq);
	report_uint(&o, "holders", g->holders);
	report_uint(&o, "tellers", g->tellers);
	add_follow(v, &o, g);
	add_trouble(&o, g, state);
	return report_end(&o);
}

/* Own, followed, blocked, others; each by name. */
static int rank(const struct report_region *g)
{
	if (g->r->own) {
		return 0;
	}
	if (g->followed) {
		return 1;
	}
	return g->r->policy == GOSSIP_BLOCKED_FEED ? 2 : 3;
}

static int compare_rows(const void *a, const void *b)
{
	const struct report_region *x = *(const struct report_region *const *)a;
	const struct report_region *y = *(const struct report_region *const *)b;
	int c = rank(x) - rank(y);

	return c != 0 ? c : strcmp(x->label, y->label);
}

static int add_rows(const struct report_view *v, struct report_object *o,
		    json_t *list)
{
	const struct report_region **rows;
	struct report_heard *heard = NULL;
	size_t heard_n = 0;
	size_t i;
	int r;

	rows = calloc(v->regions_n + 1, sizeof(*rows));
	if (rows == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(rows, v->by_name, v->regions_n * sizeof(*rows));
	qsort(rows, v->regions_n, sizeof(*rows), compare_rows);
	for (i = 0; i < v->regions_n; i++) {
		report_append(o, list, feed_row(v, rows[i]));
	}
	free(rows);
	r = report_heard(v, &heard, &heard_n);
	for (i = 0; i < heard_n; i++) {
		report_append(o, list, heard_row(&heard[i]));
	}
	free(heard);
	return r;
}

int node_feeds(struct node *n, json_t **out)
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
	if (add_rows(&v, &o, list) != WEALD_OK) {
		o.failed = true;
	}
	report_view_close(&v);
	return report_list_end(&o, list, out);
}
