/*
 * Watchers: who is told of what happens, as JSON objects.
 */
#include <assert.h>
#include <stdlib.h>

#include "daemon/node/node_private.h"

#define WATCHES_MAX 64u

struct node_watch {
	node_watch_fn *fn;
	void *ctx;
	struct node_watch *next;
	bool gone; /* removed while the list is walked */
};

/* Free the ones that were removed. */
static void watch_sweep(struct node *n)
{
	struct node_watch **at = &n->watches;
	struct node_watch *w;

	while ((w = *at) != NULL) {
		if (w->gone) {
			*at = w->next;
			free(w);
		} else {
			at = &w->next;
		}
	}
}

int node_watch_add(struct node *n, node_watch_fn *fn, void *ctx,
		   struct node_watch **out)
{
	struct node_watch *w;
	size_t count = 0;

	if (!n->telling) {
		watch_sweep(n);
	}
	for (w = n->watches; w != NULL; w = w->next) {
		count++;
	}
	if (count >= WATCHES_MAX) {
		return WEALD_TOOBIG;
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		return WEALD_NOMEM;
	}
	w->fn = fn;
	w->ctx = ctx;
	w->next = n->watches;
	n->watches = w;
	*out = w;
	return WEALD_OK;
}

void node_watch_remove(struct node *n, struct node_watch *w)
{
	(void)n;
	assert(!w->gone);
	w->gone = true; /* watch_tell() may be walking: freed there */
}

bool watch_is_wanted(const struct node *n)
{
	return n->watches != NULL;
}

void watch_tell(struct node *n, json_t *event)
{
	struct node_watch *w;

	watch_sweep(n);
	n->telling = true;
	for (w = event == NULL ? NULL : n->watches; w != NULL; w = w->next) {
		if (!w->gone) {
			w->fn(w->ctx, event);
		}
	}
	n->telling = false;
	json_decref(event);
}

void watch_release(struct node *n)
{
	struct node_watch *w;

	while ((w = n->watches) != NULL) {
		n->watches = w->next;
		free(w);
	}
}
