#include "tests/unit/sample.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "proto/path.h"
#include "proto/sshsig.h"

const uint8_t sample_root_seed[SEED_BYTES] = "the root key of the samples, 32";
const uint8_t sample_feed_seed[SEED_BYTES] = "the feed key of the samples, 32";

void prng_begin(struct prng *p, const char *test)
{
	const char *text = getenv("WEALD_TEST_SEED");

	p->state = 20261122;
	if (text != NULL &&
	    parse_u64(span_of(text), 0, UINT64_MAX, &p->state) != WEALD_OK) {
		fail_msg("WEALD_TEST_SEED is not a number");
	}
	print_message("%s: WEALD_TEST_SEED=%" PRIu64 "\n", test, p->state);
}

uint64_t prng_next(struct prng *p)
{
	uint64_t z;

	p->state += UINT64_C(0x9e3779b97f4a7c15);
	z = p->state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t prng_below(struct prng *p, size_t n)
{
	assert(n > 0);
	return (size_t)(prng_next(p) % n);
}

void prng_bytes(struct prng *p, uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		out[i] = (uint8_t)prng_next(p);
	}
}

static void must(int r)
{
	if (r != WEALD_OK) {
		fail_msg("a sample: %s", err_name(r));
	}
}

/* The public keys of the two seeds, computed once. */
static const uint8_t *public_of(const uint8_t *seed)
{
	static uint8_t keys[2][PUBKEY_BYTES];
	static bool have[2];
	size_t i = seed == sample_root_seed ? 0 : 1;

	if (!have[i]) {
		must(ed25519_public(seed, keys[i]));
		have[i] = true;
	}
	return keys[i];
}

static void fill_keys(struct update *u)
{
	struct span root = { public_of(sample_root_seed), PUBKEY_BYTES };

	memcpy(u->key, public_of(sample_feed_seed), PUBKEY_BYTES);
	must(digest_sha256(root, u->root));
	memcpy(u->grant.root, root.data, PUBKEY_BYTES);
}

void sample_plain(struct sample *s)
{
	struct span content = span_of(SAMPLE_CONTENT);
	struct update *u = &s->u;

	*s = (struct sample){ .text_len = 0 };
	memset(u->feed, 0xfe, sizeof u->feed);
	u->slug = span_of("south-west");
	fill_keys(u);
	u->seq = 3;
	memset(u->prev, 0x77, sizeof u->prev);
	u->time = 1793502000;
	u->action = span_of("publish");
	u->record = span_of(SAMPLE_RECORD);
	u->version = 1;
	u->summary = span_of("Publish intervention: Handover");
	u->note = span_of("");
	u->topics[0] = span_of("handover");
	u->topics[1] = span_of("sepsis");
	u->topics_n = 2;
	memset(u->parent, 0x66, sizeof u->parent);
	memset(u->tree, 0x55, sizeof u->tree);
	u->changes = s->changes;
	u->changes_n = 1;
	s->changes[0].path = span_of(SAMPLE_PATH);
	s->changes[0].size = content.len;
	must(digest_sha256(content, s->changes[0].sha256));
	must(sample_object_id(OBJECT_BLOB, content.data, content.len,
			      s->changes[0].blob));
	u->ext = span_of("");
}

static void without_record(struct update *u)
{
	u->record = span_of("");
	u->version = 0;
	u->changes = NULL;
	u->changes_n = 0;
}

void sample_as_first(struct sample *s)
{
	struct update *u = &s->u;

	without_record(u);
	u->action = span_of("create-feed");
	u->seq = 1;
	u->epoch = 0;
	u->grant.present = false;
	memset(u->feed, 0, sizeof u->feed);
	memset(u->prev, 0, sizeof u->prev);
	memset(u->parent, 0, sizeof u->parent);
	memcpy(u->tree, empty_tree_id, sizeof u->tree);
}

static void put_root_files(struct sample *s)
{
	struct span text = span_of(GITATTRIBUTES_TEXT);
	struct change *c = s->changes;

	memset(c, 0, 2 * sizeof *c);
	c[0].path = span_of(PATH_GITATTRIBUTES);
	c[0].size = text.len;
	must(digest_sha256(text, c[0].sha256));
	must(sample_object_id(OBJECT_BLOB, text.data, text.len, c[0].blob));
	c[1].path = span_of(PATH_REGION);
	c[1].size = 108;
	s->u.changes = c;
	s->u.changes_n = 2;
}

