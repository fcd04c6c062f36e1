#include "store/feed/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/digest.h"
#include "proto/mp.h"
#include "proto/text.h"
#include "store/fs.h"

#define CHECKPOINT_FORMAT 1u
#define CHECKPOINT_FIELDS 14u
#define ENTRY_BYTES       28u /* name 16, version 8, month 4 */
#define WINDOW_BYTES      48u /* key 32, first 8, last 8 */

static void put_be(uint8_t *out, uint64_t v, size_t width)
{
	while (width > 0) {
		out[--width] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t get_be(const uint8_t *in, size_t width)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < width; i++) {
		v = v << 8 | in[i];
	}
	return v;
}

static int encode_versions(const struct versions *v, struct buf *out)
{
	uint8_t raw[ENTRY_BYTES];
	const struct version_entry *e;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < v->slots_n; i++) {
		e = &v->slots[i];
		if (e->version == 0) {
			continue;
		}
		memcpy(raw, e->name, 16);
		put_be(raw + 16, e->version, 8);
		put_be(raw + 24, e->month, 4);
		r = buf_add(out, raw, sizeof raw);
	}
	return r;
}

static int encode_signers(const struct signers *s, struct buf *out)
{
	uint8_t raw[WINDOW_BYTES];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < s->count; i++) {
		memcpy(raw, s->windows[i].key, 32);
		put_be(raw + 32, s->windows[i].first, 8);
		put_be(raw + 40, s->windows[i].last, 8);
		r = buf_add(out, raw, sizeof raw);
	}
	return r;
}

static int encode(const struct chain *c, struct buf *out)
{
	const struct identity *id = &c->identity;
	struct mp_writer w;
	struct buf versions;
	struct buf signers;
	int r;

	buf_init(&versions, CHECKPOINT_BYTES_MAX);
	buf_init(&signers, CHECKPOINT_BYTES_MAX);
	r = encode_versions(&c->versions, &versions);
	if (r == WEALD_OK) {
		r = encode_signers(&c->signers, &signers);
	}
	if (r != WEALD_OK) {
		goto out;
	}
	mp_writer_begin(&w, out);
	mp_put_array(&w, CHECKPOINT_FIELDS);
	mp_put_uint(&w, CHECKPOINT_FORMAT);
	mp_put_bin(&w, id->feed, sizeof id->feed);
	mp_put_str(&w, span_of(id->slug));
	mp_put_bin(&w, id->root, sizeof id->root);
	mp_put_bin(&w, id->key, sizeof id->key);
	mp_put_uint(&w, id->epoch);
	mp_put_uint(&w, id->seq);
	mp_put_uint(&w, id->time);
	mp_put_bin(&w, id->prev, sizeof id->prev);
	mp_put_bin(&w, id->commit, sizeof id->commit);
	mp_put_bin(&w, id->tree, sizeof id->tree);
	mp_put_bin(&w, c->ids, (size_t)id->seq * sizeof *c->ids);
	mp_put_bin(&w, versions.data, versions.len);
	mp_put_bin(&w, signers.data, signers.len);
	r = mp_writer_end(&w);
out:
	buf_release(&versions);
	buf_release(&signers);
	return r;
}

/* As fs_write_durable(), without any sync. */
static int write_quick(const char *path, struct span bytes,
		       struct weald_msg *msg)
{
	char temp[FS_TEMP_BYTES] = "";
	const char *name = strrchr(path, '/');
	char *dir = name == NULL ? NULL : strndup(path, (size_t)(name - path));
	int dir_fd = -1;
	int fd = -1;
	int r;

	if (dir == NULL) {
		return WEALD_NOMEM;
	}
	r = fs_open_dir(dir, &dir_fd, msg);
	if (r == WEALD_OK) {
		r = fs_temp_at(dir_fd, dir, "tmp_file", temp, &fd, msg);
	}
	if (r == WEALD_OK) {
		r = fs_write_all(fd, bytes, dir, temp, msg);
		if (close(fd) != 0 && r == WEALD_OK) {
			r = fs_fail(errno, "cannot write", dir, temp, msg);
		}
	}
	if (r == WEALD_OK && renameat(dir_fd, temp, dir_fd, name + 1) != 0) {
		r = fs_fail(errno, "cannot replace", NULL, path, msg);
	}
	if (r != WEALD_OK && temp[0] != '\0') {
		(void)unlinkat(dir_fd, temp, 0);
	}
	if (dir_fd >= 0) {
		(void)close(dir_fd);
	}
	free(dir);
	return r;
}

int checkpoint_write(const char *path, const struct chain *c, bool durable,
		     struct weald_msg *msg)
{
	uint8_t digest[SHA256_BYTES];
	struct buf out;
	int r;

	buf_init(&out, CHECKPOINT_BYTES_MAX);
	r = encode(c, &out);
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&out), digest);
	}
	if (r == WEALD_OK) {
		r = buf_add(&out, digest, sizeof digest);
	}
	if (r == WEALD_OK && durable) {
		r = fs_write_durable(path, buf_span(&out), 0644, msg);
	} else if (r == WEALD_OK) {
		r = write_quick(path, buf_span(&out), msg);
	}
	buf_release(&out);
	return r;
}

