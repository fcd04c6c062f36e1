/*
 * What a region is called: a slug, a slug with 12 digits of the feed id, or the
 * feed id. The name of a folder here is one of those and means that feed.
 * Otherwise every feed that we hold, follow, block or have heard of in a
 * followed region's region.yaml may be meant, and it has to be one alone.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/node/membership_private.h"

#define CANDIDATES_MAX 64u /* of one name; further ones are not looked at */
#define SHOWN_MAX      4u  /* as many ids as fit in a message */
#define ID_DIGITS      12u

struct search {
	const char *name;
	uint8_t found[CANDIDATES_MAX][SHA256_BYTES];
	char slugs[CANDIDATES_MAX][SLUG_BYTES_MAX + 1];
	size_t n;
};

/* Is the feed @id with @slug called @name? */
static bool is_called(const char *name, const uint8_t *id, const char *slug)
{
	const size_t len = strlen(slug);
	char digits[ID_DIGITS + 1];

	if (len == 0 || strncmp(name, slug, len) != 0) {
		return false;
	}
	hex_encode(id, ID_DIGITS / 2, digits);
	return name[len] == '\0' ||
	       (name[len] == '-' && strcmp(name + len + 1, digits) == 0);
}

static void consider(struct search *s, const uint8_t *id, const char *slug)
{
	size_t i;

	if (!is_called(s->name, id, slug) || s->n == CANDIDATES_MAX) {
		return;
	}
	for (i = 0; i < s->n; i++) {
		if (memcmp(s->found[i], id, SHA256_BYTES) == 0) {
			return;
		}
	}
	memcpy(s->found[s->n], id, SHA256_BYTES);
	(void)snprintf(s->slugs[s->n], sizeof s->slugs[0], "%s", slug);
	s->n++;
}

static bool is_heard(const struct node *n, const struct replica *r)
{
	return r->has_region &&
	       (r == n->own || members_follow(&n->members, r->id) != NULL);
}

static void look_everywhere(struct node *n, struct search *s)
{
	const struct members *m = &n->members;
	const struct replica *r;
	size_t i;
	size_t k;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		consider(s, r->id, r->slug);
		for (k = 0; is_heard(n, r) && k < r->region.follows_n; k++) {
			consider(s, r->region.follows[k].feed,
				 r->region.follows[k].slug);
		}
	}
	for (i = 0; i < m->follows_n; i++) {
		consider(s, m->follows[i].feed, m->follows[i].slug);
	}
	for (i = 0; i < m->unfollows_n; i++) {
		consider(s, m->unfollows[i].feed, m->unfollows[i].slug);
	}
	for (i = 0; i < m->blocks_n; i++) {
		consider(s, m->blocks[i].feed, m->blocks[i].slug);
	}
}

static int refuse_several(const struct search *s, struct weald_msg *msg)
{
	char hex[2 * SHA256_BYTES + 1];
	char list[SHOWN_MAX * (2 + 2 * SHA256_BYTES) + 32] = "";
	size_t at = 0;
	size_t i;

	for (i = 0; i < s->n && i < SHOWN_MAX; i++) {
		hex_encode(s->found[i], SHA256_BYTES, hex);
		at += (size_t)snprintf(list + at, sizeof list - at, "%s%s",
				       i == 0 ? "" : ", ", hex);
	}
	if (s->n > SHOWN_MAX) {
		(void)snprintf(list + at, sizeof list - at, " and %zu more",
			       s->n - SHOWN_MAX);
	}
	msg_set(msg,
		"%zu regions are called \"%.60s\"; name one by its feed id: %s",
		s->n, s->name, list);
	return WEALD_INVALID;
}

int membership_resolve(struct node *n, const char *region,
		       uint8_t out[SHA256_BYTES], struct weald_msg *msg)
{
	const struct replica *r = replica_named(n, region);
	struct search s = { .name = region };

	if (hex_decode(span_of(region), out, SHA256_BYTES) == WEALD_OK) {
		return WEALD_OK;
	}
	/* a damaged feed has a name, but its id is not known */
	if (r != NULL && r->open_err == WEALD_OK) {
		memcpy(out, r->id, SHA256_BYTES);
		return WEALD_OK;
	}
	look_everywhere(n, &s);
	if (s.n == 0) {
		msg_set(msg,
			"no region \"%.80s\" is known here, nor to the regions "
			"that are followed; name it by its feed id, 64 hex "
			"digits, or join it with a token",
			region);
		return WEALD_NOTFOUND;
	}
	if (s.n > 1) {
		return refuse_several(&s, msg);
	}
	memcpy(out, s.found[0], SHA256_BYTES);
	return WEALD_OK;
}

/* What @r's region.yaml calls @feed, or NULL. */
static const char *slug_heard(const struct replica *r, const uint8_t *feed)
{
	size_t k;

	for (k = 0; k < r->region.follows_n; k++) {
		if (memcmp(r->region.follows[k].feed, feed, SHA256_BYTES) ==
		    0) {
			return r->region.follows[k].slug;
		}
	}
	return NULL;
}

void membership_slug(struct node *n, const uint8_t feed[SHA256_BYTES],
		     char out[SLUG_BYTES_MAX + 1])
{
	const struct replica *r = replica_find(n, feed);
	const struct member_follow *f = members_follow(&n->members, feed);
	const struct member_block *b = members_blocked(&n->members, feed);
	const char *slug = "";
	size_t i;

	if (r != NULL) {
		slug = r->slug;
	}
	if (slug[0] == '\0' && f != NULL) {
		slug = f->slug;
	}
	if (slug[0] == '\0' && b != NULL) {
		slug = b->slug;
	}
	for (i = 0; slug[0] == '\0' && i < n->replicas_n; i++) {
		if (is_heard(n, n->replicas[i])) {
			slug = slug_heard(n->replicas[i], feed);
			slug = slug == NULL ? "" : slug;
		}
	}
	(void)snprintf(out, SLUG_BYTES_MAX + 1, "%s", slug);
}
