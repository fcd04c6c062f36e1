/* The bytes on the control socket: where a message ends, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control/rpc.h"

#define SPAN(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define BYTES(text) ((struct span)SPAN(text))

static int scan(struct span bytes, size_t *out_len)
{
	struct rpc_scan s;

	rpc_scan_init(&s, RPC_RESPONSE_VALUES_MAX, RPC_DEPTH_MAX);
	return rpc_scan(&s, bytes, out_len, NULL);
}

static void rpc_scan__finds_the_end_of_every_type(void **state)
{
	static const struct span whole[] = {
		SPAN("\xc0"),
		SPAN("\xc2"),
		SPAN("\xc3"),
		SPAN("\x00"),
		SPAN("\x7f"),
		SPAN("\xe0"),
		SPAN("\xff"),
		SPAN("\xcc\xff"),
		SPAN("\xcd\x01\x02"),
		SPAN("\xce\x01\x02\x03\x04"),
		SPAN("\xcf\x01\x02\x03\x04\x05\x06\x07\x08"),
		SPAN("\xd0\x80"),
		SPAN("\xd1\x80\x00"),
		SPAN("\xd2\x80\x00\x00\x00"),
		SPAN("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
		SPAN("\xca\x00\x00\x00\x00"),
		SPAN("\xcb\x00\x00\x00\x00\x00\x00\x00\x00"),
		SPAN("\xa0"),
		SPAN("\xa3"
		     "abc"),
		SPAN("\xd9\x02"
		     "ab"),
		SPAN("\xda\x00\x02"
		     "ab"),
		SPAN("\xdb\x00\x00\x00\x01"
		     "a"),
		SPAN("\xc4\x02"
		     "ab"),
		SPAN("\xc5\x00\x01"
		     "a"),
		SPAN("\xc6\x00\x00\x00\x00"),
		SPAN("\x90"),
		SPAN("\x92\x01\x91\xc0"),
		SPAN("\xdc\x00\x02\x01\x02"),
		SPAN("\xdd\x00\x00\x00\x01\xc0"),
		SPAN("\x80"),
		SPAN("\x82\xa1"
		     "a\x01\xa1"
		     "b\x91\x80"),
		SPAN("\xde\x00\x01\xa0\xc0"),
		SPAN("\xdf\x00\x00\x00\x01\xa0\x93\x80\x90\xc0"),
	};
	uint8_t more[64];
	size_t len;
	size_t i;
	size_t n;

	(void)state;
	for (i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		memset(more, 0xc1, sizeof more); /* what is next is not read */
		memcpy(more, whole[i].data, whole[i].len);
		len = 0;
		assert_int_equal(scan((struct span){ more, sizeof more }, &len),
				 WEALD_OK);
		assert_int_equal(len, whole[i].len);
		for (n = 0; n < whole[i].len; n++) {
			assert_int_equal(scan((struct span){ whole[i].data, n },
					      &len),
					 WEALD_INCOMPLETE);
		}
	}
}

static void rpc_scan__goes_on_where_it_stopped(void **state)
{
	static const struct span whole =
		SPAN("\x94\x00\x01\xa2hi\x92\x82\xa1x\xc0\xa1y\x91\xc4\x03"
		     "abc\xcf\x00\x00\x00\x00\x00\x00\x00\x01");
	struct rpc_scan s;
	size_t len = 0;
	size_t n;

	(void)state;
	rpc_scan_init(&s, 100, 4);
	for (n = 0; n < whole.len; n++) {
		assert_int_equal(rpc_scan(&s, (struct span){ whole.data, n },
					  &len, NULL),
				 WEALD_INCOMPLETE);
	}
	assert_int_equal(rpc_scan(&s, whole, &len, NULL), WEALD_OK);
	assert_int_equal(len, whole.len);
}

static void rpc_scan__refuses_what_announces_too_much(void **state)
{
	static const struct {
		struct span bytes;
		int wanted;
	} cases[] = {
		/* five bytes for which msgpack-c reserves gigabytes */
		{ SPAN("\xdd\x08\x00\x00\x00"), WEALD_TOOBIG },
		{ SPAN("\xdf\xff\xff\xff\xff"), WEALD_TOOBIG },
		{ SPAN("\xdb\x01\x00\x00\x00"), WEALD_TOOBIG },
		{ SPAN("\xc6\xff\xff\xff\xff"), WEALD_TOOBIG },
		{ SPAN("\xc1"), WEALD_MALFORMED },
		{ SPAN("\xc7\x00\x00"), WEALD_MALFORMED },
		{ SPAN("\xd4\x00\x00"), WEALD_MALFORMED },
		{ SPAN("\x91\xd8"), WEALD_MALFORMED },
	};
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(scan(cases[i].bytes, &len), cases[i].wanted);
	}
}

