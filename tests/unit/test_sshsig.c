#include "proto/sshsig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/sshtext.h"

/*
 * The key of TEST 1 of RFC 8032. The armours are what ssh-keygen 9.2 writes
 * with it for @signed_text; Ed25519 signatures have no chance in them.
 */
static const char seed_hex[] =
	"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char key_hex[] =
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char signed_text[] = "a message\n";

static const char armour_git[] = "-----BEGIN SSH SIGNATURE-----\n"
				 "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg1"
				 "1qYAYKxCrfVS/7TyWQHOg7hcv\n"
				 "PapiMlrwIaaPcHURoAAAADZ2l0AAAAAAAAAAZzaGE1MTI"
				 "AAABTAAAAC3NzaC1lZDI1NTE5\n"
				 "AAAAQKnwTM4q2XI6x5ZlJIXbg31n8wtBzJiUIijMj7Z9f"
				 "PxZ4vxCkBWMXhXymn975fYstA\n"
				 "mu1XqdhbqwU+sN/ZGzDAQ=\n"
				 "-----END SSH SIGNATURE-----\n";

static const char armour_grant[] = "-----BEGIN SSH SIGNATURE-----\n"
				   "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAA"
				   "g11qYAYKxCrfVS/7TyWQHOg7hcv\n"
				   "PapiMlrwIaaPcHURoAAAALd2VhbGQtZ3JhbnQAAAAAA"
				   "AAABnNoYTUxMgAAAFMAAAALc3No\n"
				   "LWVkMjU1MTkAAABA8a6va5wpaaVw3fk7zvgi4+"
				   "9hmVFvRrXmoCMea+RyxFiAKyjpDndpWw\n"
				   "dDks/mzI8pXpAEOkA187DnOOm9KZ2qBA==\n"
				   "-----END SSH SIGNATURE-----\n";

