/*
 * What peers sent that is out to be checked: receipts and fork proofs. Few are
 * out at a time; what comes while all places are taken is not looked at.
 */
#include "proto/gossip_private.h"

#include <assert.h>
#include <string.h>

struct gossip_query *gossip_query_add(struct gossip *g,
				      struct gossip_queries *list,
				      const struct gossip_peer *p,
				      struct span bytes,
				      enum gossip_effect_type type,
				      struct gossip_effect **out_e)
{
	struct gossip_query *q = &list->list[list->n];
	struct gossip_effect *e;

	if (list->n == GOSSIP_QUERIES_MAX) {
		return NULL;
	}
	memset(q, 0, sizeof(*q));
	q->blob = blob_new(bytes);
	e = q->blob == NULL ? NULL : gossip_effect_add(g, type);
	if (e == NULL) {
		blob_unref(q->blob);
		g->nomem = true;
		return NULL;
	}
	gossip_scrap_blob(g, q->blob);
	q->ticket = ++g->ticket;
	q->peer = p->id;
	list->n++;
	*out_e = e;
	return q;
}

struct gossip_query gossip_query_take(struct gossip_queries *list,
				      uint64_t ticket)
{
	struct gossip_query q;
	size_t i = 0;

	while (i < list->n && list->list[i].ticket != ticket) {
		i++;
	}
	assert(i < list->n);
	q = list->list[i];
	list->list[i] = list->list[--list->n];
	return q;
}

bool gossip_query_has(const struct gossip_queries *list, struct span bytes)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (span_equal(blob_span(list->list[i].blob), bytes)) {
			return true;
		}
	}
	return false;
}

void gossip_query_free(struct gossip_queries *list)
{
	while (list->n > 0) {
		blob_unref(list->list[--list->n].blob);
	}
}
