#include "proto/sshsig.h"

#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/sshkey.h"
#include "proto/sshtext.h"

#define LABEL   "SSH SIGNATURE"
#define MAGIC   "SSHSIG"
#define HASH    "sha512"
#define VERSION 1u

/* Room for both blobs: about 180 bytes and the namespace. */
#define BLOB_BYTES_MAX (256u + SSHSIG_NAMESPACE_BYTES_MAX)

/*
 * The longest text that is looked at: signatures by large keys of other types
 * are shorter and deserve to be told so.
 */
#define TEXT_BYTES_MAX (8u * 1024u)

static int add_string(struct buf *b, const char *text)
{
	return buf_add_ssh_string(b, text, strlen(text));
}

static void check_namespace(const char *namespace)
{
	assert(namespace[0] != '\0');
	assert(strlen(namespace) <= SSHSIG_NAMESPACE_BYTES_MAX);
}

/* The fields that the signed bytes and the armour have in common. */
static int add_context(struct buf *b, const char *namespace)
{
	int r = add_string(b, namespace);

	if (r == WEALD_OK) {
		r = add_string(b, ""); /* reserved */
	}
	if (r == WEALD_OK) {
		r = add_string(b, HASH);
	}
	return r;
}

int sshsig_message(struct buf *b, const char *namespace, struct span message)
{
	uint8_t digest[SHA512_BYTES];
	size_t start = b->len;
	int r;

	check_namespace(namespace);
	r = digest_sha512(message, digest);
	if (r == WEALD_OK) {
		r = buf_add_text(b, MAGIC);
	}
	if (r == WEALD_OK) {
		r = add_context(b, namespace);
	}
	if (r == WEALD_OK) {
		r = buf_add_ssh_string(b, digest, sizeof digest);
	}
	if (r != WEALD_OK) {
		b->len = start;
	}
	return r;
}

int sshsig_sign(const struct ed25519_signer *signer, const char *namespace,
		struct span message, uint8_t out_sig[SIG_BYTES])
{
	struct buf blob;
	int r;

	buf_init(&blob, BLOB_BYTES_MAX);
	r = sshsig_message(&blob, namespace, message);
	if (r == WEALD_OK) {
		r = ed25519_signer_sign(signer, buf_span(&blob), out_sig);
	}
	buf_release(&blob);
	return r;
}

int sshsig_verify(const uint8_t key[PUBKEY_BYTES], const char *namespace,
		  struct span message, const uint8_t sig[SIG_BYTES],
		  struct weald_msg *msg)
{
	struct buf blob;
	int r;

	buf_init(&blob, BLOB_BYTES_MAX);
	r = sshsig_message(&blob, namespace, message);
	if (r == WEALD_OK) {
		r = ed25519_verify(key, buf_span(&blob), sig, msg);
	} else {
		msg_set(msg, "%s", err_text(r));
	}
	buf_release(&blob);
	return r;
}

/* The "signature" of RFC 8709, section 6, as a string. */
static int add_signature(struct buf *b, const uint8_t sig[SIG_BYTES])
{
	int r = buf_add_be32(b, 4 + SSHKEY_TYPE_BYTES + 4 + SIG_BYTES);

	if (r == WEALD_OK) {
		r = add_string(b, SSHKEY_TYPE);
	}
	if (r == WEALD_OK) {
		r = buf_add_ssh_string(b, sig, SIG_BYTES);
	}
	return r;
}

static int add_blob(struct buf *b, const char *namespace,
		    const uint8_t key[PUBKEY_BYTES],
		    const uint8_t sig[SIG_BYTES])
{
	int r = buf_add_text(b, MAGIC);

	if (r == WEALD_OK) {
		r = buf_add_be32(b, VERSION);
	}
	if (r == WEALD_OK) {
		r = buf_add_be32(b, SSHKEY_BLOB_BYTES);
	}
	if (r == WEALD_OK) {
		r = sshkey_add_blob(b, key);
	}
	if (r == WEALD_OK) {
		r = add_context(b, namespace);
	}
	if (r == WEALD_OK) {
		r = add_signature(b, sig);
	}
	return r;
}

int sshsig_armour(struct buf *b, const char *namespace,
		  const uint8_t key[PUBKEY_BYTES], const uint8_t sig[SIG_BYTES])
{
	struct buf blob;
	int r;

	check_namespace(namespace);
	buf_init(&blob, BLOB_BYTES_MAX);
	r = add_blob(&blob, namespace, key, sig);
	if (r == WEALD_OK) {
		r = sshtext_write(b, LABEL, buf_span(&blob));
	}
	buf_release(&blob);
	return r;
}

