#include "store/feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "store/feed/feed_private.h"
#include "store/feed/objectid.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

#define A "lesson/2026-11/a"
#define B "lesson/2026-11/b"

/* ---- the vectors -------------------------------------------------------- */

static void feed_append__gives_the_commits_of_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct feedkit *k = *state;
	size_t i;

	feedkit_found_vectors(k, VECTORS_N);
	assert_true(feedkit_seq(k) == VECTORS_N);
	assert_true(feed_committed_seq(k->feed) == VECTORS_N);
	for (i = 0; i < VECTORS_N; i++) {
		assert_memory_equal(feed_commit_id(k->feed, i + 1),
				    v->updates[i].commit, OBJECT_ID_BYTES);
	}
	assert_memory_equal(feed_identity(k->feed)->feed, v->feed,
			    SHA256_BYTES);
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

static void feed_append__gives_the_same_in_one_batch(void **state)
{
	struct feedkit *k = *state;
	size_t i;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < VECTORS_N; i++) {
		feed_ok(k, feedkit_append_vector(k, i));
		assert_true(feed_committed_seq(k->feed) == 0);
	}
	assert_int_equal(feed_staged(k->feed), VECTORS_N);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_int_equal(feed_staged(k->feed), 0);
	assert_int_equal(feedkit_packs(k), 1);
	assert_memory_equal(feed_commit_id(k->feed, VECTORS_N),
			    vectors_get()->updates[VECTORS_N - 1].commit,
			    OBJECT_ID_BYTES);
	feedkit_assert_git_agrees(k);
}

static void feed_read_envelope__gives_the_bytes_of_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct feedkit *k = *state;
	struct buf out;
	size_t i;

	feedkit_found_vectors(k, VECTORS_N);
	for (i = 0; i < VECTORS_N; i++) {
		buf_init(&out, ENVELOPE_BYTES_MAX);
		feed_ok(k, feed_read_envelope(k->feed, i + 1, FRAME_FILL_ALL,
					      &out, &k->msg));
		assert_true(span_equal(buf_span(&out), v->updates[i].envelope));
		buf_release(&out);
	}
}

static void feed_read__gives_payload_and_signature(void **state)
{
	const struct vectors *v = vectors_get();
	struct feedkit *k = *state;
	struct stored s;
	size_t i;

	feedkit_found_vectors(k, VECTORS_N);
	for (i = 0; i < VECTORS_N; i++) {
		feed_ok(k, feed_read(k->feed, i + 1, &s, &k->msg));
		assert_true(span_equal(buf_span(&s.payload),
				       v->updates[i].payload));
		assert_memory_equal(s.sig, v->updates[i].sig, SIG_BYTES);
		assert_memory_equal(s.commit_id, v->updates[i].commit,
				    OBJECT_ID_BYTES);
		assert_true(s.update.seq == i + 1);
		stored_release(&s);
	}
	check_refused(feed_read(k->feed, 0, &s, &k->msg), WEALD_NOTFOUND,
		      &k->msg, "update 0");
	check_refused(feed_read(k->feed, VECTORS_N + 1, &s, &k->msg),
		      WEALD_NOTFOUND, &k->msg, "update 8");
}

static void feed_sign__goes_on_from_the_vectors(void **state)
{
	struct feedkit *k = *state;

	feedkit_found_vectors(k, VECTORS_N);
	check_refused(feedkit_sign(k, A, "x"), WEALD_KEY_CHANGED, &k->msg,
		      "key");
	ed25519_signer_free(k->signer);
	k->signer = NULL;
	feed_ok(k, ed25519_signer_new(vectors_get()->seed_second, &k->signer));
	feedkit_publish(k, A, "one");
	feedkit_rotate(k, vectors_get()->seed_first);
	feedkit_publish(k, A, "two");
	assert_true(feedkit_seq(k) == VECTORS_N + 3);
	feedkit_assert_git_agrees(k);
	feedkit_assert_signatures(k);
}

/* ---- what may be appended ----------------------------------------------- */

