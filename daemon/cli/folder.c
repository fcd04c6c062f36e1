#include "daemon/cli/folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/text.h"
#include "store/fs.h"

#define RECORD_FILE "record.md"

/* What of a path is shown: its end, so that the reason still fits. */
#define SHOWN_BYTES_MAX 200u

struct loading {
	const char *shown;
	struct folder folder;
	struct weald_msg *msg;
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

static int refuse_many(struct loading *l)
{
	msg_set(l->msg,
		"%s: more than %u files; put those that belong together into "
		"one, or split the record",
		l->shown, FOLDER_FILES_MAX);
	return WEALD_TOOBIG;
}

/* The names in the open folder @fd, which is closed. */
static int read_names(struct loading *l, int fd, struct names *out)
{
	struct names list = { NULL, 0 };
	struct dirent *entry;
	DIR *dir = fdopendir(fd);
	int r = WEALD_OK;

	if (dir == NULL) {
		r = fs_fail(errno, "cannot read", NULL, l->shown, l->msg);
		close(fd);
		return r;
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL) {
			if (errno != 0) {
				r = fs_fail(errno, "cannot read", NULL,
					    l->shown, l->msg);
			}
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		/* one over the limit is enough to know that it is */
		r = list.n > FOLDER_FILES_MAX ? refuse_many(l)
					      : names_add(&list, entry->d_name);
		if (r != WEALD_OK) {
			break;
		}
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

static int refuse_name(struct loading *l, const char *under, const char *name)
{
	char better[FILE_BYTES_MAX + 1];

	if (name[0] == '.') {
		msg_set(l->msg,
			"%s/%s%s: a hidden file cannot be published; remove it",
			l->shown, under, name);
	} else if (suggest_name(name, better)) {
		msg_set(l->msg,
			"%s/%s%s: not a name that works everywhere (a-z, 0-9, "
			"\".\", \"_\", \"-\"); rename it to %s",
			l->shown, under, name, better);
	} else {
		msg_set(l->msg,
			"%s/%s%s: not a name that works everywhere; rename it "
			"(a-z, 0-9, \".\", \"_\", \"-\", a letter or digit "
			"first, at most %u bytes, no device name of Windows, "
			"not ending in \".\" or \".lock\")",
			l->shown, under, name, FILE_BYTES_MAX);
	}
	return WEALD_PATH;
}

/* Is @name a table, which must be UTF-8 as record.md must? */
static bool is_csv(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".csv") == 0;
}

static int check_content(struct loading *l, const struct folder_file *file)
{
	l->folder.bytes += file->content.len;
	if (l->folder.bytes > CONTENTS_BYTES_MAX) {
		msg_set(l->msg,
			"%s: the files together have more than 4 MiB; make "
			"them smaller, or split the record",
			l->shown);
		return WEALD_TOOBIG;
	}
	if (is_csv(file->name) && !text_is_utf8(buf_span(&file->content))) {
		msg_set(l->msg, "%s/%s: not UTF-8; save the file as UTF-8",
			l->shown, file->name);
		return WEALD_INVALID;
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
	if (l->folder.files_n == FOLDER_FILES_MAX) {
		return refuse_many(l);
	}
	snprintf(file->name, sizeof file->name, "%s%s", under, name);
	r = fs_read_at(fd, name, CONTENT_BYTES_MAX, FS_NOFOLLOW, &file->content,
		       l->msg);
	if (r == WEALD_TOOBIG) {
		msg_set(l->msg,
			"%s/%s: longer than the limit of 1 MiB; make it "
			"smaller, or leave it out",
			l->shown, file->name);
	} else if (r != WEALD_OK) {
		msg_prefix(l->msg, "%s", l->shown);
	}
	if (r != WEALD_OK) {
		return r;
	}
	l->folder.files_n++;
	return check_content(l, file);
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
		r = fs_fail(errno, "cannot read", NULL, l->shown, l->msg);
		goto out;
	}
	r = read_names(l, dup_fd, &list);
	for (i = 0; r == WEALD_OK && i < list.n; i++) {
		if (under[0] == '\0' &&
		    strcmp(list.names[i], PATH_ATTACHMENTS) == 0) {
			r = load_attachments(l, fd);
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

	if (inner < 0) {
		return fs_fail(errno, "cannot open the folder", l->shown,
			       PATH_ATTACHMENTS, l->msg);
	}
	return load_files(l, inner, PATH_ATTACHMENTS "/");
}

static int refuse_slug(struct loading *l, const char *slug)
{
	msg_set(l->msg,
		"%s: the folder's name \"%s\" becomes the record's name; "
		"rename it (a-z, 0-9, \"-\", at most %u bytes)",
		l->shown, slug, NAME_BYTES_MAX);
	return WEALD_PATH;
}

/* The folder's own name, whatever way its path is written. */
static int find_slug(struct loading *l, const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash;
	int r = WEALD_OK;

	if (real == NULL) {
		return fs_fail(errno, "cannot open the folder", NULL, l->shown,
			       l->msg);
	}
	slash = strrchr(real, '/');
	assert(slash != NULL);
	if (path_is_name(span_of(slash + 1))) {
		snprintf(l->folder.slug, sizeof l->folder.slug, "%s",
			 slash + 1);
	} else {
		r = refuse_slug(l, slash + 1);
	}
	free(real);
	return r;
}

static int open_folder(struct loading *l, const char *path, int *out_fd)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOTDIR) {
		msg_set(l->msg,
			"%s: not a folder; name the folder that holds "
			"record.md",
			l->shown);
		return WEALD_INVALID;
	}
	if (fd < 0) {
		return fs_fail(errno, "cannot open the folder", NULL, l->shown,
			       l->msg);
	}
	*out_fd = fd;
	return WEALD_OK;
}

static int read_front(struct loading *l)
{
	struct folder *f = &l->folder;
	char name[SHOWN_BYTES_MAX + sizeof RECORD_FILE + 8];
	size_t i;

	for (i = 0; i < f->files_n; i++) {
		if (strcmp(f->files[i].name, RECORD_FILE) == 0) {
			snprintf(name, sizeof name, "%s/%s", l->shown,
				 RECORD_FILE);
			return front_parse(buf_span(&f->files[i].content), name,
					   &f->front, l->msg);
		}
	}
	msg_set(l->msg,
		"%s: there is no record.md in it; name a record's folder",
		l->shown);
	return WEALD_INVALID;
}

int folder_load(const char *path, struct folder *out, struct weald_msg *msg)
{
	char shown[SHOWN_BYTES_MAX + 4];
	struct loading l = { .shown = shown, .msg = msg };
	struct folder_file *files;
	size_t len = strlen(path);
	int fd = -1;
	int r;

	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	snprintf(shown, sizeof shown, "%s%.*s",
		 len > SHOWN_BYTES_MAX ? "..." : "",
		 (int)(len > SHOWN_BYTES_MAX ? SHOWN_BYTES_MAX : len),
		 len > SHOWN_BYTES_MAX ? path + len - SHOWN_BYTES_MAX : path);
	l.folder.files = calloc(FOLDER_FILES_MAX + 1, sizeof *l.folder.files);
	if (l.folder.files == NULL) {
		return WEALD_NOMEM;
	}
	r = open_folder(&l, path, &fd);
	if (r == WEALD_OK) {
		r = find_slug(&l, path);
	}
	if (r == WEALD_OK) {
		r = load_files(&l, fd, "");
		fd = -1; /* transferred */
	}
	if (r == WEALD_OK) {
		r = read_front(&l);
	}
	if (fd >= 0) {
		close(fd);
	}
	if (r != WEALD_OK) {
		folder_release(&l.folder);
		return r;
	}
	/* give back what was reserved; a failure to shrink is none */
	files = realloc(l.folder.files, l.folder.files_n * sizeof *files);
	if (files != NULL) {
		l.folder.files = files;
	}
	*out = l.folder;
	return WEALD_OK;
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
}

int folder_draft_files(const struct folder *f, struct draft_file **out)
{
	struct draft_file *files = calloc(f->files_n, sizeof *files);
	size_t i;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < f->files_n; i++) {
		files[i].name = span_of(f->files[i].name);
		files[i].content = buf_span(&f->files[i].content);
		if (files[i].content.data == NULL) { /* empty, not absent */
			files[i].content = span_of("");
		}
	}
	*out = files;
	return WEALD_OK;
}
