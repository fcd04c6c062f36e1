/*
 * What tls.c, the context and its rules, and tls_session.c, one connection,
 * share.
 */
#ifndef WEALD_DAEMON_NODE_TLS_PRIVATE_H
#define WEALD_DAEMON_NODE_TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "daemon/node/tls.h"

struct tls {
	SSL_CTX *ctx;
	BIO_METHOD *bio;
};

struct tls_session {
	SSL *ssl;
	enum tls_state state;
	bool pinned;
	uint8_t key[PUBKEY_BYTES];
	struct span in;        /* of the call under way, what is left of it */
	struct buf out;        /* encrypted, waiting for tls_session_out() */
	struct weald_msg *msg; /* of the call under way */
	int fault;             /* what a callback refused; @msg says why */
	int alert;             /* the peer's fatal alert; 0: none came */
};

/* The wire seen from OpenSSL: reads session->in, appends to session->out. */
BIO_METHOD *tls_bio_method(void);

#endif
