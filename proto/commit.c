#include "proto/commit.h"

#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/sshsig.h"

#define HEADER_UPDATE "weald-update "
#define HEADER_SIG    "gpgsig "

/* Several appends of which the first failure sticks. */
struct sink {
	struct buf *out;
	int err;
};

static void sink_add(struct sink *s, struct span piece)
{
	if (s->err == WEALD_OK) {
		s->err = buf_add(s->out, piece.data, piece.len);
	}
}

static void sink_text(struct sink *s, const char *text)
{
	sink_add(s, span_of(text));
}

static void sink_hex(struct sink *s, const uint8_t *data, size_t len)
{
	if (s->err == WEALD_OK) {
		s->err = buf_add_hex(s->out, data, len);
	}
}

static void sink_uint(struct sink *s, uint64_t v)
{
	if (s->err == WEALD_OK) {
		s->err = buf_addf(s->out, "%llu", (unsigned long long)v);
	}
}

/* "author south-west <south-west@8369ccb9a6d5> 1793494800 +0000" */
static void sink_person(struct sink *s, const char *header,
			const struct update *u, const uint8_t *feed)
{
	sink_text(s, header);
	sink_add(s, u->slug);
	sink_text(s, " <");
	sink_add(s, u->slug);
	sink_text(s, "@");
	sink_hex(s, feed, 6);
	sink_text(s, "> ");
	sink_uint(s, u->time);
	sink_text(s, " +0000\n");
}

static void sink_headers(struct sink *s, const struct update *u,
			 struct span payload, const uint8_t *digest)
{
	const uint8_t *feed = u->seq == 1 ? digest : u->feed;

	sink_text(s, "tree ");
	sink_hex(s, u->tree, sizeof u->tree);
	if (u->seq > 1) {
		sink_text(s, "\nparent ");
		sink_hex(s, u->parent, sizeof u->parent);
	}
	sink_text(s, "\n");
	sink_person(s, "author ", u, feed);
	sink_person(s, "committer ", u, feed);
	sink_text(s, HEADER_UPDATE);
	if (s->err == WEALD_OK) {
		s->err = buf_add_base64(s->out, payload.data, payload.len);
	}
	sink_text(s, "\n");
}

/* The armour as a header: each line behind the first indented by a space. */
static void sink_signature(struct sink *s, const struct update *u,
			   const uint8_t sig[SIG_BYTES])
{
	struct reader lines;
	struct span line;
	struct buf armour;

	buf_init(&armour, 1024);
	if (s->err == WEALD_OK) {
		s->err = sshsig_armour(&armour, COMMIT_NAMESPACE, u->key, sig);
	}
	sink_text(s, "gpgsig");
	reader_init(&lines, buf_span(&armour));
	while (reader_until(&lines, '\n', &line) == WEALD_OK) {
		sink_text(s, " ");
		sink_add(s, line);
		sink_text(s, "\n");
	}
	buf_release(&armour);
}

static void sink_message(struct sink *s, const struct update *u,
			 const uint8_t *digest)
{
	size_t i;

	sink_text(s, "\n");
	sink_add(s, u->summary);
	sink_text(s, "\n\n");
	if (u->note.len > 0) {
		sink_add(s, u->note);
		sink_text(s, "\n\n");
	}
	if (u->record.len > 0) {
		sink_text(s, "Record: ");
		sink_add(s, u->record);
		sink_text(s, "\nVersion: ");
		sink_uint(s, u->version);
		sink_text(s, "\n");
	}
	for (i = 0; i < u->topics_n; i++) {
		sink_text(s, i == 0 ? "Topics: " : ", ");
		sink_add(s, u->topics[i]);
	}
	sink_text(s, u->topics_n > 0 ? "\nUpdate: " : "Update: ");
	sink_uint(s, u->seq);
	sink_text(s, " ");
	sink_hex(s, digest, SHA256_BYTES);
	sink_text(s, "\n");
}

