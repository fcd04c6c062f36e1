/*
 * The control socket: a stream that is cut anywhere is found to be the same
 * messages; nothing that was announced is believed; what can be decoded comes
 * back from its own bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/control/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

/* The same answer, however the bytes arrive: @step at a time. */
static int scan_by(struct span bytes, size_t step, size_t *out_len)
{
	struct rpc_scan scan;
	size_t n = 0;
	int r;

	rpc_scan_init(&scan, 1000, RPC_DEPTH_MAX);
	do {
		n = bytes.len - n < step ? bytes.len : n + step;
		r = rpc_scan(&scan, (struct span){ bytes.data, n }, out_len,
			     NULL);
	} while (r == WEALD_INCOMPLETE && n < bytes.len);
	return r;
}

static void check_scan(struct span bytes)
{
	size_t whole = 0;
	size_t pieces = 0;
	int r = scan_by(bytes, SIZE_MAX, &whole);
	int p = scan_by(bytes, 1, &pieces);

	check(r == p && whole == pieces);
	check(r != WEALD_OK || (whole > 0 && whole <= bytes.len));
}

static void check_request(struct span bytes)
{
	struct mp_doc doc;
	struct rpc_request q;
	struct rpc_scan scan;
	size_t size = 0;
	uint64_t msgid;

	memset(&doc, 0, sizeof doc);
	if (rpc_request_decode(bytes, &doc, &q, &msgid, NULL) == WEALD_OK) {
		check(q.method.len <= RPC_METHOD_BYTES_MAX);
		check(q.msgid == msgid && msgid <= UINT32_MAX);
		/* the scanner of the stream sees the same end */
		rpc_scan_init(&scan, RPC_REQUEST_VALUES_MAX,
			      RPC_REQUEST_DEPTH_MAX);
		check(rpc_scan(&scan, bytes, &size, NULL) == WEALD_OK);
		check(size == bytes.len);
	}
	mp_close(&doc);
}

static void check_message(struct span bytes)
{
	struct rpc_message m;
	struct rpc_message again;
	struct buf out;
	int r;

	if (rpc_message_decode(bytes, &m, NULL) != WEALD_OK) {
		return;
	}
	buf_init(&out, RPC_MESSAGE_BYTES_MAX);
	r = m.type == RPC_RESPONSE
		    ? rpc_encode_response(&out, m.msgid, m.error, m.result)
		    : rpc_encode_notification(&out, m.method, m.result);
	check(r == WEALD_OK);
	check(rpc_message_decode(buf_span(&out), &again, NULL) == WEALD_OK);
	check(m.type == again.type && m.msgid == again.msgid);
	check(strcmp(m.method, again.method) == 0);
	check(json_equal(m.error, again.error) || m.error == again.error);
	check(json_equal(m.result, again.result) || m.result == again.result);
	rpc_message_release(&m);
	rpc_message_release(&again);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span bytes = { data, len };

	check_scan(bytes);
	check_request(bytes);
	check_message(bytes);
	return 0;
}
