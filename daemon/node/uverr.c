#include "daemon/node/uverr.h"

#include <uv.h>

#include "proto/err.h"

int err_from_uv(int status)
{
	if (status >= 0) {
		return WEALD_OK;
	}
	switch (status) {
	case UV_ENOMEM:
	case UV_ENOBUFS:
	case UV_EMFILE:
	case UV_ENFILE:
	case UV_EAI_MEMORY:
		return WEALD_NOMEM;
	case UV_EEXIST:
	case UV_EADDRINUSE:
		return WEALD_EXISTS;
	case UV_EACCES:
	case UV_EPERM:
	case UV_EROFS:
	case UV_EADDRNOTAVAIL:
		return WEALD_DENIED;
	case UV_ENOENT:
	case UV_EAI_NONAME:
	case UV_EAI_NODATA:
	case UV_EAI_ADDRFAMILY:
		return WEALD_NOTFOUND;
	case UV_EINVAL:
	case UV_ENAMETOOLONG:
	case UV_ENOTSOCK:
		return WEALD_INVALID;
	case UV_ENOSPC:
		return WEALD_NOSPACE;
	default:
		return WEALD_IO;
	}
}
