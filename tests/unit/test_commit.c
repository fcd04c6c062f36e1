#include "proto/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/digest.h"
#include "proto/sshsig.h"
#include "tests/unit/sample.h"
#include "tests/unit/vectors.h"

static struct weald_msg msg;

/* The commit of vector @i, appended to @out. */
static void vector_commit(size_t i, struct buf *out)
{
	const struct vector *v = &vectors_get()->updates[i];
	struct update u;

	vectors_update(i, &u);
	assert_int_equal(commit_build(&u, v->payload, v->sig, out), WEALD_OK);
}

/* Parse and release; on success check that S is not that of the author. */
static int parse_and_verify(struct span commit)
{
	uint8_t sig[SIG_BYTES];
	struct buf payload;
	struct update u;
	int r;

	buf_init(&payload, PAYLOAD_BYTES_MAX);
	r = commit_parse(commit, &payload, &u, sig, &msg);
	if (r == WEALD_OK) {
		r = commit_verify(&u, buf_span(&payload), sig, &msg);
		update_release(&u);
	} else {
		assert_int_equal(payload.len, 0);
	}
	buf_release(&payload);
	return r;
}

static void commit_text__gives_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	struct update u;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		vectors_update(i, &u);
		assert_int_equal(commit_text(&u, v->updates[i].payload, &b),
				 WEALD_OK);
		assert_true(
			span_equal(buf_span(&b), v->updates[i].commit_text));
	}
	buf_release(&b);
}

static void commit_text__signed_gives_the_signatures_of_the_vectors(
	void **state)
{
	const struct vectors *v = vectors_get();
	struct ed25519_signer *signer;
	uint8_t sig[SIG_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < VECTORS_N; i++) {
		assert_int_equal(ed25519_signer_new(v->updates[i].seed,
						    &signer),
				 WEALD_OK);
		assert_int_equal(sshsig_sign(signer, COMMIT_NAMESPACE,
					     v->updates[i].commit_text, sig),
				 WEALD_OK);
		assert_memory_equal(sig, v->updates[i].sig, sizeof sig);
		ed25519_signer_free(signer);
	}
}

static void commit_build__gives_the_ids_of_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	uint8_t id[OBJECT_ID_BYTES];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		vector_commit(i, &b);
		assert_int_equal(sample_object_id(OBJECT_COMMIT, b.data, b.len,
						  id),
				 WEALD_OK);
		assert_memory_equal(id, v->updates[i].commit, sizeof id);
	}
	buf_release(&b);
}

static void commit_parse__reads_the_vectors(void **state)
{
	const struct vectors *v = vectors_get();
	uint8_t sig[SIG_BYTES];
	struct update by_hand;
	struct update got;
	struct buf payload;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	buf_init(&payload, PAYLOAD_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		buf_clear(&payload);
		vector_commit(i, &b);
		vectors_update(i, &by_hand);
		assert_int_equal(commit_parse(buf_span(&b), &payload, &got, sig,
					      &msg),
				 WEALD_OK);
		assert_true(
			span_equal(buf_span(&payload), v->updates[i].payload));
		assert_memory_equal(sig, v->updates[i].sig, sizeof sig);
		assert_true(sample_equal(&got, &by_hand));
		assert_int_equal(commit_verify(&got, buf_span(&payload), sig,
					       &msg),
				 WEALD_OK);
		update_release(&got);
	}
	buf_release(&payload);
	buf_release(&b);
}