/* A namespace that fills the last line of base64 to its 70 columns. */
static const char namespace_40[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
static const char armour_40[] = "-----BEGIN SSH SIGNATURE-----\n"
				"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11"
				"qYAYKxCrfVS/7TyWQHOg7hcv\n"
				"PapiMlrwIaaPcHURoAAAAobm5ubm5ubm5ubm5ubm5ubm5u"
				"bm5ubm5ubm5ubm5ubm5ubm5u\n"
				"bm5ubgAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNT"
				"UxOQAAAEDsVn5NcJHRpSpKLv\n"
				"ljhHlnwbtMeSjZ1HmOquihsrZUi8bQLOU1fXm1bygPN3Vd"
				"0I6bMZ9q+pCssWoYKfBwWFUK\n"
				"-----END SSH SIGNATURE-----\n";

/* ssh-keygen -Y sign -O hashalg=sha256 */
static const char armour_sha256[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/"
	"7TyWQHOg7hcv\n"
	"PapiMlrwIaaPcHURoAAAADZ2l0AAAAAAAAAAZzaGEyNTYAAABTAAAAC3NzaC1lZDI1NTE5"
	"\n"
	"AAAAQFGirvHWQntm/h/"
	"7fr6d3aVNWrqsYVyooNMHOLiHtWbx+rqL+uPylBpgYLII1T+2w8\n"
	"WEGkQZSxpMjNWQn2VpJgM=\n"
	"-----END SSH SIGNATURE-----\n";

/* by a key of type ecdsa-sha2-nistp256 */
static const char armour_ecdsa[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE"
	"\n"
	"EEAnKeq+rzYVYTVx6gU1MCueS1Yxv+XR4lPIlD6/J3l7Y5q7F1rluM/"
	"+jQwPFexok8qIvL\n"
	"OWqGJboJ7FGXSY+/"
	"vQAAAANnaXQAAAAAAAAABnNoYTUxMgAAAGUAAAATZWNkc2Etc2hhMi\n"
	"1uaXN0cDI1NgAAAEoAAAAhAMOxvV90kdaazKURZgrym5WX4yUIH0PpPE9a16YzCj3yAAAA"
	"\n"
	"IQD79RoTYw+bZ3jRgykU7zCnhBNkiqYBTTMadVabgbYRIA==\n"
	"-----END SSH SIGNATURE-----\n";

/* The first update of tests/data/feed.json: made without this code. */
static const char feed_commit[] =
	"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
	"author south-west <south-west@8369ccb9a6d5> 1793494800 +0000\n"
	"committer south-west <south-west@8369ccb9a6d5> 1793494800 +0"
	"000\n"
	"weald-update 3AAVAcQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAACqc291dGgtd2VzdMQgDtl6n6Jk+gWQr6d8twr4QZKOt1AZpQNzAzNSk4m"
	"hnLkAAcQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADOauaPEMQ"
	"gBll43allcsqvdmAN7HdOFtLT12XnFWiANzqhftVlaViQq2NyZWF0ZS1mZWV"
	"koAC9Q3JlYXRlIHRoZSBmZWVkIG9mIFNvdXRoIFdlc3SgkMQUAAAAAAAAAAA"
	"AAAAAAAAAAAAAAADEFEuCXcZCy265oGDlS/jWkoj77kkEkMQQZ2uLuEznJn3"
	"VIN7KSBHI8cQA\n"
	"\n"
	"Create the feed of South West\n"
	"\n"
	"Update: 1 8369ccb9a6d5cb2054451848f4a9e1709b85cdc9828764b901"
	"ef6c8ead63d743\n";
static const char feed_key_hex[] =
	"065978dda96572caaf76600dec774e16d2d3d765e7156880373aa17ed5656958";
static const char feed_sig_hex[] =
	"4c9fd26c3997f15913dd48c8a4b56c296cde83b06005dab86373de9b0cacc905"
	"faaa510f4f59fa4550d3df99523d4ed49c2f935133fc9826e4f61ab5fdd5f403";

static struct ed25519_signer *test_signer(void)
{
	struct ed25519_signer *signer = NULL;
	uint8_t seed[SEED_BYTES];

	assert_int_equal(hex_decode(span_of(seed_hex), seed, sizeof seed),
			 WEALD_OK);
	assert_int_equal(ed25519_signer_new(seed, &signer), WEALD_OK);
	return signer;
}

static void check_written(const char *namespace, const char *wanted)
{
	struct ed25519_signer *signer = test_signer();
	uint8_t sig[SIG_BYTES];
	struct buf text;

	buf_init(&text, SSHSIG_ARMOUR_BYTES_MAX);
	assert_int_equal(sshsig_sign(signer, namespace, span_of(signed_text),
				     sig),
			 WEALD_OK);
	assert_int_equal(sshsig_armour(&text, namespace,
				       ed25519_signer_key(signer), sig),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&text, 0), WEALD_OK);
	assert_string_equal((const char *)text.data, wanted);
	buf_release(&text);
	ed25519_signer_free(signer);
}

static void sshsig_armour__writes_what_ssh_keygen_writes(void **state)
{
	(void)state;
	check_written("git", armour_git);
	check_written("weald-grant", armour_grant);
	check_written(namespace_40, armour_40);
}

static void check_read(const char *namespace, const char *text)
{
	struct weald_msg msg = { "" };
	uint8_t wanted[PUBKEY_BYTES];
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	assert_int_equal(hex_decode(span_of(key_hex), wanted, sizeof wanted),
			 WEALD_OK);
	assert_int_equal(sshsig_parse_armour(span_of(text), namespace, key, sig,
					     &msg),
			 WEALD_OK);
	assert_memory_equal(key, wanted, sizeof key);
	assert_int_equal(sshsig_verify(key, namespace, span_of(signed_text),
				       sig, &msg),
			 WEALD_OK);
}

static void sshsig_parse_armour__reads_what_ssh_keygen_writes(void **state)
{
	(void)state;
	check_read("git", armour_git);
	check_read("weald-grant", armour_grant);
	check_read(namespace_40, armour_40);
}

static void check_refused(const char *text, const char *wanted)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES] = { 1 };
	uint8_t sig[SIG_BYTES] = { 2 };

	assert_int_equal(sshsig_parse_armour(span_of(text), "git", key, sig,
					     &msg),
			 WEALD_ARMOUR);
	assert_string_equal(msg.text, wanted);
	assert_int_equal(key[0], 1);
	assert_int_equal(sig[0], 2);
}

