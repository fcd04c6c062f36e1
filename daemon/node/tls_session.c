/*
 * One connection. OpenSSL reads what the caller feeds straight from the
 * caller's memory and writes to a buffer that the caller takes over whole.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/tls_private.h"
#include "proto/digest.h"
#include "proto/frame.h"

/* Header, content type and tag of a record, rounded up. */
#define RECORD_EXTRA_BYTES 64u

/* ---- the wire ------------------------------------------------------------ */

static int wire_read(BIO *bio, char *data, size_t len, size_t *out_len)
{
	struct tls_session *s = BIO_get_data(bio);
	size_t n = len < s->in.len ? len : s->in.len;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(data, s->in.data, n);
	s->in.data += n;
	s->in.len -= n;
	*out_len = n;
	return 1;
}

static int wire_write(BIO *bio, const char *data, size_t len, size_t *out_len)
{
	struct tls_session *s = BIO_get_data(bio);
	int r = buf_add(&s->out, data, len);

	BIO_clear_retry_flags(bio);
	if (r != WEALD_OK) {
		s->fault = r;
		msg_set(s->msg,
			r == WEALD_NOMEM
				? "out of memory"
				: "the peer does not read what it asks for");
		return 0;
	}
	*out_len = len;
	return 1;
}

static long wire_ctrl(BIO *bio, int what, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "weald wire");

	if (m == NULL) {
		return NULL;
	}
	if (BIO_meth_set_read_ex(m, wire_read) != 1 ||
	    BIO_meth_set_write_ex(m, wire_write) != 1 ||
	    BIO_meth_set_ctrl(m, wire_ctrl) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

/* ---- life ---------------------------------------------------------------- */

int tls_session_new(struct tls *t, const uint8_t *pin, struct tls_session **out)
{
	struct tls_session *s;
	BIO *bio;

	s = calloc(1, sizeof *s);
	if (s == NULL) {
		return WEALD_NOMEM;
	}
	buf_init(&s->out, TLS_OUT_BYTES_MAX);
	s->ssl = SSL_new(t->ctx);
	bio = BIO_new(t->bio);
	if (s->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		tls_session_free(s);
		return err_from_openssl();
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio); /* transferred */
	SSL_set_app_data(s->ssl, s);
	if (pin == NULL) {
		SSL_set_accept_state(s->ssl);
	} else {
		SSL_set_connect_state(s->ssl);
		s->pinned = true;
		memcpy(s->key, pin, sizeof s->key);
	}
	*out = s;
	return WEALD_OK;
}

void tls_session_free(struct tls_session *s)
{
	if (s == NULL) {
		return;
	}
	SSL_free(s->ssl);
	buf_release(&s->out);
	free(s);
}

enum tls_state tls_session_state(const struct tls_session *s)
{
	return s->state;
}

const uint8_t *tls_session_key(const struct tls_session *s)
{
	return s->key;
}

/* ---- what went wrong, for a person --------------------------------------- */

struct fault {
	int code; /* a reason of OpenSSL, or an alert */
	int err;
	const char *text;
};

static const struct fault reasons[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, WEALD_DENIED,
	  "shows no certificate with an Ed25519 key" },
	{ SSL_R_EXCESSIVE_MESSAGE_SIZE, WEALD_DENIED,
	  "sends a certificate or a handshake that is too long" },
	{ SSL_R_WRONG_SIGNATURE_TYPE, WEALD_DENIED,
	  "signs the handshake with another key than Ed25519" },
	{ SSL_R_BAD_SIGNATURE, WEALD_DENIED,
	  "does not hold the key of its certificate" },
	{ SSL_R_HTTP_REQUEST, WEALD_INVALID,
	  "speaks HTTP: this port is for nodes, not for web browsers" },
	{ SSL_R_HTTPS_PROXY_REQUEST, WEALD_INVALID,
	  "speaks HTTP: this port is for nodes, not for web browsers" },
	{ SSL_R_WRONG_VERSION_NUMBER, WEALD_INVALID,
	  "does not speak TLS: nodes of weald do" },
	{ SSL_R_BAD_RECORD_TYPE, WEALD_INVALID,
	  "does not speak TLS: nodes of weald do" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, WEALD_INVALID,
	  "speaks an older TLS; 1.3 is needed" },
	{ SSL_R_NO_SHARED_CIPHER, WEALD_INVALID,
	  "offers no cipher suite of TLS 1.3 that we accept" },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, WEALD_INVALID,
	  "offers no key exchange with X25519" },
	{ SSL_R_NO_SHARED_GROUPS, WEALD_INVALID,
	  "offers no key exchange with X25519" },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, WEALD_INVALID,
	  "accepts no Ed25519 certificate" },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, WEALD_INVALID,
	  "accepts no Ed25519 certificate" },
};