static void commit_parse__appends_the_payload(void **state)
{
	const struct vectors *v = vectors_get();
	uint8_t sig[SIG_BYTES];
	struct update got;
	struct buf payload;
	struct buf b;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	buf_init(&payload, PAYLOAD_BYTES_MAX);
	vector_commit(2, &b);
	assert_int_equal(buf_add_text(&payload, "before"), WEALD_OK);
	assert_int_equal(commit_parse(buf_span(&b), &payload, &got, sig, &msg),
			 WEALD_OK);
	assert_int_equal(payload.len, 6 + v->updates[2].payload.len);
	assert_memory_equal(payload.data, "before", 6);
	assert_memory_equal(payload.data + 6, v->updates[2].payload.data,
			    v->updates[2].payload.len);
	update_release(&got);

	b.data[b.len - 2] ^= 1;
	payload.len = 6;
	check_refused(commit_parse(buf_span(&b), &payload, &got, sig, &msg),
		      WEALD_COMMIT_FORM, &msg, "message");
	assert_int_equal(payload.len, 6);
	buf_release(&payload);
	buf_release(&b);
}

static void commit_build__leaves_a_full_buffer_as_it_was(void **state)
{
	const struct vector *v = &vectors_get()->updates[2];
	struct update u;
	struct buf b;
	size_t max;

	(void)state;
	vectors_update(2, &u);
	for (max = 6; max < 1500; max += 7) {
		buf_init(&b, max);
		assert_int_equal(buf_add_text(&b, "before"), WEALD_OK);
		if (commit_build(&u, v->payload, v->sig, &b) == WEALD_OK) {
			buf_release(&b);
			break;
		}
		assert_int_equal(commit_build(&u, v->payload, v->sig, &b),
				 WEALD_TOOBIG);
		assert_true(span_equal(buf_span(&b), span_of("before")));
		buf_release(&b);
	}
	assert_in_range(max, 1000, 1499);
}

/* The commit of vector 5, as text with NUL, in which tests change a part. */
static char *commit_begin(void)
{
	struct buf b;

	buf_init(&b, COMMIT_BYTES_MAX + 1);
	vector_commit(5, &b);
	assert_int_equal(buf_add_byte(&b, '\0'), WEALD_OK);
	return (char *)b.data; /* freed by commit_refused() */
}

/* @text with its first @what replaced by @with; frees @text. */
static char *replace(char *text, const char *what, const char *with)
{
	char *at = strstr(text, what);
	char *out;

	assert_non_null(at);
	out = malloc(strlen(text) + strlen(with) + 1);
	assert_non_null(out);
	memcpy(out, text, (size_t)(at - text));
	strcpy(out + (at - text), with);
	strcat(out, at + strlen(what));
	free(text);
	return out;
}

static void commit_refused(char *text, int code, const char *word)
{
	check_refused(parse_and_verify(span_of(text)), code, &msg, word);
	free(text);
}

/* The whole gpgsig header, with its line feed. */
static void header_of(const char *text, char *out, size_t size)
{
	const char *begin = strstr(text, "gpgsig ");
	const char *end = strstr(text, " -----END SSH SIGNATURE-----\n");
	size_t n;

	assert_non_null(begin);
	assert_non_null(end);
	n = (size_t)(end - begin) + strlen(" -----END SSH SIGNATURE-----\n");
	assert_true(n < size);
	memcpy(out, begin, n);
	out[n] = '\0';
}

static void commit_parse__takes_what_the_tests_begin_with(void **state)
{
	char *text = commit_begin();

	(void)state;
	assert_int_equal(parse_and_verify(span_of(text)), WEALD_OK);
	free(text);
}

/* Break the armour's base64 into lines of @columns. */
static char *rewrap(size_t columns)
{
	char *text = commit_begin();
	char *begin = strstr(text, "-----BEGIN SSH SIGNATURE-----\n ");
	char *end = strstr(text, "\n -----END SSH SIGNATURE-----");
	char *out = calloc(2, strlen(text));
	size_t column = 0;
	char *to = out;
	char *at;

	assert_non_null(out);
	begin += strlen("-----BEGIN SSH SIGNATURE-----\n ");
	memcpy(to, text, (size_t)(begin - text));
	to += begin - text;
	for (at = begin; at < end; at++) {
		if (*at == '\n' || *at == ' ') {
			continue;
		}
		if (column == columns) {
			*to++ = '\n';
			*to++ = ' ';
			column = 0;
		}
		*to++ = *at;
		column++;
	}
	strcpy(to, end);
	free(text);
	return out;
}

