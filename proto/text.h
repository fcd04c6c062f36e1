/*
 * Text: what may stand in a summary, a note, a slug or a topic, and how text
 * of others is made safe to print.
 *
 * docs/PROTOCOL.md, "Text". Pure; borrows its arguments for the call.
 */
#ifndef WEALD_PROTO_TEXT_H
#define WEALD_PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"

/*
 * Decode the UTF-8 sequence at the start of @s (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). Returns its length, 1..4, and the code point
 * in @out; 0 where there is none.
 */
size_t text_rune(struct span s, uint32_t *out);

/* Valid UTF-8 throughout, whatever characters it holds. */
bool text_is_utf8(struct span s);

/*
 * One line of text: UTF-8 without control, line-separating, byte-order and
 * bidirectional characters, no space at either end. @max in bytes; @min is 0
 * or 1. @field names it in @msg.
 *
 * Returns WEALD_OK or @code, the caller's own.
 */
int text_check_line(struct span s, size_t min, size_t max, const char *field,
		    int code, struct weald_msg *msg);

/*
 * A note: 0..NOTE_BYTES_MAX bytes, lines as above joined by single LFs, empty
 * lines allowed, but no LF at either end. WEALD_OK or WEALD_NOTE.
 */
int text_check_note(struct span s, struct weald_msg *msg);

/* A slug: SLUG_BYTES_MIN..MAX of [a-z0-9-], a letter or digit at both ends. */
bool text_is_slug(struct span s);
/* A topic code: 1..TOPIC_BYTES_MAX of [a-z0-9-]. */
bool text_is_topic(struct span s);
/* An action: 1..ACTION_BYTES_MAX of [a-z-]. */
bool text_is_action(struct span s);

/*
 * Copy @len bytes of @raw to @out, printable UTF-8 as it is and every other
 * byte as \xNN, cut at a whole character where @size would be passed; always
 * ends with NUL. @size >= 1. @raw and @out do not overlap.
 */
void text_escape(const char *raw, size_t len, char *out, size_t size);

#define TEXT_DISTANCE_RUNES_MAX 64u

/*
 * How many slips of the finger lie between two words: a character too many,
 * one too few, another one, or two neighbours swapped, no part changed twice
 * (optimal string alignment). A byte that is no UTF-8 counts as a character.
 * SIZE_MAX where one of them has more than TEXT_DISTANCE_RUNES_MAX characters.
 */
size_t text_distance(struct span a, struct span b);

#endif
