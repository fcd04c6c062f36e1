/*
 * Introductions: members_introduce().
 */
#include "store/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW UINT64_C(1795338341) /* 2026-11-22T09:05:41Z */

void *__real_reallocarray(void *old, size_t n, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);

/* How many allocations still succeed; then one fails. */
static size_t left = SIZE_MAX;

static bool fails(void)
{
	if (left == SIZE_MAX) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	left = SIZE_MAX;
	return true;
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, n, size);
}

/*
 * Introductions: a small world of feeds 0, 1, 2 ..., of which we are 0. Feeds
 * 1 to HEARD speak.
 */

#define HEARD 8u
#define FEEDS 24u
/* The feed here that has the slug which the tests call taken. */
#define HOLDER 23u

struct world {
	struct members m;
	struct region regions[HEARD + 1];
	struct region_follow lists[HEARD + 1][FEEDS];
	struct heard heard[HEARD];
};

static void feed_id(unsigned feed, uint8_t out[SHA256_BYTES])
{
	memset(out, 0, SHA256_BYTES);
	out[0] = (uint8_t)(feed * 37u); /* another order than the numbers' */
	out[1] = (uint8_t)feed;
}

static void follows(struct world *w, unsigned feed, enum region_by by)
{
	struct member_follow f = { .by = by, .since = NOW };

	feed_id(feed, f.feed);
	(void)snprintf(f.slug, sizeof f.slug, "r%u", feed);
	assert_int_equal(members_set_follow(&w->m, &f, NULL), WEALD_OK);
}

static void says(struct world *w, unsigned speaker, unsigned feed,
		 enum region_by by, const char *slug)
{
	struct region *r = &w->regions[speaker];
	struct region_follow *f = &w->lists[speaker][r->follows_n];

	assert_true(r->follows_n < FEEDS);
	feed_id(feed, f->feed);
	f->by = by;
	(void)snprintf(f->slug, sizeof f->slug, "%s", slug);
	r->follows = w->lists[speaker];
	r->follows_n++;
}

static void world_begin(struct world *w)
{
	unsigned i;

	memset(w, 0, sizeof *w);
	for (i = 0; i < HEARD; i++) {
		feed_id(i + 1, w->heard[i].feed);
		w->heard[i].region = &w->regions[i + 1];
	}
}

/* What is introduced, as "slug<introducers> slug<introducers>". */
static const char *introduced(const struct world *w, uint64_t least,
			      size_t room, const char *taken)
{
	static char text[1024];
	uint8_t own[SHA256_BYTES];
	uint8_t holder[SHA256_BYTES]; /* of the slug that is taken */
	const struct taken_slug slug = { taken, holder };
	struct member_follow out[FEEDS];
	const struct introduce_options options = {
		.heard = w->heard,
		.heard_n = HEARD,
		.least = least,
		.now = NOW,
		.taken = &slug,
		.taken_n = taken == NULL ? 0 : 1,
		.own = own,
	};
	size_t at = 0;
	size_t n = 99;
	size_t i;

	feed_id(0, own);
	feed_id(HOLDER, holder);
	assert_int_equal(members_introduce(&w->m, &options, out, room, &n),
			 WEALD_OK);
	assert_true(n <= room);
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		assert_int_equal(out[i].by, REGION_BY_INTRODUCTION);
		assert_true(out[i].since == NOW);
		assert_int_equal(out[i].topics_n, 0);
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%zu",
				       i == 0 ? "" : " ", out[i].slug,
				       out[i].introducers_n);
		member_follow_release(&out[i]);
	}
	return text;
}

static void members_introduce__needs_enough_who_are_followed_by_hand(
	void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	follows(&w, 1, REGION_BY_HAND);
	follows(&w, 2, REGION_BY_HAND);
	follows(&w, 3, REGION_BY_INTRODUCTION);
	says(&w, 1, 10, REGION_BY_HAND, "north");
	assert_string_equal(introduced(&w, 2, 9, NULL), "");
	says(&w, 3, 10, REGION_BY_HAND, "north"); /* introduced itself */
	says(&w, 4, 10, REGION_BY_HAND, "north"); /* not followed */
	assert_string_equal(introduced(&w, 2, 9, NULL), "");
	says(&w, 2, 10, REGION_BY_INTRODUCTION, "north");
	assert_string_equal(introduced(&w, 2, 9, NULL), "");
	w.lists[2][0].by = REGION_BY_HAND;
	assert_string_equal(introduced(&w, 2, 9, NULL), "north2");
	assert_string_equal(introduced(&w, 1, 9, NULL), "north2");
	assert_string_equal(introduced(&w, 3, 9, NULL), "");
	assert_string_equal(introduced(&w, 0, 9, NULL), "");
	assert_string_equal(introduced(&w, 2, 0, NULL), "");
	members_release(&w.m);
}

