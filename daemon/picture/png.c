#include "daemon/picture/png.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/fs.h"

#define SCALE_MIN 0.5
#define SCALE_MAX 8.0

#define COMPLAINT_BYTES 200u

/* How often the program is looked after. */
#define LOOK_NS   10000000
#define SECOND_NS 1000000000

/* What a PNG begins with, and its last chunk. */
static const uint8_t head[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
static const uint8_t tail[] = { 0,   0,   0,    0,    'I',  'E',
				'N', 'D', 0xae, 0x42, 0x60, 0x82 };

/*
 * What the program reads, writes and complains into: files in memory, so that
 * neither side waits for the other; and one for the error number where it could
 * not be run. -1 where one is not open. In ascending order: the first three
 * become the program's 0, 1 and 2.
 */
enum end { END_IN, END_OUT, END_ERR, END_FAILED, ENDS_N };
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

/*
 * In the process that becomes the program, which goes when @parent does.
 * Returns where it cannot: an error number.
 */
static int become(const struct ends *e, char *const argv[], pid_t parent)
{
	int i;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
		return errno;
	}
	if (getppid() != parent) { /* it has gone already */
		return ECANCELED;
	}
	for (i = 0; i < END_FAILED; i++) {
		if (e->fds[i] == i ? fcntl(i, F_SETFD, 0) < 0
				   : dup2(e->fds[i], i) < 0) {
			return errno;
		}
	}
	(void)execvp(argv[0], argv);
	return errno;
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
	const pid_t parent = getpid();
	int failed;

	(void)snprintf(zoom, sizeof zoom, "--zoom=%.2f", scale);
	*out = fork();
	if (*out == 0) {
		failed = become(e, argv, parent);
		/* where this fails too the program printed nothing */
		_exit(write(e->fds[END_FAILED], &failed, sizeof failed) ==
				      sizeof failed
			      ? 126
			      : 127);
	}
	return *out > 0 ? WEALD_OK
			: fs_fail(errno, "cannot run", NULL, PNG_PROGRAM, msg);
}

static int64_t now_ns(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

enum ending { ENDED_WELL, ENDED_BADLY, ENDED_LATE };

/* Wait for it, so long and no longer: then it is killed. */
static enum ending finish(pid_t pid, unsigned seconds)
{
	const struct timespec pause = { 0, LOOK_NS };
	const int64_t end = now_ns() + (int64_t)seconds * SECOND_NS;
	bool late = false;
	int status = 0;
	pid_t ended;

	do {
		ended = waitpid(pid, &status, late ? 0 : WNOHANG);
		if (ended == 0 && now_ns() >= end) {
			late = true;
			(void)kill(pid, SIGKILL);
		} else if (ended == 0) {
			(void)nanosleep(&pause, NULL);
		}
	} while (ended == 0 || (ended < 0 && errno == EINTR));
	if (late) {
		return ENDED_LATE;
	}
	return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? ENDED_WELL
		       : ENDED_BADLY;
}

static int refuse(const char *why, struct weald_msg *msg)
{
	msg_set(msg, PNG_PROGRAM " makes no PNG of it: %s", why);
	return WEALD_INVALID;
}

/* It could not be run, or the first line of its complaint. */
static int complain(const struct ends *e, struct weald_msg *msg)
{
	char text[COMPLAINT_BYTES + 1] = "";
	int failed = 0;
	size_t len = 0;

	if (pread(e->fds[END_FAILED], &failed, sizeof failed, 0) ==
	    sizeof failed) {
		if (failed != ENOENT) {
			return fs_fail(failed, "cannot run", NULL, PNG_PROGRAM,
				       msg);
		}
		msg_set(msg, "a PNG needs the program " PNG_PROGRAM
			     ", which is not here: install it (on Debian: "
			     "librsvg2-bin), or ask for an .svg");
		return WEALD_NOTFOUND;
	}
	if (lseek(e->fds[END_ERR], 0, SEEK_SET) == 0 &&
	    fs_read_some(e->fds[END_ERR], text, COMPLAINT_BYTES, &len) ==
		    WEALD_OK) {
		text[len] = '\0';
		text[strcspn(text, "\n")] = '\0';
	}
	return refuse(text[0] == '\0' ? "it ended and did not say why" : text,
		      msg);
}

static bool is_png(struct span s)
{
	return s.len >= sizeof head + sizeof tail &&
	       memcmp(s.data, head, sizeof head) == 0 &&
	       memcmp(s.data + s.len - sizeof tail, tail, sizeof tail) == 0;
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
	if (st.st_size > 0 && (uint64_t)st.st_size > out->max) {
		msg_set(msg, "the PNG is too large: ask for an .svg");
		return WEALD_TOOBIG;
	}
	r = buf_reserve(out, (size_t)st.st_size);
	if (r == WEALD_OK) {
		r = fs_read_some(e->fds[END_OUT], out->data, (size_t)st.st_size,
				 &len);
	}
	if (r == WEALD_OK && !is_png((struct span){ out->data, len })) {
		r = refuse("what it printed is none, or not a whole one", msg);
	}
	if (r == WEALD_OK) {
		out->len = len;
	}
	return r;
}

static int take_in_time(const struct ends *e, pid_t pid, unsigned seconds,
			struct buf *out, struct weald_msg *msg)
{
	char why[64];

	switch (finish(pid, seconds)) {
	case ENDED_WELL:
		return take(e, out, msg);
	case ENDED_LATE:
		(void)snprintf(why, sizeof why,
			       "it took more than %u second%s and was stopped",
			       seconds, seconds == 1 ? "" : "s");
		return refuse(why, msg);
	case ENDED_BADLY:
		break;
	}
	return complain(e, msg);
}

int png_of_svg(struct span svg, double scale, unsigned seconds, struct buf *out,
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
		r = take_in_time(&ends, pid, seconds, out, msg);
	}
	ends_close(&ends);
	return r;
}