static void commit_parse__refuses_rewrapped_armour(void **state)
{
	char *same = rewrap(70);

	(void)state;
	assert_int_equal(parse_and_verify(span_of(same)), WEALD_OK);
	free(same);
	commit_refused(rewrap(64), WEALD_ARMOUR, "gpgsig");
	commit_refused(rewrap(76), WEALD_ARMOUR, "gpgsig");
	commit_refused(rewrap(1), WEALD_ARMOUR, "gpgsig");
}

static void commit_parse__refuses_armour_in_one_line(void **state)
{
	(void)state;
	commit_refused(rewrap(10000), WEALD_ARMOUR, "gpgsig");
}

static void commit_parse__refuses_spaces_in_the_armour(void **state)
{
	(void)state;
	commit_refused(replace(commit_begin(), "\n -----END", " \n -----END"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "BEGIN SSH SIGNATURE-----\n",
			       "BEGIN SSH SIGNATURE----- \n"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "END SSH SIGNATURE-----\n",
			       "END SSH SIGNATURE----- \n"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "\n -----END", "\n  -----END"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "gpgsig -----BEGIN",
			       "gpgsig  -----BEGIN"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "\n -----END", "\r\n -----END"),
		       WEALD_ARMOUR, "gpgsig");
}

static void commit_parse__refuses_text_around_the_armour(void **state)
{
	(void)state;
	commit_refused(replace(commit_begin(), "END SSH SIGNATURE-----\n",
			       "END SSH SIGNATURE-----\n text\n"),
		       WEALD_ARMOUR, "gpgsig: text after the END line");
	commit_refused(replace(commit_begin(), "END SSH SIGNATURE-----\n",
			       "END SSH SIGNATURE-----\n \n"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), "gpgsig -----BEGIN",
			       "gpgsig text\n -----BEGIN"),
		       WEALD_ARMOUR, "gpgsig");
	commit_refused(replace(commit_begin(), " -----END SSH SIGNATURE-----\n",
			       ""),
		       WEALD_ARMOUR, "gpgsig");
}

/* One more header behind the signature: git calls such commits good. */
static void refuse_header_behind(const char *name, const char *word)
{
	char header[1000];
	char both[2100];
	char *text = commit_begin();

	header_of(text, header, sizeof header);
	snprintf(both, sizeof both, "%s%s%s", header, name,
		 header + strlen("gpgsig"));
	commit_refused(replace(text, header, both), WEALD_COMMIT_FORM, word);
}

static void commit_parse__refuses_a_gpgsigx_header(void **state)
{
	(void)state;
	refuse_header_behind("gpgsigx", "\"gpgsigx\"");
}

static void commit_parse__refuses_a_gpgsig_sha256_header(void **state)
{
	(void)state;
	refuse_header_behind("gpgsig-sha256", "\"gpgsig-sha256\"");
}

static void commit_parse__refuses_a_second_gpgsig_header(void **state)
{
	(void)state;
	refuse_header_behind("gpgsig", "\"gpgsig\"");
}

static void commit_parse__refuses_a_misspelt_gpgsig_header(void **state)
{
	(void)state;
	commit_refused(replace(commit_begin(), "\ngpgsig ", "\ngpgsigx "),
		       WEALD_COMMIT_FORM, "gpgsig");
	commit_refused(replace(commit_begin(), "\ngpgsig ", "\nGpgsig "),
		       WEALD_COMMIT_FORM, "gpgsig");
}

static void commit_parse__refuses_a_commit_without_signature(void **state)
{
	const struct vector *v = &vectors_get()->updates[5];

	(void)state;
	check_refused(parse_and_verify(v->commit_text), WEALD_COMMIT_FORM, &msg,
		      "no gpgsig");
}

