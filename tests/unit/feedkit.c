#include "tests/unit/feedkit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "proto/forkproof.h"
#include "proto/sshsig.h"
#include "store/feed/objectid.h"
#include "store/fs.h"
#include "tests/unit/vectors.h"

#define BEGIN UINT64_C(1793494800) /* 1 November 2026, a noon in England */

static struct ed25519_signer *signer_of(const uint8_t *seed)
{
	struct ed25519_signer *s = NULL;

	assert_int_equal(ed25519_signer_new(seed, &s), WEALD_OK);
	return s;
}

int feedkit_setup(void **state)
{
	struct feedkit *k = calloc(1, sizeof *k);

	assert_non_null(k);
	assert_int_equal(feed_library_init(&k->msg), WEALD_OK);
	scratch_make(&k->scratch);
	feedkit_use(k, "feed.git");
	k->signer = signer_of(vectors_get()->seed_first);
	k->now = BEGIN;
	*state = k;
	return 0;
}

int feedkit_teardown(void **state)
{
	struct feedkit *k = *state;

	fault_disarm();
	feedkit_close(k);
	ed25519_signer_free(k->signer);
	scratch_remove(&k->scratch);
	feed_library_shutdown();
	free(k);
	return 0;
}

void feedkit_ok(struct feedkit *k, int r, const char *file, int line)
{
	if (r != WEALD_OK) {
		print_message("%s: %s\n", err_name(r), msg_text(&k->msg, r));
	}
	_assert_int_equal((uintmax_t)(intmax_t)r, WEALD_OK, file, line);
}

void feedkit_use(struct feedkit *k, const char *name)
{
	feedkit_close(k);
	(void)snprintf(k->dir, sizeof k->dir, "%s/%s", k->scratch.dir, name);
}

int feedkit_open(struct feedkit *k, enum feed_mode mode)
{
	feedkit_close(k);
	k->msg.text[0] = '\0';
	return feed_open(k->dir, mode, &k->feed, &k->msg);
}

void feedkit_close(struct feedkit *k)
{
	feed_close(k->feed);
	k->feed = NULL;
}

struct draft feedkit_draft(struct feedkit *k, enum action action,
			   const char *record)
{
	struct draft d = { .action = action, .record = span_of(record) };

	d.time = k->now;
	k->now += 60;
	d.summary = span_of("Say what was learnt");
	k->nonces++;
	memcpy(d.nonce, &k->nonces, sizeof k->nonces);
	return d;
}

void feedkit_found(struct feedkit *k)
{
	const struct draft_file files[] = {
		{ span_of("region.yaml"), span_of("name: South West\n") },
		{ span_of(".gitattributes"), span_of(GITATTRIBUTES_TEXT) },
	};
	uint8_t root[PUBKEY_BYTES];
	struct draft d;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	d = feedkit_draft(k, ACTION_CREATE_FEED, "");
	d.slug = span_of("south-west");
	d.keep_files = true;
	feed_ok(k, ed25519_public(vectors_get()->seed_root, root));
	feed_ok(k, digest_sha256((struct span){ root, sizeof root }, d.root));
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	d = feedkit_draft(k, ACTION_PROFILE, "");
	d.files = files;
	d.files_n = sizeof files / sizeof files[0];
	feed_ok(k, feed_sign(k->feed, &d, k->signer, &k->msg));
	feed_ok(k, feed_commit(k->feed, &k->msg));
}

int feedkit_append(struct feedkit *k, struct span bytes, struct feed *to)
{
	struct envelope e;
	struct checked c;
	int r;

	feed_ok(k, envelope_decode(bytes, &e, &k->msg));
	feed_ok(k, envelope_check(&e, object_id, &c, &k->msg));
	r = feed_append(to, &e, &c, &k->msg);
	checked_release(&c);
	envelope_release(&e);
	return r;
}

int feedkit_append_vector(struct feedkit *k, size_t i)
{
	return feedkit_append(k, vectors_get()->updates[i].envelope, k->feed);
}

static int pass_on(struct feedkit *k, const struct feed *from, uint64_t seq,
		   enum frame_fill fill, struct feed *to)
{
	struct buf bytes;
	int r;

	buf_init(&bytes, ENVELOPE_BYTES_MAX);
	feed_ok(k, feed_read_envelope(from, seq, fill, &bytes, &k->msg));
	r = feedkit_append(k, buf_span(&bytes), to);
	buf_release(&bytes);
	return r;
}

