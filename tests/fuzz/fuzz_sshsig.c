/*
 * fuzz_sshsig: the text of a signature, of a private key file and of a public
 * line. An input is read as such a text, and as the binary form that stands
 * in one, so that the base64 does not hide it.
 *
 * What is read must give the same text again (a signature) or the same key
 * again (a key file, a line).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ed25519.h"
#include "proto/sshkey.h"
#include "proto/sshsig.h"
#include "proto/sshtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

static void try_armour(struct span text, const char *namespace)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	uint8_t sig[SIG_BYTES];
	struct buf again;
	int r = sshsig_parse_armour(text, namespace, key, sig, &msg);

	if (r != WEALD_OK) {
		require(r == WEALD_ARMOUR && msg.text[0] != '\0');
		return;
	}
	buf_init(&again, SSHSIG_ARMOUR_BYTES_MAX);
	require(sshsig_armour(&again, namespace, key, sig) == WEALD_OK);
	require(span_equal(text, buf_span(&again)));
	buf_release(&again);
}

static void try_private(struct span text)
{
	struct weald_msg msg = { "" };
	uint8_t seed[SEED_BYTES];
	uint8_t seed_again[SEED_BYTES];
	struct buf again;
	int r = sshkey_decode_private(text, seed, &msg);

	if (r != WEALD_OK) {
		require(r == WEALD_KEYFILE && msg.text[0] != '\0');
		return;
	}
	buf_init(&again, SSHKEY_FILE_BYTES_MAX);
	require(sshkey_encode_private(&again, seed, 1, "again") == WEALD_OK);
	require(sshkey_decode_private(buf_span(&again), seed_again, NULL) ==
		WEALD_OK);
	require(memcmp(seed, seed_again, sizeof seed) == 0);
	buf_release(&again);
}

static void try_public(struct span text)
{
	struct weald_msg msg = { "" };
	uint8_t key[PUBKEY_BYTES];
	struct buf again;
	int r = sshkey_parse_public_line(text, key, &msg);

	if (r != WEALD_OK) {
		require((r == WEALD_KEYFILE || r == WEALD_KEY_WEAK) &&
			msg.text[0] != '\0');
		return;
	}
	buf_init(&again, SSHKEY_LINE_BYTES_MAX);
	require(sshkey_public_line(&again, key, "") == WEALD_OK);
	require(again.len <= text.len &&
		memcmp(again.data, text.data, again.len) == 0);
	buf_release(&again);
}

static void try_blob(struct span blob, const char *label)
{
	struct buf text;

	buf_init(&text, SSHKEY_TEXT_BYTES_MAX);
	if (sshtext_write(&text, label, blob) == WEALD_OK) {
		try_armour(buf_span(&text), "git");
		try_private(buf_span(&text));
	}
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };

	try_armour(input, "git");
	try_armour(input, "weald-grant");
	try_private(input);
	try_public(input);
	try_blob(input, "SSH SIGNATURE");
	try_blob(input, "OPENSSH PRIVATE KEY");
	return 0;
}
