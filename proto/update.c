#include "proto/update.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/ed25519.h"
#include "proto/mp.h"
#include "proto/path.h"
#include "proto/sshsig.h"
#include "proto/text.h"

const uint8_t empty_tree_id[OBJECT_ID_BYTES] = { 0x4b, 0x82, 0x5d, 0xc6, 0x42,
						 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
						 0xe5, 0x4b, 0xf8, 0xd6, 0x92,
						 0x88, 0xfb, 0xee, 0x49, 0x04 };

static const uint8_t gitattributes_sha256[SHA256_BYTES] = {
	0x30, 0xcb, 0x54, 0x96, 0xfe, 0xbb, 0x00, 0x13, 0x87, 0x99, 0xa6,
	0x25, 0xf9, 0x3d, 0xb2, 0x60, 0x11, 0x47, 0x1a, 0xf0, 0x43, 0x43,
	0x60, 0xfc, 0x01, 0xcd, 0x30, 0x54, 0x57, 0x70, 0xa4, 0x6f
};

static const uint8_t gitattributes_blob[OBJECT_ID_BYTES] = {
	0xbb, 0x39, 0x32, 0x51, 0xe7, 0x2f, 0x49, 0x88, 0x84, 0x47,
	0x75, 0xd8, 0x0e, 0xea, 0xba, 0x57, 0x2b, 0xe5, 0x20, 0xcd
};

static const uint8_t zeros[SHA256_BYTES];

static const char *const action_names[] = {
	[ACTION_UNKNOWN] = "",
	[ACTION_CREATE_FEED] = "create-feed",
	[ACTION_PUBLISH] = "publish",
	[ACTION_REVISE] = "revise",
	[ACTION_WITHDRAW] = "withdraw",
	[ACTION_PROFILE] = "profile",
	[ACTION_ROTATE_KEY] = "rotate-key",
	[ACTION_RECOVER] = "recover",
	[ACTION_ERASE] = "erase",
};

struct span action_name(enum action action)
{
	assert(action <= ACTION_ERASE);
	return span_of(action_names[action]);
}

enum action update_action(const struct update *u)
{
	enum action a;

	for (a = ACTION_CREATE_FEED; a <= ACTION_ERASE; a++) {
		if (span_equal(u->action, action_name(a))) {
			return a;
		}
	}
	return ACTION_UNKNOWN;
}

bool action_is_reissue(enum action action)
{
	return action == ACTION_RECOVER || action == ACTION_ERASE;
}

bool action_is_granted(enum action action)
{
	return action == ACTION_ROTATE_KEY || action_is_reissue(action);
}

static bool is_zero(const uint8_t *data, size_t len)
{
	assert(len <= sizeof zeros);
	return memcmp(data, zeros, len) == 0;
}

/* A digest that is zero in the first update and in no other. */
static int check_link(const struct update *u, const uint8_t *data, size_t len,
		      const char *field, int code, struct weald_msg *msg)
{
	if (is_zero(data, len) == (u->seq == 1)) {
		return WEALD_OK;
	}
	msg_set(msg, "%s is %s in update %llu", field,
		u->seq == 1 ? "not zero" : "zero", (unsigned long long)u->seq);
	return code;
}

