/*
 * How fast the index is made, how large it is, and how fast it answers, with
 * many records from fifteen regions.
 *
 * bench_index DIR RECORDS [rebuild]: makes the feeds in DIR (where they are
 * not there yet) and the index, and prints what was measured, a line each: a
 * name, a number, what it is in. With "rebuild" no questions are asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "proto/digest.h"
#include "store/fs.h"
#include "store/index/query.h"
#include "store/record/vocab.h"
#include "tests/unit/recordkit.h"
#include "tests/unit/sample.h"

#define SEED       7u
#define BATCH      1000u
#define FILL_BATCH 2000u
#define FIRST_TIME UINT64_C(1704067200) /* 2024-01-01 */
#define TODAY      20780                /* November 2026 */
#define ROUNDS     400u

static struct weald_msg msg;

static void must(int r, const char *what)
{
	if (r != WEALD_OK) {
		fprintf(stderr, "bench_index: %s: %s: %s\n", what, err_name(r),
			msg_text(&msg, r));
		exit(1);
	}
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nonce_next(uint8_t nonce[NONCE_BYTES])
{
	static struct prng p = { SEED };

	prng_bytes(&p, nonce, NONCE_BYTES);
}

/* Of this process: the same on a machine that has other work. */
static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- feeds --------------------------------------------------------------- */

struct home {
	const char *dir;
	size_t records;
	char paths[RECORDKIT_REGIONS][512];
	struct feed *feeds[RECORDKIT_REGIONS];
	uint64_t text_bytes; /* of all record.md */
};

static void start_feed(struct feed *f, const char *slug,
		       const struct ed25519_signer *signer)
{
	struct draft_file files[2] = {
		{ span_of("region.yaml"), span_of("name: Bench\n") },
		{ span_of(".gitattributes"), span_of(GITATTRIBUTES_TEXT) }
	};
	struct draft first = { .action = ACTION_CREATE_FEED,
			       .summary = span_of("Create the feed"),
			       .keep_files = true,
			       .time = FIRST_TIME,
			       .slug = span_of(slug) };
	struct draft second = { .action = ACTION_PROFILE,
				.summary = span_of("Describe the region"),
				.files = files,
				.files_n = 2,
				.time = FIRST_TIME };
	uint8_t seed[SEED_BYTES] = { 2 };
	uint8_t root[PUBKEY_BYTES];

	must(ed25519_public(seed, root), "root key");
	must(digest_sha256((struct span){ root, sizeof root }, first.root),
	     "root");
	nonce_next(first.nonce);
	nonce_next(second.nonce);
	must(feed_sign(f, &first, signer, &msg), "create-feed");
	must(feed_sign(f, &second, signer, &msg), "profile");
}

static void sign_one(struct feed *f, size_t region, size_t i,
		     const struct ed25519_signer *signer)
{
	struct recordkit k;
	struct draft_file files[2] = { { span_of("record.md"), { NULL, 0 } },
				       { span_of("data.csv"), { NULL, 0 } } };
	struct draft d = { .action = ACTION_PUBLISH, .files = files };
	char summary[SUMMARY_BYTES_MAX + 1];

	recordkit_make(SEED, region, i, &k);
	(void)snprintf(summary, sizeof summary, "Publish %s: %s", k.kind,
		       k.title);
	files[0].content = buf_span(&k.md);
	files[1].content = buf_span(&k.csv);
	d.files_n = k.csv.len > 0 ? 2 : 1;
	d.record = span_of(k.record);
	d.summary = span_of(summary);
	d.time = k.time;
	nonce_next(d.nonce);
	must(feed_sign(f, &d, signer, &msg), k.record);
	recordkit_release(&k);
}

static size_t share_of(const struct home *h, size_t region)
{
	return h->records / RECORDKIT_REGIONS +
	       (region < h->records % RECORDKIT_REGIONS);
}

static void make_feed(struct home *h, size_t region)
{
	uint8_t seed[SEED_BYTES] = { 1, (uint8_t)region };
	struct ed25519_signer *signer = NULL;
	struct feed *f = NULL;
	size_t n = share_of(h, region);
	size_t i;

	must(ed25519_signer_new(seed, &signer), "key");
	must(feed_create(h->paths[region], &msg), "create");
	must(feed_open(h->paths[region], FEED_WRITE, &f, &msg), "open");
	start_feed(f, recordkit_region(region), signer);
	for (i = 0; i < n; i++) {
		sign_one(f, region, i, signer);
		if (i % BATCH == BATCH - 1) {
			must(feed_commit(f, &msg), "commit");
			must(feed_consolidate(f, &msg), "consolidate");
		}
	}
	must(feed_commit(f, &msg), "commit");
	feed_close(f);
	ed25519_signer_free(signer);
}

static void open_feeds(struct home *h)
{
	struct recordkit k;
	bool there = false;
	size_t region;
	size_t i;

	for (region = 0; region < RECORDKIT_REGIONS; region++) {
		(void)snprintf(h->paths[region], sizeof h->paths[0],
			       "%s/%s.git", h->dir, recordkit_region(region));
		must(fs_exists(h->paths[region], &there, &msg), "look");
		if (!there) {
			make_feed(h, region);
		}
		must(feed_open(h->paths[region], FEED_READ, &h->feeds[region],
			       &msg),
		     "open");
		for (i = 0; i < share_of(h, region); i++) {
			recordkit_make(SEED, region, i, &k);
			h->text_bytes += k.md.len;
			recordkit_release(&k);
		}
	}
}

/* ---- the index ----------------------------------------------------------- */

static void fill(const struct home *h, struct index *x)
{
	struct index_feed f;
	uint64_t left;
	size_t region;

	for (region = 0; region < RECORDKIT_REGIONS; region++) {
		f = (struct index_feed){ recordkit_region(region), region == 0,
					 h->feeds[region] };
		do {
			must(index_fill(x, &f, FILL_BATCH, &left, &msg),
			     "fill");
		} while (left > 0);
	}
}

static uint64_t size_of(const struct home *h, const char *name)
{
	char path[600];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/%s", h->dir, name);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void rebuild(const struct home *h)
{
	struct index *x = NULL;
	bool made = false;
	double begin;
	double begin_cpu;
	double took;
	double took_cpu;
	uint64_t bytes;

	must(index_remove(h->dir, &msg), "remove");
	begin = seconds_now();
	begin_cpu = cpu_now();
	must(index_open(h->dir, INDEX_WRITE, &x, &made, &msg), "open");
	fill(h, x);
	index_close(x);
	took = seconds_now() - begin;
	took_cpu = cpu_now() - begin_cpu;
	bytes = size_of(h, INDEX_FILE);
	printf("rebuild %.0f records/s\n", (double)h->records / took);
	printf("rebuild-cpu %.0f microseconds/record\n",
	       took_cpu * 1e6 / (double)h->records);
	printf("size %.2f times-text\n", (double)bytes / (double)h->text_bytes);
	begin = seconds_now();
	must(index_open(h->dir, INDEX_WRITE, &x, &made, &msg), "open");
	took = seconds_now() - begin;
	index_close(x);
	printf("open %.1f ms\n", took * 1e3);
}

/* ---- questions ----------------------------------------------------------- */

struct asking {
	struct index *x;
	struct prng p;
	size_t records;
	size_t rows; /* answered, so that nothing is for nothing */
};

typedef void ask_fn(struct asking *a);

/* A record of @kind, or any, that is there. */
static void any_ref(struct asking *a, const char *kind, char *out, size_t size)
{
	size_t n = a->records / RECORDKIT_REGIONS;
	size_t region;

	do {
		region = prng_below(&a->p, RECORDKIT_REGIONS);
		(void)recordkit_ref(SEED, region, prng_below(&a->p, n), out,
				    size);
	} while (kind != NULL && strstr(out, kind) == NULL);
}

/* One to three words; @typo: a letter of one of them is wrong. */
static void any_words(struct asking *a, bool typo, char *out, size_t size)
{
	size_t n = 1 + prng_below(&a->p, 3);
	size_t len = 0;
	size_t i;
	char word[64];

	for (i = 0; i < n; i++) {
		recordkit_word(prng_below(&a->p,
					  i == 0 ? RECORDKIT_WORDS : 249),
			       word, sizeof word);
		if (typo && i == 0) {
			word[1 + prng_below(&a->p, strlen(word) - 1)] = 'q';
		}
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					i == 0 ? "" : " ", word);
	}
}

static void search(struct asking *a, const struct search *how, bool typo)
{
	struct hits hits = { .n = 0 };
	struct search s = *how;
	char words[256];

	any_words(a, typo, words, sizeof words);
	s.words = words;
	must(query_search(a->x, &s, TODAY, &hits, &msg), "search");
	a->rows += hits.n;
	hits_release(&hits);
}

static void ask_search(struct asking *a)
{
	struct search s = { .limit = 20 };

	search(a, &s, false);
}

static void ask_search_filtered(struct asking *a)
{
	size_t n = 0;
	const struct topic *topics = vocab_topics(&n);
	struct search s = { .limit = 20, .kind = "intervention" };

	s.topic = topics[prng_below(&a->p, n)].slug;
	search(a, &s, false);
}

static void ask_search_mistyped(struct asking *a)
{
	struct search s = { .limit = 20 };

	search(a, &s, true);
}

/* A word that half of all records have. */
static void ask_search_common(struct asking *a)
{
	static const char *const words[] = { "the ward", "patient", "nurse",
					     "trolley checks", "when" };
	struct search s = { .limit = 20 };
	struct hits hits = { .n = 0 };

	s.words = words[prng_below(&a->p, 5)];
	must(query_search(a->x, &s, TODAY, &hits, &msg), "search");
	a->rows += hits.n;
	hits_release(&hits);
}

static void ask_fixed(struct asking *a)
{
	struct fixed f = { .is_ref = true };
	struct fixes fixes = { .n = 0 };
	char ref[256];

	any_ref(a, "/problem/", ref, sizeof ref);
	f.what = ref;
	must(query_fixed(a->x, &f, TODAY, &fixes, &msg), "fixed");
	a->rows += fixes.n;
	fixes_release(&fixes);
}

static void ask_fixed_words(struct asking *a)
{
	struct fixed f = { .is_ref = false };
	struct fixes fixes = { .n = 0 };
	char words[256];

	any_words(a, false, words, sizeof words);
	f.what = words;
	must(query_fixed(a->x, &f, TODAY, &fixes, &msg), "fixed");
	a->rows += fixes.n;
	fixes_release(&fixes);
}

static void ask_inbox(struct asking *a)
{
	static const char *const topics[] = { "falls" };
	struct inbox_mark marks[RECORDKIT_REGIONS];
	struct inbox_ask ask = { .limit = 20 };
	struct inbox inbox = { .n = 0 };
	size_t i;

	for (i = 0; i < RECORDKIT_REGIONS; i++) {
		marks[i].region = recordkit_region(i);
		marks[i].seq =
			prng_below(&a->p, a->records / RECORDKIT_REGIONS);
	}
	ask.marks = marks;
	ask.marks_n = RECORDKIT_REGIONS;
	ask.topics = topics;
	ask.topics_n = 1;
	must(query_inbox(a->x, &ask, &inbox, &msg), "inbox");
	a->rows += inbox.n;
	inbox_release(&inbox);
}

static void ask_adoptions(struct asking *a)
{
	struct adoption_rows rows = { .n = 0 };
	char ref[256];

	any_ref(a, "/intervention/", ref, sizeof ref);
	must(query_adoptions(a->x, ref, TODAY, &rows, &msg), "adoptions");
	a->rows += rows.n;
	adoption_rows_release(&rows);
}

static void ask_record(struct asking *a)
{
	struct links links = { .n = 0 };
	struct hit hit = { .ref = NULL };
	char ref[256];

	any_ref(a, NULL, ref, sizeof ref);
	must(query_record(a->x, ref, &hit, &msg), ref);
	must(query_links(a->x, ref, &links, &msg), ref);
	a->rows += links.n + 1;
	hit_release(&hit);
	links_release(&links);
}

static int compare_times(const void *a, const void *b)
{
	const double *ta = a;
	const double *tb = b;

	return (*ta > *tb) - (*ta < *tb);
}

static void print_times(const char *name, const char *of, double *times)
{
	qsort(times, ROUNDS, sizeof times[0], compare_times);
	printf("%s%s-p50 %.2f ms\n%s%s-p99 %.2f ms\n", name, of,
	       times[ROUNDS / 2] * 1e3, name, of,
	       times[ROUNDS * 99 / 100] * 1e3);
}

static void measure(struct asking *a, const char *name, ask_fn *ask)
{
	static double times[ROUNDS];
	static double cpus[ROUNDS];
	double begin;
	double begin_cpu;
	size_t i;

	a->rows = 0;
	for (i = 0; i < ROUNDS; i++) {
		begin = seconds_now();
		begin_cpu = cpu_now();
		ask(a);
		cpus[i] = cpu_now() - begin_cpu;
		times[i] = seconds_now() - begin;
	}
	print_times(name, "", times);
	print_times(name, "-cpu", cpus);
	printf("%s-rows %.1f rows\n", name, (double)a->rows / ROUNDS);
	(void)fflush(stdout);
}

static void questions(const struct home *h)
{
	struct asking a = { .p = { SEED }, .records = h->records };

	must(index_open(h->dir, INDEX_READ, &a.x, NULL, &msg), "open");
	measure(&a, "search", ask_search);
	measure(&a, "search-filtered", ask_search_filtered);
	measure(&a, "search-mistyped", ask_search_mistyped);
	measure(&a, "search-common", ask_search_common);
	measure(&a, "fixed", ask_fixed);
	measure(&a, "fixed-words", ask_fixed_words);
	measure(&a, "inbox", ask_inbox);
	measure(&a, "adoptions", ask_adoptions);
	measure(&a, "record", ask_record);
	index_close(a.x);
}

int main(int argc, char **argv)
{
	struct home h = { .dir = NULL };
	bool only_rebuild = argc == 4 && strcmp(argv[3], "rebuild") == 0;
	uint64_t records = 0;
	size_t region;

	if ((argc != 3 && !only_rebuild) ||
	    parse_u64(span_of(argv[2]), RECORDKIT_REGIONS * 50, 10000000,
		      &records) != WEALD_OK) {
		fprintf(stderr, "usage: bench_index DIR RECORDS [rebuild]\n"
				"RECORDS: 750 or more\n");
		return 2;
	}
	h.dir = argv[1];
	h.records = (size_t)records;
	must(feed_library_init(&msg), "libgit2");
	open_feeds(&h);
	rebuild(&h);
	if (!only_rebuild) {
		questions(&h);
	}
	for (region = 0; region < RECORDKIT_REGIONS; region++) {
		feed_close(h.feeds[region]);
	}
	feed_library_shutdown();
	return 0;
}
