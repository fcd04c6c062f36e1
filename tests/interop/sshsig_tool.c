/*
 * sshsig_tool: proto/sshsig and proto/sshkey for tests/integration/sshsig.bats,
 * which holds them against the stock tools.
 *
 *   keyfile SEED CHECKINT COMMENT   the private key file of a seed in hex
 *   public KEYFILE COMMENT          its public line
 *   fingerprint LINEFILE            the fingerprint of a public line
 *   sign KEYFILE NAMESPACE          the armour for standard input
 *   verify LINEFILE NAMESPACE ARMOURFILE   check it for standard input
 *
 * Prints the name of the error and what is wrong, and exits with 1.
 */
#include <stdio.h>
#include <string.h>

#include "proto/ed25519.h"
#include "proto/sshkey.h"
#include "proto/sshsig.h"

#define INPUT_BYTES_MAX (1u << 20)

static uint8_t input[INPUT_BYTES_MAX];
static uint8_t file[SSHKEY_TEXT_BYTES_MAX];

static struct span read_all(FILE *f, uint8_t *to, size_t max)
{
	return (struct span){ to, f == NULL ? 0 : fread(to, 1, max, f) };
}

static struct span read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct span s = read_all(f, file, sizeof file);

	if (f != NULL) {
		fclose(f);
	}
	return s;
}

static int keyfile(char **arg, struct buf *out, struct weald_msg *msg)
{
	uint8_t seed[SEED_BYTES];
	uint64_t checkint = 0;
	int r = hex_decode(span_of(arg[0]), seed, sizeof seed);

	(void)msg;
	if (r == WEALD_OK) {
		r = parse_u64(span_of(arg[1]), 0, UINT32_MAX, &checkint);
	}
	if (r == WEALD_OK) {
		r = sshkey_encode_private(out, seed, (uint32_t)checkint,
					  arg[2]);
	}
	return r;
}

static int public_line(char **arg, struct buf *out, struct weald_msg *msg)
{
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];
	int r = sshkey_decode_private(read_file(arg[0]), seed, msg);

	if (r == WEALD_OK) {
		r = ed25519_public(seed, key);
	}
	if (r == WEALD_OK) {
		r = sshkey_public_line(out, key, arg[1]);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, "\n");
	}
	return r;
}

static int fingerprint(char **arg, struct buf *out, struct weald_msg *msg)
{
	uint8_t key[PUBKEY_BYTES];
	char text[SSHKEY_FINGERPRINT_BYTES];
	int r = sshkey_parse_public_line(read_file(arg[0]), key, msg);

	if (r == WEALD_OK) {
		r = sshkey_fingerprint(key, text);
	}
	if (r == WEALD_OK) {
		r = buf_addf(out, "%s\n", text);
	}
	return r;
}

static int sign(char **arg, struct buf *out, struct weald_msg *msg)
{
	struct ed25519_signer *signer = NULL;
	uint8_t seed[SEED_BYTES];
	uint8_t sig[SIG_BYTES];
	int r = sshkey_decode_private(read_file(arg[0]), seed, msg);

	if (r == WEALD_OK) {
		r = ed25519_signer_new(seed, &signer);
	}
	if (r == WEALD_OK) {
		r = sshsig_sign(signer, arg[1],
				read_all(stdin, input, sizeof input), sig);
	}
	if (r == WEALD_OK) {
		r = sshsig_armour(out, arg[1], ed25519_signer_key(signer), sig);
	}
	ed25519_signer_free(signer);
	return r;
}

static int verify(char **arg, struct buf *out, struct weald_msg *msg)
{
	uint8_t key[PUBKEY_BYTES];
	uint8_t signed_by[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	int r = sshkey_parse_public_line(read_file(arg[0]), key, msg);

	if (r == WEALD_OK) {
		r = sshsig_parse_armour(read_file(arg[2]), arg[1], signed_by,
					sig, msg);
	}
	if (r == WEALD_OK && memcmp(key, signed_by, sizeof key) != 0) {
		msg_set(msg, "signed by another key");
		r = WEALD_SIGNATURE;
	}
	if (r == WEALD_OK) {
		r = sshsig_verify(key, arg[1],
				  read_all(stdin, input, sizeof input), sig,
				  msg);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, "good\n");
	}
	return r;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **arg, struct buf *out, struct weald_msg *msg);
} commands[] = {
	{ "keyfile", 3, keyfile },         { "public", 2, public_line },
	{ "fingerprint", 1, fingerprint }, { "sign", 2, sign },
	{ "verify", 3, verify },
};

int main(int argc, char **argv)
{
	struct weald_msg msg = { "" };
	struct buf out;
	size_t i;
	int r = WEALD_USAGE;

	buf_init(&out, 4096);
	for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (argc == commands[i].args + 2 &&
		    strcmp(argv[1], commands[i].name) == 0) {
			r = commands[i].run(argv + 2, &out, &msg);
		}
	}
	if (r == WEALD_OK) {
		(void)fwrite(out.data, 1, out.len, stdout);
	} else {
		fprintf(stderr, "%s: %s\n", err_name(r), msg_text(&msg, r));
	}
	buf_release(&out);
	return r == WEALD_OK ? 0 : 1;
}
