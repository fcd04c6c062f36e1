#include "proto/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/digest.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

/* Each test begins with a plain update that keeps every rule. */
static struct sample s;
static struct update *const u = &s.u;
static struct weald_msg msg;

static int begin(void **state)
{
	(void)state;
	sample_plain(&s);
	msg.text[0] = '\0';
	return 0;
}

#define accepted() assert_int_equal(update_check(u, &msg), WEALD_OK)
#define refused(code, word) \
	check_refused(update_check(u, &msg), code, &msg, word)

/* @len times 'a', static. */
static struct span letters(size_t len)
{
	static uint8_t text[3000];

	assert_true(len <= sizeof text);
	memset(text, 'a', sizeof text);
	return (struct span){ text, len };
}

static void update_encode__gives_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	uint8_t digest[SHA256_BYTES];
	struct update by_hand;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, PAYLOAD_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		vectors_update(i, &by_hand);
		assert_int_equal(update_check(&by_hand, NULL), WEALD_OK);
		assert_int_equal(update_encode(&by_hand, &b), WEALD_OK);
		assert_true(span_equal(buf_span(&b), v->updates[i].payload));
		assert_int_equal(digest_sha256(buf_span(&b), digest), WEALD_OK);
		assert_memory_equal(digest, v->updates[i].digest,
				    sizeof digest);
	}
	buf_release(&b);
}

static void update_decode__reads_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct update by_hand;
	struct update got;
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS_N; i++) {
		vectors_update(i, &by_hand);
		assert_int_equal(update_decode(v->updates[i].payload, &got,
					       &msg),
				 WEALD_OK);
		assert_true(sample_equal(&got, &by_hand));
		assert_true(span_equal(got.action, v->updates[i].action));
		assert_int_equal(grant_verify(&got, &msg), WEALD_OK);
		update_release(&got);
		assert_null(got.changes);
	}
}

static void gitattributes__is_what_the_vectors_show(void **state)
{
	const struct span *contents;
	struct update second;

	(void)state;
	/* vectors_update() takes the digest of GITATTRIBUTES_TEXT */
	vectors_update(1, &second);
	assert_int_equal(vectors_contents(1, &contents), 2);
	assert_true(span_equal(contents[0], span_of(GITATTRIBUTES_TEXT)));
	assert_int_equal(update_check(&second, &msg), WEALD_OK);
}

static void empty_tree_id__is_of_no_entries(void **state)
{
	uint8_t id[OBJECT_ID_BYTES];

	(void)state;
	assert_int_equal(sample_object_id(OBJECT_TREE, "", 0, id), WEALD_OK);
	assert_memory_equal(id, empty_tree_id, sizeof id);
}

static void update_action__knows_its_words(void **state)
{
	enum action a;

	(void)state;
	for (a = ACTION_CREATE_FEED; a <= ACTION_ERASE; a++) {
		u->action = action_name(a);
		assert_int_equal(update_action(u), a);
	}
	u->action = span_of("publis");
	assert_int_equal(update_action(u), ACTION_UNKNOWN);
	u->action = span_of("publishe");
	assert_int_equal(update_action(u), ACTION_UNKNOWN);
	assert_int_equal(action_name(ACTION_UNKNOWN).len, 0);
	assert_true(action_is_granted(ACTION_ROTATE_KEY));
	assert_true(action_is_granted(ACTION_RECOVER));
	assert_true(action_is_granted(ACTION_ERASE));
	assert_false(action_is_granted(ACTION_PROFILE));
	assert_false(action_is_granted(ACTION_UNKNOWN));
	assert_true(action_is_reissue(ACTION_RECOVER));
	assert_true(action_is_reissue(ACTION_ERASE));
	assert_false(action_is_reissue(ACTION_ROTATE_KEY));
}