static const struct fault alerts[] = {
	{ SSL_AD_NO_APPLICATION_PROTOCOL, WEALD_INVALID,
	  "does not speak " FRAME_ALPN },
	{ SSL_AD_PROTOCOL_VERSION, WEALD_INVALID, "does not speak TLS 1.3" },
	{ SSL_AD_BAD_CERTIFICATE, WEALD_DENIED, "refuses our certificate" },
	{ SSL_AD_UNSUPPORTED_CERTIFICATE, WEALD_DENIED,
	  "refuses our certificate" },
	{ SSL_AD_CERTIFICATE_REVOKED, WEALD_DENIED, "refuses our certificate" },
	{ SSL_AD_CERTIFICATE_EXPIRED, WEALD_DENIED, "refuses our certificate" },
	{ SSL_AD_CERTIFICATE_UNKNOWN, WEALD_DENIED, "refuses our certificate" },
	{ SSL_AD_CERTIFICATE_REQUIRED, WEALD_DENIED,
	  "refuses our certificate" },
	{ SSL_AD_UNKNOWN_CA, WEALD_DENIED, "refuses our certificate" },
	{ SSL_AD_ACCESS_DENIED, WEALD_DENIED, "refuses our certificate" },
};

static const struct fault *find_fault(const struct fault *list, size_t n,
				      int code)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i].code == code) {
			return &list[i];
		}
	}
	return NULL;
}

/* The code for what OpenSSL's queue says; @msg gets the words. */
static int fault_of_queue(struct weald_msg *msg)
{
	unsigned long e = ERR_peek_error();
	const struct fault *f = NULL;
	const char *text;

	if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
		return WEALD_NOMEM;
	}
	if (ERR_GET_LIB(e) == ERR_LIB_SSL) {
		f = find_fault(reasons, sizeof reasons / sizeof reasons[0],
			       ERR_GET_REASON(e));
	}
	if (f != NULL) {
		msg_set(msg, "the peer %s", f->text);
		return f->err;
	}
	text = ERR_reason_error_string(e);
	msg_set(msg, "the peer broke the rules of TLS 1.3: %s",
		text == NULL ? "no reason given" : text);
	return WEALD_INVALID;
}

static int fault_of_alert(int alert, struct weald_msg *msg)
{
	const struct fault *f =
		find_fault(alerts, sizeof alerts / sizeof alerts[0], alert);
	const char *name = SSL_alert_desc_string_long(alert);

	msg_set(msg, "the peer %s (TLS alert \"%s\")",
		f == NULL ? "ended TLS" : f->text, name);
	return f == NULL ? WEALD_INVALID : f->err;
}

/* The session has failed: what to return, with @s->msg filled in. */
static int fail(struct tls_session *s)
{
	int r;

	s->state = TLS_FAILED;
	if (s->fault != WEALD_OK) {
		r = s->fault;
	} else if (s->alert != 0) {
		r = fault_of_alert(s->alert, s->msg);
	} else {
		r = fault_of_queue(s->msg);
	}
	ERR_clear_error();
	return r;
}

/* ---- what goes through --------------------------------------------------- */

