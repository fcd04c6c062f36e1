/*
 * Inside weald extract: what its files share.
 *
 *   extract.c           arguments, and what is said at the end
 *   extract_walk.c      the selection, record by record, from the feeds
 *   extract_csv.c       tables of comma-separated values
 *   extract_archive.c   zip archives
 *   extract_markdown.c  the format markdown-zip
 *   extract_table.c     the formats csv and datapackage
 *
 * Nothing is held of a record but its line in the index, and of its files
 * their names; contents are read when they are written. Where not said
 * otherwise failures are noted with cli_fail().
 */
#ifndef WEALD_DAEMON_CLI_EXTRACT_PRIVATE_H
#define WEALD_DAEMON_CLI_EXTRACT_PRIVATE_H

#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/target.h"
#include "store/index/query.h"

#define EXTRACT_LICENCE      "OGL-UK-3.0"
#define EXTRACT_LICENCE_NAME "Open Government Licence v3.0"
#define EXTRACT_LICENCE_URL                                                \
	"https://www.nationalarchives.gov.uk/doc/open-government-licence/" \
	"version/3/"

/* Files of a zip: what its list in memory may grow to. */
#define EXTRACT_FILES_MAX 200000u

struct extract {
	struct cli *c;
	struct home *home;
	struct index *index;
	struct search search; /* what was asked for */
	struct hits hits;     /* by ref */
	struct feed *feed;    /* the one that is read, or NULL */
	const char *region;   /* of it: borrowed from hits */
	const char *last;     /* region of the last record: the same */
	struct progress progress;
	const char *dir; /* where scratch files stand */
	/* what was written */
	size_t records;
	size_t regions;
	size_t files;
	size_t rows;     /* of series */
	size_t left_out; /* records that may not be shown or are not here */
	uint64_t newest; /* time of the newest version */
};

/* ---- extract_walk.c ------------------------------------------------------
 */

struct extract_record {
	const struct hit *hit;
	const char *slug;
	struct span path; /* in the feed: kind/YYYY-MM/slug */
	uint64_t seq;     /* of hit->version */
	bool first;       /* of its region */
};

/*
 * Call @each for every record of the selection that is here, in the order of
 * their references, with its feed open; counts them in @x. Stops at a code
 * that is not WEALD_OK, or where whoever reads the output has gone.
 */
typedef int extract_record_fn(void *ctx, const struct extract_record *r);
int extract_each(struct extract *x, extract_record_fn *each, void *ctx);

/* Open the feed of @region, which must live as long as the extract. */
int extract_use(struct extract *x, const char *region);

/* The file @name of a record, in @out; *@out_there where it has one here. */
int extract_file(struct extract *x, const struct extract_record *r,
		 const char *name, struct buf *out, bool *out_there);

/* ---- extract_csv.c -----------------------------------------------------
 */

/*
 * A table as RFC 4180 has it: lines end in CR LF, cells that need it stand in
 * quotes. A text that a spreadsheet would take for a formula begins with an
 * apostrophe. Failures show in ferror().
 */
struct csv {
	FILE *file;
	bool begun; /* the line has a cell */
};

void csv_text(struct csv *s, const char *text);
void csv_uint(struct csv *s, uint64_t v);
/* As few digits as tell it from its neighbours, 15 at most. */
void csv_number(struct csv *s, double v);
void csv_bool(struct csv *s, bool v);
void csv_time(struct csv *s, uint64_t seconds);
void csv_end(struct csv *s);

/* ---- extract_archive.c ---------------------------------------------------
 */

struct archive;

/*
 * Begin a zip archive in @file, which stays the caller's. What is added is
 * written by archive_finish(), in the order that it was added in. @name is
 * copied; @time, seconds since 1970, is what the archive says of the file.
 */
int archive_open(struct extract *x, FILE *file, struct archive **out);
/* Takes @text, which must come from malloc(), also on failure. */
int archive_add_text(struct archive *a, const char *name, struct buf *text,
		     uint64_t time);
/* Takes @file, also on failure: all of it, from the start. */
int archive_add_file(struct archive *a, const char *name, FILE *file,
		     uint64_t time);
/* A content of the feed of @region, which is read when it is written. */
int archive_add_content(struct archive *a, const char *name, const char *region,
			const uint8_t blob[OBJECT_ID_BYTES], uint64_t time);
int archive_finish(struct archive *a);
/* Also after archive_finish(). @a may be NULL. */
void archive_free(struct archive *a);

/* ---- the formats ---------------------------------------------------------
 */

int extract_markdown(struct extract *x, FILE *out);
int extract_csv(struct extract *x, FILE *out);
int extract_datapackage(struct extract *x, FILE *out);

/* The selection in words: "kind problem, topic sepsis"; "all records". */
#define EXTRACT_WORDS_BYTES 512u
void extract_words(const struct extract *x, char out[EXTRACT_WORDS_BYTES]);

#endif