static void update_check__accepts_the_samples(void **state)
{
	(void)state;
	accepted();
	sample_as_first(&s);
	accepted();
	sample_plain(&s);
	sample_as_second(&s);
	accepted();
	sample_plain(&s);
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	accepted();
	sample_as_granted(&s, ACTION_RECOVER);
	accepted();
	sample_as_granted(&s, ACTION_ERASE);
	accepted();
	assert_int_equal(grant_verify(u, &msg), WEALD_OK);
}

static void update_check__feed(void **state)
{
	(void)state;
	memset(u->feed, 0, sizeof u->feed);
	refused(WEALD_FEED_FIELD, "feed");
	u->feed[31] = 1;
	accepted();
	sample_as_first(&s);
	u->feed[31] = 1;
	refused(WEALD_FEED_FIELD, "feed");
}

static void update_check__prev(void **state)
{
	(void)state;
	memset(u->prev, 0, sizeof u->prev);
	refused(WEALD_PREV, "prev");
	u->prev[31] = 1;
	accepted();
	sample_as_first(&s);
	u->prev[31] = 1;
	refused(WEALD_PREV, "prev");
}

static void update_check__parent(void **state)
{
	(void)state;
	memset(u->parent, 0, sizeof u->parent);
	refused(WEALD_PARENT, "parent");
	u->parent[19] = 1;
	accepted();
	sample_as_first(&s);
	u->parent[19] = 1;
	refused(WEALD_PARENT, "parent");
}

static void update_check__slug(void **state)
{
	static const char *const bad[] = { "",
					   "a",
					   "-ab",
					   "ab-",
					   "aB",
					   "a_b",
					   "a b",
					   "a.b",
					   "a/b",
					   "--",
					   "a>b",
					   "a\nb",
					   "\xc3\xa9\xc3\xa9" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		u->slug = span_of(bad[i]);
		refused(WEALD_SLUG, "slug");
	}
	u->slug = span_of("a-");
	refused(WEALD_SLUG, "slug");
	u->slug = span_of("01");
	accepted();
	u->slug = letters(40);
	accepted();
	u->slug = letters(41);
	refused(WEALD_SLUG, "slug");
}

static void update_check__epoch(void **state)
{
	(void)state;
	u->epoch = UINT_MAX_VALUE;
	accepted();
	u->epoch++;
	refused(WEALD_EPOCH, "epoch");
	u->epoch = 0;
	sample_as_first(&s);
	u->epoch = 1;
	refused(WEALD_EPOCH, "epoch");
}

static void update_check__epoch_of_a_reissue(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ERASE);
	u->epoch = 0;
	refused(WEALD_EPOCH, "epoch");
}

static void update_check__seq(void **state)
{
	(void)state;
	u->seq = 0;
	refused(WEALD_SEQ, "seq");
	u->seq = UINT_MAX_VALUE;
	accepted();
	u->seq++;
	refused(WEALD_SEQ, "seq");
}

static void update_check__time(void **state)
{
	(void)state;
	u->time = 86399;
	refused(WEALD_TIME, "time");
	u->time = 86400;
	accepted();
	u->time = UINT64_C(253402300799);
	accepted();
	u->time++;
	refused(WEALD_TIME, "time");
}

static void update_check__key(void **state)
{
	(void)state;
	memset(u->key, 0, sizeof u->key);
	refused(WEALD_KEY_WEAK, "key");
	memset(u->key, 0xff, sizeof u->key);
	refused(WEALD_KEY_WEAK, "key");
}

static void update_check__grant_missing(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	u->grant.present = false;
	refused(WEALD_GRANT_MISSING, "grant");
	sample_as_granted(&s, ACTION_RECOVER);
	u->grant.present = false;
	refused(WEALD_GRANT_MISSING, "grant");
}

static void update_check__grant_unexpected(void **state)
{
	static const char *const others[] = { "publish", "profile", "withdraw",
					      "not-known-here" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		sample_as_granted(&s, ACTION_ROTATE_KEY);
		u->action = span_of(others[i]);
		refused(WEALD_GRANT_UNEXPECTED, "grant");
	}
}

