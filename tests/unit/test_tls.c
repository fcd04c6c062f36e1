#include "daemon/node/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proto/ed25519.h"
#include "proto/frame.h"

#define PLAIN_MAX (1024u * 1024u)

/* One end of ours, and what it has decrypted. */
struct end {
	struct tls *tls;
	struct tls_session *s;
	uint8_t key[PUBKEY_BYTES];
	struct buf plain;
	struct weald_msg msg;
	int err;
};

/* Another implementation's end: stock OpenSSL with rules of its own. */
struct other {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in;
	BIO *out;
	bool open;
	bool failed;
	unsigned tickets;
};

struct kit {
	struct end a; /* connects */
	struct end b; /* listens */
	struct other other;
};

static void end_open(struct end *e, uint8_t seed_byte)
{
	uint8_t seed[SEED_BYTES];

	memset(seed, seed_byte, sizeof seed);
	assert_int_equal(tls_new(seed, &e->tls, &e->msg), WEALD_OK);
	assert_int_equal(ed25519_public(seed, e->key), WEALD_OK);
	buf_init(&e->plain, PLAIN_MAX);
}

static int open_kit(void **state)
{
	struct kit *k = calloc(1, sizeof *k);

	assert_non_null(k);
	end_open(&k->a, 0xa1);
	end_open(&k->b, 0xb2);
	assert_int_equal(tls_session_new(k->a.tls, k->b.key, &k->a.s),
			 WEALD_OK);
	assert_int_equal(tls_session_new(k->b.tls, NULL, &k->b.s), WEALD_OK);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	struct kit *k = *state;

	tls_session_free(k->a.s);
	tls_session_free(k->b.s);
	tls_free(k->a.tls);
	tls_free(k->b.tls);
	buf_release(&k->a.plain);
	buf_release(&k->b.plain);
	SSL_free(k->other.ssl);
	SSL_CTX_free(k->other.ctx);
	free(k);
	return 0;
}

static void feed(struct end *e, const uint8_t *data, size_t len, size_t step)
{
	size_t n;

	while (len > 0 && e->err == WEALD_OK) {
		n = len < step ? len : step;
		e->err = tls_session_feed(e->s, (struct span){ data, n },
					  &e->plain, &e->msg);
		data += n;
		len -= n;
	}
}

/* Move what @from has to send to @to; false: there was nothing. */
static bool move(struct end *from, struct end *to, size_t step)
{
	struct buf wire;
	bool any;

	buf_init(&wire, TLS_OUT_BYTES_MAX);
	any = tls_session_out_bytes(from->s) > 0;
	assert_int_equal(tls_session_out(from->s, &wire), WEALD_OK);
	assert_int_equal(tls_session_out_bytes(from->s), 0);
	feed(to, wire.data, wire.len, step);
	buf_release(&wire);
	return any;
}

static void talk(struct kit *k, size_t step)
{
	bool any = true;

	while (any) {
		any = move(&k->a, &k->b, step);
		any = move(&k->b, &k->a, step) || any;
	}
}

static void shake(struct kit *k)
{
	assert_int_equal(tls_session_start(k->a.s, &k->a.msg), WEALD_OK);
	talk(k, SIZE_MAX);
}

/* ---- the other implementation -------------------------------------------- */

static EVP_PKEY *make_ed25519(uint8_t seed_byte)
{
	uint8_t seed[SEED_BYTES];
	EVP_PKEY *pkey;

	memset(seed, seed_byte, sizeof seed);
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
					    sizeof seed);
	assert_non_null(pkey);
	return pkey;
}

/* A certificate that is long out of date, for @names names of 60 bytes. */
static X509 *make_cert(EVP_PKEY *pkey, size_t names)
{
	X509 *cert = X509_new();
	unsigned char name[60];

	assert_non_null(cert);
	memset(name, 'n', sizeof name);
	while (names-- > 0) {
		assert_int_equal(
			X509_NAME_add_entry_by_txt(X509_get_subject_name(cert),
						   "CN", MBSTRING_ASC, name,
						   sizeof name, -1, 0),
			1);
	}
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -7200));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), -3600));
	assert_int_equal(X509_set_pubkey(cert, pkey), 1);
	assert_true(X509_sign(cert, pkey,
			      EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519
				      ? NULL
				      : EVP_sha256()) > 0);
	return cert;
}

