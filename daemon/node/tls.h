/*
 * TLS as nodes speak it: version 1.3, both sides with a self-signed Ed25519
 * certificate of their node key, and no other trust.
 *
 * docs/PROTOCOL.md, "The handshake". A certificate is only a carrier of the
 * key: names, dates and issuers are not looked at. Who connects pins exactly
 * the key that was dialled; who listens learns the key and judges it later.
 *
 * struct tls is made once and read by all sessions; struct tls_session is one
 * connection, without a socket: bytes in, bytes out. The loop's thread only.
 */
#ifndef WEALD_DAEMON_NODE_TLS_H
#define WEALD_DAEMON_NODE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

/* A peer's certificate with all its names; ours takes 300 bytes. */
#define TLS_CERT_BYTES_MAX 8192u
/* What one record can hold: the room that tls_session_feed() asks for. */
#define TLS_RECORD_BYTES (16u * 1024u)
/* Encrypted bytes that a session keeps until tls_session_out(). */
#define TLS_OUT_BYTES_MAX (24u * 1024u * 1024u)

struct tls;

/*
 * A context for both roles with the node key whose seed is @seed (borrowed).
 *
 * The system's OpenSSL configuration is not read, provided that nothing used
 * OpenSSL before the first call; a program that does so calls
 * OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) first of all.
 *
 * WEALD_NOMEM or WEALD_CRYPTO.
 */
int tls_new(const uint8_t seed[SEED_BYTES], struct tls **out,
	    struct weald_msg *msg);
void tls_free(struct tls *t); /* takes NULL; after all sessions */

struct tls_session;

/*
 * A new session. @pin: for the side that connects, the node key that the peer
 * must have; NULL for the side that listens, which takes any Ed25519 key that
 * is not one of the weak ones. Keeps @t until tls_session_free().
 *
 * WEALD_NOMEM or WEALD_CRYPTO.
 */
int tls_session_new(struct tls *t, const uint8_t *pin,
		    struct tls_session **out);
void tls_session_free(struct tls_session *s); /* takes NULL */

enum tls_state {
	TLS_SHAKING,
	TLS_OPEN,
	TLS_CLOSED, /* close_notify came */
	TLS_FAILED  /* an error was returned */
};
enum tls_state tls_session_state(const struct tls_session *s);

/* Begin: the side that connects speaks first. Then tls_session_out(). */
int tls_session_start(struct tls_session *s, struct weald_msg *msg);

/*
 * Feed @in, bytes of the peer, and append what it decrypts to to @plain;
 * handshake bytes to be sent appear in tls_session_out(). All of @in is taken.
 * @plain needs TLS_RECORD_BYTES more than what is decrypted.
 *
 * A failure ends the session: send tls_session_out() (the alert), then close.
 * What came before the fault is in @plain.
 *   WEALD_DENIED   the certificate is not acceptable or not the pinned key, or
 *                  the peer says so of ours
 *   WEALD_INVALID  not TLS 1.3 as we speak it
 *   WEALD_TOOBIG   @plain is full, or more is to be sent than may be kept
 *   WEALD_NOMEM
 *
 * In TLS 1.3 the side that connects is TLS_OPEN before the other has judged
 * its certificate: that it was refused shows in a later call.
 */
int tls_session_feed(struct tls_session *s, struct span in, struct buf *plain,
		     struct weald_msg *msg);

/*
 * Encrypt @plain, any length; TLS_OPEN only. Then tls_session_out().
 * WEALD_TOOBIG and WEALD_NOMEM leave the session as it was; WEALD_CRYPTO ends
 * it.
 */
int tls_session_write(struct tls_session *s, struct span plain);
/* Write close_notify, where the session can. */
void tls_session_close(struct tls_session *s);

/*
 * Move what is to be sent to @out, appended; an empty @out gets the memory
 * and no copy is made. WEALD_NOMEM, WEALD_TOOBIG: nothing was moved.
 */
int tls_session_out(struct tls_session *s, struct buf *out);
/* How much that is, in bytes. */
size_t tls_session_out_bytes(const struct tls_session *s);

/* The peer's node key, PUBKEY_BYTES; it is proven once TLS_OPEN. */
const uint8_t *tls_session_key(const struct tls_session *s);

#endif
