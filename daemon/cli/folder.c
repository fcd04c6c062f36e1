#include "daemon/cli/folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/digest.h"
#include "store/feed/objectid.h"
#include "proto/text.h"
#include "store/fs.h"

struct loading {
	struct folder folder;
	struct weald_msg msg;
	bool many; /* that there are too many was said */
};

/* The names in one folder, sorted, so that the same problem comes first. */
struct names {
	char **names;
	size_t n;
};

static void names_release(struct names *list)
{
	while (list->n > 0) {
		free(list->names[--list->n]);
	}
	free(list->names);
	list->names = NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_add(struct names *list, const char *name)
{
	char **grown;

	if ((list->n & (list->n - 1)) == 0) { /* room for 1, 2, 4, 8 ... */
		grown = realloc(list->names, (list->n == 0 ? 1 : 2 * list->n) *
						     sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		list->names = grown;
	}
	list->names[list->n] = strdup(name);
	if (list->names[list->n] == NULL) {
		return WEALD_NOMEM;
	}
	list->n++;
	return WEALD_OK;
}

/*
 * Note what is wrong with @file, or with the folder where that is NULL, and go
 * on: WEALD_OK, or WEALD_NOMEM.
 */
static int note(struct loading *l, const char *file, int err, const char *text)
{
	struct folder *f = &l->folder;

	if (err == WEALD_NOMEM) {
		return err;
	}
	f->err = f->err == WEALD_OK ? err : f->err;
	problem_add(&f->problems, PROBLEM_ERROR, file, 0, NULL, "%s", text);
	return f->problems.no_memory ? WEALD_NOMEM : WEALD_OK;
}

/* The same, with what the call that failed said. */
static int note_failure(struct loading *l, const char *file, int err)
{
	return note(l, file, err, msg_text(&l->msg, err));
}

/* The folder itself, which a call could not do; errno says why. */
static int note_folder(struct loading *l, const char *what)
{
	const int err = errno;

	msg_set(&l->msg, "the folder cannot be %s: %s", what, strerror(err));
	return note(l, NULL, fs_fail(err, "", NULL, "", NULL), l->msg.text);
}

static int refuse_many(struct loading *l)
{
	if (l->many) {
		return WEALD_OK;
	}
	l->many = true;
	msg_set(&l->msg,
		"more than %u files; put those that belong together into one, "
		"or split the record",
		FOLDER_FILES_MAX);
	return note_failure(l, NULL, WEALD_TOOBIG);
}

/* The names in the open folder @fd, which is closed. */
static int read_names(struct loading *l, int fd, struct names *out)
{
	struct names list = { NULL, 0 };
	struct dirent *entry;
	DIR *dir = fdopendir(fd);
	int r = WEALD_OK;

	if (dir == NULL) {
		r = note_folder(l, "read");
		close(fd);
		return r;
	}
	while (r == WEALD_OK) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL && errno != 0) {
			r = note_folder(l, "read");
		}
		if (entry == NULL) {
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		/* one over the limit is enough to know that it is */
		if (list.n > FOLDER_FILES_MAX) {
			r = refuse_many(l);
			break;
		}
		r = names_add(&list, entry->d_name);
	}
	closedir(dir);
	if (r != WEALD_OK) {
		names_release(&list);
		return r;
	}
	if (list.n > 1) {
		qsort(list.names, list.n, sizeof *list.names, compare_names);
	}
	*out = list;
	return WEALD_OK;
}

/*
 * A name of the same meaning that may travel: in small letters, anything
 * strange a "-". False where there is none.
 */
static bool suggest_name(const char *name, char out[FILE_BYTES_MAX + 1])
{
	size_t len = strlen(name);
	size_t i;
	char c;

	if (len > FILE_BYTES_MAX) {
		return false;
	}
	for (i = 0; i < len; i++) {
		c = name[i];
		if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		} else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-",
				  c) == NULL) {
			c = '-';
		}
		out[i] = c;
	}
	out[len] = '\0';
	return path_is_file_name(span_of(out));
}

