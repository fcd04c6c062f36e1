/*
 * Prefill: what the form of a new record knows already, from the record that
 * it is about and from what this region said last time.
 *
 * What is taken from others' records is what their schema allows; free text is
 * taken only where that is said.
 */
#ifndef WEALD_DAEMON_CLI_PREFILL_H
#define WEALD_DAEMON_CLI_PREFILL_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/source.h"
#include "store/home.h"
#include "store/record/form.h"

/* All zero but @kind is an empty one. Owned: prefill_release(). */
struct prefill {
	const struct kind *kind;
	struct form_value *values;
	char **owned; /* the path and the text of each */
	size_t n;
	size_t cap;
};

/* Both are copied. WEALD_NOMEM. */
int prefill_add(struct prefill *p, const char *path, const char *text);
/* The same, where the kind has the field and nothing stands in it yet. */
int prefill_offer(struct prefill *p, const char *path, const char *text);
/* The first value at @path, or NULL. */
const char *prefill_get(const struct prefill *p, const char *path);
void prefill_release(struct prefill *p);

/* Topics, settings and measure of the record that this one is about. */
int prefill_from_source(struct prefill *p, const struct source *s);

/*
 * Contact, sponsor_role, settings and measure of this region's latest records
 * in @own; the contact of region.yaml where none has one. The measure only of
 * a record that shares a topic. Noted.
 */
int prefill_from_past(struct prefill *p, struct cli *c, const struct home *home,
		      const struct feed *own);

/*
 * The measure that evidence for @intervention (region/kind/slug) was counted
 * with: of this region, else of the intervention's, else of another. Asks the
 * index. Noted.
 */
int prefill_measure(struct prefill *p, struct cli *c, struct home *home,
		    const char *intervention);

/* What is the same in every form: licence, review_on, dates of today. */
int prefill_defaults(struct prefill *p);

/* "YYYY-MM-DD" of today and @months on, UTC. */
#define PREFILL_DATE_BYTES 32u
void prefill_date(unsigned months, char out[PREFILL_DATE_BYTES]);

#endif