void sample_as_second(struct sample *s)
{
	without_record(&s->u);
	put_root_files(s);
	s->u.action = span_of("profile");
	s->u.seq = 2;
	s->u.grant.present = false;
}

void sample_sign_grant(struct update *u)
{
	static struct ed25519_signer *signer;
	struct buf statement;

	if (signer == NULL) {
		must(ed25519_signer_new(sample_root_seed, &signer));
	}
	buf_init(&statement, 512);
	must(grant_statement(u, u->grant.until, &statement));
	must(sshsig_sign(signer, GRANT_NAMESPACE, buf_span(&statement),
			 u->grant.sig));
	buf_release(&statement);
}

void sample_as_granted(struct sample *s, enum action action)
{
	struct update *u = &s->u;

	without_record(u);
	u->action = action_name(action);
	u->grant.present = true;
	u->grant.until = 0;
	if (action_is_reissue(action)) {
		u->epoch = 1;
		u->grant.until = u->seq + 4;
	}
	sample_sign_grant(u);
}

/* Room for @len bytes of text. */
static char *take_text(struct sample *s, size_t len)
{
	char *text = s->text + s->text_len;

	assert(len <= sizeof s->text - s->text_len);
	s->text_len += len;
	return text;
}

static struct span random_of(struct sample *s, struct prng *p,
			     const char *letters, size_t min, size_t max)
{
	size_t len = min + prng_below(p, max - min + 1);
	char *text = take_text(s, len);
	size_t i;

	for (i = 0; i < len; i++) {
		text[i] = letters[prng_below(p, strlen(letters))];
	}
	return (struct span){ (const uint8_t *)text, len };
}

#define ALNUM "abcdefghijklmnopqrstuvwxyz0123456789"

/* Characters of one to four bytes, some beside what is not allowed. */
static const char *const runes[] = { "a",
				     "Z",
				     "0",
				     "~",
				     "!",
				     "\"",
				     "\\",
				     "<",
				     "\xc2\xa0",
				     "\xc3\xa9",
				     "\xdf\xbf",
				     "\xd8\x9b",
				     "\xd8\x9d",
				     "\xe0\xa0\x80",
				     "\xe2\x80\x93",
				     "\xe2\x80\xa7",
				     "\xe2\x80\xaf",
				     "\xe2\x82\xac",
				     "\xed\x9f\xbf",
				     "\xee\x80\x80",
				     "\xef\xbf\xbd",
				     "\xf0\x9f\xa9\xba",
				     "\xf4\x8f\xbf\xbf" };

/* Text of at most @max bytes, spaces and @more inside it only. */
static struct span random_text(struct sample *s, struct prng *p, size_t max,
			       const char *more)
{
	size_t want = 1 + prng_below(p, max);
	char *text = take_text(s, max);
	const char *rune = "x";
	size_t len = 0;

	while (len + strlen(rune) <= want) {
		memcpy(text + len, rune, strlen(rune));
		len += strlen(rune);
		rune = runes[prng_below(p, sizeof runes / sizeof runes[0])];
		/* a space or line feed only with a letter on both sides */
		if (prng_below(p, 6) == 0 && len + 2 <= want) {
			text[len++] = more[prng_below(p, strlen(more))];
			rune = "y";
		}
	}
	s->text_len -= max - len;
	return (struct span){ (const uint8_t *)text, len };
}

static struct span random_slug(struct sample *s, struct prng *p, size_t max)
{
	struct span slug = random_of(s, p, ALNUM "-", 2, max);
	char *text = s->text + s->text_len - slug.len;

	text[0] = 'a';
	text[slug.len - 1] = 'z';
	return slug;
}

static struct span join(struct sample *s, struct span a, const char *between,
			struct span b)
{
	size_t n = strlen(between);
	char *text = take_text(s, a.len + n + b.len);

	memcpy(text, a.data, a.len);
	memcpy(text + a.len, between, n);
	memcpy(text + a.len + n, b.data, b.len);
	return (struct span){ (const uint8_t *)text, a.len + n + b.len };
}

static int by_bytes(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return span_compare(*x, *y);
}

static void random_topics(struct sample *s, struct prng *p)
{
	struct span all[TOPICS_MAX];
	size_t n = prng_below(p, TOPICS_MAX + 1);
	size_t i;

	for (i = 0; i < n; i++) {
		all[i] = random_of(s, p, ALNUM "-", 1, 1 + prng_below(p, 40));
	}
	qsort(all, n, sizeof all[0], by_bytes);
	s->u.topics_n = 0;
	for (i = 0; i < n; i++) {
		if (i == 0 || !span_equal(all[i - 1], all[i])) {
			s->u.topics[s->u.topics_n++] = all[i];
		}
	}
}

