/*
 * The engine: forks, receipts, the own-feed guard, and the words for it all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gossipkit.h"

/* ---- forks ---------------------------------------------------------------
 */

/* A peer that holds another commit at our head's seq. */
static void suspect(struct rig *r, uint32_t peer)
{
	struct gossip_event e = event_of(GOSSIP_VERIFIED);
	struct clock_entry other = entry(feed_a, 2);

	other.commit[0] ^= 1;
	have(r, peer, &other);
	assert_true(is_sent(r, peer, FRAME_WANT));
	assert_int_equal(sent(r, peer, FRAME_WANT)->want.from, 2);
	updates(r, peer, feed_a, FRAME_LANE_END, 2);
	e.verified.ticket = find(r, GOSSIP_VERIFY)->verify.ticket;
	memcpy(e.verified.facts.feed, feed_a, SHA256_BYTES);
	e.verified.facts.head = head_at(2);
	e.verified.facts.head.commit[0] ^= 1;
	step(r, &e);
	assert_true(has(r, GOSSIP_JUDGE_FORK));
}

static void fork__is_judged_told_once_and_stops_the_feed(void **state)
{
	struct gossip_event e = event_of(GOSSIP_FORK_JUDGED);
	struct gossip_feed_status s;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	suspect(&r, 1);
	memcpy(e.fork_judged.feed, feed_a, SHA256_BYTES);
	e.fork_judged.verdict = GOSSIP_FORK_PROVEN;
	e.fork_judged.seq = 2;
	e.fork_judged.proof = span_of("proof");
	step(&r, &e);
	assert_true(is_sent(&r, 1, FRAME_FORK_PROOF));
	assert_true(is_sent(&r, 2, FRAME_FORK_PROOF));
	s = status_of(&r, feed_a);
	assert_int_equal(s.disputed_from, 2);
	updates(&r, 2, feed_a, FRAME_LANE_LIVE, 3);
	assert_false(has(&r, GOSSIP_VERIFY));
	join(&r, 3, 2);
	assert_true(is_sent(&r, 3, FRAME_FORK_PROOF));
	gossip_free(r.g);
}

static void fork__further_down_is_looked_for(void **state)
{
	struct gossip_event e = event_of(GOSSIP_FORK_JUDGED);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	suspect(&r, 1);
	memcpy(e.fork_judged.feed, feed_a, SHA256_BYTES);
	e.fork_judged.verdict = GOSSIP_FORK_EARLIER;
	e.fork_judged.seq = 1;
	step(&r, &e);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.from, 1);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.to, 1);
	gossip_free(r.g);
}

static void proof__is_checked_before_it_counts(void **state)
{
	struct gossip_event e = event_of(GOSSIP_PROOF_CHECKED);
	struct gossip_feed_status s;
	struct frame f;
	struct rig r;
	int i;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	f = frame_of(FRAME_FORK_PROOF);
	memcpy(f.fork_proof.feed, feed_a, SHA256_BYTES);
	f.fork_proof.proof = span_of("proof");
	for (i = 0; i < 2; i++) {
		receive(&r, (uint32_t)i + 1, &f);
		e.proof_checked.ticket =
			find(&r, GOSSIP_CHECK_PROOF)->check_proof.ticket;
		e.proof_checked.err = i == 0 ? WEALD_SIGNATURE : WEALD_OK;
		e.proof_checked.seq = 2;
		step(&r, &e);
		s = status_of(&r, feed_a);
		assert_int_equal(s.disputed_from, i == 0 ? 0 : 2);
		assert_int_equal(count(&r, GOSSIP_DROP_PEER), i == 0 ? 1 : 0);
	}
	gossip_free(r.g);
}

/* Answer a CHECK_PROOF of the last step. */
static void proof_checked(struct rig *r, int err, uint64_t seq)
{
	struct gossip_event e = event_of(GOSSIP_PROOF_CHECKED);

	e.proof_checked.ticket =
		find(r, GOSSIP_CHECK_PROOF)->check_proof.ticket;
	e.proof_checked.err = err;
	e.proof_checked.seq = seq;
	step(r, &e);
}