static void commit_parse__refuses_moved_headers(void **state)
{
	char moved[2000];
	char header[1000];
	char *text = commit_begin();

	(void)state;
	header_of(text, header, sizeof header);
	snprintf(moved, sizeof moved, "%sauthor ", header);
	text = replace(text, header, "");
	commit_refused(replace(text, "author ", moved), WEALD_COMMIT_FORM,
		       "\"gpgsig\" where the update builds \"author\"");

	text = commit_begin();
	header_of(text, header, sizeof header);
	snprintf(moved, sizeof moved, "%sweald-update ", header);
	text = replace(text, header, "");
	commit_refused(replace(text, "weald-update ", moved), WEALD_COMMIT_FORM,
		       "gpgsig");
}

static void commit_parse__refuses_headers_of_others(void **state)
{
	(void)state;
	commit_refused(replace(commit_begin(), "weald-update ",
			       "encoding UTF-8\nweald-update "),
		       WEALD_COMMIT_FORM, "encoding");
	commit_refused(replace(commit_begin(), "gpgsig ", "x y\n z\ngpgsig "),
		       WEALD_COMMIT_FORM, "\"x\"");
	commit_refused(replace(commit_begin(), "author ",
			       "parent 0000000000000000000000000000000000000000"
			       "\nauthor "),
		       WEALD_COMMIT_FORM, "parent");
	commit_refused(replace(commit_begin(), "gpgsig ",
			       "weald-update AAAA\ngpgsig "),
		       WEALD_COMMIT_FORM, "weald-update");
}

static void commit_parse__refuses_changed_parts(void **state)
{
	static const struct {
		const char *what;
		const char *with;
		const char *part;
	} rows[] = {
		{ "tree 7", "tree 8", "tree" },
		{ "tree 75", "tree  75", "tree" },
		{ "tree 75", "tree 75\n ", "tree" },
		{ "\nparent 4", "\nparent 5", "parent" },
		{ "author south", "author north", "author" },
		{ "author south-west <", "author south-west  <", "author" },
		{ "1793512800 +0000\ncommitter", "1793512801 +0000\ncommitter",
		  "author" },
		{ "+0000\ncommitter", "+0100\ncommitter", "author" },
		{ "+0000\ncommitter", "-0000\ncommitter", "author" },
		{ "committer south", "committer north", "committer" },
		{ "\n\nRevise", "\n\nrevise", "message" },
		{ "\n\nRevise", "\n\n\nRevise", "message" },
		{ "Version: 2\n", "Version: 2 \n", "message" },
		{ "Version: 2\n", "Version: 02\n", "message" },
		{ "Topics: sepsis\n", "", "message" },
		{ "Record: ", "record: ", "message" },
		{ "Update: 6 ", "Update: 7 ", "message" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		commit_refused(replace(commit_begin(), rows[i].what,
				       rows[i].with),
			       WEALD_COMMIT_FORM, rows[i].part);
	}
}

static void commit_parse__refuses_other_ends(void **state)
{
	char *text = commit_begin();
	struct span s = span_of(text);

	(void)state;
	s.len--; /* without the last line feed */
	check_refused(parse_and_verify(s), WEALD_COMMIT_FORM, &msg, "message");
	s.len += 2; /* with the NUL of the text */
	check_refused(parse_and_verify(s), WEALD_COMMIT_FORM, &msg, "message");
	text[s.len - 1] = '\n';
	check_refused(parse_and_verify(s), WEALD_COMMIT_FORM, &msg, "message");
	free(text);
}

static void commit_parse__refuses_another_key_in_the_armour(void **state)
{
	const struct vector *v = &vectors_get()->updates[5];
	struct update u;
	struct buf b;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	vectors_update(5, &u);
	u.key[0] ^= 1;
	assert_int_equal(commit_build(&u, v->payload, v->sig, &b), WEALD_OK);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_COMMIT_FORM, &msg,
		      "gpgsig");
	buf_release(&b);
}

