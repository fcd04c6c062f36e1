/*
 * Zip archives by libzip. It writes all at the end, asking for each file in
 * turn; so contents are read one at a time, and only one is in memory. What
 * goes wrong while it asks is kept in the archive, as libzip's own codes say
 * less.
 */
#include "daemon/cli/extract_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zip.h>

#include "store/fs.h"

struct archive {
	struct extract *x;
	FILE *file;
	zip_t *zip;
	zip_error_t error; /* for libzip */
	int err;           /* for us, noted; WEALD_OK */
	size_t n;
	/* the content that is being read */
	const struct member *member;
	struct buf content;
	size_t pos;
};

/* A content that is read when its turn comes; libzip tells when to free it. */
struct member {
	struct archive *archive;
	const char *region;
	uint8_t blob[OBJECT_ID_BYTES];
};

/* ---- where it is written -------------------------------------------------
 */

/* -1, and why: the file that is written failed. */
static zip_int64_t write_failed(struct archive *a)
{
	int e = errno;

	zip_error_set(&a->error, ZIP_ER_WRITE, e);
	if (a->err == WEALD_OK) {
		a->err = cli_fail(a->x->c, CLI_ABOUT_INPUT,
				  fs_fail(e, "cannot write in", NULL, a->x->dir,
					  &a->x->c->msg));
	}
	return -1;
}

static zip_int64_t seek_to(struct archive *a, void *data, zip_uint64_t len)
{
	zip_source_args_seek_t *args =
		ZIP_SOURCE_GET_ARGS(zip_source_args_seek_t, data, len,
				    &a->error);

	if (args == NULL) {
		return -1;
	}
	if (fseeko(a->file, (off_t)args->offset, args->whence) != 0) {
		return write_failed(a);
	}
	return 0;
}

static zip_int64_t stat_of(void *data, zip_uint64_t len,
			   const zip_uint64_t *size)
{
	zip_stat_t *st = data;

	if (len < sizeof *st) {
		return -1;
	}
	zip_stat_init(st);
	if (size != NULL) {
		st->size = *size;
		st->valid |= ZIP_STAT_SIZE;
	}
	return sizeof *st;
}

/* libzip's end of @a->file: written, never read. fnstat: switch */
static zip_int64_t output_cb(void *ctx, void *data, zip_uint64_t len,
			     zip_source_cmd_t cmd)
{
	struct archive *a = ctx;

	switch (cmd) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_WRITABLE;
	case ZIP_SOURCE_STAT:
		return stat_of(data, len, NULL);
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&a->error, data, len);
	case ZIP_SOURCE_WRITE:
		if (fwrite(data, 1, len, a->file) != len) {
			return write_failed(a);
		}
		return (zip_int64_t)len;
	case ZIP_SOURCE_SEEK_WRITE:
		return seek_to(a, data, len);
	case ZIP_SOURCE_TELL:
	case ZIP_SOURCE_TELL_WRITE:
		return ftello(a->file);
	case ZIP_SOURCE_COMMIT_WRITE:
		return fflush(a->file) == 0 ? 0 : write_failed(a);
	case ZIP_SOURCE_BEGIN_WRITE:
	case ZIP_SOURCE_ROLLBACK_WRITE:
	case ZIP_SOURCE_OPEN:
	case ZIP_SOURCE_CLOSE:
	case ZIP_SOURCE_FREE:
	case ZIP_SOURCE_READ: /* there is nothing in it before */
		return 0;
	default:
		zip_error_set(&a->error, ZIP_ER_OPNOTSUPP, 0);
		return -1;
	}
}

int archive_open(struct extract *x, FILE *file, struct archive **out)
{
	struct archive *a = calloc(1, sizeof *a);
	zip_source_t *output = NULL;

	if (a == NULL) {
		return WEALD_NOMEM;
	}
	a->x = x;
	a->file = file;
	zip_error_init(&a->error);
	buf_init(&a->content, CONTENT_BYTES_MAX);
	output = zip_source_function_create(output_cb, a, &a->error);
	if (output != NULL) {
		a->zip = zip_open_from_source(output, ZIP_TRUNCATE, &a->error);
	}
	if (a->zip == NULL) {
		zip_source_free(output);
		archive_free(a);
		return WEALD_NOMEM; /* nothing else can fail here */
	}
	*out = a;
	return WEALD_OK;
}

/* ---- what is written -----------------------------------------------------
 */

/* Seconds in the archive's own form, UTC: what it can hold begins in 1980. */
static void set_time(struct archive *a, zip_uint64_t at, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm = { 0 };
	unsigned date = (1u << 5) | 1u; /* 1980-01-01 */
	unsigned time = 0;

	if (gmtime_r(&when, &tm) != NULL && tm.tm_year >= 80 &&
	    tm.tm_year < 80 + 128) {
		date = ((unsigned)(tm.tm_year - 80) << 9) |
		       ((unsigned)(tm.tm_mon + 1) << 5) | (unsigned)tm.tm_mday;
		time = ((unsigned)tm.tm_hour << 11) |
		       ((unsigned)tm.tm_min << 5) | (unsigned)tm.tm_sec / 2;
	}
	(void)zip_file_set_dostime(a->zip, at, (zip_uint16_t)time,
				   (zip_uint16_t)date, 0);
}