static void members_introduce__leaves_out_whom_we_know(void **state)
{
	struct member_block b = { .slug = "spam" };
	struct world w;

	(void)state;
	world_begin(&w);
	follows(&w, 1, REGION_BY_HAND);
	says(&w, 1, 0, REGION_BY_HAND, "south-west"); /* us */
	says(&w, 1, 1, REGION_BY_HAND, "r1");
	says(&w, 1, 9, REGION_BY_HAND, "dull");
	feed_id(9, b.feed);
	assert_int_equal(members_set_unfollowed(&w.m, &b, NULL), WEALD_OK);
	says(&w, 1, 10, REGION_BY_HAND, "spam");
	assert_string_equal(introduced(&w, 1, 9, NULL), "spam1");
	feed_id(10, b.feed);
	assert_int_equal(members_set_block(&w.m, &b, NULL), WEALD_OK);
	assert_string_equal(introduced(&w, 1, 9, NULL), "");
	/* a new feed under the name of a blocked one */
	says(&w, 1, 11, REGION_BY_HAND, "spam");
	assert_string_equal(introduced(&w, 1, 9, NULL), "");
	members_release(&w.m);
}

static void members_introduce__never_takes_a_slug_that_is_taken(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	follows(&w, 1, REGION_BY_HAND);
	follows(&w, 2, REGION_BY_HAND);
	says(&w, 1, 10, REGION_BY_HAND, "r2");
	says(&w, 1, 11, REGION_BY_HAND, "mine");
	says(&w, 1, 12, REGION_BY_HAND, "");
	assert_string_equal(introduced(&w, 1, 9, "mine"), "");
	/* but the feed that has it here already, and is not followed */
	says(&w, 1, HOLDER, REGION_BY_HAND, "mine");
	assert_string_equal(introduced(&w, 1, 9, "mine"), "mine1");
	w.lists[1][3].by = REGION_BY_INTRODUCTION;
	/* two newcomers with one slug: the one with more introducers */
	says(&w, 1, 13, REGION_BY_HAND, "twin");
	says(&w, 1, 14, REGION_BY_HAND, "twin");
	says(&w, 2, 14, REGION_BY_HAND, "twin");
	assert_string_equal(introduced(&w, 1, 9, "mine"), "twin2");
	members_release(&w.m);
}

static void members_introduce__takes_the_slug_that_most_say(void **state)
{
	struct world w;
	unsigned i;

	(void)state;
	world_begin(&w);
	for (i = 1; i <= 4; i++) {
		follows(&w, i, REGION_BY_HAND);
		says(&w, i, 10, REGION_BY_HAND, i <= 2 ? "bb" : "aa");
	}
	assert_string_equal(introduced(&w, 1, 9, NULL), "aa4");
	follows(&w, 5, REGION_BY_HAND);
	says(&w, 5, 10, REGION_BY_HAND, "bb");
	assert_string_equal(introduced(&w, 1, 9, NULL), "bb5");
	/* a name that fewer give takes nothing away */
	assert_string_equal(introduced(&w, 1, 9, "aa"), "bb5");
	assert_string_equal(introduced(&w, 1, 9, "bb"), "");
	members_release(&w.m);
}

static void members_introduce__gives_the_best_first(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	follows(&w, 1, REGION_BY_HAND);
	follows(&w, 2, REGION_BY_HAND);
	/* the first bytes of 21, 14 and 20: 0x09, 0x06, 0xe4 */
	says(&w, 1, 20, REGION_BY_HAND, "r20");
	says(&w, 1, 14, REGION_BY_HAND, "r14");
	says(&w, 2, 21, REGION_BY_HAND, "r21");
	says(&w, 2, 20, REGION_BY_HAND, "r20");
	assert_string_equal(introduced(&w, 1, 9, NULL), "r202 r141 r211");
	assert_string_equal(introduced(&w, 1, 2, NULL), "r202 r141");
	assert_string_equal(introduced(&w, 2, 9, NULL), "r202");
	members_release(&w.m);
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (*seed >> 33) % below;
}

static void shuffle(struct world *w, uint64_t *seed)
{
	struct region_follow follow;
	struct heard heard;
	size_t i;
	size_t j;
	size_t k;

	for (i = HEARD - 1; i > 0; i--) {
		j = draw(seed, i + 1);
		heard = w->heard[i];
		w->heard[i] = w->heard[j];
		w->heard[j] = heard;
	}
	for (k = 1; k <= HEARD; k++) {
		for (i = w->regions[k].follows_n; i > 1; i--) {
			j = draw(seed, i);
			follow = w->lists[k][i - 1];
			w->lists[k][i - 1] = w->lists[k][j];
			w->lists[k][j] = follow;
		}
	}
}

/* How many of those whom we follow by hand follow @feed by hand. */
static unsigned supporters(const struct world *w, unsigned feed)
{
	const struct member_follow *f;
	uint8_t id[SHA256_BYTES];
	unsigned n = 0;
	unsigned k;
	size_t i;

	for (k = 1; k <= HEARD; k++) {
		feed_id(k, id);
		f = members_follow(&w->m, id);
		if (f == NULL || f->by != REGION_BY_HAND) {
			continue;
		}
		feed_id(feed, id);
		for (i = 0; i < w->regions[k].follows_n; i++) {
			n += w->lists[k][i].by == REGION_BY_HAND &&
			     memcmp(w->lists[k][i].feed, id, sizeof id) == 0;
		}
	}
	return n;
}