static void commit_parse__refuses_another_namespace(void **state)
{
	const struct vector *v = &vectors_get()->updates[5];
	struct reader lines;
	struct span line;
	struct update u;
	struct buf armour;
	char header[1000];
	char other[1000] = "";
	char *text = commit_begin();

	(void)state;
	vectors_update(5, &u);
	buf_init(&armour, 1000);
	assert_int_equal(sshsig_armour(&armour, "file", u.key, v->sig),
			 WEALD_OK);
	header_of(text, header, sizeof header);
	strcat(other, "gpgsig");
	reader_init(&lines, buf_span(&armour));
	while (reader_until(&lines, '\n', &line) == WEALD_OK) {
		snprintf(other + strlen(other), sizeof other - strlen(other),
			 " %.*s\n", (int)line.len, (const char *)line.data);
	}
	commit_refused(replace(text, header, other), WEALD_ARMOUR,
		       "gpgsig: the namespace");
	buf_release(&armour);
}

static const uint8_t group_order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10
};

static void commit_verify__refuses_s_plus_l(void **state)
{
	const struct vector *v = &vectors_get()->updates[5];
	uint8_t sig[SIG_BYTES];
	unsigned carry = 0;
	struct update u;
	struct buf b;
	size_t i;

	(void)state;
	memcpy(sig, v->sig, sizeof sig);
	for (i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + group_order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	vectors_update(5, &u);
	check_refused(commit_verify(&u, v->payload, sig, &msg),
		      WEALD_SIGNATURE_FORM, &msg, "signature");
	/* the whole commit with it, as a peer would send it */
	buf_init(&b, COMMIT_BYTES_MAX);
	assert_int_equal(commit_build(&u, v->payload, sig, &b), WEALD_OK);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_SIGNATURE_FORM,
		      &msg, "signature");
	buf_release(&b);
}

static void commit_verify__refuses_other_signatures(void **state)
{
	const struct vectors *v = vectors_get();
	uint8_t sig[SIG_BYTES];
	struct update u;

	(void)state;
	vectors_update(4, &u);
	/* a good signature by the right key, of another update */
	check_refused(commit_verify(&u, v->updates[4].payload,
				    v->updates[5].sig, &msg),
		      WEALD_SIGNATURE, &msg, "signature");
	memcpy(sig, v->updates[4].sig, sizeof sig);
	sig[0] ^= 1;
	check_refused(commit_verify(&u, v->updates[4].payload, sig, &msg),
		      WEALD_SIGNATURE, &msg, "signature");
	memset(sig, 0, sizeof sig);
	check_refused(commit_verify(&u, v->updates[4].payload, sig, &msg),
		      WEALD_SIGNATURE_FORM, &msg, "signature");
}

static void commit_verify__refuses_the_old_key_after_a_rotation(void **state)
{
	const struct vectors *v = vectors_get();
	struct ed25519_signer *signer;
	uint8_t sig[SIG_BYTES];
	struct update u;

	(void)state;
	assert_int_equal(ed25519_signer_new(v->seed_first, &signer), WEALD_OK);
	assert_int_equal(sshsig_sign(signer, COMMIT_NAMESPACE,
				     v->updates[4].commit_text, sig),
			 WEALD_OK);
	ed25519_signer_free(signer);
	vectors_update(4, &u);
	check_refused(commit_verify(&u, v->updates[4].payload, sig, &msg),
		      WEALD_SIGNATURE, &msg, "signature");
}

static void commit_verify__refuses_another_namespace(void **state)
{
	const struct vectors *v = vectors_get();
	struct ed25519_signer *signer;
	uint8_t sig[SIG_BYTES];
	struct update u;

	(void)state;
	assert_int_equal(ed25519_signer_new(v->seed_second, &signer), WEALD_OK);
	assert_int_equal(sshsig_sign(signer, "file", v->updates[4].commit_text,
				     sig),
			 WEALD_OK);
	ed25519_signer_free(signer);
	vectors_update(4, &u);
	check_refused(commit_verify(&u, v->updates[4].payload, sig, &msg),
		      WEALD_SIGNATURE, &msg, "signature");
}