static void sshsig_parse_armour__says_what_is_not_wanted(void **state)
{
	(void)state;
	check_refused(armour_grant,
		      "the namespace is 'weald-grant', wanted 'git'");
	check_refused(armour_sha256,
		      "the hash algorithm is 'sha256', wanted 'sha512'");
	check_refused(armour_ecdsa, "the key type is 'ecdsa-sha2-nistp256', "
				    "wanted 'ssh-ed25519'");
}

/* One way to change the armour of a good signature. */
struct change {
	const char *from;
	const char *to;
	const char *wanted; /* the message */
};

/*
 * What stock git or ssh-keygen accept, or might: with each of these anybody
 * could make another commit of a signed one.
 */
static const struct change changes[] = {
	{ "cv\n", "cv\r\n", "lines end in CR LF, wanted LF" },
	{ "-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----",
	  "not in lines of 70 columns as ssh-keygen writes them" },
	{ "cv\nPa", "cvPa",
	  "not in lines of 70 columns as ssh-keygen writes them" },
	{ "cv\nPa", "cv\n\nPa",
	  "not in lines of 70 columns as ssh-keygen writes them" },
	{ "cv\nPa", "c\nvPa",
	  "not in lines of 70 columns as ssh-keygen writes them" },
	{ "cv\n", "cv \n",
	  "the text between the BEGIN and the END line is "
	  "not base64" },
	{ "U1NI", " U1NI",
	  "the text between the BEGIN and the END line is "
	  "not base64" },
	{ "DAQ=\n", "DAR=\n",
	  "the text between the BEGIN and the END line is "
	  "not base64" },
	{ "DAQ=\n", "DAQ\n",
	  "the text between the BEGIN and the END line is "
	  "not base64" },
	{ "DAQ=\n", "DAQA\n", "1 bytes after the signature" },
	{ "-----BEGIN", "text\n-----BEGIN",
	  "the first line is not -----BEGIN SSH SIGNATURE-----" },
	{ "-----BEGIN", " -----BEGIN",
	  "the first line is not -----BEGIN SSH SIGNATURE-----" },
	{ "-----BEGIN SSH", "-----BEGIN PGP",
	  "the first line is not -----BEGIN SSH SIGNATURE-----" },
	{ "-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n\n",
	  "text after the END line" },
	{ "-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\nx",
	  "text after the END line" },
	{ "-----END SSH SIGNATURE-----\n", "",
	  "the line -----END SSH SIGNATURE----- is missing" },
	{ "U1NIU0lHAAAAAQ", "U1NIU0lHAAAAAg", "the version is 2, wanted 1" },
	{ "U1NIU0lH", "U1NIU0lI", "the base64 is not of an SSH signature" },
};

static void change_text(const char *text, const struct change *c,
			struct buf *out)
{
	const char *at = strstr(text, c->from);

	assert_non_null(at);
	buf_clear(out);
	assert_int_equal(buf_add(out, text, (size_t)(at - text)), WEALD_OK);
	assert_int_equal(buf_addf(out, "%s%s", c->to, at + strlen(c->from)),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(out, 0), WEALD_OK);
}

static void sshsig_parse_armour__accepts_one_text_only(void **state)
{
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, 2 * SSHSIG_ARMOUR_BYTES_MAX);
	for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		change_text(armour_git, &changes[i], &text);
		check_refused((const char *)text.data, changes[i].wanted);
	}
	buf_release(&text);
}

static void sshsig_parse_armour__refuses_every_shorter_text(void **state)
{
	struct span text = span_of(armour_git);
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	while (text.len-- > 0) {
		assert_int_equal(sshsig_parse_armour(text, "git", key, sig,
						     NULL),
				 WEALD_ARMOUR);
	}
	assert_int_equal(sshsig_parse_armour((struct span){ NULL, 0 }, "git",
					     key, sig, NULL),
			 WEALD_ARMOUR);
}

static void sshsig_parse_armour__refuses_a_long_text_unread(void **state)
{
	static uint8_t data[1u << 20];
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	memset(data, 'A', sizeof data);
	memcpy(data, armour_git, 30);
	assert_int_equal(sshsig_parse_armour((struct span){ data, sizeof data },
					     "git", key, sig, &msg),
			 WEALD_ARMOUR);
	assert_string_equal(msg.text,
			    "1048576 bytes are too long for a signature");
}