/* @name: within the record, "attachments/.hidden". */
static int refuse_name(struct loading *l, const char *under, const char *name)
{
	char better[FILE_BYTES_MAX + 1];
	char full[sizeof PATH_ATTACHMENTS + NAME_MAX + 2];

	snprintf(full, sizeof full, "%s%s", under, name);
	if (name[0] == '.') {
		return note(l, full, WEALD_PATH,
			    "a hidden file cannot be published; remove it");
	}
	if (suggest_name(name, better)) {
		msg_set(&l->msg,
			"not a name that works everywhere (a-z, 0-9, \".\", "
			"\"_\", \"-\"); rename it to %s",
			better);
	} else {
		msg_set(&l->msg,
			"not a name that works everywhere; rename it (a-z, "
			"0-9, \".\", \"_\", \"-\", a letter or digit first, at "
			"most %u bytes, no device name of Windows, not ending "
			"in \".\" or \".lock\")",
			FILE_BYTES_MAX);
	}
	return note_failure(l, full, WEALD_PATH);
}

/* Is @name a table, which must be UTF-8 as record.md must? */
static bool is_csv(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".csv") == 0;
}

static int check_content(struct loading *l, const struct folder_file *file)
{
	size_t before = l->folder.bytes;

	l->folder.bytes += file->content.len;
	if (before <= CONTENTS_BYTES_MAX &&
	    l->folder.bytes > CONTENTS_BYTES_MAX) {
		return note(l, NULL, WEALD_TOOBIG,
			    "the files together have more than 4 MiB; make "
			    "them smaller, or split the record");
	}
	if (is_csv(file->name) && !text_is_utf8(buf_span(&file->content))) {
		return note(l, file->name, WEALD_INVALID,
			    "not UTF-8; save the file as UTF-8");
	}
	return WEALD_OK;
}

/* Read the file @name in @fd, the folder @under ("" or "attachments/"). */
static int load_file(struct loading *l, int fd, const char *under,
		     const char *name)
{
	struct folder_file *file = &l->folder.files[l->folder.files_n];
	int r;

	if (!path_is_file_name(span_of(name))) {
		return refuse_name(l, under, name);
	}
	if (l->folder.bytes > CONTENTS_BYTES_MAX) {
		return WEALD_OK; /* that was said */
	}
	snprintf(file->name, sizeof file->name, "%s%s", under, name);
	r = fs_read_at(fd, name, CONTENT_BYTES_MAX, FS_NOFOLLOW, &file->content,
		       &l->msg);
	if (r == WEALD_TOOBIG) {
		return note(l, file->name, r,
			    "longer than the limit of 1 MiB; make it smaller, "
			    "or leave it out");
	}
	if (r != WEALD_OK) {
		return note_failure(l, file->name, r);
	}
	l->folder.files_n++;
	return check_content(l, file);
}

/* What version the folder in @fd was made from. */
static int load_mark(struct loading *l, int fd)
{
	struct folder_mark *mark = &l->folder.mark;
	struct reference ref;
	struct span text;
	struct buf line;
	int r;

	buf_init(&line, FOLDER_MARK_BYTES);
	r = fs_read_at(fd, FOLDER_MARK, FOLDER_MARK_BYTES, FS_NOFOLLOW, &line,
		       &l->msg);
	text = buf_span(&line);
	while (text.len > 0 && memchr("\r\n", text.data[text.len - 1], 2)) {
		text.len--;
	}
	if (r == WEALD_OK &&
	    (reference_parse(text, span_of(""), &ref, NULL) != WEALD_OK ||
	     ref.version == 0 || ref.is_feed || ref.has_digest)) {
		r = WEALD_INVALID;
	}
	if (r == WEALD_OK) {
		snprintf(mark->ref, sizeof mark->ref, "%.*s/%.*s/%.*s",
			 (int)ref.region.len, (const char *)ref.region.data,
			 (int)ref.kind.len, (const char *)ref.kind.data,
			 (int)ref.slug.len, (const char *)ref.slug.data);
		mark->version = ref.version;
	} else if (r != WEALD_NOMEM) {
		r = note(l, FOLDER_MARK, r,
			 "not as weald edit writes it (region/kind/slug@N); "
			 "weald edit the record anew, or delete the file");
	}
	buf_release(&line);
	return r;
}

static int load_attachments(struct loading *l, int fd);