/* Takes @source, which may be NULL where it could not be made. */
static int add(struct archive *a, const char *name, zip_source_t *source,
	       uint64_t time)
{
	zip_int64_t at;

	if (a->n == EXTRACT_FILES_MAX) {
		zip_source_free(source);
		msg_set(&a->x->c->msg, "more than %u files in one extract",
			EXTRACT_FILES_MAX);
		a->x->c->advice = "select less: --region, --kind, --topic";
		return cli_fail(a->x->c, CLI_ABOUT_INPUT, WEALD_TOOBIG);
	}
	if (source == NULL) {
		return WEALD_NOMEM;
	}
	at = zip_file_add(a->zip, name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0) {
		zip_source_free(source);
		return WEALD_NOMEM;
	}
	a->n++;
	set_time(a, (zip_uint64_t)at, time);
	(void)zip_file_set_external_attributes(a->zip, (zip_uint64_t)at, 0,
					       ZIP_OPSYS_UNIX,
					       (S_IFREG | 0644u) << 16);
	if (zip_set_file_compression(a->zip, (zip_uint64_t)at, ZIP_CM_DEFLATE,
				     6) != 0) {
		return WEALD_NOMEM;
	}
	return WEALD_OK;
}

int archive_add_text(struct archive *a, const char *name, struct buf *text,
		     uint64_t time)
{
	zip_source_t *source;

	source = zip_source_buffer(a->zip, text->data, text->len, 1);
	if (source != NULL) {
		*text = (struct buf){ 0 }; /* transferred */
	}
	buf_release(text);
	return add(a, name, source, time);
}

int archive_add_file(struct archive *a, const char *name, FILE *file,
		     uint64_t time)
{
	zip_source_t *source = NULL;

	if (fflush(file) != 0 || ferror(file)) {
		(void)write_failed(a);
		(void)fclose(file);
		return a->err;
	}
	rewind(file); /* it is read from where it stands */
	source = zip_source_filep(a->zip, file, 0, -1);
	if (source == NULL) {
		(void)fclose(file);
	}
	return add(a, name, source, time);
}

/* Have the content of @m at hand. */
static bool load(struct member *m)
{
	struct archive *a = m->archive;
	struct extract *x = a->x;
	int r;

	if (a->member == m) {
		return true;
	}
	a->member = NULL;
	buf_clear(&a->content);
	r = extract_use(x, m->region);
	if (r == WEALD_OK) {
		r = cli_fail(x->c, CLI_ABOUT_FEED,
			     feed_content(x->feed, m->blob, &a->content,
					  &x->c->msg));
	}
	if (r != WEALD_OK) {
		a->err = r;
		zip_error_set(&a->error, ZIP_ER_READ, EIO);
		return false;
	}
	a->member = m;
	return true;
}

static zip_int64_t member_read(struct archive *a, void *data, zip_uint64_t len)
{
	size_t left = a->content.len - a->pos;
	size_t n = len < left ? (size_t)len : left;

	if (n > 0) {
		memcpy(data, a->content.data + a->pos, n);
		a->pos += n;
	}
	return (zip_int64_t)n;
}

static zip_int64_t member_cb(void *ctx, void *data, zip_uint64_t len,
			     zip_source_cmd_t cmd)
{
	struct member *m = ctx;
	struct archive *a = m->archive;
	zip_uint64_t size;

	switch (cmd) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_READABLE;
	case ZIP_SOURCE_STAT:
		if (!load(m)) {
			return -1;
		}
		size = a->content.len;
		return stat_of(data, len, &size);
	case ZIP_SOURCE_OPEN:
		a->pos = 0;
		return load(m) ? 0 : -1;
	case ZIP_SOURCE_READ:
		return member_read(a, data, len);
	case ZIP_SOURCE_CLOSE:
		return 0;
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&a->error, data, len);
	case ZIP_SOURCE_FREE:
		a->member = a->member == m ? NULL : a->member;
		free(m);
		return 0;
	default:
		zip_error_set(&a->error, ZIP_ER_OPNOTSUPP, 0);
		return -1;
	}
}

int archive_add_content(struct archive *a, const char *name, const char *region,
			const uint8_t blob[OBJECT_ID_BYTES], uint64_t time)
{
	struct member *m = calloc(1, sizeof *m);
	zip_source_t *source;

	if (m == NULL) {
		return WEALD_NOMEM;
	}
	m->archive = a;
	m->region = region;
	memcpy(m->blob, blob, sizeof m->blob);
	source = zip_source_function(a->zip, member_cb, m);
	if (source == NULL) {
		free(m);
	}
	return add(a, name, source, time);
}

/* ---- the end -------------------------------------------------------------
 */

/* It is written file by file, which may take long. */
static void progress_cb(zip_t *zip, double done, void *ctx)
{
	struct archive *a = ctx;

	(void)zip;
	progress_show(&a->x->progress, (uint64_t)(done * (double)a->n), a->n);
}

int archive_finish(struct archive *a)
{
	struct cli *c = a->x->c;

	(void)zip_register_progress_callback_with_state(a->zip, 0.001,
							progress_cb, NULL, a);
	if (zip_close(a->zip) == 0) {
		a->zip = NULL;
		return WEALD_OK;
	}
	if (a->err == WEALD_OK) {
		zip_error_t *error = zip_get_error(a->zip);

		a->err = WEALD_IO;
		msg_set(&c->msg, "cannot write the zip archive: %s",
			zip_error_strerror(error));
		if (zip_error_code_zip(error) == ZIP_ER_MEMORY) {
			a->err = WEALD_NOMEM;
		}
		return cli_fail(c, CLI_ABOUT_INPUT, a->err);
	}
	return a->err;
}

void archive_free(struct archive *a)
{
	if (a == NULL) {
		return;
	}
	if (a->zip != NULL) {
		zip_discard(a->zip);
	}
	buf_release(&a->content);
	zip_error_fini(&a->error);
	free(a);
}
