#include "proto/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/envelope.h"
#include "proto/versions.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

static struct weald_msg msg;

/* A feed of two updates, and an update that may come as third. */
static struct identity id;
static struct sample s;
static struct update *const u = &s.u;

static const uint8_t first_digest[SHA256_BYTES] = { 0x11, 0x11 };
static const uint8_t first_commit[OBJECT_ID_BYTES] = { 0x12, 0x12 };
static const uint8_t second_digest[SHA256_BYTES] = { 0x21, 0x21 };
static const uint8_t second_commit[OBJECT_ID_BYTES] = { 0x22, 0x22 };

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	id = (struct identity){ .seq = 0 };
	sample_plain(&s);
	sample_as_first(&s);
	assert_int_equal(identity_check(&id, u, &msg), WEALD_OK);
	identity_apply(&id, u, first_digest, first_commit);

	sample_plain(&s);
	sample_as_second(&s);
	memcpy(u->feed, first_digest, sizeof u->feed);
	memcpy(u->prev, first_digest, sizeof u->prev);
	memcpy(u->parent, first_commit, sizeof u->parent);
	assert_int_equal(identity_check(&id, u, &msg), WEALD_OK);
	identity_apply(&id, u, second_digest, second_commit);

	sample_plain(&s);
	memcpy(u->feed, first_digest, sizeof u->feed);
	memcpy(u->prev, second_digest, sizeof u->prev);
	memcpy(u->parent, second_commit, sizeof u->parent);
	return 0;
}

#define accepted() assert_int_equal(identity_check(&id, u, &msg), WEALD_OK)
#define refused(code, word) \
	check_refused(identity_check(&id, u, &msg), code, &msg, word)

static void identity__accepts_the_whole_feed_of_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct versions versions = { .count = 0 };
	struct identity feed = { .seq = 0 };
	struct envelope e;
	struct checked c;
	char address[IDENTITY_ADDRESS_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS_N; i++) {
		assert_int_equal(envelope_decode(v->updates[i].envelope, &e,
						 &msg),
				 WEALD_OK);
		assert_int_equal(envelope_check(&e, sample_object_id, &c, &msg),
				 WEALD_OK);
		assert_int_equal(identity_check(&feed, &c.update, &msg),
				 WEALD_OK);
		assert_int_equal(versions_check(&versions, &c.update, &msg),
				 WEALD_OK);
		assert_int_equal(versions_apply(&versions, &c.update),
				 WEALD_OK);
		identity_apply(&feed, &c.update, c.digest, c.commit_id);
		/* and no update twice */
		assert_int_equal(identity_check(&feed, &c.update, &msg),
				 WEALD_SEQ_OLD);
		checked_release(&c);
		envelope_release(&e);
	}
	assert_memory_equal(feed.feed, v->feed, sizeof feed.feed);
	assert_string_equal(feed.slug, "south-west");
	assert_int_equal(feed.seq, 7);
	assert_int_equal(feed.epoch, 0);
	assert_memory_equal(feed.commit, v->updates[6].commit, OBJECT_ID_BYTES);
	assert_memory_equal(feed.tree, v->updates[6].tree, OBJECT_ID_BYTES);
	assert_memory_equal(feed.prev, v->updates[6].digest, SHA256_BYTES);
	assert_int_equal(versions.count, 2);
	identity_address(&feed, address);
	assert_string_equal(address, "south-west@8369ccb9a6d5");
	versions_release(&versions);
}

static void identity_apply__keeps_what_the_update_fixes(void **state)
{
	static const uint8_t digest[SHA256_BYTES] = { 0x31 };
	static const uint8_t commit[OBJECT_ID_BYTES] = { 0x32 };

	(void)state;
	accepted();
	u->time = 1234567;
	identity_apply(&id, u, digest, commit);
	assert_int_equal(id.seq, 3);
	assert_int_equal(id.time, 1234567);
	assert_memory_equal(id.feed, first_digest, sizeof id.feed);
	assert_memory_equal(id.prev, digest, sizeof id.prev);
	assert_memory_equal(id.commit, commit, sizeof id.commit);
	assert_memory_equal(id.tree, u->tree, sizeof id.tree);
	assert_memory_equal(id.key, u->key, sizeof id.key);
	assert_memory_equal(id.root, u->root, sizeof id.root);
}

static void identity_check__begins_with_a_first_update(void **state)
{
	struct identity none = { .seq = 0 };

	(void)state;
	check_refused(identity_check(&none, u, &msg), WEALD_SEQ_GAP, &msg,
		      "seq");
	sample_as_first(&s);
	assert_int_equal(identity_check(&none, u, &msg), WEALD_OK);
	refused(WEALD_SEQ_OLD, "seq");
}

static void identity_check__feed(void **state)
{
	(void)state;
	accepted();
	u->feed[31] ^= 1;
	refused(WEALD_FEED_OTHER, "feed");
}

static void identity_check__slug(void **state)
{
	(void)state;
	u->slug = span_of("south-wes");
	refused(WEALD_SLUG_CHANGED, "slug");
	u->slug = span_of("south-west1");
	refused(WEALD_SLUG_CHANGED, "slug");
	u->slug = span_of("south-west");
	accepted();
}

static void identity_check__root(void **state)
{
	(void)state;
	u->root[0] ^= 1;
	refused(WEALD_ROOT_CHANGED, "root");
}

