#include "store/feed/walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/commit.h"
#include "store/feed/objectid.h"
#include "store/parallel.h"

/* A batch holds at most so many updates, and about so many bytes. */
#define BATCH_UPDATES 256u
#define BATCH_BYTES   (8u * 1024u * 1024u)

void walk_release(struct walk *w)
{
	free(w->ids);
	*w = (struct walk){ .count = 0 };
}

/* "tree <hex>\nparent <hex>\n": the parent, or WEALD_NOTFOUND. */
static int parse_parent(struct span commit, uint8_t out[OBJECT_ID_BYTES])
{
	struct reader r;
	struct span line;
	struct span hex;

	reader_init(&r, commit);
	if (reader_until(&r, '\n', &line) != WEALD_OK ||
	    reader_expect(&r, "parent ") != WEALD_OK ||
	    reader_until(&r, '\n', &hex) != WEALD_OK ||
	    hex_decode(hex, out, OBJECT_ID_BYTES) != WEALD_OK) {
		return WEALD_NOTFOUND;
	}
	return WEALD_OK;
}

static int list_add(struct walk *w, size_t *cap, const uint8_t *id)
{
	uint8_t(*ids)[OBJECT_ID_BYTES];
	size_t more;

	if (w->count == *cap) {
		more = *cap == 0 ? 64 : 2 * *cap;
		ids = realloc(w->ids, more * sizeof *ids);
		if (ids == NULL) {
			return WEALD_NOMEM;
		}
		w->ids = ids;
		*cap = more;
	}
	memcpy(w->ids[w->count++], id, OBJECT_ID_BYTES);
	return WEALD_OK;
}

static void list_reverse(struct walk *w)
{
	uint8_t id[OBJECT_ID_BYTES];
	size_t i;

	for (i = 0; i < w->count / 2; i++) {
		memcpy(id, w->ids[i], sizeof id);
		memcpy(w->ids[i], w->ids[w->count - 1 - i], sizeof id);
		memcpy(w->ids[w->count - 1 - i], id, sizeof id);
	}
}

int walk_list(struct repo *r, const uint8_t head[OBJECT_ID_BYTES],
	      const uint8_t *stop, struct walk *out, struct weald_msg *msg)
{
	struct walk w = { .repo = r };
	char hex[2 * OBJECT_ID_BYTES + 1];
	uint8_t id[OBJECT_ID_BYTES];
	struct buf commit;
	size_t cap = 0;
	int err = WEALD_OK;

	memcpy(id, head, sizeof id);
	buf_init(&commit, COMMIT_BYTES_MAX);
	while (stop == NULL || memcmp(id, stop, sizeof id) != 0) {
		buf_clear(&commit);
		err = repo_read(r, id, OBJECT_COMMIT, &commit, msg);
		if (err == WEALD_TOOBIG) {
			hex_encode(id, sizeof id, hex);
			msg_set(msg, "commit %s has more than %u bytes", hex,
				COMMIT_BYTES_MAX);
			err = WEALD_COMMIT_FORM;
		}
		if (err == WEALD_OK) {
			err = list_add(&w, &cap, id);
		}
		if (err != WEALD_OK) {
			break;
		}
		if (parse_parent(buf_span(&commit), id) != WEALD_OK) {
			err = stop == NULL ? WEALD_OK : WEALD_DIVERGED;
			break;
		}
	}
	buf_release(&commit);
	if (err != WEALD_OK) {
		walk_release(&w);
		return err;
	}
	list_reverse(&w);
	*out = w;
	return WEALD_OK;
}

/* A commit on its way through the batch. */
struct slot {
	struct buf commit;
	struct buf payload;
	struct buf blobs; /* the contents, one behind the other */
	struct walk_item item;
	bool checked;
	int err;
	struct weald_msg msg;
};

static void slot_release(struct slot *s)
{
	if (s->checked) {
		checked_release(&s->item.checked);
	}
	envelope_release(&s->item.envelope);
	buf_release(&s->commit);
	buf_release(&s->payload);
	buf_release(&s->blobs);
	*s = (struct slot){ .checked = false };
}

/* The parse comes first: it says which contents to read. */
static void slot_parse(struct slot *s)
{
	struct update u;

	buf_init(&s->payload, PAYLOAD_BYTES_MAX + 3);
	s->err = commit_parse(buf_span(&s->commit), &s->payload, &u,
			      s->item.envelope.sig, &s->msg);
	if (s->err != WEALD_OK) {
		return;
	}
	s->item.envelope.payload = buf_span(&s->payload);
	if (u.changes_n > 0) {
		s->item.envelope.contents =
			calloc(u.changes_n, sizeof(struct span));
		if (s->item.envelope.contents == NULL) {
			s->err = WEALD_NOMEM;
		} else {
			s->item.envelope.contents_n = u.changes_n;
		}
	}
	if (s->err == WEALD_OK) {
		s->item.checked.update = u; /* transferred */
		s->checked = true;
	} else {
		update_release(&u);
	}
}