/* All files of the open folder @fd, which is closed. */
static int load_files(struct loading *l, int fd, const char *under)
{
	struct names list = { NULL, 0 };
	size_t i;
	/* read_names() closes the one that it reads */
	int dup_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int r;

	if (dup_fd < 0) {
		r = note_folder(l, "read");
		goto out;
	}
	r = read_names(l, dup_fd, &list);
	for (i = 0; r == WEALD_OK && i < list.n; i++) {
		if (under[0] == '\0' &&
		    strcmp(list.names[i], FOLDER_MARK) == 0) {
			r = load_mark(l, fd);
		} else if (under[0] == '\0' &&
			   strcmp(list.names[i], PATH_ATTACHMENTS) == 0) {
			r = load_attachments(l, fd);
		} else if (l->folder.files_n == FOLDER_FILES_MAX) {
			r = refuse_many(l);
			break;
		} else {
			r = load_file(l, fd, under, list.names[i]);
		}
	}
out:
	names_release(&list);
	close(fd);
	return r;
}

static int load_attachments(struct loading *l, int fd)
{
	int inner = openat(fd, PATH_ATTACHMENTS,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (inner < 0) {
		r = fs_fail(errno, "cannot open the folder", NULL,
			    PATH_ATTACHMENTS, &l->msg);
		return note_failure(l, PATH_ATTACHMENTS, r);
	}
	return load_files(l, inner, PATH_ATTACHMENTS "/");
}

/* The folder's own name, whatever way its path is written. */
static int find_slug(struct loading *l, const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash;
	int r = WEALD_OK;

	if (real == NULL) {
		return note_folder(l, "opened");
	}
	slash = strrchr(real, '/');
	assert(slash != NULL);
	if (path_is_name(span_of(slash + 1))) {
		snprintf(l->folder.slug, sizeof l->folder.slug, "%s",
			 slash + 1);
	} else {
		msg_set(&l->msg,
			"the folder's name \"%.100s\" becomes the record's "
			"name; rename it (a-z, 0-9, \"-\", at most %u bytes)",
			slash + 1, NAME_BYTES_MAX);
		r = note_failure(l, NULL, WEALD_PATH);
	}
	free(real);
	return r;
}

/* -1 in *@out_fd where it cannot be opened, which is noted. */
static int open_folder(struct loading *l, const char *path, int *out_fd)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = WEALD_OK;

	if (fd < 0 && errno == ENOTDIR) {
		r = note(l, NULL, WEALD_INVALID,
			 "not a folder; name the folder that holds record.md");
	} else if (fd < 0) {
		r = note_folder(l, "opened");
	}
	*out_fd = fd;
	return r;
}

bool folder_find(const struct folder *f, const char *name, struct span *out)
{
	size_t i;

	for (i = 0; i < f->files_n; i++) {
		if (strcmp(f->files[i].name, name) == 0) {
			*out = buf_span(&f->files[i].content);
			return true;
		}
	}
	return false;
}

/* The kind alone, where the rest cannot be read: others may refer to it. */
static void read_kind(struct folder *f, struct span text)
{
	struct problems unused = { .n = 0 };
	struct record *record = NULL;

	if (record_parse(text, &record, &unused) == WEALD_OK &&
	    record->kind != NULL) {
		snprintf(f->front.kind, sizeof f->front.kind, "%s",
			 record->kind->name);
	}
	record_free(record);
	problems_release(&unused);
}

void folder_read_front(struct folder *f)
{
	struct span text;

	f->front = (struct front){ .topics_n = 0 };
	if (folder_find(f, RECORD_FILE, &text) &&
	    front_parse(text, RECORD_FILE, &f->front, NULL) != WEALD_OK) {
		f->front = (struct front){ .topics_n = 0 };
		read_kind(f, text);
	}
}

static int load_all(struct loading *l, const char *path)
{
	struct span text;
	int fd = -1;
	int r = open_folder(l, path, &fd);

	if (r != WEALD_OK || fd < 0) {
		return r;
	}
	r = find_slug(l, path);
	if (r == WEALD_OK) {
		r = load_files(l, fd, "");
	} else {
		close(fd);
	}
	if (r == WEALD_OK && l->folder.err == WEALD_OK &&
	    !folder_find(&l->folder, RECORD_FILE, &text)) {
		r = note(l, NULL, WEALD_INVALID,
			 "there is no record.md in it; name a record's folder");
	}
	if (r == WEALD_OK) {
		folder_read_front(&l->folder);
	}
	return r;
}

int folder_load(const char *path, struct folder *out)
{
	struct loading l = { .many = false };
	struct folder_file *files;
	int r;

	*out = (struct folder){ .files = NULL };
	/* one more than may be, to read the one that is too many into */
	l.folder.files = calloc(FOLDER_FILES_MAX + 1, sizeof *l.folder.files);
	if (l.folder.files == NULL) {
		return WEALD_NOMEM;
	}
	r = load_all(&l, path);
	/* give back what was reserved; a failure to shrink is none */
	files = realloc(l.folder.files, (l.folder.files_n + 1) * sizeof *files);
	if (files != NULL) {
		l.folder.files = files;
	}
	*out = l.folder;
	return r;
}

