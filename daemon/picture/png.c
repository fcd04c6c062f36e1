#include "daemon/picture/png.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/fs.h"

#define SCALE_MIN 0.5
#define SCALE_MAX 8.0

#define COMPLAINT_BYTES 200u

/*
 * What the program reads, writes and complains into: files in memory, so that
 * neither side waits for the other. -1 where one is not open.
 */
enum end { END_IN, END_OUT, END_ERR, ENDS_N };
struct ends {
	int fds[ENDS_N];
};

static void ends_close(struct ends *e)
{
	size_t i;

	for (i = 0; i < ENDS_N; i++) {
		if (e->fds[i] >= 0) {
			(void)close(e->fds[i]);
			e->fds[i] = -1;
		}
	}
}

static int ends_open(struct ends *e, struct span svg, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < ENDS_N; i++) {
		e->fds[i] = -1;
	}
	for (i = 0; r == WEALD_OK && i < ENDS_N; i++) {
		e->fds[i] = memfd_create("weald-picture", MFD_CLOEXEC);
		if (e->fds[i] < 0) {
			r = fs_fail(errno, "cannot make", NULL, "a PNG", msg);
		}
	}
	if (r == WEALD_OK) {
		r = fs_write_all(e->fds[END_IN], svg, NULL, "a PNG", msg);
	}
	if (r == WEALD_OK && lseek(e->fds[END_IN], 0, SEEK_SET) != 0) {
		r = fs_fail(errno, "cannot make", NULL, "a PNG", msg);
	}
	return r;
}

static int start(const struct ends *e, double scale, pid_t *out,
		 struct weald_msg *msg)
{
	char program[] = PNG_PROGRAM;
	char format[] = "--format=png";
	char dpi_x[] = "--dpi-x=96";
	char dpi_y[] = "--dpi-y=96";
	char zoom[32];
	char *const argv[] = { program, format, dpi_x, dpi_y, zoom, NULL };
	posix_spawn_file_actions_t actions;
	int rc;
	int i;

	(void)snprintf(zoom, sizeof zoom, "--zoom=%.2f", scale);
	rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0) {
		return fs_fail(rc, "cannot run", NULL, PNG_PROGRAM, msg);
	}
	for (i = 0; rc == 0 && i < ENDS_N; i++) {
		rc = posix_spawn_file_actions_adddup2(&actions, e->fds[i], i);
	}
	if (rc == 0) {
		rc = posix_spawnp(out, PNG_PROGRAM, &actions, NULL, argv,
				  environ);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	if (rc == ENOENT) {
		msg_set(msg, "a PNG needs the program " PNG_PROGRAM
			     ", which is not here: install it (on Debian: "
			     "librsvg2-bin), or ask for an .svg");
		return WEALD_NOTFOUND;
	}
	return rc == 0 ? WEALD_OK
		       : fs_fail(rc, "cannot run", NULL, PNG_PROGRAM, msg);
}

/* Did it end well? */
static bool finish(pid_t pid)
{
	const struct rlimit limit = { PNG_SECONDS_MAX, PNG_SECONDS_MAX };
	int status = 0;
	pid_t ended;

	/* where this fails it has ended already */
	(void)prlimit(pid, RLIMIT_CPU, &limit, NULL);
	do {
		ended = waitpid(pid, &status, 0);
	} while (ended < 0 && errno == EINTR);
	return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The first line of its complaint. */
static int refuse(const struct ends *e, struct weald_msg *msg)
{
	char text[COMPLAINT_BYTES + 1] = "";
	size_t len = 0;

	if (lseek(e->fds[END_ERR], 0, SEEK_SET) == 0 &&
	    fs_read_some(e->fds[END_ERR], text, COMPLAINT_BYTES, &len) ==
		    WEALD_OK) {
		text[len] = '\0';
		text[strcspn(text, "\n")] = '\0';
	}
	msg_set(msg, PNG_PROGRAM " makes no PNG of it: %s",
		text[0] == '\0' ? "it was ended" : text);
	return WEALD_INVALID;
}

static int take(const struct ends *e, struct buf *out, struct weald_msg *msg)
{
	struct stat st;
	size_t len = 0;
	int r;

	if (fstat(e->fds[END_OUT], &st) != 0 ||
	    lseek(e->fds[END_OUT], 0, SEEK_SET) != 0) {
		return fs_fail(errno, "cannot read", NULL, "the PNG", msg);
	}
	if (st.st_size <= 0 || (uint64_t)st.st_size > out->max) {
		msg_set(msg, "the PNG is too large: ask for an .svg");
		return st.st_size <= 0 ? refuse(e, msg) : WEALD_TOOBIG;
	}
	r = buf_reserve(out, (size_t)st.st_size);
	if (r == WEALD_OK) {
		r = fs_read_some(e->fds[END_OUT], out->data, (size_t)st.st_size,
				 &len);
	}
	if (r == WEALD_OK) {
		out->len = len;
	}
	return r;
}

int png_of_svg(struct span svg, double scale, struct buf *out,
	       struct weald_msg *msg)
{
	struct ends ends;
	pid_t pid = 0;
	int r;

	if (!(scale >= SCALE_MIN && scale <= SCALE_MAX)) {
		msg_set(msg, "a PNG is %.1f to %.0f times as large", SCALE_MIN,
			SCALE_MAX);
		return WEALD_INVALID;
	}
	r = ends_open(&ends, svg, msg);
	if (r == WEALD_OK) {
		r = start(&ends, scale, &pid, msg);
	}
	if (r == WEALD_OK) {
		r = finish(pid) ? take(&ends, out, msg) : refuse(&ends, msg);
	}
	ends_close(&ends);
	return r;
}
