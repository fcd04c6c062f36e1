/*
 * Addresses: where a node can be reached, as people and region.yaml write it:
 * "host:port", "192.0.2.1:7000" or "[2001:db8::1]:7000".
 *
 * docs/PROTOCOL.md, "Addresses". Only the form is checked here: whether there
 * is such a host is for the resolver to say. Pure; any bytes may come.
 */
#ifndef WEALD_PROTO_ADDRESS_H
#define WEALD_PROTO_ADDRESS_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"

/* A DNS name of 253 bytes, a colon and five digits. */
#define ADDRESS_BYTES_MAX 259u

struct address {
	struct span host; /* borrowed; without brackets */
	uint16_t port;    /* 1 to 65,535 */
};

/*
 * Read an address: a name or an IPv4 address of [A-Za-z0-9._-], or an IPv6
 * address of hex digits, colons and dots in brackets; then the port in
 * decimal. WEALD_OK, or WEALD_INVALID with what is wrong in @msg.
 */
int address_parse(struct span text, struct address *out, struct weald_msg *msg);

#endif
