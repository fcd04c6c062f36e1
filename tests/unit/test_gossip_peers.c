/*
 * The engine and its peers: hostile ones, slow ones, and catching up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gossipkit.h"

/* ---- hostile peers -------------------------------------------------------
 */

static void update__that_is_not_valid_drops_the_peer(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_SIGNATURE,
		 3);
	assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_BAD);
	assert_int_equal(find(&r, GOSSIP_DROP_PEER)->drop_peer.err,
			 WEALD_SIGNATURE);
	gossip_free(r.g);
}

static void update__under_another_feeds_name_drops_the_peer(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_b, 2, GOSSIP_FOLLOW_WHOLE);
	join(&r, 1, 2);
	updates(&r, 1, feed_b, FRAME_LANE_LIVE, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	assert_int_equal(dropped(&r), GOSSIP_WHY_FEED_CLAIMED);
	gossip_free(r.g);
}

static void update__that_is_rubbish_is_not_even_verified(void **state)
{
	static const uint8_t rubbish[] = { 0x93, 0xc6, 0xff, 0xff, 0xff, 0xff };
	struct span s = { rubbish, sizeof(rubbish) };
	struct frame f;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	memset(&f, 0, sizeof(f));
	f.type = FRAME_UPDATES;
	memcpy(f.updates.feed, feed_a, SHA256_BYTES);
	f.updates.envelopes = &s;
	f.updates.n = 1;
	receive(&r, 1, &f);
	assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_BAD);
	gossip_free(r.g);
}

static void replay__without_end_is_a_flood(void **state)
{
	struct rig r;
	size_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (i = 0; i < GOSSIP_NUISANCE_MAX + 4 * 2; i++) {
		updates(&r, 1, feed_a, FRAME_LANE_LIVE, 2);
		assert_false(has(&r, GOSSIP_DROP_PEER));
	}
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 2);
	assert_int_equal(dropped(&r), GOSSIP_WHY_FLOOD);
	gossip_free(r.g);
}

static void verifying__over_its_bound_stops_reading(void **state)
{
	struct gossip_peer_status s;
	struct rig r;
	uint64_t ticket = 0;
	uint64_t seq;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (seq = 3; seq < 3 + GOSSIP_VERIFY_N_MAX; seq++) {
		updates(&r, 1, feed_a, FRAME_LANE_LIVE, seq);
		ticket = ticket != 0 ? ticket
				     : find(&r, GOSSIP_VERIFY)->verify.ticket;
	}
	assert_true(has(&r, GOSSIP_READING));
	assert_false(find(&r, GOSSIP_READING)->reading.on);
	assert_int_equal(gossip_peer_status(r.g, 1, &s), WEALD_OK);
	assert_int_equal(s.verifying_n, GOSSIP_VERIFY_N_MAX);
	for (seq = 3; !has(&r, GOSSIP_READING) || seq == 3; seq++) {
		verified(&r, ticket++, WEALD_OK, seq);
	}
	assert_true(find(&r, GOSSIP_READING)->reading.on);
	assert_int_equal(seq, 3 + GOSSIP_VERIFY_N_MAX / 2 + 1);
	gossip_free(r.g);
}

static void unsent__over_its_bound_drops_the_peer(void **state)
{
	struct gossip_event e = event_of(GOSSIP_SENT);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	e.sent.peer = 1;
	e.sent.unsent = GOSSIP_UNSENT_BYTES_MAX + 1;
	step(&r, &e);
	assert_int_equal(dropped(&r), GOSSIP_WHY_NOT_READING);
	gossip_free(r.g);
}

static void unsent__over_the_live_bound_holds_pushes_back(void **state)
{
	struct gossip_event e = event_of(GOSSIP_SENT);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	e.sent.peer = 2;
	e.sent.unsent = GOSSIP_LIVE_BYTES_MAX;
	step(&r, &e);
	push(&r, 1, 3);
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	appended(&r, WEALD_OK, 3);
	timeout(&r, GOSSIP_HAVE_SECOND_MS + 1);
	assert_false(is_sent(&r, 2, FRAME_HAVE));
	e.sent.unsent = 0;
	step(&r, &e);
	timeout(&r, GOSSIP_HAVE_SECOND_MS + 1);
	assert_true(is_sent(&r, 2, FRAME_HAVE));
	gossip_free(r.g);
}