/* With the signature where @sig is given, without it where it is NULL. */
static int commit_write(const struct update *u, struct span payload,
			const uint8_t *sig, struct buf *out)
{
	struct sink s = { .out = out };
	uint8_t digest[SHA256_BYTES];
	size_t start = out->len;
	int r;

	r = digest_sha256(payload, digest);
	if (r != WEALD_OK) {
		return r;
	}
	sink_headers(&s, u, payload, digest);
	if (sig != NULL) {
		sink_signature(&s, u, sig);
	}
	sink_message(&s, u, digest);
	if (s.err != WEALD_OK) {
		out->len = start;
	}
	return s.err;
}

int commit_text(const struct update *u, struct span payload, struct buf *out)
{
	return commit_write(u, payload, NULL, out);
}

int commit_build(const struct update *u, struct span payload,
		 const uint8_t sig[SIG_BYTES], struct buf *out)
{
	assert(sig != NULL);
	return commit_write(u, payload, sig, out);
}

int commit_verify(const struct update *u, struct span payload,
		  const uint8_t sig[SIG_BYTES], struct weald_msg *msg)
{
	struct buf text;
	int r;

	buf_init(&text, COMMIT_BYTES_MAX);
	r = commit_text(u, payload, &text);
	if (r == WEALD_OK) {
		r = sshsig_verify(u->key, COMMIT_NAMESPACE, buf_span(&text),
				  sig, msg);
	}
	buf_release(&text);
	return r;
}

/*
 * Find the headers that hold the update and the signature. The first of each
 * counts; whatever else stands there shows when the commit is built again.
 */
struct commit_parts {
	struct span update; /* base64 */
	struct span sig;    /* the header's lines, with what joins them */
};

static bool line_begins(struct span line, const char *with)
{
	size_t n = strlen(with);

	return line.len >= n && memcmp(line.data, with, n) == 0;
}

static void commit_find(struct span commit, struct commit_parts *out)
{
	struct reader r;
	struct span line;
	bool in_sig = false;

	*out = (struct commit_parts){ .update = { NULL, 0 } };
	reader_init(&r, commit);
	while (reader_until(&r, '\n', &line) == WEALD_OK && line.len > 0) {
		if (in_sig && line.data[0] == ' ') {
			out->sig.len =
				(size_t)(line.data + line.len - out->sig.data);
			continue;
		}
		in_sig = false;
		if (out->update.data == NULL &&
		    line_begins(line, HEADER_UPDATE)) {
			out->update.data = line.data + strlen(HEADER_UPDATE);
			out->update.len = line.len - strlen(HEADER_UPDATE);
		}
		if (out->sig.data == NULL && line_begins(line, HEADER_SIG)) {
			out->sig.data = line.data + strlen(HEADER_SIG);
			out->sig.len = line.len - strlen(HEADER_SIG);
			in_sig = true;
		}
	}
}

/* The payload in the header @text, appended to @out: at least one byte. */
static int update_read(struct span text, struct buf *out, struct weald_msg *msg)
{
	int r = text.len == 0 ? WEALD_INVALID : base64_decode(text, out);

	if (r == WEALD_INVALID) {
		msg_set(msg, "the commit has no weald-update header that "
			     "can be read");
		return WEALD_COMMIT_NO_UPDATE;
	}
	if (r != WEALD_OK) {
		msg_set(msg, "weald-update: %s", err_text(r));
	}
	return r;
}

/* Undo the header's indentation: "\n " stands for "\n". */
static int armour_read(struct span header, uint8_t *out_key,
		       uint8_t out_sig[SIG_BYTES], struct weald_msg *msg)
{
	struct reader r;
	struct span line;
	struct buf text;
	bool more;
	int err;

	buf_init(&text, COMMIT_BYTES_MAX);
	reader_init(&r, header);
	do {
		more = reader_until(&r, '\n', &line) == WEALD_OK;
		if (more) {
			r.pos++; /* the space of the next line */
		} else {
			err = reader_take(&r, reader_left(&r), &line);
			assert(err == WEALD_OK);
		}
		err = buf_add(&text, line.data, line.len);
		if (err == WEALD_OK) {
			err = buf_add_byte(&text, '\n');
		}
	} while (err == WEALD_OK && more);
	if (err == WEALD_OK) {
		err = sshsig_parse_armour(buf_span(&text), COMMIT_NAMESPACE,
					  out_key, out_sig, msg);
	}
	buf_release(&text);
	return err;
}

