/*
 * Helpers of the record's tests: the samples below tests/data, with their
 * files, and a record's text with one field changed.
 */
#ifndef WEALD_TESTS_UNIT_RECORDSET_H
#define WEALD_TESTS_UNIT_RECORDSET_H

#include "proto/bytes.h"
#include "store/record/record.h"

#define RECORDSET_DATA        "tests/data"
#define RECORDSET_RECORDS_MAX 100u
#define RECORDSET_FILES_MAX   8u
#define RECORDSET_PATH_BYTES  256u

/* One record's folder. */
struct sample_record {
	char folder[RECORDSET_PATH_BYTES];
	char region[64];
	char kind[64];
	char slug[64];
	struct buf contents[RECORDSET_FILES_MAX];
	char names[RECORDSET_FILES_MAX][64];
	struct record_file files[RECORDSET_FILES_MAX];
	size_t files_n;
};

/* All of a set, REGION/KIND/SLUG/ below tests/data/@set; asserts. */
struct sample_records {
	struct sample_record *list;
	size_t n;
};
void sample_records_load(const char *set, struct sample_records *out);
void sample_records_release(struct sample_records *s);

/* The first sample of that kind. NULL where there is none. */
const struct sample_record *sample_of_kind(const struct sample_records *s,
					   const char *kind);
/* Its record.md. */
struct span sample_text(const struct sample_record *r);

/*
 * Set @out to @text with the lines of the field @name, which may be absent,
 * replaced by @line, without its LF; "" takes the field out. Returns the line
 * at which @line stands, or would stand.
 */
size_t text_with_field(struct span text, const char *name, const char *line,
		       struct buf *out);

/* Read @text, which has front matter, right or wrong; problems in order. */
void record_parse_any(struct span text, struct record **out,
		      struct problems *p);
/*
 * @text has one error and no warning: at @line, of the field @field or a part
 * of it, and it says @why.
 */
void record_assert_one_error(struct span text, size_t line, const char *field,
			     const char *why);

/* Print each; for the log of a test that fails. */
void problems_print(const struct problems *p);

#endif