static void feed_append__refuses_what_does_not_follow(void **state)
{
	struct feedkit *k = *state;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	check_refused(feedkit_append_vector(k, 1), WEALD_SEQ_GAP, &k->msg,
		      "seq");
	feed_ok(k, feedkit_append_vector(k, 0));
	check_refused(feedkit_append_vector(k, 0), WEALD_SEQ_OLD, &k->msg,
		      "seq");
	check_refused(feedkit_append_vector(k, 2), WEALD_SEQ_GAP, &k->msg,
		      "seq");
	feed_ok(k, feedkit_append_vector(k, 1));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_true(feedkit_seq(k) == 2);
	feedkit_assert_git_agrees(k);
}

static void feed_append__refuses_another_feed(void **state)
{
	struct feedkit *k = *state;
	struct feed *own;

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	own = k->feed;
	k->feed = NULL;
	feedkit_use(k, "other.git");
	feedkit_found_vectors(k, 2);
	check_refused(feedkit_pass_on(k, own, 3, k->feed), WEALD_FEED_OTHER,
		      &k->msg, "feed");
	feed_close(own);
}

/*
 * An update of the kit's feed, each field of it right, which a test then makes
 * wrong in one way and signs.
 */
struct forged {
	struct update u;
	struct change change;
	struct span content;
	struct buf payload;
	struct envelope e;
	struct checked c;
};

static void forge(struct feedkit *k, struct forged *f, const char *text)
{
	const struct identity *id = feed_identity(k->feed);
	struct update *u = &f->u;

	*f = (struct forged){ .content = span_of(text) };
	u->slug = span_of(id->slug);
	memcpy(u->feed, id->feed, sizeof u->feed);
	memcpy(u->root, id->root, sizeof u->root);
	memcpy(u->prev, id->prev, sizeof u->prev);
	memcpy(u->parent, id->commit, sizeof u->parent);
	memcpy(u->key, id->key, sizeof u->key);
	u->epoch = id->epoch;
	u->seq = id->seq + 1;
	u->time = k->now;
	u->action = action_name(ACTION_PUBLISH);
	u->record = span_of(A);
	u->version = 1;
	u->summary = span_of("Say it");
	u->changes = &f->change;
	u->changes_n = 1;
	f->change.path = span_of(A "/record.md");
	f->change.size = f->content.len;
	feed_ok(k, digest_sha256(f->content, f->change.sha256));
	feed_ok(k, object_id(OBJECT_BLOB, f->content.data, f->content.len,
			     f->change.blob));
}

/* The tree that the change really gives. */
static void forge_tree(struct feedkit *k, struct forged *f)
{
	struct tree *tree = k->feed->chain.tree;

	k->feed->trees = TREES_STORED; /* what comes up is not staged */
	feed_ok(k, tree_apply(tree, f->u.changes, f->u.changes_n, &k->msg));
	feed_ok(k, tree_write(tree, f->u.tree, &k->msg));
	tree_reset(tree, feed_tree_id(k->feed));
	k->feed->trees = TREES_NEW;
}

/* Sign it, let envelope_check() pass it, append it; @with its content. */
static int forge_append(struct feedkit *k, struct forged *f, bool with)
{
	int r;

	buf_init(&f->payload, PAYLOAD_BYTES_MAX);
	sample_payload(&f->u, &f->payload);
	f->e.payload = buf_span(&f->payload);
	f->e.contents = with ? &f->content : &(struct span){ NULL, 0 };
	f->e.contents_n = 1;
	sample_sign(&f->u, f->e.payload, f->e.sig);
	feed_ok(k, envelope_check(&f->e, object_id, &f->c, &k->msg));
	r = feed_append(k->feed, &f->e, &f->c, &k->msg);
	checked_release(&f->c);
	buf_release(&f->payload);
	return r;
}

/* A feed whose key is the one that sample_sign() signs with. */
static void found_sampled(struct feedkit *k)
{
	ed25519_signer_free(k->signer);
	k->signer = NULL;
	feed_ok(k, ed25519_signer_new(sample_feed_seed, &k->signer));
	feedkit_found(k);
}