static void rpc_scan__refuses_depth_and_number(void **state)
{
	uint8_t deep[RPC_DEPTH_MAX + 2];
	struct rpc_scan s;
	size_t len;

	(void)state;
	memset(deep, 0x91, sizeof deep);
	deep[RPC_DEPTH_MAX] = 0xc0;
	assert_int_equal(scan((struct span){ deep, sizeof deep }, &len),
			 WEALD_OK);
	deep[RPC_DEPTH_MAX] = 0x91;
	assert_int_equal(scan((struct span){ deep, sizeof deep }, &len),
			 WEALD_TOOBIG);
	rpc_scan_init(&s, 4, 2);
	assert_int_equal(rpc_scan(&s, BYTES("\x93\x01\x02\x03"), &len, NULL),
			 WEALD_OK);
	rpc_scan_init(&s, 4, 2);
	assert_int_equal(rpc_scan(&s, BYTES("\x93\x01\x91\x02\x03"), &len,
				  NULL),
			 WEALD_TOOBIG);
}

static int request(struct span bytes, struct rpc_request *out,
		   uint64_t *out_msgid)
{
	struct mp_doc doc = { 0 };
	int r = rpc_request_decode(bytes, &doc, out, out_msgid, NULL);

	mp_close(&doc);
	return r;
}

static void rpc_request_decode__takes_a_request(void **state)
{
	static const struct span bytes =
		SPAN("\x94\x00\xce\xff\xff\xff\xff\xa3why\x91\xa2sw");
	struct mp_doc doc = { 0 };
	struct rpc_request q;
	struct span name;
	uint64_t msgid;

	(void)state;
	assert_int_equal(rpc_request_decode(bytes, &doc, &q, &msgid, NULL),
			 WEALD_OK);
	assert_int_equal(q.msgid, UINT32_MAX);
	assert_int_equal(msgid, UINT32_MAX);
	assert_true(span_equal(q.method, span_of("why")));
	assert_int_equal(q.params_n, 1);
	assert_true(mp_get_str(&q.params[0], &name));
	assert_true(span_equal(name, span_of("sw")));
	mp_close(&doc);
}

static void rpc_request_decode__refuses_what_is_none(void **state)
{
	static const struct span bad[] = {
		SPAN("\xc0"),
		SPAN("\x00"),
		SPAN("\x90"),
		SPAN("\x93\x00\x01\xa1x"),
		SPAN("\x95\x00\x01\xa1x\x90\xc0"),
		SPAN("\x94\x01\x01\xa1x\x90"), /* a response */
		SPAN("\x94\xa1"
		     "0\x01\xa1x\x90"),
		SPAN("\x94\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xa1x\x90"),
		SPAN("\x94\x00\x01\x02\x90"),
		SPAN("\x94\x00\x01\xa1x\xc0"),
		SPAN("\x94\x00\x01\xd9\x29"
		     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x90"),
		/* not canonical, or a type that is not used */
		SPAN("\x94\x00\x01\xd9\x01x\x90"),
		SPAN("\x94\x00\xcc\x01\xa1x\x90"),
		SPAN("\x94\x00\x01\xa1x\x91\x80"),
		SPAN("\x94\x00\x01\xa1x\x91\xc3"),
		SPAN("\x94\x00\x01\xa1x\x91\xff"),
		SPAN("\x94\x00\x01\xa1x\x90\xc0"),
	};
	struct rpc_request q;
	uint64_t msgid;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_not_equal(request(bad[i], &q, &msgid), WEALD_OK);
	}
}