void folder_release(struct folder *f)
{
	size_t i;

	for (i = 0; i < f->files_n; i++) {
		buf_release(&f->files[i].content);
	}
	free(f->files);
	f->files = NULL;
	f->files_n = 0;
	problems_release(&f->problems);
}

int folder_put(struct folder *f, const char *name, struct span content)
{
	struct folder_file *grown;
	struct folder_file file;
	size_t i;
	int r;

	buf_init(&file.content, CONTENT_BYTES_MAX);
	snprintf(file.name, sizeof file.name, "%s", name);
	r = buf_add(&file.content, content.data, content.len);
	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; i < f->files_n; i++) {
		if (strcmp(f->files[i].name, name) == 0) {
			f->bytes -= f->files[i].content.len;
			buf_release(&f->files[i].content);
			break;
		}
	}
	if (i == f->files_n) {
		grown = realloc(f->files, (i + 1) * sizeof *grown);
		if (grown == NULL) {
			buf_release(&file.content);
			return WEALD_NOMEM;
		}
		f->files = grown;
		f->files_n++;
	}
	f->bytes += file.content.len;
	f->files[i] = file;
	return WEALD_OK;
}

/* The content of @file: empty, not absent. */
static struct span content_of(const struct folder_file *file)
{
	return file->content.data == NULL ? span_of("")
					  : buf_span(&file->content);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct folder_id *)a)->name,
		      ((const struct folder_id *)b)->name);
}

int folder_digest_ids(struct folder_id *list, size_t n,
		      uint8_t out[SHA256_BYTES])
{
	struct buf all;
	size_t i;
	int r = WEALD_OK;

	if (n > 1) {
		qsort(list, n, sizeof *list, compare_ids);
	}
	/* a feed may hold more files than a folder here */
	buf_init(&all, n * sizeof *list + 1);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = buf_add(&all, list[i].name, strlen(list[i].name) + 1);
		if (r == WEALD_OK) {
			r = buf_add(&all, list[i].blob, sizeof list[i].blob);
		}
	}
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&all), out);
	}
	buf_release(&all);
	return r;
}

int folder_digest(const struct folder *f, uint8_t out[SHA256_BYTES])
{
	struct folder_id *list = calloc(f->files_n + 1, sizeof *list);
	struct span content;
	size_t i;
	int r = list == NULL ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->files_n; i++) {
		content = content_of(&f->files[i]);
		snprintf(list[i].name, sizeof list[i].name, "%s",
			 f->files[i].name);
		r = object_id(OBJECT_BLOB, content.data, content.len,
			      list[i].blob);
	}
	if (r == WEALD_OK) {
		r = folder_digest_ids(list, f->files_n, out);
	}
	free(list);
	return r;
}

void folder_mark_format(const struct folder_mark *mark,
			char out[FOLDER_MARK_BYTES])
{
	snprintf(out, FOLDER_MARK_BYTES, "%s@%" PRIu64 "\n", mark->ref,
		 mark->version);
}

int folder_mark_write(const char *path, const struct folder_mark *mark,
		      mode_t mode, struct weald_msg *msg)
{
	char line[FOLDER_MARK_BYTES];
	char *file = NULL;
	int r;

	if (asprintf(&file, "%s/" FOLDER_MARK, path) < 0) {
		return WEALD_NOMEM;
	}
	folder_mark_format(mark, line);
	r = fs_write_durable(file, span_of(line), mode, msg);
	free(file);
	return r;
}

int folder_draft_files(const struct folder *f, struct draft_file **out)
{
	struct draft_file *files = calloc(f->files_n + 1, sizeof *files);
	size_t i;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < f->files_n; i++) {
		files[i].name = span_of(f->files[i].name);
		files[i].content = content_of(&f->files[i]);
	}
	*out = files;
	return WEALD_OK;
}

int folder_record_files(const struct folder *f, struct record_file **out)
{
	struct record_file *files = calloc(f->files_n + 1, sizeof *files);
	size_t i;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < f->files_n; i++) {
		files[i].name = span_of(f->files[i].name);
		files[i].content = content_of(&f->files[i]);
	}
	*out = files;
	return WEALD_OK;
}
