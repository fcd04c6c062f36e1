#include "store/feed/hashfile.h"

#include <assert.h>

#include "store/fs.h"

/* Small packs are one write; large ones go out in pieces of this size. */
#define BUFFER_BYTES (128u * 1024u)

int hashfile_init(struct hashfile *f, int fd, const char *dir, const char *name)
{
	*f = (struct hashfile){ .fd = fd, .dir = dir, .name = name };
	buf_init(&f->buf, BUFFER_BYTES);
	f->md = EVP_MD_CTX_new();
	if (f->md == NULL) {
		return WEALD_NOMEM;
	}
	if (EVP_DigestInit_ex(f->md, EVP_sha1(), NULL) != 1) {
		hashfile_release(f);
		return WEALD_CRYPTO;
	}
	return WEALD_OK;
}

void hashfile_release(struct hashfile *f)
{
	EVP_MD_CTX_free(f->md);
	f->md = NULL;
	buf_release(&f->buf);
}

/* Hash and write what is buffered. */
static int flush(struct hashfile *f, struct weald_msg *msg)
{
	struct span s = buf_span(&f->buf);
	int r;

	if (s.len > 0 && EVP_DigestUpdate(f->md, s.data, s.len) != 1) {
		return WEALD_CRYPTO;
	}
	r = fs_write_all(f->fd, s, f->dir, f->name, msg);
	if (r == WEALD_OK) {
		buf_clear(&f->buf);
	}
	return r;
}

int hashfile_add(struct hashfile *f, const void *data, size_t len,
		 struct weald_msg *msg)
{
	const uint8_t *from = data;
	size_t done = 0;
	size_t n;
	int r;

	while (done < len) {
		n = f->buf.max - f->buf.len;
		n = n < len - done ? n : len - done;
		r = buf_add(&f->buf, from + done, n);
		if (r == WEALD_OK && f->buf.len == f->buf.max) {
			r = flush(f, msg);
		}
		if (r != WEALD_OK) {
			return r;
		}
		done += n;
	}
	f->total += len;
	return WEALD_OK;
}

int hashfile_finish(struct hashfile *f, uint8_t out_sum[HASHFILE_SUM_BYTES],
		    struct weald_msg *msg)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	struct span s = buf_span(&f->buf);
	unsigned len = 0;
	size_t i;
	int r;

	if (s.len > 0 && EVP_DigestUpdate(f->md, s.data, s.len) != 1) {
		return WEALD_CRYPTO;
	}
	if (EVP_DigestFinal_ex(f->md, sum, &len) != 1) {
		return WEALD_CRYPTO;
	}
	assert(len == HASHFILE_SUM_BYTES);
	/* with the checksum in the buffer a small file is one write */
	if (f->buf.max - f->buf.len < len) {
		r = fs_write_all(f->fd, s, f->dir, f->name, msg);
		if (r != WEALD_OK) {
			return r;
		}
		buf_clear(&f->buf);
	}
	r = buf_add(&f->buf, sum, len);
	if (r == WEALD_OK) {
		r = fs_write_all(f->fd, buf_span(&f->buf), f->dir, f->name,
				 msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	f->total += len;
	for (i = 0; i < len; i++) {
		out_sum[i] = sum[i];
	}
	return WEALD_OK;
}

int hashfile_sum(struct span bytes, uint8_t out_sum[HASHFILE_SUM_BYTES])
{
	unsigned len = 0;

	if (EVP_Digest(bytes.data, bytes.len, out_sum, &len, EVP_sha1(),
		       NULL) != 1) {
		return WEALD_CRYPTO;
	}
	assert(len == HASHFILE_SUM_BYTES);
	return WEALD_OK;
}