static void feed_append__refuses_another_tree(void **state)
{
	struct feedkit *k = *state;
	struct forged f;

	found_sampled(k);
	forge(k, &f, "one");
	forge_tree(k, &f);
	f.u.tree[0] ^= 1;
	check_refused(forge_append(k, &f, true), WEALD_TREE_OTHER, &k->msg,
		      "tree");
	f.u.tree[0] ^= 1;
	f.u.version = 2;
	f.u.action = action_name(ACTION_REVISE);
	check_refused(forge_append(k, &f, true), WEALD_VERSION_OTHER, &k->msg,
		      "version");
	f.u.version = 1;
	f.u.action = action_name(ACTION_PUBLISH);
	feed_ok(k, forge_append(k, &f, true));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

static void feed_append__keeps_nothing_of_what_it_refuses(void **state)
{
	struct feedkit *k = *state;
	struct forged f;
	uint64_t bytes;

	found_sampled(k);
	forge(k, &f, "one");
	memset(f.u.tree, 7, sizeof f.u.tree);
	bytes = feed_staged_bytes(k->feed);
	assert_int_equal(forge_append(k, &f, true), WEALD_TREE_OTHER);
	assert_true(feed_staged_bytes(k->feed) == bytes);
	feed_ok(k, feedkit_sign(k, B, "two"));
	bytes = feed_staged_bytes(k->feed);
	forge(k, &f, "one");
	memset(f.u.tree, 7, sizeof f.u.tree);
	assert_int_equal(forge_append(k, &f, true), WEALD_TREE_OTHER);
	assert_true(feed_staged_bytes(k->feed) == bytes);
	assert_int_equal(feed_staged(k->feed), 1);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_int_equal(scratch_run("git -C '%s' fsck --unreachable | "
				     "grep . && exit 1; true",
				     k->dir),
			 0);
}

static void feed_append__takes_a_content_that_is_here(void **state)
{
	struct feedkit *k = *state;
	struct forged f;

	found_sampled(k);
	feedkit_publish(k, B, "shared");
	forge(k, &f, "shared");
	forge_tree(k, &f);
	feed_ok(k, forge_append(k, &f, false));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
	/* staged counts as here, too */
	feed_ok(k, feedkit_sign(k, "lesson/2026-11/c", "fresh"));
	forge(k, &f, "fresh");
	f.u.version = 2;
	f.u.action = action_name(ACTION_REVISE);
	forge_tree(k, &f);
	feed_ok(k, forge_append(k, &f, false));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

static void feed_append__refuses_a_content_that_is_nowhere(void **state)
{
	struct feedkit *k = *state;
	struct forged f;

	found_sampled(k);
	forge(k, &f, "unheard of");
	forge_tree(k, &f);
	check_refused(forge_append(k, &f, false), WEALD_CONTENT_ABSENT, &k->msg,
		      "record.md");
	assert_int_equal(feed_staged(k->feed), 0);
	feed_ok(k, forge_append(k, &f, true));
}

/*
 * What the update says of a content that does not travel must be true of the
 * one that is here: else nodes that were sent it would refuse the update.
 */
static void feed_append__checks_a_content_that_is_here(void **state)
{
	struct feedkit *k = *state;
	struct forged f;

	found_sampled(k);
	feedkit_publish(k, B, "shared");
	forge(k, &f, "shared");
	forge_tree(k, &f);
	f.change.size++;
	check_refused(forge_append(k, &f, false), WEALD_CONTENT_SIZE, &k->msg,
		      "record.md");
	f.change.size--;
	f.change.sha256[0] ^= 1;
	check_refused(forge_append(k, &f, false), WEALD_CONTENT_DIGEST, &k->msg,
		      "record.md");
	f.change.sha256[0] ^= 1;
	feed_ok(k, forge_append(k, &f, false));
}

static void feed_append__passes_on_what_it_does_not_understand(void **state)
{
	struct feedkit *k = *state;
	struct forged f;

	found_sampled(k);
	forge(k, &f, "one");
	f.u.action = span_of("annotate");
	forge_tree(k, &f);
	feed_ok(k, forge_append(k, &f, true));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	assert_true(feedkit_seq(k) == 3);
}

/* ---- own updates -------------------------------------------------------- */

static void feed_sign__says_where_nothing_changed(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, A, "same");
	assert_int_equal(feedkit_sign(k, A, "same"), WEALD_UNCHANGED);
	assert_int_equal(feed_staged(k->feed), 0);
	assert_true(feed_staged_bytes(k->feed) == 0);
	assert_true(feedkit_seq(k) == 3);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_int_equal(feedkit_packs(k), 2);
}

static void feed_sign__leaves_no_trace_where_it_fails(void **state)
{
	struct feedkit *k = *state;
	struct draft_file file = { span_of("record.md"), span_of("text") };
	struct draft d;

	feedkit_found(k);
	d = feedkit_draft(k, ACTION_PUBLISH, A);
	d.files = &file;
	d.files_n = 1;
	d.summary = span_of(" begins with a space");
	check_refused(feed_sign(k->feed, &d, k->signer, &k->msg), WEALD_SUMMARY,
		      &k->msg, "summary");
	d.summary = span_of("Fine");
	file.name = span_of("Record.md");
	check_refused(feed_sign(k->feed, &d, k->signer, &k->msg), WEALD_PATH,
		      &k->msg, "Record.md");
	file.name = span_of("record.md");
	d.record = span_of("Lesson/2026-11/a");
	assert_int_equal(feed_sign(k->feed, &d, k->signer, &k->msg),
			 WEALD_RECORD);
	d.record = span_of(A);
	d.time = 5;
	assert_int_equal(feed_sign(k->feed, &d, k->signer, &k->msg),
			 WEALD_TIME);
	assert_int_equal(feed_staged(k->feed), 0);
	assert_true(feed_staged_bytes(k->feed) == 0);
	feedkit_publish(k, A, "text");
	assert_true(feedkit_seq(k) == 3);
	feedkit_assert_git_agrees(k);
	assert_int_equal(scratch_run("git -C '%s' fsck --unreachable | "
				     "grep . && exit 1; true",
				     k->dir),
			 0);
}

static void feed_sign__refuses_a_clash_in_the_draft(void **state)
{
	struct feedkit *k = *state;
	struct draft_file files[] = {
		{ span_of("record.md"), span_of("text") },
		{ span_of("attachments"), span_of("a file") },
		{ span_of("attachments/x"), span_of("in a folder") },
	};
	struct draft d;

	feedkit_found(k);
	d = feedkit_draft(k, ACTION_PUBLISH, A);
	d.files = files;
	d.files_n = 3;
	check_refused(feed_sign(k->feed, &d, k->signer, &k->msg),
		      WEALD_PATH_CLASH, &k->msg, "attachments");
	d.files_n = 2;
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	/* the file makes room for the folder */
	files[1] = files[2];
	d = feedkit_draft(k, ACTION_REVISE, A);
	d.files = files;
	d.files_n = 2;
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

static void feed_sign__takes_an_empty_file(void **state)
{
	struct feedkit *k = *state;
	struct draft_file file = { span_of("record.md"), { NULL, 0 } };
	struct draft d;

	feedkit_found(k);
	d = feedkit_draft(k, ACTION_PUBLISH, A);
	d.files = &file;
	d.files_n = 1;
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feedkit_assert_git_agrees(k);
}

static void feed_sign__keeps_one_name_a_record(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	check_refused(feedkit_sign(k, "lesson/2026-12/a", "y"),
		      WEALD_RECORD_TAKEN, &k->msg, "2026-11");
	assert_int_equal(feed_staged(k->feed), 0);
}

static void feed_rollback__forgets_what_is_staged(void **state)
{
	struct feedkit *k = *state;
	uint64_t version = 9;
	char before[2 * OBJECT_ID_BYTES + 1];

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	memcpy(before, feedkit_commit(k, 3), sizeof before);
	feed_ok(k, feedkit_sign(k, B, "y"));
	feed_ok(k, feedkit_sign(k, A, "z"));
	assert_int_equal(feed_staged(k->feed), 2);
	feed_rollback(k->feed);
	assert_int_equal(feed_staged(k->feed), 0);
	assert_true(feed_staged_bytes(k->feed) == 0);
	assert_true(feedkit_seq(k) == 3);
	assert_string_equal(feedkit_commit(k, 3), before);
	feed_ok(k, versions_get(feed_versions(k->feed), span_of(B), &version,
				NULL));
	assert_true(version == 0);
	feedkit_publish(k, B, "y");
	feedkit_assert_git_agrees(k);
}

static void feed_commit__does_nothing_where_nothing_is_staged(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feed_ok(k, feed_commit(k->feed, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
	assert_int_equal(feedkit_packs(k), 1);
}

static void feed_commit__refuses_where_main_moved(void **state)
{
	struct feedkit *k = *state;

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	feed_ok(k, feedkit_sign(k, B, "y"));
	assert_int_equal(scratch_run("git -C '%s' update-ref refs/heads/main "
				     "main~1",
				     k->dir),
			 0);
	assert_int_equal(feed_commit(k->feed, &k->msg), WEALD_DIVERGED);
	assert_int_equal(scratch_run("git -C '%s' update-ref -d "
				     "refs/heads/main",
				     k->dir),
			 0);
	feedkit_close(k);
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	feed_ok(k, feedkit_sign(k, B, "y"));
	assert_int_equal(scratch_run("git -C '%s' update-ref -d "
				     "refs/heads/main",
				     k->dir),
			 0);
	assert_int_equal(feed_commit(k->feed, &k->msg), WEALD_DIVERGED);
}

static void draft_time__never_goes_back(void **state)
{
	struct identity id = { .seq = 3, .time = 1793494800 };
	struct weald_msg msg = { "" };
	uint64_t t;

	(void)state;
	assert_int_equal(draft_time(&id, 1793494900, &t, &msg), WEALD_OK);
	assert_true(t == 1793494900);
	assert_int_equal(draft_time(&id, 1793494700, &t, &msg), WEALD_OK);
	assert_true(t == 1793494800);
	assert_int_equal(draft_time(&id, 1793494800 - 86400, &t, &msg),
			 WEALD_OK);
	assert_true(t == 1793494800);
	check_refused(draft_time(&id, 1793494800 - 86401, &t, &msg),
		      WEALD_CLOCK, &msg, "clock");
	(void)draft_time(&id, 1793494800 - 86401, &t, &msg);
	assert_non_null(strstr(msg.text, "2026-11-01T01:00:00Z"));
	assert_non_null(strstr(msg.text, "2026-10-31T00:59:59Z"));
	assert_non_null(strstr(msg.text, "if the clock is right"));
	check_refused(draft_time(&id, 0, &t, &msg), WEALD_CLOCK, &msg, "clock");
	check_refused(draft_time(&id, UINT64_MAX, &t, &msg), WEALD_CLOCK, &msg,
		      "clock");
	id.seq = 0;
	assert_int_equal(draft_time(&id, 1793494000, &t, &msg), WEALD_OK);
	assert_true(t == 1793494000);
}

static void draft_record__keeps_the_month_of_version_1(void **state)
{
	struct feedkit *k = *state;
	struct buf path;

	feedkit_found(k);
	feedkit_publish(k, A, "x");
	buf_init(&path, RECORD_BYTES_MAX);
	feed_ok(k, draft_record(k->feed, span_of("lesson"), span_of("a"),
				1830000000, &path, &k->msg));
	assert_true(span_equal(buf_span(&path), span_of(A)));
	buf_clear(&path);
	feed_ok(k, draft_record(k->feed, span_of("lesson"), span_of("new"),
				1830297599, &path, &k->msg));
	assert_true(span_equal(buf_span(&path), span_of("lesson/2027-12/new")));
	buf_clear(&path);
	check_refused(draft_record(k->feed, span_of("Lesson"), span_of("new"),
				   1830297599, &path, &k->msg),
		      WEALD_RECORD, &k->msg, "Lesson");
	buf_release(&path);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, feedkit_setup, feedkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(feed_append__gives_the_commits_of_the_vectors),
		TEST(feed_append__gives_the_same_in_one_batch),
		TEST(feed_read_envelope__gives_the_bytes_of_the_vectors),
		TEST(feed_read__gives_payload_and_signature),
		TEST(feed_sign__goes_on_from_the_vectors),
		TEST(feed_append__refuses_what_does_not_follow),
		TEST(feed_append__refuses_another_feed),
		TEST(feed_append__refuses_another_tree),
		TEST(feed_append__keeps_nothing_of_what_it_refuses),
		TEST(feed_append__takes_a_content_that_is_here),
		TEST(feed_append__refuses_a_content_that_is_nowhere),
		TEST(feed_append__checks_a_content_that_is_here),
		TEST(feed_append__passes_on_what_it_does_not_understand),
		TEST(feed_sign__says_where_nothing_changed),
		TEST(feed_sign__leaves_no_trace_where_it_fails),
		TEST(feed_sign__refuses_a_clash_in_the_draft),
		TEST(feed_sign__takes_an_empty_file),
		TEST(feed_sign__keeps_one_name_a_record),
		TEST(feed_rollback__forgets_what_is_staged),
		TEST(feed_commit__does_nothing_where_nothing_is_staged),
		TEST(feed_commit__refuses_where_main_moved),
		TEST(draft_time__never_goes_back),
		TEST(draft_record__keeps_the_month_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