static void random_record(struct sample *s, struct prng *p)
{
	static const char *const months[] = { "/0000-01/", "/2026-11/",
					      "/1999-09/", "/9999-12/" };

	s->u.record = join(s, random_slug(s, p, 20), months[prng_below(p, 4)],
			   random_slug(s, p, 60));
	s->u.version = 1 + prng_next(p) % UINT_MAX_VALUE;
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a;
	const struct change *y = b;

	return span_compare(x->path, y->path);
}

static void random_changes(struct sample *s, struct prng *p)
{
	size_t n = prng_below(p, SAMPLE_CHANGES_MAX + 1);
	struct change *c;
	size_t i;

	memset(s->changes, 0, sizeof s->changes);
	for (i = 0; i < n; i++) {
		c = &s->changes[i];
		c->path = join(s, s->u.record,
			       prng_below(p, 2) == 0 ? "/" : "/attachments/",
			       random_slug(s, p, 80));
		c->removal = prng_below(p, 3) == 0;
		if (!c->removal) {
			c->size = prng_below(p, CONTENTS_BYTES_MAX / 12);
			prng_bytes(p, c->sha256, sizeof c->sha256);
			prng_bytes(p, c->blob, sizeof c->blob);
		}
	}
	qsort(s->changes, n, sizeof s->changes[0], by_path);
	for (i = 1; i < n; i++) {
		/* names of two letters can come twice: keep what is before */
		if (by_path(&s->changes[i - 1], &s->changes[i]) == 0) {
			n = i;
		}
	}
	s->u.changes = n > 0 ? s->changes : NULL;
	s->u.changes_n = n;
}

static uint64_t random_uint(struct prng *p, uint64_t min, uint64_t max)
{
	uint64_t v = prng_next(p) >> prng_below(p, 64);

	return min + v % (max - min + 1);
}

static void random_place(struct sample *s, struct prng *p)
{
	struct update *u = &s->u;

	prng_bytes(p, u->feed, sizeof u->feed);
	prng_bytes(p, u->prev, sizeof u->prev);
	prng_bytes(p, u->parent, sizeof u->parent);
	prng_bytes(p, u->tree, sizeof u->tree);
	prng_bytes(p, u->nonce, sizeof u->nonce);
	u->feed[0] |= 1;
	u->prev[0] |= 1;
	u->parent[0] |= 1;
	u->slug = random_slug(s, p, SLUG_BYTES_MAX);
	u->seq = random_uint(p, 3, UINT_MAX_VALUE - 4);
	u->epoch = random_uint(p, 0, UINT_MAX_VALUE);
	u->time = random_uint(p, TIME_MIN, TIME_MAX);
}

static void random_words(struct sample *s, struct prng *p)
{
	s->u.summary = random_text(s, p, SUMMARY_BYTES_MAX, " ");
	s->u.note = span_of("");
	if (prng_below(p, 2) == 0) {
		s->u.note = random_text(s, p, NOTE_BYTES_MAX, " \n");
	}
	random_topics(s, p);
	s->u.ext = span_of("");
	if (prng_below(p, 4) == 0) {
		s->u.ext = random_of(s, p, "\x01\x80\xff", 1, EXT_BYTES_MAX);
	}
}

void sample_random(struct sample *s, struct prng *p)
{
	static const char *const ungranted[] = { "publish", "revise",
						 "withdraw", "profile" };

	sample_plain(s);
	random_place(s, p);
	random_words(s, p);
	switch (prng_below(p, 8)) {
	case 0:
		sample_as_first(s);
		return;
	case 1:
		sample_as_second(s);
		return;
	case 2:
		sample_as_granted(s, ACTION_ROTATE_KEY);
		return;
	case 3:
		sample_as_granted(s, prng_below(p, 2) == 0 ? ACTION_RECOVER
							   : ACTION_ERASE);
		return;
	case 4: /* one that this version does not know */
		s->u.action = random_of(s, p, "xyz-", 1, ACTION_BYTES_MAX);
		break;
	default:
		s->u.action = span_of(ungranted[prng_below(p, 4)]);
		break;
	}
	without_record(&s->u);
	if (prng_below(p, 4) > 0) {
		random_record(s, p);
		random_changes(s, p);
	} else if (prng_below(p, 2) == 0) {
		put_root_files(s);
	}
}

