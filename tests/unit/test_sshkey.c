#include "proto/sshkey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/ed25519.h"
#include "proto/sshtext.h"

/*
 * The key of TEST 1 of RFC 8032, in the files that ssh-keygen 9.2 writes for
 * it: a published key that protects nothing.
 */
static const char seed_hex[] =
	"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char key_hex[] =
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char comment[] = "test key";
#define CHECKINT 0xe0663e7cU

static const char private_file[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"
	"\n"
	"QyNTUxOQAAACDXWpgBgrEKt9VL/"
	"tPJZAc6DuFy89qmIyWvAhpo9wdRGgAAAJDgZj584GY+\n"
	"fAAAAAtzc2gtZWQyNTUxOQAAACDXWpgBgrEKt9VL/"
	"tPJZAc6DuFy89qmIyWvAhpo9wdRGg\n"
	"AAAECdYbGd7/1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5/"
	"YNdamAGCsQq31Uv+08lkBzoO\n"
	"4XLz2qYjJa8CGmj3B1EaAAAACHRlc3Qga2V5AQIDBAU=\n"
	"-----END OPENSSH PRIVATE KEY-----\n";

/* with the passphrase "pw" */
static const char encrypted_file[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDk+"
	"jyhhh\n"
	"sEy076NTxs8fs+AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+"
	"\n"
	"08lkBzoO4XLz2qYjJa8CGmj3B1EaAAAAkLP8m+VsJRHkP4WTfkxJmi/Waa/"
	"648uDleMZTc\n"
	"6+0+Zyp36sundM271tcjcO+4l2w5FPzXRMsXX7RM9OSMr3u2jDEZZaIS979u6Ua/"
	"hGWL9g\n"
	"Ywi4Ox0L7OeYmxgKpjDyC7nIqgO9alpgvQ8h36MezlLCmrBZQIipoOZqjpbk1hatZ3Tef0"
	"\n"
	"UtpveTD3y09wxclg==\n"
	"-----END OPENSSH PRIVATE KEY-----\n";

static const char ecdsa_file[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS"
	"\n"
	"1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQCcp6r6vNhVhNXHqBTUwK55LVjG/"
	"5d\n"
	"HiU8iUPr8neXtjmrsXWuW4z/"
	"6NDA8V7GiTyoi8s5aoYlugnsUZdJj7+9AAAAmKYsEaymLB\n"
	"GsAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAJynqvq82FWE1ce"
	"\n"
	"oFNTArnktWMb/l0eJTyJQ+vyd5e2Oauxda5bjP/"
	"o0MDxXsaJPKiLyzlqhiW6CexRl0mPv7\n"
	"0AAAAgJLNh0LW3/wXHJYUwsiGwEEpUX4CCWwzfn7teM0Ch3FEAAAAA\n"
	"-----END OPENSSH PRIVATE KEY-----\n";

static const char public_line[] =
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO"
	"4XLz2qYjJa8CGmj3B1Ea test key";
static const char ecdsa_line[] =
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
	"dHAyNTYAAABBBAJynqvq82FWE1ceoFNTArnktWMb/l0eJTyJQ+vyd5e2Oaux"
	"da5bjP/o0MDxXsaJPKiLyzlqhiW6CexRl0mPv70= ";
static const char fingerprint[] =
	"SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8";

static void unhex(const char *hex, uint8_t *out, size_t len)
{
	assert_int_equal(hex_decode(span_of(hex), out, len), WEALD_OK);
}

static void check_decodes(struct span text)
{
	struct weald_msg msg = { "" };
	uint8_t wanted[SEED_BYTES];
	uint8_t seed[SEED_BYTES] = { 0 };

	unhex(seed_hex, wanted, sizeof wanted);
	assert_int_equal(sshkey_decode_private(text, seed, &msg), WEALD_OK);
	assert_memory_equal(seed, wanted, sizeof seed);
}

static void check_refused(struct span text, const char *wanted)
{
	struct weald_msg msg = { "" };
	uint8_t seed[SEED_BYTES] = { 7 };

	assert_int_equal(sshkey_decode_private(text, seed, &msg),
			 WEALD_KEYFILE);
	assert_int_equal(seed[0], 7);
	if (wanted != NULL) {
		assert_string_equal(msg.text, wanted);
	}
}

static void sshkey_encode_private__writes_what_ssh_keygen_writes(void **state)
{
	uint8_t seed[SEED_BYTES];
	struct buf b;

	(void)state;
	unhex(seed_hex, seed, sizeof seed);
	buf_init(&b, SSHKEY_FILE_BYTES_MAX);
	assert_int_equal(sshkey_encode_private(&b, seed, CHECKINT, comment),
			 WEALD_OK);
	assert_int_equal(b.len, strlen(private_file));
	assert_memory_equal(b.data, private_file, b.len);
	buf_release(&b);
}

static void sshkey_decode_private__reads_what_ssh_keygen_writes(void **state)
{
	(void)state;
	check_decodes(span_of(private_file));
}

/* Every length of comment, thus of padding, and every maximum holds. */
static void sshkey_decode_private__reads_what_we_write(void **state)
{
	char text[SSHKEY_COMMENT_BYTES_MAX + 2];
	uint8_t seed[SEED_BYTES];
	struct buf b;
	size_t n;

	(void)state;
	unhex(seed_hex, seed, sizeof seed);
	buf_init(&b, SSHKEY_FILE_BYTES_MAX);
	for (n = 0; n <= SSHKEY_COMMENT_BYTES_MAX; n++) {
		memset(text, 'c', n);
		text[n] = '\0';
		buf_clear(&b);
		assert_int_equal(sshkey_encode_private(&b, seed, (uint32_t)n,
						       text),
				 WEALD_OK);
		check_decodes(buf_span(&b));
	}
	buf_release(&b);
}

static void sshkey_encode_private__refuses_a_bad_comment(void **state)
{
	char text[SSHKEY_COMMENT_BYTES_MAX + 2];
	uint8_t seed[SEED_BYTES] = { 1 };
	struct buf b;

	(void)state;
	memset(text, 'c', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	buf_init(&b, 2 * SSHKEY_FILE_BYTES_MAX);
	assert_int_equal(sshkey_encode_private(&b, seed, 0, text),
			 WEALD_INVALID);
	assert_int_equal(sshkey_encode_private(&b, seed, 0, "two\nlines"),
			 WEALD_INVALID);
	assert_int_equal(sshkey_public_line(&b, seed, "two\nlines"),
			 WEALD_INVALID);
	assert_int_equal(sshkey_public_line(&b, seed, "\x7f"), WEALD_INVALID);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void sshkey_encode_private__leaves_a_full_buffer_as_it_was(void **state)
{
	uint8_t seed[SEED_BYTES] = { 1 };
	struct buf b;

	(void)state;
	buf_init(&b, strlen(private_file) - 1);
	assert_int_equal(buf_add_text(&b, "abc"), WEALD_OK);
	assert_int_equal(sshkey_encode_private(&b, seed, 0, comment),
			 WEALD_TOOBIG);
	assert_int_equal(b.len, 3);
	b.max = 60;
	assert_int_equal(sshkey_public_line(&b, seed, comment), WEALD_TOOBIG);
	assert_int_equal(b.len, 3);
	buf_release(&b);
}

/* As other programs and editors write the file: 64 columns, CR LF, no end. */
static void sshkey_decode_private__reads_other_lines(void **state)
{
	struct buf blob;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&blob, SSHKEY_FILE_BYTES_MAX);
	buf_init(&b, SSHKEY_FILE_BYTES_MAX);
	assert_int_equal(sshtext_read(span_of(private_file),
				      "OPENSSH PRIVATE KEY", &blob,
				      WEALD_KEYFILE, NULL),
			 WEALD_OK);
	assert_int_equal(buf_add_text(&b, "-----BEGIN OPENSSH PRIVATE KEY-----"
					  "\r\n"),
			 WEALD_OK);
	for (i = 0; i < blob.len; i += 48) {
		assert_int_equal(buf_add_base64(&b, blob.data + i,
						blob.len - i < 48 ? blob.len - i
								  : 48),
				 WEALD_OK);
		assert_int_equal(buf_add_text(&b, "\r\n"), WEALD_OK);
	}
	assert_int_equal(buf_add_text(&b, "-----END OPENSSH PRIVATE KEY-----"),
			 WEALD_OK);
	check_decodes(buf_span(&b));
	buf_release(&b);
	buf_release(&blob);
}

static void sshkey_decode_private__says_what_to_do_if_encrypted(void **state)
{
	(void)state;
	check_refused(span_of(encrypted_file),
		      "the key is encrypted with a passphrase: remove it with "
		      "ssh-keygen -p -N '' -f FILE");
}

static void sshkey_decode_private__says_what_is_not_a_key(void **state)
{
	(void)state;
	check_refused(span_of(ecdsa_file),
		      "the key type is 'ecdsa-sha2-nistp256', wanted "
		      "'ssh-ed25519'");
	check_refused(span_of(public_line),
		      "the first line is not -----BEGIN OPENSSH PRIVATE "
		      "KEY-----");
	check_refused(span_of(""), "the first line is not -----BEGIN OPENSSH "
				   "PRIVATE KEY-----");
	check_refused(span_of("-----BEGIN OPENSSH PRIVATE KEY-----\n"
			      "AAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
		      "the base64 is not of an OpenSSH private key");
}

static void sshkey_decode_private__refuses_every_cut_file(void **state)
{
	struct span text = span_of(private_file);

	(void)state;
	text.len--; /* the last line feed may be missing */
	check_decodes(text);
	while (text.len-- > 0) {
		check_refused(text, NULL);
	}
}

/* Where things stand in the blob of @private_file. */
enum {
	AT_MAGIC_NUL = 14,
	AT_KDF = 27,
	AT_KDF_OPTIONS = 31,
	AT_KEYS = 38,
	AT_PUBLIC = 62,
	AT_CHECK = 98,
	AT_PRIVATE_TYPE = 110,
	AT_PRIVATE_PUBLIC = 125,
	AT_SEED = 161,
	AT_PRIVATE_COPY = 193,
	AT_COMMENT = 229,
	AT_PADDING = 237,
	BLOB_BYTES = 242
};

static const struct {
	size_t at;
	const char *wanted;
} flips[] = {
	{ AT_MAGIC_NUL, "the base64 is not of an OpenSSH private key" },
	{ AT_KDF, "the key derivation is 'oone', wanted 'none'" },
	{ AT_KDF_OPTIONS + 3, "the key derivation's options is '\\x00', "
			      "wanted ''" },
	{ AT_KEYS, "not one key alone" },
	{ AT_PUBLIC, "the private key belongs to another public key" },
	{ AT_CHECK, "the two check numbers differ" },
	{ AT_CHECK + 7, "the two check numbers differ" },
	{ AT_PRIVATE_TYPE, "the key type is 'rsh-ed25519', wanted "
			   "'ssh-ed25519'" },
	{ AT_PRIVATE_PUBLIC, "the private key belongs to another public key" },
	{ AT_SEED, "the private key belongs to another public key" },
	{ AT_SEED + 31, "the private key belongs to another public key" },
	{ AT_PRIVATE_COPY, "the private key belongs to another public key" },
	{ AT_PADDING, "the padding is not 1, 2, 3 ..." },
	{ AT_PADDING + 4, "the padding is not 1, 2, 3 ..." },
};

/* The file of @private_file with one bit of byte @at turned. */
static void write_flipped(size_t at, struct buf *out)
{
	struct buf blob;

	buf_init(&blob, SSHKEY_FILE_BYTES_MAX);
	assert_int_equal(sshtext_read(span_of(private_file),
				      "OPENSSH PRIVATE KEY", &blob,
				      WEALD_KEYFILE, NULL),
			 WEALD_OK);
	assert_int_equal(blob.len, BLOB_BYTES);
	blob.data[at] ^= 1;
	buf_clear(out);
	assert_int_equal(sshtext_write(out, "OPENSSH PRIVATE KEY",
				       buf_span(&blob)),
			 WEALD_OK);
	buf_release(&blob);
}

static void sshkey_decode_private__checks_every_field(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, SSHKEY_FILE_BYTES_MAX);
	for (i = 0; i < sizeof flips / sizeof flips[0]; i++) {
		write_flipped(flips[i].at, &b);
		check_refused(buf_span(&b), flips[i].wanted);
	}
	buf_release(&b);
}

/* Every byte counts but those of the comment. */
static void sshkey_decode_private__checks_every_byte(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, SSHKEY_FILE_BYTES_MAX);
	for (i = 0; i < BLOB_BYTES; i++) {
		write_flipped(i, &b);
		if (i >= AT_COMMENT && i < AT_PADDING) {
			check_decodes(buf_span(&b));
		} else {
			check_refused(buf_span(&b), NULL);
		}
	}
	buf_release(&b);
}

static void sshkey_public_line__is_what_ssh_keygen_writes(void **state)
{
	uint8_t key[PUBKEY_BYTES];
	struct buf b;

	(void)state;
	unhex(key_hex, key, sizeof key);
	buf_init(&b, SSHKEY_LINE_BYTES_MAX);
	assert_int_equal(sshkey_public_line(&b, key, comment), WEALD_OK);
	assert_true(span_equal(buf_span(&b), span_of(public_line)));
	buf_clear(&b);
	assert_int_equal(sshkey_public_line(&b, key, ""), WEALD_OK);
	assert_int_equal(b.len, strlen(public_line) - strlen(" test key"));
	buf_release(&b);
}

static void sshkey_parse_public_line__takes_comments_and_line_ends(void **state)
{
	static const char *const ends[] = { "", "\n", "\r\n", " other\r\n" };
	uint8_t wanted[PUBKEY_BYTES];
	uint8_t key[PUBKEY_BYTES];
	struct buf b;
	size_t i;

	(void)state;
	unhex(key_hex, wanted, sizeof wanted);
	buf_init(&b, 256);
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		buf_clear(&b);
		assert_int_equal(buf_addf(&b, "%s%s", public_line, ends[i]),
				 WEALD_OK);
		memset(key, 0, sizeof key);
		assert_int_equal(sshkey_parse_public_line(buf_span(&b), key,
							  NULL),
				 WEALD_OK);
		assert_memory_equal(key, wanted, sizeof key);
	}
	buf_release(&b);
}

static void check_line_refused(const char *line, int code, const char *wanted)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES] = { 7 };

	assert_int_equal(sshkey_parse_public_line(span_of(line), key, &msg),
			 code);
	assert_string_equal(msg.text, wanted);
	assert_int_equal(key[0], 7);
}

