#include "store/feed/packmerge.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "store/feed/idmap.h"
#include "store/feed/packindex.h"
#include "store/feed/packout.h"
#include "store/feed/packread.h"
#include "store/fs.h"

/*
 * First all indexes are read: they say how many objects there are and which
 * source has each of them first. Then each pack is read once from its start to
 * its end; the entries that are kept go to the new pack, the others are only
 * checked. At the end of a pack its checksum is known.
 */
#define CHUNK_BYTES (128u * 1024u)

/* git never made an index of more: 2^31 entries are 57 GiB. */
#define INDEX_BYTES_MAX (UINT64_C(60) << 30)

struct source {
	const struct packlist_item *item;
	struct packindex_entry *entries; /* owned; by offset */
	size_t count;
	uint8_t sum[HASHFILE_SUM_BYTES];
};

struct merge {
	int dir_fd;
	const char *dir;
	struct source *sources; /* owned */
	size_t count;
	struct idmap first; /* id -> number of the first source with it */
	uint64_t objects;   /* in all sources */
	struct packout *out;
	uint8_t *chunk; /* owned; CHUNK_BYTES */
};

/* A pack being read, byte by byte checked into @md. */
struct stream {
	int fd;
	char name[PACK_PATH_BYTES];
	uint64_t size; /* without trailer */
	uint64_t read;
	EVP_MD_CTX *md;
	const uint8_t *chunk;
	size_t pos;
	size_t len;
};

static int corrupt(const struct merge *m, const char *name, const char *why,
		   struct weald_msg *msg)
{
	msg_set(msg, "\"%s/%s\" is damaged: %s", m->dir, name, why);
	return WEALD_CORRUPT;
}

/*
 * Every entry starts behind the last, the first behind the header. The index
 * has passed its own checksum, so where they differ the pack is at fault.
 */
static int check_offsets(const struct merge *m, const struct source *s,
			 struct weald_msg *msg)
{
	char name[PACK_PATH_BYTES];
	uint64_t end = s->item->size - PACK_TRAILER_BYTES;
	uint64_t at = PACK_HEADER_BYTES;
	bool fits = s->count == 0 || s->entries[0].offset == at;
	size_t i;

	for (i = 0; i < s->count && fits; i++) {
		fits = i == 0 || s->entries[i].offset > at;
		at = s->entries[i].offset;
	}
	if (fits && (s->count == 0 ? end == at : end > at)) {
		return WEALD_OK;
	}
	packlist_path(s->item->name, PACK_FILE_PACK, name);
	return corrupt(m, name, "its size does not fit its index", msg);
}

static int read_index(struct merge *m, struct source *s, struct weald_msg *msg)
{
	char name[PACK_PATH_BYTES];
	struct buf idx = { 0 };
	struct weald_msg why = { "" };
	int r;

	packlist_path(s->item->name, PACK_FILE_IDX, name);
	if (s->item->size < PACK_HEADER_BYTES + PACK_TRAILER_BYTES) {
		packlist_path(s->item->name, PACK_FILE_PACK, name);
		return corrupt(m, name, "cut short", msg);
	}
	r = fs_read_at(m->dir_fd, name, INDEX_BYTES_MAX, FS_NOFOLLOW, &idx,
		       msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "in \"%s\"", m->dir);
		return r;
	}
	r = packindex_read(buf_span(&idx), &s->entries, &s->count, s->sum,
			   &why);
	buf_release(&idx);
	if (r == WEALD_CORRUPT) {
		return corrupt(m, name, why.text, msg);
	}
	if (r != WEALD_OK) {
		msg_set(msg, "\"%s/%s\": %s", m->dir, name, msg_text(&why, r));
		return r;
	}
	packindex_sort_by_offset(s->entries, s->count);
	return check_offsets(m, s, msg);
}

static int read_indexes(struct merge *m, size_t *out_unfit,
			struct weald_msg *msg)
{
	struct source *s;
	size_t i;
	size_t j;
	int r;

	for (i = 0; i < m->count; i++) {
		s = &m->sources[i];
		r = read_index(m, s, msg);
		if (r == WEALD_FORMAT) {
			*out_unfit = i;
		}
		if (r != WEALD_OK) {
			return r;
		}
		m->objects += s->count;
		for (j = 0; j < s->count; j++) {
			r = idmap_put(&m->first, s->entries[j].id, (uint32_t)i,
				      NULL);
			if (r != WEALD_OK) {
				return r;
			}
		}
	}
	return WEALD_OK;
}

