/*
 * Updates without their contents: what who follows a feed in part gets, and who
 * follows it whole cannot store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gossipkit.h"

static void tell(struct rig *r, uint32_t peer, uint64_t seq)
{
	struct clock_entry e = entry(feed_a, seq);

	have(r, peer, &e);
}

/* Ask for feed a's seq 3 without contents, as a narrow peer does. */
static void graft_headers(struct rig *r, uint32_t peer)
{
	struct frame f = frame_of(FRAME_GRAFT);

	f.graft.feed[0] = feed_a[0];
	f.graft.from = 3;
	f.graft.fill = FRAME_FILL_HEADERS;
	receive(r, peer, &f);
}

static void bare__pushed_is_neither_kept_nor_passed_on(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	bare(&r, 1, FRAME_LANE_LIVE, 3);
	assert_false(has(&r, GOSSIP_APPEND));
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	assert_true(is_sent(&r, 1, FRAME_PRUNE));
	assert_int_equal(status_of(&r, feed_a).verified_seq, 2);
	assert_int_equal(status_of(&r, feed_a).held_err, WEALD_OK);
	gossip_free(r.g);
}

static void bare__pushed_first_prunes_no_link_that_brings_all(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	bare(&r, 1, FRAME_LANE_LIVE, 3);
	push(&r, 2, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	assert_false(is_sent(&r, 2, FRAME_PRUNE));
	gossip_free(r.g);
}

static void bare__pushed_is_grafted_from_another_peer(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	bare(&r, 1, FRAME_LANE_LIVE, 3);
	/* nobody else has it: who has not its contents is not asked again */
	timeout(&r, GOSSIP_GRAFT_MS);
	assert_false(is_sent(&r, 0, FRAME_GRAFT));
	assert_false(is_sent(&r, 0, FRAME_WANT));
	tell(&r, 2, 3);
	timeout(&r, GOSSIP_GRAFT_AGAIN_MS);
	assert_true(is_sent(&r, 2, FRAME_GRAFT));
	assert_false(is_sent(&r, 1, FRAME_GRAFT));
	gossip_free(r.g);
}

static void bare__is_asked_of_its_peer_again_after_a_while(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	bare(&r, 1, FRAME_LANE_LIVE, 3);
	timeout(&r, GOSSIP_BARE_MS - 1);
	assert_false(is_sent(&r, 1, FRAME_GRAFT));
	timeout(&r, GOSSIP_GRAFT_AGAIN_MS);
	assert_true(is_sent(&r, 1, FRAME_GRAFT));
	push(&r, 1, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void bare__served_is_asked_of_another_at_once(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 3);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	join(&r, 2, 3);
	bare(&r, 1, FRAME_LANE_CATCH_UP, 3);
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.from, 3);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	updates_end(&r, 1, feed_a);
	assert_false(is_sent(&r, 1, FRAME_WANT));
	updates(&r, 2, feed_a, FRAME_LANE_END, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void bare__served_with_what_builds_on_it_is_not_wanted_anew(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 4);
	bare(&r, 1, FRAME_LANE_CATCH_UP, 3);
	updates(&r, 1, feed_a, FRAME_LANE_END, 4);
	assert_false(is_sent(&r, 1, FRAME_WANT));
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 4);
	assert_false(is_sent(&r, 1, FRAME_WANT));
	assert_int_equal(status_of(&r, feed_a).waiting_n, 1);
	gossip_free(r.g);
}

static void bare__again_and_again_drops_who_pushes_it(void **state)
{
	struct rig r;
	size_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (i = 0; i < 2 * GOSSIP_NUISANCE_MAX; i++) {
		bare(&r, 1, FRAME_LANE_LIVE, 3);
		if (has(&r, GOSSIP_DROP_PEER)) {
			break;
		}
	}
	assert_int_equal(dropped(&r), GOSSIP_WHY_FLOOD);
	gossip_free(r.g);
}

static void bare__is_all_that_a_narrow_feed_needs(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_a, 2, GOSSIP_FOLLOW_NARROW);
	join(&r, 1, 2);
	join(&r, 2, 2);
	join(&r, 3, 2);
	graft_headers(&r, 3);
	bare(&r, 1, FRAME_LANE_LIVE, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	/* pushed on only to who asked for no more; told to others */
	assert_true(is_sent(&r, 3, FRAME_UPDATES));
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	appended(&r, WEALD_OK, 3);
	timeout(&r, GOSSIP_HAVE_SECOND_MS);
	assert_true(is_sent(&r, 2, FRAME_HAVE));
	gossip_free(r.g);
}

static void bare__of_a_feed_that_became_whole_is_asked_for_anew(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_a, 2, GOSSIP_FOLLOW_NARROW);
	join(&r, 1, 3);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.fill,
			 FRAME_FILL_HEADERS);
	bare(&r, 1, FRAME_LANE_END, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	follow(&r, feed_a, 2, GOSSIP_FOLLOW_WHOLE);
	appended(&r, WEALD_CONTENT_ABSENT, 2);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.fill, FRAME_FILL_ALL);
	gossip_free(r.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare__pushed_is_neither_kept_nor_passed_on),
		cmocka_unit_test(
			bare__pushed_first_prunes_no_link_that_brings_all),
		cmocka_unit_test(bare__pushed_is_grafted_from_another_peer),
		cmocka_unit_test(
			bare__is_asked_of_its_peer_again_after_a_while),
		cmocka_unit_test(bare__served_is_asked_of_another_at_once),
		cmocka_unit_test(
			bare__served_with_what_builds_on_it_is_not_wanted_anew),
		cmocka_unit_test(bare__again_and_again_drops_who_pushes_it),
		cmocka_unit_test(bare__is_all_that_a_narrow_feed_needs),
		cmocka_unit_test(
			bare__of_a_feed_that_became_whole_is_asked_for_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