/* Fields 1 to 8 and 16: where the update stands, and who signs it. */
static int check_position(const struct update *u, struct weald_msg *msg)
{
	int r;

	if (u->seq < 1 || u->seq > UINT_MAX_VALUE) {
		msg_set(msg, "seq is %llu, the first is 1",
			(unsigned long long)u->seq);
		return WEALD_SEQ;
	}
	r = check_link(u, u->feed, sizeof u->feed, "feed", WEALD_FEED_FIELD,
		       msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = check_link(u, u->prev, sizeof u->prev, "prev", WEALD_PREV, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = check_link(u, u->parent, sizeof u->parent, "parent", WEALD_PARENT,
		       msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!text_is_slug(u->slug)) {
		msg_set(msg, "slug is not 2 to 40 of a-z, 0-9 and -, "
			     "with a letter or digit at both ends");
		return WEALD_SLUG;
	}
	if (u->epoch > UINT_MAX_VALUE || (u->seq == 1 && u->epoch != 0)) {
		msg_set(msg, "epoch is %llu in update %llu",
			(unsigned long long)u->epoch,
			(unsigned long long)u->seq);
		return WEALD_EPOCH;
	}
	if (u->time < TIME_MIN || u->time > TIME_MAX) {
		msg_set(msg, "time is %llu, allowed are %llu to %llu",
			(unsigned long long)u->time,
			(unsigned long long)TIME_MIN,
			(unsigned long long)TIME_MAX);
		return WEALD_TIME;
	}
	r = ed25519_check_key(u->key, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "key");
	}
	return r;
}

/* Field 9: there for the granted actions and for no other. */
static int check_grant(const struct update *u, enum action action,
		       struct weald_msg *msg)
{
	uint8_t root[SHA256_BYTES];
	int r;

	if (!action_is_granted(action)) {
		if (u->grant.present) {
			msg_set(msg, "grant: only rotate-key, recover and "
				     "erase carry one");
			return WEALD_GRANT_UNEXPECTED;
		}
		return WEALD_OK;
	}
	if (!u->grant.present) {
		msg_set(msg, "grant is missing from a %s",
			action_names[action]);
		return WEALD_GRANT_MISSING;
	}
	if (action_is_reissue(action)
		    ? u->grant.until < u->seq || u->grant.until > UINT_MAX_VALUE
		    : u->grant.until != 0) {
		msg_set(msg, "grant: until is %llu in a %s at seq %llu",
			(unsigned long long)u->grant.until,
			action_names[action], (unsigned long long)u->seq);
		return WEALD_GRANT;
	}
	if (action_is_reissue(action) && u->epoch == 0) {
		msg_set(msg, "epoch is 0 in a %s", action_names[action]);
		return WEALD_EPOCH;
	}
	r = digest_sha256((struct span){ u->grant.root, PUBKEY_BYTES }, root);
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(root, u->root, sizeof root) != 0) {
		msg_set(msg, "grant: its key is not the feed's root key");
		return WEALD_GRANT_ROOT;
	}
	return WEALD_OK;
}