static void messages__come_back_as_they_were(void **state)
{
	static const char text[] =
		"{\"a\":[null,true,false,0,-1,9007199254740993,1.5,\"\","
		"\"\\u00e9\\u0000x\"],\"b\":{\"c\":{}}}";
	json_t *value = json_loads(text, JSON_ALLOW_NUL, NULL);
	struct rpc_message m;
	struct buf bytes;

	(void)state;
	assert_non_null(value);
	buf_init(&bytes, 4096);
	assert_int_equal(rpc_encode_response(&bytes, 7, NULL, value), WEALD_OK);
	assert_int_equal(rpc_message_decode(buf_span(&bytes), &m, NULL),
			 WEALD_OK);
	assert_int_equal(m.type, RPC_RESPONSE);
	assert_int_equal(m.msgid, 7);
	assert_null(m.error);
	assert_true(json_equal(m.result, value));
	rpc_message_release(&m);
	buf_clear(&bytes);
	assert_int_equal(rpc_encode_response(&bytes, 8, value, NULL), WEALD_OK);
	assert_int_equal(rpc_message_decode(buf_span(&bytes), &m, NULL),
			 WEALD_OK);
	assert_true(json_equal(m.error, value));
	assert_null(m.result);
	rpc_message_release(&m);
	buf_clear(&bytes);
	assert_int_equal(rpc_encode_notification(&bytes, "event", value),
			 WEALD_OK);
	assert_int_equal(rpc_message_decode(buf_span(&bytes), &m, NULL),
			 WEALD_OK);
	assert_int_equal(m.type, RPC_NOTIFICATION);
	assert_string_equal(m.method, "event");
	assert_true(json_equal(m.result, value));
	rpc_message_release(&m);
	buf_release(&bytes);
	json_decref(value);
}

static void rpc_encode__leaves_nothing_of_what_does_not_fit(void **state)
{
	json_t *deep = json_array();
	json_t *outer;
	struct buf bytes;
	size_t i;

	(void)state;
	for (i = 0; i < RPC_DEPTH_MAX; i++) {
		outer = json_array();
		assert_int_equal(json_array_append_new(outer, deep), 0);
		deep = outer;
	}
	buf_init(&bytes, 64);
	assert_int_equal(rpc_encode_response(&bytes, 1, NULL, deep),
			 WEALD_INVALID);
	assert_int_equal(bytes.len, 0);
	json_decref(deep);
	deep = json_string("a text of more bytes than the sixty-four that the "
			   "buffer of this test may hold");
	assert_int_equal(rpc_encode_notification(&bytes, "event", deep),
			 WEALD_TOOBIG);
	assert_int_equal(bytes.len, 0);
	json_decref(deep);
	buf_release(&bytes);
}

static void rpc_message_decode__refuses_what_is_none(void **state)
{
	static const struct span bad[] = {
		SPAN(""),
		SPAN("\xc0"),
		SPAN("\x90"),
		SPAN("\x94\x01\x01\xc0\xc0\xc0"),
		SPAN("\x94\x01\x01\xc0"),
		SPAN("\x94\x00\x01\xa1x\x90"), /* a request */
		SPAN("\x94\x03\x01\xc0\xc0"),
		SPAN("\x93\x01\x01\xc0"),
		SPAN("\x94\x01\xc0\xc0\xc0"),
		SPAN("\x94\x01\x01\xc0\xc4\x01x"), /* bin */
		SPAN("\x94\x01\x01\xc0\xa1\xff"),  /* no UTF-8 */
		SPAN("\x94\x01\x01\xc0\x81\x01\x02"),
		SPAN("\x94\x01\x01\xc0\x81\xa1\x00\x02"),
		SPAN("\x94\x01\x01\xc0\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
		SPAN("\x94\x01\x01\xc0\xca\x7f\xc0\x00\x00"), /* NaN */
		SPAN("\x94\x01\x01\xc0\xca\x7f\x80\x00\x00"), /* infinite */
		SPAN("\x93\x02\x01\x91\xc0"),
		SPAN("\x93\x02\xa1x\x90"),
		SPAN("\x93\x02\xa1x\x92\xc0\xc0"),
	};
	struct rpc_message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_not_equal(rpc_message_decode(bad[i], &m, NULL),
				     WEALD_OK);
	}
}

static void rpc_err_of_name__is_the_inverse_of_err_name(void **state)
{
	(void)state;
	assert_int_equal(rpc_err_of_name(err_name(WEALD_GUARD)), WEALD_GUARD);
	assert_int_equal(rpc_err_of_name(err_name(WEALD_NOMEM)), WEALD_NOMEM);
	assert_int_equal(rpc_err_of_name("of-a-later-version"), WEALD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rpc_scan__finds_the_end_of_every_type),
		cmocka_unit_test(rpc_scan__goes_on_where_it_stopped),
		cmocka_unit_test(rpc_scan__refuses_what_announces_too_much),
		cmocka_unit_test(rpc_scan__refuses_depth_and_number),
		cmocka_unit_test(rpc_request_decode__takes_a_request),
		cmocka_unit_test(rpc_request_decode__refuses_what_is_none),
		cmocka_unit_test(messages__come_back_as_they_were),
		cmocka_unit_test(
			rpc_encode__leaves_nothing_of_what_does_not_fit),
		cmocka_unit_test(rpc_message_decode__refuses_what_is_none),
		cmocka_unit_test(rpc_err_of_name__is_the_inverse_of_err_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