static void commit_verify__refuses_a_weak_key(void **state)
{
	const struct vector *v = &vectors_get()->updates[4];
	struct update u;

	(void)state;
	vectors_update(4, &u);
	memset(u.key, 0, sizeof u.key);
	u.key[0] = 1;
	check_refused(commit_verify(&u, v->payload, v->sig, &msg),
		      WEALD_KEY_WEAK, &msg, "key");
}

static void commit_parse__refuses_what_is_no_commit_of_ours(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n",
		"weald-update AAAA", /* no line feed */
		"weald-update \n\n",
		"weald-update A\n\n",
		"weald-update AAA\n\n",
		"weald-update AA=A\n\n",
		"weald-update AB==\n\n",
		"weald-update ====\n\n",
		"weald-update AAAA \n\n",
		"weald-update AAAA\r\n\n",
		"\nweald-update AAAA\n\n",   /* in the message */
		"x\n weald-update AAAA\n\n", /* of another header */
		"weald-updates AAAA\n\n",
		"gpgsig x\n weald-update AAAA\n\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(parse_and_verify(span_of(bad[i])),
			      WEALD_COMMIT_NO_UPDATE, &msg, "weald-update");
	}
	check_refused(parse_and_verify((struct span){ NULL, 0 }),
		      WEALD_COMMIT_NO_UPDATE, &msg, "weald-update");
}

/* A commit of the samples with the payload @payload, whatever it is. */
static void commit_with(struct span payload, struct buf *out)
{
	buf_clear(out);
	assert_int_equal(buf_add_text(out, "tree x\nweald-update "), WEALD_OK);
	assert_int_equal(buf_add_base64(out, payload.data, payload.len),
			 WEALD_OK);
	assert_int_equal(buf_add_text(out, "\n\n"), WEALD_OK);
}

static void commit_parse__passes_on_what_is_wrong_with_the_payload(void **state)
{
	static const uint8_t longer[] = { 0x91, 0xcc, 0x01 };
	static const uint8_t later[] = { 0x91, 0x02 };
	struct sample s;
	struct buf p;
	struct buf b;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	buf_init(&p, PAYLOAD_BYTES_MAX);
	commit_with((struct span){ longer, sizeof longer }, &b);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_NONCANONICAL, &msg,
		      "payload");
	commit_with((struct span){ later, sizeof later }, &b);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_FORMAT, &msg,
		      "format");
	sample_plain(&s);
	s.u.time = 5;
	sample_payload(&s.u, &p);
	commit_with(buf_span(&p), &b);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_TIME, &msg, "time");
	buf_release(&p);
	buf_release(&b);
}

static void commit_parse__bounds_what_it_reads(void **state)
{
	struct buf b;
	uint8_t *zeros = calloc(1, COMMIT_BYTES_MAX + 1);

	(void)state;
	assert_non_null(zeros);
	check_refused(parse_and_verify(
			      (struct span){ zeros, COMMIT_BYTES_MAX + 1 }),
		      WEALD_COMMIT_FORM, &msg, "the most is");
	buf_init(&b, COMMIT_BYTES_MAX);
	commit_with((struct span){ zeros, PAYLOAD_BYTES_MAX + 1 }, &b);
	check_refused(parse_and_verify(buf_span(&b)), WEALD_TOOBIG, &msg,
		      "weald-update");
	buf_release(&b);
	free(zeros);
}