static int decode_ids(struct span ids, struct chain *c)
{
	if (c->identity.seq == 0 || ids.len % OBJECT_ID_BYTES != 0 ||
	    ids.len / OBJECT_ID_BYTES != c->identity.seq) {
		return WEALD_CORRUPT;
	}
	c->ids = malloc(ids.len);
	if (c->ids == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(c->ids, ids.data, ids.len);
	c->ids_cap = (size_t)c->identity.seq;
	return memcmp(c->ids[c->ids_cap - 1], c->identity.commit,
		      OBJECT_ID_BYTES) == 0
		       ? WEALD_OK
		       : WEALD_CORRUPT;
}

static int decode_versions(struct span raw, struct chain *c)
{
	struct version_entry e;
	size_t at;
	int r = WEALD_OK;

	if (raw.len % ENTRY_BYTES != 0) {
		return WEALD_CORRUPT;
	}
	for (at = 0; r == WEALD_OK && at < raw.len; at += ENTRY_BYTES) {
		memcpy(e.name, raw.data + at, 16);
		e.version = get_be(raw.data + at + 16, 8);
		e.month = (uint32_t)get_be(raw.data + at + 24, 4);
		r = e.version == 0 ? WEALD_CORRUPT
				   : versions_restore(&c->versions, &e);
	}
	return r;
}

static int decode_signers(struct span raw, struct chain *c)
{
	struct signer_window *w;
	size_t i;

	if (raw.len == 0 || raw.len % WINDOW_BYTES != 0) {
		return WEALD_CORRUPT;
	}
	c->signers.count = raw.len / WINDOW_BYTES;
	c->signers.windows = calloc(c->signers.count, sizeof *w);
	if (c->signers.windows == NULL) {
		c->signers.count = 0;
		return WEALD_NOMEM;
	}
	for (i = 0; i < c->signers.count; i++) {
		w = &c->signers.windows[i];
		memcpy(w->key, raw.data + i * WINDOW_BYTES, 32);
		w->first = get_be(raw.data + i * WINDOW_BYTES + 32, 8);
		w->last = get_be(raw.data + i * WINDOW_BYTES + 40, 8);
		if (w->first < TIME_MIN || w->last > TIME_MAX) {
			return WEALD_CORRUPT;
		}
	}
	return WEALD_OK;
}

static int decode(const msgpack_object *root, struct chain *c)
{
	struct identity *id = &c->identity;
	const msgpack_object *f;
	struct span slug;
	struct span ids;
	struct span versions;
	struct span signers;
	uint64_t format;
	int r;

	if (!mp_get_array(root, CHECKPOINT_FIELDS, &f) ||
	    !mp_get_uint(&f[0], &format) || format != CHECKPOINT_FORMAT ||
	    !mp_get_bytes(&f[1], id->feed, sizeof id->feed) ||
	    !mp_get_str(&f[2], &slug) || !text_is_slug(slug) ||
	    !mp_get_bytes(&f[3], id->root, sizeof id->root) ||
	    !mp_get_bytes(&f[4], id->key, sizeof id->key) ||
	    !mp_get_uint(&f[5], &id->epoch) || !mp_get_uint(&f[6], &id->seq) ||
	    !mp_get_uint(&f[7], &id->time) ||
	    !mp_get_bytes(&f[8], id->prev, sizeof id->prev) ||
	    !mp_get_bytes(&f[9], id->commit, sizeof id->commit) ||
	    !mp_get_bytes(&f[10], id->tree, sizeof id->tree) ||
	    !mp_get_bin(&f[11], &ids) || !mp_get_bin(&f[12], &versions) ||
	    !mp_get_bin(&f[13], &signers)) {
		return WEALD_CORRUPT;
	}
	memcpy(id->slug, slug.data, slug.len);
	r = decode_ids(ids, c);
	if (r == WEALD_OK) {
		r = decode_versions(versions, c);
	}
	if (r == WEALD_OK) {
		r = decode_signers(signers, c);
	}
	return r;
}

static bool digest_fits(struct span *file)
{
	uint8_t digest[SHA256_BYTES];

	if (file->len < SHA256_BYTES) {
		return false;
	}
	file->len -= SHA256_BYTES;
	return digest_sha256(*file, digest) == WEALD_OK &&
	       memcmp(digest, file->data + file->len, sizeof digest) == 0;
}

int checkpoint_read(const char *path, struct chain *c)
{
	static const struct mp_limits limits = {
		.depth = 1, .elements = CHECKPOINT_FIELDS + 1
	};
	struct tree *tree = c->tree;
	struct mp_doc doc;
	struct span file;
	struct buf data;
	int r;

	assert(c->identity.seq == 0);
	buf_init(&data, CHECKPOINT_BYTES_MAX);
	r = fs_read_file(path, CHECKPOINT_BYTES_MAX, &data, NULL);
	if (r != WEALD_OK) {
		goto out;
	}
	file = buf_span(&data);
	if (!digest_fits(&file) ||
	    mp_open(&doc, file, &limits, NULL) != WEALD_OK) {
		r = WEALD_CORRUPT;
		goto out;
	}
	r = decode(mp_root(&doc), c);
	mp_close(&doc);
	if (r == WEALD_OK) {
		tree_reset(tree, c->identity.tree);
	} else {
		c->tree = NULL; /* kept */
		chain_release(c);
		c->tree = tree;
	}
out:
	buf_release(&data);
	return r == WEALD_OK || r == WEALD_NOMEM ? r : WEALD_NOTFOUND;
}
