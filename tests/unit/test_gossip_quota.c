/*
 * The engine: what a feed may push, and what moves a feed but pushes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gossipkit.h"

/* Let @peer push feed a from @from on until one is not verified: its seq. */
static uint64_t push_until_over(struct rig *r, uint32_t peer, uint64_t from)
{
	uint64_t seq = from;

	for (;;) {
		updates(r, peer, feed_a, FRAME_LANE_LIVE, seq);
		if (!has(r, GOSSIP_VERIFY)) {
			return seq;
		}
		verified(r, find(r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK,
			 seq);
		seq++;
	}
}

static void quota__over_it_nothing_is_verified_and_it_is_told_once(void **state)
{
	uint64_t over;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	over = push_until_over(&r, 1, 3);
	assert_in_range(over - 3, GOSSIP_QUOTA_BURST, GOSSIP_QUOTA_BURST + 10);
	assert_int_equal(find(&r, GOSSIP_REPORT)->report.reason,
			 GOSSIP_WHY_QUOTA);
	assert_int_equal(find(&r, GOSSIP_REPORT)->report.number, over);
	assert_true(status_of(&r, feed_a).over_quota);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, over + 1);
	assert_false(has(&r, GOSSIP_VERIFY));
	assert_false(has(&r, GOSSIP_REPORT));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_QUOTA), 2);
	gossip_free(r.g);
}

static void quota__over_it_is_asked_for_not_grafted_and_taken(void **state)
{
	uint64_t over;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	over = push_until_over(&r, 1, 3);
	appended(&r, WEALD_OK, over - 1);
	/* the answer of the store asks at once; no link has to change */
	assert_true(is_sent(&r, 1, FRAME_WANT));
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.from, over);
	timeout(&r, GOSSIP_GRAFT_MS);
	assert_false(is_sent(&r, 1, FRAME_GRAFT));
	updates(&r, 1, feed_a, FRAME_LANE_END, over);
	assert_true(has(&r, GOSSIP_VERIFY));
	assert_false(find(&r, GOSSIP_VERIFY)->verify.live);
	gossip_free(r.g);
}

static void quota__of_one_feed_is_not_that_of_another(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	follow(&r, feed_b, 2, GOSSIP_FOLLOW_WHOLE);
	join(&r, 1, 2);
	push_until_over(&r, 1, 3);
	updates(&r, 1, feed_b, FRAME_LANE_LIVE, 3);
	assert_true(has(&r, GOSSIP_VERIFY));
	assert_true(find(&r, GOSSIP_VERIFY)->verify.live);
	gossip_free(r.g);
}

static void quota__comes_back_with_time(void **state)
{
	uint64_t over;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	over = push_until_over(&r, 1, 3);
	timeout(&r, 1000 / GOSSIP_QUOTA_PER_S);
	assert_int_equal(push_until_over(&r, 1, over), over + 1);
	gossip_free(r.g);
}

static void quota__is_not_used_up_by_what_is_not_new(void **state)
{
	struct rig r;
	uint64_t i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	for (i = 0; i < GOSSIP_QUOTA_BURST + 20; i++) {
		join(&r, (uint32_t)i + 100, 2);
		updates(&r, (uint32_t)i + 100, feed_a, FRAME_LANE_LIVE, 3);
		verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket,
			 WEALD_SIGNATURE, 3);
		assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_BAD);
	}
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_QUOTA), 0);
	gossip_free(r.g);
}

static void quota__twice_over_on_one_link_is_that_peers_doing(void **state)
{
	uint64_t over;
	uint64_t i;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	over = push_until_over(&r, 1, 3);
	for (i = 1; i < 2 * GOSSIP_QUOTA_BURST + GOSSIP_NUISANCE_MAX; i++) {
		updates(&r, 1, feed_a, FRAME_LANE_LIVE, over + i);
		assert_false(has(&r, GOSSIP_DROP_PEER));
	}
	for (i = 0; i < 10 && !has(&r, GOSSIP_DROP_PEER); i++) {
		updates(&r, 1, feed_a, FRAME_LANE_LIVE, over);
	}
	assert_int_equal(dropped(&r), GOSSIP_WHY_FLOOD);
	gossip_free(r.g);
}

static void quota__holds_for_what_nobody_asked_for_as_catch_up(void **state)
{
	struct rig r;
	uint64_t seq;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (seq = 3; seq < 3 + 2 * GOSSIP_QUOTA_BURST; seq++) {
		updates(&r, 1, feed_a, FRAME_LANE_CATCH_UP, seq);
		if (has(&r, GOSSIP_VERIFY)) {
			verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket,
				 WEALD_OK, seq);
		}
	}
	assert_true(gossip_count(r.g, GOSSIP_WHY_QUOTA) > 0);
	gossip_free(r.g);
}

static void local_write__over_the_quota_is_told_not_pushed(void **state)
{
	uint64_t seq;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	for (seq = 3; seq < 3 + GOSSIP_QUOTA_BURST; seq++) {
		local_write(&r, seq);
		assert_true(is_sent(&r, 1, FRAME_UPDATES));
	}
	local_write(&r, seq);
	assert_false(is_sent(&r, 1, FRAME_UPDATES));
	timeout(&r, GOSSIP_HAVE_SECOND_MS);
	assert_int_equal(sent(&r, 1, FRAME_HAVE)->have.entries[0].seq, seq);
	want(&r, 1, feed_own, seq, seq);
	assert_int_equal(find(&r, GOSSIP_READ)->read.from, seq);
	gossip_free(r.g);
}

/* ---- moved ---------------------------------------------------------------
 */

