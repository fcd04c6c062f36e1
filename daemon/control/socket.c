#include "daemon/control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/fs.h"

#define CONTROL_NAME "control"

/* The socket's address; the folder is open at @dir_fd. */
static void address_fill(const char *dir, int dir_fd, struct sockaddr_un *out)
{
	int n;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(out->sun_path, sizeof out->sun_path, "%s/" CONTROL_NAME,
		     dir);
	if (n < 0 || (size_t)n >= sizeof out->sun_path) {
		snprintf(out->sun_path, sizeof out->sun_path,
			 "/proc/self/fd/%d/" CONTROL_NAME, dir_fd);
	}
}

/* A socket that nobody listens on any more; the lock says so. */
static int remove_old(const char *dir, int dir_fd, struct weald_msg *msg)
{
	struct stat st;

	if (fstatat(dir_fd, CONTROL_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return errno == ENOENT ? WEALD_OK
				       : fs_fail(errno, "cannot look at", dir,
						 CONTROL_NAME, msg);
	}
	if (!S_ISSOCK(st.st_mode)) {
		msg_set(msg,
			"\"%s/" CONTROL_NAME "\" is in the way of the control "
			"socket; remove it",
			dir);
		return WEALD_EXISTS;
	}
	if (unlinkat(dir_fd, CONTROL_NAME, 0) != 0) {
		return fs_fail(errno, "cannot remove", dir, CONTROL_NAME, msg);
	}
	return WEALD_OK;
}

static int bind_in(const char *dir, int dir_fd, int fd, struct weald_msg *msg)
{
	struct sockaddr_un address;
	mode_t before;
	int e;
	int r = remove_old(dir, dir_fd, msg);

	if (r != WEALD_OK) {
		return r;
	}
	address_fill(dir, dir_fd, &address);
	before = umask(077);
	e = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0
		    ? 0
		    : errno;
	(void)umask(before);
	if (e == 0 && fchmodat(dir_fd, CONTROL_NAME, 0600, 0) != 0) {
		e = errno;
	}
	return e == 0 ? WEALD_OK
		      : fs_fail(e, "cannot make the socket", dir, CONTROL_NAME,
				msg);
}

int control_bind(const char *dir, int *out_fd, struct weald_msg *msg)
{
	int dir_fd = -1;
	int fd;
	int r = fs_open_dir(dir, &dir_fd, msg);

	if (r != WEALD_OK) {
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		r = fs_fail(errno, "cannot make the socket", dir, CONTROL_NAME,
			    msg);
	} else {
		r = bind_in(dir, dir_fd, fd, msg);
	}
	(void)close(dir_fd);
	if (r != WEALD_OK) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	*out_fd = fd;
	return WEALD_OK;
}

void control_unlink(const char *dir)
{
	int dir_fd = -1;

	if (fs_open_dir(dir, &dir_fd, NULL) == WEALD_OK) {
		/* one that stays is removed by the next daemon */
		(void)unlinkat(dir_fd, CONTROL_NAME, 0);
		(void)close(dir_fd);
	}
}

static int connect_in(const char *dir, int dir_fd, int fd,
		      struct weald_msg *msg)
{
	struct sockaddr_un address;

	address_fill(dir, dir_fd, &address);
	while (connect(fd, (const struct sockaddr *)&address, sizeof address) !=
	       0) {
		if (errno == EINTR) {
			continue;
		}
		if (errno == ENOENT || errno == ECONNREFUSED) {
			msg_set(msg, "no daemon runs for \"%s\"", dir);
			return WEALD_NOTFOUND;
		}
		return fs_fail(errno, "cannot connect to", dir, CONTROL_NAME,
			       msg);
	}
	return WEALD_OK;
}

int control_connect(const char *dir, int *out_fd, struct weald_msg *msg)
{
	int dir_fd = -1;
	int fd;
	int r = fs_open_dir(dir, &dir_fd, msg);

	if (r != WEALD_OK) {
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		r = fs_fail(errno, "cannot make a socket for", dir,
			    CONTROL_NAME, msg);
	} else {
		r = connect_in(dir, dir_fd, fd, msg);
	}
	(void)close(dir_fd);
	if (r != WEALD_OK) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	*out_fd = fd;
	return WEALD_OK;
}