int feedkit_pass_on(struct feedkit *k, const struct feed *from, uint64_t seq,
		    struct feed *to)
{
	return pass_on(k, from, seq, FRAME_FILL_ALL, to);
}

int feedkit_pass_header(struct feedkit *k, const struct feed *from,
			uint64_t seq, struct feed *to)
{
	return pass_on(k, from, seq, FRAME_FILL_HEADERS, to);
}

void feedkit_seal(struct feedkit *k, const struct update *u,
		  const struct ed25519_signer *signer, struct buf *out)
{
	struct envelope e = { .contents_n = u->changes_n };
	struct buf payload;
	struct buf text;

	buf_init(&payload, PAYLOAD_BYTES_MAX);
	buf_init(&text, COMMIT_BYTES_MAX);
	feed_ok(k, update_check(u, &k->msg));
	feed_ok(k, update_encode(u, &payload));
	e.payload = buf_span(&payload);
	feed_ok(k, commit_text(u, e.payload, &text));
	feed_ok(k,
		sshsig_sign(signer, COMMIT_NAMESPACE, buf_span(&text), e.sig));
	feed_ok(k, forkproof_add_bare(&e, out));
	buf_release(&payload);
	buf_release(&text);
}

void feedkit_found_vectors(struct feedkit *k, size_t n)
{
	size_t i;

	feed_ok(k, feed_create(k->dir, &k->msg));
	feed_ok(k, feedkit_open(k, FEED_WRITE));
	for (i = 0; i < n; i++) {
		feed_ok(k, feedkit_append_vector(k, i));
		feed_ok(k, feed_commit(k->feed, &k->msg));
	}
	k->now = BEGIN + 86400;
}

int feedkit_sign(struct feedkit *k, const char *record, const char *text)
{
	struct draft_file file = { span_of("record.md"), span_of(text) };
	uint64_t version = 0;
	struct draft d;

	(void)versions_get(feed_versions(k->feed), span_of(record), &version,
			   NULL);
	d = feedkit_draft(k, version == 0 ? ACTION_PUBLISH : ACTION_REVISE,
			  record);
	d.files = &file;
	d.files_n = 1;
	return feed_sign(k->feed, &d, k->signer, &k->msg);
}

void feedkit_publish(struct feedkit *k, const char *record, const char *text)
{
	feed_ok(k, feedkit_sign(k, record, text));
	feed_ok(k, feed_commit(k->feed, &k->msg));
}

void feedkit_publish_many(struct feedkit *k, unsigned count, unsigned per_pack)
{
	char record[64];
	unsigned i;

	for (i = 1; i <= count; i++) {
		(void)snprintf(record, sizeof record, "lesson/2026-11/n%llu",
			       (unsigned long long)feedkit_seq(k) + 1);
		feed_ok(k, feedkit_sign(k, record, record));
		if (i % per_pack == 0 || i == count) {
			feed_ok(k, feed_commit(k->feed, &k->msg));
		}
	}
}

/* The root key's word for the next update of @k and the key of @next. */
static struct grant grant_for(struct feedkit *k,
			      const struct ed25519_signer *next)
{
	const struct identity *id = feed_identity(k->feed);
	struct ed25519_signer *root = signer_of(vectors_get()->seed_root);
	struct grant g = { .present = true };
	struct update u = { .epoch = id->epoch, .seq = id->seq + 1 };
	struct buf text;

	memcpy(u.feed, id->feed, sizeof u.feed);
	memcpy(u.prev, id->prev, sizeof u.prev);
	memcpy(u.key, ed25519_signer_key(next), sizeof u.key);
	u.action = action_name(ACTION_ROTATE_KEY);
	buf_init(&text, 4096);
	feed_ok(k, grant_statement(&u, 0, &text));
	feed_ok(k, sshsig_sign(root, GRANT_NAMESPACE, buf_span(&text), g.sig));
	memcpy(g.root, ed25519_signer_key(root), sizeof g.root);
	buf_release(&text);
	ed25519_signer_free(root);
	return g;
}

void feedkit_rotate(struct feedkit *k, const uint8_t *seed)
{
	struct ed25519_signer *next = signer_of(seed);
	struct draft d = feedkit_draft(k, ACTION_ROTATE_KEY, "");

	d.keep_files = true;
	d.grant = grant_for(k, next);
	feed_ok(k, feed_sign(k->feed, &d, next, &k->msg));
	ed25519_signer_free(k->signer);
	k->signer = next;
}