/* The largest update there is: every field at its limit, payload 64 KiB. */
static void commit__holds_the_largest_payload(void **state)
{
	static uint8_t text[PAYLOAD_BYTES_MAX];
	static struct change changes[2000];
	static char paths[2000][300];
	uint8_t sig[SIG_BYTES];
	struct sample s;
	struct buf payload;
	struct buf commit;
	size_t n = 0;
	size_t pad = 0;
	size_t i;

	(void)state;
	memset(text, 'a', sizeof text);
	sample_plain(&s);
	s.u.slug = (struct span){ text, SLUG_BYTES_MAX };
	snprintf(paths[0], sizeof paths[0], "%.60s/2026-11/%.60s", text, text);
	s.u.record = (struct span){ (const uint8_t *)strdup(paths[0]), 129 };
	s.u.seq = UINT_MAX_VALUE;
	s.u.version = UINT_MAX_VALUE;
	s.u.time = TIME_MAX;
	s.u.summary = (struct span){ text, SUMMARY_BYTES_MAX };
	s.u.note = (struct span){ text, NOTE_BYTES_MAX };
	s.u.topics_n = TOPICS_MAX;
	for (i = 0; i < TOPICS_MAX; i++) {
		uint8_t *topic = malloc(TOPIC_BYTES_MAX);

		assert_non_null(topic);
		memset(topic, 'a' + (int)i, TOPIC_BYTES_MAX);
		s.u.topics[i] = (struct span){ topic, TOPIC_BYTES_MAX };
	}
	s.u.changes = changes;
	buf_init(&payload, 4 * PAYLOAD_BYTES_MAX);
	/* removals of long paths; ext fills what they leave */
	for (n = 0; n < 300; n++) {
		snprintf(paths[n], sizeof paths[n], "%.129s/%04zu%.90s",
			 (const char *)s.u.record.data, n, text);
		changes[n] = (struct change){ .path = span_of(paths[n]),
					      .removal = true };
	}
	s.u.changes_n = n;
	while (update_encode(&s.u, &payload) != WEALD_OK) {
		s.u.changes_n--;
	}
	assert_true(s.u.changes_n < 300);
	pad = PAYLOAD_BYTES_MAX - payload.len;
	assert_in_range(pad, 1, 255); /* a bin of a short header */
	s.u.ext = (struct span){ text, pad };
	buf_clear(&payload);
	sample_payload(&s.u, &payload);
	assert_int_equal(payload.len, PAYLOAD_BYTES_MAX);
	assert_int_equal(update_check(&s.u, &msg), WEALD_OK);

	sample_sign(&s.u, buf_span(&payload), sig);
	buf_init(&commit, COMMIT_BYTES_MAX);
	assert_int_equal(commit_build(&s.u, buf_span(&payload), sig, &commit),
			 WEALD_OK);
	assert_int_equal(parse_and_verify(buf_span(&commit)), WEALD_OK);
	buf_release(&commit);
	buf_release(&payload);
	for (i = 0; i < TOPICS_MAX; i++) {
		free((void *)(uintptr_t)s.u.topics[i].data);
	}
	free((void *)(uintptr_t)s.u.record.data);
}

static void commit__round_trip_of_random_updates(void **state)
{
	uint8_t got_sig[SIG_BYTES];
	uint8_t sig[SIG_BYTES];
	struct update got;
	struct prng p;
	struct sample s;
	struct buf got_payload;
	struct buf payload;
	struct buf commit;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&payload, PAYLOAD_BYTES_MAX);
	buf_init(&got_payload, PAYLOAD_BYTES_MAX);
	buf_init(&commit, COMMIT_BYTES_MAX);
	for (i = 0; i < 1500; i++) {
		sample_random(&s, &p);
		buf_clear(&payload);
		buf_clear(&got_payload);
		buf_clear(&commit);
		sample_payload(&s.u, &payload);
		prng_bytes(&p, sig, sizeof sig);
		assert_int_equal(commit_build(&s.u, buf_span(&payload), sig,
					      &commit),
				 WEALD_OK);
		assert_int_equal(commit_parse(buf_span(&commit), &got_payload,
					      &got, got_sig, &msg),
				 WEALD_OK);
		assert_memory_equal(sig, got_sig, sizeof sig);
		assert_true(sample_equal(&got, &s.u));
		assert_true(
			span_equal(buf_span(&payload), buf_span(&got_payload)));
		update_release(&got);
	}
	buf_release(&payload);
	buf_release(&got_payload);
	buf_release(&commit);
}

