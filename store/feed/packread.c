#include "store/feed/packread.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "proto/limits.h"
#include "store/fs.h"

#define CHUNK_BYTES (16u * 1024u)
/*
 * A commit of ours takes about its own size at most. More input than this for
 * one commit is a pack that was made to keep us busy.
 */
#define INPUT_BYTES_MAX (2u * COMMIT_BYTES_MAX)

int pack_read_header(struct reader *r, uint32_t *out_count)
{
	struct reader at = *r;
	uint32_t version = 0;
	uint32_t count = 0;
	int err;

	err = reader_expect(&at, "PACK");
	if (err == WEALD_OK) {
		err = reader_be32(&at, &version);
	}
	if (err == WEALD_OK) {
		err = reader_be32(&at, &count);
	}
	if (err == WEALD_INCOMPLETE) {
		return err;
	}
	if (err != WEALD_OK || (version != 2 && version != 3)) {
		return WEALD_CORRUPT;
	}
	*r = at;
	*out_count = count;
	return WEALD_OK;
}

int pack_read_entry(struct reader *r, enum pack_entry_type *out_type,
		    uint64_t *out_size)
{
	struct reader at = *r;
	struct span byte;
	unsigned shift = 4;
	unsigned type;
	uint64_t size;

	if (reader_take(&at, 1, &byte) != WEALD_OK) {
		return WEALD_INCOMPLETE;
	}
	type = byte.data[0] >> 4 & 7;
	size = byte.data[0] & 15;
	if (type == 0 || type == 5) {
		return WEALD_CORRUPT;
	}
	while ((byte.data[0] & 0x80) != 0) {
		if (reader_take(&at, 1, &byte) != WEALD_OK) {
			return WEALD_INCOMPLETE;
		}
		/* 4 + 8 * 7 = 60 bits, and three more */
		if (shift > 60 || (shift == 60 && (byte.data[0] & 0x78) != 0)) {
			return WEALD_CORRUPT;
		}
		size |= (uint64_t)(byte.data[0] & 0x7f) << shift;
		shift += 7;
	}
	*r = at;
	*out_type = (enum pack_entry_type)type;
	*out_size = size;
	return WEALD_OK;
}

/* The state of pack_first_commit(): an open pack and a piece of it. */
struct opened {
	int fd;
	const char *path;
	uint8_t chunk[CHUNK_BYTES];
	size_t len;
	uint64_t read;
};

static int read_chunk(struct opened *p, struct weald_msg *msg)
{
	int r = fs_read_some(p->fd, p->chunk, sizeof p->chunk, &p->len);

	if (r != WEALD_OK) {
		return fs_fail(errno, "cannot read", NULL, p->path, msg);
	}
	p->read += p->len;
	return WEALD_OK;
}

static int refuse(const struct opened *p, int code, const char *why,
		  struct weald_msg *msg)
{
	msg_set(msg, "pack \"%s\": %s", p->path, why);
	return code;
}

/* Inflate until the end of the data or until @z has no more room. */
static int inflate_stream(struct opened *p, z_stream *z, struct weald_msg *msg)
{
	int rc = Z_OK;
	int r;

	for (;;) {
		rc = inflate(z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END) {
			return WEALD_OK;
		}
		if (rc == Z_MEM_ERROR) {
			return WEALD_NOMEM;
		}
		if ((rc != Z_OK && rc != Z_BUF_ERROR) || z->avail_in > 0 ||
		    p->read > INPUT_BYTES_MAX) {
			return refuse(p, WEALD_CORRUPT,
				      "its first object does not inflate to "
				      "the size it says",
				      msg);
		}
		r = read_chunk(p, msg);
		if (r != WEALD_OK) {
			return r;
		}
		if (p->len == 0) {
			return refuse(p, WEALD_CORRUPT, "cut short", msg);
		}
		z->next_in = p->chunk;
		z->avail_in = (uInt)p->len;
	}
}

static int inflate_entry(struct opened *p, size_t start, size_t size,
			 struct buf *out, struct weald_msg *msg)
{
	z_stream z = { 0 };
	int r;

	/* one byte more than it should take, so that too much is seen */
	r = buf_reserve(out, size + 1);
	if (r != WEALD_OK) {
		return r;
	}
	if (inflateInit(&z) != Z_OK) {
		return WEALD_NOMEM;
	}
	z.next_in = p->chunk + start;
	z.avail_in = (uInt)(p->len - start);
	z.next_out = out->data;
	z.avail_out = (uInt)(size + 1);
	r = inflate_stream(p, &z, msg);
	(void)inflateEnd(&z);
	if (r == WEALD_OK && z.avail_out != 1) {
		r = refuse(p, WEALD_CORRUPT,
			   "its first object has another size than it says",
			   msg);
	}
	if (r == WEALD_OK) {
		out->len = size;
	}
	return r;
}

/* The headers of the pack and of its first entry, from the first chunk. */
static int find_commit(struct opened *p, size_t *out_start, size_t *out_size,
		       struct weald_msg *msg)
{
	struct reader r;
	enum pack_entry_type type;
	uint64_t size;
	uint32_t count;

	reader_init(&r, (struct span){ p->chunk, p->len });
	if (pack_read_header(&r, &count) != WEALD_OK) {
		return refuse(p, WEALD_CORRUPT, "not a git pack", msg);
	}
	if (count == 0) {
		return refuse(p, WEALD_NOTFOUND, "holds no objects", msg);
	}
	if (pack_read_entry(&r, &type, &size) != WEALD_OK) {
		return refuse(p, WEALD_CORRUPT, "its first entry is damaged",
			      msg);
	}
	if (type != PACK_ENTRY_COMMIT) {
		return refuse(p, WEALD_NOTFOUND, "does not begin with a commit",
			      msg);
	}
	if (size > COMMIT_BYTES_MAX) {
		return refuse(p, WEALD_TOOBIG, "its first commit is too big",
			      msg);
	}
	*out_start = r.pos;
	*out_size = (size_t)size;
	return WEALD_OK;
}

int pack_first_commit(const char *path, struct buf *out_content,
		      struct weald_msg *msg)
{
	struct opened p = { .path = path };
	struct buf b;
	size_t start = 0;
	size_t size = 0;
	int r;

	assert(out_content->data == NULL);
	buf_init(&b, COMMIT_BYTES_MAX + 1);
	p.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (p.fd < 0) {
		return fs_fail(errno, "cannot open", NULL, path, msg);
	}
	r = read_chunk(&p, msg);
	if (r == WEALD_OK) {
		r = find_commit(&p, &start, &size, msg);
	}
	if (r == WEALD_OK) {
		r = inflate_entry(&p, start, size, &b, msg);
	}
	if (r == WEALD_OK) {
		*out_content = b;
		b.data = NULL; /* transferred */
	}
	buf_release(&b);
	(void)close(p.fd);
	return r;
}