static int slot_read_contents(struct repo *r, enum walk_contents which,
			      struct slot *s)
{
	static const uint8_t here[1];
	const struct update *u = &s->item.checked.update;
	struct span *contents = s->item.envelope.contents;
	size_t at = 0;
	size_t i;
	int err;

	buf_init(&s->blobs, CONTENTS_BYTES_MAX + 1);
	err = buf_add_byte(&s->blobs, 0); /* so that data is never NULL */
	for (i = 0; err == WEALD_OK && i < u->changes_n; i++) {
		if (u->changes[i].removal ||
		    (which == WALK_CONTENTS_HERE &&
		     !repo_has(r, u->changes[i].blob))) {
			continue;
		}
		err = repo_read(r, u->changes[i].blob, OBJECT_BLOB, &s->blobs,
				&s->msg);
		if (err == WEALD_NOTFOUND) {
			err = WEALD_CONTENT_ABSENT;
		}
		if (err == WEALD_TOOBIG) {
			err = WEALD_CONTENT_SIZE;
		}
		contents[i].data = here; /* the buffer may still move */
		contents[i].len = s->blobs.len - 1 - at;
		at = s->blobs.len - 1;
	}
	at = 1;
	for (i = 0; err == WEALD_OK && i < u->changes_n; i++) {
		if (contents[i].data != NULL) {
			contents[i].data = s->blobs.data + at;
			at += contents[i].len;
		}
	}
	return err;
}

static void slot_check(struct slot *s)
{
	struct checked checked;

	s->err =
		envelope_check(&s->item.envelope, object_id, &checked, &s->msg);
	if (s->err == WEALD_OK) {
		checked_release(&s->item.checked);
		s->item.checked = checked; /* transferred */
	}
}

static void slot_check_cb(void *ctx, size_t worker, size_t index)
{
	struct slot *slots = ctx;

	(void)worker;
	if (slots[index].err == WEALD_OK) {
		slot_check(&slots[index]);
	}
}

static void slot_read(struct repo *r, const uint8_t *id,
		      enum walk_contents contents, struct slot *s)
{
	*s = (struct slot){ .checked = false };
	buf_init(&s->commit, COMMIT_BYTES_MAX);
	s->err = repo_read(r, id, OBJECT_COMMIT, &s->commit, &s->msg);
	if (s->err == WEALD_OK) {
		slot_parse(s);
	}
	if (s->err == WEALD_OK && contents != WALK_NO_CONTENTS) {
		s->err = slot_read_contents(r, contents, s);
	}
}

/* The memory that a slot takes until it is handed on, about. */
static size_t slot_bytes(const struct slot *s)
{
	size_t changes = s->item.envelope.contents_n;

	/* the check builds the commit and decodes the payload once more */
	return s->blobs.len + 2 * s->commit.len + s->payload.len +
	       changes * (2 * sizeof(struct change) + sizeof(struct span));
}

/* Read into @slots until the batch is full or one cannot be read; how many. */
static size_t batch_read(const struct walk *w, size_t from,
			 enum walk_contents contents, struct slot *slots)
{
	size_t bytes = 0;
	size_t n = 0;

	while (n < BATCH_UPDATES && from + n < w->count &&
	       bytes < BATCH_BYTES) {
		slot_read(w->repo, w->ids[from + n], contents, &slots[n]);
		bytes += slot_bytes(&slots[n]);
		n++;
		if (slots[n - 1].err != WEALD_OK) {
			break;
		}
	}
	return n;
}

static int batch_hand_on(struct slot *slots, size_t n, walk_fn *each, void *ctx,
			 size_t *done, struct weald_msg *msg)
{
	size_t i;
	int err = WEALD_OK;

	for (i = 0; err == WEALD_OK && i < n; i++) {
		err = slots[i].err;
		if (err != WEALD_OK) {
			msg_set(msg, "%s", msg_text(&slots[i].msg, err));
			break;
		}
		err = each(ctx, &slots[i].item, msg);
		if (err == WEALD_OK) {
			(*done)++;
		}
	}
	return err;
}

int walk_check(const struct walk *w, enum walk_contents contents, walk_fn *each,
	       void *ctx, size_t *out_done, struct weald_msg *msg)
{
	struct slot *slots = calloc(BATCH_UPDATES, sizeof *slots);
	size_t done = 0;
	size_t n;
	size_t i;
	int err = slots == NULL ? WEALD_NOMEM : WEALD_OK;

	while (err == WEALD_OK && done < w->count) {
		n = batch_read(w, done, contents, slots);
		parallel_for(n, slot_check_cb, slots);
		err = batch_hand_on(slots, n, each, ctx, &done, msg);
		for (i = 0; i < n; i++) {
			slot_release(&slots[i]);
		}
	}
	free(slots);
	*out_done = done;
	return err;
}