static void commit_parse__refuses_any_changed_byte(void **state)
{
	struct prng p;
	struct buf b;
	size_t at;
	size_t i;
	uint8_t was;

	(void)state;
	prng_begin(&p, __func__);
	buf_init(&b, COMMIT_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		vector_commit(i, &b);
		for (at = 0; at < b.len; at++) {
			was = b.data[at];
			b.data[at] ^= (uint8_t)(1 + prng_below(&p, 255));
			msg.text[0] = '\0';
			if (parse_and_verify(buf_span(&b)) == WEALD_OK) {
				fail_msg("vector %zu, byte %zu", i, at);
			}
			assert_true(msg.text[0] != '\0');
			b.data[at] = was;
		}
	}
	buf_release(&b);
}

static void commit_parse__refuses_every_truncation(void **state)
{
	struct buf b;
	size_t n;
	size_t i;

	(void)state;
	buf_init(&b, COMMIT_BYTES_MAX);
	for (i = 0; i < VECTORS_N; i++) {
		buf_clear(&b);
		vector_commit(i, &b);
		for (n = 0; n < b.len; n++) {
			msg.text[0] = '\0';
			assert_int_not_equal(parse_and_verify((struct span){
						     b.data, n }),
					     WEALD_OK);
			assert_true(msg.text[0] != '\0');
		}
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_text__gives_the_vectors),
		cmocka_unit_test(
			commit_text__signed_gives_the_signatures_of_the_vectors),
		cmocka_unit_test(commit_build__gives_the_ids_of_the_vectors),
		cmocka_unit_test(commit_parse__reads_the_vectors),
		cmocka_unit_test(commit_parse__appends_the_payload),
		cmocka_unit_test(commit_build__leaves_a_full_buffer_as_it_was),
		cmocka_unit_test(commit_parse__takes_what_the_tests_begin_with),
		cmocka_unit_test(commit_parse__refuses_rewrapped_armour),
		cmocka_unit_test(commit_parse__refuses_armour_in_one_line),
		cmocka_unit_test(commit_parse__refuses_spaces_in_the_armour),
		cmocka_unit_test(commit_parse__refuses_text_around_the_armour),
		cmocka_unit_test(commit_parse__refuses_a_gpgsigx_header),
		cmocka_unit_test(commit_parse__refuses_a_gpgsig_sha256_header),
		cmocka_unit_test(commit_parse__refuses_a_second_gpgsig_header),
		cmocka_unit_test(
			commit_parse__refuses_a_misspelt_gpgsig_header),
		cmocka_unit_test(
			commit_parse__refuses_a_commit_without_signature),
		cmocka_unit_test(commit_parse__refuses_moved_headers),
		cmocka_unit_test(commit_parse__refuses_headers_of_others),
		cmocka_unit_test(commit_parse__refuses_changed_parts),
		cmocka_unit_test(commit_parse__refuses_other_ends),
		cmocka_unit_test(
			commit_parse__refuses_another_key_in_the_armour),
		cmocka_unit_test(commit_parse__refuses_another_namespace),
		cmocka_unit_test(commit_verify__refuses_s_plus_l),
		cmocka_unit_test(commit_verify__refuses_other_signatures),
		cmocka_unit_test(
			commit_verify__refuses_the_old_key_after_a_rotation),
		cmocka_unit_test(commit_verify__refuses_another_namespace),
		cmocka_unit_test(commit_verify__refuses_a_weak_key),
		cmocka_unit_test(
			commit_parse__refuses_what_is_no_commit_of_ours),
		cmocka_unit_test(
			commit_parse__passes_on_what_is_wrong_with_the_payload),
		cmocka_unit_test(commit_parse__bounds_what_it_reads),
		cmocka_unit_test(commit__holds_the_largest_payload),
		cmocka_unit_test(commit__round_trip_of_random_updates),
		cmocka_unit_test(commit_parse__refuses_any_changed_byte),
		cmocka_unit_test(commit_parse__refuses_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
