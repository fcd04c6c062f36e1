/*
 * Receipts: signed and checked by jobs, and kept over a restart.
 *
 * The book holds the latest receipt of each node, ours too. Its file is written
 * now and then, since all of it can be had from peers again but one thing: who
 * has said to hold our own feed, which is what the own-feed guard waits for
 * after a start.
 *
 * The file "receipts": one canonical array [1, [[statement bin, sig bin 64]
 * ...]]. A file that cannot be read is put aside and told.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"
#include "proto/mp.h"
#include "proto/receipt.h"
#include "store/fs.h"

#define BOOK_FORMAT    1u
#define BOOK_BYTES_MAX (GOSSIP_RECEIPT_BYTES_MAX + 1024u * 1024u)
/* Between two writes of the file, ms. */
#define BOOK_SAVE_MS 10000u

struct kept_receipt {
	uint8_t node[PUBKEY_BYTES];
	uint64_t counter;
	uint64_t time;   /* the node's claim */
	bool holds_ours; /* names our own feed */
	struct buf statement;
	uint8_t sig[SIG_BYTES];
};

struct receipt_book {
	struct kept_receipt *kept; /* n of them */
	size_t n;
	size_t bytes;
	uint64_t last; /* our own highest counter */
	bool changed;
	uint64_t save_ms;
};

static struct kept_receipt *book_find(struct receipt_book *b,
				      const uint8_t node[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (memcmp(b->kept[i].node, node, PUBKEY_BYTES) == 0) {
			return &b->kept[i];
		}
	}
	return NULL;
}

/*
 * Is the node one that can still say what it holds? A region that has given its
 * node another key will never speak with the old one again. Our own region.yaml
 * names ours until we may sign the next one: of its nodes only those count that
 * are peers.
 */
static bool is_named(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	const struct member_peer *peer = members_peer(&n->members, key);
	const struct replica *r;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if ((r == n->own
			     ? peer != NULL
			     : members_follow(&n->members, r->id) != NULL) &&
		    roster_node(r, key) != NULL) {
			return true;
		}
	}
	/* one that joined counts until its region has said its nodes */
	r = peer == NULL || !peer->has_feed ? NULL
					    : replica_find(n, peer->feed);
	return peer != NULL && (r == NULL || r->region.nodes_n == 0);
}

static bool is_of_use(struct node *n, const uint8_t key[PUBKEY_BYTES])
{
	return memcmp(key, n->key, sizeof(n->key)) == 0 || is_named(n, key);
}

/*
 * Keys of old speak no more, and a region may have had any number of them:
 * others need the room.
 */
static void book_drop_unnamed(struct node *n)
{
	struct receipt_book *b = n->receipts;
	struct kept_receipt *k;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		k = &b->kept[i];
		if (is_of_use(n, k->node)) {
			b->kept[kept++] = *k;
			continue;
		}
		b->bytes -= k->statement.len;
		buf_release(&k->statement);
	}
	b->n = kept;
}

/* For a statement in place of the one of @k, or of one more node: NULL. */
static bool book_has_room(const struct receipt_book *b,
			  const struct kept_receipt *k, size_t len)
{
	size_t replaced = k == NULL ? 0 : k->statement.len;

	return b->bytes - replaced + len <= GOSSIP_RECEIPT_BYTES_MAX &&
	       (k != NULL || b->n < GOSSIP_RECEIPTS_MAX);
}

/* Keep a receipt that was checked, if it is the newest of its node. */
static int book_put(struct node *n, const struct receipt *r,
		    struct span statement, const uint8_t sig[SIG_BYTES])
{
	struct receipt_book *b = n->receipts;
	struct kept_receipt *k = book_find(b, r->node);
	struct kept_receipt *grown;
	struct buf copy;
	int err;

	if (k != NULL && k->counter >= r->counter) {
		return WEALD_OK;
	}
	if (!book_has_room(b, k, statement.len)) {
		book_drop_unnamed(n);
		k = book_find(b, r->node);
	}
	if (!book_has_room(b, k, statement.len)) {
		return WEALD_TOOBIG;
	}
	buf_init(&copy, RECEIPT_BYTES_MAX);
	err = buf_add(&copy, statement.data, statement.len);
	if (err != WEALD_OK) {
		return err;
	}
	if (k == NULL) {
		grown = realloc(b->kept, (b->n + 1) * sizeof(*grown));
		if (grown == NULL) {
			buf_release(&copy);
			return WEALD_NOMEM;
		}
		b->kept = grown;
		k = &b->kept[b->n++];
		memset(k, 0, sizeof(*k));
		memcpy(k->node, r->node, sizeof(k->node));
	}
	b->bytes = b->bytes - k->statement.len + copy.len;
	buf_release(&k->statement);
	k->statement = copy; /* transferred */
	k->counter = r->counter;
	k->time = r->time;
	k->holds_ours = clock_find(&r->clock, home_feed_id(n->home)) != NULL;
	memcpy(k->sig, sig, sizeof(k->sig));
	if (memcmp(r->node, n->key, sizeof(n->key)) == 0) {
		b->last = r->counter;
	}
	b->changed = true;
	return WEALD_OK;
}

