#include "proto/envelope.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "proto/mp.h"

int envelope_encode(const struct envelope *e, struct buf *out)
{
	struct mp_writer w;
	size_t i;

	mp_writer_begin(&w, out);
	mp_put_array(&w, 3);
	mp_put_bin(&w, e->payload.data, e->payload.len);
	mp_put_bin(&w, e->sig, sizeof e->sig);
	mp_put_array(&w, e->contents_n);
	for (i = 0; i < e->contents_n; i++) {
		if (e->contents[i].data == NULL) {
			mp_put_nil(&w);
		} else {
			mp_put_bin(&w, e->contents[i].data, e->contents[i].len);
		}
	}
	return mp_writer_end(&w);
}

static int decode_contents(const msgpack_object *o, struct envelope *out)
{
	static const uint8_t empty[1];
	size_t n = o->via.array.size;
	size_t i;

	if (n == 0) {
		return WEALD_OK;
	}
	out->contents = calloc(n, sizeof *out->contents);
	if (out->contents == NULL) {
		return WEALD_NOMEM;
	}
	out->contents_n = n;
	for (i = 0; i < n; i++) {
		if (o->via.array.ptr[i].type == MSGPACK_OBJECT_NIL) {
			continue;
		}
		if (!mp_get_bin(&o->via.array.ptr[i], &out->contents[i])) {
			return WEALD_ENVELOPE;
		}
		if (out->contents[i].len == 0) {
			out->contents[i].data = empty;
		}
	}
	return WEALD_OK;
}

static int decode_root(const msgpack_object *root, struct envelope *out)
{
	const msgpack_object *f;
	int r;

	if (!mp_get_array(root, 3, &f) || !mp_get_bin(&f[0], &out->payload) ||
	    !mp_get_bytes(&f[1], out->sig, sizeof out->sig) ||
	    f[2].type != MSGPACK_OBJECT_ARRAY ||
	    f[2].via.array.size > CHANGES_MAX) {
		return WEALD_ENVELOPE;
	}
	r = decode_contents(&f[2], out);
	if (r != WEALD_OK) {
		envelope_release(out);
	}
	return r;
}

int envelope_decode(struct span bytes, struct envelope *out,
		    struct weald_msg *msg)
{
	static const struct mp_limits limits = { .depth = 2,
						 .elements = CHANGES_MAX + 4 };
	struct envelope e = { .contents = NULL };
	struct mp_doc doc;
	int r;

	if (bytes.len > ENVELOPE_BYTES_MAX) {
		msg_set(msg, "envelope has %zu bytes, the most is %u",
			bytes.len, ENVELOPE_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = mp_open(&doc, bytes, &limits, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "envelope");
		return r;
	}
	r = decode_root(mp_root(&doc), &e);
	mp_close(&doc);
	if (r == WEALD_ENVELOPE) {
		msg_set(msg, "envelope is not [payload, signature, contents]");
	}
	if (r == WEALD_OK) {
		*out = e;
	}
	return r;
}

void envelope_release(struct envelope *e)
{
	free(e->contents);
	*e = (struct envelope){ .contents = NULL };
}

static int check_content(const struct change *c, struct span content,
			 object_id_fn *object_id, struct weald_msg *msg)
{
	uint8_t sha256[SHA256_BYTES];
	uint8_t blob[OBJECT_ID_BYTES];
	int code = WEALD_OK;
	int r;

	if (content.len != c->size) {
		code = WEALD_CONTENT_SIZE;
		goto out;
	}
	r = digest_sha256(content, sha256);
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(sha256, c->sha256, sizeof sha256) != 0) {
		code = WEALD_CONTENT_DIGEST;
		goto out;
	}
	r = object_id(OBJECT_BLOB, content.data, content.len, blob);
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(blob, c->blob, sizeof blob) != 0) {
		code = WEALD_CONTENT_BLOB;
	}
out:
	if (code != WEALD_OK) {
		msg_set(msg, "changes: the content of %.*s is another one: %s",
			(int)c->path.len, (const char *)c->path.data,
			err_text(code));
	}
	return code;
}

static int check_contents(const struct envelope *e, const struct update *u,
			  object_id_fn *object_id, struct weald_msg *msg)
{
	size_t i;
	int r;

	if (e->contents_n != u->changes_n) {
		msg_set(msg, "contents: %zu for %zu changes", e->contents_n,
			u->changes_n);
		return WEALD_ENVELOPE;
	}
	for (i = 0; i < e->contents_n; i++) {
		if (e->contents[i].data == NULL) {
			continue;
		}
		if (u->changes[i].removal) {
			msg_set(msg, "contents: one for the removal of %.*s",
				(int)u->changes[i].path.len,
				(const char *)u->changes[i].path.data);
			return WEALD_ENVELOPE;
		}
		r = check_content(&u->changes[i], e->contents[i], object_id,
				  msg);
		if (r != WEALD_OK) {
			return r;
		}
	}
	return WEALD_OK;
}

int envelope_check(const struct envelope *e, object_id_fn *object_id,
		   struct checked *out, struct weald_msg *msg)
{
	struct checked c = { .update = { .seq = 0 } };
	int r;

	buf_init(&c.commit, COMMIT_BYTES_MAX);
	r = update_decode(e->payload, &c.update, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	/* the signatures first: they cost less than 4 MiB of contents */
	r = commit_verify(&c.update, e->payload, e->sig, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	r = grant_verify(&c.update, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	r = check_contents(e, &c.update, object_id, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	r = digest_sha256(e->payload, c.digest);
	if (r != WEALD_OK) {
		goto out;
	}
	r = commit_build(&c.update, e->payload, e->sig, &c.commit);
	if (r != WEALD_OK) {
		goto out;
	}
	r = object_id(OBJECT_COMMIT, c.commit.data, c.commit.len, c.commit_id);
out:
	if (r != WEALD_OK) {
		checked_release(&c);
		return r;
	}
	*out = c;
	return WEALD_OK;
}

void checked_release(struct checked *c)
{
	update_release(&c->update);
	buf_release(&c->commit);
}