static int take_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct other *o = SSL_get_app_data(ssl);

	(void)session;
	o->tickets++;
	return 0;
}

/* A client as ours is, with @pkey, which it takes; NULL: no certificate. */
static void other_client(struct other *o, EVP_PKEY *pkey)
{
	static const unsigned char alpn[] = "\7weald/1";
	X509 *cert;

	o->ctx = SSL_CTX_new(TLS_method());
	assert_non_null(o->ctx);
	SSL_CTX_set_cert_verify_callback(o->ctx, take_any, NULL);
	assert_int_equal(SSL_CTX_set_alpn_protos(o->ctx, alpn, 8), 0);
	SSL_CTX_set_session_cache_mode(o->ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(o->ctx, count_ticket);
	if (pkey != NULL) {
		cert = make_cert(pkey, 1);
		assert_int_equal(SSL_CTX_use_certificate(o->ctx, cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(o->ctx, pkey), 1);
		X509_free(cert);
		EVP_PKEY_free(pkey);
	}
}

static void other_start(struct other *o, bool connects)
{
	o->ssl = SSL_new(o->ctx);
	o->in = BIO_new(BIO_s_mem());
	o->out = BIO_new(BIO_s_mem());
	assert_non_null(o->ssl);
	assert_non_null(o->in);
	assert_non_null(o->out);
	SSL_set_bio(o->ssl, o->in, o->out);
	SSL_set_app_data(o->ssl, o);
	if (connects) {
		SSL_set_connect_state(o->ssl);
	} else {
		SSL_set_accept_state(o->ssl);
	}
}

static void other_step(struct other *o)
{
	char text[64];
	int n;

	if (o->failed) {
		return;
	}
	n = SSL_do_handshake(o->ssl);
	if (n == 1) {
		o->open = true;
		n = SSL_read(o->ssl, text, sizeof text);
	}
	o->failed = n <= 0 && SSL_get_error(o->ssl, n) != SSL_ERROR_WANT_READ;
}

/* @e and the other end talk until neither has more to say. */
static void other_talk(struct other *o, struct end *e)
{
	struct buf wire;
	char *data;
	long n;

	buf_init(&wire, TLS_OUT_BYTES_MAX);
	do {
		other_step(o);
		n = BIO_get_mem_data(o->out, &data);
		feed(e, (const uint8_t *)data, (size_t)n, SIZE_MAX);
		(void)BIO_reset(o->out);
		buf_clear(&wire);
		assert_int_equal(tls_session_out(e->s, &wire), WEALD_OK);
		if (wire.len > 0) {
			assert_int_equal(BIO_write(o->in, wire.data,
						   (int)wire.len),
					 (int)wire.len);
		}
	} while (n > 0 || wire.len > 0);
	buf_release(&wire);
}

/* @k's listening end refuses it with @err and words that hold @text. */
static void refused(struct kit *k, int err, const char *text)
{
	other_start(&k->other, true);
	other_talk(&k->other, &k->b);
	assert_int_equal(k->b.err, err);
	assert_int_equal(tls_session_state(k->b.s), TLS_FAILED);
	if (strstr(k->b.msg.text, text) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", text, k->b.msg.text);
	}
	/* it is told, by an alert */
	assert_true(k->other.failed);
	assert_int_equal(k->b.plain.len, 0);
}

/* ---- two of ours --------------------------------------------------------- */

static void tls_session__shows_both_keys(void **state)
{
	struct kit *k = *state;

	shake(k);
	assert_int_equal(tls_session_state(k->a.s), TLS_OPEN);
	assert_int_equal(tls_session_state(k->b.s), TLS_OPEN);
	assert_memory_equal(tls_session_key(k->a.s), k->b.key, PUBKEY_BYTES);
	assert_memory_equal(tls_session_key(k->b.s), k->a.key, PUBKEY_BYTES);
}

static void tls_session_feed__takes_bytes_one_by_one(void **state)
{
	struct kit *k = *state;

	assert_int_equal(tls_session_start(k->a.s, &k->a.msg), WEALD_OK);
	talk(k, 1);
	assert_int_equal(tls_session_write(k->a.s, span_of("some bytes")),
			 WEALD_OK);
	talk(k, 1);
	assert_true(span_equal(buf_span(&k->b.plain), span_of("some bytes")));
}

static void tls_session_write__carries_any_length(void **state)
{
	struct kit *k = *state;
	struct buf big;
	size_t i;

	shake(k);
	buf_init(&big, PLAIN_MAX);
	for (i = 0; i < 100000; i++) {
		assert_int_equal(buf_add_be32(&big, (uint32_t)i), WEALD_OK);
	}
	assert_int_equal(tls_session_write(k->b.s, buf_span(&big)), WEALD_OK);
	assert_int_equal(tls_session_write(k->b.s, span_of("")), WEALD_OK);
	assert_int_equal(tls_session_write(k->b.s, span_of("!")), WEALD_OK);
	talk(k, 7777);
	assert_int_equal(buf_add_byte(&big, '!'), WEALD_OK);
	assert_true(span_equal(buf_span(&k->a.plain), buf_span(&big)));
	buf_release(&big);
}

static void tls_session_write__refuses_past_its_bound(void **state)
{
	struct kit *k = *state;
	struct buf big;

	shake(k);
	buf_init(&big, TLS_OUT_BYTES_MAX + 1);
	assert_int_equal(buf_reserve(&big, TLS_OUT_BYTES_MAX + 1), WEALD_OK);
	memset(big.data, 0, TLS_OUT_BYTES_MAX + 1);
	big.len = TLS_OUT_BYTES_MAX;
	assert_int_equal(tls_session_write(k->a.s, buf_span(&big)),
			 WEALD_TOOBIG);
	big.len = TLS_OUT_BYTES_MAX + 1;
	assert_int_equal(tls_session_write(k->a.s, buf_span(&big)),
			 WEALD_TOOBIG);
	buf_release(&big);
	/* and is as it was */
	assert_int_equal(tls_session_write(k->a.s, span_of("x")), WEALD_OK);
	talk(k, SIZE_MAX);
	assert_int_equal(k->b.plain.len, 1);
}

static void tls_session_feed__refuses_what_does_not_fit(void **state)
{
	struct kit *k = *state;

	shake(k);
	k->b.plain.max = TLS_RECORD_BYTES + 3;
	assert_int_equal(tls_session_write(k->a.s, span_of("1234")), WEALD_OK);
	talk(k, SIZE_MAX);
	assert_int_equal(k->b.err, WEALD_TOOBIG);
	assert_int_equal(k->b.plain.len, 4);
}

static void tls_session_close__is_seen_by_the_peer(void **state)
{
	struct kit *k = *state;

	shake(k);
	assert_int_equal(tls_session_write(k->a.s, span_of("bye")), WEALD_OK);
	tls_session_close(k->a.s);
	talk(k, SIZE_MAX);
	assert_int_equal(k->b.err, WEALD_OK);
	assert_int_equal(tls_session_state(k->b.s), TLS_CLOSED);
	assert_true(span_equal(buf_span(&k->b.plain), span_of("bye")));
	tls_session_close(k->b.s);
	assert_true(tls_session_out_bytes(k->b.s) > 0);
}

static void tls_session_feed__hands_out_what_came_before_a_fault(void **state)
{
	struct kit *k = *state;
	struct buf wire;

	shake(k);
	buf_init(&wire, TLS_OUT_BYTES_MAX);
	assert_int_equal(tls_session_write(k->a.s, span_of("good")), WEALD_OK);
	assert_int_equal(tls_session_out(k->a.s, &wire), WEALD_OK);
	assert_int_equal(tls_session_write(k->a.s, span_of("bad")), WEALD_OK);
	assert_int_equal(tls_session_out(k->a.s, &wire), WEALD_OK);
	wire.data[wire.len - 1] ^= 1;
	feed(&k->b, wire.data, wire.len, SIZE_MAX);
	assert_int_equal(k->b.err, WEALD_INVALID);
	assert_true(span_equal(buf_span(&k->b.plain), span_of("good")));
	assert_non_null(strstr(k->b.msg.text, "bad record mac"));
	buf_release(&wire);
}

static void tls_session__refuses_another_key_than_the_pinned(void **state)
{
	struct kit *k = *state;

	tls_session_free(k->a.s);
	assert_int_equal(tls_session_new(k->a.tls, k->a.key, &k->a.s),
			 WEALD_OK);
	shake(k);
	assert_int_equal(k->a.err, WEALD_DENIED);
	assert_int_equal(tls_session_state(k->a.s), TLS_FAILED);
	assert_non_null(strstr(k->a.msg.text, "another node answers there"));
	assert_int_equal(k->b.err, WEALD_DENIED);
	assert_string_equal(k->b.msg.text, "the peer refuses our certificate "
					   "(TLS alert \"bad certificate\")");
}

static void tls_session__rubbish_is_named(void **state)
{
	static const struct {
		const char *bytes;
		const char *text;
	} bad[] = {
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "speaks HTTP" },
		{ "CONNECT x:1 HTTP/1.1\r\n\r\n", "speaks HTTP" },
		{ "SSH-2.0-OpenSSH_9.2p1\r\n", "does not speak TLS" },
		{ "\x17\x03\x03\x00\x05hello", "TLS" },
		{ "\x16\x03\x01\x00\x05hello", "TLS" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		  "does not speak TLS" },
	};
	struct kit *k = *state;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct span s = span_of(bad[i].bytes);

		if (s.len < 10) {
			s.len = 10; /* the one with zeros in it */
		}
		tls_session_free(k->b.s);
		assert_int_equal(tls_session_new(k->b.tls, NULL, &k->b.s),
				 WEALD_OK);
		k->b.err = WEALD_OK;
		feed(&k->b, s.data, s.len, SIZE_MAX);
		assert_int_equal(k->b.err, WEALD_INVALID);
		if (strstr(k->b.msg.text, bad[i].text) == NULL) {
			fail_msg("\"%s\" is not in \"%s\"", bad[i].text,
				 k->b.msg.text);
		}
	}
}

