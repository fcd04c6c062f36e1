#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "store/fs.h"

#define POLL_MAX_MS 50u

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void pause_ms(unsigned ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* The process named in the lock file; 0 where none is. */
static uint64_t read_holder(int fd)
{
	uint64_t pid = 0;
	char text[24];
	ssize_t n = pread(fd, text, sizeof text, 0);
	struct span digits = { (const uint8_t *)text, 0 };

	while (n > 0 && digits.len < (size_t)n && text[digits.len] != '\n') {
		digits.len++;
	}
	(void)parse_u64(digits, 1, INT32_MAX, &pid);
	return pid;
}

static int refuse(const char *what, int fd, struct weald_msg *msg)
{
	uint64_t pid = read_holder(fd);
	char who[40] = "";

	if (pid != 0) {
		(void)snprintf(who, sizeof who, " (pid %" PRIu64 ")", pid);
	}
	msg_set(msg,
		"another weald process%s is writing to \"%s\"; try again when "
		"it is done",
		who, what);
	return WEALD_LOCKED;
}

/* Take the lock on @fd, polling: flock() can wait, but not for a time. */
static int wait_for(const char *path, const char *what, int fd,
		    unsigned wait_ms, struct weald_msg *msg)
{
	const uint64_t deadline = now_ms() + wait_ms;
	unsigned pause = 1;
	uint64_t now;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR) {
			continue;
		}
		if (errno != EWOULDBLOCK) {
			return fs_fail(errno, "cannot lock", NULL, path, msg);
		}
		now = now_ms();
		if (now >= deadline) {
			return refuse(what, fd, msg);
		}
		if (pause > deadline - now) {
			pause = (unsigned)(deadline - now);
		}
		pause_ms(pause);
		pause = pause >= POLL_MAX_MS / 2 ? POLL_MAX_MS : pause * 2;
	}
	return WEALD_OK;
}

/* For the message that others show only: a full disk is no reason to fail. */
static void write_holder(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%jd\n", (intmax_t)getpid());

	if (ftruncate(fd, 0) == 0) {
		(void)!pwrite(fd, text, (size_t)n, 0);
	}
}

int lock_take(const char *path, const char *what, unsigned wait_ms, int *out_fd,
	      struct weald_msg *msg)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0) {
		return fs_fail(errno, "cannot open", NULL, path, msg);
	}
	r = wait_for(path, what, fd, wait_ms, msg);
	if (r != WEALD_OK) {
		(void)close(fd);
		return r;
	}
	write_holder(fd);
	*out_fd = fd;
	return WEALD_OK;
}

void lock_release(int fd)
{
	if (fd >= 0) {
		/* the process named in it holds it no longer */
		(void)!ftruncate(fd, 0);
		/* closing alone leaves it to a child that was just forked */
		(void)flock(fd, LOCK_UN);
		(void)close(fd);
	}
}
