#include "tests/unit/vectors.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/ed25519.h"
#include "proto/sshsig.h"

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "%s/feed.json: %s\n", TEST_DATA_DIR, what);
	abort();
}

static const char *get_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	if (text == NULL) {
		give_up(name);
	}
	return text;
}

/* Text that lives as long as the program. */
static struct span keep_text(const json_t *o, const char *name)
{
	const char *text = strdup(get_text(o, name));

	if (text == NULL) {
		give_up("no memory");
	}
	return span_of(text);
}

static void get_hex(const json_t *o, const char *name, uint8_t *out, size_t len)
{
	if (hex_decode(span_of(get_text(o, name)), out, len) != WEALD_OK) {
		give_up(name);
	}
}

static struct span keep_hex(const json_t *o, const char *name)
{
	size_t len = strlen(get_text(o, name)) / 2;
	uint8_t *data = malloc(len);

	if (data == NULL) {
		give_up("no memory");
	}
	get_hex(o, name, data, len);
	return (struct span){ data, len };
}

static void load_update(const json_t *o, const struct vectors *all,
			struct vector *out)
{
	const char *by = get_text(o, "signed_by");

	out->seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
	out->action = keep_text(o, "action");
	out->payload = keep_hex(o, "payload");
	get_hex(o, "digest", out->digest, sizeof out->digest);
	out->commit_text = keep_text(o, "commit_text");
	get_hex(o, "signature", out->sig, sizeof out->sig);
	out->seed =
		strcmp(by, "first") == 0 ? all->seed_first : all->seed_second;
	get_hex(o, "commit", out->commit, sizeof out->commit);
	get_hex(o, "tree", out->tree, sizeof out->tree);
	out->envelope = keep_hex(o, "envelope");
}

static void load(struct vectors *out)
{
	json_error_t error;
	json_t *root = json_load_file(TEST_DATA_DIR "/feed.json", 0, &error);
	const json_t *updates;
	const json_t *seeds;
	size_t i;

	if (root == NULL) {
		give_up(error.text);
	}
	out->slug = keep_text(root, "slug");
	get_hex(root, "feed", out->feed, sizeof out->feed);
	seeds = json_object_get(root, "seeds");
	get_hex(seeds, "root", out->seed_root, SEED_BYTES);
	get_hex(seeds, "first", out->seed_first, SEED_BYTES);
	get_hex(seeds, "second", out->seed_second, SEED_BYTES);
	updates = json_object_get(root, "updates");
	if (json_array_size(updates) != VECTORS_N) {
		give_up("another number of updates");
	}
	for (i = 0; i < VECTORS_N; i++) {
		load_update(json_array_get(updates, i), out, &out->updates[i]);
	}
	json_decref(root);
}

const struct vectors *vectors_get(void)
{
	static struct vectors all;

	if (all.slug.data == NULL) {
		load(&all);
	}
	return &all;
}

#define TROLLEY  "intervention/2026-11/sepsis-first-dose-trolley"
#define EVIDENCE "evidence/2026-11/sepsis-trolley-2025"

/* One update as a person would write it down. */
struct row {
	uint64_t time;
	const char *action;
	const char *record;
	uint64_t version;
	const char *summary;
	const char *note;
	const char *topics[2];
	const char *tree;
	const char *nonce;
	struct {
		const char *path;
		const char *content; /* NULL: removed */
		const char *blob;
	} files[2];
};