/* ---- others -------------------------------------------------------------- */

static void tls_session__takes_any_ed25519_certificate(void **state)
{
	struct kit *k = *state;
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];

	other_client(&k->other, make_ed25519(7));
	other_start(&k->other, true);
	other_talk(&k->other, &k->b);
	assert_int_equal(k->b.err, WEALD_OK);
	assert_int_equal(tls_session_state(k->b.s), TLS_OPEN);
	assert_true(k->other.open);
	memset(seed, 7, sizeof seed);
	assert_int_equal(ed25519_public(seed, key), WEALD_OK);
	assert_memory_equal(tls_session_key(k->b.s), key, PUBKEY_BYTES);
	/* nothing to resume, and only the newest version */
	assert_int_equal(k->other.tickets, 0);
	assert_int_equal(SSL_version(k->other.ssl), TLS1_3_VERSION);
}

static void tls_session__refuses_no_certificate(void **state)
{
	struct kit *k = *state;

	other_client(&k->other, NULL);
	refused(k, WEALD_DENIED, "no certificate");
	/* the trap of TLS 1.3: it was open before it was judged */
	assert_true(k->other.open);
}

static void tls_session__refuses_rsa_and_ec(void **state)
{
	struct kit *k = *state;

	/* told that only Ed25519 counts, stock OpenSSL shows none */
	other_client(&k->other, EVP_RSA_gen(2048));
	refused(k, WEALD_DENIED, "no certificate with an Ed25519 key");
	close_kit(state);
	(void)open_kit(state);
	k = *state;
	other_client(&k->other, EVP_EC_gen("P-256"));
	refused(k, WEALD_DENIED, "no certificate with an Ed25519 key");
}

