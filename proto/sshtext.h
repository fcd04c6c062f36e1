/*
 * The text form of OpenSSH's binary things: base64 between a BEGIN and an END
 * line, shared by signatures (sshsig) and private keys (sshkey).
 *
 * Pure and thread-safe. Arguments are borrowed for the call. A label ("SSH
 * SIGNATURE") is a constant of ours.
 */
#ifndef WEALD_PROTO_SSHTEXT_H
#define WEALD_PROTO_SSHTEXT_H

#include "proto/bytes.h"
#include "proto/err.h"

/*
 * Append @blob to @b as OpenSSH writes it, in lines of 70. What is appended
 * is never moved in memory. On failure @b is as it was.
 *
 * Returns WEALD_OK, WEALD_TOOBIG (@b's maximum) or WEALD_NOMEM.
 */
int sshtext_write(struct buf *b, const char *label, struct span blob);

/*
 * Read the bytes between the two lines and append them to @out, which should
 * have a maximum of at least @text.len. Lines may have any length and end in
 * LF or CRLF, the last also in nothing: whoever accepts only one form writes
 * it again and compares. Own copies are cleansed; on failure @out is as it
 * was, but its memory may hold a part: cleanse it where that is a secret.
 *
 * Returns WEALD_OK, WEALD_TOOBIG (@out's maximum), WEALD_NOMEM, or @code with
 * what is wrong in @msg.
 */
int sshtext_read(struct span text, const char *label, struct buf *out, int code,
		 struct weald_msg *msg);

/*
 * Take a string from @r that must be @wanted. Returns WEALD_OK, or @code with
 * "@name is '...', wanted '...'" in @msg.
 */
int sshtext_expect(struct reader *r, const char *name, const char *wanted,
		   int code, struct weald_msg *msg);

/* Take any string; @code where it is cut short. */
int sshtext_take(struct reader *r, const char *name, struct span *out, int code,
		 struct weald_msg *msg);

/* Take a string of exactly @len bytes, or @code. */
int sshtext_take_exact(struct reader *r, const char *name, size_t len,
		       struct span *out, int code, struct weald_msg *msg);

/* Nothing is left in @r, or @code. */
int sshtext_end(const struct reader *r, const char *name, int code,
		struct weald_msg *msg);

#endif
