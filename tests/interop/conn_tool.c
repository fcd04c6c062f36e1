/*
 * One transport on the command line, for tests against other programs.
 *
 *   conn_tool key SEED            print the node key of a seed, in hex
 *   conn_tool listen SEED         listen on a port of 127.0.0.1, print
 *                                 "port N", and take connections for ever
 *   conn_tool dial SEED PORT KEY  connect to 127.0.0.1, until it is down
 *
 * SEED and KEY are 64 hex digits. Prints a line for each event:
 *   up KEY | frame NAME BYTES | down REASON TEXT
 * A connection that is up sends a ping.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/node/conn.h"
#include "daemon/node/listen.h"
#include "proto/ed25519.h"

static void print_up(void *ctx, struct conn *c)
{
	struct frame ping = { .type = FRAME_PING, .ping = { 1 } };
	char hex[2 * PUBKEY_BYTES + 1];

	(void)ctx;
	hex_encode(conn_key(c), PUBKEY_BYTES, hex);
	printf("up %s\n", hex);
	if (conn_send(c, &ping) != WEALD_OK) {
		conn_drop(c, "cannot send");
	}
}

static void print_frame(void *ctx, struct conn *c, const struct frame *frame,
			size_t bytes)
{
	(void)ctx;
	(void)c;
	printf("frame %s %zu\n", frame_name(frame->type), bytes);
}

static void print_sent(void *ctx, struct conn *c, size_t unsent)
{
	(void)ctx;
	(void)c;
	(void)unsent;
}

static void print_down(void *ctx, struct conn *c, const struct conn_end *end)
{
	(void)ctx;
	(void)c;
	printf("down %s %s\n", err_name(end->err), end->msg.text);
}

static const struct conn_handler printer = {
	.up = print_up,
	.frame = print_frame,
	.sent = print_sent,
	.down = print_down,
};

static int usage(void)
{
	fprintf(stderr, "usage: conn_tool key SEED | listen SEED | "
			"dial SEED PORT KEY\n");
	return 2;
}

static int die(int err, const struct weald_msg *msg)
{
	fprintf(stderr, "conn_tool: %s\n", msg_text(msg, err));
	return 1;
}

static int do_listen(const struct conn_setup *setup)
{
	struct weald_msg msg = { "" };
	struct listener *l;
	int r = listener_open(setup, "127.0.0.1:0", &l, &msg);

	if (r != WEALD_OK) {
		return die(r, &msg);
	}
	printf("port %u\n", (unsigned)listener_port(l));
	return uv_run(setup->loop, UV_RUN_DEFAULT);
}

static int do_dial(const struct conn_setup *setup, const char *port_text,
		   const char *key_hex)
{
	uint8_t key[PUBKEY_BYTES];
	struct sockaddr_in addr;
	struct conn *c;
	uint64_t port;
	int r;

	if (parse_u64(span_of(port_text), 1, UINT16_MAX, &port) != WEALD_OK ||
	    hex_decode(span_of(key_hex), key, sizeof key) != WEALD_OK) {
		return usage();
	}
	(void)uv_ip4_addr("127.0.0.1", (int)port, &addr);
	r = conn_dial(setup, (const struct sockaddr *)&addr, key, &c);
	if (r != WEALD_OK) {
		return die(r, NULL);
	}
	return uv_run(setup->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
	struct conn_setup setup = { .handler = &printer };
	struct weald_msg msg = { "" };
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];
	char hex[2 * PUBKEY_BYTES + 1];
	int r;

	if (argc < 3 ||
	    hex_decode(span_of(argv[2]), seed, sizeof seed) != WEALD_OK) {
		return usage();
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	r = tls_new(seed, &setup.tls, &msg);
	if (r == WEALD_OK) {
		r = ed25519_public(seed, key);
	}
	if (r != WEALD_OK) {
		return die(r, &msg);
	}
	setup.loop = uv_default_loop();
	if (strcmp(argv[1], "key") == 0 && argc == 3) {
		hex_encode(key, sizeof key, hex);
		printf("%s\n", hex);
	} else if (strcmp(argv[1], "listen") == 0 && argc == 3) {
		r = do_listen(&setup);
	} else if (strcmp(argv[1], "dial") == 0 && argc == 5) {
		r = do_dial(&setup, argv[3], argv[4]);
	} else {
		r = usage();
	}
	tls_free(setup.tls);
	return r;
}
