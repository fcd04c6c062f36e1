/*
 * Parameters of a call, each by its place and type; and the answer to one of
 * another type. Loop's thread; what is borrowed lives as long as the call.
 */
#ifndef WEALD_DAEMON_CONTROL_PARAMS_H
#define WEALD_DAEMON_CONTROL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/control/server.h"
#include "proto/bytes.h"

/* False where it is no such thing; then the call has been answered. */
bool param_uint(struct call *call, size_t i, uint64_t max, uint64_t *out);
bool param_flag(struct call *call, size_t i, bool *out);
bool param_bytes(struct call *call, size_t i, uint8_t *out, size_t len);
bool param_array(struct call *call, size_t i, const msgpack_object **out,
		 size_t *out_n);
bool param_str(struct call *call, size_t i, struct span *out);
/* A copy that the caller frees: 1 to PARAM_TEXT_MAX bytes without NUL. */
#define PARAM_TEXT_MAX 8192u
bool param_text(struct call *call, size_t i, char **out);
/* An array of such texts; the caller frees it with texts_free(). */
#define PARAM_TEXTS_MAX 64u
struct texts {
	const char *list[PARAM_TEXTS_MAX];
	char *owned[PARAM_TEXTS_MAX];
	size_t n;
};
bool param_texts(struct call *call, size_t i, struct texts *out);
void texts_free(struct texts *t);

/* Answer that parameter @i is not @what. */
void param_refuse(struct call *call, size_t i, const char *what);

#endif