void sample_payload(const struct update *u, struct buf *out)
{
	must(update_encode(u, out));
}

void sample_sign(const struct update *u, struct span payload,
		 uint8_t out_sig[SIG_BYTES])
{
	static struct ed25519_signer *signer;
	struct buf text;

	if (signer == NULL) {
		must(ed25519_signer_new(sample_feed_seed, &signer));
	}
	buf_init(&text, COMMIT_BYTES_MAX);
	must(commit_text(u, payload, &text));
	must(sshsig_sign(signer, COMMIT_NAMESPACE, buf_span(&text), out_sig));
	buf_release(&text);
}

static bool equal_changes(const struct update *a, const struct update *b)
{
	const struct change *x;
	const struct change *y;
	size_t i;

	if (a->changes_n != b->changes_n) {
		return false;
	}
	for (i = 0; i < a->changes_n; i++) {
		x = &a->changes[i];
		y = &b->changes[i];
		if (!span_equal(x->path, y->path) || x->removal != y->removal) {
			return false;
		}
		if (!x->removal &&
		    (x->size != y->size ||
		     memcmp(x->sha256, y->sha256, sizeof x->sha256) != 0 ||
		     memcmp(x->blob, y->blob, sizeof x->blob) != 0)) {
			return false;
		}
	}
	return true;
}

static bool equal_words(const struct update *a, const struct update *b)
{
	size_t i;

	if (a->topics_n != b->topics_n) {
		return false;
	}
	for (i = 0; i < a->topics_n; i++) {
		if (!span_equal(a->topics[i], b->topics[i])) {
			return false;
		}
	}
	return span_equal(a->slug, b->slug) &&
	       span_equal(a->action, b->action) &&
	       span_equal(a->record, b->record) &&
	       span_equal(a->summary, b->summary) &&
	       span_equal(a->note, b->note) && span_equal(a->ext, b->ext);
}

static bool equal_grants(const struct grant *a, const struct grant *b)
{
	if (!a->present || !b->present) {
		return a->present == b->present;
	}
	return memcmp(a->root, b->root, sizeof a->root) == 0 &&
	       memcmp(a->sig, b->sig, sizeof a->sig) == 0 &&
	       a->until == b->until;
}

bool sample_equal(const struct update *a, const struct update *b)
{
	return a->epoch == b->epoch && a->seq == b->seq && a->time == b->time &&
	       a->version == b->version &&
	       memcmp(a->feed, b->feed, sizeof a->feed) == 0 &&
	       memcmp(a->root, b->root, sizeof a->root) == 0 &&
	       memcmp(a->prev, b->prev, sizeof a->prev) == 0 &&
	       memcmp(a->key, b->key, sizeof a->key) == 0 &&
	       memcmp(a->parent, b->parent, sizeof a->parent) == 0 &&
	       memcmp(a->tree, b->tree, sizeof a->tree) == 0 &&
	       memcmp(a->nonce, b->nonce, sizeof a->nonce) == 0 &&
	       equal_grants(&a->grant, &b->grant) && equal_words(a, b) &&
	       equal_changes(a, b);
}

int sample_object_id(enum object_type type, const void *data, size_t len,
		     uint8_t out_id[OBJECT_ID_BYTES])
{
	static const char *const names[] = { [OBJECT_COMMIT] = "commit",
					     [OBJECT_TREE] = "tree",
					     [OBJECT_BLOB] = "blob" };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char head[32];
	int n = snprintf(head, sizeof head, "%s %zu", names[type], len);
	bool ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
	     EVP_DigestUpdate(ctx, head, (size_t)n + 1) == 1 &&
	     EVP_DigestUpdate(ctx, data, len) == 1 &&
	     EVP_DigestFinal_ex(ctx, out_id, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? WEALD_OK : WEALD_CRYPTO;
}

void sample_check_refused(int r, int code, struct weald_msg *msg,
			  const char *word, const char *file, int line)
{
	if (r != code) {
		print_error("%s: \"%s\" instead of %s\n", err_name(r),
			    msg->text, err_name(code));
		_fail(file, line);
	}
	if (msg->text[0] == '\0' ||
	    (word != NULL && strstr(msg->text, word) == NULL)) {
		print_error("%s: the message is \"%s\", without \"%s\"\n",
			    err_name(r), msg->text, word == NULL ? "" : word);
		_fail(file, line);
	}
	msg->text[0] = '\0';
}