/* Have the client show another key than the one that it signs with. */
static void show_key(struct other *o, EVP_PKEY *shown, EVP_PKEY *signs)
{
	X509 *cert = SSL_CTX_get0_certificate(o->ctx);

	/* the context and we share it */
	assert_int_equal(X509_set_pubkey(cert, shown), 1);
	assert_true(X509_sign(cert, signs, NULL) > 0);
	EVP_PKEY_free(shown);
	EVP_PKEY_free(signs);
}

static void tls_session__refuses_rsa_that_is_shown_all_the_same(void **state)
{
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	show_key(&k->other, EVP_RSA_gen(2048), make_ed25519(7));
	refused(k, WEALD_DENIED, "a certificate without an Ed25519 key");
}

static void tls_session__refuses_weak_keys(void **state)
{
	static const uint8_t identity[PUBKEY_BYTES] = { 1 };
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	show_key(&k->other,
		 EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, identity,
					     sizeof identity),
		 make_ed25519(7));
	refused(k, WEALD_DENIED, "small order");
}

static void tls_session__refuses_a_key_that_is_not_held(void **state)
{
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	show_key(&k->other, make_ed25519(8), make_ed25519(8));
	refused(k, WEALD_DENIED, "does not hold the key");
}

static void tls_session__refuses_chains(void **state)
{
	struct kit *k = *state;
	EVP_PKEY *pkey = make_ed25519(8);
	X509 *cert = make_cert(pkey, 1);

	other_client(&k->other, make_ed25519(7));
	assert_int_equal(SSL_CTX_add1_chain_cert(k->other.ctx, cert), 1);
	X509_free(cert);
	EVP_PKEY_free(pkey);
	refused(k, WEALD_DENIED, "a chain of certificates");
}