/* The next piece of at most @want bytes, not 0; borrowed until the next. */
static int stream_next(struct merge *m, struct stream *st, uint64_t want,
		       struct span *out, struct weald_msg *msg)
{
	uint64_t left = st->size - st->read;
	size_t n;
	int r;

	if (st->pos == st->len) {
		n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		assert(n > 0);
		r = fs_read_some(st->fd, m->chunk, n, &st->len);
		if (r != WEALD_OK) {
			return fs_fail(errno, "cannot read", m->dir, st->name,
				       msg);
		}
		if (st->len < n) {
			return corrupt(m, st->name, "cut short", msg);
		}
		if (EVP_DigestUpdate(st->md, m->chunk, n) != 1) {
			return WEALD_CRYPTO;
		}
		st->chunk = m->chunk;
		st->read += n;
		st->pos = 0;
	}
	n = st->len - st->pos;
	n = want < n ? (size_t)want : n;
	*out = (struct span){ st->chunk + st->pos, n };
	st->pos += n;
	return WEALD_OK;
}

/* Check an entry's first byte: whole objects are to be copied, deltas not. */
static int check_type(struct merge *m, const struct stream *st, uint8_t first,
		      struct weald_msg *msg)
{
	switch (first >> 4 & 7) {
	case PACK_ENTRY_COMMIT:
	case PACK_ENTRY_TREE:
	case PACK_ENTRY_BLOB:
	case PACK_ENTRY_TAG:
		return WEALD_OK;
	case PACK_ENTRY_OFS_DELTA:
	case PACK_ENTRY_REF_DELTA:
		msg_set(msg, "\"%s/%s\" holds deltas", m->dir, st->name);
		return WEALD_FORMAT;
	default:
		return corrupt(m, st->name, "an entry of no known type", msg);
	}
}

/* Read the @len bytes of the entry @e; copy them where @keep. */
static int copy_entry(struct merge *m, struct stream *st,
		      const struct packindex_entry *e, uint64_t len, bool keep,
		      struct weald_msg *msg)
{
	struct span piece = { NULL, 0 };
	uint64_t done;
	uLong crc = 0;
	int r = WEALD_OK;

	if (keep) {
		packout_begin(m->out, e->id);
	}
	for (done = 0; done < len; done += piece.len) {
		r = stream_next(m, st, len - done, &piece, msg);
		assert(r != WEALD_OK || (piece.data != NULL && piece.len > 0));
		if (r == WEALD_OK && done == 0) {
			r = check_type(m, st, piece.data[0], msg);
		}
		if (r == WEALD_OK && keep) {
			r = packout_bytes(m->out, piece.data, piece.len, msg);
		}
		if (r != WEALD_OK) {
			return r;
		}
		crc = crc32_z(crc, piece.data, piece.len);
	}
	if (crc != e->crc) {
		return corrupt(m, st->name,
			       "an object's CRC is not that of its index", msg);
	}
	if (keep) {
		packout_end(m->out, e->crc);
	}
	return WEALD_OK;
}

static int check_header(struct merge *m, struct stream *st, size_t count,
			struct weald_msg *msg)
{
	struct span head = { NULL, 0 };
	struct reader rd;
	uint32_t n;
	int r;

	/* the first chunk holds the whole header */
	r = stream_next(m, st, PACK_HEADER_BYTES, &head, msg);
	if (r != WEALD_OK) {
		return r;
	}
	reader_init(&rd, head);
	if (pack_read_header(&rd, &n) != WEALD_OK || n != count) {
		return corrupt(m, st->name, "its header is wrong", msg);
	}
	return WEALD_OK;
}

/* The checksum at the end: that of the bytes, and the one the index names. */
static int check_trailer(struct merge *m, struct stream *st,
			 const struct source *s, struct weald_msg *msg)
{
	uint8_t trailer[PACK_TRAILER_BYTES + 1];
	uint8_t sum[EVP_MAX_MD_SIZE];
	size_t n;

	assert(st->pos == st->len);
	if (fs_read_some(st->fd, trailer, sizeof trailer, &n) != WEALD_OK) {
		return fs_fail(errno, "cannot read", m->dir, st->name, msg);
	}
	if (EVP_DigestFinal_ex(st->md, sum, NULL) != 1) {
		return WEALD_CRYPTO;
	}
	if (n != PACK_TRAILER_BYTES || memcmp(trailer, sum, n) != 0) {
		return corrupt(m, st->name, "its checksum is wrong", msg);
	}
	if (memcmp(trailer, s->sum, n) != 0) {
		return corrupt(m, st->name, "its index is of another pack",
			       msg);
	}
	return WEALD_OK;
}