static void moved(struct rig *r, const uint8_t *feed,
		  const struct gossip_head *head)
{
	struct gossip_event e = event_of(GOSSIP_MOVED);

	memcpy(e.moved.feed, feed, SHA256_BYTES);
	e.moved.head = *head;
	step(r, &e);
}

static void moved__is_told_to_all_and_pushed_to_nobody(void **state)
{
	struct gossip_head head = head_at(9);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	moved(&r, feed_a, &head);
	assert_false(is_sent(&r, 1, FRAME_UPDATES));
	assert_int_equal(gossip_clock(r.g)->entries[0].seq, 9);
	timeout(&r, GOSSIP_HAVE_SECOND_MS);
	assert_int_equal(sent(&r, 1, FRAME_HAVE)->have.entries[0].seq, 9);
	gossip_free(r.g);
}

static void moved__drops_what_it_covers_and_stores_what_follows(void **state)
{
	struct gossip_head head = head_at(5);
	struct gossip_waiting w;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	push(&r, 1, 5);
	push(&r, 1, 6);
	assert_false(has(&r, GOSSIP_APPEND));
	moved(&r, feed_a, &head);
	assert_int_equal(find(&r, GOSSIP_APPEND)->append.n, 1);
	assert_true(gossip_waiting(r.g, 0, &w));
	assert_int_equal(w.seq, 6);
	assert_false(gossip_waiting(r.g, 1, &w));
	assert_int_equal(status_of(&r, feed_a).verified_seq, 6);
	gossip_free(r.g);
}

static void moved__to_another_line_drops_what_does_not_follow(void **state)
{
	struct gossip_head head = head_at(5);
	struct gossip_waiting w;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	push(&r, 1, 6);
	head.digest[0] ^= 1;
	moved(&r, feed_a, &head);
	assert_false(has(&r, GOSSIP_APPEND));
	assert_false(gossip_waiting(r.g, 0, &w));
	assert_int_equal(status_of(&r, feed_a).verified_seq, 5);
	gossip_free(r.g);
}

static void moved__to_a_new_epoch_ends_the_dispute(void **state)
{
	struct gossip_event e = event_of(GOSSIP_FOLLOW);
	struct gossip_head head = head_at(4);
	struct rig r;

	(void)state;
	rig_init(&r);
	memcpy(e.follow.feed, feed_b, SHA256_BYTES);
	e.follow.policy = GOSSIP_FOLLOW_WHOLE;
	e.follow.head = head_at(6);
	e.follow.disputed_from = 5;
	e.follow.proof = span_of("proof");
	step(&r, &e);
	head.epoch = 1;
	moved(&r, feed_b, &head);
	assert_int_equal(status_of(&r, feed_b).disputed_from, 0);
	assert_int_equal(status_of(&r, feed_b).head.epoch, 1);
	join(&r, 1, 2);
	assert_false(is_sent(&r, 1, FRAME_FORK_PROOF));
	gossip_free(r.g);
}

/* ---- what a peer has -----------------------------------------------------
 */

static void peer_has__tells_what_it_said_and_who_feeds_whom(void **state)
{
	uint64_t epoch = 9;
	uint64_t seq = 9;
	bool to = false;
	bool from = true;
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_false(gossip_peer_has(r.g, 1, feed_a, &epoch, &seq, &to, &from));
	join(&r, 1, 2);
	assert_true(gossip_peer_has(r.g, 1, feed_a, &epoch, &seq, &to, &from));
	assert_int_equal(epoch, 0);
	assert_int_equal(seq, 2);
	assert_true(to);
	assert_false(from);
	push(&r, 1, 3);
	prune(&r, 1, feed_own);
	assert_true(gossip_peer_has(r.g, 1, feed_a, &epoch, &seq, &to, &from));
	assert_int_equal(seq, 3);
	assert_true(from);
	assert_true(
		gossip_peer_has(r.g, 1, feed_own, &epoch, &seq, &to, &from));
	assert_false(to);
	assert_false(gossip_peer_has(r.g, 1, feed_b, &epoch, &seq, &to, &from));
	gossip_free(r.g);
}

static void peer_has__tells_of_another_epoch(void **state)
{
	struct clock_entry e = entry(feed_a, 1);
	uint64_t epoch = 0;
	uint64_t seq = 0;
	bool to;
	bool from;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	e.epoch = 1;
	have(&r, 1, &e);
	assert_true(gossip_peer_has(r.g, 1, feed_a, &epoch, &seq, &to, &from));
	assert_int_equal(epoch, 1);
	assert_int_equal(seq, 1);
	gossip_free(r.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			quota__over_it_nothing_is_verified_and_it_is_told_once),
		cmocka_unit_test(
			quota__over_it_is_asked_for_not_grafted_and_taken),
		cmocka_unit_test(quota__of_one_feed_is_not_that_of_another),
		cmocka_unit_test(quota__comes_back_with_time),
		cmocka_unit_test(quota__is_not_used_up_by_what_is_not_new),
		cmocka_unit_test(
			quota__twice_over_on_one_link_is_that_peers_doing),
		cmocka_unit_test(
			quota__holds_for_what_nobody_asked_for_as_catch_up),
		cmocka_unit_test(
			local_write__over_the_quota_is_told_not_pushed),
		cmocka_unit_test(moved__is_told_to_all_and_pushed_to_nobody),
		cmocka_unit_test(
			moved__drops_what_it_covers_and_stores_what_follows),
		cmocka_unit_test(
			moved__to_another_line_drops_what_does_not_follow),
		cmocka_unit_test(moved__to_a_new_epoch_ends_the_dispute),
		cmocka_unit_test(
			peer_has__tells_what_it_said_and_who_feeds_whom),
		cmocka_unit_test(peer_has__tells_of_another_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