/* The name of the header or part that @at, an offset in @commit, lies in. */
static void name_part(struct span commit, size_t at, struct span *out)
{
	static const char message[] = "message";
	struct reader r;
	struct span line;
	struct span name = { NULL, 0 };
	const uint8_t *space;

	reader_init(&r, commit);
	*out = span_of(message);
	while (reader_until(&r, '\n', &line) == WEALD_OK && line.len > 0) {
		if (line.data[0] != ' ') {
			space = memchr(line.data, ' ', line.len);
			name = line;
			if (space != NULL) {
				name.len = (size_t)(space - line.data);
			}
		}
		if (at < r.pos) {
			*out = name;
			return;
		}
	}
}

/* Say in which part @got first differs from @want. */
static void explain(struct span got, struct span want, struct weald_msg *msg)
{
	size_t least = got.len < want.len ? got.len : want.len;
	struct span got_part;
	struct span want_part;
	size_t at = 0;

	while (at < least && got.data[at] == want.data[at]) {
		at++;
	}
	name_part(got, at, &got_part);
	name_part(want, at, &want_part);
	if (span_equal(got_part, want_part)) {
		msg_set(msg, "the commit's %.*s is not what the update builds",
			(int)(got_part.len > 60 ? 60 : got_part.len),
			(const char *)got_part.data);
		return;
	}
	msg_set(msg, "the commit has \"%.*s\" where the update builds \"%.*s\"",
		(int)(got_part.len > 60 ? 60 : got_part.len),
		(const char *)got_part.data,
		(int)(want_part.len > 60 ? 60 : want_part.len),
		(const char *)want_part.data);
}

static int commit_compare(struct span commit, struct span payload,
			  const struct update *u, const uint8_t sig[SIG_BYTES],
			  struct weald_msg *msg)
{
	struct buf built;
	int r;

	buf_init(&built, COMMIT_BYTES_MAX);
	r = commit_build(u, payload, sig, &built);
	if (r == WEALD_OK && !span_equal(buf_span(&built), commit)) {
		explain(commit, buf_span(&built), msg);
		r = WEALD_COMMIT_FORM;
	}
	buf_release(&built);
	return r;
}

int commit_parse(struct span commit, struct buf *out_payload,
		 struct update *out_update, uint8_t out_sig[SIG_BYTES],
		 struct weald_msg *msg)
{
	struct commit_parts parts;
	struct update u = { .seq = 0 };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	size_t start = out_payload->len;
	struct span payload;
	int r;

	if (commit.len > COMMIT_BYTES_MAX) {
		msg_set(msg, "the commit has %zu bytes, the most is %u",
			commit.len, COMMIT_BYTES_MAX);
		return WEALD_COMMIT_FORM;
	}
	commit_find(commit, &parts);
	r = update_read(parts.update, out_payload, msg);
	if (r != WEALD_OK) {
		return r;
	}
	payload.data = out_payload->data + start;
	payload.len = out_payload->len - start;
	r = update_decode(payload, &u, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	if (parts.sig.data == NULL) {
		msg_set(msg, "the commit has no gpgsig header");
		r = WEALD_COMMIT_FORM;
		goto out;
	}
	r = armour_read(parts.sig, key, sig, msg);
	if (r == WEALD_ARMOUR) {
		msg_prefix(msg, "gpgsig");
	}
	if (r != WEALD_OK) {
		goto out;
	}
	r = commit_compare(commit, payload, &u, sig, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	memcpy(out_sig, sig, sizeof sig);
	*out_update = u;
	return WEALD_OK;
out:
	update_release(&u);
	out_payload->len = start;
	return r;
}