static const struct row rows[VECTORS_N] = {
	{ .time = 1793494800,
	  .action = "create-feed",
	  .record = "",
	  .summary = "Create the feed of South West",
	  .tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
	  .nonce = "676b8bb84ce7267dd520deca4811c8f1" },
	{ .time = 1793498400,
	  .action = "profile",
	  .record = "",
	  .summary = "Describe the region",
	  .tree = "19c5a4efed51842f1f85098233a3a4514a81dc11",
	  .nonce = "0480a93d2e9b094b89e08e01976089ac",
	  .files = { { ".gitattributes", GITATTRIBUTES_TEXT,
		       "bb393251e72f4988844775d80eeaba572be520cd" },
		     { "region.yaml",
		       "name: South West\n"
		       "nodes: []\n"
		       "follows: []\n"
		       "contact: {role: Patient safety lead, "
		       "mailbox: safety@example.nhs.uk}\n",
		       "2dc7e0b47290c9438a6fad2b1f782e33639cfdbc" } } },
	{ .time = 1793502000,
	  .action = "publish",
	  .record = TROLLEY,
	  .version = 1,
	  .summary = "Publish intervention: Sepsis trolley with a nurse-led "
		     "first dose",
	  .topics = { "sepsis" },
	  .tree = "18a0a9cf3b2f701eac9fca84fbdb2665b0815898",
	  .nonce = "8721d664ef60096aa559e1aa6c72caf1",
	  .files = { { TROLLEY "/record.md",
		       "---\n"
		       "kind: intervention\n"
		       "title: Sepsis trolley\n"
		       "topics: [sepsis]\n"
		       "---\n"
		       "\n"
		       "Start with one bay.\n",
		       "c2c8e419983b3fb3a072129cea636f7817fd1f49" } } },
	{ .time = 1793505600,
	  .action = "rotate-key",
	  .record = "",
	  .summary = "Rotate the key",
	  .tree = "18a0a9cf3b2f701eac9fca84fbdb2665b0815898",
	  .nonce = "88450b082ec4df2fdccd3a626c6e489b" },
	{ .time = 1793509200,
	  .action = "publish",
	  .record = EVIDENCE,
	  .version = 1,
	  .summary = "Publish evidence: caf\xc3\xa9 \xe2\x80\x93 "
		     "two departments",
	  .topics = { "acute-kidney-injury", "sepsis" },
	  .tree = "8a179385a9cfac3d886e71e4b8ce5c448bfe7b9c",
	  .nonce = "4a8456f10e37689778cef532ab6a7374",
	  .files = { { EVIDENCE "/data.csv",
		       "month,numerator,denominator,phase\n"
		       "2024-01-01,55,127,before\n",
		       "5f8631d9bb2d1212094d168f3ca01f1a9b79e227" },
		     { EVIDENCE "/record.md",
		       "---\nkind: evidence\nseries: data.csv\n---\n",
		       "395a0490a50e75654c29f81461e4d9f5e14b486c" } } },
	{ .time = 1793512800,
	  .action = "revise",
	  .record = TROLLEY,
	  .version = 2,
	  .summary = "Revise intervention: what must be kept",
	  .note = "The trolley was raided for fluids until it was sealed.\n"
		  "\n"
		  "Sealing is now part of what must be kept.",
	  .topics = { "sepsis" },
	  .tree = "7543f9f1a4d98fa18e1d18cfb38f2821ce9a0f22",
	  .nonce = "2d8e452e1634cae42e17cc9ec974afed",
	  .files = { { TROLLEY "/record.md",
		       "---\n"
		       "kind: intervention\n"
		       "title: Sepsis trolley\n"
		       "must_keep: [sealed]\n"
		       "---\n"
		       "\n"
		       "Start with one bay.\n",
		       "875515bc6729d7c14df1d31ff796201225fe678b" } } },
	{ .time = 1793516400,
	  .action = "withdraw",
	  .record = EVIDENCE,
	  .version = 2,
	  .summary = "Withdraw evidence: counted twice",
	  .tree = "b146ce18d6a131368a5eee7f41dd468ad260ac59",
	  .nonce = "6f5eba2319bd7584711fc21c2eb5d4bb",
	  .files = { { EVIDENCE "/data.csv", NULL, NULL },
		     { EVIDENCE "/record.md",
		       "---\nkind: evidence\nstatus: withdrawn\n---\n",
		       "a2d46afa305dfd7f71dd287fcd24449f3109e10e" } } },
};