/* ---- the file ------------------------------------------------------------
 */

static int book_read(struct node *n, struct span bytes, struct weald_msg *msg)
{
	const struct mp_limits limits = { 3, 4u * GOSSIP_RECEIPTS_MAX };
	const msgpack_object *root;
	const msgpack_object *list;
	const msgpack_object *pair;
	struct mp_doc doc;
	struct receipt receipt;
	struct span statement;
	uint8_t sig[SIG_BYTES];
	uint64_t format;
	size_t i;
	int r;

	r = mp_open(&doc, bytes, &limits, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!mp_get_array(mp_root(&doc), 2, &root) ||
	    !mp_get_uint(&root[0], &format) || format != BOOK_FORMAT ||
	    root[1].type != MSGPACK_OBJECT_ARRAY) {
		mp_close(&doc);
		return WEALD_MALFORMED;
	}
	list = root[1].via.array.ptr;
	for (i = 0; r == WEALD_OK && i < root[1].via.array.size; i++) {
		if (!mp_get_array(&list[i], 2, &pair) ||
		    !mp_get_bin(&pair[0], &statement) ||
		    !mp_get_bytes(&pair[1], sig, sizeof(sig))) {
			r = WEALD_MALFORMED;
			break;
		}
		r = receipt_verify(statement, sig, &receipt, msg);
		if (r != WEALD_OK) {
			break;
		}
		if (is_of_use(n, receipt.node)) {
			r = book_put(n, &receipt, statement, sig);
		}
		receipt_release(&receipt);
	}
	mp_close(&doc);
	return r;
}

int receipts_load(struct node *n, struct weald_msg *msg)
{
	struct buf bytes;
	char *path = NULL;
	int r;

	n->receipts = calloc(1, sizeof(*n->receipts));
	if (n->receipts == NULL) {
		return WEALD_NOMEM;
	}
	buf_init(&bytes, BOOK_BYTES_MAX);
	r = home_join(n->home, "receipts", &path);
	if (r == WEALD_OK) {
		r = fs_read_file(path, BOOK_BYTES_MAX, &bytes, msg);
	}
	if (r == WEALD_OK) {
		r = book_read(n, buf_span(&bytes), msg);
		if (r != WEALD_OK && r != WEALD_NOMEM) {
			msg_prefix(msg,
				   "%s is damaged; remove it: peers "
				   "bring the receipts again, and signing "
				   "waits for one of them",
				   path);
			r = WEALD_CORRUPT;
		}
	} else if (r == WEALD_NOTFOUND) {
		msg_clear(msg);
		r = WEALD_OK;
	}
	n->receipts->changed = false;
	buf_release(&bytes);
	free(path);
	return r;
}

static int book_encode(const struct receipt_book *b, struct buf *out)
{
	struct mp_writer w;
	size_t i;

	mp_writer_begin(&w, out);
	mp_put_array(&w, 2);
	mp_put_uint(&w, BOOK_FORMAT);
	mp_put_array(&w, b->n);
	for (i = 0; i < b->n; i++) {
		mp_put_array(&w, 2);
		mp_put_bin(&w, b->kept[i].statement.data,
			   b->kept[i].statement.len);
		mp_put_bin(&w, b->kept[i].sig, SIG_BYTES);
	}
	return mp_writer_end(&w);
}

struct save_job {
	struct job job;
	char *path;
	struct buf bytes;
	int err;
	struct weald_msg msg;
};

static void save_work(struct job *job)
{
	struct save_job *s = (struct save_job *)job;

	s->err = fs_write_durable(s->path, buf_span(&s->bytes), 0600, &s->msg);
}

static void save_done(struct job *job)
{
	struct save_job *s = (struct save_job *)job;

	if (s->err != WEALD_OK) {
		log_warning("receipts are not kept error=%s: %s",
			    err_name(s->err), msg_text(&s->msg, s->err));
		/* while stopping there is no other time: it would not end */
		job->node->receipts->changed = !job->node->stopping;
	}
	buf_release(&s->bytes);
	free(s->path);
	free(s);
}