static void proof(struct rig *r, uint32_t peer, const char *text)
{
	struct frame f = frame_of(FRAME_FORK_PROOF);

	memcpy(f.fork_proof.feed, feed_a, SHA256_BYTES);
	f.fork_proof.proof = span_of(text);
	receive(r, peer, &f);
}

static void proof__below_the_one_known_takes_its_place(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_OK, 2);
	proof(&r, 2, "one");
	assert_false(has(&r, GOSSIP_CHECK_PROOF));
	proof(&r, 2, "two");
	proof_checked(&r, WEALD_OK, 1);
	assert_int_equal(status_of(&r, feed_a).disputed_from, 1);
	assert_true(is_sent(&r, 1, FRAME_FORK_PROOF));
	proof(&r, 1, "three");
	proof_checked(&r, WEALD_OK, 2);
	assert_int_equal(status_of(&r, feed_a).disputed_from, 1);
	assert_false(is_sent(&r, 2, FRAME_FORK_PROOF));
	gossip_free(r.g);
}

static void proof__that_a_later_grant_overrules_disputes_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_OK, 0);
	assert_int_equal(status_of(&r, feed_a).disputed_from, 0);
	assert_true(is_sent(&r, 2, FRAME_FORK_PROOF));
	push(&r, 1, 3);
	assert_true(has(&r, GOSSIP_APPEND));
	gossip_free(r.g);
}

static void proof__that_comes_too_early_is_asked_for_again(void **state)
{
	const struct frame *f;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_SEQ_GAP, 4);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	assert_int_equal(status_of(&r, feed_a).disputed_from, 0);
	assert_false(is_sent(&r, 1, FRAME_WANT));
	push(&r, 1, 3);
	appended(&r, WEALD_OK, 3);
	f = sent(&r, 1, FRAME_WANT);
	assert_int_equal(f->want.from, 4);
	assert_int_equal(f->want.to, UINT_MAX_VALUE);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_OK, 4);
	assert_int_equal(status_of(&r, feed_a).disputed_from, 4);
	gossip_free(r.g);
}

static void proof__of_another_line_leads_to_an_earlier_fork(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_PREV_OTHER, 3);
	assert_false(has(&r, GOSSIP_DROP_PEER));
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.from, 2);
	assert_int_equal(sent(&r, 1, FRAME_WANT)->want.to, 2);
	gossip_free(r.g);
}

static void want__past_a_fork_is_warned(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 0);
	proof(&r, 1, "one");
	proof_checked(&r, WEALD_OK, 2);
	want(&r, 1, feed_a, 1, 1);
	assert_false(is_sent(&r, 1, FRAME_FORK_PROOF));
	join(&r, 2, 0);
	want(&r, 2, feed_a, 1, 2);
	assert_true(is_sent(&r, 2, FRAME_FORK_PROOF));
	gossip_free(r.g);
}

static void dispute__lets_in_what_comes_before_it(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 2, 2);
	push(&r, 2, 3);
	push(&r, 2, 4);
	proof(&r, 2, "one");
	proof_checked(&r, WEALD_OK, 5);
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.from, 4);
	assert_int_equal(sent(&r, 2, FRAME_WANT)->want.to, 4);
	appended(&r, WEALD_OK, 3);
	updates(&r, 2, feed_a, FRAME_LANE_CATCH_UP, 4);
	assert_true(has(&r, GOSSIP_VERIFY));
	verified(&r, find(&r, GOSSIP_VERIFY)->verify.ticket, WEALD_OK, 4);
	assert_true(has(&r, GOSSIP_APPEND));
	updates(&r, 2, feed_a, FRAME_LANE_LIVE, 5);
	assert_false(has(&r, GOSSIP_VERIFY));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_FEED_DISPUTED), 1);
	gossip_free(r.g);
}

