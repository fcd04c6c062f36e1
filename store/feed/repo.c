#include "store/feed/repo.h"

#include <assert.h>
#include <errno.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/feed/consolidate.h"
#include "store/feed/giterr.h"
#include "store/feed/pack.h"
#include "store/feed/packcheck.h"
#include "store/feed/promisor.h"
#include "store/feed/repoconfig.h"
#include "store/fs.h"

/*
 * What is mapped of packs counts as memory of the process: measured, small
 * windows read as fast as large ones. libgit2's cache of objects only costs
 * memory, since a feed reads hardly any object twice.
 */
#define WINDOW_BYTES (2u * 1024u * 1024u)
#define MAPPED_BYTES (16u * 1024u * 1024u)

struct repo {
	char *dir;
	char *pack_dir;
	git_repository *git;
	git_odb *odb; /* packs only */
	int lock_fd;  /* -1 where the lock is not held */
	bool narrow;
	bool stale; /* packs were added that the database may not know */
	struct timespec seen; /* the time of the folder of packs, then */
	struct packcheck *checked;
};

int repo_library_init(struct weald_msg *msg)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_PROGRAMDATA,
				      GIT_CONFIG_LEVEL_SYSTEM,
				      GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL };
	size_t i;
	int r;

	r = git_libgit2_init();
	if (r < 0) {
		return err_from_git(r, msg);
	}
	for (i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		r = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
		if (r < 0) {
			goto fail;
		}
	}
	if ((r = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1)) < 0 ||
	    (r = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1)) <
		    0 ||
	    (r = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1)) <
		    0 ||
	    (r = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_SYMBOLIC_REF_CREATION,
				  1)) < 0 ||
	    (r = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1)) < 0 ||
	    (r = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE,
				  (size_t)WINDOW_BYTES)) < 0 ||
	    (r = git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT,
				  (size_t)MAPPED_BYTES)) < 0 ||
	    (r = git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0)) < 0) {
		goto fail;
	}
	return WEALD_OK;
fail:
	r = err_from_git(r, msg);
	git_libgit2_shutdown();
	return r;
}

void repo_library_shutdown(void)
{
	git_libgit2_shutdown();
}

static int path_join(const char *dir, const char *rest, char **out)
{
	if (asprintf(out, "%s/%s", dir, rest) < 0) {
		*out = NULL;
		return WEALD_NOMEM;
	}
	return WEALD_OK;
}

/* Let the object database look into the packs of the repository @dir. */
static int add_packs(git_odb *odb, struct packcheck *checked, const char *dir,
		     int priority, struct weald_msg *msg)
{
	git_odb_backend *packs = NULL;
	char *objects = NULL;
	char *pack_dir = NULL;
	int code = 0;
	int err;

	err = path_join(dir, "objects", &objects);
	if (err == WEALD_OK) {
		err = path_join(objects, "pack", &pack_dir);
	}
	if (err == WEALD_OK) {
		err = packcheck_indexes(checked, pack_dir, msg);
	}
	if (err == WEALD_OK) {
		code = git_odb_backend_pack(&packs, objects);
	}
	if (err == WEALD_OK && code == 0) {
		code = git_odb_add_backend(odb, packs, priority);
		if (code < 0) {
			packs->free(packs);
		}
	}
	free(pack_dir);
	free(objects);
	return code < 0 ? err_from_git(code, msg) : err;
}

/*
 * An object database that looks into packs and nowhere else, in place of the
 * one that there may be. On failure that one stays.
 */
static int open_odb(struct repo *r, struct weald_msg *msg)
{
	git_odb *odb = NULL;
	int code = git_odb_new(&odb);
	int err = WEALD_OK;

	if (code == 0) {
		err = add_packs(odb, r->checked, r->dir, 2, msg);
	}
	if (code == 0 && err == WEALD_OK) {
		/* for refs, too: what one is moved to is looked up */
		code = git_repository_set_odb(r->git, odb);
	}
	if (code < 0) {
		err = err_from_git(code, msg);
	}
	if (err != WEALD_OK) {
		git_odb_free(odb);
		return err;
	}
	git_odb_free(r->odb);
	r->odb = odb;
	return WEALD_OK;
}

int repo_add_packs(struct repo *r, const char *const *dirs,
		   struct weald_msg *msg)
{
	int err = WEALD_OK;

	for (; err == WEALD_OK && *dirs != NULL; dirs++) {
		err = add_packs(r->odb, NULL, *dirs, 1, msg);
	}
	return err;
}

