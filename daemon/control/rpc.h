/*
 * MessagePack-RPC: what goes over the control socket.
 *
 *   request       [0, msgid, method str, params array]
 *   response      [1, msgid, error, result]
 *   notification  [2, method str, params array]
 *
 * A request is in the canonical part of MessagePack that proto/mp.h reads: no
 * map, no boolean, integers from 0 on. Responses and notifications carry any
 * JSON value. A stream of them has no lengths between, so rpc_scan() finds
 * where one ends, and looks at every header with a limit before msgpack-c sees
 * the bytes.
 *
 * Pure functions of bytes and values. Nothing here asserts on what was read.
 */
#ifndef WEALD_DAEMON_CONTROL_RPC_H
#define WEALD_DAEMON_CONTROL_RPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/mp.h"

/* Raised when a method or an answer changes its meaning. */
#define RPC_PROTOCOL 1

/* A batch of records to publish is about half of it. */
#define RPC_MESSAGE_BYTES_MAX (16u * 1024u * 1024u)
/* Values in all; msgpack-c takes 24 bytes for each. */
#define RPC_REQUEST_VALUES_MAX  (64u * 1024u)
#define RPC_RESPONSE_VALUES_MAX (256u * 1024u)
/* Arrays and maps within each other. */
#define RPC_REQUEST_DEPTH_MAX MP_DEPTH_MAX
#define RPC_DEPTH_MAX         16u
#define RPC_METHOD_BYTES_MAX  40u

/*
 * How far the next message of a stream has been looked at. All zero, or
 * rpc_scan_init(), is the beginning of one.
 */
struct rpc_scan {
	size_t values_max;
	size_t depth_max;
	size_t at;     /* bytes that were looked at */
	size_t values; /* headers among them */
	size_t depth;
	uint64_t left[RPC_DEPTH_MAX]; /* values still to come, at each depth */
};

void rpc_scan_init(struct rpc_scan *s, size_t values_max, size_t depth_max);

/*
 * Look on. @bytes are all that has come since the message began, those that
 * were there at the last call too.
 *   WEALD_OK          a whole message: *@out_len bytes
 *   WEALD_INCOMPLETE  call again with more
 *   WEALD_MALFORMED   no MessagePack, or an ext
 *   WEALD_TOOBIG      over RPC_MESSAGE_BYTES_MAX, or a limit of @s
 */
int rpc_scan(struct rpc_scan *s, struct span bytes, size_t *out_len,
	     struct weald_msg *msg);

struct rpc_request {
	uint64_t msgid; /* up to 2^32 - 1 */
	struct span method;
	const msgpack_object *params; /* params_n of them */
	size_t params_n;
};

/*
 * Decode a whole request into @doc, which the caller closes; @out borrows
 * @doc and @bytes. Codes of mp_open(), and WEALD_MALFORMED where it is no
 * request; then *@out_msgid is set where it could be read, else 0.
 */
int rpc_request_decode(struct span bytes, struct mp_doc *doc,
		       struct rpc_request *out, uint64_t *out_msgid,
		       struct weald_msg *msg);

/*
 * Append a response; NULL stands for nil. Or a notification with one
 * parameter. WEALD_TOOBIG (@out as it was), WEALD_NOMEM, WEALD_INVALID (a
 * value nested deeper than RPC_DEPTH_MAX).
 */
int rpc_encode_response(struct buf *out, uint64_t msgid, const json_t *error,
			const json_t *result);
int rpc_encode_notification(struct buf *out, const char *method,
			    const json_t *param);

enum rpc_type { RPC_REQUEST = 0, RPC_RESPONSE = 1, RPC_NOTIFICATION = 2 };

/* A response or a notification; rpc_message_release() also takes zeroes. */
struct rpc_message {
	enum rpc_type type;
	uint64_t msgid;                        /* of a response */
	char method[RPC_METHOD_BYTES_MAX + 1]; /* of a notification */
	json_t *error;                         /* NULL where nil; owned */
	json_t *result; /* of a notification: its only parameter; owned */
};

/* Decode a whole one. WEALD_MALFORMED, WEALD_TOOBIG, WEALD_NOMEM. */
int rpc_message_decode(struct span bytes, struct rpc_message *out,
		       struct weald_msg *msg);
void rpc_message_release(struct rpc_message *m);

/* The code that err_name() calls @name; WEALD_INVALID for none of them. */
int rpc_err_of_name(const char *name);

#endif
