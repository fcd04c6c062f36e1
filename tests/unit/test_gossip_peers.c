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
	f = frame_of(FRAME_UPDATES);
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
	join(&r, 1, 5000);
	for (seq = 3; seq < 3 + GOSSIP_VERIFY_N_MAX; seq++) {
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, seq);
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
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	unsent(&r, 1, GOSSIP_UNSENT_BYTES_MAX + 1);
	assert_int_equal(dropped(&r), GOSSIP_WHY_NOT_READING);
	gossip_free(r.g);
}

static void unsent__over_the_live_bound_holds_pushes_back(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	unsent(&r, 2, GOSSIP_LIVE_BYTES_MAX);
	push(&r, 1, 3);
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	appended(&r, WEALD_OK, 3);
	timeout(&r, GOSSIP_HAVE_SECOND_MS + 1);
	assert_false(is_sent(&r, 2, FRAME_HAVE));
	unsent(&r, 2, 0);
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

static void unfollow__prunes_and_lets_what_was_asked_for_run_out(void **state)
{
	struct rig r;
	size_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9000);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	follow(&r, feed_a, 2, GOSSIP_NOT_FOLLOWED);
	for (i = 0; i < GOSSIP_NUISANCE_MAX; i++) {
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, 3 + i);
		assert_false(has(&r, GOSSIP_DROP_PEER));
	}
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 9001);
	assert_true(is_sent(&r, 1, FRAME_PRUNE));
	updates_end(&r, 1, feed_a);
	follow(&r, feed_a, 2, GOSSIP_FOLLOW_WHOLE);
	assert_true(is_sent(&r, 1, FRAME_WANT));
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
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 0);
	want(&r, 1, feed_a, 1, 2);
	assert_int_equal(find(&r, GOSSIP_READ)->read.bytes, 1);
	read_done(&r);
	assert_int_equal(sent(&r, 1, FRAME_UPDATES)->updates.lane,
			 FRAME_LANE_END);
	assert_false(has(&r, GOSSIP_READ));
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
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	join(&r, 2, 8);
	updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, 3);
	peer_down(&r, 1);
	/* seq 3 was being verified and is lost with its peer */
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.from, 3);
	gossip_free(r.g);
}

static void want__not_answered_whole_is_not_believed_again(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9000);
	join(&r, 2, 8);
	updates(&r, 1, feed_a, FRAME_LANE_END, 3);
	/* it said 9000 and gave one: the other is asked for the rest */
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.from, 4);
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_NOT_HELD), 1);
	assert_int_equal(status_of(&r, feed_a).heard_seq, 8);
	gossip_free(r.g);
}

static void want__that_drips_goes_to_another_peer_too(void **state)
{
	uint64_t seq = 3;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 900);
	join(&r, 2, 800);
	while (!is_sent(&r, 2, FRAME_WANT)) {
		assert_in_range(seq, 3, 100);
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, seq);
		verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK,
			 seq);
		seq++;
		timeout(&r, GOSSIP_ASK_MS - 1000);
	}
	assert_in_range(seq, 3 + GOSSIP_ASK_WHOLE_MS / GOSSIP_ASK_MS, 12);
	gossip_free(r.g);
}

static void want__whose_checks_are_lost_leaves_claims_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, 3);
	updates(&r, 1, feed_a, FRAME_LANE_END, 4);
	join(&r, 2, 9);
	assert_true(is_sent(&r, 2, FRAME_WANT));
	peer_down(&r, 1);
	updates_end(&r, 2, feed_a);
	/* all it said beyond what was asked for is not there, and no more */
	assert_in_range(status_of(&r, feed_a).heard_seq, 0, 9);
	gossip_free(r.g);
}

static void replay__that_answers_a_want_is_no_nuisance(void **state)
{
	struct rig r;
	size_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	join(&r, 2, 2);
	for (i = 3; i < 10; i++) {
		push(&r, 2, i);
	}
	for (i = 0; i < 2 * GOSSIP_NUISANCE_MAX; i++) {
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, 3);
		assert_false(has(&r, GOSSIP_DROP_PEER));
	}
	/* but for no more than was asked for */
	while (!has(&r, GOSSIP_DROP_PEER)) {
		assert_in_range(i, 0, 20000);
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, 3);
		i++;
	}
	assert_int_equal(dropped(&r), GOSSIP_WHY_FLOOD);
	gossip_free(r.g);
}

static void frames__without_end_are_a_flood(void **state)
{
	struct frame f = frame_of(FRAME_PONG);
	struct rig r;
	size_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (i = 0; i < GOSSIP_FRAMES_MAX - 2; i++) {
		receive(&r, 1, &f);
		assert_false(has(&r, GOSSIP_DROP_PEER));
	}
	receive(&r, 1, &f);
	assert_int_equal(dropped(&r), GOSSIP_WHY_FLOOD);
	gossip_free(r.g);
}

static void update__that_claims_an_impossible_seq_is_not_valid(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, UINT_MAX_VALUE + 1);
	assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_BAD);
	gossip_free(r.g);
}

