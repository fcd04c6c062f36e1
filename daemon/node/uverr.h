/*
 * The border to libuv: its codes end here.
 */
#ifndef WEALD_DAEMON_NODE_UVERR_H
#define WEALD_DAEMON_NODE_UVERR_H

/*
 * The code of ours for a status of libuv; WEALD_OK for 0 and above. In words:
 * uv_strerror(), beside it.
 *   WEALD_NOMEM     also file descriptors and buffers of the system
 *   WEALD_EXISTS    EEXIST, EADDRINUSE
 *   WEALD_DENIED    EACCES, EPERM, EROFS, EADDRNOTAVAIL
 *   WEALD_NOTFOUND  ENOENT, a host that nobody knows
 *   WEALD_INVALID   EINVAL, ENAMETOOLONG, a socket where it cannot be
 *   WEALD_NOSPACE   ENOSPC
 *   WEALD_IO        every other
 */
int err_from_uv(int status);

#endif
