/*
 * The engine, one event at a time: hello, the tree, gaps, storing. What many
 * nodes do together is the simulator's matter: tests/sim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gossipkit.h"

/* ---- hello and clock -----------------------------------------------------
 */

static void peer_up__says_hello_first(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	peer_up(&r, 1);
	assert_true(is_sent(&r, 1, FRAME_HELLO));
	assert_memory_equal(sent(&r, 1, FRAME_HELLO)->hello.node, node_own,
			    sizeof(node_own));
	gossip_free(r.g);
}

static void hello__is_answered_by_the_clock_unless_equal(void **state)
{
	struct frame f;
	struct rig r;

	(void)state;
	rig_init(&r);
	peer_up(&r, 1);
	f = *sent(&r, 1, FRAME_HELLO);
	key_of(1, f.hello.node);
	memset(f.hello.instance, 9, sizeof(f.hello.instance));
	receive(&r, 1, &f);
	assert_false(is_sent(&r, 1, FRAME_CLOCK));
	peer_up(&r, 2);
	hello(&r, 2);
	assert_true(is_sent(&r, 2, FRAME_CLOCK));
	assert_int_equal(sent(&r, 2, FRAME_CLOCK)->clock.n, 2);
	assert_true(sent(&r, 2, FRAME_CLOCK)->clock.last);
	gossip_free(r.g);
}

static void hello__of_another_key_drops_the_peer(void **state)
{
	uint8_t key[PUBKEY_BYTES];
	struct rig r;

	(void)state;
	rig_init(&r);
	peer_up(&r, 1);
	key_of(2, key);
	hello_as(&r, 1, key, 0);
	assert_int_equal(dropped(&r), GOSSIP_WHY_NODE_KEY);
	assert_true(find(&r, GOSSIP_DROP_PEER)->drop_peer.back_off);
	gossip_free(r.g);
}

static void hello__under_our_key_is_ourselves_or_a_twin(void **state)
{
	struct rig r;
	uint32_t i;

	(void)state;
	rig_init(&r);
	for (i = 0; i < 2; i++) {
		peer_up_as(&r, i + 1, node_own);
		hello_as(&r, i + 1, node_own, (uint8_t)i);
		assert_int_equal(dropped(&r),
				 i == 0 ? GOSSIP_WHY_SELF : GOSSIP_WHY_TWIN);
	}
	gossip_free(r.g);
}

static void hello__that_never_comes_drops_the_peer(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	peer_up(&r, 1);
	timeout(&r, GOSSIP_HELLO_MS - 1);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	timeout(&r, 1);
	assert_int_equal(dropped(&r), GOSSIP_WHY_HELLO_LATE);
	gossip_free(r.g);
}

static void frame__before_hello_drops_the_peer(void **state)
{
	struct frame f;
	struct rig r;

	(void)state;
	rig_init(&r);
	peer_up(&r, 1);
	f = frame_of(FRAME_PING);
	receive(&r, 1, &f);
	assert_int_equal(dropped(&r), GOSSIP_WHY_HELLO_FIRST);
	gossip_free(r.g);
}

static void hello__twice_from_one_node_keeps_one_connection(void **state)
{
	uint8_t key[PUBKEY_BYTES];
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	key_of(1, key);
	peer_up_as(&r, 2, key);
	hello_as(&r, 2, key, 0);
	assert_int_equal(dropped(&r), GOSSIP_WHY_DUPLICATE);
	assert_false(find(&r, GOSSIP_DROP_PEER)->drop_peer.back_off);
	gossip_free(r.g);
}

static void clock__ahead_is_asked_for_at_once(void **state)
{
	const struct frame *want;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 9);
	want = sent(&r, 1, FRAME_WANT);
	assert_non_null(want);
	assert_int_equal(want->want.from, 3);
	assert_int_equal(want->want.to, 9);
	assert_int_equal(want->want.credit, GOSSIP_CREDIT_BYTES);
	gossip_free(r.g);
}

/* ---- the tree ------------------------------------------------------------
 */

