#include "store/feed/signers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/feedkit.h"
#include "tests/unit/vectors.h"

#define NOON UINT64_C(1793534400) /* 2026-11-01 12:00:00 UTC */
#define HOUR UINT64_C(3600)

#define A "lesson/2026-11/a"

/* The keys of the tests as ssh-keygen writes them: 32 times 1, 2, 3. */
#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAI"
#define KEY1 BLOB "AEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
#define KEY2 BLOB "AICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"

static void note(struct signers *s, uint8_t key, uint64_t time)
{
	uint8_t k[PUBKEY_BYTES];

	memset(k, key, sizeof k);
	assert_int_equal(signers_note(s, k, time), WEALD_OK);
}

/* The text is exactly @want; releases @s. */
static void assert_text(struct signers *s, const char *want)
{
	struct identity id = { .slug = "south-west" };
	struct buf text;

	memset(id.feed, 0xab, sizeof id.feed);
	buf_init(&text, 65536);
	assert_int_equal(signers_text(s, &id, &text), WEALD_OK);
	assert_int_equal(buf_add_byte(&text, 0), WEALD_OK);
	assert_string_equal((const char *)text.data, want);
	buf_release(&text);
	signers_release(s);
}

static void signers_text__gives_one_key_no_bounds(void **state)
{
	struct signers s = { .count = 0 };

	(void)state;
	assert_text(&s, "");
	note(&s, 1, NOON);
	note(&s, 1, NOON + HOUR);
	assert_text(&s, "south-west@abababababab namespaces=\"git\" "
			"ssh-ed25519 " KEY1 "\n");
}

static void signers_text__pads_windows_by_a_day(void **state)
{
	struct signers s = { .count = 0 };

	(void)state;
	note(&s, 1, NOON);
	note(&s, 1, NOON + HOUR);
	note(&s, 2, NOON + 2 * HOUR);
	note(&s, 2, NOON + 3 * HOUR);
	note(&s, 1, NOON + 48 * HOUR);
	assert_text(&s, "south-west@abababababab namespaces=\"git\","
			"valid-before=\"20261102130000Z\" "
			"ssh-ed25519 " KEY1 "\n"
			"south-west@abababababab namespaces=\"git\","
			"valid-after=\"20261031140000Z\","
			"valid-before=\"20261102150000Z\" "
			"ssh-ed25519 " KEY2 "\n"
			"south-west@abababababab namespaces=\"git\","
			"valid-after=\"20261102120000Z\" "
			"ssh-ed25519 " KEY1 "\n");
}

static void signers_text__widens_where_time_goes_back(void **state)
{
	struct signers s = { .count = 0 };

	(void)state;
	note(&s, 1, NOON);
	note(&s, 1, NOON - 100 * HOUR);
	note(&s, 2, NOON + 2 * HOUR);
	note(&s, 2, NOON - 200 * HOUR);
	assert_text(&s, "south-west@abababababab namespaces=\"git\","
			"valid-before=\"20261102120000Z\" "
			"ssh-ed25519 " KEY1 "\n"
			"south-west@abababababab namespaces=\"git\","
			"valid-after=\"20261023040000Z\" "
			"ssh-ed25519 " KEY2 "\n");
}

static void signers_text__leaves_out_times_that_ssh_cannot_say(void **state)
{
	struct signers s = { .count = 0 };

	(void)state;
	note(&s, 1, TIME_MAX);
	note(&s, 2, TIME_MIN);
	assert_text(&s, "south-west@abababababab namespaces=\"git\" "
			"ssh-ed25519 " KEY1 "\n"
			"south-west@abababababab namespaces=\"git\" "
			"ssh-ed25519 " KEY2 "\n");
}

static void feed__is_good_for_git_across_rotations(void **state)
{
	const struct vectors *v = vectors_get();
	struct feedkit *k = *state;
	char text[] = "a";
	unsigned i;

	feedkit_found(k);
	feedkit_assert_signatures(k);
	for (i = 0; i < 3; i++) {
		feedkit_publish(k, A, text);
		k->now += 40 * 86400;
		feedkit_rotate(k, i % 2 == 0 ? v->seed_second : v->seed_first);
		feed_ok(k, feed_commit(k->feed, &k->msg));
		feedkit_assert_signatures(k);
		text[0]++;
		feedkit_publish(k, A, text);
		feedkit_assert_signatures(k);
		text[0]++;
	}
	/* in the same second as the update before it */
	k->now -= 60;
	feedkit_rotate(k, v->seed_first);
	k->now -= 60;
	feedkit_publish(k, A, "last");
	feedkit_assert_signatures(k);
}

static void feed__is_good_for_git_where_time_goes_back(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	k->now += 400 * 86400;
	feedkit_publish(k, A, "1");
	feedkit_rotate(k, vectors_get()->seed_second);
	k->now -= 700 * 86400;
	feedkit_publish(k, A, "2");
	k->now += 900 * 86400;
	feedkit_publish(k, A, "3");
	feedkit_rotate(k, vectors_get()->seed_first);
	k->now -= 900 * 86400;
	feedkit_publish(k, A, "4");
	feedkit_assert_signatures(k);
	/* written anew where it was lost or touched */
	feedkit_close(k);
	feedkit_store(feedkit_path(k, "allowed_signers"), "#", 1);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_assert_signatures(k);
	feedkit_close(k);
	assert_int_equal(remove(feedkit_path(k, "allowed_signers")), 0);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feedkit_assert_signatures(k);
}

static void feed__is_not_good_for_git_by_another_key(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_close(k);
	feedkit_store(feedkit_path(k, "allowed_signers"), "", 0);
	assert_int_not_equal(scratch_run("git -C '%s' verify-commit main "
					 "2>/dev/null",
					 k->dir),
			     0);
}

#define KIT(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signers_text__gives_one_key_no_bounds),
		cmocka_unit_test(signers_text__pads_windows_by_a_day),
		cmocka_unit_test(signers_text__widens_where_time_goes_back),
		cmocka_unit_test(
			signers_text__leaves_out_times_that_ssh_cannot_say),
		KIT(feed__is_good_for_git_across_rotations),
		KIT(feed__is_good_for_git_where_time_goes_back),
		KIT(feed__is_not_good_for_git_by_another_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