static void must(int r)
{
	if (r != WEALD_OK) {
		give_up(err_name(r));
	}
}

static void fill_keys(size_t i, struct update *out)
{
	const struct vectors *v = vectors_get();
	uint8_t key[PUBKEY_BYTES];

	must(ed25519_public(v->seed_root, key));
	must(digest_sha256((struct span){ key, sizeof key }, out->root));
	must(ed25519_public(i < 3 ? v->seed_first : v->seed_second, out->key));
}

static void fill_position(size_t i, struct update *out)
{
	const struct vectors *v = vectors_get();

	out->slug = span_of("south-west");
	out->seq = i + 1;
	out->time = rows[i].time;
	if (i > 0) {
		memcpy(out->feed, v->feed, sizeof out->feed);
		memcpy(out->prev, v->updates[i - 1].digest, sizeof out->prev);
		memcpy(out->parent, v->updates[i - 1].commit,
		       sizeof out->parent);
	}
}

static void fill_grant(struct update *u)
{
	const struct vectors *v = vectors_get();
	struct ed25519_signer *signer = NULL;
	struct buf statement;

	buf_init(&statement, 512);
	must(grant_statement(u, 0, &statement));
	must(ed25519_signer_new(v->seed_root, &signer));
	must(sshsig_sign(signer, GRANT_NAMESPACE, buf_span(&statement),
			 u->grant.sig));
	memcpy(u->grant.root, ed25519_signer_key(signer), PUBKEY_BYTES);
	u->grant.present = true;
	ed25519_signer_free(signer);
	buf_release(&statement);
}

static size_t fill_changes(const struct row *row, struct change *out)
{
	struct span content;
	size_t i;

	for (i = 0; i < 2 && row->files[i].path != NULL; i++) {
		out[i] = (struct change){ .path = span_of(row->files[i].path),
					  .removal = true };
		if (row->files[i].content == NULL) {
			continue;
		}
		content = span_of(row->files[i].content);
		out[i].removal = false;
		out[i].size = content.len;
		must(digest_sha256(content, out[i].sha256));
		must(hex_decode(span_of(row->files[i].blob), out[i].blob,
				OBJECT_ID_BYTES));
	}
	return i;
}

void vectors_update(size_t i, struct update *out)
{
	static struct change changes[VECTORS_N][2];
	const struct row *row = &rows[i];

	assert(i < VECTORS_N);
	*out = (struct update){ .version = row->version };
	fill_position(i, out);
	fill_keys(i, out);
	out->action = span_of(row->action);
	out->record = span_of(row->record);
	out->summary = span_of(row->summary);
	out->note = span_of(row->note == NULL ? "" : row->note);
	while (out->topics_n < 2 && row->topics[out->topics_n] != NULL) {
		out->topics[out->topics_n] =
			span_of(row->topics[out->topics_n]);
		out->topics_n++;
	}
	must(hex_decode(span_of(row->tree), out->tree, sizeof out->tree));
	must(hex_decode(span_of(row->nonce), out->nonce, sizeof out->nonce));
	out->changes_n = fill_changes(row, changes[i]);
	out->changes = out->changes_n > 0 ? changes[i] : NULL;
	if (update_action(out) == ACTION_ROTATE_KEY) {
		fill_grant(out);
	}
}

size_t vectors_contents(size_t i, const struct span **out)
{
	static struct span contents[VECTORS_N][2];
	size_t n = 0;

	assert(i < VECTORS_N);
	while (n < 2 && rows[i].files[n].path != NULL) {
		contents[i][n] = (struct span){ NULL, 0 };
		if (rows[i].files[n].content != NULL) {
			contents[i][n] = span_of(rows[i].files[n].content);
		}
		n++;
	}
	*out = contents[i];
	return n;
}