static void sshkey_parse_public_line__says_what_is_wrong(void **state)
{
	(void)state;
	check_line_refused("", WEALD_KEYFILE,
			   "the line does not begin with ssh-ed25519");
	check_line_refused(ecdsa_line, WEALD_KEYFILE,
			   "the line does not begin with ssh-ed25519");
	check_line_refused("ssh-ed25519", WEALD_KEYFILE,
			   "the line does not begin with ssh-ed25519");
	check_line_refused("ssh-ed25519 AA", WEALD_KEYFILE,
			   "the key is not base64");
	check_line_refused("ssh-ed25519 ", WEALD_KEYFILE,
			   "cut short in the key type");
	check_line_refused("ssh-ed25519 AAAA\nssh-ed25519 AAAA\n",
			   WEALD_KEYFILE, "not one line alone");
	check_line_refused(private_file, WEALD_KEYFILE, "not one line alone");
	/* the identity */
	check_line_refused("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAA"
			   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			   WEALD_KEY_WEAK, "the public key is of small order");
}

static void sshkey_fingerprint__is_what_ssh_keygen_prints(void **state)
{
	char text[SSHKEY_FINGERPRINT_BYTES];
	uint8_t key[PUBKEY_BYTES];

	(void)state;
	unhex(key_hex, key, sizeof key);
	assert_int_equal(sshkey_fingerprint(key, text), WEALD_OK);
	assert_string_equal(text, fingerprint);
}