static void follow__of_a_disputed_feed_goes_on_telling(void **state)
{
	struct gossip_event e = event_of(GOSSIP_FOLLOW);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	memcpy(e.follow.feed, feed_b, SHA256_BYTES);
	e.follow.policy = GOSSIP_FOLLOW_WHOLE;
	e.follow.head = head_at(6);
	e.follow.disputed_from = 5;
	e.follow.proof = span_of("proof");
	step(&r, &e);
	assert_true(is_sent(&r, 1, FRAME_FORK_PROOF));
	assert_int_equal(status_of(&r, feed_b).disputed_from, 5);
	join(&r, 2, 2);
	assert_true(is_sent(&r, 2, FRAME_FORK_PROOF));
	updates(&r, 2, feed_b, FRAME_LANE_LIVE, 7);
	assert_false(has(&r, GOSSIP_VERIFY));
	gossip_free(r.g);
}

static void fork__who_does_not_answer_hides_nobody_elses(void **state)
{
	struct clock_entry other = entry(feed_a, 2);
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	other.commit[0] ^= 1;
	have(&r, 1, &other);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	have(&r, 2, &other);
	assert_false(is_sent(&r, 2, FRAME_WANT));
	timeout(&r, GOSSIP_ASK_MS);
	assert_true(is_sent(&r, 2, FRAME_WANT));
	gossip_free(r.g);
}

/* ---- receipts ------------------------------------------------------------
 */

static void receipt__newer_is_kept_and_passed_on_once(void **state)
{
	struct gossip_event e = event_of(GOSSIP_RECEIPT_CHECKED);
	struct clock_entry entries[1];
	struct gossip_receipt k;
	struct frame f;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	f = frame_of(FRAME_RECEIPT);
	f.receipt.statement = span_of("statement");
	receive(&r, 1, &f);
	e.receipt_checked.ticket =
		find(&r, GOSSIP_CHECK_RECEIPT)->check_receipt.ticket;
	key_of(9, e.receipt_checked.node);
	e.receipt_checked.counter = 5;
	entries[0] = entry(feed_a, 2);
	e.receipt_checked.entries = entries;
	e.receipt_checked.n = 1;
	step(&r, &e);
	assert_false(is_sent(&r, 1, FRAME_RECEIPT));
	assert_true(is_sent(&r, 2, FRAME_RECEIPT));
	assert_true(gossip_receipt(r.g, 0, &k));
	assert_int_equal(k.counter, 5);
	assert_int_equal(k.entries[0].seq, 2);
	receive(&r, 2, &f);
	assert_false(has(&r, GOSSIP_CHECK_RECEIPT));
	gossip_free(r.g);
}

/* A receipt of node 9, checked. */
static void receipt(struct rig *r, uint32_t peer, const char *text,
		    uint64_t counter)
{
	struct gossip_event e = event_of(GOSSIP_RECEIPT_CHECKED);
	struct frame f = frame_of(FRAME_RECEIPT);

	f.receipt.statement = span_of(text);
	receive(r, peer, &f);
	e.receipt_checked.ticket =
		find(r, GOSSIP_CHECK_RECEIPT)->check_receipt.ticket;
	key_of(9, e.receipt_checked.node);
	e.receipt_checked.counter = counter;
	step(r, &e);
}

static void receipt__too_soon_after_the_last_goes_no_further(void **state)
{
	struct gossip_receipt k;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	join(&r, 2, 2);
	receipt(&r, 1, "one", 1);
	assert_true(is_sent(&r, 2, FRAME_RECEIPT));
	receipt(&r, 1, "two", 2);
	assert_false(is_sent(&r, 2, FRAME_RECEIPT));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_RECEIPT_OFTEN), 1);
	timeout(&r, GOSSIP_RECEIPT_NODE_MS);
	receipt(&r, 1, "three", 3);
	assert_true(is_sent(&r, 2, FRAME_RECEIPT));
	assert_true(gossip_receipt(r.g, 0, &k));
	assert_int_equal(k.counter, 3);
	gossip_free(r.g);
}

/* A receipt of the node of number @node, as if it were ours. */
static void hear(struct rig *r, uint32_t node)
{
	struct gossip_event e = event_of(GOSSIP_RECEIPT_SIGNED);

	memcpy(e.receipt_signed.node, &node, sizeof(node));
	e.receipt_signed.counter = 1;
	e.receipt_signed.statement = span_of("statement");
	step(r, &e);
}

