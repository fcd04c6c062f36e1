/*
 * Show: what weald show has read of a record, and its parts that print it.
 *
 * A version that the privacy guard would block is never in here: it is looked
 * at as it is loaded, whatever the index says.
 */
#ifndef WEALD_DAEMON_CLI_SHOW_H
#define WEALD_DAEMON_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/edition.h"
#include "daemon/cli/files.h"
#include "daemon/cli/view.h"
#include "proto/bytes.h"
#include "store/index/query.h"
#include "store/record/record.h"
#include "store/record/reference.h"

struct show_version {
	uint64_t version;
	uint64_t seq;
	uint64_t time;
	char *action;
	char *summary;
	enum index_state state;    /* INDEX_UNREAD is shown as it is */
	char why[JUDGE_WHY_BYTES]; /* withheld: the kinds of the guard */
};

struct showing {
	struct cli *c;
	struct reference ref;
	char name[REFERENCE_REGION_BYTES_MAX + 1]; /* of the feed */
	char *whole;                               /* region/kind/slug */
	const char *file;                          /* --file, or NULL */
	bool raw;
	bool diff;
	const char *range; /* of --diff, or NULL */
	struct home *home;
	struct feed *feed;
	struct buf path; /* of the record in the feed */
	uint64_t last;   /* version */
	struct edition shown;
	struct edition latest; /* of it only why it is not what is shown */
	struct show_version *versions; /* the newest first */
	size_t versions_n;
	/* of the index, where there is one */
	struct index *index; /* NULL: there is none */
	bool complete;       /* all that is here is in it */
	bool has_hit;
	struct hit hit;
	struct links links;
	struct estimate estimate; /* of the version that is shown; or "" */
	bool has_derived;
	struct derived derived;
	struct alerts alerts;
	size_t alerts_n; /* the first ones are about this record, or about its
			    intervention */
	bool alerts_own; /* some are about this record itself */
	size_t width;
	int64_t today;
};

/* Where the record is that is shown. */
struct edition_from show_from(const struct showing *s);

/* The fields in the order of the schema, then the Markdown. */
int show_fields(const struct showing *s);
int show_body(const struct showing *s);
/* The tables of the files that the record names as its series. */
int show_series(const struct showing *s);
/* What follows from other records, and which refer to it. */
int show_state(const struct showing *s);
int show_links(const struct showing *s);
/* Has the day passed on which it was to be looked at again? */
bool show_review_passed(const struct showing *s);
/* Is @l the intervention that the record uses, or tells of? */
bool show_is_intervention(const struct linked *l);
/* What is different between two versions. */
int show_diff(struct showing *s);

/* What its numbers come to, in a line, where they come to anything. */
int show_computed(const struct showing *s);
/* null where there are no numbers, or they are of another version. */
json_t *show_computed_json(const struct showing *s);

/* A field's name as people read it: "other changes". */
#define SHOW_LABEL_BYTES 64u
void show_label(const char *name, char out[SHOW_LABEL_BYTES]);

/* The title of what @text refers to; NULL where it is not here. */
const char *show_title(const struct showing *s, const char *text);

/* NULL where there is no memory. */
json_t *show_fields_json(const struct showing *s);
json_t *show_links_json(const struct showing *s);

#endif
