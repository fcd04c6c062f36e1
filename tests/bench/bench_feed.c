/*
 * How fast a feed takes updates in, as it grows: 1,000 records spread over
 * nine kinds and 24 months, about 2 KB each, revised in turn; signed, and
 * durable in batches as `weald publish` makes them.
 *
 * bench_feed DIR UPDATES WINDOW: makes the feed DIR, and after each WINDOW
 * updates prints "<updates so far> <seconds for the window>".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/digest.h"
#include "store/feed/feed.h"

#define RECORDS      1000u
#define MONTHS       24u
#define RECORD_BYTES 2000u
#define FIRST_TIME   UINT64_C(1704067200) /* 2024-01-01 */

static const char *const kinds[] = { "problem", "priority",   "intervention",
				     "measure", "evidence",   "adoption",
				     "lesson",  "withdrawal", "endorsement" };

static void must(int r, const struct weald_msg *msg, const char *what)
{
	if (r != WEALD_OK) {
		fprintf(stderr, "bench_feed: %s: %s: %s\n", what, err_name(r),
			msg_text(msg, r));
		exit(1);
	}
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The same numbers in every run: xorshift64. */
static uint64_t random_next(void)
{
	static uint64_t state = UINT64_C(88172645463325252);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void nonce_next(uint8_t nonce[NONCE_BYTES])
{
	uint64_t half[2] = { random_next(), random_next() };

	memcpy(nonce, half, sizeof half);
}

static void start_feed(struct feed *f, const struct ed25519_signer *signer)
{
	static const char region[] = "name: Bench\nnodes: []\nfollows: []\n";
	struct draft_file files[2] = {
		{ span_of("region.yaml"), span_of(region) },
		{ span_of(".gitattributes"), span_of(GITATTRIBUTES_TEXT) }
	};
	struct draft first = { .action = ACTION_CREATE_FEED,
			       .summary = span_of("Create the feed of Bench"),
			       .keep_files = true,
			       .time = FIRST_TIME,
			       .slug = span_of("bench") };
	struct draft second = { .action = ACTION_PROFILE,
				.summary = span_of("Describe the region"),
				.files = files,
				.files_n = 2,
				.time = FIRST_TIME };
	uint8_t seed[SEED_BYTES] = { 2 };
	uint8_t root[PUBKEY_BYTES];
	struct weald_msg msg = { "" };

	must(ed25519_public(seed, root), &msg, "root key");
	must(digest_sha256((struct span){ root, sizeof root }, first.root),
	     &msg, "root");
	nonce_next(first.nonce);
	nonce_next(second.nonce);
	must(feed_sign(f, &first, signer, &msg), &msg, "create-feed");
	must(feed_sign(f, &second, signer, &msg), &msg, "profile");
	must(feed_commit(f, &msg), &msg, "commit");
}

/* Plausible text, so that it compresses as text does. */
static size_t write_record(char *out, size_t size, const char *kind,
			   unsigned record, unsigned update)
{
	static const char *const words[] = {
		"the ",    "ward ",      "trolley ", "was ",     "restocked ",
		"after ",  "each ",      "patient ", "audit ",   "month ",
		"sepsis ", "screening ", "nurse ",   "first ",   "dose ",
		"within ", "an hour ",   "of ",      "arrival ", "and "
	};
	const char *word;
	size_t len;
	size_t n;

	n = (size_t)snprintf(out, size,
			     "---\nkind: %s\ntitle: Record %u\n"
			     "topics: [sepsis]\n---\n\nUpdate %u.\n",
			     kind, record, update);
	while (n + 16 < RECORD_BYTES) {
		word = words[random_next() % (sizeof words / sizeof *words)];
		len = strlen(word);
		memcpy(out + n, word, len);
		n += len;
		if (random_next() % 12 == 0) {
			out[n++] = '\n';
		}
	}
	return n;
}

static void sign_one(struct feed *f, const struct ed25519_signer *signer,
		     unsigned update)
{
	unsigned record = update % RECORDS;
	unsigned month = record / 9 % MONTHS;
	const char *kind = kinds[record % 9];
	char text[RECORD_BYTES + 64];
	char path[96];
	char summary[96];
	struct draft_file file = { .name = span_of("record.md") };
	struct draft draft = { .topics = { span_of("sepsis") },
			       .topics_n = 1,
			       .files = &file,
			       .files_n = 1 };
	struct weald_msg msg = { "" };

	file.content = (struct span){ (const uint8_t *)text, 0 };
	file.content.len =
		write_record(text, sizeof text, kind, record, update);
	(void)snprintf(path, sizeof path, "%s/20%02u-%02u/record-%u", kind,
		       24 + month / 12, month % 12 + 1, record);
	(void)snprintf(summary, sizeof summary, "%s %s: Record %u",
		       update < RECORDS ? "Publish" : "Revise", kind, record);
	draft.action = update < RECORDS ? ACTION_PUBLISH : ACTION_REVISE;
	draft.record = span_of(path);
	draft.summary = span_of(summary);
	draft.time = FIRST_TIME + update;
	nonce_next(draft.nonce);
	must(feed_sign(f, &draft, signer, &msg), &msg, "sign");
	if (feed_batch_is_full(f)) {
		must(feed_commit(f, &msg), &msg, "commit");
		must(feed_consolidate(f, &msg), &msg, "consolidate");
	}
}

int main(int argc, char **argv)
{
	const uint8_t seed[SEED_BYTES] = { 1 };
	struct ed25519_signer *signer = NULL;
	struct feed *f = NULL;
	struct weald_msg msg = { "" };
	uint64_t updates;
	uint64_t window;
	uint64_t i;
	double start;

	if (argc != 4 ||
	    parse_u64(span_of(argv[2]), 1, 10000000, &updates) != WEALD_OK ||
	    parse_u64(span_of(argv[3]), 1, updates, &window) != WEALD_OK) {
		fprintf(stderr, "usage: bench_feed DIR UPDATES WINDOW\n");
		return 2;
	}
	must(feed_library_init(&msg), &msg, "library");
	must(ed25519_signer_new(seed, &signer), &msg, "key");
	must(feed_create(argv[1], &msg), &msg, "create");
	must(feed_open(argv[1], FEED_WRITE, &f, &msg), &msg, "open");
	start_feed(f, signer);
	start = seconds_now();
	for (i = 0; i < updates; i++) {
		sign_one(f, signer, (unsigned)i);
		if ((i + 1) % window == 0) {
			must(feed_commit(f, &msg), &msg, "commit");
			printf("%llu %.6f\n", (unsigned long long)i + 1,
			       seconds_now() - start);
			fflush(stdout);
			start = seconds_now();
		}
	}
	feed_close(f);
	ed25519_signer_free(signer);
	feed_library_shutdown();
	return 0;
}
