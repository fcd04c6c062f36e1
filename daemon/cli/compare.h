/*
 * Comparisons as commands print them: what regions found of an intervention by
 * one measure, in words and for scripts. What others wrote is escaped.
 *
 * Nothing here depends on the node: no marks of what is its own, no times.
 */
#ifndef WEALD_DAEMON_CLI_COMPARE_H
#define WEALD_DAEMON_CLI_COMPARE_H

#include <jansson.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "store/index/compare.h"

/* "0.781 (0.624-0.977)", with that many decimals; @low and @high alone where
   @ratio is 0. */
#define COMPARE_RANGE_BYTES 112u
void compare_range(double ratio, double low, double high, unsigned decimals,
		   char out[COMPARE_RANGE_BYTES]);

/* What there is instead of an estimate, in a few words; "" where there is one.
 */
const char *compare_no_estimate(enum effect_state state);

/*
 * What the figures give where none of them counts: "no estimate yet". Of a
 * comparison without estimates_n.
 */
const char *compare_nothing(const struct comparison *c);

/*
 * Append the plain sentence: "6 regions tried it; own-trend ratio 0.78
 * (0.62-0.98): about 22 % fewer of: ...". WEALD_NOMEM, WEALD_TOOBIG.
 */
int compare_sentence(const struct comparison *c, struct buf *out);

/*
 * Print the sentence and how sure one may be of it, wrapped behind @indent
 * columns; reasons in the same lines, or (@apart) each on a line of its own.
 */
int compare_say(size_t width, size_t indent, const struct comparison *c,
		bool apart);

/*
 * Print, as prose_say() does, how many of the records that one names can be
 * compared with, and why others cannot; nothing where all can.
 */
int compare_say_others(size_t width, const char *head, size_t indent,
		       const struct compared *c);

/* "process measure; fewer is better", in words; for lists. */
#define COMPARE_KIND_BYTES 160u
void compare_kind(const struct comparison *c, char out[COMPARE_KIND_BYTES]);

/* NULL where there is no memory. */
json_t *compare_json(const struct comparison *c);
json_t *compare_effect_json(const struct effect *e);
json_t *compare_certainty_json(const struct certainty_result *c);
json_t *compare_bias_json(unsigned bias);

#endif