int repo_open(const char *dir, struct repo **out, struct weald_msg *msg)
{
	struct repo *r = calloc(1, sizeof *r);
	int code;
	int err;

	if (r == NULL) {
		return WEALD_NOMEM;
	}
	r->lock_fd = -1;
	r->dir = realpath(dir, NULL);
	if (r->dir == NULL) {
		err = fs_fail(errno, "open", NULL, dir, msg);
		goto fail;
	}
	err = path_join(r->dir, "objects/pack", &r->pack_dir);
	if (err != WEALD_OK) {
		goto fail;
	}
	code = git_repository_open_ext(&r->git, r->dir,
				       GIT_REPOSITORY_OPEN_BARE |
					       GIT_REPOSITORY_OPEN_NO_SEARCH,
				       NULL);
	if (code < 0) {
		err = err_from_git(code, msg);
		goto fail;
	}
	err = packcheck_new(&r->checked);
	if (err == WEALD_OK) {
		err = repoconfig_is_narrow(r->dir, &r->narrow, msg);
	}
	if (err == WEALD_OK) {
		err = open_odb(r, msg);
	}
	if (err != WEALD_OK) {
		goto fail;
	}
	*out = r;
	return WEALD_OK;
fail:
	repo_close(r);
	return err;
}

void repo_close(struct repo *r)
{
	if (r == NULL) {
		return;
	}
	git_odb_free(r->odb);
	git_repository_free(r->git);
	packcheck_free(r->checked);
	if (r->lock_fd >= 0) {
		(void)close(r->lock_fd);
	}
	free(r->pack_dir);
	free(r->dir);
	free(r);
}

const char *repo_dir(const struct repo *r)
{
	return r->dir;
}

const char *repo_pack_dir(const struct repo *r)
{
	return r->pack_dir;
}

int repo_lock(struct repo *r, struct weald_msg *msg)
{
	int fd = -1;
	int err;

	assert(r->lock_fd < 0);
	err = fs_open_dir(r->dir, &fd, msg);
	if (err != WEALD_OK) {
		return err;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK) {
			err = WEALD_LOCKED;
			msg_set(msg, "%s is in use by another weald process",
				r->dir);
		} else {
			err = fs_fail(errno, "cannot lock", NULL, r->dir, msg);
		}
		(void)close(fd);
		return err;
	}
	r->lock_fd = fd;
	return WEALD_OK;
}

/* git and libgit2 leave these when they are killed, and then refuse. */
static int remove_stale_locks(struct repo *r, struct weald_msg *msg)
{
	static const char *const locks[] = { REPO_MAIN ".lock", "HEAD.lock",
					     "packed-refs.lock",
					     "config.lock" };
	char *path = NULL;
	size_t i;
	int err = WEALD_OK;

	for (i = 0; err == WEALD_OK && i < sizeof locks / sizeof *locks; i++) {
		err = path_join(r->dir, locks[i], &path);
		if (err == WEALD_OK) {
			err = fs_remove(path, msg);
		}
		if (err == WEALD_NOTFOUND) {
			err = WEALD_OK;
		}
		free(path);
		path = NULL;
	}
	return err;
}

/* The repository may have been moved since its configuration was written. */
static int point_at_signers(struct repo *r, struct weald_msg *msg)
{
	char *path = NULL;
	int err;

	err = path_join(r->dir, REPO_ALLOWED_SIGNERS, &path);
	if (err == WEALD_OK) {
		err = repoconfig_set_signers(r->dir, path, msg);
	}
	free(path);
	return err;
}

/* Files of ours that were being written. */
static int remove_temps(struct repo *r, struct weald_msg *msg)
{
	char *own = NULL;
	int err;

	err = fs_clean_temps(r->dir, msg);
	if (err == WEALD_OK) {
		err = path_join(r->dir, REPO_OWN_DIR, &own);
	}
	if (err == WEALD_OK) {
		err = fs_clean_temps(own, msg);
		/* a repository that stock git made has no such folder */
		err = err == WEALD_NOTFOUND ? WEALD_OK : err;
	}
	free(own);
	return err;
}

int repo_repair(struct repo *r, struct weald_msg *msg)
{
	int err;

	assert(r->lock_fd >= 0);
	err = remove_stale_locks(r, msg);
	if (err == WEALD_OK) {
		err = remove_temps(r, msg);
	}
	if (err == WEALD_OK) {
		err = packs_clean_leftovers(r->pack_dir, r->narrow, NULL, msg);
	}
	if (err == WEALD_OK && r->narrow) {
		err = promisor_mark_all(r->pack_dir, msg);
	}
	if (err == WEALD_OK) {
		err = point_at_signers(r, msg);
	}
	if (err == WEALD_OK) {
		err = repo_refresh(r, msg);
	}
	return err;
}

bool repo_is_narrow(const struct repo *r)
{
	return r->narrow;
}

