/*
 * Inside of weald evidence: what is printed of an evidence_source.
 */
#ifndef WEALD_DAEMON_CLI_EVIDENCE_PRIVATE_H
#define WEALD_DAEMON_CLI_EVIDENCE_PRIVATE_H

#include "daemon/cli/cli.h"
#include "daemon/cli/evidence_source.h"

/*
 * What can be said of how sure one may be where nothing but figures is there:
 * the reasons but for the first, which is the design's.
 */
void evidence_judge_figures(const struct evidence_source *s,
			    struct certainty_result *out);
/* In a sentence behind a comparator's name; "" for one that is used. */
const char *evidence_comparator_words(enum evidence_comparator_state state);

/* For people. @details: phi, lag-1, degrees of freedom, every point. */
int evidence_print_text(struct cli *c, const struct evidence_source *s,
			bool details);
/* One object on a line. */
int evidence_print_json(struct cli *c, const struct evidence_source *s);

#endif