uint64_t feedkit_seq(const struct feedkit *k)
{
	return feed_identity(k->feed)->seq;
}

const char *feedkit_path(const struct feedkit *k, const char *name)
{
	static char paths[8][2 * SCRATCH_PATH_BYTES];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof paths[0], "%s/%s", k->dir, name);
	return path;
}

const char *feedkit_main(const struct feedkit *k)
{
	static char hex[2 * OBJECT_ID_BYTES + 1];
	FILE *f = fopen(feedkit_path(k, "refs/heads/main"), "re");

	hex[0] = '\0';
	if (f != NULL) {
		if (fread(hex, 1, sizeof hex - 1, f) != sizeof hex - 1) {
			hex[0] = '\0';
		}
		(void)fclose(f);
	}
	return hex;
}

const char *feedkit_commit(const struct feedkit *k, uint64_t seq)
{
	static char hex[8][2 * OBJECT_ID_BYTES + 1];
	static unsigned turn;
	char *out = hex[turn++ % 8];

	hex_encode(feed_commit_id(k->feed, seq), OBJECT_ID_BYTES, out);
	return out;
}

size_t feedkit_packs(const struct feedkit *k)
{
	return scratch_count(feedkit_path(k, "objects/pack"), "pack-", ".idx");
}

void feedkit_assert_git_agrees(struct feedkit *k)
{
	assert_int_equal(scratch_run("git -C '%s' fsck --strict --full "
				     "--no-dangling | grep . && exit 1; "
				     "git -C '%s' fsck --strict --no-dangling",
				     k->dir, k->dir),
			 0);
	if (k->feed != NULL && feedkit_seq(k) > 0) {
		assert_int_equal(
			scratch_run("[ $(git -C '%s' rev-parse main) = %s ]",
				    k->dir, feedkit_commit(k, feedkit_seq(k))),
			0);
	}
}

void feedkit_assert_signatures(struct feedkit *k)
{
	assert_int_equal(scratch_run("set -e; cd '%s'; "
				     "git rev-list main >list; "
				     "for c in $(head -n 20 list; "
				     "tail -n 20 list); do "
				     "git verify-commit $c; done; rm list",
				     k->dir),
			 0);
}

static void assert_same_identity(const struct identity *a,
				 const struct identity *b)
{
	assert_memory_equal(a->feed, b->feed, sizeof a->feed);
	assert_string_equal(a->slug, b->slug);
	assert_memory_equal(a->root, b->root, sizeof a->root);
	assert_memory_equal(a->key, b->key, sizeof a->key);
	assert_true(a->epoch == b->epoch);
	assert_true(a->seq == b->seq);
	assert_true(a->time == b->time);
	assert_memory_equal(a->prev, b->prev, sizeof a->prev);
	assert_memory_equal(a->commit, b->commit, sizeof a->commit);
	assert_memory_equal(a->tree, b->tree, sizeof a->tree);
}

/* Everything that @a has, @b has as well. */
static void assert_holds_versions(const struct versions *a,
				  const struct versions *b)
{
	const struct version_entry *e;
	bool found;
	size_t i;
	size_t j;

	assert_true(a->count == b->count);
	for (i = 0; i < a->slots_n; i++) {
		e = &a->slots[i];
		found = e->version == 0;
		for (j = 0; !found && j < b->slots_n; j++) {
			found = memcmp(e->name, b->slots[j].name,
				       sizeof e->name) == 0 &&
				e->version == b->slots[j].version &&
				e->month == b->slots[j].month;
		}
		assert_true(found);
	}
}

void feedkit_assert_same(const struct feed *a, const struct feed *b)
{
	uint64_t seq;

	assert_same_identity(feed_identity(a), feed_identity(b));
	for (seq = 1; seq <= feed_identity(a)->seq; seq++) {
		assert_memory_equal(feed_commit_id(a, seq),
				    feed_commit_id(b, seq), OBJECT_ID_BYTES);
	}
	assert_holds_versions(feed_versions(a), feed_versions(b));
}

struct buf feedkit_load(const char *path)
{
	struct buf b = { .data = NULL };

	assert_int_equal(fs_read_file(path, 1u << 28, &b, NULL), WEALD_OK);
	return b;
}

void feedkit_store(const char *path, const void *data, size_t len)
{
	FILE *f;

	(void)chmod(path, 0644);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fwrite(data, 1, len, f) == len);
	assert_int_equal(fclose(f), 0);
}
