#include "tests/unit/packkit.h"

#include <git2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "store/feed/objectid.h"
#include "store/fs.h"

int packkit_setup(void **state)
{
	struct packkit *k = calloc(1, sizeof *k);

	assert_non_null(k);
	assert_true(git_libgit2_init() > 0);
	scratch_make(&k->scratch);
	(void)snprintf(k->repo, sizeof k->repo, "%s/r.git", k->scratch.dir);
	(void)snprintf(k->pack_dir, sizeof k->pack_dir, "%s/r.git/objects/pack",
		       k->scratch.dir);
	assert_int_equal(scratch_run("git init -q --bare -b main %s", k->repo),
			 0);
	assert_int_equal(pack_writer_new(&k->writer), WEALD_OK);
	k->random = 88172645463325252u;
	*state = k;
	return 0;
}

int packkit_teardown(void **state)
{
	struct packkit *k = *state;
	size_t i;

	fault_disarm();
	for (i = 0; i < k->count; i++) {
		free(k->known[i].data);
	}
	free(k->known);
	pack_writer_free(k->writer);
	scratch_remove(&k->scratch);
	free(k);
	(void)git_libgit2_shutdown();
	return 0;
}

uint32_t packkit_random(struct packkit *k)
{
	k->random ^= k->random << 13;
	k->random ^= k->random >> 7;
	k->random ^= k->random << 17;
	return (uint32_t)(k->random >> 16);
}

void packkit_add(struct packkit *k, enum object_type type, const void *data,
		 size_t len, uint8_t out_id[OBJECT_ID_BYTES])
{
	struct known_object *o;

	assert_int_equal(object_id(type, data, len, out_id), WEALD_OK);
	assert_int_equal(pack_add(k->writer, type, out_id, data, len),
			 WEALD_OK);
	k->known = realloc(k->known, (k->count + 1) * sizeof *k->known);
	assert_non_null(k->known);
	o = &k->known[k->count++];
	*o = (struct known_object){ .type = type, .len = len };
	memcpy(o->id, out_id, OBJECT_ID_BYTES);
	o->data = malloc(len + 1);
	assert_non_null(o->data);
	if (len > 0) {
		memcpy(o->data, data, len);
	}
}

static void add_entry(struct buf *tree, const char *mode_and_name,
		      const uint8_t *id)
{
	assert_int_equal(buf_add(tree, mode_and_name,
				 strlen(mode_and_name) + 1),
			 WEALD_OK);
	assert_int_equal(buf_add(tree, id, OBJECT_ID_BYTES), WEALD_OK);
}

static void add_blob(struct packkit *k, size_t len, uint8_t *out_id)
{
	char *blob = malloc(len + 32);
	size_t n;

	assert_non_null(blob);
	n = (size_t)snprintf(blob, 32, "seq: %u\n", k->seq);
	while (n < len) {
		/* a few letters: compresses, but not to nothing */
		blob[n++] = "etaoin \n"[packkit_random(k) & 7];
	}
	packkit_add(k, OBJECT_BLOB, blob, n, out_id);
	free(blob);
}

void packkit_update(struct packkit *k, size_t blob_bytes)
{
	uint8_t blob[OBJECT_ID_BYTES];
	uint8_t tree[OBJECT_ID_BYTES];
	char head[2 * OBJECT_ID_BYTES + 1];
	char root[2 * OBJECT_ID_BYTES + 1];
	struct buf b;

	k->seq++;
	add_blob(k, blob_bytes, blob);
	buf_init(&b, 4096);
	add_entry(&b, "100644 record.md", blob);
	packkit_add(k, OBJECT_TREE, b.data, b.len, tree);
	buf_clear(&b);
	add_entry(&b, "40000 sepsis", tree);
	packkit_add(k, OBJECT_TREE, b.data, b.len, tree);
	buf_clear(&b);
	hex_encode(tree, sizeof tree, root);
	hex_encode(k->head, sizeof k->head, head);
	assert_int_equal(buf_addf(&b, "tree %s\n", root), WEALD_OK);
	if (k->seq > 1) {
		assert_int_equal(buf_addf(&b, "parent %s\n", head), WEALD_OK);
	}
	assert_int_equal(buf_addf(&b,
				  "author a <a@b> %u +0000\n"
				  "committer a <a@b> %u +0000\n\n"
				  "Update %u\n",
				  1700000000 + k->seq, 1700000000 + k->seq,
				  k->seq),
			 WEALD_OK);
	packkit_add(k, OBJECT_COMMIT, b.data, b.len, k->head);
	buf_release(&b);
}