static void update_check__grant_until(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	u->grant.until = 1;
	refused(WEALD_GRANT, "grant: until");
	sample_as_granted(&s, ACTION_RECOVER);
	u->grant.until = u->seq;
	accepted();
	u->grant.until = u->seq - 1;
	refused(WEALD_GRANT, "grant: until");
	u->grant.until = UINT_MAX_VALUE;
	accepted();
	u->grant.until++;
	refused(WEALD_GRANT, "grant: until");
}

static void update_check__grant_root(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	u->grant.root[7] ^= 1;
	refused(WEALD_GRANT_ROOT, "grant");
	u->grant.root[7] ^= 1;
	u->root[7] ^= 1;
	refused(WEALD_GRANT_ROOT, "grant");
}

static void update_check__action(void **state)
{
	static const char *const bad[] = { "",   "Publish", "pub lish",
					   "a1", "a_b",     "a\n" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		u->action = span_of(bad[i]);
		refused(WEALD_ACTION, "action");
	}
	u->action = letters(20);
	accepted();
	u->action = letters(21);
	refused(WEALD_ACTION, "action");
	u->action = span_of("not-known-here");
	accepted();
}

static void update_check__record(void **state)
{
	(void)state;
	u->record = span_of("intervention/2026-13/handover");
	refused(WEALD_RECORD, "record");
	u->record = span_of("intervention/2026-11");
	refused(WEALD_RECORD, "record");
}

static void update_check__version(void **state)
{
	(void)state;
	u->version = 0;
	refused(WEALD_VERSION, "version");
	u->version = UINT_MAX_VALUE;
	accepted();
	u->version++;
	refused(WEALD_VERSION, "version");
	u->version = 1;
	u->record = span_of("");
	refused(WEALD_VERSION, "version");
}

static void update_check__summary(void **state)
{
	static const char *const bad[] = { "",
					   " a",
					   "a ",
					   "a\nb",
					   "a\tb",
					   "a\r",
					   "a\x7f",
					   "a\xc2\x80",
					   "a\xc2\x9f",
					   "\xe2\x80\xa8",
					   "\xe2\x80\xa9",
					   "\xef\xbb\xbfz",
					   "\xd8\x9c",
					   "\xe2\x80\x8e",
					   "\xe2\x80\x8f",
					   "\xe2\x80\xaa",
					   "\xe2\x80\xae",
					   "\xe2\x81\xa6",
					   "\xe2\x81\xa9",
					   "\xff",
					   "\xc0\x80",
					   "\xed\xa0\x80",
					   "\xf4\x90\x80\x80",
					   "a\xc3" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		u->summary = span_of(bad[i]);
		refused(WEALD_SUMMARY, "summary");
	}
	u->summary = (struct span){ (const uint8_t *)"a\0b", 3 };
	refused(WEALD_SUMMARY, "summary");
	u->summary = letters(200);
	accepted();
	u->summary = letters(201);
	refused(WEALD_SUMMARY, "summary");
	u->summary = span_of("caf\xc3\xa9 \xe2\x80\x93 \xf0\x9f\xa9\xba");
	accepted();
}

static void update_check__note(void **state)
{
	static const char *const bad[] = {
		"\n",   "\na",     "a\n",           "a \nb",  "a\n b",
		" a",   "a ",      "a\n \nb",       "a\r\nb", "a\tb",
		"\xff", "a\n\xff", "a\xe2\x80\xa8z"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		u->note = span_of(bad[i]);
		refused(WEALD_NOTE, "note");
	}
	u->note = span_of("a\n\n\nb\nc");
	accepted();
	u->note = letters(2000);
	accepted();
	u->note = letters(2001);
	refused(WEALD_NOTE, "note");
}

