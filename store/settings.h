/*
 * The settings: what the admin of a node has set in the home's config file.
 *
 *   [node]
 *           listen = 0.0.0.0:7411       # where to listen; "none": nowhere;
 *                                       # port 0: one that is free
 *           address = weald.example.org:7411  # told to others; several lines
 *           connections = 4             # dial by ourselves up to so many
 *           peersMax = 64
 *           introductions = 2           # K; 0: never follow by itself
 *           introductionsPerDay = 3
 *           logLevel = info             # error, warning, info, debug
 *
 * Unknown keys in [node] are refused (a slip of the finger must not go
 * unnoticed); other sections than [node] and [weald] are left alone. Of a line
 * that may stand once the last counts, as git has it.
 */
#ifndef WEALD_STORE_SETTINGS_H
#define WEALD_STORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/home.h"

#define SETTINGS_ADDRESSES_MAX 8u
#define SETTINGS_ADDRESS_BYTES 260u
#define SETTINGS_PORT          7411u
#define SETTINGS_LISTEN_NONE   "none"

struct settings {
	char listen[SETTINGS_ADDRESS_BYTES]; /* "" where "none" */
	char addresses[SETTINGS_ADDRESSES_MAX][SETTINGS_ADDRESS_BYTES];
	size_t addresses_n;
	uint64_t connections;           /* 0..64 */
	uint64_t peers_max;             /* 1..256 */
	uint64_t introductions;         /* 0..100 */
	uint64_t introductions_per_day; /* 0..100 */
	uint64_t log_level;             /* 0 error .. 3 debug */
};

/*
 * Read them; what is not set has the value above.
 *   WEALD_CORRUPT  "config:12: node.connections is \"many\"; allowed: 0 to 64"
 */
int settings_load(const struct home *h, struct settings *out,
		  struct weald_msg *msg);

/* May @text stand as node.listen? WEALD_OK, or WEALD_INVALID and @msg. */
int settings_check_listen(const char *text, struct weald_msg *msg);

#endif