const char *packkit_commit(struct packkit *k)
{
	static char name[PACK_NAME_BYTES];
	struct weald_msg msg = { "" };
	int r = pack_commit(k->writer, k->pack_dir, name, &msg);

	if (r != WEALD_OK) {
		print_message("%s\n", msg_text(&msg, r));
	}
	assert_int_equal(r, WEALD_OK);
	return name;
}

const char *packkit_batch(struct packkit *k, unsigned updates)
{
	while (updates-- > 0) {
		packkit_update(k, 40 + packkit_random(k) % 300);
	}
	return packkit_commit(k);
}

size_t packkit_packs(const struct packkit *k)
{
	size_t packs = scratch_count(k->pack_dir, "pack-", ".pack");

	assert_int_equal(scratch_count(k->pack_dir, "pack-", ".idx"), packs);
	return packs;
}

void packkit_assert_all_there(const struct packkit *k)
{
	git_repository *repo = NULL;
	git_odb_object *obj = NULL;
	git_odb *odb = NULL;
	git_oid oid;
	size_t i;

	assert_int_equal(git_repository_open_bare(&repo, k->repo), 0);
	assert_int_equal(git_repository_odb(&odb, repo), 0);
	for (i = 0; i < k->count; i++) {
		memcpy(oid.id, k->known[i].id, OBJECT_ID_BYTES);
		assert_int_equal(git_odb_read(&obj, odb, &oid), 0);
		assert_int_equal(git_odb_object_type(obj), k->known[i].type);
		assert_int_equal(git_odb_object_size(obj), k->known[i].len);
		assert_memory_equal(git_odb_object_data(obj), k->known[i].data,
				    k->known[i].len);
		git_odb_object_free(obj);
	}
	git_odb_free(odb);
	git_repository_free(repo);
}

void packkit_assert_git_agrees(struct packkit *k)
{
	char head[2 * OBJECT_ID_BYTES + 2];

	hex_encode(k->head, sizeof k->head, head);
	assert_int_equal(scratch_run("git -C %s update-ref refs/heads/main %s",
				     k->repo, head),
			 0);
	assert_int_equal(scratch_run("cd %s && for p in pack-*.idx; do "
				     "git verify-pack $p || exit 1; done",
				     k->pack_dir),
			 0);
	assert_int_equal(scratch_run("out=$(git -C %s fsck --strict --full "
				     "--no-dangling 2>&1) && test -z \"$out\" "
				     "|| { echo \"$out\"; exit 1; }",
				     k->repo),
			 0);
	assert_int_equal(scratch_run("test $(git -C %s rev-list --count main) "
				     "= %u",
				     k->repo, k->seq),
			 0);
}

void packkit_assert_no_temps(const struct packkit *k)
{
	assert_int_equal(scratch_count(k->pack_dir, "tmp_", ""), 0);
}

const char *packkit_file(const struct packkit *k, const char *name,
			 const char *ending)
{
	static char paths[8][2 * SCRATCH_PATH_BYTES];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof paths[0], "%s/%s%s", k->pack_dir, name,
		       ending);
	return path;
}

void packkit_flip(const char *path, long offset, uint8_t mask)
{
	FILE *f;
	int c;

	assert_int_equal(chmod(path, 0600), 0);
	f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
	c = fgetc(f);
	assert_int_not_equal(c, EOF);
	assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
	assert_int_not_equal(fputc(c ^ mask, f), EOF);
	assert_int_equal(fclose(f), 0);
}