static int copy_entries(struct merge *m, struct stream *st, size_t number,
			struct weald_msg *msg)
{
	const struct source *s = &m->sources[number];
	const struct packindex_entry *e;
	uint32_t first;
	uint64_t end;
	size_t i;
	bool found;
	int r;

	r = check_header(m, st, s->count, msg);
	for (i = 0; i < s->count && r == WEALD_OK; i++) {
		e = &s->entries[i];
		end = i + 1 < s->count ? e[1].offset : st->size;
		found = idmap_get(&m->first, e->id, &first);
		assert(found);
		r = copy_entry(m, st, e, end - e->offset, first == number, msg);
	}
	if (r == WEALD_OK) {
		r = check_trailer(m, st, s, msg);
	}
	return r;
}

static int copy_source(struct merge *m, size_t number, struct weald_msg *msg)
{
	const struct packlist_item *item = m->sources[number].item;
	struct stream st = { .fd = -1 };
	struct stat sb;
	int r = WEALD_CRYPTO;

	packlist_path(item->name, PACK_FILE_PACK, st.name);
	st.md = EVP_MD_CTX_new();
	if (st.md == NULL) {
		return WEALD_NOMEM;
	}
	if (EVP_DigestInit_ex(st.md, EVP_sha1(), NULL) != 1) {
		goto out;
	}
	st.fd = openat(m->dir_fd, st.name,
		       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (st.fd < 0 || fstat(st.fd, &sb) != 0) {
		r = fs_fail(errno, "cannot open", m->dir, st.name, msg);
		goto out;
	}
	if (!S_ISREG(sb.st_mode) || (uint64_t)sb.st_size != item->size) {
		r = corrupt(m, st.name, "its size changes", msg);
		goto out;
	}
	st.size = item->size - PACK_TRAILER_BYTES;
	r = copy_entries(m, &st, number, msg);
out:
	if (st.fd >= 0) {
		(void)close(st.fd);
	}
	EVP_MD_CTX_free(st.md);
	return r;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
				      : a->tv_nsec > b->tv_nsec;
}

/* The merged pack, named and dated. */
static int commit(struct merge *m, struct packmerge_result *out,
		  struct weald_msg *msg)
{
	struct packmerge_result res = { .objects = m->first.used,
					.objects_twice =
						m->objects - m->first.used };
	struct timespec newest = m->sources[0].item->mtime;
	size_t i;
	int r;

	for (i = 1; i < m->count; i++) {
		if (is_later(&m->sources[i].item->mtime, &newest)) {
			newest = m->sources[i].item->mtime;
		}
	}
	r = packout_commit(m->out, &newest, res.name, msg);
	if (r == WEALD_OK) {
		res.bytes = packout_size(m->out);
		*out = res;
	}
	return r;
}

static int merge_init(struct merge *m, const struct packlist_item *const *items)
{
	size_t i;
	int r;

	r = idmap_init(&m->first);
	if (r != WEALD_OK) {
		return r;
	}
	m->chunk = malloc(CHUNK_BYTES);
	m->sources = calloc(m->count, sizeof *m->sources);
	if (m->chunk == NULL || m->sources == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < m->count; i++) {
		m->sources[i].item = items[i];
	}
	return WEALD_OK;
}

static void merge_release(struct merge *m)
{
	size_t i;

	for (i = 0; m->sources != NULL && i < m->count; i++) {
		free(m->sources[i].entries);
	}
	packout_free(m->out);
	free(m->sources);
	free(m->chunk);
	idmap_release(&m->first);
}

int packmerge(const struct packmerge_input *in, struct packmerge_result *out,
	      struct weald_msg *msg)
{
	struct merge m = { .dir_fd = in->dir_fd,
			   .dir = in->dir,
			   .count = in->count };
	size_t i;
	int r;

	assert(in->count > 0);
	r = merge_init(&m, in->sources);
	if (r == WEALD_OK) {
		r = read_indexes(&m, &out->unfit, msg);
	}
	if (r == WEALD_OK && m.first.used == 0) {
		/* packs without objects: nothing of ours, nothing to gain */
		out->unfit = 0;
		r = WEALD_FORMAT;
	}
	if (r == WEALD_OK) {
		r = packout_new(in->dir, m.first.used, in->promisor, &m.out,
				msg);
	}
	for (i = 0; i < in->count && r == WEALD_OK; i++) {
		r = copy_source(&m, i, msg);
		if (r == WEALD_FORMAT) {
			out->unfit = i;
		}
	}
	if (r == WEALD_OK) {
		r = commit(&m, out, msg);
	}
	merge_release(&m);
	return r;
}