static void push__is_passed_on_before_it_is_stored(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	push(&r, 1, 3);
	assert_true(is_sent(&r, 2, FRAME_UPDATES));
	assert_false(is_sent(&r, 1, FRAME_UPDATES));
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void push__is_told_only_once_it_is_stored(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	prune(&r, 2, feed_a);
	push(&r, 1, 3);
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	timeout(&r, GOSSIP_HAVE_SECOND_MS + 1);
	assert_false(is_sent(&r, 2, FRAME_HAVE));
	appended(&r, WEALD_OK, 3);
	timeout(&r, GOSSIP_HAVE_SECOND_MS + 1);
	assert_true(is_sent(&r, 2, FRAME_HAVE));
	assert_int_equal(sent(&r, 2, FRAME_HAVE)->have.entries[0].seq, 3);
	assert_false(is_sent(&r, 1, FRAME_HAVE));
	gossip_free(r.g);
}

static void push__of_what_another_push_brought_is_pruned(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	push(&r, 1, 3);
	updates(&r, 2, feed_a, FRAME_LANE_LIVE, 3);
	assert_false(has(&r, GOSSIP_VERIFY));
	assert_true(is_sent(&r, 2, FRAME_PRUNE));
	push(&r, 1, 4);
	assert_false(is_sent(&r, 2, FRAME_UPDATES));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_REPLAY), 1);
	gossip_free(r.g);
}

static void have__unsatisfied_grafts(void **state)
{
	struct clock_entry e = entry(feed_a, 3);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	have(&r, 1, &e);
	assert_false(is_sent(&r, 1, FRAME_GRAFT));
	timeout(&r, GOSSIP_GRAFT_MS);
	assert_true(is_sent(&r, 1, FRAME_GRAFT));
	assert_int_equal(sent(&r, 1, FRAME_GRAFT)->graft.from, 3);
	gossip_free(r.g);
}

static void have__satisfied_in_time_grafts_nothing(void **state)
{
	struct clock_entry e = entry(feed_a, 3);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	have(&r, 1, &e);
	push(&r, 2, 3);
	timeout(&r, GOSSIP_GRAFT_MS);
	assert_false(is_sent(&r, 0, FRAME_GRAFT));
	gossip_free(r.g);
}

static void graft__is_served_at_once_and_makes_the_link_eager(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 1);
	graft(&r, 1, feed_a, 2);
	assert_true(has(&r, GOSSIP_READ));
	assert_int_equal(find(&r, GOSSIP_READ)->read.from, 2);
	assert_int_equal(find(&r, GOSSIP_READ)->read.to, 2);
	read_done(&r);
	assert_int_equal(sent(&r, 1, FRAME_UPDATES)->updates.lane,
			 FRAME_LANE_LIVE);
	gossip_free(r.g);
}

static void local_write__is_pushed_to_who_follows(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	local_write(&r, 3);
	assert_true(is_sent(&r, 1, FRAME_UPDATES));
	assert_int_equal(gossip_clock(r.g)->entries[1].seq, 3);
	gossip_free(r.g);
}

/* ---- gaps, waiting, storing ----------------------------------------------
 */

static void gap__is_asked_for_at_once_and_waits(void **state)
{
	struct gossip_waiting w;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	push(&r, 1, 5);
	assert_false(has(&r, GOSSIP_APPEND));
	assert_true(is_sent(&r, 1, FRAME_WANT));
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.from, 3);
	assert_true(gossip_waiting(r.g, 0, &w));
	assert_int_equal(w.seq, 5);
	assert_int_equal(w.reason, GOSSIP_WAIT_GAP);
	assert_false(gossip_waiting(r.g, 1, &w));
	push(&r, 1, 3);
	assert_int_equal(find(&r, GOSSIP_APPEND)->append.n, 1);
	push(&r, 1, 4);
	appended(&r, WEALD_OK, 3);
	assert_int_equal(find(&r, GOSSIP_APPEND)->append.n, 2);
	gossip_free(r.g);
}

static void gap__that_never_closes_is_dropped_in_the_end(void **state)
{
	struct gossip_waiting w;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	push(&r, 1, 5);
	timeout(&r, GOSSIP_WAIT_MS + 1);
	assert_false(gossip_waiting(r.g, 0, &w));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_WAITED_LONG), 1);
	gossip_free(r.g);
}