/* Fields 11 to 15: what the commit says. */
static int check_words(const struct update *u, struct weald_msg *msg)
{
	struct record_path path;
	size_t i;
	int r;

	if (u->record.len > 0) {
		r = path_parse_record(u->record, &path, msg);
		if (r != WEALD_OK) {
			return r;
		}
	}
	if (u->version > UINT_MAX_VALUE ||
	    (u->version == 0) != (u->record.len == 0)) {
		msg_set(msg, "version is %llu %s a record",
			(unsigned long long)u->version,
			u->record.len == 0 ? "without" : "of");
		return WEALD_VERSION;
	}
	r = text_check_line(u->summary, 1, SUMMARY_BYTES_MAX, "summary",
			    WEALD_SUMMARY, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = text_check_note(u->note, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (u->topics_n > TOPICS_MAX) {
		msg_set(msg, "topics: %zu, allowed are 0 to %u", u->topics_n,
			TOPICS_MAX);
		return WEALD_TOPICS;
	}
	for (i = 0; i < u->topics_n; i++) {
		if (!text_is_topic(u->topics[i]) ||
		    (i > 0 &&
		     span_compare(u->topics[i - 1], u->topics[i]) >= 0)) {
			msg_set(msg,
				"topics: number %zu is no code of a-z, "
				"0-9 and -, or not after the one before",
				i + 1);
			return WEALD_TOPICS;
		}
	}
	return WEALD_OK;
}

static int check_put(const struct change *c, struct weald_msg *msg)
{
	if (c->size > CONTENT_BYTES_MAX) {
		msg_set(msg, "changes: %.*s has %llu bytes, the most is %u",
			(int)c->path.len, (const char *)c->path.data,
			(unsigned long long)c->size, CONTENT_BYTES_MAX);
		return WEALD_CHANGES;
	}
	if (span_equal(c->path, span_of(PATH_GITATTRIBUTES)) &&
	    (c->size != sizeof GITATTRIBUTES_TEXT - 1 ||
	     memcmp(c->sha256, gitattributes_sha256, SHA256_BYTES) != 0 ||
	     memcmp(c->blob, gitattributes_blob, OBJECT_ID_BYTES) != 0)) {
		msg_set(msg, "changes: .gitattributes has another content "
			     "than the one it always has");
		return WEALD_CHANGES;
	}
	return WEALD_OK;
}

/* attachments, the one name that can be a file and a folder, is not both. */
static int check_clash(const struct update *u, struct weald_msg *msg)
{
	static const char name[] = "/" PATH_ATTACHMENTS;
	const size_t at = u->record.len;
	const size_t n = at + sizeof name - 1;
	const struct change *c;
	bool file = false;
	size_t i;

	for (i = 0; at > 0 && i < u->changes_n; i++) {
		c = &u->changes[i];
		if (c->removal || c->path.len < n) {
			continue;
		}
		if (c->path.len == n) {
			file |= memcmp(c->path.data + at, name, n - at) == 0;
		} else if (file && c->path.data[n] == '/') {
			msg_set(msg,
				"changes: attachments is a file and a "
				"folder of %.*s",
				(int)at, (const char *)u->record.data);
			return WEALD_PATH_CLASH;
		}
	}
	return WEALD_OK;
}

/* Field 18. */
static int check_changes(const struct update *u, struct weald_msg *msg)
{
	const struct change *c;
	uint64_t total = 0;
	size_t i;
	int r;

	if (u->changes_n > CHANGES_MAX) {
		msg_set(msg, "changes: %zu, the most is %u", u->changes_n,
			CHANGES_MAX);
		return WEALD_CHANGES;
	}
	for (i = 0; i < u->changes_n; i++) {
		c = &u->changes[i];
		r = path_check_file(c->path, u->record, msg);
		if (r != WEALD_OK) {
			return r;
		}
		if (i > 0 &&
		    span_compare(u->changes[i - 1].path, c->path) >= 0) {
			msg_set(msg,
				"changes: %.*s is not after the path "
				"before it",
				(int)c->path.len, (const char *)c->path.data);
			return WEALD_CHANGES;
		}
		if (c->removal) {
			continue;
		}
		r = check_put(c, msg);
		if (r != WEALD_OK) {
			return r;
		}
		total += c->size;
	}
	if (total > CONTENTS_BYTES_MAX) {
		msg_set(msg,
			"changes: the files have %llu bytes together, "
			"the most is %u",
			(unsigned long long)total, CONTENTS_BYTES_MAX);
		return WEALD_CHANGES;
	}
	return check_clash(u, msg);
}

/*
 * The first two updates: create-feed, then profile with both root files,
 * unless a reissue replaces the line from the second on.
 */
static int check_first(const struct update *u, enum action action,
		       struct weald_msg *msg)
{
	if ((u->seq == 1) != (action == ACTION_CREATE_FEED)) {
		msg_set(msg,
			"action: update %llu is a %.*s; the first is "
			"create-feed and no other",
			(unsigned long long)u->seq, (int)u->action.len,
			(const char *)u->action.data);
		return WEALD_FIRST_UPDATES;
	}
	if (u->seq == 1 &&
	    (u->record.len > 0 || u->changes_n > 0 ||
	     memcmp(u->tree, empty_tree_id, OBJECT_ID_BYTES) != 0)) {
		msg_set(msg, "record, changes, tree: create-feed has no "
			     "record, no changes and the empty tree");
		return WEALD_FIRST_UPDATES;
	}
	if (u->seq == 2 && !action_is_reissue(action) &&
	    (action != ACTION_PROFILE || u->record.len > 0 ||
	     u->changes_n != 2 || u->changes[0].removal ||
	     u->changes[1].removal)) {
		msg_set(msg, "action, changes: the second update is the "
			     "profile, which puts .gitattributes and "
			     "region.yaml");
		return WEALD_FIRST_UPDATES;
	}
	return WEALD_OK;
}

int update_check(const struct update *u, struct weald_msg *msg)
{
	enum action action;
	int r;

	if (!text_is_action(u->action)) {
		msg_set(msg, "action is not 1 to 20 of a-z and -");
		return WEALD_ACTION;
	}
	if (u->ext.len > EXT_BYTES_MAX) {
		msg_set(msg, "ext has %zu bytes, the most is %u", u->ext.len,
			EXT_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = check_position(u, msg);
	if (r != WEALD_OK) {
		return r;
	}
	action = update_action(u);
	r = check_grant(u, action, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = check_words(u, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = check_changes(u, msg);
	if (r != WEALD_OK) {
		return r;
	}
	return check_first(u, action, msg);
}

static void encode_changes(const struct update *u, struct mp_writer *w)
{
	const struct change *c;
	size_t i;

	mp_put_array(w, u->changes_n);
	for (i = 0; i < u->changes_n; i++) {
		c = &u->changes[i];
		mp_put_array(w, c->removal ? 1 : 4);
		mp_put_str(w, c->path);
		if (!c->removal) {
			mp_put_uint(w, c->size);
			mp_put_bin(w, c->sha256, sizeof c->sha256);
			mp_put_bin(w, c->blob, sizeof c->blob);
		}
	}
}

int update_encode(const struct update *u, struct buf *out)
{
	struct mp_writer w;
	size_t start = out->len;
	size_t i;
	int r;

	mp_writer_begin(&w, out);
	mp_put_array(&w, UPDATE_FIELDS);
	mp_put_uint(&w, UPDATE_FORMAT);
	mp_put_bin(&w, u->feed, sizeof u->feed);
	mp_put_str(&w, u->slug);
	mp_put_bin(&w, u->root, sizeof u->root);
	mp_put_uint(&w, u->epoch);
	mp_put_uint(&w, u->seq);
	mp_put_bin(&w, u->prev, sizeof u->prev);
	mp_put_uint(&w, u->time);
	mp_put_bin(&w, u->key, sizeof u->key);
	mp_put_array(&w, u->grant.present ? 3 : 0);
	if (u->grant.present) {
		mp_put_bin(&w, u->grant.root, sizeof u->grant.root);
		mp_put_bin(&w, u->grant.sig, sizeof u->grant.sig);
		mp_put_uint(&w, u->grant.until);
	}
	mp_put_str(&w, u->action);
	mp_put_str(&w, u->record);
	mp_put_uint(&w, u->version);
	mp_put_str(&w, u->summary);
	mp_put_str(&w, u->note);
	mp_put_array(&w, u->topics_n);
	for (i = 0; i < u->topics_n; i++) {
		mp_put_str(&w, u->topics[i]);
	}
	mp_put_bin(&w, u->parent, sizeof u->parent);
	mp_put_bin(&w, u->tree, sizeof u->tree);
	encode_changes(u, &w);
	mp_put_bin(&w, u->nonce, sizeof u->nonce);
	mp_put_bin(&w, u->ext.data, u->ext.len);
	r = mp_writer_end(&w);
	if (r == WEALD_OK && out->len - start > PAYLOAD_BYTES_MAX) {
		out->len = start;
		return WEALD_TOOBIG;
	}
	return r;
}

static bool decode_grant(const msgpack_object *o, struct grant *out)
{
	const msgpack_object *f;

	*out = (struct grant){ .present = false };
	if (mp_get_array(o, 0, &f)) {
		return true;
	}
	out->present = true;
	return mp_get_array(o, 3, &f) &&
	       mp_get_bytes(&f[0], out->root, sizeof out->root) &&
	       mp_get_bytes(&f[1], out->sig, sizeof out->sig) &&
	       mp_get_uint(&f[2], &out->until);
}

static bool decode_topics(const msgpack_object *o, struct update *out)
{
	size_t i;

	if (o->type != MSGPACK_OBJECT_ARRAY) {
		return false;
	}
	out->topics_n = o->via.array.size;
	if (out->topics_n > TOPICS_MAX) {
		return true; /* there is no room; update_check() refuses it */
	}
	for (i = 0; i < out->topics_n; i++) {
		if (!mp_get_str(&o->via.array.ptr[i], &out->topics[i])) {
			return false;
		}
	}
	return true;
}

static bool decode_change(const msgpack_object *o, struct change *out)
{
	const msgpack_object *f;

	if (mp_get_array(o, 1, &f)) {
		out->removal = true;
		return mp_get_str(&f[0], &out->path);
	}
	return mp_get_array(o, 4, &f) && mp_get_str(&f[0], &out->path) &&
	       mp_get_uint(&f[1], &out->size) &&
	       mp_get_bytes(&f[2], out->sha256, sizeof out->sha256) &&
	       mp_get_bytes(&f[3], out->blob, sizeof out->blob);
}

/* Allocates out->changes; the walk has bounded their number. */
static int decode_changes(const msgpack_object *o, struct update *out,
			  struct weald_msg *msg)
{
	size_t i;

	if (o->type != MSGPACK_OBJECT_ARRAY ||
	    o->via.array.size > CHANGES_MAX) {
		goto malformed;
	}
	if (o->via.array.size == 0) {
		return WEALD_OK;
	}
	out->changes = calloc(o->via.array.size, sizeof *out->changes);
	if (out->changes == NULL) {
		return WEALD_NOMEM;
	}
	out->changes_n = o->via.array.size;
	for (i = 0; i < out->changes_n; i++) {
		if (!decode_change(&o->via.array.ptr[i], &out->changes[i])) {
			goto malformed;
		}
	}
	return WEALD_OK;
malformed:
	msg_set(msg, "changes is not an array of [path, size, sha256, blob] "
		     "and [path]");
	return WEALD_MALFORMED;
}

/* The fields of @f by position; the name of the first that does not fit. */
static const char *decode_fields(const msgpack_object *f, struct update *out)
{
#define FIELD(ok, name)      \
	if (!(ok)) {         \
		return name; \
	}
	FIELD(mp_get_bytes(&f[1], out->feed, sizeof out->feed), "feed")
	FIELD(mp_get_str(&f[2], &out->slug), "slug")
	FIELD(mp_get_bytes(&f[3], out->root, sizeof out->root), "root")
	FIELD(mp_get_uint(&f[4], &out->epoch), "epoch")
	FIELD(mp_get_uint(&f[5], &out->seq), "seq")
	FIELD(mp_get_bytes(&f[6], out->prev, sizeof out->prev), "prev")
	FIELD(mp_get_uint(&f[7], &out->time), "time")
	FIELD(mp_get_bytes(&f[8], out->key, sizeof out->key), "key")
	FIELD(decode_grant(&f[9], &out->grant), "grant")
	FIELD(mp_get_str(&f[10], &out->action), "action")
	FIELD(mp_get_str(&f[11], &out->record), "record")
	FIELD(mp_get_uint(&f[12], &out->version), "version")
	FIELD(mp_get_str(&f[13], &out->summary), "summary")
	FIELD(mp_get_str(&f[14], &out->note), "note")
	FIELD(decode_topics(&f[15], out), "topics")
	FIELD(mp_get_bytes(&f[16], out->parent, sizeof out->parent), "parent")
	FIELD(mp_get_bytes(&f[17], out->tree, sizeof out->tree), "tree")
	FIELD(mp_get_bytes(&f[19], out->nonce, sizeof out->nonce), "nonce")
	FIELD(mp_get_bin(&f[20], &out->ext), "ext")
#undef FIELD
	return NULL;
}

static int decode_root(const msgpack_object *root, struct update *out,
		       struct weald_msg *msg)
{
	const msgpack_object *f;
	const char *name;
	uint64_t format;

	if (root->type == MSGPACK_OBJECT_ARRAY && root->via.array.size > 0 &&
	    mp_get_uint(&root->via.array.ptr[0], &format) &&
	    format != UPDATE_FORMAT) {
		msg_set(msg, "format is %llu, this version knows %u",
			(unsigned long long)format, UPDATE_FORMAT);
		return WEALD_FORMAT;
	}
	if (!mp_get_array(root, UPDATE_FIELDS, &f)) {
		msg_set(msg, "payload is not an array of %u fields",
			UPDATE_FIELDS);
		return WEALD_MALFORMED;
	}
	name = mp_get_uint(&f[0], &format) ? decode_fields(f, out) : "format";
	if (name != NULL) {
		msg_set(msg, "%s has another type or size", name);
		return WEALD_MALFORMED;
	}
	return decode_changes(&f[18], out, msg);
}

int update_decode(struct span payload, struct update *out,
		  struct weald_msg *msg)
{
	/* payload > change > its fields; a value takes 7 bytes on average */
	static const struct mp_limits limits = {
		.depth = 3, .elements = PAYLOAD_BYTES_MAX / 7
	};
	struct update u = { .seq = 0 };
	struct mp_doc doc;
	int r;

	if (payload.len > PAYLOAD_BYTES_MAX) {
		msg_set(msg, "payload has %zu bytes, the most is %u",
			payload.len, PAYLOAD_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = mp_open(&doc, payload, &limits, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "payload");
		return r;
	}
	r = decode_root(mp_root(&doc), &u, msg);
	mp_close(&doc);
	if (r == WEALD_OK) {
		r = update_check(&u, msg);
	}
	if (r != WEALD_OK) {
		update_release(&u);
		return r;
	}
	*out = u;
	return WEALD_OK;
}

void update_release(struct update *u)
{
	free(u->changes);
	*u = (struct update){ .seq = 0 };
}

int grant_statement(const struct update *u, uint64_t until, struct buf *out)
{
	struct mp_writer w;

	mp_writer_begin(&w, out);
	mp_put_array(&w, 7);
	mp_put_bin(&w, u->feed, sizeof u->feed);
	mp_put_str(&w, u->action);
	mp_put_uint(&w, u->epoch);
	mp_put_uint(&w, u->seq);
	mp_put_bin(&w, u->prev, sizeof u->prev);
	mp_put_bin(&w, u->key, sizeof u->key);
	mp_put_uint(&w, until);
	return mp_writer_end(&w);
}

int grant_verify(const struct update *u, struct weald_msg *msg)
{
	struct buf statement;
	int r;

	if (!u->grant.present) {
		return WEALD_OK;
	}
	buf_init(&statement, 512);
	r = grant_statement(u, u->grant.until, &statement);
	if (r == WEALD_OK) {
		r = sshsig_verify(u->grant.root, GRANT_NAMESPACE,
				  buf_span(&statement), u->grant.sig, msg);
	}
	buf_release(&statement);
	if (r == WEALD_SIGNATURE || r == WEALD_SIGNATURE_FORM ||
	    r == WEALD_KEY_WEAK) {
		msg_prefix(msg, "grant");
	}
	if (r == WEALD_SIGNATURE || r == WEALD_SIGNATURE_FORM) {
		return WEALD_GRANT_SIGNATURE;
	}
	return r;
}