static void update_check__topics(void **state)
{
	static const char *const bad[] = { "", "A", "a b", "a_b", "\xc3\xa9" };
	static const char *const nine[] = { "a", "b", "c", "d", "e",
					    "f", "g", "h", "i" };
	size_t i;

	(void)state;
	u->topics_n = 1;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		u->topics[0] = span_of(bad[i]);
		refused(WEALD_TOPICS, "topics");
	}
	u->topics[0] = span_of("-1-");
	accepted();
	u->topics[0] = letters(40);
	accepted();
	u->topics[0] = letters(41);
	refused(WEALD_TOPICS, "topics");
	for (i = 0; i < TOPICS_MAX; i++) {
		u->topics[i] = span_of(nine[i]);
	}
	u->topics_n = 8;
	accepted();
	u->topics_n = 9;
	refused(WEALD_TOPICS, "topics");
	u->topics_n = 0;
	accepted();
}

static void update_check__topics_are_sorted(void **state)
{
	(void)state;
	u->topics_n = 2;
	u->topics[0] = span_of("b");
	u->topics[1] = span_of("a");
	refused(WEALD_TOPICS, "topics");
	u->topics[1] = span_of("b");
	refused(WEALD_TOPICS, "topics");
	u->topics[1] = span_of("b-");
	accepted();
}

static void update_check__ext(void **state)
{
	(void)state;
	u->ext = letters(1024);
	accepted();
	u->ext = letters(1025);
	refused(WEALD_TOOBIG, "ext");
}

static void update_check__paths(void **state)
{
	(void)state;
	s.changes[0].path = span_of("intervention/2026-11/other/record.md");
	refused(WEALD_PATH, "path");
	s.changes[0].path = span_of("region.yaml");
	refused(WEALD_PATH, "path");
	u->record = span_of("");
	u->version = 0;
	accepted();
	s.changes[0].path = span_of(SAMPLE_PATH);
	refused(WEALD_PATH, "path");
}

static void update_check__changes_are_sorted(void **state)
{
	(void)state;
	u->changes_n = 2;
	s.changes[0].path = span_of(SAMPLE_RECORD "/b.md");
	s.changes[1].path = span_of(SAMPLE_RECORD "/a.md");
	refused(WEALD_CHANGES, "changes");
	s.changes[1].path = span_of(SAMPLE_RECORD "/b.md");
	refused(WEALD_CHANGES, "changes");
	s.changes[1].removal = true;
	refused(WEALD_CHANGES, "changes");
	s.changes[1].path = span_of(SAMPLE_RECORD "/b.md2");
	accepted();
}

static void update_check__sizes(void **state)
{
	static const char *const paths[] = {
		SAMPLE_RECORD "/a", SAMPLE_RECORD "/b", SAMPLE_RECORD "/c",
		SAMPLE_RECORD "/d", SAMPLE_RECORD "/e"
	};
	size_t i;

	(void)state;
	s.changes[0].size = 1024 * 1024;
	accepted();
	s.changes[0].size++;
	refused(WEALD_CHANGES, "changes");
	s.changes[0].size = UINT_MAX_VALUE;
	refused(WEALD_CHANGES, "changes");
	u->changes_n = 5;
	for (i = 0; i < 5; i++) {
		s.changes[i].path = span_of(paths[i]);
		s.changes[i].size = 1024 * 1024;
	}
	s.changes[4].size = 0;
	accepted();
	s.changes[4].size = 1;
	refused(WEALD_CHANGES, "changes");
	s.changes[4].removal = true;
	s.changes[4].size = UINT_MAX_VALUE; /* means nothing */
	accepted();
}

