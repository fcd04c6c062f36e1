#include "store/feed/objectid.h"

#include <assert.h>
#include <git2/errors.h>
#include <git2/odb.h>
#include <git2/oid.h>
#include <string.h>

#include "proto/err.h"
#include "store/feed/giterr.h"

static_assert((int)OBJECT_COMMIT == (int)GIT_OBJECT_COMMIT, "git's number");
static_assert((int)OBJECT_TREE == (int)GIT_OBJECT_TREE, "git's number");
static_assert((int)OBJECT_BLOB == (int)GIT_OBJECT_BLOB, "git's number");
static_assert(OBJECT_ID_BYTES == GIT_OID_RAWSZ, "SHA-1 ids");

int object_id(enum object_type type, const void *data, size_t len,
	      uint8_t out_id[OBJECT_ID_BYTES])
{
	git_oid oid;
	int rc;

	/* libgit2 does not take NULL, not even for an empty object */
	rc = git_odb_hash(&oid, len == 0 ? "" : data, len, (git_object_t)type);
	if (rc != 0) {
		return err_from_git(rc, NULL) == WEALD_NOMEM ? WEALD_NOMEM
							     : WEALD_CRYPTO;
	}
	memcpy(out_id, oid.id, OBJECT_ID_BYTES);
	return WEALD_OK;
}