/* Each feed that may come does so, with its supporters, and no other. */
static void assert_complete(const struct world *w, uint64_t least,
			    const char *text)
{
	char part[32];
	char padded[1100];
	uint8_t id[SHA256_BYTES];
	unsigned feed;
	unsigned n;
	bool wanted;

	(void)snprintf(padded, sizeof padded, " %s ", text);
	for (feed = 0; feed < FEEDS; feed++) {
		feed_id(feed, id);
		n = supporters(w, feed);
		wanted = feed != 0 && n >= least &&
			 members_follow(&w->m, id) == NULL &&
			 members_blocked(&w->m, id) == NULL;
		(void)snprintf(part, sizeof part, " r%u", feed);
		if (wanted) {
			(void)snprintf(part, sizeof part, " r%u-%u ", feed, n);
		} else {
			(void)snprintf(part, sizeof part, " r%u-", feed);
		}
		if ((strstr(padded, part) != NULL) != wanted) {
			fail_msg("feed %u: \"%s\"", feed, padded);
		}
	}
}

static void make_random_world(struct world *w, uint64_t *seed)
{
	struct member_block b = { .since = NOW };
	char slug[SLUG_BYTES_MAX + 1];
	unsigned feed;
	unsigned k;

	world_begin(w);
	for (feed = 1; feed < FEEDS; feed++) {
		switch (draw(seed, feed <= HEARD ? 3 : 6)) {
		case 0:
		case 1:
			follows(w, feed,
				draw(seed, 4) == 0 ? REGION_BY_INTRODUCTION
						   : REGION_BY_HAND);
			break;
		case 2:
			feed_id(feed, b.feed);
			assert_int_equal(members_set_block(&w->m, &b, NULL),
					 WEALD_OK);
			break;
		default:
			break;
		}
	}
	for (k = 1; k <= HEARD; k++) {
		for (feed = 0; feed < FEEDS; feed++) {
			(void)snprintf(slug, sizeof slug, "r%u-", feed);
			if (draw(seed, 3) == 0) {
				says(w, k, feed,
				     draw(seed, 4) == 0 ? REGION_BY_INTRODUCTION
							: REGION_BY_HAND,
				     slug);
			}
		}
	}
}

static void members_introduce__is_the_same_in_any_order(void **state)
{
	uint64_t seed = 1;
	char first[1024];
	struct world w;
	uint64_t least;
	unsigned found = 0;
	unsigned round;
	unsigned again;

	(void)state;
	for (round = 0; round < 300; round++) {
		make_random_world(&w, &seed);
		least = 1 + draw(&seed, 3);
		(void)snprintf(first, sizeof first, "%s",
			       introduced(&w, least, FEEDS, NULL));
		assert_complete(&w, least, first);
		found += first[0] != '\0';
		for (again = 0; again < 5; again++) {
			shuffle(&w, &seed);
			assert_string_equal(introduced(&w, least, FEEDS, NULL),
					    first);
		}
		members_release(&w.m);
	}
	/* else this proved nothing */
	assert_true(found > 100);
}

static void members_introduce__fails_whole_where_memory_ends(void **state)
{
	uint8_t own[SHA256_BYTES] = { 1 };
	struct world w;
	const struct introduce_options options = {
		.heard = w.heard, .heard_n = HEARD, .least = 1, .own = own
	};
	struct member_follow out[4];
	size_t n = 77;
	size_t at;
	int r;

	(void)state;
	world_begin(&w);
	follows(&w, 1, REGION_BY_HAND);
	says(&w, 1, 10, REGION_BY_HAND, "aa");
	says(&w, 1, 11, REGION_BY_HAND, "bb");
	for (at = 0;; at++) {
		left = at;
		r = members_introduce(&w.m, &options, out, 4, &n);
		if (r == WEALD_OK) {
			break;
		}
		assert_int_equal(r, WEALD_NOMEM);
		assert_int_equal(n, 77);
	}
	left = SIZE_MAX;
	assert_true(at >= 4);
	assert_int_equal(n, 2);
	member_follow_release(&out[0]);
	member_follow_release(&out[1]);
	members_release(&w.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			members_introduce__needs_enough_who_are_followed_by_hand),
		cmocka_unit_test(members_introduce__leaves_out_whom_we_know),
		cmocka_unit_test(
			members_introduce__never_takes_a_slug_that_is_taken),
		cmocka_unit_test(
			members_introduce__takes_the_slug_that_most_say),
		cmocka_unit_test(members_introduce__gives_the_best_first),
		cmocka_unit_test(members_introduce__is_the_same_in_any_order),
		cmocka_unit_test(
			members_introduce__fails_whole_where_memory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