static void update_check__attachments_are_no_file_and_folder(void **state)
{
	(void)state;
	u->changes_n = 3;
	s.changes[0].path = span_of(SAMPLE_RECORD "/attachments");
	s.changes[1].path = span_of(SAMPLE_RECORD "/attachments-1");
	s.changes[2].path = span_of(SAMPLE_RECORD "/attachments/a");
	refused(WEALD_PATH_CLASH, "attachments");
	s.changes[0].removal = true;
	accepted();
	s.changes[0].removal = false;
	s.changes[2].removal = true;
	accepted();
	s.changes[2].removal = false;
	s.changes[0].path = span_of(SAMPLE_RECORD "/attachment0");
	accepted();
}

static void update_check__gitattributes_never_changes(void **state)
{
	(void)state;
	sample_as_second(&s);
	s.changes[0].size++;
	refused(WEALD_CHANGES, ".gitattributes");
	s.changes[0].size--;
	s.changes[0].sha256[0] ^= 1;
	refused(WEALD_CHANGES, ".gitattributes");
	s.changes[0].sha256[0] ^= 1;
	s.changes[0].blob[0] ^= 1;
	refused(WEALD_CHANGES, ".gitattributes");
	s.changes[0].blob[0] ^= 1;
	accepted();
}

static void update_check__first_update(void **state)
{
	(void)state;
	sample_as_first(&s);
	u->action = span_of("profile");
	refused(WEALD_FIRST_UPDATES, "action");
	u->action = span_of("not-known-here");
	refused(WEALD_FIRST_UPDATES, "action");
	u->action = span_of("create-feed");
	accepted();
	u->tree[0] ^= 1;
	refused(WEALD_FIRST_UPDATES, "tree");
	u->tree[0] ^= 1;
	u->record = span_of(SAMPLE_RECORD);
	u->version = 1;
	refused(WEALD_FIRST_UPDATES, "record");
	u->record = span_of("");
	u->version = 0;
	u->changes = s.changes;
	u->changes_n = 1;
	s.changes[0].path = span_of("region.yaml");
	refused(WEALD_FIRST_UPDATES, "changes");
}

static void update_check__create_feed_comes_once(void **state)
{
	(void)state;
	u->action = span_of("create-feed");
	refused(WEALD_FIRST_UPDATES, "action");
	u->seq = 2;
	refused(WEALD_FIRST_UPDATES, "action");
}

static void update_check__second_update(void **state)
{
	(void)state;
	sample_as_second(&s);
	u->action = span_of("publish");
	refused(WEALD_FIRST_UPDATES, "action");
	u->action = span_of("profile");
	u->changes_n = 1;
	refused(WEALD_FIRST_UPDATES, "changes");
	u->changes_n = 2;
	s.changes[1].removal = true;
	refused(WEALD_FIRST_UPDATES, "changes");
	s.changes[1].removal = false;
	s.changes[0].removal = true;
	refused(WEALD_FIRST_UPDATES, "changes");
	sample_plain(&s);
	u->seq = 2;
	refused(WEALD_FIRST_UPDATES, "action");
	u->action = span_of("profile");
	refused(WEALD_FIRST_UPDATES, "action");
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	refused(WEALD_FIRST_UPDATES, "action");
}

/* design: a line may go on from any update k-1 >= 1 */
static void update_check__a_reissue_may_begin_at_the_second(void **state)
{
	(void)state;
	u->seq = 2;
	sample_as_granted(&s, ACTION_RECOVER);
	accepted();
	u->seq = 1;
	sample_as_first(&s);
	u->action = span_of("recover");
	u->grant.present = true;
	u->grant.until = 1;
	u->epoch = 0;
	refused(WEALD_EPOCH, "epoch");
}

static void update_check__needs_no_message(void **state)
{
	(void)state;
	u->time = 0;
	assert_int_equal(update_check(u, NULL), WEALD_TIME);
}