void receipts_save(struct node *n)
{
	struct receipt_book *b = n->receipts;
	struct save_job *s;

	if (b == NULL || !b->changed ||
	    (node_now_ms(n) < b->save_ms && !n->stopping)) {
		return;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return; /* the next time */
	}
	buf_init(&s->bytes, BOOK_BYTES_MAX);
	if (home_join(n->home, "receipts", &s->path) != WEALD_OK ||
	    book_encode(b, &s->bytes) != WEALD_OK) {
		buf_release(&s->bytes);
		free(s->path);
		free(s);
		return;
	}
	b->changed = false;
	b->save_ms = node_now_ms(n) + BOOK_SAVE_MS;
	s->job.work = save_work;
	s->job.done = save_done;
	job_submit(n, NULL, &s->job);
}

int receipts_view(struct node *n, uint8_t (**out)[PUBKEY_BYTES], size_t *out_n)
{
	struct receipt_book *b = n->receipts;
	uint8_t(*view)[PUBKEY_BYTES];
	size_t count = 0;
	size_t i;

	view = calloc(b->n + 1, sizeof(*view));
	if (view == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < b->n; i++) {
		if (b->kept[i].holds_ours && is_named(n, b->kept[i].node) &&
		    memcmp(b->kept[i].node, n->key, PUBKEY_BYTES) != 0) {
			memcpy(view[count++], b->kept[i].node, PUBKEY_BYTES);
		}
	}
	*out = view;
	*out_n = count;
	return WEALD_OK;
}

uint64_t receipts_time(struct node *n, const uint8_t node[PUBKEY_BYTES])
{
	const struct kept_receipt *k = book_find(n->receipts, node);

	return k == NULL ? 0 : k->time;
}

uint64_t receipts_newest(const struct node *n)
{
	const struct receipt_book *b = n->receipts;
	uint64_t newest = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->kept[i].time > newest &&
		    memcmp(b->kept[i].node, n->key, PUBKEY_BYTES) != 0) {
			newest = b->kept[i].time;
		}
	}
	return newest;
}

void receipts_release(struct node *n)
{
	struct receipt_book *b = n->receipts;
	size_t i;

	if (b == NULL) {
		return;
	}
	for (i = 0; i < b->n; i++) {
		buf_release(&b->kept[i].statement);
	}
	free(b->kept);
	free(b);
	n->receipts = NULL;
}

/* ---- signing -------------------------------------------------------------
 */

struct receipt_job {
	struct job job;
	uint64_t ticket;
	struct receipt receipt; /* to sign, or what was checked */
	struct buf statement;
	uint8_t sig[SIG_BYTES];
	int err;
};

static void receipt_job_free(struct receipt_job *j)
{
	receipt_release(&j->receipt);
	buf_release(&j->statement);
	free(j);
}

static void receipt_sign_work(struct job *job)
{
	struct receipt_job *j = (struct receipt_job *)job;

	j->err = receipt_sign(&j->receipt, job->node->signer, &j->statement,
			      j->sig);
}

static void receipt_sign_done(struct job *job)
{
	struct receipt_job *j = (struct receipt_job *)job;
	struct node *n = job->node;
	struct gossip_event event = { .type = GOSSIP_RECEIPT_SIGNED };

	if (j->err == WEALD_OK) {
		j->err = book_put(n, &j->receipt, buf_span(&j->statement),
				  j->sig);
	}
	event.receipt_signed.err = j->err;
	event.receipt_signed.counter = j->receipt.counter;
	event.receipt_signed.statement = buf_span(&j->statement);
	memcpy(event.receipt_signed.node, n->key, PUBKEY_BYTES);
	memcpy(event.receipt_signed.sig, j->sig, SIG_BYTES);
	drive(n, &event);
	receipt_job_free(j);
}

static struct receipt_job *receipt_job_new(struct node *n)
{
	struct receipt_job *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		node_fail(n, WEALD_NOMEM, NULL);
		return NULL;
	}
	buf_init(&j->statement, RECEIPT_BYTES_MAX);
	return j;
}