static void receipt__nodes_heard_no_more_make_room(void **state)
{
	struct gossip_receipt k;
	uint32_t i;
	struct rig r;

	(void)state;
	rig_init(&r);
	for (i = 0; i < GOSSIP_RECEIPTS_MAX; i++) {
		hear(&r, i + 1);
	}
	hear(&r, i + 1); /* all others were heard just now */
	assert_true(gossip_receipt(r.g, i - 1, &k));
	assert_false(gossip_receipt(r.g, i, &k));
	timeout(&r, 3600000);
	hear(&r, i + 1);
	assert_true(gossip_receipt(r.g, 0, &k));
	assert_memory_equal(k.node, &(uint32_t){ i + 1 }, sizeof(i));
	gossip_free(r.g);
}

static void receipt__is_signed_a_while_after_a_change(void **state)
{
	struct gossip_event e = event_of(GOSSIP_RECEIPT_SIGNED);
	struct gossip_config c = config_first();
	struct rig r;

	(void)state;
	c.receipt_ms = 3000;
	rig_config(&r, &c);
	follow(&r, feed_a, 2, GOSSIP_FOLLOW_WHOLE);
	join(&r, 1, 2);
	timeout(&r, 3000);
	assert_true(has(&r, GOSSIP_SIGN_RECEIPT));
	assert_int_equal(find(&r, GOSSIP_SIGN_RECEIPT)->sign_receipt.n, 1);
	e.receipt_signed.counter = 1;
	e.receipt_signed.statement = span_of("statement");
	step(&r, &e);
	assert_true(is_sent(&r, 1, FRAME_RECEIPT));
	timeout(&r, 60000);
	assert_false(has(&r, GOSSIP_SIGN_RECEIPT));
	gossip_free(r.g);
}

/* ---- the own-feed guard --------------------------------------------------
 */

static void guard__waits_for_all_of_the_view(void **state)
{
	static const uint8_t view[2][PUBKEY_BYTES] = { { 1 }, { 2 } };
	struct gossip_config c = config_first();
	enum gossip_guard why;
	struct rig r;

	(void)state;
	c.first = false;
	c.view = view;
	c.view_n = 2;
	rig_config(&r, &c);
	follow(&r, feed_own, 2, GOSSIP_FOLLOW_WHOLE);
	assert_false(gossip_may_sign(r.g, &why));
	assert_int_equal(why, GOSSIP_SIGN_WAITING);
	join(&r, 1, 2);
	assert_false(gossip_may_sign(r.g, &why));
	timeout(&r, GOSSIP_GUARD_MS);
	assert_false(gossip_may_sign(r.g, &why)); /* one of two: no majority */
	join(&r, 2, 2);
	assert_true(gossip_may_sign(r.g, &why));
	gossip_free(r.g);
}

static void guard__opens_for_a_majority_and_tells_it(void **state)
{
	static const uint8_t view[3][PUBKEY_BYTES] = { { 1 }, { 2 }, { 3 } };
	struct gossip_config c = config_first();
	enum gossip_guard why;
	struct rig r;

	(void)state;
	c.first = false;
	c.view = view;
	c.view_n = 3;
	rig_config(&r, &c);
	follow(&r, feed_own, 2, GOSSIP_FOLLOW_WHOLE);
	join(&r, 1, 2);
	join(&r, 2, 2);
	assert_false(gossip_may_sign(r.g, &why));
	timeout(&r, GOSSIP_GUARD_MS);
	assert_true(gossip_may_sign(r.g, &why));
	assert_int_equal(gossip_count(r.g, GOSSIP_WHY_GUARD_MAJORITY), 1);
	gossip_free(r.g);
}

static void guard__is_opened_by_the_admin(void **state)
{
	struct gossip_event e = event_of(GOSSIP_I_AM_FIRST);
	struct gossip_config c = config_first();
	enum gossip_guard why;
	struct rig r;

	(void)state;
	c.first = false;
	rig_config(&r, &c);
	follow(&r, feed_own, 2, GOSSIP_FOLLOW_WHOLE);
	assert_false(gossip_may_sign(r.g, &why));
	step(&r, &e);
	assert_true(gossip_may_sign(r.g, &why));
	gossip_free(r.g);
}