/* The fields of the blob in the armour, to be written wrongly. */
struct fields {
	const char *key_type;
	size_t key_len;
	const char *key_more;
	const char *reserved;
	const char *sig_type;
	size_t sig_len;
	const char *sig_more;
	const char *wanted; /* the message */
};

static const struct fields wrong_fields[] = {
	{ "ssh-ed25519", 32, "", "", "ssh-ed25519", 64, "", NULL },
	{ "ssh-ed25518", 32, "", "", "ssh-ed25519", 64, "",
	  "the key type is 'ssh-ed25518', wanted 'ssh-ed25519'" },
	{ "\n", 32, "", "", "ssh-ed25519", 64, "",
	  "the key type is '\\x0a', wanted 'ssh-ed25519'" },
	{ "ssh-ed25519", 31, "", "", "ssh-ed25519", 64, "",
	  "the public key has 31 bytes, wanted 32" },
	{ "ssh-ed25519", 33, "", "", "ssh-ed25519", 64, "",
	  "the public key has 33 bytes, wanted 32" },
	{ "ssh-ed25519", 32, "x", "", "ssh-ed25519", 64, "",
	  "1 bytes after the public key" },
	{ "ssh-ed25519", 32, "", "x", "ssh-ed25519", 64, "",
	  "the reserved field is 'x', wanted ''" },
	{ "ssh-ed25519", 32, "", "", "ssh-dss", 64, "",
	  "the signature type is 'ssh-dss', wanted 'ssh-ed25519'" },
	{ "ssh-ed25519", 32, "", "", "ssh-ed25519", 63, "",
	  "the signature has 63 bytes, wanted 64" },
	{ "ssh-ed25519", 32, "", "", "ssh-ed25519", 65, "",
	  "the signature has 65 bytes, wanted 64" },
	{ "ssh-ed25519", 32, "", "", "ssh-ed25519", 64, "yz",
	  "2 bytes after the signature" },
};

static void add_text(struct buf *b, const char *text)
{
	assert_int_equal(buf_add_ssh_string(b, text, strlen(text)), WEALD_OK);
}

/* A string that holds two strings and loose bytes. */
static void add_pair(struct buf *b, const char *type, size_t len,
		     const char *more)
{
	static const uint8_t zeros[80];
	struct buf in;

	buf_init(&in, 256);
	add_text(&in, type);
	assert_int_equal(buf_add_ssh_string(&in, zeros, len), WEALD_OK);
	assert_int_equal(buf_add_text(&in, more), WEALD_OK);
	assert_int_equal(buf_add_ssh_string(b, in.data, in.len), WEALD_OK);
	buf_release(&in);
}

static void write_fields(const struct fields *f, struct buf *text)
{
	struct buf b;

	buf_init(&b, 1024);
	assert_int_equal(buf_add_text(&b, "SSHSIG"), WEALD_OK);
	assert_int_equal(buf_add_be32(&b, 1), WEALD_OK);
	add_pair(&b, f->key_type, f->key_len, f->key_more);
	add_text(&b, "git");
	add_text(&b, f->reserved);
	add_text(&b, "sha512");
	add_pair(&b, f->sig_type, f->sig_len, f->sig_more);
	assert_int_equal(sshtext_write(text, "SSH SIGNATURE", buf_span(&b)),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(text, 0), WEALD_OK);
	buf_release(&b);
}

static void sshsig_parse_armour__checks_every_field(void **state)
{
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, 2048);
	for (i = 0; i < sizeof wrong_fields / sizeof wrong_fields[0]; i++) {
		buf_clear(&text);
		write_fields(&wrong_fields[i], &text);
		if (wrong_fields[i].wanted != NULL) {
			check_refused((const char *)text.data,
				      wrong_fields[i].wanted);
			continue;
		}
		assert_int_equal(
			sshsig_parse_armour(span_of((const char *)text.data),
					    "git", key, sig, NULL),
			WEALD_OK);
	}
	buf_release(&text);
}