void receipts_sign(struct node *n, const struct gossip_effect *e)
{
	struct receipt_job *j = receipt_job_new(n);
	uint64_t now = node_clock_s();

	if (j == NULL) {
		return;
	}
	if (now < TIME_MIN) {
		now = TIME_MIN;
	}
	memcpy(j->receipt.feed, home_feed_id(n->home), SHA256_BYTES);
	memcpy(j->receipt.node, n->key, PUBKEY_BYTES);
	j->receipt.time = now;
	j->receipt.counter = receipt_next_counter(n->receipts->last, now);
	if (clock_append(&j->receipt.clock, e->sign_receipt.entries,
			 e->sign_receipt.n, NULL) != WEALD_OK) {
		receipt_job_free(j);
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	j->job.work = receipt_sign_work;
	j->job.done = receipt_sign_done;
	job_submit(n, NULL, &j->job);
}

/* ---- checking ------------------------------------------------------------
 */

struct check_job {
	struct receipt_job base;
	struct blob *blob; /* referenced */
};

static void check_work(struct job *job)
{
	struct check_job *c = (struct check_job *)job;

	c->base.err = receipt_verify(blob_span(c->blob), c->base.sig,
				     &c->base.receipt, NULL);
}

/* Has a node lost what it had signed to hold? Then a person must look. */
static void compare_with_last(struct node *n, const struct receipt *newer)
{
	struct kept_receipt *k = book_find(n->receipts, newer->node);
	const struct clock_entry *lost;
	struct receipt older;
	struct replica *r;
	char key[LOG_KEY_BYTES];

	if (k == NULL ||
	    receipt_decode(buf_span(&k->statement), &older, NULL) != WEALD_OK) {
		return;
	}
	lost = receipt_compare(newer, &older) == RECEIPT_NEWER
		       ? receipt_falls_back(&older, newer)
		       : NULL;
	if (lost != NULL) {
		r = replica_find(n, lost->feed);
		log_warning("a node holds less than it had signed for: a "
			    "backup was restored there node=%s feed=%s "
			    "seq=%" PRIu64,
			    log_key(newer->node, key),
			    r == NULL ? "-" : replica_label(r), lost->seq);
		watch_tell(n, json_pack("{s:s, s:s, s:s, s:I}", "event",
					"fell-back", "node", key, "feed",
					r == NULL ? "" : replica_label(r),
					"seq", (json_int_t)lost->seq));
	}
	receipt_release(&older);
}

/* Which region does the receipt's node speak for, by our own knowledge? */
static int check_who(struct node *n, const struct receipt *r)
{
	const struct replica *region = replica_find(n, r->feed);

	if (memcmp(r->node, n->key, sizeof(n->key)) == 0) {
		return WEALD_OK; /* our own, from before a restart */
	}
	return region != NULL && roster_names(n, region, r->node)
		       ? WEALD_OK
		       : WEALD_NOTFOUND;
}

static void check_done(struct job *job)
{
	struct check_job *c = (struct check_job *)job;
	struct receipt *r = &c->base.receipt;
	struct node *n = job->node;
	struct gossip_event event = { .type = GOSSIP_RECEIPT_CHECKED };
	int err = c->base.err;

	if (err == WEALD_OK) {
		err = check_who(n, r);
	}
	if (err == WEALD_OK) {
		compare_with_last(n, r);
		(void)book_put(n, r, blob_span(c->blob), c->base.sig);
	}
	event.receipt_checked.ticket = c->base.ticket;
	event.receipt_checked.err = err;
	if (err == WEALD_OK || err == WEALD_NOTFOUND) {
		memcpy(event.receipt_checked.node, r->node, PUBKEY_BYTES);
		event.receipt_checked.counter = r->counter;
		event.receipt_checked.entries = r->clock.entries;
		event.receipt_checked.n = r->clock.n;
	}
	drive(n, &event);
	if (err == WEALD_OK && watch_is_wanted(n)) {
		struct replica *region = replica_find(n, r->feed);
		char key[LOG_KEY_BYTES];

		watch_tell(n,
			   json_pack("{s:s, s:s, s:s}", "event", "receipt",
				     "node", log_key(r->node, key), "feed",
				     region == NULL ? ""
						    : replica_label(region)));
	}
	blob_unref(c->blob);
	receipt_release(r);
	free(c);
}

void receipts_check(struct node *n, const struct gossip_effect *e)
{
	struct check_job *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	c->base.ticket = e->check_receipt.ticket;
	memcpy(c->base.sig, e->check_receipt.sig, SIG_BYTES);
	c->blob = blob_ref(e->check_receipt.statement);
	c->base.job.work = check_work;
	c->base.job.done = check_done;
	job_submit(n, NULL, &c->base.job);
}
