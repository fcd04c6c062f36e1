/*
 * The context: which TLS we speak, our certificate, and how a peer's is judged.
 * The calls are those of the threat model; each closes a door that OpenSSL
 * leaves open: older versions, resumption, other keys, names and dates.
 */
#include "daemon/node/tls.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/tls_private.h"
#include "proto/digest.h"
#include "proto/ed25519.h"
#include "proto/frame.h"

/* A list of one name, as ALPN carries it. */
static const char alpn[] = {
	sizeof FRAME_ALPN - 1, 'w', 'e', 'a', 'l', 'd', '/', '1'
};

static struct tls_session *session_of(const SSL *ssl)
{
	struct tls_session *s = SSL_get_app_data(ssl);

	assert(s != NULL);
	return s;
}

static int cert_refuse(struct tls_session *s, X509_STORE_CTX *store)
{
	s->fault = WEALD_DENIED;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/*
 * In place of X509_verify_cert(): the key is all that counts. That the peer
 * holds it is proven by its CertificateVerify, which OpenSSL checks next.
 */
static int cert_verify_cb(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = session_of(ssl);
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	EVP_PKEY *pkey = cert == NULL ? NULL : X509_get0_pubkey(cert);
	uint8_t key[PUBKEY_BYTES];
	size_t len = sizeof key;

	(void)arg;
	if (sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) > 1) {
		msg_set(s->msg, "the peer shows a chain of certificates "
				"instead of one");
		return cert_refuse(s, store);
	}
	if (pkey == NULL || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(pkey, key, &len) != 1 ||
	    len != sizeof key) {
		msg_set(s->msg,
			"the peer shows a certificate without an Ed25519 key");
		return cert_refuse(s, store);
	}
	if (ed25519_check_key(key, s->msg) != WEALD_OK) {
		msg_prefix(s->msg,
			   "the peer shows a key that anybody could use");
		return cert_refuse(s, store);
	}
	if (s->pinned && CRYPTO_memcmp(key, s->key, sizeof key) != 0) {
		char hex[2 * 8 + 1];

		hex_encode(key, 8, hex);
		msg_set(s->msg,
			"another node answers there, its key begins with %s",
			hex);
		return cert_refuse(s, store);
	}
	memcpy(s->key, key, sizeof key);
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/*
 * Called only where the client names protocols; hello_cb() sees to the rest.
 */
static int alpn_select_cb(SSL *ssl, const unsigned char **out,
			  unsigned char *out_len, const unsigned char *in,
			  unsigned in_len, void *arg)
{
	struct tls_session *s = session_of(ssl);
	unsigned i;

	(void)arg;
	for (i = 0; i < in_len && in[i] < in_len - i; i += in[i] + 1u) {
		if (in[i] == sizeof alpn - 1 &&
		    memcmp(in + i, alpn, sizeof alpn) == 0) {
			*out = in + i + 1;
			*out_len = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	s->fault = WEALD_INVALID;
	msg_set(s->msg, "the peer speaks another protocol, or another major "
			"version of ours: "
			"its TLS does not offer " FRAME_ALPN);
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A client that names no protocol at all ends before any work is done. */
static int hello_cb(SSL *ssl, int *alert, void *arg)
{
	struct tls_session *s = session_of(ssl);
	const unsigned char *ext;
	size_t len;

	(void)arg;
	/* an older TLS: OpenSSL has the better words and the better alert */
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &ext,
				      &len) != 1) {
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	if (SSL_client_hello_get0_ext(
		    ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
		    &ext, &len) == 1) {
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	s->fault = WEALD_INVALID;
	msg_set(s->msg, "the peer speaks TLS but no protocol of ours: it does "
			"not offer "
			"ALPN " FRAME_ALPN);
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

/* What the peer thinks of us is known from its alert only. */
static void info_cb(const SSL *ssl, int where, int ret)
{
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT &&
	    (ret >> 8) == SSL3_AL_FATAL) {
		session_of(ssl)->alert = ret & 0xff;
	}
}

/*
 * The carrier of our key. It is the same at each start, without a clock: no
 * peer looks at its names and dates.
 */
static X509 *make_cert(EVP_PKEY *pkey)
{
	X509 *cert = X509_new();
	X509_NAME *name;

	if (cert == NULL) {
		return NULL;
	}
	name = X509_get_subject_name(cert);
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1 ||
	    ASN1_TIME_set_string_X509(X509_getm_notBefore(cert),
				      "20000101000000Z") != 1 ||
	    ASN1_TIME_set_string_X509(X509_getm_notAfter(cert),
				      "99991231235959Z") != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				       (const unsigned char *)"weald node", -1,
				       -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    X509_set_pubkey(cert, pkey) != 1 ||
	    X509_sign(cert, pkey, NULL) == 0) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

static bool set_protocol(SSL_CTX *ctx)
{
	/* not const: OpenSSL's macros cast that away */
	char groups[] = "X25519";
	char sigalgs[] = "ed25519";

	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					 SSL_OP_NO_COMPRESSION);
	SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* an idle connection keeps no record buffers */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, TLS_CERT_BYTES_MAX);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384:"
					     "TLS_CHACHA20_POLY1305_SHA256:"
					     "TLS_AES_128_GCM_SHA256") == 1 &&
	       SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
	       SSL_CTX_set1_sigalgs_list(ctx, sigalgs) == 1 &&
	       SSL_CTX_set1_client_sigalgs_list(ctx, sigalgs) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       /* 0 is success here */
	       SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)alpn,
				       sizeof alpn) == 0;
}

static void set_rules(SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_set_cert_verify_callback(ctx, cert_verify_cb, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, alpn_select_cb, NULL);
	SSL_CTX_set_client_hello_cb(ctx, hello_cb, NULL);
	SSL_CTX_set_info_callback(ctx, info_cb);
}

static bool set_identity(SSL_CTX *ctx, const uint8_t seed[SEED_BYTES])
{
	EVP_PKEY *pkey;
	X509 *cert = NULL;
	bool ok = false;

	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
					    SEED_BYTES);
	if (pkey == NULL) {
		return false;
	}
	cert = make_cert(pkey);
	if (cert != NULL) {
		ok = SSL_CTX_use_certificate(ctx, cert) == 1 &&
		     SSL_CTX_use_PrivateKey(ctx, pkey) == 1 &&
		     SSL_CTX_check_private_key(ctx) == 1;
	}
	X509_free(cert);
	EVP_PKEY_free(pkey); /* cleanses it once the context is gone as well */
	return ok;
}

int tls_new(const uint8_t seed[SEED_BYTES], struct tls **out,
	    struct weald_msg *msg)
{
	struct tls *t;
	int r;

	t = calloc(1, sizeof *t);
	if (t == NULL) {
		return WEALD_NOMEM;
	}
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
		goto err;
	}
	t->ctx = SSL_CTX_new(TLS_method());
	t->bio = tls_bio_method();
	if (t->ctx == NULL || t->bio == NULL || !set_protocol(t->ctx) ||
	    !set_identity(t->ctx, seed)) {
		goto err;
	}
	set_rules(t->ctx);
	*out = t;
	return WEALD_OK;
err:
	msg_set(msg, "TLS cannot be set up: %s",
		ERR_reason_error_string(ERR_peek_error()) == NULL
			? "OpenSSL does not say why"
			: ERR_reason_error_string(ERR_peek_error()));
	r = err_from_openssl();
	tls_free(t);
	return r;
}

void tls_free(struct tls *t)
{
	if (t == NULL) {
		return;
	}
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->bio);
	free(t);
}