static void guard__is_shut_while_others_hold_more_but_not_for_ever(void **state)
{
	struct clock_entry e = entry(feed_own, 9);
	enum gossip_guard why;
	struct rig r;

	(void)state;
	rig_init(&r);
	join(&r, 1, 2);
	have(&r, 1, &e);
	assert_false(gossip_may_sign(r.g, &why));
	assert_int_equal(why, GOSSIP_SIGN_BEHIND);
	/* it never sends what it says it holds */
	timeout(&r, GOSSIP_GRAFT_MS);
	timeout(&r, GOSSIP_GRAFT_AGAIN_MS);
	timeout(&r, GOSSIP_GRAFT_AGAIN_MS);
	timeout(&r, GOSSIP_GRAFT_AGAIN_MS);
	assert_true(is_sent(&r, 1, FRAME_WANT));
	timeout(&r, GOSSIP_GUARD_MS);
	assert_true(gossip_may_sign(r.g, &why));
	gossip_free(r.g);
}

static void guard__does_not_believe_a_boaster_for_ever(void **state)
{
	struct clock_entry e = entry(feed_own, 9);
	uint8_t key[PUBKEY_BYTES];
	enum gossip_guard why;
	struct rig r;
	uint32_t i;

	(void)state;
	rig_init(&r);
	key_of(1, key);
	for (i = 1; i <= 4; i++) {
		peer_up_as(&r, i, key);
		hello_as(&r, i, key, 0);
		say_clock(&r, i, &e, 1);
		assert_true(is_sent(&r, i, FRAME_WANT));
		assert_int_equal(gossip_may_sign(r.g, &why), i == 4);
		updates_end(&r, i, feed_own);
		assert_true(gossip_may_sign(r.g, &why));
		peer_down(&r, i);
	}
	gossip_free(r.g);
}

static void reasons__have_names_texts_and_advice(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < GOSSIP_REASONS_N; i++) {
		enum gossip_reason why = (enum gossip_reason)i;

		assert_true(strlen(gossip_reason_name(why)) > 2);
		assert_true(strlen(gossip_reason_text(why)) > 2);
		assert_true(strlen(gossip_reason_todo(why)) > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork__is_judged_told_once_and_stops_the_feed),
		cmocka_unit_test(fork__further_down_is_looked_for),
		cmocka_unit_test(proof__is_checked_before_it_counts),
		cmocka_unit_test(proof__below_the_one_known_takes_its_place),
		cmocka_unit_test(
			proof__that_a_later_grant_overrules_disputes_nothing),
		cmocka_unit_test(
			proof__that_comes_too_early_is_asked_for_again),
		cmocka_unit_test(
			proof__of_another_line_leads_to_an_earlier_fork),
		cmocka_unit_test(want__past_a_fork_is_warned),
		cmocka_unit_test(dispute__lets_in_what_comes_before_it),
		cmocka_unit_test(follow__of_a_disputed_feed_goes_on_telling),
		cmocka_unit_test(fork__who_does_not_answer_hides_nobody_elses),
		cmocka_unit_test(receipt__newer_is_kept_and_passed_on_once),
		cmocka_unit_test(
			receipt__too_soon_after_the_last_goes_no_further),
		cmocka_unit_test(receipt__nodes_heard_no_more_make_room),
		cmocka_unit_test(receipt__is_signed_a_while_after_a_change),
		cmocka_unit_test(guard__waits_for_all_of_the_view),
		cmocka_unit_test(guard__opens_for_a_majority_and_tells_it),
		cmocka_unit_test(guard__is_opened_by_the_admin),
		cmocka_unit_test(
			guard__is_shut_while_others_hold_more_but_not_for_ever),
		cmocka_unit_test(guard__does_not_believe_a_boaster_for_ever),
		cmocka_unit_test(reasons__have_names_texts_and_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