static void sshkey__refuses_a_long_text_unread(void **state)
{
	static uint8_t data[SSHKEY_TEXT_BYTES_MAX + 1];
	struct weald_msg msg = { "" };
	struct span text = { data, sizeof data };
	uint8_t out[SEED_BYTES];

	(void)state;
	check_refused(text, "16385 bytes are too long for a key");
	assert_int_equal(sshkey_parse_public_line(text, out, &msg),
			 WEALD_KEYFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sshkey_encode_private__writes_what_ssh_keygen_writes),
		cmocka_unit_test(
			sshkey_decode_private__reads_what_ssh_keygen_writes),
		cmocka_unit_test(sshkey_decode_private__reads_what_we_write),
		cmocka_unit_test(sshkey_encode_private__refuses_a_bad_comment),
		cmocka_unit_test(
			sshkey_encode_private__leaves_a_full_buffer_as_it_was),
		cmocka_unit_test(sshkey_decode_private__reads_other_lines),
		cmocka_unit_test(
			sshkey_decode_private__says_what_to_do_if_encrypted),
		cmocka_unit_test(sshkey_decode_private__says_what_is_not_a_key),
		cmocka_unit_test(sshkey_decode_private__refuses_every_cut_file),
		cmocka_unit_test(sshkey_decode_private__checks_every_field),
		cmocka_unit_test(sshkey_decode_private__checks_every_byte),
		cmocka_unit_test(sshkey_public_line__is_what_ssh_keygen_writes),
		cmocka_unit_test(
			sshkey_parse_public_line__takes_comments_and_line_ends),
		cmocka_unit_test(sshkey_parse_public_line__says_what_is_wrong),
		cmocka_unit_test(sshkey_fingerprint__is_what_ssh_keygen_prints),
		cmocka_unit_test(sshkey__refuses_a_long_text_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
