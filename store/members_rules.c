/*
 * Members: the rules that need no disk.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "store/members.h"
#include "store/members_private.h"

#define INVITE_KEPT_S UINT64_C(2592000) /* 30 days after it expired */
/* Looked at in one call, however much the regions heard say. */
#define CANDIDATES_MAX 4096u

/*
 * Invites.
 */

int members_invite_id(const uint8_t secret[FRAME_SECRET_BYTES],
		      uint8_t out[MEMBERS_INVITE_BYTES])
{
	uint8_t digest[SHA256_BYTES];
	int r = digest_sha256((struct span){ secret, FRAME_SECRET_BYTES },
			      digest);

	if (r == WEALD_OK) {
		memcpy(out, digest, MEMBERS_INVITE_BYTES);
	}
	return r;
}

static struct member_invite *find_invite(struct members *m, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < m->invites_n; i++) {
		if (memcmp(m->invites[i].id, id, MEMBERS_INVITE_BYTES) == 0) {
			return &m->invites[i];
		}
	}
	return NULL;
}

int members_use_invite(struct members *m,
		       const uint8_t secret[FRAME_SECRET_BYTES],
		       const uint8_t feed[SHA256_BYTES], uint64_t now,
		       struct weald_msg *msg)
{
	uint8_t id[MEMBERS_INVITE_BYTES];
	struct member_invite *invite;
	int r = members_invite_id(secret, id);

	if (r != WEALD_OK) {
		return r;
	}
	invite = find_invite(m, id);
	if (invite == NULL) {
		msg_set(msg, "this node has made no such token, or has "
			     "forgotten it; ask for a new one");
		return WEALD_NOTFOUND;
	}
	if (invite->used && memcmp(invite->used_by, feed, SHA256_BYTES) != 0) {
		msg_set(msg, "the token was used by another region; ask for a "
			     "new one");
		return WEALD_EXISTS;
	}
	if (now >= invite->expires) {
		msg_set(msg, "the token has expired; ask for a new one");
		return WEALD_EXPIRED;
	}
	invite->used = true;
	memcpy(invite->used_by, feed, SHA256_BYTES);
	return WEALD_OK;
}

void members_prune_invites(struct members *m, uint64_t now)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < m->invites_n; i++) {
		if (now < INVITE_KEPT_S ||
		    m->invites[i].expires >= now - INVITE_KEPT_S) {
			m->invites[kept] = m->invites[i];
			kept++;
		}
	}
	m->invites_n = kept;
}

/*
 * Narrow follows.
 */

static bool holds(char *const *texts, size_t n, struct span text)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (span_equal(span_of(texts[i]), text)) {
			return true;
		}
	}
	return false;
}

bool member_wants(const struct member_follow *f, const struct span *topics,
		  size_t topics_n, struct span kind)
{
	size_t i;

	if (f->topics_n == 0 && f->kinds_n == 0) {
		return true;
	}
	if (span_equal(kind, span_of("withdrawal"))) {
		return true;
	}
	for (i = 0; i < topics_n; i++) {
		if (holds(f->topics, f->topics_n, topics[i])) {
			return true;
		}
	}
	return holds(f->kinds, f->kinds_n, kind);
}

/*
 * Introductions. All that the regions heard say about feeds that may come is
 * put into one list of words, sorted by feed, so that the words about one feed
 * stand together whatever their order was.
 */

struct word {
	const struct region_follow *about;
	const uint8_t *by; /* the feed that says it */
};

/* A feed with its words, enough of them. */
struct candidate {
	const struct word *words;
	size_t words_n;
	const char *slug;
};

static bool is_new(const struct members *m,
		   const struct introduce_options *options, const uint8_t *feed)
{
	return memcmp(feed, options->own, SHA256_BYTES) != 0 &&
	       members_follow(m, feed) == NULL &&
	       members_unfollowed(m, feed) == NULL &&
	       members_blocked(m, feed) == NULL;
}

static bool by_hand(const struct members *m, const uint8_t *feed)
{
	const struct member_follow *f = members_follow(m, feed);

	return f != NULL && f->by == REGION_BY_HAND;
}

/* Call with @out NULL to count; the number of words. */
static size_t collect_words(const struct members *m,
			    const struct introduce_options *options,
			    struct word *out)
{
	const struct heard *heard = options->heard;
	const struct region_follow *f;
	size_t n = 0;
	size_t i;
	size_t j;

	for (i = 0; i < options->heard_n; i++) {
		if (!by_hand(m, heard[i].feed)) {
			continue;
		}
		for (j = 0; j < heard[i].region->follows_n; j++) {
			f = &heard[i].region->follows[j];
			if (f->by != REGION_BY_HAND ||
			    !is_new(m, options, f->feed)) {
				continue;
			}
			if (out != NULL) {
				out[n] = (struct word){ f, heard[i].feed };
			}
			n++;
		}
	}
	return n;
}

static int compare_words(const void *a, const void *b)
{
	const struct word *x = a;
	const struct word *y = b;
	int order = memcmp(x->about->feed, y->about->feed, SHA256_BYTES);

	if (order == 0) {
		order = memcmp(x->by, y->by, SHA256_BYTES);
	}
	return order != 0 ? order : strcmp(x->about->slug, y->about->slug);
}

/* A feed speaks once about another: keep its first word. */
static size_t drop_repeated(struct word *words, size_t n)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (kept == 0 ||
		    memcmp(words[i].about->feed, words[kept - 1].about->feed,
			   SHA256_BYTES) != 0 ||
		    memcmp(words[i].by, words[kept - 1].by, SHA256_BYTES) !=
			    0) {
			words[kept] = words[i];
			kept++;
		}
	}
	return kept;
}