int repo_set_narrow(struct repo *r, bool narrow, struct weald_msg *msg)
{
	int err;

	assert(r->lock_fd >= 0);
	if (narrow) {
		err = repoconfig_set_narrow(r->dir, true, msg);
		if (err == WEALD_OK) {
			r->narrow = true;
			err = promisor_mark_all(r->pack_dir, msg);
		}
		return err;
	}
	err = promisor_unmark_all(r->pack_dir, msg);
	if (err == WEALD_OK) {
		err = repoconfig_set_narrow(r->dir, false, msg);
	}
	if (err == WEALD_OK) {
		r->narrow = false;
	}
	return err;
}

int repo_refresh(struct repo *r, struct weald_msg *msg)
{
	int code = git_odb_refresh(r->odb);

	r->stale = false;
	return code < 0 ? err_from_git(code, msg) : WEALD_OK;
}

void repo_packs_added(struct repo *r)
{
	r->stale = true;
}

int repo_reopen(struct repo *r, struct weald_msg *msg)
{
	git_odb *none = NULL;
	int code = git_odb_new(&none);

	if (code == 0) {
		code = git_repository_set_odb(r->git, none);
	}
	if (code < 0) {
		git_odb_free(none);
		return err_from_git(code, msg);
	}
	/* first, or the new one would share what the old one has mapped */
	git_odb_free(r->odb);
	r->odb = none;
	r->stale = false;
	return open_odb(r, msg);
}

static git_object_t git_type(enum object_type type)
{
	switch (type) {
	case OBJECT_COMMIT:
		return GIT_OBJECT_COMMIT;
	case OBJECT_TREE:
		return GIT_OBJECT_TREE;
	case OBJECT_BLOB:
		return GIT_OBJECT_BLOB;
	}
	assert(false && "a type that is not in the enum");
	return GIT_OBJECT_INVALID;
}

/* The code for object @hex, which libgit2 could not read. */
static int read_failed(const struct repo *r, const char *hex, int code,
		       struct weald_msg *msg)
{
	int err = err_from_git(code, msg);

	if (err == WEALD_NOTFOUND) {
		msg_set(msg, "object %s is not in %s", hex, r->dir);
	} else {
		msg_prefix(msg, "object %s in %s", hex, r->dir);
	}
	return err;
}

int repo_read(const struct repo *r, const uint8_t id[OBJECT_ID_BYTES],
	      enum object_type type, struct buf *out, struct weald_msg *msg)
{
	char hex[2 * OBJECT_ID_BYTES + 1];
	git_odb_object *object = NULL;
	git_object_t have;
	git_oid oid;
	size_t size;
	int code;
	int err;

	hex_encode(id, OBJECT_ID_BYTES, hex);
	memcpy(oid.id, id, OBJECT_ID_BYTES);
	/* the header first: libgit2 inflates whatever size it claims */
	code = git_odb_read_header(&size, &have, r->odb, &oid);
	if (code == 0 && have != git_type(type)) {
		msg_set(msg, "object %s in %s has another type", hex, r->dir);
		return WEALD_CORRUPT;
	}
	if (code == 0 && size > out->max - out->len) {
		msg_set(msg, "object %s in %s has %zu bytes, more than it may",
			hex, r->dir, size);
		return WEALD_TOOBIG;
	}
	if (code == 0) {
		code = git_odb_read(&object, r->odb, &oid);
	}
	if (code < 0) {
		return read_failed(r, hex, code, msg);
	}
	err = buf_add(out, git_odb_object_data(object),
		      git_odb_object_size(object));
	git_odb_object_free(object);
	return err;
}

int repo_check_tree(struct repo *r, const uint8_t id[OBJECT_ID_BYTES],
		    struct span data, struct weald_msg *msg)
{
	char hex[2 * OBJECT_ID_BYTES + 1];
	struct buf have;
	int err = WEALD_OK;

	buf_init(&have, data.len);
	hex_encode(id, OBJECT_ID_BYTES, hex);
	/* asked first: libgit2 reads the empty tree even where it is not */
	if (!repo_has(r, id)) {
		msg_set(msg, "object %s is not in %s", hex, r->dir);
		err = WEALD_CORRUPT;
	}
	if (err == WEALD_OK) {
		err = repo_read(r, id, OBJECT_TREE, &have, msg);
	}
	if (err == WEALD_OK && !span_equal(buf_span(&have), data)) {
		msg_set(msg, "object %s in %s has another content", hex,
			r->dir);
		err = WEALD_CORRUPT;
	}
	buf_release(&have);
	return err == WEALD_NOTFOUND || err == WEALD_TOOBIG ? WEALD_CORRUPT
							    : err;
}

/*
 * May there be packs that the database does not know? Who holds the lock knows.
 * Others look at the folder's time; one that is fresh may not tell of all that
 * came since, as it moves on in steps of some milliseconds.
 */