static int parse_head(struct reader *r, struct weald_msg *msg)
{
	uint32_t version;

	if (reader_expect(r, MAGIC) != WEALD_OK ||
	    reader_be32(r, &version) != WEALD_OK) {
		msg_set(msg, "the base64 is not of an SSH signature");
		return WEALD_ARMOUR;
	}
	if (version != VERSION) {
		msg_set(msg, "the version is %u, wanted %u", (unsigned)version,
			VERSION);
		return WEALD_ARMOUR;
	}
	return WEALD_OK;
}

static int parse_context(struct reader *r, const char *namespace,
			 struct weald_msg *msg)
{
	int err = sshtext_expect(r, "namespace", namespace, WEALD_ARMOUR, msg);

	if (err == WEALD_OK) {
		err = sshtext_expect(r, "reserved field", "", WEALD_ARMOUR,
				     msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_expect(r, "hash algorithm", HASH, WEALD_ARMOUR,
				     msg);
	}
	return err;
}

/* What add_signature() writes; @out_sig borrows. */
static int parse_signature(struct reader *r, struct span *out_sig,
			   struct weald_msg *msg)
{
	struct reader in;
	struct span s = { NULL, 0 };
	int err = sshtext_take(r, "signature", &s, WEALD_ARMOUR, msg);

	if (err != WEALD_OK) {
		return err;
	}
	reader_init(&in, s);
	err = sshtext_expect(&in, "signature type", SSHKEY_TYPE, WEALD_ARMOUR,
			     msg);
	if (err == WEALD_OK) {
		err = sshtext_take_exact(&in, "signature", SIG_BYTES, out_sig,
					 WEALD_ARMOUR, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_end(&in, "signature", WEALD_ARMOUR, msg);
	}
	return err;
}

/* What add_blob() writes; @out_key and @out_sig borrow from @blob. */
static int parse_blob(struct span blob, const char *namespace,
		      struct span *out_key, struct span *out_sig,
		      struct weald_msg *msg)
{
	struct reader r;
	struct span s = { NULL, 0 };
	int err;

	reader_init(&r, blob);
	err = parse_head(&r, msg);
	if (err == WEALD_OK) {
		err = sshtext_take(&r, "public key", &s, WEALD_ARMOUR, msg);
	}
	if (err == WEALD_OK) {
		err = sshkey_parse_blob(s, out_key, WEALD_ARMOUR, msg);
	}
	if (err == WEALD_OK) {
		err = parse_context(&r, namespace, msg);
	}
	if (err == WEALD_OK) {
		err = parse_signature(&r, out_sig, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_end(&r, "signature", WEALD_ARMOUR, msg);
	}
	return err;
}

/* Is @text what sshsig_armour() writes for @key and @sig? */
static int check_written(struct span text, const char *namespace,
			 const uint8_t *key, const uint8_t *sig,
			 struct weald_msg *msg)
{
	struct buf again;
	int r;

	buf_init(&again, SSHSIG_ARMOUR_BYTES_MAX);
	r = sshsig_armour(&again, namespace, key, sig);
	assert(r != WEALD_TOOBIG);
	if (r == WEALD_OK && !span_equal(text, buf_span(&again))) {
		r = WEALD_ARMOUR;
		if (memchr(text.data, '\r', text.len) != NULL) {
			msg_set(msg, "lines end in CR LF, wanted LF");
		} else {
			msg_set(msg, "not in lines of 70 columns as "
				     "ssh-keygen writes them");
		}
	}
	buf_release(&again);
	return r;
}

int sshsig_parse_armour(struct span text, const char *namespace,
			uint8_t out_key[PUBKEY_BYTES],
			uint8_t out_sig[SIG_BYTES], struct weald_msg *msg)
{
	struct span key = { NULL, 0 };
	struct span sig = { NULL, 0 };
	struct buf blob;
	int r;

	check_namespace(namespace);
	if (text.len > TEXT_BYTES_MAX) {
		msg_set(msg, "%zu bytes are too long for a signature",
			text.len);
		return WEALD_ARMOUR;
	}
	buf_init(&blob, TEXT_BYTES_MAX);
	r = sshtext_read(text, LABEL, &blob, WEALD_ARMOUR, msg);
	if (r == WEALD_OK) {
		r = parse_blob(buf_span(&blob), namespace, &key, &sig, msg);
	}
	if (r == WEALD_OK) {
		r = check_written(text, namespace, key.data, sig.data, msg);
	}
	if (r == WEALD_OK) {
		memcpy(out_key, key.data, PUBKEY_BYTES);
		memcpy(out_sig, sig.data, SIG_BYTES);
	}
	buf_release(&blob);
	return r;
}
