/*
 * The file "<home>/control": a Unix socket, 0600, that the daemon listens on
 * and commands connect to.
 *
 * The path of a socket has at most 107 bytes, that of a home may have more:
 * then it is reached through /proc/self/fd, from the open folder.
 */
#ifndef WEALD_DAEMON_CONTROL_SOCKET_H
#define WEALD_DAEMON_CONTROL_SOCKET_H

#include "proto/err.h"

/*
 * Make the socket in the home at @dir, in the place of one that a killed
 * daemon left, and bind it: the caller holds the home's lock, listens on
 * *@out_fd, and closes it. Never is it open to others, at no time.
 *   WEALD_EXISTS  something else is there
 *   WEALD_DENIED, WEALD_NOSPACE, WEALD_NOMEM, WEALD_IO
 */
int control_bind(const char *dir, int *out_fd, struct weald_msg *msg);
/* Remove it. */
void control_unlink(const char *dir);

/*
 * Connect; the caller closes *@out_fd, which blocks.
 *   WEALD_NOTFOUND  nobody listens there: no daemon runs
 *   WEALD_DENIED, WEALD_NOMEM, WEALD_IO
 */
int control_connect(const char *dir, int *out_fd, struct weald_msg *msg);

#endif