static void silence__is_asked_after_then_dropped(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	timeout(&r, GOSSIP_IDLE_MS);
	assert_true(is_sent(&r, 1, FRAME_PING));
	timeout(&r, GOSSIP_IDLE_MS);
	assert_false(is_sent(&r, 1, FRAME_PING));
	timeout(&r, GOSSIP_DEAD_MS - 2 * GOSSIP_IDLE_MS);
	assert_int_equal(dropped(&r), GOSSIP_WHY_SILENT);
	assert_false(find(&r, GOSSIP_DROP_PEER)->drop_peer.back_off);
	gossip_free(r.g);
}

static void feed__not_followed_or_blocked_is_counted(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_a, 2, GOSSIP_BLOCKED_FEED);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	updates(&r, 1, feed_b, FRAME_LANE_LIVE, 3);
	assert_int_equal(count(&r, GOSSIP_VERIFY), 0);
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_BLOCKED), 1);
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_NOT_FOLLOWED), 1);
	gossip_free(r.g);
}

static void follow__later_asks_who_said_to_hold_it(void **state)
{
	struct clock_entry e = entry(feed_b, 4);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	have(&r, 1, &e);
	follow(&r, feed_b, 0, GOSSIP_FOLLOW_NARROW);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.from, 1);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.to, 4);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.fill,
			 FRAME_FILL_HEADERS);
	gossip_free(r.g);
}

/* ---- catching up ---------------------------------------------------------
 */

static void want__is_served_under_its_credit(void **state)
{
	struct gossip_event e = event_of(GOSSIP_READ_DONE);
	struct blob *b = envelope(1);
	struct frame f;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 0);
	memset(&f, 0, sizeof(f));
	f.type = FRAME_WANT;
	memcpy(f.want.feed, feed_a, SHA256_BYTES);
	f.want.from = 1;
	f.want.to = 2;
	f.want.credit = 1;
	receive(&r, 1, &f);
	assert_int_equal(find(&r, GOSSIP_READ)->read.bytes, 1);
	e.read_done.ticket = find(&r, GOSSIP_READ)->read.ticket;
	e.read_done.envelopes = &b;
	e.read_done.n = 1;
	step(&r, &e);
	assert_int_equal(sent(&r, 1, FRAME_UPDATES)->updates.lane,
			 FRAME_LANE_END);
	assert_false(has(&r, GOSSIP_READ));
	blob_unref(b);
	gossip_free(r.g);
}

static void want__without_an_answer_goes_to_another_peer(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	join(&r, 2, 8);
	timeout(&r, GOSSIP_ASK_MS);
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.to, 8);
	gossip_free(r.g);
}

static void want__ends_when_its_peer_goes(void **state)
{
	struct gossip_event e = event_of(GOSSIP_PEER_DOWN);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	join(&r, 2, 8);
	updates(&r, 1, feed_a, FRAME_LANE_END, 3);
	e.peer_down.peer = 1;
	step(&r, &e);
	/* seq 3 was being verified and is lost with its peer */
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.from, 3);
	gossip_free(r.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(update__that_is_not_valid_drops_the_peer),
		cmocka_unit_test(
			update__under_another_feeds_name_drops_the_peer),
		cmocka_unit_test(update__that_is_rubbish_is_not_even_verified),
		cmocka_unit_test(replay__without_end_is_a_flood),
		cmocka_unit_test(verifying__over_its_bound_stops_reading),
		cmocka_unit_test(unsent__over_its_bound_drops_the_peer),
		cmocka_unit_test(unsent__over_the_live_bound_holds_pushes_back),
		cmocka_unit_test(silence__is_asked_after_then_dropped),
		cmocka_unit_test(feed__not_followed_or_blocked_is_counted),
		cmocka_unit_test(follow__later_asks_who_said_to_hold_it),
		cmocka_unit_test(want__is_served_under_its_credit),
		cmocka_unit_test(want__without_an_answer_goes_to_another_peer),
		cmocka_unit_test(want__ends_when_its_peer_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