/* A server that did not choose our protocol is none of ours. */
static bool speaks_ours(const SSL *ssl)
{
	const unsigned char *name;
	unsigned len;

	SSL_get0_alpn_selected(ssl, &name, &len);
	return len == sizeof FRAME_ALPN - 1 &&
	       memcmp(name, FRAME_ALPN, len) == 0;
}

static int shake(struct tls_session *s)
{
	int n = SSL_do_handshake(s->ssl);

	if (n == 1) {
		if (!speaks_ours(s->ssl)) {
			s->fault = WEALD_INVALID;
			msg_set(s->msg,
				"the peer speaks TLS but no protocol of ours: "
				"it did not choose " FRAME_ALPN);
			return fail(s);
		}
		s->state = TLS_OPEN;
		return WEALD_OK;
	}
	return SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ ? WEALD_OK
							       : fail(s);
}

/* Decrypt all that is there. */
static int read_all(struct tls_session *s, struct buf *plain)
{
	size_t got;
	int r;

	for (;;) {
		r = buf_reserve(plain, TLS_RECORD_BYTES);
		if (r != WEALD_OK) {
			s->fault = r;
			return fail(s);
		}
		if (SSL_read_ex(s->ssl, plain->data + plain->len,
				plain->cap - plain->len, &got) == 1) {
			plain->len += got;
			continue;
		}
		switch (SSL_get_error(s->ssl, 0)) {
		case SSL_ERROR_WANT_READ:
			return WEALD_OK;
		case SSL_ERROR_ZERO_RETURN:
			s->state = TLS_CLOSED;
			return WEALD_OK;
		default:
			return fail(s);
		}
	}
}

int tls_session_start(struct tls_session *s, struct weald_msg *msg)
{
	int r;

	assert(s->state == TLS_SHAKING);
	ERR_clear_error();
	s->msg = msg;
	r = shake(s);
	s->msg = NULL;
	return r;
}

int tls_session_feed(struct tls_session *s, struct span in, struct buf *plain,
		     struct weald_msg *msg)
{
	int r = WEALD_OK;

	assert(s->state != TLS_FAILED);
	ERR_clear_error();
	s->in = in;
	s->msg = msg;
	if (s->state == TLS_SHAKING) {
		r = shake(s);
	}
	if (r == WEALD_OK && s->state == TLS_OPEN) {
		r = read_all(s, plain);
	}
	s->in = (struct span){ NULL, 0 };
	s->msg = NULL;
	return r;
}

int tls_session_write(struct tls_session *s, struct span plain)
{
	size_t extra = (plain.len / TLS_RECORD_BYTES + 2) * RECORD_EXTRA_BYTES;
	size_t done;
	int r;

	assert(s->state == TLS_OPEN);
	if (plain.len == 0) {
		return WEALD_OK;
	}
	if (plain.len > TLS_OUT_BYTES_MAX) {
		return WEALD_TOOBIG;
	}
	r = buf_reserve(&s->out, plain.len + extra);
	if (r != WEALD_OK) {
		return r;
	}
	ERR_clear_error();
	if (SSL_write_ex(s->ssl, plain.data, plain.len, &done) != 1) {
		(void)fail(s);
		return WEALD_CRYPTO;
	}
	return WEALD_OK;
}

void tls_session_close(struct tls_session *s)
{
	/* not while shaking, and never after a failure: SSL_shutdown(3) */
	if (s->state != TLS_OPEN && s->state != TLS_CLOSED) {
		return;
	}
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl);
	ERR_clear_error();
}

size_t tls_session_out_bytes(const struct tls_session *s)
{
	return s->out.len;
}

int tls_session_out(struct tls_session *s, struct buf *out)
{
	int r;

	if (out->len == 0 && s->out.len <= out->max) {
		size_t max = out->max;

		free(out->data);
		*out = s->out;
		out->max = max;
		s->out = (struct buf){ .max = TLS_OUT_BYTES_MAX };
		return WEALD_OK;
	}
	r = buf_add(out, s->out.data, s->out.len);
	if (r == WEALD_OK) {
		buf_release(&s->out);
	}
	return r;
}