static void sshsig_verify__accepts_the_update_of_another_program(void **state)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];

	(void)state;
	assert_int_equal(hex_decode(span_of(feed_key_hex), key, sizeof key),
			 WEALD_OK);
	assert_int_equal(hex_decode(span_of(feed_sig_hex), sig, sizeof sig),
			 WEALD_OK);
	assert_int_equal(sshsig_verify(key, "git", span_of(feed_commit), sig,
				       &msg),
			 WEALD_OK);
	assert_int_equal(sshsig_verify(key, "weald-grant", span_of(feed_commit),
				       sig, &msg),
			 WEALD_SIGNATURE);
	assert_int_equal(sshsig_verify(key, "git", span_of("other"), sig, &msg),
			 WEALD_SIGNATURE);
	assert_string_equal(msg.text, "the signature is wrong");
}

static void sshsig_verify__refuses_a_weak_key(void **state)
{
	uint8_t key[PUBKEY_BYTES] = { 1 };
	uint8_t sig[SIG_BYTES];

	(void)state;
	assert_int_equal(hex_decode(span_of(feed_sig_hex), sig, sizeof sig),
			 WEALD_OK);
	assert_int_equal(sshsig_verify(key, "git", span_of(feed_commit), sig,
				       NULL),
			 WEALD_KEY_WEAK);
}

/* PROTOCOL.sshsig, section 3: the bytes that are signed. */
static void sshsig_message__is_the_blob_of_openssh(void **state)
{
	static const char head[] = "SSHSIG\0\0\0\003git\0\0\0\0\0\0\0\006"
				   "sha512\0\0\0\100\xdd\xaf\x35\xa1";
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	assert_int_equal(sshsig_message(&b, "git", span_of("abc")), WEALD_OK);
	assert_int_equal(b.len, 6 + 4 + 3 + 4 + 4 + 6 + 4 + 64);
	assert_memory_equal(b.data, head, sizeof head - 1);
	buf_release(&b);
}

static void sshsig__leaves_a_full_buffer_as_it_was(void **state)
{
	static const uint8_t zeros[SIG_BYTES];
	struct buf b;
	size_t max;

	(void)state;
	for (max = 3; max < 90; max++) {
		buf_init(&b, max);
		assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
		assert_int_equal(sshsig_message(&b, "git", span_of("x")),
				 WEALD_TOOBIG);
		assert_int_equal(b.len, 3);
		assert_int_equal(sshsig_armour(&b, "git", zeros, zeros),
				 WEALD_TOOBIG);
		assert_int_equal(b.len, 3);
		buf_release(&b);
	}
}

static void sshsig_armour__fits_its_maximum_in_any_namespace(void **state)
{
	static const uint8_t zeros[SIG_BYTES];
	char namespace[SSHSIG_NAMESPACE_BYTES_MAX + 1];
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, SSHSIG_ARMOUR_BYTES_MAX);
	for (n = 1; n < sizeof namespace; n++) {
		memset(namespace, 'n', n);
		namespace[n] = '\0';
		buf_clear(&b);
		assert_int_equal(sshsig_armour(&b, namespace, zeros, zeros),
				 WEALD_OK);
		assert_int_equal(sshsig_parse_armour(buf_span(&b), namespace,
						     key, sig, NULL),
				 WEALD_OK);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sshsig_armour__writes_what_ssh_keygen_writes),
		cmocka_unit_test(
			sshsig_parse_armour__reads_what_ssh_keygen_writes),
		cmocka_unit_test(sshsig_parse_armour__says_what_is_not_wanted),
		cmocka_unit_test(sshsig_parse_armour__accepts_one_text_only),
		cmocka_unit_test(
			sshsig_parse_armour__refuses_every_shorter_text),
		cmocka_unit_test(
			sshsig_parse_armour__refuses_a_long_text_unread),
		cmocka_unit_test(sshsig_parse_armour__checks_every_field),
		cmocka_unit_test(
			sshsig_verify__accepts_the_update_of_another_program),
		cmocka_unit_test(sshsig_verify__refuses_a_weak_key),
		cmocka_unit_test(sshsig_message__is_the_blob_of_openssh),
		cmocka_unit_test(sshsig__leaves_a_full_buffer_as_it_was),
		cmocka_unit_test(
			sshsig_armour__fits_its_maximum_in_any_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