static void identity_check__seq(void **state)
{
	(void)state;
	u->seq = 4;
	refused(WEALD_SEQ_GAP, "seq");
	u->seq = 2;
	refused(WEALD_SEQ_OLD, "seq");
	u->seq = UINT_MAX_VALUE;
	refused(WEALD_SEQ_GAP, "seq");
}

static void identity_check__prev(void **state)
{
	(void)state;
	u->prev[31] ^= 1;
	refused(WEALD_PREV_OTHER, "prev");
}

static void identity_check__parent(void **state)
{
	(void)state;
	u->parent[19] ^= 1;
	refused(WEALD_PARENT_OTHER, "parent");
}

static void identity_check__key(void **state)
{
	(void)state;
	u->key[0] ^= 1;
	refused(WEALD_KEY_CHANGED, "key");
	u->action = span_of("not-known-here");
	refused(WEALD_KEY_CHANGED, "key");
	u->action = span_of("profile");
	refused(WEALD_KEY_CHANGED, "key");
}

static void identity_check__rotate_key_may_change_it(void **state)
{
	static const uint8_t digest[SHA256_BYTES] = { 0x31 };
	static const uint8_t commit[OBJECT_ID_BYTES] = { 0x32 };
	uint8_t old[PUBKEY_BYTES];

	(void)state;
	memcpy(old, u->key, sizeof old);
	u->action = span_of("rotate-key");
	accepted();
	u->key[0] ^= 1;
	accepted();
	identity_apply(&id, u, digest, commit);

	/* from now on the new key, and no other */
	sample_plain(&s);
	memcpy(u->feed, first_digest, sizeof u->feed);
	memcpy(u->prev, digest, sizeof u->prev);
	memcpy(u->parent, commit, sizeof u->parent);
	u->seq = 4;
	refused(WEALD_KEY_CHANGED, "key");
	u->key[0] ^= 1;
	accepted();
}

static void identity_check__epoch(void **state)
{
	(void)state;
	u->epoch = 1;
	refused(WEALD_EPOCH_CHANGED, "epoch");
	u->action = span_of("rotate-key");
	refused(WEALD_EPOCH_CHANGED, "epoch");
	u->action = span_of("not-known-here");
	refused(WEALD_EPOCH_CHANGED, "epoch");
	id.epoch = 1;
	accepted();
	u->epoch = 0;
	refused(WEALD_EPOCH_CHANGED, "epoch");
}

static void identity_check__an_unknown_action_may_come(void **state)
{
	(void)state;
	u->action = span_of("not-known-here");
	accepted();
}

static void identity_check__holds_reissues_back(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_RECOVER);
	refused(WEALD_REISSUE_HELD, "recover");
	sample_as_granted(&s, ACTION_ERASE);
	refused(WEALD_REISSUE_HELD, "erase");
	u->seq = 2; /* of an update that is here already */
	refused(WEALD_REISSUE_HELD, "erase");
	u->prev[0] ^= 1;
	u->parent[0] ^= 1;
	u->key[0] ^= 1;
	refused(WEALD_REISSUE_HELD, "erase");
}

static void identity_check__holds_back_only_its_own_feed(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ERASE);
	u->feed[0] ^= 1;
	refused(WEALD_FEED_OTHER, "feed");
	u->feed[0] ^= 1;
	u->root[0] ^= 1;
	refused(WEALD_ROOT_CHANGED, "root");
}

static void identity_check__time_refuses_nothing(void **state)
{
	(void)state;
	u->time = TIME_MIN;
	accepted();
	u->time = TIME_MAX;
	accepted();
}

static void identity_check__changes_nothing(void **state)
{
	struct identity before = id;

	(void)state;
	accepted();
	u->seq = 9;
	refused(WEALD_SEQ_GAP, "seq");
	assert_memory_equal(&before, &id, sizeof id);
}

static void identity_address__holds_the_longest_slug(void **state)
{
	static const char slug[] = "a234567890123456789012345678901234567890";
	struct identity longest = { .seq = 0 };
	char address[IDENTITY_ADDRESS_BYTES];

	(void)state;
	sample_plain(&s);
	sample_as_first(&s);
	u->slug = span_of(slug);
	assert_int_equal(u->slug.len, SLUG_BYTES_MAX);
	identity_apply(&longest, u, first_digest, first_commit);
	identity_address(&longest, address);
	assert_string_equal(address, "a234567890123456789012345678901234567890"
				     "@111100000000");
	assert_int_equal(strlen(address) + 1, sizeof address);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity__accepts_the_whole_feed_of_the_vectors),
		TEST(identity_apply__keeps_what_the_update_fixes),
		TEST(identity_check__begins_with_a_first_update),
		TEST(identity_check__feed),
		TEST(identity_check__slug),
		TEST(identity_check__root),
		TEST(identity_check__seq),
		TEST(identity_check__prev),
		TEST(identity_check__parent),
		TEST(identity_check__key),
		TEST(identity_check__rotate_key_may_change_it),
		TEST(identity_check__epoch),
		TEST(identity_check__an_unknown_action_may_come),
		TEST(identity_check__holds_reissues_back),
		TEST(identity_check__holds_back_only_its_own_feed),
		TEST(identity_check__time_refuses_nothing),
		TEST(identity_check__changes_nothing),
		TEST(identity_address__holds_the_longest_slug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
