#include "tests/unit/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void scratch_make(struct scratch *s)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(s->dir, sizeof s->dir, "%s/weald-test-XXXXXX",
		       base == NULL ? "/tmp" : base);
	assert_non_null(mkdtemp(s->dir));
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(struct scratch *s)
{
	(void)nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const struct scratch *s, const char *name)
{
	static char paths[8][SCRATCH_PATH_BYTES];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, SCRATCH_PATH_BYTES, "%s/%s", s->dir, name);
	return path;
}

size_t scratch_count(const char *dir, const char *prefix, const char *ending)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	size_t count = 0;
	size_t len;

	assert_non_null(d);
	while ((de = readdir(d)) != NULL) {
		len = strlen(de->d_name);
		count += len >= strlen(ending) && de->d_name[0] != '.' &&
			 strncmp(de->d_name, prefix, strlen(prefix)) == 0 &&
			 strcmp(de->d_name + len - strlen(ending), ending) == 0;
	}
	(void)closedir(d);
	return count;
}

int scratch_run(const char *fmt, ...)
{
	char command[2048];
	char line[4096];
	size_t len;
	va_list ap;
	FILE *p;
	int rc;

	len = (size_t)snprintf(command, sizeof command,
			       "exec 2>&1; export HOME=/nonexistent "
			       "GIT_CONFIG_NOSYSTEM=1 LC_ALL=C; ");
	va_start(ap, fmt);
	(void)vsnprintf(command + len, sizeof command - len, fmt, ap);
	va_end(ap);
	p = popen(command, "r");
	assert_non_null(p);
	len = fread(line, 1, sizeof line - 1, p);
	line[len] = '\0';
	while (fgetc(p) != EOF) {
	}
	rc = pclose(p);
	if (rc != 0) {
		print_message("%s\n%s\n", command, line);
	}
	return rc;
}

static struct {
	enum fault_call call;
	unsigned nth;
	unsigned times;
	int error;
	unsigned crash_at;
	unsigned calls[4];
	unsigned all;
} fault;

void fault_arm(enum fault_call call, unsigned nth, unsigned times, int error)
{
	memset(&fault, 0, sizeof fault);
	fault.call = call;
	fault.nth = nth;
	fault.times = times;
	fault.error = error;
}

void fault_arm_crash(unsigned nth)
{
	memset(&fault, 0, sizeof fault);
	fault.crash_at = nth;
}

void fault_disarm(void)
{
	memset(&fault, 0, sizeof fault);
}

unsigned fault_calls(enum fault_call call)
{
	return fault.calls[call];
}

/* Count the call; shall it fail? */
static bool is_due(enum fault_call call)
{
	unsigned n = ++fault.calls[call];

	if (++fault.all == fault.crash_at) {
		_exit(99);
	}
	return fault.nth > 0 && call == fault.call && n >= fault.nth &&
	       n < fault.nth + fault.times;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *name, int flags);
int __wrap_unlinkat(int fd, const char *name, int flags);

int __wrap_fsync(int fd)
{
	if (is_due(FAULT_FSYNC)) {
		errno = fault.error;
		return -1;
	}
	return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (is_due(FAULT_WRITE)) {
		if (fault.error == 0) {
			return __real_write(fd, data, len > 0 ? 1 : 0);
		}
		errno = fault.error;
		return -1;
	}
	return __real_write(fd, data, len);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (is_due(FAULT_RENAME)) {
		errno = fault.error;
		return -1;
	}
	return __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
	if (is_due(FAULT_UNLINK)) {
		errno = fault.error;
		return -1;
	}
	return __real_unlinkat(fd, name, flags);
}
