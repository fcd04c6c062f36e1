#include "store/feed/giterr.h"

#include <assert.h>
#include <errno.h>
#include <git2/errors.h>
#include <string.h>

/* Does @text end in what strerror(@e) says? libgit2 appends just that. */
static bool says_errno(const char *text, int e)
{
	const char *why = strerror(e);
	size_t len = strlen(text);
	size_t why_len = strlen(why);

	return len >= why_len && strcmp(text + len - why_len, why) == 0;
}

static int err_from_text(const char *text)
{
	static const int numbers[] = { ENOSPC, EDQUOT, EACCES, EPERM,
				       ENOMEM, EMFILE, ENFILE };
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (!says_errno(text, numbers[i])) {
			continue;
		}
		switch (numbers[i]) {
		case ENOMEM:
		case EMFILE:
		case ENFILE:
			return WEALD_NOMEM;
		case EACCES:
		case EPERM:
			return WEALD_DENIED;
		default:
			return WEALD_NOSPACE;
		}
	}
	return WEALD_IO;
}

static int err_from_class(int klass)
{
	switch (klass) {
	case GIT_ERROR_NOMEMORY:
		return WEALD_NOMEM;
	case GIT_ERROR_INVALID:
		return WEALD_INVALID;
	case GIT_ERROR_SHA:
		return WEALD_CRYPTO;
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_ODB:
	case GIT_ERROR_INDEXER:
	case GIT_ERROR_TREE:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_REFERENCE:
		return WEALD_CORRUPT;
	default:
		return WEALD_IO;
	}
}

static int err_from_code(int code)
{
	switch (code) {
	case GIT_ENOTFOUND:
		return WEALD_NOTFOUND;
	case GIT_EEXISTS:
		return WEALD_EXISTS;
	case GIT_ELOCKED:
		return WEALD_LOCKED;
	case GIT_EMODIFIED:
	case GIT_ENONFASTFORWARD:
		return WEALD_DIVERGED;
	case GIT_EINVALID:
	case GIT_EINVALIDSPEC:
	case GIT_EAMBIGUOUS:
	case GIT_EPEEL:
		return WEALD_INVALID;
	case GIT_EBUFS:
		return WEALD_TOOBIG;
	case GIT_EMISMATCH:
		return WEALD_CORRUPT;
	case GIT_EOWNER:
		return WEALD_DENIED;
	default:
		return WEALD_IO;
	}
}

int err_from_git(int code, struct weald_msg *msg)
{
	const git_error *e = git_error_last();
	const char *text = e == NULL || e->message == NULL ? "" : e->message;
	int r;

	assert(code < 0);
	r = err_from_code(code);
	/* the text knows most, then the code, then the class */
	if (r == WEALD_IO) {
		r = err_from_text(text);
	}
	if (r == WEALD_IO && e != NULL) {
		r = err_from_class(e->klass);
	}
	if (text[0] != '\0') {
		msg_set(msg, "%s", text);
	} else {
		msg_set(msg, "libgit2 failed with code %d", code);
	}
	/* libgit2 keeps it until the next one: not to be taken for that */
	git_error_clear();
	return r;
}