/* Feed a up to seq 2, signed by a key that is known. */
static void rig_keyed(struct rig *r)
{
	struct gossip_config c = config_first();
	struct gossip_event e = event_of(GOSSIP_FOLLOW);

	rig_config(r, &c);
	memcpy(e.follow.feed, feed_a, SHA256_BYTES);
	e.follow.policy = GOSSIP_FOLLOW_WHOLE;
	e.follow.head = head_at(2);
	e.follow.head.key[0] = 7;
	step(r, &e);
	follow(r, feed_own, 2, GOSSIP_FOLLOW_WHOLE);
	join(r, 1, 2);
	join(r, 2, 2);
}

/* Seq @seq of feed a, pushed by @peer and signed by @key. */
static void push_signed(struct rig *r, uint32_t peer, uint64_t seq, uint8_t key,
			bool granted)
{
	struct gossip_event e = event_of(GOSSIP_VERIFIED);

	updates(r, peer, feed_a, FRAME_LANE_LIVE, seq);
	e.verified.ticket = find(r, GOSSIP_VERIFY)->verify.ticket;
	memcpy(e.verified.facts.feed, feed_a, SHA256_BYTES);
	e.verified.facts.head = head_at(seq);
	e.verified.facts.head.key[0] = key;
	e.verified.facts.granted = granted;
	memcpy(e.verified.facts.prev, head_at(seq - 1).digest, SHA256_BYTES);
	step(r, &e);
}

static void update__of_a_stranger_goes_no_further(void **state)
{
	struct rig r;

	(void)state;
	rig_keyed(&r);
	push_signed(&r, 1, 3, 8, false);
	assert_int_equal(dropped(&r), GOSSIP_WHY_STRANGER);
	assert_false(has(&r, GOSSIP_APPEND));
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	push_signed(&r, 2, 3, 7, false);
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void update__of_a_stranger_behind_a_gap_costs_who_sent_it(void **state)
{
	struct rig r;

	(void)state;
	rig_keyed(&r);
	push_signed(&r, 1, 4, 8, false);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	push_signed(&r, 2, 3, 7, false);
	assert_int_equal(dropped(&r), GOSSIP_WHY_STRANGER);
	assert_int_equal(find(&r, GOSSIP_DROP_PEER)->drop_peer.peer, 1);
	assert_int_equal(find(&r, GOSSIP_APPEND)->append.n, 1);
	gossip_free(r.g);
}

static void update__under_a_granted_key_is_taken(void **state)
{
	struct rig r;

	(void)state;
	rig_keyed(&r);
	push_signed(&r, 1, 3, 8, true);
	push_signed(&r, 1, 4, 8, false);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	assert_int_equal(status_of(&r, feed_a).verified_seq, 4);
	gossip_free(r.g);
}

static void verified__of_one_feed_does_not_wait_for_another(void **state)
{
	uint64_t ticket;
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_b, 2, GOSSIP_FOLLOW_WHOLE);
	join(&r, 1, 2);
	updates(&r, 1, feed_b, FRAME_LANE_LIVE, 3);
	ticket = find(&r, GOSSIP_VERIFY)->verify.ticket;
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	verified(&r, ticket, WEALD_SIGNATURE, 3);
	assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_BAD);
	gossip_free(r.g);
}

static void waiting__full_of_what_is_far_ahead_lets_in_what_is_next(
	void **state)
{
	struct gossip_waiting w;
	struct rig r;
	uint64_t seq;

	(void)state;
	rig_init(&r);
	join(&r, 1, 20000);
	for (seq = 4; seq < 4 + GOSSIP_WAIT_N_MAX; seq++) {
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, seq);
		if (!has(&r, GOSSIP_VERIFY)) {
			/* not asked for, and over the quota: another link */
			break;
		}
		verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK,
			 seq);
	}
	assert_int_equal(seq, 4 + GOSSIP_WAIT_N_MAX);
	assert_true(gossip_waiting(r.g, GOSSIP_WAIT_N_MAX - 1, &w));
	push(&r, 1, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_WAITING_FULL), 1);
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
		cmocka_unit_test(
			unfollow__prunes_and_lets_what_was_asked_for_run_out),
		cmocka_unit_test(follow__later_asks_who_said_to_hold_it),
		cmocka_unit_test(want__is_served_under_its_credit),
		cmocka_unit_test(want__without_an_answer_goes_to_another_peer),
		cmocka_unit_test(want__ends_when_its_peer_goes),
		cmocka_unit_test(
			want__not_answered_whole_is_not_believed_again),
		cmocka_unit_test(want__that_drips_goes_to_another_peer_too),
		cmocka_unit_test(
			want__whose_checks_are_lost_leaves_claims_alone),
		cmocka_unit_test(replay__that_answers_a_want_is_no_nuisance),
		cmocka_unit_test(frames__without_end_are_a_flood),
		cmocka_unit_test(
			update__that_claims_an_impossible_seq_is_not_valid),
		cmocka_unit_test(update__of_a_stranger_goes_no_further),
		cmocka_unit_test(
			update__of_a_stranger_behind_a_gap_costs_who_sent_it),
		cmocka_unit_test(update__under_a_granted_key_is_taken),
		cmocka_unit_test(
			verified__of_one_feed_does_not_wait_for_another),
		cmocka_unit_test(
			waiting__full_of_what_is_far_ahead_lets_in_what_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