static void epoch__that_is_higher_is_held(void **state)
{
	struct gossip_event e = event_of(GOSSIP_VERIFIED);
	struct gossip_waiting w;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	e.verified.ticket = find(&r, GOSSIP_VERIFY)->verify.ticket;
	memcpy(e.verified.facts.feed, feed_a, SHA256_BYTES);
	e.verified.facts.head = head_at(3);
	e.verified.facts.head.epoch = 1;
	step(&r, &e);
	assert_true(gossip_waiting(r.g, 0, &w));
	assert_int_equal(w.reason, GOSSIP_WAIT_REISSUE);
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_REISSUE_HELD), 1);
	assert_false(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void verified__in_any_order_is_taken_in_order(void **state)
{
	struct rig r;
	uint64_t first;
	uint64_t second;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	first = find(&r, GOSSIP_VERIFY)->verify.ticket;
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 4);
	second = find(&r, GOSSIP_VERIFY)->verify.ticket;
	verified(&r, second, WEALD_OK, 4);
	assert_int_equal(r.n, 0);
	verified(&r, first, WEALD_OK, 3);
	assert_int_equal(find(&r, GOSSIP_APPEND)->append.n, 1);
	assert_false(is_sent(&r, 1, FRAME_WANT));
	gossip_free(r.g);
}

static void appended__refused_pushed_rests_the_feed_not_the_peer(void **state)
{
	struct gossip_feed_status s;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	push(&r, 1, 3);
	appended(&r, WEALD_TREE_OTHER, 2);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	s = status_of(&r, feed_a);
	assert_int_equal(s.held_err, WEALD_TREE_OTHER);
	assert_int_equal(s.verified_seq, 2);
	updates(&r, 1, feed_a, FRAME_LANE_LIVE, 3);
	assert_false(has(&r, GOSSIP_VERIFY));
	timeout(&r, GOSSIP_HOLD_MS);
	s = status_of(&r, feed_a);
	assert_int_equal(s.held_err, WEALD_OK);
	gossip_free(r.g);
}

static void appended__refused_served_drops_who_served_it(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 3);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	updates(&r, 1, feed_a, FRAME_LANE_END, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	appended(&r, WEALD_TREE_OTHER, 2);
	assert_int_equal(dropped(&r), GOSSIP_WHY_UPDATE_REFUSED);
	assert_int_equal(find(&r, GOSSIP_DROP_PEER)->drop_peer.err,
			 WEALD_TREE_OTHER);
	gossip_free(r.g);
}

static void appended__without_contents_is_asked_of_another_at_once(void **state)
{
	struct clock_entry e;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	push(&r, 1, 3);
	e = entry(feed_a, 3);
	have(&r, 2, &e);
	appended(&r, WEALD_CONTENT_ABSENT, 2);
	assert_int_equal(status_of(&r, feed_a).held_err, WEALD_OK);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	assert_true(is_sent(&r, 2, FRAME_WANT));
	assert_false(is_sent(&r, 1, FRAME_WANT));
	updates(&r, 2, feed_a, FRAME_LANE_END, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void appended__failed_here_blames_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 3);
	updates(&r, 1, feed_a, FRAME_LANE_END, 3);
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 3);
	appended(&r, WEALD_NOSPACE, 2);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_STORE_FAILED), 1);
	gossip_free(r.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_up__says_hello_first),
		cmocka_unit_test(hello__is_answered_by_the_clock_unless_equal),
		cmocka_unit_test(hello__of_another_key_drops_the_peer),
		cmocka_unit_test(hello__under_our_key_is_ourselves_or_a_twin),
		cmocka_unit_test(hello__that_never_comes_drops_the_peer),
		cmocka_unit_test(frame__before_hello_drops_the_peer),
		cmocka_unit_test(
			hello__twice_from_one_node_keeps_one_connection),
		cmocka_unit_test(clock__ahead_is_asked_for_at_once),
		cmocka_unit_test(push__is_passed_on_before_it_is_stored),
		cmocka_unit_test(push__is_told_only_once_it_is_stored),
		cmocka_unit_test(push__of_what_another_push_brought_is_pruned),
		cmocka_unit_test(have__unsatisfied_grafts),
		cmocka_unit_test(have__satisfied_in_time_grafts_nothing),
		cmocka_unit_test(
			graft__is_served_at_once_and_makes_the_link_eager),
		cmocka_unit_test(local_write__is_pushed_to_who_follows),
		cmocka_unit_test(gap__is_asked_for_at_once_and_waits),
		cmocka_unit_test(gap__that_never_closes_is_dropped_in_the_end),
		cmocka_unit_test(epoch__that_is_higher_is_held),
		cmocka_unit_test(verified__in_any_order_is_taken_in_order),
		cmocka_unit_test(
			appended__refused_pushed_rests_the_feed_not_the_peer),
		cmocka_unit_test(appended__refused_served_drops_who_served_it),
		cmocka_unit_test(
			appended__without_contents_is_asked_of_another_at_once),
		cmocka_unit_test(appended__failed_here_blames_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