static bool may_be_stale(struct repo *r)
{
	struct timespec now = { .tv_sec = 0 };
	struct stat st;

	if (r->lock_fd >= 0) {
		return r->stale;
	}
	if (stat(r->pack_dir, &st) != 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) != 0) {
		return true;
	}
	if (st.st_mtim.tv_sec != r->seen.tv_sec ||
	    st.st_mtim.tv_nsec != r->seen.tv_nsec) {
		r->seen = st.st_mtim;
		return true;
	}
	return now.tv_sec <= r->seen.tv_sec + 1;
}

bool repo_has(struct repo *r, const uint8_t id[OBJECT_ID_BYTES])
{
	git_oid oid;

	memcpy(oid.id, id, OBJECT_ID_BYTES);
	if (git_odb_exists_ext(r->odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1) {
		return true;
	}
	return may_be_stale(r) && repo_refresh(r, NULL) == WEALD_OK &&
	       git_odb_exists_ext(r->odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

int repo_head(const struct repo *r, uint8_t out_id[OBJECT_ID_BYTES],
	      struct weald_msg *msg)
{
	git_oid oid;
	int code = git_reference_name_to_id(&oid, r->git, REPO_MAIN);
	int err;

	if (code < 0) {
		err = err_from_git(code, msg);
		msg_prefix(msg, "%s", r->dir);
		return err;
	}
	memcpy(out_id, oid.id, OBJECT_ID_BYTES);
	return WEALD_OK;
}

int repo_remove_pack(struct repo *r, const char *name, struct weald_msg *msg)
{
	static const char *const endings[] = { "idx", "pack", "promisor" };
	char *path;
	size_t i;
	int err = WEALD_OK;

	for (i = 0; err == WEALD_OK && i < sizeof endings / sizeof *endings;
	     i++) {
		if (asprintf(&path, "%s/%s.%s", r->pack_dir, name, endings[i]) <
		    0) {
			return WEALD_NOMEM;
		}
		err = fs_remove(path, msg);
		if (err == WEALD_NOTFOUND && i == 2) {
			err = WEALD_OK; /* of a whole repository */
		}
		free(path);
	}
	/* libgit2 goes on reading from a pack that it has open */
	return err == WEALD_OK ? open_odb(r, msg) : err;
}

struct objects_walk {
	git_odb *odb;
	repo_object_fn *each;
	void *ctx;
	int err;
};

static int pack_object_cb(const git_oid *id, void *payload)
{
	struct objects_walk *w = payload;
	git_object_t type;
	size_t len;
	int code;

	code = git_odb_read_header(&len, &type, w->odb, id);
	if (code < 0) {
		w->err = err_from_git(code, NULL);
	} else {
		w->err =
			w->each(w->ctx, id->id, type == GIT_OBJECT_COMMIT, len);
	}
	return w->err == WEALD_OK ? 0 : GIT_EUSER;
}

/* An object database of one pack; the caller frees it. */
static int open_pack(const struct repo *r, const char *name, git_odb **out,
		     struct weald_msg *msg)
{
	git_odb_backend *one = NULL;
	git_odb *odb = NULL;
	char *path = NULL;
	int code;

	if (asprintf(&path, "%s/%s.idx", r->pack_dir, name) < 0) {
		return WEALD_NOMEM;
	}
	code = git_odb_new(&odb);
	if (code == 0) {
		code = git_odb_backend_one_pack(&one, path);
	}
	if (code == 0) {
		code = git_odb_add_backend(odb, one, 1);
		if (code < 0) {
			one->free(one);
		}
	}
	free(path);
	if (code < 0) {
		git_odb_free(odb);
		return err_from_git(code, msg);
	}
	*out = odb;
	return WEALD_OK;
}

int repo_pack_objects(const struct repo *r, const char *name,
		      repo_object_fn *each, void *ctx, struct weald_msg *msg)
{
	struct objects_walk walk = { .each = each, .ctx = ctx };
	int code;
	int err;

	err = open_pack(r, name, &walk.odb, msg);
	if (err != WEALD_OK) {
		return err;
	}
	code = git_odb_foreach(walk.odb, pack_object_cb, &walk);
	if (walk.err != WEALD_OK) {
		err = walk.err;
	} else {
		err = code < 0 ? err_from_git(code, msg) : WEALD_OK;
	}
	git_odb_free(walk.odb);
	return err;
}

bool repo_pack_has(const struct repo *r, const char *name,
		   const uint8_t id[OBJECT_ID_BYTES])
{
	git_odb *odb = NULL;
	git_oid oid;
	bool has;

	if (open_pack(r, name, &odb, NULL) != WEALD_OK) {
		return false;
	}
	memcpy(oid.id, id, OBJECT_ID_BYTES);
	has = git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
	git_odb_free(odb);
	return has;
}