static void grant_statement__is_the_array_of_seven(void **state)
{
	struct buf b;

	(void)state;
	sample_as_granted(&s, ACTION_RECOVER);
	buf_init(&b, 512);
	assert_int_equal(grant_statement(u, 9, &b), WEALD_OK);
	assert_int_equal(b.len, 1 + 34 + 8 + 1 + 1 + 34 + 34 + 1);
	assert_memory_equal(b.data, "\x97\xc4\x20", 3);
	assert_memory_equal(b.data + 3, u->feed, 32);
	assert_memory_equal(b.data + 35, "\xa7recover\x01\x03\xc4\x20", 12);
	assert_memory_equal(b.data + 47, u->prev, 32);
	assert_memory_equal(b.data + 79, "\xc4\x20", 2);
	assert_memory_equal(b.data + 81, u->key, 32);
	assert_int_equal(b.data[113], 9);
	buf_release(&b);
}

static void grant_verify__speaks_of_every_field(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 9; i++) {
		sample_plain(&s);
		sample_as_granted(&s, ACTION_RECOVER);
		assert_int_equal(grant_verify(u, &msg), WEALD_OK);
		switch (i) {
		case 0:
			u->feed[0] ^= 1;
			break;
		case 1:
			u->action = action_name(ACTION_ERASE);
			break;
		case 2:
			u->epoch++;
			break;
		case 3:
			u->seq++;
			break;
		case 4:
			u->prev[0] ^= 1;
			break;
		case 5:
			u->key[0] ^= 1;
			break;
		case 6:
			u->grant.until++;
			break;
		case 7:
			u->grant.sig[3] ^= 1;
			break;
		default: /* a form that OpenSSH would take: S + L */
			memset(u->grant.sig + 32, 0xff, 32);
			break;
		}
		check_refused(grant_verify(u, &msg), WEALD_GRANT_SIGNATURE,
			      &msg, "grant");
	}
}

static void grant_verify__refuses_a_weak_root_key(void **state)
{
	(void)state;
	sample_as_granted(&s, ACTION_ROTATE_KEY);
	memset(u->grant.root, 0, sizeof u->grant.root);
	u->grant.root[0] = 1;
	check_refused(grant_verify(u, &msg), WEALD_KEY_WEAK, &msg, "grant");
}

static void grant_verify__takes_an_update_without_one(void **state)
{
	(void)state;
	assert_int_equal(grant_verify(u, &msg), WEALD_OK);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(update_encode__gives_the_vectors),
		TEST(update_decode__reads_the_vectors),
		TEST(gitattributes__is_what_the_vectors_show),
		TEST(empty_tree_id__is_of_no_entries),
		TEST(update_action__knows_its_words),
		TEST(update_check__accepts_the_samples),
		TEST(update_check__feed),
		TEST(update_check__prev),
		TEST(update_check__parent),
		TEST(update_check__slug),
		TEST(update_check__epoch),
		TEST(update_check__epoch_of_a_reissue),
		TEST(update_check__seq),
		TEST(update_check__time),
		TEST(update_check__key),
		TEST(update_check__grant_missing),
		TEST(update_check__grant_unexpected),
		TEST(update_check__grant_until),
		TEST(update_check__grant_root),
		TEST(update_check__action),
		TEST(update_check__record),
		TEST(update_check__version),
		TEST(update_check__summary),
		TEST(update_check__note),
		TEST(update_check__topics),
		TEST(update_check__topics_are_sorted),
		TEST(update_check__ext),
		TEST(update_check__paths),
		TEST(update_check__changes_are_sorted),
		TEST(update_check__sizes),
		TEST(update_check__attachments_are_no_file_and_folder),
		TEST(update_check__gitattributes_never_changes),
		TEST(update_check__first_update),
		TEST(update_check__create_feed_comes_once),
		TEST(update_check__second_update),
		TEST(update_check__a_reissue_may_begin_at_the_second),
		TEST(update_check__needs_no_message),
		TEST(grant_statement__is_the_array_of_seven),
		TEST(grant_verify__speaks_of_every_field),
		TEST(grant_verify__refuses_a_weak_root_key),
		TEST(grant_verify__takes_an_update_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