/*
 * What most of the introducers that are kept call it; the first by bytes of as
 * many. NULL where nobody names it.
 */
static const char *choose_slug(const struct word *words, size_t words_n)
{
	const size_t n = words_n < MEMBERS_INTRODUCERS_MAX
				 ? words_n
				 : MEMBERS_INTRODUCERS_MAX;
	const char *best = NULL;
	size_t best_n = 0;
	const char *slug;
	size_t count;
	size_t i;
	size_t j;

	for (i = 0; i < n; i++) {
		slug = words[i].about->slug;
		count = 0;
		for (j = 0; j < n; j++) {
			count += strcmp(slug, words[j].about->slug) == 0;
		}
		if (slug[0] != '\0' &&
		    (count > best_n ||
		     (count == best_n && strcmp(slug, best) < 0))) {
			best = slug;
			best_n = count;
		}
	}
	return best;
}

static bool is_taken(const struct members *m,
		     const struct introduce_options *options,
		     const uint8_t *feed, const char *slug)
{
	size_t i;

	for (i = 0; i < options->taken_n; i++) {
		if (strcmp(options->taken[i].slug, slug) == 0 &&
		    memcmp(options->taken[i].feed, feed, SHA256_BYTES) != 0) {
			return true;
		}
	}
	for (i = 0; i < m->follows_n; i++) {
		if (strcmp(m->follows[i].slug, slug) == 0) {
			return true;
		}
	}
	for (i = 0; i < m->blocks_n; i++) {
		if (strcmp(m->blocks[i].slug, slug) == 0) {
			return true;
		}
	}
	return false;
}

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	if (x->words_n != y->words_n) {
		return x->words_n > y->words_n ? -1 : 1;
	}
	return memcmp(x->words[0].about->feed, y->words[0].about->feed,
		      SHA256_BYTES);
}

/* The feeds that enough words are about; at most one a word. */
static size_t find_candidates(const struct word *words, size_t n,
			      uint64_t least, struct candidate *out)
{
	size_t found = 0;
	size_t i = 0;
	size_t end;

	while (i < n) {
		end = i + 1;
		while (end < n &&
		       memcmp(words[end].about->feed, words[i].about->feed,
			      SHA256_BYTES) == 0) {
			end++;
		}
		if (end - i >= least) {
			out[found] =
				(struct candidate){ words + i, end - i, NULL };
			found++;
		}
		i = end;
	}
	return found;
}

static int make_follow(const struct candidate *c, uint64_t now,
		       struct member_follow *out)
{
	struct member_follow f = { .by = REGION_BY_INTRODUCTION, .since = now };
	size_t i;
	int r = WEALD_OK;

	memcpy(f.feed, c->words[0].about->feed, sizeof f.feed);
	memcpy(f.slug, c->slug, strlen(c->slug));
	/* words are sorted by who says them */
	for (i = 0;
	     r == WEALD_OK && i < c->words_n && i < MEMBERS_INTRODUCERS_MAX;
	     i++) {
		r = members_add_introducer(&f, c->words[i].by);
	}
	if (r != WEALD_OK) {
		member_follow_release(&f);
		return r;
	}
	*out = f; /* transferred */
	return WEALD_OK;
}

/* What members_introduce() gives. */
struct given {
	struct member_follow *out;
	size_t room;
	size_t n;
};

static bool is_given(const struct given *g, const char *slug)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (strcmp(g->out[i].slug, slug) == 0) {
			return true;
		}
	}
	return false;
}

static int give_best(const struct members *m, const struct candidate *best,
		     size_t n, const struct introduce_options *options,
		     struct given *g)
{
	struct candidate c;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n && g->n < g->room; i++) {
		c = best[i];
		c.slug = choose_slug(c.words, c.words_n);
		if (c.slug == NULL ||
		    is_taken(m, options, c.words[0].about->feed, c.slug) ||
		    is_given(g, c.slug)) {
			continue;
		}
		r = make_follow(&c, options->now, &g->out[g->n]);
		g->n += r == WEALD_OK;
	}
	while (r != WEALD_OK && g->n > 0) {
		g->n--;
		member_follow_release(&g->out[g->n]);
	}
	return r;
}

int members_introduce(const struct members *m,
		      const struct introduce_options *options,
		      struct member_follow *out, size_t room, size_t *out_n)
{
	struct word *words = NULL;
	struct candidate *candidates = NULL;
	struct given given = { .out = out, .room = room };
	size_t words_n = 0;
	size_t n = 0;
	int r = WEALD_OK;

	if (options->least > 0 && room > 0) {
		words_n = collect_words(m, options, NULL);
	}
	if (words_n == 0) {
		*out_n = 0;
		return WEALD_OK;
	}
	words = reallocarray(NULL, words_n, sizeof *words);
	candidates = reallocarray(NULL, words_n, sizeof *candidates);
	if (words == NULL || candidates == NULL) {
		r = WEALD_NOMEM;
		goto out;
	}
	(void)collect_words(m, options, words);
	qsort(words, words_n, sizeof *words, compare_words);
	words_n = drop_repeated(words, words_n);
	n = find_candidates(words, words_n, options->least, candidates);
	if (n > 0) {
		qsort(candidates, n, sizeof *candidates, compare_candidates);
	}
	r = give_best(m, candidates, n < CANDIDATES_MAX ? n : CANDIDATES_MAX,
		      options, &given);
	if (r == WEALD_OK) {
		*out_n = given.n;
	}
out:
	free(candidates);
	free(words);
	return r;
}
