/*
 * Hits: records and what follows from them, as the commands that read the
 * index print them. What the records say is others' text and printed escaped.
 */
#ifndef WEALD_DAEMON_CLI_HITS_H
#define WEALD_DAEMON_CLI_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "store/index/query.h"

/* What people call @code of the list @name; the code where it has no name. */
const char *hits_label(const char *name, const char *code);
/* The same of a kind. */
const char *hits_kind(const char *kind);

/*
 * The title in a line of its own, then reference, kind and what is known of
 * it: two lines behind @indent columns. "withheld" in the place of a title
 * that may not be shown.
 */
int hits_print(size_t width, size_t indent, const struct hit *h);

/*
 * "Stop and review, says kent", appended: what another region says of it that
 * its own did not withdraw. Only where @h->withdrawn_by is not empty.
 */
int hits_add_warning(struct buf *line, const struct hit *h);

/*
 * "WITHDRAWN  Stop and review; weald show ... says why and what to do", or the
 * WARNING of another region, in a line; nothing where nobody says so. @of: what
 * stands before it, where @h is not what was asked for: "the intervention: ".
 */
int hits_print_standing(size_t width, const char *of, const struct hit *h);

/*
 * How sure it is that the intervention works, in words: "replicated: improved
 * in 2 regions"; and its counts: "tried in 3 regions, improved in 2, ...".
 */
#define HITS_WORDS_BYTES 240u
void hits_maturity(const struct derived *d, char out[HITS_WORDS_BYTES]);
void hits_counts(const struct derived *d, char out[HITS_WORDS_BYTES]);

/* What came of a region's use of it, in words: "no result after 14 months". */
void hits_result(const struct use *u, int64_t today,
		 char out[HITS_WORDS_BYTES]);
/* The region's use in a line: stage, sites, since when, and what came of it. */
int hits_print_use(size_t width, size_t indent, const struct use *u,
		   int64_t today);

/*
 * Withdrawals of what this region uses that are not acknowledged, @max of them
 * at most: what, by whom, and what to do; then an empty line. Nothing where
 * there are none.
 */
#define HITS_ALERTS_FEW 3u /* where they are not what was asked for */
int hits_print_alerts(size_t width, const struct alerts *a, size_t max);

/* Objects with the keys of docs/CLI.md; NULL where there is no memory. */
json_t *hits_json(const struct hit *h);
json_t *hits_use_json(const struct use *u);
json_t *hits_derived_json(const struct derived *d);
json_t *hits_alert_json(const struct alert *a);

/*
 * Print @o as a line, with the key `type`; takes @o, which may be NULL where
 * there is no memory. WEALD_NOMEM, or as out_flush().
 */
int hits_print_json(struct cli *c, const char *type, json_t *o);

/*
 * Is it the code of a topic, a setting, a kind or a region? Else WEALD_NOTFOUND
 * with the nearest and how to list them, noted. @x: for regions, and for topics
 * that others use and the vocabulary has not got; NULL: without these topics.
 */
enum hits_filter { HITS_TOPIC, HITS_SETTING, HITS_KIND, HITS_REGION };
int hits_check(struct cli *c, struct index *x, enum hits_filter filter,
	       const char *code);

/*
 * "2026-01-31", or a length of time before now ("7d"), in seconds since 1970.
 * WEALD_USAGE, noted; @option is its name.
 */
int hits_since(struct cli *c, const char *option, const char *text,
	       uint64_t *out);

#endif
