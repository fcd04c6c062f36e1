#include "daemon/cli/target.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/out.h"
#include "store/fs.h"

#define COPY_BYTES 65536u

static int fail_input(struct cli *c, int e, const char *action,
		      const char *path)
{
	return cli_fail(c, CLI_ABOUT_INPUT,
			fs_fail(e, action, NULL, path, &c->msg));
}

/* The folder of @path; NULL where there is no memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return strdup(".");
	}
	return slash == path ? strdup("/")
			     : strndup(path, (size_t)(slash - path));
}

/*
 * May a file be put there? A device or a pipe is never replaced by one; that
 * is what standard output is for.
 */
static int check_place(struct cli *c, const struct target *t)
{
	struct stat st;

	if (stat(t->path, &st) != 0) {
		return errno == ENOENT
			       ? WEALD_OK
			       : fail_input(c, errno, "cannot write", t->path);
	}
	if (!S_ISREG(st.st_mode)) {
		msg_set(&c->msg, "%s is there and is not a file", t->path);
		c->advice = "name a file, or - for standard output";
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_EXISTS);
	}
	if (!t->force) {
		msg_set(&c->msg, "%s is there already", t->path);
		c->advice = "name another, or replace it with --force";
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_EXISTS);
	}
	return WEALD_OK;
}

/* A new file in @dir; gives its name. */
static int make_temp(struct cli *c, const char *dir, char **out_name,
		     FILE **out)
{
	char *name = NULL;
	FILE *file;
	int fd;

	if (asprintf(&name, "%s/weald-target_XXXXXX", dir) < 0) {
		return WEALD_NOMEM;
	}
	fd = mkostemp(name, O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "w+b");
	if (file == NULL) {
		int e = errno;

		if (fd >= 0) {
			(void)close(fd);
			(void)unlink(name);
		}
		free(name);
		return fail_input(c, e, "cannot create a file in", dir);
	}
	*out_name = name;
	*out = file;
	return WEALD_OK;
}

int target_scratch(struct cli *c, const char *dir, FILE **out)
{
	char *name = NULL;
	int r = make_temp(c, dir, &name, out);

	if (r == WEALD_OK) {
		assert(name != NULL);
		(void)unlink(name);
	}
	free(name);
	return r;
}

int target_open(struct cli *c, struct target *t)
{
	const char *tmp = getenv("TMPDIR");
	int r;

	if (t->path == NULL) {
		t->dir = strdup(tmp == NULL || *tmp == '\0' ? "/tmp" : tmp);
		return t->dir == NULL ? WEALD_NOMEM
				      : target_scratch(c, t->dir, &t->file);
	}
	r = check_place(c, t);
	if (r != WEALD_OK) {
		return r;
	}
	t->dir = folder_of(t->path);
	if (t->dir == NULL) {
		return WEALD_NOMEM;
	}
	return make_temp(c, t->dir, &t->temp, &t->file);
}

/* All of @t to standard output. */
static int copy_out(struct cli *c, struct target *t)
{
	char *block = malloc(COPY_BYTES);
	size_t n;
	int r = WEALD_OK;

	if (block == NULL) {
		return WEALD_NOMEM;
	}
	rewind(t->file);
	do {
		n = fread(block, 1, COPY_BYTES, t->file);
		fwrite(block, 1, n, stdout);
		r = out_flush(c);
	} while (r == WEALD_OK && !c->closed && n == COPY_BYTES);
	if (r == WEALD_OK && ferror(t->file)) {
		r = fail_input(c, EIO, "cannot read back from", t->dir);
	}
	free(block);
	return r;
}

/* Under its name; a file that came there meanwhile stays without --force. */
static int put_in_place(struct cli *c, struct target *t)
{
	int rc;

	if (fchmod(fileno(t->file), 0666 & ~c->umask) != 0 ||
	    fsync(fileno(t->file)) != 0) {
		return fail_input(c, errno, "cannot write", t->path);
	}
	if (t->force) {
		rc = rename(t->temp, t->path);
	} else {
		rc = link(t->temp, t->path);
		if (rc != 0 && errno == EPERM) {
			/* a stick's file system, that has no links */
			int r = check_place(c, t);

			if (r != WEALD_OK) {
				return r;
			}
			rc = rename(t->temp, t->path);
		} else if (rc == 0) {
			(void)unlink(t->temp);
		}
	}
	if (rc != 0) {
		return fail_input(c, errno, "cannot create", t->path);
	}
	free(t->temp);
	t->temp = NULL;
	return WEALD_OK;
}

int target_finish(struct cli *c, struct target *t, uint64_t *out_bytes)
{
	struct stat st;

	if (fflush(t->file) != 0 || ferror(t->file) ||
	    fstat(fileno(t->file), &st) != 0) {
		return fail_input(c, errno, "cannot write",
				  t->path != NULL ? t->path : t->dir);
	}
	*out_bytes = (uint64_t)st.st_size;
	return t->path == NULL ? copy_out(c, t) : put_in_place(c, t);
}

void target_close(struct target *t)
{
	if (t->file != NULL) {
		(void)fclose(t->file);
		t->file = NULL;
	}
	if (t->temp != NULL) {
		(void)unlink(t->temp);
		free(t->temp);
		t->temp = NULL;
	}
	free(t->dir);
	t->dir = NULL;
}