static void tls_session__refuses_huge_certificates(void **state)
{
	struct kit *k = *state;
	EVP_PKEY *pkey = make_ed25519(7);
	X509 *cert = make_cert(pkey, TLS_CERT_BYTES_MAX / 60);

	other_client(&k->other, NULL);
	assert_int_equal(SSL_CTX_use_certificate(k->other.ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(k->other.ctx, pkey), 1);
	X509_free(cert);
	EVP_PKEY_free(pkey);
	refused(k, WEALD_DENIED, "too long");
}

static void tls_session__refuses_older_versions(void **state)
{
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	assert_int_equal(SSL_CTX_set_max_proto_version(k->other.ctx,
						       TLS1_2_VERSION),
			 1);
	refused(k, WEALD_INVALID, "older TLS");
}

static void tls_session__refuses_other_groups(void **state)
{
	struct kit *k = *state;
	char groups[] = "P-256";

	other_client(&k->other, make_ed25519(7));
	assert_int_equal(SSL_CTX_set1_groups_list(k->other.ctx, groups), 1);
	refused(k, WEALD_INVALID, "X25519");
}

static void tls_session__refuses_clients_of_another_protocol(void **state)
{
	static const unsigned char later[] = "\7weald/2\2h2";
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	assert_int_equal(SSL_CTX_set_alpn_protos(k->other.ctx, later, 11), 0);
	refused(k, WEALD_INVALID, "does not offer weald/1");
}

static void tls_session__refuses_clients_without_a_protocol(void **state)
{
	struct kit *k = *state;

	other_client(&k->other, make_ed25519(7));
	assert_int_equal(SSL_CTX_set_alpn_protos(k->other.ctx, NULL, 0), 0);
	refused(k, WEALD_INVALID, "ALPN");
}

static void tls_session__refuses_servers_without_a_protocol(void **state)
{
	struct kit *k = *state;

	/* with the pinned key, so that nothing else is at fault */
	other_client(&k->other, make_ed25519(0xb2));
	other_start(&k->other, false);
	assert_int_equal(tls_session_start(k->a.s, &k->a.msg), WEALD_OK);
	other_talk(&k->other, &k->a);
	assert_int_equal(k->a.err, WEALD_INVALID);
	assert_non_null(strstr(k->a.msg.text, "did not choose weald/1"));
}

static int choose_first(SSL *ssl, const unsigned char **out,
			unsigned char *out_len, const unsigned char *in,
			unsigned in_len, void *arg)
{
	(void)ssl;
	(void)in_len;
	(void)arg;
	*out = in + 1;
	*out_len = in[0];
	return SSL_TLSEXT_ERR_OK;
}

static void tls_session__is_open_before_it_is_refused(void **state)
{
	struct kit *k = *state;
	struct buf wire;
	char *data;
	long n;

	/* a server that wants a certificate, and of an authority */
	other_client(&k->other, make_ed25519(0xb2));
	SSL_CTX_set_cert_verify_callback(k->other.ctx, NULL, NULL);
	SSL_CTX_set_verify(k->other.ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_alpn_select_cb(k->other.ctx, choose_first, NULL);
	other_start(&k->other, false);
	buf_init(&wire, TLS_OUT_BYTES_MAX);
	assert_int_equal(tls_session_start(k->a.s, &k->a.msg), WEALD_OK);
	assert_int_equal(tls_session_out(k->a.s, &wire), WEALD_OK);
	assert_true(BIO_write(k->other.in, wire.data, (int)wire.len) > 0);
	buf_release(&wire);
	other_step(&k->other);
	n = BIO_get_mem_data(k->other.out, &data);
	feed(&k->a, (const uint8_t *)data, (size_t)n, SIZE_MAX);
	(void)BIO_reset(k->other.out);
	assert_int_equal(k->a.err, WEALD_OK);
	assert_int_equal(tls_session_state(k->a.s), TLS_OPEN);
	other_talk(&k->other, &k->a);
	assert_int_equal(k->a.err, WEALD_DENIED);
	assert_non_null(strstr(k->a.msg.text, "refuses our certificate"));
}

#define WITH_KIT(test) \
	cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(tls_session__shows_both_keys),
		WITH_KIT(tls_session_feed__takes_bytes_one_by_one),
		WITH_KIT(tls_session_write__carries_any_length),
		WITH_KIT(tls_session_write__refuses_past_its_bound),
		WITH_KIT(tls_session_feed__refuses_what_does_not_fit),
		WITH_KIT(tls_session_close__is_seen_by_the_peer),
		WITH_KIT(tls_session_feed__hands_out_what_came_before_a_fault),
		WITH_KIT(tls_session__refuses_another_key_than_the_pinned),
		WITH_KIT(tls_session__rubbish_is_named),
		WITH_KIT(tls_session__takes_any_ed25519_certificate),
		WITH_KIT(tls_session__refuses_no_certificate),
		WITH_KIT(tls_session__refuses_rsa_and_ec),
		WITH_KIT(tls_session__refuses_rsa_that_is_shown_all_the_same),
		WITH_KIT(tls_session__refuses_weak_keys),
		WITH_KIT(tls_session__refuses_a_key_that_is_not_held),
		WITH_KIT(tls_session__refuses_chains),
		WITH_KIT(tls_session__refuses_huge_certificates),
		WITH_KIT(tls_session__refuses_older_versions),
		WITH_KIT(tls_session__refuses_other_groups),
		WITH_KIT(tls_session__refuses_clients_of_another_protocol),
		WITH_KIT(tls_session__refuses_clients_without_a_protocol),
		WITH_KIT(tls_session__refuses_servers_without_a_protocol),
		WITH_KIT(tls_session__is_open_before_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
