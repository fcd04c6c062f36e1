#include "proto/frame.h"

#include <stdlib.h>

#include "proto/frame_private.h"

static const struct {
	const char *name;
	size_t fields;
} forms[FRAME_TYPES] = {
	[FRAME_UNKNOWN] = { "unknown", 0 },
	[FRAME_HELLO] = { "hello", 7 },
	[FRAME_CLOCK] = { "clock", 3 },
	[FRAME_WANT] = { "want", 7 },
	[FRAME_UPDATES] = { "updates", 4 },
	[FRAME_HAVE] = { "have", 2 },
	[FRAME_GRAFT] = { "graft", 5 },
	[FRAME_PRUNE] = { "prune", 2 },
	[FRAME_RECEIPT] = { "receipt", 3 },
	[FRAME_FORK_PROOF] = { "fork-proof", 3 },
	[FRAME_WANT_CONTENTS] = { "want-contents", 3 },
	[FRAME_CONTENTS] = { "contents", 3 },
	[FRAME_PING] = { "ping", 2 },
	[FRAME_PONG] = { "pong", 2 },
	[FRAME_JOIN] = { "join", 2 },
	[FRAME_ERROR] = { "error", 3 },
	[FRAME_BYE] = { "bye", 3 },
};

const char *frame_name(enum frame_type type)
{
	return (size_t)type < FRAME_TYPES ? forms[type].name
					  : forms[FRAME_UNKNOWN].name;
}

size_t frame_fields(uint64_t type)
{
	return type < FRAME_TYPES ? forms[type].fields : 0;
}

int frame_read_header(struct span bytes, uint32_t max, uint32_t *out_len)
{
	struct reader r;
	uint32_t len;

	reader_init(&r, bytes);
	if (reader_be32(&r, &len) != WEALD_OK) {
		return WEALD_INCOMPLETE;
	}
	if (len == 0) {
		return WEALD_MALFORMED;
	}
	if (len > max) {
		return WEALD_TOOBIG;
	}
	*out_len = len;
	return WEALD_OK;
}

void frame_release(struct frame *f)
{
	free(f->owned);
	*f = (struct frame){ .owned = NULL };
}
